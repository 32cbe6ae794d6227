/* What a report is told by when lines have moved: for baselines and for fingerprints. */
#ifndef NNA_BACKEND_REPORT_KEY_H
#define NNA_BACKEND_REPORT_KEY_H

#include "ir/base/ctx.h"

/* A path as others know it: from the folder that nnac runs in where it lies below it, without
 * "./"; else as it was given. In the session arena. */
const char *path_from_here(Ctx *cx, const char *path);

/* The file that a report points to, or that it is about; NULL: none. */
const char *report_file(Ctx *cx, const Diag *d);

/* What the report follows from, as text without places: the ranges of the operands, or the message
 * where there are none. */
const char *report_facts(Ctx *cx, const Diag *d);

#endif
