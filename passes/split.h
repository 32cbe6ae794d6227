/* Splitting: a site that is not proved is tried on parts of a range. */
#ifndef NNA_PASSES_SPLIT_H
#define NNA_PASSES_SPLIT_H

#include "passes/ranges_internal.h"

/* Called when v was visited and has findings: those from number `first` on; `unproved` is what
 * e->unproved said of its origin before. Tries to take them back. */
void split_value(Engine *e, Value v, uint32_t first, bool unproved);

#endif
