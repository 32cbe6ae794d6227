/* A JSON document that is built part by part and printed whole.
 *
 * Each part is put into its parent at once, so that the root frees all, and a lack of memory
 * anywhere ends in one failure of json_document. Texts are made valid and printable; numbers that
 * JSON does not have become "inf", "-inf" and "nan". */
#ifndef NNA_BACKEND_JSON_TREE_H
#define NNA_BACKEND_JSON_TREE_H

#include "ir/base/ctx.h"

typedef struct json_t JsonPart;

typedef struct JsonTree {
    Ctx *cx;
    JsonPart *root; /* an object */
    bool failed;
} JsonTree;

/* Fills a document with `fill(tree, data)` and prints it to `out`, with a line feed behind it.
 * Gives up, with a report NNA0002, where memory runs out. */
void json_document(Ctx *cx, void (*fill)(JsonTree *tree, void *data), void *data, Buf *out);

/* The same in one line, without a line feed. */
void json_line(Ctx *cx, void (*fill)(JsonTree *tree, void *data), void *data, Buf *out);

/* Each puts a value under the key of an object, or behind the last of an array (`key` NULL).
 * The parts that are made are the tree's. */
JsonPart *json_put_object(JsonTree *tree, JsonPart *parent, const char *key);
JsonPart *json_put_array(JsonTree *tree, JsonPart *parent, const char *key);
void json_put_text(JsonTree *tree, JsonPart *parent, const char *key, const char *text);
void json_put_format(JsonTree *tree, JsonPart *parent, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void json_put_whole(JsonTree *tree, JsonPart *parent, const char *key, int64_t number);
void json_put_real(JsonTree *tree, JsonPart *parent, const char *key, double number);
void json_put_truth(JsonTree *tree, JsonPart *parent, const char *key, bool truth);
void json_put_null(JsonTree *tree, JsonPart *parent, const char *key);

/* A text, or null for NULL. */
void json_put_text_or_null(JsonTree *tree, JsonPart *parent, const char *key, const char *text);

#endif
