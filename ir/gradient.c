/* The walk of a gradient, from y back to what it is asked for, and the pieces that every form
 * needs. The adjoint of a value always has the value's own type and shape. */
#include "ir/gradient_internal.h"

#include "ir/dtype.h"
#include "ir/eval.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Nodes. */

Value gradient_op(Gradient *w, Op op, uint32_t count, const Value *operands, const Attr *attrs) {
    for (uint32_t i = 0; i < count; i++) {
        if (ir_is_poison(operands[i])) return VALUE_NONE;
    }
    Value v = build_derived(w->g, op, count, operands, attrs, w->origin);
    if (ir_is_poison(v)) gradient_refuse(w, " with dimensions that are not known to be possible");
    return v;
}

Value gradient_scalar(Gradient *w, DType type, double value) {
    return build_scalar(w->g, type, dtype_round(type, value), w->origin);
}

static Op row_of(const Gradient *w, Primitive p) {
    assert(w->rows[p] != OP_NONE); /* held by a test */
    return w->rows[p];
}

/* Whether v is a number that is known, and which. */
static bool is_number(const Gradient *w, Value v, Cell *out) {
    const Node *node = ir_node(w->g, v);
    if (node->op != OP_CONST || ir_shape(w->g, v).rank != 0 || !dtype_is_float(node->dtype)) {
        return false;
    }
    out->f = dtype_load(node->dtype, ir_data(w->g, v)->bytes);
    return true;
}

/* Of numbers alone: a number, unless it would be infinite or NaN. */
static Value folded(Gradient *w, Primitive p, const Value *args) {
    PrimitiveClass class = primitive_info[p].class;
    if (class != PRIMITIVE_CLASS_FLOAT && class != PRIMITIVE_CLASS_NUMBER) return VALUE_NONE;
    Cell cells[3];
    for (int i = 0; i < primitive_info[p].arity; i++) {
        if (!is_number(w, args[i], &cells[i])) return VALUE_NONE;
    }
    DType type = ir_node(w->g, args[0])->dtype;
    Cell result = eval_primitive(p, type, type, cells);
    return isfinite(result.f) ? gradient_scalar(w, type, result.f) : VALUE_NONE;
}

/* x * 1, 1 * x, x / 1: x itself, exactly. */
static Value without_one(const Gradient *w, Primitive p, const Value *args) {
    Cell cell;
    if (p != PRIMITIVE_MUL && p != PRIMITIVE_DIV) return VALUE_NONE;
    if (is_number(w, args[1], &cell) && cell.f == 1) return args[0]; /* exact: 1 is 1 */
    if (p == PRIMITIVE_MUL && is_number(w, args[0], &cell) && cell.f == 1) return args[1];
    return VALUE_NONE;
}

Value gradient_apply(Gradient *w, Primitive p, DType to, const Value *args) {
    uint32_t count = primitive_info[p].arity;
    for (uint32_t i = 0; i < count; i++) {
        if (ir_is_poison(args[i])) return VALUE_NONE;
    }
    if (p == PRIMITIVE_CAST && ir_node(w->g, args[0])->dtype == to) return args[0];
    Value v = folded(w, p, args);
    if (ir_is_poison(v)) v = without_one(w, p, args);
    if (!ir_is_poison(v)) return v;
    const Attr attrs[] = {attr_dtype(to), attr_boolean(p == PRIMITIVE_SATURATE)}; /* of casts */
    return gradient_op(w, row_of(w, p), count, args, attrs);
}

Value gradient_binary(Gradient *w, Primitive p, Value x, Value y) {
    return gradient_apply(w, p, DTYPE_NONE, (const Value[]){x, y});
}

Value gradient_select(Gradient *w, Value cond, Value x, Value y) {
    return gradient_apply(w, PRIMITIVE_SELECT, DTYPE_NONE, (const Value[]){cond, x, y});
}

Value gradient_cast(Gradient *w, Value x, DType to) {
    return gradient_apply(w, PRIMITIVE_CAST, to, &x);
}

static bool has_dims(const Graph *g, Value x, uint32_t rank, const DimId *dims) {
    Shape shape = ir_shape(g, x);
    bool same = shape.rank == rank;
    for (uint32_t i = 0; same && i < rank; i++) same = dim_is(shape.dims[i], dims[i]);
    return same;
}

Value gradient_reshape(Gradient *w, Value x, uint32_t rank, const DimId *dims) {
    if (ir_is_poison(x) || has_dims(w->g, x, rank, dims)) return x;
    const Attr attrs[] = {attr_dims(w->g, rank, dims)};
    return gradient_op(w, OP_RESHAPE, 1, &x, attrs);
}

Value gradient_transpose(Gradient *w, Value x, const uint32_t *perm) {
    uint32_t rank = ir_shape(w->g, x).rank;
    int64_t from[MAX_RANK];
    bool same = true;
    for (uint32_t i = 0; i < rank; i++) {
        from[i] = perm[i];
        same = same && perm[i] == i;
    }
    if (ir_is_poison(x) || same) return x;
    const Attr attrs[] = {attr_integers(w->g, rank, from)};
    return gradient_op(w, OP_TRANSPOSE, 1, &x, attrs);
}

Value gradient_stretch(Gradient *w, Value x, uint32_t rank, const DimId *dims) {
    if (ir_is_poison(x) || has_dims(w->g, x, rank, dims)) return x;
    const Attr attrs[] = {attr_dims(w->g, rank, dims)};
    return gradient_op(w, OP_EXPAND, 1, &x, attrs);
}

static bool is_one(const Graph *g, DimId d) {
    int64_t value;
    return dim_is_constant(g->dims, d, &value) && value == 1;
}

/* A dimension that was taken to be equal to another keeps a rule of the graph, and gets the name of
 * the other by a slice of all of it. */
static Value renamed(Gradient *w, Value x, Shape shape) {
    DimId zeros[MAX_RANK];
    for (uint32_t i = 0; i < shape.rank; i++) zeros[i] = dim_constant(w->g->dims, 0);
    if (has_dims(w->g, x, shape.rank, shape.dims)) return x;
    return gradient_slice(w, x, zeros, shape.dims, NULL);
}

Value gradient_gather_up(Gradient *w, Value x, Shape shape) {
    Graph *g = w->g;
    if (ir_is_poison(x) || has_dims(g, x, shape.rank, shape.dims)) return x;
    Shape from = ir_shape(g, x);
    uint32_t more = (uint32_t)(from.rank - shape.rank), count = 0, rank = 0;
    int64_t axes[MAX_RANK];
    DimId kept[MAX_RANK];
    for (uint32_t i = 0; i < from.rank; i++) {
        bool summed = i < more || (is_one(g, shape.dims[i - more]) && !is_one(g, from.dims[i]));
        if (summed) axes[count++] = i;
        if (i >= more) kept[rank++] = summed ? shape.dims[i - more] : from.dims[i];
    }
    if (count > 0) {
        const Attr attrs[] = {attr_integers(g, count, axes), attr_none()};
        x = gradient_op(w, OP_SUM, 1, &x, attrs);
        x = gradient_reshape(w, x, rank, kept);
    }
    return ir_is_poison(x) ? x : renamed(w, x, shape);
}

Value gradient_slice(Gradient *w, Value x, const DimId *begin, const DimId *end,
                     const int64_t *step) {
    if (ir_is_poison(x)) return x;
    Shape shape = ir_shape(w->g, x);
    DimId zero = dim_constant(w->g->dims, 0);
    bool whole = true;
    for (uint32_t i = 0; i < shape.rank; i++) {
        whole = whole && dim_is(begin[i], zero) && dim_is(end[i], shape.dims[i]);
        whole = whole && (step == NULL || step[i] == 1);
    }
    if (whole) return x;
    const Attr attrs[] = {attr_dims(w->g, shape.rank, begin), attr_dims(w->g, shape.rank, end),
                          step == NULL ? attr_none() : attr_integers(w->g, shape.rank, step)};
    return gradient_op(w, OP_SLICE, 1, &x, attrs);
}

Value gradient_pad(Gradient *w, Value x, const DimId *before, const DimId *behind,
                   const int64_t *between) {
    if (ir_is_poison(x)) return x;
    uint32_t rank = ir_shape(w->g, x).rank;
    DimId zero = dim_constant(w->g->dims, 0);
    bool same = true;
    for (uint32_t i = 0; i < rank; i++) {
        same = same && dim_is(before[i], zero) && dim_is(behind[i], zero) && between[i] == 0;
    }
    if (same) return x;
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    attrs[PAD_BEFORE] = attr_dims(w->g, rank, before);
    attrs[PAD_BEHIND] = attr_dims(w->g, rank, behind);
    attrs[PAD_INTERIOR] = attr_integers(w->g, rank, between);
    return gradient_op(w, OP_PAD, 1, &x, attrs);
}

Value gradient_filled(Gradient *w, Value like, double number) {
    Shape shape = ir_shape(w->g, like);
    return gradient_stretch(w, gradient_scalar(w, ir_node(w->g, like)->dtype, number), shape.rank,
                            shape.dims);
}

Value gradient_reduce_kept(Gradient *w, Op op, Value x, const Attr *axes) {
    const Attr attrs[] = {*axes, attr_boolean(true)};
    return gradient_op(w, op, 1, &x, attrs);
}

/* Ones, counted in integers: a float would stop counting where its precision ends. */
static Value counted(Gradient *w, DimId dim) {
    Value one = build_scalar(w->g, DTYPE_I64, 1, w->origin);
    Value ones = gradient_stretch(w, one, 1, &dim);
    const Attr attrs[] = {attr_none(), attr_none()};
    return gradient_op(w, OP_SUM, 1, &ones, attrs);
}

Value gradient_count(Gradient *w, DType type, uint32_t count, const DimId *dims) {
    double known = 1;
    Value product = VALUE_NONE;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value;
        if (dim_is_constant(w->g->dims, dims[i], &value)) {
            known *= (double)value;
            continue;
        }
        Value next = gradient_cast(w, counted(w, dims[i]), type);
        product = ir_is_poison(product) ? next
                                        : gradient_binary(w, PRIMITIVE_MUL, product, next);
    }
    Value number = gradient_scalar(w, type, known);
    return ir_is_poison(product) ? number : gradient_binary(w, PRIMITIVE_MUL, product, number);
}

/* The walk. */

Value gradient_refuse(Gradient *w, const char *what) {
    Graph *g = w->g;
    if (w->refused) return VALUE_NONE;
    w->refused = true;
    const OpInfo *info = &op_info[ir_node(g, w->v)->op];
    const char *spelling = info->form == FORM_REGION ? "scan" : info->spelling;
    Diag *d = diag_new(g->cx, NNA0004, ir_origin_place(g, w->taken, NULL),
                       "not supported by this version: the gradient of `%s`%s", spelling, what);
    d->model = g->name;
    d->severity = w->refusal;
    Span place = ir_place(g, w->v, NULL);
    if (place.begin != 0) diag_label(g->cx, d, place, "`%s` is used here", spelling);
    diag_emit(g->cx, d);
    return VALUE_NONE;
}

void gradient_add(Gradient *w, Value to, Value term) {
    if (ir_is_poison(term)) return;
    Value *sum = &w->adjoint[to.id];
    term = gradient_gather_up(w, term, ir_shape(w->g, to));
    term = gradient_cast(w, term, ir_node(w->g, to)->dtype);
    *sum = ir_is_poison(*sum) ? term : gradient_binary(w, PRIMITIVE_ADD, *sum, term);
}

bool gradient_flows(const Graph *g, Value v) {
    const Node *node = ir_node(g, v);
    return dtype_is_float(node->dtype) && node->op != OP_STOP_GRADIENT;
}

void gradient_make_room(Gradient *w) {
    uint32_t needed = w->g->nodes.count;
    if (needed <= w->room) return;
    Arena *arena = &w->g->cx->scratch;
    uint32_t room = needed + needed / 2;
    bool *wanted = ARENA_ARRAY(arena, bool, room);
    Value *adjoint = ARENA_ARRAY(arena, Value, room);
    uint32_t *place = ARENA_ARRAY(arena, uint32_t, room);
    for (uint32_t id = 0; id < w->room; id++) {
        wanted[id] = w->wanted[id];
        adjoint[id] = w->adjoint[id];
        place[id] = w->place[id];
    }
    w->room = room;
    w->wanted = wanted;
    w->adjoint = adjoint;
    w->place = place;
}

static bool has_wanted_operand(const Gradient *w, Value v) {
    for (uint32_t i = 0; i < ir_node(w->g, v)->operand_count; i++) {
        if (w->wanted[ir_operand(w->g, v, i).id]) return true;
    }
    return false;
}

/* One pass; whether a carry turned out to be wanted, for what its region does with it. */
static bool want_forward(Gradient *w, Value y, bool all_carries) {
    bool news = false;
    for (uint32_t id = 1; id <= y.id; id++) {
        Value v = {id};
        Op op = ir_node(w->g, v)->op;
        if (w->wanted[id] || !gradient_flows(w->g, v)) continue;
        w->wanted[id] = has_wanted_operand(w, v) || (all_carries && op == OP_SCAN_CARRY);
        if (!w->wanted[id] || op != OP_SCAN_FINAL) continue;
        bool *carry = &w->wanted[ir_operand(w->g, v, 1).id];
        news = news || !*carry;
        *carry = true;
    }
    return news;
}

/* A loop hands on what it computes: passes until nothing is new; past some of them, everything
 * that is carried is taken to be wanted, which is more work and no fault. */
static void find_wanted(Gradient *w, Value y, uint32_t count, const Value *wrt) {
    enum { MOST_PASSES = 8 };
    for (uint32_t i = 0; i < count; i++) w->wanted[wrt[i].id] = true;
    for (int pass = 1; want_forward(w, y, pass == MOST_PASSES) && pass < MOST_PASSES;) pass++;
}

static void find_rows(Gradient *w) {
    for (int op = OP_COUNT - 1; op > OP_NONE; op--) {
        Primitive p = op_primitive((Op)op);
        if (p != PRIMITIVE_COUNT) w->rows[p] = (Op)op;
    }
}

void gradient_start(Gradient *w, Graph *g) {
    *w = (Gradient){.g = g, .refused = true};
    find_rows(w);
}

/* Nodes for v stand where v does, as the gradient of what is there. */
void gradient_go_to(Gradient *w, Value v, bool again) {
    Origin origin = *ir_origin(w->g, ir_node(w->g, v)->origin);
    w->v = v;
    w->origin = build_origin(w->g, origin.span, origin.block, origin.caller);
    Origin *made = &w->g->origins.data[w->origin.id];
    made->taken = w->taken;
    made->forward = origin.again ? origin.forward : ir_node(w->g, v)->origin;
    made->again = again;
}

static void go_back(Gradient *w, Value adjoint) {
    if (!has_wanted_operand(w, w->v)) return;
    switch (op_info[ir_node(w->g, w->v)->op].form) {
    case FORM_EWISE: gradient_ewise(w, adjoint); return;
    case FORM_REDUCE: gradient_reduce(w, adjoint); return;
    case FORM_CONTRACT: gradient_contract(w, adjoint); return;
    case FORM_MOVE: gradient_move(w, adjoint); return;
    case FORM_SPECIAL: /* its value is its operand; of what a C function does nothing is known */
        if (op_carries(ir_node(w->g, w->v)->op)) {
            gradient_add(w, ir_operand(w->g, w->v, 0), adjoint);
        } else {
            gradient_refuse(w, "");
        }
        return;
    case FORM_LIBRARY: gradient_refuse(w, ""); return; /* of floats there is none yet */
    case FORM_REGION: /* y is in the loop: nothing is there of its other steps */
        gradient_refuse(w, " from within its steps");
        return;
    case FORM_NONE: return;
    }
}

void gradient_walk(Gradient *w, uint32_t first, uint32_t end) {
    for (uint32_t id = end; id-- > first && !w->refused;) {
        Op op = ir_node(w->g, (Value){id})->op;
        if (op == OP_SCAN_FINAL || op == OP_SCAN_STACK) {
            uint32_t region = ir_region_at(w->g, (Value){id});
            gradient_region(w, region);
            id = w->g->regions.data[region].first.id;
        } else if (w->wanted[id] && !ir_is_poison(w->adjoint[id])) {
            gradient_go_to(w, (Value){id}, false);
            go_back(w, w->adjoint[id]);
        }
    }
}

void gradient_build(Graph *g, Value y, uint32_t count, const Value *wrt, OriginId taken,
                    Severity refusal, Value *out, bool *reached) {
    Gradient w = {.g = g, .taken = taken, .origin = taken, .v = y, .refusal = refusal,
                  .refused = ir_is_poison(y)};
    gradient_make_room(&w);
    for (uint32_t i = 0; i < count; i++) w.refused = w.refused || ir_is_poison(wrt[i]);
    find_rows(&w);
    if (!w.refused) find_wanted(&w, y, count, wrt);
    if (!w.refused && w.wanted[y.id]) w.adjoint[y.id] = gradient_filled(&w, y, 1);
    gradient_walk(&w, 1, y.id + 1);
    w.origin = taken;
    for (uint32_t i = 0; i < count; i++) {
        Value adjoint = w.refused ? VALUE_NONE : w.adjoint[wrt[i].id];
        if (reached != NULL) reached[i] = !ir_is_poison(adjoint);
        out[i] = adjoint;
        if (ir_is_poison(adjoint) && !w.refused) out[i] = gradient_filled(&w, wrt[i], 0);
    }
}
