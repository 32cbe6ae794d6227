/* Drawing source lines with what is marked in them; for diag_text.c alone. */
#ifndef NNA_IR_BASE_DIAG_DRAW_H
#define NNA_IR_BASE_DIAG_DRAW_H

#include "ir/base/ctx.h"

typedef enum Ink {
    INK_PLAIN,
    INK_BOLD,
    INK_ERROR,
    INK_WARNING,
    INK_NOTE,
    INK_HELP,
    INK_GUTTER,
} Ink;

typedef struct Painter {
    Ctx *cx;
    const TextStyle *style;
    Buf *out;
    uint32_t gutter; /* digits of the largest line number shown */
    Ink primary;     /* of the carets: the severity's */
} Painter;

/* A label at its place. Offsets are within the source. */
typedef struct Mark {
    Source *source;
    uint32_t begin, end; /* of bytes; equal: one caret stands at begin */
    uint32_t line, last_line;
    uint32_t group;
    bool is_primary;
    const char *text;     /* without unsafe characters */
    uint32_t left, right; /* columns on the screen, right of the gutter; while drawn */
} Mark;

void paint(Painter *p, Ink ink, const char *text);
void paint_bytes(Painter *p, Ink ink, const char *bytes, size_t length);

/* The gutter without a line number: "   |". */
void paint_gutter(Painter *p);

/* Columns right of the gutter; many, where text is not wrapped. */
uint32_t paint_room(const Painter *p);

/* Marks of one line, none over another. Reorders them. */
void draw_line(Painter *p, Mark *marks, uint32_t count);

/* A mark that goes over several lines. */
void draw_lines(Painter *p, Mark *mark);

#endif
