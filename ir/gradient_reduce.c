/* Gradients of reductions: by the combiner, and through the formulas before and after it. */
#include "ir/gradient_internal.h"

Value gradient_after(Gradient *w, Value adjoint, Value count, Value volume) {
    const Node *node = ir_node(w->g, w->v);
    const Scalar *after = op_info[node->op].after;
    DType type = node->dtype, wide = dtype_accumulator(type);
    if (after == NULL || after->kind == SCALAR_INPUT) return adjoint;
    /* Computed in the accumulator's type, as on the way forward. */
    Formula f = {.w = w, .type = wide, .wanted = {true},
                 .count = gradient_cast(w, count, wide), .volume = gradient_cast(w, volume, wide)};
    formula_back(&f, after, gradient_cast(w, adjoint, wide));
    return gradient_cast(w, f.adjoints[0], type);
}

/* How many zeros there are among the elements that are multiplied with each one; where there is
 * none, their product is the product of all without zeros, divided by the one. */
static Value others(Gradient *w, Value x, const Attr *axes) {
    DType type = ir_node(w->g, x)->dtype;
    Value zero = gradient_scalar(w, type, 0), one = gradient_scalar(w, type, 1);
    Value is_zero = gradient_binary(w, PRIMITIVE_EQ, x, zero);
    Value without = gradient_select(w, is_zero, one, x);
    Value own = gradient_select(w, is_zero, one, zero);
    Value zeros = gradient_reduce_kept(w, OP_SUM, own, axes);
    Value rest = gradient_binary(w, PRIMITIVE_SUB, zeros, own);
    Value product = gradient_reduce_kept(w, OP_PROD, without, axes);
    Value quotient = gradient_binary(w, PRIMITIVE_DIV, product, without);
    Value none = gradient_binary(w, PRIMITIVE_EQ, rest, zero);
    return gradient_select(w, none, quotient, zero);
}

/* Elements that equal the result share equally. There is at least one, but where there is a NaN. */
static Value shared(Gradient *w, Value x, Value best, Value adjoint, const Attr *axes) {
    DType type = ir_node(w->g, x)->dtype;
    Value zero = gradient_scalar(w, type, 0), one = gradient_scalar(w, type, 1);
    Value hit = gradient_binary(w, PRIMITIVE_EQ, x, best);
    Value ties = gradient_reduce_kept(w, OP_SUM, gradient_select(w, hit, one, zero), axes);
    Value least = gradient_binary(w, PRIMITIVE_MAXIMUM, ties, one);
    return gradient_select(w, hit, gradient_binary(w, PRIMITIVE_DIV, adjoint, least), zero);
}

/* What flows back to the terms: elements of x, mapped by `body`. */
static Value to_terms(Gradient *w, Combiner combine, Value x, Value result, Value adjoint,
                      const Attr *axes) {
    Shape shape = ir_shape(w->g, x);
    switch (combine) {
    case COMBINE_SUM: return gradient_stretch(w, adjoint, shape.rank, shape.dims);
    case COMBINE_PRODUCT:
        return gradient_binary(w, PRIMITIVE_MUL, adjoint, others(w, x, axes));
    case COMBINE_MAX:
    case COMBINE_MIN: return shared(w, x, result, adjoint, axes);
    case COMBINE_NONE:
    case COMBINE_ALL:
    case COMBINE_ANY: break;
    }
    return gradient_refuse(w, " with its combiner");
}

void gradient_reduce(Gradient *w, Value adjoint) {
    Graph *g = w->g;
    Value v = w->v, x = ir_operand(g, v, 0);
    const OpInfo *info = &op_info[ir_node(g, v)->op];
    Attr axes = *ir_attr(g, v, (uint32_t)op_attr(ir_node(g, v)->op, "axis"));
    Shape shape = ir_shape(g, x);
    DimId kept[MAX_RANK], reduced[MAX_RANK];
    for (uint32_t i = 0; i < shape.rank; i++) kept[i] = shape.dims[i];
    for (uint32_t i = 0; i < axes.count; i++) {
        reduced[i] = shape.dims[axes.as.integers[i]];
        kept[axes.as.integers[i]] = dim_constant(g->dims, 1);
    }
    if (info->body->kind != SCALAR_INPUT) {
        gradient_refuse(w, " with a formula of its terms");
        return;
    }
    Value count = VALUE_NONE;
    if (gradient_uses(w, info->after, SCALAR_COUNT_OF)) {
        count = gradient_count(w, dtype_accumulator(ir_node(g, x)->dtype), axes.count, reduced);
    }
    adjoint = gradient_after(w, adjoint, count, count);
    if (ir_shape(g, adjoint).rank > 0) adjoint = gradient_reshape(w, adjoint, shape.rank, kept);
    Value result = VALUE_NONE;
    if (info->combine != COMBINE_SUM) result = gradient_reshape(w, v, shape.rank, kept);
    gradient_add(w, x, to_terms(w, info->combine, x, result, adjoint, &axes));
}
