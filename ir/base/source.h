/* Source texts and places in them.
 *
 * All sources of a context share one space of byte offsets, so a Span needs no file:
 * source k occupies [base, base + length]. Offset 0 belongs to no source. */
#ifndef NNA_IR_BASE_SOURCE_H
#define NNA_IR_BASE_SOURCE_H

#include "ir/base/arena.h"

typedef struct Span {
    uint32_t begin, end; /* half open; {0, 0}: nowhere */
} Span;

#define SPAN_NONE ((Span){0, 0})

typedef struct Source {
    const char *path;  /* as given by the user, or "<prelude>" */
    const char *text;  /* terminated by two NUL bytes, which length leaves out */
    uint32_t base, length;
    uint32_t *lines;   /* offsets of line starts within text; built when first asked for */
    uint32_t line_count;
    bool is_prelude;   /* reports never point here: they climb to the call */
} Source;

typedef struct Sources {
    struct Ctx *cx;
    Source **list;
    uint32_t count, capacity;
} Sources;

/* 1-based line and column; columns count characters (code points), as editors do. */
typedef struct Place {
    Source *source; /* NULL for SPAN_NONE */
    uint32_t line, column;
} Place;

/* Takes over a copy of text. Returns NULL, with a report NNA0002, when the sources
 * together pass 4 GiB. */
Source *source_add(struct Ctx *cx, const char *path, const char *text, size_t length);

/* Reads a regular file of at most limits.file_bytes, once, into memory. On failure: a
 * report NNA0001 or NNA0002 and NULL. A directory, a FIFO, a device is refused without
 * blocking. */
Source *source_read(struct Ctx *cx, const char *path);

/* The same for what the text at `place` asks for: reports stand there, and call it `shown`, as
 * Source.path does. */
Source *source_read_for(struct Ctx *cx, const char *path, const char *shown, Span place);

/* The same; `-` stands for standard input, which is read to its end. */
Source *source_read_or_input(struct Ctx *cx, const char *path);

/* What an errno means, for a message; the same words on every system. `text` is room for others. */
const char *system_error_text(int error, char *text, size_t size);

Source *source_at(const Sources *sources, uint32_t offset);
Place place_of(struct Ctx *cx, uint32_t offset);

/* Text of a 1-based line, without its line end. */
const char *source_line(struct Ctx *cx, Source *source, uint32_t line, uint32_t *length);

static inline Span span_join(Span a, Span b) {
    if (a.begin == 0) return b;
    if (b.begin == 0) return a;
    return (Span){a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

#endif
