/* The table of training.def, and a section as text. */
#include "ir/training.h"

#include <inttypes.h>
#include <math.h>

#define REQUIRED NAN
#define NEVER NAN
#define SETTING(name, kind, domain, initial, doubtful, idle)                                       \
    {name, SETTING_KIND_##kind, SETTING_##domain, initial, doubtful, idle}
#define SETTINGS(...)                                                                              \
    .setting_count = sizeof((SettingInfo[]){__VA_ARGS__}) / sizeof(SettingInfo),                   \
    .settings = {__VA_ARGS__}
#define NO_SETTINGS .setting_count = 0

const TrainingInfo training_info[TRAINING_METHOD_COUNT] = {
#define TRAINING(kind_, id, name, settings_, summary_)                                             \
    [TRAINING_##id] = {                                                                            \
        .kind = TRAINING_KIND_##kind_, .spelling = name, .summary = summary_, settings_},
#define TRAINING_KIND(...)
#define TRAINING_DOMAIN(...)
#include "ir/training.def"
};

const char *const training_kind_text[TRAINING_KIND_COUNT] = {
#define TRAINING(...)
#define TRAINING_KIND(kind, word) word,
#define TRAINING_DOMAIN(...)
#include "ir/training.def"
};

static const struct {
    double low, high;
    bool open_low, open_high;
    const char *text;
} domains[] = {
#define TRAINING(...)
#define TRAINING_KIND(...)
#define TRAINING_DOMAIN(id, low, open_low, high, open_high, text)                                  \
    {low, high, open_low, open_high, text},
#include "ir/training.def"
};

bool training_allows(SettingDomain domain, double value) {
    double low = domains[domain].low, high = domains[domain].high;
    return (domains[domain].open_low ? value > low : value >= low) &&
           (domains[domain].open_high ? value < high : value <= high);
}

const char *training_domain_text(SettingDomain domain) {
    return domains[domain].text;
}

static void print_set(const Graph *g, const char *word, ValueSet set, Buf *out) {
    buf_printf(out, " %s [", word);
    for (uint32_t i = 0; i < set.count; i++) {
        buf_printf(out, "%s%s", i > 0 ? ", " : "",
                   names_text(&g->cx->names, ir_node(g, set.values[i])->name));
    }
    buf_put(out, "]");
}

static void print_call(const Graph *g, const TrainingCall *call, Buf *out) {
    const TrainingInfo *info = &training_info[call->method];
    buf_printf(out, "  %s %s(", training_kind_text[info->kind], info->spelling);
    const char *comma = "";
    for (uint32_t i = 0; i < info->setting_count; i++) {
        SettingKind kind = info->settings[i].kind;
        if (kind == SETTING_KIND_PATHS) continue;
        buf_printf(out, "%s%s: ", comma, info->settings[i].name);
        if (kind == SETTING_KIND_DTYPE) {
            buf_put(out, dtype_info[(DType)call->settings[i]].spelling);
        } else if (kind == SETTING_KIND_BOOLEAN) {
            buf_put(out, call->settings[i] > 0 ? "true" : "false");
        } else {
            buf_put_number(out, call->settings[i]);
        }
        comma = ", ";
    }
    buf_put(out, ")");
    bool chosen = info->kind == TRAINING_KIND_OPTIMIZER || info->kind == TRAINING_KIND_REGULARIZE;
    if (chosen) print_set(g, "on", call->on, out);
    buf_put(out, "\n");
}

static void print_count(const char *word, int64_t count, Buf *out) {
    if (count > 0) buf_printf(out, "  %s %" PRId64 "\n", word, count);
}

void training_print(const Graph *g, const Training *t, Buf *out) {
    buf_printf(out, "train %s {\n", names_text(&g->cx->names, g->name));
    for (uint32_t i = 0; i < t->objectives.count; i++) {
        const Objective *o = &t->objectives.data[i];
        buf_printf(out, "  %s %s", o->maximize ? "maximize" : "minimize", ir_describe(g, o->value));
        print_set(g, "over", o->over, out);
        buf_put(out, "\n");
    }
    for (uint32_t i = 0; i < t->calls.count; i++) print_call(g, &t->calls.data[i], out);
    if (t->batch > 0) {
        buf_printf(out, "  batch %" PRId64, t->batch);
        if (t->samples > 0) buf_printf(out, " of %" PRId64, t->samples);
        buf_put(out, t->drop_last ? " drop_last\n" : t->wrap ? " wrap\n" : "\n");
    }
    print_count("steps", t->steps, out);
    print_count("epochs", t->epochs, out);
    for (uint32_t i = 0; i < t->metrics.count; i++) {
        const Metric *m = &t->metrics.data[i];
        buf_printf(out, "  metric %s = %%%u : %s", names_text(&g->cx->names, m->name), m->value.id,
                   ir_describe(g, m->value));
        buf_put(out, "\n");
    }
    buf_put(out, "}\n");
}
