/* Expressions as rules see them: primitives, and what they are applied to, whichever operators and
 * nodes they are written in.
 *
 * `square(x)`, `x * x` and a call of a block that makes either are one product; contracts, names,
 * reshapes and stretching to a shape are looked through. Where an element comes from is kept
 * beside: broadcasting aligns shapes at their ends, step by step as in one step, so that a part of
 * an expression belongs to the element of the whole that broadcasting leads to; a reshape is kept
 * as the shape in which the elements are seen. */
#ifndef NNA_PASSES_TERM_VIEW_H
#define NNA_PASSES_TERM_VIEW_H

#include "passes/term_internal.h"

typedef struct Term {
    Value v;         /* whose formula it is a part of, or which it is */
    const Scalar *s; /* the part; NULL: v, of which no formula says more */
    Value seen;      /* the value as it stands in the graph; none for a part inside of a formula */
    ShapeId view;    /* not 0: the elements of v in their order, in this shape */
    bool lost;       /* nothing is known of which element it is: the range alone counts */
} Term;

Term term_of(const Visit *w, Value v);

/* The primitive that it is an application of; PRIMITIVE_COUNT: none. */
static inline Primitive term_primitive(const Term *t) {
    bool applies = t->s != NULL && t->s->kind == SCALAR_APPLY;
    return applies ? (Primitive)t->s->index : PRIMITIVE_COUNT;
}

static inline bool term_is(const Term *t, Primitive p) { return term_primitive(t) == p; }

/* An argument of the application. */
Term term_part(const Visit *w, const Term *t, int i);

/* The first of two arguments that `other` is the rest of: i and 1 - i. */
static inline Term term_rest(const Visit *w, const Term *t, int i) {
    return term_part(w, t, 1 - i);
}

/* The element type that it is computed in. */
DType term_type(const Visit *w, const Term *t);

Range term_range(const Visit *w, const Term *t);

/* Whether every element is one number. */
bool term_constant(const Visit *w, const Term *t, double *out);

/* Whether two are the same number for every element, up to the sign of a zero. */
bool term_same(const Visit *w, const Term *a, const Term *b);

/* Whether it is a reduction that stands beside the elements that were combined: *of is one of them,
 * as a value. */
bool term_combines(const Visit *w, const Term *t, Value *of);

/* Whether t is the square of a term; *relative: how far, relatively, the result may be from it. */
bool term_square(const Visit *w, const Term *t, Term *x, double *relative);

/* Whether it is a sum of elements of *of, whichever way it stands: one number a row. */
bool term_is_sum(const Visit *w, const Term *t, Value *of);

/* Whether a >= b for every element, where neither is NaN (term_order.c). */
bool term_at_least(const Visit *w, const Term *a, const Term *b);

/* Whether t is at least |x| for every element (term_moment.c). */
bool term_contains(const Visit *w, const Term *t, const Term *x);

/* Whether a move has the elements of its operand in their order: a single walk over all. */
bool term_keeps_order(Graph *g, Value v);

/* Whether each dimension of its operand is a last one of the result, whole, or of size 1. */
bool term_stretches(Graph *g, Value v);

/* Whether a tensor of shape `s`, broadcast to `x`, is constant along `axes` of x and varies with
 * the other axes as x does. `stretched`: it may have the axes at full length. */
bool term_stands_beside(const Graph *g, Shape s, Shape x, AxisSet axes, bool stretched);

#endif
