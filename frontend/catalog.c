/* What an operator is, is written in three places: a block of the prelude, a row of ir/ops/, a
 * function of static_function.def. Here they become one form. */
#include "frontend/catalog.h"

#include "frontend/prelude.h"
#include "ir/op.h"

#include <string.h>

typedef struct Listed {
    const char *family, *name, *onnx;
} Listed;

/* Families have no name. */
static const Listed listed[] = {
#define FAMILY(title) {title, NULL, NULL},
#define OPERATOR(name, onnx) {NULL, name, onnx},
#include "frontend/operator.def"
};

typedef struct FunctionText {
    const char *name, *formals;
    uint32_t required;
    bool variadic;
    const char *summary;
} FunctionText;

static const FunctionText functions[] = {
#define STATIC_FUNCTION(id, spelling, formals, required, variadic, visibility, summary) \
    {spelling, formals, required, variadic, summary},
#include "frontend/static_function.def"
};

typedef struct Making {
    Ctx *cx;
    const File *prelude;
} Making;

/* ---- blocks ---- */

/* The text of a node on one line. */
static const char *source_text(Making *m, Ast ast) {
    Span span = ast_span(m->prelude, ast);
    const Source *source = m->prelude->source;
    Buf out = buf_make(&m->cx->module);
    for (uint32_t at = span.begin; at < span.end; at++) {
        char c = source->text[at - source->base];
        bool is_blank = c == ' ' || c == '\n';
        bool after_blank = out.length > 0 && out.data[out.length - 1] == ' ';
        if (!is_blank) buf_put_char(&out, c);
        else if (!after_blank) buf_put_char(&out, ' ');
    }
    return buf_text(&out);
}

static Ast find_block(const Making *m, const char *name) {
    AstRange all = ast_list(m->prelude, m->prelude->root, AST_FILE_DECLARATIONS);
    for (uint32_t i = 0; i < all.count; i++) {
        if (ast_kind(m->prelude, all.items[i]) != AST_BLOCK) continue;
        if (strcmp(names_text(&m->cx->names, ast_name(m->prelude, all.items[i])), name) == 0) {
            return all.items[i];
        }
    }
    return AST_NONE;
}

static const char *results_text(Making *m, Ast block) {
    Ast list = ast_child(m->prelude, block, AST_BLOCK_RESULTS);
    AstRange results = ast_list(m->prelude, list, AST_LIST_ITEMS);
    Buf out = buf_make(&m->cx->module);
    for (uint32_t i = 0; i < results.count; i++) {
        const char *text = source_text(m, ast_child(m->prelude, results.items[i], AST_RESULT_TYPE));
        buf_printf(&out, "%s%s", i > 0 ? ", " : "", text);
    }
    bool is_any = strcmp(buf_text(&out), "any") == 0; /* says nothing to a reader */
    return is_any ? "" : buf_text(&out);
}

static void describe_block(Making *m, Ast block, CatalogEntry *out) {
    const File *file = m->prelude;
    Ast list = ast_child(file, block, AST_BLOCK_PARAMETERS);
    AstRange parameters = ast_list(file, list, AST_LIST_ITEMS);
    for (uint32_t i = 0; i < parameters.count; i++) {
        Ast type = ast_child(file, parameters.items[i], AST_PARAMETER_TYPE);
        Ast otherwise = ast_child(file, parameters.items[i], AST_PARAMETER_DEFAULT);
        const CatalogParameter one = {
            .name = names_text(&m->cx->names, ast_name(file, parameters.items[i])),
            .type = source_text(m, type),
            .otherwise = otherwise.id == 0 ? NULL : source_text(m, otherwise),
            .is_tensor = ast_kind(file, type) == AST_TENSOR_TYPE};
        vec_push(&m->cx->module, &out->parameters, one);
    }
    out->result = results_text(m, block);
    Name doc = ast_doc(file, block);
    out->doc = doc.id == 0 ? "" : names_text(&m->cx->names, doc);
}

/* ---- rows ---- */

typedef struct TypeTexts {
    const char *operands[OP_MAX_INPUTS], *result;
} TypeTexts;

static TypeTexts types_of(TypeRule rule) {
    switch (rule) {
    case TYPE_FLOAT: return (TypeTexts){{"float[...]", "float[...]", "float[...]"}, "float[...]"};
    case TYPE_NUMBER:
        return (TypeTexts){{"number[...]", "number[...]", "number[...]"}, "number[...]"};
    case TYPE_BOOL: return (TypeTexts){{"bool[...]", "bool[...]", "bool[...]"}, "bool[...]"};
    case TYPE_COMPARE:
        return (TypeTexts){{"element[...]", "element[...]", "element[...]"}, "bool[...]"};
    case TYPE_TEST: return (TypeTexts){{"float[...]", "float[...]", "float[...]"}, "bool[...]"};
    case TYPE_SELECT:
        return (TypeTexts){{"bool[...]", "element[...]", "element[...]"}, "element[...]"};
    case TYPE_CAST: return (TypeTexts){{"element[...]", "", ""}, "dtype[...]"};
    case TYPE_GATHER:
    case TYPE_SCATTER:
        return (TypeTexts){{"element[...]", "i64[...]", "element[...]"}, "element[...]"};
    case TYPE_INDEX: return (TypeTexts){{"i64[...]", "i64[...]", ""}, "i64[...]"};
    case TYPE_ORDER: return (TypeTexts){{"element[...]", "", ""}, "i64[...]"};
    case TYPE_ANY:
    case TYPE_SOURCE: break;
    }
    return (TypeTexts){{"element[...]", "element[...]", "element[...]"}, "element[...]"};
}

static const char *kind_text(const AttrInfo *a) {
    switch (a->kind) {
    case ATTR_INTEGER:
    case ATTR_AXIS: return "int";
    case ATTR_REAL: return "real";
    case ATTR_BOOLEAN: return "bool";
    case ATTR_AXES:
    case ATTR_WINDOW: return "ints";
    case ATTR_INTEGERS: return "list[int]";
    case ATTR_DIMS: return "list[dim]";
    case ATTR_PADDING: return "enum(valid, same, same_lower, any)";
    case ATTR_DTYPE: return "dtype";
    case ATTR_WORD: return "enum";
    case ATTR_NONE:
    case ATTR_CONTRACT:
    case ATTR_NAME:
    case ATTR_DATA: break;
    }
    return "any";
}

static const char *domain_text(const AttrInfo *a) {
    switch (a->domain) {
    case ATTR_ANY: return "";
    case ATTR_POSITIVE: return a->kind == ATTR_REAL ? " > 0" : " >= 1";
    case ATTR_NONNEGATIVE: return " >= 0";
    case ATTR_FINITE: return " in (-inf, inf)";
    }
    return "";
}

/* The words with commas between, or the one at a position alone. */
static const char *words_text(Making *m, const char *words, int at) {
    Buf out = buf_make(&m->cx->module);
    for (int i = 0; *words != '\0'; i++) {
        size_t length = strcspn(words, " ");
        if (at < 0 && i > 0) buf_put(&out, ", ");
        if (at < 0 || at == i) buf_put_bytes(&out, words, length);
        words += length + (words[length] == ' ');
    }
    return buf_text(&out);
}

static const char *default_text(Making *m, const AttrInfo *a) {
    if (a->required) return NULL;
    if (a->same_as != NULL) return a->same_as;
    if (a->kind == ATTR_WORD) return words_text(m, a->words, (int)a->number);
    if (a->kind == ATTR_BOOLEAN) return a->number != 0 ? "true" : "false";
    if (a->kind == ATTR_PADDING) return "valid";
    if (a->kind == ATTR_AXES || a->kind == ATTR_INTEGERS) return "none";
    Buf out = buf_make(&m->cx->module);
    buf_put_number(&out, a->number);
    return buf_text(&out);
}

static void describe_row(Making *m, Op op, CatalogEntry *out) {
    const OpInfo *info = &op_info[op];
    TypeTexts types = types_of(info->type);
    for (int i = 0; i < info->input_count; i++) {
        const CatalogParameter one = {
            .name = info->inputs[i], .type = types.operands[i], .is_tensor = true};
        vec_push(&m->cx->module, &out->parameters, one);
    }
    for (int i = 0; i < info->attr_count; i++) {
        const AttrInfo *a = &info->attrs[i];
        Buf type = buf_make(&m->cx->module);
        buf_put(&type, kind_text(a));
        if (a->kind == ATTR_WORD) buf_printf(&type, "(%s)", words_text(m, a->words, -1));
        buf_put(&type, domain_text(a));
        const CatalogParameter one = {
            .name = a->name, .type = buf_text(&type), .otherwise = default_text(m, a)};
        vec_push(&m->cx->module, &out->parameters, one);
    }
    out->variadic = info->variadic;
    out->result = types.result;
    out->doc = info->summary;
}

/* ---- functions ---- */

static const FunctionText *find_function(const char *name) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strcmp(functions[i].name, name) == 0) return &functions[i];
    }
    return NULL;
}

static void describe_function(Making *m, const FunctionText *f, CatalogEntry *out) {
    const char *at = f->formals;
    for (uint32_t i = 0; *at != '\0'; i++) {
        size_t length = strcspn(at, " ");
        const char *name = arena_text(&m->cx->module, at, length);
        const CatalogParameter one = {.name = name,
                                      .type = strcmp(name, "dtype") == 0 ? "dtype" : "any",
                                      .otherwise = i < f->required ? NULL : "none",
                                      .is_tensor = i == 0 && strcmp(name, "x") == 0};
        vec_push(&m->cx->module, &out->parameters, one);
        at += length + (at[length] == ' ');
    }
    out->variadic = f->variadic;
    out->doc = f->summary;
}

/* ---- all of them ---- */

static CatalogEntry describe(Making *m, const Listed *one, const char *family) {
    CatalogEntry entry = {.family = family, .name = one->name, .onnx = one->onnx, .result = "",
                          .doc = ""};
    Op op = op_find(one->name);
    if (op != OP_NONE && op_info[op].onnx[0] != '\0') entry.onnx = op_info[op].onnx;
    Ast block = find_block(m, one->name);
    const FunctionText *function = find_function(one->name);
    if (block.id != 0) describe_block(m, block, &entry);
    else if (op != OP_NONE && !op_info[op].internal) describe_row(m, op, &entry);
    else if (function != NULL) describe_function(m, function, &entry);
    return entry;
}

Catalog catalog_make(Ctx *cx) {
    Catalog all = {0};
    Making m = {.cx = cx, .prelude = prelude_parse(cx)};
    if (m.prelude == NULL) return all;
    const char *family = "";
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) {
        if (listed[i].name == NULL) family = listed[i].family;
        else vec_push(&cx->module, &all, describe(&m, &listed[i], family));
    }
    return all;
}

void catalog_signature(const CatalogEntry *entry, Buf *out) {
    buf_printf(out, "%s(", entry->name);
    for (uint32_t i = 0; i < entry->parameters.count; i++) {
        const CatalogParameter *p = &entry->parameters.data[i];
        buf_printf(out, "%s%s: %s", i > 0 ? ", " : "", p->name, p->type);
        if (p->otherwise != NULL) buf_printf(out, " = %s", p->otherwise);
        if (i == 0 && entry->variadic) buf_put(out, ", ...");
    }
    buf_put(out, ")");
    if (entry->result[0] != '\0') buf_printf(out, " -> %s", entry->result);
}
