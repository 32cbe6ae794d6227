/* Gradients of moves: each element goes back to where it came from (ir/nest.c), and what several
 * results took is summed. */
#include "ir/gradient_internal.h"

#include <assert.h>

static Value back_transpose(Gradient *w, Value adjoint) {
    const Attr *perm = ir_attr(w->g, w->v, 0);
    uint32_t inverse[MAX_RANK];
    for (uint32_t i = 0; i < perm->count; i++) inverse[perm->as.integers[i]] = i;
    return gradient_transpose(w, adjoint, inverse);
}

static void back_concat(Gradient *w, Value adjoint) {
    Graph *g = w->g;
    uint32_t axis = (uint32_t)ir_attr(g, w->v, 0)->as.integer;
    uint32_t count = ir_node(g, w->v)->operand_count;
    Shape whole = ir_shape(g, w->v);
    DimId begin[MAX_RANK], end[MAX_RANK];
    for (uint32_t i = 0; i < whole.rank; i++) {
        begin[i] = dim_constant(g->dims, 0);
        end[i] = whole.dims[i];
    }
    for (uint32_t k = 0; k < count; k++) {
        Value x = ir_operand(g, w->v, k);
        end[axis] = dim_add(g->dims, begin[axis], ir_shape(g, x).dims[axis]);
        if (w->wanted[x.id]) gradient_add(w, x, gradient_slice(w, adjoint, begin, end, NULL));
        begin[axis] = end[axis];
    }
}

static Value back_pad(Gradient *w, Value adjoint) {
    Graph *g = w->g;
    DimTable *t = g->dims;
    Shape x = ir_shape(g, ir_operand(g, w->v, 0));
    DimId begin[MAX_RANK], end[MAX_RANK], one = dim_constant(t, 1);
    int64_t step[MAX_RANK];
    for (uint32_t i = 0; i < x.rank; i++) {
        step[i] = ir_attr(g, w->v, PAD_INTERIOR)->as.integers[i] + 1;
        DimId last = dim_mul(t, dim_sub(t, x.dims[i], one), dim_constant(t, step[i]));
        begin[i] = ir_attr(g, w->v, PAD_BEFORE)->as.dims[i];
        end[i] = dim_add(t, dim_add(t, begin[i], last), one);
    }
    return gradient_slice(w, adjoint, begin, end, step);
}

/* Element i of a slice is element begin + i * step of x. */
static Value back_slice(Gradient *w, Value adjoint) {
    Graph *g = w->g;
    DimTable *t = g->dims;
    Shape x = ir_shape(g, ir_operand(g, w->v, 0)), y = ir_shape(g, w->v);
    DimId before[MAX_RANK], behind[MAX_RANK], one = dim_constant(t, 1);
    int64_t between[MAX_RANK], turned[MAX_RANK];
    uint32_t turned_count = 0;
    for (uint32_t i = 0; i < x.rank; i++) {
        DimId first = ir_attr(g, w->v, 0)->as.dims[i];
        int64_t step = ir_attr(g, w->v, 2)->as.integers[i];
        DimId length = dim_mul(t, dim_sub(t, y.dims[i], one), dim_constant(t, step));
        DimId last = dim_add(t, first, length);
        between[i] = (step > 0 ? step : -step) - 1;
        before[i] = step > 0 ? first : last;
        behind[i] = dim_sub(t, dim_sub(t, x.dims[i], one), step > 0 ? last : first);
        if (step < 0) turned[turned_count++] = i;
    }
    if (turned_count > 0) {
        const Attr attrs[] = {attr_integers(g, turned_count, turned)};
        adjoint = gradient_op(w, OP_FLIP, 1, &adjoint, attrs);
    }
    return gradient_pad(w, adjoint, before, behind, between);
}

static Value back_flip(Gradient *w, Value adjoint) {
    const Attr attrs[] = {*ir_attr(w->g, w->v, 0)};
    return gradient_op(w, OP_FLIP, 1, &adjoint, attrs);
}

/* Elements that were read go back to where they were read, with the row that writes there. The
 * attribute says the same of both. */
static Value back_gather(Gradient *w, Op scatter, Value adjoint) {
    Graph *g = w->g;
    Value x = ir_operand(g, w->v, 0);
    Shape shape = ir_shape(g, x);
    Value zero = gradient_scalar(w, ir_node(g, x)->dtype, 0);
    const Value operands[] = {gradient_stretch(w, zero, shape.rank, shape.dims),
                              ir_operand(g, w->v, OP_INDEX_OPERAND), adjoint};
    const Attr attrs[] = {*ir_attr(g, w->v, 0), attr_word(scatter, 1, "add")};
    return gradient_op(w, scatter, 3, operands, attrs);
}

static Value gathered(Gradient *w, Op gather, Value from) {
    const Value operands[] = {from, ir_operand(w->g, w->v, OP_INDEX_OPERAND)};
    return gradient_op(w, gather, 2, operands, ir_attr(w->g, w->v, 0));
}

/* `into` with the updates written as those of w->v are, by a word of its `reduction`. */
static Value scattered(Gradient *w, Value into, Value updates, const char *reduction) {
    Op op = ir_node(w->g, w->v)->op;
    const Value operands[] = {into, ir_operand(w->g, w->v, OP_INDEX_OPERAND), updates};
    const Attr attrs[] = {*ir_attr(w->g, w->v, 0), attr_word(op, 1, reduction)};
    return gradient_op(w, op, 3, operands, attrs);
}

/* Of updates that are written over each other: whether this one was the last. They are numbered,
 * and the numbers written and read as the updates are. */
static Value stayed(Gradient *w, Op gather, Value x, Value updates) {
    Graph *g = w->g;
    Shape shape = ir_shape(g, updates), into = ir_shape(g, x);
    const DimId count = ir_element_count(g, updates);
    const Attr all[] = {attr_dims(g, 1, &count)};
    Value number = gradient_op(w, OP_IOTA, 0, NULL, all);
    number = gradient_reshape(w, number, shape.rank, shape.dims);
    Value none = build_scalar(g, DTYPE_I64, 0, w->origin);
    Value last = scattered(w, gradient_stretch(w, none, into.rank, into.dims), number, "none");
    return gradient_binary(w, PRIMITIVE_EQ, gathered(w, gather, last), number);
}

/* What flows back to the two that go into a scatter, where anything is wanted of them. */
typedef struct Written {
    Value x, updates; /* the operands */
    Value to_x, to_updates;
} Written;

/* Each update is written over what is there. */
static void back_over(Gradient *w, Op gather, Value adjoint, Written *s) {
    Value zero = gradient_filled(w, s->updates, 0);
    s->to_x = scattered(w, adjoint, zero, "none");
    s->to_updates = gradient_select(w, stayed(w, gather, s->x, s->updates),
                                    gathered(w, gather, adjoint), zero);
}

/* 1 where x and y are equal, else 0. */
static Value ones_where_equal(Gradient *w, Value x, Value y) {
    DType type = ir_node(w->g, x)->dtype;
    Value zero = gradient_scalar(w, type, 0), one = gradient_scalar(w, type, 1);
    return gradient_select(w, gradient_binary(w, PRIMITIVE_EQ, x, y), one, zero);
}

/* The largest or smallest of x and the updates: those that equal it share equally, as in a
 * reduction. There is at least one, but where there is a NaN. */
static void back_extreme(Gradient *w, Op gather, Value adjoint, Written *s) {
    Value one = gradient_scalar(w, ir_node(w->g, s->x)->dtype, 1);
    Value own = ones_where_equal(w, s->x, w->v);
    Value hit = ones_where_equal(w, s->updates, gathered(w, gather, w->v));
    Value ties = gradient_binary(w, PRIMITIVE_MAXIMUM, scattered(w, own, hit, "add"), one);
    Value share = gradient_binary(w, PRIMITIVE_DIV, adjoint, ties);
    s->to_x = gradient_binary(w, PRIMITIVE_MUL, own, share);
    s->to_updates = gradient_binary(w, PRIMITIVE_MUL, hit, gathered(w, gather, share));
}

/* The product of x and the updates without one of them, as in a reduction: where there is no other
 * zero, the product of all that are not 0, divided by the one. */
static Value without(Gradient *w, Value factor, Value is_zero, Value product, Value zeros) {
    DType type = ir_node(w->g, factor)->dtype;
    Value zero = gradient_scalar(w, type, 0);
    Value others = gradient_binary(w, PRIMITIVE_SUB, zeros, is_zero);
    Value none = gradient_binary(w, PRIMITIVE_EQ, others, zero);
    Value divisor = gradient_binary(w, PRIMITIVE_ADD, factor, is_zero); /* 1 for 0, exactly */
    return gradient_select(w, none, gradient_binary(w, PRIMITIVE_DIV, product, divisor), zero);
}

static void back_product(Gradient *w, Op gather, Value adjoint, Written *s) {
    Value zero = gradient_scalar(w, ir_node(w->g, s->x)->dtype, 0);
    Value x_zero = ones_where_equal(w, s->x, zero);
    Value zero_there = ones_where_equal(w, s->updates, zero);
    Value zeros = scattered(w, x_zero, zero_there, "add");
    Value product = scattered(w, gradient_binary(w, PRIMITIVE_ADD, s->x, x_zero),
                              gradient_binary(w, PRIMITIVE_ADD, s->updates, zero_there), "mul");
    Value of_x = without(w, s->x, x_zero, product, zeros);
    Value of_updates = without(w, s->updates, zero_there, gathered(w, gather, product),
                               gathered(w, gather, zeros));
    s->to_x = gradient_binary(w, PRIMITIVE_MUL, adjoint, of_x);
    s->to_updates = gradient_binary(w, PRIMITIVE_MUL, gathered(w, gather, adjoint), of_updates);
}

static bool reduces_by(const Gradient *w, const char *reduction) {
    Op op = ir_node(w->g, w->v)->op;
    return ir_attr(w->g, w->v, 1)->as.integer == attr_word(op, 1, reduction).as.integer;
}

static void back_scatter(Gradient *w, Op gather, Value adjoint) {
    Written s = {.x = ir_operand(w->g, w->v, 0), .updates = ir_operand(w->g, w->v, 2)};
    if (reduces_by(w, "add")) {
        s.to_x = adjoint;
        s.to_updates = gathered(w, gather, adjoint);
    } else if (reduces_by(w, "mul")) {
        back_product(w, gather, adjoint, &s);
    } else if (reduces_by(w, "none")) {
        back_over(w, gather, adjoint, &s);
    } else {
        back_extreme(w, gather, adjoint, &s);
    }
    if (w->wanted[s.x.id]) gradient_add(w, s.x, s.to_x);
    if (w->wanted[s.updates.id]) gradient_add(w, s.updates, s.to_updates);
}

void gradient_move(Gradient *w, Value adjoint) {
    Value x = ir_operand(w->g, w->v, 0);
    Shape shape = ir_shape(w->g, x);
    Value back = VALUE_NONE;
    switch ((int)ir_node(w->g, w->v)->op) {
    case OP_RESHAPE: back = gradient_reshape(w, adjoint, shape.rank, shape.dims); break;
    case OP_TRANSPOSE: back = back_transpose(w, adjoint); break;
    case OP_EXPAND: back = adjoint; break; /* gradient_add sums */
    case OP_SLICE: back = back_slice(w, adjoint); break;
    case OP_CONCAT: back_concat(w, adjoint); return;
    case OP_PAD: back = back_pad(w, adjoint); break;
    case OP_FLIP: back = back_flip(w, adjoint); break;
    case OP_GATHER: back = back_gather(w, OP_SCATTER_SLICES, adjoint); break;
    case OP_TAKE_ALONG: back = back_gather(w, OP_SCATTER, adjoint); break;
    case OP_GATHER_ND: back = back_gather(w, OP_SCATTER_ND, adjoint); break;
    case OP_SCATTER_SLICES: back_scatter(w, OP_GATHER, adjoint); return;
    case OP_SCATTER: back_scatter(w, OP_TAKE_ALONG, adjoint); return;
    case OP_SCATTER_ND: back_scatter(w, OP_GATHER_ND, adjoint); return;
    default: gradient_refuse(w, ""); return;
    }
    gradient_add(w, x, back);
}
