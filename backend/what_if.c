/* The text of --what-if (passes/what_if.h). */
#include "backend/what_if.h"

#include "backend/cells.h"

#include <inttypes.h>
#include <string.h>

enum { FEWEST = 4, MOST = 16, AMPLE = 12 /* binades */, COLUMNS = 5 };

static const char *number(Ctx *cx, double value, int digits) {
    Buf out = buf_make(&cx->scratch);
    buf_put_rounded(&out, value, digits);
    return buf_text(&out);
}

/* "12:9", in the file of the model; another file is named. */
static const char *where(Ctx *cx, Span span) {
    if (span.begin == 0) return "";
    Place place = place_of(cx, span.begin);
    return arena_format(&cx->scratch, "%" PRIu32 ":%" PRIu32, place.line, place.column);
}

static const char *named(Ctx *cx, const WhatIfPlace *p) {
    if (p->copies <= 1) return p->text;
    return arena_format(&cx->scratch, "%s (%" PRIu32 " times)", p->text, p->copies);
}

static void print_kept(Ctx *cx, const WhatIf *w, Buf *out) {
    const char *type = dtype_info[w->to].spelling;
    if (w->broken == 0) {
        buf_printf(out, "  no report is new: nothing has to stay as it is\n");
        return;
    }
    buf_printf(out, "  %" PRIu32 " report%s new, in %s alone\n", w->broken,
               w->broken == 1 ? " is" : "s are", type);
    if (!w->mended) {
        buf_put(out, "  what has to stay as it is was not found within the budget of the search\n");
        return;
    }
    buf_printf(out, "  keep as written, and nothing new breaks (%s):\n",
               w->minimal ? "none of it can be taken back"
                          : "perhaps not all of it is needed: the search was cut short");
    Cells cells = {0};
    for (uint32_t i = 0; i < w->kept.count; i++) {
        const char *at = where(cx, w->kept.data[i].span);
        vec_push(&cx->scratch, &cells, arena_format(&cx->scratch, "    %s", at));
        vec_push(&cx->scratch, &cells, named(cx, &w->kept.data[i]));
    }
    cells_print(&cells, 2, 2, out);
}

static const char *below_text(Ctx *cx, double below) {
    if (isnan(below)) return "may be 0";
    return number(cx, floor(below * 10) / 10, 4);
}

static const char *above_text(Ctx *cx, const WhatIfTensor *t) {
    return isinf(t->above) ? "always 0" : number(cx, floor(t->above * 10) / 10, 4);
}

static void print_tensors(Ctx *cx, const WhatIf *w, Buf *out) {
    static const char *const heads[COLUMNS] = {"    at", "overflow", "subnormal", "range",
                                               "tensor"};
    Cells cells = {0};
    uint32_t shown = 0, count = w->tensors.count - w->unbounded;
    if (count == 0) return;
    buf_printf(out,
               "  headroom: binades to overflow beyond %s, and to subnormal numbers below %s\n",
               number(cx, dtype_info[w->to].max, 5), number(cx, dtype_info[w->to].min_normal, 4));
    for (int i = 0; i < COLUMNS; i++) vec_push(&cx->scratch, &cells, heads[i]);
    const WhatIfTensor *next = NULL;
    for (uint32_t i = 0; i < w->tensors.count && next == NULL; i++) {
        const WhatIfTensor *t = &w->tensors.data[i];
        if (t->unbounded) continue;
        if (shown == MOST || (shown >= FEWEST && t->above >= AMPLE)) {
            next = t;
            break;
        }
        shown++;
        Buf range = buf_make(&cx->scratch);
        range_print(t->range, w->to, &range);
        const char *row[COLUMNS] = {arena_format(&cx->scratch, "    %s", where(cx, t->place.span)),
                                    above_text(cx, t), below_text(cx, t->below), buf_text(&range),
                                    named(cx, &t->place)};
        for (int k = 0; k < COLUMNS; k++) vec_push(&cx->scratch, &cells, row[k]);
    }
    cells_print(&cells, COLUMNS, COLUMNS, out);
    if (next != NULL) {
        buf_printf(out, "    and %" PRIu32 " with at least %s\n", count - shown,
                   above_text(cx, next));
    }
}

void what_if_print(Ctx *cx, const WhatIf *w, Buf *out) {
    const char *type = dtype_info[w->to].spelling;
    bool changes = w->tensors.count > 0 || w->broken > 0;
    buf_printf(out, "what if %s is computed in %s:\n", w->model, type);
    if (w->refused) {
        buf_put(out, "  not supported by this version: the model cannot be made in that type\n");
        return;
    }
    if (!changes) {
        buf_printf(out, "  nothing changes: no tensor is wider than %s\n", type);
        return;
    }
    print_kept(cx, w, out);
    print_tensors(cx, w, out);
    if (w->unbounded > 0) {
        buf_printf(out,
                   "  %" PRIu32 " tensor%s no bound below %s: contracts or --weights decide\n",
                   w->unbounded, w->unbounded == 1 ? " has" : "s have",
                   number(cx, dtype_info[w->to].max, 5));
    }
}
