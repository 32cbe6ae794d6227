/* Transfer functions of the interval domain: one for each primitive, and one for combiners. */
#ifndef NNA_PASSES_TRANSFER_H
#define NNA_PASSES_TRANSFER_H

#include "passes/domain.h"

/* The results, in the arithmetic of `type`, of operands that keep the primitive's domain; others
 * are left out. No operand may be empty. */
Range transfer_apply(Primitive p, DType type, DType to, const Range *args);

/* The same for comparisons, ISNAN, ISINF, AND, OR and XOR. */
Range transfer_truth(Primitive p, DType type, DType to, const Range *x);

Range transfer_combine(Combiner combine, DType type, Range term, int64_t count_low,
                       int64_t count_high, Answer *overflow, Answer *undefined);

Range transfer_combine_groups(Combiner combine, DType type, uint32_t count,
                              const TermGroup *groups, Answer *overflow);

Range transfer_accumulate(Primitive p, DType type, Range start, Range term, int64_t count_high);

Range transfer_average(DType type, Range term, int64_t count_high);

/* The part of operand `which` that keeps the domain. */
Range transfer_keep_domain(Primitive p, DType type, DType to, const Range *args, int which);

/* The mathematical results of an integer primitive, as doubles rounded outwards: may leave the
 * type. Of finite, non-empty operands; no divisor 0. */
Range transfer_integer_exact(Primitive p, DType type, const Range *args);

Range range_join(Range a, Range b);
Range range_meet(DType type, Range a, Range b);
Range range_negate(Range a);

/* What a range becomes where subnormal numbers are flushed: see flush_made. */
Range range_flushed(DType t, Range r, bool rounds);

#endif
