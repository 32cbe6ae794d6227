/* Breaking text into lines of a width. Lines point into the text. */
#ifndef NNA_IR_BASE_WRAP_H
#define NNA_IR_BASE_WRAP_H

#include "ir/base/vec.h"

typedef struct TextLine {
    const char *text;
    uint32_t length;
} TextLine;

typedef VEC(TextLine) TextLines;

/* Fills each line as far as `room` columns go (0: only line feeds break). What stands in
 * back quotes stays together where it fits into a line; longer words stick out. */
TextLines wrap_text(Arena *arena, const char *text, uint32_t room);

/* As many lines, of lengths as equal as can be. */
TextLines wrap_balanced(Arena *arena, const char *text, uint32_t room);

#endif
