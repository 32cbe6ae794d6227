# What the model computes, with numpy.
import numpy as np

OPTIONS = ["--set", "kind=gated", "--set", "wide=true"]


def inputs(random):
    return {"x": random.uniform(-1, 1, (3, 4)).astype(np.float32)}


def outputs(x, w):
    def dense(value, path):
        return value @ w[path + ".weight"] + w[path + ".bias"]
    h = x["x"] + 6
    g = h / (1 + np.exp(-dense(h, "gate")))
    return {"y": dense(dense(g, "wide_layer"), "narrow")}
