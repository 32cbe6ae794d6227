/* The file is JSON, sorted, a report a line, so that a difference of two is read as one. */
#include "backend/baseline.h"

#include "backend/json_tree.h"
#include "backend/output.h"
#include "backend/process.h"
#include "backend/report_key.h"
#include "frontend/allow.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SCHEMA = 1, MOST_COUNT = 1000000 };

/* The parts of a key, in the order of sorting; a part that a report does not have is "". */
typedef enum Part {
    PART_FILE,
    PART_CODE,
    PART_MODEL,
    PART_OPERATION,
    PART_PARAMETER,
    PART_FACTS,
    PART_COUNT
} Part;

static const char *const part_names[PART_COUNT] = {"file",      "code",      "model",
                                                   "operation", "parameter", "facts"};

typedef struct Known {
    const char *parts[PART_COUNT];
    uint32_t count, met;
} Known;

typedef VEC(Known) KnownList;

struct Baseline {
    Ctx *cx;
    const char *path;
    bool update;
    KnownList known; /* as the file has it, sorted */
    KnownList found; /* with `update`: what is reported */
    uint32_t taken, others;
    bool cut_short; /* something was not checked to its end */
};

static int compare_known(const void *left, const void *right) {
    const Known *a = left, *b = right;
    int order = 0;
    for (int i = 0; i < PART_COUNT && order == 0; i++) order = strcmp(a->parts[i], b->parts[i]);
    return order;
}

static void sort(KnownList *list) {
    if (list->count > 0) qsort(list->data, list->count, sizeof *list->data, compare_known);
}

/* ---- reading ---- */

typedef struct Reading {
    Baseline *b;
    Source *source;
    json_t *root; /* freed by baseline_open */
    bool good;
} Reading;

static bool malformed(Reading *r, size_t entry, const char *what) {
    if (entry == 0) diag_file(r->b->cx, NNA0001, r->b->path, "malformed baseline: %s", what);
    else {
        diag_file(r->b->cx, NNA0001, r->b->path, "malformed baseline: report %zu: %s", entry,
                  what);
    }
    return false;
}

static const char *format(Reading *r, const char *text, const char *name) {
    return arena_format(&r->b->cx->session, text, name);
}

static bool report_syntax(Reading *r, const json_error_t *error) {
    Ctx *cx = r->b->cx;
    size_t at = error->position < 0 ? 0 : (size_t)error->position;
    uint32_t begin = r->source->base + (uint32_t)(at < r->source->length ? at : r->source->length);
    Buf why = buf_make(&cx->session);
    buf_put_escaped(&why, error->text, strlen(error->text));
    Diag *d = diag_new(cx, NNA0001, (Span){begin, begin}, "malformed baseline: %s",
                       buf_text(&why));
    diag_help(cx, d, "`--update` writes it anew once it is deleted");
    diag_emit(cx, d);
    return false;
}

/* One member of an entry. */
static bool take_member(Reading *r, size_t entry, const char *key, const json_t *value,
                        Known *out) {
    if (strcmp(key, "count") == 0) {
        json_int_t count = json_integer_value(value);
        if (!json_is_integer(value) || count < 1 || count > MOST_COUNT) {
            return malformed(r, entry, "`count` must be a whole number from 1 to 1000000");
        }
        out->count = (uint32_t)count;
        return true;
    }
    for (int i = 0; i < PART_COUNT; i++) {
        if (strcmp(key, part_names[i]) != 0) continue;
        const char *text = json_string_value(value);
        if (text == NULL) return malformed(r, entry, format(r, "`%s` must be a text", key));
        out->parts[i] = arena_text(&r->b->cx->session, text, strlen(text));
        return true;
    }
    Buf name = buf_make(&r->b->cx->session);
    buf_put_escaped(&name, key, strlen(key));
    return malformed(r, entry, format(r, "there is no `%s` in a report", buf_text(&name)));
}

static bool take_entry(Reading *r, size_t entry, json_t *object) {
    Known one = {.parts = {"", "", "", "", "", ""}, .count = 1};
    const char *key;
    json_t *value;
    if (!json_is_object(object)) return malformed(r, entry, "it is not an object in braces");
    json_object_foreach(object, key, value) {
        if (!take_member(r, entry, key, value, &one)) return false;
    }
    DiagCode code = diag_find(one.parts[PART_CODE]);
    if (code == DIAG_COUNT || strcmp(diag_info[code].code, one.parts[PART_CODE]) != 0) {
        return malformed(r, entry, "`code` must be the code of a report");
    }
    vec_push(&r->b->cx->session, &r->b->known, one);
    return true;
}

static bool take_all(Reading *r) {
    const json_t *schema = json_object_get(r->root, "schema");
    const json_t *known = json_object_get(r->root, "known");
    if (!json_is_object(r->root) || !json_is_integer(schema) || !json_is_array(known)) {
        return malformed(r, 0, "it must be an object with `schema` and a list `known`");
    }
    if (json_integer_value(schema) != SCHEMA) {
        return malformed(r, 0, "its schema is that of another version of nnac");
    }
    for (size_t i = 0; i < json_array_size(known); i++) {
        if (!take_entry(r, i + 1, json_array_get(known, i))) return false;
    }
    sort(&r->b->known);
    for (uint32_t i = 1; i < r->b->known.count; i++) {
        Known *a = &r->b->known.data[i - 1];
        if (compare_known(a, a + 1) != 0) continue;
        return malformed(r, 0, format(r, "a report of `%s` is there twice", a->parts[PART_FILE]));
    }
    return true;
}

static void read_all(Ctx *cx, void *data) {
    (void)cx;
    Reading *r = data;
    json_error_t error;
    r->root = json_loadb(r->source->text, r->source->length, JSON_REJECT_DUPLICATES, &error);
    r->good = r->root != NULL ? take_all(r) : report_syntax(r, &error);
}

Baseline *baseline_open(Ctx *cx, const char *path, bool update) {
    Baseline *b = ARENA_NEW(&cx->session, Baseline);
    *b = (Baseline){.cx = cx, .path = path, .update = update};
    struct stat info;
    if (update && stat(path, &info) != 0 && errno == ENOENT) return b;
    Reading r = {.b = b, .source = source_read(cx, path)};
    if (r.source == NULL) return NULL;
    bool done = ctx_try(cx, read_all, &r);
    json_decref(r.root);
    if (!done) ctx_give_up(cx);
    return r.good ? b : NULL;
}

/* ---- taking ---- */

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
}

static Known key_of(Ctx *cx, const Diag *d) {
    return (Known){.parts = {[PART_FILE] = or_empty(report_file(cx, d)),
                             [PART_CODE] = diag_info[d->code].code,
                             [PART_MODEL] =
                                 d->model.id == 0 ? "" : names_text(&cx->names, d->model),
                             [PART_OPERATION] = or_empty(d->operation),
                             [PART_PARAMETER] = or_empty(d->parameter),
                             [PART_FACTS] = report_facts(cx, d)},
                   .count = 1};
}

static Known *find(const KnownList *list, const Known *key) {
    if (list->count == 0) return NULL;
    return bsearch(key, list->data, list->count, sizeof *key, compare_known);
}

/* Whether it is there already, from another reading of the same file. */
static bool is_repeated(Ctx *cx, uint32_t index) {
    const Diag *d = cx->diags.list.data[index];
    Place place = place_of(cx, d->primary.span.begin);
    if (place.source == NULL) return false;
    for (uint32_t i = 0; i < index; i++) {
        const Diag *other = cx->diags.list.data[i];
        if (other->code != d->code) continue;
        Place at = place_of(cx, other->primary.span.begin);
        if (at.source != NULL && at.source != place.source && at.line == place.line &&
            at.column == place.column && strcmp(at.source->path, place.source->path) == 0) {
            return true;
        }
    }
    return false;
}

static void take(Baseline *b, uint32_t index) {
    Ctx *cx = b->cx;
    Diag *d = cx->diags.list.data[index];
    Known key = key_of(cx, d);
    bool is_again = is_repeated(cx, index);
    if (b->update) {
        d->withdrawn = true;
        if (!is_again) vec_push(&cx->session, &b->found, key);
        return;
    }
    Known *known = find(&b->known, &key);
    if (known != NULL && (is_again ? known->met > 0 : known->met < known->count)) {
        d->withdrawn = true;
        known->met += !is_again;
        b->taken += !is_again;
    } else if (!is_again) {
        b->others++;
    }
}

void baseline_take(Baseline *b, const Options *options, uint32_t first) {
    for (uint32_t i = first; i < b->cx->diags.list.count; i++) {
        const Diag *d = b->cx->diags.list.data[i];
        if (d->withdrawn || d->severity == SEVERITY_NOTE || options_turn_off(options, d)) continue;
        if (allow_is_possible(d->code)) take(b, i);
        else b->cut_short |= d->code != NNA0004;
    }
}

/* ---- the end ---- */

/* Whether the file was read, and so what is not reported of it is gone. */
static bool was_checked(const Baseline *b, const char *file) {
    const Sources *all = &b->cx->sources;
    for (uint32_t i = 0; i < all->count; i++) {
        if (!all->list[i]->is_prelude &&
            strcmp(path_from_here(b->cx, all->list[i]->path), file) == 0) {
            return true;
        }
    }
    return false;
}

static void list_gone(Baseline *b, Outcome *outcome) {
    for (uint32_t i = 0; i < b->known.count; i++) {
        const Known *k = &b->known.data[i];
        if (k->met == k->count || !was_checked(b, k->parts[PART_FILE])) continue;
        outcome->gone += k->count - k->met;
        buf_printf(&outcome->log, "%s: gone: %s", k->parts[PART_FILE], k->parts[PART_CODE]);
        for (int p = PART_MODEL; p < PART_FACTS; p++) {
            if (k->parts[p][0] == '\0') continue;
            buf_printf(&outcome->log, "%s%s", p == PART_MODEL ? " in " : "/", k->parts[p]);
        }
        buf_printf(&outcome->log, ": %s\n", k->parts[PART_FACTS]);
    }
}

static void fill_entry(JsonTree *t, void *data) {
    const Known *k = data;
    for (int i = 0; i < PART_COUNT; i++) {
        if (k->parts[i][0] != '\0') json_put_text(t, t->root, part_names[i], k->parts[i]);
    }
    if (k->count > 1) json_put_whole(t, t->root, "count", k->count);
}

/* What is found, and what stood there of files that were not checked. */
static KnownList merged(Baseline *b) {
    KnownList all = {0};
    for (uint32_t i = 0; i < b->known.count; i++) {
        const Known *k = &b->known.data[i];
        if (!was_checked(b, k->parts[PART_FILE])) vec_push(&b->cx->session, &b->found, *k);
    }
    sort(&b->found);
    for (uint32_t i = 0; i < b->found.count; i++) {
        const Known *k = &b->found.data[i];
        Known *last = all.count == 0 ? NULL : &all.data[all.count - 1];
        if (last != NULL && compare_known(last, k) == 0) last->count += k->count;
        else vec_push(&b->cx->session, &all, *k);
    }
    return all;
}

static void write_text(Baseline *b, const Buf *text) {
    Output output = OUTPUT_NONE;
    Interrupts interrupts;
    if (!interrupts_hold(&interrupts)) {
        diag_file(b->cx, NNA0001, b->path, "cannot hold back signals");
        return;
    }
    if (output_open(b->cx, b->path, OUTPUT_FILE, &output) &&
        output_write(b->cx, &output, buf_text(text), text->length)) {
        output_commit(b->cx, &output, OUTPUT_READABLE);
    }
    output_discard(&output);
    interrupts_release(&interrupts);
}

static void write_all(Baseline *b, Outcome *outcome) {
    Buf text = buf_make(&b->cx->session);
    KnownList all = merged(b);
    buf_printf(&text, "{\"schema\": %d, \"known\": [\n", SCHEMA);
    for (uint32_t i = 0; i < all.count; i++) {
        json_line(b->cx, fill_entry, &all.data[i], &text);
        if (i + 1 < all.count) buf_put_char(&text, ',');
        buf_put_char(&text, '\n');
    }
    buf_put(&text, "]}\n");
    uint32_t errors = b->cx->diags.errors;
    write_text(b, &text);
    if (b->cx->diags.errors > errors) return;
    buf_printf(&outcome->log, "%s: %" PRIu32 " report%s known from now on\n", b->path, all.count,
               all.count == 1 ? " is" : "s are");
}

void baseline_close(Baseline *b, Outcome *outcome) {
    outcome->has_baseline = true;
    outcome->known = b->taken;
    if (b->update && b->cut_short) {
        diag_file(b->cx, NNA0001, b->path,
                  "the baseline is not written: the check did not come to its end");
    } else if (b->update) {
        write_all(b, outcome);
    } else {
        if (!b->cut_short) list_gone(b, outcome);
        buf_printf(&outcome->log, "%s: %" PRIu32 " known, %" PRIu32 " new, %" PRIu32 " gone\n",
                   b->path, b->taken, b->others, outcome->gone);
    }
}
