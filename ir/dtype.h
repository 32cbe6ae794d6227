/* Element types: their formats and the rounding of a double into them. */
#ifndef NNA_IR_DTYPE_H
#define NNA_IR_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum DType {
    DTYPE_NONE,
#define DTYPE(id, ...) DTYPE_##id,
#include "ir/dtype.def"
    DTYPE_COUNT
} DType;

typedef enum DTypeClass {
    DTYPE_CLASS_NONE,
    DTYPE_CLASS_FLOAT,
    DTYPE_CLASS_SIGNED,
    DTYPE_CLASS_UNSIGNED,
    DTYPE_CLASS_BOOL,
} DTypeClass;

typedef struct DTypeInfo {
    const char *spelling;
    DTypeClass class;
    uint8_t bytes;
    int precision;
    double max, min_normal, min_subnormal, exp_max, exp2_max, sinh_max;
} DTypeInfo;

extern const DTypeInfo dtype_info[DTYPE_COUNT];

/* DTYPE_NONE if there is no such element type. */
DType dtype_find(const char *spelling);

static inline bool dtype_is_float(DType t) { return dtype_info[t].class == DTYPE_CLASS_FLOAT; }
static inline bool dtype_is_integer(DType t) {
    return dtype_info[t].class == DTYPE_CLASS_SIGNED || dtype_info[t].class == DTYPE_CLASS_UNSIGNED;
}

/* Whether runtimes that flush subnormal numbers to 0 (TensorFlow on CPUs, most GPUs) do so in this
 * type. Not in f16: CPUs compute it in f32, and the units of GPUs keep its subnormal numbers
 * whatever they do to those of f32. */
static inline bool dtype_is_flushed(DType t) {
    return dtype_is_float(t) && t != DTYPE_F16;
}

/* Type that sums are accumulated in: f32 for f16 and bf16, the type itself otherwise. */
DType dtype_accumulator(DType t);

/* Bounds that guards speak of (scalar.def); each is a value of the element type, or an
 * infinity. Integers have MAX, LOWEST, ZERO and ONE. */
typedef enum Bound {
    BOUND_MINUS_INFINITY,
    BOUND_LOWEST,          /* -max of floats and signed integers (less 1), 0 of unsigned ones */
    BOUND_MINUS_ONE,
    BOUND_ABOVE_MINUS_ONE, /* the next value above -1 */
    BOUND_ZERO,
    BOUND_TINY,            /* smallest positive value, subnormal */
    BOUND_BELOW_ONE,       /* the next value below 1 */
    BOUND_ONE,
    BOUND_EXP,             /* exp_max and its relatives */
    BOUND_EXP2,
    BOUND_MINUS_SINH,
    BOUND_SINH,
    BOUND_MAX,
    BOUND_INFINITY,
} Bound;

double dtype_bound(DType t, Bound bound);

/* x rounded to the float type t, to nearest, ties to even; overflow gives an infinity.
 * Exact for x that t holds. For integers and bool: x itself. */
double dtype_round(DType t, double x);

/* The largest value of t that is <= x, the smallest that is >= x; infinities where none. For
 * integers: floor and ceil, clamped to nothing. NaN stays NaN. */
double dtype_round_down(DType t, double x);
double dtype_round_up(DType t, double x);

/* The neighbour of a value of t, in t. From the largest finite value up comes infinity. */
double dtype_next_up(DType t, double x);
double dtype_next_down(DType t, double x);

/* Reads an element of t at `at` (native byte order, unaligned allowed) into a double (exact for
 * all but 64-bit integers beyond 2^53) and back (rounding floats to nearest; an integer type must
 * hold the value). */
double dtype_load(DType t, const void *at);
void dtype_store(DType t, void *at, double value);

#endif
