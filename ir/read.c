/* The reader of ir_print's text: one pass by hand, no backtracking. The text may be anything;
 * everything that is read goes through the checks of build.h. The first fault ends it. */
#include "ir/text.h"

#include "ir/base/checked.h"
#include "ir/build.h"
#include "ir/shape.h"
#include "ir/verify.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NESTING = 64, MAX_NUMBER = 64, MAX_LIST = 64 };

typedef struct Reader {
    Ctx *cx;
    Source *source;
    const char *at, *end;
    Graph *g;
    bool failed;
    uint32_t nesting;
} Reader;

/* What one node's line says before its type. */
typedef struct Line {
    Op op;
    uint32_t id;
    VEC(Value) operands;
    Attr attrs[OP_MAX_ATTRS];
    const char *data; /* text of the data, read once the type is known; NULL: none */
    Init init;
    DType dtype;
    ShapeId shape;
    OriginId origin;
} Line;

static Span span_from(const Reader *r, const char *begin) {
    uint32_t base = r->source->base, length = r->source->length;
    uint32_t from = (uint32_t)(begin - r->source->text), to = (uint32_t)(r->at - r->source->text);
    if (to <= from) to = from < length ? from + 1 : from;
    return (Span){base + from, base + to};
}

static bool fail(Reader *r, const char *wanted) {
    if (!r->failed) diag_say(r->cx, NNA1001, span_from(r, r->at), "expected %s", wanted);
    r->failed = true;
    return false;
}

/* Tokens. */

static void skip_blanks(Reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n')) r->at++;
}

/* The text, if it is next; nothing else is taken. */
static bool take(Reader *r, const char *text) {
    skip_blanks(r);
    size_t length = strlen(text);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, text, length) != 0) return false;
    r->at += length;
    return true;
}

static bool expect(Reader *r, const char *text) {
    if (r->failed) return false;
    if (take(r, text)) return true;
    return fail(r, arena_format(&r->cx->scratch, "`%s`", text));
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
           (c >= '0' && c <= '9');
}

/* A run of letters, digits, points and underscores. */
static const char *word(Reader *r) {
    skip_blanks(r);
    const char *begin = r->at;
    while (r->at < r->end && is_word(*r->at)) r->at++;
    if (r->at == begin) fail(r, "a word");
    return arena_text(&r->cx->scratch, begin, (size_t)(r->at - begin));
}

/* A keyword that stands alone: `in`, `as`, `init`. */
static bool take_word(Reader *r, const char *text) {
    skip_blanks(r);
    const char *begin = r->at;
    if (take(r, text) && (r->at == r->end || !is_word(*r->at))) return true;
    r->at = begin;
    return false;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

static Name quoted_name(Reader *r, char quote) {
    Buf text = buf_make(&r->cx->scratch);
    r->at++;
    while (r->at < r->end && *r->at != quote) {
        char c = *r->at++;
        if (quote == '"' && c == '\\') {
            bool whole = r->end - r->at >= 3 && r->at[0] == 'x' && hex_digit(r->at[1]) >= 0 &&
                         hex_digit(r->at[2]) >= 0;
            if (!whole) return fail(r, "two hexadecimal digits after `\\x`"), NAME_NONE;
            c = (char)(hex_digit(r->at[1]) * 16 + hex_digit(r->at[2]));
            r->at += 3;
        }
        buf_put_char(&text, c);
    }
    if (r->at == r->end) return fail(r, "the end of the name"), NAME_NONE;
    r->at++;
    return names_intern(&r->cx->names, buf_text(&text), text.length);
}

static Name name(Reader *r) {
    skip_blanks(r);
    if (r->at < r->end && (*r->at == '`' || *r->at == '"')) return quoted_name(r, *r->at);
    const char *text = word(r);
    return r->failed ? NAME_NONE : names_intern_text(&r->cx->names, text);
}

static int64_t integer(Reader *r) {
    skip_blanks(r);
    char text[MAX_NUMBER], *rest;
    size_t length = 0;
    const char *begin = r->at;
    if (r->at < r->end && *r->at == '-') text[length++] = *r->at++;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && length < MAX_NUMBER - 1) {
        text[length++] = *r->at++;
    }
    text[length] = '\0';
    errno = 0;
    int64_t value = strtoll(text, &rest, 10);
    if (rest == text || *rest != '\0' || errno != 0) {
        r->at = begin;
        fail(r, "an integer of 64 bits");
        return 0;
    }
    return value;
}

static double real(Reader *r) {
    skip_blanks(r);
    char text[MAX_NUMBER], *rest;
    size_t length = 0;
    const char *begin = r->at;
    while (r->at < r->end && length < MAX_NUMBER - 1 &&
           (is_word(*r->at) || *r->at == '-' || *r->at == '+')) {
        text[length++] = *r->at++;
    }
    text[length] = '\0';
    double value = strtod(text, &rest);
    if (rest == text || *rest != '\0') {
        r->at = begin;
        fail(r, "a number");
        return 0;
    }
    return value;
}

/* Dimensions. */

static DimId dimension(Reader *r);

static DimId variable(Reader *r) {
    /* Only what the head declares: the others have no range. */
    DimId value = dim_variable_named(r->g->dims, name(r));
    if (value.id != 0) return value;
    fail(r, "a declared dimension");
    return DIM_UNKNOWN;
}

static DimId primary(Reader *r) {
    skip_blanks(r);
    if (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        return dim_constant(r->g->dims, integer(r));
    }
    bool maximum = take(r, "max(");
    if (!maximum && !take(r, "(")) return variable(r);
    if (++r->nesting > MAX_NESTING) return fail(r, "less nesting"), DIM_UNKNOWN;
    DimId value = dimension(r);
    if (maximum && expect(r, ",")) value = dim_maximum(r->g->dims, value, dimension(r));
    expect(r, ")");
    r->nesting--;
    return value;
}

static DimId product(Reader *r) {
    DimId value = primary(r);
    while (!r->failed) {
        if (take(r, "//")) {
            value = dim_floor_div(r->g->dims, value, primary(r));
        } else if (take(r, "*")) {
            value = dim_mul(r->g->dims, value, primary(r));
        } else {
            break;
        }
    }
    return value;
}

static DimId dimension(Reader *r) {
    DimTable *t = r->g->dims;
    bool negative = take(r, "-");
    DimId value = product(r);
    if (negative) value = dim_sub(t, dim_constant(t, 0), value);
    while (!r->failed) {
        if (take(r, "+")) {
            value = dim_add(t, value, product(r));
        } else if (take(r, "-")) {
            value = dim_sub(t, value, product(r));
        } else {
            break;
        }
    }
    if (!r->failed && (value.id == 0 || dims_overflowed(t))) fail(r, "a smaller dimension");
    return value;
}

/* "[a, b, ...]"; the elements of at most MAX_LIST go to `out`. */
static uint32_t dimension_list(Reader *r, DimId *out) {
    uint32_t count = 0;
    if (!expect(r, "[") || take(r, "]")) return 0;
    do {
        if (count == MAX_LIST) return fail(r, "a shorter list"), 0;
        out[count++] = dimension(r);
    } while (!r->failed && take(r, ","));
    expect(r, "]");
    return r->failed ? 0 : count;
}

static Attr integer_list(Reader *r) {
    int64_t values[MAX_LIST];
    uint32_t count = 0;
    if (!expect(r, "[") || take(r, "]")) return attr_integers(r->g, 0, values);
    do {
        if (count == MAX_LIST) return fail(r, "a shorter list"), attr_none();
        values[count++] = integer(r);
    } while (!r->failed && take(r, ","));
    expect(r, "]");
    return r->failed ? attr_none() : attr_integers(r->g, count, values);
}

/* Contracts. */

static Contract interval(Reader *r) {
    Contract c = {.kind = CONTRACT_INTERVAL, .open_low = *r->at == '('};
    r->at++;
    c.low = real(r);
    expect(r, ",");
    c.high = real(r);
    c.open_high = take(r, ")");
    if (!c.open_high) expect(r, "]");
    return c;
}

static Contract set_of_numbers(Reader *r) {
    VEC(double) values = {0};
    Contract c = {.kind = CONTRACT_SET};
    if (take(r, "}")) return c;
    do {
        vec_push(&r->cx->scratch, &values, real(r));
    } while (!r->failed && take(r, ","));
    expect(r, "}");
    c.value_count = values.count;
    c.values = values.data;
    return c;
}

/* After `in`. */
static ContractId contract(Reader *r) {
    Contract c = {.kind = CONTRACT_FINITE};
    const char *begin = r->at;
    skip_blanks(r);
    if (r->at < r->end && (*r->at == '[' || *r->at == '(')) {
        c = interval(r);
    } else if (take(r, "{")) {
        c = set_of_numbers(r);
    } else if (take_word(r, "any")) {
        c.kind = CONTRACT_ANY;
    } else if (!take_word(r, "finite")) {
        bool onehot = take(r, "onehot(axis:");
        if (!onehot) expect(r, "simplex(axis:");
        int64_t axis = r->failed ? 0 : integer(r);
        c.kind = onehot ? CONTRACT_ONEHOT : CONTRACT_SIMPLEX;
        c.axis = (uint8_t)(axis >= 0 && axis < MAX_RANK ? axis : MAX_RANK);
        expect(r, ")");
    }
    c.span = span_from(r, begin);
    return r->failed ? (ContractId){0} : build_contract(r->g, c);
}

/* Nodes. */

static Value operand(Reader *r) {
    int64_t id = integer(r);
    if (!r->failed && (id < 0 || id >= r->g->nodes.count)) fail(r, "a value that is made before");
    return r->failed ? VALUE_NONE : (Value){(uint32_t)id};
}

/* Takes the text of the data; its numbers are read when their type is known. */
static void skip_data(Reader *r, Line *line) {
    skip_blanks(r);
    line->data = r->at;
    if (take(r, "0x")) {
        while (r->at < r->end && hex_digit(*r->at) >= 0) r->at++;
        return;
    }
    expect(r, "[");
    while (r->at < r->end && *r->at != ']' && *r->at != '\n') r->at++;
    expect(r, "]");
}

/* Besides what is printed: one number for a list, and the words of a padding. */
static Attr attribute(Reader *r, Line *line, AttrKind kind) {
    DimId dims[MAX_LIST];
    skip_blanks(r);
    bool list = r->at < r->end && *r->at == '[';
    switch (kind) {
    case ATTR_NONE: break;
    case ATTR_INTEGER:
    case ATTR_AXIS: return attr_integer(integer(r));
    case ATTR_REAL: return attr_real(real(r));
    case ATTR_BOOLEAN:
        if (take_word(r, "true")) return attr_boolean(true);
        if (!take_word(r, "false")) fail(r, "`true` or `false`");
        return attr_boolean(false);
    case ATTR_AXES:
    case ATTR_INTEGERS:
    case ATTR_WINDOW: return list ? integer_list(r) : attr_integer(integer(r));
    case ATTR_PADDING:
        if (r->at < r->end && *r->at >= '0' && *r->at <= '9') return attr_integer(integer(r));
        if (!list) return attr_name(name(r));
        __attribute__((fallthrough));
    case ATTR_DIMS: {
        uint32_t count = dimension_list(r, dims);
        Attr a = attr_dims(r->g, count, dims);
        a.kind = kind;
        return a;
    }
    case ATTR_DTYPE: return attr_dtype(dtype_find(word(r)));
    case ATTR_CONTRACT: expect(r, "in"); return attr_contract(contract(r));
    case ATTR_WORD:
    case ATTR_NAME: return attr_name(name(r));
    case ATTR_DATA: skip_data(r, line); return attr_none();
    }
    return attr_none();
}

static void attributes(Reader *r, Line *line) {
    if (!take(r, "{")) return;
    do {
        int i = op_attr(line->op, word(r));
        if (r->failed) return;
        if (i < 0) {
            fail(r, "an attribute of the operator");
            return;
        }
        expect(r, "=");
        if (r->failed) return;
        line->attrs[i] = attribute(r, line, op_info[line->op].attrs[i].kind);
    } while (!r->failed && take(r, ","));
    expect(r, "}");
}

static void initializer(Reader *r, Line *line) {
    if (!take_word(r, "init")) return;
    const char *spelling = word(r);
    int kind = INIT_ZEROS;
    while (kind <= INIT_LIST && strcmp(init_spelling((InitKind)kind), spelling) != 0) kind++;
    if (kind > INIT_LIST) {
        fail(r, "an initializer");
        return;
    }
    line->init.kind = (InitKind)kind;
    uint32_t arguments = init_argument_count((InitKind)kind);
    if (arguments > 0) {
        expect(r, "(");
        line->init.a = real(r);
        if (arguments > 1) expect(r, ",");
        if (arguments > 1) line->init.b = real(r);
        expect(r, ")");
    }
    if (!take(r, "[")) return;
    line->init.low = real(r);
    expect(r, ",");
    line->init.high = real(r);
    expect(r, "]");
}

static void type(Reader *r, Line *line) {
    DimId dims[MAX_LIST];
    if (!expect(r, ":")) return;
    const char *begin = r->at;
    line->dtype = dtype_find(word(r));
    if (line->dtype == DTYPE_NONE) {
        fail(r, "an element type");
        return;
    }
    uint32_t rank = dimension_list(r, dims);
    if (r->failed) return;
    line->shape = build_shape(r->g, span_from(r, begin), rank, dims);
    r->failed = line->shape.id == 0; /* it is reported */
}

/* Data. */

/* An integer of 64 bits, whichever sign its type has. */
static void store_integer(Reader *r, DType dtype, unsigned char *at) {
    bool unsigned_type = dtype_info[dtype].class != DTYPE_CLASS_SIGNED;
    skip_blanks(r);
    char text[MAX_NUMBER], *rest;
    size_t length = 0;
    while (r->at < r->end && length < MAX_NUMBER - 1 &&
           (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))) {
        text[length++] = *r->at++;
    }
    text[length] = '\0';
    errno = 0;
    uint64_t value = unsigned_type ? strtoull(text, &rest, 10) : (uint64_t)strtoll(text, &rest, 10);
    bool ok = rest != text && *rest == '\0' && errno == 0 && !(unsigned_type && text[0] == '-');
    if (dtype_info[dtype].bytes == 8) {
        memcpy(at, &value, 8);
    } else {
        double number = unsigned_type ? (double)value : (double)(int64_t)value;
        ok = ok && dtype_holds(dtype, number);
        if (ok) dtype_store(dtype, at, number);
    }
    if (!ok) fail(r, "a number of the element type");
}

static void store_number(Reader *r, DType dtype, unsigned char *at) {
    if (!dtype_is_float(dtype)) {
        store_integer(r, dtype, at);
        return;
    }
    double value = real(r);
    if (!r->failed && !dtype_holds(dtype, value)) fail(r, "a number of the element type");
    if (!r->failed) dtype_store(dtype, at, value);
}

static void read_hex(Reader *r, DType dtype, unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        int high = r->end - r->at >= 2 ? hex_digit(r->at[0]) : -1;
        int low = high < 0 ? -1 : hex_digit(r->at[1]);
        if (low < 0) {
            fail(r, "more data");
            return;
        }
        bytes[i] = (unsigned char)(high * 16 + low);
        r->at += 2;
        if (dtype == DTYPE_BOOL && bytes[i] > 1) fail(r, "0 or 1");
    }
    if (r->at < r->end && hex_digit(*r->at) >= 0) fail(r, "less data");
}

/* The bytes that line->data says, as many as the shape has. */
static void *read_data(Reader *r, const Line *line, size_t *size) {
    const char *after = r->at;
    if (!shape_bytes(r->g, line->dtype, line->shape, size)) {
        fail(r, "a shape of numbers");
        return NULL;
    }
    /* Each byte takes text, so that a small file cannot ask for much memory. */
    if (*size / 8 > r->source->length) return fail(r, "more data"), NULL;
    unsigned char *bytes = arena_alloc(&r->cx->module, 1, *size);
    r->at = line->data;
    size_t width = dtype_info[line->dtype].bytes;
    if (take(r, "0x")) {
        read_hex(r, line->dtype, bytes, *size);
    } else {
        expect(r, "[");
        for (size_t i = 0; i < *size && !r->failed; i += width) {
            if (i > 0) expect(r, ",");
            if (!r->failed) store_number(r, line->dtype, bytes + i);
        }
        expect(r, "]");
    }
    if (!r->failed) r->at = after;
    return r->failed ? NULL : bytes;
}

/* A source: made as it says. */
static Value make_source(Reader *r, const Line *line) {
    Graph *g = r->g;
    const OpInfo *info = &op_info[line->op];
    size_t size = 0;
    void *bytes = line->data == NULL ? NULL : read_data(r, line, &size);
    if (r->failed) return VALUE_NONE;
    if (line->op == OP_CONST) {
        if (bytes == NULL) return fail(r, "`data`"), VALUE_NONE;
        return build_constant(g, line->dtype, line->shape, bytes, size, line->origin);
    }
    Name called = line->attrs[0].as.name;
    ContractId promised = line->attrs[1].as.contract;
    if (called.id == 0) {
        fail(r, arena_format(&r->cx->scratch, "`%s`", info->attrs[0].name));
        return VALUE_NONE;
    }
    if (line->op == OP_INPUT) {
        return build_input(g, called, SPAN_NONE, line->dtype, line->shape, promised, line->origin);
    }
    Value v = build_parameter(g, line->op == OP_PARAM, called, SPAN_NONE, line->dtype, line->shape,
                              promised, line->init, line->origin);
    if (!ir_is_poison(v) && bytes != NULL) build_bind(g, v, bytes, size);
    return v;
}

/* Of the lists an empty one need not be there. */
static Value make_extern(Reader *r, const Line *line) {
    const Attr *a = line->attrs;
    if (a[0].as.name.id == 0 || a[1].as.contract.id == 0 || a[2].as.name.id == 0) {
        return fail(r, "`symbol`, `contract` and `order`"), VALUE_NONE;
    }
    const ExternResult made = {.symbol = a[0].as.name, .order = a[2].as.name,
                               .result = (uint32_t)a[3].as.integer,
                               .operand_count = line->operands.count,
                               .operands = line->operands.data, .size_count = a[4].count,
                               .sizes = a[4].as.dims, .rest_count = a[5].count,
                               .rest = a[5].as.dims, .dtype = line->dtype, .shape = line->shape,
                               .contract = a[1].as.contract};
    return build_extern(r->g, &made, line->origin);
}

static Value make_node(Reader *r, const Line *line) {
    if (line->op == OP_EXTERN) return make_extern(r, line);
    if (op_info[line->op].type == TYPE_SOURCE) {
        if (line->operands.count > 0) return fail(r, "no operands"), VALUE_NONE;
        return make_source(r, line);
    }
    if (line->data != NULL) return fail(r, "no data"), VALUE_NONE;
    Value v = build_op(r->g, line->op, line->operands.count, line->operands.data, line->attrs,
                       line->origin, NULL);
    if (ir_is_poison(v)) return v;
    const Node *node = ir_node(r->g, v);
    if (node->dtype != line->dtype || node->shape.id != line->shape.id) {
        fail(r, arena_format(&r->cx->scratch, "the type %s%s", dtype_info[node->dtype].spelling,
                             shape_text(r->g, node->shape)));
    }
    return v;
}

/* "%3 = op %1 %2 {...} init ... : f32[N] as name", after the per cent sign. */
static void node(Reader *r) {
    const char *begin = r->at - 1;
    Line line = {.id = r->g->nodes.count};
    if (integer(r) != line.id && !r->failed) fail(r, "the next number");
    expect(r, "=");
    if (r->failed) return;
    line.op = op_find(word(r));
    if (line.op == OP_NONE) {
        fail(r, "an operator");
        return;
    }
    while (!r->failed && take(r, "%")) {
        Value v = operand(r);
        if (ir_is_poison(v)) fail(r, "a value");
        vec_push(&r->cx->scratch, &line.operands, v);
    }
    if (!r->failed) attributes(r, &line);
    if (!r->failed) initializer(r, &line);
    if (!r->failed) type(r, &line);
    if (r->failed) return;
    line.origin = build_origin(r->g, span_from(r, begin), NAME_NONE, (OriginId){0});
    Value v = make_node(r, &line);
    if (ir_is_poison(v)) r->failed = true; /* it is reported */
    if (!r->failed && take_word(r, "as")) build_name(r->g, v, name(r), SPAN_NONE);
}

static void region_end(Reader *r) {
    expect(r, "%");
    Value step = r->failed ? VALUE_NONE : operand(r);
    Graph *g = r->g;
    if (r->failed) return;
    if (g->open_region == 0 || g->regions.data[g->open_region].first.id != step.id) {
        fail(r, "the innermost open region");
        return;
    }
    build_region_end(g, step);
}

/* The order of the nodes in a region is not known before its end, nor what uses them. */
static void check_regions(Reader *r) {
    uint32_t node = 0;
    const char *fault = region_fault(r->g, &node);
    if (fault == NULL) return;
    Span span = node == 0 ? span_from(r, r->at) : ir_place(r->g, (Value){node}, NULL);
    diag_say(r->cx, NNA1001, span, "a region in disorder: %s", fault);
    r->failed = true;
}

static void rule(Reader *r) {
    DimRule rule = {.a = dimension(r)};
    rule.equal = take(r, "==");
    if (!rule.equal) expect(r, "<=");
    if (!r->failed) rule.b = dimension(r);
    if (!r->failed) graph_rule(r->g, rule);
}

static void result(Reader *r) {
    Name called = name(r);
    const char *begin = r->at;
    expect(r, "=");
    expect(r, "%");
    if (r->failed) return;
    Value v = operand(r);
    ContractId promised = take_word(r, "in") ? contract(r) : (ContractId){0};
    if (!r->failed) build_result(r->g, called, v, promised, span_from(r, begin));
}

static void update(Reader *r) {
    const char *begin = r->at;
    expect(r, "%");
    Value buffer = r->failed ? VALUE_NONE : operand(r);
    expect(r, "=");
    expect(r, "%");
    if (r->failed) return;
    Value next = operand(r);
    if (r->failed || build_update(r->g, buffer, next, span_from(r, begin))) return;
    fail(r, "a buffer without an update, and a value of its element type and rank");
}

static void head(Reader *r) {
    expect(r, "graph");
    if (r->failed) return;
    const char *begin = r->at;
    Name called = name(r);
    r->g = graph_new(r->cx, called, span_from(r, begin));
    if (r->failed || !take(r, "(")) return;
    do {
        Name variable_name = name(r);
        if (!r->failed && strpbrk(names_text(&r->cx->names, variable_name), "`\n") != NULL) {
            fail(r, "a name without back quotes");
        }
        expect(r, ":");
        int64_t low = r->failed ? 0 : integer(r);
        expect(r, "..");
        int64_t high = r->failed ? 0 : integer(r);
        if (!r->failed && (low < 0 || low > high)) fail(r, "a range");
        bool known = dim_variable_named(r->g->dims, variable_name).id != 0;
        if (!r->failed && known) fail(r, "a new name");
        if (!r->failed) dim_variable(r->g->dims, variable_name, low, high);
    } while (!r->failed && take(r, ","));
    expect(r, ")");
}

Graph *ir_read(Ctx *cx, Source *source) {
    Reader r = {.cx = cx, .source = source, .at = source->text,
                .end = source->text + source->length};
    head(&r);
    expect(&r, "{");
    while (!r.failed && !take(&r, "}")) {
        if (take(&r, "%")) {
            node(&r);
        } else if (take_word(&r, "rule")) {
            rule(&r);
        } else if (take_word(&r, "end")) {
            region_end(&r);
        } else if (take_word(&r, "result")) {
            result(&r);
        } else if (take_word(&r, "update")) {
            update(&r);
        } else {
            fail(&r, "a node, a rule, a result, an update or `}`");
        }
    }
    if (!r.failed) check_regions(&r);
    if (!r.failed) {
        skip_blanks(&r);
        if (r.at != r.end) fail(&r, "nothing more");
    }
    return r.failed ? NULL : r.g;
}
