/* The guarded executable: reads arrays by name, computes, writes arrays by name. */
#include "backend/rt/nna_rt_program.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const nna_rt_model nna_model;

enum { MESSAGE_BYTES = 16384 };

#define KEEPS_NOTHING "the model keeps nothing from call to call"

int program_fail(Program *p, const char *format, const char *a, const char *b) {
    nna_rt_put(&p->message, format, a, b);
    return NNA_RT_BAD_INPUT;
}

static void print_help(const Program *p) {
    printf("usage: %s --input NAME=FILE.npy ... --output NAME=FILE.npy ...\n\n", p->name);
    for (uint32_t i = 0; i < p->model->input_count; i++) {
        const nna_rt_tensor *t = &p->model->inputs[i];
        printf("  --input %s=FILE.npy\n      %s%s%s\n", t->name, t->type,
               t->contract != NULL ? " " : "", t->contract != NULL ? t->contract->text : "");
    }
    for (uint32_t i = 0; i < p->model->output_count; i++) {
        const nna_rt_tensor *t = &p->model->outputs[i];
        printf("  --output %s=FILE.npy\n      %s\n", t->name, t->type);
    }
    for (uint32_t i = 0; i < p->model->buffer_count; i++) {
        const nna_rt_tensor *t = &p->model->buffers[i].tensor;
        printf("  --load %s=FILE.npy, --save %s=FILE.npy\n      %s, kept from call to call: as it "
               "is before the first, and after the last\n", t->name, t->name, t->type);
    }
    if (p->model->buffer_count > 0) {
        printf("  --calls N\n"
               "      call the model N times on the inputs; the outputs are the last\n");
    }
    printf("  --describe\n      print inputs, outputs, contracts, guards and the digest\n"
           "  --selftest\n      inject NaN, infinities and neighbours of bounds at every guard\n"
           "  --bench N\n      run N times, on inputs that are given or made up; print the times\n"
           "  --on-trip=abort\n      where a guard trips: write nothing, and exit with 4\n"
           "\nexit status: 0 done, 1 self-test failed, 2 usage or bad input, 3 system, 4 guard\n");
}

/* Tensors that files are named for; each stands at the beginning of a row of a table. */
typedef struct Named {
    const char *option, *none;
    const void *first;
    size_t row_bytes;
    uint32_t count;
    const char **paths;
} Named;

static const nna_rt_tensor *named_at(const Named *n, uint32_t index) {
    return (const void *)((const char *)n->first + n->row_bytes * index);
}

static int refuse_name(Program *p, const char *text, const Named *n) {
    program_fail(p, "`%s %s`: ", n->option, text);
    if (n->count == 0) return program_fail(p, "%s%s", n->none, "");
    nna_rt_put(&p->message, "the model has");
    for (uint32_t i = 0; i < n->count; i++) {
        nna_rt_put(&p->message, "%s `%s`", i > 0 ? "," : "", named_at(n, i)->name);
    }
    return NNA_RT_BAD_INPUT;
}

/* "NAME=FILE" for one of the tensors. */
static int take_file(Program *p, const char *text, const Named *n) {
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals[1] == '\0') {
        return program_fail(p, "`%s` takes NAME=FILE.npy, not `%s`", n->option, text);
    }
    size_t length = (size_t)(equals - text);
    uint32_t i = 0;
    for (; i < n->count; i++) {
        const char *name = named_at(n, i)->name;
        if (strlen(name) == length && memcmp(name, text, length) == 0) break;
    }
    if (i == n->count) return refuse_name(p, text, n);
    if (n->paths[i] != NULL) {
        return program_fail(p, "`%s %s` is given twice", n->option, named_at(n, i)->name);
    }
    n->paths[i] = equals + 1;
    return NNA_RT_DONE;
}

static int take_input(Program *p, const char *text) {
    const nna_rt_model *m = p->model;
    return take_file(p, text, &(Named){"--input", "the model has no inputs", m->inputs,
                                       sizeof *m->inputs, m->input_count, p->input_paths});
}

static int take_load(Program *p, const char *text) {
    const nna_rt_model *m = p->model;
    return take_file(p, text, &(Named){"--load", KEEPS_NOTHING, m->buffers, sizeof *m->buffers,
                                       m->buffer_count, p->loaded_paths});
}

static int take_written(Program *p, const char *text, const Named *n) {
    int status = take_file(p, text, n);
    if (status != NNA_RT_DONE) return status;
    const char *path = strchr(text, '=') + 1;
    uint32_t count = p->model->output_count + p->model->buffer_count, same = 0;
    for (uint32_t i = 0; i < count; i++) {
        same += p->written_paths[i] != NULL && strcmp(p->written_paths[i], path) == 0;
    }
    if (same < 2) return NNA_RT_DONE;
    return program_fail(p, "%s: two outputs cannot go to the same file%s", path, "");
}

static int take_output(Program *p, const char *text) {
    const nna_rt_model *m = p->model;
    return take_written(p, text, &(Named){"--output", "the model has no outputs", m->outputs,
                                          sizeof *m->outputs, m->output_count, p->written_paths});
}

static int take_save(Program *p, const char *text) {
    const nna_rt_model *m = p->model;
    return take_written(p, text, &(Named){"--save", KEEPS_NOTHING, m->buffers, sizeof *m->buffers,
                                          m->buffer_count, p->written_paths + m->output_count});
}

static int take_number(Program *p, const char *text, const char *option) {
    char *end;
    errno = 0;
    long long calls = strtoll(text, &end, 10);
    bool good = errno == 0 && *end == '\0' && end != text && calls >= 1 && calls <= 100000000;
    if (!good) {
        return program_fail(p, "`%s` takes a number from 1 to 100000000, not `%s`", option, text);
    }
    p->calls = calls;
    return NNA_RT_DONE;
}

static int take_bench(Program *p, const char *text) {
    p->command = COMMAND_BENCH;
    return take_number(p, text, "--bench");
}

static int take_calls(Program *p, const char *text) {
    if (p->model->buffer_count == 0) {
        return program_fail(p, "`--calls %s`: %s", text, KEEPS_NOTHING);
    }
    return take_number(p, text, "--calls");
}

static int take_policy(Program *p, const char *policy) {
    if (strcmp(policy, "abort") == 0) return NNA_RT_DONE;
    if (strcmp(policy, "row-nan") == 0 || strcmp(policy, "row-skip") == 0) {
        return program_fail(p, "not supported by this version: `--on-trip=%s`%s", policy, "");
    }
    return program_fail(p, "`--on-trip` takes `abort`, not `%s`%s", policy, "");
}

static int take_repro(Program *p, const char *path) {
    return program_fail(p, "not supported by this version: `--repro %s`%s", path, "");
}

/* Options with an argument: in the same word after `=`, or the next word. */
static const struct {
    const char *option;
    int (*take)(Program *p, const char *argument);
} value_options[] = {
    {"--input", take_input}, {"--output", take_output},  {"--load", take_load},
    {"--save", take_save},   {"--calls", take_calls},    {"--bench", take_bench},
    {"--repro", take_repro}, {"--on-trip", take_policy},
};

static int take_option(Program *p, char **argv, int argc, int *at) {
    const char *word = argv[*at];
    for (size_t i = 0; i < sizeof value_options / sizeof *value_options; i++) {
        size_t length = strlen(value_options[i].option);
        if (strncmp(word, value_options[i].option, length) != 0) continue;
        if (word[length] == '=') return value_options[i].take(p, word + length + 1);
        if (word[length] != '\0') continue;
        if (*at + 1 >= argc) return program_fail(p, "`%s`: the argument is missing%s", word, "");
        return value_options[i].take(p, argv[++*at]);
    }
    if (strcmp(word, "--describe") == 0) p->command = COMMAND_DESCRIBE;
    else if (strcmp(word, "--selftest") == 0) p->command = COMMAND_SELFTEST;
    else return program_fail(p, "unknown option `%s`; see --help%s", word, "");
    return NNA_RT_DONE;
}

/* Each call on the state that the one before it left. */
static int call_all(Program *p) {
    int64_t calls = p->calls > 0 ? p->calls : 1;
    for (int64_t i = 0; i < calls; i++) {
        nna_rt_call call = nna_rt_call_of(&p->session);
        int status = nna_rt_session_run(&p->session, &call, &p->message);
        if (status == NNA_RT_TRIPPED) {
            nna_rt_put_trip(&p->session, &call, &p->message);
            if (calls > 1) {
                nna_rt_put(&p->message, "  = in call %" PRId64 " of %" PRId64 "\n", i + 1, calls);
            }
            nna_rt_put(&p->message, "  = no output was written\n");
        }
        if (status != NNA_RT_DONE) return status;
        nna_rt_state_commit(&p->state);
    }
    return NNA_RT_DONE;
}

static int compute(Program *p) {
    bool wanted = false;
    for (uint32_t i = 0; i < p->model->output_count + p->model->buffer_count; i++) {
        wanted = wanted || p->written_paths[i] != NULL;
    }
    if (!wanted) {
        return program_fail(p, "no output is asked for: --output %s=FILE.npy; see --help%s",
                            p->model->output_count > 0 ? p->model->outputs[0].name : "NAME", "");
    }
    int status = program_read_inputs(p);
    if (status == NNA_RT_DONE) status = program_load_buffers(p);
    if (status == NNA_RT_DONE) {
        status = nna_rt_session_allocate(&p->session, true, &p->message);
    }
    if (status == NNA_RT_DONE) status = call_all(p);
    return status == NNA_RT_DONE ? program_write(p) : status;
}

/* On the inputs that are given, or on made-up ones where none is; each call on the same state. */
static int bench(Program *p) {
    bool given = false;
    for (uint32_t i = 0; i < p->model->input_count; i++) {
        given = given || p->input_paths[i] != NULL;
    }
    int status = program_load_buffers(p);
    if (status == NNA_RT_DONE) {
        status = given ? program_read_inputs(p) : nna_rt_samples(&p->session, &p->message);
    }
    if (given && status == NNA_RT_DONE) {
        status = nna_rt_session_allocate(&p->session, true, &p->message);
    }
    if (status == NNA_RT_DONE) status = nna_rt_bench(&p->session, p->calls, &p->message);
    if (status == NNA_RT_TRIPPED && !given) {
        nna_rt_put(&p->message, "  = the inputs were made up within their contracts: %s\n",
                   p->model->input_count > 0 ? "name others by --input" : "there are none");
    }
    if (!given) nna_rt_samples_free(&p->session);
    return status;
}

static int run_command(Program *p) {
    switch (p->command) {
    case COMMAND_DESCRIBE: return nna_rt_describe(p->model);
    case COMMAND_SELFTEST: return nna_rt_selftest(p->model);
    case COMMAND_BENCH:
    case COMMAND_RUN: break;
    }
    int status = nna_rt_state_open(p->model, &p->state, &p->message);
    if (status == NNA_RT_DONE) {
        status = nna_rt_session_open(&p->state, &p->session, &p->message);
        if (status == NNA_RT_DONE) {
            status = p->command == COMMAND_BENCH ? bench(p) : compute(p);
            nna_rt_session_close(&p->session);
        }
        nna_rt_state_close(&p->state);
    }
    for (uint32_t i = 0; i < p->model->input_count; i++) free(p->arrays[i].data);
    return status;
}

static int start(Program *p, int argc, char **argv) {
    p->input_paths = calloc(p->model->input_count + 1, sizeof *p->input_paths);
    const size_t written = (size_t)p->model->output_count + p->model->buffer_count + 1;
    p->loaded_paths = calloc(p->model->buffer_count + 1, sizeof *p->loaded_paths);
    p->written_paths = calloc(written, sizeof *p->written_paths);
    p->temporaries = calloc(written, sizeof *p->temporaries);
    p->arrays = calloc(p->model->input_count + 1, sizeof *p->arrays);
    if (p->input_paths == NULL || p->loaded_paths == NULL || p->written_paths == NULL ||
        p->temporaries == NULL || p->arrays == NULL) {
        program_fail(p, "out of memory%s%s", "", "");
        return NNA_RT_SYSTEM;
    }
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], "--help") == 0) {
            print_help(p);
            return NNA_RT_DONE;
        }
        int status = take_option(p, argv, argc, &at);
        if (status != NNA_RT_DONE) return status;
    }
    return run_command(p);
}

int main(int argc, char **argv) {
    char words[MESSAGE_BYTES] = "";
    Program p = {.model = &nna_model,
                 .name = argc > 0 ? argv[0] : nna_model.name,
                 .message = {words, sizeof words, 0}};
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like others */
    int status = start(&p, argc, argv);
    size_t length = strlen(words);
    if (length > 0) {
        fprintf(stderr, "%s: %s%s", p.name, words, words[length - 1] == '\n' ? "" : "\n");
    }
    free((void *)p.input_paths);
    free((void *)p.loaded_paths);
    free((void *)p.written_paths);
    free(p.temporaries);
    free(p.arrays);
    errno = 0;
    if (fflush(stdout) == 0 && fclose(stdout) == 0) return status;
    fprintf(stderr, "%s: cannot write to standard output: %s\n", p.name, strerror(errno));
    return status == NNA_RT_DONE ? NNA_RT_BAD_INPUT : status;
}
