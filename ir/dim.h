/* Symbolic dimensions: integer polynomials over dimension variables.
 *
 * A DimId names a polynomial in normal form (terms sorted, equal ones added, no zero
 * coefficient), hash-consed: equal ids mean equal for all values, and two polynomials are the
 * same function if and only if their ids are equal, floor quotients and maxima apart, which are
 * atoms of their own: floor(a / b) where the division is not exact in the polynomials. */
#ifndef NNA_IR_DIM_H
#define NNA_IR_DIM_H

#include "ir/base/buf.h"
#include "ir/base/intern.h"

typedef struct DimId {
    uint32_t id; /* 0: unknown, after a reported error; it combines with anything silently */
} DimId;

#define DIM_UNKNOWN ((DimId){0})

typedef struct DimTable DimTable;

/* A dimension variable of the model and the range it is declared to have (@dims; 1.. by default,
 * up to limits.dimension). */
typedef struct DimVar {
    Name name;
    int64_t low, high;
} DimVar;

DimTable *dims_new(struct Ctx *cx);

/* All operations give DIM_UNKNOWN when an operand is unknown, when the result is too large (a
 * coefficient beyond int64, too many terms, too deep) or a divisor is 0. The last two set
 * dims_overflowed, which the caller reports (NNA2009). */
DimId dim_constant(DimTable *t, int64_t value);
/* The same id for the same name. */
DimId dim_variable(DimTable *t, Name name, int64_t low, int64_t high);
/* DIM_UNKNOWN if no variable has the name. */
DimId dim_variable_named(DimTable *t, Name name);
DimId dim_add(DimTable *t, DimId a, DimId b);
DimId dim_sub(DimTable *t, DimId a, DimId b);
DimId dim_mul(DimTable *t, DimId a, DimId b);
DimId dim_floor_div(DimTable *t, DimId a, DimId b);
DimId dim_maximum(DimTable *t, DimId a, DimId b); /* an atom where neither is shown to be larger */

/* Division that is meant to be exact. EXACT: *out is the quotient for all values (unknown for an
 * unknown operand). INEXACT: shown to leave a remainder for every value. UNCERTAIN: exact for some
 * values; *out is the floor quotient. */
typedef enum DimDivision { DIM_EXACT, DIM_INEXACT, DIM_UNCERTAIN } DimDivision;
DimDivision dim_exact_div(DimTable *t, DimId a, DimId b, DimId *out);

bool dims_overflowed(DimTable *t); /* reads and clears the mark */

bool dim_is_constant(const DimTable *t, DimId d, int64_t *out);

/* Bounds over all values of the variables; saturated to int64. Unknown: [0, INT64_MAX]. */
void dim_bounds(const DimTable *t, DimId d, int64_t *low, int64_t *high);

typedef enum DimOrder { DIM_EQUAL, DIM_LESS, DIM_GREATER, DIM_DIFFERENT, DIM_MAYBE } DimOrder;

/* EQUAL, LESS, GREATER, DIFFERENT for all values, or MAYBE. Unknown equals anything. */
DimOrder dim_compare(const DimTable *t, DimId a, DimId b);

/* Whether a <= b is shown for all values. */
bool dim_at_most(const DimTable *t, DimId a, DimId b);

/* Variables, in order of their first mention; their position is their number everywhere. */
uint32_t dim_variable_count(const DimTable *t);
DimVar dim_variable_at(const DimTable *t, uint32_t index);
bool dim_is_variable(const DimTable *t, DimId d, uint32_t *index); /* exactly one bare variable */

/* Value for given values of the variables; false on overflow or division by zero. */
bool dim_evaluate(const DimTable *t, DimId d, const int64_t *values, int64_t *out);

/* In the syntax of the language: `2 * N + 1`, `(H - 1) // 2`, `max(N, 4)`, `?` for unknown. */
void dim_print(const DimTable *t, DimId d, const Names *names, Buf *out);

/* The parts of a polynomial, for code generation: sum of coefficient * product of atoms. The
 * atoms of an atom are shallower; all depths and sizes are small. */
typedef enum DimAtomKind { DIM_ATOM_VARIABLE, DIM_ATOM_FLOOR_DIV, DIM_ATOM_MAXIMUM } DimAtomKind;
typedef struct DimAtom {
    DimAtomKind kind;
    uint32_t variable; /* of DIM_ATOM_VARIABLE */
    DimId a, b;        /* of the others: floor(a / b), maximum(a, b) */
} DimAtom;
typedef struct DimTerm {
    int64_t coefficient;
    uint32_t atom_count; /* 0: the constant term */
    const uint32_t *atoms; /* with repetition; indices for dim_atom */
} DimTerm;
uint32_t dim_term_count(const DimTable *t, DimId d);
DimTerm dim_term(const DimTable *t, DimId d, uint32_t index);
DimAtom dim_atom(const DimTable *t, uint32_t atom);

static inline bool dim_is(DimId a, DimId b) { return a.id == b.id; }

#endif
