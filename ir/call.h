/* One application of an operator while it is checked, before it is a node; and how anything wrong
 * with it is reported. For build.c, attr.c and the shape rules. */
#ifndef NNA_IR_CALL_H
#define NNA_IR_CALL_H

#include "ir/ir.h"

typedef struct OpCall {
    Graph *graph;
    Op op;
    uint32_t operand_count;
    const Value *operands; /* none of them poisoned */
    Attr *attrs;           /* as many as the row has */
    OriginId origin;
    const Span *places;    /* of the operands, then of the attributes; NULL: not known */
    bool silent;           /* reports nothing and adds no rule: the answer alone is wanted */
} OpCall;

/* The call that a node was, silent; attrs has room for those of a row. */
OpCall call_of_node(Graph *g, Value v, Attr *attrs);

/* Where reports about the call, one of its operands or attributes point to: never into the
 * prelude. */
Span call_span(const OpCall *call);
Span call_operand_span(const OpCall *call, uint32_t operand);
Span call_attr_span(const OpCall *call, uint32_t attr);

/* The attribute called `name`, or NULL. */
const Attr *call_attr(const OpCall *call, const char *name);

/* "`x` [N, 784]", in the scratch arena. */
const char *call_operand_text(const OpCall *call, uint32_t operand);

/* A report about the call; call_emit adds the calls of blocks that lead there. */
Diag *call_report(const OpCall *call, DiagCode code, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void call_label_operand(const OpCall *call, Diag *d, uint32_t operand);
void call_emit(const OpCall *call, Diag *d);

/* Whether a = b is taken for granted already: it is reported where that was. */
bool graph_takes_equal(const Graph *g, DimId a, DimId b);

/* Records what is taken for granted: a = b, or a <= b. */
void call_rule_equal(const OpCall *call, DimId a, DimId b);
void call_rule_at_most(const OpCall *call, DimId a, DimId b);

/* "2 * N + 1", in the scratch arena. */
const char *dim_text(const Graph *g, DimId d);

/* Adds a rule to a graph, once. */
void graph_rule(Graph *g, DimRule rule);

/* Brings given[] (one for each attribute of the row) to call->attrs in the kinds of the row;
 * `spatial` is the number of spatial dimensions, for windows. False after a report. */
bool attrs_normalise(OpCall *call, const Attr *given, uint32_t spatial);

#endif
