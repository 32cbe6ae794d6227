/* The search of what_if.h: a graph is made, analysed and compared again and again, within a budget
 * of nodes. Everything is deterministic. */
#include "passes/what_if_internal.h"

#include "ir/base/hash.h"

#include <string.h>

/* Nodes that are analysed; a walk over the graph costs as much as the analysis of one in WALKS. */
enum { MOST_WORK = 1 << 21, MOST_ANALYSES = 2000, WALKS = 64 };

/* Operations. */

/* The place in the user's text that an operation belongs to. */
static Span written_at(const Graph *g, Value v, OriginId *via) {
    *via = ir_node(g, v)->origin;
    ir_place(g, v, via);
    return ir_origin(g, *via)->span;
}

static uint32_t unit_at(Search *s, Slots *slots, Span span, OriginId via) {
    Arena *arena = &s->cx->module;
    uint64_t key = span.begin == 0 ? hash_mix(s->cx->names.seed, via.id)
                                   : hash_mix(span.begin, span.end);
    uint32_t hash = (uint32_t)hash_mix(s->cx->names.seed, key), at = slots_first(slots, hash), id;
    for (; (id = slots_seek(slots, &at, hash)) != 0; at++) {
        const Unit *u = &s->units.data[id];
        bool same = span.begin == 0 ? u->via.id == via.id
                                    : u->span.begin == span.begin && u->span.end == span.end;
        if (same) return id;
    }
    vec_push(arena, &s->units, ((Unit){.span = span, .via = via}));
    slots_add(arena, slots, hash, s->units.count - 1);
    return s->units.count - 1;
}

/* Numbers the operations; contracts go with their operands, sources with none. */
static void find_units(Search *s) {
    const Graph *g = s->g;
    Slots slots = {0};
    OriginId last = {0};
    vec_push(&s->cx->module, &s->units, (Unit){0});
    uint32_t region = 1, region_end = 0, region_unit = 0;
    for (uint32_t id = 1; id < s->end; id++) {
        Value v = {id};
        const OpInfo *info = &op_info[ir_node(g, v)->op];
        if (op_carries(ir_node(g, v)->op)) s->unit[id] = s->unit[ir_operand(g, v, 0).id];
        if (info->type == TYPE_SOURCE || op_carries(ir_node(g, v)->op)) continue;
        OriginId via;
        Span span = written_at(g, v, &via);
        bool inside = id < region_end;
        uint32_t unit = inside ? region_unit : unit_at(s, &slots, span, via);
        while (region < g->regions.count && g->regions.data[region].first.id < id) region++;
        bool opens = region < g->regions.count && g->regions.data[region].first.id == id;
        if (opens && !inside) {
            region_end = g->regions.data[region].end;
            region_unit = unit;
        }
        s->unit[id] = unit;
        Unit *u = &s->units.data[unit];
        u->last = v;
        u->is_composite = u->is_composite || via.id != ir_node(g, v)->origin.id;
        u->copies += !inside && via.id != last.id;
        last = via;
    }
}

/* Finds the generators: operators of the language itself that make floats of integers and constants
 * alone, as random numbers are. How they do it is theirs; what they give is converted. */
static void find_generators(Search *s) {
    const Graph *g = s->g;
    bool *takes = ARENA_ARRAY(&s->cx->scratch, bool, s->units.count);
    for (uint32_t id = 1; id < s->end; id++) {
        for (uint32_t i = 0; i < ir_node(g, (Value){id})->operand_count; i++) {
            Value x = ir_operand(g, (Value){id}, i);
            if (!retype_narrows(ir_node(g, x)->dtype, s->to)) continue;
            bool outside = s->unit[x.id] != s->unit[id] && ir_node(g, x)->op != OP_CONST;
            takes[s->unit[id]] = takes[s->unit[id]] || outside;
        }
    }
    for (uint32_t u = 0; u < s->units.count; u++) {
        Unit *unit = &s->units.data[u];
        unit->generates = u != 0 && unit->is_composite && !takes[u];
    }
}

/* What breaks. */

static bool same_site(const Site *a, const Site *b) {
    return a->part == b->part && a->at == b->at;
}

/* What became of the same site of the model as it is written. */
static Verdict verdict_before(const Search *s, const Graph *new, const Finding *f, Value old) {
    Site here[OP_MAX_SITES], there[OP_MAX_SITES];
    uint32_t count = ir_sites(new, f->node, here), before = ir_sites(s->g, old, there);
    for (uint32_t i = 0; i < before && f->site < count; i++) {
        if (same_site(&here[f->site], &there[i])) return facts_site(s->facts, old, i)->verdict;
    }
    return VERDICT_PROVED;
}

/* Whether it is growth in the type as it is written, too, or a conversion, which overflows as a sum
 * does: if what is assumed comes up. */
static bool is_growth(const Search *s, const Analysis *a, const Finding *f, bool grew) {
    bool converts = f->failure == FAILURE_DOMAIN &&
                    primitive_info[f->primitive].domain == DOMAIN_CONVERT &&
                    ir_node(a->graph, f->node)->dtype == s->to;
    return a->facts->assumed[f->node.id] && (converts || (grew && f->failure == FAILURE_OVERFLOW));
}

static bool was_reported(Verdict v) {
    return v == VERDICT_POSSIBLE || v == VERDICT_CONFIRMED || v == VERDICT_NOT_ANALYSED;
}

/* A finding that is not one of the model as it is written. */
static bool is_new(const Search *s, const Analysis *a, const Retyped *r, const Finding *f,
                   Break *out) {
    if (f->flushed) return false;
    if (f->node.id >= a->backward_from) {
        OriginId forward = ir_origin(a->graph, ir_node(a->graph, f->node)->origin)->forward;
        *out = (Break){s->made_at[forward.id], SPREAD_BOTH};
        unsigned before = s->backward[forward.id];
        return !(before & BACKWARD_FAILS) && !is_growth(s, a, f, (before & BACKWARD_GROWS) != 0);
    }
    Value old = {r->made_of[f->node.id]};
    *out = (Break){old.id, r->converts[f->node.id] ? SPREAD_USERS : SPREAD_BACK};
    if (r->converts[f->node.id]) return !is_growth(s, a, f, false);
    Verdict before = verdict_before(s, a->graph, f, old);
    return !was_reported(before) && !is_growth(s, a, f, before == VERDICT_GROWTH);
}

/* Numbers that are lost: 0 and infinity of what is neither. */

bool what_if_loses(DType to, double value) {
    double rounded = dtype_round(to, value);
    return value != 0 && isfinite(value) && (rounded == 0 || !isfinite(rounded));
}

static void find_lost(Search *s) {
    for (uint32_t id = 1; id < s->end; id++) {
        const Node *node = &s->g->nodes.data[id];
        if (node->op != OP_CONST || !retype_narrows(node->dtype, s->to)) continue;
        const Data *data = ir_data(s->g, (Value){id});
        size_t width = dtype_info[node->dtype].bytes;
        for (size_t at = 0; at < data->size && s->lost[id] == 0; at += width) {
            double value = dtype_load(node->dtype, (const unsigned char *)data->bytes + at);
            if (what_if_loses(s->to, value)) s->lost[id] = value;
        }
    }
}

/* A number that the operation reads, or has as an attribute, and that is lost; 0: none. */
double what_if_lost(const Search *s, Value v) {
    const Graph *g = s->g;
    const OpInfo *info = &op_info[ir_node(g, v)->op];
    const Unit *unit = &s->units.data[s->unit[v.id]];
    if (s->unit[v.id] == 0 || unit->generates || op_carries(ir_node(g, v)->op)) return 0;
    for (uint32_t i = 0; i < ir_node(g, v)->operand_count; i++) {
        double value = s->lost[ir_operand(g, v, i).id];
        if (value != 0) return value;
    }
    bool narrows = retype_narrows(ir_node(g, v)->dtype, s->to);
    for (uint32_t i = 0; narrows && i < info->attr_count; i++) {
        const Attr *a = ir_attr(g, v, i);
        if (a->kind == ATTR_REAL && what_if_loses(s->to, a->as.real)) return a->as.real;
    }
    return 0;
}

/* Whether a conversion makes 0 of what never is. */
static bool vanishes(const Analysis *a, Value v) {
    Range from = a->facts->range[ir_operand(a->graph, v, 0).id], to = a->facts->range[v.id];
    return range_has_finite(from) && !range_may_be_zero(from) && to.low == 0 && to.high == 0;
}

static void add_break(Search *s, Break b) {
    vec_push(&s->cx->module, &s->breaks, b);
}

/* Makes and analyses the graph with what is kept now, in the arena; NULL: it cannot be made. What
 * breaks is in s->breaks, and the findings are those of it. */
Analysis *what_if_try(Search *s, Arena *arena, Retyped *r) {
    bool *kept = ARENA_ARRAY(&s->cx->scratch, bool, s->end);
    for (uint32_t id = 1; id < s->end; id++) {
        const Unit *u = &s->units.data[s->unit[id]];
        kept[id] = u->kept || u->generates;
    }
    s->breaks.count = 0;
    s->analyses++;
    s->work += s->end;
    *r = retype(s->g, s->to, s->end, kept, s->narrow);
    if (r->graph == NULL) return NULL;
    Analysis *a = analyse_other(s->cx, r->graph, s->options, arena);
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->findings.count; i++) {
        Break b;
        if (!is_new(s, a, r, &a->findings.data[i], &b)) continue;
        const Finding *f = &a->findings.data[i];
        /* The updates of an optimizer are no operation of the model: they are kept as a whole. */
        if (f->code == NNA3016) s->optimizer = ir_place(r->graph, f->node, NULL);
        else add_break(s, b);
        a->findings.data[count++] = *f;
    }
    a->findings.count = count;
    for (uint32_t id = 1; id < s->end; id++) {
        if (!kept[id] && what_if_lost(s, (Value){id}) != 0) add_break(s, (Break){id, SPREAD_BACK});
    }
    for (uint32_t id = 1; id < r->count; id++) {
        bool lost = r->converts[id] && vanishes(a, (Value){id});
        if (lost) add_break(s, (Break){r->made_of[id], SPREAD_USERS});
    }
    return a;
}

static bool breaks(Search *s) {
    Retyped r;
    arena_reset(&s->cx->scratch);
    return what_if_try(s, &s->cx->scratch, &r) == NULL || s->breaks.count > 0;
}

static bool in_budget(const Search *s) {
    return s->work + s->end <= MOST_WORK && s->analyses < MOST_ANALYSES;
}

/* Raising. */

/* The operations next to those of the set are added to it. */
static void widen(Search *s, Spread spread, bool *set, bool *next) {
    memset(next, 0, s->units.count);
    s->work += s->end / WALKS + 1;
    for (uint32_t id = 1; id < s->end; id++) {
        for (uint32_t i = 0; i < ir_node(s->g, (Value){id})->operand_count; i++) {
            uint32_t user = s->unit[id], x = s->unit[ir_operand(s->g, (Value){id}, i).id];
            if (spread != SPREAD_USERS && set[user]) next[x] = true;
            if (spread != SPREAD_BACK && set[x]) next[user] = true;
        }
    }
    for (uint32_t u = 1; u < s->units.count; u++) set[u] = set[u] || next[u];
}

static void add_users(Search *s, uint32_t at, bool *set) {
    s->work += s->end / WALKS + 1;
    for (uint32_t id = 1; id < s->end; id++) {
        for (uint32_t i = 0; i < ir_node(s->g, (Value){id})->operand_count; i++) {
            Value x = ir_operand(s->g, (Value){id}, i); /* contracts are no readers */
            while (x.id != at && op_carries(ir_node(s->g, x)->op)) x = ir_operand(s->g, x, 0);
            if (x.id == at) set[s->unit[id]] = true;
        }
    }
}

static bool keep(Search *s, uint32_t unit) {
    Unit *u = &s->units.data[unit];
    if (unit == 0 || u->kept || u->generates) return false;
    u->round = s->analyses;
    vec_push(&s->cx->module, &s->raised, unit);
    return u->kept = true;
}

/* Keeps what is within the radius of the break; false where that is kept already. `sets` is room
 * for two of operations. */
static bool raise_one(Search *s, const Break *b, uint32_t radius, bool *sets) {
    uint32_t own = s->unit[b->at];
    bool *set = sets, *next = sets + s->units.count, new = false;
    bool from_users = b->spread == SPREAD_USERS || own == 0;
    if (radius == 0 && !from_users) return keep(s, own);
    memset(set, 0, s->units.count);
    if (from_users) add_users(s, b->at, set);
    else set[own] = true;
    for (uint32_t i = 0; i < radius && in_budget(s); i++) widen(s, b->spread, set, next);
    for (uint32_t u = 1; u < s->units.count; u++) new = (set[u] && keep(s, u)) || new;
    return new;
}

/* Raises what is nearest to the break and not yet kept: first in its direction, then in both. False
 * where there is nothing left. */
static bool raise_nearest(Search *s, const Break *b, bool *sets) {
    const uint32_t most = s->units.count < 64 ? s->units.count : 64;
    Break at = *b;
    for (uint32_t *radius = &s->radius[b->at]; *radius < 2 * most && in_budget(s); ++*radius) {
        if (*radius >= most) at.spread = SPREAD_BOTH;
        if (raise_one(s, &at, *radius % most, sets)) return true;
    }
    return false;
}

/* One round; false where nothing is left to be kept. */
static bool raise_all(Search *s) {
    bool any = false, *sets = ARENA_ARRAY(&s->cx->scratch, bool, 2 * (size_t)s->units.count);
    for (uint32_t i = 0; i < s->breaks.count && in_budget(s); i++) {
        const Break *b = &s->breaks.data[i];
        Unit *u = &s->units.data[s->unit[b->at]];
        bool again = s->unit[b->at] != 0 && u->round == s->analyses; /* as its other copies do */
        u->round = s->analyses;
        any = again || raise_nearest(s, b, sets) || any;
    }
    return any;
}

/* Takes back, the last raised first, what nothing breaks without; until there is no such. */
static bool take_back(Search *s) {
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = s->raised.count; i-- > 0;) {
            Unit *u = &s->units.data[s->raised.data[i]];
            if (!u->kept) continue;
            if (!in_budget(s)) return false;
            u->kept = false;
            if (breaks(s)) u->kept = true;
            else changed = true;
        }
    }
    return true;
}

void what_if_search(Search *s, WhatIf *out) {
    bool broken = s->breaks.count > 0;
    while (broken && in_budget(s)) {
        arena_reset(&s->cx->scratch);
        if (!raise_all(s)) break;
        broken = breaks(s);
    }
    out->mended = !broken;
    out->minimal = out->mended && take_back(s);
}

void what_if_prepare(Search *s) {
    Arena *arena = &s->cx->module;
    s->narrow = ARENA_ARRAY(arena, Data, s->g->data.count);
    s->unit = ARENA_ARRAY(arena, uint32_t, s->end);
    s->radius = ARENA_ARRAY(arena, uint32_t, s->end);
    s->lost = ARENA_ARRAY(arena, double, s->end);
    s->made_at = ARENA_ARRAY(arena, uint32_t, s->g->origins.count);
    s->backward = ARENA_ARRAY(arena, uint8_t, s->g->origins.count);
    find_units(s);
    find_generators(s);
    find_lost(s);
    for (uint32_t id = 1; id < s->g->nodes.count; id++) {
        OriginId origin = s->g->nodes.data[id].origin;
        if (id < s->end && s->unit[id] != 0) s->made_at[origin.id] = id;
        if (id < s->end) continue;
        uint32_t forward = ir_origin(s->g, origin)->forward.id;
        for (uint32_t k = s->facts->first_site[id]; k < s->facts->first_site[id + 1]; k++) {
            Verdict v = s->facts->sites[k].verdict;
            if (was_reported(v)) s->backward[forward] |= BACKWARD_FAILS;
            if (v == VERDICT_GROWTH) s->backward[forward] |= BACKWARD_GROWS;
        }
    }
}
