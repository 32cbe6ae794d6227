# Resize of ONNX 13, axis after axis, in exact fractions up to the weights. A scale gives
# floor(size * scale) elements, and is itself what coordinates are divided by.
import math
from fractions import Fraction

import numpy as np

TOLERANCE = {"": 1e-13, "single": 1e-6}


def inputs(random):
    return {"x": random.uniform(-2, 2, (2, 2, 5, 4)), "c": random.uniform(-2, 2, (2, 4, 6, 2)),
            "a": random.uniform(-2, 2, (2, 2, 7)),
            "i": random.integers(-9, 10, (1, 1, 4, 3)).astype(np.int32),
            "s": random.uniform(-2, 2, (2, 1, 4, 4)).astype(np.float32)}


def original(i, n, count, scale, coordinates):
    half = Fraction(1, 2)
    if coordinates == "align_corners":
        return Fraction(i * (n - 1), count - 1) if count > 1 else Fraction(0)
    if coordinates == "asymmetric":
        return i / scale
    if coordinates == "pytorch_half_pixel" and count <= 1:
        return Fraction(0)
    return (i + half) / scale - half


def nearest(at, how):
    if how == "floor":
        return math.floor(at)
    if how == "ceil":
        return math.ceil(at)
    half = Fraction(1, 2)
    return math.ceil(at - half) if how == "round_prefer_floor" else math.floor(at + half)


def weights(at, mode, how):
    """Pairs of a position, which may lie outside, and its weight."""
    if mode == "nearest":
        return [(nearest(at, how), 1.0)]
    low = math.floor(at)
    rest = float(at - low)
    if mode == "linear":
        return [(low, 1 - rest), (low + 1, rest)]
    a = -0.75
    near = lambda d: (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
    far = lambda d: a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a
    return [(low - 1, far(rest + 1)), (low, near(rest)), (low + 1, near(1 - rest)),
            (low + 2, far(2 - rest))]


def resize(x, axes, size=None, scale=None, mode="nearest", coordinates="half_pixel",
           how="round_prefer_floor"):
    y = x.astype(np.float64)
    for position, axis in enumerate(axes):
        n = x.shape[axis]
        if scale is None:
            count = size[position]
            ratio = Fraction(count, n)
        else:
            ratio = Fraction(scale)
            count = math.floor(n * ratio)
        slices = []
        for i in range(count):
            at = original(i, n, count, ratio, coordinates)
            taken = [np.take(y, min(max(p, 0), n - 1), axis) * weight
                     for p, weight in weights(at, mode, how)]
            slices.append(sum(taken))
        y = np.stack(slices, axis=axis)
    return y


def outputs(x, w):
    a, c = x["x"], x["c"]
    two = lambda size=None, scale=None, mode="nearest", coordinates="half_pixel", **rest: resize(
        a, (2, 3), size, scale, mode, coordinates, **rest)
    made = {
        "near": two(scale=2), "near_down": two([3, 2]),
        "floors": two([8, 7], coordinates="asymmetric", how="floor"),
        "ceils": two([8, 7], how="ceil"), "prefer": two([8, 7], how="round_prefer_ceil"),
        "corners": two([8, 7], coordinates="align_corners"),
        "asymmetric": two(scale=1.5, coordinates="asymmetric"),
        "lines_torch": two([8, 1], mode="linear", coordinates="pytorch_half_pixel"),
        "last": resize(c, (1, 2), scale=1.5, mode="linear"),
        "last_cubes": resize(c, (1, 2), scale=1.5, mode="cubic"),
        "one": resize(x["a"], (2,), [12], mode="linear"),
        "one_half": resize(x["a"], (2,), scale=0.5),
        "whole": resize(x["i"], (2, 3), [6, 6]).astype(np.int32),
        "single": resize(x["s"], (2, 3), [7, 7], mode="linear")}
    for name, mode in (("lines", "linear"), ("cubes", "cubic")):
        made[name] = two(scale=2, mode=mode)
        made[name + "_down"] = two([3, 2], mode=mode)
        made[name + "_corners"] = two([9, 7], mode=mode, coordinates="align_corners")
        made[name + "_asymmetric"] = two(scale=1.5, mode=mode, coordinates="asymmetric")
    return made
