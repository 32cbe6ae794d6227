/* Shifted by the maximum, exponentials, their sums, and shares of sums: what softmax and its
 * relatives are made of. Each rule says what it claims in floating-point arithmetic, and why.
 *
 * Test: `terms` in tests/unit/passes/test_terms.c. */
#include "passes/term_view.h"

#include "ir/nest.h"
#include "passes/term_count.h"

static bool is_input(const Scalar *s) {
    return s == NULL || (s->kind == SCALAR_INPUT && s->index == 0);
}

static bool is_average(const Scalar *s) {
    return s != NULL && s->kind == SCALAR_APPLY && s->index == PRIMITIVE_DIV &&
           is_input(s->args[0]) && s->args[1]->kind == SCALAR_COUNT_OF;
}

Combiner term_reduction(const Graph *g, Value v, bool *averaged) {
    const OpInfo *info = &op_info[ir_node(g, v)->op];
    *averaged = is_average(info->after);
    if (info->form != FORM_REDUCE || !is_input(info->body)) return COMBINE_NONE;
    return is_input(info->after) || *averaged ? info->combine : COMBINE_NONE;
}

Count term_count(Graph *g, Value v) {
    Nest nest;
    Bounds volume, count;
    bool assumed;
    if (nest_count(g, v) != 1) return (Count){0, INFINITY};
    nest_make(g, v, 0, &nest);
    count_terms(g, v, &nest, &volume, &count, &assumed);
    return (Count){(double)count.low, volume.high == INT64_MAX ? INFINITY : (double)volume.high};
}

/* A contract's value is its operand. */
void term_carried(Visit *w) {
    if (!op_carries(ir_node(w->g, w->v)->op)) return;
    uint32_t number = w->fact->number;
    *w->fact = *term_fact_of(w, 0);
    w->fact->number = number;
    w->fact->bounded = false;
}

/* Contracts that speak of whole rows. */
void term_contract(Visit *w) {
    if (op_info[ir_node(w->g, w->v)->op].form != FORM_SPECIAL) return;
    Contract contract = ir_contract_of(w->g, w->v);
    if (contract.kind != CONTRACT_SIMPLEX && contract.kind != CONTRACT_ONEHOT) return;
    w->fact->simplex_along = (AxisSet)(1u << contract.axis);
    if (contract.kind == CONTRACT_ONEHOT) w->fact->one_along = w->fact->simplex_along;
}

/* What is combined of which. No claim by itself. */
void term_combination(Visit *w) {
    bool averaged;
    Combiner combine = term_reduction(w->g, w->v, &averaged);
    if (combine != COMBINE_SUM && combine != COMBINE_MAX && combine != COMBINE_MIN) return;
    const Attr *axes = ir_attr(w->g, w->v, (uint32_t)op_attr(ir_node(w->g, w->v)->op, "axis"));
    w->fact->combined = combine;
    w->fact->averaged = averaged;
    w->fact->of = term_fact_of(w, 0)->number;
    for (uint32_t i = 0; i < axes->count; i++)
        w->fact->axes |= (AxisSet)(1u << axes->as.integers[i]);
    Shape x = ir_shape(w->g, operand(w, 0));
    w->fact->aligned = term_stands_beside(w->g, ir_shape(w->g, w->v), x, w->fact->axes, false);
}

/* Facts along one axis go with it through a move that takes elements as they are, in the same order
 * along it: a transposition, or dimensions that are put before or behind. */
void term_turned(Visit *w) {
    const OpInfo *info = &op_info[ir_node(w->g, w->v)->op];
    if (info->form != FORM_MOVE || ir_node(w->g, w->v)->operand_count != 1) return;
    const TermFact *from = term_fact_of(w, 0);
    AxisSet any = from->unit_along | from->simplex_along;
    Nest nest;
    if (any == 0 || (any & (any - 1)) != 0 || nest_count(w->g, w->v) != 1) return;
    nest_make(w->g, w->v, 0, &nest);
    Shape x = ir_shape(w->g, operand(w, 0)), shape = ir_shape(w->g, w->v);
    for (uint8_t d = 0; d < x.rank && !nest.access[0].flat; d++) {
        const Index *index = &nest.access[0].index[d];
        bool whole = index->term_count == 1 && index->term[0].coefficient == 1 &&
                     index->term[0].loop < shape.rank &&
                     dim_is(index->offset, dim_constant(w->g->dims, 0)) && index->from == 0 &&
                     dim_is(nest.extent[index->term[0].loop], x.dims[d]);
        if (!(any >> d & 1)) {
            if (index->may_leave || index->from != 0) return;
            continue;
        }
        if (!whole || index->may_leave) return;
        AxisSet axis = (AxisSet)(1u << index->term[0].loop);
        if (from->unit_along != 0) w->fact->unit_along = axis;
        if (from->simplex_along != 0) w->fact->simplex_along = axis;
        w->fact->unit_excess = from->unit_excess;
    }
}

/* A combination whose reduced axes are put back, as 1 or stretched: moves that keep the order of
 * the elements, or repeat them along the axes that were combined. */
void term_realigned(Visit *w) {
    if (op_info[ir_node(w->g, w->v)->op].form != FORM_MOVE ||
        ir_node(w->g, w->v)->operand_count != 1) {
        return;
    }
    const TermFact *from = term_fact_of(w, 0);
    if (from->combined == COMBINE_NONE) return;
    bool reshaped = term_keeps_order(w->g, w->v);
    bool expanded = from->aligned && term_stretches(w->g, w->v);
    if (!reshaped && !expanded) return;
    Shape x = ir_shape(w->g, (Value){from->of});
    if (!term_stands_beside(w->g, ir_shape(w->g, w->v), x, from->axes, expanded)) return;
    w->fact->combined = from->combined;
    w->fact->averaged = from->averaged;
    w->fact->of = from->of;
    w->fact->axes = from->axes;
    w->fact->aligned = true;
    if (from->bounded) {
        w->fact->bounded = true;
        w->fact->bound = from->bound;
        w->fact->rule = from->rule;
    }
}

/* y = x - max(x) along axes, no x NaN. Claim: where no y is NaN, which the guard of the subtraction
 * holds, y <= 0, and along the axes some y is 0; likewise y = x - min(x) >= 0. Why: the maximum m
 * is one of the x exactly, and finite: an infinite m gives inf - inf where it stands. Subtraction
 * is rounded monotonically, and m - m is +0 exactly (IEEE 754-2019, 6.3). Of integers the
 * difference may wrap. */
void term_shifted(Visit *w) {
    if (!ir_is_primitive(w->g, w->v, PRIMITIVE_SUB)) return;
    if (!dtype_is_float(ir_node(w->g, w->v)->dtype)) return;
    const TermFact *most = term_fact_of(w, 1);
    if (!most->aligned || most->of != term_fact_of(w, 0)->number ||
        range_may_be_nan(w->ranges[operand(w, 0).id]) ||
        ir_node(w->g, w->v)->shape.id != ir_node(w->g, operand(w, 0))->shape.id) {
        return;
    }
    if (most->combined == COMBINE_MAX) {
        term_claim(w, "shifted", -INFINITY, 0, RANGE_NEGATIVE);
        w->fact->zero_along = most->axes;
    } else if (most->combined == COMBINE_MIN) {
        term_claim(w, "shifted", 0, INFINITY, RANGE_POSITIVE);
    }
}

/* e = exp(y), y <= 0 with a 0 along axes. Claim: 0 <= e <= 1, and along the axes some e is 1. Why:
 * exp(0) is 1 exactly, and exp stays on its sides of that (anchors in transfer.c). -inf gives 0. */
void term_exponential(Visit *w) {
    if (!ir_is_primitive(w->g, w->v, PRIMITIVE_EXP) && !ir_is_primitive(w->g, w->v, PRIMITIVE_EXP2))
        return;
    if (term_fact_of(w, 0)->zero_along == 0) return;
    term_claim(w, "exponential", 0, 1, 0);
    w->fact->one_along = term_fact_of(w, 0)->zero_along;
}


/* The addends of a sum that is written out; at most `room`, else 0. */
static uint32_t addends(const Visit *w, Term t, Primitive p, Term *out, uint32_t room) {
    Term open[8];
    uint32_t count = 0, pending = 1;
    open[0] = t;
    while (pending > 0) {
        Term next = open[--pending];
        if (term_is(&next, p)) {
            if (pending + 2 > 8 || count + pending + 2 > room) return 0;
            open[pending++] = term_part(w, &next, 1);
            open[pending++] = term_part(w, &next, 0);
        } else {
            if (count == room) return 0;
            out[count++] = next;
        }
    }
    return count;
}

enum { EXPONENTIALS = 6 };

/* The m of an exponent x - m, or of -m, which is 0 - m; *x: the x, if it is not 0. */
static bool below_largest(const Visit *w, const Term *exponent, Term *m, Term *x, bool *zero) {
    *zero = term_is(exponent, PRIMITIVE_NEG);
    if (!*zero && !term_is(exponent, PRIMITIVE_SUB)) return false;
    *m = term_part(w, exponent, *zero ? 0 : 1);
    if (!*zero) *x = term_part(w, exponent, 0);
    return true;
}

static bool is_exponential(const Term *t) {
    return term_is(t, PRIMITIVE_EXP) || term_is(t, PRIMITIVE_EXP2);
}

/* exp(x1 - m) + exp(x2 - m) + ... with m = max(x1, x2, ...), any of which may be 0: exp(0 - m) is
 * exp(-m). Claim: at least 1. Why: m is one of the x exactly, for it the difference is 0 and the
 * exponential 1 (IEEE 754-2019, 6.3; anchors in transfer.c), and a rounded sum of numbers that are
 * not negative is at least each of them. */
void term_exponentials(Visit *w) {
    Term sum[EXPONENTIALS], most[EXPONENTIALS], x[EXPONENTIALS], m = {0};
    bool zero[EXPONENTIALS];
    if (!is_exponential(&w->part[0]) && !is_exponential(&w->part[1])) return;
    uint32_t count = addends(w, *w->whole, PRIMITIVE_ADD, sum, EXPONENTIALS);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_exponential(&sum[i])) return;
        Term exponent = term_part(w, &sum[i], 0), own;
        if (!below_largest(w, &exponent, &own, &x[i], &zero[i])) return;
        if (i > 0 && !term_same(w, &m, &own)) return;
        m = own;
    }
    if (count < 2 || !term_is_finite(term_range(w, &m))) return;
    uint32_t leaves = addends(w, m, PRIMITIVE_MAXIMUM, most, EXPONENTIALS);
    if (leaves == 0) return;
    for (uint32_t i = 0; i < leaves; i++) {
        bool found = false;
        double value;
        bool is_zero = term_constant(w, &most[i], &value) && !(value < 0 || value > 0);
        for (uint32_t k = 0; k < count && !found; k++) {
            found = zero[k] ? is_zero : term_same(w, &most[i], &x[k]);
        }
        if (!found) return;
    }
    term_claim(w, "exponentials", 1, INFINITY, RANGE_POSITIVE);
}

/* How far sums of a row of a simplex may be from 1: what the contract says. */
#define SIMPLEX_SLACK 1e-3

/* The numbers of elements along axes, and how far a sum of them may be from the exact one,
 * relatively: (n - 1) u in any order (Jeannerod and Rump 2013), and what is stored. */
static Count elements_along(const Visit *w, Shape shape, AxisSet axes, double *error) {
    Count n = {1, 1};
    DType t = ir_node(w->g, w->v)->dtype;
    for (int i = 0; i < shape.rank; i++) {
        int64_t low, high;
        dim_bounds(w->g->dims, shape.dims[i], &low, &high);
        if (!(axes >> i & 1)) continue;
        n.low *= (double)low;
        n.high *= (double)high;
    }
    *error = n.high * term_unit(dtype_accumulator(t)) + 2 * term_unit(t);
    return n;
}

/* s = sum(e) along at least the axes along which some e is 1, all e >= 0. Claim: s >= 1, and where
 * there are n and all are at least l, s >= 1 + (n - 1) l, less the error of the sum. Why: a rounded
 * sum of numbers that are not negative is at least each of them, in any order, since every addition
 * is monotone and x + 0 is x.
 * Along the axis along which they sum to 1 within 1e-3. Claim: so does the rounded sum, within
 * (n - 1) u of that, relatively (Jeannerod and Rump; combine.c), and one rounding more. */
void term_sum(Visit *w) {
    bool averaged;
    if (term_reduction(w->g, w->v, &averaged) != COMBINE_SUM || averaged) return;
    const TermFact *terms = term_fact_of(w, 0);
    if (terms->one_along != 0 && (terms->one_along & ~w->fact->axes) == 0) {
        double error, least = fmax(w->ranges[operand(w, 0).id].low, 0);
        Count n = elements_along(w, ir_shape(w->g, operand(w, 0)), w->fact->axes, &error);
        double sum = (1 + fmax(n.low - 1, 0) * least) * (1 - 2 * error);
        double low = dtype_round_down(ir_node(w->g, w->v)->dtype, fmax(sum, 1));
        term_claim(w, "sum", error < 0.25 ? low : 1, INFINITY, RANGE_POSITIVE);
    }
    if (terms->simplex_along == 0 || terms->simplex_along != w->fact->axes) return;
    DType t = ir_node(w->g, w->v)->dtype;
    double error = term_count(w->g, w->v).high * term_unit(dtype_accumulator(t));
    if (!(error < 0.5)) return;
    term_claim(w, "sum", dtype_round_down(t, (1 - SIMPLEX_SLACK) * (1 - 2 * error)),
               dtype_round_up(t, (1 + SIMPLEX_SLACK) * (1 + 2 * error)), 0);
}

/* The axis of operand k that the one inner loop of a sum of products runs along; -1: none. */
static int inner_axis(const Visit *w, const Nest *nest, uint32_t k) {
    const Access *access = &nest->access[k];
    int axis = -1;
    if (nest->loops != nest->outer + 1 || access->flat) return -1;
    for (uint8_t d = 0; d < access->rank; d++) {
        const Index *index = &access->index[d];
        if (index->may_leave || index->from != 0) return -1;
        bool inner = index->term_count == 1 && index->term[0].loop == nest->outer &&
                     index->term[0].coefficient == 1;
        bool full = inner && dim_is(nest->extent[nest->outer],
                                    ir_shape(w->g, operand(w, k)).dims[d]);
        if (full) axis = d;
    }
    return axis;
}

/* Whether v sums products of its two operands, in a nest. */
static bool sums_products(const Visit *w, Nest *nest) {
    const OpInfo *info = &op_info[ir_node(w->g, w->v)->op];
    bool product = info->form == FORM_CONTRACT && info->combine == COMBINE_SUM &&
                   is_input(info->after) && scalar_primitive(info->body) == PRIMITIVE_MUL;
    if (!product || nest_count(w->g, w->v) != 1) return false;
    nest_make(w->g, w->v, 0, nest);
    return true;
}

/* The other operand of one whose elements sum to 1 along what is summed over. */
static bool shares_of_product(const Visit *w, Value *x) {
    Nest nest;
    if (op_info[ir_node(w->g, w->v)->op].form != FORM_CONTRACT) return false;
    if (ir_node(w->g, w->v)->operand_count != 2) return false;
    if ((term_fact_of(w, 0)->simplex_along | term_fact_of(w, 1)->simplex_along) == 0) return false;
    if (!sums_products(w, &nest)) return false;
    for (uint32_t k = 0; k < 2; k++) {
        int axis = inner_axis(w, &nest, k);
        if (axis < 0 || term_fact_of(w, k)->simplex_along != (AxisSet)(1u << axis)) continue;
        *x = operand(w, 1 - k);
        return true;
    }
    return false;
}

bool term_is_product(const Visit *w, Value *a, Value *b) {
    Nest nest;
    if (op_info[ir_node(w->g, w->v)->op].form != FORM_CONTRACT) return false;
    if (ir_node(w->g, w->v)->operand_count != 2) return false;
    if (term_fact_of(w, 0)->unit_along == 0 || term_fact_of(w, 1)->unit_along == 0) return false;
    if (!sums_products(w, &nest)) return false;
    for (uint32_t k = 0; k < 2; k++) {
        int axis = inner_axis(w, &nest, k);
        if (axis < 0 || term_fact_of(w, k)->unit_along != (AxisSet)(1u << axis)) return false;
    }
    *a = operand(w, 0);
    *b = operand(w, 1);
    return true;
}

/* The same of a sum of p * x along axes. */
static bool shares_of_sum(const Visit *w, Range *x) {
    bool averaged;
    if (term_reduction(w->g, w->v, &averaged) != COMBINE_SUM || averaged) return false;
    Term product = term_of(w, operand(w, 0));
    if (!term_is(&product, PRIMITIVE_MUL) || product.view.id != 0) return false;
    for (int k = 0; k < 2; k++) {
        Term p = term_part(w, &product, k);
        if (p.seen.id == 0 || w->facts[p.seen.id].simplex_along != w->fact->axes) continue;
        if (ir_node(w->g, p.seen)->shape.id != ir_node(w->g, operand(w, 0))->shape.id) continue;
        Term other = term_rest(w, &product, k);
        *x = term_range(w, &other);
        return w->fact->axes != 0;
    }
    return false;
}

/* A weighted mean: the sum of p * x along the axis along which the p sum to 1 within 1e-3. Claim:
 * between the least and the largest x, within 1e-3 and n + 1 roundings of the largest magnitude.
 * Why: the exact sum is; each product is rounded once, which moves it by u of itself at most, or by
 * half the smallest number; the sum of n is within (n - 1) u of the sum of their magnitudes. */
void term_weighted(Visit *w) {
    Value other;
    Range x;
    DType t = ir_node(w->g, w->v)->dtype;
    if (!dtype_is_float(t)) return;
    if (shares_of_product(w, &other)) x = w->ranges[other.id];
    else if (!shares_of_sum(w, &x)) return;
    double n = term_count(w->g, w->v).high, u = term_unit(t);
    if (!term_is_finite(x) || !(n * u < 0.25)) return;
    double error = range_magnitude(x) * (1 + SIMPLEX_SLACK) * (n + 2) * u * (1 + 2 * n * u) +
                   n * term_tiny(w, t);
    double low = x.low * (1 + (x.low < 0 ? SIMPLEX_SLACK : -SIMPLEX_SLACK)) - error;
    double high = x.high * (1 + (x.high > 0 ? SIMPLEX_SLACK : -SIMPLEX_SLACK)) + error;
    if (x.low >= 0) low = fmax(low, 0);
    if (x.high <= 0) high = fmin(high, 0);
    double most = dtype_info[t].max;
    if (low < -most || high > most) return;
    term_claim(w, "weighted", dtype_round_down(t, low), dtype_round_up(t, high), 0);
}

/* p = x / sum(x) along axes, x in [l, h], l >= 0, the sum not 0. Claim: 0 <= p <= 1; of n of
 * them l / (l + (n - 1) h) <= p <= h / (h + (n - 1) l), within the error of the sum and a rounding;
 * they sum to 1 within 1e-3 where 2 n u is below that. Why: the rounded sum is at least each x
 * (term_sum), so the quotient is at most 1, and rounds to at most 1; x / (x + rest) grows with x
 * and falls with the rest. */
void term_quotient(Visit *w) {
    if (!ir_is_primitive(w->g, w->v, PRIMITIVE_DIV)) return;
    const TermFact *sum = term_fact_of(w, 1);
    Range x = w->ranges[operand(w, 0).id];
    if (!sum->aligned || sum->combined != COMBINE_SUM || sum->averaged ||
        sum->of != term_fact_of(w, 0)->number || (x.flags & RANGE_BAD) || x.low < 0 ||
        ir_node(w->g, w->v)->shape.id != ir_node(w->g, operand(w, 0))->shape.id) {
        return;
    }
    DType t = ir_node(w->g, w->v)->dtype;
    double error, low = 0, high = 1;
    Count n = elements_along(w, ir_shape(w->g, w->v), sum->axes, &error);
    double least = x.low < term_tiny(w, t) ? 0 : x.low; /* what is flushed is 0 */
    if (error < 0.25 && x.high > 0) {
        low = least / (least + fmax(n.high - 1, 0) * x.high) * (1 - 2 * error) - term_tiny(w, t);
        high = x.high / (x.high + fmax(n.low - 1, 0) * least) * (1 + 2 * error) + term_tiny(w, t);
    }
    term_claim(w, "quotient", dtype_round_down(t, fmax(low, 0)), dtype_round_up(t, fmin(high, 1)),
               0);
    if (2 * n.high * term_unit(t) <= 1e-3) w->fact->simplex_along = sum->axes;
}
