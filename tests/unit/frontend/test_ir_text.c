/* What --emit=ir writes is read back to the same graph, for every model of the corpus that can be
 * lowered, and is sound. */
#include "tests/unit/golden.h"
#include "tests/unit/support.h"

#include "frontend/lower.h"
#include "ir/text.h"
#include "ir/verify.h"

static void check_graph(Ctx *cx, const Graph *g, const char *path) {
    Buf once = buf_make(&cx->session), again = buf_make(&cx->session);
    Buf broken = buf_make(&cx->session);
    ir_print(g, &once);
    Graph *copy = ir_read(cx, source_add(cx, "graph.ir", buf_text(&once), once.length));
    cr_assert_not_null(copy, "%s cannot be read back:\n%s", path, test_reports_short(cx));
    cr_expect(ir_verify(copy, &broken), "%s: %s", path, buf_text(&broken));
    ir_print(copy, &again);
    cr_expect(once.length == again.length &&
                  memcmp(buf_text(&once), buf_text(&again), once.length) == 0,
              "%s: read back, the graph is another one", path);
}

Test(ir_text, corpus_is_read_back, .timeout = 300) {
    Ctx *all = test_ctx();
    TestFiles files = test_files(all, "corpus", ".nna");
    uint32_t graphs = 0;
    for (uint32_t i = 0; i < files.paths.count; i++) {
        Ctx *cx = test_ctx();
        size_t length = 0;
        const char *path = files.paths.data[i];
        const char *text = test_read(cx, path, &length);
        Source *source = source_add(cx, path, text, length);
        Models models = lower_file(cx, parse_file(cx, source), NULL);
        bool clean = cx->diags.errors == 0;
        for (uint32_t k = 0; clean && k < models.list.count; k++, graphs++) {
            check_graph(cx, models.list.data[k], path);
        }
        ctx_free(cx);
    }
    cr_expect_gt(graphs, 150, "only %u graphs", graphs);
    ctx_free(all);
    NNA_CHECK_LEAKS();
}
