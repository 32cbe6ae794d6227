/* Names. Every declaration is walked once, whether a model uses it or not: unknown names and
 * operators, duplicates, calls whose arguments do not fit, what is never used, and what the
 * language has but this version does not. Nothing here knows a shape.
 *
 * What is reported is marked faulty, so that the expansion, which may come here many times,
 * takes it silently. */
#include "frontend/resolve_internal.h"

#include "frontend/element.h"

#include <string.h>

static void mark_faulty(Resolver *r, Ast ast) {
    r->faulty[ast.id] = 1;
}

void resolve_not_supported(Resolver *r, Ast ast, Span span, const char *what) {
    diag_say(r->cx, NNA0004, span, "not supported by this version: %s", what);
    mark_faulty(r, ast);
}

Span resolve_keyword_span(const Resolver *r, Ast ast, uint32_t length) {
    Span span = ast_span(r->file, ast);
    return (Span){span.begin, span.begin + length};
}

static bool is_identifier_byte(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Span declared_name_span(const Ctx *cx, const File *file, Ast ast) {
    Span span = ast_span(file, ast);
    const Source *source = file->source;
    const char *name = names_text(&cx->names, ast_name(file, ast));
    size_t length = strlen(name);
    Ast first = ast_child(file, ast, 0);
    uint32_t at = span.begin;
    if (first.id != 0 && ast_kind(file, first) == AST_LIST) at = ast_span(file, first).end;
    for (; length > 0 && at + length <= span.end; at++) {
        const char *here = source->text + (at - source->base);
        bool begins = at == source->base || !is_identifier_byte(here[-1]);
        if (begins && memcmp(here, name, length) == 0 && !is_identifier_byte(here[length])) {
            return (Span){at, at + (uint32_t)length};
        }
    }
    return span;
}

Span resolve_name_span(const Resolver *r, Ast ast) {
    return declared_name_span(r->cx, r->file, ast);
}

Symbol *resolve_find(const Resolver *r, Name name) {
    uint32_t index = r->latest[name.id];
    return index == 0 ? NULL : &r->symbols.data[index - 1];
}

void resolve_duplicate(Resolver *r, const Symbol *first, const Symbol *symbol) {
    Diag *d = diag_new(r->cx, NNA1004, symbol->span, "`%s` is declared twice",
                       text(r, symbol->name));
    diag_label(r->cx, d, first->span, "first here");
    if (symbol->shadows) diag_help(r->cx, d, "a `let` may take the name of an earlier `let` alone");
    diag_emit(r->cx, d);
}

/* A new symbol of the innermost scope; a let may take the name of an earlier let. */
void resolve_declare(Resolver *r, Symbol symbol) {
    uint32_t hidden = r->latest[symbol.name.id];
    if (strcmp(text(r, symbol.name), "_") == 0) return;
    if (hidden > r->scope) {
        Symbol *first = &r->symbols.data[hidden - 1];
        if (!symbol.shadows || !first->shadows) {
            resolve_duplicate(r, first, &symbol);
            first->used = symbol.used = true;
        }
    }
    symbol.previous = hidden;
    vec_push(&r->cx->scratch, &r->symbols, symbol);
    r->latest[symbol.name.id] = r->symbols.count;
}

/* Whether a name may be used in text that could not be read: it stands somewhere else too. */
static bool may_be_lost(const Resolver *r, const char *name, Span span) {
    const Source *source = r->file->source;
    size_t length = strlen(name);
    if (!r->file->broken || length == 0) return false;
    for (const char *at = source->text; (at = strstr(at, name)) != NULL; at += length) {
        if (at == source->text + (span.begin - source->base)) continue;
        bool begins = at == source->text || !is_identifier_byte(at[-1]);
        if (begins && !is_identifier_byte(at[length])) return true;
    }
    return false;
}

static void report_unused(Resolver *r, const Symbol *symbol) {
    const char *name = text(r, symbol->name);
    if (symbol->used || symbol->unused == DIAG_COUNT || name[0] == '_') return;
    if (may_be_lost(r, name, symbol->span)) return;
    Diag *d = diag_new(r->cx, symbol->unused, symbol->span, "%s `%s` is never used", symbol->what,
                       name);
    if (symbol->local) diag_help(r->cx, d, "a name that begins with `_` may be unused");
    diag_emit(r->cx, d);
}

uint32_t resolve_open_scope(Resolver *r) {
    uint32_t outer = r->scope;
    r->scope = r->symbols.count;
    return outer;
}

void resolve_close_scope(Resolver *r, uint32_t outer) {
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

static Nearest nearest_symbol(const Resolver *r, Name name) {
    Nearest nearest = nearest_to(r->cx, name);
    for (uint32_t i = 0; i < r->symbols.count; i++) {
        nearest_try(&nearest, text(r, r->symbols.data[i].name));
    }
    return nearest;
}

/* A near name is taken to be what was meant: it counts as used. */
void resolve_unknown_name(Resolver *r, Ast ast, Name name, Span span) {
    if (ast.id != 0) mark_faulty(r, ast);
    if (r->lost && may_be_lost(r, text(r, name), span)) return;
    Nearest nearest = nearest_symbol(r, name);
    for (uint32_t i = 0; i < r->symbols.count && nearest.best; i++) {
        Symbol *symbol = &r->symbols.data[i];
        if (strcmp(text(r, symbol->name), nearest.best) == 0) symbol->used = true;
    }
    Diag *d = diag_new(r->cx, NNA1003, span, "unknown name `%s`", text(r, name));
    if (callee_find(r->callees, r->module, name)) {
        diag_help(r->cx, d, "`%s` is no value: it is called, as in `%s(...)`", text(r, name),
                  text(r, name));
    } else {
        nearest_help(r->cx, d, &nearest);
    }
    diag_emit(r->cx, d);
}

bool resolve_use(Resolver *r, Name name) {
    Symbol *symbol = resolve_find(r, name);
    if (symbol) symbol->used = true;
    return symbol != NULL;
}

static void resolve_name(Resolver *r, Ast ast) {
    Name name = ast_name(r->file, ast);
    if (resolve_use(r, name) || name_is(name, r->callees->none) || is_word(r, name)) return;
    if (dtype_find(text(r, name)) != DTYPE_NONE) return;
    resolve_unknown_name(r, ast, name, ast_span(r->file, ast));
}

static void resolve_list(Resolver *r, AstRange list) {
    for (uint32_t i = 0; i < list.count; i++) resolve_expression(r, list.items[i]);
}

/* Calls. */

static const Callee *find_callee(const Resolver *r, Name name) {
    return callee_find(r->callees, r->module, name);
}

static Nearest nearest_callee(const Resolver *r, Name name) {
    Nearest nearest = nearest_to(r->cx, name);
    for (uint32_t i = 0; i < r->callees->all.count; i++) {
        nearest_try(&nearest, text(r, r->callees->all.data[i]->name));
    }
    for (uint32_t i = 0; i < r->module->visible_count; i++) {
        nearest_try(&nearest, text(r, r->module->visible[i]->name));
    }
    return nearest;
}

static void use_callee(Resolver *r, const Callee *callee) {
    if (!callee->module || callee->prelude) return;
    r->file_used[callee->module->number] = 1;
    if (callee->kind == CALLEE_BLOCK) r->block_used[callee->name.id] = 1;
}

/* A near block is taken to be what was meant: it counts as used. */
static void unknown_callee(Resolver *r, Ast call, Name name, Span span) {
    mark_faulty(r, call);
    if (r->imports) return;
    Nearest nearest = nearest_callee(r, name);
    Diag *d = diag_new(r->cx, NNA1006, span, "unknown operator or block `%s`", text(r, name));
    nearest_help(r->cx, d, &nearest);
    resolve_elsewhere_help(r, d, name);
    diag_emit(r->cx, d);
    for (uint32_t i = 0; i < r->module->visible_count && nearest.best; i++) {
        const Callee *near = r->module->visible[i];
        if (strcmp(text(r, near->name), nearest.best) == 0) use_callee(r, near);
    }
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
    if (kind == AST_NAME && resolve_use(r, name)) return;
    Span span = ast_span(r->file, ast);
    if (!init_find(text(r, name), &init, &wanted)) {
        Nearest nearest = nearest_to(r->cx, name);
        Diag *d = diag_new(r->cx, NNA1006, span, "unknown initializer `%s`", text(r, name));
        init_nearest(&nearest);
        nearest_help(r->cx, d, &nearest);
        diag_emit(r->cx, d);
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
    if (resolve_use(r, name) || name_is(name, r->callees->none)) return;
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
    if (resolve_use(r, name) || name_is(name, r->callees->none)) return;
    const Callee *callee = find_callee(r, name);
    if (callee) use_callee(r, callee);
    else unknown_callee(r, ast, name, ast_span(r->file, ast));
}

/* Whether a name may be an element type: it is one, or a parameter that is. */
static bool find_dtype(Resolver *r, Ast ast) {
    Name name = ast_name(r->file, ast);
    if (dtype_find(text(r, name)) != DTYPE_NONE || resolve_find(r, name)) return true;
    Nearest nearest = nearest_to(r->cx, name);
    for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
        nearest_try(&nearest, dtype_info[t].spelling);
    }
    Diag *d = diag_new(r->cx, NNA1003, ast_span(r->file, ast), "unknown element type `%s`",
                       text(r, name));
    nearest_help(r->cx, d, &nearest);
    diag_emit(r->cx, d);
    mark_faulty(r, ast);
    return false;
}

/* "same" in place of same. */
static void quoted_word(Resolver *r, const Formal *formal, Ast ast) {
    Diag *d = diag_new(r->cx, NNA1008, ast_span(r->file, ast), "`%s` takes a word, not a string",
                       text(r, formal->name));
    diag_help(r->cx, d, "without quotes: `%s: %s`", text(r, formal->name),
              text(r, ast_name(r->file, ast)));
    diag_emit(r->cx, d);
    mark_faulty(r, ast);
}

void resolve_argument(Resolver *r, const Formal *formal, Ast ast) {
    bool name = ast_kind(r->file, ast) == AST_NAME;
    switch (formal->want) {
    case WANT_WORD:
        if (ast_kind(r->file, ast) == AST_STRING) {
            quoted_word(r, formal, ast);
            return;
        }
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
    case WANT_DTYPE:
        if (name && !find_dtype(r, ast)) return;
        break;
    case WANT_VALUE:
    case WANT_TENSOR: break;
    }
    resolve_expression(r, ast);
}

/* The arguments of a call of something whose formals are not known: words pass. */
void resolve_loosely(Resolver *r, AstRange arguments) {
    for (uint32_t i = 0; i < arguments.count; i++) {
        Ast value = child(r, arguments.items[i], AST_ARGUMENT_VALUE);
        bool named = ast_name(r->file, arguments.items[i]).id != 0;
        if (named && ast_kind(r->file, value) == AST_NAME) {
            resolve_use(r, ast_name(r->file, value));
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
void resolve_arguments(Resolver *r, Ast call, const Callee *callee, bool piped,
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
    Symbol *symbol = resolve_find(r, name);
    if (symbol && symbol->layer.id != 0) {
        symbol->used = true;
        layer = ast_list(r->file, symbol->layer, AST_CALL_ARGUMENTS);
        name = ast_name(r->file, symbol->layer);
    }
    const Callee *callee = find_callee(r, name);
    if (!callee && symbol && r->file->source->is_prelude) { /* a parameter that is an operator */
        symbol->used = true;
        resolve_loosely(r, arguments);
        return;
    }
    if (!callee || callee->kind == CALLEE_UNKNOWN) {
        mark_faulty(r, call);
        if (!callee && (!symbol || symbol->layer.id == 0)) unknown_callee(r, call, name, place);
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

static const char *const static_types[] = {"int",   "real", "bool", "string", "dtype",
                                           "dim",   "init", /* and in the prelude: */
                                           "any",   "ints", "op"};
enum { USER_STATIC_TYPES = 7 };

static bool is_static_type(const char *name, bool prelude) {
    size_t count = prelude ? sizeof static_types / sizeof *static_types : USER_STATIC_TYPES;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, static_types[i]) == 0) return true;
    }
    return false;
}

static void unknown_type(Resolver *r, Ast type) {
    Nearest nearest = nearest_to(r->cx, ast_name(r->file, type));
    for (size_t i = 0; i < USER_STATIC_TYPES && ast_kind(r->file, type) == AST_STATIC_TYPE; i++) {
        nearest_try(&nearest, static_types[i]);
    }
    for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++)
        nearest_try(&nearest, dtype_info[t].spelling);
    Span span = ast_span(r->file, type);
    span.end = span.begin + names_length(&r->cx->names, ast_name(r->file, type));
    const char *name = text(r, ast_name(r->file, type));
    bool element = dtype_find(name) != DTYPE_NONE;
    Diag *d = diag_new(r->cx, NNA1003, span,
                       element ? "`%s` alone is no type" : "unknown type `%s`", name);
    if (element) {
        diag_help(r->cx, d, "a tensor's shape belongs to its type: `%s[N, 3]`, or `%s[]` for one "
                  "number", name, name);
    }
    if (!element) nearest_help(r->cx, d, &nearest);
    diag_emit(r->cx, d);
    mark_faulty(r, type);
}

/* Dimension variables are declared before; what is unknown here stands in no parameter. */
static void resolve_dimensions(Resolver *r, AstRange list) {
    for (uint32_t i = 0; i < list.count; i++) {
        Name name = ast_name(r->file, list.items[i]);
        if (ast_kind(r->file, list.items[i]) != AST_NAME || resolve_find(r, name) || r->lost ||
            nearest_symbol(r, name).best) {
            resolve_expression(r, list.items[i]);
            continue;
        }
        Diag *d = diag_new(r->cx, NNA1003, ast_span(r->file, list.items[i]),
                           "unknown dimension `%s`", text(r, name));
        diag_help(r->cx, d, "a dimension variable is introduced in the type of a parameter");
        diag_emit(r->cx, d);
        mark_faulty(r, list.items[i]);
    }
}

void resolve_type(Resolver *r, Ast type) {
    if (type.id == 0) return;
    bool prelude = r->file->source->is_prelude;
    const char *name = text(r, ast_name(r->file, type));
    switch (ast_kind(r->file, type)) {
    case AST_TENSOR_TYPE:
        if (dtype_find(name) == DTYPE_NONE && !(prelude && element_variable_find(name))) {
            unknown_type(r, type);
        }
        resolve_dimensions(r, ast_list(r->file, type, AST_TENSOR_TYPE_DIMENSIONS));
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
    uint32_t before = r->symbols.count;
    for (uint32_t i = 0; i < names.count; i++) {
        Name name = ast_name(r->file, names.items[i]);
        bool repeated = r->latest[name.id] > before; /* in this pattern */
        resolve_declare(r, (Symbol){.name = name,
                                    .shadows = !repeated,
                                    .span = ast_span(r->file, names.items[i]),
                                    .unused = NNA4003,
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
        if (callee && callee->kind == CALLEE_FUNCTION) {
            diag_say(r->cx, NNA1008, place, "`%s` has no parameters: it cannot be a layer",
                     text(r, name));
        }
        resolve_loosely(r, arguments);
    }
    resolve_declare(r, (Symbol){.name = ast_name(r->file, ast),
                                .span = resolve_name_span(r, ast),
                                .unused = NNA4001,
                                .what = "layer",
                                .layer = call});
}

static void resolve_parameter_statement(Resolver *r, Ast ast, const char *what, DiagCode unused) {
    resolve_type(r, child(r, ast, AST_PARAM_TYPE));
    Ast init = child(r, ast, AST_PARAM_INIT);
    if (init.id != 0) resolve_init(r, init);
    if (r->latest[ast_name(r->file, ast).id] > r->scope) mark_faulty(r, ast); /* a duplicate */
    resolve_declare(r, (Symbol){.name = ast_name(r->file, ast),
                                .span = resolve_name_span(r, ast),
                                .unused = unused,
                                .what = what,
                                .buffer = ast_kind(r->file, ast) == AST_BUFFER});
}

static void update_of_another(Resolver *r, Ast ast, Symbol *symbol) {
    const char *what = symbol->shadows ? "value of a `let`"
                       : symbol->local ? "name of a loop"
                       : symbol->what  ? symbol->what
                                       : "dimension";
    Diag *d = diag_new(r->cx, NNA1008, resolve_name_span(r, ast),
                       "`update` takes a buffer, and `%s` is %s %s", text(r, symbol->name),
                       *what == 'i' ? "an" : "a", what);
    diag_label(r->cx, d, symbol->span, "declared here");
    diag_help(r->cx, d, "what is kept from call to call is declared as `buffer %s: ... init ...`, "
                        "in the body that updates it", text(r, symbol->name));
    diag_emit(r->cx, d);
    symbol->used = true;
    mark_faulty(r, ast);
}

/* The name is no use of the buffer: what nobody reads is of no use, whatever is written to it. */
static void resolve_update(Resolver *r, Ast ast) {
    Name name = ast_name(r->file, ast);
    Symbol *symbol = resolve_find(r, name);
    resolve_expression(r, child(r, ast, AST_UPDATE_VALUE));
    if (symbol == NULL) resolve_unknown_name(r, ast, name, resolve_name_span(r, ast));
    else if (!symbol->buffer && !(symbol->shadows && symbol->unused == DIAG_COUNT)) {
        update_of_another(r, ast, symbol); /* what could not be read may be anything */
    }
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
            resolve_declare(r, (Symbol){.name = ast_name(r->file, names.items[i]),
                                        .shadows = true,
                                        .span = ast_span(r->file, names.items[i]),
                                        .unused = DIAG_COUNT});
        }
        return;
    }
    default: return;
    }
}

void resolve_body(Resolver *r, Ast body) {
    AstRange statements = ast_list(r->file, body, AST_BODY_STATEMENTS);
    for (uint32_t i = 0; i < statements.count; i++) resolve_statement(r, statements.items[i]);
}

/* Expressions. */

static void resolve_branch(Resolver *r, Ast ast) {
    if (ast_kind(r->file, ast) != AST_BODY) {
        resolve_expression(r, ast);
        return;
    }
    uint32_t outer = resolve_open_scope(r);
    resolve_body(r, ast);
    resolve_close_scope(r, outer);
}

static void declare_local(Resolver *r, Name name, Span span) {
    resolve_declare(r, (Symbol){.name = name,
                                .span = span,
                                .unused = NNA1005,
                                .what = "the name",
                                .local = true});
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
        declare_local(r, ast_name(r->file, list.items[i]), resolve_name_span(r, list.items[i]));
    }
}

static void resolve_for(Resolver *r, Ast ast) {
    Ast range = child(r, ast, AST_FOR_RANGE);
    resolve_expression(r, range);
    resolve_carries(r, child(r, ast, AST_FOR_CARRIES));
    uint32_t outer = resolve_open_scope(r);
    Span span = ast_span(r->file, ast);
    span = (Span){span.begin + 3, ast_span(r->file, range).begin};
    const Source *source = r->file->source;
    while (span.begin < span.end && strchr(" \t\r\n", source->text[span.begin - source->base])) {
        span.begin++;
    }
    span.end = span.begin + names_length(&r->cx->names, ast_name(r->file, ast));
    declare_local(r, ast_name(r->file, ast), span);
    declare_carries(r, child(r, ast, AST_FOR_CARRIES));
    resolve_body(r, child(r, ast, AST_FOR_BODY));
    resolve_close_scope(r, outer);
}

static void resolve_scan(Resolver *r, Ast ast) {
    Ast sources = child(r, ast, AST_SCAN_SOURCES), axis = child(r, ast, AST_SCAN_AXIS);
    resolve_list(r, ast_list(r->file, sources, AST_LIST_ITEMS));
    if (axis.id != 0) resolve_expression(r, axis);
    resolve_carries(r, child(r, ast, AST_SCAN_CARRIES));
    uint32_t outer = resolve_open_scope(r);
    AstRange names = ast_list(r->file, child(r, ast, AST_SCAN_NAMES), AST_PATTERN_NAMES);
    for (uint32_t i = 0; i < names.count; i++) {
        declare_local(r, ast_name(r->file, names.items[i]), ast_span(r->file, names.items[i]));
    }
    declare_carries(r, child(r, ast, AST_SCAN_CARRIES));
    resolve_body(r, child(r, ast, AST_SCAN_BODY));
    resolve_close_scope(r, outer);
}

static void resolve_children(Resolver *r, Ast ast) {
    uint32_t count = node(r, ast)->child_count;
    for (uint32_t i = 0; i < count; i++) {
        Ast part = child(r, ast, i);
        if (part.id != 0) resolve_expression(r, part);
    }
}

void resolve_expression(Resolver *r, Ast ast) {
    switch (ast_kind(r->file, ast)) {
    case AST_NAME: resolve_name(r, ast); return;
    case AST_CALL: resolve_call(r, ast, false); return;
    case AST_PIPE:
        resolve_expression(r, child(r, ast, AST_PIPE_VALUE));
        if (ast_kind(r->file, child(r, ast, AST_PIPE_CALL)) == AST_CALL) {
            resolve_call(r, child(r, ast, AST_PIPE_CALL), true);
        }
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
    case AST_MEMBER: /* which there are shows where values have shapes: member.c */
    case AST_INDEX:
    case AST_SLICE:
    case AST_RANGE:
    case AST_UNARY:
    case AST_BINARY: resolve_children(r, ast); return;
    default: return; /* literals, and what could not be read */
    }
}
