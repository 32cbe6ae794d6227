/* The reasons behind the codes: --explain. */
#ifndef NNA_BACKEND_EXPLAIN_H
#define NNA_BACKEND_EXPLAIN_H

#include "ir/base/ctx.h"

typedef struct Explanation {
    DiagCode code;
    const char *why;   /* sentences */
    const char *wrong; /* a model that gets the report; "" where there is none to show */
    const char *right; /* the same, mended */
} Explanation;

/* Those there are, in the order of the codes. */
extern const Explanation explanations[];
extern const uint32_t explanation_count;

/* The explanation of a code; NULL where there is none yet. */
const Explanation *explain_find(DiagCode code);

/* Prints a rule, by its code or name, to `out`. False with a message in `error` when there is no
 * such rule. */
bool explain_print(Ctx *cx, const char *rule, Buf *out, Buf *error);

#endif
