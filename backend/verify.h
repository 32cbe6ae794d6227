/* --verify: the reports of a file against what its comments expect (`#!`, `#?`). */
#ifndef NNA_BACKEND_VERIFY_H
#define NNA_BACKEND_VERIFY_H

#include "backend/options.h"

/* Holds the reports from the number `first` on, which are settled, against the expectations of
 * the file, which is NULL where it could not be read. What is expected is withdrawn, and so are
 * notes; what is unexpected stays; what is missed is a line of `log`, and a line below says how
 * the file stands. False where the two differ. */
bool verify(Ctx *cx, const char *path, const File *file, uint32_t first, const Options *options,
            Buf *log);

#endif
