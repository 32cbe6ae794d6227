/* Graphs in a narrower type: what they keep, and that the analysis of them is sound. */
#include "frontend/lower.h"
#include "ir/retype.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/random/graph.h"
#include "tests/random/trial.h"
#include "tests/unit/support.h"

static Graph *narrowed(Ctx *cx, Graph *g, DType to, const bool *kept) {
    Data *narrow = ARENA_ARRAY(&cx->session, Data, g->data.count);
    Retyped r = retype(g, to, g->nodes.count, kept, narrow);
    if (r.graph == NULL) return NULL;
    Buf broken = buf_make(&cx->session);
    cr_expect(ir_verify(r.graph, &broken), "%s", buf_text(&broken));
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const Node *old = &g->nodes.data[id], *new = ir_node(r.graph, r.value[id]);
        cr_expect_eq(r.made_of[r.value[id].id], id);
        cr_expect_eq(old->op, new->op);
        bool narrows = retype_narrows(old->dtype, to);
        cr_expect(new->dtype == old->dtype || (narrows && new->dtype == to));
        bool computes = op_info[old->op].type != TYPE_SOURCE && !op_carries(old->op);
        if (computes && !kept[id] && g->regions.count == 1) {
            cr_expect_eq(new->dtype, narrows ? to : old->dtype);
        }
    }
    return r.graph;
}

/* Random graphs, all of them or parts narrowed, against the evaluator. */
Test(retype, random_graphs) {
    Trial sum = {0};
    Random random = {21};
    uint32_t made = 0;
    for (uint32_t round = 0; round < 200; round++) {
        Ctx *cx = test_ctx();
        cx->limits.elements = 4096;
        Bytes bytes = {.state = 1 + random_next(&random)};
        Graph *g = random_graph(cx, &bytes, 24);
        bool *kept = ARENA_ARRAY(&cx->session, bool, g->nodes.count);
        for (uint32_t id = 1; id < g->nodes.count && round % 2 == 1; id++) {
            kept[id] = random_below(&random, 2) == 0;
        }
        DType to = random_below(&random, 2) == 0 ? DTYPE_F16 : DTYPE_BF16;
        Trial t = {.cx = cx, .g = narrowed(cx, g, to, kept), .random = {random_next(&random)}};
        if (t.g != NULL) {
            made++;
            trial_examine(&t, sizes_by_name(t.g), 3);
        }
        sum.elements += t.elements;
        sum.events += t.events;
        sum.broken += t.broken;
        ctx_free(cx);
    }
    cr_expect_eq(sum.broken, 0);
    cr_expect(made == 200 && sum.elements > 5000 && sum.events > 20, "%u graphs, %u elements, %u",
              made, sum.elements, sum.events);
    NNA_CHECK_LEAKS();
}
