/* Expressions: literals, names, operators. Where a tensor is among the operands, numbers
 * become tensors of its element type; where none is, the operator is static arithmetic. */
#include "frontend/lower_internal.h"

#include <math.h>
#include <string.h>

enum { MAX_DEPTH = 2000 }; /* of this recursion, through all the calls of blocks */

static Ast child(const Lower *l, Ast ast, uint32_t slot) {
    return ast_child(l->frame->file, ast, slot);
}

static Object eval_name(Lower *l, Ast ast) {
    Name name = ast_name(l->frame->file, ast);
    const Object *bound = find_binding(l, name);
    if (bound) return *bound;
    if (is_faulty(l, ast)) return POISON;
    if (name_is(name, l->callees->none)) return (Object){.kind = OBJECT_NONE};
    DType dtype = dtype_find(text_of(l, name));
    if (dtype != DTYPE_NONE) return (Object){.kind = OBJECT_DTYPE, .as.dtype = dtype};
    return object_word(name);
}

/* The element type that static operands take: that of the first tensor, else f32. */
static DType meeting_type(const Lower *l, uint32_t count, const Object *operands, uint32_t from) {
    for (uint32_t i = from; i < count; i++) {
        DType dtype = object_dtype(l, &operands[i]);
        if (dtype != DTYPE_NONE) return dtype;
    }
    return DTYPE_F32;
}

static bool has_tensor(uint32_t count, const Object *operands) {
    for (uint32_t i = 0; i < count; i++) {
        if (operands[i].kind == OBJECT_TENSOR) return true;
    }
    return false;
}

static bool has_kind(uint32_t count, const Object *operands, ObjectKind kind) {
    for (uint32_t i = 0; i < count; i++) {
        if (operands[i].kind == kind) return true;
    }
    return false;
}

/* cast of a number is that number as a scalar tensor. */
static Object cast_number(Lower *l, const Object *operand, const Attr *attr, Span span) {
    Object number = *operand;
    if (number.kind == OBJECT_REAL && !dtype_is_float(attr->as.dtype)) {
        fault_say(l, NNA3009, span, "`cast` of %s to %s cuts it off", object_describe(l, operand),
                  dtype_info[attr->as.dtype].spelling);
        return POISON;
    }
    return object_tensor(to_tensor(l, &number, attr->as.dtype, span));
}

/* x with a dimension of 1 before (or behind) the only one that it has. */
static Value as_matrix(Lower *l, Value x, bool row, OriginId origin) {
    DimId one = dim_constant(l->g->dims, 1), length = ir_shape(l->g, x).dims[0];
    const DimId dims[] = {row ? one : length, row ? length : one};
    const Attr attrs[] = {attr_dims(l->g, 2, dims)};
    return build_op(l->g, OP_RESHAPE, 1, &x, attrs, origin, NULL);
}

/* As NumPy has it: a vector is a matrix of one row on the left, of one column on the right, and
 * that dimension is dropped again. */
static Value matrix_product(Lower *l, const Value *values, const Span *places, Span span) {
    OriginId origin = origin_here(l, span);
    Value operands[2] = {values[0], values[1]};
    bool vector[2];
    for (int i = 0; i < 2; i++) {
        vector[i] = ir_shape(l->g, values[i]).rank == 1;
        if (vector[i]) operands[i] = as_matrix(l, values[i], i == 0, origin);
    }
    Value product = build_op(l->g, OP_MATRIX_PRODUCT, 2, operands, NULL, origin, places);
    if (ir_is_poison(product) || (!vector[0] && !vector[1])) return product;
    Shape shape = ir_shape(l->g, product);
    DimId dims[MAX_RANK];
    uint32_t rank = 0;
    for (uint32_t i = 0; i < shape.rank; i++) {
        bool dropped = (vector[0] && i + 2u == shape.rank) || (vector[1] && i + 1u == shape.rank);
        if (!dropped) dims[rank++] = shape.dims[i];
    }
    const Attr attrs[] = {attr_dims(l->g, rank, dims)};
    return build_op(l->g, OP_RESHAPE, 1, &product, attrs, origin, NULL);
}

static Object several_values(Lower *l, const Object *o, Span span) {
    Diag *d = fault(l, NNA1008, span, "a tensor is wanted here, and this is %s",
                    object_describe(l, o));
    diag_help(l->cx, d, "take them apart with `let (a, b%s) = ...`", o->count > 2 ? ", ..." : "");
    fault_emit(l, d);
    return POISON;
}

Object eval_operator(Lower *l, Op op, uint32_t count, const Object *operands, const Span *spans,
                     const Attr *attrs, Span span) {
    const OpInfo *info = &op_info[op];
    Value local[4], *values = count <= 4 ? local : ARENA_ARRAY(&l->cx->scratch, Value, count);
    bool select = info->type == TYPE_SELECT;
    if (has_kind(count, operands, OBJECT_POISON)) return POISON;
    if (!has_tensor(count, operands) && !has_kind(count, operands, OBJECT_LIST)) {
        bool typed = op == OP_CAST && attrs[0].kind == ATTR_DTYPE;
        if (typed && attrs[1].as.integer == 0) {
            return cast_number(l, &operands[0], &attrs[0], span);
        }
        bool dim = has_kind(count, operands, OBJECT_DIM) ||
                   has_kind(count, operands, OBJECT_TUPLE);
        if (info->form == FORM_EWISE && info->attr_count == 0 && !select && !dim) {
            return number_operator(l, op, count, operands, span);
        }
    }
    DType dtype = meeting_type(l, count, operands, select ? 1 : 0);
    bool good = true;
    for (uint32_t i = 0; i < count; i++) {
        if (operands[i].kind == OBJECT_TUPLE) return several_values(l, &operands[i], spans[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        bool index = i == 1 && (info->type == TYPE_GATHER || info->type == TYPE_SCATTER);
        DType wanted = select && i == 0 ? DTYPE_BOOL : index ? DTYPE_I64 : dtype;
        values[i] = to_tensor(l, &operands[i], wanted, spans[i]);
        good = good && !ir_is_poison(values[i]);
    }
    if (!good) return POISON;
    const Span *places = l->frame->prelude ? NULL : spans;
    if (op == OP_MATRIX_PRODUCT) return object_tensor(matrix_product(l, values, places, span));
    return object_tensor(build_op(l->g, op, count, values, attrs, origin_here(l, span), places));
}

/* The row of an infix or prefix operator. */
static Object written_operator(Lower *l, AstOp written, Op op, uint32_t count,
                               const Object *operands, const Span *spans, Span span) {
    Construct around = construct_begin(l, span, ast_op_text[written]);
    Object made = eval_operator(l, op, count, operands, spans, NULL, span);
    construct_end(l, around);
    return made;
}

static Object eval_unary(Lower *l, Ast ast) {
    const AstNode *node = node_of(l, ast);
    Ast operand = child(l, ast, AST_UNARY_OPERAND);
    Object x = eval(l, operand);
    if (x.kind != OBJECT_TENSOR) return static_unary(l, (AstOp)node->op, &x, node->span);
    const Span spans[] = {span_of(l, operand)};
    Op op = node->op == AST_OP_NOT ? OP_NOT : OP_NEG;
    return written_operator(l, (AstOp)node->op, op, 1, &x, spans, node->span);
}

Op operator_row(AstOp op) {
    switch (op) {
    case AST_OP_OR: return OP_LOGICAL_OR;
    case AST_OP_AND: return OP_LOGICAL_AND;
    case AST_OP_EQUAL: return OP_EQUAL;
    case AST_OP_NOT_EQUAL: return OP_NOT_EQUAL;
    case AST_OP_LESS: return OP_LESS;
    case AST_OP_LESS_EQUAL: return OP_LESS_EQUAL;
    case AST_OP_GREATER: return OP_GREATER;
    case AST_OP_GREATER_EQUAL: return OP_GREATER_EQUAL;
    case AST_OP_ADD: return OP_ADD;
    case AST_OP_SUBTRACT: return OP_SUB;
    case AST_OP_MULTIPLY: return OP_MUL;
    case AST_OP_DIVIDE: return OP_DIV;
    case AST_OP_MATMUL: return OP_MATRIX_PRODUCT;
    case AST_OP_POWER: return OP_POW;
    case AST_OP_NONE:
    case AST_OP_NEGATE:
    case AST_OP_NOT:
    case AST_OP_FLOOR_DIVIDE:
    case AST_OP_REMAINDER:
    case AST_OP_COUNT: return OP_NONE;
    }
    return OP_NONE;
}

/* `and` and `or` of conditions: what decides it alone needs no other. */
static bool eval_logic(Lower *l, AstOp op, const Object *a, Ast right, Object *out) {
    if (a->kind != OBJECT_BOOL) return false;
    if (a->as.boolean == (op == AST_OP_OR)) {
        *out = *a;
        return true;
    }
    Object b = eval(l, right);
    *out = b;
    if (b.kind == OBJECT_BOOL || b.kind == OBJECT_POISON || b.kind == OBJECT_TENSOR) return true;
    fault_say(l, NNA1008, span_of(l, right), "`%s` of %s", ast_op_text[op], object_describe(l, &b));
    *out = POISON;
    return true;
}

static Object eval_binary(Lower *l, Ast ast) {
    const AstNode *node = node_of(l, ast);
    AstOp op = (AstOp)node->op;
    Ast left = child(l, ast, AST_BINARY_LEFT), right = child(l, ast, AST_BINARY_RIGHT);
    const Span spans[] = {span_of(l, left), span_of(l, right)};
    Object operands[2] = {eval(l, left), {0}};
    Object out = POISON;
    bool logic = op == AST_OP_AND || op == AST_OP_OR;
    if (logic && eval_logic(l, op, &operands[0], right, &out)) return out;
    operands[1] = eval(l, right);
    bool none = operands[0].kind == OBJECT_NONE || operands[1].kind == OBJECT_NONE ||
                (l->frame->prelude && operands[1].kind == OBJECT_BOOL); /* `bias == true` */
    bool identity = op == AST_OP_EQUAL || op == AST_OP_NOT_EQUAL;
    if (!has_tensor(2, operands) || (none && identity)) {
        return static_binary(l, op, &operands[0], &operands[1], node->span);
    }
    Op row = operator_row(op);
    if (row == OP_NONE) {
        if (has_kind(2, operands, OBJECT_POISON)) return POISON;
        Diag *d = fault(l, NNA1008, node->span, "`%s` is for static integers, not for tensors",
                        ast_op_text[op]);
        diag_help(l->cx, d, op == AST_OP_REMAINDER ? "`mod(x, y)` gives the remainder of tensors"
                                                   : "`floor(x / y)` rounds down");
        fault_emit(l, d);
        return POISON;
    }
    return written_operator(l, op, row, 2, operands, spans, node->span);
}

static Object eval_items(Lower *l, ObjectKind kind, AstRange list) {
    Object *items = ARENA_ARRAY(&l->cx->module, Object, list.count);
    bool poisoned = false;
    for (uint32_t i = 0; i < list.count; i++) {
        items[i] = eval(l, list.items[i]);
        poisoned = poisoned || items[i].kind == OBJECT_POISON;
    }
    if (poisoned && kind == OBJECT_LIST) return POISON;
    return (Object){.kind = kind, .count = list.count, .as.items = items};
}

static Object eval_pipe(Lower *l, Ast ast, Name bound) {
    Ast value = child(l, ast, AST_PIPE_VALUE), call = child(l, ast, AST_PIPE_CALL);
    const Actual piped = {.span = span_of(l, value), .object = eval(l, value)};
    if (ast_kind(l->frame->file, call) != AST_CALL) return POISON;
    return eval_call(l, call, &piped, bound); /* at the call: chains have a line for each */
}

static Object eval_real(Lower *l, const AstNode *node) {
    const Source *source = l->frame->file->source;
    if (node->literal == 0) return POISON;
    const char *text = source->text + (node->literal - source->base);
    return object_literal(l, node->value.real, text, literal_length(text));
}

static Object eval_node(Lower *l, Ast ast, Name bound) {
    const AstNode *node = node_of(l, ast);
    switch ((AstKind)node->kind) {
    case AST_NAME: return eval_name(l, ast);
    case AST_INTEGER: return node->literal == 0 ? POISON : object_integer(node->value.integer);
    case AST_REAL: return eval_real(l, node);
    case AST_BOOL: return object_bool(node->value.integer != 0);
    case AST_INF: return object_real(INFINITY);
    case AST_STRING:
        if (is_faulty(l, ast)) return POISON;
        return (Object){.kind = OBJECT_STRING, .as.name = node->name};
    case AST_LITERAL_LIST:
        return eval_items(l, OBJECT_LIST, ast_list(l->frame->file, ast, AST_LITERAL_LIST_ELEMENTS));
    case AST_TUPLE:
        return eval_items(l, OBJECT_TUPLE, ast_list(l->frame->file, ast, AST_TUPLE_ELEMENTS));
    case AST_CALL: return eval_call(l, ast, NULL, bound);
    case AST_PIPE: return eval_pipe(l, ast, bound);
    case AST_INDEX: return eval_index(l, ast);
    case AST_MEMBER: return is_faulty(l, ast) ? POISON : eval_member(l, ast);
    case AST_UNARY: return eval_unary(l, ast);
    case AST_BINARY: return eval_binary(l, ast);
    case AST_IF: return eval_if(l, ast, bound);
    case AST_FOR: return eval_for(l, ast, bound);
    case AST_SCAN: return eval_scan(l, ast, bound);
    default: return POISON; /* what could not be read, or is refused already */
    }
}

Object eval_bound(Lower *l, Ast ast, Name bound) {
    if (l->depth >= MAX_DEPTH) {
        fault_say(l, NNA0002, span_of(l, ast), "expressions and calls are nested too deep");
        ctx_give_up(l->cx);
    }
    l->depth++;
    Object result = eval_node(l, ast, bound);
    l->depth--;
    return result;
}

Object eval(Lower *l, Ast ast) {
    return eval_bound(l, ast, NAME_NONE);
}

static const Callee *callee_of(const Lower *l, Name name) {
    return callee_find(l->callees, l->frame->module, name);
}

/* What a formal reads otherwise than an expression does: words, types, initializers. */
Object eval_formal(Lower *l, const Formal *formal, Ast ast) {
    const AstNode *node = node_of(l, ast);
    if (formal->want == WANT_INIT) return eval_init(l, ast);
    if (node->kind != AST_NAME || is_faulty(l, ast)) return eval(l, ast);
    if (formal->want == WANT_WORD) {
        for (uint32_t i = 0; i < formal->word_count; i++) {
            if (!name_is(formal->words[i], node->name)) continue;
            bool none = name_is(node->name, l->callees->none);
            return none ? (Object){.kind = OBJECT_NONE} : object_word(node->name);
        }
    }
    if (formal->want == WANT_CALLEE && !find_binding(l, node->name) &&
        !name_is(node->name, l->callees->none)) {
        const Callee *callee = callee_of(l, node->name);
        if (!callee || callee->kind == CALLEE_UNKNOWN) return POISON;
        return (Object){.kind = OBJECT_CALLEE, .as.callee = callee};
    }
    return eval(l, ast);
}
