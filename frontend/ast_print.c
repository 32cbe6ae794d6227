/* The tree as text: one node a line, two columns a level. The depth of a tree is limited
 * where it is made, so that this may recurse. */
#include "frontend/ast.h"

#include <string.h>

static void put_flags(const AstNode *node, Buf *out) {
    static const char *const names[] = {"parenthesized", "open-low", "open-high", "drop-last",
                                        "wrap"};
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((node->flags >> i & 1) != 0) buf_printf(out, " %s", names[i]);
    }
}

static void put_value(const AstNode *node, Buf *out) {
    if (node->kind == AST_INTEGER || node->kind == AST_FILE) {
        buf_printf(out, " %lld", (long long)node->value.integer);
    } else if (node->kind == AST_BOOL) {
        buf_put(out, node->value.integer != 0 ? " true" : " false");
    } else if (node->kind == AST_REAL) {
        buf_put_char(out, ' ');
        buf_put_number(out, node->value.real);
    } else if (node->op != AST_OP_NONE) {
        buf_printf(out, " %s", ast_op_text[node->op]);
    }
}

/* Documentation in full, its lines behind a bar. */
static void put_doc(const char *text, uint32_t indent, Buf *out) {
    while (true) {
        size_t length = strcspn(text, "\n");
        buf_repeat(out, ' ', 2 * (size_t)indent);
        buf_put(out, "| ");
        buf_put_escaped(out, text, length);
        buf_put_char(out, '\n');
        if (text[length] == '\0') return;
        text += length + 1;
    }
}

/* The word of a slot; the last one, when it is a list, stands for all the children left. */
static void put_slot(const char *slots, uint32_t index, Buf *out) {
    const char *word = slots;
    for (; index > 0; index--) {
        const char *next = strchr(word, ' ');
        if (next == NULL) break;
        word = next + 1;
    }
    size_t length = strcspn(word, " *");
    if (word[length] == '*') return; /* an element says itself what it is */
    buf_put_bytes(out, word, length);
    buf_put(out, ": ");
}

static bool may_be_documented(AstKind kind) {
    AstClass class = ast_kind_info[kind].class;
    return class == AST_CLASS_DECLARATION || class == AST_CLASS_STATEMENT ||
           class == AST_CLASS_ITEM || kind == AST_PARAMETER || kind == AST_RESULT;
}

static void put_node(Ctx *cx, const File *file, Ast ast, uint32_t indent, const char *slots,
                     uint32_t slot, Buf *out) {
    const AstNode *node = ast_node(file, ast);
    AstKind kind = (AstKind)node->kind;
    Place place = place_of(cx, node->span.begin);
    Name doc = may_be_documented(kind) ? ast_doc(file, ast) : NAME_NONE;
    if (doc.id != 0) put_doc(names_text(&cx->names, doc), indent, out);
    buf_repeat(out, ' ', 2 * (size_t)indent);
    put_slot(slots, slot, out);
    buf_put(out, ast_kind_info[kind].text);
    if (node->name.id != 0) {
        buf_put(out, " `");
        buf_put_escaped(out, names_text(&cx->names, node->name),
                        names_length(&cx->names, node->name));
        buf_put_char(out, '`');
    }
    put_value(node, out);
    put_flags(node, out);
    if (place.source != NULL) buf_printf(out, " @%u:%u", place.line, place.column);
    buf_put_char(out, '\n');
    for (uint32_t i = 0; i < node->child_count; i++) {
        Ast child = file->children.data[node->first_child + i];
        if (child.id != 0) {
            put_node(cx, file, child, indent + 1, ast_kind_info[kind].slots, i, out);
        }
    }
}

void ast_print(Ctx *cx, const File *file, Buf *out) {
    put_node(cx, file, file->root, 0, "*", 0, out);
    for (uint32_t i = 0; i < file->expectations.count; i++) {
        const Expectation *e = &file->expectations.data[i];
        buf_printf(out, "%s @%u ", e->required ? "expected" : "tolerated", e->line);
        buf_put_escaped(out, e->text, strlen(e->text));
        buf_put_char(out, '\n');
    }
}
