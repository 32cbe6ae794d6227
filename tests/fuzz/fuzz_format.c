/* libFuzzer harness: whatever can be read is laid out; the laws of tests/law/format_laws.h hold.
 *
 *     cmake --preset fuzz && cmake --build build/fuzz --target fuzz_format
 *     build/fuzz/tests/fuzz_format -max_total_time=600 -max_len=1024 -dict=tests/fuzz/nna.dict \
 *         corpus/ tests/fuzz/seeds tests/golden/ast tests/golden/format
 *
 * The limits are lowered, so that short inputs reach them. */
#include "tests/law/format_laws.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Ctx *cx = ctx_new();
    if (cx == NULL) abort();
    cx->limits.expression_depth = 24;
    cx->limits.block_depth = 6;
    const char *fault = format_fault(cx, (const char *)data, size);
    if (fault != NULL) {
        fprintf(stderr, "%s\n", fault);
        abort();
    }
    ctx_free(cx);
    return 0;
}
