# The functions of ONNX (Gelu: of opset 20), without overflow. Numbers are those of the texts,
# before ONNX rounds its attributes to f32 (language.md, 10).
import math

import numpy as np

TOLERANCE = {"": 1e-14, "single": 2e-6, "half": 3e-3}


def inputs(random):
    corners = np.array([[-3, -1, -0.0, 0], [0.5, 1, 2.5, 3], [6, 20, -20, 1e-9]])
    return {"x": np.concatenate([corners.reshape(1, 3, 4), random.uniform(-4, 4, (4, 3, 4)),
                                 random.uniform(-30, 30, (2, 3, 4))]),
            "far": np.array([-800, -745.2, -710, -100, -37, 0, 37, 100, 710, 800]),
            "s": random.uniform(-20, 20, (7, 4)).astype(np.float32),
            "h": np.array([-8, -1.5, 0, 0.75, 8], np.float16),
            "i": np.array([-9, 0, 1, 9], np.int32), "slope": np.array([[-1], [0], [0.5]])}


def sigmoid(v):
    return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))


def softplus(v, beta=1.0):
    return (max(beta * v, 0) + math.log1p(math.exp(-abs(beta * v)))) / beta


def elu(v, alpha=1.0):
    return v if v >= 0 else alpha * math.expm1(v)


def selu(v):
    alpha, gamma = 1.6732632423543772848, 1.0507009873554804934
    return gamma * elu(v, alpha)


def celu(v, alpha=1.0):
    return max(0, v) + min(0, alpha * math.expm1(min(v, 0) / alpha))


def gelu(v):
    return 0.5 * v * (1 + math.erf(v / math.sqrt(2)))


def gelu_tanh(v):
    return 0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3)))


def hard_sigmoid(v, alpha=0.2, beta=0.5):
    return max(0.0, min(1.0, alpha * v + beta))


def leaky(v, alpha=0.01):
    return alpha * v if v < 0 else v


def mish(v):
    return v * math.tanh(softplus(v))


def above(theta):
    return lambda v: v if v > theta else 0.0


def apply(x, *functions):
    return np.stack([np.array([float(f(float(e))) for e in x.ravel()]).reshape(x.shape)
                     for f in functions])


def outputs(x, w):
    a, slope = x["x"], x["slope"]
    s, h = x["s"].astype(float), x["h"].astype(float)
    relu = lambda v: max(v, 0)
    silu = lambda v: v * sigmoid(v)
    log_sigmoid = lambda v: -softplus(-v)
    hardswish = lambda v: v * hard_sigmoid(v, 1 / 6, 0.5)
    prelu = lambda slope: np.where(a < 0, a * slope, a)
    swiglu = lambda gate, value: apply(gate, silu)[0] * value
    middle = a.reshape(-1, 4, 3)
    return {
        "plain": apply(a, relu, leaky, elu, selu, celu, gelu, silu, mish, hardswish, hard_sigmoid,
                       lambda v: max(-1, min(1, v)), softplus, lambda v: v / (1 + abs(v)), sigmoid,
                       math.tanh, log_sigmoid, lambda v: min(max(v, 0), 6)),
        "changed": apply(a, lambda v: leaky(v, 0.3), lambda v: leaky(v, -2), lambda v: elu(v, 0.7),
                         lambda v: celu(v, 2.5), gelu_tanh, lambda v: softplus(v, 3),
                         lambda v: softplus(v, 0.25), lambda v: hard_sigmoid(v, 0.1, 0.75),
                         above(0.5), above(-1), above(2.5)),
        "far_out": apply(x["far"], sigmoid, math.tanh, softplus, log_sigmoid, mish, silu, gelu, elu,
                         lambda v: softplus(v, 2)),
        "slopes": np.stack([prelu(w["own.weight"].reshape(3, 1)), prelu(w["last.weight"]),
                            prelu(w["zeroed.weight"].reshape(3, 1)), prelu(slope)]),
        "gated": swiglu(a[:, :, :2], a[:, :, 2:]),
        "gated_middle": swiglu(middle[:, :2], middle[:, 2:]),
        "whole": np.array([0, 0, 1, 9], np.int32),
        "single": apply(s, gelu, elu, softplus, sigmoid, mish, math.tanh, selu, hardswish),
        "half": apply(h, gelu, sigmoid, relu, silu, math.tanh, leaky)}
