/* Temporary files that become outputs. */
#include "backend/output.h"

#include <errno.h>
#include <fcntl.h>
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
