/* Text that is being built. Numbers are written the same whatever the locale. */
#include "ir/base/buf.h"

#include "ir/base/checked.h"
#include "ir/base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double exact_integers = 9007199254740992.0; /* 2^53: all below are doubles */

enum { FIRST_CAPACITY = 128, NUMBER_BYTES = 64, DOUBLE_DIGITS = 17 };

Buf buf_make(Arena *arena) {
    return (Buf){.arena = arena};
}

/* Makes room for `more` bytes and the terminator. */
static void buf_reserve(Buf *buf, size_t more) {
    size_t wanted;
    if (!checked_size_add(buf->length, more, &wanted) || wanted > SIZE_MAX / 4) {
        arena_exhausted(buf->arena, SIZE_MAX);
    }
    if (wanted < buf->capacity) return;
    size_t capacity = buf->capacity == 0 ? FIRST_CAPACITY : buf->capacity * 2;
    while (capacity <= wanted) capacity *= 2;
    char *data = arena_alloc(buf->arena, capacity, 1);
    if (buf->length > 0) memcpy(data, buf->data, buf->length);
    buf->data = data;
    buf->capacity = capacity;
}

void buf_put_bytes(Buf *buf, const char *bytes, size_t length) {
    buf_reserve(buf, length);
    if (length > 0) memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void buf_put(Buf *buf, const char *text) {
    buf_put_bytes(buf, text, strlen(text));
}

void buf_put_char(Buf *buf, char c) {
    buf_put_bytes(buf, &c, 1);
}

void buf_repeat(Buf *buf, char c, size_t count) {
    buf_reserve(buf, count);
    memset(buf->data + buf->length, c, count);
    buf->length += count;
    buf->data[buf->length] = '\0';
}

void buf_printf(Buf *buf, const char *format, ...) {
    va_list args;
    buf_reserve(buf, 64);
    size_t room = buf->capacity - buf->length;
    va_start(args, format);
    int length = vsnprintf(buf->data + buf->length, room, format, args);
    va_end(args);
    assert(length >= 0 && "a format of ours that printf refuses");
    if (length > 0 && (size_t)length >= room) {
        buf_reserve(buf, (size_t)length);
        va_start(args, format);
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
        va_end(args);
    }
    if (length > 0) buf->length += (size_t)length;
    buf->data[buf->length] = '\0';
}

/* What printf made of a number, with a point whatever the locale, and with the exponent as
 * people write it: 1e-7, 1e30. */
static void put_digits(Buf *buf, const char *digits) {
    const char *c = digits;
    while (*c != '\0' && *c != 'e') {
        if (*c == '-' || (*c >= '0' && *c <= '9')) {
            buf_put_char(buf, *c++);
            continue;
        }
        buf_put_char(buf, '.');
        while (*c != '\0' && *c != 'e' && !(*c >= '0' && *c <= '9')) c++;
    }
    if (*c == '\0') return;
    buf_put_char(buf, *c++);
    if (*c == '-') buf_put_char(buf, '-');
    c += strspn(c, "+-");
    c += strspn(c, "0");
    buf_put(buf, c);
}

/* Infinities and NaN; false for everything else. */
static bool put_special(Buf *buf, double value) {
    if (isnan(value)) {
        buf_put(buf, "nan");
        return true;
    }
    if (isinf(value)) buf_put(buf, value > 0 ? "inf" : "-inf");
    return isinf(value);
}

/* Integers of at most `most`; false for everything else. */
static bool put_integer(Buf *buf, double value, double most) {
    if (!(fabs(value) <= most) || trunc(value) < value || trunc(value) > value) return false;
    buf_printf(buf, "%.0f", value);
    return true;
}

void buf_put_number(Buf *buf, double value) {
    char text[NUMBER_BYTES];
    if (put_special(buf, value) || put_integer(buf, value, exact_integers)) return;
    /* A normal double that some text of at most 15 digits means is printed so by 15 digits;
     * a subnormal may need far fewer. */
    int digits = fpclassify(value) == FP_SUBNORMAL ? 1 : 15;
    for (;; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (digits >= DOUBLE_DIGITS || !(back < value || back > value)) break;
    }
    put_digits(buf, text);
}

/* Significand bits of the element type that needs so many digits; 53 for others. */
static int digits_to_bits(int digits) {
    switch (digits) {
    case 4: return 8;   /* bf16 */
    case 5: return 11;  /* f16 */
    case 9: return 24;  /* f32 */
    default: return 53; /* f64 */
    }
}

static double round_to_bits(double value, int bits) {
    int exponent;
    double fraction = frexp(value, &exponent);
    return ldexp(nearbyint(ldexp(fraction, bits)), exponent - bits);
}

void buf_put_rounded(Buf *buf, double value, int digits) {
    char text[NUMBER_BYTES];
    if (digits < 1 || digits > DOUBLE_DIGITS) digits = DOUBLE_DIGITS;
    double most = fmin(pow(10, digits) - 1, exact_integers);
    if (put_special(buf, value) || put_integer(buf, value, most)) return;
    int bits = digits_to_bits(digits);
    for (int few = 1; few <= digits; few++) {
        snprintf(text, sizeof text, "%.*g", few, value);
        double back = round_to_bits(strtod(text, NULL), bits);
        if (!(back < value || back > value)) break;
    }
    put_digits(buf, text);
}

void buf_put_escaped(Buf *buf, const char *bytes, size_t length) {
    size_t from = 0;
    for (size_t i = 0; i < length;) {
        uint32_t point = 0, size = utf8_decode(bytes + i, length - i, &point);
        if (size > 0 && !utf8_is_unsafe(point)) {
            i += size;
            continue;
        }
        buf_put_bytes(buf, bytes + from, i - from);
        if (size == 0) point = (unsigned char)bytes[i];
        buf_printf(buf, "\\u{%" PRIx32 "}", point);
        i += size == 0 ? 1 : size;
        from = i;
    }
    buf_put_bytes(buf, bytes + from, length - from);
}

static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

const char *size_text(char out[SIZE_TEXT_BYTES], uint64_t bytes) {
    unsigned unit = 0;
    while (unit < 6 && bytes >> (10 * (unit + 1)) != 0) unit++;
    uint64_t whole = bytes >> (10 * unit), rest = bytes - (whole << (10 * unit));
    if (rest == 0) {
        snprintf(out, SIZE_TEXT_BYTES, "%" PRIu64 " %s", whole,
                 bytes == 1 ? "byte" : units[unit]);
        return out;
    }
    uint64_t tenths = unit == 0 ? 0 : (rest >> (10 * (unit - 1))) * 10 / 1024;
    snprintf(out, SIZE_TEXT_BYTES, "%" PRIu64 ".%" PRIu64 " %s", whole, tenths, units[unit]);
    return out;
}

const char *buf_text(const Buf *buf) {
    return buf->data == NULL ? "" : buf->data;
}
