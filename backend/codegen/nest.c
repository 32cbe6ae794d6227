/* Loop nests as LLVM loops, in the order of the evaluator, so that sums are the same bit for bit.
 *
 * Counters are i64 from 0; positions are linear, built from the leftmost dimension inwards, so that
 * what does not change in a loop stands outside of it after the optimiser has run. A position that
 * never leaves its tensor is below its element count, which was checked to fit i64 (entry.c): its
 * arithmetic cannot wrap, and says so. */
#include "backend/codegen/emitter.h"

#include <assert.h>
#include <math.h>

typedef struct Writer {
    Emitter *e;
    Value v;
    const Nest *nest;
    LLVMValueRef out;
    const LLVMValueRef *operands; /* of the node */
    LLVMValueRef counter[NEST_MAX_LOOPS];
    DType type; /* the primitives compute in it */
    DType result;
    LLVMValueRef element; /* position of the result */
    LLVMValueRef acc;     /* variable of `type` */
    LLVMValueRef count;   /* i64 variable: terms so far; NULL where that is no question */
    int32_t guard;        /* of the combiner */
    LLVMValueRef wrapped, nan, infinite; /* i1 variables that this guard needs, or NULL */
} Writer;

static LLVMValueRef no_wrap(LLVMValueRef value, bool holds) {
    if (holds && LLVMIsAInstruction(value) != NULL) LLVMSetNSW(value, true);
    return value;
}

/* ---- positions */

static LLVMValueRef index_value(Writer *w, const Index *index) {
    Emitter *e = w->e;
    bool stays = !index->may_leave;
    LLVMValueRef sum = NULL;
    for (uint8_t k = 0; k < index->term_count; k++) {
        LLVMValueRef term = w->counter[index->term[k].loop];
        int64_t coefficient = index->term[k].coefficient;
        if (coefficient != 1) {
            term = no_wrap(LLVMBuildMul(e->builder, term, const_i64(e, coefficient), ""), stays);
        }
        sum = sum == NULL ? term : no_wrap(LLVMBuildAdd(e->builder, sum, term, ""), stays);
    }
    int64_t constant;
    bool nothing = dim_is_constant(e->graph->dims, index->offset, &constant) && constant == 0;
    if (nothing) return sum == NULL ? const_i64(e, 0) : sum;
    LLVMValueRef offset = dim_value(e, index->offset);
    return sum == NULL ? offset : no_wrap(LLVMBuildAdd(e->builder, sum, offset, ""), stays);
}

static LLVMValueRef position(Writer *w, const Access *access, Value tensor, LLVMValueRef *inside);

/* A condition to be acted on when it is known which element it is about. */
typedef struct Check {
    LLVMValueRef holds, seen;
} Check;

/* A position that another operand gives: checked where that is wanted, and held in the dimension
 * in any case, so that nothing outside of the tensor is touched. */
static LLVMValueRef position_from(Writer *w, uint8_t from, LLVMValueRef extent, Check *check) {
    Emitter *e = w->e;
    uint8_t which = w->nest->operand[from];
    Value tensor = ir_operand(e->graph, w->v, which);
    DType type = ir_node(e->graph, tensor)->dtype;
    LLVMValueRef inside, at = position(w, &w->nest->access[from], tensor, &inside);
    LLVMValueRef given = number_load(e, type, w->operands[which], at);
    int32_t guard = guard_find(e, w->v, SITE_INDEX, NULL);
    if (guard != NO_GUARD) given = guard_operand(e, guard, 0, type, given);
    LLVMValueRef index = LLVMBuildIntCast2(e->builder, given, e->types.i64,
                                           !dtype_is_unsigned(type), "");
    *check = (Check){.holds = NULL};
    if (guard != NO_GUARD) {
        check->holds = LLVMBuildICmp(e->builder, LLVMIntULT, index, extent, "");
        check->seen = number_as_double(e, type, given);
    }
    LLVMValueRef least[2] = {index, const_i64(e, 0)};
    LLVMValueRef last = LLVMBuildSub(e->builder, extent, const_i64(e, 1), "");
    LLVMValueRef most[2] = {build_intrinsic(e, "llvm.smax", e->types.i64, 2, least), last};
    return build_intrinsic(e, "llvm.smin", e->types.i64, 2, most);
}

static LLVMValueRef extent_of(Writer *w, const Access *access, Value tensor, uint8_t d) {
    if (access->flat) return dim_elements(w->e, tensor);
    return dim_value(w->e, ir_shape(w->e->graph, tensor).dims[d]);
}

/* Linear position; *inside gets whether it is within the tensor, NULL where it always is. That of
 * the result is the element from now on. */
static LLVMValueRef position(Writer *w, const Access *access, Value tensor, LLVMValueRef *inside) {
    Emitter *e = w->e;
    LLVMValueRef linear = const_i64(e, 0);
    Check checks[MAX_RANK] = {{NULL, NULL}};
    *inside = NULL;
    bool stays = true;
    for (uint8_t d = 0; d < access->rank; d++) stays = stays && !access->index[d].may_leave;
    for (uint8_t d = 0; d < access->rank; d++) {
        uint8_t from = access->index[d].from;
        LLVMValueRef extent = extent_of(w, access, tensor, d);
        LLVMValueRef index = from == 0 ? index_value(w, &access->index[d])
                                       : position_from(w, from, extent, &checks[d]);
        if (access->index[d].may_leave) {
            LLVMValueRef in = LLVMBuildICmp(e->builder, LLVMIntULT, index, extent, "");
            *inside = build_and(e, *inside, in);
        }
        if (d == 0) {
            linear = index;
            continue;
        }
        linear = no_wrap(LLVMBuildMul(e->builder, linear, extent, ""), stays);
        linear = no_wrap(LLVMBuildAdd(e->builder, linear, index, ""), stays);
    }
    if (access == &w->nest->out) w->element = linear;
    for (uint8_t d = 0; d < access->rank; d++) {
        if (checks[d].holds == NULL) continue;
        int32_t guard = guard_find(e, w->v, SITE_INDEX, NULL);
        guard_act(e, guard, checks[d].holds, w->element, 1, &checks[d].seen, checks[d].seen);
    }
    return linear;
}

/* ---- operands */

typedef struct Operand {
    Value tensor;
    DType dtype;
    LLVMValueRef base, at, inside;
} Operand;

static Operand operand_at(Writer *w, uint8_t k) {
    uint8_t which = w->nest->operand[k];
    Operand o = {.tensor = ir_operand(w->e->graph, w->v, which), .base = w->operands[which]};
    o.dtype = ir_node(w->e->graph, o.tensor)->dtype;
    o.at = position(w, &w->nest->access[k], o.tensor, &o.inside);
    return o;
}

/* The element, or `outside` where there is none. */
static Typed load_or_outside(Writer *w, const Operand *o) {
    Emitter *e = w->e;
    if (o->inside == NULL) return (Typed){number_load(e, o->dtype, o->base, o->at), o->dtype};
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef in = block(e, "inside"), after = block(e, "loaded");
    LLVMBuildCondBr(e->builder, o->inside, in, after);
    LLVMPositionBuilderAtEnd(e->builder, in);
    LLVMValueRef loaded = number_load(e, o->dtype, o->base, o->at);
    LLVMBasicBlockRef in_end = LLVMGetInsertBlock(e->builder);
    LLVMBuildBr(e->builder, after);
    LLVMPositionBuilderAtEnd(e->builder, after);
    LLVMValueRef value = LLVMBuildPhi(e->builder, number_type(e, o->dtype), "");
    LLVMValueRef outside = number_constant(e, o->dtype, w->nest->outside);
    LLVMAddIncoming(value, &loaded, &in_end, 1);
    LLVMAddIncoming(value, &outside, &before, 1);
    return (Typed){value, o->dtype};
}

/* Of the innermost loop over the result. */
static const LLVMValueRef *last_counter(const Writer *w) {
    return w->nest->outer == 0 ? NULL : &w->counter[w->nest->outer - 1];
}

static LLVMValueRef body_value(Writer *w, const Typed *inputs) {
    if (w->nest->body == NULL) return inputs[0].value;
    Formula f = {.node = w->v, .part = SITE_BODY, .type = w->type, .inputs = inputs,
                 .element = w->element, .last = last_counter(w)};
    return formula_value(w->e, &f, w->nest->body).value;
}

static LLVMValueRef plain_value(Writer *w) {
    Typed inputs[NEST_MAX_OPERANDS];
    for (uint8_t k = 0; k < w->nest->operand_count; k++) {
        if (w->nest->operand[k] == NEST_RESULT) {
            inputs[k] = (Typed){number_load(w->e, w->result, w->out, w->element), w->result};
            continue;
        }
        Operand o = operand_at(w, k);
        inputs[k] = load_or_outside(w, &o);
    }
    return body_value(w, inputs);
}

/* ---- reductions */

static LLVMValueRef start_of(Writer *w) {
    Emitter *e = w->e;
    LLVMTypeRef type = number_type(e, w->type);
    bool real = dtype_is_float(w->type), is_unsigned = dtype_is_unsigned(w->type);
    unsigned width = real ? 0 : LLVMGetIntTypeWidth(type);
    switch (w->nest->combine) {
    case COMBINE_NONE:
    case COMBINE_SUM:
    case COMBINE_ANY: break;
    case COMBINE_PRODUCT:
    case COMBINE_ALL: return number_constant(e, w->type, 1);
    case COMBINE_MAX:
        if (real) return LLVMConstReal(type, -(double)INFINITY);
        if (is_unsigned) break;
        return LLVMConstInt(type, UINT64_C(1) << (width - 1), false);
    case COMBINE_MIN:
        if (real) return LLVMConstReal(type, (double)INFINITY);
        if (is_unsigned) return LLVMConstAllOnes(type);
        return LLVMConstInt(type, (UINT64_C(1) << (width - 1)) - 1, false);
    }
    return LLVMConstNull(type);
}

static void set_if(Emitter *e, LLVMValueRef variable, LLVMValueRef condition) {
    LLVMValueRef so_far = LLVMBuildLoad2(e->builder, e->types.i1, variable, "");
    LLVMBuildStore(e->builder, LLVMBuildOr(e->builder, so_far, condition, ""), variable);
}

static void combine(Writer *w, LLVMValueRef term) {
    Emitter *e = w->e;
    Primitive p = combiner_primitive(w->nest->combine);
    LLVMValueRef args[2] = {LLVMBuildLoad2(e->builder, number_type(e, w->type), w->acc, ""), term};
    if (w->nan != NULL) set_if(e, w->nan, guard_is_nan(e, term));
    if (w->infinite != NULL) set_if(e, w->infinite, guard_is_infinite(e, term));
    if (w->wrapped != NULL) {
        LLVMValueRef fits = guard_no_wrap(e, p, w->type, args);
        if (fits != NULL) set_if(e, w->wrapped, LLVMBuildNot(e->builder, fits, ""));
    }
    LLVMBuildStore(e->builder, primitive_value(e, p, w->type, w->type, args), w->acc);
    if (w->count == NULL) return;
    LLVMValueRef terms = LLVMBuildLoad2(e->builder, e->types.i64, w->count, "");
    terms = no_wrap(LLVMBuildAdd(e->builder, terms, const_i64(e, 1), ""), true);
    LLVMBuildStore(e->builder, terms, w->count);
}

/* One term: skipped where an operand is outside. */
static void term(Writer *w) {
    Emitter *e = w->e;
    Operand o[NEST_MAX_OPERANDS];
    LLVMValueRef inside = NULL;
    for (uint8_t k = 0; k < w->nest->operand_count; k++) {
        o[k] = operand_at(w, k);
        inside = o[k].inside == NULL ? inside : build_and(e, inside, o[k].inside);
    }
    LLVMBasicBlockRef skip = NULL;
    if (inside != NULL) {
        LLVMBasicBlockRef in = block(e, "inside");
        skip = block(e, "next");
        LLVMBuildCondBr(e->builder, inside, in, skip);
        LLVMPositionBuilderAtEnd(e->builder, in);
    }
    Typed inputs[NEST_MAX_OPERANDS];
    for (uint8_t k = 0; k < w->nest->operand_count; k++) {
        inputs[k] = (Typed){number_load(e, o[k].dtype, o[k].base, o[k].at), o[k].dtype};
        if (!dtype_is_float(o[k].dtype)) continue;
        inputs[k].value = number_convert(e, o[k].dtype, w->type, inputs[k].value);
        inputs[k].dtype = w->type;
    }
    combine(w, body_value(w, inputs));
    if (skip == NULL) return;
    LLVMBuildBr(e->builder, skip);
    LLVMPositionBuilderAtEnd(e->builder, skip);
}

static bool may_leave(const Nest *nest) {
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        for (uint8_t d = 0; d < nest->access[k].rank; d++) {
            if (nest->access[k].index[d].may_leave) return true;
        }
    }
    return false;
}

static LLVMValueRef flag_variable(Writer *w, bool wanted, const char *name) {
    return wanted ? entry_variable(w->e, w->e->types.i1, name) : NULL;
}

/* Variables of a reduction, made once. */
static void prepare(Writer *w) {
    Emitter *e = w->e;
    w->acc = entry_variable(e, number_type(e, w->type), "acc");
    if (may_leave(w->nest) && scalar_mentions(w->nest->after, SCALAR_COUNT_OF)) {
        w->count = entry_variable(e, e->types.i64, "count");
    }
    w->guard = guard_find(e, w->v, SITE_COMBINE, NULL);
    if (w->guard == NO_GUARD) return;
    const Guard *guard = &e->guards.data[w->guard];
    bool real = dtype_is_float(w->type);
    w->wrapped = flag_variable(w, !real, "wrapped");
    w->nan = flag_variable(w, real && guard->nan_allowed, "nan");
    w->infinite = flag_variable(w, real && guard->infinite_allowed, "infinite");
}

static void clear(Writer *w, LLVMValueRef variable) {
    if (variable != NULL) LLVMBuildStore(w->e->builder, const_i1(w->e, false), variable);
}

/* The combined value of one element went wrong by itself: from terms that were all right. */
static void guard_combined(Writer *w, LLVMValueRef acc, LLVMValueRef stored) {
    if (w->guard == NO_GUARD) return;
    Emitter *e = w->e;
    LLVMBuilderRef b = e->builder;
    LLVMValueRef holds, seen = acc;
    if (w->wrapped != NULL) {
        LLVMValueRef wrapped = LLVMBuildLoad2(b, e->types.i1, w->wrapped, "");
        wrapped = LLVMBuildOr(b, wrapped, guard_is_injected(e, w->guard, 3), "");
        holds = LLVMBuildNot(b, wrapped, "");
    } else {
        seen = guard_operand(e, w->guard, 3, w->type, acc);
        holds = guard_is_finite(e, seen);
        if (w->infinite != NULL) {
            LLVMValueRef passed = LLVMBuildLoad2(b, e->types.i1, w->infinite, "");
            passed = LLVMBuildAnd(b, passed, guard_is_infinite(e, seen), "");
            holds = LLVMBuildOr(b, holds, passed, "");
        }
        if (w->type != w->result) {
            LLVMValueRef over = LLVMBuildAnd(b, guard_is_infinite(e, stored),
                                             guard_is_finite(e, seen), "");
            holds = LLVMBuildAnd(b, holds, LLVMBuildNot(b, over, ""), "");
        }
        if (w->nan != NULL) {
            holds = LLVMBuildOr(b, holds, LLVMBuildLoad2(b, e->types.i1, w->nan, ""), "");
        }
    }
    bool told = e->body.mode == GUARD_MODE_TRIP;
    LLVMValueRef number = told ? number_as_double(e, w->type, seen) : NULL;
    guard_act(e, w->guard, holds, w->element, 0, NULL, number);
}

/* The number of positions of a window before the padding behind the end is over, in dimension d of
 * the first operand: ceil(room / dilation), held in [0, kernel]. */
static LLVMValueRef positions(Writer *w, uint8_t d) {
    Emitter *e = w->e;
    LLVMBuilderRef b = e->builder;
    const Index *index = &w->nest->access[0].index[d];
    Value tensor = ir_operand(e->graph, w->v, w->nest->operand[0]);
    LLVMValueRef end = extent_of(w, &w->nest->access[0], tensor, d);
    LLVMValueRef room = LLVMBuildAdd(b, end, dim_value(e, index->behind), "");
    room = LLVMBuildSub(b, room, dim_value(e, index->offset), "");
    LLVMValueRef kernel = NULL;
    int64_t dilation = 1;
    for (uint8_t k = 0; k < index->term_count; k++) {
        uint8_t loop = index->term[k].loop;
        int64_t coefficient = index->term[k].coefficient;
        if (loop >= w->nest->outer) {
            kernel = dim_value(e, w->nest->extent[loop]);
            dilation = coefficient;
            continue;
        }
        LLVMValueRef start = LLVMBuildMul(b, w->counter[loop], const_i64(e, coefficient), "");
        room = LLVMBuildSub(b, room, start, "");
    }
    room = LLVMBuildAdd(b, room, const_i64(e, dilation - 1), "");
    LLVMValueRef least[2] = {LLVMBuildSDiv(b, room, const_i64(e, dilation), ""), const_i64(e, 0)};
    LLVMValueRef most[2] = {build_intrinsic(e, "llvm.smax", e->types.i64, 2, least), kernel};
    return build_intrinsic(e, "llvm.smin", e->types.i64, 2, most);
}

static LLVMValueRef volume(Writer *w) {
    Emitter *e = w->e;
    LLVMValueRef product = const_i64(e, 1);
    for (uint8_t d = 0; w->nest->ragged && d < w->nest->access[0].rank; d++) {
        if (!w->nest->access[0].index[d].may_leave) continue;
        product = no_wrap(LLVMBuildMul(e->builder, product, positions(w, d), ""), true);
    }
    if (w->nest->ragged) return product;
    for (uint8_t l = w->nest->outer; l < w->nest->loops; l++) {
        LLVMValueRef extent = dim_value(e, w->nest->extent[l]);
        product = no_wrap(LLVMBuildMul(e->builder, product, extent, ""), true);
    }
    return product;
}

static LLVMValueRef reduced_value(Writer *w) {
    Emitter *e = w->e;
    const Nest *nest = w->nest;
    LLVMBuildStore(e->builder, start_of(w), w->acc);
    if (w->count != NULL) LLVMBuildStore(e->builder, const_i64(e, 0), w->count);
    clear(w, w->wrapped);
    clear(w, w->nan);
    clear(w, w->infinite);
    Loop loops[NEST_MAX_LOOPS];
    for (uint8_t l = nest->outer; l < nest->loops; l++) {
        loops[l] = loop_open(e, dim_value(e, nest->extent[l]));
        w->counter[l] = loops[l].counter;
    }
    term(w);
    for (uint8_t l = nest->loops; l-- > nest->outer;) loop_close(e, &loops[l]);
    LLVMValueRef acc = LLVMBuildLoad2(e->builder, number_type(e, w->type), w->acc, "");
    LLVMValueRef value = acc;
    if (nest->after != NULL) {
        Typed input = {acc, w->type};
        LLVMValueRef whole = volume(w), count = whole;
        if (w->count != NULL) count = LLVMBuildLoad2(e->builder, e->types.i64, w->count, "");
        Formula f = {.node = w->v, .part = SITE_AFTER, .type = w->type, .inputs = &input,
                     .count = count, .volume = whole, .element = w->element,
                     .last = last_counter(w)};
        value = formula_value(e, &f, nest->after).value;
    }
    if (dtype_is_float(w->type)) value = number_convert(e, w->type, w->result, value);
    guard_combined(w, acc, value);
    return value;
}

void nest_emit(Emitter *e, Value v, const Nest *nest, LLVMValueRef out,
               const LLVMValueRef *operands) {
    const Node *node = ir_node(e->graph, v);
    Writer w = {.e = e, .v = v, .nest = nest, .out = out, .operands = operands,
                .result = node->dtype, .guard = NO_GUARD};
    w.type = ir_computed_in(e->graph, v);
    bool reduces = nest->combine != COMBINE_NONE;
    if (reduces) w.type = nest->accumulator;
    if (reduces) prepare(&w);
    Loop loops[NEST_MAX_LOOPS];
    for (uint8_t l = 0; l < nest->outer; l++) {
        loops[l] = loop_open(e, dim_value(e, nest->extent[l]));
        w.counter[l] = loops[l].counter;
    }
    LLVMValueRef inside;
    position(&w, &nest->out, v, &inside);
    assert(inside == NULL);
    LLVMValueRef value = reduces ? reduced_value(&w) : plain_value(&w);
    number_store(e, w.result, out, w.element, value);
    for (uint8_t l = nest->outer; l-- > 0;) loop_close(e, &loops[l]);
}
