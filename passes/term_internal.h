/* What the rules about terms share: the value at hand, whose operands have their facts. */
#ifndef NNA_PASSES_TERM_INTERNAL_H
#define NNA_PASSES_TERM_INTERNAL_H

#include "passes/term.h"

typedef struct Visit {
    Graph *g;
    TermFact *facts;
    const Range *ranges;
    Value v;
    TermFact *fact;
} Visit;

static inline Value operand(const Visit *w, uint32_t i) {
    return ir_operand(w->g, w->v, i);
}

#endif
