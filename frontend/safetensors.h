/* The header of a safetensors file: what tensors there are, and where. For weights.c. */
#ifndef NNA_FRONTEND_SAFETENSORS_H
#define NNA_FRONTEND_SAFETENSORS_H

#include "ir/base/ctx.h"
#include "ir/ir.h"

typedef struct SafetensorsEntry {
    Name path;
    DType dtype;
    uint8_t rank;
    int64_t dims[MAX_RANK];
    uint64_t begin, end; /* bytes of the data, which follow the header */
} SafetensorsEntry;

typedef VEC(SafetensorsEntry) SafetensorsEntries;

enum { SAFETENSORS_PREFIX = 8 }; /* bytes before the header: its length */

/* Reads the `length` bytes of a header, behind which `data_size` bytes follow. Entries come
 * out in the order of their data, which they fill without a hole. False after a report:
 * NNA7008 (malformed: what, and at which byte of the file or in which tensor), NNA7005 (the same
 * path twice), NNA0002 (too many, too long). Touches nothing but its arguments, so that it can be
 * fuzzed. */
bool safetensors_header(Ctx *cx, const char *path, const char *header, size_t length,
                        uint64_t data_size, SafetensorsEntries *out);

#endif
