/* The C functions that extern blocks stand for. */
#ifndef NNA_BACKEND_PROTOTYPE_H
#define NNA_BACKEND_PROTOTYPE_H

#include "backend/link.h"
#include "frontend/ast.h"

/* "void name(const float *x, int64_t k, float *y, int64_t N);" */
void prototype_print(Ctx *cx, const File *file, Ast declaration, Buf *out);

/* The prototypes of all functions that the graph calls, a line each. */
const char *prototypes_of(const File *program, const Graph *g);

/* Whether the files define every function that the graph calls, and the C library has none of that
 * name; else a report at the declaration. */
bool prototypes_are_met(const File *program, const Graph *g, const Paths *files);

#endif
