/* Output files: whole under their name, or not there at all.
 *
 * Each is written under a temporary name in its own folder, brought to the disk, and renamed.
 * Failures are reported as NNA0001. The caller holds interrupts (process.h) while an Output
 * is open. */
#ifndef NNA_BACKEND_OUTPUT_H
#define NNA_BACKEND_OUTPUT_H

#include "ir/base/ctx.h"

typedef struct Output {
    const char *path;      /* its name in the end */
    const char *temporary; /* its name now; NULL: a device, written in place, or not open */
    int descriptor;        /* -1: not open */
} Output;

#define OUTPUT_NONE ((Output){NULL, NULL, -1})

typedef enum OutputKind { OUTPUT_FILE, OUTPUT_FILE_OR_DEVICE } OutputKind;

/* Begins a file. Devices and pipes, where they are allowed, are written in place. */
bool output_open(Ctx *cx, const char *path, OutputKind kind, Output *out);

bool output_write(Ctx *cx, Output *output, const char *bytes, size_t size);

/* AS_BEFORE: those of the file that it replaces. */
typedef enum OutputRights { OUTPUT_READABLE, OUTPUT_RUNNABLE, OUTPUT_AS_BEFORE } OutputRights;

/* Gives the file its name and its rights (cut by the umask); another program may have written
 * it anew under its temporary name. After a failure it is gone. */
bool output_commit(Ctx *cx, Output *output, OutputRights rights);

/* Replaces the text of a file, behind symbolic links, with the rights that it has; not where the
 * file does not hold `before` any more. Holds interrupts itself. */
bool output_replace(Ctx *cx, const char *path, const Source *before, const char *text,
                    size_t length);

/* Removes what was not committed. Does nothing for OUTPUT_NONE. */
void output_discard(Output *output);

#endif
