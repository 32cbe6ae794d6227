/* Arithmetic of affine forms.
 *
 * Doubles are added, multiplied and divided with what they round away: error-free transformations
 * (Knuth's two-sum, and fma for products and quotients) give it exactly, but where it underflows,
 * for which a smallest normal is added. So what is exact, c - c or a factor of 2, adds nothing. */
#include "passes/affine_form.h"

#include "ir/base/hash.h"
#include "passes/term_internal.h"

#include <float.h>
#include <math.h>

/* Error bounds are sums of a few hundred numbers at the most, each rounded up by this. */
static const double upwards = 1 + 0x1p-40;

static double sum_of(double a, double b, double *error) {
    double s = a + b, t = s - a;
    double lost = fabs((a - (s - t)) + (b - t));
    if (lost > 0 || !isfinite(s)) *error = (*error + lost) * upwards;
    return s;
}

static double product_of(double a, double b, double *error) {
    double p = a * b, lost = fabs(fma(a, b, -p));
    bool tiny = a != 0 && b != 0 && fabs(p) < 0x1p-900;
    if (lost > 0 || tiny) *error = (*error + lost + (tiny ? DBL_MIN : 0)) * upwards;
    return p;
}

static double quotient_of(double a, double b, double *error) {
    double q = a / b, lost = fabs(fma(-q, b, a) / b);
    bool tiny = a != 0 && (fabs(q) < 0x1p-900 || fabs(a) < 0x1p-900);
    if (lost > 0 || tiny) *error = (*error + lost + (tiny ? DBL_MIN : 0)) * upwards;
    return q;
}

/* Sources. */

/* Moves that do the same with what has the same shape. */
static bool moves_equally(const Graph *g, Value v, Value w) {
    const Node *a = ir_node(g, v), *b = ir_node(g, w);
    if (v.id == w.id) return true;
    if (v.id == 0 || w.id == 0 || a->op != b->op || a->shape.id != b->shape.id) return false;
    return ir_node(g, ir_operand(g, v, 0))->shape.id == ir_node(g, ir_operand(g, w, 0))->shape.id &&
           term_attributes_agree(g, v, w);
}

/* Of the same sources in the same shares. */
static bool form_equal(const AffineForm *a, const AffineForm *b) {
    if (a->count != b->count || a->center != b->center) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->term[i].source != b->term[i].source || a->term[i].factor != b->term[i].factor)
            return false;
    }
    return true;
}

static bool source_equal(const Graph *g, const AffineSource *a, const AffineSource *b) {
    /* Numbers are compared as they are: the same source has the same bits. */
    return a->kind == b->kind && a->of == b->of && a->axes == b->axes &&
           a->shape.id == b->shape.id && a->slope == b->slope && a->offset == b->offset &&
           (a->kind != SOURCE_FORM || form_equal(a->form, b->form)) &&
           moves_equally(g, a->node, b->node);
}

static uint64_t number_hash(uint64_t hash, double x) {
    uint64_t bits;
    x += 0.0;
    memcpy(&bits, &x, sizeof bits);
    return hash_mix(hash, bits);
}

static uint32_t source_hash(const AffineSource *s) {
    uint64_t hash = hash_mix(hash_mix(s->kind, s->of), s->shape.id);
    hash = number_hash(number_hash(hash, s->slope), s->offset);
    for (uint32_t i = 0; s->kind == SOURCE_FORM && i < s->form->count; i++)
        hash = number_hash(hash_mix(hash, s->form->term[i].source), s->form->term[i].factor);
    return (uint32_t)hash;
}

uint32_t affine_source(AffineSources *all, AffineSource source) {
    if (source.kind == SOURCE_VALUE) return source.of;
    bool kinks = source.kind == SOURCE_KINK;
    AffineSource inner = affine_source_at(all, kinks ? source.of : 0);
    if (kinks) source.shape = inner.shape;
    uint32_t hash = source_hash(&source), id;
    for (uint32_t at = slots_first(&all->slots, hash);
         (id = slots_seek(&all->slots, &at, hash)) != 0; at++) {
        if (source_equal(all->graph, &all->made.data[id - 1], &source)) {
            return all->graph->nodes.count + id - 1;
        }
    }
    id = all->graph->nodes.count + all->made.count;
    source.root = kinks ? inner.root : id;
    source.kinks = kinks ? inner.kinks + 1 : 0;
    if (source.kind == SOURCE_FORM) {
        AffineForm *own = ARENA_NEW(all->arena, AffineForm);
        *own = *source.form;
        source.form = own;
    }
    vec_push(all->arena, &all->made, source);
    slots_add(all->arena, &all->slots, hash, all->made.count);
    return id;
}

AffineSource affine_source_at(const AffineSources *all, uint32_t id) {
    uint32_t values = all->graph->nodes.count;
    if (id >= values) return all->made.data[id - values];
    return (AffineSource){
        .kind = SOURCE_VALUE, .of = id, .shape = all->graph->nodes.data[id].shape, .root = id};
}

/* The value of a source whose root is x. */
static double source_value(const AffineSources *all, uint32_t id, double x, double *error) {
    AffineSource s = affine_source_at(all, id);
    if (s.kind != SOURCE_KINK) return x;
    double lost = 0, inner = source_value(all, s.of, x, &lost);
    lost *= s.slope;
    inner = sum_of(product_of(s.slope, inner, &lost), s.offset, &lost);
    if (lost > 0) *error += lost * upwards;
    return fmax(inner, 0);
}

/* The largest magnitude of a source; it is monotone in its root. */
static double term_magnitude(const AffineSources *all, const AffineTerm *t) {
    double error = 0, low = source_value(all, t->source, t->low, &error);
    double high = source_value(all, t->source, t->high, &error);
    return (fmax(fabs(low), fabs(high)) + error) * upwards;
}

/* Forms. */

AffineForm affine_constant(double value) {
    return (AffineForm){.center = value, .low = value, .high = value};
}

AffineForm affine_of_source(const AffineSources *all, uint32_t source, double low, double high) {
    AffineForm f = {.count = 1, .term = {{source, 1, low, high}}};
    double error = 0;
    f.low = source_value(all, source, low, &error);
    f.high = source_value(all, source, high, &error);
    if (error > 0) affine_bound(all, &f);
    return f;
}

void affine_blur(AffineForm *f, double error) {
    if (error > 0 || isnan(error)) f->error = (f->error + error) * upwards;
}

static bool is_sound(const AffineForm *f) {
    return isfinite(f->center) && isfinite(f->error) && f->low <= f->high;
}

/* Gives the term with the narrowest share to center and error. */
static void fold_smallest(const AffineSources *all, AffineForm *f, AffineTerm *terms,
                          uint32_t *count) {
    uint32_t smallest = 0;
    double least = INFINITY, error = 0;
    for (uint32_t i = 0; i < *count; i++) {
        double width = fabs(terms[i].factor) * (terms[i].high - terms[i].low);
        if (width < least) smallest = i;
        least = fmin(least, width);
    }
    AffineTerm t = terms[smallest];
    double low = product_of(t.factor, source_value(all, t.source, t.low, &error), &error);
    double high = product_of(t.factor, source_value(all, t.source, t.high, &error), &error);
    double middle = low / 2 + high / 2;
    f->center = sum_of(f->center, middle, &error);
    affine_blur(f, error * (1 + fabs(t.factor)));
    affine_blur(f, fmax(fabs(high - middle), fabs(low - middle)) * upwards);
    for (uint32_t i = smallest; i + 1 < *count; i++) terms[i] = terms[i + 1];
    --*count;
}

/* One term of both, added; false where nothing is left of its range. */
static bool add_terms(const AffineSources *all, AffineForm *f, AffineTerm a, AffineTerm b,
                      AffineTerm *out) {
    double error = 0;
    *out = (AffineTerm){a.source, sum_of(a.factor, b.factor, &error), fmax(a.low, b.low),
                        fmin(a.high, b.high)};
    if (!(out->low <= out->high)) return false;
    if (error > 0) affine_blur(f, error * term_magnitude(all, out));
    return true;
}

bool affine_add(const AffineSources *all, const AffineForm *a, const AffineForm *b, double sign,
                AffineForm *out) {
    AffineTerm terms[2 * AFFINE_TERMS];
    uint32_t count = 0, i = 0, k = 0;
    double error = 0;
    AffineForm sum = {.center = sum_of(a->center, sign * b->center, &error)};
    affine_blur(&sum, error);
    affine_blur(&sum, a->error);
    affine_blur(&sum, b->error);
    while (i < a->count || k < b->count) {
        AffineTerm t = k < b->count ? b->term[k] : a->term[i];
        t.factor *= sign;
        bool first = i < a->count && (k == b->count || a->term[i].source <= t.source);
        bool both = first && k < b->count && a->term[i].source == t.source;
        if (first && !both) t = a->term[i];
        if (both && !add_terms(all, &sum, a->term[i], t, &t)) return false;
        i += first;
        k += !first || both;
        if (t.factor != 0) terms[count++] = t;
    }
    while (count > AFFINE_TERMS) fold_smallest(all, &sum, terms, &count);
    sum.count = count;
    for (i = 0; i < count; i++) sum.term[i] = terms[i];
    *out = sum;
    return affine_bound(all, out);
}

/* Each factor by `change`, which says what it rounds away. */
static bool change_factors(const AffineSources *all, const AffineForm *a, double by,
                           double (*change)(double, double, double *), AffineForm *out) {
    double error = 0, ignored = 0;
    AffineForm f = {.center = change(a->center, by, &error)};
    affine_blur(&f, error);
    affine_blur(&f, a->error > 0 ? fabs(change(a->error, by, &ignored)) * upwards + DBL_MIN : 0);
    for (uint32_t i = 0; i < a->count; i++) {
        AffineTerm t = a->term[i];
        error = 0;
        t.factor = change(t.factor, by, &error);
        if (error > 0) affine_blur(&f, error * term_magnitude(all, &t));
        if (t.factor != 0) f.term[f.count++] = t;
    }
    *out = f;
    return affine_bound(all, out);
}

bool affine_scale(const AffineSources *all, const AffineForm *a, double factor, AffineForm *out) {
    return change_factors(all, a, factor, product_of, out);
}

bool affine_divide(const AffineSources *all, const AffineForm *a, double by, AffineForm *out) {
    return change_factors(all, a, by, quotient_of, out);
}

bool affine_ratio(const AffineForm *a, const AffineForm *b, double *ratio) {
    if (a->count != b->count || b->count == 0) return false;
    double q = a->term[0].factor / b->term[0].factor;
    for (uint32_t i = 0; i < a->count; i++) {
        /* Equality is meant: what is not exactly a multiple is not one. */
        bool same = a->term[i].source == b->term[i].source;
        if (!same || b->term[i].factor * q != a->term[i].factor) return false;
        if (fma(b->term[i].factor, q, -a->term[i].factor) != 0) return false;
    }
    *ratio = q;
    return q > 0 && b->center * q == a->center && fma(b->center, q, -a->center) == 0;
}

/* Bounds. The terms of one root are bounded together: their sum is linear in it between the knots
 * of its kinks, so that the largest and smallest are at a knot or an end. */

typedef struct Knots {
    uint32_t count;
    double at[2 + AFFINE_TERMS * AFFINE_KINKS], error[2 + AFFINE_TERMS * AFFINE_KINKS];
} Knots;

/* Where the root makes the source `id` equal to t, known to `error`: kinks are monotone, so at one
 * place at the most, unless the source is 0 there, whose border is a knot of its own. */
static bool root_of(const AffineSources *all, uint32_t id, double *t, double *error) {
    AffineSource s = affine_source_at(all, id);
    while (s.kind == SOURCE_KINK) {
        if (*t <= 0) return false;
        double lost = *error, shifted = sum_of(*t, -s.offset, &lost);
        *error = lost / s.slope * upwards;
        *t = quotient_of(shifted, s.slope, error);
        s = affine_source_at(all, s.of);
    }
    return true;
}

static void find_knots(const AffineSources *all, uint32_t id, double low, double high,
                       Knots *knots) {
    AffineSource s = affine_source_at(all, id);
    for (; s.kind == SOURCE_KINK; s = affine_source_at(all, s.of)) {
        double error = 0, t = quotient_of(-s.offset, s.slope, &error);
        if (!root_of(all, s.of, &t, &error)) continue;
        if (!(t + error > low && t - error < high)) continue;
        knots->error[knots->count] = error;
        knots->at[knots->count++] = fmin(fmax(t, low), high);
    }
}

/* How much the source changes with its root, at the most. */
static double steepness(const AffineSources *all, uint32_t id) {
    double slope = 1;
    AffineSource s = affine_source_at(all, id);
    for (; s.kind == SOURCE_KINK; s = affine_source_at(all, s.of)) slope *= s.slope * upwards;
    return slope;
}

/* Adds the bounds of all terms of one root. */
static void bound_root(const AffineSources *all, const AffineForm *f, uint32_t root, double *low,
                       double *high, double *error) {
    Knots knots = {.count = 2};
    double steep = 0, least = INFINITY, most = -INFINITY, worst = 0;
    double from = -INFINITY, to = INFINITY;
    for (uint32_t i = 0; i < f->count; i++) {
        const AffineTerm *t = &f->term[i];
        if (affine_source_at(all, t->source).root != root) continue;
        from = fmax(from, t->low);
        to = fmin(to, t->high);
    }
    knots.at[0] = from;
    knots.at[1] = to;
    for (uint32_t i = 0; i < f->count; i++) {
        const AffineTerm *t = &f->term[i];
        if (affine_source_at(all, t->source).root != root) continue;
        steep += fabs(t->factor) * steepness(all, t->source) * upwards;
        find_knots(all, t->source, from, to, &knots);
    }
    for (uint32_t k = 0; k < knots.count; k++) {
        double sum = 0, lost = knots.error[k] * steep * upwards;
        for (uint32_t i = 0; i < f->count; i++) {
            const AffineTerm *t = &f->term[i];
            if (affine_source_at(all, t->source).root != root) continue;
            double own = 0, value = source_value(all, t->source, knots.at[k], &own);
            lost += own * fabs(t->factor) * upwards;
            sum = sum_of(sum, product_of(t->factor, value, &lost), &lost);
        }
        least = fmin(least, sum);
        most = fmax(most, sum);
        worst = fmax(worst, lost);
    }
    *error += worst * upwards;
    *low = sum_of(*low, least, error);
    *high = sum_of(*high, most, error);
    if (!(from <= to)) *low = INFINITY; /* no element has such a source */
}

static void bound_terms(const AffineSources *all, AffineForm *f) {
    double low = f->center, high = f->center, error = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        uint32_t root = affine_source_at(all, f->term[i].source).root;
        bool seen = false;
        for (uint32_t k = 0; k < i && !seen; k++) {
            seen = affine_source_at(all, f->term[k].source).root == root;
        }
        if (!seen) bound_root(all, f, root, &low, &high, &error);
    }
    error = (error + f->error) * upwards;
    /* Where there is no error, the sums are exact. */
    f->low = error > 0 ? nextafter(low - error, -INFINITY) : low;
    f->high = error > 0 ? nextafter(high + error, INFINITY) : high;
}

/* The share of f that is a multiple of the form of the source, in its place; false if none is.
 * What is left is bounded together with the kinks of that form. */
static bool gather(AffineForm *f, uint32_t source, const AffineForm *whole, double low,
                   double high) {
    AffineForm rest = *f;
    double ratio = 0, error = 0;
    uint32_t left = 0, taken = 0;
    rest.count = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        while (left < whole->count && whole->term[left].source < f->term[i].source) left++;
        bool both = left < whole->count && whole->term[left].source == f->term[i].source;
        if (!both) {
            rest.term[rest.count++] = f->term[i];
            continue;
        }
        double factor = whole->term[left].factor;
        if (taken++ == 0) ratio = f->term[i].factor / factor;
        /* Equality is meant: what is not exactly a multiple is not one. */
        if (fma(factor, ratio, -f->term[i].factor) != 0) return false;
    }
    if (taken < whole->count) return false;
    rest.center = sum_of(f->center, -product_of(ratio, whole->center, &error), &error);
    affine_blur(&rest, error);
    rest.term[rest.count++] = (AffineTerm){source, ratio, low, high};
    *f = rest; /* not in order, which bounds do not ask for */
    return true;
}

bool affine_bound(const AffineSources *all, AffineForm *f) {
    bound_terms(all, f);
    for (uint32_t i = 0; i < f->count; i++) {
        uint32_t root = affine_source_at(all, f->term[i].source).root;
        AffineSource s = affine_source_at(all, root);
        if (s.kind != SOURCE_FORM || f->term[i].source == root) continue;
        AffineForm gathered = *f;
        if (!gather(&gathered, root, s.form, f->term[i].low, f->term[i].high)) continue;
        bound_terms(all, &gathered);
        f->low = fmax(f->low, gathered.low);
        f->high = fmin(f->high, gathered.high);
    }
    return is_sound(f) && isfinite(f->low) && isfinite(f->high);
}

/* The kink of one source at `offset`, or of a form of several at 0, its first factor positive. */
static bool kink_of(AffineSources *all, const AffineForm *a, ShapeId shape, AffineForm *out) {
    AffineTerm t = a->term[0];
    AffineSource kink = {.kind = SOURCE_KINK, .of = t.source, .slope = 1};
    double scale = t.factor;
    if (a->count > 1) {
        kink.of = affine_source(
            all, (AffineSource){.kind = SOURCE_FORM, .form = a, .shape = shape});
        t.low = a->low;
        t.high = a->high;
        scale = 1;
    } else if (a->center != 0) {
        kink.slope = t.factor;
        kink.offset = a->center;
        scale = 1;
    }
    if (affine_source_at(all, kink.of).kinks >= AFFINE_KINKS) return false;
    *out = affine_of_source(all, affine_source(all, kink), t.low, t.high);
    return affine_scale(all, out, scale, out);
}

bool affine_relu(AffineSources *all, const AffineForm *a, ShapeId shape, AffineForm *out) {
    bool many = a->count > 1; /* what is known of its sign is known of its source */
    if (!many && a->high <= 0) return *out = affine_constant(0), true;
    if (!many && a->low >= 0) return *out = *a, true;
    if (a->count == 0) return false;
    AffineForm exact = *a, kink;
    exact.error = 0;
    /* max(y, 0) is max(-y, 0) + y. */
    bool falls = a->term[0].factor < 0;
    if (falls && !affine_scale(all, &exact, -1, &exact)) return false;
    if (falls) {
        exact.low = fmax(exact.low, -a->high);
        exact.high = fmin(exact.high, -a->low);
    }
    if (!kink_of(all, &exact, shape, &kink)) return false;
    if (falls && !affine_add(all, &kink, &exact, -1, &kink)) return false;
    affine_blur(&kink, a->error);
    *out = kink;
    return affine_bound(all, out);
}
