/* Interned names: equal texts have equal ids, so names compare by id. */
#ifndef NNA_IR_BASE_INTERN_H
#define NNA_IR_BASE_INTERN_H

#include "ir/base/arena.h"

typedef struct Name {
    uint32_t id; /* 0: no name */
} Name;

#define NAME_NONE ((Name){0})

typedef struct NameEntry {
    const char *text; /* in the session arena, terminated */
    uint32_t length, hash;
} NameEntry;

typedef struct Names {
    Arena *arena;
    NameEntry *entries; /* [0] stands for no name */
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing; 0 is free */
    uint32_t slot_count;
    uint64_t seed; /* differs from run to run; ids do not depend on it */
} Names;

void names_init(Names *names, Arena *arena);
Name names_intern(Names *names, const char *text, size_t length);
Name names_intern_text(Names *names, const char *text);

/* "" for NAME_NONE. */
const char *names_text(const Names *names, Name name);
uint32_t names_length(const Names *names, Name name);

/* Number of single-character edits between two texts (Damerau-Levenshtein, transpositions
 * of neighbours counted as one), cut off at `limit` + 1. For "did you mean". */
uint32_t text_distance(const char *a, const char *b, uint32_t limit);

static inline bool name_is(Name a, Name b) { return a.id == b.id; }

#endif
