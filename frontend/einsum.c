/* einsum: sums of products of elements, by an equation in which a letter is a dimension and `...`
 * are all others, broadcast.
 *
 * Without `->` the result has `...` and, in the order of ASCII, the letters that stand once.
 * A letter twice in one term takes the diagonal. Operands are multiplied from left to right: by a
 * matrix product where a letter is summed over, else element by element. Nothing depends on the
 * sizes, so that they may be symbolic. */
#include "frontend/equation.h"

#include "ir/call.h"

#include <string.h>

enum { LETTERS = 128, LABELS = LETTERS + MAX_RANK };

/* A letter, or LETTERS + i: dimension i of `...`, counted from its end. */
typedef uint8_t Letter;

typedef struct Labels {
    uint32_t count;
    Letter at[2 * MAX_RANK]; /* two operands together, before they are held against MAX_RANK */
} Labels;

typedef struct Factor {
    Value value; /* its dimensions are the labels */
    Labels labels;
} Factor;

typedef struct Einsum {
    Lower *l;
    Span span;
    Equation equation;
    Labels output;
    Factor *factors;
    uint32_t factor_count;
    DimId sizes[LETTERS]; /* of letters; unknown: not seen yet */
} Einsum;

/* Labels. */

static bool has_label(const Labels *labels, Letter label) {
    return memchr(labels->at, label, labels->count) != NULL;
}

static void add_label(Labels *labels, Letter label) {
    labels->at[labels->count++] = label;
}

static Labels labels_of(const Term *term, uint32_t rest) {
    Labels labels = {0};
    for (uint32_t i = 0; i <= term->count; i++) {
        for (uint32_t k = 0; term->rest && i == term->rest_at && k < rest; k++) {
            add_label(&labels, (Letter)(LETTERS + rest - 1 - k));
        }
        if (i < term->count) add_label(&labels, term->letters[i]);
    }
    return labels;
}

static const char *dim_words(const Einsum *e, DimId size) {
    Buf text = buf_make(&e->l->cx->scratch);
    dim_print(e->l->g->dims, size, &e->l->cx->names, &text);
    return buf_text(&text);
}

/* The size of a letter is that of its first dimension; the others are held against it, and cut to
 * it where they are taken to be equal. */
static bool size_fits(Einsum *e, const Term *term, uint32_t letter, Factor *f, uint32_t axis) {
    Lower *l = e->l;
    DimId *known = &e->sizes[term->letters[letter]], size = ir_shape(l->g, f->value).dims[axis];
    if (dim_is(*known, DIM_UNKNOWN)) *known = size;
    DimOrder order = dim_compare(l->g->dims, *known, size);
    if (order == DIM_EQUAL) return true;
    uint32_t column = term->columns[letter];
    bool maybe = order == DIM_MAYBE;
    fault_say(l, maybe ? NNA2004 : NNA2001, equation_columns(&e->equation, column, column + 1),
              maybe ? "`%c` is %s, and is taken to be %s as before"
                    : "`%c` is %s, and was %s before",
              term->letters[letter], dim_words(e, size), dim_words(e, *known));
    if (!maybe) return false;
    graph_rule(l->g, (DimRule){.a = *known, .b = size, .equal = true,
                               .origin = origin_here(l, e->span)});
    f->value = slice_axis(l, f->value, axis, dim_constant(l->g->dims, 0), *known, e->span);
    return !ir_is_poison(f->value);
}

/* Gives every operand the labels of its term. *rest: the most dimensions that `...` has. */
static bool label_operands(Einsum *e, uint32_t *rest) {
    for (uint32_t i = 0; i < e->factor_count; i++) {
        const Term *term = &e->equation.terms.data[i];
        Shape shape = ir_shape(e->l->g, e->factors[i].value);
        if (term->rest ? shape.rank < term->count : shape.rank != term->count) {
            return equation_fault(&e->equation, NNA2006, term->begin, term->end,
                                  "%u letter%s for an operand of %u dimension%s", term->count,
                                  term->count == 1 ? "" : "s", shape.rank,
                                  shape.rank == 1 ? "" : "s");
        }
        uint32_t more = shape.rank - term->count;
        if (more > *rest) *rest = more;
        e->factors[i].labels = labels_of(term, more);
        for (uint32_t k = 0; k < term->count; k++) {
            uint32_t at = k + (term->rest && k >= term->rest_at ? more : 0);
            if (!size_fits(e, term, k, &e->factors[i], at)) return false;
        }
    }
    return true;
}

static void implicit_output(Einsum *e, uint32_t rest) {
    uint32_t uses[LETTERS] = {0};
    for (uint32_t i = 0; i < e->equation.terms.count; i++) {
        const Term *term = &e->equation.terms.data[i];
        for (uint32_t k = 0; k < term->count; k++) uses[term->letters[k]]++;
    }
    for (uint32_t k = 0; k < rest; k++) add_label(&e->output, (Letter)(LETTERS + rest - 1 - k));
    for (uint32_t c = 0; c < LETTERS && e->output.count < MAX_RANK; c++) {
        if (uses[c] == 1) add_label(&e->output, (Letter)c);
    }
}

static bool find_output(Einsum *e, uint32_t rest) {
    const Term *term = &e->equation.result;
    if (!e->equation.arrow) {
        implicit_output(e, rest);
        return true;
    }
    for (uint32_t k = 0; k < term->count; k++) {
        bool twice = memchr(term->letters, term->letters[k], k) != NULL;
        bool unknown = dim_is(e->sizes[term->letters[k]], DIM_UNKNOWN);
        if (!twice && !unknown) continue;
        return equation_fault(&e->equation, NNA5001, term->columns[k], term->columns[k] + 1,
                              "%s", twice ? "a letter stands once in the result"
                                          : "no operand has this letter");
    }
    if (rest > 0 && !term->rest) {
        return equation_fault(&e->equation, NNA5001, term->begin, term->end,
                              "the operands have `...`, and the result has not");
    }
    if (term->count + rest > MAX_RANK) {
        return equation_fault(&e->equation, NNA0002, term->begin, term->end,
                              "a tensor of more than %d dimensions", MAX_RANK);
    }
    e->output = labels_of(term, rest);
    return true;
}

/* Operations on factors. */

static Value build(const Einsum *e, Op op, uint32_t count, const Value *operands,
                   const Attr *attrs) {
    return build_op(e->l->g, op, count, operands, attrs, origin_here(e->l, e->span), NULL);
}

static Value reshape(const Einsum *e, Value x, uint32_t rank, const DimId *dims) {
    const Attr attrs[] = {attr_dims(e->l->g, rank, dims)};
    return build(e, OP_RESHAPE, 1, &x, attrs);
}

static DimId label_size(const Einsum *e, const Factor *f, Letter label) {
    const Letter *at = memchr(f->labels.at, label, f->labels.count);
    if (!at) return dim_constant(e->l->g->dims, 1);
    return ir_shape(e->l->g, f->value).dims[at - f->labels.at];
}

static Value transpose(const Einsum *e, Value x, uint32_t count, const int64_t *perm) {
    bool same = true;
    for (uint32_t i = 0; i < count; i++) same = same && perm[i] == i;
    const Attr attrs[] = {attr_integers(e->l->g, count, perm)};
    return same ? x : build(e, OP_TRANSPOSE, 1, &x, attrs);
}

/* The dimensions of x in the order of `wanted`; those it lacks are passed over. */
static void permute(const Einsum *e, Factor *f, const Labels *wanted) {
    int64_t perm[MAX_RANK] = {0};
    Labels labels = {0};
    for (uint32_t i = 0; i < wanted->count; i++) {
        const Letter *at = memchr(f->labels.at, wanted->at[i], f->labels.count);
        if (!at) continue;
        perm[labels.count] = at - f->labels.at;
        add_label(&labels, wanted->at[i]);
    }
    f->value = transpose(e, f->value, labels.count, perm);
    f->labels = labels;
}

/* Dimensions i and j have the same letter, i < j: the elements where they are equal. */
static void take_diagonal(const Einsum *e, Factor *f, uint32_t i, uint32_t j) {
    Graph *g = e->l->g;
    uint32_t rank = f->labels.count;
    int64_t perm[MAX_RANK];
    DimId dims[MAX_RANK], row[MAX_RANK];
    Labels labels = {0};
    Shape shape = ir_shape(g, f->value);
    for (uint32_t k = 0; k < rank; k++) {
        if (k == i || k == j) continue;
        perm[labels.count] = k;
        row[labels.count] = dim_constant(g->dims, 1);
        dims[labels.count] = shape.dims[k];
        add_label(&labels, f->labels.at[k]);
    }
    perm[rank - 2] = i;
    perm[rank - 1] = j;
    row[rank - 2] = dims[rank - 2] = shape.dims[i];
    row[rank - 1] = dims[rank - 1] = dim_constant(g->dims, 1);
    add_label(&labels, f->labels.at[i]);
    const Attr last[] = {attr_integer(rank - 1)};
    const Attr length[] = {attr_dims(g, 1, &shape.dims[i])}, wide[] = {attr_dims(g, rank, dims)};
    Value index = reshape(e, build(e, OP_IOTA, 0, NULL, length), rank, row);
    const Value taken[] = {transpose(e, f->value, rank, perm),
                           rank == 2 ? index : build(e, OP_EXPAND, 1, &index, wide)};
    f->value = reshape(e, build(e, OP_TAKE_ALONG, 2, taken, last), rank - 1, dims);
    f->labels = labels;
}

static void take_diagonals(const Einsum *e, Factor *f) {
    for (uint32_t i = 0; i < f->labels.count; i++) {
        const Letter *rest = f->labels.at + i + 1;
        const Letter *other = memchr(rest, f->labels.at[i], f->labels.count - i - 1);
        if (!other) continue;
        take_diagonal(e, f, i, (uint32_t)(other - f->labels.at));
        i = UINT32_MAX; /* from the start: the labels have moved */
    }
}

/* Whether the result or an operand from `next` on has the label. */
static bool is_needed(const Einsum *e, Letter label, uint32_t next) {
    for (uint32_t i = next; i < e->factor_count; i++) {
        if (has_label(&e->factors[i].labels, label)) return true;
    }
    return has_label(&e->output, label);
}

/* Sums over what neither `other`, if there is one, nor anything later has. */
static void sum_alone(const Einsum *e, Factor *f, const Factor *other, uint32_t next) {
    int64_t axes[MAX_RANK] = {0};
    uint32_t count = 0;
    Labels labels = {0};
    for (uint32_t i = 0; i < f->labels.count; i++) {
        Letter label = f->labels.at[i];
        if (is_needed(e, label, next) || (other && has_label(&other->labels, label))) {
            add_label(&labels, label);
        } else {
            axes[count++] = i;
        }
    }
    const Attr attrs[] = {attr_integers(e->l->g, count, axes), attr_boolean(false)};
    if (count > 0) f->value = build(e, OP_SUM, 1, &f->value, attrs);
    f->labels = labels;
}

/* x with a dimension of 1 for each label that it lacks, leading ones left out. */
static void align(const Einsum *e, Factor *f, const Labels *wanted) {
    DimId dims[MAX_RANK];
    uint32_t rank = 0;
    permute(e, f, wanted);
    for (uint32_t i = 0; i < wanted->count; i++) {
        if (rank > 0 || has_label(&f->labels, wanted->at[i])) {
            dims[rank++] = label_size(e, f, wanted->at[i]);
        }
    }
    if (rank != f->labels.count) f->value = reshape(e, f->value, rank, dims);
}

static Factor multiply(const Einsum *e, Factor a, Factor b, const Labels *labels) {
    DimId dims[MAX_RANK];
    int64_t one = 0;
    bool a_stretched = a.labels.count < labels->count, b_stretched = b.labels.count < labels->count;
    for (uint32_t i = 0; i < labels->count; i++) {
        dims[i] = label_size(e, &a, labels->at[i]);
        bool single = dim_is_constant(e->l->g->dims, dims[i], &one) && one == 1;
        if (single) dims[i] = label_size(e, &b, labels->at[i]);
    }
    align(e, &a, labels);
    align(e, &b, labels);
    if (a_stretched && b_stretched) { /* that is meant, and so no broadcast of both */
        const Attr attrs[] = {attr_dims(e->l->g, labels->count, dims)};
        a.value = build(e, OP_EXPAND, 1, &a.value, attrs);
    }
    const Value operands[] = {a.value, b.value};
    return (Factor){.value = build(e, OP_MUL, 2, operands, NULL), .labels = *labels};
}

/* One dimension for all of the labels. */
static DimId joined_size(const Einsum *e, const Factor *f, const Labels *labels) {
    DimId size = dim_constant(e->l->g->dims, 1);
    for (uint32_t i = 0; i < labels->count; i++) {
        size = dim_mul(e->l->g->dims, size, label_size(e, f, labels->at[i]));
    }
    return size;
}

static Labels joined(const Labels *a, const Labels *b, const Labels *c) {
    const Labels *parts[] = {a, b, c};
    Labels all = {0};
    for (uint32_t k = 0; k < 3; k++) {
        for (uint32_t i = 0; i < parts[k]->count; i++) {
            if (!has_label(&all, parts[k]->at[i])) add_label(&all, parts[k]->at[i]);
        }
    }
    return all;
}

/* x as matrices of the labels `rows` and `columns`, one for each of the labels `batch`. */
static void as_matrices(const Einsum *e, Factor *f, const Labels *batch, const Labels *rows,
                        const Labels *columns_of) {
    const Labels order = joined(batch, rows, columns_of);
    DimId dims[MAX_RANK];
    uint32_t rank = 0;
    permute(e, f, &order);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (rank > 0 || has_label(&f->labels, batch->at[i])) {
            dims[rank++] = label_size(e, f, batch->at[i]);
        }
    }
    bool same = rank + 2 == f->labels.count && rows->count == 1 && columns_of->count == 1;
    dims[rank++] = joined_size(e, f, rows);
    dims[rank++] = joined_size(e, f, columns_of);
    if (!same) f->value = reshape(e, f->value, rank, dims);
}

/* What two factors have: together and later, together and no more, alone. */
typedef struct Split {
    Labels batch, summed, left, right;
} Split;

static void add_batch(Split *s, const Labels *labels) {
    for (uint32_t i = 0; i < labels->count; i++) {
        bool more = labels->at[i] >= LETTERS && !has_label(&s->batch, labels->at[i]);
        if (more) add_label(&s->batch, labels->at[i]);
    }
}

static Split split_labels(const Einsum *e, const Factor *a, const Factor *b, uint32_t next) {
    Split s = {0};
    /* The longer `...` has the labels of the shorter one at its end. */
    bool a_longer = true;
    for (uint32_t i = 0; i < b->labels.count; i++) {
        Letter label = b->labels.at[i];
        if (label >= LETTERS && !has_label(&a->labels, label)) a_longer = false;
    }
    add_batch(&s, a_longer ? &a->labels : &b->labels);
    for (uint32_t i = 0; i < a->labels.count; i++) {
        Letter label = a->labels.at[i];
        if (label >= LETTERS) continue;
        bool both = has_label(&b->labels, label), needed = is_needed(e, label, next);
        add_label(both ? (needed ? &s.batch : &s.summed) : &s.left, label);
    }
    for (uint32_t i = 0; i < b->labels.count; i++) {
        Letter label = b->labels.at[i];
        if (label < LETTERS && !has_label(&a->labels, label)) add_label(&s.right, label);
    }
    return s;
}

/* The product of two factors; `next` is the first that is not multiplied in yet. */
static Factor product(const Einsum *e, Factor a, Factor b, uint32_t next) {
    sum_alone(e, &a, &b, next);
    sum_alone(e, &b, &a, next);
    if (ir_is_poison(a.value) || ir_is_poison(b.value)) return (Factor){.value = VALUE_NONE};
    const Split s = split_labels(e, &a, &b, next);
    Labels all = joined(&s.batch, &s.left, &s.right);
    if (all.count > MAX_RANK || (s.summed.count > 0 && s.batch.count + 2 > MAX_RANK)) {
        equation_fault(&e->equation, NNA0002, 0, (uint32_t)strlen(e->equation.text),
                       "a product of more than %d dimensions", MAX_RANK);
        return (Factor){.value = VALUE_NONE};
    }
    if (s.summed.count == 0) {
        return multiply(e, a, b, next == e->factor_count ? &e->output : &all);
    }
    Factor x = a, y = b;
    as_matrices(e, &x, &s.batch, &s.left, &s.summed);
    as_matrices(e, &y, &s.batch, &s.summed, &s.right);
    const Value operands[] = {x.value, y.value};
    Factor out = {.value = build(e, OP_MATRIX_PRODUCT, 2, operands, NULL), .labels = all};
    if (ir_is_poison(out.value) || (s.left.count == 1 && s.right.count == 1)) return out;
    DimId dims[MAX_RANK];
    Shape shape = ir_shape(e->l->g, out.value);
    for (uint32_t i = 0; i < all.count; i++) {
        dims[i] = i < s.batch.count ? shape.dims[i]
                  : has_label(&a.labels, all.at[i]) ? label_size(e, &a, all.at[i])
                                                    : label_size(e, &b, all.at[i]);
    }
    out.value = reshape(e, out.value, all.count, dims);
    return out;
}

/* The call. */

static bool read_first(Einsum *e, const Object *equation, Span place) {
    if (equation->kind == OBJECT_STRING) {
        return equation_read(e->l, equation->as.name, place, &e->equation);
    }
    if (equation->kind == OBJECT_POISON) return false;
    fault_say(e->l, NNA1008, place,
              "the first argument of `einsum` is its equation, as in "
              "`einsum(\"ij,jk->ik\", a, b)`, and this is %s",
              object_describe(e->l, equation));
    return false;
}

static bool bring_operands(Einsum *e, const Object *objects, const Span *spans) {
    DType dtype = DTYPE_F32;
    for (uint32_t i = e->factor_count; i-- > 0;) {
        if (objects[i].kind == OBJECT_TENSOR) dtype = object_dtype(e->l, &objects[i]);
    }
    e->factors = ARENA_ARRAY(&e->l->cx->scratch, Factor, e->factor_count);
    for (uint32_t i = 0; i < e->factor_count; i++) {
        e->factors[i].value = to_tensor(e->l, &objects[i], dtype, spans[i]);
        if (ir_is_poison(e->factors[i].value)) return false;
        DType found = ir_node(e->l->g, e->factors[i].value)->dtype;
        if (found == dtype) continue;
        fault_say(e->l, NNA2007, spans[i], "this operand of `einsum` is %s, and the first is %s",
                  dtype_info[found].spelling, dtype_info[dtype].spelling);
        return false;
    }
    if (e->factor_count == e->equation.terms.count) return true;
    return equation_fault(&e->equation, NNA1007, 0, (uint32_t)strlen(e->equation.text),
                          "%u term%s for %u operand%s", e->equation.terms.count,
                          e->equation.terms.count == 1 ? "" : "s", e->factor_count,
                          e->factor_count == 1 ? "" : "s");
}

Object call_einsum(Lower *l, const Callee *callee, const Actual *actuals, uint32_t actual_count,
                   Span span) {
    Object *objects = NULL;
    Span *spans = NULL;
    uint32_t rest = 0;
    uint32_t count = variadic_operands(l, callee, actuals, actual_count, &objects, &spans);
    if (count == 0) { /* an empty list */
        fault_say(l, NNA1007, span, "`einsum` needs an equation and its operands");
        return POISON;
    }
    Einsum e = {.l = l, .span = span, .factor_count = count - 1};
    for (uint32_t i = 0; i < LETTERS; i++) e.sizes[i] = DIM_UNKNOWN;
    if (!read_first(&e, &objects[0], spans[0])) return POISON;
    if (!bring_operands(&e, objects + 1, spans + 1)) return POISON;
    if (!label_operands(&e, &rest) || !find_output(&e, rest)) return POISON;
    for (uint32_t i = 0; i < e.factor_count; i++) take_diagonals(&e, &e.factors[i]);
    Factor f = e.factors[0];
    for (uint32_t i = 1; i < e.factor_count && !ir_is_poison(f.value); i++) {
        f = product(&e, f, e.factors[i], i + 1);
    }
    if (ir_is_poison(f.value)) return POISON;
    sum_alone(&e, &f, NULL, e.factor_count);
    permute(&e, &f, &e.output);
    return object_tensor(f.value);
}
