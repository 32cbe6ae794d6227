/* Updates of parameters: each optimizer, schedule and way of clipping over some steps, in f64,
 * against the textbook, written here without a look at the table. */
#include "ir/update.h"

#include "ir/eval.h"
#include "ir/verify.h"
#include "tests/unit/ir/examples.h"

#include <math.h>

enum { SIZE = 3, STEPS = 7 };

static const double gradient[SIZE] = {0.5, -2, 0};
static const double parameter[SIZE] = {1.5, 0.25, -3};

/* The state of a textbook, element by element, and the settings in the order of training.def. */
typedef struct Book {
    const double *a;
    int t;
    double m[SIZE], v[SIZE], u[SIZE], b[SIZE];
    double g[SIZE];
    double lr;
} Book;

static void book_sgd(Book *k, double *out) {
    for (int i = 0; i < SIZE; i++) out[i] = k->lr * k->g[i];
}

static void book_momentum(Book *k, double *out) {
    for (int i = 0; i < SIZE; i++) {
        k->m[i] = k->a[1] * k->m[i] + k->g[i];
        out[i] = k->lr * (k->a[2] > 0 ? k->g[i] + k->a[1] * k->m[i] : k->m[i]);
    }
}

static double adam_direction(Book *k, int i) {
    k->m[i] = k->a[1] * k->m[i] + (1 - k->a[1]) * k->g[i];
    k->v[i] = k->a[2] * k->v[i] + (1 - k->a[2]) * k->g[i] * k->g[i];
    double m = k->m[i] / (1 - pow(k->a[1], k->t)), v = k->v[i] / (1 - pow(k->a[2], k->t));
    return m / (sqrt(v) + k->a[3]);
}

static void book_adam(Book *k, double *out) {
    for (int i = 0; i < SIZE; i++) out[i] = k->lr * adam_direction(k, i);
}

static void book_adamw(Book *k, double *out) {
    for (int i = 0; i < SIZE; i++) {
        out[i] = k->lr * adam_direction(k, i) + k->lr * k->a[4] * parameter[i];
    }
}

static void book_rmsprop(Book *k, double *out) {
    for (int i = 0; i < SIZE; i++) {
        k->v[i] = k->a[1] * k->v[i] + (1 - k->a[1]) * k->g[i] * k->g[i];
        k->m[i] = k->a[1] * k->m[i] + (1 - k->a[1]) * k->g[i];
        double variance = k->v[i] - (k->a[4] > 0 ? k->m[i] * k->m[i] : 0);
        k->b[i] = k->a[2] * k->b[i] + k->lr * k->g[i] / sqrt(variance + k->a[3]);
        out[i] = k->b[i];
    }
}

static void book_adagrad(Book *k, double *out) {
    for (int i = 0; i < SIZE; i++) {
        if (k->t == 1) k->v[i] = k->a[1];
        k->v[i] += k->g[i] * k->g[i];
        out[i] = k->lr * k->g[i] / (sqrt(k->v[i]) + k->a[2]);
    }
}

static void book_adadelta(Book *k, double *out) {
    for (int i = 0; i < SIZE; i++) {
        k->v[i] = k->a[1] * k->v[i] + (1 - k->a[1]) * k->g[i] * k->g[i];
        double d = k->g[i] * sqrt(k->u[i] + k->a[2]) / sqrt(k->v[i] + k->a[2]);
        k->u[i] = k->a[1] * k->u[i] + (1 - k->a[1]) * d * d;
        out[i] = k->lr * d;
    }
}

static void book_lamb(Book *k, double *out) {
    double p = 0, d = 0;
    for (int i = 0; i < SIZE; i++) {
        out[i] = adam_direction(k, i) + k->a[4] * parameter[i];
        p += parameter[i] * parameter[i];
        d += out[i] * out[i];
    }
    for (int i = 0; i < SIZE; i++) out[i] *= k->lr * (p > 0 && d > 0 ? sqrt(p) / sqrt(d) : 1);
}

static double clipped_by_value(double g, double most) {
    return g > most ? most : g < -most ? -most : g;
}

static double clipped_by_norm(double g, double most) {
    double norm = 0;
    for (int i = 0; i < SIZE; i++) norm += gradient[i] * gradient[i];
    return norm > most * most ? g * most / sqrt(norm) : g;
}

/* The factor of the learning rate in step t. */
static double scheduled(TrainingMethod method, const double *a, int t) {
    double done = t - 1;
    switch ((int)method) {
    case TRAINING_STEP: return pow(a[1], floor(done / a[0]));
    case TRAINING_EXPONENTIAL: return pow(a[0], a[2] > 0 ? floor(done / a[1]) : done / a[1]);
    case TRAINING_COSINE: return done < a[0] ? (1 + cos(acos(-1) * done / a[0])) / 2 : 0;
    case TRAINING_LINEAR: return done < a[0] ? 1 - done / a[0] : 0;
    case TRAINING_WARMUP: return t < a[0] ? t / a[0] : 1;
    }
    return 1;
}

typedef struct Case {
    TrainingMethod method;
    double settings[TRAINING_MAX_SETTINGS];
    void (*book)(Book *, double *);
    TrainingMethod other; /* a schedule, a clipping or a penalty; SGD: none */
    double other_settings[TRAINING_MAX_SETTINGS];
} Case;

static const Case cases[] = {
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_SGD, {0}},
    {TRAINING_MOMENTUM, {0.1, 0.9, 0}, book_momentum, TRAINING_SGD, {0}},
    {TRAINING_MOMENTUM, {0.1, 0.8, 1}, book_momentum, TRAINING_SGD, {0}},
    {TRAINING_ADAM, {0.01, 0.9, 0.999, 1e-8}, book_adam, TRAINING_SGD, {0}},
    {TRAINING_ADAM, {0.01, 0, 0.5, 0.1}, book_adam, TRAINING_SGD, {0}},
    {TRAINING_ADAMW, {0.01, 0.9, 0.95, 1e-8, 0.1}, book_adamw, TRAINING_SGD, {0}},
    {TRAINING_RMSPROP, {0.01, 0.9, 0, 1e-7, 0}, book_rmsprop, TRAINING_SGD, {0}},
    {TRAINING_RMSPROP, {0.01, 0.9, 0.8, 1e-3, 0}, book_rmsprop, TRAINING_SGD, {0}},
    {TRAINING_RMSPROP, {0.01, 0.9, 0.8, 1e-3, 1}, book_rmsprop, TRAINING_SGD, {0}},
    {TRAINING_ADAGRAD, {0.1, 0.1, 1e-7}, book_adagrad, TRAINING_SGD, {0}},
    {TRAINING_ADADELTA, {1, 0.95, 1e-6}, book_adadelta, TRAINING_SGD, {0}},
    {TRAINING_LAMB, {0.01, 0.9, 0.999, 1e-6, 0.01}, book_lamb, TRAINING_SGD, {0}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_CONSTANT, {0}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_STEP, {3, 0.5}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_EXPONENTIAL, {0.5, 3, 0}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_EXPONENTIAL, {0.5, 3, 1}},
    {TRAINING_RMSPROP, {0.01, 0.9, 0.8, 1e-3, 0}, book_rmsprop, TRAINING_COSINE, {5}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_LINEAR, {4}},
    {TRAINING_ADAM, {0.01, 0.9, 0.999, 1e-8}, book_adam, TRAINING_WARMUP, {4}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_CLIP_NORM, {1}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_CLIP_NORM, {100}},
    {TRAINING_MOMENTUM, {0.1, 0.9, 0}, book_momentum, TRAINING_CLIP_VALUE, {1}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_L1, {0.25}},
    {TRAINING_SGD, {0.1}, book_sgd, TRAINING_L2, {0.25}},
};

static void book_step(const Case *c, Book *k, double *out) {
    TrainingKind kind = training_info[c->other].kind;
    k->t++;
    k->lr = c->settings[0];
    if (kind == TRAINING_KIND_SCHEDULE) k->lr *= scheduled(c->other, c->other_settings, k->t);
    for (int i = 0; i < SIZE; i++) {
        double sign = (parameter[i] > 0) - (parameter[i] < 0), by = c->other_settings[0];
        k->g[i] = gradient[i];
        if (c->other == TRAINING_L1) k->g[i] += by * sign;
        if (c->other == TRAINING_L2) k->g[i] += by * parameter[i];
        if (c->other == TRAINING_CLIP_VALUE) k->g[i] = clipped_by_value(k->g[i], by);
        if (c->other == TRAINING_CLIP_NORM) k->g[i] = clipped_by_norm(k->g[i], by);
    }
    c->book(k, out);
}

static TrainingCall call_of(TrainingMethod method, const double *settings, ValueSet on) {
    TrainingCall call = {.method = method, .on = on};
    for (uint32_t i = 0; i < training_info[method].setting_count; i++) {
        call.settings[i] = settings[i];
    }
    return call;
}

static Value constant(Graph *g, uint32_t count, const double *numbers) {
    DimId size = dim_constant(g->dims, count);
    return build_constant(g, DTYPE_F64, build_shape(g, SPAN_NONE, 1, &size), numbers,
                          count * sizeof *numbers, (OriginId){0});
}

/* The parameter in two parts, which one optimizer takes together, but lamb by themselves. */
static void check_case(Ctx *cx, void *data) {
    const Case *c = data;
    Graph *g = graph_new(cx, NAME_NONE, SPAN_NONE);
    uint32_t first = c->method == TRAINING_LAMB ? SIZE : 2, parts = first == SIZE ? 1 : 2;
    Value p[2] = {constant(g, first, parameter)}, d[2] = {constant(g, first, gradient)};
    if (parts == 2) {
        p[1] = constant(g, SIZE - first, parameter + first);
        d[1] = constant(g, SIZE - first, gradient + first);
    }
    Value *flows = ARENA_ARRAY(&cx->scratch, Value, g->nodes.count);
    for (uint32_t i = 0; i < parts; i++) flows[p[i].id] = d[i];
    Training t = {.steps = STEPS};
    const ValueSet on = {parts, p};
    vec_push(&cx->module, &t.calls, call_of(c->method, c->settings, on));
    if (c->other != TRAINING_SGD) {
        vec_push(&cx->module, &t.calls, call_of(c->other, c->other_settings, on));
    }
    UpdateGroups all = update_build(g, &t, flows);
    cr_assert_eq(all.count, 1);
    Buf broken = buf_make(&cx->session);
    cr_assert(ir_verify(g, &broken), "%s", buf_text(&broken));
    Book book = {.a = c->settings};
    for (int64_t steps = 1; steps <= STEPS; steps++) {
        double wanted[SIZE];
        EvalRun run = {.arena = &cx->scratch, .dims = &steps};
        eval_prepare(g, &run);
        cr_assert_eq(eval_graph(g, &run), EVAL_DONE);
        cr_expect_eq(run.events.count, 0);
        book_step(c, &book, wanted);
        for (int i = 0; i < SIZE; i++) {
            double found = run.values[all.groups[0].step.id].cells[i].f;
            cr_expect(fabs(found - wanted[i]) <= 1e-12 * (1 + fabs(wanted[i])),
                      "%s, %s, step %d: [%d] is %.17g, not %.17g",
                      training_info[c->method].spelling, training_info[c->other].spelling,
                      (int)steps, i, found, wanted[i]);
        }
    }
}

Test(update, as_in_the_textbook) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Ctx *cx = test_ctx();
        Case c = cases[i];
        cr_assert(ctx_try(cx, check_case, &c), "%s: %s", training_info[c.method].spelling,
                  test_reports(cx));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* Every method but those of precision is in a case, so that a new one is not forgotten. */
Test(update, every_method) {
    bool seen[TRAINING_METHOD_COUNT] = {false};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seen[cases[i].method] = seen[cases[i].other] = true;
    }
    for (int m = 0; m < TRAINING_METHOD_COUNT; m++) {
        bool said = training_info[m].kind == TRAINING_KIND_PRECISION;
        cr_expect(seen[m] || said, "%s", training_info[m].spelling);
    }
}
