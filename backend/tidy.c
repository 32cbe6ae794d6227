/* Reads, lays out, compares, replaces. */
#include "backend/tidy.h"

#include "backend/output.h"
#include "frontend/format.h"
#include "frontend/parse.h"

#include <string.h>

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
    return same || output_replace(cx, path, source, buf_text(&text), text.length);
}
