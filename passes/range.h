/* Ranges: what each value of a graph may be. The interval domain, in the element type. */
#ifndef NNA_PASSES_RANGE_H
#define NNA_PASSES_RANGE_H

#include "ir/ir.h"

enum {
    RANGE_NAN = 1,      /* may be NaN */
    RANGE_POSITIVE = 2, /* may be +infinity */
    RANGE_NEGATIVE = 4, /* may be -infinity */
    RANGE_NONZERO = 8,  /* is never 0, though [low, high] may straddle it */
    RANGE_INTEGRAL = 16 /* only integers */
};

/* The finite values are in [low, high], both values of the element type; low > high: there is no
 * finite value. Bool: 0 and 1. Integers: as doubles, rounded outwards beyond 2^53. */
typedef struct Range {
    double low, high;
    uint8_t flags;
} Range;

static inline bool range_may_be_infinite(Range r) {
    return (r.flags & (RANGE_POSITIVE | RANGE_NEGATIVE)) != 0;
}
static inline bool range_may_be_nan(Range r) { return (r.flags & RANGE_NAN) != 0; }
static inline bool range_has_finite(Range r) { return r.low <= r.high; }
static inline bool range_may_be_zero(Range r) {
    return r.low <= 0 && r.high >= 0 && !(r.flags & RANGE_NONZERO);
}

/* Whether the range holds the number (NaN and infinities by the flags). */
bool range_holds(Range r, double value);

/* "[0, 1]", "[0, 1] or inf or NaN", "{0}" for a point, "never" for none: numbers rounded to nearest
 * with few digits for people. */
void range_print(Range r, DType dtype, Buf *out);

#endif
