/* What is never above another, and what lies between two values. Each rule says what it claims in
 * floating-point arithmetic, and why; u is half the distance from 1 to the next number of the type.
 *
 * Test: `terms` in tests/unit/passes/test_terms.c. */
#include "passes/term_view.h"

enum { ORDER_DEPTH = 8 };

static bool at_least(const Visit *w, const Term *a, const Term *b, int depth);

static bool never_below(const Visit *w, const Term *t, double limit) {
    Range r = term_range(w, t);
    return !(r.flags & (RANGE_NAN | RANGE_NEGATIVE)) && r.low >= limit;
}

static bool never_above(const Visit *w, const Term *t, double limit) {
    Range r = term_range(w, t);
    return !(r.flags & (RANGE_NAN | RANGE_POSITIVE)) && r.high <= limit;
}

/* Whether a is at least b because of what a is made of: `part` of two, or both. */
static bool grown(const Visit *w, const Term *a, const Term *b, int depth) {
    Primitive p = term_primitive(a);
    bool both = p == PRIMITIVE_MINIMUM, all = true;
    if (p == PRIMITIVE_SELECT) {
        Term x = term_part(w, a, 1), y = term_part(w, a, 2);
        return at_least(w, &x, b, depth) && at_least(w, &y, b, depth);
    }
    for (int i = 0; i < 2; i++) {
        Term part = term_part(w, a, i), rest = term_rest(w, a, i);
        bool helps = p == PRIMITIVE_MAXIMUM || both ||
                     (p == PRIMITIVE_ADD && never_below(w, &rest, 0)) ||
                     (p == PRIMITIVE_SUB && i == 0 && never_above(w, &rest, 0)) ||
                     (p == PRIMITIVE_MUL && never_below(w, &rest, 1) && never_below(w, &part, 0));
        bool holds = helps && at_least(w, &part, b, depth);
        if (holds && !both) return true;
        all = all && holds;
    }
    return both && all;
}

/* The converse: whether b is at most a because of what b is made of. */
static bool shrunk(const Visit *w, const Term *a, const Term *b, int depth) {
    Primitive p = term_primitive(b);
    bool both = p == PRIMITIVE_MAXIMUM, all = true;
    if (p == PRIMITIVE_SELECT) {
        Term x = term_part(w, b, 1), y = term_part(w, b, 2);
        return at_least(w, a, &x, depth) && at_least(w, a, &y, depth);
    }
    for (int i = 0; i < 2; i++) {
        Term part = term_part(w, b, i), rest = term_rest(w, b, i);
        bool scales = p == PRIMITIVE_MUL && never_below(w, &rest, 0) && never_above(w, &rest, 1);
        bool divides = p == PRIMITIVE_DIV && i == 0 && never_below(w, &rest, 1);
        bool helps = p == PRIMITIVE_MINIMUM || both ||
                     (p == PRIMITIVE_ADD && never_above(w, &rest, 0)) ||
                     (p == PRIMITIVE_SUB && i == 0 && never_below(w, &rest, 0)) ||
                     ((scales || divides) && never_below(w, &part, 0));
        bool holds = helps && at_least(w, a, &part, depth);
        if (holds && !both) return true;
        all = all && holds;
    }
    return both && all;
}

static bool takes_two(Primitive p) {
    return p == PRIMITIVE_ADD || p == PRIMITIVE_SUB || p == PRIMITIVE_MUL || p == PRIMITIVE_DIV ||
           p == PRIMITIVE_MAXIMUM || p == PRIMITIVE_MINIMUM || p == PRIMITIVE_SELECT;
}

/* |x| against x and -x. */
static bool is_magnitude_of(const Visit *w, const Term *a, const Term *b) {
    if (!term_is(a, PRIMITIVE_ABS)) return false;
    Term x = term_part(w, a, 0), y = *b;
    if (term_is(b, PRIMITIVE_NEG) || term_is(b, PRIMITIVE_ABS)) y = term_part(w, b, 0);
    return term_same(w, &x, b) || term_same(w, &x, &y);
}

/* Whether an element of a reduction is on its side of b: the largest and the sum of what is not
 * negative are at least each element, the least at most. */
static bool combined_beyond(const Visit *w, const Term *a, const Term *b, bool above, int depth) {
    Value of;
    if (!term_combines(w, a, &of)) return false;
    const TermFact *fact = &w->facts[a->v.id];
    bool sum = fact->combined == COMBINE_SUM && !fact->averaged && w->ranges[of.id].low >= 0;
    bool beyond = above ? fact->combined == COMBINE_MAX || sum : fact->combined == COMBINE_MIN;
    if (!beyond) return false;
    ShapeId own = b->view.id != 0 ? b->view : ir_node(w->g, b->v)->shape;
    if (b->lost || own.id != ir_node(w->g, of)->shape.id) return false;
    Term element = term_of(w, of);
    return above ? at_least(w, &element, b, depth) : at_least(w, b, &element, depth);
}

/* The largest and the least of the same elements, of which there is one at least. */
static bool extremes_of_same(const Visit *w, const Term *a, const Term *b) {
    Value of;
    if (!term_combines(w, a, &of) || !term_combines(w, b, &of)) return false;
    const TermFact *most = &w->facts[a->v.id], *least = &w->facts[b->v.id];
    Shape shape = ir_shape(w->g, of);
    for (int i = 0; i < shape.rank; i++) {
        int64_t low, high;
        dim_bounds(w->g->dims, shape.dims[i], &low, &high);
        if ((least->axes >> i & 1) && low < 1) return false;
    }
    return most->combined == COMBINE_MAX && least->combined == COMBINE_MIN &&
           most->of == least->of && most->axes == least->axes;
}

/* Whether a = x + y and b = z + t with x >= z and y >= t, and the like: monotone operations of
 * operands that are in order. */
static bool paired(const Visit *w, const Term *a, const Term *b, int depth) {
    Primitive p = term_primitive(a);
    if (p != term_primitive(b) || a->view.id != b->view.id || a->lost || b->lost) return false;
    bool commutes = p == PRIMITIVE_ADD || p == PRIMITIVE_MUL;
    if (!commutes && p != PRIMITIVE_SUB) return false;
    for (int crossed = 0; crossed < (commutes ? 2 : 1); crossed++) {
        Term x = term_part(w, a, 0), y = term_part(w, a, 1);
        Term z = term_part(w, b, crossed), t = term_part(w, b, 1 - crossed);
        if (p == PRIMITIVE_MUL && !(never_below(w, &z, 0) && never_below(w, &t, 0))) return false;
        bool falls = p == PRIMITIVE_SUB;
        if (at_least(w, &x, &z, depth) &&
            (falls ? at_least(w, &t, &y, depth) : at_least(w, &y, &t, depth))) {
            return true;
        }
    }
    return false;
}

/* Whether a >= b for every element, where neither is NaN. Why it holds in floating point: rounding
 * is monotone, so x + y is at least x for y >= 0, x * y at most x for x >= 0 and y in [0, 1], and
 * sums and products of what is in order are; max, min and |x| are exact. */
static bool at_least(const Visit *w, const Term *a, const Term *b, int depth) {
    Range low = term_range(w, a), high = term_range(w, b);
    if (!(low.flags & RANGE_NEGATIVE) && !(high.flags & RANGE_POSITIVE) &&
        range_has_finite(low) && range_has_finite(high) && low.low >= high.high) {
        return true;
    }
    if (term_same(w, a, b) || is_magnitude_of(w, a, b) || extremes_of_same(w, a, b)) return true;
    if (depth == 0 || !term_affords(w)) return false;
    if (paired(w, a, b, depth - 1)) return true;
    if (takes_two(term_primitive(a)) && grown(w, a, b, depth - 1)) return true;
    if (takes_two(term_primitive(b)) && shrunk(w, a, b, depth - 1)) return true;
    if (combined_beyond(w, a, b, true, depth - 1) || combined_beyond(w, b, a, false, depth - 1))
        return true;
    return term_is(a, PRIMITIVE_SQRT) && term_contains(w, a, b);
}

bool term_at_least(const Visit *w, const Term *a, const Term *b) {
    return at_least(w, a, b, ORDER_DEPTH);
}

/* d = a - b. Claim: d >= 0 where a >= b, d <= 0 where b >= a. Why: rounding keeps the sign. */
void term_ordered(Visit *w) {
    Term a = w->part[0], b = w->part[1];
    Range x = term_range(w, &a), y = term_range(w, &b);
    if (((x.flags | y.flags) & RANGE_NAN) || x.low >= y.high || x.high <= y.low) return;
    if (at_least(w, &a, &b, ORDER_DEPTH)) term_claim(w, "ordered", 0, INFINITY, RANGE_POSITIVE);
    if (at_least(w, &b, &a, ORDER_DEPTH)) term_claim(w, "ordered", -INFINITY, 0, RANGE_NEGATIVE);
}

/* q = a / b, 0 <= a <= b. Claim: q <= 1. Why: the exact quotient is, and rounding is monotone. */
void term_fraction(Visit *w) {
    Term a = w->part[0], b = w->part[1];
    Range x = term_range(w, &a), y = term_range(w, &b);
    if (((x.flags | y.flags) & RANGE_BAD) || !(x.low >= 0) || !(y.low >= 0) || x.high <= y.low)
        return;
    if (at_least(w, &b, &a, ORDER_DEPTH)) term_claim(w, "fraction", 0, 1, 0);
}

/* Signs. */

/* Odd functions that rise through 0, which every library gives as 0 (anchors in transfer.c). */
static bool keeps_sign(Primitive p) {
    return p == PRIMITIVE_TANH || p == PRIMITIVE_ATAN || p == PRIMITIVE_ASINH ||
           p == PRIMITIVE_SINH || p == PRIMITIVE_ERF || p == PRIMITIVE_SIGN;
}

/* 1: a and b are never of opposite signs; -1: never of the same; 0: not known. */
static int sign_against(const Visit *w, const Term *a, const Term *b, int depth) {
    Primitive p = term_primitive(a);
    if (term_same(w, a, b)) return 1;
    if (depth == 0 || !term_affords(w)) return 0;
    if (p == PRIMITIVE_NEG || keeps_sign(p)) {
        Term inner = term_part(w, a, 0);
        int sign = sign_against(w, &inner, b, depth - 1);
        return p == PRIMITIVE_NEG ? -sign : sign;
    }
    for (int i = 0; i < (p == PRIMITIVE_MUL ? 2 : p == PRIMITIVE_DIV ? 1 : 0); i++) {
        Term part = term_part(w, a, i), rest = term_rest(w, a, i);
        bool above = never_below(w, &rest, 0), below = never_above(w, &rest, 0);
        int sign = above || below ? sign_against(w, &part, b, depth - 1) : 0;
        if (sign != 0) return above ? sign : -sign;
    }
    return 0;
}

/* p = a * b, a / b, where one is the other but for factors of known sign and odd functions. Claim:
 * p >= 0, or p <= 0. Why: each of those keeps the sign of its operand, or gives 0, in floating
 * point too; so do the product and the quotient. */
void term_signed(Visit *w) {
    Term a = w->part[0], b = w->part[1];
    Range x = term_range(w, &a), y = term_range(w, &b);
    if (x.low >= 0 || x.high <= 0 || y.low >= 0 || y.high <= 0) return; /* the range knows it */
    int sign = sign_against(w, &a, &b, ORDER_DEPTH);
    if (sign == 0) sign = sign_against(w, &b, &a, ORDER_DEPTH);
    if (sign > 0) term_claim(w, "signed", 0, INFINITY, RANGE_POSITIVE);
    if (sign < 0) term_claim(w, "signed", -INFINITY, 0, RANGE_NEGATIVE);
}

/* Between two. */

/* u + v is 1 but for the rounding of 1 - u: within u / 2. */
static bool shares_whole(const Visit *w, const Term *u, const Term *v) {
    double one, p, q;
    DType type = term_type(w, u);
    if (term_constant(w, u, &p) && term_constant(w, v, &q)) {
        /* The sum without its rounding (Knuth): 1 is taken off exactly. */
        double sum = p + q, part = sum - p, error = (p - (sum - part)) + (q - part);
        return p >= 0 && q >= 0 && fabs((sum - 1) + error) <= term_unit(type) / 2;
    }
    if (!term_is(v, PRIMITIVE_SUB) || term_type(w, v) != type) return false;
    Term from = term_part(w, v, 0), less = term_part(w, v, 1);
    return term_constant(w, &from, &one) && !(one < 1 || one > 1) && term_same(w, &less, u);
}

static bool is_share(const Visit *w, const Term *t) {
    return never_below(w, t, 0) && never_above(w, t, 1);
}

/* The power of two at x or next to it: away from 0, or towards it. Where products with a share
 * could underflow, nothing: 0, or what is beyond the type. */
static double power_beside(DType t, double x, bool away) {
    if (x == 0) return 0; /* exactly: nothing is added */
    int exponent;
    double m = frexp(fabs(x), &exponent);
    double power = ldexp(1, m <= 0.5 || !away ? exponent - 1 : exponent);
    double least = ldexp(dtype_info[t].min_normal, dtype_info[t].precision + 2);
    if (power < least) return away ? copysign(least, x) : 0;
    return copysign(power, x);
}

/* The bounds of a mean that is computed as u * a + v * b; infinite ends: none. */
static void hull_of_mean(DType type, Range x, Range y, double *low, double *high) {
    *low = fmin(x.low, y.low);
    *high = fmax(x.high, y.high);
    *low = power_beside(type, *low, *low < 0);
    *high = power_beside(type, *high, *high > 0);
}

static void claim_between(Visit *w, const Term *a, const Term *b, bool approaches, double low,
                          double high) {
    DType type = ir_node(w->g, w->v)->dtype;
    w->fact->between[0] = a->v.id;
    w->fact->between[1] = b->seen.id != 0 ? b->seen.id : 0;
    w->fact->approaches = approaches;
    if (a->seen.id == 0 || b->seen.id == 0 || a->view.id != 0 || b->view.id != 0)
        w->fact->between[0] = w->fact->between[1] = 0;
    if (high <= dtype_info[type].max && low >= -dtype_info[type].max)
        term_claim(w, "between", low, high, 0);
}

/* y = u * a + v * b, u in [0, 1], v = 1 - u or both constant. Claim: y <= H, the least power of two
 * that is at least a and b (of negative numbers the largest magnitude that is a power of two and at
 * most theirs); likewise from below. Why: for given u and v, y grows with a and with b, since
 * rounding is monotone, so it is at most what a = b = H give. u H and v H are exact. 1 - u is
 * rounded by u / 2 at the most, so their sum is within H u / 2 of H, which is at most half the
 * distance to the next number: it is rounded to H, by the rule for ties in the last case. Where
 * u H is subnormal, 1 - u is 1. A bound that is no power of two would not do: in each step of a
 * loop the state could pass it by another unit. */
static bool mixed(Visit *w) {
    Term left = w->part[0], right = w->part[1];
    if (!term_is(&left, PRIMITIVE_MUL) || !term_is(&right, PRIMITIVE_MUL)) return false;
    for (int i = 0; i < 4; i++) {
        Term u = term_part(w, &left, i & 1), a = term_rest(w, &left, i & 1);
        Term v = term_part(w, &right, i >> 1), b = term_rest(w, &right, i >> 1);
        bool whole = shares_whole(w, &u, &v) ? is_share(w, &u)
                                             : shares_whole(w, &v, &u) && is_share(w, &v);
        Range x = term_range(w, &a), y = term_range(w, &b);
        if (!whole || !term_is_finite(x) || !term_is_finite(y)) continue;
        double low, high;
        hull_of_mean(ir_node(w->g, w->v)->dtype, x, y, &low, &high);
        claim_between(w, &a, &b, false, low, high);
        return true;
    }
    return false;
}

/* The bounds of a mean that is computed as a + u * (b - a). */
static void hull_of_move(DType type, double tiny, Range x, Range y, double *low, double *high) {
    double u = term_unit(type), width = fmax(x.high, y.high) - fmin(x.low, y.low);
    double error = width * u * (1 + 4 * u) + 2 * tiny;
    *low = dtype_round_down(type, fmin(x.low, y.low - error));
    *high = dtype_round_up(type, fmax(x.high, y.high + error));
}

/* y = a + u * (b - a), u in [0, 1]; a - u * (a - b). Claim: between a and b, passed by u (W + W u)
 * at the side of b, where W is the largest |b - a|. Why: for b <= a the product is at most 0, and y
 * at most a; else it is at most the rounded b - a, and y at most a + (b - a)(1 + u), rounded. */
static void moved(Visit *w, bool added) {
    for (int i = 0; i < (added ? 2 : 1); i++) {
        Term a = w->part[i], product = w->part[1 - i];
        if (!term_is(&product, PRIMITIVE_MUL)) continue;
        for (int k = 0; k < 2; k++) {
            Term share = term_part(w, &product, k), gap = term_rest(w, &product, k);
            if (!term_is(&gap, PRIMITIVE_SUB) || !is_share(w, &share)) continue;
            Term from = term_part(w, &gap, added ? 1 : 0), b = term_part(w, &gap, added ? 0 : 1);
            Range x = term_range(w, &a), y = term_range(w, &b);
            if (!term_same(w, &a, &from) || !term_is_finite(x) || !term_is_finite(y)) continue;
            DType type = ir_node(w->g, w->v)->dtype;
            double low, high;
            hull_of_move(type, term_tiny(w, type), x, y, &low, &high);
            claim_between(w, &a, &b, true, low, high);
            return;
        }
    }
}

void term_between(Visit *w) {
    bool added = term_is(w->whole, PRIMITIVE_ADD);
    if (added && mixed(w)) return;
    moved(w, added);
}

/* Claim: in every step the state is in what the rule for one step makes of init and other, which is
 * taken twice for the second kind. Why: the bounds of the first kind hold for any state in them,
 * since they are those of the powers of two themselves. Those of the second are passed by the
 * rounding of the largest distance alone, at the side of `other`; the state adds twice that to the
 * distance, whose own rounding is far less than what taking the bounds a second time allows. */
Range term_state(const TermFact *fact, DType type, bool flushes, Range init, Range other) {
    double low = -INFINITY, high = INFINITY;
    Range none = range_finite(type);
    none.flags |= RANGE_BAD;
    if (!term_is_finite(init) || !term_is_finite(other)) return none;
    if (!fact->approaches) {
        hull_of_mean(type, init, other, &low, &high);
    } else {
        double tiny = flushes && dtype_is_flushed(type) ? dtype_info[type].min_normal
                                                        : dtype_info[type].min_subnormal;
        hull_of_move(type, tiny, init, other, &low, &high);
        Range once = {low, high, 0};
        if (!(low >= -dtype_info[type].max && high <= dtype_info[type].max)) return none;
        hull_of_move(type, tiny, once, once, &low, &high);
    }
    if (!(low >= -dtype_info[type].max && high <= dtype_info[type].max)) return none;
    return range_make(type, low, high, 0);
}

/* sigmoid(x) + sigmoid(-x). Claim: 1 within what the library may be off twice, and a rounding. */
void term_halves(Visit *w) {
    Term a = w->part[0], b = w->part[1];
    if (!term_is(&a, PRIMITIVE_SIGMOID) || !term_is(&b, PRIMITIVE_SIGMOID)) return;
    for (int i = 0; i < 2; i++) {
        Term x = term_part(w, i ? &b : &a, 0), y = term_part(w, i ? &a : &b, 0);
        if (!term_is(&y, PRIMITIVE_NEG)) continue;
        Term inner = term_part(w, &y, 0);
        Range r = term_range(w, &x);
        if (!term_same(w, &x, &inner) || (r.flags & RANGE_NAN)) continue;
        DType type = ir_node(w->g, w->v)->dtype;
        double error = (2 * primitive_info[PRIMITIVE_SIGMOID].ulp + 4) * term_unit(type);
        term_claim(w, "halves", dtype_round_down(type, 1 - 2 * error),
                   dtype_round_up(type, 1 + 2 * error), 0);
        return;
    }
}
