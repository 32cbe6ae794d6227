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
    {.what = "one caret",
     .source = "a\nlet x = y\n",
     .primary = {"x", ""},
     .expected = "error[NNA1001]: one caret\n"
                 " --> m.nna:2:5\n"
                 "  |\n"
                 "2 | let x = y\n"
                 "  |     ^\n"},
    {.what = "a caret with text",
     .source = "let x = y\n",
     .primary = {"y", "unknown"},
     .expected = "error[NNA1001]: a caret with text\n"
                 " --> m.nna:1:9\n"
                 "  |\n"
                 "1 | let x = y\n"
                 "  |         ^ unknown\n"},
    {.what = "first byte of the file",
     .source = "let\n",
     .primary = {"let", ""},
     .expected = "error[NNA1001]: first byte of the file\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 | let\n"
                 "  | ^^^\n"},
    {.what = "end of a file with a last line feed",
     .source = "let x =\n",
     .primary = {"@8+0", "expected an expression"},
     .expected = "error[NNA1001]: end of a file with a last line feed\n"
                 " --> m.nna:2:1\n"
                 "  |\n"
                 "2 |\n"
                 "  | ^ expected an expression\n"},
    {.what = "end of a file without one",
     .source = "let x =",
     .primary = {"@7+0", "expected an expression"},
     .expected = "error[NNA1001]: end of a file without one\n"
                 " --> m.nna:1:8\n"
                 "  |\n"
                 "1 | let x =\n"
                 "  |        ^ expected an expression\n"},
    {.what = "end of an empty file",
     .source = "",
     .primary = {"@0+0", "expected `nna`"},
     .expected = "error[NNA1001]: end of an empty file\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 |\n"
                 "  | ^ expected `nna`\n"},
    {.what = "past the end: cut back",
     .source = "let x",
     .primary = {"@4+9", ""},
     .expected = "error[NNA1001]: past the end: cut back\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | let x\n"
                 "  |     ^\n"},
    {.what = "zero length within a line",
     .source = "f(a b)\n",
     .primary = {"@3+0", "expected `,`"},
     .expected = "error[NNA1001]: zero length within a line\n"
                 " --> m.nna:1:4\n"
                 "  |\n"
                 "1 | f(a b)\n"
                 "  |    ^ expected `,`\n"},
    {.what = "a span that is the line feed",
     .source = "let x\nlet y\n",
     .primary = {"@5+1", "here"},
     .expected = "error[NNA1001]: a span that is the line feed\n"
                 " --> m.nna:1:6\n"
                 "  |\n"
                 "1 | let x\n"
                 "  |      ^ here\n"},
    {.what = "a span that takes the line feed with it",
     .source = "let x\nlet y\n",
     .primary = {"x\n", "here"},
     .expected = "error[NNA1001]: a span that takes the line feed with it\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | let x\n"
                 "  |     ^ here\n"},
    {.what = "an empty line",
     .source = "a\n\nb\n",
     .primary = {"@2+0", "nothing"},
     .expected = "error[NNA1001]: an empty line\n"
                 " --> m.nna:2:1\n"
                 "  |\n"
                 "2 |\n"
                 "  | ^ nothing\n"},
    {.what = "space at the end of a line is not shown",
     .source = "let x  \t \nlet\n",
     .primary = {"x", ""},
     .expected = "error[NNA1001]: space at the end of a line is not shown\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | let x\n"
                 "  |     ^\n"},
    {.what = "CRLF",
     .source = "a\r\nlet x = y\r\nb\r\n",
     .primary = {"y", "unknown"},
     .expected = "error[NNA1001]: CRLF\n"
                 " --> m.nna:2:9\n"
                 "  |\n"
                 "2 | let x = y\n"
                 "  |         ^ unknown\n"},
    {.what = "the carriage return of CRLF",
     .source = "let x\r\nb\r\n",
     .primary = {"@5+2", "line end"},
     .expected = "error[NNA1001]: the carriage return of CRLF\n"
                 " --> m.nna:1:6\n"
                 "  |\n"
                 "1 | let x\n"
                 "  |      ^ line end\n"},
    {.what = "tabs before the mark",
     .source = "\tlet\tx = y\n",
     .primary = {"x", "a tab stop is 4 columns"},
     .expected = "error[NNA1001]: tabs before the mark\n"
                 " --> m.nna:1:6\n"
                 "  |\n"
                 "1 |     let x = y\n"
                 "  |         ^ a tab stop is 4 columns\n"},
    {.what = "a tab under the mark",
     .source = "a\tb\n",
     .primary = {"\t", "this"},
     .expected = "error[NNA1001]: a tab under the mark\n"
                 " --> m.nna:1:2\n"
                 "  |\n"
                 "1 | a   b\n"
                 "  |  ^^^ this\n"},
    {.what = "two bytes, one column",
     .source = "let é = ü + y\n",
     .primary = {"y", "column 13"},
     .expected = "error[NNA1001]: two bytes, one column\n"
                 " --> m.nna:1:13\n"
                 "  |\n"
                 "1 | let é = ü + y\n"
                 "  |             ^ column 13\n"},
    {.what = "wide characters",
     .source = "# 日本語 y\n",
     .primary = {"y", "wide"},
     .labels = {{"本", "two columns"}},
     .expected = "error[NNA1001]: wide characters\n"
                 " --> m.nna:1:7\n"
                 "  |\n"
                 "1 | # 日本語 y\n"
                 "  |     --   ^ wide\n"
                 "  |     |\n"
                 "  |     two columns\n"},
    {.what = "combining marks",
     .source = "# éä y\n",
     .primary = {"y", "the marks take none"},
     .labels = {{"ä", "one column"}},
     .expected = "error[NNA1001]: combining marks\n"
                 " --> m.nna:1:8\n"
                 "  |\n"
                 "1 | # éä y\n"
                 "  |    - ^ the marks take none\n"
                 "  |    |\n"
                 "  |    one column\n"},
    {.what = "emoji",
     .source = "# 🎉 y\n",
     .primary = {"y", ""},
     .expected = "error[NNA1001]: emoji\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | # 🎉 y\n"
                 "  |      ^\n"},
    {.what = "control characters are escaped",
     .source = "x\033[31m \007 y\n",
     .primary = {"y", "column 10 of the text"},
     .expected = "error[NNA1001]: control characters are escaped\n"
                 " --> m.nna:1:10\n"
                 "  |\n"
                 "1 | x\\u{1b}[31m \\u{7} y\n"
                 "  |                   ^ column 10 of the text\n"},
    {.what = "a control character is marked whole",
     .source = "x \033 y\n",
     .primary = {"\033", "escape"},
     .expected = "error[NNA1001]: a control character is marked whole\n"
                 " --> m.nna:1:3\n"
                 "  |\n"
                 "1 | x \\u{1b} y\n"
                 "  |   ^^^^^^ escape\n"},
    {.what = "bytes that are no UTF-8",
     .source = "x\xff" "\xc3" " y\n",
     .primary = {"y", "two bytes, two escapes"},
     .expected = "error[NNA1001]: bytes that are no UTF-8\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | x\\u{ff}\\u{c3} y\n"
                 "  |               ^ two bytes, two escapes\n"},
    {.what = "marks that reorder text",
     .source = "x \342\200\256 y\n",
     .primary = {"y", ""},
     .expected = "error[NNA1001]: marks that reorder text\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | x \\u{202e} y\n"
                 "  |            ^\n"},
    {.what = "line numbers are aligned",
     .source = "1\n2\n3\n4\n5\n6\n7\n8\nnine\nten\n",
     .primary = {"ten", "here"},
     .labels = {{"nine", "and here"}},
     .expected = "error[NNA1001]: line numbers are aligned\n"
                 "  --> m.nna:10:1\n"
                 "   |\n"
                 "10 | ten\n"
                 "   | ^^^ here\n"
                 "   |\n"
                 " 9 | nine\n"
                 "   | ---- and here\n"},
    {.what = "a hundred lines",
     .source = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
               "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
               "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nx\ny\n",
     .primary = {"y", ""},
     .labels = {{"x", "x"}},
     .expected = "error[NNA1001]: a hundred lines\n"
                 "   --> m.nna:100:1\n"
                 "    |\n"
                 "100 | y\n"
                 "    | ^\n"
                 "    |\n"
                 " 99 | x\n"
                 "    | - x\n"},
    {.what = "a label on the line, right",
     .source = "a + b\n",
     .primary = {"a", "is f32"},
     .labels = {{"b", "is f64"}},
     .expected = "error[NNA1001]: a label on the line, right\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 | a + b\n"
                 "  | ^   - is f64\n"
                 "  | |\n"
                 "  | is f32\n"},
    {.what = "a label on the line, left",
     .source = "a + b\n",
     .primary = {"b", "is f64"},
     .labels = {{"a", "is f32"}},
     .expected = "error[NNA1001]: a label on the line, left\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | a + b\n"
                 "  | -   ^ is f64\n"
                 "  | |\n"
                 "  | is f32\n"},
    {.what = "three on a line",
     .source = "let x = a + b\n",
     .primary = {"+", "cannot add"},
     .labels = {{"b", "is f64"},
                {"a", "is f32"}},
     .expected = "error[NNA1001]: three on a line\n"
                 " --> m.nna:1:11\n"
                 "  |\n"
                 "1 | let x = a + b\n"
                 "  |         - ^ - is f64\n"
                 "  |         | |\n"
                 "  |         | cannot add\n"
                 "  |         is f32\n"},
    {.what = "a label without text",
     .source = "a + b\n",
     .primary = {"+", "cannot add"},
     .labels = {{"b", ""},
                {"a", "is f32"}},
     .expected = "error[NNA1001]: a label without text\n"
                 " --> m.nna:1:3\n"
                 "  |\n"
                 "1 | a + b\n"
                 "  | - ^ -\n"
                 "  | | |\n"
                 "  | | cannot add\n"
                 "  | is f32\n"},
    {.what = "no text but on the left",
     .source = "a + b\n",
     .primary = {"b", ""},
     .labels = {{"a", "is f32"}},
     .expected = "error[NNA1001]: no text but on the left\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | a + b\n"
                 "  | -   ^\n"
                 "  | |\n"
                 "  | is f32\n"},
    {.what = "labels touch the mark",
     .source = "a+b\n",
     .primary = {"+", "cannot add"},
     .labels = {{"a", "f32"},
                {"b", "f64"}},
     .expected = "error[NNA1001]: labels touch the mark\n"
                 " --> m.nna:1:2\n"
                 "  |\n"
                 "1 | a+b\n"
                 "  | -^- f64\n"
                 "  | ||\n"
                 "  | |cannot add\n"
                 "  | f32\n"},
    {.what = "a label over the mark gets a line of its own",
     .source = "f(a)\n",
     .primary = {"f(a)", "fails"},
     .labels = {{"a", "for this"}},
     .expected = "error[NNA1001]: a label over the mark gets a line of its own\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 | f(a)\n"
                 "  | ^^^^ fails\n"
                 "  |\n"
                 "1 | f(a)\n"
                 "  |   - for this\n"},
    {.what = "labels over each other",
     .source = "f(a) + g\n",
     .primary = {"g", "this"},
     .labels = {{"f(a)", "one"},
                {"a", "two"}},
     .expected = "error[NNA1001]: labels over each other\n"
                 " --> m.nna:1:8\n"
                 "  |\n"
                 "1 | f(a) + g\n"
                 "  | ----   ^ this\n"
                 "  | |\n"
                 "  | one\n"
                 "  |\n"
                 "1 | f(a) + g\n"
                 "  |   - two\n"},
    {.what = "labels in the given order",
     .source = "a\nb\nc\n",
     .primary = {"b", "B"},
     .labels = {{"c", "C"},
                {"a", "A"}},
     .expected = "error[NNA1001]: labels in the given order\n"
                 " --> m.nna:2:1\n"
                 "  |\n"
                 "2 | b\n"
                 "  | ^ B\n"
                 "  |\n"
                 "3 | c\n"
                 "  | - C\n"
                 "  |\n"
                 "1 | a\n"
                 "  | - A\n"},
    {.what = "two labels share a line",
     .source = "a b\nc\n",
     .primary = {"c", "C"},
     .labels = {{"b", "B"},
                {"a", "A"}},
     .expected = "error[NNA1001]: two labels share a line\n"
                 " --> m.nna:2:1\n"
                 "  |\n"
                 "2 | c\n"
                 "  | ^ C\n"
                 "  |\n"
                 "1 | a b\n"
                 "  | - - B\n"
                 "  | |\n"
                 "  | A\n"},
    {.what = "a mark over two lines",
     .source = "let x = f(\n  a)\n",
     .primary = {"f(\n  a)", "from here to there"},
     .expected = "error[NNA1001]: a mark over two lines\n"
                 " --> m.nna:1:9\n"
                 "  |\n"
                 "1 |   let x = f(\n"
                 "  |  _________^\n"
                 "2 | |   a)\n"
                 "  | |____^ from here to there\n"},
    {.what = "a mark over five lines",
     .source = "f(\n  a,\n  b,\n  c,\n  d)\n",
     .primary = {"f(\n  a,\n  b,\n  c,\n  d)", "all shown"},
     .expected = "error[NNA1001]: a mark over five lines\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 |   f(\n"
                 "  |  _^\n"
                 "2 | |   a,\n"
                 "3 | |   b,\n"
                 "4 | |   c,\n"
                 "5 | |   d)\n"
                 "  | |____^ all shown\n"},
    {.what = "a mark over many lines",
     .source = "f(\n  a,\n  b,\n\n  d,\n  e,\n  f)\n",
     .primary = {"f(\n  a,\n  b,\n\n  d,\n  e,\n  f)", "in part"},
     .expected = "error[NNA1001]: a mark over many lines\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 |   f(\n"
                 "  |  _^\n"
                 "2 | |   a,\n"
                 "3 | |   b,\n"
                 "... |\n"
                 "7 | |   f)\n"
                 "  | |____^ in part\n"},
    {.what = "empty lines in a mark",
     .source = "f(\n\n)\n",
     .primary = {"f(\n\n)", ""},
     .expected = "error[NNA1001]: empty lines in a mark\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 |   f(\n"
                 "  |  _^\n"
                 "2 | |\n"
                 "3 | | )\n"
                 "  | |_^\n"},
    {.what = "a mark that ends at a line end",
     .source = "x = f(\n  a\nb\n",
     .primary = {"f(\n  a\n", "b is not in it"},
     .expected = "error[NNA1001]: a mark that ends at a line end\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 |   x = f(\n"
                 "  |  _____^\n"
                 "2 | |   a\n"
                 "  | |____^ b is not in it\n"},
    {.what = "a label over lines, after the mark",
     .source = "x = f(\n  a)\n",
     .primary = {"a", "here"},
     .labels = {{"f(\n  a)", "in this call"}},
     .expected = "error[NNA1001]: a label over lines, after the mark\n"
                 " --> m.nna:2:3\n"
                 "  |\n"
                 "2 |   a)\n"
                 "  |   ^ here\n"
                 "  |\n"
                 "1 |   x = f(\n"
                 "  |  _____-\n"
                 "2 | |   a)\n"
                 "  | |____- in this call\n"},
    {.what = "texts are balanced",
     .source = "  let prob   = softmax(logits, axis: -1)\n",
     .width = 100,
     .primary = {"softmax(logits, axis: -1)", 
                 "0 is reached here: softmax underflows to 0 in f32 when logits differ by 104"},
     .expected = "error[NNA1001]: texts are balanced\n"
                 " --> m.nna:1:16\n"
                 "  |\n"
                 "1 |   let prob   = softmax(logits, axis: -1)\n"
                 "  |                ^^^^^^^^^^^^^^^^^^^^^^^^^ 0 is reached here: softmax "
                 "underflows\n"
                 "  |                                          to 0 in f32 when logits dif"
                 "fer by 104\n"},
    {.what = "three lines of text",
     .source = "let x = y\n",
     .width = 40,
     .primary = {"y", "a text that is so long that it needs more than two lines"},
     .expected = "error[NNA1001]: three lines of text\n"
                 " --> m.nna:1:9\n"
                 "  |\n"
                 "1 | let x = y\n"
                 "  |         ^ a text that is so long that\n"
                 "  |           it needs more than two lines\n"},
    {.what = "text beside, bars beside the text",
     .source = "a + b\n",
     .width = 50,
     .primary = {"b", "a text that needs more than one line of this width"},
     .labels = {{"a", "left"}},
     .expected = "error[NNA1001]: text beside, bars beside the text\n"
                 " --> m.nna:1:5\n"
                 "  |\n"
                 "1 | a + b\n"
                 "  | -   ^ a text that needs more than\n"
                 "  | |     one line of this width\n"
                 "  | |\n"
                 "  | left\n"},
    {.what = "no room beside the mark",
     .source = "let some_quite_long_name = another_name(of, a, call)\n",
     .width = 60,
     .primary = {"another_name(of, a, call)", "a text that goes below the mark"},
     .expected = "error[NNA1001]: no room beside the mark\n"
                 " --> m.nna:1:28\n"
                 "  |\n"
                 "1 | let some_quite_long_name = another_name(of, a, call)\n"
                 "  |                            ^^^^^^^^^^^^^^^^^^^^^^^^^\n"
                 "  |                            |\n"
                 "  |                          a text that goes below the mark\n"},
    {.what = "no room right of the mark's begin",
     .source = "let some_quite_long_name = another_name(of, a, call)\n",
     .width = 60,
     .primary = {"call", "a text that goes below the mark"},
     .expected = "error[NNA1001]: no room right of the mark's begin\n"
                 " --> m.nna:1:48\n"
                 "  |\n"
                 "1 | let some_quite_long_name = another_name(of, a, call)\n"
                 "  |                                                ^^^^\n"
                 "  |                                                |\n"
                 "  |                          a text that goes below the mark\n"},
    {.what = "notes and help wrap, quotes stay together",
     .source = "x\n",
     .width = 60,
     .primary = {"x", ""},
     .note = "the bounds of `x` come from its contract and from nothing else in the model",
     .help = "write `cross_entropy(logits, label)` or one of the others in its place",
     .expected = "error[NNA1001]: notes and help wrap, quotes stay together\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 | x\n"
                 "  | ^\n"
                 "  = note: the bounds of `x` come from its contract and from\n"
                 "          nothing else in the model\n"
                 "  = help: write `cross_entropy(logits, label)` or one of the\n"
                 "          others in its place\n"},
    {.what = "lines of a note stay",
     .source = "x\n",
     .width = 60,
     .primary = {"x", ""},
     .note = "first\n"
             "  second\n"
             "\n"
             "last",
     .expected = "error[NNA1001]: lines of a note stay\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 | x\n"
                 "  | ^\n"
                 "  = note: first\n"
                 "            second\n"
                 "\n"
                 "          last\n"},
    {.what = "line feeds in every text\n"
             "of a report",
     .source = "x\ny\n",
     .width = 60,
     .primary = {"x", "one\n"
                 "two"},
     .labels = {{"y", "three\n"
                 "four"}},
     .expected = "error[NNA1001]: line feeds in every text\n"
                 "                of a report\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 | x\n"
                 "  | ^ one\n"
                 "  |   two\n"
                 "  |\n"
                 "2 | y\n"
                 "  | - three\n"
                 "  |   four\n"},
    {.what = "control characters in texts \033[0m",
     .path = "a\033.nna",
     .source = "x\n",
     .width = 60,
     .primary = {"x", "\007"},
     .note = "\033",
     .help = "\177",
     .expected = "error[NNA1001]: control characters in texts \\u{1b}[0m\n"
                 " --> a\\u{1b}.nna:1:1\n"
                 "  |\n"
                 "1 | x\n"
                 "  | ^ \\u{7}\n"
                 "  = note: \\u{1b}\n"
                 "  = help: \\u{7f}\n"},
    {.what = "a word longer than the line",
     .source = "x\n",
     .width = 60,
     .primary = {"x", ""},
     .note = "see /a/path/that/is/longer/than/all/of/the/columns/which/there/are/here "
             "for more",
     .expected = "error[NNA1001]: a word longer than the line\n"
                 " --> m.nna:1:1\n"
                 "  |\n"
                 "1 | x\n"
                 "  | ^\n"
                 "  = note: see\n"
                 "          /a/path/that/is/longer/than/all/of/the/columns/which/there/are"
                 "/here\n"
                 "          for more\n"},
    {.what = "a long line, cut right",
     .source = "let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1"
               "8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 3"
               "6, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 5"
               "4, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 7"
               "2, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 9"
               "0, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n",
     .width = 60,
     .primary = {"[0,", "begins"},
     .expected = "error[NNA1001]: a long line, cut right\n"
                 " --> m.nna:1:9\n"
                 "  |\n"
                 "1 | let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13...\n"
                 "  |         ^^^ begins\n"},
    {.what = "a long line, cut left",
     .source = "let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1"
               "8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 3"
               "6, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 5"
               "4, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 7"
               "2, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 9"
               "0, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n",
     .width = 60,
     .primary = {"99]", "ends"},
     .expected = "error[NNA1001]: a long line, cut left\n"
                 " --> m.nna:1:396\n"
                 "  |\n"
                 "1 | ..., 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n"
                 "  |                                                      ^^^\n"
                 "  |                                                      |\n"
                 "  |                                                     ends\n"},
    {.what = "a long line, cut on both sides",
     .source = "let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1"
               "8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 3"
               "6, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 5"
               "4, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 7"
               "2, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 9"
               "0, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n",
     .width = 60,
     .primary = {"50, 51", "here"},
     .expected = "error[NNA1001]: a long line, cut on both sides\n"
                 " --> m.nna:1:200\n"
                 "  |\n"
                 "1 | ..., 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, ...\n"
                 "  |                          ^^^^^^ here\n"},
    {.what = "a long line, a mark longer than the screen",
     .source = "let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1"
               "8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 3"
               "6, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 5"
               "4, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 7"
               "2, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 9"
               "0, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n",
     .width = 60,
     .primary = {"[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 2"
                 "0, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 3"
                 "8, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 5"
                 "6, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 7"
                 "4, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 9"
                 "2, 93, 94, 95, 96, 97, 98, 99]", 
                 "all of it"},
     .expected = "error[NNA1001]: a long line, a mark longer than the screen\n"
                 " --> m.nna:1:9\n"
                 "  |\n"
                 "1 | let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13...\n"
                 "  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
                 "  |         |\n"
                 "  |         all of it\n"},
    {.what = "a long line, a mark from its middle on",
     .source = "let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1"
               "8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 3"
               "6, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 5"
               "4, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 7"
               "2, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 9"
               "0, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n",
     .width = 60,
     .primary = {"0, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 6"
                 "8, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 8"
                 "6, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99]", 
                 "the rest"},
     .expected = "error[NNA1001]: a long line, a mark from its middle on\n"
                 " --> m.nna:1:201\n"
                 "  |\n"
                 "1 | ...49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61...\n"
                 "  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
                 "  |         |\n"
                 "  |         the rest\n"},
    {.what = "a long line, two marks near each other",
     .source = "let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1"
               "8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 3"
               "6, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 5"
               "4, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 7"
               "2, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 9"
               "0, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n",
     .width = 70,
     .primary = {"50", "one"},
     .labels = {{"52", "two"}},
     .expected = "error[NNA1001]: a long line, two marks near each other\n"
                 " --> m.nna:1:200\n"
                 "  |\n"
                 "1 | ... 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58,...\n"
                 "  |                             ^^      -- two\n"
                 "  |                             |\n"
                 "  |                             one\n"},
    {.what = "a long line, two marks far apart",
     .source = "let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1"
               "8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 3"
               "6, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 5"
               "4, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 7"
               "2, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 9"
               "0, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n",
     .width = 70,
     .primary = {"50", "one"},
     .labels = {{"90", "two"}},
     .expected = "error[NNA1001]: a long line, two marks far apart\n"
                 " --> m.nna:1:200\n"
                 "  |\n"
                 "1 | ... 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57,...\n"
                 "  |                                 ^^ one\n"
                 "  |\n"
                 "1 | ... 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97,...\n"
                 "  |                                 -- two\n"},
    {.what = "a long line, not wrapped",
     .source = "let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1"
               "8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 3"
               "6, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 5"
               "4, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 7"
               "2, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 9"
               "0, 91, 92, 93, 94, 95, 96, 97, 98, 99]\n",
     .primary = {"50", "one"},
     .expected = "error[NNA1001]: a long line, not wrapped\n"
                 " --> m.nna:1:200\n"
                 "  |\n"
                 "1 | let x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1"
                 "7, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 3"
                 "5, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 5"
                 "3, 54, 55, 56, 57, 58, 59...\n"
                 "  |                                                                     "
                 "                                                                        "
                 "                                                           ^^ one\n"},
    {.what = "wide characters at the cut",
     .source = "#日本日本日本日本日本日本日本日本日本日本日本日本"
               "日本日本日本日本日本日本日本日本日本日本日本日本"
               "日本日本日本日本日本日本日本日本日本日本日本日本"
               "日本日本日本日本y本日本日本日本日本日本日本日本日"
               "本日本日本日本日本日本日本日本日本日本日本日本日"
               "本日本日本日本日本日本日本日本日本日本日本日本日"
               "本日本日本日本日本日本日本日本日\n",
     .width = 60,
     .primary = {"y", "here"},
     .expected = "error[NNA1001]: wide characters at the cut\n"
                 " --> m.nna:1:82\n"
                 "  |\n"
                 "1 | ... 日本日本日本日本日本日本y本日本日本日本日本"
                 "日本日...\n"
                 "  |                             ^ here\n"},
    {.what = "a long line in a mark over lines",
     .source = "f(                                                                      "
               "          x,\n                                                          "
               "                                y)\n",
     .width = 60,
     .primary = {"x,\n                                                                    "
                 "                      y)", 
                 "both cut"},
     .expected = "error[NNA1001]: a long line in a mark over lines\n"
                 " --> m.nna:1:83\n"
                 "  |\n"
                 "1 |   ...                                                 x,\n"
                 "  |  _____________________________________________________^\n"
                 "2 | | ...                                                 y)\n"
                 "  | |______________________________________________________^\n"
                 "  | both cut\n"},
    {.what = "a narrow terminal",
     .source = "let x = y\n",
     .width = 10,
     .primary = {"y", "never narrower than forty columns of code"},
     .expected = "error[NNA1001]: a narrow terminal\n"
                 " --> m.nna:1:9\n"
                 "  |\n"
                 "1 | let x = y\n"
                 "  |         ^ never narrower than\n"
                 "  |           forty columns of code\n"},
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
