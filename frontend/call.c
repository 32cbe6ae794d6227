/* Calls: which callee, and the operators of the table. Blocks are expanded in expand.c, the
 * functions of static_function.def are in function.c. */
#include "frontend/lower_internal.h"

enum { LOCAL_ACTUALS = 16 };

/* Attributes. */

static AttrKind kind_of(const Callee *callee, uint32_t formal) {
    return op_info[callee->op].attrs[formal - op_info[callee->op].input_count].kind;
}

/* What of a list is no integer; NULL where all of it is. */
static const Object *no_integer(const Object *o) {
    if (o->kind != OBJECT_LIST) return o->kind == OBJECT_INTEGER ? NULL : o;
    for (uint32_t i = 0; i < o->count; i++) {
        const Object *found = no_integer(&o->as.items[i]);
        if (found) return found;
    }
    return NULL;
}

static Attr wrong_attr(Lower *l, const Callee *callee, uint32_t formal, const Object *o,
                       Span span) {
    AttrKind kind = kind_of(callee, formal);
    bool lists = kind == ATTR_AXES || kind == ATTR_INTEGERS || kind == ATTR_WINDOW ||
                 kind == ATTR_PADDING;
    const Object *stranger = o->kind == OBJECT_LIST ? no_integer(o) : o;
    if (stranger && stranger->kind == OBJECT_POISON) return attr_none();
    const char *found = object_describe(l, o);
    if (o->kind == OBJECT_LIST && lists) {
        found = stranger ? arena_format(&l->cx->scratch, "a list with %s",
                                        object_describe(l, stranger))
                         : arena_format(&l->cx->scratch, "a list of more than %d numbers",
                                        2 * MAX_RANK);
    }
    fault_say(l, NNA1008, span, "`%s` of `%s` takes %s, not %s",
              text_of(l, callee->formals[formal].name), text_of(l, callee->name),
              attr_kind_text(kind), found);
    return attr_none();
}

/* Integers of a list, pairs included, one after another; false where it holds anything else. */
static bool flatten_integers(const Object *o, uint32_t limit, uint32_t *count, int64_t *out) {
    for (uint32_t i = 0; i < o->count; i++) {
        const Object *item = &o->as.items[i];
        if (item->kind == OBJECT_LIST) {
            if (!flatten_integers(item, limit, count, out)) return false;
        } else if (item->kind == OBJECT_INTEGER && *count < limit) {
            out[(*count)++] = item->as.integer;
        } else {
            return false;
        }
    }
    return true;
}

static Attr list_attr(Lower *l, const Callee *callee, uint32_t formal, const Object *o, Span span,
                      bool *good) {
    int64_t integers[2 * MAX_RANK];
    DimId dims[MAX_RANK];
    uint32_t count = 0;
    bool dimensions = kind_of(callee, formal) == ATTR_DIMS;
    if (!dimensions && flatten_integers(o, 2 * MAX_RANK, &count, integers)) {
        return attr_integers(l->g, count, integers);
    }
    for (uint32_t i = 0; i < o->count && dimensions; i++) {
        if (i == MAX_RANK) {
            fault_say(l, NNA0002, span, "a tensor of more than %d dimensions", MAX_RANK);
            *good = false;
            return attr_none();
        }
        if (!object_as_dim(l, &o->as.items[i], &dims[i])) {
            fault_say(l, NNA1008, span, "a dimension must be a whole number, and this is %s",
                      object_describe(l, &o->as.items[i]));
            *good = false;
            return attr_none();
        }
    }
    if (dimensions) return attr_dims(l->g, o->count, dims);
    *good = false;
    return wrong_attr(l, callee, formal, o, span);
}

/* A real for a formula that computes in the type: a double, which is rounded there once more.
 * Where two roundings are not one it is the value of the type itself. */
static Attr real_attr(Lower *l, const Object *o, DType dtype, Span span, bool *good) {
    double number = 0;
    *good = number_to_double(l, o, span, &number) && *good;
    if (*good && dtype_is_float(dtype)) {
        double rounded = number_rounded(l, o, dtype);
        /* Values of one type: equal where they are the same. */
        if (rounded != dtype_round(dtype, number)) number = rounded;
    }
    return attr_real(number);
}

static Attr make_attr(Lower *l, const Callee *callee, uint32_t formal, const Object *o,
                      DType dtype, Span span, bool *good) {
    const AttrInfo *row = &op_info[callee->op].attrs[formal - op_info[callee->op].input_count];
    switch (o->kind) {
    case OBJECT_INTEGER:
        if (row->kind == ATTR_DIMS) {
            DimId dim = dim_constant(l->g->dims, o->as.integer);
            return attr_dims(l->g, 1, &dim);
        }
        return attr_integer(o->as.integer);
    case OBJECT_REAL: return real_attr(l, o, dtype, span, good);
    case OBJECT_BOOL: return attr_boolean(o->as.boolean);
    case OBJECT_DTYPE: return attr_dtype(o->as.dtype);
    case OBJECT_WORD: return attr_name(o->as.name);
    case OBJECT_LIST: return list_attr(l, callee, formal, o, span, good);
    case OBJECT_DIM:
        if (row->kind == ATTR_DIMS) return attr_dims(l->g, 1, &o->as.dim);
        fault_say(l, NNA0004, span,
                  "not supported by this version: `%s` of a size that is not known while compiling",
                  row->name);
        *good = false;
        return attr_none();
    case OBJECT_NONE:
        if (row->kind == ATTR_AXES) return attr_none();
        if (row->kind == ATTR_WORD) return attr_name(l->callees->none);
        break;
    case OBJECT_POISON:
    case OBJECT_TENSOR:
    case OBJECT_STRING:
    case OBJECT_INIT:
    case OBJECT_CALLEE:
    case OBJECT_TUPLE:
    case OBJECT_LAYER: break;
    }
    *good = false;
    return wrong_attr(l, callee, formal, o, span);
}

Object actual_object(Lower *l, const Formal *formal, const Actual *actual) {
    return actual->value.id != 0 ? eval_formal(l, formal, actual->value) : actual->object;
}

/* Operands of a variadic row: positional ones, and the items of lists among them. */
uint32_t variadic_operands(Lower *l, const Callee *callee, const Actual *actuals, uint32_t count,
                           Object **objects, Span **spans) {
    uint32_t total = 0, at = 0;
    Object *given = ARENA_ARRAY(&l->cx->scratch, Object, count);
    for (uint32_t i = 0; i < count; i++) {
        if (actuals[i].name.id != 0) continue;
        given[i] = actual_object(l, &callee->formals[0], &actuals[i]);
        bool items = given[i].kind == OBJECT_LIST || given[i].kind == OBJECT_TUPLE;
        total += items ? given[i].count : 1;
    }
    *objects = ARENA_ARRAY(&l->cx->scratch, Object, total);
    *spans = ARENA_ARRAY(&l->cx->scratch, Span, total + OP_MAX_ATTRS);
    for (uint32_t i = 0; i < count; i++) {
        if (actuals[i].name.id != 0) continue;
        bool items = given[i].kind == OBJECT_LIST || given[i].kind == OBJECT_TUPLE;
        for (uint32_t k = 0; k < (items ? given[i].count : 1); k++) {
            (*objects)[at] = items ? given[i].as.items[k] : given[i];
            (*spans)[at++] = actuals[i].span;
        }
    }
    return total;
}

static Object call_operator(Lower *l, const Callee *callee, const Matched *matched,
                            const Actual *actuals, uint32_t actual_count, Span span) {
    const OpInfo *info = &op_info[callee->op];
    Object fixed[OP_MAX_INPUTS], *objects = fixed;
    Span fixed_spans[OP_MAX_INPUTS + OP_MAX_ATTRS], *spans = fixed_spans;
    Attr attrs[OP_MAX_ATTRS] = {{0}};
    uint32_t count = info->input_count;
    bool good = true;
    if (info->variadic) {
        count = variadic_operands(l, callee, actuals, actual_count, &objects, &spans);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            objects[i] = actual_object(l, &callee->formals[i], matched->actual[i]);
            spans[i] = matched->actual[i]->span;
        }
    }
    for (uint32_t i = 0; i < info->attr_count; i++) {
        uint32_t formal = info->input_count + i;
        const Actual *actual = matched->actual[formal];
        spans[count + i] = actual ? actual->span : span;
        if (!actual) continue;
        Object o = actual_object(l, &callee->formals[formal], actual);
        DType dtype = count > 0 ? object_dtype(l, &objects[count - 1]) : DTYPE_NONE;
        attrs[i] = make_attr(l, callee, formal, &o, dtype, actual->span, &good);
    }
    if (!good) return POISON;
    return eval_operator(l, callee->op, count, objects, spans, attrs, span);
}

/* Dispatch. */

Object call_callee(Lower *l, const Callee *callee, const Actual *actuals, uint32_t count,
                   Span span, Name bound, Layer *layer) {
    Matched matched;
    lower_step(l, span);
    if (!callee_match(l->callees, callee, actuals, count, &matched, NULL)) return POISON;
    switch (callee->kind) {
    case CALLEE_BLOCK: return expand_block(l, callee, &matched, span, bound, layer);
    case CALLEE_OPERATOR: return call_operator(l, callee, &matched, actuals, count, span);
    case CALLEE_FUNCTION: return call_function(l, callee, &matched, actuals, count, span);
    case CALLEE_NONE:
    case CALLEE_UNKNOWN: break;
    }
    return POISON;
}

/* What a name calls here: a layer, a callable parameter, or what is declared by that name. */
static const Callee *callee_at(const Lower *l, Name name, Layer **layer) {
    const Object *bound = find_binding(l, name);
    *layer = NULL;
    if (bound && bound->kind == OBJECT_LAYER) {
        *layer = bound->as.layer;
        return (*layer)->callee;
    }
    if (bound && bound->kind == OBJECT_CALLEE) return bound->as.callee;
    return callee_find(l->callees, l->frame->module, name);
}

/* A wrong call still has its arguments looked at. */
static void eval_arguments(Lower *l, AstRange arguments) {
    for (uint32_t i = 0; i < arguments.count; i++) {
        Ast value = ast_child(l->frame->file, arguments.items[i], AST_ARGUMENT_VALUE);
        AstKind kind = ast_kind(l->frame->file, value);
        if (kind != AST_NAME && kind != AST_STRING) eval(l, value);
    }
}

Object eval_call(Lower *l, Ast call, const Actual *piped, Name bound) {
    AstRange arguments = ast_list(l->frame->file, call, AST_CALL_ARGUMENTS);
    Layer *layer = NULL;
    if (is_faulty(l, call)) {
        eval_arguments(l, arguments);
        return POISON;
    }
    const Callee *callee = callee_at(l, ast_name(l->frame->file, call), &layer);
    if (!callee) return POISON;
    uint32_t count = (piped ? 1u : 0u) + arguments.count + (layer ? layer->actual_count : 0);
    Actual local[LOCAL_ACTUALS];
    Actual *actuals = count <= LOCAL_ACTUALS ? local : ARENA_ARRAY(&l->cx->scratch, Actual, count);
    uint32_t at = 0;
    if (piped) actuals[at++] = *piped;
    for (uint32_t i = 0; i < arguments.count; i++) {
        const AstNode *argument = node_of(l, arguments.items[i]);
        actuals[at++] = (Actual){
            .name = argument->name, .span = argument->span,
            .value = ast_child(l->frame->file, arguments.items[i], AST_ARGUMENT_VALUE)};
    }
    for (uint32_t i = 0; layer && i < layer->actual_count; i++) actuals[at++] = layer->actuals[i];
    return call_callee(l, callee, actuals, count, span_of(l, call), bound, layer);
}
