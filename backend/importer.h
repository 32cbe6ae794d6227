/* The files that a model may import: those in the folder of the file that was given, and below. */
#ifndef NNA_BACKEND_IMPORTER_H
#define NNA_BACKEND_IMPORTER_H

#include "frontend/import.h"

/* An importer for the model whose text is `source`, and which was read from source->path. It
 * lives as long as the module. */
Importer importer_new(Ctx *cx, Source *source);

#endif
