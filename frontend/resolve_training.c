/* Names of `train` sections: what is minimized, the methods and their settings (training.def),
 * what metrics use. Numbers and paths are looked at where a model is expanded (training.c). */
#include "frontend/resolve_internal.h"

#include "ir/training.h"

#include <math.h>
#include <string.h>

/* A row of the table as something that is called. */
static const Callee *method_callee(Ctx *cx, TrainingMethod method) {
    const TrainingInfo *info = &training_info[method];
    Formal *formals = ARENA_ARRAY(&cx->module, Formal, info->setting_count);
    for (uint32_t i = 0; i < info->setting_count; i++) {
        const SettingInfo *setting = &info->settings[i];
        formals[i] = (Formal){.name = names_intern_text(&cx->names, setting->name),
                              .required = isnan(setting->initial)};
        if (setting->kind == SETTING_KIND_DTYPE) formals[i].want = WANT_DTYPE;
    }
    Callee *callee = ARENA_NEW(&cx->module, Callee);
    *callee = (Callee){.kind = CALLEE_NONE, .method = method, .formals = formals,
                       .name = names_intern_text(&cx->names, info->spelling),
                       .formal_count = info->setting_count};
    return callee;
}

const Callee **training_callees(Ctx *cx) {
    const Callee **all = ARENA_ARRAY(&cx->module, const Callee *, TRAINING_METHOD_COUNT);
    for (int i = 0; i < TRAINING_METHOD_COUNT; i++) {
        all[i] = method_callee(cx, (TrainingMethod)i);
    }
    return all;
}

bool training_kind_of(AstKind kind, TrainingKind *out) {
    switch (kind) {
    case AST_OPTIMIZER: *out = TRAINING_KIND_OPTIMIZER; return true;
    case AST_SCHEDULE: *out = TRAINING_KIND_SCHEDULE; return true;
    case AST_CLIP: *out = TRAINING_KIND_CLIP; return true;
    case AST_PRECISION: *out = TRAINING_KIND_PRECISION; return true;
    case AST_REGULARIZE: *out = TRAINING_KIND_REGULARIZE; return true;
    default: return false;
    }
}

const Callee *training_callee(const Callees *callees, TrainingKind kind, Name name) {
    for (int i = 0; i < TRAINING_METHOD_COUNT; i++) {
        const Callee *callee = callees->training[i];
        if (training_info[i].kind == kind && name_is(callee->name, name)) return callee;
    }
    return NULL;
}

static void unknown_method(Resolver *r, Ast call, TrainingKind kind) {
    Name name = ast_name(r->file, call);
    Span span = ast_span(r->file, call);
    Nearest nearest = nearest_to(r->cx, name);
    Buf list = buf_make(&r->cx->scratch);
    span.end = span.begin + names_length(&r->cx->names, name);
    Diag *d = diag_new(r->cx, NNA1006, span, "unknown %s `%s`",
                       kind == TRAINING_KIND_CLIP         ? "kind of clipping"
                       : kind == TRAINING_KIND_REGULARIZE ? "regularizer"
                                                          : training_kind_text[kind],
                       text(r, name));
    for (int i = 0; i < TRAINING_METHOD_COUNT; i++) {
        if (training_info[i].kind != kind) continue;
        nearest_try(&nearest, training_info[i].spelling);
        buf_printf(&list, "%s`%s`", list.length > 0 ? ", " : "", training_info[i].spelling);
    }
    diag_note(r->cx, d, "there %s %s", strchr(buf_text(&list), ',') ? "are" : "is",
              buf_text(&list));
    nearest_help(r->cx, d, &nearest);
    diag_emit(r->cx, d);
    r->faulty[call.id] = 1;
}

/* Strings are paths, which are known when the model is expanded; names are inputs. */
static void resolve_paths(Resolver *r, Ast over) {
    if (over.id == 0 || ast_kind(r->file, over) != AST_LITERAL_LIST) return;
    AstRange list = ast_list(r->file, over, AST_LITERAL_LIST_ELEMENTS);
    for (uint32_t i = 0; i < list.count; i++) {
        if (ast_kind(r->file, list.items[i]) == AST_NAME) {
            resolve_use(r, ast_name(r->file, list.items[i]));
        }
    }
}

static void resolve_method(Resolver *r, Ast item, TrainingKind kind) {
    Ast call = child(r, item, AST_OPTIMIZER_CALL);
    if (ast_kind(r->file, call) != AST_CALL) return;
    const Callee *callee = training_callee(r->callees, kind, ast_name(r->file, call));
    AstRange arguments = ast_list(r->file, call, AST_CALL_ARGUMENTS);
    if (kind == TRAINING_KIND_OPTIMIZER) resolve_paths(r, child(r, item, AST_OPTIMIZER_OVER));
    if (callee) {
        resolve_arguments(r, call, callee, false, arguments, (AstRange){0}, true);
    } else {
        unknown_method(r, call, kind);
        resolve_loosely(r, arguments);
    }
}

static void resolve_item(Resolver *r, Ast item) {
    TrainingKind kind;
    AstKind node_kind = ast_kind(r->file, item);
    if (training_kind_of(node_kind, &kind)) {
        resolve_method(r, item, kind);
    } else if (node_kind == AST_MINIMIZE || node_kind == AST_MAXIMIZE) {
        if (!resolve_use(r, ast_name(r->file, item))) {
            resolve_unknown_name(r, item, ast_name(r->file, item), resolve_name_span(r, item));
        }
        resolve_paths(r, child(r, item, AST_MINIMIZE_OVER));
    } else if (node_kind != AST_ERROR) { /* batch, steps, epochs, metric: expressions */
        for (uint32_t i = 1; i < node(r, item)->child_count; i++) {
            if (child(r, item, i).id != 0) resolve_expression(r, child(r, item, i));
        }
    }
}

static void repeated(Resolver *r, Ast item, Ast first, Name name) {
    const char *word = ast_kind_info[ast_kind(r->file, item)].text;
    Diag *d = diag_new(r->cx, NNA1004, ast_span(r->file, item), "`%s%s%s` is there twice", word,
                       name.id != 0 ? " " : "", text(r, name));
    diag_label(r->cx, d, ast_span(r->file, first), "first here");
    diag_emit(r->cx, d);
}

/* One batch, one number of steps, one of each schedule, each metric and objective once. */
static void report_repeated(Resolver *r, AstRange items) {
    uint32_t *first[AST_KIND_COUNT] = {NULL}; /* by name: index + 1 */
    for (uint32_t i = 0; i < items.count; i++) {
        Ast item = items.items[i];
        AstKind kind = ast_kind(r->file, item);
        TrainingKind method;
        bool objective = kind == AST_MINIMIZE || kind == AST_MAXIMIZE;
        if (kind == AST_OPTIMIZER || kind == AST_REGULARIZE || kind == AST_ERROR) continue;
        if (objective && child(r, item, AST_MINIMIZE_OVER).id != 0) continue;
        bool call = training_kind_of(kind, &method);
        Name name = ast_name(r->file, call ? child(r, item, AST_CLIP_CALL) : item);
        if (!first[kind]) {
            first[kind] = ARENA_ARRAY(&r->cx->scratch, uint32_t, r->callees->name_count);
        }
        uint32_t before = first[kind][name.id];
        if (before != 0) repeated(r, item, items.items[before - 1], name);
        else first[kind][name.id] = i + 1;
    }
}

static bool has_item(const Resolver *r, AstRange items, AstKind kind) {
    for (uint32_t i = 0; i < items.count; i++) {
        AstKind found = ast_kind(r->file, items.items[i]);
        if (found == kind || found == AST_ERROR) return true;
    }
    return false;
}

/* The gradients and updates are analysed in the types that are written. */
static void note_precision(const Resolver *r, AstRange items) {
    for (uint32_t i = 0; i < items.count; i++) {
        if (ast_kind(r->file, items.items[i]) != AST_PRECISION) continue;
        Diag *d = diag_new(r->cx, NNA0004, ast_span(r->file, items.items[i]),
                           "what this precision does to the gradients is not analysed by this "
                           "version");
        d->severity = SEVERITY_NOTE;
        diag_emit(r->cx, d);
    }
}

static void resolve_section(Resolver *r, Ast train) {
    AstRange items = ast_list(r->file, child(r, train, AST_TRAIN_ITEMS), AST_LIST_ITEMS);
    Span keyword = resolve_keyword_span(r, train, 5);
    for (uint32_t k = 0; k < items.count; k++) resolve_item(r, items.items[k]);
    report_repeated(r, items);
    if (!has_item(r, items, AST_MINIMIZE) && !has_item(r, items, AST_MAXIMIZE)) {
        diag_say(r->cx, NNA1007, keyword, "a training section without `minimize` or `maximize`");
    }
    if (!has_item(r, items, AST_OPTIMIZER)) {
        diag_say(r->cx, NNA1007, keyword, "a training section without `optimizer`");
    }
    note_precision(r, items);
}

void resolve_training(Resolver *r, Ast model) {
    AstRange declarations = ast_list(r->file, r->file->root, AST_FILE_DECLARATIONS);
    AstRange results = ast_list(r->file, child(r, model, AST_MODEL_RESULTS), AST_LIST_ITEMS);
    for (uint32_t i = 0; i < declarations.count; i++) {
        Ast train = declarations.items[i];
        if (ast_kind(r->file, train) != AST_TRAIN) continue;
        if (!name_is(ast_name(r->file, train), ast_name(r->file, model))) continue;
        uint32_t outer = resolve_open_scope(r);
        for (uint32_t k = 0; k < results.count; k++) {
            Name name = ast_name(r->file, results.items[k]);
            if (name.id == 0 || resolve_find(r, name)) continue;
            resolve_declare(r, (Symbol){.name = name,
                                        .span = ast_span(r->file, results.items[k]),
                                        .unused = DIAG_COUNT});
        }
        resolve_section(r, train);
        resolve_close_scope(r, outer);
    }
}
