# What the model computes, with numpy.
import numpy as np


def inputs(random):
    return {"x": random.uniform(-1, 1, (3, 7, 3)).astype(np.float32),
            "m": random.uniform(0, 1, (3, 7)) < 0.7}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def part(w, name):
    return {k[len(name) + 1:]: v.astype(np.float64) for k, v in w.items()
            if k.startswith(name + ".")}


# x is [samples, time, features]; gives the states of all steps, h and c.
def lstm(x, m, p):
    units = p["recurrent"].shape[0]
    h = c = np.zeros((x.shape[0], units))
    steps = []
    for t in range(x.shape[1]):
        z = x[:, t] @ p["weight"] + h @ p["recurrent"] + p["bias"]
        i, f, g, o = np.split(z, 4, axis=1)
        new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        on = m[:, t, None]
        h, c = np.where(on, sigmoid(o) * np.tanh(new), h), np.where(on, new, c)
        steps.append(h)
    return np.stack(steps, axis=1), h, c


def gru(x, p):
    h = np.zeros((x.shape[0], p["recurrent"].shape[0]))
    for t in range(x.shape[1]):
        zu, zr, zn = np.split(x[:, t] @ p["weight"] + p["bias"], 3, axis=1)
        hu, hr, hn = np.split(h @ p["recurrent"] + p["recurrent_bias"], 3, axis=1)
        u = sigmoid(zu + hu)
        h = u * h + (1 - u) * np.tanh(zn + sigmoid(zr + hr) * hn)
    return h


def outputs(x, w):
    m, x = x["m"], x["x"].astype(np.float64)
    onwards = lstm(x, m, part(w, "both.forward"))[0]
    back = lstm(x[:, ::-1], m[:, ::-1], part(w, "both.backward"))[0][:, ::-1]
    both = np.concatenate([onwards, back], axis=2)
    p, h, seen = part(w, "seen"), np.zeros((3, 6)), []
    for t in range(7):
        z = x[:, t] @ p["weight"] + h @ p["recurrent"] + p["bias"]
        h = z / (1 + np.abs(z))
        seen.append(h)
    sums = np.cumsum(x, axis=1) - x
    found = {"both": both, "last": gru(both, part(w, "gru_0")),
             "memory": lstm(x, m, part(w, "lstm_0"))[2], "seen": np.stack(seen), "sums": sums,
             "products": np.cumprod(x[:, ::-1], axis=1)[:, ::-1]}
    return {k: v.astype(np.float32) for k, v in found.items()}
