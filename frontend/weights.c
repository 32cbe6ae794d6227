/* Weights: reading a file once, and giving its tensors to the parameters of a graph. */
#include "frontend/weights.h"

#include "frontend/safetensors.h"
#include "ir/base/hash.h"
#include "ir/build.h"
#include "ir/eval.h"
#include "ir/shape.h"
#include "ir/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct Weights {
    const char *path;
    SafetensorsEntries entries; /* in the order of their data */
    uint32_t *by_name;          /* numbers of the entries from 1, by Name.id; 0: none */
    uint32_t name_count;
    const char *data;           /* in the module arena */
    uint64_t digest;
};

/* ---- Reading */

/* A file that is being read, under ctx_try, so that it is closed when memory is spent. */
typedef struct Reading {
    const char *path;
    int file;
    uint64_t size;
    Weights *weights; /* NULL after a report */
} Reading;

static bool malformed(Ctx *cx, const char *path, size_t offset, const char *what) {
    diag_file(cx, NNA7008, path, "malformed weights file, at byte %zu: %s", offset, what);
    return false;
}

static bool report_error(Ctx *cx, const char *path, int error) {
    char text[128];
    diag_file(cx, NNA0001, path, "cannot read the file: %s",
              system_error_text(error, text, sizeof text));
    return false;
}

static bool read_all(Ctx *cx, const Reading *reading, char *into, size_t size) {
    while (size > 0) {
        ssize_t got = read(reading->file, into, size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return report_error(cx, reading->path, errno);
        if (got == 0) {
            diag_file(cx, NNA0001, reading->path, "the file changed while it was read");
            return false;
        }
        into += got;
        size -= (size_t)got;
    }
    return true;
}

/* The header's length, checked against the file and the limit. */
static bool read_length(Ctx *cx, const Reading *reading, uint64_t *length, uint64_t *digest) {
    unsigned char bytes[SAFETENSORS_PREFIX];
    if (reading->size < sizeof bytes) {
        return malformed(cx, reading->path, (size_t)reading->size,
                         "the file ends within the eight bytes of the header's length");
    }
    if (!read_all(cx, reading, (char *)bytes, sizeof bytes)) return false;
    if (memcmp(bytes, "PK\3\4", 4) == 0) {
        diag_file(cx, NNA0004, reading->path,
                  "not supported by this version: weights in a .npz file; "
                  "save them as safetensors");
        return false;
    }
    *length = 0;
    for (int i = SAFETENSORS_PREFIX - 1; i >= 0; i--) *length = *length << 8 | bytes[i];
    *digest = hash_bytes(0, (const char *)bytes, sizeof bytes);
    if (*length > reading->size - sizeof bytes) {
        const char *what = arena_format(&cx->scratch,
                                        "a header of %" PRIu64 " bytes, %" PRIu64
                                        " are left in the file", *length,
                                        reading->size - sizeof bytes);
        return malformed(cx, reading->path, 0, what);
    }
    if (*length <= cx->limits.weights_header_bytes) return true;
    diag_file(cx, NNA0002, reading->path,
              "the header is %" PRIu64 " bytes, the limit is %" PRIu64
              "; raise it with --limit weights-header-bytes=N",
              *length, cx->limits.weights_header_bytes);
    return false;
}

/* 64-bit FNV-1a, eight bytes a step: it names a file, it protects nothing. */
static uint64_t digest_of(uint64_t digest, const char *bytes, uint64_t size) {
    for (uint64_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, size - i < 8 ? (size_t)(size - i) : 8);
        digest = (digest ^ word) * 0x100000001b3u;
        digest ^= digest >> 32;
    }
    return digest;
}

static void index_names(Ctx *cx, Weights *w) {
    w->name_count = cx->names.count;
    w->by_name = ARENA_ARRAY(&cx->module, uint32_t, w->name_count);
    for (uint32_t i = 0; i < w->entries.count; i++) {
        w->by_name[w->entries.data[i].path.id] = i + 1;
    }
}

static void weights_load(Ctx *cx, void *data) {
    Reading *reading = data;
    uint64_t length, digest;
    if (!read_length(cx, reading, &length, &digest)) return;
    char *header = arena_alloc(&cx->module, (size_t)length + 1, 1);
    if (!read_all(cx, reading, header, (size_t)length)) return;
    Weights *w = ARENA_NEW(&cx->module, Weights);
    uint64_t size = reading->size - SAFETENSORS_PREFIX - length;
    if (!safetensors_header(cx, reading->path, header, (size_t)length, size, &w->entries)) return;
    char *bytes = arena_alloc(&cx->module, (size_t)size + 1, 1);
    if (!read_all(cx, reading, bytes, (size_t)size)) return;
    w->path = arena_text(&cx->session, reading->path, strlen(reading->path));
    w->data = bytes;
    w->digest = digest_of(digest_of(digest, header, length), bytes, size);
    index_names(cx, w);
    reading->weights = w;
}

Weights *weights_read(Ctx *cx, const char *path) {
    Reading reading = {.path = path};
    reading.file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (reading.file < 0) {
        report_error(cx, path, errno);
        return NULL;
    }
    struct stat info;
    bool in_time = true;
    if (fstat(reading.file, &info) != 0) {
        report_error(cx, path, errno);
    } else if (!S_ISREG(info.st_mode)) {
        report_error(cx, path, S_ISDIR(info.st_mode) ? EISDIR : ENXIO);
    } else {
        reading.size = (uint64_t)info.st_size;
        in_time = ctx_try(cx, weights_load, &reading);
    }
    close(reading.file);
    if (!in_time) ctx_give_up(cx);
    return reading.weights;
}

uint64_t weights_digest(const Weights *weights) {
    return weights->digest;
}

/* ---- Binding */

/* A parameter and the tensor that it gets. */
typedef struct Pair {
    Graph *g;
    const Weights *weights;
    Value value;
    const Node *node;
    const SafetensorsEntry *entry;
    bool trained;
} Pair;

static const char *path_text(const Pair *p) {
    return names_text(&p->g->cx->names, p->node->name);
}

/* A name from the file, safe to print. */
static const char *entry_text(Ctx *cx, const SafetensorsEntry *entry) {
    Buf text = buf_make(&cx->session);
    const char *name = names_text(&cx->names, entry->path);
    buf_put_escaped(&text, name, strlen(name));
    return buf_text(&text);
}

static Diag *about(const Pair *p, DiagCode code, const char *message) {
    Diag *d = diag_new(p->g->cx, code, p->node->name_span, "%s", message);
    d->file = p->weights->path;
    d->model = p->g->name;
    d->parameter = path_text(p);
    return d;
}

static const char *dims_text(Ctx *cx, const SafetensorsEntry *entry) {
    Buf text = buf_make(&cx->session);
    buf_printf(&text, "%s[", dtype_info[entry->dtype].spelling);
    for (uint8_t i = 0; i < entry->rank; i++) {
        buf_printf(&text, "%s%" PRId64, i > 0 ? ", " : "", entry->dims[i]);
    }
    buf_put_char(&text, ']');
    return buf_text(&text);
}

static bool is_reversed(const SafetensorsEntry *entry, const int64_t *dims, uint8_t rank) {
    if (rank != entry->rank || rank < 2) return false;
    for (uint8_t i = 0; i < rank; i++) {
        if (entry->dims[i] != dims[rank - 1 - i]) return false;
    }
    return true;
}

static void report_shape(const Pair *p, const int64_t *dims, uint8_t rank) {
    Ctx *cx = p->g->cx;
    Diag *d = about(p, NNA7003,
                    arena_format(&cx->session, "`%s` is %s in the file, and %s%s in the model",
                                 path_text(p), dims_text(cx, p->entry),
                                 dtype_info[p->node->dtype].spelling,
                                 shape_text(p->g, p->node->shape)));
    if (p->entry->dtype != p->node->dtype) {
        diag_help(cx, d, "convert the weight before it is saved");
    } else if (is_reversed(p->entry, dims, rank)) {
        diag_help(cx, d, "the file has it transposed, as PyTorch keeps it: save `%s.T`",
                  path_text(p));
    }
    diag_emit(cx, d);
}

/* Whether type and shape are the parameter's. */
static bool fits(const Pair *p) {
    const Graph *g = p->g;
    Shape shape = ir_shape(g, p->value);
    int64_t dims[MAX_RANK];
    for (uint8_t i = 0; i < shape.rank; i++) {
        if (dim_is_constant(g->dims, shape.dims[i], &dims[i])) continue;
        Diag *d = about(p, NNA7003,
                        arena_format(&g->cx->session,
                                     "the shape of `%s`, %s, is not fixed", path_text(p),
                                     shape_text(g, p->node->shape)));
        diag_help(g->cx, d, "fix it with --bind NAME=N");
        diag_emit(g->cx, d);
        return false;
    }
    bool same = p->entry->dtype == p->node->dtype && p->entry->rank == shape.rank;
    for (uint8_t i = 0; same && i < shape.rank; i++) same = dims[i] == p->entry->dims[i];
    if (!same) report_shape(p, dims, shape.rank);
    return same;
}

/* Where an element is: "[3, 4]". */
static const char *place_text(Ctx *cx, const SafetensorsEntry *entry, uint64_t element) {
    int64_t index[MAX_RANK];
    for (uint8_t i = entry->rank; i-- > 0;) {
        index[i] = (int64_t)(element % (uint64_t)entry->dims[i]);
        element /= (uint64_t)entry->dims[i];
    }
    Buf text = buf_make(&cx->session);
    buf_put_char(&text, '[');
    for (uint8_t i = 0; i < entry->rank; i++) {
        buf_printf(&text, "%s%" PRId64, i > 0 ? ", " : "", index[i]);
    }
    buf_put_char(&text, ']');
    return buf_text(&text);
}

/* What the numbers of a tensor are like. */
typedef struct Survey {
    uint64_t count, bad, first_bad; /* bad: not finite, or outside of the contract */
    double value;                   /* of the first bad one */
    bool constant;
} Survey;

static bool is_good(const Contract *c, DType dtype, double x) {
    if (c->kind == CONTRACT_FINITE) return isfinite(x);
    return isfinite(x) && contract_allows(c, dtype, x);
}

static void note(Survey *s, uint64_t element, double value) {
    if (s->bad++ > 0) return;
    s->first_bad = element;
    s->value = value;
}

/* The common case: floats without a contract of their own. */
static void survey_f32(const char *bytes, Survey *s) {
    float first, x;
    memcpy(&first, bytes, sizeof first);
    for (uint64_t i = 0; i < s->count; i++) {
        memcpy(&x, bytes + i * sizeof x, sizeof x);
        if (!isfinite(x)) note(s, i, (double)x);
        /* Equal as numbers: a tensor of zeros of both signs is constant too. */
        if (x != first) s->constant = false;
    }
}

static Survey survey(const Pair *p, const Contract *c) {
    DType dtype = p->entry->dtype;
    size_t size = dtype_info[dtype].bytes;
    Survey s = {.count = (p->entry->end - p->entry->begin) / size, .constant = true};
    const char *bytes = p->weights->data + p->entry->begin;
    if (s.count == 0) return s;
    if (dtype == DTYPE_F32 && c->kind == CONTRACT_FINITE) {
        survey_f32(bytes, &s);
        return s;
    }
    double first = dtype_load(dtype, bytes);
    for (uint64_t i = 0; i < s.count; i++) {
        double x = dtype_load(dtype, bytes + i * size);
        bool is_byte_bool = dtype != DTYPE_BOOL || (unsigned char)bytes[i] <= 1;
        if (!is_good(c, dtype, x) || !is_byte_bool) note(&s, i, x);
        if (!(x == first)) s.constant = false;
    }
    return s;
}

static void report_bad(const Pair *p, const Contract *c, const Survey *s) {
    Ctx *cx = p->g->cx;
    Buf text = buf_make(&cx->session);
    buf_printf(&text, "`%s` holds ", path_text(p));
    if (isnan(s->value)) buf_put(&text, "NaN");
    else buf_put_rounded(&text, s->value, 9);
    buf_printf(&text, " at %s", place_text(cx, p->entry, s->first_bad));
    Diag *d = about(p, NNA7004, buf_text(&text));
    if (s->bad > 1) {
        diag_note(cx, d, "%" PRIu64 " of %" PRIu64 " elements are bad", s->bad, s->count);
    }
    if (c->kind != CONTRACT_FINITE && c->kind != CONTRACT_ANY) {
        Buf contract = buf_make(&cx->session);
        contract_print(c, &contract);
        diag_note(cx, d, "its contract is `%s`", buf_text(&contract));
    }
    diag_emit(cx, d);
}

static void bind_one(const Pair *p) {
    Ctx *cx = p->g->cx;
    if (!fits(p)) return;
    Contract c = ir_contract_of(p->g, p->value);
    Survey s = survey(p, &c);
    if (s.bad > 0) report_bad(p, &c, &s);
    if (s.bad == 0 && s.constant && s.count > 1 && p->trained) {
        Buf text = buf_make(&cx->session);
        buf_printf(&text, "every element of `%s` is ", path_text(p));
        buf_put_rounded(&text, dtype_load(p->entry->dtype, p->weights->data + p->entry->begin), 9);
        buf_put(&text, ", as if it had never been trained");
        diag_emit(cx, about(p, NNA7006, buf_text(&text)));
    }
    build_bind(p->g, p->value, p->weights->data + p->entry->begin,
               (size_t)(p->entry->end - p->entry->begin));
}

/* The entry of the file that no parameter has and that is spelled most like `name`. */
static const char *nearest_entry(const Pair *p, const bool *used) {
    Ctx *cx = p->g->cx;
    uint32_t best_distance = 3;
    const char *best = NULL;
    for (uint32_t i = 0; i < p->weights->entries.count && i < 10000; i++) {
        const SafetensorsEntry *entry = &p->weights->entries.data[i];
        if (used[i]) continue;
        uint32_t distance =
            text_distance(path_text(p), names_text(&cx->names, entry->path), best_distance);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = entry_text(cx, entry);
    }
    return best;
}

static void report_missing(const Pair *p, const bool *used) {
    Ctx *cx = p->g->cx;
    Diag *d = about(p, NNA7001, arena_format(&cx->session, "no weight for `%s`", path_text(p)));
    const char *nearest = nearest_entry(p, used);
    if (nearest != NULL) diag_help(cx, d, "the file has `%s`", nearest);
    diag_emit(cx, d);
}

static const SafetensorsEntry *find_entry(const Weights *w, Name name) {
    uint32_t found = name.id < w->name_count ? w->by_name[name.id] : 0;
    return found != 0 ? &w->entries.data[found - 1] : NULL;
}

void weights_bind(Graph *g, const Weights *weights) {
    Ctx *cx = g->cx;
    uint32_t count = weights->entries.count;
    bool *used = ARENA_ARRAY(&cx->scratch, bool, count);
    VEC(Pair) missing = {0};
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        Value v = g->parameters.data[i].value;
        if (ir_is_poison(v)) continue;
        Pair p = {.g = g, .weights = weights, .value = v, .node = ir_node(g, v),
                  .trained = g->parameters.data[i].trained};
        p.entry = find_entry(weights, p.node->name);
        if (p.entry == NULL) {
            vec_push(&cx->scratch, &missing, p);
            continue;
        }
        used[p.entry - weights->entries.data] = true;
        bind_one(&p);
    }
    for (uint32_t i = 0; i < missing.count; i++) report_missing(&missing.data[i], used);
    for (uint32_t i = 0; i < count; i++) {
        if (used[i]) continue;
        const SafetensorsEntry *entry = &weights->entries.data[i];
        diag_file(cx, NNA7002, weights->path, "`%s` is in the file, and not in the model `%s`",
                  entry_text(cx, entry), names_text(&cx->names, g->name));
    }
}
