/* Reports taken back by `@allow`: those of its code whose primary span lies within the
 * declaration or the statement that it stands on. What is taken back stays in the list of
 * reports, withdrawn, so that its place is not reported anew. */
#include "frontend/allow.h"

#include <stdlib.h>
#include <string.h>

typedef struct Allow {
    DiagCode code;
    Span owner, span;
    uint32_t outer; /* the number of the next one whose owner is around this owner, and 1 */
    bool used;
    bool imported; /* it may be there for other models */
} Allow;

typedef struct Allows {
    Ctx *cx;
    const AllowOptions *options;
    const File *root; /* the file that was given */
    VEC(Allow) list;  /* outer owners first, then by place */
} Allows;

static const char example[] = "as in `@allow(NNA3001, \"why\")`";

bool allow_is_possible(DiagCode code) {
    return strncmp(diag_info[code].code, "NNA0", 4) != 0 && code != NNA1001 && code != NNA1002;
}

static Ast argument_at(const File *file, Ast attribute, uint32_t index) {
    AstRange arguments = ast_list(file, attribute, AST_ATTRIBUTE_ARGUMENTS);
    if (index >= arguments.count) return AST_NONE;
    return ast_child(file, arguments.items[index], AST_ARGUMENT_VALUE);
}

static DiagCode named_code(const Ctx *cx, const File *file, Ast value) {
    if (value.id == 0) return DIAG_COUNT;
    AstKind kind = ast_kind(file, value);
    if (kind != AST_NAME && kind != AST_STRING) return DIAG_COUNT;
    return diag_find(names_text(&cx->names, ast_name(file, value)));
}

static bool is_reason(const Ctx *cx, const File *file, Ast value) {
    if (value.id == 0 || ast_kind(file, value) != AST_STRING) return false;
    const char *text = names_text(&cx->names, ast_name(file, value));
    return text[strspn(text, " ")] != '\0';
}

DiagCode allow_code(const Ctx *cx, const File *file, Ast attribute) {
    DiagCode code = named_code(cx, file, argument_at(file, attribute, 0));
    bool good = code != DIAG_COUNT && allow_is_possible(code) &&
                is_reason(cx, file, argument_at(file, attribute, 1)) &&
                ast_list(file, attribute, AST_ATTRIBUTE_ARGUMENTS).count == 2;
    return good ? code : DIAG_COUNT;
}

static void report_unknown(Ctx *cx, const File *file, Ast name, Span span) {
    Diag *d = diag_new(cx, NNA1003, span, "`@allow` takes the code or the name of a report, %s",
                       example);
    AstKind kind = name.id != 0 ? ast_kind(file, name) : AST_ERROR;
    const char *best = kind == AST_NAME || kind == AST_STRING
                           ? diag_nearest(names_text(&cx->names, ast_name(file, name)))
                           : NULL;
    if (best != NULL) diag_help(cx, d, "did you mean `%s`?", best);
    diag_emit(cx, d);
}

void allow_check(Ctx *cx, const File *file, Ast attribute) {
    Ast name = argument_at(file, attribute, 0), reason = argument_at(file, attribute, 1);
    Span whole = ast_span(file, attribute);
    Span name_span = name.id != 0 ? ast_span(file, name) : whole;
    DiagCode code = named_code(cx, file, name);
    AstRange arguments = ast_list(file, attribute, AST_ATTRIBUTE_ARGUMENTS);
    if (code == DIAG_COUNT) {
        report_unknown(cx, file, name, name_span);
    } else if (!allow_is_possible(code)) {
        diag_say(cx, NNA5001, name_span, "`%s` cannot be allowed: it says what was not checked",
                 diag_info[code].code);
    } else if (!is_reason(cx, file, reason)) {
        diag_say(cx, NNA1007, reason.id != 0 ? ast_span(file, reason) : whole,
                 "`@allow` needs a reason for its reader, %s", example);
    } else if (arguments.count > 2) {
        diag_say(cx, NNA1007, ast_span(file, arguments.items[2]),
                 "`@allow` takes one code and its reason, %s", example);
    }
}

static void collect_from(Allows *all, const File *file, Ast owner) {
    Ast list = ast_child(file, owner, 0);
    if (list.id == 0 || ast_kind(file, list) != AST_LIST) return;
    Name allow = names_intern_text(&all->cx->names, "allow");
    AstRange attributes = ast_list(file, list, AST_LIST_ITEMS);
    for (uint32_t i = 0; i < attributes.count; i++) {
        Ast attribute = attributes.items[i];
        if (ast_kind(file, attribute) != AST_ATTRIBUTE) continue;
        if (!name_is(ast_name(file, attribute), allow)) continue;
        Allow one = {.code = allow_code(all->cx, file, attribute),
                     .owner = ast_span(file, owner),
                     .span = ast_span(file, attribute),
                     .imported = file != all->root};
        if (one.code != DIAG_COUNT) vec_push(&all->cx->scratch, &all->list, one);
    }
}

static void collect(Allows *all, const File *file) {
    for (uint32_t id = 1; id < file->nodes.count; id++) {
        AstClass class = ast_kind_info[ast_kind(file, (Ast){id})].class;
        if (class == AST_CLASS_DECLARATION || class == AST_CLASS_STATEMENT ||
            class == AST_CLASS_ITEM) {
            collect_from(all, file, (Ast){id});
        }
    }
}

static int compare_owners(const void *left, const void *right) {
    const Allow *a = left, *b = right;
    if (a->owner.begin != b->owner.begin) return a->owner.begin < b->owner.begin ? -1 : 1;
    if (a->owner.end != b->owner.end) return a->owner.end > b->owner.end ? -1 : 1;
    return a->span.begin < b->span.begin ? -1 : a->span.begin > b->span.begin;
}

/* Owners lie within one another or apart, so that all that are around a place are found from
 * the last one that begins before it, outwards. */
static void order(Allows *all) {
    qsort(all->list.data, all->list.count, sizeof *all->list.data, compare_owners);
    uint32_t around = 0;
    for (uint32_t i = 0; i < all->list.count; i++) {
        Allow *one = &all->list.data[i];
        while (around > 0 && all->list.data[around - 1].owner.end < one->owner.end) {
            around = all->list.data[around - 1].outer;
        }
        one->outer = around;
        around = i + 1;
    }
}

/* The number of the last one whose owner begins at the place or before, and 1; 0: none. */
static uint32_t last_before(const Allows *all, uint32_t begin) {
    uint32_t low = 0, high = all->list.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (all->list.data[middle].owner.begin <= begin) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Whether one takes the report back; all that do are then of use. */
static bool is_allowed(Allows *all, const Diag *d) {
    Span span = d->primary.span;
    bool found = false;
    for (uint32_t at = last_before(all, span.begin); at > 0; at = all->list.data[at - 1].outer) {
        Allow *allow = &all->list.data[at - 1];
        if (allow->code != d->code || span.end > allow->owner.end) continue;
        allow->used = found = true;
    }
    return found;
}

/* Withdraws what is taken back: reports about an `@allow` itself, or all others. */
static void withdraw(Allows *all, bool of_allows) {
    Diags *diags = &all->cx->diags;
    for (uint32_t i = all->options->first; i < diags->list.count; i++) {
        Diag *d = diags->list.data[i];
        if ((d->code == NNA1010) != of_allows || !is_allowed(all, d)) continue;
        bool hinders = d->severity == SEVERITY_ERROR && !diag_is_numerical(d->code);
        d->withdrawn = !(hinders && all->options->compiling);
    }
}

/* Whether each part came as far as its ranges: an error before that keeps others from being
 * found. */
static bool all_was_analysed(const Allows *all) {
    if (!all->options->is_whole) return false;
    const Diags *diags = &all->cx->diags;
    for (uint32_t i = all->options->first; i < diags->list.count; i++) {
        const Diag *d = diags->list.data[i];
        if (d->severity == SEVERITY_ERROR && !diag_is_numerical(d->code)) return false;
    }
    return true;
}

static void report_unused(Allows *all, bool of_allows) {
    for (uint32_t i = 0; i < all->list.count; i++) {
        const Allow *allow = &all->list.data[i];
        if (allow->used || allow->imported || (allow->code == NNA1010) != of_allows) continue;
        diag_say(all->cx, NNA1010, allow->span, "no %s is reported here: this takes nothing back",
                 diag_info[allow->code].code);
    }
}

void allow_apply(Ctx *cx, const File *file, const AllowOptions *options) {
    Allows all = {.cx = cx, .options = options, .root = file};
    collect(&all, file);
    for (uint32_t i = 1; i < file->files.count; i++) collect(&all, file->files.data[i]);
    if (all.list.count == 0) return;
    order(&all);
    withdraw(&all, false);
    bool whole = all_was_analysed(&all);
    if (whole) report_unused(&all, false);
    withdraw(&all, true);
    if (whole) report_unused(&all, true);
}
