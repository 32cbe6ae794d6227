# Conv and ConvTranspose of ONNX: every product of every element, one by one.
import itertools
import math

import numpy as np

OPTIONS = ["--bind", "H=9", "--bind", "L=9"]
TOLERANCE = {"": 1e-13, "single": 1e-5, "half": 2e-3}


def inputs(random):
    shapes = {"a": (2, 4, 9), "x": (2, 4, 9, 7), "c": (2, 9, 7, 4), "v": (2, 2, 4, 3, 5),
              "d": (2, 4, 3, 5, 2), "k": (6, 2, 3, 2), "t": (4, 3, 2, 3), "k1": (3, 4, 2),
              "dw": (8, 1, 2, 3), "pw": (5, 8, 1, 1), "b": (6,), "s": (2, 4, 6, 6),
              "h": (2, 2, 5, 5), "k3": (3, 2, 2, 2, 2)}
    types = {"s": np.float32, "h": np.float16}
    return {name: random.uniform(-1, 1, shape).astype(types.get(name, np.float64))
            for name, shape in shapes.items()}


def places(shape):
    return itertools.product(*(range(n) for n in shape))


def per_axis(value, count):
    return list(value) if isinstance(value, (list, tuple)) else [value] * count


def pads_of(padding, total):
    """[before, behind] of each axis, of which `same` spreads `total`."""
    count = len(total)
    if padding == "valid":
        return [[0, 0]] * count
    if padding in ("same", "same_lower"):
        halves = [[max(t, 0) // 2, max(t, 0) - max(t, 0) // 2] for t in total]
        return halves if padding == "same" else [h[::-1] for h in halves]
    return [per_axis(p, 2) for p in per_axis(padding, count)]


def conv(x, weight, stride=1, padding="valid", dilation=1, groups=1, bias=None, last=False):
    x = np.moveaxis(x, -1, 1) if last else x
    count = x.ndim - 2
    stride, dilation = per_axis(stride, count), per_axis(dilation, count)
    size, kernel = x.shape[2:], weight.shape[2:]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    total = [(-(-n // s) - 1) * s + r - n for n, s, r in zip(size, stride, reach)]
    pads = pads_of(padding, total)
    out = [(n + p[0] + p[1] - r) // s + 1 for n, p, r, s in zip(size, pads, reach, stride)]
    filters, per_group = weight.shape[:2]
    y = np.zeros((x.shape[0], filters, *out))
    for f, at in itertools.product(range(filters), places(out)):
        first = f // (filters // groups) * per_group
        for k in places(kernel):
            source = [a * s + i * d - p[0] for a, s, i, d, p in zip(at, stride, k, dilation, pads)]
            if all(0 <= i < n for i, n in zip(source, size)):
                for channel in range(per_group):
                    y[(slice(None), f, *at)] += (x[(slice(None), first + channel, *source)] *
                                                 weight[(f, channel, *k)])
    y = y if bias is None else y + bias.reshape(-1, *[1] * count)
    return np.moveaxis(y, 1, -1) if last else y


def transposed(x, weight, stride=1, padding="valid", dilation=1, groups=1, extra=0, bias=None,
               last=False):
    x = np.moveaxis(x, -1, 1) if last else x
    stride, dilation, extra = per_axis(stride, 2), per_axis(dilation, 2), per_axis(extra, 2)
    size, kernel = x.shape[2:], weight.shape[2:]
    full = [s * (n - 1) + e + (k - 1) * d + 1
            for s, n, e, k, d in zip(stride, size, extra, kernel, dilation)]
    total = [f - n * s for f, n, s in zip(full, size, stride)]
    pads = pads_of(padding, total)
    same = padding in ("same", "same_lower")
    out = [n * s if same else f - p[0] - p[1] for n, s, f, p in zip(size, stride, full, pads)]
    inside, per_group = weight.shape[:2]
    y = np.zeros((x.shape[0], per_group * groups, *out))
    for channel, at, k in itertools.product(range(inside), places(size), places(kernel)):
        to = [a * s + i * d - p[0] for a, s, i, d, p in zip(at, stride, k, dilation, pads)]
        if all(0 <= i < n for i, n in zip(to, out)):
            group = channel // (inside // groups)
            for f in range(per_group):
                y[(slice(None), group * per_group + f, *to)] += (
                    x[(slice(None), channel, *at)] * weight[(channel, f, *k)])
    y = y if bias is None else y + bias.reshape(-1, 1, 1)
    return np.moveaxis(y, 1, -1) if last else y


def separable(x, depthwise, pointwise, multiplier=1, bias=None, last=False, **rest):
    channels = x.shape[-1 if last else 1]
    return conv(conv(x, depthwise, groups=channels, last=last, **rest), pointwise, bias=bias,
                last=last)


def outputs(x, w):
    a, t, c, v, d = (x[name] for name in ("x", "t", "c", "v", "d"))
    sigmoid = lambda z: 1 / (1 + np.exp(-z))
    relu = lambda z: np.maximum(z, 0)
    gelu = np.vectorize(lambda z: z / 2 * (1 + math.erf(z / math.sqrt(2))))

    def own(function, name, value, **rest):
        return function(value.astype(float), w[name + ".weight"].astype(float),
                        bias=w[name + ".bias"].astype(float) if name + ".bias" in w else None,
                        **rest)

    def apart(name, value, **rest):
        return separable(value, w[name + ".depthwise"], w[name + ".pointwise"],
                         bias=w.get(name + ".bias"), **rest)

    return {
        "one": own(conv, "one", x["a"]),
        "one_same": np.tanh(own(conv, "one_same", x["a"].transpose(0, 2, 1), padding="same",
                                dilation=2, groups=2, last=True)),
        "one_wide": conv(x["a"], x["k1"], padding=1),
        "plain": own(conv, "plain", a), "lower": own(conv, "lower", a, padding="same_lower"),
        "upper": own(conv, "upper", a, padding="same"),
        "same_stride": own(conv, "same_stride", a, stride=2, padding="same"),
        "lower_stride": own(conv, "lower_stride", a, stride=2, dilation=[1, 2],
                            padding="same_lower"),
        "pairs": own(conv, "pairs", a, stride=[2, 3], padding=[[1, 2], [0, 2]]),
        "grouped": conv(a, x["k"], groups=2),
        "last": relu(own(conv, "last", c, padding="same", groups=2, last=True)),
        "last_grouped": own(conv, "last_grouped", c, dilation=2, groups=4, last=True),
        "biased": conv(a, x["k"], groups=2, bias=x["b"]),
        "active": sigmoid(own(conv, "active", a, padding=1)),
        "constant": gelu(conv(a, w["tied"], padding="same")),
        "three": own(conv, "three", v, stride=[1, 1, 2], padding=[[0, 0], [1, 0], [0, 0]]),
        "three_last": (lambda z: z / (1 + abs(z)))(
            own(conv, "three_last", d, padding="same", groups=2, last=True)),
        "deep": own(conv, "deep", a, groups=4),
        "deep_more": np.tanh(own(conv, "deep_more", a, stride=2, padding="same", groups=4)),
        "deep_last": own(conv, "deep_last", c, padding="same_lower", dilation=2, groups=4,
                         last=True),
        "deep_given": conv(a, x["dw"], groups=4, bias=w["deep_given.bias"]),
        "apart": apart("apart", a),
        "apart_more": np.tanh(apart("apart_more", a, stride=2, padding="same")),
        "apart_last": apart("apart_last", c, dilation=2, last=True),
        "apart_given": separable(a, x["dw"], x["pw"], bias=w["apart_given.bias"]),
        "up": own(transposed, "up", a),
        "up_stride": own(transposed, "up_stride", a, stride=2, padding=1),
        "up_pairs": own(transposed, "up_pairs", a, stride=[3, 2], padding=[[0, 1], [1, 0]],
                        extra=[0, 1]),
        "up_same": own(transposed, "up_same", a, stride=2, padding="same"),
        "up_lower": own(transposed, "up_lower", a, stride=2, padding="same_lower"),
        "up_small": own(transposed, "up_small", a, stride=3, padding="same"),
        "up_grouped": relu(transposed(a, t, groups=2, bias=x["b"])),
        "up_last": own(transposed, "up_last", c, stride=2, last=True),
        "up_extra": own(transposed, "up_extra", a, stride=2, dilation=[2, 3], extra=1),
        "single": own(conv, "single", x["s"], stride=2, padding=1),
        "half": own(conv, "half", x["h"]),
        "one_stride": own(conv, "one_stride", x["a"], stride=2, padding="same"),
        "three_given": conv(v, x["k3"], dilation=[1, 2, 1]),
        "three_init": own(conv, "three_init", v)}
