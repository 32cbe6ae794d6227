/* Rationals in an arena: conversions, comparison, rounding, and the table of operations. The
 * functions that are not rational are those of MPFR; exact_apply says when they are called. */
#include "frontend/exact.h"

#include <assert.h>
#include <gmp.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

enum { LIMBS = EXACT_BITS / GMP_NUMB_BITS + 2 }; /* of a number that fits */

/* What GMP may read, without a copy. */
static void view(const Exact *x, mpq_ptr out) {
    mpz_roinit_n(mpq_numref(out), x->limbs, x->numerator);
    mpz_roinit_n(mpq_denref(out), x->limbs + abs(x->numerator), x->denominator);
}

/* The number, or NULL where it is too large; clears it, before memory is asked for. */
static const Exact *keep(Arena *arena, mpq_ptr number, bool approximate) {
    mp_limb_t limbs[2 * LIMBS];
    size_t top = mpz_size(mpq_numref(number)), bottom = mpz_size(mpq_denref(number));
    bool fits = mpz_sizeinbase(mpq_numref(number), 2) <= EXACT_BITS &&
                mpz_sizeinbase(mpq_denref(number), 2) <= EXACT_BITS;
    int sign = mpq_sgn(number);
    if (fits) {
        memcpy(limbs, mpz_limbs_read(mpq_numref(number)), top * sizeof *limbs);
        memcpy(limbs + top, mpz_limbs_read(mpq_denref(number)), bottom * sizeof *limbs);
    }
    mpq_clear(number);
    if (!fits) return NULL;
    mp_limb_t *copy = ARENA_ARRAY(arena, mp_limb_t, top + bottom);
    memcpy(copy, limbs, (top + bottom) * sizeof *copy);
    Exact *made = ARENA_NEW(arena, Exact);
    *made = (Exact){.approximate = approximate,
                    .numerator = sign < 0 ? -(int32_t)top : (int32_t)top,
                    .denominator = (int32_t)bottom, .limbs = copy};
    return made;
}

const Exact *exact_of_integer(Arena *arena, int64_t value) {
    mpq_t number;
    mpq_init(number);
    mpq_set_si(number, (long)value, 1);
    return keep(arena, number, false);
}

const Exact *exact_of_double(Arena *arena, double value) {
    mpq_t number;
    assert(isfinite(value));
    mpq_init(number);
    mpq_set_d(number, value);
    return keep(arena, number, false);
}

/* Literals. */

typedef struct Decimal {
    char digits[EXACT_BITS];
    uint32_t count;
    long scale; /* of ten */
} Decimal;

/* False where there are too many digits, or the exponent is too large. */
static bool read_decimal(const char *text, uint32_t length, Decimal *out) {
    uint32_t i = 0;
    long exponent = 0;
    *out = (Decimal){.count = 0};
    for (bool point = false; i < length && (text[i] | ' ') != 'e'; i++) {
        if (text[i] == '.') point = true;
        if (text[i] < '0' || text[i] > '9') continue;
        out->scale -= point;
        if (out->count == 0 && text[i] == '0') continue;
        if (out->count + 1 >= sizeof out->digits) return false;
        out->digits[out->count++] = text[i];
    }
    bool negative = i + 1 < length && text[i + 1] == '-';
    for (i++; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') continue;
        if (exponent > EXACT_BITS) return out->count == 0; /* 0e99999 is 0 */
        exponent = exponent * 10 + (text[i] - '0');
    }
    out->scale += negative ? -exponent : exponent;
    if (out->count == 0) out->scale = 0;
    if (out->count == 0) out->digits[out->count++] = '0';
    double bits = log2(10.0);
    return (double)out->count * bits < EXACT_BITS - 1 &&
           ((double)labs(out->scale) + (out->scale > 0 ? (double)out->count : 0)) * bits <
               EXACT_BITS - 1;
}

bool exact_text_fits(const char *text, uint32_t length) {
    Decimal decimal;
    return read_decimal(text, length, &decimal);
}

const Exact *exact_of_text(Arena *arena, const char *text, uint32_t length) {
    Decimal decimal;
    mpq_t number;
    mpz_t power;
    bool fits = read_decimal(text, length, &decimal);
    assert(fits);
    (void)fits;
    mpq_init(number);
    mpz_init(power);
    decimal.digits[decimal.count] = '\0';
    mpz_set_str(mpq_numref(number), decimal.digits, 10);
    mpz_ui_pow_ui(power, 10, (unsigned long)labs(decimal.scale));
    if (decimal.scale > 0) mpz_mul(mpq_numref(number), mpq_numref(number), power);
    if (decimal.scale < 0) mpz_set(mpq_denref(number), power);
    mpz_clear(power);
    mpq_canonicalize(number);
    return keep(arena, number, false);
}

/* Comparison. */

int exact_sign(const Exact *x) {
    return (x->numerator > 0) - (x->numerator < 0);
}

/* The exponent e with 2^(e-1) <= |x| < 2^(e+1); of 0 the lowest one. */
static long magnitude(mpq_srcptr x) {
    if (mpq_sgn(x) == 0) return -2 * EXACT_BITS;
    return (long)mpz_sizeinbase(mpq_numref(x), 2) - (long)mpz_sizeinbase(mpq_denref(x), 2);
}

/* What is left of approximate numbers that cancel is their errors. */
static void cancel(mpq_ptr difference, mpq_srcptr a, mpq_srcptr b) {
    long whole = magnitude(a) > magnitude(b) ? magnitude(a) : magnitude(b);
    if (magnitude(difference) < whole - EXACT_TRUSTED) mpq_set_si(difference, 0, 1);
}

int exact_compare(const Exact *a, const Exact *b) {
    mpq_t x, y, difference;
    view(a, x);
    view(b, y);
    if (!a->approximate && !b->approximate) return mpq_cmp(x, y);
    mpq_init(difference);
    mpq_sub(difference, x, y);
    cancel(difference, x, y);
    int order = mpq_sgn(difference);
    mpq_clear(difference);
    return order;
}

bool exact_fraction(const Exact *x, int64_t *numerator, int64_t *denominator) {
    mpq_t number;
    if (x->approximate) return false;
    view(x, number);
    if (!mpz_fits_slong_p(mpq_numref(number)) || !mpz_fits_slong_p(mpq_denref(number))) {
        return false;
    }
    *numerator = mpz_get_si(mpq_numref(number));
    *denominator = mpz_get_si(mpq_denref(number));
    return true;
}

bool exact_to_integer(const Exact *x, int64_t *out) {
    mpq_t number;
    view(x, number);
    if (x->approximate || mpz_cmp_ui(mpq_denref(number), 1) != 0) return false;
    if (!mpz_fits_slong_p(mpq_numref(number))) return false;
    *out = mpz_get_si(mpq_numref(number));
    return true;
}

/* Rounding. */

/* number, to `precision` significant bits. */
static void shorten(mpq_ptr number, mpfr_prec_t precision) {
    mpfr_t rounded;
    mpfr_init2(rounded, precision);
    mpfr_set_q(rounded, number, MPFR_RNDN);
    mpfr_get_q(number, rounded);
    mpfr_clear(rounded);
}

/* |number| * 2^-unit, rounded to the nearest integer, ties to even. */
static double units_of(mpq_srcptr number, long unit) {
    mpz_t top, bottom, rest;
    mpz_init(top);
    mpz_init(bottom);
    mpz_init(rest);
    mpz_abs(top, mpq_numref(number));
    mpz_set(bottom, mpq_denref(number));
    if (unit < 0) mpz_mul_2exp(top, top, (mp_bitcnt_t)-unit);
    if (unit > 0) mpz_mul_2exp(bottom, bottom, (mp_bitcnt_t)unit);
    mpz_fdiv_qr(top, rest, top, bottom);
    mpz_mul_2exp(rest, rest, 1);
    int order = mpz_cmp(rest, bottom);
    if (order > 0 || (order == 0 && mpz_odd_p(top))) mpz_add_ui(top, top, 1);
    double units = mpz_get_d(top); /* of at most 2^53 */
    mpz_clear(top);
    mpz_clear(bottom);
    mpz_clear(rest);
    return units;
}

double exact_round(const Exact *x, DType type) {
    const DTypeInfo *info = &dtype_info[type];
    mpq_t number;
    int tiny = 0;
    if (x->numerator == 0) return 0;
    mpq_init(number);
    mpq_t given;
    view(x, given);
    mpq_set(number, given);
    if (x->approximate) shorten(number, EXACT_TRUSTED);
    mpq_t power; /* of two: is |x| below 2^magnitude? */
    mpq_init(power);
    long exponent = magnitude(number);
    mpq_set_ui(power, 1, 1);
    if (exponent > 0) mpq_mul_2exp(power, power, (mp_bitcnt_t)exponent);
    if (exponent < 0) mpq_div_2exp(power, power, (mp_bitcnt_t)-exponent);
    bool negative = mpq_sgn(number) < 0;
    mpq_abs(number, number);
    if (mpq_cmp(number, power) < 0) exponent--;
    frexp(info->min_subnormal, &tiny);
    long unit = exponent - info->precision + 1;
    if (unit < tiny - 1) unit = tiny - 1;
    double rounded = exponent > 2000 ? (double)INFINITY
                                     : ldexp(units_of(number, unit), (int)unit);
    mpq_clear(number);
    mpq_clear(power);
    if (rounded > info->max) rounded = INFINITY;
    return negative ? -rounded : rounded;
}

void exact_print(const Exact *x, Buf *out) {
    enum { DIGITS = 7 };
    mpfr_t number;
    mpfr_exp_t exponent = 0;
    mpq_t given;
    char digits[DIGITS + 3] = "";
    view(x, given);
    mpfr_init2(number, EXACT_PRECISION);
    mpfr_set_q(number, given, MPFR_RNDN);
    mpfr_get_str(digits, &exponent, 10, DIGITS, number, MPFR_RNDN);
    mpfr_clear(number);
    mpfr_free_cache();
    char *first = digits + (digits[0] == '-'), *last = first + strlen(first) - 1;
    while (last > first && *last == '0') *last-- = '\0';
    if (digits[0] == '-') buf_put(out, "-");
    buf_printf(out, "%c", *first);
    if (first[1] != '\0') buf_printf(out, ".%s", first + 1);
    if (exact_sign(x) != 0 && exponent != 1) buf_printf(out, "e%ld", (long)exponent - 1);
}

/* Operations. Those of rationals give false outside their domain. */

typedef bool RationalFunction(mpq_ptr out, mpq_srcptr a, mpq_srcptr b, mpq_srcptr c);
typedef int RealFunction(mpfr_ptr out, mpfr_srcptr a, mpfr_rnd_t rounding);
typedef int RealFunction2(mpfr_ptr out, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t rounding);

#define RATIONAL(name) static bool name(mpq_ptr out, mpq_srcptr a, mpq_srcptr b, mpq_srcptr c)

RATIONAL(rational_neg) { (void)b, (void)c; mpq_neg(out, a); return true; }
RATIONAL(rational_abs) { (void)b, (void)c; mpq_abs(out, a); return true; }
RATIONAL(rational_sign) { (void)b, (void)c; mpq_set_si(out, mpq_sgn(a), 1); return true; }
RATIONAL(rational_add) { (void)c; mpq_add(out, a, b); return true; }
RATIONAL(rational_sub) { (void)c; mpq_sub(out, a, b); return true; }
RATIONAL(rational_mul) { (void)c; mpq_mul(out, a, b); return true; }
RATIONAL(rational_min) { (void)c; mpq_set(out, mpq_cmp(a, b) <= 0 ? a : b); return true; }
RATIONAL(rational_max) { (void)c; mpq_set(out, mpq_cmp(a, b) >= 0 ? a : b); return true; }
RATIONAL(rational_fma) { mpq_mul(out, a, b); mpq_add(out, out, c); return true; }

RATIONAL(rational_floor) {
    (void)b, (void)c;
    mpz_fdiv_q(mpq_numref(out), mpq_numref(a), mpq_denref(a));
    return true;
}

RATIONAL(rational_ceil) {
    (void)b, (void)c;
    mpz_cdiv_q(mpq_numref(out), mpq_numref(a), mpq_denref(a));
    return true;
}

/* Ties to even: floor(a + 1/2), less 1 where that was a tie and gave an odd number. */
RATIONAL(rational_round) {
    (void)b, (void)c;
    mpq_t half, sum;
    mpq_init(half);
    mpq_init(sum);
    mpq_set_ui(half, 1, 2);
    mpq_add(sum, a, half);
    mpz_fdiv_q(mpq_numref(out), mpq_numref(sum), mpq_denref(sum));
    bool tie = mpz_cmp_ui(mpq_denref(sum), 1) == 0;
    if (tie && mpz_odd_p(mpq_numref(out))) mpz_sub_ui(mpq_numref(out), mpq_numref(out), 1);
    mpq_clear(half);
    mpq_clear(sum);
    return true;
}

RATIONAL(rational_div) {
    (void)c;
    if (mpq_sgn(b) == 0) return false;
    mpq_div(out, a, b);
    return true;
}

/* a - b * floor(a / b): the sign of the divisor. */
RATIONAL(rational_mod) {
    mpq_t quotient;
    if (mpq_sgn(b) == 0) return false;
    mpq_init(quotient);
    mpq_div(quotient, a, b);
    mpz_fdiv_q(mpq_numref(quotient), mpq_numref(quotient), mpq_denref(quotient));
    mpz_set_ui(mpq_denref(quotient), 1);
    mpq_mul(quotient, quotient, b);
    mpq_sub(out, a, quotient);
    mpq_clear(quotient);
    (void)c;
    return true;
}

static int real_sigmoid(mpfr_ptr out, mpfr_srcptr a, mpfr_rnd_t rounding) {
    mpfr_neg(out, a, rounding);
    mpfr_exp(out, out, rounding);
    mpfr_add_ui(out, out, 1, rounding);
    mpfr_ui_div(out, 1, out, rounding);
    return 1;
}

static int real_softplus(mpfr_ptr out, mpfr_srcptr a, mpfr_rnd_t rounding) {
    mpfr_exp(out, a, rounding);
    mpfr_log1p(out, out, rounding);
    return 1;
}

static int real_lgamma(mpfr_ptr out, mpfr_srcptr a, mpfr_rnd_t rounding) {
    int sign;
    return mpfr_lgamma(out, &sign, a, rounding);
}

/* Newton's steps for the logarithm of erfc(y) = 1 - |a|, which is nearly a parabola. The start is
 * right for large y, and near 0 the first step mends it. */
static int real_erfinv(mpfr_ptr out, mpfr_srcptr a, mpfr_rnd_t rounding) {
    if (mpfr_cmp_si(a, -1) <= 0 || mpfr_cmp_si(a, 1) >= 0) {
        mpfr_set_nan(out);
        return 0;
    }
    mpfr_t goal, y, now, step;
    mpfr_inits2(mpfr_get_prec(a), goal, y, now, step, (mpfr_ptr)NULL);
    mpfr_abs(goal, a, rounding);
    mpfr_ui_sub(goal, 1, goal, rounding);
    mpfr_log(goal, goal, rounding);
    mpfr_neg(y, goal, rounding);
    mpfr_sqrt(y, y, rounding);
    for (int i = 0; i < 64; i++) { /* at most a dozen are needed */
        mpfr_erfc(now, y, rounding);
        mpfr_sqr(step, y, rounding);
        mpfr_exp(step, step, rounding);
        mpfr_mul(step, step, now, rounding);
        mpfr_log(now, now, rounding);
        mpfr_sub(now, now, goal, rounding);
        mpfr_mul(step, step, now, rounding);
        mpfr_const_pi(now, rounding);
        mpfr_sqrt(now, now, rounding);
        mpfr_div_2ui(now, now, 1, rounding);
        mpfr_mul(step, step, now, rounding);
        bool done = mpfr_zero_p(step) || mpfr_get_exp(step) < mpfr_get_exp(y) - EXACT_PRECISION;
        mpfr_add(y, y, step, rounding);
        if (done) break;
    }
    mpfr_copysign(out, y, a, rounding);
    if (mpfr_zero_p(a)) mpfr_set_zero(out, 1);
    mpfr_clears(goal, y, now, step, (mpfr_ptr)NULL);
    return mpfr_zero_p(out) ? 0 : 1;
}

/* Rows without a function are those of other classes. POW is rational for integer exponents. */
static const struct {
    RationalFunction *rational;
    RealFunction *real;
    RealFunction2 *real2;
} functions[PRIMITIVE_COUNT] = {
    [PRIMITIVE_NEG] = {.rational = rational_neg},
    [PRIMITIVE_ABS] = {.rational = rational_abs},
    [PRIMITIVE_SIGN] = {.rational = rational_sign},
    [PRIMITIVE_FLOOR] = {.rational = rational_floor},
    [PRIMITIVE_CEIL] = {.rational = rational_ceil},
    [PRIMITIVE_ROUND] = {.rational = rational_round},
    [PRIMITIVE_ADD] = {.rational = rational_add},
    [PRIMITIVE_SUB] = {.rational = rational_sub},
    [PRIMITIVE_MUL] = {.rational = rational_mul},
    [PRIMITIVE_DIV] = {.rational = rational_div},
    [PRIMITIVE_MOD] = {.rational = rational_mod},
    [PRIMITIVE_MINIMUM] = {.rational = rational_min},
    [PRIMITIVE_MAXIMUM] = {.rational = rational_max},
    [PRIMITIVE_FMA] = {.rational = rational_fma},
    [PRIMITIVE_SQRT] = {.real = mpfr_sqrt},
    [PRIMITIVE_EXP] = {.real = mpfr_exp},
    [PRIMITIVE_EXP2] = {.real = mpfr_exp2},
    [PRIMITIVE_EXPM1] = {.real = mpfr_expm1},
    [PRIMITIVE_LOG] = {.real = mpfr_log},
    [PRIMITIVE_LOG2] = {.real = mpfr_log2},
    [PRIMITIVE_LOG10] = {.real = mpfr_log10},
    [PRIMITIVE_LOG1P] = {.real = mpfr_log1p},
    [PRIMITIVE_SIN] = {.real = mpfr_sin},
    [PRIMITIVE_COS] = {.real = mpfr_cos},
    [PRIMITIVE_TAN] = {.real = mpfr_tan},
    [PRIMITIVE_ASIN] = {.real = mpfr_asin},
    [PRIMITIVE_ACOS] = {.real = mpfr_acos},
    [PRIMITIVE_ATAN] = {.real = mpfr_atan},
    [PRIMITIVE_SINH] = {.real = mpfr_sinh},
    [PRIMITIVE_COSH] = {.real = mpfr_cosh},
    [PRIMITIVE_TANH] = {.real = mpfr_tanh},
    [PRIMITIVE_ASINH] = {.real = mpfr_asinh},
    [PRIMITIVE_ACOSH] = {.real = mpfr_acosh},
    [PRIMITIVE_ATANH] = {.real = mpfr_atanh},
    [PRIMITIVE_ERF] = {.real = mpfr_erf},
    [PRIMITIVE_ERFINV] = {.real = real_erfinv},
    [PRIMITIVE_LGAMMA] = {.real = real_lgamma},
    [PRIMITIVE_DIGAMMA] = {.real = mpfr_digamma},
    [PRIMITIVE_SIGMOID] = {.real = real_sigmoid},
    [PRIMITIVE_SOFTPLUS] = {.real = real_softplus},
    [PRIMITIVE_POW] = {.real2 = mpfr_pow},
    [PRIMITIVE_ATAN2] = {.real2 = mpfr_atan2},
};

bool exact_knows(Primitive p) {
    return functions[p].rational || functions[p].real || functions[p].real2;
}

static ExactStatus kept(Arena *arena, mpq_ptr number, bool approximate, const Exact **out) {
    if (approximate && mpq_sgn(number) != 0 && labs(magnitude(number)) < EXACT_BITS) {
        shorten(number, EXACT_PRECISION);
    }
    *out = keep(arena, number, approximate);
    return *out ? EXACT_DONE : EXACT_TOO_LARGE;
}

static ExactStatus apply_rational(Arena *arena, Primitive p, const Exact *const *args,
                                  const Exact **out) {
    mpq_t operands[3], result;
    bool approximate = false;
    int arity = primitive_info[p].arity;
    for (int i = 0; i < 3; i++) {
        const Exact *x = args[i < arity ? i : 0];
        view(x, operands[i]);
        approximate = approximate || x->approximate;
    }
    mpq_init(result);
    if (!functions[p].rational(result, operands[0], operands[1], operands[2])) {
        mpq_clear(result);
        return EXACT_UNDEFINED;
    }
    if (approximate && (p == PRIMITIVE_ADD || p == PRIMITIVE_SUB)) {
        cancel(result, operands[0], operands[1]);
    }
    return kept(arena, result, approximate, out);
}

/* Bits of the larger part. */
static size_t size_of(mpq_srcptr x) {
    size_t top = mpz_sizeinbase(mpq_numref(x), 2), bottom = mpz_sizeinbase(mpq_denref(x), 2);
    return top > bottom ? top : bottom;
}

static ExactStatus apply_power(Arena *arena, const Exact *base, int64_t exponent,
                               const Exact **out) {
    mpq_t x, result;
    uint64_t times = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent;
    view(base, x);
    if (mpq_sgn(x) == 0 && exponent < 0) return EXACT_UNDEFINED;
    bool unit = mpz_cmpabs_ui(mpq_numref(x), 1) <= 0 && mpz_cmp_ui(mpq_denref(x), 1) == 0;
    if (unit && times > 2) times = 2 - times % 2; /* 0, 1 and -1: its parity counts */
    if (times > 2 && times > (2 * EXACT_BITS) / (size_of(x) - 1)) return EXACT_TOO_LARGE;
    mpq_init(result);
    mpz_pow_ui(mpq_numref(result), mpq_numref(x), (unsigned long)times);
    mpz_pow_ui(mpq_denref(result), mpq_denref(x), (unsigned long)times);
    if (exponent < 0) mpq_inv(result, result);
    return kept(arena, result, base->approximate, out);
}

/* Arguments are taken with all their bits, so that the result alone is rounded. */
static ExactStatus apply_real(Arena *arena, Primitive p, const Exact *const *args,
                              const Exact **out) {
    mpfr_t operands[2], result;
    mpq_t number;
    bool inexact = false;
    for (int i = 0; i < 2; i++) {
        const Exact *x = args[i < primitive_info[p].arity ? i : 0];
        view(x, number);
        mpfr_prec_t bits = EXACT_PRECISION + 2 * (mpfr_prec_t)size_of(number);
        mpfr_init2(operands[i], bits);
        inexact = mpfr_set_q(operands[i], number, MPFR_RNDN) != 0 || x->approximate || inexact;
    }
    mpfr_init2(result, EXACT_PRECISION);
    inexact = (functions[p].real
                   ? functions[p].real(result, operands[0], MPFR_RNDN)
                   : functions[p].real2(result, operands[0], operands[1], MPFR_RNDN)) != 0 ||
              inexact;
    bool defined = mpfr_number_p(result) != 0;
    bool infinite = mpfr_inf_p(result) && mpfr_overflow_p() && !mpfr_divby0_p();
    bool fits = defined && (mpfr_zero_p(result) || labs(mpfr_get_exp(result)) < EXACT_BITS / 2);
    mpq_init(number);
    if (fits) mpfr_get_q(number, result);
    mpfr_clear(operands[0]);
    mpfr_clear(operands[1]);
    mpfr_clear(result);
    mpfr_free_cache();
    mpfr_clear_flags();
    if (fits) return kept(arena, number, inexact, out);
    mpq_clear(number);
    return defined || infinite ? EXACT_TOO_LARGE : EXACT_UNDEFINED;
}

ExactStatus exact_apply(Arena *arena, Primitive p, const Exact *const *args, const Exact **out) {
    int64_t exponent;
    if (functions[p].rational) return apply_rational(arena, p, args, out);
    if (p == PRIMITIVE_POW && exact_to_integer(args[1], &exponent)) {
        return apply_power(arena, args[0], exponent, out);
    }
    return apply_real(arena, p, args, out);
}
