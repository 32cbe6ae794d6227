/* Terms: facts that follow from the shape of an expression, not from the ranges of its parts.
 *
 * x - max(x) is never above 0, whatever x is; an interval cannot know, since it has forgotten that
 * both are one x. Each rule (term.c) recognises a shape, by formulas and not by operators, and
 * states what it claims in floating-point arithmetic. Rules see values through names, blocks,
 * reshapes that add dimensions of 1, and equal expressions written twice. */
#ifndef NNA_PASSES_TERM_H
#define NNA_PASSES_TERM_H

#include "passes/range.h"

/* Axes of a tensor, as bits. */
typedef uint8_t AxisSet;

typedef struct TermFact {
    uint32_t number;       /* the first value that is the same expression */
    uint8_t root;          /* the primitive that it applies last, moves and names apart, or COUNT */
    Combiner combined;     /* SUM, MAX or MIN: this is the combination ... */
    uint32_t of;           /* ... of the elements of the value of this number ... */
    AxisSet axes;          /* ... along these axes of it ... */
    bool averaged;         /* ... divided by their number ... */
    bool aligned;          /* ... and stands beside those that were combined when broadcast */
    AxisSet zero_along;    /* no element above 0; along these axes some element is 0 */
    AxisSet one_along;     /* all in [0, 1]; along these axes some element is 1 */
    AxisSet simplex_along; /* all in [0, 1]; along these axes they sum to 1 within 1e-3 */
    AxisSet unit_along;    /* along these axes the Euclidean length is at most 1 + unit_excess */
    double unit_excess;
    uint32_t between[2];   /* not 0: a mean of these two values, of which the weights are positive
                              and sum to 1 ... */
    bool approaches;       /* ... computed as the first, moved towards the second */
    DimId equal;           /* of integers: every element is this dimension ... */
    DimId most;            /* ... or at most this one; unknown: nothing is claimed */
    bool bounded;
    Range bound;      /* if bounded: every element is in it, as long as the operands are in the
                         domain and finite */
    const char *rule; /* name of the rule that gave the bound, or NULL */
    bool flush_matters; /* the bound is another where subnormal numbers are flushed to zero */
} TermFact;

typedef struct Terms {
    TermFact *fact; /* by value */
    bool flushes;   /* they are to hold where subnormal numbers are flushed to zero (flush.c) */
} Terms;

/* What a primitive of two equal operands gives, where that is more than its ranges say. */
bool term_same_operands(Primitive p, DType type, Range x, Range *out);

/* Whether v = x - max(x) of rows that a mask hides by -inf: of one that it hides throughout the
 * largest is -inf (term_mask.c). */
bool term_hides_rows(const Graph *g, const TermFact *facts, const Range *ranges, Value v);

/* What a state can be that begins in `init` and is replaced by a mean of itself and what is in
 * `other`, of the kind of the fact, in each step (term_order.c). */
Range term_state(const TermFact *fact, DType type, bool flushes, Range init, Range other);

/* Rules need the ranges of the operands: the engine calls this for each value, in order, after it
 * has those of the operands and before it judges the value. */
void term_visit(Terms *terms, Graph *g, const Range *ranges, Value v);
/* The part of it in position.c: `equal` and `most`. */
void position_visit(Terms *terms, Graph *g, const Range *ranges, Value v);

#endif
