/* Reports in the format that is asked for. The exit status does not depend on it. */
#ifndef NNA_BACKEND_RENDER_H
#define NNA_BACKEND_RENDER_H

#include "backend/driver.h"

/* Texts for people go to `beside`, standard error; what programs read is one document, however
 * many files there were, and goes to `document`, standard output. */
void render_reports(Ctx *cx, Format format, const Outcome *outcome, const TextStyle *style,
                    Buf *document, Buf *beside);

#endif
