/* Text to tree: goldens of tokens and trees, the corpus, limits, and inputs that are cut
 * off, deep, or random. */
#include "frontend/parse.h"

#include "tests/unit/golden.h"
#include "tests/unit/support.h"

static void print_tokens(Ctx *cx, Source *source, Buf *out) {
    tokens_print(cx, source, out);
}

static void print_tree(Ctx *cx, Source *source, Buf *out) {
    ast_print(cx, parse_file(cx, source), out);
}

Test(parse, golden_tokens) {
    golden_run("lex", print_tokens);
    NNA_CHECK_LEAKS();
}

Test(parse, golden_trees) {
    golden_run("ast", print_tree);
    NNA_CHECK_LEAKS();
}

Test(parse, table_of_kinds_names_its_slots) {
    for (uint32_t kind = 1; kind < AST_KIND_COUNT; kind++) {
        const AstKindInfo *info = &ast_kind_info[kind];
        uint32_t words = info->slots[0] != '\0';
        for (const char *c = info->slots; *c != '\0'; c++) words += *c == ' ';
        cr_expect_eq(words, info->slot_count, "%s: %u slots, %u indices", info->text, words,
                     info->slot_count);
        for (uint32_t other = 1; other < kind; other++) {
            cr_expect_str_neq(info->text, ast_kind_info[other].text);
        }
    }
    NNA_CHECK_LEAKS();
}

static File *parse_text(Ctx *cx, const char *text, size_t length) {
    Source *source = source_add(cx, "test.nna", text, length);
    cr_assert_not_null(source);
    return parse_file(cx, source);
}

/* Children come before their parents, and lie within them; nothing is too deep. */
static void check_tree(Ctx *cx, const File *file, const char *what) {
    cr_assert_eq(ast_kind(file, file->root), AST_FILE, "%s", what);
    cr_assert_eq(file->broken, cx->diags.errors > 0, "%s", what);
    for (uint32_t id = 1; id < file->nodes.count; id++) {
        const AstNode *node = &file->nodes.data[id];
        cr_assert_leq(node->depth, cx->limits.expression_depth, "%s", what);
        for (uint32_t i = 0; i < node->child_count; i++) {
            Ast child = file->children.data[node->first_child + i];
            Span span = ast_span(file, child);
            cr_assert_lt(child.id, id, "%s", what);
            if (file->broken || child.id == 0 || span.begin == 0) continue;
            cr_assert(span.begin >= node->span.begin && span.end <= node->span.end,
                      "%s: %s %u..%u outside %s %u..%u", what,
                      ast_kind_info[ast_kind(file, child)].text, span.begin, span.end,
                      ast_kind_info[node->kind].text, node->span.begin, node->span.end);
        }
    }
}

static void parse_folder(const char *folder, bool clean) {
    Ctx *all = test_ctx();
    TestFiles files = test_files(all, folder, ".nna");
    cr_assert_gt(files.paths.count, 0);
    for (uint32_t i = 0; i < files.paths.count; i++) {
        Ctx *cx = test_ctx();
        size_t length = 0;
        const char *text = test_read(cx, files.paths.data[i], &length);
        File *file = parse_text(cx, text, length);
        check_tree(cx, file, files.paths.data[i]);
        if (clean) {
            cr_expect_eq(cx->diags.list.count, 0, "%s\n%s", files.paths.data[i],
                         test_reports(cx));
        }
        ctx_free(cx);
    }
    ctx_free(all);
}

Test(parse, corpus_is_read_without_a_report) {
    parse_folder("corpus", true);
    NNA_CHECK_LEAKS();
}

Test(parse, seeds_of_the_fuzzer_are_survived) {
    parse_folder("fuzz/seeds", false);
    NNA_CHECK_LEAKS();
}

/* Cut off at every byte, and with every byte replaced. */
Test(parse, damaged_files_are_survived) {
    static const char *const names[] = {"statements", "expressions", "declarations", "train"};
    static const char bytes[] = {'\0', '{', '}', '(', '"', '\xff', ' '};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        Ctx *all = test_ctx();
        size_t length = 0;
        const char *path = arena_format(&all->session, "%s/golden/ast/%s.nna", NNA_TESTS_DIR,
                                        names[n]);
        const char *text = test_read(all, path, &length);
        cr_assert_not_null(text);
        char *copy = (char *)arena_alloc(&all->session, length, 1);
        for (size_t i = 0; i < length; i++) {
            Ctx *cx = test_ctx();
            memcpy(copy, text, length);
            check_tree(cx, parse_text(cx, text, i), names[n]);
            ctx_free(cx);
            cx = test_ctx();
            copy[i] = bytes[i % sizeof bytes];
            check_tree(cx, parse_text(cx, copy, length), names[n]);
            ctx_free(cx);
        }
        ctx_free(all);
    }
    NNA_CHECK_LEAKS();
}

/* A block with one expression: `head`, `open` many times, `middle`, `close` as often. */
static const char *nested(Ctx *cx, const char *open, const char *middle, const char *close,
                          uint32_t count) {
    Buf text = buf_make(&cx->session);
    buf_put(&text, "nna 1\nblock B(x: f32[]) -> f32[] {\n  let a = ");
    for (uint32_t i = 0; i < count; i++) buf_put(&text, open);
    buf_put(&text, middle);
    for (uint32_t i = 0; i < count; i++) buf_put(&text, close);
    buf_put(&text, "\n  return x\n}\n");
    return buf_text(&text);
}

/* Any depth ends in one report, and the rest of the file is read. */
Test(parse, nesting_is_reported_once) {
    static const struct {
        const char *open, *middle, *close;
        uint32_t allowed, deep;
    } cases[] = {
        {"(", "1", ")", 256, 10000},
        {"-", "1", "", 255, 10000},
        {"not ", "x", "", 255, 10000},
        {"1 + ", "1", "", 255, 200000},
        {"2 ** ", "1", "", 255, 10000},
        {"f(", "1", ")", 255, 10000},
        {"[", "1", "]", 255, 10000},
        {"x[", "1", "]", 255, 10000},
        {"", "x", ".a", 255, 10000},
        {"", "x", " |> f", 255, 10000},
        {"if x { let b = ", "1", " yield b } else { yield 1 }", 63, 10000},
        {"for i in 0..2 with h = x { yield ", "1", " }", 63, 10000},
        {"if x { yield 1 } else ", "{ yield 2 }", "", 255, 10000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t counts[] = {cases[i].allowed, cases[i].allowed + 1, cases[i].deep};
        for (uint32_t k = 0; k < 3; k++) {
            Ctx *cx = test_ctx();
            const char *text =
                nested(cx, cases[i].open, cases[i].middle, cases[i].close, counts[k]);
            File *file = parse_text(cx, text, strlen(text));
            check_tree(cx, file, cases[i].open);
            cr_expect_str_eq(test_codes(cx), k == 0 ? "" : "NNA0002", "`%s` %u times: %s",
                             cases[i].open, counts[k], test_codes(cx));
            ctx_free(cx);
        }
    }
    NNA_CHECK_LEAKS();
}

/* The file has twenty faults that have nothing to do with each other. */
Test(parse, one_fault_is_one_report) {
    Ctx *cx = test_ctx();
    size_t length = 0;
    const char *text = test_read(cx, NNA_TESTS_DIR "/golden/ast/faults_20.nna", &length);
    parse_text(cx, text, length);
    cr_expect_eq(cx->diags.errors, 20, "%u reports", cx->diags.errors);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Long files of one line or of one fault end after a thousand reports, and in linear time. */
Test(parse, endless_faults_end, .timeout = 60) {
    static const char *const pieces[] = {
        "model $\n",      "let a = 1 ",     "let a = ) { ", "f( } ", "#! NNA3001\n",
        "if x { let a = ", "} { ",           ", x ",         "@a ",   "scan ( ",
        "let a = x @w ",   "for i in 0..1 ", "\"\\q\" ",    "1__0 ", "\xc3",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        Ctx *cx = test_ctx();
        Buf text = buf_make(&cx->session);
        buf_put(&text, "nna 1\nblock B(x: f32[]) -> f32[] {\n  ");
        for (uint32_t k = 0; k < 30000; k++) buf_put(&text, pieces[i]);
        check_tree(cx, parse_text(cx, buf_text(&text), text.length), pieces[i]);
        cr_expect_leq(cx->diags.errors, 1010, "`%s`: %u", pieces[i], cx->diags.errors);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

static void parse_cut_short(Ctx *cx, void *data) {
    parse_file(cx, data);
}

/* Wherever memory ends, there is one report, and all of it is given back. */
Test(parse, memory_may_end_anywhere) {
    for (uint32_t size = 1; size < 400; size += 7) {
        Ctx *cx = test_ctx();
        const char *text = nested(cx, "f(x, ", "\"some text\"", ")", 200);
        Source *source = source_add(cx, "test.nna", text, strlen(text));
        cx->limits.memory_bytes = size * 1024;
        bool done = ctx_try(cx, parse_cut_short, source);
        cr_expect_str_eq(test_codes(cx), done ? "" : "NNA0002", "%u KiB: %s", size,
                         test_codes(cx));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}
