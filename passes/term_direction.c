/* Directions: what is divided by its own length, and products of two such. Each rule says what it
 * claims in floating-point arithmetic, and why; u is half the distance from 1 to the next number of
 * the type.
 *
 * Test: `terms` in tests/unit/passes/test_terms.c. */
#include "passes/term_view.h"

enum { LENGTH_DEPTH = 8 };

/* The arithmetic below is in doubles: what its own roundings can add up to, relatively. */
static const double own_error = 0x1p-48;

/* t >= (1 - error) * |x| - slack, where |x| is the Euclidean norm along axes, of n elements. */
typedef struct Length {
    Value of; /* whose elements are squared; its term is x */
    Term x;
    AxisSet axes;
    uint32_t shape; /* as it stands */
    bool beside;    /* ... beside the elements that were squared */
    double error, slack, n;
} Length;

static uint32_t standing(const Visit *w, const Term *t) {
    return t->view.id != 0 ? t->view.id : ir_node(w->g, t->v)->shape.id;
}

/* A sum of squares along axes, or more. Of the sum of n squares: each is rounded, and underflows,
 * and the sum is within (n - 1) u. */
static bool sum_of_squares(const Visit *w, const Term *t, Length *out, int depth) {
    Value of;
    const TermFact *fact = &w->facts[t->v.id];
    if (depth == 0 || t->lost || !term_affords(w)) return false;
    if (term_is_sum(w, t, &of)) {
        Term square = term_of(w, of);
        double relative, u = term_unit(term_type(w, t));
        if (!term_square(w, &square, &out->x, &relative) || out->x.view.id != 0) return false;
        Shape shape = ir_shape(w->g, of);
        out->n = 1;
        for (int i = 0; i < shape.rank; i++) {
            int64_t low, high;
            dim_bounds(w->g->dims, shape.dims[i], &low, &high);
            if (fact->axes >> i & 1) out->n *= (double)high;
        }
        out->of = of;
        out->axes = fact->axes;
        out->shape = standing(w, t);
        out->beside = term_combines(w, t, &of);
        out->error = relative + (out->n + 2) * u;
        out->slack = out->n * 2 * term_tiny(w, term_type(w, t));
        return out->error < 0.25;
    }
    Primitive p = term_primitive(t);
    for (int i = 0; i < 2 && (p == PRIMITIVE_ADD || p == PRIMITIVE_MAXIMUM); i++) {
        Term part = term_part(w, t, i), rest = term_rest(w, t, i);
        bool grows = p == PRIMITIVE_MAXIMUM || term_range(w, &rest).low >= 0;
        if (grows && sum_of_squares(w, &part, out, depth - 1)) return true;
    }
    return false;
}

/* Its root, or more: sqrt(a - b) >= sqrt(a) - sqrt(b). */
static bool length_of(const Visit *w, const Term *t, Length *out, int depth) {
    Primitive p = term_primitive(t);
    if (depth == 0 || t->lost) return false;
    if (p == PRIMITIVE_SQRT) {
        Term inner = term_part(w, t, 0);
        if (!sum_of_squares(w, &inner, out, LENGTH_DEPTH)) return false;
        out->error += 2 * term_unit(term_type(w, t));
        out->slack = sqrt(out->slack) * (1 + own_error);
        return true;
    }
    for (int i = 0; i < 2 && (p == PRIMITIVE_ADD || p == PRIMITIVE_MAXIMUM); i++) {
        Term part = term_part(w, t, i), rest = term_rest(w, t, i);
        bool grows = p == PRIMITIVE_MAXIMUM || term_range(w, &rest).low >= 0;
        if (grows && length_of(w, &part, out, depth - 1)) return true;
    }
    return false;
}

/* y = x / t with t at least the length of x along axes, and at least a positive number L. Claim:
 * the length of y is at most 1 + excess. Why: |x| <= (t + slack) / (1 - error), and each quotient
 * is rounded once or twice. */
static void claim_direction(Visit *w, const Term *x, const Term *t, double roundings) {
    Length length;
    double u = term_unit(ir_node(w->g, w->v)->dtype), least = term_range(w, t).low;
    if (!length_of(w, t, &length, LENGTH_DEPTH) || !term_same(w, x, &length.x)) return;
    if (!length.beside) return;
    if (!(least > 0) || ir_node(w->g, length.of)->shape.id != ir_node(w->g, w->v)->shape.id) return;
    double root = sqrt(length.n) * term_tiny(w, term_type(w, t));
    w->fact->unit_along = length.axes;
    w->fact->unit_excess = (1 + length.slack / least) / (1 - length.error) * (1 + roundings * u) +
                           root + own_error - 1;
}

void term_direction(Visit *w) {
    bool divides = term_is(w->whole, PRIMITIVE_DIV);
    for (int i = 0; i < (divides ? 1 : 2); i++) {
        Term x = w->part[i], other = w->part[1 - i];
        double one = 1;
        if (!divides) {
            if (!term_is(&other, PRIMITIVE_DIV)) continue;
            Term above = term_part(w, &other, 0);
            if (!term_constant(w, &above, &one) || one < 1 || one > 1) continue;
            other = term_part(w, &other, 1);
        }
        if (term_is_finite(term_range(w, &x))) claim_direction(w, &x, &other, divides ? 1 : 8);
    }
}

/* The sum of products of two directions along their axes. Claim: at most 1 + excess each, and
 * n + 1 roundings. Why: Cauchy and Schwarz bound the exact sum of magnitudes; the computed one is
 * within (n + 1) u of that, and what underflows. */
static void claim_cosine(Visit *w, double first, double second, double n) {
    DType type = ir_node(w->g, w->v)->dtype;
    double u = term_unit(type);
    if (!(n * u < 0.25)) return;
    double most = (1 + first) * (1 + second) * (1 + (n + 2) * u * (1 + 2 * n * u)) +
                  (n + 1) * term_tiny(w, type) + own_error;
    most = dtype_round_up(type, most);
    if (most < dtype_info[type].max) term_claim(w, "cosine", -most, most, 0);
}

void term_directions(Visit *w) {
    Value a, b;
    bool averaged;
    if (!dtype_is_float(ir_node(w->g, w->v)->dtype)) return;
    double n = term_count(w->g, w->v).high;
    if (term_is_product(w, &a, &b)) {
        claim_cosine(w, w->facts[a.id].unit_excess, w->facts[b.id].unit_excess, n);
        return;
    }
    if (term_reduction(w->g, w->v, &averaged) != COMBINE_SUM || averaged) return;
    Term product = term_of(w, operand(w, 0));
    if (!term_is(&product, PRIMITIVE_MUL) || product.view.id != 0) return;
    const TermFact *fact[2];
    for (int k = 0; k < 2; k++) {
        Term x = term_part(w, &product, k);
        if (x.seen.id == 0) return;
        fact[k] = &w->facts[x.seen.id];
        if (ir_node(w->g, x.seen)->shape.id != ir_node(w->g, operand(w, 0))->shape.id) return;
        if (fact[k]->unit_along == 0 || fact[k]->unit_along != w->fact->axes) return;
    }
    claim_cosine(w, fact[0]->unit_excess, fact[1]->unit_excess, n);
}

/* The two lengths that t is the product of, or more. */
static bool lengths_of(const Visit *w, const Term *t, Length *a, Length *b, int depth) {
    Primitive p = term_primitive(t);
    if (depth == 0 || t->lost) return false;
    if (p == PRIMITIVE_MUL) {
        Term x = term_part(w, t, 0), y = term_part(w, t, 1);
        return length_of(w, &x, a, depth) && length_of(w, &y, b, depth);
    }
    for (int i = 0; i < 2 && (p == PRIMITIVE_ADD || p == PRIMITIVE_MAXIMUM); i++) {
        Term part = term_part(w, t, i), rest = term_rest(w, t, i);
        bool grows = p == PRIMITIVE_MAXIMUM || term_range(w, &rest).low >= 0;
        if (grows && lengths_of(w, &part, a, b, depth - 1)) return true;
    }
    return false;
}

/* y = sum(a * b) / t along axes, with t at least the product of the lengths of a and b, and at
 * least L > 0. Claim: |y| <= 1 + (2 n + c) u. Why: as of two directions; what the lengths are short
 * of by underflow is at most S = slack (|a| + |b|), of the largest lengths in the ranges. */
void term_cosine(Visit *w) {
    Term dot = w->part[0], t = w->part[1];
    Length a, b;
    Value of;
    const TermFact *fact = &w->facts[dot.v.id];
    double least = term_range(w, &t).low;
    if (!term_is_sum(w, &dot, &of) || !(least > 0)) return;
    Term product = term_of(w, of);
    if (!term_is(&product, PRIMITIVE_MUL) || !lengths_of(w, &t, &a, &b, LENGTH_DEPTH)) return;
    Term x = term_part(w, &product, 0), y = term_part(w, &product, 1);
    bool straight = term_same(w, &x, &a.x) && term_same(w, &y, &b.x);
    if (!straight && !(term_same(w, &x, &b.x) && term_same(w, &y, &a.x))) return;
    uint32_t shape = ir_node(w->g, of)->shape.id;
    if (ir_node(w->g, a.of)->shape.id != shape || ir_node(w->g, b.of)->shape.id != shape) return;
    if (a.axes != fact->axes || b.axes != fact->axes) return;
    if (a.shape != b.shape || a.shape != standing(w, &dot)) return;
    Range r = term_range(w, &x), s = term_range(w, &y);
    if (!term_is_finite(r) || !term_is_finite(s)) return;
    DType type = ir_node(w->g, w->v)->dtype;
    double u = term_unit(type), tiny = term_tiny(w, type), n = a.n;
    double slack = fmax(a.slack, b.slack);
    double reach = sqrt(n) * (range_magnitude(r) + range_magnitude(s));
    double short_of = (slack * reach + slack * slack + tiny) * (1 + own_error);
    double most = (1 + short_of / least) / ((1 - a.error) * (1 - b.error) * (1 - u)) *
                      (1 + (n + 2) * u * (1 + 2 * n * u)) +
                  2 * n * tiny / least + own_error;
    most = dtype_round_up(type, most * (1 + 2 * u));
    if (n * u < 0.25 && most < dtype_info[type].max) term_claim(w, "cosine", -most, most, 0);
}
