/* Members: `r.state` is a result of the call that `r` is bound to, by its name, and
 * `fc1.weight`, `stack[3].w` a parameter by its path. Whatever else a member is in other languages
 * is a function here. */
#include "frontend/lower_internal.h"

#include "ir/base/hash.h"

#include <string.h>

/* Which call gave a tuple: by where its items lie. */

static uint32_t hash_of(const Lower *l, const Object *items) {
    return (uint32_t)hash_mix(l->cx->names.seed, (uint64_t)(uintptr_t)items);
}

void member_results(Lower *l, const Object *items, const Callee *callee) {
    const NamedResults one = {items, callee};
    vec_push(&l->cx->scratch, &l->named, one);
    slots_add(&l->cx->scratch, &l->named_slots, hash_of(l, items), l->named.count);
}

static AstRange result_names(Lower *l, const Object *tuple, const File **file) {
    uint32_t hash = hash_of(l, tuple->as.items), id;
    uint32_t at = slots_first(&l->named_slots, hash);
    for (; (id = slots_seek(&l->named_slots, &at, hash)) != 0; at++) {
        const NamedResults *one = &l->named.data[id - 1];
        if (one->items != tuple->as.items) continue;
        *file = one->callee->file;
        Ast results = ast_child(*file, one->callee->declaration, AST_BLOCK_RESULTS);
        return ast_list(*file, results, AST_LIST_ITEMS);
    }
    return (AstRange){0};
}

/* Paths. */

/* The path that an expression spells: names, members, static indices. NAME_NONE: no path. */
static Name spelled_root(Lower *l, Ast ast, Buf *out) {
    const File *file = l->frame->file;
    AstKind kind = ast_kind(file, ast);
    if (kind == AST_NAME) {
        buf_put(out, text_of(l, ast_name(file, ast)));
        return ast_name(file, ast);
    }
    if (kind == AST_MEMBER) {
        Name root = spelled_root(l, ast_child(file, ast, AST_MEMBER_VALUE), out);
        buf_printf(out, ".%s", text_of(l, ast_name(file, ast)));
        return root;
    }
    AstRange indices = {0};
    if (kind == AST_INDEX) indices = ast_list(file, ast, AST_INDEX_INDICES);
    if (indices.count != 1 || ast_kind_info[ast_kind(file, indices.items[0])].class !=
                                  AST_CLASS_EXPRESSION) {
        return NAME_NONE;
    }
    Name root = spelled_root(l, ast_child(file, ast, AST_INDEX_VALUE), out);
    Object step = eval(l, indices.items[0]);
    if (step.kind != OBJECT_INTEGER) return NAME_NONE;
    buf_printf(out, "[%lld]", (long long)step.as.integer);
    return root;
}

/* Parameters and their parts whose path begins with `prefix`, as far as the next dot. */
static uint32_t list_members(Lower *l, const char *prefix, Nearest *nearest, Buf *list) {
    enum { SHOWN = 6 };
    size_t length = strlen(prefix);
    uint32_t shown = 0;
    Name last = NAME_NONE;
    for (uint32_t i = 0; i < l->g->parameters.count; i++) {
        const char *path = text_of(l, ir_node(l->g, l->g->parameters.data[i].value)->name);
        if (strncmp(path, prefix, length) != 0 || path[length] != '.') continue;
        const char *rest = path + length + 1;
        Name part = names_intern(&l->cx->names, rest, strcspn(rest, ".["));
        if (name_is(part, last)) continue;
        last = part;
        nearest_try(nearest, text_of(l, part));
        if (shown < SHOWN) buf_printf(list, "%s`%s`", shown > 0 ? ", " : "", text_of(l, part));
        if (shown++ == SHOWN) buf_put(list, ", ...");
    }
    return shown;
}

/* written: the path before the name, "" for another expression. */
static Object no_member(Lower *l, Ast ast, const Object *base, const char *written) {
    const File *file = l->frame->file, *declared = NULL;
    Name name = ast_name(file, ast);
    Nearest nearest = nearest_to(l->cx, name), function = nearest;
    Buf list = buf_make(&l->cx->scratch);
    uint32_t shown = 0;
    if (*written) shown = list_members(l, path_inside(l, written), &nearest, &list);
    AstRange results = {0};
    if (base->kind == OBJECT_TUPLE) results = result_names(l, base, &declared);
    for (uint32_t i = 0; i < results.count; i++) {
        Name result = ast_name(declared, results.items[i]);
        if (result.id == 0) continue;
        nearest_try(&nearest, text_of(l, result));
        buf_printf(&list, "%s`%s`", shown++ > 0 ? ", " : "", text_of(l, result));
    }
    for (uint32_t i = 0; i < l->callees->all.count; i++) {
        nearest_try(&function, text_of(l, l->callees->all.data[i]->name));
    }
    Diag *d = fault(l, NNA1003, span_of(l, ast),
                    *written ? "`%s` has no member `%s`" : "this value%s has no member `%s`",
                    written, text_of(l, name));
    if (shown > 0) diag_note(l->cx, d, "it has %s", buf_text(&list));
    if (base->kind == OBJECT_LAYER && shown == 0) {
        diag_note(l->cx, d, "the parameters of a layer are made by its first call");
    }
    if (function.distance == 0) {
        diag_help(l->cx, d, "write `%s(%s)`", function.best, *written ? written : "...");
    } else {
        nearest_help(l->cx, d, &nearest);
    }
    fault_emit(l, d);
    return POISON;
}

Object eval_member(Lower *l, Ast ast) {
    const File *file = l->frame->file, *declared = NULL;
    Ast value = ast_child(file, ast, AST_MEMBER_VALUE);
    Name name = ast_name(file, ast);
    Buf path = buf_make(&l->cx->scratch);
    Name root = spelled_root(l, value, &path);
    Object base = POISON;
    if (root.id == 0) {
        base = eval(l, value);
        path.length = 0;
    } else if (find_binding(l, root)) {
        base = *find_binding(l, root);
    }
    if (base.kind == OBJECT_POISON) return POISON;
    if (base.kind == OBJECT_TUPLE && (root.id == 0 || ast_kind(file, value) == AST_NAME)) {
        AstRange results = result_names(l, &base, &declared);
        for (uint32_t i = 0; i < results.count; i++) {
            if (name_is(ast_name(declared, results.items[i]), name)) return base.as.items[i];
        }
    }
    const char *prefix = buf_text(&path);
    Value parameter = VALUE_NONE;
    if (root.id != 0) {
        const char *whole = arena_format(&l->cx->scratch, "%s.%s", prefix, text_of(l, name));
        parameter = path_parameter(l, whole);
    }
    if (!ir_is_poison(parameter)) return object_tensor(parameter);
    return no_member(l, ast, &base, root.id != 0 ? prefix : "");
}
