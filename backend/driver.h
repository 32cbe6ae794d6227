/* The pipeline: from the files of a command line to reports and products. Prints nothing. */
#ifndef NNA_BACKEND_DRIVER_H
#define NNA_BACKEND_DRIVER_H

#include "backend/options.h"
#include "backend/trusted.h"
#include "passes/what_if.h"

typedef enum ExitStatus {
    STATUS_CLEAN = 0,
    STATUS_REPORTS = 1,   /* at or above the failing severity */
    STATUS_BAD_INPUT = 2, /* wrong usage, a file that cannot be read or written, a limit */
    STATUS_INTERNAL = 3,
} ExitStatus;

/* How a file came out. */
typedef struct FileOutcome {
    const char *path;
    bool was_analysed; /* some model of it was: the counts of operations mean something */
    uint32_t errors, warnings;
    uint32_t proved, confirmed, possible, consequence, growth, not_analysed; /* as in Facts */
    Trusted trusted;
    VEC(const WhatIf *) what_ifs; /* by model, where that is asked */
} FileOutcome;

/* How all came out, beside the reports. */
typedef struct Outcome {
    ExitStatus status;
    VEC(FileOutcome) files; /* those that were checked */
    bool has_baseline;
    uint32_t known, gone; /* reports, by the baseline */
    Buf out;   /* for standard output */
    Buf log;   /* for below the reports */
    Buf error; /* a message about wrong usage, or nothing */
} Outcome;

Outcome outcome_make(Arena *arena);

/* What the check of a text leaves in its context, beside the reports. */
typedef struct Checked {
    File *file; /* NULL: it could not be read */
    Models models;
    Facts *const *facts; /* one a model; NULL: it could not be analysed */
    uint32_t facts_count;
} Checked;

/* Checks a text as if it stood in the file, as --check does: reports are in cx->diags, those that
 * an `@allow` takes back withdrawn. Within a ctx_try. */
void driver_check_text(Ctx *cx, const Options *options, const char *path, const char *text,
                       size_t length, Checked *out);

/* Does what is asked. Reports are in cx->diags, sorted, without those that are turned off. */
void driver_run(Ctx *cx, const Options *options, Outcome *outcome);

#endif
