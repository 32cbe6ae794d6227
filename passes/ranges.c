/* The engine: one walk over the graph bounds every value and judges every site.
 *
 * Nodes are read as nests and formulas, so no operator is named here. A site that is not proved is
 * recorded as a finding, and the walk goes on with the safe part of its operands and the finite
 * part of its result: the guard that stands there holds what follows to it, so one cause gives one
 * report. */
#include "passes/ranges_internal.h"
#include "passes/source.h"
#include "passes/term_count.h"

#include <assert.h>

/* A range with the type that it has in a formula. */
typedef struct Typed {
    Range range;
    DType type;
} Typed;

/* Formulas. */

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

static Typed formula(Engine *e, const Scalar *s, SitePart part, const Scalar *root);

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
    if (below == holds) {
        part.high = y.high;
        part.flags &= (uint8_t)~RANGE_POSITIVE;
    } else {
        part.low = y.low;
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
    Range whole = e->inputs[x->index], y = formula(e, cond->args[1], part, root).range;
    Range branch[2];
    for (int i = 0; i < 2; i++) {
        e->inputs[x->index] = restricted(e, (Primitive)cond->index, whole, y, i == 0);
        branch[i] = range_is_empty(e->inputs[x->index])
                        ? e->d->bottom(e->type)
                        : formula(e, s->args[1 + i], part, root).range;
    }
    e->inputs[x->index] = whole;
    e->judges = judges;
    *out = e->d->join(branch[0], branch[1]);
    return true;
}

/* The comparison that an operand of the node is the result of; NULL if it is none. */
static const Scalar *comparison(const Engine *e, Value cond) {
    const OpInfo *info = &op_info[ir_node(e->g, cond)->op];
    if (info->form != FORM_EWISE || info->body->kind != SCALAR_APPLY) return NULL;
    if (primitive_info[info->body->index].class != PRIMITIVE_CLASS_COMPARE) return NULL;
    return info->body;
}

/* `where(y == 0, z, y)`: a branch that is what the condition compares is one of those values that
 * lead there. The condition must have the shape of the branch, so that element meets element. */
static void restrict_branch(Engine *e, const Scalar *s, int which, Range *branch) {
    const Scalar *arg = s->args[which];
    if (e->combines || s->args[0]->kind != SCALAR_INPUT || arg->kind != SCALAR_INPUT) return;
    Value cond = ir_operand(e->g, e->v, s->args[0]->index), v = ir_operand(e->g, e->v, arg->index);
    if (e->chooser[v.id] == e->v.id && !range_is_empty(e->chosen[v.id])) {
        *branch = e->chosen[v.id];
        return;
    }
    const Scalar *compare = comparison(e, cond);
    if (compare == NULL || ir_node(e->g, cond)->shape.id != ir_node(e->g, v)->shape.id) return;
    Value x = ir_operand(e->g, cond, 0), y = ir_operand(e->g, cond, 1);
    if (!same_value(e, x, v)) return;
    *branch = restricted(e, (Primitive)compare->index, *branch, e->facts->range[y.id], which == 1);
}

/* An operand of a value that is a branch of a choice, on the elements for which it is taken. */
static void restrict_operand(const Engine *e, Value x, Range *r) {
    Value choice = {e->chooser[e->v.id]}, cond = ir_operand(e->g, choice, 0);
    const Scalar *compare = comparison(e, cond);
    uint32_t shape = ir_node(e->g, e->v)->shape.id;
    if (compare == NULL || ir_node(e->g, cond)->shape.id != shape) return;
    if (ir_node(e->g, x)->shape.id != shape || ir_node(e->g, x)->dtype != e->type) return;
    if (!same_value(e, ir_operand(e->g, cond, 0), x)) return;
    bool first = ir_operand(e->g, choice, 1).id == e->v.id;
    Value y = ir_operand(e->g, cond, 1);
    Range limit = e->facts->range[y.id];
    if (y.id > e->v.id) { /* not reached yet, but a constant needs nothing */
        bool assumed;
        if (op_info[ir_node(e->g, y)->op].type != TYPE_SOURCE) return;
        limit = source_range(e->g, e->a->options, y, &assumed);
    }
    *r = restricted(e, (Primitive)compare->index, *r, limit, first);
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
        Typed arg = formula(e, s->args[i], part, root);
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
    for (int i = 1; p == PRIMITIVE_SELECT && i < 3; i++) restrict_branch(e, s, i, &args[i]);
    Range r = e->d->apply(p, type, e->result, args);
    /* What is proved does not come up, and what is not, the guard stops. */
    if (site < e->site_count && info->result_code != NO_CODE) r.flags &= (uint8_t)~made;
    Range fact;
    if (info->arity == 2 && same(e, s->args[0], s->args[1]) &&
        term_same_operands(p, type, args[0], &fact)) {
        r = e->d->meet(type, r, fact);
    }
    if (is_average(e, s, part, &fact)) r = e->d->meet(type, r, fact);
    if (p == PRIMITIVE_SELECT && refined_select(e, s, part, root, &fact))
        r = e->d->meet(type, r, fact);
    if (info->class == PRIMITIVE_CLASS_CAST) type = e->result;
    if (info->class == PRIMITIVE_CLASS_COMPARE || info->class == PRIMITIVE_CLASS_TEST)
        type = DTYPE_BOOL;
    return (Typed){r, type};
}

/* What a counter of a loop over the result can be. */
static Range position(const Engine *e, uint8_t from_last) {
    int64_t low, high;
    dim_bounds(e->g->dims, e->nest->extent[e->nest->outer - 1 - from_last], &low, &high);
    double last = dtype_round(e->type, high < 1 ? 0 : (double)(high - 1));
    return range_make(e->type, 0, last, RANGE_INTEGRAL);
}

static Typed formula(Engine *e, const Scalar *s, SitePart part, const Scalar *root) {
    s = ir_taken(e->g, e->v, s);
    switch (s->kind) {
    case SCALAR_INPUT:
        return (Typed){e->inputs[s->index], e->input_types[s->index]};
    case SCALAR_ATTRIBUTE: {
        double value = attr_number(ir_attr(e->g, e->v, s->index));
        return (Typed){e->d->constant(e->type, value), e->type};
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

/* Nests. */

static Range rounded_count(const Engine *e, Bounds count) {
    return range_make(e->type, dtype_round(e->type, (double)count.low),
                      dtype_round(e->type, (double)count.high), RANGE_INTEGRAL);
}

/* The result in the element type: sums of f16 and bf16 were kept in f32. *overflows: it may not
 * fit. */
static Range stored(const Engine *e, Range r, bool *overflows) {
    if (e->result == e->type || !dtype_is_float(e->result) || !range_has_finite(r)) return r;
    double low = dtype_round(e->result, r.low), high = dtype_round(e->result, r.high);
    *overflows = isinf(low) || isinf(high);
    unsigned flags = r.flags & ~(unsigned)RANGE_NONZERO, infinite = r.flags & RANGE_INFINITE;
    Range out = range_make(e->result, low, high, flags);
    out.flags = (uint8_t)((out.flags & ~(unsigned)RANGE_INFINITE) | infinite);
    return out;
}

static Range combined(Engine *e, const Nest *nest, Range term) {
    Bounds volume, count;
    count_terms(e->g, e->v, nest, &volume, &count, &e->sizes_assumed);
    Answer overflow, undefined;
    Range r =
        e->d->combine(nest->combine, e->type, term, count.low, count.high, &overflow, &undefined);
    uint32_t site = site_index(e, SITE_COMBINE, NULL);
    bool has_site = site < e->site_count;
    Finding f = {.site = site,
                 .primitive = combiner_primitive(nest->combine),
                 .type = e->type,
                 .failure = FAILURE_OVERFLOW,
                 .always = overflow == ANSWER_ALWAYS,
                 .args = {term, term, {0, 0, 0}}};
    if (has_site) {
        site_fact(e, site)->nan_expected = range_may_be_nan(term);
        site_fact(e, site)->infinite_expected = range_may_be_infinite(term);
        if (overflow != ANSWER_NEVER && !range_may_be_infinite(term))
            r.flags &= (uint8_t)~RANGE_INFINITE;
        if (!range_may_be_nan(term)) r.flags &= (uint8_t)~RANGE_NAN;
    }
    e->count = rounded_count(e, count);
    e->volume = rounded_count(e, volume);
    e->has_average = nest->combine == COMBINE_SUM && dtype_is_float(e->type);
    /* Of ragged windows the bounds may agree though the numbers do not. */
    e->counts_all = !nest->ragged && count.low == volume.low && count.high == volume.high;
    if (e->has_average) e->average = e->d->average(e->type, term, count.high);
    e->average.flags |= r.flags & RANGE_BAD;
    if (nest->after != NULL) {
        e->inputs[0] = r;
        e->input_types[0] = e->type;
        r = formula(e, nest->after, SITE_AFTER, nest->after).range;
    }
    bool misfits = false;
    r = stored(e, r, &misfits);
    if (overflow == ANSWER_NEVER && misfits) f.type = e->result;
    if (overflow == ANSWER_NEVER && !misfits) f.failure = FAILURE_UNDEFINED;
    if (has_site && (overflow != ANSWER_NEVER || undefined != ANSWER_NEVER || misfits))
        record(e, &f, false);
    return r;
}

/* Positions that operands give for one tensor, and where they may lie. */
typedef struct Positions {
    bool may_leave, always;
    Range worst;
} Positions;

/* Whether every element of x is below a dimension, whatever its size. */
static bool held_below(const Engine *e, Value x, DimId size) {
    const TermFact *fact = &e->a->terms->fact[x.id];
    DimId most = dim_is(fact->most, DIM_UNKNOWN) ? fact->equal : fact->most;
    DimId one = dim_constant(e->g->dims, 1);
    return !dim_is(most, DIM_UNKNOWN) &&
           dim_at_most(e->g->dims, dim_add(e->g->dims, most, one), size);
}

static void judge_access(const Engine *e, const Nest *nest, const Access *access, Value tensor,
                         Positions *p) {
    Shape shape = ir_shape(e->g, tensor);
    for (uint8_t d = 0; d < access->rank && !access->flat; d++) {
        uint8_t from = access->index[d].from;
        if (from == 0) continue;
        Range r = e->inputs[from];
        int64_t low, high;
        dim_bounds(e->g->dims, shape.dims[d], &low, &high);
        if (r.low >= 0 && r.high <= (double)(low - 1)) continue;
        Value held = nest_operand(e->g, e->v, nest, from);
        if (r.low >= 0 && held_below(e, held, shape.dims[d])) continue;
        p->may_leave = true;
        p->always = p->always || r.high < 0 || r.low > (double)(high - 1);
        p->worst = r;
    }
}

/* Whether the positions that operands give lie in their dimensions, whatever the sizes. */
static void judge_positions(Engine *e, const Nest *nest) {
    Positions p = {.may_leave = false};
    judge_access(e, nest, &nest->out, e->v, &p);
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        judge_access(e, nest, &nest->access[k], nest_operand(e->g, e->v, nest, k), &p);
    }
    uint32_t site = site_index(e, SITE_INDEX, NULL);
    if (!p.may_leave || site >= e->site_count) return;
    DType type = ir_node(e->g, ir_operand(e->g, e->v, OP_INDEX_OPERAND))->dtype;
    Finding f = {.site = site, .primitive = PRIMITIVE_COUNT, .type = type,
                 .failure = FAILURE_INDEX, .always = p.always, .args = {p.worst}};
    record(e, &f, false);
}

/* The element that is written over, as an operand: what it was at first, or after any number of
 * hits but the last. */
static void input_from_result(Engine *e, const Nest *nest, uint8_t k) {
    e->inputs[k] = e->written;
    e->input_types[k] = e->result;
    const Scalar *body = nest->body;
    if (body == NULL || body->kind != SCALAR_APPLY) return; /* it is not looked at */
    assert(primitive_info[body->index].arity == 2 && body->args[0]->index == k);
    Range term = e->inputs[body->args[1]->index];
    e->repeats = true;
    int64_t hits = count_hits(e->g, nest, &e->sizes_assumed);
    e->inputs[k] = e->d->accumulate((Primitive)body->index, e->type, e->written, term, hits - 1);
}

/* The ranges of the operands of a nest; whether one may be left. */
static bool take_inputs(Engine *e, const Nest *nest) {
    bool leaves = false;
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        if (nest->operand[k] == NEST_RESULT) continue;
        Value x = ir_operand(e->g, e->v, nest->operand[k]);
        e->inputs[k] = e->facts->range[x.id];
        e->input_types[k] = ir_node(e->g, x)->dtype;
        if (e->combines && dtype_is_float(e->input_types[k])) e->input_types[k] = e->type;
        if (e->restricts) restrict_operand(e, x, &e->inputs[k]);
        for (uint8_t d = 0; d < nest->access[k].rank; d++) {
            leaves = leaves || nest->access[k].index[d].may_leave;
        }
    }
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        if (nest->operand[k] == NEST_RESULT) input_from_result(e, nest, k);
    }
    return leaves;
}

static Range nest_range(Engine *e, const Nest *nest) {
    e->nest = nest;
    e->combines = nest->combine != COMBINE_NONE;
    e->has_average = false;
    DType element = e->type;
    if (e->combines) e->type = nest->accumulator;
    bool leaves = take_inputs(e, nest);
    judge_positions(e, nest);
    Range r = nest->operand_count == 0 ? e->d->bottom(element) : e->inputs[0];
    if (nest->body != NULL) r = formula(e, nest->body, SITE_BODY, nest->body).range;
    if (e->combines) return combined(e, nest, r);
    return leaves ? e->d->join(r, e->d->constant(element, nest->outside)) : r;
}

/* Nodes. */

/* Whether every value of the range is one of the set. */
static bool set_covers(const Contract *c, DType type, Range r) {
    if (r.flags & RANGE_BAD) return false;
    if (!range_has_finite(r)) return true;
    if (!(r.flags & RANGE_INTEGRAL) || r.high - r.low > 1024) return false;
    for (double x = r.low; x <= r.high; x++) {
        if ((x != 0 || range_may_be_zero(r)) && !contract_allows(c, type, x)) return false;
    }
    return true;
}

static bool contract_proved(const Engine *e, const Contract *c, Value x, Range r) {
    DType type = ir_node(e->g, x)->dtype;
    AxisSet rows = e->a->terms->fact[x.id].simplex_along;
    switch (c->kind) {
    case CONTRACT_ANY:
        return true;
    case CONTRACT_SET:
        return set_covers(c, type, r);
    case CONTRACT_SIMPLEX:
    case CONTRACT_ONEHOT:
        if (rows != (AxisSet)(1u << c->axis)) return false;
        return c->kind == CONTRACT_SIMPLEX || (r.flags & RANGE_INTEGRAL) != 0;
    case CONTRACT_FINITE:
    case CONTRACT_INTERVAL:
        break;
    }
    return e->d->leq(r, range_of_contract(c, type));
}

static void visit_contract(Engine *e) {
    Value x = ir_operand(e->g, e->v, 0);
    Contract contract = ir_contract_of(e->g, e->v);
    Range r = e->facts->range[x.id];
    e->facts->assumed[e->v.id] = e->facts->assumed[x.id];
    e->cut[e->v.id] = e->cut[x.id] & (uint8_t)~CUT_HERE;
    e->facts->range[e->v.id] = r;
    if (e->site_count == 0) return; /* no contract: it is its operand, and no more */
    bool expects = ir_node(e->g, e->v)->op == OP_EXPECT;
    bool trusted = op_info[ir_node(e->g, e->v)->op].trusted;
    Verdict *verdict = &site_fact(e, 0)->verdict;
    *verdict = trusted || contract_proved(e, &contract, x, r) ? VERDICT_PROVED : VERDICT_POSSIBLE;
    Range kept = e->d->meet(e->result, r, range_of_contract(&contract, e->result));
    bool never = range_is_empty(kept) && !range_is_empty(r);
    if ((expects && *verdict != VERDICT_PROVED) || (trusted && never)) {
        Finding f = {.site = 0,
                     .primitive = PRIMITIVE_COUNT,
                     .type = e->result,
                     .failure = FAILURE_CONTRACT,
                     .always = never,
                     .args = {r}};
        record(e, &f, false);
    }
    /* What is assumed and cannot be must not make all that follows look unreachable. */
    e->facts->range[e->v.id] = trusted && never ? r : kept;
}

static void visit_source(Engine *e) {
    bool *assumed = &e->facts->assumed[e->v.id];
    Range r = source_range(e->g, e->a->options, e->v, assumed);
    e->facts->range[e->v.id] = r;
    if (e->site_count > 0) {
        bool anything =
            ir_contract_of(e->g, e->v).kind == CONTRACT_ANY || !dtype_is_float(e->result);
        bool whole = e->d->leq(range_finite(e->result), r);
        bool trusted = op_info[ir_node(e->g, e->v)->op].trusted;
        site_fact(e, 0)->verdict =
            trusted || (anything && whole) ? VERDICT_PROVED : VERDICT_POSSIBLE;
    }
}

static Range nests_range(Engine *e, DType element) {
    e->written = e->d->bottom(e->result);
    uint32_t nests = nest_count(e->g, e->v);
    for (uint32_t i = 0; i < nests; i++) {
        Nest nest;
        nest_make(e->g, e->v, i, &nest);
        e->type = element;
        e->judges = true;
        e->written = e->d->join(e->written, nest_range(e, &nest));
    }
    return e->written;
}

/* `where(x > 0, log(x), 0)`: what is computed for the other elements is thrown away. So a branch,
 * of floats, that fails on all operands is judged on those for which it is taken; without a guard,
 * its value may be anything elsewhere. */
static bool visit_branch(Engine *e, DType element) {
    if (e->chooser[e->v.id] == 0 || !dtype_is_float(element) || !dtype_is_float(e->result))
        return false;
    e->rehearses = true;
    e->failures = 0;
    nests_range(e, element);
    e->rehearses = false;
    if (e->failures == 0) return false;
    e->restricts = true;
    e->chosen[e->v.id] = nests_range(e, element);
    e->restricts = false;
    e->facts->range[e->v.id] = e->d->top(e->result);
    return true;
}

/* Positions that no formula gives: the number of a step, and the order of elements, whatever these
 * are. */
static void visit_positions(Engine *e) {
    int64_t low, high;
    dim_bounds(e->g->dims, ir_positions(e->g, e->v), &low, &high);
    e->facts->range[e->v.id] = range_make(e->result, 0, (double)(high - 1), RANGE_INTEGRAL);
}

static void visit_computed(Engine *e) {
    const Node *node = ir_node(e->g, e->v);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        Value x = ir_operand(e->g, e->v, i);
        e->assumed = e->assumed || e->facts->assumed[x.id];
        e->cut[e->v.id] |= e->cut[x.id] & (uint8_t)~CUT_HERE;
    }
    e->facts->assumed[e->v.id] = e->assumed;
    DType element = e->type;
    if (visit_branch(e, element)) return;
    Range r = nests_range(e, element);
    const TermFact *term = &e->a->terms->fact[e->v.id];
    if (term->bounded) r = e->d->meet(node->dtype, r, term->bound);
    e->facts->range[e->v.id] = r;
    e->facts->assumed[e->v.id] = e->assumed || e->sizes_assumed;
}

/* A value whose shape is in error: nothing is known, and nothing is reported. */
static void visit_unknown(Engine *e) {
    e->facts->range[e->v.id] = e->d->top(e->result);
    for (uint32_t i = 0; i < e->site_count; i++) {
        *site_fact(e, i) = (SiteFact){VERDICT_NOT_ANALYSED, true, true};
    }
}

void visit_value(Engine *e, Value v) {
    const Node *node = ir_node(e->g, v);
    const OpInfo *info = &op_info[node->op];
    e->v = v;
    e->result = node->dtype;
    e->type = ir_computed_in(e->g, v);
    e->site_count = ir_sites(e->g, v, e->sites);
    e->assumed = e->sizes_assumed = e->repeats = false;
    if (node->shape.id == 0) {
        visit_unknown(e);
        return;
    }
    term_visit(e->a->terms, e->g, e->facts->range, v);
    if (e->kept[v.id]) return;
    if (info->type == TYPE_SOURCE)
        visit_source(e);
    else if (info->form == FORM_SPECIAL)
        visit_contract(e);
    else if (node->op == OP_SCAN_STEP || info->type == TYPE_ORDER)
        visit_positions(e);
    else if (node->op != OP_SCAN_CARRY) /* which the loop sets (loop.c) */
        visit_computed(e);
}

void visit_nodes(Engine *e, uint32_t first, uint32_t end) {
    uint32_t id = first;
    while (id < end) {
        uint32_t region = e->next_region;
        bool loop = region < e->g->regions.count && e->g->regions.data[region].first.id == id;
        if (loop) {
            visit_region(e, region);
            id = e->g->regions.data[region].end;
        } else {
            visit_value(e, (Value){id++});
        }
    }
}

static void make_facts(Engine *e) {
    Arena *arena = e->a->arena;
    uint32_t nodes = e->g->nodes.count, sites = 0;
    Facts *f = e->facts = e->a->facts = ARENA_NEW(arena, Facts);
    f->graph = e->g;
    f->range = ARENA_ARRAY(arena, Range, nodes);
    f->assumed = ARENA_ARRAY(arena, bool, nodes);
    f->first_site = ARENA_ARRAY(arena, uint32_t, (size_t)nodes + 1);
    for (uint32_t id = 0; id < nodes; id++) {
        f->first_site[id] = sites;
        sites += ir_sites(e->g, (Value){id}, e->sites);
    }
    f->first_site[nodes] = sites;
    f->sites = ARENA_ARRAY(arena, SiteFact, sites);
}

/* The values that are used as one branch of one choice by a comparison, and in no other way by the
 * forward pass. */
static void find_choosers(Engine *e) {
    const uint32_t otherwise = UINT32_MAX;
    Graph *g = e->g;
    for (uint32_t id = 1; id < e->a->backward_from; id++) {
        const Node *node = &g->nodes.data[id];
        const OpInfo *info = &op_info[node->op];
        bool chooses = info->form == FORM_EWISE && info->body->kind == SCALAR_APPLY &&
                       info->body->index == PRIMITIVE_SELECT && node->operand_count == 3 &&
                       comparison(e, ir_operand(g, (Value){id}, 0)) != NULL;
        for (uint32_t i = 0; i < node->operand_count; i++) {
            uint32_t *chooser = &e->chooser[ir_operand(g, (Value){id}, i).id];
            *chooser = chooses && i > 0 && *chooser == 0 ? id : otherwise;
        }
    }
    for (uint32_t i = 0; i < g->results.count; i++) e->chooser[g->results.data[i].value.id] = 0;
    for (uint32_t i = 0; i < g->updates.count; i++) e->chooser[g->updates.data[i].next.id] = 0;
    for (uint32_t id = 0; id < g->nodes.count; id++) {
        if (e->chooser[id] == otherwise) e->chooser[id] = 0;
        e->chosen[id] = e->d->bottom(g->nodes.data[id].dtype);
    }
}

void pass_ranges(Analysis *a) {
    Engine *e = ARENA_NEW(&a->cx->scratch, Engine);
    e->a = a;
    e->g = a->graph;
    e->d = &interval_domain;
    e->next_region = 1;
    make_facts(e);
    e->cut = ARENA_ARRAY(&a->cx->scratch, uint8_t, e->g->nodes.count);
    e->unproved = ARENA_ARRAY(&a->cx->scratch, bool, e->g->origins.count);
    e->chooser = ARENA_ARRAY(&a->cx->scratch, uint32_t, e->g->nodes.count);
    e->chosen = ARENA_ARRAY(&a->cx->scratch, Range, e->g->nodes.count);
    e->kept = ARENA_ARRAY(&a->cx->scratch, bool, e->g->nodes.count);
    find_choosers(e);
    visit_calls(e);
}
