/* What breaks if a model is computed in a narrower element type, and what must not be.
 *
 * The graph is made once more in that type (ir/retype.h) and analysed; reports that are new against
 * the model as it is written are emitted. Then operations are kept in their own type until nothing
 * is new: each report raises its operation, and from round to round what that is computed from;
 * what is raised is taken back where nothing breaks without it. An operation is one as it is
 * written: what a call of a block does inside, and every copy that a loop or a call of its block
 * makes of it, goes with it; and so does all that a `scan` does. */
#ifndef NNA_PASSES_WHAT_IF_H
#define NNA_PASSES_WHAT_IF_H

#include "passes/pass.h"

/* An operation as it is written, or a source. Texts are in the session arena. */
typedef struct WhatIfPlace {
    Span span;
    const char *text; /* what people call it */
    uint32_t copies;
} WhatIfPlace;

typedef struct WhatIfTensor {
    WhatIfPlace place;
    Range range;  /* in the narrower type, of the copy that is nearest to overflow */
    double above; /* binades between its largest magnitude and the largest finite value */
    double below; /* between the smallest normal number and its smallest magnitude, which is below
                     that where it is negative; NaN: it may be 0 */
    bool unbounded; /* but by the type */
} WhatIfTensor;

typedef struct WhatIf {
    const char *model;
    DType to;
    bool refused;    /* the graph cannot be made in that type */
    uint32_t broken; /* reports that are new */
    uint32_t growth, growth_before; /* that overflow if what is assumed comes up */
    VEC(WhatIfPlace) kept;
    bool mended;  /* with them nothing is new */
    bool minimal; /* and none of them can be taken back */
    uint32_t unbounded; /* of the tensors */
    VEC(WhatIfTensor) tensors; /* the nearest to overflow first */
} WhatIf;

/* `facts` are those of g; its nodes from `end` on were added by the analysis. `asked` is what asks
 * for it: "--what-if". Without `searches` the reports are all. */
WhatIf *what_if(struct Ctx *cx, Graph *g, uint32_t end, const Facts *facts,
                const AnalysisOptions *options, DType to, const char *asked, bool searches);

#endif
