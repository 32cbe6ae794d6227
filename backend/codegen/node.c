/* One LLVM function for each operation, so that compile time is linear in the graph:
 *
 *     internal [i32] @<operator>_<number>(call, variables, result, operands...)
 *
 * It writes the result from the operands; a check of a contract has no result. With guards it
 * returns 1 when the model is to stop, and comes as two functions: the fast one of GUARD_MODE_FLAG,
 * and for what it finds broken the slow one of GUARD_MODE_TRIP, which is never optimised (it must
 * only be right, and costs little to compile). */
#include "backend/codegen/emitter.h"

#include <stdio.h>

enum { NODE_MAX_PARAMETERS = 3 };

static bool has_result(const Emitter *e, Value v) {
    return op_info[ir_node(e->graph, v)->op].form != FORM_SPECIAL;
}

static bool has_guards(const Emitter *e, Value v) {
    for (uint32_t i = e->first_site[v.id]; i < e->first_site[v.id + 1]; i++) {
        if (e->guard_numbers[i] != NO_GUARD) return true;
    }
    return false;
}

static void add_attributes(Emitter *e, LLVMValueRef function, unsigned parameters, unsigned result) {
    function_attribute(e, function, "nounwind");
    function_attribute(e, function, "noinline");
    for (unsigned i = 1; i < parameters; i++) {
        parameter_attribute(e, function, i, "noalias");
        parameter_attribute(e, function, i, "nocapture");
        if (i != result) parameter_attribute(e, function, i, "readonly");
    }
}

static LLVMValueRef declare(Emitter *e, Value v, bool guarded, const char *suffix) {
    const Node *node = ir_node(e->graph, v);
    unsigned count = 2u + has_result(e, v) + node->operand_count;
    LLVMTypeRef *parameters = ARENA_ARRAY(&e->cx->scratch, LLVMTypeRef, count);
    for (unsigned i = 0; i < count; i++) parameters[i] = e->types.pointer;
    LLVMTypeRef returned = guarded ? e->types.i32 : e->types.nothing;
    LLVMTypeRef type = LLVMFunctionType(returned, parameters, count, false);
    char name[64];
    snprintf(name, sizeof name, "%s_%u%s", op_info[node->op].spelling, v.id, suffix);
    LLVMValueRef function = LLVMAddFunction(e->module, name, type);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    add_attributes(e, function, count, has_result(e, v) ? 2 : 0);
    return function;
}

static void open_node(Emitter *e, LLVMValueRef function, GuardMode mode) {
    body_open(e, function);
    e->body.call = LLVMGetParam(function, 0);
    e->body.variables = LLVMGetParam(function, 1);
    e->body.mode = mode;
}

static void write_body(Emitter *e, Value v, LLVMValueRef function) {
    if (!has_result(e, v)) {
        contract_emit(e, v, LLVMGetParam(function, 2));
        return;
    }
    uint32_t count = ir_node(e->graph, v)->operand_count;
    LLVMValueRef *operands = ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++) operands[i] = LLVMGetParam(function, 3 + i);
    Nest *nest = ARENA_NEW(&e->cx->scratch, Nest);
    uint32_t nests = nest_count(e->graph, v);
    for (uint32_t i = 0; i < nests; i++) {
        nest_make(e->graph, v, i, nest);
        nest_emit(e, v, nest, LLVMGetParam(function, 2), operands);
    }
}

static LLVMValueRef write_slow(Emitter *e, Value v) {
    LLVMValueRef function = declare(e, v, true, "_trip");
    function_attribute(e, function, "cold");
    function_attribute(e, function, "optnone");
    open_node(e, function, GUARD_MODE_TRIP);
    write_body(e, v, function);
    LLVMBuildRet(e->builder, const_i32(e, 0));
    return function;
}

/* Calls the slow function with the same arguments if the flag is set. */
static void end_guarded(Emitter *e, LLVMValueRef function, LLVMValueRef slow) {
    LLVMBuilderRef b = e->builder;
    unsigned count = LLVMCountParams(function);
    LLVMValueRef *args = ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, count);
    LLVMGetParams(function, args);
    LLVMBasicBlockRef broken = block(e, "broken"), fine = block(e, "fine");
    LLVMValueRef flag = LLVMBuildLoad2(b, e->types.i32, e->body.flag, "");
    LLVMValueRef held = LLVMBuildICmp(b, LLVMIntEQ, flag, const_i32(e, 0), "");
    branch_expect_first(e, LLVMBuildCondBr(b, held, fine, broken));
    LLVMPositionBuilderAtEnd(b, fine);
    LLVMBuildRet(b, const_i32(e, 0));
    LLVMPositionBuilderAtEnd(b, broken);
    LLVMTypeRef type = LLVMGlobalGetValueType(slow);
    LLVMBuildRet(b, LLVMBuildCall2(b, type, slow, args, count, ""));
}

static void write_node(Emitter *e, Value v) {
    bool guarded = has_guards(e, v);
    if (!has_result(e, v) && !guarded) return;
    LLVMValueRef slow = guarded ? write_slow(e, v) : NULL;
    LLVMValueRef function = declare(e, v, guarded, "");
    e->node_functions[v.id] = function;
    open_node(e, function, GUARD_MODE_FLAG);
    if (guarded) {
        e->body.flag = entry_variable(e, e->types.i32, "broken");
        LLVMBuildStore(e->builder, const_i32(e, 0), e->body.flag);
    }
    write_body(e, v, function);
    if (guarded) end_guarded(e, function, slow);
    else LLVMBuildRetVoid(e->builder);
}

void nodes_emit(Emitter *e) {
    uint32_t nodes = e->graph->nodes.count;
    e->node_functions = ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, nodes);
    for (uint32_t id = 1; id < nodes; id++) {
        Value v = {id};
        bool source = op_info[ir_node(e->graph, v)->op].type == TYPE_SOURCE;
        bool moves = plan_root(e, v).id == id || !has_result(e, v);
        if (e->plan.live[id] && !source && moves) write_node(e, v);
    }
}
