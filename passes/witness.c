/* Runs that show a fault: the reference evaluator on corners of the ranges.
 *
 * For each finding the part of the graph that its site needs is computed, with small dimensions and
 * sources filled by patterns, the simple ones first. A site that fails in a run in which nothing
 * before it failed is confirmed: the fault happens within what is declared or assumed. Everything
 * is deterministic. The budget is limits.witness_steps scalar operations for all findings of a
 * model. */
#include "passes/pass.h"
#include "passes/source.h"
#include "passes/transfer.h"

#include <string.h>

enum { TRIALS = 48, NAMED_SOURCES = 4 };

typedef enum Fill {
    FILL_LOW,
    FILL_HIGH,
    FILL_MIDDLE,
    FILL_ZERO,      /* the number next to 0 */
    FILL_LAST_AXIS, /* low and high in turn along the last axis */
    FILL_AXES,      /* low or high, by the position on some axes */
    FILL_CORNERS,   /* low or high, each by itself */
    FILL_UNIFORM,
    FILL_SMALL, /* near 0 */
    FILL_COUNT
} Fill;

typedef struct Search {
    Analysis *a;
    AnalysisOptions options; /* with the scale of the finding */
    Graph *g;
    bool *wanted;
    int64_t *dims;
    uint64_t random, steps;
    EvalRun run;
} Search;

/* xorshift64* */
static uint64_t next_random(Search *s) {
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return s->random * 0x2545F4914F6CDD1Du;
}

static uint32_t below(Search *s, uint32_t bound) {
    return (uint32_t)((next_random(s) >> 33) % bound);
}
static double unit(Search *s) {
    return (double)(next_random(s) >> 11) * 0x1p-53;
}

static Cell cell_of(DType t, double value) {
    if (dtype_is_float(t)) return (Cell){.f = value};
    if (value >= 0x1p63) return (Cell){.i = t == DTYPE_U64 ? -1 : INT64_MAX};
    return (Cell){.i = (int64_t)value};
}

/* What needs `v`, and v itself. */
static void mark_wanted(Search *s, Value v) {
    memset(s->wanted, 0, s->g->nodes.count);
    eval_want(s->g, v, s->wanted);
}

/* Every variable at `size`, held in its range. */
static void set_dims(Search *s, int64_t size) {
    for (uint32_t i = 0; i < dim_variable_count(s->g->dims); i++) {
        DimVar variable = dim_variable_at(s->g->dims, i);
        int64_t value = size < variable.low ? variable.low : size;
        s->dims[i] = value > variable.high ? variable.high : value;
    }
}

/* Number of elements that a run would hold; UINT64_MAX if a dimension is not valid. */
static uint64_t elements(const Search *s) {
    uint64_t sum = 0;
    for (uint32_t id = 1; id < s->g->nodes.count; id++) {
        if (!s->wanted[id]) continue;
        Shape shape = ir_shape(s->g, (Value){id});
        uint64_t count = 1;
        for (uint8_t d = 0; d < shape.rank; d++) {
            int64_t size;
            if (!dim_evaluate(s->g->dims, shape.dims[d], s->dims, &size) || size < 0)
                return UINT64_MAX;
            if (size != 0 && count > UINT64_MAX / 2 / (uint64_t)size) return UINT64_MAX;
            count *= (uint64_t)size;
        }
        sum += count;
        if (sum > UINT64_MAX / 2) return UINT64_MAX;
    }
    return sum;
}

/* A number of the range: huge ranges are narrowed to a scale, since faults that people meet have
 * operands that people have. */
static Range scaled(Search *s, DType t, Range r) {
    static const double scales[] = {1, 10, 100, 1000, 1e4};
    if (!dtype_is_float(t) || r.high - r.low < 1e6) return r;
    uint32_t pick = below(s, 6);
    if (pick == 5) return r;
    double low = fmax(r.low, -scales[pick]), high = fmin(r.high, scales[pick]);
    return low <= high ? range_make(t, dtype_round_up(t, low), dtype_round_down(t, high), r.flags)
                       : r;
}

static double held(DType t, Range r, double value) {
    value = fmin(fmax(dtype_round(t, value), r.low), r.high);
    if (r.flags & RANGE_INTEGRAL) value = rint(value);
    if (value == 0 && (r.flags & RANGE_NONZERO)) return r.high;
    return value;
}

static uint64_t position_on(const Tensor *t, int64_t index, unsigned axes) {
    uint64_t hash = 0x9e3779b97f4a7c15u;
    for (int d = t->rank - 1; d >= 0; d--) {
        uint64_t at = (uint64_t)(index % t->dims[d]);
        index /= t->dims[d];
        if (axes >> d & 1) hash = (hash ^ (at + 1)) * 0x2545F4914F6CDD1Du;
    }
    return hash >> 40;
}

static double element(Search *s, const Tensor *t, Range r, Fill fill, unsigned axes, int64_t i) {
    double middle = r.low / 2 + r.high / 2;
    switch (fill) {
    case FILL_LOW:
        return r.low;
    case FILL_HIGH:
        return r.high;
    case FILL_MIDDLE:
        return middle;
    case FILL_ZERO:
        return 0;
    case FILL_LAST_AXIS:
        return i & 1 ? r.high : r.low;
    case FILL_AXES:
        return position_on(t, i, axes) & 1 ? r.high : r.low;
    case FILL_CORNERS:
        return below(s, 2) ? r.high : r.low;
    case FILL_UNIFORM:
        return r.low + (r.high - r.low) * unit(s);
    case FILL_SMALL:
        return (unit(s) * 2 - 1) * ldexp(1, -(int)below(s, 30));
    case FILL_COUNT:
        break;
    }
    return middle;
}

/* Rows of a simplex: one 1 in each, or all alike. */
static void fill_rows(Search *s, Tensor *t, const Contract *c, Fill fill) {
    int64_t length = t->dims[c->axis], inner = 1;
    for (int d = c->axis + 1; d < t->rank; d++) inner *= t->dims[d];
    bool even = c->kind == CONTRACT_SIMPLEX && fill == FILL_MIDDLE;
    for (int64_t i = 0; i < t->count; i++) {
        int64_t at = i / inner % length, row = i / (inner * length);
        int64_t hot = fill == FILL_LOW ? 0 : fill == FILL_HIGH ? length - 1 : row % length;
        double value = even ? dtype_round(t->dtype, 1 / (double)length) : at == hot;
        t->cells[i] = cell_of(t->dtype, value);
    }
    (void)s;
}

static void fill_set(Search *s, Tensor *t, const Contract *c, Fill fill) {
    for (int64_t i = 0; i < t->count; i++) {
        uint32_t pick = fill == FILL_LOW    ? 0
                        : fill == FILL_HIGH ? c->value_count - 1
                                            : below(s, c->value_count);
        t->cells[i] = cell_of(t->dtype, dtype_round(t->dtype, c->values[pick]));
    }
}

/* Gives a source its numbers; those that are bound the evaluator fills in. */
static bool fill_source(Search *s, Value v, Fill fill) {
    if (ir_data(s->g, v) != NULL) return true;
    Tensor *t = &s->run.values[v.id];
    if (!eval_tensor(s->g, &s->run, v, t)) return false;
    Contract c = ir_contract_of(s->g, v);
    if (c.kind == CONTRACT_SIMPLEX || c.kind == CONTRACT_ONEHOT) {
        fill_rows(s, t, &c, fill);
        return true;
    }
    if (c.kind == CONTRACT_SET && c.value_count > 0) {
        fill_set(s, t, &c, fill);
        return true;
    }
    /* Of a buffer that changes only what it is in the first call is sure to come up. */
    bool assumed, changes = ir_update(s->g, v) != NULL;
    bool scales = s->options.parameter_scale > 1;
    Range known = changes || scales ? source_range(s->g, &s->options, v, &assumed)
                                    : s->a->facts->range[v.id];
    if (s->run.flushes) known = range_flushed(t->dtype, known, false);
    Range r = scaled(s, t->dtype, known);
    if (!range_has_finite(r)) return false;
    unsigned axes = below(s, 1u << (t->rank > 0 ? t->rank : 1));
    for (int64_t i = 0; i < t->count; i++) {
        t->cells[i] = cell_of(t->dtype, held(t->dtype, r, element(s, t, r, fill, axes, i)));
    }
    return true;
}

/* How a source is filled in a trial: inputs and parameters take the simple patterns in turn. */
static Fill choose_fill(Search *s, uint32_t trial, bool is_input) {
    static const Fill first[][2] = {
        {FILL_HIGH, FILL_LAST_AXIS},      {FILL_HIGH, FILL_HIGH},      {FILL_LOW, FILL_LOW},
        {FILL_ZERO, FILL_ZERO},           {FILL_LOW, FILL_HIGH},       {FILL_HIGH, FILL_LOW},
        {FILL_MIDDLE, FILL_MIDDLE},       {FILL_LAST_AXIS, FILL_HIGH}, {FILL_LOW, FILL_LAST_AXIS},
        {FILL_LAST_AXIS, FILL_LAST_AXIS},
    };
    if (trial < sizeof first / sizeof first[0]) return first[trial][is_input ? 0 : 1];
    return (Fill)below(s, FILL_COUNT);
}

static bool fill_all(Search *s, uint32_t trial) {
    for (uint32_t id = 1; id < s->g->nodes.count; id++) {
        const Node *node = &s->g->nodes.data[id];
        if (!s->wanted[id] || op_info[node->op].type != TYPE_SOURCE) continue;
        if (node->op == OP_EXTERN) continue; /* what it gives nobody knows: the run ends there */
        bool is_input =
            ir_data(s->g, (Value){id}) == NULL && node->operand_count == 0 && node->op == OP_INPUT;
        if (!fill_source(s, (Value){id}, choose_fill(s, trial, is_input))) return false;
    }
    return true;
}

/* "`w` = 1", "`w` = ±1", "`x` in [-1, 1]". */
static void describe_source(Search *s, Value v, Buf *out) {
    const Tensor *t = &s->run.values[v.id];
    double low = INFINITY, high = -INFINITY;
    bool two = true;
    for (int64_t i = 0; i < t->count; i++) {
        double x = dtype_is_float(t->dtype) ? t->cells[i].f : (double)t->cells[i].i;
        low = fmin(low, x);
        high = fmax(high, x);
    }
    for (int64_t i = 0; i < t->count; i++) {
        double x = dtype_is_float(t->dtype) ? t->cells[i].f : (double)t->cells[i].i;
        two = two && (x == low || x == high);
    }
    buf_put(out, ir_describe(s->g, v));
    if (t->dtype == DTYPE_BOOL) {
        buf_put(out, low != high ? " of both" : low == 0 ? " = false" : " = true");
    } else if (low == high) {
        buf_put(out, " = ");
        buf_put_rounded(out, low, 6);
    } else if (two && low == -high) {
        buf_put(out, " = ±");
        buf_put_rounded(out, high, 6);
    } else {
        buf_put(out, two ? " in {" : " in [");
        buf_put_rounded(out, low, 6);
        buf_put(out, ", ");
        buf_put_rounded(out, high, 6);
        buf_put_char(out, two ? '}' : ']');
    }
}

static const char *describe_inputs(Search *s) {
    Buf out = buf_make(&s->a->cx->module);
    uint32_t count = 0;
    for (uint32_t id = 1; id < s->g->nodes.count; id++) {
        Value v = {id};
        if (!s->wanted[id] || op_info[ir_node(s->g, v)->op].type != TYPE_SOURCE) continue;
        if (ir_data(s->g, v) != NULL || s->run.values[id].dtype == DTYPE_NONE) continue;
        if (count++ >= NAMED_SOURCES) continue;
        if (count > 1) buf_put(&out, ", ");
        describe_source(s, v, &out);
    }
    if (count > NAMED_SOURCES) buf_printf(&out, " and %u more", (unsigned)(count - NAMED_SOURCES));
    return buf_text(&out);
}

static const char *describe_element(Search *s, Value v, int64_t element) {
    const Tensor *t = &s->run.values[v.id];
    if (element < 0 || t->rank == 0) return NULL;
    int64_t at[MAX_RANK];
    for (int d = t->rank - 1; d >= 0; d--) {
        at[d] = element % t->dims[d];
        element /= t->dims[d];
    }
    Buf out = buf_make(&s->a->cx->module);
    for (int d = 0; d < t->rank; d++)
        buf_printf(&out, "%s%lld", d == 0 ? "[" : ", ", (long long)at[d]);
    buf_put_char(&out, ']');
    return buf_text(&out);
}

/* Whether the run shows the finding: its site failed, and nothing that it needs but what a choice
 * throws away. */
static bool shows(const Search *s, const Finding *f, EvalEvent *event) {
    bool found = false;
    for (uint32_t i = 0; i < s->run.events.count; i++) {
        const EvalEvent *at = &s->run.events.data[i];
        if (at->node.id == f->node.id && at->site == f->site) {
            *event = *at;
            found = true;
        } else if (at->node.id != f->node.id && !facts_proved(s->a->facts, at->node, at->site)) {
            return false; /* only what the site needs is computed */
        }
    }
    return found;
}

static bool try_once(Search *s, Finding *f, uint32_t trial, uint64_t *share) {
    Ctx *cx = s->a->cx;
    arena_reset(&cx->scratch);
    s->run = (EvalRun){.arena = &cx->scratch,
                       .dims = s->dims,
                       .wanted = s->wanted,
                       .steps = *share,
                       .flushes = f->flushed};
    eval_prepare(s->g, &s->run);
    if (!fill_all(s, trial)) return false;
    EvalStatus status = eval_graph(s->g, &s->run);
    *share = status == EVAL_BUDGET ? 0 : s->run.steps;
    EvalEvent event;
    if (status != EVAL_DONE || !shows(s, f, &event)) return false;
    f->event = event;
    f->inputs = describe_inputs(s);
    f->element = describe_element(s, f->node, event.element);
    return true;
}

static void search(Search *s, Finding *f, uint64_t share) {
    SiteFact *fact = &s->a->facts->sites[s->a->facts->first_site[f->node.id] + f->site];
    uint64_t left = share;
    mark_wanted(s, f->node);
    s->options = *s->a->options;
    s->options.parameter_scale = f->scale > 1 ? f->scale : 1;
    s->random = 0x9e3779b97f4a7c15u;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        set_dims(s, trial % 12 == 11 ? 2 : 1);
        uint64_t held_elements = elements(s);
        if (held_elements == UINT64_MAX) continue;
        if (held_elements >= left || left <= 1) {
            f->cut_short = true;
            break;
        }
        if (!try_once(s, f, trial, &left)) continue;
        fact->verdict = VERDICT_CONFIRMED;
        break;
    }
    s->steps -= share - left;
}

void pass_witness(Analysis *a) {
    if (a->findings.count == 0) return;
    Arena *arena = &a->cx->module;
    Search *s = ARENA_NEW(arena, Search);
    s->a = a;
    s->g = a->graph;
    s->wanted = ARENA_ARRAY(arena, bool, a->graph->nodes.count);
    s->dims = ARENA_ARRAY(arena, int64_t, dim_variable_count(a->graph->dims) + 1);
    s->steps = a->cx->limits.witness_steps;
    Facts *facts = a->facts;
    for (uint32_t i = 0; i < a->findings.count; i++) {
        Finding *f = &a->findings.data[i];
        if (f->chosen) continue;
        a->facts = f->flushed ? facts->flushed : facts;
        search(s, f, s->steps / (a->findings.count - i));
    }
    a->facts = facts;
    arena_reset(&a->cx->scratch);
}
