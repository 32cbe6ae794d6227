/* Objects that become tensors: numbers take the element type of the tensor that they meet,
 * lists become constant tensors, symbolic dimensions are counted. */
#include "frontend/lower_internal.h"

#include <math.h>
#include <string.h>

DType object_dtype(const Lower *l, const Object *o) {
    return o->kind == OBJECT_TENSOR ? ir_node(l->g, o->as.tensor)->dtype : DTYPE_NONE;
}

static Value wrong_element(Lower *l, const Object *o, DType dtype, Span span) {
    Diag *d = fault(l, NNA2007, span, "%s meets a tensor of %s elements", object_describe(l, o),
                    dtype_info[dtype].spelling);
    if (o->kind == OBJECT_REAL && dtype_is_integer(dtype)) {
        diag_help(l->cx, d, "`cast(x, f32)` makes the tensor a floating-point one");
    }
    fault_emit(l, d);
    return VALUE_NONE;
}

/* Whether a number of this kind may become an element of the type. */
static bool number_fits(const Object *o, DType dtype) {
    if (o->kind == OBJECT_BOOL) return dtype == DTYPE_BOOL;
    if (o->kind == OBJECT_REAL) return dtype_is_float(dtype);
    return dtype != DTYPE_BOOL;
}

/* Beyond 2^53 a double does not hold every integer. */
static Value large_integer(Lower *l, int64_t value, DType dtype, Span span) {
    ShapeId scalar = build_shape(l->g, span, 0, NULL);
    if (dtype == DTYPE_U64 && value < 0) return wrong_element(l, &(Object){
        .kind = OBJECT_INTEGER, .as.integer = value}, dtype, span);
    return build_constant(l->g, dtype, scalar, &value, sizeof value, origin_here(l, span));
}

/* A dimension as a tensor: a sum of as many ones. */
static Value counted_dim(Lower *l, DimId dim, DType dtype, Span span) {
    OriginId origin = origin_here(l, span);
    if (dtype == DTYPE_BOOL) {
        return wrong_element(l, &(Object){.kind = OBJECT_DIM, .as.dim = dim}, dtype, span);
    }
    Value one = build_scalar(l->g, dtype, 1, origin);
    const Attr shape[] = {attr_dims(l->g, 1, &dim)};
    Value ones = build_op(l->g, OP_EXPAND, 1, &one, shape, origin, NULL);
    const Attr all[] = {attr_none(), attr_none()};
    return build_op(l->g, OP_SUM, 1, &ones, all, origin, NULL);
}

/* The number as an element of the type, rounded once; false after a report. */
static bool round_number(Lower *l, const Object *o, DType dtype, Span span, double *out) {
    double nearest = 0;
    object_as_real(o, &nearest);
    *out = number_rounded(l, o, dtype);
    number_losses(l, o, *out, dtype, span);
    bool grew = isinf(*out) && !(o->count == 0 && isinf(nearest));
    if (!grew && dtype_holds(dtype, *out)) return true;
    Buf ends = buf_make(&l->cx->scratch);
    buf_put_number(&ends, dtype_bound(dtype, BOUND_LOWEST));
    buf_put(&ends, " to ");
    buf_put_number(&ends, dtype_bound(dtype, BOUND_MAX));
    Diag *d = fault(l, NNA3009, span, "%s is no value of %s", number_text(l, o),
                    dtype_info[dtype].spelling);
    diag_primary(l->cx, d, "%s holds %s", dtype_info[dtype].spelling, buf_text(&ends));
    fault_emit(l, d);
    return false;
}

Value to_tensor(Lower *l, const Object *o, DType dtype, Span span) {
    double number = 0;
    switch (o->kind) {
    case OBJECT_POISON: return VALUE_NONE;
    case OBJECT_TENSOR: return o->as.tensor;
    case OBJECT_LIST: return list_tensor(l, o, dtype, span);
    case OBJECT_INTEGER:
    case OBJECT_REAL:
    case OBJECT_BOOL:
    case OBJECT_DIM:
        if (!number_fits(o, dtype)) return wrong_element(l, o, dtype, span);
        if (o->kind == OBJECT_DIM) return counted_dim(l, o->as.dim, dtype, span);
        if (o->kind == OBJECT_BOOL) {
            return build_scalar(l->g, dtype, o->as.boolean, origin_here(l, span));
        }
        object_as_real(o, &number);
        if (fabs(number) > 0x1p53 && (dtype == DTYPE_I64 || dtype == DTYPE_U64)) {
            return large_integer(l, o->as.integer, dtype, span);
        }
        if (!round_number(l, o, dtype, span, &number)) return VALUE_NONE;
        return build_scalar(l->g, dtype, number, origin_here(l, span));
    case OBJECT_NONE:
    case OBJECT_STRING:
    case OBJECT_WORD:
    case OBJECT_DTYPE:
    case OBJECT_INIT:
    case OBJECT_CALLEE:
    case OBJECT_TUPLE:
    case OBJECT_LAYER: break;
    }
    fault_say(l, NNA1008, span, "a tensor is wanted here, and this is %s", object_describe(l, o));
    return VALUE_NONE;
}

/* Lists. */

typedef struct ListTensor {
    DType dtype;
    uint32_t rank;
    int64_t dims[MAX_RANK];
    unsigned char *bytes;
    size_t filled;
    Span span;
} ListTensor;

static bool list_shape(Lower *l, const Object *list, ListTensor *t) {
    const Object *at = list;
    while (at->kind == OBJECT_LIST) {
        if (t->rank == MAX_RANK) {
            fault_say(l, NNA0002, t->span, "a tensor of more than %d dimensions", MAX_RANK);
            return false;
        }
        t->dims[t->rank++] = at->count;
        if (at->count == 0) {
            fault_say(l, NNA2009, t->span, "an empty list as a tensor");
            return false;
        }
        at = &at->as.items[0];
    }
    return true;
}

static bool store_number(Lower *l, ListTensor *t, const Object *o) {
    size_t size = dtype_info[t->dtype].bytes;
    unsigned char *at = t->bytes + t->filled++ * size;
    double number = 0;
    if (o->kind == OBJECT_POISON) return false;
    if (o->kind != OBJECT_BOOL && !object_as_real(o, &number)) {
        fault_say(l, NNA1008, t->span, "a constant tensor holds numbers, not %s",
                  object_describe(l, o));
        return false;
    }
    if (!number_fits(o, t->dtype)) return !ir_is_poison(wrong_element(l, o, t->dtype, t->span));
    if (o->kind == OBJECT_BOOL) number = o->as.boolean;
    bool wide = t->dtype == DTYPE_I64 || t->dtype == DTYPE_U64;
    if (wide && o->kind == OBJECT_INTEGER && (o->as.integer >= 0 || t->dtype == DTYPE_I64)) {
        memcpy(at, &o->as.integer, size);
        return true;
    }
    if (o->kind != OBJECT_BOOL && !round_number(l, o, t->dtype, t->span, &number)) return false;
    dtype_store(t->dtype, at, number);
    return true;
}

static bool store_list(Lower *l, ListTensor *t, const Object *o, uint32_t depth) {
    if (depth == t->rank) {
        if (o->kind != OBJECT_LIST) return store_number(l, t, o);
    } else if (o->kind == OBJECT_LIST && o->count == t->dims[depth]) {
        for (uint32_t i = 0; i < o->count; i++) {
            if (!store_list(l, t, &o->as.items[i], depth + 1)) return false;
        }
        return true;
    }
    if (o->kind == OBJECT_POISON) return false;
    fault_say(l, NNA2001, t->span, "a list whose rows differ in length cannot be a tensor");
    return false;
}

Value list_tensor(Lower *l, const Object *list, DType dtype, Span span) {
    ListTensor t = {.dtype = dtype, .span = span};
    DimId dims[MAX_RANK];
    size_t count = 1;
    if (list->kind != OBJECT_LIST) return to_tensor(l, list, dtype, span);
    if (!list_shape(l, list, &t)) return VALUE_NONE;
    for (uint32_t i = 0; i < t.rank; i++) {
        dims[i] = dim_constant(l->g->dims, t.dims[i]);
        count *= (size_t)t.dims[i]; /* no more than the literals in the file, unless shared */
        if (count > l->cx->limits.operations) {
            fault_say(l, NNA0002, span, "a constant tensor of too many elements");
            return VALUE_NONE;
        }
    }
    ShapeId shape = build_shape(l->g, fault_place(l, span), t.rank, dims);
    if (shape.id == 0) return VALUE_NONE;
    size_t size = count * dtype_info[dtype].bytes;
    t.bytes = ARENA_ARRAY(&l->cx->scratch, unsigned char, size);
    if (!store_list(l, &t, list, 0)) return VALUE_NONE;
    return build_constant(l->g, dtype, shape, t.bytes, size, origin_here(l, span));
}
