# Products as sums over the indices that an equation does not keep (MatMul, Einsum, Gemm).
import itertools
import math

import numpy as np

TOLERANCE = {"": 1e-13, "single": 2e-6, "single_dense": 2e-6, "half": 2e-3}


def inputs(random):
    shapes = {"a": (2, 3, 6), "b": (2, 6, 4), "m": (5, 5), "p": (2, 1, 3, 4), "q": (5, 4, 6),
              "v": (4,), "u": (5,), "given": (4, 7), "shift": (7,)}
    made = {name: random.uniform(-2, 2, shape) for name, shape in shapes.items()}
    made["i"] = random.integers(-9, 10, (3, 4)).astype(np.int32)
    made["j"] = random.integers(-9, 10, (4, 2)).astype(np.int32)
    made["s"] = random.uniform(-1, 1, (9, 20)).astype(np.float32)
    made["h"] = random.uniform(-1, 1, (4, 6)).astype(np.float16)
    made["k"] = np.array([0, 3, 5, 2], np.uint8)
    return made


def product(equation, *operands):
    """Every letter one index; a dimension of 1 under an upper-case letter is stretched."""
    terms, result = equation.replace(" ", "").split("->")
    sizes = {}
    for letters, x in zip(terms.split(","), operands):
        assert len(letters) == np.ndim(x)
        for letter, size in zip(letters, np.shape(x)):
            assert letter.isupper() or sizes.get(letter, size) == size
            sizes[letter] = max(size, sizes.get(letter, size))
    summed = [letter for letter in sizes if letter not in result]
    y = np.zeros([sizes[letter] for letter in result])
    for at in itertools.product(*(range(n) for n in y.shape)):
        products = []
        for rest in itertools.product(*(range(sizes[letter]) for letter in summed)):
            place = dict(zip(itertools.chain(result, summed), at + rest))
            products.append(math.prod(
                float(x[tuple(min(place[l], n - 1) for l, n in zip(letters, np.shape(x)))])
                for letters, x in zip(terms.split(","), operands)))
        y[at] = math.fsum(products)
    return y


def outputs(x, w):
    a, b, m, p, q, v, u, given, shift, i, j, s, h, k = (x[name] for name in (
        "a", "b", "m", "p", "q", "v", "u", "given", "shift", "i", "j", "s", "h", "k"))
    dense = lambda z, name: z @ w[name + ".weight"] + w.get(name + ".bias", 0)
    ab = product("bij,bjk->bik", a, b)
    outside = np.array([[shift[r] * v[c] for c in range(2)] for r in range(7)])
    return {
        "product": ab, "sign": ab, "left": product("bij,bik->bjk", a, a),
        "right": product("bij,bkj->bik", a, a), "both": product("bji,bkj->bik", b, a),
        "batches": product("BCij,Cjk->BCik", p, q), "by_vector": product("BCij,j->BCi", p, v),
        "vector_by": product("j,Cjk->Ck", u[:4], q), "vectors": product("j,j->", v, v),
        "batch": product("BCij,Cjk->BCik", p, q), "batch_turned": product("bij,bkj->bik", a, a),
        "batch_left": product("bij,bik->bjk", b, b), "dots": product("i,i->", u, u),
        "products": product("i,j->ij", v, u), "turned": product("bij,bjk->kb", a, b),
        "diagonal": product("i->i", np.array([m[n, n] for n in range(5)])),
        "trace": np.array(math.fsum(m[n, n] for n in range(5))),
        "chain": product("bij,bjk,k->bk", a, b, v),
        "rest": product("BCij,Cjk->BCki", p, q), "implicit": product("ji,jk->ik", m, m),
        "all": product("ij,ij->", m, m), "scaled": v[0] * product("i,j->ij", v[:3], u[:2]),
        "hidden": dense(p, "hidden"), "bare": np.tanh(dense(ab, "bare")),
        "active": np.maximum(dense(v, "active"), 0),
        "from_outside": product("bij,jk->bik", q[:, :, :4], given),
        "shifted": product("bcij,jk->bcik", p, given) + shift,
        "started": product("ij,jk->ik", given, outside) + w["started.bias"],
        "whole": product("ij,jk->ik", i, j).astype(np.int32),
        "whole_dot": np.uint8(k.astype(int) @ k.astype(int)),
        "whole_outer": product("i,j->ij", k, k).astype(np.uint8),
        "whole_equation": product("ij,jk->ki", i, j).astype(np.int32),
        "single": product("ij,kj->ik", s, s), "half": product("ij,kj->ik", h, h),
        "single_dense": dense(s.astype(float), "single_dense")}
