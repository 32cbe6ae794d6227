/* What the files of the search for witnesses share.
 *
 *   witness.c         findings in turn, runs, and what they show
 *   witness_fill.c    sources filled by patterns
 *   witness_climb.c   a filling made worse for the model step by step */
#ifndef NNA_PASSES_WITNESS_H
#define NNA_PASSES_WITNESS_H

#include "ir/fold.h"
#include "passes/pass.h"

/* A source that the site needs and that has no numbers. */
typedef struct Variable {
    Value v;
    Range range;
    bool fixed;           /* its cells depend on each other: patterns alone fill it */
    Tensor shape;         /* its type, dimensions and folds, with the cells of the run */
    uint32_t first, count; /* its cells in Search.cells */
} Variable;

typedef struct Search {
    Analysis *a;
    AnalysisOptions options; /* with the scale of the finding */
    Graph *g;
    Finding *f;
    bool *wanted;
    int64_t *dims;
    uint64_t random;
    uint64_t steps, left; /* scalar operations: for all findings, and for this one */
    uint64_t share, run_steps; /* at most: for this one, and for the present run of it */
    uint64_t data; /* elements of sources that have numbers, which each run reads */
    EvalRun run;
    VEC(Variable) variables;
    VEC(Cell) cells; /* of all variables */
    uint32_t trial;  /* which fill_... the cells are of: it says how they fold */
    double nearest;  /* of the last run: see witness_score */
} Search;

/* A score for no run at all: nothing is worse. */
#define WITNESS_FAILED INFINITY

/* Runs the present cells: 0 if that shows the finding, which is noted in it. Else how far the
 * operands were from failing, in units in the last place: to be made smaller. */
double witness_score(Search *s);

/* Fills the sources for a trial: simple patterns first, then random ones. False: that cannot be. */
bool fill_trial(Search *s, uint32_t trial);
/* The tensors of the variables in a new run, for the cells as they are. */
bool fill_run(Search *s);
/* A number that the source may be, nearest to this. */
Cell fill_held(const Variable *variable, double value);

/* Makes the score of the present cells smaller. */
double climb(Search *s, double score);

uint64_t witness_random(Search *s);
uint32_t witness_below(Search *s, uint32_t bound);

static inline double cell_number(Cell cell, DType type) {
    return dtype_is_float(type) ? cell.f : (double)cell.i;
}

#endif
