/* The actions of the grammar: each makes one node. What is wrong with a construct that the
 * grammar accepts, so that the message can say more, is reported here: chains of
 * comparisons, bodies without `return` or `yield`, words of other languages. */
#include "frontend/parse_internal.h"

#include <assert.h>
#include <string.h>

static Diag *fault(Parser *parser, DiagCode code, Span span, const char *message) {
    parser->faults++;
    parser->file->broken = true;
    return diag_new(parser->cx, code, span, "%s", message);
}

AstItems items_empty(Parser *parser) {
    return (AstItems){parser->pending.count, 0};
}

/* What lies above the list was left by a list that was given up. */
AstItems items_add(Parser *parser, AstItems items, Ast item) {
    assert(items.begin + items.count <= parser->pending.count);
    parser->pending.count = items.begin + items.count;
    vec_push(&parser->cx->module, &parser->pending, item);
    items.count++;
    return items;
}

AstItems items_one(Parser *parser, Ast item) {
    return items_add(parser, items_empty(parser), item);
}

static const Ast *items_data(const Parser *parser, AstItems items) {
    return items.count == 0 ? NULL : parser->pending.data + items.begin;
}

/* Reported once a statement; what stands in its place is not deep. */
static Ast too_deep(Parser *parser, Span span) {
    if (!parser->deep_reported) {
        Diag *d = fault(parser, NNA0002, span, "expression is nested too deeply");
        diag_primary(parser->cx, d, "more than %u levels", ast_depth_limit(parser->cx));
        diag_help(parser->cx, d, "name parts of it with `let`, or raise the limit with "
                                 "`--limit expression-depth=N`");
        diag_emit(parser->cx, d);
    }
    parser->deep_reported = true;
    return build_error(parser, span);
}

Ast build_node(Parser *parser, AstKind kind, Span span, Name name, const Ast *children,
               uint32_t count) {
    Ast made = ast_make(parser->cx, parser->file, kind, span, name, children, count);
    return made.id == 0 ? too_deep(parser, span) : made;
}

Ast build_list(Parser *parser, AstKind kind, Span span, Name name, AstItems items) {
    return build_node(parser, kind, span, name, items_data(parser, items), items.count);
}

Ast build_headed(Parser *parser, AstKind kind, Span span, Name name, Ast head, AstItems items) {
    AstItems whole = items_one(parser, head);
    for (uint32_t i = 0; i < items.count; i++) {
        Ast item = parser->pending.data[items.begin + i];
        whole = items_add(parser, whole, item);
    }
    Ast made = build_list(parser, kind, span, name, whole);
    parser->pending.count = whole.begin;
    return made;
}

Ast build_leaf(Parser *parser, AstKind kind, Span span, Name name) {
    return build_node(parser, kind, span, name, NULL, 0);
}

Ast build_integer(Parser *parser, Span span, int64_t value) {
    Ast made = build_leaf(parser, AST_INTEGER, span, NAME_NONE);
    AstNode *node = &parser->file->nodes.data[made.id];
    node->value.integer = value;
    if (span.begin > parser->quiet_at) node->literal = span.begin;
    return made;
}

Ast build_real(Parser *parser, Span span, double value) {
    Ast made = build_leaf(parser, AST_REAL, span, NAME_NONE);
    parser->file->nodes.data[made.id].value.real = value;
    if (span.begin > parser->quiet_at) parser->file->nodes.data[made.id].literal = span.begin;
    return made;
}

Ast build_bool(Parser *parser, Span span, bool value) {
    Ast made = build_leaf(parser, AST_BOOL, span, NAME_NONE);
    parser->file->nodes.data[made.id].value.integer = value;
    return made;
}

/* Literals of other languages are read as what was meant. */
Ast build_name_node(Parser *parser, Span span, Name name) {
    static const char *const meant[SUSPECT_COUNT] = {"true", "false", "none"};
    bool quoted = parser->source->text[span.begin - parser->source->base] == '`';
    for (uint32_t i = 0; !quoted && i < SUSPECT_COUNT; i++) {
        if (!name_is(name, parser->suspects[i])) continue;
        Diag *d = fault(parser, NNA1001, span,
                        arena_format(&parser->cx->session, "`%s` is not of this language",
                                     names_text(&parser->cx->names, name)));
        diag_help(parser->cx, d, "write `%s`", meant[i]);
        diag_emit(parser->cx, d);
        return build_error(parser, span);
    }
    return build_leaf(parser, AST_NAME, span, name);
}

static Ast with_op(Parser *parser, Ast made, AstOp op) {
    AstNode *node = &parser->file->nodes.data[made.id];
    if (node->kind != AST_ERROR) node->op = (uint8_t)op;
    return made;
}

Ast build_unary(Parser *parser, Span span, AstOp op, Ast operand) {
    return with_op(parser, build_node(parser, AST_UNARY, span, NAME_NONE, &operand, 1), op);
}

static bool is_comparison(const Parser *parser, Ast ast) {
    const AstNode *node = ast_node(parser->file, ast);
    return node->kind == AST_BINARY && (node->flags & AST_PARENTHESIZED) == 0 &&
           node->op >= AST_OP_EQUAL && node->op <= AST_OP_GREATER_EQUAL;
}

Ast build_binary(Parser *parser, Span span, AstOp op, Ast left, Ast right) {
    if (op >= AST_OP_EQUAL && op <= AST_OP_GREATER_EQUAL && is_comparison(parser, left)) {
        Diag *d = fault(parser, NNA1001, span, "comparisons do not chain");
        diag_help(parser->cx, d, "join two of them, `a < b and b < c`, or put one in parentheses");
        diag_emit(parser->cx, d);
        return build_error(parser, span);
    }
    const Ast children[] = {left, right};
    return with_op(parser, build_node(parser, AST_BINARY, span, NAME_NONE, children, 2), op);
}

Ast build_group(Parser *parser, Span span, AstItems items) {
    if (items.count != 1) return build_list(parser, AST_TUPLE, span, NAME_NONE, items);
    Ast inside = items_data(parser, items)[0];
    AstNode *node = &parser->file->nodes.data[inside.id];
    node->span = span;
    node->flags |= AST_PARENTHESIZED;
    return inside;
}

Ast build_flagged(Parser *parser, Ast node, uint8_t flags) {
    parser->file->nodes.data[node.id].flags |= flags;
    return node;
}

Ast build_pattern(Parser *parser, Span span, AstItems names, uint8_t flags) {
    return build_flagged(parser, build_list(parser, AST_PATTERN, span, NAME_NONE, names), flags);
}

Ast build_sources(Parser *parser, Span span, Ast value) {
    if (ast_kind(parser->file, value) != AST_TUPLE) {
        return build_node(parser, AST_LIST, span, NAME_NONE, &value, 1);
    }
    /* The tuple's own children: copied, since making a node may move them. */
    AstItems items = items_empty(parser);
    uint32_t first = ast_node(parser->file, value)->first_child;
    uint32_t count = ast_node(parser->file, value)->child_count;
    for (uint32_t i = 0; i < count; i++) {
        items = items_add(parser, items, parser->file->children.data[first + i]);
    }
    Ast made = build_list(parser, AST_LIST, span, NAME_NONE, items);
    parser->pending.count = items.begin;
    return made;
}

Ast build_interval(Parser *parser, Span span, uint8_t low, Ast from, Ast to, uint8_t high) {
    const Ast children[] = {from, to};
    Ast made = build_node(parser, AST_INTERVAL, span, NAME_NONE, children, 2);
    return build_flagged(parser, made, (uint8_t)(low | high));
}

/* Braces around the statement that ends before the last token. */
static uint32_t braces_around(const Parser *parser) {
    uint32_t open = parser->brackets_before;
    return open == 0 ? 0 : parser->brackets.data[open - 1].braces;
}

Ast build_attributes(Parser *parser, Span span, AstItems attributes) {
    if (attributes.count == 0) return AST_NONE;
    return build_list(parser, AST_LIST, span, NAME_NONE, attributes);
}

Ast build_attributed(Parser *parser, Span span, Ast attributes, Ast one) {
    if (braces_around(parser) <= 1) parser->deep_reported = false;
    if (attributes.id == 0 || ast_kind(parser->file, one) == AST_ERROR) return one;
    AstNode *node = &parser->file->nodes.data[one.id];
    parser->file->children.data[node->first_child] = attributes;
    node->span = span;
    return one;
}

static bool is_end(AstKind kind) {
    return kind == AST_RETURN || kind == AST_YIELD;
}

/* `return` in the body of an expression or `yield` in another one, or what follows the end
 * of a body. Returns false where there is nothing to say. */
static bool check_statement(Parser *parser, AstRange all, uint32_t i, AstKind end) {
    Ctx *cx = parser->cx;
    AstKind kind = ast_kind(parser->file, all.items[i]);
    Span span = ast_span(parser->file, all.items[i]);
    AstKind before = i == 0 ? AST_NOTHING : ast_kind(parser->file, all.items[i - 1]);
    if (kind == AST_RETURN && end == AST_YIELD) parser->open_bodies++;
    /* What went wrong there may be the reason. */
    if (before == AST_ERROR || kind == AST_ERROR) return false;
    if (before == end) {
        Diag *d = fault(parser, NNA1001, span, "a statement after the end of its body");
        diag_label(cx, d, ast_span(parser->file, all.items[i - 1]), "the body ends here");
        if (kind == AST_RETURN) diag_help(cx, d, "is a `}` missing between them?");
        diag_emit(cx, d);
        return true;
    }
    if (!is_end(kind) || kind == end) return false;
    Diag *d = fault(parser, NNA1001, span,
                    arena_format(&cx->session, "`%s` cannot stand here",
                                 ast_kind_info[kind].text));
    diag_help(cx, d, end == AST_RETURN ? "the body of a model or a block ends with `return`"
                                       : "a braced body inside an expression ends with `yield`");
    diag_emit(cx, d);
    return true;
}

/* A body ends with the statement `end`: AST_RETURN or AST_YIELD. A fault in it may be the
 * reason why it does not. */
static void check_body(Parser *parser, Ast body, AstKind end) {
    if (ast_kind(parser->file, body) != AST_BODY) return;
    AstRange all = ast_list(parser->file, body, AST_BODY_STATEMENTS);
    bool ended = false;
    for (uint32_t i = 0; i < all.count; i++) {
        AstKind kind = ast_kind(parser->file, all.items[i]);
        if (kind == AST_ERROR || is_end(kind)) ended = true;
        if (check_statement(parser, all, i, end)) return;
    }
    if (ended) return;
    Ctx *cx = parser->cx;
    Span whole = ast_span(parser->file, body);
    parser->ended_at = whole.end;
    Diag *d = fault(parser, NNA1001, (Span){whole.end - 1, whole.end},
                    arena_format(&cx->session, "the body ends without `%s`",
                                 ast_kind_info[end].text));
    diag_label(cx, d, (Span){whole.begin, whole.begin + 1}, "it begins here");
    diag_help(cx, d, end == AST_RETURN
                         ? "end it with `return` and the results"
                         : "a braced body inside an expression ends with `yield` and its value");
    diag_emit(cx, d);
}

Ast build_definition(Parser *parser, AstKind kind, Span span, Name name, Ast parameters,
                     Ast results, Ast body) {
    const Ast children[] = {AST_NONE, parameters, results, body};
    check_body(parser, body, AST_RETURN);
    return build_node(parser, kind, span, name, children, kind == AST_EXTERN ? 3 : 4);
}

Ast build_if(Parser *parser, Span span, Ast condition, Ast then, Ast otherwise) {
    const Ast children[] = {condition, then, otherwise};
    check_body(parser, then, AST_YIELD);
    check_body(parser, otherwise, AST_YIELD);
    return build_node(parser, AST_IF, span, NAME_NONE, children, 3);
}

Ast build_loop(Parser *parser, AstKind kind, Span span, Name name, const Ast *children,
               uint32_t count, Ast body) {
    AstItems items = items_empty(parser);
    for (uint32_t i = 0; i < count; i++) items = items_add(parser, items, children[i]);
    check_body(parser, body, AST_YIELD);
    Ast made = build_list(parser, kind, span, name, items_add(parser, items, body));
    parser->pending.count = items.begin;
    return made;
}

Ast build_error(Parser *parser, Span span) {
    return ast_make(parser->cx, parser->file, AST_ERROR, span, NAME_NONE, NULL, 0);
}

Ast build_broken(Parser *parser, Span span, Ast pattern) {
    AstItems items = items_empty(parser);
    uint32_t first = ast_node(parser->file, pattern)->first_child;
    uint32_t count = ast_node(parser->file, pattern)->child_count;
    for (uint32_t i = 0; i < count; i++) {
        items = items_add(parser, items, parser->file->children.data[first + i]);
    }
    Ast made = ast_make(parser->cx, parser->file, AST_ERROR, span, NAME_NONE,
                        items_data(parser, items), count);
    parser->pending.count = items.begin;
    return made;
}

/* kind: AST_PARAMETER and AST_RESULT keep their place in the list, with an error for a
 * type; AST_NAME: an error that would have bound the name. */
Ast build_broken_name(Parser *parser, AstKind kind, Span span, Name name) {
    Ast child = kind == AST_NAME ? build_leaf(parser, AST_NAME, span, name)
                                 : build_error(parser, span);
    const Ast children[] = {child, AST_NONE};
    return ast_make(parser->cx, parser->file, kind == AST_NAME ? AST_ERROR : kind, span,
                    kind == AST_NAME ? NAME_NONE : name, children,
                    kind == AST_PARAMETER ? 2 : 1);
}

/* As it is written, for a message; "..." where that is long. */
static const char *shown_text(Parser *parser, Span span) {
    enum { SHOWN = 30 };
    const char *text = parser->source->text + (span.begin - parser->source->base);
    size_t length = span.end - span.begin;
    bool plain = length <= SHOWN && memchr(text, '\n', length) == NULL;
    return plain ? arena_text(&parser->cx->session, text, length) : "...";
}

Ast build_method(Parser *parser, Span span, Ast value, Name name, Span name_span,
                 AstItems arguments) {
    Ctx *cx = parser->cx;
    const char *called = names_text(&cx->names, name), *rest = "";
    if (ast_kind(parser->file, value) == AST_ERROR) return build_error(parser, span);
    if (arguments.count > 0) {
        Ast last = items_data(parser, arguments)[arguments.count - 1];
        Span first = ast_span(parser->file, items_data(parser, arguments)[0]);
        const Span all = {first.begin, ast_span(parser->file, last).end};
        rest = arena_format(&cx->session, ", %s", shown_text(parser, all));
    }
    Diag *d = fault(parser, NNA1001, name_span, "values have no methods");
    diag_help(cx, d, "write `%s(%s%s)`, or `%s |> %s(...)`", called,
              shown_text(parser, ast_span(parser->file, value)), rest,
              shown_text(parser, ast_span(parser->file, value)), called);
    diag_emit(cx, d);
    return build_error(parser, span);
}

/* The contract that a comparison states: `x > 0` is `x in (0, inf)`. */
static const char *contract_of(Parser *parser, Ast value) {
    static const struct {
        AstOp op;
        const char *before, *after;
    } contracts[] = {
        {AST_OP_GREATER, "(", ", inf)"},       {AST_OP_GREATER_EQUAL, "[", ", inf)"},
        {AST_OP_LESS, "(-inf, ", ")"},         {AST_OP_LESS_EQUAL, "(-inf, ", "]"},
        {AST_OP_EQUAL, "{", "}"},
    };
    if (ast_kind(parser->file, value) != AST_BINARY) return NULL;
    for (size_t i = 0; i < sizeof contracts / sizeof *contracts; i++) {
        if (ast_node(parser->file, value)->op != contracts[i].op) continue;
        Span left = ast_span(parser->file, ast_child(parser->file, value, AST_BINARY_LEFT));
        Span right = ast_span(parser->file, ast_child(parser->file, value, AST_BINARY_RIGHT));
        return arena_format(&parser->cx->session, "%s in %s%s%s", shown_text(parser, left),
                            contracts[i].before, shown_text(parser, right), contracts[i].after);
    }
    return NULL;
}

Ast build_promise(Parser *parser, Span span, const char *word, Ast value) {
    Ctx *cx = parser->cx;
    if (ast_kind(parser->file, value) == AST_ERROR) return build_error(parser, span);
    const char *meant = contract_of(parser, value);
    Diag *d = fault(parser, NNA1001, ast_span(parser->file, value),
                    arena_format(&cx->session, "`%s` without a contract", word));
    if (meant) diag_help(cx, d, "write `%s %s`", word, meant);
    else diag_help(cx, d, "what it says of the value follows `in`: `%s x in [0, 1]`", word);
    diag_emit(cx, d);
    return build_error(parser, span);
}

void build_header(Parser *parser, Span span, int64_t version) {
    if (version == 1 || span.begin <= parser->quiet_at) return;
    Diag *d = fault(parser, NNA0004, span,
                    arena_format(&parser->cx->session,
                                 "not supported by this version: version %lld of the language",
                                 (long long)version));
    diag_help(parser->cx, d, "this compiler reads version 1: `nna 1`");
    diag_emit(parser->cx, d);
}

void build_declared(Parser *parser, Ast declaration) {
    vec_push(&parser->cx->module, &parser->declared, declaration);
    parser->open_bodies = 0;
}

void build_file(Parser *parser) {
    const Source *source = parser->source;
    Span span = {source->base, source->base + source->length};
    parser->file->root = ast_make(parser->cx, parser->file, AST_FILE, span, NAME_NONE,
                                  parser->declared.data, parser->declared.count);
    parser->file->nodes.data[parser->file->root.id].value.integer = 1;
}
