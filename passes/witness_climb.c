/* Climbing towards a fault: numbers of the sources are changed one at a time, and what brings the
 * operands nearer to where the operation fails is kept.
 *
 * The first rounds go to the ends of the ranges: where the operand is a monotone function of the
 * source, as most are, one try of each end has the sign of its derivative, and one round of all
 * finds the corner. Later rounds take smaller steps, down to single units in the last place, for
 * faults that rounding makes. Everything is deterministic. */
#include "passes/witness.h"

enum { ROUNDS = 12, RUNS = 300 };

typedef struct Climb {
    Search *s;
    double score;
    uint32_t runs;
} Climb;

/* Tries the present cells; false: what was there is better. */
static bool better(Climb *c) {
    double score = witness_score(c->s);
    c->runs++;
    if (!(score < c->score)) return false;
    c->score = score;
    return true;
}

static bool is_over(const Climb *c) {
    return c->score == 0 || c->runs >= RUNS || c->s->left <= 1;
}

/* Tries a number for one cell. */
static bool try_cell(Climb *c, const Variable *variable, uint32_t k, double value) {
    Cell *cell = &c->s->cells.data[variable->first + k];
    Cell before = *cell;
    *cell = fill_held(variable, value);
    if (cell_number(*cell, variable->shape.dtype) == cell_number(before, variable->shape.dtype))
        return false; /* the same number, or 0 of the other sign */
    if (better(c)) return true;
    c->s->cells.data[variable->first + k] = before;
    return false;
}

/* Tries one number for all cells of a source. */
static void try_whole(Climb *c, const Variable *variable, double value) {
    Search *s = c->s;
    Cell *before = ARENA_ARRAY(&s->a->cx->module, Cell, variable->count);
    for (uint32_t k = 0; k < variable->count; k++) {
        before[k] = s->cells.data[variable->first + k];
        s->cells.data[variable->first + k] = fill_held(variable, value);
    }
    if (better(c)) return;
    for (uint32_t k = 0; k < variable->count; k++) s->cells.data[variable->first + k] = before[k];
}

/* A step of 2^-bits of the number, and of as much of its range. */
static void step_cell(Climb *c, const Variable *variable, uint32_t k, int bits) {
    DType type = variable->shape.dtype;
    for (int side = -1; side <= 1; side += 2) {
        for (int again = 0; again < 3 && !is_over(c); again++) {
            double value = cell_number(c->s->cells.data[variable->first + k], type);
            double size = fmax(fabs(value), dtype_is_float(type) ? dtype_info[type].min_normal : 1);
            double next = value + side * ldexp(size, -bits);
            if (next == value) next = side > 0 ? dtype_next_up(type, value) /* no room between */
                                               : dtype_next_down(type, value);
            if (!try_cell(c, variable, k, next)) break;
        }
    }
}

static void move_cell(Climb *c, const Variable *variable, uint32_t k, uint32_t round) {
    DType type = variable->shape.dtype;
    int most = dtype_is_float(type) ? dtype_info[type].precision - 1 : 0;
    if (round == 0 || !dtype_is_float(type)) {
        try_cell(c, variable, k, variable->range.low);
        if (!is_over(c)) try_cell(c, variable, k, variable->range.high);
        if (!is_over(c)) try_cell(c, variable, k, 0);
        return;
    }
    int bits = (int)round * 2 - 1;
    step_cell(c, variable, k, bits < most ? bits : most);
}

/* The cells of a round: all where they are few, else some. */
static void move_variable(Climb *c, const Variable *variable, uint32_t round) {
    enum { CELLS = 8 };
    if (round == 0 && variable->count > 1) {
        try_whole(c, variable, variable->range.low);
        if (!is_over(c)) try_whole(c, variable, variable->range.high);
        if (!is_over(c)) try_whole(c, variable, 0);
    }
    uint32_t tries = variable->count < CELLS ? variable->count : CELLS;
    for (uint32_t i = 0; i < tries && !is_over(c); i++) {
        uint32_t k = variable->count <= CELLS ? i : witness_below(c->s, variable->count);
        move_cell(c, variable, k, round);
    }
}

double climb(Search *s, double score) {
    Climb c = {.s = s, .score = score};
    for (uint32_t round = 0; round < ROUNDS && !is_over(&c); round++) {
        for (uint32_t i = 0; i < s->variables.count && !is_over(&c); i++) {
            if (!s->variables.data[i].fixed) move_variable(&c, &s->variables.data[i], round);
        }
    }
    return c.score;
}
