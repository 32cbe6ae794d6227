/* What is believed without proof or guard: contracts of `assume`, parameters, extern blocks. */
#ifndef NNA_BACKEND_TRUSTED_H
#define NNA_BACKEND_TRUSTED_H

#include "ir/ir.h"

/* How many of each operator, over some graphs. */
typedef struct Trusted {
    uint32_t count[OP_COUNT];
} Trusted;

void trusted_count(const Graph *g, Trusted *out);

/* "trusted contracts: 1 assume, 2 param; ", or nothing where there are none. */
void trusted_print_counts(const Trusted *trusted, Buf *out);

/* A line for each: its place, what it is about, the contract. */
void trusted_print(const Graph *g, Buf *out);

#endif
