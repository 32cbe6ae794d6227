/* What is believed, by the operator table. What the language itself takes for granted of its own
 * operators, in the prelude, is not the model's to answer for. */
#include "backend/trusted.h"

#include "ir/text.h"

#include <inttypes.h>

static bool is_in_prelude(const Graph *g, Value v) {
    Span span = ir_origin(g, ir_node(g, v)->origin)->span;
    const Source *source = span.begin == 0 ? NULL : source_at(&g->cx->sources, span.begin);
    return source != NULL && source->is_prelude;
}

/* A call of a C function is one, however many results it has. */
static bool is_trusted(const Graph *g, Value v) {
    Op op = ir_node(g, v)->op;
    if (!op_info[op].trusted || is_in_prelude(g, v)) return false;
    if (op == OP_EXTERN) return ir_attr(g, v, (uint32_t)op_attr(op, "result"))->as.integer == 0;
    return ir_attr(g, v, (uint32_t)op_attr(op, "contract"))->as.contract.id != 0;
}

void trusted_count(const Graph *g, Trusted *out) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        out->count[ir_node(g, (Value){id})->op] += is_trusted(g, (Value){id});
    }
}

void trusted_print_counts(const Trusted *trusted, Buf *out) {
    const char *before = "trusted contracts: ";
    for (int op = 0; op < OP_COUNT; op++) {
        if (trusted->count[op] == 0) continue;
        buf_printf(out, "%s%" PRIu32 " %s", before, trusted->count[op], op_info[op].spelling);
        before = ", ";
    }
    if (*before == ',') buf_put(out, "; ");
}

void trusted_print(const Graph *g, Buf *out) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        if (!is_trusted(g, v)) continue;
        Place place = place_of(g->cx, ir_place(g, v, NULL).begin);
        Contract contract = ir_contract_of(g, v);
        buf_put(out, "trusted: ");
        if (place.source != NULL) {
            buf_printf(out, "%s:%" PRIu32 ":%" PRIu32 ": ", place.source->path, place.line,
                       place.column);
        }
        buf_printf(out, "%s of %s, ", op_info[ir_node(g, v)->op].spelling, ir_describe(g, v));
        contract_print(&contract, out);
        buf_put_char(out, '\n');
    }
}
