/* A graph and the facts about it, as tables for people: --summary, --report=guards. */
#ifndef NNA_BACKEND_SUMMARY_H
#define NNA_BACKEND_SUMMARY_H

#include "backend/codegen.h"

/* A line an operation: name, operator, shape, range, parameters, arithmetic operations, bytes of
 * values that are alive; then totals. */
void summary_print(Graph *g, const Facts *facts, Buf *out);

/* A line for each dangerous operation: where, what, whether its guard stays, and why. */
void guards_print(Ctx *cx, const Facts *facts, GuardPolicy policy, Buf *out);

#endif
