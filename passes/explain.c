/* Where dangerous values come from, and better forms of what makes them. Shapes of expressions are
 * recognised by primitives and term facts, so that what is written by hand is explained like what
 * the prelude writes. */
#include "passes/explain.h"

#include <string.h>

Value explain_strip(const Graph *g, Value v) {
    while (op_carries(ir_node(g, v)->op)) v = ir_operand(g, v, 0);
    return v;
}

/* The x of exp(x - max(x)), or none. */
static Value shifted_of(const Analysis *a, Value e) {
    const Graph *g = a->graph;
    e = explain_strip(g, e);
    if (a->terms->fact[e.id].one_along == 0 || !ir_is_primitive(g, e, PRIMITIVE_EXP))
        return VALUE_NONE;
    Value d = explain_strip(g, ir_operand(g, e, 0));
    return ir_is_primitive(g, d, PRIMITIVE_SUB) ? ir_operand(g, d, 0) : VALUE_NONE;
}

Value explain_softmax(const Analysis *a, Value v) {
    const Graph *g = a->graph;
    v = explain_strip(g, v);
    const char *rule = a->terms->fact[v.id].rule;
    if (rule == NULL || strcmp(rule, "quotient") != 0) return VALUE_NONE;
    return shifted_of(a, ir_operand(g, v, 0));
}

static const char *number_text(const Analysis *a, double value, int digits) {
    Buf out = buf_make(&a->cx->scratch);
    buf_put_rounded(&out, value, digits);
    return buf_text(&out);
}

/* Whether it is a report of a runtime that flushes. */
static bool flushes(const Analysis *a, DType t) {
    return a->facts->flushes && dtype_is_flushed(t);
}

/* How far below the largest an exponent must be for the exponential to be 0. */
static double underflow_distance(const Analysis *a, DType t) {
    return -log(flushes(a, t) ? dtype_info[t].min_normal : dtype_info[t].min_subnormal / 2);
}

/* The name of the block that v was written in, or "" in the user's own text. */
static const char *maker(const Analysis *a, Value v, const char *otherwise) {
    OriginId via, own = ir_node(a->graph, v)->origin;
    ir_place(a->graph, v, &via);
    if (via.id == own.id) return otherwise;
    /* The block that the user's text calls: the last one before the place that is shown. */
    OriginId at = own;
    while (ir_origin(a->graph, at)->caller.id != via.id) at = ir_origin(a->graph, at)->caller;
    return names_text(&a->cx->names, ir_origin(a->graph, at)->block);
}

static const char *zero_text(const Analysis *a, Value v) {
    const Graph *g = a->graph;
    DType t = ir_node(g, v)->dtype;
    const char *type = dtype_info[t].spelling;
    Arena *arena = &a->cx->scratch;
    Value x = explain_softmax(a, v);
    double distance = underflow_distance(a, t);
    if (!ir_is_poison(x)) {
        return arena_format(
            arena, "0 is reached here: %s underflows to 0 in %s when %s differ by %s",
            maker(a, v, "the quotient"), type,
            ir_node(g, x)->name.id != 0 ? names_text(&a->cx->names, ir_node(g, x)->name)
                                        : "its operands",
            number_text(a, distance, 3));
    }
    if (ir_is_primitive(g, v, PRIMITIVE_EXP) || ir_is_primitive(g, v, PRIMITIVE_SIGMOID)) {
        bool is_exp = ir_is_primitive(g, v, PRIMITIVE_EXP);
        return arena_format(arena, "0 is reached here: %s is 0 in %s below -%s",
                            primitive_info[is_exp ? PRIMITIVE_EXP : PRIMITIVE_SIGMOID].spelling,
                            type,
                            number_text(a, is_exp || flushes(a, t) ? distance
                                                                   : dtype_info[t].exp_max, 3));
    }
    Value sigmoid =
        ir_is_primitive(g, v, PRIMITIVE_SUB) ? explain_strip(g, ir_operand(g, v, 1)) : VALUE_NONE;
    if (!ir_is_poison(sigmoid) && ir_is_primitive(g, sigmoid, PRIMITIVE_SIGMOID)) {
        double limit = (dtype_info[t].precision) * log(2);
        return arena_format(arena, "0 is reached here: sigmoid rounds to 1 in %s from %s on", type,
                            number_text(a, limit, 4));
    }
    return NULL;
}

void explain_origin(const Analysis *a, Diag *d, Value culprit, Danger danger, double scale) {
    if (ir_is_poison(culprit)) return;
    const Graph *g = a->graph;
    Value v = explain_strip(g, culprit);
    Span place = ir_place(g, v, NULL);
    const char *text = danger == DANGER_ZERO || danger == DANGER_NEGATIVE ? zero_text(a, v) : NULL;
    if (text == NULL && danger == DANGER_ZERO && ir_is_primitive(g, v, PRIMITIVE_LOG))
        text = "0 is reached here: log(1) is 0";
    if (text == NULL) {
        /* The range alone says it: show where the value stands, if that is somewhere else. */
        if (place.begin == 0 ||
            (place.begin >= d->primary.span.begin && place.end <= d->primary.span.end))
            return;
        Buf range = buf_make(&a->cx->scratch);
        range_print(a->facts->range[v.id], ir_node(g, v)->dtype, &range);
        bool source = op_info[ir_node(g, v)->op].type == TYPE_SOURCE;
        if (scale > 1) { /* the range is another one there */
            diag_label(a->cx, d, place, source ? "declared here" : "it is computed here");
            return;
        }
        diag_label(a->cx, d, place, source ? "declared here, in %s" : "this is in %s",
                   buf_text(&range));
        return;
    }
    if (place.begin == 0) return;
    diag_label(a->cx, d, place, "%s", text);
}

/* The value that v is multiplied with before it is used, or none: y in y * log(p). */
static Value multiplied_with(const Graph *g, Value v) {
    for (uint32_t id = v.id + 1; id < g->nodes.count; id++) {
        Value user = {id};
        if (!ir_is_primitive(g, user, PRIMITIVE_MUL)) continue;
        for (uint32_t i = 0; i < 2; i++) {
            if (ir_operand(g, user, i).id == v.id) return ir_operand(g, user, 1 - i);
        }
    }
    return VALUE_NONE;
}

/* A name in the user's text, or a word in its place. */
static const char *spelled(const Analysis *a, Value v, const char *otherwise) {
    const Node *node = ir_node(a->graph, v);
    return node->name.id != 0 ? names_text(&a->cx->names, node->name) : otherwise;
}

static bool help_log(const Analysis *a, Diag *d, const Finding *f, Value v) {
    const Graph *g = a->graph;
    Value x = explain_softmax(a, v);
    if (!ir_is_poison(x)) {
        Value label = multiplied_with(g, f->node);
        const char *logits = spelled(a, x, "logits");
        if (!ir_is_poison(label) && op_info[ir_node(g, label)->op].type == TYPE_SOURCE) {
            diag_help(a->cx, d, "compute it from the logits: `cross_entropy(%s, %s)`", logits,
                      spelled(a, label, "label"));
        } else {
            diag_help(a->cx, d, "compute it from the logits: `log_softmax(%s)`", logits);
        }
        return true;
    }
    if (ir_is_primitive(g, v, PRIMITIVE_SIGMOID)) {
        diag_help(a->cx, d, "use `log_sigmoid(%s)`, which does not underflow",
                  spelled(a, ir_operand(g, v, 0), "x"));
        return true;
    }
    Value p =
        ir_is_primitive(g, v, PRIMITIVE_SUB) ? explain_strip(g, ir_operand(g, v, 1)) : VALUE_NONE;
    if (!ir_is_poison(p) && ir_is_primitive(g, p, PRIMITIVE_SIGMOID)) {
        diag_help(a->cx, d, "use `log_sigmoid(-%s)`: 1 - sigmoid(x) is sigmoid(-x)",
                  spelled(a, ir_operand(g, p, 0), "x"));
        return true;
    }
    return false;
}

/* The difference of moments that v is, or that a small number was added to. */
static Value variance_of(const Analysis *a, Value v) {
    const Graph *g = a->graph;
    for (int step = 0; step < 6; step++) {
        v = explain_strip(g, v);
        const char *rule = a->terms->fact[v.id].rule;
        if (rule != NULL && strcmp(rule, "variance") == 0) return v;
        bool passes = ir_is_primitive(g, v, PRIMITIVE_ADD) || ir_is_primitive(g, v, PRIMITIVE_SQRT);
        if (!passes) return VALUE_NONE;
        Value second = ir_operand(g, v, ir_node(g, v)->operand_count - 1);
        v = range_is_point(a->facts->range[second.id]) ? ir_operand(g, v, 0) : second;
    }
    return VALUE_NONE;
}

/* What is not negative but for its rounding: how large an epsilon must be, or the other way. */
static bool help_variance(const Analysis *a, Diag *d, const Finding *f) {
    uint32_t operands = ir_node(a->graph, f->node)->operand_count;
    if (operands == 0) return false;
    Value v = variance_of(a, ir_operand(a->graph, f->node, operands - 1));
    if (ir_is_poison(v)) return false;
    diag_help(a->cx, d,
              "the mean of squares less the square of the mean can be -%s by rounding: add more "
              "than that, or take the mean of the squares of the differences, "
              "`mean(square(x - mean(x)))`",
              number_text(a, -a->terms->fact[v.id].bound.low, 2));
    return true;
}

void explain_help(const Analysis *a, Diag *d, const Finding *f, Value culprit, Danger danger) {
    if (f->node.id >= a->backward_from) {
        diag_help(a->cx, d,
                  "keep the operand of the operation away from there, as in `sqrt(x + 1e-6)`; a "
                  "`where` behind it does not help, since 0 * inf is NaN");
        return;
    }
    if (f->failure == FAILURE_UNDEFINED && f->code == NNA3013) {
        diag_help(a->cx, d,
                  "let each row keep an element, or mask in a way that knows of such rows: "
                  "`softmax(x, mask: visible)` gives 0 for them");
        return;
    }
    if (f->failure != FAILURE_DOMAIN || f->always) return;
    if (help_variance(a, d, f)) return;
    const Graph *g = a->graph;
    Value v = ir_is_poison(culprit) ? culprit : explain_strip(g, culprit);
    const DTypeInfo *type = &dtype_info[f->type];
    switch ((int)f->primitive) {
    case PRIMITIVE_LOG:
    case PRIMITIVE_LOG2:
    case PRIMITIVE_LOG10:
        if (!ir_is_poison(v) && help_log(a, d, f, v)) return;
        diag_help(a->cx, d, "keep the operand away from 0, as in `log(maximum(x, %s))`",
                  number_text(a, f->type == DTYPE_F16 ? 1e-4 : 1e-7, 3));
        return;
    case PRIMITIVE_LOG1P:
        diag_help(a->cx, d, "keep the operand above -1");
        return;
    case PRIMITIVE_DIV:
    case PRIMITIVE_MOD:
        if (f->code != NNA3002) return;
        if (!dtype_is_float(f->type) || danger != DANGER_ZERO) return;
        diag_help(a->cx, d,
                  f->args[1].low >= 0
                      ? "add a small number to the divisor, or hold it with `maximum(x, %s)`"
                      : "state the divisor's sign with a contract, or choose with `where` before "
                        "dividing (%s is far enough from 0)",
                  number_text(a, f->type == DTYPE_F16 ? 1e-3 : 1e-6, 3));
        return;
    case PRIMITIVE_EXP:
    case PRIMITIVE_EXPM1:
        diag_help(a->cx, d,
                  "hold the operand at %s or below, as in `%s(minimum(x, %s))`, or subtract its "
                  "maximum first",
                  number_text(a, type->exp_max, 7), primitive_info[f->primitive].spelling,
                  number_text(a, floor(type->exp_max * 100) / 100, 5));
        return;
    case PRIMITIVE_SQRT:
        diag_help(a->cx, d, "hold the operand at 0 or above: `sqrt(maximum(x, 0.0))`");
        return;
    case PRIMITIVE_ASIN:
    case PRIMITIVE_ACOS:
        diag_help(a->cx, d, "hold the operand in the domain: `clip(x, -1.0, 1.0)`");
        return;
    default:
        return;
    }
}

static void mark_needed(const Graph *g, Value v, bool *needed) {
    needed[v.id] = true;
    for (uint32_t id = v.id; id > 0; id--) {
        for (uint32_t i = 0; needed[id] && i < g->nodes.data[id].operand_count; i++) {
            needed[ir_operand(g, (Value){id}, i).id] = true;
        }
    }
}

/* The sources of one kind that are assumed and needed, of one range, and that range. */
static uint32_t assumed_names(const Analysis *a, const bool *needed, bool inputs, Buf *names,
                              Range *range) {
    enum { NAMES = 3 };
    const Graph *g = a->graph;
    uint32_t count = 0;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        const Node *node = ir_node(g, v);
        if (!needed[id] || op_info[node->op].type != TYPE_SOURCE || !a->facts->assumed[id])
            continue;
        if ((node->op == OP_INPUT) != inputs) continue;
        Range own = a->facts->range[id];
        if (count > 0 && (own.low != range->low || own.high != range->high)) continue;
        *range = own;
        if (count++ < NAMES) buf_printf(names, "%s%s", count == 1 ? "" : ", ", ir_describe(g, v));
    }
    if (count > NAMES) buf_printf(names, " and %u more", (unsigned)(count - NAMES));
    return count;
}

void explain_assumptions(const Analysis *a, Diag *d, const Finding *f) {
    const Graph *g = a->graph;
    if (!a->facts->assumed[f->node.id]) return;
    bool *needed = ARENA_ARRAY(&a->cx->scratch, bool, g->nodes.count);
    mark_needed(g, f->node, needed);
    for (int inputs = 1; inputs >= 0; inputs--) {
        Buf names = buf_make(&a->cx->scratch), text = buf_make(&a->cx->scratch);
        Range range = {0, 0, 0};
        uint32_t count = assumed_names(a, needed, inputs == 1, &names, &range);
        if (count == 0) continue;
        const char *have = count == 1 ? "has" : "have";
        range_print(range, DTYPE_F32, &text);
        if (inputs == 1 && !a->options->has_assumed_inputs) {
            diag_note(a->cx, d, "%s %s no contract: any finite value is assumed", buf_text(&names),
                      have);
        } else {
            diag_note(a->cx, d, "%s %s no contract: assumed in %s", buf_text(&names), have,
                      buf_text(&text));
        }
    }
}

void explain_calls(const Analysis *a, Diag *d, OriginId via) {
    const Graph *g = a->graph;
    int shown = 0;
    for (OriginId at = ir_origin(g, via)->caller; at.id != 0 && shown < 4;
         at = ir_origin(g, at)->caller) {
        diag_call(a->cx, d, ir_origin(g, at)->span, "called here");
        shown++;
    }
}

void explain_gradient(const Analysis *a, Diag *d, Value v) {
    OriginId taken = ir_origin(a->graph, ir_node(a->graph, v)->origin)->taken;
    Span place = ir_origin_place(a->graph, taken, NULL);
    if (place.begin != 0) diag_label(a->cx, d, place, "in the gradient that is taken here");
}
