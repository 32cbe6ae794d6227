/* Loops: what holds in every step of a region, and in every call of a model whose buffers change.
 *
 * Kleene iteration from the initial carries: the body is bounded again and again, each time with
 * the join of what the carries were before and what their finals gave, until nothing is new. A loop
 * of few steps is followed to its end. Of a longer one the ends that still move are widened after a
 * few rounds: first to where they would come to rest if each round moved them by the same share of
 * the last, as those of a running mean do; then to thresholds, which ends (domain.h). Then they are
 * narrowed: init joined with what the body gives of a state that holds in every step holds in every
 * step too. A guess needs no proof: it stays only if the body keeps it. A carry that only
 * grows by an addend is besides bounded by the sum of that addend over all steps.
 *     Nothing is recorded until the state is final; then the body is judged once.
 *     A carry has no parts (partition.h), though what the body makes of it may have: where cuts are
 * would be part of the state, and joining, widening and narrowing would each have to keep those of
 * all steps. What is put together step by step is a stack, not a carry, and has parts. */
#include "passes/ranges_internal.h"
#include "passes/source.h"

enum {
    FOLLOWED_STEPS = 64,     /* of a loop whose number of steps is known: analysis by unrolling */
    FOLLOWED_VISITS = 20000, /* ... unless that takes more visits of nodes */
    JOINED_ROUNDS = 3,       /* before widening */
    GUESSED_ROUNDS = 2,      /* ... at first to guesses: just beyond the limit, and twice as far */
    WIDENED_ROUNDS = 100,    /* at the end of which everything is let go */
    NARROWED_ROUNDS = 2
};

/* Of one model: at a microsecond each they take 285 years. */
#define MOST_CALLS ((int64_t)1 << 53)

typedef struct Loop {
    Engine *e;
    uint32_t first, end;  /* its nodes */
    uint32_t next_region; /* the first that is reached in them */
    int64_t most;         /* steps */
    uint32_t count;       /* of carries, by which the following are: */
    Value *carry, *final; /* what it is in a step, and after it */
    Range *init;
    Range *state; /* at the start of the steps that are covered */
    Range *seen[JOINED_ROUNDS]; /* what the state was after the first rounds */
    bool *init_assumed;
    uint8_t *init_cut;
} Loop;

static Loop loop_make(Engine *e, uint32_t first, uint32_t end, uint32_t next_region, int64_t most,
                      uint32_t count) {
    Arena *arena = &e->a->cx->scratch;
    Loop l = {.e = e, .first = first, .end = end, .next_region = next_region, .most = most,
                  .count = count,
                  .carry = ARENA_ARRAY(arena, Value, count),
                  .final = ARENA_ARRAY(arena, Value, count),
                  .init = ARENA_ARRAY(arena, Range, count),
                  .state = ARENA_ARRAY(arena, Range, count),
                  .init_assumed = ARENA_ARRAY(arena, bool, count),
                  .init_cut = ARENA_ARRAY(arena, uint8_t, count)};
    for (int i = 0; i < JOINED_ROUNDS; i++) l.seen[i] = ARENA_ARRAY(arena, Range, count);
    return l;
}

static Range *range_of(const Loop *l, Value v) {
    return &l->e->facts->range[v.id];
}

/* Forgets what was concluded of the body for another state. */
static void forget(const Loop *l) {
    Engine *e = l->e;
    for (uint32_t id = l->first; id < l->end; id++) {
        TermFact *fact = &e->a->terms->fact[id];
        *fact = (TermFact){.number = fact->number};
        e->cut[id] = 0;
        e->chosen[id] = e->d->bottom(e->g->nodes.data[id].dtype);
        for (uint32_t s = e->facts->first_site[id]; s < e->facts->first_site[id + 1]; s++) {
            e->facts->sites[s] = (SiteFact){0};
        }
    }
}

/* What rests on an assumption, or was cut by growth, in one step does so in the next. What a report
 * cut does not: the fault that it would follow from may be its own. */
static void carry_marks(const Loop *l, uint32_t k) {
    Engine *e = l->e;
    Value carry = l->carry[k], final = l->final[k];
    bool *assumed = e->facts->assumed;
    assumed[carry.id] = assumed[carry.id] || l->init_assumed[k] || assumed[final.id];
    unsigned grown = e->cut[final.id] & CUT_GROWN;
    e->cut[carry.id] = (uint8_t)((l->init_cut[k] | grown) & ~(unsigned)CUT_HERE);
}

/* Bounds one step from the state. */
static void run_step(Loop *l, bool tries) {
    Engine *e = l->e;
    bool outer = e->tries;
    uint32_t carries = l->count;
    uint8_t *marks = ARENA_ARRAY(&e->a->cx->scratch, uint8_t, carries);
    for (uint32_t k = 0; k < carries; k++) {
        carry_marks(l, k);
        marks[k] = e->cut[l->carry[k].id];
    }
    forget(l);
    for (uint32_t k = 0; k < carries; k++) {
        Value carry = l->carry[k];
        *range_of(l, carry) = l->state[k];
        e->cut[carry.id] = marks[k];
    }
    e->tries = outer || tries;
    e->next_region = l->next_region;
    visit_nodes(e, l->first, l->end);
    e->tries = outer;
}

/* The end that a series of three tends to whose differences shrink by the same factor, and beyond
 * it by a share of the way from where it started; `otherwise` if they do not shrink. */
static double guessed_end(double start, const double seen[JOINED_ROUNDS], double share,
                          double otherwise) {
    double first = seen[1] - seen[0], second = seen[2] - seen[1];
    double factor = second / first;
    if (!(factor > 0 && factor < 1)) return otherwise; /* nor for NaN */
    double limit = seen[2] + second * factor / (1 - factor);
    return limit + (limit - start) * share;
}

/* The state widened, where an end moves and may come to rest to a guess. */
static Range widened(const Loop *l, uint32_t k, int64_t guess, Range next) {
    DType type = ir_node(l->e->g, l->carry[k])->dtype;
    Range old = l->state[k], wide = l->e->d->widen(type, old, next), init = l->init[k];
    if (guess > GUESSED_ROUNDS || !dtype_is_float(type) || !range_has_finite(init)) return wide;
    double lows[JOINED_ROUNDS], highs[JOINED_ROUNDS], share = guess == 1 ? 0x1p-10 : 1;
    for (int i = 0; i < JOINED_ROUNDS; i++) {
        lows[i] = l->seen[i][k].low;
        highs[i] = l->seen[i][k].high;
    }
    double low = wide.low, high = wide.high;
    if (next.low < old.low) low = fmax(low, guessed_end(init.low, lows, share, low));
    if (next.high > old.high) high = fmin(high, guessed_end(init.high, highs, share, high));
    Range guessed = range_make(type, dtype_round_down(type, low), dtype_round_up(type, high),
                               wide.flags);
    return l->e->d->leq(l->e->d->join(old, next), guessed) ? guessed : wide;
}

/* Joins into the state what the last step gave; false if nothing is new. `widening`: the number of
 * the round among those that widen, from 1 on; below it joins. */
static bool grow(Loop *l, int64_t widening) {
    bool grown = false;
    for (uint32_t k = 0; k < l->count; k++) {
        Range next = *range_of(l, l->final[k]);
        if (l->e->d->leq(next, l->state[k])) continue;
        grown = true;
        l->state[k] = widening > 0 ? widened(l, k, widening, next)
                                   : l->e->d->join(l->state[k], next);
    }
    return grown;
}

static void let_go(Loop *l) {
    for (uint32_t k = 0; k < l->count; k++) {
        l->state[k] = l->e->d->top(ir_node(l->e->g, l->carry[k])->dtype);
    }
    run_step(l, true);
}

/* True if the state is that of a loop that was followed to its end, where narrowing, which asks
 * for a state that holds in all steps to come, has nothing to say. */
static bool iterate(Loop *l) {
    bool follows = l->most <= FOLLOWED_STEPS && (l->end - l->first) * l->most <= FOLLOWED_VISITS;
    for (int64_t round = 1; round <= WIDENED_ROUNDS; round++) {
        run_step(l, true);
        if (round >= l->most) return true;
        if (!grow(l, follows ? 0 : round - JOINED_ROUNDS)) return false;
        for (uint32_t k = 0; k < l->count && round <= JOINED_ROUNDS; k++) {
            l->seen[round - 1][k] = l->state[k];
        }
    }
    let_go(l);
    return false;
}

static void narrow(Loop *l) {
    for (int round = 0; round < NARROWED_ROUNDS; round++) {
        bool smaller = false;
        for (uint32_t k = 0; k < l->count; k++) {
            Range next = *range_of(l, l->final[k]);
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

/* init and at most `steps` addends, added one after another; false where nothing is known. Claim:
 * every partial sum is at most (|init| + steps * |addend|) (1 + u)^steps, and of that at most a
 * share of (1 + u)^steps - 1 <= x / (1 - x), x = steps * u, is rounding. What only grows is never
 * below init, since rounding is monotone. */
static bool sum_of_steps(const Loop *l, DType type, Range init, Range addend, Range *out) {
    const AbstractDomain *d = l->e->d;
    Answer overflow, undefined;
    if (!dtype_is_float(type) || (init.low == 0 && init.high == 0)) { /* nothing but a sum */
        Range sum = d->combine(COMBINE_SUM, type, addend, 0, l->most, &overflow, &undefined);
        const Range both[3] = {init, sum};
        *out = d->apply(PRIMITIVE_ADD, type, type, both);
        return overflow == ANSWER_NEVER && undefined == ANSWER_NEVER;
    }
    double steps = (double)l->most, unit = ldexp(1, -dtype_info[type].precision);
    double share = (steps + 4) * unit; /* four more: the arithmetic here, and the last rounding */
    double largest = range_magnitude(init) + steps * range_magnitude(addend);
    double error = largest * share / (1 - share);
    double low = init.low + steps * addend.low - error;
    double high = init.high + steps * addend.high + error;
    if (share > 0.5 || largest + error >= dtype_info[type].max) return false;
    if (addend.low >= 0) low = init.low;
    if (addend.high <= 0) high = init.high;
    *out = range_make(type, dtype_round(type, fmin(low, init.low)),
                      dtype_round(type, fmax(high, init.high)), 0);
    return true;
}

/* A mean of the carry and another value is between what the carry begins with and that. */
static void bound_mean(const Loop *l, uint32_t k, Value given, Range *bound) {
    Engine *e = l->e;
    Value next = stripped(e->g, given);
    const TermFact *fact = &e->a->terms->fact[next.id];
    DType type = ir_node(e->g, l->carry[k])->dtype;
    if (ir_node(e->g, next)->shape.id != ir_node(e->g, l->carry[k])->shape.id) return;
    for (uint32_t i = 0; i < (fact->approaches ? 1 : 2); i++) {
        if (fact->between[i] != l->carry[k].id || fact->between[1 - i] == 0) continue;
        Range other = e->facts->range[fact->between[1 - i]];
        Range state = term_state(fact, type, e->flushes, l->init[k], other);
        *bound = e->d->meet(type, *bound, state);
    }
}

/* The k-th carry is `given` at the end of each step. given = gain * carry + addend: in each step
 * the carry is, from init on, within the sum of the addends so far; also in floating point, since
 * a factor of at most 1 makes nothing larger (rounding is monotone). */
static void bound_sum(const Loop *l, uint32_t k, Value given, Range *bound) {
    Engine *e = l->e;
    Value carry = l->carry[k];
    DType type = ir_node(e->g, carry)->dtype;
    Value next = stripped(e->g, given);
    *bound = e->d->top(type);
    if (!ir_is_primitive(e->g, next, PRIMITIVE_ADD) || type == DTYPE_BOOL) return;
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
        Range sum;
        if (!sum_of_steps(l, type, init, addend, &sum)) continue;
        bool shares = gain != GAIN_WHOLE && dtype_is_float(type); /* of a whole number: no such */
        if (shares) sum.flags &= (uint8_t)~RANGE_INTEGRAL;
        *bound = e->d->meet(type, *bound, sum);
    }
}

/* What holds in every step; then the body is judged once. `bound`: what sums are bounded by. */
static void settle(Loop *l, Range *bound) {
    Engine *e = l->e;
    for (uint32_t k = 0; k < l->count; k++) {
        l->state[k] = l->init[k];
        e->facts->assumed[l->carry[k].id] = e->facts->assumed[l->final[k].id] = false;
        e->cut[l->final[k].id] = 0;
    }
    if (!iterate(l)) narrow(l);
    for (uint32_t k = 0; k < l->count; k++) {
        DType type = ir_node(e->g, l->carry[k])->dtype;
        bool copied = ir_node(e->g, l->final[k])->op == OP_SCAN_FINAL;
        Value given = copied ? ir_operand(e->g, l->final[k], 0) : l->final[k];
        bound_sum(l, k, given, &bound[k]);
        bound_mean(l, k, given, &bound[k]);
        l->state[k] = e->d->meet(type, l->state[k], bound[k]);
    }
    run_step(l, false);
}

void visit_region(Engine *e, uint32_t index) {
    const Region *r = &e->g->regions.data[index];
    int64_t low, most;
    dim_bounds(e->g->dims, r->trips, &low, &most);
    Loop l = loop_make(e, r->first.id, r->end, index + 1, most, r->carry_count);
    Range *bound = ARENA_ARRAY(&e->a->cx->scratch, Range, r->carry_count);
    for (uint32_t k = 0; k < r->carry_count; k++) {
        l.carry[k] = region_carry(r, k);
        l.final[k] = region_final(r, k);
        Value init = ir_operand(e->g, l.carry[k], 0);
        l.init[k] = *range_of(&l, init);
        l.init_assumed[k] = e->facts->assumed[init.id];
        l.init_cut[k] = e->cut[init.id];
    }
    settle(&l, bound);
    for (uint32_t k = 0; k < r->carry_count; k++) {
        Value final = l.final[k];
        DType type = ir_node(e->g, final)->dtype;
        *range_of(&l, final) = e->d->meet(type, *range_of(&l, final), bound[k]);
    }
    while (e->next_region < e->g->regions.count &&
           e->g->regions.data[e->next_region].first.id < r->end) {
        e->next_region++;
    }
}

/* The calls of a model are the steps of a loop whose carries are the buffers with updates. One
 * with a contract is what that says: each update is held against it. */
void visit_calls(Engine *e) {
    const Graph *g = e->g;
    Loop l = loop_make(e, 1, g->nodes.count, 1, MOST_CALLS, g->updates.count);
    l.count = 0;
    for (uint32_t i = 0; i < g->updates.count; i++) {
        const Update *u = &g->updates.data[i];
        uint32_t k = l.count;
        if (source_has_contract(g, u->buffer)) continue;
        l.carry[k] = u->buffer;
        l.final[k] = u->next;
        l.init[k] = source_range(g, e->a->options, u->buffer, &l.init_assumed[k]);
        e->kept[u->buffer.id] = true;
        l.count++;
    }
    if (l.count == 0) visit_nodes(e, 1, g->nodes.count);
    else settle(&l, ARENA_ARRAY(&e->a->cx->scratch, Range, l.count));
}
