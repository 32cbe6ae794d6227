# What the model computes, with numpy.
import numpy as np


def inputs(random):
    return {"x": random.uniform(-3, 3, (3, 4, 6)).astype(np.float32)}


def outputs(x, w):
    x = x["x"].astype(np.float64)

    def normal(axis):
        d = x - x.mean(axis=axis, keepdims=True)
        return d / np.sqrt(np.square(d).mean(axis=axis, keepdims=True) + 1e-5)
    rms = x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + 1e-5)
    return {"a": normal(-1) * w["ln.weight"] + w["ln.bias"], "b": rms * w["rn.weight"],
            "c": normal(2) * w["inorm.weight"].reshape(4, 1) + w["inorm.bias"].reshape(4, 1),
            "d": x / np.sqrt(np.maximum(np.square(x).sum(axis=-1, keepdims=True), 1e-5)),
            "e": normal((1, 2))}
