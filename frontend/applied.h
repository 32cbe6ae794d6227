/* Applications, whatever their spelling: `x / y`, `div(x, y)` and `x |> div(y)` are one. */
#ifndef NNA_FRONTEND_APPLIED_H
#define NNA_FRONTEND_APPLIED_H

#include "frontend/lower_internal.h"

enum { APPLIED_MOST = 12 };

typedef struct Applied {
    const Callee *callee; /* of the language, and no user's; NULL: it is none */
    Ast arguments[APPLIED_MOST]; /* by formal; none where it is not given */
} Applied;

/* `module` is that of the file; NULL: a text of the compiler's own, which sees no user's block. */
Applied applied_of(const Callees *callees, const Module *module, const File *file, Ast ast);

/* The number that an expression writes; NaN where it is none. */
double written_number(const File *file, Ast ast);

#endif
