/* The functions that generated code calls for rows of ir/ops/library.def: those of ir/order.h,
 * which the evaluator uses too. */
#include "ir/order.h"

#define EXPORT(name, stored, key_of_x)                                                             \
    void nna_rt_argsort_##name(const void *elements, int64_t *positions, int64_t outer,            \
                               int64_t extent, int64_t inner, int32_t descending);                 \
    void nna_rt_argsort_##name(const void *elements, int64_t *positions, int64_t outer,            \
                               int64_t extent, int64_t inner, int32_t descending) {                \
        nna_order_argsort_##name(elements, positions, outer, extent, inner, descending != 0);      \
    }
ORDER_TYPES(EXPORT)
