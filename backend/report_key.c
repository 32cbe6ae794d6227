/* Keys of reports: code, file, model, operation and facts; no lines and columns. */
#include "backend/report_key.h"

#include <string.h>
#include <unistd.h>

/* The folder that nnac runs in, or NULL where that is not known. */
static const char *working_folder(Ctx *cx) {
    enum { MOST = 1 << 20 };
    for (size_t size = 256; size <= MOST; size *= 2) {
        char *text = arena_alloc(&cx->session, size, 1);
        if (getcwd(text, size) != NULL) return text;
    }
    return NULL;
}

const char *path_from_here(Ctx *cx, const char *path) {
    if (path[0] == '/') {
        const char *folder = working_folder(cx);
        size_t length = folder == NULL ? 0 : strlen(folder);
        if (length > 1 && strncmp(path, folder, length) == 0 && path[length] == '/') {
            path += length + 1;
        }
    }
    while (strncmp(path, "./", 2) == 0) {
        path += 2;
        while (*path == '/') path++;
    }
    return path;
}

const char *report_file(Ctx *cx, const Diag *d) {
    Place place = place_of(cx, d->primary.span.begin);
    const char *path = place.source != NULL ? place.source->path : d->file;
    return path == NULL ? NULL : path_from_here(cx, path);
}

static void put_fact(const DiagFact *fact, Buf *out) {
    buf_printf(out, "%s%s in [", out->length > 0 ? "; " : "", fact->subject);
    buf_put_number(out, fact->low);
    buf_put(out, ", ");
    buf_put_number(out, fact->high);
    buf_put(out, "]");
    if (fact->positive_infinity) buf_put(out, " or inf");
    if (fact->negative_infinity) buf_put(out, " or -inf");
    if (fact->nan) buf_put(out, " or NaN");
}

const char *report_facts(Ctx *cx, const Diag *d) {
    if (d->facts.count == 0) return d->message;
    Buf out = buf_make(&cx->session);
    for (uint32_t i = 0; i < d->facts.count; i++) put_fact(&d->facts.data[i], &out);
    return buf_text(&out);
}
