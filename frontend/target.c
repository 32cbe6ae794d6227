/* `@portable(tensorflow: "2.3", pytorch)` and `@precision(f16)`. Names and versions are checked
 * once, where names are; the lowering of a model reads them again in silence. */
#include "frontend/target.h"

#include "frontend/lower_internal.h"

#include <string.h>

static AstRange arguments_of(const File *file, Ast attribute) {
    return ast_list(file, attribute, AST_ATTRIBUTE_ARGUMENTS);
}

static Framework find_framework(const char *name) {
    int i = 0;
    while (i < FRAMEWORK_COUNT && strcmp(framework_text[i], name) != 0) i++;
    return (Framework)i;
}

/* The framework's name: before the colon, or alone. NAME_NONE: neither. */
static Name named(const File *file, Ast argument, Ast *version) {
    Ast value = ast_child(file, argument, AST_ARGUMENT_VALUE);
    *version = AST_NONE;
    if (ast_name(file, argument).id == 0) {
        return ast_kind(file, value) == AST_NAME ? ast_name(file, value) : NAME_NONE;
    }
    *version = value;
    return ast_name(file, argument);
}

/* False where the argument is wrong; with `cx` that is reported. */
static bool read_target(Ctx *cx, const Names *names, const File *file, Ast argument,
                        Target *out) {
    Ast version = AST_NONE;
    Name name = named(file, argument, &version);
    Span span = ast_span(file, argument);
    *out = (Target){.framework = FRAMEWORK_COUNT, .span = span, .any_version = version.id == 0};
    if (name.id != 0) out->framework = find_framework(names_text(names, name));
    if (out->framework == FRAMEWORK_COUNT && cx) {
        Buf list = buf_make(&cx->scratch);
        Nearest nearest = nearest_to(cx, name);
        Diag *d = name.id == 0
                      ? diag_new(cx, NNA1008, span, "`@portable` takes names of frameworks")
                      : diag_new(cx, NNA1003, span, "unknown framework `%s`",
                                 names_text(names, name));
        for (int i = 0; i < FRAMEWORK_COUNT; i++) {
            if (name.id != 0) nearest_try(&nearest, framework_text[i]);
            buf_printf(&list, "%s`%s`", i > 0 ? ", " : "", framework_text[i]);
        }
        diag_note(cx, d, "there are %s", buf_text(&list));
        if (name.id != 0) nearest_help(cx, d, &nearest);
        diag_emit(cx, d);
    }
    if (out->framework == FRAMEWORK_COUNT) return false;
    if (version.id == 0) return true;
    bool string = ast_kind(file, version) == AST_STRING;
    if (string && version_parse(names_text(names, ast_name(file, version)), &out->version)) {
        return true;
    }
    if (cx && ast_kind(file, version) != AST_ERROR) {
        Diag *d = diag_new(cx, string ? NNA5001 : NNA1008, ast_span(file, version),
                           string ? "this is no version" : "a version is a string");
        diag_help(cx, d, "versions are numbers, with `dev`, `a`, `b` or `rc` before a release: "
                         "`\"2.3\"`, `\"2.0.0-rc1\"`");
        diag_emit(cx, d);
    }
    return false;
}

void portable_check(Ctx *cx, const File *file, Ast attribute) {
    AstRange arguments = arguments_of(file, attribute);
    Span seen[FRAMEWORK_COUNT] = {{0, 0}};
    if (arguments.count == 0) {
        Diag *d = diag_new(cx, NNA1007, ast_span(file, attribute), "`@portable` to what?");
        diag_help(cx, d, "as in `@portable(tensorflow: \"2.3\", pytorch)`");
        diag_emit(cx, d);
    }
    for (uint32_t i = 0; i < arguments.count; i++) {
        Target target;
        read_target(cx, &cx->names, file, arguments.items[i], &target);
        if (target.framework == FRAMEWORK_COUNT) continue;
        Span *first = &seen[target.framework];
        if (first->end != 0) {
            Diag *d = diag_new(cx, NNA1007, target.span, "`%s` is given twice",
                               framework_text[target.framework]);
            diag_label(cx, d, *first, "first here");
            diag_emit(cx, d);
        }
        *first = target.span;
    }
}

static DType precision_of(const Names *names, const File *file, Ast attribute) {
    AstRange arguments = arguments_of(file, attribute);
    if (arguments.count != 1 || ast_name(file, arguments.items[0]).id != 0) return DTYPE_NONE;
    Ast value = ast_child(file, arguments.items[0], AST_ARGUMENT_VALUE);
    if (ast_kind(file, value) != AST_NAME) return DTYPE_NONE;
    DType dtype = dtype_find(names_text(names, ast_name(file, value)));
    return dtype_is_float(dtype) ? dtype : DTYPE_NONE;
}

void precision_check(Ctx *cx, const File *file, Ast attribute) {
    AstRange arguments = arguments_of(file, attribute);
    if (precision_of(&cx->names, file, attribute) != DTYPE_NONE) return;
    Ast value = AST_NONE;
    Name name = NAME_NONE;
    DiagCode code = NNA1007;
    Span span = ast_span(file, attribute);
    if (arguments.count == 1 && ast_name(file, arguments.items[0]).id == 0) {
        value = ast_child(file, arguments.items[0], AST_ARGUMENT_VALUE);
        span = ast_span(file, value);
        if (ast_kind(file, value) == AST_NAME) name = ast_name(file, value);
        bool known = name.id != 0 && dtype_find(names_text(&cx->names, name)) != DTYPE_NONE;
        code = known ? NNA5001 : name.id != 0 ? NNA1003 : NNA1008;
    }
    Diag *d = diag_new(cx, code, span,
                       "`@precision` takes one floating-point type, as in `@precision(f16)`");
    if (code == NNA1003) {
        Nearest nearest = nearest_to(cx, name);
        for (int t = DTYPE_NONE + 1; t < DTYPE_COUNT; t++) {
            if (dtype_is_float((DType)t)) nearest_try(&nearest, dtype_info[t].spelling);
        }
        nearest_help(cx, d, &nearest);
    }
    diag_emit(cx, d);
}

void targets_read(Graph *g, const File *file, Ast model) {
    const Names *names = &g->cx->names;
    Ast list = ast_child(file, model, AST_MODEL_ATTRIBUTES);
    AstRange attributes = list.id == 0 ? (AstRange){0} : ast_list(file, list, AST_LIST_ITEMS);
    for (uint32_t i = 0; i < attributes.count; i++) {
        Ast attribute = attributes.items[i];
        if (ast_kind(file, attribute) != AST_ATTRIBUTE) continue;
        const char *word = names_text(names, ast_name(file, attribute));
        if (strcmp(word, "precision") == 0) g->precision = precision_of(names, file, attribute);
        if (strcmp(word, "portable") != 0) continue;
        AstRange arguments = arguments_of(file, attribute);
        for (uint32_t k = 0; k < arguments.count; k++) {
            Target target;
            if (!read_target(NULL, names, file, arguments.items[k], &target)) continue;
            vec_push(&g->cx->module, &g->targets, target);
        }
    }
}
