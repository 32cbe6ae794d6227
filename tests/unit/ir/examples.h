/* Random nodes of every operator, made by walking its row: what the tests of nests, of the text
 * and of the checks loop over. Dimensions are constants, or variables D1, D2, ... whose value is
 * their number, so that symbolic shapes can be evaluated. */
#ifndef NNA_TESTS_UNIT_IR_EXAMPLES_H
#define NNA_TESTS_UNIT_IR_EXAMPLES_H

#include "ir/build.h"
#include "ir/index_map.h"
#include "ir/shape.h"
#include "tests/random/sizes.h"
#include "tests/unit/support.h"

#include <math.h>
#include <stdio.h>

typedef struct Examples {
    Graph *g;
    uint64_t state;
    uint32_t names;
    bool symbolic; /* whether some dimensions are variables */
    DType type;    /* of operands that may be floats; DTYPE_NONE: by operator */
} Examples;

/* Steele, Lea, Flood: SplitMix64. */
static inline uint64_t example_random(Examples *e, uint64_t below) {
    uint64_t z = e->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

static inline Name example_name(Examples *e, const char *stem, uint64_t number) {
    char text[40];
    snprintf(text, sizeof text, "%s%u", stem, (unsigned)number);
    return names_intern_text(&e->g->cx->names, text);
}

static inline DimId example_dim(Examples *e, int64_t value) {
    if (!e->symbolic || value < 2 || example_random(e, 3) > 0) {
        return dim_constant(e->g->dims, value);
    }
    return dim_variable(e->g->dims, example_name(e, "D", (uint64_t)value), 1, 64);
}

static inline OriginId example_origin(Examples *e) {
    return build_origin(e->g, SPAN_NONE, NAME_NONE, (OriginId){0});
}

static inline Value example_source(Examples *e, DType dtype, uint32_t rank, const DimId *dims) {
    ShapeId shape = build_shape(e->g, SPAN_NONE, rank, dims);
    OriginId origin = example_origin(e);
    Name name = example_name(e, e->names % 3 == 0 ? "weird path." : "x", e->names);
    e->names++;
    if (e->names % 2 == 0) {
        Init init = {INIT_UNIFORM, -0.1, 0.25, -1e-45, 3};
        return build_parameter(e->g, e->names % 4 == 0, name, SPAN_NONE, dtype, shape,
                               (ContractId){0}, init, origin);
    }
    Contract c = {.kind = CONTRACT_INTERVAL, .low = -0.1, .high = 1, .open_high = true};
    return build_input(e->g, name, SPAN_NONE, dtype, shape, build_contract(e->g, c), origin);
}

static inline DType example_type(Examples *e, Op op, uint32_t operand) {
    static const DType floats[] = {DTYPE_F16, DTYPE_BF16, DTYPE_F32, DTYPE_F64};
    static const DType numbers[] = {DTYPE_F32, DTYPE_I64, DTYPE_U8};
    static const DType any[] = {DTYPE_F32, DTYPE_I32, DTYPE_BOOL};
    uint32_t pick = (uint32_t)op; /* the same for all operands of a node */
    TypeRule rule = op_info[op].type;
    bool indirect = rule == TYPE_GATHER || rule == TYPE_SCATTER;
    bool free = rule == TYPE_SELECT ? operand > 0 : rule != TYPE_BOOL && rule != TYPE_INDEX;
    if (indirect) free = operand != OP_INDEX_OPERAND;
    if (e->type != DTYPE_NONE && free) return e->type;
    switch (op_info[op].type) {
    case TYPE_FLOAT:
    case TYPE_TEST: return floats[pick % 4];
    case TYPE_NUMBER: return numbers[pick % 3];
    case TYPE_BOOL: return DTYPE_BOOL;
    case TYPE_INDEX: return DTYPE_I64;
    case TYPE_SELECT: return operand == 0 ? DTYPE_BOOL : any[pick % 3];
    case TYPE_SCATTER:
        if (operand != 1) return numbers[pick % 3];
        return pick % 2 == 0 ? DTYPE_I64 : DTYPE_U8;
    case TYPE_GATHER: return operand == 0 ? any[pick % 3] : pick % 2 == 0 ? DTYPE_I64 : DTYPE_U8;
    case TYPE_ANY:
    case TYPE_COMPARE:
    case TYPE_CAST:
    case TYPE_ORDER:
    case TYPE_SOURCE: return any[pick % 3];
    }
    return DTYPE_F32;
}

static inline Attr example_integers(Examples *e, uint32_t count, int64_t low, uint64_t width) {
    int64_t values[2 * MAX_RANK];
    for (uint32_t i = 0; i < count; i++) values[i] = low + (int64_t)example_random(e, width);
    return attr_integers(e->g, count, values);
}

/* Attributes that do not depend on the shapes. */
static inline void example_attrs(Examples *e, Op op, uint32_t spatial, Attr *attrs) {
    static const char *const paddings[] = {"valid", "same", "same_lower"};
    for (uint32_t i = 0; i < op_info[op].attr_count; i++) {
        const AttrInfo *row = &op_info[op].attrs[i];
        bool given = row->required || example_random(e, 2) == 0;
        attrs[i] = attr_none();
        if (!given) continue;
        if (row->kind == ATTR_REAL) attrs[i] = attr_real(0.1);
        if (row->kind == ATTR_BOOLEAN) attrs[i] = attr_boolean(example_random(e, 2) == 0);
        if (row->kind == ATTR_DTYPE) {
            attrs[i] = attr_dtype(e->type != DTYPE_NONE ? e->type : DTYPE_I16);
        }
        if (row->kind == ATTR_WORD) {
            attrs[i] = (Attr){.kind = ATTR_WORD, .as.integer = (int64_t)example_random(e, 2)};
        }
        if (row->kind == ATTR_WINDOW) {
            attrs[i] = example_integers(e, example_random(e, 2) == 0 ? 1 : spatial, 1, 3);
        }
        if (row->kind == ATTR_PADDING) {
            uint64_t pick = example_random(e, 6);
            attrs[i] = pick < 3 ? attr_name(names_intern_text(&e->g->cx->names, paddings[pick]))
                                : example_integers(e, pick == 3 ? 1 : 2 * spatial, 0, 3);
        }
    }
}

static inline Value example_ewise(Examples *e, Op op) {
    int64_t extent[MAX_RANK];
    uint32_t rank = (uint32_t)example_random(e, 4);
    bool same = example_random(e, 3) == 0;
    DimId dims[MAX_RANK];
    Value operands[OP_MAX_INPUTS];
    Attr attrs[OP_MAX_ATTRS];
    for (uint32_t i = 0; i < rank; i++) {
        extent[i] = 1 + (int64_t)example_random(e, 4);
        dims[i] = example_dim(e, extent[i]);
    }
    for (uint32_t k = 0; k < op_info[op].input_count; k++) {
        uint32_t from = same ? 0 : (uint32_t)example_random(e, rank + 1);
        for (uint32_t i = from; i < rank && !same; i++) {
            dims[i] = example_dim(e, example_random(e, 3) == 0 ? 1 : extent[i]);
        }
        operands[k] = example_source(e, example_type(e, op, k), rank - from, dims + from);
    }
    example_attrs(e, op, 0, attrs);
    int shape = op_attr(op, "shape");
    if (shape >= 0) attrs[shape] = attr_dims(e->g, rank, dims);
    return build_op(e->g, op, op_info[op].input_count, operands, attrs, example_origin(e), NULL);
}

static inline Value example_any(Examples *e, Op op, uint32_t least, uint32_t *rank) {
    DimId dims[MAX_RANK];
    *rank = least + (uint32_t)example_random(e, 3);
    for (uint32_t i = 0; i < *rank; i++) {
        dims[i] = example_dim(e, 1 + (int64_t)example_random(e, 4));
    }
    return example_source(e, example_type(e, op, 0), *rank, dims);
}

static inline Value example_reduce(Examples *e, Op op) {
    uint32_t rank, count = 0;
    Value x = example_any(e, op, 0, &rank);
    Attr attrs[OP_MAX_ATTRS];
    int64_t axes[MAX_RANK];
    example_attrs(e, op, 0, attrs);
    for (uint32_t i = 0; i < rank; i++) {
        if (example_random(e, 2) == 0) axes[count++] = (int64_t)i - (i % 2 == 0 ? rank : 0);
    }
    if (count > 0) attrs[op_attr(op, "axis")] = attr_integers(e->g, count, axes);
    return build_op(e->g, op, 1, &x, attrs, example_origin(e), NULL);
}

static inline Attr example_window(Examples *e, uint32_t spatial, int64_t window) {
    DimId dims[MAX_RANK];
    for (uint32_t i = 0; i < spatial; i++) dims[i] = example_dim(e, window);
    return attr_dims(e->g, spatial, dims);
}

/* How many windows there are over the operand that is slid over: those of a pool with the same
 * attributes. False where they do not fit. */
static inline bool example_windows(Examples *e, Op op, const Value *operands, const Attr *attrs,
                                   bool last, DimId *out) {
    Value x = VALUE_NONE;
    Attr given[OP_MAX_ATTRS] = {{0}};
    for (uint32_t k = 0; k < OP_MAX_INPUTS && ir_is_poison(x); k++) x = operands[k];
    for (uint32_t i = 0; i < op_info[OP_SUM_POOL].attr_count; i++) {
        int at = op_attr(op, op_info[OP_SUM_POOL].attrs[i].name);
        if (at >= 0) given[i] = attrs[at];
    }
    int window = op_attr(op, "window");
    if (window >= 0) {
        int64_t sizes[MAX_RANK];
        uint32_t count = attrs[window].count;
        for (uint32_t i = 0; i < count; i++) {
            if (!dim_is_constant(e->g->dims, attrs[window].as.dims[i], &sizes[i])) {
                return false; /* a pool has windows that are known */
            }
        }
        given[op_attr(OP_SUM_POOL, "kernel")] = attr_integers(e->g, count, sizes);
        if (attrs[op_attr(op, "stride")].kind == ATTR_NONE) {
            given[op_attr(OP_SUM_POOL, "stride")] = attr_integer(1);
        }
    }
    Value pool = build_op(e->g, OP_SUM_POOL, 1, &x, given, example_origin(e), NULL);
    Shape shape = ir_shape(e->g, pool);
    uint32_t first = last ? 1 : 2;
    for (uint32_t i = 0; i + 2 < shape.rank; i++) out[i] = shape.dims[first + i];
    return !ir_is_poison(pool);
}

static inline Value example_contract(Examples *e, Op op) {
    Attr attrs[OP_MAX_ATTRS];
    uint32_t spatial = 1 + (uint32_t)example_random(e, 2);
    int64_t letters[26], window = 1 + (int64_t)example_random(e, 3);
    example_attrs(e, op, spatial, attrs);
    for (int i = 0; i < 26; i++) letters[i] = 1 + (int64_t)example_random(e, 3);
    bool groups = op_attr(op, "groups") >= 0, symbolic = e->symbolic;
    if (groups) attrs[op_attr(op, "groups")] = attr_integer(letters['g' - 'a']);
    if (groups && letters['g' - 'a'] > 1) e->symbolic = false; /* refused */
    int layout = op_attr(op, "layout");
    bool last = layout >= 0 && attrs[layout].kind != ATTR_NONE && attrs[layout].as.integer == 1;
    IndexMap map = index_map_read(index_map_text(op, last));
    Value operands[OP_MAX_INPUTS] = {{0}};
    DimId out[MAX_RANK];
    int size = op_attr(op, "window");
    if (size >= 0) attrs[size] = example_window(e, spatial, window);
    for (uint32_t n = 0; n < 2 * map.operand_count; n++) { /* what is slid over comes first */
        uint32_t k = n % map.operand_count;
        bool late = false;
        for (uint32_t i = 0; i < map.operands[k].count; i++) {
            late = late || map.operands[k].dims[i].kind == MAP_OUT;
        }
        if (late != (n >= map.operand_count)) continue;
        if (late && !example_windows(e, op, operands, attrs, last, out)) return VALUE_NONE;
        DimId dims[2 * MAX_RANK];
        uint32_t rank = 0;
        for (uint32_t i = 0; i < map.operands[k].count; i++) {
            MapDim d = map.operands[k].dims[i];
            bool first = d.kind == MAP_LETTER || d.kind == MAP_PAIR;
            int64_t a = first ? letters[d.first - 'a'] : 0;
            if (d.kind == MAP_LETTER) dims[rank++] = example_dim(e, a);
            if (d.kind == MAP_PAIR) dims[rank++] = example_dim(e, a * letters[d.second - 'a']);
            for (uint64_t m = example_random(e, 3); d.kind == MAP_BATCH && m > 0; m--) {
                dims[rank++] = example_dim(e, m == 1 && k == 0 ? 1 : 3);
            }
            for (uint32_t m = 0; m < spatial && d.kind >= MAP_OUT; m++) {
                dims[rank++] = d.kind == MAP_OUT ? out[m]
                             : example_dim(e, d.kind == MAP_IN ? 7 + (int64_t)m : window);
            }
        }
        operands[k] = example_source(e, example_type(e, op, k), rank, dims);
    }
    e->symbolic = symbolic;
    return build_op(e->g, op, map.operand_count, operands, attrs, example_origin(e), NULL);
}

static inline Value example_slice(Examples *e, Op op) {
    DimId dims[3], begin[3], end[3];
    int64_t step[3];
    for (uint32_t i = 0; i < 3; i++) {
        int64_t extent = 2 + (int64_t)example_random(e, 5);
        int64_t from = (int64_t)example_random(e, (uint64_t)extent - 1);
        int64_t to = from + 1 + (int64_t)example_random(e, (uint64_t)(extent - from));
        bool back = example_random(e, 2) == 0;
        step[i] = (1 + (int64_t)example_random(e, 3)) * (back ? -1 : 1);
        dims[i] = example_dim(e, extent);
        begin[i] = example_dim(e, back ? to - 1 : from);
        end[i] = dim_constant(e->g->dims, back ? from - 1 : to);
    }
    Value x = example_source(e, example_type(e, op, 0), 3, dims);
    Attr attrs[] = {attr_dims(e->g, 3, begin), attr_dims(e->g, 3, end),
                    attr_integers(e->g, 3, step)};
    return build_op(e->g, op, 1, &x, attrs, example_origin(e), NULL);
}

static inline Value example_concat(Examples *e, Op op) {
    DimId dims[3];
    Value operands[3];
    uint32_t count = 1 + (uint32_t)example_random(e, 3), axis = (uint32_t)example_random(e, 3);
    for (uint32_t i = 0; i < 3; i++) dims[i] = example_dim(e, 1 + (int64_t)example_random(e, 3));
    for (uint32_t k = 0; k < count; k++) {
        dims[axis] = example_dim(e, 1 + (int64_t)example_random(e, 4));
        operands[k] = example_source(e, example_type(e, op, 0), 3, dims);
    }
    Attr attrs[] = {attr_integer((int64_t)axis - 3)};
    return build_op(e->g, op, count, operands, attrs, example_origin(e), NULL);
}

/* Whether a gathering row, or the scattering one that is its transpose. */
static inline bool example_is(Op op, Op gather, Op scatter) {
    return op == gather || op == scatter;
}

/* Positions are held in their dimension, so that any numbers will do. */
static inline Value example_indirect(Examples *e, Op op) {
    uint32_t rank = 1 + (uint32_t)example_random(e, 3), count = 0;
    uint32_t axis = (uint32_t)example_random(e, rank);
    DimId dims[MAX_RANK], index[MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) dims[i] = example_dim(e, 1 + (int64_t)example_random(e, 3));
    Attr attrs[] = {attr_integer((int64_t)axis), {.kind = ATTR_WORD}};
    Op gather = OP_GATHER;
    if (example_is(op, OP_GATHER, OP_SCATTER_SLICES)) {
        for (uint64_t i = example_random(e, 3); i > 0; i--) index[count++] = example_dim(e, 2);
    } else if (example_is(op, OP_TAKE_ALONG, OP_SCATTER)) {
        gather = OP_TAKE_ALONG;
        for (; count < rank; count++) index[count] = dims[count];
        index[axis] = example_dim(e, 2 + (int64_t)example_random(e, 3));
    } else {
        cr_assert(example_is(op, OP_GATHER_ND, OP_SCATTER_ND), "no example for %s",
                  op_info[op].spelling);
        gather = OP_GATHER_ND;
        for (; count < axis; count++) index[count] = dims[count];
        index[count++] = example_dim(e, 2);
        index[count++] = dim_constant(e->g->dims, 1 + (int64_t)example_random(e, rank - axis));
    }
    Value operands[3] = {example_source(e, example_type(e, op, 0), rank, dims),
                         example_source(e, example_type(e, op, 1), count, index)};
    if (op == gather) return build_op(e->g, op, 2, operands, attrs, example_origin(e), NULL);
    attrs[1].as.integer = (int64_t)example_random(e, 5);
    Value gathered = build_op(e->g, gather, 2, operands, attrs, example_origin(e), NULL);
    if (ir_is_poison(gathered)) return gathered;
    Shape shape = ir_shape(e->g, gathered);
    operands[2] = example_source(e, example_type(e, op, 2), shape.rank, shape.dims);
    return build_op(e->g, op, 3, operands, attrs, example_origin(e), NULL);
}

static inline Value example_move(Examples *e, Op op) {
    if (op == OP_SLICE) return example_slice(e, op);
    if (op_info[op].type == TYPE_GATHER || op_info[op].type == TYPE_SCATTER) {
        return example_indirect(e, op);
    }
    if (op == OP_CONCAT) return example_concat(e, op);
    uint32_t rank;
    Value x = example_any(e, op, 1, &rank);
    Shape shape = ir_shape(e->g, x);
    Attr attrs[OP_MAX_ATTRS] = {{.kind = ATTR_NONE}};
    DimId dims[MAX_RANK], more[MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) dims[i] = shape.dims[i];
    if (op == OP_RESHAPE) {
        dims[0] = dim_constant(e->g->dims, -1);
        attrs[0] = attr_dims(e->g, (uint32_t)(1 + example_random(e, rank)), dims);
        if (attrs[0].count < rank && rank > 1) attrs[0].count = 1;
    } else if (op == OP_EXPAND) {
        for (uint32_t i = 0; i < rank; i++) more[i + 1] = dims[i];
        more[0] = example_dim(e, 3);
        attrs[0] = attr_dims(e->g, rank + 1, more);
    } else if (op == OP_PAD) {
        for (uint32_t i = 0; i < rank; i++) dims[i] = example_dim(e, (int64_t)example_random(e, 3));
        for (uint32_t i = 0; i < rank; i++) more[i] = example_dim(e, (int64_t)example_random(e, 3));
        attrs[0] = attr_dims(e->g, rank, dims);
        attrs[1] = attr_dims(e->g, rank, more);
        attrs[2] = attr_integer(1);
        if (example_random(e, 2) == 0) attrs[3] = example_integers(e, rank, 0, 3);
    } else if (op == OP_FLIP) {
        int64_t axis = (int64_t)example_random(e, rank);
        if (example_random(e, 3) > 0) attrs[0] = attr_integers(e->g, 1, &axis);
    } else {
        cr_assert_eq(op, OP_TRANSPOSE, "no example for %s", op_info[op].spelling);
        int64_t perm[MAX_RANK];
        uint32_t turn = (uint32_t)example_random(e, rank);
        for (uint32_t i = 0; i < rank; i++) perm[i] = (i + turn) % rank;
        if (turn > 0) attrs[0] = attr_integers(e->g, rank, perm);
    }
    return build_op(e->g, op, 1, &x, attrs, example_origin(e), NULL);
}

static inline Value example_special(Examples *e, Op op) {
    const double set[] = {-1, 0.1, 3};
    const Contract contracts[] = {
        {.kind = CONTRACT_FINITE},
        {.kind = CONTRACT_ANY},
        {.kind = CONTRACT_INTERVAL, .low = -INFINITY, .high = 0.3, .open_low = true},
        {.kind = CONTRACT_SET, .value_count = 3, .values = set},
        {.kind = CONTRACT_SIMPLEX, .axis = 0},
        {.kind = CONTRACT_ONEHOT, .axis = 0},
    };
    uint32_t rank;
    if (op_info[op].type == TYPE_SOURCE) return example_any(e, op, 0, &rank);
    Value x = example_any(e, op, 1, &rank);
    Attr attrs[] = {attr_contract(build_contract(e->g, contracts[example_random(e, 6)])),
                    attr_name(names_intern_text(&e->g->cx->names, "why `it`\nholds"))};
    return build_op(e->g, op, 1, &x, attrs, example_origin(e), NULL);
}

static inline Value example_library(Examples *e, Op op) {
    uint32_t rank;
    Value x = example_any(e, op, 1, &rank);
    Attr attrs[] = {attr_integer((int64_t)example_random(e, rank)),
                    attr_boolean(example_random(e, 2) == 0)};
    return build_op(e->g, op, 1, &x, attrs, example_origin(e), NULL);
}

/* A region of one carry, one item and one stack, that at times has another inside, which scans the
 * same tensor; the node of `op` in it. */
static inline Value example_region(Examples *e, Op op) {
    DimId dims[MAX_RANK];
    uint32_t rank = 1 + (uint32_t)example_random(e, 3), axis = (uint32_t)example_random(e, rank);
    for (uint32_t i = 0; i < rank; i++) dims[i] = example_dim(e, 1 + (int64_t)example_random(e, 4));
    Value x = example_source(e, example_type(e, op, 0), rank, dims);
    DimId trips = dims[axis];
    for (uint32_t i = axis; i + 1 < rank; i++) dims[i] = dims[i + 1];
    Value init = example_source(e, example_type(e, op, 0), rank - 1, dims);
    Value step[2], carry[2], item[2], final[2], stack[2];
    uint32_t depth = 1 + (uint32_t)example_random(e, 2);
    Attr along[] = {attr_integer(axis)}, count[] = {attr_dims(e->g, 1, &trips)};
    for (uint32_t i = 0; i < depth; i++) {
        OriginId origin = example_origin(e);
        step[i] = build_op(e->g, OP_SCAN_STEP, 0, NULL, count, origin, NULL);
        carry[i] = build_op(e->g, OP_SCAN_CARRY, 1, i == 0 ? &init : carry, NULL, origin, NULL);
        item[i] = build_op(e->g, OP_SCAN_ITEM, 2, (Value[]){x, step[i]}, along, origin, NULL);
    }
    for (uint32_t i = depth; i-- > 0;) {
        OriginId origin = example_origin(e);
        Value next = i + 1 < depth ? final[i + 1] : item[i];
        final[i] = build_op(e->g, OP_SCAN_FINAL, 2, (Value[]){next, carry[i]}, NULL, origin, NULL);
        stack[i] = build_op(e->g, OP_SCAN_STACK, 2, (Value[]){carry[i], step[i]}, along, origin,
                            NULL);
        build_region_end(e->g, step[i]);
    }
    switch ((int)op) {
    case OP_SCAN_STEP: return step[0];
    case OP_SCAN_CARRY: return carry[0];
    case OP_SCAN_ITEM: return item[0];
    case OP_SCAN_FINAL: return final[0];
    }
    cr_assert_eq(op, OP_SCAN_STACK, "no example for %s", op_info[op].spelling);
    return stack[0];
}

/* A node of the operator; VALUE_NONE where what was drawn is refused (a window too large). */
static inline Value example_make(Examples *e, Op op) {
    switch (op_info[op].form) {
    case FORM_EWISE: return example_ewise(e, op);
    case FORM_REDUCE: return example_reduce(e, op);
    case FORM_CONTRACT: return example_contract(e, op);
    case FORM_MOVE: return example_move(e, op);
    case FORM_REGION: return example_region(e, op);
    case FORM_LIBRARY: return example_library(e, op);
    case FORM_SPECIAL: return example_special(e, op);
    case FORM_NONE: break;
    }
    return VALUE_NONE;
}

#endif
