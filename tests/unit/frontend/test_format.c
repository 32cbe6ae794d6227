/* The canonical layout: goldens, and laws that hold for every file there is, for files that are
 * damaged but can be read, and for large ones. */
#include "tests/law/format_laws.h"
#include "tests/unit/golden.h"
#include "tests/unit/support.h"

static void print_format(Ctx *cx, Source *source, Buf *out) {
    const File *file = parse_file(cx, source);
    if (!file->broken) format_file(cx, file, out);
}

Test(format, goldens) {
    golden_run("format", print_format);
    NNA_CHECK_LEAKS();
}

Test(format, every_kind_of_node_has_a_layout) {
    static const char *const layouts[AST_KIND_COUNT] = {
#define LAYOUT(kind, layout) [AST_##kind] = layout,
#include "frontend/format.def"
    };
    for (uint32_t kind = 1; kind < AST_KIND_COUNT; kind++) {
        bool never = kind == AST_ERROR || kind == AST_FILE;
        cr_expect_eq(layouts[kind] == NULL, never, "%s", ast_kind_info[kind].text);
    }
    NNA_CHECK_LEAKS();
}

static bool holds(const char *text, size_t length, const char *what) {
    Ctx *cx = test_ctx();
    const char *fault = format_fault(cx, text, length);
    cr_expect_null(fault, "%s: %s", what, fault);
    bool readable = cx->diags.errors == 0;
    ctx_free(cx);
    return readable;
}

/* Some changes of a text: a byte, a line, a line end, or a space that is another. */
static bool damage(char *text, size_t length, uint32_t round) {
    static const char bytes[] = "\n #(),\n #";
    size_t at = (size_t)round * 7919 % length;
    char was = text[at];
    switch (round % 4) {
    case 0: text[at] = bytes[round / 4 % (sizeof bytes - 1)]; break;
    case 1:
        while (at < length && text[at] != ' ') at++;
        if (at < length) text[at] = '\n';
        break;
    case 2:
        while (at < length && text[at] != '\n') at++;
        if (at < length) text[at] = ' ';
        break;
    case 3:
        while (at < length && text[at] != ',') at++;
        if (at + 1 < length) text[at + 1] = '\n';
        break;
    }
    return at < length && text[at] != was;
}

/* rounds: how often each file is damaged, and damaged again. Returns how many could be read. */
static uint32_t check_folder(const char *folder, uint32_t rounds) {
    Ctx *all = test_ctx();
    TestFiles files = test_files(all, folder, ".nna");
    uint32_t readable = 0;
    cr_assert_gt(files.paths.count, 0, "%s", folder);
    for (uint32_t i = 0; i < files.paths.count; i++) {
        size_t length = 0;
        const char *path = files.paths.data[i];
        const char *text = test_read(all, path, &length);
        holds(text, length, path);
        if (length == 0) continue;
        char *copy = arena_alloc(&all->session, length, 1);
        for (uint32_t round = 0; round < rounds; round++) {
            if (round % 5 == 0) memcpy(copy, text, length);
            damage(copy, length, round + i);
            readable += holds(copy, length, arena_format(&all->session, "%s, %u", path, round));
        }
    }
    ctx_free(all);
    return readable;
}

Test(format, laws_hold_on_the_corpus, .timeout = 300) {
    cr_expect_gt(check_folder("corpus", 4), 200);
    NNA_CHECK_LEAKS();
}

Test(format, laws_hold_on_goldens, .timeout = 300) {
    cr_expect_gt(check_folder("golden", 8), 200);
    NNA_CHECK_LEAKS();
}

Test(format, laws_hold_on_examples) {
    cr_expect_gt(check_folder("../examples", 200), 20);
    NNA_CHECK_LEAKS();
}

Test(format, laws_hold_on_seeds) {
    check_folder("fuzz/seeds", 8);
    NNA_CHECK_LEAKS();
}

/* The files of the prelude are read as one text, of which each but the first is a part. */
Test(format, laws_hold_on_the_prelude) {
    Ctx *all = test_ctx();
    TestFiles files = test_files(all, "../frontend/prelude", ".nna");
    cr_assert_gt(files.paths.count, 1);
    for (uint32_t i = 0; i < files.paths.count; i++) {
        size_t length = 0;
        const char *text = test_read(all, files.paths.data[i], &length);
        const char *whole = arena_format(&all->session, "nna 1\n\n%s",
                                         strncmp(text, "nna 1", 5) == 0 ? text + 5 : text);
        cr_expect(holds(whole, strlen(whole), files.paths.data[i]), "%s: cannot be read",
                  files.paths.data[i]);
    }
    ctx_free(all);
    NNA_CHECK_LEAKS();
}

/* Deep, wide and long texts, in linear time. */
Test(format, large_texts_are_laid_out, .timeout = 60) {
    static const struct {
        const char *head, *piece, *foot;
        uint32_t count;
    } cases[] = {
        {"  let y = ", "x + ", "x\n", 250},
        {"  let y = ", "f(x, ", "", 0},
        {"  let y = [", "1.25, ", "1]\n", 30000},
        {"", "  let y = x   # why\n", "", 30000},
        {"", "  let some_name = conv2d(x, filters: 16)   #! NNA3001\n", "", 10000},
        {"  let y = f(", "x, ", "x)\n", 30000},
        {"", "\n\n  # alone\n", "", 30000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Ctx *cx = test_ctx();
        Buf text = buf_make(&cx->session);
        buf_put(&text, "nna 1\nblock B(x: f32[N]) -> f32[N] {\n");
        uint32_t count = cases[i].count > 0 ? cases[i].count : 200;
        buf_put(&text, cases[i].head);
        for (uint32_t k = 0; k < count; k++) buf_put(&text, cases[i].piece);
        buf_put(&text, cases[i].foot);
        if (cases[i].count == 0) {
            buf_put(&text, "x");
            buf_repeat(&text, ')', count);
        }
        buf_put(&text, "\n  return x\n}\n");
        cr_expect(holds(buf_text(&text), text.length, cases[i].piece), "`%s`", cases[i].piece);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

static void format_cut_short(Ctx *cx, void *data) {
    const File *file = parse_file(cx, data);
    Buf out = buf_make(&cx->module);
    format_file(cx, file, &out);
}

Test(format, memory_may_end_anywhere) {
    Ctx *all = test_ctx();
    size_t length = 0;
    const char *text = test_read(all, NNA_TESTS_DIR "/golden/ast/statements.nna", &length);
    cr_assert_not_null(text);
    for (uint32_t size = 1; size < 400; size += 7) {
        Ctx *cx = test_ctx();
        Source *source = source_add(cx, "test.nna", text, length);
        cx->limits.memory_bytes = size * 1024;
        bool done = ctx_try(cx, format_cut_short, source);
        cr_expect_str_eq(test_codes(cx), done ? "" : "NNA0002", "%u KiB: %s", size,
                         test_codes(cx));
        ctx_free(cx);
    }
    ctx_free(all);
    NNA_CHECK_LEAKS();
}
