/* The names that stand for element types in the prelude (frontend/prelude/prelude.nna). */
#ifndef NNA_FRONTEND_ELEMENT_H
#define NNA_FRONTEND_ELEMENT_H

#include "ir/dtype.h"

#include <stdbool.h>

typedef struct ElementVariable {
    const char *name, *kinds; /* "number"; "numeric" */
    bool of_floats, of_integers, of_truth;
    bool shared; /* one element type for all parameters of a block, or each its own */
} ElementVariable;

const ElementVariable *element_variable_find(const char *name); /* NULL: none */
bool element_variable_takes(const ElementVariable *variable, DType dtype);

#endif
