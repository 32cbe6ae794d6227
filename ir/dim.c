/* Symbolic dimensions: the table of polynomials and their arithmetic.
 *
 * Terms are kept in graded lexicographic order, largest first, so that the leading term of a
 * product is the product of the leading terms: exact division follows from that. Polynomials are
 * bounded in terms, degree, nesting and size; what is larger counts as overflow, so that no file
 * makes arithmetic, printing or recursion expensive. Bounds are worked out once, when a
 * polynomial is made. */
#include "ir/dim.h"

#include "ir/base/checked.h"
#include "ir/base/ctx.h"
#include "ir/base/hash.h"
#include "ir/slots.h"

#include <assert.h>
#include <string.h>

enum { MAX_TERMS = 64, MAX_DEGREE = 12, MAX_DEPTH = 16, MAX_SIZE = 2048, MAX_RELAXED = 8 };

/* Bounds; DIM_INFINITE and its negative stand for none. */
typedef struct DimInterval {
    int64_t low, high;
} DimInterval;

#define DIM_INFINITE INT64_MAX

typedef struct Poly {
    const DimTerm *terms; /* in the module arena, as are their atoms */
    uint32_t term_count;
    uint32_t size;        /* nodes of the whole tree */
    uint32_t depth;       /* nesting of atoms */
    DimInterval bounds;
} Poly;

struct DimTable {
    struct Ctx *cx;
    VEC(Poly) polys;    /* [0] is unknown */
    VEC(DimAtom) atoms; /* [0] is none */
    VEC(DimVar) variables;
    Slots poly_slots, atom_slots, variable_slots; /* of variables: position + 1 */
    bool overflowed;
};

/* A polynomial that is being built. */
typedef struct Monomial {
    int64_t coefficient;
    uint32_t atom_count;
    uint32_t atoms[MAX_DEGREE];
} Monomial;

typedef struct Sum {
    const DimTable *table; /* whose atoms these are */
    uint32_t count;
    bool overflowed;
    Monomial terms[MAX_TERMS];
} Sum;

DimTable *dims_new(struct Ctx *cx) {
    DimTable *t = ARENA_NEW(&cx->module, DimTable);
    t->cx = cx;
    vec_push(&cx->module, &t->polys, (Poly){.bounds = {0, DIM_INFINITE}});
    vec_push(&cx->module, &t->atoms, (DimAtom){0});
    return t;
}

bool dims_overflowed(DimTable *t) {
    bool overflowed = t->overflowed;
    t->overflowed = false;
    return overflowed;
}

static DimId overflow(DimTable *t) {
    t->overflowed = true;
    return DIM_UNKNOWN;
}

/* Sums. */

static int compare_atoms(const DimTable *t, uint32_t count_a, const uint32_t *a,
                         uint32_t count_b, const uint32_t *b);

/* Any order will do that does not depend on which polynomial was made first, so that what is
 * printed and read again prints alike. */
static int compare_polys(const DimTable *t, DimId a, DimId b) {
    const Poly *p = &t->polys.data[a.id], *q = &t->polys.data[b.id];
    if (a.id == b.id) return 0;
    if (p->term_count != q->term_count) return p->term_count < q->term_count ? -1 : 1;
    for (uint32_t i = 0; i < p->term_count; i++) {
        const DimTerm *x = &p->terms[i], *y = &q->terms[i];
        int order = compare_atoms(t, x->atom_count, x->atoms, y->atom_count, y->atoms);
        if (order != 0) return order;
        if (x->coefficient != y->coefficient) return x->coefficient < y->coefficient ? -1 : 1;
    }
    return 0;
}

/* Variables in order of their mention, then the other atoms. */
static int compare_atom(const DimTable *t, uint32_t a, uint32_t b) {
    if (a == b) return 0;
    const DimAtom *x = &t->atoms.data[a], *y = &t->atoms.data[b];
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    if (x->kind == DIM_ATOM_VARIABLE) return x->variable < y->variable ? -1 : 1;
    int order = compare_polys(t, x->a, y->a);
    return order != 0 ? order : compare_polys(t, x->b, y->b);
}

/* Graded lexicographic: < 0 where a comes first, being larger. */
static int compare_atoms(const DimTable *t, uint32_t count_a, const uint32_t *a,
                         uint32_t count_b, const uint32_t *b) {
    if (count_a != count_b) return count_a > count_b ? -1 : 1;
    for (uint32_t i = 0; i < count_a; i++) {
        int order = compare_atom(t, a[i], b[i]);
        if (order != 0) return order;
    }
    return 0;
}

/* Only what counts is set: the terms are large. */
static void sum_start(Sum *s, const DimTable *t) {
    s->table = t;
    s->count = 0;
    s->overflowed = false;
}

static void sum_remove(Sum *s, uint32_t at) {
    s->count--;
    memmove(&s->terms[at], &s->terms[at + 1], (s->count - at) * sizeof s->terms[0]);
}

/* Adds coefficient * atoms; the atoms are sorted. */
static void sum_add(Sum *s, int64_t coefficient, uint32_t count, const uint32_t *atoms) {
    if (coefficient == 0 || s->overflowed) return;
    uint32_t at = 0;
    int order = 1;
    while (at < s->count) {
        const Monomial *m = &s->terms[at];
        order = compare_atoms(s->table, m->atom_count, m->atoms, count, atoms);
        if (order >= 0) break;
        at++;
    }
    if (at < s->count && order == 0) {
        int64_t *total = &s->terms[at].coefficient;
        if (!checked_add(*total, coefficient, total)) s->overflowed = true;
        if (*total == 0) sum_remove(s, at);
        return;
    }
    if (s->count == MAX_TERMS || count > MAX_DEGREE) {
        s->overflowed = true;
        return;
    }
    memmove(&s->terms[at + 1], &s->terms[at], (s->count - at) * sizeof s->terms[0]);
    s->terms[at].coefficient = coefficient;
    s->terms[at].atom_count = count;
    if (count > 0) memcpy(s->terms[at].atoms, atoms, count * sizeof *atoms);
    s->count++;
}

static void sum_add_scaled(Sum *s, const DimTable *t, DimId d, int64_t factor) {
    const Poly *p = &t->polys.data[d.id];
    for (uint32_t i = 0; i < p->term_count; i++) {
        int64_t coefficient;
        if (!checked_mul(p->terms[i].coefficient, factor, &coefficient)) {
            s->overflowed = true;
            return;
        }
        sum_add(s, coefficient, p->terms[i].atom_count, p->terms[i].atoms);
    }
}

/* The sorted union, with repetition, of two sorted lists; false where it is too long. */
static bool merge_atoms(const DimTable *t, uint32_t count_a, const uint32_t *a, uint32_t count_b,
                        const uint32_t *b, uint32_t *out) {
    if (count_a + count_b > MAX_DEGREE) return false;
    uint32_t i = 0, j = 0;
    while (i < count_a || j < count_b) {
        bool first = j == count_b || (i < count_a && compare_atom(t, a[i], b[j]) <= 0);
        *out++ = first ? a[i++] : b[j++];
    }
    return true;
}

/* s += factor * atoms * d. */
static void sum_add_product(Sum *s, const DimTable *t, DimId d, int64_t factor, uint32_t count,
                            const uint32_t *atoms) {
    const Poly *p = &t->polys.data[d.id];
    for (uint32_t i = 0; i < p->term_count && !s->overflowed; i++) {
        const DimTerm *term = &p->terms[i];
        uint32_t merged[MAX_DEGREE];
        int64_t coefficient;
        if (!merge_atoms(t, term->atom_count, term->atoms, count, atoms, merged) ||
            !checked_mul(term->coefficient, factor, &coefficient)) {
            s->overflowed = true;
            return;
        }
        sum_add(s, coefficient, term->atom_count + count, merged);
    }
}

/* Bounds. DIM_INFINITE and its negative stand for no bound, and stay so. */

static int64_t clamp(__int128_t x) {
    if (x >= DIM_INFINITE) return DIM_INFINITE;
    if (x <= -(__int128_t)DIM_INFINITE) return -DIM_INFINITE;
    return (int64_t)x;
}

static DimInterval interval_mul(DimInterval a, DimInterval b) {
    __int128_t corner[4] = {(__int128_t)a.low * b.low, (__int128_t)a.low * b.high,
                            (__int128_t)a.high * b.low, (__int128_t)a.high * b.high};
    __int128_t low = corner[0], high = corner[0];
    for (int i = 1; i < 4; i++) {
        if (corner[i] < low) low = corner[i];
        if (corner[i] > high) high = corner[i];
    }
    return (DimInterval){clamp(low), clamp(high)};
}

static DimInterval interval_add(DimInterval a, DimInterval b) {
    bool low = a.low > -DIM_INFINITE && b.low > -DIM_INFINITE;
    bool high = a.high < DIM_INFINITE && b.high < DIM_INFINITE;
    return (DimInterval){low ? clamp((__int128_t)a.low + b.low) : -DIM_INFINITE,
                         high ? clamp((__int128_t)a.high + b.high) : DIM_INFINITE};
}

static int64_t floor_quotient(int64_t a, int64_t b) {
    int64_t q = 0;
    bool fits = checked_floor_div(a, b, &q);
    assert(fits);
    (void)fits;
    return q;
}

/* floor(a / b) for b > 0 throughout; elsewhere |floor(a / b)| <= |a| + 1 holds. */
static DimInterval interval_floor_div(DimInterval a, DimInterval b) {
    if (b.high < 0) {
        a = (DimInterval){-a.high, -a.low};
        b = (DimInterval){-b.high, -b.low};
    }
    if (b.low <= 0) {
        int64_t most = a.high > -a.low ? a.high : -a.low;
        int64_t bound = clamp((__int128_t)most + 1);
        return (DimInterval){-bound, bound};
    }
    DimInterval q;
    q.low = a.low == -DIM_INFINITE ? -DIM_INFINITE
                                   : floor_quotient(a.low, a.low < 0 ? b.low : b.high);
    q.high = a.high == DIM_INFINITE ? DIM_INFINITE
                                    : floor_quotient(a.high, a.high < 0 ? b.high : b.low);
    return q;
}

static DimInterval atom_bounds(const DimTable *t, uint32_t index) {
    const DimAtom *atom = &t->atoms.data[index];
    DimInterval a = t->polys.data[atom->a.id].bounds, b = t->polys.data[atom->b.id].bounds;
    switch (atom->kind) {
    case DIM_ATOM_VARIABLE: {
        const DimVar *v = &t->variables.data[atom->variable];
        return (DimInterval){clamp(v->low), clamp(v->high)};
    }
    case DIM_ATOM_FLOOR_DIV: return interval_floor_div(a, b);
    case DIM_ATOM_MAXIMUM:
        return (DimInterval){a.low > b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
    }
    return (DimInterval){-DIM_INFINITE, DIM_INFINITE};
}

static DimInterval term_bounds(const DimTable *t, const Sum *s) {
    DimInterval total = {0, 0};
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t coefficient = clamp(s->terms[i].coefficient);
        DimInterval term = {coefficient, coefficient};
        for (uint32_t k = 0; k < s->terms[i].atom_count; k++) {
            term = interval_mul(term, atom_bounds(t, s->terms[i].atoms[k]));
        }
        total = interval_add(total, term);
    }
    return total;
}

/* The first term that is a multiple of floor(x / k), k > 0; s->count if there is none. */
static uint32_t find_quotient(const DimTable *t, const Sum *s, DimId *x, int64_t *k) {
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->terms[i].atom_count != 1) continue;
        const DimAtom *atom = &t->atoms.data[s->terms[i].atoms[0]];
        *x = atom->a;
        if (atom->kind == DIM_ATOM_FLOOR_DIV && dim_is_constant(t, atom->b, k) && *k > 0) return i;
    }
    return s->count;
}

/* floor(x / k) = (x - r) / k for some r in 0 .. k - 1. With that put in, and all multiplied by k,
 * variables that stand inside and outside of quotients cancel; the result is an integer. */
static DimInterval relaxed_bounds(const DimTable *t, const Sum *s) {
    const DimInterval none = {-DIM_INFINITE, DIM_INFINITE};
    Sum now = *s;
    DimInterval slack = {0, 0}, scale = {1, 1};
    DimId x;
    int64_t k;
    for (int step = 0; step < MAX_RELAXED; step++) {
        uint32_t at = find_quotient(t, &now, &x, &k);
        if (at == now.count) break;
        int64_t c = clamp(now.terms[at].coefficient), scaled;
        Sum next;
        sum_start(&next, t);
        sum_add_scaled(&next, t, x, c);
        for (uint32_t i = 0; i < now.count; i++) {
            const Monomial *m = &now.terms[i];
            if (i == at) continue;
            if (!checked_mul(m->coefficient, k, &scaled)) return none;
            sum_add(&next, scaled, m->atom_count, m->atoms);
        }
        if (next.overflowed) return none;
        const DimInterval factor = {k, k}, remainder = {1 - k, 0}, times = {c, c};
        slack = interval_add(interval_mul(slack, factor), interval_mul(times, remainder));
        scale = interval_mul(scale, factor);
        now = next;
    }
    if (scale.high == DIM_INFINITE) return none;
    DimInterval total = interval_add(term_bounds(t, &now), slack);
    DimInterval upwards = {-total.high, -total.low};
    /* Upwards, since the lower bound is rounded up. */
    return (DimInterval){-interval_floor_div(upwards, scale).high,
                         interval_floor_div(total, scale).high};
}

static DimInterval sum_bounds(const DimTable *t, const Sum *s) {
    DimInterval bounds = term_bounds(t, s);
    DimId x;
    int64_t k;
    if (find_quotient(t, s, &x, &k) == s->count) return bounds;
    DimInterval relaxed = relaxed_bounds(t, s);
    return (DimInterval){relaxed.low > bounds.low ? relaxed.low : bounds.low,
                         relaxed.high < bounds.high ? relaxed.high : bounds.high};
}

/* Interning. */

static uint32_t sum_hash(const DimTable *t, const Sum *s) {
    uint64_t hash = t->cx->names.seed ^ s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        const Monomial *m = &s->terms[i];
        hash = hash_mix(hash, (uint64_t)m->coefficient);
        for (uint32_t k = 0; k < m->atom_count; k++) hash = hash_mix(hash, m->atoms[k]);
        hash = hash_mix(hash, m->atom_count);
    }
    return (uint32_t)hash;
}

static bool poly_is(const Poly *p, const Sum *s) {
    if (p->term_count != s->count) return false;
    for (uint32_t i = 0; i < s->count; i++) {
        const DimTerm *a = &p->terms[i];
        const Monomial *b = &s->terms[i];
        if (a->coefficient != b->coefficient || a->atom_count != b->atom_count) return false;
        if (a->atom_count > 0 &&
            memcmp(a->atoms, b->atoms, a->atom_count * sizeof *a->atoms) != 0) {
            return false;
        }
    }
    return true;
}

/* Size and depth of the tree under an atom. */
static void atom_measure(const DimTable *t, uint32_t index, uint32_t *size, uint32_t *depth) {
    const DimAtom *atom = &t->atoms.data[index];
    const Poly *a = &t->polys.data[atom->a.id], *b = &t->polys.data[atom->b.id];
    if (atom->kind == DIM_ATOM_VARIABLE) {
        *size += 1;
        return;
    }
    uint32_t deeper = (a->depth > b->depth ? a->depth : b->depth) + 1;
    if (deeper > *depth) *depth = deeper;
    *size += 1 + a->size + b->size; /* each at most MAX_SIZE */
}

static DimId sum_intern(DimTable *t, const Sum *s) {
    if (s->overflowed) return overflow(t);
    uint32_t hash = sum_hash(t, s), at = slots_first(&t->poly_slots, hash), id;
    for (; (id = slots_seek(&t->poly_slots, &at, hash)) != 0; at++) {
        if (poly_is(&t->polys.data[id], s)) return (DimId){id};
    }
    Arena *arena = &t->cx->module;
    Poly p = {.term_count = s->count, .bounds = sum_bounds(t, s)};
    DimTerm *terms = ARENA_ARRAY(arena, DimTerm, s->count);
    for (uint32_t i = 0; i < s->count; i++) {
        const Monomial *m = &s->terms[i];
        uint32_t *atoms = ARENA_ARRAY(arena, uint32_t, m->atom_count);
        for (uint32_t k = 0; k < m->atom_count; k++) {
            atoms[k] = m->atoms[k];
            atom_measure(t, atoms[k], &p.size, &p.depth);
        }
        p.size++;
        terms[i] = (DimTerm){m->coefficient, m->atom_count, atoms};
    }
    if (p.size > MAX_SIZE || p.depth > MAX_DEPTH) return overflow(t);
    p.terms = terms;
    vec_push(arena, &t->polys, p);
    slots_add(arena, &t->poly_slots, hash, t->polys.count - 1);
    return (DimId){t->polys.count - 1};
}

static bool atom_is(const DimAtom *a, const DimAtom *b) {
    return a->kind == b->kind && a->variable == b->variable && dim_is(a->a, b->a) &&
           dim_is(a->b, b->b);
}

static uint32_t atom_hash(const DimTable *t, const DimAtom *atom) {
    uint64_t operands = (uint64_t)atom->a.id << 32 | atom->b.id;
    return (uint32_t)hash_mix(hash_mix(t->cx->names.seed ^ atom->kind, operands), atom->variable);
}

static DimId atom_intern(DimTable *t, DimAtom atom) {
    uint32_t hash = atom_hash(t, &atom), at = slots_first(&t->atom_slots, hash), id;
    for (; (id = slots_seek(&t->atom_slots, &at, hash)) != 0; at++) {
        if (atom_is(&t->atoms.data[id], &atom)) break;
    }
    if (id == 0) {
        vec_push(&t->cx->module, &t->atoms, atom);
        id = t->atoms.count - 1;
        slots_add(&t->cx->module, &t->atom_slots, hash, id);
    }
    Sum s;
    sum_start(&s, t);
    sum_add(&s, 1, 1, &id);
    return sum_intern(t, &s);
}

/* Arithmetic. */

DimId dim_constant(DimTable *t, int64_t value) {
    Sum s;
    sum_start(&s, t);
    sum_add(&s, value, 0, NULL);
    return sum_intern(t, &s);
}

static uint32_t variable_hash(const DimTable *t, Name name) {
    return (uint32_t)hash_mix(t->cx->names.seed, name.id);
}

/* Position + 1; 0 for none. */
static uint32_t find_variable(const DimTable *t, Name name) {
    uint32_t hash = variable_hash(t, name), at = slots_first(&t->variable_slots, hash), id;
    for (; (id = slots_seek(&t->variable_slots, &at, hash)) != 0; at++) {
        if (name_is(t->variables.data[id - 1].name, name)) return id;
    }
    return 0;
}

DimId dim_variable(DimTable *t, Name name, int64_t low, int64_t high) {
    uint32_t id = find_variable(t, name);
    if (id == 0) {
        vec_push(&t->cx->module, &t->variables, (DimVar){name, low, high});
        id = t->variables.count;
        slots_add(&t->cx->module, &t->variable_slots, variable_hash(t, name), id);
    }
    return atom_intern(t, (DimAtom){.kind = DIM_ATOM_VARIABLE, .variable = id - 1});
}

DimId dim_variable_named(DimTable *t, Name name) {
    uint32_t id = find_variable(t, name);
    if (id == 0) return DIM_UNKNOWN;
    return atom_intern(t, (DimAtom){.kind = DIM_ATOM_VARIABLE, .variable = id - 1});
}

static DimId combine(DimTable *t, DimId a, DimId b, int64_t factor) {
    if (a.id == 0 || b.id == 0) return DIM_UNKNOWN;
    Sum s;
    sum_start(&s, t);
    sum_add_scaled(&s, t, a, 1);
    sum_add_scaled(&s, t, b, factor);
    return sum_intern(t, &s);
}

DimId dim_add(DimTable *t, DimId a, DimId b) {
    return combine(t, a, b, 1);
}

DimId dim_sub(DimTable *t, DimId a, DimId b) {
    return combine(t, a, b, -1);
}

DimId dim_mul(DimTable *t, DimId a, DimId b) {
    if (a.id == 0 || b.id == 0) return DIM_UNKNOWN;
    Sum s;
    sum_start(&s, t);
    const Poly *p = &t->polys.data[a.id];
    for (uint32_t i = 0; i < p->term_count; i++) {
        sum_add_product(&s, t, b, p->terms[i].coefficient, p->terms[i].atom_count,
                        p->terms[i].atoms);
    }
    return sum_intern(t, &s);
}

/* Takes the atoms of `part` out of those of `whole`; false where they are not all there. */
static bool take_atoms(const Monomial *whole, const DimTerm *part, uint32_t *out,
                       uint32_t *out_count) {
    uint32_t used = 0, count = 0;
    for (uint32_t i = 0; i < whole->atom_count; i++) {
        if (used < part->atom_count && whole->atoms[i] == part->atoms[used]) {
            used++;
        } else {
            out[count++] = whole->atoms[i];
        }
    }
    *out_count = count;
    return used == part->atom_count;
}

/* a / b in the polynomials, by leading terms; false where it is not exact there. */
static bool divide_exactly(DimTable *t, DimId a, DimId b, DimId *out) {
    const Poly *divisor = &t->polys.data[b.id];
    if (divisor->term_count == 0) return false;
    const DimTerm *lead = &divisor->terms[0];
    Sum rest, quotient;
    sum_start(&rest, t);
    sum_start(&quotient, t);
    sum_add_scaled(&rest, t, a, 1);
    while (rest.count > 0) {
        uint32_t atoms[MAX_DEGREE], count;
        int64_t top = rest.terms[0].coefficient, factor;
        if (!checked_floor_div(top, lead->coefficient, &factor) ||
            factor * lead->coefficient != top ||
            !take_atoms(&rest.terms[0], lead, atoms, &count) || factor == INT64_MIN) {
            return false;
        }
        sum_add(&quotient, factor, count, atoms);
        sum_add_product(&rest, t, b, -factor, count, atoms);
        if (rest.overflowed || quotient.overflowed) return false;
    }
    *out = sum_intern(t, &quotient);
    return out->id != 0;
}

bool dim_is_constant(const DimTable *t, DimId d, int64_t *out) {
    const Poly *p = &t->polys.data[d.id];
    if (d.id == 0 || p->term_count > 1 || (p->term_count == 1 && p->terms[0].atom_count > 0)) {
        return false;
    }
    *out = p->term_count == 0 ? 0 : p->terms[0].coefficient;
    return true;
}

static int64_t gcd(int64_t a, int64_t b) {
    uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    while (y != 0) {
        uint64_t rest = x % y;
        x = y;
        y = rest;
    }
    return x > INT64_MAX ? 1 : (int64_t)x;
}

/* The greatest common divisor of `start` and the coefficients of all terms with atoms; *constant
 * gets the other one. */
static int64_t coefficient_gcd(const Sum *s, int64_t start, int64_t *constant) {
    *constant = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->terms[i].atom_count == 0) {
            *constant = s->terms[i].coefficient;
        } else {
            start = gcd(start, s->terms[i].coefficient);
        }
    }
    return start;
}

/* floor((floor(x / m) + p) / k) = floor((x + m p) / (m k)), for m, k > 0. Looks for such a term
 * in r and gives the numerator and the denominator. */
static bool unnest(DimTable *t, DimId r, int64_t k, DimId *numerator, int64_t *denominator) {
    const Poly *p = &t->polys.data[r.id];
    for (uint32_t i = 0; i < p->term_count; i++) {
        const DimTerm *term = &p->terms[i];
        if (term->coefficient != 1 || term->atom_count != 1) continue;
        DimAtom atom = t->atoms.data[term->atoms[0]];
        int64_t m;
        if (atom.kind != DIM_ATOM_FLOOR_DIV || !dim_is_constant(t, atom.b, &m) || m <= 0 ||
            !checked_mul(m, k, denominator)) {
            continue;
        }
        Sum s;
        sum_start(&s, t);
        sum_add_scaled(&s, t, r, m);
        sum_add(&s, -m, 1, term->atoms);
        sum_add_scaled(&s, t, atom.a, 1);
        if (s.overflowed) return false;
        *numerator = sum_intern(t, &s);
        return numerator->id != 0;
    }
    return false;
}

/* floor(a / k), k > 0. Terms that k divides come out of the quotient, the constant leaves its
 * remainder, and what then has a common divisor is divided by it. */
static DimId floor_div_constant(DimTable *t, DimId a, int64_t k) {
    Sum whole, rest;
    sum_start(&whole, t);
    sum_start(&rest, t);
    const Poly *p = &t->polys.data[a.id];
    for (uint32_t i = 0; i < p->term_count; i++) {
        const DimTerm *term = &p->terms[i];
        int64_t q = floor_quotient(term->coefficient, k), r = term->coefficient - q * k;
        bool splits = r == 0 || term->atom_count == 0;
        sum_add(&whole, splits ? q : 0, term->atom_count, term->atoms);
        sum_add(&rest, splits ? r : term->coefficient, term->atom_count, term->atoms);
    }
    int64_t constant, divisor = coefficient_gcd(&rest, k, &constant);
    for (uint32_t i = 0; i < rest.count; i++) {
        rest.terms[i].coefficient = floor_quotient(rest.terms[i].coefficient, divisor);
    }
    if (rest.count > 0 && rest.terms[rest.count - 1].coefficient == 0) rest.count--;
    k /= divisor;
    DimInterval q = interval_floor_div(sum_bounds(t, &rest), (DimInterval){k, k});
    DimId quotient, numerator, remainder = sum_intern(t, &rest);
    int64_t denominator;
    if (remainder.id == 0) return DIM_UNKNOWN;
    if (q.low == q.high) {
        quotient = dim_constant(t, q.low);
    } else if (unnest(t, remainder, k, &numerator, &denominator)) {
        quotient = floor_div_constant(t, numerator, denominator);
    } else {
        DimAtom atom = {.kind = DIM_ATOM_FLOOR_DIV, .a = remainder, .b = dim_constant(t, k)};
        quotient = atom_intern(t, atom);
    }
    return dim_add(t, sum_intern(t, &whole), quotient);
}

DimId dim_floor_div(DimTable *t, DimId a, DimId b) {
    if (a.id == 0 || b.id == 0) return DIM_UNKNOWN;
    int64_t k;
    DimId quotient;
    if (dim_is_constant(t, b, &k)) {
        if (k == 0) return overflow(t);
        if (k > 0) return floor_div_constant(t, a, k);
        DimId zero = dim_constant(t, 0);
        return k == INT64_MIN ? overflow(t) : floor_div_constant(t, dim_sub(t, zero, a), -k);
    }
    if (divide_exactly(t, a, b, &quotient)) return quotient;
    DimInterval divisor = t->polys.data[b.id].bounds;
    if (divisor.low > 0 || divisor.high < 0) {
        DimInterval q = interval_floor_div(t->polys.data[a.id].bounds, divisor);
        if (q.low == q.high) return dim_constant(t, q.low);
    }
    return atom_intern(t, (DimAtom){.kind = DIM_ATOM_FLOOR_DIV, .a = a, .b = b});
}

DimDivision dim_exact_div(DimTable *t, DimId a, DimId b, DimId *out) {
    *out = DIM_UNKNOWN;
    if (a.id == 0 || b.id == 0) return DIM_EXACT;
    if (divide_exactly(t, a, b, out)) return DIM_EXACT;
    *out = dim_floor_div(t, a, b);
    int64_t k, constant;
    if (!dim_is_constant(t, b, &k) || k == 0) return DIM_UNCERTAIN;
    Sum s;
    sum_start(&s, t);
    sum_add_scaled(&s, t, a, 1);
    int64_t divisor = coefficient_gcd(&s, k, &constant);
    return constant % divisor != 0 ? DIM_INEXACT : DIM_UNCERTAIN;
}

/* Order. */

void dim_bounds(const DimTable *t, DimId d, int64_t *low, int64_t *high) {
    DimInterval bounds = t->polys.data[d.id].bounds;
    *low = bounds.low == -DIM_INFINITE ? INT64_MIN : bounds.low;
    *high = bounds.high;
}

DimOrder dim_compare(const DimTable *t, DimId a, DimId b) {
    if (a.id == b.id || a.id == 0 || b.id == 0) return DIM_EQUAL;
    Sum s;
    sum_start(&s, t);
    sum_add_scaled(&s, t, a, 1);
    sum_add_scaled(&s, t, b, -1);
    if (s.overflowed) return DIM_MAYBE;
    DimInterval difference = sum_bounds(t, &s);
    if (difference.low > 0) return DIM_GREATER;
    if (difference.high < 0) return DIM_LESS;
    int64_t constant, divisor = coefficient_gcd(&s, 0, &constant);
    return divisor > 1 && constant % divisor != 0 ? DIM_DIFFERENT : DIM_MAYBE;
}

bool dim_at_most(const DimTable *t, DimId a, DimId b) {
    if (a.id == b.id || a.id == 0 || b.id == 0) return true;
    Sum s;
    sum_start(&s, t);
    sum_add_scaled(&s, t, a, 1);
    sum_add_scaled(&s, t, b, -1);
    return !s.overflowed && sum_bounds(t, &s).high <= 0;
}

DimId dim_maximum(DimTable *t, DimId a, DimId b) {
    if (a.id == 0 || b.id == 0) return DIM_UNKNOWN;
    if (dim_at_most(t, b, a)) return a;
    if (dim_at_most(t, a, b)) return b;
    bool swap = compare_polys(t, a, b) > 0;
    return atom_intern(
        t, (DimAtom){.kind = DIM_ATOM_MAXIMUM, .a = swap ? b : a, .b = swap ? a : b});
}

/* Parts, and values. */

uint32_t dim_variable_count(const DimTable *t) {
    return t->variables.count;
}

DimVar dim_variable_at(const DimTable *t, uint32_t index) {
    assert(index < t->variables.count);
    return t->variables.data[index];
}

uint32_t dim_term_count(const DimTable *t, DimId d) {
    return t->polys.data[d.id].term_count;
}

DimTerm dim_term(const DimTable *t, DimId d, uint32_t index) {
    assert(index < t->polys.data[d.id].term_count);
    return t->polys.data[d.id].terms[index];
}

DimAtom dim_atom(const DimTable *t, uint32_t atom) {
    assert(atom > 0 && atom < t->atoms.count);
    return t->atoms.data[atom];
}

bool dim_is_variable(const DimTable *t, DimId d, uint32_t *index) {
    const Poly *p = &t->polys.data[d.id];
    if (p->term_count != 1 || p->terms[0].coefficient != 1 || p->terms[0].atom_count != 1) {
        return false;
    }
    const DimAtom *atom = &t->atoms.data[p->terms[0].atoms[0]];
    *index = atom->variable;
    return atom->kind == DIM_ATOM_VARIABLE;
}

static bool atom_evaluate(const DimTable *t, uint32_t index, const int64_t *values, int64_t *out) {
    const DimAtom *atom = &t->atoms.data[index];
    int64_t a, b;
    if (atom->kind == DIM_ATOM_VARIABLE) {
        *out = values[atom->variable];
        return true;
    }
    if (!dim_evaluate(t, atom->a, values, &a) || !dim_evaluate(t, atom->b, values, &b)) {
        return false;
    }
    if (atom->kind == DIM_ATOM_FLOOR_DIV) return b != 0 && checked_floor_div(a, b, out);
    *out = a > b ? a : b;
    return true;
}

bool dim_evaluate(const DimTable *t, DimId d, const int64_t *values, int64_t *out) {
    const Poly *p = &t->polys.data[d.id];
    if (d.id == 0) return false;
    int64_t total = 0;
    for (uint32_t i = 0; i < p->term_count; i++) {
        int64_t product = p->terms[i].coefficient;
        for (uint32_t k = 0; k < p->terms[i].atom_count; k++) {
            int64_t value;
            if (!atom_evaluate(t, p->terms[i].atoms[k], values, &value) ||
                !checked_mul(product, value, &product)) {
                return false;
            }
        }
        if (!checked_add(total, product, &total)) return false;
    }
    *out = total;
    return true;
}
