import numpy


def inputs(random):
    f32 = numpy.float32
    return {"x": random.uniform(-1, 1, (5, 4)).astype(f32),
            "i": numpy.array([3, 0, 2], numpy.int64), "j": numpy.array(1, numpy.int32),
            "t": random.uniform(-1, 1, (6, 5, 4)).astype(f32)}


def outputs(x, w):
    a, i, j, t = x["x"], x["i"], x["j"], x["t"]

    def dense(value, name):
        return value @ w[name + ".weight"] + w[name + ".bias"]

    s = dense(a, "shared")
    stack = a
    for step in range(3):
        stack = stack @ w[f"stack[{step}].w"]
    return {"columns": a[:, i], "column": a[..., j], "middle": t[:, i], "mixed": t[2, i, 1:3],
            "back": a[:, ::-1], "some": t[5:0:-2, 0, 3:1:-1],
            "both": dense(a, "r.a") * w["r.a.weight"].sum() + dense(a, "r.b"),
            "bias": w["fc.bias"] + w["r.a.bias"],
            "mapped": stack + s @ w["shared.weight"] @ w["stack[1].w"]}
