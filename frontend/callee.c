/* What can be called: blocks of the user, blocks of the prelude, rows of the operator table,
 * functions of the compiler, in this order of precedence. The prelude calls a row
 * that one of its blocks has the name of with `_` before it. */
#include "frontend/lower_internal.h"

#include <string.h>

static const char *const operator_names[] = {
#define OPERATOR(name, onnx) name,
#include "frontend/operator.def"
};

typedef struct FunctionInfo {
    const char *spelling, *formals;
    uint32_t required;
    bool variadic, user;
} FunctionInfo;

enum { VISIBILITY_PRELUDE, VISIBILITY_USER };

static const FunctionInfo function_info[STATIC_FUNCTION_COUNT] = {
#define STATIC_FUNCTION(id, spelling, formals, required, variadic, visibility, summary)            \
    {spelling, formals, required, variadic, VISIBILITY_##visibility},
#include "frontend/static_function.def"
};

/* The names in a text separated by blanks. */
static const Name *names_of(Ctx *cx, const char *words, uint32_t *count) {
    uint32_t n = *words != '\0';
    for (const char *at = words; *at; at++) n += *at == ' ';
    Name *names = ARENA_ARRAY(&cx->module, Name, n);
    for (uint32_t i = 0; i < n; i++) {
        size_t length = strcspn(words, " ");
        names[i] = names_intern(&cx->names, words, length);
        words += length + (words[length] == ' ');
    }
    *count = n;
    return names;
}

static void attr_formal(Ctx *cx, const AttrInfo *info, Formal *formal) {
    formal->name = names_intern_text(&cx->names, info->name);
    formal->required = info->required;
    if (info->kind == ATTR_DTYPE) {
        formal->want = WANT_DTYPE;
    } else if (info->kind == ATTR_WORD || info->kind == ATTR_PADDING) {
        formal->want = WANT_WORD;
        formal->open = info->kind == ATTR_PADDING;
        formal->words = names_of(cx, formal->open ? "valid same same_lower" : info->words,
                                 &formal->word_count);
    }
}

static const Callee *operator_callee(Ctx *cx, Op op) {
    const OpInfo *info = &op_info[op];
    uint32_t count = (uint32_t)info->input_count + info->attr_count;
    Formal *formals = ARENA_ARRAY(&cx->module, Formal, count);
    for (uint32_t i = 0; i < info->input_count; i++) {
        formals[i] = (Formal){.name = names_intern_text(&cx->names, info->inputs[i]),
                              .want = WANT_TENSOR, .required = true};
    }
    for (uint32_t i = 0; i < info->attr_count; i++) {
        attr_formal(cx, &info->attrs[i], &formals[info->input_count + i]);
    }
    Callee *callee = ARENA_NEW(&cx->module, Callee);
    *callee = (Callee){.kind = CALLEE_OPERATOR, .op = op, .variadic = info->variadic,
                       .name = names_intern_text(&cx->names, info->spelling),
                       .formal_count = count, .formals = formals};
    return callee;
}

static const Callee *function_callee(Ctx *cx, StaticFunction function) {
    const FunctionInfo *info = &function_info[function];
    Callee *callee = ARENA_NEW(&cx->module, Callee);
    *callee = (Callee){.kind = CALLEE_FUNCTION, .function = function, .variadic = info->variadic,
                       .name = names_intern_text(&cx->names, info->spelling)};
    const Name *names = names_of(cx, info->formals, &callee->formal_count);
    Formal *formals = ARENA_ARRAY(&cx->module, Formal, callee->formal_count);
    for (uint32_t i = 0; i < callee->formal_count; i++) {
        bool dtype = strcmp(names_text(&cx->names, names[i]), "dtype") == 0;
        formals[i] = (Formal){.name = names[i], .required = i < info->required,
                              .want = dtype ? WANT_DTYPE : WANT_VALUE};
    }
    callee->formals = formals;
    return callee;
}

/* How the argument of a block's parameter is read. In the prelude an enum with the word
 * `any` takes other values too. */
Formal formal_of(Ctx *cx, const File *file, Ast parameter) {
    Ast type = ast_child(file, parameter, AST_PARAMETER_TYPE);
    Formal formal = {.name = ast_name(file, parameter), .parameter = parameter};
    formal.required = ast_child(file, parameter, AST_PARAMETER_DEFAULT).id == 0;
    if (type.id == 0) return formal;
    const char *name = names_text(&cx->names, ast_name(file, type));
    if (ast_kind(file, type) == AST_TENSOR_TYPE) {
        formal.want = WANT_TENSOR;
    } else if (ast_kind(file, type) == AST_STATIC_TYPE) {
        if (strcmp(name, "dtype") == 0) formal.want = WANT_DTYPE;
        if (strcmp(name, "init") == 0) formal.want = WANT_INIT;
        if (strcmp(name, "op") == 0 && file->source->is_prelude) formal.want = WANT_CALLEE;
    } else if (ast_kind(file, type) == AST_ENUM_TYPE) {
        AstRange words = ast_list(file, type, AST_ENUM_TYPE_WORDS);
        Name *names = ARENA_ARRAY(&cx->module, Name, words.count);
        formal.want = WANT_WORD;
        for (uint32_t i = 0; i < words.count; i++) {
            Name word = ast_name(file, words.items[i]);
            bool any = strcmp(names_text(&cx->names, word), "any") == 0;
            if (any && file->source->is_prelude) {
                formal.open = true;
            } else {
                names[formal.word_count++] = word;
            }
        }
        formal.words = names;
    }
    return formal;
}

/* What a parameter of a C function may not be. */
static bool is_refused(const char *type) {
    static const char *const refused[] = {"string", "dtype", "init"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(type, refused[i]) == 0) return true;
    }
    return false;
}

static bool is_symbol(const char *name) {
    static const char letters[] =
        "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    bool begins = *name != '\0' && !(*name >= '0' && *name <= '9');
    return begins && name[strspn(name, letters)] == '\0' && strncmp(name, "nna_", 4) != 0 &&
           strcmp(name, "main") != 0;
}

Ast extern_fault(Ctx *cx, const File *file, Ast declaration, const char **what) {
    AstRange parameters = ast_list(file, ast_child(file, declaration, AST_EXTERN_PARAMETERS),
                                   AST_LIST_ITEMS);
    AstRange results = ast_list(file, ast_child(file, declaration, AST_EXTERN_RESULTS),
                                AST_LIST_ITEMS);
    const char *name = names_text(&cx->names, ast_name(file, declaration));
    *what = NULL;
    if (!is_symbol(name)) {
        *what = arena_format(&cx->scratch, "`%s` is no name that a C function may have here", name);
        return declaration;
    }
    for (uint32_t i = 0; i < parameters.count; i++) {
        Ast type = ast_child(file, parameters.items[i], AST_PARAMETER_TYPE);
        AstKind kind = ast_kind(file, type);
        bool refused = kind == AST_STATIC_TYPE &&
                       is_refused(names_text(&cx->names, ast_name(file, type)));
        if (!refused && kind != AST_LIST_TYPE) continue;
        *what = "this type for a parameter of an `extern block`; there are tensors, int, real, "
                "bool, dim and enum";
        return type;
    }
    for (uint32_t i = 0; i < results.count; i++) {
        Ast type = ast_child(file, results.items[i], AST_RESULT_TYPE);
        if (ast_kind(file, type) == AST_TENSOR_TYPE || ast_kind(file, type) == AST_ERROR) continue;
        *what = "a result of an `extern block` that is no tensor";
        return type;
    }
    if (results.count > MAX_FORMALS) {
        *what = arena_format(&cx->scratch, "an `extern block` with more than %d results",
                             MAX_FORMALS);
        return results.items[MAX_FORMALS];
    }
    return AST_NONE;
}

static bool is_faulty_extern(Ctx *cx, const File *file, Ast declaration) {
    const char *what = NULL;
    if (ast_kind(file, declaration) == AST_EXTERN) extern_fault(cx, file, declaration, &what);
    return what != NULL;
}

const Callee *block_callee(Ctx *cx, const Module *module, Ast declaration) {
    const File *file = module->file;
    Ast list = ast_child(file, declaration, AST_BLOCK_PARAMETERS);
    AstRange parameters = ast_list(file, list, AST_LIST_ITEMS);
    Callee *callee = ARENA_NEW(&cx->module, Callee);
    *callee = (Callee){.kind = CALLEE_BLOCK, .name = ast_name(file, declaration), .file = file,
                       .declaration = declaration, .prelude = module->prelude,
                       .module = module};
    if (parameters.count > MAX_FORMALS || is_faulty_extern(cx, file, declaration)) {
        callee->kind = CALLEE_UNKNOWN;
    }
    Formal *formals = ARENA_ARRAY(&cx->module, Formal, parameters.count);
    for (uint32_t i = 0; i < parameters.count; i++) {
        if (ast_kind(file, parameters.items[i]) != AST_PARAMETER) {
            callee->kind = CALLEE_UNKNOWN; /* a syntax error, which is reported */
            continue;
        }
        formals[i] = formal_of(cx, file, parameters.items[i]);
    }
    callee->part = callee->prelude && names_text(&cx->names, callee->name)[0] == '_';
    callee->formal_count = parameters.count;
    callee->formals = formals;
    return callee;
}

static void register_in(const Callee **view, const Callee *callee) {
    if (!view[callee->name.id]) view[callee->name.id] = callee;
}

static void register_prelude(Callees *all) {
    for (uint32_t i = 0; i < all->prelude_module->own_count; i++) {
        const Callee *callee = all->prelude_module->own[i];
        if (!callee->part) register_in(all->user, callee);
        register_in(all->prelude, callee);
    }
}

/* What the prelude calls a row by, where a block has its name. */
static Name row_name(Ctx *cx, Op op) {
    const char *text = arena_format(&cx->scratch, "_%s", op_info[op].spelling);
    return names_intern_text(&cx->names, text);
}

/* Interns every name first: the views are indexed by name. */
static void intern_all(Ctx *cx) {
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        names_intern_text(&cx->names, op_info[op].spelling);
        row_name(cx, (Op)op);
    }
    for (int i = 0; i < STATIC_FUNCTION_COUNT; i++) {
        names_intern_text(&cx->names, function_info[i].spelling);
    }
    for (size_t i = 0; i < sizeof operator_names / sizeof *operator_names; i++) {
        names_intern_text(&cx->names, operator_names[i]);
    }
}

static void register_rows(Ctx *cx, Callees *all) {
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        /* These are declarations, statements and loops. */
        if (op_info[op].type == TYPE_SOURCE || op_attr((Op)op, "contract") >= 0) continue;
        if (op_info[op].form == FORM_REGION) continue;
        const Callee *callee = all->row[op] = operator_callee(cx, (Op)op);
        register_in(all->prelude, callee);
        if (all->prelude[callee->name.id] != callee) all->prelude[row_name(cx, (Op)op).id] = callee;
        if (!op_info[op].internal) register_in(all->user, callee);
    }
    for (int i = 0; i < STATIC_FUNCTION_COUNT; i++) {
        const Callee *callee = function_callee(cx, (StaticFunction)i);
        register_in(all->prelude, callee);
        if (function_info[i].user) register_in(all->user, callee);
    }
}

Callees *callees_new(Ctx *cx, const File *user, const File *prelude) {
    intern_all(cx);
    Callees *all = ARENA_NEW(&cx->module, Callees);
    all->none = names_intern_text(&cx->names, "none");
    all->name = names_intern_text(&cx->names, "name");
    all->unused = names_intern_text(&cx->names, "_");
    all->training = training_callees(cx);
    all->name_count = cx->names.count;
    all->user = ARENA_ARRAY(&cx->module, const Callee *, all->name_count);
    all->prelude = ARENA_ARRAY(&cx->module, const Callee *, all->name_count);
    modules_make(cx, all, user, prelude);
    register_prelude(all);
    register_rows(cx, all);
    for (uint32_t i = 0; i < all->name_count; i++) {
        if (all->user[i]) vec_push(&cx->module, &all->all, all->user[i]);
    }
    return all;
}

const Callee *callee_find(const Callees *callees, const Module *module, Name name) {
    if (name.id >= callees->name_count) return NULL;
    if (module->prelude) return callees->prelude[name.id];
    const Callee *block = module_find(module, name);
    return block ? block : callees->user[name.id];
}

Nearest nearest_to(const Ctx *cx, Name name) {
    uint32_t length = names_length(&cx->names, name);
    uint32_t limit = length < 4 ? 1 : length < 7 ? 2 : 3;
    return (Nearest){.wanted = names_text(&cx->names, name), .distance = limit + 1};
}

typedef struct ForeignName {
    const char *foreign, *ours;
} ForeignName;

static const ForeignName foreign_names[] = {
#define FOREIGN_NAME(foreign, ours) {foreign, ours},
#include "frontend/foreign_name.def"
};

/* Equal but for case and underscores, as `LayerNorm` and `layer_norm` are. */
static bool same_letters(const char *a, const char *b) {
    for (;; a++, b++) {
        while (*a == '_') a++;
        while (*b == '_') b++;
        char low = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
        char other = *b >= 'A' && *b <= 'Z' ? (char)(*b - 'A' + 'a') : *b;
        if (low != other) return false;
        if (low == '\0') return true;
    }
}

/* Whether it is what other frameworks call the candidate. */
static bool is_foreign(const char *wanted, const char *candidate) {
    for (size_t i = 0; i < sizeof foreign_names / sizeof *foreign_names; i++) {
        if (strcmp(foreign_names[i].ours, candidate) == 0 &&
            same_letters(foreign_names[i].foreign, wanted)) {
            return true;
        }
    }
    return false;
}

void nearest_try(Nearest *nearest, const char *candidate) {
    if (nearest->distance == 0) return;
    if (same_letters(nearest->wanted, candidate) || is_foreign(nearest->wanted, candidate)) {
        nearest->distance = 0;
        nearest->best = candidate;
        return;
    }
    uint32_t distance = text_distance(nearest->wanted, candidate, nearest->distance - 1);
    if (distance >= nearest->distance || distance >= strlen(nearest->wanted)) return;
    nearest->distance = distance;
    nearest->best = candidate;
}

void nearest_help(Ctx *cx, Diag *d, const Nearest *nearest) {
    if (nearest->best) diag_help(cx, d, "did you mean `%s`?", nearest->best);
}

static bool surplus(const Callee *callee, const Actual *actual, const MatchReport *report) {
    if (!report) return false;
    Ctx *cx = report->cx;
    Diag *d = diag_new(cx, NNA1007, actual->span, "surplus argument of `%s`",
                       names_text(&cx->names, callee->name));
    diag_primary(cx, d, "`%s` takes at most %u", names_text(&cx->names, callee->name),
                 callee->formal_count);
    diag_emit(cx, d);
    return false;
}

static bool unknown_attribute(const Callee *callee, const Actual *actual,
                              const MatchReport *report) {
    if (!report) return false;
    Ctx *cx = report->cx;
    Nearest nearest = nearest_to(cx, actual->name);
    Diag *d = diag_new(cx, NNA1006, actual->span, "`%s` has no attribute `%s`",
                       names_text(&cx->names, callee->name), names_text(&cx->names, actual->name));
    Buf list = buf_make(&cx->scratch);
    for (uint32_t i = 0; i < callee->formal_count; i++) {
        const char *name = names_text(&cx->names, callee->formals[i].name);
        nearest_try(&nearest, name);
        buf_printf(&list, "%s`%s`", i > 0 ? ", " : "", name);
    }
    if (!nearest.best && callee->formal_count > 0) diag_note(cx, d, "it takes %s", buf_text(&list));
    nearest_help(cx, d, &nearest);
    diag_emit(cx, d);
    return false;
}

static bool given_twice(const Callee *callee, uint32_t formal, const Actual *first,
                        const Actual *second, const MatchReport *report) {
    if (!report) return false;
    Ctx *cx = report->cx;
    const char *name = names_text(&cx->names, callee->formals[formal].name);
    Diag *d = diag_new(cx, NNA1007, second->span, "argument `%s` of `%s` is given twice", name,
                       names_text(&cx->names, callee->name));
    if (first->span.begin != second->span.begin) diag_label(cx, d, first->span, "first here");
    diag_emit(cx, d);
    return false;
}

/* The formal of a named argument, or formal_count. */
static uint32_t formal_named(const Callee *callee, Name name) {
    uint32_t i = 0;
    while (i < callee->formal_count && !name_is(callee->formals[i].name, name)) i++;
    return i;
}

static bool all_required(const Callee *callee, const Matched *out, const MatchReport *report) {
    bool complete = true;
    for (uint32_t i = 0; i < callee->formal_count; i++) {
        if (!callee->formals[i].required || out->actual[i]) continue;
        if (i == 0 && callee->variadic && out->variadic_count > 0) continue;
        complete = false;
        if (!report) break;
        Ctx *cx = report->cx;
        diag_say(cx, NNA1007, report->call, "argument `%s` of `%s` is missing",
                 names_text(&cx->names, callee->formals[i].name),
                 names_text(&cx->names, callee->name));
        break;
    }
    return complete;
}

bool callee_match(const Callees *callees, const Callee *callee, const Actual *actuals,
                  uint32_t count, Matched *out, const MatchReport *report) {
    uint32_t next = 0;
    bool good = true;
    uint32_t formals = callee->formal_count <= MAX_FORMALS ? callee->formal_count : MAX_FORMALS;
    for (uint32_t i = 0; i < formals; i++) out->actual[i] = NULL;
    out->variadic_count = 0;
    out->path = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const Actual *actual = &actuals[i];
        uint32_t formal = next;
        if (actual->name.id != 0) {
            formal = formal_named(callee, actual->name);
            if (formal == callee->formal_count) {
                if (callee->kind == CALLEE_BLOCK && name_is(actual->name, callees->name)) {
                    out->path = actual;
                } else {
                    good = unknown_attribute(callee, actual, report);
                }
                continue;
            }
        } else if (callee->variadic) {
            out->variadic_count++;
            continue;
        } else {
            next++;
        }
        if (formal >= callee->formal_count) {
            good = surplus(callee, actual, report);
        } else if (out->actual[formal]) {
            good = given_twice(callee, formal, out->actual[formal], actual, report);
        } else {
            out->actual[formal] = actual;
        }
    }
    return good && all_required(callee, out, report);
}
