/* The functions of static_function.def: what depends on shapes or lists. */
#include "frontend/lower_internal.h"

#include <string.h>

static Object function_argument(Lower *l, const Callee *callee, const Matched *matched,
                                uint32_t formal) {
    const Actual *actual = matched->actual[formal];
    return actual ? actual_object(l, &callee->formals[formal], actual)
                  : (Object){.kind = OBJECT_NONE};
}

static bool needs_tensor(Lower *l, const Callee *callee, const Object *o, Span span) {
    if (o->kind == OBJECT_TENSOR) return true;
    if (o->kind != OBJECT_POISON) {
        fault_say(l, NNA1008, span, "`%s` takes a tensor, and this is %s", text_of(l, callee->name),
                  object_describe(l, o));
    }
    return false;
}

static Object shape_list(Lower *l, Value x) {
    Shape shape = ir_shape(l->g, x);
    Object *items = ARENA_ARRAY(&l->cx->module, Object, shape.rank);
    for (uint32_t i = 0; i < shape.rank; i++) items[i] = object_dim(l, shape.dims[i]);
    return (Object){.kind = OBJECT_LIST, .count = shape.rank, .as.items = items};
}

static Object product_of(Lower *l, const Object *list, Span span) {
    DimId product = dim_constant(l->g->dims, 1), dim = DIM_UNKNOWN;
    for (uint32_t i = 0; list->kind == OBJECT_LIST && i < list->count; i++) {
        if (!object_as_dim(l, &list->as.items[i], &dim)) return POISON;
        product = dim_mul(l->g->dims, product, dim);
    }
    if (dims_overflowed(l->g->dims)) {
        fault_say(l, NNA2009, span, "a dimension that is too large");
        return POISON;
    }
    return object_dim(l, product);
}

/* An axis in 0..rank-1; false after a report. */
static bool axis_of(Lower *l, const Object *o, uint32_t rank, int64_t *out, Span span) {
    if (o->kind == OBJECT_POISON) return false;
    if (o->kind != OBJECT_INTEGER) {
        fault_say(l, NNA1008, span, "an axis is an integer, and this is %s",
                  object_describe(l, o));
        return false;
    }
    *out = o->as.integer < 0 ? o->as.integer + (int64_t)rank : o->as.integer;
    if (*out >= 0 && *out < (int64_t)rank) return true;
    fault_say(l, NNA2006, span, "axis %lld does not exist among %u dimensions",
              (long long)o->as.integer, rank);
    return false;
}

/* Which of the dimensions an axis or a list of axes names; false after a report. */
static bool axes_named(Lower *l, const Object *axes, uint32_t rank, bool *named, Span span) {
    const Object *list = axes->kind == OBJECT_LIST ? axes->as.items : axes;
    uint32_t count = axes->kind == OBJECT_LIST ? axes->count : 1;
    for (uint32_t i = 0; i < count; i++) {
        int64_t axis = 0;
        if (!axis_of(l, &list[i], rank, &axis, span)) return false;
        if (named[axis]) {
            fault_say(l, NNA5004, span, "axis %lld is given twice", (long long)axis);
            return false;
        }
        named[axis] = true;
    }
    return true;
}

/* An optional axis: `fallback` where it is not given. */
static Object axis_argument(Lower *l, const Callee *callee, const Matched *matched,
                            uint32_t formal, int64_t fallback) {
    Object o = function_argument(l, callee, matched, formal);
    return o.kind == OBJECT_NONE ? object_integer(fallback) : o;
}

static Value reshape_to(Lower *l, Value x, uint32_t rank, const DimId *dims, Span span) {
    const Attr attrs[] = {attr_dims(l->g, rank, dims)};
    return build_op(l->g, OP_RESHAPE, 1, &x, attrs, origin_here(l, span), NULL);
}

/* x with a new dimension of size 1. */
static Value with_axis(Lower *l, Value x, uint32_t axis, Span span) {
    Shape shape = ir_shape(l->g, x);
    DimId dims[MAX_RANK];
    if (shape.rank == MAX_RANK) {
        fault_say(l, NNA0002, span, "a tensor of more than %d dimensions", MAX_RANK);
        return VALUE_NONE;
    }
    for (uint32_t k = 0, at = 0; k <= shape.rank; k++) {
        dims[k] = k == axis ? dim_constant(l->g->dims, 1) : shape.dims[at++];
    }
    return reshape_to(l, x, shape.rank + 1u, dims, span);
}

static Object call_stack(Lower *l, const Callee *callee, const Matched *matched,
                         const Actual *actuals, uint32_t actual_count, Span span) {
    Object *objects = NULL;
    Span *spans = NULL;
    uint32_t count = variadic_operands(l, callee, actuals, actual_count, &objects, &spans);
    Object axis_object = axis_argument(l, callee, matched, 1, 0);
    int64_t axis = 0;
    DType dtype = DTYPE_F32;
    Value *values = ARENA_ARRAY(&l->cx->scratch, Value, count);
    for (uint32_t i = count; i-- > 0;) {
        if (objects[i].kind == OBJECT_TENSOR) dtype = object_dtype(l, &objects[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        Value v = to_tensor(l, &objects[i], dtype, spans[i]);
        if (ir_is_poison(v)) return POISON;
        if (!axis_of(l, &axis_object, ir_shape(l->g, v).rank + 1u, &axis, span)) return POISON;
        values[i] = with_axis(l, v, (uint32_t)axis, span);
        if (ir_is_poison(values[i])) return POISON;
    }
    const Attr attrs[] = {attr_integer(axis)};
    return object_tensor(build_op(l->g, OP_CONCAT, count, values, attrs, origin_here(l, span),
                                  NULL));
}

enum { MOST_PARTS = 1024 };

/* The list of `count` equal sizes that make up a dimension. */
static Object equal_parts(Lower *l, DimId dimension, int64_t count, Span span) {
    Object whole = object_dim(l, dimension), parts = object_integer(count);
    Object part = static_binary(l, AST_OP_DIVIDE, &whole, &parts, span);
    if (part.kind == OBJECT_REAL) {
        fault_say(l, NNA2001, span, "a dimension of %s has no %lld equal parts",
                  object_describe(l, &whole) + strlen("the number "), (long long)count);
        return POISON;
    }
    if (part.kind == OBJECT_POISON) return POISON;
    Object *items = ARENA_ARRAY(&l->cx->module, Object, (size_t)count);
    for (int64_t i = 0; i < count; i++) items[i] = part;
    return (Object){.kind = OBJECT_LIST, .count = (uint32_t)count, .as.items = items};
}

/* `split(x, sizes, axis)`: sizes is a list of sizes, or a number of equal parts. */
static Object call_split(Lower *l, const Callee *callee, const Matched *matched, Span span) {
    Object x = function_argument(l, callee, matched, 0);
    Object sizes = function_argument(l, callee, matched, 1);
    Object axis_object = axis_argument(l, callee, matched, 2, 0);
    DimTable *t = l->g->dims;
    int64_t axis = 0;
    if (!needs_tensor(l, callee, &x, span) || sizes.kind == OBJECT_POISON) return POISON;
    Shape shape = ir_shape(l->g, x.as.tensor);
    if (!axis_of(l, &axis_object, shape.rank, &axis, span)) return POISON;
    if (sizes.kind == OBJECT_INTEGER && sizes.as.integer > 0 && sizes.as.integer <= MOST_PARTS) {
        sizes = equal_parts(l, shape.dims[axis], sizes.as.integer, span);
    }
    if (sizes.kind == OBJECT_POISON) return POISON;
    if (sizes.kind != OBJECT_LIST) {
        fault_say(l, NNA1008, span, "`split` takes a list of sizes, or a number of equal parts "
                  "from 1 to %d, not %s", MOST_PARTS, object_describe(l, &sizes));
        return POISON;
    }
    Object *parts = ARENA_ARRAY(&l->cx->module, Object, sizes.count);
    DimId begin = dim_constant(t, 0);
    for (uint32_t i = 0; i < sizes.count; i++) {
        DimId size = DIM_UNKNOWN;
        if (!object_as_dim(l, &sizes.as.items[i], &size)) {
            fault_say(l, NNA1008, span, "`split` takes sizes, not %s",
                      object_describe(l, &sizes.as.items[i]));
            return POISON;
        }
        DimId end = dim_add(t, begin, size);
        parts[i] = object_tensor(slice_axis(l, x.as.tensor, (uint32_t)axis, begin, end, span));
        begin = end;
    }
    DimOrder order = dim_compare(t, begin, shape.dims[axis]);
    if (order != DIM_EQUAL && order != DIM_MAYBE && order != DIM_GREATER) {
        Diag *d = fault(l, NNA2001, span, "the sizes of `split` do not add up to the dimension");
        diag_help(l->cx, d, "a slice takes a part: `x[:, 0:8]`");
        fault_emit(l, d);
    }
    return (Object){.kind = OBJECT_TUPLE, .count = sizes.count, .as.items = parts};
}


/* Axes of a squeeze: those given, or all dimensions that are 1. */
static bool squeezed_axes(Lower *l, const Object *axes, Shape shape, bool *drop, Span span) {
    if (axes->kind != OBJECT_NONE) return axes_named(l, axes, shape.rank, drop, span);
    for (uint32_t i = 0; i < shape.rank; i++) {
        drop[i] = dim_is(shape.dims[i], dim_constant(l->g->dims, 1));
    }
    return true;
}

static Object call_squeeze(Lower *l, Value x, const Object *axes, Span span) {
    Shape shape = ir_shape(l->g, x);
    DimId dims[MAX_RANK];
    bool drop[MAX_RANK] = {false};
    uint32_t rank = 0;
    if (axes->kind == OBJECT_POISON || !squeezed_axes(l, axes, shape, drop, span)) return POISON;
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (!drop[i]) {
            dims[rank++] = shape.dims[i];
        } else if (!dim_is(shape.dims[i], dim_constant(l->g->dims, 1))) {
            Object size = object_dim(l, shape.dims[i]);
            fault_say(l, NNA2001, span, "`squeeze` drops dimensions of size 1, and dimension %u "
                      "has the size %s", i, object_describe(l, &size) + strlen("the number "));
            return POISON;
        }
    }
    return object_tensor(reshape_to(l, x, rank, dims, span));
}

/* The axes count in the result. */
static Object call_unsqueeze(Lower *l, Value x, const Object *axes, Span span) {
    Shape shape = ir_shape(l->g, x);
    DimId dims[MAX_RANK];
    bool made[MAX_RANK] = {false};
    uint32_t rank = shape.rank + (axes->kind == OBJECT_LIST ? axes->count : 1);
    if (axes->kind == OBJECT_POISON) return POISON;
    if (rank > MAX_RANK) {
        fault_say(l, NNA0002, span, "a tensor of more than %d dimensions", MAX_RANK);
        return POISON;
    }
    if (!axes_named(l, axes, rank, made, span)) return POISON;
    for (uint32_t k = 0, at = 0; k < rank; k++) {
        dims[k] = made[k] ? dim_constant(l->g->dims, 1) : shape.dims[at++];
    }
    return object_tensor(reshape_to(l, x, rank, dims, span));
}

/* Functions of the prelude. */

static Object axes_except(Lower *l, Value x, const Object *kept, Span span) {
    uint32_t rank = ir_shape(l->g, x).rank, count = 0;
    Object *items = ARENA_ARRAY(&l->cx->module, Object, rank);
    bool keep[MAX_RANK] = {false};
    if (!axes_named(l, kept, rank, keep, span)) return POISON;
    for (uint32_t i = 0; i < rank; i++) {
        if (!keep[i]) items[count++] = object_integer(i);
    }
    return (Object){.kind = OBJECT_LIST, .count = count, .as.items = items};
}

static Object along(Lower *l, Value x, const Object *axes, Span span) {
    Shape shape = ir_shape(l->g, x);
    Object *items = ARENA_ARRAY(&l->cx->module, Object, shape.rank);
    bool keep[MAX_RANK] = {false};
    if (!axes_named(l, axes, shape.rank, keep, span)) return POISON;
    for (uint32_t i = 0; i < shape.rank; i++) {
        items[i] = keep[i] ? object_dim(l, shape.dims[i]) : object_integer(1);
    }
    return (Object){.kind = OBJECT_LIST, .count = shape.rank, .as.items = items};
}

static Object last_swapped(Lower *l, Value x, Span span) {
    uint32_t rank = ir_shape(l->g, x).rank;
    Object *items = ARENA_ARRAY(&l->cx->module, Object, rank);
    if (rank < 2) {
        fault_say(l, NNA2006, span, "a tensor of %u dimension%s has none to transpose", rank,
                  rank == 1 ? "" : "s");
        return POISON;
    }
    for (uint32_t i = 0; i < rank; i++) {
        items[i] = object_integer(i + 2 < rank ? i : (int64_t)(2 * rank) - 3 - i);
    }
    return (Object){.kind = OBJECT_LIST, .count = rank, .as.items = items};
}

static Object window(Lower *l, const Object *size, const Object *count, Span span) {
    if (size->kind == OBJECT_POISON || count->kind != OBJECT_INTEGER) return POISON;
    uint32_t wanted = (uint32_t)count->as.integer;
    if (size->kind == OBJECT_LIST && size->count == wanted) return *size;
    if (size->kind == OBJECT_LIST) {
        fault_say(l, NNA2006, span, "%u number%s for %u dimensions", size->count,
                  size->count == 1 ? "" : "s", wanted);
        return POISON;
    }
    Object *items = ARENA_ARRAY(&l->cx->module, Object, wanted);
    for (uint32_t i = 0; i < wanted; i++) items[i] = *size;
    return (Object){.kind = OBJECT_LIST, .count = wanted, .as.items = items};
}

static Object column(Lower *l, const Object *pairs, const Object *index, Span span) {
    if (pairs->kind == OBJECT_POISON || index->kind != OBJECT_INTEGER) return POISON;
    Object *items = ARENA_ARRAY(&l->cx->module, Object, pairs->count);
    for (uint32_t i = 0; pairs->kind == OBJECT_LIST && i < pairs->count; i++) {
        const Object *pair = &pairs->as.items[i];
        if (pair->kind != OBJECT_LIST || pair->count != 2) {
            pairs = pair;
            break;
        }
        items[i] = pair->as.items[index->as.integer];
    }
    if (pairs->kind == OBJECT_LIST && (pairs->count == 0 || pairs->as.items->kind == OBJECT_LIST)) {
        return (Object){.kind = OBJECT_LIST, .count = pairs->count, .as.items = items};
    }
    fault_say(l, NNA1008, span, "a list of pairs of numbers is wanted, one for each dimension");
    return POISON;
}

/* One of `count` equal parts. */
static Object part_of(Lower *l, const Object *whole, const Object *count, Span span) {
    DimId a = DIM_UNKNOWN, b = DIM_UNKNOWN;
    if (!object_as_dim(l, whole, &a) || !object_as_dim(l, count, &b)) return POISON;
    return object_dim(l, divide_exactly(l, a, b, span));
}

/* A number as the quotient of two integers. Products of these with sizes are i64 too. */
static Object fraction_of(Lower *l, const Object *o, Span span) {
    int64_t numerator = 0, denominator = 1;
    const int64_t limit = INT64_C(1) << 24;
    if (o->kind == OBJECT_POISON) return POISON;
    if (!number_fraction(l, o, &numerator, &denominator) || denominator > limit ||
        numerator > limit || numerator < -limit) {
        Diag *d = fault(l, NNA5001, span, "a ratio of integers is wanted here, not %s",
                        object_describe(l, o));
        diag_help(l->cx, d, "neither of the two is larger than 2 ** 24");
        fault_emit(l, d);
        return POISON;
    }
    const Object items[] = {object_integer(numerator), object_integer(denominator)};
    return object_items(l, OBJECT_TUPLE, 2, items);
}

static Object bound_of(const Object *dtype, Bound bound) {
    if (dtype->kind != OBJECT_DTYPE) return POISON;
    return object_real(dtype_bound(dtype->as.dtype, bound));
}

static Object refuse(Lower *l, DiagCode code, const char *start, const Object *what, Span span) {
    const char *text = what->kind == OBJECT_STRING ? prelude_message(l, what->as.name) : "";
    fault_say(l, code, span, "%s%s", start, text);
    return POISON;
}

static Object call_tensor(Lower *l, const Object *values, const Object *dtype, Span span) {
    if (dtype->kind == OBJECT_NONE) return object_tensor(list_tensor(l, values, DTYPE_F32, span));
    if (dtype->kind == OBJECT_DTYPE) {
        return object_tensor(list_tensor(l, values, dtype->as.dtype, span));
    }
    if (dtype->kind != OBJECT_POISON) {
        fault_say(l, NNA1008, span, "`dtype` takes an element type, not %s",
                  object_describe(l, dtype));
    }
    return POISON;
}

/* Seeds that are written are small as a rule: these are beyond them. */
static Object fresh_seed(Lower *l) {
    return object_integer(((int64_t)1 << 32) + l->fresh_seeds++);
}

/* The outermost first. */
static Object scan_steps(Lower *l) {
    uint32_t count = 0;
    for (uint32_t at = l->g->open_region; at != 0; at = l->g->regions.data[at].parent) count++;
    Object *items = ARENA_ARRAY(&l->cx->module, Object, count);
    uint32_t left = count;
    for (uint32_t at = l->g->open_region; at != 0; at = l->g->regions.data[at].parent) {
        items[--left] = object_tensor(l->g->regions.data[at].first);
    }
    return (Object){.kind = OBJECT_LIST, .count = count, .as.items = items};
}

/* Those whose first argument is a tensor. */
static Object call_on_tensor(Lower *l, const Callee *callee, Value x, const Object *second,
                             Span span) {
    note_shape_use(l, x);
    switch (callee->function) {
    case STATIC_FUNCTION_SHAPE_OF: return shape_list(l, x);
    case STATIC_FUNCTION_SIZE_OF: return object_dim(l, ir_element_count(l->g, x));
    case STATIC_FUNCTION_RANK: return object_integer(ir_shape(l->g, x).rank);
    case STATIC_FUNCTION_DTYPE_OF:
        return (Object){.kind = OBJECT_DTYPE, .as.dtype = ir_node(l->g, x)->dtype};
    case STATIC_FUNCTION_AXES_EXCEPT: return axes_except(l, x, second, span);
    case STATIC_FUNCTION_ALONG: return along(l, x, second, span);
    case STATIC_FUNCTION_LAST_SWAPPED: return last_swapped(l, x, span);
    case STATIC_FUNCTION_SQUEEZE: return call_squeeze(l, x, second, span);
    case STATIC_FUNCTION_UNSQUEEZE: return call_unsqueeze(l, x, second, span);
    case STATIC_FUNCTION_TENSOR:
    case STATIC_FUNCTION_STACK:
    case STATIC_FUNCTION_SPLIT:
    case STATIC_FUNCTION_GRAD:
    case STATIC_FUNCTION_PRODUCT:
    case STATIC_FUNCTION_WINDOW:
    case STATIC_FUNCTION_COLUMN:
    case STATIC_FUNCTION_IS_NUMBER:
    case STATIC_FUNCTION_IS_KNOWN:
    case STATIC_FUNCTION_COUNT_OF:
    case STATIC_FUNCTION_OPERATOR_NAME:
    case STATIC_FUNCTION_PART:
    case STATIC_FUNCTION_FRACTION:
    case STATIC_FUNCTION_EINSUM:
    case STATIC_FUNCTION_TINY:
    case STATIC_FUNCTION_LEAST:
    case STATIC_FUNCTION_PENDING:
    case STATIC_FUNCTION_MISSING:
    case STATIC_FUNCTION_FRESH_SEED:
    case STATIC_FUNCTION_SCAN_STEPS:
    case STATIC_FUNCTION_COUNT: break;
    }
    return POISON;
}

static Object operator_name(Lower *l, const Object *x) {
    bool ours = x->kind == OBJECT_CALLEE &&
                (x->as.callee->kind != CALLEE_BLOCK || x->as.callee->prelude);
    Name name = ours ? x->as.callee->name : names_intern_text(&l->cx->names, "");
    return (Object){.kind = OBJECT_STRING, .as.name = name};
}

static Object dispatch(Lower *l, const Callee *callee, const Matched *matched,
                       const Actual *actuals, uint32_t actual_count, Span span) {
    if (callee->function == STATIC_FUNCTION_STACK) {
        return call_stack(l, callee, matched, actuals, actual_count, span);
    }
    if (callee->function == STATIC_FUNCTION_EINSUM) {
        return call_einsum(l, callee, actuals, actual_count, span);
    }
    if (callee->function == STATIC_FUNCTION_SPLIT) return call_split(l, callee, matched, span);
    if (callee->function == STATIC_FUNCTION_FRESH_SEED) return fresh_seed(l);
    if (callee->function == STATIC_FUNCTION_SCAN_STEPS) return scan_steps(l);
    Object x = function_argument(l, callee, matched, 0);
    Object second = callee->formal_count > 1 ? function_argument(l, callee, matched, 1) : POISON;
    switch (callee->function) {
    case STATIC_FUNCTION_TENSOR: return call_tensor(l, &x, &second, span);
    case STATIC_FUNCTION_GRAD:
        return call_grad(l, &x, matched->actual[0]->span, &second, matched->actual[1]->span, span);
    case STATIC_FUNCTION_PRODUCT: return product_of(l, &x, span);
    case STATIC_FUNCTION_WINDOW: return window(l, &x, &second, span);
    case STATIC_FUNCTION_COLUMN: return column(l, &x, &second, span);
    case STATIC_FUNCTION_IS_NUMBER: return object_bool(object_is_number(&x));
    case STATIC_FUNCTION_IS_KNOWN:
        return object_bool(x.kind == OBJECT_INTEGER || x.kind == OBJECT_REAL);
    case STATIC_FUNCTION_COUNT_OF:
        return object_integer(x.kind == OBJECT_LIST || x.kind == OBJECT_TUPLE ? x.count : 1);
    case STATIC_FUNCTION_OPERATOR_NAME: return operator_name(l, &x);
    case STATIC_FUNCTION_PART: return part_of(l, &x, &second, span);
    case STATIC_FUNCTION_FRACTION: return fraction_of(l, &x, span);
    case STATIC_FUNCTION_LEAST: return bound_of(&x, BOUND_LOWEST);
    case STATIC_FUNCTION_TINY: return bound_of(&x, BOUND_TINY);
    case STATIC_FUNCTION_PENDING:
        return refuse(l, NNA0004, "not supported by this version: ", &x, span);
    case STATIC_FUNCTION_MISSING: return refuse(l, NNA1007, "", &x, span);
    case STATIC_FUNCTION_STACK:
    case STATIC_FUNCTION_SPLIT:
    case STATIC_FUNCTION_EINSUM:
    case STATIC_FUNCTION_FRESH_SEED:
    case STATIC_FUNCTION_SCAN_STEPS:
    case STATIC_FUNCTION_SHAPE_OF:
    case STATIC_FUNCTION_SIZE_OF:
    case STATIC_FUNCTION_RANK:
    case STATIC_FUNCTION_DTYPE_OF:
    case STATIC_FUNCTION_AXES_EXCEPT:
    case STATIC_FUNCTION_ALONG:
    case STATIC_FUNCTION_LAST_SWAPPED:
    case STATIC_FUNCTION_SQUEEZE:
    case STATIC_FUNCTION_UNSQUEEZE:
    case STATIC_FUNCTION_COUNT: break;
    }
    if (!needs_tensor(l, callee, &x, span)) return POISON;
    return call_on_tensor(l, callee, x.as.tensor, &second, span);
}

Object call_function(Lower *l, const Callee *callee, const Matched *matched,
                     const Actual *actuals, uint32_t actual_count, Span span) {
    Construct around = construct_begin(l, span, text_of(l, callee->name));
    Object made = dispatch(l, callee, matched, actuals, actual_count, span);
    construct_end(l, around);
    return made;
}
