/* Domains for comparison: exact arithmetic, and with it DEBAR's danger zones. */
#ifndef NNA_PASSES_REAL_H
#define NNA_PASSES_REAL_H

#include "passes/domain.h"

extern const AbstractDomain real_domain;
extern const AbstractDomain zone_domain;

#endif
