/* Graphs as text and back: every operator, every kind of name, number and contract; and texts that
 * are no graphs. */
#include "ir/text.h"

#include "ir/verify.h"
#include "tests/unit/ir/examples.h"

#include <math.h>

enum { TRIALS = 6 };

typedef struct Reading {
    const char *text;
    size_t length;
    Graph *g;
} Reading;

static void read_body(Ctx *cx, void *data) {
    Reading *r = data;
    Source *source = source_add(cx, "graph", r->text, r->length);
    if (source != NULL) r->g = ir_read(cx, source);
}

static Graph *read_text(Ctx *cx, const char *text, size_t length) {
    Reading r = {.text = text, .length = length};
    ctx_try(cx, read_body, &r);
    return r.g;
}

static const char *printed(Graph *g) {
    Buf out = buf_make(&g->cx->session);
    ir_print(g, &out);
    return buf_text(&out);
}

static Graph *every_row(Ctx *cx, uint64_t seed, bool symbolic) {
    Examples e = {.g = graph_new(cx, names_intern_text(&cx->names, "a graph"), SPAN_NONE)};
    e.symbolic = symbolic;
    e.state = seed;
    const char *const names[] = {"y", "max", "a`b\n\"\\", "`", "in", "enc[3].w"};
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        Value v = example_make(&e, (Op)op);
        if (ir_is_poison(v)) continue;
        build_name(e.g, v, names_intern_text(&cx->names, names[op % 6]), SPAN_NONE);
        bool inside = ir_region_at(e.g, v) != 0 && op != OP_SCAN_FINAL && op != OP_SCAN_STACK;
        if (op % 5 == 0 && !inside) {
            Contract c = {.kind = CONTRACT_FINITE};
            build_result(e.g, example_name(&e, "r", (uint64_t)op), v,
                         op % 2 == 0 ? build_contract(e.g, c) : (ContractId){0}, SPAN_NONE);
        }
    }
    return e.g;
}

/* Constants of every type: in numbers, and where those would lose a bit in hexadecimal. */
static void add_constants(Graph *g) {
    for (int dtype = DTYPE_NONE + 1; dtype < DTYPE_COUNT; dtype++) {
        for (int64_t count = 1; count < 40; count += 19) {
            unsigned char bytes[40 * 8] = {0};
            size_t width = dtype_info[dtype].bytes;
            for (int64_t i = 0; i < count; i++) {
                double value = dtype == DTYPE_BOOL ? (double)(i & 1) : (double)i / 3;
                if (dtype_info[dtype].class == DTYPE_CLASS_SIGNED) value = -value;
                dtype_store((DType)dtype, bytes + (size_t)i * width, value);
            }
            if (count == 1 && dtype_info[dtype].class != DTYPE_CLASS_BOOL) memset(bytes, 0x80, 8);
            DimId extent = dim_constant(g->dims, count);
            ShapeId shape = build_shape(g, SPAN_NONE, 1, &extent);
            build_constant(g, (DType)dtype, shape, bytes, (size_t)count * width, (OriginId){0});
        }
    }
    build_scalar(g, DTYPE_F32, NAN, (OriginId){0});
    build_scalar(g, DTYPE_F64, -0.0, (OriginId){0});
    build_scalar(g, DTYPE_F64, -INFINITY, (OriginId){0});
}

Test(text, round_trip) {
    for (uint64_t seed = 0; seed < TRIALS; seed++) {
        Ctx *cx = test_ctx(), *other = test_ctx();
        Graph *g = every_row(cx, seed, seed % 2 == 1);
        add_constants(g);
        for (uint32_t i = 0; i < g->parameters.count && i < 4; i++) {
            size_t size;
            Value p = g->parameters.data[i].value;
            if (!shape_bytes(g, ir_node(g, p)->dtype, ir_node(g, p)->shape, &size)) continue;
            build_bind(g, p, arena_alloc(&cx->module, 1, size), size);
        }
        const char *text = printed(g);
        Graph *again = read_text(other, text, strlen(text));
        cr_assert_not_null(again, "%s\n%s", test_reports_short(other), text);
        cr_assert_eq(other->diags.errors, 0, "%s", test_reports_short(other));
        Buf broken = buf_make(&cx->session);
        cr_expect(ir_verify(g, &broken) && ir_verify(again, &broken), "%s", buf_text(&broken));
        cr_expect_eq(g->nodes.count, again->nodes.count);
        NNA_EXPECT_TEXT(printed(again), text);
        /* Cut anywhere, it is read as far as it goes, and reported. */
        for (size_t length = 0; seed == 1 && length + 2 < strlen(text); length += 97) {
            Ctx *third = test_ctx();
            cr_expect_null(read_text(third, text, length));
            cr_expect_gt(third->diags.errors, 0);
            ctx_free(third);
        }
        ctx_free(cx);
        ctx_free(other);
    }
    NNA_CHECK_LEAKS();
}

Test(text, format) {
    Ctx *cx = test_ctx();
    const char *const text =
        "graph SoftmaxRegression(N: 1..2147483647) {\n"
        "  rule 2 <= N\n"
        "  %1 = input {name = image, contract = in [0, 1)} : f32[N, 784]\n"
        "  %2 = param {path = fc.w} init zeros : f32[784, 10]\n"
        "  %3 = param {path = `enc[3].w`} init uniform(-0.5, 0.5)[-0.5, 0.5] : f32[784, 10]\n"
        "  %4 = constant {data = [0.1]} : f32[]\n"
        "  %5 = matrix_product %1 %2 : f32[N, 10] as logits\n"
        "  %6 = mean %5 {axis = [1], keepdims = false} : f32[N]\n"
        "  %7 = reshape %1 {shape = [2 * N, 392]} : f32[2 * N, 392]\n"
        "  %8 = expect %6 {contract = in (-inf, 2], what = \"say \\x22so\\x22\"} : f32[N]\n"
        "  %9 = constant {data = [3]} : i64[]\n"
        "  %10 = extern %1 %9 {symbol = f, contract = in [0, 1], order = tnirrde, result = 0, "
        "sizes = [N], rest = []} : f32[N] as a\n"
        "  %11 = extern %1 %9 {symbol = f, contract = in any, order = tnirrde, result = 1, "
        "sizes = [N], rest = []} : i64[]\n"
        "  result mean = %8 in (-inf, 2]\n"
        "}\n";
    Graph *g = read_text(cx, text, strlen(text));
    cr_assert_not_null(g, "%s", test_reports_short(cx));
    cr_expect_eq(g->inputs.count, 1);
    cr_expect_eq(g->parameters.count, 2);
    cr_expect_eq(g->results.count, 1);
    Value first;
    cr_expect_eq(ir_extern_results(g, (Value){11}, &first), 2);
    cr_expect_eq(first.id, 10);
    Buf out = buf_make(&cx->session);
    ir_print(g, &out);
    /* `say "so"` needs no escapes. */
    const char *found = strstr(buf_text(&out), "what = `say \"so\"`}");
    cr_expect_not_null(found, "%s", buf_text(&out));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A call of a C function whose results, or parameters, are not all there. */
Test(text, extern_calls_are_whole) {
    static const char *const calls[] = {
        "%2 = extern %1 {symbol = f, contract = in any, order = tr, result = 0} : f32[]\n",
        "%2 = extern %1 {symbol = f, contract = in any, order = trr, result = 0} : f32[]\n",
        "%2 = extern %1 {symbol = f, contract = in any, order = tr, result = 1} : f32[]\n",
        "%2 = extern %1 {symbol = f, contract = in any, order = ttr, result = 0} : f32[]\n",
        "%2 = extern %1 {symbol = f, contract = in any, order = trd, result = 0} : f32[]\n",
        "%2 = extern %1 {symbol = f, contract = in any, order = txr, result = 0} : f32[]\n",
        "%2 = extern {symbol = f, contract = in any, order = ree, result = 0} : f32[]\n",
        "%2 = extern {symbol = f, contract = in any, order = d, result = 0, sizes = [1]} : f32[]\n",
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        Ctx *cx = test_ctx();
        const char *text = arena_format(
            &cx->session, "graph g {\n%%1 = input {name = x} : f32[]\n%s}\n", calls[i]);
        Graph *g = read_text(cx, text, strlen(text));
        cr_assert_not_null(g, "%s", test_reports_short(cx));
        Buf broken = buf_make(&cx->session);
        cr_expect_eq(ir_verify(g, &broken), i == 0, "%s%s", calls[i], buf_text(&broken));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

typedef struct Refused {
    const char *text, *report;
} Refused;

static const Refused refused[] = {
    {"", "graph:1:1: error[NNA1001]: expected `graph`\n"},
    {"graph g {", "graph:1:10: error[NNA1001]: expected a node, a rule, "
                  "a result, an update or `}`\n"},
    {"graph g {} x", "graph:1:12: error[NNA1001]: expected nothing more\n"},
    {"graph g(N: 5..2) {}", "graph:1:16: error[NNA1001]: expected a range\n"},
    {"graph g(N: 1..2, N: 1..2) {}", "graph:1:25: error[NNA1001]: expected a new name\n"},
    {"graph g {\n%2 = input {name = x} : f32[]\n}",
     "graph:2:3: error[NNA1001]: expected the next number\n"},
    {"graph g {\n%1 = nothing : f32[]\n}", "graph:2:13: error[NNA1001]: expected an operator\n"},
    {"graph g {\n%1 = input {name = x} : f33[]\n}",
     "graph:2:28: error[NNA1001]: expected an element type\n"},
    {"graph g {\n%1 = input {name = x} : f32[M]\n}",
     "graph:2:30: error[NNA1001]: expected a declared dimension\n"},
    {"graph g {\n%1 = extern {symbol = f, order = r} : f32[]\n}",
     "graph:2:44: error[NNA1001]: expected `symbol`, `contract` and `order`\n"},
    {"graph g {\n%1 = exp %1 : f32[]\n}",
     "graph:2:12: error[NNA1001]: expected a value that is made before\n"},
    {"graph g {\n%1 = input {name = x} : f32[2]\n%2 = exp %1 : f32[3]\n}",
     "graph:3:21: error[NNA1001]: expected the type f32[2]\n"},
    {"graph g {\n%1 = constant {data = [1, 2]} : f32[3]\n}",
     "graph:2:28: error[NNA1001]: expected `,`\n"},
    {"graph g {\n%1 = constant {data = [300]} : u8[1]\n}",
     "graph:2:27: error[NNA1001]: expected a number of the element type\n"},
    {"graph g {\n%1 = constant {data = 0x00} : f32[1000000, 1000000]\n}",
     "graph:2:30: error[NNA0002]: [1000000, 1000000] has more than 274877906944 elements"},
    {"graph g {\n%1 = constant {data = 0x00} : f32[1000000, 1000]\n}",
     "graph:2:49: error[NNA1001]: expected more data\n"},
    {"graph g {\n%1 = input {name = x} : f32[((((((((((((((((((((((((((((((((((((((((((((((((((("
     "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1]\n}",
     "graph:2:94: error[NNA1001]: expected less nesting\n"},
    {"graph g {\n%1 = input {name = x} : f32[9223372036854775808]\n}",
     "graph:2:29: error[NNA1001]: expected an integer of 64 bits\n"},
    {"graph g {\n%1 = input {nme = x} : f32[]\n}",
     "graph:2:16: error[NNA1001]: expected an attribute of the operator\n"},
    {"graph g {\n%1 = input {name = x, contract = in simplex(axis: 4)} : f32[2]\n}",
     "graph:2:36: error[NNA2006]: the contract needs dimension 4, and the tensor has 1\n"},
};

Test(text, refused) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        Ctx *cx = test_ctx();
        cr_expect_null(read_text(cx, refused[i].text, strlen(refused[i].text)));
        const char *report = test_reports_short(cx);
        cr_expect_eq(strncmp(report, refused[i].report, strlen(refused[i].report)), 0,
                     "%s\nexpected %sfound %s", refused[i].text, refused[i].report, report);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}
