/* Printing a row of explain.def together with its row of diag.def. */
#include "backend/explain.h"

#include "ir/base/wrap.h"

#include <string.h>

const Explanation explanations[] = {
#define EXPLAIN(code, why, wrong, right) {code, why, wrong, right},
#include "backend/explain.def"
};
const uint32_t explanation_count = sizeof explanations / sizeof *explanations;

static void put_indented(const char *text, Buf *out) {
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > 0) buf_put(out, "    ");
        buf_put_bytes(out, text, length);
        buf_put_char(out, '\n');
        text += length + (text[length] == '\n');
    }
}

static void put_wrapped(Ctx *cx, const char *text, Buf *out) {
    enum { WIDTH = 88 };
    TextLines lines = wrap_text(&cx->scratch, text, WIDTH);
    for (uint32_t i = 0; i < lines.count; i++) {
        buf_put_bytes(out, lines.data[i].text, lines.data[i].length);
        buf_put_char(out, '\n');
    }
}

static bool report_unknown(const char *spelling, Buf *error) {
    const char *best = diag_nearest(spelling);
    buf_put(error, "there is no rule `");
    buf_put_escaped(error, spelling, strlen(spelling));
    buf_put(error, "`");
    if (best != NULL) buf_printf(error, ", did you mean `%s`?", best);
    else buf_put(error, "; see --list-rules");
    return false;
}

const Explanation *explain_find(DiagCode code) {
    for (uint32_t i = 0; i < explanation_count; i++) {
        if (explanations[i].code == code) return &explanations[i];
    }
    return NULL;
}

bool explain_print(Ctx *cx, const char *rule, Buf *out, Buf *error) {
    DiagCode found = diag_find(rule);
    if (found == DIAG_COUNT) return report_unknown(rule, error);
    const DiagInfo *info = &diag_info[found];
    buf_printf(out, "%s %s: %s\n%s", info->code, info->name, info->title,
               severity_text[info->severity]);
    if (info->impact > 0) {
        buf_printf(out, ", impact %d (%s), category: %s", info->impact, impact_text[info->impact],
                   category_text[info->category]);
    }
    buf_put(out, "\n\n");
    const Explanation *e = explain_find(found);
    if (e == NULL) {
        buf_put(out, "This version does not report it yet.\n");
        return true;
    }
    put_wrapped(cx, e->why, out);
    if (e->wrong[0] != '\0') {
        buf_put(out, "\nWrong:\n\n");
        put_indented(e->wrong, out);
        buf_put(out, "\nRight:\n\n");
        put_indented(e->right, out);
    }
    return true;
}
