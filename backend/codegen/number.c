/* Element types as LLVM values.
 *
 * f32, f64 and the integers are themselves. f16 and bf16 are stored as i16 and computed with as f32
 * values that the narrow type holds; conversions are written in integer and f32 arithmetic, so that
 * no target needs library routines for them. bool is stored as a byte, not 0 being true, and is i1.
 * tests/unit/backend/test_codegen.c holds all of it against ir/dtype.c. */
#include "backend/codegen/emitter.h"

#include <assert.h>
#include <math.h>
#include <string.h>

LLVMTypeRef number_type(Emitter *e, DType t) {
    switch (dtype_info[t].class) {
    case DTYPE_CLASS_FLOAT: return t == DTYPE_F64 ? e->types.f64 : e->types.f32;
    case DTYPE_CLASS_BOOL: return e->types.i1;
    case DTYPE_CLASS_SIGNED:
    case DTYPE_CLASS_UNSIGNED:
    case DTYPE_CLASS_NONE: break;
    }
    return number_storage(e, t);
}

LLVMTypeRef number_storage(Emitter *e, DType t) {
    if (t == DTYPE_F32) return e->types.f32;
    if (t == DTYPE_F64) return e->types.f64;
    switch (dtype_info[t].bytes) {
    case 1: return e->types.i8;
    case 2: return e->types.i16;
    case 4: return e->types.i32;
    default: return e->types.i64;
    }
}

static bool is_narrow(DType t) {
    return t == DTYPE_F16 || t == DTYPE_BF16;
}

LLVMValueRef number_constant(Emitter *e, DType t, double value) {
    if (dtype_is_float(t)) return LLVMConstReal(number_type(e, t), dtype_round(t, value));
    if (t == DTYPE_BOOL) return const_i1(e, value != 0);
    double low = dtype_bound(t, BOUND_LOWEST), above = ldexp(1, dtype_info[t].precision);
    uint64_t bits;
    if (value >= above) bits = dtype_is_unsigned(t) ? UINT64_MAX : (uint64_t)INT64_MAX;
    else if (value < low) bits = dtype_is_unsigned(t) ? 0 : (uint64_t)INT64_MIN;
    else bits = value < 0 ? (uint64_t)(int64_t)value : (uint64_t)value;
    return LLVMConstInt(number_type(e, t), bits, false);
}

static LLVMValueRef as_type(Emitter *e, LLVMValueRef value, LLVMTypeRef type) {
    return LLVMBuildBitCast(e->builder, value, type, "");
}

/* i16 to f32, exactly. f16: the fields, moved into place, are 2^-112 times the value, subnormals
 * too; what is left is the exponent of infinities and NaN. */
static LLVMValueRef widen(Emitter *e, DType t, LLVMValueRef raw) {
    LLVMBuilderRef b = e->builder;
    LLVMValueRef wide = LLVMBuildZExt(b, raw, e->types.i32, "");
    if (t == DTYPE_BF16) {
        return as_type(e, LLVMBuildShl(b, wide, const_i32(e, 16), ""), e->types.f32);
    }
    LLVMValueRef sign = LLVMBuildShl(b, LLVMBuildAnd(b, wide, const_i32(e, 0x8000), ""),
                                     const_i32(e, 16), "");
    LLVMValueRef fields = LLVMBuildAnd(b, wide, const_i32(e, 0x7fff), "");
    LLVMValueRef moved = LLVMBuildShl(b, fields, const_i32(e, 13), "");
    LLVMValueRef scaled = LLVMBuildFMul(b, as_type(e, moved, e->types.f32),
                                        LLVMConstReal(e->types.f32, 0x1p112), "");
    LLVMValueRef special = LLVMBuildICmp(b, LLVMIntUGE, fields, const_i32(e, 0x7c00), "");
    LLVMValueRef large = LLVMBuildOr(b, moved, const_i32(e, 0x7f800000), "");
    LLVMValueRef bits = LLVMBuildSelect(b, special, large, as_type(e, scaled, e->types.i32), "");
    return as_type(e, LLVMBuildOr(b, bits, sign, ""), e->types.f32);
}

/* f32 to bf16 in its high half, to nearest even; NaN stays NaN. */
static LLVMValueRef bf16_bits(Emitter *e, LLVMValueRef value) {
    LLVMBuilderRef b = e->builder;
    LLVMValueRef bits = as_type(e, value, e->types.i32);
    LLVMValueRef odd = LLVMBuildAnd(b, LLVMBuildLShr(b, bits, const_i32(e, 16), ""),
                                    const_i32(e, 1), "");
    LLVMValueRef half = LLVMBuildAdd(b, odd, const_i32(e, 0x7fff), "");
    LLVMValueRef rounded = LLVMBuildAdd(b, bits, half, "");
    LLVMValueRef nan = LLVMBuildOr(b, bits, const_i32(e, 0x400000), "");
    return LLVMBuildSelect(b, guard_is_nan(e, value), nan, rounded, "");
}

/* An f32 that t holds, to its 16 bits. f16: 2^-112 times the value has the fields in place. */
static LLVMValueRef narrow(Emitter *e, DType t, LLVMValueRef value) {
    LLVMBuilderRef b = e->builder;
    LLVMValueRef bits = as_type(e, value, e->types.i32);
    if (t == DTYPE_BF16) {
        LLVMValueRef high = LLVMBuildLShr(b, bits, const_i32(e, 16), "");
        return LLVMBuildTrunc(b, high, e->types.i16, "");
    }
    LLVMValueRef sign = LLVMBuildAnd(b, LLVMBuildLShr(b, bits, const_i32(e, 16), ""),
                                     const_i32(e, 0x8000), "");
    LLVMValueRef size = build_intrinsic(e, "llvm.fabs", e->types.f32, 1, &value);
    LLVMValueRef scaled = LLVMBuildFMul(b, size, LLVMConstReal(e->types.f32, 0x1p-112), "");
    LLVMValueRef fields = LLVMBuildLShr(b, as_type(e, scaled, e->types.i32), const_i32(e, 13), "");
    LLVMValueRef infinite = guard_is_infinite(e, value);
    fields = LLVMBuildSelect(b, infinite, const_i32(e, 0x7c00), fields, "");
    fields = LLVMBuildSelect(b, guard_is_nan(e, value), const_i32(e, 0x7e00), fields, "");
    return LLVMBuildTrunc(b, LLVMBuildOr(b, fields, sign, ""), e->types.i16, "");
}

/* Rounds to t by adding and taking away a power of two, at which the wide type has the spacing
 * that t has at the value: the sum is rounded to nearest even, and the difference is exact. */
static LLVMValueRef round_by_sum(Emitter *e, DType t, LLVMValueRef value, bool from_f64) {
    LLVMBuilderRef b = e->builder;
    LLVMTypeRef type = from_f64 ? e->types.f64 : e->types.f32;
    LLVMTypeRef bits_type = from_f64 ? e->types.i64 : e->types.i32;
    int fraction = from_f64 ? 52 : 23, bias = from_f64 ? 1023 : 127;
    int shift = fraction + 1 - dtype_info[t].precision;
    int lowest = ilogb(dtype_info[t].min_normal), highest = ilogb(dtype_info[t].max) + 1;
    LLVMValueRef size = build_intrinsic(e, "llvm.fabs", type, 1, &value);
    uint64_t mask = (uint64_t)(2 * bias + 1) << fraction;
    LLVMValueRef power = LLVMBuildAnd(b, as_type(e, size, bits_type),
                                      LLVMConstInt(bits_type, mask, false), "");
    LLVMValueRef low = LLVMConstInt(bits_type, (uint64_t)(lowest + bias) << fraction, false);
    LLVMValueRef high = LLVMConstInt(bits_type, (uint64_t)(highest + bias) << fraction, false);
    power = build_intrinsic(e, "llvm.umax", bits_type, 2, (LLVMValueRef[]){power, low});
    power = build_intrinsic(e, "llvm.umin", bits_type, 2, (LLVMValueRef[]){power, high});
    LLVMValueRef up = LLVMConstInt(bits_type, (uint64_t)shift << fraction, false);
    LLVMValueRef addend = as_type(e, LLVMBuildAdd(b, power, up, ""), type);
    LLVMValueRef sum = LLVMBuildFAdd(b, size, addend, "");
    LLVMValueRef rounded = LLVMBuildFSub(b, sum, addend, "");
    LLVMValueRef over = LLVMBuildFCmp(b, LLVMRealOGT, rounded,
                                      LLVMConstReal(type, dtype_info[t].max), "");
    rounded = LLVMBuildSelect(b, over, LLVMConstReal(type, (double)INFINITY), rounded, "");
    rounded = build_intrinsic(e, "llvm.copysign", type, 2, (LLVMValueRef[]){rounded, value});
    return from_f64 ? LLVMBuildFPTrunc(b, rounded, e->types.f32, "") : rounded;
}

LLVMValueRef number_round(Emitter *e, DType from, DType t, LLVMValueRef value) {
    bool wide = from == DTYPE_F64;
    if (t == DTYPE_F64) return wide ? value : LLVMBuildFPExt(e->builder, value, e->types.f64, "");
    if (t == DTYPE_F32) return wide ? LLVMBuildFPTrunc(e->builder, value, e->types.f32, "") : value;
    if (t == DTYPE_F16 || wide) return round_by_sum(e, t, value, wide);
    LLVMValueRef bits = LLVMBuildAnd(e->builder, bf16_bits(e, value), const_i32(e, -0x10000), "");
    return as_type(e, bits, e->types.f32);
}

static LLVMValueRef address(Emitter *e, DType t, LLVMValueRef base, LLVMValueRef index) {
    return LLVMBuildInBoundsGEP2(e->builder, number_storage(e, t), base, &index, 1, "");
}

LLVMValueRef number_load(Emitter *e, DType t, LLVMValueRef base, LLVMValueRef index) {
    LLVMValueRef at = address(e, t, base, index);
    LLVMValueRef raw = LLVMBuildLoad2(e->builder, number_storage(e, t), at, "");
    if (is_narrow(t)) return widen(e, t, raw);
    if (t != DTYPE_BOOL) return raw;
    return LLVMBuildICmp(e->builder, LLVMIntNE, raw, LLVMConstInt(e->types.i8, 0, false), "");
}

void number_store(Emitter *e, DType t, LLVMValueRef base, LLVMValueRef index, LLVMValueRef value) {
    LLVMValueRef at = address(e, t, base, index);
    if (is_narrow(t)) value = narrow(e, t, value);
    if (t == DTYPE_BOOL) value = LLVMBuildZExt(e->builder, value, e->types.i8, "");
    LLVMBuildStore(e->builder, value, at);
}

static LLVMValueRef integer_to_float(Emitter *e, DType from, DType to, LLVMValueRef value) {
    LLVMTypeRef type = number_type(e, to);
    LLVMValueRef wide = dtype_is_unsigned(from) ? LLVMBuildUIToFP(e->builder, value, type, "")
                                                : LLVMBuildSIToFP(e->builder, value, type, "");
    return is_narrow(to) ? number_round(e, DTYPE_F32, to, wide) : wide;
}

/* Towards 0, held in the range of the type; NaN gives 0. */
static LLVMValueRef float_to_integer(Emitter *e, DType to, LLVMValueRef value) {
    bool is_unsigned = dtype_is_unsigned(to);
    const char *name = is_unsigned ? "llvm.fptoui.sat" : "llvm.fptosi.sat";
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMTypeRef overloads[2] = {number_type(e, to), LLVMTypeOf(value)};
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(e->module, id, overloads, 2);
    LLVMTypeRef type = LLVMIntrinsicGetType(e->context, id, overloads, 2);
    return LLVMBuildCall2(e->builder, type, function, &value, 1, "");
}

static LLVMValueRef integer_to_integer(Emitter *e, DType from, DType to, LLVMValueRef value) {
    LLVMTypeRef type = number_type(e, to);
    unsigned have = LLVMGetIntTypeWidth(LLVMTypeOf(value)), want = LLVMGetIntTypeWidth(type);
    if (have == want) return value;
    if (have > want) return LLVMBuildTrunc(e->builder, value, type, "");
    return dtype_is_unsigned(from) ? LLVMBuildZExt(e->builder, value, type, "")
                                   : LLVMBuildSExt(e->builder, value, type, "");
}

LLVMValueRef number_convert(Emitter *e, DType from, DType to, LLVMValueRef value) {
    if (from == to) return value;
    bool from_float = dtype_is_float(from);
    if (dtype_is_float(to)) {
        return from_float ? number_round(e, from, to, value)
                          : integer_to_float(e, from, to, value);
    }
    if (to == DTYPE_BOOL) {
        LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(value));
        return from_float ? LLVMBuildFCmp(e->builder, LLVMRealUNE, value, zero, "")
                          : LLVMBuildICmp(e->builder, LLVMIntNE, value, zero, "");
    }
    return from_float ? float_to_integer(e, to, value) : integer_to_integer(e, from, to, value);
}

/* An integer held in [low, high], as far as its own type goes beyond. */
static LLVMValueRef hold_integer(Emitter *e, DType from, DType to, LLVMValueRef value) {
    bool is_unsigned = dtype_is_unsigned(from);
    double low = dtype_bound(to, BOUND_LOWEST), own_low = dtype_bound(from, BOUND_LOWEST);
    LLVMTypeRef type = number_type(e, from);
    if (low > own_low) {
        LLVMValueRef args[2] = {value, number_constant(e, from, low)};
        value = build_intrinsic(e, "llvm.smax", type, 2, args);
    }
    if (dtype_info[to].precision < dtype_info[from].precision) {
        uint64_t high = (UINT64_C(1) << dtype_info[to].precision) - 1;
        LLVMValueRef args[2] = {value, LLVMConstInt(type, high, false)};
        value = build_intrinsic(e, is_unsigned ? "llvm.umin" : "llvm.smin", type, 2, args);
    }
    return value;
}

LLVMValueRef number_saturate(Emitter *e, DType from, DType to, LLVMValueRef value) {
    if (to == DTYPE_BOOL || from == DTYPE_BOOL) return number_convert(e, from, to, value);
    if (!dtype_is_float(to)) {
        if (!dtype_is_float(from)) value = hold_integer(e, from, to, value);
        return number_convert(e, from, to, value);
    }
    LLVMValueRef rounded = number_convert(e, from, to, value);
    LLVMTypeRef type = LLVMTypeOf(rounded);
    LLVMValueRef size = build_intrinsic(e, "llvm.fabs", type, 1, &rounded);
    LLVMValueRef most = LLVMConstReal(type, dtype_info[to].max);
    LLVMValueRef over = LLVMBuildFCmp(e->builder, LLVMRealOGT, size, most, "");
    LLVMValueRef held = build_intrinsic(e, "llvm.copysign", type, 2,
                                        (LLVMValueRef[]){most, rounded});
    return LLVMBuildSelect(e->builder, over, held, rounded, "");
}

/* A count becomes a number as a double does: exact, since tensors have fewer than 2^53 elements. */
LLVMValueRef number_from_i64(Emitter *e, DType t, LLVMValueRef value) {
    if (!dtype_is_float(t)) return number_convert(e, DTYPE_I64, t, value);
    return number_round(e, DTYPE_F64, t, number_convert(e, DTYPE_I64, DTYPE_F64, value));
}

LLVMValueRef number_as_double(Emitter *e, DType t, LLVMValueRef value) {
    return number_convert(e, t, DTYPE_F64, value);
}

LLVMValueRef number_from_double(Emitter *e, DType t, LLVMValueRef value) {
    return number_convert(e, DTYPE_F64, t, value);
}
