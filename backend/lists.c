/* Walks of the operator and diagnostic tables. */
#include "backend/lists.h"

#include "ir/op.h"

#include <inttypes.h>
#include <string.h>

/* "conv(x, weight, stride: 1)" */
static void put_signature(const OpInfo *info, Buf *out) {
    buf_printf(out, "%s(", info->spelling);
    for (int i = 0; i < info->input_count; i++) {
        buf_printf(out, "%s%s", i > 0 ? ", " : "", info->inputs[i]);
    }
    if (info->variadic) buf_put(out, ", ...");
    for (int i = 0; i < info->attr_count; i++) {
        buf_printf(out, ", %s", info->attrs[i].name);
    }
    buf_put(out, ")");
}

void list_operators(Buf *out) {
    enum { COLUMN = 44 };
    for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
        const OpInfo *info = &op_info[op];
        if (info->form == FORM_SPECIAL || info->form == FORM_REGION) continue;
        size_t start = out->length;
        put_signature(info, out);
        size_t width = out->length - start;
        buf_repeat(out, ' ', width < COLUMN ? COLUMN - width : 2);
        buf_printf(out, "%s\n", info->summary);
    }
}

void list_rules(Buf *out) {
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
