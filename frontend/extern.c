/* Calls of an `extern block`: a C function, of which nothing is known but what its declaration
 * says. Its parameters are those of the declaration, then the results, then the sizes of the
 * dimension variables in the order in which they are first written, then those of `...`. */
#include "frontend/lower_internal.h"

#include "ir/shape.h"

#include <string.h>

typedef struct ExternCall {
    Lower *l;
    const File *file;
    Ast declaration;
    Buf order;
    VEC(Value) operands;
    VEC(DimId) sizes;
    VEC(Name) variables; /* those that have their size in `sizes` */
} ExternCall;

static AstRange members(const ExternCall *c, uint32_t slot) {
    return ast_list(c->file, ast_child(c->file, c->declaration, slot), AST_LIST_ITEMS);
}

static void add_operand(ExternCall *c, char letter, Value v) {
    vec_push(&c->l->cx->scratch, &c->operands, v);
    buf_put_char(&c->order, letter);
}

static Value scalar(ExternCall *c, DType dtype, const void *bytes, Span span) {
    Graph *g = c->l->g;
    return build_constant(g, dtype, build_shape(g, span, 0, NULL), bytes, 8,
                          origin_here(c->l, span));
}

static void add_integer(ExternCall *c, int64_t value, Span span) {
    add_operand(c, 'i', scalar(c, DTYPE_I64, &value, span));
}

/* The position of a word in the enumeration that its parameter is. */
static int64_t word_position(const ExternCall *c, Ast type, Name word) {
    AstRange words = ast_list(c->file, type, AST_ENUM_TYPE_WORDS);
    uint32_t i = 0;
    while (i < words.count && !name_is(ast_name(c->file, words.items[i]), word)) i++;
    return i;
}

static void add_parameter(ExternCall *c, Ast parameter, const Object *o, Span span) {
    Ast type = ast_child(c->file, parameter, AST_PARAMETER_TYPE);
    bool is_real = strcmp(text_of(c->l, ast_name(c->file, type)), "real") == 0;
    double real;
    switch (o->kind) {
    case OBJECT_TENSOR: add_operand(c, 't', o->as.tensor); return;
    case OBJECT_NONE: buf_put_char(&c->order, 'n'); return;
    case OBJECT_BOOL: add_integer(c, o->as.boolean, span); return;
    case OBJECT_WORD: add_integer(c, word_position(c, type, o->as.name), span); return;
    case OBJECT_DIM:
        vec_push(&c->l->cx->scratch, &c->sizes, o->as.dim);
        buf_put_char(&c->order, 'd');
        return;
    case OBJECT_INTEGER:
        if (!is_real) {
            add_integer(c, o->as.integer, span);
            return;
        }
        __attribute__((fallthrough));
    case OBJECT_REAL:
        object_as_real(o, &real);
        add_operand(c, 'f', scalar(c, DTYPE_F64, &real, span));
        return;
    case OBJECT_POISON:
    case OBJECT_STRING:
    case OBJECT_DTYPE:
    case OBJECT_INIT:
    case OBJECT_CALLEE:
    case OBJECT_LIST:
    case OBJECT_TUPLE:
    case OBJECT_LAYER: break; /* resolve.c refuses parameters of these */
    }
    add_operand(c, 'i', VALUE_NONE);
}

static bool is_counted(const ExternCall *c, Name name) {
    for (uint32_t i = 0; i < c->variables.count; i++) {
        if (name_is(c->variables.data[i], name)) return true;
    }
    return false;
}

/* A static parameter is passed as itself. */
static bool is_parameter(const ExternCall *c, Name name) {
    AstRange parameters = members(c, AST_EXTERN_PARAMETERS);
    for (uint32_t i = 0; i < parameters.count; i++) {
        if (name_is(ast_name(c->file, parameters.items[i]), name)) return true;
    }
    return false;
}

/* The size of a variable that only a tensor has which is not given is 0. */
static void add_variable(ExternCall *c, Name name) {
    Lower *l = c->l;
    const Object *bound = find_binding(l, name);
    DimId size = dim_constant(l->g->dims, 0);
    if (is_counted(c, name) || is_parameter(c, name)) return;
    if (bound) object_as_dim(l, bound, &size);
    vec_push(&l->cx->scratch, &c->variables, name);
    vec_push(&l->cx->scratch, &c->sizes, size);
    buf_put_char(&c->order, 'd');
}

static bool add_sizes(ExternCall *c) {
    AstRange parameters = members(c, AST_EXTERN_PARAMETERS);
    bool rest = false;
    for (uint32_t i = 0; i < parameters.count; i++) {
        Ast type = ast_child(c->file, parameters.items[i], AST_PARAMETER_TYPE);
        if (ast_kind(c->file, type) != AST_TENSOR_TYPE) continue;
        AstRange dimensions = ast_list(c->file, type, AST_TENSOR_TYPE_DIMENSIONS);
        for (uint32_t k = 0; k < dimensions.count; k++) {
            AstKind kind = ast_kind(c->file, dimensions.items[k]);
            rest = rest || kind == AST_ELLIPSIS;
            if (kind == AST_NAME) add_variable(c, ast_name(c->file, dimensions.items[k]));
        }
    }
    if (rest) buf_put_char(&c->order, 'e');
    return rest;
}

/* A result has a contract, if only the one that says the least. */
static Value make_result(ExternCall *c, Ast result, ExternResult *made, Span call) {
    Lower *l = c->l;
    TensorType type;
    if (!eval_tensor_type(l, ast_child(c->file, result, AST_RESULT_TYPE), &type)) return VALUE_NONE;
    made->dtype = type.dtype;
    made->shape = type.shape;
    if (type.contract.id != 0) {
        made->contract = eval_contract(l, type.contract, l->g->shapes.data[type.shape.id].rank);
        if (made->contract.id == 0) return VALUE_NONE;
    } else {
        const Contract least = {.kind = CONTRACT_FINITE, .span = type.span};
        made->contract = build_contract(l->g, least);
    }
    return build_extern(l->g, made, build_origin(l->g, call, l->frame->caller->block,
                                                 l->frame->caller->origin));
}

/* All results or none: a call that lacks one would be another. */
static Object make_results(ExternCall *c, ExternResult *made, Span call) {
    Lower *l = c->l;
    AstRange results = members(c, AST_EXTERN_RESULTS);
    Object *out = ARENA_ARRAY(&l->cx->module, Object, results.count);
    bool good = true;
    for (uint32_t i = 0; i < results.count && good; i++) {
        made->result = i;
        Value v = make_result(c, results.items[i], made, call);
        good = !ir_is_poison(v);
        out[i] = object_tensor(v);
    }
    if (!good) return POISON;
    if (results.count == 1) return out[0];
    return (Object){.kind = OBJECT_TUPLE, .count = results.count, .as.items = out};
}

Object call_extern(Lower *l, const Callee *callee, const Object *objects, const Span *places,
                   Span call) {
    ExternCall c = {.l = l, .file = callee->file, .declaration = callee->declaration,
                    .order = buf_make(&l->cx->scratch)};
    AstRange parameters = members(&c, AST_EXTERN_PARAMETERS);
    for (uint32_t i = 0; i < parameters.count; i++) {
        add_parameter(&c, parameters.items[i], &objects[i], places[i]);
    }
    buf_repeat(&c.order, 'r', members(&c, AST_EXTERN_RESULTS).count);
    bool rest = add_sizes(&c) && l->frame->rest_known;
    ExternResult made = {.symbol = callee->name,
                         .order = names_intern(&l->cx->names, buf_text(&c.order), c.order.length),
                         .operand_count = c.operands.count,
                         .operands = c.operands.data,
                         .size_count = c.sizes.count,
                         .sizes = c.sizes.data,
                         .rest_count = rest ? l->frame->rest_rank : 0,
                         .rest = l->frame->rest};
    return make_results(&c, &made, call);
}
