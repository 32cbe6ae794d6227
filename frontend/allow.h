/* `@allow(CODE, "why")` on a declaration or a statement: reports that are taken back. */
#ifndef NNA_FRONTEND_ALLOW_H
#define NNA_FRONTEND_ALLOW_H

#include "frontend/ast.h"

/* Whether reports of a code may be taken back at all: what keeps a file from being read cannot be
 * wished away, nothing is known of the rest. */
bool allow_is_possible(DiagCode code);

/* The code that an `@allow` names. DIAG_COUNT for one that is not as it should be, which
 * allow_check reports, at its arguments. */
DiagCode allow_code(const Ctx *cx, const File *file, Ast attribute);
void allow_check(Ctx *cx, const File *file, Ast attribute);

typedef struct AllowOptions {
    uint32_t first;  /* the number of the first report that is the file's */
    bool compiling;  /* errors that leave nothing to compile stay */
    bool is_whole;   /* the file was analysed as it stands, all of it: NNA1010 can be told */
} AllowOptions;

/* Withdraws the reports that an `@allow` of the file takes back, and reports those that take
 * nothing back (NNA1010), which another `@allow` may take back in turn. After all else that
 * reports, before severities are settled. */
void allow_apply(Ctx *cx, const File *file, const AllowOptions *options);

#endif
