/* The header of a safetensors file: a JSON object of one fixed form, parsed by jansson.
 *
 *     {"__metadata__": {"key": "text", ...},
 *      "path": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}   blanks at the end
 *
 * (https://github.com/huggingface/safetensors, "Format".)
 *
 * Memory. jansson's values come from malloc, while a report or an arena may jump out of here; so
 * everything runs under ctx_try, and safetensors_header frees the values whatever happened.
 *
 * What jansson 2.14 does not hold is counted before it is called: it makes 1.2 GiB of 16 MiB of
 * `{"a": [{}, {}, ...`; it goes 2048 deep; it drops a NUL byte behind a number; and it reads
 * beyond a string for whose last bytes malloc gave no more memory, so that strings are short. */
#include "frontend/safetensors.h"

#include "ir/base/checked.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH = 3,           /* the header, a tensor, a list */
    TENSOR_BRACKETS = 3, /* its own, those of the shape, those of the offsets */
    TENSOR_COMMAS = MAX_RANK + 3,
    OTHER_COMMAS = 10000 /* in the metadata */
};

typedef struct Reader {
    Ctx *cx;
    const char *path, *header;
    size_t length;
    uint64_t data_size;
    json_t *root; /* NULL: none; freed by safetensors_header */
    SafetensorsEntries entries;
    bool is_good;
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

static const char *safe_text(Reader *r, const char *bytes, size_t length) {
    Buf safe = buf_make(&r->cx->session);
    buf_put_escaped(&safe, bytes, length);
    return buf_text(&safe);
}

/* Where the header itself is not as it must be; `at` counts from its start. */
__attribute__((format(printf, 3, 4))) static bool malformed(Reader *r, uint64_t at,
                                                            const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *what = arena_vformat(&r->cx->session, format, args);
    va_end(args);
    diag_file(r->cx, NNA7008, r->path, "malformed weights file, at byte %" PRIu64 ": %s",
              SAFETENSORS_PREFIX + at, what);
    return false;
}

/* What a tensor, or the metadata, says of itself is not as it must be. */
__attribute__((format(printf, 3, 4))) static bool refused(Reader *r, const char *name,
                                                          const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *what = arena_vformat(&r->cx->session, format, args);
    va_end(args);
    diag_file(r->cx, NNA7008, r->path, "malformed weights file, in `%s`: %s",
              safe_text(r, name, strlen(name)), what);
    return false;
}

static bool too_many(Reader *r) {
    diag_file(r->cx, NNA0002, r->path,
              "more than %" PRIu64 " tensors; raise the limit with --limit weights-tensors=N",
              r->cx->limits.weights_tensors);
    return false;
}

/* ---- Before the parser: what it would have to hold */

typedef struct Census {
    uint64_t brackets, commas, depth, deepest;
    size_t longest_string;         /* as written */
    const char *string, *last_end; /* the last one, without its quotes */
} Census;

static void count_string(Census *c, const char **at, const char *end) {
    const char *start = ++*at;
    for (; *at < end && **at != '"'; ++*at) {
        if (**at == '\\' && end - *at > 1) ++*at;
    }
    size_t length = (size_t)(*at - start);
    if (length > c->longest_string) c->longest_string = length;
    c->string = start;
    c->last_end = *at;
}

/* Exact as far as jansson reads: as long as there is no syntax error. */
static Census take_census(const char *header, size_t length) {
    Census c = {.string = header, .last_end = header};
    const char *end = header + length;
    for (const char *at = header; at < end; at++) {
        switch (*at) {
        case '"': count_string(&c, &at, end); break;
        case ',': c.commas++; break;
        case '[':
        case '{':
            c.brackets++;
            if (++c.depth > c.deepest) c.deepest = c.depth;
            break;
        case ']':
        case '}':
            if (c.depth > 0) c.depth--;
            break;
        default: break;
        }
    }
    return c;
}

static bool check_census(Reader *r) {
    const Limits *limits = &r->cx->limits;
    if (r->length == 0 || r->header[0] != '{') return malformed(r, 0, "`{` expected");
    const char *nul = memchr(r->header, '\0', r->length);
    if (nul != NULL) return malformed(r, (uint64_t)(nul - r->header), "a NUL byte");
    Census c = take_census(r->header, r->length);
    if (c.longest_string > limits->string_bytes) {
        diag_file(r->cx, NNA0002, r->path,
                  "the header has a string of %zu bytes, the limit is %" PRIu64
                  "; raise it with --limit string-bytes=N",
                  c.longest_string, limits->string_bytes);
        return false;
    }
    if (c.deepest > DEPTH) return malformed(r, 0, "brackets are nested more than %d deep", DEPTH);
    uint64_t most = limits->weights_tensors < UINT32_MAX ? limits->weights_tensors : UINT32_MAX;
    bool fits = c.brackets <= TENSOR_BRACKETS * most + 2 &&
                c.commas <= TENSOR_COMMAS * most + OTHER_COMMAS;
    return fits || too_many(r);
}

/* ---- The parser's errors */

/* jansson's words, with names in back quotes as everywhere else. */
static const char *error_text(Reader *r, const json_error_t *error) {
    Buf text = buf_make(&r->cx->session);
    buf_put_escaped(&text, error->text, strlen(error->text));
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\'') text.data[i] = '`';
    }
    return buf_text(&text);
}

/* `at` is behind the second one. A key of the header itself is the path of a tensor. */
static bool report_duplicate(Reader *r, size_t at) {
    Census c = take_census(r->header, at);
    size_t length = (size_t)(c.last_end - c.string);
    const char *key = safe_text(r, c.string, length);
    size_t key_at = at - length - 2;
    if (c.depth > 1 || (length == 12 && memcmp(c.string, "__metadata__", 12) == 0)) {
        return malformed(r, key_at, "`%s` is given twice", key);
    }
    diag_file(r->cx, NNA7005, r->path, "`%s` is in the file twice, the second time at byte %zu",
              key, SAFETENSORS_PREFIX + key_at);
    return false;
}

static bool report_error(Reader *r, const json_error_t *error) {
    if (error->text[0] == '\0') ctx_exhausted(r->cx, r->length, EXHAUSTED_SYSTEM);
    size_t at = (unsigned int)error->position; /* behind the token; an int, whatever the length */
    if (at > r->length) at = r->length;
    switch ((int)json_error_code(error)) {
    case json_error_duplicate_key: return report_duplicate(r, at);
    case json_error_null_character:
    case json_error_null_byte_in_key: return malformed(r, at, "`\\u0000` in a string");
    default: return malformed(r, at, "%s", error_text(r, error));
    }
}

/* ---- Entries */

/* A list of at most `most` whole numbers, none below 0. */
static bool take_integers(const json_t *list, size_t most, int64_t *out) {
    if (!json_is_array(list) || json_array_size(list) > most) return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *number = json_array_get(list, i);
        if (!json_is_integer(number) || json_integer_value(number) < 0) return false;
        out[i] = json_integer_value(number);
    }
    return true;
}

static bool take_dtype(Reader *r, const char *name, const json_t *value, SafetensorsEntry *entry) {
    const char *text = json_string_value(value);
    if (text == NULL) return refused(r, name, "`dtype` is not a string");
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
        if (strcmp(text, type_names[i].name) == 0) entry->dtype = type_names[i].dtype;
    }
    if (entry->dtype != DTYPE_NONE) return true;
    return refused(r, name, "element type `%s` is not supported",
                   safe_text(r, text, strlen(text)));
}

static bool take_shape(Reader *r, const char *name, const json_t *value, SafetensorsEntry *entry) {
    if (!take_integers(value, MAX_RANK, entry->dims)) {
        return refused(r, name, "`shape` is not a list of at most %d whole numbers", MAX_RANK);
    }
    entry->rank = (uint8_t)json_array_size(value);
    return true;
}

static bool take_offsets(Reader *r, const char *name, const json_t *value,
                         SafetensorsEntry *entry) {
    int64_t ends[2];
    if (!take_integers(value, 2, ends) || json_array_size(value) != 2) {
        return refused(r, name, "`data_offsets` is not a list of two whole numbers");
    }
    entry->begin = (uint64_t)ends[0];
    entry->end = (uint64_t)ends[1];
    return true;
}

/* The parts of an entry must agree: so many elements, so many bytes, inside the file. */
static bool check_entry(Reader *r, const char *name, const SafetensorsEntry *entry) {
    int64_t size = dtype_info[entry->dtype].bytes;
    for (uint8_t i = 0; i < entry->rank; i++) {
        if (!checked_mul(size, entry->dims[i], &size)) {
            return refused(r, name, "the product of `shape` is beyond 2^63");
        }
    }
    if (entry->begin > entry->end || entry->end > r->data_size) {
        return refused(r, name,
                       "`data_offsets` %" PRIu64 " to %" PRIu64 " do not lie in the %" PRIu64
                       " bytes of data", entry->begin, entry->end, r->data_size);
    }
    if (entry->end - entry->begin == (uint64_t)size) return true;
    return refused(r, name,
                   "%" PRIu64 " bytes between its `data_offsets`, where shape and type make %"
                   PRId64, entry->end - entry->begin, size);
}

static const struct {
    const char *key;
    bool (*take)(Reader *r, const char *name, const json_t *value, SafetensorsEntry *entry);
} parts[] = {{"dtype", take_dtype}, {"shape", take_shape}, {"data_offsets", take_offsets}};

static bool take_entry(Reader *r, const char *name, json_t *value) {
    enum { COUNT = sizeof parts / sizeof *parts };
    SafetensorsEntry entry = {.path = names_intern(&r->cx->names, name, strlen(name))};
    if (!json_is_object(value)) return refused(r, name, "it is not an object in braces");
    for (size_t i = 0; i < COUNT; i++) {
        const json_t *part = json_object_get(value, parts[i].key);
        if (part == NULL) return refused(r, name, "`%s` is missing", parts[i].key);
        if (!parts[i].take(r, name, part, &entry)) return false;
    }
    if (json_object_size(value) > COUNT) {
        return refused(r, name, "only `dtype`, `shape` and `data_offsets` may stand here");
    }
    if (!check_entry(r, name, &entry)) return false;
    vec_push(&r->cx->module, &r->entries, entry);
    return true;
}

static bool check_metadata(Reader *r, const char *name, json_t *texts) {
    const char *key;
    json_t *text;
    if (!json_is_object(texts)) return refused(r, name, "it is not an object in braces");
    json_object_foreach(texts, key, text) {
        if (json_is_string(text)) continue;
        return refused(r, name, "`%s` is not a string", safe_text(r, key, strlen(key)));
    }
    return true;
}

static bool take_entries(Reader *r) {
    const char *name;
    json_t *value;
    json_object_foreach(r->root, name, value) { /* in the order of the file */
        bool is_metadata = strcmp(name, "__metadata__") == 0;
        if (!is_metadata && r->entries.count >= r->cx->limits.weights_tensors) return too_many(r);
        if (!(is_metadata ? check_metadata : take_entry)(r, name, value)) return false;
    }
    return true;
}

/* ---- The entries together */

static int compare_places(const void *a, const void *b) {
    const SafetensorsEntry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return (x->path.id > y->path.id) - (x->path.id < y->path.id);
}

/* Every byte of the data belongs to one tensor. */
static bool check_places(Reader *r) {
    SafetensorsEntries *all = &r->entries;
    uint64_t end = 0;
    if (all->count > 0) qsort(all->data, all->count, sizeof *all->data, compare_places);
    for (uint32_t i = 0; i < all->count; i++) {
        const SafetensorsEntry *entry = &all->data[i];
        if (entry->begin != end) {
            return refused(r, names_text(&r->cx->names, entry->path),
                           "its data begins at %" PRIu64 ", %s at %" PRIu64, entry->begin,
                           entry->begin < end ? "inside of another tensor's, which ends"
                                              : "behind a hole that begins", end);
        }
        end = entry->end;
    }
    if (end == r->data_size) return true;
    return malformed(r, r->length + end, "%" PRIu64 " bytes that belong to no tensor",
                     r->data_size - end);
}

static void read_header(Ctx *cx, void *data) {
    Reader *r = data;
    json_error_t error;
    (void)cx;
    if (!check_census(r)) return;
    r->root = json_loadb(r->header, r->length, JSON_REJECT_DUPLICATES, &error);
    r->is_good = (r->root != NULL || report_error(r, &error)) && take_entries(r) && check_places(r);
}

bool safetensors_header(Ctx *cx, const char *path, const char *header, size_t length,
                        uint64_t data_size, SafetensorsEntries *out) {
    Reader r = {.cx = cx, .path = path, .header = header, .length = length,
                .data_size = data_size};
    bool in_time = ctx_try(cx, read_header, &r);
    json_decref(r.root);
    if (!in_time) ctx_give_up(cx);
    if (r.is_good) *out = r.entries;
    return r.is_good;
}
