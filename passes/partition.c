/* Partitions as data: parts are joined, cut, simplified, and seen in another shape (partition.h).
 *
 * Test: tests/unit/passes/test_partition.c. */
#include "passes/partition.h"

#include <float.h>
#include <string.h>

static const DimId unknown = {0};

static DimId constant(const PartSpace *s, int64_t value) {
    return dim_constant(s->dims, value);
}

bool part_at_most(const PartSpace *s, DimId a, DimId b) {
    int64_t x, y;
    if (dim_is(a, unknown) || dim_is(b, unknown)) return false;
    if (dim_is_constant(s->dims, a, &x) && dim_is_constant(s->dims, b, &y)) return x <= y;
    return dim_at_most(s->dims, a, b);
}

/* The larger of two dimensions; unknown where either is, or their order. */
static DimId larger(const PartSpace *s, DimId a, DimId b) {
    if (dim_is(a, unknown) || dim_is(b, unknown)) return unknown;
    if (part_at_most(s, a, b)) return b;
    return part_at_most(s, b, a) ? a : unknown;
}

/* The dimension that all elements of a part are at most. */
static DimId most_of(const Part *p) {
    return dim_is(p->most, unknown) ? p->equal : p->most;
}

Part part_join(const PartSpace *s, const Part *a, const Part *b) {
    if (range_is_empty(a->range)) return (Part){a->begin, b->end, b->range, b->equal, b->most};
    if (range_is_empty(b->range)) return (Part){a->begin, b->end, a->range, a->equal, a->most};
    return (Part){.begin = a->begin,
                  .end = b->end,
                  .range = s->domain->join(a->range, b->range),
                  .equal = dim_is(a->equal, b->equal) ? a->equal : unknown,
                  .most = larger(s, most_of(a), most_of(b))};
}

/* Whether no position is in both, for any sizes. */
static bool apart(const PartSpace *s, DimId begin, DimId end, const Part *p) {
    return part_at_most(s, end, p->begin) || part_at_most(s, p->end, begin);
}

Part parts_over(const PartSpace *s, DType type, const Parts *parts, DimId begin, DimId end) {
    Part all = {.begin = begin, .end = end, .range = s->domain->bottom(type)};
    for (uint32_t i = 0; i < parts->count; i++) {
        const Part *p = &parts->part[i]; /* its claim is of all of them */
        if (dim_is(p->begin, begin) && dim_is(p->end, end)) return *p;
    }
    for (uint32_t i = 0; i < parts->count; i++) {
        if (!apart(s, begin, end, &parts->part[i])) all = part_join(s, &all, &parts->part[i]);
    }
    all.begin = begin;
    all.end = end;
    return all;
}

Cuts cuts_none(const PartSpace *s, DimId extent) {
    return (Cuts){.count = 1, .at = {constant(s, 0), extent}};
}

void cuts_add(const PartSpace *s, Cuts *cuts, DimId at) {
    uint32_t i = 0;
    if (dim_is(at, unknown) || cuts->count == 2 * PARTITION_MAX_PARTS) return;
    while (i <= cuts->count && part_at_most(s, cuts->at[i], at)) {
        if (dim_is(cuts->at[i], at)) return;
        i++;
    }
    bool inside = i > 0 && i <= cuts->count && part_at_most(s, at, cuts->at[i]);
    if (!inside) return;
    memmove(&cuts->at[i + 1], &cuts->at[i], (cuts->count + 1 - i) * sizeof cuts->at[0]);
    cuts->at[i] = at;
    cuts->count++;
}

void parts_write(const PartSpace *s, DType type, PartList *list, const Part *add) {
    if (list->count > PARTITION_MAX_PARTS) parts_simplify(s, list);
    Part old[PARTITION_MAX_PARTS];
    const Parts before = {list->count, old};
    memcpy(old, list->part, list->count * sizeof *old);
    Cuts cuts = cuts_none(s, old[before.count - 1].end);
    for (uint32_t i = 1; i < before.count; i++) cuts_add(s, &cuts, old[i].begin);
    cuts_add(s, &cuts, add->begin);
    cuts_add(s, &cuts, add->end);
    list->count = cuts.count;
    for (uint32_t i = 0; i < cuts.count; i++) {
        Part p = parts_over(s, type, &before, cuts.at[i], cuts.at[i + 1]);
        if (!apart(s, p.begin, p.end, add)) p = part_join(s, &p, add);
        p.begin = cuts.at[i];
        p.end = cuts.at[i + 1];
        list->part[i] = p;
    }
}

bool part_same(const Part *a, const Part *b) {
    const Range *x = &a->range, *y = &b->range;
    bool bounds = dim_is(a->equal, b->equal) && dim_is(a->most, b->most);
    if (x->flags != y->flags || !bounds) return false;
    /* Equality is meant: the same numbers. Without finite values the ends do not count. */
    if (!range_has_finite(*x) && !range_has_finite(*y)) return true;
    return x->low == y->low && x->high == y->high;
}

static double width(Range r) {
    return range_has_finite(r) ? r.high - r.low : 0;
}

/* How much is lost where two parts become one; of no meaning but by its order. What is empty may
 * not be written yet. */
static double loss(const PartSpace *s, const Part *a, const Part *b) {
    if (range_is_empty(a->range) || range_is_empty(b->range)) return DBL_MAX;
    Range both = s->domain->join(a->range, b->range);
    bool flags = a->range.flags != b->range.flags;
    double lost = 2 * width(both) - width(a->range) - width(b->range) + (flags ? 1 : 0);
    return fmin(lost, DBL_MAX);
}

static void join_at(const PartSpace *s, PartList *list, uint32_t i) {
    list->part[i] = part_join(s, &list->part[i], &list->part[i + 1]);
    list->count--;
    memmove(&list->part[i + 1], &list->part[i + 2], (list->count - i - 1) * sizeof list->part[0]);
}

void parts_simplify(const PartSpace *s, PartList *list) {
    for (uint32_t i = 0; i + 1 < list->count;) {
        if (part_same(&list->part[i], &list->part[i + 1])) join_at(s, list, i);
        else i++;
    }
    while (list->count > PARTITION_MAX_PARTS) {
        uint32_t best = 0;
        double least = INFINITY; /* above each loss */
        for (uint32_t i = 0; i + 1 < list->count; i++) {
            double here = loss(s, &list->part[i], &list->part[i + 1]);
            if (here < least) {
                least = here;
                best = i;
            }
        }
        join_at(s, list, best);
    }
}

void partition_set(const PartSpace *s, Partition **p, uint32_t axis, PartList *list) {
    parts_simplify(s, list);
    if (list->count < 2) return;
    if (*p == NULL) *p = ARENA_NEW(s->arena, Partition);
    Part *part = ARENA_ARRAY(s->arena, Part, list->count);
    memcpy(part, list->part, list->count * sizeof *part);
    (*p)->axis[axis] = (Parts){list->count, part};
}

bool partition_same(const Partition *p, const Partition *q) {
    if (p == NULL || q == NULL) return p == q;
    for (uint32_t a = 0; a < MAX_RANK; a++) {
        if (p->axis[a].count != q->axis[a].count) return false;
        for (uint32_t i = 0; i < p->axis[a].count; i++) {
            const Part *x = &p->axis[a].part[i], *y = &q->axis[a].part[i];
            if (!dim_is(x->begin, y->begin) || !dim_is(x->end, y->end) || !part_same(x, y))
                return false;
        }
    }
    return true;
}

/* Other shapes. */

/* Dimensions of both shapes that hold the same elements: [from, from_end) and [to, to_end). */
typedef struct Group {
    uint32_t from, from_end, to, to_end;
} Group;

static bool is_one(const PartSpace *s, DimId d) {
    int64_t value;
    return dim_is_constant(s->dims, d, &value) && value == 1;
}

/* Extends a group until both products are equal; false where that is not found. */
static bool complete(const PartSpace *s, Group *group, Shape from, Shape to) {
    DimId a = constant(s, 1), b = a;
    if (group->from_end < from.rank) a = from.dims[group->from_end++];
    if (group->to_end < to.rank) b = to.dims[group->to_end++];
    while (!dim_is(a, b)) {
        bool more = group->from_end < from.rank, others = group->to_end < to.rank;
        bool first = more && (!others || part_at_most(s, a, b));
        if (!first && !others) return false;
        if (first) a = dim_mul(s->dims, a, from.dims[group->from_end++]);
        else b = dim_mul(s->dims, b, to.dims[group->to_end++]);
        if (dim_is(a, unknown) || dim_is(b, unknown)) return false;
    }
    return true;
}

/* The number of elements in one step along the dimension `first`, of those before `end`. */
static DimId stride(const PartSpace *s, Shape shape, uint32_t first, uint32_t end) {
    DimId product = constant(s, 1);
    for (uint32_t i = first + 1; i < end; i++) product = dim_mul(s->dims, product, shape.dims[i]);
    return product;
}

/* Parts of the outermost dimension of a group are parts of the outermost one in the other shape,
 * where their ends lie between steps of that; where they do not, two are joined. */
static void reshape_group(const PartSpace *s, const Partition *p, Group group, Shape from, Shape to,
                          Partition **out) {
    while (group.from < group.from_end && is_one(s, from.dims[group.from])) group.from++;
    while (group.to < group.to_end && is_one(s, to.dims[group.to])) group.to++;
    if (group.from == group.from_end || group.to == group.to_end) return;
    const Parts *parts = &p->axis[group.from];
    if (parts->count < 2) return;
    DimId step = stride(s, from, group.from, group.from_end);
    DimId other = stride(s, to, group.to, group.to_end);
    if (dim_is(step, unknown) || dim_is(other, unknown)) return;
    PartList list = {.count = 0};
    Part open = parts->part[0];
    for (uint32_t i = 0; i < parts->count; i++) {
        if (i > 0) open = part_join(s, &open, &parts->part[i]);
        DimId end = to.dims[group.to];
        bool last = i + 1 == parts->count;
        if (!last && dim_exact_div(s->dims, dim_mul(s->dims, parts->part[i].end, step), other,
                                   &end) != DIM_EXACT) {
            continue;
        }
        if (dim_is(end, unknown)) continue;
        open.begin = list.count == 0 ? constant(s, 0) : list.part[list.count - 1].end;
        open.end = end;
        list.part[list.count++] = open;
        if (!last) open = parts->part[i + 1];
    }
    partition_set(s, out, group.to, &list);
}

const Partition *partition_reshape(const PartSpace *s, const Partition *p, Shape from, Shape to) {
    Partition *out = NULL;
    Group group = {0, 0, 0, 0};
    while (group.from_end < from.rank || group.to_end < to.rank) {
        group = (Group){group.from_end, group.from_end, group.to_end, group.to_end};
        if (!complete(s, &group, from, to)) break;
        reshape_group(s, p, group, from, to, &out);
    }
    return out;
}
