/* The operator table: one row an operator (ir/ops/), and the row holds the formula.
 *
 * Forms:
 *   EWISE     a formula over broadcast operands; without any (GENERATE), over positions
 *   REDUCE    terms along `axis` are mapped by `body`, combined, and mapped by `after`
 *   CONTRACT  operands are read along an index map; products (or other bodies) are combined
 *   MOVE      each element of the result is an element of an operand, or padding; where `body`
 *             is there, it says what an element becomes that is written over another
 *   REGION    the ends of a loop: what goes in, round and out
 *   LIBRARY   a function of whole tensors: a closed list, of what is no nest (ops/library.def)
 *   SPECIAL   no formula: sources, and what is its operand
 * Everything else an operator needs follows from its form: shape (shape.c), loops (nest.c),
 * value (eval.c), range (passes/range.c), guards, native code (backend/codegen). */
#ifndef NNA_IR_OP_H
#define NNA_IR_OP_H

#include "ir/scalar.h"

typedef enum Op {
    OP_NONE,
#define EWISE(id, ...) OP_##id,
#define GENERATE(id, ...) OP_##id,
#define REDUCE(id, ...) OP_##id,
#define CONTRACT(id, ...) OP_##id,
#define MOVE(id, ...) OP_##id,
#define GATHER(id, ...) OP_##id,
#define SCATTER(id, ...) OP_##id,
#define SPECIAL(id, ...) OP_##id,
#define REGION(id, ...) OP_##id,
#define LIBRARY(id, ...) OP_##id,
#include "ir/ops.def"
    OP_COUNT
} Op;

typedef enum OpForm {
    FORM_NONE,
    FORM_EWISE,
    FORM_REDUCE,
    FORM_CONTRACT,
    FORM_MOVE,
    FORM_REGION,
    FORM_LIBRARY,
    FORM_SPECIAL,
} OpForm;

/* Which element types the operands may have, and what comes out. */
typedef enum TypeRule {
    TYPE_FLOAT,   /* floats, all the same -> the same */
    TYPE_NUMBER,  /* floats or integers, all the same -> the same */
    TYPE_ANY,     /* anything, all the same -> the same */
    TYPE_BOOL,    /* bool -> bool */
    TYPE_COMPARE, /* anything, both the same -> bool */
    TYPE_TEST,    /* float -> bool */
    TYPE_SELECT,  /* bool, t, t -> t */
    TYPE_CAST,    /* anything -> the attribute dtype */
    TYPE_GATHER,  /* anything, and an integer type -> the first */
    TYPE_SCATTER, /* anything, an integer type, the first -> the first; numbers to be reduced */
    TYPE_INDEX,   /* i64, or no operands -> i64 */
    TYPE_ORDER,   /* anything -> i64 */
    TYPE_SOURCE,  /* given by the node itself */
} TypeRule;

typedef enum AttrKind {
    ATTR_NONE,     /* absent */
    ATTR_INTEGER,
    ATTR_REAL,
    ATTR_BOOLEAN,
    ATTR_WORD,     /* one of the words of AttrInfo.words, stored as its position */
    ATTR_AXIS,     /* one axis; negative counts from the end; stored as 0..rank-1 */
    ATTR_AXES,     /* an axis, a list of axes, or absent for all; stored sorted, 0..rank-1 */
    ATTR_INTEGERS, /* list of integers */
    ATTR_DIMS,     /* list of dimensions */
    ATTR_WINDOW,   /* an integer, or one for each spatial axis; stored as a list */
    ATTR_PADDING,  /* valid, same, same_lower, n, [n, m] or [[a, b], ...]; stored as the list of
                      dimensions begin..., end..., one each for each spatial axis */
    ATTR_DTYPE,
    ATTR_CONTRACT, /* of a SPECIAL node */
    ATTR_NAME,     /* a path or a message */
    ATTR_DATA,     /* index of a Data of the graph */
} AttrKind;

/* What numbers an attribute takes. */
typedef enum AttrDomain {
    ATTR_ANY,
    ATTR_POSITIVE,    /* >= 1 for integers, > 0 for reals */
    ATTR_NONNEGATIVE,
    ATTR_FINITE,
} AttrDomain;

typedef struct AttrInfo {
    const char *name;
    AttrKind kind;
    AttrDomain domain;
    bool required;        /* no default */
    double number;        /* default of numbers, booleans, words (position) and windows */
    const char *words;    /* of ATTR_WORD: separated by blanks */
    const char *same_as;  /* default is the value of this attribute (stride: kernel), or NULL */
} AttrInfo;

enum { OP_MAX_INPUTS = 3, OP_MAX_ATTRS = 8 };

typedef struct OpInfo {
    const char *spelling;
    const char *onnx;     /* "" where there is none */
    OpForm form;
    bool internal;        /* for the prelude only */
    bool variadic;        /* the last input may be repeated (concat) */
    uint8_t input_count;
    uint8_t attr_count;
    const char *inputs[OP_MAX_INPUTS];
    AttrInfo attrs[OP_MAX_ATTRS];
    TypeRule type;
    bool trusted;         /* SPECIAL: the contract is believed */
    Combiner combine;     /* of REDUCE and CONTRACT */
    const Scalar *body;   /* EWISE: the result; REDUCE, CONTRACT: one term; else NULL */
    const Scalar *after;  /* REDUCE, CONTRACT: of the combined value; NULL: itself */
    const char *maps[2];  /* CONTRACT: the index map, channels first and last; see nest.h */
    const char *summary;  /* one line for people */
} OpInfo;

extern const OpInfo op_info[OP_COUNT];

/* Whether the value is the (one) operand, of which the row states something: a contract. */
static inline bool op_carries(Op op) {
    return op_info[op].form == FORM_SPECIAL && op_info[op].type != TYPE_SOURCE;
}

/* Whether the node's name is its own: an input's, or a parameter's path. */
bool op_names_itself(Op op);

/* OP_NONE if there is no such operator. Internal ones are found too. */
Op op_find(const char *spelling);

/* Index of an attribute by name, -1 if the operator has none such. */
int op_attr(Op op, const char *name);

/* The primitive that an elementwise operator is of its operands in order, and nothing else, with
 * its attributes left out; PRIMITIVE_COUNT where it is more. */
Primitive op_primitive(Op op);

/* A place in an operator's formula where a guard may stand. SITE_COMBINE concerns the combined
 * value of an element once it is complete (a partial sum that overflows stays infinite or NaN; of
 * integers any step that wraps), and, where the accumulator is wider than the result, what is
 * stored. SITE_INDEX is the use of an element as a position in another operand. */
typedef enum SitePart { SITE_BODY, SITE_COMBINE, SITE_AFTER, SITE_CONTRACT, SITE_INDEX } SitePart;

typedef struct Site {
    SitePart part;
    Primitive primitive;
    const Scalar *at; /* the application; NULL for the others */
} Site;

enum { OP_MAX_SITES = 24 };

/* Of rows that read or write indirectly: the operand whose elements are positions. */
enum { OP_INDEX_OPERAND = 1 };

/* The attributes of `pad`. */
enum { PAD_BEFORE, PAD_BEHIND, PAD_VALUE, PAD_INTERIOR };

#endif
