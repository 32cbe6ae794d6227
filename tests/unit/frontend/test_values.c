/* What models compute, by the evaluator, against numbers from elsewhere: every file of
 * tests/golden/values with the numbers in <name>.values beside it, a line for each result,
 *
 *     Model count number number ...
 *
 * which a script with numpy has written (<name>.py). Inputs and parameters are filled alike there
 * and here, and dimension variables are 2, 3, 4, ... */
#include "tests/unit/golden.h"
#include "tests/unit/support.h"

#include "frontend/lower.h"
#include "ir/eval.h"

#include <math.h>
#include <stdlib.h>

enum { FIRST_PARAMETER = 100, FIRST_SIZE = 2 };

typedef struct Example {
    const char *path, *text, *values;
} Example;

static void fill(Tensor *t, int64_t k) {
    for (int64_t i = 0; i < t->count; i++) {
        int64_t at = i * 37 + k * 11;
        if (t->dtype == DTYPE_BOOL) t->cells[i].i = at % 3 != 0;
        else if (dtype_is_float(t->dtype)) t->cells[i].f = (double)(at % 23 - 11) / 8;
        else t->cells[i].i = at % 5 - 2;
    }
}

static void run(Graph *g, EvalRun *run) {
    uint32_t variables = dim_variable_count(g->dims);
    int64_t *dims = ARENA_ARRAY(run->arena, int64_t, variables + 1);
    for (uint32_t i = 0; i < variables; i++) dims[i] = FIRST_SIZE + i;
    run->dims = dims;
    eval_prepare(g, run);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Tensor *t = &run->values[g->inputs.data[i].id];
        cr_assert(eval_tensor(g, run, g->inputs.data[i], t));
        fill(t, i);
    }
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        Tensor *t = &run->values[g->parameters.data[i].value.id];
        cr_assert(eval_tensor(g, run, g->parameters.data[i].value, t));
        fill(t, FIRST_PARAMETER + i);
    }
    cr_assert_eq(eval_graph(g, run), EVAL_DONE);
}

/* Holds a result against the next line of numbers; moves *text behind it. */
static void compare(const char *model, const Tensor *t, const char **text) {
    size_t length = strlen(model);
    cr_assert(strncmp(*text, model, length) == 0 && (*text)[length] == ' ', "%s: at %.20s", model,
              *text);
    char *at;
    int64_t count = strtoll(*text + length, &at, 10);
    cr_assert_eq(count, t->count, "%s: %lld numbers, not %lld", model, (long long)t->count,
                 (long long)count);
    double slack = t->dtype == DTYPE_F16 ? 1e-3 : 2e-5;
    for (int64_t i = 0; i < count; i++) {
        double wanted = strtod(at, &at);
        double found = dtype_is_float(t->dtype) ? t->cells[i].f : (double)t->cells[i].i;
        cr_assert(fabs(found - wanted) <= slack * fmax(1, fabs(wanted)),
                  "%s, before %.20s: element %lld is %.9g, not %.9g", model, at, (long long)i,
                  found, wanted);
    }
    *text = at + strspn(at, "\n");
}

static void examine(Ctx *cx, void *data) {
    Example *e = data;
    Source *source = source_add(cx, e->path, e->text, strlen(e->text));
    Models models = lower_file(cx, parse_file(cx, source), NULL);
    cr_assert_eq(cx->diags.errors, 0, "%s", test_reports(cx));
    cr_assert_gt(models.list.count, 0);
    const char *text = e->values;
    for (uint32_t i = 0; i < models.list.count; i++) {
        Graph *g = models.list.data[i];
        EvalRun once = {.arena = &cx->session};
        run(g, &once);
        for (uint32_t k = 0; k < g->results.count; k++) {
            Value v = g->results.data[k].value;
            compare(names_text(&cx->names, g->name), &once.values[v.id], &text);
        }
    }
    cr_expect_eq(*text, '\0', "more numbers than results: %.40s", text);
}

Test(values, of_models) {
    Ctx *files = test_ctx();
    TestFiles found = test_files(files, "golden/values", ".nna");
    cr_assert_gt(found.paths.count, 0);
    for (uint32_t i = 0; i < found.paths.count; i++) {
        Ctx *cx = test_ctx();
        size_t length = 0;
        Example e = {.path = found.paths.data[i]};
        e.text = test_read(cx, e.path, &length);
        int stem = (int)(strlen(e.path) - strlen(".nna"));
        const char *values = arena_format(&cx->session, "%.*s.values", stem, e.path);
        e.values = test_read(cx, values, &length);
        cr_assert(e.text != NULL && e.values != NULL, "%s", e.path);
        cr_assert(ctx_try(cx, examine, &e), "%s", test_reports(cx));
        ctx_free(cx);
    }
    ctx_free(files);
    NNA_CHECK_LEAKS();
}
