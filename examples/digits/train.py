#!/usr/bin/python3
"""Trains the network of digits.nna and writes what the example needs.

    /usr/bin/python3 examples/digits/train.py

Needs numpy, and scikit-learn for the data: Debian's python3-sklearn carries the
optical digits of the UCI repository (1797 scans, 8 x 8, values 0..16). Nothing is
downloaded. Takes about 15 seconds on one core.

Writes, beside this file:
    digits.safetensors   the weights and buffers of digits.nna, by their paths
    images.npy           f32 [597, 1, 8, 8] in [0, 1]: images the training never saw
    labels.npy           i64 [597]: what they show

The data is split once, by a shuffle with a fixed seed: 1200 images to train on, 597
held out. Weight decay and the size of the shifts were chosen by fourfold
cross-validation inside the 1200, the best of seven settings (98.92 %). The held-out
images were looked at twice: under the first setting (shifts of a whole pixel, decay
1e-4), which reached 96.98 % and was the reason to search, and under this one. The same
numpy and BLAS give the same weights; another BLAS may round differently and end some
thousandths away.
"""

import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
TRAIN_COUNT = 1200
SPLIT_SEED = 2024
TRAIN_SEED = 7
EPOCHS = 60
BATCH = 50
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-2
SHIFT = 0.5  # pixels, at most, in each direction
STATISTICS_RATE = 0.1  # weight of a new batch in the running statistics
EPSILON = 1e-5  # the default of batch_norm in .nna


# Data ---------------------------------------------------------------------------------


def load():
    """The digits as f32 [n, 1, 8, 8] in [0, 1] and i64 [n]: train part, held-out part."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(digits.target))
    images = (digits.images[order, None] / 16).astype(np.float32)
    labels = digits.target[order].astype(np.int64)
    head, tail = slice(None, TRAIN_COUNT), slice(TRAIN_COUNT, None)
    return images[head], labels[head], images[tail], labels[tail]


def shifted(images, random):
    """Each image moved by a random part of a pixel, with zeros moving in (bilinear)."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    offset = random.uniform(-SHIFT, SHIFT, (2, len(images), 1, 1, 1)).astype(np.float32)
    result = np.zeros_like(images)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            share = np.maximum(0, 1 - abs(offset[0] - dy)) * np.maximum(0, 1 - abs(offset[1] - dx))
            result += share * padded[:, :, 1 + dy : 9 + dy, 1 + dx : 9 + dx]
    return result


# Layers: each returns its result and a function from the gradient of the loss by the
# result to the gradient by the input. Gradients by parameters go into `grads`. -------


def windows(x):
    """[n, c, h, w] to [n, h, w, c * 9]: the 3 x 3 neighbourhood of each pixel."""
    n, c, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    view = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(n, h, w, c * 9)


def conv2d(x, params, name, grads):
    """3 x 3, stride 1, padding same, no bias."""
    weight = params[name + ".weight"]
    filters, channels = weight.shape[:2]
    n, _, h, w = x.shape
    columns = windows(x)
    y = (columns @ weight.reshape(filters, -1).T).transpose(0, 3, 1, 2)

    def backward(dy):
        rows = dy.transpose(0, 2, 3, 1)
        grads[name + ".weight"] = (
            rows.reshape(-1, filters).T @ columns.reshape(-1, channels * 9)
        ).reshape(weight.shape)
        parts = (rows @ weight.reshape(filters, -1)).reshape(n, h, w, channels, 3, 3)
        dx = np.zeros((n, channels, h + 2, w + 2), x.dtype)
        for r in range(3):
            for s in range(3):
                dx[:, :, r : r + h, s : s + w] += parts[..., r, s].transpose(0, 3, 1, 2)
        return dx[:, :, 1:-1, 1:-1]

    return y, backward


def batch_norm(x, params, name, grads):
    """In training: by the batch's statistics, which the running ones follow."""
    scale = params[name + ".weight"][:, None, None]
    shift = params[name + ".bias"][:, None, None]
    axes = (0, 2, 3)
    mean = x.mean(axes, keepdims=True)
    var = x.var(axes, keepdims=True)
    inverse = 1 / np.sqrt(var + np.float32(EPSILON))
    unit = (x - mean) * inverse
    for key, batch in (("running_mean", mean), ("running_var", var)):
        kept = params[f"{name}.{key}"]
        kept += np.float32(STATISTICS_RATE) * (batch.ravel() - kept)

    def backward(dy):
        grads[name + ".weight"] = (dy * unit).sum(axes)
        grads[name + ".bias"] = dy.sum(axes)
        d = dy * scale
        along = (d * unit).mean(axes, keepdims=True)
        return inverse * (d - d.mean(axes, keepdims=True) - unit * along)

    return unit * scale + shift, backward


def relu(x):
    return np.maximum(x, 0), lambda dy: dy * (x > 0)


def max_pool2d(x):
    """2 x 2 windows; where two pixels tie, the gradient goes to the first."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    blocks = blocks.reshape(n, c, h // 2, w // 2, 4)
    choice = blocks.argmax(-1)[..., None]

    def backward(dy):
        d = np.zeros_like(blocks)
        np.put_along_axis(d, choice, dy[..., None], -1)
        d = d.reshape(n, c, h // 2, w // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        return d.reshape(n, c, h, w)

    return np.take_along_axis(blocks, choice, -1)[..., 0], backward


def dense(x, params, name, grads):
    weight = params[name + ".weight"]

    def backward(dy):
        grads[name + ".weight"] = x.T @ dy
        grads[name + ".bias"] = dy.sum(0)
        return dy @ weight.T

    return x @ weight + params[name + ".bias"], backward


def forward(params, images, grads):
    """The layers of digits.nna up to the logits, and the way back."""
    steps = []

    def through(pair):
        steps.append(pair[1])
        return pair[0]

    h = through(conv2d(images, params, "c1", grads))
    h = through(relu(through(batch_norm(h, params, "n1", grads))))
    h = through(max_pool2d(h))
    h = through(conv2d(h, params, "c2", grads))
    h = through(relu(through(batch_norm(h, params, "n2", grads))))
    h = through(max_pool2d(h))
    shape = h.shape
    logits = through(dense(h.reshape(len(h), -1), params, "fc", grads))

    def backward(d):
        d = steps.pop()(d).reshape(shape)
        while steps:
            d = steps.pop()(d)

    return logits, backward


# Training -----------------------------------------------------------------------------


def initial(random):
    """Normal weights of deviation sqrt(2 / fan-in) (he_normal), the usual rest."""
    params = {}
    for conv, norm, filters, channels in (("c1", "n1", 16, 1), ("c2", "n2", 32, 16)):
        deviation = np.sqrt(2 / (channels * 9))
        params[conv + ".weight"] = random.normal(0, deviation, (filters, channels, 3, 3))
        params[norm + ".weight"] = np.ones(filters)
        params[norm + ".bias"] = np.zeros(filters)
        params[norm + ".running_mean"] = np.zeros(filters)
        params[norm + ".running_var"] = np.ones(filters)
    params["fc.weight"] = random.normal(0, np.sqrt(2 / 128), (128, 10))
    params["fc.bias"] = np.zeros(10)
    return {name: value.astype(np.float32) for name, value in params.items()}


class Adam:
    def __init__(self):
        self.first, self.second, self.count = {}, {}, 0

    def step(self, params, grads, rate):
        self.count += 1
        for name, grad in grads.items():
            if params[name].ndim > 1:
                grad = grad + np.float32(WEIGHT_DECAY) * params[name]
            first = 0.9 * self.first.get(name, 0) + 0.1 * grad
            second = 0.999 * self.second.get(name, 0) + 0.001 * grad**2
            self.first[name], self.second[name] = first, second
            mean = first / (1 - 0.9**self.count)
            root = np.sqrt(second / (1 - 0.999**self.count)) + 1e-8
            params[name] -= (rate * mean / root).astype(np.float32)


def softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def train(images, labels):
    random = np.random.default_rng(TRAIN_SEED)
    params = initial(random)
    optimizer = Adam()
    for epoch in range(EPOCHS):
        rate = LEARNING_RATE * (1 + np.cos(np.pi * epoch / EPOCHS)) / 2
        order = random.permutation(len(images))
        loss = 0.0
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            grads = {}
            logits, backward = forward(params, shifted(images[chosen], random), grads)
            prob = softmax(logits)
            rows = np.arange(len(chosen))
            loss -= np.log(prob[rows, labels[chosen]]).sum()
            prob[rows, labels[chosen]] -= 1
            backward(prob / np.float32(len(chosen)))
            optimizer.step(params, grads, rate)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1:3}: training loss {loss / len(images):.4f}", flush=True)
    return params


# Files --------------------------------------------------------------------------------


def write_safetensors(path, tensors):
    """Length of the header in 8 bytes, the header in JSON, the tensors end to end."""
    header, offset = {}, 0
    for name in sorted(tensors):
        size = tensors[name].nbytes
        header[name] = {
            "dtype": "F32",
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in sorted(tensors):
            file.write(np.ascontiguousarray(tensors[name], "<f4").tobytes())


def main():
    sys.dont_write_bytecode = True  # the example leaves no folder of byte code behind
    from reference import predict

    images, labels, held_images, held_labels = load()
    params = train(images, labels)
    write_safetensors(HERE / "digits.safetensors", params)
    np.save(HERE / "images.npy", held_images)
    np.save(HERE / "labels.npy", held_labels)
    for what, x, y in (("training", images, labels), ("held-out", held_images, held_labels)):
        right = int((predict(params, x).argmax(1) == y).sum())
        print(f"accuracy on {len(y)} {what} images: {100 * right / len(y):.2f} %")


if __name__ == "__main__":
    main()
