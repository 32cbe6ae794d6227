/* Frameworks that a model is meant for, and their versions (`@portable`). */
#ifndef NNA_IR_TARGET_H
#define NNA_IR_TARGET_H

#include "ir/base/buf.h"
#include "ir/base/source.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum Framework {
#define FRAMEWORK(id, name) FRAMEWORK_##id,
#define VERSION_STAGE(...)
#include "ir/target.def"
    FRAMEWORK_COUNT
} Framework;

extern const char *const framework_text[FRAMEWORK_COUNT];

typedef enum VersionStage {
#define FRAMEWORK(...)
#define VERSION_STAGE(id, spellings) VERSION_##id,
#include "ir/target.def"
    VERSION_RELEASE
} VersionStage;

enum { VERSION_NUMBERS = 4 };

typedef struct Version {
    uint32_t numbers[VERSION_NUMBERS]; /* those that are not written are 0 */
    VersionStage stage;
    uint32_t stage_number;
} Version;

/* Reads `2.0.0-rc1`, `2.0.0rc1`, `2.0.0.dev3`, `1.8`, in any case; false for what is no version. */
bool version_parse(const char *text, Version *out);
int version_compare(const Version *a, const Version *b); /* < 0, 0, > 0 */
void version_print(const Version *v, Buf *out);

typedef struct Target {
    Framework framework;
    bool any_version; /* none is said: no advisory is about it */
    Version version;
    Span span;
} Target;

#endif
