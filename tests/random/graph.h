/* Random graphs of every operator, drawn from bytes: for the fuzz harness, whose bytes libFuzzer
 * chooses, and for the tests, which seed them. What the builder refuses is left out, so that the
 * graphs are valid; reports about it stay in the context. */
#ifndef NNA_TESTS_RANDOM_GRAPH_H
#define NNA_TESTS_RANDOM_GRAPH_H

#include "ir/build.h"
#include "tests/random/sizes.h"

typedef struct Bytes {
    const uint8_t *at;
    size_t left;
    uint64_t state; /* what is drawn when they are used up: SplitMix64 */
} Bytes;

/* A number below `bound`, which is at least 1 and at most 65536. */
uint32_t bytes_below(Bytes *b, uint32_t bound);

/* A graph of at most `steps` operations after its sources. Dimensions are constants or the
 * variables D2, D3, ..., whose value is their number: see sizes_by_name. */
Graph *random_graph(Ctx *cx, Bytes *bytes, uint32_t steps);

#endif
