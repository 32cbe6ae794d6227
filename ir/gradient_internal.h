/* What the files of gradients share: the walk, and nodes that are made on the way.
 *
 *   gradient.c           the walk over the graph; pieces every form needs
 *   gradient_formula.c   formulas, backwards
 *   gradient_reduce.c    reductions
 *   gradient_move.c      moves
 *   gradient_contract.c  contractions, by their index maps
 *   gradient_region.c    loops
 *   derivative.c         the table of derivative.def
 *
 * Every function takes VALUE_NONE silently, as build.h does. */
#ifndef NNA_IR_GRADIENT_INTERNAL_H
#define NNA_IR_GRADIENT_INTERNAL_H

#include "ir/gradient.h"

typedef struct Gradient {
    Graph *g;
    OriginId taken;          /* where it was asked for */
    OriginId origin;         /* of the nodes that are made now */
    Value v;                 /* the node that is gone through */
    Severity refusal;        /* of the report about what has no gradient */
    bool refused;            /* reported already */
    uint32_t room;           /* of the following, by value; what is new has wanted and adjoint 0 */
    bool *wanted;            /* it depends on one that is asked for */
    Value *adjoint;          /* none: nothing flows back to it, so far */
    uint32_t *place;         /* in the list of some region (gradient_region.c), if it says so too */
    Op rows[PRIMITIVE_COUNT]; /* the row that is a primitive and nothing else */
} Gradient;

/* A walk that has not begun, with which nodes can be made; silent. */
void gradient_start(Gradient *w, Graph *g);

/* Nodes. What was worth a report is said of the operations that these follow from, so that they
 * are built silently. */
Value gradient_op(Gradient *w, Op op, uint32_t count, const Value *operands, const Attr *attrs);
Value gradient_scalar(Gradient *w, DType type, double value);
/* A primitive of values of a type; `to` is what CAST gives. Constants are folded, and a factor of 1
 * is left out. */
Value gradient_apply(Gradient *w, Primitive p, DType to, const Value *args);
Value gradient_binary(Gradient *w, Primitive p, Value x, Value y);
Value gradient_select(Gradient *w, Value cond, Value x, Value y);
Value gradient_cast(Gradient *w, Value x, DType to);
Value gradient_reshape(Gradient *w, Value x, uint32_t rank, const DimId *dims);
Value gradient_transpose(Gradient *w, Value x, const uint32_t *perm);
/* x stretched to a shape as broadcasting does, and its inverse, which sums. */
Value gradient_stretch(Gradient *w, Value x, uint32_t rank, const DimId *dims);
Value gradient_gather_up(Gradient *w, Value x, Shape shape);
/* The part of x from begin to end, in every dimension; each step-th element, or NULL: all. */
Value gradient_slice(Gradient *w, Value x, const DimId *begin, const DimId *end,
                     const int64_t *step);
/* x with zeros around it, and between[i] of them between its elements along dimension i. */
Value gradient_pad(Gradient *w, Value x, const DimId *before, const DimId *behind,
                   const int64_t *between);
/* The product of dimensions as a number of a type, counted in integers where it is not known. */
Value gradient_count(Gradient *w, DType type, uint32_t count, const DimId *dims);
/* A number in every element, in the type and shape of `like`. */
Value gradient_filled(Gradient *w, Value like, double number);
/* A reduction that keeps the dimensions, as 1. */
Value gradient_reduce_kept(Gradient *w, Op op, Value x, const Attr *axes);

/* Another contribution to what flows back to `to`: cast and summed to its type and shape. */
void gradient_add(Gradient *w, Value to, Value term);
/* NNA0004: the gradient of the node that is gone through, and `what` of it; VALUE_NONE. */
Value gradient_refuse(Gradient *w, const char *what);

/* The walk. From here on nodes are made for the gradient of v; `again`: they are v once more. */
void gradient_go_to(Gradient *w, Value v, bool again);
/* Makes room for all the nodes there are. */
void gradient_make_room(Gradient *w);
/* Goes back through the nodes [first, end), from the last one on. */
void gradient_walk(Gradient *w, uint32_t first, uint32_t end);

/* Formulas. */
enum { FORMULA_MAX_KNOWN = 32 };

typedef struct Formula {
    Gradient *w;
    DType type;                    /* its numbers are */
    const Scalar *root;            /* what `result` is the value of; NULL: of nothing */
    Value result;
    Value inputs[OP_MAX_INPUTS];   /* none: cannot be asked for */
    bool wanted[OP_MAX_INPUTS];
    Value adjoints[OP_MAX_INPUTS]; /* out: what flows back to them */
    Value count, volume;           /* of COUNT and VOLUME; none: cannot be asked for */
    uint32_t known_count;          /* parts that have their nodes */
    struct {
        const Scalar *part;
        Value value;
    } known[FORMULA_MAX_KNOWN];
} Formula;

/* Walks back from s, to whose value `adjoint` flows back, to the wanted inputs. */
void formula_back(Formula *f, const Scalar *s, Value adjoint);

/* Whether a formula of w->v uses a leaf of this kind, in the branches that its attributes take. */
bool gradient_uses(const Gradient *w, const Scalar *s, ScalarKind kind);

/* The forms. Each goes through w->v. */
void gradient_ewise(Gradient *w, Value adjoint);
void gradient_reduce(Gradient *w, Value adjoint);
void gradient_contract(Gradient *w, Value adjoint);
void gradient_move(Gradient *w, Value adjoint);
/* A whole region, to whose finals and stacks all has flowed back that does. */
void gradient_region(Gradient *w, uint32_t region);

/* What flows back through `after`, in the element type, to the combined value: itself where there
 * is no formula. The numbers of terms are none where the formula does not use them. */
Value gradient_after(Gradient *w, Value adjoint, Value count, Value volume);

#endif
