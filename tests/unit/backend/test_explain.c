/* The tables of the command: every explained rule is reported on its wrong model and on nothing
 * of its right one; every option is in the help. */
#include "tests/unit/golden.h"
#include "tests/unit/support.h"

#include "backend/explain.h"
#include "backend/options.h"
#include "frontend/allow.h"
#include "passes/pass.h"

/* The codes that a text gets, as the command would report them. Notes that this version does not
 * check something are left out. */
static bool reports(const char *text, DiagCode code, uint32_t *others, Buf *said) {
    Ctx *cx = test_ctx();
    Source *source = source_add(cx, "model.nna", text, strlen(text));
    File *file = parse_file(cx, source);
    Models models = lower_file(cx, file, &(LowerOptions){0});
    const AnalysisOptions options = {ANALYSIS_FULL, .training = true};
    Buf unused = buf_make(&cx->session);
    for (uint32_t i = 0; i < models.list.count; i++) {
        analyse(cx, models.list.data[i], &options, NULL, false, &unused);
    }
    allow_apply(cx, file, &(AllowOptions){.is_whole = true});
    bool found = false;
    *others = 0;
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        const Diag *d = cx->diags.list.data[i];
        if (d->withdrawn) continue;
        if (d->code == code) found = true;
        else if (d->severity > SEVERITY_NOTE) ++*others;
    }
    said->length = 0;
    buf_put(said, test_reports(cx));
    ctx_free(cx);
    return found;
}

Test(explain, wrong_models_get_their_code_and_right_ones_none) {
    Ctx *cx = test_ctx();
    Buf said = buf_make(&cx->session);
    for (uint32_t i = 0; i < explanation_count; i++) {
        const Explanation *e = &explanations[i];
        const char *code = diag_info[e->code].code;
        uint32_t others;
        cr_expect(i == 0 || e->code > explanations[i - 1].code, "%s: out of order", code);
        cr_expect_neq(e->why[0], '\0', "%s", code);
        cr_expect_eq(e->wrong[0] == '\0', e->right[0] == '\0', "%s", code);
        if (e->wrong[0] == '\0') continue;
        cr_expect(reports(e->wrong, e->code, &others, &said), "%s is not reported:\n%s", code,
                  buf_text(&said));
        bool again = reports(e->right, e->code, &others, &said);
        cr_expect(!again && others == 0, "%s: the right model is reported:\n%s", code,
                  buf_text(&said));
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(explain, every_code_prints) {
    Ctx *cx = test_ctx();
    for (int code = 0; code < DIAG_COUNT; code++) {
        Buf out = buf_make(&cx->session), error = buf_make(&cx->session);
        cr_expect(explain_print(cx, diag_info[code].code, &out, &error));
        cr_expect_not_null(strstr(buf_text(&out), diag_info[code].title));
        cr_expect_eq(error.length, 0u);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* docs/pending.md names what is refused. */
static const char *read_pending(Ctx *cx) {
    size_t length;
    const char *text = test_read(cx, NNA_TESTS_DIR "/../docs/pending.md", &length);
    cr_assert_not_null(text);
    return text;
}

Test(options, every_option_is_documented_and_understood) {
    static const char *const ready[] = {
#define OPTION(id, spelling, form, argument, status, doc) #status " " #form " " spelling,
#include "backend/options.def"
    };
    Ctx *cx = test_ctx();
    Buf help = buf_make(&cx->session), manual = buf_make(&cx->session);
    options_help(cx, 100, &help);
    options_manual(&manual);
    for (size_t i = 0; i < sizeof ready / sizeof *ready; i++) {
        const char *spelling = strrchr(ready[i], ' ') + 1;
        bool pending = strncmp(ready[i], "PENDING", 7) == 0;
        const char *head = arena_format(&cx->session, "\n  %s", spelling);
        bool listed = strstr(buf_text(&help), head) != NULL;
        cr_expect_eq(listed, !pending, "%s", spelling);
        const char *mention = arena_format(&cx->session, "`%s`", spelling);
        bool is_told = strstr(read_pending(cx), mention) != NULL;
        cr_expect(is_told || !pending, "docs/pending.md does not name %s", spelling);
        /* Each is known: whatever is wrong with the command line, it is not that. */
        char *arguments[] = {(char *)(uintptr_t) "nnac", (char *)(uintptr_t)spelling, NULL};
        Options options;
        Buf error = buf_make(&cx->session);
        bool good = options_parse(cx, 2, arguments, &options, &error);
        cr_expect_null(strstr(buf_text(&error), "unknown option"), "%s", buf_text(&error));
        bool refused = strstr(buf_text(&error), "not supported by this version") != NULL;
        cr_expect_eq(refused, pending, "%s: %s", spelling, buf_text(&error));
        cr_expect(good || error.length > 0);
    }
    for (const char *line = buf_text(&help); *line != '\0'; line += strcspn(line, "\n") + 1) {
        cr_expect_leq(strcspn(line, "\n"), 100u);
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
