/* Transfer functions of comparisons, tests and logic: of truth values. */
#include "passes/transfer.h"

#include <assert.h>

/* Truth values. */
static Range truth(bool may_be_false, bool may_be_true) {
    return range_make(DTYPE_BOOL, may_be_false ? 0 : 1, may_be_true ? 1 : 0, 0);
}

static double extended_low(Range x) {
    return x.flags & RANGE_NEGATIVE ? -INFINITY : x.low;
}
static double extended_high(Range x) {
    return x.flags & RANGE_POSITIVE ? INFINITY : x.high;
}

/* Comparisons. Claim: decided where the ranges do not overlap. Why: the order of the ends is exact
 * (integers beyond 2^53 are rounded outwards); NaN makes all of them false. */
static Range less(const Range *x, bool or_equal) {
    bool nan = range_may_be_nan(x[0]) || range_may_be_nan(x[1]);
    double low[2] = {extended_low(x[0]), extended_low(x[1])};
    double high[2] = {extended_high(x[0]), extended_high(x[1])};
    /* Where x has only +inf its low end is +inf, by the form of an empty range. */
    if (!range_has_finite(x[0]) && (x[0].flags & RANGE_NEGATIVE) &&
        !(x[0].flags & RANGE_POSITIVE)) {
        high[0] = -INFINITY;
    }
    if (!range_has_finite(x[1]) && (x[1].flags & RANGE_NEGATIVE) &&
        !(x[1].flags & RANGE_POSITIVE)) {
        high[1] = -INFINITY;
    }
    bool may_be_true = or_equal ? low[0] <= high[1] : low[0] < high[1];
    bool may_be_false = or_equal ? high[0] > low[1] : high[0] >= low[1];
    if (range_is_empty(range_only_numbers(x[0])) || range_is_empty(range_only_numbers(x[1]))) {
        return truth(true, false);
    }
    return truth(may_be_false || nan, may_be_true);
}

static Range equal(const Range *x) {
    bool same = range_is_point(x[0]) && range_is_point(x[1]) && x[0].low == x[1].low;
    bool overlap = x[0].low <= x[1].high && x[1].low <= x[0].high;
    if (range_is_point(x[0]) && x[0].low == 0 && !range_may_be_zero(x[1])) overlap = false;
    if (range_is_point(x[1]) && x[1].low == 0 && !range_may_be_zero(x[0])) overlap = false;
    overlap = overlap || (x[0].flags & x[1].flags & RANGE_INFINITE) != 0;
    return truth(!same, overlap);
}

/* ISNAN, ISINF. Claim: exact, from the flags. */
static Range is_nan(const Range *x) {
    return truth(range_has_finite(*x) || range_may_be_infinite(*x), range_may_be_nan(*x));
}

static Range is_infinite(const Range *x) {
    return truth(range_has_finite(*x) || range_may_be_nan(*x), range_may_be_infinite(*x));
}

/* AND, OR, XOR. Claim: exact on truth values: monotone, or decided by both. */
static Range both(const Range *x) {
    return truth(x[0].low < 1 || x[1].low < 1, x[0].high > 0 && x[1].high > 0);
}

static Range either(const Range *x) {
    return truth(x[0].low < 1 && x[1].low < 1, x[0].high > 0 || x[1].high > 0);
}

static Range one_of(const Range *x) {
    bool decided = x[0].low == x[0].high && x[1].low == x[1].high;
    bool differ = x[0].low != x[1].low;
    return truth(!decided || !differ, !decided || differ);
}

Range transfer_truth(Primitive p, DType type, DType to, const Range *x) {
    (void)type, (void)to;
    const Range swapped[2] = {x[primitive_info[p].arity - 1], x[0]};
    switch ((int)p) {
    case PRIMITIVE_LT: return less(x, false);
    case PRIMITIVE_LE: return less(x, true);
    case PRIMITIVE_GT: return less(swapped, false);
    case PRIMITIVE_GE: return less(swapped, true);
    case PRIMITIVE_EQ: return equal(x);
    case PRIMITIVE_NE: {
        Range same = equal(x);
        return truth(same.high == 1, same.low == 0); /* 0 and 1 are exact */
    }
    case PRIMITIVE_ISNAN: return is_nan(x);
    case PRIMITIVE_ISINF: return is_infinite(x);
    case PRIMITIVE_AND: return both(x);
    case PRIMITIVE_OR: return either(x);
    case PRIMITIVE_XOR: return one_of(x);
    }
    assert(false);
    return truth(true, true);
}
