/* Random graphs of every operator, loops in loops included, through the code generator: native code
 * gives what the evaluator gives, bit for bit. */
#include "tests/unit/backend/codegen_support.h"

#include "passes/pass.h"
#include "tests/random/graph.h"
#include "tests/unit/passes/laws.h"

/* Parameters get numbers; false where a shape is not known, so that they cannot. */
static bool bind_parameters(Graph *g, Random *random) {
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        Value v = g->parameters.data[i].value;
        Shape shape = ir_shape(g, v);
        DType t = ir_node(g, v)->dtype;
        int64_t count = 1, extent;
        for (uint8_t d = 0; d < shape.rank; d++) {
            if (!dim_is_constant(g->dims, shape.dims[d], &extent)) return false;
            count *= extent;
        }
        size_t size = (size_t)count * dtype_info[t].bytes;
        void *bytes = arena_alloc(&g->cx->module, 8, size);
        for (int64_t k = 0; k < count; k++) cell_store(t, bytes, k, random_value(random, t));
        build_bind(g, v, bytes, size);
    }
    return true;
}

static void fill(Graph *g, const Call *call, const int64_t *sizes, Random *random) {
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Value v = g->inputs.data[i];
        DType t = ir_node(g, v)->dtype;
        size_t count = bytes_of(g, v, sizes) / dtype_info[t].bytes;
        Range unit = range_make(t, dtype_is_float(t) ? -2 : 0, 2, 0);
        for (size_t k = 0; k < count; k++) {
            Cell cell = random_value(random, t);
            if (random_below(random, 3) > 0) random_inside(random, t, unit, &cell);
            cell_store(t, call->inputs[i], (int64_t)k, cell);
        }
    }
}

static uint32_t compare(const Graph *g, const EvalRun *run, const Call *call) {
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < g->results.count; i++) {
        const Tensor *t = &run->values[g->results.data[i].value.id];
        for (int64_t k = 0; k < t->count; k++) {
            Cell found = cell_load(t->dtype, call->outputs[i], k);
            if (cells_equal(t->dtype, found, t->cells[k])) continue;
            wrong++;
            fprintf(stderr, "result %u[%lld]: native %a %lld, evaluator %a %lld\n", i, (long long)k,
                    found.f, (long long)found.i, t->cells[k].f, (long long)t->cells[k].i);
            break;
        }
    }
    return wrong;
}

/* Every value that may be a result is one, so that all are compared. */
static void return_all(Graph *g) {
    g->results.count = 0;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        OpForm form = op_info[ir_node(g, v)->op].form;
        uint32_t region = ir_region_at(g, v);
        bool ends = region != 0 && g->regions.data[region].parent == 0 &&
                    id >= region_final(&g->regions.data[region], 0).id;
        if (form == FORM_SPECIAL || (region != 0 && !ends)) continue;
        build_result(g, g->name, v, (ContractId){0}, SPAN_NONE);
    }
}

Test(random, native_code_is_what_the_evaluator_says) {
    Random random = {2024};
    uint32_t compared = 0, loops = 0;
    for (uint32_t round = 0; compared < 40 && round < 200; round++) {
        Ctx *cx = test_ctx();
        cx->limits.elements = 4096;
        Bytes bytes = {.state = 1 + random_next(&random)};
        Graph *g = random_graph(cx, &bytes, 30);
        const int64_t *sizes = sizes_by_name(g);
        return_all(g);
        bool loop = g->regions.count > 1;
        if ((compared % 2 == 0 || loop) && ir_rules_hold(g, sizes) && bind_parameters(g, &random)) {
            CodegenRequest request = {.graph = g, .kind = EMIT_OBJECT, .guards = GUARDS_NONE};
            Native native = native_open(&request);
            Call call = call_make(g, &native, sizes);
            EvalRun run = {.arena = &cx->session, .dims = sizes};
            fill(g, &call, sizes, &random);
            evaluate(g, &run, &call);
            cr_expect_eq(native.model->run(&call.call), 0);
            cr_expect_eq(compare(g, &run, &call), 0, "round %u", round);
            native_close(&native);
            compared++;
            loops += loop;
        }
        ctx_free(cx);
    }
    cr_expect(compared == 40 && loops >= 15, "%u graphs, %u with loops", compared, loops);
    NNA_CHECK_LEAKS();
}

/* Inputs inside their ranges. */
static bool fill_inside(Graph *g, const Facts *facts, const Call *call, const int64_t *sizes,
                        Random *random) {
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Value v = g->inputs.data[i];
        DType t = ir_node(g, v)->dtype;
        size_t count = bytes_of(g, v, sizes) / dtype_info[t].bytes;
        Contract c = ir_contract_of(g, v);
        if (c.kind == CONTRACT_SIMPLEX || c.kind == CONTRACT_ONEHOT) return false;
        for (size_t k = 0; k < count; k++) {
            Cell cell;
            if (!random_inside(random, t, facts->range[v.id], &cell)) return false;
            cell_store(t, call->inputs[i], (int64_t)k, cell);
        }
    }
    return true;
}

static bool fails_at_a_guard(const EvalRun *run, const Facts *facts) {
    for (uint32_t i = 0; i < run->events.count; i++) {
        if (!facts_proved(facts, run->events.data[i].node, run->events.data[i].site)) return true;
    }
    return false;
}

/* What neither a result nor a check needs is no part of the code, and has no guard. */
static bool *needed(Graph *g) {
    bool *wanted = ARENA_ARRAY(&g->cx->session, bool, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Op op = (Op)g->nodes.data[id].op;
        if (op == OP_GUARD || op == OP_EXPECT) eval_want(g, (Value){id}, wanted);
    }
    for (uint32_t i = 0; i < g->results.count; i++) eval_want(g, g->results.data[i].value, wanted);
    return wanted;
}

/* NNA_RANDOM_GRAPHS: how many, for campaigns. */
static uint32_t wanted_graphs(uint32_t otherwise) {
    const char *text = getenv("NNA_RANDOM_GRAPHS");
    return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 10);
}

/* Only the guards of what is not proved are there: the code stops exactly in the runs in which the
 * evaluator meets a failure there, and else gives what it gives. */
Test(random, guarded_code_stops_where_the_evaluator_fails, .timeout = 0) {
    Random random = {4048};
    uint32_t graphs = wanted_graphs(12), compared = 0, stopped = 0, through = 0;
    for (uint32_t round = 0; compared < graphs && round < 20 * graphs; round++) {
        Ctx *cx = test_ctx();
        cx->limits.elements = 4096;
        cx->limits.witness_steps = 1;
        Bytes bytes = {.state = 1 + random_next(&random)};
        Graph *g = random_graph(cx, &bytes, 12);
        const int64_t *sizes = sizes_by_name(g);
        return_all(g);
        if (ir_rules_hold(g, sizes) && bind_parameters(g, &random) && g->inputs.count > 0) {
            const AnalysisOptions options = {ANALYSIS_FULL};
            const Facts *facts = analyse(cx, g, &options, NULL, false, NULL);
            CodegenRequest request = {
                .graph = g, .facts = facts, .kind = EMIT_OBJECT, .guards = GUARDS_UNPROVEN};
            Native native = native_open(&request);
            Call call = call_make(g, &native, sizes);
            bool *wanted = needed(g);
            for (int i = 0; i < 40 && fill_inside(g, facts, &call, sizes, &random); i++) {
                EvalRun run = {.arena = &cx->session, .dims = sizes, .wanted = wanted};
                evaluate(g, &run, &call);
                bool fails = fails_at_a_guard(&run, facts);
                bool stops = native.model->run(&call.call) != 0;
                cr_assert_eq(stops, fails, "round %u: guard %d", round, call.call.trip.guard);
                if (!fails) cr_expect_eq(compare(g, &run, &call), 0, "round %u", round);
                stopped += fails;
                through += !fails;
            }
            native_close(&native);
            compared++;
        }
        ctx_free(cx);
    }
    cr_expect(stopped > graphs && through > graphs, "%u stopped, %u through", stopped, through);
    NNA_CHECK_LEAKS();
}
