/* The table of derivative.def. */
#include "ir/formula.h"
#include "ir/gradient.h"

#include <stddef.h>

#define Y (&(const Scalar){.kind = SCALAR_INPUT, .index = DERIVATIVE_RESULT})
#define G (&(const Scalar){.kind = SCALAR_INPUT, .index = DERIVATIVE_ADJOINT})
#define NONE NULL
#define UNKNOWN (&derivative_unknown)

const Scalar derivative_unknown = {.kind = SCALAR_CONSTANT};

const Scalar *const derivative_info[PRIMITIVE_COUNT][3] = {
#define DERIVATIVE(id, ...) [PRIMITIVE_##id] = {__VA_ARGS__},
#include "ir/derivative.def"
};

/* Every primitive has its row, with a column for each operand. */
#define COLUMN_COUNT(first, second, third, count, ...) count
enum {
#define DERIVATIVE(id, ...) COLUMNS_OF_##id = COLUMN_COUNT(__VA_ARGS__, 3, 2, 1, 0),
#include "ir/derivative.def"
};
#define PRIMITIVE(id, spelling, arity, ...)                                                        \
    _Static_assert((int)COLUMNS_OF_##id == (arity), "columns of " #id " in derivative.def");
#include "ir/scalar.def"
