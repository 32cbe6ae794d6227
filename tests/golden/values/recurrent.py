# What the models of recurrent.nna compute, with numpy. Prints recurrent.values, which
# tests/unit/frontend/test_values.c holds the evaluator against; run it after a change:
#
#     python3 tests/golden/values/recurrent.py > tests/golden/values/recurrent.values
#
# Dimension variables are 2, 3, 4, ... in the order of their first mention. Element i of the k-th
# input, or of the k-th parameter counted from 100, is a multiple of 1/8 (see `fill`).
import numpy as np

N, T = 2, 3


def fill(k, *shape):
    i = np.arange(int(np.prod(shape)))
    return (((i * 37 + k * 11) % 23 - 11) / 8.0).reshape(shape)


def truth(k, *shape):
    i = np.arange(int(np.prod(shape)))
    return ((i * 37 + k * 11) % 3 != 0).reshape(shape)


def whole(k, *shape):
    i = np.arange(int(np.prod(shape)))
    return ((i * 37 + k * 11) % 5 - 2).reshape(shape)


def parameter(p, *shape):
    return fill(100 + p, *shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def softsign(x):
    return x / (1 + np.abs(x))


# Every layer takes x [time, samples, features] and gives the states of all steps, and the last.
def run(x, states, step, mask=None):
    sequence = []
    for t in range(x.shape[0]):
        new = step(x[t], *states)
        if mask is not None:
            new = [np.where(mask[t][:, None], n, s) for n, s in zip(new, states)]
        states = new
        sequence.append(states[0])
    return np.stack(sequence), states


def lstm(x, w, r, b, states, mask=None, act=np.tanh, gate=sigmoid):
    def step(x, h, c):
        i, f, g, o = np.split(x @ w + h @ r + b, 4, axis=1)
        c = gate(f) * c + gate(i) * act(g)
        return [gate(o) * act(c), c]
    return run(x, states, step, mask)


def gru(x, w, r, b, rb, state, mask=None, act=np.tanh, after=True):
    u = state.shape[1]
    def step(x, h):
        z = x @ w + b
        if after:
            y = h @ r + rb
            update = sigmoid(z[:, :u] + y[:, :u])
            new = act(z[:, 2 * u:] + sigmoid(z[:, u:2 * u] + y[:, u:2 * u]) * y[:, 2 * u:])
        else:
            update = sigmoid(z[:, :u] + h @ r[:, :u])
            reset = sigmoid(z[:, u:2 * u] + h @ r[:, u:2 * u])
            new = act(z[:, 2 * u:] + (reset * h) @ r[:, 2 * u:])
        return [update * h + (1 - update) * new]
    return run(x, [state], step, mask)


def rnn(x, w, r, b, state, mask=None, act=np.tanh):
    return run(x, [state], lambda x, h: [act(x @ w + h @ r + b)], mask)


def turn(x):
    return x.transpose(1, 0, 2)


def lstm_plain():
    w, r, b = parameter(0, 3, 16), parameter(1, 4, 16), parameter(2, 16)
    y, (h, c) = lstm(turn(fill(0, N, T, 3)), w, r, b, [np.zeros((N, 4))] * 2)
    return turn(y), h, c


def lstm_masked():
    n, t = 3, 2  # T is met first
    w, r = parameter(0, 3, 16), parameter(1, 4, 16)
    y, (h, c) = lstm(fill(0, t, n, 3), w, r, 0, [fill(2, n, 4), fill(3, n, 4)],
                     truth(1, t, n), softsign, relu)
    return y, h, c


def gru_after():
    x = turn(fill(0, N, T, 3))
    p = [parameter(0, 3, 12), parameter(1, 4, 12), parameter(2, 12), parameter(3, 12)]
    q = [parameter(4, 3, 12), parameter(5, 4, 12), parameter(6, 12), parameter(7, 12)]
    _, (h,) = gru(x, *p, np.zeros((N, 4)), truth(1, N, T).T)
    y, _ = gru(x, *q, np.zeros((N, 4)), act=lambda x: x)
    return h, turn(y)


def gru_before():
    p = [parameter(0, 3, 12), parameter(1, 4, 12), parameter(2, 12), 0]
    y, (h,) = gru(turn(fill(0, N, T, 3)), *p, fill(1, N, 4), after=False)
    return turn(y), h


def gru_outside():
    x, start = turn(fill(0, N, T, 3)), np.zeros((N, 2))
    w, r = fill(1, 3, 6), fill(2, 2, 6)
    return (turn(gru(x, w, r, fill(3, 6), fill(4, 6), start)[0]),
            turn(gru(x, w, r, 0, 0, start)[0]))


def rnn_both():
    n, t = 3, 2
    x, start = fill(0, t, n, 3), np.zeros((n, 4))
    p = [parameter(0, 3, 4), parameter(1, 4, 4), parameter(2, 4)]
    q = [parameter(3, 3, 4), parameter(4, 4, 4), parameter(5, 4)]
    return rnn(x, *p, start)[1][0], rnn(x, *q, start, truth(1, t, n), relu)[0]


def both_lstm():
    x, m = turn(fill(0, N, T, 3)), truth(1, N, T).T
    p = [parameter(0, 3, 16), parameter(1, 4, 16), parameter(2, 16)]
    q = [parameter(3, 3, 16), parameter(4, 4, 16), parameter(5, 16)]
    a, (fh, fc) = lstm(x, *p, [fill(2, N, 4), fill(3, N, 4)], m)
    b, (bh, bc) = lstm(x[::-1], *q, [fill(4, N, 4), fill(5, N, 4)], m[::-1])
    return turn(np.concatenate([a, b[::-1]], axis=2)), fh, fc, bh, bc


def both_others():
    x, start = turn(fill(0, N, T, 3)), np.zeros((N, 2))
    def some(first, gates, biases):
        shapes = [(3, gates * 2), (2, gates * 2)] + [(gates * 2,)] * biases
        return [parameter(first + k, *shape) for k, shape in enumerate(shapes)]
    total = gru(x, *some(0, 3, 2), start)[1][0] + gru(x[::-1], *some(4, 3, 2), start)[1][0]
    product = rnn(x, *some(8, 1, 1), start)[0] * rnn(x[::-1], *some(11, 1, 1), start)[0][::-1]
    a = gru(x, *some(14, 3, 1), 0, fill(1, N, 2), after=False)[0]
    b = gru(x[::-1], *some(17, 3, 1), 0, fill(2, N, 2), after=False)[0][::-1]
    there = rnn(x, *some(20, 1, 1), start)[0]
    back = rnn(x[::-1], *some(23, 1, 1), start)[0][::-1]
    return total, turn(product), turn((a + b) / 2), there, back


def before(sums, axis, neutral):
    first = np.full_like(np.take(sums, [0], axis), neutral)
    return np.concatenate([first, np.delete(sums, -1, axis)], axis)


def sums():
    x, k, h = fill(0, N, T, 3), whole(1, N, T), fill(2, T)
    return (np.cumsum(x, 2), before(np.cumsum(x, 1), 1, 0), np.cumsum(x[::-1], 0)[::-1],
            before(np.cumsum(x[:, ::-1], 1), 1, 0)[:, ::-1], np.cumsum(k, 1),
            np.cumprod(x, 1), before(np.cumprod(k[:, ::-1], 1), 1, 1)[:, ::-1],
            np.cumsum(h))


def by_hand():
    x, h = fill(0, N, T, 3), fill(1, N)
    inner = []
    for n in range(N):
        s = h[n]
        for t in range(T):
            s = np.tanh(s + x[n, t].sum())
        inner.append(s)
    return (np.sum(inner), np.max(inner), before(np.cumsum(inner), 0, 0),
            2 * x.transpose(1, 0, 2))


MODELS = [("LstmPlain", lstm_plain), ("LstmMasked", lstm_masked), ("GruAfter", gru_after),
          ("GruBefore", gru_before), ("GruOutside", gru_outside), ("Rnn", rnn_both),
          ("BothLstm", both_lstm), ("BothOthers", both_others), ("Sums", sums),
          ("ByHand", by_hand)]

for name, model in MODELS:
    for result in model():
        numbers = np.asarray(result, dtype=np.float64).ravel()
        print(name, len(numbers), " ".join("%.9g" % v for v in numbers))
