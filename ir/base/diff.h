/* The difference of two texts, line by line, as `diff -u` prints it and `patch` reads it. */
#ifndef NNA_IR_BASE_DIFF_H
#define NNA_IR_BASE_DIFF_H

#include "ir/base/buf.h"
#include "ir/base/vec.h"

/* A line that one of the texts has, and the other has not. */
typedef struct DiffLine {
    char mark;       /* '-': of the old text, '+': of the new one */
    uint32_t number; /* in its text, from 1 */
    const char *text; /* without its line end; terminated */
} DiffLine;

typedef VEC(DiffLine) DiffLines;

/* The lines that differ, in order; of each place the old ones first. */
DiffLines diff_lines(Arena *arena, const char *old, size_t old_length, const char *new,
                     size_t new_length);

/* Nothing for equal texts. `path` is that of the first; the second is called the same. */
void diff_unified(Arena *arena, const char *path, const char *old, size_t old_length,
                  const char *new, size_t new_length, Buf *out);

#endif
