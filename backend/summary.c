/* The tables of --summary and --report=guards. Sizes that depend on dimension variables stay
 * symbolic: `1152 * N`. */
#include "backend/summary.h"

#include "ir/base/utf8.h"
#include "ir/nest.h"
#include "ir/shape.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMNS = 7, WIDEST = 34 };

typedef VEC(const char *) Cells;

typedef struct Summary {
    Graph *g;
    const Facts *facts;
    Cells cells;         /* row by row, COLUMNS each; in the scratch arena */
    uint32_t *last_use;  /* by value: the last node that reads it; results: the number of nodes */
    bool *counted;       /* by value: a parameter that an earlier line has */
    DimId parameters, work; /* totals */
    DimId peak;          /* the largest memory, judged at the low ends of the variables */
    int64_t peak_size;
} Summary;

static uint32_t column_width(const char *text) {
    return utf8_text_columns(text, strlen(text));
}

/* Pads every column to its widest cell; numbers to the right. */
static void print_cells(const Cells *cells, uint32_t columns, uint32_t first_number, Buf *out) {
    uint32_t widths[COLUMNS] = {0};
    for (uint32_t i = 0; i < cells->count; i++) {
        uint32_t width = column_width(cells->data[i]);
        if (width > widths[i % columns] && width <= WIDEST) widths[i % columns] = width;
    }
    for (uint32_t i = 0; i < cells->count; i++) {
        uint32_t column = i % columns, width = column_width(cells->data[i]);
        uint32_t padding = width < widths[column] ? widths[column] - width : 0;
        bool is_last = column + 1 == columns;
        if (column >= first_number) buf_repeat(out, ' ', padding);
        buf_put(out, cells->data[i]);
        if (column < first_number && !is_last) buf_repeat(out, ' ', padding);
        buf_put(out, is_last ? "\n" : "  ");
    }
}

static uint32_t applications(const Scalar *s) {
    if (s == NULL || s->kind != SCALAR_APPLY) return 0;
    uint32_t count = 1;
    for (int i = 0; i < 3; i++) count += applications(s->args[i]);
    return count;
}

/* Scalar operations of a node: those of its formula, for each turn of its loops. */
static DimId work_of(Graph *g, Value v) {
    DimTable *t = g->dims;
    DimId sum = dim_constant(t, 0);
    for (uint32_t i = 0; i < nest_count(g, v); i++) {
        Nest nest;
        nest_make(g, v, i, &nest);
        DimId outer = dim_constant(t, 1), all;
        for (uint8_t l = 0; l < nest.outer; l++) outer = dim_mul(t, outer, nest.extent[l]);
        all = outer;
        for (uint8_t l = nest.outer; l < nest.loops; l++) all = dim_mul(t, all, nest.extent[l]);
        uint32_t each = applications(nest.body) + (nest.combine != COMBINE_NONE);
        sum = dim_add(t, sum, dim_mul(t, all, dim_constant(t, each)));
        uint32_t after = applications(nest.after);
        sum = dim_add(t, sum, dim_mul(t, outer, dim_constant(t, after)));
    }
    dims_overflowed(t);
    return sum;
}

static bool is_stored(const Graph *g, Value v) {
    Op op = ir_node(g, v)->op;
    return op != OP_PARAM && op != OP_BUFFER && op != OP_CONST && op != OP_NONE;
}

/* Elements of the parameters that v is the first to read. */
static DimId parameters_of(Summary *s, Value v) {
    Graph *g = s->g;
    DimId sum = dim_constant(g->dims, 0);
    for (uint32_t k = 0; k < ir_node(g, v)->operand_count; k++) {
        Value operand = ir_operand(g, v, k);
        Op op = ir_node(g, operand)->op;
        if ((op != OP_PARAM && op != OP_BUFFER) || s->counted[operand.id]) continue;
        s->counted[operand.id] = true;
        sum = dim_add(g->dims, sum, ir_element_count(g, operand));
    }
    return sum;
}

static DimId bytes_of(Graph *g, Value v) {
    return dim_mul(g->dims, ir_element_count(g, v),
                   dim_constant(g->dims, dtype_info[ir_node(g, v)->dtype].bytes));
}

static void find_last_uses(Summary *s) {
    const Graph *g = s->g;
    for (uint32_t i = 1; i < g->nodes.count; i++) {
        Value v = {i};
        for (uint32_t k = 0; k < ir_node(g, v)->operand_count; k++) {
            s->last_use[ir_operand(g, v, k).id] = i;
        }
    }
    for (uint32_t i = 0; i < g->results.count; i++) {
        s->last_use[g->results.data[i].value.id] = g->nodes.count;
    }
}

/* Bytes of the values that nobody reads after v. */
static DimId freed_after(Summary *s, Value v) {
    Graph *g = s->g;
    DimId sum = dim_constant(g->dims, 0);
    for (uint32_t k = 0; k < ir_node(g, v)->operand_count; k++) {
        Value operand = ir_operand(g, v, k);
        if (s->last_use[operand.id] != v.id) continue;
        s->last_use[operand.id] = 0; /* the same operand may come again */
        if (is_stored(g, operand)) sum = dim_add(g->dims, sum, bytes_of(g, operand));
    }
    return s->last_use[v.id] == 0 ? dim_add(g->dims, sum, bytes_of(g, v)) : sum;
}

static void note_peak(Summary *s, DimId live) {
    int64_t low, high;
    dim_bounds(s->g->dims, live, &low, &high);
    if (low <= s->peak_size) return;
    s->peak_size = low;
    s->peak = live;
}

static const char *escaped(Ctx *cx, const char *text) {
    Buf out = buf_make(&cx->scratch);
    buf_put_escaped(&out, text, strlen(text));
    return buf_text(&out);
}

/* Names that the operators written in the language give to their steps mean nothing here. */
static bool is_users_name(const Graph *g, const Node *node) {
    const Source *source = place_of(g->cx, node->name_span.begin).source;
    return node->name.id != 0 && (source == NULL || !source->is_prelude);
}

static void add_row(Summary *s, Value v, DimId parameters, DimId work, DimId live) {
    Graph *g = s->g;
    Arena *scratch = &g->cx->scratch;
    const Node *node = ir_node(g, v);
    const char *name = is_users_name(g, node) ? names_text(&g->cx->names, node->name) : "";
    Buf range = buf_make(scratch);
    range_print(s->facts->range[v.id], node->dtype, &range);
    const char *row[COLUMNS] = {
        escaped(g->cx, name),
        op_info[node->op].spelling,
        arena_format(scratch, "%s%s", dtype_info[node->dtype].spelling, shape_text(g, node->shape)),
        buf_text(&range),
        dim_text(g, parameters),
        dim_text(g, work),
        dim_text(g, live),
    };
    for (int i = 0; i < COLUMNS; i++) vec_push(scratch, &s->cells, row[i]);
}

static void add_rows(Summary *s) {
    Graph *g = s->g;
    DimTable *t = g->dims;
    DimId live = dim_constant(t, 0);
    for (uint32_t i = 1; i < g->nodes.count; i++) {
        Value v = {i};
        if (!is_stored(g, v)) continue;
        live = dim_add(t, live, bytes_of(g, v));
        DimId parameters = parameters_of(s, v), work = work_of(g, v);
        s->parameters = dim_add(t, s->parameters, parameters);
        s->work = dim_add(t, s->work, work);
        note_peak(s, live);
        add_row(s, v, parameters, work, live);
        live = dim_sub(t, live, freed_after(s, v));
    }
    dims_overflowed(t);
}

void summary_print(Graph *g, const Facts *facts, Buf *out) {
    static const char *const heads[COLUMNS] = {"name",       "operation",  "type",      "range",
                                               "parameters", "arithmetic", "live bytes"};
    Arena *scratch = &g->cx->scratch;
    DimId zero = dim_constant(g->dims, 0);
    Summary s = {.g = g,
                 .facts = facts,
                 .last_use = ARENA_ARRAY(scratch, uint32_t, g->nodes.count),
                 .counted = ARENA_ARRAY(scratch, bool, g->nodes.count),
                 .parameters = zero,
                 .work = zero,
                 .peak = zero,
                 .peak_size = -1};
    for (int i = 0; i < COLUMNS; i++) vec_push(scratch, &s.cells, heads[i]);
    find_last_uses(&s);
    add_rows(&s);
    buf_printf(out, "model %s\n", escaped(g->cx, names_text(&g->cx->names, g->name)));
    print_cells(&s.cells, COLUMNS, 4, out);
    buf_printf(out, "total: %s parameters, %s arithmetic operations, at most %s bytes alive\n",
               dim_text(g, s.parameters), dim_text(g, s.work), dim_text(g, s.peak));
}

/* Whether the guard stays, and why. */
static const char *fate(Verdict verdict, GuardPolicy policy) {
    if (policy == GUARDS_NONE) return "no guard: --guards=none";
    switch (verdict) {
    case VERDICT_PROVED:
        return policy == GUARDS_ALL ? "guard: --guards=all, though it is proved safe"
                                    : "no guard: proved safe";
    case VERDICT_POSSIBLE: return "guard: not proved";
    case VERDICT_CONFIRMED: return "guard: a run showed that it fails";
    case VERDICT_CONSEQUENCE: return "guard: fails where an operation before it does";
    case VERDICT_GROWTH: return "guard: rests on an assumed range";
    case VERDICT_NOT_ANALYSED: return "guard: not analysed";
    }
    return "";
}

static const char *place_text(Ctx *cx, const Graph *g, Value v) {
    OriginId via;
    Place place = place_of(cx, ir_place(g, v, &via).begin);
    if (place.source == NULL) return "";
    return arena_format(&cx->scratch, "%s:%" PRIu32 ":%" PRIu32, place.source->path, place.line,
                        place.column);
}

static const char *site_text(const Site *site) {
    switch (site->part) {
    case SITE_CONTRACT: return "contract";
    case SITE_COMBINE: return "sum of terms";
    case SITE_INDEX: return "index";
    case SITE_BODY:
    case SITE_AFTER: break;
    }
    return primitive_info[site->primitive].spelling;
}

void guards_print(Ctx *cx, const Facts *facts, GuardPolicy policy, Buf *out) {
    const Graph *g = facts->graph;
    Cells cells = {0};
    for (uint32_t i = 1; i < g->nodes.count; i++) {
        Value v = {i};
        const Node *node = ir_node(g, v);
        if (node->op == OP_NONE) continue;
        Site sites[OP_MAX_SITES];
        uint32_t count = ir_sites(g, v, sites);
        for (uint32_t k = 0; k < count; k++) {
            vec_push(&cx->scratch, &cells, place_text(cx, g, v));
            vec_push(&cx->scratch, &cells, ir_describe(g, v));
            vec_push(&cx->scratch, &cells, op_info[node->op].spelling);
            vec_push(&cx->scratch, &cells, site_text(&sites[k]));
            vec_push(&cx->scratch, &cells,
                     node->op == OP_INPUT    ? "guard: checked before the run"
                     : node->op == OP_ASSUME ? "no guard: trusted"
                                             : fate(facts_site(facts, v, k)->verdict, policy));
        }
    }
    print_cells(&cells, 5, 5, out);
}
