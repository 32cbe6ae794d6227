/* Time of the front end a line: scanning, parsing, resolving, lowering to the graph, in process.
 *
 *     bench_frontend MODEL.nna ROUNDS
 *
 * Prints the median and the minimum in microseconds a line, for the parser alone and for all. The
 * context is made anew each round, so that growth of arenas counts. */
#include "frontend/lower.h"
#include "frontend/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

typedef struct Round {
    const char *path;
    double parsed, lowered; /* microseconds */
    uint32_t lines, errors;
} Round;

static void body(Ctx *cx, void *data) {
    Round *round = data;
    Source *source = source_read(cx, round->path);
    if (source == NULL) return;
    double start = now();
    File *file = parse_file(cx, source);
    round->parsed = now() - start;
    LowerOptions options = {0};
    lower_file(cx, file, &options);
    round->lowered = now() - start;
    round->errors = cx->diags.errors;
    round->lines = place_of(cx, source->base + source->length).line;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int rounds = argc == 3 ? atoi(argv[2]) : 0;
    if (rounds < 1 || rounds > 10000) {
        fprintf(stderr, "usage: bench_frontend MODEL.nna ROUNDS\n");
        return 2;
    }
    double *parsed = calloc((size_t)rounds, sizeof *parsed);
    double *lowered = calloc((size_t)rounds, sizeof *lowered);
    Round round = {.path = argv[1]};
    for (int i = 0; parsed != NULL && lowered != NULL && i < rounds; i++) {
        Ctx *cx = ctx_new();
        if (cx == NULL || !ctx_try(cx, body, &round) || round.errors != 0 || round.lines == 0) {
            fprintf(stderr, "bench_frontend: %s was not lowered\n", argv[1]);
            return 1;
        }
        ctx_free(cx);
        parsed[i] = round.parsed / round.lines;
        lowered[i] = round.lowered / round.lines;
    }
    qsort(parsed, (size_t)rounds, sizeof *parsed, ascending);
    qsort(lowered, (size_t)rounds, sizeof *lowered, ascending);
    printf("lines %u parse %.3f %.3f all %.3f %.3f\n", round.lines, parsed[rounds / 2], parsed[0],
           lowered[rounds / 2], lowered[0]);
    free(parsed);
    free(lowered);
    return 0;
}
