/* Loop nests: over random nodes of every operator, each element of the result is written once, and
 * again only by a nest that writes over what is there; no operand is read outside unless its access
 * may leave. */
#include "ir/nest.h"

#include "ir/verify.h"
#include "tests/unit/ir/examples.h"

#include <stdlib.h>

enum { TRIALS = 40, MOST_ELEMENTS = 1 << 16 };

typedef struct Run {
    const Graph *g;
    const int64_t *values;
    const Nest *nest;
    const char *what;
    int64_t extent[NEST_MAX_LOOPS], at[NEST_MAX_LOOPS];
    int64_t step; /* what an operand says that the result is written at */
} Run;

static int64_t value_of(const Run *r, DimId d) {
    int64_t value;
    cr_assert(dim_evaluate(r->g->dims, d, r->values, &value), "%s", r->what);
    return value;
}

/* Row-major position in a tensor; -1: outside, where that is allowed. */
static int64_t position(const Run *r, const Access *access, Shape shape) {
    bool steps = access == &r->nest->out && !r->nest->over; /* else what is given counts as 0 */
    int64_t position = 0, all = 1;
    for (uint8_t i = 0; i < shape.rank; i++) all *= value_of(r, shape.dims[i]);
    cr_assert_eq(access->rank, access->flat ? 1 : shape.rank, "%s", r->what);
    for (uint8_t i = 0; i < access->rank; i++) {
        const Index *index = &access->index[i];
        int64_t extent = access->flat ? all : value_of(r, shape.dims[i]);
        int64_t at = steps && index->from != 0 ? r->step : value_of(r, index->offset);
        for (uint8_t k = 0; k < index->term_count; k++) {
            cr_assert_lt(index->term[k].loop, r->nest->loops, "%s", r->what);
            at += index->term[k].coefficient * r->at[index->term[k].loop];
        }
        if (at < 0 || at >= extent) {
            cr_assert(index->may_leave, "%s leaves: %d of %d", r->what, (int)at, (int)extent);
            return -1;
        }
        position = position * extent + at;
    }
    return position;
}

static bool advance(Run *r, uint8_t from, uint8_t to) {
    while (to-- > from) {
        if (++r->at[to] < r->extent[to]) return true;
        r->at[to] = 0;
    }
    return false;
}

/* Counts in *reads what one nest reads, and in *inside what of that is there. Nest number `part`
 * writes an element once, and over another's where it says so; where an index says where, any. */
static void walk(Run *r, Value v, uint32_t part, uint32_t *written, int64_t *reads,
                 int64_t *inside) {
    const Nest *nest = r->nest;
    bool indirect = false;
    for (uint8_t d = 0; d < nest->out.rank; d++) {
        indirect = indirect || (nest->over && nest->out.index[d].from != 0);
    }
    for (uint8_t l = 0; l < nest->loops; l++) {
        r->extent[l] = value_of(r, nest->extent[l]);
        r->at[l] = 0;
        cr_assert_gt(r->extent[l], 0, "%s", r->what);
    }
    do {
        int64_t out = position(r, &nest->out, ir_shape(r->g, v));
        cr_assert_geq(out, 0, "%s", r->what);
        bool earlier = written[out] != 0 && (indirect || written[out] != part + 1);
        cr_assert_eq(earlier, nest->over, "%s: element %d, nest %u", r->what, (int)out, part);
        cr_assert(indirect || written[out] != part + 1, "%s: element %d twice", r->what, (int)out);
        written[out] = part + 1;
        do {
            for (uint8_t k = 0; k < nest->operand_count; k++) {
                if (nest->operand[k] == NEST_RESULT) continue;
                Value x = ir_operand(r->g, v, nest->operand[k]);
                ++*reads;
                *inside += position(r, &nest->access[k], ir_shape(r->g, x)) >= 0;
            }
        } while (advance(r, nest->outer, nest->loops));
    } while (advance(r, 0, nest->outer));
}

static void check(Graph *g, Value v) {
    Run run = {.g = g, .values = sizes_by_name(g)};
    Nest *nest = ARENA_NEW(&g->cx->module, Nest);
    Buf text = buf_make(&g->cx->module);
    buf_printf(&text, "%s %s", op_info[ir_node(g, v)->op].spelling,
               shape_text(g, ir_node(g, v)->shape));
    run.what = buf_text(&text);
    run.nest = nest;
    int64_t all = 1, reads = 0, inside = 0;
    Shape shape = ir_shape(g, v);
    for (uint8_t i = 0; i < shape.rank; i++) all *= value_of(&run, shape.dims[i]);
    cr_assert(all > 0 && all < MOST_ELEMENTS, "%s", run.what);
    uint32_t *written = ARENA_ARRAY(&g->cx->module, uint32_t, (size_t)all);
    for (uint32_t i = 0; i < nest_count(g, v); i++) {
        nest_make(g, v, i, nest);
        int64_t steps = 1;
        for (uint8_t d = 0; d < nest->out.rank; d++) {
            if (nest->out.index[d].from != 0) steps = value_of(&run, shape.dims[d]);
        }
        for (run.step = 0; run.step < steps; run.step++) {
            walk(&run, v, i, written, &reads, &inside);
        }
    }
    if (nest_count(g, v) == 0) return;
    for (int64_t i = 0; i < all; i++) {
        cr_assert_neq(written[i], 0, "%s: element %d is not written", run.what, (int)i);
    }
    if (reads > 0) cr_assert_gt(inside, 0, "%s", run.what);
    cr_assert_leq(inside, reads);
}

Test(nest, every_row) {
    for (int symbolic = 0; symbolic < 2; symbolic++) {
        for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
            Ctx *cx = test_ctx();
            uint32_t made = 0;
            for (uint64_t i = 0; i < TRIALS; i++) {
                Examples e = {.g = graph_new(cx, NAME_NONE, SPAN_NONE), .symbolic = symbolic != 0};
                e.state = (uint64_t)op * 1000 + i;
                Value v = example_make(&e, (Op)op);
                if (ir_is_poison(v) || !ir_rules_hold(e.g, sizes_by_name(e.g))) continue;
                Buf broken = buf_make(&cx->session);
                cr_assert(ir_verify(e.g, &broken), "%s: %s", op_info[op].spelling,
                          buf_text(&broken));
                check(e.g, v);
                made++;
            }
            cr_assert_gt(made, TRIALS / 3, "%s: %u made\n%s", op_info[op].spelling, made,
                         test_reports_short(cx));
            ctx_free(cx);
        }
    }
    NNA_CHECK_LEAKS();
}

/* One loop where shapes agree; a scalar has no term; no loop for one group. */
Test(nest, forms) {
    Ctx *cx = test_ctx();
    Examples e = {.g = graph_new(cx, NAME_NONE, SPAN_NONE)};
    DimTable *t = e.g->dims;
    DimId n = dim_variable(t, names_intern_text(&cx->names, "N"), 1, 100);
    DimId four = dim_constant(t, 4);
    Value x = example_source(&e, DTYPE_F32, 2, (DimId[]){n, four});
    Value row = example_source(&e, DTYPE_F32, 1, (DimId[]){four});
    Value two = build_scalar(e.g, DTYPE_F32, 2, example_origin(&e));
    Nest *nest = ARENA_NEW(&cx->module, Nest);
    Value flat = build_op(e.g, OP_ADD, 2, (Value[]){x, two}, NULL, example_origin(&e), NULL);
    nest_make(e.g, flat, 0, nest);
    cr_expect(nest->out.flat && nest->loops == 1 && nest->access[0].flat);
    cr_expect_eq(nest->extent[0].id, dim_mul(t, n, four).id);
    cr_expect_eq(nest->access[1].index[0].term_count, 0);
    Value bias = build_op(e.g, OP_ADD, 2, (Value[]){x, row}, NULL, example_origin(&e), NULL);
    nest_make(e.g, bias, 0, nest);
    cr_expect(!nest->out.flat && nest->outer == 2 && nest->loops == 2);
    cr_expect_eq(nest->access[1].index[0].term[0].loop, 1);
    DimId eight = dim_constant(t, 8), three = dim_constant(t, 3);
    Value image = example_source(&e, DTYPE_F16, 4, (DimId[]){n, four, eight, eight});
    Value weight = example_source(&e, DTYPE_F16, 4, (DimId[]){eight, four, three, three});
    Attr attrs[OP_MAX_ATTRS] = {{.kind = ATTR_NONE}};
    attrs[1] = attr_integer(1);
    Value conv = build_op(e.g, OP_CONVOLUTION, 2, (Value[]){image, weight}, attrs,
                          example_origin(&e), NULL);
    nest_make(e.g, conv, 0, nest);
    cr_expect(nest->outer == 4 && nest->loops == 7, "%u %u", nest->outer, nest->loops);
    cr_expect(nest->access[0].index[2].may_leave && !nest->access[1].index[2].may_leave);
    cr_expect_eq(nest->accumulator, DTYPE_F32);
    cr_expect_eq(cx->diags.list.count, 0, "%s", test_reports_short(cx));
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
