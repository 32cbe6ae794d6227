/* The graph: SSA values over table-driven operators. Data only; build.h makes it.
 *
 * A value is its position. Operands come before their users, so one forward walk is a
 * topological order. Nothing is patched: a pass that changes a graph builds another. */
#ifndef NNA_IR_IR_H
#define NNA_IR_IR_H

#include "ir/base/ctx.h"
#include "ir/dim.h"
#include "ir/op.h"
#include "ir/slots.h"
#include "ir/target.h"

typedef struct Value {
    uint32_t id; /* 0: none, or poisoned: its cause is reported, and it is carried silently */
} Value;

typedef struct ShapeId {
    uint32_t id; /* 0: unknown */
} ShapeId;

typedef struct ContractId {
    uint32_t id; /* 0: none */
} ContractId;

typedef struct OriginId {
    uint32_t id; /* 0: none */
} OriginId;

#define VALUE_NONE ((Value){0})

enum { MAX_RANK = 8 };

typedef struct Shape {
    uint8_t rank;
    const DimId *dims;
} Shape;

/* Where a node was written, and through which calls the expansion got there: innermost first. */
typedef struct Origin {
    Span span;       /* the expression, or for a call the whole call */
    Name block;      /* the block whose body `span` stands in; NAME_NONE: the model itself */
    OriginId caller; /* the call of that block; 0 in the model */
    const char *written; /* the operator that stands there, "@" or "stack", where it is neither the
                            node's own nor a block; else NULL */
    OriginId taken;  /* not 0: this is part of a gradient, of what stands there, asked for here */
    OriginId forward; /* of the operation whose gradient it belongs to; 0: none */
    bool again;       /* of part of a gradient: what `forward` computes, on the same values */
} Origin;

typedef enum ContractKind {
    CONTRACT_FINITE,   /* the default: any finite value */
    CONTRACT_ANY,      /* NaN and infinities too */
    CONTRACT_INTERVAL, /* [low, high], ends open or closed */
    CONTRACT_SET,      /* one of `values` */
    CONTRACT_SIMPLEX,  /* each >= 0, sum 1 within 1e-3 along `axis` */
    CONTRACT_ONEHOT,   /* simplex, each 0 or 1 */
} ContractKind;

typedef struct Contract {
    ContractKind kind;
    double low, high;      /* of INTERVAL, rounded to nearest in the element type; infinities at
                              open ends: unbounded, but finite */
    bool open_low, open_high;
    uint8_t axis;          /* of SIMPLEX and ONEHOT, 0..rank-1 */
    uint32_t value_count;
    const double *values;  /* of SET, ascending */
    Span span;
} Contract;

/* Numbers of a constant, or of a bound parameter, in the element type's storage format. */
typedef struct Data {
    const void *bytes; /* owned by the module arena, or by the weights that outlive the graph */
    size_t size;
} Data;

/* A value of an attribute; which member counts is said by `kind`. */
typedef struct Attr {
    AttrKind kind; /* ATTR_NONE: absent */
    uint32_t count; /* of lists */
    union {
        int64_t integer; /* INTEGER, BOOLEAN, WORD (its position), AXIS */
        double real;
        DType dtype;
        Name name;
        ContractId contract;
        uint32_t data; /* 0: not bound */
        const int64_t *integers; /* INTEGERS, WINDOW, AXES */
        const DimId *dims;       /* DIMS, PADDING */
    } as;
} Attr;

typedef struct Node {
    Op op;
    DType dtype;
    ShapeId shape;
    uint32_t first_operand, operand_count; /* in Graph.operands */
    uint32_t first_attr;                   /* in Graph.attrs; as many as the row has */
    OriginId origin;
    Name name; /* path of a parameter, name of an input, or the `let` it is bound to */
    Span name_span;
} Node;

/* Where a parameter's assumed range comes from, and how it starts. */
typedef enum InitKind {
    INIT_NONE,
    INIT_ZEROS,
    INIT_ONES,
    INIT_CONSTANT,
    INIT_UNIFORM,
    INIT_NORMAL,
    INIT_TRUNCATED_NORMAL,
    INIT_GLOROT_UNIFORM,
    INIT_GLOROT_NORMAL,
    INIT_HE_UNIFORM,
    INIT_HE_NORMAL,
    INIT_LECUN_NORMAL,
    INIT_ORTHOGONAL,
    INIT_IDENTITY,
    INIT_LIST,
} InitKind;

typedef struct Init {
    InitKind kind;
    double a, b;      /* constant; lo, hi; mean, std */
    double low, high; /* support: values it can start with (normals: nine deviations) */
} Init;

/* A parameter or buffer: facts beside its node. */
typedef struct Parameter {
    Value value;
    Init init;
    bool trained;
    uint32_t update; /* of a buffer: its number in Graph.updates, from 1; 0: it stays as it is */
} Parameter;

/* A buffer that is another one in the next call: what `next` is in this one, in all of which the
 * buffer is the old one. Both are of one element type and rank; where sizes of theirs differ, a
 * rule of the graph says that they are equal. */
typedef struct Update {
    Value buffer, next;
    Span span; /* of the buffer's name in the statement */
} Update;

typedef struct Result {
    Name name;
    Value value;
    ContractId contract; /* proved by an EXPECT node that `value` is, or none */
    Span span;           /* of its declaration */
} Result;

/* What a shape took for granted of symbolic dimensions without being able to show it: a = b, or
 * a <= b. Nothing of the graph may be run for dimensions that break one: the binary and the
 * evaluator test them all first. */
typedef struct DimRule {
    DimId a, b;
    bool equal; /* else a <= b */
    OriginId origin; /* of the operation that needs it; 0: a declared shape */
} DimRule;

/* A loop at run time (`scan`): the nodes [first, end), all of them computed in each of `trips`
 * steps. Regions are runs of the nodes, so that operands come before their users and one forward
 * walk is still a topological order; the only way back is from a final to its carry, by being its
 * operand. Regions are nested or apart. The nodes of one are, in this order:
 *     the SCAN_STEP     a scalar of i64 without operands: the number of the step, 0..trips-1
 *     SCAN_CARRYs       IN(init): init in step 0, then what its final got in the step before
 *     SCAN_ITEMs        IN(x, step), axis: the slice of x at `step` (never outside: x has `trips`
 *                       elements along the axis), the axis taken out
 *     the body          anything, and other regions
 *     SCAN_FINALs       IN(next, carry): the k-th belongs to the k-th carry, has its type and
 *                       shape, and is a copy of next at the end of the step
 *     SCAN_STACKs       IN(y, step), axis: y is written at `step` of a new axis of `trips`
 * init and x are from before the region. What is computed in it may be used in it alone, but for
 * finals and stacks, which may be used behind it alone: there they are the last carry, and the y of
 * all steps. Nodes without operands, the step apart (constants, parameters, inputs), do not depend
 * on the step and may be used anywhere, even where they are made inside. */
typedef struct Region {
    Value first;     /* its SCAN_STEP */
    uint32_t end;    /* behind its last node; 0: still open */
    uint32_t parent; /* in Graph.regions; 0: none */
    uint32_t carry_count, item_count, stack_count; /* finals: as many as carries */
    DimId trips;     /* at least 1, by a rule of the graph */
} Region;

/* A call of a C function, `extern` in the language: one EXTERN node for each of its results, one
 * behind the other, with the same operands and attributes but for `result`, the number of its own.
 * The function is called once, where the first of them stands. `order` has a letter for each of its
 * parameters:
 *     t  the elements of the next operand       n  a null pointer: a tensor that is not given
 *     i  the next operand, a scalar of i64      f  the next operand, a scalar of f64; constants
 *     d  the next of `sizes`                    r  room for the elements of the next result
 *     e  the number of the dimensions in `rest`, and an array of them
 * Its value depends on nothing but its operands; nobody but the binary can run it. */

struct Training; /* training.h */

typedef struct Graph {
    struct Ctx *cx;
    Name name;
    Span span;
    DimTable *dims;
    VEC(Node) nodes;       /* [0] is poison */
    VEC(Value) operands;
    VEC(Attr) attrs;
    VEC(Shape) shapes;     /* [0] is unknown */
    VEC(Contract) contracts; /* [0] is none */
    VEC(Origin) origins;   /* [0] is none */
    VEC(Data) data;        /* [0] is unbound */
    VEC(Value) inputs;     /* INPUT nodes, in declared order */
    VEC(Parameter) parameters;
    VEC(Result) results;
    VEC(Update) updates;   /* one a buffer at the most */
    VEC(Target) targets;   /* of `@portable` */
    DType precision;       /* of `@precision`; DTYPE_NONE: not said */
    VEC(Region) regions;   /* [0] is none; by `first`: nested ones after their parent */
    uint32_t open_region;  /* the innermost that is still being made; 0: none */
    VEC(DimRule) rules;    /* without repetition; results of at least 1 included */
    VEC(const struct Training *) trainings;
    uint32_t trained_from; /* nodes from this one on are of the trainings alone; 0: none are */
    Slots shape_slots, scalar_slots, path_slots, rule_slots; /* what is interned, by content */
} Graph;

/* Accessors. A poisoned value has op OP_NONE, DTYPE_NONE and an unknown shape. */
static inline const Node *ir_node(const Graph *g, Value v) { return &g->nodes.data[v.id]; }
static inline Value ir_operand(const Graph *g, Value v, uint32_t i) {
    return g->operands.data[g->nodes.data[v.id].first_operand + i];
}

/* The element type that the formulas of v are in: that of its last operand; of a source its own. */
static inline DType ir_computed_in(const Graph *g, Value v) {
    const Node *node = ir_node(g, v);
    bool own = node->operand_count == 0 || op_info[node->op].type == TYPE_SOURCE;
    return own ? node->dtype : ir_node(g, ir_operand(g, v, node->operand_count - 1))->dtype;
}
static inline const Attr *ir_attr(const Graph *g, Value v, uint32_t i) {
    return &g->attrs.data[g->nodes.data[v.id].first_attr + i];
}
static inline Shape ir_shape(const Graph *g, Value v) {
    return g->shapes.data[g->nodes.data[v.id].shape.id];
}
static inline const Contract *ir_contract(const Graph *g, ContractId c) {
    return &g->contracts.data[c.id];
}
static inline const Origin *ir_origin(const Graph *g, OriginId o) { return &g->origins.data[o.id]; }
static inline bool ir_is_poison(Value v) { return v.id == 0; }

/* The place that reports about v point to: its own expression if it is in the user's text, else
 * the innermost call that is (the prelude is never shown). *via gets the origin that was chosen. */
Span ir_place(const Graph *g, Value v, OriginId *via);

/* The same for an origin: SPAN_NONE for none. `via` may be NULL. */
Span ir_origin_place(const Graph *g, OriginId origin, OriginId *via);

/* What people call v: "`prob`", "`fc1.weight`", "`logits - m`" cut from the source, or the
 * operator's spelling. In the scratch arena. */
const char *ir_describe(const Graph *g, Value v);

/* Where v stands, by the blocks that lead there and its own name or operator, for programs:
 * "encoder/softmax/exp". It does not change when lines are moved. */
const char *ir_path(const Graph *g, Value v, Arena *arena);
const char *ir_path_to(const Graph *g, OriginId origin, const char *last, Arena *arena);

/* The contract attribute of INPUT, PARAM, BUFFER, ASSUME, GUARD, EXPECT; kind FINITE if none. */
Contract ir_contract_of(const Graph *g, Value v);

/* What is known of a PARAM or BUFFER beside its node; NULL for others. In logarithmic time. */
const Parameter *ir_parameter(const Graph *g, Value v);

/* What v, a buffer, is in the next call; NULL for what stays as it is. In logarithmic time. */
const Update *ir_update(const Graph *g, Value v);

/* How many nodes the call has that v, an EXTERN, is a result of; *first is the first of them. */
uint32_t ir_extern_results(const Graph *g, Value v, Value *first);

/* Data of a CONST, PARAM or BUFFER; NULL if not bound. */
const Data *ir_data(const Graph *g, Value v);

/* Whether these values of the dimension variables keep every rule of the graph. */
bool ir_rules_hold(const Graph *g, const int64_t *values);

/* The innermost region that v stands in; 0: none. In the time of a binary search and the depth. */
uint32_t ir_region_at(const Graph *g, Value v);

/* The nodes of a region by their place. */
static inline Value region_carry(const Region *r, uint32_t k) {
    return (Value){r->first.id + 1 + k};
}
static inline Value region_item(const Region *r, uint32_t k) {
    return (Value){r->first.id + 1 + r->carry_count + k};
}
static inline Value region_final(const Region *r, uint32_t k) {
    return (Value){r->end - r->stack_count - r->carry_count + k};
}
static inline Value region_stack(const Region *r, uint32_t k) {
    return (Value){r->end - r->stack_count + k};
}

/* The nodes of the body are [region_body(r), region_final(r, 0)). */
static inline Value region_body(const Region *r) { return region_item(r, r->item_count); }

/* An attribute as formulas see it: a number, a boolean as 0 or 1, a word or an axis as its
 * position; 0 for lists and the like. */
double attr_number(const Attr *a);

/* Whether v is the primitive, and nothing else, of its operands in order. */
bool ir_is_primitive(const Graph *g, Value v, Primitive p);

/* The dimension that every element of v is a position in, from 0 on and below its size, by the row
 * of v alone: of `iota`, of the step of a region and of LIBRARY rows; else unknown. */
DimId ir_positions(const Graph *g, Value v);

/* A formula of v, or the branch of it that the attributes of v decide: `where(a == 1, x, y)` is x
 * or y. The other branch is not computed, judged or guarded. */
const Scalar *ir_taken(const Graph *g, Value v, const Scalar *s);

/* The sites of v, in a fixed order: that of an index, for a row that reads or writes indirectly;
 * those of the body, arguments before the application that takes them; then the combiner, then
 * those of `after`. Nodes that carry a contract (input, assume, guard, expect) have one
 * SITE_CONTRACT. Site numbers everywhere are indices into this list. */
uint32_t ir_sites(const Graph *g, Value v, Site out[OP_MAX_SITES]);

/* Number of elements; DIM_UNKNOWN if the shape is. */
DimId ir_element_count(Graph *g, Value v);

#endif
