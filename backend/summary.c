/* The table of --summary: a line an operation as the user wrote it, what a call of a composite
 * operator does inside folded into it. Sizes that depend on dimension variables stay symbolic:
 * `1152 * N`; which of them is the largest is judged where the variables are TYPICAL.
 *
 * FLOPs are the scalar operations of the formulas, each one: a multiplication and an addition are
 * two, a sum of n terms is n; moving and storing are none. A loop counts as often as it runs. */
#include "backend/summary.h"

#include "backend/cells.h"
#include "backend/trusted.h"
#include "ir/base/utf8.h"
#include "ir/nest.h"
#include "ir/shape.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMNS = 8, FIRST_NUMBER = 4, TYPICAL = 64 };

/* A line: the nodes that one operation in the user's text became. */
typedef struct Row {
    Value last; /* of them: the result */
    DimId trained, buffers, work, live;
    int64_t live_size;
} Row;

typedef struct Summary {
    Graph *g;
    const Facts *facts;
    bool each;          /* a line for each node */
    VEC(Row) rows;
    uint32_t *row_of;   /* by origin: the number of its row, and 1 */
    uint32_t *freed_at; /* by node: the first value that nobody reads after it; 0: none */
    uint32_t *next;     /* by value: another one that is freed there */
    bool *counted;      /* by value: a parameter that an earlier line has */
    int64_t *typical;   /* by dimension variable: what sizes are compared at */
    DimId work;
    DimId peak;         /* the largest memory */
    int64_t peak_size;
} Summary;

static uint32_t applications(const Scalar *s) {
    if (s == NULL || s->kind != SCALAR_APPLY) return 0;
    uint32_t count = 1;
    for (int i = 0; i < 3; i++) count += applications(s->args[i]);
    return count;
}

/* How often v is computed: once, or in each step of its loops. */
static DimId trips_of(Graph *g, Value v) {
    DimId trips = dim_constant(g->dims, 1);
    for (uint32_t r = ir_region_at(g, v); r != 0; r = g->regions.data[r].parent) {
        trips = dim_mul(g->dims, trips, g->regions.data[r].trips);
    }
    return trips;
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
    sum = dim_mul(t, sum, trips_of(g, v));
    dims_overflowed(t);
    return sum;
}

/* The value whose memory v is: a contract is no copy. */
static Value stored_as(const Graph *g, Value v) {
    while (op_info[ir_node(g, v)->op].form == FORM_SPECIAL && ir_node(g, v)->operand_count == 1) {
        v = ir_operand(g, v, 0);
    }
    return v;
}

/* Whether it takes memory while the model runs. */
static bool is_stored(const Graph *g, Value v) {
    Op op = ir_node(g, v)->op;
    return op != OP_PARAM && op != OP_BUFFER && op != OP_CONST && op != OP_NONE &&
           stored_as(g, v).id == v.id;
}

static DimId bytes_of(Graph *g, Value v) {
    return dim_mul(g->dims, ir_element_count(g, v),
                   dim_constant(g->dims, dtype_info[ir_node(g, v)->dtype].bytes));
}

/* Whether it has a line: what computes or moves, and what a user wrote as an operation though it
 * takes no memory; contracts have none. */
static bool has_row(const Graph *g, Value v) {
    Op op = ir_node(g, v)->op;
    return is_stored(g, v) || (stored_as(g, v).id != v.id && op_attr(op, "contract") < 0);
}

/* The last node for which x must be kept when node `user` reads it: what comes from outside of a
 * loop is read in each step. */
static uint32_t kept_until(const Graph *g, Value x, uint32_t user) {
    uint32_t until = user;
    for (uint32_t r = ir_region_at(g, (Value){user}); r != 0; r = g->regions.data[r].parent) {
        const Region *region = &g->regions.data[r];
        if (x.id < region->first.id) until = region->end - 1;
    }
    return until;
}

static void find_last_uses(Summary *s) {
    const Graph *g = s->g;
    uint32_t *last = ARENA_ARRAY(&g->cx->scratch, uint32_t, g->nodes.count + 1);
    for (uint32_t i = 1; i < g->nodes.count; i++) {
        for (uint32_t k = 0; k < ir_node(g, (Value){i})->operand_count; k++) {
            Value x = stored_as(g, ir_operand(g, (Value){i}, k));
            uint32_t until = kept_until(g, x, i);
            if (until > last[x.id]) last[x.id] = until;
        }
    }
    for (uint32_t r = 1; r < g->regions.count; r++) {
        const Region *region = &g->regions.data[r];
        for (uint32_t k = 0; k < region->carry_count; k++) {
            last[region_carry(region, k).id] = region->end - 1;
        }
    }
    for (uint32_t i = 0; i < g->results.count; i++) {
        last[stored_as(g, g->results.data[i].value).id] = UINT32_MAX;
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        last[stored_as(g, g->updates.data[i].next).id] = UINT32_MAX;
    }
    for (uint32_t i = 1; i < g->nodes.count; i++) {
        if (!is_stored(g, (Value){i}) || last[i] == UINT32_MAX) continue;
        uint32_t at = last[i] < i ? i : last[i];
        s->next[i] = s->freed_at[at];
        s->freed_at[at] = i;
    }
}

/* The row of v: that of the place in the user's text that it came from, or a new one. */
static Row *row_of(Summary *s, Value v) {
    OriginId via;
    ir_place(s->g, v, &via);
    uint32_t *number = s->each || via.id == 0 ? NULL : &s->row_of[via.id];
    if (number == NULL || *number == 0) {
        DimId zero = dim_constant(s->g->dims, 0);
        const Row row = {.trained = zero, .buffers = zero, .work = zero, .live_size = -1};
        vec_push(&s->g->cx->scratch, &s->rows, row);
        if (number == NULL) return &s->rows.data[s->rows.count - 1];
        *number = s->rows.count;
    }
    return &s->rows.data[*number - 1];
}

/* Parameters that v is the first to read. */
static void add_parameters(Summary *s, Value v, Row *row) {
    Graph *g = s->g;
    for (uint32_t k = 0; k < ir_node(g, v)->operand_count; k++) {
        Value x = stored_as(g, ir_operand(g, v, k));
        const Parameter *parameter = ir_parameter(g, x);
        if (parameter == NULL || s->counted[x.id]) continue;
        s->counted[x.id] = true;
        DimId *sum = parameter->trained ? &row->trained : &row->buffers;
        *sum = dim_add(g->dims, *sum, ir_element_count(g, x));
    }
}

/* Each variable as near to TYPICAL as its bounds allow. */
static void find_typical(Summary *s) {
    DimTable *t = s->g->dims;
    uint32_t count = dim_variable_count(t);
    s->typical = ARENA_ARRAY(&s->g->cx->scratch, int64_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        DimVar variable = dim_variable_at(t, i);
        s->typical[i] = variable.low > TYPICAL    ? variable.low
                        : variable.high < TYPICAL ? variable.high
                                                  : TYPICAL;
    }
}

static void add_node(Summary *s, Value v, DimId live) {
    DimTable *t = s->g->dims;
    Row *row = row_of(s, v);
    DimId work = work_of(s->g, v);
    int64_t size;
    if (!dim_evaluate(t, live, s->typical, &size)) size = INT64_MAX;
    row->last = v;
    row->work = dim_add(t, row->work, work);
    if (size > row->live_size) {
        row->live_size = size;
        row->live = live;
    }
    if (size > s->peak_size) {
        s->peak_size = size;
        s->peak = live;
    }
    s->work = dim_add(t, s->work, work);
    add_parameters(s, v, row);
}

static void add_nodes(Summary *s) {
    Graph *g = s->g;
    DimTable *t = g->dims;
    DimId live = dim_constant(t, 0);
    for (uint32_t i = 1; i < g->nodes.count; i++) {
        Value v = {i};
        if (is_stored(g, v)) live = dim_add(t, live, bytes_of(g, v));
        if (has_row(g, v)) add_node(s, v, live);
        for (uint32_t x = s->freed_at[i]; x != 0; x = s->next[x]) {
            live = dim_sub(t, live, bytes_of(g, (Value){x}));
        }
    }
    dims_overflowed(t);
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

/* The operator as it was written: an infix one, a composite one, or the row itself. */
static const char *operation_text(const Summary *s, Value v) {
    const Graph *g = s->g;
    OriginId via, own = ir_node(g, v)->origin, at = own;
    const char *spelling = op_info[ir_node(g, v)->op].spelling;
    if (s->each) return ir_path_to(g, own, spelling, &g->cx->scratch);
    ir_place(g, v, &via);
    if (via.id == 0) return spelling;
    while (at.id != via.id && ir_origin(g, at)->caller.id != via.id) {
        at = ir_origin(g, at)->caller;
    }
    const char *written = ir_origin(g, via)->written;
    if (at.id != via.id) return names_text(&g->cx->names, ir_origin(g, at)->block);
    return written != NULL ? written : spelling;
}

static void put_row(Summary *s, const Row *row, Cells *cells) {
    Graph *g = s->g;
    Arena *scratch = &g->cx->scratch;
    const Node *node = ir_node(g, row->last);
    Buf range = buf_make(scratch);
    range_print(s->facts->range[row->last.id], node->dtype, &range);
    const char *texts[COLUMNS] = {
        is_users_name(g, node) ? escaped(g->cx, names_text(&g->cx->names, node->name)) : "",
        escaped(g->cx, operation_text(s, row->last)),
        arena_format(scratch, "%s%s", dtype_info[node->dtype].spelling,
                     shape_text(g, node->shape)),
        buf_text(&range),
        dim_text(g, row->trained),
        dim_text(g, row->buffers),
        dim_text(g, row->work),
        dim_text(g, row->live),
    };
    for (int i = 0; i < COLUMNS; i++) vec_push(scratch, cells, texts[i]);
}

/* Elements of all parameters that are trained, or are not; with `unread` of those that no line
 * has. */
static DimId total_of(const Summary *s, bool trained, bool unread) {
    Graph *g = s->g;
    DimId sum = dim_constant(g->dims, 0);
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        const Parameter *p = &g->parameters.data[i];
        if (p->trained != trained || (unread && s->counted[p->value.id])) continue;
        sum = dim_add(g->dims, sum, ir_element_count(g, p->value));
    }
    return sum;
}

static void put_totals(const Summary *s, Buf *out) {
    Graph *g = s->g;
    for (int trained = 1; trained >= 0; trained--) {
        DimId unread = total_of(s, trained == 1, true);
        if (dim_is(unread, dim_constant(g->dims, 0))) continue;
        buf_printf(out, "not read by any operation: %s %s\n", dim_text(g, unread),
                   trained == 1 ? "parameters" : "in buffers");
    }
    buf_printf(out, "total: %s trainable parameters, %s non-trainable (buffers)\n",
               dim_text(g, total_of(s, true, false)), dim_text(g, total_of(s, false, false)));
    int64_t constant;
    buf_printf(out, "total: %s FLOPs, at most %s bytes alive", dim_text(g, s->work),
               dim_text(g, s->peak));
    if (!dim_is_constant(g->dims, s->peak, &constant)) {
        buf_printf(out, " (where sizes are about %d)", TYPICAL);
    }
    buf_put_char(out, '\n');
}

void summary_print(Graph *g, const Facts *facts, bool each, bool is_whole, Buf *out) {
    static const char *const heads[COLUMNS] = {"name",       "operation", "type",  "range",
                                               "parameters", "buffers",   "FLOPs", "live bytes"};
    Arena *scratch = &g->cx->scratch;
    Summary s = {.g = g,
                 .facts = facts,
                 .each = each,
                 .row_of = ARENA_ARRAY(scratch, uint32_t, g->origins.count),
                 .freed_at = ARENA_ARRAY(scratch, uint32_t, g->nodes.count),
                 .next = ARENA_ARRAY(scratch, uint32_t, g->nodes.count),
                 .counted = ARENA_ARRAY(scratch, bool, g->nodes.count),
                 .work = dim_constant(g->dims, 0),
                 .peak = dim_constant(g->dims, 0),
                 .peak_size = -1};
    Cells cells = {0};
    for (int i = 0; i < COLUMNS; i++) vec_push(scratch, &cells, heads[i]);
    find_typical(&s);
    find_last_uses(&s);
    add_nodes(&s);
    for (uint32_t i = 0; i < s.rows.count; i++) put_row(&s, &s.rows.data[i], &cells);
    buf_printf(out, "model %s\n", escaped(g->cx, names_text(&g->cx->names, g->name)));
    cells_print(&cells, COLUMNS, FIRST_NUMBER, out);
    put_totals(&s, out);
    trusted_print(g, out);
    if (!is_whole) buf_put(out, "incomplete: what has errors is not counted\n");
}
