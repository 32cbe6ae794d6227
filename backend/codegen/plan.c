/* What is computed, and in which memory.
 *
 * Live is what a result or a guard needs. A value is in memory of its own, but what is its operand,
 * as a contract is, shares its operand's, and so does a reshape, since the order of the elements is
 * the same. A result is written where the caller wants it, unless its memory is an input's, a
 * constant's or another result's: then it is copied at the end. So is the new value of a buffer,
 * whose old one stands where the caller has it, as an input does. All else takes turns in the
 * workspace: a piece is free again after the last reader of its value, and is taken by the next
 * value of equal size, the piece freed last first.
 *     In a region the order of the nodes is not that of time: what comes from before it is read in
 * every step, its finals are read in the step after, and its stacks are written in all; their
 * pieces are theirs from its first node to its last. */
#include "backend/codegen/emitter.h"

#include "ir/eval.h"

static bool is_alias(Op op) {
    bool is_operand = op_info[op].form == FORM_SPECIAL && op_info[op].input_count == 1;
    return is_operand || op == OP_RESHAPE;
}

/* Whether a check stands here that must run even if nothing uses its value. */
static bool is_check(const Emitter *e, Value v) {
    Op op = ir_node(e->graph, v)->op;
    if (op != OP_GUARD && op != OP_EXPECT) return false;
    if (e->request->guards == GUARDS_NONE) return false;
    const Facts *facts = e->request->facts;
    return e->request->guards == GUARDS_ALL || facts == NULL || !facts_proved(facts, v, 0);
}

static void list_given(Emitter *e) {
    const Graph *g = e->graph;
    Plan *plan = &e->plan;
    plan->given = ARENA_ARRAY(&e->cx->scratch, Value, g->results.count + g->updates.count);
    for (uint32_t i = 0; i < g->results.count; i++) {
        plan->given[plan->given_count++] = g->results.data[i].value;
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        plan->given[plan->given_count++] = g->updates.data[i].next;
    }
}

/* A buffer that is kept has numbers even where nothing reads it. */
static void want_given(Emitter *e) {
    Graph *g = e->graph;
    for (uint32_t i = 0; i < e->plan.given_count; i++) eval_want(g, e->plan.given[i], e->plan.live);
    for (uint32_t i = 0; i < g->updates.count; i++) {
        eval_want(g, g->updates.data[i].buffer, e->plan.live);
    }
}

static bool mark_live(Emitter *e) {
    Graph *g = e->graph;
    bool *live = e->plan.live;
    want_given(e);
    uint32_t end = g->trained_from == 0 ? g->nodes.count : g->trained_from;
    for (uint32_t id = 1; id < end; id++) { /* what training computes is not of the model */
        if (is_check(e, (Value){id})) eval_want(g, (Value){id}, live);
    }
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        const Node *node = ir_node(g, v);
        if (!live[id]) continue;
        bool has_data = node->op == OP_PARAM || node->op == OP_BUFFER || node->op == OP_CONST;
        if (has_data && ir_data(g, v) == NULL) {
            return emitter_refuse(e, "parameter `%s` has no numbers",
                                  names_text(&e->cx->names, node->name));
        }
        if (node->shape.id == 0) return emitter_refuse(e, "a shape is not known");
    }
    return !live[0] || emitter_refuse(e, "a value is missing after an error");
}

static void find_roots(Emitter *e) {
    for (uint32_t id = 1; id < e->graph->nodes.count; id++) {
        Value v = {id};
        bool alias = is_alias(ir_node(e->graph, v)->op);
        e->plan.root[id] = alias ? plan_root(e, ir_operand(e->graph, v, 0)) : v;
    }
}

/* Inputs, constants, and what is given and written in place. */
static void place_fixed(Emitter *e) {
    Graph *g = e->graph;
    Plan *plan = &e->plan;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        plan->storage[g->inputs.data[i].id] = (Storage){STORAGE_INPUT, i};
    }
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Op op = ir_node(g, (Value){id})->op;
        if (op == OP_CONST || op == OP_PARAM || op == OP_BUFFER) {
            plan->storage[id] = (Storage){STORAGE_CONSTANT, id};
        }
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        Storage at = {STORAGE_INPUT, g->inputs.count + i};
        plan->storage[g->updates.data[i].buffer.id] = at;
    }
    for (uint32_t i = 0; i < plan->given_count; i++) {
        Storage *at = &plan->storage[plan_root(e, plan->given[i]).id];
        plan->copied[i] = at->kind != STORAGE_NONE;
        if (at->kind == STORAGE_NONE) *at = (Storage){STORAGE_OUTPUT, i};
    }
}

/* The outermost region that `reader` stands in and v does not; 0: none. */
static uint32_t entered_region(const Graph *g, Value v, Value reader) {
    uint32_t found = 0;
    if (g->regions.count == 1) return 0;
    for (uint32_t r = ir_region_at(g, reader); r != 0; r = g->regions.data[r].parent) {
        const Region *region = &g->regions.data[r];
        if (v.id < region->first.id || v.id >= region->end) found = r;
    }
    return found;
}

static void read_by(Emitter *e, uint32_t *last, Value v, Value reader) {
    uint32_t root = plan_root(e, v).id, region = entered_region(e->graph, (Value){root}, reader);
    uint32_t until = region == 0 ? reader.id : e->graph->regions.data[region].end - 1;
    if (last[root] < until) last[root] = until;
}

/* The results of a call of a C function are alive together: it writes them all. */
static void keep_results(Emitter *e, uint32_t *last, Value v) {
    Value first;
    if (ir_node(e->graph, v)->op != OP_EXTERN) return;
    ir_extern_results(e->graph, v, &first);
    for (uint32_t id = first.id; id < v.id; id++) {
        if (last[id] < v.id) last[id] = v.id;
    }
}

/* By root: the last value that reads it, or the last of a region that does. */
static uint32_t *last_readers(Emitter *e) {
    const Graph *g = e->graph;
    uint32_t *last = ARENA_ARRAY(&e->cx->scratch, uint32_t, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        if (!e->plan.live[id]) continue;
        read_by(e, last, v, v);
        keep_results(e, last, v);
        const Node *node = ir_node(g, v);
        for (uint32_t k = 0; k < node->operand_count; k++) {
            read_by(e, last, ir_operand(g, v, k), v);
        }
    }
    for (uint32_t i = 1; i < g->regions.count; i++) {
        const Region *r = &g->regions.data[i];
        last[r->first.id] = r->end - 1;
        for (uint32_t id = region_final(r, 0).id; id < r->end; id++) {
            if (e->plan.live[id] && last[id] < r->end - 1) last[id] = r->end - 1;
        }
    }
    return last;
}

typedef struct Free {
    uint32_t *slots; /* in order of their release */
    uint32_t count;
} Free;

static uint32_t take_slot(Emitter *e, Free *free_slots, Value v) {
    Graph *g = e->graph;
    DimId width = dim_constant(g->dims, dtype_info[ir_node(g, v)->dtype].bytes);
    DimId bytes = dim_mul(g->dims, ir_element_count(g, v), width);
    for (uint32_t i = free_slots->count; i-- > 0 && bytes.id != 0;) {
        uint32_t slot = free_slots->slots[i];
        if (!dim_is(e->plan.slots.data[slot].bytes, bytes)) continue;
        for (uint32_t k = i + 1; k < free_slots->count; k++) {
            free_slots->slots[k - 1] = free_slots->slots[k];
        }
        free_slots->count--;
        return slot;
    }
    vec_push(&e->cx->scratch, &e->plan.slots, (WorkspaceSlot){.bytes = bytes, .first = v});
    return e->plan.slots.count - 1;
}

static void release(Emitter *e, Free *free_slots, Value root, uint32_t *last, uint32_t now) {
    if (e->plan.storage[root.id].kind != STORAGE_WORKSPACE || last[root.id] != now) return;
    last[root.id] = 0; /* an operand that is named twice is released once */
    free_slots->slots[free_slots->count++] = e->plan.storage[root.id].index;
}

static void place_value(Emitter *e, Free *free_slots, Value v) {
    Storage *at = &e->plan.storage[v.id];
    if (!e->plan.live[v.id] || plan_root(e, v).id != v.id || at->kind != STORAGE_NONE) return;
    *at = (Storage){STORAGE_WORKSPACE, take_slot(e, free_slots, v)};
}

/* The values whose last reader is node `now` are released: its operands and itself, with the other
 * results of a call, and at the end of a region all that was kept for it. */
static void release_at(Emitter *e, Free *free_slots, uint32_t *last, uint32_t now) {
    Graph *g = e->graph;
    const Node *node = ir_node(g, (Value){now});
    for (uint32_t k = 0; k < node->operand_count; k++) {
        release(e, free_slots, plan_root(e, ir_operand(g, (Value){now}, k)), last, now);
    }
    Value first = {now};
    if (node->op == OP_EXTERN) ir_extern_results(g, (Value){now}, &first);
    for (uint32_t id = first.id; id <= now; id++) {
        release(e, free_slots, plan_root(e, (Value){id}), last, now);
    }
    bool ends = false;
    for (uint32_t r = ir_region_at(g, (Value){now}); r != 0; r = g->regions.data[r].parent) {
        ends = ends || g->regions.data[r].end == now + 1;
    }
    for (uint32_t id = 1; ends && id < now; id++) {
        if (e->plan.live[id]) release(e, free_slots, plan_root(e, (Value){id}), last, now);
    }
}

static void place_rest(Emitter *e) {
    Graph *g = e->graph;
    uint32_t *last = last_readers(e), region = 1;
    Free free_slots = {.slots = ARENA_ARRAY(&e->cx->scratch, uint32_t, g->nodes.count)};
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        if (region < g->regions.count && g->regions.data[region].first.id == id) {
            const Region *r = &g->regions.data[region++];
            for (Value v = region_final(r, 0); v.id < r->end; v.id++) {
                place_value(e, &free_slots, v);
            }
        }
        if (g->regions.count > 1 || e->plan.live[id]) {
            place_value(e, &free_slots, (Value){id});
            release_at(e, &free_slots, last, id);
        }
    }
}

bool plan_make(Emitter *e) {
    uint32_t nodes = e->graph->nodes.count;
    Arena *arena = &e->cx->scratch;
    e->plan.live = ARENA_ARRAY(arena, bool, nodes);
    e->plan.root = ARENA_ARRAY(arena, Value, nodes);
    e->plan.storage = ARENA_ARRAY(arena, Storage, nodes);
    list_given(e);
    e->plan.copied = ARENA_ARRAY(arena, bool, e->plan.given_count);
    if (!mark_live(e)) return false;
    find_roots(e);
    place_fixed(e);
    place_rest(e);
    return true;
}
