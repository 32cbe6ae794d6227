/* Nests are bounded: the ranges of their operands, the positions that these are read at, the
 * formula of a term, and the combination of all terms. */
#include "passes/parts_internal.h"
#include "passes/term_count.h"

#include <assert.h>

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

static Range combined(Engine *e, const Nest *nest, Range term, uint32_t group_count,
                      const TermGroup *groups) {
    Bounds volume, count;
    count_terms(e->g, e->v, nest, &volume, &count, &e->sizes_assumed);
    Answer overflow, undefined;
    Range r =
        e->d->combine(nest->combine, e->type, term, count.low, count.high, &overflow, &undefined);
    if (group_count > 0) {
        Answer partial;
        Range closer =
            e->d->combine_groups(nest->combine, e->type, group_count, groups, &partial);
        r = e->d->meet(e->type, r, closer);
        if (partial == ANSWER_NEVER) overflow = ANSWER_NEVER;
    }
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
    r = flush_made(e, e->type, r, true);
    if (nest->after != NULL) {
        e->inputs[0] = r;
        e->input_types[0] = e->type;
        r = formula_range(e, nest->after, SITE_AFTER, nest->after).range;
    }
    bool misfits = false;
    r = flush_made(e, e->result, stored(e, r, &misfits), true);
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

/* Whether every position that x_k gives is below a dimension, whatever its size. */
static bool held_below(const Engine *e, const Nest *nest, uint8_t k, DimId size) {
    const TermFact *fact = &e->a->terms->fact[nest_operand(e->g, e->v, nest, k).id];
    DimId most = dim_is(fact->most, DIM_UNKNOWN) ? fact->equal : fact->most;
    if (dim_is(most, DIM_UNKNOWN) && e->boxed != NULL) most = e->boxed->most[k];
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
        if (r.low >= 0 && held_below(e, nest, from, shape.dims[d])) continue;
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

static bool may_leave(const Nest *nest) {
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        if (access_may_leave(&nest->access[k])) return true;
    }
    return false;
}

/* The ranges of the operands of a nest, in the box if there is one. */
static BoxState take_inputs(Engine *e, const Nest *nest) {
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        if (nest->operand[k] == NEST_RESULT) continue;
        Value x = ir_operand(e->g, e->v, nest->operand[k]);
        e->inputs[k] = e->facts->range[x.id];
        e->input_types[k] = ir_node(e->g, x)->dtype;
        e->inputs[k] = flush_made(e, e->input_types[k], e->inputs[k], false);
        if (e->combines && dtype_is_float(e->input_types[k])) e->input_types[k] = e->type;
        if (e->restricts) formula_restrict_operand(e, x, &e->inputs[k]);
    }
    BoxState state = e->boxed != NULL ? parts_inputs(e, nest)
                     : may_leave(nest) ? BOX_LEAVES
                                       : BOX_INSIDE;
    for (uint8_t k = 0; k < nest->operand_count && state != BOX_NONE; k++) {
        if (nest->operand[k] == NEST_RESULT) input_from_result(e, nest, k);
    }
    return state;
}

Range nest_term(Engine *e, const Nest *nest, bool *none) {
    BoxState state = e->state = take_inputs(e, nest);
    *none = state == BOX_NONE;
    if (*none) return e->d->bottom(e->type);
    Range outside = e->d->constant(e->type, nest->outside);
    if (state >= BOX_LEAVES) outside = flush_made(e, e->type, outside, true);
    if (state == BOX_OUTSIDE) return outside;
    judge_positions(e, nest);
    Range r = nest->operand_count == 0 ? e->d->bottom(e->type) : e->inputs[0];
    if (nest->body != NULL) r = formula_range(e, nest->body, SITE_BODY, nest->body).range;
    return e->combines || state != BOX_LEAVES ? r : e->d->join(r, outside);
}

Range nest_range(Engine *e, const Nest *nest) {
    TermGroup groups[2 * PARTITION_MAX_PARTS];
    uint32_t excused = e->excused, group_count = 0;
    bool none;
    e->nest = nest;
    e->combines = nest->combine != COMBINE_NONE;
    e->has_average = false;
    if (e->combines) e->type = nest->accumulator;
    if (e->combines && e->boxed != NULL) group_count = parts_groups(e, nest, groups);
    Range r = nest_term(e, nest, &none);
    if (none) r = e->d->bottom(e->result);
    else if (e->combines) r = combined(e, nest, r, group_count, groups);
    e->excused = excused;
    return r;
}
