/* What the primitives that are no machine instruction compute, written once.
 *
 * The evaluator (eval.c) and the run-time support of compiled models (backend/rt/nna_rt_math.c)
 * both include this, so the two agree bit for bit where the C library is the same. f16 and bf16 use
 * the f32 functions and round once more. */
#ifndef NNA_IR_SCALAR_MATH_H
#define NNA_IR_SCALAR_MATH_H

#include "ir/random_math.h"
#include "ir/special_math.h"

#include <math.h>

/* SCALAR_MATH_I64(name): of two i64, nna_math_<name>_i64. */
#define INDEX_MATH(SCALAR_MATH_I64) SCALAR_MATH_I64(random_bits)

/* SCALAR_MATH_1(name, f32 expression of x, f64 expression of x), SCALAR_MATH_2 of x and y. */
#define SCALAR_MATH(SCALAR_MATH_1, SCALAR_MATH_2)                                                  \
    SCALAR_MATH_1(exp, expf(x), exp(x))                                                            \
    SCALAR_MATH_1(exp2, exp2f(x), exp2(x))                                                         \
    SCALAR_MATH_1(expm1, expm1f(x), expm1(x))                                                      \
    SCALAR_MATH_1(log, logf(x), log(x))                                                            \
    SCALAR_MATH_1(log2, log2f(x), log2(x))                                                         \
    SCALAR_MATH_1(log10, log10f(x), log10(x))                                                      \
    SCALAR_MATH_1(log1p, log1pf(x), log1p(x))                                                      \
    SCALAR_MATH_1(sin, sinf(x), sin(x))                                                            \
    SCALAR_MATH_1(cos, cosf(x), cos(x))                                                            \
    SCALAR_MATH_1(tan, tanf(x), tan(x))                                                            \
    SCALAR_MATH_1(asin, asinf(x), asin(x))                                                         \
    SCALAR_MATH_1(acos, acosf(x), acos(x))                                                         \
    SCALAR_MATH_1(atan, atanf(x), atan(x))                                                         \
    SCALAR_MATH_1(sinh, sinhf(x), sinh(x))                                                         \
    SCALAR_MATH_1(cosh, coshf(x), cosh(x))                                                         \
    SCALAR_MATH_1(asinh, asinhf(x), asinh(x))                                                      \
    SCALAR_MATH_1(acosh, acoshf(x), acosh(x))                                                      \
    SCALAR_MATH_1(atanh, atanhf(x), atanh(x))                                                      \
    SCALAR_MATH_1(erf, erff(x), erf(x))                                                            \
    SCALAR_MATH_1(erfinv, (float)nna_math_erfinv((double)x), nna_math_erfinv(x))                   \
    SCALAR_MATH_1(lgamma, (float)lgamma((double)x), lgamma(x))                                     \
    SCALAR_MATH_1(digamma, (float)nna_math_digamma((double)x), nna_math_digamma(x))                \
    SCALAR_MATH_1(trigamma, (float)nna_math_trigamma((double)x), nna_math_trigamma(x))             \
    SCALAR_MATH_1(tanh, tanhf(x), tanh(x))                                                         \
    SCALAR_MATH_1(sigmoid, 1.0f / (1.0f + expf(-x)), 1.0 / (1.0 + exp(-x)))                        \
    SCALAR_MATH_1(softplus, x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x)),                        \
                  x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))                                      \
    SCALAR_MATH_2(pow, powf(x, y), pow(x, y))                                                      \
    SCALAR_MATH_2(atan2, atan2f(x, y), atan2(x, y))                                                \
    SCALAR_MATH_2(mod, nna_math_floor_mod_f32(x, y), nna_math_floor_mod_f64(x, y))

/* The remainder with the sign of the divisor. */
static inline float nna_math_floor_mod_f32(float x, float y) {
    float r = fmodf(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

static inline double nna_math_floor_mod_f64(double x, double y) {
    double r = fmod(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

#define SCALAR_MATH_DEFINE_1(name, narrow, wide)                                                   \
    static inline float nna_math_##name##_f32(float x) { return narrow; }                          \
    static inline double nna_math_##name##_f64(double x) { return wide; }
#define SCALAR_MATH_DEFINE_2(name, narrow, wide)                                                   \
    static inline float nna_math_##name##_f32(float x, float y) { return narrow; }                 \
    static inline double nna_math_##name##_f64(double x, double y) { return wide; }
SCALAR_MATH(SCALAR_MATH_DEFINE_1, SCALAR_MATH_DEFINE_2)
#undef SCALAR_MATH_DEFINE_1
#undef SCALAR_MATH_DEFINE_2

#endif
