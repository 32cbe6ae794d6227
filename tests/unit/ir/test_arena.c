/* Arenas, growable arrays, and what happens when memory is spent. */
#include "tests/unit/support.h"

#include "ir/base/checked.h"

#include <limits.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/resource.h>

Test(arena, pieces_are_zero_aligned_and_apart) {
    Ctx *cx = test_ctx();
    enum { COUNT = 5000 };
    unsigned char **pieces = calloc(COUNT, sizeof *pieces);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            size_t size = i % 97 == 0 ? 70000 : i % 61;
            unsigned char *piece = arena_alloc(&cx->scratch, size, 1);
            cr_assert_not_null(piece);
            cr_assert_eq((uintptr_t)piece % alignof(max_align_t), 0);
            for (size_t k = 0; k < size; k++) cr_assert_eq(piece[k], 0);
            memset(piece, (int)(i % 251 + 1), size);
            pieces[i] = piece;
        }
        for (size_t i = 0; i < COUNT; i++) {
            size_t size = i % 97 == 0 ? 70000 : i % 61;
            for (size_t k = 0; k < size; k++) cr_assert_eq(pieces[i][k], i % 251 + 1);
        }
        cr_assert_gt(cx->scratch.used, COUNT);
        arena_reset(&cx->scratch);
        cr_assert_eq(cx->scratch.used, 0);
    }
    cr_assert_str_eq(arena_text(&cx->scratch, "abcdef", 3), "abc");
    cr_assert_str_eq(arena_text(&cx->scratch, NULL, 0), "");
    cr_assert_str_eq(arena_format(&cx->scratch, "%d-%s", 7, "x"), "7-x");
    for (int length = 250; length < 260; length++) { /* about the size of the local buffer */
        const char *text = arena_format(&cx->scratch, "%*d", length, 1);
        cr_assert_eq(strlen(text), (size_t)length);
    }
    free(pieces);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(arena, arrays_grow) {
    Ctx *cx = test_ctx();
    VEC(uint64_t) numbers = {0};
    for (uint64_t i = 0; i < 100000; i++) vec_push(&cx->scratch, &numbers, i * i);
    cr_assert_eq(numbers.count, 100000);
    for (uint64_t i = 0; i < 100000; i++) cr_assert_eq(numbers.data[i], i * i);
    cr_assert_lt(cx->scratch.used, 4 * 8 * 131072, "more than twice the array and a chunk");
    VEC(Span) spans = {0};
    vec_push(&cx->scratch, &spans, (Span){1, 2});
    cr_assert_eq(spans.data[0].end, 2);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* The start of a context must cost next to nothing. */
Test(arena, a_new_context_is_small) {
    Ctx *cx = test_ctx();
    cr_assert_leq(cx->session.used, 64 * 1024);
    cr_assert_eq(cx->module.used + cx->scratch.used, 0);
    ctx_free(cx);
    ctx_free(NULL);
    NNA_CHECK_LEAKS();
}

typedef struct Demand {
    size_t count, size, times;
    bool came_back;
} Demand;

static void demand(Ctx *cx, void *data) {
    Demand *d = data;
    for (size_t i = 0; i < d->times; i++) arena_alloc(&cx->scratch, d->count, d->size);
    d->came_back = true;
}

static void demand_nested(Ctx *cx, void *data) {
    Demand *d = data;
    cr_expect_not(ctx_try(cx, demand, d));
    cr_expect_not(d->came_back);
    *d = (Demand){.count = 1, .size = 1, .times = 1};
    cr_expect(ctx_try(cx, demand, d));
}

static const char budget_report[] =
    "error[NNA0002]: the memory limit of 1 MiB is exceeded; raise it with --limit memory-bytes=N\n";

Test(arena, exhaustion_is_one_report) {
    static const Demand demands[] = {
        {1, 64, 1u << 20, false},      {1, 2u << 20, 1, false},  {SIZE_MAX, 2, 1, false},
        {SIZE_MAX / 2, 1, 1, false},   {SIZE_MAX, 1, 1, false},  {1, 100000, 12, false},
        {1, (1u << 20) - 8, 1, false},
    };
    for (size_t i = 0; i < sizeof demands / sizeof *demands; i++) {
        Ctx *cx = test_ctx();
        *limits_find(&cx->limits, "memory-bytes") = 1u << 20;
        Demand d = demands[i];
        cr_assert_not(ctx_try(cx, demand, &d));
        cr_expect_not(d.came_back);
        cr_expect_null(cx->recover);
        arena_reset(&cx->scratch);
        cx->limits.memory_bytes = 0; /* what is left is kept for the reports alone */
        d = demands[0];
        d.times = 1u << 22;
        cr_expect_not(ctx_try(cx, demand, &d));
        cr_expect_eq(cx->diags.errors, 1);
        NNA_EXPECT_TEXT(test_reports(cx), budget_report);
        ctx_free(cx);
    }
    Ctx *cx = test_ctx();
    cx->limits.memory_bytes = 1u << 20;
    Demand d = demands[1];
    cr_assert(ctx_try(cx, demand_nested, &d));
    cr_assert(d.came_back);
    cr_assert_eq(cx->diags.list.count, 1);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

typedef struct Flood {
    uint32_t count;
} Flood;

static void flood(Ctx *cx, void *data) {
    Flood *f = data;
    for (;; f->count++) {
        diag_say(cx, NNA1001, (Span){f->count + 1, f->count + 2}, "report %d", (int)f->count);
        names_intern_text(&cx->names, arena_format(&cx->session, "name %d", (int)f->count));
    }
}

/* Memory that is spent while reports and names are recorded leaves both whole. */
Test(arena, exhaustion_within_reports_and_names) {
    for (uint64_t limit = 100000; limit < 1500000; limit += 77777) {
        Ctx *cx = test_ctx();
        cx->limits.memory_bytes = limit;
        Flood f = {0};
        cr_assert_not(ctx_try(cx, flood, &f));
        uint32_t names = cx->names.count, reports = cx->diags.list.count;
        cr_assert(reports == f.count + 1 || reports == f.count + 2);
        cr_assert_eq(cx->diags.list.data[reports - 1]->code, NNA0002);
        for (uint32_t id = 1; id < names; id++) {
            cr_assert_eq(names_intern_text(&cx->names, cx->names.entries[id].text).id, id);
        }
        diags_sort(cx);
        diag_say(cx, NNA1001, (Span){1, 2}, "a second time");
        cr_assert_eq(cx->diags.list.count, reports);
        cr_assert_not_null(strstr(test_reports(cx), "more; show them with --limit reports=N\n"));
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
/* The system's own refusal, which AddressSanitizer would take for a fault. */
Test(arena, the_system_refuses) {
    Ctx *cx = test_ctx();
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = 256u << 20;
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    Demand d = {1, 1u << 30, 1, false};
    cr_assert_not(ctx_try(cx, demand, &d));
    NNA_EXPECT_TEXT(test_reports(cx),
                    "error[NNA0002]: out of memory: the system refused 1.0 GiB more\n");
    ctx_free(cx);
}
#endif

Test(arena, limits_by_name_and_checked_sizes) {
    Ctx *cx = test_ctx();
#define LIMIT(field, spelling, value, doc)                              \
    cr_assert_eq(limits_find(&cx->limits, spelling), &cx->limits.field); \
    cr_assert_eq(cx->limits.field, (uint64_t)(value));                  \
    cr_assert_gt(strlen(doc), 0);
#include "ir/base/limits.def"
    cr_assert_null(limits_find(&cx->limits, "file_bytes"));
    cr_assert_null(limits_find(&cx->limits, ""));
    int64_t out = 0;
    cr_assert(checked_mul(1L << 31, 1L << 31, &out) && out == 1L << 62);
    cr_assert_not(checked_mul(1L << 32, 1L << 31, &out));
    cr_assert_not(checked_add(INT64_MAX, 1, &out));
    cr_assert_not(checked_sub(INT64_MIN, 1, &out));
    cr_assert_not(checked_floor_div(INT64_MIN, -1, &out));
    for (int64_t a = -20; a <= 20; a++) {
        for (int64_t b = -5; b <= 5; b++) {
            if (b == 0) continue;
            cr_assert(checked_floor_div(a, b, &out));
            int64_t rest = a - out * b;
            cr_assert(b > 0 ? rest >= 0 && rest < b : rest <= 0 && rest > b);
        }
    }
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
