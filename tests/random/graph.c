/* Random graphs: see graph.h. Rows are walked, so that a new operator is drawn at once. */
#include "tests/random/graph.h"

#include <math.h>
#include <stdio.h>

enum { MAX_POOL = 64 };

typedef struct Draw {
    Graph *g;
    Bytes *bytes;
    OriginId origin;
    Value pool[MAX_POOL];
    uint32_t count, names, loops;
} Draw;

uint32_t bytes_below(Bytes *b, uint32_t bound) {
    uint32_t word = 0;
    int wanted = bound > 256 ? 2 : 1;
    if (bound <= 1) return 0;
    for (int i = 0; i < wanted && b->left > 0; i++, b->left--) word = word << 8 | *b->at++;
    if (b->left > 0 || b->state == 0) return word % bound;
    uint64_t z = b->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % bound);
}

static uint32_t draw(Draw *d, uint32_t bound) {
    return bytes_below(d->bytes, bound);
}

static Name drawn_name(Draw *d, const char *stem, uint32_t number) {
    char text[40];
    snprintf(text, sizeof text, "%s%u", stem, (unsigned)number);
    return names_intern_text(&d->g->cx->names, text);
}

static DimId drawn_dim(Draw *d) {
    uint32_t size = 1 + draw(d, 4);
    if (size < 2 || draw(d, 4) > 0) return dim_constant(d->g->dims, size);
    return dim_variable(d->g->dims, drawn_name(d, "D", size), 1, 64);
}

/* Sources. */

static const DType types[] = {DTYPE_F32, DTYPE_F32, DTYPE_F32, DTYPE_F16,  DTYPE_BF16, DTYPE_F64,
                              DTYPE_I64, DTYPE_I32, DTYPE_U8,  DTYPE_BOOL};

static double drawn_number(Draw *d) {
    static const double numbers[] = {0,    1,     -1,    0.1,   2,     -0.5,    3,      10,
                                     1e-7, 88.73, 1e-40, 1e30,  65504, 3.4e38,  -1e-20, 16.7,
                                     -104, 709.8, 255,   1e-10, 0.5,   1e6,     -100,   5};
    return numbers[draw(d, sizeof numbers / sizeof *numbers)];
}

static Contract drawn_contract(Draw *d, DType dtype, uint32_t rank) {
    Contract c = {.kind = (ContractKind)draw(d, CONTRACT_ONEHOT + 1)};
    double a = drawn_number(d), b = drawn_number(d);
    c.low = fmin(a, b);
    c.high = fmax(a, b);
    if (c.kind == CONTRACT_SET) c.kind = CONTRACT_INTERVAL;
    if (c.kind == CONTRACT_SIMPLEX && !dtype_is_float(dtype)) c.kind = CONTRACT_ONEHOT;
    if (rank == 0 && c.kind >= CONTRACT_SIMPLEX) c.kind = CONTRACT_FINITE;
    if (c.kind >= CONTRACT_SIMPLEX) c.axis = (uint8_t)draw(d, rank);
    if (c.kind == CONTRACT_INTERVAL && c.low < c.high) {
        c.open_low = draw(d, 3) == 0;
        c.open_high = draw(d, 3) == 0;
    }
    return c;
}

static void keep(Draw *d, Value v) {
    if (ir_is_poison(v)) return;
    d->pool[d->count < MAX_POOL ? d->count++ : draw(d, MAX_POOL)] = v;
}

static void add_source(Draw *d) {
    DType dtype = types[draw(d, sizeof types / sizeof *types)];
    DimId dims[4];
    uint32_t rank = draw(d, 4);
    for (uint32_t i = 0; i < rank; i++) dims[i] = drawn_dim(d);
    if (draw(d, 6) == 0) {
        double value = dtype_is_float(dtype) ? drawn_number(d) : (double)draw(d, 2);
        if (dtype_holds(dtype, value)) keep(d, build_scalar(d->g, dtype, value, d->origin));
        return;
    }
    ShapeId shape = build_shape(d->g, SPAN_NONE, rank, dims);
    Name name = drawn_name(d, "x", d->names++);
    ContractId contract = {0};
    bool described = dtype != DTYPE_BOOL && draw(d, 5) > 0;
    if (described) contract = build_contract(d->g, drawn_contract(d, dtype, rank));
    if (draw(d, 3) > 0) {
        keep(d, build_input(d->g, name, SPAN_NONE, dtype, shape, contract, d->origin));
    } else {
        Init init = {INIT_UNIFORM, -0.1, 0.25, -0.1, 0.25};
        keep(d, build_parameter(d->g, draw(d, 2) == 0, name, SPAN_NONE, dtype, shape, contract,
                                init, d->origin));
    }
}

/* Attributes. */

static Attr drawn_integers(Draw *d, uint32_t count, int64_t low, uint32_t width) {
    int64_t values[2 * MAX_RANK];
    for (uint32_t i = 0; i < count; i++) values[i] = low + (int64_t)draw(d, width);
    return attr_integers(d->g, count, values);
}

static Attr drawn_dims(Draw *d, Shape shape) {
    DimId dims[MAX_RANK + 1];
    uint32_t count = 0, more = draw(d, 3), style = draw(d, 4);
    if (more == 0) dims[count++] = drawn_dim(d);
    for (uint32_t i = 0; i < shape.rank && count < MAX_RANK; i++) {
        dims[count++] = style == 0   ? dim_constant(d->g->dims, draw(d, 3))
                        : style == 1 ? drawn_dim(d)
                                     : shape.dims[i];
    }
    if (style == 3 && count > 0) dims[draw(d, count)] = dim_constant(d->g->dims, -1);
    return attr_dims(d->g, count, dims);
}

static Attr drawn_permutation(Draw *d, uint32_t rank) {
    int64_t perm[MAX_RANK];
    uint32_t turn = rank > 0 ? draw(d, rank) : 0;
    for (uint32_t i = 0; i < rank; i++) perm[i] = (i + turn) % rank;
    return attr_integers(d->g, rank, perm);
}

static Attr drawn_attr(Draw *d, Op op, uint32_t index, DType dtype, Shape shape) {
    static const char *const paddings[] = {"valid", "same", "same_lower"};
    const AttrInfo *row = &op_info[op].attrs[index];
    uint32_t spatial = shape.rank > 2 ? shape.rank - 2u : 1u;
    int64_t axis = shape.rank > 0 ? (int64_t)draw(d, shape.rank) : 0;
    if (!row->required && draw(d, 2) == 0) return attr_none();
    switch (row->kind) {
    case ATTR_INTEGER: return attr_integer(1 + (int64_t)draw(d, 3));
    case ATTR_REAL: return attr_real(drawn_number(d));
    case ATTR_BOOLEAN: return attr_boolean(draw(d, 2) == 0);
    case ATTR_WORD: return (Attr){.kind = ATTR_WORD, .as.integer = (int64_t)draw(d, 2)};
    case ATTR_AXIS: return attr_integer(draw(d, 2) == 0 ? axis : axis - shape.rank);
    case ATTR_AXES: return attr_integers(d->g, 1, &axis);
    case ATTR_INTEGERS:
        return draw(d, 2) == 0 ? drawn_permutation(d, shape.rank)
                               : drawn_integers(d, shape.rank, -1, 4);
    case ATTR_DIMS: return drawn_dims(d, shape);
    case ATTR_WINDOW: return drawn_integers(d, draw(d, 2) == 0 ? 1 : spatial, 1, 3);
    case ATTR_PADDING: {
        uint32_t pick = draw(d, 5);
        return pick < 3 ? attr_name(names_intern_text(&d->g->cx->names, paddings[pick]))
                        : drawn_integers(d, pick == 3 ? 1 : 2 * spatial, 0, 3);
    }
    case ATTR_DTYPE: return attr_dtype(types[draw(d, sizeof types / sizeof *types)]);
    case ATTR_CONTRACT: {
        Contract contract = drawn_contract(d, dtype, shape.rank);
        return attr_contract(build_contract(d->g, contract));
    }
    case ATTR_NAME: return attr_name(drawn_name(d, "why", draw(d, 4)));
    case ATTR_NONE:
    case ATTR_DATA: break;
    }
    return attr_none();
}

/* Operations. */

/* An operand of the element type, as often as there is one. */
static Value pick(Draw *d, DType like) {
    Value v = d->pool[draw(d, d->count)];
    for (uint32_t i = 0; like != DTYPE_NONE && i < d->count; i++) {
        if (ir_node(d->g, v)->dtype == like) break;
        v = d->pool[(i + v.id) % d->count];
    }
    return v;
}

static void add_operation(Draw *d);

static Value loop_node(Draw *d, Op op, uint32_t count, const Value *operands, Attr attr) {
    return build_op(d->g, op, count, operands, &attr, d->origin, NULL);
}

/* The element at each step of what has an axis of that length. */
static void add_item(Draw *d, Value step, DimId trips) {
    const Value operands[] = {pick(d, DTYPE_NONE), step};
    Shape shape = ir_shape(d->g, operands[0]);
    for (uint8_t i = 0; i < shape.rank; i++) {
        bool before = operands[0].id < step.id; /* not an item itself */
        if (!before || !dim_is(shape.dims[i], trips)) continue;
        keep(d, loop_node(d, OP_SCAN_ITEM, 2, operands, attr_integer(i)));
        return;
    }
}

/* A next of the carry's type and shape: the carry itself, if there is no other. */
static Value pick_next(Draw *d, Value carry) {
    for (int tries = 0; tries < 6; tries++) {
        Value v = pick(d, ir_node(d->g, carry)->dtype);
        bool same = ir_node(d->g, v)->dtype == ir_node(d->g, carry)->dtype &&
                    ir_node(d->g, v)->shape.id == ir_node(d->g, carry)->shape.id;
        if (same) return v;
    }
    return carry;
}

/* A loop. Only its finals and stacks, and what does not depend on the step, are kept behind it. */
static void add_region(Draw *d) {
    enum { MAX_CARRIES = 2 };
    Value carry[MAX_CARRIES], result[2 * MAX_CARRIES];
    uint32_t carries = draw(d, MAX_CARRIES + 1), results = 0, kept = 0;
    DimId trips = drawn_dim(d);
    if (d->count + 2 * MAX_CARRIES >= MAX_POOL) return;
    Value step = loop_node(d, OP_SCAN_STEP, 0, NULL, attr_dims(d->g, 1, &trips));
    if (ir_is_poison(step)) return;
    for (uint32_t i = 0; i < carries; i++) {
        Value init = pick(d, DTYPE_NONE);
        carry[i] = build_op(d->g, OP_SCAN_CARRY, 1, &init, NULL, d->origin, NULL);
    }
    for (uint32_t i = draw(d, 3); i > 0; i--) add_item(d, step, trips);
    for (uint32_t i = 0; i < carries; i++) keep(d, carry[i]);
    keep(d, step);
    d->loops++;
    for (uint32_t i = draw(d, 6); i > 0; i--) add_operation(d);
    d->loops--;
    for (uint32_t i = 0; i < carries; i++) {
        const Value operands[] = {pick_next(d, carry[i]), carry[i]};
        result[results++] = build_op(d->g, OP_SCAN_FINAL, 2, operands, NULL, d->origin, NULL);
    }
    for (uint32_t i = draw(d, 3); i > 0; i--) {
        const Value operands[] = {pick(d, DTYPE_NONE), step};
        result[results++] = loop_node(d, OP_SCAN_STACK, 2, operands, attr_integer(0));
    }
    build_region_end(d->g, step);
    for (uint32_t i = 0; i < d->count; i++) {
        bool source = op_info[ir_node(d->g, d->pool[i])->op].type == TYPE_SOURCE;
        if (source || d->pool[i].id < step.id) d->pool[kept++] = d->pool[i];
    }
    d->count = kept;
    for (uint32_t i = 0; i < results; i++) keep(d, result[i]);
}

static void add_operation(Draw *d) {
    Op op = (Op)(1 + draw(d, OP_COUNT - 1));
    const OpInfo *info = &op_info[op];
    if (info->form == FORM_REGION) {
        if (d->loops < 2) add_region(d);
        return;
    }
    Value operands[OP_MAX_INPUTS + 2];
    Attr attrs[OP_MAX_ATTRS];
    uint32_t count = info->input_count + (info->variadic ? draw(d, 3) : 0);
    if (info->type == TYPE_SOURCE || d->count == 0) {
        add_source(d);
        return;
    }
    DType like = DTYPE_NONE;
    for (uint32_t i = 0; i < count; i++) {
        bool free = info->type == TYPE_GATHER || (info->type == TYPE_SELECT && i < 2);
        if (free && i > 0) like = DTYPE_NONE;
        operands[i] = pick(d, free && info->type == TYPE_SELECT && i == 0 ? DTYPE_BOOL : like);
        like = ir_node(d->g, operands[i])->dtype;
    }
    Shape shape = count > 0 ? ir_shape(d->g, operands[0]) : (Shape){0};
    for (uint32_t i = 0; i < info->attr_count; i++) attrs[i] = drawn_attr(d, op, i, like, shape);
    keep(d, build_op(d->g, op, count, operands, attrs, d->origin, NULL));
}

Graph *random_graph(Ctx *cx, Bytes *bytes, uint32_t steps) {
    Graph *g = graph_new(cx, names_intern_text(&cx->names, "Random"), SPAN_NONE);
    Draw d = {.g = g, .bytes = bytes};
    d.origin = build_origin(g, SPAN_NONE, NAME_NONE, (OriginId){0});
    for (uint32_t i = 1 + draw(&d, 4); i > 0; i--) add_source(&d);
    for (uint32_t i = 0; i < steps && (bytes->left > 0 || bytes->state != 0); i++) {
        add_operation(&d);
    }
    for (uint32_t i = 0; i < 2 && d.count > 0; i++) {
        Value v = d.pool[i == 0 ? d.count - 1 : draw(&d, d.count)];
        build_result(g, drawn_name(&d, "y", i), v, (ContractId){0}, SPAN_NONE);
    }
    return g;
}
