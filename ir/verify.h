/* Checks every invariant of a graph: operands before users, element types and attributes of the
 * row's kinds, shapes that the rules give again, interned ids in range. For tests and debug builds,
 * after every pass. */
#ifndef NNA_IR_VERIFY_H
#define NNA_IR_VERIFY_H

#include "ir/ir.h"

/* Appends one line for each broken invariant to `out`; true if there is none. */
bool ir_verify(Graph *g, Buf *out);

/* What is wrong with the regions of a graph, and at which node; NULL: nothing. Also for read.c,
 * which cannot trust its text. In the time of one walk. */
const char *region_fault(const Graph *g, uint32_t *node);

#endif
