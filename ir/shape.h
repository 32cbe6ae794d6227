/* Shapes of results: one rule a form, CONTRACT and MOVE by what their rows say. */
#ifndef NNA_IR_SHAPE_H
#define NNA_IR_SHAPE_H

#include "ir/ir.h"

/* The broadcast of two shapes (NumPy: right-aligned, 1 stretches). Two different dimensions of
 * which neither is 1: NNA2001, at `span`, with the places of both; ones that may be equal for some
 * values only: NNA2004. Returns id 0 after a report. */
ShapeId shape_broadcast(Graph *g, Span span, ShapeId a, Span place_a, ShapeId b, Span place_b);

/* The shape of op on these operands with normalised attributes; id 0 after a report at `span`.
 * Also normalises what depends on shapes: attrs[i] of a PADDING word becomes its list, a -1 in a
 * reshape its number, an absent perm the reversal. */
ShapeId shape_of_op(Graph *g, Op op, uint32_t operand_count, const Value *operands, Attr *attrs,
                    Span span, const Span *places);

/* "[N, 3, 8, 8]", in the scratch arena. */
const char *shape_text(const Graph *g, ShapeId shape);

#endif
