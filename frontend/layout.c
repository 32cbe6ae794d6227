/* Documents become lines: groups are measured, printed, and stops are padded. */
#include "frontend/layout.h"

#include <assert.h>

enum {
    REMARK_SPACES = 3, /* before a comment behind its line */
    REMARK_CELL = 2,   /* comments come after every stop of their lines */
    CELLS
};

/* Spaces that a stop of each cell is padded with, at most. */
static const uint32_t pad_max[CELLS] = {8, 8, 16};

static uint32_t columns_of(const char *text, uint32_t length) {
    uint32_t columns = 0;
    for (uint32_t i = 0; i < length; i++) columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

void layout_begin(Layout *layout, Arena *arena, uint32_t width) {
    *layout = (Layout){.arena = arena, .width = width, .text = buf_make(arena)};
    vec_push(arena, &layout->indents, 0);
    vec_push(arena, &layout->broken, true);
}

static Item *add(Layout *layout, ItemKind kind) {
    vec_push(layout->arena, &layout->items, (Item){.kind = (uint8_t)kind});
    return &layout->items.data[layout->items.count - 1];
}

static Item *add_text(Layout *layout, ItemKind kind, const char *text, uint32_t length) {
    Item *item = add(layout, kind);
    item->text = text;
    item->length = length;
    return item;
}

void layout_word(Layout *layout, const char *text, uint32_t length) {
    add_text(layout, ITEM_WORD, text, length)->amount = columns_of(text, length);
}

void layout_gap(Layout *layout, Gap gap, bool blank, uint32_t beyond) {
    Item *item = add(layout, ITEM_GAP);
    item->gap = (uint8_t)gap;
    item->blank = blank;
    item->amount = beyond;
}

void layout_open(Layout *layout) {
    vec_push(layout->arena, &layout->groups, layout->items.count);
    add(layout, ITEM_OPEN);
}

void layout_close(Layout *layout) {
    assert(layout->groups.count > 0);
    uint32_t open = layout->groups.data[--layout->groups.count];
    layout->items.data[open].close = layout->items.count;
    add(layout, ITEM_CLOSE);
}

void layout_indent(Layout *layout, uint32_t columns) {
    add(layout, ITEM_INDENT)->amount = columns;
}

void layout_align(Layout *layout) {
    add(layout, ITEM_ALIGN);
}

void layout_dedent(Layout *layout) {
    add(layout, ITEM_DEDENT);
}

void layout_stop(Layout *layout, uint8_t sort, const char *owner) {
    add_text(layout, ITEM_STOP, owner, 0)->sort = sort;
}

void layout_remark(Layout *layout, const char *text, uint32_t length) {
    add_text(layout, ITEM_REMARK, text, length);
}

void layout_comment(Layout *layout, const char *text, uint32_t length, bool blank) {
    add_text(layout, ITEM_COMMENT, text, length)->blank = blank;
}

/* ---- measuring ---- */

static uint32_t flat_columns(const Item *item) {
    if (item->kind == ITEM_WORD) return item->amount;
    if (item->kind != ITEM_GAP) return 0;
    return item->gap == GAP_SPACE || item->gap == GAP_LINE || item->gap == GAP_FILL;
}

static bool is_forced(const Item *item) {
    return item->kind == ITEM_REMARK || item->kind == ITEM_COMMENT ||
           (item->kind == ITEM_GAP && item->gap == GAP_HARD);
}

static bool may_break(const Item *item) {
    return is_forced(item) || (item->kind == ITEM_GAP && item->gap >= GAP_SOFT);
}

static void measure(Layout *layout) {
    uint32_t columns = 0, breaks = 0, count = layout->items.count;
    for (uint32_t i = 0; i < count; i++) {
        Item *item = &layout->items.data[i];
        item->before = columns;
        item->breaks = breaks;
        columns += flat_columns(item);
        breaks += is_forced(item);
    }
    for (uint32_t i = count; i-- > 0;) {
        Item *item = &layout->items.data[i];
        if (may_break(item)) columns = item->before;
        item->next = columns;
    }
}

/* ---- printing ---- */

static uint32_t indent_now(const Layout *layout) {
    return layout->indents.data[layout->indents.count - 1];
}

/* The line ends here, but for a comment: its stops learn how long it is. */
static void end_line(Layout *layout) {
    for (uint32_t i = layout->stops.count; i-- > 0;) {
        Stop *stop = &layout->stops.data[i];
        if (stop->line != layout->line || stop->end != 0) break;
        stop->end = layout->column;
    }
}

/* The next line begins, and perhaps goes on with the last one. */
static void begin_line(Layout *layout, const char *word) {
    for (uint32_t i = layout->stops.count; i-- > 0;) {
        Stop *stop = &layout->stops.data[i];
        if (stop->line != layout->line) break;
        stop->alone = layout->column > layout->indent;
    }
    buf_repeat(&layout->text, '\n', layout->newlines);
    buf_repeat(&layout->text, ' ', layout->column);
    layout->line += layout->newlines;
    layout->newlines = 0;
    layout->first = word;
    layout->indent = layout->column;
}

/* Written with the next word, so that no line ends in spaces. The text begins with none, but
 * where an empty line is asked for. */
static void break_line(Layout *layout, bool blank, uint32_t indent) {
    if (layout->newlines == 0) end_line(layout);
    uint32_t wanted = layout->text.length == 0 ? blank : 1u + blank;
    if (layout->newlines < wanted) layout->newlines = wanted;
    layout->column = indent;
}

static void put(Layout *layout, const Item *item) {
    if (layout->newlines > 0 || layout->text.length == 0) begin_line(layout, item->text);
    buf_put_bytes(&layout->text, item->text, item->length);
}

static void add_stop(Layout *layout, uint8_t sort, uint8_t cell) {
    Stop stop = {.line = layout->line, .indent = layout->indent, .column = layout->column,
                 .offset = (uint32_t)layout->text.length, .sort = sort, .cell = cell};
    vec_push(layout->arena, &layout->stops, stop);
}

static void put_stop(Layout *layout, const Item *item) {
    if (layout->first != item->text || layout->newlines > 0) return;
    uint8_t cell = 0;
    if (layout->stops.count > 0) {
        const Stop *last = &layout->stops.data[layout->stops.count - 1];
        if (last->line == layout->line) cell = (uint8_t)(last->cell + 1);
    }
    assert(cell < REMARK_CELL);
    add_stop(layout, item->sort, cell);
}

static void put_gap(Layout *layout, uint32_t at) {
    const Item *item = &layout->items.data[at];
    bool breaks = false;
    switch ((Gap)item->gap) {
    case GAP_TIGHT: case GAP_SPACE: break;
    case GAP_SOFT: case GAP_LINE:
        breaks = layout->broken.data[layout->broken.count - 1];
        break;
    case GAP_FILL: {
        uint32_t next = at + 1 < layout->items.count ? item[1].next : item->before + 1;
        breaks = layout->column + (next - item->before) > layout->width;
        break;
    }
    case GAP_HARD: breaks = true; break;
    }
    if (breaks) {
        break_line(layout, item->blank, indent_now(layout) + item->amount);
    } else if (flat_columns(item) > 0) {
        buf_put_char(&layout->text, ' ');
        layout->column++;
    }
}

/* A group within one that is not broken is not broken either. */
static void open_group(Layout *layout, const Item *item) {
    const Item *close = &layout->items.data[item->close];
    bool fits = layout->column + (close->next - item->before) <= layout->width;
    bool broken = layout->broken.data[layout->broken.count - 1] &&
                  (!fits || close->breaks > item->breaks);
    vec_push(layout->arena, &layout->broken, broken);
}

static void print_item(Layout *layout, uint32_t at) {
    const Item *item = &layout->items.data[at];
    switch ((ItemKind)item->kind) {
    case ITEM_WORD:
        put(layout, item);
        layout->column += item->amount;
        break;
    case ITEM_GAP: put_gap(layout, at); break;
    case ITEM_OPEN: open_group(layout, item); break;
    case ITEM_CLOSE: layout->broken.count--; break;
    case ITEM_INDENT:
        vec_push(layout->arena, &layout->indents, indent_now(layout) + item->amount);
        break;
    case ITEM_ALIGN: vec_push(layout->arena, &layout->indents, layout->column); break;
    case ITEM_DEDENT: layout->indents.count--; break;
    case ITEM_STOP: put_stop(layout, item); break;
    case ITEM_REMARK:
        add_stop(layout, 0, REMARK_CELL);
        end_line(layout);
        buf_repeat(&layout->text, ' ', REMARK_SPACES);
        put(layout, item);
        break;
    case ITEM_COMMENT:
        break_line(layout, item->blank, indent_now(layout));
        put(layout, item);
        break;
    }
}

void layout_flush(Layout *layout) {
    assert(layout->groups.count == 0);
    measure(layout);
    for (uint32_t i = 0; i < layout->items.count; i++) print_item(layout, i);
    layout->items.count = 0;
}

/* ---- columns ---- */

/* Lines of one sort, one after the other, and what their stops of one cell take. */
typedef struct Run {
    uint32_t first, last; /* stops */
    uint32_t least, most; /* columns before the stop */
    uint32_t tail;        /* columns behind it, at most */
} Run;

/* What the stops before it on its line were padded with. */
static uint32_t shift_of(const Layout *layout, uint32_t at) {
    uint32_t shift = 0;
    for (uint32_t i = at; i > 0 && layout->stops.data[i - 1].line == layout->stops.data[at].line;
         i--) {
        shift += layout->stops.data[i - 1].pad;
    }
    return shift;
}

static void pad_run(Layout *layout, const Run *run, uint8_t cell) {
    for (uint32_t i = run->first; i <= run->last; i++) {
        Stop *stop = &layout->stops.data[i];
        if (stop->cell != cell || stop->alone) continue;
        stop->pad = run->most - (stop->column + shift_of(layout, i));
    }
}

/* Puts a stop into the run, if the lines then still fit, and none is padded too far. */
static bool join_run(const Layout *layout, Run *run, uint32_t at) {
    const Stop *stop = &layout->stops.data[at], *last = &layout->stops.data[run->last];
    uint32_t column = stop->column + shift_of(layout, at), tail = stop->end - stop->column;
    uint32_t least = column < run->least ? column : run->least;
    uint32_t most = column > run->most ? column : run->most;
    if (tail < run->tail) tail = run->tail;
    if (stop->line != last->line + 1 || stop->sort != last->sort ||
        stop->indent != last->indent || most - least > pad_max[stop->cell] ||
        (tail > 0 && most + tail > layout->width)) {
        return false;
    }
    *run = (Run){run->first, at, least, most, tail};
    return true;
}

static void align_cell(Layout *layout, uint8_t cell) {
    Run run = {0};
    bool open = false;
    for (uint32_t i = 0; i < layout->stops.count; i++) {
        const Stop *stop = &layout->stops.data[i];
        if (stop->cell != cell || stop->alone || (open && join_run(layout, &run, i))) continue;
        if (open) pad_run(layout, &run, cell);
        uint32_t column = stop->column + shift_of(layout, i);
        run = (Run){i, i, column, column, stop->end - stop->column};
        open = true;
    }
    if (open) pad_run(layout, &run, cell);
}

void layout_end(Layout *layout, Buf *out) {
    layout_flush(layout);
    end_line(layout);
    for (uint8_t cell = 0; cell < CELLS; cell++) align_cell(layout, cell);
    const char *text = buf_text(&layout->text);
    uint32_t at = 0;
    for (uint32_t i = 0; i < layout->stops.count; i++) {
        const Stop *stop = &layout->stops.data[i];
        buf_put_bytes(out, text + at, stop->offset - at);
        buf_repeat(out, ' ', stop->pad);
        at = stop->offset;
    }
    buf_put_bytes(out, text + at, layout->text.length - at);
    if (layout->text.length > 0) buf_put_char(out, '\n');
}
