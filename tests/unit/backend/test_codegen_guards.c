/* Guards by injection, as the self-test of a binary does it: at each guard, NaN, the infinities,
 * its bounds and what is just beyond them are put in place of an operand or of the result, and it
 * stops exactly where its row says. Then contracts, and what stands in the tables. */
#include "tests/unit/backend/codegen_support.h"

#include <math.h>

typedef struct Model {
    Ctx *cx;
    Graph *g;
    Value x[DTYPE_COUNT]; /* inputs [N, 3] */
    uint32_t results;
} Model;

static Value add_input(Model *m, DType t, DimId n) {
    const DimId dims[2] = {n, dim_constant(m->g->dims, 3)};
    Name name = names_intern_text(&m->cx->names, dtype_info[t].spelling);
    return build_input(m->g, name, SPAN_NONE, t, build_shape(m->g, SPAN_NONE, 2, dims),
                       (ContractId){0}, NOWHERE);
}

static Model make_model(Ctx *cx) {
    Model m = {.cx = cx, .g = graph_new(cx, names_intern_text(&cx->names, "Guarded"), SPAN_NONE)};
    DimId n = dim_variable(m.g->dims, names_intern_text(&cx->names, "N"), 1, 100);
    for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) m.x[t] = add_input(&m, (DType)t, n);
    return m;
}

static void add_result(Model *m, Value v) {
    cr_assert_neq(v.id, 0, "%s", test_reports(m->cx));
    char name[32];
    snprintf(name, sizeof name, "result%u", m->results++);
    build_result(m->g, names_intern_text(&m->cx->names, name), v, (ContractId){0}, SPAN_NONE);
}

static void add_op(Model *m, Op op, DType t, DType to) {
    const Value operands[3] = {m->x[t], m->x[t], m->x[t]};
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    if (op == OP_CAST) attrs[0] = attr_dtype(to);
    add_result(m, build_op(m->g, op, op_info[op].input_count, operands, attrs, NOWHERE, NULL));
}

static Value contract_node(Model *m, Op op, Value x, Contract contract) {
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    attrs[op_attr(op, "contract")] = attr_contract(build_contract(m->g, contract));
    return build_op(m->g, op, 1, &x, attrs, NOWHERE, NULL);
}

/* What the row of a guard says of a value in one place. */
static bool row_allows(const nna_rt_guard *row, int operand, double x) {
    if (isnan(x)) return row->nan_allowed;
    switch (row->kind) {
    case NNA_RT_GUARD_DOMAIN: return x >= row->low && x <= row->high;
    case NNA_RT_GUARD_CONVERT:
    case NNA_RT_GUARD_CONTRACT:
        return (x >= row->low && x <= row->high) || (isinf(x) && row->infinite_allowed);
    case NNA_RT_GUARD_POLES: return isfinite(x) && (x > 0 || x != rint(x));
    case NNA_RT_GUARD_NONZERO: return x != 0;
    case NNA_RT_GUARD_POWER: return x >= 0 && isfinite(x); /* of the base; the exponent is 0.5 */
    default: cr_assert_eq(operand, 3); return isfinite(x);
    }
}

static int operand_of(const nna_rt_guard *row) {
    if (row->kind == NNA_RT_GUARD_NONZERO) return 1;
    return row->kind == NNA_RT_GUARD_RESULT ? 3 : 0;
}

static void inject(Call *c, int32_t guard, double x) {
    const nna_rt_guard *row = &c->call.model->guards[guard];
    DType t = (DType)row->dtype;
    if (!dtype_is_float(t) && (x != floor(x) || x < dtype_bound(t, BOUND_LOWEST) ||
                               x > dtype_info[t].max)) {
        return;
    }
    c->call.inject = c->call.armed = guard;
    c->call.inject_operand = operand_of(row);
    c->call.inject_value = x;
    c->call.trip = (nna_rt_trip_record){.guard = -1};
    int32_t stopped = c->call.model->run(&c->call);
    bool expected = dtype_is_float(t) && row->kind == NNA_RT_GUARD_RESULT ? !isfinite(x)
                    : row->kind == NNA_RT_GUARD_RESULT                   ? true
                                                       : !row_allows(row, operand_of(row), x);
    cr_expect_eq(stopped, expected, "guard %d, %s of %s: %s with %g (%a)", guard, row->condition,
                 row->operation, dtype_info[t].spelling, x, x);
    cr_expect_eq(c->call.trip.guard, expected ? guard : -1);
    if (expected && row->kind != NNA_RT_GUARD_RESULT && !isnan(x)) {
        cr_expect_eq(c->call.trip.operands[operand_of(row)], x, "guard %d, %s of %s: %a, not %a",
                     guard, row->condition, row->operation,
                     c->call.trip.operands[operand_of(row)], x);
    }
}

static void inject_all(Call *c) {
    const nna_rt_model *model = c->call.model;
    for (uint32_t i = 0; i < model->guard_count; i++) {
        const nna_rt_guard *row = &model->guards[i];
        DType t = (DType)row->dtype;
        const double values[] = {NAN, INFINITY, -INFINITY, 0, -0.0, 1, row->low, row->high,
                                 dtype_next_down(t, row->low), dtype_next_up(t, row->low),
                                 dtype_next_down(t, row->high), dtype_next_up(t, row->high)};
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            inject(c, (int32_t)i, values[k]);
        }
    }
}

static void fill_with(const Model *m, Call *c, double value, int64_t rows) {
    for (uint32_t i = 0; i < m->g->inputs.count; i++) {
        DType t = ir_node(m->g, m->g->inputs.data[i])->dtype;
        for (int64_t k = 0; k < rows * 3; k++) {
            dtype_store(t, (char *)c->inputs[i] + k * dtype_info[t].bytes, value);
        }
    }
}

/* Operators with one guard each: injection in it is seen by it alone. */
static void add_guarded(Model *m) {
    const DType floats[] = {DTYPE_F16, DTYPE_BF16, DTYPE_F32, DTYPE_F64};
    const Op ops[] = {OP_SQRT, OP_EXP,  OP_EXP2, OP_EXPM1, OP_LOG,   OP_LOG1P, OP_SIN,
                      OP_ASIN, OP_ACOS, OP_SINH, OP_COSH,  OP_ACOSH, OP_ATANH, OP_ADD,
                      OP_MUL,  OP_DIV,  OP_MOD,  OP_POW,   OP_SUM,   OP_PROD};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        for (size_t k = 0; k < 4; k++) add_op(m, ops[i], floats[k], DTYPE_NONE);
    }
    for (int from = DTYPE_NONE + 1; from < DTYPE_COUNT; from++) {
        for (int to = DTYPE_NONE + 1; to < DTYPE_COUNT; to++) {
            if (dtype_is_float((DType)from)) add_op(m, OP_CAST, (DType)from, (DType)to);
        }
    }
    for (int t = DTYPE_I8; t <= DTYPE_U64; t++) {
        add_op(m, OP_ADD, (DType)t, DTYPE_NONE);
        add_op(m, OP_SUM, (DType)t, DTYPE_NONE);
        add_op(m, OP_MOD, (DType)t, DTYPE_NONE);
    }
    add_op(m, OP_CAST, DTYPE_I32, DTYPE_F16);
    add_op(m, OP_CAST, DTYPE_I32, DTYPE_U8);
    add_op(m, OP_CAST, DTYPE_U32, DTYPE_I16);
    const Contract half_open = {.kind = CONTRACT_INTERVAL, .low = 0, .high = 1, .open_low = true};
    const Contract finite = {.kind = CONTRACT_FINITE};
    for (size_t k = 0; k < 4; k++) {
        add_result(m, contract_node(m, OP_GUARD, m->x[floats[k]], half_open));
        contract_node(m, OP_EXPECT, m->x[floats[k]], finite); /* a check that nothing uses */
    }
}

static void run_injections(int optimise) {
    Ctx *cx = test_ctx();
    Model m = make_model(cx);
    add_guarded(&m);
    CodegenRequest request = {.graph = m.g, .kind = EMIT_OBJECT, .optimise = optimise};
    Native native = native_open(&request);
    const int64_t rows = 5;
    Call call = call_make(m.g, &native, &rows);
    fill_with(&m, &call, 0.5, rows);
    for (int t = DTYPE_I8; t <= DTYPE_BOOL; t++) {
        for (int64_t k = 0; k < rows * 3; k++) {
            dtype_store((DType)t, (char *)call.inputs[t - 1] + k * dtype_info[t].bytes, 1);
        }
    }
    inject_all(&call);
    native_close(&native);
    ctx_free(cx);
}

Test(codegen_guards, stop_exactly_beyond_their_bounds) {
    run_injections(2);
    NNA_CHECK_LEAKS();
}

/* ---- contracts, on values */

typedef struct ContractCase {
    Contract contract;
    double values[6]; /* [2, 3] */
    int64_t element;  /* that breaks it first; -1: none */
} ContractCase;

static const double choices[2] = {0.25, 3};
static const ContractCase contract_cases[] = {
    {{.kind = CONTRACT_FINITE}, {0, 1, 2, 3, INFINITY, NAN}, 4},
    {{.kind = CONTRACT_ANY}, {0, NAN, INFINITY, 3, 4, 5}, -1},
    {{.kind = CONTRACT_INTERVAL, .low = -1, .high = 0.5, .open_high = true}, {-1, 0, 0, 0, 0, 0.5},
     5},
    {{.kind = CONTRACT_INTERVAL, .low = 0.1, .high = INFINITY}, {0.1f, 1, 2, 3, 4, 0.09f}, 5},
    {{.kind = CONTRACT_SET, .value_count = 2, .values = choices}, {3, 0.25, 3, 3, 2, 3}, 4},
    {{.kind = CONTRACT_SIMPLEX, .axis = 1}, {0.5, 0.25, 0.25, 1, 0, 0}, -1},
    {{.kind = CONTRACT_SIMPLEX, .axis = 1}, {0.5, 0.25, 0.25, 1, -0.5, 0.5}, 4},
    {{.kind = CONTRACT_SIMPLEX, .axis = 1}, {0.5, 0.25, 0.25, 0.5, 0.25, 0}, 3},
    {{.kind = CONTRACT_SIMPLEX, .axis = 0}, {0.5, 0, 1, 0.5, 1, 0.5}, 2},
    {{.kind = CONTRACT_ONEHOT, .axis = 1}, {0, 1, 0, 1, 0, 0}, -1},
    {{.kind = CONTRACT_ONEHOT, .axis = 1}, {0, 1, 0, 0.5, 0.5, 0}, 3},
    {{.kind = CONTRACT_ONEHOT, .axis = 1}, {0, 1, 0, 0, 0, 0}, 3},
};

Test(codegen_guards, contracts_are_checked_by_element_and_sum) {
    Ctx *cx = test_ctx();
    Model m = make_model(cx);
    enum { COUNT = sizeof contract_cases / sizeof *contract_cases };
    for (int i = 0; i < COUNT; i++) {
        add_result(&m, contract_node(&m, OP_GUARD, m.x[DTYPE_F32], contract_cases[i].contract));
    }
    CodegenRequest request = {.graph = m.g, .kind = EMIT_OBJECT, .optimise = 2};
    Native native = native_open(&request);
    cr_assert_eq(native.model->guard_count, COUNT);
    const int64_t rows = 2;
    Call call = call_make(m.g, &native, &rows);
    for (int i = 0; i < COUNT; i++) {
        float *x = call.inputs[DTYPE_F32 - 1];
        for (int k = 0; k < 6; k++) x[k] = (float)contract_cases[i].values[k];
        call.call.armed = i;
        call.call.trip = (nna_rt_trip_record){.guard = -1, .element = -1};
        int32_t stopped = native.model->run(&call.call);
        cr_expect_eq(stopped, contract_cases[i].element >= 0, "contract %d", i);
        cr_expect_eq(call.call.trip.element, contract_cases[i].element, "contract %d", i);
    }
    native_close(&native);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* ---- memory, tables, refusals */

Test(codegen_guards, memory_and_tables) {
    Ctx *cx = test_ctx();
    Model m = make_model(cx);
    Value x = m.x[DTYPE_F32], y;
    for (int i = 0; i < 6; i++) { /* two pieces take turns */
        const Value pair[2] = {x, m.x[DTYPE_F32]};
        x = build_op(m.g, OP_ADD, 2, pair, NULL, NOWHERE, NULL);
    }
    y = build_op(m.g, OP_NEG, 1, &x, NULL, NOWHERE, NULL);
    add_result(&m, y);
    add_result(&m, y);                 /* the same again: copied */
    add_result(&m, m.x[DTYPE_F32]);    /* an input: copied */
    CodegenRequest request = {.graph = m.g, .kind = EMIT_OBJECT, .optimise = 1, .digest = "d",
                              .version = "v"};
    Native native = native_open(&request);
    const nna_rt_model *model = native.model;
    const int64_t rows = 4, huge = INT64_MAX / 8;
    cr_expect_eq(model->workspace(&rows), 2 * 64);
    cr_expect_eq(model->workspace(&huge), -1);
    int64_t dims[2 * (DTYPE_COUNT - 1) + 6];
    cr_expect_eq(model->shapes(&rows, dims), 0);
    cr_expect(dims[0] == 4 && dims[1] == 3);
    cr_expect_eq(model->shapes(&huge, dims), 1);
    cr_expect_str_eq(model->name, "Guarded");
    cr_expect_str_eq(model->digest, "d");
    cr_expect_str_eq(model->version, "v");
    cr_expect_str_eq(model->variables[0].name, "N");
    cr_expect_eq(model->variables[0].high, 100);
    cr_expect_str_eq(model->inputs[2].name, "f32");
    cr_expect_str_eq(model->inputs[2].type, "f32[N, 3]");
    cr_expect(model->inputs[2].variables[0] == 0 && model->inputs[2].variables[1] == -1);
    cr_expect_eq(model->inputs[2].contract->kind, NNA_RT_FINITE);
    cr_expect_eq(model->sites_guarded, 6);
    cr_expect_str_eq(model->guards[0].code, "NNA3007");
    cr_expect_str_eq(model->guards[0].condition, "the result must be finite");
    cr_expect_eq(model->guards[0].rank, 2);
    cr_expect(model->guards[0].dims[0] == -1 && model->guards[0].dims[1] == 3);
    Call call = call_make(m.g, &native, &rows);
    fill_with(&m, &call, 0.5, rows);
    cr_expect_eq(model->run(&call.call), 0);
    for (int k = 0; k < 12; k++) {
        cr_expect_eq(((float *)call.outputs[0])[k], -3.5f);
        cr_expect_eq(((float *)call.outputs[1])[k], -3.5f);
        cr_expect_eq(((float *)call.outputs[2])[k], 0.5f);
    }
    native_close(&native);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A window of 3 over N * N - 1 elements: N = 1 breaks the rule that the result has an element. */
Test(codegen_guards, rules_of_dimensions) {
    Ctx *cx = test_ctx();
    Graph *g = graph_new(cx, names_intern_text(&cx->names, "Rules"), SPAN_NONE);
    DimId one = dim_constant(g->dims, 1);
    DimId n = dim_variable(g->dims, names_intern_text(&cx->names, "N"), 1, 100);
    const DimId dims[3] = {one, one, dim_sub(g->dims, dim_mul(g->dims, n, n), one)};
    Value x = build_input(g, names_intern_text(&cx->names, "x"), SPAN_NONE, DTYPE_F32,
                          build_shape(g, SPAN_NONE, 3, dims), (ContractId){0}, NOWHERE);
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    attrs[op_attr(OP_MAX_POOL, "kernel")] = attr_integer(3);
    Value y = build_op(g, OP_MAX_POOL, 1, &x, attrs, NOWHERE, NULL);
    cr_assert_neq(y.id, 0, "%s", test_reports(cx));
    build_result(g, names_intern_text(&cx->names, "y"), y, (ContractId){0}, SPAN_NONE);
    CodegenRequest request = {.graph = g, .kind = EMIT_OBJECT, .optimise = 1};
    Native native = native_open(&request);
    int64_t found[6];
    for (int64_t size = 1; size < 5; size++) {
        cr_expect_eq(native.model->shapes(&size, found),
                     size < 2 ? NNA_RT_SIZES_BREAK : NNA_RT_SIZES_FIT);
        cr_expect_eq(native.model->workspace(&size), size < 2 ? -1 : 0);
    }
    cr_expect_not_null(strstr(native.model->rules[0], " <= "), "%s", native.model->rules[0]);
    cr_expect_eq(found[2], 15);
    cr_expect_eq(found[5], 5);
    native_close(&native);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* What cannot be compiled is refused in words. */
Test(codegen_guards, refusals) {
    Ctx *cx = test_ctx();
    Model m = make_model(cx);
    const DimId one = dim_constant(m.g->dims, 1);
    Value w = build_parameter(m.g, true, names_intern_text(&cx->names, "w"), SPAN_NONE, DTYPE_F32,
                              build_shape(m.g, SPAN_NONE, 1, &one), (ContractId){0},
                              (Init){.kind = INIT_ZEROS}, NOWHERE);
    add_result(&m, w);
    CodegenFunction *generate;
    void *module = codegen_open(&generate);
    CodegenResult result;
    CodegenRequest request = {.graph = m.g, .kind = EMIT_OBJECT};
    generate(&request, &result);
    cr_expect(!result.ok);
    cr_expect_str_eq(result.message, "parameter `w` has no numbers");
    request.triple = "no-such-machine";
    generate(&request, &result);
    cr_expect(!result.ok);
    cr_expect_not_null(strstr(result.message, "no code for the target"));
    dlclose(module);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
