/* Columns as wide as their cells. */
#include "backend/cells.h"

#include "ir/base/utf8.h"

#include <assert.h>
#include <string.h>

enum { WIDEST = 34 }; /* of what others are padded to; wider ones stick out */

static uint32_t column_width(const char *text) {
    return utf8_text_columns(text, strlen(text));
}

void cells_print(const Cells *cells, uint32_t columns, uint32_t first_number, Buf *out) {
    assert(columns <= CELLS_MAX_COLUMNS);
    uint32_t widths[CELLS_MAX_COLUMNS] = {0};
    for (uint32_t i = 0; i < cells->count; i++) {
        uint32_t width = column_width(cells->data[i]);
        if (width > widths[i % columns] && width <= WIDEST) widths[i % columns] = width;
    }
    for (uint32_t i = 0; i < cells->count; i++) {
        uint32_t column = i % columns, width = column_width(cells->data[i]);
        uint32_t padding = width < widths[column] ? widths[column] - width : 0;
        bool is_last = column + 1 == columns;
        if (column >= first_number) buf_repeat(out, ' ', padding);
        buf_put(out, cells->data[i]);
        if (column < first_number && !is_last) buf_repeat(out, ' ', padding);
        buf_put(out, is_last ? "\n" : "  ");
    }
}
