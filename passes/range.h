/* Ranges: what each value of a graph may be. The interval domain, in the element type. */
#ifndef NNA_PASSES_RANGE_H
#define NNA_PASSES_RANGE_H

#include "ir/ir.h"

#include <math.h>

enum {
    RANGE_NAN = 1,      /* may be NaN */
    RANGE_POSITIVE = 2, /* may be +infinity */
    RANGE_NEGATIVE = 4, /* may be -infinity */
    RANGE_NONZERO = 8,  /* is never 0, though [low, high] may straddle it */
    RANGE_INTEGRAL = 16 /* only integers; always set for integer types and bool */
};

enum { RANGE_INFINITE = RANGE_POSITIVE | RANGE_NEGATIVE, RANGE_BAD = RANGE_INFINITE | RANGE_NAN };

/* The finite values are in [low, high], both values of the element type; low > high: there is no
 * finite value. Bool: 0 and 1. Integers: as doubles, rounded outwards beyond 2^53. 0 stands for
 * both zeros. */
typedef struct Range {
    double low, high;
    uint8_t flags;
} Range;

static inline bool range_may_be_infinite(Range r) {
    return (r.flags & RANGE_INFINITE) != 0;
}
static inline bool range_may_be_nan(Range r) {
    return (r.flags & RANGE_NAN) != 0;
}
static inline bool range_has_finite(Range r) {
    return r.low <= r.high;
}
static inline bool range_may_be_zero(Range r) {
    return r.low <= 0 && r.high >= 0 && !(r.flags & RANGE_NONZERO);
}
static inline bool range_is_point(Range r) {
    return r.low == r.high && !(r.flags & RANGE_BAD);
}
static inline bool range_is_empty(Range r) {
    return !range_has_finite(r) && !(r.flags & RANGE_BAD);
}

/* The range of finite values [low, high] with the flags, in normal form: ends that are infinite
 * become flags, and what the flags say of the ends is applied to them. */
Range range_make(DType type, double low, double high, unsigned flags);

/* Every finite value of the type. */
Range range_finite(DType type);

/* Without NaN and the infinities. */
static inline Range range_finite_part(Range r) {
    r.flags &= (uint8_t)~RANGE_BAD;
    return r;
}

/* Without NaN. */
static inline Range range_only_numbers(Range r) {
    r.flags &= (uint8_t)~RANGE_NAN;
    return r;
}

/* The largest magnitude of a finite value in it. */
static inline double range_magnitude(Range r) {
    return range_has_finite(r) ? fmax(fabs(r.low), fabs(r.high)) : 0;
}

/* Whether the range holds the number (NaN and infinities by the flags). */
bool range_holds(Range r, double value);

/* What a contract says of one element, in the element type. */
Range range_of_contract(const Contract *contract, DType type);

/* "[0, 1]", "[0, 1] or inf or NaN", "{0}" for a point, "never" for none: numbers rounded to nearest
 * with few digits for people. */
void range_print(Range r, DType dtype, Buf *out);

#endif
