/* Reading a graph: places, descriptions, and facts that stand in attributes. */
#include "ir/ir.h"

#include <assert.h>
#include <string.h>

enum { MAX_DESCRIPTION = 40 };

static Source *source_of(const Graph *g, Span span) {
    return span.begin == 0 ? NULL : source_at(&g->cx->sources, span.begin);
}

static bool in_prelude(const Graph *g, Span span) {
    Source *source = source_of(g, span);
    return source != NULL && source->is_prelude;
}

Span ir_origin_place(const Graph *g, OriginId origin, OriginId *via) {
    while (origin.id != 0 && in_prelude(g, ir_origin(g, origin)->span)) {
        origin = ir_origin(g, origin)->caller;
    }
    if (via != NULL) *via = origin;
    return ir_origin(g, origin)->span;
}

Span ir_place(const Graph *g, Value v, OriginId *via) {
    return ir_origin_place(g, ir_node(g, v)->origin, via);
}

/* Text of a span when it is short and on one line, else NULL. */
static const char *short_text(const Graph *g, Span span) {
    Source *source = source_of(g, span);
    if (source == NULL || span.end <= span.begin || span.end - span.begin > MAX_DESCRIPTION) {
        return NULL;
    }
    const char *text = source->text + (span.begin - source->base);
    uint32_t length = span.end - span.begin;
    if (memchr(text, '\n', length) != NULL) return NULL;
    Buf out = buf_make(&g->cx->scratch);
    buf_put_char(&out, '`');
    buf_put_escaped(&out, text, length);
    buf_put_char(&out, '`');
    return buf_text(&out);
}

static const char *describe(const Graph *g, Value v) {
    const Node *node = ir_node(g, v);
    if (v.id == 0) return "a value in error";
    if (node->name.id != 0 && !in_prelude(g, node->name_span)) {
        return arena_format(&g->cx->scratch, "`%s`", names_text(&g->cx->names, node->name));
    }
    OriginId via;
    const char *text = short_text(g, ir_place(g, v, &via));
    if (text != NULL) return text;
    if (via.id != node->origin.id) {
        Name block = ir_origin(g, node->origin)->block;
        return arena_format(&g->cx->scratch, "a value inside `%s`",
                            names_text(&g->cx->names, block));
    }
    return arena_format(&g->cx->scratch, "the result of `%s`", op_info[node->op].spelling);
}

const char *ir_path_to(const Graph *g, OriginId origin, const char *last, Arena *arena) {
    const char *path = last;
    for (OriginId at = origin; at.id != 0; at = ir_origin(g, at)->caller) {
        Name block = ir_origin(g, at)->block;
        if (block.id == 0) continue;
        path = arena_format(arena, "%s/%s", names_text(&g->cx->names, block), path);
    }
    return path;
}

const char *ir_path(const Graph *g, Value v, Arena *arena) {
    const Node *node = ir_node(g, v);
    const char *last = node->name.id != 0 ? names_text(&g->cx->names, node->name)
                                          : op_info[node->op].spelling;
    return ir_path_to(g, node->origin, last, arena);
}

const char *ir_describe(const Graph *g, Value v) {
    const Node *node = ir_node(g, v);
    bool named = node->name.id != 0 && !in_prelude(g, node->name_span);
    const char *text = describe(g, v);
    const Origin *origin = ir_origin(g, node->origin);
    if (named || origin->taken.id == 0 || origin->again) return text;
    return arena_format(&g->cx->scratch, "the gradient of %s", text);
}

Contract ir_contract_of(const Graph *g, Value v) {
    int at = op_attr(ir_node(g, v)->op, "contract");
    if (at < 0 || ir_attr(g, v, (uint32_t)at)->kind != ATTR_CONTRACT) {
        return (Contract){.kind = CONTRACT_FINITE};
    }
    return *ir_contract(g, ir_attr(g, v, (uint32_t)at)->as.contract);
}

/* Whether b is the result after a of one call. */
static bool is_next_result(const Graph *g, Value a, Value b) {
    const Node *x = ir_node(g, a), *y = ir_node(g, b);
    if (y->op != OP_EXTERN || x->op != OP_EXTERN) return false;
    if (x->operand_count != y->operand_count) return false;
    if (ir_attr(g, b, 3)->as.integer != ir_attr(g, a, 3)->as.integer + 1) return false;
    for (uint32_t i = 0; i < x->operand_count; i++) {
        if (ir_operand(g, a, i).id != ir_operand(g, b, i).id) return false;
    }
    return name_is(ir_attr(g, a, 0)->as.name, ir_attr(g, b, 0)->as.name) &&
           name_is(ir_attr(g, a, 2)->as.name, ir_attr(g, b, 2)->as.name);
}

uint32_t ir_extern_results(const Graph *g, Value v, Value *first) {
    uint32_t count = 1;
    *first = v;
    while (is_next_result(g, (Value){first->id - 1}, *first)) first->id--;
    if (ir_attr(g, *first, 3)->as.integer != 0) return 0; /* the first is missing */
    while (first->id + count < g->nodes.count &&
           is_next_result(g, (Value){first->id + count - 1}, (Value){first->id + count})) {
        count++;
    }
    return count;
}

const Data *ir_data(const Graph *g, Value v) {
    int at = op_attr(ir_node(g, v)->op, "data");
    if (at < 0) return NULL;
    uint32_t data = ir_attr(g, v, (uint32_t)at)->as.data;
    return data == 0 ? NULL : &g->data.data[data];
}

bool ir_rules_hold(const Graph *g, const int64_t *values) {
    for (uint32_t i = 0; i < g->rules.count; i++) {
        const DimRule *rule = &g->rules.data[i];
        int64_t a, b;
        if (!dim_evaluate(g->dims, rule->a, values, &a)) return false;
        if (!dim_evaluate(g->dims, rule->b, values, &b)) return false;
        if (rule->equal ? a != b : a > b) return false;
    }
    return true;
}

DimId ir_element_count(Graph *g, Value v) {
    if (ir_node(g, v)->shape.id == 0) return DIM_UNKNOWN;
    Shape shape = ir_shape(g, v);
    DimId count = dim_constant(g->dims, 1);
    for (uint8_t i = 0; i < shape.rank; i++) count = dim_mul(g->dims, count, shape.dims[i]);
    return count;
}

double attr_number(const Attr *a) {
    switch (a->kind) {
    case ATTR_REAL: return a->as.real;
    case ATTR_INTEGER:
    case ATTR_BOOLEAN:
    case ATTR_WORD:
    case ATTR_AXIS: return (double)a->as.integer;
    case ATTR_NONE:
    case ATTR_AXES:
    case ATTR_INTEGERS:
    case ATTR_DIMS:
    case ATTR_WINDOW:
    case ATTR_PADDING:
    case ATTR_DTYPE:
    case ATTR_CONTRACT:
    case ATTR_NAME:
    case ATTR_DATA: break;
    }
    return 0;
}

bool ir_is_primitive(const Graph *g, Value v, Primitive p) {
    const OpInfo *info = &op_info[ir_node(g, v)->op];
    return info->form == FORM_EWISE && scalar_primitive(ir_taken(g, v, info->body)) == p;
}

DimId ir_positions(const Graph *g, Value v) {
    const Node *node = ir_node(g, v);
    const OpInfo *info = &op_info[node->op];
    Shape shape = ir_shape(g, v);
    if (node->op == OP_SCAN_STEP) return ir_attr(g, v, 0)->as.dims[0];
    if (info->type == TYPE_ORDER) {
        return shape.dims[ir_attr(g, v, (uint32_t)op_attr(node->op, "axis"))->as.integer];
    }
    const Scalar *body = info->body;
    bool positions = info->form == FORM_EWISE && body->kind == SCALAR_POSITION;
    if (!positions || body->index >= shape.rank) return DIM_UNKNOWN;
    return shape.dims[shape.rank - 1 - body->index];
}

/* Parameters are in the order of their nodes. */
const Parameter *ir_parameter(const Graph *g, Value v) {
    uint32_t low = 0, high = g->parameters.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g->parameters.data[middle].value.id < v.id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < g->parameters.count && g->parameters.data[low].value.id == v.id;
    return found ? &g->parameters.data[low] : NULL;
}

const Update *ir_update(const Graph *g, Value v) {
    const Parameter *p = ir_parameter(g, v);
    return p == NULL || p->update == 0 ? NULL : &g->updates.data[p->update - 1];
}

/* Whether attributes alone decide a condition; they are compared with numbers that are exact. */
static bool is_decided(const Graph *g, Value v, const Scalar *s, bool *holds) {
    const Scalar *a = s;
    bool compares = s->kind == SCALAR_APPLY && s->index == PRIMITIVE_EQ;
    if (compares) a = s->args[0];
    if (a->kind != SCALAR_ATTRIBUTE) return false;
    if (compares && s->args[1]->kind != SCALAR_CONSTANT) return false;
    double number = attr_number(ir_attr(g, v, a->index));
    *holds = compares ? number == s->args[1]->value : number != 0;
    return true;
}

const Scalar *ir_taken(const Graph *g, Value v, const Scalar *s) {
    bool holds;
    while (s != NULL && s->kind == SCALAR_APPLY && s->index == PRIMITIVE_SELECT &&
           is_decided(g, v, s->args[0], &holds)) {
        s = s->args[holds ? 1 : 2];
    }
    return s;
}

/* The sites of one node, so far. */
typedef struct Sites {
    const Graph *g;
    Value v;
    DType type;
    Site *out;
    uint32_t count;
} Sites;

/* Adds the dangerous applications of s in evaluation order. */
static void add_sites(Sites *sites, const Scalar *s, SitePart part) {
    s = ir_taken(sites->g, sites->v, s);
    if (s == NULL || s->kind != SCALAR_APPLY) return;
    Primitive p = (Primitive)s->index;
    for (int i = 0; i < primitive_info[p].arity; i++) add_sites(sites, s->args[i], part);
    if (!primitive_is_dangerous(p, sites->type)) return;
    for (uint32_t i = 0; i < sites->count; i++) {
        if (sites->out[i].at == s) return; /* a shared subtree is computed once */
    }
    sites->out[sites->count++] = (Site){.part = part, .primitive = p, .at = s};
}

uint32_t ir_sites(const Graph *g, Value v, Site out[OP_MAX_SITES]) {
    Op op = ir_node(g, v)->op;
    const OpInfo *info = &op_info[op];
    if (op == OP_NONE) return 0;
    if (info->form == FORM_SPECIAL) {
        if (op_attr(op, "contract") < 0 || op == OP_PARAM || op == OP_BUFFER) return 0;
        out[0] = (Site){.part = SITE_CONTRACT, .primitive = PRIMITIVE_COUNT};
        return 1;
    }
    if (info->form == FORM_REGION) return 0; /* a step is never outside */
    Sites sites = {.g = g, .v = v, .type = ir_computed_in(g, v), .out = out};
    if (info->type == TYPE_GATHER || info->type == TYPE_SCATTER) {
        out[sites.count++] = (Site){.part = SITE_INDEX, .primitive = PRIMITIVE_COUNT};
    }
    add_sites(&sites, info->body, SITE_BODY);
    Primitive combine = combiner_primitive(info->combine);
    if (combine != PRIMITIVE_COUNT && primitive_is_dangerous(combine, sites.type)) {
        out[sites.count++] = (Site){.part = SITE_COMBINE, .primitive = combine};
    }
    add_sites(&sites, info->after, SITE_AFTER);
    return sites.count;
}
