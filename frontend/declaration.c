/* Names of a whole file: its declarations, their parameters and attributes. */
#include "frontend/allow.h"
#include "frontend/resolve_internal.h"
#include "frontend/target.h"

#include <string.h>

/* Of an imported file only the blocks are of use. */
static void note_pending(Resolver *r, Span span, const char *what) {
    if (r->module->number > 0) return;
    Diag *d = diag_new(r->cx, NNA0004, span, "%s", what);
    d->severity = SEVERITY_NOTE;
    diag_emit(r->cx, d);
}

static void resolve_dims_attribute(Resolver *r, Ast attribute) {
    AstRange arguments = ast_list(r->file, attribute, AST_ATTRIBUTE_ARGUMENTS);
    for (uint32_t i = 0; i < arguments.count; i++) {
        Name name = ast_name(r->file, arguments.items[i]);
        Ast value = child(r, arguments.items[i], AST_ARGUMENT_VALUE);
        Span span = ast_span(r->file, arguments.items[i]);
        if (name.id == 0) {
            Diag *d = diag_new(r->cx, NNA1007, span, "a range of `@dims` without its dimension");
            diag_help(r->cx, d, "write the name before it: `@dims(N: 1..64)`");
            diag_emit(r->cx, d);
        } else if (!resolve_find(r, name)) {
            resolve_unknown_name(r, arguments.items[i], name, span);
        }
        resolve_expression(r, value);
    }
}

static const char *const known_attributes[] = {"allow", "dims", "entry", "portable", "precision"};

static void resolve_attribute(Resolver *r, Ast attribute, bool model) {
    const char *name = text(r, ast_name(r->file, attribute));
    Span span = ast_span(r->file, attribute);
    if (ast_kind(r->file, attribute) != AST_ATTRIBUTE) return;
    if (strcmp(name, "allow") == 0) {
        allow_check(r->cx, r->file, attribute);
    } else if (strcmp(name, "dims") == 0 && model) {
        resolve_dims_attribute(r, attribute);
    } else if (strcmp(name, "portable") == 0 && model) {
        portable_check(r->cx, r->file, attribute);
        note_pending(r, span, "not supported by this version: the checks of `@portable`");
    } else if (strcmp(name, "precision") == 0 && model) {
        precision_check(r->cx, r->file, attribute);
    } else if (strcmp(name, "entry") != 0 || !model) {
        Nearest nearest = nearest_to(r->cx, ast_name(r->file, attribute));
        Diag *d = diag_new(r->cx, NNA1006, span, "there is no attribute `@%s` here", name);
        for (size_t i = 0; i < sizeof known_attributes / sizeof *known_attributes; i++) {
            nearest_try(&nearest, known_attributes[i]);
        }
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
        if (resolve_find(r, ast_name(r->file, dimension))) continue;
        resolve_declare(r, (Symbol){.name = ast_name(r->file, dimension),
                                    .unused = DIAG_COUNT,
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
    resolve_declare(r, (Symbol){.name = ast_name(r->file, parameter),
                                .span = resolve_name_span(r, parameter),
                                .unused = !known  ? DIAG_COUNT
                                          : input ? NNA4002
                                                  : NNA1005,
                                .what = input ? "input" : "parameter"});
}

/* Of a parameter that could not be read only the name may be there; what followed it up to
 * the next one is lost. */
static bool is_whole(const Resolver *r, Ast parameter) {
    if (ast_kind(r->file, parameter) != AST_PARAMETER) return false;
    Ast type = child(r, parameter, AST_PARAMETER_TYPE);
    return type.id != 0 && ast_kind(r->file, type) != AST_ERROR;
}

static void resolve_parameters(Resolver *r, Ast declaration, bool model) {
    AstRange list = ast_list(r->file, child(r, declaration, AST_BLOCK_PARAMETERS), AST_LIST_ITEMS);
    r->lost = false;
    for (uint32_t i = 0; i < list.count; i++) {
        declare_parameter(r, list.items[i], model);
        r->lost = r->lost || !is_whole(r, list.items[i]);
    }
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
        Formal formal = formal_of(r->cx, r->file, list.items[i]);
        resolve_argument(r, &formal, value);
    }
    if (list.count > MAX_FORMALS && !model) {
        diag_say(r->cx, NNA0004, resolve_name_span(r, declaration),
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
            const Symbol first = {.span = resolve_name_span(r, list.items[k])};
            const Symbol again = {.name = name, .span = resolve_name_span(r, list.items[i])};
            resolve_duplicate(r, &first, &again);
        }
    }
}

/* Types that C can be told of are another matter than what may be written (extern_fault). */
static void resolve_extern(Resolver *r, Ast declaration) {
    const char *what = NULL;
    Ast place = extern_fault(r->cx, r->file, declaration, &what);
    if (!what) return;
    bool itself = place.id == declaration.id;
    Span span = itself ? resolve_name_span(r, declaration) : ast_span(r->file, place);
    if (itself) diag_say(r->cx, NNA5001, span, "%s", what);
    else resolve_not_supported(r, place, span, what);
}

static void use_all(Resolver *r) {
    for (uint32_t i = r->scope; i < r->symbols.count; i++) r->symbols.data[i].used = true;
}

/* Without its `return`, which the parser misses, nothing can tell what is of use. */
static bool body_is_ended(const Resolver *r, Ast body) {
    if (ast_kind(r->file, body) != AST_BODY) return false;
    AstRange list = ast_list(r->file, body, AST_BODY_STATEMENTS);
    return list.count > 0 && ast_kind(r->file, list.items[list.count - 1]) == AST_RETURN;
}

static void resolve_definition(Resolver *r, Ast declaration) {
    AstKind kind = ast_kind(r->file, declaration);
    bool model = kind == AST_MODEL;
    uint32_t outer = resolve_open_scope(r);
    r->words.count = 0;
    resolve_parameters(r, declaration, model);
    resolve_attributes(r, declaration, model);
    resolve_results(r, declaration);
    if (kind == AST_EXTERN) {
        resolve_extern(r, declaration);
        use_all(r);
    } else {
        Ast body = child(r, declaration, AST_BLOCK_BODY);
        if (ast_kind(r->file, body) == AST_BODY) resolve_body(r, body);
        if (!body_is_ended(r, body)) use_all(r);
        if (model) resolve_training(r, declaration);
    }
    resolve_close_scope(r, outer);
}

static bool is_definition(AstKind kind) {
    return kind == AST_MODEL || kind == AST_BLOCK || kind == AST_EXTERN;
}

/* Attributes of what is no definition: statements, imports, training. */
static void resolve_other_attributes(Resolver *r) {
    for (uint32_t id = 1; id < r->file->nodes.count; id++) {
        AstKind kind = ast_kind(r->file, (Ast){id});
        AstClass class = ast_kind_info[kind].class;
        if ((class == AST_CLASS_DECLARATION && !is_definition(kind)) ||
            class == AST_CLASS_STATEMENT || class == AST_CLASS_ITEM) {
            resolve_attributes(r, (Ast){id}, false);
        }
    }
}

/* Names of models, blocks and externs; how many models there are. */
static uint32_t resolve_declared_names(Resolver *r, AstRange declarations) {
    uint32_t models = 0;
    for (uint32_t i = 0; i < declarations.count; i++) {
        AstKind kind = ast_kind(r->file, declarations.items[i]);
        Name name = ast_name(r->file, declarations.items[i]);
        models += kind == AST_MODEL;
        if (!is_definition(kind)) continue;
        uint32_t first = r->declared[name.id];
        if (first != 0) {
            const Symbol before = {.span = resolve_name_span(r, declarations.items[first - 1])};
            const Symbol again = {.name = name,
                                  .span = resolve_name_span(r, declarations.items[i])};
            resolve_duplicate(r, &before, &again);
        } else {
            r->declared[name.id] = i + 1;
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
        Diag *d = diag_new(r->cx, NNA1003, resolve_name_span(r, declarations.items[i]),
                           "there is no model `%s` to train", text(r, name));
        nearest_help(r->cx, d, &nearest);
        diag_emit(r->cx, d);
    }
}

/* A file without a model is a library, as is one that is imported: its blocks are for others. */
static void report_unused_blocks(Resolver *r, AstRange declarations, uint32_t models) {
    if (models == 0 || r->module->number > 0 || r->file->broken) return;
    for (uint32_t i = 0; i < declarations.count; i++) {
        Name name = ast_name(r->file, declarations.items[i]);
        AstKind kind = ast_kind(r->file, declarations.items[i]);
        bool is_block = kind == AST_BLOCK || kind == AST_EXTERN;
        if (!is_block || r->block_used[name.id] || text(r, name)[0] == '_') continue;
        r->block_used[name.id] = 1;
        diag_say(r->cx, NNA1005, resolve_name_span(r, declarations.items[i]),
                 "block `%s` is never used", text(r, name));
    }
}

/* `tables` has the arrays by name, which the files share: as they were, when it is done. (That a
 * block is used counts for the file that was given, the first one.) */
static void resolve_file(Resolver *tables, Module *module) {
    Resolver r = *tables;
    const File *file = module->file;
    r.module = module;
    r.file = file;
    r.faulty = module->faulty = ARENA_ARRAY(&r.cx->module, uint8_t, file->nodes.count);
    memset(r.file_used, 0, r.callees->module_count);
    AstRange declarations = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    uint32_t models = resolve_declared_names(&r, declarations);
    resolve_imports(&r, declarations);
    for (uint32_t i = 0; i < declarations.count; i++) {
        if (is_definition(ast_kind(file, declarations.items[i]))) {
            resolve_definition(&r, declarations.items[i]);
        }
    }
    resolve_other_attributes(&r);
    resolve_train_names(&r, declarations);
    report_unused_blocks(&r, declarations, models);
    resolve_unused_imports(&r);
    for (uint32_t i = 0; i < declarations.count; i++) {
        r.declared[ast_name(file, declarations.items[i]).id] = 0;
    }
}

void resolve_modules(Ctx *cx, const Callees *callees) {
    Resolver tables = {.cx = cx, .callees = callees};
    tables.file_used = ARENA_ARRAY(&cx->scratch, uint8_t, callees->module_count);
    tables.block_used = ARENA_ARRAY(&cx->scratch, uint8_t, callees->name_count);
    tables.declared = ARENA_ARRAY(&cx->scratch, uint32_t, callees->name_count);
    tables.latest = ARENA_ARRAY(&cx->scratch, uint32_t, callees->name_count);
    for (uint32_t i = 0; i < callees->module_count; i++) {
        resolve_file(&tables, &callees->modules[i]);
    }
}
