# BatchNormalization (inference), LayerNormalization, GroupNormalization, InstanceNormalization,
# LRN and Gather of ONNX. In inference noise is nothing.
import math

import numpy as np

TOLERANCE = {"": 1e-12, "single": 1e-5, "half": 4e-3, "looked_up": 0, "looked_up_given": 0}


def inputs(random):
    shapes = {"x": (3, 6, 4, 5), "c": (3, 4, 5, 6), "r": (3, 6), "t": (3, 7, 4), "s": (3, 6),
              "h": (3, 6, 3), "table": (7, 5)}
    made = {name: random.uniform(-3, 3, shape) for name, shape in shapes.items()}
    made["t"][0, :, 1] = 2.5
    made["s"] = made["s"].astype(np.float32)
    made["h"] = made["h"].astype(np.float16)
    made["index"] = np.array([[0, 6, 3], [2, 2, 2], [6, 5, 0]])
    return made


def along(values, rank, axes):
    """Numbers of some axes, in the shape that broadcasts over the others."""
    shape = [1] * rank
    for axis, size in zip(axes, values.shape):
        shape[axis] = size
    return values.reshape(shape)


def standard(x, axes, eps):
    count = math.prod(x.shape[a] for a in axes)
    mean = x.sum(axis=axes, keepdims=True) / count
    variance = ((x - mean) ** 2).sum(axis=axes, keepdims=True) / count
    return (x - mean) / np.sqrt(variance + eps)


def root_mean_square(x, axes, eps):
    count = math.prod(x.shape[a] for a in axes)
    return x / np.sqrt((x * x).sum(axis=axes, keepdims=True) / count + eps)


def group(x, groups, eps):
    n, channels = x.shape[:2]
    wide = x.reshape(n, groups, channels // groups, *x.shape[2:])
    return standard(wide, tuple(range(2, wide.ndim)), eps).reshape(x.shape)


def local(x, size, alpha=1e-4, beta=0.75, bias=1.0):
    y, channels = np.empty_like(x), x.shape[1]
    for c in range(channels):
        low, high = max(0, c - (size - 1) // 2), min(channels - 1, c + math.ceil((size - 1) / 2))
        total = (x[:, low:high + 1] ** 2).sum(axis=1)
        y[:, c] = x[:, c] / (bias + alpha / size * total) ** beta
    return y


def lengths(x, axes, eps):
    return x / np.sqrt(np.maximum((x * x).sum(axis=axes, keepdims=True), eps))


def outputs(x, w):
    a, c, r, t = (x[name] for name in ("x", "c", "r", "t"))
    s, h = x["s"].astype(float), x["h"].astype(float)

    def affine(y, name, *axes):
        axes = [axis % y.ndim for axis in axes]
        shift = along(w[name + ".bias"].astype(float), y.ndim, axes) if name + ".bias" in w else 0
        return y * along(w[name + ".weight"].astype(float), y.ndim, axes) + shift

    def batch(y, name, axis, eps=1e-5):
        axis %= y.ndim
        mean, variance = (along(w[f"{name}.running_{what}"], y.ndim, [axis])
                          for what in ("mean", "var"))
        y = (y - mean) / np.sqrt(variance + eps)
        return affine(y, name, axis) if name + ".weight" in w else y

    first, last = (lambda z: z.transpose(0, 3, 1, 2)), (lambda z: z.transpose(0, 2, 3, 1))
    return {
        "batch": batch(a, "batch", 1), "batch_last": batch(c, "batch_last", -1, 0.1),
        "batch_axis": batch(t, "batch_axis", -1), "batch_bare": batch(r, "batch_bare", 1, 0.01),
        "batch_fixed": batch(a, "batch_fixed", 1),
        "by_layer": affine(standard(t, (2,), 1e-5), "by_layer", 2),
        "layer_two": affine(standard(a, (1, 3), 0.01), "layer_two", 1, 3),
        "layer_bare": standard(t, (1,), 1e-5), "group": affine(group(a, 3, 1e-5), "group", 1),
        "group_last": affine(last(group(first(c), 2, 0.1)), "group_last", -1),
        "group_bare": group(a, 6, 1e-5),
        "instance": affine(standard(a, (2, 3), 0.01), "instance", 1),
        "instance_bare": standard(t, (2,), 1e-5),
        "rms": affine(root_mean_square(t, (2,), 1e-5), "rms", 2),
        "rms_two": affine(root_mean_square(a, (2, 3), 0.01), "rms_two", 2, 3),
        "rms_bare": root_mean_square(t, (1,), 1e-5),
        "l2": lengths(t, (2,), 1e-5), "l2_axis": lengths(t, (1,), 0.5),
        "l2_all": lengths(t / 1000, (1, 2), 1e-3), "local": local(a, 3),
        "local_more": local(a, 4, 0.3, 0.5, 2), "local_last": last(local(first(c), 5, 2)),
        "kept": np.stack([a] * 4), "scaled": t + t + t,
        "single": np.stack([affine(standard(s, (1,), 1e-5), "single_layer", 1),
                            affine(root_mean_square(s, (1,), 1e-5), "single_rms", 1)]),
        "half": affine(standard(h, (1,), 1e-5), "half", 1),
        "looked_up": w["looked_up.weight"][x["index"]].astype(float)
        if "looked_up.weight" in w else w["embedding_0.weight"][x["index"]].astype(float),
        "looked_up_given": x["table"][x["index"]],
        "looked_up_ones": w["looked_up_ones.weight"][x["index"]]}
