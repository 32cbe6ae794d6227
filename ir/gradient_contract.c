/* Gradients of contractions, from their index maps: what flows back to an operand is again a
 * contraction, over the same loops, of which others are outer ones.
 *
 *     result = sum over the inner loops of body(x_0, ..., x_k, ...)
 *     adjoint of x_k = sum over the loops that x_k has not of body(x_0, ..., adjoint, ...)
 *
 * since the bodies are linear in what they have a gradient for. The row that is this, up to names
 * of letters and the order of dimensions, is looked up in the table. None writes where a window
 * reads (`@in`); there the roles are exchanged: out * stride = in + padding - window * dilation, so
 * that with zeros between its elements the adjoint is read under windows that run backwards. */
#include "ir/gradient_internal.h"

#include "ir/shape_rules.h"

#include <assert.h>
#include <string.h>

/* A value, with the part of the index map that its dimensions are. */
typedef struct Part {
    Value v;
    MapSide side;
} Part;

enum { MAX_PARTS = 3 };

typedef struct Back {
    Gradient *w;
    OpCall *call;
    const Contraction *c;
    const DimId *padding; /* begin..., end...; NULL: that of the call */
    bool exchanged;       /* stride 1, whole windows */
    const Scalar *body;   /* of the row that is wanted, over the parts */
    uint32_t count;
    Part part[MAX_PARTS];
    MapSide target;
} Back;

/* Dimensions. */

/* A letter, or what a mark stands for: one or more dimensions that stay together. */
typedef struct Atom {
    MapDimKind kind;
    char letter;
    uint32_t rank;
    DimId dims[MAX_RANK];
} Atom;

typedef struct Atoms {
    uint32_t count;
    Atom atom[2 * MAX_RANK];
} Atoms;

static Atom *add_atom(Atoms *atoms, MapDimKind kind, char letter) {
    Atom *atom = &atoms->atom[atoms->count++];
    *atom = (Atom){.kind = kind, .letter = letter};
    return atom;
}

/* Whether the first letter of a pair is no dimension of its own: there is one group. */
static bool is_single(const Back *b, char letter) {
    return dim_is(b->c->letters[letter - 'a'], dim_constant(b->w->g->dims, 1));
}

/* The second letter of a pair that is one dimension has the name that the dimension has. */
static void add_pair(const Back *b, Atoms *atoms, MapDim pair, DimId dim) {
    bool single = is_single(b, pair.first);
    if (!single) {
        Atom *atom = add_atom(atoms, MAP_LETTER, pair.first);
        atom->dims[atom->rank++] = b->c->letters[pair.first - 'a'];
    }
    Atom *atom = add_atom(atoms, MAP_LETTER, pair.second);
    atom->dims[atom->rank++] = single ? dim : b->c->letters[pair.second - 'a'];
}

/* The dimensions of a side; a pair is taken apart. `shape` gives the numbers, NULL: the letters
 * alone are wanted. */
static Atoms atoms_of(const Back *b, const MapSide *side, const Shape *shape) {
    Atoms atoms = {0};
    uint32_t at = 0;
    for (uint32_t i = 0; i < side->count; i++) {
        MapDim dim = side->dims[i];
        if (dim.kind == MAP_PAIR) {
            add_pair(b, &atoms, dim, shape == NULL ? DIM_UNKNOWN : shape->dims[at++]);
            continue;
        }
        Atom *atom = add_atom(&atoms, dim.kind, dim.first);
        if (shape == NULL) continue;
        atom->rank = dim.kind == MAP_LETTER ? 1 : b->c->spatial;
        if (dim.kind == MAP_BATCH) atom->rank = (uint32_t)(shape->rank - side->fixed);
        for (uint32_t k = 0; k < atom->rank; k++) atom->dims[k] = shape->dims[at++];
    }
    return atoms;
}

static uint32_t list_dims(const Atoms *atoms, DimId *dims) {
    uint32_t rank = 0;
    for (uint32_t i = 0; i < atoms->count; i++) {
        for (uint32_t k = 0; k < atoms->atom[i].rank; k++) dims[rank++] = atoms->atom[i].dims[k];
    }
    return rank;
}

/* Dimensions in their order; perm, if not NULL, gets where they are among those of `from`. */
static Atoms reordered(const Atoms *from, const Atoms *order, uint32_t *perm) {
    Atoms out = {0};
    uint32_t rank = 0;
    for (uint32_t i = 0; i < order->count; i++) {
        uint32_t at = 0;
        for (uint32_t k = 0; k < from->count; k++) {
            const Atom *atom = &from->atom[k];
            if (atom->kind == order->atom[i].kind && atom->letter == order->atom[i].letter) {
                out.atom[out.count++] = *atom;
                for (uint32_t n = 0; n < atom->rank; n++) perm[rank++] = at + n;
            }
            at += atom->rank;
        }
    }
    return out;
}

/* The part with its dimensions as another side has them. */
static Value arranged(const Back *b, Part p, const MapSide *to) {
    if (ir_is_poison(p.v)) return p.v;
    Gradient *w = b->w;
    Shape shape = ir_shape(w->g, p.v);
    DimId dims[2 * MAX_RANK], merged[2 * MAX_RANK];
    uint32_t perm[2 * MAX_RANK], rank, at = 0, count = 0;
    Atoms own = atoms_of(b, &p.side, &shape), order = atoms_of(b, to, NULL);
    rank = list_dims(&own, dims);
    if (rank > MAX_RANK) return gradient_refuse(w, " with so many dimensions");
    Value v = gradient_reshape(w, p.v, rank, dims);
    Atoms sorted = reordered(&own, &order, perm);
    v = gradient_transpose(w, v, perm);
    list_dims(&sorted, dims);
    for (uint32_t i = 0; i < to->count; i++) {
        uint32_t size = to->dims[i].kind == MAP_LETTER || to->dims[i].kind == MAP_PAIR
                            ? 1 : b->c->spatial;
        if (to->dims[i].kind == MAP_BATCH) size = rank - to->fixed;
        for (uint32_t k = 0; k < size; k++) merged[count++] = dims[at++];
        if (to->dims[i].kind != MAP_PAIR || is_single(b, to->dims[i].first)) continue;
        merged[count - 1] = dim_mul(w->g->dims, merged[count - 1], dims[at++]);
    }
    return gradient_reshape(w, v, count, merged);
}

/* Rows. */

/* In which sides each letter stands, as bits: the operands', then the result's. */
static void mark_letters(const MapSide *side, uint32_t bit, uint8_t *where, char *seen) {
    for (uint32_t i = 0; i < side->count; i++) {
        const char pair[2] = {side->dims[i].first, side->dims[i].second};
        for (int k = 0; k < 2; k++) {
            if (pair[k] == '\0') continue;
            if (where[pair[k] - 'a'] == 0) seen[strlen(seen)] = pair[k];
            where[pair[k] - 'a'] |= (uint8_t)(1u << bit);
        }
    }
}

static bool same_marks(const MapSide *a, const MapSide *b) {
    unsigned marks[2] = {0, 0};
    for (uint32_t i = 0; i < a->count; i++) marks[0] |= 1u << a->dims[i].kind;
    for (uint32_t i = 0; i < b->count; i++) marks[1] |= 1u << b->dims[i].kind;
    unsigned letters = 1u << MAP_LETTER | 1u << MAP_PAIR;
    return (marks[0] & ~letters) == (marks[1] & ~letters);
}

static void rename_side(MapSide *side, const char *names) {
    for (uint32_t i = 0; i < side->count; i++) {
        MapDim *d = &side->dims[i];
        if (d->first != '\0') d->first = names[d->first - 'a'];
        if (d->second != '\0') d->second = names[d->second - 'a'];
    }
}

/* Gives the letters of a row's map the names they have here. False where it says something else;
 * order[i] is the part that is its operand i. */
static bool match(const Back *b, IndexMap *map, const uint32_t *order) {
    uint8_t here[LETTERS] = {0}, there[LETTERS] = {0};
    char ours[LETTERS + 1] = "", theirs[LETTERS + 1] = "", names[LETTERS] = {0};
    for (uint32_t i = 0; i < b->count; i++) {
        if (!same_marks(&b->part[order[i]].side, &map->operands[i])) return false;
        mark_letters(&b->part[order[i]].side, i, here, ours);
        mark_letters(&map->operands[i], i, there, theirs);
    }
    if (!same_marks(&b->target, &map->result)) return false;
    mark_letters(&b->target, b->count, here, ours);
    mark_letters(&map->result, b->count, there, theirs);
    if (strlen(ours) != strlen(theirs)) return false;
    /* Letters that stand in the same sides are the same, in their order. */
    for (const char *t = theirs; *t != '\0'; t++) {
        char *o = ours;
        while (*o != '\0' && (*o == ' ' || here[*o - 'a'] != there[*t - 'a'])) o++;
        if (*o == '\0') return false;
        names[*t - 'a'] = *o;
        *o = ' ';
    }
    for (uint32_t i = 0; i < b->count; i++) rename_side(&map->operands[i], names);
    rename_side(&map->result, names);
    return true;
}

/* The same formula. Parts that change places are no matter: the bodies are products, and
 * comparisons for equality. */
static bool same_formula(const Scalar *a, const Scalar *b) {
    if (a->kind != b->kind || a->index != b->index || a->value < b->value || a->value > b->value) {
        return false;
    }
    for (int i = 0; a->kind == SCALAR_APPLY && i < primitive_info[a->index].arity; i++) {
        if (!same_formula(a->args[i], b->args[i])) return false;
    }
    return true;
}

static Attr row_attr_of(const Back *b, const AttrInfo *info, bool last) {
    Graph *g = b->w->g;
    const Attr *own = call_attr(b->call, info->name);
    if (strcmp(info->name, "layout") == 0) return (Attr){.kind = ATTR_WORD, .as.integer = last};
    if (strcmp(info->name, "window") == 0) return attr_dims(g, b->c->spatial, b->c->window);
    if (strcmp(info->name, "stride") == 0 && b->exchanged) return attr_integer(1);
    if (strcmp(info->name, "ceil_mode") == 0 && b->exchanged) return attr_none();
    if (strcmp(info->name, "padding") == 0 && b->padding != NULL) {
        Attr a = attr_dims(g, 2 * b->c->spatial, b->padding);
        a.kind = ATTR_PADDING;
        return a;
    }
    return own == NULL ? attr_none() : *own;
}

static Value built(const Back *b, Op op, bool last, const IndexMap *map, const uint32_t *order) {
    const OpInfo *info = &op_info[op];
    Value operands[MAX_PARTS];
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    for (uint32_t i = 0; i < b->count; i++) {
        operands[i] = arranged(b, b->part[order[i]], &map->operands[i]);
    }
    for (uint32_t i = 0; i < info->attr_count; i++) {
        attrs[i] = row_attr_of(b, &info->attrs[i], last);
    }
    Part result = {gradient_op(b->w, op, b->count, operands, attrs), map->result};
    return arranged(b, result, &b->target);
}

/* The sum that is wanted, by the first row that is it; those of the same layout come first. */
static Value contracted(const Back *b) {
    static const uint32_t orders[2][MAX_PARTS] = {{0, 1, 2}, {1, 0, 2}};
    const Attr *layout = call_attr(b->call, "layout");
    bool own = layout != NULL && layout->as.integer == 1;
    for (int i = 0; i < 2 * 2 * OP_COUNT; i++) {
        Op op = (Op)(i / 2 % OP_COUNT);
        const OpInfo *info = &op_info[op];
        const uint32_t *order = orders[i % 2];
        bool last = i < 2 * OP_COUNT ? own : !own;
        if (info->form != FORM_CONTRACT || info->combine != COMBINE_SUM ||
            info->after->kind != SCALAR_INPUT || !same_formula(info->body, b->body) ||
            (last && info->maps[1][0] == '\0') || (b->count == 1 && i % 2 == 1)) {
            continue;
        }
        IndexMap map = index_map_read(index_map_text(op, last));
        if (map.operand_count == b->count && match(b, &map, order)) {
            return built(b, op, last, &map, order);
        }
    }
    return gradient_refuse(b->w, "");
}

/* Windows that run backwards. */

static uint32_t first_spatial(const MapSide *side, MapDimKind kind) {
    uint32_t at = 0;
    while (at < side->count && side->dims[at].kind != kind) at++;
    return at; /* what stands before is one dimension each */
}

static bool has_mark(const MapSide *side, MapDimKind kind) {
    return first_spatial(side, kind) < side->count;
}

static void set_mark(MapSide *side, MapDimKind from, MapDimKind to) {
    uint32_t at = first_spatial(side, from);
    if (at < side->count) side->dims[at].kind = to;
}

/* Zeros between the elements; before the first and behind the last one as many as there are
 * positions, as padding where windows reach beyond, or elements cut off where they do not. */
static void spread(Back *b, Part *p, DimId *padding) {
    Graph *g = b->w->g;
    DimTable *t = g->dims;
    Shape shape = ir_shape(g, p->v);
    uint32_t first = first_spatial(&p->side, MAP_OUT), spatial = b->c->spatial;
    DimId zero = dim_constant(t, 0), one = dim_constant(t, 1);
    DimId none[MAX_RANK], begin[MAX_RANK], end[MAX_RANK];
    int64_t between[MAX_RANK] = {0};
    for (uint32_t i = 0; i < shape.rank; i++) {
        none[i] = begin[i] = zero;
        end[i] = shape.dims[i];
    }
    for (uint32_t i = 0; i < spatial; i++) {
        int64_t stride = call_attr(b->call, "stride")->as.integers[i];
        DimId dilation = dim_constant(t, call_attr(b->call, "dilation")->as.integers[i]);
        DimId reach = dim_mul(t, dilation, dim_sub(t, b->c->window[i], one));
        DimId last = dim_mul(t, dim_sub(t, shape.dims[first + i], one), dim_constant(t, stride));
        DimId length = dim_add(t, last, one), own = call_attr(b->call, "padding")->as.dims[i];
        DimId before = dim_sub(t, reach, own);
        DimId behind = dim_sub(t, dim_add(t, b->c->in[i], own), length);
        padding[i] = dim_maximum(t, before, zero);
        padding[spatial + i] = dim_maximum(t, behind, zero);
        begin[first + i] = dim_sub(t, padding[i], before);
        end[first + i] = dim_sub(t, length, dim_sub(t, padding[spatial + i], behind));
        between[first + i] = stride - 1;
    }
    p->v = gradient_pad(b->w, p->v, none, none, between);
    p->v = gradient_slice(b->w, p->v, begin, end, NULL);
    set_mark(&p->side, MAP_OUT, MAP_IN);
}

static void turn_window(Back *b, Part *p) {
    int64_t axes[MAX_RANK];
    uint32_t first = first_spatial(&p->side, MAP_WINDOW);
    for (uint32_t i = 0; i < b->c->spatial; i++) axes[i] = first + i;
    const Attr attrs[] = {attr_integers(b->w->g, b->c->spatial, axes)};
    p->v = gradient_op(b->w, OP_FLIP, 1, &p->v, attrs);
}

/* The sum for a target under windows. */
static Value contracted_back(Back *b) {
    DimId padding[2 * MAX_RANK];
    if (!has_mark(&b->target, MAP_IN)) return contracted(b);
    for (uint32_t i = 0; i < b->count; i++) {
        Part *p = &b->part[i];
        if (ir_is_poison(p->v)) return VALUE_NONE;
        if (has_mark(&p->side, MAP_OUT)) {
            spread(b, p, padding);
        } else if (has_mark(&p->side, MAP_IN)) {
            set_mark(&p->side, MAP_IN, MAP_OUT);
        } else if (has_mark(&p->side, MAP_WINDOW)) {
            turn_window(b, p);
        }
    }
    set_mark(&b->target, MAP_IN, MAP_OUT);
    b->exchanged = true;
    b->padding = padding;
    return contracted(b);
}

/* Sums over leading dimensions that the target has not, together with the letter behind them, and
 * not afterwards: of all samples at once. */
static void fold_batch(Back *b, Shape target) {
    Graph *g = b->w->g;
    uint32_t more = 0;
    if (!b->target.batch || target.rank != b->target.fixed) return;
    for (uint32_t i = 0; i < b->count; i++) {
        const MapSide *side = &b->part[i].side;
        uint32_t own = (uint32_t)(ir_shape(g, b->part[i].v).rank - side->fixed);
        if (!side->batch || own == 0 || (i > 0 && own != more)) return;
        if (side->dims[0].kind != MAP_BATCH || side->dims[1].kind != MAP_LETTER ||
            side->dims[1].first != b->part[0].side.dims[1].first) {
            return;
        }
        Shape first = ir_shape(g, b->part[0].v), shape = ir_shape(g, b->part[i].v);
        for (uint32_t k = 0; i > 0 && k <= own; k++) { /* none is broadcast */
            if (!dim_is(first.dims[k], shape.dims[k])) return;
        }
        more = own;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        Shape shape = ir_shape(g, b->part[i].v);
        DimId dims[MAX_RANK], all = shape.dims[0];
        for (uint32_t k = 1; k <= more; k++) all = dim_mul(g->dims, all, shape.dims[k]);
        dims[0] = all;
        for (uint32_t k = more + 1; k < shape.rank; k++) dims[k - more] = shape.dims[k];
        b->part[i].v = gradient_reshape(b->w, b->part[i].v, shape.rank - more, dims);
    }
}

/* Forms. */

static Back back_of(Gradient *w, OpCall *call, const Contraction *c) {
    Back b = {.w = w, .call = call, .c = c, .count = c->map.operand_count,
              .body = op_info[call->op].body};
    for (uint32_t i = 0; i < b.count; i++) {
        b.part[i] = (Part){ir_operand(w->g, w->v, i), c->map.operands[i]};
    }
    return b;
}

/* Whether a body is a multiple of input k: of a product a factor, of a choice a branch. What a
 * comparison takes has no gradient. */
static bool leads_to(const Scalar *s, uint32_t k) {
    if (s->kind == SCALAR_INPUT) return s->index == k;
    if (s->kind != SCALAR_APPLY) return false;
    bool product = s->index == PRIMITIVE_MUL, choice = s->index == PRIMITIVE_SELECT;
    for (int i = choice ? 1 : 0; (product || choice) && i < primitive_info[s->index].arity; i++) {
        if (leads_to(s->args[i], k)) return true;
    }
    return false;
}

static void back_sum(Gradient *w, OpCall *call, const Contraction *c, Value adjoint) {
    for (uint32_t k = 0; k < c->map.operand_count; k++) {
        Value x = ir_operand(w->g, w->v, k);
        if (!w->wanted[x.id] || !leads_to(op_info[call->op].body, k)) continue;
        Back b = back_of(w, call, c);
        b.part[k] = (Part){adjoint, c->map.result};
        b.target = c->map.operands[k];
        fold_batch(&b, ir_shape(w->g, x));
        gradient_add(w, x, contracted_back(&b));
    }
}

static Value ones(Gradient *w, DType type, Shape shape) {
    return gradient_stretch(w, gradient_scalar(w, type, 1), shape.rank, shape.dims);
}

/* The elements of a window that equal the result share equally, as in a reduction. */
static void back_largest(Gradient *w, OpCall *call, const Contraction *c, Value adjoint) {
    Value x = ir_operand(w->g, w->v, 0);
    DType type = ir_node(w->g, x)->dtype;
    Part y = {w->v, c->map.result}, own = {x, c->map.operands[0]};
    Back b = {.w = w, .call = call, .c = c, .count = 3, .body = op_info[OP_EQUAL_POOL].body,
              .part = {y, own, {ones(w, type, ir_shape(w->g, x)), own.side}}, .target = y.side};
    Value ties = gradient_binary(w, PRIMITIVE_MAXIMUM, contracted(&b), gradient_scalar(w, type, 1));
    Value share = gradient_binary(w, PRIMITIVE_DIV, adjoint, ties);
    b.part[2] = (Part){share, y.side};
    b.target = own.side;
    gradient_add(w, x, contracted_back(&b));
}

/* Counting. */

/* How many ones there are in each window, with `around` of them on every side of the input. */
static Value ones_in_windows(Gradient *w, OpCall *call, const Contraction *c, bool around) {
    DimTable *t = w->g->dims;
    const DimId *own = call_attr(call, "padding")->as.dims;
    Part x = {VALUE_NONE, c->map.operands[0]};
    DimId dims[MAX_RANK], zeros[2 * MAX_RANK];
    Shape shape = {.dims = dims};
    for (uint32_t i = 0; i < x.side.count; i++) {
        bool letter = x.side.dims[i].kind != MAP_IN;
        for (uint32_t k = 0; k < (letter ? 1 : c->spatial); k++) {
            DimId all = dim_add(t, c->in[k], dim_add(t, own[k], own[c->spatial + k]));
            dims[shape.rank++] = letter ? dim_constant(t, 1) : around ? all : c->in[k];
        }
    }
    for (uint32_t i = 0; i < 2 * c->spatial; i++) zeros[i] = dim_constant(t, 0);
    x.v = ones(w, dtype_accumulator(ir_node(w->g, w->v)->dtype), shape);
    Back b = {.w = w, .call = call, .c = c, .count = 1, .body = op_info[OP_SUM_POOL].body,
              .part = {x}, .target = c->map.result, .padding = around ? zeros : NULL};
    return contracted(&b);
}

/* COUNT and VOLUME of `after`, as far as it uses them. */
static Value number_of_terms(Gradient *w, OpCall *call, const Contraction *c, ScalarKind kind) {
    if (!gradient_uses(w, op_info[call->op].after, kind)) return VALUE_NONE;
    const Attr *padding = call_attr(call, "padding"), *ceil_mode = call_attr(call, "ceil_mode");
    bool ragged = ceil_mode != NULL && ceil_mode->as.integer != 0, padded = false;
    for (uint32_t i = 0; i < padding->count; i++) {
        padded = padded || !dim_is(padding->as.dims[i], dim_constant(w->g->dims, 0));
    }
    bool varies = ragged || (padded && kind == SCALAR_COUNT_OF);
    if (varies) return ones_in_windows(w, call, c, kind == SCALAR_VOLUME);
    DType type = dtype_accumulator(ir_node(w->g, w->v)->dtype);
    return gradient_count(w, type, c->spatial, c->window);
}

void gradient_contract(Gradient *w, Value adjoint) {
    Attr attrs[OP_MAX_ATTRS];
    Value operands[NEST_MAX_OPERANDS]; /* the graph's list moves when it grows */
    OpCall call = call_of_node(w->g, w->v, attrs);
    Contraction c;
    for (uint32_t i = 0; i < call.operand_count; i++) operands[i] = call.operands[i];
    call.operands = operands;
    bool made = contraction_make(&call, &c);
    assert(made);
    (void)made;
    Value count = number_of_terms(w, &call, &c, SCALAR_COUNT_OF);
    Value volume = number_of_terms(w, &call, &c, SCALAR_VOLUME);
    adjoint = gradient_after(w, adjoint, count, volume);
    switch (op_info[call.op].combine) {
    case COMBINE_SUM: back_sum(w, &call, &c, adjoint); return;
    case COMBINE_MAX:
    case COMBINE_MIN: back_largest(w, &call, &c, adjoint); return;
    case COMBINE_NONE:
    case COMBINE_PRODUCT:
    case COMBINE_ALL:
    case COMBINE_ANY: break;
    }
    gradient_refuse(w, "");
}
