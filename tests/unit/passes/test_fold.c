/* Runs that fold give bit for bit what runs that do not give: on random graphs of every operator,
 * loops included, whose sources are equal along some of their axes. */
#include "ir/fold.h"
#include "ir/text.h"
#include "tests/random/graph.h"
#include "tests/random/trial.h"
#include "tests/unit/ir/examples.h"
#include "tests/unit/support.h"

typedef struct Tally {
    uint32_t compared, folded, different;
} Tally;

/* A map of the positions to at most three slices, counted in the order of their first positions. */
static Fold random_fold(Random *random, Arena *arena, int64_t size) {
    if (size <= 1 || random_below(random, 4) == 0) return (Fold){.held = size};
    uint32_t *at = ARENA_ARRAY(arena, uint32_t, (size_t)size), most = 0;
    for (int64_t i = 1; i < size; i++) {
        uint32_t drawn = random_below(random, 3);
        if (drawn > most) drawn = ++most;
        at[i] = drawn;
    }
    return fold_by(arena, at, size, (int64_t)most + 1);
}

static bool fill_source(Random *random, const Graph *g, const Facts *facts, Value v,
                        EvalRun *folding, EvalRun *whole) {
    Tensor *t = &folding->values[v.id];
    if (!eval_shape(g, folding, v, t)) return false;
    Fold *fold = ARENA_ARRAY(folding->arena, Fold, MAX_RANK);
    for (int d = 0; d < t->rank; d++) fold[d] = random_fold(random, folding->arena, t->dims[d]);
    t->fold = fold;
    if (!fold_alloc(folding, t)) return false;
    for (int64_t i = 0; i < t->count; i++) {
        if (!random_inside(random, t->dtype, facts->range[v.id], &t->cells[i])) return false;
    }
    whole->values[v.id] = *t;
    return fold_undo(whole, &whole->values[v.id]) == EVAL_DONE;
}

static bool same_event(const EvalEvent *a, const EvalEvent *b) {
    return a->node.id == b->node.id && a->site == b->site;
}

static void compare(const Graph *g, EvalRun *folding, const EvalRun *whole, Tally *tally) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Tensor *x = &folding->values[id];
        const Tensor *y = &whole->values[id];
        if (x->dtype == DTYPE_NONE || y->dtype == DTYPE_NONE) continue;
        tally->folded += x->fold != NULL;
        if (fold_undo(folding, x) != EVAL_DONE) continue;
        bool same = x->count == y->count;
        for (int64_t i = 0; i < x->count && same; i++) {
            bool nan = dtype_is_float(x->dtype) && isnan(x->cells[i].f) && isnan(y->cells[i].f);
            same = nan || x->cells[i].i == y->cells[i].i;
        }
        tally->compared++;
        if (!same && tally->different++ == 0) {
            Buf text = buf_make(&g->cx->session);
            ir_print(g, &text);
            cr_log_warn("%%%u differs, %lld and %lld elements, %a %a:\n%s", id,
                        (long long)x->count, (long long)y->count, x->cells[0].f, y->cells[0].f,
                        buf_text(&text));
        }
    }
    for (uint32_t i = 0; i < whole->events.count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < folding->events.count; k++)
            found = found || same_event(&whole->events.data[i], &folding->events.data[k]);
        tally->different += !found;
    }
}

static void run_both(Ctx *cx, Graph *g, Random *random, Tally *tally) {
    static const AnalysisOptions options = {.training = false};
    const Facts *facts = analyse(cx, g, &options, NULL, false, NULL);
    for (int round = 0; round < 3; round++) {
        EvalRun folding = {.arena = &cx->session, .dims = sizes_by_name(g), .folds = true};
        EvalRun whole = {.arena = &cx->session, .dims = sizes_by_name(g)};
        eval_prepare(g, &folding);
        eval_prepare(g, &whole);
        bool filled = true;
        for (uint32_t id = 1; id < g->nodes.count && filled; id++) {
            Value v = {id};
            if (op_info[ir_node(g, v)->op].type != TYPE_SOURCE || ir_data(g, v) != NULL) continue;
            filled = fill_source(random, g, facts, v, &folding, &whole);
        }
        if (!filled) continue;
        EvalStatus a = eval_graph(g, &folding), b = eval_graph(g, &whole);
        if (a == EVAL_DONE && b == EVAL_DONE) compare(g, &folding, &whole, tally);
        else tally->different += a != b && a != EVAL_BUDGET;
    }
}

Test(fold, random_graphs) {
    Tally tally = {0};
    Random random = {4711};
    for (uint32_t i = 0; i < 150; i++) {
        Ctx *cx = test_ctx();
        Bytes bytes = {.state = random_next(&random)};
        run_both(cx, random_graph(cx, &bytes, 14), &random, &tally);
        ctx_free(cx);
    }
    cr_expect_eq(tally.different, 0);
    cr_expect(tally.compared > 1000 && tally.folded > 300, "%u compared, %u folded", tally.compared,
              tally.folded);
    NNA_CHECK_LEAKS();
}

Test(fold, every_operator) {
    Tally tally = {0};
    Random random = {815};
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        for (uint32_t round = 0; round < 6; round++) {
            Ctx *cx = test_ctx();
            Examples e = {.g = graph_new(cx, names_intern_text(&cx->names, "Example"), SPAN_NONE),
                          .state = random_next(&random),
                          .symbolic = round % 3 == 2};
            uint32_t before = tally.different;
            if (!ir_is_poison(example_make(&e, (Op)op))) run_both(cx, e.g, &random, &tally);
            cr_expect_eq(tally.different, before, "%s", op_info[op].spelling);
            ctx_free(cx);
        }
    }
    cr_expect(tally.compared > 1000 && tally.folded > 300, "%u compared, %u folded", tally.compared,
              tally.folded);
    NNA_CHECK_LEAKS();
}
