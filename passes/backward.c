/* The backward pass: for every `minimize` of a `train` section the gradients of its parameters are
 * appended to the graph, where they are bounded and judged as everything else is. A fault there is
 * NNA3015, at the operation whose gradient it is, unless the operation itself is reported.
 *     A trained parameter that no gradient reaches is NNA4005.
 *     Behind the gradients stands what each optimizer makes of them (ir/update.h), for all its
 * parameters at once. A fault there is NNA3016, at the line of the train section. */
#include "passes/pass.h"

#include "ir/gradient.h"
#include "ir/update.h"

/* The gradient with respect to a value of what a section minimizes. */
typedef struct Reached {
    Value of, gradient;
} Reached;

typedef struct Backward {
    Analysis *a;
    bool *reached;   /* by value: a parameter to which a gradient flows, in some section */
    Value *gradient; /* by value: of the section that is looked at */
    bool whole;      /* every gradient could be made */
    VEC(Reached) all; /* of one section after the other */
    uint32_t *end;   /* by section: of its own in `all` */
} Backward;

static void add_gradients(Backward *b, const Objective *objective) {
    Graph *g = b->a->graph;
    Arena *arena = &b->a->cx->scratch;
    uint32_t count = objective->over.count;
    if (ir_is_poison(objective->value) || count == 0) b->whole = false;
    if (!b->whole) return;
    Value *out = ARENA_ARRAY(arena, Value, count);
    bool *flows = ARENA_ARRAY(arena, bool, count);
    OriginId taken = build_origin(g, objective->span, NAME_NONE, (OriginId){0});
    gradient_build(g, objective->value, count, objective->over.values, taken, SEVERITY_NOTE, out,
                   flows);
    for (uint32_t i = 0; i < count; i++) {
        Value of = objective->over.values[i], *sum = &b->gradient[of.id];
        b->reached[of.id] = b->reached[of.id] || flows[i];
        b->whole = b->whole && !ir_is_poison(out[i]);
        if (!flows[i]) continue;
        if (ir_is_poison(*sum)) vec_push(arena, &b->all, (Reached){.of = of});
        *sum = update_sum(g, *sum, out[i], objective->maximize, taken);
    }
}

static void add_section(Backward *b, uint32_t section) {
    const Training *t = b->a->graph->trainings.data[section];
    uint32_t first = b->all.count;
    for (uint32_t k = 0; k < t->objectives.count; k++) add_gradients(b, &t->objectives.data[k]);
    b->end[section] = b->all.count;
    for (uint32_t i = first; i < b->all.count; i++) {
        Reached *r = &b->all.data[i];
        r->gradient = b->gradient[r->of.id];
        b->gradient[r->of.id] = VALUE_NONE;
    }
}

/* What the optimizers of all sections do with the gradients. */
static void add_updates(Backward *b) {
    Analysis *a = b->a;
    VEC(UpdateGroup) groups = {0};
    for (uint32_t section = 0; section < a->graph->trainings.count; section++) {
        uint32_t first = section == 0 ? 0 : b->end[section - 1], end = b->end[section];
        for (uint32_t i = first; i < end; i++) {
            b->gradient[b->all.data[i].of.id] = b->all.data[i].gradient;
        }
        UpdateGroups made = update_build(a->graph, a->graph->trainings.data[section], b->gradient);
        for (uint32_t k = 0; k < made.count; k++) {
            vec_push(&a->cx->module, &groups, made.groups[k]);
        }
        for (uint32_t i = first; i < end; i++) b->gradient[b->all.data[i].of.id] = VALUE_NONE;
    }
    a->groups = groups.data;
    a->group_count = groups.count;
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

static void report_all_unreached(const Backward *b, Span objective) {
    Analysis *a = b->a;
    const Graph *g = a->graph;
    bool *used = ARENA_ARRAY(&a->cx->scratch, bool, g->nodes.count); /* else it is NNA4001 */
    for (uint32_t i = 0; i < g->results.count; i++) eval_want(g, g->results.data[i].value, used);
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        const Parameter *p = &g->parameters.data[i];
        if (p->trained && used[p->value.id] && !b->reached[p->value.id]) {
            report_unreached(a, p->value, objective);
        }
    }
}

void pass_backward(Analysis *a) {
    Graph *g = a->graph;
    Arena *arena = &a->cx->scratch;
    uint32_t end = g->nodes.count;
    a->backward_from = a->update_from = end;
    if (!a->options->training || g->trainings.count == 0) return;
    Backward b = {.a = a, .whole = true, .reached = ARENA_ARRAY(arena, bool, end),
                  .gradient = ARENA_ARRAY(arena, Value, end),
                  .end = ARENA_ARRAY(arena, uint32_t, g->trainings.count)};
    const Objective *first = NULL;
    for (uint32_t i = 0; i < g->trainings.count; i++) {
        const Training *t = g->trainings.data[i];
        if (first == NULL && t->objectives.count > 0) first = &t->objectives.data[0];
        add_section(&b, i);
    }
    a->update_from = g->nodes.count;
    if (!b.whole || first == NULL || has_errors(a)) return;
    add_updates(&b);
    report_all_unreached(&b, first->span);
}
