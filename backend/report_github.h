/* --format=github: a workflow command a report, which GitHub shows beside the line. */
#ifndef NNA_BACKEND_REPORT_GITHUB_H
#define NNA_BACKEND_REPORT_GITHUB_H

#include "ir/base/ctx.h"

void report_github(Ctx *cx, Buf *out);

#endif
