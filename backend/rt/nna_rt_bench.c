/* --bench: how long a call takes. */
#include "backend/rt/nna_rt_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int nna_rt_bench(const nna_rt_session *session, int64_t calls, nna_rt_text *message) {
    double *times = calloc((size_t)calls, sizeof *times);
    if (times == NULL) {
        nna_rt_put(message, "out of memory");
        return NNA_RT_SYSTEM;
    }
    int status = NNA_RT_DONE;
    for (int64_t i = -1; i < calls && status == NNA_RT_DONE; i++) { /* -1: to warm up */
        nna_rt_call call = nna_rt_call_of(session);
        double start = microseconds();
        status = nna_rt_session_run(session, &call, message);
        if (i >= 0) times[i] = microseconds() - start;
        if (status == NNA_RT_TRIPPED) nna_rt_put_trip(session, &call, message);
    }
    if (status == NNA_RT_DONE) {
        qsort(times, (size_t)calls, sizeof *times, compare);
        printf("%" PRId64 " calls, µs a call: median %.1f, least %.1f, 90 %% below %.1f\n", calls,
               times[calls / 2], times[0], times[calls * 9 / 10]);
    }
    free(times);
    return status;
}
