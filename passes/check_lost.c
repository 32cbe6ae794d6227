/* What is lost without a NaN: a fraction that a conversion cuts off (NNA3009), and a small number
 * that is rounded away beside a large one (NNA3017).
 *
 * Both are legal, and mostly meant: a float becomes an index by losing its fraction, and a sum is
 * rounded. So what is reported is what cannot be meant. A fraction is missed where the integer goes
 * on as a number: it is moved or picked, and made a float again. A constant is missed where it
 * changes no element of any input that the contracts allow. */
#include "passes/explain.h"

/* Fractions. */

/* Whether v is a conversion from floats to integers that may lose more than the type. */
static bool cuts(const Analysis *a, Value v) {
    const Graph *g = a->graph;
    if (!ir_is_primitive(g, v, PRIMITIVE_CAST) || !dtype_is_integer(ir_node(g, v)->dtype))
        return false;
    Value x = ir_operand(g, v, 0);
    Range r = a->facts->range[x.id];
    return dtype_is_float(ir_node(g, x)->dtype) && !(r.flags & RANGE_INTEGRAL) &&
           range_has_finite(r);
}

/* Whether the elements of v are elements of its first operand, as they are: not those of an index
 * that says which. */
static bool hands_on(const Graph *g, Value v) {
    const OpInfo *info = &op_info[ir_node(g, v)->op];
    return info->form == FORM_MOVE || (info->form == FORM_REGION && info->type == TYPE_GATHER) ||
           op_carries(ir_node(g, v)->op);
}

/* Marks, by value, the cut of which it holds elements; 0: of none. */
static void follow_cuts(const Analysis *a, uint32_t *cut, uint32_t *missed) {
    const Graph *g = a->graph;
    for (uint32_t id = 1; id < a->backward_from; id++) {
        Value v = {id};
        const Node *node = ir_node(g, v);
        if (node->operand_count == 0) continue;
        Value x = ir_operand(g, v, 0);
        if (cuts(a, v)) {
            cut[id] = id;
        } else if (hands_on(g, v)) {
            cut[id] = cut[x.id];
        } else if (cut[x.id] != 0 && cut[x.id] != x.id && dtype_is_float(node->dtype) &&
                   ir_is_primitive(g, v, PRIMITIVE_CAST) && missed[cut[x.id]] == 0) {
            missed[cut[x.id]] = id; /* a cast of a cast is how one writes `trunc` */
        }
    }
}

static const char *range_text(const Analysis *a, Value v) {
    Buf out = buf_make(&a->cx->scratch);
    range_print(a->facts->range[v.id], ir_node(a->graph, v)->dtype, &out);
    return buf_text(&out);
}

static Diag *report_at(const Analysis *a, DiagCode code, Value v, OriginId *via,
                       const char *title) {
    Diag *d = diag_new(a->cx, code, ir_place(a->graph, v, via), "%s", title);
    d->severity = SEVERITY_WARNING;
    d->model = a->graph->name;
    d->operation = ir_path(a->graph, v, &a->cx->session);
    return d;
}

static void report_cut(const Analysis *a, Value v, Value again) {
    const Graph *g = a->graph;
    Value x = ir_operand(g, v, 0);
    OriginId via;
    const char *type = dtype_info[ir_node(g, v)->dtype].spelling;
    Diag *d = report_at(a, NNA3009, v, &via,
                        arena_format(&a->cx->scratch,
                                     "conversion to %s cuts off fractions that are missed", type));
    diag_primary(a->cx, d, "%s is in %s, and %s keeps what is before the point", ir_describe(g, x),
                 range_text(a, x), type);
    Span place = ir_place(g, again, NULL);
    if (place.begin != 0)
        diag_label(a->cx, d, place, "here it is a number of %s again",
                   dtype_info[ir_node(g, again)->dtype].spelling);
    explain_calls(a, d, via);
    diag_help(a->cx, d, "leave it as it is, or say how it is rounded: `cast(round(%s), %s)`",
              ir_node(g, x)->name.id != 0 ? names_text(&a->cx->names, ir_node(g, x)->name) : "x",
              type);
    diag_emit(a->cx, d);
}

/* Small numbers beside large ones. */

/* The least magnitude that an element can have; 0 where it can be near 0 or is not finite. */
static double least_magnitude(Range r) {
    if ((r.flags & RANGE_BAD) || !range_has_finite(r)) return 0;
    return r.low > 0 ? r.low : r.high < 0 ? -r.high : 0;
}

/* Whether it is a number of the text, or a tensor of one. */
static bool is_written(const Graph *g, Value v) {
    v = explain_strip(g, v);
    const OpInfo *info = &op_info[ir_node(g, v)->op];
    if (info->form == FORM_MOVE && ir_node(g, v)->operand_count == 1)
        return is_written(g, ir_operand(g, v, 0));
    return info->type == TYPE_SOURCE && ir_data(g, v) != NULL && ir_parameter(g, v) == NULL;
}

/* A sum or difference with a constant that no element shows: claim: x + c and x - c round to x for
 * every x in the range. Why: where they do for the least magnitude, which has the smallest
 * distance to its neighbours, they do for every larger one. */
static void check_addend(const Analysis *a, Value v) {
    const Graph *g = a->graph;
    bool adds = ir_is_primitive(g, v, PRIMITIVE_ADD);
    DType t = ir_node(g, v)->dtype;
    if (!dtype_is_float(t) || (!adds && !ir_is_primitive(g, v, PRIMITIVE_SUB))) return;
    for (uint32_t i = 0; i < 2; i++) {
        Value c = ir_operand(g, v, i), x = ir_operand(g, v, 1 - i);
        Range r = a->facts->range[c.id];
        if (!range_is_point(r) || (r.low >= 0 && r.low <= 0)) continue;
        double least = least_magnitude(a->facts->range[x.id]), size = fabs(r.low);
        if (!(size < least) || !is_written(g, c)) continue;
        /* Both are values of the type: equal where they are the same. */
        if (dtype_round(t, least + size) != least) continue;
        if (dtype_round(t, least - size) != least) continue;
        OriginId via;
        Buf number = buf_make(&a->cx->scratch);
        buf_put_rounded(&number, r.low, 6);
        const char *title = arena_format(&a->cx->scratch, "%s is lost in this %s",
                                         buf_text(&number), adds ? "sum" : "difference");
        Diag *d = report_at(a, NNA3017, v, &via, title);
        Buf apart = buf_make(&a->cx->scratch);
        buf_put_rounded(&apart, least - dtype_next_down(t, least), 3);
        diag_primary(a->cx, d, "%s is in %s, where numbers of %s are %s apart or more",
                     ir_describe(g, x), range_text(a, x), dtype_info[t].spelling,
                     buf_text(&apart));
        explain_calls(a, d, via);
        diag_help(a->cx, d, "add it where the number is small: `(1 - p) + 1e-10` keeps what "
                            "`(1 + 1e-10) - p` loses");
        diag_emit(a->cx, d);
        return;
    }
}

void pass_lost(Analysis *a) {
    uint32_t count = a->graph->nodes.count;
    uint32_t *cut = ARENA_ARRAY(&a->cx->scratch, uint32_t, count);
    uint32_t *missed = ARENA_ARRAY(&a->cx->scratch, uint32_t, count);
    follow_cuts(a, cut, missed);
    for (uint32_t id = 1; id < a->backward_from; id++) {
        if (missed[id] != 0) report_cut(a, (Value){id}, (Value){missed[id]});
        check_addend(a, (Value){id});
    }
}
