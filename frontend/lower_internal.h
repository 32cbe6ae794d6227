/* What the files of the lowering share: objects (what an expression can be), callees and
 * their formals, frames of expansion.
 *
 *   module.c    the files of a program, and what each sees of the others
 *   callee.c    what can be called, and which argument goes where
 *   resolve.c   names, once for every declaration
 *   static.c    integers, lists and words that are known while compiling;  number.c  reals
 *   type.c      types, dimension variables, contracts
 *   init.c      initializers
 *   value.c     objects that become tensors
 *   expr.c      expressions;  index.c  those in brackets;  member.c  `x.name`
 *   extern.c    calls of C functions
 *   call.c      operators;  function.c  static functions;  gradient.c  grad
 *   expand.c    blocks, branches, loops;  recurrence.c  loops at run time
 *   update.c    new values of buffers
 *   lower.c     statements and reports;  model.c  models, the file
 *   training.c  train sections
 *
 * The invariant of all of them: what is wrong is reported where it is found and becomes
 * OBJECT_POISON, DIM_UNKNOWN or VALUE_NONE, which everything takes silently. Names and calls
 * are reported by resolve.c alone, which marks what it reported as faulty. */
#ifndef NNA_FRONTEND_LOWER_INTERNAL_H
#define NNA_FRONTEND_LOWER_INTERNAL_H

#include "frontend/exact.h"
#include "frontend/lower.h"
#include "ir/build.h"
#include "ir/training.h"

typedef enum ObjectKind {
    OBJECT_POISON, /* reported already */
    OBJECT_NONE,   /* the word `none` */
    OBJECT_TENSOR,
    OBJECT_INTEGER,
    OBJECT_DIM, /* a symbolic dimension; a constant one is an integer */
    OBJECT_REAL,
    OBJECT_BOOL,
    OBJECT_STRING,
    OBJECT_WORD, /* an enumerator */
    OBJECT_DTYPE,
    OBJECT_INIT,
    OBJECT_CALLEE, /* an operator or block, as a value */
    OBJECT_LIST,
    OBJECT_TUPLE,
    OBJECT_LAYER,
} ObjectKind;

typedef struct Layer Layer;
typedef struct Callee Callee;
typedef struct Module Module;

/* A real number that a double may not hold. */
typedef struct Number {
    double nearest;         /* the nearest double: 0 or an infinity beyond their range */
    const char *text;       /* of a literal, whose value is made when it is needed */
    uint32_t length;
    const Exact *value;     /* NULL: of a literal */
    const Exact *terms[2];  /* of a sum of two */
} Number;

typedef struct Object {
    ObjectKind kind;
    uint32_t count; /* of a list or tuple; of a real: 1 for `number`, 0 for `real` */
    union {
        Value tensor;
        int64_t integer;
        DimId dim;
        double real;
        const Number *number;
        bool boolean;
        Name name; /* of a string or word */
        DType dtype;
        const Init *init;           /* in the module arena, as all that follows */
        const Callee *callee;
        const struct Object *items;
        Layer *layer;
    } as;
} Object;

#define POISON ((Object){.kind = OBJECT_POISON})

typedef enum CalleeKind {
    CALLEE_NONE, /* of a train section: a method */
    CALLEE_BLOCK,
    CALLEE_OPERATOR,
    CALLEE_FUNCTION, /* static_function.def */
    CALLEE_UNKNOWN,  /* declared elsewhere (import, extern): refused already */
} CalleeKind;

/* What a formal takes, as far as it changes how its argument is read. */
typedef enum Want {
    WANT_VALUE,
    WANT_TENSOR,
    WANT_WORD,
    WANT_DTYPE,
    WANT_INIT,
    WANT_CALLEE,
} Want;

typedef struct Formal {
    Name name;
    Want want;
    bool required;
    bool open;           /* WANT_WORD: other values too (padding: 1) */
    uint32_t word_count; /* of WANT_WORD */
    const Name *words;
    Ast parameter;       /* of a block: its AST_PARAMETER */
} Formal;

typedef enum StaticFunction {
#define STATIC_FUNCTION(id, ...) STATIC_FUNCTION_##id,
#include "frontend/static_function.def"
    STATIC_FUNCTION_COUNT
} StaticFunction;

struct Callee {
    CalleeKind kind;
    bool variadic; /* any number of positional arguments, all for the first formal */
    bool prelude;
    bool part; /* of the block that calls it: a block of the prelude named `_...` */
    uint32_t formal_count;
    const Formal *formals;
    Name name;
    Op op;
    StaticFunction function;
    TrainingMethod method; /* of CALLEE_NONE */
    const File *file; /* of a block, with its declaration */
    Ast declaration;
    const Module *module; /* the same file; NULL: no block */
};

/* A file of the program, as names are looked up in it. */
struct Module {
    const File *file;
    uint32_t number;  /* in Callees.modules; 0: the file that was given */
    bool prelude;
    uint8_t *faulty;  /* by node, true where resolve.c reported; NULL: the prelude */
    uint32_t own_count, visible_count;
    const Callee **own;     /* its blocks, in their order */
    const Callee **visible; /* its own and those of its imports, by name; the first of a name */
};

/* What a name calls, as seen from every user's file and from the prelude. By name. */
typedef struct Callees {
    uint32_t name_count;
    const Callee **user, **prelude;
    const Callee *row[OP_COUNT]; /* those that can be called; else NULL */
    VEC(const Callee *) all; /* of the user's view, for suggestions */
    uint32_t module_count;
    Module *modules;         /* the file that was given, then those that it needs */
    Module *prelude_module;
    const Callee **training; /* by TrainingMethod */
    Name none, name, unused; /* `none`, `name` and `_` */
} Callees;

enum { MAX_FORMALS = 64 };

/* An argument that was written, or a value that is given by the syntax around a call. */
typedef struct Actual {
    Name name;     /* NAME_NONE: positional */
    Span span;
    Ast value;     /* AST_NONE where the object is ready */
    Object object;
} Actual;

typedef struct Matched {
    const Actual *actual[MAX_FORMALS]; /* by formal, as many as there are; NULL: not given */
    uint32_t variadic_count;           /* leading positional ones of a variadic callee */
    const Actual *path;                /* `name:` of a block that has no such parameter */
} Matched;

/* Where fault reports go; NULL for a silent match. */
typedef struct MatchReport {
    Ctx *cx;
    Span call;
} MatchReport;

Callees *callees_new(Ctx *cx, const File *user, const File *prelude);
const Callee *callee_find(const Callees *callees, const Module *module, Name name);

/* module.c */
/* The modules of `user` and of what it imports; `callees` has its names counted. */
void modules_make(Ctx *cx, Callees *callees, const File *user, const File *prelude);
Module *module_of(const Callees *callees, const File *file);
/* The block of that name which the file declares or imports; NULL: none. */
const Callee *module_find(const Module *module, Name name);

/* resolve_training.c: the rows of training.def, as what is called. */
const Callee **training_callees(Ctx *cx);
const Callee *training_callee(const Callees *callees, TrainingKind kind, Name name);
bool training_kind_of(AstKind kind, TrainingKind *out); /* false: of no such item */

/* How the argument of a parameter is read. */
Formal formal_of(Ctx *cx, const File *file, Ast parameter);

/* Which actual goes to which formal. False where the call is wrong; `report` then says so. */
bool callee_match(const Callees *callees, const Callee *callee, const Actual *actuals,
                  uint32_t count, Matched *out, const MatchReport *report);

/* "did you mean `x`?" for an unknown name, if one is near. */
typedef struct Nearest {
    const char *wanted, *best;
    uint32_t distance;
} Nearest;

Nearest nearest_to(const Ctx *cx, Name name);
void nearest_try(Nearest *nearest, const char *candidate);
void nearest_help(Ctx *cx, Diag *d, const Nearest *nearest);

/* Looks at the names of every module but the prelude; what is reported is marked in its
 * Module.faulty. */
void resolve_modules(Ctx *cx, const Callees *callees);
/* What keeps an `extern block` from being called, and where; NULL in *what: nothing. */
Ast extern_fault(Ctx *cx, const File *file, Ast declaration, const char **what);
/* How the block of a declaration is called. */
const Callee *block_callee(Ctx *cx, const Module *module, Ast declaration);
/* Where the name of a statement, parameter or declaration is written, within its node. */
Span declared_name_span(const Ctx *cx, const File *file, Ast ast);
bool init_find(const char *spelling, InitKind *kind, uint32_t *argument_count);
void init_nearest(Nearest *nearest);

/* A number of calls of the same name that bring parameters, under one path. */
typedef struct PathCount {
    Name name;
    uint32_t count;
} PathCount;

/* A prefix of parameter paths; made when the first parameter asks for it. */
typedef struct Path {
    struct Path *outer;
    Name bound;   /* the name it is known by, or none: `called` and a count */
    Name called;
    int64_t step; /* of a for; -1: none */
    bool made;
    Name text;
    VEC(PathCount) counts;
} Path;

/* A layer: a call without its tensors, whose parameters are made once. */
struct Layer {
    const Callee *callee;
    Path *path;
    Name name;
    Span span; /* of its call where it is declared */
    Actual *actuals;
    uint32_t actual_count;
    VEC(Value) parameters;
    Layer *outer; /* the layer in whose expansion this one was declared */
};

/* The expansion of one body. */
typedef struct Frame {
    struct Frame *caller;
    const File *file;
    const Module *module; /* of the file */
    bool prelude;
    Name block;      /* NAME_NONE in a model; of a part, that of the block that calls it */
    OriginId origin; /* of the call; none in a model */
    Span call;       /* in the caller's file */
    uint32_t base;   /* bindings below belong to the callers */
    DType element;   /* of the element variables that share one; DTYPE_NONE: nothing yet */
    bool rest_known; /* `...` */
    uint8_t rest_rank;
    DimId rest[MAX_RANK];
    Path *path;
    const Path *top; /* the path where the body began; `path` is it, or that of a loop below */
    Layer *layer;    /* whose parameters are used again; NULL: none */
    Layer *called;   /* the layer that this is a call of; NULL: none */
} Frame;

typedef struct LocalBinding {
    Name name;
    uint32_t previous; /* index + 1 of the binding that it hides */
    Object object;
} LocalBinding;

/* Which block gave the items of a tuple, so that its results can be named. */
typedef struct NamedResults {
    const Object *items;
    const Callee *callee;
} NamedResults;

/* An expression that becomes several nodes, which share one origin. */
typedef struct Construct {
    const Frame *frame; /* NULL: none */
    Span span;
    const char *written; /* as in Origin */
    OriginId origin;     /* 0: not made yet */
} Construct;

typedef struct Lower {
    Ctx *cx;
    Graph *g;
    const Callees *callees;
    const LowerOptions *options;
    Frame *frame;
    Construct construct;
    uint32_t *latest; /* by name: index + 1 of its innermost binding */
    VEC(LocalBinding) bindings;
    uint32_t depth;       /* of this recursion */
    uint32_t block_depth; /* of calls of blocks */
    uint64_t steps;       /* of expansion */
    int64_t fresh_seeds;  /* given out in this model */
    File *user_file;
    VEC(NamedResults) named;
    Slots named_slots;    /* by items */
    VEC(Value) shaped;    /* whose shape is asked for, whatever becomes of their elements */
} Lower;

/* Notes that sizes are taken from a value. */
void note_shape_use(Lower *l, Value v);
/* The inputs of the model that were named, and of which nothing reaches the outside. */
void report_idle_inputs(Lower *l);

/* Reports. A span in the prelude climbs to the call in the user's text; the calls that lead
 * to the place become labels. */
Diag *fault(Lower *l, DiagCode code, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void fault_emit(Lower *l, Diag *d);
void fault_say(Lower *l, DiagCode code, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
Span fault_place(const Lower *l, Span span);
/* A message of the prelude, in which `_` is the operator that was called. */
const char *prelude_message(Lower *l, Name message);

/* Counts a step of expansion, and ends the lowering when there are too many. */
void lower_step(Lower *l, Span span);

/* Bindings of the frame. */
void bind_name(Lower *l, Name name, Object object);
void unbind_to(Lower *l, uint32_t count);
const Object *find_binding(const Lower *l, Name name);

/* Places and spans of nodes of the frame's file. */
static inline const AstNode *node_of(const Lower *l, Ast ast) {
    return ast_node(l->frame->file, ast);
}
static inline Span span_of(const Lower *l, Ast ast) {
    return ast_span(l->frame->file, ast);
}
static inline bool is_faulty(const Lower *l, Ast ast) {
    return l->frame->module->faulty != NULL && l->frame->module->faulty[ast.id] != 0;
}
static inline const char *text_of(const Lower *l, Name name) {
    return names_text(&l->cx->names, name);
}
OriginId origin_here(Lower *l, Span span);

/* Between the two, all that is made at `span` in this frame has one origin. The construct around is
 * given back for the end. */
Construct construct_begin(Lower *l, Span span, const char *written);
void construct_end(Lower *l, Construct around);

/* static.c */
Object object_integer(int64_t value);
Object object_bool(bool value);
Object object_tensor(Value value);                /* poison for VALUE_NONE */
Object object_dim(Lower *l, DimId dim);           /* an integer where it is constant */
Object object_word(Name name);
Object object_items(Lower *l, ObjectKind kind, uint32_t count, const Object *items);
bool object_is_number(const Object *o);           /* integer, dim or real */
bool object_as_dim(Lower *l, const Object *o, DimId *out);
const char *object_describe(Lower *l, const Object *o); /* for messages: "the number 3" */
Object static_unary(Lower *l, AstOp op, const Object *x, Span span);
Object static_binary(Lower *l, AstOp op, const Object *a, const Object *b, Span span);
typedef enum Truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN } Truth;
/* The value of a static condition; unknown after a report. */
Truth static_condition(Lower *l, Ast condition, const char *what);

/* number.c: real numbers, exact until they meet a tensor. */
Object object_real(double value); /* that double, or an infinity */
/* A decimal literal that fits (exact.h); its text must outlive the module. */
Object object_literal(Lower *l, double nearest, const char *text, uint32_t length);
uint32_t literal_length(const char *text); /* of the literal that begins there */
bool object_as_real(const Object *o, double *out); /* integers and reals: the nearest double */
/* The same, for what is no element of a tensor; false after a report where a double is too
 * small or too large for it. */
bool number_to_double(Lower *l, const Object *o, Span span, double *out);
/* An integer or a real as a value of the element type, rounded once. Of integer types: as is. */
double number_rounded(Lower *l, const Object *o, DType dtype);
bool number_is_zero(const Object *o);
const char *number_text(Lower *l, const Object *o); /* of an integer, a real or a dimension */
/* Reports (NNA3017) a number that became 0 in the type, or a sum that lost a term there. */
void number_losses(Lower *l, const Object *o, double rounded, DType dtype, Span span);
Object number_negate(Lower *l, const Object *x);
Object number_binary(Lower *l, Primitive p, const Object *a, const Object *b, Span span);
/* Its numerator and denominator; false where it is no number, or they are no i64. */
bool number_fraction(Lower *l, const Object *o, int64_t *numerator, int64_t *denominator);
int number_compare(Lower *l, const Object *a, const Object *b); /* < 0, 0, > 0 */
/* An elementwise operator of numbers alone, by its formula; poison after a report. */
Object number_operator(Lower *l, Op op, uint32_t count, const Object *operands, Span span);

/* type.c */
typedef struct TensorType {
    DType dtype;
    ShapeId shape; /* unknown after a report */
    Span span;
    Ast contract;  /* AST_NONE: none */
} TensorType;
DimId eval_dim(Lower *l, Ast ast);
/* a / b; where that is not exact, it is reported. Unknown after an error. */
DimId divide_exactly(Lower *l, DimId a, DimId b, Span span);
bool eval_tensor_type(Lower *l, Ast type, TensorType *out);
ContractId eval_contract(Lower *l, Ast contract, uint32_t rank);
/* Holds a value against a declared type; reports differences. `what` names it. */
bool check_tensor_type(Lower *l, const TensorType *type, Value value, Span place,
                       const char *what);
/* An EXPECT (or in the prelude an ASSUME) of the contract, if the type has one. */
Value with_contract(Lower *l, Ast contract, Value value, Name what, Span span);
/* The same for a contract that is there already, or none. */
Value with_contract_of(Lower *l, ContractId contract, Value value, Name what, Span span);
/* Binds the dimension variables of a block's tensor parameters to the arguments; objects[i] and
 * places[i] belong to parameters.items[i]. False after a report. */
bool unify_bind(Lower *l, AstRange parameters, const Object *objects, const Span *places,
                Name callee);
/* Checks the arguments against the types, contracts included. False after a report. */
bool unify_check(Lower *l, AstRange parameters, Object *objects, const Span *places, Name callee);
/* Whether a static value is of the type; reports if not. */
bool check_static(Lower *l, Ast type, Object *object, bool optional, Span place, Name what);

/* init.c */
Object eval_init(Lower *l, Ast ast);
Init init_for(Lower *l, const Object *init, DType dtype, ShapeId shape, Span span);

/* value.c */
/* The object as a tensor of the element type; VALUE_NONE after a report. */
Value to_tensor(Lower *l, const Object *o, DType dtype, Span span);
DType object_dtype(const Lower *l, const Object *o); /* DTYPE_NONE for a static one */
/* A constant tensor of numbers in nested lists. */
Value list_tensor(Lower *l, const Object *list, DType dtype, Span span);

/* expr.c */
Object eval(Lower *l, Ast ast);
/* The same; a call, a loop or a branch takes `bound` for its path. */
Object eval_bound(Lower *l, Ast ast, Name bound);
Object eval_formal(Lower *l, const Formal *formal, Ast ast);
Object eval_operator(Lower *l, Op op, uint32_t count, const Object *operands, const Span *spans,
                     const Attr *attrs, Span span);

/* index.c */
Object eval_index(Lower *l, Ast ast);
/* x from begin to end along one axis. */
Value slice_axis(Lower *l, Value x, uint32_t axis, DimId begin, DimId end, Span span);

/* member.c */
Object eval_member(Lower *l, Ast ast);
/* Says that the items of a tuple are the results of a block. */
void member_results(Lower *l, const Object *items, const Callee *callee);

/* call.c */
Object eval_call(Lower *l, Ast call, const Actual *piped, Name bound);
Object call_callee(Lower *l, const Callee *callee, const Actual *actuals, uint32_t count,
                   Span span, Name bound, Layer *layer);
Object actual_object(Lower *l, const Formal *formal, const Actual *actual);
/* The row that an infix operator is where tensors meet; OP_NONE: there is none. */
Op operator_row(AstOp op);

/* Positional arguments of a variadic callee, and the items of lists among them. */
uint32_t variadic_operands(Lower *l, const Callee *callee, const Actual *actuals, uint32_t count,
                           Object **objects, Span **spans);
Object call_function(Lower *l, const Callee *callee, const Matched *matched,
                     const Actual *actuals, uint32_t actual_count, Span span);

/* gradient.c */
/* The gradient of y with respect to x, or to each of a list: then a tuple. */
Object call_grad(Lower *l, const Object *y, Span y_span, const Object *x, Span x_span, Span span);

/* einsum.c */
Object call_einsum(Lower *l, const Callee *callee, const Actual *actuals, uint32_t actual_count,
                   Span span);

/* expand.c */
Object expand_block(Lower *l, const Callee *callee, const Matched *matched, Span span,
                    Name bound, Layer *layer);
/* extern.c: in the frame of the call, in which what it was given is bound. */
Object call_extern(Lower *l, const Callee *callee, const Object *objects, const Span *places,
                   Span call);
Object eval_if(Lower *l, Ast ast, Name bound);
Object eval_for(Lower *l, Ast ast, Name bound);
Name path_join(Lower *l, Path *path, Name name);
/* The parameter whose path within the frame is written so, the innermost loop first. */
Value path_parameter(Lower *l, const char *text);
/* A path within the frame, as a whole one. */
const char *path_inside(Lower *l, const char *text);
Path *path_new(Lower *l, Path *outer, Name bound, Name called, int64_t step);

/* recurrence.c */
Object eval_scan(Lower *l, Ast ast, Name bound);

/* training.c */
/* The train sections of a model whose body was run, while its names are bound. `whole`: all
 * its results were made. */
void lower_training(Lower *l, Ast model, bool whole);

/* update.c */
void run_update(Lower *l, Ast ast);

/* lower.c */
/* Runs the statements of a body; false when it ended without `return` or `yield`. The
 * values of that one are in *out, as a tuple where there are several. */
bool run_body(Lower *l, Ast body, Object *out);

#endif
