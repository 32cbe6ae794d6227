# Terms are taken one by one. Of equal elements ArgMax and ArgMin name the first
# (select_last_index 0). A NaN is the largest and the smallest, and they name the last (language.md,
# 10).
import itertools
import math

import numpy as np

TOLERANCE = {"": 1e-13, "single": 1e-5, "half": 1e-3, "half_mean": 1e-3}


def inputs(random):
    ties = np.array([-1.0, 0.0, 1.0])
    keep = random.integers(0, 2, (4, 3, 4)).astype(bool)
    keep[0] = False
    keep[1, 0] = True
    b = random.integers(0, 4, (4, 5)) > 0
    b[0], b[1] = True, False
    wild = np.array([[1, math.nan, 3], [math.inf, -math.inf, 0], [-math.inf] * 3, [2, 5, math.nan],
                     [-1, -1, -1]])
    return {"x": random.uniform(-4, 4, (4, 3, 4)), "p": random.uniform(0.1, 4, (4, 3, 4)),
            "tie": ties[random.integers(0, 3, (4, 5))], "wild": wild, "b": b,
            "i": random.integers(-50, 51, (4, 5)).astype(np.int32),
            "u": random.integers(0, 61, (4, 3)).astype(np.uint8),
            "s": random.uniform(-3, 3, (4, 40)).astype(np.float32),
            "h": random.uniform(-60, 60, (3, 33)).astype(np.float16), "keep": keep,
            "added": random.uniform(-5, 5, (3, 4))}


def reduce(x, function, axes=None, keepdims=False):
    """Calls the function with the list of elements behind each element of the result."""
    axes = range(x.ndim) if axes is None else [a % x.ndim for a in np.atleast_1d(axes)]
    shape = [1 if a in axes else n for a, n in enumerate(x.shape)]
    result = np.empty(shape, object)
    for at in itertools.product(*(range(n) for n in shape)):
        part = [slice(None) if a in axes else at[a] for a in range(x.ndim)]
        result[at] = function(list(x[tuple(part)].ravel()))
    if not keepdims:
        result = result.reshape([n for a, n in enumerate(x.shape) if a not in axes])
    return result.astype(type(result.ravel()[0]))


def mean(v):
    return math.fsum(v) / len(v)


def var(v, ddof=0):
    centre = mean(v)
    return math.fsum((e - centre) ** 2 for e in v) / (len(v) - ddof)


def std(v, ddof=0):
    return math.sqrt(var(v, ddof))


def norm(v):
    return math.sqrt(math.fsum(e * e for e in v))


def log_sum(v):
    return math.log(math.fsum(math.exp(e) for e in v))


def largest(v):
    return math.nan if any(e != e for e in v) else max(v)


def smallest(v):
    return math.nan if any(e != e for e in v) else min(v)


def first(best):
    return lambda v: next((n for n, e in enumerate(v) if e == best(v)), len(v) - 1)


def softmax(x, axis, keep=None):
    e = np.exp(x) if keep is None else np.where(keep, np.exp(x), 0)
    total = e.sum(axis=axis, keepdims=True)
    return np.divide(e, total, out=np.zeros_like(e), where=total > 0)


def outputs(x, w):
    a, p, tie, b, i, u, s, h = (x[n] for n in ("x", "p", "tie", "b", "i", "u", "s", "h"))
    s, h, i, u = s.astype(float), h.astype(float), i.astype(int), u.astype(int)
    wild, keep, added = x["wild"], x["keep"], x["added"]
    argmax, argmin = first(largest), first(smallest)
    one = lambda v: std(v, 1)
    each = lambda x, axes, keepdims, *functions: np.stack(
        [reduce(x, f, axes, keepdims) for f in functions])
    lse = lambda x, keep: np.log(np.where(keep, np.exp(x), 0).sum(-1) + ~keep.any(-1))
    return {
        "all_axes": np.stack([reduce(a, f) for f in (math.fsum, mean, max, min)] +
                             [reduce(p, math.prod)] + [reduce(a, f) for f in (var, std, norm)]),
        "kept": each(a, 1, True, math.fsum, mean, max, min, math.prod, var, one, norm),
        "last": np.stack([reduce(a, f, -1) for f in (
            math.fsum, mean, max, min, math.prod, lambda v: var(v, 1), std,
            lambda v: math.fsum(abs(e) for e in v))] +
            [reduce(p, lambda v: math.fsum(e ** 3 for e in v) ** (1 / 3), -1),
             reduce(a, lambda v: max(abs(e) for e in v), -1)]),
        "two": each(a, [0, 2], False, math.fsum, mean, max, var),
        "two_kept": np.concatenate([each(a, [1, 2], True, mean, min),
                                    each(p, [1, 2], True, math.prod)]),
        "truth": np.bool_(any(b.ravel())),
        "truth_rows": np.stack([reduce(b, all, 1), reduce(b, any, 1), reduce(b, any, 1)]),
        "truth_kept": reduce(b, any, 0, True),
        "index": np.stack([reduce(v, f, 1) for v, f in (
            (tie, argmax), (tie, argmin), (tie, argmax), (-tie, argmax), (abs(tie), argmin),
            (0 * tie, argmax))]),
        "index_kept": np.stack([reduce(v, f, 0, True)
                                for v, f in ((tie, argmax), (tie, argmin), (i, argmax))]),
        "index_all": np.stack([reduce(v, f) for v, f in (
            (tie, argmax), (tie, argmin), (s, argmax), (i, argmin))]),
        "index_wild": each(wild, 1, False, argmax, argmin),
        "wild_max": each(wild, 1, False, largest, smallest),
        "whole": np.int32(sum(i.ravel())),
        "whole_rows": np.stack([reduce(i, sum, 1), reduce(i % 5, math.prod, 1), reduce(i, max, 1),
                                reduce(i, min, 1)]).astype(np.int32),
        "index_whole": each(i, 1, False, argmax, argmin),
        "bytes": each(u, 0, False, sum, max, min).astype(np.uint8),
        "single": each(s, 1, False, math.fsum, mean, var, one, norm, log_sum),
        "half": each(h, 1, False, math.fsum, mean, max, min), "half_mean": reduce(h, mean),
        "soft": np.stack([softmax(a, 2), softmax(a, 1), softmax(a, 1, keep), softmax(a + added, 2),
                          np.log(softmax(a, 2)), np.log(softmax(a, 1)), softmax(a, 0)]),
        "log_sums": np.stack([lse(a, keep | True), lse(a, keep), lse(a + added, keep | True)]),
        "log_sums_kept": reduce(a, log_sum, 1, True)}
