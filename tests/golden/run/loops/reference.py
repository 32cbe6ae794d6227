# What the loops compute, with numpy.
import numpy as np


def inputs(random):
    return {"x": random.uniform(-1, 1, (3, 5, 4)).astype(np.float32),
            "y": random.uniform(0.5, 2, (3, 3, 2)).astype(np.float32)}


def outputs(x, w):
    c, states = np.zeros((3, 4)), []
    for t in range(5):
        a = x["x"][:, t]
        c = c / (1 + np.exp(-(a @ w["w"]))) + np.tanh(a)
        states.append(c)
    p, q, n = np.zeros((3, 2)), np.ones((3, 2)), np.zeros(3)
    for t in range(3):
        a = x["y"][:, t].astype(np.float64)
        p, q = q, p + np.log(a) / a
        for k in range(2):
            n = n * 0.5 + a[:, k]
    return {"cell": c, "all": np.stack(states, axis=1), "swap": p, "other": q, "nested": n}
