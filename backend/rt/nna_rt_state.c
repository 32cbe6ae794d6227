/* What a model keeps from call to call: its buffers with updates, twice. A call reads the one copy
 * and writes the other; that they change places is all that a call does to the state, so that one
 * that ends early leaves it as it was. */
#include "backend/rt/nna_rt_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t nna_rt_state_bytes(const nna_rt_model *model, uint32_t index) {
    const nna_rt_buffer *b = &model->buffers[index];
    int64_t bytes = 0;
    nna_rt_size(&b->tensor, b->dims, &bytes); /* fits: the numbers are part of the program */
    return bytes;
}

int nna_rt_state_open(const nna_rt_model *model, nna_rt_state *state, nna_rt_text *message) {
    *state = (nna_rt_state){.model = model};
    if (model->abi != NNA_RT_ABI) {
        nna_rt_put(message, "the model and its run-time support are of different versions");
        return NNA_RT_SYSTEM;
    }
    state->now = calloc(model->buffer_count + 1, sizeof *state->now);
    state->next = calloc(model->buffer_count + 1, sizeof *state->next);
    bool good = state->now != NULL && state->next != NULL;
    for (uint32_t i = 0; good && i < model->buffer_count; i++) {
        state->now[i] = nna_rt_allocate(nna_rt_state_bytes(model, i));
        state->next[i] = nna_rt_allocate(nna_rt_state_bytes(model, i));
        good = state->now[i] != NULL && state->next[i] != NULL;
    }
    if (good) {
        nna_rt_state_reset(state);
        return NNA_RT_DONE;
    }
    nna_rt_state_close(state);
    nna_rt_put(message, "out of memory");
    return NNA_RT_SYSTEM;
}

void nna_rt_state_reset(nna_rt_state *state) {
    for (uint32_t i = 0; i < state->model->buffer_count; i++) {
        nna_rt_state_set(state, i, state->model->buffers[i].numbers);
    }
}

void nna_rt_state_commit(nna_rt_state *state) {
    void **made = state->next;
    state->next = state->now;
    state->now = made;
}

void nna_rt_state_set(nna_rt_state *state, uint32_t index, const void *data) {
    size_t bytes = (size_t)nna_rt_state_bytes(state->model, index);
    if (bytes > 0) memcpy(state->now[index], data, bytes);
}

void nna_rt_state_get(const nna_rt_state *state, uint32_t index, void *data) {
    size_t bytes = (size_t)nna_rt_state_bytes(state->model, index);
    if (bytes > 0) memcpy(data, state->now[index], bytes);
}

static bool element_allowed(const nna_rt_buffer *b, double x) {
    return isfinite(x) && x >= b->low && x <= b->high && (x != 0 || !b->nonzero) &&
           (!b->integral || x == nearbyint(x));
}

bool nna_rt_state_allows(const nna_rt_model *model, uint32_t index, const void *data,
                         nna_rt_text *message) {
    const nna_rt_buffer *b = &model->buffers[index];
    int64_t count = 0;
    nna_rt_count(b->tensor.rank, b->dims, &count);
    if (!nna_rt_contract_holds("buffer", &b->tensor, b->dims, data, message)) return false;
    for (int64_t i = 0; i < count; i++) {
        double x = nna_rt_load(b->tensor.dtype, data, i);
        if (element_allowed(b, x)) continue;
        nna_rt_put(message, "buffer `%s`: element ", b->tensor.name);
        nna_rt_put_index(message, b->tensor.rank, b->dims, i);
        nna_rt_put(message, " is ");
        nna_rt_put_number(message, b->tensor.dtype, x);
        nna_rt_put(message, ", the model was checked for ");
        nna_rt_put_reach(message, b);
        return false;
    }
    return true;
}

void nna_rt_put_reach(nna_rt_text *text, const nna_rt_buffer *b) {
    nna_rt_put(text, "%s from ", b->integral ? "whole numbers" : "numbers");
    nna_rt_put_number(text, b->tensor.dtype, b->low);
    nna_rt_put(text, " to ");
    nna_rt_put_number(text, b->tensor.dtype, b->high);
    if (b->nonzero) nna_rt_put(text, " but 0");
}

void nna_rt_state_close(nna_rt_state *state) {
    for (uint32_t i = 0; i < state->model->buffer_count; i++) {
        if (state->now != NULL) free(state->now[i]);
        if (state->next != NULL) free(state->next[i]);
    }
    free(state->now);
    free(state->next);
    *state = (nna_rt_state){.model = state->model};
}
