/* Gradients of regions: two more regions, linear in the body.
 *
 * What the steps of a loop computed is not there any more when the gradient is taken. So
 *   the replay    runs the loop again, and stacks what each carry was when a step began;
 *   the way back  takes the steps from the last one on: it computes the body of its step again,
 *                 from the carries that were stacked and the items of the step, and goes back
 *                 through it. What flows back to a carry goes on to the step before, as a carry
 *                 itself; what flows back to an item is stacked; and to each value from outside
 *                 there is a carry that sums what the steps add.
 * A loop of which no carry is read needs no replay. */
#include "ir/gradient_internal.h"

typedef struct Loop {
    Gradient *w;
    Region r;
    bool *live;  /* by place in the region: something flows back to it, in some step */
    bool *read;  /* by carry: the body reads it */
    Value *copy; /* by place: what stands for it in the region that is being made */
    VEC(Value) outside; /* to what is computed elsewhere something flows back */
    Value step;  /* of the region that is being made */
} Loop;

/* What does not depend on the step is made once, wherever it stands. */
static bool is_inside(const Loop *l, Value v) {
    const Node *node = ir_node(l->w->g, v);
    bool once = node->operand_count == 0 && node->op != OP_SCAN_STEP;
    return v.id >= l->r.first.id && v.id < l->r.end && !once;
}

static uint32_t inner(const Loop *l, Value v) {
    return v.id - l->r.first.id;
}

/* What flows back where. */

static void keep_outside(Loop *l, Value v) {
    uint32_t *place = &l->w->place[v.id];
    if (*place < l->outside.count && l->outside.data[*place].id == v.id) return;
    *place = l->outside.count;
    vec_push(&l->w->g->cx->scratch, &l->outside, v);
}

/* True if that is new. */
static bool mark(Loop *l, Value v) {
    if (!l->w->wanted[v.id] || !gradient_flows(l->w->g, v)) return false;
    if (!is_inside(l, v)) {
        keep_outside(l, v);
        return false;
    }
    bool *live = &l->live[inner(l, v)], known = *live;
    *live = true;
    return !known;
}

static bool is_live(const Loop *l, Value v) {
    return l->live[inner(l, v)];
}

/* What a carry, of this region or of one in it, is in the next step. */
static Value next_of(const Loop *l, Value carry) {
    const Graph *g = l->w->g;
    const Region *r = &g->regions.data[ir_region_at(g, carry)];
    return ir_operand(g, region_final(r, carry.id - region_carry(r, 0).id), 0);
}

/* One pass from the end of the body to its beginning; whether another one is needed: what flows
 * back to a carry flows on to the end of the step before. */
static bool mark_body(Loop *l, bool all) {
    const Graph *g = l->w->g;
    bool again = false;
    for (uint32_t id = region_final(&l->r, 0).id; id-- > l->r.first.id;) {
        Value v = {id};
        if (all && is_inside(l, v)) mark(l, v);
        if (!is_live(l, v)) continue;
        if (ir_node(g, v)->op == OP_SCAN_CARRY) again = mark(l, next_of(l, v)) || again;
        if (id < region_body(&l->r).id) continue; /* what goes in is looked at in the end */
        for (uint32_t i = 0; i < ir_node(g, v)->operand_count; i++) mark(l, ir_operand(g, v, i));
    }
    return again;
}

/* Whether something flows back into the region. Past some passes it does so everywhere: zeros,
 * that is, where nothing did. */
static bool find_live(Loop *l) {
    enum { MOST_PASSES = 8 };
    const Gradient *w = l->w;
    bool any = false, again = true;
    for (uint32_t id = region_final(&l->r, 0).id; id < l->r.end; id++) {
        Value end = {id}, carry = ir_operand(w->g, end, 1);
        if (ir_is_poison(w->adjoint[id])) continue;
        any = true;
        if (ir_node(w->g, end)->op == OP_SCAN_FINAL) mark(l, carry);
        mark(l, ir_operand(w->g, end, 0));
    }
    for (int pass = 1; any && again; pass++) {
        again = mark_body(l, pass == MOST_PASSES) && pass < MOST_PASSES;
    }
    return any;
}

static void find_read(Loop *l) {
    const Graph *g = l->w->g;
    for (uint32_t id = region_body(&l->r).id; id < l->r.end; id++) {
        bool final = id >= region_final(&l->r, 0).id && id < region_stack(&l->r, 0).id;
        uint32_t count = final ? 1 : ir_node(g, (Value){id})->operand_count;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t k = ir_operand(g, (Value){id}, i).id - region_carry(&l->r, 0).id;
            if (k < l->r.carry_count) l->read[k] = true;
        }
    }
}

/* The region once more. */

static Value copied(const Loop *l, Value v) {
    return is_inside(l, v) ? l->copy[inner(l, v)] : v;
}

/* v, of the copies of its operands; of its first one, if that is given. */
static void copy_node(Loop *l, Value v, Value first) {
    Gradient *w = l->w;
    uint32_t count = ir_node(w->g, v)->operand_count;
    Value *operands = ARENA_ARRAY(&w->g->cx->scratch, Value, count);
    for (uint32_t i = 0; i < count; i++) operands[i] = copied(l, ir_operand(w->g, v, i));
    if (!ir_is_poison(first)) operands[0] = first;
    gradient_go_to(w, v, true);
    Value made = build_again(w->g, v, operands, w->origin);
    l->copy[inner(l, v)] = made;
}

/* The body, and what is nested in it. */
static void copy_body(Loop *l) {
    Graph *g = l->w->g;
    uint32_t end = region_final(&l->r, 0).id;
    for (uint32_t id = region_body(&l->r).id; id < end; id++) {
        Value v = {id};
        if (!is_inside(l, v)) continue;
        copy_node(l, v, VALUE_NONE);
        Op op = ir_node(g, v)->op;
        if (op != OP_SCAN_FINAL && op != OP_SCAN_STACK && op != OP_SCAN_STEP) continue;
        const Region *nested = &g->regions.data[ir_region_at(g, v)];
        if (id + 1 == nested->end) build_region_end(g, copied(l, nested->first));
    }
}

static bool open(Loop *l) {
    gradient_go_to(l->w, l->r.first, true);
    const Attr trips[] = {attr_dims(l->w->g, 1, &l->r.trips)};
    l->step = gradient_op(l->w, OP_SCAN_STEP, 0, NULL, trips);
    l->copy[0] = l->step;
    return !ir_is_poison(l->step);
}

/* What the steps give, along an axis. */
static Value stacked(Loop *l, Value y, int64_t axis) {
    const Value operands[] = {y, l->step};
    const Attr along[] = {attr_integer(axis)};
    return gradient_op(l->w, OP_SCAN_STACK, 2, operands, along);
}

static Value item_of(Loop *l, Value x, int64_t axis) {
    const Value operands[] = {x, l->step};
    const Attr along[] = {attr_integer(axis)};
    return gradient_op(l->w, OP_SCAN_ITEM, 2, operands, along);
}

static Value backwards(Loop *l, Value x, int64_t axis) {
    const Attr axes[] = {attr_integers(l->w->g, 1, &axis)};
    return gradient_op(l->w, OP_FLIP, 1, &x, axes);
}

/* before[k]: what the carry was at the start of each step, from the last one on; none: it is not
 * read. */
static bool replay(Loop *l, Value *before) {
    Graph *g = l->w->g;
    const Region *r = &l->r;
    bool any = false;
    for (uint32_t k = 0; k < r->carry_count; k++) any = any || l->read[k];
    if (!any) return true;
    if (!open(l)) return false;
    for (uint32_t id = region_carry(r, 0).id; id < region_body(r).id; id++) {
        copy_node(l, (Value){id}, VALUE_NONE);
    }
    copy_body(l);
    for (uint32_t k = 0; k < r->carry_count; k++) {
        copy_node(l, region_final(r, k), VALUE_NONE);
    }
    for (uint32_t k = 0; k < r->carry_count; k++) {
        if (l->read[k]) before[k] = stacked(l, copied(l, region_carry(r, k)), 0);
    }
    build_region_end(g, l->step);
    for (uint32_t k = 0; k < r->carry_count; k++) {
        if (l->read[k]) before[k] = backwards(l, before[k], 0);
        if (l->read[k] && ir_is_poison(before[k])) return false;
    }
    return true;
}

/* The way back. Values of it by carry, item, stack and value from outside. */
typedef struct Back {
    Value *before, *items, *given;   /* what it scans */
    Value *start, *zero, *flowing;   /* by carry: its adjoint before the last step, and the carry */
    Value *known, *outer, *summed;   /* by value from outside: its adjoint so far, and the carry */
    Value numbers;                   /* of the steps; none: not read */
} Back;

static int64_t axis_of(const Loop *l, Value v) {
    return ir_attr(l->w->g, v, 0)->as.integer;
}

static bool reads_step(const Loop *l) {
    const Graph *g = l->w->g;
    for (uint32_t id = region_body(&l->r).id; id < region_final(&l->r, 0).id; id++) {
        for (uint32_t i = 0; i < ir_node(g, (Value){id})->operand_count; i++) {
            if (ir_operand(g, (Value){id}, i).id == l->r.first.id) return true;
        }
    }
    return false;
}

/* What goes into the region, which is made before it. */
static bool prepare(Loop *l, Back *b) {
    Gradient *w = l->w;
    const Region *r = &l->r;
    bool good = true;
    for (uint32_t k = 0; k < r->carry_count; k++) {
        if (!is_live(l, region_carry(r, k))) continue;
        gradient_go_to(w, region_carry(r, k), false);
        b->zero[k] = gradient_filled(w, region_carry(r, k), 0);
        b->start[k] = w->adjoint[region_final(r, k).id];
        if (ir_is_poison(b->start[k])) b->start[k] = b->zero[k];
        good = good && !ir_is_poison(b->zero[k]);
    }
    for (uint32_t i = 0; i < l->outside.count; i++) {
        b->known[i] = b->outer[i] = w->adjoint[l->outside.data[i].id];
        if (ir_is_poison(b->known[i])) b->outer[i] = gradient_filled(w, l->outside.data[i], 0);
        good = good && !ir_is_poison(b->outer[i]);
    }
    for (uint32_t k = 0; k < r->item_count; k++) {
        Value item = region_item(r, k);
        gradient_go_to(w, item, true);
        b->items[k] = backwards(l, ir_operand(w->g, item, 0), axis_of(l, item));
        good = good && !ir_is_poison(b->items[k]);
    }
    for (uint32_t k = 0; k < r->stack_count; k++) {
        Value stack = region_stack(r, k), adjoint = w->adjoint[stack.id];
        if (ir_is_poison(adjoint)) continue;
        gradient_go_to(w, stack, false);
        b->given[k] = backwards(l, adjoint, axis_of(l, stack));
        good = good && !ir_is_poison(b->given[k]);
    }
    if (!reads_step(l)) return good;
    const Attr trips[] = {attr_dims(w->g, 1, &r->trips)};
    gradient_go_to(w, r->first, true);
    b->numbers = backwards(l, gradient_op(w, OP_IOTA, 0, NULL, trips), 0);
    return good && !ir_is_poison(b->numbers);
}

static Value carry_from(Loop *l, Value start) {
    return gradient_op(l->w, OP_SCAN_CARRY, 1, &start, NULL);
}

/* The carries and items of the region, and the body of its step. */
static void begin(Loop *l, Back *b) {
    Gradient *w = l->w;
    const Region *r = &l->r;
    for (uint32_t k = 0; k < r->carry_count; k++) {
        gradient_go_to(w, region_carry(r, k), false);
        if (is_live(l, region_carry(r, k))) b->flowing[k] = carry_from(l, b->start[k]);
    }
    for (uint32_t i = 0; i < l->outside.count; i++) b->summed[i] = carry_from(l, b->outer[i]);
    for (uint32_t k = 0; k < r->carry_count; k++) {
        gradient_go_to(w, region_carry(r, k), true);
        if (l->read[k]) l->copy[1 + k] = item_of(l, b->before[k], 0);
    }
    for (uint32_t k = 0; k < r->item_count; k++) copy_node(l, region_item(r, k), b->items[k]);
    for (uint32_t k = 0; k < r->stack_count; k++) {
        gradient_go_to(w, region_stack(r, k), false);
        if (!ir_is_poison(b->given[k])) {
            b->given[k] = item_of(l, b->given[k], axis_of(l, region_stack(r, k)));
        }
    }
    gradient_go_to(w, r->first, true);
    if (!ir_is_poison(b->numbers)) l->copy[0] = item_of(l, b->numbers, 0);
}

static void copy_marks(Loop *l) {
    gradient_make_room(l->w);
    for (uint32_t id = l->r.first.id; id < region_final(&l->r, 0).id; id++) {
        Value copy = copied(l, (Value){id});
        if (is_inside(l, (Value){id})) l->w->wanted[copy.id] = l->w->wanted[id];
    }
    l->w->wanted[0] = false;
}

static void flow_to(Loop *l, Value v, Value adjoint) {
    Value to = copied(l, v);
    if (l->w->wanted[to.id] && gradient_flows(l->w->g, to)) gradient_add(l->w, to, adjoint);
}

/* Goes back through the copied body, whose first node is `first`. */
static void go_through(Loop *l, Back *b, uint32_t first) {
    Gradient *w = l->w;
    const Region *r = &l->r;
    uint32_t end = w->g->nodes.count;
    for (uint32_t i = 0; i < l->outside.count; i++) {
        w->adjoint[l->outside.data[i].id] = b->summed[i];
    }
    for (uint32_t k = 0; k < r->carry_count; k++) {
        gradient_go_to(w, region_final(r, k), false);
        if (!ir_is_poison(b->flowing[k])) flow_to(l, next_of(l, region_carry(r, k)), b->flowing[k]);
    }
    for (uint32_t k = 0; k < r->stack_count; k++) {
        gradient_go_to(w, region_stack(r, k), false);
        Value y = ir_operand(w->g, region_stack(r, k), 0);
        if (!ir_is_poison(b->given[k])) flow_to(l, y, b->given[k]);
    }
    gradient_walk(w, first, end);
}

static Value final_of(Loop *l, Value next, Value carry) {
    const Value operands[] = {next, carry};
    return gradient_op(l->w, OP_SCAN_FINAL, 2, operands, NULL);
}

/* Ends the region: what flows back to the start of the step goes to the step before. */
static void finish(Loop *l, Back *b) {
    Gradient *w = l->w;
    const Region *r = &l->r;
    for (uint32_t k = 0; k < r->carry_count; k++) {
        if (ir_is_poison(b->flowing[k])) continue;
        Value next = w->adjoint[copied(l, region_carry(r, k)).id];
        gradient_go_to(w, region_carry(r, k), false);
        b->flowing[k] = final_of(l, ir_is_poison(next) ? b->zero[k] : next, b->flowing[k]);
    }
    for (uint32_t i = 0; i < l->outside.count; i++) {
        Value *sum = &w->adjoint[l->outside.data[i].id];
        Value final = final_of(l, *sum, b->summed[i]);
        *sum = sum->id == b->summed[i].id ? b->known[i] : final;
    }
    for (uint32_t k = 0; k < r->item_count; k++) {
        Value item = region_item(r, k), adjoint = w->adjoint[copied(l, item).id];
        gradient_go_to(w, item, false);
        b->items[k] = VALUE_NONE;
        if (!ir_is_poison(adjoint)) b->items[k] = stacked(l, adjoint, axis_of(l, item));
    }
    build_region_end(w->g, l->step);
}

/* What flows back to the values that go into the loop. */
static void hand_on(Loop *l, const Back *b) {
    Gradient *w = l->w;
    const Region *r = &l->r;
    for (uint32_t k = 0; k < r->carry_count; k++) {
        Value init = ir_operand(w->g, region_carry(r, k), 0);
        gradient_go_to(w, region_carry(r, k), false);
        if (w->wanted[init.id]) gradient_add(w, init, b->flowing[k]);
    }
    for (uint32_t k = 0; k < r->item_count; k++) {
        Value item = region_item(r, k), x = ir_operand(w->g, item, 0);
        if (ir_is_poison(b->items[k])) continue;
        gradient_go_to(w, item, false);
        gradient_add(w, x, backwards(l, b->items[k], axis_of(l, item)));
    }
}

void gradient_region(Gradient *w, uint32_t region) {
    const Region r = w->g->regions.data[region]; /* more of them are made */
    Arena *arena = &w->g->cx->scratch;
    uint32_t nodes = r.end - r.first.id;
    Loop l = {.w = w, .r = r,
              .live = ARENA_ARRAY(arena, bool, nodes), .copy = ARENA_ARRAY(arena, Value, nodes),
              .read = ARENA_ARRAY(arena, bool, r.carry_count)};
    if (!find_live(&l)) return;
    find_read(&l);
    Back b = {.before = ARENA_ARRAY(arena, Value, r.carry_count),
              .start = ARENA_ARRAY(arena, Value, r.carry_count),
              .zero = ARENA_ARRAY(arena, Value, r.carry_count),
              .flowing = ARENA_ARRAY(arena, Value, r.carry_count),
              .items = ARENA_ARRAY(arena, Value, r.item_count),
              .given = ARENA_ARRAY(arena, Value, r.stack_count),
              .known = ARENA_ARRAY(arena, Value, l.outside.count),
              .outer = ARENA_ARRAY(arena, Value, l.outside.count),
              .summed = ARENA_ARRAY(arena, Value, l.outside.count)};
    if (!replay(&l, b.before) || !prepare(&l, &b) || !open(&l)) {
        gradient_go_to(w, r.first, false);
        gradient_refuse(w, "");
        return;
    }
    begin(&l, &b);
    uint32_t first = w->g->nodes.count;
    copy_body(&l);
    copy_marks(&l);
    go_through(&l, &b, first);
    finish(&l, &b);
    hand_on(&l, &b);
}
