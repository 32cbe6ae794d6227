/* Calls of an `extern block`: a C function, of which nothing is known but what its declaration
 * says. signature.c fixes the order of what it is given. */
#include "frontend/lower_internal.h"

#include "frontend/signature.h"
#include "ir/shape.h"

#include <string.h>

typedef struct ExternCall {
    Lower *l;
    const File *file;
    Ast declaration;
    Buf order;
    VEC(Value) operands;
    VEC(DimId) sizes;
} ExternCall;

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

static void add_parameter(ExternCall *c, Ast type, const Object *o, Span span) {
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

/* The size of a variable that only a tensor has which is not given is 0. */
static void add_variable(ExternCall *c, Name name) {
    Lower *l = c->l;
    const Object *bound = find_binding(l, name);
    DimId size = dim_constant(l->g->dims, 0);
    if (bound) object_as_dim(l, bound, &size);
    vec_push(&l->cx->scratch, &c->sizes, size);
    buf_put_char(&c->order, 'd');
}

/* True where `...` is among what the function is given. */
static bool add_all(ExternCall *c, const Object *objects, const Span *places) {
    Signature signature = signature_of(c->l->cx, c->file, c->declaration);
    bool rest = false;
    for (uint32_t i = 0; i < signature.count; i++) {
        const SignatureItem *item = &signature.data[i];
        switch (item->kind) {
        case SIGNATURE_PARAMETER: add_parameter(c, item->type, &objects[i], places[i]); break;
        case SIGNATURE_RESULT: buf_put_char(&c->order, 'r'); break;
        case SIGNATURE_SIZE: add_variable(c, item->name); break;
        case SIGNATURE_REST:
            buf_put_char(&c->order, 'e');
            rest = true;
            break;
        }
    }
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
    AstRange results = ast_list(c->file, ast_child(c->file, c->declaration, AST_EXTERN_RESULTS),
                                AST_LIST_ITEMS);
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
    bool rest = add_all(&c, objects, places) && l->frame->rest_known;
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
