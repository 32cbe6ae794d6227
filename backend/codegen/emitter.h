/* What the files of the code generator share: one module that is being written.
 *
 *     codegen.c    the order of things
 *     llvm.c       context, target, passes, output: the life of the LLVM objects
 *     plan.c       what is computed, and in which memory
 *     build.c      small words over the LLVM builder: intrinsics, loops, structs
 *     dims.c       dimensions as i64 values
 *     number.c     element types as LLVM types; load, store, round, convert
 *     primitive.c  one function for each scalar primitive
 *     formula.c    walk of an operator's formula
 *     guard.c      conditions, and what happens where one is broken
 *     nest.c       loop nests
 *     library.c    calls for what is no loop nest
 *     contract.c   checks of contracts
 *     node.c       LLVM functions for operations
 *     extern.c     calls of C functions
 *     twin.c       which operations share one
 *     entry.c      run, shapes and workspace: what the run-time support calls
 *     describe.c   the constant tables of nna_rt.h
 *
 * Everything lives as long as one call of nnac_codegen; memory is the scratch arena's. */
#ifndef NNA_BACKEND_CODEGEN_EMITTER_H
#define NNA_BACKEND_CODEGEN_EMITTER_H

#include "backend/codegen.h"
#include "ir/nest.h"
#include "ir/slots.h"

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

typedef struct Types {
    LLVMTypeRef i1, i8, i16, i32, i64, f32, f64, pointer, nothing;
} Types;

/* Where a value stands while the model runs. */
typedef enum StorageKind {
    STORAGE_NONE,
    STORAGE_INPUT,     /* index: of the model's input; then of its buffers that have an update */
    STORAGE_OUTPUT,    /* of what it gives */
    STORAGE_CONSTANT,  /* the node itself */
    STORAGE_WORKSPACE, /* of Plan.slots */
} StorageKind;

typedef struct Storage {
    StorageKind kind;
    uint32_t index;
} Storage;

/* A piece of the workspace; values of equal size take turns in it. */
typedef struct WorkspaceSlot {
    DimId bytes;
    Value first; /* gives the size */
} WorkspaceSlot;

typedef struct Plan {
    bool *live;       /* by value: a result or a guard needs it */
    Value *root;      /* by value: whose memory it is in; itself for most */
    Storage *storage; /* by value: of roots */
    Value *given;     /* the results, then the new values of buffers: what a call writes */
    uint32_t given_count;
    bool *copied;     /* by what is given: its value stands elsewhere and is copied at the end */
    VEC(WorkspaceSlot) slots;
} Plan;

/* A guard that is emitted. Its number is its position. */
typedef struct Guard {
    Value value;
    uint32_t site_number;
    Site site;
    DType type; /* of the operands that it looks at */
    DType to;   /* of the node */
    bool nan_allowed, infinite_allowed;
} Guard;

enum { NO_GUARD = -1 };

/* How guards are written in the function at hand (node.c). */
typedef enum GuardMode {
    GUARD_MODE_FLAG, /* note in a flag that something broke; loops stay simple */
    GUARD_MODE_TRIP, /* tell the run-time support at once */
} GuardMode;

/* The function that is being written. */
typedef struct Body {
    LLVMValueRef function;
    LLVMValueRef call, variables; /* nna_rt_call *, const int64_t * */
    LLVMValueRef entry_end;       /* terminator of the entry block, before which goes what is
                                     invariant; NULL where there is but one block */
    LLVMValueRef overflowed;      /* i1 so far, where dimensions are computed checked; else NULL */
    GuardMode mode;
    LLVMValueRef first_guard;     /* i32: number of the first guard of the operation at hand ... */
    int32_t number;               /* ... and of that which the function is written from */
    LLVMValueRef flag;            /* i32 variable of GUARD_MODE_FLAG */
    LLVMValueRef inject, inject_operand, inject_value; /* from the call; NULL until asked for */
    LLVMBasicBlockRef stop;       /* returns 1; NULL until asked for */
} Body;

typedef struct DimSlot {
    uint32_t stamp; /* of the function that `value` belongs to */
    LLVMValueRef value;
} DimSlot;

typedef struct Emitter {
    const CodegenRequest *request;
    Graph *graph;
    Ctx *cx;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTargetMachineRef machine;
    Types types;
    Plan plan;
    VEC(Guard) guards;
    uint32_t *first_site;      /* by value, into guard_numbers */
    int32_t *guard_numbers;    /* by site: its guard or NO_GUARD */
    uint64_t sites_proved, sites_guarded;
    LLVMValueRef *node_functions; /* by value; NULL where there is nothing to do */
    LLVMValueRef *constants;      /* by value: the numbers of constants and parameters */
    VEC(LLVMValueRef) strings;    /* by the id of the interned text */
    VEC(DimSlot) dims;         /* by DimId */
    uint32_t stamp;
    Body body;
    CodegenResult *result;     /* for refusals */
} Emitter;

/* llvm.c */
bool llvm_open(Emitter *e);
void llvm_close(Emitter *e);
bool llvm_finish(Emitter *e); /* verifies, optimises, writes the result */
bool emitter_refuse(Emitter *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* plan.c */
bool plan_make(Emitter *e);
static inline Value plan_root(const Emitter *e, Value v) { return e->plan.root[v.id]; }

/* build.c */
LLVMValueRef const_i32(Emitter *e, int64_t value);
LLVMValueRef const_i64(Emitter *e, int64_t value);
LLVMValueRef const_i1(Emitter *e, bool value);
LLVMValueRef build_intrinsic(Emitter *e, const char *name, LLVMTypeRef overload, uint32_t count,
                             const LLVMValueRef *args);
/* Calls an external function of the run-time support, which reads and writes no memory. */
LLVMValueRef build_pure_call(Emitter *e, const char *name, LLVMTypeRef type, uint32_t count,
                             const LLVMValueRef *args);
LLVMValueRef build_and(Emitter *e, LLVMValueRef a, LLVMValueRef b); /* NULL stands for true */
void function_attribute(Emitter *e, LLVMValueRef function, const char *name);
void parameter_attribute(Emitter *e, LLVMValueRef function, unsigned parameter, const char *name);
LLVMValueRef string_constant(Emitter *e, const char *text);
LLVMBasicBlockRef block(Emitter *e, const char *name);
/* Marks a conditional branch as hardly ever taken on its second way. */
void branch_expect_first(Emitter *e, LLVMValueRef branch);

/* Opens a function: `call` and `variables` are parameters 0 and 1 where it has them. */
void body_open(Emitter *e, LLVMValueRef function);
/* The same for one of a single block whose dimensions are computed checked: overflow is noted. */
void body_open_checked(Emitter *e, LLVMValueRef function);
/* Between these two, instructions go to the entry block. */
LLVMBasicBlockRef entry_enter(Emitter *e);
void entry_leave(Emitter *e, LLVMBasicBlockRef back);
LLVMValueRef entry_variable(Emitter *e, LLVMTypeRef type, const char *name);

typedef struct Loop {
    LLVMValueRef counter; /* i64, 0 .. extent - 1 */
    LLVMBasicBlockRef header, exit;
} Loop;
Loop loop_open(Emitter *e, LLVMValueRef extent);
void loop_close(Emitter *e, const Loop *loop);

/* dims.c: in the function at hand, computed once, at its entry. */
void dims_begin(Emitter *e); /* forgets those of another function */
LLVMValueRef dim_value(Emitter *e, DimId d);
/* Elements of a value: the product of its dimensions; checked where the body is. */
LLVMValueRef dim_elements(Emitter *e, Value v);
LLVMValueRef dim_multiply(Emitter *e, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef dim_sum(Emitter *e, LLVMValueRef a, LLVMValueRef b);

/* number.c. f16 and bf16 are computed with as f32 values that the type holds; bool as i1. */
LLVMTypeRef number_type(Emitter *e, DType t);
LLVMTypeRef number_storage(Emitter *e, DType t);
LLVMValueRef number_constant(Emitter *e, DType t, double value);
LLVMValueRef number_load(Emitter *e, DType t, LLVMValueRef base, LLVMValueRef index);
void number_store(Emitter *e, DType t, LLVMValueRef base, LLVMValueRef index, LLVMValueRef value);
/* A float of t's or a wider computing type (`from`), rounded to t. */
LLVMValueRef number_round(Emitter *e, DType from, DType t, LLVMValueRef value);
LLVMValueRef number_convert(Emitter *e, DType from, DType to, LLVMValueRef value);
/* The same, held in the range of `to` first. */
LLVMValueRef number_saturate(Emitter *e, DType from, DType to, LLVMValueRef value);
LLVMValueRef number_from_i64(Emitter *e, DType t, LLVMValueRef value); /* of counts */
LLVMValueRef number_as_double(Emitter *e, DType t, LLVMValueRef value);
LLVMValueRef number_from_double(Emitter *e, DType t, LLVMValueRef value);
static inline bool dtype_is_unsigned(DType t) {
    return dtype_info[t].class == DTYPE_CLASS_UNSIGNED || dtype_info[t].class == DTYPE_CLASS_BOOL;
}

/* primitive.c: the value of eval_primitive, bit for bit. */
LLVMValueRef primitive_value(Emitter *e, Primitive p, DType type, DType to,
                             const LLVMValueRef *args);
bool primitive_calls_library(Primitive p);

/* formula.c */
typedef struct Typed {
    LLVMValueRef value;
    DType dtype;
} Typed;

enum { FORMULA_MAX = 64 }; /* applications in one formula */

typedef struct Formula {
    Value node;
    SitePart part;
    DType type; /* constants and attributes are of it */
    const Typed *inputs;
    LLVMValueRef count, volume; /* i64 */
    LLVMValueRef element;
    const LLVMValueRef *last; /* counter of the innermost loop over the result, after the others */
    uint32_t done_count;
    struct {
        const Scalar *at;
        Typed value;
    } done[FORMULA_MAX]; /* what was computed already: shared subtrees are computed once */
} Formula;
Typed formula_value(Emitter *e, Formula *f, const Scalar *s);

/* guard.c */
void guards_number(Emitter *e);
int32_t guard_find(const Emitter *e, Value v, SitePart part, const Scalar *at);
/* The value as an operand of the guard: another one while the self-test asks for it. */
LLVMValueRef guard_operand(Emitter *e, int32_t guard, int operand, DType t, LLVMValueRef value);
LLVMValueRef guard_is_injected(Emitter *e, int32_t guard, int operand);
/* Tests the condition of a primitive and acts on it. `result` is what primitive_value gave. */
void guard_primitive(Emitter *e, int32_t guard, LLVMValueRef element, const LLVMValueRef *args,
                     LLVMValueRef result);
/* Acts on a condition (i1: it holds) of guard `guard`; trip's operands are doubles. */
void guard_act(Emitter *e, int32_t guard, LLVMValueRef holds, LLVMValueRef element,
               uint32_t operand_count, const LLVMValueRef *operands, LLVMValueRef result);
LLVMValueRef guard_is_finite(Emitter *e, LLVMValueRef x);
LLVMValueRef guard_is_infinite(Emitter *e, LLVMValueRef x);
LLVMValueRef guard_is_nan(Emitter *e, LLVMValueRef x);
LLVMValueRef guard_no_wrap(Emitter *e, Primitive p, DType t, const LLVMValueRef *args);
/* low <= x <= high for a number of type t, false for NaN; NULL where that is every x. */
LLVMValueRef guard_in_interval(Emitter *e, DType t, LLVMValueRef x, double low, double high);
/* The closed bounds that operand 0 must keep; of CONVERT, DOMAIN and contracts. */
void guard_bounds(const Emitter *e, const Guard *guard, double *low, double *high);

/* nest.c, library.c, contract.c */
void nest_emit(Emitter *e, Value v, const Nest *nest, LLVMValueRef out,
               const LLVMValueRef *operands);
void library_emit(Emitter *e, Value v, LLVMValueRef out, LLVMValueRef operand);
void contract_emit(Emitter *e, Value v, LLVMValueRef data);

/* twin.c: an operation found before that is alike, or v itself, which is found from now on. */
Value twin_find(Emitter *e, Slots *table, Value v);

/* node.c */
enum { PARAMETER_CALL, PARAMETER_VARIABLES, PARAMETER_FIRST_GUARD, PARAMETER_RESULT };
void nodes_emit(Emitter *e);
/* Number of the first guard of a value, 0 if it has none. */
int32_t guard_first(const Emitter *e, Value v);

/* extern.c: declares the C functions that are called, first of all; calls one with the memory of
 * its operands and results. */
bool externs_declare(Emitter *e);
void extern_call(Emitter *e, Value v, const LLVMValueRef *operands, const LLVMValueRef *results);

/* entry.c, describe.c */
LLVMValueRef entry_run(Emitter *e);
LLVMValueRef entry_shapes(Emitter *e);
LLVMValueRef entry_workspace(Emitter *e);
LLVMValueRef entry_constant(Emitter *e, Value v); /* where the numbers of a value stand */
void describe_model(Emitter *e, LLVMValueRef run, LLVMValueRef shapes, LLVMValueRef workspace);

#endif
