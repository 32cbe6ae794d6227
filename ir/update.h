/* What a `train` section does with the gradients, as more nodes of the same graph: penalties,
 * clipping, and a loop over the steps of training in which the optimizer's state is carried. The
 * formulas are those of update.def.
 *
 * The gradient is the same value in every step of that loop. For the analysis that is its range,
 * which holds for each step whatever the parameters are then; a run of the evaluator shows a
 * training that meets the same batch and the same parameters again and again. */
#ifndef NNA_IR_UPDATE_H
#define NNA_IR_UPDATE_H

#include "ir/training.h"

/* Parameters that are updated as one: their gradients one behind the other. */
typedef struct UpdateGroup {
    const TrainingCall *optimizer;
    ValueSet parameters;
    Value gradient;      /* what the optimizer is given */
    Value step;          /* what is taken off the parameters in a step of the loop */
    uint32_t first, end; /* the nodes of the loop */
} UpdateGroup;

typedef struct UpdateGroups {
    uint32_t count;
    UpdateGroup *groups;
} UpdateGroups;

/* sum + term, or sum - term; the term alone where there is no sum. Stands where `origin` does. */
Value update_sum(Graph *g, Value sum, Value term, bool negated, OriginId origin);

/* gradient[] is by value: what flows to it from all that the section minimizes, negated where it is
 * maximized; none: nothing. What is added to the loss is added to it. Reports nothing. */
UpdateGroups update_build(Graph *g, const Training *t, Value *gradient);

#endif
