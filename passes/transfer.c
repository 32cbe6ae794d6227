/* Transfer functions of the interval domain, in the element type's own arithmetic.
 *
 * Round to nearest is monotone: a <= b gives rn(a) <= rn(b). So the image of an interval under an
 * operation that is monotone in exact arithmetic and rounded once is bounded exactly by the rounded
 * images of the corners, with no widening: it is evaluated there by eval_primitive, the oracle
 * itself. Library functions, which are only near the true value, are widened outwards by their
 * error and held by facts that they keep (codomain; anchors). Each function says what it claims;
 * the test of all of them is `transfer` in tests/unit/passes/test_interval.c, and
 * tests/law/exhaustive.c on every operand. This file is compiled with -ffp-contract=off and rounds
 * to nearest throughout. */
#include "passes/transfer.h"

#include "ir/eval.h"

#include <assert.h>

typedef Range (*Transfer)(Primitive p, DType t, DType to, const Range *x);

static const Range nothing = {INFINITY, -INFINITY, RANGE_INTEGRAL};

Range range_join(Range a, Range b) {
    if (!range_has_finite(a)) b.flags |= a.flags & RANGE_BAD;
    if (!range_has_finite(a)) return b;
    if (!range_has_finite(b)) a.flags |= b.flags & RANGE_BAD;
    if (!range_has_finite(b)) return a;
    Range r = {fmin(a.low, b.low), fmax(a.high, b.high),
               (uint8_t)((a.flags | b.flags) & RANGE_BAD)};
    r.flags |= a.flags & b.flags & RANGE_INTEGRAL;
    if (r.low < 0 && r.high > 0 && !range_may_be_zero(a) && !range_may_be_zero(b)) {
        r.flags |= RANGE_NONZERO;
    }
    return r;
}

Range range_meet(DType type, Range a, Range b) {
    unsigned flags =
        (a.flags & b.flags & RANGE_BAD) | ((a.flags | b.flags) & (RANGE_INTEGRAL | RANGE_NONZERO));
    return range_make(type, fmax(a.low, b.low), fmin(a.high, b.high), flags);
}

Range range_negate(Range a) {
    unsigned flags = a.flags & ~(unsigned)RANGE_INFINITE;
    if (a.flags & RANGE_POSITIVE) flags |= RANGE_NEGATIVE;
    if (a.flags & RANGE_NEGATIVE) flags |= RANGE_POSITIVE;
    return range_has_finite(a) ? (Range){0.0 - a.high, 0.0 - a.low, (uint8_t)flags}
                               : (Range){a.low, a.high, (uint8_t)flags};
}

/* One value of a primitive, floats. */
static double at_1(Primitive p, DType t, double x) {
    const Cell args[3] = {{.f = x}, {.f = 0}, {.f = 0}};
    return eval_primitive(p, t, t, args).f;
}

static double at_2(Primitive p, DType t, double x, double y) {
    const Cell args[3] = {{.f = x}, {.f = y}, {.f = 0}};
    return eval_primitive(p, t, t, args).f;
}

/* The range of one float, NaN and infinities included. */
static Range one(DType t, double value) {
    if (isnan(value)) return (Range){nothing.low, nothing.high, RANGE_NAN | RANGE_INTEGRAL};
    return range_make(t, value, value, 0);
}

static bool integral_both(const Range *x) {
    return (x[0].flags & x[1].flags & RANGE_INTEGRAL) != 0;
}

static unsigned nan_of(const Range *x, int count) {
    unsigned flags = 0;
    for (int i = 0; i < count; i++) flags |= x[i].flags & RANGE_NAN;
    return flags;
}

/* Integers. Claim: the exact result of the operands is in the range that transfer_integer_exact
 * gives; where that leaves the type the result wraps and may be anything. Why: corners of
 * operations that are monotone in each operand; doubles are exact to 2^53, and beyond it each
 * result is moved outwards by one double, more than its rounding error of half a unit. */
static double down(double x) {
    return fabs(x) > 0x1p53 ? nextafter(x, -INFINITY) : x;
}
static double up(double x) {
    return fabs(x) > 0x1p53 ? nextafter(x, INFINITY) : x;
}

static double integer_at(Primitive p, double x, double y) {
    if (p == PRIMITIVE_ADD) return x + y;
    if (p == PRIMITIVE_SUB) return x - y;
    if (p == PRIMITIVE_MUL) return x * y;
    assert(p == PRIMITIVE_DIV);
    /* The rounded quotient may have reached an integer that the exact one does not. */
    double quotient = trunc(x / y);
    bool beyond = fma(fabs(quotient), fabs(y), -fabs(x)) > 0;
    return beyond ? quotient - copysign(1, quotient) : quotient;
}

static void integer_corners(Primitive p, Range x, Range y, double *low, double *high) {
    const double xs[2] = {x.low, x.high}, ys[2] = {y.low, y.high};
    for (int i = 0; i < 4; i++) {
        double value = integer_at(p, xs[i & 1], ys[i >> 1]);
        *low = fmin(*low, down(value));
        *high = fmax(*high, up(value));
    }
}

static Range integer_modulo(Range x, Range y) {
    double low = y.low < 0 ? y.low + 1 : 0, high = y.high > 0 ? up(y.high - 1) : 0;
    if (x.low >= 0 && y.low >= 0) high = fmin(high, x.high);
    if (x.high <= 0 && y.high <= 0) low = fmax(low, x.low);
    return (Range){fmin(low, high), high, RANGE_INTEGRAL};
}

Range transfer_integer_exact(Primitive p, DType type, const Range *args) {
    Range x = args[0], y = primitive_info[p].arity > 1 ? args[1] : nothing;
    double low = INFINITY, high = -INFINITY;
    switch ((int)p) {
    case PRIMITIVE_NEG:
        return range_negate(x);
    case PRIMITIVE_ABS:
        low = x.low >= 0 ? x.low : x.high <= 0 ? -x.high : 0;
        return (Range){low + 0.0, fmax(fabs(x.low), fabs(x.high)), RANGE_INTEGRAL};
    case PRIMITIVE_MOD:
        return integer_modulo(x, y);
    case PRIMITIVE_DIV: {
        Range below = range_meet(type, y, (Range){-INFINITY, -1, RANGE_INTEGRAL});
        Range above = range_meet(type, y, (Range){1, INFINITY, RANGE_INTEGRAL});
        if (range_has_finite(below)) integer_corners(p, x, below, &low, &high);
        if (range_has_finite(above)) integer_corners(p, x, above, &low, &high);
        return (Range){low, high, RANGE_INTEGRAL};
    }
    default:
        integer_corners(p, x, y, &low, &high);
    }
    return (Range){low, high, RANGE_INTEGRAL};
}

static Range integer_result(Primitive p, DType t, const Range *x) {
    Range exact = transfer_integer_exact(p, t, x), all = range_finite(t);
    /* A bound of 2^63 may stand for 2^63 - 1, or for an overflow: the whole type holds both. */
    bool fits = exact.low >= all.low && exact.high <= all.high &&
                (dtype_info[t].precision < 54 || exact.high < all.high);
    return fits ? range_make(t, exact.low, exact.high, 0) : all;
}

/* Distance from |x| to the next larger value of t, were there one. */
static double spacing(DType t, double x) {
    int exponent;
    frexp(x, &exponent);
    double unit = ldexp(1, exponent - dtype_info[t].precision);
    return x == 0 ? dtype_info[t].min_subnormal : fmax(unit, dtype_info[t].min_subnormal);
}

/* Library functions. An implementation within `units` of the true value v gives at least
 * v - units * spacing(v); v itself is within one unit of the r that the oracle gives. Away from 0
 * that is passed by r and units + 1 of the spacing beyond the next value; towards 0 it is bounded
 * by r less units + 1, or, just above the next power of two, by what twice the spacing allows
 * there. Both bounds rise with r. */
static double outward(DType t, double r, int units, double sign) {
    if (units == 0 || !isfinite(r)) return r;
    double size = fabs(r), k = units + 1, moved;
    if (r * sign >= 0) {
        moved = sign * (size + k * spacing(t, size + spacing(t, size)));
    } else {
        int exponent;
        frexp(size, &exponent);
        double power = ldexp(1, exponent);
        moved = fmin(size - k * spacing(t, size), power - k * spacing(t, power));
        moved = copysign(1, r) * moved;
    }
    return sign < 0 ? dtype_round_down(t, moved) : dtype_round_up(t, moved);
}

/* Points where every implementation in use is exact, and on whose sides it stays: f(x) >= y for
 * x on the upper side (rising). glibc, Eigen and the CUDA library keep all of them. */
static const struct Anchor {
    Primitive primitive;
    double x, y;
} anchors[] = {
    {PRIMITIVE_EXP, 0, 1},   {PRIMITIVE_EXP2, 0, 1},  {PRIMITIVE_EXPM1, 0, 0},
    {PRIMITIVE_LOG, 1, 0},   {PRIMITIVE_LOG2, 1, 0},  {PRIMITIVE_LOG10, 1, 0},
    {PRIMITIVE_LOG1P, 0, 0}, {PRIMITIVE_ASIN, 0, 0},  {PRIMITIVE_ATAN, 0, 0},
    {PRIMITIVE_SINH, 0, 0},  {PRIMITIVE_ASINH, 0, 0}, {PRIMITIVE_ATANH, 0, 0},
    {PRIMITIVE_ERF, 0, 0},   {PRIMITIVE_TANH, 0, 0},  {PRIMITIVE_SIGMOID, 0, 0.5},
};

static void hold_anchors(Primitive p, Range x, double *low, double *high) {
    for (size_t i = 0; i < sizeof anchors / sizeof anchors[0]; i++) {
        if (anchors[i].primitive != p) continue;
        if (x.low >= anchors[i].x) *low = fmax(*low, anchors[i].y);
        if (x.high <= anchors[i].x) *high = fmin(*high, anchors[i].y);
    }
}

/* Finite results of finite operands of the domain, where the row says that none overflows. */
static Range held(Primitive p, DType t, double low, double high, unsigned flags) {
    const PrimitiveInfo *info = &primitive_info[p];
    low = fmax(low, info->low);
    high = fmin(high, info->high);
    if (info->result_code == NO_CODE) {
        low = fmax(low, -dtype_info[t].max);
        high = fmin(high, dtype_info[t].max);
    }
    return range_make(t, low, high, flags);
}

/* SIGMOID is computed as 1 / (1 + exp(-x)), in f32 at least (LANGUAGE.md 8 relies on it: exactly 1
 * only from 16.63 on). Claim: between the results for the widened exponentials. Why: the sum and
 * the quotient are rounded once each, which is monotone. */
static double sigmoid_end(DType t, double x, double sign) {
    DType wide = t == DTYPE_F64 ? DTYPE_F64 : DTYPE_F32;
    int units = primitive_info[PRIMITIVE_EXP].ulp;
    double power = fmax(0, outward(wide, at_1(PRIMITIVE_EXP, wide, -x), units, -sign));
    double sum = dtype_round(wide, 1 + power);
    return dtype_round(t, dtype_round(wide, 1 / sum));
}

/* Widened ends of a library function on a piece where it is monotone. */
static Range piece(Primitive p, DType t, Range x, bool rises) {
    int units = primitive_info[p].ulp;
    double low = outward(t, at_1(p, t, rises ? x.low : x.high), units, -1);
    double high = outward(t, at_1(p, t, rises ? x.high : x.low), units, 1);
    if (p == PRIMITIVE_SIGMOID) {
        low = sigmoid_end(t, x.low, -1);
        high = sigmoid_end(t, x.high, 1);
    }
    if (rises) hold_anchors(p, x, &low, &high);
    return held(p, t, low, high, 0);
}

/* Infinite operands that the domain allows, each by itself. */
static Range infinite_points(Primitive p, DType t, Range x, Range r) {
    for (int i = 0; i < 2; i++) {
        if (!(x.flags & (i == 0 ? RANGE_POSITIVE : RANGE_NEGATIVE))) continue;
        double value = at_1(p, t, i == 0 ? INFINITY : -INFINITY);
        Range point = one(t, value);
        if (isfinite(value)) {
            int units = primitive_info[p].ulp;
            point = held(p, t, outward(t, value, units, -1), outward(t, value, units, 1), 0);
        }
        r = range_join(r, point);
    }
    return r;
}

/* RISING, FALLING. Claim: f(x) is between the widened f(low) and f(high). Why: f is monotone, and
 * the library within `ulp` of it (outward, anchors above). EXACT_*: rounded once, so the ends are
 * exact. */
static Range monotone(Primitive p, DType t, DType to, const Range *args) {
    const PrimitiveInfo *info = &primitive_info[p];
    if (dtype_is_integer(t) && p != PRIMITIVE_SIGN) return integer_result(p, t, args);
    bool rises = info->trend == TREND_RISING || info->trend == TREND_EXACT_RISING;
    Range x = transfer_keep_domain(p, t, to, args, 0);
    if (info->class == PRIMITIVE_CLASS_LOGIC) return range_make(t, 1 - x.high, 1 - x.low, 0);
    if (dtype_is_integer(t)) {
        return range_make(t, (x.low > 0) - (x.low < 0), (x.high > 0) - (x.high < 0),
                          range_may_be_zero(x) ? 0 : RANGE_NONZERO);
    }
    Range r = nothing;
    if (range_has_finite(x)) r = piece(p, t, x, rises);
    r = infinite_points(p, t, x, r);
    bool keeps_zero = p == PRIMITIVE_NEG || p == PRIMITIVE_SIGN;
    if (keeps_zero && !range_may_be_zero(x))
        r = range_make(t, r.low, r.high, r.flags | RANGE_NONZERO);
    bool integral = p == PRIMITIVE_FLOOR || p == PRIMITIVE_CEIL || p == PRIMITIVE_ROUND ||
                    p == PRIMITIVE_SIGN || (p == PRIMITIVE_NEG && (x.flags & RANGE_INTEGRAL));
    if (integral) r.flags |= RANGE_INTEGRAL;
    r.flags |= (uint8_t)nan_of(args, 1);
    return r;
}

#define range_RISING monotone

/* ABS. Claim: exact. Why: |x| is exact and monotone on either side of 0. */
static Range range_ABS(Primitive p, DType t, DType to, const Range *x) {
    (void)to;
    if (!dtype_is_float(t)) return integer_result(p, t, x);
    double low = x->low >= 0 ? x->low : x->high <= 0 ? -x->high : 0;
    double high = fmax(fabs(x->low), fabs(x->high));
    unsigned flags = x->flags & (RANGE_NAN | RANGE_INTEGRAL);
    if (range_may_be_infinite(*x)) flags |= RANGE_POSITIVE;
    if (!range_has_finite(*x)) return (Range){INFINITY, -INFINITY, (uint8_t)flags};
    if (low == 0 && !range_may_be_zero(*x)) low = dtype_info[t].min_subnormal;
    return range_make(t, low, high, flags);
}

/* SIN, COS. Claim: within [-1, 1] and, on less than a period, between the ends and the extremes
 * inside. Why: monotone between extremes; an extreme nearer to an end than 1e-6 counts as inside,
 * more than the error of the position for |x| <= 2^20; libraries never leave [-1, 1]. */
static Range wave(Primitive p, DType t, Range x, double shift) {
    const double pi = 3.14159265358979323846, margin = 1e-6;
    Range all = range_make(t, -1, 1, 0);
    if (!range_has_finite(x)) return nothing;
    if (range_magnitude(x) > 0x1p20 || x.high - x.low >= 2 * pi) return all;
    /* Maxima at 2 k pi + shift, minima half a period on. */
    double first = (x.low - shift) / (2 * pi), last = (x.high - shift) / (2 * pi);
    Range r = range_join(piece(p, t, (Range){x.low, x.low, 0}, true),
                         piece(p, t, (Range){x.high, x.high, 0}, true));
    if (floor(last + margin) >= ceil(first - margin)) r.high = 1;
    if (floor(last - 0.5 + margin) >= ceil(first - 0.5 - margin)) r.low = -1;
    return range_make(t, r.low, r.high, 0);
}

static Range range_SIN(Primitive p, DType t, DType to, const Range *x) {
    Range r = wave(p, t, transfer_keep_domain(p, t, to, x, 0), 1.57079632679489661923);
    r.flags |= (uint8_t)nan_of(x, 1);
    return r;
}

static Range range_COS(Primitive p, DType t, DType to, const Range *x) {
    Range r = wave(p, t, transfer_keep_domain(p, t, to, x, 0), 0);
    r.flags |= (uint8_t)nan_of(x, 1);
    return r;
}

/* TAN. Claim: rising between two poles; else any value, and an infinite one in f16 alone. Why: no
 * value of a format up to f64 is nearer to a pole than 2^-62, so that the result is below 2^63; of
 * f16, tan(355 / 2) is -66336. */
static Range range_TAN(Primitive p, DType t, DType to, const Range *args) {
    const double pi = 3.14159265358979323846, margin = 1e-6;
    Range x = transfer_keep_domain(p, t, to, args, 0), r = nothing;
    if (range_has_finite(x)) {
        double first = x.low / pi - 0.5, last = x.high / pi - 0.5;
        bool split = range_magnitude(x) > 0x1p20 || floor(last + margin) >= ceil(first - margin);
        r = split ? range_finite(t) : piece(p, t, x, true);
        if (split && t == DTYPE_F16) r.flags |= RANGE_INFINITE;
        if (!split && x.low >= 0 && x.high < 1.57) r.low = fmax(r.low, 0);
        if (!split && x.high <= 0 && x.low > -1.57) r.high = fmin(r.high, 0);
    }
    r.flags |= (uint8_t)nan_of(args, 1);
    return r;
}

/* The parts of x on either side of 0, without infinities. */
static Range finite_side(DType t, Range x, bool above) {
    double tiny = dtype_info[t].min_subnormal;
    Range part = {above ? tiny : -INFINITY, above ? INFINITY : -tiny, 0};
    return range_meet(t, range_finite_part(x), part);
}

/* What infinities and NaN become: lgamma and digamma of inf are inf. */
static Range with_infinity(Range r, Range x) {
    r.flags |= x.flags & (RANGE_NAN | RANGE_POSITIVE);
    return r;
}

/* LGAMMA. Claim: above 0 falling to the minimum -0.1214862905... at 1.4616321449..., then rising;
 * 0 at 1 and at 2, and of their sides' sign. Below 0 at most 1 - log(distance to the next
 * integer), and at least log(pi) - lgamma(1 - x). Why: reflection, lgamma(x) =
 * log(pi / |sin(pi x)|) - lgamma(1 - x), where |sin| is at least twice the distance, and
 * lgamma(1 - x) > -0.13. */
static Range range_LGAMMA(Primitive p, DType t, DType to, const Range *args) {
    const double minimum_at = 1.4616321449683623, minimum = -0.12148629053584961, margin = 1e-6;
    Range x = transfer_keep_domain(p, t, to, args, 0), r = nothing;
    Range above = finite_side(t, x, true), below = finite_side(t, x, false);
    if (range_has_finite(above)) {
        double left = at_1(p, t, above.low), right = at_1(p, t, above.high);
        double low = outward(t, fmin(left, right), primitive_info[p].ulp, -1);
        double high = outward(t, fmax(left, right), primitive_info[p].ulp, 1);
        bool turns = above.low < minimum_at + margin && above.high > minimum_at - margin;
        if (turns) low = fmin(low, outward(t, dtype_round(t, minimum), primitive_info[p].ulp, -1));
        if (above.low >= 2 || above.high <= 1) low = fmax(low, 0);
        if (above.low >= 1 && above.high <= 2) high = fmin(high, 0);
        r = range_make(t, low, high, 0);
    }
    if (range_has_finite(below)) {
        double low = 1.1 - lgamma(1 - below.low) * (1 + margin);
        double high = 1 - log(dtype_info[t].min_subnormal);
        r = range_join(r, range_make(t, dtype_round_down(t, low), dtype_round_up(t, high), 0));
    }
    return with_infinity(r, x);
}

/* DIGAMMA. Claim: rising above 0; below it any number, and beyond the type just below 0 alone. Why:
 * near the pole at 0 it is -1 / x; the other poles are as far away as the type's spacing there. */
static Range range_DIGAMMA(Primitive p, DType t, DType to, const Range *args) {
    Range x = transfer_keep_domain(p, t, to, args, 0), r = nothing;
    Range above = finite_side(t, x, true), below = finite_side(t, x, false);
    if (range_has_finite(above)) r = piece(p, t, above, true);
    if (range_has_finite(below)) {
        Range any = range_finite(t);
        if (below.high > -2 / dtype_info[t].max) any.flags |= RANGE_POSITIVE;
        r = range_join(r, any);
    }
    return with_infinity(r, x);
}

/* TRIGAMMA. Claim: falling above 0, to 0 at infinity; below 0 at least 8, and beyond the type near
 * a pole. Why: by reflection, trigamma(x) = (pi / sin(pi x))^2 - trigamma(1 - x) there, which is at
 * least pi^2 - pi^2 / 6 > 8.2. Near 0 it is 1 / x^2; the next number to another pole is far enough
 * from it but in f16. */
static Range range_TRIGAMMA(Primitive p, DType t, DType to, const Range *args) {
    Range x = transfer_keep_domain(p, t, to, args, 0), r = nothing;
    Range above = finite_side(t, x, true), below = finite_side(t, x, false);
    if (range_has_finite(above)) r = piece(p, t, above, false);
    if (range_has_finite(below)) {
        bool reaches = t == DTYPE_F16 || below.high > -2 / sqrt(dtype_info[t].max);
        r = range_join(r, range_make(t, 8, dtype_info[t].max, reaches ? RANGE_POSITIVE : 0));
    }
    if (x.flags & RANGE_POSITIVE) r = range_join(r, one(t, 0));
    r.flags |= x.flags & RANGE_NAN;
    return r;
}

/* COSH. Claim: rising in |x|, at least 1. */
static Range range_COSH(Primitive p, DType t, DType to, const Range *args) {
    Range x = transfer_keep_domain(p, t, to, args, 0), r = nothing;
    if (range_has_finite(x)) {
        Range size = range_ABS(PRIMITIVE_ABS, t, t, &x);
        r = piece(p, t, size, true);
        if (size.high == 0) r = one(t, 1);
    }
    r.flags |= (uint8_t)nan_of(args, 1);
    return r;
}

/* The numbers at which an operation of two operands that is monotone in each is tried. */
static int probes(Range x, double out[5]) {
    int count = 0;
    if (range_has_finite(x)) {
        out[count++] = x.low;
        out[count++] = x.high;
    }
    if (x.flags & RANGE_POSITIVE) out[count++] = INFINITY;
    if (x.flags & RANGE_NEGATIVE) out[count++] = -INFINITY;
    /* What 0 makes of an infinity it makes inside of a range too. */
    if (x.low < 0 && x.high > 0 && range_may_be_zero(x)) out[count++] = 0;
    return count;
}

/* Claim: the results of two operands are the hull of those at the corners, and what infinite ones
 * give at the probes. Why: rn is monotone, and the operation monotone in each operand; with one
 * infinite operand the result depends on the sign and the zero of the other alone. */
static Range corners(Primitive p, DType t, Range x, Range y) {
    double xs[5], ys[5], low = INFINITY, high = -INFINITY;
    int nx = probes(x, xs), ny = probes(y, ys);
    Range r = nothing;
    for (int i = 0; i < nx; i++) {
        for (int j = 0; j < ny; j++) {
            double value = at_2(p, t, xs[i], ys[j]);
            if (isfinite(xs[i]) && isfinite(ys[j])) {
                low = fmin(low, value);
                high = fmax(high, value);
            } else {
                r = range_join(r, one(t, value));
            }
        }
    }
    if (low <= high) r = range_join(r, range_make(t, low, high, 0));
    if (!(range_is_point(x) && range_is_point(y))) r.flags &= (uint8_t)~RANGE_INTEGRAL;
    if (!range_has_finite(r)) r.flags |= RANGE_INTEGRAL;
    r.flags |= (uint8_t)((x.flags | y.flags) & RANGE_NAN);
    return r;
}

/* ADD, SUB, MUL. Claim and reason: `corners`; a rounded sum, difference or product of integers is
 * an integer. */
static Range arithmetic(Primitive p, DType t, const Range *x) {
    if (!dtype_is_float(t)) return integer_result(p, t, x);
    Range r = corners(p, t, x[0], x[1]);
    if (integral_both(x)) r.flags |= RANGE_INTEGRAL;
    return r;
}

static Range range_ADD(Primitive p, DType t, DType to, const Range *x) {
    (void)to;
    return arithmetic(p, t, x);
}

static Range range_SUB(Primitive p, DType t, DType to, const Range *x) {
    (void)to;
    return arithmetic(p, t, x);
}

static Range range_MUL(Primitive p, DType t, DType to, const Range *x) {
    (void)to;
    return arithmetic(p, t, x);
}

/* The part of x on one side of 0. */
static Range side(DType t, Range x, bool above) {
    double tiny = dtype_is_float(t) ? dtype_info[t].min_subnormal : 1;
    Range part = {above ? tiny : -INFINITY, above ? INFINITY : -tiny,
                  (uint8_t)(RANGE_NAN | (above ? RANGE_POSITIVE : RANGE_NEGATIVE))};
    return range_meet(t, x, part);
}

/* DIV. Claim: `corners` on the divisors below 0, and on those above. Why: monotone in each operand
 * on either side. */
static Range range_DIV(Primitive p, DType t, DType to, const Range *x) {
    (void)to;
    Range y = transfer_keep_domain(p, t, t, x, 1);
    if (!dtype_is_float(t)) {
        const Range args[2] = {x[0], y};
        return range_has_finite(y) ? integer_result(p, t, args) : nothing;
    }
    Range r = nothing;
    for (int above = 0; above < 2; above++) {
        Range part = side(t, y, above);
        if (!range_is_empty(part)) r = range_join(r, corners(p, t, x[0], part));
    }
    r.flags |= (uint8_t)nan_of(x, 2);
    return r;
}

/* MOD. Claim: 0, or the sign of the divisor and at most its size; x itself is an upper bound where
 * both are positive. Why: fmod is exact and below |y|; adding y to a remainder of the other sign
 * rounds to y at the most. x infinite gives NaN; y infinite gives x, or an infinity of y's sign
 * where the signs differ. */
static Range range_MOD(Primitive p, DType t, DType to, const Range *args) {
    (void)to;
    Range x = args[0], y = transfer_keep_domain(p, t, t, args, 1);
    if (!dtype_is_float(t)) {
        const Range kept[2] = {x, y};
        return range_has_finite(y) ? integer_result(p, t, kept) : nothing;
    }
    unsigned flags = nan_of(args, 2) | (range_may_be_infinite(x) ? RANGE_NAN : 0);
    double low = INFINITY, high = -INFINITY;
    if (range_has_finite(x) && range_has_finite(y)) {
        low = fmin(y.low, 0);
        high = fmax(y.high, 0);
        if (x.low >= 0 && y.low >= 0) high = fmin(high, x.high);
        if (x.high <= 0 && y.high <= 0) low = fmax(low, x.low);
    }
    if (range_may_be_infinite(y) && range_has_finite(x)) {
        low = fmin(low, x.low);
        high = fmax(high, x.high);
        if (x.low < 0) flags |= y.flags & RANGE_POSITIVE;
        if (x.high > 0) flags |= y.flags & RANGE_NEGATIVE;
    }
    if (integral_both(args)) flags |= RANGE_INTEGRAL;
    return range_make(t, low, high, flags);
}

/* x to the y for x > 0, with the error of the library. Monotone in x (by the sign of y) and in y
 * (by whether x > 1), so the corners bound it; anchors: 1 where x or y pass 1 and 0. */
static Range power_of_positive(DType t, Range x, Range y) {
    const double xs[2] = {x.low, x.high}, ys[2] = {y.low, y.high};
    double low = INFINITY, high = 0;
    for (int i = 0; i < 4; i++) {
        double value = at_2(PRIMITIVE_POW, t, xs[i & 1], ys[i >> 1]);
        low = fmin(low, value);
        high = fmax(high, value);
    }
    int units = primitive_info[PRIMITIVE_POW].ulp;
    low = fmax(0, outward(t, low, units, -1));
    high = outward(t, high, units, 1);
    bool at_least_one = (x.low >= 1 && y.low >= 0) || (x.high <= 1 && y.high <= 0);
    bool at_most_one = (x.high <= 1 && y.low >= 0) || (x.low >= 1 && y.high <= 0);
    if (at_least_one) low = fmax(low, 1);
    if (at_most_one) high = fmin(high, 1);
    return range_make(t, low, high, 0);
}

/* POW. Claim: the hull over bases above 0, the base 0 with exponents >= 0 (0, and 1 at 0), and
 * bases below 0 with integer exponents (either sign of the power of the magnitude). Infinite
 * operands: any number that is not NaN (C17, F.10.4.4). */
static Range range_POW(Primitive p, DType t, DType to, const Range *args) {
    (void)p;
    (void)to;
    Range x = args[0], y = args[1], r = nothing;
    if (range_may_be_infinite(x) || range_may_be_infinite(y)) {
        r = range_finite(t);
        r.flags |= RANGE_INFINITE;
        if (x.low >= 0 && !(x.flags & RANGE_NEGATIVE)) {
            r = range_make(t, 0, r.high, RANGE_POSITIVE);
        }
    } else if (range_has_finite(x) && range_has_finite(y)) {
        Range above = range_finite_part(side(t, x, true)),
              below = range_finite_part(side(t, x, false));
        if (range_has_finite(above)) r = power_of_positive(t, above, y);
        if (range_may_be_zero(x) && y.high >= 0) {
            r = range_join(r, range_make(t, 0, range_may_be_zero(y) ? 1 : 0, 0));
        }
        if (range_may_be_zero(x) && y.low >= 0 && y.high == 0) r = range_join(r, one(t, 1));
        if (range_has_finite(below) && floor(y.high) >= ceil(y.low)) {
            Range size = power_of_positive(t, range_negate(below), y);
            bool point = y.low == y.high, even = fmod(y.low, 2) == 0;
            if (!point || even) r = range_join(r, size);
            if (!point || !even) r = range_join(r, range_negate(size));
        }
        if (x.flags & y.flags & RANGE_INTEGRAL && y.low >= 0)
            r.flags |= RANGE_INTEGRAL;
        else if (r.low != r.high)
            r.flags &= (uint8_t)~RANGE_INTEGRAL;
    }
    /* pow(1, NaN) and pow(NaN, 0) are 1. */
    if (nan_of(args, 2)) r = range_join(r, one(t, 1));
    r.flags |= (uint8_t)nan_of(args, 2);
    return r;
}

/* ATAN2. Claim: corners, widened, where one operand keeps its sign; else [-pi, pi]. Why: monotone
 * in each operand on each half plane that the branch cut does not meet. The signs of zeros are not
 * tracked, so 0 counts as both. */
static Range range_ATAN2(Primitive p, DType t, DType to, const Range *args) {
    (void)to;
    Range y = args[0], x = args[1];
    int units = primitive_info[p].ulp;
    double low = outward(t, dtype_round(t, -3.14159265358979323846), units, -1), high = -low;
    bool finite = !range_may_be_infinite(x) && !range_may_be_infinite(y);
    if (range_is_empty(range_only_numbers(x)) || range_is_empty(range_only_numbers(y))) {
        return range_make(t, INFINITY, -INFINITY, RANGE_NAN);
    }
    if (finite && (x.low > 0 || y.low > 0 || y.high < 0)) {
        low = INFINITY;
        high = -INFINITY;
        const double xs[2] = {x.low, x.high}, ys[2] = {y.low, y.high};
        for (int i = 0; i < 4; i++) {
            double value = at_2(p, t, ys[i & 1], xs[i >> 1]);
            low = fmin(low, outward(t, value, units, -1));
            high = fmax(high, outward(t, value, units, 1));
        }
    }
    return range_make(t, low, high, nan_of(args, 2));
}

/* MINIMUM. Claim: exact ends. Why: it gives one of its operands, and is monotone. */
static Range range_MINIMUM(Primitive p, DType t, DType to, const Range *x) {
    (void)p;
    (void)to;
    double high[2], most = -INFINITY, low = INFINITY;
    unsigned flags = nan_of(x, 2) | (integral_both(x) ? RANGE_INTEGRAL : 0);
    for (int i = 0; i < 2; i++) {
        high[i] = x[i].flags & RANGE_POSITIVE ? INFINITY : x[i].high;
        flags |= x[i].flags & RANGE_NEGATIVE;
        if (!range_has_finite(x[i])) continue;
        low = fmin(low, x[i].low);
        most = fmax(most, x[i].high);
    }
    /* An operand that is nothing but NaN, or -inf, bounds no finite result. */
    for (int i = 0; i < 2; i++) {
        if (!range_has_finite(x[i]) && !(x[i].flags & RANGE_POSITIVE)) high[i] = -INFINITY;
    }
    double above = fmin(high[0], high[1]);
    if (isinf(above) && above > 0) {
        above = most;
        flags |= RANGE_POSITIVE;
    }
    if (!range_may_be_zero(x[0]) && !range_may_be_zero(x[1])) flags |= RANGE_NONZERO;
    return range_make(t, low, above, flags);
}

/* MAXIMUM. Claim: as MINIMUM. Why: maximum(x, y) = -minimum(-x, -y) but for the sign of a zero. */
static Range range_MAXIMUM(Primitive p, DType t, DType to, const Range *x) {
    const Range flipped[2] = {range_negate(x[0]), range_negate(x[1])};
    if (dtype_is_float(t)) return range_negate(range_MINIMUM(p, t, to, flipped));
    return range_make(t, fmax(x[0].low, x[1].low), fmax(x[0].high, x[1].high),
                      range_may_be_zero(x[0]) || range_may_be_zero(x[1]) ? 0 : RANGE_NONZERO);
}

/* FMA. Claim: the hull of the eight corners. Why: a * b + c is monotone in each operand and rounded
 * once (f16, bf16: once more, which is monotone too). */
static Range range_FMA(Primitive p, DType t, DType to, const Range *x) {
    (void)to;
    double low = INFINITY, high = -INFINITY;
    unsigned flags = nan_of(x, 3);
    bool infinite = false;
    for (int k = 0; k < 3; k++) infinite = infinite || range_may_be_infinite(x[k]);
    if (infinite) {
        Range all = range_finite(t);
        return range_make(t, all.low, all.high, RANGE_BAD);
    }
    for (int i = 0; i < 8; i++) {
        const Cell args[3] = {{.f = i & 1 ? x[0].low : x[0].high},
                              {.f = i & 2 ? x[1].low : x[1].high},
                              {.f = i & 4 ? x[2].low : x[2].high}};
        if (!range_has_finite(x[0]) || !range_has_finite(x[1]) || !range_has_finite(x[2])) break;
        double value = eval_primitive(p, t, t, args).f;
        low = fmin(low, value);
        high = fmax(high, value);
    }
    if (integral_both(x) && (x[2].flags & RANGE_INTEGRAL)) flags |= RANGE_INTEGRAL;
    return range_make(t, low, high, flags);
}

/* Comparisons and logic: transfer_truth.c. */
#define range_LT transfer_truth
#define range_LE transfer_truth
#define range_GT transfer_truth
#define range_GE transfer_truth
#define range_EQ transfer_truth
#define range_NE transfer_truth
#define range_ISNAN transfer_truth
#define range_ISINF transfer_truth
#define range_AND transfer_truth
#define range_OR transfer_truth
#define range_XOR transfer_truth

/* SELECT. Claim: the branch that is taken, or both. */
static Range range_SELECT(Primitive p, DType t, DType to, const Range *x) {
    (void)p, (void)t, (void)to;
    if (x[0].low >= 1) return x[1];
    return x[0].high <= 0 ? x[2] : range_join(x[1], x[2]);
}

/* Integers become f16 and bf16 by way of f32, as in eval_primitive. */
static double to_float(DType from, DType to, double x) {
    if (dtype_is_float(from) || to == DTYPE_F64) return dtype_round(to, x);
    return dtype_round(to, dtype_round(DTYPE_F32, x));
}

/* CAST. Claim: the converted ends, of the operands that fit. Why: rounding to nearest, truncation
 * and the test against 0 are monotone on either side of 0. */
static Range range_CAST(Primitive p, DType t, DType to, const Range *args) {
    Range x = transfer_keep_domain(p, t, to, args, 0);
    if (to == DTYPE_BOOL) {
        bool zero = range_may_be_zero(x), other = x.low < 0 || x.high > 0;
        bool one = other || range_may_be_nan(x) || range_may_be_infinite(x);
        return range_make(to, zero ? 0 : 1, one ? 1 : 0, 0);
    }
    if (dtype_is_float(to)) {
        unsigned flags = x.flags & RANGE_INTEGRAL;
        if (dtype_is_float(t)) flags |= x.flags & RANGE_BAD;
        bool wider =
            !dtype_is_float(t) || (dtype_info[to].precision >= dtype_info[t].precision &&
                                   dtype_info[to].min_subnormal <= dtype_info[t].min_subnormal);
        if (wider) flags |= x.flags & RANGE_NONZERO;
        if (!range_has_finite(x)) return (Range){x.low, x.high, (uint8_t)flags};
        return range_make(to, to_float(t, to, x.low), to_float(t, to, x.high), flags);
    }
    Range zero = args[0].flags & RANGE_NAN ? range_make(to, 0, 0, 0) : nothing; /* NaN gives 0 */
    if (!range_has_finite(x)) return zero;
    double low = dtype_is_float(t) ? trunc(x.low) : x.low;
    double high = dtype_is_float(t) ? trunc(x.high) : x.high;
    bool keeps = !dtype_is_float(t) || (x.flags & RANGE_INTEGRAL);
    return range_join(range_make(to, low, high, keeps ? x.flags & RANGE_NONZERO : 0), zero);
}

/* SATURATE. Claim: the converted ends, held in the type. Why: all of it is monotone; NaN is 0 where
 * the type has none. */
static Range range_SATURATE(Primitive p, DType t, DType to, const Range *args) {
    Range x = args[0];
    if (to == DTYPE_BOOL) return range_CAST(p, t, to, args);
    Range all = range_finite(to), r = nothing;
    double low = x.flags & RANGE_NEGATIVE ? all.low : x.low;
    double high = x.flags & RANGE_POSITIVE ? all.high : x.high;
    if (!range_has_finite(x) && (x.flags & RANGE_NEGATIVE) && !(x.flags & RANGE_POSITIVE)) {
        high = all.low; /* nothing but -inf */
    } else if (!range_has_finite(x) && (x.flags & RANGE_INFINITE) == RANGE_POSITIVE) {
        low = all.high;
    }
    if (dtype_is_float(to)) {
        unsigned flags = dtype_is_float(t) ? x.flags & RANGE_NAN : 0;
        if (!range_has_finite(x) && !range_may_be_infinite(x)) {
            return (Range){x.low, x.high, (uint8_t)flags};
        }
        low = fmin(fmax(to_float(t, to, low), all.low), all.high);
        high = fmin(fmax(to_float(t, to, high), all.low), all.high);
        bool whole = (x.flags & RANGE_INTEGRAL) && !(x.flags & RANGE_INFINITE);
        return range_make(to, low, high, flags | (whole ? RANGE_INTEGRAL : 0));
    }
    if (range_has_finite(x) || range_may_be_infinite(x)) {
        /* 2^63 stands for 2^63 - 1, which is below it. */
        double most = dtype_info[to].precision > 53 ? nextafter(all.high, 0) : all.high;
        low = fmin(fmax(dtype_is_float(t) ? trunc(low) : low, all.low), most);
        high = fmin(fmax(dtype_is_float(t) ? trunc(high) : high, all.low), all.high);
        r = range_make(to, low, high, 0);
    }
    return x.flags & RANGE_NAN ? range_join(r, range_make(to, 0, 0, 0)) : r;
}

/* RANDOM_BITS. Claim: an integer within the bounds of the row, whatever the operands are: which one
 * it is says nothing of the model. */
static Range range_RANDOM_BITS(Primitive p, DType t, DType to, const Range *args) {
    (void)to, (void)args;
    return range_make(t, primitive_info[p].low, primitive_info[p].high, RANGE_INTEGRAL);
}

/* One transfer function a row: a row whose trend is OTHER and that has none does not compile. */
#define TRANSFER_RISING(id) monotone
#define TRANSFER_FALLING(id) monotone
#define TRANSFER_EXACT_RISING(id) monotone
#define TRANSFER_EXACT_FALLING(id) monotone
#define TRANSFER_OTHER(id) range_##id
static const Transfer transfers[PRIMITIVE_COUNT] = {
#define PRIMITIVE(id, spelling, arity, class, trend, ...) [PRIMITIVE_##id] = TRANSFER_##trend(id),
#include "ir/scalar.def"
};

Range transfer_apply(Primitive p, DType type, DType to, const Range *args) {
    return transfers[p](p, type, to, args);
}
