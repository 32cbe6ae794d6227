/* What the rows of ir/ops/library.def compute. */
#ifndef NNA_IR_LIBRARY_H
#define NNA_IR_LIBRARY_H

#include "ir/eval.h"

enum { LIBRARY_AXIS, LIBRARY_FLAG }; /* the attributes */

/* Scalar operations that it takes, for budgets. */
uint64_t library_cost(const Graph *g, Value v, const Tensor *x);

/* Computes a LIBRARY node from its operand. */
void library_run(const Graph *g, Value v, const Tensor *x, Tensor *result);

#endif
