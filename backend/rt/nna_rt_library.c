/* The entry points of a shared library: the functions of its header are these (backend/link.c). */
#include "backend/rt/nna_rt_internal.h"

#include <stdlib.h>

extern const nna_rt_model nna_model;

int nna_rt_library_run(const int64_t *sizes, const void *const *inputs, void *const *outputs,
                       char *message, size_t message_size);
nna_rt_state *nna_rt_library_open(char *message, size_t message_size);
void nna_rt_library_close(nna_rt_state *state);
int nna_rt_library_call(nna_rt_state *state, const int64_t *sizes, const void *const *inputs,
                        void *const *outputs, char *message, size_t message_size);
void nna_rt_library_reset(nna_rt_state *state);
void nna_rt_library_read(const nna_rt_state *state, void *const *buffers);
int nna_rt_library_write(nna_rt_state *state, void *const *buffers, char *message,
                         size_t message_size);

static int check_inputs(const nna_rt_session *session, nna_rt_text *text) {
    const nna_rt_model *model = session->model;
    for (uint32_t i = 0; i < model->input_count; i++) {
        const int64_t *dims = nna_rt_input_dims(session, i);
        int64_t size;
        if (!nna_rt_size(&model->inputs[i], dims, &size)) {
            nna_rt_put(text, "the sizes are too large to compute with");
            return NNA_RT_BAD_INPUT;
        }
        if (session->inputs[i] == NULL) {
            nna_rt_put(text, "input `%s` is a null pointer", model->inputs[i].name);
            return NNA_RT_BAD_INPUT;
        }
        if (!nna_rt_contract_holds("input", &model->inputs[i], dims, session->inputs[i], text)) {
            return NNA_RT_BAD_INPUT;
        }
    }
    return NNA_RT_DONE;
}

static int run(nna_rt_session *session, nna_rt_text *text) {
    int status = nna_rt_session_size(session, text);
    if (status == NNA_RT_DONE) status = check_inputs(session, text);
    if (status == NNA_RT_DONE) status = nna_rt_session_allocate(session, false, text);
    if (status != NNA_RT_DONE) return status;
    nna_rt_call call = nna_rt_call_of(session);
    status = nna_rt_session_run(session, &call, text);
    if (status == NNA_RT_TRIPPED) nna_rt_put_trip(session, &call, text);
    return status;
}

int nna_rt_library_call(nna_rt_state *state, const int64_t *sizes, const void *const *inputs,
                        void *const *outputs, char *message, size_t message_size) {
    const nna_rt_model *model = state->model;
    nna_rt_text text = {message, message_size, 0};
    nna_rt_session session;
    int status = nna_rt_session_open(state, &session, &text);
    if (status != NNA_RT_DONE) return status;
    bool complete = true;
    for (uint32_t i = 0; i < model->variable_count; i++) session.variables[i] = sizes[i];
    for (uint32_t i = 0; i < model->input_count; i++) session.inputs[i] = inputs[i];
    for (uint32_t i = 0; i < model->output_count; i++) {
        session.outputs[i] = outputs[i];
        complete = complete && outputs[i] != NULL;
    }
    if (complete) status = run(&session, &text);
    else nna_rt_put(&text, "an output is a null pointer");
    nna_rt_session_close(&session);
    if (complete && status == NNA_RT_DONE) nna_rt_state_commit(state);
    return complete ? status : NNA_RT_BAD_INPUT;
}

/* A model that keeps nothing has a state for the time of the call. */
int nna_rt_library_run(const int64_t *sizes, const void *const *inputs, void *const *outputs,
                       char *message, size_t message_size) {
    nna_rt_text text = {message, message_size, 0};
    nna_rt_state state;
    int status = nna_rt_state_open(&nna_model, &state, &text);
    if (status != NNA_RT_DONE) return status;
    status = nna_rt_library_call(&state, sizes, inputs, outputs, message, message_size);
    nna_rt_state_close(&state);
    return status;
}

nna_rt_state *nna_rt_library_open(char *message, size_t message_size) {
    nna_rt_text text = {message, message_size, 0};
    nna_rt_state *state = malloc(sizeof *state);
    if (state == NULL) nna_rt_put(&text, "out of memory");
    if (state == NULL || nna_rt_state_open(&nna_model, state, &text) == NNA_RT_DONE) return state;
    free(state);
    return NULL;
}

void nna_rt_library_close(nna_rt_state *state) {
    if (state != NULL) nna_rt_state_close(state);
    free(state);
}

void nna_rt_library_reset(nna_rt_state *state) {
    nna_rt_state_reset(state);
}

void nna_rt_library_read(const nna_rt_state *state, void *const *buffers) {
    for (uint32_t i = 0; i < state->model->buffer_count; i++) {
        if (buffers[i] != NULL) nna_rt_state_get(state, i, buffers[i]);
    }
}

/* All of them or none. */
int nna_rt_library_write(nna_rt_state *state, void *const *buffers, char *message,
                         size_t message_size) {
    nna_rt_text text = {message, message_size, 0};
    uint32_t count = state->model->buffer_count;
    for (uint32_t i = 0; i < count; i++) {
        if (buffers[i] == NULL) continue;
        if (!nna_rt_state_allows(state->model, i, buffers[i], &text)) return NNA_RT_BAD_INPUT;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (buffers[i] != NULL) nna_rt_state_set(state, i, buffers[i]);
    }
    return NNA_RT_DONE;
}
