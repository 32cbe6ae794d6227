/* What resolve.c (expressions and statements) and declaration.c share: symbols and scopes. */
#ifndef NNA_FRONTEND_RESOLVE_INTERNAL_H
#define NNA_FRONTEND_RESOLVE_INTERNAL_H

#include "frontend/lower_internal.h"

typedef struct Symbol {
    Name name;
    Span span;
    uint32_t previous; /* index + 1 of the symbol that it hides */
    DiagCode unused;   /* DIAG_COUNT: may be unused */
    const char *what;  /* "parameter" */
    bool used, shadows; /* shadows: a let, which another let may shadow */
    bool local;         /* of a loop */
    bool buffer;        /* which `update` may name */
    Ast layer;         /* the call of a layer */
} Symbol;

typedef struct Resolver {
    Ctx *cx;
    const File *file;
    const Callees *callees;
    Module *module;
    uint8_t *faulty;
    uint8_t *file_used;  /* by number of module: a block of it is called here */
    uint8_t *block_used; /* by name */
    uint32_t *declared;  /* by name: number + 1 of the first declaration of the file */
    uint32_t *latest;    /* by name: index + 1 of the innermost symbol */
    VEC(Symbol) symbols;
    VEC(Name) words;     /* enumerators of the declaration */
    uint32_t scope;      /* first symbol of the innermost scope */
    bool imports;        /* names may come from a file that could not be read */
    bool lost;           /* a parameter of the declaration could not be read */
} Resolver;

static inline const AstNode *node(const Resolver *r, Ast ast) {
    return ast_node(r->file, ast);
}

static inline const char *text(const Resolver *r, Name name) {
    return names_text(&r->cx->names, name);
}

static inline Ast child(const Resolver *r, Ast ast, uint32_t slot) {
    return ast_child(r->file, ast, slot);
}

/* NNA0004 for a node, which becomes faulty. */
void resolve_not_supported(Resolver *r, Ast ast, Span span, const char *what);

/* The first `length` bytes of a node: its keyword. */
Span resolve_keyword_span(const Resolver *r, Ast ast, uint32_t length);

/* Where the name of a statement, parameter or declaration is written, within its node. */
Span resolve_name_span(const Resolver *r, Ast ast);

/* Symbols. */
Symbol *resolve_find(const Resolver *r, Name name);
bool resolve_use(Resolver *r, Name name); /* false if there is none */
void resolve_declare(Resolver *r, Symbol symbol);
void resolve_duplicate(Resolver *r, const Symbol *first, const Symbol *symbol);
void resolve_unknown_name(Resolver *r, Ast ast, Name name, Span span);
/* Gives the outer scope, for resolve_close_scope, which reports what is unused. */
uint32_t resolve_open_scope(Resolver *r);
void resolve_close_scope(Resolver *r, uint32_t outer);

/* module.c: imports of what cannot be read, or is there already; and those without use. */
void resolve_imports(Resolver *r, AstRange declarations);
void resolve_unused_imports(Resolver *r);
/* "`b.nna` has it, and is not imported here" */
void resolve_elsewhere_help(Resolver *r, Diag *d, Name name);

void resolve_expression(Resolver *r, Ast ast);
void resolve_argument(Resolver *r, const Formal *formal, Ast ast);
void resolve_loosely(Resolver *r, AstRange arguments);
/* A call: its own arguments and those of its layer; `complete`: what is missing is reported. */
void resolve_arguments(Resolver *r, Ast call, const Callee *callee, bool piped, AstRange own,
                       AstRange layer, bool complete);
void resolve_type(Resolver *r, Ast type);

/* resolve_training.c: the train sections of a model, in the scope of its body. */
void resolve_training(Resolver *r, Ast model);

/* The statements of a body, whose scope the caller has opened. */
void resolve_body(Resolver *r, Ast body);

#endif
