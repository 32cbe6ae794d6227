/* Growable arrays: the one function behind vec_push. */
#include "ir/base/vec.h"

#include <string.h>

void *vec_grow(Arena *arena, void *data, size_t size, uint32_t count, uint32_t *capacity) {
    if (count < *capacity) return data;
    if (count == UINT32_MAX) arena_exhausted(arena, SIZE_MAX);
    uint32_t wanted = count < 4 ? 8 : count > UINT32_MAX / 2 ? UINT32_MAX : count * 2;
    void *grown = arena_alloc(arena, wanted, size);
    if (count > 0) memcpy(grown, data, count * size);
    *capacity = wanted;
    return grown;
}
