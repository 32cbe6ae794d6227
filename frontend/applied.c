/* What is applied to what, by the rules of calls. */
#include "frontend/applied.h"

#include <math.h>

static const Callee *callee_called(const Callees *callees, const Module *module, Name name) {
    if (module != NULL) return callee_find(callees, module, name);
    return name.id < callees->name_count ? callees->user[name.id] : NULL;
}

static bool is_of_the_language(const Callee *callee) {
    return callee != NULL && callee->formal_count <= APPLIED_MOST && !callee->variadic &&
           (callee->kind == CALLEE_OPERATOR || callee->kind == CALLEE_FUNCTION ||
            (callee->kind == CALLEE_BLOCK && callee->prelude));
}

static Applied infix(const Callees *callees, Op op, Ast left, Ast right) {
    Applied out = {.callee = callees->row[op]};
    out.arguments[0] = left;
    out.arguments[1] = right;
    return out;
}

Applied applied_of(const Callees *callees, const Module *module, const File *file, Ast ast) {
    const AstNode *node = ast_node(file, ast);
    AstOp op = (AstOp)node->op;
    Ast piped = AST_NONE, call = ast;
    switch ((int)node->kind) {
    case AST_BINARY:
        return infix(callees, operator_row(op), ast_child(file, ast, AST_BINARY_LEFT),
                     ast_child(file, ast, AST_BINARY_RIGHT));
    case AST_UNARY:
        return infix(callees, op == AST_OP_NEGATE ? OP_NEG : op == AST_OP_NOT ? OP_NOT : OP_NONE,
                     ast_child(file, ast, AST_UNARY_OPERAND), AST_NONE);
    case AST_PIPE:
        piped = ast_child(file, ast, AST_PIPE_VALUE);
        call = ast_child(file, ast, AST_PIPE_CALL);
        break;
    default: break;
    }
    Applied out = {0};
    if (ast_kind(file, call) != AST_CALL) return out;
    const Callee *callee = callee_called(callees, module, ast_name(file, call));
    AstRange list = ast_list(file, call, AST_CALL_ARGUMENTS);
    enum { MOST = APPLIED_MOST + 1 };
    if (!is_of_the_language(callee) || list.count >= APPLIED_MOST) return out;
    Actual actuals[MOST];
    uint32_t count = 0;
    if (piped.id != 0) actuals[count++] = (Actual){.value = piped};
    for (uint32_t i = 0; i < list.count; i++) {
        actuals[count++] = (Actual){.name = ast_name(file, list.items[i]),
                                    .value = ast_child(file, list.items[i], AST_ARGUMENT_VALUE)};
    }
    Matched matched;
    if (!callee_match(callees, callee, actuals, count, &matched, NULL)) return out;
    if (matched.path != NULL) return out; /* it has parameters of its own */
    out.callee = callee;
    for (uint32_t i = 0; i < callee->formal_count; i++) {
        if (matched.actual[i] != NULL) out.arguments[i] = matched.actual[i]->value;
    }
    return out;
}

double written_number(const File *file, Ast ast) {
    const AstNode *node = ast_node(file, ast);
    if (node->kind == AST_INTEGER && node->literal != 0) return (double)node->value.integer;
    if (node->kind == AST_REAL && node->literal != 0) return node->value.real;
    if (node->kind == AST_UNARY && node->op == AST_OP_NEGATE) {
        return -written_number(file, ast_child(file, ast, AST_UNARY_OPERAND));
    }
    return NAN;
}
