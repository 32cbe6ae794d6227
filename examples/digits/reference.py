#!/usr/bin/python3
"""Holds the output of the compiled digits model against numpy, and against the labels.

    reference.py PROB.npy

Computes what digits.nna says a second time, in f64, straight from the definitions and
from digits.safetensors: it shares no code with the compiler, nor with train.py's
layers. Prints the greatest difference and the accuracy; exits with 1 where the
difference is over 1e-4 or the accuracy under 97.5 %. Needs numpy only.
"""

import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4
ACCURACY = 0.975


def read_safetensors(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    result = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise SystemExit(f"{path}: {name} is {entry['dtype']}, not F32")
        begin, end = entry["data_offsets"]
        result[name] = np.frombuffer(body[begin:end], "<f4").reshape(entry["shape"])
    return result


def conv2d(x, weight):
    """3 x 3, stride 1, padding same: one shifted product for each of the nine taps."""
    n, _, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y = np.zeros((n, len(weight), h, w))
    for r in range(3):
        for s in range(3):
            y += np.einsum("nchw,fc->nfhw", padded[:, :, r : r + h, s : s + w], weight[:, :, r, s])
    return y


def batch_norm(x, params, name, eps=1e-5):
    part = {key: params[f"{name}.{key}"].astype(float)[:, None, None]
            for key in ("weight", "bias", "running_mean", "running_var")}
    unit = (x - part["running_mean"]) / np.sqrt(part["running_var"] + eps)
    return unit * part["weight"] + part["bias"]


def max_pool2d(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max((3, 5))


def predict(params, images):
    h = images.astype(float)
    for conv, norm in (("c1", "n1"), ("c2", "n2")):
        h = conv2d(h, params[conv + ".weight"].astype(float))
        h = max_pool2d(np.maximum(batch_norm(h, params, norm), 0))
    logits = h.reshape(len(h), -1) @ params["fc.weight"].astype(float) + params["fc.bias"]
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: reference.py PROB.npy")
    prob = np.load(sys.argv[1], allow_pickle=False)
    labels = np.load(HERE / "labels.npy", allow_pickle=False)
    expected = predict(read_safetensors(HERE / "digits.safetensors"),
                       np.load(HERE / "images.npy", allow_pickle=False))
    if prob.shape != expected.shape or prob.dtype != np.float32:
        raise SystemExit(f"{sys.argv[1]}: {prob.dtype} {prob.shape}, "
                         f"expected float32 {expected.shape}")
    difference = float(np.abs(prob - expected).max())
    right = int((prob.argmax(1) == labels).sum())
    accuracy = right / len(labels)
    print(f"greatest difference from numpy: {difference:.2e} (allowed: {TOLERANCE:.0e})")
    print(f"accuracy on {len(labels)} images never seen in training: "
          f"{100 * accuracy:.2f} % ({right} right)")
    # Written so that a NaN fails.
    if not (difference <= TOLERANCE and accuracy >= ACCURACY):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
