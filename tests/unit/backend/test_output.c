/* A file whose text is replaced: whole, with its rights, and not where another program was. */
#include "backend/output.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    cr_assert_eq(fclose(file), 0);
}

static const char *get(Ctx *cx, const char *path) {
    const Source *source = source_read(cx, path);
    cr_assert_not_null(source);
    return source->text;
}

typedef struct Trial {
    const char *path, *now; /* what the file holds in the end; before that, "before" was read */
    const char *other;      /* what another program writes meanwhile; NULL: nothing */
    const char *expected;
} Trial;

static void replace(Ctx *cx, void *data) {
    const Trial *t = data;
    put(t->path, "before");
    cr_assert_eq(chmod(t->path, 0640), 0);
    const Source *before = source_read(cx, t->path);
    cr_assert_not_null(before);
    if (t->other != NULL) put(t->path, t->other);
    bool done = output_replace(cx, t->path, before, t->now, strlen(t->now));
    cr_expect_eq(done, t->other == NULL);
    cr_expect_str_eq(get(cx, t->path), t->expected);
    struct stat info;
    cr_assert_eq(stat(t->path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0640);
    cr_expect_str_eq(test_codes(cx), done ? "" : "NNA0001");
}

Test(output, replaces_what_was_read) {
    char folder[] = NNA_BUILD_DIR "/output.XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    char path[sizeof folder + 8];
    snprintf(path, sizeof path, "%s/m.nna", folder);
    const Trial trials[] = {
        {path, "after", NULL, "after"},        {path, "", NULL, ""},
        {path, "after", "BEFORE", "BEFORE"},   {path, "after", "befor", "befor"},
        {path, "after", "before!", "before!"}, {path, "after", "", ""},
    };
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        Ctx *cx = test_ctx();
        Trial t = trials[i];
        cr_assert(ctx_try(cx, replace, &t));
        ctx_free(cx);
    }
    cr_expect_eq(unlink(path), 0);
    cr_expect_eq(rmdir(folder), 0, "something is left in the folder");
    NNA_CHECK_LEAKS();
}
