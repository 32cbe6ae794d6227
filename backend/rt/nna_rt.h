/* The binary interface between generated code and its run-time support.
 *
 * A generated object defines one `nna_rt_model` (symbol nna_model) and the functions it
 * points to. libnna_rt.a gives the executable's main, or the entry points of a shared
 * library. Everything is plain data with fixed layout; `abi` guards against a mixture. */
#ifndef NNA_RT_H
#define NNA_RT_H

#include <stdint.h>

#define NNA_RT_ABI 4u

/* Element types, numbered as in ir/dtype.def from 1. */
enum {
    NNA_RT_F16 = 1, NNA_RT_BF16, NNA_RT_F32, NNA_RT_F64, NNA_RT_I8, NNA_RT_I16, NNA_RT_I32,
    NNA_RT_I64, NNA_RT_U8, NNA_RT_U16, NNA_RT_U32, NNA_RT_U64, NNA_RT_BOOL
};

/* A dimension variable: name and range (both ends included). */
typedef struct nna_rt_variable {
    const char *name;
    int64_t low, high;
} nna_rt_variable;

/* Contracts, numbered as ContractKind of ir/ir.h. */
enum { NNA_RT_FINITE, NNA_RT_ANY, NNA_RT_INTERVAL, NNA_RT_SET, NNA_RT_SIMPLEX, NNA_RT_ONEHOT };

typedef struct nna_rt_contract {
    int32_t kind;
    int32_t open_low, open_high;
    int32_t axis;
    double low, high;
    int64_t value_count;
    const double *values;
    const char *text; /* "in [0, 1]" */
} nna_rt_contract;

typedef struct nna_rt_tensor {
    const char *name;
    const char *type; /* "f32[N, 1, 8, 8]" */
    int32_t dtype, rank;
    const int32_t *variables; /* per dimension: number of the variable that it is, or -1 */
    const nna_rt_contract *contract; /* of inputs: checked before the run; of outputs: what was
                                        declared, or NULL; the model's guards see to it */
} nna_rt_tensor;

/* A buffer with an update: what the model keeps from one call to the next. */
typedef struct nna_rt_buffer {
    nna_rt_tensor tensor; /* named by its path; the contract is what was declared, or NULL */
    const int64_t *dims;
    const void *numbers;  /* before the first call */
    /* Every number that it can have after any number of calls, if it is one of these before the
     * first: guards that were left out rely on it. */
    double low, high;
    int32_t nonzero, integral;
} nna_rt_buffer;

/* What a guard looks at. A NaN among the operands passes where nan_allowed is set, and
 * breaks the condition where it is not. Without NaN, as in eval_condition_holds (ir/eval.h): */
enum {
    NNA_RT_GUARD_DOMAIN,   /* operand 0 in [low, high], which may be infinities */
    NNA_RT_GUARD_NONZERO,  /* the last operand is not 0 */
    NNA_RT_GUARD_POWER,    /* operand 0 > 0; or 0, and operand 1 >= 0; or < 0, and operand 1 an
                              integer */
    NNA_RT_GUARD_CONVERT,  /* operand 0 in [low, high]: it fits the type that it is converted to */
    NNA_RT_GUARD_RESULT,   /* the result is finite (integers: did not wrap); or infinite_allowed
                              is set, an operand is infinite, and the result is not NaN */
    NNA_RT_GUARD_CONTRACT, /* operand 0 keeps a contract; interval, finite: in [low, high] */
    NNA_RT_GUARD_POLES     /* operand 0 > 0, or no integer; and the result as in RESULT */
};

/* One emitted guard. low and high are closed bounds in the element type `dtype`, that of the
 * operands (RESULT: of the result). */
typedef struct nna_rt_guard {
    int32_t kind, dtype;
    int32_t nan_allowed, infinite_allowed;
    double low, high;
    const char *code;      /* "NNA3001" */
    const char *title;     /* of diag.def */
    const char *operation; /* "`log`", "the sum"; of a contract "the contract" */
    const char *condition; /* "the operand must be greater than 0" */
    const char *value;     /* what is computed: "`y`", "`log(prob)`" */
    const char *file;
    const char *source;    /* the line of the model */
    int32_t line, column, length; /* of what is underlined in `source`, in characters */
    int32_t rank;        /* of the result, for naming the element; 0 with dims NULL: not known */
    const int64_t *dims; /* its sizes; -1 - k: that of variable k; INT64_MIN: not known here */
    const nna_rt_contract *contract; /* of NNA_RT_GUARD_CONTRACT; else NULL */
} nna_rt_guard;

/* What `shapes` says of the sizes: they fit, or one overflows or is negative, or a rule of the
 * model is broken: NNA_RT_SIZES_BREAK + its number. */
enum { NNA_RT_SIZES_FIT, NNA_RT_SIZES_OVERFLOW, NNA_RT_SIZES_BREAK };

struct nna_rt_call;

typedef struct nna_rt_model {
    uint32_t abi;
    uint32_t variable_count, input_count, output_count, buffer_count, guard_count;
    const char *name, *source, *digest, *version; /* model, file, digest of model and weights */
    const nna_rt_variable *variables;
    const nna_rt_tensor *inputs, *outputs;
    const nna_rt_buffer *buffers;
    const nna_rt_guard *guards;
    const char *const *rules; /* "10 <= N (m.nna:3:7)" */
    /* Dimensions of all inputs, then all outputs, one after another, for values of the variables.
     * Returns NNA_RT_SIZES_...; other than FIT, what it wrote is not to be used. */
    int32_t (*shapes)(const int64_t *variables, int64_t *dims);
    /* Bytes of scratch memory for one call; -1 when it overflows. */
    int64_t (*workspace)(const int64_t *variables);
    /* Computes. 0, or 1 after nna_rt_trip said to stop. Reentrant. */
    int32_t (*run)(struct nna_rt_call *call);
    uint64_t sites_proved, sites_guarded;
} nna_rt_model;

typedef struct nna_rt_trip_record {
    int32_t guard;    /* number, or -1 */
    int32_t operand_count;
    int64_t element;  /* of the result, row-major */
    double operands[3];
    double result;
} nna_rt_trip_record;

typedef struct nna_rt_call {
    const nna_rt_model *model;
    const int64_t *variables;
    const void *const *inputs; /* then the buffers, as they are before the call */
    void *const *outputs;      /* then the buffers, as they are after it, in other memory */
    void *workspace; /* 64-byte aligned */
    /* Self-test: operand `inject_operand` (3: the result) of guard `inject` is replaced by
     * inject_value before the guard looks; of integers, any result put there counts as wrapped.
     * -1: nothing is replaced. */
    int32_t inject, inject_operand;
    double inject_value;
    int32_t armed; /* -1: every guard stops; k: guard k alone */
    nna_rt_trip_record trip;
} nna_rt_call;

/* Called by generated code where a guard finds its condition broken. Records the first one and
 * returns 1 (stop) if the guard is armed, else 0 (go on). Integers are passed as doubles. */
int32_t nna_rt_trip(nna_rt_call *call, int32_t guard, int64_t element, double a, double b, double c,
                    double result, int32_t operand_count);

#endif
