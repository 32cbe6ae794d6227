/* Reports as text for people, in the manner of rustc:
 *
 *     error[NNA3001]: log of a value that can be 0
 *       --> softmax.nna:12:33
 *        |
 *     12 |   let loss = mean(log(prob))
 *        |                   ^^^^^^^^^ `prob` is in [0, 1]
 *        = help: ...
 *
 * Whatever comes from a file is made safe for a terminal here, so that messages may hold
 * names as they are written. */
#include "ir/base/diag.h"

#include "ir/base/diag_draw.h"
#include "ir/base/utf8.h"
#include "ir/base/wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_NOTE = 30 }; /* columns of a note, however narrow the terminal */

static const Ink severity_ink[] = {INK_NOTE, INK_WARNING, INK_ERROR};

/* Text of a report without unsafe characters; line feeds stay. */
static const char *safe_text(Arena *arena, const char *text) {
    Buf buf = buf_make(arena);
    for (const char *next; (next = strchr(text, '\n')) != NULL; text = next + 1) {
        buf_put_escaped(&buf, text, (size_t)(next - text));
        buf_put_char(&buf, '\n');
    }
    buf_put_escaped(&buf, text, strlen(text));
    return buf_text(&buf);
}

static void put_path(Buf *out, const char *path) {
    buf_put_escaped(out, path, strlen(path));
}

/* ---- marks ---- */

typedef VEC(Mark) Marks;

/* The label as a mark; a label without a place makes none. */
static void marks_add(Painter *p, Marks *marks, const Label *label, bool is_primary) {
    uint32_t begin = label->span.begin;
    Source *source = begin == 0 ? NULL : source_at(&p->cx->sources, begin);
    if (source == NULL) return;
    uint32_t limit = source->base + source->length;
    uint32_t end = label->span.end > limit ? limit : label->span.end;
    Mark mark = {.source = source,
                 .begin = begin - source->base,
                 .line = place_of(p->cx, begin).line,
                 .is_primary = is_primary,
                 .text = safe_text(p->out->arena, label->text)};
    mark.end = end > begin ? end - source->base : mark.begin;
    mark.last_line = mark.line;
    if (mark.end > mark.begin) mark.last_line = place_of(p->cx, end - 1).line;
    vec_push(p->out->arena, marks, mark);
}

static Marks marks_of(Painter *p, const Diag *d) {
    Marks marks = {0};
    marks_add(p, &marks, &d->primary, true);
    for (uint32_t i = 0; i < d->labels.count; i++) marks_add(p, &marks, &d->labels.data[i], false);
    return marks;
}

/* Can a mark be drawn under the same line as an earlier one? Not where they overlap, not
 * where the line is cut and they are far apart. */
static bool marks_go_together(const Painter *p, const Mark *a, const Mark *b) {
    if (a->source != b->source || a->line != b->line) return false;
    if (a->line != a->last_line || b->line != b->last_line) return false;
    uint32_t end_a = a->end > a->begin ? a->end : a->begin + 1;
    uint32_t end_b = b->end > b->begin ? b->end : b->begin + 1;
    if (a->begin < end_b && b->begin < end_a) return false;
    bool touching = a->begin == end_b || b->begin == end_a;
    if (touching && a->is_primary == b->is_primary) return false;
    uint32_t length, first = a->begin < b->begin ? a->begin : b->begin;
    uint32_t last = end_a > end_b ? end_a : end_b, room = paint_room(p);
    source_line(p->cx, a->source, a->line, &length);
    return length <= room || last - first <= room / 2;
}

/* Gives each mark its group: the first one whose marks it goes with, or a new one. Returns
 * the number of groups. */
static uint32_t marks_group(const Painter *p, Marks *marks) {
    uint32_t groups = 0;
    for (uint32_t i = 0; i < marks->count; i++) {
        Mark *mark = &marks->data[i];
        mark->group = groups;
        for (uint32_t group = 0; group < groups && mark->group == groups; group++) {
            bool together = true;
            for (uint32_t k = 0; k < i && together; k++) {
                if (marks->data[k].group != group) continue;
                together = marks_go_together(p, &marks->data[k], mark);
            }
            if (together) mark->group = group;
        }
        if (mark->group == groups) groups++;
    }
    return groups;
}

/* ---- parts of a report ---- */

static void put_arrow(Painter *p, const char *arrow, const Mark *mark) {
    Place place = place_of(p->cx, mark->source->base + mark->begin);
    buf_repeat(p->out, ' ', p->gutter);
    paint(p, INK_GUTTER, arrow);
    buf_put_char(p->out, ' ');
    put_path(p->out, mark->source->path);
    buf_printf(p->out, ":%" PRIu32 ":%" PRIu32 "\n", place.line, place.column);
    paint_gutter(p);
    buf_put_char(p->out, '\n');
}

static void put_snippet(Painter *p, Marks *marks) {
    uint32_t groups = marks_group(p, marks);
    Mark *group = ARENA_ARRAY(p->out->arena, Mark, marks->count);
    const Source *source = NULL;
    for (uint32_t g = 0; g < groups; g++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < marks->count; i++) {
            if (marks->data[i].group == g) group[count++] = marks->data[i];
        }
        if (g > 0) {
            paint_gutter(p);
            buf_put_char(p->out, '\n');
        }
        if (group[0].source != source) put_arrow(p, g == 0 ? "-->" : ":::", &group[0]);
        source = group[0].source;
        if (group[0].last_line > group[0].line) {
            draw_lines(p, &group[0]);
        } else {
            draw_line(p, group, count);
        }
    }
}

/* "   = note: text", wrapped below the text. */
static void put_note(Painter *p, Ink ink, const char *kind, const char *text) {
    uint32_t indent = p->gutter + 3 + (uint32_t)strlen(kind) + 2, width = p->style->width;
    uint32_t room = width == 0 ? 0 : width > indent + LEAST_NOTE ? width - indent : LEAST_NOTE;
    TextLines lines = wrap_text(p->out->arena, safe_text(p->out->arena, text), room);
    buf_repeat(p->out, ' ', p->gutter + 1);
    paint(p, INK_GUTTER, "=");
    buf_put_char(p->out, ' ');
    paint(p, ink, kind);
    buf_put(p->out, ": ");
    for (uint32_t i = 0; i < lines.count; i++) {
        if (i > 0 && lines.data[i].length > 0) buf_repeat(p->out, ' ', indent);
        buf_put_bytes(p->out, lines.data[i].text, lines.data[i].length);
        buf_put_char(p->out, '\n');
    }
}

/* What a fix changes, a line each:
 *
 *     15 - old text
 *     15 + new text
 *
 * Its lines are those of the file, and may be longer than the terminal is wide. */
static void put_fix(Painter *p, const DiagFix *fix) {
    Arena *arena = p->out->arena;
    put_note(p, INK_HELP, "help", arena_format(arena, "%s (%s, re-checked: this report goes, none "
                                               "comes)", fix->sentence, fix->kind));
    for (uint32_t i = 0; i < fix->lines.count; i++) {
        const DiffLine *line = &fix->lines.data[i];
        const char number[2] = {line->mark, '\0'};
        paint(p, INK_GUTTER, arena_format(arena, "%*" PRIu32, (int)p->gutter, line->number));
        buf_put_char(p->out, ' ');
        paint(p, line->mark == '-' ? INK_ERROR : INK_HELP, number);
        buf_put_char(p->out, ' ');
        buf_put(p->out, safe_text(arena, line->text));
        buf_put_char(p->out, '\n');
    }
}

static void put_header(Painter *p, const Diag *d) {
    const char *severity = severity_text[d->severity], *code = diag_info[d->code].code;
    size_t indent = strlen(severity) + strlen(code) + 4;
    Arena *arena = p->out->arena;
    const char *message = arena_format(arena, ": %s", d->message);
    TextLines lines = wrap_text(arena, safe_text(arena, message), 0);
    paint(p, p->primary, arena_format(arena, "%s[%s]", severity, code));
    for (uint32_t i = 0; i < lines.count; i++) {
        if (i > 0) buf_repeat(p->out, ' ', indent);
        paint_bytes(p, INK_BOLD, lines.data[i].text, lines.data[i].length);
        buf_put_char(p->out, '\n');
    }
}

static void put_impact(Painter *p, const DiagInfo *info) {
    if (info->impact == 0) return;
    buf_repeat(p->out, ' ', p->gutter + 1);
    paint(p, INK_GUTTER, "=");
    buf_printf(p->out, " impact %d (%s), category: %s\n", info->impact, impact_text[info->impact],
               category_text[info->category]);
}

static uint32_t digits_of(uint32_t number) {
    uint32_t digits = 1;
    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

void diag_text(Ctx *cx, const Diag *d, const TextStyle *style, Buf *out) {
    Painter p = {.cx = cx, .style = style, .out = out, .gutter = 1,
                 .primary = severity_ink[d->severity]};
    Marks marks = marks_of(&p, d);
    for (uint32_t i = 0; i < marks.count; i++) {
        uint32_t digits = digits_of(marks.data[i].last_line);
        if (digits > p.gutter) p.gutter = digits;
    }
    for (uint32_t i = 0; d->fix != NULL && i < d->fix->lines.count; i++) {
        uint32_t digits = digits_of(d->fix->lines.data[i].number);
        if (digits > p.gutter) p.gutter = digits;
    }
    put_header(&p, d);
    if (marks.count > 0) {
        put_snippet(&p, &marks);
    } else if (d->file != NULL) {
        buf_repeat(out, ' ', p.gutter);
        paint(&p, INK_GUTTER, "-->");
        buf_put_char(out, ' ');
        put_path(out, d->file);
        buf_put_char(out, '\n');
    }
    put_impact(&p, &diag_info[d->code]);
    if (marks.count > 0 && d->file != NULL) put_note(&p, INK_NOTE, "file", d->file);
    for (uint32_t i = 0; i < d->labels.count; i++) {
        const Label *label = &d->labels.data[i];
        if (label->span.begin == 0) put_note(&p, INK_NOTE, "note", label->text);
    }
    for (uint32_t i = 0; i < d->notes.count; i++) put_note(&p, INK_NOTE, "note", d->notes.data[i]);
    for (uint32_t i = 0; i < d->helps.count; i++) put_note(&p, INK_HELP, "help", d->helps.data[i]);
    if (d->fix != NULL) put_fix(&p, d->fix);
}

void diag_short(Ctx *cx, const Diag *d, Buf *out) {
    Place place = place_of(cx, d->primary.span.begin);
    if (place.source != NULL) {
        put_path(out, place.source->path);
        buf_printf(out, ":%" PRIu32 ":%" PRIu32 ": ", place.line, place.column);
    } else if (d->file != NULL) {
        put_path(out, d->file);
        buf_put(out, ": ");
    }
    buf_printf(out, "%s[%s]: ", severity_text[d->severity], diag_info[d->code].code);
    for (const char *c = d->message; *c != '\0';) { /* one line, whatever the message holds */
        size_t length = strcspn(c, "\n");
        buf_put_escaped(out, c, length);
        c += length;
        if (*c == '\n') {
            buf_put_char(out, ' ');
            c++;
        }
    }
    buf_put_char(out, '\n');
}

/* ---- all reports ---- */

static uint32_t shown_count(const Ctx *cx) {
    uint32_t count = cx->diags.list.count;
    return count > cx->limits.reports ? (uint32_t)cx->limits.reports : count;
}

static void put_rest(const Ctx *cx, Buf *out) {
    uint32_t rest = cx->diags.list.count - shown_count(cx);
    if (rest > 0) {
        buf_printf(out, "and %" PRIu32 " more; show them with --limit reports=N\n", rest);
    }
}

void diags_text(Ctx *cx, const TextStyle *style, Buf *out) {
    uint32_t count = shown_count(cx);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buf_put_char(out, '\n');
        diag_text(cx, cx->diags.list.data[i], style, out);
    }
    if (count > 0 && cx->diags.list.count > count) buf_put_char(out, '\n');
    put_rest(cx, out);
}

void diags_short(Ctx *cx, Buf *out) {
    uint32_t count = shown_count(cx);
    for (uint32_t i = 0; i < count; i++) diag_short(cx, cx->diags.list.data[i], out);
    put_rest(cx, out);
}
