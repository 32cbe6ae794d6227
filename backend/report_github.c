/* `::error file=a.nna,line=3,col=10,endLine=3,endColumn=16,title=NNA3001 log-domain::message`.
 * A workflow command is one line; what would end it, or one of its parts, is written as %XX. */
#include "backend/report_github.h"

#include "backend/report_key.h"

#include <inttypes.h>
#include <string.h>

/* `also`: what ends a part, beside line ends and the sign of escapes itself. */
static void put_escaped(Buf *out, const char *text, const char *also) {
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '%' || c < ' ' || c == 0x7f || strchr(also, c) != NULL) {
            buf_printf(out, "%%%02X", c);
        } else {
            buf_put_char(out, (char)c);
        }
    }
}

static void put_property(Buf *out, const char *text) {
    put_escaped(out, text, ":,");
}

static void put_place(Ctx *cx, const Diag *d, Buf *out) {
    const char *path = report_file(cx, d);
    if (path == NULL) return;
    buf_put(out, "file=");
    put_property(out, path);
    Place from = place_of(cx, d->primary.span.begin);
    if (from.source != NULL) {
        uint32_t limit = from.source->base + from.source->length;
        Place to = place_of(cx, d->primary.span.end > limit ? limit : d->primary.span.end);
        buf_printf(out, ",line=%" PRIu32 ",col=%" PRIu32, from.line, from.column);
        if (to.source == from.source) {
            buf_printf(out, ",endLine=%" PRIu32 ",endColumn=%" PRIu32, to.line, to.column);
        }
    }
    buf_put_char(out, ',');
}

static void put_message(const Diag *d, Buf *out) {
    put_escaped(out, d->message, "");
    if (d->primary.text[0] != '\0') {
        buf_put(out, "%0A");
        put_escaped(out, d->primary.text, "");
    }
    for (uint32_t i = 0; i < d->notes.count; i++) {
        buf_put(out, "%0Anote: ");
        put_escaped(out, d->notes.data[i], "");
    }
    for (uint32_t i = 0; i < d->helps.count; i++) {
        buf_put(out, "%0Ahelp: ");
        put_escaped(out, d->helps.data[i], "");
    }
    buf_put_char(out, '\n');
}

void report_github(Ctx *cx, Buf *out) {
    static const char *const commands[] = {"notice", "warning", "error"};
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        const Diag *d = cx->diags.list.data[i];
        buf_printf(out, "::%s ", commands[d->severity]);
        put_place(cx, d, out);
        buf_printf(out, "title=%s %s::", diag_info[d->code].code, diag_info[d->code].name);
        put_message(d, out);
    }
}
