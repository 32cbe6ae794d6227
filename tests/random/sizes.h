/* Sizes of the dimension variables that tests make: their names are a letter and the size: D3. */
#ifndef NNA_TESTS_RANDOM_SIZES_H
#define NNA_TESTS_RANDOM_SIZES_H

#include "ir/ir.h"

/* In the order of the variables, in the module arena. */
static inline const int64_t *sizes_by_name(const Graph *g) {
    uint32_t count = dim_variable_count(g->dims);
    int64_t *values = ARENA_ARRAY(&g->cx->module, int64_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const char *text = names_text(&g->cx->names, dim_variable_at(g->dims, i).name);
        for (text++; *text != '\0'; text++) values[i] = values[i] * 10 + (*text - '0');
    }
    return values;
}

#endif
