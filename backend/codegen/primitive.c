/* One function for each scalar primitive, found by its name: emit_<ID>. A primitive without one
 * does not compile.
 *
 * They give what eval_primitive gives, bit for bit: f32 and f64 by instructions or by the functions
 * of ir/scalar_math.h in the run-time support; f16 and bf16 in f32, rounded once at the end. */
#include "backend/codegen/emitter.h"

#include "ir/scalar_math.h"

#include <stdio.h>
#include <string.h>

typedef LLVMValueRef EmitPrimitive(Emitter *e, DType type, DType to, const LLVMValueRef *x);

#define EMIT(id)                                                                                   \
    static LLVMValueRef emit_##id(Emitter *e, DType type, DType to, const LLVMValueRef *x)
#define UNUSED_TYPES (void)type, (void)to

static LLVMValueRef zero_like(LLVMValueRef x) {
    return LLVMConstNull(LLVMTypeOf(x));
}

/* A function of the floating-point intrinsics. */
static LLVMValueRef intrinsic_of(Emitter *e, const char *name, uint32_t count,
                                 const LLVMValueRef *x) {
    return build_intrinsic(e, name, LLVMTypeOf(x[0]), count, x);
}

static LLVMValueRef library(Emitter *e, const char *name, DType type, uint32_t count,
                            const LLVMValueRef *x) {
    char symbol[32];
    snprintf(symbol, sizeof symbol, "nna_rt_%s_%s", name, type == DTYPE_F64 ? "f64" : "f32");
    return build_pure_call(e, symbol, number_type(e, type), count, x);
}

/* ---- one operand */

EMIT(NEG) {
    UNUSED_TYPES;
    return dtype_is_float(type) ? LLVMBuildFNeg(e->builder, x[0], "")
                                : LLVMBuildNeg(e->builder, x[0], "");
}

EMIT(ABS) {
    UNUSED_TYPES;
    if (dtype_is_float(type)) return intrinsic_of(e, "llvm.fabs", 1, x);
    if (dtype_is_unsigned(type)) return x[0];
    return intrinsic_of(e, "llvm.abs", 2, (LLVMValueRef[]){x[0], const_i1(e, false)});
}

/* (x > 0) - (x < 0); NaN stays NaN, and the sign of -0 is +0. */
EMIT(SIGN) {
    UNUSED_TYPES;
    LLVMBuilderRef b = e->builder;
    LLVMTypeRef whole = dtype_is_float(type) ? e->types.i32 : number_type(e, type);
    LLVMValueRef zero = zero_like(x[0]), above, below;
    if (dtype_is_float(type)) {
        above = LLVMBuildFCmp(b, LLVMRealOGT, x[0], zero, "");
        below = LLVMBuildFCmp(b, LLVMRealOLT, x[0], zero, "");
    } else {
        bool is_unsigned = dtype_is_unsigned(type);
        above = LLVMBuildICmp(b, is_unsigned ? LLVMIntUGT : LLVMIntSGT, x[0], zero, "");
        below = LLVMBuildICmp(b, is_unsigned ? LLVMIntULT : LLVMIntSLT, x[0], zero, "");
    }
    LLVMValueRef sign = LLVMBuildSub(b, LLVMBuildZExt(b, above, whole, ""),
                                     LLVMBuildZExt(b, below, whole, ""), "");
    if (!dtype_is_float(type)) return sign;
    LLVMValueRef real = LLVMBuildSIToFP(b, sign, LLVMTypeOf(x[0]), "");
    return LLVMBuildSelect(b, guard_is_nan(e, x[0]), x[0], real, "");
}

#define EMIT_INTRINSIC(id, name, arity)                                                            \
    EMIT(id) {                                                                                     \
        UNUSED_TYPES;                                                                              \
        return intrinsic_of(e, name, arity, x);                                                    \
    }
#define EMIT_LIBRARY(id, name, arity)                                                              \
    EMIT(id) {                                                                                     \
        UNUSED_TYPES;                                                                              \
        return library(e, #name, type, arity, x);                                                  \
    }
EMIT_INTRINSIC(FLOOR, "llvm.floor", 1)
EMIT_INTRINSIC(CEIL, "llvm.ceil", 1)
EMIT_INTRINSIC(ROUND, "llvm.rint", 1)
EMIT_INTRINSIC(SQRT, "llvm.sqrt", 1)
EMIT_LIBRARY(EXP, exp, 1)
EMIT_LIBRARY(EXP2, exp2, 1)
EMIT_LIBRARY(EXPM1, expm1, 1)
EMIT_LIBRARY(LOG, log, 1)
EMIT_LIBRARY(LOG2, log2, 1)
EMIT_LIBRARY(LOG10, log10, 1)
EMIT_LIBRARY(LOG1P, log1p, 1)
EMIT_LIBRARY(SIN, sin, 1)
EMIT_LIBRARY(COS, cos, 1)
EMIT_LIBRARY(TAN, tan, 1)
EMIT_LIBRARY(ASIN, asin, 1)
EMIT_LIBRARY(ACOS, acos, 1)
EMIT_LIBRARY(ATAN, atan, 1)
EMIT_LIBRARY(SINH, sinh, 1)
EMIT_LIBRARY(COSH, cosh, 1)
EMIT_LIBRARY(ASINH, asinh, 1)
EMIT_LIBRARY(ACOSH, acosh, 1)
EMIT_LIBRARY(ATANH, atanh, 1)
EMIT_LIBRARY(ERF, erf, 1)
EMIT_LIBRARY(ERFINV, erfinv, 1)
EMIT_LIBRARY(LGAMMA, lgamma, 1)
EMIT_LIBRARY(DIGAMMA, digamma, 1)
EMIT_LIBRARY(TRIGAMMA, trigamma, 1)
EMIT_LIBRARY(TANH, tanh, 1)
EMIT_LIBRARY(SIGMOID, sigmoid, 1)
EMIT_LIBRARY(SOFTPLUS, softplus, 1)

/* ---- arithmetic */

#define EMIT_ARITHMETIC(id, real, whole)                                                           \
    EMIT(id) {                                                                                     \
        UNUSED_TYPES;                                                                              \
        return dtype_is_float(type) ? real(e->builder, x[0], x[1], "")                             \
                                    : whole(e->builder, x[0], x[1], "");                           \
    }
EMIT_ARITHMETIC(ADD, LLVMBuildFAdd, LLVMBuildAdd)
EMIT_ARITHMETIC(SUB, LLVMBuildFSub, LLVMBuildSub)
EMIT_ARITHMETIC(MUL, LLVMBuildFMul, LLVMBuildMul)

/* A divisor that the machine can take: neither 0 nor, of signed types, -1. *zero and *minus_one
 * (NULL of unsigned types) say what it stood for. */
static LLVMValueRef safe_divisor(Emitter *e, DType type, LLVMValueRef divisor, LLVMValueRef *zero,
                                 LLVMValueRef *minus_one) {
    LLVMBuilderRef b = e->builder;
    LLVMTypeRef whole = LLVMTypeOf(divisor);
    *zero = LLVMBuildICmp(b, LLVMIntEQ, divisor, LLVMConstNull(whole), "");
    *minus_one = NULL;
    LLVMValueRef replaced = *zero;
    if (!dtype_is_unsigned(type)) {
        *minus_one = LLVMBuildICmp(b, LLVMIntEQ, divisor, LLVMConstAllOnes(whole), "");
        replaced = LLVMBuildOr(b, *zero, *minus_one, "");
    }
    return LLVMBuildSelect(b, replaced, LLVMConstInt(whole, 1, false), divisor, "");
}

/* Of integers towards 0; x / 0 is 0, and what does not fit wraps. */
EMIT(DIV) {
    UNUSED_TYPES;
    LLVMBuilderRef b = e->builder;
    if (dtype_is_float(type)) return LLVMBuildFDiv(b, x[0], x[1], "");
    LLVMValueRef zero, minus_one, quotient;
    LLVMValueRef divisor = safe_divisor(e, type, x[1], &zero, &minus_one);
    if (minus_one == NULL) {
        quotient = LLVMBuildUDiv(b, x[0], divisor, "");
    } else {
        quotient = LLVMBuildSDiv(b, x[0], divisor, "");
        LLVMValueRef negated = LLVMBuildNeg(b, x[0], "");
        quotient = LLVMBuildSelect(b, minus_one, negated, quotient, "");
    }
    return LLVMBuildSelect(b, zero, zero_like(x[0]), quotient, "");
}

/* With the sign of the divisor; x mod 0 is 0 of integers. */
EMIT(MOD) {
    UNUSED_TYPES;
    LLVMBuilderRef b = e->builder;
    if (dtype_is_float(type)) return library(e, "mod", type, 2, x);
    LLVMValueRef zero, minus_one, none = zero_like(x[0]);
    LLVMValueRef divisor = safe_divisor(e, type, x[1], &zero, &minus_one);
    if (minus_one == NULL) {
        LLVMValueRef rest = LLVMBuildURem(b, x[0], divisor, "");
        return LLVMBuildSelect(b, zero, none, rest, "");
    }
    LLVMValueRef rest = LLVMBuildSRem(b, x[0], divisor, "");
    LLVMValueRef signs = LLVMBuildXor(b, rest, divisor, "");
    LLVMValueRef differ = LLVMBuildICmp(b, LLVMIntSLT, signs, none, "");
    LLVMValueRef some = LLVMBuildICmp(b, LLVMIntNE, rest, none, "");
    LLVMValueRef moved = LLVMBuildAdd(b, rest, divisor, "");
    rest = LLVMBuildSelect(b, LLVMBuildAnd(b, differ, some, ""), moved, rest, "");
    LLVMValueRef whole = LLVMBuildOr(b, zero, minus_one, "");
    return LLVMBuildSelect(b, whole, none, rest, "");
}

EMIT_LIBRARY(POW, pow, 2)
EMIT_LIBRARY(ATAN2, atan2, 2)

EMIT(RANDOM_BITS) {
    UNUSED_TYPES;
    return build_pure_call(e, "nna_rt_random_bits_i64", e->types.i64, 2, x);
}

#define EMIT_EXTREME(id, real, with_sign, without_sign)                                            \
    EMIT(id) {                                                                                     \
        UNUSED_TYPES;                                                                              \
        if (dtype_is_float(type)) return intrinsic_of(e, real, 2, x);                              \
        return intrinsic_of(e, dtype_is_unsigned(type) ? without_sign : with_sign, 2, x);          \
    }
EMIT_EXTREME(MINIMUM, "llvm.minimum", "llvm.smin", "llvm.umin")
EMIT_EXTREME(MAXIMUM, "llvm.maximum", "llvm.smax", "llvm.umax")
EMIT_INTRINSIC(FMA, "llvm.fma", 3)

/* ---- comparisons and logic */

#define EMIT_COMPARE(id, real, with_sign, without_sign)                                            \
    EMIT(id) {                                                                                     \
        UNUSED_TYPES;                                                                              \
        if (dtype_is_float(type)) return LLVMBuildFCmp(e->builder, real, x[0], x[1], "");          \
        LLVMIntPredicate test = dtype_is_unsigned(type) ? without_sign : with_sign;                \
        return LLVMBuildICmp(e->builder, test, x[0], x[1], "");                                    \
    }
EMIT_COMPARE(EQ, LLVMRealOEQ, LLVMIntEQ, LLVMIntEQ)
EMIT_COMPARE(NE, LLVMRealUNE, LLVMIntNE, LLVMIntNE)
EMIT_COMPARE(LT, LLVMRealOLT, LLVMIntSLT, LLVMIntULT)
EMIT_COMPARE(LE, LLVMRealOLE, LLVMIntSLE, LLVMIntULE)
EMIT_COMPARE(GT, LLVMRealOGT, LLVMIntSGT, LLVMIntUGT)
EMIT_COMPARE(GE, LLVMRealOGE, LLVMIntSGE, LLVMIntUGE)

EMIT(ISNAN) {
    UNUSED_TYPES;
    return guard_is_nan(e, x[0]);
}

EMIT(ISINF) {
    UNUSED_TYPES;
    return guard_is_infinite(e, x[0]);
}

EMIT(NOT) {
    UNUSED_TYPES;
    return LLVMBuildNot(e->builder, x[0], "");
}

#define EMIT_LOGIC(id, build)                                                                      \
    EMIT(id) {                                                                                     \
        UNUSED_TYPES;                                                                              \
        return build(e->builder, x[0], x[1], "");                                                  \
    }
EMIT_LOGIC(AND, LLVMBuildAnd)
EMIT_LOGIC(OR, LLVMBuildOr)
EMIT_LOGIC(XOR, LLVMBuildXor)

EMIT(SELECT) {
    UNUSED_TYPES;
    return LLVMBuildSelect(e->builder, x[0], x[1], x[2], "");
}

EMIT(SATURATE) {
    return number_saturate(e, type, to, x[0]);
}

EMIT(CAST) {
    return number_convert(e, type, to, x[0]);
}

static EmitPrimitive *const emitters[PRIMITIVE_COUNT] = {
#define PRIMITIVE(id, ...) [PRIMITIVE_##id] = emit_##id,
#include "ir/scalar.def"
};

bool primitive_calls_library(Primitive p) {
    static const char *const names[] = {
#define NAME(...) NAME_OF(__VA_ARGS__, )
#define NAME_OF(name, ...) #name,
        SCALAR_MATH(NAME, NAME)
        INDEX_MATH(NAME)
#undef NAME
#undef NAME_OF
    };
    if (p == PRIMITIVE_FMA) return true; /* where the processor has none */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(primitive_info[p].spelling, names[i]) == 0) return true;
    }
    return false;
}

LLVMValueRef primitive_value(Emitter *e, Primitive p, DType type, DType to,
                             const LLVMValueRef *args) {
    LLVMValueRef value = emitters[p](e, type, to, args);
    PrimitiveClass class = primitive_info[p].class;
    bool computes = class == PRIMITIVE_CLASS_FLOAT || class == PRIMITIVE_CLASS_NUMBER;
    if (!computes || (type != DTYPE_F16 && type != DTYPE_BF16)) return value;
    return number_round(e, DTYPE_F32, type, value);
}
