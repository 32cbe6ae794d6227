/* The engine: one walk over the graph bounds every value and judges every site.
 *
 * Nodes are read as nests and formulas, so no operator is named here. A site that is not proved is
 * recorded as a finding, and the walk goes on with the safe part of its operands and the finite
 * part of its result: the guard that stands there holds what follows to it, so one cause gives one
 * report. */
#include "passes/ranges_internal.h"
#include "passes/affine.h"
#include "passes/real.h"
#include "passes/source.h"
#include "passes/split.h"

/* Whether every value of the range is one of the set. */
static bool set_covers(const Contract *c, DType type, Range r) {
    if (r.flags & RANGE_BAD) return false;
    if (!range_has_finite(r)) return true;
    if (!(r.flags & RANGE_INTEGRAL) || r.high - r.low > 1024) return false;
    for (double x = r.low; x <= r.high; x++) {
        if ((x != 0 || range_may_be_zero(r)) && !contract_allows(c, type, x)) return false;
    }
    return true;
}

static bool contract_proved(const Engine *e, const Contract *c, Value x, Range r) {
    DType type = ir_node(e->g, x)->dtype;
    AxisSet rows = e->a->terms->fact[x.id].simplex_along;
    switch (c->kind) {
    case CONTRACT_ANY:
        return true;
    case CONTRACT_SET:
        return set_covers(c, type, r);
    case CONTRACT_SIMPLEX:
    case CONTRACT_ONEHOT:
        if (rows != (AxisSet)(1u << c->axis)) return false;
        return c->kind == CONTRACT_SIMPLEX || (r.flags & RANGE_INTEGRAL) != 0;
    case CONTRACT_FINITE:
    case CONTRACT_INTERVAL:
        break;
    }
    return e->d->leq(r, range_of_contract(c, type));
}

/* Whether each part of x, along some axis, keeps it. */
static bool contract_proved_on_parts(const Engine *e, const Contract *c, Value x) {
    const Partition *p = e->facts->parts[x.id];
    bool proved = false;
    for (uint8_t a = 0; p != NULL && a < MAX_RANK && !proved; a++) {
        proved = p->axis[a].count > 1;
        for (uint32_t i = 0; i < p->axis[a].count; i++)
            proved = proved && contract_proved(e, c, x, p->axis[a].part[i].range);
    }
    return proved;
}

static void visit_contract(Engine *e) {
    Value x = ir_operand(e->g, e->v, 0);
    Contract contract = ir_contract_of(e->g, e->v);
    Range r = e->facts->range[x.id];
    e->facts->assumed[e->v.id] = e->facts->assumed[x.id];
    e->cut[e->v.id] = e->cut[x.id] & (uint8_t)~CUT_HERE;
    e->facts->range[e->v.id] = r;
    e->facts->parts[e->v.id] = e->facts->parts[x.id];
    if (e->site_count == 0) return; /* no contract: it is its operand, and no more */
    bool expects = ir_node(e->g, e->v)->op == OP_EXPECT;
    bool trusted = op_info[ir_node(e->g, e->v)->op].trusted;
    Verdict *verdict = &site_fact(e, 0)->verdict;
    bool proved = trusted || contract_proved(e, &contract, x, r) ||
                  contract_proved_on_parts(e, &contract, x);
    *verdict = proved ? VERDICT_PROVED : VERDICT_POSSIBLE;
    Range kept = e->d->meet(e->result, r, range_of_contract(&contract, e->result));
    kept = flush_made(e, e->result, kept, false);
    bool never = range_is_empty(kept) && !range_is_empty(r);
    if ((expects && *verdict != VERDICT_PROVED) || (trusted && never)) {
        Finding f = {.site = 0,
                     .primitive = PRIMITIVE_COUNT,
                     .type = e->result,
                     .failure = FAILURE_CONTRACT,
                     .always = never,
                     .args = {r}};
        record(e, &f, false);
    }
    /* What is assumed and cannot be must not make all that follows look unreachable. */
    e->facts->range[e->v.id] = trusted && never ? r : kept;
    if (!(trusted && never)) e->facts->parts[e->v.id] = parts_meet(e, x, kept);
}

static void visit_source(Engine *e) {
    bool *assumed = &e->facts->assumed[e->v.id];
    Range r = source_range(e->g, e->a->options, e->v, assumed);
    r = flush_made(e, e->result, r, !source_has_contract(e->g, e->v));
    e->facts->range[e->v.id] = r;
    e->facts->parts[e->v.id] = parts_of_data(e, e->v);
    if (e->site_count > 0) {
        bool anything =
            ir_contract_of(e->g, e->v).kind == CONTRACT_ANY || !dtype_is_float(e->result);
        bool whole = e->d->leq(range_finite(e->result), r);
        bool trusted = op_info[ir_node(e->g, e->v)->op].trusted;
        site_fact(e, 0)->verdict =
            trusted || (anything && whole) ? VERDICT_PROVED : VERDICT_POSSIBLE;
    }
}

static Range nests_range(Engine *e, DType element) {
    e->written = e->d->bottom(e->result);
    uint32_t nests = nest_count(e->g, e->v);
    bool parts = parts_possible(e);
    parts_begin(e);
    for (uint32_t i = 0; i < nests; i++) {
        Nest nest;
        nest_make(e->g, e->v, i, &nest);
        e->type = element;
        e->judges = true;
        Range r = parts ? parts_nest_range(e, &nest) : nest_range(e, &nest);
        e->written = e->d->join(e->written, r);
    }
    return e->written;
}

/* `where(x > 0, log(x), 0)`: what is computed for the other elements is thrown away. So a branch,
 * of floats, that fails on all operands is judged on those for which it is taken; without a guard,
 * its value may be anything elsewhere. */
static bool visit_branch(Engine *e, DType element) {
    if (e->chooser[e->v.id] == 0 || !dtype_is_float(element) || !dtype_is_float(e->result))
        return false;
    bool rehearses = e->rehearses;
    e->rehearses = true;
    e->failures = 0;
    nests_range(e, element);
    bool fails = e->failures > 0;
    for (uint32_t i = 0; i < ir_node(e->g, e->v)->operand_count; i++) {
        Value x = ir_operand(e->g, e->v, i);
        fails = fails || (e->wild[x.id] && formula_follows_choice(e, x));
    }
    /* Where nothing fails the bounds are for what follows in the branch. */
    e->rehearses = rehearses || !fails;
    e->failures = 0;
    e->restricts = true;
    e->chosen[e->v.id] = nests_range(e, element);
    e->restricts = false;
    e->rehearses = rehearses;
    e->wild[e->v.id] = fails;
    if (fails) e->facts->range[e->v.id] = e->d->top(e->result);
    return fails;
}

/* Positions that no formula gives: the number of a step, and the order of elements, whatever these
 * are. */
static void visit_positions(Engine *e) {
    int64_t low, high;
    dim_bounds(e->g->dims, ir_positions(e->g, e->v), &low, &high);
    e->facts->range[e->v.id] = range_make(e->result, 0, (double)(high - 1), RANGE_INTEGRAL);
}

static void visit_computed(Engine *e) {
    const Node *node = ir_node(e->g, e->v);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        Value x = ir_operand(e->g, e->v, i);
        e->assumed = e->assumed || e->facts->assumed[x.id];
        e->cut[e->v.id] |= e->cut[x.id] & (uint8_t)~CUT_HERE;
    }
    e->facts->assumed[e->v.id] = e->assumed;
    DType element = e->type;
    if (visit_branch(e, element)) return;
    Range r = nests_range(e, element);
    const TermFact *term = &e->a->terms->fact[e->v.id];
    if (term->flush_matters) e->touched[e->v.id] = true;
    if (term->bounded) {
        r = e->d->meet(node->dtype, r, flush_made(e, node->dtype, term->bound, true));
    }
    e->facts->range[e->v.id] = r;
    e->facts->parts[e->v.id] = parts_end(e, r);
    e->facts->assumed[e->v.id] = e->assumed || e->sizes_assumed;
}

/* A value whose shape is in error: nothing is known, and nothing is reported. */
static void visit_unknown(Engine *e) {
    e->facts->range[e->v.id] = e->d->top(e->result);
    for (uint32_t i = 0; i < e->site_count; i++) {
        *site_fact(e, i) = (SiteFact){VERDICT_NOT_ANALYSED, true, true, FAILURE_DOMAIN};
    }
}

void visit_once(Engine *e, Value v) {
    const Node *node = ir_node(e->g, v);
    const OpInfo *info = &op_info[node->op];
    e->v = v;
    e->result = node->dtype;
    e->type = ir_computed_in(e->g, v);
    e->site_count = ir_sites(e->g, v, e->sites);
    e->assumed = e->sizes_assumed = e->repeats = false;
    e->facts->parts[v.id] = NULL;
    if (node->shape.id == 0) {
        visit_unknown(e);
        return;
    }
    if (e->a->options->terms) term_visit(e->a->terms, e->g, e->facts->range, v);
    if (e->affine != NULL) affine_visit(e->affine, e->facts->range, v);
    if (e->kept[v.id]) return;
    if (info->type == TYPE_SOURCE)
        visit_source(e);
    else if (info->form == FORM_SPECIAL)
        visit_contract(e);
    else if (node->op == OP_SCAN_STEP || info->type == TYPE_ORDER)
        visit_positions(e);
    else if (node->op != OP_SCAN_CARRY) /* which the loop sets (loop.c) */
        visit_computed(e);
}

void visit_value(Engine *e, Value v) {
    uint32_t found = e->a->findings.count;
    bool *unproved = &e->unproved[ir_node(e->g, v)->origin.id], before = *unproved;
    visit_once(e, v);
    if (e->a->findings.count == found || e->a->options->splits == 0) return;
    uint64_t parts_left = e->parts_left; /* it has a budget of its own */
    split_value(e, v, found, before);
    e->parts_left = parts_left;
}

void visit_nodes(Engine *e, uint32_t first, uint32_t end) {
    uint32_t id = first;
    while (id < end) {
        uint32_t region = e->next_region;
        bool loop = region < e->g->regions.count && e->g->regions.data[region].first.id == id;
        if (loop) {
            visit_region(e, region);
            id = e->g->regions.data[region].end;
        } else {
            visit_value(e, (Value){id++});
        }
    }
}

static void make_facts(Engine *e) {
    Arena *arena = e->a->arena;
    uint32_t nodes = e->g->nodes.count, sites = 0;
    Facts *f = e->facts = e->a->facts = ARENA_NEW(arena, Facts);
    f->graph = e->g;
    f->range = ARENA_ARRAY(arena, Range, nodes);
    f->parts = ARENA_ARRAY(arena, const Partition *, nodes);
    f->assumed = ARENA_ARRAY(arena, bool, nodes);
    f->first_site = ARENA_ARRAY(arena, uint32_t, (size_t)nodes + 1);
    for (uint32_t id = 0; id < nodes; id++) {
        f->first_site[id] = sites;
        sites += ir_sites(e->g, (Value){id}, e->sites);
    }
    f->first_site[nodes] = sites;
    f->sites = ARENA_ARRAY(arena, SiteFact, sites);
}

/* What a branch of a choice is computed from, element by element, and nothing else is: log(p) of
 * `where(p > 0, p * log(p), 0)`. `user`: the only use of a value, if there is but one. */
static void spread_choosers(Engine *e, const uint32_t *user) {
    const Graph *g = e->g;
    for (uint32_t id = e->a->backward_from - 1; id > 0; id--) {
        const Node *node = &g->nodes.data[id];
        uint32_t by = user[id];
        if (e->chooser[id] != 0 || by == 0 || by == UINT32_MAX || e->chooser[by] == 0) continue;
        bool alike = op_info[node->op].form == FORM_EWISE &&
                     op_info[g->nodes.data[by].op].form == FORM_EWISE &&
                     node->shape.id == g->nodes.data[by].shape.id;
        if (!alike || !dtype_is_float(node->dtype)) continue;
        e->chooser[id] = e->chooser[by];
        e->second[id] = e->second[by];
    }
}

/* The values that are used as one branch of one choice by a comparison, and in no other way by the
 * forward pass. */
static void find_choosers(Engine *e) {
    const uint32_t otherwise = UINT32_MAX;
    Graph *g = e->g;
    uint32_t *user = ARENA_ARRAY(&e->a->cx->scratch, uint32_t, g->nodes.count);
    e->second = ARENA_ARRAY(&e->a->cx->scratch, bool, g->nodes.count);
    e->wild = ARENA_ARRAY(&e->a->cx->scratch, bool, g->nodes.count);
    for (uint32_t id = 1; id < e->a->backward_from; id++) {
        const Node *node = &g->nodes.data[id];
        const OpInfo *info = &op_info[node->op];
        bool chooses = info->form == FORM_EWISE && info->body->kind == SCALAR_APPLY &&
                       info->body->index == PRIMITIVE_SELECT && node->operand_count == 3 &&
                       formula_comparison(e, ir_operand(g, (Value){id}, 0)) != NULL;
        for (uint32_t i = 0; i < node->operand_count; i++) {
            uint32_t *chooser = &e->chooser[ir_operand(g, (Value){id}, i).id];
            *chooser = chooses && i > 0 && *chooser == 0 ? id : otherwise;
            uint32_t x = ir_operand(g, (Value){id}, i).id;
            if (chooses && i == 2) e->second[x] = true;
            user[x] = user[x] == 0 && !chooses ? id : otherwise;
        }
    }
    for (uint32_t i = 0; i < g->results.count; i++) {
        e->chooser[g->results.data[i].value.id] = 0;
        user[g->results.data[i].value.id] = otherwise;
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        e->chooser[g->updates.data[i].next.id] = 0;
        user[g->updates.data[i].next.id] = otherwise;
    }
    for (uint32_t id = 0; id < g->nodes.count; id++) {
        if (e->chooser[id] == otherwise) e->chooser[id] = 0;
        e->chosen[id] = e->d->bottom(g->nodes.data[id].dtype);
    }
    spread_choosers(e, user);
}

void pass_ranges(Analysis *a) {
    Engine *e = ARENA_NEW(&a->cx->scratch, Engine);
    e->a = a;
    e->g = a->graph;
    e->d = a->options->zones ? &zone_domain : a->options->real ? &real_domain : &interval_domain;
    e->affine = a->options->affine ? affine_make(a) : NULL;
    e->next_region = 1;
    make_facts(e);
    parts_start(e);
    e->cut = ARENA_ARRAY(&a->cx->scratch, uint8_t, e->g->nodes.count);
    e->unproved = ARENA_ARRAY(&a->cx->scratch, bool, e->g->origins.count);
    e->chooser = ARENA_ARRAY(&a->cx->scratch, uint32_t, e->g->nodes.count);
    e->chosen = ARENA_ARRAY(&a->cx->scratch, Range, e->g->nodes.count);
    e->kept = ARENA_ARRAY(&a->cx->scratch, bool, e->g->nodes.count);
    e->touched = ARENA_ARRAY(&a->cx->scratch, bool, e->g->nodes.count);
    if (a->options->choices) find_choosers(e);
    visit_calls(e);
    if (!a->options->real) flush_again(e);
    parts_finish(e);
}
