/* Fixes: for a report, a change of the text that was checked again and makes it go. */
#ifndef NNA_BACKEND_FIX_H
#define NNA_BACKEND_FIX_H

#include "backend/driver.h"

/* What a file that is to be changed gives; everything in cx->session. */
typedef struct FixedText {
    const char *text; /* with all fixes, or as it was */
    size_t length;
    uint32_t count;   /* of the fixes in it */
} FixedText;

/* Gives each report from number `first` on that stands in the source its fix, where there is one.
 * Within a ctx_try. */
void fix_suggest(Ctx *cx, const Options *options, const Source *source, uint32_t first);

/* The text of the file with one fix after the other, each checked with those before it, until none
 * more is found; a line about each goes to `log`, with its place in the source. Within a
 * ctx_try. */
FixedText fix_text(Ctx *cx, const Options *options, const Source *source, Buf *log);

#endif
