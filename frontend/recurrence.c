/* `scan`: loops at run time, as regions of the graph (ir/ir.h). The body is expanded once, so that
 * what it brings along, parameters too, is made once.
 *
 * The region is whole whatever is wrong: a yield in error leaves its carry as it is. */
#include "frontend/lower_internal.h"

#include <string.h>

typedef struct Scan {
    Ast ast;
    Span span;
    AstRange names, carries;
    uint32_t source_count;
    const Object *sources;
    int64_t axis;
    Value *inits, *values; /* of the carries: before the loop, and in it */
    Value step;
} Scan;

static Ast slot(const Lower *l, const Scan *s, uint32_t which) {
    return ast_child(l->frame->file, s->ast, which);
}

/* What is scanned. */

static bool is_tensor(Lower *l, const Object *o, Span span) {
    if (o->kind == OBJECT_TENSOR || o->kind == OBJECT_POISON) return o->kind == OBJECT_TENSOR;
    Diag *d = fault(l, NNA1008, span, "`scan` runs over tensors, and this is %s",
                    object_describe(l, o));
    if (o->kind == OBJECT_LIST) diag_help(l->cx, d, "`for x in list` runs over a list");
    fault_emit(l, d);
    return false;
}

/* The tensors, which may also come as one tuple. */
static bool eval_sources(Lower *l, Scan *s) {
    AstRange list = ast_list(l->frame->file, slot(l, s, AST_SCAN_SOURCES), AST_LIST_ITEMS);
    Object *objects = ARENA_ARRAY(&l->cx->module, Object, list.count);
    for (uint32_t i = 0; i < list.count; i++) objects[i] = eval(l, list.items[i]);
    bool tuple = list.count == 1 && objects[0].kind == OBJECT_TUPLE;
    s->sources = tuple ? objects[0].as.items : objects;
    s->source_count = tuple ? objects[0].count : list.count;
    bool good = true;
    for (uint32_t i = 0; i < s->source_count; i++) {
        good = is_tensor(l, &s->sources[i], span_of(l, list.items[tuple ? 0 : i])) && good;
    }
    if (!good || s->names.count == s->source_count) return good;
    fault_say(l, NNA1007, span_of(l, slot(l, s, AST_SCAN_NAMES)),
              "%u name%s for %u scanned tensor%s", s->names.count,
              s->names.count == 1 ? "" : "s", s->source_count, s->source_count == 1 ? "" : "s");
    return false;
}

static bool eval_axis(Lower *l, Scan *s) {
    Ast ast = slot(l, s, AST_SCAN_AXIS);
    if (ast.id == 0) return true; /* the first */
    Object o = eval(l, ast);
    s->axis = o.kind == OBJECT_INTEGER ? o.as.integer : 0;
    if (o.kind == OBJECT_INTEGER || o.kind == OBJECT_POISON) return o.kind == OBJECT_INTEGER;
    fault_say(l, NNA1008, span_of(l, ast), "an axis is an integer, and this is %s",
              object_describe(l, &o));
    return false;
}

/* The axis of a tensor of `rank` dimensions, from 0; false after a report. */
static bool axis_in(Lower *l, const Scan *s, uint32_t rank, const char *what, Span span,
                    uint32_t *out) {
    int64_t at = s->axis < 0 ? s->axis + rank : s->axis;
    *out = (uint32_t)at;
    if (at >= 0 && at < rank) return true;
    Diag *d = fault(l, NNA2006, span, "axis %lld of %s, which has %u dimension%s",
                    (long long)s->axis, what, rank, rank == 1 ? "" : "s");
    fault_emit(l, d);
    return false;
}

/* Carries. */

/* The element type of a number that starts a carry: that of what is scanned, if it may. */
static DType number_type(const Lower *l, const Scan *s, const Object *o) {
    DType dtype = object_dtype(l, &s->sources[0]);
    if (o->kind == OBJECT_BOOL) return DTYPE_BOOL;
    if (o->kind == OBJECT_REAL) return dtype_is_float(dtype) ? dtype : DTYPE_F32;
    return dtype == DTYPE_BOOL ? DTYPE_F32 : dtype;
}

static bool eval_carries(Lower *l, Scan *s) {
    Ast carries = slot(l, s, AST_SCAN_CARRIES);
    if (carries.id != 0) s->carries = ast_list(l->frame->file, carries, AST_LIST_ITEMS);
    s->inits = ARENA_ARRAY(&l->cx->module, Value, s->carries.count);
    s->values = ARENA_ARRAY(&l->cx->module, Value, s->carries.count);
    bool good = true;
    for (uint32_t i = 0; i < s->carries.count; i++) {
        Ast value = ast_child(l->frame->file, s->carries.items[i], AST_CARRY_VALUE);
        Object o = eval(l, value);
        s->inits[i] = to_tensor(l, &o, number_type(l, s, &o), span_of(l, value));
        good = good && !ir_is_poison(s->inits[i]);
    }
    return good;
}

static Span name_span(const Lower *l, Ast ast) {
    return declared_name_span(l->cx, l->frame->file, ast);
}

/* The region. */

static bool open_region(Lower *l, Scan *s) {
    AstRange list = ast_list(l->frame->file, slot(l, s, AST_SCAN_SOURCES), AST_LIST_ITEMS);
    Ast axis = slot(l, s, AST_SCAN_AXIS);
    uint32_t *at = ARENA_ARRAY(&l->cx->scratch, uint32_t, s->source_count);
    bool good = true;
    for (uint32_t i = 0; i < s->source_count; i++) {
        Value x = s->sources[i].as.tensor;
        Span place = axis.id != 0 ? span_of(l, axis) : span_of(l, list.items[0]);
        good = axis_in(l, s, ir_shape(l->g, x).rank, ir_describe(l->g, x), place, &at[i]) && good;
    }
    if (!good) return false;
    DimId trips = ir_shape(l->g, s->sources[0].as.tensor).dims[at[0]];
    const Attr count[] = {attr_dims(l->g, 1, &trips)};
    s->step = build_op(l->g, OP_SCAN_STEP, 0, NULL, count, origin_here(l, s->span), NULL);
    if (ir_is_poison(s->step)) return false;
    for (uint32_t i = 0; i < s->carries.count; i++) {
        Ast carry = s->carries.items[i];
        s->values[i] = build_op(l->g, OP_SCAN_CARRY, 1, &s->inits[i], NULL,
                                origin_here(l, span_of(l, carry)), NULL);
        build_name(l->g, s->values[i], ast_name(l->frame->file, carry), name_span(l, carry));
        bind_name(l, ast_name(l->frame->file, carry), object_tensor(s->values[i]));
    }
    for (uint32_t i = 0; i < s->source_count; i++) {
        Ast name = s->names.items[i];
        const Value operands[] = {s->sources[i].as.tensor, s->step};
        const Attr along[] = {attr_integer(at[i])};
        Value item = build_op(l->g, OP_SCAN_ITEM, 2, operands, along,
                              origin_here(l, span_of(l, name)), NULL);
        build_name(l->g, item, ast_name(l->frame->file, name), span_of(l, name));
        bind_name(l, ast_name(l->frame->file, name), object_tensor(item));
    }
    return true;
}

/* What the body yields, and where each of it is written. */
typedef struct Yields {
    uint32_t count;
    const Object *objects;
    AstRange written;
    Span span;
} Yields;

static Span yield_span(const Lower *l, const Yields *y, uint32_t i) {
    return y->written.count == y->count ? span_of(l, y->written.items[i]) : y->span;
}

static bool run_steps(Lower *l, const Scan *s, Name bound, Object *out, Yields *y) {
    const File *file = l->frame->file;
    Path *outer = l->frame->path;
    Ast body = slot(l, s, AST_SCAN_BODY);
    l->frame->path = path_new(l, outer, bound, names_intern_text(&l->cx->names, "scan"), -1);
    bool ended = run_body(l, body, out);
    l->frame->path = outer;
    if (!ended || out->kind == OBJECT_POISON) return false;
    AstRange statements = ast_list(file, body, AST_BODY_STATEMENTS);
    Ast last = statements.items[statements.count - 1];
    y->span = span_of(l, last);
    y->written = ast_list(file, last, AST_RETURN_VALUES);
    y->count = out->kind == OBJECT_TUPLE ? out->count : 1;
    y->objects = out->kind == OBJECT_TUPLE ? out->as.items : out;
    if (y->count >= s->carries.count && y->count > 0) return true;
    fault_say(l, NNA1007, y->span, "this `scan` carries %u value%s, and its body yields %u",
              s->carries.count, s->carries.count == 1 ? "" : "s", y->count);
    return false;
}

/* A number has no element type by itself, and nothing is stacked of what has none. */
static Value stacked_tensor(Lower *l, const Object *o, Span span) {
    if (o->kind == OBJECT_TENSOR || o->kind == OBJECT_POISON) {
        return o->kind == OBJECT_TENSOR ? o->as.tensor : VALUE_NONE;
    }
    Diag *d = fault(l, NNA1008, span, "`scan` stacks tensors, and this is %s",
                    object_describe(l, o));
    if (object_is_number(o)) diag_help(l->cx, d, "`cast(x, f32)` makes a tensor of a number");
    fault_emit(l, d);
    return VALUE_NONE;
}

/* The tensors that are yielded, made before the region ends: its ends stand together. */
static Value *yielded_tensors(Lower *l, const Scan *s, const Yields *y) {
    Value *values = ARENA_ARRAY(&l->cx->scratch, Value, y->count);
    for (uint32_t i = 0; i < y->count; i++) {
        Span span = yield_span(l, y, i);
        bool carried = i < s->carries.count;
        values[i] = carried ? to_tensor(l, &y->objects[i], ir_node(l->g, s->values[i])->dtype, span)
                            : stacked_tensor(l, &y->objects[i], span);
    }
    return values;
}

static Object close_carry(Lower *l, const Scan *s, uint32_t i, Value next, Span span) {
    Value carry = s->values[i];
    OriginId origin = origin_here(l, span);
    const Value operands[] = {next, carry}, kept[] = {carry, carry};
    const Span places[] = {span, name_span(l, s->carries.items[i])};
    Value final = build_op(l->g, OP_SCAN_FINAL, 2, operands, NULL, origin,
                           l->frame->prelude ? NULL : places);
    if (ir_is_poison(final)) build_op(l->g, OP_SCAN_FINAL, 2, kept, NULL, origin, NULL);
    return object_tensor(final);
}

static Object close_stack(Lower *l, const Scan *s, Value y, Span span) {
    const Value operands[] = {y, s->step};
    uint32_t at = 0;
    if (ir_is_poison(y)) return POISON;
    if (!axis_in(l, s, ir_shape(l->g, y).rank + 1u, "what the steps yield together", span, &at)) {
        return POISON;
    }
    const Attr along[] = {attr_integer(at)};
    return object_tensor(
        build_op(l->g, OP_SCAN_STACK, 2, operands, along, origin_here(l, span), NULL));
}

/* Without yields every carry stays what it is. */
static Object close_region(Lower *l, const Scan *s, const Yields *y) {
    uint32_t carries = s->carries.count, count = y->count > carries ? y->count : carries;
    const Value *values = y->count == 0 ? s->values : yielded_tensors(l, s, y);
    Object *items = ARENA_ARRAY(&l->cx->module, Object, count);
    for (uint32_t i = 0; i < count; i++) {
        Span span = y->count == 0 ? s->span : yield_span(l, y, i);
        items[i] = i < carries ? close_carry(l, s, i, values[i], span)
                               : close_stack(l, s, values[i], span);
    }
    build_region_end(l->g, s->step);
    if (y->count == 0) return POISON;
    if (count == 1) return items[0];
    return (Object){.kind = OBJECT_TUPLE, .count = count, .as.items = items};
}

Object eval_scan(Lower *l, Ast ast, Name bound) {
    const File *file = l->frame->file;
    Scan s = {.ast = ast, .span = span_of(l, ast)};
    s.names = ast_list(file, slot(l, &s, AST_SCAN_NAMES), AST_PATTERN_NAMES);
    uint32_t bindings = l->bindings.count;
    lower_step(l, s.span);
    bool good = eval_sources(l, &s);
    good = eval_axis(l, &s) && good;
    if (!good || !eval_carries(l, &s) || !open_region(l, &s)) return POISON;
    Object out;
    Yields yields = {0};
    if (!run_steps(l, &s, bound, &out, &yields)) yields.count = 0;
    Object result = close_region(l, &s, &yields);
    unbind_to(l, bindings);
    return result;
}
