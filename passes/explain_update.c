/* What people need to know of a fault in the updates of parameters: which method it is, the
 * settings that bring it about, whose gradient it is, and how to mend it. All of it is read off the
 * table of settings (training.def). */
#include "passes/explain.h"

#include "ir/update.h"

#include <string.h>

const TrainingCall *explain_method(const Analysis *a, Value v) {
    const Graph *g = a->graph;
    Span place = ir_origin(g, ir_node(g, v)->origin)->span;
    for (uint32_t i = 0; i < g->trainings.count; i++) {
        const Training *t = g->trainings.data[i];
        for (uint32_t k = 0; k < t->calls.count; k++) {
            if (t->calls.data[k].span.begin == place.begin) return &t->calls.data[k];
        }
    }
    return NULL;
}

static const char *number_text(const Analysis *a, double value) {
    Buf out = buf_make(&a->cx->scratch);
    buf_put_rounded(&out, value, 9);
    return buf_text(&out);
}

/* A number for the setting that counts in the type: the default, or the power of ten above the
 * smallest normal number. */
static double better_value(DType type, const SettingInfo *setting) {
    double least = dtype_info[type].min_normal;
    bool below_one = setting->domain == SETTING_BELOW_ONE;
    if (below_one || setting->initial >= least) return setting->initial;
    return pow(10, ceil(log10(least)));
}

/* Whether the setting is not what it looks like, or is nothing, in the type; says so. */
static bool note_setting(const Analysis *a, Diag *d, DType type, const SettingInfo *setting,
                         double value) {
    const char *spelling = dtype_info[type].spelling, *text = number_text(a, value);
    double rounded = dtype_round(type, value);
    bool usual = !isnan(setting->initial) && setting->initial > 0;
    if (setting->kind != SETTING_KIND_REAL || !usual) return false;
    if (value <= 0) {
        diag_note(a->cx, d, "`%s` is 0", setting->name);
    } else if (rounded <= 0) {
        diag_note(a->cx, d, "`%s`, %s, is 0 in %s, whose smallest number is %s", setting->name,
                  text, spelling, number_text(a, dtype_info[type].min_subnormal));
    } else if (setting->domain == SETTING_BELOW_ONE && rounded >= 1) {
        diag_note(a->cx, d, "`%s`, %s, is 1 in %s", setting->name, text, spelling);
    } else {
        return false;
    }
    diag_help(a->cx, d, "write `%s: %s`", setting->name,
              number_text(a, better_value(type, setting)));
    return true;
}

/* The choice that subtracts, if one is made. */
static const char *chosen_setting(const TrainingCall *call) {
    const TrainingInfo *info = &training_info[call->method];
    for (uint32_t i = 0; i < info->setting_count; i++) {
        bool on = info->settings[i].kind == SETTING_KIND_BOOLEAN && call->settings[i] > 0;
        if (on) return info->settings[i].name;
    }
    return NULL;
}

static void help_update(const Analysis *a, Diag *d, const Finding *f, const TrainingCall *call) {
    const TrainingInfo *info = &training_info[call->method];
    bool found = false;
    for (uint32_t i = 0; i < info->setting_count && f->failure == FAILURE_DOMAIN; i++) {
        found = note_setting(a, d, f->type, &info->settings[i], call->settings[i]) || found;
    }
    const char *chosen = chosen_setting(call);
    if (found) return;
    if (f->failure == FAILURE_DOMAIN && f->args[0].low < 0 && chosen != NULL) {
        diag_help(a->cx, d, "a mean of squares less the square of the mean is 0 or more in exact "
                  "arithmetic alone: turn `%s` off, or choose an `eps` far above the rounding of "
                  "what is subtracted", chosen);
    } else if (f->failure == FAILURE_OVERFLOW && info->kind == TRAINING_KIND_OPTIMIZER) {
        diag_help(a->cx, d, "hold the gradients with `clip norm(1.0)`, or give the parameters "
                  "contracts");
    }
}

/* "`w`, `b` and 3 more" */
static const char *parameter_names(const Analysis *a, ValueSet parameters) {
    enum { NAMES = 3 };
    Buf out = buf_make(&a->cx->scratch);
    for (uint32_t i = 0; i < parameters.count && i < NAMES; i++) {
        bool last = i > 0 && i + 1 == parameters.count;
        buf_printf(&out, "%s%s", i == 0 ? "" : last ? " and " : ", ",
                   ir_describe(a->graph, parameters.values[i]));
    }
    if (parameters.count > NAMES) {
        buf_printf(&out, " and %u more", (unsigned)(parameters.count - NAMES));
    }
    return buf_text(&out);
}

/* Whose element it is, where sizes are known; *at becomes its position there. */
static Value owner(const Analysis *a, const UpdateGroup *group, int64_t *at) {
    for (uint32_t i = 0; i < group->parameters.count; i++) {
        Value v = group->parameters.values[i];
        int64_t count;
        if (!dim_is_constant(a->graph->dims, ir_element_count(a->graph, v), &count)) break;
        if (*at < count) return v;
        *at -= count;
    }
    return VALUE_NONE;
}

static void note_parameters(const Analysis *a, Diag *d, const Finding *f) {
    const UpdateGroup *group = NULL;
    for (uint32_t i = 0; i < a->group_count; i++) {
        const UpdateGroup *at = &a->groups[i];
        if (f->node.id >= at->first && f->node.id < at->end) group = at;
    }
    if (group == NULL) return;
    bool several = group->parameters.count > 1;
    diag_note(a->cx, d, "g is the gradient of %s%s, and t the number of the step, from 1 on",
              parameter_names(a, group->parameters), several ? ", one behind the other" : "");
    bool confirmed =
        facts_site(a->facts, f->node, f->site)->verdict == VERDICT_CONFIRMED;
    int64_t at = f->event.element;
    Value v = group->parameters.values[0];
    if (several) v = confirmed && f->element != NULL && at >= 0 ? owner(a, group, &at) : VALUE_NONE;
    if (ir_is_poison(v)) return;
    d->parameter = names_text(&a->cx->names, ir_node(a->graph, v)->name);
    if (several) {
        diag_note(a->cx, d, "%s is in the gradient of %s", f->element, ir_describe(a->graph, v));
    }
}

void explain_update(const Analysis *a, Diag *d, const Finding *f) {
    const TrainingCall *call = explain_method(a, f->node);
    if (call == NULL || training_info[call->method].kind == TRAINING_KIND_OPTIMIZER) {
        note_parameters(a, d, f);
    }
    if (call != NULL) help_update(a, d, f, call);
}
