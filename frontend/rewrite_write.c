/* The edits of a match: the root becomes the replacement, in which holes are the text of what they
 * met; a `let` that nothing else uses goes. What is written once in the text stays written once,
 * since a second copy would draw other random numbers or make parameters anew: an expression that
 * stays where it is, and is needed at the root too, gets a name. */
#include "frontend/rewrite_internal.h"

#include <string.h>

/* What becomes of a hole. */
typedef struct Filling {
    bool is_used, is_inside; /* in the replacement; in the text of the root */
    const char *name;        /* of the `let` that it gets; NULL: none */
} Filling;

typedef struct Writing {
    const Rewriter *r;
    const Match *match;
    const Source *source;
    Arena *arena;
    Filling fillings[HOLES_MOST];
    bool dead[LETS_MOST];
    Edits *edits;
} Writing;

static bool is_within(Span inner, Span outer) {
    return inner.begin >= outer.begin && inner.end <= outer.end;
}

static Span span_of_ast(const Writing *w, Ast ast) {
    return ast_span(w->r->file, ast);
}

static const char *text_at(const Writing *w, uint32_t offset) {
    return w->source->text + (offset - w->source->base);
}

/* The text of an expression, without parentheses around it. */
static const char *bare_text(const Writing *w, Ast ast) {
    Span span = span_of_ast(w, ast);
    bool closed = (ast_node(w->r->file, ast)->flags & AST_PARENTHESIZED) != 0;
    uint32_t cut = closed ? 1 : 0;
    return arena_text(w->arena, text_at(w, span.begin + cut), span.end - span.begin - 2 * cut);
}

/* Whether it binds closer than any operator. */
static bool is_atom(AstKind kind) {
    return kind == AST_NAME || kind == AST_INTEGER || kind == AST_REAL || kind == AST_CALL ||
           kind == AST_MEMBER || kind == AST_INDEX || kind == AST_BOOL || kind == AST_INF;
}

/* What costs nothing, draws nothing and makes nothing: it may be written twice. */
static bool is_simple(const File *file, Ast ast, uint32_t depth) {
    AstKind kind = ast_kind(file, ast);
    if (kind == AST_NAME || kind == AST_INTEGER || kind == AST_REAL || kind == AST_BOOL ||
        kind == AST_LITERAL_LIST || kind == AST_INF) {
        return true;
    }
    AstOp op = (AstOp)ast_node(file, ast)->op;
    bool is_test = kind == AST_BINARY && op >= AST_OP_EQUAL && op <= AST_OP_GREATER_EQUAL;
    if ((!is_test && kind != AST_MEMBER && kind != AST_UNARY) || depth == 0) return false;
    AstRange all = ast_list(file, ast, 0);
    for (uint32_t i = 0; i < all.count; i++) {
        if (!is_simple(file, all.items[i], depth - 1)) return false;
    }
    return true;
}

/* ---- what is still used ---- */

/* Whether a place is in a text that goes: of the root, or of a `let` that goes; what a hole met
 * stays, there or elsewhere. */
static bool goes(const Writing *w, Span place) {
    const Match *match = w->match;
    for (uint32_t i = 0; i < match->rule->hole_count; i++) {
        if (!w->fillings[i].is_used || match->holes[i].id == 0) continue;
        if (is_within(place, span_of_ast(w, match->holes[i]))) return false;
    }
    if (is_within(place, span_of_ast(w, match->root))) return true;
    for (uint32_t i = 0; i < match->let_count; i++) {
        if (w->dead[i] && is_within(place, span_of_ast(w, match->lets[i]))) return true;
    }
    return false;
}

/* A train section names what it needs of its model. */
static bool is_trained_on(const Writing *w, Name name) {
    const File *file = w->r->file;
    for (uint32_t id = 1; id < file->nodes.count; id++) {
        Ast ast = {id};
        if (!name_is(ast_name(file, ast), name)) continue;
        Ast declaration = scope_declaration(&w->r->scope, ast);
        if (declaration.id != 0 && ast_kind(file, declaration) == AST_TRAIN) return true;
    }
    return false;
}

static bool is_needed(const Writing *w, Ast let) {
    const File *file = w->r->file;
    if (ast_child(file, let, AST_LET_ATTRIBUTES).id != 0) return true;
    Ast pattern = ast_child(file, let, AST_LET_PATTERN);
    if (is_trained_on(w, ast_name(file, ast_list(file, pattern, AST_PATTERN_NAMES).items[0]))) {
        return true;
    }
    for (uint32_t id = 1; id < file->nodes.count; id++) {
        if (w->r->scope.binder[id].id != let.id) continue;
        if (!goes(w, span_of_ast(w, (Ast){id}))) return true;
    }
    return false;
}

/* All are thought dead, until none more is found to be needed. */
static void find_dead(Writing *w) {
    for (uint32_t i = 0; i < w->match->let_count; i++) w->dead[i] = true;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < w->match->let_count; i++) {
            if (!w->dead[i] || !is_needed(w, w->match->lets[i])) continue;
            w->dead[i] = false;
            changed = true;
        }
    }
}

/* ---- statements ---- */

/* Whether a statement is the first thing on its line; *indent is then what stands before it. */
static bool begins_line(const Writing *w, uint32_t at, const char **indent) {
    uint32_t begin = at;
    while (begin > w->source->base && strchr(" \t", *text_at(w, begin - 1)) != NULL) begin--;
    *indent = arena_text(w->arena, text_at(w, begin), at - begin);
    return begin == w->source->base || *text_at(w, begin - 1) == '\n';
}

/* What parts two statements: a new line as the file has them, or a blank. */
static const char *separator(const Writing *w, Ast statement) {
    const char *indent;
    uint32_t at = span_of_ast(w, statement).begin;
    if (!begins_line(w, at, &indent)) return " ";
    const char *feed = memchr(w->source->text, '\n', w->source->length);
    bool crlf = feed != NULL && feed > w->source->text && feed[-1] == '\r';
    return arena_format(w->arena, "%s%s", crlf ? "\r\n" : "\n", indent);
}

/* A statement with its line, where there is nothing else on it but a comment. */
static Span line_of(const Writing *w, Ast statement) {
    Span span = span_of_ast(w, statement);
    const char *indent;
    if (!begins_line(w, span.begin, &indent)) return span;
    uint32_t end = span.end, limit = w->source->base + w->source->length;
    while (end < limit && strchr(" \t\r", *text_at(w, end)) != NULL) end++;
    if (end < limit && *text_at(w, end) == '#') {
        while (end < limit && *text_at(w, end) != '\n') end++;
    }
    if (end < limit && *text_at(w, end) != '\n') return span;
    return (Span){span.begin - (uint32_t)strlen(indent), end < limit ? end + 1 : end};
}

/* A name that is nowhere in the file. */
static const char *fresh_name(const Writing *w, const char *wanted) {
    Ctx *cx = w->r->cx;
    const char *name = wanted;
    for (uint32_t k = 2; scope_mentions(&w->r->scope, names_intern_text(&cx->names, name)); k++) {
        name = arena_format(w->arena, "%s_%u", wanted, (unsigned)k);
    }
    return name;
}

/* The statements that name the holes met in `statement`, each with what parts it from the next. */
static const char *namings(Writing *w, Ast statement) {
    Buf out = buf_make(w->arena);
    const char *between = separator(w, statement);
    const Match *match = w->match;
    for (uint32_t i = 0; i < match->rule->hole_count; i++) {
        if (w->fillings[i].name == NULL) continue;
        if (scope_statement(&w->r->scope, match->holes[i]).id != statement.id) continue;
        buf_printf(&out, "let %s = %s%s", w->fillings[i].name, bare_text(w, match->holes[i]),
                   between);
    }
    return buf_text(&out);
}

const char *rewriter_name(const Rewriter *r, Ast expression, const char *wanted, Edits *edits) {
    const Writing w = {.r = r, .source = r->file->source, .arena = &r->cx->module};
    if (ast_kind(r->file, expression) == AST_NAME) return bare_text(&w, expression);
    Ast statement = scope_statement(&r->scope, expression);
    if (statement.id == 0) return NULL;
    const char *name = fresh_name(&w, wanted);
    uint32_t at = span_of_ast(&w, statement).begin;
    const char *text = arena_format(w.arena, "let %s = %s%s", name, bare_text(&w, expression),
                                    separator(&w, statement));
    return edits_add(w.arena, edits, (Edit){{at, at}, text}) ? name : NULL;
}

/* ---- the replacement ---- */

static bool put(const Writing *w, Ast ast, bool is_operand, Buf *out);

static bool put_hole(const Writing *w, uint32_t hole, bool is_operand, Buf *out) {
    Ast met = w->match->holes[hole];
    if (w->fillings[hole].name != NULL) {
        buf_put(out, w->fillings[hole].name);
        return true;
    }
    bool closed = is_operand && !is_atom(ast_kind(w->r->file, met));
    buf_printf(out, closed ? "(%s)" : "%s", bare_text(w, met));
    return true;
}

static bool put_call(const Writing *w, Ast call, Buf *out) {
    const File *catalogue = w->r->catalogue;
    Ctx *cx = w->r->cx;
    AstRange list = ast_list(catalogue, call, AST_CALL_ARGUMENTS);
    buf_printf(out, "%s(", names_text(&cx->names, ast_name(catalogue, call)));
    bool first = true;
    for (uint32_t i = 0; i < list.count; i++) {
        Ast value = ast_child(catalogue, list.items[i], AST_ARGUMENT_VALUE);
        Name name = ast_name(catalogue, list.items[i]);
        uint32_t hole = ast_kind(catalogue, value) == AST_NAME
                            ? rewrite_hole(w->match->rule, ast_name(catalogue, value))
                            : HOLES_MOST;
        if (hole < w->match->rule->hole_count && w->match->holes[hole].id == 0) continue;
        if (!first) buf_put(out, ", ");
        if (name.id != 0) buf_printf(out, "%s: ", names_text(&cx->names, name));
        first = false;
        if (!put(w, value, false, out)) return false;
    }
    buf_put_char(out, ')');
    return true;
}

static bool put_bare(const Writing *w, Ast ast, bool is_operand, Buf *out) {
    const File *catalogue = w->r->catalogue;
    const AstNode *node = ast_node(catalogue, ast);
    switch ((int)node->kind) {
    case AST_NAME: {
        uint32_t hole = rewrite_hole(w->match->rule, node->name);
        if (hole < w->match->rule->hole_count) return put_hole(w, hole, is_operand, out);
        buf_put(out, names_text(&w->r->cx->names, node->name)); /* a word */
        return true;
    }
    case AST_CALL: return put_call(w, ast, out);
    case AST_UNARY:
        buf_put(out, ast_op_text[node->op]);
        return put(w, ast_child(catalogue, ast, AST_UNARY_OPERAND), true, out);
    case AST_BINARY:
        if (!put(w, ast_child(catalogue, ast, AST_BINARY_LEFT), true, out)) return false;
        buf_printf(out, " %s ", ast_op_text[node->op]);
        return put(w, ast_child(catalogue, ast, AST_BINARY_RIGHT), true, out);
    default:
        buf_put_bytes(out, catalogue->source->text + (node->span.begin - catalogue->source->base),
                      node->span.end - node->span.begin);
        return true;
    }
}

static bool put(const Writing *w, Ast ast, bool is_operand, Buf *out) {
    bool closed = (ast_node(w->r->catalogue, ast)->flags & AST_PARENTHESIZED) != 0;
    if (closed) buf_put_char(out, '(');
    bool good = put_bare(w, ast, is_operand, out);
    if (closed) buf_put_char(out, ')');
    return good;
}

static uint32_t count_uses(const Writing *w, Ast ast, uint32_t hole) {
    const File *catalogue = w->r->catalogue;
    if (ast.id == 0) return 0;
    if (ast_kind(catalogue, ast) == AST_NAME) {
        return rewrite_hole(w->match->rule, ast_name(catalogue, ast)) == hole;
    }
    uint32_t count = 0;
    AstRange all = ast_list(catalogue, ast, 0);
    for (uint32_t i = 0; i < all.count; i++) count += count_uses(w, all.items[i], hole);
    return count;
}

/* ---- names at another place ---- */

/* Whether all names in an expression stand at `at` for what they stand for where they are. */
static bool is_visible(const Writing *w, Ast ast, Ast at) {
    const File *file = w->r->file;
    if (ast.id == 0) return true;
    AstKind kind = ast_kind(file, ast);
    if (kind == AST_FOR || kind == AST_SCAN || kind == AST_IF) return false;
    if (kind == AST_NAME) {
        Ast there = scope_lookup(&w->r->scope, ast_name(file, ast), at);
        if (there.id != w->r->scope.binder[ast.id].id) return false;
    }
    AstRange all = ast_list(file, ast, 0);
    for (uint32_t i = 0; i < all.count; i++) {
        if (!is_visible(w, all.items[i], at)) return false;
    }
    return true;
}

/* Decides what becomes of each hole; false where one can be reached from nowhere. */
static bool place_holes(Writing *w) {
    const Match *match = w->match;
    const Rule *rule = match->rule;
    const File *file = w->r->file;
    for (uint32_t i = 0; i < rule->hole_count; i++) {
        Filling *filling = &w->fillings[i];
        Ast met = match->holes[i];
        uint32_t uses = count_uses(w, rule->replacement, i);
        filling->is_used = uses > 0;
        if (met.id == 0 || uses == 0) continue;
        filling->is_inside = is_within(span_of_ast(w, met), span_of_ast(w, match->root));
        bool is_named = !is_simple(file, met, 2) && (!filling->is_inside || uses > 1);
        if (is_named) {
            if (scope_statement(&w->r->scope, met).id == 0) return false;
            filling->name = fresh_name(w, rule->holes[i].called);
        } else if (!filling->is_inside && !is_visible(w, met, match->root)) {
            return false;
        }
    }
    return true;
}

/* ---- edits ---- */

/* What names the holes goes before the statement that has them; where they stay, the name does. */
static bool edit_statement(Writing *w, Ast statement, bool is_dead) {
    const char *text = namings(w, statement);
    Span span = span_of_ast(w, statement);
    if (is_dead && *text == '\0') {
        return edits_add(w->arena, w->edits, (Edit){line_of(w, statement), ""});
    }
    if (is_dead) { /* the last of them ends as the statement did */
        size_t cut = strlen(text) - strlen(separator(w, statement));
        return edits_add(w->arena, w->edits, (Edit){span, arena_text(w->arena, text, cut)});
    }
    if (*text != '\0' &&
        !edits_add(w->arena, w->edits, (Edit){{span.begin, span.begin}, text})) {
        return false;
    }
    for (uint32_t i = 0; i < w->match->rule->hole_count; i++) {
        if (w->fillings[i].name == NULL || w->fillings[i].is_inside) continue;
        Ast met = w->match->holes[i];
        if (scope_statement(&w->r->scope, met).id != statement.id) continue;
        if (!edits_add(w->arena, w->edits, (Edit){span_of_ast(w, met), w->fillings[i].name})) {
            return false;
        }
    }
    return true;
}

static bool edit_root(Writing *w) {
    const File *file = w->r->file;
    Ast root = w->match->root, replacement = w->match->rule->replacement;
    AstKind around = ast_kind(file, w->r->scope.parent[root.id]);
    bool is_operand = around == AST_UNARY || around == AST_BINARY || around == AST_PIPE ||
                      around == AST_MEMBER || around == AST_INDEX;
    AstKind kind = ast_kind(w->r->catalogue, replacement);
    bool closed = is_operand && kind != AST_CALL && kind != AST_NAME;
    Buf out = buf_make(w->arena);
    if (closed) buf_put_char(&out, '(');
    if (!put(w, replacement, is_operand && !closed, &out)) return false;
    if (closed) buf_put_char(&out, ')');
    return edits_add(w->arena, w->edits, (Edit){span_of_ast(w, root), buf_text(&out)});
}

bool rewrite_write(const Rewriter *r, const Match *match, Edits *out) {
    Writing w = {.r = r,
                 .match = match,
                 .source = r->file->source,
                 .arena = &r->cx->module,
                 .edits = out};
    if (!place_holes(&w)) return false;
    find_dead(&w);
    Ast own = scope_statement(&r->scope, match->root);
    for (uint32_t i = 0; i < match->let_count; i++) {
        if (match->lets[i].id != own.id && !edit_statement(&w, match->lets[i], w.dead[i])) {
            return false;
        }
    }
    const char *text = own.id == 0 ? "" : namings(&w, own);
    Span before = ast_span(r->file, own);
    if (*text != '\0' &&
        !edits_add(w.arena, out, (Edit){{before.begin, before.begin}, text})) {
        return false;
    }
    return edit_root(&w);
}
