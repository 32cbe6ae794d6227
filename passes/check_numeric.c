/* Reports of dangerous operations: one for each finding that the engine recorded as possible and
 * that is, by now, possible or confirmed; and of NaN and infinities that reach an output. */
#include "passes/explain.h"

#include "ir/nest.h"
#include "ir/shape.h"
#include "ir/training.h"

#include <string.h>

/* The words of a primitive's failures. `%s` in a title is the element type. */
typedef struct Words {
    Primitive primitive;
    const char *noun;               /* "log of a value" */
    const char *low, *low_effect;   /* "that can be negative", "log of a negative number is NaN" */
    const char *edge, *edge_effect; /* exactly at the open end: 0, -1, 1 */
    double edge_value;
} Words;

static const Words words[] = {
    {PRIMITIVE_LOG, "log", "negative", "log of a negative number is NaN", "0", "log(0) is -inf", 0},
    {PRIMITIVE_LOG2, "log2", "negative", "log2 of a negative number is NaN", "0", "log2(0) is -inf",
     0},
    {PRIMITIVE_LOG10, "log10", "negative", "log10 of a negative number is NaN", "0",
     "log10(0) is -inf", 0},
    {PRIMITIVE_LOG1P, "log1p", "below -1", "log1p below -1 is NaN", "-1", "log1p(-1) is -inf", -1},
    {PRIMITIVE_SQRT, "square root", "negative", "sqrt of a negative number is NaN", "0", "", NAN},
    {PRIMITIVE_ASIN, "asin", "outside [-1, 1]", "asin outside [-1, 1] is NaN", "", "", NAN},
    {PRIMITIVE_ACOS, "acos", "outside [-1, 1]", "acos outside [-1, 1] is NaN", "", "", NAN},
    {PRIMITIVE_ACOSH, "acosh", "below 1", "acosh below 1 is NaN", "", "", NAN},
    {PRIMITIVE_ERFINV, "erfinv", "outside (-1, 1)",
     "erfinv is infinite at -1 and 1, and NaN beyond", "", "", NAN},
    {PRIMITIVE_ATANH, "atanh", "outside (-1, 1)", "atanh is infinite at -1 and 1, and NaN beyond",
     "", "", NAN},
    {PRIMITIVE_SIN, "sin", "infinite", "sin of an infinity is NaN", "", "", NAN},
    {PRIMITIVE_COS, "cos", "infinite", "cos of an infinity is NaN", "", "", NAN},
    {PRIMITIVE_TAN, "tan", "infinite", "tan of an infinity is NaN", "", "", NAN},
};

static const Words *words_of(Primitive p) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].primitive == p) return &words[i];
    }
    return NULL;
}

/* What is being said, while it is put together. */
typedef struct Speech {
    Analysis *a;
    const Finding *f;
    const char *type; /* spelling of the element type */
    const char *title;
    const char *operand; /* what people call the operand that breaks the domain */
    const char *effect;  /* "log(0) is -inf" */
    Value culprit;       /* node of that operand, or none */
    Range range;         /* of that operand */
    Danger danger;
} Speech;

static const char *number(const Speech *s, double value) {
    if (isnan(value)) return "NaN";
    Buf out = buf_make(&s->a->cx->scratch);
    buf_put_rounded(&out, value, 6);
    return buf_text(&out);
}

#define TEXT(...) arena_format(&s->a->cx->scratch, __VA_ARGS__)

/* Names of operands and attributes as they stand inside of a printed formula. */
static const char *bare(Speech *s, Value v) {
    const char *text = ir_describe(s->a->graph, v);
    size_t length = strlen(text);
    if (text[0] != '`' || length < 3) return text;
    return arena_text(&s->a->cx->scratch, text + 1, length - 2);
}

/* Whether the site stands in the formula of a combined value. */
static bool stands_after(const Speech *s) {
    Site sites[OP_MAX_SITES];
    uint32_t count = ir_sites(s->a->graph, s->f->node, sites);
    return s->f->site < count && sites[s->f->site].part == SITE_AFTER;
}

/* Whether an operand of the formula is what the node itself has written before. */
static bool is_result(Graph *g, Value v, uint32_t operand) {
    Nest nest;
    nest_make(g, v, nest_count(g, v) - 1, &nest);
    return nest.operand[operand] == NEST_RESULT;
}

static void name_operand(Speech *s, const Scalar *arg) {
    Graph *g = s->a->graph;
    const Node *node = ir_node(g, s->f->node);
    bool after = stands_after(s);
    if (arg->kind == SCALAR_INPUT && !after && is_result(g, s->f->node, arg->index)) {
        s->operand = "the result so far";
        return;
    }
    if (arg->kind == SCALAR_INPUT && !after) {
        s->culprit = ir_operand(g, s->f->node, arg->index);
        s->operand = ir_describe(g, s->culprit);
        return;
    }
    if (after) {
        s->operand = arg->kind == SCALAR_INPUT ? "the sum" : "the number of terms";
        return;
    }
    const char *inputs[OP_MAX_INPUTS] = {"", "", ""}, *attributes[OP_MAX_ATTRS] = {0};
    for (uint32_t i = 0; i < node->operand_count && i < OP_MAX_INPUTS; i++) {
        inputs[i] = bare(s, ir_operand(g, s->f->node, i));
    }
    for (uint32_t i = 0; i < op_info[node->op].attr_count; i++)
        attributes[i] = op_info[node->op].attrs[i].name;
    Buf text = buf_make(&s->a->cx->scratch);
    buf_put_char(&text, '`');
    scalar_print(arg, inputs, attributes, &text);
    buf_put_char(&text, '`');
    s->operand = buf_text(&text);
    /* 0 of sqrt(x) is 0 of x. */
    if (arg->kind == SCALAR_APPLY && arg->args[0]->kind == SCALAR_INPUT &&
        primitive_info[arg->index].arity == 1) {
        s->culprit = ir_operand(g, s->f->node, arg->args[0]->index);
    }
}

static bool above(const Speech *s) {
    double to = dtype_bound(s->f->type, primitive_info[s->f->primitive].to);
    return s->range.high > to || ((s->range.flags & RANGE_POSITIVE) && to < INFINITY);
}

static bool under(const Speech *s) {
    double from = dtype_bound(s->f->type, primitive_info[s->f->primitive].from);
    return s->range.low < from || ((s->range.flags & RANGE_NEGATIVE) && from > -INFINITY);
}

static void say_interval(Speech *s) {
    const Finding *f = s->f;
    const Words *w = words_of(f->primitive);
    const char *spelling = primitive_info[f->primitive].spelling;
    const char *can = f->always ? "that is always" : "that can be";
    if (w == NULL) { /* the exponentials */
        double to = dtype_bound(f->type, primitive_info[f->primitive].to);
        bool negative = under(s) && !above(s);
        double reach = negative ? s->range.low : s->range.high;
        s->title = range_has_finite(s->range) ? TEXT("%s of a value that can reach %s overflows %s",
                                                     spelling, number(s, reach), s->type)
                                              : TEXT("%s of an infinite value", spelling);
        s->effect = TEXT("%s(x) is inf %s %s", spelling, negative ? "below" : "above",
                         number(s, negative ? -to : to));
        s->danger = DANGER_LARGE;
        return;
    }
    bool edge = isfinite(w->edge_value) && s->range.low >= w->edge_value && under(s) &&
                !(s->range.flags & RANGE_NEGATIVE);
    s->title = TEXT("%s of a value %s %s", w->noun, can, edge ? w->edge : w->low);
    s->effect = edge ? w->edge_effect : w->low_effect;
    s->danger = edge ? DANGER_ZERO : above(s) ? DANGER_OUTSIDE : DANGER_NEGATIVE;
}

static void say_domain(Speech *s) {
    const Finding *f = s->f;
    const char *can = f->always ? "that is always" : "that can be";
    switch (primitive_info[f->primitive].domain) {
    case DOMAIN_INTERVAL:
        say_interval(s);
        return;
    case DOMAIN_NONZERO:
        s->danger = DANGER_ZERO;
        if (f->code == NNA3013) {
            s->title = TEXT("mean over a window that can be empty");
            s->effect = "the mean of nothing is NaN";
            return;
        }
        s->title = f->primitive == PRIMITIVE_MOD
                       ? TEXT("remainder of a division by a value %s 0", can)
                       : TEXT("division by a value %s 0", can);
        s->effect = dtype_is_float(f->type) ? "x / 0 is an infinity, and 0 / 0 is NaN"
                                            : "x / 0 has no value";
        if (f->primitive == PRIMITIVE_MOD) s->effect = "a remainder of a division by 0 is NaN";
        return;
    case DOMAIN_POLES:
        s->danger = DANGER_NEGATIVE;
        s->title = TEXT("%s of a value %s 0, or a negative integer",
                        primitive_info[f->primitive].spelling, can);
        s->effect = TEXT("%s has poles there", primitive_info[f->primitive].spelling);
        return;
    case DOMAIN_POWER: {
        bool negative = f->args[0].low < 0 && !(f->args[1].flags & RANGE_INTEGRAL);
        s->title =
            negative
                ? TEXT("power of a value %s negative, with an exponent that is no integer", can)
                : TEXT("negative power of a value %s 0", can);
        s->effect = negative ? "pow(x, y) is NaN there" : "pow(0, y) is inf for y below 0";
        s->danger = negative ? DANGER_NEGATIVE : DANGER_ZERO;
        return;
    }
    case DOMAIN_CONVERT: {
        const char *to = dtype_info[ir_node(s->a->graph, f->node)->dtype].spelling;
        double reach = s->range.high >= -s->range.low ? s->range.high : s->range.low;
        s->title = range_has_finite(s->range)
                       ? TEXT("conversion to %s of a value that can be %s", to, number(s, reach))
                       : TEXT("conversion to %s of an infinite value", to);
        s->effect = TEXT("%s ends at %s", to,
                         number(s, dtype_info[ir_node(s->a->graph, f->node)->dtype].max));
        s->danger = DANGER_LARGE;
        return;
    }
    case DOMAIN_NONE:
        break;
    }
}

static const char *result_noun(const Finding *f) {
    switch ((int)f->primitive) {
    case PRIMITIVE_ADD:
        return f->at == NULL ? "sum of terms" : "sum";
    case PRIMITIVE_SUB:
        return "difference";
    case PRIMITIVE_MUL:
        return f->at == NULL ? "product of terms" : "product";
    case PRIMITIVE_DIV:
        return "quotient";
    case PRIMITIVE_POW:
        return "power";
    case PRIMITIVE_NEG:
        return "negation";
    case PRIMITIVE_ABS:
        return "absolute value";
    default:
        return "result";
    }
}

static void say_result(Speech *s) {
    const Finding *f = s->f;
    s->danger = DANGER_RESULT;
    const char *can = f->always ? "always overflows" : "can overflow";
    if (f->failure == FAILURE_OVERFLOW) {
        s->title = TEXT("%s that %s %s", result_noun(f), can, s->type);
        s->effect = TEXT("%s ends at %s", s->type, number(s, dtype_info[f->type].max));
        return;
    }
    if (f->code == NNA3013) {
        s->title = "normalisation of a row that can be masked throughout";
        s->effect = "the largest of nothing is -inf, and -inf - -inf is NaN";
        return;
    }
    switch ((int)f->primitive) {
    case PRIMITIVE_MUL:
        s->title = "product of 0 and an infinity";
        break;
    case PRIMITIVE_DIV:
        s->title = "quotient of infinities";
        break;
    default:
        s->title = "difference of infinities";
    }
    s->effect = f->primitive == PRIMITIVE_MUL   ? "0 * inf is NaN"
                : f->primitive == PRIMITIVE_DIV ? "inf / inf is NaN"
                                                : "inf - inf is NaN";
}

static const char *range_text(Speech *s, Range r, DType type) {
    Buf out = buf_make(&s->a->cx->scratch);
    range_print(r, type, &out);
    return buf_text(&out);
}

/* " at 0..K of axis 1", where only a part of the elements can fail. */
static const char *part_text(Speech *s) {
    const Finding *f = s->f;
    if (f->end.id == 0) return "";
    const Graph *g = s->a->graph;
    Buf out = buf_make(&s->a->cx->scratch);
    buf_put(&out, " at ");
    dim_print(g->dims, f->begin, &g->cx->names, &out);
    buf_put(&out, "..");
    dim_print(g->dims, f->end, &g->cx->names, &out);
    buf_printf(&out, " of axis %u", (unsigned)f->axis);
    return buf_text(&out);
}

/* "`a` is in [0, 1] and `b` in [2, 3]; ..." for failures of a result. */
static void label_operands(Speech *s, Diag *d) {
    const Finding *f = s->f;
    if (f->at == NULL) {
        diag_primary(s->a->cx, d, "each term is in %s%s; %s",
                     range_text(s, f->args[0], f->type), part_text(s), s->effect);
        return;
    }
    Buf text = buf_make(&s->a->cx->scratch);
    const char *before = NULL;
    for (int i = 0; i < primitive_info[f->primitive].arity; i++) {
        name_operand(s, f->at->args[i]);
        bool written = f->at->args[i]->kind == SCALAR_INPUT && f->node.id < s->a->update_from;
        bool constant = !written && range_is_point(f->args[i]);
        if (constant || (before != NULL && strcmp(before, s->operand) == 0)) continue;
        before = s->operand;
        buf_printf(&text, "%s%s is in %s", text.length == 0 ? "" : " and ", s->operand,
                   range_text(s, f->args[i], f->type));
    }
    s->culprit = VALUE_NONE;
    diag_primary(s->a->cx, d, "%s%s; %s", buf_text(&text), part_text(s), s->effect);
}

static double cell_number(Cell cell, DType type) {
    return dtype_is_float(type) ? cell.f : (double)cell.i;
}

static void note_witness(Speech *s, Diag *d) {
    const Finding *f = s->f;
    const Graph *g = s->a->graph;
    const SiteFact *fact = facts_site(s->a->facts, f->node, f->site);
    if (fact->verdict != VERDICT_CONFIRMED) {
        if (f->cut_short) {
            diag_note(s->a->cx, d,
                      "the search for a witness was cut short: the model needs more than `--limit "
                      "witness-steps=%llu`",
                      (unsigned long long)s->a->cx->limits.witness_steps);
        }
        if (f->unsplit) {
            diag_note(s->a->cx, d,
                      "ranges were not looked at in all their parts: the model needs more than "
                      "`--limit split-visits=%llu`",
                      (unsigned long long)s->a->cx->limits.split_visits);
        }
        return;
    }
    const char *inputs =
        f->inputs[0] == '\0' ? "for every input" : TEXT("for example %s", f->inputs);
    const char *element = f->element == NULL ? "" : f->element;
    int which =
        primitive_info[f->primitive == PRIMITIVE_COUNT ? PRIMITIVE_NEG : f->primitive].domain ==
                DOMAIN_NONZERO
            ? 1
            : 0;
    Cell cell = s->danger == DANGER_RESULT ? f->event.result : f->event.args[which];
    double value = cell_number(cell, f->type);
    bool same_place = !ir_is_poison(s->culprit) && s->danger != DANGER_RESULT &&
                      ir_node(g, s->culprit)->shape.id == ir_node(g, f->node)->shape.id;
    if (s->danger == DANGER_RESULT) {
        diag_note(s->a->cx, d, "%s: the result%s is %s", inputs, element, number(s, value));
    } else {
        diag_note(s->a->cx, d, "%s: %s%s is %s", inputs, s->operand, same_place ? element : "",
                  number(s, value));
    }
}

static void say_contract(Speech *s) {
    const Finding *f = s->f;
    const Graph *g = s->a->graph;
    s->culprit = ir_operand(g, f->node, 0);
    s->operand = ir_describe(g, s->culprit);
    s->danger = DANGER_OUTSIDE;
    s->title =
        TEXT("%s %s its contract", s->operand, f->always ? "never keeps" : "is not proved to keep");
}

static void say_index(Speech *s) {
    const Graph *g = s->a->graph;
    s->culprit = ir_operand(g, s->f->node, OP_INDEX_OPERAND);
    s->operand = ir_describe(g, s->culprit);
    s->danger = DANGER_OUTSIDE;
    s->title = TEXT("index that %s outside of %s", s->f->always ? "is always" : "can be",
                    ir_describe(g, ir_operand(g, s->f->node, 0)));
    s->effect = TEXT("%s is %s", ir_describe(g, ir_operand(g, s->f->node, 0)),
                     shape_text(g, ir_node(g, ir_operand(g, s->f->node, 0))->shape));
}

/* The title, and what it is about. */
static void say(Speech *s) {
    const Finding *f = s->f;
    switch (f->failure) {
    case FAILURE_CONTRACT:
        say_contract(s);
        return;
    case FAILURE_INDEX:
        say_index(s);
        return;
    case FAILURE_OVERFLOW:
    case FAILURE_UNDEFINED:
        say_result(s);
        return;
    case FAILURE_DOMAIN: {
        int which = primitive_info[f->primitive].domain == DOMAIN_NONZERO ? 1 : 0;
        s->range = f->args[which];
        name_operand(s, f->at->args[which]);
        say_domain(s);
    }
    }
}

static void label_primary(Speech *s, Diag *d) {
    const Finding *f = s->f;
    Ctx *cx = s->a->cx;
    if (f->failure == FAILURE_CONTRACT) {
        Contract contract = ir_contract_of(s->a->graph, f->node);
        diag_primary(cx, d, "%s is in %s", s->operand, range_text(s, s->range, f->type));
        if (contract.span.begin != 0) diag_label(cx, d, contract.span, "the contract stands here");
    } else if (s->danger == DANGER_RESULT) {
        label_operands(s, d);
    } else if (f->always && range_is_point(s->range)) {
        diag_primary(cx, d, "%s is %s%s; %s", s->operand, number(s, s->range.low), part_text(s),
                     s->effect);
    } else {
        diag_primary(cx, d, "%s is in %s%s; %s", s->operand, range_text(s, s->range, f->type),
                     part_text(s), s->effect);
    }
}

static void add_fact(const Analysis *a, Diag *d, const char *role, const char *subject, Range r,
                     DType type) {
    const DiagFact fact = {.role = role,
                           .subject = subject,
                           .type = dtype_info[type].spelling,
                           .low = r.low,
                           .high = r.high,
                           .nan = range_may_be_nan(r),
                           .positive_infinity = (r.flags & RANGE_POSITIVE) != 0,
                           .negative_infinity = (r.flags & RANGE_NEGATIVE) != 0,
                           .nonzero = (r.flags & RANGE_NONZERO) != 0,
                           .integral = (r.flags & RANGE_INTEGRAL) != 0};
    diag_fact(a->cx, d, fact);
}

/* Whether it is about a combined value, whose terms have no names. */
static bool is_about_terms(const Finding *f) {
    return f->at == NULL && f->failure != FAILURE_CONTRACT && f->failure != FAILURE_INDEX;
}

static uint32_t operand_count(const Finding *f) {
    return f->at == NULL ? 1 : primitive_info[f->primitive].arity;
}

/* The ranges of the operands, for programs; `s` is that of the words. */
static void add_facts(const Speech *s, Diag *d) {
    const Finding *f = s->f;
    Speech each = *s;
    bool is_term = is_about_terms(f);
    for (uint32_t i = 0; i < operand_count(f); i++) {
        if (f->at != NULL) name_operand(&each, f->at->args[i]);
        else if (is_term) each.operand = "each term";
        add_fact(s->a, d, is_term ? "term" : "operand", each.operand, f->args[i], f->type);
    }
}

static void add_witness(const Speech *s, Diag *d) {
    const Finding *f = s->f;
    bool converts = f->at != NULL && primitive_info[f->primitive].domain == DOMAIN_CONVERT;
    DType result = converts ? ir_node(s->a->graph, f->node)->dtype : f->type;
    bool is_term = is_about_terms(f);
    DiagWitness witness = {.inputs = f->inputs,
                           .element = f->element,
                           .operand_count = is_term ? 0 : operand_count(f),
                           .result = cell_number(f->event.result, result)};
    for (uint32_t i = 0; i < witness.operand_count; i++) {
        witness.operands[i] = cell_number(f->event.args[i], f->type);
    }
    diag_witness(s->a->cx, d, witness);
}

/* What programs are told beside the words. */
static void add_evidence(const Speech *s, Diag *d, bool confirmed) {
    const Graph *g = s->a->graph;
    d->operation = ir_path(g, s->f->node, &s->a->cx->session);
    d->verdict = confirmed ? "confirmed" : "possible";
    if (!ir_is_poison(s->culprit) && ir_parameter(g, s->culprit) != NULL) {
        d->parameter = names_text(&s->a->cx->names, ir_node(g, s->culprit)->name);
    }
    add_facts(s, d);
    if (confirmed) add_witness(s, d);
}

/* What people need who see it on one machine and not on the other. */
static void note_flushing(const Speech *s, Diag *d) {
    diag_note(s->a->cx, d,
              "there (TensorFlow on CPUs, most GPUs) numbers nearer to 0 than %s are 0; a compiled "
              "model and its guards keep them",
              number(s, dtype_info[s->f->type].min_normal));
}

/* What is infinite or NaN, of what follows from the model. */
static const char *subject(Speech *s) {
    if (s->f->code == NNA3015) return "the gradient can be infinite or NaN: ";
    const TrainingCall *call = explain_method(s->a, s->f->node);
    if (s->f->code != NNA3016 || call == NULL) return "";
    const TrainingInfo *info = &training_info[call->method];
    const char *what = info->kind == TRAINING_KIND_OPTIMIZER ? "the update of "
                       : info->kind == TRAINING_KIND_SCHEDULE ? "the learning rate of "
                                                              : "the gradient after ";
    return TEXT("%s`%s` can be infinite or NaN: ", what, info->spelling);
}

static void report(Analysis *a, const Finding *f) {
    Speech speech = {.a = a, .f = f, .type = dtype_info[f->type].spelling, .range = f->args[0]};
    Speech *s = &speech;
    say(s);
    OriginId via;
    Span place = ir_place(a->graph, f->node, &via);
    Diag *d = diag_new(a->cx, f->code, place, "%s%s%s", subject(s), s->title,
                       f->flushed ? ", only where subnormal numbers are flushed to zero" : "");
    bool confirmed = facts_site(a->facts, f->node, f->site)->verdict == VERDICT_CONFIRMED;
    bool sure = (confirmed || f->always) && !f->flushed;
    d->severity = sure ? SEVERITY_ERROR : SEVERITY_WARNING;
    d->model = a->graph->name;
    label_primary(s, d);
    add_evidence(s, d, confirmed);
    if (f->failure == FAILURE_DOMAIN) explain_origin(a, d, s->culprit, s->danger, f->scale);
    explain_calls(a, d, via);
    explain_gradient(a, d, f->node);
    explain_assumptions(a, d, f);
    explain_margin(a, d, f);
    note_witness(s, d);
    if (f->flushed) note_flushing(s, d);
    if (a->supposed != NULL) diag_note(a->cx, d, "%s", a->supposed);
    if (f->code == NNA3016) explain_update(a, d, f);
    else explain_help(a, d, f, s->culprit, s->danger);
    diag_emit(a->cx, d);
}

/* The first source that may be NaN or infinite and that v is computed from. */
static Value source_of_bad(const Analysis *a, Value v) {
    const Graph *g = a->graph;
    bool *needed = ARENA_ARRAY(&a->cx->scratch, bool, g->nodes.count);
    needed[v.id] = true;
    Value found = VALUE_NONE;
    for (uint32_t id = v.id; id > 0; id--) {
        if (!needed[id]) continue;
        const Node *node = &g->nodes.data[id];
        bool bad = (a->facts->range[id].flags & RANGE_BAD) != 0;
        if (bad && op_info[node->op].type == TYPE_SOURCE) found = (Value){id};
        for (uint32_t i = 0; bad && i < node->operand_count; i++)
            needed[ir_operand(g, (Value){id}, i).id] = true;
    }
    return found;
}

/* A result that may be NaN or infinite, though nothing in the model makes it so. */
static void report_results(Analysis *a) {
    const Graph *g = a->graph;
    for (uint32_t i = 0; i < g->results.count; i++) {
        const Result *result = &g->results.data[i];
        if (ir_is_poison(result->value)) continue;
        Range r = a->facts->range[result->value.id];
        if (!(r.flags & RANGE_BAD) || !dtype_is_float(ir_node(g, result->value)->dtype)) continue;
        if (ir_node(g, result->value)->op == OP_EXPECT &&
            ir_contract_of(g, result->value).kind == CONTRACT_ANY)
            continue;
        const char *what = range_may_be_nan(r) && range_may_be_infinite(r) ? "NaN or an infinity"
                           : range_may_be_nan(r)                           ? "NaN"
                                                                           : "an infinity";
        Span place = ir_place(g, explain_strip(g, result->value), NULL);
        bool computed =
            place.begin != 0 &&
            op_info[ir_node(g, explain_strip(g, result->value))->op].type != TYPE_SOURCE;
        Diag *d = diag_new(a->cx, NNA3011, computed ? place : result->span,
                           "%s from outside reaches the output `%s`", what,
                           names_text(&a->cx->names, result->name));
        Buf text = buf_make(&a->cx->scratch);
        range_print(r, ir_node(g, result->value)->dtype, &text);
        diag_primary(a->cx, d, "this can be %s", buf_text(&text));
        Value source = source_of_bad(a, result->value);
        if (!ir_is_poison(source)) {
            Span span = ir_node(g, source)->name_span;
            if (span.begin == 0) span = ir_place(g, source, NULL);
            if (span.begin != 0) diag_label(a->cx, d, span, "it comes from here");
        }
        d->model = g->name;
        d->operation = ir_path(g, result->value, &a->cx->session);
        add_fact(a, d, "result", names_text(&a->cx->names, result->name), r,
                 ir_node(g, result->value)->dtype);
        diag_emit(a->cx, d);
    }
}

/* Sums, products and quotients of an update overflow where a gradient is large, and in the analysis
 * where the bounds of numerator and divisor, taken apart, are far from what both can be together:
 * without a run that shows it that is growth. */
static bool is_growth(const Analysis *a, const Finding *f) {
    SiteFact *fact = &a->facts->sites[a->facts->first_site[f->node.id] + f->site];
    bool plain = f->failure == FAILURE_OVERFLOW && f->primitive != PRIMITIVE_POW;
    if (f->code != NNA3016 || !plain || fact->verdict == VERDICT_CONFIRMED) return false;
    fact->verdict = VERDICT_GROWTH;
    return true;
}

void pass_numeric(Analysis *a) {
    Facts *facts = a->facts;
    for (uint32_t i = 0; i < a->findings.count; i++) {
        const Finding *f = &a->findings.data[i];
        a->facts = f->flushed ? facts->flushed : facts;
        if (is_growth(a, f)) continue;
        report(a, f);
    }
    a->facts = facts;
    if (a->supposed == NULL) report_results(a);
}
