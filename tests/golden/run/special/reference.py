# What the model computes: by the standard library where numpy has nothing.
import math

import numpy as np


def inputs(random):
    return {"x": random.uniform(-0.9, 0.9, 64).astype(np.float32),
            "y": random.uniform(0.2, 5, 64).astype(np.float32),
            "z": random.uniform(0.5, 30, 64).astype(np.float32)}


def inverse(x):
    y = 0.0
    for _ in range(60):
        y -= (math.erf(y) - x) * math.sqrt(math.pi) / 2 * math.exp(y * y)
    return y


def digamma(x):
    below = 0.0
    while x < 20:
        below += 1 / x
        x += 1
    return math.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - below


def outputs(x, w):
    return {"inverse": np.array([inverse(float(v)) for v in x["x"]]),
            "around": x["x"],
            "log_factorial": np.array([math.lgamma(float(np.float32(v + 1))) for v in x["z"]]),
            "slope": np.array([digamma(float(v)) for v in x["y"]]),
            "bytes": np.clip(np.trunc((x["y"] - np.float32(3)) * np.float32(100)), -128, 127)}
