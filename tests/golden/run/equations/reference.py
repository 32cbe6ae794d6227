# What the model computes, with numpy's einsum.
import numpy as np


def inputs(random):
    shapes = {"a": (2, 3, 6), "b": (2, 6, 4), "c": (5, 5), "d": (5,), "e": (6, 2, 3),
              "g": (6, 4),
              "q": (2, 2, 7, 3), "t": (5, 2, 5, 2)}
    x = {k: random.uniform(-1, 1, shape).astype(np.float32) for k, shape in shapes.items()}
    y = random.uniform(0, 1, (2, 4)) * np.array([[1, 0, 1, 1], [1, 1, 1, 1]])
    return x | {"p": random.uniform(-9, 0, (2, 4)).astype(np.float32),
                "y": (y / y.sum(axis=1, keepdims=True)).astype(np.float32)}


def outputs(x, w):
    a, b, c, d, e, g, q, t, p, y = (x[k].astype(np.float64) for k in "abcdegqtpy")
    kl = np.where(y > 0, y * (np.log(np.where(y > 0, y, 1)) - p), 0).sum(axis=1)
    length = np.maximum(np.sqrt((p * p).sum(axis=1)), 0.5)
    other = np.maximum(np.sqrt((y * y).sum(axis=1)), 0.5)
    return {
        "product": np.einsum("bij,bjk->bik", a, b), "turned": np.einsum("bij,bjk->kb", a, b),
        "diagonal": np.diag(c), "trace": np.trace(c), "outer": np.outer(d, d),
        "chain": np.einsum("bij,bjk,jmi->bm", a, b, e), "rest": np.einsum("bij,bjk->bki", a, b),
        "implicit": c @ d, "sums": a.sum(axis=(0, 1)), "score": q @ q.transpose(0, 1, 3, 2),
        "double": np.einsum("ijij->ji", t), "scaled": a * 0.5,
        "joined": np.einsum("bij,bjk,jmi->km", a, b, e),
        "inner": np.einsum("bij,bji->b", a, b[:, :, :3]), "wide": a @ g,
        "alphabet": a.transpose(2, 1, 0), "kl": kl,
        "cosine": (p * y).sum(axis=1) / (length * other),
        "least": np.abs(c).min(), "most": np.abs(p).max(axis=1, keepdims=True),
        "count": (y != 0).sum(axis=1), "third": (np.abs(p) ** 3).sum(axis=1) ** (1 / 3),
    }
