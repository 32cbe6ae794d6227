# What the model computes, with numpy.
import numpy as np


def inputs(random):
    p = random.uniform(0, 1, (5, 3))
    return {"a": random.uniform(0.1, 1, 5).astype(np.float32),
            "b": np.sign(random.uniform(-1, 1, 5)).astype(np.float32),
            "c": (p / p.sum(axis=1, keepdims=True)).astype(np.float32),
            "d": np.eye(3, dtype=np.float32)[:, random.integers(0, 3, 5)].copy(order="C"),
            "e": np.array([-3e38, -1, 0, 1, 3e38], np.float32),
            "f": np.array([np.nan, np.inf, 0, -np.inf, 1], np.float32),
            "g": random.integers(0, 3, 5, dtype=np.int32)}


def outputs(x, w):
    return {"y": x["a"] * x["b"], "ok": np.isnan(x["f"]),
            "z": np.abs(np.clip(x["e"], -10, 10)) + (x["c"] * x["d"].T).sum(axis=1) + x["g"]}
