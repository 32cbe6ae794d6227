/* Contracts on what comes from outside: where neither another form nor a guard helps, the largest
 * box of the inputs or parameters that the reported operation depends on, with which the report
 * goes. The analysis is monotone (a smaller box gives no larger ranges), so that bisection of one
 * common scale finds the largest one of its shape; each step is a whole check of the text with the
 * contracts in it, so that what is offered is what was checked, as it is written. */
#include "backend/fix_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES_MOST = 12, SCALE_MOST = 256, FINE_STEPS = 7 };

/* An input or parameter that stands in the file, with what it is known to be in. */
typedef struct Outside {
    Ast type;
    const char *name;
    bool is_input;
    DType dtype;
    double low, high;
} Outside;

typedef struct Outsides {
    uint32_t count;
    Outside list[SOURCES_MOST];
} Outsides;

/* ---- what the report depends on ---- */

/* Marks what the values at the reported place are computed from. */
static bool mark_needed(const Graph *g, Span place, bool *needed) {
    bool found = false;
    for (uint32_t id = g->nodes.count; id-- > 1;) {
        Value v = {id};
        Span own = ir_place(g, v, NULL);
        if (own.begin == place.begin && own.end == place.end) needed[id] = found = true;
        for (uint32_t i = 0; needed[id] && i < ir_node(g, v)->operand_count; i++) {
            needed[ir_operand(g, v, i).id] = true;
        }
    }
    return found;
}

/* The parameter of the model that an input is. */
static Ast input_type(const File *file, Name model, Name name) {
    AstRange all = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    for (uint32_t i = 0; i < all.count; i++) {
        if (ast_kind(file, all.items[i]) != AST_MODEL) continue;
        if (!name_is(ast_name(file, all.items[i]), model)) continue;
        AstRange list = ast_list(file, ast_child(file, all.items[i], AST_MODEL_PARAMETERS),
                                 AST_LIST_ITEMS);
        for (uint32_t k = 0; k < list.count; k++) {
            if (!name_is(ast_name(file, list.items[k]), name)) continue;
            return ast_child(file, list.items[k], AST_PARAMETER_TYPE);
        }
    }
    return AST_NONE;
}

/* The `param` statement that a parameter was made by; none for those of operators. */
static Ast parameter_type(const File *file, Span place) {
    for (uint32_t id = 1; id < file->nodes.count; id++) {
        Ast ast = {id};
        Span span = ast_span(file, ast);
        if (ast_kind(file, ast) != AST_PARAM) continue;
        if (place.begin >= span.begin && place.end <= span.end) {
            return ast_child(file, ast, AST_PARAM_TYPE);
        }
    }
    return AST_NONE;
}

/* Boxes can be made narrower; sets, simplexes and one-hot rows are what they are. */
static bool is_box(const File *file, Ast type) {
    if (type.id == 0 || ast_kind(file, type) != AST_TENSOR_TYPE) return false;
    Ast contract = ast_child(file, type, AST_TENSOR_TYPE_CONTRACT);
    AstKind kind = ast_kind(file, contract);
    return contract.id == 0 || kind == AST_INTERVAL || kind == AST_FINITE || kind == AST_ANY;
}

static void add_outside(Outsides *all, Outside one) {
    for (uint32_t i = 0; i < all->count; i++) {
        Outside *other = &all->list[i];
        if (other->type.id != one.type.id) continue;
        other->low = fmin(other->low, one.low); /* of a block that is expanded again */
        other->high = fmax(other->high, one.high);
        return;
    }
    if (all->count < SOURCES_MOST) all->list[all->count++] = one;
}

static void collect_of(const Fixer *f, uint32_t model, Span place, Outsides *out) {
    const Checked *checked = &f->before->checked;
    const Graph *g = checked->models.list.data[model];
    const Facts *facts = model < checked->facts_count ? checked->facts[model] : NULL;
    bool *needed = ARENA_ARRAY(f->arena, bool, g->nodes.count);
    if (facts == NULL || !mark_needed(g, place, needed)) return;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        const Node *node = ir_node(g, v);
        bool is_input = node->op == OP_INPUT;
        if (!needed[id] || (!is_input && node->op != OP_PARAM)) continue;
        Ast type = is_input ? input_type(checked->file, g->name, node->name)
                            : parameter_type(checked->file, ir_place(g, v, NULL));
        Range range = facts->range[id];
        if (!is_box(checked->file, type) || !range_has_finite(range)) continue;
        add_outside(out, (Outside){.type = type,
                                   .name = names_text(&f->before->cx->names, node->name),
                                   .is_input = is_input,
                                   .dtype = node->dtype,
                                   .low = range.low,
                                   .high = range.high});
    }
}

/* ---- boxes ---- */

/* A number of at most three digits in the type, towards `inside`. */
static const char *short_number(const Fixer *f, const Outside *one, double value, double inside) {
    bool whole = !dtype_is_float(one->dtype);
    char text[40];
    for (int digits = whole ? 17 : 3; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double shown = strtod(text, NULL);
        if (value > inside ? shown <= value : shown >= value) break;
        /* rounded outwards: one unit of the last digit back */
        double unit = pow(10, floor(log10(fabs(value))) - digits + 1);
        snprintf(text, sizeof text, "%.*g", digits, shown + (value > inside ? -unit : unit));
        shown = strtod(text, NULL);
        if (value > inside ? shown <= value : shown >= value) break;
    }
    Buf out = buf_make(f->arena);
    buf_put_number(&out, strtod(text, NULL));
    if (!whole && strpbrk(buf_text(&out), ".e") == NULL) buf_put(&out, ".0");
    return buf_text(&out);
}

/* The edit that says so of one source. */
static void put_contract(const Fixer *f, const Outside *one, const char *text, Edits *edits) {
    const File *file = f->before->checked.file;
    Ast contract = ast_child(file, one->type, AST_TENSOR_TYPE_CONTRACT);
    Span span = ast_span(file, contract);
    if (contract.id == 0) {
        uint32_t end = ast_span(file, one->type).end;
        span = (Span){end, end};
        text = arena_format(f->arena, " in %s", text);
    }
    edits_add(f->arena, edits, (Edit){span, text});
}

typedef enum Group { GROUP_PARAMETERS, GROUP_INPUTS, GROUP_ALL, GROUP_COUNT } Group;

/* What is tried: the sources of a group, each scaled towards 0. */
typedef struct Scaling {
    const Fixer *fixer;
    const Found *target;
    const Outsides *all;
    Group group;
    const char *sentence;
} Scaling;

static bool belongs(const Scaling *s, const Outside *one) {
    if (!dtype_is_float(one->dtype) || one->low > 0 || one->high < 0) return false;
    return s->group == GROUP_ALL || one->is_input == (s->group == GROUP_INPUTS);
}

/* Whether it passes with the scale 2^-exponent; the edits of the last one that did are kept. */
static bool scaled_passes(Scaling *s, double exponent, Edits *out) {
    Edits edits = {0};
    Buf names = buf_make(s->fixer->arena);
    for (uint32_t i = 0; i < s->all->count; i++) {
        const Outside *one = &s->all->list[i];
        if (!belongs(s, one)) continue;
        double scale = exp2(-exponent);
        const char *low = short_number(s->fixer, one, one->low * scale, 0);
        const char *high = short_number(s->fixer, one, one->high * scale, 0);
        const char *box = arena_format(s->fixer->arena, "[%s, %s]", low, high);
        put_contract(s->fixer, one, box, &edits);
        buf_printf(&names, "%s`%s` in %s", names.length == 0 ? "" : ", ", one->name, box);
    }
    if (!fix_passes(s->fixer, s->target, &edits)) return false;
    *out = edits;
    s->sentence = arena_format(s->fixer->arena, "promise %s; a larger box of this shape is not "
                               "proved", buf_text(&names));
    return true;
}

/* Whether a box is left that is of use: nobody promises to keep to numbers that are next to 0. */
static bool has_room(const Scaling *s, double exponent) {
    double most = 0;
    for (uint32_t i = 0; i < s->all->count; i++) {
        const Outside *one = &s->all->list[i];
        if (belongs(s, one)) most = fmax(most, fmax(-one->low, one->high));
    }
    return most * exp2(-exponent) >= 1e-4;
}

/* The largest scale, to about a hundredth: by doubling of its exponent, then by bisection. */
static bool largest_scale(Scaling *s, Edits *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->all->count; i++) count += belongs(s, &s->all->list[i]);
    if (count == 0) return false;
    double fails = 0, passes = 1;
    if (!scaled_passes(s, SCALE_MOST, out)) return false;
    while (passes < SCALE_MOST && !scaled_passes(s, passes, out)) {
        fails = passes;
        passes *= 2;
    }
    while (passes - fails > 1) {
        double middle = floor((passes + fails) / 2);
        if (scaled_passes(s, middle, out)) passes = middle;
        else fails = middle;
    }
    for (int i = 0; i < FINE_STEPS; i++) {
        double middle = (passes + fails) / 2;
        if (scaled_passes(s, middle, out)) passes = middle;
        else fails = middle;
    }
    return has_room(s, passes);
}

/* ---- one source ---- */

static bool promise_passes(const Fixer *f, const Found *target, const Outside *one,
                           const char *contract, Candidate *out) {
    Edits edits = {0};
    put_contract(f, one, contract, &edits);
    if (!fix_passes(f, target, &edits)) return false;
    *out = (Candidate){"precondition",
                       arena_format(f->arena, "promise `%s` in %s", one->name, contract), edits};
    return true;
}

/* A box that begins at `low`, of one source; without an end where the type alone bounds it. */
static bool box_passes(const Fixer *f, const Found *target, const Outside *one, double low,
                       double high, Candidate *out) {
    Buf text = buf_make(f->arena);
    buf_put_char(&text, '[');
    buf_put_number(&text, low);
    buf_put(&text, ", ");
    if (high < dtype_info[one->dtype].max) {
        buf_put_number(&text, high);
        buf_put_char(&text, ']');
    } else {
        buf_put(&text, "inf)");
    }
    return promise_passes(f, target, one, buf_text(&text), out);
}

/* What may be NaN or infinite by its contract, and need not. */
static bool finite_box(const Fixer *f, const Found *target, const Outside *one, Candidate *out) {
    const File *file = f->before->checked.file;
    Ast contract = ast_child(file, one->type, AST_TENSOR_TYPE_CONTRACT);
    return contract.id != 0 && ast_kind(file, contract) == AST_ANY &&
           promise_passes(f, target, one, "finite", out);
}

/* Positive numbers, at and above a small one; of integers 1. */
static bool positive_box(const Fixer *f, const Found *target, const Outside *one,
                         Candidate *out) {
    if (one->low > 0 || one->high <= 0 || target->code == NNA3011) return false;
    if (dtype_is_integer(one->dtype)) {
        return one->high >= 1 && box_passes(f, target, one, 1, one->high, out);
    }
    if (!dtype_is_float(one->dtype)) return false;
    const double small[] = {1e-6, 1e-3};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        if (small[i] >= one->high) break;
        if (box_passes(f, target, one, small[i], one->high, out)) return true;
    }
    return false;
}

/* Positions 0..n, with the largest n. */
static bool index_box(const Fixer *f, const Found *target, const Outside *one, Candidate *out) {
    if (!dtype_is_integer(one->dtype) || one->high < 0) return false;
    double passes = 0, fails = fmin(one->high + 1, ldexp(1, 31));
    if (!box_passes(f, target, one, 0, 0, out)) return false;
    if (box_passes(f, target, one, 0, fails - 1, out)) return true;
    while (fails - passes > 1) {
        double middle = floor((passes + fails) / 2);
        if (box_passes(f, target, one, 0, middle, out)) passes = middle;
        else fails = middle;
    }
    return true;
}

bool contract_candidate(const Fixer *f, const Found *target, Candidate *out) {
    Outsides all = {0};
    for (uint32_t i = 0; i < f->before->checked.models.list.count; i++) {
        collect_of(f, i, target->report->primary.span, &all);
    }
    for (uint32_t i = 0; i < all.count; i++) {
        if (finite_box(f, target, &all.list[i], out)) return true;
        if (index_box(f, target, &all.list[i], out)) return true;
        if (positive_box(f, target, &all.list[i], out)) return true;
    }
    for (int group = 0; group < GROUP_COUNT; group++) {
        Scaling s = {.fixer = f, .target = target, .all = &all, .group = (Group)group};
        Edits edits = {0};
        if (!largest_scale(&s, &edits)) continue;
        *out = (Candidate){"precondition", s.sentence, edits};
        return true;
    }
    return false;
}
