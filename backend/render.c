/* One row a format. */
#include "backend/render.h"

#include "backend/report_github.h"
#include "backend/report_json.h"
#include "backend/report_sarif.h"

void render_reports(Ctx *cx, Format format, const Outcome *outcome, const TextStyle *style,
                    Buf *document, Buf *beside) {
    /* Else a list was printed, or the usage was wrong. */
    bool was_run = outcome->files.count > 0 || cx->diags.list.count > 0;
    switch (format) {
    case FORMAT_FULL: diags_text(cx, style, beside); break;
    case FORMAT_SHORT: diags_short(cx, beside); break;
    case FORMAT_JSON:
        if (was_run) report_json(cx, outcome, document);
        break;
    case FORMAT_SARIF:
        if (was_run) report_sarif(cx, outcome, document);
        break;
    case FORMAT_GITHUB: report_github(cx, document); break;
    case FORMAT_MARKDOWN: break; /* of lists alone */
    }
}
