/* Sites are judged: proved, or a finding with its verdict and its code. */
#include "passes/ranges_internal.h"

uint32_t site_index(const Engine *e, SitePart part, const Scalar *at) {
    for (uint32_t i = 0; i < e->site_count; i++) {
        if (e->sites[i].part == part && e->sites[i].at == at) return i;
    }
    return e->site_count;
}

SiteFact *site_fact(Engine *e, uint32_t site) {
    return &e->facts->sites[e->facts->first_site[e->v.id] + site];
}

bool is_count(const Scalar *s) {
    if (s->kind == SCALAR_COUNT_OF || s->kind == SCALAR_VOLUME) return true;
    if (s->kind != SCALAR_APPLY || s->index != PRIMITIVE_SELECT) return false;
    return is_count(s->args[1]) && is_count(s->args[2]);
}

static DiagCode code_of(const Engine *e, const Finding *f, bool by_count) {
    const PrimitiveInfo *info = &primitive_info[f->primitive];
    bool positional = f->failure == FAILURE_CONTRACT || f->failure == FAILURE_INDEX;
    if (f->node.id >= e->a->update_from && !positional) return NNA3016;
    if (f->node.id >= e->a->backward_from && !positional) return NNA3015;
    switch (f->failure) {
    case FAILURE_DOMAIN:
        return by_count ? NNA3013 : info->domain_code;
    case FAILURE_OVERFLOW:
        return dtype_is_float(f->type) ? info->result_code : NNA3010;
    case FAILURE_UNDEFINED:
        return term_hides_rows(e->g, e->a->terms->fact, e->facts->range, e->v) ? NNA3013 : NNA3008;
    case FAILURE_CONTRACT:
        return NNA3018;
    case FAILURE_INDEX:
        return NNA3012;
    }
    return NNA0003;
}

/* Sums and products, and powers and quotients that are no more than that: a whole exponent; a
 * divisor that is not tiny. */
static bool is_plain(const Finding *f) {
    switch ((int)f->primitive) {
    case PRIMITIVE_ADD:
    case PRIMITIVE_SUB:
    case PRIMITIVE_MUL:
    case PRIMITIVE_FMA:
    case PRIMITIVE_NEG:
    case PRIMITIVE_ABS:
        return true;
    case PRIMITIVE_POW:
        return (f->args[1].flags & RANGE_INTEGRAL) != 0 && f->args[1].low >= 0;
    case PRIMITIVE_DIV: {
        double least = fmin(fabs(f->args[1].low), fabs(f->args[1].high));
        bool straddles = f->args[1].low < 0 && f->args[1].high > 0;
        return !straddles && least * least >= 1 / dtype_info[f->type].max;
    }
    default:
        return false;
    }
}

/* Growth is overflow of sums and products that rests on assumed ranges, or on sizes that are not
 * fixed (LANGUAGE.md 5). An overflow of what was cut elsewhere follows from that; but a sum of
 * terms that were cut just there overflows before any of them does. */
static Verdict verdict_of(const Engine *e, const Finding *f) {
    bool overflows = f->failure == FAILURE_OVERFLOW;
    unsigned cut = 0;
    /* A gradient fails where its operation does; that is reported. */
    OriginId forward = ir_origin(e->g, ir_node(e->g, e->v)->origin)->forward;
    if (e->v.id >= e->a->backward_from && e->unproved[forward.id]) return VERDICT_CONSEQUENCE;
    const Node *node = ir_node(e->g, e->v);
    for (uint32_t i = 0; i < node->operand_count; i++) cut |= e->cut[ir_operand(e->g, e->v, i).id];
    bool combiner = f->at == NULL && f->primitive != PRIMITIVE_COUNT;
    bool assumed = e->assumed || ((combiner || e->repeats) && e->sizes_assumed);
    if (overflows && assumed && is_plain(f)) return VERDICT_GROWTH;
    if (f->failure == FAILURE_CONTRACT && (cut & CUT_REPORTED)) return VERDICT_CONSEQUENCE;
    if (overflows && cut != 0 && !(combiner && (cut & CUT_HERE))) return VERDICT_CONSEQUENCE;
    /* What is computed again fails where it failed, and nowhere else. */
    bool again = ir_origin(e->g, node->origin)->again;
    return again ? VERDICT_CONSEQUENCE : VERDICT_POSSIBLE;
}

void record(Engine *e, Finding *f, bool by_count) {
    if (e->excused >> f->site & 1) return;
    parts_blame(e, f);
    e->failed |= 1u << f->site;
    e->failures++;
    if (e->rehearses) return;
    parts_narrow(e, f);
    f->node = e->v;
    f->flushed = e->flushes;
    f->chosen = e->restricts;
    f->code = code_of(e, f, by_count);
    Verdict verdict = verdict_of(e, f);
    e->cut[e->v.id] |= CUT_HERE | (verdict == VERDICT_GROWTH ? CUT_GROWN : CUT_REPORTED);
    if (e->tries) return;
    site_fact(e, f->site)->verdict = verdict;
    site_fact(e, f->site)->failure = f->failure;
    bool forward = e->v.id < e->a->backward_from && verdict != VERDICT_GROWTH;
    if (forward) e->unproved[ir_node(e->g, e->v)->origin.id] = true;
    /* What fails where nothing is flushed has its verdict. */
    bool had = e->flushes && !facts_proved(e->a->facts, e->v, f->site);
    if (verdict == VERDICT_POSSIBLE && !had) vec_push(e->a->arena, &e->a->findings, *f);
}

void judge(Engine *e, uint32_t site, Primitive p, DType type, const Scalar *at, Range *args,
           bool bounded) {
    const PrimitiveInfo *info = &primitive_info[p];
    SiteFact *fact = site_fact(e, site);
    bool infinite = false;
    for (int i = p == PRIMITIVE_SELECT ? 1 : 0; i < info->arity; i++) {
        fact->nan_expected = fact->nan_expected || range_may_be_nan(args[i]);
        infinite = infinite || range_may_be_infinite(args[i]);
    }
    fact->infinite_expected = infinite;
    Finding f = {.site = site, .primitive = p, .type = type, .at = at};
    for (int i = 0; i < info->arity; i++) f.args[i] = args[i];
    Answer domain = e->d->breaks_domain(p, type, e->result, args), overflow, undefined;
    e->d->breaks_result(p, type, e->result, args, &overflow, &undefined);
    if (bounded) overflow = ANSWER_NEVER;
    for (int i = 0; i < info->arity; i++) {
        if (domain != ANSWER_NEVER) args[i] = e->d->keep_domain(p, type, e->result, f.args, i);
    }
    if (domain == ANSWER_NEVER && overflow == ANSWER_NEVER && undefined == ANSWER_NEVER) return;
    Answer worst = domain;
    f.failure = FAILURE_DOMAIN;
    if (domain == ANSWER_NEVER) {
        bool first = undefined != ANSWER_NEVER;
        f.failure = first ? FAILURE_UNDEFINED : FAILURE_OVERFLOW;
        worst = first ? undefined : overflow;
    }
    f.always = worst == ANSWER_ALWAYS;
    record(e, &f, info->domain == DOMAIN_NONZERO && is_count(at->args[1]));
}
