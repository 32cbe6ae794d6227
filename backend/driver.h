/* The pipeline: from the files of a command line to reports and products. Prints nothing. */
#ifndef NNA_BACKEND_DRIVER_H
#define NNA_BACKEND_DRIVER_H

#include "backend/options.h"

typedef enum ExitStatus {
    STATUS_CLEAN = 0,
    STATUS_REPORTS = 1,   /* at or above the failing severity */
    STATUS_BAD_INPUT = 2, /* wrong usage, a file that cannot be read or written, a limit */
    STATUS_INTERNAL = 3,
} ExitStatus;

/* Does what is asked. Reports are in cx->diags, sorted, without those that are turned off; what
 * belongs on standard output is appended to `out`, what belongs below the reports to `log`, and a
 * message about wrong usage to `error`. */
ExitStatus driver_run(Ctx *cx, const Options *options, Buf *out, Buf *log,
                      Buf *error);

#endif
