/* Imports: the files of a program, found from the one that was given. */
#ifndef NNA_FRONTEND_IMPORT_H
#define NNA_FRONTEND_IMPORT_H

#include "frontend/parse.h"

/* Who reads files: the library never opens one by itself. */
typedef struct Importer {
    /* The text that `path`, as written in `from`, names; the same one for the same file. NULL
     * after a report at `place`. */
    Source *(*read)(Ctx *cx, void *data, const Source *from, const char *path, Span place);
    void *data;
} Importer;

/* Reads what the file imports, and what that imports, each file once. Fills File.imports of
 * them all, and File.files of the one that was given. What cannot be imported is reported where
 * it is written. */
void imports_load(Ctx *cx, File *file, const Importer *importer);

/* Where the path of an import is written. */
Span import_path_span(const File *file, Ast import);

#endif
