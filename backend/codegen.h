/* The door to the code generator: the one function that the module nnac_codegen.so exports, and
 * what it is asked. LLVM lives behind it, in a child process (child.c). */
#ifndef NNA_BACKEND_CODEGEN_H
#define NNA_BACKEND_CODEGEN_H

#include "passes/facts.h"

typedef enum EmitKind { EMIT_LLVM, EMIT_ASSEMBLY, EMIT_OBJECT } EmitKind;

typedef enum GuardPolicy { GUARDS_UNPROVEN, GUARDS_ALL, GUARDS_NONE } GuardPolicy;

typedef struct CodegenRequest {
    Graph *graph;          /* without errors, its parameters bound */
    const Facts *facts;    /* NULL: nothing is proved */
    EmitKind kind;
    GuardPolicy guards;
    int optimise;          /* 0..3 */
    const char *triple;    /* NULL: the host's */
    const char *cpu;       /* NULL: the oldest of its kind ("x86-64"); "native": the host's */
    const char *digest;    /* of model and weights; NULL: "" */
    const char *version;   /* of nnac; NULL: "" */
} CodegenRequest;

typedef struct CodegenResult {
    bool ok;
    const char *bytes;    /* text or object, in the module arena of the graph's context */
    size_t size;
    char message[512];    /* when not ok */
} CodegenResult;

typedef void CodegenFunction(const CodegenRequest *request, CodegenResult *result);
#define CODEGEN_SYMBOL "nnac_codegen"

/* What the child ends with when LLVM gives up by itself; the reason is on its standard error. */
enum { CODEGEN_FATAL_STATUS = 70 };

void nnac_codegen(const CodegenRequest *request, CodegenResult *result);

#endif
