/* Growable arrays in an arena.
 *
 *     VEC(Value) values = {0};
 *     vec_push(&cx->scratch, &values, v);
 *     for (uint32_t i = 0; i < values.count; i++) use(values.data[i]);
 *
 * Growing doubles, and the old array stays in the arena: at most twice the final size
 * is spent. At most UINT32_MAX elements; beyond that the arena's budget has ended it. */
#ifndef NNA_IR_BASE_VEC_H
#define NNA_IR_BASE_VEC_H

#include "ir/base/arena.h"

#define VEC(Type)           \
    struct {                \
        Type *data;         \
        uint32_t count;     \
        uint32_t capacity;  \
    }

/* Makes room for one more element; returns the (moved) array. */
void *vec_grow(Arena *arena, void *data, size_t size, uint32_t count, uint32_t *capacity);

#define vec_push(arena, vec, ...)                                                              \
    ((vec)->data = vec_grow((arena), (vec)->data, sizeof *(vec)->data, (vec)->count,           \
                            &(vec)->capacity),                                                 \
     (vec)->data[(vec)->count++] = (__VA_ARGS__))

#endif
