/* Collecting reports: made, filled, recorded once a place, sorted. How they look is in
 * diag_text.c. */
#include "ir/base/diag.h"

#include "ir/base/ctx.h"
#include "ir/base/hash.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 32 };

const DiagInfo diag_info[DIAG_COUNT] = {
#define DIAG(id, spelling, level, kind, effect, text) \
    {#id, spelling, SEVERITY_##level, CATEGORY_##kind, effect, text},
#include "ir/base/diag.def"
};

const char *const category_text[] = {
#define CATEGORY(id, text) text,
#include "ir/base/category.def"
};

const char *const severity_text[] = {"note", "warning", "error"};

const char *const impact_text[5] = {
    "none", "cosmetic", "misinforms", "changes how it works", "wrong result",
};

void diags_init(Ctx *cx) {
    Diags *all = &cx->diags;
    all->list.data =
        vec_grow(&cx->session, NULL, sizeof *all->list.data, 0, &all->list.capacity);
    all->seen = ARENA_ARRAY(&cx->session, uint32_t, FIRST_SLOTS);
    all->seen_count = FIRST_SLOTS;
}

Diag *diag_new(Ctx *cx, DiagCode code, Span span, const char *format, ...) {
    assert(code < DIAG_COUNT);
    Diag *d = ARENA_NEW(&cx->session, Diag);
    d->code = code;
    d->severity = diag_info[code].severity;
    d->primary = (Label){.span = span, .text = ""};
    va_list args;
    va_start(args, format);
    d->message = arena_vformat(&cx->session, format, args);
    va_end(args);
    return d;
}

void diag_primary(Ctx *cx, Diag *d, const char *format, ...) {
    va_list args;
    va_start(args, format);
    d->primary.text = arena_vformat(&cx->session, format, args);
    va_end(args);
}

void diag_label(Ctx *cx, Diag *d, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Label label = {.span = span, .text = arena_vformat(&cx->session, format, args)};
    va_end(args);
    vec_push(&cx->session, &d->labels, label);
}

void diag_call(Ctx *cx, Diag *d, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Label label = {
        .span = span, .text = arena_vformat(&cx->session, format, args), .is_call = true};
    va_end(args);
    vec_push(&cx->session, &d->labels, label);
}

static const char *kept_text(Ctx *cx, const char *text) {
    return text == NULL ? NULL : arena_text(&cx->session, text, strlen(text));
}

void diag_fact(Ctx *cx, Diag *d, DiagFact fact) {
    fact.subject = kept_text(cx, fact.subject);
    vec_push(&cx->session, &d->facts, fact);
}

void diag_witness(Ctx *cx, Diag *d, DiagWitness witness) {
    DiagWitness *kept = ARENA_NEW(&cx->session, DiagWitness);
    *kept = witness;
    kept->inputs = kept_text(cx, witness.inputs);
    kept->element = kept_text(cx, witness.element);
    d->witness = kept;
}

void diag_note(Ctx *cx, Diag *d, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = arena_vformat(&cx->session, format, args);
    va_end(args);
    vec_push(&cx->session, &d->notes, text);
}

void diag_help(Ctx *cx, Diag *d, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = arena_vformat(&cx->session, format, args);
    va_end(args);
    vec_push(&cx->session, &d->helps, text);
}

static bool same_file(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* One place, one report. Without a place only what reads the same is the same. */
static bool same_report(const Diag *a, const Diag *b) {
    return a->code == b->code && a->primary.span.begin == b->primary.span.begin &&
           a->primary.span.end == b->primary.span.end &&
           (a->primary.span.begin != 0 ||
            (same_file(a->file, b->file) && strcmp(a->message, b->message) == 0));
}

static uint32_t report_hash(const Ctx *cx, const Diag *d) {
    Span span = d->primary.span;
    uint64_t hash = hash_mix((uint64_t)span.begin << 32 | span.end, cx->names.seed ^ d->code);
    if (span.begin == 0) hash = hash_bytes(hash, d->message, strlen(d->message));
    return (uint32_t)hash;
}

/* The slot of the same report, or the free one where it would stand. */
static uint32_t *seen_slot(const Ctx *cx, uint32_t *slots, uint32_t slot_count, const Diag *d) {
    uint32_t mask = slot_count - 1, at = report_hash(cx, d) & mask;
    while (slots[at] != 0 && !same_report(cx->diags.list.data[slots[at] - 1], d)) {
        at = (at + 1) & mask;
    }
    return &slots[at];
}

static void seen_fill(const Ctx *cx, uint32_t *slots, uint32_t slot_count) {
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        *seen_slot(cx, slots, slot_count, cx->diags.list.data[i]) = i + 1;
    }
}

/* Room for one more report, and for NNA0002 after it. All memory is taken before anything
 * is changed. */
static void diags_reserve(Ctx *cx) {
    Diags *all = &cx->diags;
    all->list.data = vec_grow(&cx->session, all->list.data, sizeof *all->list.data,
                              all->list.count + 1, &all->list.capacity);
    if (all->list.count + 2 <= all->seen_count / 2) return;
    uint32_t slot_count = all->seen_count * 2;
    uint32_t *slots = ARENA_ARRAY(&cx->session, uint32_t, slot_count);
    seen_fill(cx, slots, slot_count);
    all->seen = slots;
    all->seen_count = slot_count;
}

void diags_append_reserved(Ctx *cx, Diag *d) {
    Diags *all = &cx->diags;
    if (all->seen == NULL) return; /* ctx_new itself ran out: nobody will look */
    assert(all->list.count < all->list.capacity);
    uint32_t *slot = seen_slot(cx, all->seen, all->seen_count, d);
    d->order = all->list.count;
    all->list.data[all->list.count++] = d;
    *slot = all->list.count;
    switch (d->severity) {
    case SEVERITY_ERROR: all->errors++; break;
    case SEVERITY_WARNING: all->warnings++; break;
    case SEVERITY_NOTE: all->notes++; break;
    }
}

void diag_emit(Ctx *cx, Diag *d) {
    if (*seen_slot(cx, cx->diags.seen, cx->diags.seen_count, d) != 0) return;
    diags_reserve(cx);
    diags_append_reserved(cx, d);
}

void diag_say(Ctx *cx, DiagCode code, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *message = arena_vformat(&cx->session, format, args);
    va_end(args);
    diag_emit(cx, diag_new(cx, code, span, "%s", message));
}

void diag_file(Ctx *cx, DiagCode code, const char *path, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *message = arena_vformat(&cx->session, format, args);
    va_end(args);
    Diag *d = diag_new(cx, code, SPAN_NONE, "%s", message);
    d->file = arena_text(&cx->session, path, strlen(path));
    diag_emit(cx, d);
}

/* Offsets are in the order of sources, lines and columns. What has no place comes last. */
static int compare_reports(const void *left, const void *right) {
    const Diag *a = *(Diag *const *)left, *b = *(Diag *const *)right;
    uint32_t begin_a = a->primary.span.begin - 1, begin_b = b->primary.span.begin - 1;
    if (begin_a != begin_b) return begin_a < begin_b ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void diags_sort(Ctx *cx) {
    Diags *all = &cx->diags;
    if (all->list.count == 0) return;
    qsort(all->list.data, all->list.count, sizeof *all->list.data, compare_reports);
    memset(all->seen, 0, all->seen_count * sizeof *all->seen);
    seen_fill(cx, all->seen, all->seen_count);
}

/* A report, by what a reader sees of it. */
typedef struct Seen {
    const char *path, *message;
    uint32_t offset, index;
    DiagCode code;
} Seen;

static int compare_texts(const Seen *a, const Seen *b) {
    int paths = strcmp(a->path, b->path);
    if (paths != 0) return paths;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    if (a->code != b->code) return a->code < b->code ? -1 : 1;
    return strcmp(a->message, b->message);
}

static int compare_seen(const void *left, const void *right) {
    const Seen *a = left, *b = right;
    int texts = compare_texts(a, b);
    return texts != 0 ? texts : (a->index > b->index) - (a->index < b->index);
}

void diags_drop_repeated(Ctx *cx) {
    Diags *all = &cx->diags;
    Seen *seen = ARENA_ARRAY(&cx->scratch, Seen, all->list.count);
    uint32_t count = 0, kept = 0;
    for (uint32_t i = 0; i < all->list.count; i++) {
        const Diag *d = all->list.data[i];
        const Source *source = source_at(&cx->sources, d->primary.span.begin);
        if (source == NULL) continue;
        seen[count++] = (Seen){.path = source->path, .message = d->message, .code = d->code,
                               .offset = d->primary.span.begin - source->base, .index = i};
    }
    qsort(seen, count, sizeof *seen, compare_seen);
    uint8_t *drop = ARENA_ARRAY(&cx->scratch, uint8_t, all->list.count);
    for (uint32_t i = 1; i < count; i++) {
        drop[seen[i].index] = compare_texts(&seen[i - 1], &seen[i]) == 0;
    }
    for (uint32_t i = 0; i < all->list.count; i++) {
        if (!drop[i]) all->list.data[kept++] = all->list.data[i];
    }
    all->list.count = kept;
}

DiagCode diag_find(const char *spelling) {
    uint32_t found = 0;
    while (found < DIAG_COUNT && strcmp(diag_info[found].code, spelling) != 0 &&
           strcmp(diag_info[found].name, spelling) != 0) {
        found++;
    }
    return (DiagCode)found;
}

/* Whether a code begins with it, `x` at its end standing for any digit. */
static bool begins_code(const char *spelling, const char *code) {
    size_t length = strlen(spelling), wild = length;
    while (wild > 0 && spelling[wild - 1] == 'x') wild--;
    bool fits = wild == length ? length <= strlen(code) : length == strlen(code);
    return fits && wild >= strlen("NNA") && strncmp(spelling, code, wild) == 0;
}

bool diag_select(const char *spelling, bool selected[DIAG_COUNT]) {
    bool any = false;
    for (uint32_t i = 0; i < DIAG_COUNT; i++) {
        selected[i] = strcmp(diag_info[i].name, spelling) == 0 ||
                      begins_code(spelling, diag_info[i].code);
        any |= selected[i];
    }
    return any;
}

const char *diag_nearest(const char *spelling) {
    uint32_t best_distance = strlen(spelling) < 10 ? 3 : 4;
    const char *best = NULL;
    for (uint32_t i = 0; i < DIAG_COUNT; i++) {
        const char *const both[] = {diag_info[i].code, diag_info[i].name};
        for (int k = 0; k < 2; k++) {
            uint32_t distance = text_distance(spelling, both[k], best_distance);
            if (distance >= best_distance) continue;
            best_distance = distance;
            best = both[k];
        }
    }
    return best;
}

bool diag_is_numerical(DiagCode code) {
    return diag_info[code].code[3] == '3';
}
