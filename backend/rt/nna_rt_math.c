/* The functions that generated code calls for what is no machine instruction: those of
 * ir/scalar_math.h, which the evaluator uses too. */
#include "ir/scalar_math.h"

#define EXPORT_1(name, narrow, wide)         \
    float nna_rt_##name##_f32(float x);      \
    double nna_rt_##name##_f64(double x);    \
    float nna_rt_##name##_f32(float x) {     \
        return nna_math_##name##_f32(x);     \
    }                                        \
    double nna_rt_##name##_f64(double x) {   \
        return nna_math_##name##_f64(x);     \
    }
#define EXPORT_2(name, narrow, wide)                   \
    float nna_rt_##name##_f32(float x, float y);       \
    double nna_rt_##name##_f64(double x, double y);    \
    float nna_rt_##name##_f32(float x, float y) {      \
        return nna_math_##name##_f32(x, y);            \
    }                                                  \
    double nna_rt_##name##_f64(double x, double y) {   \
        return nna_math_##name##_f64(x, y);            \
    }
SCALAR_MATH(EXPORT_1, EXPORT_2)

#define EXPORT_I64(name)                               \
    int64_t nna_rt_##name##_i64(int64_t x, int64_t y); \
    int64_t nna_rt_##name##_i64(int64_t x, int64_t y) { \
        return nna_math_##name##_i64(x, y);            \
    }
INDEX_MATH(EXPORT_I64)
