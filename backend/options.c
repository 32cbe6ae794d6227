/* Reading the command line against the table of options, and printing that table. */
#include "backend/options.h"

#include "ir/base/ctx.h"
#include "ir/base/wrap.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum OptionId {
#define OPTION(id, ...) OPTION_##id,
#include "backend/options.def"
    OPTION_COUNT
} OptionId;

typedef enum Form { FORM_OF_PLAIN, FORM_OF_VALUE, FORM_OF_WORD, FORM_OF_JOINED } Form;
typedef enum Status { STATUS_OF_READY, STATUS_OF_PENDING } Status;

typedef struct OptionInfo {
    const char *spelling;
    Form form;
    const char *argument;
    Status status;
    const char *doc;
} OptionInfo;

static const OptionInfo option_info[OPTION_COUNT] = {
#define OPTION(id, spelling, form, argument, status, doc) \
    {spelling, FORM_OF_##form, argument, STATUS_OF_##status, doc},
#include "backend/options.def"
};

/* A word that an option takes, and what it stands for; the last has no text. */
typedef struct Word {
    const char *text;
    int value;
    Status status;
} Word;

static const Word emit_words[] = {
    {"ast", PRODUCT_AST, STATUS_OF_READY},
    {"ir", PRODUCT_IR, STATUS_OF_READY},
    {"llvm", PRODUCT_LLVM, STATUS_OF_READY},
    {"asm", PRODUCT_ASSEMBLY, STATUS_OF_READY},
    {"obj", PRODUCT_OBJECT, STATUS_OF_READY},
    {"lib", PRODUCT_LIBRARY, STATUS_OF_READY},
    {"nna", PRODUCT_NNA, STATUS_OF_READY},
    {"dot", PRODUCT_DOT, STATUS_OF_READY},
    {NULL, 0, STATUS_OF_READY},
};
static const Word format_words[] = {
    {"full", FORMAT_FULL, STATUS_OF_READY},
    {"short", FORMAT_SHORT, STATUS_OF_READY},
    {"json", FORMAT_JSON, STATUS_OF_READY},
    {"sarif", FORMAT_SARIF, STATUS_OF_READY},
    {"github", FORMAT_GITHUB, STATUS_OF_READY},
    {"markdown", FORMAT_MARKDOWN, STATUS_OF_READY},
    {NULL, 0, STATUS_OF_READY},
};
static const Word color_words[] = {
    {"auto", COLOR_AUTO, STATUS_OF_READY},
    {"always", COLOR_ALWAYS, STATUS_OF_READY},
    {"never", COLOR_NEVER, STATUS_OF_READY},
    {NULL, 0, STATUS_OF_READY},
};
static const Word guard_words[] = {
    {"all", GUARDS_ALL, STATUS_OF_READY},
    {"unproven", GUARDS_UNPROVEN, STATUS_OF_READY},
    {"none", GUARDS_NONE, STATUS_OF_READY},
    {NULL, 0, STATUS_OF_READY},
};
static const Word summary_words[] = {
    {"all", SUMMARY_ALL, STATUS_OF_READY},
    {NULL, 0, STATUS_OF_READY},
};
static const Word report_words[] = {
    {"guards", true, STATUS_OF_READY},
    {NULL, 0, STATUS_OF_READY},
};
static const Word level_words[] = {
    {"0", 0, STATUS_OF_READY}, {"1", 1, STATUS_OF_READY}, {"2", 2, STATUS_OF_READY},
    {"3", 3, STATUS_OF_READY}, {NULL, 0, STATUS_OF_READY},
};

/* The command line while it is read. */
typedef struct Reading {
    Ctx *cx;
    Options *options;
    Buf *error;
    OptionId id;         /* the option that is being read */
    const char *argument; /* of it, or NULL */
    bool made_something; /* --emit or -o was given */
    bool check, tidy;
    bool real; /* --real was given */
} Reading;

static bool fail(Reading *r, const char *format, const char *a, const char *b) {
    buf_printf(r->error, format, a, b);
    return false;
}

/* The value of a word; false after an error that lists those there are. */
static bool read_word(Reading *r, const Word *words, int *out) {
    const char *spelling = option_info[r->id].spelling;
    for (const Word *w = words; w->text != NULL; w++) {
        if (strcmp(w->text, r->argument) != 0) continue;
        if (w->status == STATUS_OF_PENDING) {
            buf_printf(r->error, "not supported by this version: `%s%s%s`", spelling,
                       option_info[r->id].form == FORM_OF_VALUE ? "=" : "", w->text);
            return false;
        }
        *out = w->value;
        return true;
    }
    buf_printf(r->error, "`%s` takes", spelling);
    for (const Word *w = words; w->text != NULL; w++) {
        if (w->status == STATUS_OF_PENDING) continue;
        buf_printf(r->error, "%s `%s`", w == words ? "" : ",", w->text);
    }
    return fail(r, ", not `%s`%s", r->argument, "");
}

static bool read_number(const char *text, double *out) {
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && !isnan(*out) && (errno == 0 || isfinite(*out));
}

/* "LO,HI" */
static bool read_interval(Reading *r, bool *given, double *low, double *high) {
    const char *comma = strchr(r->argument, ',');
    if (comma != NULL) {
        const char *first =
            arena_text(&r->cx->session, r->argument, (size_t)(comma - r->argument));
        *given = read_number(first, low) && read_number(comma + 1, high) && *low <= *high;
        if (*given) return true;
    }
    return fail(r, "`%s` takes two numbers in order, as in `-1,1`, not `%s`",
                option_info[r->id].spelling, r->argument);
}

/* "NAME=VALUE" into two texts. */
static bool split(Reading *r, Binding *out) {
    const char *equals = strchr(r->argument, '=');
    if (equals == NULL || equals == r->argument || equals[1] == '\0') {
        return fail(r, "`%s` takes `NAME=VALUE`, not `%s`", option_info[r->id].spelling,
                    r->argument);
    }
    out->name = arena_text(&r->cx->session, r->argument, (size_t)(equals - r->argument));
    out->value = equals + 1;
    return true;
}

static bool read_limit(Reading *r) {
    Binding given;
    if (!split(r, &given)) return false;
    uint64_t *limit = limits_find(&r->cx->limits, given.name);
    if (limit == NULL) {
        buf_printf(r->error, "there is no limit `%s`; there are", given.name);
#define LIMIT(field, spelling, value, doc) buf_put(r->error, " " spelling);
#include "ir/base/limits.def"
        return false;
    }
    char *end;
    errno = 0;
    unsigned long long value = strtoull(given.value, &end, 10);
    if (errno != 0 || *end != '\0' || given.value[0] < '0' || given.value[0] > '9') {
        return fail(r, "limit `%s` takes a whole number, not `%s`", given.name, given.value);
    }
    *limit = value;
    return true;
}

/* The rules that the argument selects are treated so; what comes later wins. */
static bool treat(Reading *r, Treatment treatment) {
    bool selected[DIAG_COUNT];
    if (diag_select(r->argument, selected)) {
        for (int i = 0; i < DIAG_COUNT; i++) {
            if (selected[i]) r->options->treatment[i] = treatment;
        }
        return true;
    }
    buf_printf(r->error, "`%s` takes the code or the name of a rule, or the beginning of codes "
               "(`NNA3001`, `log-domain`, `NNA30`), not `", option_info[r->id].spelling);
    buf_put_escaped(r->error, r->argument, strlen(r->argument));
    const char *best = diag_nearest(r->argument);
    if (best == NULL) return fail(r, "`; see --list-rules%s%s", "", "");
    return fail(r, "`, did you mean `%s`?%s", best, "");
}

/* An option that may be given once. */
static bool read_once(Reading *r, const char **out) {
    if (*out != NULL) return fail(r, "`%s` is given twice%s", option_info[r->id].spelling, "");
    *out = r->argument;
    return true;
}

static bool read_binding(Reading *r, bool is_set) {
    Binding given;
    if (!split(r, &given)) return false;
    if (is_set) vec_push(&r->cx->session, &r->options->sets, given);
    else vec_push(&r->cx->session, &r->options->binds, given);
    return true;
}


static bool read_emit(Reading *r) {
    int value;
    if (!read_word(r, emit_words, &value)) return false;
    if (r->options->product != PRODUCT_EXECUTABLE) {
        return fail(r, "`%s` is given twice%s", option_info[r->id].spelling, "");
    }
    r->options->product = (Product)value;
    return r->made_something = true;
}

static bool read_pass(Reading *r) {
    if (pass_exists(r->argument)) return read_once(r, &r->options->print_after);
    buf_printf(r->error, "there is no pass `%s`; there are", r->argument);
#define PASS(name, ...) buf_put(r->error, " " name);
#include "passes/passes.def"
    return false;
}

static bool read_what_if(Reading *r) {
    static const char key[] = "precision=";
    bool known = strncmp(r->argument, key, sizeof key - 1) == 0;
    DType type = known ? dtype_find(r->argument + sizeof key - 1) : DTYPE_NONE;
    if (r->options->what_if != DTYPE_NONE) {
        return fail(r, "`%s` is given twice%s", option_info[r->id].spelling, "");
    }
    r->options->what_if = type;
    if (type == DTYPE_F16 || type == DTYPE_BF16) return true;
    return fail(r, "`%s` takes precision=f16 or precision=bf16, not `%s`",
                option_info[r->id].spelling, r->argument);
}

static bool read_domain(Reading *r) {
    AnalysisOptions *a = &r->options->analysis;
#define DOMAIN(name, partitions_, terms_, affine_, choices_, splits_, zones_, meaning) \
    if (strcmp(r->argument, name) == 0) { \
        a->partitions = partitions_; \
        a->terms = terms_; \
        a->affine = affine_; \
        a->choices = choices_; \
        a->splits = splits_; \
        a->zones = zones_; \
        return true; \
    }
#include "passes/domains.def"
    buf_printf(r->error, "there is no domain `%s`; there are", r->argument);
#define DOMAIN(name, ...) buf_put(r->error, " " name);
#include "passes/domains.def"
    return false;
}

/* One option, a line each. */
static bool apply(Reading *r) {
    Options *o = r->options;
    AnalysisOptions *a = &o->analysis;
    int value = 0;
    switch (r->id) {
    case OPTION_CHECK: return r->check = true;
    case OPTION_FMT: return r->tidy = true;
    case OPTION_OUTPUT: return read_once(r, &o->output);
    case OPTION_EMIT: return read_emit(r);
    case OPTION_FORMAT:
        return read_word(r, format_words, &value) && (o->format = (Format)value, true);
    case OPTION_COLOR:
        return read_word(r, color_words, &value) && (o->color = (Color)value, true);
    case OPTION_GUARDS:
        return read_word(r, guard_words, &value) && (o->guards = (GuardPolicy)value, true);
    case OPTION_REPORT: return read_word(r, report_words, &value) && (o->report_guards = true);
    case OPTION_OPTIMISE: return read_word(r, level_words, &o->optimise);
    case OPTION_SUMMARY:
        value = SUMMARY_FOLDED;
        if (r->argument != NULL && !read_word(r, summary_words, &value)) return false;
        o->summary = (SummaryKind)value;
        return a->summary = true;
    case OPTION_EXPLAIN: o->action = ACTION_EXPLAIN; return read_once(r, &o->explain);
    case OPTION_LIST_OPS: o->action = ACTION_LIST_OPS; return true;
    case OPTION_LIST_RULES: o->action = ACTION_LIST_RULES; return true;
    case OPTION_WEIGHTS: return read_once(r, &o->weights);
    case OPTION_BIND: return read_binding(r, false);
    case OPTION_SET: return read_binding(r, true);
    case OPTION_ENTRY: return read_once(r, &o->entry);
    case OPTION_ASSUME_PARAMS:
        return read_interval(r, &a->has_assumed_params, &a->param_low, &a->param_high);
    case OPTION_ASSUME_INPUTS:
        return read_interval(r, &a->has_assumed_inputs, &a->input_low, &a->input_high);
    case OPTION_DOMAIN: return read_domain(r);
    case OPTION_REAL: return r->real = true;
    case OPTION_WERROR_RULE: return treat(r, TREATMENT_ERROR);
    case OPTION_WERROR: return o->warnings_fail = true;
    case OPTION_WNO_ERROR_RULE: return treat(r, TREATMENT_WARNING);
    case OPTION_WNO_ERROR: o->warnings_fail = false; return true;
    case OPTION_WNO: return treat(r, TREATMENT_OFF);
    case OPTION_W: return treat(r, TREATMENT_USUAL);
    case OPTION_SUGGEST_FIX: return o->suggest_fix = true;
    case OPTION_FIX: return o->fix = true;
    case OPTION_DIFF: return o->diff = true;
    case OPTION_KEEP_GOING: return o->keep_going = true;
    case OPTION_TARGET: return read_once(r, &o->triple);
    case OPTION_CPU: return read_once(r, &o->cpu);
    case OPTION_PRINT_AFTER: return read_pass(r);
    case OPTION_TIME_PASSES: return o->time_passes = true;
    case OPTION_BASELINE: return read_once(r, &o->baseline);
    case OPTION_UPDATE: return o->update = true;
    case OPTION_WHAT_IF: return read_what_if(r);
    case OPTION_VERIFY: return o->verify = true;
    case OPTION_LIMIT: return read_limit(r);
    case OPTION_VERSION: o->action = ACTION_VERSION; return true;
    case OPTION_HELP: o->action = ACTION_HELP; return true;
    case OPTION_HELP_MANUAL: o->action = ACTION_HELP_MANUAL; return true;
    case OPTION_IMPORT:
    case OPTION_LSP:
    case OPTION_PORTABLE:
    case OPTION_WITNESS:
    case OPTION_THREADS:
    case OPTION_COUNT: break;
    }
    return fail(r, "not supported by this version: `%s`%s", option_info[r->id].spelling, "");
}

/* Whether `word` is this option; *argument is then what is written in the word itself. */
static bool matches(const OptionInfo *info, const char *word, const char **argument) {
    size_t length = strlen(info->spelling);
    if (strncmp(word, info->spelling, length) != 0) return false;
    *argument = NULL;
    if (info->form == FORM_OF_JOINED) {
        *argument = word + length;
        return true;
    }
    if (word[length] == '=') *argument = word + length + 1;
    return word[length] == '\0' || word[length] == '=';
}

static bool report_unknown(Reading *r, const char *word) {
    size_t length = strcspn(word, "=");
    const char *name = arena_text(&r->cx->session, word, length);
    uint32_t best_distance = length < 6 ? 2 : 3;
    const char *best = NULL;
    for (int i = 0; i < OPTION_COUNT; i++) {
        uint32_t distance = text_distance(name, option_info[i].spelling, best_distance);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = option_info[i].spelling;
    }
    buf_put(r->error, "unknown option `");
    buf_put_escaped(r->error, name, length);
    buf_put(r->error, "`");
    if (best != NULL) buf_printf(r->error, ", did you mean `%s`?", best);
    else buf_put(r->error, "; see --help");
    return false;
}

static bool read_option(Reading *r, char **argv, int argc, int *at) {
    const char *word = argv[*at];
    int id = 0;
    while (id < OPTION_COUNT && !matches(&option_info[id], word, &r->argument)) id++;
    if (id == OPTION_COUNT) return report_unknown(r, word);
    const OptionInfo *info = &option_info[id];
    r->id = (OptionId)id;
    if (info->status == STATUS_OF_PENDING) return apply(r);
    if (info->form == FORM_OF_PLAIN && r->argument != NULL) {
        return fail(r, "`%s` takes no argument%s", info->spelling, "");
    }
    if (info->form == FORM_OF_VALUE && r->argument == NULL) {
        if (*at + 1 >= argc) return fail(r, "`%s %s`: the argument is missing", info->spelling,
                                         info->argument);
        r->argument = argv[++*at];
    }
    if (r->argument != NULL && r->argument[0] == '\0') {
        return fail(r, "`%s %s`: the argument is empty", info->spelling, info->argument);
    }
    return apply(r);
}

static bool is_text(Product p) {
    return p == PRODUCT_AST || p == PRODUCT_NNA || p == PRODUCT_IR || p == PRODUCT_DOT ||
           p == PRODUCT_LLVM || p == PRODUCT_ASSEMBLY;
}

/* --fmt writes the files themselves, and looks at their text alone. */
static bool complete_tidy(Reading *r) {
    Options *o = r->options;
    o->action = ACTION_TIDY;
    o->tidy = r->check ? TIDY_CHECK : TIDY_REWRITE;
    if (r->made_something) {
        return fail(r, "`--fmt` writes its files in place: leave out %s%s",
                    o->output != NULL ? "`-o`" : "`--emit`", "");
    }
    const char *other = o->verify               ? "--verify"
                        : o->baseline != NULL    ? "--baseline"
                        : o->summary             ? "--summary"
                        : o->report_guards       ? "--report"
                        : o->what_if             ? "--what-if"
                        : o->print_after != NULL ? "--print-after"
                                                 : NULL;
    if (other != NULL) {
        return fail(r, "`--fmt` goes with `--check` alone: leave out `%s`%s", other, "");
    }
    return true;
}

/* A document for programs has standard output for itself. */
static bool keep_output_free(Reading *r) {
    const Options *o = r->options;
    if (o->format == FORMAT_FULL || o->format == FORMAT_SHORT) return true;
    if (o->format == FORMAT_MARKDOWN) {
        return fail(r, "`--format=markdown` is for `--list-ops`%s%s", "", "");
    }
    const char *other = r->tidy                   ? "--fmt"
                        : o->summary              ? "--summary"
                        : o->report_guards        ? "--report"
                        : o->print_after != NULL  ? "--print-after"
                        : o->time_passes          ? "--time-passes"
                  : o->diff                 ? "--diff"
                                            : NULL;
    if (other != NULL) {
        return fail(r, "the reports go to standard output with this `--format`: leave out `%s`%s",
                    other, "");
    }
    bool prints = r->made_something && is_text(o->product) &&
                  (o->output == NULL || strcmp(o->output, "-") == 0);
    if (!prints) return true;
    return fail(r, "the reports go to standard output with this `--format`: name another file with "
                   "`-o`%s%s", "", "");
}

static bool baseline_fits(Reading *r) {
    const Options *o = r->options;
    if (o->update && o->baseline == NULL) {
        return fail(r, "`--update` says that the file of `--baseline` is written%s%s", "", "");
    }
    if (o->baseline == NULL || (!r->made_something && !o->verify)) return true;
    return fail(r, "`--baseline` goes with `--check` alone: leave out `%s`%s",
                o->verify ? "--verify" : o->output != NULL ? "-o" : "--emit", "");
}

/* Corrections are of files as they are checked. */
static bool fixes_fit(Reading *r) {
    const Options *o = r->options;
    const char *wanted = o->suggest_fix ? "--suggest-fix" : o->fix ? "--fix" : "--diff";
    if (!o->suggest_fix && !o->fix && !o->diff) return true;
    if (!r->check || r->made_something) return fail(r, "`%s` goes with `--check`%s", wanted, "");
    if (!o->fix || o->diff) return true;
    for (uint32_t i = 0; i < o->files.count; i++) {
        if (strcmp(o->files.data[i], "-") == 0) {
            return fail(r, "`--fix` writes files, and `-` is none: use `--diff`%s%s", "", "");
        }
    }
    const char *other = o->verify ? "--verify" : o->baseline != NULL ? "--baseline" : NULL;
    if (other == NULL) return true;
    return fail(r, "`--fix` changes what `%s` speaks of: use one after the other%s", other, "");
}

/* What is asked as a whole must make sense. */
static bool complete(Reading *r) {
    Options *o = r->options;
    if (o->action != ACTION_CHECK) return true;
    if (o->files.count == 0) {
        return fail(r, "no input file%s%s", "; see --help", "");
    }
    if (o->output != NULL) r->made_something = true;
    if (!keep_output_free(r)) return false;
    if (r->tidy) return complete_tidy(r);
    o->analysis.real = r->real || o->analysis.zones;
    o->analysis.training = (r->check || o->verify) && !o->analysis.zones;
    if (o->analysis.real && r->made_something) {
        return fail(r, "exact arithmetic proves nothing for a binary: `%s` goes with --check and "
                       "--summary%s", r->real ? "--real" : "--domain=debar", "");
    }
    if (r->check && r->made_something) {
        return fail(r, "`--check` writes nothing: leave out %s%s",
                    o->output != NULL ? "`-o`" : "`--emit`", "");
    }
    if (o->verify && r->made_something) {
        return fail(r, "`--verify` goes with `--check`, which writes nothing: leave out %s%s",
                    o->output != NULL ? "`-o`" : "`--emit`", "");
    }
    if (o->what_if != DTYPE_NONE && r->made_something) {
        return fail(r, "`--what-if` goes with `--check`, which writes nothing: leave out %s%s",
                    o->output != NULL ? "`-o`" : "`--emit`", "");
    }
    if (!baseline_fits(r) || !fixes_fit(r)) return false;
    if (o->objects.count > 0 && o->product != PRODUCT_LIBRARY &&
        (o->product != PRODUCT_EXECUTABLE || !r->made_something)) {
        return fail(r, "`%s` is linked into an executable or a library, and neither is made%s",
                    o->objects.data[0], "");
    }
    if (!r->made_something) {
        if (r->check || o->baseline != NULL || o->verify || o->summary || o->report_guards ||
            o->print_after != NULL) {
            return true;
        }
        return fail(r, "say what to do with `%s`: --check, --summary, -o FILE, ... (see --help)%s",
                    o->files.data[0], "");
    }
    o->action = ACTION_BUILD;
    if (o->files.count > 1) {
        return fail(r, "one model is compiled at a time: `%s` and `%s`", o->files.data[0],
                    o->files.data[1]);
    }
    if (o->output == NULL && !is_text(o->product)) {
        return fail(r, "say where to write it: `-o FILE`%s%s", "", "");
    }
    if (o->triple != NULL &&
        (o->product == PRODUCT_EXECUTABLE || o->product == PRODUCT_LIBRARY)) {
        return fail(r, "with `--target`, write --emit=obj and link it there%s%s", "", "");
    }
    return true;
}

/* Object files and archives stand among the models, as with other compilers. */
static bool is_object(const char *path) {
    size_t length = strlen(path);
    const char *end = length > 2 ? path + length - 2 : "";
    return strcmp(end, ".o") == 0 || strcmp(end, ".a") == 0;
}

bool options_parse(Ctx *cx, int argc, char **argv, Options *options, Buf *error) {
    *options = (Options){
        .optimise = 2, .guards = GUARDS_UNPROVEN, .analysis = {ANALYSIS_FULL}};
    Reading r = {.cx = cx, .options = options, .error = error};
    bool only_files = false;
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        if (!only_files && strcmp(word, "--") == 0) {
            only_files = true;
        } else if (!only_files && word[0] == '-' && word[1] != '\0') {
            if (!read_option(&r, argv, argc, &at)) return false;
        } else if (word[0] == '\0') {
            return fail(&r, "a file name is empty%s%s", "", "");
        } else {
            vec_push(&cx->session, is_object(word) ? &options->objects : &options->files, word);
        }
    }
    return complete(&r);
}

enum { HELP_INDENT = 26 };

/* What was put since `start` is the item; the text goes beside it, or below where it is long. */
static void put_item(Ctx *cx, uint32_t room, size_t start, const char *doc, Buf *out) {
    if (out->length - start + 1 > HELP_INDENT) {
        buf_put_char(out, '\n');
        start = out->length;
    }
    TextLines lines = wrap_text(&cx->scratch, doc, room);
    for (uint32_t k = 0; k < lines.count; k++) {
        buf_repeat(out, ' ', HELP_INDENT - (k == 0 ? out->length - start : 0));
        buf_put_bytes(out, lines.data[k].text, lines.data[k].length);
        buf_put_char(out, '\n');
    }
}

/* A limit with its default, as the table has it; what --limit changed is not shown. */
typedef struct LimitInfo {
    const char *spelling;
    uint64_t value;
    const char *doc;
} LimitInfo;

static const LimitInfo limit_info[] = {
#define LIMIT(field, spelling, value, doc) {spelling, value, doc},
#include "ir/base/limits.def"
};
enum { LIMIT_COUNT = sizeof limit_info / sizeof *limit_info };

void options_help(Ctx *cx, uint32_t width, Buf *out) {
    buf_put(out,
            "usage: nnac --check model.nna ...\n"
            "       nnac model.nna [--weights FILE] [function.o ...] -o model\n"
            "       nnac model.nna --emit=KIND [-o FILE]\n"
            "       nnac --fmt [--check] model.nna ...\n"
            "\nChecks and compiles neural-network architectures.\n\n");
    uint32_t room = width > HELP_INDENT + 20 ? width - HELP_INDENT : 20;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const OptionInfo *info = &option_info[i];
        if (info->status == STATUS_OF_PENDING) continue;
        size_t start = out->length;
        buf_printf(out, "  %s%s%s", info->spelling,
                   info->form == FORM_OF_WORD     ? "[="
                   : info->form != FORM_OF_VALUE  ? ""
                   : info->spelling[1] == '-'     ? "="
                                                  : " ",
                   info->argument);
        if (info->form == FORM_OF_WORD) buf_put_char(out, ']');
        put_item(cx, room, start, info->doc, out);
    }
    buf_put(out, "\nlimits, for --limit NAME=N:\n\n");
    for (int i = 0; i < LIMIT_COUNT; i++) {
        size_t start = out->length;
        buf_printf(out, "  %s", limit_info[i].spelling);
        put_item(cx, room, start,
                 arena_format(&cx->scratch, "%s (%" PRIu64 ")", limit_info[i].doc,
                              limit_info[i].value), out);
    }
    buf_put(out, "\nexit status: 0 clean, 1 reports, 2 usage or bad input, 3 internal error\n");
}

/* A text for mdoc, where a minus sign must be escaped to stay one. */
static void put_roff(Buf *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '-' || *text == '\\') buf_put_char(out, '\\');
        buf_put_char(out, *text);
    }
}

static void put_limits(Buf *out) {
    buf_put(out, "The limits are, with what they are when nothing is said:\n"
                 ".Pp\n.Bl -tag -width Ds -compact\n");
    for (int i = 0; i < LIMIT_COUNT; i++) {
        buf_put(out, ".It Cm ");
        put_roff(out, limit_info[i].spelling);
        buf_put_char(out, '\n');
        put_roff(out, limit_info[i].doc);
        buf_printf(out, " (%" PRIu64 ").\n", limit_info[i].value);
    }
    buf_put(out, ".El\n");
}

void options_manual(Buf *out) {
    for (int i = 0; i < OPTION_COUNT; i++) {
        const OptionInfo *info = &option_info[i];
        if (info->status == STATUS_OF_PENDING) continue;
        buf_put(out, ".It Fl ");
        put_roff(out, info->spelling + 1);
        if (info->form == FORM_OF_VALUE) {
            buf_put(out, info->spelling[1] == '-' ? " Ns = Ns Ar " : " Ar ");
        } else if (info->form == FORM_OF_JOINED) {
            buf_put(out, " Ns Ar ");
        } else if (info->form == FORM_OF_WORD) {
            buf_put(out, " Ns Op = Ns Ar ");
        }
        put_roff(out, info->argument);
        buf_put_char(out, '\n');
        put_roff(out, info->doc);
        buf_put(out, ".\n");
        if (i == OPTION_LIMIT) put_limits(out);
    }
}
