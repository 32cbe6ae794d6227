/* The only way to make a graph.
 *
 * Each function checks what it is given (arity, element types, attributes and their domains, shape)
 * and reports what is wrong at the origin's place; it then returns VALUE_NONE, which every function
 * takes as an operand and answers with VALUE_NONE, silently: one cause, one report. */
#ifndef NNA_IR_BUILD_H
#define NNA_IR_BUILD_H

#include "ir/ir.h"

Graph *graph_new(Ctx *cx, Name name, Span span);

OriginId build_origin(Graph *g, Span span, Name block, OriginId caller);
ContractId build_contract(Graph *g, Contract contract);

/* The id of a shape; checks rank and element count against the limits. Poisons (id 0, with a report
 * at `span`) on a dimension shown to be < 0, on too many elements or dimensions. Dimensions of 0:
 * NNA2009 too. */
ShapeId build_shape(Graph *g, Span span, uint32_t rank, const DimId *dims);

/* The same for the result of an operation, `origin`. A dimension that is not shown to be at least 1
 * becomes a rule of the graph. */
ShapeId build_shape_at(Graph *g, Span span, OriginId origin, uint32_t rank, const DimId *dims);

Value build_input(Graph *g, Name name, Span name_span, DType dtype, ShapeId shape,
                  ContractId contract, OriginId origin);

/* PARAM (trained) or BUFFER. A second parameter of the same path: NNA1004. */
Value build_parameter(Graph *g, bool trained, Name path, Span name_span, DType dtype, ShapeId shape,
                      ContractId contract, Init init, OriginId origin);

/* The parameter or buffer of a path; VALUE_NONE: there is none. */
Value graph_parameter(const Graph *g, Name path);

/* One result of a call of a C function (ir.h), whose results are made in their order. */
typedef struct ExternResult {
    Name symbol, order;
    uint32_t result, operand_count, size_count, rest_count;
    const Value *operands;
    const DimId *sizes, *rest;
    DType dtype;
    ShapeId shape;
    ContractId contract; /* not none */
} ExternResult;

Value build_extern(Graph *g, const ExternResult *made, OriginId origin);

/* Whether a type holds a number, rounded: NaN and infinities are held by floats alone, fractions
 * not by integers. */
bool dtype_holds(DType dtype, double value);

/* A scalar constant, rounded to dtype. A finite number that the type cannot hold, or an integer
 * that is cut off: NNA3009, at the origin. */
Value build_scalar(Graph *g, DType dtype, double value, OriginId origin);

/* A constant tensor; bytes in storage format, row-major, copied. */
Value build_constant(Graph *g, DType dtype, ShapeId shape, const void *bytes, size_t size,
                     OriginId origin);

/* Attribute makers, for build_op. Lists are copied into the module arena. */
const char *attr_kind_text(AttrKind kind); /* what it takes, for messages: "an axis" */
Attr attr_none(void);
Attr attr_integer(int64_t value);
Attr attr_real(double value);
Attr attr_boolean(bool value);
Attr attr_dtype(DType dtype);
Attr attr_contract(ContractId contract);
Attr attr_name(Name name);
Attr attr_word(Op op, uint32_t attr, const char *word); /* ATTR_NONE if it has no such word */
Attr attr_integers(Graph *g, uint32_t count, const int64_t *values);
Attr attr_dims(Graph *g, uint32_t count, const DimId *dims);

/* An operation. `attrs` has one entry for each attribute of the row (NULL if it has none), of kind
 * ATTR_NONE for the default. Kinds are brought to the row's: an integer for a real, one number for
 * a window, negative axes; a padding is attr_name(valid, same, same_lower), an integer, or
 * integers: 1, s, or 2s in pairs as they are written ([[a, b], [c, d]] is a, b, c, d). What does
 * not fit is reported (NNA1008; NNA5001 outside the domain; NNA2006 for an axis), and so is what is
 * absent and required (NNA1007). `places`, if not NULL, gives the Span of each operand and then of
 * each attribute for reports. */
Value build_op(Graph *g, Op op, uint32_t operand_count, const Value *operands, const Attr *attrs,
               OriginId origin, const Span *places);

/* A region (ir.h). build_op makes its nodes, in their order: an OP_SCAN_STEP opens one, with the
 * attribute `trips` of one dimension; build_region_end closes it behind its last stack. While it
 * is open, its body is built as any other nodes are.
 *     A next that is in error has no final: take the carry for it, so that the region is whole, and
 * what is reported of its body is true of the first step.
 *     OP_SCAN_ITEM and OP_SCAN_FINAL report what does not fit: an axis of another length than
 * `trips`, a next of another type or shape than its carry's. */
void build_region_end(Graph *g, Value step);
/* The same for an operation that follows from others of which everything has been said, as a
 * gradient does: no reports, and no rules beside what they have; limits are reported. */
Value build_derived(Graph *g, Op op, uint32_t operand_count, const Value *operands,
                    const Attr *attrs, OriginId origin);

/* The operation of v once more, of operands that have the types and shapes of its own. What has no
 * operands is used again instead, but for a SCAN_STEP, which opens a region. */
Value build_again(Graph *g, Value v, const Value *operands, OriginId origin);

/* Names a value after the `let` that binds it, if it has no name yet but from the prelude. */
void build_name(Graph *g, Value v, Name name, Span span);

void build_result(Graph *g, Name name, Value value, ContractId contract, Span span);

/* What a buffer is in the next call. False where that cannot be: it is no buffer, has an update, or
 * `next` is of another element type or rank; nothing is reported. */
bool build_update(Graph *g, Value buffer, Value next, Span span);

/* Binds numbers to a parameter: size must be that of its shape (all constant) and type. */
void build_bind(Graph *g, Value parameter, const void *bytes, size_t size);
/* Binds a buffer with an update to what its initializer says, where that is one number for all
 * elements. False: it is not bound. */
bool build_start(Graph *g, Value buffer);

#endif
