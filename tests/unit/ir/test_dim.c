/* Dimensions: the algebra held against integers, normal forms, order, limits. */
#include "ir/dim.h"

#include "tests/unit/support.h"

enum { VARIABLES = 3, POOL = 40, ROUNDS = 60, POINTS = 30 };

static uint64_t next_random(uint64_t *state, uint64_t below) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* SplitMix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

/* What an expression means, computed beside the table. */
typedef struct Known {
    DimId dim;
    bool defined[POINTS];
    __int128_t value[POINTS];
} Known;

static __int128_t floor_of(__int128_t a, __int128_t b) {
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

static void combine(DimTable *t, uint64_t kind, const Known *a, const Known *b, Known *out) {
    DimDivision division = DIM_UNCERTAIN;
    switch (kind) {
    case 0: out->dim = dim_add(t, a->dim, b->dim); break;
    case 1: out->dim = dim_sub(t, a->dim, b->dim); break;
    case 2: out->dim = dim_mul(t, a->dim, b->dim); break;
    case 3: out->dim = dim_floor_div(t, a->dim, b->dim); break;
    case 4: out->dim = dim_maximum(t, a->dim, b->dim); break;
    case 5: division = dim_exact_div(t, a->dim, b->dim, &out->dim); break;
    }
    for (int i = 0; i < POINTS; i++) {
        __int128_t x = a->value[i], y = b->value[i], *v = &out->value[i];
        out->defined[i] = a->defined[i] && b->defined[i];
        if (kind == 0) *v = x + y;
        if (kind == 1) *v = x - y;
        if (kind == 2) *v = x * y;
        if (kind == 4) *v = x > y ? x : y;
        if (kind != 3 && kind != 5) continue;
        out->defined[i] = out->defined[i] && y != 0;
        if (!out->defined[i]) continue;
        *v = floor_of(x, y);
        if (out->dim.id == 0) continue;
        cr_expect(division != DIM_EXACT || x % y == 0);
        cr_expect(division != DIM_INEXACT || x % y != 0);
    }
}

static void check_known(const DimTable *t, const Known *k, int64_t points[POINTS][VARIABLES],
                        const char *text) {
    int64_t low, high, value;
    dim_bounds(t, k->dim, &low, &high);
    for (int i = 0; i < POINTS; i++) {
        if (!k->defined[i] || !dim_evaluate(t, k->dim, points[i], &value)) continue;
        cr_assert(value == k->value[i], "%s at %d %d %d: %lld, not %lld", text, (int)points[i][0],
                  (int)points[i][1], (int)points[i][2], (long long)value,
                  (long long)k->value[i]);
        cr_assert(low <= value && value <= high, "%s is in [%lld, %lld], not %lld", text,
                  (long long)low, (long long)high, (long long)value);
    }
}

static void check_order(const DimTable *t, const Known *a, const Known *b, const char *text) {
    DimOrder order = dim_compare(t, a->dim, b->dim);
    bool most = dim_at_most(t, a->dim, b->dim);
    for (int i = 0; i < POINTS; i++) {
        if (!a->defined[i] || !b->defined[i]) continue;
        __int128_t x = a->value[i], y = b->value[i];
        cr_assert(order != DIM_EQUAL || x == y, "%s", text);
        cr_assert(order != DIM_LESS || x < y, "%s", text);
        cr_assert(order != DIM_GREATER || x > y, "%s", text);
        cr_assert(order != DIM_DIFFERENT || x != y, "%s", text);
        cr_assert(!most || x <= y, "%s", text);
    }
}

static const char *text_of(const DimTable *t, Ctx *cx, DimId d) {
    Buf out = buf_make(&cx->session);
    dim_print(t, d, &cx->names, &out);
    return buf_text(&out);
}

/* Random expressions over variables with ranges, at random points of those ranges. */
Test(dim, against_integers) {
    uint64_t state = 1;
    for (int round = 0; round < ROUNDS; round++) {
        Ctx *cx = test_ctx();
        DimTable *t = dims_new(cx);
        Known pool[POOL] = {{.dim = DIM_UNKNOWN}};
        int64_t points[POINTS][VARIABLES];
        int count = 0;
        const char *const names[VARIABLES] = {"N", "H", "W"};
        for (int v = 0; v < VARIABLES; v++) {
            int64_t low = (int64_t)next_random(&state, 20), width = 1;
            width += (int64_t)next_random(&state, 50);
            pool[count].dim = dim_variable(t, names_intern_text(&cx->names, names[v]), low,
                                           low + width - 1);
            for (int i = 0; i < POINTS; i++) {
                points[i][v] = low + (int64_t)next_random(&state, (uint64_t)width);
                pool[count].value[i] = points[i][v];
                pool[count].defined[i] = true;
            }
            count++;
        }
        while (count < POOL) {
            Known *k = &pool[count];
            if (next_random(&state, 3) == 0) {
                int64_t value = (int64_t)next_random(&state, 12) - 4;
                k->dim = dim_constant(t, value);
                for (int i = 0; i < POINTS; i++) k->value[i] = value;
                for (int i = 0; i < POINTS; i++) k->defined[i] = true;
                count++;
                continue;
            }
            const Known *a = &pool[next_random(&state, (uint64_t)count)];
            const Known *b = &pool[next_random(&state, (uint64_t)count)];
            combine(t, next_random(&state, 6), a, b, k);
            if (k->dim.id == 0) continue; /* too large, or a division by zero */
            bool small = true;
            for (int i = 0; i < POINTS; i++) {
                small = small && (!k->defined[i] || (k->value[i] < 1000000000 &&
                                                     k->value[i] > -1000000000));
            }
            if (!small) continue;
            const char *text = text_of(t, cx, k->dim);
            check_known(t, k, points, text);
            for (int i = 0; i < count; i++) check_order(t, k, &pool[i], text);
            count++;
        }
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

typedef struct Parts {
    Ctx *cx;
    DimTable *t;
    DimId n, h, w;
} Parts;

static DimId number(const Parts *p, int64_t value) {
    return dim_constant(p->t, value);
}

/* (d + add) // by. */
static DimId quotient(const Parts *p, DimId d, int64_t add, int64_t by) {
    return dim_floor_div(p->t, dim_add(p->t, d, number(p, add)), number(p, by));
}

#define EXPECT_DIM(d, text) NNA_EXPECT_TEXT(text_of(p.t, p.cx, (d)), (text))

Test(dim, normal_forms) {
    Parts p = {.cx = test_ctx()};
    DimTable *t = p.t = dims_new(p.cx);
    p.n = dim_variable(t, names_intern_text(&p.cx->names, "N"), 1, INT32_MAX);
    p.h = dim_variable(t, names_intern_text(&p.cx->names, "H"), 8, 64);
    p.w = dim_variable(t, names_intern_text(&p.cx->names, "a b"), 1, 64);
    DimId n1 = dim_add(t, p.n, number(&p, 1)), n2 = dim_sub(t, p.n, number(&p, 1));
    EXPECT_DIM(DIM_UNKNOWN, "?");
    EXPECT_DIM(number(&p, 0), "0");
    EXPECT_DIM(number(&p, INT64_MIN), "-9223372036854775808");
    EXPECT_DIM(dim_mul(t, n1, n2), "N * N - 1");
    EXPECT_DIM(dim_sub(t, number(&p, 3), p.w), "3 - `a b`");
    EXPECT_DIM(dim_floor_div(t, dim_mul(t, n1, n2), n1), "N - 1");
    EXPECT_DIM(quotient(&p, p.h, -1, 2), "(H + 1) // 2 - 1");
    EXPECT_DIM(quotient(&p, quotient(&p, p.h, 0, 2), 0, 2), "H // 4");
    EXPECT_DIM(quotient(&p, dim_mul(t, p.n, number(&p, 6)), 5, 3), "2 * N + 1");
    EXPECT_DIM(quotient(&p, dim_mul(t, p.n, number(&p, 4)), 5, 6), "(2 * N + 2) // 3");
    EXPECT_DIM(quotient(&p, p.h, 0, 100), "0");
    EXPECT_DIM(dim_mul(t, quotient(&p, p.h, 0, 2), p.n), "N * (H // 2)");
    EXPECT_DIM(dim_maximum(t, p.h, number(&p, 4)), "H");
    EXPECT_DIM(dim_maximum(t, p.h, number(&p, 9)), "max(H, 9)");
    EXPECT_DIM(dim_floor_div(t, p.h, p.n), "H // N");
    EXPECT_DIM(dim_floor_div(t, number(&p, 5), dim_sub(t, number(&p, 0), p.h)), "-1");
    /* What stands inside and outside of quotients cancels. */
    int64_t low, high;
    DimId half = quotient(&p, p.n, 0, 2), odd = dim_sub(t, p.n, dim_mul(t, half, number(&p, 2)));
    dim_bounds(t, odd, &low, &high);
    cr_expect(low == 0 && high == 1, "%d %d", (int)low, (int)high);
    DimId up = quotient(&p, p.n, 3, 4), down = dim_add(t, quotient(&p, p.n, 1, 4), number(&p, 1));
    cr_expect(dim_at_most(t, up, down) && !dim_at_most(t, down, up));
    EXPECT_DIM(dim_maximum(t, up, down), "(N + 1) // 4 + 1");
    /* Equal whichever way they are made. */
    DimId a = dim_mul(t, dim_add(t, p.n, p.h), dim_sub(t, p.n, p.h));
    DimId b = dim_sub(t, dim_mul(t, p.n, p.n), dim_mul(t, p.h, p.h));
    cr_expect(dim_is(a, b));
    cr_expect(dim_is(dim_maximum(t, p.n, p.h), dim_maximum(t, p.h, p.n)));
    cr_expect(dim_is(p.n, dim_variable(t, names_intern_text(&p.cx->names, "N"), 5, 6)));
    cr_expect_eq(dim_compare(t, p.h, number(&p, 7)), DIM_GREATER);
    cr_expect_eq(dim_compare(t, number(&p, 8), p.h), DIM_MAYBE);
    cr_expect_eq(dim_compare(t, n1, p.n), DIM_GREATER);
    cr_expect_eq(dim_compare(t, DIM_UNKNOWN, p.n), DIM_EQUAL);
    uint32_t index;
    cr_expect(dim_is_variable(t, p.h, &index) && index == 1 && !dim_is_variable(t, n1, &index));
    cr_expect_eq(dim_variable_named(t, NAME_NONE).id, 0);
    cr_expect(!dims_overflowed(t));
    ctx_free(p.cx);
    NNA_CHECK_LEAKS();
}

/* Whatever is written, the work stays small, and what is too large says so. */
Test(dim, limits) {
    Parts p = {.cx = test_ctx()};
    DimTable *t = p.t = dims_new(p.cx);
    p.n = dim_variable(t, names_intern_text(&p.cx->names, "N"), 1, INT32_MAX);
    cr_expect_eq(dim_add(t, number(&p, INT64_MAX), number(&p, 1)).id, 0);
    cr_expect(dims_overflowed(t) && !dims_overflowed(t));
    cr_expect_eq(dim_floor_div(t, p.n, number(&p, 0)).id, 0);
    cr_expect(dims_overflowed(t));
    cr_expect_eq(dim_mul(t, DIM_UNKNOWN, p.n).id, 0);
    cr_expect(!dims_overflowed(t));
    DimId tower = p.n, power = p.n;
    for (int i = 0; i < 100; i++) {
        power = dim_mul(t, power, p.n);
        tower = dim_maximum(t, dim_floor_div(t, number(&p, 7), tower), dim_sub(t, tower, p.n));
    }
    cr_expect(power.id == 0 && tower.id == 0 && dims_overflowed(t));
    DimId sum = number(&p, 1);
    for (uint32_t i = 0; i < 200; i++) {
        Buf text = buf_make(&p.cx->session);
        buf_printf(&text, "V%u", i);
        Name name = names_intern_text(&p.cx->names, buf_text(&text));
        sum = dim_add(t, sum, dim_variable(t, name, 1, 2));
    }
    cr_expect(sum.id == 0 && dims_overflowed(t));
    int64_t low, high, value;
    DimId square = dim_mul(t, p.n, p.n), large = dim_mul(t, dim_mul(t, square, square), square);
    dim_bounds(t, dim_sub(t, p.n, large), &low, &high);
    cr_expect(low == INT64_MIN && high == INT32_MAX - 1);
    cr_expect(!dim_evaluate(t, large, &(int64_t){INT32_MAX}, &value));
    ctx_free(p.cx);
    NNA_CHECK_LEAKS();
}
