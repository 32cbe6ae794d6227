/* The scalar half of the reference evaluator: primitives in the arithmetic of an element type, and
 * the conditions of their rows. f16, bf16 and f32 are computed in f32 or wider and rounded once;
 * for + - * / and sqrt that is the correctly rounded result, since 24 >= 2 * 11 + 2 bits and
 * 53 >= 2 * 24 + 2 (Figueroa 1995). */
#include "ir/eval.h"

#include "ir/base/checked.h"
#include "ir/scalar_math.h"

#include <assert.h>

/* Wraps to the width of an integer type, as two's complement does. */
static int64_t wrap(DType t, int64_t value) {
    switch (t) {
    case DTYPE_I8: return (int8_t)value;
    case DTYPE_I16: return (int16_t)value;
    case DTYPE_I32: return (int32_t)value;
    case DTYPE_U8: return (uint8_t)value;
    case DTYPE_U16: return (uint16_t)value;
    case DTYPE_U32: return (uint32_t)value;
    case DTYPE_BOOL: return value != 0;
    case DTYPE_I64:
    case DTYPE_U64:
    case DTYPE_F16:
    case DTYPE_BF16:
    case DTYPE_F32:
    case DTYPE_F64:
    case DTYPE_NONE:
    case DTYPE_COUNT: break;
    }
    return value;
}

static int compare_integers(DType t, int64_t a, int64_t b) {
    if (t == DTYPE_U64) return ((uint64_t)a > (uint64_t)b) - ((uint64_t)a < (uint64_t)b);
    return (a > b) - (a < b);
}

static int64_t divide(DType t, int64_t a, int64_t b) {
    if (b == 0) return 0;
    if (t == DTYPE_U64) return (int64_t)((uint64_t)a / (uint64_t)b);
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t floor_modulo(DType t, int64_t a, int64_t b) {
    if (b == 0) return 0;
    if (t == DTYPE_U64) return (int64_t)((uint64_t)a % (uint64_t)b);
    if (b == -1) return 0;
    int64_t r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static int64_t integer_primitive(Primitive p, DType t, const Cell *args) {
    int64_t a = args[0].i;
    uint64_t ua = (uint64_t)a;
    if (primitive_info[p].arity == 1) {
        if (p == PRIMITIVE_NEG) return (int64_t)(0 - ua);
        if (p == PRIMITIVE_ABS) return t != DTYPE_U64 && a < 0 ? (int64_t)(0 - ua) : a;
        assert(p == PRIMITIVE_SIGN);
        return t == DTYPE_U64 ? a != 0 : (a > 0) - (a < 0);
    }
    int64_t b = args[1].i;
    switch ((int)p) {
    case PRIMITIVE_ADD: return (int64_t)(ua + (uint64_t)b);
    case PRIMITIVE_SUB: return (int64_t)(ua - (uint64_t)b);
    case PRIMITIVE_MUL: return (int64_t)(ua * (uint64_t)b);
    case PRIMITIVE_DIV: return divide(t, a, b);
    case PRIMITIVE_MOD: return floor_modulo(t, a, b);
    case PRIMITIVE_MINIMUM: return compare_integers(t, a, b) <= 0 ? a : b;
    case PRIMITIVE_MAXIMUM: return compare_integers(t, a, b) >= 0 ? a : b;
    default: assert(false); return 0;
    }
}

/* IEEE 754-2019 minimum and maximum: NaN if one operand is NaN; -0 below +0. */
static double minimum(double a, double b) {
    if (isnan(a) || isnan(b)) return NAN;
    if (a == b) return signbit(a) ? a : b;
    return a < b ? a : b;
}

static double maximum(double a, double b) {
    if (isnan(a) || isnan(b)) return NAN;
    if (a == b) return signbit(a) ? b : a;
    return a > b ? a : b;
}

#define MATH_1(name)                                                                               \
    (wide ? nna_math_##name##_f64(x) : (double)nna_math_##name##_f32((float)x))
#define MATH_2(name)                                                                               \
    (wide ? nna_math_##name##_f64(x, y) : (double)nna_math_##name##_f32((float)x, (float)y))

static double float_primitive(Primitive p, DType t, const Cell *args) {
    bool wide = t == DTYPE_F64;
    double x = args[0].f;
    double y = primitive_info[p].arity > 1 ? args[1].f : 0;
    switch (p) {
    case PRIMITIVE_NEG: return -x;
    case PRIMITIVE_ABS: return fabs(x);
    case PRIMITIVE_SIGN: return isnan(x) ? x : (x > 0) - (x < 0);
    case PRIMITIVE_FLOOR: return floor(x);
    case PRIMITIVE_CEIL: return ceil(x);
    case PRIMITIVE_ROUND: return rint(x);
    case PRIMITIVE_SQRT: return sqrt(x);
    case PRIMITIVE_EXP: return MATH_1(exp);
    case PRIMITIVE_EXP2: return MATH_1(exp2);
    case PRIMITIVE_EXPM1: return MATH_1(expm1);
    case PRIMITIVE_LOG: return MATH_1(log);
    case PRIMITIVE_LOG2: return MATH_1(log2);
    case PRIMITIVE_LOG10: return MATH_1(log10);
    case PRIMITIVE_LOG1P: return MATH_1(log1p);
    case PRIMITIVE_SIN: return MATH_1(sin);
    case PRIMITIVE_COS: return MATH_1(cos);
    case PRIMITIVE_TAN: return MATH_1(tan);
    case PRIMITIVE_ASIN: return MATH_1(asin);
    case PRIMITIVE_ACOS: return MATH_1(acos);
    case PRIMITIVE_ATAN: return MATH_1(atan);
    case PRIMITIVE_SINH: return MATH_1(sinh);
    case PRIMITIVE_COSH: return MATH_1(cosh);
    case PRIMITIVE_ASINH: return MATH_1(asinh);
    case PRIMITIVE_ACOSH: return MATH_1(acosh);
    case PRIMITIVE_ATANH: return MATH_1(atanh);
    case PRIMITIVE_ERF: return MATH_1(erf);
    case PRIMITIVE_ERFINV: return MATH_1(erfinv);
    case PRIMITIVE_LGAMMA: return MATH_1(lgamma);
    case PRIMITIVE_DIGAMMA: return MATH_1(digamma);
    case PRIMITIVE_TRIGAMMA: return MATH_1(trigamma);
    case PRIMITIVE_TANH: return MATH_1(tanh);
    case PRIMITIVE_SIGMOID: return MATH_1(sigmoid);
    case PRIMITIVE_SOFTPLUS: return MATH_1(softplus);
    case PRIMITIVE_ADD: return x + y;
    case PRIMITIVE_SUB: return x - y;
    case PRIMITIVE_MUL: return x * y;
    case PRIMITIVE_DIV: return x / y;
    case PRIMITIVE_MOD: return MATH_2(mod);
    case PRIMITIVE_POW: return MATH_2(pow);
    case PRIMITIVE_ATAN2: return MATH_2(atan2);
    case PRIMITIVE_MINIMUM: return minimum(x, y);
    case PRIMITIVE_MAXIMUM: return maximum(x, y);
    case PRIMITIVE_FMA:
        return wide ? fma(x, y, args[2].f) : (double)fmaf((float)x, (float)y, (float)args[2].f);
    case PRIMITIVE_RANDOM_BITS:
    case PRIMITIVE_EQ:
    case PRIMITIVE_NE:
    case PRIMITIVE_LT:
    case PRIMITIVE_LE:
    case PRIMITIVE_GT:
    case PRIMITIVE_GE:
    case PRIMITIVE_ISNAN:
    case PRIMITIVE_ISINF:
    case PRIMITIVE_NOT:
    case PRIMITIVE_AND:
    case PRIMITIVE_OR:
    case PRIMITIVE_XOR:
    case PRIMITIVE_SELECT:
    case PRIMITIVE_SATURATE:
    case PRIMITIVE_CAST:
    case PRIMITIVE_COUNT: break;
    }
    assert(false);
    return NAN;
}

static bool compare(Primitive p, DType t, Cell a, Cell b) {
    bool less, equal;
    if (dtype_is_float(t)) {
        less = a.f < b.f;
        equal = a.f == b.f;
        if (isnan(a.f) || isnan(b.f)) return p == PRIMITIVE_NE;
    } else {
        int order = compare_integers(t, a.i, b.i);
        less = order < 0;
        equal = order == 0;
    }
    switch ((int)p) {
    case PRIMITIVE_EQ: return equal;
    case PRIMITIVE_NE: return !equal;
    case PRIMITIVE_LT: return less;
    case PRIMITIVE_LE: return less || equal;
    case PRIMITIVE_GT: return !less && !equal;
    default: return !less; /* GE */
    }
}

/* Truncated towards 0 and held in the type's range; NaN gives 0 (as llvm.fptosi.sat). */
static int64_t float_to_integer(DType to, double x) {
    if (isnan(x)) return 0;
    double low = dtype_bound(to, BOUND_LOWEST);
    double above = ldexp(1, dtype_info[to].precision);
    if (x <= low) return to == DTYPE_I64 ? INT64_MIN : (int64_t)low;
    if (x >= above) {
        if (to == DTYPE_U64) return (int64_t)UINT64_MAX;
        return to == DTYPE_I64 ? INT64_MAX : (int64_t)above - 1;
    }
    return to == DTYPE_U64 ? (int64_t)(uint64_t)x : (int64_t)x;
}

static double integer_to_float(DType from, DType to, int64_t i) {
    if (to == DTYPE_F64) return from == DTYPE_U64 ? (double)(uint64_t)i : (double)i;
    float narrow = from == DTYPE_U64 ? (float)(uint64_t)i : (float)i;
    return dtype_round(to, (double)narrow);
}

static Cell cast(DType from, DType to, Cell x) {
    bool from_float = dtype_is_float(from);
    if (dtype_is_float(to)) {
        if (from_float) return (Cell){.f = dtype_round(to, x.f)};
        return (Cell){.f = integer_to_float(from, to, x.i)};
    }
    if (to == DTYPE_BOOL) return (Cell){.i = from_float ? x.f != 0 : x.i != 0};
    return (Cell){.i = from_float ? float_to_integer(to, x.f) : wrap(to, x.i)};
}

/* x held in the range of the type, then converted; NaN gives 0 where there is none. */
static Cell saturate(DType from, DType to, Cell x) {
    if (to == DTYPE_BOOL) return cast(from, to, x);
    if (!dtype_is_float(from)) {
        if (dtype_is_float(to)) {
            double value = integer_to_float(from, to, x.i), max = dtype_info[to].max;
            return (Cell){.f = fmin(fmax(value, -max), max)};
        }
        bool negative = from != DTYPE_U64 && x.i < 0;
        if (to == DTYPE_U64) return (Cell){.i = negative ? 0 : x.i};
        if (from == DTYPE_U64 && x.i < 0) x.i = INT64_MAX;
        if (to == DTYPE_I64) return x;
        double low = dtype_bound(to, BOUND_LOWEST), high = dtype_bound(to, BOUND_MAX);
        if (x.i < (int64_t)low) return (Cell){.i = (int64_t)low};
        return (Cell){.i = x.i > (int64_t)high ? (int64_t)high : x.i};
    }
    if (!dtype_is_float(to)) return (Cell){.i = float_to_integer(to, x.f)};
    double max = dtype_info[to].max;
    if (isnan(x.f)) return x;
    return (Cell){.f = fmin(fmax(dtype_round(to, x.f), -max), max)};
}

Cell eval_primitive(Primitive p, DType type, DType to, const Cell *args) {
    switch (primitive_info[p].class) {
    case PRIMITIVE_CLASS_FLOAT:
    case PRIMITIVE_CLASS_NUMBER:
        if (dtype_is_float(type)) {
            return (Cell){.f = dtype_round(type, float_primitive(p, type, args))};
        }
        return (Cell){.i = wrap(type, integer_primitive(p, type, args))};
    case PRIMITIVE_CLASS_COMPARE: return (Cell){.i = compare(p, type, args[0], args[1])};
    case PRIMITIVE_CLASS_TEST:
        return (Cell){.i = p == PRIMITIVE_ISNAN ? isnan(args[0].f) != 0 : isinf(args[0].f) != 0};
    case PRIMITIVE_CLASS_LOGIC:
        if (p == PRIMITIVE_NOT) return (Cell){.i = !args[0].i};
        if (p == PRIMITIVE_AND) return (Cell){.i = args[0].i && args[1].i};
        if (p == PRIMITIVE_OR) return (Cell){.i = args[0].i || args[1].i};
        return (Cell){.i = (args[0].i != 0) != (args[1].i != 0)};
    case PRIMITIVE_CLASS_SELECT: return args[0].i ? args[1] : args[2];
    case PRIMITIVE_CLASS_CAST:
        return p == PRIMITIVE_SATURATE ? saturate(type, to, args[0]) : cast(type, to, args[0]);
    case PRIMITIVE_CLASS_INDEX:
        assert(p == PRIMITIVE_RANDOM_BITS);
        return (Cell){.i = nna_math_random_bits_i64(args[0].i, args[1].i)};
    }
    assert(false);
    return (Cell){0};
}

/* Whether the mathematical result of an integer primitive fits its type. */
static bool integer_fits(Primitive p, DType t, const Cell *args) {
    int64_t a = args[0].i;
    int64_t b = primitive_info[p].arity > 1 ? args[1].i : 0;
    int64_t exact = 0;
    uint64_t unsigned_exact;
    bool ok = true;
    switch ((int)p) {
    case PRIMITIVE_NEG:
        if (t == DTYPE_U64) return a == 0;
        ok = checked_sub(0, a, &exact);
        break;
    case PRIMITIVE_ABS:
        if (t == DTYPE_U64) return true;
        ok = a >= 0 || checked_sub(0, a, &exact);
        exact = a >= 0 ? a : exact;
        break;
    case PRIMITIVE_ADD:
        if (t == DTYPE_U64) {
            return !__builtin_add_overflow((uint64_t)a, (uint64_t)b, &unsigned_exact);
        }
        ok = checked_add(a, b, &exact);
        break;
    case PRIMITIVE_SUB:
        if (t == DTYPE_U64) return (uint64_t)a >= (uint64_t)b;
        ok = checked_sub(a, b, &exact);
        break;
    case PRIMITIVE_MUL:
        if (t == DTYPE_U64) {
            return !__builtin_mul_overflow((uint64_t)a, (uint64_t)b, &unsigned_exact);
        }
        ok = checked_mul(a, b, &exact);
        break;
    case PRIMITIVE_DIV:
        if (t == DTYPE_U64 || b == 0) return true;
        ok = !(a == INT64_MIN && b == -1);
        exact = ok ? a / b : 0;
        break;
    default: return true;
    }
    return ok && wrap(t, exact) == exact;
}

static bool power_domain(double x, double y) {
    if (x > 0) return true;
    if (x == 0) return y >= 0;
    return y == rint(y); /* false for NaN; infinite exponents count as integers */
}

/* Whether x, converted to `to`, keeps its value up to rounding and the fraction. */
static bool conversion_fits(DType from, DType to, Cell x) {
    if (to == DTYPE_BOOL) return !dtype_is_float(from) || !isnan(x.f);
    if (!dtype_is_float(from)) {
        if (dtype_is_float(to)) return !isinf(integer_to_float(from, to, x.i));
        bool negative = from != DTYPE_U64 && x.i < 0;
        if (to == DTYPE_U64) return !negative;
        if (from == DTYPE_U64 && x.i < 0) return false;
        return wrap(to, x.i) == x.i;
    }
    if (dtype_is_float(to)) return isinf(x.f) || !isinf(dtype_round(to, x.f));
    double whole = trunc(x.f);
    return whole >= dtype_bound(to, BOUND_LOWEST) && whole < ldexp(1, dtype_info[to].precision);
}

static bool domain_holds(Primitive p, DType type, DType to, const Cell *args) {
    const PrimitiveInfo *info = &primitive_info[p];
    bool is_float = dtype_is_float(type);
    Cell last = args[info->arity - 1];
    switch (info->domain) {
    case DOMAIN_NONE: return true;
    case DOMAIN_INTERVAL:
        return args[0].f >= dtype_bound(type, info->from) &&
               args[0].f <= dtype_bound(type, info->to);
    case DOMAIN_NONZERO: return is_float ? last.f != 0 : last.i != 0;
    case DOMAIN_POLES: return args[0].f > 0 || args[0].f != rint(args[0].f);
    case DOMAIN_POWER: return power_domain(args[0].f, args[1].f);
    case DOMAIN_CONVERT: return conversion_fits(type, to, args[0]);
    }
    return false;
}

bool eval_condition_holds(Primitive p, DType type, DType to, const Cell *args, Cell result,
                          bool nan_allowed, bool infinite_allowed) {
    const PrimitiveInfo *info = &primitive_info[p];
    if (!dtype_is_float(type)) {
        return domain_holds(p, type, to, args) &&
               (info->class != PRIMITIVE_CLASS_NUMBER || integer_fits(p, type, args));
    }
    if (info->domain == DOMAIN_NONE && info->result_code == NO_CODE) return true;
    bool any_nan = false, any_infinite = false;
    int first = p == PRIMITIVE_SELECT ? 1 : 0;
    for (int i = first; i < info->arity; i++) {
        any_nan = any_nan || isnan(args[i].f);
        any_infinite = any_infinite || isinf(args[i].f);
    }
    if (any_nan) return nan_allowed;
    if (!domain_holds(p, type, to, args)) return false;
    if (info->result_code == NO_CODE || isfinite(result.f)) return true;
    return infinite_allowed && any_infinite && !isnan(result.f);
}

bool contract_allows(const Contract *c, DType dtype, double value) {
    if (c->kind == CONTRACT_ANY) return true;
    if (!isfinite(value)) return false;
    double low = dtype_round(dtype, c->low);
    double high = dtype_round(dtype, c->high);
    switch (c->kind) {
    case CONTRACT_ANY:
    case CONTRACT_FINITE: return true;
    case CONTRACT_INTERVAL:
        return (c->open_low ? value > low : value >= low) &&
               (c->open_high ? value < high : value <= high);
    case CONTRACT_SET:
        for (uint32_t i = 0; i < c->value_count; i++) {
            if (dtype_round(dtype, c->values[i]) == value) return true;
        }
        return false;
    case CONTRACT_SIMPLEX: return value >= 0 && value <= 1.001;
    case CONTRACT_ONEHOT: return value == 0 || value == 1;
    }
    return false;
}

static double cell_number(DType t, Cell c) {
    if (dtype_is_float(t)) return c.f;
    return t == DTYPE_U64 ? (double)(uint64_t)c.i : (double)c.i;
}

/* The sums along the axis are 1 within 1e-3 (LANGUAGE.md 8). */
static bool sums_to_one(const Contract *c, const Tensor *t) {
    if (c->axis >= t->rank) return false;
    int64_t inner = 1;
    for (int d = c->axis + 1; d < t->rank; d++) inner *= t->dims[d];
    int64_t length = t->dims[c->axis];
    int64_t rows = length == 0 ? 0 : t->count / length;
    for (int64_t row = 0; row < rows; row++) {
        int64_t start = row / inner * inner * length + row % inner;
        double sum = 0;
        for (int64_t i = 0; i < length; i++) {
            sum += cell_number(t->dtype, t->cells[start + i * inner]);
        }
        if (!(fabs(sum - 1) <= 1e-3)) return false;
    }
    return true;
}

bool contract_holds(const Contract *c, const Tensor *t) {
    for (int64_t i = 0; i < t->count; i++) {
        if (!contract_allows(c, t->dtype, cell_number(t->dtype, t->cells[i]))) return false;
    }
    return (c->kind != CONTRACT_SIMPLEX && c->kind != CONTRACT_ONEHOT) || sums_to_one(c, t);
}
