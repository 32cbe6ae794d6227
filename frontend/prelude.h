/* The prelude: the composite operators of the language, written in the language. */
#ifndef NNA_FRONTEND_PRELUDE_H
#define NNA_FRONTEND_PRELUDE_H

#include "frontend/parse.h"

extern const char nna_prelude[];
extern const size_t nna_prelude_length;

/* The prelude, read once as a source of the context: reports never show it. NULL after a report,
 * when the sources are full. */
File *prelude_parse(Ctx *cx);

#endif
