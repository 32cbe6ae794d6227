/* The scales that margin.c gives are where the analysis ends to prove: a little below it does,
 * there it does not. */
#include "frontend/lower.h"
#include "frontend/parse.h"
#include "passes/pass.h"
#include "tests/unit/support.h"

static const char model[] =
    "nna 1\n"
    "model M(x: f32[4] in [-1, 1], y: f32[4] in [1, 2]) -> (r: f32[4]) {\n"
    "  param w: f32[4]\n"
    "  param v: f32[4] init normal(0.0, 0.5)\n"
    "  let a = exp(x * w)\n"
    "  let b = exp(100.0 * x * v)\n"
    "  let c = log(y + 0.25 * w * v)\n"
    "  let d = y / (2.0 + tanh(w) + sin(0.01 * v))\n"
    "  return a + b + c + d\n"
    "}\n";

/* Whether a report stands at this line, in this run. */
static bool reports(const Analysis *a, uint32_t line) {
    for (uint32_t i = 0; i < a->findings.count; i++) {
        const Finding *f = &a->findings.data[i];
        if (place_of(a->cx, ir_place(a->graph, f->node, NULL).begin).line == line)
            return true;
    }
    return false;
}

Test(margin, is_where_the_proof_ends) {
    Ctx *cx = test_ctx();
    static const LowerOptions lowering = {0};
    static const AnalysisOptions options = {ANALYSIS_FULL};
    Source *source = source_add(cx, "m.nna", model, strlen(model));
    Models models = lower_file(cx, parse_file(cx, source), &lowering);
    cr_assert_eq(models.list.count, 1);
    Graph *g = models.list.data[0];
    (void)analyse(cx, g, &options, NULL, false, NULL);
    const Analysis before = {.cx = cx, .graph = g, .backward_from = g->nodes.count};
    uint32_t above = 0, within = 0;
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        const Diag *d = cx->diags.list.data[i];
        if (d->margin == 0) continue;
        uint32_t line = place_of(cx, d->primary.span.begin).line;
        AnalysisOptions scaled = {ANALYSIS_FULL, .parameter_scale = d->margin};
        cr_expect(reports(analyse_again(&before, &scaled), line), "line %u at the scale", line);
        scaled.parameter_scale = d->margin * 0.985;
        cr_expect(!reports(analyse_again(&before, &scaled), line), "line %u below", line);
        if (d->margin > 1) above++;
        else within++;
    }
    cr_expect_eq(above, 2);
    cr_expect_eq(within, 2);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A chain that is too long to be bounded a dozen times, and one that is not. */
static uint32_t notes_of_chain(uint32_t length) {
    Ctx *cx = test_ctx();
    static const LowerOptions lowering = {0};
    static const AnalysisOptions options = {ANALYSIS_FULL};
    Buf text = buf_make(&cx->session);
    buf_put(&text, "nna 1\nmodel C(x: f32[8] in [-1, 1]) -> (y: f32[8]) {\n  param w: f32[8]\n"
                   "  let h0 = x + w\n");
    for (uint32_t i = 1; i <= length; i++) buf_printf(&text, "  let h%u = tanh(h%u)\n", i, i - 1);
    buf_printf(&text, "  return h%u\n}\n", length);
    Source *source = source_add(cx, "m.nna", buf_text(&text), text.length);
    Models models = lower_file(cx, parse_file(cx, source), &lowering);
    (void)analyse(cx, models.list.data[0], &options, NULL, false, NULL);
    uint32_t notes = cx->diags.notes;
    cr_expect_eq(cx->diags.list.count, notes);
    ctx_free(cx);
    return notes;
}

Test(margin, is_left_out_with_a_note) {
    cr_expect_eq(notes_of_chain(29000), 0);
    cr_expect_eq(notes_of_chain(31000), 1);
    NNA_CHECK_LEAKS();
}
