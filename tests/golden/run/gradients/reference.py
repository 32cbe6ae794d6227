import numpy as np

OPTIONS = ["--bind", "N=3"]
TOLERANCE = 1e-4


def inputs(random):
    return {"x": random.uniform(-1, 1, (3, 2, 6, 5)).astype(np.float32),
            "t": random.uniform(0, 1, (3, 4)).astype(np.float32),
            "index": random.integers(0, 2, 3)}


def windows(x, kernel, stride):
    rows = (x.shape[2] - kernel) // stride + 1
    columns = (x.shape[3] - kernel) // stride + 1
    return np.stack([np.stack([x[:, :, i * stride:i * stride + kernel,
                                 j * stride:j * stride + kernel] for j in range(columns)], 2)
                     for i in range(rows)], 2)


def loss(x, w, h, t, index):
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    a = np.maximum(np.einsum("ncijab,fcab->nfij", windows(padded, 3, 2), w), 0)
    b = windows(windows(a, 2, 1).max((4, 5)), 2, 1).mean((4, 5))
    y = b.mean((2, 3)) @ h
    log = y - y.max(1, keepdims=True)
    log = log - np.log(np.exp(log).sum(1, keepdims=True))
    return -(t * log).sum(1).mean() - log[np.arange(len(index)), index].mean()


def differences(function, x, step=1e-6):
    gradient = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[at] += step
        below[at] -= step
        gradient[at] = (function(above) - function(below)) / (2 * step)
    return gradient


def outputs(x, weights):
    values = [x["x"], weights["w"], weights["h"], x["t"]]
    values = [value.astype(np.float64) for value in values]
    result = {"loss": loss(*values, x["index"])}
    for i, name in enumerate(["dx", "dw", "dh", "dt"]):
        result[name] = differences(
            lambda v: loss(*values[:i], v, *values[i + 1:], x["index"]), values[i])
    return result
