/* Reports as SARIF: one log, one run, every rule declared, so that what is mended is closed.
 *
 * GitHub asks for more than the standard: texts of at most 1024 characters for a rule, a place for
 * every result, fingerprints that do not change with the lines. A report that has no file at all
 * is a notification of the tool. The checks are in tests/formats. */
#include "backend/report_sarif.h"

#include "backend/explain.h"
#include "backend/json_tree.h"
#include "backend/report_key.h"
#include "backend/version.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_RESULTS = 25000 }; /* of a run; more are refused as a whole */

static const char *const levels[] = {"note", "warning", "error"};

/* {"text": ...} */
static void put_message(JsonTree *t, JsonPart *parent, const char *key, const char *text) {
    json_put_text(t, json_put_object(t, parent, key), "text", text);
}

/* ---- rules ---- */

static void put_markdown(JsonTree *t, JsonPart *help, const Explanation *e) {
    Buf text = buf_make(&t->cx->session);
    buf_put(&text, e->why);
    if (e->wrong[0] != '\0') {
        buf_printf(&text, "\n\nWrong:\n\n```nna\n%s```\n\nRight:\n\n```nna\n%s```\n", e->wrong,
                   e->right);
    }
    json_put_text(t, help, "markdown", buf_text(&text));
}

static void put_rule(JsonTree *t, JsonPart *list, DiagCode code) {
    const DiagInfo *info = &diag_info[code];
    const Explanation *e = explain_find(code);
    const char *why = e != NULL ? e->why : "This version does not report it yet.";
    JsonPart *rule = json_put_object(t, list, NULL);
    json_put_text(t, rule, "id", info->code);
    json_put_text(t, rule, "name", info->name);
    put_message(t, rule, "shortDescription", info->title);
    put_message(t, rule, "fullDescription", why);
    JsonPart *help = json_put_object(t, rule, "help");
    json_put_text(t, help, "text", why);
    if (e != NULL) put_markdown(t, help, e);
    JsonPart *usual = json_put_object(t, rule, "defaultConfiguration");
    json_put_text(t, usual, "level", levels[info->severity]);
    JsonPart *properties = json_put_object(t, rule, "properties");
    json_put_text(t, properties, "precision", diag_is_numerical(code) ? "high" : "very-high");
    json_put_text(t, properties, "problem.severity",
                  info->severity == SEVERITY_ERROR ? "error" : "warning");
    JsonPart *tags = json_put_array(t, properties, "tags");
    json_put_text(t, tags, NULL, category_text[info->category]);
    json_put_format(t, tags, NULL, "impact %d", info->impact);
}

static void put_tool(JsonTree *t, JsonPart *run) {
    JsonPart *driver = json_put_object(t, json_put_object(t, run, "tool"), "driver");
    json_put_text(t, driver, "name", "nnac");
    json_put_text(t, driver, "semanticVersion", NNAC_VERSION);
    JsonPart *rules = json_put_array(t, driver, "rules");
    for (int code = 0; code < DIAG_COUNT; code++) put_rule(t, rules, (DiagCode)code);
}

/* ---- places ---- */

static void put_artifact(JsonTree *t, JsonPart *parent, const char *path) {
    Buf uri = buf_make(&t->cx->session);
    if (path[0] == '/') buf_put(&uri, "file://");
    for (const char *c = path; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._~/", *c) != NULL;
        if (plain) buf_put_char(&uri, *c);
        else buf_printf(&uri, "%%%02X", (unsigned char)*c);
    }
    JsonPart *artifact = json_put_object(t, parent, "artifactLocation");
    json_put_text(t, artifact, "uri", buf_text(&uri));
    if (path[0] != '/') json_put_text(t, artifact, "uriBaseId", "%SRCROOT%");
}

/* The place within a file; the first line of a file that has no lines. */
static void put_region(JsonTree *t, JsonPart *parent, const char *key, Span span) {
    JsonPart *region = json_put_object(t, parent, key);
    Place from = place_of(t->cx, span.begin);
    json_put_whole(t, region, "startLine", from.source == NULL ? 1 : from.line);
    json_put_whole(t, region, "startColumn", from.source == NULL ? 1 : from.column);
    if (from.source == NULL) return;
    uint32_t limit = from.source->base + from.source->length;
    Place to = place_of(t->cx, span.end > limit ? limit : span.end);
    if (to.source != from.source) to = from;
    json_put_whole(t, region, "endLine", to.line);
    json_put_whole(t, region, "endColumn", to.column);
}

/* Into a location; `path` is for a span that has no source. */
static void put_physical(JsonTree *t, JsonPart *location, Span span, const char *path) {
    Place place = place_of(t->cx, span.begin);
    if (place.source != NULL) path = path_from_here(t->cx, place.source->path);
    JsonPart *physical = json_put_object(t, location, "physicalLocation");
    put_artifact(t, physical, path);
    put_region(t, physical, "region", span);
}

static void put_logical(JsonTree *t, JsonPart *location, const Diag *d) {
    if (d->model.id == 0) return;
    const char *model = names_text(&t->cx->names, d->model);
    const char *inner = d->parameter != NULL ? d->parameter : d->operation;
    JsonPart *logical = json_put_object(t, json_put_array(t, location, "logicalLocations"), NULL);
    json_put_format(t, logical, "fullyQualifiedName", "%s%s%s", model, inner == NULL ? "" : "/",
                    inner == NULL ? "" : inner);
}

/* ---- results ---- */

/* Braces are doubled in a message, and brackets of a link's own text escaped. */
static void put_words(Buf *out, const char *text, bool in_link) {
    for (; *text != '\0'; text++) {
        if (*text == '{' || *text == '}') buf_put_char(out, *text);
        if (in_link && strchr("[]\\", *text) != NULL) buf_put_char(out, '\\');
        buf_put_char(out, *text);
    }
}

static void put_line(Buf *out, const char *kind, const char *text) {
    if (text[0] == '\0') return;
    buf_printf(out, "\n%s", kind);
    put_words(out, text, false);
}

/* The message; related places are linked by their numbers, which are those of the labels. */
static void put_result_message(JsonTree *t, JsonPart *result, const Diag *d) {
    Buf text = buf_make(&t->cx->session);
    put_words(&text, d->message, false);
    put_line(&text, "", d->primary.text);
    for (uint32_t i = 0; i < d->labels.count; i++) {
        const Label *label = &d->labels.data[i];
        if (label->span.begin == 0) {
            put_line(&text, "note: ", label->text);
            continue;
        }
        buf_put(&text, "\n[");
        put_words(&text, label->text[0] == '\0' ? "here" : label->text, true);
        buf_printf(&text, "](%" PRIu32 ")", i + 1);
    }
    for (uint32_t i = 0; i < d->notes.count; i++) put_line(&text, "note: ", d->notes.data[i]);
    for (uint32_t i = 0; i < d->helps.count; i++) put_line(&text, "help: ", d->helps.data[i]);
    put_message(t, result, "message", buf_text(&text));
}

static void put_related(JsonTree *t, JsonPart *result, const Diag *d) {
    JsonPart *list = NULL;
    for (uint32_t i = 0; i < d->labels.count; i++) {
        const Label *label = &d->labels.data[i];
        if (label->span.begin == 0) continue;
        if (list == NULL) list = json_put_array(t, result, "relatedLocations");
        JsonPart *location = json_put_object(t, list, NULL);
        json_put_whole(t, location, "id", i + 1);
        put_physical(t, location, label->span, NULL);
        Buf text = buf_make(&t->cx->session);
        put_words(&text, label->text, false);
        if (text.length > 0) put_message(t, location, "message", buf_text(&text));
    }
}

static void put_step(JsonTree *t, JsonPart *steps, Span span, const char *text) {
    JsonPart *location = json_put_object(t, json_put_object(t, steps, NULL), "location");
    put_physical(t, location, span, NULL);
    Buf words = buf_make(&t->cx->session);
    put_words(&words, text, false);
    put_message(t, location, "message", buf_text(&words));
}

/* The calls that lead to the place, from the outside. */
static void put_code_flow(JsonTree *t, JsonPart *result, const Diag *d) {
    JsonPart *steps = NULL;
    for (uint32_t i = d->labels.count; i-- > 0;) {
        const Label *label = &d->labels.data[i];
        if (!label->is_call || label->span.begin == 0) continue;
        if (steps == NULL) {
            JsonPart *flow = json_put_object(t, json_put_array(t, result, "codeFlows"), NULL);
            JsonPart *thread = json_put_object(t, json_put_array(t, flow, "threadFlows"), NULL);
            steps = json_put_array(t, thread, "locations");
        }
        put_step(t, steps, label->span, label->text);
    }
    if (steps != NULL) put_step(t, steps, d->primary.span, d->message);
}

/* How often each fingerprint was there before. */
typedef struct Counts {
    uint64_t *hash; /* 0: free */
    uint32_t *count, slots;
} Counts;

static uint64_t add_to_hash(uint64_t hash, const char *text) {
    for (; text != NULL && *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return (hash ^ 0xff) * 0x100000001b3u; /* between two texts */
}

/* FNV-1a of what does not move with the lines. */
static uint64_t fingerprint(Ctx *cx, const Diag *d) {
    uint64_t hash = add_to_hash(0xcbf29ce484222325u, diag_info[d->code].code);
    hash = add_to_hash(hash, report_file(cx, d));
    hash = add_to_hash(hash, d->model.id == 0 ? NULL : names_text(&cx->names, d->model));
    hash = add_to_hash(hash, d->operation);
    hash = add_to_hash(hash, d->parameter);
    hash = add_to_hash(hash, d->facts.count > 0 ? NULL : d->message);
    return hash == 0 ? 1 : hash;
}

static void put_fingerprint(JsonTree *t, JsonPart *result, const Diag *d, Counts *counts) {
    uint64_t hash = fingerprint(t->cx, d);
    uint32_t at = (uint32_t)hash & (counts->slots - 1);
    while (counts->hash[at] != 0 && counts->hash[at] != hash) at = (at + 1) & (counts->slots - 1);
    counts->hash[at] = hash;
    json_put_format(t, json_put_object(t, result, "partialFingerprints"), "nnacFinding/v1",
                    "%016" PRIx64 ":%" PRIu32, hash, ++counts->count[at]);
}

static void put_fix(JsonTree *t, JsonPart *result, const DiagFix *fix) {
    if (fix == NULL) return;
    JsonPart *part = json_put_object(t, json_put_array(t, result, "fixes"), NULL);
    Buf words = buf_make(&t->cx->session);
    put_words(&words, fix->sentence, false);
    put_message(t, part, "description", buf_text(&words));
    JsonPart *change = json_put_object(t, json_put_array(t, part, "artifactChanges"), NULL);
    Place place = place_of(t->cx, fix->edits.data[0].span.begin);
    put_artifact(t, change, path_from_here(t->cx, place.source->path));
    JsonPart *list = json_put_array(t, change, "replacements");
    for (uint32_t i = 0; i < fix->edits.count; i++) {
        const Edit *edit = &fix->edits.data[i];
        JsonPart *replacement = json_put_object(t, list, NULL);
        put_region(t, replacement, "deletedRegion", edit->span);
        if (edit->text[0] == '\0') continue;
        JsonPart *content = json_put_object(t, replacement, "insertedContent");
        json_put_text(t, content, "text", edit->text);
    }
}

static void put_properties(JsonTree *t, JsonPart *result, const Diag *d) {
    const DiagInfo *info = &diag_info[d->code];
    JsonPart *properties = json_put_object(t, result, "properties");
    json_put_text(t, properties, "category", category_text[info->category]);
    json_put_whole(t, properties, "impact", info->impact);
    if (d->verdict != NULL) json_put_text(t, properties, "verdict", d->verdict);
    if (d->facts.count > 0) json_put_text(t, properties, "facts", report_facts(t->cx, d));
    if (d->witness != NULL) json_put_text(t, properties, "witness", d->witness->inputs);
}

static void put_result(JsonTree *t, JsonPart *results, const Diag *d, Counts *counts) {
    JsonPart *result = json_put_object(t, results, NULL);
    json_put_text(t, result, "ruleId", diag_info[d->code].code);
    json_put_whole(t, result, "ruleIndex", d->code);
    json_put_text(t, result, "level", levels[d->severity]);
    put_result_message(t, result, d);
    JsonPart *location = json_put_object(t, json_put_array(t, result, "locations"), NULL);
    put_physical(t, location, d->primary.span, report_file(t->cx, d));
    put_logical(t, location, d);
    put_related(t, result, d);
    put_code_flow(t, result, d);
    put_fingerprint(t, result, d, counts);
    put_fix(t, result, d->fix);
    put_properties(t, result, d);
}

/* ---- the run ---- */

static void put_results(JsonTree *t, JsonPart *run) {
    Arena *arena = &t->cx->session;
    const Diags *all = &t->cx->diags;
    Counts counts = {.slots = 16};
    while (counts.slots / 2 < all->list.count && counts.slots < 4 * MOST_RESULTS) {
        counts.slots *= 2;
    }
    counts.hash = ARENA_ARRAY(arena, uint64_t, counts.slots);
    counts.count = ARENA_ARRAY(arena, uint32_t, counts.slots);
    JsonPart *results = json_put_array(t, run, "results");
    uint32_t put = 0;
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--) {
        for (uint32_t i = 0; i < all->list.count && put < MOST_RESULTS; i++) {
            const Diag *d = all->list.data[i];
            if ((int)d->severity != severity || report_file(t->cx, d) == NULL) continue;
            put_result(t, results, d, &counts);
            put++;
        }
    }
}

static void put_notification(JsonTree *t, JsonPart *list, Severity severity, const char *text) {
    JsonPart *part = json_put_object(t, list, NULL);
    json_put_text(t, part, "level", levels[severity]);
    Buf words = buf_make(&t->cx->session);
    put_words(&words, text, false);
    put_message(t, part, "message", buf_text(&words));
}

static void put_invocation(JsonTree *t, JsonPart *run, const Outcome *outcome) {
    const Diags *all = &t->cx->diags;
    JsonPart *part = json_put_object(t, json_put_array(t, run, "invocations"), NULL);
    json_put_truth(t, part, "executionSuccessful", outcome->status <= STATUS_REPORTS);
    json_put_whole(t, part, "exitCode", outcome->status);
    JsonPart *list = json_put_array(t, part, "toolExecutionNotifications");
    uint32_t results = 0;
    for (uint32_t i = 0; i < all->list.count; i++) {
        const Diag *d = all->list.data[i];
        if (report_file(t->cx, d) != NULL) results++;
        else put_notification(t, list, d->severity, d->message);
    }
    if (results <= MOST_RESULTS) return;
    put_notification(t, list, SEVERITY_WARNING,
                     arena_format(&t->cx->session, "%" PRIu32 " of %" PRIu32 " reports are left "
                                  "out, the least severe", results - MOST_RESULTS, results));
}

static void fill(JsonTree *t, void *data) {
    json_put_text(t, t->root, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_put_text(t, t->root, "version", "2.1.0");
    JsonPart *run = json_put_object(t, json_put_array(t, t->root, "runs"), NULL);
    put_tool(t, run);
    json_put_text(t, run, "columnKind", "unicodeCodePoints");
    JsonPart *base = json_put_object(t, json_put_object(t, run, "originalUriBaseIds"), "%SRCROOT%");
    put_message(t, base, "description", "the folder that nnac ran in");
    put_invocation(t, run, data);
    put_results(t, run);
}

void report_sarif(Ctx *cx, const Outcome *outcome, Buf *out) {
    Outcome copy = *outcome;
    json_document(cx, fill, &copy, out);
}
