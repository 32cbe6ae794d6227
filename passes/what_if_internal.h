/* What the files of what_if.h share.
 *
 *   what_if.c         the search
 *   what_if_report.c  what is said: reports, headroom, what is kept */
#ifndef NNA_PASSES_WHAT_IF_INTERNAL_H
#define NNA_PASSES_WHAT_IF_INTERNAL_H

#include "ir/retype.h"
#include "passes/what_if.h"

/* An operation as it is written. */
typedef struct Unit {
    Span span;
    OriginId via;
    Value last;      /* of its nodes */
    uint32_t copies; /* by calls of blocks and by loops */
    uint32_t round;  /* of the search: the last one that raised it, or for it */
    bool is_composite; /* it was not written node by node */
    bool generates;  /* it stays as it is, and nobody speaks of it */
    bool kept;
} Unit;

/* Where the search goes from something that breaks. */
typedef enum Spread {
    SPREAD_BACK,  /* from the operation to what it is computed from */
    SPREAD_USERS, /* from a value that is converted to what reads it */
    SPREAD_BOTH   /* a gradient: it flows against the values */
} Spread;

typedef struct Break {
    uint32_t at; /* old value */
    Spread spread;
} Break;

enum { BACKWARD_FAILS = 1 /* it is reported */, BACKWARD_GROWS = 2 /* it is growth */ };

typedef struct Search {
    Ctx *cx;
    Graph *g;
    uint32_t end;
    const Facts *facts;
    const AnalysisOptions *options;
    DType to;
    const char *asked;
    Data *narrow;
    VEC(Unit) units;  /* [0] is none */
    uint32_t *unit;   /* by value */
    uint32_t *radius; /* by value: how far from it everything is kept */
    double *lost;     /* by value: a number of a constant that is lost */
    uint32_t *made_at;    /* by origin: a value that it made */
    uint8_t *backward;    /* by origin, of BACKWARD_...: of its gradient as it is written */
    Span optimizer; /* whose updates break; none: nobody's */
    VEC(Break) breaks;
    VEC(uint32_t) raised; /* units, in their order */
    uint64_t work;
    uint32_t analyses;
} Search;

void what_if_prepare(Search *s);
Analysis *what_if_try(Search *s, Arena *arena, Retyped *r);
void what_if_search(Search *s, WhatIf *out);

/* Whether a number is neither 0 nor infinite, and rounds to one of them. */
bool what_if_loses(DType to, double value);
double what_if_lost(const Search *s, Value v);

#endif
