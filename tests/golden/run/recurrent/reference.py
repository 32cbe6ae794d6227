# What the model computes, with numpy.
import numpy as np


def inputs(random):
    return {"x": random.uniform(-1, 1, (3, 4, 3)).astype(np.float32)}


def outputs(x, w):
    h, steps = np.zeros((3, 5), np.float32), []
    for t in range(4):
        h = np.tanh(x["x"][:, t] @ w["cell.wx"] + h @ w["cell.wh"] + w["cell.b"])
        steps.append(h)
    return {"last": h, "all": np.stack(steps)}
