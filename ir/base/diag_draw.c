/* Drawing source lines with what is marked in them, in the manner of rustc.
 *
 * A line is laid out as a Strip: the columns of its bytes on the screen (tabs, wide and
 * combining characters, escapes), and the window of it that is shown. A line may be as long
 * as a file: the strip then holds only the bytes around the mark. */
#include "ir/base/diag_draw.h"

#include "ir/base/utf8.h"
#include "ir/base/wrap.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    TAB_STOP = 4,
    STRIP_BYTES = 4096,
    DOTS = 3,           /* columns of what stands for a part left out */
    CONTEXT = 8,        /* columns kept left of a mark that is cut off at the right */
    UNWRAPPED_ROOM = 240,
    LEAST_ROOM = 40,    /* columns for code, however narrow the terminal */
    LEAST_TEXT = 30,    /* columns below which a text is not put beside its mark */
    SHOWN_LINES = 4,    /* a mark over more lines than this + 1 is shown in part */
};

typedef struct Strip {
    const char *bytes;
    uint32_t offset, length;    /* part of the source that is laid out */
    bool more_before, more_after; /* the line goes on beyond the part */
    uint32_t start, stop;       /* columns shown, dots included */
    uint32_t low, high;         /* columns shown, dots left out */
    uint32_t columns[STRIP_BYTES + 1]; /* by byte of the part; the last is the whole width */
} Strip;

/* ---- primitives ---- */

static const char *const ink_codes[] = {
    [INK_PLAIN] = "",          [INK_BOLD] = "\x1b[1m",      [INK_ERROR] = "\x1b[1;31m",
    [INK_WARNING] = "\x1b[1;33m", [INK_NOTE] = "\x1b[1;36m", [INK_HELP] = "\x1b[1;32m",
    [INK_GUTTER] = "\x1b[1;34m",
};

void paint_bytes(Painter *p, Ink ink, const char *bytes, size_t length) {
    bool color = p->style->color && ink != INK_PLAIN && length > 0;
    if (color) buf_put(p->out, ink_codes[ink]);
    buf_put_bytes(p->out, bytes, length);
    if (color) buf_put(p->out, "\x1b[0m");
}

void paint(Painter *p, Ink ink, const char *text) {
    paint_bytes(p, ink, text, strlen(text));
}

static void paint_repeat(Painter *p, Ink ink, char c, uint32_t count) {
    bool color = p->style->color && ink != INK_PLAIN && count > 0;
    if (color) buf_put(p->out, ink_codes[ink]);
    buf_repeat(p->out, c, count);
    if (color) buf_put(p->out, "\x1b[0m");
}

void paint_gutter(Painter *p) {
    buf_repeat(p->out, ' ', p->gutter + 1);
    paint(p, INK_GUTTER, "|");
}

static void paint_number(Painter *p, uint32_t line) {
    char text[32];
    snprintf(text, sizeof text, "%*" PRIu32 " |", (int)p->gutter, line);
    paint(p, INK_GUTTER, text);
}

static void paint_end(Painter *p) {
    buf_put_char(p->out, '\n');
}

uint32_t paint_room(const Painter *p) {
    uint32_t width = p->style->width, taken = p->gutter + 3;
    if (width == 0) return UNWRAPPED_ROOM;
    return width > taken + LEAST_ROOM ? width - taken : LEAST_ROOM;
}

static Ink mark_ink(const Painter *p, const Mark *mark) {
    return mark->is_primary ? p->primary : INK_GUTTER;
}

static char mark_char(const Mark *mark) {
    return mark->is_primary ? '^' : '-';
}

/* Spaces up to a column right of the gutter; `at` is the column reached so far. */
static void paint_to(Painter *p, uint32_t *at, uint32_t column) {
    if (column > *at) {
        buf_repeat(p->out, ' ', column - *at);
        *at = column;
    }
}

/* ---- strips ---- */

/* Columns that a character takes when it stands in column `at`; its length in bytes. */
static uint32_t glyph_columns(const char *bytes, size_t length, uint32_t at, uint32_t *size) {
    uint32_t point = 0;
    *size = utf8_decode(bytes, length, &point);
    if (*bytes == '\t') return TAB_STOP - at % TAB_STOP;
    if (*size > 0 && !utf8_is_unsafe(point)) return utf8_columns(point);
    if (*size == 0) {
        *size = 1;
        point = (unsigned char)*bytes;
    }
    uint32_t digits = 1;
    while (point >> (4 * digits) != 0) digits++;
    return digits + 4; /* \u{..} */
}

static bool inside_character(const char *text, uint32_t offset) {
    return ((unsigned char)text[offset] & 0xc0) == 0x80;
}

/* Takes the line, or, of a long one, the bytes around `focus`, an offset in the source. */
static void strip_take(Strip *strip, Ctx *cx, Source *source, uint32_t line, uint32_t focus) {
    uint32_t length, from, to;
    const char *text = source_line(cx, source, line, &length);
    uint32_t begin = (uint32_t)(text - source->text), end = begin + length;
    from = begin;
    to = end;
    if (length > STRIP_BYTES) {
        if (focus - begin > STRIP_BYTES / 4) from = focus - STRIP_BYTES / 4;
        if (end - from > STRIP_BYTES) to = from + STRIP_BYTES;
        for (int i = 0; i < 3 && from > begin && inside_character(source->text, from); i++) from++;
        for (int i = 0; i < 3 && to < end && inside_character(source->text, to); i++) to--;
    }
    strip->bytes = source->text + from;
    strip->offset = from;
    strip->length = to - from;
    strip->more_before = from > begin;
    strip->more_after = to < end;
    uint32_t at = 0, size;
    for (uint32_t i = 0; i < strip->length; i += size) {
        uint32_t wide = glyph_columns(strip->bytes + i, strip->length - i, at, &size);
        for (uint32_t k = 0; k < size; k++) strip->columns[i + k] = at;
        at += wide;
    }
    strip->columns[strip->length] = at;
}

/* Column of an offset in the source, from the begin of the strip. */
static uint32_t strip_column(const Strip *strip, uint32_t offset) {
    if (offset < strip->offset) return 0;
    uint32_t local = offset - strip->offset;
    return strip->columns[local < strip->length ? local : strip->length];
}

/* Chooses the `room` columns that are shown so that [left, right) is among them. */
static void strip_window(Strip *strip, uint32_t left, uint32_t right, uint32_t room) {
    uint32_t whole = strip->columns[strip->length], total = whole > right ? whole : right;
    bool open_after = strip->more_after;
    uint32_t start = 0;
    if (strip->more_before || (total > room && right + DOTS > room) ||
        (open_after && right + DOTS > room)) {
        if (right - left + 2 * CONTEXT <= room) {
            uint32_t middle = left + (right - left) / 2;
            start = middle > room / 2 ? middle - room / 2 : 0;
        } else {
            start = left > CONTEXT ? left - CONTEXT : 0;
        }
        if (!open_after && start + room > total) start = total > room ? total - room : 0;
    }
    strip->start = start;
    strip->stop = start + room < total ? start + room : total;
    strip->low = start + (strip->more_before || start > 0 ? DOTS : 0);
    strip->high = strip->stop - (open_after || strip->stop < whole ? DOTS : 0);
    if (strip->high < strip->low) strip->high = strip->low;
}

static uint32_t strip_screen(const Strip *strip, uint32_t column) {
    if (column < strip->low) column = strip->low;
    if (column > strip->high) column = strip->high;
    return column - strip->start;
}

/* Lays a line out for one range of bytes in it; returns its columns on the screen. */
static void strip_make(Strip *strip, const Painter *p, const Mark *focus, uint32_t line,
                       uint32_t begin, uint32_t end, uint32_t room) {
    strip_take(strip, p->cx, focus->source, line, begin);
    uint32_t left = strip_column(strip, begin), right = strip_column(strip, end);
    strip_window(strip, left, right > left ? right : left + 1, room);
}

static uint32_t strip_printed(const Strip *strip) {
    uint32_t length = strip->length;
    if (strip->more_after) return length;
    while (length > 0 && (strip->bytes[length - 1] == ' ' || strip->bytes[length - 1] == '\t')) {
        length--;
    }
    return length;
}

/* The shown part of a line, and the line feed. */
static void strip_paint(const Strip *strip, Painter *p) {
    uint32_t length = strip_printed(strip), at = strip->low, size;
    if (strip->low > strip->start) buf_put(p->out, "...");
    for (uint32_t i = 0; i < length; i += size) {
        const char *bytes = strip->bytes + i;
        uint32_t column = strip->columns[i];
        uint32_t wide = glyph_columns(bytes, strip->length - i, column, &size);
        if (column < strip->low || column + wide > strip->high) continue;
        paint_to(p, &at, column);
        if (*bytes != '\t') {
            buf_put_escaped(p->out, bytes, size);
            at += wide;
        }
    }
    if (strip->columns[strip->length] > strip->high || strip->more_after) {
        paint_to(p, &at, strip->high);
        buf_put(p->out, "...");
    }
    paint_end(p);
}

/* Puts the mark onto the screen: at least one column. */
static void mark_place(Mark *mark, const Strip *strip) {
    uint32_t end = mark->end > mark->begin ? mark->end : mark->begin + 1;
    mark->left = strip_screen(strip, strip_column(strip, mark->begin));
    mark->right = strip_screen(strip, strip_column(strip, end));
    if (mark->right <= mark->left) mark->right = mark->left + 1;
}

/* ---- one line ---- */

/* The bars that lead from marks down to their texts. */
static void paint_bars(Painter *p, Mark *const *waiting, uint32_t count, uint32_t *at) {
    for (uint32_t i = 0; i < count; i++) {
        paint_to(p, at, waiting[i]->left);
        paint(p, mark_ink(p, waiting[i]), "|");
        *at += 1;
    }
}

/* Can a text stand beside its mark, from `column` on? */
static bool fits_beside(const Painter *p, const char *text, uint32_t column) {
    uint32_t room = paint_room(p);
    if (p->style->width == 0 || column + LEAST_TEXT <= room) return true;
    return column < room && utf8_text_columns(text, strlen(text)) <= room - column;
}

/* Lines of a text from `column` on. The first goes on a line that is begun already. */
static void paint_text(Painter *p, const Mark *mark, uint32_t column, Mark *const *waiting,
                       uint32_t count) {
    uint32_t room = paint_room(p);
    uint32_t left = p->style->width == 0 ? 0 : column + 1 < room ? room - column : 1;
    TextLines lines = wrap_balanced(p->out->arena, mark->text, left);
    for (uint32_t i = 0; i < lines.count; i++) {
        if (i > 0) {
            uint32_t at = 0;
            paint_gutter(p);
            buf_put_char(p->out, ' ');
            paint_bars(p, waiting, count, &at);
            paint_to(p, &at, column);
        }
        paint_bytes(p, mark_ink(p, mark), lines.data[i].text, lines.data[i].length);
        paint_end(p);
    }
}

/* Texts below the marks, the rightmost first. */
static void paint_waiting(Painter *p, Mark *const *waiting, uint32_t count) {
    uint32_t room = paint_room(p), at = 0;
    if (count == 0) return;
    paint_gutter(p);
    buf_put_char(p->out, ' ');
    paint_bars(p, waiting, count, &at);
    paint_end(p);
    for (uint32_t i = count; i-- > 0;) {
        const char *text = waiting[i]->text;
        uint32_t column = waiting[i]->left;
        if (!fits_beside(p, text, column)) { /* to the left, but right of the other bars */
            uint32_t least = i > 0 ? waiting[i - 1]->left + 2 : 0;
            uint32_t needed = utf8_text_columns(text, strlen(text));
            if (needed > LEAST_ROOM) needed = LEAST_ROOM;
            column = room > needed ? room - needed : 0;
            if (column < least) column = least;
            if (column > waiting[i]->left) column = waiting[i]->left;
        }
        at = 0;
        paint_gutter(p);
        buf_put_char(p->out, ' ');
        paint_bars(p, waiting, i, &at);
        paint_to(p, &at, column);
        paint_text(p, waiting[i], column, waiting, i);
    }
}

static void sort_marks(Mark *marks, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        Mark mark = marks[i];
        uint32_t k = i;
        for (; k > 0 && marks[k - 1].begin > mark.begin; k--) marks[k] = marks[k - 1];
        marks[k] = mark;
    }
}

void draw_line(Painter *p, Mark *marks, uint32_t count) {
    Strip strip;
    sort_marks(marks, count);
    Mark *last = &marks[count - 1];
    strip_make(&strip, p, last, last->line, marks[0].begin, last->end, paint_room(p));
    paint_number(p, last->line);
    if (strip_printed(&strip) > 0) buf_put_char(p->out, ' ');
    strip_paint(&strip, p);

    Mark **waiting = ARENA_ARRAY(p->out->arena, Mark *, count);
    uint32_t waiting_count = 0, at = 0;
    paint_gutter(p);
    buf_put_char(p->out, ' ');
    for (uint32_t i = 0; i < count; i++) {
        mark_place(&marks[i], &strip);
        paint_to(p, &at, marks[i].left);
        if (marks[i].right <= at) continue; /* both were cut off at the same place */
        paint_repeat(p, mark_ink(p, &marks[i]), mark_char(&marks[i]), marks[i].right - at);
        at = marks[i].right;
    }
    bool beside = last->text[0] != '\0' && fits_beside(p, last->text, last->right + 1);
    for (uint32_t i = 0; i < count - (beside ? 1 : 0); i++) {
        if (marks[i].text[0] != '\0') waiting[waiting_count++] = &marks[i];
    }
    if (beside) {
        buf_put_char(p->out, ' ');
        paint_text(p, last, last->right + 1, waiting, waiting_count);
    } else {
        paint_end(p);
    }
    paint_waiting(p, waiting, waiting_count);
}

/* ---- several lines ---- */

/* The line under the first or last line of a mark: a rule that ends in its sign. */
static void paint_rule(Painter *p, const Mark *mark, const char *lead, uint32_t column) {
    Buf rule = buf_make(p->out->arena);
    buf_put(&rule, lead);
    buf_repeat(&rule, '_', column + 1);
    buf_put_char(&rule, mark_char(mark));
    paint_gutter(p);
    buf_put_char(p->out, ' ');
    paint(p, mark_ink(p, mark), buf_text(&rule));
}

/* A line inside of a mark, or its last. */
static void paint_inner(Painter *p, const Mark *mark, uint32_t line, Strip *strip,
                        uint32_t focus) {
    strip_make(strip, p, mark, line, focus, focus + 1, paint_room(p) - 2);
    paint_number(p, line);
    buf_put_char(p->out, ' ');
    paint(p, mark_ink(p, mark), "|");
    if (strip_printed(strip) > 0) buf_put_char(p->out, ' ');
    strip_paint(strip, p);
}

void draw_lines(Painter *p, Mark *mark) {
    Strip strip;
    uint32_t length, last_byte = mark->end - 1;
    assert(mark->last_line > mark->line && mark->end > mark->begin);
    strip_make(&strip, p, mark, mark->line, mark->begin, mark->begin + 1, paint_room(p) - 2);
    paint_number(p, mark->line);
    buf_put(p->out, strip_printed(&strip) > 0 ? "   " : "");
    strip_paint(&strip, p);
    paint_rule(p, mark, " ", strip_screen(&strip, strip_column(&strip, mark->begin)));
    paint_end(p);

    bool in_part = mark->last_line - mark->line > SHOWN_LINES;
    for (uint32_t line = mark->line + 1; line < mark->last_line; line++) {
        if (in_part && line == mark->line + SHOWN_LINES / 2 + 1) {
            paint(p, INK_GUTTER, "...");
            buf_repeat(p->out, ' ', p->gutter);
            paint(p, mark_ink(p, mark), "|");
            paint_end(p);
            break;
        }
        const char *text = source_line(p->cx, mark->source, line, &length);
        paint_inner(p, mark, line, &strip, (uint32_t)(text - mark->source->text));
    }
    paint_inner(p, mark, mark->last_line, &strip, last_byte);
    uint32_t column = strip_screen(&strip, strip_column(&strip, last_byte));
    paint_rule(p, mark, "|", column);
    if (mark->text[0] == '\0') {
        paint_end(p);
    } else if (fits_beside(p, mark->text, column + 4)) {
        buf_put_char(p->out, ' ');
        paint_text(p, mark, column + 4, NULL, 0);
    } else {
        paint_end(p);
        paint_gutter(p);
        buf_put_char(p->out, ' ');
        paint_text(p, mark, 0, NULL, 0);
    }
}
