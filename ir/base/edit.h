/* Edits of a source text, as data: what stands in a span is replaced by a text. Those of one list
 * speak of one text, are sorted by place and do not overlap; so that they can be applied in any
 * order, and a place of the new text has one place in the old one. */
#ifndef NNA_IR_BASE_EDIT_H
#define NNA_IR_BASE_EDIT_H

#include "ir/base/buf.h"
#include "ir/base/source.h"
#include "ir/base/vec.h"

typedef struct Edit {
    Span span;        /* of the source; empty: the text goes in front of the place */
    const char *text; /* "": what stands there is taken out */
} Edit;

typedef struct Edits {
    Edit *data;
    uint32_t count, capacity;
} Edits;

/* Puts an edit in its order. False, and nothing is done, where it overlaps one that is there; an
 * insertion goes behind those at its place. What an edit takes out and what another puts in front
 * of it do not overlap. */
bool edits_add(Arena *arena, Edits *edits, Edit edit);

/* The text of the source with the edits in it. */
void edits_apply(const Source *source, const Edits *edits, Buf *out);

/* Where the byte `at` of the new text, counted from 0, comes from, in places that begin with
 * `base`; *inside is the number of the edit that wrote it, and the place then that of the edit, or
 * edits->count. */
uint32_t edits_origin(const Edits *edits, uint32_t base, uint32_t at, uint32_t *inside);

#endif
