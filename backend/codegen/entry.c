/* What the run-time support calls (nna_rt.h): shapes, workspace and run.
 *
 * `workspace` evaluates every dimension of every value that is computed with checked arithmetic and
 * says -1 when a tensor's size in bytes does not fit i64; the run-time support calls it, and
 * `shapes`, before `run`, which computes the same numbers without checks. Both refuse variables
 * that break a rule of the graph. */
#include "backend/codegen/emitter.h"

#include "backend/rt/nna_rt.h"

#include <stddef.h>

enum { WORKSPACE_ALIGNMENT = 64, WIDEST_ELEMENT = 8 };

static LLVMValueRef add_function(Emitter *e, const char *name, LLVMTypeRef returned,
                                 unsigned parameters) {
    LLVMTypeRef types[2] = {e->types.pointer, e->types.pointer};
    LLVMTypeRef type = LLVMFunctionType(returned, types, parameters, false);
    LLVMValueRef function = LLVMAddFunction(e->module, name, type);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    function_attribute(e, function, "nounwind");
    return function;
}

/* A body whose parameter 0 is the array of variables, with checked arithmetic. */
static void open_checked(Emitter *e, LLVMValueRef function) {
    body_open_checked(e, function);
    e->body.variables = LLVMGetParam(function, 0);
}

static void refuse_if(Emitter *e, LLVMValueRef bad) {
    e->body.overflowed = LLVMBuildOr(e->builder, e->body.overflowed, bad, "");
}

/* The size of a value with elements of `width` bytes, rounded up to whole lines of the workspace.
 * Where the body is checked: its dimensions are not negative, and the size fits. */
static LLVMValueRef padded_bytes(Emitter *e, Value v, int width) {
    Shape shape = ir_shape(e->graph, v);
    LLVMValueRef bytes = const_i64(e, width);
    for (uint8_t d = 0; d < shape.rank; d++) {
        LLVMValueRef size = dim_value(e, shape.dims[d]);
        if (e->body.overflowed != NULL) {
            refuse_if(e, LLVMBuildICmp(e->builder, LLVMIntSLT, size, const_i64(e, 0), ""));
        }
        bytes = dim_multiply(e, bytes, size);
    }
    bytes = dim_sum(e, bytes, const_i64(e, WORKSPACE_ALIGNMENT - 1));
    return LLVMBuildAnd(e->builder, bytes, const_i64(e, -WORKSPACE_ALIGNMENT), "");
}

static LLVMValueRef slot_bytes(Emitter *e, uint32_t slot) {
    Value v = e->plan.slots.data[slot].first;
    return padded_bytes(e, v, dtype_info[ir_node(e->graph, v)->dtype].bytes);
}

/* What shapes took for granted of the variables: the status of the first rule that is broken, or
 * NNA_RT_SIZES_FIT. */
static LLVMValueRef check_rules(Emitter *e) {
    const Graph *g = e->graph;
    LLVMValueRef status = const_i32(e, NNA_RT_SIZES_FIT);
    for (uint32_t i = g->rules.count; i-- > 0;) {
        const DimRule *rule = &g->rules.data[i];
        LLVMValueRef a = dim_value(e, rule->a), b = dim_value(e, rule->b);
        LLVMIntPredicate predicate = rule->equal ? LLVMIntNE : LLVMIntSGT;
        LLVMValueRef broken = LLVMBuildICmp(e->builder, predicate, a, b, "");
        LLVMValueRef number = const_i32(e, (int64_t)NNA_RT_SIZES_BREAK + i);
        status = LLVMBuildSelect(e->builder, broken, number, status, "");
    }
    return status;
}

static void store_at(Emitter *e, LLVMValueRef base, uint32_t index, LLVMValueRef value) {
    LLVMValueRef number = const_i64(e, index);
    LLVMValueRef at = LLVMBuildInBoundsGEP2(e->builder, e->types.i64, base, &number, 1, "");
    LLVMBuildStore(e->builder, value, at);
}

static uint32_t store_dims(Emitter *e, Value v, LLVMValueRef dims, uint32_t next) {
    Shape shape = ir_shape(e->graph, v);
    padded_bytes(e, v, WIDEST_ELEMENT);
    for (uint8_t d = 0; d < shape.rank; d++) {
        store_at(e, dims, next++, dim_value(e, shape.dims[d]));
    }
    return next;
}

LLVMValueRef entry_shapes(Emitter *e) {
    const Graph *g = e->graph;
    LLVMValueRef function = add_function(e, "shapes", e->types.i32, 2);
    open_checked(e, function);
    LLVMValueRef rules = check_rules(e);
    LLVMValueRef dims = LLVMGetParam(function, 1);
    uint32_t next = 0;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        next = store_dims(e, g->inputs.data[i], dims, next);
    }
    for (uint32_t i = 0; i < g->results.count; i++) {
        next = store_dims(e, g->results.data[i].value, dims, next);
    }
    LLVMValueRef large = const_i32(e, NNA_RT_SIZES_OVERFLOW);
    LLVMBuildRet(e->builder, LLVMBuildSelect(e->builder, e->body.overflowed, large, rules, ""));
    return function;
}

/* Each shape is looked at once, with the widest elements. */
static void check_shapes(Emitter *e) {
    const Graph *g = e->graph;
    bool *seen = ARENA_ARRAY(&e->cx->scratch, bool, g->shapes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        uint32_t shape = ir_node(g, (Value){id})->shape.id;
        if (!e->plan.live[id] || seen[shape]) continue;
        seen[shape] = true;
        padded_bytes(e, (Value){id}, WIDEST_ELEMENT);
    }
}

LLVMValueRef entry_workspace(Emitter *e) {
    LLVMValueRef function = add_function(e, "workspace", e->types.i64, 1);
    open_checked(e, function);
    LLVMValueRef rules = check_rules(e), fit = const_i32(e, NNA_RT_SIZES_FIT);
    check_shapes(e);
    refuse_if(e, LLVMBuildICmp(e->builder, LLVMIntNE, rules, fit, ""));
    LLVMValueRef total = const_i64(e, 0);
    for (uint32_t i = 0; i < e->plan.slots.count; i++) {
        total = dim_sum(e, total, slot_bytes(e, i));
    }
    LLVMValueRef none = const_i64(e, -1);
    LLVMBuildRet(e->builder, LLVMBuildSelect(e->builder, e->body.overflowed, none, total, ""));
    return function;
}

/* ---- run */

typedef struct Memory {
    LLVMValueRef *input, *output, *slot; /* pointers; NULL until asked for */
    LLVMValueRef inputs, outputs, workspace;
} Memory;

static LLVMValueRef call_field(Emitter *e, size_t offset, const char *name) {
    LLVMValueRef index = const_i64(e, (int64_t)offset);
    LLVMValueRef at = LLVMBuildInBoundsGEP2(e->builder, e->types.i8, e->body.call, &index, 1, "");
    return LLVMBuildLoad2(e->builder, e->types.pointer, at, name);
}

/* Pointer number `index` of a list, loaded once, at the entry. */
static LLVMValueRef pointer_at(Emitter *e, LLVMValueRef list, LLVMValueRef *known, uint32_t index) {
    if (known[index] != NULL) return known[index];
    LLVMBasicBlockRef back = entry_enter(e);
    LLVMValueRef number = const_i64(e, index);
    LLVMValueRef at = LLVMBuildInBoundsGEP2(e->builder, e->types.pointer, list, &number, 1, "");
    known[index] = LLVMBuildLoad2(e->builder, e->types.pointer, at, "");
    entry_leave(e, back);
    return known[index];
}

LLVMValueRef entry_constant(Emitter *e, Value v) {
    LLVMValueRef *known = &e->constants[v.id];
    if (*known != NULL) return *known;
    const Data *data = ir_data(e->graph, v);
    LLVMValueRef bytes = LLVMConstStringInContext2(e->context, data->bytes, data->size, true);
    *known = LLVMAddGlobal(e->module, LLVMTypeOf(bytes), "numbers");
    LLVMSetInitializer(*known, bytes);
    LLVMSetGlobalConstant(*known, true);
    LLVMSetLinkage(*known, LLVMPrivateLinkage);
    LLVMSetUnnamedAddress(*known, LLVMGlobalUnnamedAddr);
    LLVMSetAlignment(*known, WORKSPACE_ALIGNMENT);
    return *known;
}

static LLVMValueRef memory_of(Emitter *e, Memory *m, Value v) {
    Value root = plan_root(e, v);
    Storage at = e->plan.storage[root.id];
    switch (at.kind) {
    case STORAGE_NONE: return LLVMConstNull(e->types.pointer);
    case STORAGE_INPUT: return pointer_at(e, m->inputs, m->input, at.index);
    case STORAGE_OUTPUT: return pointer_at(e, m->outputs, m->output, at.index);
    case STORAGE_CONSTANT: return entry_constant(e, root);
    case STORAGE_WORKSPACE: return m->slot[at.index];
    }
    return NULL;
}

static void place_slots(Emitter *e, Memory *m) {
    LLVMValueRef offset = const_i64(e, 0);
    for (uint32_t i = 0; i < e->plan.slots.count; i++) {
        m->slot[i] =
            LLVMBuildInBoundsGEP2(e->builder, e->types.i8, m->workspace, &offset, 1, "slot");
        offset = LLVMBuildAdd(e->builder, offset, slot_bytes(e, i), "");
    }
}

/* Calls the function of v; `first`, if not NULL, is where its first operand stands. */
static void call_function(Emitter *e, Memory *m, Value v, LLVMValueRef first) {
    LLVMValueRef function = e->node_functions[v.id];
    if (function == NULL) return;
    uint32_t operands = ir_node(e->graph, v)->operand_count, count = LLVMCountParams(function);
    LLVMValueRef *args = ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, count);
    args[PARAMETER_CALL] = e->body.call;
    args[PARAMETER_VARIABLES] = e->body.variables;
    args[PARAMETER_FIRST_GUARD] = const_i32(e, guard_first(e, v));
    args[PARAMETER_RESULT] = memory_of(e, m, v);
    for (uint32_t i = 0; i < operands && count > PARAMETER_RESULT + 1; i++) {
        bool given = i == 0 && first != NULL;
        LLVMValueRef at = given ? first : memory_of(e, m, ir_operand(e->graph, v, i));
        args[PARAMETER_RESULT + 1 + i] = at;
    }
    LLVMTypeRef type = LLVMGlobalGetValueType(function);
    LLVMValueRef stop = LLVMBuildCall2(e->builder, type, function, args, count, "");
    if (LLVMGetTypeKind(LLVMTypeOf(stop)) == LLVMVoidTypeKind) return;
    LLVMBasicBlockRef next = block(e, "next");
    if (e->body.stop == NULL) e->body.stop = block(e, "stop");
    LLVMValueRef goes_on = LLVMBuildICmp(e->builder, LLVMIntEQ, stop, const_i32(e, 0), "");
    branch_expect_first(e, LLVMBuildCondBr(e->builder, goes_on, next, e->body.stop));
    LLVMPositionBuilderAtEnd(e->builder, next);
}

/* Calls a C function, where the first of its results stands. */
static void call_extern(Emitter *e, Memory *m, Value v) {
    Value first;
    if (ir_node(e->graph, v)->op != OP_EXTERN || !e->plan.live[v.id]) return;
    uint32_t count = ir_extern_results(e->graph, v, &first);
    if (first.id != v.id) return;
    uint32_t operand_count = ir_node(e->graph, v)->operand_count;
    LLVMValueRef *operands = ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, operand_count);
    LLVMValueRef *results = ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, count);
    for (uint32_t i = 0; i < operand_count; i++) {
        operands[i] = memory_of(e, m, ir_operand(e->graph, v, i));
    }
    for (uint32_t i = 0; i < count; i++) results[i] = memory_of(e, m, (Value){v.id + i});
    extern_call(e, v, operands, results);
}

/* The number of the step is written down; in the first step each carry is copied from its init, in
 * the others from its final. */
static void begin_step(Emitter *e, Memory *m, const Region *r, LLVMValueRef step) {
    if (e->plan.live[r->first.id]) LLVMBuildStore(e->builder, step, memory_of(e, m, r->first));
    LLVMValueRef first = LLVMBuildICmp(e->builder, LLVMIntEQ, step, const_i64(e, 0), "");
    for (uint32_t k = 0; k < r->carry_count; k++) {
        Value carry = region_carry(r, k);
        if (!e->plan.live[carry.id]) continue;
        LLVMValueRef init = memory_of(e, m, ir_operand(e->graph, carry, 0));
        LLVMValueRef final = memory_of(e, m, region_final(r, k));
        call_function(e, m, carry, LLVMBuildSelect(e->builder, first, init, final, ""));
    }
}

/* The nodes [first, end); of a region all its steps. *region is the one that is reached next. */
static void call_nodes(Emitter *e, Memory *m, uint32_t first, uint32_t end, uint32_t *region) {
    const Graph *g = e->graph;
    for (uint32_t id = first; id < end;) {
        if (*region >= g->regions.count || g->regions.data[*region].first.id != id) {
            call_extern(e, m, (Value){id});
            call_function(e, m, (Value){id++}, NULL);
            continue;
        }
        const Region *r = &g->regions.data[(*region)++];
        Loop loop = loop_open(e, dim_value(e, r->trips));
        begin_step(e, m, r, loop.counter);
        call_nodes(e, m, region_item(r, 0).id, r->end, region);
        loop_close(e, &loop);
        id = r->end;
    }
}

static void copy_given(Emitter *e, Memory *m, uint32_t index) {
    Value v = e->plan.given[index];
    LLVMValueRef width = const_i64(e, dtype_info[ir_node(e->graph, v)->dtype].bytes);
    LLVMValueRef elements = dim_elements(e, v);
    LLVMValueRef bytes = LLVMBuildMul(e->builder, elements, width, "");
    LLVMValueRef to = pointer_at(e, m->outputs, m->output, index);
    LLVMBuildMemCpy(e->builder, to, 1, memory_of(e, m, v), 1, bytes);
}

LLVMValueRef entry_run(Emitter *e) {
    const Graph *g = e->graph;
    Arena *arena = &e->cx->scratch;
    LLVMValueRef function = add_function(e, "run", e->types.i32, 1);
    body_open(e, function);
    e->body.call = LLVMGetParam(function, 0);
    LLVMBasicBlockRef back = entry_enter(e);
    e->body.variables = call_field(e, offsetof(nna_rt_call, variables), "variables");
    Memory m = {.input = ARENA_ARRAY(arena, LLVMValueRef, g->inputs.count + g->updates.count),
                .output = ARENA_ARRAY(arena, LLVMValueRef, e->plan.given_count),
                .slot = ARENA_ARRAY(arena, LLVMValueRef, e->plan.slots.count),
                .inputs = call_field(e, offsetof(nna_rt_call, inputs), "inputs"),
                .outputs = call_field(e, offsetof(nna_rt_call, outputs), "outputs"),
                .workspace = call_field(e, offsetof(nna_rt_call, workspace), "workspace")};
    entry_leave(e, back);
    e->constants = ARENA_ARRAY(arena, LLVMValueRef, g->nodes.count);
    place_slots(e, &m);
    uint32_t region = 1;
    call_nodes(e, &m, 1, g->nodes.count, &region);
    for (uint32_t i = 0; i < e->plan.given_count; i++) {
        if (e->plan.copied[i]) copy_given(e, &m, i);
    }
    LLVMBuildRet(e->builder, const_i32(e, 0));
    if (e->body.stop != NULL) {
        LLVMPositionBuilderAtEnd(e->builder, e->body.stop);
        LLVMBuildRet(e->builder, const_i32(e, 1));
    }
    return function;
}
