# MaxPool and AveragePool of ONNX: the elements of each window, one by one. With ceil_mode the
# number of windows is rounded up.
import itertools
import math

import numpy as np

OPTIONS = ["--bind", "H=9"]
TOLERANCE = {"": 1e-14, "single": 1e-6, "half": 2e-3}


def inputs(random):
    shapes = {"a": (2, 3, 8), "x": (2, 2, 9, 7), "c": (2, 9, 7, 2), "v": (2, 2, 5, 4, 6),
              "d": (2, 5, 4, 6, 2)}
    made = {name: random.uniform(-1, 1, shape) for name, shape in shapes.items()}
    made["i"] = random.integers(-99, 100, (2, 2, 6, 6)).astype(np.int32)
    made["u"] = random.integers(0, 256, (1, 6, 5, 2)).astype(np.uint8)
    made["s"] = random.uniform(-1, 1, (2, 2, 6, 6)).astype(np.float32)
    made["h"] = random.uniform(-8, 8, (2, 2, 6, 6)).astype(np.float16)
    made["w"] = np.array([[[1, math.nan, 3, math.inf, -math.inf]] * 2,
                          [[-math.inf, -math.inf, -1, -2, math.nan]] * 2])
    return made


def per_axis(value, count):
    return list(value) if isinstance(value, (list, tuple)) else [value] * count


def pool(x, combine, kernel, stride=None, padding="valid", dilation=1, ceil=False, last=False):
    """combine(elements, size of the window, places inside of x and its padding)"""
    x = np.moveaxis(x, -1, 1) if last else x
    count = x.ndim - 2
    size, kernel, dilation = x.shape[2:], per_axis(kernel, count), per_axis(dilation, count)
    stride = kernel if stride is None else per_axis(stride, count)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    if padding in ("same", "same_lower"):
        out = [-(-n // s) for n, s in zip(size, stride)]
        total = [max((o - 1) * s + r - n, 0) for o, s, r, n in zip(out, stride, reach, size)]
        pads = [[t // 2, t - t // 2][::1 if padding == "same" else -1] for t in total]
    else:
        pads = [[0, 0]] * count if padding == "valid" else [
            per_axis(p, 2) for p in per_axis(padding, count)]
        room = [(n + p[0] + p[1] - r) / s for n, p, r, s in zip(size, pads, reach, stride)]
        out = [(math.ceil if ceil else math.floor)(r) + 1 for r in room]
    y = np.zeros((*x.shape[:2], *out))
    for at in itertools.product(*(range(n) for n in y.shape)):
        inside, known = [], 0
        for k in itertools.product(*(range(n) for n in kernel)):
            i = [a * s + j * d - p[0]
                 for a, s, j, d, p in zip(at[2:], stride, k, dilation, pads)]
            known += all(-p[0] <= j < n + p[1] for j, n, p in zip(i, size, pads))
            if all(0 <= j < n for j, n in zip(i, size)):
                inside.append(float(x[(*at[:2], *i)]))
        y[at] = combine(inside, known)
    return np.moveaxis(y, 1, -1) if last else y


def largest(inside, known):
    return math.nan if any(v != v for v in inside) else max(inside)


def mean(inside, known):
    return math.fsum(inside) / len(inside)


def padded_mean(inside, known):
    return math.fsum(inside) / known


def adapted(x, rows, columns):
    y = np.zeros((*x.shape[:2], rows, columns))
    for r, c in itertools.product(range(rows), range(columns)):
        part = [slice(math.floor(i * n / count), math.ceil((i + 1) * n / count))
                for i, n, count in ((r, x.shape[2], rows), (c, x.shape[3], columns))]
        y[:, :, r, c] = x[:, :, part[0], part[1]].mean(axis=(2, 3))
    return y


def outputs(x, w):
    a, p, c, v, d = (x[name] for name in ("a", "x", "c", "v", "d"))
    a_last = a.transpose(0, 2, 1)
    over = lambda x, axes: np.stack([x.mean(axes, keepdims=True), x.max(axes, keepdims=True)])
    return {
        "max1": pool(a, largest, 3, 1), "max1_same": pool(a_last, largest, 4, 1, "same", last=True),
        "avg1": pool(a, mean, 2),
        "avg1_same": pool(a_last, padded_mean, 3, 1, "same_lower", last=True),
        "max2": pool(p, largest, 2), "max2_same": pool(p, largest, [3, 2], 2, "same"),
        "max2_lower": pool(p, largest, [2, 3], 2, "same_lower"),
        "max2_last": pool(c, largest, 3, [2, 1], last=True),
        "max2_dilated": pool(p, largest, 3, [1, 2], dilation=[2, 1]),
        "max2_ceil": pool(p, largest, 2, ceil=True),
        "max2_pairs": pool(p, largest, 3, [2, 1], [[1, 1], [2, 0]]),
        "max2_beyond": pool(c.transpose(0, 3, 1, 2), largest, [2, 1], [3, 2], [[1, 0], [0, 0]],
                            ceil=True),
        "avg2": pool(p, mean, 2), "avg2_same": pool(p, mean, [3, 2], 2, "same"),
        "avg2_lower": pool(p, padded_mean, [2, 3], 2, "same_lower"),
        "avg2_last": pool(c, mean, 3, 1, 1, last=True),
        "avg2_counted": pool(p, padded_mean, 2, 1, 1),
        "avg2_dilated": pool(p, mean, 3, [1, 2], dilation=[2, 1]),
        "avg2_ceil": pool(p, mean, 2, ceil=True),
        "avg2_ceil_counted": pool(p, padded_mean, [2, 3], 2, [[0, 1], [1, 2]], ceil=True),
        "avg2_pairs": pool(p, mean, 3, 2, 1, ceil=True),
        "max3": pool(v, largest, [2, 3, 2], [1, 1, 2]),
        "max3_last": pool(d, largest, 2, None, "same", last=True),
        "avg3": pool(v, mean, [2, 3, 2], [1, 1, 2]),
        "avg3_last": pool(d, mean, [3, 2, 3], 2, "same", last=True),
        "all1": a.mean(axis=2, keepdims=True), "all2": over(p, (2, 3)),
        "all2_last": over(c, (1, 2)), "all3": over(v, (2, 3, 4)),
        "adapted": adapted(p, 4, 3), "adapted_up": adapted(p, 9, 10),
        "adapted_last": adapted(c.transpose(0, 3, 1, 2), 5, 5).transpose(0, 2, 3, 1),
        "whole": pool(x["i"], largest, 2).astype(np.int32),
        "bytes": pool(x["u"], largest, 2, None, "same", last=True).astype(np.uint8),
        "whole_all": x["i"].max(axis=(2, 3), keepdims=True),
        "single": np.stack([pool(x["s"], largest, 2, 1), pool(x["s"], mean, 2, 1)]),
        "half": np.stack([pool(x["h"], largest, 2), pool(x["h"], mean, 2)]),
        "wild": pool(x["w"], largest, 2, 1),
        "gaps": np.stack([pool(a, f, 2, dilation=2, ceil=True) for f in (largest, mean)]),
        "gaps3": pool(v, largest, 2, [1, 1, 2], dilation=[2, 1, 3]),
        "gaps3_mean": pool(v, padded_mean, 2, 2, 1, [1, 2, 1], True)}
