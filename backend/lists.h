/* The tables, as lists: --list-ops, --list-rules, as text, as JSON, and for docs/operators.md. */
#ifndef NNA_BACKEND_LISTS_H
#define NNA_BACKEND_LISTS_H

#include "backend/options.h"

/* False with a message in `error` where there is no such form of it. */
bool list_operators(Ctx *cx, Format format, Buf *out, Buf *error);
bool list_rules(Ctx *cx, Format format, Buf *out, Buf *error);

#endif
