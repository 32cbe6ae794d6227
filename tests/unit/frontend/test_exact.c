/* Exact numbers: against doubles where those are right, and where they are not. */
#include "tests/unit/support.h"

#include "frontend/exact.h"
#include "ir/base/ctx.h"

#include <math.h>

static const Exact *text(Ctx *cx, const char *digits) {
    cr_assert(exact_text_fits(digits, (uint32_t)strlen(digits)), "%s", digits);
    return exact_of_text(&cx->module, digits, (uint32_t)strlen(digits));
}

static const Exact *apply(Ctx *cx, Primitive p, const Exact *a, const Exact *b) {
    const Exact *args[] = {a, b, NULL}, *out = NULL;
    cr_assert_eq(exact_apply(&cx->module, p, args, &out), EXACT_DONE);
    return out;
}


Test(exact, literals_are_rationals) {
    Ctx *cx = ctx_new();
    const Exact *sum = apply(cx, PRIMITIVE_ADD, text(cx, "0.1"), text(cx, "0.2"));
    cr_expect_eq(exact_compare(sum, text(cx, "0.3")), 0);
    cr_expect_gt(exact_sign(text(cx, "1e-400")), 0);
    cr_expect_eq(exact_compare(text(cx, "1_000.5e-1"), text(cx, "100.05")), 0);
    cr_expect_eq(exact_sign(text(cx, "0.000e99999999999")), 0);
    cr_expect_not(exact_text_fits("1e5000", 6));
    cr_expect_not(exact_text_fits("1e-99999999999999999999", 23));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Each is next to the middle of two values, where the nearest double is that middle itself. */
Test(exact, one_rounding) {
    static const struct {
        const char *text;
        DType type;
        double wanted;
    } rows[] = {
        {"1.00000005960464477539062500000000001", DTYPE_F32, 0x1.000002p0},
        {"1.00000005960464477539062500000000000", DTYPE_F32, 1},
        {"1.00000005960464477539062499999999999", DTYPE_F32, 1},
        {"1.00000017881393432617187500000000000", DTYPE_F32, 0x1.000004p0},
        {"1.00048828125000000000000001", DTYPE_F16, 1.0009765625},
        {"1.00048828125", DTYPE_F16, 1},
        {"1.00390625000000000000000001", DTYPE_BF16, 1.0078125},
        {"65519.9999999999999999999", DTYPE_F16, 65504},
        {"65520", DTYPE_F16, INFINITY},
        {"2.98023223876953125e-8", DTYPE_F16, 0},
        {"2.980232238769531250000000001e-8", DTYPE_F16, 0x1p-24},
        {"7.006492321624085354618e-46", DTYPE_F32, 0},
        {"7.006492321624085354619e-46", DTYPE_F32, 0x1p-149},
        {"4.9406564584124654e-324", DTYPE_F64, 0x1p-1074},
        {"1.7976931348623158e308", DTYPE_F64, 0x1.fffffffffffffp1023},
        {"1e400", DTYPE_F64, INFINITY},
        {"1e-400", DTYPE_F64, 0},
    };
    Ctx *cx = ctx_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Exact *x = text(cx, rows[i].text), *minus = apply(cx, PRIMITIVE_NEG, x, x);
        cr_expect_eq(exact_round(x, rows[i].type), rows[i].wanted, "%s", rows[i].text);
        cr_expect_eq(exact_round(minus, rows[i].type), -rows[i].wanted, "-%s",
                     rows[i].text);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A double is a rational: rounding it is what dtype_round gives. */
Test(exact, doubles_round_as_they_do) {
    Ctx *cx = ctx_new();
    static const DType types[] = {DTYPE_F16, DTYPE_BF16, DTYPE_F32, DTYPE_F64};
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        int exponent = (int)(state % 600) - 300;
        double x = ldexp((double)(int64_t)(state | 1), exponent - 63);
        DType type = types[i % 4];
        cr_assert_eq(exact_round(exact_of_double(&cx->module, x), type), dtype_round(type, x),
                     "%a in %s", x, dtype_info[type].spelling);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(exact, functions) {
    Ctx *cx = ctx_new();
    const Exact *two = text(cx, "2"), *root = apply(cx, PRIMITIVE_SQRT, two, NULL);
    cr_expect(root->approximate);
    cr_expect_eq(exact_compare(apply(cx, PRIMITIVE_MUL, root, root), two), 0);
    const Exact *none = apply(cx, PRIMITIVE_SUB, apply(cx, PRIMITIVE_MUL, root, root), two);
    cr_expect_eq(exact_sign(none), 0, "what is left of numbers that cancel is their errors");
    cr_expect_not(apply(cx, PRIMITIVE_SQRT, text(cx, "6.25"), NULL)->approximate);
    cr_expect_eq(exact_round(root, DTYPE_F64), sqrt(2));
    const Exact *back = apply(cx, PRIMITIVE_LOG, apply(cx, PRIMITIVE_EXP, two, NULL), NULL);
    cr_expect_eq(exact_compare(back, two), 0);
    static const char *const erf_of[] = {"0.5", "-0.001", "3", "12", "1e-30"};
    for (size_t i = 0; i < sizeof erf_of / sizeof *erf_of; i++) {
        const Exact *x = text(cx, erf_of[i]), *erf = apply(cx, PRIMITIVE_ERF, x, NULL);
        const Exact *again = apply(cx, PRIMITIVE_ERFINV, erf, NULL);
        cr_expect_eq(exact_round(again, DTYPE_F64), exact_round(x, DTYPE_F64), "%s", erf_of[i]);
    }
    const Exact *log24 = apply(cx, PRIMITIVE_LOG, text(cx, "24"), NULL);
    cr_expect_eq(exact_compare(apply(cx, PRIMITIVE_LGAMMA, text(cx, "5"), NULL), log24), 0);
    const Exact *step = apply(cx, PRIMITIVE_SUB, apply(cx, PRIMITIVE_DIGAMMA, text(cx, "3"), NULL),
                              apply(cx, PRIMITIVE_DIGAMMA, text(cx, "2"), NULL));
    cr_expect_eq(exact_compare(step, text(cx, "0.5")), 0);
    /* The argument is not rounded: sin of a large number has all its bits. */
    const Exact *large = exact_of_double(&cx->module, 1e300);
    cr_expect_float_eq(exact_round(apply(cx, PRIMITIVE_SIN, large, NULL), DTYPE_F64), sin(1e300),
                       1e-15);
    const Exact *near = apply(cx, PRIMITIVE_ADD, text(cx, "1"), text(cx, "1e-300"));
    const Exact *log = apply(cx, PRIMITIVE_LOG, near, NULL);
    cr_expect_eq(exact_round(log, DTYPE_F64), 1e-300);
    cr_expect_eq(exact_compare(apply(cx, PRIMITIVE_ROUND, text(cx, "2.5"), NULL), two), 0);
    const Exact *minus = apply(cx, PRIMITIVE_NEG, text(cx, "1"), NULL);
    cr_expect_eq(exact_compare(apply(cx, PRIMITIVE_POW, text(cx, "0.5"), minus), two), 0);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(exact, bounds) {
    Ctx *cx = ctx_new();
    const Exact *out = NULL;
    const Exact *ten = text(cx, "10"), *huge = text(cx, "1e3000"), *zero = text(cx, "0");
    const Exact *power[] = {ten, text(cx, "10000000000")}, *square[] = {huge, huge};
    const Exact *division[] = {ten, zero}, *exp[] = {power[1]}, *log[] = {zero};
    const Exact *root[] = {apply(cx, PRIMITIVE_NEG, ten, NULL)}, *unit[] = {root[0], power[1]};
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_POW, power, &out), EXACT_TOO_LARGE);
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_MUL, square, &out), EXACT_TOO_LARGE);
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_EXP, exp, &out), EXACT_TOO_LARGE);
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_DIV, division, &out), EXACT_UNDEFINED);
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_LOG, log, &out), EXACT_UNDEFINED);
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_SQRT, root, &out), EXACT_UNDEFINED);
    const Exact *pole[] = {apply(cx, PRIMITIVE_NEG, text(cx, "2"), NULL)}, *one[] = {text(cx, "1")};
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_LGAMMA, pole, &out), EXACT_UNDEFINED);
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_DIGAMMA, pole, &out), EXACT_UNDEFINED);
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_ERFINV, one, &out), EXACT_UNDEFINED);
    unit[0] = text(cx, "1");
    cr_expect_eq(exact_apply(&cx->module, PRIMITIVE_POW, unit, &out), EXACT_DONE);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A primitive that gives a number, and is not in the table of exact.c, cannot be computed while
 * compiling. The derivative of digamma has no name in the language. */
Test(exact, every_number_is_known) {
    for (int p = 0; p < PRIMITIVE_COUNT; p++) {
        PrimitiveClass class = primitive_info[p].class;
        bool number = class == PRIMITIVE_CLASS_FLOAT || class == PRIMITIVE_CLASS_NUMBER;
        if (p == PRIMITIVE_TRIGAMMA) continue;
        cr_expect_eq(exact_knows((Primitive)p), number, "%s", primitive_info[p].spelling);
    }
}
