/* The files of a program: what each sees of the others, and the reports on that. A file sees
 * the blocks that it declares and those that the files which it imports declare, and no
 * further: what these import is theirs. */
#include "frontend/resolve_internal.h"

#include "frontend/import.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NAMED = 3 };

static void collect_own(Ctx *cx, Module *module) {
    const File *file = module->file;
    AstRange declarations = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    module->own = ARENA_ARRAY(&cx->module, const Callee *, declarations.count);
    for (uint32_t i = 0; i < declarations.count; i++) {
        AstKind kind = ast_kind(file, declarations.items[i]);
        if (kind != AST_BLOCK && kind != AST_EXTERN) continue;
        module->own[module->own_count++] = block_callee(cx, module, declarations.items[i]);
    }
}

/* A block that may be seen, and how near it is. */
typedef struct Candidate {
    const Callee *callee;
    uint32_t order;
} Candidate;

static int compare_candidates(const void *left, const void *right) {
    const Candidate *a = left, *b = right;
    uint32_t x = a->callee->name.id, y = b->callee->name.id;
    if (x != y) return x < y ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void collect_visible(Ctx *cx, const Callees *callees, Module *module) {
    VEC(Candidate) all = {0};
    for (uint32_t i = 0; i < module->own_count; i++) {
        vec_push(&cx->scratch, &all, (Candidate){module->own[i], all.count});
    }
    for (uint32_t k = 0; k < module->file->imports.count; k++) {
        const File *from = module->file->imports.data[k].file;
        const Module *other = from ? module_of(callees, from) : NULL;
        for (uint32_t i = 0; other && i < other->own_count; i++) {
            vec_push(&cx->scratch, &all, (Candidate){other->own[i], all.count});
        }
    }
    if (all.count == 0) return;
    qsort(all.data, all.count, sizeof *all.data, compare_candidates);
    module->visible = ARENA_ARRAY(&cx->module, const Callee *, all.count);
    for (uint32_t i = 0; i < all.count; i++) {
        if (i > 0 && name_is(all.data[i].callee->name, all.data[i - 1].callee->name)) continue;
        module->visible[module->visible_count++] = all.data[i].callee;
    }
}

void modules_make(Ctx *cx, Callees *callees, const File *user, const File *prelude) {
    uint32_t count = user->files.count > 0 ? user->files.count : 1;
    callees->module_count = count;
    callees->modules = ARENA_ARRAY(&cx->module, Module, count);
    callees->prelude_module = ARENA_NEW(&cx->module, Module);
    *callees->prelude_module = (Module){.file = prelude, .prelude = true};
    collect_own(cx, callees->prelude_module);
    for (uint32_t i = 0; i < count; i++) {
        const File *file = i == 0 ? user : user->files.data[i];
        callees->modules[i] =
            (Module){.file = file, .number = i, .prelude = file->source->is_prelude};
        collect_own(cx, &callees->modules[i]);
    }
    for (uint32_t i = 0; i < count; i++) collect_visible(cx, callees, &callees->modules[i]);
}

Module *module_of(const Callees *callees, const File *file) {
    uint32_t i = 0;
    while (i < callees->module_count && callees->modules[i].file != file) i++;
    return i < callees->module_count ? &callees->modules[i] : NULL;
}

const Callee *module_find(const Module *module, Name name) {
    uint32_t low = 0, high = module->visible_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (module->visible[middle]->name.id < name.id) low = middle + 1;
        else high = middle;
    }
    if (low == module->visible_count) return NULL;
    return name_is(module->visible[low]->name, name) ? module->visible[low] : NULL;
}

/* Reports. */

/* Where the file declares it, or has it from. */
static Span first_span(const Resolver *r, AstRange declarations, Name name, const Callee *seen) {
    uint32_t declared = r->declared[name.id];
    if (declared != 0) return resolve_name_span(r, declarations.items[declared - 1]);
    return declared_name_span(r->cx, seen->file, seen->declaration);
}

/* The blocks of one import that are there already: one report for them all. */
static bool report_clashes(Resolver *r, AstRange declarations, const Module *from, Span place) {
    Buf list = buf_make(&r->cx->scratch);
    uint32_t count = 0;
    Span first = SPAN_NONE;
    for (uint32_t i = 0; i < from->own_count; i++) {
        Name name = from->own[i]->name;
        const Callee *seen = module_find(r->module, name);
        if (r->declared[name.id] == 0 && seen->module == from) continue;
        if (count == 0) first = first_span(r, declarations, name, seen);
        if (count < MAX_NAMED) {
            buf_printf(&list, "%s`%s`", count > 0 ? ", " : "", text(r, name));
        }
        count++;
    }
    if (count == 0) return false;
    if (count > MAX_NAMED) buf_printf(&list, " and %u more", count - MAX_NAMED);
    Diag *d = diag_new(r->cx, NNA1004, place, "%s %s declared twice", buf_text(&list),
                       count == 1 ? "is" : "are");
    diag_primary(r->cx, d, "imported from here too");
    diag_label(r->cx, d, first, "first here");
    diag_emit(r->cx, d);
    return true;
}

/* The import of the same file that stands before this one; NULL: none. */
static const Import *earlier_import(const Resolver *r, uint32_t index) {
    const Import *all = r->file->imports.data;
    for (uint32_t i = 0; i < index; i++) {
        if (all[i].file == all[index].file) return &all[i];
    }
    return NULL;
}

void resolve_imports(Resolver *r, AstRange declarations) {
    const File *file = r->file;
    for (uint32_t i = 0; i < declarations.count && file->imports.count == 0; i++) {
        if (ast_kind(file, declarations.items[i]) != AST_IMPORT) continue;
        r->imports = true; /* nobody looked: the text came from elsewhere than a file */
        diag_say(r->cx, NNA0001, import_path_span(file, declarations.items[i]),
                 "`import` needs a model that is read from a file");
    }
    for (uint32_t i = 0; i < file->imports.count; i++) {
        const Import *import = &file->imports.data[i];
        Span place = import_path_span(file, import->ast);
        r->imports = r->imports || !import->file || import->file->broken;
        if (!import->file) continue;
        const Module *from = module_of(r->callees, import->file);
        const Import *earlier = earlier_import(r, i);
        if (earlier) {
            Diag *d = diag_new(r->cx, NNA1004, place, "this file is imported twice");
            diag_label(r->cx, d, import_path_span(file, earlier->ast), "first here");
            diag_emit(r->cx, d);
        } else if (report_clashes(r, declarations, from, place)) {
            r->file_used[from->number] = 1;
        }
    }
}

void resolve_unused_imports(Resolver *r) {
    const File *file = r->file;
    if (file->broken) return;
    for (uint32_t i = 0; i < file->imports.count; i++) {
        const Import *import = &file->imports.data[i];
        if (!import->file || import->file->broken || earlier_import(r, i)) continue;
        const Module *from = module_of(r->callees, import->file);
        if (r->file_used[from->number]) continue;
        Diag *d = diag_new(r->cx, NNA1005, import_path_span(file, import->ast),
                           "nothing of this import is used");
        if (from->own_count == 0) {
            diag_note(r->cx, d, "`%s` declares no block, and nothing else is visible from outside",
                      import->file->source->path);
        }
        diag_emit(r->cx, d);
    }
}

void resolve_elsewhere_help(Resolver *r, Diag *d, Name name) {
    for (uint32_t k = 0; k < r->callees->module_count; k++) {
        const Module *other = &r->callees->modules[k];
        for (uint32_t i = 0; other != r->module && i < other->own_count; i++) {
            if (!name_is(other->own[i]->name, name)) continue;
            diag_help(r->cx, d, "`%s` declares it: a file sees what it imports itself",
                      other->file->source->path);
            return;
        }
    }
}
