/* What a constant mask keeps.
 *
 * Of a row that a mask hides, at least one element must be left for its largest to be a number. A
 * mask that is made of positions (`tril`, `eye`, a band, causal attention) tells which one: the
 * first, the last, or the one on the diagonal. So a tensor is bounded once more at one position
 * along the axes that are combined: indices are then sums of the free positions, comparisons of
 * such sums are decided, and choices by them taken. The largest of a row is at least what is
 * there, and so is a sum of what is not negative.
 *
 * Test: `terms` in tests/unit/passes/test_terms.c. */
#include "passes/term_view.h"

#include "ir/nest.h"
#include "passes/domain.h"

enum { LOOKED_AT = 96 };

/* constant + sum of factor[k] * position along axis k of the tensor whose axes are free. */
typedef struct Affine {
    bool known;
    double constant;
    double factor[MAX_RANK];
} Affine;

typedef struct Sample {
    Range range;
    Affine affine; /* of every element, if known */
} Sample;

typedef struct Spot {
    const Visit *w;
    Shape free;        /* the tensor, whose axes are the free positions ... */
    int edge;          /* ... but for this one, which is 0 (edge_only), or is not; -1: none */
    bool edge_only;
    uint32_t *budget;  /* values that may be looked at */
} Spot;

static double last_of(const Spot *p, int axis) {
    int64_t low, high;
    dim_bounds(p->w->g->dims, p->free.dims[axis], &low, &high);
    return high < 1 ? 0 : (double)high - 1;
}

/* The values that a sum of positions can take. */
static Range reach(const Spot *p, const Affine *a) {
    Range r = {a->constant, a->constant, RANGE_INTEGRAL};
    for (int k = 0; k < p->free.rank; k++) {
        double first = k == p->edge && !p->edge_only ? 1 : 0;
        double last = k == p->edge && p->edge_only ? 0 : last_of(p, k);
        r.low += fmin(a->factor[k] * first, a->factor[k] * last);
        r.high += fmax(a->factor[k] * first, a->factor[k] * last);
    }
    return r;
}

static Affine combine(const Affine *a, const Affine *b, double sign) {
    Affine sum = {.known = a->known && b->known, .constant = a->constant + sign * b->constant};
    for (int k = 0; k < MAX_RANK; k++) sum.factor[k] = a->factor[k] + sign * b->factor[k];
    return sum;
}

static Affine scaled(const Affine *a, double by) {
    Affine product = *a;
    product.constant *= by;
    for (int k = 0; k < MAX_RANK; k++) product.factor[k] *= by;
    return product;
}

static Sample sample_value(const Spot *p, Value v, const Affine *index);

/* Comparisons of sums of positions, by their difference: what is the same in both cancels out. */
static bool decided(const Spot *p, Primitive compare, const Sample *x, const Sample *y,
                    Range *out) {
    if (!x->affine.known || !y->affine.known) return false;
    Affine difference = combine(&x->affine, &y->affine, -1);
    const Range args[3] = {reach(p, &difference), {0, 0, RANGE_INTEGRAL}, {0, 0, 0}};
    *out = interval_domain.apply(compare, DTYPE_F64, DTYPE_BOOL, args);
    return true;
}

/* What a primitive makes of sums of positions, where that is one. */
static Affine moved(const Spot *p, Primitive primitive, const Sample *x, DType type) {
    Affine none = {.known = false};
    if (primitive == PRIMITIVE_ADD) return combine(&x[0].affine, &x[1].affine, 1);
    if (primitive == PRIMITIVE_SUB) return combine(&x[0].affine, &x[1].affine, -1);
    if (primitive == PRIMITIVE_NEG) return scaled(&x[0].affine, -1);
    if (primitive == PRIMITIVE_CAST && type != DTYPE_BOOL) return x[0].affine;
    for (int i = 0; i < 2 && primitive == PRIMITIVE_MUL; i++) {
        if (range_is_point(x[i].range)) return scaled(&x[1 - i].affine, x[i].range.low);
    }
    (void)p;
    return none;
}

/* Sums of positions that every step computes exactly: integers, and small enough. */
static bool is_exact(const Spot *p, const Affine *a, DType type) {
    if (!a->known) return false;
    double size = fabs(a->constant);
    for (int k = 0; k < p->free.rank; k++) {
        if (a->factor[k] != floor(a->factor[k])) return false; /* exact: an integer or not */
        size += fabs(a->factor[k]) * last_of(p, k);
    }
    double most = fmin(ldexp(1, dtype_info[type].precision), 0x1p53);
    return a->constant == floor(a->constant) && size < most; /* exact: an integer or not */
}

static Sample sample_formula(const Spot *p, Value v, const Scalar *s, const Affine *index);

static Sample sample_apply(const Spot *p, Value v, const Scalar *s, const Affine *index) {
    const Graph *g = p->w->g;
    const PrimitiveInfo *info = &primitive_info[s->index];
    DType type = ir_computed_in(g, v), result = ir_node(g, v)->dtype;
    Sample args[3] = {{.range = {0, 0, 0}}}, out = {.affine = {.known = false}};
    Range ranges[3] = {{0, 0, 0}};
    for (int i = 0; i < info->arity; i++) {
        args[i] = sample_formula(p, v, s->args[i], index);
        ranges[i] = args[i].range;
    }
    if (info->class == PRIMITIVE_CLASS_COMPARE &&
        decided(p, (Primitive)s->index, &args[0], &args[1], &out.range)) {
        return out;
    }
    if (s->index == PRIMITIVE_SELECT) {
        if (ranges[0].low >= 1) return args[1];
        if (ranges[0].high <= 0) return args[2];
    }
    out.range = interval_domain.apply((Primitive)s->index, type, result, ranges);
    DType made = info->class == PRIMITIVE_CLASS_CAST ? result : type;
    Affine affine = moved(p, (Primitive)s->index, args, made);
    if (is_exact(p, &affine, made)) {
        out.affine = affine;
        out.range = interval_domain.meet(made, out.range, reach(p, &affine));
    }
    return out;
}

/* A part of the formula of v at `index`, one for each dimension of v. */
static Sample sample_formula(const Spot *p, Value v, const Scalar *s, const Affine *index) {
    const Graph *g = p->w->g;
    Shape shape = ir_shape(g, v);
    DType type = ir_computed_in(g, v);
    s = ir_taken(g, v, s);
    Sample out = {.range = interval_domain.top(type)};
    switch (s->kind) {
    case SCALAR_INPUT: {
        Value x = ir_operand(g, v, s->index);
        Shape own = ir_shape(g, x);
        Affine at[MAX_RANK] = {{.known = true}};
        for (int i = 0; i < own.rank; i++) {
            int64_t size;
            bool one = dim_is_constant(g->dims, own.dims[i], &size) && size == 1;
            at[i] = one ? (Affine){.known = true} : index[i + shape.rank - own.rank];
        }
        return sample_value(p, x, at);
    }
    case SCALAR_CONSTANT:
        out.range = interval_domain.constant(type, s->value);
        break;
    case SCALAR_ATTRIBUTE:
        out.range = interval_domain.constant(type, attr_number(ir_attr(g, v, s->index)));
        break;
    case SCALAR_POSITION:
        out.affine = index[shape.rank - 1 - s->index];
        if (is_exact(p, &out.affine, type)) out.range = reach(p, &out.affine);
        else out.affine.known = false;
        return out;
    case SCALAR_COUNT_OF:
    case SCALAR_VOLUME:
        return out;
    case SCALAR_APPLY:
        return sample_apply(p, v, s, index);
    }
    if (range_is_point(out.range))
        out.affine = (Affine){.known = true, .constant = out.range.low};
    return out;
}

/* The element that a move takes, if it takes one for sure; false where it may be padding, or where
 * the shapes are not read. */
static bool taken_from(const Spot *p, Value v, const Affine *index, Affine *at) {
    Graph *g = p->w->g;
    Nest nest;
    Shape x = ir_shape(g, ir_operand(g, v, 0)), shape = ir_shape(g, v);
    if (nest_count(g, v) != 1) return false;
    nest_make(g, v, 0, &nest);
    if (nest.access[0].flat) { /* a reshape: dimensions of 1 are put in or taken out */
        int from = 0;
        for (int i = 0; i < x.rank; i++) {
            int64_t size;
            at[i] = (Affine){.known = true};
            if (dim_is_constant(g->dims, x.dims[i], &size) && size == 1) continue;
            while (from < shape.rank && dim_is_constant(g->dims, shape.dims[from], &size) &&
                   size == 1) {
                from++;
            }
            if (from == shape.rank || !dim_is(shape.dims[from], x.dims[i])) return false;
            at[i] = index[from++];
        }
        return term_keeps_order(g, v);
    }
    for (int i = 0; i < x.rank; i++) {
        const Index *own = &nest.access[0].index[i];
        int64_t offset;
        if (own->from != 0 || own->may_leave) return false;
        if (!dim_is_constant(g->dims, own->offset, &offset)) return false;
        at[i] = (Affine){.known = true, .constant = (double)offset};
        for (int k = 0; k < own->term_count; k++) {
            if (own->term[k].loop >= shape.rank) return false;
            Affine part = scaled(&index[own->term[k].loop], (double)own->term[k].coefficient);
            at[i] = combine(&at[i], &part, 1);
        }
    }
    return true;
}

static Sample sample_value(const Spot *p, Value v, const Affine *index) {
    const Graph *g = p->w->g;
    const Node *node = ir_node(g, v);
    const OpInfo *info = &op_info[node->op];
    Sample whole = {.range = p->w->ranges[v.id]};
    if (range_is_point(whole.range) && fabs(whole.range.low) < 0x1p53) {
        whole.affine = (Affine){.known = true, .constant = whole.range.low};
        return whole;
    }
    if (*p->budget == 0) return whole;
    --*p->budget;
    Sample inner = whole;
    Affine at[MAX_RANK] = {{.known = false}};
    if (op_carries(node->op)) {
        inner = sample_value(p, ir_operand(g, v, 0), index);
    } else if (info->form == FORM_EWISE) {
        inner = sample_formula(p, v, info->body, index);
    } else if (info->form == FORM_MOVE && node->operand_count == 1 && info->body == NULL &&
               taken_from(p, v, index, at)) {
        inner = sample_value(p, ir_operand(g, v, 0), at);
    }
    Range both = interval_domain.meet(node->dtype, whole.range, inner.range);
    if (range_has_finite(both) || (both.flags & RANGE_BAD)) inner.range = both;
    return inner;
}

/* The places along the combined axes that masks keep most often; false: there is no such one. */
static bool place_at(const Spot *p, AxisSet axes, int which, Affine *index) {
    const Graph *g = p->w->g;
    for (int k = 0; k < p->free.rank; k++) {
        index[k] = (Affine){.known = true};
        if (!(axes >> k & 1)) {
            index[k].factor[k] = 1;
            continue;
        }
        if (which == 0) continue; /* the first */
        if (which == 1) {         /* the last */
            int64_t size;
            if (!dim_is_constant(g->dims, p->free.dims[k], &size)) return false;
            index[k].constant = (double)size - 1;
            continue;
        }
        /* On the diagonal with another axis, of the same size. */
        int other = which - 2;
        if (other >= p->free.rank) return false;
        if ((axes >> other & 1) || !dim_is(p->free.dims[other], p->free.dims[k])) return false;
        index[k].factor[other] = 1;
    }
    return true;
}

/* Whether all elements at a place are bounded from below, so that the whole is: by *least. */
static bool kept_at(const Spot *p, Combiner combine, int which, double *least) {
    const Visit *w = p->w;
    Affine index[MAX_RANK] = {{.known = false}};
    if (!place_at(p, w->fact->axes, which, index)) return false;
    Sample s = sample_value(p, operand(w, 0), index);
    bool holds = range_has_finite(s.range) && !(s.range.flags & (RANGE_NEGATIVE | RANGE_NAN));
    *least = s.range.low;
    return holds && (combine != COMBINE_SUM || s.range.low > 0);
}

/* y = max(x) along axes, or sum(x), x >= 0. Claim: y is at least every x, so at least what x is at
 * one position along the axes, if that is bounded from below. */
void term_kept(Visit *w) {
    bool averaged;
    Combiner combine = term_reduction(w->g, w->v, &averaged);
    if ((combine != COMBINE_MAX && combine != COMBINE_SUM) || averaged) return;
    Range x = w->ranges[operand(w, 0).id];
    if (!dtype_is_float(ir_node(w->g, w->v)->dtype)) return;
    bool hidden = combine == COMBINE_MAX ? (x.flags & RANGE_NEGATIVE) != 0
                                         : x.low >= 0 && range_may_be_zero(x);
    if (!hidden || (x.flags & RANGE_NAN)) return;
    uint32_t budget = LOOKED_AT;
    Spot p = {.w = w, .free = ir_shape(w->g, operand(w, 0)), .edge = -1, .budget = &budget};
    double least = -INFINITY;
    bool found = false;
    for (int which = 0; which < 2 + p.free.rank && !found; which++) {
        found = kept_at(&p, combine, which, &least);
    }
    /* The first, but for the first of the rows, which keeps the last: a diagonal is hidden. */
    for (int k = 0; k < p.free.rank && !found; k++) {
        int64_t size;
        double other;
        if (w->fact->axes >> k & 1) continue;
        if (!dim_is_constant(w->g->dims, p.free.dims[k], &size)) continue;
        p.edge = k;
        p.edge_only = false;
        if (size < 2 || !kept_at(&p, combine, 0, &least)) continue;
        p.edge_only = true;
        found = kept_at(&p, combine, 1, &other);
        least = fmin(least, other);
    }
    if (found) term_claim(w, "kept", least, INFINITY, x.flags & RANGE_POSITIVE);
}

/* What index of the free positions the elements of v are taken at, followed through moves to a
 * value that is none; whether that does not depend on the position along `axis`. */
static bool stands_still(const Spot *p, Value v, int axis) {
    const Graph *g = p->w->g;
    Affine index[MAX_RANK], at[MAX_RANK];
    Shape shape = ir_shape(g, v);
    int shift = p->free.rank - shape.rank;
    for (int d = 0; d < shape.rank; d++) {
        int64_t size;
        bool one = dim_is_constant(g->dims, shape.dims[d], &size) && size == 1;
        index[d] = (Affine){.known = true};
        if (!one) index[d].factor[d + shift] = 1;
    }
    for (int step = 0; step < 8; step++) {
        const Node *node = ir_node(g, v);
        bool carries = op_carries(node->op);
        if (!carries) {
            if (op_info[node->op].form != FORM_MOVE || node->operand_count != 1) break;
            if (!taken_from(p, v, index, at)) break;
            for (int d = 0; d < MAX_RANK; d++) index[d] = at[d];
        }
        v = ir_operand(g, v, 0);
    }
    for (int d = 0; d < ir_shape(g, v).rank; d++) {
        if (index[d].factor[axis] != 0) return false; /* exact: it was set so */
    }
    return true;
}

/* y = (x == position along an axis) as a number, x an integer that does not vary along the axis and
 * is a position in it. Claim: y is 1 at one element along the axis, and 0 elsewhere. Why: positions
 * differ, and are exact in the type as long as there are fewer than 2^p. */
void term_onehot(Visit *w) {
    Term equal = w->part[0];
    Range r = {0, 0, 0};
    if (!term_is(&equal, PRIMITIVE_EQ) || equal.view.id != 0 || equal.lost) return;
    uint32_t budget = LOOKED_AT;
    Spot p = {.w = w, .free = ir_shape(w->g, w->v), .edge = -1, .budget = &budget};
    Affine index[MAX_RANK] = {{.known = false}};
    for (int k = 0; k < p.free.rank; k++) {
        index[k] = (Affine){.known = true};
        index[k].factor[k] = 1;
    }
    if (ir_node(w->g, equal.v)->operand_count != 2) return;
    for (uint32_t i = 0; i < 2; i++) {
        Value x = ir_operand(w->g, equal.v, i), position = ir_operand(w->g, equal.v, 1 - i);
        if (ir_shape(w->g, position).rank > p.free.rank) return;
        Sample s = sample_formula(&p, equal.v,
                                  op_info[ir_node(w->g, equal.v)->op].body->args[1 - i], index);
        int axis = -1;
        for (int k = 0; k < p.free.rank && s.affine.known; k++) {
            if (s.affine.factor[k] == 1 && axis < 0) axis = k; /* exact: one step is one position */
            else if (s.affine.factor[k] != 0) s.affine.known = false;
        }
        r = w->ranges[x.id];
        int64_t low, high;
        if (!s.affine.known || axis < 0 || s.affine.constant != 0) continue; /* exact: no offset */
        dim_bounds(w->g->dims, p.free.dims[axis], &low, &high);
        bool inside = !(r.flags & RANGE_BAD) && (r.flags & RANGE_INTEGRAL) && r.low >= 0 &&
                      r.high <= (double)(low - 1);
        if (!inside || !stands_still(&p, x, axis)) continue;
        w->fact->one_along = w->fact->simplex_along = (AxisSet)(1u << axis);
        return;
    }
}

/* Whether the only numbers of a branch are -inf. */
static bool is_hidden(Range r) {
    return !range_has_finite(r) && r.flags == (RANGE_NEGATIVE | (r.flags & RANGE_INTEGRAL));
}

/* The choice by a mask that puts -inf in place of elements: x itself, or an addend of it. */
static Value hiding_choice(const Graph *g, const Range *ranges, Value x) {
    for (int step = 0; step < 4; step++) {
        while (op_carries(ir_node(g, x)->op)) x = ir_operand(g, x, 0);
        if (ir_is_primitive(g, x, PRIMITIVE_SELECT)) {
            bool hides = is_hidden(ranges[ir_operand(g, x, 1).id]) ||
                         is_hidden(ranges[ir_operand(g, x, 2).id]);
            return hides ? x : VALUE_NONE;
        }
        if (!ir_is_primitive(g, x, PRIMITIVE_ADD)) return VALUE_NONE;
        Value addend = ir_operand(g, x, 1);
        bool first = !(ranges[addend.id].flags & RANGE_NEGATIVE);
        x = first ? ir_operand(g, x, 0) : addend;
    }
    return VALUE_NONE;
}

bool term_hides_rows(const Graph *g, const TermFact *facts, const Range *ranges, Value v) {
    if (!ir_is_primitive(g, v, PRIMITIVE_SUB)) return false;
    Value x = ir_operand(g, v, 0);
    const TermFact *most = &facts[ir_operand(g, v, 1).id];
    if (most->combined != COMBINE_MAX || most->of != facts[x.id].number) return false;
    Value choice = hiding_choice(g, ranges, x);
    if (ir_is_poison(choice)) return false;
    /* What has a name of its own may have other uses: then the infinity is what is reported, unless
     * the mask is one of positions, shared by rows. */
    bool shared = ir_node(g, ir_operand(g, choice, 0))->shape.id != ir_node(g, choice)->shape.id;
    return shared || ir_node(g, choice)->name.id == 0;
}
