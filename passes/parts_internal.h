/* What the files share that bound nests part by part: boxes (nest_box.c), rehearsals
 * (nest_parts.c), and the parts of results (parts_write.c). */
#ifndef NNA_PASSES_PARTS_INTERNAL_H
#define NNA_PASSES_PARTS_INTERNAL_H

#include "passes/ranges_internal.h"

static inline DimId part_number(const Engine *e, int64_t value) {
    return dim_constant(e->g->dims, value);
}

static inline DimId part_plus(const Engine *e, DimId a, int64_t b) {
    return dim_add(e->g->dims, a, part_number(e, b));
}

/* An index that is one loop, at most, plus an offset. */
static inline bool index_is_loop(const Index *index) {
    return index->from == 0 && index->term_count == 1;
}

static inline bool access_may_leave(const Access *access) {
    for (uint8_t d = 0; d < access->rank; d++) {
        if (access->index[d].may_leave) return true;
    }
    return false;
}

/* nest_box.c */

/* Makes e->boxed of the nest; false if there is nothing that parts say. */
bool box_nest(Engine *e, Nest *nest);

/* parts_write.c */

/* What the elements that the nest writes are at most, where they are positions. */
DimId parts_most(const Engine *e, const Nest *nest);

/* The parts of the loops become parts of the axes that these write along. `loops`, or any of them,
 * may be NULL: then all that is written is in `r`. */
void parts_write_nest(Engine *e, const Nest *nest, Range r, DimId most,
                      const PartList *const *loops);

#endif
