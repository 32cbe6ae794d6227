/* Where arithmetic of each float type turns: the largest operand of an exponential, the smallest
 * one of a reciprocal, where a square vanishes, where 1 + e is 1, where sigmoid and tanh are 1.
 * The figures were computed with 400-bit arithmetic, apart from this code. The evaluator turns
 * there exactly; the analysis at the same value where the operation is rounded correctly, and else
 * earlier, on the side of the alarm, by no more than the error that libraries are allowed. */
#include "ir/eval.h"
#include "passes/domain.h"
#include "tests/unit/support.h"

#include <math.h>

enum { TYPES = 4 };
static const DType types[TYPES] = {DTYPE_F16, DTYPE_BF16, DTYPE_F32, DTYPE_F64};

static double at(Primitive p, DType t, double x, double y) {
    const Cell args[3] = {{.f = x}, {.f = y}, {0}};
    return eval_primitive(p, t, t, args).f;
}

static Range point(DType t, double x) {
    return range_make(t, x, x, 0);
}

static Range range_at(Primitive p, DType t, double x, double y) {
    const Range args[3] = {point(t, x), point(t, y), {0, 0, 0}};
    return interval_domain.apply(p, t, t, args);
}

/* Whether a guard could trip, by the analysis. */
static Answer breaks(Primitive p, DType t, double x, double y) {
    const Range args[3] = {point(t, x), point(t, y), {0, 0, 0}};
    Answer domain = interval_domain.breaks_domain(p, t, t, args), overflow, undefined;
    interval_domain.breaks_result(p, t, t, args, &overflow, &undefined);
    return domain != ANSWER_NEVER ? domain : overflow != ANSWER_NEVER ? overflow : undefined;
}

/* The last operand whose result is finite. */
Test(thresholds, exponentials) {
    static const struct {
        Primitive p;
        double last[TYPES];
    } rows[] = {
        {PRIMITIVE_EXP, {11.0859375, 88.5, 88.72283172607422, 709.782712893384}},
        {PRIMITIVE_EXPM1, {11.0859375, 88.5, 88.72283172607422, 709.782712893384}},
        {PRIMITIVE_EXP2, {15.9921875, 127.5, 127.99999237060547, 1023.9999999999999}},
        {PRIMITIVE_SINH, {11.78125, 89.0, 89.41598510742188, 710.4758600739439}},
        {PRIMITIVE_COSH, {11.78125, 89.0, 89.41598510742188, 710.4758600739439}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int k = 0; k < TYPES; k++) {
            DType t = types[k];
            double last = dtype_round(t, rows[i].last[k]), next = dtype_next_up(t, last);
            const char *what = primitive_info[rows[i].p].spelling;
            const char *type = dtype_info[t].spelling;
            cr_expect(isfinite(at(rows[i].p, t, last, 0)), "%s %s", what, type);
            cr_expect_eq(breaks(rows[i].p, t, last, 0), ANSWER_NEVER, "%s %s", what, type);
            cr_expect_eq(breaks(rows[i].p, t, next, 0), ANSWER_ALWAYS, "%s %s", what, type);
            /* glibc's cosh of f32 is one value more generous. */
            double beyond = dtype_next_up(t, next);
            cr_expect(isinf(at(rows[i].p, t, beyond, 0)), "%s %s", what, type);
        }
    }
    NNA_CHECK_LEAKS();
}

/* Correctly rounded operations turn exactly. */
Test(thresholds, rounded_operations) {
    static const double reciprocal[TYPES] = {0x1p-16, 0x1p-128, 0x1p-128, 0x1p-1024};
    static const double square[TYPES] = {255.875, 0x1.fep63, 0x1.fffffep63,
                                         0x1.fffffffffffffp511};
    static const double vanishing[TYPES] = {1.7263e-4, 6.776e-21, 2.6470e-23, 1.5717e-162};
    static const double absorbed[TYPES] = {0x1p-11, 0x1p-8, 0x1p-24, 0x1p-53};
    for (int k = 0; k < TYPES; k++) {
        DType t = types[k];
        const char *type = dtype_info[t].spelling;
        double x = reciprocal[k], up = dtype_next_up(t, x);
        cr_expect(isinf(at(PRIMITIVE_DIV, t, 1, x)) && isfinite(at(PRIMITIVE_DIV, t, 1, up)));
        cr_expect_eq(breaks(PRIMITIVE_DIV, t, 1, x), ANSWER_ALWAYS, "1 / x, %s", type);
        cr_expect_eq(breaks(PRIMITIVE_DIV, t, 1, up), ANSWER_NEVER, "1 / x, %s", type);
        x = square[k];
        up = dtype_next_up(t, x);
        cr_expect(isfinite(at(PRIMITIVE_MUL, t, x, x)) && isinf(at(PRIMITIVE_MUL, t, up, up)));
        cr_expect_eq(breaks(PRIMITIVE_MUL, t, x, x), ANSWER_NEVER, "x * x, %s", type);
        cr_expect_eq(breaks(PRIMITIVE_MUL, t, up, up), ANSWER_ALWAYS, "x * x, %s", type);
        x = dtype_round_down(t, vanishing[k] * 1.0001); /* given to five digits */
        up = dtype_round_up(t, vanishing[k] * 1.02);
        cr_expect_eq(range_at(PRIMITIVE_MUL, t, x / 2, x / 2).high, 0, "%s", type);
        cr_expect_gt(range_at(PRIMITIVE_MUL, t, up, up).low, 0, "%s", type);
        x = absorbed[k];
        up = dtype_next_up(t, x);
        cr_expect_eq(range_at(PRIMITIVE_ADD, t, 1, x).high, 1, "1 + e, %s", type);
        cr_expect_gt(range_at(PRIMITIVE_ADD, t, 1, up).low, 1, "1 + e, %s", type);
        up = dtype_next_up(t, x / 2);
        cr_expect_eq(range_at(PRIMITIVE_SUB, t, 1, x / 2).low, 1, "1 - e, %s", type);
        cr_expect_eq(range_at(PRIMITIVE_SUB, t, 1, up).high, 1 - x, "1 - e, %s", type);
    }
    NNA_CHECK_LEAKS();
}

/* The first operand from which the range reaches `value`, found by bisection between two. */
static double first_reaching(Primitive p, DType t, double low, double high, double value) {
    for (int i = 0; i < 200 && dtype_next_up(t, low) < high; i++) {
        double middle = dtype_round(t, low / 2 + high / 2);
        if (middle <= low || middle >= high) break;
        Range r = range_at(p, t, middle, 0);
        bool reaches = value >= 0.5 ? r.high >= value : r.low > value;
        if (reaches) high = middle;
        else low = middle;
    }
    return high;
}

/* Where functions of a library saturate: `exact` is where the value itself rounds to 1 or 0. The
 * analysis may say so earlier, by `slack` at the most, and never later. */
static void saturates(Primitive p, const double exact[TYPES], const double slack[TYPES]) {
    for (int k = 0; k < TYPES; k++) {
        DType t = types[k];
        const char *what = primitive_info[p].spelling, *type = dtype_info[t].spelling;
        double from = dtype_round_up(t, exact[k] * (1 + 1e-5)), found; /* five digits */
        cr_expect_eq(at(p, t, from, 0), 1, "%s %s", what, type);
        found = first_reaching(p, t, 0, from, 1);
        cr_expect(found <= from && found >= exact[k] - slack[k], "%s is 1 in %s from %.9g on", what,
                  type, found);
        cr_expect_lt(range_at(p, t, dtype_round_down(t, exact[k] - slack[k]), 0).high, 1);
    }
}

Test(thresholds, saturation) {
    /* 1 / (1 + exp(-x)) in f32 at least, rounded once: in f16 and bf16 as if rounded correctly. */
    static const double sigmoid[TYPES] = {8.3175, 6.2364, 16.635532, 36.7368};
    static const double sigmoid_slack[TYPES] = {0.02, 0.06, 0.001, 0.001};
    saturates(PRIMITIVE_SIGMOID, sigmoid, sigmoid_slack);
    /* Three units: 1 - 4 u is reached by atanh of it. */
    static const double tanh_1[TYPES] = {4.5054, 3.4653, 9.0109, 19.0616};
    static const double tanh_slack[TYPES] = {1.2, 1.3, 1.2, 1.2};
    saturates(PRIMITIVE_TANH, tanh_1, tanh_slack);
    NNA_CHECK_LEAKS();
}

/* sigmoid as people write it, in the type itself. */
Test(thresholds, written_sigmoid) {
    static const double one[TYPES] = {7.6246, 5.5452, 16.635532, 36.7368};
    for (int k = 0; k < TYPES; k++) {
        DType t = types[k];
        double around[2] = {dtype_round_down(t, one[k] * 0.97), dtype_round_up(t, one[k] * 1.01)};
        for (int above = 0; above < 2; above++) {
            Range e = range_at(PRIMITIVE_EXP, t, -around[above], 0);
            const Range sum[3] = {point(t, 1), e, {0, 0, 0}};
            Range s = interval_domain.apply(PRIMITIVE_ADD, t, t, sum);
            const Range quotient[3] = {point(t, 1), s, {0, 0, 0}};
            Range r = interval_domain.apply(PRIMITIVE_DIV, t, t, quotient);
            if (above) cr_expect_eq(r.high, 1, "%s", dtype_info[t].spelling);
            else cr_expect_lt(r.high, 1, "%s: %.9g", dtype_info[t].spelling, around[0]);
        }
    }
    NNA_CHECK_LEAKS();
}

/* exp, softplus and sigmoid are 0 below, and proved to be more above with a few units to spare. */
Test(thresholds, underflow) {
    static const double zero[TYPES] = {-17.3287, -92.8817, -103.9721, -745.1332};
    static const Primitive primitives[] = {PRIMITIVE_EXP, PRIMITIVE_SOFTPLUS};
    for (size_t i = 0; i < 2; i++) {
        for (int k = 0; k < TYPES; k++) {
            DType t = types[k];
            Primitive p = primitives[i];
            double below = dtype_round_down(t, zero[k] * 1.005);
            cr_expect_eq(at(p, t, below, 0), 0);
            cr_expect_eq(range_at(p, t, below, 0).low, 0);
            double above = dtype_round_up(t, zero[k] + 2.6); /* 6 units of the smallest number */
            cr_expect_gt(range_at(p, t, above, 0).low, 0, "%s %s", primitive_info[p].spelling,
                         dtype_info[t].spelling);
        }
    }
    static const double naive[TYPES] = {0, 0, -88.72283, -709.7827}; /* exp(-x) is inf below */
    for (int k = 2; k < TYPES; k++) {
        DType t = types[k];
        cr_expect_eq(range_at(PRIMITIVE_SIGMOID, t, dtype_round(t, naive[k] - 0.01), 0).low, 0);
        cr_expect_gt(range_at(PRIMITIVE_SIGMOID, t, dtype_round(t, naive[k] + 0.01), 0).low, 0);
    }
    NNA_CHECK_LEAKS();
}

/* The logarithms of the smallest numbers, and lgamma where it overflows. */
Test(thresholds, logarithms) {
    static const double tiny[TYPES] = {-16.6355, -92.1886, -103.2789, -744.4401};
    static const double normal[TYPES] = {-9.7041, -87.3365, -87.3365, -708.3964};
    static const double lgamma_last[TYPES] = {8178.9, 4.069e36, 4.085e36, 2.5600e305};
    for (int k = 0; k < TYPES; k++) {
        DType t = types[k];
        const DTypeInfo *info = &dtype_info[t];
        double unit = ldexp(1, 4 - info->precision);
        Range a = range_at(PRIMITIVE_LOG, t, info->min_subnormal, 0);
        Range b = range_at(PRIMITIVE_LOG, t, info->min_normal, 0);
        cr_expect(fabs(a.low - tiny[k]) < -tiny[k] * (unit + 1e-5), "%s %g", info->spelling, a.low);
        cr_expect(fabs(b.low - normal[k]) < -normal[k] * (unit + 1e-5), "%s", info->spelling);
        double less = dtype_round(t, lgamma_last[k] * (0.98 - unit)), more = lgamma_last[k] * 1.02;
        cr_expect_eq(breaks(PRIMITIVE_LGAMMA, t, less, 0), ANSWER_NEVER, "%s", info->spelling);
        more = dtype_round(t, more);
        cr_expect_neq(breaks(PRIMITIVE_LGAMMA, t, more, 0), ANSWER_NEVER, "%s", info->spelling);
    }
    NNA_CHECK_LEAKS();
}

/* What literals become. */
Test(thresholds, literals) {
    static const struct {
        DType t;
        double written, becomes;
    } rows[] = {
        {DTYPE_F16, 1e-8, 0},           {DTYPE_F16, 1e-7, 0x1p-23},
        {DTYPE_F16, 1e-6, 0x1.1p-20},   {DTYPE_F16, 1 - 1e-6, 1},
        {DTYPE_F16, -1e9, -INFINITY},   {DTYPE_F16, 65519, 65504},
        {DTYPE_F16, 65520, INFINITY},   {DTYPE_BF16, 1 - 1e-6, 1},
        {DTYPE_BF16, -1e9, -998244352}, {DTYPE_F32, 1 - 1e-8, 1},
        {DTYPE_F32, 1 + 1e-10, 1},      {DTYPE_F32, -1e9, -1e9},
        {DTYPE_F32, 1 - 1e-7, 0x1.fffffcp-1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Range r = interval_domain.constant(rows[i].t, rows[i].written);
        double becomes = dtype_round(rows[i].t, rows[i].written);
        cr_expect_eq(becomes, rows[i].becomes, "%g in %s", rows[i].written,
                     dtype_info[rows[i].t].spelling);
        bool holds = isinf(becomes) ? range_may_be_infinite(r) && !range_has_finite(r)
                                    : r.low == becomes && r.high == becomes;
        cr_expect(holds, "%g in %s", rows[i].written, dtype_info[rows[i].t].spelling);
    }
    NNA_CHECK_LEAKS();
}

/* A sum of k products may overflow from max |a| max |b| = OVF / k on; f16 and bf16 are kept in f32
 * and overflow where they are stored. */
Test(thresholds, sums) {
    static const double last[TYPES] = {0, 0, 3.3e35, 1.75e305};
    for (int k = 2; k < TYPES; k++) {
        DType t = types[k];
        Answer overflow, undefined;
        double x = dtype_round(t, last[k]);
        Range term = range_make(t, -x, x, 0);
        interval_domain.combine(COMBINE_SUM, t, term, 1024, 1024, &overflow, &undefined);
        cr_expect_eq(overflow, ANSWER_NEVER, "%s", dtype_info[t].spelling);
        term = range_make(t, -x * 1.02, x * 1.02, 0);
        interval_domain.combine(COMBINE_SUM, t, term, 1024, 1024, &overflow, &undefined);
        cr_expect_eq(overflow, ANSWER_MAYBE, "%s", dtype_info[t].spelling);
    }
    NNA_CHECK_LEAKS();
}
