/* jansson behind a few calls that cannot leak. */
#include "backend/json_tree.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* Puts a value that may be NULL, and is the parent's from here on. */
static JsonPart *put(JsonTree *tree, JsonPart *parent, const char *key, JsonPart *value) {
    int status = key != NULL ? json_object_set_new(parent, key, value)
                             : json_array_append_new(parent, value);
    if (status != 0) tree->failed = true;
    return status == 0 ? value : NULL;
}

JsonPart *json_put_object(JsonTree *tree, JsonPart *parent, const char *key) {
    return put(tree, parent, key, json_object());
}

JsonPart *json_put_array(JsonTree *tree, JsonPart *parent, const char *key) {
    return put(tree, parent, key, json_array());
}

/* What comes from files may be anything; line feeds stay. */
static const char *clean_text(Ctx *cx, const char *text) {
    Buf out = buf_make(&cx->session);
    for (const char *next; (next = strchr(text, '\n')) != NULL; text = next + 1) {
        buf_put_escaped(&out, text, (size_t)(next - text));
        buf_put_char(&out, '\n');
    }
    buf_put_escaped(&out, text, strlen(text));
    return buf_text(&out);
}

void json_put_text(JsonTree *tree, JsonPart *parent, const char *key, const char *text) {
    const char *clean = clean_text(tree->cx, text);
    put(tree, parent, key, json_string(clean));
}

void json_put_format(JsonTree *tree, JsonPart *parent, const char *key, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = arena_vformat(&tree->cx->session, format, args);
    va_end(args);
    json_put_text(tree, parent, key, text);
}

void json_put_whole(JsonTree *tree, JsonPart *parent, const char *key, int64_t number) {
    put(tree, parent, key, json_integer(number));
}

void json_put_real(JsonTree *tree, JsonPart *parent, const char *key, double number) {
    if (isfinite(number)) put(tree, parent, key, json_real(number));
    else json_put_text(tree, parent, key, isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
}

void json_put_truth(JsonTree *tree, JsonPart *parent, const char *key, bool truth) {
    put(tree, parent, key, json_boolean(truth));
}

void json_put_null(JsonTree *tree, JsonPart *parent, const char *key) {
    put(tree, parent, key, json_null());
}

void json_put_text_or_null(JsonTree *tree, JsonPart *parent, const char *key, const char *text) {
    if (text == NULL) json_put_null(tree, parent, key);
    else json_put_text(tree, parent, key, text);
}

/* A document on its way. Its root is freed when all is over, however it ended. */
typedef struct Writing {
    JsonTree tree;
    void (*fill)(JsonTree *tree, void *data);
    void *data;
    Buf *out;
    size_t flags;
} Writing;

static void fill_and_print(Ctx *cx, void *data) {
    Writing *w = data;
    w->fill(&w->tree, w->data);
    size_t size = w->tree.failed ? 0 : json_dumpb(w->tree.root, NULL, 0, w->flags);
    if (size == 0) ctx_exhausted(cx, 0, EXHAUSTED_SYSTEM);
    char *text = arena_alloc(&cx->session, size, 1);
    if (json_dumpb(w->tree.root, text, size, w->flags) != size) {
        ctx_exhausted(cx, 0, EXHAUSTED_SYSTEM);
    }
    buf_put_bytes(w->out, text, size);
}

static void write_document(Ctx *cx, Writing w) {
    w.tree = (JsonTree){.cx = cx, .root = json_object()};
    if (w.tree.root == NULL) ctx_exhausted(cx, 0, EXHAUSTED_SYSTEM);
    bool done = ctx_try(cx, fill_and_print, &w);
    json_decref(w.tree.root);
    if (!done) ctx_give_up(cx);
}

void json_document(Ctx *cx, void (*fill)(JsonTree *tree, void *data), void *data, Buf *out) {
    write_document(cx, (Writing){.fill = fill, .data = data, .out = out, .flags = JSON_INDENT(1)});
    buf_put_char(out, '\n');
}

void json_line(Ctx *cx, void (*fill)(JsonTree *tree, void *data), void *data, Buf *out) {
    write_document(cx, (Writing){.fill = fill, .data = data, .out = out});
}
