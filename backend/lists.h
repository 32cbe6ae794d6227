/* The tables, as lists for people: --list-ops, --list-rules. */
#ifndef NNA_BACKEND_LISTS_H
#define NNA_BACKEND_LISTS_H

#include "ir/base/ctx.h"

void list_operators(Buf *out);
void list_rules(Buf *out);

#endif
