# SoftmaxCrossEntropyLoss and NegativeLogLikelihoodLoss of ONNX; the others as the textbooks have
# them. Sums are exact (math.fsum), so that only what is summed is rounded.
import math

import numpy as np

TOLERANCE = {"": 1e-12, "single": 1e-5}


def inputs(random):
    n = 3
    soft = random.uniform(0, 1, (n, 4, 5))
    soft[0, 0] = [0, 0.25, 0, 0.75, 0]
    index = random.integers(0, 5, (n, 4))
    edge = random.uniform(0, 1, (n, 6))
    edge[0, :3] = [0, 1, 0.5]
    y = random.uniform(-4, 4, (n, 6))
    x = random.uniform(-4, 4, (n, 6))
    y[0, 0] = x[0, 0]
    x[1], y[1] = [0, 1, 2, -1, 0.5, -3], [0.3, 2, -1, -1, 3.5, -3.3]
    yes = random.uniform(0, 1, (n, 6))
    yes[0] = [0, 1, 0, 1, 1, 0]
    return {"logits": random.uniform(-20, 20, (n, 4, 5)),
            "soft": soft / soft.sum(-1, keepdims=True),
            "hot": np.eye(5)[random.integers(0, 5, (n, 4))], "index": index, "x": x, "y": y,
            "sure": random.uniform(0.01, 0.99, (n, 6)), "edge": edge, "yes": yes,
            "sign": np.array([-1.0, 1.0])[random.integers(0, 2, (n, 6))],
            "s": random.uniform(-9, 9, (n, 5)).astype(np.float32),
            "k": random.integers(0, 5, n).astype(np.int32)}


def total(v):
    return math.fsum(v.ravel())


def mean(v):
    return total(v) / v.size


def log_softmax(v):
    shifted = v - v.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def cross(logits, target, smoothing=0.0):
    target = target * (1 - smoothing) + smoothing / logits.shape[-1]
    return -(target * log_softmax(logits)).sum(-1)


def binary(p, t, eps=0.0):
    return -(t * np.log(p + eps) + (1 - t) * np.log(1 - p + eps))


def with_logits(v, t):
    """-t log sigmoid(v) - (1 - t) log sigmoid(-v)"""
    log_sigmoid = lambda v: np.minimum(v, 0) - np.log1p(np.exp(-abs(v)))
    return -t * log_sigmoid(v) - (1 - t) * log_sigmoid(-v)


def huber(d, delta=1.0):
    return np.where(abs(d) <= delta, d * d / 2, delta * (abs(d) - delta / 2))


def divergence(log_prob, t):
    return (t * (np.log(np.where(t > 0, t, 1)) - log_prob)).sum(-1)


def cosine(a, b, axis, eps=0.0):
    length = lambda v: np.maximum(np.sqrt((v * v).sum(axis)), eps)
    return (a * b).sum(axis) / (length(a) * length(b))


def outputs(x, w):
    logits, soft, hot, index, a, b, sure, edge, yes, sign, s, k = (x[name] for name in (
        "logits", "soft", "hot", "index", "x", "y", "sure", "edge", "yes", "sign", "s", "k"))
    s = s.astype(float)
    at = np.eye(5)[index]
    d, log_prob = a - b, log_softmax(logits)
    hinge = np.maximum(0, 1 - a * sign)
    return {
        "cross": np.array([mean(cross(logits, soft)), total(cross(logits, hot)),
                           mean(cross(logits, hot, 0.2)), total(cross(logits, soft, 0.1))]),
        "cross_each": np.stack([cross(logits, soft), cross(logits, hot), cross(logits, hot, 0.3)]),
        "sparse": np.array([mean(cross(logits, at)), total(cross(logits, at)),
                            mean(cross(logits, at, 0.2))]),
        "sparse_each": np.stack([cross(logits, at), cross(logits, at, 0.2)]),
        "nll": np.array([mean(cross(logits, at)), total(cross(logits, at))]),
        "nll_each": cross(logits, at),
        "binary": np.array([mean(binary(sure, yes)), total(binary(sure, yes)),
                            mean(binary(edge, yes, 0.001)), mean(binary(edge, yes, 1e-7))]),
        "binary_each": np.stack([binary(sure, yes), binary(edge, yes, 1e-6)]),
        "from_logits": np.array([mean(with_logits(a, yes)), total(with_logits(a * 100, yes))]),
        "from_logits_each": with_logits(a, yes),
        "squared": np.array([mean(d * d), total(d * d)]), "squared_each": d * d,
        "absolute": np.array([mean(abs(d)), total(abs(d))]), "absolute_each": abs(d),
        "huber": np.array([mean(huber(d)), total(huber(d, 0.3)), mean(huber(d, 2))]),
        "huber_each": np.stack([huber(d), huber(d, 3)]),
        "hinge": np.array([mean(hinge), total(hinge)]), "hinge_each": hinge,
        "divergence": np.array([mean(divergence(log_prob, soft)), total(divergence(log_prob, soft)),
                                mean(divergence(log_prob, hot))]),
        "divergence_each": np.stack([divergence(log_prob, soft), divergence(log_prob, hot)]),
        "cosine": np.stack([cosine(1 + abs(a), b + 5, 1), cosine(a, b, 1, 6)]),
        "cosine_middle": cosine(logits, soft, 1, 1e-3),
        "single": np.array([mean(cross(s, np.eye(5)[k])), mean(cross(s, np.eye(5)[k], 0.5)),
                            mean(s * s), mean(huber(s))])}
