/* Better forms of what is written: the catalogue of rewrite.def, found in a text, and the edits
 * that put them there. Whether one helps is not known here; backend/fix.c checks each again. */
#ifndef NNA_FRONTEND_REWRITE_H
#define NNA_FRONTEND_REWRITE_H

#include "frontend/applied.h"
#include "frontend/scope.h"
#include "ir/base/edit.h"

typedef struct Rewriter Rewriter;

/* For a file that was read without a fault, with its imports. */
Rewriter *rewriter_new(Ctx *cx, File *file);

const Scope *rewriter_scope(const Rewriter *r);

/* The application at a place, which reports have from the graph: the expression whose span it is.
 * AST_NONE where there is none. `out` may be NULL. */
Ast rewriter_at(const Rewriter *r, Span place, Applied *out);

typedef struct Rewrite {
    const char *name, *sentence;
    Edits edits;
} Rewrite;

/* The k-th rewrite of what stands at the place, in the order of the catalogue, then of what its
 * value is made from; false where there are no more. One that cannot be written down has no
 * edits. */
bool rewriter_candidate(Rewriter *r, Span place, uint32_t k, Rewrite *out);

/* The name of an expression, so that it may be written several times: its own, or that of a `let`
 * in front of its statement, which is added to the edits. NULL where there can be none. */
const char *rewriter_name(const Rewriter *r, Ast expression, const char *wanted, Edits *edits);

/* The k-th `inf` that the value at the place is made from, with its sign; AST_NONE: no more. */
Ast rewriter_infinity(const Rewriter *r, Span place, uint32_t k, bool *is_negative);

#endif
