/* Edits of a text, and the difference of two. */
#include "tests/unit/support.h"

#include "ir/base/diff.h"
#include "ir/base/edit.h"

#include <stdlib.h>

static Span at(const Source *source, uint32_t begin, uint32_t end) {
    return (Span){source->base + begin, source->base + end};
}

static const char *apply(Ctx *cx, const Source *source, const Edits *edits) {
    Buf out = buf_make(&cx->scratch);
    edits_apply(source, edits, &out);
    return buf_text(&out);
}

Test(edit, order_and_overlap) {
    Ctx *cx = test_ctx();
    source_add(cx, "first", "xx", 2); /* so that the base is not 1 */
    const Source *source = source_add(cx, "m", "let a = log(p)\n", 15);
    Edits edits = {0};
    cr_expect_str_eq(apply(cx, source, &edits), "let a = log(p)\n");
    cr_expect(edits_add(&cx->scratch, &edits, (Edit){at(source, 12, 13), "q"}));
    cr_expect(edits_add(&cx->scratch, &edits, (Edit){at(source, 0, 0), "# "}));
    cr_expect(edits_add(&cx->scratch, &edits, (Edit){at(source, 15, 15), "end"}));
    cr_expect(edits_add(&cx->scratch, &edits, (Edit){at(source, 12, 12), "-"}));
    cr_expect(edits_add(&cx->scratch, &edits, (Edit){at(source, 13, 13), "+"}));
    cr_expect(edits_add(&cx->scratch, &edits, (Edit){at(source, 13, 14), "]"}));
    cr_expect_str_eq(apply(cx, source, &edits), "# let a = log(-q+]\nend");
    cr_expect_not(edits_add(&cx->scratch, &edits, (Edit){at(source, 8, 13), "no"}));
    cr_expect_not(edits_add(&cx->scratch, &edits, (Edit){at(source, 12, 13), "no"}));
    cr_expect_not(edits_add(&cx->scratch, &edits, (Edit){at(source, 11, 14), "no"}));
    cr_expect(edits_add(&cx->scratch, &edits, (Edit){at(source, 0, 0), "2 "}));
    cr_expect_eq(edits.count, 7);
    cr_expect_str_eq(apply(cx, source, &edits), "# 2 let a = log(-q+]\nend");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* What an edit left alone comes from the byte that it is; what it wrote from its place. */
Test(edit, origins) {
    static const char old[] = "abc\r\n\tx\xc3\xa9y\r\nend";
    Ctx *cx = test_ctx();
    uint64_t state = 7;
    for (int round = 0; round < 2000; round++) {
        const Source *source = source_add(cx, "m", old, sizeof old - 1);
        Edits edits = {0};
        for (int i = 0; i < 4; i++) {
            static const char *const texts[] = {"", "!", "??\r\n", "\t#"};
            state = state * 6364136223846793005u + 1442695040888963407u;
            uint32_t begin = (uint32_t)(state >> 33) % sizeof old;
            uint32_t end = begin + (uint32_t)(state >> 40) % 3;
            if (end > sizeof old - 1) end = sizeof old - 1;
            edits_add(&cx->scratch, &edits,
                      (Edit){at(source, begin, end), texts[(state >> 50) % 4]});
        }
        const char *new = apply(cx, source, &edits);
        uint32_t written = 0, before = source->base;
        for (uint32_t i = 0; new[i] != '\0'; i++) {
            uint32_t inside, from = edits_origin(&edits, source->base, i, &inside);
            cr_assert(from >= before, "places keep their order");
            before = from;
            if (inside == edits.count) {
                cr_assert_eq(source->text[from - source->base], new[i]);
            } else {
                cr_assert_eq(from, edits.data[inside].span.begin);
                written++;
            }
        }
        size_t all = 0;
        for (uint32_t i = 0; i < edits.count; i++) all += strlen(edits.data[i].text);
        cr_assert_eq(written, all);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

static const char *diff(Ctx *cx, const char *old, const char *new) {
    Buf out = buf_make(&cx->scratch);
    diff_unified(&cx->scratch, "m.nna", old, strlen(old), new, strlen(new), &out);
    return buf_text(&out);
}

Test(diff, unified) {
    Ctx *cx = test_ctx();
    cr_expect_str_eq(diff(cx, "", ""), "");
    cr_expect_str_eq(diff(cx, "a\nb\n", "a\nb\n"), "");
    NNA_EXPECT_TEXT(diff(cx, "a\nb\nc\n", "a\nx\nc\n"),
                    "--- m.nna\n+++ m.nna\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
    NNA_EXPECT_TEXT(diff(cx, "", "a\n"), "--- m.nna\n+++ m.nna\n@@ -0,0 +1 @@\n+a\n");
    NNA_EXPECT_TEXT(diff(cx, "a\n", ""), "--- m.nna\n+++ m.nna\n@@ -1 +0,0 @@\n-a\n");
    NNA_EXPECT_TEXT(diff(cx, "a\nb", "a\nb\n"),
                    "--- m.nna\n+++ m.nna\n@@ -1,2 +1,2 @@\n a\n-b\n"
                    "\\ No newline at end of file\n+b\n");
    NNA_EXPECT_TEXT(diff(cx, "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nx\n2\n3\n4\n5\n6\n7\n8\n"),
                    "--- m.nna\n+++ m.nna\n@@ -1,4 +1,5 @@\n 1\n+x\n 2\n 3\n 4\n"
                    "@@ -6,4 +7,3 @@\n 6\n 7\n 8\n-9\n");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* The lines that a difference keeps and drops are the old text, those that it keeps and adds the
 * new one. */
static void expect_sound(Ctx *cx, const char *old, const char *new) {
    DiffLines lines = diff_lines(&cx->scratch, old, strlen(old), new, strlen(new));
    uint32_t dropped = 0, added = 0;
    for (uint32_t i = 0; i < lines.count; i++) {
        const DiffLine *line = &lines.data[i];
        const char *text = line->mark == '-' ? old : new;
        for (uint32_t k = 1; k < line->number; k++) text = strchr(text, '\n') + 1;
        cr_assert_eq(strncmp(text, line->text, strlen(line->text)), 0);
        dropped += line->mark == '-';
        added += line->mark == '+';
    }
    cr_assert_eq(strlen(old) / 2 - dropped, strlen(new) / 2 - added); /* lines of one letter */
}

Test(diff, random_texts) {
    Ctx *cx = test_ctx();
    uint64_t state = 3;
    for (int round = 0; round < 500; round++) {
        char texts[2][64];
        for (int k = 0; k < 2; k++) {
            uint32_t count = (uint32_t)(state >> 40) % 24;
            for (uint32_t i = 0; i < count; i++) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                texts[k][2 * i] = (char)('a' + (state >> 50) % 3);
                texts[k][2 * i + 1] = '\n';
            }
            texts[k][2 * count] = '\0';
            state = state * 6364136223846793005u + 1442695040888963407u;
        }
        expect_sound(cx, texts[0], texts[1]);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Past the bound of the algorithm a difference is large, and still one. */
Test(diff, far_apart) {
    enum { LINES = 4000 };
    Ctx *cx = test_ctx();
    Buf old = buf_make(&cx->scratch), new = buf_make(&cx->scratch);
    for (int i = 0; i < LINES; i++) {
        buf_put(&old, "a\n");
        buf_put(&new, "b\n");
    }
    DiffLines lines =
        diff_lines(&cx->scratch, buf_text(&old), old.length, buf_text(&new), new.length);
    cr_expect_eq(lines.count, 2 * LINES);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
