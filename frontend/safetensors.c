/* The header of a safetensors file: a JSON object of one fixed form, read by a strict reader of its
 * own, which knows the byte where it stands, and allocates nothing that the file asks for.
 *
 *     {"__metadata__": {"key": "text", ...},
 *      "path": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}   blanks at the end
 *
 * (https://github.com/huggingface/safetensors, "Format".) */
#include "frontend/safetensors.h"

#include "ir/base/checked.h"
#include "ir/base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reader {
    Ctx *cx;
    const char *path, *start, *at, *end;
    uint64_t data_size;
    SafetensorsEntries entries;
    bool has_metadata;
} Reader;

static const struct {
    const char *name;
    DType dtype;
} type_names[] = {
    {"F16", DTYPE_F16}, {"BF16", DTYPE_BF16}, {"F32", DTYPE_F32}, {"F64", DTYPE_F64},
    {"I8", DTYPE_I8},   {"I16", DTYPE_I16},   {"I32", DTYPE_I32}, {"I64", DTYPE_I64},
    {"U8", DTYPE_U8},   {"U16", DTYPE_U16},   {"U32", DTYPE_U32}, {"U64", DTYPE_U64},
    {"BOOL", DTYPE_BOOL},
};

static size_t offset_of(const Reader *r, const char *at) {
    return SAFETENSORS_PREFIX + (size_t)(at - r->start);
}

__attribute__((format(printf, 3, 4))) static bool malformed(Reader *r, size_t offset,
                                                            const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *what = arena_vformat(&r->cx->session, format, args);
    va_end(args);
    diag_file(r->cx, NNA7008, r->path, "malformed weights file, at byte %zu: %s", offset, what);
    return false;
}

static bool expected(Reader *r, const char *what) {
    size_t offset = offset_of(r, r->at);
    if (r->at == r->end) return malformed(r, offset, "%s expected, the header ends", what);
    Buf found = buf_make(&r->cx->session);
    buf_put_escaped(&found, r->at, 1);
    return malformed(r, offset, "%s expected, not `%s`", what, buf_text(&found));
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(Reader *r) {
    while (r->at < r->end && is_blank(*r->at)) r->at++;
}

static bool is_next(Reader *r, char c) {
    skip_blanks(r);
    return r->at < r->end && *r->at == c;
}

static bool take(Reader *r, char c, const char *what) {
    if (!is_next(r, c)) return expected(r, what);
    r->at++;
    return true;
}

/* ---- Strings */

static bool take_hex(Reader *r, uint32_t *out) {
    *out = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        if (r->at == r->end) return expected(r, "four hexadecimal digits");
        char c = *r->at;
        uint32_t digit;
        if (c >= '0' && c <= '9') digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F') digit = (uint32_t)(c - 'A') + 10;
        else return expected(r, "four hexadecimal digits");
        *out = *out * 16 + digit;
    }
    return true;
}

static void put_character(Buf *out, uint32_t point) {
    char bytes[4];
    size_t length = 0;
    if (point < 0x80) {
        bytes[length++] = (char)point;
    } else if (point < 0x800) {
        bytes[length++] = (char)(0xc0 | point >> 6);
    } else if (point < 0x10000) {
        bytes[length++] = (char)(0xe0 | point >> 12);
        bytes[length++] = (char)(0x80 | (point >> 6 & 0x3f));
    } else {
        bytes[length++] = (char)(0xf0 | point >> 18);
        bytes[length++] = (char)(0x80 | (point >> 12 & 0x3f));
        bytes[length++] = (char)(0x80 | (point >> 6 & 0x3f));
    }
    if (point >= 0x80) bytes[length++] = (char)(0x80 | (point & 0x3f));
    buf_put_bytes(out, bytes, length);
}

/* After `\u`; two of them where the first is one half of a pair. */
static bool take_unicode(Reader *r, Buf *out) {
    uint32_t point, low;
    const char *start = r->at;
    if (!take_hex(r, &point)) return false;
    if (point >= 0xd800 && point < 0xdc00 && r->end - r->at >= 2 && r->at[0] == '\\' &&
        r->at[1] == 'u') {
        r->at += 2;
        if (!take_hex(r, &low)) return false;
        if (low >= 0xdc00 && low < 0xe000) {
            point = 0x10000 + ((point - 0xd800) << 10 | (low - 0xdc00));
        }
    }
    if (point == 0 || (point >= 0xd800 && point < 0xe000)) {
        return malformed(r, offset_of(r, start), "not a character");
    }
    put_character(out, point);
    return true;
}

static bool take_escape(Reader *r, Buf *out) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end) return expected(r, "an escape");
    if (*r->at == 'u') {
        r->at++;
        return take_unicode(r, out);
    }
    const char *letter = strchr(letters, *r->at);
    if (letter == NULL || *letter == '\0') return expected(r, "an escape");
    r->at++;
    buf_put_char(out, meanings[letter - letters]);
    return true;
}

static bool take_string(Reader *r, Buf *out, const char *what) {
    if (!take(r, '"', what)) return false;
    while (r->at < r->end && *r->at != '"') {
        uint32_t point;
        uint32_t length = utf8_decode(r->at, (size_t)(r->end - r->at), &point);
        size_t offset = offset_of(r, r->at);
        if (length == 0) return malformed(r, offset, "bytes that are not UTF-8");
        if (point < ' ') return malformed(r, offset, "a control character in a string");
        if (*r->at == '\\') {
            r->at++;
            if (!take_escape(r, out)) return false;
        } else {
            buf_put_bytes(out, r->at, length);
            r->at += length;
        }
        if (out->length > r->cx->limits.string_bytes) {
            return malformed(r, offset_of(r, r->at), "a string of more than %" PRIu64 " bytes",
                             r->cx->limits.string_bytes);
        }
    }
    if (r->at == r->end) return expected(r, "the end of a string");
    r->at++;
    return true;
}

/* ---- Numbers and lists */

static bool take_integer(Reader *r, int64_t *out) {
    skip_blanks(r);
    const char *start = r->at;
    *out = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (!checked_mul(*out, 10, out) || !checked_add(*out, *r->at - '0', out)) {
            return malformed(r, offset_of(r, start), "a number beyond 2^63");
        }
    }
    if (r->at == start) return expected(r, "a whole number");
    if (*start == '0' && r->at - start > 1) {
        return malformed(r, offset_of(r, start), "a number with a leading zero");
    }
    return true;
}

/* Whole numbers in brackets, at most `most`. */
static bool take_integers(Reader *r, uint32_t most, int64_t *out, uint32_t *count) {
    *count = 0;
    if (!take(r, '[', "`[`")) return false;
    if (is_next(r, ']')) {
        r->at++;
        return true;
    }
    for (;;) {
        if (*count == most) {
            return malformed(r, offset_of(r, r->at), "more than %" PRIu32 " numbers", most);
        }
        if (!take_integer(r, &out[*count])) return false;
        ++*count;
        if (!is_next(r, ',')) return take(r, ']', "`,` or `]`");
        r->at++;
    }
}

/* ---- Entries */

/* What an entry has said so far. */
typedef struct Parts {
    bool dtype, shape, offsets;
    size_t shape_at, offsets_at;
} Parts;

static bool take_dtype(Reader *r, SafetensorsEntry *entry) {
    Buf name = buf_make(&r->cx->scratch);
    const char *start = r->at;
    if (!take_string(r, &name, "a type name")) return false;
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
        if (strcmp(buf_text(&name), type_names[i].name) == 0) entry->dtype = type_names[i].dtype;
    }
    if (entry->dtype != DTYPE_NONE) return true;
    Buf safe = buf_make(&r->cx->scratch);
    buf_put_escaped(&safe, buf_text(&name), name.length);
    return malformed(r, offset_of(r, start), "element type `%s` is not supported", buf_text(&safe));
}

static bool take_shape(Reader *r, SafetensorsEntry *entry, Parts *parts) {
    uint32_t rank;
    parts->shape_at = offset_of(r, r->at);
    if (!take_integers(r, MAX_RANK, entry->dims, &rank)) return false;
    entry->rank = (uint8_t)rank;
    return true;
}

static bool take_offsets(Reader *r, SafetensorsEntry *entry, Parts *parts) {
    int64_t ends[2];
    uint32_t count;
    parts->offsets_at = offset_of(r, r->at);
    if (!take_integers(r, 2, ends, &count)) return false;
    if (count != 2) return malformed(r, parts->offsets_at, "two offsets expected");
    entry->begin = (uint64_t)ends[0];
    entry->end = (uint64_t)ends[1];
    return true;
}

static bool take_part(Reader *r, SafetensorsEntry *entry, Parts *parts) {
    Buf key = buf_make(&r->cx->scratch);
    skip_blanks(r);
    size_t at = offset_of(r, r->at);
    if (!take_string(r, &key, "a string") || !take(r, ':', "`:`")) return false;
    skip_blanks(r);
    const char *text = buf_text(&key);
    bool *part = strcmp(text, "dtype") == 0          ? &parts->dtype
                 : strcmp(text, "shape") == 0        ? &parts->shape
                 : strcmp(text, "data_offsets") == 0 ? &parts->offsets
                                                     : NULL;
    if (part == NULL) {
        return malformed(r, at, "only `dtype`, `shape` and `data_offsets` may stand here");
    }
    if (*part) return malformed(r, at, "`%s` is given twice", text);
    *part = true;
    if (part == &parts->dtype) return take_dtype(r, entry);
    return part == &parts->shape ? take_shape(r, entry, parts) : take_offsets(r, entry, parts);
}

/* The parts of an entry must agree: so many elements, so many bytes, inside the file. */
static bool check_entry(Reader *r, const SafetensorsEntry *entry, const Parts *parts) {
    if (!parts->dtype || !parts->shape || !parts->offsets) {
        return malformed(r, entry->at, "`%s` is missing",
                         !parts->dtype   ? "dtype"
                         : !parts->shape ? "shape"
                                         : "data_offsets");
    }
    int64_t size = dtype_info[entry->dtype].bytes;
    for (uint8_t i = 0; i < entry->rank; i++) {
        if (!checked_mul(size, entry->dims[i], &size)) {
            return malformed(r, parts->shape_at, "the product of the shape is beyond 2^63");
        }
    }
    if (entry->begin > entry->end || entry->end > r->data_size) {
        return malformed(r, parts->offsets_at,
                         "offsets %" PRIu64 " to %" PRIu64 " do not lie in the %" PRIu64
                         " bytes of data", entry->begin, entry->end, r->data_size);
    }
    if (entry->end - entry->begin == (uint64_t)size) return true;
    return malformed(r, parts->offsets_at,
                     "%" PRIu64 " bytes of data, where shape and type make %" PRId64,
                     entry->end - entry->begin, size);
}

static bool take_entry(Reader *r, Name path, size_t at) {
    SafetensorsEntry entry = {.path = path, .at = at};
    Parts parts = {0};
    if (!take(r, '{', "`{`")) return false;
    do {
        if (!take_part(r, &entry, &parts)) return false;
    } while (is_next(r, ',') && r->at++ < r->end);
    if (!take(r, '}', "`,` or `}`") || !check_entry(r, &entry, &parts)) return false;
    if (r->entries.count >= r->cx->limits.weights_tensors) {
        diag_file(r->cx, NNA0002, r->path,
                  "more than %" PRIu64
                  " tensors; raise the limit with --limit weights-tensors=N",
                  r->cx->limits.weights_tensors);
        return false;
    }
    vec_push(&r->cx->module, &r->entries, entry);
    return true;
}

static bool take_metadata(Reader *r, size_t at) {
    if (r->has_metadata) return malformed(r, at, "`__metadata__` is given twice");
    r->has_metadata = true;
    if (!take(r, '{', "`{`")) return false;
    if (!is_next(r, '}')) {
        do {
            Buf text = buf_make(&r->cx->scratch);
            if (!take_string(r, &text, "a string") || !take(r, ':', "`:`")) return false;
            text.length = 0;
            if (!take_string(r, &text, "a string")) return false;
        } while (is_next(r, ',') && r->at++ < r->end);
    }
    return take(r, '}', "`,` or `}`");
}

static bool take_member(Reader *r) {
    Buf name = buf_make(&r->cx->scratch);
    skip_blanks(r);
    size_t at = offset_of(r, r->at);
    if (!take_string(r, &name, "a string") || !take(r, ':', "`:`")) return false;
    if (strcmp(buf_text(&name), "__metadata__") == 0) return take_metadata(r, at);
    return take_entry(r, names_intern(&r->cx->names, buf_text(&name), name.length), at);
}

static bool take_header(Reader *r) {
    if (r->at == r->end || *r->at != '{') return expected(r, "`{`");
    r->at++;
    if (!is_next(r, '}')) {
        do {
            if (!take_member(r)) return false;
        } while (is_next(r, ',') && r->at++ < r->end);
    }
    if (!take(r, '}', "`,` or `}`")) return false;
    while (r->at < r->end && *r->at == ' ') r->at++; /* padding */
    return r->at == r->end || expected(r, "nothing more");
}

/* ---- The entries together */

static int compare_paths(const void *a, const void *b) {
    const SafetensorsEntry *x = a, *y = b;
    if (x->path.id != y->path.id) return x->path.id < y->path.id ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

static int compare_places(const void *a, const void *b) {
    const SafetensorsEntry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static bool check_paths(Reader *r) {
    SafetensorsEntries *all = &r->entries;
    if (all->count == 0) return true;
    qsort(all->data, all->count, sizeof *all->data, compare_paths);
    for (uint32_t i = 1; i < all->count; i++) {
        if (!name_is(all->data[i].path, all->data[i - 1].path)) continue;
        Buf safe = buf_make(&r->cx->session);
        const char *text = names_text(&r->cx->names, all->data[i].path);
        buf_put_escaped(&safe, text, strlen(text));
        diag_file(r->cx, NNA7005, r->path, "`%s` is in the file twice, at bytes %zu and %zu",
                  buf_text(&safe), all->data[i - 1].at, all->data[i].at);
        return false;
    }
    return true;
}

/* Every byte of the data belongs to one tensor. */
static bool check_places(Reader *r) {
    SafetensorsEntries *all = &r->entries;
    uint64_t end = 0;
    if (all->count > 0) qsort(all->data, all->count, sizeof *all->data, compare_places);
    for (uint32_t i = 0; i < all->count; i++) {
        const SafetensorsEntry *entry = &all->data[i];
        if (entry->begin != end) {
            return malformed(r, entry->at, "the data of this tensor begins at %" PRIu64
                             ", %s at %" PRIu64, entry->begin,
                             entry->begin < end ? "inside of another, which ends"
                                                : "behind a hole that begins", end);
        }
        end = entry->end;
    }
    if (end == r->data_size) return true;
    return malformed(r, offset_of(r, r->end) + (size_t)end,
                     "%" PRIu64 " bytes that belong to no tensor", r->data_size - end);
}

bool safetensors_header(Ctx *cx, const char *path, const char *header, size_t length,
                        uint64_t data_size, SafetensorsEntries *out) {
    Reader r = {.cx = cx,
                .path = path,
                .start = header,
                .at = header,
                .end = header + length,
                .data_size = data_size};
    if (!take_header(&r) || !check_paths(&r) || !check_places(&r)) return false;
    *out = r.entries;
    return true;
}
