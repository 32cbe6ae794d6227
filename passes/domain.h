/* The interface of an abstract domain: what the engine (ranges.c) asks of it.
 *
 * Claims that every domain makes, and tests/unit/passes/test_interval.c holds:
 *   soundness   for concrete operands inside the abstract ones, the concrete result in the
 *               arithmetic of the element type (eval_primitive) is inside the abstract result
 *   monotony    larger operands give a larger result
 *   join        an upper bound of both; widen: one that stabilises
 * A transfer function gives the result of operands that keep the domain of the primitive
 * (scalar.def); what breaks it is reported by the engine, which goes on with the safe part. */
#ifndef NNA_PASSES_DOMAIN_H
#define NNA_PASSES_DOMAIN_H

#include "passes/range.h"

typedef enum Answer { ANSWER_NEVER, ANSWER_MAYBE, ANSWER_ALWAYS } Answer;

/* Terms of a combination, of which there are `low`..`high`. */
typedef struct TermGroup {
    Range term;
    int64_t low, high;
} TermGroup;

typedef struct AbstractDomain {
    const char *name;
    Range (*top)(DType type);    /* any value, NaN and infinities too */
    Range (*bottom)(DType type); /* none */
    bool (*leq)(Range a, Range b);
    Range (*join)(Range a, Range b);
    Range (*meet)(DType type, Range a, Range b);
    Range (*widen)(DType type, Range old, Range next);
    Range (*constant)(DType type, double value);

    /* The result of a primitive computed in `type` (CAST: to `to`). */
    Range (*apply)(Primitive p, DType type, DType to, const Range *args);

    /* Whether the domain of the primitive is broken by these operands (NaN apart). */
    Answer (*breaks_domain)(Primitive p, DType type, DType to, const Range *args);

    /* Whether operands that keep the domain can give NaN or an infinity, from finite operands
     * (*overflow; of integers: a result that does not fit) or from infinite ones (*undefined). */
    void (*breaks_result)(Primitive p, DType type, DType to, const Range *args, Answer *overflow,
                          Answer *undefined);

    /* The part of operand `which` that keeps the domain. */
    Range (*keep_domain)(Primitive p, DType type, DType to, const Range *args, int which);

    /* `count_low`..`count_high` terms combined in `type`, in any order, and what can go wrong
     * with it, as in breaks_result. */
    Range (*combine)(Combiner combine, DType type, Range term, int64_t count_low,
                     int64_t count_high, Answer *overflow, Answer *undefined);

    /* The same of several groups of terms, each with its own range, in any order: no more than what
     * `combine` says of all of them, and to be met with that. *overflow: NEVER where it is shown
     * that no sum of any of the terms overflows. */
    Range (*combine_groups)(Combiner combine, DType type, uint32_t count, const TermGroup *groups,
                            Answer *overflow);

    /* What becomes of `start` when `p` is applied to it and a term at most `count_high` times in
     * turn, each result rounded to the type. NaN and infinities that no operand had are left out:
     * each step is guarded, or proved to make none. */
    Range (*accumulate)(Primitive p, DType type, Range start, Range term, int64_t count_high);

    /* Such a sum divided by the number of its terms (both in `type`): closer than the division
     * of the two ranges. Of finite terms. */
    Range (*average)(DType type, Range term, int64_t count_high);
} AbstractDomain;

extern const AbstractDomain interval_domain;

#endif
