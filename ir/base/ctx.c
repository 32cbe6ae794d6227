/* The context: made, freed, left in a hurry. */
#include "ir/base/ctx.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Limits default_limits = {
#define LIMIT(field, spelling, value, doc) .field = (value),
#include "ir/base/limits.def"
};

static void ctx_start(Ctx *cx, void *data) {
    (void)data;
    names_init(&cx->names, &cx->session);
    diags_init(cx);
}

Ctx *ctx_new(void) {
    Ctx *cx = calloc(1, sizeof *cx);
    if (cx == NULL) return NULL;
    cx->limits = default_limits;
    cx->sources.cx = cx;
    arena_init(&cx->session, cx, SIZE_MAX);
    arena_init(&cx->module, cx, SIZE_MAX);
    arena_init(&cx->shared, cx, SIZE_MAX);
    arena_init(&cx->scratch, cx, SIZE_MAX);
    if (!ctx_try(cx, ctx_start, NULL)) {
        ctx_free(cx);
        return NULL;
    }
    return cx;
}

void ctx_free(Ctx *cx) {
    if (cx == NULL) return;
    arena_reset(&cx->scratch);
    arena_reset(&cx->module);
    arena_reset(&cx->shared);
    arena_reset(&cx->session);
    free(cx);
}

bool ctx_try(Ctx *cx, void (*body)(Ctx *cx, void *data), void *data) {
    jmp_buf here;
    jmp_buf *const outer = cx->recover;
    cx->recover = &here;
    if (setjmp(here) == 0) {
        body(cx, data);
        cx->recover = outer;
        return true;
    }
    cx->recover = outer;
    return false;
}

_Noreturn void ctx_give_up(Ctx *cx) {
    assert(cx->recover != NULL && "a caller of the library left out ctx_try");
    if (cx->recover == NULL) __builtin_trap(); /* our own bug: there is nowhere to go on */
    longjmp(*cx->recover, 1);
}

_Noreturn void ctx_exhausted(Ctx *cx, size_t wanted, Exhaustion why) {
    if (cx->exhausted.message == NULL) {
        char text[SIZE_TEXT_BYTES];
        switch (why) {
        case EXHAUSTED_BUDGET:
            snprintf(cx->exhausted_text, sizeof cx->exhausted_text,
                     "the memory limit of %s is exceeded; raise it with --limit memory-bytes=N",
                     size_text(text, cx->limits.memory_bytes));
            break;
        case EXHAUSTED_SYSTEM:
            snprintf(cx->exhausted_text, sizeof cx->exhausted_text,
                     "out of memory: the system refused %s more", size_text(text, wanted));
            break;
        }
        cx->exhausted = (Diag){.code = NNA0002,
                               .severity = SEVERITY_ERROR,
                               .message = cx->exhausted_text,
                               .primary = {.span = SPAN_NONE, .text = ""}};
        diags_append_reserved(cx, &cx->exhausted);
    }
    ctx_give_up(cx);
}

uint64_t *limits_find(Limits *limits, const char *spelling) {
#define LIMIT(field, name, value, doc) \
    if (strcmp(spelling, name) == 0) return &limits->field;
#include "ir/base/limits.def"
    return NULL;
}
