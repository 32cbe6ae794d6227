# What the model computes, with numpy, element by element.
import math
from fractions import Fraction

import numpy as np

H = 5


def inputs(random):
    return {"x": random.uniform(-3, 3, (2, 4, H, 6)).astype(np.float32),
            "k": random.uniform(-1, 1, (4, 3, 3, 2)).astype(np.float32)}


def transposed(x, w, stride=(1, 1), off=((0, 0), (0, 0)), dilation=(1, 1), groups=1, extra=(0, 0)):
    """Each element, times the weight, is added to a window; `off` is then taken off."""
    n, c, h, wide = x.shape
    part, (kh, kw) = w.shape[1], w.shape[2:]
    reach = (dilation[0] * (kh - 1), dilation[1] * (kw - 1))
    out = np.zeros((n, part * groups, (h - 1) * stride[0] + reach[0] + 1 + extra[0],
                    (wide - 1) * stride[1] + reach[1] + 1 + extra[1]))
    for channel in range(c):
        first = channel // (c // groups) * part
        for i in range(h):
            for j in range(wide):
                for a in range(kh):
                    for b in range(kw):
                        out[:, first:first + part, i * stride[0] + a * dilation[0],
                            j * stride[1] + b * dilation[1]] += (
                                x[:, channel, i, j, None] * w[channel, :, a, b])
    (a, b), (c, d) = off
    return out[:, :, a:out.shape[2] - b, c:out.shape[3] - d]


def place(i, n, count, scale, coordinates):
    if coordinates == "align_corners":
        return Fraction(i * (n - 1), count - 1) if count > 1 else Fraction(0)
    if coordinates == "asymmetric":
        return i / scale
    if coordinates == "pytorch_half_pixel" and count == 1:
        return Fraction(0)
    return (i + Fraction(1, 2)) / scale - Fraction(1, 2)


def nearest(at, rounding):
    half = Fraction(1, 2)
    shifted = {"round_prefer_floor": at - half, "round_prefer_ceil": at + half}.get(rounding, at)
    return math.ceil(shifted) if rounding in ("ceil", "round_prefer_floor") else math.floor(shifted)


def taps(at, mode, rounding):
    """Positions and their weights."""
    if mode == "nearest":
        return [(nearest(at, rounding), 1.0)]
    low = math.floor(at)
    d = float(at - low)
    if mode == "linear":
        return [(low, 1 - d), (low + 1, d)]
    a = -0.75

    def weight(t):
        t = abs(t)
        if t <= 1:
            return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1
        return a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a
    return [(low + k, weight(d - k)) for k in range(-1, 3)]


def resize(x, counts, axes=(2, 3), scale=None, mode="nearest", coordinates="half_pixel",
           rounding="round_prefer_floor"):
    for axis, count in zip(axes, counts):
        n = x.shape[axis]
        parts = []
        for i in range(count):
            at = place(i, n, count, scale or Fraction(count, n), coordinates)
            parts.append(sum(weight * np.take(x, min(max(at, 0), n - 1), axis=axis)
                             for at, weight in taps(at, mode, rounding)))
        x = np.stack(parts, axis=axis)
    return x


def outputs(x, w):
    k, x = x["k"].astype(np.float64), x["x"].astype(np.float64)
    w = {name: v.astype(np.float64) for name, v in w.items()}
    last = np.tanh(transposed(x.transpose(0, 3, 1, 2), w["same.weight"], (3, 1), ((0, 0), (0, 1)))
                   + w["same.bias"].reshape(-1, 1, 1)).transpose(0, 2, 3, 1)
    thin = np.zeros((2, 1, 3 * H, 18))
    thin[:, :, ::3, ::3] = transposed(x, w["thin.weight"])
    pads = ((0, 0), (0, 0), (0, 0))
    return {
        "twice": transposed(x, w["twice.weight"], (2, 2)) + w["twice.bias"].reshape(-1, 1, 1),
        "shaped": transposed(x, w["shaped.weight"]),
        "same": last,
        "wider": transposed(x, k, (2, 2), ((1, 1), (1, 1)), extra=(1, 1)),
        "grouped": transposed(x, w["grouped.weight"], (2, 2), dilation=(1, 2), groups=2),
        "thin": thin,
        "cropped": transposed(x, k, off=((2, 2), (1, 1))),
        "near": resize(x, (2 * H, 12)),
        "half": resize(x, (3, 4), rounding="round_prefer_ceil"),
        "corners": resize(x, (9, 11), mode="linear", coordinates="align_corners"),
        "asym": resize(x, (4, 9), coordinates="asymmetric", rounding="ceil"),
        "smooth": resize(x, (7, 4), mode="linear"),
        "cubic": resize(x, (8, 9), mode="cubic"),
        "back": resize(x, (9, H), (1, 2), mode="cubic")[:, :, :, :3],
        "rows": resize(x, (H * 3 // 2, 9), scale=Fraction(3, 2), mode="linear"),
        "single": resize(x, (1, 1), mode="linear", coordinates="pytorch_half_pixel"),
        "symbolic": resize(x, (3, 5), rounding="floor"),
        "reflect": np.pad(x, pads + ((4, 3),), mode="reflect"),
        "edge": np.pad(x, ((0, 0), (2, 0), (0, 0), (0, 3)), mode="edge"),
        "wrap": np.pad(x, pads + ((5, 4),), mode="wrap"),
    }
