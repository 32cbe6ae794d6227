/* Forms are made of values: a rule for each primitive that sums are made of.
 *
 * Claims. A form holds of every element of a value whose operands are finite, as guards keep them,
 * in the arithmetic of its type: each rounded result is within half a unit in the last place of the
 * exact one, which is added to the error (products and quotients: and what an underflow takes; sums
 * are exact there, IEEE 754-2019, 3.3, unless the runtime flushes). Exact are negation,
 * the choice of an operand (min, max, select, relu, |x|), moves, conversions to a wider type,
 * products with powers of two that do not underflow, differences of numbers within a factor of two
 * of each other (Sterbenz), and what comes out as a constant 0: x - x.
 *     The bound of a value is the rounded bound of its exact form: rounding is monotone, so
 * x - max(x, 0) is never above 0.
 *
 * Test: `affine` in tests/unit/passes/test_affine.c, random programs run by the evaluator. */
#include "passes/affine.h"
#include "passes/affine_form.h"
#include "passes/term.h"
#include "passes/term_count.h"
#include "passes/term_view.h"
#include "passes/transfer.h"

#include <math.h>

enum { AFFINE_DEPTH = 48 }; /* values that one form may reach through; then they are sources */

struct Affine {
    Analysis *a;
    Graph *g;
    AffineSources sources;
    const Range *ranges;
    uint64_t *shared;  /* by value: of the shared values that it is a sum of, a bit each */
    uint32_t *uses;    /* by number */
    AffineForm **form; /* by value; room for it, once it was made */
    bool *made;        /* by value: form is that of this visit */
    uint32_t depth;
    Value sided; /* it takes its first operand, or the second (affine_assume) */
    int side;
};

/* A formula that is being read, of the node v. */
typedef struct Reading {
    Affine *w;
    Value v;
    DType type;             /* computed in */
    const AffineForm *after; /* in an `after` formula: the combined value */
    Bounds count, volume;
} Reading;

static bool read_formula(const Reading *r, const Scalar *s, AffineForm *out);
static const AffineForm *form_of(Affine *w, Value v);

/* Rounding. */

/* By how much a result may be off where it underflows: half the smallest number; or as much as the
 * smallest normal one, which a runtime that flushes makes 0 of, and of sums too. */
static double underflow(DType t) {
    return dtype_is_flushed(t) ? dtype_info[t].min_normal : dtype_info[t].min_subnormal / 2;
}

/* Half a unit in the last place of numbers up to this magnitude. */
static double half_unit(DType t, double magnitude) {
    double u = ldexp(1, -dtype_info[t].precision);
    return magnitude == 0 ? 0 : fmax(ldexp(u, ilogb(magnitude)), underflow(t));
}

static AffineForm constant(const Affine *w, DType t, double value) {
    AffineForm f = affine_constant(value);
    bool tiny = dtype_is_flushed(t) && fabs(value) < dtype_info[t].min_normal;
    if (tiny && !w->a->options->real) affine_blur(&f, fabs(value));
    return f;
}

/* The exact form becomes that of the rounded result; `may_underflow`: it is no sum. */
static bool rounded(const Reading *r, AffineForm *f, bool may_underflow) {
    if (r->w->a->options->real) return true;
    double magnitude = fmax(fabs(f->low), fabs(f->high));
    double error = half_unit(r->type, magnitude);
    if (may_underflow) error += underflow(r->type);
    f->low = dtype_round(r->type, f->low);
    f->high = dtype_round(r->type, f->high);
    affine_blur(f, error);
    return isfinite(f->low) && isfinite(f->high);
}

/* Rules: the form of an application whose operands have theirs. */

typedef bool (*Rule)(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out);

/* Sterbenz: y / 2 <= x <= 2 y, of one sign; and what they differ by is no subnormal number. */
static bool is_near(DType t, const AffineForm *x, const AffineForm *y) {
    double least = ldexp(dtype_info[t].min_normal, dtype_info[t].precision);
    if (fmin(fabs(x->low), fabs(x->high)) < least) return false;
    if (fmin(fabs(y->low), fabs(y->high)) < least) return false;
    if (x->low > 0 && y->low > 0) return x->high <= 2 * y->low && y->high <= 2 * x->low;
    if (x->high >= 0 || y->high >= 0) return false;
    return x->low >= 2 * y->high && y->low >= 2 * x->high;
}

/* Whether the form is what a value of the type is, or its relu, and so is not rounded: a source
 * that is such a number, negated at the most. */
static bool is_of_type(const Reading *r, const AffineForm *f) {
    if (f->count != 1 || f->error != 0 || f->center != 0 || fabs(f->term[0].factor) != 1)
        return false; /* exact: 1 is meant */
    AffineSource s = affine_source_at(&r->w->sources, f->term[0].source);
    while (s.kind == SOURCE_MOVED || (s.kind == SOURCE_KINK && s.slope == 1 && s.offset == 0))
        s = affine_source_at(&r->w->sources, s.of);
    return s.kind == SOURCE_VALUE && ir_node(r->w->g, (Value){s.of})->dtype == r->type;
}

static bool add(const Reading *r, AffineForm *x, AffineForm *y, double sign, AffineForm *out) {
    AffineForm from = {.low = sign < 0 ? y->low : -y->high, .high = sign < 0 ? y->high : -y->low};
    bool exact = is_near(r->type, x, &from);
    if (!affine_add(&r->w->sources, x, y, sign, out)) return false;
    /* 0, which every type has; and of a constant 0 nothing is known better. */
    bool zero = affine_is_constant(out) && out->center == 0;
    return exact || zero || is_of_type(r, out) || rounded(r, out, false);
}

static bool rule_add(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    return add(r, &x[0], &x[1], 1, out);
}

static bool rule_subtract(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    return add(r, &x[0], &x[1], -1, out);
}

static bool rule_negate(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    return affine_scale(&r->w->sources, &x[0], -1, out);
}

/* The exact product with c becomes the rounded one. That with a power of two is off by no more than
 * what an underflow takes. */
static bool rounded_product(const Reading *r, const AffineForm *x, double c, AffineForm *out) {
    int exponent;
    bool power = fabs(frexp(c, &exponent)) == 0.5; /* exact: a mantissa */
    double least = x->low > 0 ? x->low : x->high < 0 ? -x->high : 0;
    if (c == 0 || r->w->a->options->real) return true;
    if (!power) return rounded(r, out, true);
    if (fabs(c) >= 1 || least * fabs(c) >= dtype_info[r->type].min_normal) return true;
    affine_blur(out, underflow(r->type));
    return affine_bound(&r->w->sources, out);
}

static bool rule_multiply(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    int constant = affine_is_constant(&x[0]) ? 0 : 1;
    double c = x[constant].center;
    return affine_is_constant(&x[constant]) &&
           affine_scale(&r->w->sources, &x[1 - constant], c, out) &&
           rounded_product(r, &x[1 - constant], c, out);
}

static bool rule_divide(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    double c = x[1].center;
    if (!affine_is_constant(&x[1]) || c == 0) return false;
    return affine_divide(&r->w->sources, &x[0], c, out) && rounded_product(r, &x[0], 1 / c, out);
}

/* x * y + z, rounded once, or of the small types a second time. */
static bool rule_fma(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    int constant = affine_is_constant(&x[0]) ? 0 : 1;
    AffineForm product;
    if (!affine_is_constant(&x[constant]) ||
        !affine_scale(&r->w->sources, &x[1 - constant], x[constant].center, &product) ||
        !affine_add(&r->w->sources, &product, &x[2], 1, out)) {
        return false;
    }
    Reading wide = *r;
    wide.type = DTYPE_F32;
    bool twice = r->type == DTYPE_F16 || r->type == DTYPE_BF16;
    return (!twice || rounded(&wide, out, true)) && rounded(r, out, true);
}

/* Of a value that is known to take its first operand (or not), the difference of both has a sign,
 * in a max the one and in a min the other; but for what the numbers that are compared are off
 * their forms. Only the bounds are told, so that it keeps its name. */
static void assume_side(const Reading *r, double sign, double error, AffineForm *above) {
    if (sign * r->w->side > 0) above->low = fmax(above->low, -error);
    else above->high = fmin(above->high, error);
}

/* low + max(high - low, 0), which is one of both: so its error is theirs, not their sum. */
static bool larger(const Reading *r, const AffineForm *x, const AffineForm *y, double sign,
                   AffineForm *out) {
    AffineForm a = *x, b = *y, above, kink;
    double error = fmax(x->error, y->error);
    if (sign > 0 ? x->low >= y->high : x->high <= y->low) return *out = *x, true;
    if (sign > 0 ? y->low >= x->high : y->high <= x->low) return *out = *y, true;
    a.error = b.error = 0;
    /* max(x, y) = y + max(x - y, 0); min(x, y) = x - max(x - y, 0) */
    if (!affine_add(&r->w->sources, &a, &b, -1, &above)) return false;
    if (r->w->sided.id == r->v.id) assume_side(r, sign, x->error + y->error, &above);
    if (!(above.low <= above.high) ||
        !affine_relu(&r->w->sources, &above, ir_node(r->w->g, r->v)->shape, &kink) ||
        !affine_add(&r->w->sources, sign > 0 ? &b : &a, &kink, sign, out)) {
        return false;
    }
    affine_blur(out, error);
    return affine_bound(&r->w->sources, out);
}

static bool rule_maximum(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    return larger(r, &x[0], &x[1], 1, out);
}

static bool rule_minimum(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    return larger(r, &x[0], &x[1], -1, out);
}

static bool rule_absolute(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    AffineForm negative;
    return affine_scale(&r->w->sources, &x[0], -1, &negative) &&
           larger(r, &x[0], &negative, 1, out);
}

/* The conversion of a float to one that has it. */
static bool rule_cast(const Reading *r, const Scalar *s, AffineForm *x, AffineForm *out) {
    (void)s;
    DType to = ir_node(r->w->g, r->v)->dtype;
    *out = x[0];
    bool wider = dtype_info[to].precision >= dtype_info[r->type].precision &&
                 dtype_info[to].min_subnormal <= dtype_info[r->type].min_subnormal;
    Reading narrow = *r;
    narrow.type = to;
    return dtype_is_float(to) && (wider || rounded(&narrow, out, true));
}

/* A comparison and what it compares; of a choice by a value that is one, what that compares. */
typedef struct Comparison {
    const Scalar *at;
    AffineForm x, y;
} Comparison;

static bool read_comparison(const Reading *r, const Scalar *s, Comparison *out) {
    Reading of = *r;
    s = ir_taken(r->w->g, r->v, s);
    if (s->kind == SCALAR_INPUT) {
        of.v = ir_operand(r->w->g, r->v, s->index);
        const OpInfo *info = &op_info[ir_node(r->w->g, of.v)->op];
        if (info->form != FORM_EWISE) return false;
        s = info->body;
        of.type = ir_computed_in(r->w->g, of.v);
    }
    if (s->kind != SCALAR_APPLY || primitive_info[s->index].class != PRIMITIVE_CLASS_COMPARE ||
        !dtype_is_float(of.type)) {
        return false;
    }
    out->at = s;
    return read_formula(&of, s->args[0], &out->x) && read_formula(&of, s->args[1], &out->y);
}

/* `where(x > y, p, q)`, p - q = c (x - y): it is continuous, q + max(p - q, 0) for c > 0, and for
 * c < 0 q - max(q - p, 0). What it compares are numbers that may be off their forms by their
 * errors, e: then it may take the other branch where these are up to |c| * e apart. */
static bool select_of(const Reading *r, const Comparison *c, const AffineForm *p,
                      const AffineForm *q, double sign, AffineForm *out) {
    AffineForm x = c->x, y = c->y, first = *p, second = *q, above, step, kink;
    double ratio, compared = x.error + y.error;
    AffineSources *all = &r->w->sources;
    x.error = y.error = first.error = second.error = 0;
    bool is = affine_add(all, &x, &y, -1, &above) && above.error == 0 &&
              (sign > 0 ? affine_add(all, &first, &second, -1, &step)
                        : affine_add(all, &second, &first, -1, &step)) &&
              step.error == 0 && affine_ratio(&step, &above, &ratio) &&
              affine_relu(all, &step, ir_node(r->w->g, r->v)->shape, &kink) &&
              affine_add(all, &second, &kink, sign, out);
    if (!is) return false;
    affine_blur(out, fmax(p->error, q->error));
    affine_blur(out, compared * ratio);
    return affine_bound(all, out);
}

static bool rule_select(const Reading *r, const Scalar *s, AffineForm *out) {
    Comparison c;
    AffineForm p, q;
    const Scalar *cond = ir_taken(r->w->g, r->v, s->args[0]);
    if (cond->kind == SCALAR_INPUT) {
        Range known = r->w->ranges[ir_operand(r->w->g, r->v, cond->index).id];
        if (range_is_point(known)) return read_formula(r, s->args[known.low > 0 ? 1 : 2], out);
    }
    if (!read_comparison(r, s->args[0], &c)) return false;
    bool below = c.at->index == PRIMITIVE_LT || c.at->index == PRIMITIVE_LE;
    if (!below && c.at->index != PRIMITIVE_GT && c.at->index != PRIMITIVE_GE) return false;
    if (!read_formula(r, s->args[below ? 2 : 1], &p) ||
        !read_formula(r, s->args[below ? 1 : 2], &q)) {
        return false;
    }
    /* x > y takes p; x < y takes p where it is false, that is, x >= y. */
    if (c.x.low > c.y.high) return *out = p, true;
    if (c.x.high < c.y.low) return *out = q, true;
    return select_of(r, &c, &p, &q, 1, out) || select_of(r, &c, &p, &q, -1, out);
}

static const Rule rules[PRIMITIVE_COUNT] = {
    [PRIMITIVE_ADD] = rule_add,         [PRIMITIVE_SUB] = rule_subtract,
    [PRIMITIVE_MUL] = rule_multiply,    [PRIMITIVE_DIV] = rule_divide,
    [PRIMITIVE_NEG] = rule_negate,      [PRIMITIVE_ABS] = rule_absolute,
    [PRIMITIVE_MAXIMUM] = rule_maximum, [PRIMITIVE_MINIMUM] = rule_minimum,
    [PRIMITIVE_FMA] = rule_fma,         [PRIMITIVE_CAST] = rule_cast,
};

static bool read_apply(const Reading *r, const Scalar *s, AffineForm *out) {
    Rule rule = rules[s->index];
    AffineForm x[3];
    if (s->index == PRIMITIVE_SELECT) return rule_select(r, s, out);
    if (rule == NULL) return false;
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        if (!read_formula(r, s->args[i], &x[i])) return false;
    }
    return rule(r, s, x, out);
}

static bool read_count(Bounds count, AffineForm *out) {
    *out = affine_constant((double)count.low);
    return count.low == count.high && count.low > 0 && count.low < (int64_t)1 << 24;
}

static bool read_formula(const Reading *r, const Scalar *s, AffineForm *out) {
    s = ir_taken(r->w->g, r->v, s);
    switch (s->kind) {
    case SCALAR_INPUT: {
        const AffineForm *form = r->after != NULL
                                     ? r->after
                                     : form_of(r->w, ir_operand(r->w->g, r->v, s->index));
        if (form != NULL) *out = *form;
        return form != NULL;
    }
    case SCALAR_ATTRIBUTE:
        *out = constant(r->w, r->type,
                        dtype_round(r->type, attr_number(ir_attr(r->w->g, r->v, s->index))));
        return isfinite(out->center);
    case SCALAR_CONSTANT:
        *out = constant(r->w, r->type, dtype_round(r->type, s->value));
        return isfinite(out->center);
    case SCALAR_COUNT_OF:
        return read_count(r->count, out);
    case SCALAR_VOLUME:
        return read_count(r->volume, out);
    case SCALAR_POSITION:
        return false;
    case SCALAR_APPLY:
        break;
    }
    return read_apply(r, s, out);
}

/* Sums along axes. */

/* Whether a source is the same for all elements that are combined, and stands beside the result. */
static bool is_constant_along(const Graph *g, ShapeId source, Value v, const Attr *axes) {
    Shape s = g->shapes.data[source.id], x = ir_shape(g, ir_operand(g, v, 0));
    bool keeps = ir_shape(g, v).rank == x.rank, scalar = true;
    for (int i = 0; i < s.rank; i++) {
        int64_t size;
        bool one = dim_is_constant(g->dims, s.dims[i], &size) && size == 1;
        scalar = scalar && one;
        for (uint32_t k = 0; k < axes->count && !one; k++) {
            if (axes->as.integers[k] == i + (x.rank - s.rank)) return false;
        }
    }
    return scalar || keeps;
}

/* The mean of a source along axes, as it is seen beside the result. That of a mean is it. */
static uint32_t mean_source(const Reading *r, uint32_t of, AxisSet axes) {
    AffineSource s = affine_source_at(&r->w->sources, of);
    if (s.kind == SOURCE_MEAN && s.axes == axes) of = s.of;
    return affine_source(&r->w->sources,
                         (AffineSource){.kind = SOURCE_MEAN, .of = of, .axes = axes,
                                        .shape = ir_node(r->w->g, r->v)->shape});
}

/* The sum of n elements of a form each: n times the mean of each source. */
static bool sum_form(const Reading *r, const AffineForm *x, double n, AffineForm *out) {
    AffineSources *all = &r->w->sources;
    const Attr *axes =
        ir_attr(r->w->g, r->v, (uint32_t)op_attr(ir_node(r->w->g, r->v)->op, "axis"));
    AxisSet set = 0;
    for (uint32_t i = 0; i < axes->count; i++) set |= (AxisSet)(1u << axes->as.integers[i]);
    AffineForm sum = affine_constant(x->center), constant = sum;
    if (!affine_scale(all, &constant, n, &sum)) return false;
    affine_blur(&sum, x->error * n * (1 + 0x1p-40));
    for (uint32_t i = 0; i < x->count; i++) {
        const AffineTerm *t = &x->term[i];
        AffineForm one = affine_of_source(all, t->source, t->low, t->high);
        AffineSource s = affine_source_at(all, t->source);
        if (!is_constant_along(r->w->g, s.shape, r->v, axes))
            one = affine_of_source(all, mean_source(r, t->source, set), one.low, one.high);
        if (!affine_scale(all, &one, t->factor, &one) || !affine_scale(all, &one, n, &one) ||
            !affine_add(all, &sum, &one, 1, &sum)) {
            return false;
        }
    }
    *out = sum;
    return affine_bound(all, out);
}

/* Sums, and what is made of them: means. In any order each is within (n - 1) u sum |x| of the exact
 * one (combine.c). */
static bool form_of_reduction(Affine *w, Value v, AffineForm *out) {
    const OpInfo *info = &op_info[ir_node(w->g, v)->op];
    if (info->combine != COMBINE_SUM || nest_count(w->g, v) != 1 || op_attr(ir_node(w->g, v)->op,
        "axis") < 0) {
        return false;
    }
    Nest nest;
    AffineForm term, sum;
    bool assumed;
    nest_make(w->g, v, 0, &nest);
    Reading r = {.w = w, .v = v, .type = nest.accumulator};
    static const Scalar first = {.kind = SCALAR_INPUT};
    count_terms(w->g, v, &nest, &r.volume, &r.count, &assumed);
    if (!read_count(r.count, &sum)) return false;
    double n = sum.center;
    if (!read_formula(&r, nest.body == NULL ? &first : nest.body, &term) ||
        !sum_form(&r, &term, n, &sum)) {
        return false;
    }
    double size = fmax(fabs(term.low), fabs(term.high)) * n;
    double u = ldexp(1, -dtype_info[r.type].precision);
    double rounds = ((n - 1) * u * size + n * underflow(r.type)) * (1 + 0x1p-40);
    if (!w->a->options->real) affine_blur(&sum, rounds);
    if (!affine_bound(&w->sources, &sum) || n * u > 0.5) return false;
    r.after = &sum;
    if (nest.after == NULL) *out = sum;
    else if (!read_formula(&r, nest.after, out)) return false;
    r.type = ir_node(w->g, v)->dtype;
    return r.type == nest.accumulator || rounded(&r, out, true);
}

/* Moves. */

/* What the move makes of a source: itself, where all elements of that are one, or where the move
 * does no more than broadcast it. */
static uint32_t moved_source(Affine *w, Value v, uint32_t id) {
    AffineSource s = affine_source_at(&w->sources, id);
    if (s.kind == SOURCE_KINK) {
        s.of = moved_source(w, v, s.of);
        return affine_source(&w->sources, s);
    }
    Shape shape = w->g->shapes.data[s.shape.id];
    bool scalar = true;
    for (int i = 0; i < shape.rank; i++) {
        int64_t size;
        scalar = scalar && dim_is_constant(w->g->dims, shape.dims[i], &size) && size == 1;
    }
    if (scalar) return id;
    return affine_source(&w->sources,
                         (AffineSource){.kind = SOURCE_MOVED, .of = id, .node = v,
                                        .shape = ir_node(w->g, v)->shape});
}

/* Whether each element of the result is one of the operand, by its position alone. */
static bool only_moves(Graph *g, Value v) {
    Nest nest;
    if (ir_node(g, v)->operand_count != 1 || nest_count(g, v) != 1) return false;
    nest_make(g, v, 0, &nest);
    if (nest.body != NULL || nest.combine != COMBINE_NONE || nest.operand_count != 1) return false;
    for (uint8_t i = 0; i < nest.access[0].rank; i++) {
        if (nest.access[0].index[i].may_leave || nest.access[0].index[i].from != 0) return false;
    }
    return true;
}

static bool form_of_move(Affine *w, Value v, AffineForm *out) {
    if (!only_moves(w->g, v)) return false;
    const AffineForm *x = form_of(w, ir_operand(w->g, v, 0));
    if (x == NULL) return false;
    bool stretches = term_stretches(w->g, v);
    AffineForm sum = affine_constant(x->center);
    affine_blur(&sum, x->error);
    for (uint32_t i = 0; i < x->count; i++) {
        AffineTerm t = x->term[i];
        if (!stretches) t.source = moved_source(w, v, t.source);
        AffineForm one = {.count = 1, .term = {t}};
        if (!affine_add(&w->sources, &sum, &one, 1, &sum)) return false; /* brings to order */
    }
    *out = sum;
    return affine_bound(&w->sources, out);
}

/* Values. */

static bool make_form(Affine *w, Value v, AffineForm *out) {
    const Node *node = ir_node(w->g, v);
    const OpInfo *info = &op_info[node->op];
    if (node->shape.id == 0 || node->operand_count == 0) return false;
    if (op_carries(node->op)) {
        const AffineForm *x = form_of(w, ir_operand(w->g, v, 0));
        if (x != NULL) *out = *x;
        return x != NULL;
    }
    Reading r = {.w = w, .v = v, .type = ir_computed_in(w->g, v)};
    switch (info->form) {
    case FORM_EWISE:
        return dtype_is_float(r.type) && read_formula(&r, info->body, out);
    case FORM_MOVE:
        return form_of_move(w, v, out);
    case FORM_REDUCE:
        return form_of_reduction(w, v, out);
    case FORM_NONE:
    case FORM_CONTRACT:
    case FORM_REGION:
    case FORM_LIBRARY:
    case FORM_SPECIAL:
        break;
    }
    return false;
}

static AffineForm *keep_form(Affine *w, Value v, const AffineForm *f) {
    if (w->form[v.id] == NULL) w->form[v.id] = ARENA_NEW(&w->a->cx->scratch, AffineForm);
    *w->form[v.id] = *f;
    w->made[v.id] = true;
    return w->form[v.id];
}

/* The form of a value that has its range; NULL where it may be NaN, infinite or nothing. */
static const AffineForm *form_of(Affine *w, Value v) {
    Range r = w->ranges[v.id];
    AffineForm f;
    if ((r.flags & RANGE_BAD) || !range_has_finite(r)) return NULL;
    if (!dtype_is_float(ir_node(w->g, v)->dtype)) return NULL;
    if (!w->made[v.id]) {
        bool is = !range_is_point(r) && w->depth < AFFINE_DEPTH;
        w->depth++;
        is = is && make_form(w, v, &f);
        w->depth--;
        uint32_t number = w->a->terms->fact[v.id].number;
        if (range_is_point(r)) f = constant(w, ir_node(w->g, v)->dtype, r.low);
        else if (!is) f = affine_of_source(&w->sources, number, r.low, r.high);
        keep_form(w, v, &f);
    }
    AffineForm *form = w->form[v.id];
    form->low = fmax(form->low, r.low);
    form->high = fmin(form->high, r.high);
    return form->low <= form->high ? form : NULL;
}

/* Whether a formula is one of sums, with the operands that it has. */
static bool is_sum(const Affine *w, Value v, const Scalar *s) {
    s = ir_taken(w->g, v, s);
    if (s->kind != SCALAR_APPLY) return true;
    if (s->index == PRIMITIVE_SELECT) return is_sum(w, v, s->args[1]) && is_sum(w, v, s->args[2]);
    if (rules[s->index] == NULL) return false;
    bool constant = s->index != PRIMITIVE_MUL && s->index != PRIMITIVE_DIV;
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        const Scalar *x = ir_taken(w->g, v, s->args[i]);
        if (!is_sum(w, v, x)) return false;
        if (s->index == PRIMITIVE_DIV && i == 0) continue;
        constant = constant || x->kind != SCALAR_INPUT ||
                   range_is_point(w->ranges[ir_operand(w->g, v, x->index).id]);
    }
    return constant;
}

/* Whether the shared values of the operands are those of v. */
static bool passes_on(const Affine *w, Value v) {
    const Node *node = ir_node(w->g, v);
    const OpInfo *info = &op_info[node->op];
    if (op_carries(node->op)) return true;
    if (info->form == FORM_EWISE) return node->operand_count > 0 && is_sum(w, v, info->body);
    if (info->form == FORM_MOVE) return node->operand_count == 1;
    return info->form == FORM_REDUCE && info->combine == COMBINE_SUM;
}

static void claim(Affine *w, Value v, const AffineForm *f) {
    DType t = ir_node(w->g, v)->dtype;
    TermFact *fact = &w->a->terms->fact[v.id];
    double low = f->low, high = f->high;
    if (!w->a->options->real) { /* the value is one of the type */
        low = dtype_round_up(t, low);
        high = dtype_round_down(t, high);
    }
    if (!(low <= high)) return;
    Range bound = range_make(t, low, high, 0);
    fact->bound = fact->bounded ? range_meet(t, fact->bound, bound) : bound;
    if (!fact->bounded) fact->rule = "affine";
    fact->bounded = true;
}

void affine_visit(Affine *w, const Range *ranges, Value v) {
    const Node *node = ir_node(w->g, v);
    uint32_t number = w->a->terms->fact[v.id].number;
    uint64_t bits = 0;
    bool meets = false;
    AffineForm f;
    w->ranges = ranges;
    w->made[v.id] = false;
    w->shared[v.id] = 0;
    if (!dtype_is_float(node->dtype) || node->shape.id == 0) return;
    if (passes_on(w, v)) {
        for (uint32_t i = 0; i < node->operand_count; i++) {
            Value x = ir_operand(w->g, v, i);
            uint64_t its = range_is_point(ranges[x.id]) ? 0 : w->shared[x.id];
            meets = meets || (bits & its) != 0;
            bits |= its;
        }
    }
    if (op_info[node->op].form == FORM_REDUCE) { /* terms of what has met */
        Value x = ir_operand(w->g, v, 0);
        meets = bits != 0 && w->made[x.id] && w->form[x.id]->count > 1;
    }
    if (w->uses[number] > 1) bits |= (uint64_t)1 << (number * 0x9e3779b9u >> 26);
    w->shared[v.id] = bits;
    if (!meets || !make_form(w, v, &f)) return;
    claim(w, v, &f);
    keep_form(w, v, &f);
}

void affine_assume(Affine *w, Value v, int side) {
    w->sided = v;
    w->side = side;
    w->made[v.id] = false;
}

void affine_forget(Affine *w, Value v) {
    w->made[v.id] = false;
}

Affine *affine_make(Analysis *a) {
    Arena *arena = &a->cx->scratch;
    uint32_t nodes = a->graph->nodes.count;
    Affine *w = ARENA_NEW(arena, Affine);
    w->a = a;
    w->g = a->graph;
    w->sources = (AffineSources){.arena = arena, .graph = a->graph};
    w->shared = ARENA_ARRAY(arena, uint64_t, nodes);
    w->uses = ARENA_ARRAY(arena, uint32_t, nodes);
    w->form = ARENA_ARRAY(arena, AffineForm *, nodes);
    w->made = ARENA_ARRAY(arena, bool, nodes);
    for (uint32_t id = 1; id < nodes; id++) {
        for (uint32_t i = 0; i < a->graph->nodes.data[id].operand_count; i++) {
            w->uses[a->terms->fact[ir_operand(a->graph, (Value){id}, i).id].number]++;
        }
    }
    return w;
}
