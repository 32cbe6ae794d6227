/* What nests write beside each other are parts of the result. See nest_parts.c. */
#include "passes/parts_internal.h"

#include <string.h>

/* Of a nest that takes elements as they are, and in other types: what their positions are at most.
 * Of others nothing is known. */
DimId parts_most(const Engine *e, const Nest *nest) {
    bool copies = nest->body == NULL && nest->combine == COMBINE_NONE;
    if (e->state != BOX_INSIDE) return DIM_UNKNOWN; /* padding is another number */
    if (!copies && !ir_is_primitive(e->g, e->v, PRIMITIVE_CAST)) return DIM_UNKNOWN;
    if (!dtype_is_integer(e->result) || !dtype_is_integer(e->input_types[0])) return DIM_UNKNOWN;
    if (e->boxed != NULL && !dim_is(e->boxed->most[0], DIM_UNKNOWN)) return e->boxed->most[0];
    Value x = nest_operand(e->g, e->v, nest, 0);
    const TermFact *fact = &e->a->terms->fact[x.id];
    return dim_is(fact->most, DIM_UNKNOWN) ? fact->equal : fact->most;
}

/* Where a nest writes along an axis of the result. */
static Part region_of(const Engine *e, const Nest *nest, uint8_t axis, Range r) {
    Part whole = {part_number(e, 0), ir_shape(e->g, e->v).dims[axis], r, DIM_UNKNOWN, DIM_UNKNOWN};
    if (nest->out.flat) return whole;
    const Index *index = &nest->out.index[axis];
    Part region = whole;
    if (index->from != 0) {
        Range at = e->inputs[index->from];
        if (!range_has_finite(at) || fabs(at.low) >= 0x1p52 || fabs(at.high) >= 0x1p52)
            return whole;
        region.begin = part_number(e, (int64_t)at.low);
        region.end = part_number(e, (int64_t)at.high + 1);
    } else if (index->term_count == 1 && index->term[0].coefficient == 1) {
        region.begin = index->offset;
        region.end = dim_add(e->g->dims, index->offset, nest->extent[index->term[0].loop]);
    }
    return region;
}

/* What was written before the first nest that has parts is anywhere. */
static void begin_writing(Engine *e) {
    Shape shape = ir_shape(e->g, e->v);
    if (e->writes_parts) return;
    e->writes_parts = true;
    for (uint8_t a = 0; a < shape.rank; a++) {
        e->writing[a].count = 1;
        e->writing[a].part[0] =
            (Part){part_number(e, 0), shape.dims[a], e->written, DIM_UNKNOWN, DIM_UNKNOWN};
    }
}

/* Parts of the loops become parts of the axes that these write along. */
void parts_write_nest(Engine *e, const Nest *nest, Range r, DimId most,
                      const PartList *const *loops) {
    bool alone = nest_count(e->g, e->v) == 1;
    begin_writing(e);
    for (uint8_t a = 0; a < ir_shape(e->g, e->v).rank; a++) {
        Part region = region_of(e, nest, a, r);
        region.most = most;
        const Index *index = nest->out.flat ? NULL : &nest->out.index[a];
        bool by_loop = index != NULL && index_is_loop(index) && index->term[0].coefficient == 1;
        const PartList *list = by_loop && loops != NULL ? loops[index->term[0].loop] : NULL;
        /* Alone, and along the whole axis: what is written is the result. */
        if (list != NULL && alone && dim_is(index->offset, part_number(e, 0))) {
            e->writing[a].count = list->count;
            memcpy(e->writing[a].part, list->part, list->count * sizeof *list->part);
            continue;
        }
        if (list == NULL) {
            parts_write(&e->space, e->result, &e->writing[a], &region);
            continue;
        }
        for (uint32_t i = 0; i < list->count; i++) {
            Part p = list->part[i];
            p.begin = dim_add(e->g->dims, p.begin, index->offset);
            p.end = dim_add(e->g->dims, p.end, index->offset);
            parts_write(&e->space, e->result, &e->writing[a], &p);
        }
    }
}

void parts_begin(Engine *e) {
    e->writes_parts = false;
}

/* The whole is in `r`. */
static void meet_parts(Engine *e, PartList *list, Range r) {
    for (uint32_t i = 0; i < list->count; i++) {
        Range *own = &list->part[i].range;
        *own = e->d->meet(e->result, *own, r);
    }
}

const Partition *parts_end(Engine *e, Range whole) {
    Partition *p = NULL;
    if (!e->writes_parts) return NULL;
    for (uint8_t a = 0; a < ir_shape(e->g, e->v).rank; a++) {
        meet_parts(e, &e->writing[a], whole);
        partition_set(&e->space, &p, a, &e->writing[a]);
    }
    return p;
}

const Partition *parts_meet(Engine *e, Value x, Range with) {
    const Partition *from = e->facts->parts[x.id];
    Partition *p = NULL;
    for (uint8_t a = 0; from != NULL && a < ir_shape(e->g, x).rank; a++) {
        PartList *list = &e->writing[a];
        if (from->axis[a].count < 2) continue;
        list->count = from->axis[a].count;
        for (uint32_t i = 0; i < list->count; i++) list->part[i] = from->axis[a].part[i];
        meet_parts(e, list, with);
        partition_set(&e->space, &p, a, list);
    }
    return p;
}
