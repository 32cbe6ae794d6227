/* The parts of operands that keep the domain of a primitive (scalar.def), as ranges: what
 * eval_condition_holds asks of numbers. Exact but for POWER, whose two operands depend on each
 * other: there it may keep more than the domain, never less.
 *
 * Test: `transfer` in tests/unit/passes/test_interval.c (what is cut off breaks the domain). */
#include "passes/transfer.h"

/* Numbers of `from` that a conversion to `to` keeps up to rounding and fraction. */
static Range convertible(DType from, DType to) {
    Range all = range_finite(from);
    if (to == DTYPE_BOOL) {
        if (dtype_is_float(from)) all.flags |= RANGE_INFINITE;
        return all;
    }
    double max = dtype_info[to].max;
    if (dtype_is_float(to)) {
        /* Below the middle between the largest value and the next power of two. */
        double limit = max + (max - dtype_next_down(to, max)) / 2;
        if (dtype_is_float(from)) {
            all.flags |= RANGE_INFINITE;
            double most = dtype_next_down(from, dtype_round_up(from, limit));
            if (dtype_info[from].max > max && most < all.high) {
                all.low = -most;
                all.high = most;
            }
        } else if (all.high >= limit) {
            double most = dtype_next_down(DTYPE_F32, dtype_round_up(DTYPE_F32, limit));
            all.high = floor(most);
            all.low = fmax(all.low, -all.high);
        }
        return all;
    }
    double lowest = dtype_bound(to, BOUND_LOWEST), above = ldexp(1, dtype_info[to].precision);
    if (!dtype_is_float(from)) return range_meet(from, all, range_finite(to));
    /* Truncation: above lowest - 1, below 2^precision. */
    double under =
        lowest - 1 < lowest ? dtype_next_up(from, dtype_round_down(from, lowest - 1)) : lowest;
    if (above <= all.high) all.high = dtype_next_down(from, above);
    if (under >= all.low) all.low = under;
    return all;
}

static Range keep_power(DType t, const Range *args, int which) {
    Range x = args[0], y = args[1];
    bool negative_only = x.high < 0 && !(x.flags & RANGE_POSITIVE);
    bool zero_only = x.low == 0 && x.high == 0 && !range_may_be_infinite(x);
    if (which == 1) {
        if (negative_only && range_has_finite(x))
            y = range_make(t, y.low, y.high, y.flags | RANGE_INTEGRAL);
        if (zero_only) {
            y = range_make(t, fmax(y.low, 0), y.high, y.flags & ~(unsigned)RANGE_NEGATIVE);
        }
        return y;
    }
    bool integer =
        range_may_be_infinite(y) || (range_has_finite(y) && floor(y.high) >= ceil(y.low));
    if (!integer) {
        x = range_make(t, fmax(x.low, 0), x.high, x.flags & ~(unsigned)RANGE_NEGATIVE);
    }
    bool negative_exponent = y.high < 0 && !(y.flags & RANGE_POSITIVE);
    return negative_exponent ? range_make(t, x.low, x.high, x.flags | RANGE_NONZERO) : x;
}

Range transfer_keep_domain(Primitive p, DType type, DType to, const Range *args, int which) {
    const PrimitiveInfo *info = &primitive_info[p];
    Range x = args[which];
    switch (info->domain) {
    case DOMAIN_NONE:
        return x;
    case DOMAIN_INTERVAL: {
        double from = dtype_bound(type, info->from), high = dtype_bound(type, info->to);
        unsigned flags = x.flags;
        if (from > -INFINITY) flags &= ~(unsigned)RANGE_NEGATIVE;
        if (high < INFINITY) flags &= ~(unsigned)RANGE_POSITIVE;
        return range_make(type, fmax(x.low, from), fmin(x.high, high), flags);
    }
    case DOMAIN_NONZERO:
        if (which != info->arity - 1) return x;
        if (x.low == 0 && x.high == 0) return range_make(type, INFINITY, -INFINITY, x.flags);
        return range_make(type, x.low, x.high, x.flags | RANGE_NONZERO);
    case DOMAIN_POLES: {
        /* An integer is above 0; any other number may be anywhere but at 0. */
        unsigned flags = (x.flags & ~(unsigned)RANGE_NEGATIVE) | RANGE_NONZERO;
        double low = x.flags & RANGE_INTEGRAL ? fmax(x.low, 1) : x.low;
        return range_make(type, low, x.high, flags);
    }
    case DOMAIN_POWER:
        return keep_power(type, args, which);
    case DOMAIN_CONVERT: {
        Range all = convertible(type, to);
        all.flags |= RANGE_NAN;
        return range_meet(type, x, all);
    }
    }
    return x;
}
