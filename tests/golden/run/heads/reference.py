# What the model computes, with numpy, head by head.
import numpy as np

LOWEST = float(np.finfo(np.float32).min)


def inputs(random):
    seen = np.array([[True, False, True, True], [False] * 4])
    return {"x": random.uniform(-3, 3, (2, 5, 6)).astype(np.float32),
            "c": random.uniform(-3, 3, (2, 4, 3)).astype(np.float32), "seen": seen,
            "bias": random.uniform(-9, 9, (5, 5)).astype(np.float32),
            "each": random.uniform(0, 1, (2, 5, 4)) < 0.5}


def attend(q, k, v, seen, scale):
    """One head of one sample; `seen` is a matrix of numbers that are added, -inf among them."""
    out = np.zeros((len(q), v.shape[1]))
    for t in range(len(q)):
        score = k @ q[t] * scale + seen[t]
        if np.all(np.isneginf(score)):
            continue
        power = np.exp(score - score.max())
        out[t] = power / power.sum() @ v
    return out


def heads(w, name, q, k, v, count, seen):
    def project(part, x):
        return x @ w[f"{name}.{part}.weight"] + w.get(f"{name}.{part}.bias", 0)
    q, k, v = project("query", q), project("key", k), project("value", v)
    size = q.shape[1] // count
    cuts = [slice(i * size, i * size + size) for i in range(count)]
    joined = [attend(q[:, c], k[:, c], v[:, c], seen, size ** -0.5) for c in cuts]
    return project("output", np.concatenate(joined, axis=1))


def logs(score, seen):
    """log_softmax and logsumexp of the elements seen."""
    if not seen.any():
        return np.zeros_like(score), 0.0
    total = np.log(np.exp(score[seen]).sum())
    return np.where(seen, score - total, LOWEST), total


def outputs(x, w):
    seen, each = x["seen"], x["each"]
    bias, c, x = (x[k].astype(np.float64) for k in ("bias", "c", "x"))
    w = {k: v.astype(np.float64) for k, v in w.items()}
    past = np.where(np.tril(np.ones((5, 5), bool)), 0, -np.inf)
    both = range(2)
    parts = [logs(c[n, :, 0], seen[n]) for n in both]
    added = [logs(c[n, :, 0] + 0.5, seen[n]) for n in both]
    return {
        "self": np.stack([heads(w, "self", x[n], x[n], x[n], 3, past) for n in both]),
        "cross": np.stack([heads(w, "cross", x[n], c[n], c[n], 2,
                                 np.where(seen[n], 0, -np.inf) + np.zeros((5, 1))) for n in both]),
        "pairs": np.stack([heads(w, "pairs", x[n], c[n], c[n], 2,
                                 np.where(each[n], 0, -np.inf)) for n in both]),
        "plain": np.stack([attend(x[n], x[n], x[n], np.zeros((5, 5)), 0.3) for n in both]),
        "added": np.stack([attend(x[n], x[n], x[n], bias + past, 6 ** -0.5) for n in both]),
        "logs": np.stack([p[0] for p in parts]), "total": np.stack([p[1] for p in parts]),
        "minus": np.stack([p[0] for p in added]),
        "sums": np.stack([p[1] for p in added]).reshape(2, 1),
    }
