/* What every unit test uses: a context, the reports as text, the check for leaks. */
#ifndef NNA_TESTS_UNIT_SUPPORT_H
#define NNA_TESTS_UNIT_SUPPORT_H

#include "ir/base/ctx.h"

#include <criterion/criterion.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

/* Criterion's worker ends without the exit-time check of LeakSanitizer, so that every test
 * ends with this. Nothing in its scope may still hold what was allocated. */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
int __lsan_do_recoverable_leak_check(void);
#define NNA_CHECK_LEAKS() cr_assert_eq(__lsan_do_recoverable_leak_check(), 0, "memory leaked")
#else
#define NNA_CHECK_LEAKS() ((void)0)
#endif

static inline Ctx *test_ctx(void) {
    Ctx *cx = ctx_new();
    cr_assert_not_null(cx);
    return cx;
}

/* All reports in full, sorted, without colour, wrapped at 100 columns as for a file. The text
 * lives as long as the context. */
static inline const char *test_reports(Ctx *cx) {
    const TextStyle style = {.color = false, .width = 100};
    Buf text = buf_make(&cx->session);
    diags_sort(cx);
    diags_text(cx, &style, &text);
    return buf_text(&text);
}

/* The same, a line each. */
static inline const char *test_reports_short(Ctx *cx) {
    Buf text = buf_make(&cx->session);
    diags_sort(cx);
    diags_short(cx, &text);
    return buf_text(&text);
}

/* Codes of the reports in the order of their places: "NNA1003 NNA2001". */
static inline const char *test_codes(Ctx *cx) {
    Buf text = buf_make(&cx->session);
    diags_sort(cx);
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        if (i > 0) buf_put_char(&text, ' ');
        buf_put(&text, diag_info[cx->diags.list.data[i]->code].code);
    }
    return buf_text(&text);
}

#define NNA_EXPECT_TEXT(actual, expected) \
    test_expect_text(__FILE__, __LINE__, (actual), (expected))

/* Compares texts of several lines; shows both in full when they differ. */
static inline void test_expect_text(const char *file, int line, const char *actual,
                                    const char *expected) {
    cr_expect(strcmp(actual, expected) == 0,
              "%s:%d: texts differ\n---- expected\n%s\n---- found\n%s\n----", file, line, expected,
              actual);
}

#endif
