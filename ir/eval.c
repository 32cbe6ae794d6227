/* The reference evaluator: nests over tensors of cells.
 *
 * It computes what the rows say and nothing else, in the order that the back end's generic nests
 * use, so that the two can be compared bit for bit. It may assume a verified graph. */
#include "ir/eval.h"

#include "ir/base/checked.h"
#include "ir/fold.h"
#include "ir/library.h"
#include "ir/nest.h"

#include <math.h>
#include <string.h>

enum { LARGEST_TENSOR = 1 << 26 }; /* cells; the oracle is for small cases */

typedef struct Loops {
    int64_t extent[NEST_MAX_LOOPS];
    int64_t at[NEST_MAX_LOOPS];
    uint8_t count;
    /* Of the outer loops, the counters for which an element is computed; NULL: each. */
    const uint32_t *only[NEST_MAX_LOOPS];
    int64_t turn[NEST_MAX_LOOPS], turns[NEST_MAX_LOOPS];
} Loops;

/* An access with numbers in place of dimensions: linear position and the checks it needs. */
typedef struct Walk {
    const Cell *cells;
    DType dtype;
    int64_t base, step[NEST_MAX_LOOPS]; /* linear: base + sum of step * loop */
    uint8_t check_count, position_count;
    struct {
        int64_t base, extent, behind, step[NEST_MAX_LOOPS];
    } check[MAX_RANK];
    struct {
        uint8_t from; /* operand of the nest whose element it is */
        int64_t extent, stride;
        const uint32_t *slice; /* of a folded dimension */
    } position[MAX_RANK];
    uint8_t fold_count;
    struct { /* folded dimensions, which are not part of `step` */
        int64_t base, stride, step[NEST_MAX_LOOPS];
        const uint32_t *slice;
    } fold[MAX_RANK];
} Walk;

/* What one application of a nest needs. */
typedef struct Work {
    Graph *g;
    EvalRun *run;
    Value v;
    const Nest *nest;
    DType type;   /* the primitives compute in it */
    DType result; /* of the node */
    double attributes[OP_MAX_ATTRS];
    Walk walk[NEST_MAX_OPERANDS];
    Walk out, whole; /* where the result is written; the same without folds */
    bool watched;
    Site sites[OP_MAX_SITES];
    uint32_t site_count;
    int64_t element; /* of the result: for events */
    const Loops *loops;
    double count, volume;
} Work;

/* What is left of a number where the run flushes. */
static Cell kept(const EvalRun *run, DType t, Cell x) {
    bool flushes = run->flushes && dtype_is_flushed(t) && fabs(x.f) < dtype_info[t].min_normal;
    return flushes ? (Cell){.f = copysign(0, x.f)} : x;
}

static Cell number(DType t, double value) {
    if (dtype_is_float(t)) return (Cell){.f = dtype_round(t, value)};
    return (Cell){.i = (int64_t)value};
}

/* Whether there is no event of the site yet: in a region it is met in every step. */
static bool first_time(EvalRun *run, Value v, uint32_t site) {
    _Static_assert(OP_MAX_SITES <= 32, "a bit for each site");
    uint32_t bit = UINT32_C(1) << site, seen = run->seen[v.id];
    run->seen[v.id] |= bit;
    return (seen & bit) == 0;
}

static void tell(Work *w, const Scalar *at, SitePart part, const Cell *args, Cell result) {
    for (uint32_t i = 0; i < w->site_count; i++) {
        if (w->sites[i].part != part || w->sites[i].at != at) continue;
        w->run->watch(w->run->watcher, i, args, result);
    }
}

static void record(Work *w, const Scalar *at, SitePart part, const Cell *args, int arity,
                   Cell result) {
    for (uint32_t i = 0; i < w->site_count; i++) {
        const Site *site = &w->sites[i];
        if (site->part != part || site->at != at || !first_time(w->run, w->v, i)) continue;
        EvalEvent event = {.node = w->v, .site = i, .element = w->element, .result = result};
        for (int k = 0; k < arity; k++) event.args[k] = args[k];
        vec_push(w->run->arena, &w->run->events, event);
    }
}

/* The value of a formula, and in *type the type that it has. */
static Cell formula(Work *w, const Scalar *s, SitePart part, const Cell *inputs,
                    const DType *input_types, DType *type) {
    *type = w->type;
    s = ir_taken(w->g, w->v, s);
    switch (s->kind) {
    case SCALAR_INPUT: *type = input_types[s->index]; return inputs[s->index];
    case SCALAR_ATTRIBUTE:
        return kept(w->run, w->type, number(w->type, w->attributes[s->index]));
    case SCALAR_CONSTANT: return kept(w->run, w->type, number(w->type, s->value));
    case SCALAR_POSITION:
        return number(w->type, (double)w->loops->at[w->nest->outer - 1 - s->index]);
    case SCALAR_COUNT_OF: return number(w->type, w->count);
    case SCALAR_VOLUME: return number(w->type, w->volume);
    case SCALAR_APPLY: break;
    }
    Primitive p = (Primitive)s->index;
    const PrimitiveInfo *info = &primitive_info[p];
    Cell args[3] = {{0}};
    DType types[3] = {DTYPE_NONE, DTYPE_NONE, DTYPE_NONE};
    for (int i = 0; i < info->arity; i++) {
        args[i] = formula(w, s->args[i], part, inputs, input_types, &types[i]);
    }
    DType in = types[info->arity - 1];
    Cell result = eval_primitive(p, in, w->result, args);
    if (w->watched) tell(w, s, part, args, result);
    if (primitive_is_dangerous(p, in) &&
        !eval_condition_holds(p, in, w->result, args, result, true, true)) {
        record(w, s, part, args, info->arity, result);
    }
    *type = in;
    if (info->class == PRIMITIVE_CLASS_CAST) *type = w->result;
    if (info->class == PRIMITIVE_CLASS_COMPARE || info->class == PRIMITIVE_CLASS_TEST) {
        *type = DTYPE_BOOL;
    }
    return kept(w->run, *type, result);
}

static Cell start_of(Combiner combine, DType t) {
    switch (combine) {
    case COMBINE_NONE:
    case COMBINE_SUM:
    case COMBINE_ANY: return number(t, 0);
    case COMBINE_PRODUCT:
    case COMBINE_ALL: return number(t, 1);
    case COMBINE_MAX:
        if (dtype_is_float(t)) return (Cell){.f = -INFINITY};
        if (t == DTYPE_I64) return (Cell){.i = INT64_MIN};
        return (Cell){.i = (int64_t)dtype_bound(t, BOUND_LOWEST)};
    case COMBINE_MIN:
        if (dtype_is_float(t)) return (Cell){.f = INFINITY};
        if (t == DTYPE_I64) return (Cell){.i = INT64_MAX};
        if (t == DTYPE_U64) return (Cell){.i = -1};
        return (Cell){.i = (int64_t)dtype_bound(t, BOUND_MAX)};
    }
    return (Cell){0};
}

/* Position of an access for the present loop counters; false: outside. */
static bool locate(const Walk *walk, const Loops *loops, int64_t *at) {
    for (uint8_t c = 0; c < walk->check_count; c++) {
        int64_t index = walk->check[c].base;
        for (uint8_t l = 0; l < loops->count; l++) index += walk->check[c].step[l] * loops->at[l];
        if (index < 0 || index >= walk->check[c].extent) return false;
    }
    *at = walk->base;
    for (uint8_t l = 0; l < loops->count; l++) *at += walk->step[l] * loops->at[l];
    for (uint8_t f = 0; f < walk->fold_count; f++) {
        int64_t index = walk->fold[f].base;
        for (uint8_t l = 0; l < loops->count; l++) index += walk->fold[f].step[l] * loops->at[l];
        *at += walk->fold[f].slice[index] * walk->fold[f].stride;
    }
    return true;
}

/* Adds the positions that other operands give. Those outside are held, and blamed; where it is the
 * result that they lead to, at the element that is written. */
static void follow(Work *w, const Walk *walk, const Loops *loops, int64_t *at) {
    Cell outside[MAX_RANK];
    uint8_t outside_count = 0;
    for (uint8_t p = 0; p < walk->position_count; p++) {
        const Walk *from = &w->walk[walk->position[p].from];
        int64_t where = 0, last = walk->position[p].extent - 1;
        locate(from, loops, &where);
        Cell cell = from->cells[where];
        int64_t index = cell.i < 0 ? 0 : cell.i > last ? last : cell.i;
        if (index != cell.i) outside[outside_count++] = cell;
        if (w->watched) tell(w, NULL, SITE_INDEX, &cell, cell);
        if (walk->position[p].slice != NULL) index = walk->position[p].slice[index];
        *at += index * walk->position[p].stride;
    }
    if (walk == &w->out) w->element = *at;
    for (uint8_t i = 0; i < outside_count; i++) {
        record(w, NULL, SITE_INDEX, &outside[i], 1, outside[i]);
    }
}

/* Operands at the present counters, in the type of the computation. */
static bool load(Work *w, const Loops *loops, Cell *inputs, DType *types) {
    for (uint8_t k = 0; k < w->nest->operand_count; k++) {
        const Walk *walk = &w->walk[k];
        types[k] = walk->dtype;
        int64_t at = 0;
        if (w->nest->operand[k] == NEST_RESULT) {
            inputs[k] = kept(w->run, walk->dtype, walk->cells[w->element]);
        } else if (locate(walk, loops, &at)) {
            follow(w, walk, loops, &at);
            inputs[k] = kept(w->run, walk->dtype, walk->cells[at]);
        } else if (w->nest->combine != COMBINE_NONE) {
            return false;
        } else {
            inputs[k] = number(walk->dtype, w->nest->outside);
        }
        if (w->nest->combine != COMBINE_NONE && dtype_is_float(types[k])) types[k] = w->type;
    }
    return true;
}

/* Next combination of the counters [from, to); false after the last. */
static bool advance(Loops *loops, uint8_t from, uint8_t to) {
    for (uint8_t l = to; l-- > from;) {
        if (++loops->at[l] < loops->extent[l]) return true;
        loops->at[l] = 0;
    }
    return false;
}

static bool is_empty(const Loops *loops, uint8_t from, uint8_t to) {
    for (uint8_t l = from; l < to; l++) {
        if (loops->extent[l] <= 0) return true;
    }
    return false;
}

/* What is known of the terms of one combination, for blaming the combiner. */
typedef struct Terms {
    bool nan, infinite, wrapped;
    Cell last[2];
} Terms;

static Cell step(Work *w, Cell acc, Cell term, Terms *terms) {
    Primitive p = combiner_primitive(w->nest->combine);
    Cell args[3] = {acc, term, {0}};
    Cell next = eval_primitive(p, w->type, w->type, args);
    if (dtype_is_float(w->type)) {
        terms->nan = terms->nan || isnan(term.f);
        terms->infinite = terms->infinite || isinf(term.f);
    } else if (!eval_condition_holds(p, w->type, w->type, args, next, true, true)) {
        terms->wrapped = true;
    }
    terms->last[0] = acc;
    terms->last[1] = term;
    return kept(w->run, w->type, next);
}

/* An accumulated value went wrong by itself: from terms that were all right. */
static bool combined_badly(const Work *w, const Terms *terms, Cell acc, Cell stored) {
    if (!dtype_is_float(w->type)) return terms->wrapped;
    if (terms->nan) return false;
    if (isnan(acc.f)) return true;
    if (isinf(acc.f)) return !terms->infinite;
    return w->type != w->result && dtype_is_float(w->result) && isinf(stored.f);
}

/* The number of positions of a window before the padding behind the end is over, in the dimension
 * of one check: its inner loop is the only one that steps there. */
static int64_t positions(const Work *w, const Loops *loops, uint8_t check) {
    const Walk *walk = &w->walk[0];
    int64_t room = walk->check[check].extent + walk->check[check].behind - walk->check[check].base;
    uint8_t window = w->nest->outer;
    for (uint8_t l = 0; l < loops->count; l++) {
        int64_t step = walk->check[check].step[l];
        if (l < w->nest->outer) room -= step * loops->at[l];
        else if (step != 0) window = l;
    }
    int64_t dilation = walk->check[check].step[window], all = loops->extent[window];
    int64_t count = room <= 0 ? 0 : (room + dilation - 1) / dilation;
    return count < all ? count : all;
}

static double volume(const Work *w, const Loops *loops) {
    double product = 1;
    if (w->nest->ragged) {
        for (uint8_t c = 0; c < w->walk[0].check_count; c++) {
            product *= (double)positions(w, loops, c);
        }
        return product;
    }
    for (uint8_t l = w->nest->outer; l < w->nest->loops; l++) product *= (double)loops->extent[l];
    return product;
}

static Cell reduce(Work *w, Loops *loops) {
    const Nest *nest = w->nest;
    Cell acc = start_of(nest->combine, w->type);
    Terms terms = {0};
    w->count = 0;
    w->volume = volume(w, loops);
    for (uint8_t l = nest->outer; l < nest->loops; l++) loops->at[l] = 0;
    bool more = !is_empty(loops, nest->outer, nest->loops);
    for (; more; more = advance(loops, nest->outer, nest->loops)) {
        Cell inputs[NEST_MAX_OPERANDS] = {{0}};
        DType types[NEST_MAX_OPERANDS] = {w->type};
        if (!load(w, loops, inputs, types)) continue;
        w->count++;
        DType type = types[0];
        Cell term = inputs[0];
        if (nest->body != NULL) term = formula(w, nest->body, SITE_BODY, inputs, types, &type);
        acc = step(w, acc, term, &terms);
    }
    Cell result = acc;
    DType type = w->type;
    if (nest->after != NULL) result = formula(w, nest->after, SITE_AFTER, &acc, &type, &type);
    if (dtype_is_float(w->result)) result.f = dtype_round(w->result, result.f);
    result = kept(w->run, w->result, result);
    if (w->watched) tell(w, NULL, SITE_COMBINE, terms.last, acc);
    if ((nest->combine == COMBINE_SUM || nest->combine == COMBINE_PRODUCT) &&
        combined_badly(w, &terms, acc, result)) {
        record(w, NULL, SITE_COMBINE, terms.last, 2, acc);
    }
    return result;
}

static Cell element(Work *w, Loops *loops) {
    if (w->nest->combine != COMBINE_NONE) return reduce(w, loops);
    Cell inputs[NEST_MAX_OPERANDS] = {{0}};
    DType types[NEST_MAX_OPERANDS] = {w->type};
    load(w, loops, inputs, types);
    if (w->nest->body == NULL) return inputs[0];
    DType type;
    return formula(w, w->nest->body, SITE_BODY, inputs, types, &type);
}

/* Turns an access into numbers, for a tensor of the given shape. */
static bool make_walk(const Work *w, const Access *access, const Tensor *t, const Loops *loops,
                      Walk *out) {
    memset(out, 0, sizeof *out);
    out->cells = t->cells;
    out->dtype = t->dtype;
    int64_t stride = 1;
    for (int d = access->rank - 1; d >= 0; d--) {
        const Index *index = &access->index[d];
        int64_t offset, extent = access->flat ? t->count : t->dims[d];
        const uint32_t *slice = access->flat || t->fold == NULL ? NULL : t->fold[d].at;
        if (!dim_evaluate(w->g->dims, index->offset, w->run->dims, &offset)) return false;
        int64_t step[NEST_MAX_LOOPS] = {0};
        for (uint8_t k = 0; k < index->term_count; k++) {
            step[index->term[k].loop] += index->term[k].coefficient;
        }
        if (slice != NULL && index->from == 0) {
            out->fold[out->fold_count].base = offset;
            out->fold[out->fold_count].stride = stride;
            out->fold[out->fold_count].slice = slice;
            memcpy(out->fold[out->fold_count++].step, step, sizeof step);
        } else {
            out->base += offset * stride;
            for (uint8_t l = 0; l < loops->count; l++) out->step[l] += step[l] * stride;
        }
        if (index->from != 0) {
            out->position[out->position_count].slice = slice;
            out->position[out->position_count].from = index->from;
            out->position[out->position_count].extent = extent;
            out->position[out->position_count++].stride = stride;
        }
        if (index->may_leave) {
            out->check[out->check_count].base = offset;
            out->check[out->check_count].extent = extent;
            if (!dim_evaluate(w->g->dims, index->behind, w->run->dims,
                              &out->check[out->check_count].behind)) {
                out->check[out->check_count].behind = 0;
            }
            memcpy(out->check[out->check_count].step, step, sizeof step);
            out->check_count++;
        }
        stride *= access->flat ? extent : tensor_held(t, d);
    }
    return true;
}

/* The outer counters that lead to the first element of a slice, in the dimensions of the result
 * that one loop runs over. */
static void choose_firsts(Work *w, const Tensor *result, Loops *loops) {
    for (uint8_t l = 0; l < w->nest->outer; l++) {
        loops->only[l] = NULL;
        loops->turns[l] = loops->extent[l];
    }
    for (uint8_t d = 0; result->fold != NULL && d < result->rank; d++) {
        const Index *index = &w->nest->out.index[d];
        if (result->fold[d].at == NULL || index->term_count != 1) continue;
        uint8_t l = index->term[0].loop;
        int64_t offset = 0, count = 0;
        (void)dim_evaluate(w->g->dims, index->offset, w->run->dims, &offset);
        uint32_t *only = ARENA_ARRAY(w->run->arena, uint32_t, (size_t)loops->extent[l]);
        for (int64_t i = 0; i < loops->extent[l]; i++) {
            if (tensor_is_first(result, d, offset + index->term[0].coefficient * i))
                only[count++] = (uint32_t)i;
        }
        loops->only[l] = only;
        loops->turns[l] = count;
    }
}

/* The same for dimensions of pairs, whose loops are taken whole. */
static bool is_first(const Work *w, const Tensor *result, const Loops *loops) {
    for (uint8_t d = 0; result->fold != NULL && d < result->rank; d++) {
        const Index *index = &w->nest->out.index[d];
        if (index->term_count < 2) continue;
        int64_t at = 0;
        for (uint8_t k = 0; k < index->term_count; k++) {
            at += index->term[k].coefficient * loops->at[index->term[k].loop];
        }
        if (!tensor_is_first(result, d, at)) return false;
    }
    return true;
}

static void take_turn(Loops *loops, uint8_t l, int64_t turn) {
    loops->turn[l] = turn;
    loops->at[l] = loops->only[l] == NULL ? turn : loops->only[l][turn];
}

/* The outer counters of the next element; false after the last. */
static bool next_element(Loops *loops, uint8_t outer) {
    for (uint8_t l = outer; l-- > 0;) {
        if (loops->turn[l] + 1 < loops->turns[l]) {
            take_turn(loops, l, loops->turn[l] + 1);
            return true;
        }
        take_turn(loops, l, 0);
    }
    return false;
}

static bool first_element(Loops *loops, uint8_t outer) {
    for (uint8_t l = 0; l < outer; l++) {
        if (loops->turns[l] <= 0) return false;
        take_turn(loops, l, 0);
    }
    return true;
}

static EvalStatus run_nest(Work *w, Tensor *result) {
    const Nest *nest = w->nest;
    Loops loops = {.count = nest->loops};
    w->loops = &loops;
    for (uint8_t l = 0; l < nest->loops; l++) {
        if (!dim_evaluate(w->g->dims, nest->extent[l], w->run->dims, &loops.extent[l])) {
            return EVAL_SHAPE;
        }
    }
    for (uint8_t k = 0; k < nest->operand_count; k++) {
        const Tensor *t = &w->run->values[nest_operand(w->g, w->v, nest, k).id];
        if (!make_walk(w, &nest->access[k], t, &loops, &w->walk[k])) return EVAL_SHAPE;
    }
    if (!make_walk(w, &nest->out, result, &loops, &w->out)) return EVAL_SHAPE;
    Tensor whole = *result;
    whole.fold = NULL;
    if (result->fold != NULL && !make_walk(w, &nest->out, &whole, &loops, &w->whole))
        return EVAL_SHAPE;
    choose_firsts(w, result, &loops);
    if (!first_element(&loops, nest->outer)) return EVAL_DONE;
    uint64_t cost = 1;
    for (uint8_t l = nest->outer; l < nest->loops; l++) {
        if (loops.extent[l] > 0) cost *= (uint64_t)loops.extent[l];
    }
    do {
        if (!is_first(w, result, &loops)) continue;
        if (!eval_spend(w->run, cost)) return EVAL_BUDGET;
        int64_t at = 0;
        locate(&w->out, &loops, &at);
        follow(w, &w->out, &loops, &at);
        if (result->fold != NULL) locate(&w->whole, &loops, &w->element);
        result->cells[at] = element(w, &loops);
    } while (next_element(&loops, nest->outer));
    return EVAL_DONE;
}

/* What a run needs beside its values; made once, since a region runs a node many times. */
typedef struct Machine {
    Graph *g;
    EvalRun *run;
    Work work;
    Nest nest;
} Machine;

static EvalStatus run_nests(Machine *m, Value v, Tensor *result) {
    Graph *g = m->g;
    const Node *node = ir_node(g, v);
    Nest *nest = &m->nest;
    Work *w = &m->work;
    *w = (Work){.g = g, .run = m->run, .v = v, .nest = nest, .result = node->dtype};
    w->type = ir_computed_in(g, v);
    for (uint32_t i = 0; i < op_info[node->op].attr_count; i++) {
        w->attributes[i] = attr_number(ir_attr(g, v, i));
    }
    w->site_count = ir_sites(g, v, w->sites);
    w->watched = m->run->watch != NULL && m->run->watched.id == v.id;
    uint32_t nests = nest_count(g, v);
    for (uint32_t i = 0; i < nests; i++) {
        if (m->run->folds && fold_can(g, v)) fold_nest(g, v, i, nest);
        else nest_make(g, v, i, nest);
        if (nest->combine != COMBINE_NONE) w->type = nest->accumulator;
        EvalStatus status = run_nest(w, result);
        if (status != EVAL_DONE) return status;
    }
    return EVAL_DONE;
}

/* The operand itself; a broken contract of a GUARD or EXPECT is an event. */
static EvalStatus run_contract(Graph *g, EvalRun *run, Value v, Tensor *result) {
    Tensor *x = &run->values[ir_operand(g, v, 0).id];
    *result = *x;
    Contract contract = ir_contract_of(g, v);
    if (op_attr(ir_node(g, v)->op, "contract") < 0 || ir_node(g, v)->op == OP_ASSUME)
        return EVAL_DONE;
    bool by_rows = contract.kind == CONTRACT_SIMPLEX || contract.kind == CONTRACT_ONEHOT;
    if (by_rows && fold_undo(run, x) != EVAL_DONE) return EVAL_BUDGET;
    *result = *x;
    if (run->watch != NULL && run->watched.id == v.id) {
        for (int64_t i = 0; i < x->count; i++)
            run->watch(run->watcher, 0, &x->cells[i], x->cells[i]);
    }
    if (contract_holds(&contract, x)) return EVAL_DONE;
    EvalEvent event = {.node = v, .site = 0, .element = -1};
    for (int64_t i = 0; i < x->count && event.element < 0; i++) {
        double value = dtype_is_float(x->dtype) ? x->cells[i].f : (double)x->cells[i].i;
        if (contract_allows(&contract, x->dtype, value)) continue;
        event.element = i;
        event.args[0] = event.result = x->cells[i];
    }
    if (x->fold != NULL) event.element = -1; /* of what is held, which is no place */
    if (first_time(run, v, 0)) vec_push(run->arena, &run->events, event);
    return EVAL_DONE;
}

static EvalStatus run_library(const Graph *g, EvalRun *run, Value v, Tensor *result) {
    const Tensor *x = &run->values[ir_operand(g, v, 0).id];
    if (!eval_spend(run, library_cost(g, v, x))) return EVAL_BUDGET;
    library_run(g, v, x, result);
    return EVAL_DONE;
}

static void fill_from_data(const Data *data, Tensor *t) {
    size_t width = dtype_info[t->dtype].bytes;
    const unsigned char *at = data->bytes;
    for (int64_t i = 0; i < t->count; i++, at += width) {
        if (t->dtype == DTYPE_I64 || t->dtype == DTYPE_U64) memcpy(&t->cells[i].i, at, 8);
        else if (dtype_is_float(t->dtype)) t->cells[i].f = dtype_load(t->dtype, at);
        else t->cells[i].i = (int64_t)dtype_load(t->dtype, at);
    }
}

static EvalStatus run_source(Graph *g, EvalRun *run, Value v) {
    Tensor *t = &run->values[v.id];
    if (t->dtype != DTYPE_NONE) return EVAL_DONE;
    const Data *data = ir_data(g, v);
    if (data == NULL) return EVAL_UNBOUND;
    if (!eval_tensor(g, run, v, t)) return EVAL_SHAPE;
    fill_from_data(data, t);
    return EVAL_DONE;
}

void eval_prepare(const Graph *g, EvalRun *run) {
    run->values = ARENA_ARRAY(run->arena, Tensor, g->nodes.count);
    run->seen = ARENA_ARRAY(run->arena, uint32_t, g->nodes.count);
}

bool eval_shape(const Graph *g, const EvalRun *run, Value v, Tensor *out) {
    Shape shape = ir_shape(g, v);
    *out = (Tensor){.dtype = ir_node(g, v)->dtype, .rank = shape.rank, .count = 1};
    for (uint8_t d = 0; d < shape.rank; d++) {
        if (!dim_evaluate(g->dims, shape.dims[d], run->dims, &out->dims[d])) return false;
        if (out->dims[d] < 0 || !checked_mul(out->count, out->dims[d], &out->count)) return false;
    }
    return true;
}

bool eval_tensor(const Graph *g, EvalRun *run, Value v, Tensor *out) {
    if (!eval_shape(g, run, v, out) || out->count > LARGEST_TENSOR) return false;
    out->cells = ARENA_ARRAY(run->arena, Cell, (size_t)out->count);
    return true;
}

/* What is wanted: operands; of a call of a C function all its results; of a carry its final too,
 * and of what a region computes the loop. */

typedef VEC(uint32_t) Ids;

static void want(const Graph *g, Value v, bool *wanted, Ids *pending) {
    if (wanted[v.id]) return;
    wanted[v.id] = true;
    vec_push(&g->cx->scratch, pending, v.id);
}

static void want_loop(const Graph *g, Value v, bool *wanted, Ids *pending) {
    const Node *node = ir_node(g, v);
    const Region *r = &g->regions.data[ir_region_at(g, v)];
    if (node->op == OP_SCAN_CARRY) {
        want(g, region_final(r, v.id - region_carry(r, 0).id), wanted, pending);
    }
    if (node->op == OP_SCAN_STEP) r = &g->regions.data[r->parent];
    bool in_loop = node->operand_count > 0 || node->op == OP_SCAN_STEP;
    if (in_loop && r->first.id != 0) want(g, r->first, wanted, pending);
}

static void want_call(const Graph *g, Value v, bool *wanted, Ids *pending) {
    Value first;
    if (ir_node(g, v)->op != OP_EXTERN) return;
    uint32_t count = ir_extern_results(g, v, &first);
    for (uint32_t i = 0; i < count; i++) want(g, (Value){first.id + i}, wanted, pending);
}

void eval_want(const Graph *g, Value v, bool *wanted) {
    Ids pending = {0};
    want(g, v, wanted, &pending);
    while (pending.count > 0) {
        Value next = {pending.data[--pending.count]};
        for (uint32_t i = 0; i < ir_node(g, next)->operand_count; i++) {
            want(g, ir_operand(g, next, i), wanted, &pending);
        }
        want_call(g, next, wanted, &pending);
        if (g->regions.count > 1) want_loop(g, next, wanted, &pending);
    }
}

/* Graphs and regions. */

/* A value of a run that folds. What is written elsewhere than where it stands, or step by step, is
 * held whole, and so are its operands. */
static EvalStatus run_folding(Machine *m, Value v, Tensor *result) {
    Graph *g = m->g;
    int op = ir_node(g, v)->op;
    if (op == OP_SCAN_CARRY || op == OP_SCAN_FINAL) { /* copies, whose cells nobody writes again */
        *result = m->run->values[ir_operand(g, v, 0).id];
        return EVAL_DONE;
    }
    bool there = op == OP_SCAN_STACK && result->dtype != DTYPE_NONE; /* written step by step */
    if (fold_can(g, v)) {
        if (!eval_shape(g, m->run, v, result)) return EVAL_SHAPE;
        EvalStatus status = fold_result(g, m->run, v, result);
        return status != EVAL_DONE || fold_is_done(g, v) ? status : run_nests(m, v, result);
    }
    for (uint32_t i = 0; i < ir_node(g, v)->operand_count; i++) {
        EvalStatus status = fold_undo(m->run, &m->run->values[ir_operand(g, v, i).id]);
        if (status != EVAL_DONE) return status;
    }
    if (!there && !eval_shape(g, m->run, v, result)) return EVAL_SHAPE;
    if (!there && !fold_alloc(m->run, result)) return EVAL_BUDGET;
    if (op_info[ir_node(g, v)->op].form == FORM_LIBRARY)
        return run_library(g, m->run, v, result);
    return run_nests(m, v, result);
}

static EvalStatus run_value(Machine *m, Value v) {
    const OpInfo *info = &op_info[ir_node(m->g, v)->op];
    Tensor *result = &m->run->values[v.id];
    if (info->type == TYPE_SOURCE) return run_source(m->g, m->run, v);
    if (info->form == FORM_SPECIAL) {
        return run_contract(m->g, m->run, v, result);
    }
    if (m->run->folds) return run_folding(m, v, result);
    /* In a later step the cells of the one before are written again. */
    bool there = result->dtype != DTYPE_NONE;
    if (!there && !eval_tensor(m->g, m->run, v, result)) return EVAL_SHAPE;
    if (info->form == FORM_LIBRARY) return run_library(m->g, m->run, v, result);
    return run_nests(m, v, result);
}

static bool is_wanted(const EvalRun *run, Value v) {
    return run->wanted == NULL || run->wanted[v.id];
}

static EvalStatus run_nodes(Machine *m, uint32_t from, uint32_t to);

/* The carries at the beginning of a step. */
static EvalStatus run_carries(Machine *m, const Region *r, int64_t step) {
    for (uint32_t k = 0; k < r->carry_count; k++) {
        Value carry = region_carry(r, k);
        if (!is_wanted(m->run, carry)) continue;
        if (step == 0) {
            EvalStatus status = run_value(m, carry);
            if (status != EVAL_DONE) return status;
            continue;
        }
        const Tensor *last = &m->run->values[region_final(r, k).id];
        if (m->run->folds) {
            m->run->values[carry.id] = *last;
            continue;
        }
        memcpy(m->run->values[carry.id].cells, last->cells, (size_t)last->count * sizeof(Cell));
    }
    return EVAL_DONE;
}

/* Stacks are written step by step, into a tensor that is whole; that of a run of the loop before,
 * in an outer one, may have been folded. */
static void drop_stacks(Machine *m, const Region *r) {
    for (uint32_t id = r->first.id; id < r->end; id++) {
        if (ir_node(m->g, (Value){id})->op == OP_SCAN_STACK) m->run->values[id].dtype = DTYPE_NONE;
    }
}

/* What a loop stacked is whole; of equal slices one is held from here on. */
static EvalStatus fold_stacks(Machine *m, const Region *r) {
    for (uint32_t id = r->first.id; id < r->end; id++) {
        Tensor *t = &m->run->values[id];
        if (ir_node(m->g, (Value){id})->op != OP_SCAN_STACK || t->dtype == DTYPE_NONE) continue;
        EvalStatus status = fold_by_value(m->run, t);
        if (status != EVAL_DONE) return status;
    }
    return EVAL_DONE;
}

static EvalStatus run_region(Machine *m, const Region *r) {
    int64_t trips;
    Tensor *step = &m->run->values[r->first.id];
    if (!dim_evaluate(m->g->dims, r->trips, m->run->dims, &trips)) return EVAL_SHAPE;
    if (step->dtype == DTYPE_NONE && !eval_tensor(m->g, m->run, r->first, step)) return EVAL_SHAPE;
    if (m->run->folds) drop_stacks(m, r);
    for (int64_t i = 0; i < trips; i++) {
        if (m->run->steps == 1) return EVAL_BUDGET;
        if (m->run->steps != 0) m->run->steps--;
        if (m->run->folds) step->cells = ARENA_NEW(m->run->arena, Cell); /* a carry may be it */
        step->cells[0].i = i;
        EvalStatus status = run_carries(m, r, i);
        if (status == EVAL_DONE) status = run_nodes(m, region_item(r, 0).id, r->end);
        if (status != EVAL_DONE) return status;
    }
    return m->run->folds ? fold_stacks(m, r) : EVAL_DONE;
}

static EvalStatus run_nodes(Machine *m, uint32_t from, uint32_t to) {
    const Graph *g = m->g;
    for (uint32_t id = from; id < to; id++) {
        Value v = {id};
        EvalStatus status;
        if (!is_wanted(m->run, v)) continue;
        if (ir_node(g, v)->op == OP_SCAN_STEP) {
            const Region *r = &g->regions.data[ir_region_at(g, v)];
            status = run_region(m, r);
            id = r->end - 1;
        } else {
            status = run_value(m, v);
        }
        if (status != EVAL_DONE) return status;
    }
    return EVAL_DONE;
}

EvalStatus eval_graph(Graph *g, EvalRun *run) {
    if (!ir_rules_hold(g, run->dims)) return EVAL_SHAPE;
    Machine *m = ARENA_NEW(run->arena, Machine);
    m->g = g;
    m->run = run;
    return run_nodes(m, 1, g->nodes.count);
}

void eval_next_call(const Graph *g, const EvalRun *done, EvalRun *run) {
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        const Parameter *p = &g->parameters.data[i];
        if (ir_node(g, p->value)->op != OP_BUFFER) continue;
        const Update *u = p->update == 0 ? NULL : &g->updates.data[p->update - 1];
        run->values[p->value.id] = done->values[u == NULL ? p->value.id : u->next.id];
    }
}
