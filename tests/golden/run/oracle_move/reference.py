# Where each element comes from; numpy's own functions where they are ONNX's definition.
import itertools

import numpy as np

TOLERANCE = 0


def inputs(random):
    shapes = {"x": (2, 3, 4), "y": (2, 2, 4), "one": (2, 1, 3, 1), "m": (3, 5), "v": (4,),
              "p": (2, 8, 2, 3), "q": (2, 4, 6, 2), "h": (2, 3)}
    made = {name: random.uniform(-9, 9, shape) for name, shape in shapes.items()}
    made["h"] = made["h"].astype(np.float16)
    made["i"] = random.integers(-9, 10, (2, 3)).astype(np.int32)
    made["b"] = np.array([[True, False, True], [False, False, True]])
    made["u"] = np.arange(250, 256).astype(np.uint8)
    return made


def built(shape, element, dtype=np.float64):
    y = np.zeros(shape, dtype)
    for at in itertools.product(*(range(n) for n in shape)):
        y[at] = element(*at)
    return y


def padded(x, pads, mode, value=0):
    """Pad of ONNX: where each place is in x."""
    def place(i, n, before):
        i -= before
        if mode == "edge":
            return min(max(i, 0), n - 1)
        if mode == "wrap":
            return i % n
        if mode == "reflect":
            while not 0 <= i < n:
                i = -i if i < 0 else 2 * (n - 1) - i
        return i

    def element(*at):
        source = [place(i, n, pad[0]) for i, n, pad in zip(at, x.shape, pads)]
        inside = all(0 <= i < n for i, n in zip(source, x.shape))
        return x[tuple(source)] if inside else value

    return built([n + sum(pad) for n, pad in zip(x.shape, pads)], element, x.dtype)


def depth_to_space(x, block, mode):
    """DepthToSpace: DCR takes the block from the outer part of the channels, CRD from the inner."""
    n, c, rows, columns = x.shape
    depth = c // block ** 2

    def element(n, d, r, s):
        part = r % block * block + s % block
        channel = part * depth + d if mode == "dcr" else d * block ** 2 + part
        return x[n, channel, r // block, s // block]

    return built((n, depth, rows * block, columns * block), element)


def space_to_depth(x, block):
    n, c, rows, columns = x.shape

    def element(n, d, r, s):
        part, channel = divmod(d, c)
        return x[n, channel, r * block + part // block, s * block + part % block]

    return built((n, c * block ** 2, rows // block, columns // block), element)


def outputs(x, w):
    a, y, one, m, v, p, q, i, b, h, u = (x[name] for name in (
        "x", "y", "one", "m", "v", "p", "q", "i", "b", "h", "u"))
    n = len(a)
    first = lambda z: z.transpose(0, 3, 1, 2)
    last = lambda z: z.transpose(0, 2, 3, 1)
    wide = lambda z: padded(z.reshape(n, 4, 2, 6), [[0, 0], [0, 0], [0, 0], [0, 2]], "constant")
    turned = q.transpose(0, 1, 3, 2).reshape(n, 4, 2, 6)
    tall = built((n, 4, 4, 6), lambda s, c, r, d: turned[s, c, r // 2, d])
    square = padded(m[:, :3], [[0, 1], [0, 1]], "constant")
    kept = lambda z, test: built(
        z.shape, lambda *at: z[at] if test(at[-1] - at[-2]) else 0, z.dtype)
    return {
        "same": a, "reshaped": a.reshape(n, 12), "guessed": a.reshape(4, n, 3),
        "scalar": a[0, 0, 0],
        "flat": a.reshape(n, 12), "flat2": a.reshape(3 * n, 4), "flat0": a.reshape(1, 12 * n),
        "flat_last": a.reshape(3 * n, 4),
        "reversed": built((4, 3, n), lambda i, j, k: a[k, j, i]),
        "permuted": built((3, n, 4), lambda i, j, k: a[j, i, k]),
        "squeezed": one.reshape(n, 3), "squeezed1": one.reshape(n, 3, 1),
        "squeezed_last": one.reshape(n, 3), "unsqueezed": a.reshape(n, 1, 3, 4),
        "unsqueezed2": a.reshape(1, n, 3, 4, 1), "unsqueezed_last": a.reshape(n, 3, 4, 1),
        "expanded": built((n, 5, 3, 2), lambda s, _, j, __: one[s, 0, j, 0]),
        "expanded_up": built((2, 3, 5), lambda _, j, k: m[j, k]),
        "expanded_keeps": built((3, 5), lambda j, _: m[j, 0]),
        "tiled": built((2 * n, 3, 12), lambda i, j, k: a[i % n, j, k % 4]),
        "tiled_all": built((6, 10), lambda i, j: m[i % 3, j % 5]),
        "repeated": built((n, 3, 8), lambda i, j, k: a[i, j, k // 2]),
        "repeated_first": built((9, 5), lambda i, j: m[i // 3, j]),
        "joined": built((n, 7, 4), lambda s, j, k: a[s, j, k] if j < 3 else y[s, (j - 3) % 2, k]),
        "joined_first": built((2 * n, 3, 4), lambda i, j, k: a[i % n, j, k]),
        "joined_last": built((n, 3, 8), lambda i, j, k: a[i, j, k % 4] * (1 if k < 4 else -1)),
        "stacked": built((2, n, 3, 4), lambda s, *at: a[at] * (1 - 2 * s)),
        "stacked_last": built((n, 3, 4, 2), lambda i, j, k, s: a[i, j, k] * (1 - 2 * s)),
        "stacked_middle": built((n, 2, 3, 4), lambda i, s, j, k: a[i, j, k] * (1 - 2 * s)),
        "left": a[:, :, :1], "right": a[:, :, 1:],
        "halves": built((2, n, 3, 2), lambda s, i, j, k: a[i, j, 2 * s + k]),
        "thirds": a[:, 1:2], "sliced": built((n, 2, 2), lambda s, j, k: a[s, 1 + j, 2 * k]),
        "stepped": built((2, 3), lambda i, j: m[2 * i, 1 + j]),
        "backwards": built((3, 2), lambda i, j: m[2 - i, 4 - 3 * j]),
        "negative": built((n, 2), lambda s, k: a[s, 2, 1 + k]), "cut": a[:, 1],
        "whole_backwards": built((n, 3, 4), lambda s, j, k: a[s, j, 3 - k]),
        "padded": padded(a, [[0, 0], [1, 2], [0, 0]], "constant"),
        "padded_value": padded(m, [[1, 0], [0, 3]], "constant", 2.5),
        "cropped": padded(m, [[2, -1], [-1, 0]], "constant"),
        "reflected": padded(m, [[1, 2], [4, 0]], "reflect"),
        "edged": padded(m, [[2, 3], [1, 1]], "edge"),
        "wrapped": padded(m, [[2, 0], [1, 5]], "wrap"),
        "flipped": built((n, 3, 4), lambda s, j, k: a[s, 2 - j, k]),
        "flipped_all": built((3, 5), lambda j, k: m[2 - j, 4 - k]),
        "flipped_two": built((n, 3, 4), lambda s, j, k: a[n - 1 - s, j, 3 - k]),
        "rolled": built((n, 3, 4), lambda s, j, k: a[s, (j - 1) % 3, k]),
        "rolled_back": built((3, 5), lambda j, k: m[j, (k + 2) % 5]),
        "rolled_far": built((3, 5), lambda j, k: m[(j - 7) % 3, k]),
        "depth": depth_to_space(p, 2, "dcr"), "depth_crd": depth_to_space(p, 2, "crd"),
        "depth_last": last(depth_to_space(first(wide(last(p))), 2, "dcr")),
        "depth_crd_last": last(depth_to_space(first(wide(p)), 2, "crd")),
        "space": space_to_depth(tall, 2),
        "space_last": last(space_to_depth(first(q), 2)),
        "upper": kept(a, lambda d: d >= 0), "lower": kept(a, lambda d: d <= 0),
        "upper1": kept(m, lambda d: d >= 1), "lower_below": kept(m, lambda d: d <= -1),
        "diagonal": built((4,), lambda i: square[i, i]),
        "matrix": built((4, 4), lambda i, j: v[i] if i == j else 0),
        "whole": padded(i, [[1, 0], [0, 1]], "constant"),
        "truth": built((4, 3), lambda r, k: not b[1 - r, k] if r < 2 else b[3 - r, k], bool),
        "truth_pad": padded(b, [[0, 1], [1, 0]], "constant"),
        "half": built((4, 3), lambda r, k: h[(r - 1) % 2, k], np.float16),
        "bytes": u[::-1].reshape(3, 2), "whole_upper": kept(i, lambda d: d >= 0), "stopped": a}
