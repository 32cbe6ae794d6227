/* Ranges of every value, and reports with their exact text. */
#include "frontend/lower.h"
#include "passes/pass.h"
#include "tests/unit/golden.h"
#include "tests/unit/support.h"

static void check(Ctx *cx, Source *source, Buf *out, bool print) {
    static const AnalysisOptions options = {ANALYSIS_FULL, .training = true};
    static const LowerOptions lowering = {0};
    Models models = lower_file(cx, parse_file(cx, source), &lowering);
    for (uint32_t i = 0; i < models.list.count; i++) {
        const Facts *facts = analyse(cx, models.list.data[i], &options, NULL, false, out);
        if (print) facts_print(facts, out);
    }
}

static void print_ranges(Ctx *cx, Source *source, Buf *out) {
    check(cx, source, out, true);
}
static void print_reports(Ctx *cx, Source *source, Buf *out) {
    check(cx, source, out, false);
}

Test(golden, range) {
    golden_run("range", print_ranges);
    NNA_CHECK_LEAKS();
}

Test(golden, numeric) {
    golden_run("numeric", print_reports);
    NNA_CHECK_LEAKS();
}
