/* Transfer functions on every operand there is: not part of the tests, for its length.
 *
 *     cmake --build build/release --target exhaustive
 *     build/release/tests/exhaustive f16 bf16          # seconds
 *     build/release/tests/exhaustive f32               # about 4 minutes a primitive
 *     build/release/tests/exhaustive f16-pairs [NAME]  # minutes a primitive
 *
 * f16, bf16 and f32 try every value on every primitive of one operand, f16-pairs all pairs on those
 * of two.
 * For every value x: the result of x is in the range of the neighbourhood of x (a stretch of values
 * with x's leading bits); it is in the range of the point x (in f32, of every eighth x); and a site
 * that the ranges prove does not fail. The words f32:NAME or f16-pairs:NAME take one primitive.
 * Exit status 1 and the operands where any of it is not so. */
#include "ir/eval.h"
#include "passes/domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 3 };

typedef struct Tally {
    uint64_t trials, broken;
} Tally;

static double value_of(DType t, uint32_t bits) {
    uint16_t narrow = (uint16_t)bits;
    return t == DTYPE_F32 ? dtype_load(t, &bits) : dtype_load(t, &narrow);
}

static bool in_domain(Primitive p, DType t, const Cell *args) {
    const PrimitiveInfo *info = &primitive_info[p];
    switch (info->domain) {
    case DOMAIN_NONE:
        return true;
    case DOMAIN_INTERVAL:
        return args[0].f >= dtype_bound(t, info->from) && args[0].f <= dtype_bound(t, info->to);
    case DOMAIN_NONZERO:
        return args[info->arity - 1].f != 0;
    case DOMAIN_POLES:
        return args[0].f > 0 || args[0].f != rint(args[0].f);
    case DOMAIN_POWER:
    case DOMAIN_CONVERT:
        return eval_condition_holds(p, t, t, args, eval_primitive(p, t, t, args), true, true);
    }
    return false;
}

static void show(Tally *tally, const char *what, Primitive p, DType t, const Cell *args,
                 double result, Range r) {
    if (tally->broken++ >= SHOWN) return;
    printf("%s: %s of %s", what, primitive_info[p].spelling, dtype_info[t].spelling);
    for (int i = 0; i < primitive_info[p].arity; i++) printf(" %a", args[i].f);
    printf(" is %a, range [%a, %a] %x\n", result, r.low, r.high, r.flags);
}

static double number(Primitive p, Cell c) {
    bool test = primitive_info[p].class == PRIMITIVE_CLASS_TEST ||
                primitive_info[p].class == PRIMITIVE_CLASS_COMPARE;
    return test ? (double)c.i : c.f;
}

/* A set of operands as ranges, and what the domain makes of them. */
typedef struct Case {
    Primitive p;
    DType t;
    Range image;
    bool proved;
} Case;

static Case case_of(Primitive p, DType t, const Range *ranges) {
    Answer overflow, undefined;
    Case c = {p, t, interval_domain.apply(p, t, t, ranges), false};
    interval_domain.breaks_result(p, t, t, ranges, &overflow, &undefined);
    c.proved = overflow == ANSWER_NEVER && undefined == ANSWER_NEVER &&
               interval_domain.breaks_domain(p, t, t, ranges) == ANSWER_NEVER;
    return c;
}

/* One application against the ranges that hold its operands. */
static void try(Tally *tally, const Case *c, const Cell *args, Cell result) {
    tally->trials++;
    bool any_nan = false;
    for (int i = 0; i < primitive_info[c->p].arity; i++) any_nan = any_nan || isnan(args[i].f);
    double value = number(c->p, result);
    if (!range_holds(c->image, value) && (any_nan || in_domain(c->p, c->t, args))) {
        show(tally, "outside", c->p, c->t, args, value, c->image);
    }
    if (c->proved && !eval_condition_holds(c->p, c->t, c->t, args, result, true, true)) {
        show(tally, "proved, yet failed", c->p, c->t, args, value, c->image);
    }
}

static Range point(DType t, double x) {
    if (isnan(x)) return range_make(t, INFINITY, -INFINITY, RANGE_NAN);
    return range_make(t, x, x, 0);
}

/* The range of all values whose encodings lie in [first, last]. */
static Range stretch(DType t, uint32_t first, uint32_t last) {
    Range r = point(t, value_of(t, first));
    r = interval_domain.join(r, point(t, value_of(t, last)));
    /* Infinities end the finite encodings; what follows them is NaN. */
    if (isnan(value_of(t, last)) && !isnan(value_of(t, first))) r.flags |= RANGE_BAD;
    return r;
}

static void unary(Tally *tally, Primitive p, DType t, int block_bits) {
    uint64_t count = t == DTYPE_F32 ? (uint64_t)1 << 32 : 1 << 16;
    uint64_t block = (uint64_t)1 << block_bits, each = t == DTYPE_F32 ? 8 : 1;
    for (uint64_t first = 0; first < count; first += block) {
        Range range = stretch(t, (uint32_t)first, (uint32_t)(first + block - 1));
        Case near = case_of(p, t, &range);
        for (uint64_t bits = first; bits < first + block; bits++) {
            const Cell args[3] = {{.f = value_of(t, (uint32_t)bits)}, {.f = 0}, {.f = 0}};
            Cell result = eval_primitive(p, t, t, args);
            try(tally, &near, args, result);
            if (bits % each != 0) continue;
            Range own = point(t, args[0].f);
            Case alone = case_of(p, t, &own);
            try(tally, &alone, args, result);
        }
    }
}

static void pairs(Tally *tally, Primitive p, DType t) {
    for (uint32_t a = 0; a < 1u << 16; a++) {
        double x = value_of(t, a);
        for (uint32_t first = 0; first < 1u << 16; first += 64) {
            const Range ranges[2] = {point(t, x), stretch(t, first, first + 63)};
            Case near = case_of(p, t, ranges);
            for (uint32_t b = first; b < first + 64; b++) {
                const Cell args[3] = {{.f = x}, {.f = value_of(t, b)}, {.f = 0}};
                try(tally, &near, args, eval_primitive(p, t, t, args));
            }
        }
    }
}

static bool takes_floats(Primitive p, int arity) {
    PrimitiveClass class = primitive_info[p].class;
    return primitive_info[p].arity == arity && class != PRIMITIVE_CLASS_LOGIC &&
           class != PRIMITIVE_CLASS_CAST && class != PRIMITIVE_CLASS_SELECT &&
           class != PRIMITIVE_CLASS_INDEX;
}

static uint64_t run(const char *word) {
    uint64_t broken = 0;
    const char *only = strchr(word, ':');
    size_t length = only == NULL ? strlen(word) : (size_t)(only - word);
    bool by_pairs = length == strlen("f16-pairs") && strncmp(word, "f16-pairs", length) == 0;
    DType t = DTYPE_NONE;
    for (int i = DTYPE_F16; i <= DTYPE_F32; i++) {
        const char *spelling = dtype_info[i].spelling;
        size_t own = strlen(spelling);
        if (strncmp(word, spelling, own) == 0 && (own == length || by_pairs)) t = (DType)i;
    }
    if (t == DTYPE_NONE) {
        printf("unknown: %s (f16, bf16, f32, f16-pairs, each with :primitive)\n", word);
        return 1;
    }
    for (int p = 0; p < PRIMITIVE_COUNT; p++) {
        Tally tally = {0, 0};
        if (!takes_floats((Primitive)p, by_pairs ? 2 : 1)) continue;
        if (only != NULL && strcmp(only + 1, primitive_info[p].spelling) != 0) continue;
        if (by_pairs)
            pairs(&tally, (Primitive)p, t);
        else
            unary(&tally, (Primitive)p, t, t == DTYPE_F32 ? 12 : 5);
        printf("%-10s %-8s %llu trials, %llu broken\n", word, primitive_info[p].spelling,
               (unsigned long long)tally.trials, (unsigned long long)tally.broken);
        fflush(stdout);
        broken += tally.broken;
    }
    return broken;
}

int main(int argc, char **argv) {
    uint64_t broken = 0;
    for (int i = 1; i < argc; i++) broken += run(argv[i]);
    return broken == 0 ? 0 : 1;
}
