/* Tables for people: cells of text in columns. */
#ifndef NNA_BACKEND_CELLS_H
#define NNA_BACKEND_CELLS_H

#include "ir/base/buf.h"
#include "ir/base/vec.h"

enum { CELLS_MAX_COLUMNS = 8 };

typedef VEC(const char *) Cells; /* row by row */

/* Pads every column to its widest cell, as far as that is not too wide; from the column
 * `first_number` on to the right. */
void cells_print(const Cells *cells, uint32_t columns, uint32_t first_number, Buf *out);

#endif
