/* The catalogue as trees, and all that it meets in a file. */
#include "frontend/rewrite_internal.h"

#include "frontend/prelude.h"

#include <string.h>

enum { USE_SPELLING, USE_OFFER };

typedef struct RuleText {
    const char *name, *holes, *sentence, *pattern, *replacement;
    int use;
} RuleText;

static const RuleText rule_text[] = {
#define REWRITE(name, use, holes, pattern, replacement, sentence, source) \
    {#name, holes, sentence, pattern, replacement, USE_##use},
#include "frontend/rewrite.def"
};

enum { RULE_COUNT = sizeof rule_text / sizeof *rule_text };

static void read_holes(Ctx *cx, const char *text, Rule *rule) {
    while (*text != '\0' && rule->hole_count < HOLES_MOST) {
        size_t length = strcspn(text, " "), name = strcspn(text, " :?!");
        Hole *hole = &rule->holes[rule->hole_count++];
        hole->name = names_intern(&cx->names, text, name);
        hole->kind = text[name] == '?' ? HOLE_OPTIONAL : text[name] == '!' ? HOLE_SMALL : HOLE_ANY;
        hole->called = text[name] == ':' ? arena_text(&cx->module, text + name + 1,
                                                      length - name - 1)
                                         : "inner";
        text += length + (text[length] == ' ');
    }
}

/* What a block returns. */
static AstRange returned(const File *file, Ast block) {
    Ast body = ast_child(file, block, AST_BLOCK_BODY);
    Ast statement = ast_list(file, body, AST_BODY_STATEMENTS).items[0];
    return ast_list(file, statement, AST_RETURN_VALUES);
}

/* Each row as a block that returns both sides. */
static Source *catalogue_source(Ctx *cx) {
    Buf text = buf_make(&cx->scratch);
    buf_put(&text, "nna 1\n");
    for (uint32_t i = 0; i < RULE_COUNT; i++) {
        buf_printf(&text, "block %s() -> any { return %s, %s }\n", rule_text[i].name,
                   rule_text[i].pattern, rule_text[i].replacement);
    }
    return source_add(cx, "<catalogue>", buf_text(&text), text.length);
}

static void read_catalogue(Rewriter *r) {
    Source *source = catalogue_source(r->cx);
    if (source == NULL) return;
    source->is_prelude = true;
    r->catalogue = parse_file(r->cx, source);
    if (r->catalogue->broken) return; /* a limit that is too low for it */
    AstRange rows = ast_list(r->catalogue, r->catalogue->root, AST_FILE_DECLARATIONS);
    for (uint32_t i = 0; i < RULE_COUNT && i < rows.count; i++) {
        AstRange sides = returned(r->catalogue, rows.items[i]);
        Rule rule = {.name = rule_text[i].name,
                     .sentence = rule_text[i].sentence,
                     .is_offered = rule_text[i].use == USE_OFFER,
                     .pattern = sides.items[0],
                     .replacement = sides.items[1]};
        read_holes(r->cx, rule_text[i].holes, &rule);
        rule.makes = applied_of(r->callees, NULL, r->catalogue, rule.replacement).callee;
        vec_push(&r->cx->module, &r->rules, rule);
    }
}

Rewriter *rewriter_new(Ctx *cx, File *file) {
    Rewriter *r = ARENA_NEW(&cx->module, Rewriter);
    r->cx = cx;
    r->file = file;
    File *prelude = prelude_parse(cx);
    if (prelude == NULL) return NULL;
    for (uint32_t i = 0; i < RULE_COUNT; i++) { /* before the views are sized by the names */
        Rule rule = {0};
        read_holes(cx, rule_text[i].holes, &rule);
    }
    r->callees = callees_new(cx, file, prelude);
    r->module = &r->callees->modules[0];
    read_catalogue(r);
    r->scope = scope_make(cx, file);
    return r;
}

const Scope *rewriter_scope(const Rewriter *r) {
    return &r->scope;
}

Ast rewriter_at(const Rewriter *r, Span place, Applied *out) {
    const File *file = r->file;
    for (uint32_t id = file->nodes.count; id-- > 1;) { /* a pipe comes behind its call */
        Ast ast = {id};
        Span span = ast_span(file, ast);
        AstKind kind = ast_kind(file, ast);
        if (span.begin != place.begin || span.end != place.end) continue;
        if (ast_kind_info[kind].class != AST_CLASS_EXPRESSION) continue;
        Ast up = r->scope.parent[id];
        if (kind == AST_CALL && ast_kind(file, up) == AST_PIPE) ast = up;
        if (out != NULL) *out = applied_of(r->callees, r->module, file, ast);
        return ast;
    }
    return AST_NONE;
}

static void search(Rewriter *r) {
    Match match;
    for (uint32_t i = 0; i < r->rules.count; i++) {
        const Rule *rule = &r->rules.data[i];
        for (uint32_t id = 1; rule->is_offered && id < r->file->nodes.count; id++) {
            AstKind kind = (AstKind)r->file->nodes.data[id].kind;
            bool is_applied = kind == AST_CALL || kind == AST_BINARY || kind == AST_UNARY ||
                              kind == AST_PIPE;
            if (!is_applied || !rewrite_match(r, rule, (Ast){id}, &match)) continue;
            vec_push(&r->cx->module, &r->matches, match);
        }
    }
    r->searched = true;
}

static bool touches(const Match *match, Ast place) {
    for (uint32_t i = 0; i < match->place_count; i++) {
        if (match->places[i].id == place.id) return true;
    }
    return false;
}

/* Marks the expressions that a value is made from, through the names of the same text: the nearest
 * ones, of a large text. */
static bool *reached_from(const Rewriter *r, Ast at) {
    enum { MOST = 4000 };
    const File *file = r->file;
    bool *reached = ARENA_ARRAY(&r->cx->scratch, bool, file->nodes.count);
    VEC(Ast) queue = {0};
    vec_push(&r->cx->scratch, &queue, at);
    for (uint32_t i = 0; i < queue.count && queue.count < MOST; i++) {
        Ast ast = queue.data[i];
        AstRange all = ast_list(file, ast, 0);
        if (ast_kind(file, ast) == AST_NAME && r->scope.binder[ast.id].id != 0) {
            Ast binder = r->scope.binder[ast.id];
            AstKind kind = ast_kind(file, binder);
            bool is_made = kind == AST_LET || kind == AST_CARRY || kind == AST_SCAN;
            all = is_made ? ast_list(file, binder, 0) : (AstRange){0};
        }
        for (uint32_t k = 0; k < all.count; k++) {
            if (all.items[k].id == 0 || reached[all.items[k].id]) continue;
            reached[all.items[k].id] = true;
            vec_push(&r->cx->scratch, &queue, all.items[k]);
        }
    }
    return reached;
}

bool rewriter_candidate(Rewriter *r, Span place, uint32_t k, Rewrite *out) {
    Ast at = rewriter_at(r, place, NULL);
    if (at.id == 0) return false;
    if (!r->searched) search(r);
    const bool *reached = NULL;
    for (uint32_t i = 0; i < 2 * r->matches.count; i++) {
        bool is_behind = i >= r->matches.count;
        const Match *match = &r->matches.data[i % r->matches.count];
        if (is_behind && reached == NULL) reached = reached_from(r, at);
        if (is_behind ? touches(match, at) || !reached[match->root.id] : !touches(match, at)) {
            continue;
        }
        if (k-- > 0) continue;
        *out = (Rewrite){.name = match->rule->name, .sentence = match->rule->sentence};
        if (!rewrite_write(r, match, &out->edits)) out->edits = (Edits){0};
        return true;
    }
    return false;
}

Ast rewriter_infinity(const Rewriter *r, Span place, uint32_t k, bool *is_negative) {
    Ast at = rewriter_at(r, place, NULL);
    const bool *reached = at.id == 0 ? NULL : reached_from(r, at);
    for (uint32_t id = 1; reached != NULL && id < r->file->nodes.count; id++) {
        Ast ast = {id}, up = r->scope.parent[id];
        if (!reached[id] || ast_kind(r->file, ast) != AST_INF || k-- > 0) continue;
        const AstNode *around = ast_node(r->file, up);
        *is_negative = around->kind == AST_UNARY && around->op == AST_OP_NEGATE;
        return *is_negative ? up : ast;
    }
    return AST_NONE;
}
