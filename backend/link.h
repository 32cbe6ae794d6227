/* From an object to an executable or a shared library, by the system's C compiler (cc, or $CC). */
#ifndef NNA_BACKEND_LINK_H
#define NNA_BACKEND_LINK_H

#include "backend/output.h"
#include "backend/process.h"
#include "backend/symbols.h"
#include "ir/ir.h"

/* Both write to the temporary file of `out`, from the file at `object` and the `more` files that
 * extern blocks are in. False after a report
 * NNA0001 that holds what the linker said, or without one when it was interrupted. */
bool link_executable(Ctx *cx, const Interrupts *interrupts, const char *object, const Paths *more,
                     const Output *out);

/* `prefix` begins the name of each symbol that the library shows: <prefix>_run, or for a model
 * that keeps a state from call to call <prefix>_open and so on. */
bool link_library(Ctx *cx, const Interrupts *interrupts, const char *object, const Paths *more,
                  const char *prefix, bool keeps_state, const Output *out);

/* The C name that a text is turned into: "my-model.so" is my_model. In the session arena. */
const char *link_prefix(Ctx *cx, const char *path);

/* The header of the library: sizes, inputs, outputs, and the functions; then `functions`, the
 * prototypes of those that it calls. */
void link_header(const Graph *g, const char *prefix, const char *digest, const char *functions,
                 Buf *out);

#endif
