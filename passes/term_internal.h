/* What the rules about terms share: the value at hand, whose operands have their facts.
 *
 *   term.c          numbers of equal expressions; the table of the rules
 *   term_view.c     expressions as rules see them
 *   term_simplex.c  shifted by the maximum, exponentials, sums and shares of them
 *   term_moment.c   variances, and what a root or a sum of squares divides
 *   term_direction.c  what is divided by its length, and cosines
 *   term_order.c    what is never above another, and means between two values
 *   term_mask.c     what a constant mask keeps
 *   position.c      integers against dimensions */
#ifndef NNA_PASSES_TERM_INTERNAL_H
#define NNA_PASSES_TERM_INTERNAL_H

#include "passes/term.h"

struct Term;

typedef struct Visit {
    Graph *g;
    TermFact *facts;
    const Range *ranges;
    Value v;
    TermFact *fact;
    const struct Term *whole; /* v as an expression, if it is elementwise */
    const struct Term *part;  /* its first two arguments */
    bool flushes;   /* subnormal numbers are flushed to zero */
    uint32_t *fuel; /* steps of searches that are left for this value */
    bool *tiny;     /* out: a claim depends on what an underflow moves a number by */
} Visit;

static inline Value operand(const Visit *w, uint32_t i) {
    return ir_operand(w->g, w->v, i);
}

static inline const TermFact *term_fact_of(const Visit *w, uint32_t i) {
    return &w->facts[operand(w, i).id];
}

/* Whether a search may go on; it takes a step. What is hostile ends with no fact. */
static inline bool term_affords(const Visit *w) {
    if (*w->fuel == 0) return false;
    --*w->fuel;
    return true;
}

static inline bool term_is_finite(Range r) {
    return !(r.flags & RANGE_BAD) && range_has_finite(r);
}

/* Half the distance of 1 and the next number: what one rounding moves a number by, relatively. */
static inline double term_unit(DType t) {
    return ldexp(1, -dtype_info[t].precision);
}

/* The most that an underflow moves a number by: by twice half the distance of subnormal numbers, or
 * to 0. */
static inline double term_tiny(const Visit *w, DType t) {
    bool flushes = w->flushes && dtype_is_flushed(t);
    *w->tiny = true;
    return flushes ? dtype_info[t].min_normal : dtype_info[t].min_subnormal;
}

/* Every element of the value at hand is in [low, high], both values of its type or infinities,
 * beside what was claimed before. */
void term_claim(Visit *w, const char *rule, double low, double high, unsigned flags);

/* The combiner of a reduction that combines plain elements, else NONE; *averaged: what is combined
 * is divided by the number of terms. */
Combiner term_reduction(const Graph *g, Value v, bool *averaged);

/* How many terms a combination of v has: the fewest of them that are inside of a window, and the
 * most with those that are outside. */
typedef struct Count {
    double low, high;
} Count;
Count term_count(Graph *g, Value v);

/* Whether two values of one operator have the same attributes. */
bool term_attributes_agree(const Graph *g, Value v, Value w);

/* Whether v is the sum of products of two operands along one inner loop, which is the axis along
 * which both are directions (unit_along). */
bool term_is_product(const Visit *w, Value *a, Value *b);

/* The rules, by file. */
void term_carried(Visit *w);
void term_contract(Visit *w);
void term_combination(Visit *w);
void term_realigned(Visit *w);
void term_turned(Visit *w);
void term_shifted(Visit *w);
void term_exponential(Visit *w);
void term_exponentials(Visit *w);
void term_sum(Visit *w);
void term_weighted(Visit *w);
void term_quotient(Visit *w);

void term_variance(Visit *w);
void term_normalised(Visit *w);
void term_cosine(Visit *w);
void term_direction(Visit *w);
void term_directions(Visit *w);


void term_ordered(Visit *w);
void term_fraction(Visit *w);
void term_signed(Visit *w);
void term_between(Visit *w);
void term_halves(Visit *w);

void term_kept(Visit *w);
void term_onehot(Visit *w);

#endif
