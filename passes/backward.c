/* The backward pass: for every `minimize` of a `train` section the gradients of its parameters are
 * appended to the graph, where they are bounded and judged as everything else is. A fault there is
 * NNA3015, at the operation whose gradient it is, unless the operation itself is reported.
 *     A trained parameter that no gradient reaches is NNA4005. */
#include "passes/pass.h"

#include "ir/gradient.h"
#include "ir/training.h"

/* Marks the parameters that a gradient reaches; false where one could not be made. */
static bool add_gradients(Analysis *a, const Objective *objective, bool *reached) {
    Graph *g = a->graph;
    uint32_t count = objective->over.count;
    if (ir_is_poison(objective->value) || count == 0) return false;
    Value *out = ARENA_ARRAY(&a->cx->scratch, Value, count);
    bool *flows = ARENA_ARRAY(&a->cx->scratch, bool, count);
    OriginId taken = build_origin(g, objective->span, NAME_NONE, (OriginId){0});
    gradient_build(g, objective->value, count, objective->over.values, taken, SEVERITY_NOTE, out,
                   flows);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = objective->over.values[i].id;
        reached[id] = reached[id] || flows[i];
        if (ir_is_poison(out[i])) return false;
    }
    return true;
}

static void report_unreached(Analysis *a, Value parameter, Span objective) {
    const Node *node = ir_node(a->graph, parameter);
    const char *path = names_text(&a->cx->names, node->name);
    Span place = node->name_span.begin != 0 ? node->name_span : ir_place(a->graph, parameter, NULL);
    Diag *d = diag_new(a->cx, NNA4005, place, "no gradient reaches the parameter `%s`", path);
    diag_label(a->cx, d, objective, "this is minimized, and does not change with it");
    diag_help(a->cx, d, "make it a `buffer` if it is not to be trained");
    d->model = a->graph->name;
    diag_emit(a->cx, d);
}

/* Where parts of the model are missing, so may be what the gradient would flow through. */
static bool has_errors(const Analysis *a) {
    for (uint32_t i = 0; i < a->cx->diags.list.count; i++) {
        const Diag *d = a->cx->diags.list.data[i];
        if (d->severity == SEVERITY_ERROR && !diag_is_numerical(d->code)) return true;
    }
    return false;
}

void pass_backward(Analysis *a) {
    Graph *g = a->graph;
    a->backward_from = g->nodes.count;
    if (!a->options->training || g->trainings.count == 0) return;
    uint32_t end = g->nodes.count;
    bool *reached = ARENA_ARRAY(&a->cx->scratch, bool, end), whole = true;
    bool *used = ARENA_ARRAY(&a->cx->scratch, bool, end); /* else it is NNA4001's matter */
    const Objective *first = NULL;
    for (uint32_t i = 0; i < g->trainings.count; i++) {
        const Training *t = g->trainings.data[i];
        for (uint32_t k = 0; k < t->objectives.count; k++) {
            if (first == NULL) first = &t->objectives.data[k];
            whole = add_gradients(a, &t->objectives.data[k], reached) && whole;
        }
    }
    if (!whole || first == NULL || has_errors(a)) return;
    for (uint32_t i = 0; i < g->results.count; i++) eval_want(g, g->results.data[i].value, used);
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        const Parameter *p = &g->parameters.data[i];
        if (p->trained && used[p->value.id] && !reached[p->value.id]) {
            report_unreached(a, p->value, first->span);
        }
    }
}
