/* Signatures of extern blocks: decided here, filled by extern.c, and printed as a prototype. */
#include "frontend/signature.h"

typedef struct Signing {
    Ctx *cx;
    const File *file;
    Signature out;
} Signing;

static AstRange members(const Signing *s, Ast declaration, uint32_t slot) {
    return ast_list(s->file, ast_child(s->file, declaration, slot), AST_LIST_ITEMS);
}

static void add(Signing *s, SignatureKind kind, Name name, Ast type) {
    vec_push(&s->cx->scratch, &s->out, (SignatureItem){kind, name, type});
}

/* A result may have the name of a dimension variable, and is another thing. */
static bool is_passed(const Signing *s, Name name) {
    for (uint32_t i = 0; i < s->out.count; i++) {
        const SignatureItem *item = &s->out.data[i];
        if (item->kind != SIGNATURE_RESULT && name_is(item->name, name)) return true;
    }
    return false;
}

/* The variables of a type; whether it has `...`. */
static bool add_sizes(Signing *s, Ast type) {
    bool rest = false;
    if (ast_kind(s->file, type) != AST_TENSOR_TYPE) return false;
    AstRange dims = ast_list(s->file, type, AST_TENSOR_TYPE_DIMENSIONS);
    for (uint32_t i = 0; i < dims.count; i++) {
        Name name = ast_name(s->file, dims.items[i]);
        AstKind kind = ast_kind(s->file, dims.items[i]);
        rest = rest || kind == AST_ELLIPSIS;
        if (kind == AST_NAME && !is_passed(s, name)) add(s, SIGNATURE_SIZE, name, (Ast){0});
    }
    return rest;
}

Signature signature_of(Ctx *cx, const File *file, Ast declaration) {
    Signing s = {.cx = cx, .file = file};
    AstRange parameters = members(&s, declaration, AST_EXTERN_PARAMETERS);
    AstRange results = members(&s, declaration, AST_EXTERN_RESULTS);
    for (uint32_t i = 0; i < parameters.count; i++) {
        add(&s, SIGNATURE_PARAMETER, ast_name(file, parameters.items[i]),
            ast_child(file, parameters.items[i], AST_PARAMETER_TYPE));
    }
    for (uint32_t i = 0; i < results.count; i++) {
        add(&s, SIGNATURE_RESULT, ast_name(file, results.items[i]),
            ast_child(file, results.items[i], AST_RESULT_TYPE));
    }
    bool rest = false;
    for (uint32_t i = 0; i < parameters.count; i++) {
        rest = add_sizes(&s, s.out.data[i].type) || rest;
    }
    if (rest) add(&s, SIGNATURE_REST, (Name){0}, (Ast){0});
    return s.out;
}
