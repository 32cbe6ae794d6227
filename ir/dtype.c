/* Element types: the table, and correctly rounded conversions between a double and any of them. */
#include "ir/dtype.h"

#include <float.h>
#include <math.h>
#include <string.h>

const DTypeInfo dtype_info[DTYPE_COUNT] = {
    [DTYPE_NONE] = {.spelling = "?"},
#define DTYPE(id, spell, cls, size, bits, max_, normal, tiny, e, e2, s)                            \
    [DTYPE_##id] = {.spelling = spell, .class = DTYPE_CLASS_##cls, .bytes = size,                  \
                    .precision = bits, .max = max_, .min_normal = normal, .min_subnormal = tiny,   \
                    .exp_max = e, .exp2_max = e2, .sinh_max = s},
#include "ir/dtype.def"
};

DType dtype_find(const char *spelling) {
    for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
        if (strcmp(dtype_info[t].spelling, spelling) == 0) return (DType)t;
    }
    return DTYPE_NONE;
}

DType dtype_accumulator(DType t) {
    return t == DTYPE_F16 || t == DTYPE_BF16 ? DTYPE_F32 : t;
}

double dtype_bound(DType t, Bound bound) {
    const DTypeInfo *info = &dtype_info[t];
    switch (bound) {
    case BOUND_MINUS_INFINITY: return dtype_is_float(t) ? -INFINITY : dtype_bound(t, BOUND_LOWEST);
    case BOUND_LOWEST:
        if (info->class == DTYPE_CLASS_FLOAT) return -info->max;
        return info->class == DTYPE_CLASS_SIGNED ? -ldexp(1, info->precision) : 0;
    case BOUND_MINUS_ONE: return -1;
    case BOUND_ABOVE_MINUS_ONE: return -(1 - ldexp(1, -info->precision));
    case BOUND_ZERO: return 0;
    case BOUND_TINY: return info->min_subnormal;
    case BOUND_BELOW_ONE: return 1 - ldexp(1, -info->precision);
    case BOUND_ONE: return 1;
    case BOUND_EXP: return info->exp_max;
    case BOUND_EXP2: return info->exp2_max;
    case BOUND_MINUS_SINH: return -info->sinh_max;
    case BOUND_SINH: return info->sinh_max;
    case BOUND_MAX: return info->max;
    case BOUND_INFINITY: return dtype_is_float(t) ? INFINITY : info->max;
    }
    return NAN;
}

/* The distance of neighbouring values of the float type t around |x| > 0: a power of two. */
static double spacing(DType t, double x) {
    const DTypeInfo *info = &dtype_info[t];
    int exponent;
    frexp(x, &exponent);
    double unit = ldexp(1, exponent - info->precision);
    return unit < info->min_subnormal ? info->min_subnormal : unit;
}

double dtype_round(DType t, double x) {
    if (!dtype_is_float(t) || t == DTYPE_F64 || !isfinite(x) || x == 0) return x;
    if (t == DTYPE_F32) return (double)(float)x;
    /* Scaling by a power of two is exact, and rint rounds ties to even. */
    double unit = spacing(t, x);
    double rounded = rint(x / unit) * unit;
    if (fabs(rounded) > dtype_info[t].max) return copysign(INFINITY, x);
    return copysign(rounded, x);
}

double dtype_next_up(DType t, double x) {
    if (!isfinite(x)) return x == -INFINITY && dtype_is_float(t) ? -dtype_info[t].max : x;
    if (!dtype_is_float(t)) return x + 1;
    if (t == DTYPE_F64) return nextafter(x, INFINITY);
    if (t == DTYPE_F32) return (double)nextafterf((float)x, INFINITY);
    if (x == 0) return dtype_info[t].min_subnormal;
    double unit = spacing(t, x);
    /* Just above a negative power of two the spacing is half of that below. */
    int exponent;
    if (x < 0 && frexp(x, &exponent) == -0.5) {
        double half = unit / 2;
        unit = half < dtype_info[t].min_subnormal ? dtype_info[t].min_subnormal : half;
    }
    double next = x + unit;
    return next > dtype_info[t].max ? INFINITY : next;
}

double dtype_next_down(DType t, double x) {
    if (!dtype_is_float(t)) return isfinite(x) ? x - 1 : x;
    return -dtype_next_up(t, -x);
}

double dtype_round_down(DType t, double x) {
    if (isnan(x) || isinf(x)) return x;
    if (!dtype_is_float(t)) return floor(x);
    double rounded = dtype_round(t, x);
    return rounded > x ? dtype_next_down(t, rounded) : rounded;
}

double dtype_round_up(DType t, double x) {
    if (isnan(x) || isinf(x)) return x;
    if (!dtype_is_float(t)) return ceil(x);
    return -dtype_round_down(t, -x);
}

/* binary16 and bfloat16 by their fields: sign, `bits` exponent bits, fraction. */
static double load_small(uint16_t raw, DType t) {
    int fraction_bits = dtype_info[t].precision - 1;
    int exponent_bits = 15 - fraction_bits;
    int bias = (1 << (exponent_bits - 1)) - 1;
    int field = (raw >> fraction_bits) & ((1 << exponent_bits) - 1);
    int fraction = raw & ((1 << fraction_bits) - 1);
    double sign = raw & 0x8000 ? -1.0 : 1.0;
    if (field == (1 << exponent_bits) - 1) return fraction != 0 ? NAN : sign * INFINITY;
    if (field == 0) return sign * ldexp(fraction, 1 - bias - fraction_bits);
    return sign * ldexp(fraction + (1 << fraction_bits), field - bias - fraction_bits);
}

static uint16_t store_small(DType t, double value) {
    int fraction_bits = dtype_info[t].precision - 1;
    int exponent_bits = 15 - fraction_bits;
    int bias = (1 << (exponent_bits - 1)) - 1;
    unsigned top = ((1u << exponent_bits) - 1) << fraction_bits;
    unsigned sign = signbit(value) ? 0x8000u : 0;
    if (isnan(value)) return (uint16_t)(sign | top | (1u << (fraction_bits - 1)));
    double rounded = fabs(dtype_round(t, value));
    if (isinf(rounded)) return (uint16_t)(sign | top);
    if (rounded < dtype_info[t].min_normal) {
        return (uint16_t)(sign | (unsigned)(rounded / dtype_info[t].min_subnormal));
    }
    int exponent;
    double significand = frexp(rounded, &exponent); /* in [0.5, 1) */
    unsigned field = (unsigned)(exponent - 1 + bias);
    unsigned mask = (1u << fraction_bits) - 1;
    unsigned fraction = (unsigned)ldexp(significand, fraction_bits + 1) & mask;
    return (uint16_t)(sign | field << fraction_bits | fraction);
}

#define LOAD(type)                                                                                 \
    do {                                                                                           \
        type raw_;                                                                                 \
        memcpy(&raw_, at, sizeof raw_);                                                            \
        return (double)raw_;                                                                       \
    } while (0)

double dtype_load(DType t, const void *at) {
    switch (t) {
    case DTYPE_F16:
    case DTYPE_BF16: {
        uint16_t raw;
        memcpy(&raw, at, sizeof raw);
        return load_small(raw, t);
    }
    case DTYPE_F32: LOAD(float);
    case DTYPE_F64: LOAD(double);
    case DTYPE_I8: LOAD(int8_t);
    case DTYPE_I16: LOAD(int16_t);
    case DTYPE_I32: LOAD(int32_t);
    case DTYPE_I64: LOAD(int64_t);
    case DTYPE_U8: LOAD(uint8_t);
    case DTYPE_U16: LOAD(uint16_t);
    case DTYPE_U32: LOAD(uint32_t);
    case DTYPE_U64: LOAD(uint64_t);
    case DTYPE_BOOL: return *(const unsigned char *)at != 0;
    case DTYPE_NONE:
    case DTYPE_COUNT: break;
    }
    return NAN;
}

#define STORE(type, expression)                                                                    \
    do {                                                                                           \
        type raw_ = (type)(expression);                                                            \
        memcpy(at, &raw_, sizeof raw_);                                                            \
        return;                                                                                    \
    } while (0)

void dtype_store(DType t, void *at, double value) {
    switch (t) {
    case DTYPE_F16:
    case DTYPE_BF16: STORE(uint16_t, store_small(t, value));
    case DTYPE_F32: STORE(float, value);
    case DTYPE_F64: STORE(double, value);
    case DTYPE_I8: STORE(int8_t, value);
    case DTYPE_I16: STORE(int16_t, value);
    case DTYPE_I32: STORE(int32_t, value);
    case DTYPE_I64: STORE(int64_t, value);
    case DTYPE_U8: STORE(uint8_t, value);
    case DTYPE_U16: STORE(uint16_t, value);
    case DTYPE_U32: STORE(uint32_t, value);
    case DTYPE_U64: STORE(uint64_t, value);
    case DTYPE_BOOL: STORE(uint8_t, value != 0);
    case DTYPE_NONE:
    case DTYPE_COUNT: break;
    }
}
