/* Lowering: goldens of graphs and reports, the operators one by one, and what no file shows. */
#include "tests/unit/golden.h"
#include "tests/unit/support.h"

#include "frontend/catalog.h"
#include "frontend/lower_internal.h"
#include "frontend/prelude.h"
#include "ir/text.h"
#include "ir/verify.h"

static const char *const operator_names[] = {
#define OPERATOR(name, onnx) name,
#include "frontend/operator.def"
};

static void print_models(Ctx *cx, Models models, Buf *out) {
    for (uint32_t i = 0; i < models.list.count; i++) {
        Buf broken = buf_make(&cx->session);
        cr_expect(ir_verify(models.list.data[i], &broken), "%s", buf_text(&broken));
        if (i > 0) buf_put(out, "\n");
        ir_print(models.list.data[i], out);
    }
}

static void print_ir(Ctx *cx, Source *source, Buf *out) {
    print_models(cx, lower_file(cx, parse_file(cx, source), NULL), out);
}

/* Reports alone. */
static void print_nothing(Ctx *cx, Source *source, Buf *out) {
    (void)out;
    lower_file(cx, parse_file(cx, source), NULL);
}

/* What the train sections say; that metrics are no results shows in their numbers. */
static void print_training(Ctx *cx, Source *source, Buf *out) {
    Models models = lower_file(cx, parse_file(cx, source), NULL);
    for (uint32_t i = 0; i < models.list.count; i++) {
        const Graph *g = models.list.data[i];
        buf_printf(out, "graph %s: %u results, trained from %%%u\n",
                   names_text(&cx->names, g->name), g->results.count, g->trained_from);
        for (uint32_t k = 0; k < g->trainings.count; k++) {
            training_print(g, g->trainings.data[k], out);
        }
    }
}

Test(lower, training) {
    golden_run("train", print_training);
    NNA_CHECK_LEAKS();
}

Test(lower, graphs) {
    golden_run("ir", print_ir);
    NNA_CHECK_LEAKS();
}

Test(lower, operators) {
    golden_run("ops", print_ir);
    NNA_CHECK_LEAKS();
}

Test(lower, reports) {
    golden_run("resolve", print_nothing);
    NNA_CHECK_LEAKS();
}

static Models lower_text(Ctx *cx, const char *text, const LowerOptions *options) {
    Source *source = source_add(cx, "test.nna", text, strlen(text));
    return lower_file(cx, parse_file(cx, source), options);
}

static bool in_language(const char *name) {
    for (size_t i = 0; i < sizeof operator_names / sizeof *operator_names; i++) {
        if (strcmp(operator_names[i], name) == 0) return true;
    }
    return false;
}

static void expect_example(const char *name) {
    Ctx *cx = test_ctx();
    size_t length = 0;
    const char *path = arena_format(&cx->session, "%s/golden/ops/%s.nna", NNA_TESTS_DIR, name);
    cr_expect_not_null(test_read(cx, path, &length), "%s has no example", name);
    ctx_free(cx);
}

/* Every operator that exists is one of the language, and has an example; and every one of the
 * language exists. */
Test(lower, every_operator_has_a_place) {
    Ctx *cx = test_ctx();
    Source *source = source_add(cx, "empty.nna", "nna 1\n", 6);
    File *user = parse_file(cx, source), *prelude = prelude_parse(cx);
    const Callees *callees = callees_new(cx, user, prelude);
    for (uint32_t i = 0; i < callees->all.count; i++) {
        const Callee *callee = callees->all.data[i];
        const char *name = names_text(&cx->names, callee->name);
        cr_expect(in_language(name), "%s is not in operator.def", name);
        expect_example(name);
    }
    for (size_t i = 0; i < sizeof operator_names / sizeof *operator_names; i++) {
        Name name = names_intern_text(&cx->names, operator_names[i]);
        cr_assert_not_null(callee_find(callees, &callees->modules[0], name), "%s",
                           operator_names[i]);
    }
    cr_expect_eq(cx->diags.list.count, 0, "%s", test_reports(cx));
    resolve_modules(cx, callees_new(cx, prelude, prelude));
    cr_expect_eq(cx->diags.errors, 0, "%s", test_reports(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Every operator has a signature and a line of documentation; each ONNX name is written once. */
Test(lower, catalog_is_whole) {
    static const struct {
        const char *name, *onnx;
    } listed[] = {
#define OPERATOR(name, onnx) {name, onnx},
#include "frontend/operator.def"
    };
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) {
        Op op = op_find(listed[i].name);
        bool twice = op != OP_NONE && op_info[op].onnx[0] != '\0' && listed[i].onnx[0] != '\0';
        cr_expect(!twice, "the ONNX name of %s stands in its row", listed[i].name);
    }
    Ctx *cx = test_ctx();
    Catalog all = catalog_make(cx);
    cr_assert_eq(all.count, sizeof listed / sizeof *listed);
    for (uint32_t i = 0; i < all.count; i++) {
        const CatalogEntry *entry = &all.data[i];
        cr_expect_str_not_empty(entry->family, "%s has no family", entry->name);
        cr_expect_str_not_empty(entry->doc, "%s has no documentation", entry->name);
        for (uint32_t k = 0; k < entry->parameters.count; k++) {
            cr_expect_str_not_empty(entry->parameters.data[k].type, "%s", entry->name);
        }
    }
    cr_expect_eq(cx->diags.list.count, 0, "%s", test_reports(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(lower, options_from_outside) {
    static const char text[] =
        "nna 1\n@dims(N: 1..64)\n"
        "model A(x: f32[N, M], width: int = 4, scale: real = 0.5, wide: bool = false)\n"
        "    -> (y: f32[N, width]) {\n"
        "  let h = if wide { yield x * 2.0 } else { yield x * scale }\n"
        "  return dense(h, units: width, name: \"fc\")\n}\n"
        "model B(z: f32[N]) -> f32[N] { return z }\n";
    const Binding binds[] = {{"N", "8"}, {"M", "3"}}, sets[] = {{"width", "16"}, {"wide", "true"}};
    const LowerOptions good = {.binds = binds, .bind_count = 2, .sets = sets, .set_count = 2,
                               .entry = "A"};
    Ctx *cx = test_ctx();
    Models models = lower_text(cx, text, &good);
    Buf out = buf_make(&cx->session);
    print_models(cx, models, &out);
    NNA_EXPECT_TEXT(test_reports(cx), "");
    cr_expect_eq(models.list.count, 1);
    cr_expect_not_null(strstr(buf_text(&out), "%1 = input {name = x} : f32[8, 3]"), "%s",
                       buf_text(&out));
    cr_expect_not_null(strstr(buf_text(&out), "{path = fc.weight} init glorot_uniform"));
    cr_expect_not_null(strstr(buf_text(&out), "f32[3, 16]"));
    ctx_free(cx);

    static const struct {
        Binding bind, set;
        const char *entry, *codes;
    } bad[] = {
        {{"N", "65"}, {"width", "1"}, NULL, "NNA5001"},
        {{"N", "x"}, {"width", "1"}, "A", "NNA5001"},
        {{"K", "1"}, {"width", "1"}, NULL, "NNA1003"},
        {{"N", "1"}, {"height", "1"}, NULL, "NNA1003"},
        {{"N", "1"}, {"width", "1.5"}, NULL, "NNA1008"},
        {{"N", "1"}, {"wide", "maybe"}, NULL, "NNA1008"},
        {{"N", "1"}, {"width", "1"}, "C", "NNA1003"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cx = test_ctx();
        const LowerOptions options = {.binds = &bad[i].bind, .bind_count = 1, .sets = &bad[i].set,
                                      .set_count = 1, .entry = bad[i].entry};
        lower_text(cx, text, &options);
        cr_expect_str_eq(test_codes(cx), bad[i].codes, "case %zu: %s", i, test_reports(cx));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* What ends by a limit, not by the stack or the memory. */
Test(lower, expansion_is_bounded) {
    static const char *const texts[] = {
        "nna 1\nmodel A(x: f32[N]) -> f32[N] { return F(x, n: 0) }\n"
        "block F(x: f32[N], n: int) -> f32[N] { return F(x, n: n + 1) }\n",
        "nna 1\nmodel A(x: f32[N]) -> f32[N] {\n"
        "  return for _i in 0..1_000_000_000 with h = x { yield h }\n}\n",
        "nna 1\nmodel A(x: f32[N]) -> f32[N] {\n"
        "  return for _i in 0..1_000_000_000 with h = x { yield h + 1.0 }\n}\n",
        "nna 1\nmodel A(x: f32[N]) -> f32[N] { return F(x) }\n"
        "block F(x: f32[N]) -> f32[N] { return G(G(G(G(G(G(x)))))) }\n"
        "block G(x: f32[N]) -> f32[N] { return H(H(H(H(H(H(H(H(x)))))))) }\n"
        "block H(x: f32[N]) -> f32[N] { return K(K(K(K(K(K(K(K(K(x))))))))) }\n"
        "block K(x: f32[N]) -> f32[N] { return L(L(L(L(L(L(L(L(L(x))))))))) }\n"
        "block L(x: f32[N]) -> f32[N] { return for _i in 0..999 with h = x { yield h } }\n",
    };
    static const char *const codes[] = {"NNA1009", "NNA0002", "NNA0002", "NNA0002"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Ctx *cx = test_ctx();
        cx->limits.operations = 20000;
        lower_text(cx, texts[i], NULL);
        cr_expect_str_eq(test_codes(cx), codes[i], "case %zu: %s", i, test_reports(cx));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}
