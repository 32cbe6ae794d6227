/* The runner of golden tests, and walks of the folders of tests. */
#include "tests/unit/golden.h"

#include "tests/unit/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int compare_paths(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static void collect(Ctx *cx, const char *folder, const char *ending, TestFiles *files) {
    DIR *open = opendir(folder);
    if (open == NULL) return;
    for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        const char *path = arena_format(&cx->session, "%s/%s", folder, entry->d_name);
        if (ends_with(path, ending)) {
            vec_push(&cx->session, &files->paths, path);
        } else {
            collect(cx, path, ending, files); /* not a folder: opendir says so */
        }
    }
    closedir(open);
}

TestFiles test_files(Ctx *cx, const char *folder, const char *ending) {
    TestFiles files = {0};
    collect(cx, arena_format(&cx->session, "%s/%s", NNA_TESTS_DIR, folder), ending, &files);
    if (files.paths.count > 0) {
        qsort(files.paths.data, files.paths.count, sizeof *files.paths.data, compare_paths);
    }
    return files;
}

const char *test_read(Ctx *cx, const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    Buf text = buf_make(&cx->session);
    char piece[4096];
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;) {
        buf_put_bytes(&text, piece, got);
    }
    fclose(file);
    *length = text.length;
    return buf_text(&text);
}

static void golden_write(const char *path, const char *text, size_t length) {
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s cannot be written", path);
    cr_assert_eq(fwrite(text, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
}

/* Says where two texts part: the line, and both of its forms. */
static void golden_compare(const char *path, const char *expected, const char *found) {
    uint32_t line = 1;
    const char *e = expected, *f = found;
    for (; *e != '\0' && *e == *f; e++, f++) {
        if (*e == '\n') {
            line++;
            expected = e + 1;
            found = f + 1;
        }
    }
    cr_expect(*e == *f, "%s:%u: expected\n  %.*s\nfound\n  %.*s", path, line,
              (int)strcspn(expected, "\n"), expected, (int)strcspn(found, "\n"), found);
}

static void golden_file(const char *path, GoldenPrint print) {
    Ctx *cx = test_ctx();
    size_t length = 0, expected_length = 0;
    const char *text = test_read(cx, path, &length);
    cr_assert_not_null(text, "%s cannot be read", path);
    Buf out = buf_make(&cx->session);
    print(cx, source_add(cx, strrchr(path, '/') + 1, text, length), &out);
    buf_put(&out, test_reports(cx));
    const char *expect_path =
        arena_format(&cx->session, "%.*s.expect", (int)(strlen(path) - strlen(".nna")), path);
    if (getenv("NNA_UPDATE") != NULL) {
        golden_write(expect_path, buf_text(&out), out.length);
    } else {
        const char *expected = test_read(cx, expect_path, &expected_length);
        cr_assert_not_null(expected, "%s is missing: NNA_UPDATE=1 makes it", expect_path);
        golden_compare(expect_path, expected, buf_text(&out));
    }
    ctx_free(cx);
}

void golden_run(const char *folder, GoldenPrint print) {
    Ctx *cx = test_ctx();
    TestFiles files =
        test_files(cx, arena_format(&cx->session, "golden/%s", folder), ".nna");
    cr_expect(files.paths.count > 0, "golden/%s is empty", folder);
    for (uint32_t i = 0; i < files.paths.count; i++) golden_file(files.paths.data[i], print);
    ctx_free(cx);
}
