/* LLVM functions for operations, one for all that are alike:
 *
 *     internal [i32] @<operator>_<number>(call, variables, first guard, result, operands...)
 *
 * It writes the result from the operands; a check of a contract has no result. With guards it
 * returns 1 when the model is to stop. Where the loops can be vectorised they come as two
 * functions: the fast one of GUARD_MODE_FLAG, and for what it finds broken the slow one of
 * GUARD_MODE_TRIP, which is never optimised: it must only be right, and costs little to compile. */
#include "backend/codegen/emitter.h"

#include <stdio.h>

static bool has_result(const Emitter *e, Value v) {
    return op_info[ir_node(e->graph, v)->op].form != FORM_SPECIAL;
}

static bool has_guards(const Emitter *e, Value v) {
    for (uint32_t i = e->first_site[v.id]; i < e->first_site[v.id + 1]; i++) {
        if (e->guard_numbers[i] != NO_GUARD) return true;
    }
    return false;
}

static void add_attributes(Emitter *e, LLVMValueRef function, unsigned count, bool writes) {
    function_attribute(e, function, "nounwind");
    function_attribute(e, function, "noinline");
    for (unsigned i = PARAMETER_VARIABLES; i < count; i++) {
        if (i == PARAMETER_FIRST_GUARD) continue;
        parameter_attribute(e, function, i, "noalias");
        parameter_attribute(e, function, i, "nocapture");
        if (i != PARAMETER_RESULT || !writes) parameter_attribute(e, function, i, "readonly");
    }
}

static LLVMValueRef declare(Emitter *e, Value v, bool guarded, const char *suffix) {
    const Node *node = ir_node(e->graph, v);
    unsigned count = PARAMETER_RESULT + 1 + (has_result(e, v) ? node->operand_count : 0);
    LLVMTypeRef *parameters = ARENA_ARRAY(&e->cx->scratch, LLVMTypeRef, count);
    for (unsigned i = 0; i < count; i++) parameters[i] = e->types.pointer;
    parameters[PARAMETER_FIRST_GUARD] = e->types.i32;
    LLVMTypeRef returned = guarded ? e->types.i32 : e->types.nothing;
    LLVMTypeRef type = LLVMFunctionType(returned, parameters, count, false);
    char name[64];
    snprintf(name, sizeof name, "%s_%u%s", op_info[node->op].spelling, v.id, suffix);
    LLVMValueRef function = LLVMAddFunction(e->module, name, type);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    add_attributes(e, function, count, has_result(e, v));
    return function;
}

static void open_node(Emitter *e, Value v, LLVMValueRef function, GuardMode mode) {
    body_open(e, function);
    e->body.call = LLVMGetParam(function, PARAMETER_CALL);
    e->body.variables = LLVMGetParam(function, PARAMETER_VARIABLES);
    e->body.first_guard = LLVMGetParam(function, PARAMETER_FIRST_GUARD);
    e->body.number = guard_first(e, v);
    e->body.mode = mode;
}

static void write_body(Emitter *e, Value v, LLVMValueRef function) {
    if (!has_result(e, v)) {
        contract_emit(e, v, LLVMGetParam(function, PARAMETER_RESULT)); /* what it is about */
        return;
    }
    uint32_t count = ir_node(e->graph, v)->operand_count;
    LLVMValueRef *operands = ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++) {
        operands[i] = LLVMGetParam(function, PARAMETER_RESULT + 1 + i);
    }
    Nest *nest = ARENA_NEW(&e->cx->scratch, Nest);
    if (op_info[ir_node(e->graph, v)->op].form == FORM_LIBRARY) {
        library_emit(e, v, LLVMGetParam(function, PARAMETER_RESULT), operands[0]);
        return;
    }
    uint32_t nests = nest_count(e->graph, v);
    for (uint32_t i = 0; i < nests; i++) {
        nest_make(e->graph, v, i, nest);
        nest_emit(e, v, nest, LLVMGetParam(function, PARAMETER_RESULT), operands);
    }
}

/* Whether a formula is instructions alone, without calls. */
static bool is_simple(const Scalar *s) {
    if (s == NULL || s->kind != SCALAR_APPLY) return true;
    if (primitive_calls_library((Primitive)s->index)) return false;
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        if (!is_simple(s->args[i])) return false;
    }
    return true;
}

/* Sums in strict order and calls keep a loop scalar; then a test that may leave it costs no more
 * than one that sets a flag. */
static bool can_be_vectorised(const Emitter *e, Value v) {
    const OpInfo *info = &op_info[ir_node(e->graph, v)->op];
    return info->form == FORM_SPECIAL || (info->form == FORM_EWISE && is_simple(info->body));
}

static void write_tripping(Emitter *e, Value v, LLVMValueRef function) {
    open_node(e, v, function, GUARD_MODE_TRIP);
    write_body(e, v, function);
    LLVMBuildRet(e->builder, const_i32(e, 0));
}

static LLVMValueRef write_slow(Emitter *e, Value v) {
    LLVMValueRef function = declare(e, v, true, "_trip");
    function_attribute(e, function, "cold");
    function_attribute(e, function, "optnone");
    write_tripping(e, v, function);
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

static void write_flagging(Emitter *e, Value v, LLVMValueRef function) {
    LLVMValueRef slow = write_slow(e, v);
    open_node(e, v, function, GUARD_MODE_FLAG);
    e->body.flag = entry_variable(e, e->types.i32, "broken");
    LLVMBuildStore(e->builder, const_i32(e, 0), e->body.flag);
    write_body(e, v, function);
    end_guarded(e, function, slow);
}

static void write_node(Emitter *e, Value v) {
    bool guarded = has_guards(e, v);
    if (!has_result(e, v) && !guarded) return;
    LLVMValueRef function = declare(e, v, guarded, "");
    e->node_functions[v.id] = function;
    if (!guarded) {
        open_node(e, v, function, GUARD_MODE_FLAG);
        write_body(e, v, function);
        LLVMBuildRetVoid(e->builder);
    } else if (can_be_vectorised(e, v)) {
        write_flagging(e, v, function);
    } else {
        write_tripping(e, v, function);
    }
}

void nodes_emit(Emitter *e) {
    uint32_t nodes = e->graph->nodes.count;
    Slots table = {0};
    e->node_functions = ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, nodes);
    for (uint32_t id = 1; id < nodes; id++) {
        Value v = {id};
        Op op = ir_node(e->graph, v)->op;
        bool checked = op == OP_EXTERN && has_guards(e, v); /* it is called by `run` itself */
        bool source = op_info[op].type == TYPE_SOURCE || op == OP_SCAN_STEP; /* by the loop */
        bool moves = plan_root(e, v).id == id || !has_result(e, v);
        if (!e->plan.live[id] || (source && !checked) || !moves) continue;
        Value twin = twin_find(e, &table, v);
        if (twin.id == id) write_node(e, v);
        e->node_functions[id] = e->node_functions[twin.id];
    }
}
