/* Loop nests: what an operation of any form does, in one shape.
 *
 *     for the outer loops l0 .. l(outer-1), one for each dimension of the (part of the) result:
 *         acc = start of `combine`
 *         for the inner loops:
 *             x_k = element of operand k at access[k]  (for each operand)
 *             acc = combine(acc, body(x_0, x_1, ...))
 *         result[out] = after(acc)
 *
 * Without inner loops and `combine` the result is body(x_0, ...), or x_0 where body is NULL. An
 * operand may be the element of the result that is being written, as it was (NEST_RESULT).
 * The analysis, the evaluator and the back end read nests, so none of them knows an operator.
 *
 * Index maps of CONTRACT rows are written: operands separated by commas, `->`, the result; within
 * each, dimensions separated by blanks:
 *     a letter   a loop over that dimension; in the result an outer loop, else an inner one
 *     g.f        two loops in one dimension: index g * extent(f) + f; g has extent `groups`
 *     ...        leading dimensions, broadcast; outer loops
 *     @out       one loop for each spatial dimension, over the windows
 *     @window    one loop for each spatial dimension, as wide as the kernel
 *     @in        out * stride + window * dilation - padding, which may fall outside; not in the
 *                result
 * Loops are outer ones where they stand in the result, else inner ones. */
#ifndef NNA_IR_NEST_H
#define NNA_IR_NEST_H

#include "ir/ir.h"

enum { NEST_MAX_LOOPS = 16, NEST_MAX_OPERANDS = 2 + MAX_RANK, NEST_MAX_TERMS = 3 };

/* Index into one dimension of a tensor: offset + sum of coefficient * loop. */
typedef struct Index {
    DimId offset; /* may be negative */
    uint8_t term_count;
    struct {
        uint8_t loop;
        int64_t coefficient;
    } term[NEST_MAX_TERMS];
    uint8_t from;   /* not 0: offset and terms are 0, and the index is the element of the nest's
                       operand `from`, held in the dimension; outside of it is a SITE_INDEX. Of
                       the result: that operand is accessed along outer loops alone */
    DimId behind;   /* of a ragged nest: padding after the end of the dimension */
    bool may_leave; /* may fall outside of the dimension: then the term is skipped (combine) or is
                       `outside` */
} Index;

typedef struct Access {
    bool flat;    /* the tensor is seen as one dimension of all its elements */
    uint8_t rank; /* of the tensor, or 1 */
    Index index[MAX_RANK];
} Access;

typedef struct Nest {
    uint8_t outer, loops; /* loops[0..outer) are outer, [outer..loops) inner */
    DimId extent[NEST_MAX_LOOPS];
    Access out; /* of the result: one term a dimension at most, but two for a pair; never left. An
                   index `from` an operand is where that says that the element is written */
    uint8_t operand_count;
    uint8_t operand[NEST_MAX_OPERANDS]; /* number of the node's operand that x_k is, or NEST_RESULT,
                                           which has no access: it is where `out` says */
    Access access[NEST_MAX_OPERANDS];
    Combiner combine;
    const Scalar *body;   /* NULL: x_0 */
    const Scalar *after;  /* NULL: the combined value */
    double outside;       /* value of an element outside, where there is no combiner */
    DType accumulator;    /* type of acc and of `after` */
    bool over;            /* writes over elements that an earlier nest of the node has written */
    bool ragged;          /* the last windows may hang over the padding (ceil_mode): VOLUME counts
                             only their positions before index.behind is over */
} Nest;

enum { NODE_MAX_NESTS = 255, NEST_RESULT = 255 };

/* Number of nests of v, which run in order: 1 for most, one an operand for concat (each writes its
 * part), 0 for SPECIAL and LIBRARY nodes and the step of a region. Pad has one, whose operand may
 * be left: then the element is `outside`; with an interior it has two, one that fills and one that
 * writes x over that. A scattering row copies x, and then writes over that where the index says, in
 * order. The nest of a carry is of step 0 alone, that of a stack writes the slice of one step. */
uint32_t nest_count(const Graph *g, Value v);

/* Nest `index` of v, whose shape must be known. */
void nest_make(Graph *g, Value v, uint32_t index, Nest *out);

/* The nest of an elementwise v with a loop for each dimension of the result. */
void nest_by_dims(Graph *g, Value v, Nest *out);

/* The tensor that x_k is an element of. */
static inline Value nest_operand(const Graph *g, Value v, const Nest *nest, uint32_t k) {
    return nest->operand[k] == NEST_RESULT ? v : ir_operand(g, v, nest->operand[k]);
}

#endif
