/* Partitions: groups of terms against random sums, and random graphs of what makes, moves and uses
 * parts against the evaluator (tests/random/trial.h), for sizes that are symbolic, 1 too. */
#include "frontend/lower.h"
#include "ir/build.h"
#include "passes/partition.h"
#include "tests/random/sizes.h"
#include "tests/random/trial.h"
#include "tests/unit/support.h"

#include <stdio.h>

/* Groups of terms. */

enum { MOST_GROUPS = 5, MOST_TERMS = 200 };

typedef struct Terms {
    TermGroup groups[MOST_GROUPS];
    uint32_t group_count, count;
    Cell cells[MOST_TERMS];
    bool bad; /* one is NaN or infinite */
} Terms;

static void draw_groups(Random *r, DType t, Terms *terms) {
    terms->group_count = 1 + random_below(r, MOST_GROUPS);
    for (uint32_t i = 0; i < terms->group_count; i++) {
        uint32_t low = random_below(r, 4), more = random_below(r, 2) ? 0 : random_below(r, 30);
        Range x = random_range(r, t);
        if (random_below(r, 3) == 0 && t != DTYPE_BOOL) x = range_make(t, 1, 1 + 2 * i, 0);
        terms->groups[i] = (TermGroup){x, low, low + more};
    }
}

/* False where a group has no such term. */
static bool draw_terms(Random *r, DType t, Terms *terms) {
    terms->count = 0;
    terms->bad = false;
    for (uint32_t i = 0; i < terms->group_count; i++) {
        const TermGroup *g = &terms->groups[i];
        uint32_t count = (uint32_t)g->low + random_below(r, (uint32_t)(g->high - g->low) + 1);
        bool alike = random_below(r, 2) == 0;
        for (uint32_t k = 0; k < count; k++) {
            Cell *cell = &terms->cells[terms->count++];
            if (!random_inside(r, t, g->term, cell)) return false;
            if (alike && k > 0) *cell = cell[-1];
            terms->bad = terms->bad || (dtype_is_float(t) && !isfinite(cell->f));
        }
    }
    for (uint32_t i = 0; i + 1 < terms->count; i++) { /* in any order */
        uint32_t other = i + random_below(r, terms->count - i);
        Cell cell = terms->cells[i];
        terms->cells[i] = terms->cells[other];
        terms->cells[other] = cell;
    }
    return terms->count > 0;
}

static uint32_t law_groups(Combiner combine, DType t, Random *r, uint32_t trials) {
    uint32_t broken = 0, tried = 0;
    for (uint32_t trial = 0; trial < trials; trial++) {
        Terms terms;
        Answer overflow;
        draw_groups(r, t, &terms);
        Range got = interval_domain.combine_groups(combine, t, terms.group_count, terms.groups,
                                                   &overflow);
        for (int run = 0; run < 5; run++) {
            if (!draw_terms(r, t, &terms)) continue;
            tried++;
            Cell x = random_tree(r, combiner_primitive(combine), t, terms.cells, terms.count);
            bool overflows = !terms.bad && dtype_is_float(t) && !isfinite(x.f);
            bool held = range_holds_cell(got, t, x) && !(overflows && overflow == ANSWER_NEVER);
            if (held || broken++ > 1) continue;
            fprintf(stderr, "combiner %d, %s: %a outside of [%a, %a] %x\n", combine,
                    dtype_info[t].spelling, cell_double(t, x), got.low, got.high, got.flags);
        }
    }
    cr_expect_gt(tried, trials / 2);
    return broken;
}

Test(partition, groups) {
    Random r = {21};
    for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
        for (int combine = COMBINE_SUM; combine <= COMBINE_ANY; combine++) {
            bool logical = combine == COMBINE_ALL || combine == COMBINE_ANY;
            if (logical != (t == DTYPE_BOOL)) continue;
            cr_expect_eq(law_groups((Combiner)combine, (DType)t, &r, 400), 0);
        }
    }
    NNA_CHECK_LEAKS();
}

/* A sum of groups is closer than that of the hull, and one that fits is seen to fit. */
Test(partition, groups_are_closer) {
    const TermGroup groups[2] = {{range_make(DTYPE_F32, 1, 2, 0), 4, 4},
                                 {range_make(DTYPE_F32, -1, 0, 0), 3, 3}};
    Answer overflow;
    Range r = interval_domain.combine_groups(COMBINE_SUM, DTYPE_F32, 2, groups, &overflow);
    cr_expect(r.low > 0.9999 && r.high < 8.0001, "%g %g", r.low, r.high);
    cr_expect_eq(overflow, ANSWER_NEVER);
    r = interval_domain.combine_groups(COMBINE_MAX, DTYPE_F32, 2, groups, &overflow);
    cr_expect(r.low == 1 && r.high == 2, "%g %g", r.low, r.high);
    r = interval_domain.combine_groups(COMBINE_MIN, DTYPE_F32, 2, groups, &overflow);
    cr_expect(r.low == -1 && r.high == 0, "%g %g", r.low, r.high);
    NNA_CHECK_LEAKS();
}

/* Graphs of matrices whose dimensions are few, so that they fit each other. */

enum { MOST_VALUES = 60 };

typedef struct Maker {
    Graph *g;
    Random *r;
    OriginId origin;
    DimId dims[5];
    Value pool[MOST_VALUES];
    uint32_t count;
} Maker;

static uint32_t draw(Maker *m, uint32_t bound) {
    return random_below(m->r, bound);
}

static void keep(Maker *m, Value v) {
    if (!ir_is_poison(v) && m->count < MOST_VALUES) m->pool[m->count++] = v;
}

/* A value of the type; of the late ones more often, since those have parts. */
static Value pick(Maker *m, DType type) {
    for (int tries = 0; tries < 40; tries++) {
        uint32_t back = draw(m, draw(m, 2) ? 6 : m->count);
        Value v = m->pool[back < m->count ? m->count - 1 - back : 0];
        if (ir_node(m->g, v)->dtype == type) return v;
    }
    return m->pool[type == DTYPE_I64 ? 1 : 0];
}

static Value make(Maker *m, Op op, uint32_t count, const Value *operands, const Attr *attrs) {
    Attr none[OP_MAX_ATTRS] = {{0}};
    return build_op(m->g, op, count, operands, attrs == NULL ? none : attrs, m->origin, NULL);
}

static DimId number(Maker *m, int64_t value) {
    return dim_constant(m->g->dims, value);
}

/* Somewhere in a dimension. */
static DimId position(Maker *m, DimId extent) {
    DimId some = m->dims[draw(m, 5)];
    switch (draw(m, 8)) {
    case 0:
    case 1: return number(m, 0);
    case 2:
    case 3: return extent;
    case 4: return dim_sub(m->g->dims, extent, number(m, 1));
    case 5:
    case 6: return number(m, 1 + draw(m, 2));
    default: return draw(m, 2) ? some : dim_sub(m->g->dims, extent, some);
    }
}

static void add_input(Maker *m, DType type) {
    char text[16];
    const DimId dims[2] = {m->dims[draw(m, 5)], m->dims[draw(m, 5)]};
    snprintf(text, sizeof text, "x%u", m->count);
    Contract c = {.kind = CONTRACT_INTERVAL, .low = -1, .high = 1};
    double low = (double)draw(m, 5) - 2;
    if (draw(m, 3) > 0) c = (Contract){CONTRACT_INTERVAL, .low = low, .high = low + draw(m, 3)};
    keep(m, build_input(m->g, names_intern_text(&m->g->cx->names, text), SPAN_NONE, type,
                        build_shape(m->g, SPAN_NONE, 2, dims), build_contract(m->g, c), m->origin));
}

static void add_concat(Maker *m, DType type) {
    Value parts[3] = {pick(m, type), pick(m, type), pick(m, type)};
    const Attr axis = attr_integer(draw(m, 2));
    keep(m, make(m, OP_CONCAT, 2 + draw(m, 2), parts, &axis));
}

static void add_slice(Maker *m, DType type) {
    Value x = pick(m, type);
    Shape shape = ir_shape(m->g, x);
    DimId begin[MAX_RANK], end[MAX_RANK];
    int64_t step[MAX_RANK];
    for (uint8_t i = 0; i < shape.rank; i++) {
        begin[i] = draw(m, 2) ? number(m, 0) : position(m, shape.dims[i]);
        end[i] = draw(m, 2) ? shape.dims[i] : position(m, shape.dims[i]);
        step[i] = draw(m, 3) == 0 ? 2 : 1;
    }
    const Attr attrs[3] = {attr_dims(m->g, shape.rank, begin), attr_dims(m->g, shape.rank, end),
                           attr_integers(m->g, shape.rank, step)};
    keep(m, make(m, OP_SLICE, 1, &x, attrs));
}

static void add_pad(Maker *m, DType type) {
    Value x = pick(m, type);
    Shape shape = ir_shape(m->g, x);
    DimId before[MAX_RANK], behind[MAX_RANK];
    int64_t interior[MAX_RANK];
    for (uint8_t i = 0; i < shape.rank; i++) {
        before[i] = draw(m, 3) ? number(m, (int64_t)draw(m, 4) - 1) : m->dims[draw(m, 5)];
        behind[i] = draw(m, 3) ? number(m, (int64_t)draw(m, 4) - 1) : m->dims[draw(m, 5)];
        interior[i] = draw(m, 6) == 0;
    }
    const Attr attrs[4] = {attr_dims(m->g, shape.rank, before),
                           attr_dims(m->g, shape.rank, behind), attr_real((double)draw(m, 4)),
                           attr_integers(m->g, shape.rank, interior)};
    keep(m, make(m, OP_PAD, 1, &x, attrs));
}

/* Transposed, flipped, or in another shape. */
static void add_turned(Maker *m, DType type) {
    Value x = pick(m, type);
    Shape shape = ir_shape(m->g, x);
    const int64_t turned[2] = {1, 0}, axis = draw(m, 2);
    DimId dims[4] = {m->dims[draw(m, 5)], number(m, -1), number(m, 2), number(m, 1)};
    uint32_t rank = 1 + draw(m, 4);
    Attr attr = attr_dims(m->g, rank, rank == 1 ? &dims[1] : dims);
    if (draw(m, 3) == 0 && shape.rank > 1) { /* halves, or doubles, the last dimension */
        dims[0] = shape.dims[0];
        attr = attr_dims(m->g, 3, dims);
        if (draw(m, 2)) dims[2] = dim_floor_div(m->g->dims, shape.dims[1], number(m, 2));
    }
    uint32_t kind = draw(m, 4);
    if (kind == 0) attr = attr_integers(m->g, 2, turned);
    if (kind == 1) attr = attr_integers(m->g, 1, &axis);
    keep(m, make(m, kind == 0 ? OP_TRANSPOSE : kind == 1 ? OP_FLIP : OP_RESHAPE, 1, &x, &attr));
}

static void add_formula(Maker *m, DType type) {
    static const Op binary[] = {OP_ADD, OP_SUB, OP_MUL, OP_MAXIMUM, OP_DIV, OP_LESS, OP_EQUAL};
    static const Op unary[] = {OP_LOG, OP_SQRT, OP_EXP, OP_NEG, OP_RECIPROCAL, OP_ABS};
    Value x = pick(m, type), operands[3] = {x, pick(m, type), x};
    bool one = type == DTYPE_F32 && draw(m, 2) == 0;
    if (draw(m, 3) == 0) operands[1] = build_scalar(m->g, type, draw(m, 3), m->origin);
    Value v = make(m, one ? unary[draw(m, 6)] : binary[draw(m, 7)], one ? 1 : 2, operands, NULL);
    if (!ir_is_poison(v) && ir_node(m->g, v)->dtype == DTYPE_BOOL) {
        const Value choice[3] = {v, operands[0], operands[1]};
        v = make(m, OP_WHERE, 3, choice, NULL);
    }
    keep(m, v);
}

static void add_combination(Maker *m, DType type) {
    static const char *const names[] = {"sum", "max", "min", "prod", "mean"};
    Value x = pick(m, type), both[2] = {x, pick(m, type)};
    int64_t axis = draw(m, 2);
    const Attr attrs[2] = {attr_integers(m->g, 1, &axis), attr_boolean(draw(m, 3) > 0)};
    Op op = op_find(names[draw(m, type == DTYPE_F32 ? 5 : 4)]);
    keep(m, draw(m, 3) == 0 ? make(m, OP_MATRIX_PRODUCT, 2, both, NULL)
                            : make(m, op, 1, &x, attrs));
}

static void add_indirect(Maker *m, DType type) {
    Value x = pick(m, type), index = pick(m, DTYPE_I64);
    const Value operands[3] = {x, index, pick(m, type)};
    Attr attrs[2] = {attr_integer(draw(m, 2)), {.kind = ATTR_WORD}};
    attrs[1].as.integer = draw(m, 3); /* of scattering: none, add, mul */
    switch (draw(m, 5)) {
    case 0: keep(m, make(m, OP_GATHER, 2, operands, attrs)); return;
    case 1: keep(m, make(m, OP_TAKE_ALONG, 2, operands, attrs)); return;
    case 2: keep(m, make(m, OP_SCATTER, 3, operands, attrs)); return;
    case 3: keep(m, make(m, OP_SCATTER_SLICES, 3, operands, attrs)); return;
    default: attrs[0] = attr_integer(0); keep(m, make(m, OP_GATHER_ND, 2, operands, attrs));
    }
}

static void add_iota(Maker *m) {
    const DimId dims[2] = {m->dims[draw(m, 5)], m->dims[draw(m, 5)]};
    const Attr shape = attr_dims(m->g, 1 + draw(m, 2), dims);
    keep(m, make(m, OP_IOTA, 0, NULL, &shape));
}

static void (*const adders[])(Maker *, DType) = {
    add_concat,  add_concat,      add_slice,    add_slice,   add_pad,
    add_turned,  add_formula,     add_formula,  add_formula, add_combination,
    add_indirect,
};

static void make_graph(Maker *m) {
    static const char *const names[] = {"D1", "D3", "D4"};
    for (int i = 0; i < 3; i++) {
        Name name = names_intern_text(&m->g->cx->names, names[i]);
        m->dims[i] = dim_variable(m->g->dims, name, 1, 9);
    }
    m->dims[3] = number(m, 2);
    m->dims[4] = number(m, 1 + draw(m, 4));
    add_input(m, DTYPE_F32);
    add_input(m, DTYPE_I64);
    for (int i = 0; i < 4; i++) add_input(m, draw(m, 4) ? DTYPE_F32 : DTYPE_I64);
    for (int i = 0; i < 14; i++) {
        DType type = draw(m, 4) ? DTYPE_F32 : DTYPE_I64;
        if (draw(m, 12) == 0) add_iota(m);
        else adders[draw(m, sizeof adders / sizeof *adders)](m, type);
    }
}

/* A graph of its own context. */
static Maker begin_graph(Random *r) {
    Ctx *cx = test_ctx();
    cx->limits.elements = 4096;
    Graph *g = graph_new(cx, names_intern_text(&cx->names, "Parts"), SPAN_NONE);
    Maker m = {.g = g, .r = r, .origin = build_origin(g, SPAN_NONE, NAME_NONE, (OriginId){0})};
    make_graph(&m);
    return m;
}

static Trial examine(Random *r, uint32_t rounds) {
    Trial sum = {0};
    for (uint32_t round = 0; round < rounds; round++) {
        Maker m = begin_graph(r);
        Trial t = {.cx = m.g->cx, .g = m.g, .random = {random_next(r)}};
        trial_examine(&t, sizes_by_name(m.g), 4);
        sum.elements += t.elements;
        sum.in_parts += t.in_parts;
        sum.events += t.events;
        sum.proved += t.proved;
        sum.broken += t.broken;
        ctx_free(t.cx);
    }
    return sum;
}

Test(partition, random_graphs) {
    Random r = {31};
    Trial sum = examine(&r, 700);
    cr_expect_eq(sum.broken, 0);
    cr_expect(sum.in_parts > 10000 && sum.events > 100 && sum.proved > 500,
              "%u elements, %u of them in parts, %u events, %u proved", sum.elements, sum.in_parts,
              sum.events, sum.proved);
    NNA_CHECK_LEAKS();
}

/* Parts take nothing back that is known without them, and say something that is not. */
Test(partition, closer_than_the_whole) {
    static const AnalysisOptions with = {ANALYSIS_FULL};
    AnalysisOptions without = with;
    without.partitions = false;
    Random r = {41};
    uint32_t closer = 0, proved = 0;
    for (int round = 0; round < 300; round++) {
        Maker m = begin_graph(&r);
        const Facts *parts = analyse(m.g->cx, m.g, &with, NULL, false, NULL);
        const Facts *whole = analyse(m.g->cx, m.g, &without, NULL, false, NULL);
        for (uint32_t id = 1; id < m.g->nodes.count; id++) {
            Range a = parts->range[id], b = whole->range[id];
            cr_expect(interval_domain.leq(a, b), "round %d, %%%u: [%g, %g] %x, without [%g, %g] %x",
                      round, id, a.low, a.high, a.flags, b.low, b.high, b.flags);
            closer += !interval_domain.leq(b, a);
        }
        cr_expect_geq(parts->proved, whole->proved);
        proved += parts->proved - whole->proved;
        ctx_free(m.g->cx);
    }
    cr_expect(closer > 50 && proved > 0, "%u are closer, %u more proved", closer, proved);
    NNA_CHECK_LEAKS();
}

/* Of what has too many parts some are told apart, and a note says so where something is found. */
Test(partition, budget) {
    static const char text[] =
        "nna 1\n"
        "model Many(x: f32[16, 16] in [0, 1]) -> (y: f32[16, 16], z: f32[16, 16]) {\n"
        "  let h = x + arange(0, 16) + reshape(arange(0, 16), [16, 1]) + 1.0\n"
        "  let y = for i in 0..12000 with h = h { yield -h }\n"
        "  return y, log(x)\n"
        "}\n";
    static const LowerOptions lowering = {0};
    static const AnalysisOptions options = {ANALYSIS_FULL};
    Ctx *cx = test_ctx();
    Source *source = source_add(cx, "many.nna", text, sizeof text - 1);
    Models models = lower_file(cx, parse_file(cx, source), &lowering);
    cr_assert_eq(models.list.count, 1, "%s", test_reports(cx));
    const Facts *facts = analyse(cx, models.list.data[0], &options, NULL, false, NULL);
    uint32_t last = models.list.data[0]->nodes.count - 1, some = 0, none = 0;
    for (uint32_t id = last - 2000; id < last; id++) none += facts->parts[id] == NULL;
    for (uint32_t id = 1; id < 2000; id++) some += facts->parts[id] != NULL;
    cr_expect(some > 1000 && none > 1000, "%u early ones have parts, %u late ones have not", some,
              none);
    cr_expect(strstr(test_reports(cx), "parts of tensors are not told apart") != NULL, "%s",
              test_reports(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Past 16 parts those become one that are most alike. */
Test(partition, folded) {
    Ctx *cx = test_ctx();
    Graph *g = graph_new(cx, names_intern_text(&cx->names, "Folded"), SPAN_NONE);
    const PartSpace space = {g->dims, &interval_domain, &cx->module};
    PartList list = {.count = 1};
    list.part[0] = (Part){.begin = dim_constant(g->dims, 0), .end = dim_constant(g->dims, 40),
                          .range = interval_domain.bottom(DTYPE_F32)};
    for (int i = 0; i < 40; i++) { /* two kinds of parts, each of numbers near to each other */
        double at = i % 20 < 10 ? i * 0.01 : 1000 + i;
        Part add = {.begin = dim_constant(g->dims, i), .end = dim_constant(g->dims, i + 1),
                    .range = range_make(DTYPE_F64, at, at, 0)};
        parts_write(&space, DTYPE_F64, &list, &add);
    }
    parts_simplify(&space, &list);
    cr_expect(list.count > 4 && list.count <= PARTITION_MAX_PARTS, "%u", list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        Range r = list.part[i].range;
        cr_expect(r.high - r.low < 20, "part %u is [%g, %g]", i, r.low, r.high);
        cr_expect(i == 0 || dim_is(list.part[i - 1].end, list.part[i].begin));
    }
    cr_expect(dim_is(list.part[list.count - 1].end, dim_constant(g->dims, 40)));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
