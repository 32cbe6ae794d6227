/* Splitting: what is not proved for a whole range may be proved for each part of it.
 *
 * Of m = max(0, x) and exp(-m) + exp(x - m) intervals know that each exponential is in [0, 1];
 * where x <= 0 the first is 1, and where x >= 0 the second. So of a value x in what a finding is
 * computed from, which reaches it in more ways than one, the range is cut at the constants that it
 * is compared with and then in halves, and what depends on x is bounded again for each part. Of two
 * values' maximum or minimum the parts are besides: that it is the one, and that it is the other.
 *
 * Claim: what holds of every part holds. Why: every element that depends on x alone element by
 * element, through elementwise operations alone, depends on one element of x (broadcasting lines
 * shapes up by their last dimensions, however often), and that lies in one of the parts. Where a
 * sum or a move stands between, it is what goes in there (the frontier) that is bounded by the hull
 * of the parts, and what follows is bounded again from that.
 *
 * The budget is limits.split_visits visits of nodes for all findings of a graph; where it has run
 * out, the report says so (Finding.unsplit). */
#include "passes/split.h"

#include "passes/affine.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    SLICE_NODES = 256,   /* before a finding that are looked at */
    SLICE_REACH = 4096,  /* how far back they may lie */
    CANDIDATES = 12,     /* values that are cut, of one finding */
    TURNS = 6,            /* constants at which one is cut */
    PIECES = 64,
    FRONTIER = 8,
    SITES = 2048 /* of a slice */
};

/* How a node of the slice depends on the value that is cut. */
typedef enum Dependence { DEPENDS_NOT, DEPENDS_POINTWISE, DEPENDS_MIXED } Dependence;

/* What is concluded of a node, while it is tried. */
typedef struct Saved {
    Range range, chosen;
    const Partition *parts;
    TermFact term;
    uint8_t cut;
    bool assumed;
    uint32_t sites; /* from this one on in the pool */
} Saved;

typedef struct Piece {
    Range range;
    int side; /* not 0: in place of a range, which operand it is (affine_assume) */
    Range seen[FRONTIER]; /* of the frontier, in it */
} Piece;

typedef struct Split {
    Engine *e;
    Value v;
    Value cond;      /* of the choice that v is a branch of, if it is, and it is there already */
    bool first;      /* the branch that is taken where it holds */
    uint32_t count;  /* of nodes, ascending, v last */
    Value node[SLICE_NODES];
    uint8_t uses[SLICE_NODES]; /* by nodes of the slice */
    Dependence depends[SLICE_NODES];
    bool needed[SLICE_REACH + 1]; /* by distance from v */
    Saved saved[SLICE_NODES];
    SiteFact sites[SITES];
    uint32_t at;     /* of the value that is cut */
    uint32_t frontier_count, frontier[FRONTIER];
    Range hull[FRONTIER];
    Range taken;     /* of v, in the parts in which it is taken */
    bool skipped;    /* in some it is not */
    uint32_t part_count;
    Piece part[PIECES];
} Split;

static Range *range_at(const Split *s, uint32_t i) {
    return &s->e->facts->range[s->node[i].id];
}

/* The slice. */

static uint32_t occurrences(const Graph *g, Value v, const Scalar *s, uint32_t operand) {
    if (s == NULL) return 1;
    s = ir_taken(g, v, s);
    if (s->kind == SCALAR_INPUT) return s->index == operand;
    uint32_t count = 0;
    for (int i = 0; s->kind == SCALAR_APPLY && i < primitive_info[s->index].arity; i++) {
        count += occurrences(g, v, s->args[i], operand);
    }
    return count;
}

static uint32_t position_of(const Split *s, Value v) {
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->node[middle].id < v.id) low = middle + 1;
        else high = middle;
    }
    return low < s->count && s->node[low].id == v.id ? low : SLICE_NODES;
}

/* The nodes nearest before v that it is computed from. */
static void take_slice(Split *s) {
    const Graph *g = s->e->g;
    uint32_t reach = s->v.id < SLICE_REACH ? s->v.id : SLICE_REACH, found = 0;
    bool *needed = s->needed;
    Value nodes[SLICE_NODES];
    memset(needed, 0, sizeof s->needed);
    memset(s->uses, 0, sizeof s->uses);
    needed[0] = true;
    if (s->cond.id != 0 && s->v.id - s->cond.id <= reach) needed[s->v.id - s->cond.id] = true;
    for (uint32_t back = 0; back <= reach && found < SLICE_NODES; back++) {
        Value v = {s->v.id - back};
        if (!needed[back] || v.id == 0) continue;
        nodes[found++] = v;
        for (uint32_t i = 0; i < ir_node(g, v)->operand_count; i++) {
            uint32_t id = ir_operand(g, v, i).id;
            if (s->v.id - id <= reach) needed[s->v.id - id] = true;
        }
    }
    s->count = found;
    for (uint32_t i = 0; i < found; i++) s->node[i] = nodes[found - 1 - i];
    for (uint32_t i = 0; i < found; i++) {
        const OpInfo *info = &op_info[ir_node(g, s->node[i])->op];
        for (uint32_t k = 0; k < ir_node(g, s->node[i])->operand_count; k++) {
            uint32_t at = position_of(s, ir_operand(g, s->node[i], k));
            if (at == SLICE_NODES) continue;
            bool reads = info->form == FORM_EWISE;
            uint32_t times = reads ? occurrences(g, s->node[i], info->body, k) : 1;
            s->uses[at] = (uint8_t)(s->uses[at] + times > 255 ? 255 : s->uses[at] + times);
        }
    }
}

static bool is_pointwise(const Graph *g, Value v) {
    return op_info[ir_node(g, v)->op].form == FORM_EWISE || op_carries(ir_node(g, v)->op);
}

/* What depends on the value that is cut, and how; false where it cannot help: nothing meets again
 * that went apart, or a loop would have to be run. */
static bool follow(Split *s) {
    const Graph *g = s->e->g;
    bool meets = false;
    memset(s->depends, 0, sizeof s->depends);
    s->depends[s->at] = DEPENDS_POINTWISE;
    for (uint32_t i = s->at + 1; i < s->count; i++) {
        const Node *node = ir_node(g, s->node[i]);
        const OpInfo *info = &op_info[node->op];
        uint32_t ways = 0;
        for (uint32_t k = 0; k < node->operand_count; k++) {
            uint32_t from = position_of(s, ir_operand(g, s->node[i], k));
            if (from == SLICE_NODES || s->depends[from] == DEPENDS_NOT) continue;
            bool mixed = s->depends[from] == DEPENDS_MIXED || !is_pointwise(g, s->node[i]);
            if (mixed || s->depends[i] == DEPENDS_MIXED) s->depends[i] = DEPENDS_MIXED;
            else s->depends[i] = DEPENDS_POINTWISE;
            ways += info->form == FORM_EWISE ? occurrences(g, s->node[i], info->body, k) : 1;
        }
        if (s->depends[i] == DEPENDS_NOT) continue;
        if (info->form == FORM_REGION) return false;
        meets = meets || (ways > 1 && s->depends[i] == DEPENDS_POINTWISE);
    }
    return meets && s->depends[s->count - 1] != DEPENDS_NOT;
}

/* The last values that depend element by element; false where there are too many. */
static bool take_frontier(Split *s) {
    s->frontier_count = 0;
    for (uint32_t i = s->at + 1; i < s->count; i++) {
        if (s->depends[i] != DEPENDS_MIXED) continue;
        for (uint32_t k = 0; k < ir_node(s->e->g, s->node[i])->operand_count; k++) {
            uint32_t from = position_of(s, ir_operand(s->e->g, s->node[i], k)), at = 0;
            if (from == SLICE_NODES || s->depends[from] != DEPENDS_POINTWISE || from == s->at)
                continue;
            while (at < s->frontier_count && s->frontier[at] != from) at++;
            if (at == FRONTIER) return false;
            if (at == s->frontier_count) s->frontier[s->frontier_count++] = from;
        }
    }
    return s->frontier_count > 0;
}

/* Visits for a part. */

/* False where there is no room. */
static bool save(Split *s) {
    Engine *e = s->e;
    uint32_t used = 0;
    for (uint32_t i = s->at; i < s->count; i++) {
        uint32_t id = s->node[i].id, first = e->facts->first_site[id];
        uint32_t count = e->facts->first_site[id + 1] - first;
        if (used + count > SITES) return false;
        for (uint32_t k = 0; k < count; k++) s->sites[used + k] = e->facts->sites[first + k];
        s->saved[i] = (Saved){.range = e->facts->range[id],
                              .chosen = e->chosen[id],
                              .parts = e->facts->parts[id],
                              .term = e->a->terms->fact[id],
                              .cut = e->cut[id],
                              .assumed = e->facts->assumed[id],
                              .sites = used};
        used += count;
    }
    e->split_visits += (s->count - s->at) / 4;
    return true;
}

/* What a visit marks, but for its range and what that follows from. */
static void restore_marks(Split *s, uint32_t i) {
    Engine *e = s->e;
    uint32_t id = s->node[i].id, first = e->facts->first_site[id];
    uint32_t count = e->facts->first_site[id + 1] - first;
    for (uint32_t k = 0; k < count; k++)
        e->facts->sites[first + k] = s->sites[s->saved[i].sites + k];
    e->facts->assumed[id] = s->saved[i].assumed;
    e->cut[id] = s->saved[i].cut;
}

static void restore_all(Split *s) {
    Engine *e = s->e;
    for (uint32_t i = s->at; i < s->count; i++) {
        uint32_t id = s->node[i].id;
        restore_marks(s, i);
        e->facts->range[id] = s->saved[i].range;
        e->chosen[id] = s->saved[i].chosen;
        e->facts->parts[id] = s->saved[i].parts;
        e->a->terms->fact[id] = s->saved[i].term;
        if (e->affine != NULL) affine_forget(e->affine, s->node[i]);
    }
    if (e->affine != NULL) affine_assume(e->affine, VALUE_NONE, 0);
}

/* Bounds the node again; what its sites would report is counted. */
static void visit_again(Split *s, uint32_t i) {
    Engine *e = s->e;
    uint32_t id = s->node[i].id;
    e->a->terms->fact[id] = (TermFact){.number = e->a->terms->fact[id].number};
    e->cut[id] = 0;
    e->chosen[id] = e->d->bottom(e->g->nodes.data[id].dtype);
    e->failures = 0;
    e->rehearses = true;
    visit_once(e, s->node[i]);
    e->rehearses = false;
    e->split_visits++;
    restore_marks(s, i);
}

static bool may_go_on(const Split *s) {
    return s->e->split_visits < s->e->a->cx->limits.split_visits;
}

/* Bounds what depends element by element, for a part of the range. False where v fails in it. */
static bool visit_part(Split *s, const Piece *part) {
    Engine *e = s->e;
    uint32_t last = s->count - 1;
    *range_at(s, s->at) = part->range;
    if (part->side != 0) affine_assume(e->affine, s->node[s->at], part->side);
    else if (e->affine != NULL) affine_forget(e->affine, s->node[s->at]);
    for (uint32_t i = s->at + 1; i < last; i++) {
        if (s->depends[i] == DEPENDS_POINTWISE) visit_again(s, i);
    }
    if (s->depends[last] != DEPENDS_POINTWISE) return true;
    Range cond = s->cond.id == 0 ? e->d->top(DTYPE_BOOL) : e->facts->range[s->cond.id];
    bool never = s->cond.id != 0 && (s->first ? cond.high <= 0 : cond.low >= 1);
    if (never || range_is_empty(cond)) {
        s->skipped = true;
        return true;
    }
    visit_again(s, last);
    bool holds = e->failures == 0;
    s->taken = e->d->join(s->taken, *range_at(s, last));
    return holds;
}

/* Parts. */

/* The parts of r up to x and from x on, both without x where `apart`; of floats and of integers. */
static void cut_range(const Split *s, DType t, Range r, double x, bool apart, Range out[2]) {
    double below = x, above = x;
    if (!dtype_is_float(t)) {
        below = apart ? ceil(x) - 1 : floor(x);
        above = floor(x) + 1;
    } else if (!s->e->a->options->real) {
        below = apart ? dtype_next_down(t, x) : x;
        above = dtype_next_up(t, x);
    }
    out[0] = range_make(t, r.low, fmin(r.high, below), r.flags & ~(unsigned)RANGE_POSITIVE);
    out[1] = range_make(t, fmax(r.low, above), r.high, r.flags & ~(unsigned)RANGE_NEGATIVE);
}

/* Where a range is cut in halves: of numbers that differ by magnitudes, in the middle of these. */
static double middle_of(DType t, Range r) {
    double low = r.low, high = r.high;
    if (low < 0 && high > 0) return 0;
    if (high <= 0) return -middle_of(t, range_make(t, -high, -low, 0));
    if (low < 0x1p-20 && low < high / 256) return high > 1 ? 1 : high / 4;
    return high / low > 2 ? sqrt(low) * sqrt(high) : low / 2 + high / 2;
}

/* The constants with which the formulas of what depends on x compare, or of which they take the
 * larger or smaller: there they turn. 0 first. */
typedef struct Turns {
    uint32_t count;
    double at[TURNS];
} Turns;

static void add_cut(Turns *c, Range r, double x) {
    if (!(x >= r.low && x <= r.high) || c->count == TURNS) return;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->at[i] == x) return; /* the same constant */
    }
    c->at[c->count++] = x;
}

static bool constant_of(const Engine *e, Value v, const Scalar *s, double *out) {
    s = ir_taken(e->g, v, s);
    if (s->kind == SCALAR_CONSTANT) return *out = s->value, true;
    if (s->kind == SCALAR_ATTRIBUTE) return *out = attr_number(ir_attr(e->g, v, s->index)), true;
    if (s->kind != SCALAR_INPUT) return false;
    Range r = e->facts->range[ir_operand(e->g, v, s->index).id];
    *out = r.low;
    return range_is_point(r);
}

static void find_cuts(const Split *s, Value v, const Scalar *f, Range r, Turns *cuts) {
    f = ir_taken(s->e->g, v, f);
    if (f->kind != SCALAR_APPLY) return;
    const PrimitiveInfo *info = &primitive_info[f->index];
    bool turns = info->class == PRIMITIVE_CLASS_COMPARE || f->index == PRIMITIVE_MAXIMUM ||
                 f->index == PRIMITIVE_MINIMUM;
    for (int i = 0; i < info->arity; i++) {
        double at;
        if (turns && constant_of(s->e, v, f->args[i], &at)) add_cut(cuts, r, at);
        find_cuts(s, v, f->args[i], r, cuts);
    }
}

static void add_part(Split *s, Range r) {
    if (range_is_empty(r)) return;
    assert(s->part_count < PIECES);
    s->part[s->part_count].side = 0;
    s->part[s->part_count++].range = r;
}

/* Whether it is the larger or the smaller of two values: then it is the one or the other. */
static bool takes_sides(const Split *s) {
    const Graph *g = s->e->g;
    Value v = s->node[s->at];
    Primitive p = op_primitive(ir_node(g, v)->op);
    if (p != PRIMITIVE_MAXIMUM && p != PRIMITIVE_MINIMUM) return false;
    return s->e->affine != NULL && dtype_is_float(ir_node(g, v)->dtype) &&
           !range_is_point(s->e->facts->range[ir_operand(g, v, 0).id]) &&
           !range_is_point(s->e->facts->range[ir_operand(g, v, 1).id]);
}

static void add_sides(Split *s) {
    for (int side = -1; side < 2; side += 2)
        s->part[s->part_count++] = (Piece){.range = *range_at(s, s->at), .side = side};
}

/* The range cut at its constants, each of which is a part too. */
static void first_parts(Split *s, DType t) {
    Range whole = *range_at(s, s->at);
    Turns cuts = {0};
    add_cut(&cuts, whole, 0);
    for (uint32_t i = s->at + 1; i < s->count && s->e->a->options->splits > 1; i++) {
        const OpInfo *info = &op_info[ir_node(s->e->g, s->node[i])->op];
        if (s->depends[i] == DEPENDS_POINTWISE && info->form == FORM_EWISE)
            find_cuts(s, s->node[i], info->body, whole, &cuts);
    }
    add_part(s, whole);
    for (uint32_t k = 0; k < cuts.count; k++) {
        double x = dtype_is_float(t) ? dtype_round(t, cuts.at[k]) : cuts.at[k];
        for (uint32_t i = 0; i < s->part_count; i++) {
            Range r = s->part[i].range, both[2];
            if (x < r.low || x > r.high || !(r.low < r.high)) continue;
            cut_range(s, t, r, x, true, both);
            Range at = range_make(t, x, x, r.flags & (RANGE_NAN | RANGE_NONZERO));
            s->part[i].range = s->part[--s->part_count].range;
            add_part(s, both[0]);
            add_part(s, at);
            add_part(s, both[1]);
            break;
        }
    }
}

static void halve(const Split *s, DType t, Range r, Range *low, Range *high) {
    Range both[2];
    double at = middle_of(t, r);
    cut_range(s, t, r, dtype_is_float(t) ? dtype_round(t, at) : at, false, both);
    *low = both[0];
    *high = both[1];
}

/* Whether v holds on a part, or on all parts of it. */
static bool holds_on(Split *s, DType t, const Piece *part, uint32_t depth) {
    Range taken = s->taken;
    Piece halves[2] = {{.side = 0}};
    bool skipped = s->skipped;
    if (!may_go_on(s)) return false;
    if (visit_part(s, part)) return true;
    s->taken = taken;
    s->skipped = skipped;
    if (depth == 0 || part->side != 0 || !(part->range.low < part->range.high)) return false;
    halve(s, t, part->range, &halves[0].range, &halves[1].range);
    for (int i = 0; i < 2; i++) {
        if (!range_is_empty(halves[i].range) && !holds_on(s, t, &halves[i], depth - 1))
            return false;
    }
    return true;
}

/* v depends element by element: it holds where it does on every part. */
static bool prove_by_parts(Split *s, DType t) {
    s->taken = s->e->d->bottom(ir_node(s->e->g, s->v)->dtype);
    s->skipped = false;
    uint32_t splits = s->e->a->options->splits, depth = splits > 1 ? splits : 0;
    for (uint32_t i = 0; i < s->part_count; i++) {
        if (!holds_on(s, t, &s->part[i], depth)) return false;
    }
    return true;
}

static void see_part(Split *s, Piece *part) {
    visit_part(s, part);
    for (uint32_t k = 0; k < s->frontier_count; k++) part->seen[k] = *range_at(s, s->frontier[k]);
}

static void join_parts(Split *s) {
    for (uint32_t k = 0; k < s->frontier_count; k++) {
        s->hull[k] = s->part[0].seen[k];
        for (uint32_t i = 1; i < s->part_count; i++)
            s->hull[k] = s->e->d->join(s->hull[k], s->part[i].seen[k]);
    }
}

/* Whether the part makes an end of a hull what it is. */
static bool is_extreme(const Split *s, const Piece *part) {
    for (uint32_t k = 0; k < s->frontier_count; k++) {
        Range seen = part->seen[k], hull = s->hull[k];
        if (range_has_finite(seen) && (seen.low <= hull.low || seen.high >= hull.high)) return true;
    }
    return false;
}

/* What follows from the hulls; whether v holds. */
static bool follows(Split *s) {
    restore_all(s);
    for (uint32_t k = 0; k < s->frontier_count; k++) {
        Range *r = range_at(s, s->frontier[k]);
        *r = s->e->d->meet(ir_node(s->e->g, s->node[s->frontier[k]])->dtype, *r, s->hull[k]);
    }
    for (uint32_t i = s->at + 1; i < s->count; i++) {
        if (s->depends[i] == DEPENDS_MIXED) visit_again(s, i);
    }
    return s->e->failures == 0; /* of v, which is the last */
}

/* v depends on sums and moves of what depends element by element. */
static bool prove_by_hulls(Split *s, DType t) {
    for (uint32_t i = 0; i < s->part_count; i++) see_part(s, &s->part[i]);
    for (uint32_t round = 0; may_go_on(s); round++) {
        join_parts(s);
        if (follows(s)) return true;
        uint32_t count = s->part_count;
        if (round + 1u >= s->e->a->options->splits) return false;
        for (uint32_t i = 0; i < count && s->part_count < PIECES && may_go_on(s); i++) {
            Range r = s->part[i].range, halves[2];
            if (!(r.low < r.high) || s->part[i].side != 0 || !is_extreme(s, &s->part[i])) continue;
            halve(s, t, r, &halves[0], &halves[1]);
            if (range_is_empty(halves[0]) || range_is_empty(halves[1])) continue;
            s->part[i].range = halves[0];
            add_part(s, halves[1]);
            see_part(s, &s->part[i]);
            see_part(s, &s->part[s->part_count - 1]);
        }
        if (s->part_count == count) return false;
    }
    return false;
}

/* What is proved is made so. */

static void take_back(Split *s, uint32_t first, bool unproved) {
    Engine *e = s->e;
    e->a->findings.count = first;
    OriginId origin = ir_node(e->g, s->v)->origin;
    e->unproved[origin.id] = unproved;
}

/* v holds on every part: its range is what they gave. */
static void settle_by_parts(Split *s) {
    Engine *e = s->e;
    Value v = s->v;
    DType type = ir_node(e->g, v)->dtype;
    restore_all(s);
    for (uint32_t i = e->facts->first_site[v.id]; i < e->facts->first_site[v.id + 1]; i++) {
        e->facts->sites[i].verdict = VERDICT_PROVED;
    }
    uint8_t cut = 0;
    for (uint32_t i = 0; i < ir_node(e->g, v)->operand_count; i++)
        cut |= e->cut[ir_operand(e->g, v, i).id] & (uint8_t)~CUT_HERE;
    e->cut[v.id] = cut;
    e->facts->range[v.id] = s->skipped ? e->d->top(type) : s->taken;
    if (s->skipped) e->facts->parts[v.id] = NULL;
    e->chosen[v.id] = s->skipped ? s->taken : e->d->bottom(type);
}

/* v holds by the hulls, which `follows` has put in place. */
static void settle_by_hulls(Split *s) {
    Engine *e = s->e;
    Value v = s->v;
    for (uint32_t i = e->facts->first_site[v.id]; i < e->facts->first_site[v.id + 1]; i++) {
        e->facts->sites[i] = (SiteFact){0};
    }
    e->a->terms->fact[v.id] = (TermFact){.number = e->a->terms->fact[v.id].number};
    e->cut[v.id] = 0;
    visit_once(e, v);
}

static bool try_value(Split *s, bool sides) {
    DType t = ir_node(s->e->g, s->node[s->at])->dtype;
    bool direct = s->depends[s->count - 1] == DEPENDS_POINTWISE;
    if (!direct && !take_frontier(s)) return false;
    if (!save(s)) return false;
    s->part_count = 0;
    if (sides) add_sides(s);
    else first_parts(s, t);
    bool holds = direct ? prove_by_parts(s, t) : prove_by_hulls(s, t);
    if (!holds) restore_all(s);
    return holds;
}

static bool mentions(const Graph *g, Value v, const Scalar *f, Primitive p) {
    f = ir_taken(g, v, f);
    if (f->kind != SCALAR_APPLY) return false;
    bool is = f->index == p;
    for (int i = 0; i < primitive_info[f->index].arity && !is; i++)
        is = mentions(g, v, f->args[i], p);
    return is;
}

/* What DEBAR cuts: a value of which the relu is taken, and somewhere behind it an exponential. */
static bool is_relu_under_exp(const Split *s) {
    const Graph *g = s->e->g;
    bool relu = false, exp = false;
    for (uint32_t i = s->at + 1; i < s->count; i++) {
        const OpInfo *info = &op_info[ir_node(g, s->node[i])->op];
        if (s->depends[i] != DEPENDS_POINTWISE || info->form != FORM_EWISE) continue;
        bool direct = false;
        for (uint32_t k = 0; k < ir_node(g, s->node[i])->operand_count; k++)
            direct = direct || ir_operand(g, s->node[i], k).id == s->node[s->at].id;
        relu = relu || (direct && mentions(g, s->node[i], info->body, PRIMITIVE_MAXIMUM));
        exp = exp || mentions(g, s->node[i], info->body, PRIMITIVE_EXP);
    }
    return relu && exp;
}

static bool can_be_cut(const Split *s, uint32_t i) {
    Range r = *range_at(s, i);
    return s->uses[i] > 1 && range_has_finite(r) && r.low < r.high;
}

void split_value(Engine *e, Value v, uint32_t first, bool unproved) {
    for (uint32_t i = first; i < e->a->findings.count; i++) {
        if (e->a->findings.data[i].always) return;
    }
    if (e->split == NULL) e->split = ARENA_NEW(&e->a->cx->scratch, Split);
    Split *s = e->split;
    s->e = e;
    s->v = v;
    s->count = 0;
    Value choice = {e->chooser[v.id]};
    s->cond = choice.id == 0 ? VALUE_NONE : ir_operand(e->g, choice, 0);
    if (s->cond.id >= v.id) s->cond = VALUE_NONE; /* it has no range yet */
    s->first = s->cond.id != 0 && ir_operand(e->g, choice, 1).id == v.id;
    if (may_go_on(s)) take_slice(s);
    e->split_visits += s->count / 8;
    uint32_t tried = 0;
    for (uint32_t i = s->count; i-- > 1 && tried < CANDIDATES && may_go_on(s);) {
        s->at = i - 1;
        bool all = e->a->options->splits > 1;
        if (!can_be_cut(s, s->at) || !follow(s) || !(all || is_relu_under_exp(s))) continue;
        tried++;
        if (!try_value(s, false) && !(all && takes_sides(s) && try_value(s, true))) continue;
        take_back(s, first, unproved);
        if (s->depends[s->count - 1] == DEPENDS_POINTWISE) settle_by_parts(s);
        else settle_by_hulls(s);
        return;
    }
    for (uint32_t i = first; i < e->a->findings.count; i++)
        e->a->findings.data[i].unsplit = !may_go_on(s);
}
