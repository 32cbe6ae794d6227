/* What the files of the rewriting share: the catalogue as trees (rewrite.c), what a pattern met
 * (rewrite_match.c), and the edits that put its replacement there (rewrite_write.c). */
#ifndef NNA_FRONTEND_REWRITE_INTERNAL_H
#define NNA_FRONTEND_REWRITE_INTERNAL_H

#include "frontend/rewrite.h"

enum { HOLES_MOST = 6, MET_MOST = 48, LETS_MOST = 12 };

typedef enum HoleKind { HOLE_ANY, HOLE_OPTIONAL, HOLE_SMALL } HoleKind;

typedef struct Hole {
    Name name;
    HoleKind kind;
    const char *called; /* what a `let` of it is called */
} Hole;

typedef struct Rule {
    const char *name, *sentence;
    bool is_offered;
    Ast pattern, replacement; /* in Rewriter.catalogue */
    const Callee *makes;      /* what the replacement applies; NULL: nothing */
    uint32_t hole_count;
    Hole holes[HOLES_MOST];
} Rule;

/* What a rule met. Copied where another way is tried. */
typedef struct Match {
    const Rule *rule;
    Ast root;
    Ast holes[HOLES_MOST]; /* in the file; none: absent, or not met yet */
    bool met[HOLES_MOST];
    uint32_t place_count, let_count;
    Ast places[MET_MOST]; /* the applications that the pattern spells out */
    Ast lets[LETS_MOST];  /* the statements whose names were looked through */
} Match;

struct Rewriter {
    Ctx *cx;
    File *file;
    Scope scope;
    const Callees *callees;
    const Module *module;
    File *catalogue;
    VEC(Rule) rules;
    VEC(Match) matches; /* of the whole file, by rule, then by place */
    bool searched;
};

/* Whether the rule meets an expression of the file. */
bool rewrite_match(const Rewriter *r, const Rule *rule, Ast root, Match *out);

/* The edits of a match; false where it cannot be written down. */
bool rewrite_write(const Rewriter *r, const Match *match, Edits *out);

/* The hole that a name of the catalogue is; hole_count: none. */
uint32_t rewrite_hole(const Rule *rule, Name name);

#endif
