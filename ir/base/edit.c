/* Applying edits, and finding places through them. */
#include "ir/base/edit.h"

#include <string.h>

static bool is_before(Span a, Span b) {
    return a.end <= b.begin && (a.begin < b.begin || a.begin == a.end);
}

bool edits_add(Arena *arena, Edits *edits, Edit edit) {
    uint32_t at = 0;
    while (at < edits->count && is_before(edits->data[at].span, edit.span)) at++;
    if (at < edits->count && !is_before(edit.span, edits->data[at].span)) return false;
    vec_push(arena, edits, edit);
    memmove(edits->data + at + 1, edits->data + at,
            (edits->count - 1 - at) * sizeof *edits->data);
    edits->data[at] = edit;
    return true;
}

void edits_apply(const Source *source, const Edits *edits, Buf *out) {
    uint32_t at = source->base;
    for (uint32_t i = 0; i < edits->count; i++) {
        const Edit *edit = &edits->data[i];
        buf_put_bytes(out, source->text + (at - source->base), edit->span.begin - at);
        buf_put(out, edit->text);
        at = edit->span.end;
    }
    buf_put_bytes(out, source->text + (at - source->base), source->base + source->length - at);
}

uint32_t edits_origin(const Edits *edits, uint32_t base, uint32_t at, uint32_t *inside) {
    uint64_t begin = 0; /* of what is kept in front of the edit, in the new text */
    uint32_t old = base;
    for (uint32_t i = 0; i < edits->count; i++) {
        const Edit *edit = &edits->data[i];
        uint64_t end = begin + (edit->span.begin - old), behind = end + strlen(edit->text);
        *inside = edits->count;
        if (at < end) return old + (uint32_t)(at - begin);
        *inside = i;
        if (at < behind) return edit->span.begin;
        begin = behind;
        old = edit->span.end;
    }
    *inside = edits->count;
    return old + (uint32_t)(at - begin);
}
