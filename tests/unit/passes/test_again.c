/* The same graph under other options: facts of their own, and nothing else. */
#include "frontend/lower.h"
#include "frontend/parse.h"
#include "passes/pass.h"
#include "tests/unit/support.h"

static const char model[] = "nna 1\n"
                            "model M(x: f32[4] in [0, 1]) -> (y: f32[4], z: f32[4]) {\n"
                            "  param free: f32[4]\n"
                            "  param wide: f32[4] init normal(0.0, 1.0)\n"
                            "  param held: f32[4] in [-2, 2]\n"
                            "  buffer kept: f32[4] init ones\n"
                            "  let y = exp(wide * held) + free\n"
                            "  let z = log(x + 0.5 * kept)\n"
                            "  return y, z\n"
                            "}\n";

static Graph *graph_of(Ctx *cx, const char *text) {
    static const LowerOptions lowering = {0};
    Source *source = source_add(cx, "m.nna", text, strlen(text));
    Models models = lower_file(cx, parse_file(cx, source), &lowering);
    cr_assert_eq(models.list.count, 1);
    return models.list.data[0];
}

static Range range_of(const Facts *facts, const char *name) {
    const Graph *g = facts->graph;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Name own = g->nodes.data[id].name;
        if (own.id != 0 && strcmp(names_text(&g->cx->names, own), name) == 0)
            return facts->range[id];
    }
    cr_assert_fail("no `%s`", name);
    return facts->range[0];
}

static const Analysis *again(Ctx *cx, Graph *g, const AnalysisOptions *options) {
    const Analysis before = {.cx = cx, .graph = g, .backward_from = g->nodes.count};
    return analyse_again(&before, options);
}

Test(again, repeats_the_analysis) {
    Ctx *cx = test_ctx();
    Graph *g = graph_of(cx, model);
    /* Parameters that are stated have no margin, which would add to the facts. */
    static const AnalysisOptions options = {
        ANALYSIS_FULL, .has_assumed_params = true, .param_low = -1, .param_high = 1};
    const Facts *facts = analyse(cx, g, &options, NULL, false, NULL);
    uint32_t reports = cx->diags.list.count;
    cr_expect_gt(reports, 0);
    const Analysis *a = again(cx, g, &options);
    cr_expect_eq(cx->diags.list.count, reports);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Range own = a->facts->range[id], first = facts->range[id];
        cr_expect(own.low == first.low && own.high == first.high && own.flags == first.flags);
    }
    cr_expect_eq(a->facts->proved, facts->proved);
    cr_expect_eq(a->facts->possible, facts->possible + facts->confirmed);
    cr_expect_eq(a->findings.count, a->facts->possible);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(again, scales_what_is_assumed_and_trained) {
    Ctx *cx = test_ctx();
    Graph *g = graph_of(cx, model);
    const Facts *f = again(cx, g, &(AnalysisOptions){.parameter_scale = 8})->facts;
    cr_expect_eq(range_of(f, "free").high, 8);
    cr_expect_eq(range_of(f, "free").low, -8);
    cr_expect_eq(range_of(f, "wide").high, 72);
    cr_expect_eq(range_of(f, "held").high, 2);
    cr_expect_eq(range_of(f, "kept").high, 1);
    cr_expect_eq(range_of(f, "x").high, 1);
    const AnalysisOptions stated = {
        .parameter_scale = 8, .has_assumed_params = true, .param_low = -3, .param_high = 3};
    f = again(cx, g, &stated)->facts;
    cr_expect_eq(range_of(f, "free").high, 3);
    cr_expect_eq(range_of(f, "wide").high, 3);
    f = again(cx, g, &(AnalysisOptions){.parameter_scale = 1e300})->facts;
    cr_expect_eq(range_of(f, "free").high, dtype_info[DTYPE_F32].max);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
