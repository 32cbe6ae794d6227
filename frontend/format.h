/* The one canonical layout of a file (`--fmt`, `--emit=nna`).
 *
 * The words of the file are kept, and their order: literals, names in back quotes and parentheses
 * stay as they were written, so that the meaning does. Left out are only a comma after the last
 * parameter or result, and parentheses around parentheses. Comments stay where they were: behind
 * what they stood behind, or on lines of their own before what followed.
 *
 * Reports count by lines, so that a line with an expectation (`#!`, `#?`) stays that line: what
 * stands on it, and nothing else, stands on it afterwards, whatever its length. */
#ifndef NNA_FRONTEND_FORMAT_H
#define NNA_FRONTEND_FORMAT_H

#include "frontend/ast.h"

/* Appends the text of a file that was read without a fault. Formatting what comes out gives the
 * same text again. */
void format_file(Ctx *cx, const File *file, Buf *out);

#endif
