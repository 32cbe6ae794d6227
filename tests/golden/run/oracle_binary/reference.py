# ONNX: Mod has the sign of the divisor, integer Div drops the fraction, Min and Max keep NaN,
# Clip is min(max(x, lo), hi), Cast from floats goes towards 0, into narrower floats
# to nearest even.
import math

import numpy as np

TOLERANCE = {"": 4e-15, "singles": 1e-6, "halves": 1e-3, "narrowed": 0, "halved": 0, "brain": 0,
             "of_integer": 0, "nan_or": 0}


def inputs(random):
    ties = np.array([-1.0, 0.0, 1.0])
    wild = np.array([math.nan, 1, math.inf, -math.inf, math.nan, 3, -0.0, 2])
    return {"x": np.concatenate([np.array([-4, -3, -2, -1, 0, 1, 2, 3, 4, 2.5, -2.5, 0.5]
                                          ).reshape(1, 3, 4), random.uniform(-4, 4, (4, 3, 4))]),
            "y": np.array([[-4], [0], [2.5]]),
            "away": np.concatenate([np.array([0.5, 1, 2, 3]).reshape(1, 1, 4),
                                    random.uniform(0.5, 3, (4, 1, 4))]),
            "base": np.concatenate([np.zeros((1, 3, 4)), random.uniform(0, 3, (4, 3, 4))]),
            "wild": wild, "other": np.array([1, math.nan, 5, 5, math.nan, 3, 0.0, -2]),
            "tie": ties[random.integers(0, 3, (5, 3, 4))], "near": np.array([-1.0, 0, 1, 0]),
            "i": np.array([-100, -7, -1, 0, 7, 100], np.int32),
            "j": np.array([7, 2, 3, 1, 2, 6], np.int32), "k": np.array([-7, -3, -2]),
            "u": np.arange(12, dtype=np.uint8).reshape(2, 6) + np.uint8(4),
            "p": np.array([[True, True, False, False], [False, True, False, True]]),
            "q": np.array([True, False, True, False]),
            "s": np.array([-9, -0.7, 0.3, 1 / 3, 9], np.float32),
            "h": np.array([0.5, 0.7, 1 / 3 + 1, 5.5, 9], np.float16),
            "big": np.array([-300, -128.5, -127.9, -1.9, -0.5, 0, 0.5, 1.0009765625, 255.9, 256.5,
                             1 + 3 / 256, 1 + 1 / 256, 300, 2049 / 8, math.pi]),
            "total": np.array([-4, -1, 0, 1, 255, 256, 2047, 2048, 2049, 2050, 2051, 3999, 4000,
                               1000, 3333])}


def truncated(v):
    return np.array([math.trunc(e) for e in v])


def brain(v):
    """Eight bits of significand, to nearest even."""
    rounded = []
    for e in v:
        if e == 0:
            rounded.append(e)
            continue
        scale = 2.0 ** (math.frexp(e)[1] - 8)
        rounded.append(round(e / scale) * scale)
    return np.array(rounded, np.float32)


def outputs(x, w):
    a, y, d, b = (x[name] for name in ("x", "y", "away", "base"))
    full = lambda *values: np.stack([np.broadcast_to(v, a.shape) for v in values])
    pairs = np.vectorize
    clip = lambda v, low, high: np.minimum(np.maximum(v, low), high)
    floored = lambda p, q: p - q * np.floor(p / q)
    t, n, p, q = x["tie"], x["near"], x["p"], x["q"]
    i, j, k, u = x["i"].astype(int), x["j"].astype(int), x["k"], x["u"].astype(int)
    wild, other = x["wild"], x["other"]
    nan = np.isnan(wild) | np.isnan(other)
    six = [t == n, t != n, t < n, (t < n) | (t == n), t > n, (t > n) | (t == n)]
    s, h = x["s"].astype(float), x["h"].astype(float)
    big, total = x["big"], x["total"]
    mod = pairs(lambda p, q: math.fmod(p, q) + (q if math.fmod(p, q) * q < 0 else 0))
    return {
        "called": full(a + y, a - y, a * y, a / d, pairs(math.pow)(d, a), mod(a, d),
                       np.where(a < y, a, y), np.where(a < y, y, a), pairs(math.atan2)(a, d)),
        "written": full(a + y, y - a, a * y, a / d, pairs(math.pow)(d, a)),
        "clipped": full(clip(a, -1, 2.5), clip(a, y, 5), clip(a, -9, y), np.full(a.shape, -3.0)),
        "atan2_quadrants": np.array([[0, 0, math.pi, math.pi],
                                     [math.pi / 2, math.pi / 4, 3 * math.pi / 4, math.atan2(1, -2)],
                                     [-math.pi / 2, -math.pi / 4, -3 * math.pi / 4,
                                      -math.atan2(1, -2)]]),
        "pow_signs": np.stack([a * a * a, a * a]), "powers": np.sqrt(b) + 1,
        "compared": np.stack(six + six),
        "logic": np.stack([p & q, p | q, p ^ q, p & q, p | q, ~(p & q)]),
        "of_truth": np.stack([~(p ^ q), p ^ q, ~(p ^ q)]),
        "nan_or": np.stack([np.where(nan, np.nan, np.where(wild < other, wild, other)),
                            np.where(nan, np.nan, np.where(wild > other, wild, other))]),
        "nan_compared": np.stack([~nan & (wild == other), nan | (wild != other), wild < other,
                                  wild <= other, wild > other, wild >= other]),
        "chosen": np.where(t > n, a, y), "chosen_truth": (p & q) | (~p & ~q),
        "integers": np.stack([i + j, i - j, i * j, truncated(i / j), i - j * np.floor(i / j),
                              np.minimum(i, j), np.maximum(i, j), clip(i, -5, 5)]).astype(np.int32),
        "negative": np.stack([[-3, -1, -1], [2, 0, 1], [-1, 0, -2]]),
        "bytes": np.stack([u + 3, u * u, u // 2, u % 4, np.maximum(u, 5)]).astype(np.uint8),
        "byte_less": u < 7,
        "singles": np.stack([s + 0.1, s * 3, s / 7, np.where(s > 0.5, s, 0.5), mod(s, 4.0)]),
        "halves": np.stack([h + 0.1, h * 3, h / 7, h * h, np.arctan2(h, 2), h * 0.333 + 1]),
        "fused": a * y + d, "towards_zero": truncated(big).astype(np.int32),
        "saturated": clip(truncated(big), -128, 127).astype(np.int8),
        "saturated_unsigned": clip(truncated(big), 0, 255).astype(np.uint8), "nonzero": big != 0,
        "of_bool": np.where(p, 1.0, 0.0), "narrowed": big.astype(np.float32),
        "halved": big.astype(np.float16), "brain": brain(big),
        "of_integer": total.astype(np.float16), "wrapped": total.astype(np.int16),
        "truth_of_integer": total != 0}
