/* NNA2011: samples of a batch that are mixed.
 *
 * The batch is a dimension variable of the inputs. For every value this pass knows along which axis
 * its samples stand, from the nests alone: a loop over the batch in an operand that is a loop of
 * the result keeps samples where they are; one that is summed over pools them. Three things are
 * reported, since nothing that is meant does them:
 *   - a reshape after which no axis holds the samples, shown by sizes for which that is so
 *   - values whose samples stand in different places (flipped, shifted), side by side
 *   - a sum or an extremum over the batch that goes back into what it was taken of (softmax along
 *     the batch axis), where the result reaches an output by sample, or is divided by that sum
 * Means are left alone: batch normalisation and standardised rewards are meant. */
#include "passes/explain.h"

#include "ir/nest.h"

typedef enum SamplesKind {
    SAMPLES_APART,     /* not computed from a batch */
    SAMPLES_ALIGNED,   /* element i along `axis` is of sample (i / run) mod N */
    SAMPLES_DISPLACED, /* the same, but of another sample */
    SAMPLES_POOLED,    /* computed from all samples, and has no axis for them */
    SAMPLES_MIXED,     /* nothing is known, or it is reported */
} SamplesKind;

typedef struct Samples {
    SamplesKind kind;
    uint8_t axis;
    DimId run;
    Value pool;      /* POOLED: the reduction that it is, moved at most */
    Value returned;  /* the reduction over the batch that went back into each sample */
    bool normalises; /* ... by dividing what it is the sum of */
} Samples;

typedef struct Batch {
    Analysis *a;
    Graph *g;
    DimId size;        /* N */
    uint32_t variable; /* its number */
    Samples *samples;  /* by value */
} Batch;

static Value operand_of(const Batch *b, Value v, uint32_t i) {
    return ir_operand(b->g, v, i);
}

/* The batch. */

/* The first axis that is the batch and nothing else; the rank if none is. */
static uint8_t batch_axis(const Batch *b, Shape shape) {
    uint8_t i = 0;
    while (i < shape.rank && !dim_is(shape.dims[i], b->size)) i++;
    return i;
}

/* How many inputs have the variable among their dimensions; 0 where it cannot be the batch: one
 * has it twice, or a parameter has it. *leading: how many have it first. */
static uint32_t inputs_with(const Graph *g, uint32_t variable, uint32_t *leading) {
    uint32_t found = 0, index;
    *leading = 0;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Shape shape = ir_shape(g, g->inputs.data[i]);
        uint32_t here = 0;
        for (uint8_t k = 0; k < shape.rank; k++) {
            if (!dim_is_variable(g->dims, shape.dims[k], &index) || index != variable) continue;
            here++;
            *leading += k == 0;
        }
        if (here > 1) return 0;
        found += here;
    }
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        Shape shape = ir_shape(g, g->parameters.data[i].value);
        for (uint8_t k = 0; k < shape.rank; k++) {
            if (dim_is_variable(g->dims, shape.dims[k], &index) && index == variable) return 0;
        }
    }
    return found;
}

/* The variable that most inputs have first, and in all, of the earlier ones the earliest. */
static bool find_batch(Batch *b) {
    uint32_t best = 0, best_leading = 0;
    for (uint32_t i = 0; i < dim_variable_count(b->g->dims); i++) {
        uint32_t leading, count = inputs_with(b->g, i, &leading);
        if (leading == 0 || count < best || (count == best && leading <= best_leading)) continue;
        best = count;
        best_leading = leading;
        b->variable = i;
    }
    if (best == 0) return false;
    DimVar variable = dim_variable_at(b->g->dims, b->variable);
    b->size = dim_variable_named(b->g->dims, variable.name);
    return true;
}

/* Reports. */

static Diag *begin_report(const Batch *b, Span place, const char *message) {
    Diag *d = diag_new(b->a->cx, NNA2011, place, "%s", message);
    d->model = b->g->name;
    return d;
}

static const char *batch_name(const Batch *b) {
    return names_text(&b->a->cx->names, dim_variable_at(b->g->dims, b->variable).name);
}

static const char *shape_of(const Batch *b, Value v) {
    Shape shape = ir_shape(b->g, v);
    Buf out = buf_make(&b->a->cx->scratch);
    buf_put(&out, "[");
    for (uint8_t i = 0; i < shape.rank; i++) {
        if (i > 0) buf_put(&out, ", ");
        dim_print(b->g->dims, shape.dims[i], &b->a->cx->names, &out);
    }
    buf_put(&out, "]");
    return buf_text(&out);
}

static void report_reshape(const Batch *b, Value v) {
    OriginId via;
    Span place = ir_place(b->g, v, &via);
    Value x = operand_of(b, v, 0);
    Diag *d = begin_report(b, place, "reshape mixes the samples of the batch");
    diag_primary(b->a->cx, d, "the samples of %s %s stand along `%s`; in %s they are torn apart",
                 ir_describe(b->g, x), shape_of(b, x), batch_name(b), shape_of(b, v));
    explain_calls(b->a, d, via);
    diag_help(b->a->cx, d, "to move an axis, use `transpose`");
    diag_emit(b->a->cx, d);
}

static void report_displaced(const Batch *b, Value v, Value displaced, Value aligned) {
    OriginId via;
    Span place = ir_place(b->g, v, &via);
    Diag *d = begin_report(b, place, "different samples of the batch are put together");
    diag_primary(b->a->cx, d, "axis %u is the batch: %s has other samples there than %s",
                 b->samples[displaced.id].axis, ir_describe(b->g, displaced),
                 ir_describe(b->g, aligned));
    explain_calls(b->a, d, via);
    diag_emit(b->a->cx, d);
}

static void report_returned(const Batch *b, Value pool) {
    OriginId via;
    Span place = ir_place(b->g, pool, &via);
    Value x = operand_of(b, pool, 0);
    Diag *d = begin_report(b, place, "every sample is computed from the whole batch");
    bool inside = ir_place(b->g, x, NULL).begin == place.begin; /* of a block that is not shown */
    diag_primary(b->a->cx, d, "this runs over `%s`, the batch axis of %s%s%s", batch_name(b),
                 inside ? "" : ir_describe(b->g, x), inside ? "" : " ", shape_of(b, x));
    explain_calls(b->a, d, via);
    diag_help(b->a->cx, d, "name the axis that is meant: the last one is `axis: -1`");
    diag_emit(b->a->cx, d);
}

/* Reshapes. */

/* For sizes of the variables, whether the samples of x still stand along some axis of v. */
static bool kept_for(const Batch *b, Value v, const int64_t *sizes, bool *known) {
    const Samples *s = &b->samples[operand_of(b, v, 0).id];
    Shape from = ir_shape(b->g, operand_of(b, v, 0)), to = ir_shape(b->g, v);
    int64_t sample, run, extent, behind = 1;
    *known = dim_evaluate(b->g->dims, s->run, sizes, &run);
    sample = run;
    for (uint8_t i = from.rank; *known && i-- > s->axis + 1u;) {
        *known = dim_evaluate(b->g->dims, from.dims[i], sizes, &extent);
        sample *= extent;
    }
    int64_t batch = sizes[b->variable] * sample;
    for (uint8_t i = to.rank; *known && i-- > 0;) {
        *known = dim_evaluate(b->g->dims, to.dims[i], sizes, &extent);
        if (*known && sample % behind == 0 && (extent * behind) % batch == 0) return true;
        behind *= extent;
    }
    return false;
}

/* Whether some sizes that the graph allows tear the samples apart. Two numbers of samples, both
 * prime: one of them can divide a constant of the shapes by chance. */
static bool tears_samples(const Batch *b, Value v) {
    enum { TRIES = 6 };
    static const int64_t samples[TRIES] = {7, 7, 7, 13, 13, 13};
    static const int64_t others[TRIES] = {12, 60, 1, 12, 60, 1};
    uint32_t count = dim_variable_count(b->g->dims);
    int64_t *sizes = ARENA_ARRAY(&b->a->cx->scratch, int64_t, count);
    for (int k = 0; k < TRIES; k++) {
        for (uint32_t i = 0; i < count; i++) {
            DimVar variable = dim_variable_at(b->g->dims, i);
            sizes[i] = i == b->variable ? samples[k] : others[k];
            if (sizes[i] < variable.low) sizes[i] = variable.low;
            if (sizes[i] > variable.high) sizes[i] = variable.high;
        }
        bool known;
        if (!ir_rules_hold(b->g, sizes) || sizes[b->variable] < 2) continue;
        if (!kept_for(b, v, sizes, &known) && known) return true;
    }
    return false;
}

static DimId product_behind(Graph *g, Shape shape, uint8_t axis) {
    DimId product = dim_constant(g->dims, 1);
    for (uint8_t i = axis; i < shape.rank; i++) product = dim_mul(g->dims, product, shape.dims[i]);
    return product;
}

/* The samples after the elements were put, in the same order, into another shape. */
static Samples reshaped(Batch *b, Value v, Samples s) {
    DimTable *t = b->g->dims;
    Shape from = ir_shape(b->g, operand_of(b, v, 0)), to = ir_shape(b->g, v);
    DimId sample = dim_mul(t, s.run, product_behind(b->g, from, (uint8_t)(s.axis + 1)));
    DimId batch = dim_mul(t, b->size, sample), quotient;
    for (uint8_t i = to.rank; i-- > 0;) {
        DimId behind = product_behind(b->g, to, (uint8_t)(i + 1)), run;
        if (dim_exact_div(t, sample, behind, &run) != DIM_EXACT || run.id == 0) continue;
        if (dim_exact_div(t, dim_mul(t, to.dims[i], behind), batch, &quotient) != DIM_EXACT) {
            continue;
        }
        s.axis = i;
        s.run = run;
        return s;
    }
    if (!dims_overflowed(t) && s.kind == SAMPLES_ALIGNED && tears_samples(b, v)) {
        report_reshape(b, v);
    }
    return (Samples){.kind = SAMPLES_MIXED};
}

/* Nests. */

/* Whether an offset along the result's axis is a whole number of batches. */
static bool whole_batches(Batch *b, DimId offset, DimId run) {
    DimId quotient, one = dim_mul(b->g->dims, b->size, run);
    return dim_exact_div(b->g->dims, offset, one, &quotient) == DIM_EXACT;
}

static Samples pooled(Value v, Samples s) {
    s.kind = SAMPLES_POOLED;
    s.pool = v;
    if (!s.normalises) s.returned = VALUE_NONE;
    return s;
}

/* Where the samples of operand k of the nest stand in the result. */
static Samples through_nest(Batch *b, Value v, const Nest *nest, uint8_t k, Samples s) {
    const Access *access = &nest->access[k];
    if (s.kind != SAMPLES_ALIGNED && s.kind != SAMPLES_DISPLACED) return s;
    if (access->flat && access->index[0].term_count == 0) return pooled(VALUE_NONE, s);
    if (access->flat) return reshaped(b, v, s);
    const Index *index = &access->index[s.axis];
    if (index->from != 0) return (Samples){.kind = SAMPLES_MIXED};
    if (index->term_count == 0) return pooled(VALUE_NONE, s);
    uint8_t loop = index->term[0].loop;
    int64_t extent;
    bool single = dim_is_constant(b->g->dims, nest->extent[loop], &extent) && extent == 1;
    if (loop >= nest->outer) return pooled(v, s);
    if (single) return pooled(VALUE_NONE, s); /* one sample is taken */
    for (uint8_t i = 0; i < nest->out.rank && !nest->out.flat; i++) {
        const Index *out = &nest->out.index[i];
        if (out->term_count != 1 || out->term[0].loop != loop) continue;
        bool straight = index->term_count == 1 && index->term[0].coefficient == 1 &&
                        out->term[0].coefficient == 1 && whole_batches(b, index->offset, s.run) &&
                        whole_batches(b, out->offset, s.run);
        s.axis = i;
        if (!straight) s.kind = SAMPLES_DISPLACED;
        return s;
    }
    return (Samples){.kind = SAMPLES_MIXED};
}

/* An elementwise operation needs no nest: shapes stand right-aligned. */
static Samples through_broadcast(const Batch *b, Value v, Value x, Samples s) {
    Shape from = ir_shape(b->g, x), to = ir_shape(b->g, v);
    if (s.kind == SAMPLES_ALIGNED || s.kind == SAMPLES_DISPLACED) {
        s.axis = (uint8_t)(s.axis + to.rank - from.rank);
    }
    return s;
}

/* What a value is that is computed from these two, which stand beside each other in it. */
static Samples joined(const Batch *b, Value v, Samples s, Value x, Samples t, Value y) {
    bool s_has = s.kind == SAMPLES_ALIGNED || s.kind == SAMPLES_DISPLACED;
    bool t_has = t.kind == SAMPLES_ALIGNED || t.kind == SAMPLES_DISPLACED;
    Samples r = s;
    if (s.kind == SAMPLES_APART || (!s_has && t_has)) r = t;
    if (s.kind == SAMPLES_MIXED || t.kind == SAMPLES_MIXED) r.kind = SAMPLES_MIXED;
    if (s.kind == SAMPLES_POOLED && t.kind == SAMPLES_POOLED && s.pool.id != t.pool.id) {
        r.pool = VALUE_NONE;
    }
    r.returned = s.returned.id != 0 ? s.returned : t.returned;
    r.normalises = s.normalises || t.normalises;
    if (!s_has || !t_has || r.kind == SAMPLES_MIXED) return r;
    if (s.axis != t.axis || !dim_is(s.run, t.run)) {
        r.kind = SAMPLES_MIXED;
    } else if (s.kind != t.kind) {
        bool first = s.kind == SAMPLES_DISPLACED;
        report_displaced(b, v, first ? x : y, first ? y : x);
        r.kind = SAMPLES_MIXED;
    }
    return r;
}

/* Values. */

/* The number of what v is an elementwise function of, and of nothing else that has samples. */
static uint32_t base_of(const Batch *b, Value v) {
    for (;;) {
        const Node *node = ir_node(b->g, v);
        Value only = VALUE_NONE;
        for (uint32_t i = 0; i < node->operand_count; i++) {
            Value x = operand_of(b, v, i);
            if (b->samples[x.id].kind == SAMPLES_APART) continue;
            only = only.id == 0 || only.id == x.id ? x : v;
        }
        if (op_info[node->op].form != FORM_EWISE || only.id == 0 || only.id == v.id) break;
        v = only;
    }
    return b->a->terms->fact[v.id].number;
}

/* Whether the pool is a sum or an extremum of x, or of what x is computed from. */
static bool pools_value(const Batch *b, Value pool, Value x) {
    if (pool.id == 0) return false;
    const OpInfo *info = &op_info[ir_node(b->g, pool)->op];
    bool plain = info->after == NULL || info->after->kind == SCALAR_INPUT;
    return info->combine != COMBINE_NONE && plain &&
           base_of(b, operand_of(b, pool, 0)) == base_of(b, x);
}

/* sqrt(sum(..)) + eps is no less a divisor than the sum; but divided by a count it is a mean. */
static bool keeps_pool(const Batch *b, Value v) {
    return ir_is_primitive(b->g, v, PRIMITIVE_ADD) || ir_is_primitive(b->g, v, PRIMITIVE_SQRT) ||
           ir_is_primitive(b->g, v, PRIMITIVE_MAXIMUM);
}

/* x - max(x), exp(x) / sum(exp(x)): a reduction over the batch that goes back into each sample. */
static void note_returned(const Batch *b, Value v, Samples *s) {
    uint32_t count = ir_node(b->g, v)->operand_count;
    for (uint32_t i = 0; i < count && s->kind == SAMPLES_ALIGNED; i++) {
        const Samples *p = &b->samples[operand_of(b, v, i).id];
        for (uint32_t k = 0; k < count && p->kind == SAMPLES_POOLED; k++) {
            if (!pools_value(b, p->pool, operand_of(b, v, k))) continue;
            s->returned = p->pool;
            Combiner combine = op_info[ir_node(b->g, p->pool)->op].combine;
            bool divides = i == 1 && ir_is_primitive(b->g, v, PRIMITIVE_DIV);
            s->normalises = s->normalises || (divides && combine == COMBINE_SUM);
        }
    }
}

static Samples visit_elementwise(Batch *b, Value v) {
    Samples s = {0};
    Value first = VALUE_NONE;
    for (uint32_t i = 0; i < ir_node(b->g, v)->operand_count; i++) {
        Value x = operand_of(b, v, i);
        Samples t = through_broadcast(b, v, x, b->samples[x.id]);
        s = joined(b, v, s, first, t, x);
        if (t.kind != SAMPLES_APART) first = x;
    }
    note_returned(b, v, &s);
    if (!keeps_pool(b, v)) s.pool = VALUE_NONE;
    return s;
}

static Samples visit_nests(Batch *b, Value v) {
    Samples s = {0};
    Value first = VALUE_NONE;
    Nest *nest = ARENA_NEW(&b->a->cx->scratch, Nest);
    bool moves = op_info[ir_node(b->g, v)->op].form == FORM_MOVE;
    for (uint32_t n = 0; n < nest_count(b->g, v); n++) {
        nest_make(b->g, v, n, nest);
        for (uint8_t k = 0; k < nest->operand_count; k++) {
            if (nest->operand[k] == NEST_RESULT) continue; /* seen in the nests before */
            Value x = operand_of(b, v, nest->operand[k]);
            Samples t = through_nest(b, v, nest, k, b->samples[x.id]);
            s = joined(b, v, s, first, t, x);
            if (t.kind != SAMPLES_APART) first = x;
        }
    }
    bool inherited = s.kind == SAMPLES_POOLED && s.pool.id != v.id;
    if (!moves && inherited) s.pool = VALUE_NONE;
    return s;
}

/* Each lane along the axis by itself; along the batch the samples are mixed. */
static Samples visit_library(const Batch *b, Value v) {
    Samples s = b->samples[operand_of(b, v, 0).id];
    int axis = op_attr(ir_node(b->g, v)->op, "axis");
    bool along = ir_attr(b->g, v, (uint32_t)axis)->as.integer == s.axis;
    if ((s.kind == SAMPLES_ALIGNED || s.kind == SAMPLES_DISPLACED) && along) {
        s = (Samples){.kind = SAMPLES_MIXED};
    }
    s.pool = VALUE_NONE;
    return s;
}

static Samples visit(Batch *b, Value v) {
    const Node *node = ir_node(b->g, v);
    const OpInfo *info = &op_info[node->op];
    bool batched = node->op == OP_INPUT;
    Samples s = {0};
    if (node->shape.id == 0) return (Samples){.kind = SAMPLES_MIXED};
    if (info->form == FORM_EWISE) return visit_elementwise(b, v);
    if (info->form == FORM_LIBRARY) return visit_library(b, v);
    if (nest_count(b->g, v) > 0) return visit_nests(b, v);
    if (node->op == OP_EXTERN) return (Samples){.kind = SAMPLES_MIXED};
    if (node->operand_count > 0) {
        s = b->samples[operand_of(b, v, 0).id];
        /* The first state of a loop may know no sample yet; the later ones do. */
        batched = s.kind == SAMPLES_APART && info->type != TYPE_SOURCE;
    }
    uint8_t axis = batched ? batch_axis(b, ir_shape(b->g, v)) : MAX_RANK;
    if (axis < ir_shape(b->g, v).rank) {
        s = (Samples){.kind = SAMPLES_ALIGNED, .axis = axis, .run = dim_constant(b->g->dims, 1)};
    }
    return s;
}

void pass_batch(Analysis *a) {
    Batch batch = {.a = a, .g = a->graph};
    Graph *g = a->graph;
    if (!find_batch(&batch)) return;
    batch.samples = ARENA_ARRAY(&a->cx->scratch, Samples, g->nodes.count);
    batch.samples[0].kind = SAMPLES_MIXED;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        batch.samples[id] = visit(&batch, (Value){id});
    }
    for (uint32_t i = 0; i < g->results.count; i++) {
        const Samples *s = &batch.samples[g->results.data[i].value.id];
        if (s->returned.id != 0 && s->kind != SAMPLES_MIXED) report_returned(&batch, s->returned);
    }
}
