/* The files of the guarded executable: inputs and buffers that are read, outputs and buffers that
 * are written. */
#include "backend/rt/nna_rt_program.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names the dimension that is wrong: what the file has, and what the model wants. */
static int refuse_shape(Program *p, uint32_t index) {
    const nna_rt_tensor *t = &p->model->inputs[index];
    const nna_rt_array *a = &p->arrays[index];
    nna_rt_text *m = &p->message;
    nna_rt_put(m, "%s is ", p->input_paths[index]);
    nna_rt_put_dims(m, a->rank, a->dims);
    nna_rt_put(m, ", the model wants %s", strchr(t->type, '['));
    const char *before = " with ";
    for (int32_t i = 0; i < t->rank; i++) {
        int32_t v = t->variables[i];
        if (v < 0 || a->rank != t->rank || p->session.variables[v] == a->dims[i]) continue;
        nna_rt_put(m, "%s%s = %" PRId64, before, p->model->variables[v].name,
                   p->session.variables[v]);
        before = ", ";
    }
    return NNA_RT_BAD_INPUT;
}

static bool has_type(Program *p, const char *path, const nna_rt_array *a, const nna_rt_tensor *t) {
    if (a->dtype == t->dtype) return true;
    nna_rt_put(&p->message, "%s holds %s, the model wants %s", path, nna_rt_dtype_name(a->dtype),
               t->type);
    return false;
}

/* The first input that has a variable for a dimension says how large it is. */
static int bind_variables(Program *p, uint32_t index, bool *bound) {
    const nna_rt_tensor *t = &p->model->inputs[index];
    const int64_t *dims = p->arrays[index].dims;
    for (int32_t i = 0; i < t->rank; i++) {
        int32_t v = t->variables[i];
        if (v < 0 || bound[v]) continue;
        bound[v] = true;
        p->session.variables[v] = dims[i];
        const nna_rt_variable *variable = &p->model->variables[v];
        if (dims[i] >= variable->low && dims[i] <= variable->high) continue;
        nna_rt_put(&p->message, "%s is ", p->input_paths[index]);
        nna_rt_put_dims(&p->message, t->rank, dims);
        nna_rt_put(&p->message, ": %s is %" PRId64 ", the model allows %" PRId64 "..%" PRId64,
                   variable->name, dims[i], variable->low, variable->high);
        return NNA_RT_BAD_INPUT;
    }
    return NNA_RT_DONE;
}

static int bind_all(Program *p) {
    const nna_rt_model *m = p->model;
    bool *bound = calloc(m->variable_count + 1, sizeof *bound);
    if (bound == NULL) {
        program_fail(p, "out of memory%s%s", "", "");
        return NNA_RT_SYSTEM;
    }
    int status = NNA_RT_DONE;
    for (uint32_t i = 0; i < m->input_count && status == NNA_RT_DONE; i++) {
        status = bind_variables(p, i, bound);
    }
    for (uint32_t i = 0; i < m->variable_count; i++) {
        if (!bound[i]) p->session.variables[i] = m->variables[i].low;
    }
    free(bound);
    return status == NNA_RT_DONE ? nna_rt_session_size(&p->session, &p->message) : status;
}

int program_read_inputs(Program *p) {
    const nna_rt_model *m = p->model;
    int status = NNA_RT_DONE;
    for (uint32_t i = 0; i < m->input_count; i++) {
        if (p->input_paths[i] == NULL) {
            return program_fail(p, "input `%s` is missing: --input %s=FILE.npy", m->inputs[i].name,
                        m->inputs[i].name);
        }
        if (!nna_rt_npy_read(p->input_paths[i], &p->arrays[i], &p->message)) {
            return NNA_RT_BAD_INPUT;
        }
        if (!has_type(p, p->input_paths[i], &p->arrays[i], &m->inputs[i])) return NNA_RT_BAD_INPUT;
        if (p->arrays[i].rank != m->inputs[i].rank) return refuse_shape(p, i);
        p->session.inputs[i] = p->arrays[i].data;
    }
    if ((status = bind_all(p)) != NNA_RT_DONE) return status;
    for (uint32_t i = 0; i < m->input_count; i++) {
        const int64_t *dims = nna_rt_input_dims(&p->session, i);
        size_t size = sizeof *dims * (size_t)m->inputs[i].rank;
        if (memcmp(p->arrays[i].dims, dims, size) != 0) return refuse_shape(p, i);
        nna_rt_put(&p->message, "%s: ", p->input_paths[i]);
        if (!nna_rt_contract_holds("input", &m->inputs[i], dims, p->arrays[i].data, &p->message)) {
            return NNA_RT_BAD_INPUT;
        }
        nna_rt_clear(&p->message);
    }
    return NNA_RT_DONE;
}

/* ---- Buffers */

static int load(Program *p, uint32_t index, const nna_rt_array *a) {
    const nna_rt_buffer *b = &p->model->buffers[index];
    const char *path = p->loaded_paths[index];
    if (!has_type(p, path, a, &b->tensor)) return NNA_RT_BAD_INPUT;
    size_t size = sizeof *a->dims * (size_t)b->tensor.rank;
    if (a->rank != b->tensor.rank || memcmp(a->dims, b->dims, size) != 0) {
        nna_rt_put(&p->message, "%s is ", path);
        nna_rt_put_dims(&p->message, a->rank, a->dims);
        nna_rt_put(&p->message, ", the model wants %s", b->tensor.type);
        return NNA_RT_BAD_INPUT;
    }
    nna_rt_put(&p->message, "%s: ", path);
    if (!nna_rt_state_allows(p->model, index, a->data, &p->message)) return NNA_RT_BAD_INPUT;
    nna_rt_clear(&p->message);
    nna_rt_state_set(&p->state, index, a->data);
    return NNA_RT_DONE;
}

int program_load_buffers(Program *p) {
    for (uint32_t i = 0; i < p->model->buffer_count; i++) {
        nna_rt_array array = {.data = NULL};
        if (p->loaded_paths[i] == NULL) continue;
        if (!nna_rt_npy_read(p->loaded_paths[i], &array, &p->message)) return NNA_RT_BAD_INPUT;
        int status = load(p, i, &array);
        free(array.data);
        if (status != NNA_RT_DONE) return status;
    }
    return NNA_RT_DONE;
}

/* ---- Outputs and buffers: all of them under their names, or none */

static uint32_t written_count(const Program *p) {
    return p->model->output_count + p->model->buffer_count;
}

static char *write_temporary(Program *p, uint32_t index) {
    const nna_rt_model *m = p->model;
    const char *path = p->written_paths[index];
    if (index < m->output_count) {
        const nna_rt_tensor *t = &m->outputs[index];
        return nna_rt_npy_write(path, t->dtype, t->rank, nna_rt_output_dims(&p->session, index),
                                p->session.outputs[index], &p->message);
    }
    const nna_rt_buffer *b = &m->buffers[index - m->output_count];
    return nna_rt_npy_write(path, b->tensor.dtype, b->tensor.rank, b->dims,
                            p->state.now[index - m->output_count], &p->message);
}

static int write_temporaries(Program *p) {
    for (uint32_t i = 0; i < written_count(p); i++) {
        if (p->written_paths[i] == NULL) continue;
        p->temporaries[i] = write_temporary(p, i);
        if (p->temporaries[i] == NULL) return NNA_RT_BAD_INPUT;
    }
    return NNA_RT_DONE;
}

static int rename_all(Program *p) {
    for (uint32_t i = 0; i < written_count(p); i++) {
        if (p->temporaries[i] == NULL) continue;
        if (rename(p->temporaries[i], p->written_paths[i]) != 0) {
            return program_fail(p, "%s: cannot write: %s", p->written_paths[i], strerror(errno));
        }
        free(p->temporaries[i]);
        p->temporaries[i] = NULL;
    }
    return NNA_RT_DONE;
}

/* Ctrl-C waits until no temporary file is left. */
int program_write(Program *p) {
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, &before);
    int status = write_temporaries(p);
    if (status == NNA_RT_DONE) status = rename_all(p);
    for (uint32_t i = 0; i < written_count(p); i++) {
        if (p->temporaries[i] == NULL) continue;
        unlink(p->temporaries[i]);
        free(p->temporaries[i]);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
