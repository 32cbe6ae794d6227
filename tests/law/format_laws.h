/* What holds of the canonical layout of any text that can be read: for the unit tests and for the
 * fuzz harness. */
#ifndef NNA_TESTS_LAW_FORMAT_LAWS_H
#define NNA_TESTS_LAW_FORMAT_LAWS_H

#include "frontend/format.h"
#include "frontend/parse.h"

#include <string.h>

/* A text and what must not change in it. */
typedef struct FormatView {
    const char *text;     /* as it stands */
    size_t length;
    const char *tree;     /* without places */
    const char *comments; /* in order, a line each */
    const char *held;     /* words of each line with an expectation, a line each */
} FormatView;

/* The tree as it is printed, without the places at the ends of its lines, and without the line
 * numbers of expectations. */
static const char *format_tree(Ctx *cx, const File *file) {
    Buf all = buf_make(&cx->module), out = buf_make(&cx->module);
    ast_print(cx, file, &all);
    for (const char *line = buf_text(&all); *line != '\0';) {
        const char *end = strchr(line, '\n'), *at = end;
        bool expectation = strncmp(line, "expected @", 10) == 0 ||
                           strncmp(line, "tolerated @", 11) == 0;
        if (expectation) {
            at = strchr(line, '@');
            buf_put_bytes(&out, line, (size_t)(at - line));
            at += strcspn(at, " \n");
            buf_put_bytes(&out, at, (size_t)(end - at));
        } else {
            while (at > line && strchr("0123456789:", at[-1]) != NULL) at--;
            bool place = at > line + 1 && at[-1] == '@' && at[-2] == ' ';
            buf_put_bytes(&out, line, (size_t)((place ? at - 2 : end) - line));
        }
        buf_put_char(&out, '\n');
        line = end + 1;
    }
    return buf_text(&out);
}

static void format_comments(const char *text, size_t length, Buf *out) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '#') continue;
        size_t end = i;
        while (end < length && text[end] != '\n') end++;
        size_t stop = end;
        while (stop > i && strchr(" \t\r\v\f", text[stop - 1]) != NULL) stop--;
        buf_put_bytes(out, text + i, stop - i);
        buf_put_char(out, '\n');
        i = end;
    }
}

/* Parentheses and commas may be left out. */
static void format_word(const char *text, size_t length, Buf *out) {
    if (length == 1 && strchr("(),", text[0]) != NULL) return;
    buf_put_bytes(out, text, length);
    buf_put_char(out, ' ');
}

/* The text, read and looked at; NULL where it has a fault. */
static const File *format_view(Ctx *cx, const char *text, size_t length, FormatView *out) {
    Source *source = source_add(cx, "laws.nna", text, length);
    const File *file = parse_file(cx, source);
    if (file->broken) return NULL;
    *out = (FormatView){.text = source->text, .length = length, .tree = format_tree(cx, file)};
    Buf comments = buf_make(&cx->module), held = buf_make(&cx->module);
    TokenReader *reader = tokens_open(cx, source);
    uint32_t last = 0, expected = 0;
    for (bool more = true; more;) {
        Span token = tokens_next(reader);
        uint32_t begin = token.begin - source->base, end = token.end - source->base;
        format_comments(source->text + last, begin - last, &comments);
        more = begin < end; /* the end of the text stands behind every line */
        uint32_t line = more ? place_of(cx, token.begin).line : UINT32_MAX;
        while (expected < file->expectations.count &&
               file->expectations.data[expected].line < line) {
            expected++;
            buf_put_char(&held, '\n');
        }
        bool on = expected < file->expectations.count &&
                  file->expectations.data[expected].line == line;
        if (on) format_word(source->text + begin, end - begin, &held);
        last = end;
    }
    out->comments = buf_text(&comments);
    out->held = buf_text(&held);
    return file;
}

static bool format_has_loose_ends(const Buf *text) {
    const char *at = buf_text(text);
    return strstr(at, " \n") != NULL || strstr(at, "\n\n\n") != NULL || strchr(at, '\r') != NULL ||
           (text->length > 1 && strcmp(at + text->length - 2, "\n\n") == 0);
}

/* NULL where the text cannot be read, or everything holds; else what does not. */
static inline const char *format_fault(Ctx *cx, const char *text, size_t length) {
    FormatView before, after;
    Buf once = buf_make(&cx->session), twice = buf_make(&cx->session);
    const File *file = format_view(cx, text, length, &before);
    if (file == NULL) return NULL;
    format_file(cx, file, &once);
    file = format_view(cx, buf_text(&once), once.length, &after);
    if (file == NULL) return "what comes out cannot be read";
    format_file(cx, file, &twice);
    if (strcmp(before.tree, after.tree) != 0) return "the tree is another one";
    if (strcmp(before.comments, after.comments) != 0) return "comments are lost or moved";
    if (strcmp(before.held, after.held) != 0) return "a line with an expectation is another one";
    if (strcmp(buf_text(&once), buf_text(&twice)) != 0) return "the second time gives another text";
    if (format_has_loose_ends(&once)) return "spaces or empty lines are left";
    return NULL;
}

#endif
