/* Moments: a mean of squares less the square of the mean, and what is divided by a root or a sum
 * that contains it. Each rule says what it claims in floating-point arithmetic, and why; u is half
 * the distance from 1 to the next number of the type, eta what an underflow moves a
 * number by.
 *
 * Test: `terms` in tests/unit/passes/test_terms.c. */
#include "passes/term_view.h"

#include "passes/domain.h"

enum { LEAD_DEPTH = 8 };

/* The arithmetic below is in doubles: what its own roundings can add up to, relatively. */
static const double own_error = 0x1p-48;

/* One-pass variance. */

bool term_square(const Visit *w, const Term *t, Term *x, double *relative) {
    double u = term_unit(term_type(w, t)), exponent;
    if (term_is(t, PRIMITIVE_MUL)) {
        Term other = term_part(w, t, 1);
        *x = term_part(w, t, 0);
        *relative = u;
        return term_same(w, x, &other);
    }
    if (!term_is(t, PRIMITIVE_POW)) return false;
    Term power = term_part(w, t, 1);
    *x = term_part(w, t, 0);
    *relative = 2 * (primitive_info[PRIMITIVE_POW].ulp + 1) * u;
    return term_constant(w, &power, &exponent) && exponent == 2; /* the number 2, exactly */
}

/* factor * n^-power * sum of n elements of the value `node`, which is a nest that sums plain
 * elements and may divide by their number. */
typedef struct ScaledSum {
    Value node;
    Value of;
    double factor;    /* > 0 */
    int power;
    int roundings;    /* in the element type, beside those of the node itself */
    ShapeId view;
} ScaledSum;

static bool plain_sum(const Visit *w, Value v, int *power) {
    const OpInfo *info = &op_info[ir_node(w->g, v)->op];
    bool sums = (info->form == FORM_REDUCE || info->form == FORM_CONTRACT) &&
                info->combine == COMBINE_SUM && ir_node(w->g, v)->operand_count == 1;
    if (!sums || info->body->kind != SCALAR_INPUT) return false;
    const Scalar *after = info->after;
    if (after == NULL || after->kind == SCALAR_INPUT) {
        *power = 0;
        return true;
    }
    bool divides = after->kind == SCALAR_APPLY && after->index == PRIMITIVE_DIV &&
                   after->args[0]->kind == SCALAR_INPUT;
    const Scalar *by = divides ? ir_taken(w->g, v, after->args[1]) : NULL;
    *power = 1;
    return divides && (by->kind == SCALAR_COUNT_OF || by->kind == SCALAR_VOLUME);
}

static bool scaled_sum(const Visit *w, Term t, ScaledSum *out) {
    *out = (ScaledSum){.factor = 1};
    for (int i = 0; i < 4; i++) {
        double by;
        bool divides = term_is(&t, PRIMITIVE_DIV), multiplies = term_is(&t, PRIMITIVE_MUL);
        if (!divides && !multiplies) break;
        Term first = term_part(w, &t, 0), second = term_part(w, &t, 1);
        bool turned = multiplies && term_constant(w, &first, &by);
        if (!turned && !term_constant(w, &second, &by)) return false;
        if (!(by > 0) || isinf(by)) return false;
        out->factor *= divides ? 1 / by : by;
        out->roundings++;
        t = turned ? second : first;
    }
    if (t.s != NULL || t.lost || !plain_sum(w, t.v, &out->power)) return false;
    out->node = t.v;
    out->of = ir_operand(w->g, t.v, 0);
    out->view = t.view.id != 0 ? t.view : ir_node(w->g, t.v)->shape;
    return out->factor > 0 && out->factor < INFINITY;
}

/* Whether two nodes sum the elements of their operands in the same way, and stand alike. */
static bool sums_alike(const Visit *w, const ScaledSum *a, const ScaledSum *b) {
    const Graph *g = w->g;
    const Node *x = ir_node(g, a->node), *y = ir_node(g, b->node);
    if (ir_node(g, a->of)->shape.id != ir_node(g, b->of)->shape.id) return false;
    if (a->view.id != b->view.id || x->dtype != y->dtype) return false;
    /* A reduction that keeps its dimensions is one that does not, in another shape. */
    if (op_info[x->op].form == FORM_REDUCE && op_info[y->op].form == FORM_REDUCE)
        return w->facts[a->node.id].axes == w->facts[b->node.id].axes;
    return x->op == y->op && x->shape.id == y->shape.id &&
           term_attributes_agree(g, a->node, b->node);
}

/* The factor of g * (b's sum)^2 against a's sum, for the number of terms that makes it largest:
 * at most 1 where the difference is not negative in exact arithmetic. */
static double share_of_square(const ScaledSum *a, const ScaledSum *b, double g, Count n) {
    double each = g * b->factor * b->factor / a->factor;
    int power = 1 - 2 * b->power + a->power; /* of n */
    return power == 0 ? each : each * pow(power > 0 ? n.high : n.low, power);
}

/* d = a * sum(x^2) - b * (sum(x))^2 along the same axes, or in the same windows, with factors that
 * make it a variance: a mean of squares less the square of the mean, in all its spellings. Claim:
 * d >= -W M^2 ((1 + e1)^2 (1 + u)^k - (1 - e2)) - tiny, where M is the largest |x|, W the factor of
 * sum(x^2) times the number of terms, e1 and e2 bound the relative errors of the two sums.
 *     Why: let A be the mean of |x|. By Cauchy and Schwarz W A^2 is at most the exact first term,
 * and at least the exact second. The computed first term is at least that times (1 - e2): squares,
 * the sum of n numbers that are not negative ((n - 1) u, in any order: Jeannerod and Rump 2013),
 * the rounded count, the quotient. The computed root of the second is at most A (1 + e1) times its
 * factor. The difference is rounded once, which is monotone. What underflows is off by eta / 2 at
 * most each time: `tiny` counts them generously. For small n u this is -(3 n + 7) u W M^2. */
void term_variance(Visit *w) {
    Term first = w->part[0], second = w->part[1];
    ScaledSum a, b, whole = {.factor = 1};
    Term root, x, element;
    double square_error, element_error, by;
    /* The square of the mean, perhaps with a factor of its own. */
    for (int i = 0; i < 3 && !term_square(w, &second, &root, &square_error); i++) {
        bool divides = term_is(&second, PRIMITIVE_DIV);
        if (!divides && !term_is(&second, PRIMITIVE_MUL)) return;
        Term p = term_part(w, &second, 0), q = term_part(w, &second, 1);
        bool turned = !divides && term_constant(w, &p, &by);
        if ((!turned && !term_constant(w, &q, &by)) || !(by > 0)) return;
        whole.factor *= divides ? 1 / by : by;
        whole.roundings++;
        second = turned ? q : p;
    }
    if (!term_square(w, &second, &root, &square_error)) return;
    if (!scaled_sum(w, root, &b) || !scaled_sum(w, first, &a) || !sums_alike(w, &a, &b)) return;
    element = term_of(w, a.of);
    if (!term_square(w, &element, &x, &element_error)) return;
    Term plain = term_of(w, b.of);
    if (!term_same(w, &x, &plain)) return;
    Range r = term_range(w, &x), r2 = w->ranges[b.of.id];
    if (!term_is_finite(r) || !term_is_finite(r2)) return;
    DType type = ir_node(w->g, w->v)->dtype;
    double u = term_unit(type), sum_u = term_unit(dtype_accumulator(type));
    Count count = term_count(w->g, a.node);
    double n = count.high, most = fmin(range_magnitude(r), range_magnitude(r2));
    double share = share_of_square(&a, &b, whole.factor, count);
    if (!(n * sum_u < 0.25) || !(share <= 1 + 4 * u)) return;
    /* The count, the quotient and what is stored, beside the sum. */
    double summed = (n + 3) * sum_u + 2 * u;
    double e1 = (1 + summed) * pow(1 + u, b.roundings + 1) * (1 + own_error) - 1;
    double e2 = element_error + summed + (a.roundings + 1) * u + own_error;
    double scale = a.factor * (a.power == 0 ? n : 1);
    double above = share < 1 ? 1 : share;
    double gap = above * (1 + e1) * (1 + e1) * (1 + square_error) *
                     pow(1 + u, whole.roundings + 1) * (1 + own_error) -
                 (1 - e2);
    double tiny = (n + 8) * term_tiny(w, type) * (1 + a.factor) * (1 + whole.factor) *
                  (2 + most) * (2 + b.factor) * (2 + b.factor) * n;
    double low = -(scale * most * most * gap * (1 + own_error) + tiny);
    if (!(low > -dtype_info[type].max)) return;
    term_claim(w, "variance", dtype_round_down(type, low), INFINITY, RANGE_POSITIVE);
}

/* What contains another. */

/* t >= share * |x|^power - slack for every element. Of a power of 2 the square is the rounded one,
 * x * x in the type, and `slack` does not count how far that is from the exact square. */
typedef struct Lead {
    double share, slack;
    double least; /* the least that t can be, where it is not 0 */
    double tiny;  /* where |x| is above this, there is no slack */
    bool exact;   /* power 2: t is at least a square, rounded as such, of |x|: no other factor */
} Lead;

static bool lead_of(const Visit *w, const Term *t, const Term *x, int power, int depth, Lead *out);

static bool is_magnitude(const Visit *w, const Term *t, const Term *x) {
    if (term_same(w, t, x)) return term_range(w, t).low >= 0;
    if (!term_is(t, PRIMITIVE_ABS)) return false;
    Term inner = term_part(w, t, 0);
    if (term_same(w, &inner, x)) return true;
    if (!term_is(x, PRIMITIVE_ABS)) return false;
    Term other = term_part(w, x, 0);
    return term_same(w, &inner, &other);
}

static bool lead_square(const Visit *w, const Term *t, const Term *x, Lead *out) {
    Term root;
    DType type = term_type(w, t);
    double relative, u = term_unit(type), eta = term_tiny(w, type);
    if (!term_square(w, t, &root, &relative)) return false;
    if (!term_same(w, &root, x) && !is_magnitude(w, &root, x)) return false;
    bool rounded = relative <= u;
    *out = (Lead){.share = rounded ? 1 : 1 - 2 * relative, .slack = rounded ? 0 : 4 * eta,
                  .exact = rounded};
    return true;
}

/* sum, mean or largest of elements that are not negative and each contain their x. */
static bool lead_combined(const Visit *w, const Term *t, const Term *x, int power, int depth,
                          Lead *out) {
    Value of;
    const TermFact *fact = &w->facts[t->v.id];
    if (!term_combines(w, t, &of) || fact->combined == COMBINE_MIN) return false;
    Term element = term_of(w, of);
    ShapeId own = x->view.id != 0 ? x->view : ir_node(w->g, x->v)->shape;
    if (own.id != ir_node(w->g, of)->shape.id) return false;
    if (fact->combined == COMBINE_SUM && !(w->ranges[of.id].low >= 0)) return false;
    if (!lead_of(w, &element, x, power, depth - 1, out)) return false;
    if (!fact->averaged) return true;
    DType type = term_type(w, t);
    Shape shape = ir_shape(w->g, of);
    double n = 1, u = term_unit(type);
    for (int i = 0; i < shape.rank; i++) {
        int64_t low, high;
        dim_bounds(w->g->dims, shape.dims[i], &low, &high);
        if (fact->axes >> i & 1) n *= (double)high;
    }
    out->share *= (1 - 4 * u) / n;
    out->slack = out->slack / n + term_tiny(w, type);
    out->least = 0;
    out->tiny = INFINITY;
    out->exact = false;
    return n < 0x1p62;
}

/* c * t, t / c, a + b with the other not negative, max(a, b). */
static bool lead_of_two(const Visit *w, const Term *t, const Term *x, int power, int depth,
                        Lead *out) {
    Primitive p = term_primitive(t);
    double u = term_unit(term_type(w, t)), by;
    for (int i = 0; i < 2; i++) {
        Term part = term_part(w, t, i), rest = term_rest(w, t, i);
        if (p == PRIMITIVE_MUL || (p == PRIMITIVE_DIV && i == 0)) {
            if (!term_constant(w, &rest, &by) || !(by > 0)) continue;
            if (!lead_of(w, &part, x, power, depth - 1, out)) continue;
            double factor = p == PRIMITIVE_MUL ? by : 1 / by;
            out->share *= factor * (1 - 4 * u);
            out->slack = out->slack * factor * (1 + own_error) +
                         term_tiny(w, term_type(w, t));
            out->least *= factor * (1 - 4 * u);
            out->tiny = INFINITY;
            out->exact = false;
            return true;
        }
        Range r = term_range(w, &rest);
        bool added = p == PRIMITIVE_ADD && r.low >= 0 && !(r.flags & RANGE_NEGATIVE);
        bool grows = p == PRIMITIVE_MAXIMUM || added;
        if (!grows || !lead_of(w, &part, x, power, depth - 1, out)) continue;
        out->least = 0;
        return true;
    }
    return false;
}

/* sqrt(t) of a t that contains x * x. The root of a rounded square is |x| itself, in binary
 * arithmetic to nearest, where the square is normal (Boldo 2015); so a rounded root of a number
 * that is at least as large is at least |x|. Where the square can underflow, |x| is below
 * sqrt(min_normal), or it is off by sqrt(eta) at the most, since sqrt(a + b) <= sqrt(a) +
 * sqrt(b). */
static bool lead_root(const Visit *w, const Term *t, const Term *x, int depth, Lead *out) {
    DType type = term_type(w, t);
    Term inner = term_part(w, t, 0);
    double u = term_unit(type), tiny = term_tiny(w, type), least = term_range(w, &inner).low;
    if (!lead_of(w, &inner, x, 2, depth - 1, out)) return false;
    if (out->exact && least >= 2 * dtype_info[type].min_normal) {
        *out = (Lead){.share = 1};
        return true;
    }
    bool exact = out->exact;
    double share = exact ? 1 : sqrt(out->share) * (1 - 3 * u);
    /* The slack of the square, and what its underflow leaves out. */
    double slack = sqrt(out->slack + out->share * tiny) * (1 + 4 * u);
    *out = (Lead){.share = share, .slack = slack,
                  .tiny = exact ? sqrt(2 * dtype_info[type].min_normal) : INFINITY,
                  .least = sqrt(tiny) * (1 - 2 * u)};
    return true;
}

static bool lead_of(const Visit *w, const Term *t, const Term *x, int power, int depth, Lead *out) {
    *out = (Lead){.share = 1};
    if (depth == 0 || t->lost || x->lost || !term_affords(w)) return false;
    if (power == 1 && is_magnitude(w, t, x)) return true;
    if (power == 2 && lead_square(w, t, x, out)) return true;
    if (t->s == NULL) return lead_combined(w, t, x, power, depth, out);
    switch ((int)term_primitive(t)) {
    case PRIMITIVE_ADD:
    case PRIMITIVE_MUL:
    case PRIMITIVE_DIV:
    case PRIMITIVE_MAXIMUM:
        return lead_of_two(w, t, x, power, depth, out);
    case PRIMITIVE_SQRT:
        return power == 1 && lead_root(w, t, x, depth, out);
    default:
        return false;
    }
}

bool term_contains(const Visit *w, const Term *t, const Term *x) {
    Lead lead;
    return lead_of(w, t, x, 1, LEAD_DEPTH, &lead) && lead.share >= 1 && lead.slack <= 0;
}

/* The most that |x| / t can be, where t contains x and is not 0; INFINITY: nothing is known. Why:
 * |x| <= (t + slack) / share, and t is at least its least; or |x| is tiny, and t is not. One
 * rounding of a quotient that is at
 * most 1 is at most 1. */
static double quotient_most(const Visit *w, const Term *x, const Term *t, bool *exact) {
    Lead lead;
    Range divisor = term_range(w, t);
    *exact = false;
    if (!(divisor.low >= 0) || (divisor.flags & (RANGE_NEGATIVE | RANGE_NAN))) return INFINITY;
    if (!lead_of(w, t, x, 1, LEAD_DEPTH, &lead) || !(lead.share > 0)) {
        *exact = term_range(w, x).low >= 0 && term_at_least(w, t, x);
        return *exact ? 1 : INFINITY;
    }
    *exact = lead.share >= 1 && (lead.slack <= 0 || divisor.low >= lead.tiny);
    if (*exact) return 1;
    double least = fmax(fmax(divisor.low, lead.least), term_tiny(w, term_type(w, t)));
    return (1 + lead.slack / least) / lead.share * (1 + own_error);
}

/* x / t, c * x / t: *most bounds it before the last rounding. */
static bool divided(const Visit *w, const Term *x, const Term *t, double *most, bool *exact) {
    *most = quotient_most(w, x, t, exact);
    if (*most < INFINITY) return true;
    if (!term_is(x, PRIMITIVE_MUL)) return false;
    double u = term_unit(term_type(w, x));
    for (int i = 0; i < 2; i++) {
        Term factor = term_part(w, x, i), rest = term_rest(w, x, i);
        Range r = term_range(w, &factor);
        if (!term_is_finite(r)) continue;
        double own = quotient_most(w, &rest, t, exact);
        /* x * y is at most x for |y| <= 1, rounded as well. */
        bool share = *exact && range_magnitude(r) <= 1;
        *most = own * range_magnitude(r) * (1 + 2 * u);
        *exact = share && *most >= 1;
        if (*exact) *most = 1;
        if (*most < INFINITY) return true;
    }
    return false;
}

/* y = x / t where t contains x: t is |x|, or sqrt(x * x), plus what is not negative, or a sum, a
 * mean or a largest element of such, or a multiple. Claim: |y| <= 1, or what the factor makes of
 * it: sqrt(n) of a mean of n squares; y >= 0 for x >= 0. Also for y = x * (1 / t). Why:
 * quotient_most; the quotient is rounded once, or twice; where 1 / t is subnormal, by 4 u at the
 * most, since t is finite. */
void term_normalised(Visit *w) {
    DType type = ir_node(w->g, w->v)->dtype;
    double u = term_unit(type), best = INFINITY;
    bool not_negative = false;
    bool divides = term_is(w->whole, PRIMITIVE_DIV);
    for (int i = 0; i < (divides ? 1 : 2); i++) {
        Term x = w->part[i], other = w->part[1 - i];
        double factor = 1, most;
        bool exact;
        if (!divides) { /* x * (c / t) */
            if (!term_is(&other, PRIMITIVE_DIV)) continue;
            Term above = term_part(w, &other, 0);
            if (!term_constant(w, &above, &factor)) continue;
            other = term_part(w, &other, 1);
        }
        if (!term_is_finite(term_range(w, &x)) || !divided(w, &x, &other, &most, &exact)) continue;
        bool direct = divides && exact;
        double bound = direct ? 1 : most * fabs(factor) * (1 + 4 * u) * (1 + 4 * u);
        if (bound >= best || bound >= dtype_info[type].max) continue;
        best = direct ? 1 : dtype_round_up(type, bound);
        not_negative = term_range(w, &x).low >= 0 && factor >= 0;
    }
    if (best < INFINITY) term_claim(w, "normalised", not_negative ? 0 : -best, best, 0);
}
