/* --format=json: docs/formats.md says what stands where. */
#ifndef NNA_BACKEND_REPORT_JSON_H
#define NNA_BACKEND_REPORT_JSON_H

#include "backend/driver.h"
#include "backend/json_tree.h"

void report_json(Ctx *cx, const Outcome *outcome, Buf *out);

/* Of a rule or of a report of it: code, name, severity, category, impact. */
void report_json_rule(JsonTree *tree, JsonPart *part, DiagCode code, Severity severity);

#endif
