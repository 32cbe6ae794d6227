/* The functions that object files and archives of them define. */
#ifndef NNA_BACKEND_SYMBOLS_H
#define NNA_BACKEND_SYMBOLS_H

#include "ir/base/ctx.h"

typedef VEC(const char *) Paths;

typedef struct Symbols {
    VEC(const char *) names; /* global ones, in the module arena */
    bool all_known;          /* false: a file is of a kind whose names cannot be told from here */
} Symbols;

/* Adds those of a file. False after a report NNA0001 or NNA0002. */
bool symbols_read(Ctx *cx, const char *path, Symbols *out);

bool symbols_have(const Symbols *symbols, const char *name);

#endif
