/* Sources filled by patterns. Along each axis of a source a few of the slices differ (ir/fold.h),
 * so that a run costs no more than a small model would. The simple patterns come first: people
 * read them in reports. */
#include "passes/source.h"
#include "passes/transfer.h"
#include "passes/witness.h"

enum { SMALL_AXIS = 3, MOST_CELLS = 4096 };

typedef enum Fill {
    FILL_LOW,
    FILL_HIGH,
    FILL_MIDDLE,
    FILL_ZERO,      /* the number next to 0 */
    FILL_LAST_AXIS, /* low and high in turn along the last axis */
    FILL_AXES,      /* low or high, by the slices of some axes */
    FILL_CORNERS,   /* low or high, each by itself */
    FILL_UNIFORM,
    FILL_SMALL, /* near 0 */
    FILL_COUNT
} Fill;

/* xorshift64* */
uint64_t witness_random(Search *s) {
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return s->random * 0x2545F4914F6CDD1Du;
}

uint32_t witness_below(Search *s, uint32_t bound) {
    return (uint32_t)((witness_random(s) >> 33) % bound);
}

static double unit(Search *s) {
    return (double)(witness_random(s) >> 11) * 0x1p-53;
}

static Cell cell_of(DType t, double value) {
    if (dtype_is_float(t)) return (Cell){.f = value};
    if (value >= 0x1p63) return (Cell){.i = t == DTYPE_U64 ? -1 : INT64_MAX};
    return (Cell){.i = (int64_t)value};
}

static double held(DType t, Range r, double value) {
    value = fmin(fmax(dtype_round(t, value), r.low), r.high);
    if (r.flags & RANGE_INTEGRAL) value = rint(value);
    if (value == 0 && (r.flags & RANGE_NONZERO)) return r.high;
    return value;
}

Cell fill_held(const Variable *variable, double value) {
    return cell_of(variable->shape.dtype, held(variable->shape.dtype, variable->range, value));
}

/* Folds. */

/* The slice of each position of an axis, of two that differ; or of all that do. */
static Fold fold_axis(Search *s, int64_t size, bool whole) {
    if (whole || size <= 1) return (Fold){.held = size};
    uint32_t kind = witness_below(s, 4);
    uint32_t chosen = witness_below(s, (uint32_t)(size < 1 << 30 ? size : 1 << 30));
    uint32_t *at = ARENA_ARRAY(s->run.arena, uint32_t, (size_t)size);
    for (int64_t i = 0; i < size; i++) {
        switch (kind) {
        case 0: at[i] = i & 1; break;
        case 1: at[i] = i >= (size + 1) / 2; break;
        case 2: at[i] = i > 0 && (uint64_t)i == (chosen == 0 ? 1 : chosen); break;
        default: at[i] = i > 0 && (witness_random(s) >> 40 & 1); break;
        }
    }
    int64_t count = 1;
    for (int64_t i = 0; i < size; i++) count = at[i] == 1 ? 2 : count;
    return fold_by(s->run.arena, at, size, count);
}

/* Along the last axis, in turn. */
static Fold fold_in_turn(Search *s, int64_t size) {
    if (size <= 2) return (Fold){.held = size};
    uint32_t *at = ARENA_ARRAY(s->run.arena, uint32_t, (size_t)size);
    for (int64_t i = 0; i < size; i++) at[i] = i & 1;
    return fold_by(s->run.arena, at, size, 2);
}

static Fold fold_alike(Search *s, int64_t size) {
    if (size <= 1) return (Fold){.held = size};
    return fold_by(s->run.arena, ARENA_ARRAY(s->run.arena, uint32_t, (size_t)size), size, 1);
}

/* How a source folds in this trial, for its run: the same whenever it is asked. `rows`: the axis
 * along which nothing does, or -1. */
static bool fold_source(Search *s, Variable *variable, Fill fill, int rows) {
    Tensor *t = &variable->shape;
    if (!eval_shape(s->g, &s->run, variable->v, t)) return false;
    Fold *fold = ARENA_ARRAY(s->run.arena, Fold, MAX_RANK);
    uint64_t kept = s->random;
    s->random = (s->trial + 1) * 0x9e3779b97f4a7c15u ^ variable->v.id * 0xbf58476d1ce4e5b9u;
    if (s->random == 0) s->random = 1;
    int64_t cells = 1;
    for (int d = 0; d < t->rank; d++) {
        if (t->dims[d] >= INT32_MAX) return false;
        if (d == rows || (fill >= FILL_AXES && t->dims[d] <= SMALL_AXIS && cells <= MOST_CELLS)) {
            fold[d] = (Fold){.held = t->dims[d]};
        } else if (fill >= FILL_AXES && cells <= MOST_CELLS) {
            fold[d] = fold_axis(s, t->dims[d], false);
        } else {
            fold[d] = fill == FILL_LAST_AXIS && d == t->rank - 1 ? fold_in_turn(s, t->dims[d])
                                                                 : fold_alike(s, t->dims[d]);
        }
        cells *= fold[d].held;
    }
    s->random = kept;
    t->fold = fold;
    return fold_alloc(&s->run, t);
}

/* Numbers. */

/* A number of the range: huge ranges are narrowed to a scale, since faults that people meet have
 * operands that people have. */
static Range scaled(Search *s, DType t, Range r) {
    static const double scales[] = {1, 10, 100, 1000, 1e4};
    if (!dtype_is_float(t) || r.high - r.low < 1e6) return r;
    uint32_t pick = witness_below(s, 6);
    if (pick == 5) return r;
    double low = fmax(r.low, -scales[pick]), high = fmin(r.high, scales[pick]);
    return low <= high ? range_make(t, dtype_round_up(t, low), dtype_round_down(t, high), r.flags)
                       : r;
}

static uint64_t slice_on(const Tensor *t, int64_t index, unsigned axes) {
    uint64_t parity = 0;
    for (int d = t->rank - 1; d >= 0; d--) {
        if (axes >> d & 1) parity ^= (uint64_t)(index % tensor_held(t, d));
        index /= tensor_held(t, d);
    }
    return parity;
}

static double number(Search *s, const Tensor *t, Range r, Fill fill, unsigned axes, int64_t i) {
    double middle = r.low / 2 + r.high / 2;
    switch (fill) {
    case FILL_LOW: return r.low;
    case FILL_HIGH: return r.high;
    case FILL_MIDDLE: return middle;
    case FILL_ZERO: return 0;
    case FILL_LAST_AXIS: return i & 1 ? r.high : r.low;
    case FILL_AXES: return slice_on(t, i, axes) & 1 ? r.high : r.low;
    case FILL_CORNERS: return witness_below(s, 2) ? r.high : r.low;
    case FILL_UNIFORM: return r.low + (r.high - r.low) * unit(s);
    case FILL_SMALL: return (unit(s) * 2 - 1) * ldexp(1, -(int)witness_below(s, 30));
    case FILL_COUNT: break;
    }
    return middle;
}

/* Rows of a simplex: one 1 in each, or all alike. */
static void fill_rows(Search *s, Variable *variable, const Contract *c, Fill fill) {
    Tensor *t = &variable->shape;
    int64_t length = t->dims[c->axis], inner = 1;
    for (int d = c->axis + 1; d < t->rank; d++) inner *= tensor_held(t, d);
    bool even = c->kind == CONTRACT_SIMPLEX && fill == FILL_MIDDLE;
    for (int64_t i = 0; i < t->count; i++) {
        int64_t at = i / inner % length, row = i / (inner * length);
        int64_t hot = fill == FILL_LOW ? 0 : fill == FILL_HIGH ? length - 1 : row % length;
        double value = even ? dtype_round(t->dtype, 1 / (double)length) : at == hot;
        s->cells.data[variable->first + i] = cell_of(t->dtype, value);
    }
}

static void fill_set(Search *s, Variable *variable, const Contract *c, Fill fill) {
    for (uint32_t i = 0; i < variable->count; i++) {
        uint32_t pick = fill == FILL_LOW    ? 0
                        : fill == FILL_HIGH ? c->value_count - 1
                                            : witness_below(s, c->value_count);
        DType type = variable->shape.dtype;
        s->cells.data[variable->first + i] = cell_of(type, dtype_round(type, c->values[pick]));
    }
}

static void fill_range(Search *s, Variable *variable, Fill fill) {
    const Tensor *t = &variable->shape;
    Range r = scaled(s, t->dtype, variable->range);
    unsigned axes = witness_below(s, 1u << (t->rank > 0 ? t->rank : 1));
    for (uint32_t i = 0; i < variable->count; i++) {
        double value = held(t->dtype, r, number(s, t, r, fill, axes, i));
        s->cells.data[variable->first + i] = cell_of(t->dtype, value);
    }
}

/* Sources. */

/* How a source is filled in a trial: inputs and parameters take the simple patterns in turn, the
 * others are drawn, the same whenever it is asked. */
static Fill choose_fill(const Search *s, Value v) {
    static const Fill first[][2] = {
        {FILL_HIGH, FILL_LAST_AXIS},      {FILL_HIGH, FILL_HIGH},      {FILL_LOW, FILL_LOW},
        {FILL_ZERO, FILL_ZERO},           {FILL_LOW, FILL_HIGH},       {FILL_HIGH, FILL_LOW},
        {FILL_MIDDLE, FILL_MIDDLE},       {FILL_LAST_AXIS, FILL_HIGH}, {FILL_LOW, FILL_LAST_AXIS},
        {FILL_LAST_AXIS, FILL_LAST_AXIS},
    };
    bool is_input = ir_node(s->g, v)->op == OP_INPUT;
    if (s->trial < sizeof first / sizeof first[0]) return first[s->trial][is_input ? 0 : 1];
    uint64_t drawn = ((uint64_t)s->trial << 32 | v.id) * 0x9e3779b97f4a7c15u;
    drawn = (drawn ^ drawn >> 29) * 0xbf58476d1ce4e5b9u;
    return (Fill)((drawn >> 33) % FILL_COUNT);
}

/* What a source may be in the runs that are to show the finding. */
static Range range_of(const Search *s, Value v) {
    /* Of a buffer that changes only what it is in the first call is sure to come up. */
    bool assumed, changes = ir_update(s->g, v) != NULL;
    bool scales = s->options.parameter_scale > 1;
    Range known = changes || scales ? source_range(s->g, &s->options, v, &assumed)
                                    : s->a->facts->range[v.id];
    if (s->run.flushes) known = range_flushed(ir_node(s->g, v)->dtype, known, false);
    return known;
}

static bool is_by_rows(const Contract *c) {
    return c->kind == CONTRACT_SIMPLEX || c->kind == CONTRACT_ONEHOT;
}

bool fill_run(Search *s) {
    for (uint32_t i = 0; i < s->variables.count; i++) {
        Variable *variable = &s->variables.data[i];
        Contract c = ir_contract_of(s->g, variable->v);
        int rows = is_by_rows(&c) ? c.axis : -1;
        if (!fold_source(s, variable, choose_fill(s, variable->v), rows)) return false;
        variable->count = (uint32_t)variable->shape.count;
        Tensor *t = &s->run.values[variable->v.id];
        *t = variable->shape;
        if (variable->first + variable->count > s->cells.count) continue; /* not yet filled */
        for (uint32_t k = 0; k < variable->count; k++)
            t->cells[k] = s->cells.data[variable->first + k];
    }
    return true;
}

bool fill_trial(Search *s, uint32_t trial) {
    /* What is in reach from a scale on is so beyond it; there rounding is less in the way. */
    static const double beyond[] = {1, 1.2, 4};
    s->trial = trial;
    s->options.parameter_scale =
        s->f->scale > 1 ? fmin(s->f->scale * beyond[trial % 3], MARGIN_MOST_SCALE) : 1;
    s->cells.count = 0;
    if (!fill_run(s)) return false;
    for (uint32_t i = 0; i < s->variables.count; i++) {
        Variable *variable = &s->variables.data[i];
        Contract c = ir_contract_of(s->g, variable->v);
        Fill fill = choose_fill(s, variable->v);
        variable->first = s->cells.count;
        for (uint32_t k = 0; k < variable->count; k++)
            vec_push(&s->a->cx->module, &s->cells, ((Cell){0}));
        variable->range = range_of(s, variable->v);
        variable->fixed = is_by_rows(&c) || c.kind == CONTRACT_SET;
        if (is_by_rows(&c)) fill_rows(s, variable, &c, fill);
        else if (c.kind == CONTRACT_SET && c.value_count > 0) fill_set(s, variable, &c, fill);
        else if (range_has_finite(variable->range)) fill_range(s, variable, fill);
        else return false;
    }
    return true;
}
