/* libFuzzer harness: any bytes are read into a tree that is sound, printed, and reported
 * on; two readings give the same text.
 *
 *     cmake --preset fuzz && cmake --build build/fuzz --target fuzz_parse
 *     build/fuzz/tests/fuzz_parse -runs=10000000 -max_len=4096 -dict=tests/fuzz/nna.dict \
 *         corpus/ tests/corpus/...
 *
 * The limits are lowered, so that short inputs reach them. */
#include "frontend/parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds) abort();
}

/* Children come before their parents, so that a tree has no cycle. */
static void check_tree(Ctx *cx, const File *file) {
    check(file->root.id != 0 && ast_kind(file, file->root) == AST_FILE);
    for (uint32_t id = 1; id < file->nodes.count; id++) {
        const AstNode *node = &file->nodes.data[id];
        check(node->kind > AST_NOTHING && node->kind < AST_KIND_COUNT);
        check(node->depth <= cx->limits.expression_depth);
        check(node->span.begin <= node->span.end);
        for (uint32_t i = 0; i < node->child_count; i++) {
            check(file->children.data[node->first_child + i].id < id);
        }
    }
    check(file->broken == (cx->diags.errors > 0));
}

/* What is printed of the input, in a context that stays for the caller to free. */
static Ctx *parse(const uint8_t *data, size_t size, bool print, const char **text) {
    Ctx *cx = ctx_new();
    if (cx == NULL) abort();
    cx->limits.expression_depth = 24;
    cx->limits.block_depth = 6;
    cx->limits.string_bytes = 64;
    cx->limits.identifier_bytes = 40;
    Source *source = source_add(cx, "input.nna", (const char *)data, size);
    File *file = parse_file(cx, source);
    check_tree(cx, file);
    if (print) {
        const TextStyle style = {false, 100};
        Buf out = buf_make(&cx->session);
        ast_print(cx, file, &out);
        tokens_print(cx, source, &out);
        diags_sort(cx);
        diags_text(cx, &style, &out);
        *text = buf_text(&out);
        check(strchr(*text, '\x1b') == NULL);
    }
    return cx;
}

/* Printing is slower than parsing: one input in about 256 is printed, twice. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool print = size > 0 && data[size - 1] == '@';
    const char *once = "", *again = "";
    Ctx *cx = parse(data, size, print, &once);
    if (print) {
        Ctx *other = parse(data, size, print, &again);
        check(strcmp(once, again) == 0);
        ctx_free(other);
    }
    ctx_free(cx);
    return 0;
}
