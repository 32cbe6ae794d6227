/* What is said of a model in a narrower element type (what_if.h). */
#include "passes/what_if_internal.h"

#include <stdlib.h>
#include <string.h>

static const char *number(const Search *s, double value, int digits) {
    Buf out = buf_make(&s->cx->scratch);
    buf_put_rounded(&out, value, digits);
    return buf_text(&out);
}

/* A number that the type does not hold: the cause of many reports, and worth one by itself. */
static void report_lost(const Search *s, Value v, double value) {
    const char *type = dtype_info[s->to].spelling, *text = number(s, value, 6);
    const char *wide = dtype_info[ir_node(s->g, v)->dtype].spelling;
    OriginId via;
    Span place = ir_place(s->g, v, &via);
    bool vanishes = fabs(value) < 1;
    Diag *d = vanishes ? diag_new(s->cx, NNA3017, place, "%s is 0 in %s", text, type)
                       : diag_new(s->cx, NNA3009, place, "%s is %sinf in %s", text,
                                  value < 0 ? "-" : "", type);
    d->severity = SEVERITY_WARNING;
    d->model = s->g->name;
    d->operation = ir_path(s->g, v, &s->cx->session);
    if (vanishes) {
        diag_primary(s->cx, d, "the smallest number of %s is %s, and the smallest normal one %s",
                     type, number(s, dtype_info[s->to].min_subnormal, 3),
                     number(s, dtype_info[s->to].min_normal, 3));
        diag_help(s->cx, d, "take a number that %s has, such as %s, or keep the operation in %s",
                  type, number(s, copysign(s->to == DTYPE_F16 ? 1e-4 : 1e-37, value), 3), wide);
    } else {
        diag_primary(s->cx, d, "%s ends at %s", type, number(s, dtype_info[s->to].max, 6));
        diag_help(s->cx, d, "take a number that %s has, such as %s, or keep the operation in %s",
                  type, number(s, copysign(s->to == DTYPE_F16 ? 3e4 : 1e38, value), 3), wide);
    }
    diag_note(s->cx, d, "if computed in %s (%s)", type, s->asked);
    diag_emit(s->cx, d);
}

static uint32_t report_all(Search *s, Analysis *a) {
    uint32_t before = s->cx->diags.list.count;
    for (uint32_t id = 1; id < s->end; id++) {
        double value = what_if_lost(s, (Value){id});
        if (value != 0) report_lost(s, (Value){id}, value);
    }
    a->supposed = arena_format(&s->cx->session,
                               "if computed in %s (%s); not as it is written",
                               dtype_info[s->to].spelling, s->asked);
    pass_witness(a);
    pass_numeric(a);
    return s->cx->diags.list.count - before;
}

/* Headroom. */

static double binades(double ratio) {
    return ratio > 0 ? log2(ratio) : 0;
}

static WhatIfTensor tensor_of(const Search *s, const Facts *f, Value now) {
    const DTypeInfo *type = &dtype_info[s->to];
    Range r = f->range[now.id];
    double magnitude = range_magnitude(r), least = fmin(fabs(r.low), fabs(r.high));
    bool straddles = r.low < 0 && r.high > 0;
    WhatIfTensor t = {.range = r, .above = INFINITY, .below = NAN};
    if (magnitude > 0) t.above = binades(type->max / magnitude);
    if (!straddles && least > 0) t.below = binades(least / type->min_normal);
    t.unbounded = magnitude >= type->max;
    return t;
}

/* The text that stands there, in one line: the middle of a long one is left out. */
static const char *text_of(const Search *s, Value v, Span span) {
    enum { LONGEST = 44, TAIL = 12 };
    Source *source = span.begin == 0 ? NULL : source_at(&s->cx->sources, span.begin);
    Buf out = buf_make(&s->cx->session);
    if (source == NULL) return arena_format(&s->cx->session, "%s", ir_describe(s->g, v));
    const char *text = source->text + (span.begin - source->base);
    uint32_t length = span.end - span.begin, from = length > LONGEST ? LONGEST - TAIL : length;
    for (uint32_t i = 0; i < length; i++) {
        if (i == from) buf_put(&out, " ... ");
        if (i >= from && i + TAIL < length) continue;
        bool plain = text[i] > ' ' && text[i] < 0x7f, again = i > 0 && text[i - 1] <= ' ';
        if (plain) buf_put_char(&out, text[i]);
        else if (!again) buf_put_char(&out, text[i] <= ' ' && text[i] > 0 ? ' ' : '?');
    }
    return buf_text(&out);
}

static WhatIfPlace place_of_value(const Search *s, Value v, Span span, uint32_t copies) {
    bool source = s->unit[v.id] == 0;
    const char *text = source ? arena_format(&s->cx->session, "%s", ir_describe(s->g, v))
                              : text_of(s, v, span);
    return (WhatIfPlace){span, text, copies};
}

static int by_headroom(const void *a, const void *b) {
    const WhatIfTensor *x = a, *y = b;
    if (x->above != y->above) return x->above < y->above ? -1 : 1; /* an order, no equality */
    uint32_t one = x->place.span.begin, other = y->place.span.begin;
    return (one > other) - (one < other);
}

/* One row for each operation as it is written, and for each source. */
static void find_tensors(const Search *s, const Retyped *r, const Facts *f, WhatIf *out) {
    WhatIfTensor *worst = ARENA_ARRAY(&s->cx->module, WhatIfTensor, s->units.count);
    Arena *session = &s->cx->session;
    for (uint32_t id = 1; id < s->end; id++) {
        Value v = {id};
        const Node *node = ir_node(s->g, v);
        if (!retype_narrows(node->dtype, s->to) || node->op == OP_CONST) continue;
        if (op_carries(node->op)) continue;
        WhatIfTensor t = tensor_of(s, f, r->value[id]);
        uint32_t unit = s->unit[id];
        if (unit == 0) {
            out->unbounded += t.unbounded;
            t.place = place_of_value(s, v, node->name_span, 1);
            vec_push(session, &out->tensors, t);
            continue;
        }
        bool inner = id + 1 < s->end && s->unit[id + 1] == unit;
        if (inner && s->units.data[unit].last.id != id) continue;
        if (t.unbounded && !worst[unit].unbounded) out->unbounded++;
        bool first = worst[unit].place.text == NULL, less = t.above < worst[unit].above;
        t.unbounded = t.unbounded || worst[unit].unbounded;
        if (!first && !less) continue;
        t.place = place_of_value(s, v, s->units.data[unit].span, s->units.data[unit].copies);
        worst[unit] = t;
    }
    for (uint32_t u = 1; u < s->units.count; u++) {
        if (worst[u].place.text != NULL) vec_push(session, &out->tensors, worst[u]);
    }
    if (out->tensors.count > 1) {
        qsort(out->tensors.data, out->tensors.count, sizeof out->tensors.data[0], by_headroom);
    }
}

static void find_kept(const Search *s, WhatIf *out) {
    for (uint32_t u = 1; u < s->units.count; u++) {
        const Unit *unit = &s->units.data[u];
        if (!unit->kept) continue;
        WhatIfPlace place = place_of_value(s, unit->last, unit->span, unit->copies);
        vec_push(&s->cx->session, &out->kept, place);
    }
    if (s->optimizer.begin == 0) return;
    const WhatIfPlace updates = {s->optimizer, "the state and the updates of the optimizer", 1};
    vec_push(&s->cx->session, &out->kept, updates);
}

WhatIf *what_if(Ctx *cx, Graph *g, uint32_t end, const Facts *facts,
                const AnalysisOptions *options, DType to, const char *asked, bool searches) {
    WhatIf *out = ARENA_NEW(&cx->session, WhatIf);
    Search *s = ARENA_NEW(&cx->module, Search);
    *s = (Search){.cx = cx, .g = g, .end = end, .facts = facts, .options = options, .to = to,
                  .asked = asked};
    const char *name = names_text(&cx->names, g->name);
    *out = (WhatIf){.model = arena_text(&cx->session, name, strlen(name)), .to = to};
    uint64_t most = cx->limits.operations;
    cx->limits.operations = UINT32_MAX; /* conversions are none of the user's */
    what_if_prepare(s);
    Retyped r;
    Analysis *a = what_if_try(s, &cx->module, &r);
    out->refused = a == NULL;
    if (a != NULL) {
        out->growth = a->facts->growth;
        out->growth_before = facts->growth;
        find_tensors(s, &r, a->facts, out);
        out->broken = report_all(s, a);
        if (searches) what_if_search(s, out);
        arena_reset(&cx->scratch);
        find_kept(s, out);
    }
    cx->limits.operations = most;
    return out;
}
