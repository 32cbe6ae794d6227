/* Shapes of results: broadcasting, reducing, moving. Contractions are in shape_contract.c. */
#include "ir/shape.h"

#include "ir/build.h"
#include "ir/shape_rules.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

const char *shape_text(const Graph *g, ShapeId id) {
    Buf out = buf_make(&g->cx->scratch);
    Shape shape = g->shapes.data[id.id];
    buf_put_char(&out, '[');
    for (uint8_t i = 0; i < shape.rank; i++) {
        if (i > 0) buf_put(&out, ", ");
        dim_print(g->dims, shape.dims[i], &g->cx->names, &out);
    }
    buf_put(&out, id.id == 0 ? "?]" : "]");
    return buf_text(&out);
}

Shape call_shape(const OpCall *call, uint32_t operand) {
    return ir_shape(call->graph, call->operands[operand]);
}

const char *list_text(const Graph *g, uint32_t rank, const DimId *dims) {
    Buf out = buf_make(&g->cx->scratch);
    buf_put_char(&out, '[');
    for (uint32_t i = 0; i < rank; i++) {
        if (i > 0) buf_put(&out, ", ");
        dim_print(g->dims, dims[i], &g->cx->names, &out);
    }
    buf_put_char(&out, ']');
    return buf_text(&out);
}

ShapeId call_result(const OpCall *call, uint32_t rank, const DimId *dims) {
    Graph *g = call->graph;
    if (dims_overflowed(g->dims)) {
        call_emit(call, call_report(call, NNA2009, call_span(call),
                                    "a dimension of the result of `%s` is too large to be computed",
                                    op_info[call->op].spelling));
        return (ShapeId){0};
    }
    return build_shape_at(g, call_span(call), call->origin, rank, dims);
}

/* Broadcasting. */

static bool is_one(const Graph *g, DimId d) {
    int64_t value;
    return dim_is_constant(g->dims, d, &value) && value == 1;
}

/* A broadcast that is worked out operand by operand. */
typedef struct Broadcast {
    uint32_t rank;
    DimId dims[MAX_RANK];
    uint32_t from[MAX_RANK]; /* the operand that fixed the dimension */
    uint32_t assumed_count;  /* dimensions taken to be equal */
    struct {
        uint32_t first, second; /* operands */
        DimId a, b;
    } assumed[MAX_RANK];
    bool failed; /* the last of `assumed` can never hold */
} Broadcast;

/* Takes in a shape of at most out->rank dimensions. */
static void broadcast_one(const Graph *g, Broadcast *out, uint32_t operand, uint32_t rank,
                          const DimId *dims) {
    for (uint32_t i = 0; i < rank && !out->failed; i++) {
        uint32_t at = out->rank - rank + i;
        DimId old = out->dims[at], new = dims[i];
        if (dim_is(old, new) || is_one(g, new)) continue;
        if (is_one(g, old)) {
            out->dims[at] = new;
            out->from[at] = operand;
            continue;
        }
        if (out->assumed_count < MAX_RANK) {
            uint32_t k = out->assumed_count++;
            out->assumed[k].first = out->from[at];
            out->assumed[k].second = operand;
            out->assumed[k].a = old;
            out->assumed[k].b = new;
        }
        out->failed = dim_compare(g->dims, old, new) != DIM_MAYBE;
    }
}

static void broadcast_start(Graph *g, Broadcast *out, uint32_t rank) {
    *out = (Broadcast){.rank = rank};
    for (uint32_t i = 0; i < rank; i++) out->dims[i] = dim_constant(g->dims, 1);
}

/* "add `x` [N, 3] and `y` [4]"; operators without a verb are named. */
static const char *attempt_text(const OpCall *call, uint32_t first, uint32_t second) {
    Arena *arena = &call->graph->cx->scratch;
    const char *a = call_operand_text(call, first), *b = call_operand_text(call, second);
    switch ((int)call->op) {
    case OP_ADD: return arena_format(arena, "add %s and %s", a, b);
    case OP_SUB: return arena_format(arena, "subtract %s from %s", b, a);
    case OP_MUL:
    case OP_MATRIX_PRODUCT: return arena_format(arena, "multiply %s by %s", a, b);
    case OP_DIV: return arena_format(arena, "divide %s by %s", a, b);
    case OP_CONVOLUTION: return arena_format(arena, "convolve %s with %s", a, b);
    case OP_CONCAT: return arena_format(arena, "concatenate %s and %s", a, b);
    case OP_SCAN_ITEM: return arena_format(arena, "scan %s and %s together", a, b);
    case OP_SCAN_FINAL: return arena_format(arena, "carry %s on as %s", a, b);
    }
    return arena_format(arena, "combine %s and %s in `%s`", a, b, op_info[call->op].spelling);
}

bool call_unequal(const OpCall *call, uint32_t first, uint32_t second, DimId a, DimId b) {
    Graph *g = call->graph;
    if (dim_compare(g->dims, a, b) == DIM_EQUAL || graph_takes_equal(g, a, b)) return true;
    bool never = dim_compare(g->dims, a, b) != DIM_MAYBE;
    if (call->silent) return !never;
    Diag *d = call_report(call, never ? NNA2001 : NNA2004, call_span(call),
                          never ? "cannot %s: %s and %s differ"
                                : "to %s takes %s and %s to be equal",
                          attempt_text(call, first, second), dim_text(g, a), dim_text(g, b));
    call_label_operand(call, d, first);
    if (first != second) call_label_operand(call, d, second);
    call_emit(call, d);
    if (!never) call_rule_equal(call, a, b);
    return !never;
}

/* Reports what a broadcast takes for granted; false where it cannot be. */
static bool broadcast_report(const OpCall *call, const Broadcast *b) {
    for (uint32_t k = 0; k < b->assumed_count; k++) {
        if (!call_unequal(call, b->assumed[k].first, b->assumed[k].second, b->assumed[k].a,
                          b->assumed[k].b)) {
            return false;
        }
    }
    return true;
}

/* Whether operand i is stretched along dimension k of the result. */
static bool is_stretched(const OpCall *call, uint32_t i, uint32_t kept_behind, uint32_t rank,
                         const DimId *dims, uint32_t k) {
    Shape shape = call_shape(call, i);
    uint32_t own = shape.rank - kept_behind;
    if (is_one(call->graph, dims[k])) return false;
    return k < rank - own || is_one(call->graph, shape.dims[k - (rank - own)]);
}

/* Whether two operands that stretch each other do so to one size: [N] and [N, 1] to [N, N]. That is
 * an axis held against itself, hardly ever meant; [N, 1] and [50] to [N, 50] is an outer
 * product. */
static bool is_axis_against_itself(const OpCall *call, uint32_t a, uint32_t b,
                                   uint32_t kept_behind, uint32_t rank, const DimId *dims) {
    for (uint32_t k = 0; k < rank; k++) {
        if (!is_stretched(call, a, kept_behind, rank, dims, k)) continue;
        for (uint32_t m = 0; m < rank; m++) {
            if (m != k && dim_is(dims[k], dims[m]) &&
                is_stretched(call, b, kept_behind, rank, dims, m)) {
                return true;
            }
        }
    }
    return false;
}

/* Warns where every operand is stretched, two of them against each other. */
static void report_stretch(const OpCall *call, uint32_t rank, const DimId *dims,
                           uint32_t kept_behind) {
    const Graph *g = call->graph;
    uint32_t first = call->operand_count, second = call->operand_count;
    for (uint32_t i = 0; i < call->operand_count; i++) {
        Shape shape = call_shape(call, i);
        uint32_t own = shape.rank - kept_behind;
        bool whole = own == rank, trivial = true;
        for (uint32_t k = 0; k < own; k++) {
            if (is_one(g, shape.dims[k])) {
                whole = whole && is_one(g, dims[rank - own + k]);
            } else {
                trivial = false;
            }
        }
        if (whole) return;
        if (trivial) continue; /* a scalar */
        if (first == call->operand_count) {
            first = i;
        } else {
            second = i;
        }
    }
    if (second == call->operand_count) return;
    if (!is_axis_against_itself(call, first, second, kept_behind, rank, dims)) return;
    Diag *d = call_report(call, NNA2003, call_span(call), "to %s stretches both, to %s",
                          attempt_text(call, first, second), list_text(g, rank, dims));
    call_label_operand(call, d, first);
    call_label_operand(call, d, second);
    call_emit(call, d);
}

bool call_broadcast(const OpCall *call, uint32_t kept_behind, uint32_t *rank, DimId *dims) {
    Broadcast b;
    uint32_t most = 0;
    for (uint32_t i = 0; i < call->operand_count; i++) {
        uint32_t own = call_shape(call, i).rank - kept_behind;
        if (own > most) most = own;
    }
    broadcast_start(call->graph, &b, most);
    for (uint32_t i = 0; i < call->operand_count; i++) {
        Shape shape = call_shape(call, i);
        broadcast_one(call->graph, &b, i, shape.rank - kept_behind, shape.dims);
    }
    if (!broadcast_report(call, &b)) return false;
    *rank = b.rank;
    memcpy(dims, b.dims, sizeof b.dims);
    if (call->operand_count > 1 && !call->silent) report_stretch(call, *rank, dims, kept_behind);
    return true;
}

static bool bad_list(const OpCall *call, uint32_t attr, DiagCode code, const char *text) {
    call_emit(call, call_report(call, code, call_attr_span(call, attr), "`%s` of `%s` %s",
                                op_info[call->op].attrs[attr].name, op_info[call->op].spelling,
                                text));
    return false;
}

static bool check_rank(const OpCall *call, uint32_t attr, uint32_t limit) {
    if (call->attrs[attr].count <= limit) return true;
    call_emit(call, call_report(call, NNA2006, call_attr_span(call, attr),
                                "a tensor has at most %u dimensions, not %u", limit,
                                call->attrs[attr].count));
    return false;
}

/* Of an operator without operands. */
static ShapeId shape_given(const OpCall *call) {
    const Attr *shape = call_attr(call, "shape");
    if (!check_rank(call, (uint32_t)op_attr(call->op, "shape"), MAX_RANK)) return (ShapeId){0};
    if (shape->count > 0) return call_result(call, shape->count, shape->as.dims);
    bad_list(call, (uint32_t)op_attr(call->op, "shape"), NNA2006, "needs a dimension");
    return (ShapeId){0};
}

static ShapeId shape_ewise(const OpCall *call) {
    const Graph *g = call->graph;
    if (call->operand_count == 0) return shape_given(call);
    /* Most often every operand has the shape of the result, or is a scalar. */
    ShapeId wide = ir_node(g, call->operands[0])->shape;
    bool same = true;
    for (uint32_t i = 1; i < call->operand_count; i++) {
        ShapeId own = ir_node(g, call->operands[i])->shape;
        if (own.id == wide.id || g->shapes.data[own.id].rank == 0) continue;
        same = same && g->shapes.data[wide.id].rank == 0;
        wide = own;
    }
    if (same) return wide;
    uint32_t rank;
    DimId dims[MAX_RANK];
    if (!call_broadcast(call, 0, &rank, dims)) return (ShapeId){0};
    return call_result(call, rank, dims);
}

/* Reductions. */

static ShapeId shape_reduce(const OpCall *call) {
    Graph *g = call->graph;
    Shape x = call_shape(call, 0);
    const Attr *axes = call_attr(call, "axis");
    bool keep = call_attr(call, "keepdims")->as.integer != 0;
    DimId dims[MAX_RANK];
    uint32_t rank = 0, next = 0;
    for (uint8_t i = 0; i < x.rank; i++) {
        bool reduced = next < axes->count && axes->as.integers[next] == i;
        if (reduced) next++;
        if (!reduced) dims[rank++] = x.dims[i];
        if (reduced && keep) dims[rank++] = dim_constant(g->dims, 1);
    }
    return call_result(call, rank, dims);
}

/* Moves. */

static DimId product(Graph *g, uint32_t count, const DimId *dims) {
    DimId total = dim_constant(g->dims, 1);
    for (uint32_t i = 0; i < count; i++) total = dim_mul(g->dims, total, dims[i]);
    return total;
}

static bool cannot_reshape(const OpCall *call, const Attr *wanted, DimId have, DimId need) {
    const Graph *g = call->graph;
    Diag *d = call_report(call, NNA2008, call_span(call),
                          "cannot reshape %s to %s: %s element%s, not %s",
                          call_operand_text(call, 0), list_text(g, wanted->count, wanted->as.dims),
                          dim_text(g, have), is_one(g, have) ? "" : "s", dim_text(g, need));
    call_label_operand(call, d, 0);
    call_emit(call, d);
    return false;
}

/* Puts the number of a -1 into its place. */
static bool infer_dimension(const OpCall *call, Attr *wanted) {
    Graph *g = call->graph;
    Shape x = call_shape(call, 0);
    DimId *dims = ARENA_ARRAY(&g->cx->module, DimId, wanted->count);
    uint32_t open = wanted->count;
    for (uint32_t i = 0; i < wanted->count; i++) {
        int64_t value;
        dims[i] = wanted->as.dims[i];
        if (!dim_is_constant(g->dims, dims[i], &value) || value > 0) continue;
        if (value != -1) return bad_list(call, 0, NNA2009, "has a dimension below 1");
        if (open < wanted->count) return bad_list(call, 0, NNA2008, "leaves two dimensions open");
        open = i;
        dims[i] = dim_constant(g->dims, 1);
    }
    DimId have = product(g, x.rank, x.dims), rest = product(g, wanted->count, dims);
    if (open == wanted->count) {
        return dim_is(have, rest) || cannot_reshape(call, wanted, have, rest);
    }
    if (dim_exact_div(g->dims, have, rest, &dims[open]) != DIM_EXACT) {
        Diag *d = call_report(call, NNA2008, call_span(call),
                              "cannot reshape %s to %s: %s does not divide the %s elements",
                              call_operand_text(call, 0),
                              list_text(g, wanted->count, wanted->as.dims), dim_text(g, rest),
                              dim_text(g, have));
        call_label_operand(call, d, 0);
        call_emit(call, d);
        return false;
    }
    *wanted = (Attr){.kind = ATTR_DIMS, .count = wanted->count, .as.dims = dims};
    return true;
}

static ShapeId shape_reshape(const OpCall *call) {
    Attr *wanted = &call->attrs[0];
    if (!check_rank(call, 0, MAX_RANK) || !infer_dimension(call, wanted)) return (ShapeId){0};
    return call_result(call, wanted->count, wanted->as.dims);
}

static ShapeId shape_transpose(const OpCall *call) {
    Graph *g = call->graph;
    Shape x = call_shape(call, 0);
    Attr *perm = &call->attrs[0];
    if (perm->kind == ATTR_NONE) {
        int64_t *reversed = ARENA_ARRAY(&g->cx->module, int64_t, x.rank);
        for (uint8_t i = 0; i < x.rank; i++) reversed[i] = x.rank - 1 - i;
        *perm = (Attr){.kind = ATTR_INTEGERS, .count = x.rank, .as.integers = reversed};
    }
    bool used[MAX_RANK] = {false}, valid = perm->count == x.rank;
    DimId dims[MAX_RANK];
    for (uint32_t i = 0; valid && i < x.rank; i++) {
        int64_t from = perm->as.integers[i];
        valid = from >= 0 && from < x.rank && !used[from];
        if (!valid) break;
        used[from] = true;
        dims[i] = x.dims[from];
    }
    if (valid) return call_result(call, x.rank, dims);
    Diag *d = call_report(call, NNA2006, call_attr_span(call, 0),
                          "`perm` must name each dimension of %s once",
                          call_operand_text(call, 0));
    call_label_operand(call, d, 0);
    call_emit(call, d);
    return (ShapeId){0};
}

static ShapeId shape_expand(const OpCall *call) {
    Graph *g = call->graph;
    Shape x = call_shape(call, 0);
    const Attr *wanted = &call->attrs[0];
    if (!check_rank(call, 0, MAX_RANK)) return (ShapeId){0};
    Broadcast b;
    broadcast_start(g, &b, x.rank > wanted->count ? x.rank : wanted->count);
    broadcast_one(g, &b, 0, x.rank, x.dims);
    broadcast_one(g, &b, 1, wanted->count, wanted->as.dims);
    for (uint32_t k = 0; k < b.assumed_count; k++) {
        bool never = b.failed && k + 1 == b.assumed_count;
        Diag *d = call_report(call, never ? NNA2001 : NNA2004, call_span(call),
                              never ? "cannot stretch %s to %s: %s and %s differ"
                                    : "to stretch %s to %s takes %s and %s to be equal",
                              call_operand_text(call, 0),
                              list_text(g, wanted->count, wanted->as.dims),
                              dim_text(g, b.assumed[k].a), dim_text(g, b.assumed[k].b));
        call_label_operand(call, d, 0);
        call_emit(call, d);
        if (never) return (ShapeId){0};
        call_rule_equal(call, b.assumed[k].a, b.assumed[k].b);
    }
    return call_result(call, b.rank, b.dims);
}

/* Whether low <= high is not shown to fail; a rule where it is not shown either. */
static bool within(const OpCall *call, DimId low, DimId high) {
    if (dim_compare(call->graph->dims, low, high) == DIM_GREATER) return false;
    call_rule_at_most(call, low, high);
    return true;
}

/* One dimension of a slice: its bounds hold, and how long it is. */
static bool slice_dimension(const OpCall *call, uint32_t axis, DimId size, DimId *out) {
    Graph *g = call->graph;
    DimTable *t = g->dims;
    DimId begin = call->attrs[0].as.dims[axis], end = call->attrs[1].as.dims[axis];
    int64_t step = call->attrs[2].as.integers[axis];
    DimId one = dim_constant(t, 1), zero = dim_constant(t, 0);
    DimId low = step > 0 ? zero : dim_constant(t, -1);
    DimId high = step > 0 ? size : dim_sub(t, size, one);
    bool ok = step > 0 ? within(call, zero, begin) && within(call, end, high)
                       : within(call, low, end) && within(call, begin, high);
    if (!ok) {
        Diag *d = call_report(call, NNA2010, call_span(call),
                              "%s : %s is outside of dimension %u of %s", dim_text(g, begin),
                              dim_text(g, end), axis, call_operand_text(call, 0));
        call_label_operand(call, d, 0);
        call_emit(call, d);
        return false;
    }
    DimId length = step > 0 ? dim_sub(t, end, begin) : dim_sub(t, begin, end);
    DimId stride = dim_constant(t, step > 0 ? step : -step);
    if (dim_compare(t, length, one) == DIM_LESS) {
        call_emit(call, call_report(call, NNA2009, call_span(call),
                                    "%s : %s takes nothing of dimension %u of %s",
                                    dim_text(g, begin), dim_text(g, end), axis,
                                    call_operand_text(call, 0)));
        return false;
    }
    *out = dim_floor_div(t, dim_add(t, length, dim_sub(t, stride, one)), stride);
    return true;
}

/* An absent list of integers becomes `value` for each dimension. */
static void fill_absent(const OpCall *call, uint32_t attr, uint32_t count, int64_t value) {
    if (call->attrs[attr].kind != ATTR_NONE) return;
    int64_t *list = ARENA_ARRAY(&call->graph->cx->module, int64_t, count);
    for (uint32_t i = 0; i < count; i++) list[i] = value;
    call->attrs[attr] = (Attr){.kind = ATTR_INTEGERS, .count = count, .as.integers = list};
}

static ShapeId shape_slice(const OpCall *call) {
    Shape x = call_shape(call, 0);
    fill_absent(call, 2, x.rank, 1);
    for (uint32_t k = 0; k < 3; k++) {
        if (call->attrs[k].count != x.rank) {
            bad_list(call, k, NNA2006, "needs one number for each dimension");
            return (ShapeId){0};
        }
    }
    DimId dims[MAX_RANK];
    for (uint32_t i = 0; i < x.rank; i++) {
        int64_t step = call->attrs[2].as.integers[i];
        if (step == 0 || step < -INT32_MAX || step > INT32_MAX) {
            bad_list(call, 2, NNA5001, step == 0 ? "is 0" : "is too large");
            return (ShapeId){0};
        }
        if (!slice_dimension(call, i, x.dims[i], &dims[i])) return (ShapeId){0};
    }
    return call_result(call, x.rank, dims);
}

static ShapeId shape_concat(const OpCall *call) {
    Graph *g = call->graph;
    Shape x = call_shape(call, 0);
    uint32_t axis = (uint32_t)call->attrs[0].as.integer;
    if (call->operand_count > NODE_MAX_NESTS) {
        call_emit(call, call_report(call, NNA0002, call_span(call),
                                    "%u operands are concatenated; at most %d are supported",
                                    call->operand_count, NODE_MAX_NESTS));
        return (ShapeId){0};
    }
    DimId dims[MAX_RANK];
    memcpy(dims, x.dims, x.rank * sizeof *dims);
    for (uint32_t i = 1; i < call->operand_count; i++) {
        Shape y = call_shape(call, i);
        if (y.rank != x.rank) {
            Diag *d = call_report(call, NNA2006, call_span(call),
                                  "cannot %s: %u and %u dimensions", attempt_text(call, 0, i),
                                  x.rank, y.rank);
            call_label_operand(call, d, 0);
            call_label_operand(call, d, i);
            call_emit(call, d);
            return (ShapeId){0};
        }
        for (uint32_t k = 0; k < x.rank; k++) {
            if (k == axis) {
                dims[k] = dim_add(g->dims, dims[k], y.dims[k]);
            } else if (!call_unequal(call, 0, i, x.dims[k], y.dims[k])) {
                return (ShapeId){0};
            }
        }
    }
    return call_result(call, x.rank, dims);
}

/* One dimension of a pad: what is around and between the elements. */
static bool pad_dimension(const OpCall *call, uint32_t axis, DimId size, DimId *out) {
    DimTable *t = call->graph->dims;
    DimId zero = dim_constant(t, 0), one = dim_constant(t, 1), around[2];
    for (uint32_t k = 0; k < 2; k++) {
        around[k] = call->attrs[k].as.dims[axis];
        if (!within(call, zero, around[k])) {
            return bad_list(call, k, NNA5001, "must be at least 0");
        }
    }
    int64_t between = call->attrs[3].as.integers[axis];
    if (between < 0) return bad_list(call, 3, NNA5001, "must be at least 0");
    if (between >= INT32_MAX) return bad_list(call, 3, NNA5001, "is too large");
    DimId gaps = dim_mul(t, dim_sub(t, size, one), dim_constant(t, between));
    *out = dim_add(t, dim_add(t, size, gaps), dim_add(t, around[0], around[1]));
    return true;
}

static ShapeId shape_pad(const OpCall *call) {
    Shape x = call_shape(call, 0);
    DimId dims[MAX_RANK];
    fill_absent(call, 3, x.rank, 0);
    if (!dtype_holds(ir_node(call->graph, call->operands[0])->dtype, call->attrs[2].as.real)) {
        bad_list(call, 2, NNA3009, "is no value of the element type");
        return (ShapeId){0};
    }
    static const uint32_t lists[] = {0, 1, 3};
    for (uint32_t k = 0; k < 3; k++) {
        if (call->attrs[lists[k]].count == x.rank) continue;
        bad_list(call, lists[k], NNA2006, "needs one number for each dimension");
        return (ShapeId){0};
    }
    for (uint32_t i = 0; i < x.rank; i++) {
        if (!pad_dimension(call, i, x.dims[i], &dims[i])) return (ShapeId){0};
    }
    return call_result(call, x.rank, dims);
}

/* Indirect moves. */

static ShapeId cannot_gather(const OpCall *call, const char *why) {
    Diag *d = call_report(call, NNA2006, call_span(call), "`%s` of %s and %s: %s",
                          op_info[call->op].spelling, call_operand_text(call, 0),
                          call_operand_text(call, 1), why);
    call_label_operand(call, d, 0);
    call_label_operand(call, d, 1);
    call_emit(call, d);
    return (ShapeId){0};
}

/* Parts of two lists of dimensions, one after the other. */
static ShapeId joined(const OpCall *call, uint32_t a, const DimId *first, uint32_t b,
                      const DimId *second, uint32_t c, const DimId *third) {
    DimId dims[3 * MAX_RANK];
    uint32_t rank = 0;
    for (uint32_t i = 0; i < a; i++) dims[rank++] = first[i];
    for (uint32_t i = 0; i < b; i++) dims[rank++] = second[i];
    for (uint32_t i = 0; i < c; i++) dims[rank++] = third[i];
    if (rank > MAX_RANK) return cannot_gather(call, "the result has too many dimensions");
    return call_result(call, rank, dims);
}

static ShapeId shape_gather(const OpCall *call) {
    Shape x = call_shape(call, 0), index = call_shape(call, 1);
    uint32_t axis = (uint32_t)call->attrs[0].as.integer;
    return joined(call, axis, x.dims, index.rank, index.dims, x.rank - axis - 1,
                  x.dims + axis + 1);
}

static ShapeId shape_take_along(const OpCall *call) {
    Shape x = call_shape(call, 0), index = call_shape(call, 1);
    uint32_t axis = (uint32_t)call->attrs[0].as.integer;
    if (x.rank != index.rank) {
        return cannot_gather(call, "both must have the same number of dimensions");
    }
    for (uint32_t i = 0; i < x.rank; i++) {
        if (i != axis && !call_unequal(call, 0, 1, x.dims[i], index.dims[i])) return (ShapeId){0};
    }
    return ir_node(call->graph, call->operands[1])->shape;
}

static ShapeId shape_gather_nd(const OpCall *call) {
    Shape x = call_shape(call, 0), index = call_shape(call, 1);
    int64_t batch = call->attrs[0].as.integer, depth;
    DimId last = index.rank == 0 ? DIM_UNKNOWN : index.dims[index.rank - 1];
    if (index.rank == 0 || !dim_is_constant(call->graph->dims, last, &depth)) {
        return cannot_gather(call, "the last dimension of the index must be known");
    }
    if (batch >= index.rank || batch > x.rank || depth > x.rank - batch) {
        return cannot_gather(call, "the index has more positions than there are dimensions");
    }
    for (uint32_t i = 0; i < (uint32_t)batch; i++) {
        if (!call_unequal(call, 0, 1, x.dims[i], index.dims[i])) return (ShapeId){0};
    }
    uint32_t kept = (uint32_t)(batch + depth);
    return joined(call, index.rank - 1u, index.dims, x.rank - kept, x.dims + kept, 0, NULL);
}

/* x, where the updates have the shape that the gathering row would give. */
static ShapeId shape_scatter(const OpCall *call, ShapeId gathered) {
    if (gathered.id == 0) return gathered;
    Shape wanted = call->graph->shapes.data[gathered.id], updates = call_shape(call, 2);
    if (wanted.rank != updates.rank) {
        Diag *d = call_report(call, NNA2006, call_span(call),
                              "`%s` takes updates of the shape %s, and %s has %u dimension%s",
                              op_info[call->op].spelling, shape_text(call->graph, gathered),
                              call_operand_text(call, 2), updates.rank,
                              updates.rank == 1 ? "" : "s");
        call_label_operand(call, d, 1);
        call_label_operand(call, d, 2);
        call_emit(call, d);
        return (ShapeId){0};
    }
    for (uint8_t i = 0; i < wanted.rank; i++) {
        if (!call_unequal(call, 1, 2, wanted.dims[i], updates.dims[i])) return (ShapeId){0};
    }
    return ir_node(call->graph, call->operands[0])->shape;
}

static ShapeId shape_move(const OpCall *call) {
    switch ((int)call->op) {
    case OP_RESHAPE: return shape_reshape(call);
    case OP_TRANSPOSE: return shape_transpose(call);
    case OP_EXPAND: return shape_expand(call);
    case OP_SLICE: return shape_slice(call);
    case OP_CONCAT: return shape_concat(call);
    case OP_PAD: return shape_pad(call);
    case OP_GATHER: return shape_gather(call);
    case OP_TAKE_ALONG: return shape_take_along(call);
    case OP_GATHER_ND: return shape_gather_nd(call);
    case OP_SCATTER: return shape_scatter(call, shape_take_along(call));
    case OP_SCATTER_SLICES: return shape_scatter(call, shape_gather(call));
    case OP_SCATTER_ND: return shape_scatter(call, shape_gather_nd(call));
    case OP_FLIP: return ir_node(call->graph, call->operands[0])->shape;
    }
    assert(false && "a MOVE row without a shape rule");
    return (ShapeId){0};
}

ShapeId shape_of_call(OpCall *call) {
    switch (op_info[call->op].form) {
    case FORM_EWISE: return shape_ewise(call);
    case FORM_REDUCE: return shape_reduce(call);
    case FORM_CONTRACT: return shape_contract(call);
    case FORM_MOVE: return shape_move(call);
    case FORM_REGION: return shape_region(call);
    case FORM_LIBRARY:
    case FORM_SPECIAL: return ir_node(call->graph, call->operands[0])->shape;
    case FORM_NONE: break;
    }
    return (ShapeId){0};
}
