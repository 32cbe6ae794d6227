/* Arenas over calloc, so that pieces are zero without being written. This file and ctx.c
 * (for the context itself) are the only ones of the library that ask the system for memory. */
#include "ir/base/arena.h"

#include "ir/base/checked.h"
#include "ir/base/ctx.h"

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_MIN = 64 * 1024,
    CHUNK_MAX = 1024 * 1024,
    PIECE_ALIGN = alignof(max_align_t),
};

/* What the arenas may still spend on printing once NNA0002 stands: the line tables of the
 * sources and the text of the reports. */
static const size_t after_exhaustion = 128u * 1024 * 1024;

struct ArenaChunk {
    alignas(max_align_t) ArenaChunk *older;
};

void arena_init(Arena *arena, struct Ctx *cx, size_t budget) {
    assert(cx != NULL);
    *arena = (Arena){.cx = cx, .budget = budget};
}

void arena_reset(Arena *arena) {
    ArenaChunk *chunk = arena->chunks;
    while (chunk != NULL) {
        ArenaChunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    arena_init(arena, arena->cx, arena->budget);
}

_Noreturn void arena_exhausted(Arena *arena, size_t wanted) {
    ctx_exhausted(arena->cx, wanted, EXHAUSTED_BUDGET);
}

/* Bytes that may still be taken from the system. */
static size_t arena_allowance(const Arena *arena) {
    const Ctx *cx = arena->cx;
    size_t budget = arena->budget;
    if (cx->limits.memory_bytes < budget) budget = (size_t)cx->limits.memory_bytes;
    if (cx->exhausted.message != NULL && !checked_size_add(budget, after_exhaustion, &budget)) {
        budget = SIZE_MAX;
    }
    return budget > arena->used ? budget - arena->used : 0;
}

/* A new chunk with room for `size` bytes; the caller has checked the allowance. */
static unsigned char *arena_chunk(Arena *arena, size_t size) {
    ArenaChunk *chunk = calloc(1, sizeof *chunk + size);
    if (chunk == NULL) ctx_exhausted(arena->cx, sizeof *chunk + size, EXHAUSTED_SYSTEM);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->used += sizeof *chunk + size;
    return (unsigned char *)(chunk + 1);
}

#ifdef NNA_ARENA_MALLOC

static void *arena_piece(Arena *arena, size_t bytes, size_t align) {
    size_t whole;
    (void)align;
    if (!checked_size_add(bytes, sizeof(ArenaChunk), &whole) || whole > arena_allowance(arena)) {
        arena_exhausted(arena, bytes);
    }
    return arena_chunk(arena, bytes);
}

#else

/* The current chunk is too small: a large piece gets a chunk of its own, so that the rest of
 * the current one is not lost; else the chunks grow with what was used so far. */
static void *arena_piece_slow(Arena *arena, size_t bytes) {
    size_t whole, allowance = arena_allowance(arena);
    size_t chunk = arena->used < CHUNK_MIN   ? CHUNK_MIN
                   : arena->used > CHUNK_MAX ? CHUNK_MAX
                                             : arena->used;
    if (!checked_size_add(bytes, sizeof(ArenaChunk), &whole) || whole > allowance) {
        arena_exhausted(arena, bytes);
    }
    if (chunk > allowance) chunk = allowance;
    chunk -= sizeof(ArenaChunk);
    if (bytes > chunk / 4) return arena_chunk(arena, bytes);
    unsigned char *piece = arena_chunk(arena, chunk);
    arena->next = piece + bytes;
    arena->end = piece + chunk;
    return piece;
}

static inline void *arena_piece(Arena *arena, size_t bytes, size_t align) {
    if (arena->next != NULL) {
        size_t skip = -(uintptr_t)arena->next & (align - 1);
        size_t left = (size_t)(arena->end - arena->next);
        if (skip <= left && bytes <= left - skip) {
            unsigned char *piece = arena->next + skip;
            arena->next = piece + bytes;
            return piece;
        }
    }
    return arena_piece_slow(arena, bytes);
}

#endif

void *arena_alloc(Arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (!checked_size_mul(count, size, &bytes)) arena_exhausted(arena, SIZE_MAX);
    return arena_piece(arena, bytes, PIECE_ALIGN);
}

const char *arena_text(Arena *arena, const char *text, size_t length) {
    if (length == SIZE_MAX) arena_exhausted(arena, length);
    char *copy = arena_piece(arena, length + 1, 1);
    if (length > 0) memcpy(copy, text, length);
    return copy;
}

const char *arena_format(Arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = arena_vformat(arena, format, args);
    va_end(args);
    return text;
}

const char *arena_vformat(Arena *arena, const char *format, va_list args) {
    char small[256];
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(small, sizeof small, format, args);
    assert(length >= 0 && "a format of ours that printf refuses");
    const char *text = small;
    if (length < 0) {
        text = arena_text(arena, format, strlen(format));
    } else if ((size_t)length < sizeof small) {
        text = arena_text(arena, small, (size_t)length);
    } else {
        char *large = arena_piece(arena, (size_t)length + 1, 1);
        vsnprintf(large, (size_t)length + 1, format, again);
        text = large;
    }
    va_end(again);
    return text;
}
