/* Operations that are alike share one function: the same operator on the same shapes and element
 * types with the same attributes, guarded in the same way. Deep models repeat their layers, and the
 * code generator's time goes with the number of different ones. */
#include "backend/codegen/emitter.h"

#include "ir/base/hash.h"

#include <string.h>

/* What an attribute comes to, as numbers. Lists are hashed and compared by element. */
static uint64_t attr_word_at(const Attr *a, uint32_t i) {
    uint64_t bits = 0;
    switch (a->kind) {
    case ATTR_INTEGER:
    case ATTR_BOOLEAN:
    case ATTR_WORD:
    case ATTR_AXIS: return (uint64_t)a->as.integer;
    case ATTR_REAL: memcpy(&bits, &a->as.real, sizeof a->as.real); return bits;
    case ATTR_DTYPE: return (uint64_t)a->as.dtype;
    case ATTR_CONTRACT: return a->as.contract.id;
    case ATTR_AXES:
    case ATTR_INTEGERS:
    case ATTR_WINDOW: return (uint64_t)a->as.integers[i];
    case ATTR_DIMS:
    case ATTR_PADDING: return a->as.dims[i].id;
    case ATTR_NAME: /* for people */
    case ATTR_DATA:
    case ATTR_NONE: break;
    }
    return 0;
}

static bool attr_is_list(const Attr *a) {
    return a->kind == ATTR_AXES || a->kind == ATTR_INTEGERS || a->kind == ATTR_WINDOW ||
           a->kind == ATTR_DIMS || a->kind == ATTR_PADDING;
}

static uint32_t attr_words(const Attr *a) {
    return attr_is_list(a) ? a->count : 1;
}

static uint64_t hash_node(const Emitter *e, Value v) {
    const Graph *g = e->graph;
    const Node *node = ir_node(g, v);
    uint64_t hash = hash_seed(e->module);
    hash = hash_mix(hash ^ node->op, (uint64_t)node->dtype << 32 | node->shape.id);
    for (uint32_t k = 0; k < node->operand_count; k++) {
        const Node *operand = ir_node(g, ir_operand(g, v, k));
        hash = hash_mix(hash, (uint64_t)operand->dtype << 32 | operand->shape.id);
    }
    for (uint32_t i = 0; i < op_info[node->op].attr_count; i++) {
        const Attr *a = ir_attr(g, v, i);
        for (uint32_t k = 0; k < attr_words(a); k++) hash = hash_mix(hash, attr_word_at(a, k));
    }
    return hash;
}

static bool same_attr(const Attr *a, const Attr *b) {
    if (a->kind != b->kind || attr_words(a) != attr_words(b)) return false;
    for (uint32_t k = 0; k < attr_words(a); k++) {
        if (attr_word_at(a, k) != attr_word_at(b, k)) return false;
    }
    return true;
}

static bool same_guard(const Emitter *e, int32_t a, int32_t b) {
    if (a == NO_GUARD || b == NO_GUARD) return a == b;
    const Guard *x = &e->guards.data[a], *y = &e->guards.data[b];
    return x->nan_allowed == y->nan_allowed && x->infinite_allowed == y->infinite_allowed;
}

static bool same_type(const Emitter *e, Value a, Value b) {
    const Node *x = ir_node(e->graph, a), *y = ir_node(e->graph, b);
    return x->dtype == y->dtype && x->shape.id == y->shape.id;
}

static bool are_alike(const Emitter *e, Value a, Value b) {
    const Graph *g = e->graph;
    const Node *x = ir_node(g, a), *y = ir_node(g, b);
    if (x->op != y->op || x->operand_count != y->operand_count || !same_type(e, a, b)) return false;
    for (uint32_t k = 0; k < x->operand_count; k++) {
        if (!same_type(e, ir_operand(g, a, k), ir_operand(g, b, k))) return false;
    }
    for (uint32_t i = 0; i < op_info[x->op].attr_count; i++) {
        if (!same_attr(ir_attr(g, a, i), ir_attr(g, b, i))) return false;
    }
    uint32_t sites = e->first_site[a.id + 1] - e->first_site[a.id];
    for (uint32_t s = 0; s < sites; s++) {
        if (!same_guard(e, e->guard_numbers[e->first_site[a.id] + s],
                        e->guard_numbers[e->first_site[b.id] + s])) {
            return false;
        }
    }
    return true;
}

Value twin_find(Emitter *e, Slots *table, Value v) {
    uint32_t hash = (uint32_t)hash_node(e, v), at = slots_first(table, hash), id;
    for (; (id = slots_seek(table, &at, hash)) != 0; at++) {
        if (are_alike(e, v, (Value){id})) return (Value){id};
    }
    slots_add(&e->cx->scratch, table, hash, v.id);
    return v;
}
