/* Affine forms: a value as c0 + sum of c_i * s_i, within an error, over named sources s_i.
 *
 * A source is what every element of a tensor reads at its own place: a value of the graph, seen
 * broadcast; what a move makes of another source; the mean of one along axes; a form of several as
 * a whole; or a kink of one, max(slope * s + offset, 0), by which relu, |x|, min, max and clip are
 * known exactly. Two forms that have a source in common know what their difference has not.
 *     A form holds of the exact real numbers: each element of the value is c0 + sum c_i * s_i + e
 * with |e| <= error, where the s_i are the numbers that the run has. All arithmetic here is in
 * doubles; what it rounds away is added to the error, so that a form is as good for f64. */
#ifndef NNA_PASSES_AFFINE_FORM_H
#define NNA_PASSES_AFFINE_FORM_H

#include "ir/ir.h"
#include "passes/term.h"

enum {
    AFFINE_TERMS = 16, /* of a form; the smallest go to the error */
    AFFINE_KINKS = 6   /* one in another */
};

typedef enum SourceKind {
    SOURCE_VALUE, /* of the graph: by number; its id is the number */
    SOURCE_MOVED, /* by the move `node`, of the source `of` */
    SOURCE_MEAN,  /* of the source `of` along `axes` */
    SOURCE_KINK,  /* max(slope * of + offset, 0), slope > 0 */
    SOURCE_FORM   /* `form`, of several sources, without error */
} SourceKind;

typedef struct AffineSource {
    SourceKind kind;
    uint32_t of;
    Value node;    /* of what is moved: any such move */
    AxisSet axes;
    ShapeId shape; /* broadcast, it is seen in others */
    double slope, offset;
    const struct AffineForm *form;
    uint32_t root, kinks; /* of a kink: the innermost source, and how deep it is; else itself, 0 */
} AffineSource;

/* Every source has one id. */
typedef struct AffineSources {
    Arena *arena;
    const Graph *graph;
    VEC(AffineSource) made; /* ids from nodes.count on */
    Slots slots;
} AffineSources;

/* The source as it is there already, or made. */
uint32_t affine_source(AffineSources *all, AffineSource source);

/* The source of this id. */
AffineSource affine_source_at(const AffineSources *all, uint32_t id);

typedef struct AffineTerm {
    uint32_t source;
    double factor;
    double low, high; /* of the root of the source */
} AffineTerm;

typedef struct AffineForm {
    double center, error;
    double low, high; /* of the value: of the form, or better known */
    uint32_t count;
    AffineTerm term[AFFINE_TERMS]; /* by source, ascending; no factor is 0 */
} AffineForm;

AffineForm affine_constant(double value);

/* The source itself, whose root is in [low, high]. */
AffineForm affine_of_source(const AffineSources *all, uint32_t source, double low, double high);

static inline bool affine_is_constant(const AffineForm *f) {
    return f->count == 0 && f->error == 0; /* exact: nothing was rounded */
}

/* The following are exact in real arithmetic, and give false where the form says nothing: where
 * a number leaves the doubles, or nothing is left of the range of a source. */

/* a + sign * b, sign 1 or -1. */
bool affine_add(const AffineSources *all, const AffineForm *a, const AffineForm *b, double sign,
                AffineForm *out);

/* a * factor. */
bool affine_scale(const AffineSources *all, const AffineForm *a, double factor, AffineForm *out);

/* a / by, not 0. */
bool affine_divide(const AffineSources *all, const AffineForm *a, double by, AffineForm *out);

/* max(a, 0) of elements of this shape, with the error of a. */
bool affine_relu(AffineSources *all, const AffineForm *a, ShapeId shape, AffineForm *out);

/* Sets low and high by the terms. */
bool affine_bound(const AffineSources *all, AffineForm *f);

/* Whether a is `ratio` times b, both but for their errors, and ratio > 0. */
bool affine_ratio(const AffineForm *a, const AffineForm *b, double *ratio);

/* More error, rounded up. */
void affine_blur(AffineForm *f, double error);

#endif
