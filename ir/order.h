/* The order of the elements of each type, and the sorting of positions by it, written once.
 *
 * The evaluator (library.c) and the run-time support of compiled models (backend/rt/nna_rt_order.c)
 * both include this, so the two agree. NaN is last in either direction, and -0 is equal to 0; of
 * equal elements the one at the lower position is first. Since positions decide, the order is
 * total: any way of sorting gives the same, and is stable. The one here is heapsort: in place in
 * the result, without scratch memory that could be missing, and of n log n steps whatever the
 * elements are, so that no input is slower than others. */
#ifndef NNA_IR_ORDER_H
#define NNA_IR_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ORDER_TYPE(element type of dtype.def, how it is stored, its key from the stored `x`): of two
 * elements the one of the lower key is first. `flip` is 0, or all ones to turn the order round. */
#define ORDER_TYPES(ORDER_TYPE)                                                                    \
    ORDER_TYPE(f16, uint16_t, nna_order_float(x, 0x8000, 0x7c00, flip))                            \
    ORDER_TYPE(bf16, uint16_t, nna_order_float(x, 0x8000, 0x7f80, flip))                           \
    ORDER_TYPE(f32, uint32_t, nna_order_float(x, 0x80000000, 0x7f800000, flip))                    \
    ORDER_TYPE(f64, uint64_t,                                                                      \
               nna_order_float(x, UINT64_C(1) << 63, UINT64_C(0x7ff) << 52, flip))                 \
    ORDER_TYPE(i8, int8_t, nna_order_signed(x, flip))                                              \
    ORDER_TYPE(i16, int16_t, nna_order_signed(x, flip))                                            \
    ORDER_TYPE(i32, int32_t, nna_order_signed(x, flip))                                            \
    ORDER_TYPE(i64, int64_t, nna_order_signed(x, flip))                                            \
    ORDER_TYPE(u8, uint8_t, x ^ flip)                                                              \
    ORDER_TYPE(u16, uint16_t, x ^ flip)                                                            \
    ORDER_TYPE(u32, uint32_t, x ^ flip)                                                            \
    ORDER_TYPE(u64, uint64_t, x ^ flip)                                                            \
    ORDER_TYPE(bool, uint8_t, (uint64_t)(x != 0) ^ flip)

/* The distance of a float from 0 in steps of its type, counted from the sign bit: both zeros are
 * there, and no key but that of NaN is all ones, or 0 before it is turned round. */
static inline uint64_t nna_order_float(uint64_t bits, uint64_t sign, uint64_t infinity,
                                       uint64_t flip) {
    uint64_t size = bits & (sign - 1);
    if (size > infinity) return UINT64_MAX;
    return (bits & sign ? sign - size : sign + size) ^ flip;
}

static inline uint64_t nna_order_signed(int64_t x, uint64_t flip) {
    return (uint64_t)x ^ UINT64_C(1) << 63 ^ flip;
}

/* One lane: the elements along the axis that differ in their position on it alone. */
typedef struct nna_order_lane {
    uint64_t (*key)(const void *elements, int64_t index, uint64_t flip);
    const void *elements;
    int64_t first, stride; /* index of the element at position p: first + p * stride */
    int64_t *positions;    /* of the lane, at the same indices; what is sorted */
    uint64_t flip;
} nna_order_lane;

static inline uint64_t nna_order_key(const nna_order_lane *lane, int64_t position) {
    return lane->key(lane->elements, lane->first + position * lane->stride, lane->flip);
}

static inline int64_t *nna_order_at(const nna_order_lane *lane, int64_t i) {
    return &lane->positions[lane->first + i * lane->stride];
}

static inline bool nna_order_less(uint64_t key, int64_t position, uint64_t other_key,
                                  int64_t other) {
    return key != other_key ? key < other_key : position < other;
}

/* Lets a position sink in the heap of the first `count` ones, whose top is the last of them in
 * order, from a place that is free. */
static inline void nna_order_sink(const nna_order_lane *lane, int64_t place, int64_t count,
                                  int64_t position) {
    uint64_t key = nna_order_key(lane, position);
    while (place < count / 2) { /* it has a child; 2 * place + 1 does not wrap */
        int64_t child = 2 * place + 1, most = *nna_order_at(lane, child);
        uint64_t most_key = nna_order_key(lane, most);
        if (child + 1 < count) {
            int64_t right = *nna_order_at(lane, child + 1);
            uint64_t right_key = nna_order_key(lane, right);
            if (nna_order_less(most_key, most, right_key, right)) {
                child++;
                most = right;
                most_key = right_key;
            }
        }
        if (!nna_order_less(key, position, most_key, most)) break;
        *nna_order_at(lane, place) = most;
        place = child;
    }
    *nna_order_at(lane, place) = position;
}

static inline void nna_order_sort(const nna_order_lane *lane, int64_t count) {
    for (int64_t i = 0; i < count; i++) *nna_order_at(lane, i) = i;
    for (int64_t i = count / 2; i-- > 0;) nna_order_sink(lane, i, count, i);
    for (int64_t end = count - 1; end > 0; end--) {
        int64_t last = *nna_order_at(lane, end);
        *nna_order_at(lane, end) = *nna_order_at(lane, 0);
        nna_order_sink(lane, 0, end, last);
    }
}

/* nna_order_argsort_<type>: the positions along the middle one of three dimensions, in the order
 * of the elements. `elements` and `positions` have outer * extent * inner ones. */
#define ORDER_DEFINE(name, stored, key_of_x)                                                       \
    static inline uint64_t nna_order_key_##name(const void *elements, int64_t index,               \
                                                uint64_t flip) {                                   \
        stored x;                                                                                  \
        memcpy(&x, (const char *)elements + index * (int64_t)sizeof x, sizeof x);                  \
        return key_of_x;                                                                           \
    }                                                                                              \
    static inline void nna_order_argsort_##name(const void *elements, int64_t *positions,          \
                                                int64_t outer, int64_t extent, int64_t inner,      \
                                                bool descending) {                                 \
        nna_order_lane lane = {.key = nna_order_key_##name, .elements = elements,                  \
                               .stride = inner, .positions = positions,                            \
                               .flip = descending ? UINT64_MAX : 0};                               \
        for (int64_t i = 0; i < outer * inner; i++) {                                              \
            lane.first = i / inner * extent * inner + i % inner;                                   \
            nna_order_sort(&lane, extent);                                                         \
        }                                                                                          \
    }
ORDER_TYPES(ORDER_DEFINE)
#undef ORDER_DEFINE

#endif
