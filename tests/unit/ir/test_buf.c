/* Text that is built: numbers, escapes, sizes; UTF-8; wrapping. */
#include "tests/unit/support.h"

#include "ir/base/utf8.h"
#include "ir/base/wrap.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

Test(buf, puts) {
    Ctx *cx = test_ctx();
    Buf buf = buf_make(&cx->scratch);
    cr_assert_str_eq(buf_text(&buf), "");
    buf_put(&buf, "");
    buf_put_bytes(&buf, NULL, 0);
    cr_assert_str_eq(buf_text(&buf), "");
    buf_put(&buf, "ab");
    buf_put_char(&buf, 'c');
    buf_repeat(&buf, '.', 3);
    buf_repeat(&buf, '.', 0);
    buf_printf(&buf, "%d%s", 7, "x");
    cr_assert_str_eq(buf_text(&buf), "abc...7x");
    for (int length = 1; length < 2000; length++) buf_printf(&buf, "%*d", length, 1);
    cr_assert_eq(buf.length, 8 + 1999 * 2000 / 2);
    cr_assert_eq(strlen(buf.data), buf.length);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

static const char *number(Ctx *cx, double value) {
    Buf buf = buf_make(&cx->scratch);
    buf_put_number(&buf, value);
    return buf_text(&buf);
}

Test(buf, numbers) {
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"}, {-0.0, "-0"}, {784, "784"}, {-3, "-3"}, {0.1, "0.1"}, {0.5, "0.5"},
        {1e-7, "1e-7"}, {1e-45, "1e-45"}, {5e-324, "5e-324"}, {1e300, "1e300"},
        {9007199254740992.0, "9007199254740992"}, {-9007199254740992.0, "-9007199254740992"},
        {9007199254740994.0, "9007199254740994"}, {1e16, "1e16"}, {1e15, "1000000000000000"},
        {0.1 + 0.2, "0.30000000000000004"}, {1.0 / 3, "0.3333333333333333"}, {1e-4, "0.0001"},
        {1e-5, "1e-5"}, {FLT_MAX, "3.4028234663852886e38"}, {DBL_MAX, "1.7976931348623157e308"},
        {DBL_MIN, "2.2250738585072014e-308"}, {0x1p-1073, "1e-323"}, {123456.75, "123456.75"},
        {INFINITY, "inf"}, {-INFINITY, "-inf"}, {NAN, "nan"}, {-NAN, "nan"},
    };
    Ctx *cx = test_ctx();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_str_eq(number(cx, rows[i].value), rows[i].text);
    }
    uint64_t state = 1;
    for (int i = 0; i < 20000; i++) { /* any double reads back, and no digit is wasted */
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = state ^ state >> 29;
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        const char *text = number(cx, value);
        cr_assert(strtod(text, NULL) == value, "%s", text); /* exact: it must read back */
        cr_assert_leq(strlen(text), 24);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(buf, rounded_numbers) {
    static const struct {
        double value;
        int digits;
        const char *text;
    } rows[] = {
        {0.1f, 9, "0.1"}, {0.1, 9, "0.1"}, {16777217, 9, "16777217"}, {FLT_MAX, 9, "3.4028235e38"},
        {1e-45f, 9, "1.4012985e-45"}, {88.72284f, 9, "88.72284"}, {-88.72284f, 9, "-88.72284"},
        {65504, 5, "65504"}, {256, 4, "256"},
        {0.0999755859375, 5, "0.1"}, {0.1, 17, "0.1"}, {1.0 / 3, 17,
         "0.3333333333333333"}, {1.0 / 3, 9, "0.333333333"}, {1.0f / 3, 9, "0.33333334"},
        {1e30f, 9, "1e30"}, {0, 9, "0"}, {784, 9, "784"},
        {1e10, 9, "1e10"}, {0x1p40, 9, "1.0995116e12"},
        {INFINITY, 9, "inf"}, {NAN, 9, "nan"}, {0.25, 0, "0.25"}, {0.25, 99, "0.25"},
    };
    Ctx *cx = test_ctx();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Buf buf = buf_make(&cx->scratch);
        buf_put_rounded(&buf, rows[i].value, rows[i].digits);
        cr_expect_str_eq(buf_text(&buf), rows[i].text);
    }
    for (uint32_t i = 0; i < 20000; i++) { /* nine digits are enough for any normal float */
        uint32_t bits = i * 2654435761u;
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isnormal(value)) continue;
        Buf buf = buf_make(&cx->scratch);
        buf_put_rounded(&buf, value, 9);
        cr_assert(strtof(buf_text(&buf), NULL) == value, "%s", buf_text(&buf)); /* exact */
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(buf, escapes_and_sizes) {
    static const struct {
        const char *bytes, *text;
    } escapes[] = {
        {"plain, `é` 日本 🎉", "plain, `é` 日本 🎉"},
        {"\x1b[31m\n\t", "\\u{1b}[31m\\u{a}\\u{9}"},
        {"\x7f\xc2\x80\xc2\x9f\xc2\xa0", "\\u{7f}\\u{80}\\u{9f}\xc2\xa0"},
        {"\xff" "a" "\xc3", "\\u{ff}a\\u{c3}"},
        {"\xc0\x80", "\\u{c0}\\u{80}"},             /* overlong */
        {"\xed\xa0\x80", "\\u{ed}\\u{a0}\\u{80}"},  /* surrogate */
        {"\xf4\x90\x80\x80", "\\u{f4}\\u{90}\\u{80}\\u{80}"}, /* above U+10FFFF */
        {"\xe2\x80\xae\xef\xbb\xbf", "\\u{202e}\\u{feff}"},
    };
    static const struct {
        uint64_t bytes;
        const char *text;
    } sizes[] = {
        {0, "0 bytes"}, {1, "1 byte"}, {1023, "1023 bytes"}, {1024, "1 KiB"}, {1536, "1.5 KiB"},
        {16u << 20, "16 MiB"}, {(1u << 30) + 1, "1.0 GiB"}, {1000000000, "953.6 MiB"},
        {4294967296, "4 GiB"}, {UINT64_MAX, "15.9 EiB"},
    };
    Ctx *cx = test_ctx();
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        Buf buf = buf_make(&cx->scratch);
        buf_put_escaped(&buf, escapes[i].bytes, strlen(escapes[i].bytes));
        cr_expect_str_eq(buf_text(&buf), escapes[i].text);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char text[SIZE_TEXT_BYTES];
        cr_expect_str_eq(size_text(text, sizes[i].bytes), sizes[i].text);
    }
    Buf buf = buf_make(&cx->scratch);
    buf_put_escaped(&buf, "a\0b", 3);
    cr_expect_str_eq(buf_text(&buf), "a\\u{0}b");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Every code point is decoded as it is encoded; every shorter text is none. */
Test(buf, utf8_of_every_character) {
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        char bytes[4];
        uint32_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4, out = 0;
        static const unsigned lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (uint32_t i = size; i-- > 0;) {
            uint32_t part = point >> (6 * (size - 1 - i));
            bytes[i] = (char)(i > 0 ? 0x80 | (part & 0x3f) : lead[size] | part);
        }
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        cr_assert_eq(utf8_decode(bytes, size, &out), surrogate ? 0 : size);
        cr_assert(surrogate || out == point);
        if (size > 1) cr_assert_eq(utf8_decode(bytes, size - 1, &out), 0);
    }
    cr_assert_eq(utf8_columns('a') + utf8_columns(0xe9), 2);
    cr_assert_eq(utf8_columns(0x301), 0);
    cr_assert_eq(utf8_columns(0x65e5), 2);
    cr_assert_eq(utf8_count("abcdefghi\xc3\xa9jklmnopq\xff", 21), 20);
    cr_assert_eq(utf8_text_columns("a\xe6\x97\xa5" "e\xcc\x81\xff", 8), 5);
    NNA_CHECK_LEAKS();
}

Test(buf, wrapping) {
    static const struct {
        const char *text;
        uint32_t room;
        const char *filled, *balanced; /* lines, joined by '|' */
    } rows[] = {
        {"", 10, "", ""},
        {"one", 10, "one", "one"},
        {"one two three", 0, "one two three", "one two three"},
        {"one two three", 8, "one two|three", "one two|three"},
        {"aa bb cc dd", 8, "aa bb cc|dd", "aa bb|cc dd"},
        {"a  b", 10, "a  b", "a  b"},
        {"aaa  bbb", 4, "aaa|bbb", "aaa|bbb"},
        {"aaa ", 3, "aaa", "aaa"},
        {"  kept", 10, "  kept", "  kept"},
        {"muchtoolong a", 5, "muchtoolong|a", "muchtoolong|a"},
        {"a `b c` d", 5, "a|`b c`|d", "a|`b c`|d"},
        {"a `b c d e` f", 5, "a `b|c d|e` f", "a `b|c d|e` f"},
        {"a `b c", 4, "a `b|c", "a `b|c"},
        {"x\ny z\n", 10, "x|y z|", "x|y z|"},
        {"日本 日本", 5, "日本|日本", "日本|日本"},
    };
    Ctx *cx = test_ctx();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int balanced = 0; balanced < 2; balanced++) {
            TextLines lines = balanced ? wrap_balanced(&cx->scratch, rows[i].text, rows[i].room)
                                       : wrap_text(&cx->scratch, rows[i].text, rows[i].room);
            Buf joined = buf_make(&cx->scratch);
            for (uint32_t k = 0; k < lines.count; k++) {
                if (k > 0) buf_put_char(&joined, '|');
                buf_put_bytes(&joined, lines.data[k].text, lines.data[k].length);
            }
            cr_expect_str_eq(buf_text(&joined), balanced ? rows[i].balanced : rows[i].filled,
                             "row %zu: %s", i, buf_text(&joined));
        }
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
