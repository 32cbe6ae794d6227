/* Regions: what the evaluator makes of them, against numbers worked out by hand, and what is no
 * region. */
#include "ir/build.h"
#include "ir/eval.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/unit/support.h"

typedef struct Case {
    const char *what, *text;
    uint32_t count;
    double expected[8];
} Case;

#define HEAD "graph g(T: 3..3) {\n%1 = constant {data = [1, 2, 3, 4, 5, 6]} : f32[2, 3]\n"
#define STEP "%3 = scan_step {trips = [3]} : i64[]\n"

static const Case cases[] = {
    {"running sums", HEAD "%2 = constant {data = [0, 10]} : f32[2]\n" STEP
     "%4 = scan_carry %2 : f32[2]\n%5 = scan_item %1 %3 {axis = 1} : f32[2]\n"
     "%6 = add %4 %5 : f32[2]\n%7 = scan_final %6 %4 : f32[2]\n"
     "%8 = scan_stack %6 %3 {axis = 1} : f32[2, 3]\nend %3\nresult r = %8\n}",
     6, {1, 3, 6, 14, 19, 25}},
    {"the last carry", HEAD "%2 = constant {data = [0, 10]} : f32[2]\n" STEP
     "%4 = scan_carry %2 : f32[2]\n%5 = scan_item %1 %3 {axis = 1} : f32[2]\n"
     "%6 = sub %5 %4 : f32[2]\n%7 = scan_final %6 %4 : f32[2]\nend %3\nresult r = %7\n}",
     2, {2, -5}},
    {"stacked along the first axis", HEAD "%2 = constant {data = [2]} : f32[]\n" STEP
     "%4 = scan_item %1 %3 {axis = 1} : f32[2]\n%5 = mul %4 %2 : f32[2]\n"
     "%6 = scan_stack %5 %3 {axis = 0} : f32[3, 2]\nend %3\nresult r = %6\n}",
     6, {2, 8, 4, 10, 6, 12}},
    {"two carries change places", HEAD "%2 = constant {data = [1]} : f32[]\n" STEP
     "%4 = scan_carry %2 : f32[]\n%5 = scan_carry %2 : f32[]\n%6 = add %4 %5 : f32[]\n"
     "%7 = scan_final %5 %4 : f32[]\n%8 = scan_final %6 %5 : f32[]\nend %3\n"
     "%9 = mul %7 %8 : f32[]\nresult r = %9\n}",
     1, {15}}, /* 1 1, 1 2, 2 3, 3 5 */
    {"the number of the step, and trips of a variable",
     HEAD "%2 = constant {data = [1]} : f32[]\n%3 = scan_step {trips = [T]} : i64[]\n"
     "%4 = cast %3 {dtype = f32} : f32[]\n%5 = scan_stack %4 %3 {axis = 0} : f32[T]\nend %3\n"
     "%6 = mul %5 %2 : f32[T]\nresult r = %6\n}",
     3, {0, 1, 2}},
    {"a loop in a loop starts anew in each step, and a constant made in it is used outside",
     HEAD "%2 = constant {data = [0]} : f32[]\n" STEP "%4 = scan_carry %2 : f32[]\n"
     "%5 = scan_item %1 %3 {axis = 1} : f32[2]\n%6 = scan_step {trips = [2]} : i64[]\n"
     "%7 = scan_carry %2 : f32[]\n%8 = scan_item %5 %6 {axis = 0} : f32[]\n"
     "%9 = constant {data = [10]} : f32[]\n%10 = mul %7 %9 : f32[]\n%11 = add %10 %8 : f32[]\n"
     "%12 = add %11 %4 : f32[]\n%13 = scan_final %12 %7 : f32[]\n"
     "%14 = scan_stack %11 %6 {axis = 0} : f32[2]\nend %6\n%15 = scan_final %13 %4 : f32[]\n"
     "%16 = scan_stack %14 %3 {axis = 0} : f32[3, 2]\nend %3\n%17 = mul %15 %9 : f32[]\n"
     "%18 = add %16 %17 : f32[3, 2]\n"
     "result r = %18\n}",
     /* carries: 14; then (2 + 14) 10 + 5 + 14 = 179; then (3 + 179) 10 + 6 + 179 = 2005 */
     6, {20051, 20064, 20052, 20215, 20053, 21876}},
};

typedef struct Reading {
    const char *text;
    Graph *g;
} Reading;

static void read_body(Ctx *cx, void *data) {
    Reading *r = data;
    Source *source = source_add(cx, "graph", r->text, strlen(r->text));
    if (source != NULL) r->g = ir_read(cx, source);
}

static void check_values(const Case *c, const Tensor *t) {
    cr_assert_eq(t->count, c->count, "%s", c->what);
    for (uint32_t i = 0; i < c->count; i++) {
        cr_expect_eq(t->cells[i].f, c->expected[i], "%s: element %u is %g, not %g", c->what, i,
                     t->cells[i].f, c->expected[i]);
    }
}

/* Everything, and only what the result needs. */
static void evaluate(Ctx *cx, void *data) {
    const Case *c = data;
    Reading r = {.text = c->text};
    read_body(cx, &r);
    cr_assert_not_null(r.g, "%s: %s", c->what, test_reports(cx));
    Buf broken = buf_make(&cx->session);
    cr_assert(ir_verify(r.g, &broken), "%s: %s", c->what, buf_text(&broken));
    Value result = r.g->results.data[0].value;
    const int64_t dims[] = {3};
    bool *wanted = ARENA_ARRAY(&cx->session, bool, r.g->nodes.count);
    eval_want(r.g, result, wanted);
    for (int part = 0; part < 2; part++) {
        EvalRun run = {.arena = &cx->session, .dims = dims, .wanted = part == 0 ? NULL : wanted};
        eval_prepare(r.g, &run);
        cr_assert_eq(eval_graph(r.g, &run), EVAL_DONE, "%s", c->what);
        check_values(c, &run.values[result.id]);
    }
}

Test(region, by_hand) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Ctx *cx = test_ctx();
        Case c = cases[i];
        cr_assert(ctx_try(cx, evaluate, &c), "%s: %s", c.what, test_reports(cx));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* Two calls in a row: a sum that is kept, and two buffers that are exchanged. */
static void call_twice(Ctx *cx, void *data) {
    (void)data;
    Reading r = {.text = "graph g {\n%1 = buffer {path = s, data = [1]} : f32[]\n"
                         "%2 = buffer {path = a, data = [5]} : f32[]\n"
                         "%3 = buffer {path = b, data = [7]} : f32[]\n%4 = add %1 %2 : f32[]\n"
                         "result r = %4\nupdate %1 = %4\nupdate %2 = %3\nupdate %3 = %2\n}"};
    static const float expected[] = {6, 13, 18};
    read_body(cx, &r);
    cr_assert_not_null(r.g, "%s", test_reports(cx));
    EvalRun runs[3];
    for (int i = 0; i < 3; i++) {
        runs[i] = (EvalRun){.arena = &cx->session};
        eval_prepare(r.g, &runs[i]);
        if (i > 0) eval_next_call(r.g, &runs[i - 1], &runs[i]);
        cr_assert_eq(eval_graph(r.g, &runs[i]), EVAL_DONE);
        cr_expect_eq(runs[i].values[4].cells[0].f, (double)expected[i], "call %d", i);
    }
    cr_expect_not(build_update(r.g, (Value){1}, (Value){2}, SPAN_NONE), "a second update");
    cr_expect_not(build_update(r.g, (Value){4}, (Value){2}, SPAN_NONE), "of no buffer");
    r.g->updates.data[0].buffer = (Value){2};
    cr_expect_not(ir_verify(r.g, NULL));
}

Test(region, calls_in_a_row) {
    Ctx *cx = test_ctx();
    cr_assert(ctx_try(cx, call_twice, NULL), "%s", test_reports(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A site that fails in every step is one event; a loop that is too long runs out of steps. */
static void blame(Ctx *cx, void *data) {
    (void)data;
    Reading r = {.text = "graph g {\n%1 = constant {data = [0, 0, 0]} : f32[3]\n"
                         "%2 = scan_step {trips = [3]} : i64[]\n"
                         "%3 = scan_item %1 %2 {axis = 0} : f32[]\n%4 = log %3 : f32[]\n"
                         "%5 = scan_stack %4 %2 {axis = 0} : f32[3]\nend %2\nresult r = %5\n"
                         "%6 = scan_step {trips = [1000000000000]} : i64[]\nend %6\n}"};
    read_body(cx, &r);
    cr_assert_not_null(r.g, "%s", test_reports(cx));
    EvalRun run = {.arena = &cx->session, .steps = 10000};
    eval_prepare(r.g, &run);
    cr_expect_eq(eval_graph(r.g, &run), EVAL_BUDGET);
    cr_expect_eq(run.events.count, 1);
    cr_expect_eq(run.events.data[0].node.id, 4);
}

Test(region, events_and_budget) {
    Ctx *cx = test_ctx();
    cx->limits.dimension = UINT64_MAX;
    cr_assert(ctx_try(cx, blame, NULL), "%s", test_reports(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

typedef struct Refused {
    const char *text, *report;
} Refused;

#define CARRY "%4 = scan_carry %2 : f32[2]\n"
#define TWO "%2 = constant {data = [0, 10]} : f32[2]\n"

static const Refused refused[] = {
    {HEAD TWO STEP "}", "a region in disorder: the region is not closed"},
    {HEAD TWO STEP CARRY "end %3\n}", "a region in disorder: a region without its finals"},
    {HEAD TWO STEP CARRY "end %4\n}", "expected the innermost open region"},
    {HEAD TWO "end %2\n}", "expected the innermost open region"},
    {HEAD TWO "%3 = scan_carry %2 : f32[2]\n}",
     "a region in disorder: an end of a region stands elsewhere"},
    {HEAD TWO STEP CARRY "%5 = neg %4 : f32[2]\n%6 = scan_final %5 %4 : f32[2]\nend %3\n"
     "%7 = neg %5 : f32[2]\n}", "a region in disorder: an operand out of scope"},
    {HEAD TWO STEP CARRY "%5 = scan_final %4 %4 : f32[2]\n"
     "%6 = scan_stack %5 %3 {axis = 0} : f32[3, 2]\nend %3\n}",
     "a region in disorder: an operand out of scope"},
    {HEAD TWO STEP CARRY "%5 = scan_final %4 %4 : f32[2]\nend %3\nresult r = %4\n}",
     "a region in disorder: a result out of scope"},
    {HEAD TWO STEP CARRY "%5 = scan_carry %4 : f32[2]\n%6 = scan_final %4 %4 : f32[2]\n"
     "%7 = scan_final %4 %5 : f32[2]\nend %3\n}",
     "a region in disorder: a carry starts within its region"},
    {HEAD TWO STEP CARRY "%5 = scan_step {trips = [2]} : i64[]\n"
     "%6 = scan_item %4 %5 {axis = 0} : f32[]\nend %5\n%7 = scan_final %4 %4 : f32[2]\n"
     "%8 = scan_stack %6 %3 {axis = 0} : f32[3]\nend %3\n}",
     "a region in disorder: an operand out of scope"},
    {HEAD TWO STEP CARRY "%5 = scan_final %2 %4 : f32[2]\n%6 = neg %2 : f32[2]\nend %3\n}",
     "a region in disorder: a final is missing, or out of place"},
    {HEAD TWO STEP CARRY "%5 = scan_step {trips = [3]} : i64[]\n"
     "%6 = scan_stack %4 %3 {axis = 0} : f32[3, 2]\nend %5\n%7 = scan_final %4 %4 : f32[2]\n"
     "end %3\n}", "a region in disorder: an end of a region stands elsewhere"},
    {HEAD "%2 = constant {data = [0]} : i64[]\n%3 = scan_item %1 %2 {axis = 1} : f32[2]\n}",
     "`scan_item` needs the step of a scan"},
    {HEAD TWO STEP "%4 = scan_item %1 %3 {axis = 0} : f32[3]\n}",
     "and the result of `constant` [2, 3] together: 3 and 2 differ"},
    {HEAD TWO STEP "%4 = scan_final %2 %2 : f32[2]\n}", "`scan_final` needs a carry"},
    {HEAD TWO STEP CARRY "%5 = scan_stack %4 %3 {axis = 2} : f32[2, 3]\n}",
     "`scan_stack` has an axis beyond those of its result"},
    {HEAD TWO "%3 = scan_step {trips = [2, 2]} : i64[]\n}",
     "`scan_step` takes one dimension for its trips"},
    {HEAD TWO "%3 = scan_step {trips = [0]} : i64[]\n}", "`scan_step` takes no step"},
};

Test(region, refused) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        Ctx *cx = test_ctx();
        Reading r = {.text = refused[i].text};
        ctx_try(cx, read_body, &r);
        cr_expect_null(r.g, "%s", r.text);
        const char *reports = test_reports_short(cx);
        cr_expect_not_null(strstr(reports, refused[i].report), "%s\n%s", r.text, reports);
        cr_expect_eq(cx->diags.errors, 1, "%s", reports);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* Nested too deep to be run: refused where it is built. */
Test(region, depth) {
    Ctx *cx = test_ctx();
    Buf text = buf_make(&cx->session);
    buf_put(&text, "graph g {\n");
    for (int i = 1; i <= 33; i++) buf_printf(&text, "%%%d = scan_step {trips = [1]} : i64[]\n", i);
    buf_put(&text, "}");
    Reading r = {.text = buf_text(&text)};
    ctx_try(cx, read_body, &r);
    cr_expect_null(r.g);
    cr_expect_not_null(strstr(test_reports_short(cx), "34:1: error[NNA0002]: scans are nested"),
                       "%s", test_reports_short(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
