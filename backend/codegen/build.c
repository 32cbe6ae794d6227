/* Small words over the LLVM builder: constants, calls, the shape of functions and loops. */
#include "backend/codegen/emitter.h"

#include <assert.h>
#include <string.h>

LLVMValueRef const_i1(Emitter *e, bool value) {
    return LLVMConstInt(e->types.i1, value, false);
}

LLVMValueRef const_i32(Emitter *e, int64_t value) {
    return LLVMConstInt(e->types.i32, (uint64_t)value, true);
}

LLVMValueRef const_i64(Emitter *e, int64_t value) {
    return LLVMConstInt(e->types.i64, (uint64_t)value, true);
}

LLVMValueRef build_intrinsic(Emitter *e, const char *name, LLVMTypeRef overload, uint32_t count,
                             const LLVMValueRef *args) {
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    assert(id != 0);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(e->module, id, &overload, 1);
    LLVMTypeRef type = LLVMIntrinsicGetType(e->context, id, &overload, 1);
    LLVMValueRef list[4];
    assert(count <= 4);
    memcpy(list, args, count * sizeof *args);
    return LLVMBuildCall2(e->builder, type, function, list, count, "");
}

/* Those without a number, and `memory`, whose number 0 is "none". */
static void add_attribute(Emitter *e, LLVMValueRef function, LLVMAttributeIndex at,
                          const char *name) {
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    assert(kind != 0);
    LLVMAddAttributeAtIndex(function, at, LLVMCreateEnumAttribute(e->context, kind, 0));
}

void function_attribute(Emitter *e, LLVMValueRef function, const char *name) {
    add_attribute(e, function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, name);
}

void parameter_attribute(Emitter *e, LLVMValueRef function, unsigned parameter, const char *name) {
    add_attribute(e, function, parameter + 1, name);
}

LLVMValueRef build_pure_call(Emitter *e, const char *name, LLVMTypeRef type, uint32_t count,
                             const LLVMValueRef *args) {
    LLVMTypeRef parameters[3] = {type, type, type};
    assert(count <= 3);
    LLVMTypeRef signature = LLVMFunctionType(type, parameters, count, false);
    LLVMValueRef function = LLVMGetNamedFunction(e->module, name);
    if (function == NULL) {
        function = LLVMAddFunction(e->module, name, signature);
        function_attribute(e, function, "nounwind");
        function_attribute(e, function, "willreturn");
        function_attribute(e, function, "memory");
    }
    LLVMValueRef list[3];
    memcpy(list, args, count * sizeof *args);
    return LLVMBuildCall2(e->builder, signature, function, list, count, "");
}

LLVMValueRef build_and(Emitter *e, LLVMValueRef a, LLVMValueRef b) {
    if (a == NULL) return b;
    return b == NULL ? a : LLVMBuildAnd(e->builder, a, b, "");
}

LLVMValueRef string_constant(Emitter *e, const char *text) {
    Name name = names_intern_text(&e->cx->names, text);
    while (e->strings.count <= name.id) vec_push(&e->cx->scratch, &e->strings, NULL);
    LLVMValueRef *known = &e->strings.data[name.id];
    if (*known != NULL) return *known;
    LLVMValueRef bytes = LLVMConstStringInContext2(e->context, text, strlen(text), false);
    LLVMValueRef global = LLVMAddGlobal(e->module, LLVMTypeOf(bytes), "text");
    LLVMSetInitializer(global, bytes);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
    LLVMSetAlignment(global, 1);
    *known = global;
    return global;
}

LLVMBasicBlockRef block(Emitter *e, const char *name) {
    return LLVMAppendBasicBlockInContext(e->context, e->body.function, name);
}

void branch_expect_first(Emitter *e, LLVMValueRef branch) {
    LLVMMetadataRef parts[3] = {
        LLVMMDStringInContext2(e->context, "branch_weights", strlen("branch_weights")),
        LLVMValueAsMetadata(const_i32(e, 1 << 20)), LLVMValueAsMetadata(const_i32(e, 1))};
    LLVMMetadataRef node = LLVMMDNodeInContext2(e->context, parts, 3);
    unsigned kind = LLVMGetMDKindIDInContext(e->context, "prof", strlen("prof"));
    LLVMSetMetadata(branch, kind, LLVMMetadataAsValue(e->context, node));
}

void body_open(Emitter *e, LLVMValueRef function) {
    e->body = (Body){.function = function};
    LLVMBasicBlockRef entry = block(e, "entry");
    LLVMBasicBlockRef start = block(e, "start");
    LLVMPositionBuilderAtEnd(e->builder, entry);
    e->body.entry_end = LLVMBuildBr(e->builder, start);
    LLVMPositionBuilderAtEnd(e->builder, start);
    dims_begin(e);
}

void body_open_checked(Emitter *e, LLVMValueRef function) {
    e->body = (Body){.function = function, .overflowed = const_i1(e, false)};
    LLVMPositionBuilderAtEnd(e->builder, block(e, "entry"));
    dims_begin(e);
}

LLVMBasicBlockRef entry_enter(Emitter *e) {
    LLVMBasicBlockRef back = LLVMGetInsertBlock(e->builder);
    if (e->body.entry_end != NULL) LLVMPositionBuilderBefore(e->builder, e->body.entry_end);
    return back;
}

void entry_leave(Emitter *e, LLVMBasicBlockRef back) {
    LLVMPositionBuilderAtEnd(e->builder, back);
}

LLVMValueRef entry_variable(Emitter *e, LLVMTypeRef type, const char *name) {
    LLVMBasicBlockRef back = entry_enter(e);
    LLVMValueRef variable = LLVMBuildAlloca(e->builder, type, name);
    entry_leave(e, back);
    return variable;
}

Loop loop_open(Emitter *e, LLVMValueRef extent) {
    Loop loop = {.header = block(e, "loop")};
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef inside = block(e, "body");
    loop.exit = block(e, "done");
    LLVMBuildBr(e->builder, loop.header);
    LLVMPositionBuilderAtEnd(e->builder, loop.header);
    loop.counter = LLVMBuildPhi(e->builder, e->types.i64, "i");
    LLVMValueRef zero = const_i64(e, 0);
    LLVMAddIncoming(loop.counter, &zero, &before, 1);
    LLVMValueRef more = LLVMBuildICmp(e->builder, LLVMIntSLT, loop.counter, extent, "");
    LLVMBuildCondBr(e->builder, more, inside, loop.exit);
    LLVMPositionBuilderAtEnd(e->builder, inside);
    return loop;
}

/* The counter is below an i64, so adding 1 does not wrap. */
void loop_close(Emitter *e, const Loop *loop) {
    LLVMValueRef next = LLVMBuildAdd(e->builder, loop->counter, const_i64(e, 1), "");
    if (LLVMIsAInstruction(next) != NULL) {
        LLVMSetNSW(next, true);
        LLVMSetNUW(next, true);
    }
    LLVMBasicBlockRef last = LLVMGetInsertBlock(e->builder);
    LLVMAddIncoming(loop->counter, &next, &last, 1);
    LLVMBuildBr(e->builder, loop->header);
    LLVMPositionBuilderAtEnd(e->builder, loop->exit);
}
