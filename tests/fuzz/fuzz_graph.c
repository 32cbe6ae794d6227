/* libFuzzer harness: bytes draw a graph of every operator, which is verified, printed and read back
 * to the same text, analysed, and run by the evaluator: whatever the analysis proved holds.
 *
 *     cmake --preset fuzz && cmake --build build/fuzz --target fuzz_graph
 *     build/fuzz/tests/fuzz_graph -runs=10000000 -max_len=256 corpus/ */
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/random/graph.h"
#include "tests/random/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what, const char *text) {
    if (holds) return;
    fprintf(stderr, "%s\n%s\n", what, text);
    abort();
}

typedef struct Input {
    Bytes bytes;
    uint64_t seed;
    bool whole;
} Input;

static void run(Ctx *cx, void *data) {
    Input *input = data;
    Graph *g = random_graph(cx, &input->bytes, 24);
    Buf broken = buf_make(&cx->session), once = buf_make(&cx->session),
        again = buf_make(&cx->session);
    check(ir_verify(g, &broken), "verify", buf_text(&broken));
    cx->diags.errors = 0;
    ir_print(g, &once);
    Source *source = source_add(cx, "graph.ir", buf_text(&once), once.length);
    Graph *copy = ir_read(cx, source);
    check(copy != NULL, "read", buf_text(&once));
    ir_print(copy, &again);
    check(strcmp(buf_text(&once), buf_text(&again)) == 0, "printed again", buf_text(&again));
    Trial trial = {.cx = cx, .g = g, .random = {input->seed}};
    trial_examine(&trial, sizes_by_name(g), 3);
    check(trial.broken == 0, "unsound", buf_text(&once));
    input->whole = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Ctx *cx = ctx_new();
    if (cx == NULL) abort();
    cx->limits.elements = 4096;
    cx->limits.witness_steps = 20000;
    Input input = {.bytes = {data, size, 0}, .seed = size};
    for (size_t i = 0; i < size; i++) input.seed = input.seed * 31 + data[i];
    ctx_try(cx, run, &input);
    ctx_free(cx);
    return 0;
}
