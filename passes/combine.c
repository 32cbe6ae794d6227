/* Sums, products, largest and smallest of many terms, in any order of combination.
 *
 * A combination is a tree whose leaves are the terms; the back end may shape it as it likes and may
 * add leaves that are the start value. What is claimed holds for every tree.
 *
 * - Monotony: rn is monotone, so a tree grows when a leaf does. Replacing every term by the largest
 *   (smallest) one bounds the result, and every partial result, from above (below).
 * - Error: a sum of n terms is within (n - 1) u sum |x| of the exact one, in any order, for any n
 *   (Jeannerod and Rump 2013); additions that underflow are exact.
 * - Exactness: n copies of m 2^e, with n m <= 2^p, are summed exactly.
 *
 * Test: `combine` in tests/unit/passes/test_interval.c, with random trees. */
#include "passes/transfer.h"

#include <assert.h>
#include <float.h>

/* Whether n copies of x, and any fewer, are summed without rounding. */
static bool sums_exactly(DType t, double x, double n) {
    int exponent;
    double m = frexp(fabs(x), &exponent);
    for (int i = 0; i < 64 && m != floor(m); i++) m *= 2;
    while (m != 0 && fmod(m, 2) == 0) m /= 2;
    return n * m <= ldexp(1, dtype_info[t].precision);
}

/* Bounds below every sum of count_low..count_high terms that are >= x, and, where x < 0, below
 * every partial sum. -inf: it may overflow. */
static double sum_below(DType t, double x, double count_low, double count_high) {
    const double slack = 4 * DBL_EPSILON;
    double u = ldexp(1, -dtype_info[t].precision);
    if (x == 0) return 0;
    if (x > 0) {
        /* Leaves beyond the first count_low, and then all but one, may be taken as 0. */
        if (count_low == 0) return 0;
        if (sums_exactly(t, x, count_low)) return fmin(count_low * x, dtype_info[t].max);
        double loss = 1 - (count_low - 1) * u * (1 + slack);
        double bound = count_low * x * loss * (1 - slack);
        return fmax(x, dtype_round_down(t, fmin(bound, dtype_info[t].max)));
    }
    double sum = count_high * x;
    if (sums_exactly(t, x, count_high)) return dtype_round_down(t, sum);
    double gain = (1 + (count_high - 1) * u) * (1 + slack);
    return count_high <= 1 ? (count_high == 0 ? 0 : x) : dtype_round_down(t, sum * gain);
}

/* Whether every sum of n terms that are >= x is beyond the largest value. */
static bool surely_above(DType t, double x, double n) {
    double u = ldexp(1, -dtype_info[t].precision), loss = 1 - n * u;
    return x > 0 && loss > 0 && n * x * loss > dtype_info[t].max * (1 + 2 * u);
}

static Range float_sum(DType t, Range term, double n_low, double n_high, Answer *overflow,
                       Answer *undefined) {
    unsigned flags = term.flags & (RANGE_BAD | RANGE_INTEGRAL);
    if ((term.flags & RANGE_INFINITE) == RANGE_INFINITE && n_high > 1) {
        *undefined = ANSWER_MAYBE;
        flags |= RANGE_NAN;
    }
    double low = n_low == 0 ? 0 : INFINITY, high = n_low == 0 ? 0 : -INFINITY;
    if (range_has_finite(term)) {
        low = sum_below(t, term.low, n_low, n_high);
        high = -sum_below(t, -term.high, n_low, n_high);
        bool under = low < -dtype_info[t].max, over = high > dtype_info[t].max;
        if (under || over) *overflow = ANSWER_MAYBE;
        if (under && over) flags |= RANGE_NAN; /* partial sums of both signs meet */
        bool mixed = range_may_be_infinite(term);
        if (mixed && ((under && (flags & RANGE_POSITIVE)) || (over && (flags & RANGE_NEGATIVE)))) {
            flags |= RANGE_NAN;
        }
        bool always = surely_above(t, term.low, n_low) || surely_above(t, -term.high, n_low);
        if (*overflow == ANSWER_MAYBE && always && !mixed) *overflow = ANSWER_ALWAYS;
    }
    return range_make(t, low, high, flags);
}

/* The largest magnitude that a product of n_low..n_high terms, or a part of it, can reach. */
static double product_bound(DType t, double m, double n_low, double n_high) {
    if (m <= 1) return n_low >= 1 ? m : 1;
    double u = ldexp(1, -dtype_info[t].precision);
    double log_bound = n_high * (log(m) * (1 + 0x1p-40) + log1p(u) * (1 + 0x1p-40));
    return log_bound > 710 ? INFINITY : dtype_round_up(t, exp(log_bound) * (1 + 0x1p-30));
}

/* Bounds below every product of n_low..n_high terms that are >= x > 0. */
static double product_below(DType t, double x, double n_low, double n_high) {
    double u = ldexp(1, -dtype_info[t].precision);
    if (x >= 1) return n_low >= 1 ? x : 1;
    double log_bound = n_high * (log(x) * (1 + 0x1p-40) + log1p(-u) * (1 + 0x1p-40));
    double bound = exp(log_bound) * (1 - 0x1p-30);
    return bound < dtype_info[t].min_normal ? 0 : dtype_round_down(t, bound);
}

/* Products. Claim: magnitudes are below the product of the largest ones, each step rounded up by
 * 1 + u; a partial product may overflow though the whole would not, and inf times 0 is NaN.
 * Products of positive terms are above that of the smallest ones, each step rounded down by 1 - u,
 * as long as it is a normal number: then so is every partial product, by monotony. */
static Range float_product(DType t, Range term, double n_low, double n_high, Answer *overflow,
                           Answer *undefined) {
    unsigned flags = term.flags & (RANGE_NAN | RANGE_INTEGRAL);
    bool mixed = range_may_be_infinite(term);
    if (n_low == 1 && n_high == 1) return term;
    double bound = product_bound(t, range_magnitude(term), n_low, n_high);
    if (range_has_finite(term) && bound > dtype_info[t].max) {
        *overflow = ANSWER_MAYBE;
        flags |= RANGE_POSITIVE;
        if (term.low < 0) flags |= RANGE_NEGATIVE;
        /* An underflow to 0 elsewhere in the tree meets the infinity. */
        if (range_may_be_zero(term) || term.low < 1) flags |= RANGE_NAN;
    }
    if (mixed) {
        *undefined = n_high > 1 ? ANSWER_MAYBE : ANSWER_NEVER;
        flags |= RANGE_INFINITE | RANGE_NAN;
    }
    double low = term.low < 0 || mixed ? -bound
                 : term.low > 0        ? product_below(t, term.low, n_low, n_high)
                                       : 0;
    if (!range_has_finite(term)) return range_make(t, n_low == 0 ? 1 : INFINITY, 1, flags);
    return range_make(t, low, fmax(bound, n_low == 0 ? 1 : low), flags);
}

static Range integer_combine(Combiner combine, DType t, Range term, double n_low, double n_high,
                             Answer *overflow) {
    Range all = range_finite(t);
    double low, high;
    if (combine == COMBINE_SUM) {
        low = term.low * (term.low >= 0 ? n_low : n_high);
        high = term.high * (term.high >= 0 ? n_high : n_low);
        /* Past 2^53 the products round by half a unit. */
        if (fabs(low) > 0x1p53) low = nextafter(low, -INFINITY);
        if (fabs(high) > 0x1p53) high = nextafter(high, INFINITY);
    } else {
        double m = range_magnitude(term);
        high = m <= 1 ? 1 : pow(m, n_high);
        if (n_low == 1 && n_high == 1) high = m;
        if (high > 0x1p52) high *= 1 + 0x1p-40;
        low = term.low < 0 ? -high : 0;
        if (n_low == 1 && n_high == 1) return term;
    }
    if (low >= all.low && high <= all.high) return range_make(t, low, high, 0);
    *overflow = ANSWER_MAYBE;
    return all;
}

/* MAX and MIN give one of the terms, or their start where there is none. */
static Range extreme(Combiner combine, DType t, Range term, bool may_be_none) {
    if (!may_be_none) return term;
    bool max = combine == COMBINE_MAX;
    if (dtype_is_float(t)) {
        term.flags |= max ? RANGE_NEGATIVE : RANGE_POSITIVE;
        return term;
    }
    Range all = range_finite(t);
    double start = max ? all.low : all.high;
    return range_join(term, range_make(t, start, start, 0));
}

Range transfer_combine(Combiner combine, DType type, Range term, int64_t count_low,
                       int64_t count_high, Answer *overflow, Answer *undefined) {
    *overflow = *undefined = ANSWER_NEVER;
    double n_low = (double)count_low, n_high = (double)count_high;
    bool is_float = dtype_is_float(type);
    switch (combine) {
    case COMBINE_NONE:
        return term;
    case COMBINE_SUM:
        if (is_float) return float_sum(type, term, n_low, n_high, overflow, undefined);
        return integer_combine(combine, type, term, n_low, n_high, overflow);
    case COMBINE_PRODUCT:
        if (is_float) return float_product(type, term, n_low, n_high, overflow, undefined);
        return integer_combine(combine, type, term, n_low, n_high, overflow);
    case COMBINE_MAX:
    case COMBINE_MIN:
        return extreme(combine, type, term, count_low == 0);
    case COMBINE_ALL:
        return count_low == 0 ? range_join(term, range_make(type, 1, 1, 0)) : term;
    case COMBINE_ANY:
        return count_low == 0 ? range_join(term, range_make(type, 0, 0, 0)) : term;
    }
    assert(false);
    return term;
}

/* What is accumulated in place: start, then one term after another, every partial result stored.
 *
 * Claim: the results after any number of steps up to n. Why: the steps are monotone in both
 * operands, so those with the largest start and terms bound all from above. A sum of a start and n
 * terms is within n u (|start| + n |term|) of the exact one (Jeannerod and Rump); it is exact where
 * all are integers below 2^p. A product grows by |term| (1 + u) at a step at the most, if what it
 * starts from is taken to be normal. Results beyond the type are the guard's, and are cut off. */
static double accumulated_sum_above(DType t, double start, double term, double n, bool exact) {
    const double slack = 4 * DBL_EPSILON;
    if (term <= 0) return start;
    double sum = start + n * term;
    if (!dtype_is_float(t)) return fabs(sum) > 0x1p53 ? nextafter(sum, INFINITY) : sum;
    if (exact && fabs(start) + n * term <= ldexp(1, dtype_info[t].precision)) return sum;
    double size = fabs(start) + n * term, u = ldexp(1, -dtype_info[t].precision);
    return dtype_round_up(t, sum + (n * u + slack) * size * (1 + slack));
}

static Range accumulated_sum(DType t, Range start, Range term, double n, unsigned flags) {
    bool exact = (flags & RANGE_INTEGRAL) != 0;
    Range all = range_finite(t);
    double high = accumulated_sum_above(t, start.high, term.high, n, exact);
    double low = -accumulated_sum_above(t, -start.low, -term.low, n, exact);
    return range_make(t, fmax(low, all.low), fmin(high, all.high), flags);
}

static Range accumulated_product(DType t, Range start, Range term, double n, unsigned flags) {
    Range all = range_finite(t);
    double size = range_magnitude(start), m = range_magnitude(term);
    if (m > 1 && dtype_is_float(t)) {
        size = fmax(size, dtype_info[t].min_normal);
        size = dtype_round_up(t, size * product_bound(t, m, 1, n) * (1 + 0x1p-40));
    } else if (m > 1 && size > 0) {
        size *= pow(m, n) * (1 + 0x1p-40);
    }
    bool negative = start.low < 0 || term.low < 0;
    if (flags & RANGE_INFINITE) flags |= negative ? RANGE_INFINITE : RANGE_POSITIVE;
    double low = negative ? fmax(-size, all.low) : 0;
    return range_make(t, low, fmin(size, all.high), flags);
}

Range transfer_accumulate(Primitive p, DType type, Range start, Range term, int64_t count_high) {
    if (count_high <= 0 || range_is_empty(start) || range_is_empty(term)) return start;
    const Range both[2] = {start, term};
    if (p == PRIMITIVE_MINIMUM || p == PRIMITIVE_MAXIMUM) { /* a second step changes nothing */
        return range_join(start, transfer_apply(p, type, type, both));
    }
    unsigned flags =
        ((start.flags | term.flags) & RANGE_BAD) | (start.flags & term.flags & RANGE_INTEGRAL);
    if (!range_has_finite(start) || !range_has_finite(term)) {
        /* Infinities of either sign, and what a product by one does to a sign. */
        if (flags & RANGE_INFINITE) flags |= p == PRIMITIVE_MUL ? RANGE_INFINITE : 0;
        return range_make(type, start.low, start.high, flags);
    }
    if (p == PRIMITIVE_ADD) return accumulated_sum(type, start, term, (double)count_high, flags);
    if (p == PRIMITIVE_MUL) {
        return accumulated_product(type, start, term, (double)count_high, flags);
    }
    Range all = range_finite(type);
    all.flags |= dtype_is_float(type) ? RANGE_BAD : 0;
    return all;
}

/* One end of an average, from below. Exact sums divide to the term itself. Else the error of the
 * sum, of the rounded count and of the division, each relative to the largest term; the sign is
 * exact. */
static double average_below(DType t, double x, double magnitude, double n) {
    if (sums_exactly(t, x, n)) return x;
    double error = (n + 3) * ldexp(1, -dtype_info[t].precision) * magnitude;
    double low = dtype_round_down(t, x - error);
    return x >= 0 ? fmax(low, 0) : low;
}

Range transfer_average(DType type, Range term, int64_t count_high) {
    double n = (double)count_high, magnitude = range_magnitude(term);
    if (!range_has_finite(term)) return term;
    double low = average_below(type, term.low, magnitude, n);
    double high = -average_below(type, -term.high, magnitude, n);
    return range_make(type, fmax(low, -dtype_info[type].max), fmin(high, dtype_info[type].max), 0);
}
