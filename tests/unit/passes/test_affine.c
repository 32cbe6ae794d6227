/* Affine forms and splitting: random programs of sums, moves and choices over shared values, in
 * every float type, run by the evaluator on operands at the ends of their ranges. That the two are
 * at work is counted, so that the tests cannot hold for lack of trials. */
#include "ir/build.h"
#include "tests/random/trial.h"
#include "tests/unit/support.h"

typedef struct Program {
    Graph *g;
    Random *random;
    OriginId origin;
    DType type;
    ShapeId shape;
    Value pool[64];
    uint32_t count;
} Program;

static uint32_t below(Program *p, uint32_t bound) {
    return random_below(p->random, bound);
}

/* Recent ones more often, so that what goes apart meets again. */
static Value pick(Program *p) {
    uint32_t recent = p->count < 4 ? p->count : 4;
    return below(p, 2) ? p->pool[p->count - 1 - below(p, recent)] : p->pool[below(p, p->count)];
}

static Value operation(Program *p, const char *name, uint32_t count, const Value *operands,
                       const Attr *attrs) {
    Op op = op_find(name);
    cr_assert_neq(op, OP_NONE, "%s", name);
    Attr own[OP_MAX_ATTRS] = {{0}};
    for (uint32_t i = 0; attrs == NULL && i < op_info[op].attr_count; i++) {
        if (op_info[op].attrs[i].required) own[i] = attr_real(below(p, 2) ? 0.25 : 0.3);
    }
    return build_op(p->g, op, count, operands, attrs == NULL ? own : attrs, p->origin, NULL);
}

static Value constant(Program *p) {
    static const double values[] = {2,   0.5,  0.25, -1,    1,   -0.5, 3,    0.1,
                                    -0.3, 1e-3, 7,    1e-8, 100, 0.75, -2.5, 0};
    return build_scalar(p->g, p->type, values[below(p, 16)], p->origin);
}

/* A sum along an axis stands beside what it is of, or has its shape by a subtraction. */
static Value reduction(Program *p, Value x) {
    static const char *const names[] = {"mean", "sum"};
    const int64_t axis = (int64_t)below(p, 2);
    const Attr attrs[2] = {attr_integers(p->g, 1, &axis), attr_boolean(true)};
    Value r = operation(p, names[below(p, 2)], 1, &x, attrs);
    const Value both[2] = {x, r};
    return operation(p, below(p, 4) ? "sub" : "add", 2, both, NULL);
}

static Value transposed(Program *p, Value x) {
    const int64_t order[2] = {1, 0};
    const Attr attrs[1] = {attr_integers(p->g, 2, order)};
    return operation(p, "transpose", 1, &x, attrs);
}

static Value choice(Program *p) {
    static const char *const compares[] = {"less", "less_equal", "greater", "greater_equal"};
    Value x = pick(p), y = below(p, 2) ? pick(p) : constant(p);
    const Value compared[2] = {x, y};
    Value cond = operation(p, compares[below(p, 4)], 2, compared, NULL);
    Value first = below(p, 2) ? x : pick(p), second = below(p, 2) ? y : pick(p);
    if (below(p, 3) == 0) {
        const Value scaled[2] = {x, constant(p)};
        second = operation(p, "mul", 2, scaled, NULL);
    }
    const Value operands[3] = {cond, first, second};
    return operation(p, "where", 3, operands, NULL);
}

static Value sum(Program *p) {
    static const char *const names[] = {"add", "sub", "sub", "maximum", "minimum"};
    const Value both[2] = {pick(p), below(p, 5) ? pick(p) : constant(p)};
    return operation(p, names[below(p, 5)], 2, both, NULL);
}

static Value scaled(Program *p) {
    const Value both[2] = {pick(p), constant(p)};
    return operation(p, below(p, 3) ? "mul" : "div", 2, both, NULL);
}

static Value of_one(Program *p) {
    static const char *const names[] = {"relu", "abs",  "neg",     "leaky_relu", "relu6",
                                        "relu", "abs",  "hard_tanh", "hard_sigmoid", "softsign",
                                        "exp",  "tanh", "sigmoid", "sqrt",       "log"};
    Value x = pick(p);
    return operation(p, names[below(p, below(p, 3) ? 9 : 15)], 1, &x, NULL);
}

static Value clipped(Program *p) {
    const Value operands[3] = {pick(p), constant(p), below(p, 2) ? constant(p) : pick(p)};
    return operation(p, "clip", 3, operands, NULL);
}

static Value quotient(Program *p) {
    const Value both[2] = {pick(p), pick(p)};
    return operation(p, below(p, 2) ? "div" : "mul", 2, both, NULL);
}

static void step(Program *p) {
    Value v;
    switch (below(p, 14)) {
    case 0: v = reduction(p, pick(p)); break;
    case 1: v = transposed(p, pick(p)); break;
    case 2: v = choice(p); break;
    case 3:
    case 4: v = scaled(p); break;
    case 5:
    case 6:
    case 7: v = of_one(p); break;
    case 8: v = clipped(p); break;
    case 9: v = quotient(p); break;
    default: v = sum(p); break;
    }
    if (!ir_is_poison(v)) p->pool[p->count++] = v;
}

/* Ranges as people have them, and now and then any. */
static ContractId contract(Program *p) {
    static const double ends[][2] = {{-1, 1},    {0, 1},       {-50, 50},  {0.5, 10}, {0, 255},
                                     {-3, 0},    {1, 1.0625},  {-1e4, 40}, {2, 3.5},  {-0.01, 0.02},
                                     {-1e-6, 1}, {100, 101.5}, {1e-7, 2},  {-8, -7}};
    uint32_t at = below(p, 14);
    return build_contract(p->g, (Contract){.kind = CONTRACT_INTERVAL,
                                           .low = dtype_round(p->type, ends[at][0]),
                                           .high = dtype_round(p->type, ends[at][1])});
}

static Program program(Ctx *cx, Random *random) {
    static const DType types[] = {DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64};
    Graph *g = graph_new(cx, names_intern_text(&cx->names, "Sums"), SPAN_NONE);
    Program p = {.g = g,
                 .random = random,
                 .origin = build_origin(g, SPAN_NONE, NAME_NONE, (OriginId){0}),
                 .type = types[random_below(random, 4)]};
    const DimId dims[2] = {dim_constant(g->dims, 3), dim_constant(g->dims, 3)};
    const DimId row[1] = {dim_constant(g->dims, 3)};
    p.shape = build_shape(g, SPAN_NONE, 2, dims);
    ShapeId vector = build_shape(g, SPAN_NONE, 1, row);
    uint32_t inputs = 1 + random_below(random, 3);
    for (uint32_t i = 0; i < inputs; i++) {
        const char name[2] = {(char)('a' + (int)i), 0};
        p.pool[p.count++] =
            build_input(g, names_intern_text(&cx->names, name), SPAN_NONE, p.type,
                        i > 0 && random_below(random, 3) == 0 ? vector : p.shape, contract(&p),
                        p.origin);
    }
    if (ir_node(g, p.pool[p.count - 1])->shape.id == vector.id) { /* transposes ask for two axes */
        const Value both[2] = {p.pool[0], p.pool[p.count - 1]};
        p.pool[0] = operation(&p, "sub", 2, both, NULL);
        p.pool[p.count - 1] = p.pool[0];
    }
    return p;
}

static bool narrower(Range a, Range b) {
    return range_has_finite(a) && range_has_finite(b) && (a.low > b.low || a.high < b.high);
}

Test(affine, random_programs) {
    Trial sum_of = {0};
    Random random = {4242};
    uint32_t narrowed = 0, values = 0, weaker = 0;
    for (uint32_t round = 0; round < 1500; round++) {
        Ctx *cx = test_ctx();
        Program p = program(cx, &random);
        for (uint32_t i = 4 + random_below(&random, 20); i > 0; i--) step(&p);
        Trial t = {.cx = cx, .g = p.g, .random = {random_next(&random)}};
        if (random_below(&random, 8) == 0) trial_vary_contracts(&t);
        trial_examine(&t, NULL, 8);
        AnalysisOptions plain = {ANALYSIS_FULL, .has_assumed_params = true};
        plain.affine = false;
        plain.splits = 0;
        const Facts *facts = analyse(cx, p.g, &plain, NULL, false, NULL);
        for (uint32_t id = 1; id < p.g->nodes.count; id++, values++) {
            narrowed += narrower(t.facts->range[id], facts->range[id]);
            weaker += narrower(facts->range[id], t.facts->range[id]);
        }
        sum_of.elements += t.elements;
        sum_of.events += t.events;
        sum_of.broken += t.broken;
        ctx_free(cx);
    }
    cr_expect_eq(sum_of.broken, 0);
    cr_expect(sum_of.elements > 100000 && sum_of.events > 500 && narrowed > 500,
              "%u elements, %u events, %u of %u values narrower, %u weaker", sum_of.elements,
              sum_of.events, narrowed, values, weaker);
    NNA_CHECK_LEAKS();
}
