/* The pipeline in one column of calls, once for each file. */
#include "backend/driver.h"

#include "backend/baseline.h"
#include "backend/child.h"
#include "backend/explain.h"
#include "backend/fix.h"
#include "backend/importer.h"
#include "backend/link.h"
#include "backend/lists.h"
#include "backend/output.h"
#include "backend/prototype.h"
#include "backend/summary.h"
#include "backend/verify.h"
#include "backend/version.h"
#include "backend/what_if.h"
#include "frontend/allow.h"
#include "frontend/format.h"
#include "frontend/weights.h"
#include "ir/build.h"
#include "ir/dot.h"
#include "ir/text.h"

#include <inttypes.h>
#include <string.h>

/* One file on its way. */
typedef struct Job {
    const Options *options;
    const char *path;
    Source *source; /* NULL: it is read from the path */
    Buf *out, *log;
    File *file;
    Models models;
    const Weights *weights; /* NULL: none */
    bool weights_failed;    /* they were asked for, and are not all good: ranges mean nothing */
    VEC(Facts *) facts;     /* one a model; NULL: could not be analysed */
    uint32_t first_report;  /* the number of the first one that is the file's */
    Baseline *baseline;     /* NULL: none */
    bool agrees;            /* with the expectations in the file */
    FileOutcome result;
} Job;

/* What is made of the text, and of the graph, without a look at what they mean. */
static bool is_syntax(Product p) {
    return p == PRODUCT_AST || p == PRODUCT_NNA;
}

static bool is_graph(Product p) {
    return p == PRODUCT_IR || p == PRODUCT_DOT;
}

static void parse(Ctx *cx, Job *job) {
    Source *source = job->source != NULL ? job->source : source_read_or_input(cx, job->path);
    if (source == NULL) return;
    job->file = parse_file(cx, source);
    if (is_syntax(job->options->product)) return; /* this file alone */
    Importer importer = importer_new(cx, source);
    imports_load(cx, job->file, &importer);
}

static void lower(Ctx *cx, Job *job) {
    const Options *o = job->options;
    if (job->file == NULL || is_syntax(o->product)) return;
    LowerOptions options = {.bind_count = o->binds.count,
                            .set_count = o->sets.count,
                            .binds = o->binds.data,
                            .sets = o->sets.data,
                            .entry = o->entry};
    job->models = lower_file(cx, job->file, &options);
}

/* The name of the model with the attribute @entry; NAME_NONE: there is none. */
static Name entry_attribute(Ctx *cx, const File *file) {
    Name entry = names_intern_text(&cx->names, "entry");
    AstRange all = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    for (uint32_t i = 0; i < all.count; i++) {
        if (ast_kind(file, all.items[i]) != AST_MODEL) continue;
        Ast list = ast_child(file, all.items[i], AST_MODEL_ATTRIBUTES);
        AstRange attributes = ast_list(file, list, 0);
        for (uint32_t k = 0; k < attributes.count; k++) {
            if (name_is(ast_name(file, attributes.items[k]), entry)) {
                return ast_name(file, all.items[i]);
            }
        }
    }
    return NAME_NONE;
}

/* The number of the model to compile, whose weights are given; false after a report. */
static bool choose(Ctx *cx, const Job *job, uint32_t *out) {
    const Models *models = &job->models;
    *out = 0;
    if (models->list.count == 1) return true;
    Name entry = entry_attribute(cx, job->file);
    for (uint32_t i = 0; i < models->list.count; i++) {
        *out = i;
        if (entry.id != 0 && name_is(models->list.data[i]->name, entry)) return true;
    }
    if (models->list.count == 0) {
        diag_file(cx, NNA1003, job->path, "there is no model in the file to compile");
        return false;
    }
    Diag *d = diag_new(cx, NNA1003, SPAN_NONE, "the file has %" PRIu32 " models",
                       models->list.count);
    d->file = job->path;
    diag_help(cx, d, "choose one with --entry NAME, or mark it with `@entry`");
    diag_emit(cx, d);
    return false;
}

/* The weights are those of the model that is compiled; other models of the file are checked
 * without. */
static void bind(Ctx *cx, Job *job) {
    if (job->options->weights == NULL || job->models.list.count == 0) return;
    uint32_t errors = cx->diags.errors, which;
    if (choose(cx, job, &which)) {
        job->weights = weights_read(cx, job->options->weights);
        if (job->weights != NULL) weights_bind(job->models.list.data[which], job->weights);
    }
    job->weights_failed = cx->diags.errors > errors;
}

/* The model once more in another precision: the one that is asked for, or its own. */
static void narrow(Ctx *cx, Job *job, Graph *g, uint32_t end, const Facts *facts) {
    const Options *o = job->options;
    if (o->what_if != DTYPE_NONE) {
        const WhatIf *w = what_if(cx, g, end, facts, &o->analysis, o->what_if, "--what-if", true);
        vec_push(&cx->session, &job->result.what_ifs, w);
    } else if (g->precision != DTYPE_NONE && o->action == ACTION_CHECK) {
        what_if(cx, g, end, facts, &o->analysis, g->precision, "@precision", false);
    }
}

static void examine(Ctx *cx, Job *job) {
    const Options *o = job->options;
    if (is_syntax(o->product) || is_graph(o->product) || job->weights_failed) return;
    for (uint32_t i = 0; i < job->models.list.count; i++) {
        Graph *g = job->models.list.data[i];
        uint32_t end = g->nodes.count;
        Facts *facts = analyse(cx, g, &o->analysis, o->print_after, o->time_passes, job->out);
        vec_push(&cx->module, &job->facts, facts);
        if (facts != NULL) narrow(cx, job, g, end, facts);
    }
}

/* Whether nothing was left out of the graphs. */
static bool is_whole(const Ctx *cx, const Job *job) {
    for (uint32_t i = job->first_report; i < cx->diags.list.count; i++) {
        const Diag *d = cx->diags.list.data[i];
        if (d->severity == SEVERITY_ERROR && !diag_is_numerical(d->code)) return false;
    }
    return true;
}

static void describe(Ctx *cx, Job *job) {
    bool prints = job->options->format == FORMAT_FULL || job->options->format == FORMAT_SHORT;
    for (uint32_t i = 0; prints && i < job->result.what_ifs.count; i++) {
        what_if_print(cx, job->result.what_ifs.data[i], job->out);
    }
    for (uint32_t i = 0; i < job->facts.count; i++) {
        const Facts *facts = job->facts.data[i];
        if (facts == NULL) continue;
        if (job->options->summary != SUMMARY_NONE) {
            summary_print(job->models.list.data[i], facts, job->options->summary == SUMMARY_ALL,
                          is_whole(cx, job), job->out);
        }
        if (job->options->report_guards) guards_print(cx, facts, job->options->guards, job->out);
    }
}

/* What the command line adds or leaves out is not what an `@allow` was written for. */
static bool is_as_written(const Options *o) {
    return o->weights == NULL && o->entry == NULL && o->binds.count == 0 && o->sets.count == 0 &&
           !o->analysis.has_assumed_inputs && !o->analysis.has_assumed_params;
}

static void allow(Ctx *cx, Job *job) {
    const Options *o = job->options;
    if (job->file == NULL || is_syntax(o->product)) return;
    const AllowOptions options = {.first = job->first_report,
                                  .compiling = o->action == ACTION_BUILD,
                                  .is_whole = !is_graph(o->product) && is_as_written(o)};
    allow_apply(cx, job->file, &options);
}

static void check(Ctx *cx, void *data) {
    Job *job = data;
    parse(cx, job);
    lower(cx, job);
    bind(cx, job);
    examine(cx, job);
    describe(cx, job);
    allow(cx, job);
}

void driver_check_text(Ctx *cx, const Options *options, const char *path, const char *text,
                       size_t length, Checked *out) {
    Options quiet = *options;
    quiet.summary = SUMMARY_NONE;
    quiet.report_guards = quiet.time_passes = false;
    quiet.print_after = NULL;
    Buf none = buf_make(&cx->module);
    Job job = {.options = &quiet, .path = path, .out = &none, .log = &none};
    job.source = source_add(cx, path, text, length);
    if (job.source == NULL) return;
    check(cx, &job);
    out->file = job.file;
    out->models = job.models;
    out->facts = job.facts.data;
    out->facts_count = job.facts.count;
}

/* Severities as the command line wants them. */
static void settle_severities(Ctx *cx, const Options *o) {
    Diags *all = &cx->diags;
    all->errors = all->warnings = all->notes = 0;
    for (uint32_t i = 0; i < all->list.count; i++) {
        Diag *d = all->list.data[i];
        if (d->withdrawn) continue;
        Treatment treatment = o->treatment[d->code];
        if (d->severity == SEVERITY_WARNING && treatment == TREATMENT_ERROR) {
            d->severity = SEVERITY_ERROR;
        }
        if (d->severity == SEVERITY_ERROR) all->errors++;
        else if (treatment == TREATMENT_OFF) continue;
        else if (d->severity == SEVERITY_WARNING) all->warnings++;
        else all->notes++;
    }
}

/* Takes out the reports that are turned off or withdrawn. Nothing may be reported after it. */
static void drop_unwanted(Ctx *cx, const Options *o) {
    Diags *all = &cx->diags;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < all->list.count; i++) {
        Diag *d = all->list.data[i];
        if (d->withdrawn || options_turn_off(o, d)) continue;
        all->list.data[kept++] = d;
    }
    all->list.count = kept;
}

/* A file that several models of this command import is read for each of them; its faults are
 * reported once. */
static void drop_repeated(Ctx *cx, void *data) {
    (void)data;
    diags_drop_repeated(cx);
}

/* Counts what was reported of the file, and what became of its dangerous operations. */
static void count_results(const Ctx *cx, Job *job, uint32_t errors, uint32_t warnings) {
    FileOutcome sum = {.path = job->path,
                       .what_ifs = job->result.what_ifs,
                       .was_analysed = job->facts.count > 0,
                       .errors = cx->diags.errors - errors,
                       .warnings = cx->diags.warnings - warnings};
    for (uint32_t i = 0; i < job->facts.count; i++) {
        const Facts *f = job->facts.data[i];
        if (f == NULL) continue;
        sum.proved += f->proved;
        sum.possible += f->possible;
        sum.confirmed += f->confirmed;
        sum.consequence += f->consequence;
        sum.growth += f->growth;
        sum.not_analysed += f->not_analysed;
    }
    for (uint32_t i = 0; i < job->models.list.count; i++) {
        trusted_count(job->models.list.data[i], &sum.trusted);
    }
    job->result = sum;
}

/* "digits.nna: 42 dangerous operations: 40 proved, ...; 0 errors, 1 warning" */
static void conclude(const FileOutcome *sum, Buf *log) {
    uint32_t all = sum->proved + sum->possible + sum->confirmed + sum->consequence + sum->growth +
                   sum->not_analysed;
    buf_printf(log, "%s: ", sum->path);
    if (sum->was_analysed && (all > 0 || sum->errors == 0)) {
        buf_printf(log, "%" PRIu32 " dangerous operation%s: %" PRIu32 " proved, %" PRIu32
                   " confirmed, %" PRIu32 " possible", all, all == 1 ? "" : "s", sum->proved,
                   sum->confirmed, sum->possible);
        if (sum->consequence > 0) {
            buf_printf(log, ", %" PRIu32 " that follow", sum->consequence);
        }
        if (sum->growth > 0) buf_printf(log, ", %" PRIu32 " growth", sum->growth);
        if (sum->not_analysed > 0) {
            buf_printf(log, ", %" PRIu32 " not analysed", sum->not_analysed);
        }
        buf_put(log, "; ");
        trusted_print_counts(&sum->trusted, log);
    }
    buf_printf(log, "%" PRIu32 " error%s, %" PRIu32 " warning%s\n", sum->errors,
               sum->errors == 1 ? "" : "s", sum->warnings, sum->warnings == 1 ? "" : "s");
}

static void hold_against_expectations(Ctx *cx, void *data) {
    Job *job = data;
    job->agrees = verify(cx, job->path, job->file, job->first_report, job->options, job->log);
}

static bool fails_as_warning(const Diag *d, const Options *o) {
    return o->warnings_fail && o->treatment[d->code] == TREATMENT_USUAL;
}

/* Whether a report stands in the way of a product. */
static bool hinders(const Diag *d, const Options *o) {
    if (d->withdrawn) return false;
    bool is_numerical = diag_is_numerical(d->code);
    if (d->severity == SEVERITY_ERROR) return !(o->keep_going && is_numerical);
    return d->severity == SEVERITY_WARNING && fails_as_warning(d, o) &&
           !(o->keep_going && is_numerical);
}

static bool may_build(const Ctx *cx, const Options *o) {
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        if (hinders(cx->diags.list.data[i], o)) return false;
    }
    return true;
}

/* "2 parameters and 1 buffer" */
static const char *counted(Ctx *cx, uint32_t parameters, uint32_t buffers) {
    Buf text = buf_make(&cx->scratch);
    if (parameters > 0) buf_printf(&text, "%" PRIu32 " parameter%s", parameters,
                                   parameters == 1 ? "" : "s");
    if (parameters > 0 && buffers > 0) buf_put(&text, " and ");
    if (buffers > 0) buf_printf(&text, "%" PRIu32 " buffer%s", buffers, buffers == 1 ? "" : "s");
    return buf_text(&text);
}

/* Every parameter must have a value before there can be code. A buffer that is updated has one
 * before the first call, which its initializer may say; a parameter's is no use untrained. */
static bool is_bound(Ctx *cx, const Job *job, Graph *g) {
    Buf names = buf_make(&cx->scratch);
    uint32_t missing = 0, parameters = 0;
    for (uint32_t i = 0; i < g->parameters.count; i++) {
        Value v = g->parameters.data[i].value;
        if (ir_data(g, v) != NULL || build_start(g, v)) continue;
        parameters += g->parameters.data[i].trained;
        if (missing++ < 3) {
            buf_printf(&names, "%s`%s`", missing == 1 ? "" : ", ",
                       names_text(&cx->names, ir_node(g, v)->name));
        }
    }
    if (missing == 0) return true;
    Diag *d = diag_new(cx, NNA7001, SPAN_NONE, "%s%s no value: %s%s",
                       counted(cx, parameters, missing - parameters),
                       missing == 1 ? " has" : " have", buf_text(&names),
                       missing > 3 ? ", ..." : "");
    d->file = job->path;
    diag_help(cx, d, "bind them with --weights FILE.safetensors");
    diag_emit(cx, d);
    return false;
}

/* Names model and weights: FNV-1a over the graph's text and the weights file. */
static const char *digest_of(Ctx *cx, const Job *job, const Graph *g) {
    Buf text = buf_make(&cx->scratch);
    ir_print(g, &text);
    uint64_t hash = 0xcbf29ce484222325u;
    if (job->weights != NULL) hash ^= weights_digest(job->weights);
    for (size_t i = 0; i < text.length; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
    }
    return arena_format(&cx->session, "%016" PRIx64, hash);
}

/* What is being made, and the files that are on the way. */
typedef struct Making {
    Job *job;
    Graph *graph;
    const Facts *facts;
    const char *digest;
    Interrupts interrupts;
    Output product, object, header;
} Making;

/* Text or bytes to the output, or to standard output where there is none. */
static void deliver(Ctx *cx, Making *m, const char *bytes, size_t size) {
    const char *path = m->job->options->output;
    if (path == NULL || strcmp(path, "-") == 0) {
        buf_put_bytes(m->job->out, bytes, size);
        return;
    }
    if (output_open(cx, path, OUTPUT_FILE_OR_DEVICE, &m->product) &&
        output_write(cx, &m->product, bytes, size)) {
        output_commit(cx, &m->product, OUTPUT_READABLE);
    }
}

static bool generate(Ctx *cx, Making *m, EmitKind kind, Code *code) {
    const Options *o = m->job->options;
    CodegenRequest request = {.graph = m->graph,
                              .facts = m->facts,
                              .kind = kind,
                              .guards = o->guards,
                              .optimise = o->optimise,
                              .triple = o->triple,
                              .cpu = o->cpu,
                              .digest = m->digest,
                              .version = NNAC_VERSION};
    return child_codegen(cx, &m->interrupts, &request, code);
}

/* What is checked in another type is computed as it is written (docs/pending.md). */
static void note_precision(Ctx *cx, const Making *m) {
    const Graph *g = m->graph;
    if (g->precision == DTYPE_NONE) return;
    Diag *d = diag_new(cx, NNA0004, g->span,
                       "not supported by this version: code in the type of `@precision`; the model "
                       "is computed in the types that are written");
    d->severity = SEVERITY_NOTE;
    diag_emit(cx, d);
}

static void make_code(Ctx *cx, Making *m, EmitKind kind) {
    Code code;
    if (generate(cx, m, kind, &code)) deliver(cx, m, code.bytes, code.size);
}

static bool make_object(Ctx *cx, Making *m) {
    Code code;
    const char *path = m->job->options->output;
    const char *name = arena_format(&cx->session, "%s.o", path);
    return output_open(cx, path, OUTPUT_FILE, &m->product) &&
           output_open(cx, name, OUTPUT_FILE, &m->object) &&
           generate(cx, m, EMIT_OBJECT, &code) &&
           output_write(cx, &m->object, code.bytes, code.size);
}

static void make_executable(Ctx *cx, Making *m) {
    if (make_object(cx, m) &&
        link_executable(cx, &m->interrupts, m->object.temporary, &m->job->options->objects,
                        &m->product)) {
        output_commit(cx, &m->product, OUTPUT_RUNNABLE);
    }
}

/* "dir/name.so" gives "dir/name.h". */
static const char *header_path(Ctx *cx, const char *library) {
    size_t length = strlen(library);
    if (length > 3 && strcmp(library + length - 3, ".so") == 0) length -= 3;
    return arena_format(&cx->session, "%.*s.h", (int)length, library);
}

static void make_library(Ctx *cx, Making *m) {
    const char *path = m->job->options->output;
    const char *prefix = link_prefix(cx, path);
    Buf header = buf_make(&cx->module);
    link_header(m->graph, prefix, m->digest, prototypes_of(m->job->file, m->graph), &header);
    if (make_object(cx, m) &&
        output_open(cx, header_path(cx, path), OUTPUT_FILE, &m->header) &&
        output_write(cx, &m->header, buf_text(&header), header.length) &&
        link_library(cx, &m->interrupts, m->object.temporary, &m->job->options->objects, prefix,
                     m->graph->updates.count > 0, &m->product) &&
        output_commit(cx, &m->header, OUTPUT_READABLE)) {
        output_commit(cx, &m->product, OUTPUT_RUNNABLE);
    }
}

static void make_syntax(Ctx *cx, Making *m, void (*print)(Ctx *, const File *, Buf *)) {
    Buf text = buf_make(&cx->module);
    print(cx, m->job->file, &text);
    deliver(cx, m, buf_text(&text), text.length);
}

static void make_graphs(Ctx *cx, Making *m, void (*print)(const Graph *, Buf *)) {
    Buf text = buf_make(&cx->module);
    for (uint32_t i = 0; i < m->job->models.list.count; i++) {
        print(m->job->models.list.data[i], &text);
    }
    deliver(cx, m, buf_text(&text), text.length);
}

static void make(Ctx *cx, void *data) {
    Making *m = data;
    switch (m->job->options->product) {
    case PRODUCT_AST: make_syntax(cx, m, ast_print); break;
    case PRODUCT_NNA: make_syntax(cx, m, format_file); break;
    case PRODUCT_IR: make_graphs(cx, m, ir_print); break;
    case PRODUCT_DOT: make_graphs(cx, m, dot_print); break;
    case PRODUCT_LLVM: make_code(cx, m, EMIT_LLVM); break;
    case PRODUCT_ASSEMBLY: make_code(cx, m, EMIT_ASSEMBLY); break;
    case PRODUCT_OBJECT: make_code(cx, m, EMIT_OBJECT); break;
    case PRODUCT_EXECUTABLE: make_executable(cx, m); break;
    case PRODUCT_LIBRARY: make_library(cx, m); break;
    }
}

/* The model to compile, with all that its code needs; false after a report. */
static bool prepare(Ctx *cx, Making *m) {
    Product product = m->job->options->product;
    if (is_syntax(product) || is_graph(product)) return true;
    uint32_t which;
    if (!choose(cx, m->job, &which)) return false;
    m->graph = m->job->models.list.data[which];
    m->facts = m->job->facts.data[which];
    if (m->facts == NULL || !is_bound(cx, m->job, m->graph)) return false;
    m->digest = digest_of(cx, m->job, m->graph);
    note_precision(cx, m);
    bool linked = product == PRODUCT_EXECUTABLE || product == PRODUCT_LIBRARY;
    return !linked || prototypes_are_met(m->job->file, m->graph, &m->job->options->objects);
}

static void prepare_and_make(Ctx *cx, void *data) {
    Making *m = data;
    if (!prepare(cx, m)) return;
    if (!interrupts_hold(&m->interrupts)) {
        diag_file(cx, NNA0001, m->job->path, "cannot hold back signals");
        return;
    }
    bool in_time = ctx_try(cx, make, m);
    output_discard(&m->object);
    output_discard(&m->header);
    output_discard(&m->product);
    interrupts_release(&m->interrupts);
    if (!in_time) ctx_give_up(cx);
}

static void build_file(Ctx *cx, Job *job) {
    if (job->file == NULL || !may_build(cx, job->options)) return;
    Making m = {
        .job = job, .product = OUTPUT_NONE, .object = OUTPUT_NONE, .header = OUTPUT_NONE};
    ctx_try(cx, prepare_and_make, &m);
    settle_severities(cx, job->options);
}

static void take_known(Ctx *cx, void *data) {
    (void)cx;
    Job *job = data;
    baseline_take(job->baseline, job->options, job->first_report);
}

/* --fix: what is checked then is the file as it was written. */
static void fix(Ctx *cx, void *data) {
    Job *job = data;
    Source *source = source_read(cx, job->path);
    if (source == NULL) return;
    FixedText fixed = fix_text(cx, job->options, source, job->log);
    job->source = source;
    if (fixed.count == 0) return;
    if (!output_replace(cx, job->path, source, fixed.text, fixed.length)) return;
    job->source = source_add(cx, job->path, fixed.text, fixed.length);
}

/* --suggest-fix and --diff. */
static void suggest(Ctx *cx, void *data) {
    Job *job = data;
    if (job->file == NULL) return;
    const Source *source = job->file->source;
    if (job->options->suggest_fix) {
        fix_suggest(cx, job->options, source, job->first_report);
    }
    if (!job->options->diff) return;
    FixedText fixed = fix_text(cx, job->options, source, job->log);
    diff_unified(&cx->scratch, source->path, source->text, source->length, fixed.text,
                 fixed.length, job->out);
}

static void check_file(Ctx *cx, Job *job) {
    uint32_t errors = cx->diags.errors, warnings = cx->diags.warnings;
    job->first_report = cx->diags.list.count;
    if (job->options->fix && !job->options->diff) ctx_try(cx, fix, job);
    ctx_try(cx, check, job);
    settle_severities(cx, job->options);
    if (job->options->suggest_fix || job->options->diff) {
        ctx_try(cx, suggest, job);
        settle_severities(cx, job->options);
    }
    if (job->options->verify) {
        ctx_try(cx, hold_against_expectations, job);
        settle_severities(cx, job->options);
    }
    if (job->baseline != NULL) {
        ctx_try(cx, take_known, job);
        settle_severities(cx, job->options);
    }
    if (job->options->action == ACTION_BUILD) build_file(cx, job);
    count_results(cx, job, errors, warnings);
    if (!job->options->verify && job->options->action == ACTION_CHECK) {
        conclude(&job->result, job->log);
    }
}

static ExitStatus worse(ExitStatus a, ExitStatus b) {
    return a > b ? a : b;
}

/* What one report makes of the exit status. */
static ExitStatus status_of_report(const Diag *d, const Options *o) {
    if (d->severity == SEVERITY_NOTE) return STATUS_CLEAN;
    if (d->code == NNA0003) return STATUS_INTERNAL;
    if (d->code == NNA0001 || d->code == NNA0002 || d->code == NNA7008) return STATUS_BAD_INPUT;
    if (d->severity == SEVERITY_ERROR) return STATUS_REPORTS;
    bool fails = d->severity == SEVERITY_WARNING && fails_as_warning(d, o);
    return fails ? STATUS_REPORTS : STATUS_CLEAN;
}

/* Sorts the reports, and says how all ends. */
static ExitStatus conclude_reports(Ctx *cx, const Options *o, ExitStatus status) {
    drop_unwanted(cx, o);
    diags_sort(cx);
    ctx_try(cx, drop_repeated, NULL);
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        status = worse(status, status_of_report(cx->diags.list.data[i], o));
    }
    return status;
}

static void run_files(Ctx *cx, const Options *o, Outcome *outcome) {
    ExitStatus status = STATUS_CLEAN;
    Baseline *baseline = o->baseline == NULL ? NULL : baseline_open(cx, o->baseline, o->update);
    bool is_ready = o->baseline == NULL || baseline != NULL;
    for (uint32_t i = 0; is_ready && i < o->files.count; i++) {
        Job job = {.options = o,
                   .path = o->files.data[i],
                   .baseline = baseline,
                   .out = &outcome->out,
                   .log = &outcome->log};
        check_file(cx, &job);
        vec_push(&cx->session, &outcome->files, job.result);
        if (o->verify && !job.agrees) status = STATUS_REPORTS;
        arena_reset(&cx->scratch);
        arena_reset(&cx->module);
    }
    if (baseline != NULL) baseline_close(baseline, outcome);
    outcome->status = conclude_reports(cx, o, status);
}

/* One file on its way to its layout. */
typedef struct Tidying {
    const char *path;
    TidyMode mode;
    Buf *out;
    bool done;
} Tidying;

static void tidy(Ctx *cx, void *data) {
    Tidying *t = data;
    t->done = tidy_file(cx, t->path, t->mode, t->out);
}

static void tidy_files(Ctx *cx, const Options *o, Outcome *outcome) {
    ExitStatus status = STATUS_CLEAN;
    for (uint32_t i = 0; i < o->files.count; i++) {
        Tidying t = {.path = o->files.data[i], .mode = o->tidy, .out = &outcome->out};
        ctx_try(cx, tidy, &t);
        if (!t.done) status = STATUS_REPORTS;
        arena_reset(&cx->scratch);
        arena_reset(&cx->module);
    }
    outcome->status = conclude_reports(cx, o, status);
}

Outcome outcome_make(Arena *arena) {
    return (Outcome){.status = STATUS_BAD_INPUT,
                     .out = buf_make(arena),
                     .log = buf_make(arena),
                     .error = buf_make(arena)};
}

void driver_run(Ctx *cx, const Options *o, Outcome *outcome) {
    enum { HELP_WIDTH = 100 };
    Buf *out = &outcome->out;
    outcome->status = STATUS_CLEAN;
    switch (o->action) {
    case ACTION_CHECK:
    case ACTION_BUILD: run_files(cx, o, outcome); break;
    case ACTION_TIDY: tidy_files(cx, o, outcome); break;
    case ACTION_EXPLAIN:
        if (!explain_print(cx, o->explain, out, &outcome->error)) {
            outcome->status = STATUS_BAD_INPUT;
        }
        break;
    case ACTION_LIST_OPS:
        if (!list_operators(cx, o->format, out, &outcome->error)) {
            outcome->status = STATUS_BAD_INPUT;
        }
        break;
    case ACTION_LIST_RULES:
        if (!list_rules(cx, o->format, out, &outcome->error)) outcome->status = STATUS_BAD_INPUT;
        break;
    case ACTION_VERSION: buf_put(out, "nnac " NNAC_VERSION "\n"); break;
    case ACTION_HELP: options_help(cx, HELP_WIDTH, out); break;
    case ACTION_HELP_MANUAL: options_manual(out); break;
    }
}
