/* Regions: what holds in every step of a loop.
 *
 * Kleene iteration from the initial carries: the body is bounded again and again, each time with
 * the join of what the carries were before and what their finals gave, until nothing is new. A loop
 * of few steps is followed to its end. Of a longer one the ends that still move are widened
 * to thresholds after a few rounds, which ends (domain.h), and then narrowed: init joined with what
 * the body gives of a state that holds in every step holds in every step too. A carry that only
 * grows by an addend is besides bounded by the sum of that addend over all steps.
 *     Nothing is recorded until the state is final; then the body is judged once. */
#include "passes/ranges_internal.h"

enum {
    FOLLOWED_STEPS = 64,     /* of a loop whose number of steps is known: analysis by unrolling */
    FOLLOWED_VISITS = 20000, /* ... unless that takes more visits of nodes */
    JOINED_ROUNDS = 3,       /* before widening */
    WIDENED_ROUNDS = 100,    /* at the end of which everything is let go */
    NARROWED_ROUNDS = 2
};

typedef struct Loop {
    Engine *e;
    uint32_t index;
    const Region *region;
    Range *init;  /* by carry */
    Range *state; /* by carry: at the start of the steps that are covered */
} Loop;

static Range *range_of(const Loop *l, Value v) {
    return &l->e->facts->range[v.id];
}

/* Forgets what was concluded of the body for another state. */
static void forget(Engine *e, const Region *r) {
    for (uint32_t id = r->first.id; id < r->end; id++) {
        TermFact *fact = &e->a->terms->fact[id];
        *fact = (TermFact){.number = fact->number};
        e->cut[id] = 0;
        e->chosen[id] = e->d->bottom(e->g->nodes.data[id].dtype);
        for (uint32_t s = e->facts->first_site[id]; s < e->facts->first_site[id + 1]; s++) {
            e->facts->sites[s] = (SiteFact){0};
        }
    }
}

/* What rests on an assumption, or was cut, in one step does so in the next. */
static void carry_marks(const Loop *l, uint32_t k) {
    Engine *e = l->e;
    Value carry = region_carry(l->region, k), final = region_final(l->region, k);
    Value init = ir_operand(e->g, carry, 0);
    bool *assumed = e->facts->assumed;
    assumed[carry.id] = assumed[carry.id] || assumed[init.id] || assumed[final.id];
    e->cut[carry.id] = (uint8_t)((e->cut[init.id] | e->cut[final.id]) & ~CUT_HERE);
}

/* Bounds one step from the state. */
static void run_step(Loop *l, bool tries) {
    Engine *e = l->e;
    bool outer = e->tries;
    uint32_t carries = l->region->carry_count;
    uint8_t *marks = ARENA_ARRAY(&e->a->cx->scratch, uint8_t, carries);
    for (uint32_t k = 0; k < carries; k++) {
        carry_marks(l, k);
        marks[k] = e->cut[region_carry(l->region, k).id];
    }
    forget(e, l->region);
    for (uint32_t k = 0; k < carries; k++) {
        Value carry = region_carry(l->region, k);
        *range_of(l, carry) = l->state[k];
        e->cut[carry.id] = marks[k];
    }
    e->tries = outer || tries;
    e->next_region = l->index + 1;
    visit_nodes(e, l->region->first.id, l->region->end);
    e->tries = outer;
}

/* Joins into the state what the last step gave; false if nothing is new. */
static bool grow(Loop *l, bool widen) {
    bool grown = false;
    for (uint32_t k = 0; k < l->region->carry_count; k++) {
        Range next = *range_of(l, region_final(l->region, k));
        DType type = ir_node(l->e->g, region_carry(l->region, k))->dtype;
        if (l->e->d->leq(next, l->state[k])) continue;
        grown = true;
        l->state[k] = widen ? l->e->d->widen(type, l->state[k], next)
                            : l->e->d->join(l->state[k], next);
    }
    return grown;
}

static void let_go(Loop *l) {
    for (uint32_t k = 0; k < l->region->carry_count; k++) {
        l->state[k] = l->e->d->top(ir_node(l->e->g, region_carry(l->region, k))->dtype);
    }
    run_step(l, true);
}

/* True if the state is that of a loop that was followed to its end, where narrowing, which asks
 * for a state that holds in all steps to come, has nothing to say. */
static bool iterate(Loop *l) {
    int64_t low, high;
    dim_bounds(l->e->g->dims, l->region->trips, &low, &high);
    int64_t visits = (int64_t)(l->region->end - l->region->first.id) * high;
    bool follows = high <= FOLLOWED_STEPS && visits <= FOLLOWED_VISITS;
    for (int64_t round = 1; round <= WIDENED_ROUNDS; round++) {
        run_step(l, true);
        if (round >= high) return true;
        if (!grow(l, !follows && round > JOINED_ROUNDS)) return false;
    }
    let_go(l);
    return false;
}

static void narrow(Loop *l) {
    for (int round = 0; round < NARROWED_ROUNDS; round++) {
        bool smaller = false;
        for (uint32_t k = 0; k < l->region->carry_count; k++) {
            Range next = *range_of(l, region_final(l->region, k));
            Range all = l->e->d->join(l->init[k], next);
            if (!l->e->d->leq(all, l->state[k]) || l->e->d->leq(l->state[k], all)) continue;
            l->state[k] = all;
            smaller = true;
        }
        if (!smaller) return;
        run_step(l, true);
    }
}

/* Sums. */

static Value stripped(const Graph *g, Value v) {
    while (op_info[ir_node(g, v)->op].form == FORM_SPECIAL && ir_node(g, v)->operand_count == 1) {
        v = ir_operand(g, v, 0);
    }
    return v;
}

static Range hull_with_zero(const Loop *l, DType type, Range r) {
    return l->e->d->join(r, l->e->d->constant(type, 0));
}

/* How a value follows from the carry: not at all (GAIN_OTHER), by a factor in [0, 1] or in [-1, 1],
 * or it is the carry. */
typedef enum Gain { GAIN_OTHER, GAIN_SIGNED, GAIN_SHARE, GAIN_WHOLE } Gain;

static Gain gain_of(const Loop *l, Value v, Value carry) {
    const Graph *g = l->e->g;
    v = stripped(g, v);
    if (v.id == carry.id) return GAIN_WHOLE;
    if (ir_node(g, v)->shape.id != ir_node(g, carry)->shape.id) return GAIN_OTHER;
    if (!ir_is_primitive(g, v, PRIMITIVE_MUL)) return GAIN_OTHER;
    for (uint32_t i = 0; i < 2; i++) {
        Range factor = *range_of(l, ir_operand(g, v, 1 - i));
        bool held = !(factor.flags & RANGE_BAD) && factor.low >= -1 && factor.high <= 1;
        if (stripped(g, ir_operand(g, v, i)).id != carry.id || !held) continue;
        return factor.low >= 0 ? GAIN_SHARE : GAIN_SIGNED;
    }
    return GAIN_OTHER;
}

/* next = gain * carry + addend: in each step the carry is, from init on, within the sum of the
 * addends so far. Claim: also in floating point, since a factor of at most 1 makes nothing larger
 * (rounding is monotone), and what is left is a sum, whose rounding `combine` covers. */
static void bound_sum(const Loop *l, uint32_t k, Range *bound) {
    Engine *e = l->e;
    Value carry = region_carry(l->region, k);
    DType type = ir_node(e->g, carry)->dtype;
    Value next = stripped(e->g, ir_operand(e->g, region_final(l->region, k), 0));
    int64_t low, high;
    Answer overflow, undefined;
    *bound = e->d->top(type);
    if (!ir_is_primitive(e->g, next, PRIMITIVE_ADD) || !dtype_is_float(type)) return;
    dim_bounds(e->g->dims, l->region->trips, &low, &high);
    for (uint32_t i = 0; i < 2; i++) {
        Gain gain = gain_of(l, ir_operand(e->g, next, i), carry);
        Range addend = *range_of(l, ir_operand(e->g, next, 1 - i)), init = l->init[k];
        if (gain == GAIN_OTHER || ((addend.flags | init.flags) & RANGE_BAD)) continue;
        if (gain != GAIN_WHOLE) {
            addend = hull_with_zero(l, type, addend);
            init = hull_with_zero(l, type, init);
        }
        if (gain == GAIN_SIGNED) {
            double most = range_magnitude(addend), first = range_magnitude(init);
            addend = range_make(type, -most, most, 0);
            init = range_make(type, -first, first, 0);
        }
        Range sum = e->d->combine(COMBINE_SUM, type, addend, 0, high, &overflow, &undefined);
        const Range both[3] = {init, sum};
        if (overflow != ANSWER_NEVER || undefined != ANSWER_NEVER) continue;
        *bound = e->d->meet(type, *bound, e->d->apply(PRIMITIVE_ADD, type, type, both));
    }
}

void visit_region(Engine *e, uint32_t index) {
    const Region *r = &e->g->regions.data[index];
    Arena *arena = &e->a->cx->scratch;
    Loop l = {e, index, r, ARENA_ARRAY(arena, Range, r->carry_count),
              ARENA_ARRAY(arena, Range, r->carry_count)};
    Range *bound = ARENA_ARRAY(arena, Range, r->carry_count);
    for (uint32_t k = 0; k < r->carry_count; k++) {
        Value carry = region_carry(r, k), final = region_final(r, k);
        l.init[k] = l.state[k] = *range_of(&l, ir_operand(e->g, carry, 0));
        e->facts->assumed[carry.id] = e->facts->assumed[final.id] = false;
        e->cut[final.id] = 0;
    }
    if (!iterate(&l)) narrow(&l);
    for (uint32_t k = 0; k < r->carry_count; k++) {
        DType type = ir_node(e->g, region_carry(r, k))->dtype;
        bound_sum(&l, k, &bound[k]);
        l.state[k] = e->d->meet(type, l.state[k], bound[k]);
    }
    run_step(&l, false);
    for (uint32_t k = 0; k < r->carry_count; k++) {
        Value final = region_final(r, k);
        DType type = ir_node(e->g, final)->dtype;
        *range_of(&l, final) = e->d->meet(type, *range_of(&l, final), bound[k]);
    }
    while (e->next_region < e->g->regions.count &&
           e->g->regions.data[e->next_region].first.id < r->end) {
        e->next_region++;
    }
}
