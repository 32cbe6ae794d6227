/* Shapes of results, by hand: what is accepted, what is warned of, what is refused, word for
 * word. */
#include "ir/shape.h"

#include "ir/build.h"
#include "ir/text.h"
#include "tests/unit/support.h"

typedef struct Case {
    const char *x, *y, *z; /* types of the operands; NULL: none */
    const char *op;        /* the node without its operands: "sum {axis = [0]}" */
    const char *type;      /* of the result; NULL: refused */
    const char *reports;   /* a line each, without the place; "" for none */
} Case;

#define ERROR(code, text) "error[" code "]: " text "\n"
#define WARNING(code, text) "warning[" code "]: " text "\n"

static const Case cases[] = {
    /* Broadcasting. */
    {"f32[N, 3]", "f32[N, 3]", NULL, "add", "f32[N, 3]", ""},
    {"f32[N, 3]", "f32[3]", NULL, "add", "f32[N, 3]", ""},
    {"f32[N, 3]", "f32[]", NULL, "add", "f32[N, 3]", ""},
    {"f32[N, 1]", "f32[1, 1]", NULL, "add", "f32[N, 1]", ""},
    {"f32[2, 1]", "f32[3]", NULL, "add", "f32[2, 3]", ""},
    {"f32[3, 1]", "f32[3]", NULL, "add", "f32[3, 3]",
     WARNING("NNA2003", "to add `x` [3, 1] and `y` [3] stretches both, to [3, 3]")},
    {"f32[N, 8, 3, 1]", "f32[N, 1, 1, 5]", NULL, "mul", "f32[N, 8, 3, 5]", ""},
    {"f32[N]", "f32[N, 1]", NULL, "sub", "f32[N, N]",
     WARNING("NNA2003", "to subtract `y` [N, 1] from `x` [N] stretches both, to [N, N]")},
    {"f32[N, 4]", "f32[M, 4]", NULL, "mul", "f32[N, 4]",
     WARNING("NNA2004", "to multiply `x` [N, 4] by `y` [M, 4] takes N and M to be equal")},
    {"f32[N]", "f32[4]", NULL, "div", "f32[N]",
     WARNING("NNA2004", "to divide `x` [N] by `y` [4] takes N and 4 to be equal")},
    {"f32[2, 3]", "f32[2]", NULL, "add", NULL,
     ERROR("NNA2001", "cannot add `x` [2, 3] and `y` [2]: 3 and 2 differ")},
    {"f32[N + 1]", "f32[N]", NULL, "minimum", NULL,
     ERROR("NNA2001", "cannot combine `x` [N + 1] and `y` [N] in `minimum`: N + 1 and N differ")},
    {"f32[2 * N]", "f32[2 * M + 1]", NULL, "add", NULL,
     ERROR("NNA2001",
           "cannot add `x` [2 * N] and `y` [2 * M + 1]: 2 * N and 2 * M + 1 differ")},
    {"f32[H]", "f32[4]", NULL, "add", NULL,
     ERROR("NNA2001", "cannot add `x` [H] and `y` [4]: H and 4 differ")},
    {"bool[N, 1]", "f32[N, 3]", "f32[]", "where", "f32[N, 3]", ""},
    {"f32[N, 3]", "f32[1]", "f32[3]", "clip", "f32[N, 3]", ""},
    /* Element types. */
    {"f32[2]", "i64[2]", NULL, "add", NULL, ERROR("NNA2007", "`x` is f32 and `y` is i64")},
    {"i64[2]", NULL, NULL, "exp", NULL, ERROR("NNA2007", "`exp` takes floats, and `x` is i64")},
    {"bool[2]", NULL, NULL, "neg", NULL,
     ERROR("NNA2007", "`neg` takes numbers, and `x` is bool")},
    {"f32[2]", "f32[2]", "f32[2]", "where", NULL,
     ERROR("NNA2007", "`where` takes a truth value first, and `x` is f32")},
    {"f32[2]", "f32[2]", NULL, "less", "bool[2]", ""},
    {"f16[2]", NULL, NULL, "isnan", "bool[2]", ""},
    {"f16[2]", NULL, NULL, "cast {dtype = i8}", "i8[2]", ""},
    /* Reductions. */
    {"f32[N, 3, 4]", NULL, NULL, "sum", "f32[]", ""},
    {"f32[N, 3, 4]", NULL, NULL, "sum {axis = -1}", "f32[N, 3]", ""},
    {"f32[N, 3, 4]", NULL, NULL, "mean {axis = [2, 0], keepdims = true}", "f32[1, 3, 1]", ""},
    {"f32[N, 3]", NULL, NULL, "max {axis = 2}", NULL,
     ERROR("NNA2006", "axis 2 of `x` [N, 3] does not exist: it has 2 dimensions")},
    {"f32[N, 3]", NULL, NULL, "max {axis = [1, -1]}", NULL,
     ERROR("NNA5004", "axis 1 is given twice")},
    /* Products. */
    {"f32[N, 784]", "f32[784, 10]", NULL, "matrix_product", "f32[N, 10]", ""},
    {"f32[N, 784]", "f32[10, 784]", NULL, "matrix_product", NULL,
     ERROR("NNA2001", "cannot multiply `x` [N, 784] by `y` [10, 784]: 784 and 10 differ")},
    {"f32[M, 1, 2, 3]", "f32[5, 3, 4]", NULL, "matrix_product", "f32[M, 5, 2, 4]", ""},
    {"f32[M, 7, 2, 3]", "f32[3, 4]", NULL, "matrix_product", "f32[M, 7, 2, 4]", ""},
    {"f32[3]", "f32[3, 4]", NULL, "matrix_product", NULL,
     ERROR("NNA2006", "`matrix_product` takes a of at least 2 dimensions; `x` [3] has 1")},
    /* Convolutions: floor((in + padding - dilation * (kernel - 1) - 1) / stride) + 1. */
    {"f32[N, 3, 8, 9]", "f32[16, 3, 3, 3]", NULL, "convolution", "f32[N, 16, 6, 7]", ""},
    {"f32[N, 3, 8, 9]", "f32[16, 3, 3, 3]", NULL, "convolution {padding = same}",
     "f32[N, 16, 8, 9]", ""},
    {"f32[N, 3, H, 9]", "f32[16, 3, 3, 3]", NULL, "convolution {padding = same, stride = 2}",
     "f32[N, 16, (H + 1) // 2, 5]", ""},
    {"f32[N, 3, H, 9]", "f32[16, 3, 5, 3]", NULL, "convolution {dilation = [2, 1]}",
     "f32[N, 16, H - 8, 7]", ""},
    {"f32[N, 8, 9, 3]", "f32[16, 3, 3, 3]", NULL, "convolution {layout = nhwc, padding = 1}",
     "f32[N, 8, 9, 16]", ""},
    {"f32[N, 6, 8]", "f32[4, 3, 3]", NULL, "convolution {groups = 2}", "f32[N, 4, 6]", ""},
    {"f32[N, 3, 8]", "f32[4, 3, 3]", NULL, "convolution {padding = [1, 2], stride = 2}",
     "f32[N, 4, 5]", ""},
    {"f32[N, 4, 8, 8]", "f32[16, 3, 3, 3]", NULL, "convolution", NULL,
     ERROR("NNA2001",
           "cannot convolve `x` [N, 4, 8, 8] with `y` [16, 3, 3, 3]: 4 and 3 differ")},
    {"f32[N, 5, 8]", "f32[4, 3, 3]", NULL, "convolution {groups = 2}", NULL,
     ERROR("NNA2001", "2 groups do not divide the 5 channels of `x` [N, 5, 8]")},
    {"f32[N, M, 8]", "f32[4, M, 3]", NULL, "convolution {groups = 2}", NULL,
     ERROR("NNA0004",
           "not supported by this version: groups over a symbolic number of channels, M")},
    {"f32[N, 3, 4, 8]", "f32[16, 3, 5, 5]", NULL, "convolution", NULL,
     ERROR("NNA2009", "a window over 5 does not fit into the 4 of dimension 2 of "
                      "`x` [N, 3, 4, 8], padding included")},
    {"f32[N, 3]", "f32[4, 3]", NULL, "convolution", NULL,
     ERROR("NNA2006", "`convolution` takes x of at least 3 dimensions; `x` [N, 3] has 2")},
    {"f32[N, 3, 8]", "f32[4, 3, 3, 3]", NULL, "convolution", NULL,
     ERROR("NNA2006", "`convolution` takes weight of 3 dimensions; `y` [4, 3, 3, 3] has 4")},
    {"f32[N, 3, 8]", "f32[4, 3, 3]", NULL, "convolution {stride = 0}", NULL,
     ERROR("NNA5001", "`stride` of `convolution` is 0; it must be greater than 0")},
    {"f32[N, 3, 8]", "f32[4, 3, 3]", NULL, "convolution {stride = [1, 2]}", NULL,
     ERROR("NNA2006", "`stride` of `convolution` has 2 numbers for 1 spatial dimension")},
    {"f32[N, 3, 8]", "f32[4, 3, 3]", NULL, "convolution {padding = full}", NULL,
     ERROR("NNA1008", "`full` is no value of `padding` of `convolution`")},
    /* Pools. */
    {"f32[N, 3, 8, 8]", NULL, NULL, "max_pool {kernel = 2}", "f32[N, 3, 4, 4]", ""},
    {"f32[N, 3, 9, 8]", NULL, NULL, "max_pool {kernel = 2}", "f32[N, 3, 4, 4]",
     WARNING("NNA2005", "windows of 2 with stride 2 leave the last 1 of dimension 2 of "
                        "`x` [N, 3, 9, 8] uncovered")},
    {"f32[N, 3, 9]", NULL, NULL, "max_pool {kernel = 2, ceil_mode = true}", "f32[N, 3, 5]", ""},
    {"f32[N, 3, H]", NULL, NULL, "max_pool {kernel = 2, ceil_mode = true}",
     "f32[N, 3, (H + 1) // 2]", ""},
    /* As ONNX has it: the last window lies in the padding and beyond. */
    {"f32[N, 3, 5]", NULL, NULL, "max_pool {kernel = 2, stride = 2, padding = 1, ceil_mode = true}",
     "f32[N, 3, 4]", ""},
    {"f32[N, 3, 9]", NULL, NULL, "max_pool {kernel = 2, padding = [0, 1]}", "f32[N, 3, 5]", ""},
    {"f32[N, 3, 9]", NULL, NULL, "max_pool {kernel = 1, stride = 2}", "f32[N, 3, 5]", ""},
    {"f32[N, 3, 10]", NULL, NULL, "max_pool {kernel = 1, stride = 2}", "f32[N, 3, 5]", ""},
    {"f32[N, 3, 10]", NULL, NULL, "avg_pool {kernel = 3, stride = 2, padding = same_lower}",
     "f32[N, 3, 5]", ""},
    {"f32[N, 3, 10]", NULL, NULL, "avg_pool", NULL,
     ERROR("NNA1007",
           "`avg_pool` needs `kernel`: an integer, or one for each spatial dimension")},
    /* Moves. */
    {"f32[N, 784]", NULL, NULL, "reshape {shape = [N, 1, 28, 28]}", "f32[N, 1, 28, 28]", ""},
    {"f32[N, M, 4]", NULL, NULL, "reshape {shape = [-1, 4]}", "f32[N * M, 4]", ""},
    {"f32[N, 784]", NULL, NULL, "reshape {shape = [N, 28, 27]}", NULL,
     ERROR("NNA2008",
           "cannot reshape `x` [N, 784] to [N, 28, 27]: 784 * N elements, not 756 * N")},
    {"f32[N, 7]", NULL, NULL, "reshape {shape = [-1, 3]}", NULL,
     ERROR("NNA2008", "cannot reshape `x` [N, 7] to [-1, 3]: 3 does not divide the 7 * N "
                      "elements")},
    {"f32[6]", NULL, NULL, "reshape {shape = [-1, -1]}", NULL,
     ERROR("NNA2008", "`shape` of `reshape` leaves two dimensions open")},
    {"f32[6]", NULL, NULL, "reshape {shape = [0, -1]}", NULL,
     ERROR("NNA2009", "`shape` of `reshape` has a dimension below 1")},
    {"f32[N, 3, 4]", NULL, NULL, "transpose", "f32[4, 3, N]", ""},
    {"f32[N, 3, 4]", NULL, NULL, "transpose {perm = [0, 2, 1]}", "f32[N, 4, 3]", ""},
    {"f32[N, 3, 4]", NULL, NULL, "transpose {perm = [0, 2, 2]}", NULL,
     ERROR("NNA2006", "`perm` must name each dimension of `x` [N, 3, 4] once")},
    {"f32[3, 1]", NULL, NULL, "expand {shape = [N, 3, 4]}", "f32[N, 3, 4]", ""},
    {"f32[3, 2]", NULL, NULL, "expand {shape = [3, 4]}", NULL,
     ERROR("NNA2001", "cannot stretch `x` [3, 2] to [3, 4]: 2 and 4 differ")},
    {"f32[N, 8]", NULL, NULL, "slice {begin = [0, 1], end = [N, 8], step = [1, 2]}", "f32[N, 4]",
     ""},
    {"f32[8]", NULL, NULL, "slice {begin = [7], end = [-1], step = [-1]}", "f32[8]", ""},
    {"f32[8]", NULL, NULL, "slice {begin = [2], end = [9]}", NULL,
     ERROR("NNA2010", "2 : 9 is outside of dimension 0 of `x` [8]")},
    {"f32[8]", NULL, NULL, "slice {begin = [2], end = [2]}", NULL,
     ERROR("NNA2009", "2 : 2 takes nothing of dimension 0 of `x` [8]")},
    {"f32[8]", NULL, NULL, "slice {begin = [0], end = [4], step = [0]}", NULL,
     ERROR("NNA5001", "`step` of `slice` is 0")},
    {"f32[N, 2]", "f32[N, 3]", "f32[N, M]", "concat {axis = -1}", "f32[N, M + 5]", ""},
    {"f32[N, 2]", "f32[4, 2]", NULL, "concat {axis = 1}", "f32[N, 4]",
     WARNING("NNA2004", "to concatenate `x` [N, 2] and `y` [4, 2] takes N and 4 to be equal")},
    {"f32[3, 2]", "f32[4, 2]", NULL, "concat {axis = 1}", NULL,
     ERROR("NNA2001", "cannot concatenate `x` [3, 2] and `y` [4, 2]: 3 and 4 differ")},
    {"f32[3]", "f32[4, 2]", NULL, "concat {axis = 0}", NULL,
     ERROR("NNA2006", "cannot concatenate `x` [3] and `y` [4, 2]: 1 and 2 dimensions")},
    {"f32[N, 2]", NULL, NULL, "pad {before = [0, 1], behind = [0, M]}", "f32[N, M + 3]", ""},
    {"f32[2]", NULL, NULL, "pad {before = [0 - 1], behind = [0]}", NULL,
     ERROR("NNA5001", "`before` of `pad` must be at least 0")},
    {"f32[N, 3]", NULL, NULL, "pad {before = [0, 1], behind = [0, 0], interior = [1, 2]}",
     "f32[2 * N - 1, 8]", ""},
    {"f32[N, 3]", NULL, NULL, "pad {before = [0, 0], behind = [0, 0], interior = [1]}", NULL,
     ERROR("NNA2006", "`interior` of `pad` needs one number for each dimension")},
    {"f32[3]", NULL, NULL, "pad {before = [0], behind = [0], interior = [-1]}", NULL,
     ERROR("NNA5001", "`interior` of `pad` must be at least 0")},
    {"f32[3]", NULL, NULL, "pad {before = [0], behind = [0], interior = [4611686018427387904]}",
     NULL, ERROR("NNA5001", "`interior` of `pad` is too large")},
    {"i8[2]", NULL, NULL, "pad {before = [1], behind = [0], value = 300}", NULL,
     ERROR("NNA3009", "`value` of `pad` is no value of the element type")},
    /* Attributes, contracts, arity. */
    {"f32[2]", NULL, NULL, "celu {alpha = 0}", NULL,
     ERROR("NNA5001", "`alpha` of `celu` is 0; it must be greater than 0")},
    {"f32[2]", NULL, NULL, "threshold", NULL,
     ERROR("NNA1007", "`threshold` needs `theta`: a number")},
    {"f32[2]", NULL, NULL, "gelu {approximate = tan}", NULL,
     ERROR("NNA1008", "`tan` is no value of `approximate` of `gelu`")},
    {"f32[2, 3]", NULL, NULL, "expect {contract = in simplex(axis: 1)}", "f32[2, 3]", ""},
    {"f32[2, 3]", NULL, NULL, "expect {contract = in simplex(axis: 2)}", NULL,
     ERROR("NNA2006", "the contract needs dimension 2, and the tensor has 2")},
    {"f32[2]", NULL, NULL, "add", NULL, ERROR("NNA1007", "`add` takes 2 operands, not 1")},
};

typedef struct Trial {
    const Case *of;
    Graph *g;
} Trial;

static void read_case(Ctx *cx, void *data) {
    Trial *trial = data;
    const char *const names[] = {"x", "y", "z"};
    const char *const types[] = {trial->of->x, trial->of->y, trial->of->z};
    Buf text = buf_make(&cx->session), operands = buf_make(&cx->session);
    uint32_t count = 0;
    buf_put(&text, "graph g(N: 1..1000, M: 1..1000, H: 16..64) {\n");
    for (; count < 3 && types[count] != NULL; count++) {
        buf_printf(&text, "%%%u = input {name = %s} : %s\n", count + 1, names[count],
                   types[count]);
        buf_printf(&operands, " %%%u", count + 1);
    }
    const char *op = trial->of->op, *brace = strchr(op, '{');
    uint32_t length = (uint32_t)(brace == NULL ? strlen(op) : (size_t)(brace - op));
    buf_printf(&text, "%%%u = ", count + 1);
    buf_put_bytes(&text, op, length);
    buf_printf(&text, "%s %s : %s\n}", buf_text(&operands), op + length,
               trial->of->type == NULL ? "f32[]" : trial->of->type);
    Source *source = source_add(cx, "graph", buf_text(&text), text.length);
    trial->g = ir_read(cx, source);
}

/* Reports without their places. */
static const char *messages(Ctx *cx) {
    Buf text = buf_make(&cx->session);
    const char *line = test_reports_short(cx);
    while (*line != '\0') {
        const char *end = strchr(line, '\n'), *severity = strstr(line, ": ");
        if (severity == NULL || severity > end) break;
        buf_put_bytes(&text, severity + 2, (size_t)(end + 1 - severity - 2));
        line = end + 1;
    }
    return buf_text(&text);
}

Test(shape, by_hand) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Ctx *cx = test_ctx();
        Trial trial = {.of = &cases[i]};
        ctx_try(cx, read_case, &trial);
        cr_expect_eq(trial.g == NULL, cases[i].type == NULL, "%s of %s: %s", cases[i].op,
                     cases[i].x, test_reports_short(cx));
        NNA_EXPECT_TEXT(messages(cx), cases[i].reports);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* What is taken for granted is written down, once. */
Test(shape, rules) {
    Ctx *cx = test_ctx();
    const char *const text = "graph g(N: 1..1000, M: 1..1000, H: 16..64) {\n"
                             "%1 = input {name = x} : f32[N, 3, H]\n"
                             "%2 = input {name = y} : f32[M, 3, H]\n"
                             "%3 = add %1 %2 : f32[N, 3, H]\n"
                             "%4 = mul %1 %2 : f32[N, 3, H]\n"
                             "%5 = max_pool %1 {kernel = 20, stride = 1} : f32[N, 3, H - 19]\n"
                             "%6 = slice %1 {begin = [0, 0, 0], end = [4, 3, H]} : f32[4, 3, H]\n"
                             "}";
    Source *source = source_add(cx, "graph", text, strlen(text));
    Graph *g = ir_read(cx, source);
    cr_assert_not_null(g, "%s", test_reports_short(cx));
    Buf out = buf_make(&cx->session);
    ir_print(g, &out);
    const char *const expected = "graph g(N: 1..1000, M: 1..1000, H: 16..64) {\n"
                                 "  rule N == M\n"
                                 "  rule 1 <= H - 19\n"
                                 "  rule 4 <= N\n"
                                 "  %1 = ";
    cr_expect_eq(strncmp(buf_text(&out), expected, strlen(expected)), 0, "%s", buf_text(&out));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
