/* What is known while compiling: objects that are no tensors, and arithmetic on them.
 *
 * Integers are int64, checked; reals are exact (number.c); dimensions are polynomials of ir/dim.h
 * and become integers where they are constant. `/` of integers gives an integer where it is
 * exact, else a real. */
#include "frontend/lower_internal.h"

#include "ir/base/checked.h"

#include <string.h>

Object object_integer(int64_t value) {
    return (Object){.kind = OBJECT_INTEGER, .as.integer = value};
}

Object object_bool(bool value) {
    return (Object){.kind = OBJECT_BOOL, .as.boolean = value};
}

Object object_tensor(Value value) {
    if (ir_is_poison(value)) return POISON;
    return (Object){.kind = OBJECT_TENSOR, .as.tensor = value};
}

Object object_dim(Lower *l, DimId dim) {
    int64_t value = 0;
    if (dim_is(dim, DIM_UNKNOWN)) return POISON;
    if (dim_is_constant(l->g->dims, dim, &value)) return object_integer(value);
    return (Object){.kind = OBJECT_DIM, .as.dim = dim};
}

Object object_word(Name name) {
    return (Object){.kind = OBJECT_WORD, .as.name = name};
}

Object object_items(Lower *l, ObjectKind kind, uint32_t count, const Object *items) {
    Object *copy = ARENA_ARRAY(&l->cx->module, Object, count);
    if (count > 0) memcpy(copy, items, count * sizeof *copy);
    return (Object){.kind = kind, .count = count, .as.items = copy};
}

bool object_is_number(const Object *o) {
    return o->kind == OBJECT_INTEGER || o->kind == OBJECT_DIM || o->kind == OBJECT_REAL;
}

bool object_as_dim(Lower *l, const Object *o, DimId *out) {
    *out = DIM_UNKNOWN;
    if (o->kind == OBJECT_INTEGER) *out = dim_constant(l->g->dims, o->as.integer);
    if (o->kind == OBJECT_DIM) *out = o->as.dim;
    return o->kind == OBJECT_INTEGER || o->kind == OBJECT_DIM;
}

const char *object_describe(Lower *l, const Object *o) {
    Arena *arena = &l->cx->scratch;
    switch (o->kind) {
    case OBJECT_POISON: return "what was reported";
    case OBJECT_NONE: return "`none`";
    case OBJECT_TENSOR: return "a tensor";
    case OBJECT_INTEGER:
    case OBJECT_DIM:
    case OBJECT_REAL: return arena_format(arena, "the number %s", number_text(l, o));
    case OBJECT_BOOL: return o->as.boolean ? "`true`" : "`false`";
    case OBJECT_STRING: return "a string";
    case OBJECT_WORD: return arena_format(arena, "the word `%s`", text_of(l, o->as.name));
    case OBJECT_DTYPE:
        return arena_format(arena, "the element type `%s`", dtype_info[o->as.dtype].spelling);
    case OBJECT_INIT: return "an initializer";
    case OBJECT_CALLEE:
        return arena_format(arena, "the operator `%s`", text_of(l, o->as.callee->name));
    case OBJECT_LIST: return "a list";
    case OBJECT_TUPLE: return arena_format(arena, "%u values", o->count);
    case OBJECT_LAYER: return "a layer";
    }
    return "";
}

static Object overflow(Lower *l, Span span) {
    fault_say(l, NNA3010, span, "integer overflow while compiling");
    return POISON;
}

static Object wrong_operands(Lower *l, AstOp op, const Object *a, const Object *b, Span span) {
    fault_say(l, NNA1008, span, "`%s` of %s and %s", ast_op_text[op], object_describe(l, a),
              object_describe(l, b));
    return POISON;
}

Object static_unary(Lower *l, AstOp op, const Object *x, Span span) {
    if (x->kind == OBJECT_POISON) return POISON;
    if (op == AST_OP_NOT && x->kind == OBJECT_BOOL) return object_bool(!x->as.boolean);
    if (op == AST_OP_NEGATE && x->kind == OBJECT_REAL) return number_negate(l, x);
    if (op == AST_OP_NEGATE && x->kind == OBJECT_INTEGER) {
        return x->as.integer == INT64_MIN ? overflow(l, span) : object_integer(-x->as.integer);
    }
    if (op == AST_OP_NEGATE && x->kind == OBJECT_DIM) {
        return object_dim(l, dim_sub(l->g->dims, dim_constant(l->g->dims, 0), x->as.dim));
    }
    fault_say(l, NNA1008, span, "`%s` of %s", ast_op_text[op], object_describe(l, x));
    return POISON;
}

static Object integer_power(Lower *l, int64_t base, int64_t exponent, Span span) {
    int64_t result = 1;
    while (exponent > 0) {
        if ((exponent & 1) && !checked_mul(result, base, &result)) return overflow(l, span);
        exponent >>= 1;
        if (exponent > 0 && !checked_mul(base, base, &base)) return overflow(l, span);
    }
    return object_integer(result);
}

/* What gives no integer is a real: 1 / 3, and 2 ** -1. */
static Object binary_integers(Lower *l, AstOp op, const Object *x, const Object *y, Span span) {
    int64_t a = x->as.integer, b = y->as.integer, result = 0;
    bool good = true;
    bool divides = op == AST_OP_DIVIDE || op == AST_OP_FLOOR_DIVIDE || op == AST_OP_REMAINDER;
    if (divides && b == 0) {
        fault_say(l, NNA3002, span, "division by zero while compiling");
        return POISON;
    }
    if (op == AST_OP_ADD) good = checked_add(a, b, &result);
    if (op == AST_OP_SUBTRACT) good = checked_sub(a, b, &result);
    if (op == AST_OP_MULTIPLY) good = checked_mul(a, b, &result);
    if (op == AST_OP_DIVIDE && (b == -1 || a % b != 0)) {
        return b == -1 && a != INT64_MIN ? object_integer(-a)
                                         : number_binary(l, PRIMITIVE_DIV, x, y, span);
    }
    if (op == AST_OP_DIVIDE) return object_integer(a / b);
    if (op == AST_OP_POWER && b < 0) return number_binary(l, PRIMITIVE_POW, x, y, span);
    if (op == AST_OP_POWER) return integer_power(l, a, b, span);
    if (op == AST_OP_FLOOR_DIVIDE) good = checked_floor_div(a, b, &result);
    if (op == AST_OP_REMAINDER && b != -1) {
        result = a % b;
        if (result != 0 && (result < 0) != (b < 0)) result += b;
    }
    return good ? object_integer(result) : overflow(l, span);
}

static Object binary_reals(Lower *l, AstOp op, const Object *a, const Object *b, Span span) {
    Primitive p = op == AST_OP_ADD        ? PRIMITIVE_ADD
                  : op == AST_OP_SUBTRACT ? PRIMITIVE_SUB
                  : op == AST_OP_MULTIPLY ? PRIMITIVE_MUL
                  : op == AST_OP_DIVIDE   ? PRIMITIVE_DIV
                                          : PRIMITIVE_POW;
    return number_binary(l, p, a, b, span);
}

static Object binary_dims(Lower *l, AstOp op, const Object *x, const Object *y, Span span) {
    DimTable *t = l->g->dims;
    DimId a = DIM_UNKNOWN, b = DIM_UNKNOWN, result = DIM_UNKNOWN;
    int64_t divisor = 1;
    object_as_dim(l, x, &a);
    object_as_dim(l, y, &b);
    bool divides = op == AST_OP_DIVIDE || op == AST_OP_FLOOR_DIVIDE || op == AST_OP_REMAINDER;
    if (divides && dim_is_constant(t, b, &divisor) && divisor == 0) {
        fault_say(l, NNA3002, span, "division by zero while compiling");
        return POISON;
    }
    if (op == AST_OP_ADD) result = dim_add(t, a, b);
    if (op == AST_OP_SUBTRACT) result = dim_sub(t, a, b);
    if (op == AST_OP_MULTIPLY) result = dim_mul(t, a, b);
    if (op == AST_OP_DIVIDE) return object_dim(l, divide_exactly(l, a, b, span));
    if (op == AST_OP_FLOOR_DIVIDE) result = dim_floor_div(t, a, b);
    if (op == AST_OP_REMAINDER) {
        result = dim_sub(t, a, dim_mul(t, dim_floor_div(t, a, b), b));
    }
    if (op == AST_OP_POWER) return wrong_operands(l, op, x, y, span);
    if (dims_overflowed(t)) {
        fault_say(l, NNA2009, span, "a dimension that is too large");
        return POISON;
    }
    return object_dim(l, result);
}

/* Order of two numbers: what is shown of a - b. */
static DimOrder compare_numbers(Lower *l, const Object *a, const Object *b) {
    if (a->kind != OBJECT_DIM && b->kind != OBJECT_DIM) {
        int order = number_compare(l, a, b);
        return order == 0 ? DIM_EQUAL : order < 0 ? DIM_LESS : DIM_GREATER;
    }
    DimId p = DIM_UNKNOWN, q = DIM_UNKNOWN;
    if (object_as_dim(l, a, &p) && object_as_dim(l, b, &q)) return dim_compare(l->g->dims, p, q);
    return DIM_MAYBE;
}

static bool same_object(const Object *a, const Object *b) {
    if (a->kind != b->kind) return false;
    if (a->kind == OBJECT_BOOL) return a->as.boolean == b->as.boolean;
    if (a->kind == OBJECT_STRING || a->kind == OBJECT_WORD) {
        return name_is(a->as.name, b->as.name);
    }
    if (a->kind == OBJECT_DTYPE) return a->as.dtype == b->as.dtype;
    if (a->kind == OBJECT_CALLEE) return a->as.callee == b->as.callee;
    return a->kind == OBJECT_NONE;
}

static Object undecided(Lower *l, AstOp op, const Object *a, const Object *b, Span span) {
    Diag *d = fault(l, NNA0004, span,
                    "not supported by this version: a condition on a dimension that is not known "
                    "while compiling");
    diag_primary(l->cx, d, "%s %s %s", object_describe(l, a) + strlen("the number "),
                 ast_op_text[op], object_describe(l, b) + strlen("the number "));
    diag_help(l->cx, d, "bind the dimension with `--bind`");
    fault_emit(l, d);
    return POISON;
}

static Object compare(Lower *l, AstOp op, const Object *a, const Object *b, uint32_t depth,
                      Span span);

/* Lists are equal where their items are. Loops make them deeper than any text. */
static Object compare_lists(Lower *l, AstOp op, const Object *a, const Object *b, uint32_t depth,
                            Span span) {
    if (depth == l->cx->limits.expression_depth) return wrong_operands(l, op, a, b, span);
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++) {
        Object item = compare(l, AST_OP_EQUAL, &a->as.items[i], &b->as.items[i], depth + 1, span);
        if (item.kind == OBJECT_POISON) return POISON;
        same = item.as.boolean;
    }
    return object_bool(same == (op == AST_OP_EQUAL));
}

/* At the boundaries <= and >= are decided by bounds too, where the order is not. */
static Object compare(Lower *l, AstOp op, const Object *a, const Object *b, uint32_t depth,
                      Span span) {
    if (!object_is_number(a) || !object_is_number(b)) {
        bool identity = op == AST_OP_EQUAL || op == AST_OP_NOT_EQUAL;
        bool alike = a->kind == b->kind;
        if (alike && identity && (a->kind == OBJECT_LIST || a->kind == OBJECT_TUPLE)) {
            return compare_lists(l, op, a, b, depth, span);
        }
        bool opaque = a->kind == OBJECT_TENSOR || a->kind == OBJECT_INIT || a->kind == OBJECT_LAYER;
        if (alike && opaque) return wrong_operands(l, op, a, b, span);
        bool same = same_object(a, b);
        if (op == AST_OP_EQUAL) return object_bool(same);
        if (op == AST_OP_NOT_EQUAL) return object_bool(!same);
        return wrong_operands(l, op, a, b, span);
    }
    DimOrder order = compare_numbers(l, a, b);
    bool less = order == DIM_LESS, greater = order == DIM_GREATER, equal = order == DIM_EQUAL;
    bool differ = less || greater || order == DIM_DIFFERENT;
    if (op == AST_OP_EQUAL && (equal || differ)) return object_bool(equal);
    if (op == AST_OP_NOT_EQUAL && (equal || differ)) return object_bool(differ);
    if (order == DIM_DIFFERENT || order == DIM_MAYBE) {
        DimId p = DIM_UNKNOWN, q = DIM_UNKNOWN;
        bool dims = object_as_dim(l, a, &p) && object_as_dim(l, b, &q);
        bool at_most = dims && dim_at_most(l->g->dims, p, q);
        bool at_least = dims && dim_at_most(l->g->dims, q, p);
        if (at_most && (op == AST_OP_LESS_EQUAL || op == AST_OP_GREATER)) {
            return object_bool(op == AST_OP_LESS_EQUAL);
        }
        if (at_least && (op == AST_OP_GREATER_EQUAL || op == AST_OP_LESS)) {
            return object_bool(op == AST_OP_GREATER_EQUAL);
        }
        return undecided(l, op, a, b, span);
    }
    if (op == AST_OP_LESS) return object_bool(less);
    if (op == AST_OP_LESS_EQUAL) return object_bool(less || equal);
    if (op == AST_OP_GREATER) return object_bool(greater);
    return object_bool(greater || equal);
}

/* Lists are joined by `+` and repeated by `*`, in the prelude alone. */
static Object binary_lists(Lower *l, AstOp op, const Object *a, const Object *b, Span span) {
    if (op == AST_OP_ADD && a->kind == OBJECT_LIST && b->kind == OBJECT_LIST) {
        Object *items = ARENA_ARRAY(&l->cx->module, Object, a->count + b->count);
        for (uint32_t i = 0; i < a->count; i++) items[i] = a->as.items[i];
        for (uint32_t i = 0; i < b->count; i++) items[a->count + i] = b->as.items[i];
        return (Object){.kind = OBJECT_LIST, .count = a->count + b->count, .as.items = items};
    }
    if (op == AST_OP_MULTIPLY && a->kind == OBJECT_LIST && b->kind == OBJECT_INTEGER &&
        b->as.integer <= MAX_RANK) {
        uint32_t times = b->as.integer < 0 ? 0 : (uint32_t)b->as.integer;
        Object *items = ARENA_ARRAY(&l->cx->module, Object, (size_t)a->count * times);
        for (uint32_t i = 0; i < a->count * times; i++) items[i] = a->as.items[i % a->count];
        return (Object){.kind = OBJECT_LIST, .count = a->count * times, .as.items = items};
    }
    return wrong_operands(l, op, a, b, span);
}

Object static_binary(Lower *l, AstOp op, const Object *a, const Object *b, Span span) {
    if (a->kind == OBJECT_POISON || b->kind == OBJECT_POISON) return POISON;
    if (op >= AST_OP_EQUAL && op <= AST_OP_GREATER_EQUAL) return compare(l, op, a, b, 0, span);
    if (l->frame->prelude && a->kind == OBJECT_LIST) return binary_lists(l, op, a, b, span);
    if (!object_is_number(a) || !object_is_number(b) || op == AST_OP_MATMUL) {
        return wrong_operands(l, op, a, b, span);
    }
    if (a->kind == OBJECT_INTEGER && b->kind == OBJECT_INTEGER) {
        return binary_integers(l, op, a, b, span);
    }
    if (a->kind != OBJECT_DIM && b->kind != OBJECT_DIM) {
        if (op != AST_OP_FLOOR_DIVIDE && op != AST_OP_REMAINDER) {
            return binary_reals(l, op, a, b, span);
        }
        fault_say(l, NNA1008, span, "`%s` is for integers: %s and %s", ast_op_text[op],
                  object_describe(l, a), object_describe(l, b));
        return POISON;
    }
    if (a->kind != OBJECT_REAL && b->kind != OBJECT_REAL) return binary_dims(l, op, a, b, span);
    fault_say(l, NNA0004, span,
              "not supported by this version: a real number made from a dimension that is not "
              "known while compiling");
    return POISON;
}

Truth static_condition(Lower *l, Ast condition, const char *what) {
    Object o = eval(l, condition);
    if (o.kind == OBJECT_POISON) return TRUTH_UNKNOWN;
    if (o.kind == OBJECT_BOOL) return o.as.boolean ? TRUTH_YES : TRUTH_NO;
    Diag *d = fault(l, NNA1008, span_of(l, condition),
                    "the condition of `%s` must be known while compiling, and true or false", what);
    diag_primary(l->cx, d, "this is %s", object_describe(l, &o));
    if (o.kind == OBJECT_TENSOR) diag_help(l->cx, d, "`where` chooses between tensors");
    fault_emit(l, d);
    return TRUTH_UNKNOWN;
}
