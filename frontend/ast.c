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

/* Room for `count` more children. */
static inline Ast *children_reserve(Ctx *cx, File *file, uint32_t count) {
    while (file->children.capacity - file->children.count < count) {
        if (file->children.count > UINT32_MAX - count) arena_exhausted(&cx->module, SIZE_MAX);
        file->children.data =
            vec_grow(&cx->module, file->children.data, sizeof *file->children.data,
                     file->children.capacity, &file->children.capacity);
    }
    return file->children.data + file->children.count;
}

uint32_t ast_depth_limit(const Ctx *cx) {
    return cx->limits.expression_depth < AST_DEPTH_MAX ? (uint32_t)cx->limits.expression_depth
                                                       : AST_DEPTH_MAX;
}

Ast ast_make(Ctx *cx, File *file, AstKind kind, Span span, Name name, const Ast *children,
             uint32_t count) {
    assert(kind > AST_NOTHING && kind < AST_KIND_COUNT);
    assert(file->nodes.count > 0 && "node 0 stands for none");
    uint32_t depth = 0;
    Ast *copy = children_reserve(cx, file, count);
    for (uint32_t i = 0; i < count; i++) {
        assert(children[i].id < file->nodes.count);
        uint16_t child = file->nodes.data[children[i].id].depth;
        if (child > depth) depth = child;
        copy[i] = children[i];
    }
    if (ast_kind_info[kind].class == AST_CLASS_EXPRESSION && kind != AST_ERROR) depth++;
    if (depth > ast_depth_limit(cx)) return AST_NONE;
    AstNode node = {
        .kind = (uint8_t)kind,
        .depth = (uint16_t)depth,
        .span = span,
        .name = name,
        .first_child = file->children.count,
        .child_count = count,
    };
    file->children.count += count;
    Ast made = {file->nodes.count};
    if (made.id < file->nodes.capacity) {
        file->nodes.data[file->nodes.count++] = node;
    } else {
        vec_push(&cx->module, &file->nodes, node);
    }
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
