/* Folded tensors: of slices that are equal one is held.
 *
 * A run whose sources are equal along most of their axes gives tensors that are, but for borders.
 * Each element is still computed as it would be, from all its terms in their order; what is left
 * out are elements that would be computed from equal numbers in the same way. So a run that folds
 * gives bit for bit what one that does not gives, and a network of millions of parameters is run in
 * as many steps as it has different elements. */
#ifndef NNA_IR_FOLD_H
#define NNA_IR_FOLD_H

#include "ir/eval.h"
#include "ir/nest.h"

/* Number of slices that are held in dimension d. */
static inline int64_t tensor_held(const Tensor *t, int d) {
    return t->fold == NULL ? t->dims[d] : t->fold[d].held;
}

/* Where the slice of a position in dimension d is held. */
static inline int64_t tensor_slice(const Tensor *t, int d, int64_t position) {
    if (t->fold == NULL || t->fold[d].at == NULL) return position;
    return t->fold[d].at[position];
}

/* Whether an element at this position of dimension d is computed: it is the first of its slice. */
static inline bool tensor_is_first(const Tensor *t, int d, int64_t position) {
    if (t->fold == NULL || t->fold[d].at == NULL) return true;
    return t->fold[d].first[t->fold[d].at[position]] == (uint32_t)position;
}

/* Takes the steps from the budget of a run; false: it is spent. */
bool eval_spend(EvalRun *run, uint64_t steps);

/* The fold of a dimension of `size` positions by a map to slices, which are counted from 0. */
Fold fold_by(Arena *arena, const uint32_t *at, int64_t size, int64_t held);

/* Room for the cells that are held; false: there are too many. */
bool fold_alloc(EvalRun *run, Tensor *t);

/* Whether the result of v can be folded: its nests write each element once, where it stands. */
bool fold_can(const Graph *g, Value v);

/* The nest with a loop for each dimension where it was flat. */
void fold_nest(Graph *g, Value v, uint32_t index, Nest *out);

/* Finds which slices of the result are sure to be equal, and makes room for its cells. `out` has
 * its type and dimensions. A reshape is done with that. */
EvalStatus fold_result(Graph *g, EvalRun *run, Value v, Tensor *out);
bool fold_is_done(const Graph *g, Value v);

/* Folds a tensor by its elements: slices are equal that are bit for bit. */
EvalStatus fold_by_value(EvalRun *run, Tensor *t);

/* All its elements. */
EvalStatus fold_undo(EvalRun *run, Tensor *t);

#endif
