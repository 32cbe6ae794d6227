/* Runs the system's C compiler as a linker, without a shell. */
#include "backend/link.h"

#include "backend/install.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { SAID_BYTES = 16384, SAID_LINES = 20 };

typedef VEC(char *) Words;

static void add(Ctx *cx, Words *words, const char *text) {
    char *copy = arena_alloc(&cx->session, strlen(text) + 1, 1);
    memcpy(copy, text, strlen(text));
    vec_push(&cx->session, words, copy);
}

/* $CC may hold several words, such as `ccache gcc`. */
static void add_compiler(Ctx *cx, Words *words) {
    const char *at = getenv("CC");
    while (at != NULL && *(at += strspn(at, " \t")) != '\0') {
        size_t length = strcspn(at, " \t");
        add(cx, words, arena_text(&cx->session, at, length));
        at += length;
    }
    if (words->count == 0) add(cx, words, "cc");
}

/* Starts the words with both outputs going into one pipe. 0, or the error. */
static int start(const Interrupts *interrupts, const Words *words, int into, pid_t *id) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    if ((error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
                                                  0)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&actions, into, STDOUT_FILENO)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&actions, into, STDERR_FILENO)) == 0 &&
        (error = posix_spawnattr_setsigmask(&attributes, &interrupts->before)) == 0 &&
        (error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK)) == 0) {
        error = posix_spawnp(id, words->data[0], &actions, &attributes, words->data, environ);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static void report_failure(Ctx *cx, const char *path, const char *program, const Child *child) {
    bool killed = WIFSIGNALED(child->status);
    Diag *d = diag_new(cx, NNA0001, SPAN_NONE, "the linker `%s` failed (%s %d)", program,
                       killed ? "signal" : "exit status",
                       killed ? WTERMSIG(child->status) : WEXITSTATUS(child->status));
    d->file = path;
    const char *at = buf_text(&child->streams[0].text);
    for (int line = 0; line < SAID_LINES && *at != '\0'; line++) {
        size_t length = strcspn(at, "\n");
        Buf text = buf_make(&cx->session);
        buf_put_escaped(&text, at, length);
        diag_note(cx, d, "%s", buf_text(&text));
        at += length + (at[length] == '\n');
    }
    diag_emit(cx, d);
}

/* Runs the words; what they say is shown where they fail. */
static bool run(Ctx *cx, const Interrupts *interrupts, Words *words, const char *path) {
    vec_push(&cx->session, words, NULL);
    const char *program = words->data[0];
    int pipe_ends[2];
    char text[128];
    if (!process_pipe(pipe_ends)) {
        diag_file(cx, NNA0001, path, "cannot make a pipe: %s",
                  system_error_text(errno, text, sizeof text));
        return false;
    }
    Stream stream = {
        .descriptor = pipe_ends[0], .text = buf_make(&cx->session), .limit = SAID_BYTES};
    Child child = {.streams = &stream, .stream_count = 1};
    int error = start(interrupts, words, pipe_ends[1], &child.id);
    close(pipe_ends[1]);
    if (error != 0) {
        close(pipe_ends[0]);
        Diag *d = diag_new(cx, NNA0001, SPAN_NONE, "cannot run the linker `%s`: %s", program,
                           system_error_text(error, text, sizeof text));
        d->file = path;
        diag_help(cx, d, "install a C compiler (Debian: gcc), or name one in the variable CC");
        diag_emit(cx, d);
        return false;
    }
    process_finish(cx, interrupts, &child);
    if (child.interrupted) return false;
    if (WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0) return true;
    report_failure(cx, path, program, &child);
    return false;
}

/* The words that both kinds begin with. */
static bool begin(Ctx *cx, const char *object, const Paths *more, const Output *out,
                  Words *words) {
    const char *runtime = install_find(cx, "libnna_rt.a");
    if (runtime == NULL) return false;
    add_compiler(cx, words);
    add(cx, words, "-o");
    add(cx, words, out->temporary);
    add(cx, words, object);
    /* A path that begins with `-` is no option. */
    for (uint32_t i = 0; i < more->count; i++) {
        const char *path = more->data[i];
        add(cx, words, *path == '-' ? arena_format(&cx->session, "./%s", path) : path);
    }
    add(cx, words, runtime);
    add(cx, words, "-lm");
    add(cx, words, "-Wl,--as-needed,--gc-sections,-z,noexecstack,-z,relro,-z,now");
    return true;
}

bool link_executable(Ctx *cx, const Interrupts *interrupts, const char *object, const Paths *more,
                     const Output *out) {
    Words words = {0};
    return begin(cx, object, more, out, &words) && run(cx, interrupts, &words, out->path);
}

/* Nothing but <prefix>_... leaves the library: two of them may live in one process. */
static bool write_script(Ctx *cx, const char *prefix, Output *script) {
    const char *text = arena_format(&cx->session, "{ global: %s_*; local: *; };\n", prefix);
    return output_write(cx, script, text, strlen(text));
}

/* The functions of backend/rt/nna_rt_library.c under the names of the header (header.c). */
static void add_entries(Ctx *cx, Words *words, const char *prefix, bool keeps_state) {
    static const struct {
        const char *name;
        bool of_state;
    } entries[] = {{"run", false},  {"open", true},  {"close", true}, {"call", true},
                   {"reset", true}, {"read", true}, {"write", true}};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (entries[i].of_state != keeps_state) continue;
        const char *name = entries[i].name;
        add(cx, words, arena_format(&cx->session, "-Wl,-u,nna_rt_library_%s", name));
        add(cx, words, arena_format(&cx->session, "-Wl,--defsym=%s_%s=nna_rt_library_%s", prefix,
                                    name, name));
    }
}

bool link_library(Ctx *cx, const Interrupts *interrupts, const char *object, const Paths *more,
                  const char *prefix, bool keeps_state, const Output *out) {
    Words words = {0};
    if (!begin(cx, object, more, out, &words)) return false;
    Output script;
    const char *place = arena_format(&cx->session, "%s.map", out->path);
    if (!output_open(cx, place, OUTPUT_FILE, &script)) return false;
    if (!write_script(cx, prefix, &script)) return false;
    add(cx, &words, "-shared");
    add_entries(cx, &words, prefix, keeps_state);
    add(cx, &words, arena_format(&cx->session, "-Wl,--version-script=%s", script.temporary));
    bool done = run(cx, interrupts, &words, out->path);
    output_discard(&script);
    return done;
}
