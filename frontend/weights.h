/* Weights from a safetensors file, bound to parameters by path.
 *
 * The file is hostile: its header is checked in full (lengths, offsets, holes, overlaps, duplicate
 * keys, shapes times element size) before anything is sized by it. */
#ifndef NNA_FRONTEND_WEIGHTS_H
#define NNA_FRONTEND_WEIGHTS_H

#include "ir/ir.h"

typedef struct Weights Weights;

/* Reads and checks a file. NULL after a report: NNA0001 (cannot read), NNA7008 (malformed:
 * what, and where), NNA7005 (the same path twice), NNA0002. The bytes live in the
 * module arena. */
Weights *weights_read(Ctx *cx, const char *path);

/* Binds every parameter and buffer of g; reports missing (NNA7001), surplus (NNA7002), wrongly
 * shaped or typed (NNA7003) entries, NaN, infinities and values outside a contract (NNA7004),
 * constant ones (NNA7006, a warning; not for buffers). Symbolic dimensions in a parameter's shape
 * must be bound by --bind. */
void weights_bind(Graph *g, const Weights *weights);

/* Names the file's bytes, in 64 bits, for --describe. */
uint64_t weights_digest(const Weights *weights);

#endif
