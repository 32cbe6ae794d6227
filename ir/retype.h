/* A graph once more, computed in a narrower element type.
 *
 * Every float that is wider than `to` becomes `to`: operations, contracts and numbers are rounded
 * to nearest. Operations that are kept stay as they are, and conversions stand between the two.
 * Calls of C functions are kept; so is a source whose contract or numbers do not fit, or that a
 * kept operation reads, which is converted where it is used. Both are of the types that they have
 * where an operation neither reads nor gives such floats.
 *     The graphs share dimensions and nothing else; an origin has the same id in both. */
#ifndef NNA_IR_RETYPE_H
#define NNA_IR_RETYPE_H

#include "ir/ir.h"

typedef struct Retyped {
    Graph *graph;     /* NULL: it cannot be made */
    Value *value;     /* by old value, as it is computed or given; none: left out */
    uint32_t *made_of; /* by new value: the old one that it is, or that it is converted from */
    bool *converts;    /* by new value: it is a conversion that was not there */
    uint32_t count;    /* of new values that the two speak of */
} Retyped;

/* Whether values of the type become `to`. */
static inline bool retype_narrows(DType type, DType to) {
    return dtype_is_float(type) && dtype_info[type].precision > dtype_info[to].precision;
}

/* `kept`, by value: its operation is kept; in a region that of the step counts for all. Nodes from
 * `end` on are left out. Numbers that are bound are narrowed once and for all into `narrow`, by
 * their place in g->data, which the caller makes empty. Reports nothing. */
Retyped retype(Graph *g, DType to, uint32_t end, const bool *kept, Data *narrow);

#endif
