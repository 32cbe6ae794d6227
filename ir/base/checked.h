/* Integer arithmetic that says when it overflows. Sizes are computed with these alone. */
#ifndef NNA_IR_BASE_CHECKED_H
#define NNA_IR_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool checked_add(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

static inline bool checked_sub(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_sub_overflow(a, b, out);
}

static inline bool checked_mul(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool checked_size_mul(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool checked_size_add(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

/* Floor division and its remainder, b != 0; false on overflow (INT64_MIN / -1). */
static inline bool checked_floor_div(int64_t a, int64_t b, int64_t *out) {
    if (a == INT64_MIN && b == -1) return false;
    int64_t q = a / b;
    *out = q - (a % b != 0 && (a % b < 0) != (b < 0));
    return true;
}

#endif
