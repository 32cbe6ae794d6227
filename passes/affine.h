/* Affine forms of the values of a graph (affine_form.h), and the bounds that follow from them.
 *
 * A form tells more than ranges only where two operands have a source in common. So of each value
 * is kept, in a word of bits, which shared values it is a sum of, and forms are made where the
 * bits of two operands meet; a chain pays a few instructions a value. Formulas are read, not
 * operators; what is no sum is a source of its own. */
#ifndef NNA_PASSES_AFFINE_H
#define NNA_PASSES_AFFINE_H

#include "passes/pass.h"

typedef struct Affine Affine;

/* Of a graph that has its terms. */
Affine *affine_make(Analysis *a);

/* Adds what the form of v tells to its term fact. To be called for each value, in order, after the
 * operands have their ranges and before v is judged; in loops again in each step. */
void affine_visit(Affine *affine, const Range *ranges, Value v);

/* From now on, v is taken to be its first operand (side 1) or its second (-1), of which it is the
 * larger or the smaller; no value: nothing is. For the elements for which that holds. */
void affine_assume(Affine *affine, Value v, int side);

/* The range of v is another, and it is not visited again. */
void affine_forget(Affine *affine, Value v);

#endif
