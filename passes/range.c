/* Ranges as data: their normal form, contracts as ranges, and their text. */
#include "passes/range.h"

/* No finite value; all there are, are integers. */
static Range without_finite(unsigned flags) {
    unsigned kept = (flags & RANGE_BAD) | RANGE_INTEGRAL;
    return (Range){INFINITY, -INFINITY, (uint8_t)kept};
}

Range range_make(DType type, double low, double high, unsigned flags) {
    if (!dtype_is_float(type)) flags = (flags & ~(unsigned)RANGE_BAD) | RANGE_INTEGRAL;
    if (low <= high && dtype_is_float(type)) {
        double max = dtype_info[type].max;
        if (high > max) flags |= RANGE_POSITIVE;
        if (low < -max) flags |= RANGE_NEGATIVE;
        if (low < -max && high >= -max) low = -max;
        if (high > max && low <= max) high = max;
        if (low > max || high < -max) return without_finite(flags);
    }
    if (flags & RANGE_INTEGRAL) {
        low = ceil(low);
        high = floor(high);
    }
    double tiny = flags & RANGE_INTEGRAL ? 1 : dtype_info[type].min_subnormal;
    if ((flags & RANGE_NONZERO) && low == 0) low = tiny;
    if ((flags & RANGE_NONZERO) && high == 0) high = -tiny;
    if (!(low < 0 && high > 0)) flags &= ~(unsigned)RANGE_NONZERO;
    if (!(low <= high)) return without_finite(flags);
    /* Equality is meant: a point that is an integer. */
    if (low == high && low == rint(low)) flags |= RANGE_INTEGRAL;
    return (Range){low + 0.0, high + 0.0, (uint8_t)flags};
}

Range range_finite(DType type) {
    if (dtype_is_float(type))
        return range_make(type, -dtype_info[type].max, dtype_info[type].max, 0);
    /* 2^63 - 1 and 2^64 - 1 round up to the power of two, outwards. */
    return range_make(type, dtype_bound(type, BOUND_LOWEST),
                      ldexp(1, dtype_info[type].precision) - 1, 0);
}

bool range_holds(Range r, double value) {
    if (isnan(value)) return (r.flags & RANGE_NAN) != 0;
    if (isinf(value)) return (r.flags & (value > 0 ? RANGE_POSITIVE : RANGE_NEGATIVE)) != 0;
    if (value < r.low || value > r.high) return false;
    if (value == 0 && (r.flags & RANGE_NONZERO)) return false;
    return !(r.flags & RANGE_INTEGRAL) || value == rint(value);
}

static Range range_of_set(const Contract *c, DType type) {
    double low = INFINITY, high = -INFINITY;
    unsigned flags = RANGE_INTEGRAL | RANGE_NONZERO;
    for (uint32_t i = 0; i < c->value_count; i++) {
        double value = dtype_round(type, c->values[i]);
        low = fmin(low, value);
        high = fmax(high, value);
        if (value != rint(value)) flags &= ~(unsigned)RANGE_INTEGRAL;
        if (value == 0) flags &= ~(unsigned)RANGE_NONZERO;
    }
    return range_make(type, low, high, flags);
}

Range range_of_contract(const Contract *c, DType type) {
    Range all = range_finite(type);
    double low, high;
    switch (c->kind) {
    case CONTRACT_ANY:
        if (dtype_is_float(type)) all.flags |= RANGE_BAD;
        return all;
    case CONTRACT_FINITE:
        return all;
    case CONTRACT_SET:
        return range_of_set(c, type);
    case CONTRACT_ONEHOT:
        return range_make(type, 0, 1, RANGE_INTEGRAL);
    /* A sum of 1 within 1e-3 lets one element reach 1.001. */
    case CONTRACT_SIMPLEX:
        return range_make(type, 0, dtype_round_down(type, 1.001), 0);
    case CONTRACT_INTERVAL:
        /* The bounds are rounded to the type, as contract_allows does: 1e30 is inf in f16, and
         * keeps nothing out, open or not. */
        low = dtype_round(type, c->low);
        high = dtype_round(type, c->high);
        if (c->open_low) low = dtype_next_up(type, dtype_is_float(type) ? low : floor(low));
        if (c->open_high) high = dtype_next_down(type, dtype_is_float(type) ? high : ceil(high));
        return range_make(type, fmax(low, all.low), fmin(high, all.high), 0);
    }
    return all;
}

void range_print(Range r, DType dtype, Buf *out) {
    if (range_is_empty(r)) {
        buf_put(out, "never");
        return;
    }
    const char *between = "";
    int digits = dtype_is_float(dtype) ? 6 : 17;
    if (range_has_finite(r)) {
        bool point = r.low == r.high;
        buf_put_char(out, point ? '{' : '[');
        buf_put_rounded(out, r.low, digits);
        if (!point) {
            buf_put(out, ", ");
            buf_put_rounded(out, r.high, digits);
        }
        buf_put_char(out, point ? '}' : ']');
        if (r.flags & RANGE_NONZERO) buf_put(out, " but 0");
        between = " or ";
    }
    static const char *const names[] = {"inf", "-inf", "NaN"};
    static const unsigned bits[] = {RANGE_POSITIVE, RANGE_NEGATIVE, RANGE_NAN};
    for (int i = 0; i < 3; i++) {
        if (!(r.flags & bits[i])) continue;
        buf_put(out, between);
        buf_put(out, names[i]);
        between = " or ";
    }
}
