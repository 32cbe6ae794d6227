/* Imports, depth first: a file that is met again while it is still on the way closes a cycle.
 * Every file is read to its end, whatever is wrong with the others, so that one run finds the
 * syntax errors of them all. */
#include "frontend/import.h"

#include <inttypes.h>
#include <string.h>

/* What --limit import-depth cannot pass: the walk recurses. */
enum { IMPORT_DEPTH_MAX = 500, MAX_CYCLE_LABELS = 6 };

/* A file on the way, and the import of it that is followed. */
typedef struct Step {
    File *file;
    Ast import;
} Step;

typedef struct Loading {
    Ctx *cx;
    const Importer *importer;
    File *root;
    VEC(Step) chain;
    bool full; /* a limit was exceeded: what else is imported is not read */
} Loading;

Span import_path_span(const File *file, Ast import) {
    Span span = ast_span(file, import);
    const Source *source = file->source;
    Ast attributes = ast_child(file, import, AST_IMPORT_ATTRIBUTES);
    uint32_t at = attributes.id != 0 ? ast_span(file, attributes).end : span.begin;
    while (at < span.end && source->text[at - source->base] != '"') at++;
    return at < span.end ? (Span){at, span.end} : span;
}

static File *find_file(const Loading *g, const Source *source) {
    for (uint32_t i = 0; i < g->root->files.count; i++) {
        if (g->root->files.data[i]->source == source) return g->root->files.data[i];
    }
    return NULL;
}

static uint32_t import_depth_limit(const Ctx *cx) {
    uint64_t limit = cx->limits.import_depth;
    return limit < IMPORT_DEPTH_MAX ? (uint32_t)limit : IMPORT_DEPTH_MAX;
}

/* The chain from `first` on comes back to where it began. */
static void report_cycle(Loading *g, uint32_t first) {
    Ctx *cx = g->cx;
    const Step *last = &g->chain.data[g->chain.count - 1];
    const char *again = g->chain.data[first].file->source->path;
    Span place = import_path_span(last->file, last->import);
    Diag *d = diag_new(cx, NNA1009, place, "import cycle");
    Buf chain = buf_make(&cx->scratch);
    bool itself = first + 1 == g->chain.count;
    diag_primary(cx, d, itself ? "`%s` imports itself" : "back to `%s`", again);
    for (uint32_t i = first; i + 1 < g->chain.count; i++) {
        const Step *step = &g->chain.data[i];
        if (i - first < MAX_CYCLE_LABELS) {
            diag_label(cx, d, import_path_span(step->file, step->import), "`%s` imports `%s`",
                       step->file->source->path, g->chain.data[i + 1].file->source->path);
        }
        buf_printf(&chain, "%s -> ", step->file->source->path);
    }
    buf_printf(&chain, "%s -> %s", last->file->source->path, again);
    diag_note(cx, d, "%s", buf_text(&chain));
    diag_help(cx, d, "put what both need into a file that imports neither");
    diag_emit(cx, d);
}

/* False, after a report, where one file more would pass a limit. */
static bool has_room(Loading *g, Span place) {
    const char *limit = NULL;
    uint64_t most = 0;
    if (g->root->files.count >= g->cx->limits.imported_files) {
        limit = "imported-files";
        most = g->cx->limits.imported_files;
    } else if (g->chain.count >= import_depth_limit(g->cx)) {
        limit = "import-depth";
        most = import_depth_limit(g->cx);
    }
    if (!limit) return true;
    g->full = true;
    Diag *d = diag_new(g->cx, NNA0002, place, "too many imports: %s of %" PRIu64, limit, most);
    diag_note(g->cx, d, "this file and what is imported after it are not read");
    diag_emit(g->cx, d);
    return false;
}

/* A string never holds a NUL byte, but an escape that is refused leaves a shorter one. */
static bool has_escape(const File *file, Span place) {
    return memchr(file->source->text + (place.begin - file->source->base), '\\',
                  place.end - place.begin) != NULL;
}

static void load_all(Loading *g, File *file);

/* What one import gives; NULL after a report. */
static File *load_one(Loading *g, File *from, Ast import) {
    Ctx *cx = g->cx;
    Span place = import_path_span(from, import);
    Name name = ast_name(from, import);
    const char *path = names_text(&cx->names, name);
    if (g->full) return NULL;
    if (!g->importer) {
        diag_say(cx, NNA0001, place, "`import` needs a model that is read from a file");
        return NULL;
    }
    if (from->broken && has_escape(from, place)) return NULL; /* what is left of a wrong one */
    Source *source = g->importer->read(cx, g->importer->data, from->source, path, place);
    if (!source) return NULL;
    for (uint32_t i = 0; i < g->chain.count; i++) {
        if (g->chain.data[i].file->source != source) continue;
        report_cycle(g, i);
        return NULL;
    }
    File *file = find_file(g, source);
    if (file) return file;
    if (!has_room(g, place)) return NULL;
    file = parse_file(cx, source);
    vec_push(&cx->module, &g->root->files, file);
    load_all(g, file);
    return file;
}

static void load_all(Loading *g, File *file) {
    AstRange declarations = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    vec_push(&g->cx->module, &g->chain, (Step){.file = file});
    for (uint32_t i = 0; i < declarations.count; i++) {
        if (ast_kind(file, declarations.items[i]) != AST_IMPORT) continue;
        g->chain.data[g->chain.count - 1].import = declarations.items[i];
        const Import import = {declarations.items[i], load_one(g, file, declarations.items[i])};
        vec_push(&g->cx->module, &file->imports, import);
    }
    g->chain.count--;
}

void imports_load(Ctx *cx, File *file, const Importer *importer) {
    Loading g = {.cx = cx, .importer = importer, .root = file};
    vec_push(&cx->module, &file->files, file);
    load_all(&g, file);
}
