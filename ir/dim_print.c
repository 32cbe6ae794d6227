/* Dimensions as text, in the syntax of the language; read.c reads it back to the same id. */
#include "ir/dim.h"

#include <inttypes.h>

/* What stands alone beside an operator: a number, a variable, max(..). */
static bool is_primary(const DimTable *t, DimId d) {
    int64_t value;
    if (dim_is_constant(t, d, &value)) return value >= 0;
    if (dim_term_count(t, d) != 1) return d.id == 0;
    DimTerm term = dim_term(t, d, 0);
    return term.coefficient == 1 && term.atom_count == 1 &&
           dim_atom(t, term.atoms[0]).kind != DIM_ATOM_FLOOR_DIV;
}

/* Bare where it is an identifier. */
static void print_variable(const char *name, Buf *out) {
    bool bare = name[0] < '0' || name[0] > '9';
    for (const char *c = name; *c != '\0'; c++) {
        bare = bare && ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' ||
                        (*c >= '0' && *c <= '9'));
    }
    if (!bare) buf_put_char(out, '`');
    buf_put(out, name);
    if (!bare) buf_put_char(out, '`');
}

static void print_operand(const DimTable *t, DimId d, const Names *names, Buf *out) {
    bool bare = is_primary(t, d);
    if (!bare) buf_put_char(out, '(');
    dim_print(t, d, names, out);
    if (!bare) buf_put_char(out, ')');
}

static void print_atom(const DimTable *t, uint32_t index, bool alone, const Names *names,
                       Buf *out) {
    DimAtom atom = dim_atom(t, index);
    switch (atom.kind) {
    case DIM_ATOM_VARIABLE:
        print_variable(names_text(names, dim_variable_at(t, atom.variable).name), out);
        return;
    case DIM_ATOM_FLOOR_DIV:
        if (!alone) buf_put_char(out, '(');
        print_operand(t, atom.a, names, out);
        buf_put(out, " // ");
        print_operand(t, atom.b, names, out);
        if (!alone) buf_put_char(out, ')');
        return;
    case DIM_ATOM_MAXIMUM:
        buf_put(out, "max(");
        dim_print(t, atom.a, names, out);
        buf_put(out, ", ");
        dim_print(t, atom.b, names, out);
        buf_put_char(out, ')');
        return;
    }
}

/* |coefficient| * atoms; the sign is printed before. */
static void print_term(const DimTable *t, DimTerm term, const Names *names, Buf *out) {
    uint64_t size = term.coefficient < 0 ? 0 - (uint64_t)term.coefficient
                                         : (uint64_t)term.coefficient;
    bool number = size != 1 || term.atom_count == 0;
    if (number) buf_printf(out, "%" PRIu64, size);
    for (uint32_t i = 0; i < term.atom_count; i++) {
        if (number || i > 0) buf_put(out, " * ");
        print_atom(t, term.atoms[i], !number && term.atom_count == 1, names, out);
    }
}

void dim_print(const DimTable *t, DimId d, const Names *names, Buf *out) {
    uint32_t count = dim_term_count(t, d), printed = 0;
    if (d.id == 0) {
        buf_put_char(out, '?');
        return;
    }
    if (count == 0) buf_put_char(out, '0');
    /* Positive terms first: `1 - N` rather than `-N + 1`. */
    for (int negative = 0; negative < 2; negative++) {
        for (uint32_t i = 0; i < count; i++) {
            DimTerm term = dim_term(t, d, i);
            if ((term.coefficient < 0) != (negative != 0)) continue;
            const char *sign = printed == 0 ? (negative ? "-" : "") : (negative ? " - " : " + ");
            buf_put(out, sign);
            print_term(t, term, names, out);
            printed++;
        }
    }
}
