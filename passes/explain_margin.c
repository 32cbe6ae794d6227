/* The margin of a report in words: how far the operand is from what the operation needs, and from
 * which size of the assumed parameters on the fault is in reach (margin.c). */
#include "passes/explain.h"

static const char *number_text(const Analysis *a, double value, int digits) {
    Buf out = buf_make(&a->cx->scratch);
    buf_put_rounded(&out, value, digits);
    return buf_text(&out);
}

/* The end of a domain as people write it: "> 0", not ">= 1.4e-45". */
static const char *need(const Analysis *a, Bound bound, DType type, const char *closed) {
    switch ((int)bound) {
    case BOUND_TINY: return "> 0";
    case BOUND_ABOVE_MINUS_ONE: return "> -1";
    case BOUND_BELOW_ONE: return "< 1";
    default:
        return arena_format(&a->cx->scratch, "%s %s", closed,
                            number_text(a, dtype_bound(type, bound), 6));
    }
}

static void note_distance(const Analysis *a, Diag *d, const Finding *f) {
    const PrimitiveInfo *info = &primitive_info[f->primitive];
    if (f->failure != FAILURE_DOMAIN || info->domain != DOMAIN_INTERVAL) return;
    Range r = f->args[0];
    if (!range_has_finite(r)) return;
    if (r.low < dtype_bound(f->type, info->from)) {
        diag_note(a->cx, d, "%s needs %s, has down to %s", info->spelling,
                  need(a, info->from, f->type, ">="), number_text(a, r.low, 6));
    }
    if (r.high > dtype_bound(f->type, info->to)) {
        diag_note(a->cx, d, "%s needs %s, has up to %s", info->spelling,
                  need(a, info->to, f->type, "<="), number_text(a, r.high, 6));
    }
}

/* The parameters that scale and that the site is computed from: how many there are, one of them,
 * and the largest magnitude that each is assumed to have, or 0 where these differ. */
static uint32_t scaled_parameters(const Analysis *a, Value site, Value *one, double *magnitude) {
    const Graph *g = a->graph;
    bool *needed = ARENA_ARRAY(&a->cx->scratch, bool, g->nodes.count);
    uint32_t count = 0;
    eval_want(g, site, needed);
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        const Parameter *p = &g->parameters.data[i];
        if (!needed[p->value.id] || !p->trained || !a->facts->assumed[p->value.id]) continue;
        double own = range_magnitude(a->facts->range[p->value.id]);
        *magnitude = count++ == 0 || own == *magnitude ? own : 0; /* of one rule: the same bits */
        *one = p->value;
    }
    return count;
}

static const char *scale_text(const Analysis *a, double size) {
    return number_text(a, size, size < 100 ? 2 : 3);
}

static void note_scale(const Analysis *a, Diag *d, const Finding *f) {
    Value one = VALUE_NONE;
    double magnitude = 0;
    uint32_t count = scaled_parameters(a, f->node, &one, &magnitude);
    const char *held =
        f->scale > 1 ? "proved for what is assumed of parameters; in reach" : "in reach";
    if (count == 0) return;
    if (magnitude == 0) {
        diag_note(a->cx, d, "%s from %s times the assumed ranges of parameters on", held,
                  scale_text(a, f->scale));
    } else if (count == 1) {
        diag_note(a->cx, d, "%s from |%s| >= %s on", held, ir_describe(a->graph, one),
                  scale_text(a, f->scale * magnitude));
    } else {
        diag_note(a->cx, d, "%s from |param| >= %s on", held,
                  scale_text(a, f->scale * magnitude));
    }
}

void explain_margin(const Analysis *a, Diag *d, const Finding *f) {
    bool confirmed = facts_site(a->facts, f->node, f->site)->verdict == VERDICT_CONFIRMED;
    if (!confirmed) note_distance(a, d, f);
    if (f->scale != 0) note_scale(a, d, f);
    d->margin = f->scale;
}
