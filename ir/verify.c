/* Invariants of graphs. Every check costs time linear in what it looks at. */
#include "ir/verify.h"

#include "ir/call.h"
#include "ir/shape.h"

#include <limits.h>
#include <string.h>

typedef struct Verify {
    Graph *g;
    Buf *out;
    bool ok;
} Verify;

static void broken(Verify *v, uint32_t node, const char *what) {
    v->ok = false;
    if (v->out != NULL) buf_printf(v->out, "%%%u: %s\n", node, what);
}

/* Whether the ids of a node lie within the tables of the graph. */
static bool check_ids(Verify *v, uint32_t id) {
    const Graph *g = v->g;
    const Node *node = &g->nodes.data[id];
    if (node->op <= OP_NONE || node->op >= OP_COUNT) return broken(v, id, "no operator"), false;
    if (node->dtype <= DTYPE_NONE || node->dtype >= DTYPE_COUNT) broken(v, id, "no element type");
    if (node->shape.id == 0 || node->shape.id >= g->shapes.count) broken(v, id, "no shape");
    if (node->origin.id >= g->origins.count) broken(v, id, "origin out of range");
    const OpInfo *info = &op_info[node->op];
    bool arity = info->variadic ? node->operand_count >= info->input_count
                                : node->operand_count == info->input_count;
    if (!arity) broken(v, id, "wrong number of operands");
    if (node->first_operand > g->operands.count ||
        node->operand_count > g->operands.count - node->first_operand) {
        return broken(v, id, "operands out of range"), false;
    }
    if (node->first_attr > g->attrs.count || info->attr_count > g->attrs.count - node->first_attr) {
        return broken(v, id, "attributes out of range"), false;
    }
    for (uint32_t i = 0; i < node->operand_count; i++) {
        uint32_t operand = g->operands.data[node->first_operand + i].id;
        if (operand == 0 || operand >= id) {
            return broken(v, id, "operand does not come before"), false;
        }
    }
    return v->ok;
}

static void check_attrs(Verify *v, uint32_t id) {
    const Graph *g = v->g;
    const Node *node = &g->nodes.data[id];
    for (uint32_t i = 0; i < op_info[node->op].attr_count; i++) {
        const Attr *a = &g->attrs.data[node->first_attr + i];
        const AttrInfo *row = &op_info[node->op].attrs[i];
        if (a->kind != row->kind) broken(v, id, "attribute of another kind than the row's");
        if (a->kind == ATTR_CONTRACT && a->as.contract.id >= g->contracts.count) {
            broken(v, id, "contract out of range");
        }
        if (a->kind == ATTR_DATA && a->as.data >= g->data.count) {
            broken(v, id, "data out of range");
        }
    }
}

/* Constants have numbers, and bound parameters as many as their shape needs. */
static void check_data(Verify *v, uint32_t id) {
    const Graph *g = v->g;
    const Node *node = &g->nodes.data[id];
    const Data *data = ir_data(g, (Value){id});
    size_t size;
    if (data == NULL) {
        if (node->op == OP_CONST) broken(v, id, "constant without data");
        return;
    }
    if (!shape_bytes(g, node->dtype, node->shape, &size) || size != data->size) {
        broken(v, id, "data of another size than the shape's");
    }
}

static void check_type(Verify *v, uint32_t id) {
    const Graph *g = v->g;
    const Node *node = &g->nodes.data[id];
    uint32_t first = op_info[node->op].type == TYPE_SELECT ? 1 : 0;
    if (op_info[node->op].type == TYPE_SOURCE) return;
    if (op_info[node->op].type == TYPE_INDEX && node->operand_count == 0) {
        if (node->dtype != DTYPE_I64) broken(v, id, "element type is not the rule's");
        return;
    }
    if (op_info[node->op].type == TYPE_GATHER || op_info[node->op].type == TYPE_SCATTER) {
        DType index = ir_node(g, ir_operand(g, (Value){id}, 1))->dtype;
        if (dtype_is_float(index) || index == DTYPE_BOOL) broken(v, id, "an index is no integer");
        for (uint32_t i = 0; i < node->operand_count; i += 2) {
            if (node->dtype != ir_node(g, ir_operand(g, (Value){id}, i))->dtype) {
                broken(v, id, "element type is not the rule's");
            }
        }
        return;
    }
    DType operand = ir_node(g, ir_operand(g, (Value){id}, first))->dtype, wanted = operand;
    for (uint32_t i = first; i < node->operand_count; i++) {
        if (ir_node(g, ir_operand(g, (Value){id}, i))->dtype != operand) {
            broken(v, id, "operands of different element types");
        }
    }
    switch (op_info[node->op].type) {
    case TYPE_COMPARE:
    case TYPE_TEST: wanted = DTYPE_BOOL; break;
    case TYPE_CAST: wanted = ir_attr(g, (Value){id}, 0)->as.dtype; break;
    case TYPE_INDEX:
    case TYPE_ORDER: wanted = DTYPE_I64; break;
    case TYPE_FLOAT:
    case TYPE_NUMBER:
    case TYPE_ANY:
    case TYPE_BOOL:
    case TYPE_SELECT:
    case TYPE_GATHER:
    case TYPE_SCATTER:
    case TYPE_SOURCE: break;
    }
    if (node->dtype != wanted) broken(v, id, "element type is not the rule's");
}

/* A result of a call follows the one before it, and `order` is about what there is. */
static void check_extern(Verify *v, uint32_t id) {
    const Graph *g = v->g;
    const Node *node = &g->nodes.data[id];
    if (node->op != OP_EXTERN) return;
    uint32_t counts[UCHAR_MAX + 1] = {0};
    const char *order = names_text(&g->cx->names, ir_attr(g, (Value){id}, 2)->as.name);
    if (order[strspn(order, "tnifdre")] != '\0') broken(v, id, "an unknown letter in `order`");
    for (; *order != '\0'; order++) counts[(unsigned char)*order]++;
    bool fits = counts['t'] + counts['i'] + counts['f'] == node->operand_count &&
                counts['d'] == ir_attr(g, (Value){id}, 4)->count && counts['e'] <= 1 &&
                counts['r'] > 0;
    if (!fits) broken(v, id, "`order` is not that of the operands");
    Value first;
    uint32_t results = ir_extern_results(g, (Value){id}, &first);
    if (results != counts['r']) broken(v, id, "results of the call are missing");
}

/* The rule gives the shape again. */
static void check_shape(Verify *v, uint32_t id) {
    Graph *g = v->g;
    const Node *node = &g->nodes.data[id];
    if (op_info[node->op].type == TYPE_SOURCE) return;
    Attr attrs[OP_MAX_ATTRS];
    OpCall call = call_of_node(g, (Value){id}, attrs);
    uint32_t shape = node->shape.id;
    if (shape_of_call(&call).id != shape) broken(v, id, "shape is not the rule's");
}

static void check_lists(Verify *v) {
    const Graph *g = v->g;
    uint32_t last = 0;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        uint32_t id = g->inputs.data[i].id;
        if (id <= last || id >= g->nodes.count || g->nodes.data[id].op != OP_INPUT) {
            broken(v, id, "listed as an input");
        }
        last = id;
    }
    last = 0;
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        uint32_t id = g->parameters.data[i].value.id;
        Op op = g->parameters.data[i].trained ? OP_PARAM : OP_BUFFER;
        if (id <= last || id >= g->nodes.count || g->nodes.data[id].op != op) {
            broken(v, id, "listed as a parameter");
        }
        last = id;
    }
    for (uint32_t i = 0; i < g->results.count; i++) {
        const Result *r = &g->results.data[i];
        if (r->value.id >= g->nodes.count) broken(v, r->value.id, "result out of range");
        if (r->contract.id >= g->contracts.count) broken(v, r->value.id, "contract out of range");
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        const Update *u = &g->updates.data[i];
        bool known = u->buffer.id < g->nodes.count && u->next.id - 1 < g->nodes.count - 1;
        bool fits = known && ir_update(g, u->buffer) == u &&
                    ir_node(g, u->buffer)->op == OP_BUFFER &&
                    ir_node(g, u->buffer)->dtype == ir_node(g, u->next)->dtype &&
                    ir_shape(g, u->buffer).rank == ir_shape(g, u->next).rank;
        if (!fits) broken(v, u->buffer.id, "an update that is none of its buffer");
    }
    for (uint32_t i = 1; i < g->origins.count; i++) {
        const Origin *o = &g->origins.data[i];
        if (o->caller.id >= i || o->taken.id >= i) broken(v, 0, "origin does not come before");
    }
}

bool ir_verify(Graph *g, Buf *out) {
    Verify v = {g, out, true};
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        if (!check_ids(&v, id)) break; /* the rest rests on them */
        check_attrs(&v, id);
        if (!v.ok) break;
        check_data(&v, id);
        check_type(&v, id);
        check_extern(&v, id);
        check_shape(&v, id);
    }
    check_lists(&v);
    uint32_t node = 0;
    const char *fault = v.ok ? region_fault(g, &node) : NULL;
    if (fault != NULL) broken(&v, node, fault);
    return v.ok;
}
