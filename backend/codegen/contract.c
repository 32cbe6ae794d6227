/* Checks of GUARD and EXPECT nodes: a walk over the value, which stays where it is.
 *
 * Elements are judged as contract_allows does, sums along the axis of simplex and one-hot contracts
 * in f64 in order. The self-test replaces the element (operand 0) before either looks. */
#include "backend/codegen/emitter.h"

/* One of the values of a set, as the element type holds them. */
static LLVMValueRef is_member(Emitter *e, const Contract *c, DType t, LLVMValueRef x) {
    LLVMValueRef found = const_i1(e, false);
    for (uint32_t i = 0; i < c->value_count; i++) {
        LLVMValueRef member = number_constant(e, t, c->values[i]);
        LLVMValueRef same = dtype_is_float(t)
                                ? LLVMBuildFCmp(e->builder, LLVMRealOEQ, x, member, "")
                                : LLVMBuildICmp(e->builder, LLVMIntEQ, x, member, "");
        found = LLVMBuildOr(e->builder, found, same, "");
    }
    return found;
}

/* NULL: every value is allowed. */
static LLVMValueRef element_holds(Emitter *e, const Guard *guard, const Contract *c,
                                  LLVMValueRef x) {
    double low, high;
    guard_bounds(e, guard, &low, &high);
    switch (c->kind) {
    case CONTRACT_ANY: return NULL;
    case CONTRACT_SET: return is_member(e, c, guard->type, x);
    case CONTRACT_FINITE:
    case CONTRACT_INTERVAL:
    case CONTRACT_SIMPLEX: return guard_in_interval(e, guard->type, x, low, high);
    case CONTRACT_ONEHOT: {
        const double ends[2] = {0, 1};
        const Contract pair = {.kind = CONTRACT_SET, .value_count = 2, .values = ends};
        return is_member(e, &pair, guard->type, x);
    }
    }
    return NULL;
}

/* The element at a position, checked by itself. */
static LLVMValueRef checked_element(Emitter *e, int32_t number, const Contract *c,
                                    LLVMValueRef data, LLVMValueRef at) {
    const Guard *guard = &e->guards.data[number];
    LLVMValueRef x = number_load(e, guard->type, data, at);
    x = guard_operand(e, number, 0, guard->type, x);
    LLVMValueRef holds = element_holds(e, guard, c, x);
    LLVMValueRef as_double = number_as_double(e, guard->type, x);
    if (holds != NULL) guard_act(e, number, holds, at, 1, &as_double, as_double);
    return as_double;
}

static void check_elements(Emitter *e, int32_t number, const Contract *c, LLVMValueRef data) {
    Loop loop = loop_open(e, dim_elements(e, e->guards.data[number].value));
    checked_element(e, number, c, data, loop.counter);
    loop_close(e, &loop);
}

/* Product of the dimensions [from, to). */
static LLVMValueRef product(Emitter *e, Shape shape, uint8_t from, uint8_t to) {
    LLVMValueRef value = const_i64(e, 1);
    for (uint8_t d = from; d < to; d++) {
        value = LLVMBuildMul(e->builder, value, dim_value(e, shape.dims[d]), "");
    }
    return value;
}

static LLVMValueRef is_one(Emitter *e, LLVMValueRef sum) {
    LLVMTypeRef f64 = e->types.f64;
    LLVMValueRef off = LLVMBuildFSub(e->builder, sum, LLVMConstReal(f64, 1), "");
    LLVMValueRef size = build_intrinsic(e, "llvm.fabs", f64, 1, &off);
    return LLVMBuildFCmp(e->builder, LLVMRealOLE, size, LLVMConstReal(f64, 1e-3), "");
}

/* Rows along the axis: elements of a row are `inner` apart. */
static void check_rows(Emitter *e, int32_t number, const Contract *c, LLVMValueRef data) {
    LLVMBuilderRef b = e->builder;
    Shape shape = ir_shape(e->graph, e->guards.data[number].value);
    LLVMValueRef sum = entry_variable(e, e->types.f64, "sum");
    LLVMValueRef inner = product(e, shape, (uint8_t)(c->axis + 1), shape.rank);
    LLVMValueRef length = dim_value(e, shape.dims[c->axis]);
    Loop before = loop_open(e, product(e, shape, 0, c->axis));
    Loop after = loop_open(e, inner);
    LLVMValueRef row = LLVMBuildMul(b, before.counter, LLVMBuildMul(b, length, inner, ""), "");
    LLVMValueRef start = LLVMBuildAdd(b, row, after.counter, "");
    LLVMBuildStore(b, LLVMConstReal(e->types.f64, 0), sum);
    Loop along = loop_open(e, length);
    LLVMValueRef at = LLVMBuildAdd(b, start, LLVMBuildMul(b, along.counter, inner, ""), "");
    LLVMValueRef x = checked_element(e, number, c, data, at);
    LLVMValueRef so_far = LLVMBuildLoad2(b, e->types.f64, sum, "");
    LLVMBuildStore(b, LLVMBuildFAdd(b, so_far, x, ""), sum);
    loop_close(e, &along);
    LLVMValueRef total = LLVMBuildLoad2(b, e->types.f64, sum, "");
    guard_act(e, number, is_one(e, total), start, 0, NULL, total);
    loop_close(e, &after);
    loop_close(e, &before);
}

void contract_emit(Emitter *e, Value v, LLVMValueRef data) {
    int32_t number = guard_find(e, v, SITE_CONTRACT, NULL);
    if (number == NO_GUARD) return;
    Contract contract = ir_contract_of(e->graph, v);
    bool rows = contract.kind == CONTRACT_SIMPLEX || contract.kind == CONTRACT_ONEHOT;
    Shape shape = ir_shape(e->graph, v);
    if (rows && contract.axis < shape.rank) check_rows(e, number, &contract, data);
    else check_elements(e, number, &contract, data);
}
