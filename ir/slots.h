/* Hash tables of ids: what is interned is kept elsewhere, a table only finds its id again.
 *
 *     uint32_t at = slots_first(&s, hash), id;
 *     for (; (id = slots_seek(&s, &at, hash)) != 0; at++) {
 *         if (it is the one) return id;
 *     }
 *     slots_add(arena, &s, hash, id);
 *
 * The hash is stored, so growing asks nobody. Hashes are seeded (base/hash.h); no order that
 * anybody sees depends on them. */
#ifndef NNA_IR_SLOTS_H
#define NNA_IR_SLOTS_H

#include "ir/base/arena.h"

typedef struct Slot {
    uint32_t hash, id; /* id 0: free */
} Slot;

typedef struct Slots {
    Slot *data; /* in the arena given to slots_add */
    uint32_t used, capacity; /* capacity: 0 or a power of two */
} Slots;

static inline uint32_t slots_first(const Slots *s, uint32_t hash) {
    return s->capacity == 0 ? 0 : hash & (s->capacity - 1);
}

/* The next id from position *at on whose hash is `hash`; 0 when there is none. Leaves *at on it. */
static inline uint32_t slots_seek(const Slots *s, uint32_t *at, uint32_t hash) {
    if (s->capacity == 0) return 0;
    for (;; (*at)++) {
        *at &= s->capacity - 1;
        if (s->data[*at].id == 0) return 0;
        if (s->data[*at].hash == hash) return s->data[*at].id;
    }
}

static inline void slots_place(Slots *s, Slot slot) {
    uint32_t at = slot.hash & (s->capacity - 1);
    while (s->data[at].id != 0) at = (at + 1) & (s->capacity - 1);
    s->data[at] = slot;
}

static inline void slots_add(Arena *arena, Slots *s, uint32_t hash, uint32_t id) {
    if (s->used >= s->capacity / 2) {
        Slots larger = {.used = s->used, .capacity = s->capacity == 0 ? 16 : s->capacity * 2};
        larger.data = ARENA_ARRAY(arena, Slot, larger.capacity);
        for (uint32_t i = 0; i < s->capacity; i++) {
            if (s->data[i].id != 0) slots_place(&larger, s->data[i]);
        }
        *s = larger;
    }
    slots_place(s, (Slot){hash, id});
    s->used++;
}

#endif
