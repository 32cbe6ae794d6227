/* Reports about one application of an operator, and the rules it leaves behind. */
#include "ir/call.h"

#include "ir/base/hash.h"
#include "ir/shape.h"

#include <assert.h>

enum { MAX_CALL_LABELS = 8 };

OpCall call_of_node(Graph *g, Value v, Attr *attrs) {
    const Node *node = ir_node(g, v);
    for (uint32_t i = 0; i < op_info[node->op].attr_count; i++) attrs[i] = *ir_attr(g, v, i);
    return (OpCall){.graph = g, .op = node->op, .operand_count = node->operand_count,
                    .operands = &g->operands.data[node->first_operand], .attrs = attrs,
                    .origin = node->origin, .silent = true};
}

Span call_span(const OpCall *call) {
    return ir_origin_place(call->graph, call->origin, NULL);
}

static bool usable(const Graph *g, Span span) {
    if (span.begin == 0) return false;
    Source *source = source_at(&g->cx->sources, span.begin);
    return source != NULL && !source->is_prelude;
}

Span call_operand_span(const OpCall *call, uint32_t operand) {
    if (call->places != NULL && usable(call->graph, call->places[operand])) {
        return call->places[operand];
    }
    return call_span(call);
}

Span call_attr_span(const OpCall *call, uint32_t attr) {
    if (call->places != NULL && usable(call->graph, call->places[call->operand_count + attr])) {
        return call->places[call->operand_count + attr];
    }
    return call_span(call);
}

const Attr *call_attr(const OpCall *call, const char *name) {
    int at = op_attr(call->op, name);
    return at < 0 ? NULL : &call->attrs[at];
}

const char *dim_text(const Graph *g, DimId d) {
    Buf out = buf_make(&g->cx->scratch);
    dim_print(g->dims, d, &g->cx->names, &out);
    return buf_text(&out);
}

const char *call_operand_text(const OpCall *call, uint32_t operand) {
    const Graph *g = call->graph;
    Value v = call->operands[operand];
    return arena_format(&g->cx->scratch, "%s %s", ir_describe(g, v),
                        shape_text(g, ir_node(g, v)->shape));
}

Diag *call_report(const OpCall *call, DiagCode code, Span span, const char *format, ...) {
    Ctx *cx = call->graph->cx;
    va_list args;
    va_start(args, format);
    const char *message = arena_vformat(&cx->scratch, format, args);
    va_end(args);
    Diag *d = diag_new(cx, code, span, "%s", message);
    d->model = call->graph->name;
    return d;
}

/* Where the operand got its shape. */
void call_label_operand(const OpCall *call, Diag *d, uint32_t operand) {
    const Graph *g = call->graph;
    Value v = call->operands[operand];
    const Node *node = ir_node(g, v);
    Span place = ir_place(g, v, NULL);
    if (usable(g, node->name_span)) place = node->name_span;
    if (place.begin == 0) return;
    diag_label(g->cx, d, place, "%s is %s%s", ir_describe(g, v), dtype_info[node->dtype].spelling,
               shape_text(g, node->shape));
}

void call_emit(const OpCall *call, Diag *d) {
    Graph *g = call->graph;
    if (call->silent) return;
    OriginId via;
    ir_origin_place(g, call->origin, &via);
    if (via.id != call->origin.id && !op_info[call->op].internal) {
        Name block = ir_origin(g, call->origin)->block;
        diag_note(g->cx, d, "found inside `%s`, at its `%s`", names_text(&g->cx->names, block),
                  op_info[call->op].spelling);
    }
    uint32_t count = 0;
    while (via.id != 0 && count < MAX_CALL_LABELS) {
        const Origin *origin = ir_origin(g, via);
        if (ir_origin_place(g, origin->caller, &via).begin == 0) break;
        diag_call(g->cx, d, ir_origin(g, via)->span, "in this call of `%s`",
                   names_text(&g->cx->names, origin->block));
        count++;
    }
    diag_emit(g->cx, d);
}

/* The position of a rule in the graph, from 1; else 0, and *hash is its own. */
static uint32_t find_rule(const Graph *g, DimRule rule, uint32_t *hash) {
    uint64_t pair = (uint64_t)rule.a.id << 32 | rule.b.id;
    *hash = (uint32_t)hash_mix(g->cx->names.seed ^ rule.equal, pair);
    uint32_t at = slots_first(&g->rule_slots, *hash), id;
    for (; (id = slots_seek(&g->rule_slots, &at, *hash)) != 0; at++) {
        const DimRule *old = &g->rules.data[id - 1];
        if (dim_is(old->a, rule.a) && dim_is(old->b, rule.b) && old->equal == rule.equal) return id;
    }
    return 0;
}

void graph_rule(Graph *g, DimRule rule) {
    uint32_t hash;
    if (rule.equal ? dim_is(rule.a, rule.b) : dim_at_most(g->dims, rule.a, rule.b)) return;
    if (find_rule(g, rule, &hash) != 0) return;
    vec_push(&g->cx->module, &g->rules, rule);
    slots_add(&g->cx->module, &g->rule_slots, hash, g->rules.count);
}

bool graph_takes_equal(const Graph *g, DimId a, DimId b) {
    uint32_t hash;
    return find_rule(g, (DimRule){.a = a, .b = b, .equal = true}, &hash) != 0 ||
           find_rule(g, (DimRule){.a = b, .b = a, .equal = true}, &hash) != 0;
}

void call_rule_equal(const OpCall *call, DimId a, DimId b) {
    if (call->silent) return;
    graph_rule(call->graph, (DimRule){.a = a, .b = b, .equal = true, .origin = call->origin});
}

void call_rule_at_most(const OpCall *call, DimId a, DimId b) {
    if (call->silent) return;
    graph_rule(call->graph, (DimRule){.a = a, .b = b, .origin = call->origin});
}
