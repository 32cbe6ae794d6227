/* The syntax tree: its tables, and how nodes are made. */
#include "frontend/ast.h"

#include <assert.h>

const AstKindInfo ast_kind_info[AST_KIND_COUNT] = {
    {"nothing", "", AST_CLASS_OTHER, 0},
#define COUNT_LAST(...) (sizeof((const int[]){__VA_ARGS__}) / sizeof(int) - 1)
#define AST(kind, class, text, slots, ...) \
    {text, slots, AST_CLASS_##class, (uint8_t)COUNT_LAST(__VA_ARGS__)},
#include "frontend/ast.def"
#undef COUNT_LAST
};

const char *const ast_op_text[AST_OP_COUNT] = {
#define AST_OP(op, text) text,
#include "frontend/ast_op.def"
};

static uint16_t deepest(const File *file, const Ast *children, uint32_t count) {
    uint16_t depth = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t child = file->nodes.data[children[i].id].depth;
        if (child > depth) depth = child;
    }
    return depth;
}

bool ast_too_deep(const Ctx *cx, const File *file, const Ast *children, uint32_t count) {
    return deepest(file, children, count) >= cx->limits.expression_depth ||
           deepest(file, children, count) == UINT16_MAX;
}

Ast ast_make(Ctx *cx, File *file, AstKind kind, Span span, Name name, const Ast *children,
             uint32_t count) {
    assert(kind > AST_NOTHING && kind < AST_KIND_COUNT);
    assert(file->nodes.count > 0 && "node 0 stands for none");
    bool expression = ast_kind_info[kind].class == AST_CLASS_EXPRESSION;
    AstNode node = {
        .kind = (uint8_t)kind,
        .depth = (uint16_t)(deepest(file, children, count) + expression),
        .span = span,
        .name = name,
        .first_child = file->children.count,
        .child_count = count,
    };
    assert(!expression || node.depth > 0);
    for (uint32_t i = 0; i < count; i++) {
        assert(children[i].id < file->nodes.count);
        vec_push(&cx->module, &file->children, children[i]);
    }
    Ast made = {file->nodes.count};
    vec_push(&cx->module, &file->nodes, node);
    return made;
}

/* Docs stand in the order of their owners' places. */
Name ast_doc(const File *file, Ast ast) {
    uint32_t begin = ast_span(file, ast).begin, low = 0, high = file->docs.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (file->docs.data[middle].owner < begin) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < file->docs.count && begin != 0 && file->docs.data[low].owner == begin;
    return found ? file->docs.data[low].text : NAME_NONE;
}
