/* Partitions: ranges of parts of a tensor.
 *
 * A value whose elements differ along an axis, as those of a `concat` do, has that axis cut into
 * parts, and a range for each. What is known of an element is the meet of what its parts along all
 * axes say, and of the range of the whole value: cuts of one axis do not cut the others, so that
 * there are as many parts as there are cuts, and not their product (as in a grid of blocks).
 *     Positions are dimensions, known or symbolic. Each part is a claim of its own: every element
 * whose position along the axis is in [begin, end) is in the range. A part that is empty for some
 * sizes claims nothing there. One part begins at 0, the last ends at the extent, and each begins
 * where the one before it ends; so every position is in some part, whatever the order of the cuts:
 * the last part that begins at or before it ends behind it.
 *     Most values have no parts, and cost a null pointer. */
#ifndef NNA_PASSES_PARTITION_H
#define NNA_PASSES_PARTITION_H

#include "passes/domain.h"

enum { PARTITION_MAX_PARTS = 16 }; /* of an axis; neighbours that are alike are joined past it */

typedef struct Part {
    DimId begin, end; /* positions along the axis, `end` behind the last one */
    Range range;
    DimId equal, most; /* of integers: each element is `equal`, or at most `most`; or unknown */
} Part;

typedef struct Parts {
    uint32_t count; /* 0 or 1: the axis is whole */
    const Part *part;
} Parts;

typedef struct Partition {
    Parts axis[MAX_RANK];
} Partition;

/* Parts that are being made, one after another. */
typedef struct PartList {
    uint32_t count;
    Part part[3 * PARTITION_MAX_PARTS];
} PartList;

/* Positions where an axis is cut: at[0] .. at[count] are the ends of `count` pieces, in order. */
typedef struct Cuts {
    uint32_t count;
    DimId at[2 * PARTITION_MAX_PARTS + 1];
} Cuts;

/* What the operations need of their surroundings. */
typedef struct PartSpace {
    DimTable *dims;
    const AbstractDomain *domain;
    Arena *arena; /* what partitions are made in */
} PartSpace;

/* Whether a <= b is shown for all sizes; of what is unknown nothing is. */
bool part_at_most(const PartSpace *s, DimId a, DimId b);

/* The smallest claim that holds of the elements of both. */
Part part_join(const PartSpace *s, const Part *a, const Part *b);

/* Whether both claim the same, wherever they are. */
bool part_same(const Part *a, const Part *b);

/* What holds of the elements in [begin, end): the join of all parts that may have some. Empty (an
 * empty range) where none has. */
Part parts_over(const PartSpace *s, DType type, const Parts *parts, DimId begin, DimId end);

/* An axis in one piece. */
Cuts cuts_none(const PartSpace *s, DimId extent);

/* Cuts at a position, if its order among the others is known, and there is room. */
void cuts_add(const PartSpace *s, Cuts *cuts, DimId at);

/* Joins what is written over a list of the whole axis: an element in [add->begin, add->end) may be
 * either. The list is cut where that begins and ends. */
void parts_write(const PartSpace *s, DType type, PartList *list, const Part *add);

/* Neighbours that claim the same become one; past PARTITION_MAX_PARTS those that differ least. */
void parts_simplify(const PartSpace *s, PartList *list);

/* `list` becomes the parts of an axis of *p, which is made if it is NULL and there is more than one
 * part. */
void partition_set(const PartSpace *s, Partition **p, uint32_t axis, PartList *list);

/* Whether both say the same; either may be NULL. */
bool partition_same(const Partition *p, const Partition *q);

/* The same elements in the same order, in another shape; NULL where no part is left. */
const Partition *partition_reshape(const PartSpace *s, const Partition *p, Shape from, Shape to);

#endif
