/* What the files of the fixes share: candidates, which nobody has checked yet, and where they are
 * from.
 *
 *   fix.c           which candidate is offered, and what becomes of a file
 *   fix_guard.c     an operand that is held in the domain
 *   fix_contract.c  a contract on inputs or parameters */
#ifndef NNA_BACKEND_FIX_INTERNAL_H
#define NNA_BACKEND_FIX_INTERNAL_H

#include "backend/recheck.h"
#include "frontend/rewrite.h"

typedef struct Candidate {
    const char *kind, *sentence;
    Edits edits; /* of before->source */
} Candidate;

/* A text whose reports are looked at, one after the other. */
typedef struct Fixer {
    const Recheck *before;
    Rewriter *rewriter; /* in the context of `before` */
    Arena *arena;       /* of the same */
    struct Budget *budget;
} Fixer;

/* What may still be spent on checks: one each, and more for large models. */
typedef struct Budget {
    uint64_t left;
    bool is_spent; /* one more was wanted */
} Budget;

/* Whether the text with the edits is better by the target; spends one check. */
bool fix_passes(const Fixer *f, const Found *target, const Edits *edits);

/* The k-th candidate for a report; false where there are no more. One without edits is none. */
bool guard_candidate(const Fixer *f, const Found *target, uint32_t k, Candidate *out);

/* The largest contract with which the report goes; it makes checks itself. */
bool contract_candidate(const Fixer *f, const Found *target, Candidate *out);

#endif
