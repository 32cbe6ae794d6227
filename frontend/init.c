/* Initializers: how a parameter starts, and between which values (LANGUAGE, section 5). */
#include "frontend/lower_internal.h"

#include "ir/shape.h"
#include "ir/text.h"

#include <math.h>
#include <string.h>

/* No sampler in use exceeds nine deviations; truncated ones are cut at two. */
static const double normal_deviations = 9, truncated_deviations = 2;

bool init_find(const char *spelling, InitKind *kind, uint32_t *argument_count) {
    for (int i = INIT_ZEROS; i <= INIT_IDENTITY; i++) { /* a list has no name */
        if (strcmp(init_spelling((InitKind)i), spelling) != 0) continue;
        *kind = (InitKind)i;
        *argument_count = init_argument_count((InitKind)i);
        return true;
    }
    return false;
}

void init_nearest(Nearest *nearest) {
    for (int i = INIT_ZEROS; i <= INIT_IDENTITY; i++) {
        nearest_try(nearest, init_spelling((InitKind)i));
    }
}

static bool init_number(Lower *l, Ast argument, double *out) {
    Ast value = ast_child(l->frame->file, argument, AST_ARGUMENT_VALUE);
    Object o = eval(l, value);
    if (o.kind == OBJECT_POISON) return false;
    if (object_as_real(&o, out)) {
        if (!number_to_double(l, &o, span_of(l, value), out)) return false;
        if (isfinite(*out)) return true;
    }
    fault_say(l, NNA1008, span_of(l, value), "an initializer takes finite numbers, and this is %s",
              object_describe(l, &o));
    return false;
}

static Object make_init(Lower *l, Init init) {
    Init *made = ARENA_NEW(&l->cx->module, Init);
    *made = init;
    return (Object){.kind = OBJECT_INIT, .as.init = made};
}

Object eval_init(Lower *l, Ast ast) {
    AstKind kind = ast_kind(l->frame->file, ast);
    Name name = ast_name(l->frame->file, ast);
    Init init = {0};
    uint32_t wanted = 0;
    if (is_faulty(l, ast)) return POISON;
    if (kind == AST_NAME && find_binding(l, name)) return *find_binding(l, name);
    if ((kind != AST_NAME && kind != AST_CALL) ||
        !init_find(text_of(l, name), &init.kind, &wanted)) {
        return eval(l, ast);
    }
    AstRange arguments = kind == AST_CALL ? ast_list(l->frame->file, ast, AST_CALL_ARGUMENTS)
                                          : (AstRange){0};
    if (arguments.count != wanted) return POISON;
    if (wanted > 0 && !init_number(l, arguments.items[0], &init.a)) return POISON;
    if (wanted > 1 && !init_number(l, arguments.items[1], &init.b)) return POISON;
    bool spread = init.kind == INIT_NORMAL || init.kind == INIT_TRUNCATED_NORMAL;
    if ((init.kind == INIT_UNIFORM && init.a > init.b) || (spread && init.b < 0)) {
        fault_say(l, NNA5001, span_of(l, ast),
                  spread ? "a deviation below 0" : "the lower end is above the upper one");
        return POISON;
    }
    return make_init(l, init);
}

/* The number of elements that a unit is fed by, and feeds: the smallest they can be. */
static void fans(Lower *l, Shape shape, double *in, double *out) {
    int64_t size[MAX_RANK] = {0}, high = 0;
    double window = 1;
    for (uint32_t i = 0; i < shape.rank; i++) {
        dim_bounds(l->g->dims, shape.dims[i], &size[i], &high);
        if (size[i] < 1) size[i] = 1;
        if (i >= 2) window *= (double)size[i];
    }
    if (shape.rank < 2) {
        *in = *out = shape.rank == 0 ? 1 : (double)size[0];
    } else if (shape.rank == 2) { /* [in, units] */
        *in = (double)size[0];
        *out = (double)size[1];
    } else { /* [filters, in, window...] */
        *in = (double)size[1] * window;
        *out = (double)size[0] * window;
    }
}

static void list_support(const Object *list, double *low, double *high) {
    for (uint32_t i = 0; i < list->count; i++) {
        double value = 0;
        if (list->as.items[i].kind == OBJECT_LIST) list_support(&list->as.items[i], low, high);
        if (!object_as_real(&list->as.items[i], &value)) continue;
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

/* Whether nested lists have these sizes, from an axis on; symbolic ones are not looked at. */
static bool list_has_shape(Lower *l, const Object *list, Shape shape, uint32_t axis) {
    int64_t size;
    if (axis == shape.rank) return list->kind != OBJECT_LIST;
    if (list->kind != OBJECT_LIST) return false;
    if (dim_is_constant(l->g->dims, shape.dims[axis], &size) && size != list->count) return false;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!list_has_shape(l, &list->as.items[i], shape, axis + 1)) return false;
    }
    return true;
}

static void symmetric(Init *init, double centre, double reach) {
    init->low = centre - reach;
    init->high = centre + reach;
}

static void support(Init *init, double in, double out) {
    switch (init->kind) {
    case INIT_NONE:
    case INIT_ZEROS:
    case INIT_LIST: return;
    case INIT_ONES: init->low = init->high = 1; return;
    case INIT_CONSTANT: init->low = init->high = init->a; return;
    case INIT_UNIFORM:
        init->low = init->a;
        init->high = init->b;
        return;
    case INIT_NORMAL: symmetric(init, init->a, normal_deviations * init->b); return;
    case INIT_TRUNCATED_NORMAL: symmetric(init, init->a, truncated_deviations * init->b); return;
    case INIT_GLOROT_UNIFORM: symmetric(init, 0, sqrt(6 / (in + out))); return;
    case INIT_GLOROT_NORMAL: symmetric(init, 0, normal_deviations * sqrt(2 / (in + out))); return;
    case INIT_HE_UNIFORM: symmetric(init, 0, sqrt(6 / in)); return;
    case INIT_HE_NORMAL: symmetric(init, 0, normal_deviations * sqrt(2 / in)); return;
    case INIT_LECUN_NORMAL: symmetric(init, 0, normal_deviations * sqrt(1 / in)); return;
    case INIT_ORTHOGONAL: symmetric(init, 0, 1); return;
    case INIT_IDENTITY: init->high = 1; return;
    }
}

Init init_for(Lower *l, const Object *init, DType dtype, ShapeId shape, Span span) {
    Init made = {0};
    double in = 1, out = 1;
    if (init->kind == OBJECT_POISON || init->kind == OBJECT_NONE) return made;
    if (init->kind == OBJECT_LIST) {
        made.kind = INIT_LIST;
        made.low = INFINITY;
        made.high = -INFINITY;
        list_support(init, &made.low, &made.high);
        if (!list_has_shape(l, init, l->g->shapes.data[shape.id], 0)) {
            fault_say(l, NNA2002, span, "the list does not have the shape %s of the parameter",
                      shape_text(l->g, shape));
        }
        if (made.low > made.high) made.low = made.high = 0;
    } else if (init->kind == OBJECT_INIT) {
        made = *init->as.init;
    } else {
        Diag *d = fault(l, NNA1008, span, "an initializer is wanted here, not %s",
                        object_describe(l, init));
        if (object_is_number(init)) diag_help(l->cx, d, "`constant(v)` gives one value to all");
        fault_emit(l, d);
        return made;
    }
    fans(l, l->g->shapes.data[shape.id], &in, &out);
    support(&made, in, out);
    made.low = dtype_round_down(dtype, made.low);
    made.high = dtype_round_up(dtype, made.high);
    return made;
}
