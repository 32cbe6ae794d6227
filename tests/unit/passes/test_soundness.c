/* The engine as a whole: random graphs of every operator, and of random expressions, run by the
 * evaluator on operands inside of their ranges. Every element must be inside of the range of its
 * value, and every site that fails must be one that is not proved. What follows a failure is not
 * looked at: the guard would have stopped there. */
#include "ir/text.h"
#include "passes/pass.h"
#include "tests/unit/ir/examples.h"
#include "tests/unit/passes/laws.h"

typedef struct Trial {
    Ctx *cx;
    Graph *g;
    Random random;
    const Facts *facts;
    uint32_t elements, events, proved; /* that were looked at */
    uint32_t broken;
} Trial;

/* Ranges of all kinds in place of the contracts that the examples have. */
static void vary_contracts(Trial *t) {
    for (uint32_t id = 1; id < t->g->nodes.count; id++) {
        const Node *node = &t->g->nodes.data[id];
        int at = op_attr(node->op, "contract");
        if (node->op != OP_INPUT || at < 0) continue;
        Contract *c =
            &t->g->contracts.data[ir_attr(t->g, (Value){id}, (uint32_t)at)->as.contract.id];
        Range r = random_range(&t->random, node->dtype);
        bool any = random_below(&t->random, 12) == 0;
        *c = (Contract){
            .kind = any ? CONTRACT_ANY : CONTRACT_INTERVAL, .low = r.low, .high = r.high};
        if (!range_has_finite(r)) *c = (Contract){.kind = CONTRACT_FINITE};
    }
}

static bool fill(Trial *t, EvalRun *run) {
    for (uint32_t id = 1; id < t->g->nodes.count; id++) {
        Value v = {id};
        if (op_info[ir_node(t->g, v)->op].type != TYPE_SOURCE || ir_data(t->g, v) != NULL) continue;
        Tensor *x = &run->values[id];
        if (!eval_tensor(t->g, run, v, x)) return false;
        bool alike = random_below(&t->random, 3) == 0;
        for (int64_t i = 0; i < x->count; i++) {
            if (alike && i > 0)
                x->cells[i] = x->cells[0];
            else if (!random_inside(&t->random, x->dtype, t->facts->range[id], &x->cells[i]))
                return false;
        }
    }
    return true;
}

/* bad[v]: a site of v that has a guard failed, or of what v is computed from. */
static void mark_bad(const Trial *t, const EvalRun *run, bool *bad) {
    for (uint32_t i = 0; i < run->events.count; i++) bad[run->events.data[i].node.id] = true;
    for (uint32_t id = 1; id < t->g->nodes.count; id++) {
        if (t->g->nodes.data[id].op == OP_ASSUME) {
            Contract c = ir_contract_of(t->g, (Value){id});
            bad[id] = !contract_holds(&c, &run->values[id]); /* what is assumed is not so */
        }
        for (uint32_t i = 0; i < t->g->nodes.data[id].operand_count; i++) {
            bad[id] = bad[id] || bad[ir_operand(t->g, (Value){id}, i).id];
        }
    }
}

static bool follows(const Trial *t, const bool *bad, Value v) {
    for (uint32_t i = 0; i < ir_node(t->g, v)->operand_count; i++) {
        if (bad[ir_operand(t->g, v, i).id]) return true;
    }
    return false;
}

static void complain(Trial *t, const char *what, Value v, double value) {
    if (t->broken++ > 2) return;
    Buf text = buf_make(&t->cx->session);
    facts_print(t->facts, &text);
    ir_print_node(t->g, v, &text);
    fprintf(stderr, "%s: %%%u is %a, range [%a, %a] %x\n%s\n", what, v.id, value,
            t->facts->range[v.id].low, t->facts->range[v.id].high, t->facts->range[v.id].flags,
            buf_text(&text));
}

static void compare(Trial *t, const EvalRun *run) {
    bool *bad = ARENA_ARRAY(&t->cx->session, bool, t->g->nodes.count);
    mark_bad(t, run, bad);
    for (uint32_t i = 0; i < run->events.count; i++) {
        const EvalEvent *event = &run->events.data[i];
        if (follows(t, bad, event->node)) continue;
        t->events++;
        /* What a choice throws away may fail; its range says so. */
        bool stops = !facts_proved(t->facts, event->node, event->site);
        if (!stops && !range_may_be_nan(t->facts->range[event->node.id]))
            complain(t, "proved, yet failed", event->node, event->result.f);
    }
    for (uint32_t id = 1; id < t->g->nodes.count; id++) {
        const Tensor *x = &run->values[id];
        for (int64_t i = 0; !bad[id] && i < x->count; i++) {
            t->elements++;
            if (range_holds_cell(t->facts->range[id], x->dtype, x->cells[i])) continue;
            complain(t, "outside", (Value){id}, cell_double(x->dtype, x->cells[i]));
            break;
        }
    }
}

static void examine(Trial *t, const int64_t *dims, int runs) {
    AnalysisOptions options = {.has_assumed_params = true};
    Range params = random_range(&t->random, DTYPE_F32);
    options.param_low = range_has_finite(params) ? params.low : -1;
    options.param_high = range_has_finite(params) ? params.high : 1;
    t->facts = analyse(t->cx, t->g, &options, NULL, false, NULL);
    t->proved += t->facts->proved;
    for (int i = 0; i < runs; i++) {
        EvalRun run = {.arena = &t->cx->session, .dims = dims};
        eval_prepare(t->g, &run);
        if (fill(t, &run) && eval_graph(t->g, &run) == EVAL_DONE) compare(t, &run);
    }
}

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
                vary_contracts(&t);
                examine(&t, example_values(e.g), 4);
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
        vary_contracts(&t);
        examine(&t, NULL, 6);
        sum.elements += t.elements;
        sum.events += t.events;
        sum.proved += t.proved;
        sum.broken += t.broken;
        ctx_free(cx);
    }
    cr_expect_eq(sum.broken, 0);
    cr_expect(sum.events > 50 && sum.proved > 100 && sum.elements > 10000,
              "%u events, %u proved, %u elements", sum.events, sum.proved, sum.elements);
    NNA_CHECK_LEAKS();
}
