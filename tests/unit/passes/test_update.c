/* Random train sections, of random gradients: what the analysis says of the updates holds in runs
 * of the evaluator, over any number of steps. */
#include "ir/build.h"
#include "ir/update.h"
#include "ir/verify.h"
#include "tests/random/trial.h"
#include "tests/unit/support.h"

typedef struct Section {
    Random *random;
    Training t;
} Section;

static double random_setting(Random *random, const SettingInfo *setting) {
    static const double small[] = {0, 1e-30, 1e-8, 1e-4, 0.1, 0.5, 0.9, 0.999, 0.99999999};
    static const double large[] = {1e-8, 1e-3, 0.1, 0.5, 0.98, 1, 1.5, 10, 1e6};
    switch (setting->kind) {
    case SETTING_KIND_BOOLEAN: return random_below(random, 2);
    case SETTING_KIND_INTEGER: return 1 + random_below(random, 50);
    case SETTING_KIND_REAL: break;
    case SETTING_KIND_DTYPE:
    case SETTING_KIND_PATHS: return 0;
    }
    double value = (random_below(random, 2) ? small : large)[random_below(random, 9)];
    return training_allows(setting->domain, value) ? value : 0.5;
}

static TrainingMethod random_method(Random *random, TrainingKind kind) {
    for (;;) {
        TrainingMethod method = (TrainingMethod)random_below(random, TRAINING_METHOD_COUNT);
        if (training_info[method].kind == kind) return method;
    }
}

static void add_call(Ctx *cx, Section *s, TrainingKind kind, ValueSet on) {
    TrainingCall call = {.method = random_method(s->random, kind), .on = on};
    const TrainingInfo *info = &training_info[call.method];
    for (uint32_t i = 0; i < info->setting_count; i++) {
        call.settings[i] = random_setting(s->random, &info->settings[i]);
    }
    vec_push(&cx->module, &s->t.calls, call);
}

static Value input(Graph *g, const char *name, DType type, int64_t size) {
    DimId dim = dim_constant(g->dims, size);
    Contract within = {.kind = CONTRACT_INTERVAL, .low = -1, .high = 1};
    OriginId origin = build_origin(g, SPAN_NONE, NAME_NONE, (OriginId){0});
    return build_input(g, names_intern_text(&g->cx->names, name), SPAN_NONE, type,
                       build_shape(g, SPAN_NONE, 1, &dim), build_contract(g, within), origin);
}

/* Two parameters and their gradients, all of them inputs. */
static void examine(Random *random, Trial *sum) {
    static const DType types[] = {DTYPE_F32, DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64};
    Ctx *cx = test_ctx();
    Graph *g = graph_new(cx, names_intern_text(&cx->names, "Update"), SPAN_NONE);
    DType type = types[random_below(random, 5)];
    Value p[] = {input(g, "p", type, 2), input(g, "q", type, 1)};
    Value d[] = {input(g, "d", type, 2), input(g, "e", type, 1)};
    Value *flows = ARENA_ARRAY(&cx->scratch, Value, g->nodes.count);
    for (int i = 0; i < 2; i++) flows[p[i].id] = d[i];
    Section s = {.random = random, .t = {.steps = 1 + random_below(random, 100)}};
    const ValueSet on = {2, p};
    add_call(cx, &s, TRAINING_KIND_OPTIMIZER, on);
    if (random_below(random, 3) == 0) add_call(cx, &s, TRAINING_KIND_SCHEDULE, on);
    if (random_below(random, 4) == 0) add_call(cx, &s, TRAINING_KIND_CLIP, on);
    if (random_below(random, 4) == 0) add_call(cx, &s, TRAINING_KIND_REGULARIZE, on);
    update_build(g, &s.t, flows);
    Buf broken = buf_make(&cx->session);
    cr_assert(ir_verify(g, &broken), "%s", buf_text(&broken));
    Trial t = {.cx = cx, .g = g, .random = {random_next(random)}};
    trial_vary_contracts(&t);
    const int64_t steps = 1 + random_below(random, (uint32_t)s.t.steps);
    trial_examine(&t, &steps, 4);
    sum->elements += t.elements;
    sum->events += t.events;
    sum->proved += t.proved;
    sum->broken += t.broken;
    ctx_free(cx);
}

Test(update, what_is_proved_holds) {
    Trial sum = {0};
    Random random = {17};
    for (uint32_t round = 0; round < 120; round++) examine(&random, &sum);
    cr_expect_eq(sum.broken, 0);
    cr_expect(sum.events > 50 && sum.proved > 1000 && sum.elements > 10000,
              "%u events, %u proved, %u elements", sum.events, sum.proved, sum.elements);
    NNA_CHECK_LEAKS();
}
