# RNN, GRU (linear_before_reset is reset_after) and LSTM of ONNX, with the weights as the language
# page has them: side by side, input first. Where the mask is false the state stays, and is given.
import numpy as np

TOLERANCE = {"": 1e-12, "single": 1e-5}


def inputs(random):
    n = 3
    shapes = {"x": (n, 5, 3), "t": (5, n, 3), "y": (n, 5, 4), "s": (n, 5, 3)}
    made = {name: random.uniform(-2, 2, shape) for name, shape in shapes.items()}
    for name, shape in {"h0": (n, 4), "c0": (n, 4), "w": (3, 12), "r": (4, 12), "b": (12,),
                        "b2": (12,), "wl": (3, 16), "rl": (4, 16), "bl": (16,), "wr": (3, 4),
                        "rr": (4, 4), "br": (4,)}.items():
        made[name] = random.uniform(-1, 1, shape)
    made["s"] = made["s"].astype(np.float32)
    made["m"] = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 0]], bool)
    made["mt"] = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 1, 0]], bool)
    made["k"] = random.integers(-3, 4, (5, 3)).astype(np.int32)
    return made


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def hard_sigmoid(v):
    return np.clip(0.2 * v + 0.5, 0, 1)


def softsign(v):
    return v / (1 + abs(v))


def rnn(w, x, state, act, gate, after):
    return [act(x @ w["weight"] + state[0] @ w["recurrent"] + w.get("bias", 0))]


def gru(w, x, state, act, gate, after):
    h, u = state[0], w["recurrent"].shape[0]
    a = x @ w["weight"] + w.get("bias", 0)
    parts = lambda v: [v[..., i * u:(i + 1) * u] for i in range(3)]
    az, ar, an = parts(a)
    rz, rr, rn = parts(h @ w["recurrent"] + w.get("recurrent_bias", 0))
    z, r = gate(az + rz), gate(ar + rr)
    new = act(an + r * rn) if after else act(an + (r * h) @ w["recurrent"][:, 2 * u:])
    return [z * h + (1 - z) * new]


def lstm(w, x, state, act, gate, after):
    h, c = state
    a = x @ w["weight"] + h @ w["recurrent"] + w.get("bias", 0)
    i, f, g, o = np.split(a, 4, axis=-1)
    c = gate(f) * c + gate(i) * act(g)
    return [gate(o) * act(c), c]


def run(cell, w, x, mask=None, start=None, act=np.tanh, gate=sigmoid, after=True, back=False):
    """x is [N, T, in]. The sequence, which runs with x, and the states at its end."""
    n, steps, _ = x.shape
    units = w["recurrent"].shape[0]
    state = start or [np.zeros((n, units)) for _ in range(2 if cell is lstm else 1)]
    ys = [None] * steps
    for t in reversed(range(steps)) if back else range(steps):
        found = cell(w, x[:, t], state, act, gate, after)
        seen = np.ones((n, 1), bool) if mask is None else mask[:, t, None]
        state = [np.where(seen, new, old) for new, old in zip(found, state)]
        ys[t] = state[0]
    return np.stack(ys, axis=1), state


def running(x, axis, function, exclusive=False, reverse=False):
    x = np.moveaxis(x, axis, 0)
    y, so_far = np.empty_like(x), np.full(x[0].shape, function.identity, x.dtype)
    for i in reversed(range(len(x))) if reverse else range(len(x)):
        following = function(so_far, x[i])
        y[i] = so_far if exclusive else following
        so_far = following
    return np.moveaxis(y, 0, axis)


def outputs(x, w):
    a, m, h0, c0, y, k = (x[name] for name in ("x", "m", "h0", "c0", "y", "k"))
    t, mt = x["t"].transpose(1, 0, 2), x["mt"].T
    turned = lambda v: v.transpose(1, 0, 2)
    part = lambda name: {key[len(name) + 1:]: value.astype(float) for key, value in w.items()
                         if key.startswith(name + ".")}
    given = lambda weight, recurrent, bias, **rest: dict(
        weight=x[weight], recurrent=x[recurrent], bias=x[bias], **rest)

    def both(cell, name, value, forward=None, backward=None, **rest):
        return (run(cell, part(name + ".forward"), value, start=forward, **rest),
                run(cell, part(name + ".backward"), value, start=backward, back=True, **rest))

    r3, r3_state = run(rnn, given("wr", "rr", "br"), a, m, [h0])
    g3, g3_state = run(gru, given("w", "r", "b", recurrent_bias=x["b2"]), a, start=[h0])
    l3, l3_state = run(lstm, given("wl", "rl", "bl"), a, m, [h0, c0])
    (f1, _), (b1, _) = both(lstm, "both1", a)
    (_, f2), (_, b2) = both(gru, "both2", a, mask=m, act=softsign, after=False)
    (f3, _), (b3, _) = both(rnn, "both3", a)
    (f4, _), (b4, _) = both(lstm, "both4", t, mask=mt)
    (f5, _), (b5, _) = both(gru, "both5", a, mask=m)
    (f6, s6), (b6, t6) = both(lstm, "both6", a, [h0, c0], [c0, h0], gate=hard_sigmoid)
    (f7, _), (b7, _) = both(rnn, "both7", a, [h0], [c0])
    sums = lambda f: np.stack([running(y, 2, f), running(y, 1, f), running(y, 1, f, True),
                               running(y, 2, f, reverse=True), running(y, 1, f, True, True)])
    return {
        "rnn1": run(rnn, part("rnn1"), a)[0],
        "rnn2": run(rnn, part("rnn2"), a, m, act=lambda v: np.maximum(v, 0))[1][0],
        "rnn3": r3, "rnn3_state": r3_state[0], "rnn4": turned(run(rnn, part("rnn4"), t, mt)[0]),
        "rnn5": run(rnn, part("rnn5"), a)[0], "gru1": run(gru, part("gru1"), a)[0],
        "gru2": run(gru, part("gru2"), a, m, act=softsign, gate=hard_sigmoid, after=False)[1][0],
        "gru3": g3, "gru3_state": g3_state[0], "gru4": turned(run(gru, part("gru4"), t, mt)[0]),
        "gru5": run(gru, part("gru5"), a)[0],
        "gru6": run(gru, part("gru6"), a, start=[h0], after=False)[0],
        "lstm1": run(lstm, part("lstm1"), a)[0],
        "lstm2": run(lstm, part("lstm2"), a, m, act=softsign, gate=hard_sigmoid)[1][0],
        "lstm3": l3, "lstm3_state": l3_state[0], "lstm3_cell": l3_state[1],
        "lstm4": turned(run(lstm, part("lstm4"), t, mt)[0]),
        "lstm5": run(lstm, part("lstm5"), a)[0], "both1": np.concatenate([f1, b1], axis=2),
        "both2": f2[0] + b2[0], "both3": f3 * b3, "both4": turned((f4 + b4) / 2), "both5": f5,
        "back5": b5, "both6": np.concatenate([f6, b6], axis=2), "both6_state": s6[0],
        "both6_cell": s6[1], "both6_back": t6[0], "both6_back_cell": t6[1], "both7": f7 + b7,
        "single": run(lstm, part("single"), x["s"].astype(float))[0],
        "sums": sums(np.add), "products": sums(np.multiply),
        "whole": np.stack([running(k, 0, np.add), running(k, 1, np.multiply, reverse=True)])}
