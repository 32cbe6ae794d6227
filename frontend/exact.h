/* Exact numbers: rationals of bounded size, for what is computed while compiling.
 *
 * A number is immutable and lies in an arena; temporaries of the library (GMP, MPFR) are
 * cleared before anything can jump. Sums, products, quotients and integer powers of rationals
 * are rationals. Roots and elementary functions are not: they are `approximate`, known to
 * EXACT_PRECISION bits, of which all but a few are trusted, so that comparing them and rounding
 * them to an element type gives what the true values would. */
#ifndef NNA_FRONTEND_EXACT_H
#define NNA_FRONTEND_EXACT_H

#include "ir/base/arena.h"
#include "ir/scalar.h"

enum {
    EXACT_BITS = 10000,    /* of a numerator or a denominator, at most */
    EXACT_PRECISION = 384, /* of what is approximate */
    EXACT_TRUSTED = 256,   /* bits of it; the rest is for the errors of a chain of operations */
};

typedef struct Exact {
    bool approximate;
    int32_t numerator; /* limbs; negative for a number below 0 */
    int32_t denominator;
    const unsigned long *limbs; /* of the numerator, then those of the denominator */
} Exact;

typedef enum ExactStatus {
    EXACT_DONE,
    EXACT_UNDEFINED, /* outside its domain, or infinite */
    EXACT_TOO_LARGE, /* more than EXACT_BITS */
} ExactStatus;

/* Whether a literal has few enough digits, and an exponent small enough, to be a number here. */
bool exact_text_fits(const char *text, uint32_t length);

/* A decimal literal that fits, `_` between digits allowed. */
const Exact *exact_of_text(Arena *arena, const char *text, uint32_t length);
const Exact *exact_of_integer(Arena *arena, int64_t value);
const Exact *exact_of_double(Arena *arena, double value); /* finite */

/* Whether the primitive can be computed here: those of class FLOAT and NUMBER can. */
bool exact_knows(Primitive p);
ExactStatus exact_apply(Arena *arena, Primitive p, const Exact *const *args, const Exact **out);

int exact_sign(const Exact *x);
int exact_compare(const Exact *a, const Exact *b); /* < 0, 0, > 0 */
/* Both within i64, in lowest terms; false: larger, or approximate. */
bool exact_fraction(const Exact *x, int64_t *numerator, int64_t *denominator);
bool exact_to_integer(const Exact *x, int64_t *out); /* false: not whole, or too large */

/* The nearest value of a float type, ties to even: one rounding, subnormals included. An
 * infinity beyond the largest one. */
double exact_round(const Exact *x, DType type);

/* A few digits: "1e-400", "0.3333333". */
void exact_print(const Exact *x, Buf *out);

#endif
