/* From the AST to graphs: names, static evaluation, expansion of blocks. */
#ifndef NNA_FRONTEND_LOWER_H
#define NNA_FRONTEND_LOWER_H

#include "frontend/parse.h"
#include "ir/ir.h"

/* NAME=VALUE from the command line: --bind (dimension variables), --set (static parameters). */
typedef struct Binding {
    const char *name, *value;
} Binding;

typedef struct LowerOptions {
    uint32_t bind_count, set_count;
    const Binding *binds, *sets;
    const char *entry; /* name of the one model wanted, or NULL for all */
    File *prelude;     /* read already, in the same context; NULL: it is read here */
} LowerOptions;

typedef struct Models {
    VEC(Graph *) list; /* in the order of the file; a model with errors is there too, poisoned */
} Models;

/* Resolves and expands every model of the file. Declarations that no model uses are checked
 * as well. All that is wrong is in cx->diags. */
Models lower_file(Ctx *cx, File *file, const LowerOptions *options);

#endif
