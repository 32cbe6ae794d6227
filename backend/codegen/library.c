/* Rows of ir/ops/library.def: a call of the run-time support, named by the row and the element type
 * of its operand (backend/rt/nna_rt_order.c). */
#include "backend/codegen/emitter.h"

#include "ir/library.h"

#include <stdio.h>

enum { PARAMETERS = 6 };

static LLVMValueRef declare(Emitter *e, const char *name, LLVMTypeRef type) {
    LLVMValueRef function = LLVMGetNamedFunction(e->module, name);
    if (function != NULL) return function;
    function = LLVMAddFunction(e->module, name, type);
    function_attribute(e, function, "nounwind");
    function_attribute(e, function, "willreturn");
    for (unsigned i = 0; i < 2; i++) parameter_attribute(e, function, i, "nocapture");
    parameter_attribute(e, function, 0, "readonly");
    return function;
}

/* The number of elements in the dimensions [from, to). */
static LLVMValueRef elements(Emitter *e, Shape shape, int64_t from, int64_t to) {
    LLVMValueRef product = const_i64(e, 1);
    for (int64_t d = from; d < to; d++) {
        product = dim_multiply(e, product, dim_value(e, shape.dims[d]));
    }
    return product;
}

void library_emit(Emitter *e, Value v, LLVMValueRef out, LLVMValueRef operand) {
    const Graph *g = e->graph;
    Value x = ir_operand(g, v, 0);
    Shape shape = ir_shape(g, x);
    int64_t axis = ir_attr(g, v, LIBRARY_AXIS)->as.integer;
    const Types *t = &e->types;
    LLVMTypeRef parameters[PARAMETERS] = {t->pointer, t->pointer, t->i64, t->i64, t->i64, t->i32};
    LLVMTypeRef type = LLVMFunctionType(t->nothing, parameters, PARAMETERS, false);
    char name[64];
    snprintf(name, sizeof name, "nna_rt_%s_%s", op_info[ir_node(g, v)->op].spelling,
             dtype_info[ir_node(g, x)->dtype].spelling);
    LLVMValueRef args[PARAMETERS] = {operand, out, elements(e, shape, 0, axis),
                                     dim_value(e, shape.dims[axis]),
                                     elements(e, shape, axis + 1, shape.rank),
                                     const_i32(e, ir_attr(g, v, LIBRARY_FLAG)->as.integer)};
    LLVMBuildCall2(e->builder, type, declare(e, name, type), args, PARAMETERS, "");
}
