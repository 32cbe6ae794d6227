/* Finding the parts of an installation from where the command itself is. */
#include "backend/install.h"

#include <string.h>
#include <unistd.h>

static const char *const places[] = {
    "",                           /* a build folder */
    "../lib/nnac/",               /* prefix/bin, prefix/lib */
    "../lib64/nnac/",
    "../lib/x86_64-linux-gnu/nnac/", /* Debian's folders */
    "../lib/aarch64-linux-gnu/nnac/",
};

const char *install_find(Ctx *cx, const char *name) {
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    while (length > 0 && self[length - 1] != '/') length--;
    self[length > 0 ? length : 0] = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *path = arena_format(&cx->session, "%s%s%s", self, places[i], name);
        if (access(path, R_OK) == 0) return path;
    }
    diag_file(cx, NNA0001, name, "a part of nnac is missing: it is neither in `%s` nor in "
              "`%s../lib/nnac/`", self, self);
    return NULL;
}
