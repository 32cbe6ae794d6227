/* Child processes, and Ctrl-C while there are some: what child.c and link.c share.
 *
 * SIGINT, SIGTERM and SIGHUP are held back while an output is being made, so that its temporary
 * files can be removed first; they act when they are released. No handler is installed. */
#ifndef NNA_BACKEND_PROCESS_H
#define NNA_BACKEND_PROCESS_H

#include "ir/base/ctx.h"

#include <signal.h>
#include <sys/types.h>

typedef struct Interrupts {
    sigset_t before; /* the mask that children get, and that comes back */
    int descriptor;  /* readable when one is pending */
} Interrupts;

/* False when the system refuses; then nothing is held. */
bool interrupts_hold(Interrupts *interrupts);

/* A signal that is pending ends the process in here. */
void interrupts_release(Interrupts *interrupts);

/* What a child writes into one pipe. */
typedef struct Stream {
    int descriptor; /* -1 after the end */
    Buf text;
    size_t limit;   /* what comes beyond it is read and dropped */
} Stream;

typedef struct Child {
    pid_t id;
    Stream *streams;
    uint32_t stream_count;
    int status;       /* as waitpid gives it */
    bool interrupted; /* it was killed, for a signal is pending */
} Child;

/* A pipe, both ends closed on exec. False: errno. */
bool process_pipe(int ends[2]);

/* Reads the streams until they end, and waits. When memory is spent meanwhile, the child is
 * killed, and it is given up. */
void process_finish(Ctx *cx, const Interrupts *interrupts, Child *child);

#endif
