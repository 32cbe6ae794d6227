/* The operator and primitive tables, built from their .def files, and look-ups in them. The
 * macros of formula.h give the formulas of the rows their meaning, those below the columns. */
#include "ir/op.h"

#include "ir/formula.h"

#include <math.h>
#include <string.h>

/* Operands and attributes: designated initialisers of OpInfo. */
#define STRINGS_1(a) #a
#define STRINGS_2(a, b) #a, #b
#define STRINGS_3(a, b, c) #a, #b, #c
#define PICK(_1, _2, _3, name, ...) name
#define COUNT_OF_ARGS(...) PICK(__VA_ARGS__, 3, 2, 1, 0)
#define IN(...)                                                                                    \
    .input_count = COUNT_OF_ARGS(__VA_ARGS__),                                                     \
    .inputs = {PICK(__VA_ARGS__, STRINGS_3, STRINGS_2, STRINGS_1, 0)(__VA_ARGS__)}
#define VARIADIC(a) .input_count = 1, .variadic = true, .inputs = {#a}
#define IS_TRUSTED true
#define IS_CHECKED false
#define NO_INPUTS .input_count = 0
#define ANY_INPUTS .input_count = 0, .variadic = true
#define NO_ATTRS .attr_count = 0
#define INTERNAL .attr_count = 0, .internal = true
#define ATTRS(...)                                                                                 \
    .attrs = {__VA_ARGS__},                                                                        \
    .attr_count = sizeof((const AttrInfo[]){__VA_ARGS__}) / sizeof(AttrInfo)
#define ATTR(n, k, d, ...) {.name = #n, .kind = ATTR_##k, .domain = ATTR_##d, __VA_ARGS__}
#define REAL(n, v, d) ATTR(n, REAL, d, .number = (v))
#define REQUIRED_REAL(n, d) ATTR(n, REAL, d, .required = true)
#define INTEGER(n, v, d) ATTR(n, INTEGER, d, .number = (v))
#define REQUIRED_INTEGER(n, d) ATTR(n, INTEGER, d, .required = true)
#define BOOLEAN(n, v) ATTR(n, BOOLEAN, ANY, .number = (v))
#define WORD(n, v, w) ATTR(n, WORD, ANY, .number = (v), .words = (w))
#define AXIS(n) ATTR(n, AXIS, ANY, .required = true)
#define AXES(n) ATTR(n, AXES, ANY, .number = 0)
#define INTEGERS(n) ATTR(n, INTEGERS, ANY, .number = 0)
#define DIMS(n) ATTR(n, DIMS, ANY, .required = true)
#define WINDOW(n, v, d) ATTR(n, WINDOW, d, .number = (v))
#define WINDOW_AS(n, other, d) ATTR(n, WINDOW, d, .same_as = #other)
#define REQUIRED_WINDOW(n, d) ATTR(n, WINDOW, d, .required = true)
#define PADDING(n) ATTR(n, PADDING, ANY, .number = 0)
#define REDUCTION WORD(reduction, 0, "none add mul max min")
#define TYPE_ATTR(n) ATTR(n, DTYPE, ANY, .required = true)
#define NAME_OF(n) ATTR(n, NAME, ANY, .number = 0)
#define CONTRACT_OF(n) ATTR(n, CONTRACT, ANY, .number = 0)
#define DATA(n) ATTR(n, DATA, ANY, .number = 0)

/* Of SCATTER rows: what the element X0 becomes that X2 is written over; `reduction` is A(1). */
#define REDUCED                                                                                    \
    SELECT(EQ(A(1), K(1)), ADD(X0, X2),                                                            \
           SELECT(EQ(A(1), K(2)), MUL(X0, X2),                                                     \
                  SELECT(EQ(A(1), K(3)), MAXIMUM(X0, X2),                                          \
                         SELECT(EQ(A(1), K(4)), MINIMUM(X0, X2), X2))))
#define IS_INTERNAL_USER false
#define IS_INTERNAL_PRELUDE true

const OpInfo op_info[OP_COUNT] = {
#define EWISE(id, spell, onnx_name, in, at, rule, formula, doc)                                    \
    [OP_##id] = {.spelling = spell, .onnx = onnx_name, .form = FORM_EWISE, in, at,                 \
                 .type = TYPE_##rule, .body = formula, .summary = doc},
#define GENERATE(id, spell, onnx_name, at, rule, formula, doc)                                     \
    [OP_##id] = {.spelling = spell, .onnx = onnx_name, .form = FORM_EWISE, .internal = true,       \
                 NO_INPUTS, at, .type = TYPE_##rule, .body = formula, .summary = doc},
#define REDUCE(id, spell, onnx_name, rule, comb, term, post, doc)                                  \
    [OP_##id] = {.spelling = spell, .onnx = onnx_name, .form = FORM_REDUCE, IN(x),                 \
                 ATTRS(AXES(axis), BOOLEAN(keepdims, 0)), .type = TYPE_##rule,                     \
                 .combine = COMBINE_##comb, .body = term, .after = post, .summary = doc},
#define CONTRACT(id, spell, onnx_name, in, at, rule, map, map_last, comb, term, post, doc)         \
    [OP_##id] = {.spelling = spell, .onnx = onnx_name, .form = FORM_CONTRACT, .internal = true,    \
                 in, at, .type = TYPE_##rule, .maps = {map, map_last}, .combine = COMBINE_##comb,  \
                 .body = term, .after = post, .summary = doc},
#define MOVE(id, spell, onnx_name, in, at, doc)                                                    \
    [OP_##id] = {.spelling = spell, .onnx = onnx_name, .form = FORM_MOVE, in, at,                  \
                 .type = TYPE_ANY, .summary = doc},
#define GATHER(id, spell, onnx_name, at, doc)                                                      \
    [OP_##id] = {.spelling = spell, .onnx = onnx_name, .form = FORM_MOVE, IN(x, index), at,        \
                 .type = TYPE_GATHER, .summary = doc},
#define SCATTER(id, spell, onnx_name, visibility, at, doc)                                         \
    [OP_##id] = {.spelling = spell, .onnx = onnx_name, .form = FORM_MOVE,                          \
                 .internal = IS_INTERNAL_##visibility, IN(x, index, updates), at,                  \
                 .type = TYPE_SCATTER, .body = REDUCED, .summary = doc},
#define SPECIAL(id, spell, in, at, rule, trust, doc)                                               \
    [OP_##id] = {.spelling = spell, .onnx = "", .form = FORM_SPECIAL, .internal = true, in, at,    \
                 .type = TYPE_##rule, .trusted = IS_##trust, .summary = doc},
#define REGION(id, spell, in, at, rule, doc)                                                       \
    [OP_##id] = {.spelling = spell, .onnx = "", .form = FORM_REGION, .internal = true, in, at,     \
                 .type = TYPE_##rule, .summary = doc},
#define LIBRARY(id, spell, at, rule, doc)                                                          \
    [OP_##id] = {.spelling = spell, .onnx = "", .form = FORM_LIBRARY, .internal = true, IN(x), at, \
                 .type = TYPE_##rule, .summary = doc},
#include "ir/ops.def"
};

#define DIAG__ NO_CODE
#define DIAG_NNA3001 NNA3001
#define DIAG_NNA3002 NNA3002
#define DIAG_NNA3003 NNA3003
#define DIAG_NNA3004 NNA3004
#define DIAG_NNA3005 NNA3005
#define DIAG_NNA3006 NNA3006
#define DIAG_NNA3007 NNA3007
#define DIAG_NNA3009 NNA3009
#define BOUND__ BOUND_ZERO

const PrimitiveInfo primitive_info[PRIMITIVE_COUNT] = {
#define PRIMITIVE(id, spell, n, cls, tr, ulps, lo, hi, dom, dcode, a, b, rcode)                    \
    [PRIMITIVE_##id] = {.spelling = spell, .arity = n, .class = PRIMITIVE_CLASS_##cls,             \
                        .trend = TREND_##tr, .ulp = ulps, .low = lo, .high = hi,                   \
                        .domain = DOMAIN_##dom, .domain_code = DIAG_##dcode, .from = BOUND_##a,    \
                        .to = BOUND_##b, .result_code = DIAG_##rcode},
#include "ir/scalar.def"
};

Op op_find(const char *spelling) {
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        if (strcmp(op_info[op].spelling, spelling) == 0) return (Op)op;
    }
    return OP_NONE;
}

int op_attr(Op op, const char *name) {
    for (int i = 0; i < op_info[op].attr_count; i++) {
        if (strcmp(op_info[op].attrs[i].name, name) == 0) return i;
    }
    return -1;
}

Primitive op_primitive(Op op) {
    const Scalar *body = op_info[op].body;
    if (op_info[op].form != FORM_EWISE) return PRIMITIVE_COUNT;
    bool chooses = body->kind == SCALAR_APPLY && body->index == PRIMITIVE_SELECT &&
                   body->args[0]->kind == SCALAR_ATTRIBUTE;
    if (!chooses) return scalar_primitive(body);
    bool first = op_info[op].attrs[body->args[0]->index].number != 0; /* 0 is exact */
    return scalar_primitive(body->args[first ? 1 : 2]);
}

Primitive combiner_primitive(Combiner combine) {
    switch (combine) {
    case COMBINE_NONE: return PRIMITIVE_COUNT;
    case COMBINE_SUM: return PRIMITIVE_ADD;
    case COMBINE_PRODUCT: return PRIMITIVE_MUL;
    case COMBINE_MAX: return PRIMITIVE_MAXIMUM;
    case COMBINE_MIN: return PRIMITIVE_MINIMUM;
    case COMBINE_ALL: return PRIMITIVE_AND;
    case COMBINE_ANY: return PRIMITIVE_OR;
    }
    return PRIMITIVE_COUNT;
}

bool op_names_itself(Op op) {
    return op_info[op].type == TYPE_SOURCE &&
           (op_attr(op, "name") >= 0 || op_attr(op, "path") >= 0);
}

bool primitive_is_dangerous(Primitive p, DType type) {
    const PrimitiveInfo *info = &primitive_info[p];
    if (info->domain != DOMAIN_NONE) return true;
    if (info->result_code != NO_CODE) return type != DTYPE_BOOL;
    /* -INT_MIN and |INT_MIN| overflow. */
    return dtype_info[type].class == DTYPE_CLASS_SIGNED &&
           (p == PRIMITIVE_NEG || p == PRIMITIVE_ABS);
}
