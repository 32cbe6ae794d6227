/* Arenas over calloc, so that pieces are zero without being written. This file and ctx.c
 * (for the context itself) are the only ones of the library that ask the system for memory.
 *
 * Chunks of 2 MiB and more are mapped with advice to use huge pages: touching memory for the first
 * time costs a page fault each 4 KiB otherwise, a third of the front end's time on large models
 * (measured: 0.7 of 2.1 us a line on 20 000 lines). */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#include "ir/base/arena.h"

#include "ir/base/checked.h"
#include "ir/base/ctx.h"

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CHUNK_MIN = 64 * 1024,
    CHUNK_MAX = 4 * 1024 * 1024,
    HUGE_PAGE = 2 * 1024 * 1024,
    PIECE_ALIGN = alignof(max_align_t),
};

/* What the arenas may still spend on printing once NNA0002 stands: the line tables of the
 * sources and the text of the reports. */
static const size_t after_exhaustion = 128u * 1024 * 1024;

struct ArenaChunk {
    alignas(max_align_t) ArenaChunk *older;
    size_t mapped; /* bytes to unmap; 0: from calloc */
};

#ifdef NNA_ARENA_MALLOC
/* Every piece is seen by the memory checker. */
static ArenaChunk *chunk_new(size_t bytes) {
    return calloc(1, bytes);
}
#else
/* Whole huge pages, zero; NULL where there is no memory. */
static ArenaChunk *chunk_map(size_t bytes) {
    size_t whole;
    if (!checked_size_add(bytes, 2 * (size_t)HUGE_PAGE, &whole)) return NULL;
    bytes = (bytes + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
    whole = bytes + HUGE_PAGE;
    unsigned char *start =
        mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return NULL;
    /* Cut off what lies before the first boundary and behind the last. */
    size_t before = -(uintptr_t)start & (HUGE_PAGE - 1), behind = whole - before - bytes;
    if (before > 0) munmap(start, before);
    if (behind > 0) munmap(start + before + bytes, behind);
    ArenaChunk *chunk = (ArenaChunk *)(void *)(start + before);
    madvise(chunk, bytes, MADV_HUGEPAGE); /* advice: that it is not taken does no harm */
    chunk->mapped = bytes;
    return chunk;
}

static ArenaChunk *chunk_new(size_t bytes) {
    return bytes >= HUGE_PAGE ? chunk_map(bytes) : calloc(1, bytes);
}
#endif

static void chunk_free(ArenaChunk *chunk) {
    if (chunk->mapped > 0) munmap(chunk, chunk->mapped);
    else free(chunk);
}

void arena_init(Arena *arena, struct Ctx *cx, size_t budget) {
    assert(cx != NULL);
    *arena = (Arena){.cx = cx, .budget = budget};
}

void arena_reset(Arena *arena) {
    ArenaChunk *chunk = arena->chunks;
    while (chunk != NULL) {
        ArenaChunk *older = chunk->older;
        chunk_free(chunk);
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
    ArenaChunk *chunk = chunk_new(sizeof *chunk + size);
    if (chunk == NULL) ctx_exhausted(arena->cx, sizeof *chunk + size, EXHAUSTED_SYSTEM);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->used += chunk->mapped > 0 ? chunk->mapped : sizeof *chunk + size;
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
