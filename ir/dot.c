/* Graphs in the language of Graphviz. Clusters are the calls of blocks: an origin that is the
 * caller of another is one, within that of its own caller. */
#include "ir/dot.h"

#include <assert.h>
#include <inttypes.h>

/* Lists of values and of clusters by the call they stand in; 0 is the model itself. Each list is
 * in order: it was made from its end. */
typedef struct Dot {
    const Graph *g;
    uint32_t *first_value, *next_value;     /* by origin; by value */
    uint32_t *first_cluster, *next_cluster; /* by origin; by origin */
    Buf *out;
} Dot;

/* The text of a quoted string: nothing in it ends the string, or is an escape of Graphviz. */
static void put_text(Buf *out, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') buf_put_char(out, '\\');
        buf_put_char(out, c < 0x20 || c == 0x7f ? '?' : (char)c);
    }
}

static void put_name(const Graph *g, Name name, Buf *out) {
    put_text(out, names_text(&g->cx->names, name), names_length(&g->cx->names, name));
}

/* How a value is drawn: what comes from outside has shapes of its own. */
static const char *style_of(Op op) {
    static const struct {
        Op op;
        const char *style;
    } styles[] = {
        {OP_INPUT, ", shape=invhouse, fillcolor=\"#d8e8f8\""},
        {OP_PARAM, ", shape=cylinder, fillcolor=\"#f8ecd0\""},
        {OP_BUFFER, ", shape=cylinder, fillcolor=\"#ececec\""},
        {OP_CONST, ", shape=plain, style=\"\""},
    };
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        if (styles[i].op == op) return styles[i].style;
    }
    return "";
}

/* A constant of one element shows it. */
static void put_constant(const Graph *g, Value v, Buf *out) {
    const Node *node = ir_node(g, v);
    const Data *data = ir_data(g, v);
    if (data == NULL || data->size != dtype_info[node->dtype].bytes) return;
    buf_put(out, "\\n");
    buf_put_number(out, dtype_load(node->dtype, data->bytes));
}

static void put_value(const Dot *d, Value v, uint32_t depth) {
    const Graph *g = d->g;
    const Node *node = ir_node(g, v);
    Buf *out = d->out;
    buf_repeat(out, ' ', 2 * (size_t)depth);
    buf_printf(out, "n%" PRIu32 " [label=\"%s", v.id, op_info[node->op].spelling);
    if (node->name.id != 0) {
        buf_put(out, "\\n");
        put_name(g, node->name, out);
    }
    if (node->op == OP_CONST) put_constant(g, v, out);
    buf_printf(out, "\\n%s[", dtype_info[node->dtype].spelling);
    Shape shape = ir_shape(g, v);
    for (uint32_t i = 0; i < shape.rank; i++) {
        Buf dim = buf_make(&g->cx->scratch);
        dim_print(g->dims, shape.dims[i], &g->cx->names, &dim);
        if (i > 0) buf_put(out, ", ");
        put_text(out, buf_text(&dim), dim.length);
    }
    buf_printf(out, "]\"%s];\n", style_of(node->op));
}

/* The block that was called: that of whatever stands in it. */
static Name block_of(const Dot *d, uint32_t call) {
    const Graph *g = d->g;
    uint32_t v = d->first_value[call], c = d->first_cluster[call];
    OriginId inside = v != 0 ? ir_node(g, (Value){v})->origin : (OriginId){c};
    return ir_origin(g, inside)->block;
}

/* The values of a call, and the calls in it. As deep as calls are. */
static void put_cluster(const Dot *d, uint32_t call, uint32_t depth) {
    Buf *out = d->out;
    for (uint32_t v = d->first_value[call]; v != 0; v = d->next_value[v]) {
        put_value(d, (Value){v}, depth);
    }
    for (uint32_t c = d->first_cluster[call]; c != 0; c = d->next_cluster[c]) {
        buf_repeat(out, ' ', 2 * (size_t)depth);
        buf_printf(out, "subgraph cluster_%" PRIu32 " { label=\"", c);
        put_name(d->g, block_of(d, c), out);
        buf_put(out, "\";\n");
        put_cluster(d, c, depth + 1);
        buf_repeat(out, ' ', 2 * (size_t)depth);
        buf_put(out, "}\n");
    }
}

/* Puts every value into the list of its call, and every call that has one into that of its own.
 * Callers are made before what they call, so that one walk from the end links them all. */
static void link_lists(Dot *d) {
    const Graph *g = d->g;
    for (uint32_t v = g->nodes.count; v-- > 1;) {
        uint32_t call = ir_origin(g, ir_node(g, (Value){v})->origin)->caller.id;
        d->next_value[v] = d->first_value[call];
        d->first_value[call] = v;
    }
    for (uint32_t c = g->origins.count; c-- > 1;) {
        if (d->first_value[c] == 0 && d->first_cluster[c] == 0) continue;
        uint32_t call = ir_origin(g, (OriginId){c})->caller.id;
        assert(call < c);
        d->next_cluster[c] = d->first_cluster[call];
        d->first_cluster[call] = c;
    }
}

static void put_edges(const Graph *g, Buf *out) {
    for (uint32_t v = 1; v < g->nodes.count; v++) {
        for (uint32_t i = 0; i < ir_node(g, (Value){v})->operand_count; i++) {
            uint32_t operand = ir_operand(g, (Value){v}, i).id;
            if (operand != 0) buf_printf(out, "  n%" PRIu32 " -> n%" PRIu32 ";\n", operand, v);
        }
    }
    for (uint32_t r = 1; r < g->regions.count; r++) {
        const Region *region = &g->regions.data[r];
        for (uint32_t k = 0; k < region->carry_count; k++) {
            buf_printf(out, "  n%" PRIu32 " -> n%" PRIu32 " [style=dashed, constraint=false];\n",
                       region_final(region, k).id, region_carry(region, k).id);
        }
    }
}

/* What comes back in the next call is drawn as what comes back in the next step. */
static void put_updates(const Graph *g, Buf *out) {
    for (uint32_t i = 0; i < g->updates.count; i++) {
        const Update *u = &g->updates.data[i];
        buf_printf(out, "  n%" PRIu32 " -> n%" PRIu32 " [style=dashed, constraint=false];\n",
                   u->next.id, u->buffer.id);
    }
}

static void put_results(const Graph *g, Buf *out) {
    for (uint32_t i = 0; i < g->results.count; i++) {
        const Result *result = &g->results.data[i];
        buf_printf(out, "  result%" PRIu32 " [label=\"", i);
        put_name(g, result->name, out);
        buf_put(out, "\", shape=house, fillcolor=\"#d8f0d8\"];\n");
        if (ir_is_poison(result->value)) continue;
        buf_printf(out, "  n%" PRIu32 " -> result%" PRIu32 ";\n", result->value.id, i);
    }
}

void dot_print(const Graph *g, Buf *out) {
    Arena *scratch = &g->cx->scratch;
    Dot d = {.g = g,
             .first_value = ARENA_ARRAY(scratch, uint32_t, g->origins.count),
             .next_value = ARENA_ARRAY(scratch, uint32_t, g->nodes.count),
             .first_cluster = ARENA_ARRAY(scratch, uint32_t, g->origins.count),
             .next_cluster = ARENA_ARRAY(scratch, uint32_t, g->origins.count),
             .out = out};
    link_lists(&d);
    buf_put(out, "digraph \"");
    put_name(g, g->name, out);
    buf_put(out, "\" {\n"
                 "  node [shape=box, style=filled, fillcolor=white, fontname=\"monospace\"];\n"
                 "  graph [style=rounded, color=gray, fontname=\"monospace\"];\n");
    put_cluster(&d, 0, 1);
    put_edges(g, out);
    put_results(g, out);
    put_updates(g, out);
    buf_put(out, "}\n");
}
