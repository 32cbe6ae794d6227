/* Runtimes that flush subnormal numbers to zero: TensorFlow on CPUs, most GPUs.
 *
 * There a result that is nearer to 0 than the smallest normal number is 0, and so is an operand
 * (FTZ and DAZ of x86, -ftz of CUDA). Guards, the evaluator and the binary keep gradual underflow;
 * what fails only where it is not kept is found by a second bounding, in which no range holds a
 * subnormal number. It visits what flushing changes and what is computed from that, and nothing in
 * most models: while it bounds the first time the engine marks the values where it could matter.
 *
 * Claim: what flush_made gives of a result holds what a flushing runtime computes. Why: with
 * flushed operands, which are in their ranges, the result before it is flushed is in the range that
 * the transfer function gives, and flushing makes 0 of a number that is near to 0 and nothing else.
 * A sum of many terms is flushed at every step; that is monotone as rounding is, so that the sum of
 * equal terms still bounds it, and of equal normal terms no partial sum is subnormal.
 * Test: tests/random/trial.c, whose runs are made a second time with flushing. */
#include "passes/ranges_internal.h"
#include "passes/transfer.h"

#include <string.h>

/* Whether it has finite numbers nearer to 0 than the smallest normal one, perhaps 0 alone. */
static bool is_near(DType t, Range r) {
    double least = dtype_info[t].min_normal;
    return r.low < least && r.high > -least && range_has_finite(r);
}

Range range_flushed(DType t, Range r, bool rounds) {
    if (!dtype_is_flushed(t) || !is_near(t, r)) return r;
    double least = dtype_info[t].min_normal, low = r.low, high = r.high;
    if (!rounds) {
        if (fabs(low) < least && (low > 0 || !range_may_be_zero(r))) low = least;
        if (fabs(high) < least && (high < 0 || !range_may_be_zero(r))) high = -least;
        if (low <= high) return range_make(t, low, high, r.flags);
        low = r.low;
        high = r.high;
    }
    if (fabs(low) < least) low = 0;
    if (fabs(high) < least) high = 0;
    return range_make(t, low, high, r.flags & ~(unsigned)RANGE_NONZERO);
}

Range flush_made(Engine *e, DType type, Range r, bool rounds) {
    if (e->flushes) return range_flushed(type, r, rounds);
    if (!is_near(type, r) || range_may_be_zero(r) || !dtype_is_flushed(type)) return r;
    bool whole = range_magnitude(r) < dtype_info[type].min_normal;
    if (rounds || whole) e->touched[e->v.id] = true;
    return r;
}

/* Whether the result is one of the operands but for its sign, or an integer. */
static bool makes_no_number(Primitive p) {
    switch ((int)p) {
    case PRIMITIVE_NEG:
    case PRIMITIVE_ABS:
    case PRIMITIVE_SIGN:
    case PRIMITIVE_FLOOR:
    case PRIMITIVE_CEIL:
    case PRIMITIVE_ROUND:
    case PRIMITIVE_MINIMUM:
    case PRIMITIVE_MAXIMUM:
    case PRIMITIVE_SELECT:
        return true;
    default:
        return false;
    }
}

Range flush_result(Engine *e, Primitive p, DType type, Range r) {
    return flush_made(e, type, r, !makes_no_number(p));
}

/* Whether an operand is not what it is where nothing is flushed. */
static bool is_reached(const Engine *e, Value v) {
    bool reached = e->touched[v.id];
    for (uint32_t i = 0; i < ir_node(e->g, v)->operand_count; i++) {
        reached = reached || e->touched[ir_operand(e->g, v, i).id];
    }
    return reached;
}

static void forget(Engine *e, uint32_t id) {
    TermFact *fact = &e->a->terms->fact[id];
    *fact = (TermFact){.number = fact->number};
    e->cut[id] = 0;
    e->chosen[id] = e->d->bottom(e->g->nodes.data[id].dtype);
    for (uint32_t s = e->facts->first_site[id]; s < e->facts->first_site[id + 1]; s++) {
        e->facts->sites[s] = (SiteFact){0};
    }
}

/* What a choice takes of a value may change where the value, which is anything, does not. */
static void mark_changed(Engine *e, uint32_t id) {
    Range before = e->a->facts->range[id], now = e->facts->range[id];
    bool chosen = !range_is_empty(e->chosen[id]);
    bool other = !partition_same(e->a->facts->parts[id], e->facts->parts[id]);
    e->touched[id] = chosen || other || !e->d->leq(now, before) || !e->d->leq(before, now);
}

/* A loop is bounded again as a whole. */
static void flush_region(Engine *e, uint32_t region) {
    const Region *r = &e->g->regions.data[region];
    bool reached = false;
    for (uint32_t id = r->first.id; id < r->end && !reached; id++) {
        reached = is_reached(e, (Value){id});
    }
    if (!reached) return;
    for (uint32_t id = r->first.id; id < r->end; id++) forget(e, id);
    e->next_region = region;
    visit_region(e, region);
    for (uint32_t id = r->first.id; id < r->end; id++) mark_changed(e, id);
}

static void flush_nodes(Engine *e) {
    uint32_t region = 1, id = 1;
    while (id < e->g->nodes.count) {
        while (region < e->g->regions.count && e->g->regions.data[region].first.id < id) region++;
        if (region < e->g->regions.count && e->g->regions.data[region].first.id == id) {
            flush_region(e, region);
            id = e->g->regions.data[region].end;
            continue;
        }
        if (is_reached(e, (Value){id})) {
            forget(e, id);
            visit_value(e, (Value){id});
            mark_changed(e, id);
        }
        id++;
    }
}

static Facts *copy_facts(Engine *e, const Facts *from) {
    Arena *arena = e->a->arena;
    Facts *f = ARENA_NEW(arena, Facts);
    uint32_t nodes = e->g->nodes.count, sites = from->first_site[nodes];
    *f = *from;
    f->range = ARENA_ARRAY(arena, Range, nodes);
    f->parts = ARENA_ARRAY(arena, const Partition *, nodes);
    f->assumed = ARENA_ARRAY(arena, bool, nodes);
    f->sites = ARENA_ARRAY(arena, SiteFact, sites);
    memcpy(f->range, from->range, nodes * sizeof *f->range);
    memcpy(f->parts, from->parts, nodes * sizeof *f->parts);
    memcpy(f->assumed, from->assumed, nodes * sizeof *f->assumed);
    if (sites > 0) memcpy(f->sites, from->sites, sites * sizeof *f->sites);
    return f;
}

void flush_again(Engine *e) {
    uint32_t nodes = e->g->nodes.count;
    if (memchr(e->touched, true, nodes) == NULL) return;
    /* What shapes of expressions tell is asked again of the ranges, and put back afterwards. */
    TermFact *terms = e->a->terms->fact;
    e->a->terms->fact = ARENA_ARRAY(&e->a->cx->scratch, TermFact, nodes);
    memcpy(e->a->terms->fact, terms, nodes * sizeof *terms);
    e->facts = e->a->facts->flushed = copy_facts(e, e->a->facts);
    e->flushes = e->facts->flushes = e->a->terms->flushes = true;
    e->next_region = 1;
    bool state = false; /* buffers carry what is flushed in one call into the next */
    for (uint32_t i = 0; i < e->g->updates.count; i++) {
        state = state || e->kept[e->g->updates.data[i].buffer.id];
    }
    if (state) visit_calls(e);
    else flush_nodes(e);
    e->a->terms->fact = terms;
    e->facts = e->a->facts;
    e->flushes = e->a->terms->flushes = false;
}
