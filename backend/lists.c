/* Walks of the operator and diagnostic tables. */
#include "backend/lists.h"

#include "backend/explain.h"
#include "backend/json_tree.h"
#include "backend/report_json.h"
#include "frontend/catalog.h"
#include "ir/base/wrap.h"

#include <inttypes.h>
#include <string.h>

enum { SCHEMA = 1, WIDTH = 96 };

/* Paragraphs between margins. */
static void put_wrapped(Ctx *cx, const char *text, const char *first, const char *rest, Buf *out) {
    TextLines lines = wrap_text(&cx->scratch, text, WIDTH - (uint32_t)strlen(rest));
    for (uint32_t i = 0; i < lines.count; i++) {
        buf_put(out, i == 0 ? first : rest);
        buf_put_bytes(out, lines.data[i].text, lines.data[i].length);
        buf_put_char(out, '\n');
    }
}

static const char *signature_text(Ctx *cx, const CatalogEntry *entry) {
    Buf text = buf_make(&cx->scratch);
    catalog_signature(entry, &text);
    return buf_text(&text);
}

static bool begins_family(const Catalog *all, uint32_t i) {
    return i == 0 || strcmp(all->data[i].family, all->data[i - 1].family) != 0;
}

static void print_operators(Ctx *cx, const Catalog *all, Buf *out) {
    for (uint32_t i = 0; i < all->count; i++) {
        const CatalogEntry *entry = &all->data[i];
        if (begins_family(all, i)) buf_printf(out, "%s%s\n", i > 0 ? "\n" : "", entry->family);
        put_wrapped(cx, signature_text(cx, entry), "  ", "          ", out);
        if (entry->onnx[0] != '\0') buf_printf(out, "      ONNX %s\n", entry->onnx);
        put_wrapped(cx, entry->doc, "      ", "      ", out);
    }
}

/* A text in a cell of a table. */
static void put_cell(const char *text, Buf *out) {
    for (; *text != '\0'; text++) {
        if (*text == '|') buf_put_char(out, '\\');
        buf_put_char(out, *text == '\n' ? ' ' : *text);
    }
}

static void print_markdown(Ctx *cx, const Catalog *all, Buf *out) {
    buf_put(out, "# Operators\n\n"
                 "Made from the tables by `tests/check_docs --update NNAC`; not written by hand.\n"
                 "`float`, `number` and `element` are any floating-point, numeric, any element "
                 "type, the\nsame one throughout; `integer` is any integer type, each one of its "
                 "own; `[...]` is any shape;\nwhat has a default may be left out. A parameter "
                 "`weight` that is `none` is made by the operator.\nSemantics are in "
                 "[language.md](language.md), section 8.\n");
    for (uint32_t i = 0; i < all->count; i++) {
        const CatalogEntry *entry = &all->data[i];
        if (begins_family(all, i)) {
            buf_printf(out, "\n## %s\n\n| operator | ONNX | meaning |\n| --- | --- | --- |\n",
                       entry->family);
        }
        buf_put(out, "| `");
        put_cell(signature_text(cx, entry), out);
        buf_printf(out, "` | %s | ", entry->onnx);
        put_cell(entry->doc, out);
        buf_put(out, " |\n");
    }
}

static void put_operator(JsonTree *t, JsonPart *list, const CatalogEntry *entry) {
    JsonPart *part = json_put_object(t, list, NULL);
    json_put_text(t, part, "name", entry->name);
    json_put_text(t, part, "family", entry->family);
    json_put_text_or_null(t, part, "onnx", entry->onnx[0] == '\0' ? NULL : entry->onnx);
    json_put_text(t, part, "doc", entry->doc);
    json_put_text(t, part, "signature", signature_text(t->cx, entry));
    json_put_truth(t, part, "variadic", entry->variadic);
    JsonPart *parameters = json_put_array(t, part, "parameters");
    for (uint32_t i = 0; i < entry->parameters.count; i++) {
        const CatalogParameter *p = &entry->parameters.data[i];
        JsonPart *one = json_put_object(t, parameters, NULL);
        json_put_text(t, one, "name", p->name);
        json_put_text(t, one, "type", p->type);
        json_put_truth(t, one, "tensor", p->is_tensor);
        json_put_truth(t, one, "required", p->otherwise == NULL);
        json_put_text_or_null(t, one, "default", p->otherwise);
    }
    json_put_text_or_null(t, part, "result", entry->result[0] == '\0' ? NULL : entry->result);
}

static void fill_operators(JsonTree *t, void *data) {
    const Catalog *all = data;
    json_put_whole(t, t->root, "schema", SCHEMA);
    JsonPart *list = json_put_array(t, t->root, "operators");
    for (uint32_t i = 0; i < all->count; i++) put_operator(t, list, &all->data[i]);
}

bool list_operators(Ctx *cx, Format format, Buf *out, Buf *error) {
    Catalog all = catalog_make(cx);
    if (format == FORMAT_FULL) print_operators(cx, &all, out);
    else if (format == FORMAT_JSON) json_document(cx, fill_operators, &all, out);
    else if (format == FORMAT_MARKDOWN) print_markdown(cx, &all, out);
    else buf_put(error, "`--list-ops` goes with `--format=full`, `json` or `markdown`");
    return error->length == 0;
}

static void print_rules(Buf *out) {
    for (int code = 0; code < DIAG_COUNT; code++) {
        const DiagInfo *info = &diag_info[code];
        buf_printf(out, "%s  %-24s  %-7s  %s", info->code, info->name,
                   severity_text[info->severity], info->title);
        if (info->impact > 0) {
            buf_printf(out, " (%s, impact %d)", category_text[info->category], info->impact);
        }
        buf_put_char(out, '\n');
    }
}

static void fill_rules(JsonTree *t, void *data) {
    (void)data;
    json_put_whole(t, t->root, "schema", SCHEMA);
    JsonPart *list = json_put_array(t, t->root, "rules");
    for (int code = 0; code < DIAG_COUNT; code++) {
        const DiagInfo *info = &diag_info[code];
        const Explanation *e = explain_find((DiagCode)code);
        JsonPart *part = json_put_object(t, list, NULL);
        report_json_rule(t, part, (DiagCode)code, info->severity);
        json_put_text(t, part, "title", info->title);
        json_put_text_or_null(t, part, "why", e == NULL ? NULL : e->why);
        bool has_models = e != NULL && e->wrong[0] != '\0';
        json_put_text_or_null(t, part, "wrong", has_models ? e->wrong : NULL);
        json_put_text_or_null(t, part, "right", has_models ? e->right : NULL);
    }
}

bool list_rules(Ctx *cx, Format format, Buf *out, Buf *error) {
    if (format == FORMAT_FULL) print_rules(out);
    else if (format == FORMAT_JSON) json_document(cx, fill_rules, NULL, out);
    else buf_put(error, "`--list-rules` goes with `--format=full` or `json`");
    return error->length == 0;
}
