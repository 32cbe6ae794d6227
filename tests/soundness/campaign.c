/* The soundness campaign: random models, analysed and run, until a number of models or a time is
 * reached. Every element of every run must lie in the range of its value, and every site that
 * fails must be one that is not proved (tests/random/trial.h).
 *
 *     campaign [--models N] [--runs N] [--seconds N] [--seed N] [--only IDIOM] [--stop]
 *
 * Models are in turn graphs of every operator (tests/random/graph.h) and chains of idioms
 * (idioms.def). Each has a seed of its own, which is printed with what escapes: `--seed N --models
 * 1` shows it again. Exits with 1 if anything escaped. `--stop`: at the first. */
#include "frontend/lower.h"
#include "frontend/parse.h"
#include "tests/random/graph.h"
#include "tests/random/trial.h"
#include "tests/soundness/idiom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Options {
    uint64_t models, seconds, seed;
    int runs, only;
    bool stop;
} Options;

typedef struct Tally {
    uint64_t models, refused, runs, elements, events, sites, proved, escapes;
} Tally;

typedef struct Job {
    uint64_t seed;
    const Options *options;
    Trial trial;
    bool whole;
} Job;

static Graph *graph_of_idioms(Ctx *cx, Random *random, int only) {
    static const LowerOptions lowering = {0};
    Buf text = buf_make(&cx->session);
    idiom_model(random, 4, only, &text);
    Source *source = source_add(cx, "idiom.nna", buf_text(&text), text.length);
    Models models = lower_file(cx, parse_file(cx, source), &lowering);
    if (cx->diags.errors > 0 || models.list.count != 1) {
        const TextStyle style = {.color = false, .width = 100};
        Buf reports = buf_make(&cx->session);
        diags_text(cx, &style, &reports);
        if (getenv("NNA_CAMPAIGN_REFUSED") != NULL) fputs(buf_text(&reports), stderr);
        return NULL;
    }
    return models.list.data[0];
}

static void attempt(Ctx *cx, void *data) {
    Job *job = data;
    Trial *t = &job->trial;
    *t = (Trial){.cx = cx, .random = {job->seed}};
    random_next(&t->random);
    if (job->options->only >= 0 || random_below(&t->random, 2) == 0) {
        t->g = graph_of_idioms(cx, &t->random, job->options->only);
        t->training = true;
    } else {
        Bytes bytes = {.state = 1 + random_next(&t->random)};
        t->g = random_graph(cx, &bytes, 24);
    }
    if (t->g == NULL) return;
    trial_vary_contracts(t);
    trial_examine(t, sizes_by_name(t->g), job->options->runs);
    job->whole = true;
}

static void add(Tally *sum, const Job *job) {
    const Trial *t = &job->trial;
    sum->models += job->whole;
    sum->refused += !job->whole;
    sum->runs += t->runs;
    sum->elements += t->elements;
    sum->events += t->events;
    sum->sites += t->sites;
    sum->proved += t->proved;
    sum->escapes += t->broken;
    if (t->broken > 0) fprintf(stderr, "escaped: --seed %llu\n", (unsigned long long)job->seed);
}

static Job run_job(uint64_t seed, const Options *options) {
    Job job = {.seed = seed, .options = options};
    Ctx *cx = ctx_new();
    if (cx == NULL) abort();
    cx->limits.elements = 4096;
    cx->limits.witness_steps = 20000;
    ctx_try(cx, attempt, &job);
    ctx_free(cx);
    return job;
}

static bool take(const char *name, int *i, int count, char **args, uint64_t *out) {
    if (strcmp(args[*i], name) != 0 || *i + 1 >= count) return false;
    char *end;
    *out = strtoull(args[++*i], &end, 10);
    return *end == '\0';
}

static bool read_options(int count, char **args, Options *o) {
    for (int i = 1; i < count; i++) {
        uint64_t runs, only;
        if (take("--models", &i, count, args, &o->models)) continue;
        if (take("--seconds", &i, count, args, &o->seconds)) continue;
        if (take("--seed", &i, count, args, &o->seed)) continue;
        if (take("--runs", &i, count, args, &runs)) o->runs = (int)runs;
        else if (take("--only", &i, count, args, &only)) o->only = (int)only;
        else if (strcmp(args[i], "--stop") == 0) o->stop = true;
        else return false;
    }
    return o->only < (int)idiom_count();
}

static void print(const Tally *t, double seconds) {
    double rate = t->sites > 0 ? 100.0 * (double)t->proved / (double)t->sites : 0;
    printf("%llu models (%llu refused), %llu runs, %llu elements, %llu failures met, "
           "%llu of %llu sites proved (%.1f %%), %llu escapes, %.0f seconds\n",
           (unsigned long long)t->models, (unsigned long long)t->refused,
           (unsigned long long)t->runs, (unsigned long long)t->elements,
           (unsigned long long)t->events, (unsigned long long)t->proved,
           (unsigned long long)t->sites, rate,
           (unsigned long long)t->escapes, seconds);
}

int main(int count, char **args) {
    Options options = {.models = 1000, .seconds = UINT64_MAX, .seed = 1, .runs = 10, .only = -1};
    if (!read_options(count, args, &options)) {
        fprintf(stderr, "usage: campaign [--models N] [--runs N] [--seconds N] [--seed N] "
                        "[--only IDIOM] [--stop]\n");
        return 2;
    }
    Tally sum = {0};
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    double seconds = 0;
    for (uint64_t i = 0; i < options.models && seconds < (double)options.seconds; i++) {
        Job job = run_job(options.seed + i, &options);
        add(&sum, &job);
        clock_gettime(CLOCK_MONOTONIC, &now);
        seconds = (double)(now.tv_sec - start.tv_sec) +
                  (double)(now.tv_nsec - start.tv_nsec) * 1e-9;
        if (options.stop && sum.escapes > 0) break;
    }
    print(&sum, seconds);
    return sum.escapes > 0;
}
