/* Reading from children, and waiting for them. */
#include "backend/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

bool interrupts_hold(Interrupts *interrupts) {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &held, &interrupts->before) != 0) return false;
    interrupts->descriptor = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    if (interrupts->descriptor >= 0) return true;
    sigprocmask(SIG_SETMASK, &interrupts->before, NULL);
    return false;
}

void interrupts_release(Interrupts *interrupts) {
    close(interrupts->descriptor);
    sigprocmask(SIG_SETMASK, &interrupts->before, NULL);
}

bool process_pipe(int ends[2]) {
    if (pipe(ends) != 0) return false;
    if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0) {
        return true;
    }
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    errno = error;
    return false;
}

static void close_streams(Child *child) {
    for (uint32_t i = 0; i < child->stream_count; i++) {
        if (child->streams[i].descriptor >= 0) close(child->streams[i].descriptor);
        child->streams[i].descriptor = -1;
    }
}

/* Takes what is there; false at the end. */
static bool take(Stream *stream) {
    char bytes[65536];
    ssize_t got = read(stream->descriptor, bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return false;
    size_t room = stream->limit - stream->text.length;
    buf_put_bytes(&stream->text, bytes, (size_t)got < room ? (size_t)got : room);
    return true;
}

typedef struct Listening {
    Child *child;
    const Interrupts *interrupts;
} Listening;

static void listen_to(Ctx *cx, void *data) {
    (void)cx;
    enum { MOST = 4 };
    Listening *listening = data;
    Child *child = listening->child;
    for (;;) {
        struct pollfd wait[MOST + 1];
        uint32_t which[MOST + 1], count = 0;
        for (uint32_t i = 0; i < child->stream_count && i < MOST; i++) {
            if (child->streams[i].descriptor < 0) continue;
            which[count] = i;
            wait[count++] = (struct pollfd){.fd = child->streams[i].descriptor, .events = POLLIN};
        }
        if (count == 0) return;
        wait[count] = (struct pollfd){.fd = listening->interrupts->descriptor, .events = POLLIN};
        if (poll(wait, count + 1, -1) < 0) continue;
        if (wait[count].revents != 0) {
            child->interrupted = true;
            return;
        }
        for (uint32_t i = 0; i < count; i++) {
            Stream *stream = &child->streams[which[i]];
            if (wait[i].revents == 0 || take(stream)) continue;
            close(stream->descriptor);
            stream->descriptor = -1;
        }
    }
}

void process_finish(Ctx *cx, const Interrupts *interrupts, Child *child) {
    Listening listening = {child, interrupts};
    bool in_time = ctx_try(cx, listen_to, &listening);
    if (!in_time || child->interrupted) kill(child->id, SIGKILL);
    close_streams(child);
    while (waitpid(child->id, &child->status, 0) < 0 && errno == EINTR) continue;
    if (!in_time) ctx_give_up(cx);
}
