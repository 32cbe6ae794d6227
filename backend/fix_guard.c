/* Local guards: the operand that leaves the domain is held inside of it, by the bound of the
 * domain in its element type, and where that is not enough (a gradient that overflows there, a sum
 * of several at the bound) by rungs further inside. The domains are those of scalar.def, so that
 * no operator is named here; bounds are values of the type, printed so that they read back as
 * themselves. */
#include "backend/fix_internal.h"

#include <math.h>
#include <string.h>

/* An operand of an application, and the domain that it must keep. */
typedef struct Held {
    Ast operand;
    Primitive primitive; /* that takes it */
    uint32_t place;      /* among the operands of the primitive */
    DType type;
    double low, high; /* what it is known to be in; nothing known: infinities */
} Held;

enum { RUNGS = 3 };

/* ---- which operand ---- */

/* The application in a formula that takes an input as it is, and has a domain for it. */
static bool find_taker(const Scalar *s, uint32_t input, Held *out) {
    if (s == NULL || s->kind != SCALAR_APPLY) return false;
    const PrimitiveInfo *info = &primitive_info[s->index];
    for (uint32_t i = 0; i < info->arity; i++) {
        const Scalar *arg = s->args[i];
        bool is_input = arg->kind == SCALAR_INPUT && arg->index == input;
        bool is_last = i + 1u == info->arity;
        bool is_held = info->domain == DOMAIN_NONZERO ? is_last
                       : info->domain != DOMAIN_NONE ? i == 0
                                                     : false;
        if (is_input && is_held) {
            out->primitive = (Primitive)s->index;
            out->place = i;
            return true;
        }
        if (find_taker(arg, input, out)) return true;
    }
    return false;
}

/* What the report says of the operand; of a gradient it says nothing of the operation itself. */
static void read_facts(const Diag *d, Held *held) {
    held->low = -INFINITY;
    held->high = INFINITY;
    if (d->facts.count == 0) return;
    held->type = dtype_find(d->facts.data[0].type);
    if (d->code == NNA3015 || held->place >= d->facts.count) return;
    const DiagFact *fact = &d->facts.data[held->place];
    bool has_finite = fact->low <= fact->high;
    if (has_finite && !fact->negative_infinity) held->low = fact->low;
    if (has_finite && !fact->positive_infinity) held->high = fact->high;
}

static bool find_held(const Fixer *f, const Found *target, Ast *place, Held *out) {
    Applied applied;
    Ast at = *place = rewriter_at(f->rewriter, target->report->primary.span, &applied);
    if (at.id == 0 || applied.callee == NULL || applied.callee->kind != CALLEE_OPERATOR) {
        return false;
    }
    const OpInfo *info = &op_info[applied.callee->op];
    for (uint32_t i = 0; i < info->input_count; i++) {
        *out = (Held){.operand = applied.arguments[i]};
        if (out->operand.id == 0 || !find_taker(info->body, i, out)) continue;
        read_facts(target->report, out);
        return dtype_is_float(out->type);
    }
    return false;
}

/* ---- rungs ---- */

/* The smallest positive number that an operand is held at: normal, so that it stays one where
 * subnormals are flushed; then its root, whose square and whose reciprocal's square are finite;
 * then one unit of 1. */
static double small_rung(DType type, uint32_t rung) {
    const DTypeInfo *info = &dtype_info[type];
    const double rungs[RUNGS] = {info->min_normal, dtype_round_up(type, sqrt(info->min_normal)),
                                 ldexp(1.0, 1 - info->precision)};
    return rungs[rung];
}

/* A bound of an interval, and values further inside: by units of 1 from an end at 1 or -1, by
 * parts of it from any other. `up`: inside is above. */
static double bound_rung(DType type, Bound bound, bool up, uint32_t rung) {
    double at = dtype_bound(type, bound), sign = up ? 1 : -1;
    if (bound == BOUND_TINY) return small_rung(type, rung);
    if (bound == BOUND_ZERO) return rung == 0 ? 0 : small_rung(type, rung - 1);
    int p = dtype_info[type].precision;
    if (fabs(at) <= 1) {
        const double inside[RUNGS] = {0, ldexp(1.0, 1 - p), ldexp(1.0, -p / 2)};
        return dtype_round(type, at + sign * inside[rung]);
    }
    const double parts[RUNGS] = {1, 0.875, 0.5}; /* of EXP: room for sums of thousands, millions */
    double part = at * parts[rung];
    return at > 0 ? dtype_round_down(type, part) : dtype_round_up(type, part);
}

/* A literal that is read back as this value of the type. */
static const char *literal(Arena *arena, DType type, double value) {
    static const int digits[DTYPE_COUNT] = {
        [DTYPE_F16] = 5, [DTYPE_BF16] = 4, [DTYPE_F32] = 9, [DTYPE_F64] = 17};
    Buf out = buf_make(arena);
    buf_put_rounded(&out, value, digits[type]);
    if (strpbrk(buf_text(&out), ".e") == NULL) buf_put(&out, ".0");
    return buf_text(&out);
}

/* ---- edits ---- */

static const char *source_text(const Fixer *f, Span span) {
    const Source *source = f->before->source;
    return arena_text(f->arena, source->text + (span.begin - source->base), span.end - span.begin);
}

/* Puts the operand between two texts; parentheses of its own become theirs. */
static void wrap(const Fixer *f, Ast operand, const char *before, const char *behind,
                 Edits *edits) {
    const File *file = f->before->checked.file;
    Span span = ast_span(file, operand);
    uint32_t cut = (ast_node(file, operand)->flags & AST_PARENTHESIZED) != 0 ? 1 : 0;
    edits_add(f->arena, edits, (Edit){{span.begin, span.begin + cut}, before});
    edits_add(f->arena, edits, (Edit){{span.end - cut, span.end}, behind});
}

static const char *operand_name(const Fixer *f, const Held *held) {
    const File *file = f->before->checked.file;
    Span span = ast_span(file, held->operand);
    uint32_t cut = (ast_node(file, held->operand)->flags & AST_PARENTHESIZED) != 0 ? 1 : 0;
    const char *text = source_text(f, (Span){span.begin + cut, span.end - cut});
    bool is_short = strlen(text) <= 40 && strchr(text, '\n') == NULL;
    return is_short ? arena_format(f->arena, "`%s`", text) : "the operand";
}

static void hold_below(const Fixer *f, const Held *held, double high, Candidate *out) {
    const char *number = literal(f->arena, held->type, high);
    wrap(f, held->operand, "minimum(", arena_format(f->arena, ", %s)", number), &out->edits);
    out->sentence = arena_format(f->arena, "hold %s at %s or below", operand_name(f, held),
                                 number);
}

static void hold_above(const Fixer *f, const Held *held, double low, Candidate *out) {
    const char *number = literal(f->arena, held->type, low);
    wrap(f, held->operand, "maximum(", arena_format(f->arena, ", %s)", number), &out->edits);
    out->sentence = arena_format(f->arena, "hold %s at %s or above", operand_name(f, held),
                                 number);
}

static void hold_between(const Fixer *f, const Held *held, double low, double high,
                         Candidate *out) {
    const char *from = literal(f->arena, held->type, low);
    const char *to = literal(f->arena, held->type, high);
    wrap(f, held->operand, "clip(", arena_format(f->arena, ", %s, %s)", from, to), &out->edits);
    out->sentence =
        arena_format(f->arena, "hold %s in [%s, %s]", operand_name(f, held), from, to);
}

/* Away from 0 on its own side; the operand is written three times, so it needs a name. */
static void hold_off_zero(const Fixer *f, const Held *held, double tiny, Candidate *out) {
    const File *file = f->before->checked.file;
    const char *name = rewriter_name(f->rewriter, held->operand, "divisor", &out->edits);
    if (name == NULL) return;
    const char *number = literal(f->arena, held->type, tiny);
    const char *text = arena_format(f->arena, "where(%s < 0.0, minimum(%s, -%s), maximum(%s, %s))",
                                    name, name, number, name, number);
    edits_add(f->arena, &out->edits, (Edit){ast_span(file, held->operand), text});
    out->sentence =
        arena_format(f->arena, "hold `%s` at least %s away from 0, on its side", name, number);
}

/* The quotient n / d as n * d / d^2, with the square held above 0: the same but near 0, where it
 * goes to 0. It has no jump, and its range is known from the least square. */
static void divide_by_square(const Fixer *f, const Held *held, Ast quotient, double tiny,
                             Candidate *out) {
    const File *file = f->before->checked.file;
    if (ast_kind(file, quotient) != AST_BINARY) return;
    const char *name = rewriter_name(f->rewriter, held->operand, "divisor", &out->edits);
    if (name == NULL) return;
    const char *number = literal(f->arena, held->type, tiny);
    Ast left = ast_child(file, quotient, AST_BINARY_LEFT);
    Span before = ast_span(file, left);
    double number_left = written_number(file, left);
    bool is_one = number_left >= 1 && number_left <= 1;
    bool closed = ast_kind(file, left) == AST_UNARY || ast_kind(file, left) == AST_BINARY;
    if (closed && (ast_node(file, left)->flags & AST_PARENTHESIZED) == 0) {
        edits_add(f->arena, &out->edits, (Edit){{before.begin, before.begin}, "("});
        edits_add(f->arena, &out->edits, (Edit){{before.end, before.end}, ")"});
    }
    if (is_one) {
        edits_add(f->arena, &out->edits, (Edit){before, name});
    } else {
        edits_add(f->arena, &out->edits,
                  (Edit){{before.end, before.end}, arena_format(f->arena, " * %s", name)});
    }
    edits_add(f->arena, &out->edits,
              (Edit){ast_span(file, held->operand),
                     arena_format(f->arena, "maximum(square(%s), %s)", name, number)});
    out->sentence = arena_format(f->arena, "divide by the square of `%s`, held at %s or above: the "
                                 "same, but near 0", name, number);
}

/* ---- candidates ---- */

/* Of operands that must not be 0: above it, below it, or both, as their range allows. */
static bool nonzero_candidate(const Fixer *f, const Held *held, Ast at, uint32_t k,
                              Candidate *out) {
    bool is_signed = held->low < 0 && held->high > 0;
    if (k >= (is_signed ? 2 * RUNGS : RUNGS)) return false;
    double tiny = small_rung(held->type, k % RUNGS);
    if (k >= RUNGS) {
        divide_by_square(f, held, at, tiny, out);
        return true;
    }
    if (held->low >= 0) hold_above(f, held, tiny, out);
    else if (held->high <= 0) hold_below(f, held, -tiny, out);
    else hold_off_zero(f, held, tiny, out);
    return true;
}

static bool interval_candidate(const Fixer *f, const Held *held, uint32_t k, Candidate *out) {
    const PrimitiveInfo *info = &primitive_info[held->primitive];
    if (k >= RUNGS) return false;
    double from = dtype_bound(held->type, info->from), to = dtype_bound(held->type, info->to);
    bool gradient = held->low == -INFINITY && held->high == INFINITY; /* or nothing is known */
    bool low = isfinite(from) && (held->low < from || gradient);
    bool high = isfinite(to) && (held->high > to || gradient);
    double least = low ? bound_rung(held->type, info->from, true, k) : 0;
    double most = high ? bound_rung(held->type, info->to, false, k) : 0;
    if (low && high) hold_between(f, held, least, most, out);
    else if (low) hold_above(f, held, least, out);
    else if (high) hold_below(f, held, most, out);
    return true;
}

/* A conversion: what the type of the result holds, or half of it, so that sums stay finite. */
static bool convert_candidate(const Fixer *f, const Found *target, const Held *held, uint32_t k,
                              Candidate *out) {
    Applied applied;
    rewriter_at(f->rewriter, target->report->primary.span, &applied);
    const File *file = f->before->checked.file;
    DType to = DTYPE_NONE;
    for (uint32_t i = 0; i < applied.callee->formal_count; i++) {
        Ast argument = applied.arguments[i];
        if (argument.id == 0 || ast_kind(file, argument) != AST_NAME) continue;
        DType named = dtype_find(names_text(&f->before->cx->names, ast_name(file, argument)));
        if (named != DTYPE_NONE && i > 0) to = named;
    }
    if (k >= 2 || !dtype_is_float(to)) return false;
    double most = dtype_info[to].max * (k == 0 ? 1 : 0.5);
    hold_between(f, held, -most, most, out);
    return true;
}

/* ---- results that overflow ---- */

/* Of sums of many terms, parts of the largest number; of others what it has room for twice, its
 * root, and the root of that. */
static double room_rung(DType type, bool is_sum, uint32_t rung) {
    double most = dtype_info[type].max;
    const double others[RUNGS] = {most / 2, sqrt(most), sqrt(sqrt(most))};
    double room = is_sum ? ldexp(most, -5 * (int)(rung + 1)) : others[rung];
    return dtype_round_down(type, room);
}

/* Every operand that is no number is held. */
static bool overflow_candidate(const Fixer *f, const Found *target, uint32_t k, Candidate *out) {
    const Diag *d = target->report;
    const File *file = f->before->checked.file;
    Applied applied;
    Ast at = rewriter_at(f->rewriter, d->primary.span, &applied);
    if (d->facts.count == 0 || at.id == 0 || applied.callee == NULL) return false;
    if (applied.callee->kind != CALLEE_OPERATOR) return false;
    const OpInfo *info = &op_info[applied.callee->op];
    if (k >= (info->form == FORM_EWISE ? RUNGS : 2 * RUNGS)) return false;
    Held held = {.type = dtype_find(d->facts.data[0].type)};
    if (!dtype_is_float(held.type)) return false;
    double most = room_rung(held.type, info->form != FORM_EWISE, k);
    bool is_positive = info->form == FORM_REDUCE && d->facts.data[0].low >= 0;
    for (uint32_t i = 0; i < info->input_count; i++) {
        held.operand = applied.arguments[i];
        if (held.operand.id == 0 || !isnan(written_number(file, held.operand))) continue;
        if (is_positive) hold_below(f, &held, most, out);
        else hold_between(f, &held, -most, most, out);
    }
    return true;
}

/* ---- infinities that are written ---- */

/* An `inf` that stands for a very large number, as masks have it, as half of the largest. */
static bool infinity_candidate(const Fixer *f, const Found *target, uint32_t k, Candidate *out) {
    bool is_negative;
    const Diag *d = target->report;
    Ast ast = rewriter_infinity(f->rewriter, d->primary.span, k, &is_negative);
    DType type = d->facts.count == 0 ? DTYPE_NONE : dtype_find(d->facts.data[0].type);
    if (ast.id == 0 || !dtype_is_float(type)) return false;
    double value = dtype_info[type].max / 2;
    const char *text = literal(f->arena, type, is_negative ? -value : value);
    edits_add(f->arena, &out->edits, (Edit){ast_span(f->before->checked.file, ast), text});
    out->sentence = arena_format(f->arena, "write %s in place of an infinity, which leaves no "
                                 "difference", text);
    return true;
}

/* ---- constants that are lost ---- */

/* The element type of what a place is computed in: that of the smallest operation around it. */
static DType type_around(const Fixer *f, Span place) {
    DType type = DTYPE_NONE;
    uint32_t smallest = UINT32_MAX;
    for (uint32_t m = 0; m < f->before->checked.models.list.count; m++) {
        const Graph *g = f->before->checked.models.list.data[m];
        for (uint32_t id = 1; id < g->nodes.count; id++) {
            Span own = ir_place(g, (Value){id}, NULL);
            bool holds = own.begin != 0 && own.begin <= place.begin && own.end >= place.end;
            DType found = g->nodes.data[id].dtype;
            if (!holds || !dtype_is_float(found) || own.end - own.begin >= smallest) continue;
            smallest = own.end - own.begin;
            type = found;
        }
    }
    return type;
}

/* A constant that its type has not: half of the largest number, which is as good for a mask. */
static bool beyond_candidate(const Fixer *f, const Found *target, uint32_t k, Candidate *out) {
    Span place = target->report->primary.span;
    Ast ast = rewriter_at(f->rewriter, place, NULL);
    DType type = type_around(f, place);
    double value = ast.id == 0 ? NAN : written_number(f->before->checked.file, ast);
    if (k > 0 || isnan(value) || type == DTYPE_NONE) return false;
    const char *text = literal(f->arena, type, copysign(dtype_info[type].max / 2, value));
    edits_add(f->arena, &out->edits, (Edit){place, text});
    out->sentence = arena_format(f->arena, "write %s, which %s has", text,
                                 dtype_info[type].spelling);
    return true;
}

/* A constant that becomes 0, or is lost in a sum with another: one that counts. */
static bool constant_candidate(const Fixer *f, const Found *target, uint32_t k, Candidate *out) {
    Span place = target->report->primary.span;
    const File *file = f->before->checked.file;
    DType type = type_around(f, place);
    Ast ast = rewriter_at(f->rewriter, place, NULL);
    if (k >= RUNGS || ast.id == 0 || type == DTYPE_NONE) return false;
    double value = small_rung(type, k);
    if (ast_kind(file, ast) == AST_BINARY) {
        Ast left = ast_child(file, ast, AST_BINARY_LEFT);
        Ast right = ast_child(file, ast, AST_BINARY_RIGHT);
        double a = fabs(written_number(file, left)), b = fabs(written_number(file, right));
        if (isnan(a) || isnan(b)) return false;
        ast = a < b ? left : right;
        double beside = dtype_round(type, fmax(a, b));
        value = ldexp(dtype_next_up(type, beside) - beside, (int)k);
    }
    if (isnan(written_number(file, ast))) return false;
    const char *text = literal(f->arena, type, value);
    edits_add(f->arena, &out->edits, (Edit){ast_span(file, ast), text});
    out->sentence = arena_format(f->arena, "write %s, which is not lost in %s", text,
                                 dtype_info[type].spelling);
    return true;
}

/* ---- the eps of an operator ---- */

/* An operator that takes an `eps` against this, which is left out, 0, or too small. */
static bool eps_candidate(const Fixer *f, const Found *target, uint32_t k, Candidate *out) {
    Span place = target->report->primary.span;
    const File *file = f->before->checked.file;
    Applied applied;
    Ast at = rewriter_at(f->rewriter, place, &applied);
    if (at.id != 0 && ast_kind(file, at) == AST_PIPE) at = ast_child(file, at, AST_PIPE_CALL);
    DType type = type_around(f, place);
    if (k >= RUNGS || at.id == 0 || applied.callee == NULL || type == DTYPE_NONE) return false;
    if (ast_kind(file, at) != AST_CALL) return false;
    uint32_t i = 0, count = applied.callee->formal_count;
    Name eps = names_intern_text(&f->before->cx->names, "eps");
    while (i < count && !name_is(applied.callee->formals[i].name, eps)) i++;
    if (i == count) return false;
    const Formal *formal = &applied.callee->formals[i];
    double usual = 0, unit = small_rung(type, RUNGS - 1);
    if (applied.callee->kind == CALLEE_BLOCK) {
        const File *prelude = applied.callee->file;
        usual = written_number(
            prelude, ast_child(prelude, formal->parameter, AST_PARAMETER_DEFAULT));
    }
    const double rungs[RUNGS] = {usual > 0 ? usual : unit, unit, small_rung(type, 1)};
    const char *text = literal(f->arena, type, rungs[k]);
    Ast given = applied.arguments[i];
    Span call = ast_span(file, at);
    Span end = {call.end - 1, call.end - 1}; /* in front of the parenthesis */
    if (given.id != 0 && isnan(written_number(file, given))) return false;
    edits_add(f->arena, &out->edits,
              given.id != 0
                  ? (Edit){ast_span(file, given), text}
                  : (Edit){end, arena_format(f->arena, ", eps: %s", text)});
    out->sentence = arena_format(f->arena, "give `%s` an eps of %s",
                                 names_text(&f->before->cx->names, applied.callee->name), text);
    return true;
}

bool guard_candidate(const Fixer *f, const Found *target, uint32_t k, Candidate *out) {
    Held held;
    Ast at;
    *out = (Candidate){.kind = "guard", .sentence = ""};
    if (target->code == NNA3017) return constant_candidate(f, target, k, out);
    if (target->code == NNA3009 && beyond_candidate(f, target, k, out)) return true;
    if (target->code == NNA3008) return infinity_candidate(f, target, k, out);
    if (target->code == NNA3007) return overflow_candidate(f, target, k, out);
    if (!find_held(f, target, &at, &held)) return eps_candidate(f, target, k, out);
    switch (primitive_info[held.primitive].domain) {
    case DOMAIN_NONZERO: return nonzero_candidate(f, &held, at, k, out);
    case DOMAIN_INTERVAL: return interval_candidate(f, &held, k, out);
    case DOMAIN_CONVERT: return convert_candidate(f, target, &held, k, out);
    case DOMAIN_POWER:
    case DOMAIN_POLES:
        if (k >= RUNGS) return false;
        hold_above(f, &held, small_rung(held.type, k), out);
        return true;
    case DOMAIN_NONE: break;
    }
    return false;
}
