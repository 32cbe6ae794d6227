/* Regions (ir.h): how they are opened and closed, the shapes of their ends, and what must hold of
 * them. */
#include "ir/build.h"
#include "ir/shape_rules.h"
#include "ir/verify.h"

#include <assert.h>
#include <string.h>

enum { MAX_REGION_DEPTH = 32 };

/* Finding them. */

uint32_t ir_region_at(const Graph *g, Value v) {
    uint32_t low = 0, high = g->regions.count; /* the last one whose first node is not behind v */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (g->regions.data[middle].first.id <= v.id) {
            low = middle;
        } else {
            high = middle;
        }
    }
    while (low != 0 && g->regions.data[low].end != 0 && g->regions.data[low].end <= v.id) {
        low = g->regions.data[low].parent;
    }
    return low;
}

static bool is_op(const Graph *g, uint32_t id, Op op) {
    return id < g->nodes.count && g->nodes.data[id].op == op;
}

static bool has_operand(const Graph *g, uint32_t id, uint32_t which, Value operand) {
    return which < g->nodes.data[id].operand_count &&
           ir_operand(g, (Value){id}, which).id == operand.id;
}

/* Making them. */

bool region_open(const OpCall *call, Value step) {
    Graph *g = call->graph;
    uint32_t depth = 0;
    for (uint32_t at = g->open_region; at != 0; at = g->regions.data[at].parent) depth++;
    if (depth == MAX_REGION_DEPTH) {
        call_emit(call, call_report(call, NNA0002, call_span(call),
                                    "scans are nested more than %d deep", MAX_REGION_DEPTH));
        return false;
    }
    vec_push(&g->cx->module, &g->regions,
             (Region){.first = step, .parent = g->open_region, .trips = call->attrs[0].as.dims[0]});
    g->open_region = g->regions.count - 1;
    return true;
}

void build_region_end(Graph *g, Value step) {
    Region *r = &g->regions.data[g->open_region];
    assert(g->open_region != 0 && r->first.id == step.id);
    uint32_t id = step.id + 1, end = g->nodes.count;
    for (; is_op(g, id, OP_SCAN_CARRY); id++) r->carry_count++;
    for (; is_op(g, id, OP_SCAN_ITEM) && has_operand(g, id, 1, step); id++) r->item_count++;
    for (id = end - 1; is_op(g, id, OP_SCAN_STACK) && has_operand(g, id, 1, step); id--) {
        r->stack_count++;
    }
    r->end = end;
    g->open_region = r->parent;
}

/* Shapes. */

static ShapeId no_shape(const OpCall *call, DiagCode code, const char *what) {
    call_emit(call, call_report(call, code, call_span(call), "`%s` %s", op_info[call->op].spelling,
                                what));
    return (ShapeId){0};
}

static ShapeId shape_step(const OpCall *call) {
    DimTable *t = call->graph->dims;
    const Attr *trips = &call->attrs[0];
    if (trips->count != 1) return no_shape(call, NNA2006, "takes one dimension for its trips");
    if (dim_compare(t, trips->as.dims[0], dim_constant(t, 1)) == DIM_LESS) {
        return no_shape(call, NNA2009, "takes no step");
    }
    call_rule_at_most(call, dim_constant(t, 1), trips->as.dims[0]);
    return call_result(call, 0, NULL);
}

/* The number of steps, from the operand `step`; unknown if it is none. */
static DimId trips_of(const OpCall *call) {
    const Graph *g = call->graph;
    Value step = call->operands[1];
    return ir_node(g, step)->op == OP_SCAN_STEP ? ir_attr(g, step, 0)->as.dims[0] : DIM_UNKNOWN;
}

/* What the region scans besides; the step itself where that is nothing. */
static Value first_scanned(const Graph *g, Value step) {
    uint32_t id = step.id + 1;
    while (is_op(g, id, OP_SCAN_CARRY)) id++;
    bool found = is_op(g, id, OP_SCAN_ITEM) && has_operand(g, id, 1, step);
    return found ? ir_operand(g, (Value){id}, 0) : step;
}

static ShapeId shape_item(const OpCall *call) {
    Shape x = call_shape(call, 0);
    uint32_t axis = (uint32_t)call->attrs[0].as.integer;
    DimId trips = trips_of(call), dims[MAX_RANK];
    if (trips.id == 0) return no_shape(call, NNA1008, "needs the step of a scan");
    const Value both[] = {call->operands[0], first_scanned(call->graph, call->operands[1])};
    OpCall pair = *call;
    pair.operands = both;
    if (!call_unequal(&pair, 1, 0, trips, x.dims[axis])) return (ShapeId){0};
    for (uint32_t i = 0; i + 1 < x.rank; i++) dims[i] = x.dims[i < axis ? i : i + 1];
    return call_result(call, x.rank - 1u, dims);
}

static ShapeId shape_final(const OpCall *call) {
    Shape next = call_shape(call, 0), carry = call_shape(call, 1);
    if (ir_node(call->graph, call->operands[1])->op != OP_SCAN_CARRY) {
        return no_shape(call, NNA1008, "needs a carry");
    }
    if (next.rank != carry.rank) {
        Diag *d = call_report(call, NNA2006, call_span(call),
                              "cannot carry %s on as %s: %u and %u dimensions",
                              call_operand_text(call, 0), call_operand_text(call, 1), next.rank,
                              carry.rank);
        call_label_operand(call, d, 0);
        call_label_operand(call, d, 1);
        call_emit(call, d);
        return (ShapeId){0};
    }
    for (uint32_t i = 0; i < next.rank; i++) {
        if (!call_unequal(call, 0, 1, next.dims[i], carry.dims[i])) return (ShapeId){0};
    }
    return ir_node(call->graph, call->operands[1])->shape;
}

static ShapeId shape_stack(const OpCall *call) {
    Shape y = call_shape(call, 0);
    uint64_t axis = (uint64_t)call->attrs[0].as.integer;
    DimId trips = trips_of(call), dims[MAX_RANK + 1];
    if (trips.id == 0) return no_shape(call, NNA1008, "needs the step of a scan");
    if (axis > y.rank) return no_shape(call, NNA2006, "has an axis beyond those of its result");
    for (uint32_t i = 0; i <= y.rank; i++) {
        dims[i] = i == axis ? trips : y.dims[i < axis ? i : i - 1];
    }
    return call_result(call, y.rank + 1u, dims);
}

ShapeId shape_region(const OpCall *call) {
    switch ((int)call->op) {
    case OP_SCAN_STEP: return shape_step(call);
    case OP_SCAN_CARRY: return ir_node(call->graph, call->operands[0])->shape;
    case OP_SCAN_ITEM: return shape_item(call);
    case OP_SCAN_FINAL: return shape_final(call);
    case OP_SCAN_STACK: return shape_stack(call);
    }
    assert(false && "a REGION row without a shape rule");
    return (ShapeId){0};
}

/* What must hold. */

/* Where a region lies: behind those before it, or within one of them. */
static const char *place_fault(const Graph *g, uint32_t i) {
    const Region *r = &g->regions.data[i], *before = &g->regions.data[i - 1];
    if (r->end == 0) return "the region is not closed";
    if (!is_op(g, r->first.id, OP_SCAN_STEP) || r->first.id <= before->first.id ||
        r->end <= r->first.id || r->end > g->nodes.count) {
        return "no region";
    }
    uint32_t parent = i - 1;
    while (parent != 0 && g->regions.data[parent].end <= r->first.id) {
        parent = g->regions.data[parent].parent;
    }
    if (parent != r->parent) return "a region with another parent";
    if (parent != 0 && r->end > g->regions.data[parent].end) return "a region leaves its parent";
    return NULL;
}

/* Whether the nodes at the ends of a region are those that its counts say. */
static const char *ends_fault(const Graph *g, const Region *r) {
    uint64_t ends = 1 + 2 * (uint64_t)r->carry_count + r->item_count + r->stack_count;
    const Attr *trips = ir_attr(g, r->first, 0);
    if (ends > r->end - r->first.id) return "a region without its finals";
    if (trips->count != 1 || !dim_is(trips->as.dims[0], r->trips)) return "other trips";
    for (uint32_t k = 0; k < r->carry_count; k++) {
        Value carry = region_carry(r, k), final = region_final(r, k);
        if (!is_op(g, carry.id, OP_SCAN_CARRY)) return "a carry is missing";
        if (!is_op(g, final.id, OP_SCAN_FINAL) || !has_operand(g, final.id, 1, carry)) {
            return "a final is missing, or out of place";
        }
        if (ir_operand(g, carry, 0).id >= r->first.id) return "a carry starts within its region";
    }
    for (uint32_t k = 0; k < r->item_count; k++) {
        Value item = region_item(r, k);
        if (!is_op(g, item.id, OP_SCAN_ITEM)) return "an item is missing";
        if (!has_operand(g, item.id, 1, r->first)) return "an item of another region";
        if (ir_operand(g, item, 0).id >= r->first.id) return "an item from within its region";
    }
    for (uint32_t k = 0; k < r->stack_count; k++) {
        Value stack = region_stack(r, k);
        if (!is_op(g, stack.id, OP_SCAN_STACK)) return "a stack is missing";
        if (!has_operand(g, stack.id, 1, r->first)) return "a stack of another region";
    }
    return NULL;
}

/* Whether x may be used by the node `user`; by a result, if that is the number of nodes. */
static bool in_scope(const Graph *g, Value x, uint32_t user) {
    const Node *node = ir_node(g, x);
    if (node->operand_count == 0 && node->op != OP_SCAN_STEP) return true;
    uint32_t at = ir_region_at(g, x);
    if (node->op == OP_SCAN_FINAL || node->op == OP_SCAN_STACK) {
        if (user < g->regions.data[at].end) return false;
        at = g->regions.data[at].parent;
    }
    return at == 0 || user < g->regions.data[at].end;
}

const char *region_fault(const Graph *g, uint32_t *node) {
    uint64_t ends = 0, found = 0;
    for (uint32_t i = 1; i < g->regions.count; i++) {
        const Region *r = &g->regions.data[i];
        *node = r->first.id;
        const char *what = place_fault(g, i);
        if (what == NULL) what = ends_fault(g, r);
        if (what != NULL) return what;
        ends += 1 + 2 * (uint64_t)r->carry_count + r->item_count + r->stack_count;
    }
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        *node = id;
        if (op_info[g->nodes.data[id].op].form == FORM_REGION) found++;
        for (uint32_t i = 0; i < g->nodes.data[id].operand_count && g->regions.count > 1; i++) {
            if (!in_scope(g, ir_operand(g, (Value){id}, i), id)) return "an operand out of scope";
        }
    }
    if (found != ends) return "an end of a region stands elsewhere";
    for (uint32_t i = 0; i < g->results.count; i++) {
        *node = g->results.data[i].value.id;
        if (!in_scope(g, g->results.data[i].value, g->nodes.count)) return "a result out of scope";
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        *node = g->updates.data[i].next.id;
        if (!in_scope(g, g->updates.data[i].next, g->nodes.count)) return "an update out of scope";
    }
    return NULL;
}
