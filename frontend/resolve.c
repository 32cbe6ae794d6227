/* Names. Every declaration is walked once, whether a model uses it or not: unknown names and
 * operators, duplicates, calls whose arguments do not fit, what is never used, and what the
 * language has but this version does not. Nothing here knows a shape.
 *
 * What is reported is marked faulty, so that the expansion, which may come here many times,
 * takes it silently. */
#include "frontend/lower_internal.h"

#include <string.h>

typedef struct Symbol {
    Name name;
    Span span;
    uint32_t previous; /* index + 1 of the symbol that it hides */
    DiagCode unused;   /* DIAG_COUNT: may be unused */
    const char *what;  /* "parameter" */
    bool used, shadows; /* shadows: a let, which another let may shadow */
    Ast layer;         /* the call of a layer */
} Symbol;

typedef struct Resolver {
    Ctx *cx;
    const File *file;
    const Callees *callees;
    uint8_t *faulty;
    uint8_t *block_used; /* by name */
    uint32_t *latest;    /* by name: index + 1 of the innermost symbol */
    VEC(Symbol) symbols;
    VEC(Name) words;     /* enumerators of the declaration */
    uint32_t scope;      /* first symbol of the innermost scope */
    bool imports;        /* names may come from elsewhere */
} Resolver;

static void resolve_expression(Resolver *r, Ast ast);
static void resolve_body(Resolver *r, Ast body, AstKind last);

static const AstNode *node(const Resolver *r, Ast ast) {
    return ast_node(r->file, ast);
}

static const char *text(const Resolver *r, Name name) {
    return names_text(&r->cx->names, name);
}

static Ast child(const Resolver *r, Ast ast, uint32_t slot) {
    return ast_child(r->file, ast, slot);
}

static void mark_faulty(Resolver *r, Ast ast) {
    r->faulty[ast.id] = 1;
}

static void not_supported(Resolver *r, Ast ast, Span span, const char *what) {
    diag_say(r->cx, NNA0004, span, "not supported by this version: %s", what);
    mark_faulty(r, ast);
}

/* The first `length` bytes of a node: its keyword. */
static Span keyword_span(const Resolver *r, Ast ast, uint32_t length) {
    Span span = ast_span(r->file, ast);
    return (Span){span.begin, span.begin + length};
}

/* Where the name of a statement, parameter or declaration is written, within its node. */
static Span name_span(const Resolver *r, Ast ast) {
    Span span = ast_span(r->file, ast);
    const Source *source = r->file->source;
    const char *name = text(r, ast_name(r->file, ast));
    size_t length = strlen(name);
    for (uint32_t at = span.begin; length > 0 && at + length <= span.end; at++) {
        if (memcmp(source->text + (at - source->base), name, length) == 0) {
            return (Span){at, at + (uint32_t)length};
        }
    }
    return span;
}

static Symbol *find_symbol(const Resolver *r, Name name) {
    uint32_t index = r->latest[name.id];
    return index == 0 ? NULL : &r->symbols.data[index - 1];
}

static void report_duplicate(Resolver *r, const Symbol *symbol, Name name, Span span) {
    Diag *d = diag_new(r->cx, NNA1004, span, "`%s` is declared twice", text(r, name));
    diag_label(r->cx, d, symbol->span, "first here");
    diag_emit(r->cx, d);
}

/* A new symbol of the innermost scope; a let may take the name of an earlier let. */
static void declare(Resolver *r, Symbol symbol) {
    uint32_t hidden = r->latest[symbol.name.id];
    if (strcmp(text(r, symbol.name), "_") == 0) return;
    if (hidden > r->scope) {
        const Symbol *first = &r->symbols.data[hidden - 1];
        if (!symbol.shadows || !first->shadows) report_duplicate(r, first, symbol.name, symbol.span);
    }
    symbol.previous = hidden;
    vec_push(&r->cx->scratch, &r->symbols, symbol);
    r->latest[symbol.name.id] = r->symbols.count;
}

static void report_unused(Resolver *r, const Symbol *symbol) {
    if (symbol->used || symbol->unused == DIAG_COUNT || r->file->broken) return;
    if (text(r, symbol->name)[0] == '_') return;
    diag_say(r->cx, symbol->unused, symbol->span, "%s `%s` is never used", symbol->what,
             text(r, symbol->name));
}

static uint32_t open_scope(Resolver *r) {
    uint32_t outer = r->scope;
    r->scope = r->symbols.count;
    return outer;
}

static void close_scope(Resolver *r, uint32_t outer) {
    for (uint32_t i = r->scope; i < r->symbols.count; i++) report_unused(r, &r->symbols.data[i]);
    while (r->symbols.count > r->scope) {
        const Symbol *symbol = &r->symbols.data[--r->symbols.count];
        r->latest[symbol->name.id] = symbol->previous;
    }
    r->scope = outer;
}

static bool is_word(const Resolver *r, Name name) {
    for (uint32_t i = 0; i < r->words.count; i++) {
        if (name_is(r->words.data[i], name)) return true;
    }
    return false;
}

static void unknown_name(Resolver *r, Ast ast, Name name, Span span) {
    Nearest nearest = nearest_to(r->cx, name);
    for (uint32_t i = 0; i < r->symbols.count; i++) {
        nearest_try(&nearest, text(r, r->symbols.data[i].name));
    }
    Diag *d = diag_new(r->cx, NNA1003, span, "unknown name `%s`", text(r, name));
    nearest_help(r->cx, d, &nearest);
    diag_emit(r->cx, d);
    if (ast.id != 0) mark_faulty(r, ast);
}

static bool use_symbol(Resolver *r, Name name) {
    Symbol *symbol = find_symbol(r, name);
    if (symbol) symbol->used = true;
    return symbol != NULL;
}

static void resolve_name(Resolver *r, Ast ast) {
    Name name = ast_name(r->file, ast);
    if (use_symbol(r, name) || name_is(name, r->callees->none) || is_word(r, name)) return;
    if (dtype_find(text(r, name)) != DTYPE_NONE) return;
    unknown_name(r, ast, name, ast_span(r->file, ast));
}

static void resolve_list(Resolver *r, AstRange list) {
    for (uint32_t i = 0; i < list.count; i++) resolve_expression(r, list.items[i]);
}

/* Calls. */

static const Callee *find_callee(const Resolver *r, Name name) {
    return callee_find(r->callees, r->file->source->is_prelude, name);
}

static void unknown_callee(Resolver *r, Ast call, Name name, Span span) {
    mark_faulty(r, call);
    if (r->imports) return;
    Nearest nearest = nearest_to(r->cx, name);
    for (uint32_t i = 0; i < r->callees->all.count; i++) {
        nearest_try(&nearest, text(r, r->callees->all.data[i]->name));
    }
    Diag *d = diag_new(r->cx, NNA1006, span, "unknown operator or block `%s`", text(r, name));
    nearest_help(r->cx, d, &nearest);
    diag_emit(r->cx, d);
}

static void pending_callee(Resolver *r, Ast ast, const Callee *callee, Span span) {
    diag_say(r->cx, NNA0004, span, "operator `%s` is part of the language but not of this version",
             text(r, callee->name));
    mark_faulty(r, ast);
}

static void use_callee(Resolver *r, const Callee *callee) {
    if (callee->kind == CALLEE_BLOCK && !callee->prelude) r->block_used[callee->name.id] = 1;
}

static void resolve_init(Resolver *r, Ast ast) {
    AstKind kind = ast_kind(r->file, ast);
    Name name = ast_name(r->file, ast);
    InitKind init = INIT_NONE;
    uint32_t wanted = 0;
    if (kind != AST_NAME && kind != AST_CALL) {
        resolve_expression(r, ast);
        return;
    }
    AstRange arguments = kind == AST_CALL ? ast_list(r->file, ast, AST_CALL_ARGUMENTS)
                                          : (AstRange){0};
    for (uint32_t i = 0; i < arguments.count; i++) {
        resolve_expression(r, child(r, arguments.items[i], AST_ARGUMENT_VALUE));
    }
    if (kind == AST_NAME && use_symbol(r, name)) return;
    Span span = ast_span(r->file, ast);
    if (!init_find(text(r, name), &init, &wanted)) {
        diag_say(r->cx, NNA1006, span, "unknown initializer `%s`", text(r, name));
        mark_faulty(r, ast);
    } else if (arguments.count != wanted) {
        diag_say(r->cx, NNA1007, span, "initializer `%s` takes %u arguments, not %u",
                 text(r, name), wanted, arguments.count);
        mark_faulty(r, ast);
    }
}

static void resolve_word(Resolver *r, const Formal *formal, Ast ast) {
    Name name = ast_name(r->file, ast);
    for (uint32_t i = 0; i < formal->word_count; i++) {
        if (name_is(formal->words[i], name)) return;
    }
    if (use_symbol(r, name) || name_is(name, r->callees->none)) return;
    Nearest nearest = nearest_to(r->cx, name);
    Buf list = buf_make(&r->cx->scratch);
    for (uint32_t i = 0; i < formal->word_count; i++) {
        nearest_try(&nearest, text(r, formal->words[i]));
        buf_printf(&list, "%s`%s`", i > 0 ? ", " : "", text(r, formal->words[i]));
    }
    Diag *d = diag_new(r->cx, NNA1003, ast_span(r->file, ast), "unknown word `%s` for `%s`",
                       text(r, name), text(r, formal->name));
    diag_note(r->cx, d, "it takes %s", buf_text(&list));
    nearest_help(r->cx, d, &nearest);
    diag_emit(r->cx, d);
    mark_faulty(r, ast);
}

static void resolve_callee_name(Resolver *r, Ast ast) {
    Name name = ast_name(r->file, ast);
    if (use_symbol(r, name) || name_is(name, r->callees->none)) return;
    const Callee *callee = find_callee(r, name);
    if (!callee) {
        unknown_callee(r, ast, name, ast_span(r->file, ast));
    } else if (callee->kind == CALLEE_PENDING) {
        pending_callee(r, ast, callee, ast_span(r->file, ast));
    } else {
        use_callee(r, callee);
    }
}

static void resolve_argument(Resolver *r, const Formal *formal, Ast ast) {
    bool name = ast_kind(r->file, ast) == AST_NAME;
    switch (formal->want) {
    case WANT_WORD:
        if (name) {
            resolve_word(r, formal, ast);
            return;
        }
        break;
    case WANT_INIT: resolve_init(r, ast); return;
    case WANT_CALLEE:
        if (name) {
            resolve_callee_name(r, ast);
            return;
        }
        break;
    case WANT_VALUE:
    case WANT_TENSOR:
    case WANT_DTYPE: break;
    }
    resolve_expression(r, ast);
}

/* The arguments of a call of something whose formals are not known: words pass. */
static void resolve_loosely(Resolver *r, AstRange arguments) {
    for (uint32_t i = 0; i < arguments.count; i++) {
        Ast value = child(r, arguments.items[i], AST_ARGUMENT_VALUE);
        bool named = ast_name(r->file, arguments.items[i]).id != 0;
        if (named && ast_kind(r->file, value) == AST_NAME) {
            use_symbol(r, ast_name(r->file, value));
        } else {
            resolve_expression(r, value);
        }
    }
}

static uint32_t add_actuals(const Resolver *r, AstRange arguments, Actual *out) {
    for (uint32_t i = 0; i < arguments.count; i++) {
        const AstNode *argument = node(r, arguments.items[i]);
        out[i] = (Actual){.name = argument->name, .span = argument->span,
                          .value = child(r, arguments.items[i], AST_ARGUMENT_VALUE)};
    }
    return arguments.count;
}

/* Matches a call: piped value, arguments, and those of a layer. Without a report a missing
 * tensor is allowed, as where a layer is declared. */
static void resolve_arguments(Resolver *r, Ast call, const Callee *callee, bool piped,
                              AstRange own, AstRange layer, bool complete) {
    uint32_t count = (piped ? 1u : 0u) + own.count + layer.count, at = 0;
    Actual local[16];
    Actual *actuals = count <= 16 ? local : ARENA_ARRAY(&r->cx->scratch, Actual, count);
    Span span = ast_span(r->file, call);
    if (piped) actuals[at++] = (Actual){.span = span, .object.kind = OBJECT_TENSOR};
    at += add_actuals(r, own, actuals + at);
    add_actuals(r, layer, actuals + at);
    Matched matched;
    const MatchReport report = {r->cx, span};
    if (!callee_match(r->callees, callee, actuals, count, &matched, complete ? &report : NULL) &&
        complete) {
        mark_faulty(r, call);
    }
    for (uint32_t i = 0; i < (piped ? 1u : 0u) + own.count; i++) {
        const Actual *actual = &actuals[i];
        if (actual->value.id == 0) continue;
        uint32_t formal = 0;
        while (formal < callee->formal_count && matched.actual[formal] != actual) formal++;
        bool is_variadic = callee->variadic && actual->name.id == 0;
        if (formal < callee->formal_count && !is_variadic) {
            resolve_argument(r, &callee->formals[formal], actual->value);
        } else {
            resolve_expression(r, actual->value);
        }
    }
}

static void resolve_call(Resolver *r, Ast call, bool piped) {
    Name name = ast_name(r->file, call);
    Span span = ast_span(r->file, call);
    Span place = {span.begin, span.begin + names_length(&r->cx->names, name)};
    AstRange arguments = ast_list(r->file, call, AST_CALL_ARGUMENTS);
    AstRange layer = {0};
    Symbol *symbol = find_symbol(r, name);
    if (symbol && symbol->layer.id != 0) {
        symbol->used = true;
        layer = ast_list(r->file, symbol->layer, AST_CALL_ARGUMENTS);
        name = ast_name(r->file, symbol->layer);
    }
    const Callee *callee = find_callee(r, name);
    if (!callee && layer.items == NULL && symbol && symbol->layer.id == 0) symbol->used = true;
    if (!callee || callee->kind == CALLEE_PENDING || callee->kind == CALLEE_UNKNOWN) {
        mark_faulty(r, call);
        if (!symbol || symbol->layer.id == 0) {
            if (!callee) unknown_callee(r, call, name, place);
            if (callee && callee->kind == CALLEE_PENDING) pending_callee(r, call, callee, place);
        }
        if (callee) use_callee(r, callee);
        resolve_loosely(r, arguments);
        return;
    }
    use_callee(r, callee);
    resolve_arguments(r, call, callee, piped, arguments, layer, true);
}

/* Types. */

static void resolve_contract(Resolver *r, Ast contract) {
    if (contract.id == 0) return;
    const AstNode *n = node(r, contract);
    for (uint32_t i = 0; i < n->child_count; i++) {
        Ast part = child(r, contract, i);
        if (part.id != 0) resolve_expression(r, part);
    }
}

static bool is_static_type(const char *name, bool prelude) {
    static const char *const user[] = {"int", "real", "bool", "string", "dtype", "dim", "init"};
    static const char *const own[] = {"any", "ints", "op"};
    for (size_t i = 0; i < sizeof user / sizeof *user; i++) {
        if (strcmp(name, user[i]) == 0) return true;
    }
    for (size_t i = 0; prelude && i < sizeof own / sizeof *own; i++) {
        if (strcmp(name, own[i]) == 0) return true;
    }
    return false;
}

static void unknown_type(Resolver *r, Ast type) {
    Nearest nearest = nearest_to(r->cx, ast_name(r->file, type));
    for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) nearest_try(&nearest, dtype_info[t].spelling);
    Span span = ast_span(r->file, type);
    span.end = span.begin + names_length(&r->cx->names, ast_name(r->file, type));
    Diag *d = diag_new(r->cx, NNA1003, span, "unknown type `%s`",
                       text(r, ast_name(r->file, type)));
    nearest_help(r->cx, d, &nearest);
    diag_emit(r->cx, d);
    mark_faulty(r, type);
}

static bool is_element_variable(const char *name) {
    return strcmp(name, "float") == 0 || strcmp(name, "number") == 0 ||
           strcmp(name, "element") == 0;
}

static void resolve_type(Resolver *r, Ast type) {
    if (type.id == 0) return;
    bool prelude = r->file->source->is_prelude;
    const char *name = text(r, ast_name(r->file, type));
    switch (ast_kind(r->file, type)) {
    case AST_TENSOR_TYPE:
        if (dtype_find(name) == DTYPE_NONE && !(prelude && is_element_variable(name))) {
            unknown_type(r, type);
        }
        resolve_list(r, ast_list(r->file, type, AST_TENSOR_TYPE_DIMENSIONS));
        resolve_contract(r, child(r, type, AST_TENSOR_TYPE_CONTRACT));
        return;
    case AST_LIST_TYPE: resolve_type(r, child(r, type, AST_LIST_TYPE_ELEMENT)); return;
    case AST_STATIC_TYPE:
        if (!is_static_type(name, prelude)) unknown_type(r, type);
        return;
    default: return; /* an enum, or what could not be read */
    }
}

/* Statements. */

static void resolve_let(Resolver *r, Ast ast) {
    resolve_expression(r, child(r, ast, AST_LET_VALUE));
    resolve_type(r, child(r, ast, AST_LET_TYPE));
    Ast pattern = child(r, ast, AST_LET_PATTERN);
    AstRange names = ast_list(r->file, pattern, AST_PATTERN_NAMES);
    for (uint32_t i = 0; i < names.count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (!name_is(ast_name(r->file, names.items[i]), ast_name(r->file, names.items[k]))) {
                continue;
            }
            const Symbol first = {.span = ast_span(r->file, names.items[k])};
            if (text(r, ast_name(r->file, names.items[i]))[0] == '_') continue;
            report_duplicate(r, &first, ast_name(r->file, names.items[i]),
                             ast_span(r->file, names.items[i]));
        }
        declare(r, (Symbol){.name = ast_name(r->file, names.items[i]), .shadows = true,
                            .span = ast_span(r->file, names.items[i]), .unused = NNA4003,
                            .what = "the value of"});
    }
}

static void resolve_layer(Resolver *r, Ast ast) {
    Ast call = child(r, ast, AST_LAYER_CALL);
    Name name = ast_name(r->file, call);
    Span span = ast_span(r->file, call);
    Span place = {span.begin, span.begin + names_length(&r->cx->names, name)};
    AstRange arguments = ast_list(r->file, call, AST_CALL_ARGUMENTS);
    const Callee *callee = find_callee(r, name);
    if (callee && (callee->kind == CALLEE_BLOCK || callee->kind == CALLEE_OPERATOR)) {
        use_callee(r, callee);
        resolve_arguments(r, call, callee, false, arguments, (AstRange){0}, false);
    } else {
        mark_faulty(r, call);
        if (!callee) unknown_callee(r, call, name, place);
        if (callee && callee->kind == CALLEE_PENDING) pending_callee(r, call, callee, place);
        if (callee && callee->kind == CALLEE_FUNCTION) {
            diag_say(r->cx, NNA1008, place, "`%s` has no parameters: it cannot be a layer",
                     text(r, name));
        }
        resolve_loosely(r, arguments);
    }
    declare(r, (Symbol){.name = ast_name(r->file, ast), .span = name_span(r, ast),
                        .unused = NNA4001, .what = "layer", .layer = call});
}

static void resolve_parameter_statement(Resolver *r, Ast ast, const char *what, DiagCode unused) {
    resolve_type(r, child(r, ast, AST_PARAM_TYPE));
    Ast init = child(r, ast, AST_PARAM_INIT);
    if (init.id != 0) resolve_init(r, init);
    declare(r, (Symbol){.name = ast_name(r->file, ast), .span = name_span(r, ast),
                        .unused = unused, .what = what});
}

static void resolve_update(Resolver *r, Ast ast) {
    Name name = ast_name(r->file, ast);
    resolve_expression(r, child(r, ast, AST_UPDATE_VALUE));
    if (!use_symbol(r, name)) unknown_name(r, ast, name, name_span(r, ast));
    not_supported(r, ast, keyword_span(r, ast, 6), "`update` of a buffer");
}

static void resolve_statement(Resolver *r, Ast ast) {
    switch (ast_kind(r->file, ast)) {
    case AST_LET: resolve_let(r, ast); return;
    case AST_PARAM: resolve_parameter_statement(r, ast, "parameter", NNA4001); return;
    case AST_BUFFER: resolve_parameter_statement(r, ast, "buffer", NNA1005); return;
    case AST_LAYER: resolve_layer(r, ast); return;
    case AST_REQUIRE: resolve_expression(r, child(r, ast, AST_REQUIRE_CONDITION)); return;
    case AST_ASSUME:
    case AST_GUARD:
        resolve_expression(r, child(r, ast, AST_ASSUME_VALUE));
        resolve_contract(r, child(r, ast, AST_ASSUME_CONTRACT));
        return;
    case AST_UPDATE: resolve_update(r, ast); return;
    case AST_RETURN:
    case AST_YIELD: resolve_list(r, ast_list(r->file, ast, AST_RETURN_VALUES)); return;
    case AST_ERROR: {
        AstRange names = ast_list(r->file, ast, AST_ERROR_NAMES);
        for (uint32_t i = 0; i < names.count; i++) {
            declare(r, (Symbol){.name = ast_name(r->file, names.items[i]), .shadows = true,
                                .span = ast_span(r->file, names.items[i]), .unused = DIAG_COUNT});
        }
        return;
    }
    default: return;
    }
}

/* `last` is AST_RETURN or AST_YIELD: how the body ends. The caller has opened its scope. */
static void resolve_body(Resolver *r, Ast body, AstKind last) {
    AstRange statements = ast_list(r->file, body, AST_BODY_STATEMENTS);
    bool ended = false, broken = false;
    const char *word = ast_kind_info[last].text;
    for (uint32_t i = 0; i < statements.count; i++) {
        AstKind kind = ast_kind(r->file, statements.items[i]);
        if (ended && !broken) {
            diag_say(r->cx, NNA1001, ast_span(r->file, statements.items[i]),
                     "a statement after the `%s` of its body", word);
            broken = true;
        }
        if (kind == AST_ERROR) broken = true;
        if ((kind == AST_RETURN || kind == AST_YIELD) && kind != last) {
            diag_say(r->cx, NNA1001, keyword_span(r, statements.items[i], kind == AST_RETURN ? 6 : 5),
                     "this body ends with `%s`, not with `%s`", word, ast_kind_info[kind].text);
            broken = true;
        }
        ended = ended || kind == last;
        resolve_statement(r, statements.items[i]);
    }
    if (ended || broken || r->file->broken) return;
    Span span = ast_span(r->file, body);
    diag_say(r->cx, NNA1001, (Span){span.end - 1, span.end}, "this body does not end with `%s`",
             word);
}

/* Expressions. */

static void resolve_branch(Resolver *r, Ast ast) {
    if (ast_kind(r->file, ast) != AST_BODY) {
        resolve_expression(r, ast);
        return;
    }
    uint32_t outer = open_scope(r);
    resolve_body(r, ast, AST_YIELD);
    close_scope(r, outer);
}

static void declare_local(Resolver *r, Name name, Span span) {
    declare(r, (Symbol){.name = name, .span = span, .unused = NNA1005, .what = "the name"});
}

static void resolve_carries(Resolver *r, Ast carries) {
    AstRange list = carries.id == 0 ? (AstRange){0} : ast_list(r->file, carries, AST_LIST_ITEMS);
    for (uint32_t i = 0; i < list.count; i++) {
        resolve_expression(r, child(r, list.items[i], AST_CARRY_VALUE));
    }
}

static void declare_carries(Resolver *r, Ast carries) {
    AstRange list = carries.id == 0 ? (AstRange){0} : ast_list(r->file, carries, AST_LIST_ITEMS);
    for (uint32_t i = 0; i < list.count; i++) {
        if (ast_kind(r->file, list.items[i]) != AST_CARRY) continue;
        declare_local(r, ast_name(r->file, list.items[i]), name_span(r, list.items[i]));
    }
}

static void resolve_for(Resolver *r, Ast ast) {
    Ast range = child(r, ast, AST_FOR_RANGE);
    resolve_expression(r, range);
    resolve_carries(r, child(r, ast, AST_FOR_CARRIES));
    uint32_t outer = open_scope(r);
    Span span = ast_span(r->file, ast);
    span = (Span){span.begin + 3, ast_span(r->file, range).begin};
    const Source *source = r->file->source;
    while (span.begin < span.end && strchr(" \t\r\n", source->text[span.begin - source->base])) {
        span.begin++;
    }
    span.end = span.begin + names_length(&r->cx->names, ast_name(r->file, ast));
    declare_local(r, ast_name(r->file, ast), span);
    declare_carries(r, child(r, ast, AST_FOR_CARRIES));
    resolve_body(r, child(r, ast, AST_FOR_BODY), AST_YIELD);
    close_scope(r, outer);
}

static void resolve_scan(Resolver *r, Ast ast) {
    Ast sources = child(r, ast, AST_SCAN_SOURCES), axis = child(r, ast, AST_SCAN_AXIS);
    resolve_list(r, ast_list(r->file, sources, AST_LIST_ITEMS));
    if (axis.id != 0) resolve_expression(r, axis);
    resolve_carries(r, child(r, ast, AST_SCAN_CARRIES));
    uint32_t outer = open_scope(r);
    AstRange names = ast_list(r->file, child(r, ast, AST_SCAN_NAMES), AST_PATTERN_NAMES);
    for (uint32_t i = 0; i < names.count; i++) {
        declare_local(r, ast_name(r->file, names.items[i]), ast_span(r->file, names.items[i]));
    }
    declare_carries(r, child(r, ast, AST_SCAN_CARRIES));
    resolve_body(r, child(r, ast, AST_SCAN_BODY), AST_YIELD);
    close_scope(r, outer);
    not_supported(r, ast, keyword_span(r, ast, 4), "`scan`, a loop at run time");
}

static void resolve_children(Resolver *r, Ast ast) {
    uint32_t count = node(r, ast)->child_count;
    for (uint32_t i = 0; i < count; i++) {
        Ast part = child(r, ast, i);
        if (part.id != 0) resolve_expression(r, part);
    }
}

static void resolve_expression(Resolver *r, Ast ast) {
    switch (ast_kind(r->file, ast)) {
    case AST_NAME: resolve_name(r, ast); return;
    case AST_CALL: resolve_call(r, ast, false); return;
    case AST_PIPE:
        resolve_expression(r, child(r, ast, AST_PIPE_VALUE));
        if (ast_kind(r->file, child(r, ast, AST_PIPE_CALL)) == AST_CALL) {
            resolve_call(r, child(r, ast, AST_PIPE_CALL), true);
        }
        return;
    case AST_MEMBER:
        resolve_children(r, ast);
        not_supported(r, ast, ast_span(r->file, ast), "a member of a value");
        return;
    case AST_IF:
        resolve_expression(r, child(r, ast, AST_IF_CONDITION));
        resolve_branch(r, child(r, ast, AST_IF_THEN));
        resolve_branch(r, child(r, ast, AST_IF_OTHERWISE));
        return;
    case AST_FOR: resolve_for(r, ast); return;
    case AST_SCAN: resolve_scan(r, ast); return;
    case AST_LITERAL_LIST:
    case AST_TUPLE:
    case AST_INDEX:
    case AST_SLICE:
    case AST_RANGE:
    case AST_UNARY:
    case AST_BINARY: resolve_children(r, ast); return;
    default: return; /* literals, and what could not be read */
    }
}

/* Declarations. */

static void note_pending(Resolver *r, Span span, const char *what) {
    Diag *d = diag_new(r->cx, NNA0004, span, "not supported by this version: %s", what);
    d->severity = SEVERITY_NOTE;
    diag_emit(r->cx, d);
}

static void resolve_dims_attribute(Resolver *r, Ast attribute) {
    AstRange arguments = ast_list(r->file, attribute, AST_ATTRIBUTE_ARGUMENTS);
    for (uint32_t i = 0; i < arguments.count; i++) {
        Name name = ast_name(r->file, arguments.items[i]);
        Ast value = child(r, arguments.items[i], AST_ARGUMENT_VALUE);
        if (name.id == 0 || !find_symbol(r, name)) {
            unknown_name(r, arguments.items[i], name, ast_span(r->file, arguments.items[i]));
        }
        resolve_expression(r, value);
    }
}

static void resolve_allow(Resolver *r, Ast attribute) {
    AstRange arguments = ast_list(r->file, attribute, AST_ATTRIBUTE_ARGUMENTS);
    Ast code = arguments.count > 0 ? child(r, arguments.items[0], AST_ARGUMENT_VALUE) : AST_NONE;
    if (code.id == 0 || diag_find(text(r, ast_name(r->file, code))) == DIAG_COUNT) {
        diag_say(r->cx, NNA1003, ast_span(r->file, code.id != 0 ? code : attribute),
                 "`@allow` takes the code of a report, as in `@allow(NNA3001, \"why\")`");
        return;
    }
    note_pending(r, ast_span(r->file, attribute), "`@allow` takes nothing back yet");
}

static void resolve_attribute(Resolver *r, Ast attribute, bool model) {
    static const char *const known[] = {"allow", "dims", "entry", "portable", "precision"};
    const char *name = text(r, ast_name(r->file, attribute));
    Span span = ast_span(r->file, attribute);
    if (ast_kind(r->file, attribute) != AST_ATTRIBUTE) return;
    if (strcmp(name, "allow") == 0) {
        resolve_allow(r, attribute);
    } else if (strcmp(name, "dims") == 0 && model) {
        resolve_dims_attribute(r, attribute);
    } else if (strcmp(name, "portable") == 0 && model) {
        note_pending(r, span, "the portability checks of `@portable`");
    } else if (strcmp(name, "precision") == 0 && model) {
        note_pending(r, span, "`@precision`");
    } else if (strcmp(name, "entry") != 0 || !model) {
        Nearest nearest = nearest_to(r->cx, ast_name(r->file, attribute));
        Diag *d = diag_new(r->cx, NNA1006, span, "there is no attribute `@%s` here", name);
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) nearest_try(&nearest, known[i]);
        nearest_help(r->cx, d, &nearest);
        diag_emit(r->cx, d);
    }
}

static void resolve_attributes(Resolver *r, Ast owner, bool model) {
    Ast list = child(r, owner, AST_MODEL_ATTRIBUTES);
    if (list.id == 0) return;
    AstRange attributes = ast_list(r->file, list, AST_LIST_ITEMS);
    for (uint32_t i = 0; i < attributes.count; i++) {
        resolve_attribute(r, attributes.items[i], model);
    }
}

static void declare_dimensions(Resolver *r, Ast type) {
    if (type.id == 0 || ast_kind(r->file, type) != AST_TENSOR_TYPE) return;
    AstRange dimensions = ast_list(r->file, type, AST_TENSOR_TYPE_DIMENSIONS);
    for (uint32_t i = 0; i < dimensions.count; i++) {
        Ast dimension = dimensions.items[i];
        if (ast_kind(r->file, dimension) != AST_NAME) continue;
        if (find_symbol(r, ast_name(r->file, dimension))) continue;
        declare(r, (Symbol){.name = ast_name(r->file, dimension), .unused = DIAG_COUNT,
                            .span = ast_span(r->file, dimension)});
    }
}

static void collect_words(Resolver *r, Ast type) {
    if (type.id == 0 || ast_kind(r->file, type) != AST_ENUM_TYPE) return;
    AstRange words = ast_list(r->file, type, AST_ENUM_TYPE_WORDS);
    for (uint32_t i = 0; i < words.count; i++) {
        vec_push(&r->cx->scratch, &r->words, ast_name(r->file, words.items[i]));
    }
}

static void declare_parameter(Resolver *r, Ast parameter, bool model) {
    bool known = ast_kind(r->file, parameter) == AST_PARAMETER;
    Ast type = known ? child(r, parameter, AST_PARAMETER_TYPE) : AST_NONE;
    bool input = model && type.id != 0 && ast_kind(r->file, type) == AST_TENSOR_TYPE;
    if (ast_name(r->file, parameter).id == 0) return;
    declare(r, (Symbol){.name = ast_name(r->file, parameter), .span = name_span(r, parameter),
                        .unused = !known ? DIAG_COUNT : input ? NNA4002 : NNA1005,
                        .what = input ? "input" : "parameter"});
}

static void resolve_parameters(Resolver *r, Ast declaration, bool model) {
    AstRange list = ast_list(r->file, child(r, declaration, AST_BLOCK_PARAMETERS), AST_LIST_ITEMS);
    for (uint32_t i = 0; i < list.count; i++) declare_parameter(r, list.items[i], model);
    for (uint32_t i = 0; i < list.count; i++) {
        if (ast_kind(r->file, list.items[i]) != AST_PARAMETER) continue;
        Ast type = child(r, list.items[i], AST_PARAMETER_TYPE);
        declare_dimensions(r, type);
        collect_words(r, type);
    }
    for (uint32_t i = 0; i < list.count; i++) {
        if (ast_kind(r->file, list.items[i]) != AST_PARAMETER) continue;
        Ast value = child(r, list.items[i], AST_PARAMETER_DEFAULT);
        resolve_type(r, child(r, list.items[i], AST_PARAMETER_TYPE));
        if (value.id == 0) continue;
        Formal formal = {.want = WANT_VALUE};
        Ast type = child(r, list.items[i], AST_PARAMETER_TYPE);
        if (type.id != 0 && strcmp(text(r, ast_name(r->file, type)), "init") == 0) {
            formal.want = WANT_INIT;
        }
        resolve_argument(r, &formal, value);
    }
    if (list.count > MAX_FORMALS && !model) {
        diag_say(r->cx, NNA0004, name_span(r, declaration),
                 "not supported by this version: a block with more than %d parameters",
                 MAX_FORMALS);
    }
}

static void resolve_results(Resolver *r, Ast declaration) {
    AstRange list = ast_list(r->file, child(r, declaration, AST_BLOCK_RESULTS), AST_LIST_ITEMS);
    for (uint32_t i = 0; i < list.count; i++) {
        if (ast_kind(r->file, list.items[i]) != AST_RESULT) continue;
        resolve_type(r, child(r, list.items[i], AST_RESULT_TYPE));
        Name name = ast_name(r->file, list.items[i]);
        for (uint32_t k = 0; k < i && name.id != 0; k++) {
            if (!name_is(name, ast_name(r->file, list.items[k]))) continue;
            const Symbol first = {.span = name_span(r, list.items[k])};
            report_duplicate(r, &first, name, name_span(r, list.items[i]));
        }
    }
}

/* Training. */

static void resolve_optimizer(Resolver *r, Ast call) {
    static const char *const known[] = {"sgd",     "momentum", "adam",     "adamw",
                                        "rmsprop", "adagrad",  "adadelta", "lamb"};
    Nearest nearest = nearest_to(r->cx, ast_name(r->file, call));
    const char *name = text(r, ast_name(r->file, call));
    if (ast_kind(r->file, call) != AST_CALL) return;
    resolve_loosely(r, ast_list(r->file, call, AST_CALL_ARGUMENTS));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i]) == 0) return;
        nearest_try(&nearest, known[i]);
    }
    Span span = ast_span(r->file, call);
    span.end = span.begin + (uint32_t)strlen(name);
    Diag *d = diag_new(r->cx, NNA1006, span, "unknown optimizer `%s`", name);
    nearest_help(r->cx, d, &nearest);
    diag_emit(r->cx, d);
}

static void resolve_item(Resolver *r, Ast item) {
    switch (ast_kind(r->file, item)) {
    case AST_MINIMIZE:
    case AST_MAXIMIZE:
        if (!use_symbol(r, ast_name(r->file, item))) {
            unknown_name(r, item, ast_name(r->file, item), name_span(r, item));
        }
        return;
    case AST_OPTIMIZER: resolve_optimizer(r, child(r, item, AST_OPTIMIZER_CALL)); return;
    case AST_METRIC: resolve_expression(r, child(r, item, AST_METRIC_VALUE)); return;
    case AST_SCHEDULE:
    case AST_CLIP:
    case AST_PRECISION:
    case AST_REGULARIZE: {
        Ast call = child(r, item, AST_CLIP_CALL);
        if (ast_kind(r->file, call) != AST_CALL) return;
        resolve_loosely(r, ast_list(r->file, call, AST_CALL_ARGUMENTS));
        return;
    }
    case AST_BATCH:
        resolve_expression(r, child(r, item, AST_BATCH_SIZE));
        if (child(r, item, AST_BATCH_SAMPLES).id != 0) {
            resolve_expression(r, child(r, item, AST_BATCH_SAMPLES));
        }
        return;
    case AST_STEPS:
    case AST_EPOCHS: resolve_expression(r, child(r, item, AST_STEPS_VALUE)); return;
    default: return;
    }
}

/* The train sections of a model, in the scope of its body. */
static void resolve_training(Resolver *r, Ast model) {
    AstRange declarations = ast_list(r->file, r->file->root, AST_FILE_DECLARATIONS);
    AstRange results = ast_list(r->file, child(r, model, AST_MODEL_RESULTS), AST_LIST_ITEMS);
    for (uint32_t i = 0; i < declarations.count; i++) {
        Ast train = declarations.items[i];
        if (ast_kind(r->file, train) != AST_TRAIN) continue;
        if (!name_is(ast_name(r->file, train), ast_name(r->file, model))) continue;
        uint32_t outer = open_scope(r);
        for (uint32_t k = 0; k < results.count; k++) {
            Name name = ast_name(r->file, results.items[k]);
            if (name.id == 0 || find_symbol(r, name)) continue;
            declare(r, (Symbol){.name = name, .span = ast_span(r->file, results.items[k]),
                                .unused = DIAG_COUNT});
        }
        AstRange items = ast_list(r->file, child(r, train, AST_TRAIN_ITEMS), AST_LIST_ITEMS);
        for (uint32_t k = 0; k < items.count; k++) resolve_item(r, items.items[k]);
        close_scope(r, outer);
        note_pending(r, keyword_span(r, train, 5),
                     "the training section is not analysed yet: gradients and updates are not "
                     "checked");
    }
}

static void resolve_definition(Resolver *r, Ast declaration) {
    AstKind kind = ast_kind(r->file, declaration);
    bool model = kind == AST_MODEL;
    uint32_t outer = open_scope(r);
    r->words.count = 0;
    resolve_parameters(r, declaration, model);
    resolve_attributes(r, declaration, model);
    resolve_results(r, declaration);
    if (kind == AST_EXTERN) {
        not_supported(r, declaration, keyword_span(r, declaration, 6), "an `extern block`");
        for (uint32_t i = r->scope; i < r->symbols.count; i++) r->symbols.data[i].used = true;
    } else {
        Ast body = child(r, declaration, AST_BLOCK_BODY);
        if (ast_kind(r->file, body) == AST_BODY) resolve_body(r, body, AST_RETURN);
        if (model) resolve_training(r, declaration);
    }
    close_scope(r, outer);
}

static bool is_definition(AstKind kind) {
    return kind == AST_MODEL || kind == AST_BLOCK || kind == AST_EXTERN;
}

/* Names of models, blocks and externs; how many models there are. */
static uint32_t resolve_declared_names(Resolver *r, AstRange declarations) {
    uint32_t *first = ARENA_ARRAY(&r->cx->scratch, uint32_t, r->callees->name_count);
    uint32_t models = 0;
    for (uint32_t i = 0; i < declarations.count; i++) {
        AstKind kind = ast_kind(r->file, declarations.items[i]);
        Name name = ast_name(r->file, declarations.items[i]);
        models += kind == AST_MODEL;
        if (kind == AST_IMPORT) {
            r->imports = true;
            not_supported(r, declarations.items[i], keyword_span(r, declarations.items[i], 6),
                          "`import`");
        }
        if (!is_definition(kind)) continue;
        if (first[name.id] != 0) {
            const Symbol symbol = {.span = name_span(r, declarations.items[first[name.id] - 1])};
            report_duplicate(r, &symbol, name, name_span(r, declarations.items[i]));
        } else {
            first[name.id] = i + 1;
        }
    }
    return models;
}

static void resolve_train_names(Resolver *r, AstRange declarations) {
    for (uint32_t i = 0; i < declarations.count; i++) {
        if (ast_kind(r->file, declarations.items[i]) != AST_TRAIN) continue;
        Name name = ast_name(r->file, declarations.items[i]);
        Nearest nearest = nearest_to(r->cx, name);
        bool found = false;
        for (uint32_t k = 0; k < declarations.count; k++) {
            if (ast_kind(r->file, declarations.items[k]) != AST_MODEL) continue;
            found = found || name_is(ast_name(r->file, declarations.items[k]), name);
            nearest_try(&nearest, text(r, ast_name(r->file, declarations.items[k])));
        }
        if (found || r->file->broken) continue;
        Diag *d = diag_new(r->cx, NNA1003, name_span(r, declarations.items[i]),
                           "there is no model `%s` to train", text(r, name));
        nearest_help(r->cx, d, &nearest);
        diag_emit(r->cx, d);
    }
}

/* A file without a model is a library: its blocks are for others. */
static void report_unused_blocks(Resolver *r, AstRange declarations, uint32_t models) {
    if (models == 0 || r->file->broken) return;
    for (uint32_t i = 0; i < declarations.count; i++) {
        Name name = ast_name(r->file, declarations.items[i]);
        AstKind kind = ast_kind(r->file, declarations.items[i]);
        if (kind != AST_BLOCK || r->block_used[name.id] || text(r, name)[0] == '_') continue;
        diag_say(r->cx, NNA1005, name_span(r, declarations.items[i]), "block `%s` is never used",
                 text(r, name));
    }
}

Resolution resolve_file(Ctx *cx, const File *file, const Callees *callees) {
    uint32_t names = callees->name_count;
    Resolver r = {.cx = cx, .file = file, .callees = callees};
    r.faulty = ARENA_ARRAY(&cx->module, uint8_t, file->nodes.count);
    r.block_used = ARENA_ARRAY(&cx->scratch, uint8_t, names);
    r.latest = ARENA_ARRAY(&cx->scratch, uint32_t, names);
    AstRange declarations = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    uint32_t models = resolve_declared_names(&r, declarations);
    for (uint32_t i = 0; i < declarations.count; i++) {
        if (is_definition(ast_kind(file, declarations.items[i]))) {
            resolve_definition(&r, declarations.items[i]);
        }
    }
    resolve_train_names(&r, declarations);
    report_unused_blocks(&r, declarations, models);
    return (Resolution){r.faulty};
}
