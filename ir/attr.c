/* Attributes: what may be written for each kind, brought to the one form that nodes store. */
#include "ir/base/checked.h"
#include "ir/build.h"
#include "ir/call.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const padding_words = "valid same same_lower";

const char *attr_kind_text(AttrKind kind) {
    switch (kind) {
    case ATTR_NONE: return "nothing";
    case ATTR_INTEGER: return "an integer";
    case ATTR_REAL: return "a number";
    case ATTR_BOOLEAN: return "`true` or `false`";
    case ATTR_WORD: return "a word";
    case ATTR_AXIS: return "an axis";
    case ATTR_AXES: return "an axis or a list of axes";
    case ATTR_INTEGERS: return "a list of integers";
    case ATTR_DIMS: return "a list of dimensions";
    case ATTR_WINDOW: return "an integer, or one for each spatial dimension";
    case ATTR_PADDING: return "`valid`, `same`, `same_lower`, a number, or pairs of numbers";
    case ATTR_DTYPE: return "an element type";
    case ATTR_CONTRACT: return "a contract";
    case ATTR_NAME: return "a text";
    case ATTR_DATA: return "data";
    }
    return "something else";
}

static const AttrInfo *row_attr(const OpCall *call, uint32_t i) {
    return &op_info[call->op].attrs[i];
}

static bool wrong_kind(const OpCall *call, uint32_t i, const Attr *given) {
    const AttrInfo *row = row_attr(call, i);
    const char *found = attr_kind_text(given->kind);
    if (given->kind == ATTR_NAME) {
        const char *name = names_text(&call->graph->cx->names, given->as.name);
        found = arena_format(&call->graph->cx->scratch, "`%s`", name);
    }
    call_emit(call, call_report(call, NNA1008, call_attr_span(call, i),
                                "`%s` of `%s` takes %s, not %s", row->name,
                                op_info[call->op].spelling, attr_kind_text(row->kind), found));
    return false;
}

static const char *domain_text(AttrDomain domain) {
    switch (domain) {
    case ATTR_ANY: return "any number";
    case ATTR_POSITIVE: return "greater than 0";
    case ATTR_NONNEGATIVE: return "at least 0";
    case ATTR_FINITE: return "finite";
    }
    return "";
}

static bool in_domain(AttrDomain domain, double value) {
    switch (domain) {
    case ATTR_ANY: return true;
    case ATTR_POSITIVE: return isfinite(value) && value > 0;
    case ATTR_NONNEGATIVE: return isfinite(value) && value >= 0;
    case ATTR_FINITE: return isfinite(value);
    }
    return false;
}

static bool check_domain(const OpCall *call, uint32_t i, double value) {
    const AttrInfo *row = row_attr(call, i);
    if (in_domain(row->domain, value)) return true;
    Buf number = buf_make(&call->graph->cx->scratch);
    buf_put_number(&number, value);
    call_emit(call, call_report(call, NNA5001, call_attr_span(call, i),
                                "`%s` of `%s` is %s; it must be %s", row->name,
                                op_info[call->op].spelling, buf_text(&number),
                                domain_text(row->domain)));
    return false;
}

/* One integer, or a list of them, however it is given. */
static bool as_integers(const OpCall *call, const Attr *given, uint32_t *count,
                        const int64_t **values) {
    Graph *g = call->graph;
    switch (given->kind) {
    case ATTR_INTEGER:
    case ATTR_AXIS: {
        int64_t *one = ARENA_NEW(&g->cx->module, int64_t);
        *one = given->as.integer;
        *count = 1;
        *values = one;
        return true;
    }
    case ATTR_INTEGERS:
    case ATTR_AXES:
    case ATTR_WINDOW:
        *count = given->count;
        *values = given->as.integers;
        return true;
    case ATTR_DIMS:
    case ATTR_PADDING: {
        int64_t *list = ARENA_ARRAY(&g->cx->module, int64_t, given->count);
        for (uint32_t k = 0; k < given->count; k++) {
            if (!dim_is_constant(g->dims, given->as.dims[k], &list[k])) return false;
        }
        *count = given->count;
        *values = list;
        return true;
    }
    case ATTR_NONE: case ATTR_REAL: case ATTR_BOOLEAN: case ATTR_WORD: case ATTR_DTYPE:
    case ATTR_CONTRACT: case ATTR_NAME: case ATTR_DATA:
        return false;
    }
    return false;
}

/* Position of a word in a list separated by blanks; -1 if it is not there. */
static int word_position(const char *words, const char *word) {
    size_t length = strlen(word);
    int position = 0;
    while (*words != '\0') {
        size_t next = strcspn(words, " ");
        if (next == length && length > 0 && memcmp(words, word, length) == 0) return position;
        words += next;
        words += strspn(words, " ");
        position++;
    }
    return -1;
}

static int64_t word_count(const char *words) {
    int64_t count = *words != '\0';
    for (; *words != '\0'; words++) count += *words == ' ';
    return count;
}

/* Makers. */

Attr attr_none(void) {
    return (Attr){.kind = ATTR_NONE};
}

Attr attr_integer(int64_t value) {
    return (Attr){.kind = ATTR_INTEGER, .as.integer = value};
}

Attr attr_real(double value) {
    return (Attr){.kind = ATTR_REAL, .as.real = value};
}

Attr attr_boolean(bool value) {
    return (Attr){.kind = ATTR_BOOLEAN, .as.integer = value};
}

Attr attr_dtype(DType dtype) {
    return (Attr){.kind = ATTR_DTYPE, .as.dtype = dtype};
}

Attr attr_contract(ContractId contract) {
    return (Attr){.kind = ATTR_CONTRACT, .as.contract = contract};
}

Attr attr_name(Name name) {
    return (Attr){.kind = ATTR_NAME, .as.name = name};
}

Attr attr_word(Op op, uint32_t attr, const char *word) {
    const AttrInfo *row = &op_info[op].attrs[attr];
    int position = -1;
    if (row->kind == ATTR_WORD) position = word_position(row->words, word);
    if (row->kind == ATTR_PADDING) position = word_position(padding_words, word);
    return position < 0 ? attr_none() : (Attr){.kind = ATTR_WORD, .as.integer = position};
}

Attr attr_integers(Graph *g, uint32_t count, const int64_t *values) {
    int64_t *list = ARENA_ARRAY(&g->cx->module, int64_t, count);
    if (count > 0) memcpy(list, values, count * sizeof *list);
    return (Attr){.kind = ATTR_INTEGERS, .count = count, .as.integers = list};
}

Attr attr_dims(Graph *g, uint32_t count, const DimId *dims) {
    DimId *list = ARENA_ARRAY(&g->cx->module, DimId, count);
    if (count > 0) memcpy(list, dims, count * sizeof *list);
    return (Attr){.kind = ATTR_DIMS, .count = count, .as.dims = list};
}

/* Bringing attributes to their rows' kinds. */

/* A word by its name or, from a pass, by its position. */
static bool normalise_word(const OpCall *call, uint32_t i, const Attr *given, const char *words,
                           Attr *out) {
    *out = (Attr){.kind = ATTR_WORD, .as.integer = -1};
    if (given->kind == ATTR_WORD) out->as.integer = given->as.integer;
    if (given->kind == ATTR_NAME) {
        const char *word = names_text(&call->graph->cx->names, given->as.name);
        out->as.integer = word_position(words, word);
        if (out->as.integer < 0) {
            Diag *d = call_report(call, NNA1008, call_attr_span(call, i),
                                  "`%s` is no value of `%s` of `%s`", word,
                                  row_attr(call, i)->name, op_info[call->op].spelling);
            diag_help(call->graph->cx, d, "it takes one of: %s", words);
            call_emit(call, d);
            return false;
        }
    }
    if (out->as.integer < 0 || out->as.integer >= word_count(words)) {
        return wrong_kind(call, i, given);
    }
    return true;
}

/* Brings an axis to 0..rank-1. */
static bool normalise_axis(const OpCall *call, uint32_t i, int64_t *axis) {
    uint8_t rank = ir_shape(call->graph, call->operands[0]).rank;
    if (*axis >= -(int64_t)rank && *axis < rank) {
        if (*axis < 0) *axis += rank;
        return true;
    }
    Diag *d = call_report(call, NNA2006, call_attr_span(call, i),
                          "axis %" PRId64 " of %s does not exist: it has %u dimension%s", *axis,
                          call_operand_text(call, 0), rank, rank == 1 ? "" : "s");
    call_label_operand(call, d, 0);
    call_emit(call, d);
    return false;
}

static bool normalise_axes(const OpCall *call, uint32_t i, const Attr *given, Attr *out) {
    uint8_t rank = ir_shape(call->graph, call->operands[0]).rank;
    uint32_t count = rank;
    const int64_t *values = NULL;
    bool chosen[MAX_RANK] = {false};
    if (given->kind != ATTR_NONE && !as_integers(call, given, &count, &values)) {
        return wrong_kind(call, i, given);
    }
    for (uint32_t k = 0; k < count; k++) {
        int64_t axis = values == NULL ? k : values[k];
        if (!normalise_axis(call, i, &axis)) return false;
        if (chosen[axis]) {
            call_emit(call, call_report(call, NNA5004, call_attr_span(call, i),
                                        "axis %" PRId64 " is given twice", axis));
            return false;
        }
        chosen[axis] = true;
    }
    int64_t *list = ARENA_ARRAY(&call->graph->cx->module, int64_t, count);
    uint32_t filled = 0;
    for (uint8_t k = 0; k < rank; k++) {
        if (chosen[k]) list[filled++] = k;
    }
    *out = (Attr){.kind = ATTR_AXES, .count = count, .as.integers = list};
    return true;
}

static bool wrong_count(const OpCall *call, uint32_t i, uint32_t count, uint32_t wanted) {
    call_emit(call, call_report(call, NNA2006, call_attr_span(call, i),
                                "`%s` of `%s` has %u number%s for %u spatial dimension%s",
                                row_attr(call, i)->name, op_info[call->op].spelling, count,
                                count == 1 ? "" : "s", wanted, wanted == 1 ? "" : "s"));
    return false;
}

static bool normalise_window(const OpCall *call, uint32_t i, const Attr *given, uint32_t spatial,
                             Attr *out) {
    const AttrInfo *row = row_attr(call, i);
    int64_t fallback = (int64_t)row->number;
    uint32_t count = 1;
    const int64_t *values = &fallback;
    if (given->kind == ATTR_NONE && row->same_as != NULL) {
        *out = *call_attr(call, row->same_as); /* it stands before this one in the row */
        return true;
    }
    if (given->kind != ATTR_NONE && !as_integers(call, given, &count, &values)) {
        return wrong_kind(call, i, given);
    }
    if (count != 1 && count != spatial) return wrong_count(call, i, count, spatial);
    int64_t *list = ARENA_ARRAY(&call->graph->cx->module, int64_t, spatial);
    for (uint32_t k = 0; k < spatial; k++) {
        list[k] = values[count == 1 ? 0 : k];
        if (!check_domain(call, i, (double)list[k])) return false;
    }
    *out = (Attr){.kind = ATTR_WINDOW, .count = spatial, .as.integers = list};
    return true;
}

/* Numbers become the list begin..., end...; words wait for the shapes. */
static bool normalise_padding(const OpCall *call, uint32_t i, const Attr *given, uint32_t spatial,
                              Attr *out) {
    Graph *g = call->graph;
    uint32_t count = 1;
    const int64_t zero = 0, *values = &zero;
    if (given->kind == ATTR_NAME || given->kind == ATTR_WORD) {
        return normalise_word(call, i, given, padding_words, out);
    }
    if (given->kind == ATTR_PADDING && given->count == 2 * spatial) {
        *out = *given;
        return true;
    }
    if (given->kind != ATTR_NONE && !as_integers(call, given, &count, &values)) {
        return wrong_kind(call, i, given);
    }
    if (count != 1 && count != spatial && count != 2 * spatial) {
        return wrong_count(call, i, count, spatial);
    }
    DimId *list = ARENA_ARRAY(&g->cx->module, DimId, 2 * (size_t)spatial);
    for (uint32_t k = 0; k < 2 * spatial; k++) {
        uint32_t axis = k % spatial, end = k / spatial;
        int64_t value = values[count == 1 ? 0 : count == spatial ? axis : 2 * axis + end];
        if (value < 0) {
            call_emit(call, call_report(call, NNA5001, call_attr_span(call, i),
                                        "`%s` of `%s` is %" PRId64 "; it must be at least 0",
                                        row_attr(call, i)->name, op_info[call->op].spelling,
                                        value));
            return false;
        }
        list[k] = dim_constant(g->dims, value);
    }
    *out = (Attr){.kind = ATTR_PADDING, .count = 2 * spatial, .as.dims = list};
    return true;
}

static bool normalise_number(const OpCall *call, uint32_t i, const Attr *given, Attr *out) {
    const AttrInfo *row = row_attr(call, i);
    *out = (Attr){.kind = row->kind};
    if (row->kind == ATTR_INTEGER) {
        if (given->kind != ATTR_INTEGER && given->kind != ATTR_NONE) {
            return wrong_kind(call, i, given);
        }
        out->as.integer = given->kind == ATTR_NONE ? (int64_t)row->number : given->as.integer;
        return check_domain(call, i, (double)out->as.integer);
    }
    switch (given->kind) {
    case ATTR_NONE: out->as.real = row->number; break;
    case ATTR_INTEGER: out->as.real = (double)given->as.integer; break;
    case ATTR_REAL: out->as.real = given->as.real; break;
    case ATTR_BOOLEAN: case ATTR_WORD: case ATTR_AXIS: case ATTR_AXES: case ATTR_INTEGERS:
    case ATTR_DIMS: case ATTR_WINDOW: case ATTR_PADDING: case ATTR_DTYPE: case ATTR_CONTRACT:
    case ATTR_NAME: case ATTR_DATA:
        return wrong_kind(call, i, given);
    }
    return check_domain(call, i, out->as.real);
}

static bool normalise_list(const OpCall *call, uint32_t i, const Attr *given, Attr *out) {
    Graph *g = call->graph;
    uint32_t count;
    const int64_t *values;
    *out = *given;
    if (given->kind == ATTR_NONE) return true; /* the shape rule says what it stands for */
    AttrKind kind = row_attr(call, i)->kind;
    if (kind == ATTR_DIMS && given->kind == ATTR_DIMS) return true;
    if (!as_integers(call, given, &count, &values)) return wrong_kind(call, i, given);
    if (kind == ATTR_INTEGERS) {
        *out = (Attr){.kind = kind, .count = count, .as.integers = values};
        return true;
    }
    DimId *dims = ARENA_ARRAY(&g->cx->module, DimId, count);
    for (uint32_t k = 0; k < count; k++) dims[k] = dim_constant(g->dims, values[k]);
    *out = (Attr){.kind = kind, .count = count, .as.dims = dims};
    return true;
}

/* Kinds that are what they are: absent ones become the kind's zero. */
static bool normalise_plain(const OpCall *call, uint32_t i, const Attr *given, Attr *out) {
    const AttrInfo *row = row_attr(call, i);
    if (given->kind != ATTR_NONE && given->kind != row->kind) return wrong_kind(call, i, given);
    *out = *given;
    out->kind = row->kind;
    if (given->kind == ATTR_NONE && row->kind == ATTR_BOOLEAN) {
        out->as.integer = row->number != 0; /* 0 and 1 are exact */
    }
    return true;
}

static bool normalise(OpCall *call, uint32_t i, const Attr *given, uint32_t spatial) {
    const AttrInfo *row = row_attr(call, i);
    Attr *out = &call->attrs[i];
    switch (row->kind) {
    case ATTR_INTEGER:
    case ATTR_REAL: return normalise_number(call, i, given, out);
    case ATTR_WORD: {
        Attr fallback = {.kind = ATTR_WORD, .as.integer = (int64_t)row->number};
        return normalise_word(call, i, given->kind == ATTR_NONE ? &fallback : given, row->words,
                              out);
    }
    case ATTR_AXIS:
        if (given->kind != ATTR_INTEGER && given->kind != ATTR_AXIS) {
            return wrong_kind(call, i, given);
        }
        *out = (Attr){.kind = ATTR_AXIS, .as.integer = given->as.integer};
        return normalise_axis(call, i, &out->as.integer);
    case ATTR_AXES: return normalise_axes(call, i, given, out);
    case ATTR_INTEGERS:
    case ATTR_DIMS: return normalise_list(call, i, given, out);
    case ATTR_WINDOW: return normalise_window(call, i, given, spatial, out);
    case ATTR_PADDING: return normalise_padding(call, i, given, spatial, out);
    case ATTR_BOOLEAN:
    case ATTR_DTYPE:
    case ATTR_CONTRACT:
    case ATTR_NAME:
    case ATTR_DATA: return normalise_plain(call, i, given, out);
    case ATTR_NONE: return true;
    }
    return false;
}

bool attrs_normalise(OpCall *call, const Attr *given, uint32_t spatial) {
    bool ok = true;
    for (uint32_t i = 0; i < op_info[call->op].attr_count; i++) {
        const AttrInfo *row = row_attr(call, i);
        if (row->required && given[i].kind == ATTR_NONE) {
            call_emit(call, call_report(call, NNA1007, call_span(call), "`%s` needs `%s`: %s",
                                        op_info[call->op].spelling, row->name,
                                        attr_kind_text(row->kind)));
            ok = false;
        } else if (!normalise(call, i, &given[i], spatial)) {
            ok = false;
        }
        /* What takes another's value needs that one. */
        if (!ok && row->kind == ATTR_WINDOW) return false;
    }
    return ok;
}
