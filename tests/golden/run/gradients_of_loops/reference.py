import math

import numpy as np

OPTIONS = ["--bind", "N=2", "--bind", "T=7"]
TOLERANCE = 1e-7


def inputs(random):
    return {"x": random.uniform(-1, 1, (2, 7, 3)), "s": random.uniform(-1, 1, (2, 2)),
            "v": random.uniform(0.5, 2, 5), "u": random.uniform(0.5, 2, 4),
            "i": np.array([1, 3, 1, 0])}


def digamma(x):
    total = 0.0
    while x < 20:
        total -= 1 / x
        x += 1
    s = 1 / (x * x)
    return total + math.log(x) - 0.5 / x - s * (1 / 12 - s * (1 / 120 - s / 252))


def loss(x, s, w, r, v, u, index):
    h, products = s, []
    for step in range(x.shape[1]):
        after = np.tanh(x[:, step] @ w + h @ r)
        products.append(after * h)
        h = after
    by_product, largest, smallest = v.copy(), v.copy(), v.copy()
    for k, at in enumerate(index):
        by_product[at] *= u[k]
        largest[at] = max(largest[at], u[k])
        smallest[at] = min(smallest[at], u[k])
    written = by_product + largest - 2 * smallest
    return ((h ** 2).sum() + np.mean(products) + (written ** 2).sum()
            + sum(digamma(float(number)) for number in v))


def differences(function, x, step=1e-6):
    gradient = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[at] += step
        below[at] -= step
        gradient[at] = (function(above) - function(below)) / (2 * step)
    return gradient


def outputs(x, weights):
    values = [x["x"], x["s"], weights["w"], weights["r"], x["v"], x["u"]]
    values = [np.asarray(value, np.float64) for value in values]
    result = {"loss": loss(*values, x["i"])}
    for k, name in enumerate(["dx", "ds", "dw", "dr", "dv", "du"]):
        result[name] = differences(
            lambda part: loss(*values[:k], part, *values[k + 1:], x["i"]), values[k])
    return result
