/* Elements, contracts and trips: what every program with a model in it needs. */
#include "backend/rt/nna_rt_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t nna_rt_trip(nna_rt_call *call, int32_t guard, int64_t element, double a, double b, double c,
                    double result, int32_t operand_count) {
    if (call->armed >= 0 && call->armed != guard) return 0;
    if (call->trip.guard < 0) {
        call->trip = (nna_rt_trip_record){.guard = guard,
                                          .operand_count = operand_count,
                                          .element = element,
                                          .operands = {a, b, c},
                                          .result = result};
    }
    return 1;
}

void nna_rt_put(nna_rt_text *text, const char *format, ...) {
    if (text->length + 1 >= text->size) return;
    size_t room = text->size - text->length;
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(text->data + text->length, room, format, args);
    va_end(args);
    if (wanted > 0) text->length += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

void nna_rt_clear(nna_rt_text *text) {
    text->length = 0;
    if (text->size > 0) text->data[0] = '\0';
}

/* ---- Element types */

static const struct {
    const char *name;
    uint8_t bytes;
    bool is_float, is_signed;
} types[] = {
    {"", 0, false, false},
    {"f16", 2, true, true},    {"bf16", 2, true, true},   {"f32", 4, true, true},
    {"f64", 8, true, true},    {"i8", 1, false, true},    {"i16", 2, false, true},
    {"i32", 4, false, true},   {"i64", 8, false, true},   {"u8", 1, false, false},
    {"u16", 2, false, false},  {"u32", 4, false, false},  {"u64", 8, false, false},
    {"bool", 1, false, false},
};

size_t nna_rt_bytes(int32_t dtype) {
    return types[dtype].bytes;
}

const char *nna_rt_dtype_name(int32_t dtype) {
    return types[dtype].name;
}

bool nna_rt_is_float(int32_t dtype) {
    return types[dtype].is_float;
}

/* A 16-bit float with `exponent` bits of exponent and the rest of significand. */
static double half_to_double(uint16_t bits, int exponent) {
    int fraction = 15 - exponent;
    int bias = (1 << (exponent - 1)) - 1;
    int e = (bits >> fraction) & ((1 << exponent) - 1);
    double m = (double)(bits & ((1 << fraction) - 1));
    double scale = ldexp(1.0, -fraction), value;
    if (e == (1 << exponent) - 1) value = m == 0 ? INFINITY : NAN;
    else if (e == 0) value = ldexp(m * scale, 1 - bias);
    else value = ldexp(1 + m * scale, e - bias);
    return bits & 0x8000 ? -value : value;
}

/* Rounded to nearest, ties to even. */
static uint16_t double_to_half(double x, int exponent) {
    int fraction = 15 - exponent;
    int bias = (1 << (exponent - 1)) - 1;
    uint16_t sign = signbit(x) ? 0x8000 : 0;
    uint16_t infinity = (uint16_t)(((1 << exponent) - 1) << fraction);
    if (isnan(x)) return (uint16_t)(sign | infinity | 1 << (fraction - 1));
    double magnitude = fabs(x);
    if (isinf(x)) return (uint16_t)(sign | infinity);
    int e;
    frexp(magnitude, &e);
    e = e - 1 < 1 - bias ? 1 - bias : e - 1;
    double units = nearbyint(ldexp(magnitude, fraction - e)); /* exact scaling, then one rounding */
    double base = ldexp(1, fraction);
    /* Adding the units carries into the exponent where rounding went up. */
    double bits = units < base ? units : units - base + ldexp((double)(e + bias), fraction);
    return (uint16_t)(sign | (bits >= infinity ? infinity : (uint16_t)bits));
}

#define LOAD(Type, at) \
    {                  \
        Type value;    \
        memcpy(&value, at, sizeof value); \
        return (double)value;             \
    }

double nna_rt_load(int32_t dtype, const void *data, int64_t index) {
    const char *at = (const char *)data + (size_t)index * nna_rt_bytes(dtype);
    uint16_t half;
    switch (dtype) {
    case NNA_RT_F16: memcpy(&half, at, 2); return half_to_double(half, 5);
    case NNA_RT_BF16: memcpy(&half, at, 2); return half_to_double(half, 8);
    case NNA_RT_F32: LOAD(float, at)
    case NNA_RT_F64: LOAD(double, at)
    case NNA_RT_I8: LOAD(int8_t, at)
    case NNA_RT_I16: LOAD(int16_t, at)
    case NNA_RT_I32: LOAD(int32_t, at)
    case NNA_RT_I64: LOAD(int64_t, at)
    case NNA_RT_U16: LOAD(uint16_t, at)
    case NNA_RT_U32: LOAD(uint32_t, at)
    case NNA_RT_U64: LOAD(uint64_t, at)
    default: LOAD(uint8_t, at)
    }
}

#define STORE(Type, at)                   \
    {                                     \
        Type rounded = (Type)value;       \
        memcpy(at, &rounded, sizeof rounded); \
        return;                           \
    }

void nna_rt_store(int32_t dtype, void *data, int64_t index, double value) {
    char *at = (char *)data + (size_t)index * nna_rt_bytes(dtype);
    uint16_t half;
    switch (dtype) {
    case NNA_RT_F16: half = double_to_half(value, 5); memcpy(at, &half, 2); return;
    case NNA_RT_BF16: half = double_to_half(value, 8); memcpy(at, &half, 2); return;
    case NNA_RT_F32: STORE(float, at)
    case NNA_RT_F64: STORE(double, at)
    case NNA_RT_I8: STORE(int8_t, at)
    case NNA_RT_I16: STORE(int16_t, at)
    case NNA_RT_I32: STORE(int32_t, at)
    case NNA_RT_I64: STORE(int64_t, at)
    case NNA_RT_U16: STORE(uint16_t, at)
    case NNA_RT_U32: STORE(uint32_t, at)
    case NNA_RT_U64: STORE(uint64_t, at)
    default: STORE(uint8_t, at)
    }
}

static double next_integer(int32_t dtype, double value, bool up) {
    int bits = (int)nna_rt_bytes(dtype) * 8;
    double high = dtype == NNA_RT_BOOL ? 1 : ldexp(1, types[dtype].is_signed ? bits - 1 : bits) - 1;
    double low = types[dtype].is_signed ? -ldexp(1, bits - 1) : 0;
    double next = value + (up ? 1 : -1);
    return next < low || next > high ? value : next;
}

double nna_rt_next(int32_t dtype, double value, bool up) {
    double toward = up ? INFINITY : -INFINITY;
    if (!nna_rt_is_float(dtype)) return next_integer(dtype, value, up);
    if (dtype == NNA_RT_F64) return nextafter(value, toward);
    if (dtype == NNA_RT_F32) return (double)nextafterf((float)value, (float)toward);
    int exponent = dtype == NNA_RT_F16 ? 5 : 8;
    if (isnan(value) || value == toward) return value;
    if (value == 0) return half_to_double(up ? 1 : 0x8001, exponent);
    uint16_t bits = double_to_half(value, exponent);
    bool away = (value > 0) == up; /* in magnitude */
    return half_to_double((uint16_t)(away ? bits + 1 : bits - 1), exponent);
}

void nna_rt_put_number(nna_rt_text *text, int32_t dtype, double value) {
    char digits[40];
    if (isnan(value)) {
        nna_rt_put(text, "NaN");
        return;
    }
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        double back = strtod(digits, NULL);
        if (nna_rt_is_float(dtype)) {
            uint64_t rounded = 0;
            nna_rt_store(dtype, &rounded, 0, back);
            back = nna_rt_load(dtype, &rounded, 0);
        }
        if (back == value) break;
    }
    nna_rt_put(text, "%s", digits);
}

void nna_rt_put_dims(nna_rt_text *text, int32_t rank, const int64_t *dims) {
    nna_rt_put(text, "[");
    for (int32_t i = 0; i < rank; i++) {
        nna_rt_put(text, "%s%" PRId64, i > 0 ? ", " : "", dims[i]);
    }
    nna_rt_put(text, "]");
}

bool nna_rt_count(int32_t rank, const int64_t *dims, int64_t *out) {
    *out = 1;
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0 || __builtin_mul_overflow(*out, dims[i], out)) return false;
    }
    return true;
}

bool nna_rt_size(const nna_rt_tensor *tensor, const int64_t *dims, int64_t *out) {
    int64_t count;
    return nna_rt_count(tensor->rank, dims, &count) &&
           !__builtin_mul_overflow(count, (int64_t)nna_rt_bytes(tensor->dtype), out);
}

void *nna_rt_allocate(int64_t bytes) {
    enum { LINE = 64 };
    if (bytes < 0 || (uint64_t)bytes > PTRDIFF_MAX - LINE) return NULL;
    return aligned_alloc(LINE, bytes == 0 ? LINE : ((size_t)bytes + LINE - 1) / LINE * LINE);
}

/* ---- Contracts of inputs and buffers */

void nna_rt_put_index(nna_rt_text *text, int32_t rank, const int64_t *dims, int64_t element) {
    int64_t index[16];
    for (int32_t i = rank; i-- > 0;) {
        index[i] = dims[i] > 0 ? element % dims[i] : 0;
        element = dims[i] > 0 ? element / dims[i] : element;
    }
    nna_rt_put_dims(text, rank, index);
}

static bool element_keeps(const nna_rt_contract *c, double x) {
    if (c->kind == NNA_RT_ANY) return true;
    if (!isfinite(x)) return false;
    switch (c->kind) {
    case NNA_RT_INTERVAL:
        return (c->open_low ? x > c->low : x >= c->low) &&
               (c->open_high ? x < c->high : x <= c->high);
    case NNA_RT_SET:
        for (int64_t i = 0; i < c->value_count; i++) {
            if (c->values[i] == x) return true;
        }
        return false;
    case NNA_RT_SIMPLEX: return x >= 0;
    case NNA_RT_ONEHOT: return x == 0 || x == 1;
    default: return true;
    }
}

/* Sums along the axis are 1, within what f32 sums of probabilities are off by. */
static bool sums_hold(const char *what, const nna_rt_tensor *t, const int64_t *dims,
                      const void *data, nna_rt_text *message) {
    const double tolerance = t->contract->kind == NNA_RT_ONEHOT ? 0 : 1e-3;
    int64_t inner = 1, outer = 1, length = dims[t->contract->axis];
    for (int32_t i = 0; i < t->contract->axis; i++) outer *= dims[i];
    for (int32_t i = t->contract->axis + 1; i < t->rank; i++) inner *= dims[i];
    for (int64_t group = 0; group < outer * inner; group++) {
        int64_t first = group / inner * inner * length + group % inner;
        double sum = 0;
        for (int64_t k = 0; k < length; k++) {
            sum += nna_rt_load(t->dtype, data, first + k * inner);
        }
        if (fabs(sum - 1) <= tolerance) continue;
        nna_rt_put(message, "%s `%s`: the elements along axis %d from ", what, t->name,
                   (int)t->contract->axis);
        nna_rt_put_index(message, t->rank, dims, first);
        nna_rt_put(message, " on sum to %.6g, the contract is %s", sum, t->contract->text);
        return false;
    }
    return true;
}

/* The common case in a loop of its own, since it runs over every input of every run. */
static int64_t first_outside_f32(const nna_rt_contract *c, const float *data, int64_t count) {
    const float low = (float)c->low, high = (float)c->high;
    int64_t i = 0;
    while (i < count && data[i] >= low && data[i] <= high) i++;
    return i;
}

bool nna_rt_contract_holds(const char *what, const nna_rt_tensor *t, const int64_t *dims,
                           const void *data, nna_rt_text *message) {
    const nna_rt_contract *c = t->contract;
    int64_t count, i = 0;
    if (c == NULL || c->kind == NNA_RT_ANY || !nna_rt_count(t->rank, dims, &count)) return true;
    bool is_plain = c->kind == NNA_RT_INTERVAL && !c->open_low && !c->open_high &&
                    isfinite(c->low) && isfinite(c->high);
    if (t->dtype == NNA_RT_F32 && is_plain) i = first_outside_f32(c, data, count);
    for (; i < count; i++) {
        double x = nna_rt_load(t->dtype, data, i);
        if (element_keeps(c, x)) continue;
        nna_rt_put(message, "%s `%s`: element ", what, t->name);
        nna_rt_put_index(message, t->rank, dims, i);
        nna_rt_put(message, " is ");
        nna_rt_put_number(message, t->dtype, x);
        nna_rt_put(message, ", the contract is %s", c->text);
        return false;
    }
    bool has_sum = c->kind == NNA_RT_SIMPLEX || c->kind == NNA_RT_ONEHOT;
    return !has_sum || sums_hold(what, t, dims, data, message);
}

/* ---- Trips */

/* The sizes of the value that the guard stands in; false where they are not known. */
static bool guard_dims(const nna_rt_session *session, const nna_rt_guard *guard, int64_t *dims) {
    if (guard->dims == NULL || guard->rank > 8) return false;
    for (int32_t i = 0; i < guard->rank; i++) {
        int64_t size = guard->dims[i];
        dims[i] = size;
        if (size >= 0) continue;
        /* The first size is never needed to tell an element's place. */
        if (size == INT64_MIN && i > 0) return false;
        dims[i] = size == INT64_MIN ? INT64_MAX : session->variables[-1 - size];
    }
    return true;
}

static void put_element(const nna_rt_session *session, const nna_rt_guard *guard, int64_t element,
                        nna_rt_text *text) {
    int64_t dims[8];
    if (guard_dims(session, guard, dims)) nna_rt_put_index(text, guard->rank, dims, element);
    else nna_rt_put(text, "number %" PRId64, element);
}

static void put_source(const nna_rt_guard *g, nna_rt_text *text) {
    char number[16];
    int width = snprintf(number, sizeof number, "%d", (int)g->line);
    nna_rt_put(text, "%*s--> %s:%d:%d\n", width, "", g->file, (int)g->line, (int)g->column);
    nna_rt_put(text, "%*s |\n%s | %s\n%*s | ", width, "", number, g->source, width, "");
    const char *at = g->source;
    for (int32_t column = 1; column < g->column && *at != '\0'; column++) {
        nna_rt_put(text, "%c", *at == '\t' ? '\t' : ' ');
        do at++;
        while (((unsigned char)*at & 0xc0) == 0x80); /* the rest of a character */
    }
    for (int32_t i = 0; i < g->length || i == 0; i++) nna_rt_put(text, "^");
    nna_rt_put(text, "\n");
}

/* Which element, and what it was made of: "`log` of -0.5", "the sum gives inf". */
static void put_operation(const nna_rt_guard *g, const nna_rt_trip_record *trip,
                          nna_rt_text *text) {
    nna_rt_put(text, ": %s", g->operation);
    if (trip->operand_count > 0) nna_rt_put(text, " of ");
    for (int32_t i = 0; i < trip->operand_count && i < 3; i++) {
        if (i > 0) nna_rt_put(text, ", ");
        nna_rt_put_number(text, g->dtype, trip->operands[i]);
    }
    if (g->kind == NNA_RT_GUARD_RESULT || trip->operand_count == 0) {
        nna_rt_put(text, " gives ");
        nna_rt_put_number(text, g->dtype, trip->result);
    }
}

void nna_rt_put_trip(const nna_rt_session *session, const nna_rt_call *call, nna_rt_text *text) {
    const nna_rt_trip_record *trip = &call->trip;
    const nna_rt_guard *g = &session->model->guards[trip->guard];
    bool value = g->kind == NNA_RT_GUARD_CONTRACT && trip->operand_count > 0;
    nna_rt_put(text, "guard[%s]: %s\n", g->code, g->title);
    put_source(g, text);
    nna_rt_put(text, "  = %selement ", value ? "" : "at ");
    put_element(session, g, trip->element, text);
    nna_rt_put(text, " of %s", g->value);
    if (value) {
        nna_rt_put(text, " is ");
        nna_rt_put_number(text, g->dtype, trip->operands[0]);
    } else {
        put_operation(g, trip, text);
    }
    nna_rt_put(text, "\n  = %s\n", g->condition);
}
