/* Expansion: of blocks where they are called, of static branches, of loops. Each expansion of
 * a block is a frame, with bindings, dimension variables and a path of its own. */
#include "frontend/lower_internal.h"

#include <string.h>

/* Paths of parameters. */

Path *path_new(Lower *l, Path *outer, Name bound, Name called, int64_t step) {
    Path *path = ARENA_NEW(&l->cx->module, Path);
    *path = (Path){.outer = outer, .bound = bound, .called = called, .step = step};
    return path;
}

static uint32_t path_number(Lower *l, Path *path, Name name) {
    for (uint32_t i = 0; i < path->counts.count; i++) {
        if (name_is(path->counts.data[i].name, name)) return path->counts.data[i].count++;
    }
    const PathCount first = {name, 1};
    vec_push(&l->cx->module, &path->counts, first);
    return 0;
}

/* The text of a path: made for the first parameter under it, so that only calls that bring
 * parameters are counted. The steps of one loop share its text. */
static Name path_text(Lower *l, Path *path) {
    if (path->made || path->outer == NULL) return path->text;
    path->made = true;
    Buf text = buf_make(&l->cx->scratch);
    if (path->step >= 0) {
        Name loop = path_text(l, path->outer);
        buf_printf(&text, "%s[%lld]", text_of(l, loop), (long long)path->step);
    } else {
        Name prefix = path_text(l, path->outer);
        if (prefix.id != 0) buf_printf(&text, "%s.", text_of(l, prefix));
        if (path->bound.id != 0) {
            buf_put(&text, text_of(l, path->bound));
        } else {
            uint32_t number = path_number(l, path->outer, path->called);
            buf_printf(&text, "%s_%u", text_of(l, path->called), number);
        }
    }
    path->text = names_intern(&l->cx->names, buf_text(&text), text.length);
    return path->text;
}

Name path_join(Lower *l, Path *path, Name name) {
    Name prefix = path_text(l, path);
    if (prefix.id == 0) return name;
    const char *text = arena_format(&l->cx->scratch, "%s.%s", text_of(l, prefix), text_of(l, name));
    return names_intern_text(&l->cx->names, text);
}

/* Paths that are not made have no parameters, and asking for their text would make them. */
static const char *text_under(Lower *l, const Path *path, const char *text) {
    if (!path->made || path->text.id == 0) return text;
    return arena_format(&l->cx->scratch, "%s.%s", text_of(l, path->text), text);
}

const char *path_inside(Lower *l, const char *text) {
    return text_under(l, l->frame->top, text);
}

Value path_parameter(Lower *l, const char *text) {
    const Path *path = l->frame->path;
    for (;; path = path->outer) {
        const char *whole = text_under(l, path, text);
        Value v = graph_parameter(l->g, names_intern_text(&l->cx->names, whole));
        if (!ir_is_poison(v) || path == l->frame->top || !path->outer) return v;
    }
}

/* Blocks. */

/* Brings the arguments to objects, in the caller's frame. */
static bool evaluate_arguments(Lower *l, const Callee *callee, const Matched *matched, Span span,
                               Object *objects, Span *places) {
    bool good = true;
    for (uint32_t i = 0; i < callee->formal_count; i++) {
        const Actual *actual = matched->actual[i];
        places[i] = actual ? actual->span : span;
        objects[i] = (Object){.kind = OBJECT_NONE};
        if (!actual) continue;
        objects[i] = actual->value.id != 0 ? eval_formal(l, &callee->formals[i], actual->value)
                                           : actual->object;
        good = good && objects[i].kind != OBJECT_POISON;
    }
    return good;
}

/* The path that `name:` gives, if it does. */
static bool path_argument(Lower *l, const Callee *callee, const Matched *matched, Name *bound) {
    const Actual *actual = matched->path;
    if (!actual) return true;
    Object o = actual->value.id != 0 ? eval(l, actual->value) : actual->object;
    if (o.kind == OBJECT_STRING) *bound = o.as.name;
    if (o.kind != OBJECT_STRING && o.kind != OBJECT_POISON) {
        fault_say(l, NNA1008, actual->span, "`name` of `%s` is a string, not %s",
                  text_of(l, callee->name), object_describe(l, &o));
    }
    return o.kind == OBJECT_STRING;
}

/* Numbers that are given for tensors become scalars of the declared element type. */
static bool bring_tensor(Lower *l, Ast type, Object *object, Name what, Span place, bool optional) {
    if (object->kind == OBJECT_TENSOR || (object->kind == OBJECT_NONE && optional)) return true;
    DType dtype = dtype_find(text_of(l, ast_name(l->frame->file, type)));
    if (dtype == DTYPE_NONE)
        dtype = l->frame->element != DTYPE_NONE ? l->frame->element : DTYPE_F32;
    bool number = object_is_number(object) || object->kind == OBJECT_BOOL ||
                  object->kind == OBJECT_LIST;
    if (number) {
        Value v = to_tensor(l, object, dtype, place);
        *object = object_tensor(v);
        return !ir_is_poison(v);
    }
    fault_say(l, NNA1008, place, "`%s` takes a tensor, and this is %s", text_of(l, what),
              object_describe(l, object));
    return false;
}

/* Binds what was given: tensors and static values, then dimension variables, then defaults. */
static bool bind_arguments(Lower *l, const Callee *callee, const Matched *matched,
                           Object *objects, const Span *places) {
    const File *file = callee->file;
    AstRange parameters = ast_list(file, ast_child(file, callee->declaration,
                                                   AST_BLOCK_PARAMETERS), AST_LIST_ITEMS);
    bool good = true;
    for (uint32_t i = 0; i < parameters.count; i++) {
        if (objects[i].kind == OBJECT_TENSOR && l->frame->element == DTYPE_NONE &&
            callee->formals[i].want == WANT_TENSOR && callee->prelude) {
            Ast type = ast_child(file, parameters.items[i], AST_PARAMETER_TYPE);
            bool open = dtype_find(text_of(l, ast_name(file, type))) == DTYPE_NONE;
            if (open) l->frame->element = object_dtype(l, &objects[i]);
        }
    }
    for (uint32_t i = 0; i < parameters.count; i++) {
        Ast type = ast_child(file, parameters.items[i], AST_PARAMETER_TYPE);
        Name name = callee->formals[i].name;
        bool optional = !callee->formals[i].required;
        if (!matched->actual[i]) continue;
        if (callee->formals[i].want == WANT_TENSOR) {
            good = bring_tensor(l, type, &objects[i], name, places[i], optional) && good;
        } else {
            good = check_static(l, type, &objects[i], optional, places[i], name) && good;
        }
        if (good && callee->formals[i].want != WANT_TENSOR) bind_name(l, name, objects[i]);
    }
    if (!good || !unify_bind(l, parameters, objects, places, l->frame->block)) return false;
    for (uint32_t i = 0; i < parameters.count; i++) {
        if (matched->actual[i]) continue;
        Ast value = ast_child(file, parameters.items[i], AST_PARAMETER_DEFAULT);
        Ast type = ast_child(file, parameters.items[i], AST_PARAMETER_TYPE);
        objects[i] = eval_formal(l, &callee->formals[i], value);
        if (objects[i].kind == OBJECT_POISON) return false;
        if (callee->formals[i].want == WANT_TENSOR) {
            good = bring_tensor(l, type, &objects[i], callee->formals[i].name, places[i], true) &&
                   good;
        } else {
            good = check_static(l, type, &objects[i], true, places[i], callee->formals[i].name) &&
                   good;
            bind_name(l, callee->formals[i].name, objects[i]);
        }
    }
    if (!good || !unify_check(l, parameters, objects, places, l->frame->block)) return false;
    for (uint32_t i = 0; i < parameters.count; i++) {
        const Formal *formal = &callee->formals[i];
        if (formal->want == WANT_TENSOR) bind_name(l, formal->name, objects[i]);
    }
    return true;
}

/* One result: checked against its type, with its contract. */
static Object block_result(Lower *l, Ast result, Object object, Span place) {
    const File *file = l->frame->file;
    Ast type = ast_child(file, result, AST_RESULT_TYPE);
    TensorType declared;
    if (object.kind == OBJECT_POISON) return POISON;
    if (ast_kind(file, type) != AST_TENSOR_TYPE) {
        Name what = ast_name(file, result).id != 0 ? ast_name(file, result) : l->frame->block;
        check_static(l, type, &object, false, place, what);
        return object;
    }
    if (!eval_tensor_type(l, type, &declared)) return POISON;
    Value v = to_tensor(l, &object, declared.dtype, place);
    const char *what = arena_format(&l->cx->scratch, "the result of `%s`",
                                    text_of(l, l->frame->block));
    if (!check_tensor_type(l, &declared, v, place, what)) return POISON;
    return object_tensor(with_contract(l, declared.contract, v, ast_name(file, result), place));
}

static Span return_span(const Lower *l, Ast body) {
    AstRange statements = ast_list(l->frame->file, body, AST_BODY_STATEMENTS);
    return statements.count == 0 ? span_of(l, body)
                                 : span_of(l, statements.items[statements.count - 1]);
}

/* What a block of the prelude returns where it says `any`: one value, or several. */
static bool returns_any(const Lower *l, Ast type) {
    return l->frame->prelude && ast_kind(l->frame->file, type) == AST_STATIC_TYPE &&
           strcmp(text_of(l, ast_name(l->frame->file, type)), "any") == 0;
}

static Object block_results(Lower *l, const Callee *callee, const Object *returned) {
    const File *file = callee->file;
    Ast body = ast_child(file, callee->declaration, AST_BLOCK_BODY);
    AstRange results = ast_list(file, ast_child(file, callee->declaration, AST_BLOCK_RESULTS),
                                AST_LIST_ITEMS);
    Span place = return_span(l, body);
    uint32_t count = returned->kind == OBJECT_TUPLE ? returned->count : 1;
    const Object *items = returned->kind == OBJECT_TUPLE ? returned->as.items : returned;
    Ast only = ast_child(file, results.items[0], AST_RESULT_TYPE);
    if (count > 1 && results.count == 1 && returns_any(l, only)) return *returned;
    if (count != results.count) {
        fault_say(l, NNA1007, place, "`%s` returns %u value%s and declares %u",
                  text_of(l, callee->name), count, count == 1 ? "" : "s", results.count);
        return POISON;
    }
    if (count == 1) return block_result(l, results.items[0], items[0], place);
    Object *out = ARENA_ARRAY(&l->cx->module, Object, count);
    for (uint32_t i = 0; i < count; i++)
        out[i] = block_result(l, results.items[i], items[i], place);
    member_results(l, out, callee);
    return (Object){.kind = OBJECT_TUPLE, .count = count, .as.items = out};
}

static Object run_block(Lower *l, const Callee *callee, const Matched *matched, Object *objects,
                        const Span *places) {
    Object returned = POISON;
    Ast body = ast_child(callee->file, callee->declaration, AST_BLOCK_BODY);
    if (!bind_arguments(l, callee, matched, objects, places)) return POISON;
    if (ast_kind(callee->file, callee->declaration) == AST_EXTERN) {
        return call_extern(l, callee, objects, places, l->frame->call);
    }
    if (ast_kind(callee->file, body) != AST_BODY || !run_body(l, body, &returned)) return POISON;
    if (returned.kind == OBJECT_POISON) return POISON;
    return block_results(l, callee, &returned);
}

static bool too_deep(Lower *l, const Callee *callee, Span span) {
    if (l->block_depth < l->cx->limits.block_depth) return false;
    Diag *d = fault(l, NNA1009, span, "the calls of blocks are nested more than %llu deep",
                    (unsigned long long)l->cx->limits.block_depth);
    diag_note(l->cx, d, "the innermost calls `%s`", text_of(l, callee->name));
    diag_help(l->cx, d, "recursion must end at an `if` on a static parameter");
    fault_emit(l, d);
    ctx_give_up(l->cx);
}

/* The frame of a call. A part of a block has the path, the name and the place of that block:
 * neither parameters nor reports show it. */
static Frame frame_of(Lower *l, const Callee *callee, Span span, Name bound, Layer *layer) {
    Frame frame = {.caller = l->frame, .file = callee->file, .prelude = callee->prelude,
                   .module = callee->module,
                   .base = l->bindings.count,
                   .layer = layer ? layer : l->frame->layer, .called = layer};
    if (callee->part) {
        frame.block = l->frame->block;
        frame.origin = l->frame->origin;
        frame.call = l->frame->call;
        frame.path = l->frame->path;
        return frame;
    }
    frame.block = callee->name;
    frame.origin = origin_here(l, span);
    frame.call = span;
    frame.path = layer ? layer->path : path_new(l, l->frame->path, bound, callee->name, -1);
    return frame;
}

Object expand_block(Lower *l, const Callee *callee, const Matched *matched, Span span, Name bound,
                    Layer *layer) {
    Object objects[MAX_FORMALS];
    Span places[MAX_FORMALS];
    if (too_deep(l, callee, span)) return POISON;
    bool good = evaluate_arguments(l, callee, matched, span, objects, places);
    if (!path_argument(l, callee, matched, &bound) || !good) return POISON;
    Frame frame = frame_of(l, callee, span, bound, layer);
    frame.top = frame.path;
    if (layer) layer->path->counts.count = 0; /* every use of a layer counts its calls alike */
    l->frame = &frame;
    l->block_depth++;
    Object result = run_block(l, callee, matched, objects, places);
    l->block_depth--;
    l->frame = frame.caller;
    unbind_to(l, frame.base);
    return result;
}

/* Branches. */

static Object run_branch(Lower *l, Ast ast, Name bound) {
    Object out = POISON;
    uint32_t count = l->bindings.count;
    if (ast_kind(l->frame->file, ast) == AST_IF) return eval_if(l, ast, bound);
    if (ast_kind(l->frame->file, ast) != AST_BODY) return POISON;
    run_body(l, ast, &out);
    unbind_to(l, count);
    return out;
}

Object eval_if(Lower *l, Ast ast, Name bound) {
    const File *file = l->frame->file;
    Truth truth = static_condition(l, ast_child(file, ast, AST_IF_CONDITION), "if");
    if (truth == TRUTH_UNKNOWN) return POISON;
    uint32_t slot = truth == TRUTH_YES ? AST_IF_THEN : AST_IF_OTHERWISE;
    return run_branch(l, ast_child(file, ast, slot), bound);
}

/* Loops. */

typedef struct Loop {
    Ast ast;
    AstRange carries;
    Object *values;         /* of the carries */
    uint32_t stacked_count; /* yields beyond the carries */
    VEC(Object) stacked;    /* step by step */
    Path *path;
} Loop;

static bool loop_integer(Lower *l, Ast ast, int64_t *out) {
    Object o = eval(l, ast);
    if (o.kind == OBJECT_INTEGER) {
        *out = o.as.integer;
        return true;
    }
    if (o.kind == OBJECT_DIM) {
        fault_say(l, NNA0004, span_of(l, ast),
                  "not supported by this version: a `for` whose number "
                  "of steps is not known while compiling");
    } else if (o.kind != OBJECT_POISON) {
        fault_say(l, NNA1008, span_of(l, ast), "a range ends in integers, and this is %s",
                  object_describe(l, &o));
    }
    return false;
}

/* One step: false where its yields are of no use. */
static bool loop_step(Lower *l, Loop *loop, Object counter, int64_t step) {
    const File *file = l->frame->file;
    uint32_t count = l->bindings.count;
    Path *outer = l->frame->path;
    Object out = POISON;
    lower_step(l, span_of(l, loop->ast));
    bind_name(l, ast_name(file, loop->ast), counter);
    for (uint32_t i = 0; i < loop->carries.count; i++) {
        bind_name(l, ast_name(file, loop->carries.items[i]), loop->values[i]);
    }
    l->frame->path = path_new(l, loop->path, NAME_NONE, NAME_NONE, step);
    bool ended = run_body(l, ast_child(file, loop->ast, AST_FOR_BODY), &out);
    l->frame->path = outer;
    unbind_to(l, count);
    if (!ended || out.kind == OBJECT_POISON) return false;
    uint32_t yields = out.kind == OBJECT_TUPLE ? out.count : 1;
    const Object *items = out.kind == OBJECT_TUPLE ? out.as.items : &out;
    if (yields < loop->carries.count) {
        fault_say(l, NNA1007, span_of(l, loop->ast),
                  "this `for` carries %u values, and its body yields %u", loop->carries.count,
                  yields);
        return false;
    }
    for (uint32_t i = 0; i < yields; i++) {
        if (i < loop->carries.count) loop->values[i] = items[i];
        if (i >= loop->carries.count) vec_push(&l->cx->scratch, &loop->stacked, items[i]);
    }
    loop->stacked_count = yields - loop->carries.count;
    return true;
}

/* The yields beyond the carries, along a new first axis. */
static Object stack_steps(Lower *l, const Loop *loop, uint32_t which, uint32_t steps) {
    Span span = span_of(l, loop->ast);
    Construct around = construct_begin(l, span, "for");
    Value *values = ARENA_ARRAY(&l->cx->scratch, Value, steps);
    for (uint32_t i = 0; i < steps; i++) {
        const Object *o = &loop->stacked.data[i * loop->stacked_count + which];
        DimId dims[MAX_RANK] = {dim_constant(l->g->dims, 1)};
        Value v = to_tensor(l, o, DTYPE_F32, span);
        Shape shape = ir_shape(l->g, v);
        if (ir_is_poison(v) || shape.rank >= MAX_RANK) {
            construct_end(l, around);
            return POISON;
        }
        if (shape.rank > 0) memcpy(dims + 1, shape.dims, shape.rank * sizeof *dims);
        const Attr attrs[] = {attr_dims(l->g, shape.rank + 1u, dims)};
        values[i] = build_op(l->g, OP_RESHAPE, 1, &v, attrs, origin_here(l, span), NULL);
    }
    const Attr attrs[] = {attr_integer(0)};
    Value all = build_op(l->g, OP_CONCAT, steps, values, attrs, origin_here(l, span), NULL);
    construct_end(l, around);
    return object_tensor(all);
}

static Object loop_result(Lower *l, const Loop *loop, uint32_t steps) {
    uint32_t carries = loop->carries.count, count = carries + loop->stacked_count;
    if (count == 1 && carries == 1) return loop->values[0];
    Object *items = ARENA_ARRAY(&l->cx->module, Object, count);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = i < carries ? loop->values[i] : stack_steps(l, loop, i - carries, steps);
    }
    if (count == 1) return items[0];
    return (Object){.kind = OBJECT_TUPLE, .count = count, .as.items = items};
}

static bool start_carries(Lower *l, Loop *loop) {
    Ast carries = ast_child(l->frame->file, loop->ast, AST_FOR_CARRIES);
    if (carries.id != 0) loop->carries = ast_list(l->frame->file, carries, AST_LIST_ITEMS);
    loop->values = ARENA_ARRAY(&l->cx->module, Object, loop->carries.count);
    bool good = true;
    for (uint32_t i = 0; i < loop->carries.count; i++) {
        loop->values[i] = eval(l, ast_child(l->frame->file, loop->carries.items[i],
                                            AST_CARRY_VALUE));
        good = good && loop->values[i].kind != OBJECT_POISON;
    }
    return good;
}

Object eval_for(Lower *l, Ast ast, Name bound) {
    const File *file = l->frame->file;
    Ast range = ast_child(file, ast, AST_FOR_RANGE);
    Loop loop = {.ast = ast};
    Object list = {.kind = OBJECT_NONE};
    int64_t low = 0, high = 0;
    loop.path = path_new(l, l->frame->path, bound, names_intern_text(&l->cx->names, "for"), -1);
    bool good = start_carries(l, &loop);
    if (ast_kind(file, range) == AST_RANGE) {
        good = loop_integer(l, ast_child(file, range, AST_RANGE_LOW), &low) && good;
        good = loop_integer(l, ast_child(file, range, AST_RANGE_HIGH), &high) && good;
    } else {
        list = eval(l, range);
        high = list.count;
        if (list.kind != OBJECT_LIST && list.kind != OBJECT_POISON) {
            fault_say(l, NNA1008, span_of(l, range),
                      "`for` runs over a range or a list, not over %s", object_describe(l, &list));
        }
        good = good && list.kind == OBJECT_LIST;
    }
    if (!good) return POISON;
    uint32_t steps = 0;
    for (int64_t i = low; i < high; i++, steps++) {
        Object counter = list.kind == OBJECT_LIST ? list.as.items[i] : object_integer(i);
        if (!loop_step(l, &loop, counter, steps)) return POISON;
    }
    return loop_result(l, &loop, steps);
}
