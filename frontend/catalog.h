/* The operators of the language as a user sees them: signature, ONNX name, documentation. */
#ifndef NNA_FRONTEND_CATALOG_H
#define NNA_FRONTEND_CATALOG_H

#include "ir/base/ctx.h"

typedef struct CatalogParameter {
    const char *name, *type; /* as it would be declared: "float[...]", "real > 0" */
    const char *otherwise;   /* the default; NULL: it must be given */
    bool is_tensor;
} CatalogParameter;

typedef struct CatalogEntry {
    const char *family, *name;
    const char *onnx;   /* "" where there is none */
    const char *doc;    /* sentences */
    const char *result; /* its type, or "" where that depends on the arguments */
    bool variadic;      /* the first parameter may be given any number of times */
    VEC(CatalogParameter) parameters;
} CatalogEntry;

typedef VEC(CatalogEntry) Catalog;

/* All of operator.def, in its order, in the module arena. Empty after a report, when the sources
 * are full. */
Catalog catalog_make(Ctx *cx);

/* "softmax(x: float[...], axis: int = -1) -> float[...]" */
void catalog_signature(const CatalogEntry *entry, Buf *out);

#endif
