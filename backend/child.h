/* The code generator, in a process of its own: whatever LLVM does there (run out of memory,
 * abort, crash) ends in one report here. */
#ifndef NNA_BACKEND_CHILD_H
#define NNA_BACKEND_CHILD_H

#include "backend/codegen.h"
#include "backend/process.h"

typedef struct Code {
    const char *bytes; /* in the module arena */
    size_t size;
} Code;

/* Makes code. False after a report: NNA0001 (not installed), NNA0002 (memory or time), NNA0003
 * (it crashed), NNA0004 (what it does not have); or after none, when it was interrupted. */
bool child_codegen(Ctx *cx, const Interrupts *interrupts, const CodegenRequest *request,
                   Code *out);

#endif
