/* Numbers of terms: how many elements a nest combines for one of the result, and how often it may
 * write one. */
#ifndef NNA_PASSES_TERM_COUNT_H
#define NNA_PASSES_TERM_COUNT_H

#include "ir/nest.h"

typedef struct Bounds {
    int64_t low, high; /* saturated */
} Bounds;

/* Bounds of the number of terms of one element of v: of all, and of those that are inside.
 * *assumed: some size is not fixed. */
void count_terms(Graph *g, Value v, const Nest *nest, Bounds *volume, Bounds *count,
                 bool *assumed);

/* How often one element of the result may be written: loops that no index of it is made of may all
 * lead to one place. *assumed is set where such a size is not fixed. */
int64_t count_hits(const Graph *g, const Nest *nest, bool *assumed);

#endif
