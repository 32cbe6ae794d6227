/* What the files of the engine share.
 *
 *   ranges.c      nodes are bounded, in their order
 *   nest_range.c  nests are bounded
 *   nest_parts.c  nests are bounded part by part, where operands have parts (with nest_box.c,
 *                 parts_write.c and data_parts.c)
 *   formula.c     formulas are bounded
 *   judge.c       sites are judged, and what is found is recorded
 *   split.c       what is not proved is tried on parts of a range
 *   loop.c        regions and calls: what holds in every step
 *   flush.c       the same once more, where subnormal numbers are flushed to 0 */
#ifndef NNA_PASSES_RANGES_INTERNAL_H
#define NNA_PASSES_RANGES_INTERNAL_H

#include "passes/domain.h"
#include "passes/partition.h"
#include "passes/pass.h"
#include "passes/term.h"

#include "ir/nest.h"

/* Why the range of a value is only the safe part of what it could be. */
enum {
    CUT_REPORTED = 1, /* by a report, here or in what it is computed from */
    CUT_GROWN = 2,    /* by growth, likewise */
    CUT_HERE = 4      /* by the value's own operation */
};

enum { NO_LOOP = 255 };

/* Where the elements of a nest, or of a box of it, lie in its operands. */
typedef enum BoxState {
    BOX_NONE,    /* an operand has no such elements */
    BOX_INSIDE,  /* all are inside of their operands */
    BOX_LEAVES,  /* some may be outside */
    BOX_OUTSIDE, /* all are outside */
} BoxState;

/* A nest that is bounded part by part. */
typedef struct Boxed {
    const Partition *view[NEST_MAX_OPERANDS]; /* parts of x_k, in the dimensions of its access */
    Cuts cuts[NEST_MAX_LOOPS];
    DimId begin[NEST_MAX_LOOPS], end[NEST_MAX_LOOPS]; /* the box: steps of the loops at hand */
    uint8_t inner;                 /* an inner loop that is cut; NO_LOOP: there is none */
    DimId most[NEST_MAX_OPERANDS]; /* of integers, in the box: see Part */
} Boxed;

/* The pieces of a loop in which a site is not proved. */
typedef struct Blame {
    uint32_t count, first, last;
    Range args[3]; /* of all of them */
} Blame;

typedef struct Engine {
    Analysis *a;
    Graph *g;
    const AbstractDomain *d;
    Facts *facts;
    uint8_t *cut;      /* by value, of CUT_... */
    bool *unproved;    /* by origin: a site of the forward pass there is not proved */
    uint32_t *chooser; /* by value: the choice of which it is a branch, or a part of one, and
                          nothing else */
    bool *second;      /* by value: ... the second one */
    bool *wild;        /* by value: it is judged where the choice takes it, and may be anything */
    Range *chosen;     /* by value: what the choice can take of it; see visit_branch */
    bool *kept;        /* by value: a buffer whose range is that of all calls (loop.c) */
    uint32_t next_region; /* the one that is reached next */
    bool tries;           /* in a loop that is not at its fixed point: nothing is recorded */
    bool *touched; /* by value: flushing changes what it is, or may be */
    bool flushes;  /* this is the second bounding, and `facts` the second ones (flush.c) */
    struct Affine *affine; /* NULL: no affine forms are made */
    struct Split *split;   /* its memory, once it was needed */
    uint64_t split_visits; /* of nodes, so far */

    /* Of the node that is being judged: */
    Value v;
    DType result;
    Site sites[OP_MAX_SITES];
    uint32_t site_count;
    bool combines;  /* x_k are terms, of different elements */
    bool rehearses; /* findings are counted in `failures`, not recorded */
    uint32_t failures;
    bool restricts; /* operands are those for which the choice takes v */
    bool judges;    /* false while a formula is bounded a second time, more precisely */
    bool assumed, sizes_assumed;
    bool repeats; /* an element may be written many times over */
    Range inputs[NEST_MAX_OPERANDS];
    DType input_types[NEST_MAX_OPERANDS];
    DType type; /* computed in */
    const Nest *nest;
    Range written; /* by the nests of the node before this one */
    Range count, volume;          /* of terms */
    bool has_average, counts_all; /* no term is skipped */
    Range average;                /* the sum divided by the count, in an `after` formula */
    /* Of parts (nest_parts.c): */
    PartSpace space;
    Boxed *boxed;        /* NULL: the nest is bounded as a whole */
    Boxed *box;          /* room for it */
    BoxState state;      /* of the terms that were bounded last */
    PartList *pieces;    /* by outer loop: what the nest at hand writes in its pieces */
    PartList *writing;   /* by axis: what the nests of the node have written so far */
    bool writes_parts;   /* that is kept */
    uint32_t failed;     /* sites, as bits, that were not proved on a part */
    Blame *blame;        /* by site, of the loop at hand; NULL while none is rehearsed */
    uint32_t piece;      /* of it */
    Finding *partial;    /* by site: what can fail only in some parts of the nest */
    uint32_t excused;    /* that are proved on each part */
    uint64_t parts_left; /* that may be looked at: a budget, in the size of the graph */
} Engine;

/* judge.c */

/* Number of a site of the node; site_count where it has none there. */
uint32_t site_index(const Engine *e, SitePart part, const Scalar *at);
SiteFact *site_fact(Engine *e, uint32_t site);

/* Whether a part of a formula is the number of terms. */
bool is_count(const Scalar *s);

/* A site that is not proved; by_count: what it divides by is the number of terms. */
void record(Engine *e, Finding *f, bool by_count);

/* Judges one application; *args become the safe part. */
void judge(Engine *e, uint32_t site, Primitive p, DType type, const Scalar *at, Range *args,
           bool bounded);

/* formula.c */

/* A range with the type that it has in a formula. */
typedef struct Typed {
    Range range;
    DType type;
} Typed;

/* Bounds the part `s` of the formula `root`, and judges its sites where e->judges. */
Typed formula_range(Engine *e, const Scalar *s, SitePart part, const Scalar *root);

/* The comparison that an operand of the node is the result of; NULL if it is none. */
const Scalar *formula_comparison(const Engine *e, Value cond);

/* Whether x, an operand of the node, is judged on the elements for which the same choice takes
 * both. */
bool formula_follows_choice(const Engine *e, Value x);

/* An operand of a value that is a branch of a choice, on the elements for which it is taken. */
void formula_restrict_operand(const Engine *e, Value x, Range *r);

/* nest_range.c */

/* Bounds what a nest of the node writes. */
Range nest_range(Engine *e, const Nest *nest);

/* The ranges of the operands of a nest, and what its body makes of them, in the box if there is
 * one. *none: there is no such element. */
Range nest_term(Engine *e, const Nest *nest, bool *none);

/* nest_parts.c */

void parts_start(Engine *e);

/* Says so where the budget was not enough, and something was found. */
void parts_finish(const Engine *e);

/* Whether operands of the node at hand, or the node itself, may have parts. */
bool parts_possible(const Engine *e);

/* Bounds a nest, part by part where that says more, and keeps what each part of the result is. */
Range parts_nest_range(Engine *e, Nest *nest);

/* Before the first nest of the node, and behind the last: the partition of the result, which is in
 * `whole`. */
void parts_begin(Engine *e);
const Partition *parts_end(Engine *e, Range whole);

/* A finding in a piece that is rehearsed; and what pieces say of one that is recorded. */
void parts_blame(Engine *e, const Finding *f);
void parts_narrow(const Engine *e, Finding *f);

/* The ranges of operands in the box. */
BoxState parts_inputs(Engine *e, const Nest *nest);

/* The terms of a combination, by the parts of an inner loop: groups of them. 0: there are none. */
uint32_t parts_groups(Engine *e, const Nest *nest, TermGroup *groups);

/* The parts of what is its operand x but for a contract. */
const Partition *parts_meet(Engine *e, Value x, Range with);

/* data_parts.c */

/* The parts of a constant. */
const Partition *parts_of_data(Engine *e, Value v);

/* ranges.c */
void visit_value(Engine *e, Value v);
/* The same, without trying to take back what is found. */
void visit_once(Engine *e, Value v);
/* Visits the nodes [first, end), and in loops what is in them. */
void visit_nodes(Engine *e, uint32_t first, uint32_t end);

/* flush.c */

/* A number that was made in the type, where the runtime flushes: 0 is among them where they come
 * near to it. Else r itself, and the value that is being judged is marked if flushing matters.
 *   rounds  by rounding or as a constant; else it is one of numbers that were flushed before, or
 *           was tested where they are: nothing but 0 itself is near to 0 */
Range flush_made(Engine *e, DType type, Range r, bool rounds);
/* The same of the result of a primitive. */
Range flush_result(Engine *e, Primitive p, DType type, Range r);
/* Bounds and judges again what flushing changes; what is unsafe there alone is found. */
void flush_again(Engine *e);

/* loop.c */
void visit_region(Engine *e, uint32_t region);
/* Visits the whole graph: as it is in every call. */
void visit_calls(Engine *e);

#endif
