/* Sources: places, lines, and every file that is refused. */
#include "tests/unit/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Line and column found by walking the text from its begin. */
static void walk(const char *text, uint32_t offset, uint32_t *line, uint32_t *column) {
    *line = *column = 1;
    for (uint32_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text[i + 1] & 0xc0) != 0x80) {
            ++*column; /* the next byte begins a character */
        }
    }
}

Test(source, places_of_every_offset) {
    static const char *const texts[] = {
        "", "\n", "\n\n", "a", "ab\ncd", "ab\r\ncd\r\n", "\r\r\n", "no end", "é日🎉\nü",
        "a line of more than eight ASCII characters é and more of them after it\nx",
    };
    Ctx *cx = test_ctx();
    enum { COUNT = sizeof texts / sizeof *texts };
    Source *sources[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        sources[i] = source_add(cx, "x", texts[i], strlen(texts[i]));
        cr_assert_neq(sources[i]->text, texts[i]);
        cr_assert_eq(sources[i]->text[sources[i]->length], '\0');
        cr_assert_eq(sources[i]->text[sources[i]->length + 1], '\0');
    }
    cr_assert_eq(sources[0]->base, 1);
    for (size_t i = 0; i < COUNT; i++) {
        for (uint32_t k = 0; k <= sources[i]->length; k++) {
            if (((unsigned char)texts[i][k] & 0xc0) == 0x80) continue;
            uint32_t line, column;
            walk(texts[i], k, &line, &column);
            Place place = place_of(cx, sources[i]->base + k);
            cr_assert_eq(place.source, sources[i]);
            cr_assert_eq(place.line, line, "text %zu offset %u", i, k);
            cr_assert_eq(place.column, column, "text %zu offset %u", i, k);
        }
    }
    cr_assert_null(place_of(cx, 0).source);
    cr_assert_null(place_of(cx, sources[COUNT - 1]->base + sources[COUNT - 1]->length + 1).source);
    cr_assert_null(place_of(cx, UINT32_MAX).source);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(source, lines_without_their_ends) {
    static const struct {
        const char *text, *lines[4];
    } rows[] = {
        {"", {""}},
        {"a", {"a"}},
        {"a\nb\n", {"a", "b", ""}},
        {"a\r\nb\r\n", {"a", "b", ""}},
        {"\r\n\rx\n\n", {"", "\rx", "", ""}},
        {"a\r", {"a\r"}},
    };
    Ctx *cx = test_ctx();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Source *source = source_add(cx, "x", rows[i].text, strlen(rows[i].text));
        for (uint32_t line = 0; line < 4 && rows[i].lines[line] != NULL; line++) {
            uint32_t length;
            const char *text = source_line(cx, source, line + 1, &length);
            cr_expect_eq(length, strlen(rows[i].lines[line]));
            cr_expect_eq(memcmp(text, rows[i].lines[line], length), 0);
        }
    }
    Span a = {3, 5}, b = {9, 11}, joined = span_join(b, a);
    cr_assert(joined.begin == 3 && joined.end == 11);
    cr_assert_eq(span_join(SPAN_NONE, a).end, 5);
    cr_assert_eq(span_join(a, SPAN_NONE).begin, 3);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

static void write_file(const char *path, const char *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
}

/* Reads `path`, which must be refused with exactly this report, in time. */
static void refuse(const char *path, const char *expected) {
    Ctx *cx = test_ctx();
    cr_expect_null(source_read(cx, path));
    cr_expect_eq(cx->sources.count, 0);
    NNA_EXPECT_TEXT(test_reports_short(cx), expected);
    ctx_free(cx);
}

Test(source, files_that_are_read) {
    char folder[] = "/tmp/nna_source_XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    write_file("empty", "", 0);
    write_file("bytes", "a\0b\xff\n", 5);
    Ctx *cx = test_ctx();
    Source *empty = source_read(cx, "empty"), *bytes = source_read(cx, "bytes");
    cr_assert(empty != NULL && empty->length == 0 && empty->text[0] == '\0');
    cr_assert(bytes != NULL && bytes->length == 5 && memcmp(bytes->text, "a\0b\xff\n\0\0", 7) == 0);
    cr_assert_str_eq(bytes->path, "bytes");
    cr_assert_eq(cx->diags.list.count, 0);

    cx->limits.file_bytes = 5; /* at the limit, and one below */
    cr_assert_not_null(source_read(cx, "bytes"));
    cx->limits.file_bytes = 4;
    cr_assert_null(source_read(cx, "bytes"));
    NNA_EXPECT_TEXT(test_reports(cx),
                    "error[NNA0002]: the file is 5 bytes, the limit is 4 bytes; raise it with "
                    "--limit file-bytes=N\n --> bytes\n");
    ctx_free(cx);
    cr_assert_eq(unlink("empty") | unlink("bytes") | chdir("/") | rmdir(folder), 0);
    NNA_CHECK_LEAKS();
}

Test(source, files_that_are_refused, .timeout = 20) {
    char folder[] = "/tmp/nna_source_XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    write_file("file", "x", 1);
    refuse("missing", "missing: error[NNA0001]: cannot read the file: no such file\n");
    refuse("file/x", "file/x: error[NNA0001]: cannot read the file: no such file\n");
    refuse("", ": error[NNA0001]: cannot read the file: no such file\n");
    refuse(".", ".: error[NNA0001]: cannot read the file: it is a directory\n");
    refuse("/dev/null", "/dev/null: error[NNA0001]: cannot read the file: "
                        "it is not a regular file\n");
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    refuse("fifo", "fifo: error[NNA0001]: cannot read the file: it is not a regular file\n");
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    refuse("socket", "socket: error[NNA0001]: cannot read the file: it is not a regular file\n");
    cr_assert_eq(symlink("loop", "loop"), 0);
    refuse("loop", "loop: error[NNA0001]: cannot read the file: too many symbolic links\n");
    refuse("/proc/self/status", "/proc/self/status: error[NNA0001]: the file changed while it was "
                                "read\n");
    if (geteuid() != 0) { /* nothing is denied to root */
        cr_assert_eq(chmod("file", 0), 0);
        refuse("file", "file: error[NNA0001]: cannot read the file: permission denied\n");
    }
    int large = open("large", O_CREAT | O_WRONLY, 0600); /* a hole: takes no disk */
    cr_assert_eq(ftruncate(large, 1 << 30), 0);
    close(large);
    refuse("large", "large: error[NNA0002]: the file is 1 GiB, the limit is 16 MiB; raise it with "
                    "--limit file-bytes=N\n");
    close(listener);
    cr_assert_eq(unlink("file") | unlink("fifo") | unlink("socket") | unlink("loop") |
                     unlink("large") | chdir("/") | rmdir(folder), 0);
    NNA_CHECK_LEAKS();
}

static void read_one(Ctx *cx, void *data) {
    source_read(cx, data);
}

/* Memory that is spent while a file is read: one report, and the file is closed. */
Test(source, a_file_larger_than_memory) {
    char path[] = "/tmp/nna_source_XXXXXX";
    int file = mkstemp(path);
    cr_assert_eq(ftruncate(file, 8 << 20), 0);
    close(file);
    Ctx *cx = test_ctx();
    cx->limits.memory_bytes = 1 << 20;
    cr_assert_not(ctx_try(cx, read_one, path));
    cr_assert_str_eq(test_codes(cx), "NNA0002");
    int next = open("/dev/null", O_RDONLY);
    cr_assert_eq(next, file, "the file is still open");
    close(next);
    unlink(path);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
