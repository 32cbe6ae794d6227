/* Reads the equation of `einsum`. */
#include "frontend/equation.h"

#include <string.h>

Span equation_columns(const Equation *e, uint32_t begin, uint32_t end) {
    if (!e->verbatim) return e->span;
    return (Span){e->span.begin + 1 + begin, e->span.begin + 1 + end};
}

bool equation_fault(const Equation *e, DiagCode code, uint32_t begin, uint32_t end,
                    const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *message = arena_vformat(&e->l->cx->scratch, format, args);
    va_end(args);
    fault_say(e->l, code, equation_columns(e, begin, end), "%s", message);
    return false;
}

/* The equation. */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool add_letter(Equation *e, Term *term, uint32_t column) {
    if (term->count == MAX_RANK) {
        return equation_fault(e, NNA0002, column, column + 1,
                              "more than %d letters for one tensor", MAX_RANK);
    }
    term->columns[term->count] = column;
    term->letters[term->count++] = (uint8_t)e->text[column];
    return true;
}

static bool add_rest(Equation *e, Term *term, uint32_t column) {
    if (strncmp(e->text + column, "...", 3) != 0) {
        return equation_fault(e, NNA5001, column, column + 1, "the dimensions left are `...`");
    }
    if (term->rest) {
        return equation_fault(e, NNA5001, column, column + 3, "`...` stands once for a tensor");
    }
    term->rest = true;
    term->rest_at = term->count;
    return true;
}

/* Reads up to a comma, an arrow or the end. */
static bool read_term(Equation *e, uint32_t *at, Term *term) {
    *term = (Term){.begin = *at};
    for (;; ++*at) {
        char c = e->text[*at];
        if (c == '\0' || c == ',' || c == '-') break;
        if (c == ' ') continue;
        bool good = is_letter(c) ? add_letter(e, term, *at) : c == '.' && add_rest(e, term, *at);
        if (!good && !is_letter(c) && c != '.') {
            equation_fault(e, NNA5001, *at, *at + 1,
                           "an equation of `einsum` has letters, `...`, `,` and `->`");
        }
        if (!good) return false;
        if (c == '.') *at += 2;
    }
    term->end = *at;
    return true;
}

static bool read_equation(Equation *e) {
    uint32_t at = 0;
    Term term;
    for (;; at++) {
        if (!read_term(e, &at, &term)) return false;
        vec_push(&e->l->cx->scratch, &e->terms, term);
        if (e->text[at] != ',') break;
    }
    if (e->text[at] == '\0') return true;
    if (e->text[at + 1] != '>') {
        return equation_fault(e, NNA5001, at, at + 1,
                              "the result of an equation stands behind `->`");
    }
    e->arrow = true;
    at += 2;
    if (!read_term(e, &at, &e->result)) return false;
    if (e->text[at] == '\0') return true;
    return equation_fault(e, NNA5001, at, at + 1, "%s",
                          e->text[at] == ',' ? "an equation has one result" : "a second arrow");
}

bool equation_read(Lower *l, Name text, Span span, Equation *out) {
    const Source *source = l->frame->file->source;
    *out = (Equation){.l = l, .span = span, .text = text_of(l, text)};
    size_t length = strlen(out->text);
    const char *written = source->text + (span.begin - source->base);
    out->verbatim = span.end - span.begin == length + 2 && written[0] == '"' &&
                    memcmp(written + 1, out->text, length) == 0;
    return read_equation(out);
}
