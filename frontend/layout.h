/* Text laid out in a width: a document of words, gaps, groups and indentation becomes lines.
 *
 * The algebra is Wadler's, as Prettier has it: a group stands on one line where it fits, up to
 * the next place that may break; else each of its own gaps breaks. A document is given piece by
 * piece, and what was given is printed by layout_flush, outside of every group, so that memory is
 * that of one piece. Time is linear: what lies between an item and the next break is known
 * beforehand for all.
 *
 * Columns: a stop (`layout_stop`) is padded so that it stands below that of the line before, where
 * lines of one sort and indentation follow each other, each whole; so are comments behind lines.
 * That comes last, and decides nothing about breaks, so that a laid out text is laid out in the
 * same way again. */
#ifndef NNA_FRONTEND_LAYOUT_H
#define NNA_FRONTEND_LAYOUT_H

#include "ir/base/buf.h"
#include "ir/base/vec.h"

typedef enum Gap {
    GAP_TIGHT, /* nothing */
    GAP_SPACE,
    GAP_SOFT, /* nothing, or a line break where the group is broken */
    GAP_LINE, /* a space, or a line break where the group is broken */
    GAP_FILL, /* a space, or a line break where what follows does not fit */
    GAP_HARD, /* a line break, which breaks the groups around it */
} Gap;

typedef enum ItemKind {
    ITEM_WORD,
    ITEM_GAP,
    ITEM_OPEN,
    ITEM_CLOSE,
    ITEM_INDENT,
    ITEM_ALIGN,
    ITEM_DEDENT,
    ITEM_STOP,
    ITEM_REMARK, /* a comment behind its line */
    ITEM_COMMENT /* a comment on a line of its own */
} ItemKind;

typedef struct Item {
    uint8_t kind; /* ItemKind */
    uint8_t gap;  /* Gap */
    uint8_t sort; /* of a stop */
    bool blank;   /* an empty line before */
    const char *text; /* of a stop: the word that its line must begin with */
    uint32_t length;  /* in bytes */
    uint32_t amount;  /* columns: of a word, of an indentation, of a line break beyond it */
    uint32_t close;   /* of an open group: where it ends */
    uint32_t before;  /* columns of all that comes before, on one line */
    uint32_t next;    /* the same at the next place that may break, this one included */
    uint32_t breaks;  /* forced line breaks before */
} Item;

/* A stop that was printed. A comment behind a line has one of its own. */
typedef struct Stop {
    uint32_t line, indent, offset, column;
    uint32_t end; /* column of the line's end, without a comment */
    uint32_t pad;
    uint8_t sort, cell;
    bool alone; /* the next line is indented more: it goes on with this one */
} Stop;

typedef struct Layout {
    Arena *arena;
    uint32_t width;
    VEC(Item) items;
    VEC(uint32_t) groups;  /* those that are being given */
    VEC(bool) broken;      /* those that are being printed */
    VEC(uint32_t) indents;
    VEC(Stop) stops;
    Buf text;              /* printed, before stops are padded */
    const char *first;     /* word of the line */
    uint32_t column, line, indent;
    uint32_t newlines;     /* that the next word begins with */
} Layout;

void layout_begin(Layout *layout, Arena *arena, uint32_t width);
void layout_word(Layout *layout, const char *text, uint32_t length);
void layout_gap(Layout *layout, Gap gap, bool blank, uint32_t beyond);
void layout_open(Layout *layout);
void layout_close(Layout *layout);
void layout_indent(Layout *layout, uint32_t columns);
void layout_align(Layout *layout); /* to the column where the next word would stand */
void layout_dedent(Layout *layout);
void layout_stop(Layout *layout, uint8_t sort, const char *owner);
void layout_remark(Layout *layout, const char *text, uint32_t length);
void layout_comment(Layout *layout, const char *text, uint32_t length, bool blank);
void layout_flush(Layout *layout);
void layout_end(Layout *layout, Buf *out);

#endif
