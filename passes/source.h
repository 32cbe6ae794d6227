/* What inputs, parameters and constants may be, before anything is computed. */
#ifndef NNA_PASSES_SOURCE_H
#define NNA_PASSES_SOURCE_H

#include "passes/pass.h"

/* The range of a source; *assumed: it rests on neither a contract nor numbers. */
Range source_range(const Graph *g, const AnalysisOptions *options, Value v, bool *assumed);

bool source_has_contract(const Graph *g, Value v);

/* Range of numbers in storage format. */
Range range_of_data(DType type, const Data *data);

#endif
