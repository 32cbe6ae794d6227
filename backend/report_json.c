/* Reports as one JSON document. What a report does not have is null or an empty list, so that
 * every object has the same keys. A key may be added; one is taken out, or changes its meaning,
 * only with another SCHEMA. */
#include "backend/report_json.h"

#include "backend/json_tree.h"
#include "backend/version.h"

#include <math.h>

enum { SCHEMA = 1 };

/* {"line": 3, "column": 10, "byte": 52}: lines and columns from 1, columns in characters, bytes of
 * the file from 0. */
static void put_place(JsonTree *t, JsonPart *parent, const char *key, uint32_t offset) {
    Place place = place_of(t->cx, offset);
    JsonPart *part = json_put_object(t, parent, key);
    json_put_whole(t, part, "line", place.line);
    json_put_whole(t, part, "column", place.column);
    json_put_whole(t, part, "byte", offset - place.source->base);
}

/* The place, or null; the end is behind the last character. */
static void put_location(JsonTree *t, JsonPart *parent, const char *key, Span span) {
    Source *source = span.begin == 0 ? NULL : source_at(&t->cx->sources, span.begin);
    if (source == NULL) {
        json_put_null(t, parent, key);
        return;
    }
    uint32_t limit = source->base + source->length;
    uint32_t end = span.end > limit ? limit : span.end < span.begin ? span.begin : span.end;
    JsonPart *part = json_put_object(t, parent, key);
    json_put_text(t, part, "file", source->path);
    put_place(t, part, "start", span.begin);
    put_place(t, part, "end", end);
}

static void put_labels(JsonTree *t, JsonPart *parent, const Diag *d) {
    JsonPart *list = json_put_array(t, parent, "labels");
    for (uint32_t i = 0; i < d->labels.count; i++) {
        if (d->labels.data[i].is_call) continue;
        JsonPart *part = json_put_object(t, list, NULL);
        put_location(t, part, "location", d->labels.data[i].span);
        json_put_text(t, part, "text", d->labels.data[i].text);
    }
    list = json_put_array(t, parent, "calls");
    for (uint32_t i = 0; i < d->labels.count; i++) {
        if (!d->labels.data[i].is_call) continue;
        JsonPart *part = json_put_object(t, list, NULL);
        put_location(t, part, "location", d->labels.data[i].span);
        json_put_text(t, part, "text", d->labels.data[i].text);
    }
}

static void put_facts(JsonTree *t, JsonPart *parent, const Diag *d) {
    JsonPart *list = json_put_array(t, parent, "facts");
    for (uint32_t i = 0; i < d->facts.count; i++) {
        const DiagFact *fact = &d->facts.data[i];
        bool has_finite = fact->low <= fact->high;
        JsonPart *part = json_put_object(t, list, NULL);
        json_put_text(t, part, "role", fact->role);
        json_put_text(t, part, "subject", fact->subject);
        json_put_text(t, part, "type", fact->type);
        if (has_finite) json_put_real(t, part, "low", fact->low);
        else json_put_null(t, part, "low");
        if (has_finite) json_put_real(t, part, "high", fact->high);
        else json_put_null(t, part, "high");
        json_put_truth(t, part, "may_be_nan", fact->nan);
        json_put_truth(t, part, "may_be_inf", fact->positive_infinity);
        json_put_truth(t, part, "may_be_minus_inf", fact->negative_infinity);
        json_put_truth(t, part, "is_nonzero", fact->nonzero);
        json_put_truth(t, part, "is_integral", fact->integral);
    }
}

static void put_witness(JsonTree *t, JsonPart *parent, const DiagWitness *witness) {
    if (witness == NULL) {
        json_put_null(t, parent, "witness");
        return;
    }
    JsonPart *part = json_put_object(t, parent, "witness");
    json_put_text(t, part, "inputs", witness->inputs);
    json_put_text_or_null(t, part, "element", witness->element);
    JsonPart *operands = json_put_array(t, part, "operands");
    for (uint32_t i = 0; i < witness->operand_count; i++) {
        json_put_real(t, operands, NULL, witness->operands[i]);
    }
    json_put_real(t, part, "result", witness->result);
}

static void put_texts(JsonTree *t, JsonPart *parent, const char *key, uint32_t count,
                      const char *const *texts) {
    JsonPart *list = json_put_array(t, parent, key);
    for (uint32_t i = 0; i < count; i++) json_put_text(t, list, NULL, texts[i]);
}

static void put_fixes(JsonTree *t, JsonPart *parent, const DiagFix *fix) {
    JsonPart *list = json_put_array(t, parent, "fixes");
    if (fix == NULL) return;
    JsonPart *part = json_put_object(t, list, NULL);
    json_put_text(t, part, "kind", fix->kind);
    json_put_text(t, part, "text", fix->sentence);
    JsonPart *edits = json_put_array(t, part, "edits");
    for (uint32_t i = 0; i < fix->edits.count; i++) {
        JsonPart *edit = json_put_object(t, edits, NULL);
        put_location(t, edit, "location", fix->edits.data[i].span);
        json_put_text(t, edit, "text", fix->edits.data[i].text);
    }
}

void report_json_rule(JsonTree *t, JsonPart *part, DiagCode code, Severity severity) {
    const DiagInfo *info = &diag_info[code];
    json_put_text(t, part, "code", info->code);
    json_put_text(t, part, "name", info->name);
    json_put_text(t, part, "severity", severity_text[severity]);
    json_put_text(t, part, "category", category_text[info->category]);
    json_put_whole(t, part, "impact", info->impact);
}

static void put_report(JsonTree *t, JsonPart *list, const Diag *d) {
    JsonPart *part = json_put_object(t, list, NULL);
    report_json_rule(t, part, d->code, d->severity);
    json_put_text(t, part, "message", d->message);
    put_location(t, part, "location", d->primary.span);
    json_put_text(t, part, "label", d->primary.text);
    json_put_text_or_null(t, part, "file", d->file);
    json_put_text_or_null(t, part, "model",
                          d->model.id == 0 ? NULL : names_text(&t->cx->names, d->model));
    json_put_text_or_null(t, part, "operation", d->operation);
    json_put_text_or_null(t, part, "parameter", d->parameter);
    json_put_text_or_null(t, part, "verdict", d->verdict);
    if (d->margin > 0) json_put_real(t, part, "margin", d->margin);
    else json_put_null(t, part, "margin");
    put_facts(t, part, d);
    put_witness(t, part, d->witness);
    put_labels(t, part, d);
    put_texts(t, part, "notes", d->notes.count, d->notes.data);
    put_texts(t, part, "helps", d->helps.count, d->helps.data);
    put_fixes(t, part, d->fix);
    Buf text = buf_make(&t->cx->session);
    diag_text(t->cx, d, &(TextStyle){.color = false, .width = 0}, &text);
    json_put_text(t, part, "rendered", buf_text(&text));
}

static void put_operation(JsonTree *t, JsonPart *part, const WhatIfPlace *p) {
    json_put_text(t, part, "text", p->text);
    put_location(t, part, "location", p->span);
    json_put_whole(t, part, "copies", p->copies);
}

static void put_what_if(JsonTree *t, JsonPart *list, const WhatIf *w) {
    JsonPart *part = json_put_object(t, list, NULL);
    json_put_text(t, part, "model", w->model);
    json_put_text(t, part, "precision", dtype_info[w->to].spelling);
    json_put_truth(t, part, "refused", w->refused);
    json_put_whole(t, part, "broken", w->broken);
    json_put_whole(t, part, "growth", w->growth);
    json_put_whole(t, part, "growth_as_written", w->growth_before);
    json_put_truth(t, part, "mended", w->mended);
    json_put_truth(t, part, "minimal", w->minimal);
    JsonPart *kept = json_put_array(t, part, "kept");
    for (uint32_t i = 0; i < w->kept.count; i++) {
        put_operation(t, json_put_object(t, kept, NULL), &w->kept.data[i]);
    }
    JsonPart *tensors = json_put_array(t, part, "tensors");
    for (uint32_t i = 0; i < w->tensors.count; i++) {
        const WhatIfTensor *tensor = &w->tensors.data[i];
        JsonPart *row = json_put_object(t, tensors, NULL);
        put_operation(t, row, &tensor->place);
        json_put_real(t, row, "low", tensor->range.low);
        json_put_real(t, row, "high", tensor->range.high);
        json_put_truth(t, row, "unbounded", tensor->unbounded);
        json_put_real(t, row, "binades_to_overflow", tensor->above);
        if (isnan(tensor->below)) json_put_null(t, row, "binades_to_subnormal");
        else json_put_real(t, row, "binades_to_subnormal", tensor->below);
    }
}

static void put_what_ifs(JsonTree *t, JsonPart *part, const FileOutcome *file) {
    if (file->what_ifs.count == 0) return;
    JsonPart *list = json_put_array(t, part, "what_if");
    for (uint32_t i = 0; i < file->what_ifs.count; i++) {
        put_what_if(t, list, file->what_ifs.data[i]);
    }
}

static void put_file(JsonTree *t, JsonPart *list, const FileOutcome *file) {
    JsonPart *part = json_put_object(t, list, NULL);
    json_put_text(t, part, "file", file->path);
    json_put_whole(t, part, "errors", file->errors);
    json_put_whole(t, part, "warnings", file->warnings);
    if (!file->was_analysed) {
        json_put_null(t, part, "dangerous_operations");
        return;
    }
    JsonPart *counts = json_put_object(t, part, "dangerous_operations");
    json_put_whole(t, counts, "proved", file->proved);
    json_put_whole(t, counts, "confirmed", file->confirmed);
    json_put_whole(t, counts, "possible", file->possible);
    json_put_whole(t, counts, "consequence", file->consequence);
    json_put_whole(t, counts, "growth", file->growth);
    json_put_whole(t, counts, "not_analysed", file->not_analysed);
    JsonPart *trusted = json_put_object(t, part, "trusted_contracts");
    for (int op = 0; op < OP_COUNT; op++) {
        if (!op_info[op].trusted) continue;
        json_put_whole(t, trusted, op_info[op].spelling, file->trusted.count[op]);
    }
    put_what_ifs(t, part, file);
}

static void put_summary(JsonTree *t, JsonPart *parent, const Outcome *outcome) {
    const Diags *all = &t->cx->diags;
    uint32_t counts[] = {0, 0, 0};
    for (uint32_t i = 0; i < all->list.count; i++) counts[all->list.data[i]->severity]++;
    JsonPart *part = json_put_object(t, parent, "summary");
    json_put_whole(t, part, "errors", counts[SEVERITY_ERROR]);
    json_put_whole(t, part, "warnings", counts[SEVERITY_WARNING]);
    json_put_whole(t, part, "notes", counts[SEVERITY_NOTE]);
    json_put_whole(t, part, "exit_status", outcome->status);
    if (outcome->has_baseline) {
        JsonPart *baseline = json_put_object(t, part, "baseline");
        json_put_whole(t, baseline, "known", outcome->known);
        json_put_whole(t, baseline, "gone", outcome->gone);
    } else {
        json_put_null(t, part, "baseline");
    }
    JsonPart *files = json_put_array(t, part, "files");
    for (uint32_t i = 0; i < outcome->files.count; i++) {
        put_file(t, files, &outcome->files.data[i]);
    }
}

static void fill(JsonTree *t, void *data) {
    const Diags *all = &t->cx->diags;
    json_put_whole(t, t->root, "schema", SCHEMA);
    JsonPart *tool = json_put_object(t, t->root, "tool");
    json_put_text(t, tool, "name", "nnac");
    json_put_text(t, tool, "version", NNAC_VERSION);
    JsonPart *list = json_put_array(t, t->root, "reports");
    for (uint32_t i = 0; i < all->list.count; i++) put_report(t, list, all->list.data[i]);
    put_summary(t, t->root, data);
}

void report_json(Ctx *cx, const Outcome *outcome, Buf *out) {
    Outcome copy = *outcome;
    json_document(cx, fill, &copy, out);
}
