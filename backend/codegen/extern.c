/* Calls of C functions: `extern` nodes, in the function that runs the model. */
#include "backend/codegen/emitter.h"

#include <string.h>

enum { MORE_PARAMETERS = 2 }; /* a letter may stand for two: `e` */

static LLVMTypeRef type_of_letter(Emitter *e, char letter) {
    switch (letter) {
    case 't':
    case 'n':
    case 'r': return e->types.pointer;
    case 'f': return e->types.f64;
    default: return e->types.i64;
    }
}

static LLVMTypeRef type_of_order(Emitter *e, const char *order) {
    LLVMTypeRef *types = ARENA_ARRAY(&e->cx->scratch, LLVMTypeRef, MORE_PARAMETERS * strlen(order));
    unsigned count = 0;
    for (; *order != '\0'; order++) {
        types[count++] = type_of_letter(e, *order);
        if (*order == 'e') types[count++] = e->types.pointer;
    }
    return LLVMFunctionType(e->types.nothing, types, count, false);
}

static const char *name_attr(const Emitter *e, Value v, const char *attr) {
    uint32_t at = (uint32_t)op_attr(OP_EXTERN, attr);
    return names_text(&e->cx->names, ir_attr(e->graph, v, at)->as.name);
}

/* Before any other function: a symbol must get the name that it has. */
bool externs_declare(Emitter *e) {
    for (uint32_t id = 1; id < e->graph->nodes.count; id++) {
        Value v = {id};
        if (ir_node(e->graph, v)->op != OP_EXTERN || !e->plan.live[id]) continue;
        const char *symbol = name_attr(e, v, "symbol"), *order = name_attr(e, v, "order");
        LLVMValueRef known = LLVMGetNamedFunction(e->module, symbol);
        if (known == NULL) {
            LLVMAddFunction(e->module, symbol, type_of_order(e, order));
        } else if (LLVMGlobalGetValueType(known) != type_of_order(e, order)) {
            return emitter_refuse(e, "`%s` is declared in two ways", symbol);
        }
    }
    return true;
}

/* The number of a scalar constant, as LLVM has it. */
static LLVMValueRef constant_argument(Emitter *e, Value v) {
    const Data *data = ir_data(e->graph, v);
    double real;
    int64_t integer;
    if (ir_node(e->graph, v)->dtype == DTYPE_F64) {
        memcpy(&real, data->bytes, sizeof real);
        return LLVMConstReal(e->types.f64, real);
    }
    memcpy(&integer, data->bytes, sizeof integer);
    return const_i64(e, integer);
}

/* An array of the sizes that `...` stands for. */
static LLVMValueRef rest_array(Emitter *e, const Attr *rest) {
    if (rest->count == 0) return LLVMConstNull(e->types.pointer);
    LLVMTypeRef type = LLVMArrayType2(e->types.i64, rest->count);
    LLVMValueRef array = entry_variable(e, type, "rest");
    for (uint32_t i = 0; i < rest->count; i++) {
        LLVMValueRef index = const_i64(e, i);
        LLVMValueRef at = LLVMBuildInBoundsGEP2(e->builder, e->types.i64, array, &index, 1, "");
        LLVMBuildStore(e->builder, dim_value(e, rest->as.dims[i]), at);
    }
    return array;
}

void extern_call(Emitter *e, Value v, const LLVMValueRef *operands, const LLVMValueRef *results) {
    const Graph *g = e->graph;
    const char *order = name_attr(e, v, "order");
    const Attr *sizes = ir_attr(g, v, (uint32_t)op_attr(OP_EXTERN, "sizes"));
    const Attr *rest = ir_attr(g, v, (uint32_t)op_attr(OP_EXTERN, "rest"));
    LLVMValueRef *args =
        ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, MORE_PARAMETERS * strlen(order));
    uint32_t count = 0, operand = 0, size = 0, result = 0;
    for (; *order != '\0'; order++) {
        switch (*order) {
        case 't': args[count++] = operands[operand++]; break;
        case 'n': args[count++] = LLVMConstNull(e->types.pointer); break;
        case 'i':
        case 'f': args[count++] = constant_argument(e, ir_operand(g, v, operand++)); break;
        case 'd': args[count++] = dim_value(e, sizes->as.dims[size++]); break;
        case 'r': args[count++] = results[result++]; break;
        case 'e':
            args[count++] = const_i64(e, rest->count);
            args[count++] = rest_array(e, rest);
            break;
        }
    }
    LLVMValueRef function = LLVMGetNamedFunction(e->module, name_attr(e, v, "symbol"));
    LLVMTypeRef type = LLVMGlobalGetValueType(function);
    LLVMBuildCall2(e->builder, type, function, args, count, "");
}
