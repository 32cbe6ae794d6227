/* Expressions as rules see them (term_view.h). */
#include "passes/term_view.h"

#include "ir/nest.h"
#include "passes/domain.h"

enum { STRIPPED_AT_MOST = 16, COMPARED_DEPTH = 6 };

static bool is_one(const Graph *g, DimId d) {
    int64_t value;
    return dim_is_constant(g->dims, d, &value) && value == 1;
}

bool term_stands_beside(const Graph *g, Shape s, Shape x, AxisSet axes, bool stretched) {
    if (s.rank > x.rank) return false;
    for (int i = 0; i < x.rank; i++) {
        bool combined = (axes >> i & 1) != 0;
        int own = i - (x.rank - s.rank);
        if (own < 0) {
            if (!combined && !is_one(g, x.dims[i])) return false;
            continue;
        }
        bool same = dim_is(s.dims[own], x.dims[i]);
        if (combined ? !(is_one(g, s.dims[own]) || (stretched && same)) : !same) return false;
    }
    return true;
}

bool term_keeps_order(Graph *g, Value v) {
    Nest nest;
    if (nest_count(g, v) != 1) return false;
    nest_make(g, v, 0, &nest);
    return nest.out.flat && nest.access[0].flat && nest.access[0].index[0].term_count == 1;
}

bool term_stretches(Graph *g, Value v) {
    Nest nest;
    Shape x = ir_shape(g, ir_operand(g, v, 0));
    if (nest_count(g, v) != 1) return false;
    nest_make(g, v, 0, &nest);
    for (uint8_t i = 0; i < x.rank && !nest.access[0].flat; i++) {
        const Index *index = &nest.access[0].index[i];
        if (index->from != 0 || !dim_is(index->offset, dim_constant(g->dims, 0))) return false;
        if (index->term_count == 0 && is_one(g, x.dims[i])) continue;
        if (index->term_count != 1 || index->term[0].coefficient != 1) return false;
        uint8_t loop = index->term[0].loop;
        if (loop + x.rank != nest.outer + i || !dim_is(nest.extent[loop], x.dims[i])) return false;
    }
    return !nest.access[0].flat;
}

/* One step through a value that has the elements of its operand; false where it ends. */
static bool strip(const Visit *w, Term *t) {
    const Node *node = ir_node(w->g, t->v);
    const OpInfo *info = &op_info[node->op];
    if (node->shape.id == 0) return false;
    if (op_carries(node->op)) {
        t->v = ir_operand(w->g, t->v, 0);
        return true;
    }
    if (info->form == FORM_EWISE) {
        t->s = ir_taken(w->g, t->v, info->body);
        return false;
    }
    const TermFact *fact = &w->facts[t->v.id];
    if (fact->combined != COMBINE_NONE && fact->aligned) return false;
    if (info->form != FORM_MOVE || node->operand_count != 1) return false;
    if (ir_node(w->g, ir_operand(w->g, t->v, 0))->shape.id == 0) return false;
    if (term_keeps_order(w->g, t->v)) {
        if (t->view.id == 0) t->view = node->shape;
    } else if (t->view.id != 0 || !term_stretches(w->g, t->v)) {
        return false;
    }
    t->v = ir_operand(w->g, t->v, 0);
    return true;
}

Term term_of(const Visit *w, Value v) {
    Term t = {.v = v, .seen = v};
    for (int i = 0; i < STRIPPED_AT_MOST && strip(w, &t); i++) continue;
    if (t.view.id == ir_node(w->g, t.v)->shape.id) t.view.id = 0;
    return t;
}

Term term_part(const Visit *w, const Term *t, int i) {
    const Scalar *s = ir_taken(w->g, t->v, t->s->args[i]);
    if (s->kind != SCALAR_INPUT) {
        return (Term){.v = t->v, .s = s, .view = t->view, .lost = t->lost};
    }
    Value v = ir_operand(w->g, t->v, s->index);
    Term part = term_of(w, v);
    part.lost = t->lost;
    if (t->view.id == 0) return part;
    /* Seen in a shape: only what has the elements of t, in their order, is seen in it too. */
    ShapeId shape = ir_node(w->g, t->v)->shape;
    bool whole = ir_node(w->g, v)->shape.id == shape.id;
    bool ordered = part.view.id != 0 || ir_node(w->g, part.v)->shape.id == shape.id;
    part.lost = part.lost || !whole || !ordered;
    part.view = t->view;
    return part;
}

DType term_type(const Visit *w, const Term *t) {
    return t->seen.id != 0 ? ir_node(w->g, t->seen)->dtype : ir_computed_in(w->g, t->v);
}

static Range inner_range(const Visit *w, const Term *t) {
    DType type = ir_computed_in(w->g, t->v);
    const AbstractDomain *d = &interval_domain;
    if (t->s->kind == SCALAR_CONSTANT) return d->constant(type, t->s->value);
    if (t->s->kind == SCALAR_ATTRIBUTE)
        return d->constant(type, attr_number(ir_attr(w->g, t->v, t->s->index)));
    if (t->s->kind != SCALAR_APPLY) return d->top(type);
    const PrimitiveInfo *info = &primitive_info[t->s->index];
    if (info->class != PRIMITIVE_CLASS_FLOAT && info->class != PRIMITIVE_CLASS_NUMBER)
        return d->top(type);
    Range args[3];
    for (int i = 0; i < info->arity; i++) {
        Term part = term_part(w, t, i);
        args[i] = term_range(w, &part);
    }
    return d->apply((Primitive)t->s->index, type, type, args);
}

Range term_range(const Visit *w, const Term *t) {
    return t->seen.id != 0 ? w->ranges[t->seen.id] : inner_range(w, t);
}

bool term_constant(const Visit *w, const Term *t, double *out) {
    Range r = term_range(w, t);
    if (!range_is_point(r) || fabs(r.low) >= 0x1p53) return false;
    *out = r.low;
    return true;
}

/* Of which the operands may change places; of MAXIMUM and MINIMUM up to the sign of a zero. */
static bool commutes(Primitive p) {
    return p == PRIMITIVE_ADD || p == PRIMITIVE_MUL || p == PRIMITIVE_MAXIMUM ||
           p == PRIMITIVE_MINIMUM || p == PRIMITIVE_AND || p == PRIMITIVE_OR ||
           p == PRIMITIVE_EQ || p == PRIMITIVE_NE;
}

static bool same_to(const Visit *w, const Term *a, const Term *b, int depth);

static bool same_parts(const Visit *w, const Term *a, const Term *b, bool crossed, int depth) {
    int arity = primitive_info[a->s->index].arity;
    for (int i = 0; i < arity; i++) {
        Term x = term_part(w, a, i), y = term_part(w, b, crossed ? arity - 1 - i : i);
        if (!same_to(w, &x, &y, depth - 1)) return false;
    }
    return true;
}

static bool same_to(const Visit *w, const Term *a, const Term *b, int depth) {
    double x, y;
    if (term_type(w, a) != term_type(w, b)) return false;
    if (term_constant(w, a, &x) && term_constant(w, b, &y)) return !(x < y || x > y);
    if (a->lost || b->lost || a->view.id != b->view.id) return false;
    if (a->seen.id != 0 && b->seen.id != 0 &&
        w->facts[a->v.id].number == w->facts[b->v.id].number) {
        return true;
    }
    Primitive p = term_primitive(a);
    if (depth == 0 || p == PRIMITIVE_COUNT || p != term_primitive(b)) return false;
    if (!term_affords(w)) return false;
    if (primitive_info[p].class == PRIMITIVE_CLASS_CAST) return false;
    return same_parts(w, a, b, false, depth) || (commutes(p) && same_parts(w, a, b, true, depth));
}

bool term_same(const Visit *w, const Term *a, const Term *b) {
    return same_to(w, a, b, COMPARED_DEPTH);
}

bool term_combines(const Visit *w, const Term *t, Value *of) {
    const TermFact *fact = &w->facts[t->v.id];
    if (t->s != NULL || t->lost || fact->combined == COMBINE_NONE) return false;
    *of = (Value){fact->of};
    if (t->view.id == 0) return fact->aligned;
    Shape seen = w->g->shapes.data[t->view.id];
    return term_stands_beside(w->g, seen, ir_shape(w->g, *of), fact->axes, false);
}

bool term_is_sum(const Visit *w, const Term *t, Value *of) {
    const TermFact *fact = &w->facts[t->v.id];
    if (t->s != NULL || t->lost || fact->combined != COMBINE_SUM || fact->averaged) return false;
    *of = (Value){fact->of};
    return true;
}
