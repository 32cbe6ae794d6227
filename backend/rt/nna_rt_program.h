/* The guarded executable: its command line (nna_rt_main.c) and its files (nna_rt_arrays.c). */
#ifndef NNA_RT_PROGRAM_H
#define NNA_RT_PROGRAM_H

#include "backend/rt/nna_rt_internal.h"

typedef enum Command { COMMAND_RUN, COMMAND_DESCRIBE, COMMAND_SELFTEST, COMMAND_BENCH } Command;

/* The command line, and what it names. */
typedef struct Program {
    const nna_rt_model *model;
    const char *name;
    nna_rt_text message;
    Command command;
    int64_t calls; /* 0: not said */
    /* By number; NULL: not given. Written are outputs, then buffers. */
    const char **input_paths, **loaded_paths, **written_paths;
    char **temporaries;   /* of what is written */
    nna_rt_array *arrays; /* of inputs */
    nna_rt_state state;
    nna_rt_session session;
} Program;

/* NNA_RT_BAD_INPUT, with a message. */
int program_fail(Program *p, const char *format, const char *a, const char *b);

/* The inputs into the session, which gets its sizes; the buffers that are loaded into the state. */
int program_read_inputs(Program *p);
int program_load_buffers(Program *p);

/* All that is written gets its name, or nothing does. */
int program_write(Program *p);

#endif
