/* What stands in brackets: `x[:, 0:8]`, `x[i]`, `x[..., 0]`. A static index is a slice of one
 * element and a reshape that drops its dimension. */
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
} Indexing;

static bool static_index(Lower *l, Ast ast, Object *out) {
    *out = eval(l, ast);
    if (out->kind == OBJECT_INTEGER || out->kind == OBJECT_DIM) return true;
    if (out->kind == OBJECT_TENSOR) {
        Diag *d = fault(l, NNA0004, span_of(l, ast),
                        "not supported by this version: a tensor as an index");
        diag_help(l->cx, d, "`gather` takes elements at run time");
        fault_emit(l, d);
    } else if (out->kind != OBJECT_POISON) {
        fault_say(l, NNA1008, span_of(l, ast), "an index is an integer, and this is %s",
                  object_describe(l, out));
    }
    return false;
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

static void index_one(Lower *l, Indexing *x, Ast ast, DimId size) {
    DimTable *t = l->g->dims;
    Object index;
    if (!static_index(l, ast, &index)) {
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

static void index_slice(Lower *l, Indexing *x, Ast ast, DimId size) {
    const File *file = l->frame->file;
    Ast low = ast_child(file, ast, AST_SLICE_LOW), high = ast_child(file, ast, AST_SLICE_HIGH);
    Ast step = ast_child(file, ast, AST_SLICE_STEP);
    Object o;
    if (low.id != 0) {
        if (static_index(l, low, &o)) {
            x->begin[x->at] = position(l, &o, size);
        } else {
            x->failed = true;
        }
    }
    if (high.id != 0) {
        if (static_index(l, high, &o)) {
            x->end[x->at] = position(l, &o, size);
        } else {
            x->failed = true;
        }
    }
    if (step.id == 0) return;
    if (!static_index(l, step, &o)) {
        x->failed = true;
    } else if (o.kind != OBJECT_INTEGER || o.as.integer < 1) {
        bool zero = o.kind == OBJECT_INTEGER && o.as.integer == 0;
        fault_say(l, zero ? NNA5001 : NNA0004, span_of(l, step),
                  zero ? "the step of a slice is 0"
                       : "not supported by this version: a slice whose step is below 0 or not "
                         "known while compiling");
        x->failed = true;
    } else {
        x->step[x->at] = o.as.integer;
    }
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
    return object_tensor(drop_dimensions(l, &x, apply_slices(l, &x)));
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

static Object index_list(Lower *l, const Object *list, Ast index, Span span) {
    int64_t low = 0, high = list->count, count = list->count;
    const File *file = l->frame->file;
    if (ast_kind(file, index) == AST_SLICE) {
        if (ast_child(file, index, AST_SLICE_STEP).id != 0) {
            fault_say(l, NNA0004, span,
                      "not supported by this version: a step in a slice of a list");
            return POISON;
        }
        if (!list_end(l, ast_child(file, index, AST_SLICE_LOW), count, &low) ||
            !list_end(l, ast_child(file, index, AST_SLICE_HIGH), count, &high)) {
            return POISON;
        }
        if (high < low) high = low;
        return (Object){.kind = OBJECT_LIST, .count = (uint32_t)(high - low),
                        .as.items = list->as.items + low};
    }
    if (ast_kind(file, index) == AST_ELLIPSIS) return *list;
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
    if (o.kind == OBJECT_TENSOR) return index_tensor(l, o.as.tensor, indices, span);
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
