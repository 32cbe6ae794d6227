/* A graph and the facts about it, as tables for people: --summary, --report=guards. */
#ifndef NNA_BACKEND_SUMMARY_H
#define NNA_BACKEND_SUMMARY_H

#include "backend/codegen.h"

/* A line an operation as the user wrote it, or with `each` a line a node of the graph: name,
 * operator, type, range, trained parameters and elements of buffers that it is the first to read,
 * FLOPs, bytes of values that are alive; then totals. They say so where the graph is not whole. */
void summary_print(Graph *g, const Facts *facts, bool each, bool is_whole, Buf *out);

/* A line for each dangerous operation: where, what, whether its guard stays, and why. */
void guards_print(Ctx *cx, const Facts *facts, GuardPolicy policy, Buf *out);

#endif
