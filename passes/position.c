/* Integers against dimensions: which values are a dimension, and which are at most one.
 *
 * An interval knows a symbolic dimension by its smallest and largest size alone, so that it cannot
 * tell that a position which was held below a size is below that size. Each rule recognises a
 * shape, by formulas, and claims what holds in exact arithmetic; integers are exact, as long as
 * nothing wraps, and that has its own guard. */
#include "passes/term_internal.h"

static const DimId unknown = {0};

/* The dimension that every element of an operand is; a constant is one too. */
static DimId equal_of(const Visit *w, uint32_t i) {
    Value x = operand(w, i);
    Range r = w->ranges[x.id];
    if (!dim_is(w->facts[x.id].equal, unknown)) return w->facts[x.id].equal;
    bool point = !(r.flags & RANGE_BAD) && r.low >= r.high && fabs(r.low) < 0x1p53;
    return point ? dim_constant(w->g->dims, (int64_t)r.low) : unknown;
}

/* The dimension that every element of an operand is at most. */
static DimId most_of(const Visit *w, uint32_t i) {
    DimId most = w->facts[operand(w, i).id].most;
    return dim_is(most, unknown) ? equal_of(w, i) : most;
}

/* The larger of two; unknown where either is, or their order. */
static DimId larger(const Visit *w, DimId a, DimId b) {
    if (dim_is(a, unknown) || dim_is(b, unknown)) return unknown;
    if (dim_at_most(w->g->dims, a, b)) return b;
    return dim_at_most(w->g->dims, b, a) ? a : unknown;
}

/* Positions count from 0 up to the size of a dimension. */
static void rule_position(Visit *w) {
    DimId size = ir_positions(w->g, w->v);
    if (dim_is(size, unknown)) return;
    w->fact->most = dim_sub(w->g->dims, size, dim_constant(w->g->dims, 1));
}

/* A sum of ones is their number, which is how a dimension becomes a number at run time. */
static void rule_count(Visit *w) {
    if (w->fact->combined != COMBINE_SUM || w->fact->averaged) return;
    if (ir_node(w->g, w->v)->operand_count != 1) return;
    Range r = w->ranges[operand(w, 0).id];
    if ((r.flags & RANGE_BAD) || r.low < 1 || r.high > 1) return;
    Shape x = ir_shape(w->g, operand(w, 0));
    if (op_info[ir_node(w->g, w->v)->op].form != FORM_REDUCE) return;
    DimId count = dim_constant(w->g->dims, 1);
    for (uint32_t i = 0; i < x.rank; i++) {
        if (w->fact->axes >> i & 1) count = dim_mul(w->g->dims, count, x.dims[i]);
    }
    w->fact->equal = count;
}

static void rule_sum(Visit *w) {
    DimTable *t = w->g->dims;
    bool add = ir_is_primitive(w->g, w->v, PRIMITIVE_ADD);
    if (!add && !ir_is_primitive(w->g, w->v, PRIMITIVE_SUB)) return;
    DimId a = equal_of(w, 0), b = equal_of(w, 1), most = most_of(w, 0);
    DimId other = add ? most_of(w, 1) : b;
    if (!dim_is(a, unknown) && !dim_is(b, unknown)) {
        w->fact->equal = add ? dim_add(t, a, b) : dim_sub(t, a, b);
    } else if (!dim_is(most, unknown) && !dim_is(other, unknown)) {
        w->fact->most = add ? dim_add(t, most, other) : dim_sub(t, most, other);
    }
}

/* The smaller of two numbers is at most what either is. */
static void rule_minimum(Visit *w) {
    if (!ir_is_primitive(w->g, w->v, PRIMITIVE_MINIMUM)) return;
    DimId a = most_of(w, 0), b = most_of(w, 1);
    bool second = dim_is(a, unknown) || (!dim_is(b, unknown) && dim_at_most(w->g->dims, b, a));
    w->fact->most = second ? b : a;
}

static void rule_choice(Visit *w) {
    bool select = ir_is_primitive(w->g, w->v, PRIMITIVE_SELECT);
    if (!select && !ir_is_primitive(w->g, w->v, PRIMITIVE_MAXIMUM)) return;
    w->fact->most = larger(w, most_of(w, select), most_of(w, select + 1u));
}

/* What takes elements as they are: moves, gathers, items and stacks of a loop, other integer types,
 * the largest and the smallest of them. */
static void rule_moved(Visit *w) {
    const OpInfo *info = &op_info[ir_node(w->g, w->v)->op];
    bool cast = ir_is_primitive(w->g, w->v, PRIMITIVE_CAST) &&
                dtype_is_integer(ir_node(w->g, operand(w, 0))->dtype);
    bool chosen = w->fact->combined == COMBINE_MAX || w->fact->combined == COMBINE_MIN;
    bool alone = info->input_count == 1 || info->type == TYPE_GATHER; /* nothing else is put in */
    bool moves = info->form == FORM_MOVE ||
                 (info->form == FORM_REGION && info->type == TYPE_GATHER);
    bool taken = moves && alone &&
                 op_attr(ir_node(w->g, w->v)->op, "value") < 0;
    if (!(chosen && info->form == FORM_REDUCE) && !taken && !cast) return;
    uint32_t count = info->variadic ? ir_node(w->g, w->v)->operand_count : 1;
    DimId most = most_of(w, 0);
    for (uint32_t i = 1; i < count; i++) most = larger(w, most, most_of(w, i));
    w->fact->most = most;
    if (count == 1) w->fact->equal = equal_of(w, 0);
}

static void (*const rules[])(Visit *) = {
    rule_position, rule_count, rule_sum, rule_minimum, rule_choice, rule_moved,
};

void position_visit(Terms *terms, Graph *g, const Range *ranges, Value v) {
    Visit w = {.g = g, .facts = terms->fact, .ranges = ranges, .v = v, .fact = &terms->fact[v.id]};
    if (!dtype_is_integer(ir_node(g, v)->dtype)) return;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) rules[i](&w);
}
