/* The graph for Graphviz: `dot -Tsvg`. */
#ifndef NNA_IR_DOT_H
#define NNA_IR_DOT_H

#include "ir/ir.h"

/* Appends a `digraph` with a node for each value (operator, name, element type and shape) and one
 * for each result. What a call of a block was expanded to stands in a cluster with the block's
 * name; a dashed edge leads from the end of a loop to its beginning. */
void dot_print(const Graph *g, Buf *out);

#endif
