/* Printing of formulas, for the manual, messages and tests. */
#include "ir/scalar.h"

/* Binding strength of an infix primitive; 0 for those that are written as calls. */
static int strength(Primitive p) {
    switch ((int)p) {
    case PRIMITIVE_EQ:
    case PRIMITIVE_NE:
    case PRIMITIVE_LT:
    case PRIMITIVE_LE:
    case PRIMITIVE_GT:
    case PRIMITIVE_GE: return 1;
    case PRIMITIVE_ADD:
    case PRIMITIVE_SUB: return 2;
    case PRIMITIVE_MUL:
    case PRIMITIVE_DIV: return 3;
    case PRIMITIVE_NEG: return 4;
    default: return 0;
    }
}

typedef struct Printer {
    const char *const *inputs;
    const char *const *attributes;
    Buf *out;
} Printer;

static void print(const Printer *to, const Scalar *s, int outer);

static void print_call(const Printer *to, const Scalar *s) {
    const PrimitiveInfo *info = &primitive_info[s->index];
    buf_put(to->out, info->spelling);
    buf_put_char(to->out, '(');
    for (int i = 0; i < info->arity; i++) {
        if (i > 0) buf_put(to->out, ", ");
        print(to, s->args[i], 0);
    }
    buf_put_char(to->out, ')');
}

static void print_infix(const Printer *to, const Scalar *s, int outer, int own) {
    const PrimitiveInfo *info = &primitive_info[s->index];
    bool parenthesised = own < outer;
    if (parenthesised) buf_put_char(to->out, '(');
    if (info->arity == 1) {
        buf_put(to->out, info->spelling);
        print(to, s->args[0], own);
    } else {
        print(to, s->args[0], own);
        buf_printf(to->out, " %s ", info->spelling);
        print(to, s->args[1], own + 1);
    }
    if (parenthesised) buf_put_char(to->out, ')');
}

static void print(const Printer *to, const Scalar *s, int outer) {
    switch (s->kind) {
    case SCALAR_INPUT: buf_put(to->out, to->inputs[s->index]); return;
    case SCALAR_ATTRIBUTE: buf_put(to->out, to->attributes[s->index]); return;
    case SCALAR_CONSTANT: buf_put_number(to->out, s->value); return;
    case SCALAR_POSITION:
        if (s->index == 0) buf_put(to->out, "position");
        else buf_printf(to->out, "position(-%d)", s->index + 1);
        return;
    case SCALAR_COUNT_OF: buf_put(to->out, "count"); return;
    case SCALAR_VOLUME: buf_put(to->out, "volume"); return;
    case SCALAR_APPLY: {
        int own = strength((Primitive)s->index);
        if (own == 0) print_call(to, s);
        else print_infix(to, s, outer, own);
        return;
    }
    }
}

void scalar_print(const Scalar *s, const char *const *inputs, const char *const *attributes,
                  Buf *out) {
    Printer to = {inputs, attributes, out};
    print(&to, s, 0);
}

bool scalar_mentions(const Scalar *s, ScalarKind kind) {
    if (s == NULL) return false;
    if (s->kind == kind) return true;
    for (int i = 0; i < 3 && s->kind == SCALAR_APPLY; i++) {
        if (scalar_mentions(s->args[i], kind)) return true;
    }
    return false;
}

Primitive scalar_primitive(const Scalar *s) {
    if (s->kind != SCALAR_APPLY) return PRIMITIVE_COUNT;
    for (int i = 0; i < primitive_info[s->index].arity; i++) {
        if (s->args[i]->kind != SCALAR_INPUT || s->args[i]->index != i) return PRIMITIVE_COUNT;
    }
    return (Primitive)s->index;
}
