/* Versions: their spellings, and their order. */
#include "tests/unit/support.h"

#include "ir/target.h"

static Version version(const char *text) {
    Version v;
    cr_assert(version_parse(text, &v), "%s", text);
    return v;
}

Test(target, versions_are_ordered) {
    static const char *const ascending[] = {
        "1.8", "1.13.1", "1.14.0", "1.15.2", "2.0.0.dev20190101", "2.0.0-alpha0", "2.0.0a1",
        "2.0.0-beta1", "2.0.0-rc0", "2.0.0-rc2", "2", "2.0.0.1", "2.2.0-rc2", "2.2", "2.10",
        "17",
    };
    size_t count = sizeof ascending / sizeof *ascending;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            Version a = version(ascending[i]), b = version(ascending[k]);
            int wanted = (i > k) - (i < k);
            cr_expect_eq(version_compare(&a, &b), wanted, "%s, %s", ascending[i], ascending[k]);
        }
    }
}

Test(target, spellings_of_one_version) {
    static const char *const same[][2] = {
        {"2.0.0-rc0", "2.0.0rc0"}, {"2.0.0-RC.0", "2.rc0"},     {"2.0.0-alpha0", "2.0a"},
        {"1.0.beta_3", "1b3"},     {"2.0.0.dev3", "2.0.0-dev3"}, {"2.3", "2.3.0.0"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        Version a = version(same[i][0]), b = version(same[i][1]);
        cr_expect_eq(version_compare(&a, &b), 0, "%s, %s", same[i][0], same[i][1]);
    }
}

Test(target, what_is_no_version) {
    static const char *const wrong[] = {"",    "v2",     "2.",       "2..0",        "2.x",
                                        "2.0-", "2.0rcx", "2.0rc1.", "1.2.3.4.5",   "latest",
                                        "2 ",   "2.0alph", "2.0betaa1", "9999999999", "-1"};
    Version v;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not(version_parse(wrong[i], &v), "`%s`", wrong[i]);
    }
}

Test(target, printed) {
    Ctx *cx = test_ctx();
    Buf text = buf_make(&cx->session);
    Version v = version("2.0.0-beta1");
    version_print(&v, &text);
    cr_expect_str_eq(buf_text(&text), "2b1");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
