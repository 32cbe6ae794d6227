/* Real numbers that are known while compiling: exact until they meet a tensor, and rounded there
 * once (LANGUAGE, section 6).
 *
 * Most are literals that meet a tensor at once: for them the nearest double is enough, and the
 * exact value (exact.h) is made only where arithmetic or a tie of the element type asks for it.
 * An infinity is a plain double. */
#include "frontend/lower_internal.h"

#include "ir/eval.h"

#include <math.h>
#include <string.h>

Object object_real(double value) {
    return (Object){.kind = OBJECT_REAL, .as.real = value};
}

static Object object_number(const Number *number) {
    return (Object){.kind = OBJECT_REAL, .count = 1, .as.number = number};
}

static Object object_exact(Lower *l, const Exact *value) {
    Number *made = ARENA_NEW(&l->cx->module, Number);
    *made = (Number){.nearest = exact_round(value, DTYPE_F64), .value = value};
    return object_number(made);
}

Object object_literal(Lower *l, double nearest, const char *text, uint32_t length) {
    Number *made = ARENA_NEW(&l->cx->module, Number);
    *made = (Number){.nearest = nearest, .text = text, .length = length};
    return object_number(made);
}

bool object_as_real(const Object *o, double *out) {
    if (o->kind == OBJECT_INTEGER) *out = (double)o->as.integer;
    if (o->kind == OBJECT_REAL) *out = o->count == 0 ? o->as.real : o->as.number->nearest;
    return o->kind == OBJECT_INTEGER || o->kind == OBJECT_REAL;
}

/* Digits, a point with digits, an exponent: as nna.l has them. */
uint32_t literal_length(const char *text) {
    uint32_t at = (uint32_t)strspn(text, "0123456789_");
    if (text[at] == '.') at += 1 + (uint32_t)strspn(text + at + 1, "0123456789_");
    if (text[at] == 'e' || text[at] == 'E') {
        at += text[at + 1] == '-' || text[at + 1] == '+' ? 2 : 1;
        at += (uint32_t)strspn(text + at, "0123456789_");
    }
    return at;
}

bool number_to_double(Lower *l, const Object *o, Span span, double *out) {
    if (!object_as_real(o, out)) return false;
    bool plain = o->kind == OBJECT_INTEGER || o->count == 0 || number_is_zero(o);
    if (plain || (isfinite(*out) && fabs(*out) > 0)) return true;
    fault_say(l, NNA3009, span, "%s is no value of f64, which is the widest type",
              number_text(l, o));
    return false;
}

static bool is_infinite(const Object *o) {
    return o->kind == OBJECT_REAL && o->count == 0 && isinf(o->as.real);
}

/* The exact value of an integer or a finite real. */
static const Exact *exact_of(Lower *l, const Object *o) {
    Arena *arena = &l->cx->module;
    if (o->kind == OBJECT_INTEGER) return exact_of_integer(arena, o->as.integer);
    if (o->count == 0) return exact_of_double(arena, o->as.real);
    const Number *number = o->as.number;
    return number->value ? number->value : exact_of_text(arena, number->text, number->length);
}

bool number_fraction(Lower *l, const Object *o, int64_t *numerator, int64_t *denominator) {
    bool finite = o->kind == OBJECT_INTEGER || (o->kind == OBJECT_REAL && !is_infinite(o));
    return finite && exact_fraction(exact_of(l, o), numerator, denominator);
}

/* Rounding. */

/* Whether a double lies halfway between two values of a type, so that rounding it may not be
 * what rounding the number itself is; it cannot be told for what is beyond the doubles. */
static bool may_be_tie(double x, DType dtype) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* A value of any type but f64, or a middle of two, has 25 bits at most. */
    if (dtype != DTYPE_F64 && (bits & 0xfffffff) != 0) return false;
    double low = dtype_round_down(dtype, x), high = dtype_round_up(dtype, x);
    if (isinf(low) || isinf(high)) return true;
    return dtype != DTYPE_F64 && low < high && fabs((x - low) - (high - x)) <= 0;
}

double number_rounded(Lower *l, const Object *o, DType dtype) {
    double nearest = 0;
    object_as_real(o, &nearest);
    bool wide = o->kind == OBJECT_INTEGER && fabs(nearest) > 0x1p53;
    bool exact = !wide && (o->kind == OBJECT_INTEGER || o->count == 0);
    if (!dtype_is_float(dtype)) return nearest;
    if (exact || (!wide && !may_be_tie(nearest, dtype))) return dtype_round(dtype, nearest);
    return exact_round(exact_of(l, o), dtype);
}

bool number_is_zero(const Object *o) {
    if (o->kind == OBJECT_INTEGER) return o->as.integer == 0;
    double nearest = 0;
    object_as_real(o, &nearest);
    if (fabs(nearest) > 0 || o->count == 0) return !(fabs(nearest) > 0);
    const Number *number = o->as.number;
    if (number->value) return exact_sign(number->value) == 0;
    for (uint32_t i = 0; i < number->length && (number->text[i] | ' ') != 'e'; i++) {
        if (number->text[i] >= '1' && number->text[i] <= '9') return false;
    }
    return true;
}

/* What is printed of a number: a literal beyond the doubles as it is written. */
static void put_real(const Object *o, Buf *out) {
    double nearest = 0;
    object_as_real(o, &nearest);
    bool beyond = o->count > 0 && (isinf(nearest) || (fabs(nearest) <= 0 && !number_is_zero(o)));
    size_t begin = out->length;
    if (!beyond) {
        buf_put_number(out, nearest);
        bool whole = strspn(buf_text(out) + begin, "-0123456789") == out->length - begin;
        if (whole) buf_put(out, ".0"); /* so that it is not taken for an integer */
    } else if (o->as.number->value) {
        exact_print(o->as.number->value, out);
    } else {
        buf_put_bytes(out, o->as.number->text, o->as.number->length);
    }
}

const char *number_text(Lower *l, const Object *o) {
    Buf text = buf_make(&l->cx->scratch);
    if (o->kind == OBJECT_INTEGER) buf_printf(&text, "%lld", (long long)o->as.integer);
    if (o->kind == OBJECT_REAL) put_real(o, &text);
    if (o->kind == OBJECT_DIM) dim_print(l->g->dims, o->as.dim, &l->cx->names, &text);
    return buf_text(&text);
}

/* What rounding to the element type loses: the number itself, or a term that it was made of. */
void number_losses(Lower *l, const Object *o, double rounded, DType dtype, Span span) {
    if (!dtype_is_float(dtype) || o->kind != OBJECT_REAL || o->count == 0) return;
    const char *type = dtype_info[dtype].spelling;
    if (fabs(rounded) <= 0 && !number_is_zero(o)) {
        Buf tiny = buf_make(&l->cx->scratch);
        buf_put_number(&tiny, dtype_info[dtype].min_subnormal);
        Diag *d = fault(l, NNA3017, span, "%s is not 0, and becomes 0 in %s", number_text(l, o),
                        type);
        diag_primary(l->cx, d, "the smallest positive %s is %s", type, buf_text(&tiny));
        fault_emit(l, d);
        return;
    }
    const Number *number = o->as.number;
    double nearest = rounded;
    object_as_real(o, &nearest);
    /* Beside 1 a number is written for its distance from it: a bound that must not be reached, or a
     * factor that must change something. Both are doubles; one that is 1 is exactly 1. */
    if (number->terms[0] == NULL && fabs(rounded) == 1 && fabs(nearest) != 1) {
        Diag *d = fault(l, NNA3017, span, "%s is not %s, and becomes %s in %s", number_text(l, o),
                        rounded > 0 ? "1" : "-1", rounded > 0 ? "1" : "-1", type);
        Buf below = buf_make(&l->cx->scratch);
        buf_put_number(&below, dtype_next_down(dtype, 1));
        diag_primary(l->cx, d, "the %s below 1 is %s", type, buf_text(&below));
        fault_emit(l, d);
        return;
    }
    for (int i = 0; i < 2 && number->terms[0]; i++) {
        const Exact *kept = number->terms[i], *lost = number->terms[1 - i];
        /* Both are values of the type: equal where they are the same. */
        if (exact_sign(lost) == 0 || exact_round(kept, dtype) != rounded) continue;
        Buf text = buf_make(&l->cx->scratch);
        exact_print(lost, &text);
        Diag *d = fault(l, NNA3017, span, "%s is lost in this sum, which is rounded to %s",
                        buf_text(&text), type);
        diag_primary(l->cx, d, "the same as without it");
        fault_emit(l, d);
        return;
    }
}

/* Arithmetic. */

static Object defined(Lower *l, ExactStatus status, const Exact *value, DiagCode code,
                      Span span) {
    if (status == EXACT_DONE) return object_exact(l, value);
    if (status == EXACT_TOO_LARGE) {
        fault_say(l, NNA0002, span, "a number of more than %d bits, while compiling", EXACT_BITS);
    } else if (code == NNA3002) {
        fault_say(l, code, span, "division by zero while compiling");
    } else {
        fault_say(l, code, span, "a number that is not defined, while compiling");
    }
    return POISON;
}

static DiagCode code_of(Primitive p) {
    const PrimitiveInfo *info = &primitive_info[p];
    if (info->domain_code != NO_CODE) return info->domain_code;
    return info->result_code != NO_CODE ? info->result_code : NNA3006;
}

/* Beside an infinity only the sign of a number counts. */
static double beside_infinity(Lower *l, const Object *o) {
    if (is_infinite(o)) return o->as.real;
    return exact_sign(exact_of(l, o));
}

/* Of the base of an infinite power: on which side of 1 it is, and with which sign. */
static double infinite_power_base(Lower *l, const Object *o) {
    if (is_infinite(o)) return o->as.real;
    const Exact *x = exact_of(l, o), *one = exact_of_integer(&l->cx->module, 1);
    const Exact *less = exact_of_integer(&l->cx->module, -1);
    int sign = exact_sign(x), side = sign < 0 ? -exact_compare(x, less) : exact_compare(x, one);
    return sign * (side < 0 ? 0.5 : side > 0 ? 2 : 1);
}

/* Of an exponent of an infinity: its sign, and whether it is odd; none is beyond 2^63. */
static double infinity_exponent(Lower *l, const Object *o) {
    int64_t whole = 0;
    if (is_infinite(o)) return o->as.real;
    const Exact *x = exact_of(l, o);
    bool odd = exact_to_integer(x, &whole) && whole % 2 != 0;
    return exact_sign(x) * (odd ? 1 : 2);
}

static Object with_infinity(Lower *l, Primitive p, const Object *a, const Object *b, Span span) {
    bool power = p == PRIMITIVE_POW;
    double x = power ? infinite_power_base(l, a) : beside_infinity(l, a);
    double y = power ? infinity_exponent(l, b) : beside_infinity(l, b);
    double result = p == PRIMITIVE_ADD   ? x + y
                    : p == PRIMITIVE_SUB ? x - y
                    : p == PRIMITIVE_MUL ? x * y
                    : p == PRIMITIVE_DIV ? x / y
                                         : pow(x, y);
    bool by_zero = p == PRIMITIVE_DIV && fabs(y) <= 0;
    if (by_zero) return defined(l, EXACT_UNDEFINED, NULL, code_of(p), span);
    if (isnan(result)) return defined(l, EXACT_UNDEFINED, NULL, NNA3008, span);
    return object_real(result);
}

Object number_negate(Lower *l, const Object *x) {
    if (x->count == 0) return object_real(-x->as.real);
    const Exact *value = exact_of(l, x), *result = NULL;
    exact_apply(&l->cx->module, PRIMITIVE_NEG, &value, &result); /* as many bits */
    return object_exact(l, result);
}

Object number_binary(Lower *l, Primitive p, const Object *a, const Object *b, Span span) {
    if (is_infinite(a) || is_infinite(b)) return with_infinity(l, p, a, b, span);
    const Exact *args[] = {exact_of(l, a), exact_of(l, b)}, *result = NULL;
    ExactStatus status = exact_apply(&l->cx->module, p, args, &result);
    if (status != EXACT_DONE) return defined(l, status, result, code_of(p), span);
    Number *made = ARENA_NEW(&l->cx->module, Number);
    *made = (Number){.nearest = exact_round(result, DTYPE_F64), .value = result};
    if (p == PRIMITIVE_SUB) {
        exact_apply(&l->cx->module, PRIMITIVE_NEG, &args[1], &args[1]);
    }
    if (p == PRIMITIVE_ADD || p == PRIMITIVE_SUB) {
        made->terms[0] = args[0];
        made->terms[1] = args[1];
    }
    return object_number(made);
}

int number_compare(Lower *l, const Object *a, const Object *b) {
    if (a->kind == OBJECT_INTEGER && b->kind == OBJECT_INTEGER) {
        return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
    }
    if (is_infinite(a) || is_infinite(b)) {
        double x = beside_infinity(l, a), y = beside_infinity(l, b);
        return (x > y) - (x < y);
    }
    return exact_compare(exact_of(l, a), exact_of(l, b));
}

/* Formulas over numbers. */

typedef struct Formula {
    Lower *l;
    const Exact *const *operands; /* NULL: `doubles`, one of which is infinite */
    const double *doubles;
    ExactStatus status;
    Primitive broken; /* the first that failed */
} Formula;

static const Exact *formula_exact(Formula *f, const Scalar *s) {
    const Exact *args[3] = {NULL}, *result = NULL;
    if (s->kind == SCALAR_INPUT) return f->operands[s->index];
    if (s->kind == SCALAR_CONSTANT) return exact_of_double(&f->l->cx->module, s->value);
    Primitive p = (Primitive)s->index;
    for (int i = 0; i < primitive_info[p].arity; i++) {
        args[i] = formula_exact(f, s->args[i]);
        if (!args[i]) return NULL;
    }
    f->status = exact_apply(&f->l->cx->module, p, args, &result);
    f->broken = p;
    return f->status == EXACT_DONE ? result : NULL;
}

static double formula_double(Formula *f, const Scalar *s) {
    Cell args[3] = {{0}, {0}, {0}};
    if (s->kind == SCALAR_INPUT) return f->doubles[s->index];
    if (s->kind == SCALAR_CONSTANT) return s->value;
    Primitive p = (Primitive)s->index;
    for (int i = 0; i < primitive_info[p].arity; i++) args[i].f = formula_double(f, s->args[i]);
    Cell result = eval_primitive(p, DTYPE_F64, DTYPE_F64, args);
    bool holds = eval_condition_holds(p, DTYPE_F64, DTYPE_F64, args, result, false, true);
    if (f->status == EXACT_DONE && !holds) {
        f->status = EXACT_UNDEFINED;
        f->broken = p;
    }
    return result.f;
}

/* Whether a formula uses nothing but operands, constants and primitives that give numbers. */
static bool formula_is_plain(const Scalar *s) {
    if (s->kind == SCALAR_INPUT || s->kind == SCALAR_CONSTANT) return true;
    if (s->kind != SCALAR_APPLY || !exact_knows((Primitive)s->index)) return false;
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        if (!formula_is_plain(s->args[i])) return false;
    }
    return true;
}

static Object formula_result(Lower *l, Op op, Formula *f, bool integers, Span span) {
    const Exact *value = NULL;
    double number = 0;
    int64_t integer = 0;
    if (f->operands) value = formula_exact(f, op_info[op].body);
    else number = formula_double(f, op_info[op].body);
    if (f->status == EXACT_UNDEFINED) {
        fault_say(l, code_of(f->broken), span,
                  "`%s` of a number outside its domain, while compiling", op_info[op].spelling);
        return POISON;
    }
    if (f->status != EXACT_DONE) return defined(l, f->status, NULL, NNA0002, span);
    if (!value) return object_real(number);
    if (integers && exact_to_integer(value, &integer)) return object_integer(integer);
    return object_exact(l, value);
}

Object number_operator(Lower *l, Op op, uint32_t count, const Object *operands, Span span) {
    const Exact *exact[OP_MAX_INPUTS];
    double doubles[OP_MAX_INPUTS];
    bool integers = op_info[op].type == TYPE_NUMBER, finite = true;
    if (!formula_is_plain(op_info[op].body)) {
        fault_say(l, NNA1008, span, "`%s` of numbers alone: one operand must be a tensor",
                  op_info[op].spelling);
        return POISON;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (operands[i].kind == OBJECT_POISON) return POISON;
        if (!object_as_real(&operands[i], &doubles[i])) {
            fault_say(l, NNA1008, span, "`%s` of %s", op_info[op].spelling,
                      object_describe(l, &operands[i]));
            return POISON;
        }
        finite = finite && !is_infinite(&operands[i]);
        integers = integers && operands[i].kind == OBJECT_INTEGER;
    }
    for (uint32_t i = 0; finite && i < count; i++) exact[i] = exact_of(l, &operands[i]);
    Formula formula = {.l = l, .operands = finite ? exact : NULL, .doubles = doubles};
    return formula_result(l, op, &formula, integers, span);
}
