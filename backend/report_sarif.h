/* --format=sarif: SARIF 2.1.0, as code scanning reads it. */
#ifndef NNA_BACKEND_REPORT_SARIF_H
#define NNA_BACKEND_REPORT_SARIF_H

#include "backend/driver.h"

void report_sarif(Ctx *cx, const Outcome *outcome, Buf *out);

#endif
