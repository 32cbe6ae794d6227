/* --describe: what the executable takes, gives and guards. */
#include "backend/rt/nna_rt_internal.h"

#include <inttypes.h>
#include <stdio.h>

static void describe_tensors(const char *title, const nna_rt_tensor *tensors, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const nna_rt_contract *c = tensors[i].contract;
        printf("%-9s %s: %s", i == 0 ? title : "", tensors[i].name, tensors[i].type);
        printf("%s%s\n", c != NULL && c->text[0] != '\0' ? " " : "", c != NULL ? c->text : "");
    }
}

/* What is kept from call to call, and what a call may find there. */
static void describe_buffers(const nna_rt_model *model) {
    for (uint32_t i = 0; i < model->buffer_count; i++) {
        const nna_rt_buffer *b = &model->buffers[i];
        char words[128] = "";
        nna_rt_text reach = {words, sizeof words, 0};
        nna_rt_put_reach(&reach, b);
        printf("%-9s %s: %s", i == 0 ? "buffers" : "", b->tensor.name, b->tensor.type);
        if (b->tensor.contract != NULL) printf(" %s", b->tensor.contract->text);
        printf("; %s\n", words);
    }
}

int nna_rt_describe(const nna_rt_model *model) {
    printf("%-9s %s, from %s\n", "model", model->name, model->source);
    printf("%-9s %s\n", "digest", model->digest);
    printf("%-9s nnac %s\n", "made by", model->version);
    for (uint32_t i = 0; i < model->variable_count; i++) {
        const nna_rt_variable *v = &model->variables[i];
        printf("%-9s %s: %" PRId64 "..%" PRId64 "\n", i == 0 ? "sizes" : "", v->name, v->low,
               v->high);
    }
    describe_tensors("inputs", model->inputs, model->input_count);
    describe_tensors("outputs", model->outputs, model->output_count);
    describe_buffers(model);
    printf("%-9s %" PRIu32 "; dangerous operations: %" PRIu64 " proved safe, %" PRIu64 " guarded\n",
           "guards", model->guard_count, model->sites_proved, model->sites_guarded);
    for (uint32_t i = 0; i < model->guard_count; i++) {
        const nna_rt_guard *g = &model->guards[i];
        printf("%6" PRIu32 "    %s %s in %s at %s:%d:%d: %s\n", i + 1, g->code, g->operation,
               g->value, g->file, (int)g->line, (int)g->column, g->condition);
    }
    return NNA_RT_DONE;
}
