/* Sums and extremes of terms of several kinds, of each of which there are so many, in any order.
 *
 * A combination is a tree, as in combine.c, whose leaves are the terms of all groups, in any order.
 * - Monotony: a tree grows when a leaf does. So the sum is at most that of the largest term of each
 *   group, in the same tree; and if no term is positive, at most any one of them.
 * - Error: that sum is within (n - 1) u sum |x| of the exact one, in any order (Jeannerod and Rump
 *   2013), n being the number of all terms. It is exact if all terms are integers and the sum of
 *   their magnitudes is at most 2^p: so is every partial sum.
 * - Overflow: the same bounds every partial sum, of which the exact value is at most that of the
 *   positive terms.
 * - The largest of all terms is one of them, and at least any term that is surely there.
 * - Products of positive terms are monotone too, and so are all partial ones.
 *
 * Test: `groups` in tests/unit/passes/test_interval.c, with random trees. */
#include "passes/transfer.h"

#include <float.h>

typedef struct Sums {
    double low, high;           /* of the smallest, and of the largest terms, in exact arithmetic */
    double negative, positive;  /* of those of one sign */
    double magnitude, count;    /* of all terms, at the most */
    double least, most;         /* what a sum of terms of one sign is at most, at least */
    bool integral;
    unsigned flags;
} Sums;

static double times(double count, double x) {
    return x == 0 ? 0 : count * x; /* not NaN */
}

static Sums add_up(uint32_t count, const TermGroup *groups) {
    Sums s = {.integral = true, .least = -INFINITY, .most = INFINITY};
    for (uint32_t i = 0; i < count; i++) {
        Range x = groups[i].term;
        double fewest = (double)groups[i].low, many = (double)groups[i].high;
        s.flags |= x.flags & RANGE_BAD;
        if (!range_has_finite(x)) continue; /* such a term is not finite, nor is the sum */
        s.high += times(x.high > 0 ? many : fewest, x.high);
        s.low += times(x.low < 0 ? many : fewest, x.low);
        s.positive += x.high > 0 ? many * x.high : 0;
        s.negative += x.low < 0 ? many * x.low : 0;
        s.magnitude += times(many, range_magnitude(x));
        s.count += many;
        s.integral = s.integral && (x.flags & RANGE_INTEGRAL);
        if (fewest > 0) {
            s.least = fmax(s.least, x.low);
            s.most = fmin(s.most, x.high);
        }
    }
    return s;
}

static Range anything(DType t) {
    Range all = range_finite(t);
    if (dtype_is_float(t)) all.flags |= RANGE_BAD;
    return all;
}

static Range sum_of_groups(DType t, uint32_t count, const TermGroup *groups, Answer *overflow) {
    Sums s = add_up(count, groups);
    bool is_float = dtype_is_float(t);
    Range all = range_finite(t);
    double u = is_float ? ldexp(1, -dtype_info[t].precision) : 0;
    double whole = ldexp(1, is_float ? dtype_info[t].precision : 53);
    /* Doubles are added up here: each of the sums is off by a share of less than this. */
    double slack = 4 * (count + 2) * DBL_EPSILON * s.magnitude;
    bool exact = s.integral && s.magnitude <= whole;
    double error = exact ? 0 : (s.count - 1) * u * s.magnitude * (1 + 4 * DBL_EPSILON) + slack;
    bool fits = s.positive + error <= all.high && s.negative - error >= all.low;
    *overflow = fits ? ANSWER_NEVER : ANSWER_MAYBE;
    if (!isfinite(error) || (!is_float && !fits)) return anything(t);
    double low = fmax(s.low - error, all.low), high = fmin(s.high + error, all.high);
    if (s.negative == 0) low = fmax(low, fmax(s.least, 0));  /* exactly: no term is below 0 */
    if (s.positive == 0) high = fmin(high, fmin(s.most, 0)); /* or above */
    if (is_float) {
        low = dtype_round_down(t, low);
        high = dtype_round_up(t, high);
    }
    unsigned flags = s.flags;
    if (!fits || (flags & RANGE_INFINITE) == RANGE_INFINITE) flags |= RANGE_INFINITE | RANGE_NAN;
    return range_make(t, low, high, flags);
}

/* Products of positive terms: see float_product in combine.c. Logarithms are added up; the shares
 * by which they are off, and those by which each step is rounded, are taken off. */
static Range product_of_groups(DType t, uint32_t count, const TermGroup *groups) {
    double low = 0, high = 0, least = 0, steps = 0, sizes = 0;
    for (uint32_t i = 0; i < count; i++) {
        Range x = groups[i].term;
        double fewest = (double)groups[i].low, many = (double)groups[i].high;
        if (!range_has_finite(x)) continue;
        if (!dtype_is_float(t) || !(x.low > 0) || (x.flags & RANGE_BAD)) return anything(t);
        low += log(x.low) * (x.low < 1 ? many : fewest);
        high += log(x.high) * (x.high > 1 ? many : fewest);
        least += x.low < 1 ? log(x.low) * many : 0;
        sizes += many * (fabs(log(x.low)) + fabs(log(x.high)));
        steps += many;
    }
    double u = ldexp(1, -dtype_info[t].precision);
    double slack = steps * -log1p(-u) * (1 + 0x1p-40) + sizes * 0x1p-40 + 0x1p-30;
    double tiny = dtype_info[t].min_normal, max = dtype_info[t].max;
    Range r = anything(t);
    r.low = least - slack < log(tiny) ? 0 : dtype_round_down(t, fmin(exp(low - slack), max));
    r.high = dtype_round_up(t, fmin(fmax(exp(high + slack), tiny), max));
    return r;
}

/* Beside a NaN, the others may be lost; what may be infinite need not be the finite number. */
static Range largest_of_groups(DType t, uint32_t count, const TermGroup *groups, bool largest) {
    double least = -INFINITY, most = -INFINITY;
    bool nan = false;
    for (uint32_t i = 0; i < count; i++) {
        Range x = groups[i].term;
        nan = nan || range_may_be_nan(x);
        if (!range_has_finite(x)) continue;
        double low = largest ? x.low : -x.high, high = largest ? x.high : -x.low;
        most = fmax(most, high);
        if (groups[i].low > 0 && !(x.flags & RANGE_BAD)) least = fmax(least, low);
    }
    Range all = range_finite(t);
    if (nan) least = -INFINITY;
    unsigned below = largest ? RANGE_NEGATIVE : RANGE_POSITIVE;
    bool above = least > -INFINITY; /* a finite number is there, and the result is not below it */
    least = fmax(least, largest ? all.low : -all.high);
    Range r = largest ? range_make(t, least, most, 0) : range_make(t, -most, -least, 0);
    if (dtype_is_float(t)) r.flags |= (uint8_t)(above ? RANGE_BAD & ~below : RANGE_BAD);
    return r;
}

Range transfer_combine_groups(Combiner combine, DType type, uint32_t count,
                              const TermGroup *groups, Answer *overflow) {
    *overflow = ANSWER_MAYBE;
    bool none = true;
    for (uint32_t i = 0; i < count; i++) none = none && groups[i].low == 0;
    switch (combine) {
    case COMBINE_SUM:
        return sum_of_groups(type, count, groups, overflow);
    case COMBINE_MAX:
    case COMBINE_ANY:
        if (none) break; /* the start of the combination may be the result */
        return largest_of_groups(type, count, groups, true);
    case COMBINE_MIN:
    case COMBINE_ALL:
        if (none) break;
        return largest_of_groups(type, count, groups, false);
    case COMBINE_PRODUCT:
        return product_of_groups(type, count, groups);
    case COMBINE_NONE:
        break;
    }
    return anything(type);
}
