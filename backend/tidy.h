/* `--fmt`: files in the one canonical layout, in place. */
#ifndef NNA_BACKEND_TIDY_H
#define NNA_BACKEND_TIDY_H

#include "ir/base/ctx.h"

typedef enum TidyMode { TIDY_REWRITE, TIDY_CHECK } TidyMode;

/* Lays out the file; `-` is standard input, whose text goes to `out`. A file that has it already is
 * not touched, nor is one with errors, which are reported; any other is replaced as a whole, with
 * its mode, behind symbolic links too. TIDY_CHECK writes nothing, and appends to `out` the path of
 * a file that would change. Returns whether it has that layout, or has it now. */
bool tidy_file(Ctx *cx, const char *path, TidyMode mode, Buf *out);

#endif
