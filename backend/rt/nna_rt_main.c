/* The guarded executable: reads arrays by name, computes, writes arrays by name. */
#include "backend/rt/nna_rt_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const nna_rt_model nna_model;

enum { MESSAGE_BYTES = 16384 };

typedef enum Command { COMMAND_RUN, COMMAND_DESCRIBE, COMMAND_SELFTEST, COMMAND_BENCH } Command;

/* The command line, and what it names. */
typedef struct Program {
    const nna_rt_model *model;
    const char *name;
    nna_rt_text message;
    Command command;
    int64_t calls;
    const char **input_paths, **output_paths; /* by number; NULL: not given */
    char **temporaries;                       /* of outputs that are written */
    nna_rt_array *arrays;
    nna_rt_session session;
} Program;

static int fail(Program *p, const char *format, const char *a, const char *b) {
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
    printf("  --describe\n      print inputs, outputs, contracts, guards and the digest\n"
           "  --selftest\n      inject NaN, infinities and neighbours of bounds at every guard\n"
           "  --bench N\n      run N times, on inputs that are given or made up; print the times\n"
           "  --on-trip=abort\n      where a guard trips: write nothing, and exit with 4\n"
           "\nexit status: 0 done, 1 self-test failed, 2 usage or bad input, 3 system, 4 guard\n");
}

/* "NAME=FILE" for one of the tensors. */
static int take_file(Program *p, const char *text, const char *option, const nna_rt_tensor *tensors,
                     uint32_t count, const char **paths) {
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals[1] == '\0') {
        return fail(p, "`%s` takes NAME=FILE.npy, not `%s`", option, text);
    }
    size_t length = (size_t)(equals - text);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = tensors[i].name;
        if (strlen(name) != length || memcmp(name, text, length) != 0) continue;
        if (paths[i] != NULL) return fail(p, "`%s %s` is given twice", option, name);
        for (uint32_t k = 0; k < count && paths == p->output_paths; k++) {
            if (paths[k] == NULL || strcmp(paths[k], equals + 1) != 0) continue;
            return fail(p, "%s: two outputs cannot go to the same file%s", paths[k], "");
        }
        paths[i] = equals + 1;
        return NNA_RT_DONE;
    }
    fail(p, "`%s %s`: the model has", option, text);
    for (uint32_t i = 0; i < count; i++) {
        nna_rt_put(&p->message, "%s `%s`", i > 0 ? "," : "", tensors[i].name);
    }
    return NNA_RT_BAD_INPUT;
}

static int take_input(Program *p, const char *text) {
    return take_file(p, text, "--input", p->model->inputs, p->model->input_count, p->input_paths);
}

static int take_output(Program *p, const char *text) {
    return take_file(p, text, "--output", p->model->outputs, p->model->output_count,
                     p->output_paths);
}

static int take_calls(Program *p, const char *text) {
    char *end;
    errno = 0;
    long long calls = strtoll(text, &end, 10);
    bool good = errno == 0 && *end == '\0' && end != text && calls >= 1 && calls <= 100000000;
    if (!good) return fail(p, "`--bench` takes a number from 1 to 100000000, not `%s`%s", text, "");
    p->command = COMMAND_BENCH;
    p->calls = calls;
    return NNA_RT_DONE;
}

static int take_policy(Program *p, const char *policy) {
    if (strcmp(policy, "abort") == 0) return NNA_RT_DONE;
    if (strcmp(policy, "row-nan") == 0 || strcmp(policy, "row-skip") == 0) {
        return fail(p, "not supported by this version: `--on-trip=%s`%s", policy, "");
    }
    return fail(p, "`--on-trip` takes `abort`, not `%s`%s", policy, "");
}

static int take_repro(Program *p, const char *path) {
    return fail(p, "not supported by this version: `--repro %s`%s", path, "");
}

/* Options with an argument: in the same word after `=`, or the next word. */
static const struct {
    const char *option;
    int (*take)(Program *p, const char *argument);
} value_options[] = {
    {"--input", take_input},     {"--output", take_output}, {"--bench", take_calls},
    {"--on-trip", take_policy},  {"--repro", take_repro},
};

static int take_option(Program *p, char **argv, int argc, int *at) {
    const char *word = argv[*at];
    for (size_t i = 0; i < sizeof value_options / sizeof *value_options; i++) {
        size_t length = strlen(value_options[i].option);
        if (strncmp(word, value_options[i].option, length) != 0) continue;
        if (word[length] == '=') return value_options[i].take(p, word + length + 1);
        if (word[length] != '\0') continue;
        if (*at + 1 >= argc) return fail(p, "`%s`: the argument is missing%s", word, "");
        return value_options[i].take(p, argv[++*at]);
    }
    if (strcmp(word, "--describe") == 0) p->command = COMMAND_DESCRIBE;
    else if (strcmp(word, "--selftest") == 0) p->command = COMMAND_SELFTEST;
    else return fail(p, "unknown option `%s`; see --help%s", word, "");
    return NNA_RT_DONE;
}

/* ---- Inputs */

/* Names the dimension that is wrong: what the file has, and what the model wants. */
static int refuse_shape(Program *p, uint32_t index) {
    const nna_rt_tensor *t = &p->model->inputs[index];
    const nna_rt_array *a = &p->arrays[index];
    nna_rt_text *m = &p->message;
    nna_rt_put(m, "%s is ", p->input_paths[index]);
    nna_rt_put_dims(m, a->rank, a->dims);
    nna_rt_put(m, ", the model wants %s", strchr(t->type, '['));
    const char *before = " with ";
    for (int32_t i = 0; i < t->rank; i++) {
        int32_t v = t->variables[i];
        if (v < 0 || a->rank != t->rank || p->session.variables[v] == a->dims[i]) continue;
        nna_rt_put(m, "%s%s = %" PRId64, before, p->model->variables[v].name,
                   p->session.variables[v]);
        before = ", ";
    }
    return NNA_RT_BAD_INPUT;
}

static int check_type(Program *p, uint32_t index) {
    const nna_rt_tensor *t = &p->model->inputs[index];
    const nna_rt_array *a = &p->arrays[index];
    if (a->dtype != t->dtype) {
        nna_rt_put(&p->message, "%s holds %s, the model wants %s", p->input_paths[index],
                   nna_rt_dtype_name(a->dtype), t->type);
        return NNA_RT_BAD_INPUT;
    }
    return a->rank == t->rank ? NNA_RT_DONE : refuse_shape(p, index);
}

/* The first input that has a variable for a dimension says how large it is. */
static int bind_variables(Program *p, uint32_t index, bool *bound) {
    const nna_rt_tensor *t = &p->model->inputs[index];
    const int64_t *dims = p->arrays[index].dims;
    for (int32_t i = 0; i < t->rank; i++) {
        int32_t v = t->variables[i];
        if (v < 0 || bound[v]) continue;
        bound[v] = true;
        p->session.variables[v] = dims[i];
        const nna_rt_variable *variable = &p->model->variables[v];
        if (dims[i] >= variable->low && dims[i] <= variable->high) continue;
        nna_rt_put(&p->message, "%s is ", p->input_paths[index]);
        nna_rt_put_dims(&p->message, t->rank, dims);
        nna_rt_put(&p->message, ": %s is %" PRId64 ", the model allows %" PRId64 "..%" PRId64,
                   variable->name, dims[i], variable->low, variable->high);
        return NNA_RT_BAD_INPUT;
    }
    return NNA_RT_DONE;
}

static int bind_all(Program *p) {
    const nna_rt_model *m = p->model;
    bool *bound = calloc(m->variable_count + 1, sizeof *bound);
    if (bound == NULL) {
        fail(p, "out of memory%s%s", "", "");
        return NNA_RT_SYSTEM;
    }
    int status = NNA_RT_DONE;
    for (uint32_t i = 0; i < m->input_count && status == NNA_RT_DONE; i++) {
        status = bind_variables(p, i, bound);
    }
    for (uint32_t i = 0; i < m->variable_count; i++) {
        if (!bound[i]) p->session.variables[i] = m->variables[i].low;
    }
    free(bound);
    return status == NNA_RT_DONE ? nna_rt_session_size(&p->session, &p->message) : status;
}

static int read_inputs(Program *p) {
    const nna_rt_model *m = p->model;
    int status = NNA_RT_DONE;
    for (uint32_t i = 0; i < m->input_count; i++) {
        if (p->input_paths[i] == NULL) {
            return fail(p, "input `%s` is missing: --input %s=FILE.npy", m->inputs[i].name,
                        m->inputs[i].name);
        }
        if (!nna_rt_npy_read(p->input_paths[i], &p->arrays[i], &p->message)) {
            return NNA_RT_BAD_INPUT;
        }
        if ((status = check_type(p, i)) != NNA_RT_DONE) return status;
        p->session.inputs[i] = p->arrays[i].data;
    }
    if ((status = bind_all(p)) != NNA_RT_DONE) return status;
    for (uint32_t i = 0; i < m->input_count; i++) {
        const int64_t *dims = nna_rt_input_dims(&p->session, i);
        size_t size = sizeof *dims * (size_t)m->inputs[i].rank;
        if (memcmp(p->arrays[i].dims, dims, size) != 0) return refuse_shape(p, i);
        nna_rt_put(&p->message, "%s: ", p->input_paths[i]);
        if (!nna_rt_contract_holds(&m->inputs[i], dims, p->arrays[i].data, &p->message)) {
            return NNA_RT_BAD_INPUT;
        }
        nna_rt_clear(&p->message);
    }
    return NNA_RT_DONE;
}

/* ---- Outputs: all of them under their names, or none */

static int write_temporaries(Program *p) {
    for (uint32_t i = 0; i < p->model->output_count; i++) {
        const nna_rt_tensor *t = &p->model->outputs[i];
        if (p->output_paths[i] == NULL) continue;
        p->temporaries[i] =
            nna_rt_npy_write(p->output_paths[i], t->dtype, t->rank,
                             nna_rt_output_dims(&p->session, i), p->session.outputs[i],
                             &p->message);
        if (p->temporaries[i] == NULL) return NNA_RT_BAD_INPUT;
    }
    return NNA_RT_DONE;
}

static int rename_all(Program *p) {
    for (uint32_t i = 0; i < p->model->output_count; i++) {
        if (p->temporaries[i] == NULL) continue;
        if (rename(p->temporaries[i], p->output_paths[i]) != 0) {
            return fail(p, "%s: cannot write: %s", p->output_paths[i], strerror(errno));
        }
        free(p->temporaries[i]);
        p->temporaries[i] = NULL;
    }
    return NNA_RT_DONE;
}

/* Ctrl-C waits until no temporary file is left. */
static int write_outputs(Program *p) {
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, &before);
    int status = write_temporaries(p);
    if (status == NNA_RT_DONE) status = rename_all(p);
    for (uint32_t i = 0; i < p->model->output_count; i++) {
        if (p->temporaries[i] == NULL) continue;
        unlink(p->temporaries[i]);
        free(p->temporaries[i]);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}

static int compute(Program *p) {
    bool wanted = false;
    for (uint32_t i = 0; i < p->model->output_count; i++) {
        wanted = wanted || p->output_paths[i] != NULL;
    }
    if (!wanted) {
        return fail(p, "no output is asked for: --output %s=FILE.npy; see --help%s",
                    p->model->output_count > 0 ? p->model->outputs[0].name : "NAME", "");
    }
    int status = read_inputs(p);
    if (status == NNA_RT_DONE) {
        status = nna_rt_session_allocate(&p->session, true, &p->message);
    }
    if (status != NNA_RT_DONE) return status;
    nna_rt_call call = nna_rt_call_of(&p->session);
    status = nna_rt_session_run(&p->session, &call, &p->message);
    if (status == NNA_RT_DONE) return write_outputs(p);
    if (status == NNA_RT_TRIPPED) {
        nna_rt_put_trip(&p->session, &call, &p->message);
        nna_rt_put(&p->message, "  = no output was written\n");
    }
    return status;
}

/* On the inputs that are given, or on made-up ones where none is. */
static int bench(Program *p) {
    bool given = false;
    for (uint32_t i = 0; i < p->model->input_count; i++) {
        given = given || p->input_paths[i] != NULL;
    }
    int status = given ? read_inputs(p) : nna_rt_samples(&p->session, &p->message);
    if (given && status == NNA_RT_DONE) {
        status = nna_rt_session_allocate(&p->session, true, &p->message);
    }
    if (status == NNA_RT_DONE) status = nna_rt_bench(&p->session, p->calls, &p->message);
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
    int status = nna_rt_session_open(p->model, &p->session, &p->message);
    if (status != NNA_RT_DONE) return status;
    status = p->command == COMMAND_BENCH ? bench(p) : compute(p);
    nna_rt_session_close(&p->session);
    for (uint32_t i = 0; i < p->model->input_count; i++) free(p->arrays[i].data);
    return status;
}

static int start(Program *p, int argc, char **argv) {
    p->input_paths = calloc(p->model->input_count + 1, sizeof *p->input_paths);
    p->output_paths = calloc(p->model->output_count + 1, sizeof *p->output_paths);
    p->temporaries = calloc(p->model->output_count + 1, sizeof *p->temporaries);
    p->arrays = calloc(p->model->input_count + 1, sizeof *p->arrays);
    if (p->input_paths == NULL || p->output_paths == NULL || p->temporaries == NULL ||
        p->arrays == NULL) {
        fail(p, "out of memory%s%s", "", "");
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
    free((void *)p.output_paths);
    free(p.temporaries);
    free(p.arrays);
    errno = 0;
    if (fflush(stdout) == 0 && fclose(stdout) == 0) return status;
    fprintf(stderr, "%s: cannot write to standard output: %s\n", p.name, strerror(errno));
    return status == NNA_RT_DONE ? NNA_RT_BAD_INPUT : status;
}
