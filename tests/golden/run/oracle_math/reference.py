# What the operators are in ONNX, with the C library's functions or from their series.
import math

import numpy as np

# Elementary functions are within 3 ulp (language.md, 8); at tan and exp that is 1e-15 relative,
# f16 and f32 have their own tolerance.
TOLERANCE = {"": 4e-15, "single": 1e-6, "half": 2e-3, "special": 2e-14}


def inputs(random):
    corners = np.array([[-4, -2.5, -1.5, -0.5, -0.0], [0, 0.5, 1.5, 2.5, 4]])
    return {"any": np.concatenate([corners, random.uniform(-4, 4, (6, 5))]),
            "positive": np.concatenate([[[1e-3, 0.5, 1, 2, 100]],
                                        10 ** random.uniform(-3, 2, (7, 5))]),
            "unit": np.concatenate([[[-0.99, -1e-9, 0, 1e-12, 0.99]],
                                    random.uniform(-0.99, 0.99, (7, 5))]),
            "wild": np.array([1, math.nan, math.inf, -math.inf, 0, -0.0, 5e-324, 1.7e308]),
            "whole": np.array([-100, -1, 0, 7, 100], np.int32),
            "small": np.concatenate([corners, random.uniform(-4, 4, (6, 5))]).astype(np.float32),
            "least": np.array([-4, -2.5, 0, 0.333, 3.999], np.float16),
            "truth": np.array([True, False, False, True, True])}


def each(function, x):
    return np.array([function(float(value)) for value in x.ravel()]).reshape(x.shape)


def inverse_erf(y):
    """Halving first, then two steps of Newton's method."""
    low, high = -6.0, 6.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erf(middle) < y else (low, middle)
    x = (low + high) / 2 if y != 0 else 0.0
    for _ in range(2):
        x -= (math.erf(x) - y) / (2 / math.sqrt(math.pi) * math.exp(-x * x))
    return x


def digamma(x):
    """Upwards by its recurrence to where the asymptotic series is exact."""
    below = []
    while x < 20:
        below.append(1 / x)
        x += 1
    series = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12]
    terms = [-c / x ** (2 * n + 2) for n, c in enumerate(series)]
    return math.fsum([math.log(x), -0.5 / x] + terms + [-term for term in below])


def outputs(x, w):
    a, p, u, s, h = (x[name].astype(np.float64)
                     for name in ("any", "positive", "unit", "small", "least"))

    def nearest_even(v):
        low = math.floor(v)
        rest = v - low
        return low + (rest > 0.5 or (rest == 0.5 and low % 2 != 0))

    round_even = lambda v: each(nearest_even, v)
    sign = lambda v: each(lambda e: (e > 0) - (e < 0), v).astype(np.float64)
    return {
        "signs": np.stack([each(math.fabs, a), 0 - a, 0 - a, sign(a), each(math.floor, a),
                           each(math.ceil, a), round_even(a), a * a]),
        "roots": np.stack([each(f, p) for f in (
            math.sqrt, lambda v: 1 / math.sqrt(v), lambda v: 1 / v, math.log, math.log2,
            math.log10, math.log1p)]),
        "angles": np.stack([each(f, v) for f, v in (
            (math.exp, a), (lambda e: 2.0 ** e, a), (math.expm1, a), (math.sin, a),
            (math.cos, a), (math.tan, u), (math.asin, u), (math.acos, u), (math.atan, a),
            (math.sinh, a), (math.cosh, a), (math.asinh, a), (math.atanh, u))]),
        "special": np.stack([each(math.erf, a), each(inverse_erf, u), each(math.lgamma, p),
                             each(digamma, p)]),
        "beyond_one": each(math.acosh, 1 + p), "log1p_near": each(math.log1p, u),
        "nan": x["wild"] != x["wild"], "infinite": np.abs(x["wild"]) == math.inf,
        "not_nan": x["wild"] == x["wild"], "negated": x["truth"] == 0,
        "whole_abs": np.array([100, 1, 0, 7, 100], np.int32),
        "whole_rest": np.array([[100, 1, 0, -7, -100], [-1, -1, 0, 1, 1],
                                [10000, 1, 0, 49, 10000]], np.int32),
        "single": np.stack([each(math.exp, s), each(math.sin, s), each(math.erf, s),
                            each(math.sqrt, abs(s)), each(math.floor, s), round_even(s),
                            each(math.atan, s), each(math.log1p, abs(s))]),
        "half": np.stack([abs(h), -h, each(math.exp, h), round_even(h), h * h, sign(h)]),
        "one": np.sqrt(np.sum(abs(a)) / a.size)}
