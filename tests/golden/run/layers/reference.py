# What the model computes, with numpy, loop by loop.
import numpy as np


def inputs(random):
    return {"x": random.uniform(-3, 3, (2, 6, 7, 8)).astype(np.float32),
            "s": random.uniform(0, 1, 8).astype(np.float32)}


def convolve(x, w, stride, padding, groups):
    """Cross-correlation, channels first; padding as ((a, b), (c, d))."""
    x = np.pad(x, ((0, 0), (0, 0)) + padding)
    n, c, h, wide = x.shape
    filters, part, kh, kw = w.shape
    out = np.zeros((n, filters, (h - kh) // stride[0] + 1, (wide - kw) // stride[1] + 1))
    for f in range(filters):
        first = f // (filters // groups) * part
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                a, b = i * stride[0], j * stride[1]
                window = x[:, first:first + part, a:a + kh, b:b + kw]
                out[:, f, i, j] = (window * w[f]).sum(axis=(1, 2, 3))
    return out


def adaptive(x, sizes):
    out = np.zeros(x.shape[:2] + sizes)
    for i in range(sizes[0]):
        for j in range(sizes[1]):
            h, w = x.shape[2:]
            a, b = i * h // sizes[0], -(-(i + 1) * h // sizes[0])
            c, d = j * w // sizes[1], -(-(j + 1) * w // sizes[1])
            out[:, :, i, j] = x[:, :, a:b, c:d].mean(axis=(2, 3))
    return out


def group(x, groups, eps):
    parts = []
    for part in np.split(x, groups, axis=1):
        mean = part.mean(axis=(1, 2, 3), keepdims=True)
        parts.append((part - mean) / np.sqrt(part.var(axis=(1, 2, 3), keepdims=True) + eps))
    return np.concatenate(parts, axis=1)


def response(x, size, alpha, beta, bias):
    out = np.zeros_like(x)
    for c in range(x.shape[1]):
        low, high = max(0, c - (size - 1) // 2), min(x.shape[1], c + size // 2 + 1)
        squares = np.square(x[:, low:high]).sum(axis=1)
        out[:, c] = x[:, c] / (bias + alpha / size * squares) ** beta
    return out


def last(x):
    return x.transpose(0, 2, 3, 1)


def first(x):
    return x.transpose(0, 3, 1, 2)


def outputs(x, w):
    s, x = x["s"].astype(np.float64), x["x"].astype(np.float64)
    w = {k: v.astype(np.float64) for k, v in w.items()}
    deep = convolve(x, w["sep.depthwise"], (2, 1), ((1, 1), (1, 1)), 6)
    sep = convolve(deep, w["sep.pointwise"], (1, 1), ((0, 0), (0, 0)), 1)
    deep = convolve(first(x), w["last.depthwise"], (1, 1), ((0, 0), (1, 1)), 8)
    wide = convolve(deep, w["last.pointwise"], (1, 1), ((0, 0), (0, 0)), 1)
    gate, value = x[:, :3], x[:, 3:]
    centred = x - x.mean(axis=(1, 3), keepdims=True)
    ln = centred / np.sqrt(np.square(centred).mean(axis=(1, 3), keepdims=True) + 1e-5)
    rms = x / np.sqrt(np.square(x).mean(axis=(2, 3), keepdims=True) + 1e-5)

    def channels(v):
        return v.reshape(-1, 1, 1)
    return {
        "sep": sep + channels(w["sep.bias"]),
        "last": last(wide),
        "slope": np.where(x < 0, channels(w["slope.weight"]) * x, x),
        "slope2": np.where(x < 0, s * x, x),
        "gated": gate / (1 + np.exp(-gate)) * value,
        "pooled": adaptive(x, (3, 5)),
        "even": last(adaptive(first(x), (2, 4)))[:, :2],
        "group": group(x, 3, 1e-5) * channels(w["group.weight"]) + channels(w["group.bias"]),
        "group2": last(group(first(x), 2, 0.1)) * w["group2.weight"] + w["group2.bias"],
        "lrn": response(x, 3, 0.5, 0.75, 1),
        "lrn2": last(response(first(x), 4, 0.5, 0.5, 2)),
        "ln": ln * w["ln.weight"].reshape(6, 1, 8) + w["ln.bias"].reshape(6, 1, 8),
        "rms": rms * w["rms.weight"],
    }
