/* Names and types as C has them. */
#ifndef NNA_BACKEND_C_NAMES_H
#define NNA_BACKEND_C_NAMES_H

#include "ir/base/ctx.h"
#include "ir/dtype.h"

/* A C identifier from a text: other characters become `_`, and so is told apart what C knows. */
const char *c_name(Ctx *cx, const char *text, size_t length);

/* The type of an element; of f16 and bf16 that of their bits. */
const char *c_type(DType t);

/* A name that none of those before it has: the same again gets its number. */
const char *c_field_name(Ctx *cx, const Names *names, Name name, uint32_t index, Names *used);

#endif
