/* The command line: what is asked, as data. options.def is the table behind it. */
#ifndef NNA_BACKEND_OPTIONS_H
#define NNA_BACKEND_OPTIONS_H

#include "backend/codegen.h"
#include "backend/symbols.h"
#include "backend/tidy.h"
#include "frontend/lower.h"
#include "passes/pass.h"

typedef enum Action {
    ACTION_CHECK,
    ACTION_BUILD, /* check, then make the product */
    ACTION_TIDY,
    ACTION_EXPLAIN,
    ACTION_LIST_OPS,
    ACTION_LIST_RULES,
    ACTION_VERSION,
    ACTION_HELP,
    ACTION_HELP_MANUAL,
} Action;

typedef enum Product {
    PRODUCT_EXECUTABLE,
    PRODUCT_AST,
    PRODUCT_NNA,
    PRODUCT_IR,
    PRODUCT_DOT,
    PRODUCT_LLVM,
    PRODUCT_ASSEMBLY,
    PRODUCT_OBJECT,
    PRODUCT_LIBRARY,
} Product;

typedef enum SummaryKind { SUMMARY_NONE, SUMMARY_FOLDED, SUMMARY_ALL } SummaryKind;
typedef enum Format {
    FORMAT_FULL,
    FORMAT_SHORT,
    FORMAT_JSON,
    FORMAT_SARIF,
    FORMAT_GITHUB,
    FORMAT_MARKDOWN, /* of --list-ops */
} Format;

typedef enum Color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } Color;

/* What the command line says of the warnings and notes of a rule. Errors stay what they are. */
typedef enum Treatment {
    TREATMENT_USUAL,
    TREATMENT_OFF,     /* -Wno-RULE */
    TREATMENT_ERROR,   /* -Werror=RULE */
    TREATMENT_WARNING, /* -Wno-error=RULE: it does not fail, with -Werror neither */
} Treatment;

/* Texts point into argv or into the session arena. */
typedef struct Options {
    Action action;
    Product product;
    Paths files;         /* models */
    Paths objects;       /* what extern blocks are in */
    const char *output;  /* NULL: none given; "-": standard output */
    const char *explain; /* a code, not yet looked up */
    const char *weights;
    const char *baseline; /* NULL: none */
    bool update;          /* the baseline */
    bool suggest_fix, fix, diff;
    VEC(Binding) binds, sets;
    const char *entry;
    AnalysisOptions analysis;
    TidyMode tidy; /* of ACTION_TIDY */
    SummaryKind summary;
    DType what_if; /* the type that everything is checked in, too; DTYPE_NONE: none */
    bool report_guards, keep_going, time_passes, verify;
    bool warnings_fail; /* -Werror */
    Treatment treatment[DIAG_COUNT];
    Format format;
    Color color;
    GuardPolicy guards;
    const char *triple, *cpu;
    int optimise;
    const char *print_after;
} Options;

/* Reads the command line; --limit changes cx->limits at once. False with a message in *error,
 * a line that says what is wrong and what would be right. */
bool options_parse(Ctx *cx, int argc, char **argv, Options *options, Buf *error);

/* Whether a report is turned off. An error never is. */
static inline bool options_turn_off(const Options *o, const Diag *d) {
    return d->severity != SEVERITY_ERROR && o->treatment[d->code] == TREATMENT_OFF;
}

/* --help: every option that this version has, at most `width` columns wide. */
void options_help(Ctx *cx, uint32_t width, Buf *out);

/* The options as items of an mdoc list, as they stand in docs/nnac.1. */
void options_manual(Buf *out);

#endif
