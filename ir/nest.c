/* Loop nests from rows: broadcasting, axes, index maps, and where moved elements come from.
 *
 * The nodes are checked already, so nothing here fails. Where every operand has the shape of the
 * result or is one element, a nest is one loop over all elements. */
#include "ir/nest.h"

#include "ir/shape_rules.h"

#include <assert.h>
#include <string.h>

static bool is_one(const Graph *g, DimId d) {
    int64_t value;
    return dim_is_constant(g->dims, d, &value) && value == 1;
}

static DimId constant(Graph *g, int64_t value) {
    return dim_constant(g->dims, value);
}

static uint8_t add_loop(Nest *nest, DimId extent) {
    assert(nest->loops < NEST_MAX_LOOPS);
    nest->extent[nest->loops] = extent;
    return nest->loops++;
}

static void add_term(Index *index, uint8_t loop, int64_t coefficient) {
    assert(index->term_count < NEST_MAX_TERMS);
    index->term[index->term_count].loop = loop;
    index->term[index->term_count].coefficient = coefficient;
    index->term_count++;
}

/* The next dimension of an access, at 0. */
static Index *add_index(Graph *g, Access *access) {
    assert(access->rank < MAX_RANK);
    Index *index = &access->index[access->rank++];
    *index = (Index){.offset = constant(g, 0)};
    return index;
}

/* Outer loops over these dimensions; the result is written where they stand. */
static void loops_over(Graph *g, Nest *nest, Shape shape) {
    for (uint8_t i = 0; i < shape.rank; i++) {
        add_term(add_index(g, &nest->out), add_loop(nest, shape.dims[i]), 1);
    }
    nest->outer = nest->loops;
}

/* An operand that is read at the loops, right-aligned; stretched dimensions at 0. */
static void access_broadcast(Graph *g, Nest *nest, uint8_t operand, Shape shape, uint32_t outer) {
    Access *access = &nest->access[nest->operand_count];
    nest->operand[nest->operand_count++] = operand;
    for (uint8_t i = 0; i < shape.rank; i++) {
        Index *index = add_index(g, access);
        if (!is_one(g, shape.dims[i])) add_term(index, (uint8_t)(outer - shape.rank + i), 1);
    }
}

static void access_flat(Graph *g, Nest *nest, uint8_t operand, bool whole) {
    Access *access = &nest->access[nest->operand_count];
    nest->operand[nest->operand_count++] = operand;
    access->flat = true;
    Index *index = add_index(g, access);
    if (whole) add_term(index, 0, 1);
}

static bool one_element(const Graph *g, Shape shape) {
    for (uint8_t i = 0; i < shape.rank; i++) {
        if (!is_one(g, shape.dims[i])) return false;
    }
    return true;
}

/* One loop over all elements of the result. */
static void loop_flat(Graph *g, Nest *nest, DimId count) {
    nest->out.flat = true;
    add_term(add_index(g, &nest->out), add_loop(nest, count), 1);
    nest->outer = nest->loops;
}

/* Whether one loop will do: *count gets its extent. */
static bool can_be_flat(Graph *g, Value v, DimId *count) {
    const Node *node = ir_node(g, v);
    uint8_t rank = ir_shape(g, v).rank;
    if (rank == 0) return false;
    if (rank > 1 && scalar_mentions(op_info[node->op].body, SCALAR_POSITION)) return false;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        Value x = ir_operand(g, v, i);
        if (ir_node(g, x)->shape.id != node->shape.id && !one_element(g, ir_shape(g, x))) {
            return false;
        }
    }
    *count = ir_element_count(g, v);
    return !dims_overflowed(g->dims); /* a product too long to be written down */
}

static void ewise_by_dims(Graph *g, Value v, Nest *nest) {
    const Node *node = ir_node(g, v);
    loops_over(g, nest, ir_shape(g, v));
    for (uint8_t i = 0; i < node->operand_count; i++) {
        access_broadcast(g, nest, i, ir_shape(g, ir_operand(g, v, i)), nest->outer);
    }
    nest->body = ir_taken(g, v, op_info[node->op].body);
}

static void nest_ewise(Graph *g, Value v, Nest *nest) {
    const Node *node = ir_node(g, v);
    DimId count;
    if (!can_be_flat(g, v, &count)) {
        ewise_by_dims(g, v, nest);
        return;
    }
    loop_flat(g, nest, count);
    for (uint8_t i = 0; i < node->operand_count; i++) {
        Value x = ir_operand(g, v, i);
        access_flat(g, nest, i, ir_node(g, x)->shape.id == node->shape.id);
    }
    nest->body = ir_taken(g, v, op_info[node->op].body);
}

static void set_formulas(const Node *node, Nest *nest) {
    const OpInfo *info = &op_info[node->op];
    nest->combine = info->combine;
    nest->body = info->body;
    nest->after = info->after;
    nest->accumulator = dtype_accumulator(node->dtype);
}

static void nest_reduce(Graph *g, Value v, Nest *nest) {
    const Node *node = ir_node(g, v);
    Shape x = ir_shape(g, ir_operand(g, v, 0));
    const Attr *axes = ir_attr(g, v, (uint32_t)op_attr(node->op, "axis"));
    bool keep = ir_attr(g, v, (uint32_t)op_attr(node->op, "keepdims"))->as.integer != 0;
    bool reduced[MAX_RANK] = {false};
    uint8_t loop[MAX_RANK];
    for (uint32_t k = 0; k < axes->count; k++) reduced[axes->as.integers[k]] = true;
    for (uint8_t i = 0; i < x.rank; i++) {
        if (reduced[i] && keep) add_index(g, &nest->out);
        if (reduced[i]) continue;
        loop[i] = add_loop(nest, x.dims[i]);
        add_term(add_index(g, &nest->out), loop[i], 1);
    }
    nest->outer = nest->loops;
    nest->operand_count = 1;
    for (uint8_t i = 0; i < x.rank; i++) {
        if (reduced[i]) loop[i] = add_loop(nest, x.dims[i]);
        add_term(add_index(g, &nest->access[0]), loop[i], 1);
    }
    set_formulas(node, nest);
}

/* Contractions. */

enum { NO_LOOP = 255 };

/* The loops of a contraction. */
typedef struct MapLoops {
    Graph *g;
    Nest *nest;
    const Contraction *c;
    uint8_t letter[LETTERS]; /* loop of each letter, or NO_LOOP */
    uint8_t batch, out, window; /* first loop of each kind; NO_LOOP at first */
} MapLoops;

static void loop_letter(MapLoops *m, char letter) {
    uint8_t *loop = &m->letter[letter - 'a'];
    if (*loop == NO_LOOP) *loop = add_loop(m->nest, m->c->letters[letter - 'a']);
}

/* Whether the first letter of a pair needs no loop: there is one group. */
static bool is_single(const MapLoops *m, MapDim pair) {
    return is_one(m->g, m->c->letters[pair.first - 'a']);
}

/* One loop for each spatial dimension, once. */
static void loop_spatial(MapLoops *m, uint8_t *first, const DimId *extents) {
    if (*first != NO_LOOP) return;
    *first = m->nest->loops;
    for (uint32_t i = 0; i < m->c->spatial; i++) add_loop(m->nest, extents[i]);
}

/* Makes the loops that a dimension of a map needs and that are not there yet. */
static void loop_dim(MapLoops *m, MapDim dim) {
    switch (dim.kind) {
    case MAP_LETTER: loop_letter(m, dim.first); break;
    case MAP_PAIR:
        if (!is_single(m, dim)) loop_letter(m, dim.first);
        loop_letter(m, dim.second);
        break;
    case MAP_BATCH:
        if (m->batch != NO_LOOP) break;
        m->batch = m->nest->loops;
        for (uint32_t i = 0; i < m->c->batch_rank; i++) add_loop(m->nest, m->c->batch[i]);
        break;
    case MAP_OUT: loop_spatial(m, &m->out, m->c->out); break;
    case MAP_WINDOW: loop_spatial(m, &m->window, m->c->window); break;
    case MAP_IN:
        loop_spatial(m, &m->out, m->c->out);
        loop_spatial(m, &m->window, m->c->window);
        break;
    }
}

static void index_pair(const MapLoops *m, Index *index, MapDim pair) {
    int64_t extent = 0;
    if (!is_single(m, pair)) {
        bool known = dim_is_constant(m->g->dims, m->c->letters[pair.second - 'a'], &extent);
        assert(known); /* shape_contract.c refuses others */
        (void)known;
        add_term(index, m->letter[pair.first - 'a'], extent);
    }
    add_term(index, m->letter[pair.second - 'a'], 1);
}

/* Leading dimensions, right-aligned with the batch loops. */
static void index_batch(MapLoops *m, Access *access, uint32_t own, const DimId *dims) {
    for (uint32_t i = 0; i < own; i++) {
        Index *index = add_index(m->g, access);
        if (dims == NULL || !is_one(m->g, dims[i])) {
            add_term(index, (uint8_t)(m->batch + m->c->batch_rank - own + i), 1);
        }
    }
}

/* The input under a window: it may be left only where there is padding, or where the last window
 * hangs over the end. */
static void index_in(MapLoops *m, Access *access) {
    const OpCall *call = m->c->call;
    DimTable *t = m->g->dims;
    const Attr *padding = call_attr(call, "padding"), *ceil_mode = call_attr(call, "ceil_mode");
    m->nest->ragged = ceil_mode != NULL && ceil_mode->as.integer != 0;
    for (uint32_t i = 0; i < m->c->spatial; i++) {
        Index *index = add_index(m->g, access);
        DimId begin = padding->as.dims[i], end = padding->as.dims[m->c->spatial + i];
        DimId zero = dim_constant(t, 0);
        index->offset = dim_sub(t, zero, begin);
        add_term(index, (uint8_t)(m->out + i), call_attr(call, "stride")->as.integers[i]);
        add_term(index, (uint8_t)(m->window + i), call_attr(call, "dilation")->as.integers[i]);
        index->behind = end;
        index->may_leave = !dim_is(begin, zero) || !dim_is(end, zero) || m->nest->ragged;
    }
}

static void index_side(MapLoops *m, Access *access, const MapSide *side, const Shape *shape) {
    for (uint32_t i = 0; i < side->count; i++) {
        MapDim dim = side->dims[i];
        switch (dim.kind) {
        case MAP_LETTER: add_term(add_index(m->g, access), m->letter[dim.first - 'a'], 1); break;
        case MAP_PAIR: index_pair(m, add_index(m->g, access), dim); break;
        case MAP_BATCH: {
            uint32_t own = shape == NULL ? m->c->batch_rank : (uint32_t)(shape->rank - side->fixed);
            index_batch(m, access, own, shape == NULL ? NULL : shape->dims);
            break;
        }
        case MAP_OUT:
        case MAP_WINDOW:
            for (uint32_t k = 0; k < m->c->spatial; k++) {
                uint8_t first = dim.kind == MAP_OUT ? m->out : m->window;
                add_term(add_index(m->g, access), (uint8_t)(first + k), 1);
            }
            break;
        case MAP_IN: index_in(m, access); break;
        }
    }
}

static void nest_contract(Graph *g, Value v, Nest *nest) {
    Attr attrs[OP_MAX_ATTRS];
    OpCall call = call_of_node(g, v, attrs);
    Contraction c;
    bool made = contraction_make(&call, &c);
    assert(made);
    (void)made;
    MapLoops m = {.g = g, .nest = nest, .c = &c, .batch = NO_LOOP, .out = NO_LOOP,
                  .window = NO_LOOP};
    memset(m.letter, NO_LOOP, sizeof m.letter);
    for (uint32_t i = 0; i < c.map.result.count; i++) loop_dim(&m, c.map.result.dims[i]);
    nest->outer = nest->loops;
    for (uint32_t k = 0; k < c.map.operand_count; k++) {
        for (uint32_t i = 0; i < c.map.operands[k].count; i++) {
            loop_dim(&m, c.map.operands[k].dims[i]);
        }
    }
    index_side(&m, &nest->out, &c.map.result, NULL);
    nest->operand_count = c.map.operand_count;
    for (uint8_t k = 0; k < c.map.operand_count; k++) {
        Shape shape = call_shape(&call, k);
        nest->operand[k] = k;
        index_side(&m, &nest->access[k], &c.map.operands[k], &shape);
    }
    set_formulas(ir_node(g, v), nest);
}

/* Moves. */

static void nest_transpose(Graph *g, Value v, Nest *nest) {
    const Attr *perm = ir_attr(g, v, 0);
    loops_over(g, nest, ir_shape(g, v));
    nest->operand_count = 1;
    for (uint32_t i = 0; i < perm->count; i++) add_index(g, &nest->access[0]);
    for (uint32_t i = 0; i < perm->count; i++) {
        add_term(&nest->access[0].index[perm->as.integers[i]], (uint8_t)i, 1);
    }
}

static void nest_slice(Graph *g, Value v, Nest *nest) {
    const Attr *begin = ir_attr(g, v, 0), *step = ir_attr(g, v, 2);
    loops_over(g, nest, ir_shape(g, v));
    nest->operand_count = 1;
    for (uint32_t i = 0; i < begin->count; i++) {
        Index *index = add_index(g, &nest->access[0]);
        index->offset = begin->as.dims[i];
        add_term(index, (uint8_t)i, step->as.integers[i]);
    }
}

static void nest_concat(Graph *g, Value v, uint32_t part, Nest *nest) {
    uint32_t axis = (uint32_t)ir_attr(g, v, 0)->as.integer;
    Shape x = ir_shape(g, ir_operand(g, v, part));
    loops_over(g, nest, x);
    DimId before = constant(g, 0);
    for (uint32_t i = 0; i < part; i++) {
        before = dim_add(g->dims, before, ir_shape(g, ir_operand(g, v, i)).dims[axis]);
    }
    nest->out.index[axis].offset = before;
    nest->operand_count = 1;
    nest->operand[0] = (uint8_t)part; /* less than NODE_MAX_NESTS */
    for (uint8_t i = 0; i < x.rank; i++) add_term(add_index(g, &nest->access[0]), i, 1);
}

static bool has_interior(const Graph *g, Value v) {
    const Attr *interior = ir_attr(g, v, PAD_INTERIOR);
    for (uint32_t i = 0; i < interior->count; i++) {
        if (interior->as.integers[i] != 0) return true;
    }
    return false;
}

/* `value` everywhere, then x with gaps over it. */
static void nest_spread(Graph *g, Value v, uint32_t part, Nest *nest) {
    static const Scalar value = {.kind = SCALAR_ATTRIBUTE, .index = PAD_VALUE};
    const Attr *before = ir_attr(g, v, PAD_BEFORE), *interior = ir_attr(g, v, PAD_INTERIOR);
    if (part == 0) {
        loop_flat(g, nest, ir_element_count(g, v));
        nest->body = &value;
        return;
    }
    Shape x = ir_shape(g, ir_operand(g, v, 0));
    loops_over(g, nest, x);
    nest->over = true;
    nest->operand_count = 1;
    for (uint8_t i = 0; i < x.rank; i++) {
        nest->out.index[i].offset = before->as.dims[i];
        nest->out.index[i].term[0].coefficient = interior->as.integers[i] + 1;
        add_term(add_index(g, &nest->access[0]), i, 1);
    }
}

static void nest_pad(Graph *g, Value v, uint32_t part, Nest *nest) {
    const Attr *before = ir_attr(g, v, PAD_BEFORE), *behind = ir_attr(g, v, PAD_BEHIND);
    DimId zero = constant(g, 0);
    if (has_interior(g, v)) {
        nest_spread(g, v, part, nest);
        return;
    }
    loops_over(g, nest, ir_shape(g, v));
    nest->operand_count = 1;
    nest->outside = ir_attr(g, v, PAD_VALUE)->as.real;
    for (uint32_t i = 0; i < before->count; i++) {
        Index *index = add_index(g, &nest->access[0]);
        index->offset = dim_sub(g->dims, zero, before->as.dims[i]);
        index->may_leave = !dim_is(before->as.dims[i], zero) || !dim_is(behind->as.dims[i], zero);
        add_term(index, (uint8_t)i, 1);
    }
}

static void nest_flip(Graph *g, Value v, Nest *nest) {
    Shape shape = ir_shape(g, v);
    const Attr *axes = ir_attr(g, v, 0);
    loops_over(g, nest, shape);
    nest->operand_count = 1;
    for (uint8_t i = 0, next = 0; i < shape.rank; i++) {
        bool turned = next < axes->count && axes->as.integers[next] == i;
        Index *index = add_index(g, &nest->access[0]);
        add_term(index, i, turned ? -1 : 1);
        if (!turned) continue;
        index->offset = dim_sub(g->dims, shape.dims[i], constant(g, 1));
        next++;
    }
}

/* Reads along one more operand of the nest: the positions in the dimension `index`. */
static Access *add_positions(Nest *nest, Index *index) {
    Access *access = &nest->access[nest->operand_count];
    nest->operand[nest->operand_count] = OP_INDEX_OPERAND;
    index->from = nest->operand_count++;
    return access;
}

/* Gathering rows, and their transposes: `all` is the shape of what is read, one by one. */
static void nest_gather(Graph *g, Value v, Shape all, Nest *nest) {
    uint8_t axis = (uint8_t)ir_attr(g, v, 0)->as.integer;
    uint8_t rank = ir_shape(g, ir_operand(g, v, 0)).rank;
    uint8_t own = ir_shape(g, ir_operand(g, v, 1)).rank;
    loops_over(g, nest, all);
    nest->operand_count = 1;
    for (uint8_t i = 0; i < rank; i++) {
        Index *index = add_index(g, &nest->access[0]);
        if (i != axis) add_term(index, i < axis ? i : (uint8_t)(i + own - 1), 1);
    }
    Access *positions = add_positions(nest, &nest->access[0].index[axis]);
    for (uint8_t i = 0; i < own; i++) add_term(add_index(g, positions), (uint8_t)(axis + i), 1);
}

static void nest_take_along(Graph *g, Value v, Shape all, Nest *nest) {
    uint8_t axis = (uint8_t)ir_attr(g, v, 0)->as.integer, rank = all.rank;
    loops_over(g, nest, all);
    nest->operand_count = 1;
    for (uint8_t i = 0; i < rank; i++) {
        Index *index = add_index(g, &nest->access[0]);
        if (i != axis) add_term(index, i, 1);
    }
    Access *positions = add_positions(nest, &nest->access[0].index[axis]);
    for (uint8_t i = 0; i < rank; i++) add_term(add_index(g, positions), i, 1);
}

static void nest_gather_nd(Graph *g, Value v, Shape all, Nest *nest) {
    uint8_t batch = (uint8_t)ir_attr(g, v, 0)->as.integer;
    Shape x = ir_shape(g, ir_operand(g, v, 0)), index = ir_shape(g, ir_operand(g, v, 1));
    int64_t depth = 0;
    (void)dim_is_constant(g->dims, index.dims[index.rank - 1], &depth);
    loops_over(g, nest, all);
    nest->operand_count = 1;
    for (uint8_t i = 0; i < x.rank; i++) add_index(g, &nest->access[0]);
    for (uint8_t i = 0; i < x.rank; i++) {
        Index *own = &nest->access[0].index[i];
        bool named = i >= batch && i < batch + depth;
        if (!named) {
            add_term(own, i < batch ? i : (uint8_t)(index.rank - 1 + i - batch - depth), 1);
            continue;
        }
        Access *positions = add_positions(nest, own);
        for (uint8_t k = 0; k + 1 < index.rank; k++) add_term(add_index(g, positions), k, 1);
        add_index(g, positions)->offset = constant(g, i - batch);
    }
}

/* Regions. */

/* Reads, or writes, at the step along one axis; the other dimensions are the loops in order. */
static void nest_at_step(Graph *g, Nest *nest, Access *access, uint8_t rank, uint8_t axis) {
    nest->operand_count = 1;
    for (uint8_t i = 0; i < rank; i++) {
        Index *index = add_index(g, access);
        if (i != axis) add_term(index, i < axis ? i : (uint8_t)(i - 1), 1);
    }
    add_positions(nest, &access->index[axis]);
}

static void nest_item(Graph *g, Value v, Nest *nest) {
    Shape shape = ir_shape(g, v);
    loops_over(g, nest, shape);
    nest_at_step(g, nest, &nest->access[0], (uint8_t)(shape.rank + 1),
                 (uint8_t)ir_attr(g, v, 0)->as.integer);
}

static void nest_stack(Graph *g, Value v, Nest *nest) {
    Shape y = ir_shape(g, ir_operand(g, v, 0));
    for (uint8_t i = 0; i < y.rank; i++) {
        add_term(add_index(g, &nest->access[0]), add_loop(nest, y.dims[i]), 1);
    }
    nest->outer = nest->loops;
    nest_at_step(g, nest, &nest->out, (uint8_t)(y.rank + 1),
                 (uint8_t)ir_attr(g, v, 0)->as.integer);
}

/* Of the carries only the first step: the others are the final's, by the region. */
static void nest_region(Graph *g, Value v, Nest *nest) {
    switch ((int)ir_node(g, v)->op) {
    case OP_SCAN_CARRY:
    case OP_SCAN_FINAL:
        nest_ewise(g, v, nest);
        nest->operand_count = 1; /* a final does not read its carry */
        return;
    case OP_SCAN_ITEM: nest_item(g, v, nest); return;
    case OP_SCAN_STACK: nest_stack(g, v, nest); return;
    }
    assert(false && "a REGION row without a nest");
}

typedef void GatherNest(Graph *g, Value v, Shape all, Nest *nest);

/* x, then the nest of the gathering row with what it writes and what it reads exchanged: updates
 * are read one by one, and written where x was read. Operands keep their numbers: 0 is the result,
 * 1 the (first) index, 2 the updates. */
static void nest_scatter(Graph *g, Value v, uint32_t part, GatherNest *gather, Nest *nest) {
    if (part == 0) {
        loop_flat(g, nest, ir_element_count(g, v));
        access_flat(g, nest, 0, true);
        return;
    }
    gather(g, v, ir_shape(g, ir_operand(g, v, 2)), nest);
    const Access updates = nest->out;
    nest->out = nest->access[0];
    nest->operand[0] = NEST_RESULT;
    nest->access[0] = (Access){.rank = 0};
    for (uint8_t k = nest->operand_count++; k > 2; k--) {
        nest->operand[k] = nest->operand[k - 1];
        nest->access[k] = nest->access[k - 1];
    }
    nest->operand[2] = 2;
    nest->access[2] = updates;
    for (uint8_t d = 0; d < nest->out.rank; d++) {
        if (nest->out.index[d].from > 1) nest->out.index[d].from++;
    }
    nest->over = true;
    nest->body = ir_taken(g, v, op_info[ir_node(g, v)->op].body);
}

static void nest_move(Graph *g, Value v, uint32_t part, Nest *nest) {
    switch ((int)ir_node(g, v)->op) {
    case OP_RESHAPE:
        loop_flat(g, nest, ir_element_count(g, v));
        access_flat(g, nest, 0, true);
        return;
    case OP_TRANSPOSE: nest_transpose(g, v, nest); return;
    case OP_EXPAND:
        loops_over(g, nest, ir_shape(g, v));
        access_broadcast(g, nest, 0, ir_shape(g, ir_operand(g, v, 0)), nest->outer);
        return;
    case OP_SLICE: nest_slice(g, v, nest); return;
    case OP_CONCAT: nest_concat(g, v, part, nest); return;
    case OP_PAD: nest_pad(g, v, part, nest); return;
    case OP_GATHER: nest_gather(g, v, ir_shape(g, v), nest); return;
    case OP_TAKE_ALONG: nest_take_along(g, v, ir_shape(g, v), nest); return;
    case OP_GATHER_ND: nest_gather_nd(g, v, ir_shape(g, v), nest); return;
    case OP_SCATTER: nest_scatter(g, v, part, nest_take_along, nest); return;
    case OP_SCATTER_SLICES: nest_scatter(g, v, part, nest_gather, nest); return;
    case OP_SCATTER_ND: nest_scatter(g, v, part, nest_gather_nd, nest); return;
    case OP_FLIP: nest_flip(g, v, nest); return;
    }
    assert(false && "a MOVE row without a nest");
}

uint32_t nest_count(const Graph *g, Value v) {
    const Node *node = ir_node(g, v);
    switch (op_info[node->op].form) {
    case FORM_EWISE:
    case FORM_REDUCE:
    case FORM_CONTRACT: return 1;
    case FORM_MOVE:
        if (node->op == OP_CONCAT) return node->operand_count;
        if (node->op == OP_PAD) return has_interior(g, v) ? 2 : 1;
        return op_info[node->op].type == TYPE_SCATTER ? 2 : 1;
    case FORM_REGION: return node->op == OP_SCAN_STEP ? 0 : 1;
    case FORM_LIBRARY:
    case FORM_SPECIAL:
    case FORM_NONE: break;
    }
    return 0;
}

/* An empty nest. Indices beyond the rank of their access, and loops beyond their number, are not
 * written: a nest is some thousand bytes, and every operation is made one. */
static void begin(Nest *nest, DType accumulator) {
    nest->outer = nest->loops = nest->operand_count = 0;
    nest->out.rank = 0;
    nest->out.flat = false;
    for (uint32_t k = 0; k < NEST_MAX_OPERANDS; k++) {
        nest->operand[k] = 0;
        nest->access[k].rank = 0;
        nest->access[k].flat = false;
    }
    nest->combine = COMBINE_NONE;
    nest->body = nest->after = NULL;
    nest->outside = 0;
    nest->accumulator = accumulator;
    nest->over = nest->ragged = false;
}

void nest_by_dims(Graph *g, Value v, Nest *out) {
    assert(op_info[ir_node(g, v)->op].form == FORM_EWISE);
    begin(out, ir_node(g, v)->dtype);
    ewise_by_dims(g, v, out);
}

void nest_make(Graph *g, Value v, uint32_t index, Nest *out) {
    assert(index < nest_count(g, v));
    begin(out, ir_node(g, v)->dtype);
    switch (op_info[ir_node(g, v)->op].form) {
    case FORM_EWISE: nest_ewise(g, v, out); return;
    case FORM_REDUCE: nest_reduce(g, v, out); return;
    case FORM_CONTRACT: nest_contract(g, v, out); return;
    case FORM_MOVE: nest_move(g, v, index, out); return;
    case FORM_REGION: nest_region(g, v, out); return;
    case FORM_LIBRARY:
    case FORM_SPECIAL:
    case FORM_NONE: break;
    }
}
