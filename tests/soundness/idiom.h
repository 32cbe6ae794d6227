/* Models of idioms, as text: what people write, in the shapes that the rules about terms know and
 * in shapes that are nearly those (idioms.def). */
#ifndef NNA_TESTS_SOUNDNESS_IDIOM_H
#define NNA_TESTS_SOUNDNESS_IDIOM_H

#include "ir/base/buf.h"
#include "tests/unit/passes/laws.h"

uint32_t idiom_count(void);

/* Appends a whole model of one to `most` idioms. `only`: the first of them, or -1 for any. Sizes
 * that are not fixed are named after their value: see tests/random/sizes.h. Half of the models are
 * trained, so that their gradients are analysed too. */
void idiom_model(Random *random, uint32_t most, int only, Buf *out);

#endif
