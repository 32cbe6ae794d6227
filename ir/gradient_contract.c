/* Gradients of contractions. */
#include "ir/gradient_internal.h"

void gradient_contract(Gradient *w, Value adjoint) {
    (void)adjoint;
    gradient_refuse(w, "");
}
