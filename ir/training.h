/* What a `train` section says, beside the graph whose values it names. Data only: passes that
 * look at gradients and updates start here. */
#ifndef NNA_IR_TRAINING_H
#define NNA_IR_TRAINING_H

#include "ir/ir.h"

typedef enum TrainingMethod {
#define TRAINING(kind, id, ...) TRAINING_##id,
#define TRAINING_KIND(...)
#define TRAINING_DOMAIN(...)
#include "ir/training.def"
    TRAINING_METHOD_COUNT
} TrainingMethod;

typedef enum TrainingKind {
#define TRAINING(...)
#define TRAINING_KIND(kind, word) TRAINING_KIND_##kind,
#define TRAINING_DOMAIN(...)
#include "ir/training.def"
    TRAINING_KIND_COUNT
} TrainingKind;

typedef enum SettingDomain {
#define TRAINING(...)
#define TRAINING_KIND(...)
#define TRAINING_DOMAIN(id, ...) SETTING_##id,
#include "ir/training.def"
} SettingDomain;

typedef enum SettingKind {
    SETTING_KIND_REAL,
    SETTING_KIND_INTEGER,
    SETTING_KIND_BOOLEAN, /* 0 or 1 */
    SETTING_KIND_DTYPE,   /* DTYPE_F16 or DTYPE_BF16 */
    SETTING_KIND_PATHS,   /* the parameters are in TrainingCall.on */
} SettingKind;

enum { TRAINING_MAX_SETTINGS = 5 };

typedef struct SettingInfo {
    const char *name;
    SettingKind kind;
    SettingDomain domain;
    double initial;  /* the default; NaN: required */
    double doubtful; /* above it NNA5002; NaN: never */
    double idle;     /* NNA5008; NaN: never */
} SettingInfo;

typedef struct TrainingInfo {
    TrainingKind kind;
    const char *spelling, *summary;
    uint8_t setting_count;
    SettingInfo settings[TRAINING_MAX_SETTINGS];
} TrainingInfo;

extern const TrainingInfo training_info[TRAINING_METHOD_COUNT];
extern const char *const training_kind_text[TRAINING_KIND_COUNT];

/* Whether a number is in the domain, which training_domain_text says in words. */
bool training_allows(SettingDomain domain, double value);
const char *training_domain_text(SettingDomain domain);

/* Parameters, or inputs, in the order of the graph. */
typedef struct ValueSet {
    uint32_t count;
    const Value *values;
} ValueSet;

typedef struct TrainingCall {
    TrainingMethod method;
    double settings[TRAINING_MAX_SETTINGS]; /* by position in the row; defaults filled in */
    ValueSet on; /* what it is for: of an optimizer, of a regularizer */
    Span span;
} TrainingCall;

typedef struct Objective {
    Value value; /* any shape: of a tensor that is no scalar the sum counts */
    bool maximize;
    ValueSet over;
    Span span; /* of its name */
} Objective;

typedef struct Metric {
    Name name;
    Value value;
    Span span;
} Metric;

typedef struct Training {
    Span span; /* of the keyword */
    VEC(Objective) objectives;
    VEC(TrainingCall) calls; /* optimizers, schedules, ... in the order of the section */
    VEC(Metric) metrics;
    int64_t batch, samples, steps, epochs; /* 0: not said */
    bool drop_last, wrap;
} Training;

/* As text, for people and tests. */
void training_print(const Graph *g, const Training *t, Buf *out);

#endif
