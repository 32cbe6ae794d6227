/* NNA4002 of inputs that are named, but from which no way leads to the outside: to an output, the
 * new value of a buffer, a guard, or what a `train` section minimizes or shows. Inputs that are
 * never named resolve.c reports. */
#include "frontend/lower_internal.h"

#include "ir/eval.h"
#include "ir/training.h"

void note_shape_use(Lower *l, Value v) {
    if (!ir_is_poison(v)) vec_push(&l->cx->scratch, &l->shaped, v);
}

static void want_training(Graph *g, const Training *t, bool *wanted) {
    for (uint32_t i = 0; i < t->objectives.count; i++) {
        eval_want(g, t->objectives.data[i].value, wanted);
    }
    for (uint32_t i = 0; i < t->metrics.count; i++) {
        eval_want(g, t->metrics.data[i].value, wanted);
    }
}

/* What a loop runs over says how many steps it has, whatever the steps do with it. A loop that
 * feeds another one stands before it. */
static void want_steps(Graph *g, bool *wanted) {
    for (uint32_t i = g->regions.count; i-- > 1;) {
        const Region *r = &g->regions.data[i];
        for (uint32_t id = r->first.id; id < r->end && wanted[r->first.id]; id++) {
            if (ir_node(g, (Value){id})->op == OP_SCAN_ITEM) eval_want(g, (Value){id}, wanted);
        }
    }
}

/* What some way to the outside begins with, or whose sizes are taken. */
static bool *wanted_values(Lower *l) {
    Graph *g = l->g;
    bool *wanted = ARENA_ARRAY(&l->cx->scratch, bool, g->nodes.count);
    for (uint32_t i = 0; i < g->results.count; i++) eval_want(g, g->results.data[i].value, wanted);
    for (uint32_t i = 0; i < g->updates.count; i++) eval_want(g, g->updates.data[i].next, wanted);
    for (uint32_t i = 0; i < g->trainings.count; i++) {
        want_training(g, g->trainings.data[i], wanted);
    }
    for (uint32_t i = 0; i < l->shaped.count; i++) eval_want(g, l->shaped.data[i], wanted);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        if (ir_node(g, (Value){id})->op == OP_GUARD) eval_want(g, (Value){id}, wanted);
    }
    want_steps(g, wanted);
    return wanted;
}

/* Whether a report of this code stands there, of a name that is never used. */
static bool is_reported(const Ctx *cx, DiagCode code, Span span) {
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        const Diag *d = cx->diags.list.data[i];
        if (d->code == code && d->primary.span.begin == span.begin) return true;
    }
    return false;
}

/* A name that is never used, and says so or is reported: that is the cause then. */
static bool is_unused_name(const Lower *l, const Node *node) {
    if (node->name.id == 0) return false;
    const char *name = text_of(l, node->name);
    return (name[0] == '_' && name[1] != '\0') || is_reported(l->cx, NNA4003, node->name_span);
}

/* What becomes of the input: the first value that is computed from it; and whether some of it is a
 * name that is never used. */
static bool ends_unused(const Lower *l, Value input, Value *first) {
    const Graph *g = l->g;
    bool *from = ARENA_ARRAY(&l->cx->scratch, bool, g->nodes.count);
    from[input.id] = true;
    *first = VALUE_NONE;
    for (uint32_t id = input.id + 1; id < g->nodes.count; id++) {
        const Node *node = ir_node(g, (Value){id});
        for (uint32_t k = 0; k < node->operand_count && !from[id]; k++) {
            from[id] = from[ir_operand(g, (Value){id}, k).id];
        }
        if (!from[id]) continue;
        if (first->id == 0) *first = (Value){id};
        if (is_unused_name(l, node)) return true;
    }
    return false;
}

static void report(Lower *l, Value input, Value first) {
    const Node *node = ir_node(l->g, input);
    Diag *d = diag_new(l->cx, NNA4002, node->name_span, "input `%s` reaches no output",
                       text_of(l, node->name));
    d->model = l->g->name;
    if (first.id != 0) {
        OriginId via;
        diag_label(l->cx, d, ir_place(l->g, first, &via), "used here, for what is never used");
    } else {
        diag_note(l->cx, d, "what it is handed to does not use it");
    }
    diag_help(l->cx, d, "a name that begins with `_` may be unused");
    diag_emit(l->cx, d);
}

void report_idle_inputs(Lower *l) {
    const Graph *g = l->g;
    const bool *wanted = NULL;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Value v = g->inputs.data[i], first;
        const Node *node = ir_node(g, v);
        if (wanted == NULL) wanted = wanted_values(l);
        if (wanted[v.id] || wanted[0] || text_of(l, node->name)[0] == '_') continue;
        if (is_reported(l->cx, NNA4002, node->name_span)) continue;
        if (!ends_unused(l, v, &first)) report(l, v, first);
    }
}
