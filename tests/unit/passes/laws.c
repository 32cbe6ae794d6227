/* The laws of an abstract domain, on random operands: see laws.h. */
#include "tests/unit/passes/laws.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

/* xorshift64*: the same sequence everywhere. */
uint64_t random_next(Random *r) {
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * 0x2545F4914F6CDD1Du;
}

uint32_t random_below(Random *r, uint32_t bound) {
    return (uint32_t)((random_next(r) >> 33) % bound);
}

static double random_unit(Random *r) {
    return (double)(random_next(r) >> 11) * 0x1p-53;
}

static double float_value(Random *r, DType t) {
    static const double fixed[] = {0,    1,    -1,   0.5,  2,     -2,    3,     -0.5, 10,   -10,
                                   88,   -88,  100,  -104, 16.64, -17.4, 1.5,   3.14, 6.28, -3.14,
                                   1e-3, -1e3, 1e30, 255,  127,   32768, 65504, 4096, 0.1,  7};
    const DTypeInfo *info = &dtype_info[t];
    double value = 0;
    switch (random_below(r, 8)) {
    case 0:
        value = fixed[random_below(r, sizeof fixed / sizeof fixed[0])];
        break;
    case 1: {
        static const Bound edges[] = {BOUND_LOWEST, BOUND_MINUS_ONE,  BOUND_ABOVE_MINUS_ONE,
                                      BOUND_ZERO,   BOUND_TINY,       BOUND_BELOW_ONE,
                                      BOUND_ONE,    BOUND_EXP,        BOUND_EXP2,
                                      BOUND_SINH,   BOUND_MINUS_SINH, BOUND_MAX};
        value = dtype_bound(t, edges[random_below(r, sizeof edges / sizeof edges[0])]);
        break;
    }
    case 2:
        value = info->min_normal * (random_unit(r) * 4 - 2);
        break;
    case 3:
        value = info->max * (random_unit(r) * 2 - 1);
        break;
    case 4:
        value = (double)((int)random_below(r, 200) - 100);
        break;
    case 5:
        value = random_unit(r) * 4 - 2;
        break;
    case 6:
        value = (random_unit(r) * 2 - 1) * ldexp(1, (int)random_below(r, 40) - 20);
        break;
    default: {
        int span = (int)log2(info->max) - (int)log2(info->min_subnormal);
        value = ldexp(1 + random_unit(r),
                      (int)log2(info->min_subnormal) + (int)random_below(r, (uint32_t)span));
        if (random_below(r, 2)) value = -value;
    }
    }
    value = dtype_round(t, value);
    for (uint32_t i = random_below(r, 3); i > 0; i--) {
        value = random_below(r, 2) ? dtype_next_up(t, value) : dtype_next_down(t, value);
    }
    if (isinf(value)) value = copysign(info->max, value);
    return value == 0 && random_below(r, 2) ? -value : value;
}

/* Bits of an integer of the type, sign extended. */
static int64_t integer_value(Random *r, DType t) {
    int bits = dtype_info[t].precision;
    bool is_signed = dtype_info[t].class == DTYPE_CLASS_SIGNED;
    uint64_t most = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    int64_t value = 0;
    switch (random_below(r, 4)) {
    case 0:
        value = (int64_t)random_below(r, 7);
        break;
    case 1:
        value = (int64_t)(most - random_below(r, 3));
        break;
    case 2:
        value = (int64_t)(random_next(r) & most & (most >> random_below(r, (uint32_t)bits)));
        break;
    default:
        value = (int64_t)(random_below(r, 300) & most);
        break;
    }
    if (!is_signed) return (int64_t)((uint64_t)value & most);
    return random_below(r, 2) ? -value - (int64_t)random_below(r, 2) : value;
}

Cell random_value(Random *r, DType t) {
    if (dtype_is_float(t)) return (Cell){.f = float_value(r, t)};
    if (t == DTYPE_BOOL) return (Cell){.i = (int64_t)random_below(r, 2)};
    return (Cell){.i = integer_value(r, t)};
}

double cell_double(DType t, Cell c) {
    if (dtype_is_float(t)) return c.f;
    return t == DTYPE_U64 ? (double)(uint64_t)c.i : (double)c.i;
}

bool range_holds_cell(Range r, DType t, Cell c) {
    if (dtype_is_float(t)) return range_holds(r, c.f);
    long double value = t == DTYPE_U64 ? (long double)(uint64_t)c.i : (long double)c.i;
    if (value == 0 && (r.flags & RANGE_NONZERO)) return false;
    return value >= (long double)r.low && value <= (long double)r.high;
}

/* A third points and neighbours, a third narrow, a third wide. */
Range random_range(Random *r, DType t) {
    double a = cell_double(t, random_value(r, t)), b = cell_double(t, random_value(r, t));
    uint32_t kind = random_below(r, 3);
    if (kind == 0) b = a;
    if (kind == 0 && random_below(r, 2)) b = dtype_next_up(t, a);
    if (kind == 1)
        b = dtype_round(t,
                        a + fabs(a) * random_unit(r) + (random_below(r, 2) ? random_unit(r) : 0));
    if (!dtype_is_float(t)) {
        b = floor(b);
        Range all = range_finite(t);
        b = fmin(fmax(b, all.low), all.high);
        if (fabs(a) > 0x1p53) a = a > 0 ? nextafter(a, 0) : a;
    }
    unsigned flags = 0;
    if (random_below(r, 4) == 0) flags |= RANGE_NONZERO;
    if (random_below(r, 4) == 0) flags |= RANGE_INTEGRAL;
    if (dtype_is_float(t) && random_below(r, 6) == 0) flags |= 1u << random_below(r, 3);
    if (dtype_is_float(t) && random_below(r, 40) == 0)
        return range_make(t, INFINITY, -INFINITY, flags);
    if (isinf(b)) b = copysign(dtype_info[t].max, b);
    return range_make(t, fmin(a, b), fmax(a, b), flags);
}

static bool inside_float(Random *r, DType t, Range range, Cell *out) {
    double width = range.high - range.low, x = range.low;
    switch (random_below(r, 6)) {
    case 0:
        x = range.low;
        break;
    case 1:
        x = range.high;
        break;
    case 2:
        x = dtype_round(t, range.low / 2 + range.high / 2);
        break;
    case 3:
        x = isinf(width) ? range.high * random_unit(r)
                         : dtype_round(t, range.low + width * random_unit(r));
        break;
    case 4:
        x = random_below(r, 2) ? dtype_next_up(t, range.low) : dtype_next_down(t, range.high);
        break;
    default:
        x = float_value(r, t);
    }
    if (range.flags & RANGE_INTEGRAL) x = rint(x);
    x = dtype_round(t, x);
    if (x == 0 && random_below(r, 2)) x = -x;
    static const double odd[] = {NAN, INFINITY, -INFINITY};
    if ((range.flags & RANGE_BAD) && random_below(r, 2)) x = odd[random_below(r, 3)];
    if (!range_holds(range, x)) x = range.low;
    *out = (Cell){.f = x};
    return range_holds(range, x);
}

bool random_inside(Random *r, DType t, Range range, Cell *out) {
    if (dtype_is_float(t)) {
        for (int i = 0; i < 4; i++) {
            if (inside_float(r, t, range, out)) return true;
        }
        return false;
    }
    for (int i = 0; i < 4; i++) {
        *out = random_value(r, t);
        if (random_below(r, 2)) {
            double end = random_below(r, 2) ? range.low : range.high;
            if (fabs(end) < 0x1p53) out->i = (int64_t)end;
        }
        if (range_holds_cell(range, t, *out)) return true;
    }
    return false;
}

bool primitive_takes(Primitive p, DType t) {
    switch (primitive_info[p].class) {
    case PRIMITIVE_CLASS_FLOAT:
    case PRIMITIVE_CLASS_TEST:
        return dtype_is_float(t);
    case PRIMITIVE_CLASS_NUMBER:
        return t != DTYPE_BOOL;
    case PRIMITIVE_CLASS_INDEX:
        return t == DTYPE_I64;
    case PRIMITIVE_CLASS_LOGIC:
        return t == DTYPE_BOOL;
    case PRIMITIVE_CLASS_COMPARE:
    case PRIMITIVE_CLASS_SELECT:
    case PRIMITIVE_CLASS_CAST:
        return true;
    }
    return false;
}

bool keeps_domain(Primitive p, DType t, DType to, const Cell *args) {
    const PrimitiveInfo *info = &primitive_info[p];
    Cell last = args[info->arity - 1];
    switch (info->domain) {
    case DOMAIN_NONE:
        return true;
    case DOMAIN_INTERVAL:
        return args[0].f >= dtype_bound(t, info->from) && args[0].f <= dtype_bound(t, info->to);
    case DOMAIN_NONZERO:
        return dtype_is_float(t) ? last.f != 0 : last.i != 0;
    case DOMAIN_POLES:
        return args[0].f > 0 || args[0].f != rint(args[0].f);
    case DOMAIN_POWER:
        return args[0].f > 0 || (args[0].f == 0 && args[1].f >= 0) ||
               (args[0].f < 0 && args[1].f == rint(args[1].f));
    /* No result code: the whole condition is the domain. */
    case DOMAIN_CONVERT:
        return eval_condition_holds(p, t, to, args, eval_primitive(p, t, to, args), true, true);
    }
    return false;
}

static DType result_of(Primitive p, DType t, DType to) {
    if (primitive_info[p].class == PRIMITIVE_CLASS_CAST) return to;
    bool test = primitive_info[p].class == PRIMITIVE_CLASS_COMPARE ||
                primitive_info[p].class == PRIMITIVE_CLASS_TEST;
    return test ? DTYPE_BOOL : t;
}

static void show(const char *what, Primitive p, DType t, DType to, const Range *ranges,
                 const Cell *args, Cell result, Range got) {
    fprintf(stderr, "%s: %s %s->%s", what, primitive_info[p].spelling, dtype_info[t].spelling,
            dtype_info[to].spelling);
    for (int i = 0; i < primitive_info[p].arity; i++) {
        DType a = p == PRIMITIVE_SELECT && i == 0 ? DTYPE_BOOL : t;
        fprintf(stderr, " [%a, %a] %x: %a;", ranges[i].low, ranges[i].high, ranges[i].flags,
                cell_double(a, args[i]));
    }
    fprintf(stderr, " = %a, range [%a, %a] %x\n", cell_double(result_of(p, t, to), result), got.low,
            got.high, got.flags);
}

uint32_t law_transfer(const AbstractDomain *d, Primitive p, DType t, Random *r, uint32_t trials,
                      bool quiet) {
    uint32_t broken = 0;
    int arity = primitive_info[p].arity;
    for (uint32_t trial = 0; trial < trials; trial++) {
        DType to = t;
        if (primitive_info[p].class == PRIMITIVE_CLASS_CAST)
            to = (DType)(1 + random_below(r, DTYPE_COUNT - 1));
        Range ranges[3];
        for (int i = 0; i < arity; i++) {
            ranges[i] = random_range(r, p == PRIMITIVE_SELECT && i == 0 ? DTYPE_BOOL : t);
        }
        Range got = d->apply(p, t, to, ranges);
        Answer domain = d->breaks_domain(p, t, to, ranges), overflow, undefined;
        d->breaks_result(p, t, to, ranges, &overflow, &undefined);
        Range kept[3];
        for (int i = 0; i < arity; i++) kept[i] = d->keep_domain(p, t, to, ranges, i);
        for (int point = 0; point < 6; point++) {
            Cell args[3] = {{.f = 0}};
            bool ok = true, any_nan = false;
            for (int i = 0; i < arity; i++) {
                DType a = p == PRIMITIVE_SELECT && i == 0 ? DTYPE_BOOL : t;
                ok = ok && random_inside(r, a, ranges[i], &args[i]);
                any_nan = any_nan || (dtype_is_float(a) && isnan(args[i].f));
            }
            if (!ok) continue;
            Cell result = eval_primitive(p, t, to, args);
            bool in_domain = keeps_domain(p, t, to, args);
            bool holds = eval_condition_holds(p, t, to, args, result, true, true);
            const char *what = NULL;
            if ((in_domain || any_nan) && !range_holds_cell(got, result_of(p, t, to), result))
                what = "outside";
            if (!holds && domain == ANSWER_NEVER && overflow == ANSWER_NEVER &&
                undefined == ANSWER_NEVER) {
                what = "unsafe though proved";
            }
            if (!any_nan && in_domain && domain == ANSWER_ALWAYS) what = "always broken, yet kept";
            for (int i = 0; i < arity && in_domain && !any_nan; i++) {
                DType a = p == PRIMITIVE_SELECT && i == 0 ? DTYPE_BOOL : t;
                if (!range_holds_cell(kept[i], a, args[i])) what = "cut off though in the domain";
            }
            if (what == NULL) continue;
            if (broken++ < 2 && !quiet) show(what, p, t, to, ranges, args, result, got);
        }
    }
    return broken;
}

uint32_t law_monotony(const AbstractDomain *d, Primitive p, DType t, Random *r, uint32_t trials) {
    uint32_t broken = 0;
    for (uint32_t trial = 0; trial < trials; trial++) {
        Range small[3], large[3];
        for (int i = 0; i < primitive_info[p].arity; i++) {
            DType a = p == PRIMITIVE_SELECT && i == 0 ? DTYPE_BOOL : t;
            small[i] = random_range(r, a);
            large[i] = random_below(r, 2) ? small[i] : d->join(small[i], random_range(r, a));
        }
        DType to = primitive_info[p].class == PRIMITIVE_CLASS_CAST ? DTYPE_F16 : t;
        Range a = d->apply(p, t, to, small), b = d->apply(p, t, to, large);
        /* Library functions are monotone only up to their error. */
        for (int step = 0; step < 4 * primitive_info[p].ulp && range_has_finite(b); step++) {
            b = range_make(t, dtype_next_down(t, b.low), dtype_next_up(t, b.high),
                           b.flags & RANGE_BAD);
        }
        if (primitive_info[p].ulp > 0) b.flags |= a.flags & RANGE_INFINITE;
        if (d->leq(a, b)) continue;
        const Cell none[3] = {{.f = 0}};
        if (broken++ < 2) show("not monotone", p, t, to, small, none, none[0], a);
        if (broken <= 2) show("    in", p, t, to, large, none, none[0], b);
    }
    return broken;
}

uint32_t law_lattice(const AbstractDomain *d, Random *r, uint32_t trials) {
    uint32_t broken = 0;
    for (uint32_t trial = 0; trial < trials; trial++) {
        DType t = (DType)(1 + random_below(r, DTYPE_COUNT - 1));
        Range a = random_range(r, t), b = random_range(r, t);
        Range join = d->join(a, b), meet = d->meet(t, a, b), wide = d->widen(t, a, b);
        bool ok = d->leq(a, a) && d->leq(a, join) && d->leq(b, join) && d->leq(meet, a) &&
                  d->leq(meet, b) && d->leq(a, wide) && d->leq(b, wide) && d->leq(a, d->top(t)) &&
                  d->leq(d->bottom(t), a) && d->leq(meet, join);
        /* A chain of widenings stops within the number of thresholds of both ends and the flags. */
        int steps = 0;
        for (Range at = a; steps < 30; steps++) {
            Range next = d->widen(t, at, random_range(r, t));
            if (d->leq(next, at)) continue;
            at = next;
        }
        Cell value;
        if (random_inside(r, t, a, &value)) {
            ok = ok && range_holds_cell(join, t, value) && range_holds_cell(wide, t, value);
            ok = ok && (!range_holds_cell(b, t, value) || range_holds_cell(meet, t, value));
        }
        if (!ok && broken++ < 3) {
            fprintf(stderr, "lattice: %s [%a, %a] %x and [%a, %a] %x\n", dtype_info[t].spelling,
                    a.low, a.high, a.flags, b.low, b.high, b.flags);
        }
    }
    return broken;
}

/* Combines terms[0..count) as a random tree. */
Cell random_tree(Random *r, Primitive p, DType t, Cell *terms, uint32_t count) {
    while (count > 1) {
        uint32_t i = random_below(r, 3) == 0 ? random_below(r, count) : 0;
        uint32_t j = random_below(r, 2) ? count - 1 : random_below(r, count);
        if (i == j) j = (i + 1) % count;
        const Cell args[3] = {terms[i], terms[j], {0}};
        Cell sum = eval_primitive(p, t, t, args);
        terms[i] = sum;
        terms[j] = terms[count - 1];
        count--;
        /* The accumulator may have moved to the end. */
    }
    return terms[0];
}

/* A start and terms, in turn; what a step makes NaN or infinite by itself ends the run. */
static bool accumulated(Random *r, Primitive p, DType t, Range start, Range term, uint32_t count,
                        bool alike, Cell *out) {
    Cell one;
    if (!random_inside(r, t, start, out) || !random_inside(r, t, term, &one)) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!alike && !random_inside(r, t, term, &one)) return false;
        const Cell args[3] = {*out, one, {0}};
        Cell next = eval_primitive(p, t, t, args);
        if (!eval_condition_holds(p, t, t, args, next, true, true)) return false;
        *out = next;
    }
    return true;
}

uint32_t law_accumulate(const AbstractDomain *d, Primitive p, DType t, Random *r, uint32_t trials,
                        bool quiet) {
    uint32_t broken = 0;
    for (uint32_t trial = 0; trial < trials; trial++) {
        Range start = random_range(r, t), term = random_range(r, t);
        uint32_t most = random_below(r, 4) == 0 ? 200 : random_below(r, 12);
        Range got = d->accumulate(p, t, start, term, most);
        for (int run = 0; run < 6; run++) {
            uint32_t count = run < 2 ? most : random_below(r, most + 1);
            Cell result;
            if (!accumulated(r, p, t, start, term, count, run % 2 == 0, &result)) continue;
            if (range_holds_cell(got, t, result)) continue;
            if (broken++ < 2 && !quiet) {
                fprintf(stderr,
                        "accumulate %s %s [%a, %a] %x by [%a, %a] %x, %u of %u: %a, range "
                        "[%a, %a] %x\n",
                        primitive_info[p].spelling, dtype_info[t].spelling, start.low, start.high,
                        start.flags, term.low, term.high, term.flags, count, most,
                        cell_double(t, result), got.low, got.high, got.flags);
            }
        }
    }
    return broken;
}

uint32_t law_combine(const AbstractDomain *d, Combiner combine, DType t, Random *r, uint32_t trials,
                     bool quiet) {
    enum { MOST = 300 };
    uint32_t broken = 0;
    for (uint32_t trial = 0; trial < trials; trial++) {
        Range term = random_range(r, t);
        uint32_t low = random_below(r, 6) == 0 ? 0 : 1 + random_below(r, 12);
        uint32_t high = low + (random_below(r, 2) ? 0 : random_below(r, 30));
        if (random_below(r, 8) == 0) low = high = MOST;
        Answer overflow, undefined;
        Range got = d->combine(combine, t, term, low, high, &overflow, &undefined);
        for (int run = 0; run < 4; run++) {
            Cell terms[MOST];
            uint32_t count = low + random_below(r, high - low + 1);
            bool ok = count > 0, bad = false, alike = run == 0;
            for (uint32_t i = 0; i < count && ok; i++) {
                ok = random_inside(r, t, term, &terms[i]);
                if (alike && i > 0) terms[i] = terms[0];
                bad = bad || (dtype_is_float(t) && !isfinite(terms[i].f));
            }
            if (!ok) continue;
            Cell result = random_tree(r, combiner_primitive(combine), t, terms, count);
            const char *what = NULL;
            if (!range_holds_cell(got, t, result)) what = "outside";
            bool went_bad = !bad && dtype_is_float(t) && !isfinite(result.f);
            if (went_bad && overflow == ANSWER_NEVER) what = "overflow though proved";
            if (!bad && !went_bad && overflow == ANSWER_ALWAYS)
                what = "always overflows, yet did not";
            if (what == NULL) continue;
            if (broken++ < 2 && !quiet) {
                fprintf(stderr,
                        "%s: combine %d %s [%a, %a] %x, %u of %u..%u: %a, range [%a, %a] %x\n",
                        what, combine, dtype_info[t].spelling, term.low, term.high, term.flags,
                        count, low, high, cell_double(t, result), got.low, got.high, got.flags);
            }
        }
    }
    return broken;
}
