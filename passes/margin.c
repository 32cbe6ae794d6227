/* The margin of what is assumed: from which scale of the parameters on a fault is in reach.
 *
 * Parameters without contract and without numbers are assumed in a range that training may outgrow,
 * so that neither a proof nor a report that rests on them says much without that scale. Every such
 * parameter is scaled alike, and the graph is bounded again (analyse_again):
 *   of a finding  the smallest scale, down to a thousandth, at which its site fails in its way
 *   of a proof    the same, up to a thousand; there the site gets a finding of its own, unless it
 *                 is growth there, or follows from growth or from another report
 * Claim: below the scale that is given, by at most 1 % of it, the site was bounded and proved not
 * to fail so. The scales are found by bisection, all at once: each run serves every site. */
#include "passes/pass.h"
#include "passes/source.h"

#include <stdlib.h>

#define LEAST_SCALE 1e-3
#define PRECISE_RATIO 1.01

enum {
    VISITS = 60000,     /* of nodes, by all runs */
    FOLLOWED_STEPS = 64, /* a loop of at most so many is followed (loop.c) ... */
    ROUNDS = 12          /* ... and one of more is visited about so often */
};

/* A site with a scale at which it is proved, and one at which it is not. */
typedef struct Bracket {
    double low, high;
    bool is_new, reported; /* no finding yet; the site has one at `high` */
    Finding *old;
    Finding at_high;
} Bracket;

typedef struct Margin {
    Analysis *a;
    AnalysisOptions options; /* with the scale of the present run */
    VEC(Bracket) brackets;
    uint32_t visits, left; /* of one run; of all that are left */
} Margin;

/* The first parameter whose range scales; NULL: there is none. */
static const Parameter *first_assumed(const Analysis *a) {
    const Graph *g = a->graph;
    if (a->options->has_assumed_params) return NULL;
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        const Parameter *p = &g->parameters.data[i];
        if (p->trained && a->facts->assumed[p->value.id]) return p;
    }
    return NULL;
}

static void say_left_out(const Analysis *a, const Parameter *first) {
    Diag *d = diag_new(a->cx, NNA0004, ir_node(a->graph, first->value)->name_span,
                       "that training may outgrow what is assumed of parameters is not looked at: "
                       "the model has too many operations");
    d->severity = SEVERITY_NOTE;
    d->model = a->graph->name;
    diag_help(a->cx, d, "state what parameters may be by contracts, --weights or --assume-params");
    diag_emit(a->cx, d);
}

/* Visits of nodes in one run, about: those of a loop are visited in turn. */
static uint32_t visits(Graph *g) {
    uint64_t sum = g->nodes.count;
    for (uint32_t i = 1; i < g->regions.count; i++) {
        const Region *r = &g->regions.data[i];
        int64_t low, most;
        dim_bounds(g->dims, r->trips, &low, &most);
        uint64_t steps = (uint64_t)(most <= FOLLOWED_STEPS ? most : ROUNDS);
        sum += steps * (r->end - r->first.id);
    }
    return sum < VISITS ? (uint32_t)sum : VISITS;
}

static const Analysis *run_at(Margin *m, double scale) {
    arena_reset(&m->a->cx->scratch);
    m->options.parameter_scale = scale;
    m->left = m->left < m->visits ? 0 : m->left - m->visits;
    return analyse_again(m->a, &m->options);
}

static uint32_t site_number(const Analysis *a, const Finding *f) {
    return a->facts->first_site[f->node.id] + f->site;
}

/* By site, the number of its finding from 1; those of a runtime that flushes, or the others. */
static uint32_t *findings_by_site(const Analysis *a, Arena *arena, bool flushed) {
    uint32_t *found = ARENA_ARRAY(arena, uint32_t, a->facts->first_site[a->graph->nodes.count]);
    for (uint32_t i = 0; i < a->findings.count; i++) {
        const Finding *f = &a->findings.data[i];
        if (f->flushed == flushed) found[site_number(a, f)] = i + 1;
    }
    return found;
}

/* Whether the site fails in the way of the finding; also as growth, or by another report. */
static bool fails_so(const SiteFact *fact, const Finding *f) {
    return fact->verdict != VERDICT_PROVED && fact->failure == f->failure;
}

/* What a contract asks is what is declared of a result, not a danger; and which elements an index
 * names does not grow. What fails only where numbers are flushed is said without a scale. */
static bool scales(const Finding *f) {
    return !f->flushed && f->failure != FAILURE_CONTRACT && f->failure != FAILURE_INDEX;
}

/* A conversion that larger numbers leave is growth, as the sums and products are that made them. */
static bool is_growth(const Finding *f) {
    return f->failure == FAILURE_DOMAIN && primitive_info[f->primitive].domain == DOMAIN_CONVERT;
}

/* Sites that are proved, and are not with parameters a thousand times as large. */
static void add_proved(Margin *m) {
    const Analysis *again = run_at(m, MARGIN_MOST_SCALE);
    const uint32_t *flushed = findings_by_site(m->a, &m->a->cx->scratch, true);
    for (uint32_t i = 0; i < again->findings.count; i++) {
        const Finding *f = &again->findings.data[i];
        const SiteFact *fact = facts_site(m->a->facts, f->node, f->site);
        if (!scales(f) || is_growth(f) || fails_so(fact, f)) continue;
        if (flushed[site_number(m->a, f)] != 0) continue; /* that is in reach before */
        const Bracket bracket = {
            .low = 1, .high = MARGIN_MOST_SCALE, .is_new = true, .reported = true, .at_high = *f};
        vec_push(&m->a->cx->module, &m->brackets, bracket);
    }
}

/* Findings that are none with parameters that are next to nothing. */
static void add_found(Margin *m) {
    if (m->a->findings.count == 0) return;
    const Analysis *again = run_at(m, LEAST_SCALE);
    for (uint32_t i = 0; i < m->a->findings.count; i++) {
        Finding *f = &m->a->findings.data[i];
        if (!scales(f) || !m->a->facts->assumed[f->node.id]) continue;
        const SiteFact *fact = facts_site(again->facts, f->node, f->site);
        if (fails_so(fact, f)) continue;
        const Bracket bracket = {.low = LEAST_SCALE, .high = 1, .old = f, .at_high = *f};
        vec_push(&m->a->cx->module, &m->brackets, bracket);
    }
}

/* Moves one end to the scale of a run. */
static void narrow(const Analysis *again, const uint32_t *found, double scale, Bracket *b) {
    if (scale <= b->low || scale >= b->high) return;
    const SiteFact *fact = facts_site(again->facts, b->at_high.node, b->at_high.site);
    if (!fails_so(fact, &b->at_high)) {
        b->low = scale;
        return;
    }
    uint32_t number = found[site_number(again, &b->at_high)];
    b->high = scale;
    b->reported = number != 0;
    if (number != 0) b->at_high = again->findings.data[number - 1];
}

static Bracket *widest(Margin *m) {
    Bracket *found = NULL;
    for (uint32_t i = 0; i < m->brackets.count; i++) {
        Bracket *b = &m->brackets.data[i];
        double ratio = b->high / b->low;
        if (ratio > PRECISE_RATIO && (found == NULL || ratio > found->high / found->low)) found = b;
    }
    return found;
}

static void bisect(Margin *m) {
    for (Bracket *b = widest(m); b != NULL && m->left > 0; b = widest(m)) {
        double scale = sqrt(b->low * b->high);
        const Analysis *again = run_at(m, scale);
        const uint32_t *found = findings_by_site(again, &m->a->cx->scratch, false);
        for (uint32_t i = 0; i < m->brackets.count; i++) {
            narrow(again, found, scale, &m->brackets.data[i]);
        }
    }
}

static int by_place(const void *x, const void *y) {
    const Finding *a = x, *b = y;
    if (a->node.id != b->node.id) return a->node.id < b->node.id ? -1 : 1;
    if (a->site != b->site) return a->site < b->site ? -1 : 1;
    return (int)a->flushed - (int)b->flushed;
}

static void record(Margin *m) {
    Analysis *a = m->a;
    for (uint32_t i = 0; i < m->brackets.count; i++) {
        Bracket *b = &m->brackets.data[i];
        if (!b->is_new) b->old->scale = b->high;
    }
    for (uint32_t i = 0; i < m->brackets.count; i++) {
        Bracket *b = &m->brackets.data[i];
        if (!b->is_new || !b->reported) continue;
        b->at_high.scale = b->high;
        a->facts->sites[site_number(a, &b->at_high)].verdict = VERDICT_POSSIBLE;
        vec_push(a->arena, &a->findings, b->at_high);
    }
    if (a->findings.count == 0) return;
    qsort(a->findings.data, a->findings.count, sizeof(Finding), by_place);
}

void pass_margin(Analysis *a) {
    const Parameter *first = first_assumed(a);
    if (first == NULL) return;
    Margin m = {.a = a, .options = *a->options, .visits = visits(a->graph), .left = VISITS};
    if (2 * m.visits > VISITS) {
        say_left_out(a, first);
        return;
    }
    add_proved(&m);
    add_found(&m);
    bisect(&m);
    record(&m);
    arena_reset(&a->cx->scratch);
}
