/* Reports as text: exact, for every kind of place. A mark is given by the text it covers,
 * or as "@offset+length". */
#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Spot {
    const char *at, *text;
} Spot;

typedef struct Case {
    const char *what, *path, *source;
    uint32_t width;
    Spot primary, labels[5];
    const char *note, *help, *expected;
} Case;

static Span spot_span(const Source *source, const char *at) {
    unsigned begin = 0, length = 0;
    if (sscanf(at, "@%u+%u", &begin, &length) == 2) {
        return (Span){source->base + begin, source->base + begin + length};
    }
    const char *found = strstr(source->text, at);
    cr_assert_not_null(found, "no `%s` in the source", at);
    begin = source->base + (uint32_t)(found - source->text);
    return (Span){begin, begin + (uint32_t)strlen(at)};
}

static const char *render(Ctx *cx, const Case *c, bool color) {
    const Source *source = source_add(cx, c->path == NULL ? "m.nna" : c->path, c->source,
                                      strlen(c->source));
    Diag *d = diag_new(cx, NNA1001, spot_span(source, c->primary.at), "%s", c->what);
    diag_primary(cx, d, "%s", c->primary.text);
    for (int i = 0; i < 5 && c->labels[i].at != NULL; i++) {
        diag_label(cx, d, spot_span(source, c->labels[i].at), "%s", c->labels[i].text);
    }
    if (c->note != NULL) diag_note(cx, d, "%s", c->note);
    if (c->help != NULL) diag_help(cx, d, "%s", c->help);
    TextStyle style = {color, c->width};
    Buf text = buf_make(&cx->session);
    diag_text(cx, d, &style, &text);
    return buf_text(&text);
}

static const Case cases[] = {
#include "tests/unit/ir/diag_text_cases.def"
};

Test(diag_text, every_kind_of_place_exactly) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Ctx *cx = test_ctx();
        NNA_EXPECT_TEXT(render(cx, &cases[i], false), cases[i].expected);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* The text without what sets colours. */
static void strip_colors(char *text) {
    char *to = text;
    for (const char *c = text; *c != '\0';) {
        if (*c == '\x1b') {
            c += strcspn(c, "m") + 1;
        } else {
            *to++ = *c++;
        }
    }
    *to = '\0';
}

/* Colours change nothing but the colours, and every one that is set is taken back. */
Test(diag_text, colors) {
    const Case c = {.what = "m",
                    .source = "a + b\n",
                    .primary = {"+", "cannot"},
                    .labels = {{"a", "is f32"}},
                    .note = "n",
                    .help = "h"};
    Ctx *cx = test_ctx();
    NNA_EXPECT_TEXT(render(cx, &c, true),
                    "\x1b[1;31merror[NNA1001]\x1b[0m\x1b[1m: m\x1b[0m\n"
                    " \x1b[1;34m-->\x1b[0m m.nna:1:3\n"
                    "  \x1b[1;34m|\x1b[0m\n"
                    "\x1b[1;34m1 |\x1b[0m a + b\n"
                    "  \x1b[1;34m|\x1b[0m \x1b[1;34m-\x1b[0m \x1b[1;31m^\x1b[0m"
                    " \x1b[1;31mcannot\x1b[0m\n"
                    "  \x1b[1;34m|\x1b[0m \x1b[1;34m|\x1b[0m\n"
                    "  \x1b[1;34m|\x1b[0m \x1b[1;34mis f32\x1b[0m\n"
                    "  \x1b[1;34m=\x1b[0m \x1b[1;36mnote\x1b[0m: n\n"
                    "  \x1b[1;34m=\x1b[0m \x1b[1;32mhelp\x1b[0m: h\n");
    ctx_free(cx);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cx = test_ctx();
        char *text = strdup(render(cx, &cases[i], true));
        strip_colors(text);
        NNA_EXPECT_TEXT(text, cases[i].expected);
        free(text);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* Labels in several files, severities, impact and category, reports about files. */
Test(diag_text, files_and_severities) {
    Ctx *cx = test_ctx();
    const Source *main = source_add(cx, "main.nna", "import \"b.nna\"\nf(x)\n", 20);
    const Source *other = source_add(cx, "b.nna", "\n\n\n\n\n\n\n\n\nblock f(\n  x)\n", 24);
    Diag *d = diag_new(cx, NNA2003, spot_span(main, "f(x)"), "two files");
    diag_primary(cx, d, "called here");
    diag_label(cx, d, spot_span(other, "f(\n  x)"), "declared here");
    diag_label(cx, d, spot_span(other, "block"), "a block");
    diag_label(cx, d, spot_span(main, "import"), "from here");
    diag_label(cx, d, SPAN_NONE, "a label without a place");
    diag_emit(cx, d);
    d = diag_new(cx, NNA1005, SPAN_NONE, "a label alone");
    diag_label(cx, d, spot_span(main, "x"), "here");
    diag_emit(cx, d);
    d = diag_new(cx, NNA1005, spot_span(main, "x"), "a note about a file");
    d->severity = SEVERITY_NOTE;
    d->file = "w.safetensors";
    diag_emit(cx, d);
    diag_file(cx, NNA7008, "w\n.safetensors", "not a safetensors file");
    diag_say(cx, NNA0003, SPAN_NONE, "nowhere\nat all");
    NNA_EXPECT_TEXT(test_reports(cx),
                    "warning[NNA2003]: two files\n"
                    "  --> main.nna:2:1\n"
                    "   |\n"
                    " 2 | f(x)\n"
                    "   | ^^^^ called here\n"
                    "   |\n"
                    "  ::: b.nna:10:7\n"
                    "   |\n"
                    "10 |   block f(\n"
                    "   |  _______-\n"
                    "11 | |   x)\n"
                    "   | |____- declared here\n"
                    "   |\n"
                    "10 | block f(\n"
                    "   | ----- a block\n"
                    "   |\n"
                    "  ::: main.nna:1:1\n"
                    "   |\n"
                    " 1 | import \"b.nna\"\n"
                    "   | ------ from here\n"
                    "   = impact 4 (wrong result), category: wrong shape\n"
                    "   = note: a label without a place\n"
                    "\n"
                    "note[NNA1005]: a note about a file\n"
                    " --> main.nna:2:3\n"
                    "  |\n"
                    "2 | f(x)\n"
                    "  |   ^\n"
                    "  = impact 2 (misinforms), category: wrong structure\n"
                    "  = file: w.safetensors\n"
                    "\n"
                    "warning[NNA1005]: a label alone\n"
                    " --> main.nna:2:3\n"
                    "  |\n"
                    "2 | f(x)\n"
                    "  |   - here\n"
                    "  = impact 2 (misinforms), category: wrong structure\n"
                    "\n"
                    "error[NNA7008]: not a safetensors file\n"
                    " --> w\\u{a}.safetensors\n"
                    "\n"
                    "error[NNA0003]: nowhere\n"
                    "                at all\n");
    NNA_EXPECT_TEXT(test_reports_short(cx),
                    "main.nna:2:1: warning[NNA2003]: two files\n"
                    "main.nna:2:3: note[NNA1005]: a note about a file\n"
                    "warning[NNA1005]: a label alone\n"
                    "w\\u{a}.safetensors: error[NNA7008]: not a safetensors file\n"
                    "error[NNA0003]: nowhere at all\n");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A line as long as a file: any place in it, any width, never more than a screen. */
Test(diag_text, very_long_lines) {
    enum { LENGTH = 300000 };
    Ctx *cx = test_ctx();
    char *text = malloc(LENGTH);
    for (int i = 0; i < LENGTH; i++) text[i] = "ab\t\xc3\xa9\x01\xff"[i % 7];
    const Source *source = source_add(cx, "long.nna", text, LENGTH);
    for (uint32_t i = 0; i < 400; i++) {
        uint32_t at = i * 997 % LENGTH, length = i % 13 == 0 ? 5000 : i % 5;
        Diag *d = diag_new(cx, NNA1001, (Span){source->base + at, source->base + at + length},
                           "long");
        diag_primary(cx, d, "here is a text of some words");
        diag_label(cx, d, (Span){source->base + at + 7, source->base + at + 9}, "near");
        TextStyle style = {false, i % 3 == 0 ? 0 : 60 + i % 50};
        Buf out = buf_make(&cx->scratch);
        diag_text(cx, d, &style, &out);
        cr_assert(out.length < 2000, "%zu bytes", out.length);
        cr_assert_not_null(strchr(out.data, '^'));
        arena_reset(&cx->scratch);
    }
    free(text);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
