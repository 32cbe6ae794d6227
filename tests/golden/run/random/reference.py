# Philox4x32-10 once more, and what the model makes of its words.
import statistics

import numpy as np

OPTIONS = ["--bind", "N=6"]


def inputs(random):
    return {"x": random.uniform(-3, 3, (6, 8)).astype(np.float32),
            "p": np.array([0, 0.5, 1]), "seed": np.array(2**40 + 3, np.int64),
            "rate": np.array(0.4, np.float32)}


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        left, right = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(right >> 32) ^ c[1] ^ k[0], right % 2**32, (left >> 32) ^ c[3] ^ k[1], left % 2**32]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def word(position, seed):
    at, key = position % 2**64, seed % 2**64
    block = philox([at // 4 % 2**32, at // 4 // 2**32, 0, 0], [key % 2**32, key // 2**32])
    return block[at % 4]


def words(count, seed, wide=False):
    low = [word(i, seed) for i in range(count)]
    if not wide:
        return np.array(low, np.int64)
    return np.array([word(-1 - i, seed) // 2**11 * 2**32 + low[i] for i in range(count)], np.int64)


def unit(count, seed, wide=False):
    return words(count, seed, wide) / 2**53 if wide else words(count, seed) // 2**8 / 2**24


def normal(count, seed, wide=False):
    if wide:
        centred = (words(count, seed, True) // 2 * 2 - (2**52 - 1)) / 2**52
    else:
        centred = (words(count, seed) // 2**8 * 2 - (2**24 - 1)) / 2**24
    return np.array([statistics.NormalDist().inv_cdf((1 + c) / 2) for c in centred])


def gumbel(count, seed):
    return -np.log(-np.log((words(count, seed) // 2**9 * 2 + 1) / 2**24))


def step_key(seed, step):
    return word(step, seed) // 4 * 2**32 + word(-1 - step, seed)


def outputs(x, w):
    rows, rate = x["x"], float(x["rate"])
    kept = unit(48, 10).astype(np.float32).reshape(6, 8) >= x["rate"]
    low = -1.7580993408473766
    scale = (0.7 * (1 + low**2 * 0.3)) ** -0.5
    held = np.where(unit(48, 11).reshape(6, 8) >= np.float32(0.3), rows, low)
    scores = rows[:, None, :] + gumbel(6 * 5 * 8, 9).reshape(6, 5, 8)
    return {"uniform": (words(48, 1) / 2**32).reshape(6, 8),
            "wide": -2 + 5 * (words(5, 2, True) / (2**53 - 1)),
            "normal": normal(48, 2**40 + 3).reshape(6, 8),
            "fresh": normal(6, 2**32),
            "exact": 1 + 2 * normal(12, -4, True).reshape(4, 3),
            "half": normal(6, 5).astype(np.float16),
            "coin": unit(3, 6, True) < x["p"],
            "coins": unit(70, 7) < np.float32(0.3),
            "top": gumbel(9, 8),
            "classes": scores.argmax(axis=2),
            "dropped": np.where(kept, rows / (1 - rate), 0),
            "selu": scale * held - scale * 0.3 * low,
            "noisy": rows + rate * normal(48, 12).reshape(6, 8),
            "deep": -np.log(-np.log((words(4, 14, True) // 2 * 2 + 1) / 2**53)),
            "sure": unit(8, 15) < np.float32(0.3),
            "spots": np.repeat(np.where(unit(48, 16).reshape(6, 8) >= np.float32(0.3), rows / 0.7,
                                        0), 4).reshape(6, 8, 2, 2),
            "steps": np.array([words(4, step_key(13, step)) / 2**32 for step in range(6)])}
