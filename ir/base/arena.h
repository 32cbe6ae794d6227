/* Arenas: memory that is given back all at once.
 *
 * A chain of growing chunks with a budget in bytes. Pieces are zeroed. Built with
 * NNA_ARENA_MALLOC each piece is a malloc of its own, so that memory checkers see
 * every object; AddressSanitizer builds set it. */
#ifndef NNA_IR_BASE_ARENA_H
#define NNA_IR_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct Ctx;
typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    struct Ctx *cx;     /* whom to tell when the budget is spent */
    ArenaChunk *chunks; /* newest first */
    unsigned char *next, *end; /* free part of the newest chunk */
    size_t used;        /* bytes taken from malloc */
    size_t budget;      /* bytes at most */
} Arena;

void arena_init(Arena *arena, struct Ctx *cx, size_t budget);

/* Frees every piece; the arena can be used again. */
void arena_reset(Arena *arena);

/* `count` zeroed objects of `size` bytes, aligned for any object. count * size may be 0.
 * On exhaustion: report NNA0002, ctx_give_up. Never returns NULL. */
void *arena_alloc(Arena *arena, size_t count, size_t size);

/* The text, copied and terminated. */
const char *arena_text(Arena *arena, const char *text, size_t length);

/* printf into the arena. */
const char *arena_format(Arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *arena_vformat(Arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* What the functions above do when memory is spent; for growable structures that count past
 * what they can address. */
_Noreturn void arena_exhausted(Arena *arena, size_t wanted);

#define ARENA_NEW(arena, Type) ((Type *)arena_alloc((arena), 1, sizeof(Type)))
#define ARENA_ARRAY(arena, Type, count) ((Type *)arena_alloc((arena), (count), sizeof(Type)))

#endif
