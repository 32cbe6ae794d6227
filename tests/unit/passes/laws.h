/* The laws of an abstract domain, tried on random and adversarial operands. Each function returns
 * how many trials broke the law and prints the first few; the tests ask for 0 of the real domain,
 * and for more than 0 of mutants, so that no law can hold for lack of trials. */
#ifndef NNA_TESTS_UNIT_PASSES_LAWS_H
#define NNA_TESTS_UNIT_PASSES_LAWS_H

#include "ir/eval.h"
#include "passes/domain.h"

typedef struct Random {
    uint64_t state;
} Random;

uint64_t random_next(Random *r);
uint32_t random_below(Random *r, uint32_t bound);

/* Values that hurt: ends, zeros, neighbours, subnormals, huge ones, domain edges. */
Cell random_value(Random *r, DType t);
Range random_range(Random *r, DType t);

/* A value inside of a range, often an end or near one; false if none was found. */
bool random_inside(Random *r, DType t, Range range, Cell *out);

double cell_double(DType t, Cell c);
bool range_holds_cell(Range r, DType t, Cell c);

/* Whether operands keep the domain that the primitive's row states, written out a second time. */
bool keeps_domain(Primitive p, DType t, DType to, const Cell *args);

bool primitive_takes(Primitive p, DType t);

/* The terms combined two by two, in some order; they are overwritten. */
Cell random_tree(Random *r, Primitive p, DType t, Cell *terms, uint32_t count);

uint32_t law_lattice(const AbstractDomain *d, Random *r, uint32_t trials);
uint32_t law_transfer(const AbstractDomain *d, Primitive p, DType t, Random *r, uint32_t trials,
                      bool quiet);
uint32_t law_monotony(const AbstractDomain *d, Primitive p, DType t, Random *r, uint32_t trials);
uint32_t law_combine(const AbstractDomain *d, Combiner combine, DType t, Random *r, uint32_t trials,
                     bool quiet);

/* Soundness of what is accumulated in place, by ADD, MUL, MINIMUM or MAXIMUM. */
uint32_t law_accumulate(const AbstractDomain *d, Primitive p, DType t, Random *r, uint32_t trials,
                        bool quiet);

#endif
