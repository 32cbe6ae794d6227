/* Element types: every value of f16 and bf16, and the constants of the table. */
#include "tests/unit/support.h"

#include "ir/dtype.h"

#include <math.h>

static const DType small_types[] = {DTYPE_F16, DTYPE_BF16};

/* Finite values of a 16-bit type in ascending order: the patterns with sign, then without. */
static double value_at(DType t, int rank) {
    uint16_t raw = (uint16_t)(rank < 0 ? 0x8000 | -rank : rank);
    return dtype_load(t, &raw);
}

static int largest_rank(DType t) {
    return t == DTYPE_F16 ? 0x7bff : 0x7f7f;
}

Test(dtype, loads_and_stores_every_pattern) {
    for (size_t k = 0; k < 2; k++) {
        for (int pattern = 0; pattern <= 0xffff; pattern++) {
            uint16_t raw = (uint16_t)pattern, again = 0;
            double value = dtype_load(small_types[k], &raw);
            dtype_store(small_types[k], &again, value);
            if (isnan(value)) cr_assert(isnan(dtype_load(small_types[k], &again)));
            else cr_assert_eq(raw, again, "%04x came back as %04x", pattern, again);
        }
    }
}

Test(dtype, rounds_between_every_pair_of_neighbours) {
    for (size_t k = 0; k < 2; k++) {
        DType t = small_types[k];
        for (int rank = -largest_rank(t); rank < largest_rank(t); rank++) {
            double low = value_at(t, rank), high = value_at(t, rank + 1);
            double middle = low + (high - low) / 2;
            double even = rank % 2 == 0 ? low : high;
            cr_assert_eq(dtype_round(t, middle), even, "%a", middle);
            cr_assert_eq(dtype_round(t, nextafter(middle, -INFINITY)), low);
            cr_assert_eq(dtype_round(t, nextafter(middle, INFINITY)), high);
            cr_assert_eq(dtype_round_down(t, middle), low);
            cr_assert_eq(dtype_round_up(t, middle), high);
            cr_assert_eq(dtype_next_up(t, low), high, "%a", low);
            cr_assert_eq(dtype_next_down(t, high), low, "%a", high);
        }
        double max = dtype_info[t].max;
        cr_assert_eq(dtype_next_up(t, max), INFINITY);
        cr_assert_eq(dtype_next_down(t, INFINITY), max);
        cr_assert_eq(dtype_round_down(t, max * 2), max);
        cr_assert_eq(dtype_round(t, max * 2), INFINITY);
        double overflow = max + (max - dtype_next_down(t, max)) / 2;
        cr_assert_eq(dtype_round(t, overflow), INFINITY, "half a unit above the largest rounds up");
        cr_assert_eq(dtype_round(t, nextafter(overflow, 0)), max);
    }
}

/* A bound x of exp, exp2 or sinh: finite there, infinite at the next value. */
static void check_threshold(DType t, double x, double at, double after, const char *what) {
    const DTypeInfo *info = &dtype_info[t];
    cr_assert_eq(dtype_round(t, x), x, "%s %s is no value of the type", info->spelling, what);
    cr_assert(isfinite(dtype_round(t, at)), "%s %s is too large", info->spelling, what);
    cr_assert(isinf(dtype_round(t, after)), "%s %s is too small", info->spelling, what);
}

Test(dtype, table_constants_are_the_exact_thresholds) {
    for (int k = DTYPE_F16; k <= DTYPE_F64; k++) {
        DType t = (DType)k;
        const DTypeInfo *info = &dtype_info[t];
        double e = dtype_next_up(t, info->exp_max), e2 = dtype_next_up(t, info->exp2_max);
        double s = dtype_next_up(t, info->sinh_max);
        check_threshold(t, info->exp_max, exp(info->exp_max), exp(e), "exp_max");
        check_threshold(t, info->exp2_max, exp2(info->exp2_max), exp2(e2), "exp2_max");
        check_threshold(t, info->sinh_max, sinh(info->sinh_max), sinh(s), "sinh_max");
        cr_assert_eq(dtype_next_up(t, 0), info->min_subnormal);
        cr_assert_eq(info->min_subnormal, ldexp(info->min_normal, 1 - info->precision));
        cr_assert_eq(dtype_bound(t, BOUND_BELOW_ONE), dtype_next_down(t, 1));
        cr_assert_eq(dtype_bound(t, BOUND_ABOVE_MINUS_ONE), dtype_next_up(t, -1));
    }
    cr_assert_eq(dtype_find("bf16"), DTYPE_BF16);
    cr_assert_eq(dtype_find("f128"), DTYPE_NONE);
}
