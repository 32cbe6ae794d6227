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
#include "passes/parts_internal.h"

#include "ir/base/checked.h"

/* Pieces that are bounded, of all nests of a graph: past that, values are whole again. */
enum { LEAST_PARTS = 65536, PARTS_A_NODE = 16 };

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
        if (!dim_is(extent, DIM_UNKNOWN)) dim_bounds(t, extent, &low, &high);
        low = low < 0 ? 0 : low;
        high = high < 0 ? 0 : high;
        if (!checked_mul(group->low, low, &group->low)) group->low = INT64_MAX;
        if (!checked_mul(group->high, high, &group->high)) group->high = INT64_MAX;
    }
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        if (access_may_leave(&nest->access[k])) group->low = 0; /* padding is no term */
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
    if (dim_is(p->end, DIM_UNKNOWN)) return;
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
        if (!index_is_loop(index) || index->term[0].loop != loop || index->term[0].coefficient != 1)
            continue;
        for (uint32_t s = 0; s < e->site_count; s++) {
            const Blame *b = &e->blame[s];
            Finding *f = &e->partial[s];
            bool some = b->count > 0 && b->count < cuts->count;
            bool beside = some && b->last - b->first + 1 == b->count;
            if (!beside || !dim_is(f->end, DIM_UNKNOWN)) continue;
            f->axis = a;
            f->begin = dim_add(e->g->dims, cuts->at[b->first], index->offset);
            f->end = dim_add(e->g->dims, cuts->at[b->last + 1], index->offset);
            for (int i = 0; i < 3; i++) f->args[i] = b->args[i];
        }
    }
}

/* Bounds each piece of an outer loop. *all becomes what they all are; e->failed gets the sites that
 * are not proved on each. */
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
            (Part){cuts->at[i], cuts->at[i + 1], r, DIM_UNKNOWN, parts_most(e, nest)};
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

void parts_finish(const Engine *e) {
    Ctx *cx = e->a->cx;
    bool again = e->a->arena != &cx->module; /* what is wrong was said the first time */
    if (e->parts_left > 0 || e->a->findings.count == 0 || again) return;
    Diag *d = diag_new(cx, NNA0004, e->g->span,
                       "parts of tensors are not told apart from some operation on: the model has "
                       "too many of them");
    d->severity = SEVERITY_NOTE;
    d->model = e->g->name;
    diag_emit(cx, d);
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

Range parts_nest_range(Engine *e, Nest *nest) {
    DType element = e->type;
    bool several = nest_count(e->g, e->v) > 1;
    if (!box_nest(e, nest)) {
        e->boxed = NULL;
        Range r = nest_range(e, nest);
        if (several) parts_write_nest(e, nest, r, parts_most(e, nest), NULL);
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
    DimId most = parts_most(e, nest);
    e->excused = 0;
    e->boxed = NULL;
    r = e->d->meet(e->result, r, refined);
    parts_write_nest(e, nest, r, most, loops);
    (void)dims_overflowed(e->g->dims); /* sizes that are too large are unknown here, and no more */
    return r;
}
