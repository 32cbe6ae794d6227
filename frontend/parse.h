/* Text to syntax tree. */
#ifndef NNA_FRONTEND_PARSE_H
#define NNA_FRONTEND_PARSE_H

#include "frontend/ast.h"

/* Reads a source to its end, whatever it holds: never NULL. Faults are reported
 * (NNA1001, NNA1002, NNA0002), each once, and leave AST_ERROR nodes; File.broken says
 * that there were some. Everything lives in the module arena; like all that takes memory,
 * it is called within a ctx_try. */
File *parse_file(Ctx *cx, Source *source);

/* The tokens of a source as text, one a line, for golden tests and --emit=tokens. Faults
 * of the scanner are reported. */
void tokens_print(Ctx *cx, Source *source, Buf *out);

/* The tokens of a source that was read without a fault, one after the other. At the end of the
 * text there is an empty one, again and again. */
typedef struct TokenReader TokenReader;
TokenReader *tokens_open(Ctx *cx, const Source *source);
Span tokens_next(TokenReader *reader);

#endif
