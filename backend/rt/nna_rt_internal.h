/* What the parts of the run-time support share. Not for generated code.
 *
 * It is linked into programs of others: it keeps no state, and speaks only through the text
 * that it is given; nna_rt_main.c alone prints and exits. */
#ifndef NNA_RT_INTERNAL_H
#define NNA_RT_INTERNAL_H

#include "backend/rt/nna_rt.h"

#include <fenv.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of the executable, and results of the library's run. */
enum {
    NNA_RT_DONE = 0,
    NNA_RT_FAILED = 1, /* the self-test found a fault */
    NNA_RT_BAD_INPUT = 2,
    NNA_RT_SYSTEM = 3,
    NNA_RT_TRIPPED = 4
};

/* A text of a fixed size; what does not fit is cut off. */
typedef struct nna_rt_text {
    char *data;
    size_t size, length;
} nna_rt_text;

void nna_rt_put(nna_rt_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void nna_rt_clear(nna_rt_text *text);

/* The shortest decimal that reads back as the same value of the type. */
void nna_rt_put_number(nna_rt_text *text, int32_t dtype, double value);

/* "[3, 1, 8, 9]" */
void nna_rt_put_dims(nna_rt_text *text, int32_t rank, const int64_t *dims);

/* The position of an element, from its row-major number: "[0, 2]". */
void nna_rt_put_index(nna_rt_text *text, int32_t rank, const int64_t *dims, int64_t element);

/* Elements: bytes each, the name, reading and writing, the neighbour of a value. */
size_t nna_rt_bytes(int32_t dtype);
const char *nna_rt_dtype_name(int32_t dtype);
bool nna_rt_is_float(int32_t dtype);
double nna_rt_load(int32_t dtype, const void *data, int64_t index);
void nna_rt_store(int32_t dtype, void *data, int64_t index, double value);
double nna_rt_next(int32_t dtype, double value, bool up); /* integers beyond the type: unchanged */

/* Product of the sizes, and the bytes that it takes; false when a number overflows. */
bool nna_rt_count(int32_t rank, const int64_t *dims, int64_t *out);
bool nna_rt_size(const nna_rt_tensor *tensor, const int64_t *dims, int64_t *out);

/* 64-byte aligned; NULL: out of memory. */
void *nna_rt_allocate(int64_t bytes);

/* Whether every element of an input or a buffer (`what`) keeps its contract; else the message says
 * which does not. */
bool nna_rt_contract_holds(const char *what, const nna_rt_tensor *tensor, const int64_t *dims,
                           const void *data, nna_rt_text *message);

/* The buffers of one instance of the model: as they are, and room for what the next call makes of
 * them, by number. Instances share nothing. */
typedef struct nna_rt_state {
    const nna_rt_model *model;
    void **now, **next;
} nna_rt_state;

/* The state before the first call. NNA_RT_DONE, or NNA_RT_SYSTEM with a message. */
int nna_rt_state_open(const nna_rt_model *model, nna_rt_state *state, nna_rt_text *message);
void nna_rt_state_reset(nna_rt_state *state);
/* After a whole call: what it made is the state. */
void nna_rt_state_commit(nna_rt_state *state);
/* Bytes of a buffer. */
int64_t nna_rt_state_bytes(const nna_rt_model *model, uint32_t index);
/* Whether the numbers may be those of a buffer; else the message says which may not. */
bool nna_rt_state_allows(const nna_rt_model *model, uint32_t index, const void *data,
                         nna_rt_text *message);
/* "whole numbers from 0 to 9": what the numbers of a buffer can be. */
void nna_rt_put_reach(nna_rt_text *text, const nna_rt_buffer *buffer);
void nna_rt_state_set(nna_rt_state *state, uint32_t index, const void *data);
void nna_rt_state_get(const nna_rt_state *state, uint32_t index, void *data);
void nna_rt_state_close(nna_rt_state *state);

/* A run of the model: sizes, arrays, scratch memory. */
typedef struct nna_rt_session {
    const nna_rt_model *model;
    const nna_rt_state *state;
    int64_t *variables;   /* values of the dimension variables */
    int64_t *dims;        /* as model->shapes writes them */
    const void **inputs;
    void **outputs;
    void *workspace;
    bool owns_outputs;
} nna_rt_session;

/* Makes an empty session over a state, which outlives it; NNA_RT_DONE, or NNA_RT_SYSTEM with a
 * message. */
int nna_rt_session_open(const nna_rt_state *state, nna_rt_session *session, nna_rt_text *message);

/* After the variables are set: checks their ranges and computes the sizes. NNA_RT_BAD_INPUT with a
 * message where they are not allowed. */
int nna_rt_session_size(nna_rt_session *session, nna_rt_text *message);

/* Scratch memory, and outputs where `outputs` are not the caller's. */
int nna_rt_session_allocate(nna_rt_session *session, bool outputs, nna_rt_text *message);

/* Dimensions of an input or an output. */
const int64_t *nna_rt_input_dims(const nna_rt_session *session, uint32_t index);
const int64_t *nna_rt_output_dims(const nna_rt_session *session, uint32_t index);

/* A call on the state as it is, in which nothing is injected and every guard stops. */
nna_rt_call nna_rt_call_of(const nna_rt_session *session);

/* Computes in round-to-nearest with subnormal numbers, whatever the caller's state, which
 * comes back afterwards. NNA_RT_DONE, NNA_RT_TRIPPED (the record is in the call), NNA_RT_SYSTEM. */
int nna_rt_session_run(const nna_rt_session *session, nna_rt_call *call, nna_rt_text *message);

void nna_rt_session_close(nna_rt_session *session);

/* What a trip has to say: rule, line of the model, element, operands, condition. */
void nna_rt_put_trip(const nna_rt_session *session, const nna_rt_call *call, nna_rt_text *text);

/* Inputs that keep their contracts, for --selftest and --bench; the variables are set to small
 * sizes, and memory is allocated. The arrays belong to the caller: nna_rt_samples_free. */
int nna_rt_samples(nna_rt_session *session, nna_rt_text *message);
void nna_rt_samples_free(nna_rt_session *session);

/* An array from a .npy file. */
typedef struct nna_rt_array {
    int32_t dtype, rank;
    int64_t dims[8];
    void *data;
} nna_rt_array;

/* False with a message that begins with the path. */
bool nna_rt_npy_read(const char *path, nna_rt_array *out, nna_rt_text *message);

/* Writes a temporary file beside `path`, and gives its name (to be freed). */
char *nna_rt_npy_write(const char *path, int32_t dtype, int32_t rank, const int64_t *dims,
                       const void *data, nna_rt_text *message);

/* The commands of the executable. Each prints, and returns the exit status. */
int nna_rt_describe(const nna_rt_model *model);
int nna_rt_selftest(const nna_rt_model *model);
int nna_rt_bench(const nna_rt_session *session, int64_t calls, nna_rt_text *message);

#endif
