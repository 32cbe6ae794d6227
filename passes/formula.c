/* Formulas are bounded: one primitive after another, each of its operands' ranges, with what two
 * equal operands, a choice by a comparison, and an average say besides. */
#include "passes/ranges_internal.h"
#include "passes/source.h"

/* Whether two values are equal, element by element. */
static bool same_value(const Engine *e, Value x, Value y) {
    return e->a->terms->fact[x.id].number == e->a->terms->fact[y.id].number &&
           ir_node(e->g, x)->shape.id == ir_node(e->g, y)->shape.id;
}

/* Whether two parts of a formula are the same number for every element. */
static bool same(const Engine *e, const Scalar *a, const Scalar *b) {
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case SCALAR_INPUT: {
        if (a->index == b->index) return true;
        if (e->combines || op_info[ir_node(e->g, e->v)->op].form != FORM_EWISE) return false;
        return same_value(e, ir_operand(e->g, e->v, a->index), ir_operand(e->g, e->v, b->index));
    }
    case SCALAR_ATTRIBUTE:
    case SCALAR_POSITION:
        return a->index == b->index;
    case SCALAR_CONSTANT:
        return a->value == b->value; /* the same literal */
    case SCALAR_COUNT_OF:
    case SCALAR_VOLUME:
        return true;
    case SCALAR_APPLY:
        break;
    }
    if (a->index != b->index) return false;
    for (int i = 0; i < primitive_info[a->index].arity; i++) {
        if (!same(e, a->args[i], b->args[i])) return false;
    }
    return true;
}

/* The values of x for which `x p y` may hold (or fail). */
static Range restricted(const Engine *e, Primitive p, Range x, Range y, bool holds) {
    Range part = range_finite(e->type);
    part.flags |= RANGE_INFINITE | (holds ? 0 : RANGE_NAN);
    if (range_may_be_nan(y) || range_may_be_infinite(y)) return x;
    bool equal = p == PRIMITIVE_EQ || p == PRIMITIVE_NE;
    if (equal && (p == PRIMITIVE_EQ) == holds) {
        y.flags |= p == PRIMITIVE_NE ? RANGE_NAN : 0; /* NaN differs from everything */
        return e->d->meet(e->type, x, y);
    }
    if (equal)
        return y.low == 0 && y.high == 0
                   ? range_make(e->type, x.low, x.high, x.flags | RANGE_NONZERO)
                   : x;
    bool below = p == PRIMITIVE_LT || p == PRIMITIVE_LE;
    bool strict = (p == PRIMITIVE_LT || p == PRIMITIVE_GT) == holds;
    /* Above what is not negative is not 0, nor is what is below what is not positive. */
    if (strict && (below == holds ? y.high <= 0 : y.low >= 0)) {
        x = range_make(e->type, x.low, x.high, x.flags | RANGE_NONZERO);
    }
    /* Not (x <= y) is x > y, or a NaN. The next integer may be no double. */
    bool next = strict && dtype_is_float(e->type);
    if (below == holds) {
        part.high = next ? dtype_next_down(e->type, y.high) : y.high;
        part.flags &= (uint8_t)~RANGE_POSITIVE;
    } else {
        part.low = next ? dtype_next_up(e->type, y.low) : y.low;
        part.flags &= (uint8_t)~RANGE_NEGATIVE;
    }
    return e->d->meet(e->type, x, part);
}

/* A choice by a comparison of an operand with a number: each branch is bounded again on the part of
 * the operand that leads there. */
static bool refined_select(Engine *e, const Scalar *s, SitePart part, const Scalar *root,
                           Range *out) {
    const Scalar *cond = s->args[0];
    if (part != SITE_BODY || cond->kind != SCALAR_APPLY) return false;
    if (primitive_info[cond->index].class != PRIMITIVE_CLASS_COMPARE) return false;
    const Scalar *x = cond->args[0];
    if (x->kind != SCALAR_INPUT || cond->args[1]->kind == SCALAR_INPUT) return false;
    bool judges = e->judges;
    e->judges = false;
    Range whole = e->inputs[x->index], y = formula_range(e, cond->args[1], part, root).range;
    Range branch[2];
    for (int i = 0; i < 2; i++) {
        e->inputs[x->index] = restricted(e, (Primitive)cond->index, whole, y, i == 0);
        branch[i] = range_is_empty(e->inputs[x->index])
                        ? e->d->bottom(e->type)
                        : formula_range(e, s->args[1 + i], part, root).range;
    }
    e->inputs[x->index] = whole;
    e->judges = judges;
    *out = e->d->join(branch[0], branch[1]);
    return true;
}

/* The comparison that an operand of the node is the result of; NULL if it is none. */
const Scalar *formula_comparison(const Engine *e, Value cond) {
    const OpInfo *info = &op_info[ir_node(e->g, cond)->op];
    if (info->form != FORM_EWISE || info->body->kind != SCALAR_APPLY) return NULL;
    if (primitive_info[info->body->index].class != PRIMITIVE_CLASS_COMPARE) return NULL;
    return info->body;
}

/* What v can be where a comparison holds (or fails) that has v on one of its sides; `limit` is the
 * range of the other. False: it has not, or says nothing element by element. */
static bool compared(const Engine *e, Value cond, Value v, Primitive *p, Value *limit) {
    static const Primitive turned[PRIMITIVE_COUNT] = {
        [PRIMITIVE_LT] = PRIMITIVE_GT, [PRIMITIVE_GT] = PRIMITIVE_LT,
        [PRIMITIVE_LE] = PRIMITIVE_GE, [PRIMITIVE_GE] = PRIMITIVE_LE,
        [PRIMITIVE_EQ] = PRIMITIVE_EQ, [PRIMITIVE_NE] = PRIMITIVE_NE,
    };
    const Scalar *compare = formula_comparison(e, cond);
    if (compare == NULL) return false;
    if (ir_node(e->g, cond)->shape.id != ir_node(e->g, v)->shape.id) return false;
    *p = (Primitive)compare->index;
    *limit = ir_operand(e->g, cond, 1);
    if (same_value(e, ir_operand(e->g, cond, 0), v)) return true;
    *p = turned[*p];
    *limit = ir_operand(e->g, cond, 0);
    return same_value(e, ir_operand(e->g, cond, 1), v);
}

/* `where(y == 0, z, y)`: a branch that is what the condition compares is one of those values that
 * lead there. The condition must have the shape of the branch, so that element meets element. */
static void restrict_branch(Engine *e, const Scalar *s, int which, Range *branch) {
    const Scalar *arg = s->args[which];
    if (e->combines || s->args[0]->kind != SCALAR_INPUT || arg->kind != SCALAR_INPUT) return;
    Value cond = ir_operand(e->g, e->v, s->args[0]->index), v = ir_operand(e->g, e->v, arg->index);
    if (e->chooser[v.id] == e->v.id && !range_is_empty(e->chosen[v.id])) *branch = e->chosen[v.id];
    Primitive p;
    Value limit;
    if (compared(e, cond, v, &p, &limit))
        *branch = restricted(e, p, *branch, e->facts->range[limit.id], which == 1);
}

bool formula_follows_choice(const Engine *e, Value x) {
    return e->chooser[x.id] != 0 && e->chooser[x.id] == e->chooser[e->v.id] &&
           !range_is_empty(e->chosen[x.id]);
}

/* An operand of a value that is a branch of a choice, on the elements for which it is taken. */
void formula_restrict_operand(const Engine *e, Value x, Range *r) {
    if (formula_follows_choice(e, x)) *r = e->chosen[x.id];
    Value choice = {e->chooser[e->v.id]}, cond = ir_operand(e->g, choice, 0);
    uint32_t shape = ir_node(e->g, e->v)->shape.id;
    Primitive p;
    Value y;
    if (ir_node(e->g, x)->shape.id != shape || ir_node(e->g, x)->dtype != e->type) return;
    if (!compared(e, cond, x, &p, &y)) return;
    Range limit = e->facts->range[y.id];
    if (y.id > e->v.id) { /* not reached yet, but a constant needs nothing */
        bool assumed;
        if (op_info[ir_node(e->g, y)->op].type != TYPE_SOURCE) return;
        limit = source_range(e->g, e->a->options, y, &assumed);
    }
    *r = restricted(e, p, *r, limit, !e->second[e->v.id]);
}

/* The sum of an `after` formula divided by a number of its terms: *out is what that can be. A
 * divisor beyond the number of terms that were added brings it nearer to 0. */
static bool is_average(const Engine *e, const Scalar *s, SitePart part, Range *out) {
    if (part != SITE_AFTER || !e->has_average || s->index != PRIMITIVE_DIV) return false;
    if (s->args[0]->kind != SCALAR_INPUT || !is_count(s->args[1])) return false;
    const Scalar *by = ir_taken(e->g, e->v, s->args[1]);
    *out = e->average;
    if (by->kind != SCALAR_COUNT_OF && !e->counts_all) {
        *out = range_make(e->type, fmin(out->low, 0), fmax(out->high, 0), out->flags & RANGE_BAD);
    }
    return true;
}

/* Flags that a result has only if the operation makes them, and is to blame. */
static unsigned made_of(Primitive p, const Range *args) {
    unsigned there = 0;
    for (int i = 0; i < primitive_info[p].arity; i++) there |= args[i].flags & RANGE_BAD;
    unsigned made = there & RANGE_NAN ? 0 : RANGE_NAN;
    return there & RANGE_INFINITE ? made : made | RANGE_INFINITE;
}

static Typed apply(Engine *e, const Scalar *s, SitePart part, const Scalar *root) {
    Primitive p = (Primitive)s->index;
    const PrimitiveInfo *info = &primitive_info[p];
    Range args[3];
    DType types[3] = {DTYPE_NONE, DTYPE_NONE, DTYPE_NONE};
    for (int i = 0; i < info->arity; i++) {
        Typed arg = formula_range(e, s->args[i], part, root);
        args[i] = arg.range;
        types[i] = arg.type;
    }
    DType type = types[info->arity - 1];
    /* What the term says of the whole node, it says of the outermost application. */
    const TermFact *term = &e->a->terms->fact[e->v.id];
    bool bounded = s == root && term->bounded && !range_may_be_infinite(term->bound);
    uint32_t site = site_index(e, part, s);
    unsigned made = made_of(p, args); /* before the safe part is taken */
    if (e->judges && site < e->site_count) judge(e, site, p, type, s, args, bounded);
    for (int i = 1; p == PRIMITIVE_SELECT && e->a->options->choices && i < 3; i++)
        restrict_branch(e, s, i, &args[i]);
    Range r = e->d->apply(p, type, e->result, args);
    /* What is proved does not come up, and what is not, the guard stops. */
    if (site < e->site_count && info->result_code != NO_CODE) r.flags &= (uint8_t)~made;
    Range fact;
    if (info->arity == 2 && e->a->options->terms && same(e, s->args[0], s->args[1]) &&
        term_same_operands(p, type, args[0], &fact)) {
        r = e->d->meet(type, r, fact);
    }
    if (is_average(e, s, part, &fact)) r = e->d->meet(type, r, fact);
    if (p == PRIMITIVE_SELECT && e->a->options->choices && refined_select(e, s, part, root, &fact))
        r = e->d->meet(type, r, fact);
    if (info->class == PRIMITIVE_CLASS_CAST) type = e->result;
    if (info->class == PRIMITIVE_CLASS_COMPARE || info->class == PRIMITIVE_CLASS_TEST)
        type = DTYPE_BOOL;
    return (Typed){flush_result(e, p, type, r), type};
}

/* What a counter of a loop over the result can be, in the box if there is one. */
static Range position(const Engine *e, uint8_t from_last) {
    uint8_t loop = (uint8_t)(e->nest->outer - 1 - from_last);
    int64_t first = 0, low, high;
    if (e->boxed != NULL) dim_bounds(e->g->dims, e->boxed->begin[loop], &first, &high);
    DimId end = e->boxed != NULL ? e->boxed->end[loop] : e->nest->extent[loop];
    dim_bounds(e->g->dims, end, &low, &high);
    double last = dtype_round(e->type, high < 1 ? 0 : (double)(high - 1));
    double least = dtype_round(e->type, first < 0 ? 0 : (double)first);
    return range_make(e->type, fmin(least, last), last, RANGE_INTEGRAL);
}

Typed formula_range(Engine *e, const Scalar *s, SitePart part, const Scalar *root) {
    s = ir_taken(e->g, e->v, s);
    switch (s->kind) {
    case SCALAR_INPUT:
        return (Typed){e->inputs[s->index], e->input_types[s->index]};
    case SCALAR_ATTRIBUTE: {
        double value = attr_number(ir_attr(e->g, e->v, s->index));
        return (Typed){flush_made(e, e->type, e->d->constant(e->type, value), true), e->type};
    }
    case SCALAR_CONSTANT:
        return (Typed){e->d->constant(e->type, s->value), e->type};
    case SCALAR_POSITION:
        return (Typed){position(e, s->index), e->type};
    case SCALAR_COUNT_OF:
        return (Typed){e->count, e->type};
    case SCALAR_VOLUME:
        return (Typed){e->volume, e->type};
    case SCALAR_APPLY:
        break;
    }
    return apply(e, s, part, root);
}
