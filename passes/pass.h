/* The passes, in order, as a table (passes.def): name, what each requires and provides. */
#ifndef NNA_PASSES_PASS_H
#define NNA_PASSES_PASS_H

#include "ir/eval.h"
#include "passes/facts.h"

enum {
    PASS_GRAPH = 1,   /* a graph; parts in error are poisoned and have no nodes */
    PASS_TERMS = 2,   /* equal expressions have one number; what follows from their shape */
    PASS_RANGES = 4,  /* ranges and site verdicts, unconfirmed */
    PASS_WITNESS = 8, /* verdicts confirmed where a run shows it */
    PASS_REPORTS = 16
};

typedef struct AnalysisOptions {
    bool has_assumed_params, has_assumed_inputs;
    double param_low, param_high; /* --assume-params; else [-1, 1] widened to the initializer */
    double input_low, input_high; /* --assume-inputs; else every finite value */
    double parameter_scale;       /* factor of the ranges of parameters that are trained and assumed
                                     (no contract, no weights, no --assume-params); 0 is 1 */
    bool summary;                 /* ranges are wanted even without reports */
    bool training;                /* the backward passes of `train` sections are looked at too */
    /* What the analysis is made of; see ANALYSIS_FULL. Without them, all of them: intervals. */
    bool partitions; /* parts of a tensor have ranges of their own */
    bool terms;      /* what the shape of an expression tells */
    bool affine;     /* sums of shared values (affine.h) */
    bool choices;    /* comparisons bound the branches of a choice */
    uint8_t splits;  /* how often a range is cut in two to prove a site (split.h) */
    bool real;       /* exact arithmetic, for comparison: no rounding, no underflow */
    bool zones;      /* danger where DEBAR sees it (real.h); with `real` */
} AnalysisOptions;

/* The analysis as it is used: options begin with this. */
#define ANALYSIS_FULL \
    .partitions = true, .terms = true, .affine = true, .choices = true, .splits = 6

/* A site that is not proved, as the engine met it. */
typedef struct Finding {
    Value node;
    uint32_t site;
    Primitive primitive; /* PRIMITIVE_COUNT: a contract, or an index */
    DType type;          /* computed in */
    Failure failure;
    DiagCode code;
    bool flushed;     /* only where subnormal numbers are flushed to zero: see Facts.flushed */
    bool chosen;      /* judged only where a choice takes the value: no run can show it */
    bool always;      /* for all operands of the ranges */
    Range args[3];    /* before the safe part was taken */
    DimId begin, end; /* known: only these positions along `axis` of the result can fail, and
                         the operands are those that they are made of */
    uint8_t axis;
    const Scalar *at; /* NULL: the combiner, or a contract */
    double scale;     /* of the assumed parameters from which on it is in reach; above 1, `args` are
                         those of that scale, and the site is proved at 1; 0: not known, or any */
    /* Of the witness, where the verdict is CONFIRMED: */
    EvalEvent event;
    const char *inputs;  /* "`image` = 1, `w` in {-1, 1}" */
    const char *element; /* "[0, 3]", or NULL */
    bool cut_short;      /* the search for a witness ran out of its budget */
    bool unsplit;        /* the budget for parts of ranges was spent before it was proved or not */
} Finding;

/* The largest scale of assumed parameters that is looked at (margin.c). */
#define MARGIN_MOST_SCALE 1e3

struct Terms;

typedef struct Analysis {
    struct Ctx *cx;
    Graph *graph;
    const AnalysisOptions *options;
    Arena *arena; /* of facts, terms and findings */
    Facts *facts;
    struct Terms *terms;
    VEC(Finding) findings;   /* in the order of the nodes */
    uint32_t provided;       /* of PASS_... */
    uint32_t backward_from;  /* nodes from this one on are of the backward pass */
    uint32_t update_from;    /* ... and from this one on of the updates of parameters */
    uint32_t group_count;    /* of parameters that are updated as one */
    const struct UpdateGroup *groups;
    const char *supposed;    /* said in a note of each report of what is not so; else NULL */
    const char *print_after; /* name of a pass, or NULL */
    Buf *print_to;
    bool time_passes;
} Analysis;

/* Runs every pass on a graph; asserts `requires`; verifies the graph after each in debug builds.
 * Reports are in cx->diags. Never fails: past a budget the facts are coarse, and say so. */
Facts *analyse(struct Ctx *cx, Graph *g, const AnalysisOptions *options, const char *print_after,
               bool time_passes, Buf *print_to);

/* Terms, ranges and unconfirmed verdicts of the same graph under other options: facts and findings
 * of their own, in the scratch arena, so that they are gone when that is reset. Nothing is
 * reported, and nothing of `a` changes. */
const Analysis *analyse_again(const Analysis *a, const AnalysisOptions *changed);

/* The same of another graph, of which nothing is known: its backward pass, too, is made. In the
 * arena. */
Analysis *analyse_other(struct Ctx *cx, Graph *g, const AnalysisOptions *options, Arena *arena);

/* Whether there is a pass of this name, for --print-after. */
bool pass_exists(const char *name);

/* Every value's name, type and range, one a line: for goldens and --print-after=ranges. */
void facts_print(const Facts *facts, Buf *out);

/* The passes (passes.def). */
void pass_backward(Analysis *a);
void pass_terms(Analysis *a);
void pass_ranges(Analysis *a);
void pass_margin(Analysis *a);
void pass_witness(Analysis *a);
void pass_numeric(Analysis *a);
void pass_lost(Analysis *a);
void pass_batch(Analysis *a);

#endif
