/* Two checks, compared by place: what the edits left alone is where it was, moved; what they wrote
 * is counted. No runs are made: a report is there or not, whether a run shows it or not. */
#include "backend/recheck.h"

#include <string.h>

static Found found_of(Recheck *check, const Diag *d) {
    Found found = {.code = d->code, .path = d->file, .report = d};
    Source *source = d->primary.span.begin == 0
                         ? NULL
                         : source_at(&check->cx->sources, d->primary.span.begin);
    if (source == NULL) {
        if (found.path == NULL) found.path = "";
        return found;
    }
    found.path = source == check->source ? NULL : source->path;
    found.begin = d->primary.span.begin - source->base;
    found.end = d->primary.span.end - source->base;
    return found;
}

static void collect(Recheck *check) {
    Ctx *cx = check->cx;
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        const Diag *d = cx->diags.list.data[i];
        if (d->withdrawn || d->severity == SEVERITY_NOTE) continue;
        if (options_turn_off(check->options, d)) continue;
        vec_push(&cx->session, &check->found, found_of(check, d));
    }
}

static void run(Ctx *cx, void *data) {
    Recheck *check = data;
    driver_check_text(cx, check->options, check->path, check->text, check->length,
                      &check->checked);
    check->whole = check->checked.file != NULL;
    if (!check->whole) return;
    check->source = check->checked.file->source;
    collect(check);
}

void recheck_begin(Recheck *check, const Limits *limits, const Options *options, const char *path,
                   const char *text, size_t length) {
    *check = (Recheck){.cx = ctx_new(),
                       .options = options,
                       .path = path,
                       .limits = *limits,
                       .text = text,
                       .length = length};
    if (check->cx == NULL) return;
    check->cx->limits = *limits;
    check->cx->limits.witness_steps = 0;
    if (!ctx_try(check->cx, run, check)) check->whole = false;
}

void recheck_end(Recheck *check) {
    ctx_free(check->cx);
    check->cx = NULL;
    check->whole = false;
}

/* ---- comparison ---- */

static const char *name_of(const Recheck *check, Name name) {
    return names_text(&check->cx->names, name);
}

/* Whether the models are called and fed as before: an edit that makes other parameters would not
 * take the weights that there are. */
static bool same_interface(const Recheck *a, const Recheck *b) {
    if (a->checked.models.list.count != b->checked.models.list.count) return false;
    for (uint32_t i = 0; i < a->checked.models.list.count; i++) {
        const Graph *g = a->checked.models.list.data[i], *h = b->checked.models.list.data[i];
        if (g->inputs.count != h->inputs.count || g->results.count != h->results.count ||
            g->parameters.count != h->parameters.count) {
            return false;
        }
        for (uint32_t k = 0; k < g->parameters.count; k++) {
            const Node *x = ir_node(g, g->parameters.data[k].value);
            const Node *y = ir_node(h, h->parameters.data[k].value);
            if (strcmp(name_of(a, x->name), name_of(b, y->name)) != 0) return false;
        }
    }
    return true;
}

/* A report of the edited text in places of the text before; *written: the edits made it. */
static Found moved_back(const Recheck *before, const Edits *edits, const Found *found,
                        bool *written) {
    Found moved = *found;
    *written = false;
    if (found->path != NULL) return moved;
    uint32_t base = before->source->base, edit;
    moved.begin = edits_origin(edits, base, found->begin, &edit) - base;
    *written = edit < edits->count;
    if (found->end > found->begin) {
        uint32_t last = edits_origin(edits, base, found->end - 1, &edit) - base;
        moved.end = edit < edits->count ? edits->data[edit].span.end - base : last + 1;
    } else {
        moved.end = moved.begin;
    }
    return moved;
}

static bool same_place(const Found *a, const Found *b) {
    if ((a->path == NULL) != (b->path == NULL)) return false;
    if (a->path != NULL && strcmp(a->path, b->path) != 0) return false;
    return a->code == b->code && a->begin == b->begin && a->end == b->end;
}

/* Whether a report of the text before stands in what the edits take out. */
static bool is_taken_out(const Recheck *before, const Edits *edits, const Found *found) {
    if (found->path != NULL) return false;
    for (uint32_t i = 0; i < edits->count; i++) {
        uint32_t begin = edits->data[i].span.begin - before->source->base;
        uint32_t end = edits->data[i].span.end - before->source->base;
        if (found->begin >= begin && found->begin < end) return true;
    }
    return false;
}

bool recheck_is_better(const Recheck *before, const Found *target, const Edits *edits,
                       const Recheck *after) {
    if (!after->whole || !same_interface(before, after)) return false;
    int32_t written[DIAG_COUNT] = {0}; /* those that the edits may write, of each code */
    for (uint32_t i = 0; i < before->found.count; i++) {
        const Found *found = &before->found.data[i];
        if (is_taken_out(before, edits, found)) written[found->code] += !same_place(found, target);
    }
    for (uint32_t i = 0; i < after->found.count; i++) {
        bool is_written, is_known = false;
        Found moved = moved_back(before, edits, &after->found.data[i], &is_written);
        if (is_written) {
            if (written[moved.code]-- == 0) return false;
            continue;
        }
        if (same_place(&moved, target)) return false;
        for (uint32_t k = 0; k < before->found.count && !is_known; k++) {
            is_known = same_place(&moved, &before->found.data[k]);
        }
        if (!is_known) return false;
    }
    return true;
}
