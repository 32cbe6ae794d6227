/* One graph against the analysis: it is run by the evaluator on operands inside of their ranges.
 * Every element must be inside of the range of its value, and every site that fails must be one
 * that is not proved. What follows a failure is not looked at: the guard would have stopped
 * there. */
#ifndef NNA_TESTS_RANDOM_TRIAL_H
#define NNA_TESTS_RANDOM_TRIAL_H

#include "passes/pass.h"
#include "tests/unit/passes/laws.h"

typedef struct Trial {
    Ctx *cx;
    Graph *g;
    Random random;
    const Facts *facts;
    bool flushes;  /* this is a run of a machine that flushes subnormal numbers to zero */
    bool flushed;  /* out: what holds on such a machine is not the same */
    bool training; /* gradients are appended, and held too */
    uint32_t runs, elements, events, sites, proved; /* that were looked at */
    uint32_t in_parts; /* of the elements: of values that have parts */
    uint32_t broken;   /* faults of the analysis; the first few are printed */
} Trial;

/* Ranges of all kinds in place of the contracts of the inputs. */
void trial_vary_contracts(Trial *t);

/* Analyses the graph and runs it `runs` times for these sizes. */
void trial_examine(Trial *t, const int64_t *dims, int runs);

#endif
