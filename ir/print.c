/* Graphs as text: one node a line, everything that read.c needs, nothing else. */
#include "ir/text.h"

#include "ir/shape.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NUMBERS = 16 };

const char *init_spelling(InitKind kind) {
    switch (kind) {
    case INIT_NONE: return NULL;
    case INIT_ZEROS: return "zeros";
    case INIT_ONES: return "ones";
    case INIT_CONSTANT: return "constant";
    case INIT_UNIFORM: return "uniform";
    case INIT_NORMAL: return "normal";
    case INIT_TRUNCATED_NORMAL: return "truncated_normal";
    case INIT_GLOROT_UNIFORM: return "glorot_uniform";
    case INIT_GLOROT_NORMAL: return "glorot_normal";
    case INIT_HE_UNIFORM: return "he_uniform";
    case INIT_HE_NORMAL: return "he_normal";
    case INIT_LECUN_NORMAL: return "lecun_normal";
    case INIT_ORTHOGONAL: return "orthogonal";
    case INIT_IDENTITY: return "identity";
    case INIT_LIST: return "list";
    }
    return NULL;
}

uint32_t init_argument_count(InitKind kind) {
    switch (kind) {
    case INIT_CONSTANT: return 1;
    case INIT_UNIFORM:
    case INIT_NORMAL:
    case INIT_TRUNCATED_NORMAL: return 2;
    case INIT_NONE:
    case INIT_ZEROS:
    case INIT_ONES:
    case INIT_GLOROT_UNIFORM:
    case INIT_GLOROT_NORMAL:
    case INIT_HE_UNIFORM:
    case INIT_HE_NORMAL:
    case INIT_LECUN_NORMAL:
    case INIT_ORTHOGONAL:
    case INIT_IDENTITY:
    case INIT_LIST: return 0;
    }
    return 0;
}

static bool is_plain(const char *text, uint32_t length) {
    if (length == 0 || (text[0] >= '0' && text[0] <= '9') || text[0] == '.') return false;
    for (uint32_t i = 0; i < length; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(c >= '0' && c <= '9') && c != '.') return false;
    }
    return true;
}

static bool fits_back_quotes(const char *text, uint32_t length) {
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] == '`' || (unsigned char)text[i] < 0x20) return false;
    }
    return length > 0;
}

void name_print(const Graph *g, Name name, Buf *out) {
    const char *text = names_text(&g->cx->names, name);
    uint32_t length = names_length(&g->cx->names, name);
    if (is_plain(text, length)) {
        buf_put_bytes(out, text, length);
        return;
    }
    bool raw = fits_back_quotes(text, length);
    buf_put_char(out, raw ? '`' : '"');
    for (uint32_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool escape = !raw && (c < 0x20 || c == '"' || c == '\\');
        if (escape) {
            buf_printf(out, "\\x%02x", c);
        } else {
            buf_put_char(out, (char)c);
        }
    }
    buf_put_char(out, raw ? '`' : '"');
}

void contract_print(const Contract *c, Buf *out) {
    buf_put(out, "in ");
    switch (c->kind) {
    case CONTRACT_FINITE: buf_put(out, "finite"); return;
    case CONTRACT_ANY: buf_put(out, "any"); return;
    case CONTRACT_INTERVAL:
        buf_put_char(out, c->open_low ? '(' : '[');
        buf_put_number(out, c->low);
        buf_put(out, ", ");
        buf_put_number(out, c->high);
        buf_put_char(out, c->open_high ? ')' : ']');
        return;
    case CONTRACT_SET:
        buf_put_char(out, '{');
        for (uint32_t i = 0; i < c->value_count; i++) {
            if (i > 0) buf_put(out, ", ");
            buf_put_number(out, c->values[i]);
        }
        buf_put_char(out, '}');
        return;
    case CONTRACT_SIMPLEX: buf_printf(out, "simplex(axis: %u)", c->axis); return;
    case CONTRACT_ONEHOT: buf_printf(out, "onehot(axis: %u)", c->axis); return;
    }
}

/* Numbers. */

static void print_element(DType dtype, const char *at, Buf *out) {
    int64_t signed_value = 0;
    uint64_t value = 0;
    size_t bytes = dtype_info[dtype].bytes;
    switch (dtype_info[dtype].class) {
    case DTYPE_CLASS_NONE: return;
    case DTYPE_CLASS_FLOAT: buf_put_number(out, dtype_load(dtype, at)); return;
    case DTYPE_CLASS_SIGNED:
        if (bytes < 8) {
            signed_value = (int64_t)dtype_load(dtype, at); /* exact below 2^53 */
        } else {
            memcpy(&signed_value, at, 8);
        }
        buf_printf(out, "%" PRId64, signed_value);
        return;
    case DTYPE_CLASS_UNSIGNED:
    case DTYPE_CLASS_BOOL:
        if (bytes < 8) {
            value = (uint64_t)dtype_load(dtype, at);
        } else {
            memcpy(&value, at, 8);
        }
        buf_printf(out, "%" PRIu64, value);
        return;
    }
}

/* Whether decimal text gives every bit back: NaN and negative zero are left to hexadecimal. */
static bool reads_back(DType dtype, const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double value = dtype_load(dtype, bytes + i * dtype_info[dtype].bytes);
        if (isnan(value) || (value == 0 && signbit(value))) return false; /* 0 is exact */
    }
    return true;
}

static void print_data(DType dtype, const Data *data, Buf *out) {
    const char *bytes = data->bytes;
    size_t width = dtype_info[dtype].bytes, count = data->size / width;
    bool numbers = count <= MOST_NUMBERS && reads_back(dtype, bytes, count);
    buf_put(out, numbers ? "[" : "0x");
    if (numbers) {
        for (size_t i = 0; i < count; i++) {
            if (i > 0) buf_put(out, ", ");
            print_element(dtype, bytes + i * width, out);
        }
        buf_put_char(out, ']');
        return;
    }
    for (size_t i = 0; i < data->size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        buf_put_char(out, "0123456789abcdef"[byte >> 4]);
        buf_put_char(out, "0123456789abcdef"[byte & 15]);
    }
}

static void print_word(const char *words, int64_t position, Buf *out) {
    for (; position > 0; position--) words += strcspn(words, " ") + 1;
    buf_put_bytes(out, words, strcspn(words, " "));
}

static void print_dims(const Graph *g, uint32_t count, const DimId *dims, Buf *out) {
    buf_put_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buf_put(out, ", ");
        dim_print(g->dims, dims[i], &g->cx->names, out);
    }
    buf_put_char(out, ']');
}

static void print_integers(uint32_t count, const int64_t *values, Buf *out) {
    buf_put_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(out, i > 0 ? ", %" PRId64 : "%" PRId64, values[i]);
    }
    buf_put_char(out, ']');
}

static bool is_absent(const Attr *a) {
    switch (a->kind) {
    case ATTR_NONE: return true;
    case ATTR_CONTRACT: return a->as.contract.id == 0;
    case ATTR_NAME: return a->as.name.id == 0;
    case ATTR_DATA: return a->as.data == 0;
    case ATTR_INTEGER: case ATTR_REAL: case ATTR_BOOLEAN: case ATTR_WORD: case ATTR_AXIS:
    case ATTR_AXES: case ATTR_INTEGERS: case ATTR_DIMS: case ATTR_WINDOW: case ATTR_PADDING:
    case ATTR_DTYPE:
        return false;
    }
    return true;
}

static void print_attr(const Graph *g, const Node *node, uint32_t i, Buf *out) {
    const Attr *a = &g->attrs.data[node->first_attr + i];
    switch (a->kind) {
    case ATTR_NONE: return;
    case ATTR_INTEGER:
    case ATTR_AXIS: buf_printf(out, "%" PRId64, a->as.integer); return;
    case ATTR_REAL: buf_put_number(out, a->as.real); return;
    case ATTR_BOOLEAN: buf_put(out, a->as.integer != 0 ? "true" : "false"); return;
    case ATTR_WORD: print_word(op_info[node->op].attrs[i].words, a->as.integer, out); return;
    case ATTR_AXES:
    case ATTR_INTEGERS:
    case ATTR_WINDOW: print_integers(a->count, a->as.integers, out); return;
    case ATTR_DIMS:
    case ATTR_PADDING: print_dims(g, a->count, a->as.dims, out); return;
    case ATTR_DTYPE: buf_put(out, dtype_info[a->as.dtype].spelling); return;
    case ATTR_CONTRACT: contract_print(ir_contract(g, a->as.contract), out); return;
    case ATTR_NAME: name_print(g, a->as.name, out); return;
    case ATTR_DATA: print_data(node->dtype, &g->data.data[a->as.data], out); return;
    }
}

static void print_attrs(const Graph *g, const Node *node, Buf *out) {
    const char *before = " {";
    for (uint32_t i = 0; i < op_info[node->op].attr_count; i++) {
        if (is_absent(&g->attrs.data[node->first_attr + i])) continue;
        buf_printf(out, "%s%s = ", before, op_info[node->op].attrs[i].name);
        print_attr(g, node, i, out);
        before = ", ";
    }
    if (before[0] == ',') buf_put_char(out, '}');
}

static void print_init(const Init *init, Buf *out) {
    const char *spelling = init_spelling(init->kind);
    if (spelling == NULL) return;
    uint32_t arguments = init_argument_count(init->kind);
    buf_printf(out, " init %s", spelling);
    if (arguments > 0) {
        buf_put_char(out, '(');
        buf_put_number(out, init->a);
        if (arguments > 1) buf_put(out, ", ");
        if (arguments > 1) buf_put_number(out, init->b);
        buf_put_char(out, ')');
    }
    if (init->low == 0 && init->high == 0) return; /* exact: 0 has no fraction */
    buf_put_char(out, '[');
    buf_put_number(out, init->low);
    buf_put(out, ", ");
    buf_put_number(out, init->high);
    buf_put_char(out, ']');
}

void ir_print_node(const Graph *g, Value v, Buf *out) {
    const Node *node = ir_node(g, v);
    buf_printf(out, "%%%u = %s", v.id, op_info[node->op].spelling);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        buf_printf(out, " %%%u", ir_operand(g, v, i).id);
    }
    print_attrs(g, node, out);
    const Parameter *p = ir_parameter(g, v);
    if (p != NULL) print_init(&p->init, out);
    buf_printf(out, " : %s", dtype_info[node->dtype].spelling);
    Shape shape = ir_shape(g, v);
    print_dims(g, shape.rank, shape.dims, out);
    /* Sources say their name themselves. */
    if (node->name.id != 0 && !op_names_itself(node->op)) {
        buf_put(out, " as ");
        name_print(g, node->name, out);
    }
}

/* A region is set off, and ends with the number of its first node. */
static void print_nodes(const Graph *g, Buf *out) {
    const Region *regions = g->regions.data;
    uint32_t open = 0, next = 1, depth = 1;
    for (uint32_t i = 1; i < g->nodes.count; i++) {
        buf_repeat(out, ' ', 2 * depth);
        ir_print_node(g, (Value){i}, out);
        buf_put_char(out, '\n');
        if (next < g->regions.count && regions[next].first.id == i) {
            open = next++;
            depth++;
        }
        for (; open != 0 && regions[open].end == i + 1; open = regions[open].parent) {
            buf_repeat(out, ' ', 2 * --depth);
            buf_printf(out, "end %%%u\n", regions[open].first.id);
        }
    }
}

void ir_print(const Graph *g, Buf *out) {
    buf_put(out, "graph ");
    name_print(g, g->name, out);
    for (uint32_t i = 0; i < dim_variable_count(g->dims); i++) {
        DimVar v = dim_variable_at(g->dims, i);
        buf_put(out, i == 0 ? "(" : ", ");
        name_print(g, v.name, out);
        buf_printf(out, ": %" PRId64 "..%" PRId64, v.low, v.high);
    }
    buf_put(out, dim_variable_count(g->dims) > 0 ? ") {\n" : " {\n");
    for (uint32_t i = 0; i < g->rules.count; i++) {
        const DimRule *rule = &g->rules.data[i];
        buf_put(out, "  rule ");
        dim_print(g->dims, rule->a, &g->cx->names, out);
        buf_put(out, rule->equal ? " == " : " <= ");
        dim_print(g->dims, rule->b, &g->cx->names, out);
        buf_put_char(out, '\n');
    }
    print_nodes(g, out);
    for (uint32_t i = 0; i < g->results.count; i++) {
        const Result *r = &g->results.data[i];
        buf_put(out, "  result ");
        name_print(g, r->name, out);
        buf_printf(out, " = %%%u", r->value.id);
        if (r->contract.id != 0) {
            buf_put_char(out, ' ');
            contract_print(ir_contract(g, r->contract), out);
        }
        buf_put_char(out, '\n');
    }
    for (uint32_t i = 0; i < g->updates.count; i++) {
        const Update *u = &g->updates.data[i];
        buf_printf(out, "  update %%%u = %%%u\n", u->buffer.id, u->next.id);
    }
    buf_put(out, "}\n");
}
