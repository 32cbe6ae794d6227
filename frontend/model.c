/* Models: their parameters, dimension variables and results; and the whole file. */
#include "frontend/lower_internal.h"

#include "frontend/prelude.h"
#include "frontend/target.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PRELUDE_DEPTH = 64, PRELUDE_BYTES = 255 }; /* of nesting; of a word */

typedef struct ModelRun {
    Lower *l;
    Ast model;
    uint8_t *binds_used, *sets_used;
} ModelRun;

/* The two arenas change places while it is read, so that its tree outlives the module at hand. If
 * memory runs out meanwhile, both are freed all the same, and nobody has seen the tree. */
static void swap_arenas(Ctx *cx) {
    const Arena module = cx->module;
    cx->module = cx->shared;
    cx->shared = module;
}

File *prelude_parse(Ctx *cx) {
    if (cx->prelude) return cx->prelude;
    Source *source = source_add(cx, "<prelude>", nna_prelude, nna_prelude_length);
    if (!source) return NULL;
    source->is_prelude = true;
    /* The limits are the user's: what is set for their text must not refuse this one. */
    const Limits limits = cx->limits;
    cx->limits.block_depth = cx->limits.expression_depth = PRELUDE_DEPTH;
    cx->limits.string_bytes = cx->limits.identifier_bytes = PRELUDE_BYTES;
    swap_arenas(cx);
    cx->prelude = parse_file(cx, source);
    swap_arenas(cx);
    cx->limits = limits;
    return cx->prelude;
}

static const Binding *find_option(const Binding *list, uint32_t count, const char *name,
                                  uint8_t *used) {
    const Binding *found = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) != 0) continue;
        used[i] = 1;
        found = &list[i]; /* the last one counts */
    }
    return found;
}

/* Dimension variables. */

static bool dims_range(Lower *l, Ast model, Name name, int64_t *low, int64_t *high) {
    const File *file = l->frame->file;
    Ast list = ast_child(file, model, AST_MODEL_ATTRIBUTES);
    AstRange attributes = list.id == 0 ? (AstRange){0} : ast_list(file, list, AST_LIST_ITEMS);
    for (uint32_t i = 0; i < attributes.count; i++) {
        if (strcmp(text_of(l, ast_name(file, attributes.items[i])), "dims") != 0) continue;
        AstRange arguments = ast_list(file, attributes.items[i], AST_ATTRIBUTE_ARGUMENTS);
        for (uint32_t k = 0; k < arguments.count; k++) {
            if (!name_is(ast_name(file, arguments.items[k]), name)) continue;
            Ast value = ast_child(file, arguments.items[k], AST_ARGUMENT_VALUE);
            bool range = ast_kind(file, value) == AST_RANGE;
            Object from = eval(l, range ? ast_child(file, value, AST_RANGE_LOW) : value);
            Object to = range ? eval(l, ast_child(file, value, AST_RANGE_HIGH)) : from;
            if (from.kind == OBJECT_POISON || to.kind == OBJECT_POISON) return false;
            bool good = from.kind == OBJECT_INTEGER && to.kind == OBJECT_INTEGER &&
                        from.as.integer >= 1 && to.as.integer >= from.as.integer &&
                        (uint64_t)to.as.integer <= l->cx->limits.dimension;
            if (!good) {
                fault_say(l, NNA5001, span_of(l, value), "`@dims` takes a range of sizes, as in "
                          "`@dims(%s: 1..64)`", text_of(l, name));
                return false;
            }
            *low = from.as.integer;
            *high = to.as.integer;
            return true;
        }
    }
    return false;
}

static void bind_dimension(ModelRun *run, Name name, Span span) {
    Lower *l = run->l;
    int64_t low = 1, high = (int64_t)l->cx->limits.dimension;
    bool ranged = dims_range(l, run->model, name, &low, &high);
    const Binding *option = find_option(l->options->binds, l->options->bind_count,
                                        text_of(l, name), run->binds_used);
    if (!option) {
        bind_name(l, name, object_dim(l, dim_variable(l->g->dims, name, low, high)));
        return;
    }
    char *end = NULL;
    errno = 0;
    long long size = strtoll(option->value, &end, 10);
    if (*option->value == '\0' || *end != '\0' || errno != 0 || size < low || size > high) {
        Diag *d = fault(l, NNA5001, span, "`--bind %s=%s`: `%s` is a size from %lld to %lld",
                        option->name, option->value, option->name, (long long)low, (long long)high);
        if (ranged) diag_note(l->cx, d, "the range is that of `@dims`");
        fault_emit(l, d);
        bind_name(l, name, POISON);
        return;
    }
    bind_name(l, name, object_integer(size));
}

static void bind_dimensions(ModelRun *run, Ast type) {
    Lower *l = run->l;
    const File *file = l->frame->file;
    AstRange dimensions = ast_list(file, type, AST_TENSOR_TYPE_DIMENSIONS);
    for (uint32_t i = 0; i < dimensions.count; i++) {
        Ast dimension = dimensions.items[i];
        if (ast_kind(file, dimension) == AST_ELLIPSIS) {
            if (l->frame->rest_known) continue;
            fault_say(l, NNA0004, span_of(l, dimension),
                      "not supported by this version: `...` in an input of a model");
            l->frame->rest_known = true;
        }
        if (ast_kind(file, dimension) != AST_NAME) continue;
        Name name = ast_name(file, dimension);
        if (!find_binding(l, name)) bind_dimension(run, name, span_of(l, dimension));
    }
}

/* Static parameters. */

static bool parse_integer(const char *text, Object *out) {
    char *end = NULL;
    errno = 0;
    *out = object_integer(strtoll(text, &end, 10));
    return *text != '\0' && *end == '\0' && errno == 0;
}

/* As a literal, with a sign: the text of the command line outlives the module. */
static bool parse_real(Lower *l, const char *text, Object *out) {
    bool negative = *text == '-';
    const char *digits = text + negative;
    uint32_t length = literal_length(digits);
    bool good = length > 0 && digits[0] != '.' && digits[length] == '\0' &&
                exact_text_fits(digits, length);
    if (good) *out = object_literal(l, strtod(digits, NULL), digits, length);
    if (!good && strcmp(digits, "inf") == 0) {
        *out = object_real(INFINITY);
        good = true;
    }
    if (good && negative) *out = number_negate(l, out);
    return good;
}

/* The value of `--set`, read as the type says. */
static Object set_value(Lower *l, Ast type, const Binding *option, Span span) {
    const char *name = text_of(l, ast_name(l->frame->file, type)), *text = option->value;
    Name word = names_intern_text(&l->cx->names, text);
    Object out = object_word(word);
    bool good = true;
    if (ast_kind(l->frame->file, type) == AST_STATIC_TYPE) {
        if (strcmp(name, "int") == 0 || strcmp(name, "dim") == 0)
            good = parse_integer(text, &out);
        if (strcmp(name, "real") == 0) good = parse_real(l, text, &out);
        if (strcmp(name, "string") == 0) out.kind = OBJECT_STRING;
        if (strcmp(name, "dtype") == 0) {
            out = (Object){.kind = OBJECT_DTYPE, .as.dtype = dtype_find(text)};
            good = out.as.dtype != DTYPE_NONE;
        }
        if (strcmp(name, "bool") == 0) {
            out = object_bool(strcmp(text, "true") == 0);
            good = out.as.boolean || strcmp(text, "false") == 0;
        }
    }
    if (good) return out;
    fault_say(l, NNA1008, span, "`--set %s=%s` is not of the type %s", option->name, text, name);
    return POISON;
}

static void bind_static(ModelRun *run, Ast parameter) {
    Lower *l = run->l;
    const File *file = l->frame->file;
    Name name = ast_name(file, parameter);
    Ast type = ast_child(file, parameter, AST_PARAMETER_TYPE);
    Ast value = ast_child(file, parameter, AST_PARAMETER_DEFAULT);
    Span span = span_of(l, parameter);
    Object object = POISON;
    if (is_faulty(l, type)) {
        bind_name(l, name, POISON);
        return;
    }
    const Binding *option = find_option(l->options->sets, l->options->set_count, text_of(l, name),
                                        run->sets_used);
    if (option) {
        object = set_value(l, type, option, span);
    } else if (value.id != 0) {
        Formal formal = formal_of(l->cx, file, parameter);
        object = eval_formal(l, &formal, value);
    } else {
        Diag *d = fault(l, NNA1007, span, "the static parameter `%s` of a model needs a default",
                        text_of(l, name));
        diag_help(l->cx, d, "or a value from outside: `--set %s=...`", text_of(l, name));
        fault_emit(l, d);
    }
    check_static(l, type, &object, false, value.id != 0 ? span_of(l, value) : span, name);
    bind_name(l, name, object);
}

/* Inputs. */

static void bind_input(Lower *l, Ast parameter) {
    const File *file = l->frame->file;
    Name name = ast_name(file, parameter);
    Span span = span_of(l, parameter);
    TensorType type;
    Object object = POISON;
    if (ast_child(file, parameter, AST_PARAMETER_DEFAULT).id != 0) {
        fault_say(l, NNA0004, span, "not supported by this version: an optional input of a model");
    } else if (eval_tensor_type(l, ast_child(file, parameter, AST_PARAMETER_TYPE), &type)) {
        uint32_t rank = l->g->shapes.data[type.shape.id].rank;
        ContractId contract = eval_contract(l, type.contract, rank);
        Span name_span = {span.begin, span.begin + names_length(&l->cx->names, name)};
        bool good = type.contract.id == 0 || contract.id != 0;
        Value v = VALUE_NONE;
        if (good) {
            v = build_input(l->g, name, name_span, type.dtype, type.shape, contract,
                            origin_here(l, span));
        }
        object = object_tensor(v);
    }
    bind_name(l, name, object);
}

static AstRange list_child(const File *file, Ast ast, uint32_t slot) {
    Ast list = ast_child(file, ast, slot);
    return list.id == 0 ? (AstRange){0} : ast_list(file, list, AST_LIST_ITEMS);
}

/* Static parameters first: dimensions may be made of them. */
static void bind_parameters(ModelRun *run) {
    Lower *l = run->l;
    const File *file = l->frame->file;
    AstRange list = list_child(file, run->model, AST_MODEL_PARAMETERS);
    for (int pass = 0; pass < 3; pass++) {
        for (uint32_t i = 0; i < list.count; i++) {
            Ast type = ast_child(file, list.items[i], AST_PARAMETER_TYPE);
            if (ast_kind(file, list.items[i]) != AST_PARAMETER || type.id == 0 ||
                ast_kind(file, type) == AST_ERROR) {
                Name name = ast_name(file, list.items[i]);
                if (pass == 0 && name.id != 0) bind_name(l, name, POISON);
                continue;
            }
            bool tensor = ast_kind(file, type) == AST_TENSOR_TYPE;
            if (pass == 0 && !tensor) bind_static(run, list.items[i]);
            if (pass == 1 && tensor) bind_dimensions(run, type);
            if (pass == 2 && tensor) bind_input(l, list.items[i]);
        }
    }
}

/* Results. */

static void make_result(Lower *l, Ast result, Object object, Ast value) {
    const File *file = l->frame->file;
    Name name = ast_name(file, result);
    Span place = span_of(l, value);
    TensorType declared;
    if (ast_kind(file, result) != AST_RESULT || object.kind == OBJECT_POISON) return;
    if (name.id == 0 && ast_kind(file, value) == AST_NAME) name = ast_name(file, value);
    if (name.id == 0) name = names_intern_text(&l->cx->names, "result");
    if (!eval_tensor_type(l, ast_child(file, result, AST_RESULT_TYPE), &declared)) return;
    Value v = to_tensor(l, &object, declared.dtype, place);
    const char *what = "the result";
    if (ast_name(file, result).id != 0) {
        what = arena_format(&l->cx->scratch, "the result `%s`", text_of(l, name));
    }
    if (!check_tensor_type(l, &declared, v, place, what)) return;
    Value held = with_contract(l, declared.contract, v, name, place);
    ContractId contract = {0};
    if (held.id != v.id && !ir_is_poison(held)) contract = ir_attr(l->g, held, 0)->as.contract;
    build_result(l->g, name, held, contract, span_of(l, result));
}

static Ast return_of(const File *file, Ast body) {
    AstRange statements = ast_list(file, body, AST_BODY_STATEMENTS);
    for (uint32_t i = 0; i < statements.count; i++) {
        if (ast_kind(file, statements.items[i]) == AST_RETURN) return statements.items[i];
    }
    return AST_NONE;
}

static void make_results(Lower *l, Ast model, Object returned) {
    const File *file = l->frame->file;
    AstRange results = list_child(file, model, AST_MODEL_RESULTS);
    Ast ast = return_of(file, ast_child(file, model, AST_MODEL_BODY));
    AstRange values = ast_list(file, ast, AST_RETURN_VALUES);
    bool tuple = returned.kind == OBJECT_TUPLE;
    uint32_t count = tuple ? returned.count : 1;
    if (returned.kind == OBJECT_POISON || ast.id == 0) return;
    if (count != results.count) {
        fault_say(l, NNA1007, span_of(l, ast), "`%s` returns %u value%s and declares %u",
                  text_of(l, ast_name(file, model)), count, count == 1 ? "" : "s", results.count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        Ast value = values.count == count ? values.items[i] : values.items[0];
        make_result(l, results.items[i], tuple ? returned.as.items[i] : returned, value);
    }
}

static void run_model(Ctx *cx, void *data) {
    ModelRun *run = data;
    Lower *l = run->l;
    const File *file = l->frame->file;
    Ast body = ast_child(file, run->model, AST_MODEL_BODY);
    Object returned = POISON;
    (void)cx;
    targets_read(l->g, file, run->model);
    bind_parameters(run);
    bool ended = ast_kind(file, body) == AST_BODY && run_body(l, body, &returned);
    if (ended) make_results(l, run->model, returned);
    uint32_t results = list_child(file, run->model, AST_MODEL_RESULTS).count;
    bool whole = ended && l->g->results.count == results;
    lower_training(l, run->model, whole);
    if (whole && l->cx->diags.errors == 0) report_idle_inputs(l);
}

static Graph *lower_model(Lower *l, ModelRun *run) {
    const File *file = l->user_file;
    Name name = ast_name(file, run->model);
    Span span = ast_span(file, run->model);
    Graph *g = graph_new(l->cx, name, span);
    Path *path = ARENA_NEW(&l->cx->module, Path);
    Frame frame = {.file = file, .module = &l->callees->modules[0], .path = path,
                   .top = path};
    *path = (Path){.step = -1, .made = true};
    l->g = g;
    l->frame = &frame;
    l->depth = l->block_depth = 0;
    l->steps = 0;
    l->fresh_seeds = 0;
    l->shaped.count = 0;
    l->named.count = 0;
    l->named_slots = (Slots){0};
    ctx_try(l->cx, run_model, run);
    l->frame = &frame;
    unbind_to(l, 0);
    l->frame = NULL;
    return g;
}

static void report_unused_options(Ctx *cx, const Binding *list, uint32_t count,
                                  const uint8_t *used, const char *option, const char *what) {
    for (uint32_t i = 0; i < count; i++) {
        if (used[i]) continue;
        diag_file(cx, NNA1003, option, "no model has a %s `%s`", what, list[i].name);
    }
}

/* The models that are wanted; a wrong `entry` is reported. */
static bool is_wanted(const Lower *l, Ast declaration) {
    const File *file = l->user_file;
    if (ast_kind(file, declaration) != AST_MODEL) return false;
    const char *name = text_of(l, ast_name(file, declaration));
    return !l->options->entry || strcmp(name, l->options->entry) == 0;
}

static const LowerOptions no_options = {0};

Models lower_file(Ctx *cx, File *file, const LowerOptions *options) {
    Models models = {0};
    if (!options) options = &no_options;
    File *prelude = options->prelude ? options->prelude : prelude_parse(cx);
    if (!prelude) return models;
    Lower l = {.cx = cx, .options = options, .user_file = file};
    l.callees = callees_new(cx, file, prelude);
    resolve_modules(cx, l.callees);
    l.latest = ARENA_ARRAY(&cx->scratch, uint32_t, l.callees->name_count);
    AstRange declarations = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    uint8_t *binds = ARENA_ARRAY(&cx->scratch, uint8_t, options->bind_count);
    uint8_t *sets = ARENA_ARRAY(&cx->scratch, uint8_t, options->set_count);
    for (uint32_t i = 0; i < declarations.count; i++) {
        if (!is_wanted(&l, declarations.items[i])) continue;
        ModelRun run = {&l, declarations.items[i], binds, sets};
        Graph *g = lower_model(&l, &run);
        vec_push(&cx->module, &models.list, g);
    }
    if (options->entry && models.list.count == 0 && !file->broken) {
        diag_file(cx, NNA1003, file->source->path, "there is no model `%s`", options->entry);
    }
    if (models.list.count > 0) {
        report_unused_options(cx, options->binds, options->bind_count, binds, "--bind",
                              "dimension variable");
        report_unused_options(cx, options->sets, options->set_count, sets, "--set",
                              "static parameter");
    }
    return models;
}
