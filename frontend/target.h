/* `@portable` and `@precision`: what a model is meant for. */
#ifndef NNA_FRONTEND_TARGET_H
#define NNA_FRONTEND_TARGET_H

#include "frontend/ast.h"
#include "ir/ir.h"

/* Reports what is wrong with one. */
void portable_check(Ctx *cx, const File *file, Ast attribute);
void precision_check(Ctx *cx, const File *file, Ast attribute);

/* Puts what the attributes of a model say beside its graph; what is wrong is left out. */
void targets_read(Graph *g, const File *file, Ast model);

#endif
