/* Numbers of equal expressions, and the rules of term.h, which other files have. */
#include "passes/term_view.h"

#include "ir/base/hash.h"
#include "passes/pass.h"
#include "passes/transfer.h"

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

bool term_attributes_agree(const Graph *g, Value v, Value w) {
    for (uint32_t i = 0; i < op_info[ir_node(g, v)->op].attr_count; i++) {
        if (!attr_equal(ir_attr(g, v, i), ir_attr(g, w, i))) return false;
    }
    return true;
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
    return term_attributes_agree(g, v, w);
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

/* Rules. Each may add to the fact of v, whose operands have theirs. */

void term_claim(Visit *w, const char *rule, double low, double high, unsigned flags) {
    DType t = ir_node(w->g, w->v)->dtype;
    /* A NaN that an operand is passes through. */
    for (uint32_t i = 0; i < ir_node(w->g, w->v)->operand_count; i++) {
        flags |= w->ranges[operand(w, i).id].flags & RANGE_NAN;
    }
    Range bound =
        range_make(t, fmax(low, -dtype_info[t].max), fmin(high, dtype_info[t].max), flags);
    if (w->fact->bounded) bound = range_meet(t, w->fact->bound, bound);
    if (!range_has_finite(bound)) return; /* no value is left: what fails here is said elsewhere */
    w->fact->bound = bound;
    w->fact->bounded = true;
    w->fact->rule = rule;
}

/* `root`: the primitive that the value is an application of; PRIMITIVE_COUNT: of any value. In this
 * order: later ones use what earlier ones found. */
static const struct TermRule {
    Primitive root;
    void (*apply)(Visit *w);
} rules[] = {
    {PRIMITIVE_COUNT, term_carried},
    {PRIMITIVE_COUNT, term_contract},
    {PRIMITIVE_COUNT, term_combination},
    {PRIMITIVE_COUNT, term_realigned},
    {PRIMITIVE_COUNT, term_turned},
    {PRIMITIVE_COUNT, term_sum},
    {PRIMITIVE_COUNT, term_weighted},
    {PRIMITIVE_COUNT, term_directions},
    {PRIMITIVE_COUNT, term_kept},
    {PRIMITIVE_SUB, term_ordered},
    {PRIMITIVE_SUB, term_variance},
    {PRIMITIVE_SUB, term_shifted},
    {PRIMITIVE_SUB, term_between},
    {PRIMITIVE_ADD, term_between},
    {PRIMITIVE_ADD, term_exponentials},
    {PRIMITIVE_ADD, term_halves},
    {PRIMITIVE_EXP, term_exponential},
    {PRIMITIVE_EXP2, term_exponential},
    {PRIMITIVE_MUL, term_signed},
    {PRIMITIVE_DIV, term_signed},
    {PRIMITIVE_DIV, term_fraction},
    {PRIMITIVE_MUL, term_normalised},
    {PRIMITIVE_DIV, term_normalised},
    {PRIMITIVE_MUL, term_direction},
    {PRIMITIVE_DIV, term_direction},
    {PRIMITIVE_DIV, term_cosine},
    {PRIMITIVE_CAST, term_onehot},
    {PRIMITIVE_DIV, term_quotient},
};

enum { SEARCHED_STEPS = 256 };

/* Sums and products are most of a model: of them a rule needs one of these as an operand. */
static const struct {
    Primitive root, part;
} needed[] = {
    {PRIMITIVE_ADD, PRIMITIVE_MUL},  {PRIMITIVE_ADD, PRIMITIVE_EXP},
    {PRIMITIVE_ADD, PRIMITIVE_EXP2}, {PRIMITIVE_ADD, PRIMITIVE_SIGMOID},
};

static bool has_rule(const Visit *w, Primitive root) {
    bool ruled = false, plain = ir_is_primitive(w->g, w->v, root), needs = false;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        ruled = ruled || rules[i].root == root;
    }
    for (size_t i = 0; plain && ruled && i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].root != root) continue;
        needs = true;
        if (term_fact_of(w, 0)->root == needed[i].part) return true;
        if (term_fact_of(w, 1)->root == needed[i].part) return true;
    }
    return ruled && !needs;
}

/* Of a value that is none by itself: that of what it has the elements of. */
static Primitive root_of(const Visit *w, const OpInfo *info) {
    const Node *node = ir_node(w->g, w->v);
    if (info->form == FORM_EWISE) {
        const Scalar *body = ir_taken(w->g, w->v, info->body);
        return body->kind == SCALAR_APPLY ? (Primitive)body->index : PRIMITIVE_COUNT;
    }
    bool passes = op_carries(node->op) || (info->form == FORM_MOVE && node->operand_count == 1);
    return passes ? (Primitive)term_fact_of(w, 0)->root : PRIMITIVE_COUNT;
}

static void apply_rules(Visit *w, Primitive root) {
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].root == root) rules[i].apply(w);
    }
    /* What a rule says, it says of numbers: NaN stays NaN. */
    for (uint32_t i = 0; w->fact->bounded && i < ir_node(w->g, w->v)->operand_count; i++) {
        w->fact->bound.flags |= w->ranges[operand(w, i).id].flags & RANGE_NAN;
    }
}

static void visit_rules(Visit *w) {
    const OpInfo *info = &op_info[ir_node(w->g, w->v)->op];
    Primitive root = root_of(w, info);
    w->fact->root = (uint8_t)root;
    if (info->form != FORM_EWISE) {
        apply_rules(w, PRIMITIVE_COUNT);
        return;
    }
    if (!dtype_is_float(ir_node(w->g, w->v)->dtype)) return;
    if (root == PRIMITIVE_COUNT || !has_rule(w, root)) return;
    Term whole = term_of(w, w->v), part[2] = {{.s = NULL}, {.s = NULL}};
    int arity = primitive_info[root].arity;
    for (int i = 0; i < arity && i < 2; i++) part[i] = term_part(w, &whole, i);
    w->whole = &whole;
    w->part = part;
    apply_rules(w, root);
}

/* Whether the rules say something else of a value where subnormal numbers are flushed to zero. */
static bool flush_matters(const Visit *w, const TermFact *before) {
    uint32_t fuel = SEARCHED_STEPS;
    bool tiny;
    TermFact fact = *before;
    Visit again = *w;
    again.fact = &fact;
    again.flushes = true;
    again.fuel = &fuel;
    again.tiny = &tiny;
    visit_rules(&again);
    const Range *a = &w->fact->bound, *b = &fact.bound;
    return !fact.bounded || a->low < b->low || a->low > b->low || a->high < b->high ||
           a->high > b->high || a->flags != b->flags;
}

void term_visit(Terms *terms, Graph *g, const Range *ranges, Value v) {
    TermFact *fact = &terms->fact[v.id], before = *fact;
    uint32_t fuel = SEARCHED_STEPS;
    bool tiny = false;
    Visit w = {.g = g, .facts = terms->fact, .ranges = ranges, .v = v, .fact = fact,
               .flushes = terms->flushes, .fuel = &fuel, .tiny = &tiny};
    visit_rules(&w);
    fact->flush_matters = tiny && fact->bounded && !w.flushes && flush_matters(&w, &before);
    position_visit(terms, g, ranges, v);
}

/* One value with itself. Claims, for finite x: x * x is not negative; x - x is 0; x / x is 1 where
 * x is not 0. Why: exact results are not changed by rounding, and rounding keeps signs. */
bool term_same_operands(Primitive p, DType type, Range x, Range *out) {
    if ((x.flags & RANGE_BAD) || !dtype_is_float(type)) return false;
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
