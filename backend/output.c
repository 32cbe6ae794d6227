/* Temporary files that become outputs. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "backend/output.h"

#include "backend/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool report(Ctx *cx, const char *path, int error) {
    char text[128];
    const char *why = error == ENOENT || error == ENOTDIR
                          ? "no such folder"
                          : system_error_text(error, text, sizeof text);
    diag_file(cx, NNA0001, path, "cannot write the file: %s", why);
    return false;
}

/* ".name.XXXXXX" in the folder of the path. */
static char *temporary_name(Ctx *cx, const char *path) {
    const char *slash = strrchr(path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - path) + 1;
    const char *text =
        arena_format(&cx->session, "%.*s.%.200s.XXXXXX", folder, path, path + folder);
    char *name = arena_alloc(&cx->session, strlen(text) + 1, 1);
    memcpy(name, text, strlen(text));
    return name;
}

bool output_open(Ctx *cx, const char *path, OutputKind kind, Output *out) {
    *out = (Output){.path = path, .descriptor = -1};
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        if (S_ISDIR(info.st_mode)) return report(cx, path, EISDIR);
        if (kind == OUTPUT_FILE) return report(cx, path, ENXIO);
        out->descriptor = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        return out->descriptor >= 0 || report(cx, path, errno);
    }
    char *name = temporary_name(cx, path);
    out->descriptor = mkstemp(name);
    if (out->descriptor < 0) return report(cx, path, errno);
    out->temporary = name;
    if (fcntl(out->descriptor, F_SETFD, FD_CLOEXEC) == 0) return true;
    int error = errno;
    output_discard(out);
    return report(cx, path, error);
}

bool output_write(Ctx *cx, Output *output, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(output->descriptor, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            int error = errno;
            output_discard(output);
            return report(cx, output->path, error);
        }
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* Brings a file to the disk; 0, or the error. A linker replaces the file that was opened, so
 * that it is opened again. */
static int settle(const char *temporary, const char *path, OutputRights rights) {
    int descriptor = open(temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return errno;
    mode_t mask = umask(0);
    umask(mask);
    mode_t mode = (rights == OUTPUT_RUNNABLE ? 0777 : 0666) & ~mask;
    struct stat before;
    if (rights == OUTPUT_AS_BEFORE && stat(path, &before) == 0) mode = before.st_mode & 07777;
    int error = 0;
    if (fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0) error = errno;
    if (close(descriptor) != 0 && error == 0) error = errno;
    return error;
}

bool output_commit(Ctx *cx, Output *output, OutputRights rights) {
    int error = close(output->descriptor) != 0 ? errno : 0;
    output->descriptor = -1;
    if (output->temporary != NULL) {
        if (error == 0) error = settle(output->temporary, output->path, rights);
        if (error == 0 && rename(output->temporary, output->path) != 0) error = errno;
        if (error == 0) output->temporary = NULL;
    }
    if (error == 0) return true;
    output_discard(output);
    return report(cx, output->path, error);
}

void output_discard(Output *output) {
    if (output->descriptor >= 0) close(output->descriptor);
    if (output->temporary != NULL) unlink(output->temporary);
    output->descriptor = -1;
    output->temporary = NULL;
}

/* ---- a text in place of another ---- */

/* A file that is being written. */
typedef struct Replacing {
    const char *path;
    const Source *before;
    const char *text;
    size_t length;
    Output output;
    bool done;
} Replacing;

/* Whether the file still holds what was read. */
static bool is_unchanged(const char *path, const Source *before) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    char piece[4096];
    size_t at = 0, got;
    bool same = true;
    while (same && (got = fread(piece, 1, sizeof piece, file)) > 0) {
        same = got <= before->length - at && memcmp(piece, before->text + at, got) == 0;
        at += got;
    }
    same = same && at == before->length && ferror(file) == 0;
    return fclose(file) == 0 && same;
}

static void replace(Ctx *cx, void *data) {
    Replacing *r = data;
    if (!output_open(cx, r->path, OUTPUT_FILE, &r->output) ||
        !output_write(cx, &r->output, r->text, r->length)) {
        return;
    }
    if (is_unchanged(r->path, r->before)) {
        r->done = output_commit(cx, &r->output, OUTPUT_AS_BEFORE);
        return;
    }
    diag_file(cx, NNA0001, r->path,
              "the file was changed by another program meanwhile: it is left as it is");
}

/* The name behind symbolic links, so that these stay. */
static const char *target_of(Ctx *cx, const char *path) {
    char *real = arena_alloc(&cx->session, PATH_MAX, 1);
    return realpath(path, real) != NULL ? real : path;
}

bool output_replace(Ctx *cx, const char *path, const Source *before, const char *text,
                    size_t length) {
    Interrupts interrupts;
    Replacing r = {.path = target_of(cx, path), .before = before, .text = text, .length = length,
                   .output = OUTPUT_NONE};
    if (!interrupts_hold(&interrupts)) {
        diag_file(cx, NNA0001, path, "cannot hold back signals");
        return false;
    }
    bool in_time = ctx_try(cx, replace, &r);
    output_discard(&r.output);
    interrupts_release(&interrupts);
    if (!in_time) ctx_give_up(cx);
    return r.done;
}
