/* Breaking text into lines. The text holds no unsafe characters but line feeds. */
#include "ir/base/wrap.h"

#include "ir/base/utf8.h"

#include <string.h>

typedef struct Wrapping {
    Arena *arena;   /* NULL: the lines are only counted */
    uint32_t room;
    uint32_t quote; /* columns up to which a quotation stays together */
    TextLines lines;
} Wrapping;

static void wrap_put(Wrapping *w, const char *from, const char *to) {
    while (to > from && to[-1] == ' ') to--;
    if (w->arena == NULL) {
        w->lines.count++;
    } else {
        vec_push(w->arena, &w->lines, ((TextLine){from, (uint32_t)(to - from)}));
    }
}

static const char *word_end(const char *from, const char *end, uint32_t quote) {
    const char *c = from;
    while (c < end && *c != ' ') {
        if (*c++ != '`') continue;
        const char *close = memchr(c, '`', (size_t)(end - c));
        if (close != NULL && utf8_text_columns(c, (size_t)(close - c)) + 2 <= quote) c = close + 1;
    }
    return c;
}

/* Text without line feeds; spaces at its begin are kept. */
static void wrap_paragraph(Wrapping *w, const char *text, const char *end) {
    const char *line = text, *done = text; /* [line, done) fits */
    uint32_t used = 0;
    if (w->room == 0) done = end;
    while (done < end) {
        const char *word = done;
        while (word < end && *word == ' ') word++;
        const char *after = word_end(word, end, w->quote);
        uint32_t more = utf8_text_columns(done, (size_t)(after - done));
        if (done > line && used + more > w->room && after > word) {
            wrap_put(w, line, done);
            line = word;
            used = 0;
            more = utf8_text_columns(word, (size_t)(after - word));
        }
        used += more;
        done = after;
    }
    wrap_put(w, line, done);
}

static TextLines wrap(Arena *arena, const char *text, uint32_t room, uint32_t quote) {
    Wrapping w = {.arena = arena, .room = room, .quote = quote};
    for (const char *next; (next = strchr(text, '\n')) != NULL; text = next + 1) {
        wrap_paragraph(&w, text, next);
    }
    wrap_paragraph(&w, text, text + strlen(text));
    return w.lines;
}

TextLines wrap_text(Arena *arena, const char *text, uint32_t room) {
    return wrap(arena, text, room, room);
}

TextLines wrap_balanced(Arena *arena, const char *text, uint32_t room) {
    uint32_t quote = room, count = room == 0 ? 1 : wrap(NULL, text, room, quote).count;
    if (count > 1) {
        uint32_t low = 1, high = room; /* `high` columns are enough for `count` lines */
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (wrap(NULL, text, middle, quote).count <= count) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        room = high;
    }
    return wrap(arena, text, room, quote);
}
