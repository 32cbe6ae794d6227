/* Interned names: a table of texts by id, and an open-addressing table of ids by hash, at
 * most half full. The scanner comes here for every identifier. */
#include "ir/base/intern.h"

#include "ir/base/hash.h"

#include <assert.h>
#include <string.h>

enum { FIRST_ENTRIES = 256, DISTANCE_MAX = 255 };

void names_init(Names *names, Arena *arena) {
    *names = (Names){.arena = arena, .seed = hash_seed(arena)};
    names->slot_count = 2 * FIRST_ENTRIES;
    names->slots = ARENA_ARRAY(arena, uint32_t, names->slot_count);
    names->entries = ARENA_ARRAY(arena, NameEntry, FIRST_ENTRIES);
    names->entries[0].text = "";
    names->capacity = FIRST_ENTRIES;
    names->count = 1;
}

/* Both new tables are made before either is put in place: an exhausted arena leaves the old. */
static void names_grow(Names *names) {
    if (names->capacity > UINT32_MAX / 4) arena_exhausted(names->arena, SIZE_MAX);
    uint32_t capacity = names->capacity * 2, mask = capacity * 2 - 1;
    NameEntry *entries = ARENA_ARRAY(names->arena, NameEntry, capacity);
    uint32_t *slots = ARENA_ARRAY(names->arena, uint32_t, (size_t)mask + 1);
    memcpy(entries, names->entries, names->count * sizeof *entries);
    for (uint32_t id = 1; id < names->count; id++) {
        uint32_t at = entries[id].hash & mask;
        while (slots[at] != 0) at = (at + 1) & mask;
        slots[at] = id;
    }
    names->entries = entries;
    names->slots = slots;
    names->capacity = capacity;
    names->slot_count = mask + 1;
}

static Name names_add(Names *names, const char *text, uint32_t length, uint32_t hash) {
    const char *copy = arena_text(names->arena, text, length);
    if (names->count == names->capacity) names_grow(names);
    uint32_t mask = names->slot_count - 1, at = hash & mask, id = names->count++;
    while (names->slots[at] != 0) at = (at + 1) & mask;
    names->slots[at] = id;
    names->entries[id] = (NameEntry){copy, length, hash};
    return (Name){id};
}

Name names_intern(Names *names, const char *text, size_t length) {
    if (length >= UINT32_MAX) arena_exhausted(names->arena, length);
    uint32_t hash = (uint32_t)hash_bytes(names->seed, text, length);
    uint32_t mask = names->slot_count - 1;
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        uint32_t id = names->slots[at];
        if (id == 0) return names_add(names, text, (uint32_t)length, hash);
        const NameEntry *entry = &names->entries[id];
        if (entry->hash == hash && entry->length == length &&
            (length == 0 || memcmp(entry->text, text, length) == 0)) {
            return (Name){id};
        }
    }
}

Name names_intern_text(Names *names, const char *text) {
    return names_intern(names, text, strlen(text));
}

const char *names_text(const Names *names, Name name) {
    assert(name.id < names->count);
    return names->entries[name.id].text;
}

uint32_t names_length(const Names *names, Name name) {
    assert(name.id < names->count);
    return names->entries[name.id].length;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* One row of the distance table. Only the band |i - j| <= limit is filled; the cells at its
 * rims hold more than the limit. Returns the least cell. */
static uint32_t distance_row(const char *a, const char *b, uint32_t i, uint32_t columns,
                             uint32_t limit, uint32_t rows[3][DISTANCE_MAX + 2]) {
    uint32_t *row = rows[i % 3];
    const uint32_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
    uint32_t from = i > limit ? i - limit : 1;
    uint32_t to = limit > columns || i > columns - limit ? columns : i + limit;
    uint32_t best = UINT32_MAX;
    row[from - 1] = from == 1 ? i : limit + 1;
    for (uint32_t j = from; j <= to; j++) {
        uint32_t same = a[i - 1] == b[j - 1] ? 0 : 1;
        uint32_t cell = least(above[j - 1] + same, least(above[j], row[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
            cell = least(cell, above2[j - 2] + 1);
        }
        row[j] = cell;
        best = least(best, cell);
    }
    row[to + 1] = limit + 1;
    return least(best, row[from - 1]);
}

uint32_t text_distance(const char *a, const char *b, uint32_t limit) {
    size_t length_a = strlen(a), length_b = strlen(b);
    if (limit > DISTANCE_MAX) limit = DISTANCE_MAX;
    if (strcmp(a, b) == 0) return 0;
    if (length_a > DISTANCE_MAX || length_b > DISTANCE_MAX) return limit + 1;
    size_t gap = length_a > length_b ? length_a - length_b : length_b - length_a;
    if (gap > limit) return limit + 1;
    uint32_t rows[3][DISTANCE_MAX + 2], columns = (uint32_t)length_b;
    for (uint32_t j = 0; j <= columns; j++) rows[0][j] = rows[2][j] = rows[1][j] = j;
    rows[0][columns + 1] = limit + 1;
    uint32_t before = 0;
    for (uint32_t i = 1; i <= length_a; i++) {
        uint32_t best = distance_row(a, b, i, columns, limit, rows);
        /* A transposition can step over one row, not over two. */
        if (best > limit && before > limit) return limit + 1;
        before = best;
    }
    return least(rows[length_a % 3][columns], limit + 1);
}
