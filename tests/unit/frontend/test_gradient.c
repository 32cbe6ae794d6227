/* `grad` in models, of the operators that are made of others: each result called d_NAME is held
 * against central differences of the first result, in f64, by the evaluator. */
#include "tests/unit/golden.h"
#include "tests/unit/support.h"

#include "frontend/lower.h"
#include "ir/eval.h"
#include "ir/verify.h"

#include <math.h>

enum { MOST_ELEMENTS = 8 };

typedef struct Model {
    Graph *g;
    EvalRun run;
    int64_t dims[8];
} Model;

/* Numbers within the contract of a source; of parameters, in [-1, 1]. Steele, Lea, Flood. */
static double number_at(const Model *m, Value v, int64_t i) {
    uint64_t z = ((uint64_t)v.id << 32 | (uint64_t)i) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    double part = (double)((z ^ (z >> 31)) >> 11) / 0x1p53;
    Contract c = ir_contract_of(m->g, v);
    bool bounded = c.kind == CONTRACT_INTERVAL && isfinite(c.low) && isfinite(c.high);
    return bounded ? c.low + part * (c.high - c.low) : 2 * part - 1;
}

static void fill(Model *m) {
    m->run = (EvalRun){.arena = &m->g->cx->scratch, .dims = m->dims};
    for (uint32_t i = 0; i < 8; i++) m->dims[i] = 2 + i % 3;
    eval_prepare(m->g, &m->run);
    for (uint32_t id = 1; id < m->g->nodes.count; id++) {
        Value v = {id};
        Op op = ir_node(m->g, v)->op;
        if (op_info[op].type != TYPE_SOURCE || op == OP_CONST) continue;
        Tensor *t = &m->run.values[id];
        cr_assert(eval_tensor(m->g, &m->run, v, t));
        for (int64_t i = 0; i < t->count; i++) {
            double x = number_at(m, v, i);
            if (dtype_is_float(t->dtype)) t->cells[i].f = x;
            else t->cells[i].i = (int64_t)floor(x + 0.5);
        }
    }
}

static double run(Model *m) {
    m->run.events.count = 0;
    cr_assert_eq(eval_graph(m->g, &m->run), EVAL_DONE);
    return m->run.values[m->g->results.data[0].value.id].cells[0].f;
}

static Value source_named(const Graph *g, const char *name) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const Node *node = &g->nodes.data[id];
        if (op_info[node->op].type != TYPE_SOURCE || node->op == OP_CONST) continue;
        if (strcmp(names_text(&g->cx->names, node->name), name) == 0) return (Value){id};
    }
    return VALUE_NONE;
}

/* Whether one element agrees; kinks, where the sides differ, are told by *kink. */
static bool agrees(Model *m, Cell *cell, double found, double here, bool *kink) {
    const double h = 1e-6;
    double x = cell->f, at[4];
    for (int i = 0; i < 4; i++) {
        cell->f = x + (i - 2 + (i > 1)) * h; /* -2, -1, 1, 2 */
        at[i] = run(m);
    }
    cell->f = x;
    double left = (here - at[1]) / h, right = (at[2] - here) / h, middle = (left + right) / 2;
    double wide = (at[3] - at[0]) / (4 * h), scale = 1 + fabs(middle) + 1e-3 * fabs(here);
    *kink = fabs(right - left) > 1e-2 * scale;
    return fabs(found - middle) < 1e-5 * scale + fabs(wide - middle);
}

static void print_result(Model *m, const Result *r, Buf *out) {
    const Graph *g = m->g;
    const char *name = names_text(&g->cx->names, r->name);
    uint32_t good = 0, bad = 0, kinks = 0;
    double here = run(m);
    cr_assert(isfinite(here), "%s", name);
    Value x = source_named(g, name + 2);
    cr_assert(memcmp(name, "d_", 2) == 0 && !ir_is_poison(x), "%s", name);
    Tensor *t = &m->run.values[x.id], found = m->run.values[r->value.id];
    cr_assert_eq(found.count, t->count, "%s", name);
    double *kept = ARENA_ARRAY(&g->cx->scratch, double, (size_t)found.count), largest = 0;
    for (int64_t i = 0; i < found.count; i++) {
        kept[i] = found.cells[i].f;
        largest = fmax(largest, fabs(kept[i]));
    }
    for (int64_t i = 0; i < t->count; i += 1 + t->count / MOST_ELEMENTS) {
        bool kink = false, same = agrees(m, &t->cells[i], kept[i], here, &kink);
        if (kink) kinks++;
        else if (same) good++;
        else bad++;
    }
    buf_printf(out, "  %s: %u agree", name, good);
    if (bad > 0) buf_printf(out, ", %u differ", bad);
    if (kinks > 0) buf_printf(out, ", %u at kinks", kinks);
    buf_put(out, largest > 0 ? "\n" : ", all 0\n"); /* exact: nothing flowed */
}

static void print_models(Ctx *cx, Source *source, Buf *out) {
    Models models = lower_file(cx, parse_file(cx, source), NULL);
    for (uint32_t i = 0; i < models.list.count && cx->diags.errors == 0; i++) {
        Model m = {.g = models.list.data[i]};
        Buf broken = buf_make(&cx->session);
        cr_expect(ir_verify(m.g, &broken), "%s", buf_text(&broken));
        buf_printf(out, "%s\n", names_text(&cx->names, m.g->name));
        fill(&m);
        for (uint32_t k = 1; k < m.g->results.count; k++) {
            print_result(&m, &m.g->results.data[k], out);
        }
    }
}

Test(gradient, models) {
    golden_run("gradient", print_models);
    NNA_CHECK_LEAKS();
}
