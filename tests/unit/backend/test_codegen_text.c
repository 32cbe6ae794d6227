/* The LLVM functions of small graphs, exactly, without the target and the tables (of which
 * test_codegen_guards.c speaks); and what no text may hold. NNA_UPDATE=1 rewrites
 * tests/golden/llvm/<name>.ll, of which a person then reads the difference. */
#include "tests/unit/backend/codegen_support.h"
#include "tests/unit/golden.h"

typedef struct TextCase {
    const char *name;
    Op op;
    uint32_t operand_count;
    GuardPolicy guards;
} TextCase;

static const TextCase text_cases[] = {
    {"relu", OP_RELU, 1, GUARDS_ALL},          /* nothing to guard: one plain loop */
    {"divide", OP_DIV, 2, GUARDS_ALL},         /* a body with a flag, one that trips */
    {"divide_proved", OP_DIV, 2, GUARDS_NONE}, /* the same without a guard */
    {"sum", OP_SUM, 1, GUARDS_ALL},            /* a reduction, guarded where it is complete */
};

static Graph *make_graph(Ctx *cx, const TextCase *c) {
    Graph *g = graph_new(cx, names_intern_text(&cx->names, c->name), SPAN_NONE);
    const DimId dims[2] = {dim_variable(g->dims, names_intern_text(&cx->names, "N"), 1, 100),
                           dim_constant(g->dims, 3)};
    ShapeId shape = build_shape(g, SPAN_NONE, 2, dims);
    const char *names[2] = {"x", "y"};
    Value operands[2];
    for (uint32_t i = 0; i < c->operand_count; i++) {
        operands[i] = build_input(g, names_intern_text(&cx->names, names[i]), SPAN_NONE, DTYPE_F32,
                                  shape, (ContractId){0}, NOWHERE);
    }
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    const int64_t axis = 1;
    if (op_attr(c->op, "axis") >= 0) attrs[op_attr(c->op, "axis")] = attr_integers(g, 1, &axis);
    Value v = build_op(g, c->op, c->operand_count, operands, attrs, NOWHERE, NULL);
    build_result(g, names_intern_text(&cx->names, "result"), v, (ContractId){0}, SPAN_NONE);
    return g;
}

/* Copies all but the lines of the target and of the tables. */
static const char *functions_of(Ctx *cx, const char *text) {
    Buf out = buf_make(&cx->session);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        length += text[length] == '\n';
        if (strncmp(text, "target ", 7) != 0 && text[0] != '@') buf_put_bytes(&out, text, length);
        text += length;
    }
    return buf_text(&out);
}

static const char *text_of(Ctx *cx, const TextCase *c, int optimise, EmitKind kind) {
    CodegenRequest request = {.graph = make_graph(cx, c), .kind = kind, .guards = c->guards,
                              .optimise = optimise, .triple = "x86_64-unknown-linux-gnu"};
    CodegenResult result = codegen_run(&request);
    return result.bytes;
}

static void compare_with_file(Ctx *cx, const char *name, const char *text) {
    const char *path = arena_format(&cx->session, "%s/golden/llvm/%s.ll", NNA_TESTS_DIR, name);
    if (getenv("NNA_UPDATE") != NULL) {
        FILE *file = fopen(path, "wb");
        cr_assert_not_null(file);
        fputs(text, file);
        cr_assert_eq(fclose(file), 0);
        return;
    }
    size_t length;
    const char *expected = test_read(cx, path, &length);
    cr_assert_not_null(expected, "%s", path);
    NNA_EXPECT_TEXT(text, expected);
}

Test(codegen_text, goldens) {
    Ctx *cx = test_ctx();
    for (size_t i = 0; i < sizeof text_cases / sizeof *text_cases; i++) {
        const char *text = text_of(cx, &text_cases[i], 1, EMIT_LLVM);
        compare_with_file(cx, text_cases[i].name, functions_of(cx, text));
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* At every level: the arithmetic is as written, and the same graph gives the same bytes. */
Test(codegen_text, no_liberties_and_no_chance) {
    Ctx *cx = test_ctx();
    for (int optimise = 0; optimise <= 3; optimise++) {
        for (size_t i = 0; i < sizeof text_cases / sizeof *text_cases; i++) {
            const char *text = text_of(cx, &text_cases[i], optimise, EMIT_LLVM);
            cr_expect_null(strstr(text, " fast "));
            cr_expect_null(strstr(text, "reassoc"));
            cr_expect_null(strstr(text, " contract f"));
            cr_expect_null(strstr(text, "fmuladd"));
            cr_expect_str_eq(text, text_of(cx, &text_cases[i], optimise, EMIT_LLVM));
        }
        const char *assembly = text_of(cx, &text_cases[1], optimise, EMIT_ASSEMBLY);
        cr_expect_not_null(strstr(assembly, "nna_model:"));
        cr_expect_not_null(strstr(assembly, "nna_rt_trip"), "guard lost at level %d", optimise);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
