/* The catalogue of better forms: every row means the same on both sides, is found in a text that
 * has its pattern, and what is written there is a text of the language. */
#include "tests/unit/support.h"

#include "frontend/lower.h"
#include "frontend/rewrite.h"
#include "ir/eval.h"

#include <math.h>
#include <stdlib.h>

typedef struct Row {
    const char *name, *use, *holes, *pattern, *replacement;
} Row;

static const Row rows[] = {
#define REWRITE(name, use, holes, pattern, replacement, sentence, source) \
    {#name, #use, holes, pattern, replacement},
#include "frontend/rewrite.def"
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* What is put in the place of a hole; NULL: the hole is a tensor, and a parameter of the model. */
static const char *stands_for(const char *hole) {
    switch (*hole) {
    case 'a': return "1";
    case 'k': return hole[1] == '?' ? "true" : NULL;
    case 'm': return hole[1] == '?' ? "none" : NULL;
    case 'e': return "1e-6";
    default: return NULL;
    }
}

static bool is_truth(const char *hole) {
    return *hole == 'c' || (*hole == 'k' && hole[1] == ':');
}

static const char *hole_of(const Row *row, const char *name) {
    for (const char *at = row->holes; *at != '\0'; at += strcspn(at, " "), at += *at == ' ') {
        if (*at == *name) return at;
    }
    return NULL;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* One side, with what its attributes stand for. Holes have one letter each; a name of an argument
 * has a colon behind it. */
static void put_side(const Row *row, const char *text, Buf *out) {
    for (const char *at = text; *at != '\0'; at++) {
        bool alone = !is_letter(at[1]) && at[1] != ':' && (at == text || !is_letter(at[-1]));
        const char *hole = alone ? hole_of(row, at) : NULL;
        const char *value = hole == NULL ? NULL : stands_for(hole);
        if (value != NULL) buf_put(out, value);
        else buf_put_char(out, *at);
    }
}

/* A model of each row, with both sides as its results. */
static const char *models_of_rows(Ctx *cx) {
    Buf out = buf_make(&cx->session);
    buf_put(&out, "nna 1\n");
    for (int i = 0; i < ROW_COUNT; i++) {
        const Row *row = &rows[i];
        buf_printf(&out, "model M%d(", i);
        for (const char *at = row->holes; *at != '\0'; at += strcspn(at, " "), at += *at == ' ') {
            if (stands_for(at) != NULL) continue;
            buf_printf(&out, "%c: %s[3, 4], ", *at, is_truth(at) ? "bool" : "f32");
        }
        buf_put(&out, "weight: f32[3, 4]) -> (p: f32[], r: f32[]) {\n  return sum(weight * (");
        put_side(row, row->pattern, &out);
        buf_put(&out, ")), sum(weight * (");
        put_side(row, row->replacement, &out);
        buf_put(&out, "))\n}\n");
    }
    return buf_text(&out);
}

static void evaluate(Graph *g, uint64_t *state, double out[2]) {
    EvalRun run = {.arena = &g->cx->module};
    int64_t none = 0;
    run.dims = &none;
    eval_prepare(g, &run);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Tensor *t = &run.values[g->inputs.data[i].id];
        cr_assert(eval_tensor(g, &run, g->inputs.data[i], t));
        for (int64_t k = 0; k < t->count; k++) {
            *state = *state * 6364136223846793005u + 1442695040888963407u;
            double unit = (double)(*state >> 40) / (double)(1 << 24);
            if (t->dtype == DTYPE_BOOL) t->cells[k].i = unit < 0.7;
            else t->cells[k].f = dtype_round(DTYPE_F32, 0.1 + 0.8 * unit);
        }
    }
    cr_assert_eq(eval_graph(g, &run), EVAL_DONE);
    for (int i = 0; i < 2; i++) out[i] = run.values[g->results.data[i].value.id].cells[0].f;
}

/* A body for ctx_try. */
typedef struct Trial {
    const char *text;
    File *file;
    Models models;
} Trial;

static void lower(Ctx *cx, void *data) {
    Trial *t = data;
    t->file = parse_file(cx, source_add(cx, "rows", t->text, strlen(t->text)));
    t->models = lower_file(cx, t->file, NULL);
    cr_assert_eq(cx->diags.list.count, 0, "%s\n%s", t->text, test_reports(cx));
    cr_assert_eq(t->models.list.count, ROW_COUNT);
}

Test(rewrite, both_sides_mean_the_same) {
    uint64_t state = 11;
    Ctx *cx = test_ctx();
    Trial t = {.text = models_of_rows(cx)};
    cr_assert(ctx_try(cx, lower, &t));
    for (int i = 0; i < ROW_COUNT; i++) {
        int compared = 0;
        for (int round = 0; round < 20; round++) {
            double sides[2];
            evaluate(t.models.list.data[i], &state, sides);
            if (!isfinite(sides[0]) || !isfinite(sides[1])) continue; /* a row that is masked */
            cr_expect(fabs(sides[0] - sides[1]) <= 1e-4 * (1 + fabs(sides[0])),
                      "%s: %.9g and %.9g", rows[i].name, sides[0], sides[1]);
            compared++;
        }
        cr_expect(compared > 10, "%s: %d finite runs", rows[i].name, compared);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Where the pattern of a row stands: the second operand of the product in the first result. */
static Span pattern_place(const File *file, int row) {
    AstRange all = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    Ast body = ast_child(file, all.items[row], AST_MODEL_BODY);
    Ast statement = ast_list(file, body, AST_BODY_STATEMENTS).items[0];
    Ast call = ast_list(file, statement, AST_RETURN_VALUES).items[0];
    Ast argument = ast_list(file, call, AST_CALL_ARGUMENTS).items[0];
    Ast product = ast_child(file, argument, AST_ARGUMENT_VALUE);
    return ast_span(file, ast_child(file, product, AST_BINARY_RIGHT));
}

/* Adds the edits of a row in its own place. */
static void write_row(Ctx *cx, Rewriter *r, const File *file, int row, Edits *edits) {
    Rewrite found;
    for (uint32_t k = 0; rewriter_candidate(r, pattern_place(file, row), k, &found); k++) {
        if (strcmp(found.name, rows[row].name) != 0) continue;
        cr_expect(found.edits.count > 0, "%s cannot be written", rows[row].name);
        for (uint32_t i = 0; i < found.edits.count; i++) {
            cr_expect(edits_add(&cx->session, edits, found.edits.data[i]));
        }
        return;
    }
    cr_expect_fail("%s is not found", rows[row].name);
}

static void rewrite_all(Ctx *cx, void *data) {
    Trial *t = data;
    lower(cx, t);
    Rewriter *r = rewriter_new(cx, t->file);
    cr_assert_not_null(r);
    Edits edits = {0};
    for (int i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].use, "OFFER") == 0) write_row(cx, r, t->file, i, &edits);
    }
    Buf text = buf_make(&cx->session);
    edits_apply(t->file->source, &edits, &text);
    t->text = buf_text(&text);
    lower(cx, t);
}

/* What stands in the place of the pattern then is what the other result is. */
Test(rewrite, each_is_found_and_written) {
    uint64_t state = 5;
    Ctx *cx = test_ctx();
    Trial t = {.text = models_of_rows(cx)};
    cr_assert(ctx_try(cx, rewrite_all, &t));
    for (int i = 0; i < ROW_COUNT; i++) {
        double sides[2];
        if (strcmp(rows[i].use, "OFFER") != 0) continue;
        evaluate(t.models.list.data[i], &state, sides);
        cr_expect(!(fabs(sides[0] - sides[1]) > 0), "%s: %.9g and %.9g", rows[i].name, sides[0],
                  sides[1]);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
