/* Boxes: some steps of each loop of a nest, and what the operands of the nest are there. See
 * nest_parts.c. */
#include "passes/parts_internal.h"

/* A nest that is one loop over all elements, as loops over the dimensions. */
static void unflatten(const Engine *e, Nest *nest) {
    Shape shape = ir_shape(e->g, e->v);
    nest->outer = nest->loops = shape.rank;
    nest->out.flat = false;
    nest->out.rank = shape.rank;
    for (uint8_t d = 0; d < shape.rank; d++) {
        nest->extent[d] = shape.dims[d];
        nest->out.index[d] = (Index){.offset = part_number(e, 0), .term_count = 1};
        nest->out.index[d].term[0].loop = d;
        nest->out.index[d].term[0].coefficient = 1;
    }
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        bool whole = nest->access[k].index[0].term_count > 0;
        nest->access[k] = nest->out;
        nest->access[k].flat = !whole; /* one element, which has no parts */
        if (!whole) nest->access[k].rank = 0;
    }
}

/* The parts of x_k in the shape that it is read in. */
static const Partition *view_of(const Engine *e, const Nest *nest, uint8_t k, bool flat) {
    if (nest->operand[k] == NEST_RESULT || nest->access[k].rank == 0) return NULL;
    Value x = ir_operand(e->g, e->v, nest->operand[k]);
    const Partition *p = e->facts->parts[x.id];
    Shape own = ir_shape(e->g, x), as = ir_shape(e->g, e->v);
    if (p == NULL || !flat || ir_node(e->g, x)->shape.id == ir_node(e->g, e->v)->shape.id) return p;
    return partition_reshape(&e->space, p, own, as);
}

/* The first step of a loop at which offset + coefficient * step is at `at` or behind it; or, where
 * the loop runs backwards, before it. */
static DimId step_at(const Engine *e, const Index *index, DimId at) {
    DimTable *t = e->g->dims;
    int64_t c = index->term[0].coefficient;
    if (c == 1) return dim_sub(t, at, index->offset);
    if (c > 0)
        return dim_floor_div(t, part_plus(e, dim_sub(t, at, index->offset), c - 1),
                             part_number(e, c));
    return part_plus(e, dim_floor_div(t, dim_sub(t, index->offset, at), part_number(e, -c)), 1);
}

/* Cuts the loops at the parts of x_k, and where x_k may be left. */
static void cut_at_operand(Engine *e, const Nest *nest, uint8_t k) {
    Boxed *b = e->boxed;
    const Access *access = &nest->access[k];
    for (uint8_t d = 0; d < access->rank; d++) {
        const Index *index = &access->index[d];
        if (!index_is_loop(index)) continue;
        Cuts *cuts = &b->cuts[index->term[0].loop];
        for (uint32_t i = 1; b->view[k] != NULL && i < b->view[k]->axis[d].count; i++) {
            cuts_add(&e->space, cuts, step_at(e, index, b->view[k]->axis[d].part[i].begin));
        }
        if (!index->may_leave || nest->combine != COMBINE_NONE) continue;
        DimId extent = ir_shape(e->g, ir_operand(e->g, e->v, nest->operand[k])).dims[d];
        cuts_add(&e->space, cuts, step_at(e, index, part_number(e, 0)));
        cuts_add(&e->space, cuts, step_at(e, index, extent));
    }
}

/* A formula over positions: each step of a short loop, or the first and the last. */
static void cut_at_positions(Engine *e, const Nest *nest, const Scalar *s) {
    if (s == NULL) return;
    for (int i = 0; s->kind == SCALAR_APPLY && i < primitive_info[s->index].arity; i++) {
        cut_at_positions(e, nest, s->args[i]);
    }
    if (s->kind != SCALAR_POSITION) return;
    uint8_t loop = (uint8_t)(nest->outer - 1 - s->index);
    int64_t extent = INT64_MAX;
    (void)dim_is_constant(e->g->dims, nest->extent[loop], &extent);
    bool is_short = extent <= PARTITION_MAX_PARTS;
    for (int64_t at = 1; at < (is_short ? extent : 2); at++)
        cuts_add(&e->space, &e->boxed->cuts[loop], part_number(e, at));
    if (!is_short)
        cuts_add(&e->space, &e->boxed->cuts[loop], part_plus(e, nest->extent[loop], -1));
}

static void whole_box(Boxed *b, const Nest *nest) {
    for (uint8_t l = 0; l < nest->loops; l++) {
        b->begin[l] = b->cuts[l].at[0];
        b->end[l] = b->cuts[l].at[b->cuts[l].count];
    }
}

/* Makes e->boxed of the nest; false if there is nothing that parts say. */
bool box_nest(Engine *e, Nest *nest) {
    Boxed *b = e->boxed = e->box;
    bool flat = nest->out.flat, any = nest->operand_count == 0;
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        b->view[k] = view_of(e, nest, k, flat);
        b->most[k] = DIM_UNKNOWN;
        any = any || b->view[k] != NULL || access_may_leave(&nest->access[k]);
    }
    if (!any) return false;
    if (flat) unflatten(e, nest);
    any = false;
    for (uint8_t l = 0; l < nest->loops; l++) b->cuts[l] = cuts_none(&e->space, nest->extent[l]);
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        any = any || b->view[k] != NULL;
        if (!nest->access[k].flat && nest->operand[k] != NEST_RESULT) cut_at_operand(e, nest, k);
    }
    cut_at_positions(e, nest, nest->body);
    b->inner = NO_LOOP;
    for (uint8_t l = 0; l < nest->loops; l++) {
        bool cut = b->cuts[l].count > 1;
        any = any || cut;
        bool more = b->inner == NO_LOOP || b->cuts[l].count > b->cuts[b->inner].count;
        if (cut && l >= nest->outer && more) b->inner = l;
    }
    whole_box(b, nest);
    return any;
}

/* The box. */

/* Positions that an index may have in the box: [*begin, *end), or unknown. */
static void index_interval(const Engine *e, const Index *index, DimId *begin, DimId *end) {
    DimTable *t = e->g->dims;
    const Boxed *b = e->boxed;
    if (index->from != 0) {
        Range r = e->inputs[index->from];
        bool known = range_has_finite(r) && fabs(r.low) < 0x1p52 && fabs(r.high) < 0x1p52;
        *begin = known ? part_number(e, (int64_t)r.low) : DIM_UNKNOWN;
        *end = known ? part_number(e, (int64_t)r.high + 1) : DIM_UNKNOWN;
        return;
    }
    DimId low = index->offset, high = index->offset; /* of the last position */
    for (uint8_t i = 0; i < index->term_count; i++) {
        uint8_t l = index->term[i].loop;
        DimId c = part_number(e, index->term[i].coefficient), last = part_plus(e, b->end[l], -1);
        bool up = index->term[i].coefficient > 0;
        low = dim_add(t, low, dim_mul(t, c, up ? b->begin[l] : last));
        high = dim_add(t, high, dim_mul(t, c, up ? last : b->begin[l]));
    }
    *begin = low;
    *end = part_plus(e, high, 1);
}

static BoxState operand_in_box(Engine *e, const Nest *nest, uint8_t k) {
    Boxed *b = e->boxed;
    Value x = ir_operand(e->g, e->v, nest->operand[k]);
    Shape shape = ir_shape(e->g, x);
    DType type = ir_node(e->g, x)->dtype;
    BoxState state = BOX_INSIDE;
    b->most[k] = DIM_UNKNOWN;
    for (uint8_t d = 0; d < nest->access[k].rank; d++) {
        const Index *index = &nest->access[k].index[d];
        bool cut = b->view[k] != NULL && b->view[k]->axis[d].count > 1;
        if (!cut && !index->may_leave) continue;
        DimId begin, end;
        index_interval(e, index, &begin, &end);
        if (index->may_leave && !(part_at_most(&e->space, part_number(e, 0), begin) &&
                                  part_at_most(&e->space, end, shape.dims[d]))) {
            bool outside = part_at_most(&e->space, end, part_number(e, 0)) ||
                           part_at_most(&e->space, shape.dims[d], begin);
            if (outside && nest->combine == COMBINE_NONE) return BOX_OUTSIDE;
            state = BOX_LEAVES;
        }
        if (!cut) continue;
        Part p = parts_over(&e->space, type, &b->view[k]->axis[d], begin, end);
        if (!range_is_empty(e->inputs[k])) {
            Range part = flush_made(e, type, p.range, false);
            Range both = e->d->meet(type, e->inputs[k], part);
            /* A position that is never inside is still to be judged. */
            if (range_is_empty(both) && index->from != 0) continue;
            e->inputs[k] = both;
            if (range_is_empty(both)) return BOX_NONE;
        }
        DimId most = dim_is(p.most, DIM_UNKNOWN) ? p.equal : p.most;
        if (dim_is(b->most[k], DIM_UNKNOWN)) b->most[k] = most;
    }
    return state;
}

static bool is_indirect(const Access *access) {
    for (uint8_t d = 0; d < access->rank; d++) {
        if (access->index[d].from != 0) return true;
    }
    return false;
}

BoxState parts_inputs(Engine *e, const Nest *nest) {
    BoxState state = BOX_INSIDE;
    /* Positions before what is read at them. */
    for (int indirect = 0; indirect < 2; indirect++) {
        for (uint8_t k = 0; k < nest->operand_count; k++) {
            const Access *access = &nest->access[k];
            bool later = !access->flat && is_indirect(access);
            if (access->flat || nest->operand[k] == NEST_RESULT || later != (indirect == 1))
                continue;
            BoxState own = operand_in_box(e, nest, k);
            if (own == BOX_NONE) return BOX_NONE;
            if (own > state) state = own;
        }
    }
    return state;
}
