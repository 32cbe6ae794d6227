/* The interval domain: the lattice of ranges, and what can break where.
 *
 * The conditions are those that the guards test (eval_condition_holds); NEVER is a proof that the
 * guard cannot trip on operands within the ranges. */
#include "passes/transfer.h"

static Range interval_top(DType type) {
    Range all = range_finite(type);
    if (dtype_is_float(type)) all.flags |= RANGE_BAD;
    return all;
}

static Range interval_bottom(DType type) {
    return range_make(type, INFINITY, -INFINITY, 0);
}

static bool interval_leq(Range a, Range b) {
    if (a.flags & ~b.flags & RANGE_BAD) return false;
    if (!range_has_finite(a)) return true;
    if (!range_has_finite(b) || a.low < b.low || a.high > b.high) return false;
    if ((b.flags & RANGE_NONZERO) && range_may_be_zero(a)) return false;
    return !(b.flags & RANGE_INTEGRAL) || (a.flags & RANGE_INTEGRAL);
}

/* An end that moves jumps to the next of 0, 1, some powers of 2 with their negatives, and the end
 * of the type, so that any chain is short. In steps of the exponent that double: a sum of numbers
 * that are at most y stops growing at about 2^(p+1) * y (rounding), which is found so. */
static double threshold(double magnitude) {
    double step = 1;
    for (int exponent = 2; step < magnitude; exponent *= 2) step = ldexp(1, exponent);
    return step;
}

static double widened_up(DType type, double next) {
    if (next <= 0) return next <= -1 ? -1 : 0;
    return fmin(threshold(next), range_finite(type).high);
}

static double widened_down(DType type, double next) {
    if (next >= 0) return next >= 1 ? 1 : 0;
    return fmax(-threshold(-next), range_finite(type).low);
}

static Range interval_widen(DType type, Range old, Range next) {
    if (!range_has_finite(old) || interval_leq(next, old)) return range_join(old, next);
    Range joined = range_join(old, next);
    double low = joined.low < old.low ? widened_down(type, joined.low) : old.low;
    double high = joined.high > old.high ? widened_up(type, joined.high) : old.high;
    return range_make(type, low, high, joined.flags);
}

static Range interval_constant(DType type, double value) {
    double rounded = dtype_round(type, value);
    if (isnan(rounded)) return range_make(type, INFINITY, -INFINITY, RANGE_NAN);
    /* Integers that a double does not hold: the caller gives the nearest one. */
    if (!dtype_is_float(type) && fabs(value) >= 0x1p53) {
        Range all = range_finite(type);
        return range_make(type, fmax(nextafter(value, -INFINITY), all.low),
                          fmin(nextafter(value, INFINITY), all.high), 0);
    }
    return range_make(type, rounded, rounded, 0);
}

/* Whether there are no operands: of a choice, the branch that is not taken may be empty. */
static bool any_empty(Primitive p, const Range *args) {
    for (int i = 0; i < (p == PRIMITIVE_SELECT ? 1 : primitive_info[p].arity); i++) {
        if (range_is_empty(args[i])) return true;
    }
    return false;
}

static DType result_type(Primitive p, DType type, DType to) {
    switch (primitive_info[p].class) {
    case PRIMITIVE_CLASS_COMPARE:
    case PRIMITIVE_CLASS_TEST:
        return DTYPE_BOOL;
    case PRIMITIVE_CLASS_CAST:
        return to;
    case PRIMITIVE_CLASS_FLOAT:
    case PRIMITIVE_CLASS_NUMBER:
    case PRIMITIVE_CLASS_LOGIC:
    case PRIMITIVE_CLASS_SELECT:
    case PRIMITIVE_CLASS_INDEX:
        break;
    }
    return type;
}

static Range interval_apply(Primitive p, DType type, DType to, const Range *args) {
    if (any_empty(p, args)) {
        /* Guards let a NaN pass that comes from elsewhere, whatever the other operands are. */
        Range r = interval_bottom(result_type(p, type, to));
        if (p == PRIMITIVE_SELECT) return r; /* a condition is no NaN: nothing comes here */
        for (int i = 0; dtype_is_float(result_type(p, type, to)) && i < primitive_info[p].arity;
             i++) {
            r.flags |= args[i].flags & RANGE_NAN;
        }
        return r;
    }
    return transfer_apply(p, type, to, args);
}

/* NEVER or MAYBE or ALWAYS, from whether some value can break it and some can keep it. */
static Answer answer(bool may_break, bool may_keep) {
    if (!may_break) return ANSWER_NEVER;
    return may_keep ? ANSWER_MAYBE : ANSWER_ALWAYS;
}

static Answer breaks_power(DType type, const Range *args) {
    Range x = args[0], y = args[1];
    bool negative = x.low < 0 || (x.flags & RANGE_NEGATIVE);
    bool exponent_negative = y.low < 0 || (y.flags & RANGE_NEGATIVE);
    bool fraction = range_has_finite(y) && !(y.flags & RANGE_INTEGRAL);
    bool breaks = (negative && fraction) || (range_may_be_zero(x) && exponent_negative);
    Range kept = transfer_keep_domain(PRIMITIVE_POW, type, type, args, 0);
    Range kept_y = transfer_keep_domain(PRIMITIVE_POW, type, type, args, 1);
    kept.flags &= (uint8_t)~RANGE_NAN;
    return answer(breaks, !range_is_empty(kept) && !range_is_empty(kept_y));
}

/* An integer that is 0 or below, or -inf, breaks it. */
static Answer breaks_poles(DType type, const Range *args) {
    Range x = args[0];
    bool pole = floor(fmin(x.high, 0)) >= x.low &&
                (floor(fmin(x.high, 0)) < 0 || x.low <= -1 || range_may_be_zero(x));
    Range kept = transfer_keep_domain(PRIMITIVE_LGAMMA, type, type, args, 0);
    kept.flags &= (uint8_t)~RANGE_NAN;
    return answer((range_has_finite(x) && pole) || (x.flags & RANGE_NEGATIVE),
                  !range_is_empty(kept));
}

static Answer interval_breaks_domain(Primitive p, DType type, DType to, const Range *args) {
    const PrimitiveInfo *info = &primitive_info[p];
    if (info->domain == DOMAIN_NONE || any_empty(p, args)) return ANSWER_NEVER;
    if (info->domain == DOMAIN_POWER) return breaks_power(type, args);
    if (info->domain == DOMAIN_POLES) return breaks_poles(type, args);
    int which = info->domain == DOMAIN_NONZERO ? info->arity - 1 : 0;
    Range x = args[which], kept = transfer_keep_domain(p, type, to, args, which);
    x.flags &= (uint8_t)~RANGE_NAN;
    kept.flags &= (uint8_t)~RANGE_NAN;
    if (range_is_empty(x)) return ANSWER_NEVER;
    return answer(!interval_leq(x, kept), !range_is_empty(kept));
}

static void integer_breaks(Primitive p, DType type, const Range *args, Answer *overflow) {
    Range kept[3];
    for (int i = 0; i < primitive_info[p].arity; i++) {
        kept[i] = transfer_keep_domain(p, type, type, args, i);
    }
    if (any_empty(p, kept) || primitive_info[p].class != PRIMITIVE_CLASS_NUMBER) return;
    if (p == PRIMITIVE_SIGN || p == PRIMITIVE_MINIMUM || p == PRIMITIVE_MAXIMUM) return;
    Range exact = transfer_integer_exact(p, type, kept), all = range_finite(type);
    /* 2^63 is no value of i64; as the rounded bound of one it may stand for the largest. */
    double lowest = all.low,
           most = dtype_info[type].precision > 53 ? nextafter(all.high, 0) : all.high;
    bool breaks = exact.low < lowest || exact.high > most;
    /* Copies of an operand as they are fit. */
    if (p == PRIMITIVE_MOD || (p == PRIMITIVE_ABS && args[0].low >= 0)) breaks = false;
    if (p == PRIMITIVE_NEG || p == PRIMITIVE_ABS) {
        bool is_unsigned = dtype_info[type].class == DTYPE_CLASS_UNSIGNED;
        breaks = is_unsigned ? p == PRIMITIVE_NEG && args[0].high > 0 : args[0].low <= lowest;
    }
    if (p == PRIMITIVE_DIV) {
        breaks = dtype_info[type].class == DTYPE_CLASS_SIGNED && args[0].low <= lowest &&
                 args[1].low <= -1 && args[1].high >= -1;
    }
    bool may_keep = exact.high >= lowest && exact.low <= all.high;
    *overflow = answer(breaks, may_keep);
}

static void interval_breaks_result(Primitive p, DType type, DType to, const Range *args,
                                   Answer *overflow, Answer *undefined) {
    const PrimitiveInfo *info = &primitive_info[p];
    *overflow = *undefined = ANSWER_NEVER;
    if (any_empty(p, args)) return;
    if (!dtype_is_float(type)) {
        integer_breaks(p, type, args, overflow);
        return;
    }
    if (info->result_code == NO_CODE) return;
    Range finite[3], kept[3];
    for (int i = 0; i < info->arity; i++) {
        kept[i] = transfer_keep_domain(p, type, to, args, i);
        kept[i].flags &= (uint8_t)~RANGE_NAN;
        finite[i] = range_finite_part(kept[i]);
    }
    if (any_empty(p, kept)) return;
    if (!any_empty(p, finite)) {
        Range r = transfer_apply(p, type, to, finite);
        *overflow = answer((r.flags & RANGE_BAD) != 0, range_has_finite(r));
    }
    Range r = transfer_apply(p, type, to, kept);
    *undefined =
        answer((r.flags & RANGE_NAN) != 0, range_has_finite(r) || range_may_be_infinite(r));
}

const AbstractDomain interval_domain = {
    .name = "interval",
    .top = interval_top,
    .bottom = interval_bottom,
    .leq = interval_leq,
    .join = range_join,
    .meet = range_meet,
    .widen = interval_widen,
    .constant = interval_constant,
    .apply = interval_apply,
    .breaks_domain = interval_breaks_domain,
    .breaks_result = interval_breaks_result,
    .keep_domain = transfer_keep_domain,
    .combine = transfer_combine,
    .combine_groups = transfer_combine_groups,
    .accumulate = transfer_accumulate,
    .average = transfer_average,
};
