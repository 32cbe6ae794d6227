/* Guards: the conditions of eval_condition_holds as LLVM values, and what is done where one is
 * broken.
 *
 * A function whose loops can be vectorised is written twice (node.c). In the first body
 * (GUARD_MODE_FLAG) a broken condition sets a flag and nothing else, so its loops have no calls and
 * no exits. When the flag is set at the end, the second body (GUARD_MODE_TRIP) computes everything
 * again and calls nna_rt_trip where a condition breaks, which says whether to stop. Other functions
 * have the second body alone.
 *
 * Self-test: while call->inject is the number of a guard, its operand call->inject_operand is
 * replaced by call->inject_value at every element, in both bodies, by a selection that does not
 * change within the loops. Operand 3 is the result as the guard sees it (what follows computes with
 * the true one); of integers, any injected result counts as wrapped. */
#include "backend/codegen/emitter.h"

#include "backend/rt/nna_rt.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

/* ---- which sites have one */

static bool is_wanted(const Emitter *e, Value v, uint32_t site) {
    const Facts *facts = e->request->facts;
    switch (e->request->guards) {
    case GUARDS_NONE: return false;
    case GUARDS_ALL: return true;
    case GUARDS_UNPROVEN: break;
    }
    return facts == NULL || !facts_proved(facts, v, site);
}

static void add_guard(Emitter *e, Value v, uint32_t number, const Site *site, DType type) {
    const Facts *facts = e->request->facts;
    if (site->part == SITE_INDEX) {
        type = ir_node(e->graph, ir_operand(e->graph, v, OP_INDEX_OPERAND))->dtype;
    }
    Guard guard = {.value = v, .site_number = number, .site = *site, .type = type,
                   .to = ir_node(e->graph, v)->dtype};
    if (facts != NULL && site->part != SITE_CONTRACT) {
        const SiteFact *fact = facts_site(facts, v, number);
        guard.nan_allowed = fact->nan_expected;
        guard.infinite_allowed = fact->infinite_expected;
    }
    e->guard_numbers[e->first_site[v.id] + number] = (int32_t)e->guards.count;
    vec_push(&e->cx->scratch, &e->guards, guard);
}

static uint32_t sites_of_node(const Emitter *e, Value v, Site *sites, DType *type) {
    const Node *node = ir_node(e->graph, v);
    if (node->op == OP_NONE) return 0;
    *type = ir_computed_in(e->graph, v);
    return ir_sites(e->graph, v, sites);
}

/* Contracts of inputs are checked before the model runs, those of `assume` are trusted. */
static bool is_ours(const Emitter *e, Value v) {
    Op op = ir_node(e->graph, v)->op;
    return op != OP_INPUT && op != OP_ASSUME;
}

void guards_number(Emitter *e) {
    uint32_t nodes = e->graph->nodes.count, count = 0;
    Site sites[OP_MAX_SITES];
    DType type = DTYPE_NONE;
    e->first_site = ARENA_ARRAY(&e->cx->scratch, uint32_t, nodes + 1);
    for (uint32_t id = 0; id < nodes; id++) {
        e->first_site[id] = count;
        count += sites_of_node(e, (Value){id}, sites, &type);
    }
    e->first_site[nodes] = count;
    e->guard_numbers = ARENA_ARRAY(&e->cx->scratch, int32_t, count);
    for (uint32_t i = 0; i < count; i++) e->guard_numbers[i] = NO_GUARD;
    for (uint32_t id = 1; id < nodes; id++) {
        Value v = {id};
        if (!e->plan.live[id] || !is_ours(e, v)) continue;
        uint32_t site_count = sites_of_node(e, v, sites, &type);
        bool combines = op_info[ir_node(e->graph, v)->op].combine != COMBINE_NONE;
        if (combines) type = dtype_accumulator(type);
        for (uint32_t i = 0; i < site_count; i++) {
            bool wanted = is_wanted(e, v, i);
            if (wanted) add_guard(e, v, i, &sites[i], type);
            const Facts *facts = e->request->facts;
            e->sites_guarded += wanted;
            e->sites_proved += facts != NULL && facts_proved(facts, v, i);
        }
    }
}

int32_t guard_find(const Emitter *e, Value v, SitePart part, const Scalar *at) {
    for (uint32_t i = e->first_site[v.id]; i < e->first_site[v.id + 1]; i++) {
        int32_t number = e->guard_numbers[i];
        if (number == NO_GUARD) continue;
        const Site *site = &e->guards.data[number].site;
        if (site->part == part && site->at == at) return number;
    }
    return NO_GUARD;
}

int32_t guard_first(const Emitter *e, Value v) {
    for (uint32_t i = e->first_site[v.id]; i < e->first_site[v.id + 1]; i++) {
        if (e->guard_numbers[i] != NO_GUARD) return e->guard_numbers[i];
    }
    return 0;
}

/* ---- injection */

static LLVMValueRef load_field(Emitter *e, size_t offset, LLVMTypeRef type, const char *name) {
    LLVMValueRef index = const_i64(e, (int64_t)offset);
    LLVMValueRef at = LLVMBuildInBoundsGEP2(e->builder, e->types.i8, e->body.call, &index, 1, "");
    return LLVMBuildLoad2(e->builder, type, at, name);
}

/* The function may serve several operations: guards are told from the number of the first. */
static LLVMValueRef number_of(Emitter *e, int32_t guard) {
    LLVMValueRef distance = const_i32(e, guard - e->body.number);
    return LLVMBuildAdd(e->builder, e->body.first_guard, distance, "");
}

/* Whether this operand of this guard is replaced now; the builder is in the entry block. */
static LLVMValueRef is_injected(Emitter *e, int32_t guard, int operand) {
    Body *body = &e->body;
    if (body->inject == NULL) {
        body->inject = load_field(e, offsetof(nna_rt_call, inject), e->types.i32, "inject");
        body->inject_operand = load_field(e, offsetof(nna_rt_call, inject_operand), e->types.i32,
                                          "inject_operand");
        body->inject_value = load_field(e, offsetof(nna_rt_call, inject_value), e->types.f64,
                                        "inject_value");
    }
    LLVMValueRef here = LLVMBuildICmp(e->builder, LLVMIntEQ, body->inject, number_of(e, guard),
                                      "");
    LLVMValueRef this_one = LLVMBuildICmp(e->builder, LLVMIntEQ, body->inject_operand,
                                          const_i32(e, operand), "");
    return LLVMBuildAnd(e->builder, here, this_one, "");
}

LLVMValueRef guard_is_injected(Emitter *e, int32_t guard, int operand) {
    LLVMBasicBlockRef back = entry_enter(e);
    LLVMValueRef injected = is_injected(e, guard, operand);
    entry_leave(e, back);
    return injected;
}

LLVMValueRef guard_operand(Emitter *e, int32_t guard, int operand, DType t, LLVMValueRef value) {
    LLVMBasicBlockRef back = entry_enter(e);
    LLVMValueRef injected = is_injected(e, guard, operand);
    LLVMValueRef other = number_from_double(e, t, e->body.inject_value);
    entry_leave(e, back);
    return LLVMBuildSelect(e->builder, injected, other, value, "");
}

/* ---- tests */

LLVMValueRef guard_is_nan(Emitter *e, LLVMValueRef x) {
    return LLVMBuildFCmp(e->builder, LLVMRealUNO, x, x, "");
}

static LLVMValueRef against_infinity(Emitter *e, LLVMRealPredicate test, LLVMValueRef x) {
    LLVMTypeRef type = LLVMTypeOf(x);
    LLVMValueRef size = build_intrinsic(e, "llvm.fabs", type, 1, &x);
    return LLVMBuildFCmp(e->builder, test, size, LLVMConstReal(type, (double)INFINITY), "");
}

LLVMValueRef guard_is_finite(Emitter *e, LLVMValueRef x) {
    return against_infinity(e, LLVMRealOLT, x);
}

LLVMValueRef guard_is_infinite(Emitter *e, LLVMValueRef x) {
    return against_infinity(e, LLVMRealOEQ, x);
}

static LLVMValueRef whole_in_interval(Emitter *e, DType t, LLVMValueRef x, double low,
                                      double high) {
    bool is_unsigned = dtype_is_unsigned(t);
    LLVMValueRef holds = NULL;
    if (low > dtype_bound(t, BOUND_LOWEST)) {
        LLVMIntPredicate test = is_unsigned ? LLVMIntUGE : LLVMIntSGE;
        holds = LLVMBuildICmp(e->builder, test, x, number_constant(e, t, low), "");
    }
    if (high < dtype_info[t].max) {
        LLVMIntPredicate test = is_unsigned ? LLVMIntULE : LLVMIntSLE;
        LLVMValueRef bound = number_constant(e, t, high);
        holds = build_and(e, holds, LLVMBuildICmp(e->builder, test, x, bound, ""));
    }
    return holds;
}

LLVMValueRef guard_in_interval(Emitter *e, DType t, LLVMValueRef x, double low, double high) {
    if (!dtype_is_float(t)) return whole_in_interval(e, t, x, low, high);
    LLVMTypeRef type = LLVMTypeOf(x);
    LLVMValueRef holds = NULL;
    if (low > -(double)INFINITY) {
        holds = LLVMBuildFCmp(e->builder, LLVMRealOGE, x, LLVMConstReal(type, low), "");
    }
    if (high < (double)INFINITY) {
        LLVMValueRef bound = LLVMConstReal(type, high);
        holds = build_and(e, holds, LLVMBuildFCmp(e->builder, LLVMRealOLE, x, bound, ""));
    }
    return holds != NULL ? holds : LLVMBuildFCmp(e->builder, LLVMRealORD, x, x, "");
}

/* x > 0; or x = 0 and y >= 0; or else y integral. */
static LLVMValueRef power_domain(Emitter *e, LLVMValueRef x, LLVMValueRef y) {
    LLVMBuilderRef b = e->builder;
    LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(x));
    LLVMValueRef whole = build_intrinsic(e, "llvm.rint", LLVMTypeOf(y), 1, &y);
    LLVMValueRef integral = LLVMBuildFCmp(b, LLVMRealOEQ, y, whole, "");
    LLVMValueRef not_below = LLVMBuildFCmp(b, LLVMRealOGE, y, zero, "");
    LLVMValueRef is_zero = LLVMBuildFCmp(b, LLVMRealOEQ, x, zero, "");
    LLVMValueRef rest = LLVMBuildSelect(b, is_zero, not_below, integral, "");
    LLVMValueRef above = LLVMBuildFCmp(b, LLVMRealOGT, x, zero, "");
    return LLVMBuildOr(b, above, rest, "");
}

/* x > 0, or no integer. */
static LLVMValueRef poles_domain(Emitter *e, LLVMValueRef x) {
    LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(x));
    LLVMValueRef whole = build_intrinsic(e, "llvm.rint", LLVMTypeOf(x), 1, &x);
    LLVMValueRef above = LLVMBuildFCmp(e->builder, LLVMRealOGT, x, zero, "");
    LLVMValueRef between = LLVMBuildFCmp(e->builder, LLVMRealONE, x, whole, "");
    return LLVMBuildOr(e->builder, above, between, "");
}

/* Whole numbers that an integer type holds, or that do not overflow a float: [-low, high]. */
static void whole_range(DType t, uint64_t *low, uint64_t *high) {
    int precision = dtype_info[t].precision;
    *low = *high = UINT64_MAX;
    if (t == DTYPE_F16) *low = *high = 65519; /* 65520 is half way to 2^16 */
    if (dtype_is_float(t)) return;
    *high = precision == 64 ? UINT64_MAX : (UINT64_C(1) << precision) - 1;
    *low = dtype_is_unsigned(t) ? 0 : *high + 1;
}

static LLVMValueRef integer_fits(Emitter *e, DType from, DType to, LLVMValueRef x) {
    if (from == DTYPE_BOOL || to == DTYPE_BOOL) return NULL;
    uint64_t low, high, own_low, own_high;
    whole_range(to, &low, &high);
    whole_range(from, &own_low, &own_high);
    LLVMTypeRef type = LLVMTypeOf(x);
    LLVMValueRef holds = NULL;
    if (low < own_low) {
        LLVMValueRef bound = LLVMConstInt(type, 0 - low, false);
        holds = LLVMBuildICmp(e->builder, LLVMIntSGE, x, bound, "");
    }
    if (high < own_high) {
        LLVMValueRef bound = LLVMConstInt(type, high, false);
        LLVMIntPredicate test = dtype_is_unsigned(from) ? LLVMIntULE : LLVMIntSLE;
        holds = build_and(e, holds, LLVMBuildICmp(e->builder, test, x, bound, ""));
    }
    return holds;
}

LLVMValueRef guard_no_wrap(Emitter *e, Primitive p, DType t, const LLVMValueRef *args) {
    LLVMBuilderRef b = e->builder;
    bool is_unsigned = dtype_is_unsigned(t);
    LLVMTypeRef type = LLVMTypeOf(args[0]);
    LLVMValueRef lowest = number_constant(e, t, dtype_bound(t, BOUND_LOWEST));
    static const char *const adds[2] = {"llvm.sadd.with.overflow", "llvm.uadd.with.overflow"};
    static const char *const subs[2] = {"llvm.ssub.with.overflow", "llvm.usub.with.overflow"};
    static const char *const muls[2] = {"llvm.smul.with.overflow", "llvm.umul.with.overflow"};
    const char *const *names = NULL;
    switch ((int)p) {
    case PRIMITIVE_NEG:
        return LLVMBuildICmp(b, is_unsigned ? LLVMIntEQ : LLVMIntNE, args[0], lowest, "");
    case PRIMITIVE_ABS:
        return is_unsigned ? NULL : LLVMBuildICmp(b, LLVMIntNE, args[0], lowest, "");
    case PRIMITIVE_DIV: {
        if (is_unsigned) return NULL;
        LLVMValueRef minus_one = LLVMConstAllOnes(type);
        LLVMValueRef fine = LLVMBuildICmp(b, LLVMIntNE, args[0], lowest, "");
        return LLVMBuildOr(b, fine, LLVMBuildICmp(b, LLVMIntNE, args[1], minus_one, ""), "");
    }
    case PRIMITIVE_ADD: names = adds; break;
    case PRIMITIVE_SUB: names = subs; break;
    case PRIMITIVE_MUL: names = muls; break;
    default: return NULL;
    }
    LLVMValueRef pair = build_intrinsic(e, names[is_unsigned], type, 2, args);
    return LLVMBuildNot(b, LLVMBuildExtractValue(b, pair, 1, ""), "");
}

/* ---- bounds, as numbers */

static void convert_bounds(DType from, DType to, double *low, double *high) {
    *low = -(double)INFINITY;
    *high = (double)INFINITY;
    if (to == DTYPE_BOOL) return;
    if (!dtype_is_float(from)) {
        uint64_t below, above, own_below, own_above;
        whole_range(to, &below, &above);
        whole_range(from, &own_below, &own_above);
        *low = -(double)(below < own_below ? below : own_below);
        *high = (double)(above < own_above ? above : own_above);
        return;
    }
    if (dtype_is_float(to)) {
        if (dtype_info[to].max >= dtype_info[from].max) return;
        /* Half a unit beyond the largest value rounds to infinity: its last bit is 1. */
        int exponent = ilogb(dtype_info[to].max);
        double half = dtype_info[to].max + ldexp(1, exponent - dtype_info[to].precision);
        *high = dtype_round_down(from, half);
        if (*high == half) *high = dtype_next_down(from, half);
        *low = -*high;
        return;
    }
    double above = ldexp(1, dtype_info[to].precision), least = dtype_bound(to, BOUND_LOWEST);
    double top = dtype_info[from].max;
    *high = above > top ? top : dtype_next_down(from, above);
    /* The smallest value above least - 1; where least - 1 is not a value, that is rounded up. */
    double below = dtype_round_up(from, least - 1);
    if (below < least && below == least - 1) below = dtype_next_up(from, below);
    *low = least < -top ? -top : below;
}

/* The closed interval in type t that an interval contract leaves. */
static void contract_bounds(const Contract *c, DType t, double *low, double *high) {
    *low = dtype_is_float(t) ? -dtype_info[t].max : dtype_bound(t, BOUND_LOWEST);
    *high = dtype_info[t].max;
    double from = c->low, to = c->high;
    if (c->kind == CONTRACT_SIMPLEX || c->kind == CONTRACT_ONEHOT) {
        from = 0;
        to = c->kind == CONTRACT_ONEHOT ? 1 : dtype_round_down(t, 1.001);
    } else if (c->kind != CONTRACT_INTERVAL) {
        return;
    }
    bool interval = c->kind == CONTRACT_INTERVAL;
    double closed_low = dtype_round_up(t, from), closed_high = dtype_round_down(t, to);
    if (interval && c->open_low && closed_low == from) closed_low = dtype_next_up(t, closed_low);
    if (interval && c->open_high && closed_high == to) {
        closed_high = dtype_next_down(t, closed_high);
    }
    if (closed_low > *low) *low = closed_low;
    if (closed_high < *high) *high = closed_high;
}

/* The last position of the shortest dimension of a tensor that an index leads to; an infinity where
 * a size is not fixed. */
static double shortest(const Graph *g, const Access *access, Value tensor) {
    double last = (double)INFINITY;
    Shape shape = ir_shape(g, tensor);
    for (uint8_t d = 0; d < access->rank; d++) {
        int64_t size;
        if (access->index[d].from == 0) continue;
        if (!dim_is_constant(g->dims, shape.dims[d], &size)) return (double)INFINITY;
        last = fmin(last, (double)(size - 1));
    }
    return last;
}

/* Of a value: its index is that of the last nest. */
static double last_position(const Emitter *e, const Guard *guard) {
    Graph *g = e->graph;
    Nest *nest = ARENA_NEW(&e->cx->scratch, Nest);
    nest_make(g, guard->value, nest_count(g, guard->value) - 1, nest);
    double last = shortest(g, &nest->out, guard->value);
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        if (nest->operand[k] == NEST_RESULT) continue;
        last = fmin(last, shortest(g, &nest->access[k], nest_operand(g, guard->value, nest, k)));
    }
    return last;
}

void guard_bounds(const Emitter *e, const Guard *guard, double *low, double *high) {
    if (guard->site.part == SITE_CONTRACT) {
        Contract contract = ir_contract_of(e->graph, guard->value);
        contract_bounds(&contract, guard->type, low, high);
        return;
    }
    *low = dtype_is_float(guard->type) ? -dtype_info[guard->type].max
                                       : dtype_bound(guard->type, BOUND_LOWEST);
    *high = dtype_info[guard->type].max;
    if (guard->site.part == SITE_INDEX) {
        *low = 0;
        *high = last_position(e, guard);
        return;
    }
    if (guard->site.part == SITE_COMBINE) return;
    const PrimitiveInfo *info = &primitive_info[guard->site.primitive];
    if (info->domain == DOMAIN_CONVERT) convert_bounds(guard->type, guard->to, low, high);
    if (info->domain != DOMAIN_INTERVAL) return;
    *low = dtype_bound(guard->type, info->from);
    *high = dtype_bound(guard->type, info->to);
}

/* ---- conditions of primitives */

static LLVMValueRef domain_holds(Emitter *e, const Guard *guard, const LLVMValueRef *args) {
    const PrimitiveInfo *info = &primitive_info[guard->site.primitive];
    LLVMValueRef last = args[info->arity - 1];
    double low, high;
    switch (info->domain) {
    case DOMAIN_NONE: return NULL;
    case DOMAIN_INTERVAL:
        guard_bounds(e, guard, &low, &high);
        return guard_in_interval(e, guard->type, args[0], low, high);
    case DOMAIN_NONZERO: {
        LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(last));
        return dtype_is_float(guard->type) ? LLVMBuildFCmp(e->builder, LLVMRealONE, last, zero, "")
                                           : LLVMBuildICmp(e->builder, LLVMIntNE, last, zero, "");
    }
    case DOMAIN_POLES: return poles_domain(e, args[0]);
    case DOMAIN_POWER: return power_domain(e, args[0], args[1]);
    case DOMAIN_CONVERT: {
        if (!dtype_is_float(guard->type)) return integer_fits(e, guard->type, guard->to, args[0]);
        guard_bounds(e, guard, &low, &high);
        LLVMValueRef fits = guard_in_interval(e, guard->type, args[0], low, high);
        if (!dtype_is_float(guard->to)) return fits;
        return LLVMBuildOr(e->builder, fits, guard_is_infinite(e, args[0]), "");
    }
    }
    return NULL;
}

static LLVMValueRef any(Emitter *e, int count, const LLVMValueRef *args,
                        LLVMValueRef (*test)(Emitter *e, LLVMValueRef x)) {
    LLVMValueRef found = NULL;
    for (int i = 0; i < count; i++) {
        LLVMValueRef one = test(e, args[i]);
        found = found == NULL ? one : LLVMBuildOr(e->builder, found, one, "");
    }
    return found;
}

static LLVMValueRef result_holds(Emitter *e, const Guard *guard, int arity,
                                 const LLVMValueRef *args, LLVMValueRef result) {
    LLVMValueRef finite = guard_is_finite(e, result);
    if (!guard->infinite_allowed) return finite;
    LLVMValueRef passed = any(e, arity, args, guard_is_infinite);
    LLVMValueRef infinite = LLVMBuildAnd(e->builder, passed, guard_is_infinite(e, result), "");
    return LLVMBuildOr(e->builder, finite, infinite, "");
}

/* Whether a NaN operand breaks the rest of the condition by itself: comparisons with NaN are false,
 * and arithmetic hands it on to the result, pow apart (pow(1, NaN) is 1). */
static bool tells_nan(const PrimitiveInfo *info) {
    if (info->domain == DOMAIN_INTERVAL || info->domain == DOMAIN_CONVERT) return info->arity == 1;
    return info->result_code != NO_CODE && info->domain != DOMAIN_POWER;
}

/* The condition of a primitive on floats. NaN operands break it unless they are allowed. */
static LLVMValueRef float_condition(Emitter *e, const Guard *guard, const LLVMValueRef *args,
                                    LLVMValueRef result) {
    const PrimitiveInfo *info = &primitive_info[guard->site.primitive];
    LLVMValueRef holds = domain_holds(e, guard, args);
    if (info->result_code != NO_CODE) {
        holds = build_and(e, holds, result_holds(e, guard, info->arity, args, result));
    }
    if (!guard->nan_allowed && tells_nan(info)) return holds;
    LLVMValueRef nan = any(e, info->arity, args, guard_is_nan);
    if (guard->nan_allowed) return LLVMBuildOr(e->builder, holds, nan, "");
    return LLVMBuildAnd(e->builder, holds, LLVMBuildNot(e->builder, nan, ""), "");
}

static LLVMValueRef integer_condition(Emitter *e, int32_t number, const LLVMValueRef *args) {
    const Guard *guard = &e->guards.data[number];
    LLVMValueRef holds = domain_holds(e, guard, args);
    if (primitive_info[guard->site.primitive].class != PRIMITIVE_CLASS_NUMBER) return holds;
    LLVMValueRef fits = guard_no_wrap(e, guard->site.primitive, guard->type, args);
    if (fits == NULL) return holds;
    LLVMValueRef allowed = LLVMBuildNot(e->builder, guard_is_injected(e, number, 3), "");
    return build_and(e, holds, LLVMBuildAnd(e->builder, fits, allowed, ""));
}

void guard_primitive(Emitter *e, int32_t number, LLVMValueRef element, const LLVMValueRef *args,
                     LLVMValueRef result) {
    const Guard *guard = &e->guards.data[number];
    const PrimitiveInfo *info = &primitive_info[guard->site.primitive];
    LLVMValueRef holds;
    if (dtype_is_float(guard->type)) {
        if (info->result_code != NO_CODE) result = guard_operand(e, number, 3, guard->type, result);
        holds = float_condition(e, guard, args, result);
    } else {
        holds = integer_condition(e, number, args);
    }
    if (holds == NULL) return;
    LLVMValueRef doubles[3];
    DType to = info->class == PRIMITIVE_CLASS_CAST ? guard->to : guard->type;
    bool told = e->body.mode == GUARD_MODE_TRIP;
    for (int i = 0; i < info->arity && told; i++) {
        doubles[i] = number_as_double(e, guard->type, args[i]);
    }
    LLVMValueRef result_double = told ? number_as_double(e, to, result) : NULL;
    guard_act(e, number, holds, element, info->arity, doubles, result_double);
}

/* ---- what is done */

static LLVMValueRef call_trip(Emitter *e, int32_t guard, LLVMValueRef element,
                              uint32_t operand_count, const LLVMValueRef *operands,
                              LLVMValueRef result) {
    const Types *t = &e->types;
    LLVMTypeRef parameters[8] = {t->pointer, t->i32, t->i64, t->f64,
                                 t->f64,     t->f64, t->f64, t->i32};
    LLVMTypeRef type = LLVMFunctionType(t->i32, parameters, 8, false);
    LLVMValueRef function = LLVMGetNamedFunction(e->module, "nna_rt_trip");
    if (function == NULL) {
        function = LLVMAddFunction(e->module, "nna_rt_trip", type);
        function_attribute(e, function, "nounwind");
        function_attribute(e, function, "cold");
    }
    LLVMValueRef none = LLVMConstReal(t->f64, 0);
    LLVMValueRef args[8] = {e->body.call, number_of(e, guard), element, none, none, none,
                            result, const_i32(e, operand_count)};
    for (uint32_t i = 0; i < operand_count; i++) args[3 + i] = operands[i];
    return LLVMBuildCall2(e->builder, type, function, args, 8, "stop");
}

static LLVMBasicBlockRef stop_block(Emitter *e) {
    if (e->body.stop != NULL) return e->body.stop;
    LLVMBasicBlockRef back = LLVMGetInsertBlock(e->builder);
    e->body.stop = block(e, "stop");
    LLVMPositionBuilderAtEnd(e->builder, e->body.stop);
    LLVMBuildRet(e->builder, const_i32(e, 1));
    LLVMPositionBuilderAtEnd(e->builder, back);
    return e->body.stop;
}

void guard_act(Emitter *e, int32_t guard, LLVMValueRef holds, LLVMValueRef element,
               uint32_t operand_count, const LLVMValueRef *operands, LLVMValueRef result) {
    LLVMBuilderRef b = e->builder;
    if (e->body.mode == GUARD_MODE_FLAG) {
        LLVMValueRef broken = LLVMBuildZExt(b, LLVMBuildNot(b, holds, ""), e->types.i32, "");
        LLVMValueRef so_far = LLVMBuildLoad2(b, e->types.i32, e->body.flag, "");
        LLVMBuildStore(b, LLVMBuildOr(b, so_far, broken, ""), e->body.flag);
        return;
    }
    LLVMBasicBlockRef broken = block(e, "broken"), go_on = block(e, "held");
    branch_expect_first(e, LLVMBuildCondBr(b, holds, go_on, broken));
    LLVMPositionBuilderAtEnd(b, broken);
    LLVMValueRef stop = call_trip(e, guard, element, operand_count, operands, result);
    LLVMValueRef stops = LLVMBuildICmp(b, LLVMIntNE, stop, const_i32(e, 0), "");
    LLVMBuildCondBr(b, stops, stop_block(e), go_on);
    LLVMPositionBuilderAtEnd(b, go_on);
}
