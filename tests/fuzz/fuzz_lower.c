/* libFuzzer harness: any text is read, resolved, expanded and lowered; every graph keeps all its
 * invariants, and one without a report is printed and read back to the same text.
 *
 *     cmake --preset fuzz && cmake --build build/fuzz --target fuzz_lower
 *     build/fuzz/tests/fuzz_lower -runs=10000000 -max_len=1024 -dict=tests/fuzz/nna.dict \
 *         corpus/ tests/fuzz/seeds tests/golden/ops tests/golden/resolve
 *
 * The prelude is read once for many inputs. The limits are lowered, so that short inputs reach
 * them. */
#include "frontend/lower.h"
#include "frontend/prelude.h"
#include "ir/text.h"
#include "ir/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUTS_A_CONTEXT = 200 };

typedef struct Input {
    const char *text;
    size_t size;
    LowerOptions options;
} Input;

static void check(bool holds, const char *what, const char *text) {
    if (holds) return;
    fprintf(stderr, "%s\n%s\n", what, text);
    abort();
}

static void check_graph(Ctx *cx, Graph *g, bool clean) {
    Buf broken = buf_make(&cx->scratch);
    check(ir_verify(g, &broken), "verify", buf_text(&broken));
    if (!clean || g->nodes.count > 60) return;
    Buf once = buf_make(&cx->scratch), again = buf_make(&cx->scratch);
    ir_print(g, &once);
    Graph *copy = ir_read(cx, source_add(cx, "graph.ir", buf_text(&once), once.length));
    check(copy != NULL, "read", buf_text(&once));
    ir_print(copy, &again);
    check(strcmp(buf_text(&once), buf_text(&again)) == 0, "printed again", buf_text(&again));
}

static void lower(Ctx *cx, void *data) {
    Input *input = data;
    Source *source = source_add(cx, "input.nna", input->text, input->size);
    if (source == NULL) return;
    File *file = parse_file(cx, source);
    Models models = lower_file(cx, file, &input->options);
    bool clean = cx->diags.errors == 0;
    for (uint32_t i = 0; i < models.list.count; i++) check_graph(cx, models.list.data[i], clean);
}

static Ctx *context(LowerOptions *options) {
    Ctx *cx = ctx_new();
    if (cx == NULL) abort();
    options->prelude = prelude_parse(cx);
    cx->limits.expression_depth = 24;
    cx->limits.block_depth = 8;
    cx->limits.operations = 2000;
    cx->limits.string_bytes = 64;
    cx->limits.identifier_bytes = 40;
    return cx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Ctx *cx;
    static LowerOptions options;
    static unsigned inputs;
    if (cx == NULL) cx = context(&options);
    cx->diags = (Diags){0};
    diags_init(cx);
    Input input = {(const char *)data, size, options};
    ctx_try(cx, lower, &input);
    arena_reset(&cx->scratch);
    if (++inputs < INPUTS_A_CONTEXT) return 0;
    ctx_free(cx);
    cx = NULL;
    inputs = 0;
    return 0;
}
