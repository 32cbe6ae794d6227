/* Random graphs of every operator, loops in loops included, through the code generator: native code
 * gives what the evaluator gives, bit for bit. */
#include "tests/unit/backend/codegen_support.h"

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
