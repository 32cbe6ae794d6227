/* What the names in the text of one file stand for, for those who change that text: where a name
 * is bound, who uses it, and what it would stand for at another place. Of a file that was read
 * without a fault. */
#ifndef NNA_FRONTEND_SCOPE_H
#define NNA_FRONTEND_SCOPE_H

#include "frontend/ast.h"

typedef struct Scope {
    Ctx *cx;
    const File *file;
    Ast *parent; /* by id; the root has none */
    Ast *binder; /* by id, of an AST_NAME that is an expression: the statement, parameter, carry or
                    loop that binds the name; none for words, dimensions and what is unknown */
} Scope;

Scope scope_make(Ctx *cx, const File *file);

/* What binds `name` at the place of `at`, as far as the text around it says. */
Ast scope_lookup(const Scope *scope, Name name, Ast at);

/* The statement, or the declaration, that an expression stands in. */
Ast scope_statement(const Scope *scope, Ast at);
Ast scope_declaration(const Scope *scope, Ast at);

/* The value of a `let` that binds one name; none for any other binder. */
Ast scope_value(const Scope *scope, Ast binder);

/* Whether the name is written anywhere in the file. */
bool scope_mentions(const Scope *scope, Name name);

#endif
