/* The command: reads the command line, writes what the library says, leaves with its status. The
 * only file that prints or exits. */
#include "backend/driver.h"
#include "backend/render.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* One call of the command; what the library may jump out of fills it. */
typedef struct Session {
    int argc;
    char **argv;
    Options options;
    Outcome outcome;
    Buf reports, document; /* for standard error, for standard output */
} Session;

static bool wants_color(Color color) {
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    switch (color) {
    case COLOR_ALWAYS: return true;
    case COLOR_NEVER: return false;
    case COLOR_AUTO: break;
    }
    return (no_color == NULL || no_color[0] == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0 && isatty(STDERR_FILENO);
}

/* Columns of the terminal; those of a file are 100. */
static uint32_t terminal_width(void) {
    enum { FILE_WIDTH = 100, LEAST = 40 };
    struct winsize size;
    if (!isatty(STDERR_FILENO) || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return FILE_WIDTH;
    return size.ws_col >= LEAST ? size.ws_col : FILE_WIDTH;
}

static void run(Ctx *cx, void *data) {
    Session *s = data;
    if (options_parse(cx, s->argc, s->argv, &s->options, &s->outcome.error)) {
        driver_run(cx, &s->options, &s->outcome);
    }
}

/* The reports as text, when there is memory for it. */
static void render(Ctx *cx, void *data) {
    Session *s = data;
    TextStyle style = {.color = wants_color(s->options.color), .width = terminal_width()};
    render_reports(cx, s->options.format, &s->outcome, &style, &s->document, &s->reports);
}

/* False when not all of it reached the file. */
static bool put(FILE *file, const Buf *text) {
    bool whole = fwrite(buf_text(text), 1, text->length, file) == text->length;
    return fflush(file) == 0 && whole;
}

static ExitStatus speak(Ctx *cx, Session *s) {
    Outcome *o = &s->outcome;
    if (!ctx_try(cx, render, s)) {
        o->status = STATUS_BAD_INPUT;
        buf_put(&o->error, "out of memory for the reports");
    }
    bool apart = s->options.format == FORMAT_FULL && s->reports.length > 0 && o->log.length > 0;
    bool good = put(stderr, &s->reports) && (!apart || fputc('\n', stderr) != EOF) &&
                put(stderr, &o->log);
    if (o->error.length > 0) fprintf(stderr, "nnac: error: %s\n", buf_text(&o->error));
    errno = 0;
    bool silent = o->out.length == 0 && s->document.length == 0;
    if (silent || (put(stdout, &o->out) && put(stdout, &s->document) && fclose(stdout) == 0)) {
        return good ? o->status : STATUS_BAD_INPUT;
    }
    fprintf(stderr, "nnac: error: cannot write to standard output: %s\n", strerror(errno));
    return o->status > STATUS_BAD_INPUT ? o->status : STATUS_BAD_INPUT;
}

int main(int argc, char **argv) {
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like others */
    Ctx *cx = ctx_new();
    if (cx == NULL) {
        fputs("nnac: error: out of memory\n", stderr);
        return STATUS_BAD_INPUT;
    }
    Session s = {.argc = argc,
                 .argv = argv,
                 .outcome = outcome_make(&cx->session),
                 .document = buf_make(&cx->session),
                 .reports = buf_make(&cx->session)};
    if (!ctx_try(cx, run, &s)) s.outcome.status = STATUS_BAD_INPUT;
    ExitStatus status = speak(cx, &s);
    ctx_free(cx);
    return (int)status;
}
