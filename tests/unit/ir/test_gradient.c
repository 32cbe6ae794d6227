/* Gradients, of every row of the table: against finite differences in f64, by the evaluator, once
 * and twice; and what is chosen where there is no derivative. */
#include "ir/gradient.h"

#include "ir/eval.h"
#include "ir/verify.h"
#include "tests/unit/ir/examples.h"

enum { TRIALS = 16, MOST_CHECKED = 6, MOST_SOURCES = 8 };

/* A scalar function of the sources of a graph, with its gradient. */
typedef struct Subject {
    Graph *g;
    Value loss, source[MOST_SOURCES], gradient[MOST_SOURCES];
    uint32_t count; /* of floating-point sources */
    EvalRun run;
    const bool *loss_wants;
    double low, high; /* of the numbers in sources */
    uint64_t seed;
    const char *what;
} Subject;

static double number_at(const Subject *s, uint32_t source, int64_t i) {
    Examples e = {.state = s->seed + 7919u * source + (uint64_t)i};
    return s->low + (s->high - s->low) * ((double)example_random(&e, 1u << 30) / (1 << 30));
}

/* Gives every source its numbers. */
static void fill(Subject *s) {
    const Graph *g = s->g;
    s->run = (EvalRun){.arena = &g->cx->scratch, .dims = sizes_by_name(g)};
    eval_prepare(g, &s->run);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        Op op = ir_node(g, v)->op;
        if (op_info[op].type != TYPE_SOURCE || op == OP_CONST) continue;
        Tensor *t = &s->run.values[id];
        cr_assert(eval_tensor(g, &s->run, v, t), "%s", s->what);
        for (int64_t i = 0; i < t->count; i++) {
            double x = number_at(s, id, i);
            if (dtype_is_float(t->dtype)) t->cells[i].f = x;
            else t->cells[i].i = x > 0.3 && x < 1; /* as positions 0 at the last range */
        }
    }
}

static EvalStatus run(Subject *s) {
    s->run.events.count = 0;
    return eval_graph(s->g, &s->run);
}

/* What the loss is computed from. */
static const bool *behind_loss(const Subject *s) {
    bool *wanted = ARENA_ARRAY(&s->g->cx->scratch, bool, s->g->nodes.count);
    eval_want(s->g, s->loss, wanted);
    return wanted;
}

static double loss_at(Subject *s, Cell *cell, double x) {
    double old = cell->f;
    cell->f = x;
    s->run.wanted = s->loss_wants;
    cr_assert_eq(run(s), EVAL_DONE, "%s", s->what);
    s->run.wanted = NULL;
    cell->f = old;
    return s->run.values[s->loss.id].cells[0].f;
}

/* The sum of v weighted by numbers of its shape, so that every element counts for itself. */
static Value weighted(Examples *e, Value v) {
    Shape shape = ir_shape(e->g, v);
    Contract any = {.kind = CONTRACT_ANY};
    Value weight = build_input(e->g, example_name(e, "w", e->names++), SPAN_NONE, DTYPE_F64,
                               build_shape(e->g, SPAN_NONE, shape.rank, shape.dims),
                               build_contract(e->g, any), example_origin(e));
    Value product = build_op(e->g, OP_MUL, 2, (Value[]){v, weight}, NULL, example_origin(e), NULL);
    const Attr all[] = {attr_none(), attr_none()};
    return build_op(e->g, OP_SUM, 1, &product, all, example_origin(e), NULL);
}

/* The operands of v; of an end of a loop, what goes into the loop. */
static void find_sources(Subject *s, Value v) {
    s->count = 0;
    bool loop = op_info[ir_node(s->g, v)->op].form == FORM_REGION;
    for (uint32_t i = 0; loop && i < s->g->inputs.count && i < MOST_SOURCES; i++) {
        Value x = s->g->inputs.data[i];
        if (dtype_is_float(ir_node(s->g, x)->dtype)) s->source[s->count++] = x;
    }
    if (loop) return;
    for (uint32_t i = 0; i < ir_node(s->g, v)->operand_count && i < MOST_SOURCES; i++) {
        Value x = ir_operand(s->g, v, i);
        if (dtype_is_float(ir_node(s->g, x)->dtype)) s->source[s->count++] = x;
    }
}

/* Compares one element; false at a kink, where the sides differ. */
static bool check_element(Subject *s, Cell *cell, double found, double here) {
    const double h = 1e-6;
    double x = cell->f, above = loss_at(s, cell, x + h), below = loss_at(s, cell, x - h);
    double right = (above - here) / h, left = (here - below) / h, middle = (right + left) / 2;
    double scale = 1 + fabs(middle) + fabs(here) * 1e-3;
    if (fabs(right - left) > 1e-2 * scale) return false;
    double wide = (loss_at(s, cell, x + 2 * h) - loss_at(s, cell, x - 2 * h)) / (4 * h);
    double error = 1e-5 * scale + fabs(wide - middle); /* where it bends, differences are off */
    cr_expect(fabs(found - middle) < error, "%s: at %.17g it is %.10g, differences give %.10g",
              s->what, x, found, middle);
    return true;
}

/* False where the point does not do: a domain is left, or nearly everything is a kink. */
static bool check_gradient(Subject *s) {
    uint32_t checked = 0, kinks = 0;
    s->loss_wants = behind_loss(s);
    fill(s);
    cr_assert_eq(run(s), EVAL_DONE, "%s", s->what);
    for (uint32_t i = 0; i < s->run.events.count; i++) { /* a broken contract is none of ours */
        const Node *node = ir_node(s->g, s->run.events.data[i].node);
        if (op_info[node->op].form != FORM_SPECIAL) return false;
    }
    double here = s->run.values[s->loss.id].cells[0].f;
    if (!isfinite(here)) return false; /* a window of nothing but padding */
    for (uint32_t k = 0; k < s->count; k++) {
        /* As it was, before what is found is read. */
        cr_assert_eq(run(s), EVAL_DONE, "%s", s->what);
        Tensor *x = &s->run.values[s->source[k].id], found = s->run.values[s->gradient[k].id];
        cr_assert_eq(found.count, x->count, "%s", s->what);
        double *kept = ARENA_ARRAY(&s->g->cx->scratch, double, (size_t)found.count);
        for (int64_t i = 0; i < found.count; i++) kept[i] = found.cells[i].f;
        int64_t step = 1 + x->count / MOST_CHECKED;
        for (int64_t i = 0; i < x->count; i += step) {
            if (check_element(s, &x->cells[i], kept[i], here)) checked++;
            else kinks++;
        }
    }
    return checked > kinks;
}

/* A point where the operator is defined: one of these ranges will do for each. */
static bool check_somewhere(Subject *s) {
    static const double ranges[][2] = {{-0.9, 0.9}, {0.1, 0.9}, {1.1, 2.5}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        s->low = ranges[i][0];
        s->high = ranges[i][1];
        if (check_gradient(s)) return true;
    }
    return false;
}

typedef struct Drawn {
    Op op;
    uint64_t seed;
    bool symbolic;
    uint32_t made, checked, refused; /* out */
} Drawn;

/* By its name, so that other rows change nothing. */
static uint64_t seed_of(Op op) {
    uint64_t hash = 0;
    for (const char *c = op_info[op].spelling; *c != '\0'; c++) {
        hash = hash * 31 + (unsigned char)*c;
    }
    return hash;
}

static void check_drawn(Ctx *cx, void *data) {
    Drawn *d = data;
    Examples e = {.g = graph_new(cx, NAME_NONE, SPAN_NONE), .symbolic = d->symbolic,
                  .state = seed_of(d->op) * 1000 + d->seed, .type = DTYPE_F64};
    Value v = example_make(&e, d->op);
    if (ir_is_poison(v) || !ir_rules_hold(e.g, sizes_by_name(e.g))) return;
    if (!dtype_is_float(ir_node(e.g, v)->dtype)) return; /* without a gradient, by its type */
    if (d->op == OP_SCAN_CARRY || d->op == OP_SCAN_ITEM) return; /* nobody outside reads them */
    Subject s = {.g = e.g, .seed = d->seed};
    s.what = arena_format(&cx->session, "%s, seed %u%s", op_info[d->op].spelling,
                          (unsigned)d->seed, d->symbolic ? ", symbolic" : "");
    find_sources(&s, v);
    d->made++;
    uint32_t errors = cx->diags.errors, reports = cx->diags.list.count;
    s.loss = weighted(&e, v);
    for (int order = 1; order <= 2 && s.count > 0; order++) {
        gradient_build(e.g, s.loss, s.count, s.source, example_origin(&e),
                       SEVERITY_ERROR, s.gradient, NULL);
        if (cx->diags.errors > errors) {
            d->refused++;
            return;
        }
        Buf broken = buf_make(&cx->session);
        cr_assert(ir_verify(e.g, &broken), "%s: %s", s.what, buf_text(&broken));
        cr_assert(ir_rules_hold(e.g, sizes_by_name(e.g)), "%s: a rule", s.what);
        if (check_somewhere(&s)) d->checked += order == 1;
        s.loss = weighted(&e, s.gradient[0]);
    }
    cr_expect_eq(cx->diags.list.count, reports, "%s: %s", s.what, test_reports_short(cx));
}

/* Rows of which a gradient is refused, or that of their gradient (digamma). */
static bool is_refused(Op op) {
    Primitive p = op_primitive(op);
    return p == PRIMITIVE_DIGAMMA || p == PRIMITIVE_TRIGAMMA;
}

static void check_row(Op op, bool symbolic) {
    uint32_t made = 0, checked = 0, refused = 0;
    for (uint64_t i = 0; i < TRIALS; i++) {
        Ctx *cx = test_ctx();
        Drawn d = {.op = op, .seed = i, .symbolic = symbolic};
        cr_assert(ctx_try(cx, check_drawn, &d), "%s: %s", op_info[op].spelling,
                  test_reports_short(cx));
        cr_expect(d.refused == 0 || is_refused(op), "%s has no gradient: %s",
                  op_info[op].spelling, test_reports_short(cx));
        made += d.made - d.refused;
        refused += d.refused;
        checked += d.checked;
        ctx_free(cx);
    }
    cr_expect(refused > 0 || !is_refused(op) || made == 0, "%s is refused no more",
              op_info[op].spelling);
    TypeRule rule = op_info[op].type;
    bool floats = rule != TYPE_BOOL && rule != TYPE_COMPARE && rule != TYPE_TEST &&
                  rule != TYPE_INDEX && rule != TYPE_ORDER && op != OP_SCAN_STEP &&
                  op != OP_SCAN_CARRY && op != OP_SCAN_ITEM;
    cr_expect(made + refused > 0 || !floats, "%s: no example of floats", op_info[op].spelling);
    bool source = op_info[op].type == TYPE_SOURCE || op_info[op].input_count == 0;
    if (made == 0 || source || op == OP_STOP_GRADIENT) return;
    /* Of indices that are drawn, some are out of range. */
    uint32_t least = op_info[op].type == TYPE_GATHER ? (made + 3) / 4 : (made + 1) / 2;
    cr_expect_geq(checked, least, "%s: %u of %u gradients checked", op_info[op].spelling,
                  checked, made);
}

Test(gradient, every_row) {
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        if (op == OP_STOP_GRADIENT) continue;
        check_row((Op)op, false);
        check_row((Op)op, true);
    }
    NNA_CHECK_LEAKS();
}

/* Every primitive has a row of its own, of which gradients are made; but SATURATE, which stands in
 * no other formula than that of `cast`. */
Test(gradient, every_primitive_has_a_row) {
    for (int p = 0; p < PRIMITIVE_COUNT; p++) {
        bool found = false;
        for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
            found = found || op_primitive((Op)op) == (Primitive)p;
        }
        cr_expect(found != (p == PRIMITIVE_SATURATE), "%s", primitive_info[p].spelling);
    }
}

/* Where there is no derivative: one operator, its operands, and the gradient of each. */
typedef struct PointCase {
    const char *what;
    Op op;
    uint32_t operand_count, length; /* vectors of this length */
    double operand[3][4], expected[3][4];
} PointCase;

static const PointCase points[] = {
    {"relu at 0", OP_RELU, 1, 3, {{-1, 0, 1}}, {{0, 0, 1}}},
    {"relu6 at its ends", OP_RELU6, 1, 4, {{0, 3, 6, 7}}, {{0, 1, 0, 0}}},
    {"hard_tanh at its ends", OP_HARD_TANH, 1, 3, {{-1, 0, 1}}, {{0, 1, 0}}},
    {"celu at 0", OP_CELU, 1, 1, {{0}}, {{1}}},
    {"abs at 0", OP_ABS, 1, 3, {{-2, 0, 2}}, {{-1, 0, 1}}},
    {"equal operands: the first", OP_MAXIMUM, 2, 2, {{1, 2}, {1, 3}}, {{1, 0}, {0, 1}}},
    {"equal operands: the first", OP_MINIMUM, 2, 2, {{1, 2}, {1, 3}}, {{1, 1}, {0, 0}}},
    {"clip at its ends", OP_CLIP, 3, 3, {{0, 1, 2}, {0, 0, 0}, {1, 1, 1}},
     {{1, 1, 0}, {0, 0, 0}, {0, 0, 1}}},
    {"equal largest ones share", OP_MAX, 1, 4, {{3, 1, 3, 3}}, {{1 / 3.0, 0, 1 / 3.0, 1 / 3.0}}},
    {"equal smallest ones share", OP_MIN, 1, 4, {{1, 1, 3, 3}}, {{0.5, 0.5, 0, 0}}},
    {"no zero", OP_PROD, 1, 3, {{2, 3, 4}}, {{12, 8, 6}}},
    {"one zero", OP_PROD, 1, 3, {{2, 0, 4}}, {{0, 8, 0}}},
    {"two zeros", OP_PROD, 1, 3, {{2, 0, 0}}, {{0, 0, 0}}},
    {"sqrt at 0", OP_SQRT, 1, 2, {{0, 4}}, {{INFINITY, 0.25}}},
    {"log of the base of a power, where it is not positive", OP_POW, 2, 3,
     {{-2, 0, 1}, {2, 2, 2}}, {{-4, 0, 2}, {0, 0, 0}}},
    {"0 / 0", OP_DIV, 2, 1, {{0}, {0}}, {{INFINITY}, {NAN}}},
};

static void check_point(Ctx *cx, void *data) {
    const PointCase *c = data;
    Graph *g = graph_new(cx, NAME_NONE, SPAN_NONE);
    DimId length = dim_constant(g->dims, c->length);
    ShapeId shape = build_shape(g, SPAN_NONE, 1, &length);
    Value operands[3], gradients[3];
    for (uint32_t k = 0; k < c->operand_count; k++) {
        operands[k] = build_constant(g, DTYPE_F64, shape, c->operand[k], c->length * sizeof(double),
                                     (OriginId){0});
    }
    const Attr attrs[OP_MAX_ATTRS] = {{0}};
    Value y = build_op(g, c->op, c->operand_count, operands, attrs, (OriginId){0}, NULL);
    gradient_build(g, y, c->operand_count, operands, (OriginId){0}, SEVERITY_ERROR, gradients,
                   NULL);
    EvalRun evaluation = {.arena = &cx->scratch};
    eval_prepare(g, &evaluation);
    cr_assert_eq(eval_graph(g, &evaluation), EVAL_DONE);
    for (uint32_t k = 0; k < c->operand_count; k++) {
        for (uint32_t i = 0; i < c->length; i++) {
            double found = evaluation.values[gradients[k].id].cells[i].f;
            double wanted = c->expected[k][i];
            bool same = isnan(wanted) ? isnan(found) : found == wanted; /* exact by construction */
            cr_expect(same, "%s, %s: operand %u, element %u: %g, not %g", op_info[c->op].spelling,
                      c->what, k, i, found, wanted);
        }
    }
}

/* A scatter of updates into elements of x, by a word of `reduction`. */
typedef struct WriteCase {
    const char *reduction;
    double x[3];
    int64_t index[4];
    double updates[4], of_x[3], of_updates[4];
} WriteCase;

static const WriteCase writes[] = {
    {"none", {7, 8, 9}, {1, 1, 0, 1}, {1, 2, 3, 4}, {0, 0, 1}, {0, 0, 1, 1}},
    {"max", {7, 2, 9}, {1, 1, 0, 1}, {1, 2, 8, 2}, {0, 1 / 3.0, 1}, {0, 1 / 3.0, 1, 1 / 3.0}},
    {"min", {7, 1, 9}, {1, 1, 0, 1}, {1, 2, 8, 2}, {1, 0.5, 1}, {0.5, 0, 0, 0}},
    {"mul", {7, 2, 9}, {1, 1, 0, 1}, {3, 5, 8, 2}, {8, 30, 1}, {20, 12, 7, 30}},
    {"mul", {7, 2, 0}, {1, 1, 2, 1}, {0, 5, 8, 2}, {1, 0, 8}, {20, 0, 0, 0}},
    {"mul", {0, 2, 9}, {1, 1, 0, 0}, {0, 0, 8, 2}, {16, 0, 1}, {0, 0, 0, 0}},
};

static void check_write(Ctx *cx, void *data) {
    const WriteCase *c = data;
    Graph *g = graph_new(cx, NAME_NONE, SPAN_NONE);
    DimId three = dim_constant(g->dims, 3), four = dim_constant(g->dims, 4);
    ShapeId into = build_shape(g, SPAN_NONE, 1, &three), of = build_shape(g, SPAN_NONE, 1, &four);
    const OriginId origin = {0};
    Value x = build_constant(g, DTYPE_F64, into, c->x, sizeof c->x, origin);
    Value index = build_constant(g, DTYPE_I64, of, c->index, sizeof c->index, origin);
    Value updates = build_constant(g, DTYPE_F64, of, c->updates, sizeof c->updates, origin);
    const Attr attrs[] = {attr_integer(0), attr_word(OP_SCATTER, 1, c->reduction)};
    Value y = build_op(g, OP_SCATTER, 3, (Value[]){x, index, updates}, attrs, origin, NULL);
    Value back[2];
    gradient_build(g, y, 2, (Value[]){x, updates}, origin, SEVERITY_ERROR, back, NULL);
    EvalRun evaluation = {.arena = &cx->scratch};
    eval_prepare(g, &evaluation);
    cr_assert_eq(eval_graph(g, &evaluation), EVAL_DONE);
    for (int i = 0; i < 7; i++) {
        double wanted = i < 3 ? c->of_x[i] : c->of_updates[i - 3];
        Value in = back[i < 3 ? 0 : 1];
        double found = evaluation.values[in.id].cells[i < 3 ? i : i - 3].f;
        cr_expect(found == wanted, "scatter by %s: %s, element %d: %g, not %g", /* exact */
                  c->reduction, i < 3 ? "x" : "updates", i < 3 ? i : i - 3, found, wanted);
    }
}

Test(gradient, writes_that_meet) {
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        Ctx *cx = test_ctx();
        WriteCase c = writes[i];
        cr_assert(ctx_try(cx, check_write, &c), "%s: %s", c.reduction, test_reports(cx));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

Test(gradient, points_without_derivative) {
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        Ctx *cx = test_ctx();
        PointCase c = points[i];
        cr_assert(ctx_try(cx, check_point, &c), "%s: %s", c.what, test_reports(cx));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* Nothing flows through stop_gradient, integers and truth values; what is not reached has zeros,
 * and what leads nowhere makes no nodes. */
static void check_ends(Ctx *cx, void *data) {
    (void)data;
    Examples e = {.g = graph_new(cx, NAME_NONE, SPAN_NONE), .type = DTYPE_F32};
    DimId n = dim_constant(e.g->dims, 3);
    Value x = example_source(&e, DTYPE_F32, 1, &n), y = example_source(&e, DTYPE_F32, 1, &n);
    OriginId origin = example_origin(&e);
    Value stopped = build_op(e.g, OP_STOP_GRADIENT, 1, &x, NULL, origin, NULL);
    const Attr to_integer[] = {attr_dtype(DTYPE_I32), attr_none()};
    const Attr back[] = {attr_dtype(DTYPE_F32), attr_none()};
    Value cut = build_op(e.g, OP_CAST, 1, &x, to_integer, origin, NULL);
    Value whole = build_op(e.g, OP_CAST, 1, &cut, back, origin, NULL);
    Value both = build_op(e.g, OP_ADD, 2, (Value[]){stopped, whole}, NULL, origin, NULL);
    Value sum = build_op(e.g, OP_MUL, 2, (Value[]){both, y}, NULL, origin, NULL);
    Value out[2];
    bool reached[2];
    uint32_t before = e.g->nodes.count;
    gradient_build(e.g, sum, 2, (Value[]){x, y}, origin, SEVERITY_ERROR, out, reached);
    cr_expect(!reached[0] && reached[1]);
    cr_expect_eq(ir_node(e.g, out[0])->op, OP_EXPAND, "zeros");
    cr_expect_eq(ir_node(e.g, out[0])->shape.id, ir_node(e.g, x)->shape.id);
    cr_expect_leq(e.g->nodes.count - before, 6, "%u nodes", e.g->nodes.count - before);
    cr_expect(!gradient_flows(e.g, stopped) && !gradient_flows(e.g, cut) &&
              gradient_flows(e.g, whole));
    cr_expect_eq(ir_origin(e.g, ir_node(e.g, out[1])->origin)->taken.id, origin.id);
}

Test(gradient, ends) {
    Ctx *cx = test_ctx();
    cr_assert(ctx_try(cx, check_ends, NULL), "%s", test_reports(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
