/* What the rules of nna.l call: values of literals, comments, and the reports about what is
 * no token (NNA1002). A token with a fault is reported once and handed on with a harmless
 * value; Parser.quiet_at then keeps the grammar from complaining about it again. */
#include "frontend/exact.h"
#include "frontend/parse_internal.h"

#include "ir/base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *text_at(const Parser *parser, uint32_t offset) {
    return parser->source->text + (offset - parser->source->base);
}

/* A report about the token or a part of it. */
static Diag *scan_fault(Parser *parser, Span token, DiagCode code, Span span,
                        const char *message) {
    if (token.begin > parser->quiet_at) parser->quiet_at = token.begin;
    parser->faults++;
    parser->file->broken = true;
    return diag_new(parser->cx, code, span, "%s", message);
}

static void scan_say(Parser *parser, Span token, Span span, const char *message,
                     const char *help) {
    Diag *d = scan_fault(parser, token, NNA1002, span, message);
    if (help != NULL) diag_help(parser->cx, d, "%s", help);
    diag_emit(parser->cx, d);
}

/* The text of a span as it may be shown, shortened. */
static const char *shown(Parser *parser, Span span) {
    enum { SHOWN = 40 };
    uint32_t length = span.end - span.begin;
    Buf text = buf_make(&parser->cx->session);
    buf_put_escaped(&text, text_at(parser, span.begin), length < SHOWN ? length : SHOWN);
    if (length > SHOWN) buf_put(&text, "...");
    return buf_text(&text);
}

static void check_limit(Parser *parser, Span span, uint64_t length, uint64_t limit,
                        const char *what, const char *option) {
    if (length <= limit) return;
    Ctx *cx = parser->cx;
    Span start = {span.begin, span.begin + 1};
    Diag *d = scan_fault(parser, span, NNA0002, start, what);
    diag_primary(cx, d, "%llu bytes, and %llu are allowed", (unsigned long long)length,
                 (unsigned long long)limit);
    diag_help(cx, d, "`--limit %s=%llu` allows it", option, (unsigned long long)length);
    diag_emit(cx, d);
}

/* Comments and strings hold any UTF-8 but NUL, and no carriage return within a line, which
 * an editor might show as a line end. Reports the first byte that is neither. */
static bool check_text(Parser *parser, Span token, Span span) {
    const char *text = text_at(parser, span.begin);
    uint32_t length = span.end - span.begin, step = 1, point;
    for (uint32_t i = 0; i < length; i += step) {
        unsigned char c = (unsigned char)text[i];
        step = 1;
        if (c >= ' ' && c < 0x80) continue;
        Span place = {span.begin + i, span.begin + i + 1};
        if (c == 0) {
            scan_say(parser, token, place, "a NUL byte", "text is UTF-8 without NUL bytes");
            return false;
        }
        if (c == '\r' && !(i + 1 == length && text[length] == '\n')) {
            scan_say(parser, token, place, "a carriage return within a line",
                     "lines end with LF or CR LF");
            return false;
        }
        if (c < 0x80) continue;
        step = utf8_decode(text + i, length - i, &point);
        if (step == 0) {
            scan_say(parser, token, place, "bytes that are not UTF-8", "save the file as UTF-8");
            return false;
        }
    }
    return true;
}

static Span trimmed(const Parser *parser, uint32_t begin, uint32_t end) {
    while (begin < end && strchr(" \t\r", *text_at(parser, begin)) != NULL) begin++;
    while (end > begin && strchr(" \t\r", *text_at(parser, end - 1)) != NULL) end--;
    return (Span){begin, end};
}

static void keep_expectation(Parser *parser, uint32_t begin, uint32_t end, bool required) {
    Span span = trimmed(parser, begin, end);
    Expectation one = {
        .span = span,
        .line = place_of(parser->cx, begin).line,
        .required = required,
        .text = arena_text(&parser->cx->module, text_at(parser, span.begin),
                           span.end - span.begin),
    };
    vec_push(&parser->cx->module, &parser->file->expectations, one);
}

/* `#! ... #? ...`: what is demanded, then what is tolerated. */
static void keep_expectations(Parser *parser, Span span) {
    uint32_t begin = span.begin;
    while (begin < span.end) {
        uint32_t next = begin + 2;
        while (next < span.end && !(text_at(parser, next)[0] == '#' && next + 1 < span.end &&
                                    strchr("!?", text_at(parser, next)[1]) != NULL)) {
            next++;
        }
        keep_expectation(parser, begin + 2, next, text_at(parser, begin)[1] == '!');
        begin = next;
    }
}

static void keep_doc(Parser *parser, Span span) {
    if (parser->doc_begin == 0) {
        parser->doc_begin = span.begin;
        parser->doc = buf_make(&parser->cx->module);
    } else {
        buf_put_char(&parser->doc, '\n');
    }
    uint32_t begin = span.begin + 2;
    if (begin < span.end && *text_at(parser, begin) == ' ') begin++;
    Span text = {begin, trimmed(parser, begin, span.end).end};
    if (text.end > text.begin) {
        buf_put_bytes(&parser->doc, text_at(parser, begin), text.end - text.begin);
    }
    parser->doc_end = span.end;
}

void scan_comment(Parser *parser, Span span) {
    const char *text = text_at(parser, span.begin);
    uint32_t length = span.end - span.begin;
    bool whole = check_text(parser, SPAN_NONE, span);
    bool first_line = span.begin == parser->source->base;
    if (whole && length > 1 && (text[1] == '?' || (text[1] == '!' && !first_line))) {
        keep_expectations(parser, span);
    } else if (whole && length > 1 && text[1] == '#' && (length == 2 || text[2] != '#')) {
        keep_doc(parser, span);
    } else {
        vec_push(&parser->cx->module, &parser->file->comments, span);
    }
}

int64_t scan_integer(Parser *parser, Span span, uint32_t base) {
    const char *text = text_at(parser, span.begin);
    int64_t value = 0;
    for (uint32_t i = base == 16 ? 2 : 0; i < span.end - span.begin; i++) {
        char c = text[i];
        if (c == '_') continue;
        int digit = c <= '9' ? c - '0' : (c | ' ') - 'a' + 10;
        if (__builtin_mul_overflow(value, (int64_t)base, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            scan_say(parser, span, span, "integer literal that is too large",
                     "the largest integer is 9223372036854775807; a real is written with a "
                     "point or an exponent: `1e20`");
            return 0;
        }
    }
    return value;
}

/* Digits that fit a double exactly, times a power of ten that does too, need one rounding
 * only: the result is the nearest double. */
static bool real_exact(const char *text, uint32_t length, double *value) {
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t mantissa = 0;
    int scale = 0, exponent = 0;
    uint32_t i = 0;
    for (bool point = false; i < length && (text[i] | ' ') != 'e'; i++) {
        if (text[i] == '.') point = true;
        if (text[i] < '0' || text[i] > '9') continue;
        if (mantissa >= (UINT64_C(1) << 53) / 10) return false;
        mantissa = mantissa * 10 + (uint64_t)(text[i] - '0');
        scale -= point;
    }
    bool negative = i + 1 < length && text[i + 1] == '-';
    for (i++; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') continue;
        if (exponent > 1000) return false;
        exponent = exponent * 10 + (text[i] - '0');
    }
    scale += negative ? -exponent : exponent;
    if (scale < -22 || scale > 22) return false;
    *value = scale < 0 ? (double)mantissa / power[-scale] : (double)mantissa * power[scale];
    return true;
}

/* The nearest double, which may be 0 or infinite: the number itself is made when it is needed.
 * The library never leaves the C locale, in which strtod reads a point. */
double scan_real(Parser *parser, Span span) {
    const char *text = text_at(parser, span.begin);
    uint32_t length = span.end - span.begin, count = 0;
    double value;
    if (real_exact(text, length, &value)) return value;
    char small[64], *digits = small;
    if (length >= sizeof small) digits = ARENA_ARRAY(&parser->cx->module, char, length + 1);
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] != '_') digits[count++] = text[i];
    }
    digits[count] = '\0';
    if (exact_text_fits(digits, count)) return strtod(digits, NULL);
    scan_say(parser, span, span, "real literal with too many digits, or too large an exponent",
             "its numerator and denominator have 10000 bits at most: about 1e3000 and 1e-3000; "
             "infinity is written `inf`");
    return 0;
}

/* Appends what an escape stands for; returns its length, or reports it. */
static uint32_t put_unicode(Parser *parser, Span token, uint32_t at, uint32_t end, Buf *out) {
    uint32_t length = 3, point = 0, digits = 0;
    const char *text = text_at(parser, at);
    bool good = at + 2 < end && text[2] == '{';
    for (; good && at + length < end && text[length] != '}'; length++, digits++) {
        char c = text[length], low = (char)(c | ' ');
        good = (c >= '0' && c <= '9') || (low >= 'a' && low <= 'f');
        if (point > 0x10ffff) good = false;
        point = point * 16 + (uint32_t)(c <= '9' ? c - '0' : low - 'a' + 10);
    }
    good = good && digits > 0 && at + length < end;
    if (good) length++;
    if (!good || point == 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
        uint32_t stop = at + length < end ? at + length : end;
        scan_say(parser, token, (Span){at, stop}, "escape that names no character",
                 "write the number of a character in hexadecimal, `\\u{1F600}`, at most "
                 "`\\u{10FFFF}`, and not 0");
        return stop - at;
    }
    char bytes[4];
    uint32_t count = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (uint32_t i = count; i-- > 1; point >>= 6) bytes[i] = (char)(0x80 | (point & 0x3f));
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    bytes[0] = (char)(lead[count] | point);
    buf_put_bytes(out, bytes, count);
    return length;
}

static uint32_t put_escape(Parser *parser, Span token, uint32_t at, uint32_t end, Buf *out) {
    static const char names[] = "nt\"\\", values[] = "\n\t\"\\";
    char c = at + 1 < end ? text_at(parser, at)[1] : '\0';
    if (c == 'u') return put_unicode(parser, token, at, end, out);
    if (at + 1 == end) return 1; /* of a string that is not closed */
    const char *name = c == '\0' ? NULL : strchr(names, c);
    if (name != NULL) {
        buf_put_char(out, values[name - names]);
        return 2;
    }
    uint32_t point, length = utf8_decode(text_at(parser, at + 1), end - at - 1, &point);
    Span span = {at, at + 1 + length};
    scan_say(parser, token, span, "unknown escape in a string",
             "escapes are `\\n`, `\\t`, `\\\"`, `\\\\` and `\\u{...}`");
    return 1 + length;
}

/* The text between the quotes; the last one is missing in an unterminated string. */
static Span between(const Parser *parser, Span span) {
    const char *text = text_at(parser, span.begin);
    uint32_t last = span.end - span.begin - 1, slashes = 0;
    while (slashes < last && text[last - 1 - slashes] == '\\') slashes++;
    bool closed = last > 0 && text[last] == text[0] && (text[0] == '`' || slashes % 2 == 0);
    Span inside = {span.begin + 1, span.end - closed};
    if (!closed && inside.end > inside.begin && *text_at(parser, inside.end - 1) == '\r') {
        inside.end--;
    }
    return inside;
}

Name scan_string(Parser *parser, Span span) {
    Span inside = between(parser, span);
    uint32_t length = inside.end - inside.begin;
    check_limit(parser, span, length, parser->cx->limits.string_bytes,
                "a string is longer than the limit", "string-bytes");
    if (!check_text(parser, span, inside)) return NAME_NONE;
    const char *text = text_at(parser, inside.begin);
    if (memchr(text, '\\', length) == NULL) {
        return names_intern(&parser->cx->names, text, length);
    }
    Buf out = buf_make(&parser->cx->module);
    for (uint32_t at = inside.begin; at < inside.end;) {
        if (*text_at(parser, at) == '\\') {
            at += put_escape(parser, span, at, inside.end, &out);
        } else {
            buf_put_char(&out, *text_at(parser, at++));
        }
    }
    return names_intern(&parser->cx->names, buf_text(&out), out.length);
}

Name scan_name(Parser *parser, Span span) {
    uint32_t length = span.end - span.begin;
    check_limit(parser, span, length, parser->cx->limits.identifier_bytes,
                "a name is longer than the limit", "identifier-bytes");
    return names_intern(&parser->cx->names, text_at(parser, span.begin), length);
}

Name scan_quoted_name(Parser *parser, Span span) {
    Span inside = between(parser, span);
    if (inside.begin == inside.end) {
        scan_say(parser, span, span, "an empty name in back quotes", NULL);
        return names_intern_text(&parser->cx->names, "_");
    }
    if (!check_text(parser, span, inside)) return names_intern_text(&parser->cx->names, "_");
    return scan_name(parser, inside);
}

void scan_malformed_number(Parser *parser, Span span) {
    const char *text = text_at(parser, span.begin);
    uint32_t length = span.end - span.begin;
    char last = text[length - 1];
    const char *help = "integers are written `42`, `1_000` or `0x1f`, reals `1.0` or `1e-7`";
    Ctx *cx = parser->cx;
    if (text[0] == '.') {
        help = arena_format(&cx->session, "write `0%s`", shown(parser, span));
    } else if (last == '.') {
        help = arena_format(&cx->session, "write `%s0`", shown(parser, span));
    } else if (text[0] == '0' && length > 1 && (text[1] | ' ') == 'x') {
        help = "a hexadecimal integer is written `0x1f`";
    } else if (memchr(text, '_', length) != NULL) {
        help = "`_` stands between two digits: `1_000`";
    } else if (strspn(text, "0123456789") + 1 <= length &&
               strchr("eE", text[strspn(text, "0123456789")]) != NULL) {
        help = "an exponent has digits: `1e-7`";
    }
    const char *message = arena_format(&cx->session, "malformed number `%s`", shown(parser, span));
    scan_say(parser, span, span, message, help);
    parser->muted = 2; /* this token and the next: a comma may have been lost with the rest */
}

void scan_unterminated(Parser *parser, Span span, const char *what) {
    const char *message = arena_format(&parser->cx->session, "%s that is not closed", what);
    Span start = {span.begin, span.begin + 1};
    scan_say(parser, span, start, message, "it ends on the line where it begins");
}

void scan_misspelled(Parser *parser, Span span, const char *meant) {
    Ctx *cx = parser->cx;
    const char *message = *text_at(parser, span.begin) == '\''
                              ? "a string in single quotes"
                              : arena_format(&cx->session, "`%s` is not of this language",
                                             shown(parser, span));
    Diag *d = scan_fault(parser, span, NNA1001, span, message);
    diag_help(cx, d, "write `%s`", meant);
    diag_emit(cx, d);
}

/* It is left out whole, closed or not. */
void scan_foreign_comment(Parser *parser, Span span) {
    Diag *d = scan_fault(parser, span, NNA1001, (Span){span.begin, span.begin + 2},
                         "`/*` is not of this language");
    diag_help(parser->cx, d, "a comment begins with `#` and ends with its line");
    diag_emit(parser->cx, d);
    const char *end = text_at(parser, span.end);
    bool closed = span.end - span.begin >= 4 && end[-2] == '*' && end[-1] == '/';
    if (!closed) parser->muted = 1; /* what follows is in it, down to the end of the file */
}

/* Characters that are pasted for one of ASCII. */
static const char *ascii_twin(uint32_t point) {
    switch (point) {
    case 0xd7: case 0x22c5: return "*";
    case 0xf7: return "/";
    case 0x2010: case 0x2011: case 0x2012: case 0x2013: case 0x2014: case 0x2212: return "-";
    case 0x2018: case 0x2019: case 0x201c: case 0x201d: case 0xab: case 0xbb: return "\"";
    case 0x2264: return "<=";
    case 0x2265: return ">=";
    case 0x2260: return "!=";
    case 0x2192: return "->";
    case 0x221e: return "inf";
    case 0x2026: return "...";
    case 0xa0: return "an ordinary space";
    default: return NULL;
    }
}

/* Letters of other alphabets, as far as they are not symbols or marks. */
static bool is_letter(uint32_t point) {
    return (point >= 0xc0 && point < 0x2000 && point != 0xd7 && point != 0xf7) ||
           (point >= 0x3040 && point != 0xfeff);
}

/* point: 0 for a byte of no character. */
static void say_foreign(Parser *parser, Span span, uint32_t point) {
    Ctx *cx = parser->cx;
    const char *twin = ascii_twin(point);
    const char *help = NULL;
    if (point == 0) {
        scan_say(parser, span, span, "bytes that are not UTF-8", "save the file as UTF-8");
        return;
    }
    if (point == 0xfeff) {
        scan_say(parser, span, span,
                 span.begin == parser->source->base ? "a byte order mark at the start of the file"
                                                    : "an invisible character (U+FEFF)",
                 "save the file as UTF-8 without it");
        return;
    }
    if (is_letter(point)) {
        help = "names are made of the letters A to Z, digits and `_`; others stand between "
               "back quotes";
    } else if (twin != NULL) {
        help = arena_format(&cx->session, point == 0xa0 ? "write %s" : "write `%s`", twin);
    }
    const char *message = arena_format(&cx->session, "unexpected character `%s` (U+%04X)",
                                       shown(parser, span), point);
    scan_say(parser, span, span, message, help);
}

uint32_t scan_foreign(Parser *parser, Span span, bool *name) {
    const char *text = text_at(parser, span.begin);
    uint32_t length = span.end - span.begin, point = 0, before = 0;
    while ((unsigned char)text[before] < 0x80) before++;
    uint32_t step = utf8_decode(text + before, length - before, &point);
    bool letter = step > 0 && is_letter(point);
    *name = letter || before > 0;
    if (before > 0 && !letter) return before;
    if (letter) {
        say_foreign(parser, (Span){span.begin + before, span.begin + before + step}, point);
        return length;
    }
    parser->muted = 1;
    if (step > 0) {
        say_foreign(parser, (Span){span.begin, span.begin + step}, point);
        return step;
    }
    uint32_t run = 1, ignored; /* of bytes that are no characters: one fault */
    while (run < length && (unsigned char)text[run] >= 0x80 &&
           utf8_decode(text + run, length - run, &ignored) == 0) {
        run++;
    }
    say_foreign(parser, (Span){span.begin, span.begin + 1}, 0);
    return run;
}

void scan_stray(Parser *parser, Span span) {
    Ctx *cx = parser->cx;
    char c = *text_at(parser, span.begin);
    const char *message = "a NUL byte", *help = "text is UTF-8 without NUL bytes";
    if (c == '\r') {
        message = "a carriage return without a line feed", help = "lines end with LF or CR LF";
    } else if (c == ';') {
        message = "unexpected `;`", help = "statements need no end mark: leave it out";
    } else if (c != '\0') {
        message = arena_format(&cx->session, "unexpected character `%s`", shown(parser, span));
        help = c == '`' ? "names in back quotes end on their line"
                        : c == '\'' ? "strings stand in double quotes" : NULL;
    }
    if (c == ';') {
        Diag *d = scan_fault(parser, span, NNA1001, span, message);
        diag_help(cx, d, "%s", help);
        diag_emit(cx, d);
    } else {
        scan_say(parser, span, span, message, help);
    }
    parser->muted = 1;
}
