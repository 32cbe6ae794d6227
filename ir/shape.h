/* Shapes of results: one rule a form, CONTRACT and MOVE by what their rows say. */
#ifndef NNA_IR_SHAPE_H
#define NNA_IR_SHAPE_H

#include "ir/call.h"

/* The shape of a call with normalised attributes (attr.c); id 0 after a report. Also normalises
 * what depends on shapes: a PADDING word becomes its list, a -1 in a reshape its number, an absent
 * perm the reversal. What it takes for granted becomes a rule of the graph. */
ShapeId shape_of_call(OpCall *call);

/* Bytes that a tensor takes; false where a dimension is not constant. */
bool shape_bytes(const Graph *g, DType dtype, ShapeId shape, size_t *out);

/* "[N, 3, 8, 8]", in the scratch arena. */
const char *shape_text(const Graph *g, ShapeId shape);

#endif
