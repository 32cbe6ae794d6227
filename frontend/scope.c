/* One walk over the tree, with the bindings that are in force; then look-ups by the way up. */
#include "frontend/scope.h"

/* A binding that is taken back where its body ends. */
typedef struct Undo {
    Name name;
    Ast before;
} Undo;

typedef struct Walk {
    Scope *scope;
    const File *file;
    Ast *current; /* by name */
    VEC(Undo) undo;
} Walk;

static void bind(Walk *w, Name name, Ast binder) {
    if (name.id == 0) return;
    vec_push(&w->scope->cx->scratch, &w->undo, (Undo){name, w->current[name.id]});
    w->current[name.id] = binder;
}

static void unbind(Walk *w, uint32_t down_to) {
    while (w->undo.count > down_to) {
        Undo undo = w->undo.data[--w->undo.count];
        w->current[undo.name.id] = undo.before;
    }
}

/* The k-th name that a statement, or a part of a loop, binds for what comes behind it; none where
 * there are no more. */
static Name bound_name(const File *file, Ast binder, uint32_t k) {
    Ast pattern = AST_NONE;
    switch ((int)ast_kind(file, binder)) {
    case AST_PARAM:
    case AST_BUFFER:
    case AST_LAYER:
    case AST_PARAMETER:
    case AST_CARRY:
    case AST_FOR: return k == 0 ? ast_name(file, binder) : NAME_NONE;
    case AST_LET: pattern = ast_child(file, binder, AST_LET_PATTERN); break;
    case AST_SCAN: pattern = ast_child(file, binder, AST_SCAN_NAMES); break;
    case AST_ASSUME:
    case AST_GUARD: { /* from here on the name is the value that keeps the contract */
        Ast value = ast_child(file, binder, AST_ASSUME_VALUE);
        return k == 0 && ast_kind(file, value) == AST_NAME ? ast_name(file, value) : NAME_NONE;
    }
    default: return NAME_NONE;
    }
    AstRange names = ast_list(file, pattern, AST_PATTERN_NAMES);
    return k < names.count ? ast_name(file, names.items[k]) : NAME_NONE;
}

static void bind_names(Walk *w, Ast binder) {
    Name name;
    for (uint32_t k = 0; (name = bound_name(w->file, binder, k)).id != 0; k++) {
        bind(w, name, binder);
    }
}

static void walk(Walk *w, Ast ast, Ast parent);

static void walk_children(Walk *w, Ast ast) {
    AstRange all = ast_list(w->file, ast, 0);
    for (uint32_t i = 0; i < all.count; i++) walk(w, all.items[i], ast);
}

/* Statements one after the other; each sees those before it. */
static void walk_body(Walk *w, Ast body) {
    uint32_t before = w->undo.count;
    AstRange all = ast_list(w->file, body, AST_BODY_STATEMENTS);
    for (uint32_t i = 0; i < all.count; i++) {
        walk(w, all.items[i], body);
        bind_names(w, all.items[i]);
    }
    unbind(w, before);
}

/* The body of a loop sees its counter or items, and its carries; nothing else of it does. */
static void walk_loop(Walk *w, Ast loop, uint32_t carries_slot, uint32_t body_slot) {
    uint32_t before = w->undo.count;
    AstRange parts = ast_list(w->file, loop, 0);
    for (uint32_t i = 0; i < body_slot && i < parts.count; i++) walk(w, parts.items[i], loop);
    bind_names(w, loop);
    AstRange carries = ast_list(w->file, ast_child(w->file, loop, carries_slot), AST_LIST_ITEMS);
    for (uint32_t i = 0; i < carries.count; i++) bind_names(w, carries.items[i]);
    walk(w, ast_child(w->file, loop, body_slot), loop);
    unbind(w, before);
}

static void walk_declaration(Walk *w, Ast declaration) {
    uint32_t before = w->undo.count;
    AstRange parts = ast_list(w->file, declaration, 0);
    for (uint32_t i = 0; i < parts.count; i++) {
        walk(w, parts.items[i], declaration);
        if (i != AST_MODEL_PARAMETERS) continue;
        AstRange all = ast_list(w->file, parts.items[i], AST_LIST_ITEMS);
        for (uint32_t k = 0; k < all.count; k++) bind_names(w, all.items[k]);
    }
    unbind(w, before);
}

static void walk(Walk *w, Ast ast, Ast parent) {
    if (ast.id == 0) return;
    w->scope->parent[ast.id] = parent;
    switch ((int)ast_kind(w->file, ast)) {
    case AST_NAME: w->scope->binder[ast.id] = w->current[ast_name(w->file, ast).id]; return;
    case AST_MODEL:
    case AST_BLOCK: walk_declaration(w, ast); return;
    case AST_BODY: walk_body(w, ast); return;
    case AST_FOR: walk_loop(w, ast, AST_FOR_CARRIES, AST_FOR_BODY); return;
    case AST_SCAN: walk_loop(w, ast, AST_SCAN_CARRIES, AST_SCAN_BODY); return;
    default: walk_children(w, ast); return;
    }
}

Scope scope_make(Ctx *cx, const File *file) {
    _Static_assert((int)AST_MODEL_PARAMETERS == (int)AST_BLOCK_PARAMETERS, "walked alike");
    Scope scope = {.cx = cx,
                   .file = file,
                   .parent = ARENA_ARRAY(&cx->module, Ast, file->nodes.count),
                   .binder = ARENA_ARRAY(&cx->module, Ast, file->nodes.count)};
    Walk w = {.scope = &scope,
              .file = file,
              .current = ARENA_ARRAY(&cx->scratch, Ast, cx->names.count + 1)};
    walk(&w, file->root, AST_NONE);
    return scope;
}

static bool binds(const Scope *scope, Ast binder, Name name) {
    Name bound;
    for (uint32_t k = 0; (bound = bound_name(scope->file, binder, k)).id != 0; k++) {
        if (name_is(bound, name)) return true;
    }
    return false;
}

/* The last of some binders, those before `end`, that binds the name. */
static Ast last_of(const Scope *scope, AstRange binders, Ast end, Name name) {
    Ast found = AST_NONE;
    for (uint32_t i = 0; i < binders.count && binders.items[i].id != end.id; i++) {
        if (binds(scope, binders.items[i], name)) found = binders.items[i];
    }
    return found;
}

Ast scope_lookup(const Scope *scope, Name name, Ast at) {
    const File *file = scope->file;
    for (Ast below = at, up; (up = scope->parent[below.id]).id != 0; below = up) {
        Ast found = AST_NONE;
        AstKind kind = ast_kind(file, up);
        bool is_loop = kind == AST_FOR || kind == AST_SCAN;
        uint32_t body = kind == AST_FOR ? (uint32_t)AST_FOR_BODY : (uint32_t)AST_SCAN_BODY;
        uint32_t carries =
            kind == AST_FOR ? (uint32_t)AST_FOR_CARRIES : (uint32_t)AST_SCAN_CARRIES;
        if (kind == AST_BODY) {
            found = last_of(scope, ast_list(file, up, AST_BODY_STATEMENTS), below, name);
        } else if (is_loop && below.id == ast_child(file, up, body).id) {
            AstRange list = ast_list(file, ast_child(file, up, carries), AST_LIST_ITEMS);
            found = last_of(scope, list, AST_NONE, name);
            if (found.id == 0 && binds(scope, up, name)) found = up;
        } else if (kind == AST_MODEL || kind == AST_BLOCK) {
            AstRange list =
                ast_list(file, ast_child(file, up, AST_MODEL_PARAMETERS), AST_LIST_ITEMS);
            found = last_of(scope, list, AST_NONE, name);
        }
        if (found.id != 0) return found;
    }
    return AST_NONE;
}

static Ast climb(const Scope *scope, Ast at, AstClass class) {
    while (at.id != 0 && ast_kind_info[ast_kind(scope->file, at)].class != class) {
        at = scope->parent[at.id];
    }
    return at;
}

Ast scope_statement(const Scope *scope, Ast at) {
    return climb(scope, at, AST_CLASS_STATEMENT);
}

Ast scope_declaration(const Scope *scope, Ast at) {
    return climb(scope, at, AST_CLASS_DECLARATION);
}

Ast scope_value(const Scope *scope, Ast binder) {
    if (binder.id == 0 || ast_kind(scope->file, binder) != AST_LET) return AST_NONE;
    Ast pattern = ast_child(scope->file, binder, AST_LET_PATTERN);
    if (ast_list(scope->file, pattern, AST_PATTERN_NAMES).count != 1) return AST_NONE;
    return ast_child(scope->file, binder, AST_LET_VALUE);
}

bool scope_mentions(const Scope *scope, Name name) {
    for (uint32_t id = 1; id < scope->file->nodes.count; id++) {
        if (name_is(scope->file->nodes.data[id].name, name)) return true;
    }
    return false;
}
