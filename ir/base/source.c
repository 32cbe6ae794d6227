/* Source texts: read once into memory, and looked up by offset. */
#include "ir/base/source.h"

#include "ir/base/ctx.h"
#include "ir/base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Registers a text that is in the session arena already, with its two NUL bytes. */
static Source *source_register(Ctx *cx, const char *path, const char *text, size_t length) {
    Sources *all = &cx->sources;
    uint64_t base = 1;
    if (all->count > 0) {
        const Source *last = all->list[all->count - 1];
        base = (uint64_t)last->base + last->length + 1;
    }
    if (length >= UINT32_MAX || base + length >= UINT32_MAX) {
        diag_file(cx, NNA0002, path, "the source files together exceed 4 GiB");
        return NULL;
    }
    Source *source = ARENA_NEW(&cx->session, Source);
    *source = (Source){.path = arena_text(&cx->session, path, strlen(path)),
                       .text = text,
                       .base = (uint32_t)base,
                       .length = (uint32_t)length};
    all->list = vec_grow(&cx->session, all->list, sizeof(Source *), all->count, &all->capacity);
    all->list[all->count++] = source;
    return source;
}

Source *source_add(Ctx *cx, const char *path, const char *text, size_t length) {
    if (length >= UINT32_MAX) return source_register(cx, path, text, length);
    char *copy = arena_alloc(&cx->session, length + 2, 1);
    if (length > 0) memcpy(copy, text, length);
    return source_register(cx, path, copy, length);
}

const char *system_error_text(int error, char *text, size_t size) {
    switch (error) {
    case ENOENT:
    case ENOTDIR: return "no such file";
    case EACCES:
    case EPERM: return "permission denied";
    case EISDIR: return "it is a directory";
    case ENOSPC: return "no space left on the device";
    case EFBIG: return "the file would be larger than is allowed";
    case EROFS: return "the file system is read-only";
    case ENOMEM: return "out of memory";
    case ENXIO: return "it is not a regular file";
    case ENAMETOOLONG: return "its name is too long";
    case ELOOP: return "too many symbolic links";
    }
    return strerror_r(error, text, size) == 0 ? text : "system error";
}

/* A file that is asked for. */
typedef struct Wanted {
    const char *path, *shown;
    Span place; /* of the text that asks for it; nowhere: the command line does */
} Wanted;

static void report(Ctx *cx, const Wanted *wanted, DiagCode code, const char *what) {
    if (wanted->place.begin == 0) {
        diag_file(cx, code, wanted->shown, "%s", what);
    } else {
        diag_say(cx, code, wanted->place, "`%s`: %s", wanted->shown, what);
    }
}

static void report_error(Ctx *cx, const Wanted *wanted, int error) {
    char text[128], what[160];
    snprintf(what, sizeof what, "cannot read the file: %s",
             system_error_text(error, text, sizeof text));
    report(cx, wanted, NNA0001, what);
}

/* Says why a file that could be opened is not read; true when it may be. */
static bool may_read(Ctx *cx, const Wanted *wanted, const struct stat *info) {
    if (S_ISDIR(info->st_mode)) {
        report_error(cx, wanted, EISDIR);
        return false;
    }
    if (!S_ISREG(info->st_mode)) {
        report_error(cx, wanted, ENXIO);
        return false;
    }
    if ((uint64_t)info->st_size > cx->limits.file_bytes) {
        char size[SIZE_TEXT_BYTES], limit[SIZE_TEXT_BYTES], what[160];
        snprintf(what, sizeof what,
                 "the file is %s, the limit is %s; raise it with --limit file-bytes=N",
                 size_text(size, (uint64_t)info->st_size),
                 size_text(limit, cx->limits.file_bytes));
        report(cx, wanted, NNA0002, what);
        return false;
    }
    return true;
}

/* Reads until the buffer is full or the file ends; -1 on error. */
static ssize_t read_fully(int file, char *text, size_t size) {
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(file, text + length, size - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

/* A file that is being read. It is read under ctx_try, so that it is closed when memory is
 * spent meanwhile. */
typedef struct Reading {
    const Wanted *wanted;
    int file;
    size_t size;
    Source *source;
} Reading;

static void source_load(Ctx *cx, void *data) {
    Reading *reading = data;
    /* One byte more than the file had: that it was not filled shows that nothing was added. */
    char *text = arena_alloc(&cx->session, reading->size + 3, 1);
    ssize_t length = read_fully(reading->file, text, reading->size + 1);
    if (length < 0) {
        report_error(cx, reading->wanted, errno);
        return;
    }
    if ((size_t)length != reading->size) {
        report(cx, reading->wanted, NNA0001, "the file changed while it was read");
        return;
    }
    reading->source = source_register(cx, reading->wanted->shown, text, reading->size);
}

Source *source_read_for(Ctx *cx, const char *path, const char *shown, Span place) {
    const Wanted wanted = {path, shown, place};
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        report_error(cx, &wanted, errno);
        return NULL;
    }
    struct stat info;
    Reading reading = {.wanted = &wanted, .file = file};
    int status = fstat(file, &info);
    if (status != 0) report_error(cx, &wanted, errno);
    bool in_time = true;
    if (status == 0 && may_read(cx, &wanted, &info)) {
        reading.size = (size_t)info.st_size;
        in_time = ctx_try(cx, source_load, &reading);
    }
    close(file);
    if (!in_time) ctx_give_up(cx);
    return reading.source;
}

Source *source_read(Ctx *cx, const char *path) {
    return source_read_for(cx, path, path, SPAN_NONE);
}

/* Like a file of unknown size: in pieces, up to the limit. */
static Source *source_read_input(Ctx *cx) {
    static const char shown[] = "<stdin>";
    const Wanted wanted = {shown, shown, SPAN_NONE};
    char piece[1 << 14];
    Buf text = buf_make(&cx->session);
    for (ssize_t got = 1; got > 0;) {
        got = read_fully(STDIN_FILENO, piece, sizeof piece);
        if (got < 0) {
            report_error(cx, &wanted, errno);
            return NULL;
        }
        buf_put_bytes(&text, piece, (size_t)got);
        if (text.length > cx->limits.file_bytes) {
            char limit[SIZE_TEXT_BYTES], what[160];
            snprintf(what, sizeof what,
                     "the text is longer than the limit of %s; raise it with --limit file-bytes=N",
                     size_text(limit, cx->limits.file_bytes));
            report(cx, &wanted, NNA0002, what);
            return NULL;
        }
    }
    return source_add(cx, shown, buf_text(&text), text.length);
}

Source *source_read_or_input(Ctx *cx, const char *path) {
    return strcmp(path, "-") == 0 ? source_read_input(cx) : source_read(cx, path);
}

Source *source_at(const Sources *sources, uint32_t offset) {
    uint32_t low = 0, high = sources->count; /* bases before `low` are at most offset */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sources->list[middle]->base <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) return NULL;
    Source *source = sources->list[low - 1];
    return offset - source->base <= source->length ? source : NULL;
}

static void source_index(Ctx *cx, Source *source) {
    const char *text = source->text, *end = text + source->length;
    uint32_t count = 1;
    for (const char *c = text; (c = memchr(c, '\n', (size_t)(end - c))) != NULL; c++) count++;
    uint32_t *lines = ARENA_ARRAY(&cx->session, uint32_t, count), line = 1;
    for (const char *c = text; (c = memchr(c, '\n', (size_t)(end - c))) != NULL; c++) {
        lines[line++] = (uint32_t)(c + 1 - text);
    }
    assert(line == count);
    source->lines = lines;
    source->line_count = count;
}

Place place_of(Ctx *cx, uint32_t offset) {
    Source *source = source_at(&cx->sources, offset);
    if (source == NULL) return (Place){NULL, 0, 0};
    if (source->lines == NULL) source_index(cx, source);
    uint32_t local = offset - source->base;
    uint32_t low = 0, high = source->line_count; /* lines before `low` start at or before it */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= local) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint32_t start = source->lines[low - 1];
    size_t before = utf8_count(source->text + start, local - start);
    return (Place){source, low, (uint32_t)before + 1};
}

const char *source_line(Ctx *cx, Source *source, uint32_t line, uint32_t *length) {
    if (source->lines == NULL) source_index(cx, source);
    assert(line >= 1 && line <= source->line_count);
    uint32_t start = source->lines[line - 1];
    uint32_t end = line < source->line_count ? source->lines[line] - 1 : source->length;
    if (line < source->line_count && end > start && source->text[end - 1] == '\r') end--;
    *length = end - start;
    return source->text + start;
}
