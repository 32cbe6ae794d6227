/* The rows of ir/ops/library.def over tensors of cells. A cell holds every float exactly as an f64
 * and every integer as an i64, or as the bits of a u64: in those types the order is the same. */
#include "ir/library.h"

#include "ir/order.h"

_Static_assert(sizeof(Cell) == sizeof(int64_t), "cells are read as one element each");

uint64_t library_cost(const Graph *g, Value v, const Tensor *x) {
    int64_t extent = x->dims[ir_attr(g, v, LIBRARY_AXIS)->as.integer];
    uint64_t each = 1;
    for (; extent > 1; extent /= 2) each++;
    return (uint64_t)x->count * each;
}

void library_run(const Graph *g, Value v, const Tensor *x, Tensor *result) {
    int64_t axis = ir_attr(g, v, LIBRARY_AXIS)->as.integer, outer = 1, inner = 1;
    bool flag = ir_attr(g, v, LIBRARY_FLAG)->as.integer != 0;
    for (int64_t d = 0; d < axis; d++) outer *= x->dims[d];
    for (int64_t d = axis + 1; d < x->rank; d++) inner *= x->dims[d];
    int64_t *out = &result->cells->i;
    if (dtype_is_float(x->dtype)) {
        nna_order_argsort_f64(x->cells, out, outer, x->dims[axis], inner, flag);
    } else if (x->dtype == DTYPE_U64) {
        nna_order_argsort_u64(x->cells, out, outer, x->dims[axis], inner, flag);
    } else {
        nna_order_argsort_i64(x->cells, out, outer, x->dims[axis], inner, flag);
    }
}
