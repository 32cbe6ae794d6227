/* The engine as a whole: random graphs of every operator, and of random expressions, held against
 * the evaluator (tests/random/trial.h). */
#include "frontend/lower.h"
#include "tests/random/graph.h"
#include "tests/random/trial.h"
#include "tests/unit/ir/examples.h"

Test(soundness, every_operator) {
    Trial sum = {0};
    Random random = {77};
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        uint32_t elements = 0;
        for (uint32_t round = 0; round < 12; round++) {
            Ctx *cx = test_ctx();
            Examples e = {.g = graph_new(cx, names_intern_text(&cx->names, "Example"), SPAN_NONE),
                          .state = random_next(&random),
                          .symbolic = round % 3 == 2};
            Value v = example_make(&e, (Op)op);
            Trial t = {.cx = cx, .g = e.g, .random = {random_next(&random)}};
            if (!ir_is_poison(v)) {
                trial_vary_contracts(&t);
                trial_examine(&t, sizes_by_name(e.g), 4);
            }
            elements += t.elements;
            sum.events += t.events;
            sum.proved += t.proved;
            sum.broken += t.broken;
            ctx_free(cx);
        }
        cr_expect(elements > 0, "%s was never looked at", op_info[op].spelling);
    }
    cr_expect_eq(sum.broken, 0);
    cr_expect(sum.events > 20 && sum.proved > 100, "%u events, %u proved", sum.events, sum.proved);
    NNA_CHECK_LEAKS();
}

/* Random expressions over matrices: elementwise rows, and shapes of the term rules. */
typedef struct Mix {
    Graph *g;
    Random *random;
    OriginId origin;
    Value pool[40];
    uint32_t count;
} Mix;

static Value pick(Mix *m) {
    return m->pool[random_below(m->random, m->count)];
}

static Value make(Mix *m, Op op, Value x, Value y) {
    const Value operands[3] = {x, y, y};
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    for (uint32_t i = 0; i < op_info[op].attr_count; i++) {
        if (op_info[op].attrs[i].required) attrs[i] = attr_real(0.5);
    }
    return build_op(m->g, op, op_info[op].input_count, operands, attrs, m->origin, NULL);
}

static Value reduce(Mix *m, const char *op, Value x, int64_t axis) {
    const Attr attrs[2] = {attr_integers(m->g, 1, &axis), attr_boolean(true)};
    return build_op(m->g, op_find(op), 1, &x, attrs, m->origin, NULL);
}

/* x - max(x), exp of it, its sum, the quotient, the logarithm; sometimes of the wrong axis. */
static void add_softmax(Mix *m) {
    Value x = pick(m);
    int64_t axis = random_below(m->random, 2),
            other = random_below(m->random, 5) == 0 ? 1 - axis : axis;
    Value d =
        make(m, OP_SUB, x, reduce(m, random_below(m->random, 6) == 0 ? "min" : "max", x, axis));
    Value e = make(m, OP_EXP, d, d), total = reduce(m, "sum", e, other);
    Value again = random_below(m->random, 2) ? e : make(m, OP_EXP, d, d);
    m->pool[m->count++] = make(m, OP_DIV, again, total);
    m->pool[m->count++] = make(m, OP_SUB, d, make(m, OP_LOG, total, total));
}

/* where(x < y, f(x), x), and its converses. */
static void add_choice(Mix *m) {
    static const Op compares[] = {OP_LESS,          OP_LESS_EQUAL, OP_GREATER,
                                  OP_GREATER_EQUAL, OP_EQUAL,      OP_NOT_EQUAL};
    static const Op functions[] = {OP_LOG,   OP_SQRT, OP_EXP,  OP_RECIPROCAL,
                                   OP_RSQRT, OP_DIV,  OP_ATANH};
    Value x = pick(m), f = make(m, functions[random_below(m->random, 7)], x, x);
    DType type = ir_node(m->g, x)->dtype;
    /* Deeper in the branch: what is computed of what fails elsewhere. */
    static const Op rest[] = {OP_MUL, OP_NEG, OP_SUB, OP_EXP};
    for (uint32_t i = random_below(m->random, 3); i > 0; i--) {
        f = make(m, rest[random_below(m->random, 4)], f, x);
    }
    Value y = random_below(m->random, 3) == 0
                  ? pick(m)
                  : build_scalar(m->g, type, (int)random_below(m->random, 3) - 1, m->origin);
    Value cond = make(m, compares[random_below(m->random, 6)], x, y);
    bool first = random_below(m->random, 2) == 0;
    const Value operands[3] = {cond, first ? f : x, first ? x : f};
    m->pool[m->count++] = build_op(m->g, OP_WHERE, 3, operands, NULL, m->origin, NULL);
}

static void add_node(Mix *m) {
    if (random_below(m->random, 5) == 0) {
        add_choice(m);
        return;
    }
    Value x = pick(m), y = random_below(m->random, 4) == 0 ? x : pick(m);
    if (random_below(m->random, 4) == 0) {
        static const char *const names[] = {"max", "min", "sum", "mean"};
        Value r = reduce(m, names[random_below(m->random, 4)], x, random_below(m->random, 2));
        static const Op uses[] = {OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MAXIMUM};
        m->pool[m->count++] = make(m, uses[random_below(m->random, 5)], x, r);
        return;
    }
    for (int tries = 0; tries < 50; tries++) {
        Op op = (Op)(1 + random_below(m->random, OP_COUNT - 1));
        const OpInfo *info = &op_info[op];
        if (info->form != FORM_EWISE || (info->type != TYPE_FLOAT && info->type != TYPE_NUMBER))
            continue;
        m->pool[m->count++] = make(m, op, x, y);
        return;
    }
}

Test(soundness, random_expressions) {
    Trial sum = {0};
    Random random = {99};
    static const DType types[] = {DTYPE_F32, DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64};
    uint32_t flushed = 0;
    for (uint32_t round = 0; round < 250; round++) {
        Ctx *cx = test_ctx();
        Graph *g = graph_new(cx, names_intern_text(&cx->names, "Mix"), SPAN_NONE);
        Mix m = {.g = g,
                 .random = &random,
                 .origin = build_origin(g, SPAN_NONE, NAME_NONE, (OriginId){0})};
        DType type = types[random_below(&random, 5)];
        const DimId dims[2] = {dim_constant(g->dims, 3), dim_constant(g->dims, 4)};
        ShapeId shape = build_shape(g, SPAN_NONE, 2, dims);
        for (int i = 0; i < 2; i++) {
            ContractId c =
                build_contract(g, (Contract){.kind = CONTRACT_INTERVAL, .low = -1, .high = 1});
            Name name = names_intern_text(&cx->names, i == 0 ? "a" : "b");
            m.pool[m.count++] = build_input(g, name, SPAN_NONE, type, shape, c, m.origin);
        }
        for (uint32_t i = random_below(&random, 5); i > 0; i--) add_node(&m);
        if (random_below(&random, 2)) add_softmax(&m);
        for (uint32_t i = random_below(&random, 5); i > 0; i--) add_node(&m);
        Trial t = {.cx = cx, .g = g, .random = {random_next(&random)}};
        trial_vary_contracts(&t);
        trial_examine(&t, NULL, 6);
        flushed += t.flushed;
        sum.elements += t.elements;
        sum.events += t.events;
        sum.proved += t.proved;
        sum.broken += t.broken;
        ctx_free(cx);
    }
    cr_expect_eq(sum.broken, 0);
    cr_expect(flushed > 20, "%u graphs that flushing changes", flushed);
    cr_expect(sum.events > 50 && sum.proved > 100 && sum.elements > 10000,
              "%u events, %u proved, %u elements", sum.events, sum.proved, sum.elements);
    NNA_CHECK_LEAKS();
}

Test(soundness, random_graphs) {
    Trial sum = {0};
    Random random = {5};
    uint32_t nodes = 0;
    for (uint32_t round = 0; round < 400; round++) {
        Ctx *cx = test_ctx();
        cx->limits.elements = 4096;
        Bytes bytes = {.state = 1 + random_next(&random)};
        Trial t = {.cx = cx, .g = random_graph(cx, &bytes, 24), .random = {random_next(&random)}};
        trial_examine(&t, sizes_by_name(t.g), 3);
        nodes += t.g->nodes.count;
        sum.elements += t.elements;
        sum.events += t.events;
        sum.broken += t.broken;
        ctx_free(cx);
    }
    cr_expect_eq(sum.broken, 0);
    cr_expect(nodes > 3000 && sum.elements > 10000 && sum.events > 50, "%u nodes, %u elements, %u",
              nodes, sum.elements, sum.events);
    NNA_CHECK_LEAKS();
}

/* A model of a text, held against runs; so many elements and failures at least. */
static void hold_text(const char *text, uint32_t least_elements, uint32_t least_events) {
    Ctx *cx = test_ctx();
    static const LowerOptions lowering = {0};
    Source *source = source_add(cx, "model.nna", text, strlen(text));
    Models models = lower_file(cx, parse_file(cx, source), &lowering);
    cr_assert_eq(models.list.count, 1);
    Trial t = {.cx = cx, .g = models.list.data[0], .random = {3}};
    trial_examine(&t, NULL, 20);
    cr_expect_eq(t.broken, 0);
    cr_expect(t.elements >= least_elements && t.events >= least_events,
              "%u elements, %u events: %s", t.elements, t.events, test_reports(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Each addition is rounded beside what was there before: 1e8 + 5 is 1e8 + 8 in f32. */
Test(soundness, sums_of_long_loops) {
    static const char text[] =
        "nna 1\n"
        "model Long(x: f32[1000] in [4.5, 5], s: f32[] in [1e8, 1e8], g: f16[100] in [0.3, 0.6],\n"
        "           z: f32[1000] in [0, 1]) -> (a: f32[], b: f32[], c: f16[], d: f32[]) {\n"
        "  let a = scan v in x with t = s { yield t + v }\n"
        "  let b = scan v in x with t = s { yield t - v }\n"
        "  let c = scan v in g with t = cast(1000.0, dtype: f16) { yield t + v }\n"
        "  let d = scan (v, f) in (x, z) with t = s { yield f * t + v }\n"
        "  return a, b, c, d\n"
        "}\n";
    hold_text(text, 1000, 0);
}

/* x - min(x) is not negative, but may be beyond an integer type: the campaign's seed 7963. */
Test(soundness, differences_of_integers_wrap) {
    static const char text[] = "nna 1\n"
                               "model Wrap(x: i64[4], y: i8[4]) -> (a: i64[4], b: i8[4]) {\n"
                               "  return x - min(x), y - max(y)\n"
                               "}\n";
    hold_text(text, 100, 1);
}
