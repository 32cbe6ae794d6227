/* Numbers of terms, from the extents of a nest and from what may fall outside. */
#include "passes/term_count.h"

#include "ir/base/checked.h"

static Bounds times(Bounds a, Bounds b) {
    Bounds r;
    if (!checked_mul(a.low, b.low, &r.low)) r.low = INT64_MAX;
    if (!checked_mul(a.high, b.high, &r.high)) r.high = INT64_MAX;
    return r;
}

static Bounds extent_of(const Graph *g, const Nest *nest, uint8_t loop, bool *assumed) {
    Bounds extent;
    int64_t constant;
    dim_bounds(g->dims, nest->extent[loop], &extent.low, &extent.high);
    if (extent.low < 0) extent.low = 0;
    if (!dim_is_constant(g->dims, nest->extent[loop], &constant)) *assumed = true;
    return extent;
}

/* Whether at every position of the outer loops some window position is inside the dimension:
 * the window starts before the end, reaches past the beginning, and steps over nothing. */
static bool always_inside(Graph *g, const Nest *nest, const Index *index, DimId extent) {
    DimTable *t = g->dims;
    DimId start = index->offset, reach = index->offset;
    int64_t step = 1;
    for (uint8_t k = 0; k < index->term_count; k++) {
        int64_t coefficient = index->term[k].coefficient;
        DimId last = dim_sub(t, nest->extent[index->term[k].loop], dim_constant(t, 1));
        DimId most = dim_mul(t, last, dim_constant(t, coefficient));
        if (coefficient < 0) return false;
        if (index->term[k].loop < nest->outer) {
            start = dim_add(t, start, most);
        } else {
            reach = dim_add(t, reach, most);
            step = coefficient > step ? coefficient : step;
        }
    }
    DimOrder end = dim_compare(t, start, extent), begin = dim_compare(t, reach, dim_constant(t, 0));
    DimOrder gap = dim_compare(t, dim_constant(t, step), extent);
    return end == DIM_LESS && (begin == DIM_EQUAL || begin == DIM_GREATER) &&
           (gap == DIM_EQUAL || gap == DIM_LESS);
}

void count_terms(Graph *g, Value v, const Nest *nest, Bounds *volume, Bounds *count,
                 bool *assumed) {
    *volume = (Bounds){1, 1};
    *assumed = false;
    for (uint8_t l = nest->outer; l < nest->loops; l++) {
        *volume = times(*volume, extent_of(g, nest, l, assumed));
    }
    *count = *volume;
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        const Access *access = &nest->access[k];
        Shape shape = ir_shape(g, nest_operand(g, v, nest, k));
        bool leaves = false, inside = volume->low > 0;
        for (uint8_t d = 0; d < access->rank; d++) {
            if (!access->index[d].may_leave) continue;
            leaves = true;
            inside = inside && !access->flat &&
                     always_inside(g, nest, &access->index[d], shape.dims[d]);
        }
        if (leaves) count->low = inside ? 1 : 0;
        if (nest->ragged) volume->low = count->low;
    }
}

static bool is_decided_by(const Access *out, uint8_t loop) {
    for (uint8_t d = 0; d < out->rank; d++) {
        for (uint8_t k = 0; k < out->index[d].term_count; k++) {
            if (out->index[d].term[k].loop == loop) return true;
        }
    }
    return false;
}

int64_t count_hits(const Graph *g, const Nest *nest, bool *assumed) {
    Bounds count = {1, 1};
    for (uint8_t l = 0; l < nest->outer; l++) {
        if (!is_decided_by(&nest->out, l)) count = times(count, extent_of(g, nest, l, assumed));
    }
    return count.high;
}
