/* What stands in brackets: `x[:, 0:8]`, `x[i]`, `x[..., 0]`. A static index is a slice of one
 * element and a reshape that drops its dimension; a tensor of integers gathers along its axis,
 * in whose place its own dimensions come. */
#include "frontend/lower_internal.h"

#include <string.h>

typedef struct Indexing {
    Value x;
    Span span;
    uint32_t at; /* dimension of x that is next */
    bool failed;
    DimId begin[MAX_RANK], end[MAX_RANK];
    int64_t step[MAX_RANK];
    bool dropped[MAX_RANK];
    Value gathered; /* the tensor that is an index, or none */
    uint32_t gathered_at;
    Span gathered_span;
} Indexing;

static bool is_tensor_index(Lower *l, Ast ast, const Object *o) {
    if (o->kind != OBJECT_TENSOR) return false;
    DType dtype = ir_node(l->g, o->as.tensor)->dtype;
    if (dtype_is_integer(dtype)) return true;
    Diag *d = fault(l, NNA1008, span_of(l, ast), "an index has integers, and this tensor has %s",
                    dtype_info[dtype].spelling);
    if (dtype == DTYPE_BOOL) {
        diag_note(l->cx, d, "how many elements it takes is not known before it runs: the result "
                  "would have no shape");
        diag_help(l->cx, d, "`where(c, x, 0)` keeps the shape, and has 0 in place of the others");
    } else {
        diag_help(l->cx, d, "`cast(i, i64)` converts");
    }
    fault_emit(l, d);
    return false;
}

static bool is_static_index(Lower *l, Ast ast, const Object *out) {
    if (out->kind == OBJECT_INTEGER || out->kind == OBJECT_DIM) return true;
    if (out->kind == OBJECT_TENSOR) {
        Diag *d = fault(l, NNA1008, span_of(l, ast),
                        "the end of a slice must be known while compiling, and this is a tensor");
        diag_help(l->cx, d, "a tensor of integers takes elements at run time: `x[i]`");
        fault_emit(l, d);
    } else if (out->kind != OBJECT_POISON) {
        fault_say(l, NNA1008, span_of(l, ast), "an index is an integer, and this is %s",
                  object_describe(l, out));
    }
    return false;
}

static bool static_index(Lower *l, Ast ast, Object *out) {
    *out = eval(l, ast);
    return is_static_index(l, ast, out);
}

/* The position that an index means; negative ones count from the end. */
static DimId position(Lower *l, const Object *index, DimId size) {
    DimId dim = DIM_UNKNOWN;
    object_as_dim(l, index, &dim);
    bool from_end = index->kind == OBJECT_INTEGER && index->as.integer < 0;
    return from_end ? dim_add(l->g->dims, size, dim) : dim;
}

static const char *dim_words(Lower *l, DimId dim) {
    Buf text = buf_make(&l->cx->scratch);
    dim_print(l->g->dims, dim, &l->cx->names, &text);
    return buf_text(&text);
}

/* One tensor alone: of two it is not clear whether they are taken in pairs. */
static void index_by_tensor(Lower *l, Indexing *x, Ast ast, Value index) {
    if (!ir_is_poison(x->gathered)) {
        Diag *d = fault(l, NNA1008, span_of(l, ast), "two tensors as indices");
        diag_label(l->cx, d, fault_place(l, x->gathered_span), "the first one");
        diag_help(l->cx, d, "`x[i][:, j]` takes each along its axis, `gather_nd` takes pairs");
        fault_emit(l, d);
        x->failed = true;
        return;
    }
    x->gathered = index;
    x->gathered_at = x->at;
    x->gathered_span = span_of(l, ast);
}

static void index_one(Lower *l, Indexing *x, Ast ast, DimId size) {
    DimTable *t = l->g->dims;
    Object index = eval(l, ast);
    if (index.kind == OBJECT_TENSOR) {
        if (is_tensor_index(l, ast, &index)) index_by_tensor(l, x, ast, index.as.tensor);
        else x->failed = true;
        return;
    }
    if (!is_static_index(l, ast, &index)) {
        x->failed = true;
        return;
    }
    DimId begin = position(l, &index, size), zero = dim_constant(t, 0);
    DimOrder low = dim_compare(t, begin, zero), high = dim_compare(t, begin, size);
    if (low == DIM_LESS || high == DIM_GREATER || high == DIM_EQUAL) {
        Diag *d = fault(l, NNA2010, span_of(l, ast), "index %s of a dimension of size %s",
                        object_describe(l, &index) + strlen("the number "), dim_words(l, size));
        fault_emit(l, d);
        x->failed = true;
        return;
    }
    x->begin[x->at] = begin;
    x->end[x->at] = dim_add(t, begin, dim_constant(t, 1));
    x->dropped[x->at] = true;
}

/* The step of a slice, whose axis it may turn round; false after a report. */
static bool slice_step(Lower *l, Ast step, int64_t *out) {
    Object o;
    *out = 1;
    if (step.id == 0) return true;
    if (!static_index(l, step, &o)) return false;
    if (o.kind != OBJECT_INTEGER || o.as.integer == 0) {
        bool zero = o.kind == OBJECT_INTEGER;
        fault_say(l, zero ? NNA5001 : NNA1008, span_of(l, step),
                  zero ? "the step of a slice is 0"
                       : "the step of a slice must be known while compiling");
        return false;
    }
    *out = o.as.integer;
    return true;
}

/* An end that is a declared size (@dims), and may be above the number of elements. Of a size that
 * has no bound but the limit nothing is said: it is tested at run time. */
static void check_declared_end(Lower *l, const Indexing *x, Ast ast, DimId end, DimId size) {
    int64_t least, largest, elements;
    dim_bounds(l->g->dims, end, &least, &largest);
    bool known = dim_is_constant(l->g->dims, size, &elements);
    bool declared = largest < (int64_t)l->cx->limits.dimension;
    if (!known || !declared || least > elements || largest <= elements) return;
    Diag *d = fault(l, NNA2010, span_of(l, ast), "a slice up to %s of %s elements",
                    dim_words(l, end), dim_words(l, size));
    diag_primary(l->cx, d, "%s may be up to %lld", dim_words(l, end), (long long)largest);
    Span named = ir_node(l->g, x->x)->name_span;
    if (named.begin != 0) {
        diag_label(l->cx, d, fault_place(l, named), "this has %s there", dim_words(l, size));
    }
    diag_help(l->cx, d, "bound the size with @dims, or give the tensor as many elements");
    fault_emit(l, d);
}

/* Of a step below 0 the ends that are not written are the last element, and the one before the
 * first. */
static void index_slice(Lower *l, Indexing *x, Ast ast, DimId size) {
    const File *file = l->frame->file;
    DimTable *t = l->g->dims;
    Ast low = ast_child(file, ast, AST_SLICE_LOW), high = ast_child(file, ast, AST_SLICE_HIGH);
    int64_t *step = &x->step[x->at];
    Object o;
    bool good = slice_step(l, ast_child(file, ast, AST_SLICE_STEP), step);
    if (*step < 0) {
        x->begin[x->at] = dim_sub(t, size, dim_constant(t, 1));
        x->end[x->at] = dim_constant(t, -1);
    }
    if (low.id != 0) {
        if (static_index(l, low, &o)) x->begin[x->at] = position(l, &o, size);
        else good = false;
    }
    if (high.id != 0) {
        if (static_index(l, high, &o)) x->end[x->at] = position(l, &o, size);
        else good = false;
        if (good && *step > 0) check_declared_end(l, x, high, x->end[x->at], size);
    }
    x->failed = x->failed || !good;
}

/* x, without the dimensions that single indices dropped. */
static Value drop_dimensions(Lower *l, const Indexing *x, Value sliced) {
    Shape shape = ir_shape(l->g, sliced);
    DimId dims[MAX_RANK];
    uint32_t rank = 0;
    if (ir_is_poison(sliced)) return sliced;
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (!x->dropped[i]) dims[rank++] = shape.dims[i];
    }
    if (rank == shape.rank) return sliced;
    const Attr attrs[] = {attr_dims(l->g, rank, dims)};
    return build_op(l->g, OP_RESHAPE, 1, &sliced, attrs, origin_here(l, x->span), NULL);
}

static Value apply_slices(Lower *l, const Indexing *x) {
    Shape shape = ir_shape(l->g, x->x);
    bool whole = true;
    for (uint32_t i = 0; i < shape.rank; i++) {
        int64_t begin = 1;
        bool from_start = dim_is_constant(l->g->dims, x->begin[i], &begin) && begin == 0;
        whole = whole && from_start && dim_is(x->end[i], shape.dims[i]) && x->step[i] == 1;
    }
    if (whole) return x->x;
    const Attr attrs[] = {attr_dims(l->g, shape.rank, x->begin),
                          attr_dims(l->g, shape.rank, x->end),
                          attr_integers(l->g, shape.rank, x->step)};
    return build_op(l->g, OP_SLICE, 1, &x->x, attrs, origin_here(l, x->span), NULL);
}

/* The axis counts behind the dimensions that were dropped before it. */
static Value apply_tensor(Lower *l, const Indexing *x, Value sliced) {
    int64_t axis = x->gathered_at;
    if (ir_is_poison(x->gathered) || ir_is_poison(sliced)) return sliced;
    for (uint32_t i = 0; i < x->gathered_at; i++) axis -= x->dropped[i];
    const Attr attrs[] = {attr_integer(axis)};
    const Value operands[] = {sliced, x->gathered};
    const Span places[] = {x->span, x->gathered_span, x->span};
    return build_op(l->g, OP_GATHER, 2, operands, attrs, origin_here(l, x->span),
                    l->frame->prelude ? NULL : places);
}

static void start(Lower *l, Indexing *x) {
    Shape shape = ir_shape(l->g, x->x);
    for (uint32_t i = 0; i < shape.rank; i++) {
        x->begin[i] = dim_constant(l->g->dims, 0);
        x->end[i] = shape.dims[i];
        x->step[i] = 1;
    }
}

static Object index_tensor(Lower *l, Value value, AstRange indices, Span span) {
    Indexing x = {.x = value, .span = span};
    Shape shape = ir_shape(l->g, value);
    bool ellipsis = false;
    uint32_t written = 0;
    for (uint32_t i = 0; i < indices.count; i++) {
        bool rest = ast_kind(l->frame->file, indices.items[i]) == AST_ELLIPSIS;
        ellipsis = ellipsis || rest;
        written += !rest;
    }
    if (written > shape.rank || indices.count > written + 1) {
        fault_say(l, NNA2006, span, "%u indices for a tensor of %u dimension%s", written,
                  shape.rank, shape.rank == 1 ? "" : "s");
        return POISON;
    }
    start(l, &x);
    for (uint32_t i = 0; i < indices.count; i++) {
        AstKind kind = ast_kind(l->frame->file, indices.items[i]);
        if (kind == AST_ELLIPSIS) {
            x.at += shape.rank - written;
            continue;
        }
        if (kind == AST_SLICE) {
            index_slice(l, &x, indices.items[i], shape.dims[x.at]);
        } else {
            index_one(l, &x, indices.items[i], shape.dims[x.at]);
        }
        x.at++;
    }
    if (x.failed) return POISON;
    return object_tensor(apply_tensor(l, &x, drop_dimensions(l, &x, apply_slices(l, &x))));
}

static bool list_end(Lower *l, Ast ast, int64_t count, int64_t *out) {
    Object o;
    if (ast.id == 0) return true;
    if (!static_index(l, ast, &o)) return false;
    int64_t at = o.kind == OBJECT_INTEGER ? o.as.integer : -count - 1;
    if (at < 0) at += count;
    if (at < 0 || at > count) {
        fault_say(l, NNA2010, span_of(l, ast), "index %s of a list of %lld",
                  object_describe(l, &o) + strlen("the number "), (long long)count);
        return false;
    }
    *out = at;
    return true;
}

static Object slice_list(Lower *l, const Object *list, Ast slice) {
    const File *file = l->frame->file;
    int64_t count = list->count, step = 1;
    if (!slice_step(l, ast_child(file, slice, AST_SLICE_STEP), &step)) return POISON;
    int64_t low = step > 0 ? 0 : count - 1, high = step > 0 ? count : -1;
    if (!list_end(l, ast_child(file, slice, AST_SLICE_LOW), count, &low) ||
        !list_end(l, ast_child(file, slice, AST_SLICE_HIGH), count, &high)) {
        return POISON;
    }
    if (step < 0 && low == count) low = count - 1;
    int64_t way = step > 0 ? high - low : low - high;
    uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    uint32_t taken = way <= 0 ? 0 : (uint32_t)(((uint64_t)way - 1) / stride + 1);
    Object *items = ARENA_ARRAY(&l->cx->module, Object, taken);
    for (uint32_t i = 0; i < taken; i++) items[i] = list->as.items[low + (int64_t)i * step];
    return (Object){.kind = OBJECT_LIST, .count = taken, .as.items = items};
}

static Object index_list(Lower *l, const Object *list, Ast index, Span span) {
    int64_t low = 0, count = list->count;
    if (ast_kind(l->frame->file, index) == AST_SLICE) return slice_list(l, list, index);
    if (ast_kind(l->frame->file, index) == AST_ELLIPSIS) return *list;
    if (!list_end(l, index, count, &low)) return POISON;
    if (low < count) return list->as.items[low];
    fault_say(l, NNA2010, span, "index %lld of a list of %lld", (long long)low, (long long)count);
    return POISON;
}

Object eval_index(Lower *l, Ast ast) {
    AstRange indices = ast_list(l->frame->file, ast, AST_INDEX_INDICES);
    Object o = eval(l, ast_child(l->frame->file, ast, AST_INDEX_VALUE));
    Span span = span_of(l, ast);
    if (o.kind == OBJECT_POISON) return POISON;
    if (o.kind == OBJECT_TENSOR) {
        Construct around = construct_begin(l, span, "[]");
        Object made = index_tensor(l, o.as.tensor, indices, span);
        construct_end(l, around);
        return made;
    }
    bool items = o.kind == OBJECT_LIST || o.kind == OBJECT_TUPLE;
    if (items && indices.count == 1) return index_list(l, &o, indices.items[0], span);
    fault_say(l, NNA1008, span, "%s cannot be indexed", object_describe(l, &o));
    return POISON;
}

Value slice_axis(Lower *l, Value value, uint32_t axis, DimId begin, DimId end, Span span) {
    Indexing x = {.x = value, .span = span};
    start(l, &x);
    x.begin[axis] = begin;
    x.end[axis] = end;
    return apply_slices(l, &x);
}
