/* The formulas of update.def, and the nodes that are made of them. */
#include "ir/update.h"

#include "ir/eval.h"
#include "ir/formula.h"
#include "ir/gradient_internal.h"

#include <assert.h>
#include <math.h>

/* The table. */

enum { MOST_STATES = 3 };

/* What the inputs of a formula are. */
enum {
    LEAF_GRADIENT,
    LEAF_PARAMETER,
    LEAF_STEP,
    LEAF_RATE,
    LEAF_DIRECTION,
    LEAF_OLD,
    LEAF_NEW = LEAF_OLD + MOST_STATES,
    LEAF_SQUARES = LEAF_NEW + MOST_STATES,
    LEAF_COUNT = LEAF_SQUARES + LEAF_DIRECTION + 1
};

typedef enum UpdateKind {
    UPDATE_STATE,
    UPDATE_DIRECTION,
    UPDATE_STEP,
    UPDATE_FACTOR,
    UPDATE_PENALTY,
    UPDATE_CLIPPED,
} UpdateKind;

typedef struct UpdateRow {
    TrainingMethod method;
    UpdateKind kind;
    uint8_t slot;
    const char *name;
    const Scalar *initial, *wanted, *formula; /* wanted: NULL: always */
} UpdateRow;

#define LEAF(i) (&(const Scalar){.kind = SCALAR_INPUT, .index = (i)})
#define G LEAF(LEAF_GRADIENT)
#define P LEAF(LEAF_PARAMETER)
#define T LEAF(LEAF_STEP)
#define LR LEAF(LEAF_RATE)
#define D LEAF(LEAF_DIRECTION)
#define OLD(slot) LEAF(LEAF_OLD + (slot))
#define NEW(slot) LEAF(LEAF_NEW + (slot))
#define SQUARES_G LEAF(LEAF_SQUARES + LEAF_GRADIENT)
#define SQUARES_P LEAF(LEAF_SQUARES + LEAF_PARAMETER)
#define SQUARES_D LEAF(LEAF_SQUARES + LEAF_DIRECTION)
#define ALWAYS NULL
#define STATE(method_, slot_, name_, initial_, wanted_, formula_)                                  \
    {TRAINING_##method_, UPDATE_STATE, slot_, name_, initial_, wanted_, formula_},
#define ROW(method_, kind_, formula_)                                                              \
    {TRAINING_##method_, UPDATE_##kind_, 0, NULL, NULL, NULL, formula_},
#define DIRECTION(method_, formula_) ROW(method_, DIRECTION, formula_)
#define STEP(method_, formula_) ROW(method_, STEP, formula_)
#define FACTOR(method_, formula_) ROW(method_, FACTOR, formula_)
#define PENALTY(method_, formula_) ROW(method_, PENALTY, formula_)
#define CLIPPED(method_, formula_) ROW(method_, CLIPPED, formula_)

static const UpdateRow rows[] = {
#include "ir/update.def"
};
#undef G
#undef P
#undef T
#undef LR
#undef D
#undef LEAF

enum { ROW_COUNT = sizeof rows / sizeof *rows };

static bool mentions(const Scalar *s, uint32_t leaf) {
    if (s->kind == SCALAR_INPUT) return s->index == leaf;
    for (int i = 0; s->kind == SCALAR_APPLY && i < primitive_info[s->index].arity; i++) {
        if (mentions(s->args[i], leaf)) return true;
    }
    return false;
}

static bool method_mentions(TrainingMethod method, uint32_t leaf) {
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].method == method && mentions(rows[i].formula, leaf)) return true;
    }
    return false;
}

/* Formulas. */

/* What a part of a formula is: a number, a scalar of the step, or a tensor. */
typedef enum Level { LEVEL_NUMBER, LEVEL_STEP, LEVEL_TENSOR } Level;

typedef struct Term {
    Level level;
    double number;
    Value v;
} Term;

typedef struct Updates {
    Gradient w; /* the nodes are made as those of gradients are */
    Graph *g;
    const Training *t;
    const TrainingCall *call; /* whose row is computed */
    DType type, wide;         /* of tensors; of what depends on the step alone */
    Term leaf[LEAF_COUNT];
    const char *names[LEAF_COUNT];
} Updates;

static void start_call(Updates *u, const TrainingCall *call) {
    u->call = call;
    u->w.origin = build_origin(u->g, call->span, NAME_NONE, (OriginId){0});
}

static Term number(double value) {
    return (Term){.level = LEVEL_NUMBER, .number = value};
}

static Term tensor(Value v) {
    return (Term){.level = LEVEL_TENSOR, .v = v};
}

/* People read the formula where they would read a name. */
static void name_part(Updates *u, Value v, const Scalar *s) {
    const char *attributes[TRAINING_MAX_SETTINGS] = {NULL};
    const TrainingInfo *info = &training_info[u->call->method];
    if (ir_is_poison(v) || ir_node(u->g, v)->name.id != 0) return;
    for (uint32_t i = 0; i < info->setting_count; i++) attributes[i] = info->settings[i].name;
    Buf text = buf_make(&u->g->cx->scratch);
    scalar_print(s, u->names, attributes, &text);
    build_name(u->g, v, names_intern_text(&u->g->cx->names, buf_text(&text)), SPAN_NONE);
}

/* A term as a value of a type. */
static Value value_in(Updates *u, Term term, DType type) {
    if (term.level == LEVEL_NUMBER) return gradient_scalar(&u->w, type, term.number);
    const Node node = *ir_node(u->g, term.v);
    if (node.dtype == DTYPE_BOOL) return term.v;
    Value v = gradient_cast(&u->w, term.v, type);
    if (v.id != term.v.id) build_name(u->g, v, node.name, SPAN_NONE);
    return v;
}

static Term computed(const Updates *u, const Scalar *s);

static bool holds(const Updates *u, const Scalar *condition) {
    return condition == NULL || computed(u, condition).number > 0;
}

/* A part of numbers alone: in f64. */
static Term computed(const Updates *u, const Scalar *s) {
    if (s->kind == SCALAR_CONSTANT) return number(s->value);
    if (s->kind == SCALAR_ATTRIBUTE) return number(u->call->settings[s->index]);
    assert(s->kind == SCALAR_APPLY);
    Cell cells[3];
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        cells[i].f = computed(u, s->args[i]).number;
    }
    Cell out = eval_primitive((Primitive)s->index, DTYPE_F64, DTYPE_F64, cells);
    bool compares = primitive_info[s->index].class == PRIMITIVE_CLASS_COMPARE;
    return number(compares ? (double)out.i : out.f);
}

static bool is_known(const Scalar *s) {
    if (s->kind == SCALAR_INPUT) return false;
    for (int i = 0; s->kind == SCALAR_APPLY && i < primitive_info[s->index].arity; i++) {
        if (!is_known(s->args[i])) return false;
    }
    return true;
}

/* The formula with the choices made that settings decide. */
static const Scalar *decided(Updates *u, const Scalar *s) {
    if (s->kind != SCALAR_APPLY) return s;
    if (s->index == PRIMITIVE_SELECT && is_known(s->args[0])) {
        return decided(u, s->args[holds(u, s->args[0]) ? 1 : 2]);
    }
    Scalar *copy = ARENA_NEW(&u->g->cx->scratch, Scalar);
    *copy = *s;
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        copy->args[i] = decided(u, s->args[i]);
    }
    return copy;
}

static Term part(Updates *u, const Scalar *s) {
    if (is_known(s)) return computed(u, s);
    if (s->kind == SCALAR_INPUT) return u->leaf[s->index];
    int arity = primitive_info[s->index].arity;
    Term terms[3];
    Level level = LEVEL_STEP;
    for (int i = 0; i < arity; i++) {
        terms[i] = part(u, s->args[i]);
        if (terms[i].level == LEVEL_TENSOR) level = LEVEL_TENSOR;
    }
    DType type = level == LEVEL_TENSOR ? u->type : u->wide;
    Value args[3];
    for (int i = 0; i < arity; i++) args[i] = value_in(u, terms[i], type);
    uint32_t made = u->g->nodes.count;
    Value v = gradient_apply(&u->w, (Primitive)s->index, type, args);
    if (v.id >= made) name_part(u, v, s);
    return (Term){.level = level, .v = v};
}

static Term row_value(Updates *u, const UpdateRow *row) {
    return part(u, decided(u, row->formula));
}

/* Gradients. */

static void regularize(Updates *u, Value *gradient) {
    for (uint32_t k = 0; k < u->t->calls.count; k++) {
        const TrainingCall *call = &u->t->calls.data[k];
        start_call(u, call);
        for (size_t i = 0; i < ROW_COUNT; i++) {
            if (rows[i].method != call->method || rows[i].kind != UPDATE_PENALTY) continue;
            for (uint32_t p = 0; p < call->on.count; p++) {
                Value v = call->on.values[p], *sum = &gradient[v.id];
                if (ir_is_poison(*sum)) continue;
                u->type = ir_node(u->g, v)->dtype;
                u->leaf[LEAF_PARAMETER] = tensor(v);
                Term penalty = row_value(u, &rows[i]);
                *sum = gradient_binary(&u->w, PRIMITIVE_ADD, *sum,
                                       value_in(u, penalty, u->type));
            }
        }
    }
}

/* Values one behind the other, with few operands each time. */
static Value joined(Updates *u, uint32_t count, Value *values) {
    enum { FAN = 64 };
    if (count == 1) return values[0];
    for (uint32_t i = 0; i < count; i++) {
        DimId all = ir_element_count(u->g, values[i]);
        values[i] = gradient_reshape(&u->w, values[i], 1, &all);
    }
    while (count > 1) {
        uint32_t made = 0;
        for (uint32_t i = 0; i < count; i += FAN) {
            uint32_t part_count = count - i < FAN ? count - i : FAN;
            const Attr axis[] = {attr_integer(0)};
            values[made++] = part_count == 1 ? values[i]
                                             : gradient_op(&u->w, OP_CONCAT, part_count,
                                                           &values[i], axis);
        }
        count = made;
    }
    return values[0];
}

/* The sum of the squares of v, as a scalar in a type. */
static Value squares(Updates *u, Value v, DType type) {
    const Attr all[] = {attr_none(), attr_none()};
    Value square = gradient_binary(&u->w, PRIMITIVE_MUL, v, v);
    return gradient_cast(&u->w, gradient_op(&u->w, OP_SUM, 1, &square, all), type);
}

static Value scalar_name(Updates *u, Value v, const char *name) {
    if (!ir_is_poison(v) && ir_node(u->g, v)->name.id == 0) {
        build_name(u->g, v, names_intern_text(&u->g->cx->names, name), SPAN_NONE);
    }
    return v;
}

static void clip(Updates *u, const UpdateRow *row, UpdateGroups *all) {
    Value total = VALUE_NONE;
    DType wide = DTYPE_F32;
    for (uint32_t i = 0; i < all->count; i++) {
        if (ir_node(u->g, all->groups[i].gradient)->dtype == DTYPE_F64) wide = DTYPE_F64;
    }
    for (uint32_t i = 0; i < all->count && mentions(row->formula, LEAF_SQUARES); i++) {
        Value sum = squares(u, all->groups[i].gradient, wide);
        total = i == 0 ? sum : gradient_binary(&u->w, PRIMITIVE_ADD, total, sum);
    }
    u->wide = wide;
    u->leaf[LEAF_SQUARES + LEAF_GRADIENT] =
        (Term){.level = LEVEL_STEP, .v = scalar_name(u, total, "squares(g)")};
    for (uint32_t i = 0; i < all->count; i++) {
        UpdateGroup *group = &all->groups[i];
        u->type = ir_node(u->g, group->gradient)->dtype;
        u->leaf[LEAF_GRADIENT] = tensor(group->gradient);
        group->gradient = row_value(u, row).v;
    }
}

static void clip_all(Updates *u, UpdateGroups *all) {
    for (uint32_t k = 0; k < u->t->calls.count && all->count > 0; k++) {
        const TrainingCall *call = &u->t->calls.data[k];
        for (size_t i = 0; i < ROW_COUNT; i++) {
            if (rows[i].method != call->method || rows[i].kind != UPDATE_CLIPPED) continue;
            start_call(u, call);
            clip(u, &rows[i], all);
        }
    }
}

/* Groups: all parameters of an optimizer and an element type, or each by itself where the optimizer
 * looks at its norm. */

static void add_group(Updates *u, const TrainingCall *call, uint32_t count, const Value *chosen,
                      const Value *gradient, UpdateGroups *all) {
    Arena *arena = &u->g->cx->module;
    Value *parameters = ARENA_ARRAY(arena, Value, count);
    Value *parts = ARENA_ARRAY(&u->g->cx->scratch, Value, count);
    for (uint32_t i = 0; i < count; i++) {
        parameters[i] = chosen[i];
        parts[i] = gradient[chosen[i].id];
    }
    start_call(u, call);
    Value whole = scalar_name(u, joined(u, count, parts), "g");
    if (ir_is_poison(whole)) return;
    all->groups[all->count++] =
        (UpdateGroup){.optimizer = call, .parameters = {count, parameters}, .gradient = whole};
}

static void find_groups(Updates *u, const Value *gradient, UpdateGroups *all) {
    uint32_t most = 0;
    for (uint32_t k = 0; k < u->t->calls.count; k++) most += u->t->calls.data[k].on.count;
    all->groups = ARENA_ARRAY(&u->g->cx->module, UpdateGroup, most);
    Value *chosen = ARENA_ARRAY(&u->g->cx->scratch, Value, most);
    for (uint32_t k = 0; k < u->t->calls.count; k++) {
        const TrainingCall *call = &u->t->calls.data[k];
        if (training_info[call->method].kind != TRAINING_KIND_OPTIMIZER) continue;
        bool alone = method_mentions(call->method, LEAF_SQUARES + LEAF_PARAMETER);
        for (DType type = DTYPE_NONE; type < DTYPE_COUNT; type++) {
            uint32_t count = 0;
            for (uint32_t i = 0; i < call->on.count; i++) {
                Value v = call->on.values[i];
                if (ir_node(u->g, v)->dtype != type || ir_is_poison(gradient[v.id])) continue;
                chosen[count++] = v;
                if (!alone) continue;
                add_group(u, call, 1, &chosen[count - 1], gradient, all);
            }
            if (count > 0 && !alone) add_group(u, call, count, chosen, gradient, all);
        }
    }
}

/* The loop. */

/* At a microsecond each they take 285 years. */
#define MOST_STEPS ((int64_t)1 << 53)

static int64_t steps_of(const Training *t) {
    if (t->steps > 0) return t->steps;
    if (t->epochs == 0 || t->samples == 0 || t->batch == 0) return MOST_STEPS;
    int64_t each = t->samples / t->batch + (t->samples % t->batch > 0), all;
    if (__builtin_mul_overflow(t->epochs, each, &all) || all > MOST_STEPS) return MOST_STEPS;
    return all > 0 ? all : 1;
}

/* A number that is not fixed, so that a run can be short. */
static DimId trips_of(Updates *u) {
    int64_t most = steps_of(u->t);
    const char *name = arena_format(&u->g->cx->scratch, "up to %lld steps", (long long)most);
    return dim_variable(u->g->dims, names_intern_text(&u->g->cx->names, name), 1, most);
}

static const UpdateRow *next_row(const TrainingCall *call, UpdateKind kind, size_t *at) {
    for (; *at < ROW_COUNT; (*at)++) {
        if (rows[*at].method == call->method && rows[*at].kind == kind) return &rows[(*at)++];
    }
    return NULL;
}

static void set_rate(Updates *u, const TrainingCall *optimizer) {
    Term rate = number(optimizer->settings[0]);
    for (uint32_t k = 0; k < u->t->calls.count; k++) {
        size_t at = 0;
        const UpdateRow *row = next_row(&u->t->calls.data[k], UPDATE_FACTOR, &at);
        if (row == NULL || is_known(row->formula)) continue;
        start_call(u, &u->t->calls.data[k]);
        Value factor = row_value(u, row).v, so_far = value_in(u, rate, u->wide);
        rate = (Term){.level = LEVEL_STEP,
                      .v = scalar_name(u, gradient_binary(&u->w, PRIMITIVE_MUL, so_far, factor),
                                       "lr")};
    }
    start_call(u, optimizer);
    u->leaf[LEAF_RATE] = rate;
}

/* The number of the step, from 1 on. */
static void set_step(Updates *u, Value step) {
    Value t = gradient_binary(&u->w, PRIMITIVE_ADD, gradient_cast(&u->w, step, u->wide),
                              gradient_scalar(&u->w, u->wide, 1));
    u->leaf[LEAF_STEP] = (Term){.level = LEVEL_STEP, .v = scalar_name(u, t, "t")};
}

/* The states that the settings want, in the order of the table. */
static uint32_t states_of(const Updates *u, const UpdateRow *out[MOST_STATES]) {
    uint32_t count = 0;
    size_t at = 0;
    for (const UpdateRow *row; (row = next_row(u->call, UPDATE_STATE, &at)) != NULL;) {
        assert(count < MOST_STATES && row->slot < MOST_STATES);
        if (holds(u, row->wanted)) out[count++] = row;
    }
    return count;
}

/* The rows of the optimizer, in one step; what is taken off. */
static Value compute_rows(Updates *u) {
    Value step = VALUE_NONE;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const UpdateRow *row = &rows[i];
        if (row->method != u->call->method || !holds(u, row->wanted)) continue;
        Term term = row_value(u, row);
        if (row->kind == UPDATE_STATE) u->leaf[LEAF_NEW + row->slot] = term;
        if (row->kind == UPDATE_STEP) step = term.v;
        if (row->kind != UPDATE_DIRECTION) continue;
        u->leaf[LEAF_DIRECTION] = term;
        if (!method_mentions(row->method, LEAF_SQUARES + LEAF_DIRECTION)) continue;
        Value sum = scalar_name(u, squares(u, term.v, u->type), "squares(d)");
        u->leaf[LEAF_SQUARES + LEAF_DIRECTION] = tensor(sum);
    }
    return step;
}

static void set_parameters(Updates *u, const UpdateGroup *group) {
    TrainingMethod method = group->optimizer->method;
    uint32_t count = group->parameters.count;
    Value *parts = ARENA_ARRAY(&u->g->cx->scratch, Value, count);
    for (uint32_t i = 0; i < count; i++) parts[i] = group->parameters.values[i];
    if (!method_mentions(method, LEAF_PARAMETER)) return;
    Value p = joined(u, count, parts);
    u->leaf[LEAF_PARAMETER] = tensor(scalar_name(u, p, "p"));
    if (!method_mentions(method, LEAF_SQUARES + LEAF_PARAMETER)) return;
    Value sum = scalar_name(u, squares(u, p, u->type), "squares(p)");
    u->leaf[LEAF_SQUARES + LEAF_PARAMETER] = tensor(sum);
}

/* What the group's optimizer does in all steps. */
static void build_loop(Updates *u, UpdateGroup *group) {
    Graph *g = u->g;
    const UpdateRow *state[MOST_STATES];
    Value start[MOST_STATES], carry[MOST_STATES];
    start_call(u, group->optimizer);
    u->type = ir_node(g, group->gradient)->dtype;
    u->wide = dtype_accumulator(u->type);
    u->leaf[LEAF_GRADIENT] = tensor(group->gradient);
    set_parameters(u, group);
    uint32_t count = states_of(u, state);
    for (uint32_t i = 0; i < count; i++) {
        start[i] = gradient_filled(&u->w, group->gradient, computed(u, state[i]->initial).number);
        if (ir_is_poison(start[i])) return;
    }
    DimId most = trips_of(u);
    const Attr trips[] = {attr_dims(g, 1, &most)};
    group->first = g->nodes.count;
    Value step = gradient_op(&u->w, OP_SCAN_STEP, 0, NULL, trips);
    if (ir_is_poison(step)) return;
    for (uint32_t i = 0; i < count; i++) {
        carry[i] = gradient_op(&u->w, OP_SCAN_CARRY, 1, &start[i], NULL);
        scalar_name(u, carry[i], state[i]->name);
        u->leaf[LEAF_OLD + state[i]->slot] = tensor(carry[i]);
        u->names[LEAF_OLD + state[i]->slot] = u->names[LEAF_NEW + state[i]->slot] = state[i]->name;
    }
    set_step(u, step);
    set_rate(u, group->optimizer);
    group->step = compute_rows(u);
    for (uint32_t i = 0; i < count; i++) {
        Value next = u->leaf[LEAF_NEW + state[i]->slot].v;
        const Value ends[] = {ir_is_poison(next) ? carry[i] : next, carry[i]};
        gradient_op(&u->w, OP_SCAN_FINAL, 2, ends, NULL);
    }
    build_region_end(g, step);
    group->end = g->nodes.count;
}

Value update_sum(Graph *g, Value sum, Value term, bool negated, OriginId origin) {
    Gradient w;
    gradient_start(&w, g);
    w.origin = origin;
    if (negated) term = gradient_apply(&w, PRIMITIVE_NEG, DTYPE_NONE, &term);
    return ir_is_poison(sum) ? term : gradient_binary(&w, PRIMITIVE_ADD, sum, term);
}

UpdateGroups update_build(Graph *g, const Training *t, Value *gradient) {
    UpdateGroups all = {0};
    Updates *u = ARENA_NEW(&g->cx->scratch, Updates);
    *u = (Updates){.g = g, .t = t, .names = {"g", "p", "t", "lr", "d"}};
    u->names[LEAF_SQUARES + LEAF_GRADIENT] = "squares(g)";
    u->names[LEAF_SQUARES + LEAF_PARAMETER] = "squares(p)";
    u->names[LEAF_SQUARES + LEAF_DIRECTION] = "squares(d)";
    gradient_start(&u->w, g);
    regularize(u, gradient);
    find_groups(u, gradient, &all);
    clip_all(u, &all);
    for (uint32_t i = 0; i < all.count; i++) build_loop(u, &all.groups[i]);
    return all;
}
