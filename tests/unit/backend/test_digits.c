/* The digits example, from its text to its answers: native code and evaluator give the same bits
 * for scanned digits, each value that the evaluator meets lies in the range that the analysis
 * gave it, and the answers are right. */
#include "tests/unit/backend/codegen_support.h"

#include "backend/rt/nna_rt_internal.h"
#include "frontend/lower.h"
#include "frontend/weights.h"
#include "passes/pass.h"

#define EXAMPLE NNA_TESTS_DIR "/../examples/digits/"

enum { IMAGES = 16, PIXELS = 8 * 8, DIGITS = 10 };

static Graph *read_model(Ctx *cx) {
    Source *source = source_read(cx, EXAMPLE "digits.nna");
    cr_assert_not_null(source, "%s", test_reports(cx));
    Models models = lower_file(cx, parse_file(cx, source), &(LowerOptions){0});
    cr_assert_eq(models.list.count, 1);
    Graph *g = models.list.data[0];
    const Weights *weights = weights_read(cx, EXAMPLE "digits.safetensors");
    cr_assert_not_null(weights, "%s", test_reports(cx));
    weights_bind(g, weights);
    cr_assert_eq(cx->diags.list.count, 0, "%s", test_reports(cx));
    return g;
}

/* The first elements of an array. */
static void read_array(const char *path, int32_t dtype, void *out, size_t bytes) {
    char words[256] = "";
    nna_rt_text text = {.data = words, .size = sizeof words};
    nna_rt_array array;
    cr_assert(nna_rt_npy_read(path, &array, &text), "%s", words);
    cr_assert_eq(array.dtype, dtype);
    cr_assert(array.rank >= 1 && array.dims[0] >= IMAGES);
    memcpy(out, array.data, bytes);
    free(array.data);
}

/* The outputs of the binary against the evaluator's, which are its arithmetic, bit for bit. */
static void compare_answers(const Graph *g, const EvalRun *run, const Call *call) {
    const Tensor *expected = &run->values[g->results.data[0].value.id];
    cr_assert_eq(expected->count, IMAGES * DIGITS);
    uint32_t different = 0;
    double most = 0;
    for (int64_t k = 0; k < expected->count; k++) {
        Cell found = cell_load(expected->dtype, call->outputs[0], k);
        different += !cells_equal(expected->dtype, found, expected->cells[k]);
        most = fmax(most, fabs(found.f - expected->cells[k].f));
    }
    cr_expect_eq(different, 0, "%u answers differ, by %g at most", different, most);
}

/* Of every node; ranges hold while no condition fails. */
static void check_ranges(Graph *g, const Facts *facts, const EvalRun *run) {
    uint32_t checked = 0;
    cr_expect_eq(run->events.count, 0);
    for (uint32_t id = 0; id < g->nodes.count; id++) {
        const Tensor *t = &run->values[id];
        if (t->dtype == DTYPE_NONE) continue;
        checked++;
        for (int64_t k = 0; k < t->count; k++) {
            double x = dtype_is_float(t->dtype) ? t->cells[k].f : (double)t->cells[k].i;
            if (range_holds(facts->range[id], x)) continue;
            cr_expect(false, "value %u, `%s`, element %lld: %a is outside of [%a, %a]", id,
                      op_info[ir_node(g, (Value){id})->op].spelling, (long long)k, x,
                      facts->range[id].low, facts->range[id].high);
            break;
        }
    }
    cr_expect_eq(checked, g->nodes.count - 1u); /* 0 stands for no value */
}

static void check_labels(const Call *call) {
    int64_t labels[IMAGES];
    const float *prob = call->outputs[0];
    int right = 0;
    read_array(EXAMPLE "labels.npy", NNA_RT_I64, labels, sizeof labels);
    for (int i = 0; i < IMAGES; i++) {
        int best = 0;
        for (int d = 1; d < DIGITS; d++) {
            if (prob[i * DIGITS + d] > prob[i * DIGITS + best]) best = d;
        }
        right += best == labels[i];
    }
    cr_expect_geq(right, IMAGES - 1);
}

Test(digits, native_and_evaluator_agree_within_the_ranges) {
    Ctx *cx = test_ctx();
    Graph *g = read_model(cx);
    Facts *facts = analyse(cx, g, &(AnalysisOptions){ANALYSIS_FULL}, NULL, false, NULL);
    cr_assert_eq(cx->diags.list.count, 0, "%s", test_reports(cx));
    CodegenRequest request = {.graph = g, .facts = facts, .kind = EMIT_OBJECT, .optimise = 2};
    Native native = native_open(&request);
    const int64_t variables[1] = {IMAGES};
    Call call = call_make(g, &native, variables);
    read_array(EXAMPLE "images.npy", NNA_RT_F32, call.inputs[0],
               sizeof(float) * IMAGES * PIXELS);
    cr_assert_eq(native.model->run(&call.call), 0);
    EvalRun run = {.arena = &cx->session, .dims = variables};
    evaluate(g, &run, &call);
    compare_answers(g, &run, &call);
    check_ranges(g, facts, &run);
    check_labels(&call);
    native_close(&native);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
