/* The syntax tree: what was written, nothing more.
 *
 * Nodes are uniform and stand in one array of their file; an Ast is an index into it, and
 * belongs to that File alone. Children come before their parents. ast.def says which
 * children a kind has, and what else of the node it uses. A tree made by parse_file is no
 * deeper in expressions than limits.expression_depth, and in braces than
 * limits.block_depth, so that walks may recurse. */
#ifndef NNA_FRONTEND_AST_H
#define NNA_FRONTEND_AST_H

#include "ir/base/ctx.h"

typedef struct Ast {
    uint32_t id; /* 0: none */
} Ast;

#define AST_NONE ((Ast){0})

typedef enum AstKind {
    AST_NOTHING, /* of the id 0 */
#define AST(kind, class, text, slots, ...) AST_##kind,
#include "frontend/ast.def"
    AST_KIND_COUNT
} AstKind;

/* One enum a row: the indices of its slots, and their count. */
#define AST(kind, class, text, slots, ...) enum { __VA_ARGS__ };
#include "frontend/ast.def"

typedef enum AstClass {
    AST_CLASS_OTHER,
    AST_CLASS_DECLARATION,
    AST_CLASS_STATEMENT,
    AST_CLASS_ITEM,
    AST_CLASS_TYPE,
    AST_CLASS_CONTRACT,
    AST_CLASS_EXPRESSION
} AstClass;

typedef struct AstKindInfo {
    const char *text;  /* "let" */
    const char *slots; /* "attributes pattern type value" */
    AstClass class;
    uint8_t slot_count; /* the list slot included */
} AstKindInfo;

extern const AstKindInfo ast_kind_info[AST_KIND_COUNT];

/* Operators, and how they are written. Those of AST_UNARY first. */
typedef enum AstOp {
#define AST_OP(op, text) AST_OP_##op,
#include "frontend/ast_op.def"
    AST_OP_COUNT
} AstOp;

extern const char *const ast_op_text[AST_OP_COUNT];

enum {
    AST_PARENTHESIZED = 1u << 0,
    AST_OPEN_LOW = 1u << 1,
    AST_OPEN_HIGH = 1u << 2,
    AST_DROP_LAST = 1u << 3,
    AST_WRAP = 1u << 4
};

/* What --limit expression-depth cannot pass: walks recurse, and the C stack is what it is. */
enum { AST_DEPTH_MAX = 2000 };

typedef struct AstNode {
    uint8_t kind;   /* AstKind */
    uint8_t op;     /* AstOp */
    uint8_t flags;
    uint16_t depth; /* expressions on the longest way down */
    Span span;
    Name name;
    uint32_t first_child; /* in File.children */
    uint32_t child_count;
    uint32_t literal; /* offset of the text of a number; 0: none, or reported */
    union {
        int64_t integer;
        double real;
    } value;
} AstNode;

/* `##` lines before a declaration, a statement or a parameter, joined by newlines. */
typedef struct Doc {
    uint32_t owner; /* offset of the first token after it, where its owner begins */
    Span span;
    Name text;
} Doc;

/* A `#!` (required) or a `#?` of DIAGNOSTICS.md, expected on the line where it stands. */
typedef struct Expectation {
    Span span;        /* the text after the mark, trimmed */
    uint32_t line;    /* 1-based */
    bool required;
    const char *text; /* terminated, in the module arena */
} Expectation;

/* An `import` of a file, and what it gave; NULL after a report. */
typedef struct Import {
    Ast ast;
    struct File *file;
} Import;

typedef struct File {
    Source *source;
    Ast root; /* AST_FILE; never AST_NONE */
    VEC(AstNode) nodes;
    VEC(Ast) children;
    VEC(Doc) docs; /* by owner */
    VEC(Expectation) expectations;
    VEC(Span) comments; /* ordinary ones, from the `#` to the line end */
    bool broken;        /* a syntax error was reported */
    VEC(Import) imports; /* in their order; filled by imports_load */
    VEC(struct File *) files; /* of the file that was given: itself, and all that it needs */
} File;

typedef struct AstRange {
    const Ast *items;
    uint32_t count;
} AstRange;

static inline const AstNode *ast_node(const File *file, Ast ast) {
    return &file->nodes.data[ast.id];
}

static inline AstKind ast_kind(const File *file, Ast ast) {
    return (AstKind)file->nodes.data[ast.id].kind;
}

static inline Span ast_span(const File *file, Ast ast) {
    return file->nodes.data[ast.id].span;
}

static inline Name ast_name(const File *file, Ast ast) {
    return file->nodes.data[ast.id].name;
}

/* The child in a slot; AST_NONE where it is absent. */
static inline Ast ast_child(const File *file, Ast ast, uint32_t slot) {
    const AstNode *node = &file->nodes.data[ast.id];
    return slot < node->child_count ? file->children.data[node->first_child + slot] : AST_NONE;
}

/* The children from a slot on: ast_list(file, call, AST_CALL_ARGUMENTS). Empty for AST_NONE. */
static inline AstRange ast_list(const File *file, Ast ast, uint32_t slot) {
    const AstNode *node = &file->nodes.data[ast.id];
    if (slot >= node->child_count) return (AstRange){0};
    return (AstRange){file->children.data + node->first_child + slot, node->child_count - slot};
}

/* The documentation comment of a declaration, statement or parameter; NAME_NONE: none. */
Name ast_doc(const File *file, Ast ast);

/* Makes a node with the children given, in a file that is being built. Its depth is that of
 * the deepest child, and one more for an expression; AST_NONE where that would pass
 * ast_depth_limit, which is never so for an AST_ERROR. */
Ast ast_make(Ctx *cx, File *file, AstKind kind, Span span, Name name, const Ast *children,
             uint32_t count);

/* limits.expression_depth, but AST_DEPTH_MAX at most. */
uint32_t ast_depth_limit(const Ctx *cx);

/* The tree as indented text, one node a line: `slot: kind name value @line:column`. */
void ast_print(Ctx *cx, const File *file, Buf *out);

#endif
