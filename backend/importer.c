/* Which file an import names, and whether it may be read. A path is taken apart here, not by
 * the system: `a/../b.nna` is `b.nna`, whatever `a` may be; and what is found is held against
 * the folder once more, since a symbolic link can lead anywhere. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "backend/importer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A text that was read. */
typedef struct Known {
    Source *source;
    const char *inside; /* its path in the folder */
    const char *real;   /* its path without symbolic links */
} Known;

typedef struct Folder {
    const char *shown; /* as it was given, with its `/`; "" for the working directory */
    const char *real;  /* without symbolic links, with its `/`; NULL: not known */
    VEC(Known) known;
} Folder;

/* The path without symbolic links; NULL with errno. `room` has PATH_MAX bytes. */
static const char *real_path(Ctx *cx, const char *path, char *room) {
    if (!realpath(path, room)) return NULL;
    return arena_text(&cx->module, room, strlen(room));
}

static Diag *cannot_import(Ctx *cx, Span place, const char *path, const char *why) {
    return diag_new(cx, NNA0001, place, "cannot import `%s`: %s", path, why);
}

/* What is wrong with a path before any file is looked at; NULL: nothing. */
static const char *wrong_form(const char *path) {
    if (*path == '\0') return "the path is empty";
    if (*path == '/') return "the path is absolute";
    if (strchr(path, '\\')) return "folders are separated by `/`";
    return NULL;
}

/* `path` from the folder of `from`, without `.` and `..`; NULL where it leads out. Written over
 * and over into one text, which is long enough for both. */
static const char *inside_path(Ctx *cx, const char *from, const char *path) {
    const char *name = strrchr(from, '/');
    size_t length = name ? (size_t)(name - from) : 0;
    char *out = arena_alloc(&cx->module, strlen(from) + strlen(path) + 2, 1);
    memcpy(out, from, length);
    while (*path != '\0') {
        size_t part = strcspn(path, "/");
        if (part == 2 && strncmp(path, "..", 2) == 0) {
            if (length == 0) return NULL;
            while (length > 0 && out[length - 1] != '/') length--;
            length -= length > 0;
        } else if (part > 0 && !(part == 1 && *path == '.')) {
            if (length > 0) out[length++] = '/';
            memcpy(out + length, path, part);
            length += part;
        }
        path += part;
        path += *path == '/';
    }
    out[length] = '\0';
    return out;
}

static const Known *find_source(const Folder *folder, const Source *source) {
    for (uint32_t i = 0; i < folder->known.count; i++) {
        if (folder->known.data[i].source == source) return &folder->known.data[i];
    }
    return NULL;
}

static Source *find_real(const Folder *folder, const char *real) {
    for (uint32_t i = 0; i < folder->known.count; i++) {
        if (strcmp(folder->known.data[i].real, real) == 0) return folder->known.data[i].source;
    }
    return NULL;
}

static Source *read_inside(Ctx *cx, Folder *folder, const char *inside, const char *path,
                           Span place) {
    char room[PATH_MAX], words[128];
    const char *shown = arena_format(&cx->module, "%s%s", folder->shown, inside);
    const char *real = real_path(cx, *shown != '\0' ? shown : ".", room);
    if (!real) {
        const char *why = system_error_text(errno, words, sizeof words);
        Diag *d = cannot_import(cx, place, path, why);
        if (strcmp(shown, path) != 0) diag_note(cx, d, "it would be `%s`", shown);
        diag_emit(cx, d);
        return NULL;
    }
    if (!folder->real || strncmp(real, folder->real, strlen(folder->real)) != 0) {
        Diag *d = cannot_import(cx, place, path, "a symbolic link leads out of the model's folder");
        diag_help(cx, d, "put the file into that folder");
        diag_emit(cx, d);
        return NULL;
    }
    Source *source = find_real(folder, real);
    if (source) return source;
    source = source_read_for(cx, real, shown, place);
    if (source) vec_push(&cx->module, &folder->known, (Known){source, inside, real});
    return source;
}

static Source *importer_read(Ctx *cx, void *data, const Source *from, const char *path,
                             Span place) {
    Folder *folder = data;
    const char *why = wrong_form(path);
    const char *inside = NULL;
    if (!why) {
        inside = inside_path(cx, find_source(folder, from)->inside, path);
        if (!inside) why = "it lies outside of the model's folder";
    }
    if (!why) return read_inside(cx, folder, inside, path, place);
    Diag *d = cannot_import(cx, place, path, why);
    diag_help(cx, d, "a path leads from the file that imports to one in the model's folder, or "
              "below it: `\"lib/blocks.nna\"`");
    diag_emit(cx, d);
    return NULL;
}

/* The folder of a path, with its `/`. */
static const char *folder_of(Ctx *cx, const char *path, const char **name) {
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    return arena_text(&cx->module, path, (size_t)(*name - path));
}

Importer importer_new(Ctx *cx, Source *source) {
    char room[PATH_MAX];
    Folder *folder = ARENA_NEW(&cx->module, Folder);
    const char *name = NULL;
    folder->shown = folder_of(cx, source->path, &name);
    folder->real = real_path(cx, *folder->shown != '\0' ? folder->shown : ".", room);
    if (folder->real && strcmp(folder->real, "/") != 0) {
        folder->real = arena_format(&cx->module, "%s/", folder->real);
    }
    const char *real = real_path(cx, source->path, room);
    vec_push(&cx->module, &folder->known, (Known){source, name, real ? real : ""});
    return (Importer){.read = importer_read, .data = folder};
}
