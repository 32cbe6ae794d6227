/* Whether a pattern meets an expression. Both are trees of the same language, so that they are
 * walked together; names of the file are looked through, names of the pattern are holes. */
#include "frontend/rewrite_internal.h"

#include <math.h>

enum { SPELLED_DEPTH = 3, SAME_DEPTH = 24 };
static const double small_limit = 1e-3;

typedef struct Meeting {
    const Rewriter *r;
    uint32_t depth; /* of spellings in each other */
} Meeting;

static bool meet(const Meeting *m, Match *match, Ast pattern, Ast code);

uint32_t rewrite_hole(const Rule *rule, Name name) {
    uint32_t i = 0;
    while (i < rule->hole_count && !name_is(rule->holes[i].name, name)) i++;
    return i;
}

/* ---- the same value, written twice ---- */

/* Of calls, those of rows alone: a block of the prelude may draw numbers, or make parameters. */
static bool is_repeatable(const Rewriter *r, Ast call) {
    Applied applied = applied_of(r->callees, r->module, r->file, call);
    return applied.callee != NULL && applied.callee->kind == CALLEE_OPERATOR;
}

static bool same_node(const Rewriter *r, Ast a, Ast b) {
    const AstNode *x = ast_node(r->file, a), *y = ast_node(r->file, b);
    if (x->kind != y->kind || x->op != y->op || x->child_count != y->child_count) return false;
    switch ((int)x->kind) {
    case AST_INTEGER:
    case AST_REAL: {
        double p = written_number(r->file, a), q = written_number(r->file, b);
        return p <= q && p >= q;
    }
    case AST_BOOL: return x->value.integer == y->value.integer;
    case AST_CALL: return name_is(x->name, y->name) && is_repeatable(r, a);
    case AST_FOR:
    case AST_SCAN:
    case AST_IF:
    case AST_ERROR: return false;
    default: return name_is(x->name, y->name);
    }
}

static bool is_same(const Rewriter *r, Ast a, Ast b, uint32_t depth) {
    if (a.id == b.id) return true;
    if (a.id == 0 || b.id == 0 || depth == SAME_DEPTH) return false;
    bool is_name_a = ast_kind(r->file, a) == AST_NAME, is_name_b = ast_kind(r->file, b) == AST_NAME;
    Ast binder_a = is_name_a ? r->scope.binder[a.id] : AST_NONE;
    Ast binder_b = is_name_b ? r->scope.binder[b.id] : AST_NONE;
    if (is_name_a && is_name_b && name_is(ast_name(r->file, a), ast_name(r->file, b)) &&
        binder_a.id == binder_b.id) {
        return true;
    }
    Ast value = scope_value(&r->scope, binder_a);
    if (value.id != 0) return is_same(r, value, b, depth + 1);
    value = scope_value(&r->scope, binder_b);
    if (value.id != 0) return is_same(r, a, value, depth + 1);
    if (!same_node(r, a, b)) return false;
    AstRange x = ast_list(r->file, a, 0), y = ast_list(r->file, b, 0);
    for (uint32_t i = 0; i < x.count; i++) {
        if (!is_same(r, x.items[i], y.items[i], depth + 1)) return false;
    }
    return true;
}

/* ---- holes ---- */

static bool fill(const Meeting *m, Match *match, uint32_t hole, Ast code) {
    const Rewriter *r = m->r;
    if (match->met[hole]) {
        Ast before = match->holes[hole];
        return before.id == 0 || code.id == 0 ? before.id == code.id
                                              : is_same(r, before, code, 0);
    }
    HoleKind kind = match->rule->holes[hole].kind;
    if (code.id == 0 && kind != HOLE_OPTIONAL) return false;
    if (kind == HOLE_SMALL) {
        double value = written_number(r->file, code);
        if (!(value > 0 && value <= small_limit)) return false;
    }
    match->holes[hole] = code;
    match->met[hole] = true;
    return true;
}

/* ---- applications ---- */

static bool is_commutative(const Callee *callee) {
    if (callee->kind != CALLEE_OPERATOR) return false;
    Primitive p = op_primitive(callee->op);
    return p == PRIMITIVE_ADD || p == PRIMITIVE_MUL || p == PRIMITIVE_MAXIMUM ||
           p == PRIMITIVE_MINIMUM;
}

/* An argument that the pattern does not have must say what leaving it out says: a switch that is
 * off. */
static bool may_be_left(const File *file, Ast argument) {
    const AstNode *node = ast_node(file, argument);
    return argument.id == 0 || (node->kind == AST_BOOL && node->value.integer == 0);
}

static bool meet_argument(const Meeting *m, Match *match, Ast pattern, Ast code) {
    const File *catalogue = m->r->catalogue;
    if (pattern.id == 0) return may_be_left(m->r->file, code);
    if (code.id != 0) return meet(m, match, pattern, code);
    if (ast_kind(catalogue, pattern) != AST_NAME) return false;
    uint32_t hole = rewrite_hole(match->rule, ast_name(catalogue, pattern));
    return hole < match->rule->hole_count && fill(m, match, hole, AST_NONE);
}

static bool meet_arguments(const Meeting *m, Match *match, const Applied *pattern,
                           const Applied *code) {
    const Match before = *match;
    for (int swapped = 0; swapped < (is_commutative(code->callee) ? 2 : 1); swapped++) {
        bool good = true;
        *match = before;
        for (uint32_t i = 0; good && i < code->callee->formal_count; i++) {
            Ast given = code->arguments[swapped && i < 2 ? 1 - i : i];
            good = meet_argument(m, match, pattern->arguments[i], given);
        }
        if (good) return true;
    }
    *match = before;
    return false;
}

/* Both sides are of the catalogue. */
static bool is_same_switch(const File *catalogue, Ast a, Ast b) {
    return b.id != 0 && ast_kind(catalogue, b) == AST_BOOL &&
           ast_node(catalogue, a)->value.integer == ast_node(catalogue, b)->value.integer;
}

/* By another rule, whose replacement is what the pattern applies: its pattern meets the code, and
 * what it would make of it meets the pattern. */
static bool meet_spelled(const Meeting *m, Match *match, const Applied *pattern, Ast code) {
    const Rewriter *r = m->r;
    if (m->depth == SPELLED_DEPTH) return false;
    const Meeting deeper = {r, m->depth + 1};
    const Match before = *match;
    for (uint32_t i = 0; i < r->rules.count; i++) {
        const Rule *rule = &r->rules.data[i];
        if (rule->is_offered || rule->makes != pattern->callee) continue;
        Match other = {.rule = rule, .place_count = match->place_count,
                       .let_count = match->let_count};
        for (uint32_t k = 0; k < match->place_count; k++) other.places[k] = match->places[k];
        for (uint32_t k = 0; k < match->let_count; k++) other.lets[k] = match->lets[k];
        if (!meet(&deeper, &other, rule->pattern, code)) continue;
        Applied made = applied_of(r->callees, NULL, r->catalogue, rule->replacement);
        bool good = true;
        match->place_count = other.place_count;
        match->let_count = other.let_count;
        for (uint32_t k = 0; k < other.place_count; k++) match->places[k] = other.places[k];
        for (uint32_t k = 0; k < other.let_count; k++) match->lets[k] = other.lets[k];
        for (uint32_t k = 0; good && k < made.callee->formal_count; k++) {
            Ast given = AST_NONE, argument = made.arguments[k];
            if (argument.id != 0 && ast_kind(r->catalogue, argument) == AST_BOOL) {
                good = is_same_switch(r->catalogue, argument, pattern->arguments[k]);
                continue;
            }
            if (argument.id != 0) {
                uint32_t hole = rewrite_hole(rule, ast_name(r->catalogue, argument));
                if (hole < rule->hole_count) given = other.holes[hole];
            }
            good = meet_argument(m, match, pattern->arguments[k], given);
        }
        if (good) return true;
        *match = before;
    }
    return false;
}

static bool remember(Match *match, Ast place, Ast let) {
    if (place.id != 0) {
        if (match->place_count == MET_MOST) return false;
        match->places[match->place_count++] = place;
    }
    for (uint32_t i = 0; let.id != 0 && i < match->let_count; i++) {
        if (match->lets[i].id == let.id) return true;
    }
    if (let.id != 0) {
        if (match->let_count == LETS_MOST) return false;
        match->lets[match->let_count++] = let;
    }
    return true;
}

static bool meet_application(const Meeting *m, Match *match, Ast pattern, Ast code) {
    const Rewriter *r = m->r;
    Applied wanted = applied_of(r->callees, NULL, r->catalogue, pattern);
    if (wanted.callee == NULL) return false;
    const Match before = *match;
    if (ast_kind(r->file, code) == AST_NAME) {
        Ast binder = r->scope.binder[code.id], value = scope_value(&r->scope, binder);
        if (value.id != 0 && remember(match, AST_NONE, binder) && meet(m, match, pattern, value)) {
            return true;
        }
        *match = before;
        return false;
    }
    Applied found = applied_of(r->callees, r->module, r->file, code);
    if (found.callee == wanted.callee && remember(match, code, AST_NONE) &&
        meet_arguments(m, match, &wanted, &found)) {
        return true;
    }
    *match = before;
    return found.callee != NULL && meet_spelled(m, match, &wanted, code);
}

static bool meet(const Meeting *m, Match *match, Ast pattern, Ast code) {
    const File *catalogue = m->r->catalogue;
    switch ((int)ast_kind(catalogue, pattern)) {
    case AST_NAME: {
        uint32_t hole = rewrite_hole(match->rule, ast_name(catalogue, pattern));
        return hole < match->rule->hole_count && fill(m, match, hole, code);
    }
    case AST_INTEGER:
    case AST_REAL: {
        double wanted = written_number(catalogue, pattern);
        double found = written_number(m->r->file, code);
        return wanted <= found && wanted >= found;
    }
    case AST_INF: return ast_kind(m->r->file, code) == AST_INF;
    case AST_BOOL:
        return ast_kind(m->r->file, code) == AST_BOOL &&
               ast_node(m->r->file, code)->value.integer ==
                   ast_node(catalogue, pattern)->value.integer;
    default: return meet_application(m, match, pattern, code);
    }
}

bool rewrite_match(const Rewriter *r, const Rule *rule, Ast root, Match *out) {
    const Meeting m = {r, 0};
    *out = (Match){.rule = rule, .root = root};
    /* A name is no root: what it stands for is one. */
    return ast_kind(r->file, root) != AST_NAME && meet(&m, out, rule->pattern, root);
}
