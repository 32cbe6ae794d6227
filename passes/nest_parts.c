/* Nests over operands that have parts: a loop along which an operand is cut is bounded piece by
 * piece, each piece with the parts of the operands that it meets; and what nests write beside each
 * other are parts of the result.
 *
 * A box holds some steps of each loop; the whole nest is a box, and a piece is a box in which one
 * loop is cut short. In a box, each index of an access is in an interval of positions: an operand
 * is there what its parts in that interval are. So slices, broadcasts, flips, reshapes and gathers
 * need no rules of their own.
 *     A site is proved if it is on the whole, or on each of the pieces of some loop: the pieces of
 * one loop are all of the nest. Pieces are rehearsed, the whole is judged, and the sites that they
 * prove are excused there. */
#include "passes/ranges_internal.h"
#include "passes/term_count.h"

#include "ir/base/checked.h"

#include <string.h>

static const DimId unknown = {0};

/* Pieces that are bounded, of all nests of a graph: past that, values are whole again. */
enum { LEAST_PARTS = 65536, PARTS_A_NODE = 16 };

static DimId number(const Engine *e, int64_t value) {
    return dim_constant(e->g->dims, value);
}

static DimId plus(const Engine *e, DimId a, int64_t b) {
    return dim_add(e->g->dims, a, number(e, b));
}

/* The nest at hand. */

/* A nest that is one loop over all elements, as loops over the dimensions. */
static void unflatten(const Engine *e, Nest *nest) {
    Shape shape = ir_shape(e->g, e->v);
    nest->outer = nest->loops = shape.rank;
    nest->out.flat = false;
    nest->out.rank = shape.rank;
    for (uint8_t d = 0; d < shape.rank; d++) {
        nest->extent[d] = shape.dims[d];
        nest->out.index[d] = (Index){.offset = number(e, 0), .term_count = 1};
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

/* An index that is one loop, at most, plus an offset. */
static bool is_simple(const Index *index) {
    return index->from == 0 && index->term_count == 1;
}

static bool may_leave(const Access *access) {
    for (uint8_t d = 0; d < access->rank; d++) {
        if (access->index[d].may_leave) return true;
    }
    return false;
}

/* The first step of a loop at which offset + coefficient * step is at `at` or behind it; or, where
 * the loop runs backwards, before it. */
static DimId step_at(const Engine *e, const Index *index, DimId at) {
    DimTable *t = e->g->dims;
    int64_t c = index->term[0].coefficient;
    if (c == 1) return dim_sub(t, at, index->offset);
    if (c > 0)
        return dim_floor_div(t, plus(e, dim_sub(t, at, index->offset), c - 1), number(e, c));
    return plus(e, dim_floor_div(t, dim_sub(t, index->offset, at), number(e, -c)), 1);
}

/* Cuts the loops at the parts of x_k, and where x_k may be left. */
static void cut_at_operand(Engine *e, const Nest *nest, uint8_t k) {
    Boxed *b = e->boxed;
    const Access *access = &nest->access[k];
    for (uint8_t d = 0; d < access->rank; d++) {
        const Index *index = &access->index[d];
        if (!is_simple(index)) continue;
        Cuts *cuts = &b->cuts[index->term[0].loop];
        for (uint32_t i = 1; b->view[k] != NULL && i < b->view[k]->axis[d].count; i++) {
            cuts_add(&e->space, cuts, step_at(e, index, b->view[k]->axis[d].part[i].begin));
        }
        if (!index->may_leave || nest->combine != COMBINE_NONE) continue;
        DimId extent = ir_shape(e->g, ir_operand(e->g, e->v, nest->operand[k])).dims[d];
        cuts_add(&e->space, cuts, step_at(e, index, number(e, 0)));
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
        cuts_add(&e->space, &e->boxed->cuts[loop], number(e, at));
    if (!is_short)
        cuts_add(&e->space, &e->boxed->cuts[loop], plus(e, nest->extent[loop], -1));
}

static void whole_box(Boxed *b, const Nest *nest) {
    for (uint8_t l = 0; l < nest->loops; l++) {
        b->begin[l] = b->cuts[l].at[0];
        b->end[l] = b->cuts[l].at[b->cuts[l].count];
    }
}

/* Makes e->boxed of the nest; false if there is nothing that parts say. */
static bool box_nest(Engine *e, Nest *nest) {
    Boxed *b = e->boxed = e->box;
    bool flat = nest->out.flat, any = nest->operand_count == 0;
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        b->view[k] = view_of(e, nest, k, flat);
        b->most[k] = unknown;
        any = any || b->view[k] != NULL || may_leave(&nest->access[k]);
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
        *begin = known ? number(e, (int64_t)r.low) : unknown;
        *end = known ? number(e, (int64_t)r.high + 1) : unknown;
        return;
    }
    DimId low = index->offset, high = index->offset; /* of the last position */
    for (uint8_t i = 0; i < index->term_count; i++) {
        uint8_t l = index->term[i].loop;
        DimId c = number(e, index->term[i].coefficient), last = plus(e, b->end[l], -1);
        bool up = index->term[i].coefficient > 0;
        low = dim_add(t, low, dim_mul(t, c, up ? b->begin[l] : last));
        high = dim_add(t, high, dim_mul(t, c, up ? last : b->begin[l]));
    }
    *begin = low;
    *end = plus(e, high, 1);
}

static BoxState operand_in_box(Engine *e, const Nest *nest, uint8_t k) {
    Boxed *b = e->boxed;
    Value x = ir_operand(e->g, e->v, nest->operand[k]);
    Shape shape = ir_shape(e->g, x);
    DType type = ir_node(e->g, x)->dtype;
    BoxState state = BOX_INSIDE;
    b->most[k] = unknown;
    for (uint8_t d = 0; d < nest->access[k].rank; d++) {
        const Index *index = &nest->access[k].index[d];
        bool cut = b->view[k] != NULL && b->view[k]->axis[d].count > 1;
        if (!cut && !index->may_leave) continue;
        DimId begin, end;
        index_interval(e, index, &begin, &end);
        if (index->may_leave && !(part_at_most(&e->space, number(e, 0), begin) &&
                                  part_at_most(&e->space, end, shape.dims[d]))) {
            bool outside = part_at_most(&e->space, end, number(e, 0)) ||
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
        if (dim_is(b->most[k], unknown)) b->most[k] = dim_is(p.most, unknown) ? p.equal : p.most;
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

/* Rehearsals. */

/* Bounds the nest in a box that is cut short to a piece of a loop; e->failed collects its sites. */
static Range rehearse(Engine *e, const Nest *nest, uint8_t loop, uint32_t piece, bool term,
                      bool *none) {
    Boxed *b = e->boxed;
    DimId begin = b->begin[loop], end = b->end[loop];
    bool rehearses = e->rehearses;
    uint32_t failures = e->failures;
    DType type = e->type;
    b->begin[loop] = b->cuts[loop].at[piece];
    b->end[loop] = b->cuts[loop].at[piece + 1];
    e->rehearses = true;
    *none = false;
    if (e->parts_left > 0) e->parts_left--;
    Range r = term ? nest_term(e, nest, none) : nest_range(e, nest);
    b->begin[loop] = begin;
    b->end[loop] = end;
    e->rehearses = rehearses;
    e->failures = failures;
    e->type = type;
    return r;
}

/* Sites of the node that a rehearsal of terms alone decides. */
static uint32_t sites_of_terms(const Engine *e) {
    uint32_t sites = 0;
    for (uint32_t i = 0; i < e->site_count; i++) {
        if (e->sites[i].part == SITE_BODY || e->sites[i].part == SITE_INDEX) sites |= 1u << i;
    }
    return sites;
}

/* The numbers of terms of a piece. */
static void count_group(const Engine *e, const Nest *nest, uint8_t loop, uint32_t piece,
                        TermGroup *group) {
    DimTable *t = e->g->dims;
    const Cuts *cuts = &e->boxed->cuts[loop];
    group->low = group->high = 1;
    for (uint8_t l = nest->outer; l < nest->loops; l++) {
        DimId extent = nest->extent[l];
        if (l == loop) extent = dim_sub(t, cuts->at[piece + 1], cuts->at[piece]);
        int64_t low = 0, high = INT64_MAX;
        if (!dim_is(extent, unknown)) dim_bounds(t, extent, &low, &high);
        low = low < 0 ? 0 : low;
        high = high < 0 ? 0 : high;
        if (!checked_mul(group->low, low, &group->low)) group->low = INT64_MAX;
        if (!checked_mul(group->high, high, &group->high)) group->high = INT64_MAX;
    }
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        if (may_leave(&nest->access[k])) group->low = 0; /* padding is no term */
    }
}

uint32_t parts_groups(Engine *e, const Nest *nest, TermGroup *groups) {
    uint8_t inner = e->boxed->inner;
    Blame *blame = e->blame;
    if (inner == NO_LOOP || e->parts_left == 0) return 0;
    e->blame = NULL;
    uint32_t outside = e->failed, count = e->boxed->cuts[inner].count;
    e->failed = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool none;
        groups[i].term = rehearse(e, nest, inner, i, true, &none);
        count_group(e, nest, inner, i, &groups[i]);
        if (none) groups[i].low = groups[i].high = 0;
    }
    e->excused |= sites_of_terms(e) & ~e->failed;
    e->failed = outside;
    e->blame = blame;
    return count;
}

/* What is written. */

/* Of a nest that takes elements as they are, and in other types: what their positions are at most.
 * Of others nothing is known. */
static DimId most_written(const Engine *e, const Nest *nest) {
    bool copies = nest->body == NULL && nest->combine == COMBINE_NONE;
    if (e->state != BOX_INSIDE) return unknown; /* padding is another number */
    if (!copies && !ir_is_primitive(e->g, e->v, PRIMITIVE_CAST)) return unknown;
    if (!dtype_is_integer(e->result) || !dtype_is_integer(e->input_types[0])) return unknown;
    if (e->boxed != NULL && !dim_is(e->boxed->most[0], unknown)) return e->boxed->most[0];
    Value x = nest_operand(e->g, e->v, nest, 0);
    const TermFact *fact = &e->a->terms->fact[x.id];
    return dim_is(fact->most, unknown) ? fact->equal : fact->most;
}

/* Where a nest writes along an axis of the result. */
static Part region_of(const Engine *e, const Nest *nest, uint8_t axis, Range r) {
    Part whole = {number(e, 0), ir_shape(e->g, e->v).dims[axis], r, unknown, unknown};
    if (nest->out.flat) return whole;
    const Index *index = &nest->out.index[axis];
    Part region = whole;
    if (index->from != 0) {
        Range at = e->inputs[index->from];
        if (!range_has_finite(at) || fabs(at.low) >= 0x1p52 || fabs(at.high) >= 0x1p52)
            return whole;
        region.begin = number(e, (int64_t)at.low);
        region.end = number(e, (int64_t)at.high + 1);
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
            (Part){number(e, 0), shape.dims[a], e->written, unknown, unknown};
    }
}

/* Parts of the loops become parts of the axes that these write along. */
static void write_parts(Engine *e, const Nest *nest, Range r, DimId most,
                        const PartList *const *loops) {
    bool alone = nest_count(e->g, e->v) == 1;
    begin_writing(e);
    for (uint8_t a = 0; a < ir_shape(e->g, e->v).rank; a++) {
        Part region = region_of(e, nest, a, r);
        region.most = most;
        const Index *index = nest->out.flat ? NULL : &nest->out.index[a];
        bool by_loop = index != NULL && is_simple(index) && index->term[0].coefficient == 1;
        const PartList *list = by_loop && loops != NULL ? loops[index->term[0].loop] : NULL;
        /* Alone, and along the whole axis: what is written is the result. */
        if (list != NULL && alone && dim_is(index->offset, number(e, 0))) {
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

void parts_blame(Engine *e, const Finding *f) {
    if (e->blame == NULL) return;
    Blame *b = &e->blame[f->site];
    bool again = b->count > 0;
    if (!again) b->first = e->piece;
    if (!again || b->last != e->piece) b->count++;
    b->last = e->piece;
    for (int i = 0; i < 3; i++)
        b->args[i] = again ? e->d->join(b->args[i], f->args[i]) : f->args[i];
}

void parts_narrow(const Engine *e, Finding *f) {
    if (e->boxed == NULL || e->rehearses) return;
    const Finding *p = &e->partial[f->site];
    if (dim_is(p->end, unknown)) return;
    f->axis = p->axis;
    f->begin = p->begin;
    f->end = p->end;
    for (int i = 0; i < 3; i++) f->args[i] = p->args[i];
}

/* What fails in some pieces beside each other, of a loop along an axis of the result. */
static void narrow_findings(Engine *e, const Nest *nest, uint8_t loop) {
    const Cuts *cuts = &e->boxed->cuts[loop];
    for (uint8_t a = 0; a < nest->out.rank; a++) {
        const Index *index = &nest->out.index[a];
        if (!is_simple(index) || index->term[0].loop != loop || index->term[0].coefficient != 1)
            continue;
        for (uint32_t s = 0; s < e->site_count; s++) {
            const Blame *b = &e->blame[s];
            Finding *f = &e->partial[s];
            bool some = b->count > 0 && b->count < cuts->count;
            if (!some || b->last - b->first + 1 != b->count || !dim_is(f->end, unknown)) continue;
            f->axis = a;
            f->begin = dim_add(e->g->dims, cuts->at[b->first], index->offset);
            f->end = dim_add(e->g->dims, cuts->at[b->last + 1], index->offset);
            for (int i = 0; i < 3; i++) f->args[i] = b->args[i];
        }
    }
}

/* Bounds each piece of an outer loop. *r becomes what they all are; e->excused gets the sites that
 * are proved on each. */
static void bound_pieces(Engine *e, const Nest *nest, uint8_t loop, PartList *list, Range *all) {
    const Cuts *cuts = &e->boxed->cuts[loop];
    Blame blame[OP_MAX_SITES] = {{0}};
    list->count = 0;
    e->failed = 0;
    e->blame = blame;
    *all = e->d->bottom(e->result);
    for (uint32_t i = 0; i < cuts->count; i++) {
        bool none;
        e->piece = i;
        Range r = rehearse(e, nest, loop, i, false, &none);
        *all = e->d->join(*all, r);
        list->part[list->count++] =
            (Part){cuts->at[i], cuts->at[i + 1], r, unknown, most_written(e, nest)};
    }
    if (e->failed != 0) narrow_findings(e, nest, loop);
    e->blame = NULL;
}

void parts_start(Engine *e) {
    Arena *scratch = &e->a->cx->scratch;
    e->space = (PartSpace){e->g->dims, e->d, e->a->arena};
    e->box = ARENA_NEW(scratch, Boxed);
    e->partial = ARENA_ARRAY(scratch, Finding, OP_MAX_SITES);
    e->pieces = ARENA_ARRAY(scratch, PartList, NEST_MAX_LOOPS);
    e->writing = ARENA_ARRAY(scratch, PartList, MAX_RANK);
    e->parts_left = LEAST_PARTS + PARTS_A_NODE * (uint64_t)e->g->nodes.count;
}

bool parts_possible(const Engine *e) {
    const Node *node = ir_node(e->g, e->v);
    if (!e->a->options->partitions || e->parts_left == 0) return false;
    bool possible = op_info[node->op].form == FORM_MOVE || node->operand_count == 0;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        possible = possible || e->facts->parts[ir_operand(e->g, e->v, i).id] != NULL;
    }
    return possible;
}

void parts_begin(Engine *e) {
    e->writes_parts = false;
}

Range parts_nest_range(Engine *e, Nest *nest) {
    DType element = e->type;
    bool several = nest_count(e->g, e->v) > 1;
    if (!box_nest(e, nest)) {
        e->boxed = NULL;
        Range r = nest_range(e, nest);
        if (several) write_parts(e, nest, r, most_written(e, nest), NULL);
        return r;
    }
    const PartList *loops[NEST_MAX_LOOPS] = {NULL};
    uint32_t excused = 0, failed = e->failed;
    Range refined = e->d->top(e->result);
    for (uint32_t s = 0; s < e->site_count; s++) e->partial[s] = (Finding){0};
    for (uint8_t l = 0; l < nest->outer; l++) {
        if (e->boxed->cuts[l].count < 2) continue;
        Range all;
        loops[l] = &e->pieces[l];
        bound_pieces(e, nest, l, &e->pieces[l], &all);
        refined = e->d->meet(e->result, refined, all);
        excused |= ~e->failed;
    }
    e->failed = failed;
    e->excused = excused;
    e->type = element;
    Range r = nest_range(e, nest);
    DimId most = most_written(e, nest);
    e->excused = 0;
    e->boxed = NULL;
    r = e->d->meet(e->result, r, refined);
    write_parts(e, nest, r, most, loops);
    (void)dims_overflowed(e->g->dims); /* sizes that are too large are unknown here, and no more */
    return r;
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
