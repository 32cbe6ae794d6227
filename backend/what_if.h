/* What --what-if prints: what breaks, what is kept, and how far each tensor is from overflow. */
#ifndef NNA_BACKEND_WHAT_IF_H
#define NNA_BACKEND_WHAT_IF_H

#include "passes/what_if.h"

void what_if_print(Ctx *cx, const WhatIf *w, Buf *out);

#endif
