/* --baseline FILE: reports that are known, and are counted in place of being reported.
 *
 * A report is told by its code, file, model, operation, parameter and facts: it stays known when
 * lines are moved, and is a new one when what it follows from changes. */
#ifndef NNA_BACKEND_BASELINE_H
#define NNA_BACKEND_BASELINE_H

#include "backend/driver.h"

typedef struct Baseline Baseline;

/* Reads the file; with `update` it need not be there yet, and what it says of the files that are
 * checked does not count. NULL after a report. Lives in the session arena. */
Baseline *baseline_open(Ctx *cx, const char *path, bool update);

/* Withdraws what is known of the reports from the number `first` on, which are settled. */
void baseline_take(Baseline *b, const Options *options, uint32_t first);

/* Lists what is gone, or writes the file anew; counts in `outcome`. Reports NNA0001 where that
 * fails. */
void baseline_close(Baseline *b, Outcome *outcome);

#endif
