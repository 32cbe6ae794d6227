/* The rules of passes/term*.c: each is tried on models that spell its shape in several ways, in
 * every floating-point type. The range of the result must be what the rule claims, and runs of the
 * evaluator, also under other contracts, must stay in it (tests/random/trial.h). */
#include "frontend/lower.h"
#include "tests/random/trial.h"
#include "tests/unit/ir/examples.h"

/* `result` is `y` of the text below, where `T` stands for the element type; its range must be in
 * [low - slack * u, high + slack * u], u being half the distance from 1 to the next number. */
typedef struct Claim {
    const char *inputs, *shape, *body;
    double low, high, slack;
} Claim;

static const double any = INFINITY;

static const Claim claims[] = {
    /* Variances in one pass. */
    {"x: T[3, 16] in [0, 8]", "T[3]",
     "mean(square(x), axis: 1) - square(mean(x, axis: 1))", 0, any, 7000},
    {"x: T[3, 16] in [-1, 1]", "T[3, 1]",
     "mean(x * x, axis: 1, keepdims: true) - mean(x, axis: 1, keepdims: true) ** 2", 0, any, 99},
    {"x: T[3, 16] in [-1, 1]", "T[3]",
     "sum(x * x, axis: 1) / 16.0 - square(sum(x, axis: 1) / 16.0)", 0, any, 110},
    {"x: T[3, 16] in [-1, 1]", "T[3]",
     "(sum(x * x, axis: 1) - square(sum(x, axis: 1)) / 16.0) / 15.0", 0, any, 220},
    {"x: T[3, 16] in [-1, 1]", "T[3]",
     "sum(square(x), axis: 1) - 16.0 * square(mean(x, axis: 1))", 0, any, 2000},
    {"x: T[1, 2, 6, 6] in [0, 1]", "T[1, 2, 4, 4]",
     "avg_pool2d(x ** 2, kernel: 3, stride: 1) - avg_pool2d(x, kernel: 3, stride: 1) ** 2", 0, any,
     80},
    {"x: T[1, 2, 6, 6] in [0, 1]", "T[1, 2, 3, 3]",
     "avg_pool2d(x * x, kernel: 3, stride: 2, padding: 1) - "
     "square(avg_pool2d(x, kernel: 3, stride: 2, padding: 1))", 0, any, 80},
    {"x: T[4, 4] in [-1, 1]", "T[]",
     "mean(square(x - mean(x))) - square(mean(x - mean(x)))", 0, any, 400},
    /* Divided by what contains it. */
    {"x: T[3, 8] in [-50, 50]", "T[3, 8]",
     "x / sqrt(sum(square(x), axis: 1, keepdims: true) + 1e-2)", -1, 1, 0},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]",
     "x / maximum(norm(x, axis: 1, keepdims: true), 1e-3)", -1, 1, 520},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]",
     "x / (norm(x, axis: 1, keepdims: true) + 1e-3)", -1, 1, 520},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]",
     "x * rsqrt(sum(x * x, axis: 1, keepdims: true) + 1e-3)", -1, 1, 20},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]",
     "x / reshape(sqrt(sum(x * x, axis: 1) + 1e-3), [3, 1])", -1, 1, 0},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]", "l2_normalize(x, eps: 1e-3)", -1, 1, 0},
    {"x: T[3, 16] in [-9, 9]", "T[3, 16]", "rms_norm(x, affine: false, eps: 1e-3)", -4, 4, 160},
    {"x: T[3, 16] in [-9, 9]", "T[3, 16]", "layer_norm(x, affine: false, eps: 1e-3)", -4, 4, 160},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]", "x / max(abs(x), axis: 1, keepdims: true)", -1, 1, 0},
    {"x: T[3, 8] in [0, 9]", "T[3, 8]", "x / (sum(x, axis: 1, keepdims: true) + 1e-3)", 0, 1, 0},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]", "x / sum(abs(x), axis: 1, keepdims: true)", -1, 1, 0},
    {"x: T[8] in [0, 9], z: T[8] in [0, 5]", "T[8]", "x / (x + z)", 0, 1, 0},
    {"x: T[8] in [0, 9], z: T[8] in [0, 5]", "T[8]", "x / (z + x + 1e-2)", 0, 1, 0},
    {"x: T[8] in [-99, 99]", "T[8]", "x / (1.0 + abs(x))", -1, 1, 0},
    {"x: T[8] in [-99, 99]", "T[8]", "softsign(x)", -1, 1, 0},
    {"x: T[8] in [-99, 99]", "T[8]", "x / sqrt(1.0 + x * x)", -1, 1, 0},
    {"x: T[8] in [-99, 99]", "T[8]", "x / sqrt(x ** 2 + 1.0)", -1, 1, 40},
    {"x: T[8] in [-99, 99]", "T[8]", "x / sqrt(square(x))", -2, 2, 40},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]", "0.5 * x / (1.0 + abs(x))", -0.5, 0.5, 8},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]",
     "(x - min(x, axis: 1, keepdims: true)) / "
     "(max(x, axis: 1, keepdims: true) - min(x, axis: 1, keepdims: true) + 0.01)", 0, 1, 0},
    /* Cosines. */
    {"a: T[3, 8] in [-9, 9], b: T[3, 8] in [-9, 9]", "T[3]",
     "sum(a * b, axis: 1) / maximum(norm(a, axis: 1) * norm(b, axis: 1), 0.5)", -1, 1, 260},
    {"a: T[3, 8] in [-9, 9], b: T[3, 8] in [-9, 9]", "T[3]",
     "sum(a * b, axis: 1) / (norm(b, axis: 1) * norm(a, axis: 1) + 0.5)", -1, 1, 260},
    {"a: T[3, 8] in [-9, 9], b: T[3, 8] in [-9, 9]", "T[3]",
     "sum(l2_normalize(a, eps: 0.5) * l2_normalize(b, eps: 0.5), axis: 1)", -1, 1, 90},
    {"a: T[3, 8] in [-9, 9], b: T[5, 8] in [-9, 9]", "T[3, 5]",
     "matmul(l2_normalize(a, eps: 0.5), l2_normalize(b, eps: 0.5), transpose_b: true)", -1, 1, 90},
    {"a: T[3, 8] in [-9, 9]", "T[3]",
     "sum(square(a * rsqrt(sum(a * a, axis: 1, keepdims: true) + 0.5)), axis: 1)", 0, 1, 90},
    /* Order. */
    {"x: T[8] in [0, 1], z: T[8] in [0, 1]", "T[8]",
     "relu(x) * relu(z) - relu(minimum(z, 0.5)) * relu(minimum(x, 0.5))", 0, any, 0},
    {"x: T[8] in [-9, 9]", "T[8]", "relu(x) - x", 0, any, 0},
    {"x: T[8] in [-9, 9], z: T[8] in [0, 1]", "T[8]", "maximum(x, 0.0) - x * z", -any, any, 0},
    {"x: T[8] in [-9, 9]", "T[8]", "minimum(x, 3.0) - x", -any, 0, 0},
    {"x: T[8] in [-9, 9]", "T[8]", "abs(x) - x", 0, any, 0},
    {"x: T[8] in [-9, 9], z: T[8] in [0, 5]", "T[8]", "(x + z) - x", 0, any, 0},
    {"x: T[8] in [-9, 9], z: T[8] in [-9, 9]", "T[8]", "maximum(x, z) - minimum(z, x)", 0, any, 0},
    {"x: T[3, 8] in [0, 9]", "T[3, 8]", "sum(x, axis: 1, keepdims: true) - x", 0, any, 0},
    {"x: T[3, 8] in [-9, 9]", "T[3, 8]", "max(x, axis: 0) - x", 0, any, 0},
    {"x: T[8] in [-9, 9]", "T[8]", "sqrt(x * x + 1.0) - x", 0, any, 0},
    {"x: T[8] in [0, 9], z: T[8] in [0, 1]", "T[8]", "x - x * z", 0, any, 0},
    {"x: T[8] in [-9, 9]", "T[8]", "sigmoid(x) + sigmoid(-x)", 1, 1, 30},
    /* Between two. */
    {"u: T[8] in [0, 1], h: T[8] in [-1, 1], n: T[8] in [-1, 1]", "T[8]",
     "u * h + (1.0 - u) * n", -1, 1, 0},
    {"u: T[8] in [0, 1], h: T[8] in [-1, 1], n: T[8] in [-1, 1]", "T[8]",
     "(1 - u) * h + n * u", -1, 1, 0},
    {"u: T[8] in [0, 1], h: T[8] in [0.5, 2], n: T[8] in [1, 3]", "T[8]",
     "n * (1 - u) + u * h", 0.5, 4, 0},
    {"u: T[8] in [-9, 9], h: T[8] in [-1, 1], n: T[8] in [-1, 1]", "T[8]",
     "sigmoid(u) * h + (1.0 - sigmoid(u)) * n", -1, 1, 0},
    {"h: T[8] in [-2, 1], n: T[8] in [-1, 1]", "T[8]", "0.99 * h + 0.01 * n", -2, 1, 0},
    {"u: T[8] in [0, 1], h: T[8] in [-1, 1], n: T[8] in [-1, 1]", "T[8]",
     "h + u * (n - h)", -1, 1, 9},
    {"u: T[8] in [0, 1], h: T[8] in [0, 1], n: T[8] in [2, 5]", "T[8]",
     "h - (h - n) * u", 0, 5, 20},
    /* ... in each step of a loop. */
    {"x: T[100, 2] in [-3, 7]", "T[2]",
     "scan s in x axis: 0 with m = zeros([2], dtype: T) { yield 0.9 * m + 0.1 * s }", -4, 8, 0},
    {"x: T[100, 2] in [-3, 7], u: T[2] in [0, 1]", "T[2]",
     "scan s in x axis: 0 with m = zeros([2], dtype: T) { yield (1.0 - u) * m + u * s }", -4, 8, 0},
    {"x: T[100, 2] in [-3, 7], u: T[2] in [0, 1]", "T[2]",
     "scan s in x axis: 0 with m = zeros([2], dtype: T) { yield m + u * (s - m) }", -3, 7, 99},
    {"x: T[100, 2] in [1, 7], u: T[2] in [0, 1]", "T[2]",
     "scan s in x axis: 0 with m = ones([2], dtype: T) { yield m - (m - s) * u }", 1, 7, 99},
    /* Exponentials. */
    {"x: T[8] in [-90, 90]", "T[8]", "exp(-maximum(x, 0.0)) + exp(x - maximum(0.0, x))", 1, any, 0},
    {"x: T[8] in [-90, 90], z: T[8] in [-9, 90]", "T[8]",
     "exp(x - maximum(x, z)) + exp(z - maximum(z, x))", 1, any, 0},
    {"x: T[3, 8] in [-9, 9]", "T[3]",
     "sum(exp(x - max(x, axis: 1, keepdims: true)), axis: 1)", 1, any, 0},
    {"p: T[3, 8] in simplex(axis: 1)", "T[3]", "sum(p, axis: 1)", 0.99, 1.01, 20},
    {"p: T[3, 8] in simplex(axis: 1), x: T[3, 8] in [2, 5]", "T[3]",
     "sum(p * x, axis: 1)", 1.99, 5.01, 99},
    {"p: T[3, 8] in simplex(axis: 1), x: T[8, 5] in [-5, 5]", "T[3, 5]", "p @ x", -5.01, 5.01, 99},
    /* One-hot rows. */
    {"c: i64[3] in [0, 3]", "T[3]", "sum(one_hot(c, depth: 4, dtype: T), axis: 1)", 1, 1, 0},
    {"x: T[4] in [0.5, 3], c: i64[3] in [0, 3]", "T[3]",
     "sum(one_hot(c, depth: 4, dtype: T) * x, axis: 1)", 0.49, 3.01, 20},
    {"x: T[4, 2] in [0.5, 3], c: i64[3] in [0, 3]", "T[3, 2]", "one_hot(c, depth: 4, dtype: T) @ x",
     0.49, 3.01, 20},
    {"c: i64[3] in [0, 3]", "T[3]", "sum(one_hot(c, depth: 4, axis: 0, dtype: T), axis: 0)", 1, 1,
     0},
    /* What a constant mask keeps. */
    {"x: T[4, 4] in [-9, 9]", "T[4]",
     "max(where(tril(ones([4, 4])) > 0.0, x, -inf), axis: 1)", -9, 9, 0},
    {"x: T[4, 4] in [-9, 9]", "T[4]",
     "max(where(triu(ones([4, 4])) > 0.0, x, -inf), axis: 1)", -9, 9, 0},
    {"x: T[2, 4, 4] in [-9, 9]", "T[2, 4]",
     "max(where(expand(reshape(arange(4), [4, 1]), [4, 4]) >= arange(4), x, -inf), axis: -1)",
     -9, 9, 0},
    {"x: T[4, 4] in [-9, 9]", "T[4]",
     "max(where(eye(4) == 1.0, x, -inf), axis: 0)", -9, 9, 0},
    {"x: T[4, 4] in [-9, 9]", "T[4]", "max(where(eye(4) == 1.0, -inf, x), axis: 1)", -9, 9, 0},
    {"x: T[2, 4, 4] in [-9, 9]", "T[2, 4]", "max(where(eye(4) == 1.0, -inf, x), axis: 2)", -9, 9,
     0},
    {"x: T[4, 4] in [0, 9]", "T[4]", "sum(x + eye(4, dtype: T), axis: 1)", 1, any, 0},
};

enum { CLAIMS = sizeof claims / sizeof claims[0] };

/* The text of every claim as a model of its own, with the element type in place of T. */
static Models read_claims(Ctx *cx, DType type) {
    Buf text = buf_make(&cx->session);
    buf_put(&text, "nna 1\n");
    for (size_t i = 0; i < CLAIMS; i++) {
        Buf model = buf_make(&cx->session);
        buf_printf(&model, "model M%u(%s) -> (y: %s) {\n  let y = %s\n  return y\n}\n", (unsigned)i,
                   claims[i].inputs, claims[i].shape, claims[i].body);
        for (const char *at = buf_text(&model); *at != '\0'; at++) {
            bool stands_for = *at == 'T' && (at[1] == '[' || at[1] == ')');
            if (stands_for) buf_put(&text, dtype_info[type].spelling);
            else buf_put_char(&text, *at);
        }
    }
    static const LowerOptions lowering = {0};
    Source *source = source_add(cx, "claims.nna", buf_text(&text), text.length);
    Models models = lower_file(cx, parse_file(cx, source), &lowering);
    cr_assert_eq(models.list.count, CLAIMS, "%s", test_reports(cx));
    cr_assert_str_empty(test_reports(cx));
    return models;
}

static void try_claim(Ctx *cx, Graph *g, const Claim *claim, DType type, uint64_t seed) {
    Trial t = {.cx = cx, .g = g, .random = {seed}};
    trial_examine(&t, NULL, 60);
    Range r = t.facts->range[g->results.data[0].value.id];
    /* The arithmetic of the analysis is in f64 itself. */
    double more = type == DTYPE_F64 && claim->slack > 0 ? 9000 : 0;
    double slack = ldexp(1, -dtype_info[type].precision) * (claim->slack + more);
    bool holds = r.low >= claim->low - slack && r.high <= claim->high + slack;
    cr_expect(holds, "%s of %s is in [%g, %g]", claim->body, dtype_info[type].spelling, r.low,
              r.high);
    for (int i = 0; i < 4; i++) {
        trial_vary_contracts(&t);
        trial_examine(&t, NULL, 10);
    }
    cr_expect_eq(t.broken, 0, "%s of %s", claim->body, dtype_info[type].spelling);
}

Test(terms, claims) {
    static const DType types[] = {DTYPE_F16, DTYPE_BF16, DTYPE_F32, DTYPE_F64};
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
        Ctx *cx = test_ctx();
        Models models = read_claims(cx, types[k]);
        for (size_t i = 0; i < CLAIMS; i++) {
            try_claim(cx, models.list.data[i], &claims[i], types[k], 1 + 16 * i + k);
        }
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}
