/* Dimensions as i64 values of the function at hand, computed once, at its entry, from the
 * variables.
 *
 * Where the body is checked (entry.c) every step says whether it overflowed, and a divisor of 0 or
 * less counts as that; elsewhere the same numbers have been checked before the model runs. No
 * division can trap in either. */
#include "backend/codegen/emitter.h"

void dims_begin(Emitter *e) {
    e->stamp++;
}

static LLVMValueRef either(Emitter *e, LLVMValueRef a, LLVMValueRef b) {
    return LLVMBuildOr(e->builder, a, b, "");
}

static LLVMValueRef checked(Emitter *e, const char *intrinsic, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef pair = build_intrinsic(e, intrinsic, e->types.i64, 2, (LLVMValueRef[]){a, b});
    LLVMValueRef bad = LLVMBuildExtractValue(e->builder, pair, 1, "");
    e->body.overflowed = either(e, e->body.overflowed, bad);
    return LLVMBuildExtractValue(e->builder, pair, 0, "");
}

/* Sum and product may be asked for anywhere in a body that is checked: it has one block. */
LLVMValueRef dim_sum(Emitter *e, LLVMValueRef a, LLVMValueRef b) {
    if (e->body.overflowed == NULL) return LLVMBuildAdd(e->builder, a, b, "");
    return checked(e, "llvm.sadd.with.overflow", a, b);
}

LLVMValueRef dim_multiply(Emitter *e, LLVMValueRef a, LLVMValueRef b) {
    if (e->body.overflowed == NULL) return LLVMBuildMul(e->builder, a, b, "");
    return checked(e, "llvm.smul.with.overflow", a, b);
}

/* floor(a / b) for b > 0; 0 for others, which are refused before. */
static LLVMValueRef floor_quotient(Emitter *e, LLVMValueRef a, LLVMValueRef b) {
    LLVMBuilderRef to = e->builder;
    LLVMValueRef zero = const_i64(e, 0);
    LLVMValueRef bad = LLVMBuildICmp(to, LLVMIntSLE, b, zero, "");
    if (e->body.overflowed != NULL) e->body.overflowed = either(e, e->body.overflowed, bad);
    LLVMValueRef divisor = LLVMBuildSelect(to, bad, const_i64(e, 1), b, "");
    LLVMValueRef quotient = LLVMBuildSDiv(to, a, divisor, "");
    LLVMValueRef rest = LLVMBuildSRem(to, a, divisor, "");
    LLVMValueRef below = LLVMBuildICmp(to, LLVMIntSLT, rest, zero, "");
    return LLVMBuildAdd(to, quotient, LLVMBuildSExt(to, below, e->types.i64, ""), "");
}

static LLVMValueRef compute(Emitter *e, DimId d);

static LLVMValueRef atom_value(Emitter *e, uint32_t number) {
    DimAtom atom = dim_atom(e->graph->dims, number);
    switch (atom.kind) {
    case DIM_ATOM_VARIABLE: {
        LLVMValueRef index = const_i64(e, atom.variable);
        LLVMValueRef at = LLVMBuildInBoundsGEP2(e->builder, e->types.i64, e->body.variables, &index,
                                                1, "");
        return LLVMBuildLoad2(e->builder, e->types.i64, at, "variable");
    }
    case DIM_ATOM_FLOOR_DIV: {
        LLVMValueRef a = compute(e, atom.a);
        return floor_quotient(e, a, compute(e, atom.b));
    }
    case DIM_ATOM_MAXIMUM: {
        LLVMValueRef pair[2] = {compute(e, atom.a), NULL};
        pair[1] = compute(e, atom.b);
        return build_intrinsic(e, "llvm.smax", e->types.i64, 2, pair);
    }
    }
    return NULL;
}

static LLVMValueRef polynomial(Emitter *e, DimId d) {
    DimTable *t = e->graph->dims;
    LLVMValueRef sum = const_i64(e, 0);
    for (uint32_t i = 0; i < dim_term_count(t, d); i++) {
        DimTerm term = dim_term(t, d, i);
        LLVMValueRef product = term.coefficient == 1 ? NULL : const_i64(e, term.coefficient);
        for (uint32_t k = 0; k < term.atom_count; k++) {
            LLVMValueRef atom = atom_value(e, term.atoms[k]);
            product = product == NULL ? atom : dim_multiply(e, product, atom);
        }
        if (product == NULL) product = const_i64(e, 1);
        sum = i == 0 ? product : dim_sum(e, sum, product);
    }
    return sum;
}

/* At the builder's place, which is the entry block. */
static LLVMValueRef compute(Emitter *e, DimId d) {
    int64_t constant;
    if (dim_is_constant(e->graph->dims, d, &constant)) return const_i64(e, constant);
    while (e->dims.count <= d.id) vec_push(&e->cx->scratch, &e->dims, (DimSlot){0});
    if (e->dims.data[d.id].stamp == e->stamp) return e->dims.data[d.id].value;
    LLVMValueRef value = polynomial(e, d);
    e->dims.data[d.id] = (DimSlot){.stamp = e->stamp, .value = value};
    return value;
}

LLVMValueRef dim_value(Emitter *e, DimId d) {
    LLVMBasicBlockRef back = entry_enter(e);
    LLVMValueRef value = compute(e, d);
    entry_leave(e, back);
    return value;
}

LLVMValueRef dim_elements(Emitter *e, Value v) {
    Shape shape = ir_shape(e->graph, v);
    LLVMBasicBlockRef back = entry_enter(e);
    LLVMValueRef count = const_i64(e, 1);
    for (uint8_t d = 0; d < shape.rank; d++) {
        LLVMValueRef size = compute(e, shape.dims[d]);
        count = d == 0 ? size : dim_multiply(e, count, size);
    }
    entry_leave(e, back);
    return count;
}
