/* Contracts on what comes from outside: not offered yet. */
#include "backend/fix_internal.h"

bool contract_candidate(const Fixer *f, const Found *target, Candidate *out) {
    (void)f;
    (void)target;
    (void)out;
    return false;
}
