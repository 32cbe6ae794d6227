/* The constant tables of nna_rt.h: what the model is, for the run-time support and for people.
 * Field for field in the order of the C structs, whose sizes are compared. */
#include "backend/codegen/emitter.h"

#include "backend/rt/nna_rt.h"
#include "ir/shape.h"
#include "ir/text.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { MAX_FIELDS = 24 };

/* A struct that is being filled. */
typedef struct Row {
    LLVMValueRef field[MAX_FIELDS];
    unsigned count;
} Row;

static void put(Row *row, LLVMValueRef value) {
    assert(row->count < MAX_FIELDS);
    row->field[row->count++] = value;
}

static void put_text(Emitter *e, Row *row, const char *text) {
    put(row, string_constant(e, text == NULL ? "" : text));
}

static void put_i32(Emitter *e, Row *row, int64_t value) {
    put(row, const_i32(e, value));
}

static void put_i64(Emitter *e, Row *row, int64_t value) {
    put(row, const_i64(e, value));
}

static void put_f64(Emitter *e, Row *row, double value) {
    put(row, LLVMConstReal(e->types.f64, value));
}

static LLVMValueRef finish(Emitter *e, Row *row, size_t size) {
    LLVMValueRef value = LLVMConstStructInContext(e->context, row->field, row->count, false);
    assert(LLVMABISizeOfType(LLVMGetModuleDataLayout(e->module), LLVMTypeOf(value)) == size);
    (void)size;
    return value;
}

/* A private constant that holds the value; returns its address. */
static LLVMValueRef keep(Emitter *e, LLVMValueRef value, const char *name) {
    LLVMValueRef global = LLVMAddGlobal(e->module, LLVMTypeOf(value), name);
    LLVMSetInitializer(global, value);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
    return global;
}

/* An array of rows, NULL for none. */
static LLVMValueRef keep_all(Emitter *e, LLVMValueRef *values, uint32_t count, const char *name) {
    if (count == 0) return LLVMConstNull(e->types.pointer);
    return keep(e, LLVMConstArray2(LLVMTypeOf(values[0]), values, count), name);
}

static LLVMValueRef *rows_for(Emitter *e, uint32_t count) {
    return ARENA_ARRAY(&e->cx->scratch, LLVMValueRef, count);
}

static const char *name_text(const Emitter *e, Name name) {
    return names_text(&e->cx->names, name);
}

/* ---- variables and tensors */

static LLVMValueRef variables_table(Emitter *e) {
    uint32_t count = dim_variable_count(e->graph->dims);
    LLVMValueRef *rows = rows_for(e, count);
    for (uint32_t i = 0; i < count; i++) {
        DimVar variable = dim_variable_at(e->graph->dims, i);
        Row row = {.count = 0};
        put_text(e, &row, name_text(e, variable.name));
        put_i64(e, &row, variable.low);
        put_i64(e, &row, variable.high);
        rows[i] = finish(e, &row, sizeof(nna_rt_variable));
    }
    return keep_all(e, rows, count, "variables");
}

static LLVMValueRef contract_row(Emitter *e, const Contract *c) {
    LLVMValueRef *values = rows_for(e, c->value_count);
    for (uint32_t i = 0; i < c->value_count; i++) {
        values[i] = LLVMConstReal(e->types.f64, c->values[i]);
    }
    Buf text = buf_make(&e->cx->scratch);
    contract_print(c, &text);
    Row row = {.count = 0};
    put_i32(e, &row, (int32_t)c->kind);
    put_i32(e, &row, c->open_low);
    put_i32(e, &row, c->open_high);
    put_i32(e, &row, c->axis);
    put_f64(e, &row, c->low);
    put_f64(e, &row, c->high);
    put_i64(e, &row, c->value_count);
    put(&row, keep_all(e, values, c->value_count, "values"));
    put_text(e, &row, buf_text(&text));
    return keep(e, finish(e, &row, sizeof(nna_rt_contract)), "contract");
}

static LLVMValueRef variable_numbers(Emitter *e, Shape shape) {
    LLVMValueRef numbers[MAX_RANK];
    for (uint8_t d = 0; d < shape.rank; d++) {
        uint32_t variable;
        bool is_variable = dim_is_variable(e->graph->dims, shape.dims[d], &variable);
        numbers[d] = const_i32(e, is_variable ? (int64_t)variable : -1);
    }
    return keep_all(e, numbers, shape.rank, "dims");
}

static LLVMValueRef tensor_row(Emitter *e, Value v, Name name, LLVMValueRef contract) {
    const Node *node = ir_node(e->graph, v);
    Shape shape = ir_shape(e->graph, v);
    const char *spelling = dtype_info[node->dtype].spelling;
    const char *dims = shape.rank == 0 ? "" : shape_text(e->graph, node->shape);
    Row row = {.count = 0};
    put_text(e, &row, name_text(e, name));
    put_text(e, &row, arena_format(&e->cx->scratch, "%s%s", spelling, dims));
    put_i32(e, &row, node->dtype);
    put_i32(e, &row, shape.rank);
    put(&row, variable_numbers(e, shape));
    put(&row, contract);
    return finish(e, &row, sizeof(nna_rt_tensor));
}

static LLVMValueRef inputs_table(Emitter *e) {
    uint32_t count = e->graph->inputs.count;
    LLVMValueRef *rows = rows_for(e, count);
    for (uint32_t i = 0; i < count; i++) {
        Value v = e->graph->inputs.data[i];
        Contract contract = ir_contract_of(e->graph, v);
        rows[i] = tensor_row(e, v, ir_node(e->graph, v)->name, contract_row(e, &contract));
    }
    return keep_all(e, rows, count, "inputs");
}

static LLVMValueRef outputs_table(Emitter *e) {
    uint32_t count = e->graph->results.count;
    LLVMValueRef *rows = rows_for(e, count);
    for (uint32_t i = 0; i < count; i++) {
        const Result *result = &e->graph->results.data[i];
        LLVMValueRef contract = LLVMConstNull(e->types.pointer);
        if (result->contract.id != 0) {
            contract = contract_row(e, ir_contract(e->graph, result->contract));
        }
        rows[i] = tensor_row(e, result->value, result->name, contract);
    }
    return keep_all(e, rows, count, "outputs");
}

static LLVMValueRef sizes(Emitter *e, Shape shape) {
    LLVMValueRef dims[MAX_RANK];
    for (uint8_t d = 0; d < shape.rank; d++) {
        int64_t size = INT64_MIN;
        uint32_t variable;
        if (dim_is_variable(e->graph->dims, shape.dims[d], &variable)) {
            size = -1 - (int64_t)variable;
        } else {
            (void)dim_is_constant(e->graph->dims, shape.dims[d], &size);
        }
        dims[d] = const_i64(e, size);
    }
    return keep_all(e, dims, shape.rank, "sizes");
}

/* "10 <= N (m.nna:3:7)" */
static LLVMValueRef rules_table(Emitter *e) {
    const Graph *g = e->graph;
    LLVMValueRef *rows = rows_for(e, g->rules.count);
    for (uint32_t i = 0; i < g->rules.count; i++) {
        const DimRule *rule = &g->rules.data[i];
        Buf text = buf_make(&e->cx->scratch);
        dim_print(g->dims, rule->a, &e->cx->names, &text);
        buf_put(&text, rule->equal ? " == " : " <= ");
        dim_print(g->dims, rule->b, &e->cx->names, &text);
        OriginId via;
        Place place = place_of(e->cx, ir_origin_place(g, rule->origin, &via).begin);
        if (place.source != NULL) {
            buf_printf(&text, " (%s:%" PRIu32 ":%" PRIu32 ")", place.source->path, place.line,
                       place.column);
        }
        rows[i] = string_constant(e, buf_text(&text));
    }
    return keep_all(e, rows, g->rules.count, "rules");
}

/* What the analysis found that a buffer can be; without an analysis any number of its type. */
static Range reach_of(const Emitter *e, Value buffer) {
    const Facts *facts = e->request->facts;
    if (facts != NULL) return facts->range[buffer.id];
    return range_finite(ir_node(e->graph, buffer)->dtype);
}

static LLVMValueRef buffers_table(Emitter *e) {
    const Graph *g = e->graph;
    LLVMValueRef *rows = rows_for(e, g->updates.count);
    for (uint32_t i = 0; i < g->updates.count; i++) {
        Value v = g->updates.data[i].buffer;
        const Attr *declared = ir_attr(g, v, (uint32_t)op_attr(OP_BUFFER, "contract"));
        LLVMValueRef contract = LLVMConstNull(e->types.pointer);
        if (declared->as.contract.id != 0) {
            contract = contract_row(e, ir_contract(g, declared->as.contract));
        }
        Range reach = reach_of(e, v);
        Row row = {.count = 0};
        put(&row, tensor_row(e, v, ir_node(g, v)->name, contract));
        put(&row, sizes(e, ir_shape(g, v)));
        put(&row, entry_constant(e, v));
        put_f64(e, &row, reach.low);
        put_f64(e, &row, reach.high);
        put_i32(e, &row, (reach.flags & RANGE_NONZERO) != 0);
        put_i32(e, &row, (reach.flags & RANGE_INTEGRAL) != 0);
        rows[i] = finish(e, &row, sizeof(nna_rt_buffer));
    }
    return keep_all(e, rows, g->updates.count, "buffers");
}

/* ---- guards */

static int32_t kind_of(const Guard *guard) {
    if (guard->site.part == SITE_CONTRACT) return NNA_RT_GUARD_CONTRACT;
    if (guard->site.part == SITE_COMBINE) return NNA_RT_GUARD_RESULT;
    if (guard->site.part == SITE_INDEX) return NNA_RT_GUARD_DOMAIN;
    switch (primitive_info[guard->site.primitive].domain) {
    case DOMAIN_NONE: return NNA_RT_GUARD_RESULT;
    case DOMAIN_INTERVAL: return NNA_RT_GUARD_DOMAIN;
    case DOMAIN_NONZERO: return NNA_RT_GUARD_NONZERO;
    case DOMAIN_POLES: return NNA_RT_GUARD_POLES;
    case DOMAIN_POWER: return NNA_RT_GUARD_POWER;
    case DOMAIN_CONVERT: return NNA_RT_GUARD_CONVERT;
    }
    return NNA_RT_GUARD_RESULT;
}

static DiagCode code_of(const Guard *guard) {
    if (guard->site.part == SITE_CONTRACT) return NNA3018;
    if (guard->site.part == SITE_INDEX) return NNA3012;
    const PrimitiveInfo *info = &primitive_info[guard->site.primitive];
    if (guard->site.part != SITE_COMBINE && info->domain_code != NO_CODE) return info->domain_code;
    return dtype_is_float(guard->type) ? info->result_code : NNA3010;
}

/* Digits that tell neighbouring values apart: enough to read the number back. */
static int digits_of(DType t) {
    return dtype_is_float(t) ? (int)ceil(1 + dtype_info[t].precision * 0.30103) : 17;
}

static void put_interval(Emitter *e, const Guard *guard, Buf *text) {
    double low, high;
    guard_bounds(e, guard, &low, &high);
    int digits = digits_of(guard->type);
    if (guard->site.part == SITE_INDEX && isinf(high)) {
        buf_put(text, "the index must be at least 0, and below the size of its dimension");
        return;
    }
    if (isinf(high) && low == dtype_info[guard->type].min_subnormal) {
        buf_put(text, "the operand must be greater than 0");
    } else if (high == dtype_info[guard->type].max && low == -high) {
        buf_put(text, "the operand must be finite");
    } else if (isinf(high)) {
        buf_put(text, "the operand must be at least ");
        buf_put_rounded(text, low, digits);
    } else if (isinf(low)) {
        buf_put(text, "the operand must be at most ");
        buf_put_rounded(text, high, digits);
    } else {
        buf_put(text, "the operand must be in [");
        buf_put_rounded(text, low, digits);
        buf_put(text, ", ");
        buf_put_rounded(text, high, digits);
        buf_put_char(text, ']');
    }
}

static void put_result(const Guard *guard, Buf *text) {
    const char *what = "result";
    if (guard->site.part == SITE_COMBINE) {
        what = guard->site.primitive == PRIMITIVE_MUL ? "product" : "sum";
    }
    buf_printf(text, "the %s must ", what);
    if (dtype_is_float(guard->type)) buf_put(text, "be finite");
    else buf_printf(text, "fit %s", dtype_info[guard->to].spelling);
}

/* What is guarded, in a word. */
static const char *operation_text(Emitter *e, const Guard *guard) {
    switch (guard->site.part) {
    case SITE_CONTRACT: return "the contract";
    case SITE_INDEX: return "the index";
    case SITE_COMBINE: return guard->site.primitive == PRIMITIVE_MUL ? "the product" : "the sum";
    case SITE_BODY:
    case SITE_AFTER: break;
    }
    return arena_format(&e->cx->scratch, "`%s`", primitive_info[guard->site.primitive].spelling);
}

static const char *condition_text(Emitter *e, const Guard *guard) {
    Buf text = buf_make(&e->cx->scratch);
    switch (kind_of(guard)) {
    case NNA_RT_GUARD_DOMAIN: put_interval(e, guard, &text); break;
    case NNA_RT_GUARD_NONZERO: buf_put(&text, "the divisor must not be 0"); break;
    case NNA_RT_GUARD_POLES:
        buf_put(&text, "the operand must be positive, or no integer");
        break;
    case NNA_RT_GUARD_POWER:
        buf_put(&text, "the base must be positive, or 0 with an exponent of at least 0, or "
                       "negative with an integral exponent");
        break;
    case NNA_RT_GUARD_CONVERT:
        buf_printf(&text, "the operand must fit %s", dtype_info[guard->to].spelling);
        break;
    case NNA_RT_GUARD_CONTRACT: {
        Contract contract = ir_contract_of(e->graph, guard->value);
        buf_put(&text, "the value must be ");
        contract_print(&contract, &text);
        break;
    }
    default: put_result(guard, &text); break;
    }
    return buf_text(&text);
}

/* Characters of UTF-8 text, up to the end of the line. */
static int32_t characters(const char *text, size_t length) {
    int32_t count = 0;
    for (size_t i = 0; i < length && text[i] != '\n' && text[i] != '\r'; i++) {
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return count;
}

static void put_place(Emitter *e, Row *row, Value v) {
    OriginId via;
    Span span = ir_place(e->graph, v, &via);
    Place place = place_of(e->cx, span.begin);
    uint32_t length = 0;
    const char *line = "";
    int32_t underlined = 0;
    if (place.source != NULL) {
        line = source_line(e->cx, place.source, place.line, &length);
        uint32_t at = span.begin - place.source->base;
        underlined = characters(place.source->text + at, span.end - span.begin);
    }
    put_text(e, row, place.source == NULL ? "" : place.source->path);
    put_text(e, row, arena_text(&e->cx->scratch, line, length));
    put_i32(e, row, place.line);
    put_i32(e, row, place.column);
    put_i32(e, row, underlined);
}

/* Infinite operands pass a conversion between floats: they stay what they are. */
static bool lets_infinities_pass(const Guard *guard) {
    return guard->infinite_allowed ||
           (kind_of(guard) == NNA_RT_GUARD_CONVERT && dtype_is_float(guard->type) &&
            dtype_is_float(guard->to));
}

static LLVMValueRef guarded_contract(Emitter *e, const Guard *guard) {
    if (kind_of(guard) != NNA_RT_GUARD_CONTRACT) return LLVMConstNull(e->types.pointer);
    Contract contract = ir_contract_of(e->graph, guard->value);
    return contract_row(e, &contract);
}

static LLVMValueRef guard_row(Emitter *e, const Guard *guard) {
    double low, high;
    guard_bounds(e, guard, &low, &high);
    DiagCode code = code_of(guard);
    Shape shape = ir_shape(e->graph, guard->value);
    Row row = {.count = 0};
    put_i32(e, &row, kind_of(guard));
    put_i32(e, &row, guard->type);
    put_i32(e, &row, guard->nan_allowed);
    put_i32(e, &row, lets_infinities_pass(guard));
    put_f64(e, &row, low);
    put_f64(e, &row, high);
    put_text(e, &row, diag_info[code].code);
    put_text(e, &row, diag_info[code].title);
    put_text(e, &row, operation_text(e, guard));
    put_text(e, &row, condition_text(e, guard));
    put_text(e, &row, ir_describe(e->graph, guard->value));
    put_place(e, &row, guard->value);
    put_i32(e, &row, shape.rank);
    put(&row, sizes(e, shape));
    put(&row, guarded_contract(e, guard));
    return finish(e, &row, sizeof(nna_rt_guard));
}

static LLVMValueRef guards_table(Emitter *e) {
    LLVMValueRef *rows = rows_for(e, e->guards.count);
    for (uint32_t i = 0; i < e->guards.count; i++) {
        rows[i] = guard_row(e, &e->guards.data[i]);
    }
    return keep_all(e, rows, e->guards.count, "guards");
}

/* ---- the model */

void describe_model(Emitter *e, LLVMValueRef run, LLVMValueRef shapes, LLVMValueRef workspace) {
    const Graph *g = e->graph;
    Place place = place_of(e->cx, g->span.begin);
    Row row = {.count = 0};
    put_i32(e, &row, NNA_RT_ABI);
    put_i32(e, &row, dim_variable_count(g->dims));
    put_i32(e, &row, g->inputs.count);
    put_i32(e, &row, g->results.count);
    put_i32(e, &row, g->updates.count);
    put_i32(e, &row, e->guards.count);
    put_text(e, &row, name_text(e, g->name));
    put_text(e, &row, place.source == NULL ? "" : place.source->path);
    put_text(e, &row, e->request->digest);
    put_text(e, &row, e->request->version);
    put(&row, variables_table(e));
    put(&row, inputs_table(e));
    put(&row, outputs_table(e));
    put(&row, buffers_table(e));
    put(&row, guards_table(e));
    put(&row, rules_table(e));
    put(&row, shapes);
    put(&row, workspace);
    put(&row, run);
    put_i64(e, &row, (int64_t)e->sites_proved);
    put_i64(e, &row, (int64_t)e->sites_guarded);
    LLVMValueRef value = finish(e, &row, sizeof(nna_rt_model));
    LLVMValueRef model = LLVMAddGlobal(e->module, LLVMTypeOf(value), "nna_model");
    LLVMSetInitializer(model, value);
    LLVMSetGlobalConstant(model, true);
}
