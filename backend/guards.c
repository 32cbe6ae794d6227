/* The table of --report=guards: a line a dangerous operation. */
#include "backend/summary.h"

#include "backend/cells.h"

#include <inttypes.h>

/* Whether the guard stays, and why. */
static const char *fate(Verdict verdict, GuardPolicy policy) {
    if (policy == GUARDS_NONE) return "no guard: --guards=none";
    switch (verdict) {
    case VERDICT_PROVED:
        return policy == GUARDS_ALL ? "guard: --guards=all, though it is proved safe"
                                    : "no guard: proved safe";
    case VERDICT_POSSIBLE: return "guard: not proved";
    case VERDICT_CONFIRMED: return "guard: a run showed that it fails";
    case VERDICT_CONSEQUENCE: return "guard: fails where an operation before it does";
    case VERDICT_GROWTH: return "guard: rests on an assumed range";
    case VERDICT_NOT_ANALYSED: return "guard: not analysed";
    }
    return "";
}

/* What C functions give is looked at where nothing is believed. */
static const char *trusted_fate(Op op, GuardPolicy policy) {
    bool is_checked = op == OP_EXTERN && policy == GUARDS_ALL;
    return is_checked ? "guard: --guards=all, though it is trusted" : "no guard: trusted";
}

static const char *place_text(Ctx *cx, const Graph *g, Value v) {
    OriginId via;
    Place place = place_of(cx, ir_place(g, v, &via).begin);
    if (place.source == NULL) return "";
    return arena_format(&cx->scratch, "%s:%" PRIu32 ":%" PRIu32, place.source->path, place.line,
                        place.column);
}

static const char *site_text(const Site *site) {
    switch (site->part) {
    case SITE_CONTRACT: return "contract";
    case SITE_COMBINE: return "sum of terms";
    case SITE_INDEX: return "index";
    case SITE_BODY:
    case SITE_AFTER: break;
    }
    return primitive_info[site->primitive].spelling;
}

void guards_print(Ctx *cx, const Facts *facts, GuardPolicy policy, Buf *out) {
    const Graph *g = facts->graph;
    Cells cells = {0};
    for (uint32_t i = 1; i < g->nodes.count; i++) {
        Value v = {i};
        const Node *node = ir_node(g, v);
        if (node->op == OP_NONE) continue;
        Site sites[OP_MAX_SITES];
        uint32_t count = ir_sites(g, v, sites);
        for (uint32_t k = 0; k < count; k++) {
            vec_push(&cx->scratch, &cells, place_text(cx, g, v));
            vec_push(&cx->scratch, &cells, ir_describe(g, v));
            vec_push(&cx->scratch, &cells, op_info[node->op].spelling);
            vec_push(&cx->scratch, &cells, site_text(&sites[k]));
            vec_push(&cx->scratch, &cells,
                     node->op == OP_INPUT        ? "guard: checked before the run"
                     : op_info[node->op].trusted ? trusted_fate(node->op, policy)
                                                 : fate(facts_site(facts, v, k)->verdict, policy));
        }
    }
    cells_print(&cells, 5, 5, out);
}
