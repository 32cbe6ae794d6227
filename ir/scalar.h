/* Scalar primitives, and formulas over them: the meaning of every operator, as data.
 *
 * A formula is a tree of constant Scalars in static storage. The analysis bounds it, the
 * back end emits it, the evaluator computes it, the manual prints it: all walk the same
 * tree, so what is bounded is what is emitted. */
#ifndef NNA_IR_SCALAR_H
#define NNA_IR_SCALAR_H

#include "ir/base/buf.h"
#include "ir/base/diag.h"
#include "ir/dtype.h"

typedef enum Primitive {
#define PRIMITIVE(id, ...) PRIMITIVE_##id,
#include "ir/scalar.def"
    PRIMITIVE_COUNT
} Primitive;

typedef enum PrimitiveClass {
    PRIMITIVE_CLASS_FLOAT,
    PRIMITIVE_CLASS_NUMBER,
    PRIMITIVE_CLASS_COMPARE,
    PRIMITIVE_CLASS_TEST,
    PRIMITIVE_CLASS_LOGIC,
    PRIMITIVE_CLASS_SELECT,
    PRIMITIVE_CLASS_CAST,
    PRIMITIVE_CLASS_INDEX,
} PrimitiveClass;

typedef enum Trend {
    TREND_OTHER,
    TREND_RISING,
    TREND_FALLING,
    TREND_EXACT_RISING,
    TREND_EXACT_FALLING,
} Trend;

typedef enum Domain_ {
    DOMAIN_NONE,
    DOMAIN_INTERVAL,
    DOMAIN_NONZERO,
    DOMAIN_POWER,
    DOMAIN_POLES,
    DOMAIN_CONVERT,
} DomainKind;

#define NO_CODE DIAG_COUNT

typedef struct PrimitiveInfo {
    const char *spelling;
    uint8_t arity;
    PrimitiveClass class;
    Trend trend;
    int ulp;
    double low, high;
    DomainKind domain;
    DiagCode domain_code; /* NO_CODE: none */
    Bound from, to;       /* of DOMAIN_INTERVAL */
    DiagCode result_code; /* NO_CODE: none */
} PrimitiveInfo;

extern const PrimitiveInfo primitive_info[PRIMITIVE_COUNT];

typedef enum ScalarKind {
    SCALAR_INPUT,     /* element of operand `index`; in `after`, 0 is the combined value */
    SCALAR_ATTRIBUTE, /* attribute `index` of the node, as a number (words: their position) */
    SCALAR_CONSTANT,  /* `value` */
    SCALAR_POSITION,  /* index of the element of the result along its dimension `index`; the last is
                         0, the one before it 1 */
    SCALAR_COUNT_OF,  /* number of terms that were combined (outside ones are not) */
    SCALAR_VOLUME,    /* number of terms of the whole window or axis */
    SCALAR_APPLY,     /* primitive `index` of the arguments */
} ScalarKind;

typedef struct Scalar {
    ScalarKind kind;
    uint8_t index;
    const struct Scalar *args[3]; /* of SCALAR_APPLY; NULL beyond the arity */
    double value;
} Scalar;

/* Whether a leaf of this kind stands in a formula, which may be NULL. */
bool scalar_mentions(const Scalar *s, ScalarKind kind);

/* How the terms of a reduction are combined. SUM and PRODUCT start at 0 and 1, MAX and MIN at
 * -inf and inf (lowest and highest for integers), ALL and ANY at true and false. */
typedef enum Combiner {
    COMBINE_NONE,
    COMBINE_SUM,
    COMBINE_PRODUCT,
    COMBINE_MAX,
    COMBINE_MIN,
    COMBINE_ALL,
    COMBINE_ANY,
} Combiner;

/* The primitive that a combiner applies: ADD, MUL, MAXIMUM, MINIMUM, AND, OR. */
Primitive combiner_primitive(Combiner combine);

/* The primitive that a formula is of its inputs in order; PRIMITIVE_COUNT where it is more. */
Primitive scalar_primitive(const Scalar *s);

/* Prints a formula, as in `x / (1 + abs(x))`; `names` are the operands' and attributes'. */
void scalar_print(const Scalar *s, const char *const *inputs, const char *const *attributes,
                  Buf *out);

/* True for a primitive that can go wrong in `type`: its row has a domain or a result code that
 * matters there (comparisons, or min of integers, do not). */
bool primitive_is_dangerous(Primitive p, DType type);

#endif
