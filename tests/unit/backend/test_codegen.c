/* The native code of every operator row against the evaluator, bit for bit: every element type that
 * the row takes, broadcast operands, a dimension that is known at run time alone, values that are
 * chosen to hurt; without guards, and with all of them. */
#include "tests/unit/backend/codegen_support.h"

#include <math.h>

enum { ROWS = 17, COLUMNS = 3, MAX_CASES = 4096 };

/* The inputs of one element type: of four shapes that broadcast. */
typedef struct Operands {
    Value full, other, column, row, scalar;
} Operands;

typedef struct Cases {
    Ctx *cx;
    Graph *g;
    DimId n;
    Operands of[DTYPE_COUNT];
    uint32_t count;
    char names[MAX_CASES][48];
} Cases;

static ShapeId shape_of(Graph *g, uint32_t rank, const DimId *dims) {
    return build_shape(g, SPAN_NONE, rank, dims);
}

static Value input(Cases *c, const char *name, DType t, uint32_t rank, const DimId *dims) {
    Contract any = {.kind = CONTRACT_ANY};
    Name interned = names_intern_text(&c->cx->names, name);
    Value v = build_input(c->g, interned, SPAN_NONE, t, shape_of(c->g, rank, dims),
                          build_contract(c->g, any), NOWHERE);
    cr_assert_neq(v.id, 0);
    return v;
}

static void make_inputs(Cases *c) {
    DimId three = dim_constant(c->g->dims, COLUMNS), one = dim_constant(c->g->dims, 1);
    for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
        const char *spelling = dtype_info[t].spelling;
        char name[32];
        const char *parts[5] = {"full", "other", "column", "row", "scalar"};
        const DimId dims[5][2] = {
            {c->n, three}, {c->n, three}, {c->n, one}, {three, one}, {one, one}};
        const uint32_t ranks[5] = {2, 2, 2, 1, 0};
        Value *out[5] = {&c->of[t].full, &c->of[t].other, &c->of[t].column, &c->of[t].row,
                         &c->of[t].scalar};
        for (int i = 0; i < 5; i++) {
            snprintf(name, sizeof name, "%s_%s", spelling, parts[i]);
            *out[i] = input(c, name, (DType)t, ranks[i], dims[i]);
        }
    }
}

static void add_case(Cases *c, Op op, uint32_t count, const Value *operands, const Attr *attrs,
                     const char *what) {
    cr_assert_lt(c->count, MAX_CASES);
    Value v = build_op(c->g, op, count, operands, attrs, NOWHERE, NULL);
    cr_assert_neq(v.id, 0, "%s: %s", op_info[op].spelling, test_reports(c->cx));
    char *name = c->names[c->count];
    snprintf(name, sizeof c->names[0], "%s_%s_%u", op_info[op].spelling, what, c->count);
    build_result(c->g, names_intern_text(&c->cx->names, name), v, (ContractId){0}, SPAN_NONE);
    c->count++;
}

static bool takes(TypeRule rule, DType t) {
    switch (rule) {
    case TYPE_FLOAT:
    case TYPE_TEST: return dtype_is_float(t);
    case TYPE_NUMBER: return t != DTYPE_BOOL;
    case TYPE_BOOL: return t == DTYPE_BOOL;
    case TYPE_ANY:
    case TYPE_COMPARE:
    case TYPE_SELECT:
    case TYPE_CAST:
    case TYPE_ORDER: return true;
    case TYPE_GATHER:
    case TYPE_SCATTER: return true;
    case TYPE_INDEX: return t == DTYPE_I64;
    case TYPE_SOURCE: break;
    }
    return false;
}

/* Attributes of elementwise operators: what is required, and an unusual value of the rest. */
static void make_attrs(Op op, bool unusual, DType cast_to, Attr *attrs) {
    for (int i = 0; i < op_info[op].attr_count; i++) {
        const AttrInfo *info = &op_info[op].attrs[i];
        attrs[i] = attr_none();
        if (info->kind == ATTR_DTYPE) attrs[i] = attr_dtype(cast_to);
        else if (info->kind == ATTR_REAL && (info->required || unusual)) attrs[i] = attr_real(0.7);
        else if (info->kind == ATTR_BOOLEAN && unusual) attrs[i] = attr_boolean(true);
        else if (info->kind == ATTR_WORD && unusual) attrs[i] = attr_word(op, (uint32_t)i, "tanh");
    }
}

static void add_ewise(Cases *c, Op op, DType t, DType cast_to, bool broadcast) {
    const OpInfo *info = &op_info[op];
    const Operands *o = &c->of[t], *b = &c->of[DTYPE_BOOL];
    Value operands[3] = {o->full, o->other, o->full};
    if (broadcast) {
        const Value mixed[3] = {o->column, o->row, o->scalar};
        memcpy(operands, mixed, sizeof mixed);
        if (info->input_count == 1) operands[0] = info->type == TYPE_CAST ? o->other : o->scalar;
    }
    if (info->type == TYPE_SELECT) operands[0] = broadcast ? b->row : b->full;
    if (info->type == TYPE_SELECT && broadcast) operands[1] = o->column;
    Attr attrs[OP_MAX_ATTRS];
    make_attrs(op, broadcast, cast_to, attrs);
    const DimId rows[2] = {c->n, dim_constant(c->g->dims, 3)};
    int shape = op_attr(op, "shape");
    if (shape >= 0) attrs[shape] = attr_dims(c->g, broadcast ? 1 : 2, rows);
    add_case(c, op, info->input_count, operands, attrs, dtype_info[t].spelling);
}

/* Types that stand for the rest where it is not the arithmetic that is looked at. */
static bool is_sample(DType t) {
    return t == DTYPE_F32 || t == DTYPE_I8 || t == DTYPE_BOOL;
}

static void add_every_ewise(Cases *c) {
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        const OpInfo *info = &op_info[op];
        if (info->form != FORM_EWISE) continue;
        for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
            if (!takes(info->type, (DType)t)) continue;
            if (info->type != TYPE_CAST) {
                add_ewise(c, (Op)op, (DType)t, DTYPE_NONE, false);
                if (is_sample((DType)t)) add_ewise(c, (Op)op, (DType)t, DTYPE_NONE, true);
                continue;
            }
            for (int to = DTYPE_NONE + 1; to < DTYPE_COUNT; to++) {
                add_ewise(c, (Op)op, (DType)t, (DType)to, false);
                add_ewise(c, (Op)op, (DType)t, (DType)to, true);
            }
        }
    }
}

static void add_every_reduce(Cases *c) {
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        if (op_info[op].form != FORM_REDUCE) continue;
        int axis = op_attr((Op)op, "axis"), keep = op_attr((Op)op, "keepdims");
        for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
            if (!takes(op_info[op].type, (DType)t)) continue;
            for (int variant = 0; variant < (is_sample((DType)t) ? 3 : 1); variant++) {
                Attr attrs[OP_MAX_ATTRS] = {{0}};
                const int64_t axes[1] = {variant};
                if (variant < 2) attrs[axis] = attr_integers(c->g, 1, axes);
                attrs[keep] = attr_boolean(variant == 1);
                add_case(c, (Op)op, 1, &c->of[t].full, attrs, dtype_info[t].spelling);
            }
        }
    }
}

static void add_every_library(Cases *c) {
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        if (op_info[op].form != FORM_LIBRARY) continue;
        for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
            for (int variant = 0; variant < 4; variant++) {
                const Attr attrs[] = {attr_integer(variant / 2), attr_boolean(variant % 2 != 0)};
                add_case(c, (Op)op, 1, &c->of[t].full, attrs, dtype_info[t].spelling);
            }
        }
    }
}

/* A case of the other forms: shapes with dimensions below 0 for the variable, and attributes. */
typedef struct Case {
    Op op;
    uint32_t count;
    struct {
        uint32_t rank;
        int64_t dims[4];
    } shape[3];
    struct {
        const char *name, *word;
        uint32_t count;
        int64_t values[6];
    } attr[5];
} Case;

#define N (-1)
static const Case cases[] = {
    {OP_MATRIX_PRODUCT, 2, {{2, {N, 5}}, {2, {5, 4}}}, {{0}}},
    {OP_MATRIX_PRODUCT, 2, {{3, {2, 3, N}}, {2, {N, 2}}}, {{0}}},
    {OP_CONVOLUTION, 2, {{4, {2, 2, N, 5}}, {4, {4, 2, 3, 3}}}, {{"padding", "same", 0, {0}}}},
    {OP_CONVOLUTION, 2, {{4, {1, 4, 7, N}}, {4, {4, 2, 3, 2}}},
     {{"stride", NULL, 2, {2, 1}}, {"padding", NULL, 4, {1, 2, 0, 1}}, {"dilation", NULL, 1, {2}},
      {"groups", NULL, 1, {2}}}},
    {OP_CONVOLUTION, 2, {{3, {N, 5, 2}}, {3, {3, 2, 2}}}, {{"layout", "nhwc", 0, {0}}}},
    {OP_MAX_POOL, 1, {{4, {N, 2, 5, 6}}}, {{"kernel", NULL, 1, {3}}, {"padding", NULL, 1, {1}}}},
    {OP_MAX_POOL, 1, {{4, {1, 5, 6, 2}}},
     {{"kernel", NULL, 2, {2, 3}}, {"layout", "nhwc", 0, {0}}, {"ceil_mode", NULL, 1, {1}}}},
    {OP_AVG_POOL, 1, {{4, {N, 2, 5, 6}}}, {{"kernel", NULL, 1, {3}}, {"padding", NULL, 1, {1}}}},
    {OP_AVG_POOL, 1, {{3, {N, 2, 7}}},
     {{"kernel", NULL, 1, {3}}, {"padding", NULL, 1, {1}}, {"count_include_pad", NULL, 1, {1}},
      {"stride", NULL, 1, {1}}}},
    {OP_CONVOLUTION_WEIGHT, 2, {{4, {N, 4, 6, 5}}, {4, {N, 6, 3, 3}}},
     {{"window", NULL, 2, {3, 2}}, {"stride", NULL, 1, {2}}, {"padding", NULL, 1, {1}},
      {"groups", NULL, 1, {2}}}},
    {OP_SUM_POOL, 1, {{4, {N, 2, 5, 6}}},
     {{"kernel", NULL, 1, {2}}, {"padding", NULL, 1, {1}}, {"ceil_mode", NULL, 1, {1}}}},
    {OP_EQUAL_POOL, 3, {{3, {N, 2, 3}}, {3, {N, 2, 5}}, {3, {N, 2, 5}}},
     {{"kernel", NULL, 1, {2}}, {"ceil_mode", NULL, 1, {1}}}},
    {OP_RESHAPE, 1, {{2, {N, 4}}}, {{"shape", NULL, 3, {N, 2, 2}}}},
    {OP_TRANSPOSE, 1, {{3, {2, N, 3}}}, {{"perm", NULL, 3, {2, 0, 1}}}},
    {OP_EXPAND, 1, {{2, {N, 1}}}, {{"shape", NULL, 3, {2, N, 3}}}},
    {OP_SLICE, 1, {{2, {6, 5}}},
     {{"begin", NULL, 2, {1, 0}}, {"end", NULL, 2, {6, 4}}, {"step", NULL, 2, {2, 1}}}},
    {OP_CONCAT, 2, {{2, {N, 3}}, {2, {N, 2}}}, {{"axis", NULL, 1, {1}}}},
    {OP_GATHER, 2, {{3, {2, N, 3}}, {2, {2, 2}}}, {{"axis", NULL, 1, {1}}}},
    {OP_TAKE_ALONG, 2, {{2, {N, 3}}, {2, {N, 2}}}, {{"axis", NULL, 1, {1}}}},
    {OP_GATHER_ND, 2, {{3, {N, 3, 2}}, {3, {N, 2, 2}}}, {{"batch_dims", NULL, 1, {1}}}},
    {OP_SCATTER, 3, {{2, {N, 3}}, {2, {N, 4}}, {2, {N, 4}}}, {{"axis", NULL, 1, {1}}}},
    {OP_SCATTER, 3, {{2, {3, N}}, {2, {7, N}}, {2, {7, N}}},
     {{"axis", NULL, 1, {0}}, {"reduction", "add", 0, {0}}}},
    {OP_SCATTER, 3, {{1, {3}}, {1, {N}}, {1, {N}}},
     {{"axis", NULL, 1, {0}}, {"reduction", "mul", 0, {0}}}},
    {OP_SCATTER_SLICES, 3, {{3, {2, N, 3}}, {2, {2, 2}}, {4, {2, 2, 2, 3}}},
     {{"axis", NULL, 1, {1}}, {"reduction", "max", 0, {0}}}},
    {OP_SCATTER_SLICES, 3, {{2, {N, 3}}, {0, {0}}, {1, {3}}}, {{"axis", NULL, 1, {0}}}},
    {OP_SCATTER_ND, 3, {{3, {N, 3, 2}}, {3, {N, 2, 2}}, {2, {N, 2}}},
     {{"batch_dims", NULL, 1, {1}}, {"reduction", "min", 0, {0}}}},
    {OP_SCATTER_ND, 3, {{2, {2, N}}, {2, {5, 2}}, {1, {5}}}, {{"reduction", "add", 0, {0}}}},
    {OP_FLIP, 1, {{3, {2, N, 3}}}, {{"axes", NULL, 2, {1, 2}}}},
    {OP_PAD, 1, {{2, {N, 3}}}, {{"before", NULL, 2, {1, 0}}, {"behind", NULL, 2, {2, 1}}}},
    {OP_PAD, 1, {{2, {N, 3}}},
     {{"before", NULL, 2, {1, 0}}, {"behind", NULL, 2, {2, 1}}, {"interior", NULL, 2, {2, 1}},
      {"value", NULL, 1, {1}}}},
};
#undef N

static DimId dim_of(Cases *c, int64_t value) {
    return value < 0 ? c->n : dim_constant(c->g->dims, value);
}

static Attr attr_of(Cases *c, const Case *one, int which, int index) {
    const AttrInfo *info = &op_info[one->op].attrs[index];
    const char *word = one->attr[which].word;
    const int64_t *values = one->attr[which].values;
    uint32_t count = one->attr[which].count;
    if (word != NULL && info->kind == ATTR_PADDING) {
        return attr_name(names_intern_text(&c->cx->names, word));
    }
    if (word != NULL) return attr_word(one->op, (uint32_t)index, word);
    if (info->kind == ATTR_DIMS) {
        DimId dims[6];
        for (uint32_t i = 0; i < count; i++) dims[i] = dim_of(c, values[i]);
        return attr_dims(c->g, count, dims);
    }
    if (info->kind == ATTR_BOOLEAN) return attr_boolean(values[0] != 0);
    bool list = info->kind == ATTR_INTEGERS || count > 1;
    return list ? attr_integers(c->g, count, values) : attr_integer(values[0]);
}

static void add_listed(Cases *c, const Case *one, DType t, uint32_t number) {
    Value operands[3];
    TypeRule rule = op_info[one->op].type;
    for (uint32_t k = 0; k < one->count; k++) {
        DimId dims[4];
        for (uint32_t d = 0; d < one->shape[k].rank; d++) {
            dims[d] = dim_of(c, one->shape[k].dims[d]);
        }
        char name[48];
        snprintf(name, sizeof name, "case%u_%s_%u", number, dtype_info[t].spelling, k);
        bool index = k == 1 && (rule == TYPE_GATHER || rule == TYPE_SCATTER);
        DType type = !index ? t : t == DTYPE_F32 ? DTYPE_I64 : DTYPE_U8;
        operands[k] = input(c, name, type, one->shape[k].rank, dims);
    }
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    for (int i = 0; i < 5 && one->attr[i].name != NULL; i++) {
        int index = op_attr(one->op, one->attr[i].name);
        cr_assert_geq(index, 0, "%s", one->attr[i].name);
        attrs[index] = attr_of(c, one, i, index);
    }
    add_case(c, one->op, one->count, operands, attrs, dtype_info[t].spelling);
}

static bool has_attr(const Case *one, const char *name) {
    for (int i = 0; i < 5 && one->attr[i].name != NULL; i++) {
        if (strcmp(one->attr[i].name, name) == 0) return true;
    }
    return false;
}

static void add_every_listed(Cases *c) {
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
            bool looked_at = is_sample((DType)t) || t == DTYPE_BF16;
            if (t == DTYPE_BOOL && has_attr(&cases[i], "reduction")) continue; /* refused */
            if (!looked_at || !takes(op_info[cases[i].op].type, (DType)t)) continue;
            add_listed(c, &cases[i], (DType)t, i);
        }
    }
}

/* Every row is in the graph. */
static void check_complete(const Cases *c) {
    bool seen[OP_COUNT] = {false};
    for (uint32_t i = 0; i < c->g->results.count; i++) {
        seen[ir_node(c->g, c->g->results.data[i].value)->op] = true;
    }
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        bool apart = op_info[op].form == FORM_SPECIAL || op_info[op].form == FORM_REGION;
        cr_expect(seen[op] || apart, "%s", op_info[op].spelling);
    }
}

static Cases *make_cases(Ctx *cx) {
    Cases *c = ARENA_NEW(&cx->session, Cases);
    c->cx = cx;
    c->g = graph_new(cx, names_intern_text(&cx->names, "Cases"), SPAN_NONE);
    c->n = dim_variable(c->g->dims, names_intern_text(&cx->names, "N"), 5, 1000);
    make_inputs(c);
    add_every_ewise(c);
    add_every_reduce(c);
    add_every_listed(c);
    add_every_library(c);
    check_complete(c);
    return c;
}

/* ---- values */

static double special(DType t, uint64_t choice) {
    const double numbers[] = {0, -0.0, 1, -1, 0.5, -0.5, 2, -3, 0.1, 1.5, 2.5, 7, -7, 88, -88, 11,
                              1e-3, 100, -100, 0.99999994};
    enum { COUNT = sizeof numbers / sizeof *numbers };
    const DTypeInfo *info = &dtype_info[t];
    switch (choice % (COUNT + 12)) {
    case COUNT: return INFINITY;
    case COUNT + 1: return -INFINITY;
    case COUNT + 2: return NAN;
    case COUNT + 3: return info->max;
    case COUNT + 4: return -info->max;
    case COUNT + 5: return info->min_subnormal;
    case COUNT + 6: return -info->min_subnormal;
    case COUNT + 7: return info->min_normal;
    case COUNT + 8: return info->exp_max;
    case COUNT + 9: return -info->exp_max;
    case COUNT + 10: return 65520;
    case COUNT + 11: return 3e9;
    default: return numbers[choice % (COUNT + 12)];
    }
}

static Cell random_cell(DType t, uint64_t *state) {
    uint64_t bits = random_bits(state), choice = random_bits(state);
    if (dtype_is_float(t)) {
        if (choice % 3 == 0) return (Cell){.f = dtype_round(t, special(t, bits))};
        double unit = (double)(int64_t)bits / 0x1p63;
        if (choice % 3 == 1) return (Cell){.f = dtype_round(t, unit * 4)};
        return (Cell){.f = dtype_round(t, ldexp(unit, (int)(choice / 3 % 40) - 20))};
    }
    unsigned char raw[8];
    uint64_t small = bits % 7;
    if (choice % 2 == 0) bits = choice % 4 == 0 ? small : 0 - small;
    if (choice % 16 == 1) bits = UINT64_C(1) << (dtype_info[t].bytes * 8 - 1);
    memcpy(raw, &bits, sizeof raw);
    if (t == DTYPE_BOOL) raw[0] &= 1;
    return cell_load(t, raw, 0);
}

static void fill(const Cases *c, Call *call, const int64_t *variables) {
    uint64_t state = 1;
    for (uint32_t i = 0; i < c->g->inputs.count; i++) {
        Value v = c->g->inputs.data[i];
        DType t = ir_node(c->g, v)->dtype;
        int64_t count = (int64_t)(bytes_of(c->g, v, variables) / dtype_info[t].bytes);
        for (int64_t k = 0; k < count; k++) {
            cell_store(t, call->inputs[i], k, random_cell(t, &state));
        }
    }
}

/* ---- comparison */

static uint32_t compare_outputs(const Cases *c, const EvalRun *run, const Call *call) {
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < c->g->results.count; i++) {
        const Tensor *t = &run->values[c->g->results.data[i].value.id];
        for (int64_t k = 0; k < t->count; k++) {
            Cell found = cell_load(t->dtype, call->outputs[i], k);
            if (cells_equal(t->dtype, found, t->cells[k])) continue;
            if (wrong++ < 40) {
                fprintf(stderr, "%s[%lld]: native %a %lld, evaluator %a %lld\n", c->names[i],
                        (long long)k, found.f, (long long)found.i, t->cells[k].f,
                        (long long)t->cells[k].i);
            }
            break;
        }
    }
    return wrong;
}

/* Facts by which guards blame what the evaluator's events blame: operands that are NaN or infinite
 * already are allowed. */
static Facts *lenient_facts(Ctx *cx, const Graph *g) {
    Facts *facts = ARENA_NEW(&cx->session, Facts);
    facts->graph = g;
    facts->first_site = ARENA_ARRAY(&cx->session, uint32_t, g->nodes.count + 1);
    uint32_t count = 0;
    Site sites[OP_MAX_SITES];
    for (uint32_t id = 0; id < g->nodes.count; id++) {
        facts->first_site[id] = count;
        count += ir_sites(g, (Value){id}, sites);
    }
    facts->first_site[g->nodes.count] = count;
    facts->sites = ARENA_ARRAY(&cx->session, SiteFact, count);
    for (uint32_t i = 0; i < count; i++) {
        facts->sites[i] = (SiteFact){VERDICT_POSSIBLE, true, true, FAILURE_DOMAIN};
    }
    return facts;
}

/* Each guard alone trips where the evaluator has an event, at the same element, and only there.
 * Guards are numbered by value and site, as events would be if sorted. */
static uint32_t compare_guards(const Cases *c, const Facts *facts, const EvalRun *run, Call *call) {
    uint32_t wrong = 0;
    Site sites[OP_MAX_SITES];
    int32_t number = 0;
    for (uint32_t i = 0; i < c->g->results.count; i++) {
        Value v = c->g->results.data[i].value;
        uint32_t count = ir_sites(c->g, v, sites);
        cr_assert_eq(count, facts->first_site[v.id + 1] - facts->first_site[v.id]);
        for (uint32_t s = 0; s < count; s++, number++) {
            int64_t expected = -1;
            for (uint32_t k = 0; k < run->events.count; k++) {
                const EvalEvent *event = &run->events.data[k];
                if (event->node.id == v.id && event->site == s) expected = event->element;
            }
            call->call.armed = number;
            call->call.trip = (nna_rt_trip_record){.guard = -1, .element = -1};
            int32_t stopped = call->call.model->run(&call->call);
            bool same = stopped == (expected >= 0) && call->call.trip.element == expected;
            if (!same && wrong++ < 40) {
                fprintf(stderr, "%s, guard %d: native stops %d at %lld, evaluator at %lld\n",
                        c->names[i], number, stopped, (long long)call->call.trip.element,
                        (long long)expected);
            }
        }
    }
    cr_expect_eq(call->call.model->guard_count, (uint32_t)number);
    return wrong;
}

static void run_cases(GuardPolicy guards, int optimise) {
    Ctx *cx = test_ctx();
    Cases *c = make_cases(cx);
    const int64_t variables[1] = {ROWS};
    Facts *facts = lenient_facts(cx, c->g);
    CodegenRequest request = {.graph = c->g, .facts = facts, .kind = EMIT_OBJECT, .guards = guards,
                              .optimise = optimise};
    Native native = native_open(&request);
    Call call = call_make(c->g, &native, variables);
    fill(c, &call, variables);
    EvalRun run = {.arena = &cx->session, .dims = variables};
    evaluate(c->g, &run, &call);
    call.call.armed = INT32_MAX; /* no guard stops */
    cr_expect_eq(native.model->run(&call.call), 0);
    cr_expect_eq(compare_outputs(c, &run, &call), 0);
    if (guards != GUARDS_NONE) cr_expect_eq(compare_guards(c, facts, &run, &call), 0);
    native_close(&native);
    ctx_free(cx);
}

Test(codegen, operators_match_the_evaluator_bit_for_bit) {
    run_cases(GUARDS_NONE, 2);
    NNA_CHECK_LEAKS();
}

/* Without optimisation, for the time that it takes; test_codegen_guards.c has guards that are
 * optimised. */
Test(codegen, guards_trip_where_the_evaluator_sees_an_event) {
    run_cases(GUARDS_ALL, 0);
    NNA_CHECK_LEAKS();
}
