/* Types: dimensions, contracts, and the unification of a declaration's parameter types with
 * the arguments of a call. */
#include "frontend/lower_internal.h"

#include "frontend/element.h"
#include "ir/call.h"
#include "ir/shape.h"
#include "ir/text.h"

#include <math.h>
#include <string.h>

static const char *dims_text(Lower *l, DimId dim) {
    Buf text = buf_make(&l->cx->scratch);
    dim_print(l->g->dims, dim, &l->cx->names, &text);
    return buf_text(&text);
}

/* A division between dimensions is meant to be exact, constants included. */
DimId divide_exactly(Lower *l, DimId a, DimId b, Span span) {
    DimId quotient = DIM_UNKNOWN;
    int64_t divisor = 1;
    if (dim_is(a, DIM_UNKNOWN) || dim_is(b, DIM_UNKNOWN)) return DIM_UNKNOWN;
    if (dim_is_constant(l->g->dims, b, &divisor) && divisor == 0) {
        fault_say(l, NNA3002, span, "division of a dimension by zero");
        return DIM_UNKNOWN;
    }
    DimDivision division = dim_exact_div(l->g->dims, a, b, &quotient);
    if (division == DIM_EXACT) return quotient;
    bool never = division == DIM_INEXACT;
    Diag *d = fault(l, NNA2005, span, "the division of %s by %s %s exact", dims_text(l, a),
                    dims_text(l, b), never ? "is not" : "may not be");
    if (never) d->severity = SEVERITY_ERROR;
    if (!l->frame->prelude) diag_help(l->cx, d, "`//` rounds down");
    fault_emit(l, d);
    return never ? DIM_UNKNOWN : quotient;
}

static DimId divide_dimensions(Lower *l, Ast ast) {
    DimId a = eval_dim(l, ast_child(l->frame->file, ast, AST_BINARY_LEFT));
    DimId b = eval_dim(l, ast_child(l->frame->file, ast, AST_BINARY_RIGHT));
    return divide_exactly(l, a, b, span_of(l, ast));
}

DimId eval_dim(Lower *l, Ast ast) {
    const AstNode *node = node_of(l, ast);
    DimId dim = DIM_UNKNOWN;
    if (node->kind == AST_BINARY && node->op == AST_OP_DIVIDE) return divide_dimensions(l, ast);
    Object o = eval(l, ast);
    if (o.kind == OBJECT_POISON || object_as_dim(l, &o, &dim)) return dim;
    fault_say(l, NNA1008, node->span, "a dimension must be a whole number, and this is %s",
              object_describe(l, &o));
    return DIM_UNKNOWN;
}

static Span tensor_type_span(const Lower *l, Ast type) {
    Span span = span_of(l, type);
    Ast contract = ast_child(l->frame->file, type, AST_TENSOR_TYPE_CONTRACT);
    if (contract.id == 0) return span;
    /* What stands before `in`. */
    const Source *source = l->frame->file->source;
    const char *text = source->text + (span.begin - source->base);
    uint32_t end = span_of(l, contract).begin - span.begin;
    while (end > 0 && text[end - 1] != ']') end--;
    return (Span){span.begin, span.begin + end};
}

/* The element type that a type names; a variable of the prelude takes `given`, or the one it
 * has. DTYPE_NONE after a report. */
static DType element_type(Lower *l, Ast type, DType given) {
    const char *name = text_of(l, ast_name(l->frame->file, type));
    DType dtype = dtype_find(name);
    const ElementVariable *variable = element_variable_find(name);
    if (dtype != DTYPE_NONE || !l->frame->prelude || !variable) return dtype;
    DType own = given, *bound = variable->shared ? &l->frame->element : &own;
    if (*bound == DTYPE_NONE) *bound = given;
    dtype = *bound;
    if (dtype == DTYPE_NONE || element_variable_takes(variable, dtype)) return dtype;
    fault_say(l, NNA2007, span_of(l, type), "`%s` takes %s elements, not %s",
              text_of(l, l->frame->block), variable->kinds, dtype_info[dtype].spelling);
    return DTYPE_NONE;
}

/* The list that a name of the prelude stands for: its items are dimensions. */
static const Object *listed_dimensions(Lower *l, Ast ast) {
    if (!l->frame->prelude || ast_kind(l->frame->file, ast) != AST_NAME) return NULL;
    const Object *bound = find_binding(l, ast_name(l->frame->file, ast));
    return bound && bound->kind == OBJECT_LIST ? bound : NULL;
}

/* The dimensions of a type; false after a report. */
static bool type_dimensions(Lower *l, Ast type, uint32_t *rank, DimId *dims) {
    AstRange list = ast_list(l->frame->file, type, AST_TENSOR_TYPE_DIMENSIONS);
    bool good = true;
    *rank = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        bool rest = ast_kind(l->frame->file, list.items[i]) == AST_ELLIPSIS;
        const Object *listed = listed_dimensions(l, list.items[i]);
        uint32_t count = rest ? l->frame->rest_rank : listed ? listed->count : 1;
        if (rest && !l->frame->rest_known) {
            fault_say(l, NNA1003, span_of(l, list.items[i]),
                      "`...` stands for dimensions of a parameter, and no parameter has it");
            return false;
        }
        if (*rank + count > MAX_RANK) {
            fault_say(l, NNA0002, span_of(l, type), "a tensor of more than %d dimensions",
                      MAX_RANK);
            return false;
        }
        for (uint32_t k = 0; k < count; k++) {
            if (listed) {
                object_as_dim(l, &listed->as.items[k], &dims[*rank]);
            } else {
                dims[*rank] = rest ? l->frame->rest[k] : eval_dim(l, list.items[i]);
            }
            good = good && !dim_is(dims[*rank], DIM_UNKNOWN);
            ++*rank;
        }
    }
    return good;
}

bool eval_tensor_type(Lower *l, Ast type, TensorType *out) {
    DimId dims[MAX_RANK];
    uint32_t rank = 0;
    *out = (TensorType){0};
    if (ast_kind(l->frame->file, type) != AST_TENSOR_TYPE) {
        if (ast_kind(l->frame->file, type) != AST_ERROR && !is_faulty(l, type)) {
            fault_say(l, NNA1008, span_of(l, type),
                      "a tensor type is wanted here, as in `f32[N, 3]`");
        }
        return false;
    }
    if (is_faulty(l, type)) return false;
    out->span = tensor_type_span(l, type);
    out->contract = ast_child(l->frame->file, type, AST_TENSOR_TYPE_CONTRACT);
    out->dtype = element_type(l, type, DTYPE_NONE);
    if (!type_dimensions(l, type, &rank, dims) || out->dtype == DTYPE_NONE) return false;
    out->shape = build_shape(l->g, fault_place(l, out->span), rank, dims);
    return out->shape.id != 0;
}

/* Contracts. */

static bool contract_number(Lower *l, Ast ast, double *out) {
    Object o = eval(l, ast);
    if (o.kind == OBJECT_POISON) return false;
    if (object_as_real(&o, out)) return number_to_double(l, &o, span_of(l, ast), out);
    if (o.kind == OBJECT_DIM) {
        fault_say(l, NNA0004, span_of(l, ast),
                  "not supported by this version: a contract with a dimension that is not known "
                  "while compiling");
    } else {
        fault_say(l, NNA1008, span_of(l, ast), "a contract takes numbers, and this is %s",
                  object_describe(l, &o));
    }
    return false;
}

static ContractId interval_contract(Lower *l, Ast ast, Contract c) {
    const AstNode *node = node_of(l, ast);
    bool low = contract_number(l, ast_child(l->frame->file, ast, AST_INTERVAL_LOW), &c.low);
    bool high = contract_number(l, ast_child(l->frame->file, ast, AST_INTERVAL_HIGH), &c.high);
    if (!low || !high) return (ContractId){0};
    c.kind = CONTRACT_INTERVAL;
    c.open_low = (node->flags & AST_OPEN_LOW) != 0;
    c.open_high = (node->flags & AST_OPEN_HIGH) != 0;
    if ((isinf(c.low) && !c.open_low) || (isinf(c.high) && !c.open_high)) {
        Diag *d = fault(l, NNA5001, node->span, "an interval is open where it ends in infinity");
        diag_help(l->cx, d, "write `(` or `)` there");
        fault_emit(l, d);
        return (ContractId){0};
    }
    /* Equal ends are exact: both are written in the text. */
    if (c.low > c.high || (c.low == c.high && (c.open_low || c.open_high))) {
        fault_say(l, NNA5004, node->span, "an interval that holds no number");
        return (ContractId){0};
    }
    return build_contract(l->g, c);
}

static ContractId set_contract(Lower *l, Ast ast, Contract c) {
    AstRange list = ast_list(l->frame->file, ast, AST_SET_VALUES);
    double *values = ARENA_ARRAY(&l->cx->module, double, list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        double value = 0;
        if (!contract_number(l, list.items[i], &value)) return (ContractId){0};
        uint32_t at = c.value_count++;
        for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
        values[at] = value;
    }
    c.kind = CONTRACT_SET;
    c.values = values;
    return build_contract(l->g, c);
}

static ContractId simplex_contract(Lower *l, Ast ast, uint32_t rank, Contract c) {
    Ast axis_ast = ast_child(l->frame->file, ast, AST_SIMPLEX_AXIS);
    int64_t axis = -1;
    if (axis_ast.id != 0) {
        Object o = eval(l, axis_ast);
        if (o.kind == OBJECT_POISON) return (ContractId){0};
        if (o.kind != OBJECT_INTEGER) {
            fault_say(l, NNA1008, span_of(l, axis_ast), "an axis is an integer, and this is %s",
                      object_describe(l, &o));
            return (ContractId){0};
        }
        axis = o.as.integer;
    }
    if (axis < -(int64_t)rank || axis >= (int64_t)rank) {
        fault_say(l, NNA2006, span_of(l, ast), "axis %lld of a tensor of %u dimensions",
                  (long long)axis, rank);
        return (ContractId){0};
    }
    c.kind = ast_kind(l->frame->file, ast) == AST_ONEHOT ? CONTRACT_ONEHOT : CONTRACT_SIMPLEX;
    c.axis = (uint8_t)(axis < 0 ? axis + rank : axis);
    return build_contract(l->g, c);
}

ContractId eval_contract(Lower *l, Ast contract, uint32_t rank) {
    if (contract.id == 0) return (ContractId){0};
    Contract c = {.kind = CONTRACT_FINITE, .span = fault_place(l, span_of(l, contract))};
    switch (ast_kind(l->frame->file, contract)) {
    case AST_INTERVAL: return interval_contract(l, contract, c);
    case AST_SET: return set_contract(l, contract, c);
    case AST_SIMPLEX:
    case AST_ONEHOT: return simplex_contract(l, contract, rank, c);
    case AST_FINITE: return build_contract(l->g, c);
    case AST_ANY: c.kind = CONTRACT_ANY; return build_contract(l->g, c);
    default: return (ContractId){0};
    }
}

/* Declared against computed. */

static const char *type_text(Lower *l, DType dtype, ShapeId shape) {
    return arena_format(&l->cx->scratch, "%s%s", dtype_info[dtype].spelling,
                        shape_text(l->g, shape));
}

static bool wrong_element_type(Lower *l, const TensorType *type, Value value, Span place,
                               const char *what) {
    DType found = ir_node(l->g, value)->dtype;
    if (found == type->dtype) return false;
    Diag *d = fault(l, NNA2007, place, "%s has elements of type %s, and %s is declared", what,
                    dtype_info[found].spelling, dtype_info[type->dtype].spelling);
    diag_primary(l->cx, d, "this is %s", type_text(l, found, ir_node(l->g, value)->shape));
    if (!l->frame->prelude) diag_label(l->cx, d, fault_place(l, type->span), "declared here");
    diag_help(l->cx, d, "`cast(x, %s)` converts", dtype_info[type->dtype].spelling);
    fault_emit(l, d);
    return true;
}

/* DIM_EQUAL, DIM_MAYBE or DIM_DIFFERENT for the worst pair of dimensions. */
static DimOrder compare_shapes(Lower *l, Shape a, Shape b, uint32_t *where) {
    DimOrder worst = DIM_EQUAL;
    for (uint32_t i = 0; i < a.rank; i++) {
        DimOrder order = dim_compare(l->g->dims, a.dims[i], b.dims[i]);
        if (order == DIM_EQUAL) continue;
        *where = i;
        if (order != DIM_MAYBE) return DIM_DIFFERENT;
        worst = DIM_MAYBE;
    }
    return worst;
}

/* Notes that dimensions of two shapes are taken to be equal. */
static void assume_equal(Lower *l, Shape a, Shape b, Span place) {
    OriginId origin = origin_here(l, place);
    for (uint32_t i = 0; i < a.rank; i++) {
        if (dim_is(a.dims[i], b.dims[i])) continue;
        graph_rule(l->g,
                   (DimRule){.a = a.dims[i], .b = b.dims[i], .equal = true, .origin = origin});
    }
}

bool check_tensor_type(Lower *l, const TensorType *type, Value value, Span place,
                       const char *what) {
    if (ir_is_poison(value) || wrong_element_type(l, type, value, place, what)) return false;
    Shape found = ir_shape(l->g, value), declared = l->g->shapes.data[type->shape.id];
    uint32_t where = 0;
    DimOrder order = found.rank == declared.rank ? compare_shapes(l, found, declared, &where)
                                                 : DIM_DIFFERENT;
    if (order == DIM_EQUAL) return true;
    const char *found_text = shape_text(l->g, ir_node(l->g, value)->shape);
    Diag *d = NULL;
    if (order == DIM_MAYBE) {
        d = fault(l, NNA2004, place, "%s has the shape %s, declared is %s: %s is taken to equal %s",
                  what, found_text, shape_text(l->g, type->shape), dims_text(l, found.dims[where]),
                  dims_text(l, declared.dims[where]));
        assume_equal(l, found, declared, place);
    } else {
        d = fault(l, NNA2002, place, "%s has the shape %s, declared is %s", what, found_text,
                  shape_text(l->g, type->shape));
    }
    diag_primary(l->cx, d, "this is %s",
                 type_text(l, type->dtype, ir_node(l->g, value)->shape));
    if (!l->frame->prelude) diag_label(l->cx, d, fault_place(l, type->span), "declared here");
    fault_emit(l, d);
    return order == DIM_MAYBE;
}

Value with_contract(Lower *l, Ast contract, Value value, Name what, Span span) {
    if (contract.id == 0 || ir_is_poison(value)) return value;
    ContractId id = eval_contract(l, contract, ir_shape(l->g, value).rank);
    return with_contract_of(l, id, value, what, span);
}

Value with_contract_of(Lower *l, ContractId id, Value value, Name what, Span span) {
    if (id.id == 0 || ir_is_poison(value)) return value;
    /* What the prelude states of its results is proved on paper and held by the tests. */
    Op op = l->frame->prelude ? OP_ASSUME : OP_EXPECT;
    const Attr attrs[] = {attr_contract(id), what.id != 0 ? attr_name(what) : attr_none()};
    return build_op(l->g, op, 1, &value, attrs, origin_here(l, span), NULL);
}

/* Unification. */

typedef struct Unify {
    Ast type;
    Name parameter, callee;
    Value value;
    Span place;
    AstRange parameters; /* whose names are no dimension variables */
} Unify;

static bool is_parameter(const Lower *l, AstRange parameters, Name name) {
    for (uint32_t i = 0; i < parameters.count; i++) {
        if (name_is(ast_name(l->frame->file, parameters.items[i]), name)) return true;
    }
    return false;
}

/* Operand shape against the written dimensions: sizes of `...` and bare variables are bound on
 * the first pass. */
static bool bind_dimensions(Lower *l, const Unify *u) {
    AstRange list = ast_list(l->frame->file, u->type, AST_TENSOR_TYPE_DIMENSIONS);
    Shape shape = ir_shape(l->g, u->value);
    uint32_t written = 0, at = 0;
    bool rest = false;
    for (uint32_t i = 0; i < list.count; i++) {
        bool ellipsis = ast_kind(l->frame->file, list.items[i]) == AST_ELLIPSIS;
        rest = rest || ellipsis;
        written += !ellipsis;
    }
    if (rest ? shape.rank < written : shape.rank != written) {
        Diag *d = fault(l, NNA2006, u->place,
                        "argument `%s` of `%s` has %u dimension%s, and %s%u %s"
                        " wanted",
                        text_of(l, u->parameter), text_of(l, u->callee), shape.rank,
                        shape.rank == 1 ? "" : "s", rest ? "at least " : "", written,
                        written == 1 ? "is" : "are");
        diag_primary(l->cx, d, "this is %s",
                     type_text(l, ir_node(l->g, u->value)->dtype, ir_node(l->g, u->value)->shape));
        if (!l->frame->prelude) diag_label(l->cx, d, span_of(l, u->type), "declared here");
        fault_emit(l, d);
        return false;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        if (ast_kind(l->frame->file, list.items[i]) == AST_ELLIPSIS) {
            uint32_t count = shape.rank - written;
            if (!l->frame->rest_known) {
                l->frame->rest_known = true;
                note_shape_use(l, u->value);
                l->frame->rest_rank = (uint8_t)count;
                for (uint32_t k = 0; k < count; k++) l->frame->rest[k] = shape.dims[at + k];
            }
            at += count;
            continue;
        }
        Name name = ast_name(l->frame->file, list.items[i]);
        bool bare = ast_kind(l->frame->file, list.items[i]) == AST_NAME;
        if (bare && !find_binding(l, name) && !is_parameter(l, u->parameters, name)) {
            note_shape_use(l, u->value);
            bind_name(l, name, object_dim(l, shape.dims[at]));
        }
        at++;
    }
    return true;
}

static Diag *argument_fault(Lower *l, const Unify *u, DiagCode code, const char *wanted) {
    const Node *node = ir_node(l->g, u->value);
    Diag *d = fault(l, code, u->place, "argument `%s` of `%s` is %s, and %s is wanted",
                    text_of(l, u->parameter), text_of(l, u->callee),
                    type_text(l, node->dtype, node->shape), wanted);
    if (!l->frame->prelude) diag_label(l->cx, d, tensor_type_span(l, u->type), "declared here");
    return d;
}

static bool check_argument(Lower *l, const Unify *u, Value *value) {
    DimId dims[MAX_RANK];
    uint32_t rank = 0, where = 0;
    const Node *node = ir_node(l->g, u->value);
    DType dtype = element_type(l, u->type, node->dtype);
    if (dtype == DTYPE_NONE) return false;
    if (dtype != node->dtype) {
        Diag *d = argument_fault(l, u, NNA2007, dtype_info[dtype].spelling);
        diag_help(l->cx, d, "`cast(x, %s)` converts", dtype_info[dtype].spelling);
        fault_emit(l, d);
        return false;
    }
    if (!type_dimensions(l, u->type, &rank, dims)) return false;
    const Shape wanted = {(uint8_t)rank, dims}, found = ir_shape(l->g, u->value);
    DimOrder order = rank == found.rank ? compare_shapes(l, found, wanted, &where) : DIM_DIFFERENT;
    if (order != DIM_EQUAL) {
        ShapeId id = build_shape(l->g, u->place, rank, dims);
        if (id.id == 0) return false;
        Diag *d = argument_fault(l, u, order == DIM_MAYBE ? NNA2004 : NNA2001,
                                 type_text(l, dtype, id));
        fault_emit(l, d);
        if (order != DIM_MAYBE) return false;
        assume_equal(l, found, wanted, u->place);
    }
    Ast contract = ast_child(l->frame->file, u->type, AST_TENSOR_TYPE_CONTRACT);
    *value = with_contract(l, contract, u->value, u->parameter, u->place);
    return !ir_is_poison(*value);
}

static Unify unify_of(const Lower *l, Ast parameter, const Object *object, Span place,
                      Name callee) {
    const File *file = l->frame->file;
    return (Unify){.type = ast_child(file, parameter, AST_PARAMETER_TYPE),
                   .parameter = ast_name(file, parameter), .callee = callee,
                   .value = object->as.tensor, .place = place};
}

bool unify_bind(Lower *l, AstRange parameters, const Object *objects, const Span *places,
                Name callee) {
    bool good = true;
    for (uint32_t i = 0; i < parameters.count; i++) {
        Unify u = unify_of(l, parameters.items[i], &objects[i], places[i], callee);
        if (ast_kind(l->frame->file, u.type) != AST_TENSOR_TYPE) continue;
        if (objects[i].kind != OBJECT_TENSOR) continue;
        u.parameters = parameters;
        good = bind_dimensions(l, &u) && good;
    }
    return good;
}

bool unify_check(Lower *l, AstRange parameters, Object *objects, const Span *places,
                 Name callee) {
    bool good = true;
    for (uint32_t i = 0; i < parameters.count; i++) {
        Unify u = unify_of(l, parameters.items[i], &objects[i], places[i], callee);
        if (ast_kind(l->frame->file, u.type) != AST_TENSOR_TYPE) continue;
        if (objects[i].kind != OBJECT_TENSOR) continue;
        good = check_argument(l, &u, &objects[i].as.tensor) && good;
    }
    return good;
}

/* Static types. */

static bool static_fits(Lower *l, const char *type, const Object *o) {
    if (strcmp(type, "any") == 0) return true;
    if (strcmp(type, "int") == 0 || strcmp(type, "dim") == 0) {
        return o->kind == OBJECT_INTEGER || o->kind == OBJECT_DIM;
    }
    if (strcmp(type, "real") == 0) return object_is_number(o);
    if (strcmp(type, "bool") == 0) return o->kind == OBJECT_BOOL;
    if (strcmp(type, "string") == 0) return o->kind == OBJECT_STRING;
    if (strcmp(type, "dtype") == 0) return o->kind == OBJECT_DTYPE;
    if (strcmp(type, "init") == 0) return o->kind == OBJECT_INIT || o->kind == OBJECT_LIST;
    if (strcmp(type, "op") == 0) return o->kind == OBJECT_CALLEE;
    if (strcmp(type, "ints") == 0) {
        if (o->kind == OBJECT_INTEGER) return true;
        for (uint32_t i = 0; o->kind == OBJECT_LIST && i < o->count; i++) {
            if (!static_fits(l, "int", &o->as.items[i])) return false;
        }
        return o->kind == OBJECT_LIST;
    }
    return false;
}

static bool fits(Lower *l, Ast type, const Object *o) {
    const File *file = l->frame->file;
    switch (ast_kind(file, type)) {
    case AST_STATIC_TYPE: return static_fits(l, text_of(l, ast_name(file, type)), o);
    case AST_LIST_TYPE:
        for (uint32_t i = 0; o->kind == OBJECT_LIST && i < o->count; i++) {
            if (!fits(l, ast_child(file, type, AST_LIST_TYPE_ELEMENT), &o->as.items[i])) {
                return false;
            }
        }
        return o->kind == OBJECT_LIST;
    case AST_ENUM_TYPE: {
        AstRange words = ast_list(file, type, AST_ENUM_TYPE_WORDS);
        for (uint32_t i = 0; i < words.count; i++) {
            Name word = ast_name(file, words.items[i]);
            if (o->kind == OBJECT_WORD && name_is(o->as.name, word)) return true;
            if (o->kind == OBJECT_NONE && name_is(word, l->callees->none)) return true;
            if (l->frame->prelude && strcmp(text_of(l, word), "any") == 0) return true;
        }
        return false;
    }
    default: return true; /* what could not be read */
    }
}

typedef struct StaticType {
    const char *name, *text;
} StaticType;

/* What static types take, for people. */
static const StaticType plain[] = {
    {"int", "an integer"},
    {"dim", "an integer"},
    {"real", "a number"},
    {"bool", "`true` or `false`"},
    {"string", "a string"},
    {"dtype", "an element type"},
    {"init", "an initializer"},
    {"ints", "an integer or a list of them"},
    {"op", "an operator"},
};

static const char *static_type_text(Lower *l, Ast type) {
    const char *name = text_of(l, ast_name(l->frame->file, type));
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (strcmp(plain[i].name, name) == 0) return plain[i].text;
    }
    Span span = span_of(l, type);
    const Source *source = l->frame->file->source;
    return arena_format(&l->cx->scratch, "%.*s", (int)(span.end - span.begin),
                        source->text + (span.begin - source->base));
}

bool check_static(Lower *l, Ast type, Object *object, bool optional, Span place, Name what) {
    if (object->kind == OBJECT_POISON || is_faulty(l, type)) return false;
    if (object->kind == OBJECT_NONE && optional) return true;
    if (fits(l, type, object)) return true;
    fault_say(l, NNA1008, place, "`%s` takes %s, not %s", text_of(l, what),
              static_type_text(l, type), object_describe(l, object));
    *object = POISON;
    return false;
}
