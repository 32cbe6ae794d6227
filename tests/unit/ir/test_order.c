/* The order of elements: every type, along strided lanes, against a search for the next one. */
#include "ir/order.h"

#include "ir/dtype.h"
#include "tests/unit/support.h"

#include <math.h>

enum { MOST = 4 * 70 * 3 };

typedef void Sorter(const void *elements, int64_t *positions, int64_t outer, int64_t extent,
                    int64_t inner, bool descending);

#define SORTER(name, stored, key_of_x) {#name, nna_order_argsort_##name},
static const struct {
    const char *type;
    Sorter *sort;
} sorters[] = {ORDER_TYPES(SORTER)};
enum { SORTERS = sizeof sorters / sizeof *sorters };

static uint64_t next(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Few different elements, so that many are equal; those at the ends of the type among them. */
static double number(DType t, uint64_t *state) {
    const double floats[] = {NAN, -NAN, INFINITY, -INFINITY, 0, -0.0, 1, -1, 0.5, -2,
                             dtype_info[t].max, -dtype_info[t].max, dtype_info[t].min_subnormal,
                             -dtype_info[t].min_subnormal};
    if (dtype_is_float(t)) return floats[next(state) % (sizeof floats / sizeof *floats)];
    if (t == DTYPE_BOOL) return (double)(next(state) % 2);
    /* Of 64 bits: the largest ones that a double holds. */
    double high = ldexp(1, dtype_info[t].precision);
    high -= dtype_info[t].bytes == 8 ? 2048 : 1;
    const double integers[] = {0, 1, 2, high, high / 2 < 50 ? 3 : 50, dtype_bound(t, BOUND_LOWEST)};
    return integers[next(state) % (sizeof integers / sizeof *integers)];
}

/* Whether a stands before b, by the numbers. */
static bool before(double x, int64_t a, double y, int64_t b, bool descending) {
    if (isnan(x) || isnan(y)) return isnan(x) == isnan(y) ? a < b : isnan(y);
    if (x < y || x > y) return descending ? x > y : x < y;
    return a < b;
}

static void check_lane(DType t, const char *elements, const int64_t *positions, int64_t first,
                       int64_t extent, int64_t inner, bool descending) {
    bool seen[MOST] = {false};
    for (int64_t i = 0; i < extent; i++) {
        int64_t p = positions[first + i * inner];
        cr_assert(p >= 0 && p < extent && !seen[p], "%s: %lld", dtype_info[t].spelling,
                  (long long)p);
        seen[p] = true;
        if (i == 0) continue;
        int64_t q = positions[first + (i - 1) * inner];
        double x = dtype_load(t, elements + (first + q * inner) * dtype_info[t].bytes);
        double y = dtype_load(t, elements + (first + p * inner) * dtype_info[t].bytes);
        cr_assert(before(x, q, y, p, descending), "%s%s: %g at %lld before %g at %lld",
                  dtype_info[t].spelling, descending ? ", descending" : "", x, (long long)q, y,
                  (long long)p);
    }
}

Test(order, every_type) {
    uint64_t state = 1;
    cr_assert_eq((int)SORTERS, DTYPE_COUNT - 1, "every element type has an order");
    for (int s = 0; s < SORTERS; s++) {
        DType t = dtype_find(sorters[s].type);
        cr_assert_neq(t, DTYPE_NONE, "%s", sorters[s].type);
        for (int round = 0; round < 200; round++) {
            static const int64_t extents[] = {1, 2, 3, 4, 7, 8, 16, 70};
            int64_t outer = 1 + round % 4, inner = 1 + round % 3, extent = extents[round % 8];
            bool descending = round / 8 % 2 == 1;
            char elements[MOST * 8];
            int64_t positions[MOST];
            for (int64_t i = 0; i < outer * extent * inner; i++) {
                dtype_store(t, elements + i * dtype_info[t].bytes, number(t, &state));
            }
            sorters[s].sort(elements, positions, outer, extent, inner, descending);
            for (int64_t i = 0; i < outer * inner; i++) {
                check_lane(t, elements, positions, i / inner * extent * inner + i % inner, extent,
                           inner, descending);
            }
        }
    }
    NNA_CHECK_LEAKS();
}

/* What doubles do not tell apart: the last bits of 64. */
Test(order, all_bits_count) {
    const int64_t whole[] = {INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1, 0, -1};
    const uint64_t natural[] = {UINT64_MAX, UINT64_MAX - 1, 0, 1, UINT64_C(1) << 63, 7};
    const int64_t wanted[2][2][6] = {{{2, 3, 5, 4, 1, 0}, {0, 1, 4, 5, 3, 2}},
                                     {{2, 3, 5, 4, 1, 0}, {0, 1, 4, 5, 3, 2}}};
    for (int descending = 0; descending < 2; descending++) {
        int64_t found[2][6];
        nna_order_argsort_i64(whole, found[0], 1, 6, 1, descending);
        nna_order_argsort_u64(natural, found[1], 1, 6, 1, descending);
        for (int k = 0; k < 2; k++) {
            for (int i = 0; i < 6; i++) cr_expect_eq(found[k][i], wanted[k][descending][i]);
        }
    }
}

/* Whatever stands in the bytes: a NaN of any bits, a bool of any byte. */
Test(order, odd_bytes) {
    const uint16_t half[] = {0xfe01, 0x3c00, 0x7c01, 0xfc00, 0x7c00, 0xffff};
    const uint8_t truth[] = {7, 0, 1, 255};
    int64_t found[6];
    nna_order_argsort_f16(half, found, 1, 6, 1, true);
    const int64_t falling[] = {4, 1, 3, 0, 2, 5}, truths[] = {1, 0, 2, 3};
    for (int i = 0; i < 6; i++) cr_expect_eq(found[i], falling[i], "%d", i);
    nna_order_argsort_bool(truth, found, 1, 4, 1, false);
    for (int i = 0; i < 4; i++) cr_expect_eq(found[i], truths[i], "%d", i);
}
