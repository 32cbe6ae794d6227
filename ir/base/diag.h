/* Diagnostics: errors as data.
 *
 *     Diag *d = diag_new(cx, NNA2001, span, "cannot add %s and %s", a, b);
 *     diag_primary(cx, d, "%s here", a);
 *     diag_label(cx, d, other, "%s is fixed here", b);
 *     diag_help(cx, d, "...");
 *     diag_emit(cx, d);
 *
 * Text rules: lower case, no full stop, names and code in back quotes, what the user
 * wrote before what was derived, a cause before advice. A report with the code and the
 * primary span of an earlier one is dropped (one place, one report). */
#ifndef NNA_IR_BASE_DIAG_H
#define NNA_IR_BASE_DIAG_H

#include "ir/base/buf.h"
#include "ir/base/diff.h"
#include "ir/base/edit.h"
#include "ir/base/intern.h"
#include "ir/base/source.h"
#include "ir/base/vec.h"

typedef enum Severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR } Severity;

/* The seven categories of the silent-bug study, and the three of framework testing. */
typedef enum Category {
#define CATEGORY(id, text) CATEGORY_##id,
#include "ir/base/category.def"
} Category;

typedef enum DiagCode {
#define DIAG(code, ...) code,
#include "ir/base/diag.def"
    DIAG_COUNT
} DiagCode;

typedef struct DiagInfo {
    const char *code; /* "NNA3001" */
    const char *name; /* "log-domain" */
    Severity severity;
    Category category;
    uint8_t impact; /* 1..4; 0: none */
    const char *title;
} DiagInfo;

extern const DiagInfo diag_info[DIAG_COUNT];
extern const char *const category_text[];
extern const char *const impact_text[5];
extern const char *const severity_text[]; /* "note", "warning", "error" */

typedef struct Label {
    Span span;
    const char *text; /* may be "" */
    bool is_call;     /* a call that leads to the place; the innermost comes first */
} Label;

/* What a report follows from, in numbers, for readers that are programs. */
typedef struct DiagFact {
    const char *role;    /* "operand", "term", "result" */
    const char *subject; /* "`prob`" */
    const char *type;    /* its element type */
    double low, high;    /* the finite values; low > high: there are none */
    bool nan, positive_infinity, negative_infinity; /* may be so */
    bool nonzero, integral;                         /* is so always */
} DiagFact;

/* A run that shows it. */
typedef struct DiagWitness {
    const char *inputs;  /* "`x` = 1, `w` in {-1, 1}"; "": every input shows it */
    const char *element; /* "[0, 3]", or NULL: a scalar, or not known */
    uint32_t operand_count;
    double operands[3], result;
} DiagWitness;

/* A correction that was checked again: with it the report goes, and none comes. */
typedef struct DiagFix {
    const char *kind;     /* "rewrite", "guard", "precondition" */
    const char *sentence; /* what is done, and why */
    Edits edits;
    DiffLines lines;      /* those that change, for people */
} DiagFix;

typedef struct Diag {
    DiagCode code;
    Severity severity; /* from the row; may be changed before diag_emit */
    const char *message;
    Label primary;
    VEC(Label) labels;
    VEC(const char *) notes;
    VEC(const char *) helps;
    const char *file;  /* for reports about a file that is no source (weights, output) */
    Name model;        /* the model it was found in; NAME_NONE: none */
    const char *operation; /* of the model, by the blocks that lead there: "head/softmax/exp" */
    const char *parameter; /* the path of the parameter it is about; either may be NULL */
    const char *verdict;   /* of a dangerous operation: "confirmed", "possible"; else NULL */
    double margin; /* scale of the assumed parameters from which on it is in reach; 0: none */
    VEC(DiagFact) facts;
    const DiagWitness *witness; /* NULL: none */
    const DiagFix *fix;         /* NULL: none is known, or none was asked for */
    uint32_t order;    /* of emission: ties after the place */
    bool withdrawn;    /* it counts for nothing, and is not printed */
} Diag;

typedef struct Diags {
    VEC(Diag *) list; /* always with room for one more: NNA0002 must cost no memory */
    uint32_t errors, warnings, notes;
    uint32_t *seen; /* hash set of (code, primary span): index in list + 1; 0 is free */
    uint32_t seen_count; /* slots, a power of two */
} Diags;

void diags_init(struct Ctx *cx);

/* Records a report in the room that is kept for it; for ctx_exhausted alone. */
void diags_append_reserved(struct Ctx *cx, Diag *d);

Diag *diag_new(struct Ctx *cx, DiagCode code, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_primary(struct Ctx *cx, Diag *d, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_label(struct Ctx *cx, Diag *d, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A call that leads to the place. */
void diag_call(struct Ctx *cx, Diag *d, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The texts of a fact or a witness are copied. */
void diag_fact(struct Ctx *cx, Diag *d, DiagFact fact);
void diag_witness(struct Ctx *cx, Diag *d, DiagWitness witness);
void diag_note(struct Ctx *cx, Diag *d, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_help(struct Ctx *cx, Diag *d, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Records the report, unless the same code stands at the same place already. */
void diag_emit(struct Ctx *cx, Diag *d);

/* A report with nothing but a message and its place. */
void diag_say(struct Ctx *cx, DiagCode code, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A report about a file that is no source text (weights, an output). */
void diag_file(struct Ctx *cx, DiagCode code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Orders by source, line, column, then emission. */
void diags_sort(struct Ctx *cx);

/* Of sorted reports that say the same of the same place of two sources of one path, keeps the
 * first. Nothing may be reported after it. Takes scratch memory: for a ctx_try. */
void diags_drop_repeated(struct Ctx *cx);

typedef struct TextStyle {
    bool color;
    uint32_t width; /* columns of the terminal; 0: do not wrap */
} TextStyle;

/* The report in full: message, lines with carets, labels, notes, help. */
void diag_text(struct Ctx *cx, const Diag *d, const TextStyle *style, Buf *out);

/* One line: path:line:column: severity[code]: message. */
void diag_short(struct Ctx *cx, const Diag *d, Buf *out);

/* All reports, at most limits.reports of them, then "and N more". */
void diags_text(struct Ctx *cx, const TextStyle *style, Buf *out);
void diags_short(struct Ctx *cx, Buf *out);

/* The rule that is spelled "NNA3001" or "log-domain"; DIAG_COUNT if there is none. */
DiagCode diag_find(const char *spelling);

/* Those that a spelling or the beginning of a code selects: "NNA30", or the same filled up with
 * `x`, "NNA30xx". False where there are none. */
bool diag_select(const char *spelling, bool selected[DIAG_COUNT]);

/* The code or name nearest to what is none, or NULL. */
const char *diag_nearest(const char *spelling);

/* Whether a rule is about numbers: an error then is a finding, and no obstacle to a graph. */
bool diag_is_numerical(DiagCode code);

#endif
