/* Exact arithmetic, for comparison (--real): the interval domain over doubles whatever the element
 * type, so that nothing is rounded to it, underflows or is absorbed in it.
 *
 * What an element type can hold stays a limit: beyond its largest number there is an infinity, and
 * exp is in danger where it was. Thresholds that are there because of rounding (the smallest number
 * of log, the neighbours of 1) are those of doubles, which stand for the real numbers here: their
 * own rounding is not made up for. So a proof by this domain says nothing about a binary, and the
 * command makes none. */
#include "passes/real.h"

#include "passes/transfer.h"

static DType wide(DType t) {
    return dtype_is_float(t) ? DTYPE_F64 : t;
}

/* The type whose thresholds count: the element type where it is about overflow. */
static DType limited(Primitive p, DType t) {
    const PrimitiveInfo *info = &primitive_info[p];
    bool rounds = info->domain != DOMAIN_INTERVAL || info->from == BOUND_TINY ||
                  info->from == BOUND_ABOVE_MINUS_ONE || info->to == BOUND_BELOW_ONE;
    return rounds ? wide(t) : t;
}

/* In the limits of the element type. */
static Range held(DType t, Range r) {
    return dtype_is_float(t) && range_has_finite(r) ? range_make(t, r.low, r.high, r.flags) : r;
}

static DType result_type(Primitive p, DType type, DType to) {
    PrimitiveClass class = primitive_info[p].class;
    if (class == PRIMITIVE_CLASS_COMPARE || class == PRIMITIVE_CLASS_TEST) return DTYPE_BOOL;
    return class == PRIMITIVE_CLASS_CAST ? to : type;
}

static Range real_top(DType type) {
    return interval_domain.top(type);
}
static Range real_bottom(DType type) {
    return interval_domain.bottom(type);
}
static bool real_leq(Range a, Range b) {
    return interval_domain.leq(a, b);
}
static Range real_widen(DType type, Range old, Range next) {
    return interval_domain.widen(type, old, next);
}

static Range real_constant(DType type, double value) {
    return dtype_is_float(type) && !isnan(value) ? range_make(type, value, value, 0)
                                                 : interval_domain.constant(type, value);
}

static Range real_apply(Primitive p, DType type, DType to, const Range *args) {
    return held(result_type(p, type, to),
                interval_domain.apply(p, wide(type), wide(to), args));
}

static Answer real_breaks_domain(Primitive p, DType type, DType to, const Range *args) {
    return interval_domain.breaks_domain(p, limited(p, type), to, args);
}

static Range real_keep_domain(Primitive p, DType type, DType to, const Range *args, int which) {
    return interval_domain.keep_domain(p, limited(p, type), to, args, which);
}

static Answer answer(bool may_break, bool may_keep) {
    if (!may_break) return ANSWER_NEVER;
    return may_keep ? ANSWER_MAYBE : ANSWER_ALWAYS;
}

static void real_breaks_result(Primitive p, DType type, DType to, const Range *args,
                               Answer *overflow, Answer *undefined) {
    if (!dtype_is_float(type)) {
        interval_domain.breaks_result(p, type, to, args, overflow, undefined);
        return;
    }
    Range finite[3], kept[3];
    bool empty = false, unfinite = false;
    *overflow = *undefined = ANSWER_NEVER;
    for (int i = 0; i < primitive_info[p].arity; i++) {
        kept[i] = range_only_numbers(real_keep_domain(p, type, to, args, i));
        finite[i] = range_finite_part(kept[i]);
        empty = empty || range_is_empty(kept[i]);
        unfinite = unfinite || range_is_empty(finite[i]);
    }
    if (empty || primitive_info[p].result_code == NO_CODE) return;
    if (!unfinite) {
        Range r = real_apply(p, type, to, finite);
        *overflow = answer((r.flags & RANGE_BAD) != 0, range_has_finite(r));
    }
    Range r = real_apply(p, type, to, kept);
    *undefined =
        answer((r.flags & RANGE_NAN) != 0, range_has_finite(r) || range_may_be_infinite(r));
}

static Range real_combine(Combiner combine, DType type, Range term, int64_t count_low,
                          int64_t count_high, Answer *overflow, Answer *undefined) {
    Range r = held(type, interval_domain.combine(combine, wide(type), term, count_low, count_high,
                                                 overflow, undefined));
    bool made = (r.flags & ~(unsigned)term.flags & RANGE_INFINITE) != 0;
    if (*overflow == ANSWER_NEVER && made) *overflow = answer(true, range_has_finite(r));
    return r;
}

static Range real_combine_groups(Combiner combine, DType type, uint32_t count,
                                 const TermGroup *groups, Answer *overflow) {
    Range r = held(type, interval_domain.combine_groups(combine, wide(type), count, groups,
                                                        overflow));
    if (*overflow == ANSWER_NEVER && range_may_be_infinite(r)) *overflow = ANSWER_MAYBE;
    return r;
}

static Range real_accumulate(Primitive p, DType type, Range start, Range term,
                             int64_t count_high) {
    return held(type, interval_domain.accumulate(p, wide(type), start, term, count_high));
}

static Range real_average(DType type, Range term, int64_t count_high) {
    return held(type, interval_domain.average(wide(type), term, count_high));
}

const AbstractDomain real_domain = {
    .name = "real",
    .top = real_top,
    .bottom = real_bottom,
    .leq = real_leq,
    .join = range_join,
    .meet = range_meet,
    .widen = real_widen,
    .constant = real_constant,
    .apply = real_apply,
    .breaks_domain = real_breaks_domain,
    .breaks_result = real_breaks_result,
    .keep_domain = real_keep_domain,
    .combine = real_combine,
    .combine_groups = real_combine_groups,
    .accumulate = real_accumulate,
    .average = real_average,
};

/* DEBAR's danger zones (Zhang et al., 2020), in place of the thresholds of the element type: of a
 * division, where the divisor is in it; else the operand. Of log1p its zone is the number -1 alone,
 * which is below the domain's border here as log's is; nothing else is in danger for it. */
typedef struct Zone {
    Primitive primitive;
    double low, high;
} Zone;

static const Zone zones[] = {
    {PRIMITIVE_EXP, 87.49823353377374, INFINITY}, /* log(1e38) */
    {PRIMITIVE_EXPM1, 87.49823353377374, INFINITY},
    {PRIMITIVE_LOG, -INFINITY, 1e-37},
    {PRIMITIVE_LOG1P, -INFINITY, -1 + 1e-37},
    {PRIMITIVE_SQRT, -INFINITY, -1e-37},
    {PRIMITIVE_DIV, -1e-37, 1e-37},
};

static const Zone *zone_of(Primitive p, DType type) {
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        if (zones[i].primitive == p && dtype_is_float(type)) return &zones[i];
    }
    return NULL;
}

static Answer zone_breaks_domain(Primitive p, DType type, DType to, const Range *args) {
    const Zone *zone = zone_of(p, type);
    (void)to;
    if (zone == NULL) return ANSWER_NEVER;
    Range x = args[primitive_info[p].arity - 1];
    bool low = (x.flags & RANGE_NEGATIVE) && isinf(zone->low);
    bool high = (x.flags & RANGE_POSITIVE) && isinf(zone->high);
    bool meets = range_has_finite(x) && x.low <= zone->high && x.high >= zone->low;
    bool inside = x.low >= zone->low && x.high <= zone->high;
    return answer(meets || low || high, !inside);
}

static void zone_breaks_result(Primitive p, DType type, DType to, const Range *args,
                               Answer *overflow, Answer *undefined) {
    (void)p, (void)type, (void)to, (void)args;
    *overflow = *undefined = ANSWER_NEVER;
}

static Range zone_combine(Combiner combine, DType type, Range term, int64_t count_low,
                          int64_t count_high, Answer *overflow, Answer *undefined) {
    Range r = real_combine(combine, type, term, count_low, count_high, overflow, undefined);
    *overflow = *undefined = ANSWER_NEVER;
    return r;
}

const AbstractDomain zone_domain = {
    .name = "zones",
    .top = real_top,
    .bottom = real_bottom,
    .leq = real_leq,
    .join = range_join,
    .meet = range_meet,
    .widen = real_widen,
    .constant = real_constant,
    .apply = real_apply,
    .breaks_domain = zone_breaks_domain,
    .breaks_result = zone_breaks_result,
    .keep_domain = real_keep_domain,
    .combine = zone_combine,
    .combine_groups = real_combine_groups,
    .accumulate = real_accumulate,
    .average = real_average,
};
