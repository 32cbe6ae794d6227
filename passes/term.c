/* Numbers of equal expressions, and the rules of term.h. */
#include "passes/term_internal.h"

#include "ir/base/hash.h"
#include "ir/nest.h"
#include "passes/pass.h"

#include <string.h>

/* Equal expressions. */

static uint64_t attr_hash(const Attr *a) {
    uint64_t hash = hash_mix((uint64_t)a->kind, a->count);
    switch (a->kind) {
    case ATTR_REAL: {
        uint64_t bits;
        memcpy(&bits, &a->as.real, sizeof bits);
        return hash_mix(hash, bits);
    }
    case ATTR_INTEGER:
    case ATTR_BOOLEAN:
    case ATTR_WORD:
    case ATTR_AXIS:
        return hash_mix(hash, (uint64_t)a->as.integer);
    case ATTR_AXES:
    case ATTR_INTEGERS:
    case ATTR_WINDOW:
        for (uint32_t i = 0; i < a->count; i++) hash = hash_mix(hash, (uint64_t)a->as.integers[i]);
        return hash;
    case ATTR_DIMS:
    case ATTR_PADDING:
        for (uint32_t i = 0; i < a->count; i++) hash = hash_mix(hash, a->as.dims[i].id);
        return hash;
    case ATTR_DTYPE:
        return hash_mix(hash, (uint64_t)a->as.dtype);
    case ATTR_NONE:
    case ATTR_CONTRACT:
    case ATTR_NAME:
    case ATTR_DATA:
        break;
    }
    return hash;
}

static bool attr_equal(const Attr *a, const Attr *b) {
    if (a->kind != b->kind || a->count != b->count) return false;
    switch (a->kind) {
    case ATTR_NONE:
        return true;
    case ATTR_REAL:
        return memcmp(&a->as.real, &b->as.real, sizeof a->as.real) == 0;
    case ATTR_INTEGER:
    case ATTR_BOOLEAN:
    case ATTR_WORD:
    case ATTR_AXIS:
        return a->as.integer == b->as.integer;
    case ATTR_AXES:
    case ATTR_INTEGERS:
    case ATTR_WINDOW:
        for (uint32_t i = 0; i < a->count; i++) {
            if (a->as.integers[i] != b->as.integers[i]) return false;
        }
        return true;
    case ATTR_DIMS:
    case ATTR_PADDING:
        for (uint32_t i = 0; i < a->count; i++) {
            if (!dim_is(a->as.dims[i], b->as.dims[i])) return false;
        }
        return true;
    case ATTR_DTYPE:
        return a->as.dtype == b->as.dtype;
    case ATTR_CONTRACT:
    case ATTR_NAME:
    case ATTR_DATA:
        break;
    }
    return false;
}

static uint64_t node_hash(const Graph *g, const TermFact *facts, Value v) {
    const Node *node = ir_node(g, v);
    uint64_t hash = hash_mix((uint64_t)node->op, node->shape.id);
    hash = hash_mix(hash, (uint64_t)node->dtype);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        hash = hash_mix(hash, facts[ir_operand(g, v, i).id].number);
    }
    for (uint32_t i = 0; i < op_info[node->op].attr_count; i++) {
        hash = hash_mix(hash, attr_hash(ir_attr(g, v, i)));
    }
    return hash;
}

static bool node_equal(const Graph *g, const TermFact *facts, Value v, Value w) {
    const Node *a = ir_node(g, v), *b = ir_node(g, w);
    if (a->op != b->op || a->dtype != b->dtype || a->shape.id != b->shape.id ||
        a->operand_count != b->operand_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->operand_count; i++) {
        if (facts[ir_operand(g, v, i).id].number != facts[ir_operand(g, w, i).id].number)
            return false;
    }
    for (uint32_t i = 0; i < op_info[a->op].attr_count; i++) {
        if (!attr_equal(ir_attr(g, v, i), ir_attr(g, w, i))) return false;
    }
    return true;
}

void pass_terms(Analysis *a) {
    Graph *g = a->graph;
    uint32_t count = g->nodes.count, slots = 16;
    while (slots < 2 * count) slots *= 2;
    a->terms = ARENA_NEW(a->arena, Terms);
    TermFact *facts = a->terms->fact = ARENA_ARRAY(a->arena, TermFact, count);
    uint32_t *table = ARENA_ARRAY(&a->cx->scratch, uint32_t, slots);
    for (uint32_t id = 1; id < count; id++) {
        Value v = {id};
        const OpInfo *info = &op_info[ir_node(g, v)->op];
        facts[id].number = id;
        if (info->form == FORM_REGION) continue; /* two loops, and two carries, are never one */
        if (info->form == FORM_SPECIAL) {
            /* A contract's value is its operand; two sources are never one. */
            if (op_carries(ir_node(g, v)->op)) {
                facts[id].number = facts[ir_operand(g, v, 0).id].number;
            }
            continue;
        }
        uint32_t slot = (uint32_t)node_hash(g, facts, v) & (slots - 1);
        while (table[slot] != 0 && !node_equal(g, facts, v, (Value){table[slot]})) {
            slot = (slot + 1) & (slots - 1);
        }
        if (table[slot] == 0) table[slot] = id;
        facts[id].number = table[slot];
    }
}

/* Shapes of formulas. */

static bool is_input(const Scalar *s) {
    return s == NULL || (s->kind == SCALAR_INPUT && s->index == 0);
}

/* The combiner of a reduction that combines plain elements, else NONE. */
static Combiner plain_reduction(const Graph *g, Value v) {
    const OpInfo *info = &op_info[ir_node(g, v)->op];
    if (info->form != FORM_REDUCE || !is_input(info->body) || !is_input(info->after))
        return COMBINE_NONE;
    return info->combine;
}

static bool is_one(const Graph *g, DimId d) {
    int64_t value;
    return dim_is_constant(g->dims, d, &value) && value == 1;
}

/* Whether a tensor of shape `s`, broadcast to `x`, is constant along `axes` of x and varies with
 * the other axes as x does. `stretched`: it may have the axes at full length. */
static bool stands_beside(const Graph *g, Shape s, Shape x, AxisSet axes, bool stretched) {
    if (s.rank > x.rank) return false;
    for (int i = 0; i < x.rank; i++) {
        bool combined = (axes >> i & 1) != 0;
        int own = i - (x.rank - s.rank);
        if (own < 0) {
            if (!combined && !is_one(g, x.dims[i])) return false;
            continue;
        }
        bool same = dim_is(s.dims[own], x.dims[i]);
        if (combined ? !(is_one(g, s.dims[own]) || (stretched && same)) : !same) return false;
    }
    return true;
}

/* Rules. Each may add to the fact of v, whose operands have theirs. */

static const TermFact *fact_of(const Visit *w, uint32_t i) {
    return &w->facts[operand(w, i).id];
}
static bool finite(Range r) {
    return !(r.flags & RANGE_BAD);
}

static void claim(Visit *w, const char *rule, double low, double high, unsigned flags) {
    DType t = ir_node(w->g, w->v)->dtype;
    w->fact->bound =
        range_make(t, fmax(low, -dtype_info[t].max), fmin(high, dtype_info[t].max), flags);
    w->fact->bounded = true;
    w->fact->rule = rule;
}

/* A contract's value is its operand. */
static void rule_carried(Visit *w) {
    if (!op_carries(ir_node(w->g, w->v)->op)) return;
    uint32_t number = w->fact->number;
    *w->fact = *fact_of(w, 0);
    w->fact->number = number;
    w->fact->bounded = false;
}

/* Contracts that speak of whole rows. */
static void rule_contract(Visit *w) {
    if (op_info[ir_node(w->g, w->v)->op].form != FORM_SPECIAL) return;
    Contract contract = ir_contract_of(w->g, w->v);
    if (contract.kind != CONTRACT_SIMPLEX && contract.kind != CONTRACT_ONEHOT) return;
    w->fact->simplex_along = (AxisSet)(1u << contract.axis);
    if (contract.kind == CONTRACT_ONEHOT) w->fact->one_along = w->fact->simplex_along;
}

/* What is combined of which. No claim by itself. */
static void rule_combination(Visit *w) {
    Combiner combine = plain_reduction(w->g, w->v);
    if (combine != COMBINE_SUM && combine != COMBINE_MAX && combine != COMBINE_MIN) return;
    const Attr *axes = ir_attr(w->g, w->v, (uint32_t)op_attr(ir_node(w->g, w->v)->op, "axis"));
    w->fact->combined = combine;
    w->fact->of = fact_of(w, 0)->number;
    for (uint32_t i = 0; i < axes->count; i++)
        w->fact->axes |= (AxisSet)(1u << axes->as.integers[i]);
    Shape x = ir_shape(w->g, operand(w, 0));
    w->fact->aligned = stands_beside(w->g, ir_shape(w->g, w->v), x, w->fact->axes, false);
}

/* Whether a move has the elements of its operand in their order: a single walk over all. */
static bool keeps_order(Graph *g, Value v) {
    Nest nest;
    if (nest_count(g, v) != 1) return false;
    nest_make(g, v, 0, &nest);
    return nest.out.flat && nest.access[0].flat && nest.access[0].index[0].term_count == 1;
}

/* Whether each dimension of its operand is a last one of the result, whole, or of size 1. */
static bool stretches(Graph *g, Value v) {
    Nest nest;
    Shape x = ir_shape(g, ir_operand(g, v, 0));
    if (nest_count(g, v) != 1) return false;
    nest_make(g, v, 0, &nest);
    for (uint8_t i = 0; i < x.rank && !nest.access[0].flat; i++) {
        const Index *index = &nest.access[0].index[i];
        if (index->from != 0 || !dim_is(index->offset, dim_constant(g->dims, 0))) return false;
        if (index->term_count == 0 && is_one(g, x.dims[i])) continue;
        if (index->term_count != 1 || index->term[0].coefficient != 1) return false;
        uint8_t loop = index->term[0].loop;
        if (loop + x.rank != nest.outer + i || !dim_is(nest.extent[loop], x.dims[i])) return false;
    }
    return !nest.access[0].flat;
}

/* A combination whose reduced axes are put back, as 1 or stretched: moves that keep the order of
 * the elements, or repeat them along the axes that were combined. */
static void rule_realigned(Visit *w) {
    if (op_info[ir_node(w->g, w->v)->op].form != FORM_MOVE ||
        ir_node(w->g, w->v)->operand_count != 1) {
        return;
    }
    const TermFact *from = fact_of(w, 0);
    if (from->combined == COMBINE_NONE) return;
    bool reshaped = keeps_order(w->g, w->v), expanded = from->aligned && stretches(w->g, w->v);
    if (!reshaped && !expanded) return;
    Shape x = ir_shape(w->g, (Value){from->of});
    if (!stands_beside(w->g, ir_shape(w->g, w->v), x, from->axes, expanded)) return;
    w->fact->combined = from->combined;
    w->fact->of = from->of;
    w->fact->axes = from->axes;
    w->fact->aligned = true;
    if (from->bounded) {
        w->fact->bounded = true;
        w->fact->bound = from->bound;
        w->fact->rule = from->rule;
    }
}

/* y = x - max(x) along axes, no x NaN. Claim: where no y is NaN, which the guard of the subtraction
 * holds, y <= 0, and along the axes some y is 0; likewise y = x - min(x) >= 0. Why: the maximum m
 * is one of the x exactly, and finite: an infinite m gives inf - inf where it stands. Subtraction
 * is rounded monotonically, and m - m is +0 exactly (IEEE 754-2019, 6.3). */
static void rule_shifted(Visit *w) {
    if (!ir_is_primitive(w->g, w->v, PRIMITIVE_SUB)) return;
    const TermFact *most = fact_of(w, 1);
    if (!most->aligned || most->of != fact_of(w, 0)->number ||
        range_may_be_nan(w->ranges[operand(w, 0).id]) ||
        ir_node(w->g, w->v)->shape.id != ir_node(w->g, operand(w, 0))->shape.id) {
        return;
    }
    if (most->combined == COMBINE_MAX) {
        claim(w, "shifted", -INFINITY, 0, RANGE_NEGATIVE);
        w->fact->zero_along = most->axes;
    } else if (most->combined == COMBINE_MIN) {
        claim(w, "shifted", 0, INFINITY, RANGE_POSITIVE);
    }
}

/* e = exp(y), y <= 0 with a 0 along axes. Claim: 0 <= e <= 1, and along the axes some e is 1. Why:
 * exp(0) is 1 exactly, and exp stays on its sides of that (anchors in transfer.c). -inf gives 0. */
static void rule_exponential(Visit *w) {
    if (!ir_is_primitive(w->g, w->v, PRIMITIVE_EXP) && !ir_is_primitive(w->g, w->v, PRIMITIVE_EXP2))
        return;
    if (fact_of(w, 0)->zero_along == 0) return;
    claim(w, "exponential", 0, 1, 0);
    w->fact->one_along = fact_of(w, 0)->zero_along;
}

/* s = sum(e) along at least the axes along which some e is 1, all e >= 0. Claim: s >= 1. Why: a
 * rounded sum of numbers that are not negative is at least each of them, in any order, since every
 * addition is monotone and x + 0 is x. */
static void rule_sum(Visit *w) {
    if (plain_reduction(w->g, w->v) != COMBINE_SUM) return;
    AxisSet ones = fact_of(w, 0)->one_along;
    if (ones == 0 || (ones & ~w->fact->axes) != 0) return;
    claim(w, "sum", 1, INFINITY, RANGE_POSITIVE);
}

static double most_elements(const Graph *g, Shape x, AxisSet axes) {
    double count = 1;
    for (int i = 0; i < x.rank; i++) {
        int64_t low, high;
        dim_bounds(g->dims, x.dims[i], &low, &high);
        if (axes >> i & 1) count *= (double)high;
    }
    return count;
}

/* p = x / sum(x) along axes, x >= 0 and the sum not 0. Claim: 0 <= p <= 1; they sum to 1 within
 * 1e-3 where 2 n u is below that. Why: the rounded sum is at least each x (rule_sum), so the
 * quotient is at most 1, and rounds to at most 1; the sum is within (n - 1) u of the exact one,
 * relatively, and each quotient within u. */
static void rule_quotient(Visit *w) {
    if (!ir_is_primitive(w->g, w->v, PRIMITIVE_DIV)) return;
    const TermFact *sum = fact_of(w, 1);
    Range x = w->ranges[operand(w, 0).id];
    if (!sum->aligned || sum->combined != COMBINE_SUM || sum->of != fact_of(w, 0)->number ||
        !finite(x) || x.low < 0 ||
        ir_node(w->g, w->v)->shape.id != ir_node(w->g, operand(w, 0))->shape.id) {
        return;
    }
    claim(w, "quotient", 0, 1, 0);
    DType t = ir_node(w->g, w->v)->dtype;
    double n = most_elements(w->g, ir_shape(w->g, w->v), sum->axes);
    if (2 * n * ldexp(1, -dtype_info[t].precision) <= 1e-3) w->fact->simplex_along = sum->axes;
}

/* In this order: later ones use what earlier ones found. */
static void (*const rules[])(Visit *) = {
    rule_carried, rule_contract,    rule_combination, rule_realigned,
    rule_shifted, rule_exponential, rule_sum,         rule_quotient,
};

void term_visit(Terms *terms, Graph *g, const Range *ranges, Value v) {
    Visit w = {.g = g, .facts = terms->fact, .ranges = ranges, .v = v, .fact = &terms->fact[v.id]};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) rules[i](&w);
    position_visit(terms, g, ranges, v);
}

/* One value with itself. Claims, for finite x: x * x is not negative; x - x is 0; x / x is 1 where
 * x is not 0. Why: exact results are not changed by rounding, and rounding keeps signs. */
bool term_same_operands(Primitive p, DType type, Range x, Range *out) {
    if (!finite(x) || !dtype_is_float(type)) return false;
    if (p == PRIMITIVE_MUL)
        *out = range_make(type, 0, dtype_info[type].max, RANGE_POSITIVE);
    else if (p == PRIMITIVE_SUB)
        *out = range_make(type, 0, 0, 0);
    else if (p == PRIMITIVE_DIV)
        *out = range_make(type, 1, 1, 0);
    else
        return false;
    return true;
}
