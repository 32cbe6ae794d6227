/* Making graphs: places and names in reports, what is refused, what is counted, what ir_verify
 * sees. */
#include "ir/build.h"

#include "ir/shape.h"
#include "ir/verify.h"
#include "tests/unit/support.h"

#include <math.h>

/* A source with a block of the prelude behind it. */
typedef struct Scene {
    Ctx *cx;
    Source *user, *prelude;
    Graph *g;
} Scene;

static const char *const user_text = "let h = Block(x)\nlet y = x @ w\nlet z = soft(x + w)\n";

static Scene scene(void) {
    Scene s = {.cx = test_ctx()};
    s.user = source_add(s.cx, "m.nna", user_text, strlen(user_text));
    s.prelude = source_add(s.cx, "<prelude>", "let m = max(p)\n", 15);
    s.prelude->is_prelude = true;
    s.g = graph_new(s.cx, names_intern_text(&s.cx->names, "m"), SPAN_NONE);
    return s;
}

static Name named(const Scene *s, const char *text) {
    return names_intern_text(&s->cx->names, text);
}

static Span span_of(const Source *source, const char *text) {
    const char *found = strstr(source->text, text);
    cr_assert_not_null(found);
    uint32_t at = source->base + (uint32_t)(found - source->text);
    return (Span){at, at + (uint32_t)strlen(text)};
}

static OriginId in_user(Scene *s, const char *text) {
    return build_origin(s->g, span_of(s->user, text), NAME_NONE, (OriginId){0});
}

static Value input(Scene *s, const char *name, uint32_t rank, const int64_t *extents) {
    DimId dims[MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) dims[i] = dim_constant(s->g->dims, extents[i]);
    ShapeId shape = build_shape(s->g, SPAN_NONE, rank, dims);
    return build_input(s->g, named(s, name), span_of(s->user, name), DTYPE_F32, shape,
                       (ContractId){0}, in_user(s, name));
}

/* Reports point at the user's text, name what the user named, and say which calls lead there. */
Test(build, places) {
    Scene s = scene();
    Value x = input(&s, "x", 2, (int64_t[]){2, 3}), w = input(&s, "w", 2, (int64_t[]){4, 3});
    Value both[] = {x, w};
    build_op(s.g, OP_MATRIX_PRODUCT, 2, both, NULL, in_user(&s, "x @ w"), NULL);
    OriginId call = in_user(&s, "soft(x + w)"), via;
    OriginId inside = build_origin(s.g, span_of(s.prelude, "max(p)"), named(&s, "soft"), call);
    build_op(s.g, OP_SUB, 2, both, NULL, inside, NULL);
    OriginId block = in_user(&s, "Block(x)");
    OriginId body = build_origin(s.g, span_of(s.user, "x + w"), named(&s, "Block"), block);
    build_op(s.g, OP_ADD, 2, both, NULL, body, NULL);
    const char *const expected =
        "error[NNA2001]: cannot multiply `x` [2, 3] by `w` [4, 3]: 3 and 4 differ\n"
        " --> m.nna:2:9\n";
    const char *text = test_reports(s.cx);
    cr_expect_eq(strncmp(text, expected, strlen(expected)), 0, "%s", text);
    cr_expect_not_null(strstr(text, "cannot subtract `w` [4, 3] from `x` [2, 3]: 2 and 4 differ\n"
                                    " --> m.nna:3:9\n"), "%s", text);
    cr_expect_not_null(strstr(text, "found inside `soft`, at its `sub`"), "%s", text);
    cr_expect_not_null(strstr(text, " --> m.nna:3:14\n"), "%s", text);
    cr_expect_not_null(strstr(text, "in this call of `Block`"), "%s", text);
    cr_expect_null(strstr(text, "prelude"));
    /* What a value is called. */
    Value hidden = build_op(s.g, OP_EXP, 1, &x, NULL, inside, NULL);
    Value plain = build_op(s.g, OP_EXP, 1, &x, NULL, in_user(&s, "x + w"), NULL);
    Value nowhere = build_op(s.g, OP_EXP, 1, &x, NULL, (OriginId){0}, NULL);
    NNA_EXPECT_TEXT(ir_describe(s.g, hidden), "`soft(x + w)`");
    NNA_EXPECT_TEXT(ir_describe(s.g, plain), "`x + w`");
    NNA_EXPECT_TEXT(ir_describe(s.g, nowhere), "the result of `exp`");
    cr_expect_eq(ir_place(s.g, hidden, &via).begin, span_of(s.user, "soft(x + w)").begin);
    cr_expect_eq(via.id, call.id);
    build_name(s.g, hidden, named(&s, "m"), span_of(s.prelude, "m"));
    NNA_EXPECT_TEXT(ir_describe(s.g, hidden), "`soft(x + w)`");
    build_name(s.g, hidden, named(&s, "z"), span_of(s.user, "z"));
    build_name(s.g, hidden, named(&s, "late"), SPAN_NONE);
    NNA_EXPECT_TEXT(ir_describe(s.g, hidden), "`z`");
    build_name(s.g, x, named(&s, "other"), SPAN_NONE);
    NNA_EXPECT_TEXT(ir_describe(s.g, x), "`x`");
    ctx_free(s.cx);
    NNA_CHECK_LEAKS();
}

/* Each of these is reported once; whatever depends on it says nothing. */
Test(build, refused) {
    Scene s = scene();
    Graph *g = s.g;
    DimId many[9], two = dim_constant(g->dims, 2);
    for (int i = 0; i < 9; i++) many[i] = dim_constant(g->dims, 65536);
    Value x = input(&s, "x", 1, (int64_t[]){2});
    OriginId at = in_user(&s, "x + w");
    struct {
        DType dtype;
        double value;
        bool fits;
    } const scalars[] = {
        {DTYPE_F32, 0.1, true},      {DTYPE_F32, 1e39, false},   {DTYPE_F16, 65519.0, true},
        {DTYPE_F16, 65520.0, false}, {DTYPE_F32, INFINITY, true}, {DTYPE_I8, -128, true},
        {DTYPE_I8, 128, false},      {DTYPE_U8, -1, false},      {DTYPE_I32, 0.5, false},
        {DTYPE_BOOL, 2, false},      {DTYPE_I64, NAN, false},
    };
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        Value v = build_scalar(g, scalars[i].dtype, scalars[i].value, at);
        cr_expect_eq(ir_is_poison(v), !scalars[i].fits, "%d", (int)i);
    }
    cr_expect_eq(build_scalar(g, DTYPE_F32, 0.1, at).id, build_scalar(g, DTYPE_F32, 0.1, at).id);
    cr_expect_eq(build_shape(g, span_of(s.user, "let h"), 3, many).id, 0);
    cr_expect_eq(build_shape(g, span_of(s.user, "let y"), 9, many).id, 0);
    DimId empty = dim_constant(g->dims, 0);
    cr_expect_eq(build_shape(g, span_of(s.user, "let z"), 1, &empty).id, 0);
    cr_expect_eq(build_shape(g, SPAN_NONE, 1, &DIM_UNKNOWN).id, 0);
    ShapeId pair = build_shape(g, SPAN_NONE, 1, &two);
    cr_expect_eq(pair.id, ir_node(g, x)->shape.id);
    Init init = {.kind = INIT_ZEROS};
    Name path = named(&s, "fc.weight");
    Value first = build_parameter(g, true, path, SPAN_NONE, DTYPE_F32, pair, (ContractId){0}, init,
                                  in_user(&s, "x @ w"));
    Value again = build_parameter(g, false, path, SPAN_NONE, DTYPE_F32, pair, (ContractId){0}, init,
                                  in_user(&s, "Block(x)"));
    cr_expect(!ir_is_poison(first) && ir_is_poison(again));
    Value poisoned = build_op(g, OP_ADD, 2, (Value[]){x, again}, NULL, at, NULL);
    cr_expect(ir_is_poison(build_op(g, OP_EXP, 1, &poisoned, NULL, at, NULL)));
    build_name(g, poisoned, path, SPAN_NONE);
    NNA_EXPECT_TEXT(test_codes(s.cx), "NNA0002 NNA1004 NNA0002 NNA2009 NNA3009");
    cr_expect_null(ir_data(g, first));
    const float numbers[] = {1, 2};
    build_bind(g, first, numbers, sizeof numbers);
    cr_expect_eq(ir_data(g, first)->bytes, (const void *)numbers);
    Buf broken = buf_make(&s.cx->session);
    cr_expect(ir_verify(g, &broken), "%s", buf_text(&broken));
    ctx_free(s.cx);
    NNA_CHECK_LEAKS();
}

enum { CHAIN = 100000 };

static void make_chain(Ctx *cx, void *data) {
    Graph *g = graph_new(cx, NAME_NONE, SPAN_NONE);
    *(Graph **)data = g;
    DimId dims[] = {dim_variable(g->dims, names_intern_text(&cx->names, "N"), 1, 100)};
    Value v = build_input(g, names_intern_text(&cx->names, "x"), SPAN_NONE, DTYPE_F32,
                          build_shape(g, SPAN_NONE, 1, dims), (ContractId){0}, (OriginId){0});
    for (int i = 0; i < CHAIN; i++) {
        Value one = build_scalar(g, DTYPE_F32, i % 7, (OriginId){0});
        v = build_op(g, OP_ADD, 2, (Value[]){v, one}, NULL, (OriginId){0}, NULL);
    }
}

/* Long graphs are built and verified in linear time, up to the limit, where it ends in one
 * report. */
Test(build, limits, .timeout = 60) {
    Ctx *cx = test_ctx();
    Graph *g = NULL;
    cr_expect(ctx_try(cx, make_chain, &g));
    cr_expect_eq(g->nodes.count, CHAIN + 9);
    cr_expect(ir_verify(g, NULL));
    cx->limits.operations = 50;
    cr_expect(!ctx_try(cx, make_chain, &g));
    cr_expect_eq(g->nodes.count, 51);
    NNA_EXPECT_TEXT(test_codes(cx), "NNA0002");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A graph that was changed by hand does not pass. */
Test(build, verify) {
    Scene s = scene();
    Value x = input(&s, "x", 2, (int64_t[]){2, 3});
    Attr attrs[] = {attr_integer(1), attr_boolean(false)};
    Value sum = build_op(s.g, OP_SUM, 1, &x, attrs, (OriginId){0}, NULL);
    build_op(s.g, OP_LESS, 2, (Value[]){sum, sum}, NULL, (OriginId){0}, NULL);
    Node *node = &s.g->nodes.data[sum.id];
    const Node good = *node;
    Node bad[6] = {good, good, good, good, good, good};
    bad[0].shape = ir_node(s.g, x)->shape;
    bad[1].dtype = DTYPE_F64;
    bad[2].operand_count = 2;
    bad[3].first_operand = 1000;
    bad[4].op = OP_MAX_POOL;
    bad[5].origin.id = 1000;
    cr_expect(ir_verify(s.g, NULL));
    for (int i = 0; i < 6; i++) {
        Buf broken = buf_make(&s.cx->session);
        *node = bad[i];
        cr_expect(!ir_verify(s.g, &broken), "%d", i);
        cr_expect_gt(broken.length, 0);
    }
    *node = good;
    s.g->operands.data[node->first_operand] = sum;
    cr_expect(!ir_verify(s.g, NULL));
    ctx_free(s.cx);
    NNA_CHECK_LEAKS();
}
