/* Reverse-mode gradients: more nodes of the same graph.
 *
 * A gradient is read off the row, as everything else is: formulas are walked backwards with the
 * rules of derivative.def, contractions follow from their index maps. So it is analysed, guarded
 * and emitted like any other part of the graph, and has a gradient itself. */
#ifndef NNA_IR_GRADIENT_H
#define NNA_IR_GRADIENT_H

#include "ir/build.h"

/* What flows back through a primitive to one of its operands: a formula over G, Y and the operands,
 * as inputs of these numbers. NULL: nothing. */
enum { DERIVATIVE_RESULT = 3, DERIVATIVE_ADJOINT = 4 };
extern const Scalar *const derivative_info[PRIMITIVE_COUNT][3];

/* Stands there for a derivative that is no formula over primitives. */
extern const Scalar derivative_unknown;

/* Whether the gradient of y, summed, flows through this value: floats, but stop_gradient. */
bool gradient_flows(const Graph *g, Value v);

/* The gradients of the sum of all elements of y with respect to each of `wrt`, in their shapes.
 * Zeros where nothing flows back to one; reached[i], if wanted, says whether something does. Nodes
 * are made in a fixed order; those for the gradient of an operation stand at its place, `taken`
 * being where the gradient is asked for. What cannot be differentiated is reported there, with the
 * severity `refusal`, and all of out are VALUE_NONE. */
void gradient_build(Graph *g, Value y, uint32_t count, const Value *wrt, OriginId taken,
                    Severity refusal, Value *out, bool *reached);

#endif
