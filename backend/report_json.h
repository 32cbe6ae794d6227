/* --format=json: docs/formats.md says what stands where. */
#ifndef NNA_BACKEND_REPORT_JSON_H
#define NNA_BACKEND_REPORT_JSON_H

#include "backend/driver.h"

void report_json(Ctx *cx, const Outcome *outcome, Buf *out);

#endif
