/* What is computed, and in which memory.
 *
 * Live is what a result or a guard needs. A value is in memory of its own, but what is its operand,
 * as a contract is, shares its operand's, and so does a reshape, since the order of the elements is
 * the same. A result is written where the caller wants it, unless its memory is an input's, a
 * constant's or another result's: then it is copied at the end. All else takes turns in the
 * workspace: a piece is free again after the last reader of its value, and is taken by the next
 * value of equal size, the piece freed last first. */
#include "backend/codegen/emitter.h"

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

static bool mark_live(Emitter *e) {
    Graph *g = e->graph;
    if (g->regions.count > 1) {
        return emitter_refuse(e, "not supported by this version: native code for `scan`");
    }
    bool *live = e->plan.live;
    for (uint32_t i = 0; i < g->results.count; i++) live[g->results.data[i].value.id] = true;
    for (uint32_t id = g->nodes.count; id-- > 1;) {
        Value v = {id};
        if (is_check(e, v)) live[id] = true;
        if (!live[id]) continue;
        const Node *node = ir_node(g, v);
        for (uint32_t k = 0; k < node->operand_count; k++) live[ir_operand(g, v, k).id] = true;
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

/* Inputs, constants, and results that are written in place. */
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
    for (uint32_t i = 0; i < g->results.count; i++) {
        Storage *at = &plan->storage[plan_root(e, g->results.data[i].value).id];
        plan->copied[i] = at->kind != STORAGE_NONE;
        if (at->kind == STORAGE_NONE) *at = (Storage){STORAGE_OUTPUT, i};
    }
}

/* By root: the last value that reads it. */
static uint32_t *last_readers(Emitter *e) {
    uint32_t *last = ARENA_ARRAY(&e->cx->scratch, uint32_t, e->graph->nodes.count);
    for (uint32_t id = 1; id < e->graph->nodes.count; id++) {
        Value v = {id};
        if (!e->plan.live[id]) continue;
        last[plan_root(e, v).id] = id;
        const Node *node = ir_node(e->graph, v);
        for (uint32_t k = 0; k < node->operand_count; k++) {
            last[plan_root(e, ir_operand(e->graph, v, k)).id] = id;
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

static void place_rest(Emitter *e) {
    Graph *g = e->graph;
    uint32_t *last = last_readers(e);
    Free free_slots = {.slots = ARENA_ARRAY(&e->cx->scratch, uint32_t, g->nodes.count)};
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        if (!e->plan.live[id]) continue;
        Storage *at = &e->plan.storage[id];
        if (plan_root(e, v).id == id && at->kind == STORAGE_NONE) {
            *at = (Storage){STORAGE_WORKSPACE, take_slot(e, &free_slots, v)};
        }
        const Node *node = ir_node(g, v);
        for (uint32_t k = 0; k < node->operand_count; k++) {
            release(e, &free_slots, plan_root(e, ir_operand(g, v, k)), last, id);
        }
        release(e, &free_slots, plan_root(e, v), last, id);
    }
}

bool plan_make(Emitter *e) {
    uint32_t nodes = e->graph->nodes.count;
    Arena *arena = &e->cx->scratch;
    e->plan.live = ARENA_ARRAY(arena, bool, nodes);
    e->plan.root = ARENA_ARRAY(arena, Value, nodes);
    e->plan.storage = ARENA_ARRAY(arena, Storage, nodes);
    e->plan.copied = ARENA_ARRAY(arena, bool, e->graph->results.count);
    if (!mark_live(e)) return false;
    find_roots(e);
    place_fixed(e);
    place_rest(e);
    return true;
}
