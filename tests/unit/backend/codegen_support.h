/* What the tests of the code generator share: a graph is compiled by the module nnac_codegen.so,
 * made a shared object by the system's compiler with the run-time support, opened, and run. */
#ifndef NNA_TESTS_UNIT_BACKEND_CODEGEN_SUPPORT_H
#define NNA_TESTS_UNIT_BACKEND_CODEGEN_SUPPORT_H

#include "tests/unit/support.h"

#include "backend/codegen.h"
#include "backend/rt/nna_rt.h"
#include "ir/build.h"
#include "ir/eval.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOWHERE ((OriginId){0})

static inline void *codegen_open(CodegenFunction **out) {
    void *module = dlopen(NNA_BUILD_DIR "/nnac_codegen.so", RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(module, "%s", dlerror());
    void *symbol = dlsym(module, CODEGEN_SYMBOL);
    memcpy(out, &symbol, sizeof symbol);
    return module;
}

static inline CodegenResult codegen_run(const CodegenRequest *request) {
    CodegenFunction *generate;
    void *module = codegen_open(&generate);
    CodegenResult result;
    generate(request, &result);
    cr_assert(result.ok, "%s", result.message);
    dlclose(module);
    return result;
}

typedef struct Native {
    char folder[32];
    void *handle;
    const nna_rt_model *model;
} Native;

static inline void run_compiler(const char *object, const char *library) {
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        execlp("cc", "cc", "-shared", "-o", library, object, NNA_BUILD_DIR "/libnna_rt.a", "-lm",
               (char *)NULL);
        _exit(127);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "cc failed");
}

/* Makes an object a library and opens it. */
static inline Native native_open(const CodegenRequest *request) {
    Native native = {.folder = "/tmp/nnac-test-XXXXXX"};
    cr_assert_not_null(mkdtemp(native.folder));
    char object[64], library[64];
    snprintf(object, sizeof object, "%s/model.o", native.folder);
    snprintf(library, sizeof library, "%s/model.so", native.folder);
    CodegenResult code = codegen_run(request);
    FILE *file = fopen(object, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(code.bytes, 1, code.size, file), code.size);
    cr_assert_eq(fclose(file), 0);
    run_compiler(object, library);
    native.handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(native.handle, "%s", dlerror());
    native.model = dlsym(native.handle, "nna_model");
    cr_assert_not_null(native.model);
    cr_assert_eq(native.model->abi, NNA_RT_ABI);
    unlink(object);
    unlink(library);
    rmdir(native.folder);
    return native;
}

static inline void native_close(Native *native) {
    dlclose(native->handle);
}

/* Buffers of one call. */
typedef struct Call {
    nna_rt_call call;
    void **inputs, **outputs;
    size_t *output_bytes;
} Call;

static inline size_t bytes_of(Graph *g, Value v, const int64_t *variables) {
    Shape shape = ir_shape(g, v);
    size_t bytes = dtype_info[ir_node(g, v)->dtype].bytes;
    for (uint8_t d = 0; d < shape.rank; d++) {
        int64_t size;
        cr_assert(dim_evaluate(g->dims, shape.dims[d], variables, &size));
        bytes *= (size_t)size;
    }
    return bytes;
}

static inline Call call_make(Graph *g, const Native *native, const int64_t *variables) {
    Arena *arena = &g->cx->session;
    Call c = {.inputs = ARENA_ARRAY(arena, void *, g->inputs.count),
              .outputs = ARENA_ARRAY(arena, void *, g->results.count),
              .output_bytes = ARENA_ARRAY(arena, size_t, g->results.count)};
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        c.inputs[i] = arena_alloc(arena, 1, bytes_of(g, g->inputs.data[i], variables));
    }
    for (uint32_t i = 0; i < g->results.count; i++) {
        c.output_bytes[i] = bytes_of(g, g->results.data[i].value, variables);
        c.outputs[i] = arena_alloc(arena, 1, c.output_bytes[i]);
    }
    int64_t size = native->model->workspace(variables);
    cr_assert_geq(size, 0);
    unsigned char *memory = arena_alloc(arena, 1, (size_t)size + 64);
    c.call = (nna_rt_call){.model = native->model,
                           .variables = variables,
                           .inputs = (const void *const *)c.inputs,
                           .outputs = c.outputs,
                           .workspace = memory + (64 - (uintptr_t)memory % 64) % 64,
                           .inject = -1,
                           .armed = -1,
                           .trip = {.guard = -1}};
    return c;
}

/* One element, as the evaluator holds it. */
static inline Cell cell_load(DType t, const void *bytes, int64_t index) {
    const unsigned char *at = (const unsigned char *)bytes + (size_t)index * dtype_info[t].bytes;
    Cell cell = {.i = 0};
    if (dtype_is_float(t)) cell.f = dtype_load(t, at);
    else if (dtype_info[t].bytes == 8) memcpy(&cell.i, at, 8);
    else cell.i = (int64_t)dtype_load(t, at);
    return cell;
}

static inline void cell_store(DType t, void *bytes, int64_t index, Cell cell) {
    unsigned char *at = (unsigned char *)bytes + (size_t)index * dtype_info[t].bytes;
    if (dtype_is_float(t)) dtype_store(t, at, cell.f);
    else if (dtype_info[t].bytes == 8) memcpy(at, &cell.i, 8);
    else dtype_store(t, at, (double)cell.i);
}

/* The same bits; one NaN is like another. */
static inline bool cells_equal(DType t, Cell a, Cell b) {
    if (dtype_is_float(t) && a.f != a.f) return b.f != b.f;
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Inputs of a call to the evaluator, then the graph. */
static inline void evaluate(Graph *g, EvalRun *run, const Call *c) {
    eval_prepare(g, run);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Value v = g->inputs.data[i];
        Tensor *t = &run->values[v.id];
        cr_assert(eval_tensor(g, run, v, t));
        for (int64_t k = 0; k < t->count; k++) t->cells[k] = cell_load(t->dtype, c->inputs[i], k);
    }
    cr_assert_eq(eval_graph(g, run), EVAL_DONE);
}

/* A small generator; the same numbers everywhere. */
static inline uint64_t random_bits(uint64_t *state) {
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
