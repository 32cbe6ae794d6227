/* Reports as data: the table, one report a place, order, counts, limits. */
#include "tests/unit/support.h"

#include <ctype.h>
#include <stdio.h>

/* Every row: a code of its form, in ascending order, found by its spelling, with a title. */
Test(diag, the_table) {
    for (int code = 0; code < DIAG_COUNT; code++) {
        const DiagInfo *info = &diag_info[code];
        cr_assert_eq(strlen(info->code), 7);
        cr_assert_eq(strncmp(info->code, "NNA", 3), 0);
        for (int i = 3; i < 7; i++) cr_assert(isdigit((unsigned char)info->code[i]));
        cr_assert(code == 0 || strcmp(diag_info[code - 1].code, info->code) < 0);
        cr_assert_eq(diag_find(info->code), (DiagCode)code);
        cr_assert_eq(diag_find(info->name), (DiagCode)code, "two rules are called %s", info->name);
        cr_assert_eq(strspn(info->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(info->name));
        cr_assert(strlen(info->name) > 0 && strlen(info->name) <= 24);
        cr_assert_gt(strlen(info->title), 0);
        cr_assert_leq(info->impact, 4);
        cr_assert_eq(info->impact == 0, info->category == CATEGORY_NONE, "%s", info->code);
        cr_assert_gt(strlen(category_text[info->category]), 0);
    }
    cr_assert_eq(diag_find("NNA0000"), DIAG_COUNT);
    cr_assert_eq(diag_find("nna0001"), DIAG_COUNT);
    cr_assert_eq(diag_find(""), DIAG_COUNT);
    NNA_CHECK_LEAKS();
}

/* How many rules a spelling selects; all of them begin with `code`, if that is given. */
static int selected_count(const char *spelling, const char *code) {
    bool selected[DIAG_COUNT];
    int count = 0;
    bool any = diag_select(spelling, selected);
    for (int i = 0; i < DIAG_COUNT; i++) {
        if (!selected[i]) continue;
        count++;
        if (code != NULL) cr_assert_eq(strncmp(diag_info[i].code, code, strlen(code)), 0);
    }
    cr_assert_eq(any, count > 0);
    return count;
}

Test(diag, selects_by_code_name_and_beginning) {
    cr_assert_eq(selected_count("NNA3001", "NNA3001"), 1);
    cr_assert_eq(selected_count("log-domain", "NNA3001"), 1);
    cr_assert_eq(selected_count("NNA300", "NNA300"), 9);
    cr_assert_eq(selected_count("NNA300x", "NNA300"), 9);
    cr_assert_eq(selected_count("NNA3", "NNA3"), selected_count("NNA3xxx", "NNA3"));
    cr_assert_eq(selected_count("NNA", "NNA"), DIAG_COUNT);
    const char *const none[] = {"", "NN", "x", "nna3", "NNA3xx", "NNA3xxxx", "NNA33", "NNA30011",
                                "log", "log-domainx", "xxxxxxx"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        cr_assert_eq(selected_count(none[i], NULL), 0, "`%s` selects something", none[i]);
    }
    cr_assert_str_eq(diag_nearest("log-domian"), "log-domain");
    cr_assert_str_eq(diag_nearest("NNA3O01"), "NNA3001");
    cr_assert_null(diag_nearest("something else entirely"));
    NNA_CHECK_LEAKS();
}

Test(diag, one_place_one_report) {
    Ctx *cx = test_ctx();
    source_add(cx, "m.nna", "let x = y\n", 10);
    diag_say(cx, NNA1003, (Span){5, 6}, "first");
    diag_say(cx, NNA1003, (Span){5, 6}, "the same place");
    diag_say(cx, NNA1003, (Span){5, 7}, "another end");
    diag_say(cx, NNA1004, (Span){5, 6}, "another code");
    diag_file(cx, NNA7001, "w", "`a` is missing");
    diag_file(cx, NNA7001, "w", "`b` is missing");
    diag_file(cx, NNA7001, "v", "`a` is missing");
    diag_file(cx, NNA7001, "w", "`a` is missing");
    diag_say(cx, NNA7001, SPAN_NONE, "`a` is missing");
    diags_sort(cx);
    diag_say(cx, NNA1003, (Span){5, 6}, "the same place, after sorting");
    cr_assert_eq(cx->diags.errors, 7);
    NNA_EXPECT_TEXT(test_reports_short(cx), "m.nna:1:5: error[NNA1003]: first\n"
                                            "m.nna:1:5: error[NNA1003]: another end\n"
                                            "m.nna:1:5: error[NNA1004]: another code\n"
                                            "w: error[NNA7001]: `a` is missing\n"
                                            "w: error[NNA7001]: `b` is missing\n"
                                            "v: error[NNA7001]: `a` is missing\n"
                                            "error[NNA7001]: `a` is missing\n");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(diag, many_reports_sorted_and_counted) {
    enum { COUNT = 5000 };
    Ctx *cx = test_ctx();
    for (uint32_t i = 0; i < 2 * COUNT; i++) {
        uint32_t at = i * 7919 % COUNT; /* each place twice, in no order */
        Diag *d = diag_new(cx, NNA1001, (Span){at + 1, at + 1}, "%u", (unsigned)at);
        d->severity = at % 3 == 0 ? SEVERITY_ERROR : at % 3 == 1 ? SEVERITY_WARNING : SEVERITY_NOTE;
        diag_emit(cx, d);
    }
    diags_sort(cx);
    cr_assert_eq(cx->diags.list.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        cr_assert_eq(cx->diags.list.data[i]->primary.span.begin, i + 1);
    }
    cr_assert_eq(cx->diags.errors, (COUNT + 2) / 3);
    cr_assert_eq(cx->diags.warnings, (COUNT + 1) / 3);
    cr_assert_eq(cx->diags.notes, COUNT / 3);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Only so many are printed; all are counted. */
Test(diag, the_limit_of_reports) {
    static const struct {
        uint32_t count;
        const char *full, *in_short;
    } rows[] = {
        {0, "", ""},
        {2, "error[NNA1001]: 0\n\nerror[NNA1001]: 1\n", "error[NNA1001]: 0\nerror[NNA1001]: 1\n"},
        {3, "error[NNA1001]: 0\n\nerror[NNA1001]: 1\n\nand 1 more; show them with --limit "
            "reports=N\n",
         "error[NNA1001]: 0\nerror[NNA1001]: 1\nand 1 more; show them with --limit reports=N\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Ctx *cx = test_ctx();
        cx->limits.reports = 2;
        for (uint32_t k = 0; k < rows[i].count; k++) {
            diag_say(cx, NNA1001, SPAN_NONE, "%u", (unsigned)k);
        }
        NNA_EXPECT_TEXT(test_reports(cx), rows[i].full);
        NNA_EXPECT_TEXT(test_reports_short(cx), rows[i].in_short);
        cr_assert_eq(cx->diags.errors, rows[i].count);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}
