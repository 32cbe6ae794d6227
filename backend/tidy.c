/* Reads, lays out, compares, replaces. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "backend/tidy.h"

#include "backend/output.h"
#include "backend/process.h"
#include "frontend/format.h"
#include "frontend/parse.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A file that is being written. */
typedef struct Writing {
    const char *path;
    const Buf *text;
    Output output;
    bool done;
} Writing;

static void write_text(Ctx *cx, void *data) {
    Writing *w = data;
    w->done = output_open(cx, w->path, OUTPUT_FILE, &w->output) &&
              output_write(cx, &w->output, buf_text(w->text), w->text->length) &&
              output_commit(cx, &w->output, OUTPUT_AS_BEFORE);
}

/* The name behind symbolic links, so that these stay. */
static const char *target_of(Ctx *cx, const char *path) {
    char *real = arena_alloc(&cx->session, PATH_MAX, 1);
    return realpath(path, real) != NULL ? real : path;
}

static bool replace(Ctx *cx, const char *path, const Buf *text) {
    Interrupts interrupts;
    Writing w = {.path = target_of(cx, path), .text = text, .output = OUTPUT_NONE};
    if (!interrupts_hold(&interrupts)) {
        diag_file(cx, NNA0001, path, "cannot hold back signals");
        return false;
    }
    bool in_time = ctx_try(cx, write_text, &w);
    output_discard(&w.output);
    interrupts_release(&interrupts);
    if (!in_time) ctx_give_up(cx);
    return w.done;
}

bool tidy_file(Ctx *cx, const char *path, TidyMode mode, Buf *out) {
    Source *source = source_read_or_input(cx, path);
    if (source == NULL) return false;
    const File *file = parse_file(cx, source);
    if (file->broken) return false;
    Buf text = buf_make(&cx->module);
    format_file(cx, file, &text);
    bool same = text.length == source->length &&
                memcmp(buf_text(&text), source->text, text.length) == 0;
    if (mode == TIDY_CHECK) {
        if (!same) buf_printf(out, "%s\n", source->path);
        return same;
    }
    if (strcmp(path, "-") == 0) {
        buf_put_bytes(out, buf_text(&text), text.length);
        return true;
    }
    return same || replace(cx, path, &text);
}
