/* Where the parts of an installation are: beside the command (in a build folder), or in the lib
 * folder next to the command's bin folder. */
#ifndef NNA_BACKEND_INSTALL_H
#define NNA_BACKEND_INSTALL_H

#include "ir/base/ctx.h"

/* The path of a part, in the session arena. NULL after a report NNA0001. */
const char *install_find(Ctx *cx, const char *name);

#endif
