/* The variables of element types that the prelude may use. */
#include "frontend/element.h"

#include <stddef.h>
#include <string.h>

static const ElementVariable variables[] = {
    {"float",   "floating-point", true,  false, false, true},
    {"number",  "numeric",        true,  true,  false, true},
    {"element", "any",            true,  true,  true,  true},
    {"integer", "integer",        false, true,  false, false},
};

const ElementVariable *element_variable_find(const char *name) {
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        if (strcmp(variables[i].name, name) == 0) return &variables[i];
    }
    return NULL;
}

bool element_variable_takes(const ElementVariable *variable, DType dtype) {
    if (dtype_is_float(dtype)) return variable->of_floats;
    return dtype_is_integer(dtype) ? variable->of_integers : variable->of_truth;
}
