/* Why a value can be what it must not be, and what to do about it: the words of numerical reports
 * that need the graph around the site. */
#ifndef NNA_PASSES_EXPLAIN_H
#define NNA_PASSES_EXPLAIN_H

#include "passes/pass.h"
#include "passes/term.h"

/* What the report is about: the danger, and the operand that brings it. */
typedef enum Danger {
    DANGER_ZERO,     /* the operand can be 0 */
    DANGER_NEGATIVE, /* below the domain */
    DANGER_LARGE,    /* above the domain */
    DANGER_OUTSIDE,  /* below or above */
    DANGER_RESULT    /* no single operand */
} Danger;

/* The value that contracts and names stand for: their operand. */
Value explain_strip(const Graph *g, Value v);

/* The shifted value x, where v is a softmax of x by any spelling: exp(x - max(x)) over its sum;
 * else VALUE_NONE. */
Value explain_softmax(const Analysis *a, Value v);

/* A label for the place where `culprit` takes the dangerous value; nothing where that is the
 * primary place or nowhere. `scale` of the finding. */
void explain_origin(const Analysis *a, Diag *d, Value culprit, Danger danger, double scale);

/* Advice, where the expression is one that has a better form. */
void explain_help(const Analysis *a, Diag *d, const Finding *f, Value culprit, Danger danger);

/* Labels for the calls of blocks that lead to an origin. */
void explain_calls(const Analysis *a, Diag *d, OriginId via);

/* Labels the `grad` that v is part of, if it is. */
void explain_gradient(const Analysis *a, Diag *d, Value v);

/* The method of a train section that v is a part of; NULL: none. */
const struct TrainingCall *explain_method(const Analysis *a, Value v);

/* Of a fault in the update of parameters: whose, by which settings, and what helps. */
void explain_update(const Analysis *a, Diag *d, const Finding *f);

/* Notes on what was assumed of the sources that the site depends on. */
void explain_assumptions(const Analysis *a, Diag *d, const Finding *f);

/* Notes on how far the site is from being safe. */
void explain_margin(const Analysis *a, Diag *d, const Finding *f);

#endif
