/* Statements, models, the file; and the reports of all that expands them. */
#include "frontend/lower_internal.h"

#include "frontend/prelude.h"
#include "ir/shape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CALL_LABELS = 3 };

/* Reports. */

static bool in_prelude(const Lower *l, Span span) {
    const Source *source = l->callees->prelude_module->file->source;
    return span.begin >= source->base && span.begin <= source->base + source->length;
}

/* The frame that `span` stands in, or, for a span in the prelude, the first one outwards that
 * is the user's; *span then becomes the call there. */
static const Frame *climb(const Lower *l, Span *span) {
    const Frame *frame = l->frame;
    while (in_prelude(l, *span) && frame->caller) {
        *span = frame->call;
        frame = frame->caller;
    }
    /* An argument of the call that made this frame stands in the caller's text. */
    while (frame->caller && span->begin >= frame->call.begin && span->end <= frame->call.end) {
        frame = frame->caller;
    }
    return frame;
}

Span fault_place(const Lower *l, Span span) {
    climb(l, &span);
    return span;
}

/* Arguments of a layer are written where it is declared. */
static void label_layer(Lower *l, Diag *d) {
    const Frame *frame = l->frame;
    while (frame->caller && (!frame->called || in_prelude(l, frame->called->span))) {
        frame = frame->caller;
    }
    if (!frame->called) return;
    diag_label(l->cx, d, frame->called->span, "the layer `%s`", text_of(l, frame->called->name));
}

/* "encoder/attention": the blocks that lead to the frame; NULL in the model itself. */
static const char *frame_path(Lower *l, const Frame *frame) {
    const char *path = NULL;
    for (; frame->caller; frame = frame->caller) {
        path = arena_format(&l->cx->session, "%s%s%s", text_of(l, frame->block),
                            path == NULL ? "" : "/", path == NULL ? "" : path);
    }
    return path;
}

Diag *fault(Lower *l, DiagCode code, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *message = arena_vformat(&l->cx->scratch, format, args);
    va_end(args);
    const Frame *frame = climb(l, &span);
    Diag *d = diag_new(l->cx, code, span, "%s", message);
    d->model = l->g->name;
    d->operation = frame_path(l, frame);
    label_layer(l, d);
    for (uint32_t i = 0; frame->caller && i < MAX_CALL_LABELS; frame = frame->caller) {
        if (in_prelude(l, frame->call)) continue;
        diag_call(l->cx, d, frame->call, "in this call of `%s`", text_of(l, frame->block));
        i++;
    }
    return d;
}

void fault_emit(Lower *l, Diag *d) {
    diag_emit(l->cx, d);
}

void fault_say(Lower *l, DiagCode code, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *message = arena_vformat(&l->cx->scratch, format, args);
    va_end(args);
    diag_emit(l->cx, fault(l, code, span, "%s", message));
}

const char *prelude_message(Lower *l, Name message) {
    const char *text = text_of(l, message), *at = strstr(text, "`_`");
    const Frame *frame = l->frame;
    if (!at) return text;
    while (frame->caller && frame->caller->prelude) frame = frame->caller;
    return arena_format(&l->cx->scratch, "%.*s`%s`%s", (int)(at - text), text,
                        text_of(l, frame->block), at + strlen("`_`"));
}

void lower_step(Lower *l, Span span) {
    if (++l->steps <= l->cx->limits.operations) return;
    fault_say(l, NNA0002, span, "the model has more than %llu calls and steps of loops",
              (unsigned long long)l->cx->limits.operations);
    ctx_give_up(l->cx);
}

OriginId origin_here(Lower *l, Span span) {
    Construct *c = &l->construct;
    bool inside = c->frame == l->frame && c->span.begin == span.begin && c->span.end == span.end;
    if (inside && c->origin.id != 0) return c->origin;
    OriginId origin = build_origin(l->g, span, l->frame->block, l->frame->origin);
    if (inside) {
        l->g->origins.data[origin.id].written = c->written;
        c->origin = origin;
    }
    return origin;
}

Construct construct_begin(Lower *l, Span span, const char *written) {
    Construct around = l->construct;
    l->construct = (Construct){.frame = l->frame, .span = span, .written = written};
    return around;
}

void construct_end(Lower *l, Construct around) {
    l->construct = around;
}

/* Bindings. */

void bind_name(Lower *l, Name name, Object object) {
    const LocalBinding binding = {name, l->latest[name.id], object};
    vec_push(&l->cx->scratch, &l->bindings, binding);
    l->latest[name.id] = l->bindings.count;
}

void unbind_to(Lower *l, uint32_t count) {
    while (l->bindings.count > count) {
        const LocalBinding *binding = &l->bindings.data[--l->bindings.count];
        l->latest[binding->name.id] = binding->previous;
    }
}

const Object *find_binding(const Lower *l, Name name) {
    uint32_t index = l->latest[name.id];
    return index > l->frame->base ? &l->bindings.data[index - 1].object : NULL;
}

/* Statements. */

static void name_value(Lower *l, const Object *o, Name name, Span span) {
    if (o->kind == OBJECT_TENSOR) build_name(l->g, o->as.tensor, name, span);
}

static Object typed_value(Lower *l, Ast let, Object object, Name name) {
    Ast type = ast_child(l->frame->file, let, AST_LET_TYPE);
    Ast value = ast_child(l->frame->file, let, AST_LET_VALUE);
    TensorType declared;
    if (type.id == 0 || object.kind == OBJECT_POISON) return object;
    if (ast_kind(l->frame->file, type) != AST_TENSOR_TYPE) {
        check_static(l, type, &object, false, span_of(l, value), name);
        return object;
    }
    if (!eval_tensor_type(l, type, &declared)) return object;
    Value v = to_tensor(l, &object, declared.dtype, span_of(l, value));
    const char *what = arena_format(&l->cx->scratch, "`%s`", text_of(l, name));
    if (!check_tensor_type(l, &declared, v, span_of(l, value), what)) return POISON;
    return object_tensor(with_contract(l, declared.contract, v, name, span_of(l, value)));
}

static void run_let(Lower *l, Ast ast) {
    const File *file = l->frame->file;
    Ast pattern = ast_child(file, ast, AST_LET_PATTERN),
        value = ast_child(file, ast, AST_LET_VALUE);
    AstRange names = ast_list(file, pattern, AST_PATTERN_NAMES);
    if (names.count == 0) return;
    bool tuple = (node_of(l, pattern)->flags & AST_PARENTHESIZED) != 0;
    Name first = ast_name(file, names.items[0]);
    Object object = eval_bound(l, value, name_is(first, l->callees->unused) ? NAME_NONE : first);
    if (!tuple) {
        object = typed_value(l, ast, object, first);
        name_value(l, &object, first, span_of(l, names.items[0]));
        bind_name(l, first, object);
        return;
    }
    bool items = object.kind == OBJECT_TUPLE || object.kind == OBJECT_LIST;
    uint32_t count = items ? object.count : 1;
    if (count != names.count && object.kind != OBJECT_POISON) {
        fault_say(l, NNA1007, span_of(l, pattern), "%u names for %u value%s", names.count, count,
                  count == 1 ? "" : "s");
        object = POISON;
        items = false;
    }
    for (uint32_t i = 0; i < names.count; i++) {
        Object item = items ? object.as.items[i] : object;
        name_value(l, &item, ast_name(file, names.items[i]), span_of(l, names.items[i]));
        bind_name(l, ast_name(file, names.items[i]), item);
    }
}

/* A parameter of a layer that was used before; VALUE_NONE if this is its first use. */
static Value layer_parameter(Lower *l, Name path) {
    for (const Layer *layer = l->frame->layer; layer; layer = layer->outer) {
        for (uint32_t i = 0; i < layer->parameters.count; i++) {
            Value v = layer->parameters.data[i];
            if (name_is(ir_node(l->g, v)->name, path)) return v;
        }
    }
    return VALUE_NONE;
}

static Object make_parameter(Lower *l, Ast ast, bool trained) {
    const File *file = l->frame->file;
    Name name = ast_name(file, ast);
    Ast init_ast = ast_child(file, ast, AST_PARAM_INIT);
    Span span = declared_name_span(l->cx, file, ast);
    TensorType type;
    Object init = {.kind = OBJECT_NONE};
    if (init_ast.id != 0) init = eval_init(l, init_ast);
    if (!eval_tensor_type(l, ast_child(file, ast, AST_PARAM_TYPE), &type)) return POISON;
    Name path = path_join(l, l->frame->path, name);
    Value old = layer_parameter(l, path);
    if (!ir_is_poison(old)) {
        const char *what = arena_format(&l->cx->scratch, "`%s`, which an earlier call made,",
                                        text_of(l, path));
        return check_tensor_type(l, &type, old, l->frame->call, what) ? object_tensor(old) : POISON;
    }
    ContractId contract = eval_contract(l, type.contract, l->g->shapes.data[type.shape.id].rank);
    if (type.contract.id != 0 && contract.id == 0) return POISON;
    Span place = init_ast.id != 0 ? span_of(l, init_ast) : span;
    Init made = init_for(l, &init, type.dtype, type.shape, place);
    Value v = build_parameter(l->g, trained, path, fault_place(l, span), type.dtype, type.shape,
                              contract, made, origin_here(l, span));
    for (Layer *layer = l->frame->layer; layer && !ir_is_poison(v); layer = layer->outer) {
        vec_push(&l->cx->module, &layer->parameters, v);
    }
    return object_tensor(v);
}

static void run_layer(Lower *l, Ast ast) {
    const File *file = l->frame->file;
    Ast call = ast_child(file, ast, AST_LAYER_CALL);
    Name name = ast_name(file, ast);
    AstRange arguments = ast_list(file, call, AST_CALL_ARGUMENTS);
    const Callee *callee = callee_find(l->callees, l->frame->module, ast_name(file, call));
    if (is_faulty(l, call) || !callee) {
        bind_name(l, name, POISON);
        return;
    }
    Layer *layer = ARENA_NEW(&l->cx->module, Layer);
    *layer = (Layer){.callee = callee, .name = name, .span = span_of(l, call),
                     .path = path_new(l, l->frame->path, name, NAME_NONE, -1),
                     .actual_count = arguments.count, .outer = l->frame->layer};
    layer->actuals = ARENA_ARRAY(&l->cx->module, Actual, arguments.count);
    for (uint32_t i = 0; i < arguments.count; i++) {
        const AstNode *argument = node_of(l, arguments.items[i]);
        uint32_t formal = 0;
        while (formal < callee->formal_count &&
               !name_is(callee->formals[formal].name, argument->name)) formal++;
        Ast value = ast_child(file, arguments.items[i], AST_ARGUMENT_VALUE);
        const Formal plain = {.want = WANT_VALUE};
        const Formal *read = formal < callee->formal_count ? &callee->formals[formal] : &plain;
        layer->actuals[i] = (Actual){.name = argument->name, .span = argument->span,
                                     .object = eval_formal(l, read, value)};
    }
    bind_name(l, name, (Object){.kind = OBJECT_LAYER, .as.layer = layer});
}

/* False where what is required does not hold: the rest of the body is then not looked at. */
static bool run_require(Lower *l, Ast ast) {
    Ast condition = ast_child(l->frame->file, ast, AST_REQUIRE_CONDITION);
    Name message = ast_name(l->frame->file, ast);
    Truth truth = static_condition(l, condition, "require");
    if (truth != TRUTH_NO) return truth == TRUTH_YES || !l->frame->prelude;
    if (message.id != 0) {
        bool ours = l->frame->prelude;
        fault_say(l, NNA5001, span_of(l, condition), "%s%s",
                  ours ? "" : "what is required does not hold: ",
                  ours ? prelude_message(l, message) : text_of(l, message));
    } else {
        fault_say(l, NNA5001, span_of(l, condition), "what is required does not hold");
    }
    return false;
}

/* `assume x in ...`: from here on the name stands for the value with its contract. */
static void run_promise(Lower *l, Ast ast, Op op) {
    const File *file = l->frame->file;
    Ast value = ast_child(file, ast, AST_ASSUME_VALUE);
    Object object = eval(l, value);
    if (object.kind == OBJECT_POISON) return;
    Value v = to_tensor(l, &object, DTYPE_F32, span_of(l, value));
    if (ir_is_poison(v)) return;
    ContractId contract = eval_contract(l, ast_child(file, ast, AST_ASSUME_CONTRACT),
                                        ir_shape(l->g, v).rank);
    Name why = ast_name(file, ast);
    if (contract.id == 0) return;
    const Attr attrs[] = {attr_contract(contract), why.id != 0 ? attr_name(why) : attr_none()};
    Value made = build_op(l->g, op, 1, &v, attrs, origin_here(l, span_of(l, ast)), NULL);
    if (ast_kind(file, value) != AST_NAME) return;
    build_name(l->g, made, ast_name(file, value), span_of(l, value));
    bind_name(l, ast_name(file, value), object_tensor(made));
}

static Object returned_values(Lower *l, Ast ast) {
    AstRange values = ast_list(l->frame->file, ast, AST_RETURN_VALUES);
    if (values.count == 1) return eval(l, values.items[0]);
    Object *items = ARENA_ARRAY(&l->cx->module, Object, values.count);
    for (uint32_t i = 0; i < values.count; i++) items[i] = eval(l, values.items[i]);
    return (Object){.kind = OBJECT_TUPLE, .count = values.count, .as.items = items};
}

static void poison_names(Lower *l, Ast ast) {
    AstRange names = ast_list(l->frame->file, ast, AST_ERROR_NAMES);
    for (uint32_t i = 0; i < names.count; i++) {
        if (ast_kind(l->frame->file, names.items[i]) != AST_NAME) continue;
        bind_name(l, ast_name(l->frame->file, names.items[i]), POISON);
    }
}

bool run_body(Lower *l, Ast body, Object *out) {
    AstRange statements = ast_list(l->frame->file, body, AST_BODY_STATEMENTS);
    *out = POISON;
    for (uint32_t i = 0; i < statements.count; i++) {
        Ast ast = statements.items[i];
        switch (ast_kind(l->frame->file, ast)) {
        case AST_LET: run_let(l, ast); break;
        case AST_PARAM:
        case AST_BUFFER:
            if (is_faulty(l, ast)) break;
            bind_name(l, ast_name(l->frame->file, ast),
                 make_parameter(l, ast, ast_kind(l->frame->file, ast) == AST_PARAM));
            break;
        case AST_LAYER: run_layer(l, ast); break;
        case AST_REQUIRE:
            if (!run_require(l, ast)) return false;
            break;
        case AST_ASSUME: run_promise(l, ast, OP_ASSUME); break;
        case AST_GUARD: run_promise(l, ast, OP_GUARD); break;
        case AST_UPDATE:
            if (!is_faulty(l, ast)) run_update(l, ast);
            break;
        case AST_ERROR: poison_names(l, ast); break;
        case AST_RETURN:
        case AST_YIELD: *out = returned_values(l, ast); return true;
        default: break;
        }
    }
    return false;
}
