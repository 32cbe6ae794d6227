/* Facts: what the analysis concluded, and all that the back end may rely on. */
#ifndef NNA_PASSES_FACTS_H
#define NNA_PASSES_FACTS_H

#include "passes/range.h"

typedef enum Verdict {
    VERDICT_PROVED,      /* cannot happen: no guard */
    VERDICT_POSSIBLE,    /* neither proved nor shown: a warning, and a guard */
    VERDICT_CONFIRMED,   /* a witness shows it: an error, and a guard */
    VERDICT_CONSEQUENCE, /* only because of another site that is reported: no report, and a guard */
    VERDICT_GROWTH,      /* plain overflow that rests on assumed ranges alone: counted, not
                            reported, and a guard */
    VERDICT_NOT_ANALYSED, /* past a budget: counted, and a guard */
} Verdict;

/* How a site fails. */
typedef enum Failure {
    FAILURE_DOMAIN,    /* operands outside of the domain of the primitive */
    FAILURE_OVERFLOW,  /* a result beyond the element type, from finite operands */
    FAILURE_UNDEFINED, /* NaN from infinite operands */
    FAILURE_CONTRACT,
    FAILURE_INDEX, /* a position outside of its dimension */
} Failure;

typedef struct SiteFact {
    Verdict verdict;
    bool nan_expected;      /* an operand may rightly be NaN: the guard lets NaN operands pass */
    bool infinite_expected; /* likewise for infinities */
    Failure failure;        /* of a dangerous operation that is not proved */
} SiteFact;

struct Partition; /* partition.h */

typedef struct Facts {
    const Graph *graph;
    Range *range;         /* by value: after the safe part was taken */
    const struct Partition **parts; /* by value: ranges of its parts; NULL for most. `range` holds
                                       for all of them, and a site is proved if it is on each */
    uint32_t *first_site; /* by value; first_site[nodes.count] is the number of sites */
    SiteFact *sites;
    bool *assumed; /* by value: rests on an assumed range (no contract, no weights) */
    /* Counts of dangerous operations and of expected contracts. The contracts of inputs, of
     * `assume` and of `guard` are not among them: they are checked, or trusted, by design. */
    uint32_t proved, possible, confirmed, consequence, growth, not_analysed;
    /* What holds where subnormal numbers are flushed to zero; NULL: the same. Of reports alone:
     * guards and binaries keep such numbers. */
    struct Facts *flushed;
    bool flushes; /* these are such facts */
} Facts;

static inline const SiteFact *facts_site(const Facts *f, Value v, uint32_t site) {
    return &f->sites[f->first_site[v.id] + site];
}

/* A guard is left out only where this is true. */
static inline bool facts_proved(const Facts *f, Value v, uint32_t site) {
    return facts_site(f, v, site)->verdict == VERDICT_PROVED;
}

#endif
