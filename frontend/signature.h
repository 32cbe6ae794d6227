/* The order in which the C function of an `extern block` takes what it is given. */
#ifndef NNA_FRONTEND_SIGNATURE_H
#define NNA_FRONTEND_SIGNATURE_H

#include "frontend/ast.h"

typedef enum SignatureKind {
    SIGNATURE_PARAMETER, /* of the declaration: a tensor or a static value */
    SIGNATURE_RESULT,
    SIGNATURE_SIZE, /* of a dimension variable */
    SIGNATURE_REST, /* of `...`: the number of sizes, and where they stand */
} SignatureKind;

typedef struct SignatureItem {
    SignatureKind kind;
    Name name; /* of the parameter, result (or none) or variable */
    Ast type;  /* of the parameter or result */
} SignatureItem;

typedef VEC(SignatureItem) Signature;

/* Parameters, results, each dimension variable where it is first written, and then `...`; a
 * static parameter that is a dimension too is passed as itself alone. In the scratch arena. */
Signature signature_of(Ctx *cx, const File *file, Ast declaration);

#endif
