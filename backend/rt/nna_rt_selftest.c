/* --selftest: every guard is shown what it must stop and what it must let pass.
 *
 * NaN, infinities, and each bound with its neighbours are put in the place of an operand at
 * the first element of a guard, with that guard alone armed, while the model runs on inputs
 * that keep their contracts. Likewise the contracts of the inputs. What is expected is
 * computed here, from the bounds in the guard's record, not by the code under test. */
#include "backend/rt/nna_rt_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RESULT_OPERAND = 3 };

typedef struct Test {
    nna_rt_session *session;
    int32_t guard;
    int64_t injections, failures;
    bool broken; /* memory or the machine: no use going on */
} Test;

static void put_value(const char *before, int32_t dtype, double value) {
    char digits[64] = "";
    nna_rt_text text = {digits, sizeof digits, 0};
    nna_rt_put_number(&text, dtype, value);
    printf("%s%s", before, digits);
}

static const nna_rt_guard *guard_of(const Test *t) {
    return &t->session->model->guards[t->guard];
}

static void report(Test *t, int operand, double value, bool expected) {
    const nna_rt_guard *g = guard_of(t);
    t->failures++;
    printf("guard %d, %s, %s at %s:%d:%d: ", (int)t->guard + 1, g->code, g->operation, g->file,
           (int)g->line, (int)g->column);
    put_value("", g->dtype, value);
    if (operand == RESULT_OPERAND) printf(" as the result");
    else printf(" as operand %d", operand);
    printf(expected ? " does not trip it, or the run does not reach it\n" : " trips it\n");
}

/* Runs once; the record of the trip is in *call. */
static bool trips(Test *t, int operand, double value, nna_rt_call *call) {
    char words[256] = "";
    nna_rt_text message = {words, sizeof words, 0};
    *call = nna_rt_call_of(t->session);
    call->inject = call->armed = t->guard;
    call->inject_operand = operand;
    call->inject_value = value;
    int status = nna_rt_session_run(t->session, call, &message);
    if (status == NNA_RT_SYSTEM) {
        printf("%s\n", words);
        t->broken = true;
    }
    return status == NNA_RT_TRIPPED && call->trip.guard == t->guard;
}

static void expect(Test *t, int operand, double value, bool expected) {
    nna_rt_call call;
    if (t->broken) return;
    t->injections++;
    if (trips(t, operand, value, &call) != expected) report(t, operand, value, expected);
}

/* Whether a guard of bounds must stop the value. */
static bool stops(const nna_rt_guard *g, double x) {
    if (isnan(x)) return !g->nan_allowed;
    if (isinf(x) && g->kind == NNA_RT_GUARD_CONVERT && g->infinite_allowed) return false;
    return !(x >= g->low && x <= g->high);
}

/* Whole numbers beyond it have no double of their own. */
static bool is_exact(const nna_rt_guard *g, double x) {
    return isfinite(x) && (nna_rt_is_float(g->dtype) || fabs(x) <= 0x1p53);
}

static void test_bounds(Test *t) {
    const nna_rt_guard *g = guard_of(t);
    if (nna_rt_is_float(g->dtype)) {
        expect(t, 0, NAN, stops(g, NAN));
        expect(t, 0, INFINITY, stops(g, INFINITY));
        expect(t, 0, -INFINITY, stops(g, -INFINITY));
    }
    double below = nna_rt_next(g->dtype, g->low, false);
    double above = nna_rt_next(g->dtype, g->high, true);
    if (is_exact(g, below) && below < g->low) expect(t, 0, below, true);
    if (is_exact(g, above) && above > g->high) expect(t, 0, above, true);
    /* Sets have gaps, and sums are watched too: there the bounds themselves say nothing. */
    if (g->contract != NULL && g->contract->kind > NNA_RT_INTERVAL) return;
    if (is_exact(g, g->low)) expect(t, 0, g->low, false);
    if (is_exact(g, g->high)) expect(t, 0, g->high, false);
}

/* A value of the type, as it is after rounding. */
static double rounded(int32_t dtype, double value) {
    uint64_t element = 0;
    if (!nna_rt_is_float(dtype)) return value;
    nna_rt_store(dtype, &element, 0, value);
    return nna_rt_load(dtype, &element, 0);
}

/* Whether the operands of a division, a remainder or a power lie in its domain. */
static bool pair_in_domain(const nna_rt_guard *g, double x, double y) {
    if (isnan(x) || isnan(y)) return g->nan_allowed;
    if (g->kind == NNA_RT_GUARD_NONZERO) return y != 0;
    return x > 0 || (x == 0 ? y >= 0 : y == floor(y));
}

/* Whether the result fits too, which is a condition of the same guard; not of a remainder's. */
static bool pair_holds(const nna_rt_guard *g, double x, double y) {
    double result = g->kind == NNA_RT_GUARD_NONZERO ? x / y : pow(x, y);
    bool fits = isnan(x) || isnan(y) || isfinite(rounded(g->dtype, result));
    return pair_in_domain(g, x, y) && fits;
}

/* The value is put at every element, beside what the run has there. Where it trips, the record
 * says beside what; where not, it must be right beside `other`, the first. */
static void expect_pair(Test *t, int operand, double value, double other) {
    const nna_rt_guard *g = guard_of(t);
    nna_rt_call call;
    if (t->broken) return;
    t->injections++;
    bool found = trips(t, operand, value, &call);
    double x = operand == 0 ? value : other, y = operand == 0 ? other : value;
    bool expected = found ? !pair_holds(g, call.trip.operands[0], call.trip.operands[1])
                          : !pair_in_domain(g, x, y);
    if (found != expected) report(t, operand, value, expected);
}

/* Values for operand `operand`; a NaN or a 0 that trips shows what stands beside it. */
static void test_pair(Test *t, int operand, double probe) {
    const nna_rt_guard *g = guard_of(t);
    bool is_float = nna_rt_is_float(g->dtype);
    nna_rt_call call;
    expect(t, operand, probe, isnan(probe) ? !g->nan_allowed : true);
    if (t->broken || !trips(t, operand, probe, &call)) return;
    double other = call.trip.operands[1 - operand];
    const double tiny = is_float ? nna_rt_next(g->dtype, 0, true) : 1;
    const double values[] = {0, 1, 2, -0.0, -1, 0.5, -1.5, tiny, -tiny};
    for (int i = 0; i < (is_float ? 9 : 3) && isfinite(other); i++) {
        expect_pair(t, operand, values[i], other);
    }
}

static void test_result(Test *t) {
    const nna_rt_guard *g = guard_of(t);
    if (!nna_rt_is_float(g->dtype)) {
        expect(t, RESULT_OPERAND, 0, true); /* any number put there counts as wrapped */
        return;
    }
    expect(t, RESULT_OPERAND, NAN, true);
    expect(t, RESULT_OPERAND, INFINITY, true);
    expect(t, RESULT_OPERAND, -INFINITY, true);
    expect(t, RESULT_OPERAND, nna_rt_next(g->dtype, INFINITY, false), false);
    expect(t, RESULT_OPERAND, nna_rt_next(g->dtype, -INFINITY, true), false);
}

/* Poles, and what lies beside them. */
static void test_poles(Test *t) {
    const nna_rt_guard *g = guard_of(t);
    expect(t, 0, NAN, !g->nan_allowed);
    expect(t, 0, INFINITY, !g->infinite_allowed);
    expect(t, 0, -INFINITY, true);
    for (int i = 0; i < 3; i++) {
        expect(t, 0, -i, true);
        expect(t, 0, i + 1, false);
        expect(t, 0, -i - 0.5, false);
    }
}

static void test_guard(Test *t) {
    switch (guard_of(t)->kind) {
    case NNA_RT_GUARD_NONZERO:
        test_pair(t, 1, 0);
        if (nna_rt_is_float(guard_of(t)->dtype)) expect(t, 1, NAN, !guard_of(t)->nan_allowed);
        break;
    case NNA_RT_GUARD_POWER:
        test_pair(t, 0, NAN);
        test_pair(t, 1, NAN);
        break;
    case NNA_RT_GUARD_POLES: test_poles(t); break;
    case NNA_RT_GUARD_RESULT: test_result(t); break;
    default: test_bounds(t); break;
    }
}

/* ---- Contracts of inputs */

static bool interval_allows(const nna_rt_contract *c, double x) {
    bool above = c->open_low ? x > c->low : x >= c->low;
    bool below = c->open_high ? x < c->high : x <= c->high;
    return isfinite(x) && above && below;
}

static void expect_input(Test *t, uint32_t index, double value, bool allowed) {
    const nna_rt_tensor *tensor = &t->session->model->inputs[index];
    void *data = (void *)(uintptr_t)t->session->inputs[index];
    char words[512] = "";
    nna_rt_text message = {words, sizeof words, 0};
    double before = nna_rt_load(tensor->dtype, data, 0);
    nna_rt_store(tensor->dtype, data, 0, value);
    const int64_t *dims = nna_rt_input_dims(t->session, index);
    bool found = nna_rt_contract_holds("input", tensor, dims, data, &message);
    nna_rt_store(tensor->dtype, data, 0, before);
    t->injections++;
    if (found == allowed) return;
    t->failures++;
    printf("input `%s` %s: ", tensor->name, tensor->contract->text);
    put_value("", tensor->dtype, value);
    printf(allowed ? " is refused\n" : " is accepted\n");
}

static void test_interval(Test *t, uint32_t index) {
    const nna_rt_tensor *tensor = &t->session->model->inputs[index];
    const nna_rt_contract *c = tensor->contract;
    const double ends[] = {c->low, c->high};
    for (int i = 0; i < 2; i++) {
        if (!isfinite(ends[i])) continue;
        double below = nna_rt_next(tensor->dtype, ends[i], false);
        double above = nna_rt_next(tensor->dtype, ends[i], true);
        expect_input(t, index, ends[i], interval_allows(c, ends[i]));
        expect_input(t, index, below, interval_allows(c, below));
        expect_input(t, index, above, interval_allows(c, above));
    }
}

static void test_input(Test *t, uint32_t index) {
    const nna_rt_tensor *tensor = &t->session->model->inputs[index];
    int64_t count;
    const int64_t *dims = nna_rt_input_dims(t->session, index);
    if (tensor->contract == NULL || !nna_rt_count(tensor->rank, dims, &count) || count == 0) return;
    bool any = tensor->contract->kind == NNA_RT_ANY;
    char words[512] = "";
    nna_rt_text message = {words, sizeof words, 0};
    t->injections++;
    if (!nna_rt_contract_holds("input", tensor, dims, t->session->inputs[index], &message)) {
        t->failures++;
        printf("%s, of the test's own inputs\n", words);
    }
    if (nna_rt_is_float(tensor->dtype)) {
        expect_input(t, index, NAN, any);
        expect_input(t, index, INFINITY, any);
        expect_input(t, index, -INFINITY, any);
    }
    if (tensor->contract->kind == NNA_RT_INTERVAL) test_interval(t, index);
    if (tensor->contract->kind == NNA_RT_ONEHOT) expect_input(t, index, 0.5, false);
    if (tensor->contract->kind == NNA_RT_SIMPLEX) expect_input(t, index, 2, false);
}

static int run_tests(Test *t) {
    const nna_rt_model *model = t->session->model;
    for (uint32_t i = 0; i < model->input_count; i++) test_input(t, i);
    for (uint32_t i = 0; i < model->guard_count && !t->broken; i++) {
        t->guard = (int32_t)i;
        test_guard(t);
    }
    if (t->broken) return NNA_RT_SYSTEM;
    printf("%" PRIu32 " guard%s, %" PRIu32 " input%s, %" PRId64 " injections, ",
           model->guard_count, model->guard_count == 1 ? "" : "s", model->input_count,
           model->input_count == 1 ? "" : "s", t->injections);
    if (t->failures == 0) printf("all as specified\n");
    else printf("%" PRId64 " not as specified\n", t->failures);
    return t->failures == 0 ? NNA_RT_DONE : NNA_RT_FAILED;
}

int nna_rt_selftest(const nna_rt_model *model) {
    char words[512] = "";
    nna_rt_text message = {words, sizeof words, 0};
    nna_rt_state state;
    nna_rt_session session = {.model = model};
    int status = nna_rt_state_open(model, &state, &message);
    if (status == NNA_RT_DONE) status = nna_rt_session_open(&state, &session, &message);
    if (status == NNA_RT_DONE) {
        status = nna_rt_samples(&session, &message);
        Test test = {.session = &session};
        if (status == NNA_RT_DONE) status = run_tests(&test);
        nna_rt_samples_free(&session);
        nna_rt_session_close(&session);
    }
    nna_rt_state_close(&state);
    if (words[0] != '\0') fprintf(stderr, "%s: %s\n", model->name, words);
    return status;
}
