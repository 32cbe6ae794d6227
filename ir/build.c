/* Making graphs: the checks that every node passes, whoever makes it. */
#include "ir/build.h"

#include "ir/base/checked.h"
#include "ir/base/hash.h"
#include "ir/shape.h"
#include "ir/shape_rules.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

Graph *graph_new(Ctx *cx, Name name, Span span) {
    Graph *g = ARENA_NEW(&cx->module, Graph);
    g->cx = cx;
    g->name = name;
    g->span = span;
    g->dims = dims_new(cx);
    vec_push(&cx->module, &g->nodes, (Node){.op = OP_NONE});
    vec_push(&cx->module, &g->shapes, (Shape){0});
    vec_push(&cx->module, &g->contracts, (Contract){.kind = CONTRACT_FINITE});
    vec_push(&cx->module, &g->origins, (Origin){0});
    vec_push(&cx->module, &g->data, (Data){0});
    vec_push(&cx->module, &g->regions, (Region){0});
    return g;
}

OriginId build_origin(Graph *g, Span span, Name block, OriginId caller) {
    assert(caller.id < g->origins.count);
    vec_push(&g->cx->module, &g->origins, (Origin){.span = span, .block = block, .caller = caller});
    return (OriginId){g->origins.count - 1};
}

ContractId build_contract(Graph *g, Contract contract) {
    if (contract.kind == CONTRACT_SET && contract.value_count > 0) {
        double *values = ARENA_ARRAY(&g->cx->module, double, contract.value_count);
        memcpy(values, contract.values, contract.value_count * sizeof *values);
        contract.values = values;
    }
    vec_push(&g->cx->module, &g->contracts, contract);
    return (ContractId){g->contracts.count - 1};
}

/* Shapes. */

static bool too_large(Graph *g, Span span, uint32_t rank, const DimId *dims) {
    uint64_t elements = 1, most = g->cx->limits.elements;
    if (rank > MAX_RANK || rank > g->cx->limits.rank) {
        diag_say(g->cx, NNA0002, span, "a tensor of %u dimensions; at most %" PRIu64
                 " are supported", rank, rank > MAX_RANK ? MAX_RANK : g->cx->limits.rank);
        return true;
    }
    for (uint32_t i = 0; i < rank; i++) {
        int64_t low, high;
        dim_bounds(g->dims, dims[i], &low, &high);
        if (high < 1) {
            diag_say(g->cx, NNA2009, span, "dimension %u of %s is %s", i,
                     list_text(g, rank, dims), high < 0 ? "negative" : "empty");
            return true;
        }
        if (low > 0 && (uint64_t)low > g->cx->limits.dimension) {
            diag_say(g->cx, NNA0002, span, "dimension %u of %s is larger than %" PRIu64
                     "; raise it with --limit dimension=N", i, list_text(g, rank, dims),
                     g->cx->limits.dimension);
            return true;
        }
        if (low > 0 && __builtin_mul_overflow(elements, (uint64_t)low, &elements)) {
            elements = UINT64_MAX;
        }
    }
    if (elements <= most) return false;
    diag_say(g->cx, NNA0002, span, "%s has more than %" PRIu64
             " elements; raise it with --limit elements=N", list_text(g, rank, dims), most);
    return true;
}

static uint32_t shape_hash(const Graph *g, uint32_t rank, const DimId *dims) {
    uint64_t hash = g->cx->names.seed ^ rank;
    for (uint32_t i = 0; i < rank; i++) hash = hash_mix(hash, dims[i].id);
    return (uint32_t)hash;
}

ShapeId build_shape_at(Graph *g, Span span, OriginId origin, uint32_t rank, const DimId *dims) {
    uint32_t hash = shape_hash(g, rank, dims), at = slots_first(&g->shape_slots, hash), id;
    for (; (id = slots_seek(&g->shape_slots, &at, hash)) != 0; at++) {
        const Shape *old = &g->shapes.data[id];
        if (old->rank == rank &&
            (rank == 0 || memcmp(old->dims, dims, rank * sizeof *dims) == 0)) {
            return (ShapeId){id};
        }
    }
    for (uint32_t i = 0; i < rank; i++) {
        if (dims[i].id == 0) return (ShapeId){0};
    }
    if (too_large(g, span, rank, dims)) return (ShapeId){0};
    DimId *copy = ARENA_ARRAY(&g->cx->module, DimId, rank), one = dim_constant(g->dims, 1);
    for (uint32_t i = 0; i < rank; i++) {
        copy[i] = dims[i];
        graph_rule(g, (DimRule){.a = one, .b = dims[i], .origin = origin});
    }
    vec_push(&g->cx->module, &g->shapes, (Shape){(uint8_t)rank, copy});
    slots_add(&g->cx->module, &g->shape_slots, hash, g->shapes.count - 1);
    return (ShapeId){g->shapes.count - 1};
}

ShapeId build_shape(Graph *g, Span span, uint32_t rank, const DimId *dims) {
    return build_shape_at(g, span, (OriginId){0}, rank, dims);
}

/* Nodes. */

static Value add_node(Graph *g, Op op, DType dtype, ShapeId shape, uint32_t operand_count,
                      const Value *operands, const Attr *attrs, OriginId origin) {
    Arena *arena = &g->cx->module;
    if (g->nodes.count > g->cx->limits.operations) {
        diag_say(g->cx, NNA0002, ir_origin_place(g, origin, NULL),
                 "the model has more than %" PRIu64
                 " operations; raise it with --limit operations=N", g->cx->limits.operations);
        ctx_give_up(g->cx);
    }
    Node node = {.op = op, .dtype = dtype, .shape = shape, .origin = origin,
                 .first_operand = g->operands.count, .operand_count = operand_count,
                 .first_attr = g->attrs.count};
    for (uint32_t i = 0; i < operand_count; i++) vec_push(arena, &g->operands, operands[i]);
    for (uint32_t i = 0; i < op_info[op].attr_count; i++) vec_push(arena, &g->attrs, attrs[i]);
    vec_push(arena, &g->nodes, node);
    return (Value){g->nodes.count - 1};
}

static void set_name(Graph *g, Value v, Name name, Span span) {
    g->nodes.data[v.id].name = name;
    g->nodes.data[v.id].name_span = span;
}

/* Attributes of a source: its name, its contract and, for a parameter, room for its data. */
static Value add_source(Graph *g, Op op, Name name, Span name_span, DType dtype, ShapeId shape,
                        ContractId contract, OriginId origin) {
    Attr attrs[] = {{.kind = ATTR_NAME, .as.name = name},
                    {.kind = ATTR_CONTRACT, .as.contract = contract},
                    {.kind = ATTR_DATA}};
    Value v = add_node(g, op, dtype, shape, 0, NULL, attrs, origin);
    set_name(g, v, name, name_span);
    return v;
}

/* Whether the contract fits a tensor of this rank. */
static bool contract_fits(Graph *g, ContractId id, uint8_t rank) {
    const Contract *c = ir_contract(g, id);
    bool along = c->kind == CONTRACT_SIMPLEX || c->kind == CONTRACT_ONEHOT;
    if (!along || c->axis < rank) return true;
    diag_say(g->cx, NNA2006, c->span, "the contract needs dimension %u, and the tensor has %u",
             c->axis, rank);
    return false;
}

Value build_input(Graph *g, Name name, Span name_span, DType dtype, ShapeId shape,
                  ContractId contract, OriginId origin) {
    if (shape.id == 0 || dtype == DTYPE_NONE ||
        !contract_fits(g, contract, g->shapes.data[shape.id].rank)) {
        return VALUE_NONE;
    }
    Value v = add_source(g, OP_INPUT, name, name_span, dtype, shape, contract, origin);
    vec_push(&g->cx->module, &g->inputs, v);
    return v;
}

static uint32_t hash_of_path(const Graph *g, Name path) {
    return (uint32_t)hash_mix(g->cx->names.seed, path.id);
}

Value graph_parameter(const Graph *g, Name path) {
    uint32_t hash = hash_of_path(g, path);
    uint32_t at = slots_first(&g->path_slots, hash), id;
    for (; (id = slots_seek(&g->path_slots, &at, hash)) != 0; at++) {
        if (name_is(g->nodes.data[id].name, path)) return (Value){id};
    }
    return VALUE_NONE;
}

Value build_parameter(Graph *g, bool trained, Name path, Span name_span, DType dtype,
                      ShapeId shape, ContractId contract, Init init, OriginId origin) {
    if (shape.id == 0 || dtype == DTYPE_NONE ||
        !contract_fits(g, contract, g->shapes.data[shape.id].rank)) {
        return VALUE_NONE;
    }
    Value old = graph_parameter(g, path);
    if (!ir_is_poison(old)) {
        Diag *d = diag_new(g->cx, NNA1004, ir_origin_place(g, origin, NULL),
                           "two parameters have the path `%s`", names_text(&g->cx->names, path));
        d->model = g->name;
        diag_label(g->cx, d, ir_place(g, old, NULL), "the first one is made here");
        diag_emit(g->cx, d);
        return VALUE_NONE;
    }
    Op op = trained ? OP_PARAM : OP_BUFFER;
    Value v = add_source(g, op, path, name_span, dtype, shape, contract, origin);
    slots_add(&g->cx->module, &g->path_slots, hash_of_path(g, path), v.id);
    vec_push(&g->cx->module, &g->parameters,
             (Parameter){.value = v, .init = init, .trained = trained});
    return v;
}

Value build_extern(Graph *g, const ExternResult *made, OriginId origin) {
    if (made->shape.id == 0 || made->dtype == DTYPE_NONE ||
        !contract_fits(g, made->contract, g->shapes.data[made->shape.id].rank)) {
        return VALUE_NONE;
    }
    for (uint32_t i = 0; i < made->operand_count; i++) {
        if (ir_is_poison(made->operands[i])) return VALUE_NONE;
    }
    const Attr attrs[] = {attr_name(made->symbol),
                          attr_contract(made->contract),
                          attr_name(made->order),
                          attr_integer(made->result),
                          attr_dims(g, made->size_count, made->sizes),
                          attr_dims(g, made->rest_count, made->rest)};
    return add_node(g, OP_EXTERN, made->dtype, made->shape, made->operand_count, made->operands,
                    attrs, origin);
}

static Value add_constant(Graph *g, DType dtype, ShapeId shape, const void *bytes, size_t size,
                          OriginId origin) {
    vec_push(&g->cx->module, &g->data, (Data){bytes, size});
    Attr data = {.kind = ATTR_DATA, .as.data = g->data.count - 1};
    return add_node(g, OP_CONST, dtype, shape, 0, NULL, &data, origin);
}

bool dtype_holds(DType dtype, double value) {
    const DTypeInfo *info = &dtype_info[dtype];
    if (info->class == DTYPE_CLASS_FLOAT) {
        return !isfinite(value) || isfinite(dtype_round(dtype, value));
    }
    if (!isfinite(value) || floor(value) != value) return false; /* exact: floor of an integer */
    return value >= dtype_bound(dtype, BOUND_LOWEST) && value <= dtype_bound(dtype, BOUND_MAX);
}

Value build_scalar(Graph *g, DType dtype, double value, OriginId origin) {
    if (dtype == DTYPE_NONE) return VALUE_NONE;
    if (!dtype_holds(dtype, value)) {
        Buf number = buf_make(&g->cx->scratch);
        buf_put_number(&number, value);
        Buf ends = buf_make(&g->cx->scratch);
        buf_put_number(&ends, dtype_bound(dtype, BOUND_LOWEST));
        buf_put(&ends, " to ");
        buf_put_number(&ends, dtype_bound(dtype, BOUND_MAX));
        Diag *d = diag_new(g->cx, NNA3009, ir_origin_place(g, origin, NULL),
                           "%s is no value of %s", buf_text(&number), dtype_info[dtype].spelling);
        diag_primary(g->cx, d, "%s holds %s", dtype_info[dtype].spelling, buf_text(&ends));
        diag_emit(g->cx, d);
        return VALUE_NONE;
    }
    unsigned char bytes[8] = {0};
    size_t size = dtype_info[dtype].bytes;
    dtype_store(dtype, bytes, value);
    uint32_t hash = (uint32_t)hash_bytes(g->cx->names.seed ^ dtype, (const char *)bytes, 8);
    uint32_t at = slots_first(&g->scalar_slots, hash), id;
    for (; (id = slots_seek(&g->scalar_slots, &at, hash)) != 0; at++) {
        Value old = {id};
        if (ir_node(g, old)->dtype == dtype && memcmp(ir_data(g, old)->bytes, bytes, size) == 0) {
            return old;
        }
    }
    void *copy = arena_alloc(&g->cx->module, 1, size);
    memcpy(copy, bytes, size);
    Value v = add_constant(g, dtype, build_shape(g, SPAN_NONE, 0, NULL), copy, size, origin);
    slots_add(&g->cx->module, &g->scalar_slots, hash, v.id);
    return v;
}

bool shape_bytes(const Graph *g, DType dtype, ShapeId shape, size_t *out) {
    Shape s = g->shapes.data[shape.id];
    size_t size = dtype_info[dtype].bytes;
    for (uint8_t i = 0; i < s.rank; i++) {
        int64_t extent;
        if (!dim_is_constant(g->dims, s.dims[i], &extent) || extent < 0 ||
            !checked_size_mul(size, (size_t)extent, &size)) {
            return false;
        }
    }
    *out = size;
    return true;
}

Value build_constant(Graph *g, DType dtype, ShapeId shape, const void *bytes, size_t size,
                     OriginId origin) {
    if (shape.id == 0 || dtype == DTYPE_NONE) return VALUE_NONE;
    size_t wanted = 0;
    bool known = shape_bytes(g, dtype, shape, &wanted);
    assert(known && wanted == size);
    if (!known || wanted != size) return VALUE_NONE;
    void *copy = arena_alloc(&g->cx->module, 1, size);
    memcpy(copy, bytes, size);
    return add_constant(g, dtype, shape, copy, size, origin);
}

/* Operations. */

static bool check_arity(const OpCall *call) {
    const OpInfo *info = &op_info[call->op];
    uint32_t wanted = info->input_count, found = call->operand_count;
    if (info->variadic ? found >= wanted : found == wanted) return true;
    call_emit(call, call_report(call, NNA1007, call_span(call), "`%s` takes %s%u operand%s, not %u",
                                info->spelling, info->variadic ? "at least " : "", wanted,
                                wanted == 1 ? "" : "s", found));
    return false;
}

static DType operand_type(const OpCall *call, uint32_t i) {
    return ir_node(call->graph, call->operands[i])->dtype;
}

static bool type_allowed(TypeRule rule, DType dtype) {
    switch (rule) {
    case TYPE_FLOAT:
    case TYPE_TEST: return dtype_is_float(dtype);
    case TYPE_NUMBER: return dtype != DTYPE_BOOL;
    case TYPE_BOOL: return dtype == DTYPE_BOOL;
    case TYPE_INDEX: return dtype == DTYPE_I64;
    case TYPE_ANY:
    case TYPE_COMPARE:
    case TYPE_SELECT:
    case TYPE_CAST:
    case TYPE_GATHER:
    case TYPE_SCATTER:
    case TYPE_ORDER:
    case TYPE_SOURCE: return true;
    }
    return false;
}

/* A name without its back quotes, to be written into a help. */
static const char *bare(const Graph *g, const char *description) {
    size_t length = strlen(description);
    if (length < 2 || description[0] != '`') return "x";
    return arena_text(&g->cx->scratch, description + 1, length - 2);
}

static bool wrong_type(const OpCall *call, uint32_t i, const char *takes, DType wanted) {
    const Graph *g = call->graph;
    const char *name = ir_describe(g, call->operands[i]);
    Diag *d = call_report(call, NNA2007, call_operand_span(call, i), "`%s` takes %s, and %s is %s",
                          op_info[call->op].spelling, takes, name,
                          dtype_info[operand_type(call, i)].spelling);
    call_label_operand(call, d, i);
    diag_help(g->cx, d, "write `cast(%s, %s)`", bare(g, name), dtype_info[wanted].spelling);
    call_emit(call, d);
    return false;
}

static bool types_differ(const OpCall *call, uint32_t a, uint32_t b) {
    const Graph *g = call->graph;
    DType first = operand_type(call, a), second = operand_type(call, b);
    const char *x = ir_describe(g, call->operands[a]), *y = ir_describe(g, call->operands[b]);
    /* The one that is no float is the one to be converted; else the second, but for a carry. */
    bool convert_first = (dtype_is_float(second) && !dtype_is_float(first)) ||
                         op_info[call->op].form == FORM_REGION;
    Diag *d = call_report(call, NNA2007, call_span(call), "%s is %s and %s is %s", x,
                          dtype_info[first].spelling, y, dtype_info[second].spelling);
    call_label_operand(call, d, a);
    call_label_operand(call, d, b);
    diag_help(g->cx, d, "write `cast(%s, %s)`", bare(g, convert_first ? x : y),
              dtype_info[convert_first ? second : first].spelling);
    call_emit(call, d);
    return false;
}

static const char *takes_text(TypeRule rule) {
    switch (rule) {
    case TYPE_FLOAT:
    case TYPE_TEST: return "floats";
    case TYPE_NUMBER: return "numbers";
    case TYPE_BOOL: return "truth values";
    case TYPE_INDEX: return "i64";
    case TYPE_ANY:
    case TYPE_COMPARE:
    case TYPE_SELECT:
    case TYPE_CAST:
    case TYPE_GATHER:
    case TYPE_SCATTER:
    case TYPE_ORDER:
    case TYPE_SOURCE: break;
    }
    return "anything";
}

/* The same of rows with an index. */
static bool indirect_type(const OpCall *call, DType *out) {
    DType index = operand_type(call, 1);
    *out = operand_type(call, 0);
    if (dtype_is_float(index) || index == DTYPE_BOOL) {
        return wrong_type(call, 1, "an integer as the index", DTYPE_I64);
    }
    if (op_info[call->op].type == TYPE_GATHER) return true;
    if (operand_type(call, 2) != *out) return types_differ(call, 0, 2);
    bool reduces = call_attr(call, "reduction")->as.integer != 0;
    return !reduces || *out != DTYPE_BOOL || wrong_type(call, 0, "numbers to reduce", DTYPE_U8);
}

/* The element type of the result; false after a report. */
static bool result_type(const OpCall *call, DType *out) {
    TypeRule rule = op_info[call->op].type;
    uint32_t first = rule == TYPE_SELECT ? 1 : 0;
    *out = DTYPE_I64;
    if (rule == TYPE_ORDER || (rule == TYPE_INDEX && call->operand_count == 0)) return true;
    if (rule == TYPE_GATHER || rule == TYPE_SCATTER) return indirect_type(call, out);
    if (rule == TYPE_SELECT && operand_type(call, 0) != DTYPE_BOOL) {
        return wrong_type(call, 0, "a truth value first", DTYPE_BOOL);
    }
    for (uint32_t i = first; i < call->operand_count; i++) {
        if (operand_type(call, i) != operand_type(call, first)) return types_differ(call, first, i);
    }
    *out = operand_type(call, first);
    if (!type_allowed(rule, *out)) {
        DType wanted = rule == TYPE_BOOL ? DTYPE_BOOL : rule == TYPE_INDEX ? DTYPE_I64 : DTYPE_F32;
        return wrong_type(call, first, takes_text(rule), wanted);
    }
    if (rule == TYPE_COMPARE || rule == TYPE_TEST) *out = DTYPE_BOOL;
    if (rule == TYPE_CAST) *out = call_attr(call, "dtype")->as.dtype;
    return true;
}

static Value build_call(OpCall *call, const Attr *attrs) {
    Graph *g = call->graph;
    Op op = call->op;
    assert(op > OP_NONE && op < OP_COUNT && op_info[op].type != TYPE_SOURCE);
    for (uint32_t i = 0; i < call->operand_count; i++) {
        if (ir_is_poison(call->operands[i])) return VALUE_NONE;
    }
    uint32_t spatial;
    DType dtype = DTYPE_NONE;
    if (!check_arity(call) || !call_spatial(call, &spatial) ||
        !attrs_normalise(call, attrs, spatial) || !result_type(call, &dtype)) {
        return VALUE_NONE;
    }
    int contract = op_attr(op, "contract");
    if (contract >= 0 && !contract_fits(g, call->attrs[contract].as.contract,
                                        ir_shape(g, call->operands[0]).rank)) {
        return VALUE_NONE;
    }
    ShapeId shape = shape_of_call(call);
    if (shape.id == 0) return VALUE_NONE;
    Value v = add_node(g, op, dtype, shape, call->operand_count, call->operands, call->attrs,
                       call->origin);
    return op != OP_SCAN_STEP || region_open(call, v) ? v : VALUE_NONE;
}

Value build_op(Graph *g, Op op, uint32_t operand_count, const Value *operands, const Attr *attrs,
               OriginId origin, const Span *places) {
    Attr normal[OP_MAX_ATTRS];
    OpCall call = {.graph = g, .op = op, .operand_count = operand_count, .operands = operands,
                   .attrs = normal, .origin = origin, .places = places};
    return build_call(&call, attrs);
}

Value build_derived(Graph *g, Op op, uint32_t operand_count, const Value *operands,
                    const Attr *attrs, OriginId origin) {
    Attr normal[OP_MAX_ATTRS];
    OpCall call = {.graph = g, .op = op, .operand_count = operand_count, .operands = operands,
                   .attrs = normal, .origin = origin, .silent = true};
    return build_call(&call, attrs);
}

Value build_again(Graph *g, Value v, const Value *operands, OriginId origin) {
    const Node node = *ir_node(g, v);
    Attr attrs[OP_MAX_ATTRS]; /* not in the graph, which grows */
    for (uint32_t i = 0; i < op_info[node.op].attr_count; i++) attrs[i] = *ir_attr(g, v, i);
    const OpCall call = {.graph = g, .op = node.op, .operand_count = node.operand_count,
                         .operands = operands, .attrs = attrs, .origin = origin, .silent = true};
    Value made = add_node(g, node.op, node.dtype, node.shape, node.operand_count, operands, attrs,
                          origin);
    return node.op != OP_SCAN_STEP || region_open(&call, made) ? made : VALUE_NONE;
}

void build_name(Graph *g, Value v, Name name, Span span) {
    if (ir_is_poison(v)) return;
    const Node *node = ir_node(g, v);
    if (op_names_itself(node->op)) return;
    Source *source =
        node->name_span.begin == 0 ? NULL : source_at(&g->cx->sources, node->name_span.begin);
    /* A name from the prelude means nothing to people. */
    if (node->name.id != 0 && (source == NULL || !source->is_prelude)) return;
    set_name(g, v, name, span);
}

void build_result(Graph *g, Name name, Value value, ContractId contract, Span span) {
    vec_push(&g->cx->module, &g->results, (Result){name, value, contract, span});
}

bool build_update(Graph *g, Value buffer, Value next, Span span) {
    if (ir_is_poison(buffer) || ir_is_poison(next)) return false;
    const Node *old = ir_node(g, buffer), *new = ir_node(g, next);
    if (old->op != OP_BUFFER || ir_update(g, buffer) != NULL) return false;
    if (old->dtype != new->dtype) return false;
    if (ir_shape(g, buffer).rank != ir_shape(g, next).rank) return false;
    vec_push(&g->cx->module, &g->updates, (Update){buffer, next, span});
    g->parameters.data[ir_parameter(g, buffer) - g->parameters.data].update = g->updates.count;
    return true;
}

void build_bind(Graph *g, Value parameter, const void *bytes, size_t size) {
    const Node *node = ir_node(g, parameter);
    size_t wanted = 0;
    assert(node->op == OP_PARAM || node->op == OP_BUFFER);
    assert(shape_bytes(g, node->dtype, node->shape, &wanted) && wanted == size);
    (void)wanted;
    vec_push(&g->cx->module, &g->data, (Data){bytes, size});
    g->attrs.data[node->first_attr + (uint32_t)op_attr(node->op, "data")].as.data =
        g->data.count - 1;
}

bool build_start(Graph *g, Value buffer) {
    const Parameter *p = ir_parameter(g, buffer);
    const Node *node = ir_node(g, buffer);
    size_t size = 0, width = dtype_info[node->dtype].bytes;
    bool constant = p->init.kind == INIT_CONSTANT;
    double value = constant ? dtype_round(node->dtype, p->init.a) : p->init.low;
    if (p->update == 0 || p->init.kind == INIT_NONE) return false;
    if (!constant && p->init.low != p->init.high) return false; /* exact: a support of one number */
    if (!shape_bytes(g, node->dtype, node->shape, &size)) return false;
    char *bytes = arena_alloc(&g->cx->module, 8, size / 8 + 1);
    for (size_t at = 0; at < size; at += width) dtype_store(node->dtype, bytes + at, value);
    build_bind(g, buffer, bytes, size);
    return true;
}
