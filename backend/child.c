/* Runs the code generator in a child process, and tells how it ended.
 *
 * The child opens the module nnac_codegen.so, which alone is linked with LLVM, and sends a
 * Reply and then the code through a pipe. What it says on its standard error (LLVM's last
 * words) is kept for the report. */
#include "backend/child.h"

#include "backend/install.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAST_WORDS_BYTES = 4096 };

enum { REPLY_CODE, REPLY_REFUSED, REPLY_NOT_LOADED };

typedef struct Reply {
    uint64_t kind, size;
    char message[512];
} Reply;

static void send_all(int descriptor, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = write(descriptor, at, size);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) _exit(EXIT_FAILURE);
        at += sent;
        size -= (size_t)sent;
    }
}

static _Noreturn void send_failure(int descriptor, const char *what, const char *why) {
    Reply reply = {.kind = REPLY_NOT_LOADED};
    size_t used = strlen(what);
    memcpy(reply.message, what, used);
    size_t room = sizeof reply.message - used - 1, length = strlen(why);
    memcpy(reply.message + used, why, length < room ? length : room);
    send_all(descriptor, &reply, sizeof reply);
    _exit(EXIT_SUCCESS);
}

/* Lowers the soft limit: what passes it gets a signal or an error that can be told apart. */
static void limit_to(int resource, uint64_t most) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) return;
    if (most < limit.rlim_cur) limit.rlim_cur = (rlim_t)most;
    setrlimit(resource, &limit);
}

/* All that the child does. */
static _Noreturn void child_run(Ctx *cx, const CodegenRequest *request, const char *module,
                                int reply_to) {
    limit_to(RLIMIT_CORE, 0);
    limit_to(RLIMIT_CPU, cx->limits.codegen_seconds);
    if (cx->limits.codegen_memory_bytes > 0) {
        limit_to(RLIMIT_AS, cx->limits.codegen_memory_bytes);
    }
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) send_failure(reply_to, "cannot load the code generator: ", dlerror());
    void *symbol = dlsym(library, CODEGEN_SYMBOL);
    CodegenFunction *generate;
    memcpy(&generate, &symbol, sizeof generate); /* ISO C has no such cast */
    if (generate == NULL) send_failure(reply_to, "cannot load the code generator: ", module);

    CodegenResult result = {0};
    generate(request, &result);
    Reply reply = {.kind = result.ok ? REPLY_CODE : REPLY_REFUSED,
                   .size = result.ok ? result.size : 0};
    memcpy(reply.message, result.message, sizeof reply.message);
    reply.message[sizeof reply.message - 1] = '\0';
    send_all(reply_to, &reply, sizeof reply);
    if (result.ok) send_all(reply_to, result.bytes, result.size);
    _exit(EXIT_SUCCESS);
}

/* Words that say that it was memory. */
static bool speaks_of_memory(const char *text) {
    return strstr(text, "bad_alloc") != NULL || strstr(text, "ut of memory") != NULL ||
           strstr(text, "out-of-memory") != NULL || strstr(text, "annot allocate") != NULL ||
           strstr(text, "ailed to map") != NULL || strstr(text, "ailed to mmap") != NULL ||
           strstr(text, "length_error") != NULL;
}

static void report_memory(Ctx *cx, const char *path) {
    Diag *d = diag_new(cx, NNA0002, SPAN_NONE, "the code generator ran out of memory");
    d->file = path;
    if (cx->limits.codegen_memory_bytes > 0) {
        char limit[SIZE_TEXT_BYTES];
        diag_note(cx, d, "the limit is %s; raise it with --limit codegen-memory-bytes=N",
                  size_text(limit, cx->limits.codegen_memory_bytes));
    }
    diag_emit(cx, d);
}

/* A child that ended without an answer. */
static void report_death(Ctx *cx, const Child *child, const char *path, const char *last_words) {
    int signal_number = WIFSIGNALED(child->status) ? WTERMSIG(child->status) : 0;
    if (speaks_of_memory(last_words)) {
        report_memory(cx, path);
        return;
    }
    if (signal_number == SIGXCPU) {
        diag_file(cx, NNA0002, path,
                  "the code generator took more than %" PRIu64
                  " s; raise it with --limit codegen-seconds=N", cx->limits.codegen_seconds);
        return;
    }
    Diag *d = signal_number != 0
                  ? diag_new(cx, NNA0003, SPAN_NONE, "the code generator ended with signal %d%s",
                             signal_number,
                             signal_number == SIGKILL ? " (perhaps for want of memory)" : "")
                  : diag_new(cx, NNA0003, SPAN_NONE, "the code generator ended with status %d",
                             WEXITSTATUS(child->status));
    d->file = path;
    if (last_words[0] != '\0') {
        Buf text = buf_make(&cx->session);
        buf_put_escaped(&text, last_words, strcspn(last_words, "\n"));
        diag_note(cx, d, "it said: %s", buf_text(&text));
    }
    diag_help(cx, d, "this is a fault of nnac, not of the model; please report it with the model");
    diag_emit(cx, d);
}

/* Takes the answer apart. */
static bool take_reply(Ctx *cx, const Child *child, const char *path, Code *out) {
    const Buf *answer = &child->streams[0].text;
    Reply reply;
    if (answer->length < sizeof reply || !WIFEXITED(child->status)) {
        report_death(cx, child, path, buf_text(&child->streams[1].text));
        return false;
    }
    memcpy(&reply, answer->data, sizeof reply);
    reply.message[sizeof reply.message - 1] = '\0';
    if (reply.kind != REPLY_CODE) {
        DiagCode code = reply.kind == REPLY_REFUSED ? NNA0004 : NNA0001;
        if (speaks_of_memory(reply.message)) report_memory(cx, path);
        else diag_file(cx, code, path, "%s", reply.message);
        return false;
    }
    if (answer->length - sizeof reply != reply.size) {
        report_death(cx, child, path, buf_text(&child->streams[1].text));
        return false;
    }
    *out = (Code){answer->data + sizeof reply, (size_t)reply.size};
    return true;
}

static void report_system(Ctx *cx, const char *path, const char *what, int error) {
    char text[128];
    diag_file(cx, NNA0001, path, "%s: %s", what, system_error_text(error, text, sizeof text));
}

static const char *path_of(const Ctx *cx, const Graph *g) {
    const Source *source = source_at(&cx->sources, g->span.begin);
    return source != NULL ? source->path : NULL;
}

bool child_codegen(Ctx *cx, const Interrupts *interrupts, const CodegenRequest *request,
                   Code *out) {
    const char *module = install_find(cx, "nnac_codegen.so");
    if (module == NULL) return false;
    int answer[2], words[2];
    if (!process_pipe(answer)) {
        report_system(cx, module, "cannot make a pipe", errno);
        return false;
    }
    if (!process_pipe(words)) {
        report_system(cx, module, "cannot make a pipe", errno);
        close(answer[0]);
        close(answer[1]);
        return false;
    }
    Stream streams[2] = {
        {.descriptor = answer[0], .text = buf_make(&cx->module), .limit = SIZE_MAX},
        {.descriptor = words[0], .text = buf_make(&cx->module), .limit = LAST_WORDS_BYTES},
    };
    Child child = {.id = fork(), .streams = streams, .stream_count = 2};
    if (child.id == 0) {
        dup2(words[1], STDOUT_FILENO);
        dup2(words[1], STDERR_FILENO);
        sigprocmask(SIG_SETMASK, &interrupts->before, NULL);
        child_run(cx, request, module, answer[1]);
    }
    close(answer[1]);
    close(words[1]);
    if (child.id < 0) {
        report_system(cx, module, "cannot start a process", errno);
        close(answer[0]);
        close(words[0]);
        return false;
    }
    process_finish(cx, interrupts, &child);
    return !child.interrupted && take_reply(cx, &child, path_of(cx, request->graph), out);
}
