/* Runs that show a fault: the reference evaluator on corners of the ranges, and near them.
 *
 * For each finding the part of the graph that its site needs is computed, with small dimensions and
 * sources filled by patterns, the simple ones first (witness_fill.c); then what came nearest is
 * changed step by step (witness_climb.c). A site that fails in a run in which nothing before it
 * failed is confirmed: the fault happens within what is declared or assumed. Runs fold (ir/fold.h),
 * so that networks of real sizes are run. Everything is deterministic. The budget is
 * limits.witness_steps scalar operations for all findings of a model. */
#include "passes/witness.h"

#include <string.h>

enum { TRIALS = 48, CLIMBS = 4, NAMED_SOURCES = 4 };

/* What needs `v`, and v itself. */
static void mark_wanted(Search *s, Value v) {
    memset(s->wanted, 0, s->g->nodes.count);
    eval_want(s->g, v, s->wanted);
}

static void set_dim(Search *s, uint32_t i, int64_t size) {
    DimVar variable = dim_variable_at(s->g->dims, i);
    int64_t value = size < variable.low ? variable.low : size;
    s->dims[i] = value > variable.high ? variable.high : value;
}

/* Whether a loop that the site needs runs as often as this variable says: more steps then. */
static bool is_steps(Search *s, uint32_t i) {
    for (uint32_t r = 1; r < s->g->regions.count; r++) {
        const Region *region = &s->g->regions.data[r];
        int64_t few, more, before = s->dims[i];
        if (!s->wanted[region->first.id]) continue;
        bool known = dim_evaluate(s->g->dims, region->trips, s->dims, &few);
        s->dims[i]++;
        known = dim_evaluate(s->g->dims, region->trips, s->dims, &more) && known;
        s->dims[i] = before;
        if (known && more != few) return true;
    }
    return false;
}

/* The sizes of a trial: small ones, held in their ranges; loops are short, or long. */
static void set_dims(Search *s, uint32_t trial) {
    static const int64_t steps[] = {1, 1024, 2, 64, 1, 300};
    uint32_t count = dim_variable_count(s->g->dims);
    for (uint32_t i = 0; i < count; i++) set_dim(s, i, trial % 12 == 11 ? 2 : 1);
    for (uint32_t i = 0; i < count && s->g->regions.count > 1; i++) {
        if (is_steps(s, i)) set_dim(s, i, steps[trial % 6]);
    }
}

/* "`w` = 1", "`w` = ±1", "`x` in [-1, 1]". */
static void describe_source(Search *s, Value v, Buf *out) {
    const Tensor *t = &s->run.values[v.id];
    double low = INFINITY, high = -INFINITY;
    bool two = true;
    for (int64_t i = 0; i < t->count; i++) {
        double x = dtype_is_float(t->dtype) ? t->cells[i].f : (double)t->cells[i].i;
        low = fmin(low, x);
        high = fmax(high, x);
    }
    for (int64_t i = 0; i < t->count; i++) {
        double x = dtype_is_float(t->dtype) ? t->cells[i].f : (double)t->cells[i].i;
        two = two && (x == low || x == high);
    }
    buf_put(out, ir_describe(s->g, v));
    if (t->dtype == DTYPE_BOOL) {
        buf_put(out, low != high ? " of both" : low == 0 ? " = false" : " = true");
    } else if (low == high) {
        buf_put(out, " = ");
        buf_put_rounded(out, low, 6);
    } else if (two && low == -high) {
        buf_put(out, " = ±");
        buf_put_rounded(out, high, 6);
    } else {
        buf_put(out, two ? " in {" : " in [");
        buf_put_rounded(out, low, 6);
        buf_put(out, ", ");
        buf_put_rounded(out, high, 6);
        buf_put_char(out, two ? '}' : ']');
    }
}

static const char *describe_inputs(Search *s) {
    Buf out = buf_make(&s->a->cx->module);
    uint32_t count = 0;
    for (uint32_t id = 1; id < s->g->nodes.count; id++) {
        Value v = {id};
        if (!s->wanted[id] || op_info[ir_node(s->g, v)->op].type != TYPE_SOURCE) continue;
        if (ir_data(s->g, v) != NULL || s->run.values[id].dtype == DTYPE_NONE) continue;
        if (count++ >= NAMED_SOURCES) continue;
        if (count > 1) buf_put(&out, ", ");
        describe_source(s, v, &out);
    }
    if (count > NAMED_SOURCES) buf_printf(&out, " and %u more", (unsigned)(count - NAMED_SOURCES));
    return buf_text(&out);
}

static const char *describe_element(Search *s, Value v, int64_t element) {
    const Tensor *t = &s->run.values[v.id];
    if (element < 0 || t->rank == 0) return NULL;
    int64_t at[MAX_RANK];
    for (int d = t->rank - 1; d >= 0; d--) {
        at[d] = element % t->dims[d];
        element /= t->dims[d];
    }
    Buf out = buf_make(&s->a->cx->module);
    for (int d = 0; d < t->rank; d++)
        buf_printf(&out, "%s%lld", d == 0 ? "[" : ", ", (long long)at[d]);
    buf_put_char(&out, ']');
    return buf_text(&out);
}

/* How far apart two numbers are, in units in the last place of f64, which are those of the other
 * types but for a factor: by the bits, which stand in the order of the numbers. */
static double apart(double x, double y) {
    uint64_t bits[2];
    double values[2] = {x, y};
    memcpy(bits, values, sizeof bits);
    for (int i = 0; i < 2; i++) bits[i] = bits[i] >> 63 ? ~bits[i] + 1 : bits[i] | 1ull << 63;
    return bits[0] > bits[1] ? (double)(bits[0] - bits[1]) : (double)(bits[1] - bits[0]);
}

static double to_interval_end(const Finding *f, double x) {
    const PrimitiveInfo *info = &primitive_info[f->primitive];
    double from = dtype_bound(f->type, info->from), to = dtype_bound(f->type, info->to);
    double nearest = INFINITY;
    if (from > -INFINITY) nearest = fmin(nearest, apart(x, from) + 1);
    if (to < INFINITY) nearest = fmin(nearest, apart(x, to) + 1);
    return nearest;
}

static double to_domain_end(const Search *s, const Cell *args) {
    const Finding *f = s->f;
    const PrimitiveInfo *info = &primitive_info[f->primitive];
    double x = cell_number(args[0], f->type);
    switch (info->domain) {
    case DOMAIN_INTERVAL: return to_interval_end(f, x);
    case DOMAIN_NONZERO: return apart(cell_number(args[info->arity - 1], f->type), 0);
    case DOMAIN_POWER: return x > 0 ? apart(x, 0) : 1;
    case DOMAIN_POLES: return x > 0 ? apart(x, 0) : apart(x, rint(x));
    case DOMAIN_CONVERT: return apart(fabs(x), dtype_info[ir_node(s->g, f->node)->dtype].max);
    case DOMAIN_NONE: break;
    }
    return INFINITY;
}

/* How far an application is from failing as the finding says. */
static double distance(const Search *s, const Cell *args, Cell result) {
    const Finding *f = s->f;
    double x = cell_number(args[0], f->type), y = cell_number(args[1], f->type);
    switch (f->failure) {
    case FAILURE_DOMAIN: return to_domain_end(s, args);
    case FAILURE_OVERFLOW:
        return apart(fabs(cell_number(result, f->type)), dtype_info[f->type].max);
    case FAILURE_UNDEFINED: return apart(fabs(x), INFINITY) + apart(fabs(y), INFINITY);
    case FAILURE_CONTRACT: {
        Contract c = ir_contract_of(s->g, f->node);
        return c.kind == CONTRACT_INTERVAL ? fmin(apart(x, c.low), apart(x, c.high)) + 1 : 1e18;
    }
    case FAILURE_INDEX: return 1e18 / (1 + fabs(x));
    }
    return INFINITY;
}

static void watch(void *watcher, uint32_t site, const Cell *args, Cell result) {
    Search *s = watcher;
    if (site != s->f->site) return;
    Cell all[3] = {args[0], s->f->primitive == PRIMITIVE_COUNT ? args[0] : args[1]};
    double here = distance(s, all, result);
    if (here < s->nearest) s->nearest = here;
}

/* The sites that fail in the run and that nothing stops before, but for that of the finding, whose
 * event is `event`: only what the site needs is computed. */
static uint32_t others(const Search *s, bool *found, EvalEvent *event) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->run.events.count; i++) {
        const EvalEvent *at = &s->run.events.data[i];
        if (at->node.id == s->f->node.id && at->site == s->f->site) {
            *event = *at;
            *found = true;
        } else if (at->node.id != s->f->node.id &&
                   !facts_proved(s->a->facts, at->node, at->site)) {
            count++;
        }
    }
    return count;
}

/* A new run, of at most a part of what is left: one that is too large leaves room for others. */
static void run_begin(Search *s) {
    Ctx *cx = s->a->cx;
    arena_reset(&cx->scratch);
    s->run_steps = s->left < s->share / 6 ? s->left : s->share / 6 + 1;
    s->run = (EvalRun){.arena = &cx->scratch,
                       .dims = s->dims,
                       .wanted = s->wanted,
                       .folds = true,
                       .steps = s->run_steps,
                       .flushes = s->f->flushed,
                       .watch = watch,
                       .watcher = s,
                       .watched = s->f->node};
    eval_prepare(s->g, &s->run);
}

double witness_score(Search *s) {
    EvalEvent event = {0};
    bool found = false;
    run_begin(s);
    s->nearest = 1e25; /* the site is not reached */
    if (!fill_run(s)) return WITNESS_FAILED;
    EvalStatus status = EVAL_BUDGET;
    if (eval_spend(&s->run, s->data + s->g->nodes.count / 8 + 8))
        status = eval_graph(s->g, &s->run);
    uint64_t used = status == EVAL_BUDGET ? s->run_steps : s->run_steps - s->run.steps;
    s->left -= used < s->left ? used : s->left;
    if (status == EVAL_BUDGET) s->f->cut_short = true;
    if (status != EVAL_DONE) return WITNESS_FAILED;
    uint32_t count = others(s, &found, &event);
    if (count > 0) return 1e30 * count + s->nearest;
    if (!found) return s->nearest < 1 ? 1 : s->nearest;
    s->f->event = event;
    s->f->inputs = describe_inputs(s);
    s->f->element = describe_element(s, s->f->node, event.element);
    s->f->cut_short = false;
    return 0;
}

/* The variables of the site; the others have numbers, which cost what they hold. */
static bool find_variables(Search *s) {
    s->variables.count = 0;
    s->data = 0;
    run_begin(s);
    for (uint32_t id = 1; id < s->g->nodes.count; id++) {
        Value v = {id};
        const Node *node = ir_node(s->g, v);
        if (!s->wanted[id] || op_info[node->op].type != TYPE_SOURCE) continue;
        if (node->op == OP_EXTERN) continue; /* what it gives nobody knows: the run ends there */
        if (ir_data(s->g, v) == NULL) {
            vec_push(&s->a->cx->module, &s->variables, ((Variable){.v = v}));
            continue;
        }
        Tensor t;
        if (!eval_shape(s->g, &s->run, v, &t)) return false;
        s->data += (uint64_t)t.count;
    }
    return true;
}

/* The trial that came nearest is filled again, and climbed from. */
static double climb_from(Search *s, uint32_t trial, double score) {
    set_dims(s, trial);
    s->random = 0x9e3779b97f4a7c15u + trial;
    run_begin(s);
    if (!fill_trial(s, trial)) return WITNESS_FAILED;
    return climb(s, score);
}

static bool search_trials(Search *s, uint32_t *best, double *score) {
    for (uint32_t i = 0; i < CLIMBS; i++) score[i] = WITNESS_FAILED;
    for (uint32_t trial = 0; trial < TRIALS && s->left > 1; trial++) {
        set_dims(s, trial);
        s->random = 0x9e3779b97f4a7c15u + trial;
        run_begin(s);
        if (!fill_trial(s, trial)) continue;
        double here = witness_score(s);
        if (here == 0) return true;
        uint32_t at = CLIMBS; /* among the best so far */
        while (at > 0 && here < score[at - 1]) at--;
        for (uint32_t i = CLIMBS - 1; i > at; i--) {
            score[i] = score[i - 1];
            best[i] = best[i - 1];
        }
        if (at < CLIMBS) {
            score[at] = here;
            best[at] = trial;
        }
    }
    return false;
}

static bool search_all(Search *s) {
    uint32_t best[CLIMBS] = {0};
    double score[CLIMBS];
    if (!find_variables(s)) return false;
    if (search_trials(s, best, score)) return true;
    for (uint32_t i = 0; i < CLIMBS && s->left > 1 && score[i] < WITNESS_FAILED; i++) {
        if (climb_from(s, best[i], score[i]) == 0) return true;
    }
    return false;
}

static void search(Search *s, Finding *f, uint64_t share) {
    SiteFact *fact = &s->a->facts->sites[s->a->facts->first_site[f->node.id] + f->site];
    s->f = f;
    s->left = s->share = share;
    mark_wanted(s, f->node);
    s->options = *s->a->options;
    s->options.parameter_scale = f->scale > 1 ? f->scale : 1;
    if (search_all(s)) fact->verdict = VERDICT_CONFIRMED;
    s->steps -= share - (s->left < share ? s->left : share);
}

void pass_witness(Analysis *a) {
    if (a->findings.count == 0) return;
    Arena *arena = &a->cx->module;
    Search *s = ARENA_NEW(arena, Search);
    s->a = a;
    s->g = a->graph;
    s->wanted = ARENA_ARRAY(arena, bool, a->graph->nodes.count);
    s->dims = ARENA_ARRAY(arena, int64_t, dim_variable_count(a->graph->dims) + 1);
    s->steps = a->cx->limits.witness_steps;
    Facts *facts = a->facts;
    for (uint32_t i = 0; i < a->findings.count; i++) {
        Finding *f = &a->findings.data[i];
        if (f->chosen) continue;
        a->facts = f->flushed ? facts->flushed : facts;
        search(s, f, s->steps / (a->findings.count - i));
    }
    a->facts = facts;
    arena_reset(&a->cx->scratch);
}
