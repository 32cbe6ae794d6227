# What the model computes, with numpy.
import numpy as np


def inputs(random):
    return {"x": random.uniform(-1, 1, (5, 3)).astype(np.float32)}


def outputs(x, w):
    return {"y": x["x"] @ w["w"]}
