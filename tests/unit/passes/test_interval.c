/* The interval domain: laws of the lattice, soundness of every transfer function in every element
 * type, combinations in any order, and mutants that the harness must catch. */
#include "tests/unit/passes/laws.h"
#include "tests/unit/support.h"

Test(interval, lattice) {
    Random r = {1};
    cr_expect_eq(law_lattice(&interval_domain, &r, 20000), 0);
    NNA_CHECK_LEAKS();
}

Test(interval, transfer) {
    Random r = {2};
    for (int p = 0; p < PRIMITIVE_COUNT; p++) {
        for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
            if (!primitive_takes((Primitive)p, (DType)t)) continue;
            uint32_t broken =
                law_transfer(&interval_domain, (Primitive)p, (DType)t, &r, 400, false);
            cr_expect_eq(broken, 0, "%s in %s: %u", primitive_info[p].spelling,
                         dtype_info[t].spelling, broken);
            broken = law_monotony(&interval_domain, (Primitive)p, (DType)t, &r, 100);
            cr_expect_eq(broken, 0, "%s in %s is not monotone: %u", primitive_info[p].spelling,
                         dtype_info[t].spelling, broken);
        }
    }
    NNA_CHECK_LEAKS();
}

Test(interval, combine) {
    Random r = {3};
    static const DType types[] = {DTYPE_F16, DTYPE_BF16, DTYPE_F32, DTYPE_F64, DTYPE_I8,
                                  DTYPE_I32, DTYPE_I64,  DTYPE_U8,  DTYPE_U64};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        for (int combine = COMBINE_SUM; combine <= COMBINE_MIN; combine++) {
            uint32_t broken =
                law_combine(&interval_domain, (Combiner)combine, types[i], &r, 300, false);
            cr_expect_eq(broken, 0, "combiner %d in %s: %u", combine, dtype_info[types[i]].spelling,
                         broken);
        }
    }
    for (int combine = COMBINE_ALL; combine <= COMBINE_ANY; combine++) {
        cr_expect_eq(law_combine(&interval_domain, (Combiner)combine, DTYPE_BOOL, &r, 300, false),
                     0);
    }
    NNA_CHECK_LEAKS();
}

static const Primitive accumulated[] = {PRIMITIVE_ADD, PRIMITIVE_MUL, PRIMITIVE_MINIMUM,
                                        PRIMITIVE_MAXIMUM};

Test(interval, accumulate) {
    Random r = {5};
    for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
        if (t == DTYPE_BOOL) continue;
        for (size_t i = 0; i < sizeof accumulated / sizeof accumulated[0]; i++) {
            uint32_t broken =
                law_accumulate(&interval_domain, accumulated[i], (DType)t, &r, 1500, false);
            cr_expect_eq(broken, 0, "%s in %s: %u", primitive_info[accumulated[i]].spelling,
                         dtype_info[t].spelling, broken);
        }
    }
    /* As close as a count needs. */
    Range zero = range_make(DTYPE_F32, 0, 0, 0), one = range_make(DTYPE_F32, 1, 1, 0);
    Range count = interval_domain.accumulate(PRIMITIVE_ADD, DTYPE_F32, zero, one, 1000);
    cr_expect(count.low == 0 && count.high == 1000 && !(count.flags & RANGE_BAD));
    NNA_CHECK_LEAKS();
}

/* Mutants: what a plausible mistake would do to the domain. */
static Range inward(Range r, DType t) {
    return range_make(t, dtype_next_up(t, r.low), dtype_next_down(t, r.high), r.flags);
}

static Range forgets_rounding(Primitive p, DType type, DType to, const Range *args) {
    Range r = interval_domain.apply(p, type, to, args);
    return dtype_is_float(type) && range_has_finite(r) ? inward(r, type) : r;
}

static Range forgets_overflow(Primitive p, DType type, DType to, const Range *args) {
    Range r = interval_domain.apply(p, type, to, args);
    r.flags &= (uint8_t)~RANGE_INFINITE;
    return r;
}

static Range forgets_corners(Primitive p, DType type, DType to, const Range *args) {
    (void)to;
    const Range low[3] = {{args[0].low, args[0].low, 0}, {args[1].low, args[1].low, 0}, {0, 0, 0}};
    const Range high[3] = {
        {args[0].high, args[0].high, 0}, {args[1].high, args[1].high, 0}, {0, 0, 0}};
    if (!range_has_finite(args[0]) || !range_has_finite(args[1])) return interval_domain.top(type);
    return interval_domain.join(interval_domain.apply(p, type, type, low),
                                interval_domain.apply(p, type, type, high));
}

static Answer never(Primitive p, DType type, DType to, const Range *args) {
    (void)p, (void)type, (void)to, (void)args;
    return ANSWER_NEVER;
}

static void never_result(Primitive p, DType type, DType to, const Range *args, Answer *overflow,
                         Answer *undefined) {
    (void)p, (void)type, (void)to, (void)args;
    *overflow = *undefined = ANSWER_NEVER;
}

/* The sum of all terms, rounded once. */
static Range accumulates_exactly(Primitive p, DType type, Range start, Range term, int64_t count) {
    Range r = interval_domain.accumulate(p, type, start, term, count);
    if (!range_has_finite(r) || p != PRIMITIVE_ADD) return r;
    double high = dtype_round(type, start.high + (double)count * fmax(term.high, 0));
    double low = dtype_round(type, start.low + (double)count * fmin(term.low, 0));
    return range_make(type, fmax(low, r.low), fmin(high, r.high), r.flags);
}

static Range exact_sums(Combiner combine, DType type, Range term, int64_t low, int64_t high,
                        Answer *overflow, Answer *undefined) {
    Range r = interval_domain.combine(combine, type, term, low, high, overflow, undefined);
    if (!range_has_finite(r) || low != high) return r;
    return range_make(type, dtype_round_up(type, (double)low * term.low),
                      dtype_round_down(type, (double)high * term.high), r.flags);
}

Test(interval, mutants_are_caught) {
    AbstractDomain rounding = interval_domain, overflow = interval_domain, corner = interval_domain,
                   domain = interval_domain, result = interval_domain, sums = interval_domain,
                   steps = interval_domain;
    rounding.apply = forgets_rounding;
    overflow.apply = forgets_overflow;
    corner.apply = forgets_corners;
    domain.breaks_domain = never;
    result.breaks_result = never_result;
    sums.combine = exact_sums;
    steps.accumulate = accumulates_exactly;
    Random r = {4};
    cr_expect_gt(law_transfer(&rounding, PRIMITIVE_ADD, DTYPE_F32, &r, 400, true), 0);
    cr_expect_gt(law_transfer(&rounding, PRIMITIVE_SQRT, DTYPE_F16, &r, 400, true), 0);
    cr_expect_gt(law_transfer(&overflow, PRIMITIVE_MUL, DTYPE_F32, &r, 400, true), 0);
    cr_expect_gt(law_transfer(&corner, PRIMITIVE_SUB, DTYPE_F64, &r, 400, true), 0);
    for (int p = 0; p < PRIMITIVE_COUNT; p++) {
        const PrimitiveInfo *info = &primitive_info[p];
        DType t = DTYPE_F32;
        if (info->domain != DOMAIN_NONE) {
            cr_expect_gt(law_transfer(&domain, (Primitive)p, t, &r, 2000, true), 0, "%s",
                         info->spelling);
        }
        /* tan overflows in f16 alone. */
        if (info->result_code != NO_CODE && p != PRIMITIVE_TAN) {
            cr_expect_gt(law_transfer(&result, (Primitive)p, t, &r, 2000, true), 0, "%s",
                         info->spelling);
        }
    }
    cr_expect_gt(law_accumulate(&steps, PRIMITIVE_ADD, DTYPE_F16, &r, 1000, true), 0);
    cr_expect_gt(law_combine(&sums, COMBINE_SUM, DTYPE_F32, &r, 1000, true), 0);
    NNA_CHECK_LEAKS();
}

/* What people rely on, value by value. */
typedef struct Case {
    Primitive p;
    DType t;
    Range a, b;
    double low, high;
    unsigned flags;
} Case;

Test(interval, known_results) {
    const double inf = INFINITY;
    const Case cases[] = {
        {PRIMITIVE_EXP, DTYPE_F32, {-inf, 0, 0}, {0, 0, 0}, 0, 1, 0},
        {PRIMITIVE_EXP, DTYPE_F32, {0, 0, 0}, {0, 0, 0}, 1, 1, 0},
        {PRIMITIVE_LOG, DTYPE_F32, {1, 10, 0}, {0, 0, 0}, 0, 2.3025863, 0},
        {PRIMITIVE_SIGMOID, DTYPE_F32, {-200, 20, 0}, {0, 0, 0}, 0, 1, 0},
        {PRIMITIVE_TANH, DTYPE_F16, {0, 60000, 0}, {0, 0, 0}, 0, 1, 0},
        {PRIMITIVE_SQRT, DTYPE_F32, {0, 4, 0}, {0, 0, 0}, 0, 2, 0},
        {PRIMITIVE_SUB, DTYPE_F32, {1, 1, 0}, {0, 1, 0}, 0, 1, 0},
        {PRIMITIVE_DIV, DTYPE_F32, {0, 1, 0}, {1, 10, 0}, 0, 1, 0},
        {PRIMITIVE_ADD, DTYPE_F16, {0, 60000, 0}, {0, 60000, 0}, 0, 65504, RANGE_POSITIVE},
        {PRIMITIVE_MUL, DTYPE_F32, {0, 1, 0}, {-2, 3, 0}, -2, 3, 0},
        {PRIMITIVE_POW, DTYPE_F32, {0, 3, 0}, {2, 2, 0}, 0, 9.000004, 0},
        {PRIMITIVE_ADD, DTYPE_I8, {0, 100, 0}, {0, 100, 0}, -128, 127, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const Case *c = &cases[i];
        const Range args[2] = {range_make(c->t, c->a.low, c->a.high, c->a.flags),
                               range_make(c->t, c->b.low, c->b.high, c->b.flags)};
        const Range kept[2] = {range_finite_part(args[0]), args[1]};
        Range r = interval_domain.apply(c->p, c->t, c->t, kept);
        bool ok =
            r.low >= c->low && r.low <= c->low && r.high <= c->high && r.high >= c->high * 0.999999;
        cr_expect(ok, "case %zu: [%.9g, %.9g]", i, r.low, r.high);
        cr_expect_eq(r.flags & RANGE_BAD, c->flags, "case %zu: flags %x", i, r.flags);
    }
    Answer overflow, undefined;
    Range unit = range_make(DTYPE_F32, 0, 1, 0);
    Range sum =
        interval_domain.combine(COMBINE_SUM, DTYPE_F32, unit, 10, 10, &overflow, &undefined);
    cr_expect(sum.low == 0 && sum.high == 10 && overflow == ANSWER_NEVER);
    NNA_CHECK_LEAKS();
}
