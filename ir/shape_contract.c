/* Shapes of contractions: letters of the index map are unified over the operands, windows slide
 * over the spatial dimensions. One mechanism for products, convolutions and pools. */
#include "ir/index_map.h"
#include "ir/shape_rules.h"

#include <assert.h>
#include <inttypes.h>

enum { PADDING_VALID = 0, PADDING_SAME = 1, PADDING_SAME_LOWER = 2 };

static IndexMap call_map(const OpCall *call) {
    const Attr *layout = call_attr(call, "layout");
    bool last = layout != NULL && layout->kind == ATTR_WORD && layout->as.integer == 1;
    return index_map_read(index_map_text(call->op, last));
}

static bool wrong_rank(const OpCall *call, uint32_t operand, uint32_t wanted, const char *bound) {
    Diag *d = call_report(call, NNA2006, call_operand_span(call, operand),
                          "`%s` takes %s of %s%u dimensions; %s has %u",
                          op_info[call->op].spelling, op_info[call->op].inputs[operand], bound,
                          wanted, call_operand_text(call, operand),
                          call_shape(call, operand).rank);
    call_label_operand(call, d, operand);
    call_emit(call, d);
    return false;
}

bool call_spatial(const OpCall *call, uint32_t *spatial) {
    *spatial = 0;
    if (op_info[call->op].form != FORM_CONTRACT) return true;
    /* Both layouts have the same number of dimensions. */
    IndexMap map = index_map_read(op_info[call->op].maps[0]);
    if (!map.operands[0].spatial) return true;
    uint32_t rank = call_shape(call, 0).rank, fixed = map.operands[0].fixed;
    if (rank <= fixed) return wrong_rank(call, 0, fixed + 1, "at least ");
    *spatial = rank - fixed;
    return true;
}

static bool check_ranks(const Contraction *c) {
    for (uint32_t i = 0; i < c->map.operand_count; i++) {
        const MapSide *side = &c->map.operands[i];
        uint32_t rank = call_shape(c->call, i).rank;
        uint32_t wanted = side->fixed + (side->spatial ? c->spatial : 0);
        if (side->batch ? rank < wanted : rank != wanted) {
            return wrong_rank(c->call, i, wanted, side->batch ? "at least " : "");
        }
    }
    return true;
}

/* A dimension that a letter stands for. */
static bool unify(Contraction *c, char letter, DimId dim, uint32_t operand) {
    uint32_t k = (uint32_t)(letter - 'a');
    if (c->letters[k].id == 0) {
        c->letters[k] = dim;
        c->from[k] = operand;
        return true;
    }
    return call_unequal(c->call, c->from[k], operand, c->letters[k], dim);
}

/* Two letters in one dimension: the extent of the first is known (groups). */
static bool unify_pair(Contraction *c, MapDim pair, DimId dim, uint32_t operand) {
    const OpCall *call = c->call;
    const Graph *g = call->graph;
    DimId groups = c->letters[pair.first - 'a'], quotient;
    assert(groups.id != 0);
    int64_t count, each;
    DimDivision division = dim_exact_div(g->dims, dim, groups, &quotient);
    if (division == DIM_INEXACT) {
        Diag *d = call_report(call, NNA2001, call_span(call),
                              "%s groups do not divide the %s channels of %s",
                              dim_text(g, groups), dim_text(g, dim),
                              call_operand_text(call, operand));
        call_label_operand(call, d, operand);
        call_emit(call, d);
        return false;
    }
    if (division == DIM_UNCERTAIN) {
        call_rule_equal(call, dim_mul(g->dims, groups, quotient), dim);
    }
    bool single = dim_is_constant(g->dims, groups, &count) && count == 1;
    if (!single && !dim_is_constant(g->dims, quotient, &each)) {
        call_emit(call, call_report(call, NNA0004, call_span(call),
                                    "not supported by this version: groups over a symbolic "
                                    "number of channels, %s", dim_text(g, dim)));
        return false;
    }
    return unify(c, pair.second, quotient, operand);
}

static bool read_operand(Contraction *c, uint32_t operand) {
    Shape shape = call_shape(c->call, operand);
    const MapSide *side = &c->map.operands[operand];
    uint32_t at = 0;
    for (uint32_t i = 0; i < side->count; i++) {
        MapDim dim = side->dims[i];
        switch (dim.kind) {
        case MAP_LETTER:
            if (!unify(c, dim.first, shape.dims[at++], operand)) return false;
            break;
        case MAP_PAIR:
            if (!unify_pair(c, dim, shape.dims[at++], operand)) return false;
            break;
        case MAP_BATCH: at += shape.rank - side->fixed; break;
        case MAP_IN:
            c->in_first = at;
            for (uint32_t k = 0; k < c->spatial; k++) c->in[k] = shape.dims[at++];
            break;
        case MAP_WINDOW:
            for (uint32_t k = 0; k < c->spatial; k++) c->window[k] = shape.dims[at++];
            break;
        case MAP_OUT:
            c->out_from = operand;
            for (uint32_t k = 0; k < c->spatial; k++) c->out_given[k] = shape.dims[at++];
            break;
        }
    }
    return true;
}

/* Windows. */

static DimId ceil_div(DimTable *t, DimId a, DimId b) {
    return dim_floor_div(t, dim_add(t, a, dim_sub(t, b, dim_constant(t, 1))), b);
}

/* Padding with which ceil(in / stride) windows fit. */
static DimId same_padding(DimTable *t, DimId in, DimId stride, DimId extent) {
    DimId one = dim_constant(t, 1);
    DimId last = dim_mul(t, dim_sub(t, ceil_div(t, in, stride), one), stride);
    DimId total = dim_sub(t, dim_add(t, last, extent), in);
    /* in - last <= stride, so that it is not negative unless windows leave gaps. */
    return dim_at_most(t, stride, extent) ? total : dim_maximum(t, total, dim_constant(t, 0));
}

/* dilation * (window - 1) + 1. */
static DimId window_extent(const Contraction *c, uint32_t axis) {
    DimTable *t = c->call->graph->dims;
    DimId one = dim_constant(t, 1);
    DimId dilation = dim_constant(t, call_attr(c->call, "dilation")->as.integers[axis]);
    return dim_add(t, dim_mul(t, dilation, dim_sub(t, c->window[axis], one)), one);
}

static DimId window_stride(const Contraction *c, uint32_t axis) {
    return dim_constant(c->call->graph->dims, call_attr(c->call, "stride")->as.integers[axis]);
}

/* Replaces a padding word by its list. */
static void resolve_padding(Contraction *c) {
    Graph *g = c->call->graph;
    DimTable *t = g->dims;
    Attr *padding = &c->call->attrs[op_attr(c->call->op, "padding")];
    if (padding->kind != ATTR_WORD) return;
    int64_t word = padding->as.integer;
    DimId *list = ARENA_ARRAY(&g->cx->module, DimId, 2 * (size_t)c->spatial);
    for (uint32_t i = 0; i < c->spatial; i++) {
        DimId total = dim_constant(t, 0);
        if (word != PADDING_VALID) {
            total = same_padding(t, c->in[i], window_stride(c, i), window_extent(c, i));
        }
        DimId less = dim_floor_div(t, total, dim_constant(t, 2)), more = dim_sub(t, total, less);
        list[i] = word == PADDING_SAME_LOWER ? more : less;
        list[c->spatial + i] = word == PADDING_SAME_LOWER ? less : more;
    }
    *padding = (Attr){.kind = ATTR_PADDING, .count = 2 * c->spatial, .as.dims = list};
}

/* Warns where rows at the end, not of padding, are in no window although windows overlap or
 * touch. */
static void report_uncovered(const Contraction *c, uint32_t axis, DimId room, DimId end) {
    const OpCall *call = c->call;
    const Graph *g = call->graph;
    int64_t rows, behind, stride = call_attr(call, "stride")->as.integers[axis];
    if (call->silent) return;
    if (!dim_is_constant(g->dims, room, &rows) || !dim_is_constant(g->dims, end, &behind) ||
        dim_compare(g->dims, window_extent(c, axis), window_stride(c, axis)) == DIM_LESS) {
        return;
    }
    int64_t left = rows % stride - behind;
    if (left <= 0) return;
    Diag *d = call_report(call, NNA2005, call_span(call),
                          "windows of %s with stride %" PRId64 " leave the last %" PRId64
                          " of dimension %u of %s uncovered",
                          dim_text(g, c->window[axis]), stride, left, c->in_first + axis,
                          call_operand_text(call, 0));
    call_label_operand(call, d, 0);
    call_emit(call, d);
}

static bool slide(Contraction *c, uint32_t axis) {
    const OpCall *call = c->call;
    const Graph *g = call->graph;
    DimTable *t = g->dims;
    const DimId *padding = call_attr(call, "padding")->as.dims;
    const Attr *ceil_mode = call_attr(call, "ceil_mode");
    DimId begin = padding[axis], end = padding[c->spatial + axis];
    DimId stride = window_stride(c, axis), extent = window_extent(c, axis);
    DimId before_end = dim_add(t, c->in[axis], begin), around = dim_add(t, begin, end);
    DimId room = dim_sub(t, dim_add(t, before_end, end), extent);
    if (dim_compare(t, room, dim_constant(t, 0)) == DIM_LESS) {
        Diag *d = call_report(call, NNA2009, call_span(call),
                              "a window over %s does not fit into the %s of dimension %u of %s, "
                              "padding included", dim_text(g, extent),
                              dim_text(g, dim_add(t, room, extent)), c->in_first + axis,
                              call_operand_text(call, 0));
        call_label_operand(call, d, 0);
        call_emit(call, d);
        return false;
    }
    if (ceil_mode != NULL && ceil_mode->as.integer != 0) {
        /* As ONNX has it: the last window may hang over the padding, or lie in it altogether. */
        c->out[axis] = dim_add(t, ceil_div(t, room, stride), dim_constant(t, 1));
    } else if (dim_is(around, same_padding(t, c->in[axis], stride, extent))) {
        c->out[axis] = ceil_div(t, c->in[axis], stride);
    } else {
        c->out[axis] = dim_add(t, dim_floor_div(t, room, stride), dim_constant(t, 1));
        report_uncovered(c, axis, room, end);
    }
    DimId given = c->out_given[axis];
    return given.id == 0 || call_unequal(call, c->out_from, c->out_from, given, c->out[axis]);
}

static ShapeId result_shape(const Contraction *c) {
    DimTable *t = c->call->graph->dims;
    DimId dims[MAX_RANK];
    uint32_t rank = 0;
    for (uint32_t i = 0; i < c->map.result.count; i++) {
        MapDim dim = c->map.result.dims[i];
        switch (dim.kind) {
        case MAP_LETTER: dims[rank++] = c->letters[dim.first - 'a']; break;
        case MAP_PAIR:
            dims[rank++] = dim_mul(t, c->letters[dim.first - 'a'], c->letters[dim.second - 'a']);
            break;
        case MAP_BATCH:
            for (uint32_t k = 0; k < c->batch_rank; k++) dims[rank++] = c->batch[k];
            break;
        case MAP_OUT:
            for (uint32_t k = 0; k < c->spatial; k++) dims[rank++] = c->out[k];
            break;
        case MAP_WINDOW:
            for (uint32_t k = 0; k < c->spatial; k++) dims[rank++] = c->window[k];
            break;
        case MAP_IN: break; /* never: two windows would write to one place */
        }
    }
    return call_result(c->call, rank, dims);
}

static bool wrong_window(const OpCall *call, uint32_t spatial) {
    int at = op_attr(call->op, "window");
    call_emit(call, call_report(call, NNA2006, call_attr_span(call, (uint32_t)at),
                                "`window` of `%s` needs one dimension for each of %u spatial ones",
                                op_info[call->op].spelling, spatial));
    return false;
}

bool contraction_make(OpCall *call, Contraction *c) {
    *c = (Contraction){.call = call, .map = call_map(call)};
    DimTable *t = call->graph->dims;
    if (!call_spatial(call, &c->spatial) || !check_ranks(c)) return false;
    const Attr *groups = call_attr(call, "groups"), *kernel = call_attr(call, "kernel");
    const Attr *window = call_attr(call, "window");
    if (window != NULL && window->count != c->spatial) return wrong_window(call, c->spatial);
    if (groups != NULL) c->letters['g' - 'a'] = dim_constant(t, groups->as.integer);
    for (uint32_t i = 0; kernel != NULL && i < c->spatial; i++) {
        c->window[i] = dim_constant(t, kernel->as.integers[i]);
    }
    for (uint32_t i = 0; window != NULL && i < c->spatial; i++) c->window[i] = window->as.dims[i];
    for (uint32_t i = 0; i < c->map.operand_count; i++) {
        if (!read_operand(c, i)) return false;
    }
    if (c->map.result.batch &&
        !call_broadcast(call, c->map.operands[0].fixed, &c->batch_rank, c->batch)) {
        return false;
    }
    if (c->spatial > 0) resolve_padding(c);
    for (uint32_t i = 0; i < c->spatial; i++) {
        if (!slide(c, i)) return false;
    }
    return true;
}

ShapeId shape_contract(OpCall *call) {
    Contraction c;
    return contraction_make(call, &c) ? result_shape(&c) : (ShapeId){0};
}
