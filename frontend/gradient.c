/* grad(y, x): the arguments are checked here, the graph is made by ir/gradient.h. */
#include "frontend/lower_internal.h"
#include "ir/gradient.h"
#include "ir/shape.h"

/* A tensor of floats; VALUE_NONE after a report. */
static Value float_tensor(Lower *l, const Object *o, const char *what, Span span) {
    if (o->kind == OBJECT_POISON) return VALUE_NONE;
    if (o->kind != OBJECT_TENSOR) {
        fault_say(l, NNA1008, span, "`grad` takes %s, and this is %s", what,
                  object_describe(l, o));
        return VALUE_NONE;
    }
    Value v = o->as.tensor;
    if (dtype_is_float(ir_node(l->g, v)->dtype)) return v;
    Diag *d = fault(l, NNA2007, span, "%s is %s, and only floats have a gradient",
                    ir_describe(l->g, v), dtype_info[ir_node(l->g, v)->dtype].spelling);
    fault_emit(l, d);
    return VALUE_NONE;
}

static Value scalar_of(Lower *l, const Object *y, Span span) {
    Value v = float_tensor(l, y, "a scalar tensor first", span);
    if (ir_is_poison(v) || ir_shape(l->g, v).rank == 0) return v;
    Diag *d = fault(l, NNA2006, span, "the gradient of a tensor of %u dimension%s; `grad` takes a "
                    "scalar", ir_shape(l->g, v).rank, ir_shape(l->g, v).rank == 1 ? "" : "s");
    diag_primary(l->cx, d, "%s is %s%s", ir_describe(l->g, v),
                 dtype_info[ir_node(l->g, v)->dtype].spelling,
                 shape_text(l->g, ir_node(l->g, v)->shape));
    diag_help(l->cx, d, "sum it first: `grad(sum(y), x)`");
    fault_emit(l, d);
    return VALUE_NONE;
}

/* A parameter to which nothing flows back. Anything else has zeros, which may be meant. */
static void report_unreached(Lower *l, Value y, Value x, Span span) {
    if (ir_node(l->g, x)->op != OP_PARAM) return;
    Diag *d = fault(l, NNA4005, span, "no gradient of %s reaches %s: it is 0 everywhere",
                    ir_describe(l->g, y), ir_describe(l->g, x));
    diag_label(l->cx, d, ir_place(l->g, x, NULL), "the parameter");
    fault_emit(l, d);
}

Object call_grad(Lower *l, const Object *y, Span y_span, const Object *x, Span x_span, Span span) {
    bool several = x->kind == OBJECT_LIST || x->kind == OBJECT_TUPLE;
    const Object *items = several ? x->as.items : x;
    uint32_t count = several ? x->count : 1;
    Value from = scalar_of(l, y, y_span);
    Value *wrt = ARENA_ARRAY(&l->cx->scratch, Value, count);
    Value *out = ARENA_ARRAY(&l->cx->scratch, Value, count);
    bool *reached = ARENA_ARRAY(&l->cx->scratch, bool, count), good = !ir_is_poison(from);
    for (uint32_t i = 0; i < count; i++) {
        wrt[i] = float_tensor(l, &items[i], "a tensor, or a list of tensors, second", x_span);
        good = good && !ir_is_poison(wrt[i]);
    }
    if (!good) return POISON;
    gradient_build(l->g, from, count, wrt, origin_here(l, span), SEVERITY_ERROR, out, reached);
    Object *gradients = ARENA_ARRAY(&l->cx->module, Object, count);
    for (uint32_t i = 0; i < count; i++) {
        gradients[i] = object_tensor(out[i]);
        if (!reached[i] && !ir_is_poison(out[i])) report_unreached(l, from, wrt[i], x_span);
    }
    if (!several) return gradients[0];
    return (Object){.kind = OBJECT_TUPLE, .count = count, .as.items = gradients};
}
