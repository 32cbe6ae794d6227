/* What the shape rules share; for shape.c and shape_contract.c. */
#ifndef NNA_IR_SHAPE_RULES_H
#define NNA_IR_SHAPE_RULES_H

#include "ir/call.h"
#include "ir/index_map.h"

Shape call_shape(const OpCall *call, uint32_t operand);

/* The shape of these dimensions; id 0 after a report. */
ShapeId call_result(const OpCall *call, uint32_t rank, const DimId *dims);

/* "[N, 3]", in the scratch arena. */
const char *list_text(const Graph *g, uint32_t rank, const DimId *dims);

/* Reports dimensions of two operands that should be equal: NNA2001 and false where they never are,
 * NNA2004, a rule and true where they may be. True without a report where they are the same, or
 * are taken to be by a rule, which has its report. */
bool call_unequal(const OpCall *call, uint32_t first, uint32_t second, DimId a, DimId b);

/* The broadcast of all operands without their last `kept_behind` dimensions; false after a
 * report. */
bool call_broadcast(const OpCall *call, uint32_t kept_behind, uint32_t *rank, DimId *dims);

/* What the letters and marks of an index map stand for in a call. */
enum { LETTERS = 26 };

typedef struct Contraction {
    OpCall *call;
    IndexMap map;
    uint32_t spatial;
    DimId letters[LETTERS];     /* id 0: not met yet */
    uint32_t from[LETTERS];     /* the operand that fixed it */
    uint32_t batch_rank;
    DimId batch[MAX_RANK];
    DimId in[MAX_RANK], window[MAX_RANK], out[MAX_RANK]; /* by spatial dimension */
    DimId out_given[MAX_RANK];  /* id 0: of the result, not of an operand */
    uint32_t out_from;          /* the operand that has them */
    uint32_t in_first;          /* dimension of operand 0 where they start */
} Contraction;

/* False after a report. Replaces a padding word by its list. */
bool contraction_make(OpCall *call, Contraction *c);

ShapeId shape_contract(OpCall *call);
ShapeId shape_region(const OpCall *call);

/* Opens the region of the SCAN_STEP that the call made; false after a report (region.c). */
bool region_open(const OpCall *call, Value step);

/* Spatial dimensions of a CONTRACT call, from the rank of operand 0 (0 for other forms); false
 * after a report. */
bool call_spatial(const OpCall *call, uint32_t *spatial);

#endif
