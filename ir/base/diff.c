/* Myers' algorithm (An O(ND) Difference Algorithm, 1986) on lines, after what both texts begin and
 * end with was taken off. The furthest points of each round are kept, so that the way back is read
 * from them: D * D numbers. Past MOST_CHANGES the whole middle counts as changed, which is still a
 * difference, and a right one. */
#include "ir/base/diff.h"

#include "ir/base/vec.h"

#include <inttypes.h>
#include <string.h>

enum { CONTEXT = 3, MOST_CHANGES = 1500 };

typedef struct Line {
    const char *text;
    size_t length; /* with the line feed, if there is one */
} Line;

typedef VEC(Line) Lines;

typedef struct Comparison {
    Arena *arena;
    Lines old, new;
    bool *dropped, *added; /* by line */
} Comparison;

static void split(Arena *arena, const char *text, size_t length, Lines *out) {
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t size = end == NULL ? length - at : (size_t)(end - (text + at)) + 1;
        vec_push(arena, out, (Line){text + at, size});
        at += size;
    }
}

static bool same(const Line *a, const Line *b) {
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Marks the lines of the middle parts that differ: [low, old_end) and [low, new_end). */
typedef struct Middle {
    int64_t low, n, m;
} Middle;

static const Line *old_line(const Comparison *c, const Middle *s, int64_t x) {
    return &c->old.data[s->low + x];
}

static const Line *new_line(const Comparison *c, const Middle *s, int64_t y) {
    return &c->new.data[s->low + y];
}

/* Of round d, on the diagonal k: from above, by an added line, or from the left. */
static bool comes_down(const int64_t *far, int64_t d, int64_t k) {
    return k == -d || (k != d && far[k - 1] < far[k + 1]);
}

/* Walks back from the end through the rounds. */
static void trace(Comparison *c, const Middle *s, int64_t *const *rounds, int64_t d) {
    int64_t x = s->n, y = s->m;
    for (; d > 0; d--) {
        const int64_t *far = rounds[d - 1] + d;
        int64_t k = x - y;
        bool down = comes_down(far, d, k);
        int64_t from_k = down ? k + 1 : k - 1, from_x = far[from_k], from_y = from_x - from_k;
        if (down) c->added[s->low + from_y] = true;
        else c->dropped[s->low + from_x] = true;
        x = from_x;
        y = from_y;
    }
}

static void mark_all(Comparison *c, const Middle *s) {
    for (int64_t i = 0; i < s->n; i++) c->dropped[s->low + i] = true;
    for (int64_t i = 0; i < s->m; i++) c->added[s->low + i] = true;
}

static void compare(Comparison *c, const Middle *s) {
    enum { WIDTH = 2 * MOST_CHANGES + 3 };
    int64_t **rounds = ARENA_ARRAY(c->arena, int64_t *, MOST_CHANGES + 1);
    int64_t *far = ARENA_ARRAY(c->arena, int64_t, WIDTH), *at = far + MOST_CHANGES + 1;
    for (int64_t d = 0; d <= MOST_CHANGES && d <= s->n + s->m; d++) {
        for (int64_t k = -d; k <= d; k += 2) {
            int64_t x = d == 0 ? 0 : comes_down(at, d, k) ? at[k + 1] : at[k - 1] + 1, y = x - k;
            while (x < s->n && y < s->m && same(old_line(c, s, x), new_line(c, s, y))) x++, y++;
            at[k] = x;
            if (x >= s->n && y >= s->m) {
                trace(c, s, rounds, d);
                return;
            }
        }
        size_t width = 2 * (size_t)d + 3; /* the diagonals -d - 1 .. d + 1 */
        rounds[d] = ARENA_ARRAY(c->arena, int64_t, width);
        memcpy(rounds[d], at - d - 1, width * sizeof *at);
    }
    mark_all(c, s);
}

static void put_line(Buf *out, char mark, const Line *line) {
    buf_put_char(out, mark);
    buf_put_bytes(out, line->text, line->length);
    if (line->text[line->length - 1] != '\n') buf_put(out, "\n\\ No newline at end of file\n");
}

/* "-12,3": where a part begins, and how many lines it has, if not one. */
static void put_part(Buf *out, char mark, uint32_t begin, uint32_t count) {
    buf_printf(out, "%c%" PRIu32, mark, count == 0 ? begin : begin + 1);
    if (count != 1) buf_printf(out, ",%" PRIu32, count);
}

/* Puts the lines [x, x_end) of the old text against [y, y_end) of the new one. */
static void put_hunk(const Comparison *c, uint32_t x, uint32_t x_end, uint32_t y, uint32_t y_end,
                     Buf *out) {
    buf_put(out, "@@ ");
    put_part(out, '-', x, x_end - x);
    buf_put_char(out, ' ');
    put_part(out, '+', y, y_end - y);
    buf_put(out, " @@\n");
    while (x < x_end || y < y_end) {
        if (x < x_end && c->dropped[x]) put_line(out, '-', &c->old.data[x++]);
        else if (y < y_end && c->added[y]) put_line(out, '+', &c->new.data[y++]);
        else put_line(out, ' ', &c->old.data[x++]), y++;
    }
}

static void put_hunks(const Comparison *c, Buf *out) {
    uint32_t x = 0, y = 0, begin_x = 0, begin_y = 0, kept = 0;
    bool open = false;
    while (x < c->old.count || y < c->new.count) {
        bool drop = x < c->old.count && c->dropped[x], add = y < c->new.count && c->added[y];
        if (drop || add) {
            uint32_t before = x < CONTEXT ? x : CONTEXT;
            if (!open) begin_x = x - before, begin_y = y - before;
            open = true;
            kept = 0;
            x += drop;
            y += !drop;
            continue;
        }
        x++, y++, kept++;
        if (open && kept > 2 * CONTEXT) {
            put_hunk(c, begin_x, x - kept + CONTEXT, begin_y, y - kept + CONTEXT, out);
            open = false;
        }
    }
    uint32_t behind = kept > CONTEXT ? kept - CONTEXT : 0;
    if (open) put_hunk(c, begin_x, x - behind, begin_y, y - behind, out);
}

/* Both texts as lines, with the marks of those that differ. */
static Comparison compare_texts(Arena *arena, const char *old, size_t old_length, const char *new,
                                size_t new_length) {
    Comparison c = {.arena = arena};
    split(arena, old, old_length, &c.old);
    split(arena, new, new_length, &c.new);
    c.dropped = ARENA_ARRAY(arena, bool, c.old.count);
    c.added = ARENA_ARRAY(arena, bool, c.new.count);
    uint32_t low = 0, old_end = c.old.count, new_end = c.new.count;
    while (low < old_end && low < new_end && same(&c.old.data[low], &c.new.data[low])) low++;
    while (old_end > low && new_end > low &&
           same(&c.old.data[old_end - 1], &c.new.data[new_end - 1])) {
        old_end--, new_end--;
    }
    compare(&c, &(Middle){low, old_end - low, new_end - low});
    return c;
}

static void put_name(Buf *out, const char *mark, const char *path) {
    buf_printf(out, "%s ", mark);
    buf_put_escaped(out, path, strlen(path));
    buf_put_char(out, '\n');
}

void diff_unified(Arena *arena, const char *path, const char *old, size_t old_length,
                  const char *new, size_t new_length, Buf *out) {
    if (old_length == new_length && memcmp(old, new, old_length) == 0) return;
    const Comparison c = compare_texts(arena, old, old_length, new, new_length);
    put_name(out, "---", path);
    put_name(out, "+++", path);
    put_hunks(&c, out);
}

static DiffLine line_as_text(Arena *arena, char mark, uint32_t number, const Line *line) {
    size_t length = line->length;
    while (length > 0 && strchr("\r\n", line->text[length - 1]) != NULL) length--;
    return (DiffLine){mark, number + 1, arena_text(arena, line->text, length)};
}

DiffLines diff_lines(Arena *arena, const char *old, size_t old_length, const char *new,
                     size_t new_length) {
    const Comparison c = compare_texts(arena, old, old_length, new, new_length);
    DiffLines lines = {0};
    for (uint32_t x = 0, y = 0; x < c.old.count || y < c.new.count;) {
        if (x < c.old.count && c.dropped[x]) {
            vec_push(arena, &lines, line_as_text(arena, '-', x, &c.old.data[x]));
            x++;
        } else if (y < c.new.count && c.added[y]) {
            vec_push(arena, &lines, line_as_text(arena, '+', y, &c.new.data[y]));
            y++;
        } else {
            x++, y++;
        }
    }
    return lines;
}
