/* Golden tests: tests/golden/<folder>/<name>.nna with what is expected of it in
 * <name>.expect beside it.
 *
 *     static void print_ast(Ctx *cx, Source *source, Buf *out) { ... }
 *     Test(golden, ast) { golden_run("ast", print_ast); NNA_CHECK_LEAKS(); }
 *
 * What the callback prints is followed by the reports in full, as at a terminal of 100
 * columns without colour. Sources are named by their file name alone. A difference shows
 * the first line that differs.
 *
 * NNA_UPDATE=1 in the environment rewrites the .expect files instead; a person then reads
 * the difference before it is committed. */
#ifndef NNA_TESTS_UNIT_GOLDEN_H
#define NNA_TESTS_UNIT_GOLDEN_H

#include "ir/base/ctx.h"

typedef void (*GoldenPrint)(Ctx *cx, Source *source, Buf *out);

/* Runs every file of the folder; fails when there is none. */
void golden_run(const char *folder, GoldenPrint print);

/* Paths of the files with the ending, in and below the folder (relative to tests/), sorted.
 * They live as long as the context. */
typedef struct TestFiles {
    VEC(const char *) paths; /* absolute */
} TestFiles;

TestFiles test_files(Ctx *cx, const char *folder, const char *ending);

/* The bytes of a file, in the session arena; NULL when it cannot be read. */
const char *test_read(Ctx *cx, const char *path, size_t *length);

#endif
