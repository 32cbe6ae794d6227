/* The compilation context: every library function takes one first.
 *
 * It owns the arenas, the interned names, the sources, the diagnostics and the
 * limits. There is no other state: no mutable file-scope variable, no `static`
 * local anywhere in the library, so two contexts never meet.
 *
 * Memory and limits. All memory of the library comes from the three arenas, so
 * nothing is ever freed singly. When an arena is over its budget, or malloc fails,
 * arena_alloc reports NNA0002 and jumps to the innermost `ctx_try`; callers never
 * test for NULL. The same jump ends a phase that ran out of another budget. */
#ifndef NNA_IR_BASE_CTX_H
#define NNA_IR_BASE_CTX_H

#include "ir/base/arena.h"
#include "ir/base/diag.h"
#include "ir/base/intern.h"
#include "ir/base/source.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

/* Limits, each with the name that `--limit NAME=N` knows it by (limits.def). */
typedef struct Limits {
#define LIMIT(field, spelling, value, doc) uint64_t field;
#include "ir/base/limits.def"
} Limits;

typedef struct Ctx {
    Arena session;  /* names, sources, diagnostics: lives as long as the context */
    Arena module;   /* AST, IR, facts */
    Arena shared;   /* what all modules use, and nobody changes: the tree of the prelude */
    Arena scratch;  /* one pass; reset by pass_run, with arena_reset */
    Names names;
    Sources sources;
    Diags diags;
    Limits limits;
    struct File *prelude; /* in `shared`; NULL: not read yet (frontend/model.c) */
    jmp_buf *recover; /* innermost ctx_try, or NULL: then exhaustion is a bug of the caller */
    Diag exhausted;   /* the report that memory is spent, which must cost none; made once */
    char exhausted_text[160];
} Ctx;

/* Makes an empty context with the default limits. Returns NULL when not even that fits. */
Ctx *ctx_new(void);

/* Frees everything that was ever allocated under `cx`. NULL is allowed. */
void ctx_free(Ctx *cx);

/* Runs body(cx, data). Returns true when it came back, false when it was cut short by
 * a limit or by lack of memory; the report is then in cx->diags. May be nested. */
bool ctx_try(Ctx *cx, void (*body)(Ctx *cx, void *data), void *data);

/* Ends the innermost ctx_try. The caller has emitted the report. Never returns. */
_Noreturn void ctx_give_up(Ctx *cx);

typedef enum Exhaustion { EXHAUSTED_BUDGET, EXHAUSTED_SYSTEM } Exhaustion;

/* Reports NNA0002, the first time, without taking memory, and gives up. The arenas call it;
 * once it has, each may spend a little more, so that the reports can still be printed. */
_Noreturn void ctx_exhausted(Ctx *cx, size_t wanted, Exhaustion why);

/* Looks a limit up by its spelling; NULL if there is none. */
uint64_t *limits_find(Limits *limits, const char *spelling);

#endif
