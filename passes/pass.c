/* The passes as a table, and the text of facts. */
#include "passes/pass.h"

#include "ir/text.h"
#include "ir/verify.h"
#include "passes/partition.h"

#include <assert.h>
#include <string.h>
#include <time.h>

typedef struct Pass {
    const char *name;
    void (*run)(Analysis *a);
    uint32_t
        requires,
    provides;
} Pass;

static const Pass passes[] = {
#define PASS(name, function, requires, provides, meaning) {name, function, requires, provides},
#include "passes/passes.def"
};

enum { PASS_COUNT = sizeof passes / sizeof passes[0] };

bool pass_exists(const char *name) {
    for (size_t i = 0; i < PASS_COUNT; i++) {
        if (strcmp(passes[i].name, name) == 0) return true;
    }
    return false;
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void verify(Analysis *a, const char *after) {
#ifndef NDEBUG
    Buf broken = buf_make(&a->cx->scratch);
    if (ir_verify(a->graph, &broken)) return;
    diag_say(a->cx, NNA0003, a->graph->span, "the graph is broken after the pass `%s`: %s", after,
             buf_text(&broken));
#else
    (void)a, (void)after;
#endif
}

static void run_pass(Analysis *a, const Pass *pass) {
    assert((pass->requires & ~a->provided) == 0);
    double start = seconds_now();
    pass->run(a);
    a->provided |= pass->provides;
    if (a->time_passes) {
        buf_printf(a->print_to, "%-10s %8.3f ms\n", pass->name, (seconds_now() - start) * 1e3);
    }
    if (a->print_after != NULL && strcmp(a->print_after, pass->name) == 0) {
        if (a->facts != NULL)
            facts_print(a->facts, a->print_to);
        else
            ir_print(a->graph, a->print_to);
    }
    verify(a, pass->name);
}

static bool is_counted(const Graph *g, Value v) {
    const Node *node = ir_node(g, v);
    return op_info[node->op].form != FORM_SPECIAL || node->op == OP_EXPECT;
}

static void count_verdicts(Facts *f) {
    for (uint32_t id = 1; id < f->graph->nodes.count; id++) {
        if (!is_counted(f->graph, (Value){id})) continue;
        for (uint32_t s = f->first_site[id]; s < f->first_site[id + 1]; s++) {
            switch (f->sites[s].verdict) {
            case VERDICT_PROVED:
                f->proved++;
                break;
            case VERDICT_POSSIBLE:
                f->possible++;
                break;
            case VERDICT_CONFIRMED:
                f->confirmed++;
                break;
            case VERDICT_CONSEQUENCE:
                f->consequence++;
                break;
            case VERDICT_GROWTH:
                f->growth++;
                break;
            case VERDICT_NOT_ANALYSED:
                f->not_analysed++;
                break;
            }
        }
    }
}

Facts *analyse(Ctx *cx, Graph *g, const AnalysisOptions *options, const char *print_after,
               bool time_passes, Buf *print_to) {
    Analysis *a = ARENA_NEW(&cx->module, Analysis);
    *a = (Analysis){.cx = cx,
                    .graph = g,
                    .options = options,
                    .arena = &cx->module,
                    .provided = PASS_GRAPH,
                    .print_after = print_after,
                    .print_to = print_to,
                    .time_passes = time_passes};
    for (size_t i = 0; i < PASS_COUNT; i++) run_pass(a, &passes[i]);
    count_verdicts(a->facts);
    return a->facts;
}

const Analysis *analyse_again(const Analysis *a, const AnalysisOptions *changed) {
    Analysis *again = ARENA_NEW(&a->cx->scratch, Analysis);
    *again = (Analysis){.cx = a->cx,
                        .graph = a->graph,
                        .options = changed,
                        .arena = &a->cx->scratch,
                        .provided = PASS_GRAPH,
                        .backward_from = a->backward_from,
                        .update_from = a->update_from};
    for (size_t i = 0; i < PASS_COUNT; i++) {
        if (passes[i].provides & (PASS_TERMS | PASS_RANGES)) run_pass(again, &passes[i]);
    }
    count_verdicts(again->facts);
    return again;
}

Analysis *analyse_other(Ctx *cx, Graph *g, const AnalysisOptions *options, Arena *arena) {
    Analysis *a = ARENA_NEW(arena, Analysis);
    *a = (Analysis){
        .cx = cx, .graph = g, .options = options, .arena = arena, .provided = PASS_GRAPH};
    for (size_t i = 0; !(a->provided & PASS_RANGES); i++) run_pass(a, &passes[i]);
    count_verdicts(a->facts);
    return a;
}

static const char *const verdict_words[] = {
    [VERDICT_PROVED] = "proved",       [VERDICT_POSSIBLE] = "possible",
    [VERDICT_CONFIRMED] = "confirmed", [VERDICT_CONSEQUENCE] = "consequence",
    [VERDICT_GROWTH] = "growth",       [VERDICT_NOT_ANALYSED] = "not analysed",
};

/* ", 2 proved, confirmed" */
static void print_verdicts(const Facts *facts, uint32_t id, Buf *out) {
    uint32_t counts[VERDICT_NOT_ANALYSED + 1] = {0};
    for (uint32_t s = facts->first_site[id]; s < facts->first_site[id + 1]; s++) {
        counts[facts->sites[s].verdict]++;
    }
    for (int verdict = 0; verdict <= VERDICT_NOT_ANALYSED; verdict++) {
        if (counts[verdict] == 0) continue;
        buf_put(out, ", ");
        if (counts[verdict] > 1) buf_printf(out, "%u ", counts[verdict]);
        buf_put(out, verdict_words[verdict]);
    }
}

/* "      axis 1: 0..2 [0, 1], 2..N {0}" for each axis that is cut. */
static void print_parts(const Facts *facts, uint32_t id, Buf *out) {
    const Graph *g = facts->graph;
    const Partition *p = facts->parts[id];
    for (uint8_t a = 0; p != NULL && a < MAX_RANK; a++) {
        if (p->axis[a].count > 0) buf_printf(out, "      axis %u:", (unsigned)a);
        for (uint32_t i = 0; i < p->axis[a].count; i++) {
            const Part *part = &p->axis[a].part[i];
            buf_put(out, i == 0 ? " " : ", ");
            dim_print(g->dims, part->begin, &g->cx->names, out);
            buf_put(out, "..");
            dim_print(g->dims, part->end, &g->cx->names, out);
            buf_put_char(out, ' ');
            range_print(part->range, g->nodes.data[id].dtype, out);
        }
        if (p->axis[a].count > 0) buf_put_char(out, '\n');
    }
}

void facts_print(const Facts *facts, Buf *out) {
    const Graph *g = facts->graph;
    buf_printf(out, "%s\n", names_text(&g->cx->names, g->name));
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const Node *node = &g->nodes.data[id];
        buf_printf(out, "  %%%u = %s", id, op_info[node->op].spelling);
        if (node->name.id != 0) buf_printf(out, " `%s`", names_text(&g->cx->names, node->name));
        buf_printf(out, " : %s ", dtype_info[node->dtype].spelling);
        range_print(facts->range[id], node->dtype, out);
        if (facts->assumed[id]) buf_put(out, " assumed");
        if (is_counted(g, (Value){id})) print_verdicts(facts, id, out);
        buf_put_char(out, '\n');
        print_parts(facts, id, out);
    }
}
