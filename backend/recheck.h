/* A whole check of a text beside the running one, in a context of its own: what would be reported
 * if the file held it. */
#ifndef NNA_BACKEND_RECHECK_H
#define NNA_BACKEND_RECHECK_H

#include "backend/driver.h"
#include "ir/base/edit.h"

/* A report, by what tells it: what is reported, and where. Places are bytes of the file from 0. */
typedef struct Found {
    DiagCode code;
    const char *path; /* NULL: the file itself; "": nowhere */
    uint32_t begin, end;
    const Diag *report; /* in the context of the check */
} Found;

typedef struct Recheck {
    Ctx *cx; /* NULL: there is no memory for one */
    const Options *options;
    const char *path;
    Limits limits; /* of the running check */
    const char *text;
    size_t length;
    bool whole; /* nothing stopped it */
    Checked checked;
    Source *source;
    VEC(Found) found; /* warnings and errors that are not turned off, by emission */
} Recheck;

/* Checks the text; `limits` are those of the running check. What is found stays until the end. */
void recheck_begin(Recheck *check, const Limits *limits, const Options *options, const char *path,
                   const char *text, size_t length);
void recheck_end(Recheck *check);

/* Whether `after`, the check of the text with the edits in it, reports what `before` does without
 * `target` and nothing else, of the same models, inputs, parameters and results. */
bool recheck_is_better(const Recheck *before, const Found *target, const Edits *edits,
                       const Recheck *after);

#endif
