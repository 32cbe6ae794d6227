# Gather, GatherElements, GatherND, ScatterElements and OneHot of ONNX, element by element.
import itertools

import numpy as np

OPTIONS = ["--bind", "N=2"]
TOLERANCE = {"": 1e-14, "half_added": 2e-3}
COMBINE = {"none": lambda old, new: new, "add": lambda old, new: old + new,
           "mul": lambda old, new: old * new, "max": max, "min": min}


def inputs(random):
    n, whole = 2, random.integers
    along1 = whole(0, 5, (n, 2, 4))
    along1[0, :, 0] = 3
    return {"x": random.uniform(-9, 9, (n, 5, 4)), "rows": np.array([4, 0, 3]),
            "row": np.array(4, np.int32), "few": whole(0, 4, (2, 3)).astype(np.int32),
            "along0": whole(0, 2, (2, 5, 4)), "along1": along1,
            "along2": whole(0, 4, (n, 5, 6)).astype(np.int32), "pair": whole(0, 2, (3, 2)),
            "whole": whole(0, 2, (2, 3)), "batched": whole(0, 5, (n, 2, 1)),
            "deep": whole(0, 4, (n, 5, 2, 1)), "new": random.uniform(-9, 9, (n, 2, 4)),
            "wide": random.uniform(-9, 9, (n, 5, 6)), "class": np.array([[-2, 0, 4], [5, 6, 2]]),
            "real": np.array([0, 1.5, 3, 2]), "i": whole(-9, 10, 6).astype(np.int32),
            "at": np.array([5, 0, 5, 2], np.int32), "b": np.array([True, False, False, True]),
            "h": np.array([-2, 0.3, 1, 2], np.float16)}


def places(x):
    return itertools.product(*(range(n) for n in x.shape))


def along(x, index, axis):
    y = np.empty(index.shape, x.dtype)
    for at in places(index):
        source = list(at)
        source[axis] = index[at]
        y[at] = x[tuple(source)]
    return y


def scatter(x, index, updates, axis, reduction="none"):
    y = x.copy()
    for at in places(index):
        to = list(at)
        to[axis] = index[at]
        y[tuple(to)] = COMBINE[reduction](y[tuple(to)], updates[at])
    return y


def gather_nd(x, index, batch=0):
    y = np.empty(index.shape[:-1] + x.shape[batch + index.shape[-1]:])
    for at in itertools.product(*(range(n) for n in index.shape[:-1])):
        y[at] = x[at[:batch] + tuple(index[at])]
    return y


def gather(x, index, axis):
    parts = [np.take(x, int(i), axis) for i in index.ravel()]
    y = np.stack(parts).reshape(index.shape + parts[0].shape)
    order = list(range(index.ndim, index.ndim + axis)) + list(range(index.ndim))
    return y.transpose(order + list(range(index.ndim + axis, y.ndim)))


def one_hot(index, depth, axis, dtype):
    y = np.zeros(index.shape + (depth,), dtype)
    for at in places(index):
        if index[at] in range(depth):
            y[(*at, int(index[at]))] = 1
    return np.moveaxis(y, -1, axis)


def outputs(x, w):
    a, rows, few, along1, along2 = (x[n] for n in ("x", "rows", "few", "along1", "along2"))
    new, at, i, h = x["new"], x["at"], x["i"], x["h"]
    four = np.array([1, 2, 3, 4], np.int32)
    return {
        "first": gather(a, rows % 2, 0), "middle": gather(a, rows, 1), "last": gather(a, few, 2),
        "single": a[:, 4], "negative": gather(a, rows, 1), "taken0": along(a, x["along0"], 0),
        "taken1": along(a, along1, 1), "taken2": along(a, along2, 2),
        "points": gather_nd(a, x["pair"]), "elements": gather_nd(a, x["whole"]),
        "batch": gather_nd(a, x["batched"], 1), "batch2": gather_nd(a, x["deep"], 2),
        "written": scatter(a, along1, new, 1), "added": scatter(a, along1, new, 1, "add"),
        "multiplied": scatter(a, along1, new, 1, "mul"),
        "largest": scatter(a, along1, new, 1, "max"), "smallest": scatter(a, along1, new, 1, "min"),
        "added_last": scatter(a, along2, x["wide"], 2, "add"),
        "hot": one_hot(x["class"], 5, -1, np.float32),
        "hot_first": one_hot(x["class"], 5, 0, np.float64),
        "hot_middle": one_hot(x["class"], 5, 1, np.int32),
        "hot_real": one_hot(x["real"], 4, -1, np.float16), "hot_truth": one_hot(at, 4, -1, bool),
        "whole_taken": along(i, at, 0), "whole_written": scatter(i, at, four, 0),
        "whole_added": scatter(i, at, four, 0, "add"), "truth": gather(x["b"], few, 0),
        "half": gather(h, few, 0), "half_added": scatter(h, np.minimum(at, 3), 2 * h, 0, "add")}
