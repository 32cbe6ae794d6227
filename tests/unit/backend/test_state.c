/* Buffers with updates in native code: five calls, each on what the one before it left, give what
 * the evaluator gives, bit for bit; a call that trips changes nothing, and what is written from
 * outside is held against what the model was checked for. */
#include "tests/unit/backend/codegen_support.h"

#include "backend/rt/nna_rt_internal.h"
#include "frontend/lower.h"
#include "frontend/parse.h"
#include "passes/pass.h"

enum { CALLS = 5 };

static const char *const models[] = {
    /* Sums and counts, of each kind of number; integers wrap. */
    "model M(x: f32[N, 2] in [-4, 4]) -> (y: f32[2], n: i64[], w: i8[3]) {\n"
    "  buffer total: f32[2] init zeros  buffer calls: i64[] init zeros\n"
    "  buffer wide: f64[2] init constant(0.1)  buffer half: f16[2] init constant(0.3)\n"
    "  buffer small: i8[3] init constant(90)  buffer on: bool[] init zeros\n"
    "  update total = 0.75 * total + 0.25 * mean(x, axis: 0)  update calls = calls + 1\n"
    "  update wide = wide * 1.1 + cast(total, f64)\n"
    "  update half = half * 0.9 + cast(sum(x, axis: 0), f16)\n"
    "  update small = small + cast(calls, i8) * 20  update on = not on\n"
    "  return total + cast(wide, f32) + cast(half, f32) + cast(on, f32), calls, small\n}\n",
    /* Old values are read and given away; new ones are results, inputs, constants, each other. */
    "model M(x: f32[3] in [-4, 4]) -> (a: f32[3], b: f32[3], c: f32[3], d: f32[3]) {\n"
    "  buffer p: f32[3] init zeros  buffer q: f32[3] init ones  buffer r: f32[3] init zeros\n"
    "  buffer s: f32[3] init zeros  buffer t: f32[1, 3] init zeros  buffer never: f32[] init ones\n"
    "  let z = x * 2 + p\n"
    "  update p = q  update q = r  update r = x  update s = z  update t = reshape(z, [1, 3])\n"
    "  update never = 7.0\n"
    "  return z, z, p, s + reshape(t, [3])\n}\n",
    /* Through a loop, and in blocks that are called twice. */
    "block Smooth(x: f32[N, D]) -> f32[N, D] {\n"
    "  buffer mean: f32[D] init zeros\n"
    "  update mean = 0.5 * mean + 0.5 * sum(x, axis: 0) / 7\n"
    "  return x - mean\n}\n"
    "model M(x: f32[N, 4] in [-4, 4]) -> (y: f32[N, 4], last: f32[4]) {\n"
    "  buffer h: f32[4] init zeros\n"
    "  let a = Smooth(x)  let b = Smooth(sin(a))\n"
    "  let (state, _) = scan row in b with s = h { let n = tanh(s * 0.5 + row) yield n, n }\n"
    "  update h = state\n"
    "  return b, state\n}\n",
};

typedef struct Instance {
    Graph *g;
    Native native;
    nna_rt_state state;
    nna_rt_session session;
    char words[1024];
    nna_rt_text text;
} Instance;

static Graph *graph_of(Ctx *cx, const char *model) {
    const char *text = arena_format(&cx->session, "nna 1\n%s", model);
    Source *source = source_add(cx, "state.nna", text, (uint32_t)strlen(text));
    Models all = lower_file(cx, parse_file(cx, source), &(LowerOptions){0});
    cr_assert_eq(cx->diags.errors, 0u, "%s", test_reports(cx));
    Graph *g = all.list.data[0];
    for (uint32_t i = 0; i < g->updates.count; i++) {
        cr_assert(build_start(g, g->updates.data[i].buffer), "buffer %u", i);
    }
    return g;
}

/* Guarded where the analysis leaves something open, or not at all. */
static Instance *instance_open(Ctx *cx, const char *model, bool guarded) {
    Instance *n = ARENA_NEW(&cx->session, Instance);
    n->g = graph_of(cx, model);
    CodegenRequest request = {.graph = n->g, .kind = EMIT_OBJECT, .guards = GUARDS_NONE};
    if (guarded) {
        request.facts = analyse(cx, n->g, &(AnalysisOptions){0}, NULL, false, NULL);
        request.guards = GUARDS_UNPROVEN;
    }
    n->native = native_open(&request);
    n->text = (nna_rt_text){n->words, sizeof n->words, 0};
    cr_assert_eq(nna_rt_state_open(n->native.model, &n->state, &n->text), NNA_RT_DONE);
    cr_assert_eq(nna_rt_session_open(&n->state, &n->session, &n->text), NNA_RT_DONE);
    for (uint32_t i = 0; i < n->native.model->variable_count; i++) n->session.variables[i] = 3;
    cr_assert_eq(nna_rt_session_size(&n->session, &n->text), NNA_RT_DONE, "%s", n->words);
    cr_assert_eq(nna_rt_session_allocate(&n->session, true, &n->text), NNA_RT_DONE);
    return n;
}

static void instance_close(Instance *n) {
    nna_rt_session_close(&n->session);
    nna_rt_state_close(&n->state);
    native_close(&n->native);
}

static int instance_call(Instance *n, nna_rt_call *call) {
    *call = nna_rt_call_of(&n->session);
    int status = nna_rt_session_run(&n->session, call, &n->text);
    if (status == NNA_RT_DONE) nna_rt_state_commit(&n->state);
    return status;
}

static void expect_equal(const char *what, uint32_t number, int round, const Tensor *t,
                         const void *found) {
    for (int64_t k = 0; k < t->count; k++) {
        Cell cell = cell_load(t->dtype, found, k);
        cr_expect(cells_equal(t->dtype, cell, t->cells[k]),
                  "call %d, %s %u[%lld]: native %a %lld, evaluator %a %lld", round, what, number,
                  (long long)k, cell.f, (long long)cell.i, t->cells[k].f,
                  (long long)t->cells[k].i);
    }
}

/* One call of both, on inputs drawn here. */
static void step(Instance *n, int round, const EvalRun *before, EvalRun *run, uint64_t *random) {
    Graph *g = n->g;
    eval_prepare(g, run);
    if (before != NULL) eval_next_call(g, before, run);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Tensor *t = &run->values[g->inputs.data[i].id];
        cr_assert(eval_tensor(g, run, g->inputs.data[i], t));
        char *bytes = arena_alloc(&g->cx->session, (size_t)t->count, dtype_info[t->dtype].bytes);
        for (int64_t k = 0; k < t->count; k++) {
            t->cells[k].f = (double)(int64_t)(random_bits(random) % 801) / 100 - 4;
            t->cells[k].f = dtype_round(t->dtype, t->cells[k].f);
            cell_store(t->dtype, bytes, k, t->cells[k]);
        }
        n->session.inputs[i] = bytes;
    }
    cr_assert_eq(eval_graph(g, run), EVAL_DONE);
    nna_rt_call call;
    cr_assert_eq(instance_call(n, &call), NNA_RT_DONE, "%s", n->words);
    for (uint32_t i = 0; i < g->results.count; i++) {
        const Tensor *t = &run->values[g->results.data[i].value.id];
        expect_equal("result", i, round, t, n->session.outputs[i]);
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        expect_equal("buffer", i, round, &run->values[g->updates.data[i].next.id],
                     n->state.now[i]);
    }
}

Test(state, five_calls_are_those_of_the_evaluator) {
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        Ctx *cx = test_ctx();
        Instance *n = instance_open(cx, models[m], false);
        EvalRun runs[CALLS];
        uint64_t random = m;
        for (int round = 0; round < CALLS; round++) {
            runs[round] = (EvalRun){.arena = &cx->session, .dims = n->session.variables};
            step(n, round, round == 0 ? NULL : &runs[round - 1], &runs[round], &random);
        }
        nna_rt_state_reset(&n->state); /* the first call once more */
        random = m;
        EvalRun again = {.arena = &cx->session, .dims = n->session.variables};
        step(n, CALLS, NULL, &again, &random);
        instance_close(n);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

static const char guarded_model[] =
    "model M(x: f32[] in [-1, 1]) -> (y: f32[]) {\n"
    "  buffer a: f32[] init ones  buffer b: f32[] in [0, 9] init zeros\n"
    "  buffer flag: f32[] in {0, 2} init zeros\n"
    "  update a = exp(-abs(a))  update b = minimum(b + 1, 9.0)  update flag = 2 - flag\n"
    "  return log(x + a) + b + flag\n}\n";

Test(state, a_call_that_trips_leaves_it_as_it_was) {
    Ctx *cx = test_ctx();
    Instance *n = instance_open(cx, guarded_model, true);
    nna_rt_call call;
    float x = 0.5F, before[2], after[2];
    n->session.inputs[0] = &x;
    cr_assert_eq(instance_call(n, &call), NNA_RT_DONE);
    nna_rt_state_get(&n->state, 0, &before[0]);
    nna_rt_state_get(&n->state, 1, &before[1]);
    cr_expect_eq(before[1], 1.0F); /* exact: counted */
    x = -1;
    cr_expect_eq(instance_call(n, &call), NNA_RT_TRIPPED);
    nna_rt_state_get(&n->state, 0, &after[0]);
    nna_rt_state_get(&n->state, 1, &after[1]);
    cr_expect_arr_eq(before, after, sizeof before);
    x = 0.5F;
    cr_expect_eq(instance_call(n, &call), NNA_RT_DONE);
    nna_rt_state_get(&n->state, 1, &after[1]);
    cr_expect_eq(after[1], 2.0F); /* exact: counted */
    instance_close(n);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* exp(-|a|) of what is in [1/e, 1] is so too: guards were left out because of that. */
Test(state, what_is_written_is_what_was_checked_for) {
    static const struct {
        uint32_t buffer;
        float value;
        bool allowed;
        const char *says;
    } cases[] = {
        {0, 0.5F, true, ""},
        {0, 0.25F, false, "is 0.25, the model was checked for numbers from 0.36"},
        {0, 1, true, ""},
        {0, 1.5F, false, "buffer `a`: element [] is 1.5, the model was checked for numbers from "},
        {0, (float)NAN, false, "is NaN"},
        {0, (float)INFINITY, false, "is inf"},
        {1, 9, true, ""},
        {1, 9.5F, false, "buffer `b`: element [] is 9.5, the contract is in [0, 9]"},
        {1, -1, false, "is -1"},
        {2, 2, true, ""},
        {2, 1, false, "the contract is in {0, 2}"},
    };
    Ctx *cx = test_ctx();
    Instance *n = instance_open(cx, guarded_model, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nna_rt_clear(&n->text);
        cr_expect_eq(nna_rt_state_allows(n->native.model, cases[i].buffer, &cases[i].value,
                                         &n->text), cases[i].allowed, "case %zu", i);
        cr_expect_not_null(strstr(n->words, cases[i].says), "case %zu: %s", i, n->words);
    }
    instance_close(n);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
