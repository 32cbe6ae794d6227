/* The equation of `einsum`: letters for the dimensions of its operands and of its result.
 *
 *     equation := term (',' term)* ('->' term)?     blanks are skipped
 *     term     := (letter | '...')*                 `...` once: all other dimensions
 */
#ifndef NNA_FRONTEND_EQUATION_H
#define NNA_FRONTEND_EQUATION_H

#include "frontend/lower_internal.h"

typedef struct Term {
    uint32_t begin, end; /* columns in the equation */
    uint32_t count, columns[MAX_RANK];
    uint8_t letters[MAX_RANK];
    bool rest;           /* has `...`, before letters[rest_at] */
    uint32_t rest_at;
} Term;

typedef struct Equation {
    Lower *l;
    Span span;
    const char *text;
    bool verbatim; /* the columns of the text are those of the source */
    VEC(Term) terms;
    bool arrow;
    Term result;   /* behind the arrow */
} Equation;

/* False after a report. */
bool equation_read(Lower *l, Name text, Span span, Equation *out);

/* What is at some columns of the text, for reports: the whole where it is not written there. */
Span equation_columns(const Equation *e, uint32_t begin, uint32_t end);

/* A report there. Gives false. */
bool equation_fault(const Equation *e, DiagCode code, uint32_t begin, uint32_t end,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
