/* A run of a model: sizes from the dimension variables, memory, the floating-point state. */
#include "backend/rt/nna_rt_internal.h"

#include <inttypes.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t dim_count(const nna_rt_model *model) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->input_count; i++) count += (uint32_t)model->inputs[i].rank;
    for (uint32_t i = 0; i < model->output_count; i++) count += (uint32_t)model->outputs[i].rank;
    return count;
}

static int out_of_memory(nna_rt_text *message) {
    nna_rt_put(message, "out of memory");
    return NNA_RT_SYSTEM;
}

int nna_rt_session_open(const nna_rt_state *state, nna_rt_session *session, nna_rt_text *message) {
    const nna_rt_model *model = state->model;
    *session = (nna_rt_session){.model = model, .state = state};
    const size_t arrays = (size_t)model->buffer_count + 1;
    session->variables = calloc(model->variable_count + 1, sizeof *session->variables);
    session->dims = calloc(dim_count(model) + 1, sizeof *session->dims);
    session->inputs = calloc(arrays + model->input_count, sizeof *session->inputs);
    session->outputs = calloc(arrays + model->output_count, sizeof *session->outputs);
    if (session->variables != NULL && session->dims != NULL && session->inputs != NULL &&
        session->outputs != NULL) {
        return NNA_RT_DONE;
    }
    nna_rt_session_close(session);
    return out_of_memory(message);
}

const int64_t *nna_rt_input_dims(const nna_rt_session *session, uint32_t index) {
    const int64_t *dims = session->dims;
    for (uint32_t i = 0; i < index; i++) dims += session->model->inputs[i].rank;
    return dims;
}

const int64_t *nna_rt_output_dims(const nna_rt_session *session, uint32_t index) {
    const int64_t *dims = nna_rt_input_dims(session, session->model->input_count);
    for (uint32_t i = 0; i < index; i++) dims += session->model->outputs[i].rank;
    return dims;
}

static int too_large(nna_rt_text *message) {
    nna_rt_put(message, "the sizes are too large to compute with");
    return NNA_RT_BAD_INPUT;
}

/* "with N = 1, T = 3 ": what a rule is broken by. */
static void put_variables(const nna_rt_session *session, nna_rt_text *message) {
    for (uint32_t i = 0; i < session->model->variable_count; i++) {
        nna_rt_put(message, "%s%s = %" PRId64, i == 0 ? "with " : ", ",
                   session->model->variables[i].name, session->variables[i]);
    }
    nna_rt_put(message, ": ");
}

int nna_rt_session_size(nna_rt_session *session, nna_rt_text *message) {
    const nna_rt_model *model = session->model;
    for (uint32_t i = 0; i < model->variable_count; i++) {
        const nna_rt_variable *v = &model->variables[i];
        if (session->variables[i] >= v->low && session->variables[i] <= v->high) continue;
        nna_rt_put(message, "%s is %" PRId64 ", the model allows %" PRId64 "..%" PRId64, v->name,
                   session->variables[i], v->low, v->high);
        return NNA_RT_BAD_INPUT;
    }
    int32_t found = model->shapes(session->variables, session->dims);
    if (found == NNA_RT_SIZES_FIT) return NNA_RT_DONE;
    if (found == NNA_RT_SIZES_OVERFLOW) return too_large(message);
    put_variables(session, message);
    nna_rt_put(message, "the model wants %s", model->rules[found - NNA_RT_SIZES_BREAK]);
    return NNA_RT_BAD_INPUT;
}

int nna_rt_session_allocate(nna_rt_session *session, bool outputs, nna_rt_text *message) {
    const nna_rt_model *model = session->model;
    int64_t size = model->workspace(session->variables);
    if (size < 0) return too_large(message);
    session->workspace = nna_rt_allocate(size);
    if (session->workspace == NULL) return out_of_memory(message);
    session->owns_outputs = outputs;
    for (uint32_t i = 0; outputs && i < model->output_count; i++) {
        if (!nna_rt_size(&model->outputs[i], nna_rt_output_dims(session, i), &size)) {
            return too_large(message);
        }
        session->outputs[i] = nna_rt_allocate(size);
        if (session->outputs[i] == NULL) return out_of_memory(message);
    }
    return NNA_RT_DONE;
}

nna_rt_call nna_rt_call_of(const nna_rt_session *session) {
    const nna_rt_model *model = session->model;
    for (uint32_t i = 0; i < model->buffer_count; i++) {
        session->inputs[model->input_count + i] = session->state->now[i];
        session->outputs[model->output_count + i] = session->state->next[i];
    }
    return (nna_rt_call){.model = model,
                         .variables = session->variables,
                         .inputs = session->inputs,
                         .outputs = session->outputs,
                         .workspace = session->workspace,
                         .inject = -1,
                         .armed = -1,
                         .trip = {.guard = -1}};
}

/* Whether the machine computes as the model was bounded: to nearest, subnormals kept. */
static bool arithmetic_is_ieee(void) {
    volatile float tiny = FLT_MIN, one = 1, ulp = FLT_EPSILON;
    volatile float half = tiny * 0.5f;            /* flush to zero */
    volatile float twice = half * 2;              /* operands that are flushed */
    volatile float down = one + ulp * 0.25f;      /* 1 but for rounding up */
    volatile float up = one + ulp * 0.75f;        /* 1 + ulp but for rounding down */
    volatile float negative = -one - ulp * 0.25f; /* -1 but for rounding down */
    return half != 0 && twice == tiny && down == one && up == one + ulp && negative == -one;
}

int nna_rt_session_run(const nna_rt_session *session, nna_rt_call *call, nna_rt_text *message) {
    fenv_t state;
    bool good = fegetenv(&state) == 0 && fesetenv(FE_DFL_ENV) == 0 && arithmetic_is_ieee();
    int status = good && session->model->run(call) != 0 ? NNA_RT_TRIPPED : NNA_RT_DONE;
    fesetenv(&state);
    if (good) return status;
    nna_rt_put(message, "the floating-point unit does not round to nearest, or flushes subnormal "
                        "numbers, and cannot be set right");
    return NNA_RT_SYSTEM;
}

void nna_rt_session_close(nna_rt_session *session) {
    for (uint32_t i = 0; session->owns_outputs && i < session->model->output_count; i++) {
        free(session->outputs[i]);
    }
    free(session->workspace);
    free(session->variables);
    free(session->dims);
    free((void *)session->inputs);
    free(session->outputs);
    *session = (nna_rt_session){.model = session->model};
}

/* ---- Inputs made up */

/* A number in [0, 1) that differs from element to element, the same in every run. */
static double spread(int64_t index) {
    double x = (double)(index + 1) * 0.6180339887498949;
    return x - floor(x);
}

static double sample(const nna_rt_contract *c, int32_t dtype, int64_t index) {
    double at = spread(index);
    double low = c != NULL && c->kind == NNA_RT_INTERVAL && isfinite(c->low) ? c->low : 0;
    double high = c != NULL && c->kind == NNA_RT_INTERVAL && isfinite(c->high) ? c->high : low + 1;
    if (low > high) low = high - 1;
    if (c != NULL && c->kind == NNA_RT_SET) {
        return c->values[index % c->value_count];
    }
    if (!nna_rt_is_float(dtype)) {
        double whole = floor(low + (high - low + 1) * at);
        return fmin(fmax(whole, ceil(low) + c->open_low), floor(high) - c->open_high);
    }
    return low + (high - low) * (0.25 + 0.5 * at); /* away from open ends */
}

/* Keeps the sums of a simplex: the whole weight lies on one element of each group. */
static double simplex_sample(const nna_rt_tensor *t, const int64_t *dims, int64_t index) {
    int64_t inner = 1, length = dims[t->contract->axis];
    for (int32_t i = t->contract->axis + 1; i < t->rank; i++) inner *= dims[i];
    int64_t group = index / (inner * length);
    return index / inner % length == group % length ? 1 : 0;
}

static void *sample_array(const nna_rt_tensor *t, const int64_t *dims) {
    int64_t count, size;
    if (!nna_rt_count(t->rank, dims, &count) || !nna_rt_size(t, dims, &size)) return NULL;
    void *data = nna_rt_allocate(size);
    const nna_rt_contract *c = t->contract;
    bool has_sum = c != NULL && (c->kind == NNA_RT_SIMPLEX || c->kind == NNA_RT_ONEHOT);
    for (int64_t i = 0; data != NULL && i < count; i++) {
        nna_rt_store(t->dtype, data, i,
                     has_sum ? simplex_sample(t, dims, i) : sample(c, t->dtype, i));
    }
    return data;
}

/* The smallest sizes that are allowed and keep the rules of the model, all alike where they may. */
static int sample_sizes(nna_rt_session *session, nna_rt_text *message) {
    const nna_rt_model *model = session->model;
    int status = NNA_RT_DONE;
    enum { MOST = 64 };
    for (int64_t size = 1; size <= MOST; size++) {
        nna_rt_clear(message);
        for (uint32_t i = 0; i < model->variable_count; i++) {
            const nna_rt_variable *v = &model->variables[i];
            int64_t within = size > v->high ? v->high : size;
            session->variables[i] = within < v->low ? v->low : within;
        }
        status = nna_rt_session_size(session, message);
        if (status == NNA_RT_DONE) break;
    }
    return status;
}

int nna_rt_samples(nna_rt_session *session, nna_rt_text *message) {
    const nna_rt_model *model = session->model;
    int status = sample_sizes(session, message);
    if (status == NNA_RT_DONE) status = nna_rt_session_allocate(session, true, message);
    for (uint32_t i = 0; status == NNA_RT_DONE && i < model->input_count; i++) {
        session->inputs[i] = sample_array(&model->inputs[i], nna_rt_input_dims(session, i));
        if (session->inputs[i] == NULL) return out_of_memory(message);
    }
    return status;
}

void nna_rt_samples_free(nna_rt_session *session) {
    for (uint32_t i = 0; i < session->model->input_count; i++) {
        free((void *)(uintptr_t)session->inputs[i]);
    }
}
