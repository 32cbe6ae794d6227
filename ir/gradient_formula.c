/* Formulas, backwards. Parts of a formula become nodes when they are asked for, each the row of its
 * primitive: what the gradient needs of the way forward is computed again, step by step. */
#include "ir/gradient_internal.h"

#include <assert.h>

static double attribute(const Formula *f, const Scalar *s) {
    return attr_number(ir_attr(f->w->g, f->w->v, s->index));
}

/* What a choice by attributes takes; s itself where there is none. */
static const Scalar *taken(const Formula *f, const Scalar *s) {
    return ir_taken(f->w->g, f->w->v, s);
}

static Value value_of(Formula *f, const Scalar *s);

static Value applied(Formula *f, const Scalar *s) {
    for (uint32_t i = 0; i < f->known_count; i++) {
        if (f->known[i].part == s) return f->known[i].value;
    }
    Value args[3];
    for (int i = 0; i < primitive_info[s->index].arity; i++) args[i] = value_of(f, s->args[i]);
    Value v = gradient_apply(f->w, (Primitive)s->index, f->type, args);
    if (f->known_count < FORMULA_MAX_KNOWN) {
        f->known[f->known_count].part = s;
        f->known[f->known_count++].value = v;
    }
    return v;
}

static Value asked(Formula *f, Value v) {
    return ir_is_poison(v) ? gradient_refuse(f->w, " with what its formula uses") : v;
}

static Value value_of(Formula *f, const Scalar *s) {
    s = taken(f, s);
    if (s == taken(f, f->root) && !ir_is_poison(f->result)) return f->result;
    switch (s->kind) {
    case SCALAR_INPUT: return asked(f, f->inputs[s->index]);
    case SCALAR_ATTRIBUTE: return gradient_scalar(f->w, f->type, attribute(f, s));
    case SCALAR_CONSTANT: return gradient_scalar(f->w, f->type, s->value);
    case SCALAR_COUNT_OF: return asked(f, f->count);
    case SCALAR_VOLUME: return asked(f, f->volume);
    case SCALAR_POSITION: return asked(f, VALUE_NONE);
    case SCALAR_APPLY: return applied(f, s);
    }
    return VALUE_NONE;
}

/* A formula of derivative.def about the application `at`. */
static Value derived(Formula *f, const Scalar *at, const Scalar *d, Value adjoint) {
    if (d->kind == SCALAR_CONSTANT) return gradient_scalar(f->w, f->type, d->value);
    if (d->kind == SCALAR_INPUT) {
        if (d->index == DERIVATIVE_ADJOINT) return adjoint;
        return value_of(f, d->index == DERIVATIVE_RESULT ? at : at->args[d->index]);
    }
    assert(d->kind == SCALAR_APPLY);
    Value args[3];
    for (int i = 0; i < primitive_info[d->index].arity; i++) {
        args[i] = derived(f, at, d->args[i], adjoint);
    }
    return gradient_apply(f->w, (Primitive)d->index, f->type, args);
}

static bool leads_to_wanted(const Formula *f, const Scalar *s) {
    s = taken(f, s);
    if (s->kind == SCALAR_INPUT) return f->wanted[s->index];
    if (s->kind != SCALAR_APPLY) return false;
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        if (leads_to_wanted(f, s->args[i])) return true;
    }
    return false;
}

void formula_back(Formula *f, const Scalar *s, Value adjoint) {
    s = taken(f, s);
    if (s->kind == SCALAR_INPUT) {
        Value *sum = &f->adjoints[s->index];
        *sum = ir_is_poison(*sum) ? adjoint
                                  : gradient_binary(f->w, PRIMITIVE_ADD, *sum, adjoint);
        return;
    }
    assert(s->kind == SCALAR_APPLY);
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        const Scalar *d = derivative_info[s->index][i];
        if (d == NULL || !leads_to_wanted(f, s->args[i])) continue;
        if (d == &derivative_unknown) {
            gradient_refuse(f->w, "");
            return;
        }
        formula_back(f, s->args[i], derived(f, s, d, adjoint));
    }
}

bool gradient_uses(const Gradient *w, const Scalar *s, ScalarKind kind) {
    s = ir_taken(w->g, w->v, s);
    if (s == NULL || s->kind == kind) return s != NULL;
    for (int i = 0; s->kind == SCALAR_APPLY && i < primitive_info[s->index].arity; i++) {
        if (gradient_uses(w, s->args[i], kind)) return true;
    }
    return false;
}

void gradient_ewise(Gradient *w, Value adjoint) {
    const Node *node = ir_node(w->g, w->v);
    const Scalar *body = op_info[node->op].body;
    uint32_t count = node->operand_count;
    Formula f = {.w = w, .type = ir_computed_in(w->g, w->v), .root = body, .result = w->v};
    for (uint32_t i = 0; i < count; i++) {
        f.inputs[i] = ir_operand(w->g, w->v, i);
        f.wanted[i] = w->wanted[f.inputs[i].id];
    }
    if (!leads_to_wanted(&f, body)) return;
    formula_back(&f, body, adjoint);
    for (uint32_t i = 0; i < count; i++) {
        if (f.wanted[i]) gradient_add(w, f.inputs[i], f.adjoints[i]);
    }
}
