/* Text that is being built: a growable, always terminated string in an arena.
 * Everything the library "prints" goes into one of these; main.c writes it out. */
#ifndef NNA_IR_BASE_BUF_H
#define NNA_IR_BASE_BUF_H

#include "ir/base/arena.h"

typedef struct Buf {
    Arena *arena;
    char *data; /* terminated; NULL while empty */
    size_t length, capacity;
} Buf;

Buf buf_make(Arena *arena);
void buf_put(Buf *buf, const char *text);
void buf_put_bytes(Buf *buf, const char *bytes, size_t length);
void buf_put_char(Buf *buf, char c);
void buf_repeat(Buf *buf, char c, size_t count);
void buf_printf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The shortest decimal text that reads back as the same double: 0.1, 1e-45, 784, inf,
 * -inf, nan. Integers up to 2^53 print without a point or an exponent. */
void buf_put_number(Buf *buf, double value);

/* The shortest text that reads back as the same value of an element type, which is given by
 * the digits that it needs (f32: 9, f16: 5, bf16: 4, f64: 17), for messages: the f32 nearest
 * to 0.1 is 0.1. What the type does not hold is rounded to so many digits. */
void buf_put_rounded(Buf *buf, double value, int digits);

/* Text from a file made safe for a terminal: control bytes, and bytes that are not
 * UTF-8, as \u{..}; the rest unchanged. */
void buf_put_escaped(Buf *buf, const char *bytes, size_t length);

/* A number of bytes for people: "16 MiB" when exact, "1.3 GiB" when rounded. */
enum { SIZE_TEXT_BYTES = 24 };
const char *size_text(char out[SIZE_TEXT_BYTES], uint64_t bytes);

const char *buf_text(const Buf *buf); /* "" while empty */

#endif
