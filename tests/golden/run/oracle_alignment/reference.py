# Connectionist temporal classification, twice. Small: every sequence of classes is written out,
# read (repeats once, then without blanks), and counted where it reads as the labels. Long: the
# forward recursion of Graves et al. (2006), over probabilities scaled to sum to 1 in each step, so
# that neither the logarithms nor the stand-in for log 0 of the model are in it.
import itertools
import math

import numpy as np

TOLERANCE = {"": 1e-12, "single_each": 1e-5, "half_each": 2e-3}


def inputs(random):
    n, m, t, u = 12, 9, 40, 12
    steps, count = random.integers(0, 6, n), random.integers(0, 4, n)
    steps[:4], count[:4] = [5, 0, 1, 0], [3, 0, 2, 1]
    count[4] = 4  # more labels than there are
    labels = random.integers(0, 3, (n, 3))
    labels[5], steps[5], count[5] = [1, 1, 1], 5, 3  # fits exactly
    labels[6], steps[6], count[6] = [1, 1, 1], 4, 3  # and does not
    shifted = random.integers(1, 4, (n, 3))
    for i in range(n):
        shifted[i, count[i]:] = -1
    shifted[7], steps[7], count[7] = [2, -1, 2], 5, 3  # a hole
    words = random.integers(0, 5, (m, u))
    words[0] = 3
    lengths, long_count = random.integers(20, t + 1, m), random.integers(0, u + 1, m)
    lengths[1], long_count[1] = 90, 5  # more steps than there are: all
    return {"logits": random.uniform(-4, 4, (n, 5, 4)), "labels": labels.astype(np.int32),
            "steps": steps, "count": count.astype(np.uint8), "shifted": shifted,
            "long": random.uniform(-30, 30, (m, t, 6)), "words": words.astype(np.int32),
            "long_steps": lengths.astype(np.int32), "long_count": long_count.astype(np.int32),
            "single": random.uniform(-9, 0, (2, 40, 3)).astype(np.float32),
            "half": random.uniform(-9, 0, (2, 5, 4)).astype(np.float16)}


def log_softmax(v):
    shifted = v - v.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def read(path, blank):
    return [c for i, c in enumerate(path) if c != blank and (i == 0 or path[i - 1] != c)]


def enumerated(log_prob, labels, blank):
    steps, classes = log_prob.shape
    fitting = [math.fsum(log_prob[t, c] for t, c in enumerate(path))
               for path in itertools.product(range(classes), repeat=steps)
               if read(path, blank) == labels]
    return -math.log(math.fsum(math.exp(l) for l in fitting)) if fitting else math.inf


def recursive(log_prob, labels, blank):
    states = [blank]
    for label in labels:
        states += [label, blank]
    alpha, lost = np.zeros(len(states)), 0.0
    alpha[0] = 1
    for t, step in enumerate(np.exp(log_prob.astype(np.float64))):
        after = np.zeros_like(alpha)
        for s, state in enumerate(states):
            ways = [alpha[s]] + ([alpha[s - 1]] if s > 0 else [])
            if s > 1 and state != blank and state != states[s - 2]:
                ways.append(alpha[s - 2])
            after[s] = math.fsum(ways) * step[state]
        total = math.fsum(after)
        if total == 0:
            return math.inf
        alpha, lost = after / total, lost + math.log(total)
    end = alpha[-1] + (alpha[-2] if labels else 0)
    return -(lost + math.log(end)) if end > 0 else math.inf


def each(loss, log_prob, labels, steps=None, count=None, blank=-1, unread=0.0):
    losses = []
    for n, (p, wanted) in enumerate(zip(log_prob, labels)):
        p = p if steps is None else p[:steps[n]]
        length = len(wanted) if count is None else count[n]
        wanted = [int(label) for label in wanted[:length]]
        bad = length > labels.shape[1] or any(label < 0 for label in wanted)
        found = math.inf if bad else loss(p, wanted, blank % log_prob.shape[2])
        losses.append(unread if math.isinf(found) else found)
    return np.array(losses)


def outputs(x, w):
    p, labels, steps = log_softmax(x["logits"]), x["labels"], x["steps"]
    count = x["count"].astype(int)
    small = lambda *rest, **options: each(enumerated, p, *rest, **options)
    return {
        "whole": small(labels),
        "ragged": small(labels, steps, count),
        "unread": small(labels, steps, count, unread=math.inf),
        "first": small(x["shifted"], steps, count, blank=0),
        "other": small(labels % 2, None, count, blank=-2),
        "reduced": np.array([small(labels, steps, count).sum() / len(labels),
                             small(labels, steps).sum()]),
        "long_each": each(recursive, log_softmax(x["long"]), x["words"], x["long_steps"],
                          x["long_count"]),
        "single_each": each(recursive, x["single"], np.array([[0, 0, 1], [1, 0, 1]])),
        "half_each": each(enumerated, x["half"].astype(float), np.array([[0, 0, 1], [1, 0, 1]])),
    }
