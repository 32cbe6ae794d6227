/* The reference evaluator: computes a graph by walking the formulas and nests, one scalar at a
 * time, in the arithmetic of the element types. The oracle of the tests, and the judge of
 * witnesses. */
#ifndef NNA_IR_EVAL_H
#define NNA_IR_EVAL_H

#include "ir/ir.h"

typedef union Cell {
    double f;  /* floats: a value of the element type */
    int64_t i; /* integers and bool */
} Cell;

/* Which slices of a dimension are equal, where one of each is held (fold.h). */
typedef struct Fold {
    int64_t held;          /* slices */
    const uint32_t *at;    /* by position: the slice there; NULL: each position has its own */
    const uint32_t *first; /* by slice: the first position that has it */
} Fold;

typedef struct Tensor {
    DType dtype; /* DTYPE_NONE: absent */
    uint8_t rank;
    int64_t dims[MAX_RANK];
    int64_t count;    /* of elements, of a folded tensor of those that are held */
    Cell *cells;      /* row-major, in the arena of the run */
    const Fold *fold; /* by dimension; NULL: every element is held */
} Tensor;

/* A site whose domain or result condition failed (scalar.def), for the first time in a run. */
typedef struct EvalEvent {
    Value node;
    uint32_t site;
    int64_t element; /* of the result, row-major */
    Cell args[3];
    Cell result;     /* what it gave: NaN, an infinity, a wrapped integer */
} EvalEvent;

typedef enum EvalStatus {
    EVAL_DONE,
    EVAL_BUDGET,    /* more than `steps` scalar operations */
    EVAL_UNBOUND,   /* an input or parameter has no value */
    EVAL_SHAPE,     /* a dimension is negative or too large, or breaks a rule of the graph */
} EvalStatus;

typedef struct EvalRun {
    Arena *arena;           /* for tensors */
    const int64_t *dims;    /* values of the dimension variables */
    bool flushes;           /* operands and results that are subnormal are 0; not of f16, whose
                               subnormal numbers runtimes keep that flush those of f32 */
    bool folds;             /* equal slices are computed once; sources may be folded */
    uint64_t steps;         /* scalar operations allowed; 0: no limit */
    const bool *wanted;     /* by value: compute just these (eval_want); NULL: everything */
    Tensor *values;         /* by value; sources (INPUT, PARAM, BUFFER) are set by the caller,
                               bound ones are filled in from their data */
    VEC(EvalEvent) events;  /* out: one an unkept site at the most; in a region of the first step */
    uint32_t *seen;         /* by value: the sites that have an event, as bits */
    /* Is told of every application at a site of `watched`: what the operands were. NULL: nobody */
    void (*watch)(void *watcher, uint32_t site, const Cell *args, Cell result);
    void *watcher;
    Value watched;
} EvalRun;

/* Adds v and all that it needs to `wanted`: in a region, the loop and the finals of its carries. */
void eval_want(const Graph *g, Value v, bool *wanted);

/* Makes run->values (all absent) in run->arena. */
void eval_prepare(const Graph *g, EvalRun *run);

/* The type and dimensions of a tensor of v, without cells. */
bool eval_shape(const Graph *g, const EvalRun *run, Value v, Tensor *out);

/* A tensor of the shape of v under run->dims, its cells zero. False if a dimension is not valid. */
bool eval_tensor(const Graph *g, EvalRun *run, Value v, Tensor *out);

EvalStatus eval_graph(Graph *g, EvalRun *run);

/* After a run and eval_prepare for another: the buffers of the next call are what the updates of
 * this one gave. `arena` of `done` must outlive `run`. */
void eval_next_call(const Graph *g, const EvalRun *done, EvalRun *run);

/* One primitive in `type` (the accumulator's or the element type): what eval, and the native code,
 * give, rounding included. `to` is the result type of CAST. */
Cell eval_primitive(Primitive p, DType type, DType to, const Cell *args);

/* Whether the condition of a primitive's row is kept by these operands and this result. The guards
 * of the binary test the same predicate, with the flags of their SiteFact.
 *   nan_allowed       a NaN operand is not this operation's fault; else it breaks the condition
 *   infinite_allowed  an infinite result of infinite operands neither
 * With both, an operation is blamed only for a NaN or an infinity that it makes itself.
 * `result` is as eval_primitive gave it. */
bool eval_condition_holds(Primitive p, DType type, DType to, const Cell *args, Cell result,
                          bool nan_allowed, bool infinite_allowed);

/* Whether one number keeps an interval, set, finite or any contract (of simplex and onehot: the
 * part that concerns a single element). */
bool contract_allows(const Contract *c, DType dtype, double value);

/* Whether a whole tensor keeps it. */
bool contract_holds(const Contract *c, const Tensor *t);

#endif
