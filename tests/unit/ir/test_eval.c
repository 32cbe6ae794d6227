/* The evaluator on small graphs, against values worked out by hand. */
#include "tests/unit/support.h"

#include "ir/build.h"
#include "ir/eval.h"

#include <stdio.h>
#include <stdlib.h>

/* One case: an operator over constant operands that count up, and the result it must give. */
typedef struct OpCase {
    const char *what;
    Op op;
    const char *attributes; /* "name=1,2;name=3" */
    uint32_t operand_count;
    struct {
        uint32_t rank;
        int64_t dims[5];
        double first, step;
    } operand[3];
    uint32_t count;
    double expected[32];
} OpCase;

static const OpCase cases[] = {
#define CASE(what_, op_, ...) {what_, OP_##op_, __VA_ARGS__},
#include "tests/unit/ir/eval_cases.def"
};

/* Reads "1,2,3" into numbers; returns how many. */
static uint32_t read_list(const char *text, double *out) {
    uint32_t count = 0;
    char *end = NULL;
    for (;; text = end + 1) {
        out[count++] = strtod(text, &end);
        if (*end != ',') return count;
    }
}

static Attr make_attribute(Graph *g, Op op, uint32_t index, const char *text) {
    AttrKind kind = op_info[op].attrs[index].kind;
    if (kind == ATTR_WORD) return attr_word(op, index, text);
    if (kind == ATTR_DTYPE) return attr_dtype(dtype_find(text));
    if (strcmp(text, "same") == 0) return attr_name(names_intern_text(&g->cx->names, text));
    double numbers[8];
    uint32_t count = read_list(text, numbers);
    int64_t integers[8];
    DimId dims[8];
    for (uint32_t i = 0; i < count; i++) {
        integers[i] = (int64_t)numbers[i];
        dims[i] = dim_constant(g->dims, integers[i]);
    }
    if (kind == ATTR_REAL) return attr_real(numbers[0]);
    if (kind == ATTR_BOOLEAN) return attr_boolean(numbers[0] != 0);
    if (kind == ATTR_DIMS) return attr_dims(g, count, dims);
    if (kind == ATTR_INTEGERS || count > 1) return attr_integers(g, count, integers);
    return attr_integer(integers[0]);
}

static void read_attributes(Graph *g, const OpCase *c, Attr *attrs) {
    char text[128];
    snprintf(text, sizeof text, "%s", c->attributes);
    char *rest = text;
    for (char *item = strtok_r(rest, ";", &rest); item != NULL; item = strtok_r(NULL, ";", &rest)) {
        char *value = strchr(item, '=');
        *value++ = '\0';
        int index = op_attr(c->op, item);
        cr_assert(index >= 0, "%s has no attribute %s", op_info[c->op].spelling, item);
        attrs[index] = make_attribute(g, c->op, (uint32_t)index, value);
    }
}

static Value counting_constant(Graph *g, const OpCase *c, uint32_t k) {
    DimId dims[5];
    size_t count = 1;
    for (uint32_t d = 0; d < c->operand[k].rank; d++) {
        dims[d] = dim_constant(g->dims, c->operand[k].dims[d]);
        count *= (size_t)c->operand[k].dims[d];
    }
    float numbers[64];
    for (size_t i = 0; i < count; i++) {
        numbers[i] = (float)(c->operand[k].first + (double)i * c->operand[k].step);
    }
    ShapeId shape = build_shape(g, SPAN_NONE, c->operand[k].rank, dims);
    TypeRule rule = op_info[c->op].type;
    if (k == 1 && (rule == TYPE_GATHER || rule == TYPE_SCATTER)) {
        int64_t positions[64];
        for (size_t i = 0; i < count; i++) positions[i] = (int64_t)numbers[i];
        return build_constant(g, DTYPE_I64, shape, positions, count * sizeof(int64_t),
                              (OriginId){0});
    }
    return build_constant(g, DTYPE_F32, shape, numbers, count * sizeof(float), (OriginId){0});
}

static void run_case(Ctx *cx, void *data) {
    const OpCase *c = data;
    Graph *g = graph_new(cx, NAME_NONE, SPAN_NONE);
    Value operands[3];
    for (uint32_t k = 0; k < c->operand_count; k++) operands[k] = counting_constant(g, c, k);
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    read_attributes(g, c, attrs);
    Value v = build_op(g, c->op, c->operand_count, operands, attrs, (OriginId){0}, NULL);
    cr_assert(!ir_is_poison(v), "%s: %s", c->what, test_reports(cx));
    EvalRun run = {.arena = &cx->scratch};
    eval_prepare(g, &run);
    cr_assert_eq(eval_graph(g, &run), EVAL_DONE, "%s", c->what);
    const Tensor *t = &run.values[v.id];
    cr_assert_eq(t->count, c->count, "%s has %lld elements", c->what, (long long)t->count);
    for (uint32_t i = 0; i < c->count; i++) {
        double found = dtype_is_float(t->dtype) ? t->cells[i].f : (double)t->cells[i].i;
        cr_assert_eq(found, (double)(float)c->expected[i], "%s: element %u is %g, not %g", c->what,
                     i, found, c->expected[i]);
    }
    cr_assert_eq(run.events.count, 0, "%s", c->what);
}

Test(eval, operators_by_hand) {
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        Ctx *cx = test_ctx();
        OpCase c = cases[n];
        cr_assert(ctx_try(cx, run_case, &c), "%s: %s", c.what, test_reports(cx));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* log(x - x) makes -inf; what follows from it is not blamed again. */
static void blame(Ctx *cx, void *data) {
    (void)data;
    Graph *g = graph_new(cx, NAME_NONE, SPAN_NONE);
    const float numbers[3] = {1, 0, 2};
    DimId dims[1] = {dim_constant(g->dims, 3)};
    ShapeId shape = build_shape(g, SPAN_NONE, 1, dims);
    Value x = build_constant(g, DTYPE_F32, shape, numbers, sizeof numbers, (OriginId){0});
    Value log = build_op(g, OP_LOG, 1, &x, NULL, (OriginId){0}, NULL);
    const Value twice[2] = {log, log};
    build_op(g, OP_SUB, 2, twice, NULL, (OriginId){0}, NULL);
    const Attr all[2] = {attr_none(), attr_none()};
    build_op(g, OP_SUM, 1, &log, all, (OriginId){0}, NULL);
    EvalRun run = {.arena = &cx->scratch};
    eval_prepare(g, &run);
    cr_assert_eq(eval_graph(g, &run), EVAL_DONE);
    cr_assert_eq(run.events.count, 2);
    cr_assert_eq(run.events.data[0].node.id, log.id);
    cr_assert_eq(run.events.data[0].element, 1);
    cr_assert_eq(run.events.data[1].element, 1, "inf - inf is made by the difference");
}

Test(eval, blames_what_makes_it) {
    Ctx *cx = test_ctx();
    cr_assert(ctx_try(cx, blame, NULL), "%s", test_reports(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
