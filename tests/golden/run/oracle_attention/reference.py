# softmax(q k^T * scale + mask) v, a query and a head at a time. A query that sees nothing gets
# zeros. ONNX has none at opset 17; what is here is the language page.
import itertools
import math

import numpy as np

TOLERANCE = {"": 1e-12, "single": 1e-5, "half": 3e-3}


def inputs(random):
    n = 3
    shapes = {"q": (n, 4, 6), "k": (n, 5, 6), "v": (n, 5, 3), "q4": (n, 2, 4, 6), "u": (n, 5, 7),
              "s": (n, 4, 6)}
    made = {name: random.uniform(-2, 2, shape) for name, shape in shapes.items()}
    made["s"] = made["s"].astype(np.float32)
    made["h"] = random.uniform(-1, 1, (2, 3, 4)).astype(np.float16)
    made["added"] = random.uniform(-4, 4, (4, 5))
    made["seen"] = random.integers(0, 2, (n, 4, 5)).astype(bool)
    made["each"] = random.integers(0, 2, (n, 2, 4, 5)).astype(bool)
    made["seen"][0, 1] = made["each"][1, 0, 2] = False
    made["some"] = np.array([True, False, True, True, False])
    return made


def attention(q, k, v, mask=None, causal=False, scale=None):
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    y = np.zeros((*q.shape[:-1], v.shape[-1]))
    full = None if mask is None else np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2]))
    for at in itertools.product(*(range(n) for n in q.shape[:-1])):
        batch, query = at[:-1], at[-1]
        weights = []
        for position in range(k.shape[-2]):
            score = math.fsum(q[at] * k[(*batch, position)]) * scale
            hidden = causal and position > query
            if full is not None and full.dtype == bool:
                hidden = hidden or not full[(*at, position)]
            elif full is not None:
                score += full[(*at, position)]
            weights.append(0.0 if hidden else math.exp(score))
        if any(weights):
            y[at] = np.array(weights) @ v[batch] / math.fsum(weights)
    return y


def outputs(x, w):
    q, k, v, u, seen, added, each = (x[name] for name in (
        "q", "k", "v", "u", "seen", "added", "each"))
    q4 = x["q4"]

    def many(name, q, k=None, v=None, heads=1, mask=None, causal=False):
        k = q if k is None else k
        v = k if v is None else v
        n, units = len(q), q.shape[-1]

        def dense(value, layer):
            return (value @ w[f"{name}.{layer}.weight"].astype(float) +
                    w.get(f"{name}.{layer}.bias", np.zeros(units)).astype(float))

        def parts(value, layer):
            z = dense(value, layer)
            return np.stack(np.split(z, heads, axis=-1), axis=1)

        mask = mask[:, None] if mask is not None and mask.ndim == 3 else mask
        y = attention(parts(q, "query"), parts(k, "key"), parts(v, "value"), mask, causal)
        return dense(np.concatenate(list(y.transpose(1, 0, 2, 3)), axis=-1), "output")

    h = x["h"].astype(float)
    return {
        "plain": attention(q, k, v), "scaled": attention(q, k, v, scale=0.3),
        "causal": attention(q, k, v, causal=True), "masked": attention(q, k, v, seen),
        "masked_row": attention(q, k, v, x["some"]), "biased": attention(q, k, v, added),
        "both": attention(q, k, v, seen, True, 2), "four": attention(q4, q4 + 1, q4, causal=True),
        "many": many("many", q, heads=2), "many_own": many("many_own", q, heads=3),
        "many_cross": many("many_cross", q, k), "many_values": many("many_values", q, u, v, 3),
        "many_masked": many("many_masked", q, k, heads=2, mask=seen),
        "many_heads": many("many_heads", q, k, heads=2, mask=each),
        "many_causal": many("many_causal", q, heads=2, causal=True),
        "many_added": many("many_added", q, k, heads=2, mask=added, causal=True),
        "single": many("single", x["s"].astype(float), heads=2), "half": attention(h, h, h)}
