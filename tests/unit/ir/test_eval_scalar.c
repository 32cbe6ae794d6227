/* Primitives and their conditions, against C's own arithmetic and against a table of edge cases. */
#include "tests/unit/support.h"

#include "ir/eval.h"
#include "ir/random_math.h"

#include <math.h>

static Cell f(double x) { return (Cell){.f = x}; }
static Cell i(int64_t x) { return (Cell){.i = x}; }

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static float random_float(uint64_t *state) {
    uint32_t raw = (uint32_t)next_random(state);
    float value;
    memcpy(&value, &raw, sizeof value);
    return value;
}

static void check_float(Primitive p, float x, float y, float expected) {
    Cell args[3] = {f((double)x), f((double)y), f(0)};
    double got = eval_primitive(p, DTYPE_F32, DTYPE_F32, args).f;
    bool same = isnan(expected) ? isnan(got) : got == (double)expected;
    cr_assert(same, "%s(%a, %a) is %a, in C %a", primitive_info[p].spelling, (double)x, (double)y,
              got, (double)expected);
}

Test(eval_scalar, f32_arithmetic_is_that_of_c) {
    uint64_t state = 88172645463325252u;
    for (int n = 0; n < 200000; n++) {
        volatile float x = random_float(&state), y = random_float(&state), r;
        r = x + y;
        check_float(PRIMITIVE_ADD, x, y, r);
        r = x - y;
        check_float(PRIMITIVE_SUB, x, y, r);
        r = x * y;
        check_float(PRIMITIVE_MUL, x, y, r);
        r = x / y;
        check_float(PRIMITIVE_DIV, x, y, r);
        r = sqrtf(x);
        check_float(PRIMITIVE_SQRT, x, y, r);
        r = expf(x);
        check_float(PRIMITIVE_EXP, x, y, r);
    }
}

typedef struct Case {
    Primitive primitive;
    DType type, to;
    Cell args[3];
    bool strict, lenient; /* the condition, with nothing and with NaN and infinities allowed */
} Case;

#define F32(p, a, b, strict, lenient)                                                              \
    {PRIMITIVE_##p, DTYPE_F32, DTYPE_F32, {{.f = a}, {.f = b}}, strict, lenient}
#define I32(p, a, b, holds)                                                                        \
    {PRIMITIVE_##p, DTYPE_I32, DTYPE_I32, {{.i = a}, {.i = b}}, holds, holds}
#define TO(t, a, holds) {PRIMITIVE_CAST, DTYPE_F32, DTYPE_##t, {{.f = a}}, holds, holds}

static const Case conditions[] = {
    F32(LOG, 0.0, 0, false, false),
    F32(LOG, -0.0, 0, false, false),
    F32(LOG, 0x1p-149, 0, true, true),
    F32(LOG, INFINITY, 0, true, true),
    F32(LOG, NAN, 0, false, true),
    F32(SQRT, -0.0, 0, true, true),
    F32(SQRT, -0x1p-149, 0, false, false),
    F32(EXP, 0x1.62e42ep6, 0, true, true),
    F32(EXP, 0x1.62e43p6, 0, false, false),
    F32(EXP, -INFINITY, 0, true, true),
    F32(DIV, 1, 0.0, false, false),
    F32(DIV, 1, 0x1p-149, false, false), /* overflows */
    F32(DIV, 0, 0x1p-149, true, true),
    F32(DIV, INFINITY, INFINITY, false, false),
    F32(DIV, INFINITY, 2, false, true),
    F32(ADD, INFINITY, -INFINITY, false, false),
    F32(ADD, INFINITY, 1, false, true),
    F32(ADD, 0x1.fffffep127, 0x1p103, false, false),
    F32(ADD, 0x1.fffffep127, 0x1p102, true, true),
    F32(MUL, 0, INFINITY, false, false),
    F32(MUL, NAN, 1, false, true),
    F32(POW, -8, 3, true, true),
    F32(POW, -8, 0.5, false, false),
    F32(POW, 0, -1, false, false),
    F32(POW, 0, 0, true, true),
    F32(POW, 10, 39, false, false),
    F32(ACOS, 0x1.000002p0, 0, false, false),
    F32(ATANH, 1, 0, false, false),
    F32(ATANH, 0x1.fffffep-1, 0, true, true),
    F32(LOG1P, -1, 0, false, false),
    F32(LOG1P, -0x1.fffffep-1, 0, true, true),
    F32(MAXIMUM, NAN, 1, true, true),
    I32(ADD, INT32_MAX, 1, false),
    I32(ADD, INT32_MAX, 0, true),
    I32(MUL, 65536, 32768, false),
    I32(NEG, INT32_MIN, 0, false),
    I32(ABS, INT32_MIN, 0, false),
    I32(DIV, INT32_MIN, -1, false),
    I32(DIV, 7, 0, false),
    I32(MOD, 7, 0, false),
    TO(I32, 0x1p31, false),
    TO(I32, 0x1.fffffep30, true),
    TO(I32, -0x1p31, true),
    TO(U8, -0.5, true), /* truncates to 0 */
    TO(U8, -1, false),
    TO(U8, 255.5, true),
    TO(I64, NAN, false),
    TO(F16, 65519, true),
    TO(F16, 65520, false),
    TO(BOOL, 2, true),
};

Test(eval_scalar, conditions_at_the_edges) {
    for (size_t n = 0; n < sizeof conditions / sizeof *conditions; n++) {
        const Case *c = &conditions[n];
        Cell result = eval_primitive(c->primitive, c->type, c->to, c->args);
        Primitive p = c->primitive;
        bool strict = eval_condition_holds(p, c->type, c->to, c->args, result, false, false);
        bool lenient = eval_condition_holds(p, c->type, c->to, c->args, result, true, true);
        if (c->primitive == PRIMITIVE_CAST && isnan(c->args[0].f)) lenient = strict;
        cr_assert_eq(strict, c->strict, "case %zu, strict", n);
        cr_assert_eq(lenient, c->lenient, "case %zu, lenient", n);
    }
}

typedef struct IntegerCase {
    Primitive primitive;
    DType type;
    int64_t a, b, expected;
} IntegerCase;

static const IntegerCase integers[] = {
    {PRIMITIVE_DIV, DTYPE_I32, -7, 2, -3},
    {PRIMITIVE_MOD, DTYPE_I32, -7, 2, 1},
    {PRIMITIVE_MOD, DTYPE_I32, 7, -2, -1},
    {PRIMITIVE_ADD, DTYPE_I8, 127, 1, -128},
    {PRIMITIVE_SUB, DTYPE_U8, 0, 1, 255},
    {PRIMITIVE_MUL, DTYPE_U64, -1, -1, 1},
    {PRIMITIVE_DIV, DTYPE_U64, -1, 2, INT64_MAX},
    {PRIMITIVE_MAXIMUM, DTYPE_U64, -1, 1, -1},
    {PRIMITIVE_MAXIMUM, DTYPE_I64, -1, 1, 1},
    {PRIMITIVE_DIV, DTYPE_I64, INT64_MIN, -1, INT64_MIN},
    {PRIMITIVE_SIGN, DTYPE_U64, -1, 0, 1},
};

Test(eval_scalar, integers_wrap_and_divide_towards_zero) {
    for (size_t n = 0; n < sizeof integers / sizeof *integers; n++) {
        const IntegerCase *c = &integers[n];
        Cell args[3] = {i(c->a), i(c->b)};
        Cell got = eval_primitive(c->primitive, c->type, c->type, args);
        cr_assert_eq(got.i, c->expected, "case %zu", n);
    }
}

Test(eval_scalar, casts_saturate_and_round) {
    struct {
        DType from, to;
        Cell x, expected;
    } const cases[] = {
        {DTYPE_F32, DTYPE_I32, f(-1.9), i(-1)},
        {DTYPE_F32, DTYPE_I32, f(3e9), i(INT32_MAX)},
        {DTYPE_F32, DTYPE_I64, f(-INFINITY), i(INT64_MIN)},
        {DTYPE_F32, DTYPE_U64, f(0x1p63), i(INT64_MIN)},
        {DTYPE_F32, DTYPE_U8, f(-5), i(0)},
        {DTYPE_F32, DTYPE_I16, f(NAN), i(0)},
        {DTYPE_F32, DTYPE_BOOL, f(0.5), i(1)},
        {DTYPE_I64, DTYPE_F32, i(16777217), f(16777216)},
        {DTYPE_U64, DTYPE_F64, i(-1), f(0x1p64)},
        {DTYPE_I32, DTYPE_I8, i(300), i(44)},
        {DTYPE_F64, DTYPE_F16, f(1 + 0x1p-11), f(1)},
        {DTYPE_F64, DTYPE_F32, f(1 + 0x1p-24 + 0x1p-50), f(1 + 0x1p-23)},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        Cell got = eval_primitive(PRIMITIVE_CAST, cases[n].from, cases[n].to, &cases[n].x);
        cr_assert_eq(got.i, cases[n].expected.i, "case %zu", n); /* the bits of a double too */
    }
}

/* The known answers that come with Random123 (tests/kat_vectors, philox4x32 10). */
Test(eval_scalar, philox_gives_the_known_answers) {
    static const struct {
        uint32_t counter[4], key[2], words[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        uint32_t words[4];
        nna_math_philox(known[k].counter, known[k].key, words);
        for (int w = 0; w < 4; w++) cr_expect_eq(words[w], known[k].words[w], "%zu %d", k, w);
    }
    for (int64_t at = 0; at < 4; at++) {
        const Cell args[3] = {i(at), i(0), i(0)};
        Cell word = eval_primitive(PRIMITIVE_RANDOM_BITS, DTYPE_I64, DTYPE_I64, args);
        cr_expect_eq(word.i, (int64_t)known[0].words[at]);
    }
}

/* Both halves of position and seed count, and the blocks follow each other. */
Test(eval_scalar, random_words_depend_on_every_bit_of_position_and_seed) {
    int64_t seen[4] = {0};
    static const int64_t positions[4][2] = {{5, 7}, {5 + ((int64_t)1 << 40), 7},
                                            {5, 7 + ((int64_t)1 << 40)}, {-6, 7}};
    for (int k = 0; k < 4; k++) {
        seen[k] = nna_math_random_bits_i64(positions[k][0], positions[k][1]);
        for (int earlier = 0; earlier < k; earlier++) cr_expect_neq(seen[k], seen[earlier]);
    }
    const uint32_t counter[4] = {1, 0, 0, 0}, key[2] = {7, 0};
    uint32_t words[4];
    nna_math_philox(counter, key, words);
    cr_expect_eq(seen[0], (int64_t)words[1]);
}
