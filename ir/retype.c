/* Graphs in a narrower element type (retype.h).
 *
 * One walk over the nodes in their order. Each old value has up to two new ones: as it is given,
 * and converted; a conversion is made where it is first asked for. In a region everything has one
 * precision, and what comes from outside is converted before it, so that its ends stay together. */
#include "ir/retype.h"

#include "ir/build.h"
#include "ir/call.h"
#include "ir/training.h"

#include <math.h>
#include <string.h>

typedef struct Retyping {
    Graph *old, *new;
    DType to;
    uint32_t end;
    const bool *kept;
    Data *narrow;
    bool *wide_use, *narrow_use; /* by old value: a kept operation reads it, another does */
    Value *wide, *low;           /* by old value: as it was, and narrowed */
    Retyped *out;
    VEC(uint32_t) inside; /* old values that were converted in the region that is open */
    uint32_t region;      /* the outermost one that is open; 0: none */
    bool failed;
} Retyping;

static bool is_narrowed(const Retyping *r, Value v) {
    return retype_narrows(ir_node(r->old, v)->dtype, r->to);
}

/* The outermost region that v stands in. */
static uint32_t outermost(const Graph *g, Value v) {
    uint32_t region = ir_region_at(g, v);
    while (g->regions.data[region].parent != 0) region = g->regions.data[region].parent;
    return region;
}

/* Whether the operation is kept. A contract goes with its operand, as that is given. */
static bool is_kept(const Retyping *r, Value v) {
    const Graph *g = r->old;
    if (op_carries(ir_node(g, v)->op)) {
        uint32_t operand = ir_operand(g, v, 0).id;
        return r->low[operand].id != r->out->value[operand].id;
    }
    if (ir_node(g, v)->op == OP_EXTERN) return true;
    if (g->regions.count > 1 && ir_node(g, v)->operand_count > 0) {
        uint32_t region = outermost(g, v);
        if (region != 0) v = g->regions.data[region].first;
    }
    return r->kept[v.id];
}

static void note(Retyping *r, Value made, Value of, bool converts) {
    if (ir_is_poison(made)) {
        r->failed = true;
        return;
    }
    r->out->made_of[made.id] = of.id;
    r->out->converts[made.id] = converts;
}

/* Numbers. */

static const Data *narrowed_data(Retyping *r, uint32_t data, DType type) {
    Data *out = &r->narrow[data];
    if (out->bytes != NULL) return out;
    const Data *from = &r->old->data.data[data];
    size_t width = dtype_info[type].bytes, to = dtype_info[r->to].bytes;
    size_t count = from->size / width;
    unsigned char *bytes = arena_alloc(&r->old->cx->module, count + 1, to);
    for (size_t i = 0; i < count; i++) {
        double value = dtype_load(type, (const unsigned char *)from->bytes + i * width);
        dtype_store(r->to, bytes + i * to, value);
    }
    *out = (Data){bytes, count * to};
    return out;
}

static bool data_fits(Retyping *r, uint32_t data, DType type) {
    const Data *from = &r->old->data.data[data], *to = narrowed_data(r, data, type);
    size_t width = dtype_info[type].bytes, narrow = dtype_info[r->to].bytes;
    for (size_t i = 0; i * width < from->size; i++) {
        double value = dtype_load(type, (const unsigned char *)from->bytes + i * width);
        double kept = dtype_load(r->to, (const unsigned char *)to->bytes + i * narrow);
        if (isfinite(value) && !isfinite(kept)) return false;
    }
    return true;
}

/* Contracts: their numbers rounded; an end that is beyond the type bounds nothing. */

static double narrowed_end(DType to, double end, bool *open) {
    double rounded = dtype_round(to, end);
    if (isfinite(end) && !isfinite(rounded)) *open = true;
    return rounded;
}

static bool contract_fits_in(const Contract *c, DType to) {
    bool fits = true;
    if (c->kind == CONTRACT_INTERVAL) {
        fits = (!isfinite(c->low) || isfinite(dtype_round(to, c->low))) &&
               (!isfinite(c->high) || isfinite(dtype_round(to, c->high)));
    }
    for (uint32_t i = 0; c->kind == CONTRACT_SET && i < c->value_count; i++) {
        fits = fits && (!isfinite(c->values[i]) || isfinite(dtype_round(to, c->values[i])));
    }
    return fits;
}

static ContractId rebuilt_contract(Retyping *r, ContractId id, bool narrows) {
    if (id.id == 0) return id;
    Contract c = *ir_contract(r->old, id);
    if (narrows && c.kind == CONTRACT_INTERVAL) {
        c.low = narrowed_end(r->to, c.low, &c.open_low);
        c.high = narrowed_end(r->to, c.high, &c.open_high);
    }
    if (narrows && c.kind == CONTRACT_SET && c.value_count > 0) {
        double *values = ARENA_ARRAY(&r->old->cx->module, double, c.value_count);
        for (uint32_t i = 0; i < c.value_count; i++) values[i] = dtype_round(r->to, c.values[i]);
        c.values = values;
    }
    return build_contract(r->new, c);
}

static ShapeId rebuilt_shape(Retyping *r, Value v) {
    Shape s = ir_shape(r->old, v);
    return build_shape(r->new, SPAN_NONE, s.rank, s.dims);
}

/* Operands. */

static Value add_constant(Retyping *r, Value v, bool narrows) {
    const Node *node = ir_node(r->old, v);
    uint32_t data = ir_attr(r->old, v, (uint32_t)op_attr(node->op, "data"))->as.data;
    const Data *from =
        narrows ? narrowed_data(r, data, node->dtype) : &r->old->data.data[data];
    Value made = build_constant(r->new, narrows ? r->to : node->dtype, rebuilt_shape(r, v),
                                from->bytes, from->size, node->origin);
    note(r, made, v, false);
    return made;
}

static Value convert(Retyping *r, Value v, Value from, DType to) {
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    attrs[op_attr(OP_CAST, "dtype")] = attr_dtype(to);
    Value made = build_derived(r->new, OP_CAST, 1, &from, attrs, ir_node(r->old, v)->origin);
    note(r, made, v, true);
    if (r->region != 0) vec_push(&r->old->cx->scratch, &r->inside, v.id);
    return made;
}

/* v as an operation reads it that is kept, or is not. */
static Value fetch(Retyping *r, Value v, bool kept) {
    if (ir_is_poison(v)) return v;
    if (!is_narrowed(r, v)) return r->wide[v.id];
    Value *slot = kept ? &r->wide[v.id] : &r->low[v.id];
    Value other = kept ? r->low[v.id] : r->wide[v.id];
    if (!ir_is_poison(*slot)) return *slot;
    if (ir_node(r->old, v)->op == OP_CONST) return *slot = add_constant(r, v, !kept);
    if (ir_is_poison(other)) return VALUE_NONE;
    return *slot = convert(r, v, other, kept ? ir_node(r->old, v)->dtype : r->to);
}

/* Nodes. */

/* Whether a source is given in the narrow type from the start. */
static bool source_narrows(Retyping *r, Value v) {
    const Node *node = ir_node(r->old, v);
    if (!is_narrowed(r, v) || node->op == OP_EXTERN) return false;
    int at = op_attr(node->op, "contract"), data_at = op_attr(node->op, "data");
    ContractId id = ir_attr(r->old, v, (uint32_t)at)->as.contract;
    uint32_t data = data_at < 0 ? 0 : ir_attr(r->old, v, (uint32_t)data_at)->as.data;
    /* An input of which nothing is said is any number of its type. */
    bool known = id.id != 0 || data != 0 || node->op != OP_INPUT;
    if (!known) return true;
    if (r->wide_use[v.id]) return false;
    if (id.id != 0 && !contract_fits_in(ir_contract(r->old, id), r->to)) return false;
    return data == 0 || data_fits(r, data, node->dtype);
}

static Value add_source(Retyping *r, Value v, bool narrows) {
    const Node *node = ir_node(r->old, v);
    DType type = narrows ? r->to : node->dtype;
    int at = op_attr(node->op, "contract"), data_at = op_attr(node->op, "data");
    ContractId contract =
        rebuilt_contract(r, ir_attr(r->old, v, (uint32_t)at)->as.contract, narrows);
    if (node->op == OP_INPUT) {
        return build_input(r->new, node->name, node->name_span, type, rebuilt_shape(r, v), contract,
                           node->origin);
    }
    const Parameter *p = ir_parameter(r->old, v);
    Value made = build_parameter(r->new, p->trained, node->name, node->name_span, type,
                                 rebuilt_shape(r, v), contract, p->init, node->origin);
    uint32_t data = ir_attr(r->old, v, (uint32_t)data_at)->as.data;
    if (data == 0 || ir_is_poison(made)) return made;
    const Data *bytes =
        narrows ? narrowed_data(r, data, node->dtype) : &r->old->data.data[data];
    build_bind(r->new, made, bytes->bytes, bytes->size);
    return made;
}

static Value add_extern(Retyping *r, Value v) {
    const Node *node = ir_node(r->old, v);
    Value *operands = ARENA_ARRAY(&r->old->cx->scratch, Value, node->operand_count);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        operands[i] = fetch(r, ir_operand(r->old, v, i), true);
    }
    const Attr *a = ir_attr(r->old, v, 0);
    const ExternResult made = {.symbol = a[0].as.name,
                               .contract = rebuilt_contract(r, a[1].as.contract, false),
                               .order = a[2].as.name,
                               .result = (uint32_t)a[3].as.integer,
                               .operand_count = node->operand_count,
                               .operands = operands,
                               .size_count = a[4].count,
                               .sizes = a[4].as.dims,
                               .rest_count = a[5].count,
                               .rest = a[5].as.dims,
                               .dtype = node->dtype,
                               .shape = rebuilt_shape(r, v)};
    return build_extern(r->new, &made, node->origin);
}

static Value add_operation(Retyping *r, Value v, bool kept) {
    const Node *node = ir_node(r->old, v);
    const OpInfo *info = &op_info[node->op];
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    Value *operands = ARENA_ARRAY(&r->old->cx->scratch, Value, node->operand_count + 1);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        operands[i] = fetch(r, ir_operand(r->old, v, i), kept);
        if (ir_is_poison(operands[i])) return VALUE_NONE;
    }
    for (uint32_t i = 0; i < info->attr_count; i++) {
        attrs[i] = *ir_attr(r->old, v, i);
        if (attrs[i].kind == ATTR_CONTRACT) {
            bool narrows = !kept && is_narrowed(r, v);
            attrs[i].as.contract = rebuilt_contract(r, attrs[i].as.contract, narrows);
        }
        /* What pads is infinite where it is too large for the type. */
        double number = attrs[i].kind == ATTR_REAL ? dtype_round(r->to, attrs[i].as.real) : 0;
        bool may_be = isinf(number) && info->attrs[i].domain == ATTR_ANY;
        if (may_be && !kept && is_narrowed(r, v)) attrs[i].as.real = number;
        if (attrs[i].kind == ATTR_DTYPE && !kept && retype_narrows(attrs[i].as.dtype, r->to)) {
            attrs[i].as.dtype = r->to;
        }
    }
    return build_derived(r->new, node->op, node->operand_count, operands, attrs, node->origin);
}

/* Before a region begins: what its nodes read from outside. */
static void open_region(Retyping *r, uint32_t region, bool kept) {
    const Region *old = &r->old->regions.data[region];
    for (uint32_t id = old->first.id; id < old->end; id++) {
        for (uint32_t i = 0; i < r->old->nodes.data[id].operand_count; i++) {
            Value x = ir_operand(r->old, (Value){id}, i);
            if (x.id < old->first.id) fetch(r, x, kept);
        }
    }
    r->region = region;
}

/* What was converted in a region is there alone. */
static void forget_inside(Retyping *r) {
    for (uint32_t i = 0; i < r->inside.count; i++) {
        uint32_t v = r->inside.data[i], given = r->out->value[v].id;
        if (r->wide[v].id != given) r->wide[v] = VALUE_NONE;
        if (r->low[v].id != given) r->low[v] = VALUE_NONE;
    }
    r->inside.count = 0;
    r->region = 0;
}

/* Closes the regions whose last node is `id`. */
static void close_regions(Retyping *r, uint32_t id) {
    const Graph *g = r->old;
    uint32_t at = ir_region_at(g, (Value){id});
    for (; at != 0 && g->regions.data[at].end == id + 1; at = g->regions.data[at].parent) {
        build_region_end(r->new, r->wide[g->regions.data[at].first.id]);
        if (at == r->region) forget_inside(r);
    }
}

static void add_node(Retyping *r, Value v) {
    const Node *node = ir_node(r->old, v);
    bool kept = is_kept(r, v), narrows = is_narrowed(r, v) && !kept;
    Value made;
    if (node->op == OP_CONST) {
        narrows = is_narrowed(r, v) && (r->narrow_use[v.id] || !r->wide_use[v.id]);
        made = fetch(r, v, !narrows);
        if (ir_is_poison(made)) made = r->wide[v.id] = add_constant(r, v, false);
    } else if (node->op == OP_EXTERN) {
        made = add_extern(r, v);
    } else if (op_info[node->op].type == TYPE_SOURCE) {
        narrows = source_narrows(r, v);
        made = add_source(r, v, narrows);
    } else {
        made = add_operation(r, v, kept);
    }
    note(r, made, v, false);
    if (r->failed) return;
    *(narrows ? &r->low[v.id] : &r->wide[v.id]) = made;
    r->out->value[v.id] = made;
    build_name(r->new, made, node->name, node->name_span);
}

static void find_uses(Retyping *r) {
    for (uint32_t id = 1; id < r->end; id++) {
        if (op_carries(r->old->nodes.data[id].op)) continue;
        bool *use = is_kept(r, (Value){id}) ? r->wide_use : r->narrow_use;
        for (uint32_t i = 0; i < r->old->nodes.data[id].operand_count; i++) {
            Value x = ir_operand(r->old, (Value){id}, i);
            for (; op_carries(ir_node(r->old, x)->op); x = ir_operand(r->old, x, 0)) {
                use[x.id] = true;
            }
            use[x.id] = true;
        }
    }
}

static Value now(const Retyping *r, Value old) {
    return old.id < r->end ? r->out->value[old.id] : VALUE_NONE;
}

static ValueSet moved_set(Retyping *r, ValueSet set) {
    Value *values = ARENA_ARRAY(&r->old->cx->module, Value, set.count);
    for (uint32_t i = 0; i < set.count; i++) values[i] = now(r, set.values[i]);
    return (ValueSet){set.count, values};
}

static void move_training(Retyping *r, const Training *old) {
    Arena *arena = &r->old->cx->module;
    Training *t = ARENA_NEW(arena, Training);
    *t = *old;
    memset(&t->objectives, 0, sizeof t->objectives);
    memset(&t->calls, 0, sizeof t->calls);
    memset(&t->metrics, 0, sizeof t->metrics);
    for (uint32_t i = 0; i < old->objectives.count; i++) {
        Objective o = old->objectives.data[i];
        o.value = now(r, o.value);
        o.over = moved_set(r, o.over);
        vec_push(arena, &t->objectives, o);
    }
    for (uint32_t i = 0; i < old->calls.count; i++) {
        TrainingCall call = old->calls.data[i];
        call.on = moved_set(r, call.on);
        vec_push(arena, &t->calls, call);
    }
    for (uint32_t i = 0; i < old->metrics.count; i++) {
        Metric m = old->metrics.data[i];
        m.value = now(r, m.value);
        vec_push(arena, &t->metrics, m);
    }
    vec_push(arena, &r->new->trainings, t);
}

/* What a graph has beside its nodes. */
static void move_rest(Retyping *r) {
    const Graph *g = r->old;
    for (uint32_t i = 0; i < g->results.count; i++) {
        const Result *result = &g->results.data[i];
        Value v = now(r, result->value);
        build_result(r->new, result->name, v, (ContractId){0}, result->span);
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        const Update *u = &g->updates.data[i];
        Value buffer = now(r, u->buffer);
        if (u->next.id >= r->end || ir_is_poison(buffer)) continue;
        bool wide = ir_node(r->new, buffer)->dtype == ir_node(g, u->buffer)->dtype;
        if (!build_update(r->new, buffer, fetch(r, u->next, wide), u->span)) r->failed = true;
    }
    for (uint32_t i = 0; i < g->targets.count; i++) {
        vec_push(&g->cx->module, &r->new->targets, g->targets.data[i]);
    }
    for (uint32_t i = 0; i < g->rules.count; i++) {
        graph_rule(r->new, g->rules.data[i]);
    }
    for (uint32_t i = 0; i < g->trainings.count; i++) move_training(r, g->trainings.data[i]);
}

static void start(Retyping *r) {
    Graph *g = r->old;
    Arena *scratch = &g->cx->scratch, *module = &g->cx->module;
    /* A value is given, and converted for an operand or an update at the most. */
    uint32_t most = 2 * r->end + g->operands.count + g->updates.count;
    r->new = graph_new(g->cx, g->name, g->span);
    r->new->dims = g->dims;
    r->new->precision = g->precision;
    for (uint32_t i = 1; i < g->origins.count; i++) {
        vec_push(module, &r->new->origins, g->origins.data[i]);
    }
    r->wide_use = ARENA_ARRAY(scratch, bool, r->end);
    r->narrow_use = ARENA_ARRAY(scratch, bool, r->end);
    r->wide = ARENA_ARRAY(scratch, Value, r->end);
    r->low = ARENA_ARRAY(scratch, Value, r->end);
    r->out->value = ARENA_ARRAY(module, Value, r->end);
    r->out->made_of = ARENA_ARRAY(module, uint32_t, most);
    r->out->converts = ARENA_ARRAY(module, bool, most);
    find_uses(r);
}

Retyped retype(Graph *g, DType to, uint32_t end, const bool *kept, Data *narrow) {
    Retyped out = {0};
    Retyping r = {.old = g, .to = to, .end = end, .kept = kept, .narrow = narrow, .out = &out};
    start(&r);
    uint32_t next_region = 1;
    for (uint32_t id = 1; id < end && !r.failed; id++) {
        bool opens = next_region < g->regions.count && g->regions.data[next_region].first.id == id;
        if (opens && r.region == 0) open_region(&r, next_region, is_kept(&r, (Value){id}));
        if (opens) next_region++;
        if (g->trained_from == id) r.new->trained_from = r.new->nodes.count;
        add_node(&r, (Value){id});
        if (!r.failed && r.region != 0) close_regions(&r, id);
    }
    if (!r.failed) move_rest(&r);
    out.graph = r.failed ? NULL : r.new;
    out.count = r.new->nodes.count;
    return out;
}
