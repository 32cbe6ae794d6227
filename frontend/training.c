/* Training sections of an expanded model: numbers, parameter sets, and the values of objectives
 * and metrics, kept beside its graph (ir/training.h). Names were looked at by
 * resolve_training.c; a call that it refused is passed over. */
#include "frontend/lower_internal.h"

#include <math.h>
#include <string.h>

typedef struct Section {
    Lower *l;
    Training *t;
    bool whole; /* the model was expanded without a fault: what is not there is missing */
    uint32_t *members; /* by value: the number of the set that it was chosen for last */
    uint32_t set;      /* that is being made */
    bool of_inputs;    /* it may have inputs too */
} Section;

/* Sets of parameters. */

/* `*` stands for any text, dots included. */
static bool matches(const char *pattern, const char *path) {
    const char *star = NULL, *from = NULL;
    while (*path != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            from = path;
        } else if (*pattern == *path) {
            pattern++, path++;
        } else if (star) {
            pattern = star;
            path = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return *pattern == '\0';
}

static void no_such_path(Section *s, Name pattern, Span span) {
    enum { SHOWN = 4 };
    Lower *l = s->l;
    Nearest nearest = nearest_to(l->cx, pattern);
    Buf list = buf_make(&l->cx->scratch);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < l->g->parameters.count; i++) {
        const Parameter *p = &l->g->parameters.data[i];
        const char *path = text_of(l, ir_node(l->g, p->value)->name);
        if (!p->trained && matches(text_of(l, pattern), path)) {
            fault_say(l, NNA1008, span, "`%s` is a buffer: it is not trained", path);
            return;
        }
        if (!p->trained) continue;
        nearest_try(&nearest, path);
        if (shown < SHOWN) buf_printf(&list, "%s`%s`", shown > 0 ? ", " : "", path);
        if (shown++ == SHOWN) buf_put(&list, ", ...");
    }
    for (uint32_t i = 0; s->of_inputs && i < l->g->inputs.count; i++) {
        nearest_try(&nearest, text_of(l, ir_node(l->g, l->g->inputs.data[i])->name));
    }
    Diag *d = fault(l, NNA1003, span, "no parameter%s of `%s` has the path `%s`",
                    s->of_inputs ? " or input" : "", text_of(l, l->g->name), text_of(l, pattern));
    if (shown > 0) diag_note(l->cx, d, "there %s %s", shown > 1 ? "are" : "is", buf_text(&list));
    nearest_help(l->cx, d, &nearest);
    fault_emit(l, d);
}

static void choose_path(Section *s, Name pattern, Span span) {
    Lower *l = s->l;
    bool found = false;
    l->steps += l->g->parameters.count; /* each path is looked for among all of them */
    lower_step(l, span);
    for (uint32_t i = 0; i < l->g->parameters.count; i++) {
        const Parameter *p = &l->g->parameters.data[i];
        if (!p->trained) continue;
        if (!matches(text_of(l, pattern), text_of(l, ir_node(l->g, p->value)->name))) continue;
        s->members[p->value.id] = s->set;
        found = true;
    }
    for (uint32_t i = 0; s->of_inputs && i < l->g->inputs.count; i++) {
        Value v = l->g->inputs.data[i];
        if (!matches(text_of(l, pattern), text_of(l, ir_node(l->g, v)->name))) continue;
        s->members[v.id] = s->set;
        found = true;
    }
    if (!found && s->whole) no_such_path(s, pattern, span);
}

static void choose(Section *s, const Object *o, Span span) {
    Lower *l = s->l;
    if (o->kind == OBJECT_STRING || o->kind == OBJECT_WORD) {
        choose_path(s, o->as.name, span);
        return;
    }
    if (o->kind == OBJECT_TENSOR) {
        Op op = ir_node(l->g, o->as.tensor)->op;
        if (op == OP_PARAM || (op == OP_INPUT && s->of_inputs)) {
            s->members[o->as.tensor.id] = s->set;
            return;
        }
    }
    if (o->kind == OBJECT_POISON) return;
    Diag *d = fault(l, NNA1008, span, "the path of a parameter is wanted here, and this is %s",
                    object_describe(l, o));
    diag_help(l->cx, d, "paths are strings, in which `*` stands for any text: `[\"fc1.*\"]`");
    fault_emit(l, d);
}

static uint32_t members_of(const Section *s, Value *out) {
    const Graph *g = s->l->g;
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->inputs.count + g->parameters.count; i++) {
        Value v = i < g->inputs.count ? g->inputs.data[i]
                                      : g->parameters.data[i - g->inputs.count].value;
        if (v.id >= g->trained_from || s->members[v.id] != s->set) continue;
        if (out) out[count] = v;
        count++;
    }
    return count;
}

static ValueSet made_set(const Section *s) {
    uint32_t count = members_of(s, NULL);
    Value *values = ARENA_ARRAY(&s->l->cx->module, Value, count);
    members_of(s, values);
    return (ValueSet){count, values};
}

static void choose_all(Section *s, Span span) {
    s->l->steps += s->l->g->parameters.count;
    lower_step(s->l, span);
    for (uint32_t i = 0; i < s->l->g->parameters.count; i++) {
        const Parameter *p = &s->l->g->parameters.data[i];
        if (p->trained && p->value.id < s->l->g->trained_from) s->members[p->value.id] = s->set;
    }
}

/* A list of paths; where none is written all parameters. */
static ValueSet chosen_set(Section *s, Ast list, bool of_inputs, Span span) {
    Lower *l = s->l;
    s->set++;
    s->of_inputs = of_inputs;
    if (list.id == 0) {
        choose_all(s, span);
    } else if (ast_kind(l->frame->file, list) == AST_LITERAL_LIST) {
        AstRange items = ast_list(l->frame->file, list, AST_LITERAL_LIST_ELEMENTS);
        for (uint32_t i = 0; i < items.count; i++) {
            Object o = eval(l, items.items[i]);
            choose(s, &o, span_of(l, items.items[i]));
        }
        if (items.count == 0) {
            fault_say(l, NNA5001, span_of(l, list), "an empty list: nothing is chosen");
        }
    } else {
        Object o = eval(l, list);
        uint32_t count = o.kind == OBJECT_LIST ? o.count : 1;
        const Object *items = o.kind == OBJECT_LIST ? o.as.items : &o;
        for (uint32_t i = 0; i < count; i++) choose(s, &items[i], span_of(l, list));
    }
    return made_set(s);
}

/* Settings. */

static bool wrong_kind(Section *s, const TrainingInfo *info, const SettingInfo *setting,
                       const Object *o, Span span) {
    static const char *const wanted[] = {
        [SETTING_KIND_REAL] = "a number", [SETTING_KIND_INTEGER] = "an integer",
        [SETTING_KIND_BOOLEAN] = "`true` or `false`", [SETTING_KIND_DTYPE] = "an element type",
        [SETTING_KIND_PATHS] = "a list of paths",
    };
    if (o->kind == OBJECT_POISON) return false;
    fault_say(s->l, NNA1008, span, "`%s` of `%s` takes %s%s, not %s", setting->name,
              info->spelling, wanted[setting->kind],
              o->kind == OBJECT_TENSOR || o->kind == OBJECT_DIM ? " known while compiling" : "",
              object_describe(s->l, o));
    return false;
}

/* False after a report. */
static bool read_number(Section *s, const TrainingInfo *info, const SettingInfo *setting,
                        const Object *o, Span span, double *out) {
    Lower *l = s->l;
    bool integer = setting->kind == SETTING_KIND_INTEGER;
    if (integer ? o->kind != OBJECT_INTEGER : !object_as_real(o, out)) {
        return wrong_kind(s, info, setting, o, span);
    }
    if (!number_to_double(l, o, span, out)) return false;
    if (!training_allows(setting->domain, *out)) {
        fault_say(l, NNA5001, span, "`%s` of `%s` is %s, and must be %s", setting->name,
                  info->spelling, number_text(l, o), training_domain_text(setting->domain));
        return false;
    }
    if (*out > setting->doubtful) {
        Buf bound = buf_make(&l->cx->scratch);
        buf_put_number(&bound, setting->doubtful);
        fault_say(l, NNA5002, span, "`%s` of `%s` is %s, and more than %s is doubtful",
                  setting->name, info->spelling, number_text(l, o), buf_text(&bound));
    }
    bool idle = *out >= setting->idle && *out <= setting->idle;
    if (idle) {
        fault_say(l, NNA5008, span, "`%s: %s` of `%s` has no effect", setting->name,
                  number_text(l, o), info->spelling);
    }
    return true;
}

static bool read_setting(Section *s, const TrainingInfo *info, const SettingInfo *setting,
                         const Object *o, Span span, double *out) {
    switch (setting->kind) {
    case SETTING_KIND_REAL:
    case SETTING_KIND_INTEGER: return read_number(s, info, setting, o, span, out);
    case SETTING_KIND_BOOLEAN:
        *out = o->kind == OBJECT_BOOL && o->as.boolean;
        return o->kind == OBJECT_BOOL || wrong_kind(s, info, setting, o, span);
    case SETTING_KIND_DTYPE:
        if (o->kind != OBJECT_DTYPE) return wrong_kind(s, info, setting, o, span);
        *out = o->as.dtype;
        if (dtype_is_float(o->as.dtype) && dtype_info[o->as.dtype].bytes == 2) return true;
        fault_say(s->l, NNA5001, span, "`%s` of `%s` is `f16` or `bf16`, not `%s`", setting->name,
                  info->spelling, dtype_info[o->as.dtype].spelling);
        return false;
    case SETTING_KIND_PATHS: break; /* read by chosen_set */
    }
    return true;
}

static void add_call(Section *s, Ast item, TrainingKind kind) {
    Lower *l = s->l;
    const File *file = l->frame->file;
    Ast call = ast_child(file, item, AST_OPTIMIZER_CALL), paths = AST_NONE;
    Matched matched;
    if (ast_kind(file, call) != AST_CALL || is_faulty(l, call)) return;
    const Callee *callee = training_callee(l->callees, kind, ast_name(file, call));
    AstRange arguments = ast_list(file, call, AST_CALL_ARGUMENTS);
    Actual *actuals = ARENA_ARRAY(&l->cx->scratch, Actual, arguments.count);
    for (uint32_t i = 0; i < arguments.count; i++) {
        const AstNode *argument = node_of(l, arguments.items[i]);
        actuals[i] = (Actual){.name = argument->name, .span = argument->span,
                              .value = ast_child(file, arguments.items[i], AST_ARGUMENT_VALUE)};
    }
    if (!callee || !callee_match(l->callees, callee, actuals, arguments.count, &matched, NULL)) {
        return;
    }
    const TrainingInfo *info = &training_info[callee->method];
    TrainingCall made = {.method = callee->method, .span = span_of(l, call)};
    if (kind == TRAINING_KIND_OPTIMIZER) paths = ast_child(file, item, AST_OPTIMIZER_OVER);
    bool good = true;
    for (uint32_t i = 0; i < info->setting_count; i++) {
        const SettingInfo *setting = &info->settings[i];
        made.settings[i] = setting->initial;
        if (!matched.actual[i]) continue;
        Ast value = matched.actual[i]->value;
        if (setting->kind == SETTING_KIND_PATHS) {
            paths = value;
            continue;
        }
        Object o = eval_formal(l, &callee->formals[i], value);
        good = read_setting(s, info, setting, &o, span_of(l, value), &made.settings[i]) && good;
    }
    bool chooses = kind == TRAINING_KIND_OPTIMIZER || kind == TRAINING_KIND_REGULARIZE;
    if (chooses) made.on = chosen_set(s, paths, false, made.span);
    if (good) vec_push(&l->cx->module, &s->t->calls, made);
}

/* Objectives and metrics. */

static Object named_value(const Section *s, Name name) {
    const Object *bound = find_binding(s->l, name);
    return bound ? *bound : POISON;
}

static void add_objective(Section *s, Ast item) {
    Lower *l = s->l;
    const File *file = l->frame->file;
    Name name = ast_name(file, item);
    Span span = declared_name_span(l->cx, file, item);
    Objective made = {.maximize = ast_kind(file, item) == AST_MAXIMIZE, .span = span};
    const char *word = made.maximize ? "maximized" : "minimized";
    if (is_faulty(l, item)) return;
    Object o = named_value(s, name);
    made.over = chosen_set(s, ast_child(file, item, AST_MINIMIZE_OVER), true, span);
    if (o.kind == OBJECT_POISON) return;
    if (o.kind != OBJECT_TENSOR) {
        fault_say(l, NNA1008, span, "`%s` cannot be %s: it is %s", text_of(l, name), word,
                  object_describe(l, &o));
        return;
    }
    made.value = o.as.tensor;
    DType dtype = ir_node(l->g, made.value)->dtype;
    if (!dtype_is_float(dtype)) {
        fault_say(l, NNA2007, span,
                  "`%s` cannot be %s: its elements are %s, which have no gradient",
                  text_of(l, name), word, dtype_info[dtype].spelling);
        return;
    }
    vec_push(&l->cx->module, &s->t->objectives, made);
}

static void add_metric(Section *s, Ast item) {
    Lower *l = s->l;
    const File *file = l->frame->file;
    Ast value = ast_child(file, item, AST_METRIC_VALUE);
    Metric made = {.name = ast_name(file, item), .span = span_of(l, value)};
    uint32_t parameters = l->g->parameters.count;
    Object o = eval(l, value);
    if (o.kind == OBJECT_POISON) return;
    made.value = to_tensor(l, &o, DTYPE_F32, span_of(l, value));
    if (l->g->parameters.count > parameters) {
        Diag *d = fault(l, NNA1008, span_of(l, value), "a metric has no parameters of its own");
        diag_help(l->cx, d, "compute it in the model, with a `let`");
        fault_emit(l, d);
        return;
    }
    if (ir_is_poison(made.value)) return;
    build_name(l->g, made.value, made.name, declared_name_span(l->cx, file, item));
    vec_push(&l->cx->module, &s->t->metrics, made);
}

/* Counts. */

static bool read_count(Section *s, Ast ast, const char *what, int64_t *out) {
    Lower *l = s->l;
    if (ast.id == 0) return false;
    Object o = eval(l, ast);
    if (o.kind == OBJECT_POISON) return false;
    if (o.kind != OBJECT_INTEGER) {
        fault_say(l, NNA1008, span_of(l, ast), "%s must be an integer known while compiling, and "
                  "this is %s", what, object_describe(l, &o));
        return false;
    }
    if (o.as.integer < 1) {
        fault_say(l, NNA5001, span_of(l, ast), "%s is %lld, and must be 1 or above", what,
                  (long long)o.as.integer);
        return false;
    }
    *out = o.as.integer;
    return true;
}

static void add_batch(Section *s, Ast item) {
    Lower *l = s->l;
    Training *t = s->t;
    const AstNode *node = node_of(l, item);
    Ast samples = ast_child(l->frame->file, item, AST_BATCH_SAMPLES);
    bool sized = read_count(s, ast_child(l->frame->file, item, AST_BATCH_SIZE), "the batch size",
                            &t->batch);
    bool counted = read_count(s, samples, "the number of samples", &t->samples);
    t->drop_last = (node->flags & AST_DROP_LAST) != 0;
    t->wrap = (node->flags & AST_WRAP) != 0;
    if (!sized || !counted) return;
    long long batch = t->batch, all = t->samples, rest = t->samples % t->batch;
    if (batch > all) {
        fault_say(l, NNA5004, node->span, "a batch of %lld cannot be taken of %lld samples", batch,
                  all);
    } else if (rest != 0 && !t->drop_last && !t->wrap) {
        Diag *d = fault(l, NNA5005, node->span,
                        "the last batch has %lld samples in place of %lld, and counts as much",
                        rest, batch);
        diag_help(l->cx, d, "`drop_last` leaves it out, `wrap` fills it from the start");
        fault_emit(l, d);
    }
}

/* A parameter has one optimizer. */
static void check_optimizers(Section *s) {
    Lower *l = s->l;
    uint32_t *owner = ARENA_ARRAY(&l->cx->scratch, uint32_t, l->g->trained_from);
    for (uint32_t i = 0; i < s->t->calls.count; i++) {
        const TrainingCall *call = &s->t->calls.data[i];
        if (training_info[call->method].kind != TRAINING_KIND_OPTIMIZER) continue;
        for (uint32_t k = 0; k < call->on.count; k++) {
            uint32_t first = owner[call->on.values[k].id];
            owner[call->on.values[k].id] = i + 1;
            if (first == 0) continue;
            Diag *d = fault(l, NNA5004, call->span, "`%s` has two optimizers",
                            text_of(l, ir_node(l->g, call->on.values[k])->name));
            diag_label(l->cx, d, s->t->calls.data[first - 1].span, "the first one");
            diag_help(l->cx, d, "`over` says which parameters are for which");
            fault_emit(l, d);
            break;
        }
    }
}

static void add_item(Section *s, Ast item) {
    const File *file = s->l->frame->file;
    TrainingKind kind;
    switch (ast_kind(file, item)) {
    case AST_MINIMIZE:
    case AST_MAXIMIZE: add_objective(s, item); return;
    case AST_METRIC: add_metric(s, item); return;
    case AST_BATCH: add_batch(s, item); return;
    case AST_STEPS:
        read_count(s, ast_child(file, item, AST_STEPS_VALUE), "the number of steps", &s->t->steps);
        return;
    case AST_EPOCHS:
        read_count(s, ast_child(file, item, AST_EPOCHS_VALUE), "the number of epochs",
                   &s->t->epochs);
        return;
    default:
        if (training_kind_of(ast_kind(file, item), &kind)) add_call(s, item, kind);
    }
}

/* The name of a result is that of its value, where no `let` has it. */
static void bind_results(Lower *l, Ast model) {
    const File *file = l->frame->file;
    AstRange results = ast_list(file, ast_child(file, model, AST_MODEL_RESULTS), AST_LIST_ITEMS);
    for (uint32_t i = 0; i < results.count; i++) {
        Name name = ast_name(file, results.items[i]);
        Object o = POISON;
        if (name.id == 0 || find_binding(l, name)) continue;
        for (uint32_t k = 0; k < l->g->results.count; k++) {
            const Result *result = &l->g->results.data[k];
            if (name_is(result->name, name)) o = object_tensor(result->value);
        }
        bind_name(l, name, o);
    }
}

void lower_training(Lower *l, Ast model, bool whole) {
    const File *file = l->frame->file;
    AstRange declarations = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    l->g->trained_from = l->g->nodes.count;
    bind_results(l, model);
    for (uint32_t i = 0; i < declarations.count; i++) {
        Ast train = declarations.items[i];
        if (ast_kind(file, train) != AST_TRAIN) continue;
        if (!name_is(ast_name(file, train), ast_name(file, model))) continue;
        Section s = {.l = l, .t = ARENA_NEW(&l->cx->module, Training), .whole = whole};
        s.members = ARENA_ARRAY(&l->cx->scratch, uint32_t, l->g->trained_from);
        Ast list = ast_child(file, train, AST_TRAIN_ITEMS);
        AstRange items = ast_list(file, list, AST_LIST_ITEMS);
        s.t->span = span_of(l, train);
        for (uint32_t k = 0; k < items.count; k++) add_item(&s, items.items[k]);
        check_optimizers(&s);
        vec_push(&l->cx->module, &l->g->trainings, s.t);
    }
}
