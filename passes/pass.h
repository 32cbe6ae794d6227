/* The passes, in order, as a table (passes.def): name, what each requires and provides. */
#ifndef NNA_PASSES_PASS_H
#define NNA_PASSES_PASS_H

#include "passes/facts.h"

enum {
    PASS_GRAPH = 1,   /* a graph without errors */
    PASS_SHAPES = 2,  /* shapes looked through */
    PASS_RANGES = 4,  /* ranges and site verdicts, unconfirmed */
    PASS_WITNESS = 8, /* verdicts confirmed where a run shows it */
    PASS_REPORTS = 16
};

typedef struct AnalysisOptions {
    bool has_assumed_params, has_assumed_inputs;
    double param_low, param_high; /* --assume-params; else [-1, 1] widened to the initializer */
    double input_low, input_high; /* --assume-inputs; else every finite value */
    bool summary;                 /* ranges are wanted even without reports */
} AnalysisOptions;

typedef struct Analysis {
    struct Ctx *cx;
    Graph *graph;
    const AnalysisOptions *options;
    Facts *facts;
    uint32_t provided; /* of PASS_... */
    const char *print_after; /* name of a pass, or NULL */
    Buf *print_to;
    bool time_passes;
} Analysis;

/* Runs every pass on a graph; asserts `requires`; verifies the graph after each in debug builds.
 * Reports are in cx->diags. Never fails: past a budget the facts are coarse, and say so. */
Facts *analyse(struct Ctx *cx, Graph *g, const AnalysisOptions *options, const char *print_after,
               bool time_passes, Buf *print_to);

/* Every value's name, type and range, one a line: for goldens and --print-after=ranges. */
void facts_print(const Facts *facts, Buf *out);

#endif
