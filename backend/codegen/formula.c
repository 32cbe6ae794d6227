/* Walk of an operator's formula, with a guard wherever one is wanted. The order is that of the
 * evaluator: arguments first, both branches of a selection, a shared subtree once. */
#include "backend/codegen/emitter.h"

#include <assert.h>

static double attribute_number(const Emitter *e, Value v, uint8_t index) {
    const Attr *a = ir_attr(e->graph, v, index);
    if (a->kind == ATTR_REAL) return a->as.real;
    if (a->kind == ATTR_NONE) return op_info[ir_node(e->graph, v)->op].attrs[index].number;
    assert(a->kind == ATTR_INTEGER || a->kind == ATTR_BOOLEAN || a->kind == ATTR_WORD ||
           a->kind == ATTR_AXIS);
    return (double)a->as.integer;
}

static DType result_type(const Emitter *e, const Formula *f, Primitive p, DType type) {
    switch (primitive_info[p].class) {
    case PRIMITIVE_CLASS_COMPARE:
    case PRIMITIVE_CLASS_TEST: return DTYPE_BOOL;
    case PRIMITIVE_CLASS_CAST: return ir_node(e->graph, f->node)->dtype;
    case PRIMITIVE_CLASS_FLOAT:
    case PRIMITIVE_CLASS_NUMBER:
    case PRIMITIVE_CLASS_LOGIC:
    case PRIMITIVE_CLASS_SELECT:
    case PRIMITIVE_CLASS_INDEX: break;
    }
    return type;
}

static Typed apply(Emitter *e, Formula *f, const Scalar *s) {
    Primitive p = (Primitive)s->index;
    int arity = primitive_info[p].arity;
    LLVMValueRef args[3] = {NULL, NULL, NULL};
    DType type = f->type, types[3] = {DTYPE_NONE, DTYPE_NONE, DTYPE_NONE};
    for (int i = 0; i < arity; i++) {
        Typed arg = formula_value(e, f, s->args[i]);
        args[i] = arg.value;
        types[i] = type = arg.dtype;
    }
    int32_t guard = guard_find(e, f->node, f->part, s);
    if (guard != NO_GUARD) {
        for (int i = 0; i < arity; i++) args[i] = guard_operand(e, guard, i, types[i], args[i]);
    }
    LLVMValueRef result = primitive_value(e, p, type, ir_node(e->graph, f->node)->dtype, args);
    if (guard != NO_GUARD) guard_primitive(e, guard, f->element, args, result);
    return (Typed){.value = result, .dtype = result_type(e, f, p, type)};
}

Typed formula_value(Emitter *e, Formula *f, const Scalar *s) {
    s = ir_taken(e->graph, f->node, s);
    switch (s->kind) {
    case SCALAR_INPUT: return f->inputs[s->index];
    case SCALAR_ATTRIBUTE: {
        double number = attribute_number(e, f->node, s->index);
        return (Typed){number_constant(e, f->type, number), f->type};
    }
    case SCALAR_CONSTANT: return (Typed){number_constant(e, f->type, s->value), f->type};
    case SCALAR_POSITION:
        return (Typed){number_from_i64(e, f->type, f->last[-(int)s->index]), f->type};
    case SCALAR_COUNT_OF: return (Typed){number_from_i64(e, f->type, f->count), f->type};
    case SCALAR_VOLUME: return (Typed){number_from_i64(e, f->type, f->volume), f->type};
    case SCALAR_APPLY: break;
    }
    for (uint32_t i = 0; i < f->done_count; i++) {
        if (f->done[i].at == s) return f->done[i].value;
    }
    Typed value = apply(e, f, s);
    assert(f->done_count < FORMULA_MAX);
    f->done[f->done_count].at = s;
    f->done[f->done_count++].value = value;
    return value;
}
