/* The words of a syntax error: what was expected, in the reader's terms and only where that
 * is little, what was found, and what was probably meant. */
#include "frontend/parse_internal.h"

#include "nna.tab.h"

#include <string.h>

enum { EXPECTED_SHOWN = 4, FOUND_SHOWN = 40 };

/* What a state of the grammar accepts, sorted into what a reader has words for. */
typedef struct Expected {
    bool expression, name, statement, declaration, item, contract, operator, body;
    const char *others[EXPECTED_SHOWN];
    uint32_t other_count; /* more than EXPECTED_SHOWN: too many to show */
} Expected;

static bool has(const int *kinds, uint32_t count, int kind) {
    for (uint32_t i = 0; i < count; i++) {
        if (kinds[i] == kind) return true;
    }
    return false;
}

static bool starts_expression(int kind) {
    switch (kind) {
    case TOK_INTEGER: case TOK_REAL: case TOK_STRING: case TOK_TRUE: case TOK_FALSE:
    case TOK_INF: case TOK_LEFT_PAREN: case TOK_LEFT_BRACKET: case TOK_MINUS: case TOK_NOT:
    case TOK_IF: case TOK_FOR: case TOK_SCAN: case TOK_TRAIN: return true;
    default: return false;
    }
}

static bool continues_expression(int kind) {
    switch (kind) {
    case TOK_PIPE: case TOK_OR: case TOK_AND: case TOK_COMPARISON: case TOK_PLUS:
    case TOK_MINUS: case TOK_PRODUCT: case TOK_POWER: case TOK_DOT: case TOK_LEFT_BRACKET:
    case TOK_LEFT_PAREN: return true;
    default: return false;
    }
}

static bool starts_statement(int kind) {
    switch (kind) {
    case TOK_LET: case TOK_PARAM: case TOK_BUFFER: case TOK_LAYER: case TOK_REQUIRE:
    case TOK_ASSUME: case TOK_GUARD: case TOK_UPDATE: case TOK_RETURN: case TOK_YIELD:
    case TOK_ATTRIBUTE: return true;
    default: return false;
    }
}

static bool starts_declaration(int kind) {
    switch (kind) {
    case TOK_IMPORT: case TOK_MODEL: case TOK_BLOCK: case TOK_EXTERN: case TOK_TRAIN:
    case TOK_ATTRIBUTE: return true;
    default: return false;
    }
}

/* Words that are names wherever they are not wanted. */
static bool is_word(int kind) {
    return (kind >= TOK_ANY && kind <= TOK_WRAP) || kind == TOK_IDENTIFIER;
}

static Expected sort_expected(const int *kinds, const char *const *names, uint32_t count) {
    Expected e = {
        .expression = has(kinds, count, TOK_REAL),
        .name = has(kinds, count, TOK_IDENTIFIER),
        .statement = has(kinds, count, TOK_LET),
        .declaration = has(kinds, count, TOK_MODEL),
        .operator = has(kinds, count, TOK_PIPE),
        .body = has(kinds, count, TOK_LEFT_BRACE),
    };
    e.item = has(kinds, count, TOK_MINIMIZE) && !e.name;
    e.contract = has(kinds, count, TOK_SIMPLEX) && !e.name;
    for (uint32_t i = 0; i < count; i++) {
        bool known = kinds[i] == TOK_POISON || kinds[i] == TOK_LOST_BRACE ||
                     (e.expression && starts_expression(kinds[i])) ||
                     (e.operator && continues_expression(kinds[i])) ||
                     (e.statement && starts_statement(kinds[i])) ||
                     (e.declaration && starts_declaration(kinds[i])) ||
                     ((e.name || e.item) && is_word(kinds[i])) ||
                     (e.item && kinds[i] == TOK_ATTRIBUTE) || e.contract;
        if (known) continue;
        if (e.other_count < EXPECTED_SHOWN) e.others[e.other_count] = names[i];
        e.other_count++;
    }
    return e;
}

static void add_phrase(Buf *out, uint32_t *shown, uint32_t count, const char *text, bool quoted) {
    if (*shown > 0) buf_put(out, *shown + 1 == count ? " or " : ", ");
    buf_printf(out, quoted ? "`%s`" : "%s", text);
    ++*shown;
}

/* "a name or `(`"; "" where nothing short can be said. */
static const char *expected_text(Parser *parser, const Expected *e) {
    Buf out = buf_make(&parser->cx->session);
    uint32_t count = e->other_count + e->expression + (e->name && !e->expression) + e->statement +
                     e->declaration + e->item + e->contract;
    uint32_t shown = 0;
    if (count == 0 || count > EXPECTED_SHOWN) return "";
    bool type = parser->previous.kind == TOK_COLON || parser->previous.kind == TOK_ARROW;
    if (e->expression) add_phrase(&out, &shown, count, "an expression", false);
    if (e->name && !e->expression) {
        add_phrase(&out, &shown, count, type ? "a type" : "a name", false);
    }
    if (e->statement) add_phrase(&out, &shown, count, "a statement", false);
    if (e->declaration) add_phrase(&out, &shown, count, "a declaration", false);
    if (e->item) add_phrase(&out, &shown, count, "an item of the training", false);
    if (e->contract) add_phrase(&out, &shown, count, "a contract", false);
    for (uint32_t i = 0; i < e->other_count; i++) {
        const char *name = e->others[i];
        bool phrase = strncmp(name, "a ", 2) == 0 || strncmp(name, "an ", 3) == 0 ||
                      strncmp(name, "the ", 4) == 0;
        add_phrase(&out, &shown, count, name, !phrase);
    }
    if (count == 1 && e->other_count == 1 && strcmp(e->others[0], ":") == 0 &&
        is_word(parser->previous.kind)) {
        buf_put(&out, " and a type");
    }
    return buf_text(&out);
}

static const char *token_text(const Parser *parser, const Token *token, uint32_t *length) {
    *length = token->span.end - token->span.begin;
    return parser->source->text + (token->span.begin - parser->source->base);
}

/* The token as it is written, in back quotes, shortened. */
static const char *token_shown(Parser *parser, const Token *token) {
    if (token->kind == TOK_END) return "the end of the file";
    uint32_t length;
    const char *text = token_text(parser, token, &length);
    Buf out = buf_make(&parser->cx->session);
    bool quoted = text[0] != '`';
    if (quoted) buf_put_char(&out, '`');
    buf_put_escaped(&out, text, length < FOUND_SHOWN ? length : FOUND_SHOWN);
    if (length > FOUND_SHOWN) buf_put(&out, "...");
    if (quoted) buf_put_char(&out, '`');
    return buf_text(&out);
}

static bool is_keyword(int kind) {
    return kind >= TOK_NNA && kind <= TOK_INF;
}

/* Words that other languages have where ours are wanted. */
static const char *foreign_word_help(const char *text, uint32_t length) {
    static const struct {
        const char *word, *help;
    } words[] = {
        {"def", "a reusable part is declared with `block`, what is compiled with `model`"},
        {"class", "what is compiled is declared with `model`, a reusable part with `block`"},
        {"fn", "a reusable part is declared with `block`"},
        {"func", "a reusable part is declared with `block`"},
        {"function", "a reusable part is declared with `block`"},
        {"var", "names are introduced with `let`"},
        {"const", "names are introduced with `let`"},
        {"elif", "write `else if`"},
        {"elseif", "write `else if`"},
        {"while", "loops are `for` (unrolled) and `scan` (at run time)"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) == length && memcmp(words[i].word, text, length) == 0) {
            return words[i].help;
        }
    }
    return NULL;
}

static bool inside_parens(const Parser *parser) {
    return parser->brackets_before > 0 &&
           parser->brackets.data[parser->brackets_before - 1].kind == '(';
}

/* `name =` at the place of a statement, on a line of its own. */
static bool assigns(const Parser *parser, const Token *found) {
    uint32_t length;
    const char *next = token_text(parser, found, &length) + length;
    next += strspn(next, " \t");
    return found->kind == TOK_IDENTIFIER && next[0] == '=' && next[1] != '=';
}

/* About what was found where an expression is complete. */
static const char *help_after_value(const Parser *parser, const Token *found) {
    if (found->kind == TOK_ASSIGN && inside_parens(parser)) {
        return "an argument is given by name with `:`, as in `axis: 1`";
    }
    if (found->kind == TOK_IF) return "a choice is written `if c { yield a } else { yield b }`";
    if (continues_expression(found->kind) && found->kind != TOK_LEFT_PAREN) {
        return "`|>` binds loosest: to go on with what it gives, put the chain in parentheses";
    }
    return NULL;
}

/* About the one token that was expected. */
static const char *help_for_missing(const char *expected, int found) {
    if (strcmp(expected, "else") == 0 && found != TOK_ELSE) {
        return "an `if` is an expression: it needs a value for the other case too";
    }
    if (strcmp(expected, "with") == 0) {
        return "a `for` carries at least one value: `for i in 0..3 with h = x { yield f(h) }`";
    }
    if (strcmp(expected, "->") == 0) {
        return "the type of the result follows the parameters: `(x: f32[N]) -> f32[N] { ... }`";
    }
    if (strcmp(expected, ":") == 0 && found == TOK_ASSIGN) {
        return "a type follows the name: `w: f32[784, 10]`";
    }
    return NULL;
}

static const char *help_for_found(Parser *parser, const Expected *e, const Token *found) {
    uint32_t length;
    const char *text = token_text(parser, found, &length);
    if (e->statement && assigns(parser, found)) {
        return arena_format(&parser->cx->session,
                            "a name is introduced with `let`: `let %.*s = ...`",
                            (int)(length < FOUND_SHOWN ? length : 1), text);
    }
    if (found->kind == TOK_LEFT_BRACE && (e->statement || e->declaration)) {
        return "a body follows the head of a declaration, `if`, `else`, `for` or `scan`";
    }
    if (e->statement && starts_expression(found->kind)) {
        return found->kind == TOK_FOR || found->kind == TOK_SCAN || found->kind == TOK_IF
                   ? arena_format(&parser->cx->session,
                                  "`%.*s` gives a value, which is bound: `let y = %.*s ...`",
                                  (int)length, text, (int)length, text)
                   : "a statement begins with a keyword: `let`, `return`, ...";
    }
    if (found->kind == TOK_COLON && (e->declaration || e->body)) {
        return "a body stands in braces, without a `:` before or behind them";
    }
    if (found->kind == TOK_ELLIPSIS && e->statement) {
        return "a body has statements, and ends with `return` or `yield`";
    }
    if (found->kind == TOK_PRODUCT && length == 2 && !e->operator) {
        return "a comment starts with `#`";
    }
    if (parser->previous.kind == TOK_COMMA &&
        (found->kind == TOK_RIGHT_PAREN || found->kind == TOK_RIGHT_BRACKET)) {
        return "only the parameters and the results of a declaration may end with a comma";
    }
    if (is_keyword(found->kind) && e->name && !e->statement && !e->expression) {
        return arena_format(&parser->cx->session,
                            "`%.*s` is a keyword; as a name it stands between back quotes",
                            (int)length, text);
    }
    return found->kind == TOK_IDENTIFIER ? foreign_word_help(text, length) : NULL;
}

static const char *help_for(Parser *parser, const Expected *e, const Token *found) {
    const char *help = NULL;
    if (parser->previous.kind == TOK_END) {
        return "the first line of a file is `nna 1`: the language's version";
    }
    if (e->contract) {
        return "contracts are `[0, 1]`, `{0, 1}`, `simplex`, `onehot`, `finite` and `any`";
    }
    if (e->operator) help = help_after_value(parser, found);
    if (help == NULL) help = help_for_found(parser, e, found);
    if (help == NULL && e->other_count == 1) help = help_for_missing(e->others[0], found->kind);
    return help;
}

/* A declaration that begins, or the file that ends, within brackets. */
static bool ends_early(const Parser *parser) {
    const Token *found = &parser->last;
    if (parser->brackets_before == 0) return false;
    switch (found->kind) {
    case TOK_MODEL: case TOK_BLOCK: case TOK_EXTERN: case TOK_TRAIN:
        return parser->previous.span.end < found->span.begin &&
               memchr(parser->source->text + (parser->previous.span.end - parser->source->base),
                      '\n', found->span.begin - parser->previous.span.end) != NULL;
    default: return found->kind == TOK_END;
    }
}

bool parse_may_report(Parser *parser) {
    const Token *found = &parser->last;
    parser->file->broken = true;
    if (found->span.begin <= parser->quiet_at || found->kind == TOK_POISON || parser->finished) {
        return false;
    }
    /* `{ ... }:` where the body was reported already. */
    if (found->kind == TOK_COLON && parser->previous.kind == TOK_RIGHT_BRACE &&
        parser->quiet_at >= parser->declared_at) {
        return false;
    }
    parser->quiet_at = found->span.begin;
    /* The reason was reported: a body that is not closed, or closed too early. */
    if (ends_early(parser)) {
        Span open = parser->brackets.data[parser->brackets_before - 1].span;
        if (open.begin == open.end || parser->open_bodies > 0) return false;
    }
    return parser->brackets_before > 0 || parser->ended_at <= parser->declared_at;
}

void parse_syntax_error(Parser *parser, const int *kinds, const char *const *names,
                        uint32_t count) {
    const Token *found = &parser->last;
    Ctx *cx = parser->cx;
    parser->faults++;
    Expected e = sort_expected(kinds, names, count);
    const char *expected = expected_text(parser, &e), *shown = token_shown(parser, found);
    const char *after = "";
    if (parser->previous.span.end > parser->previous.span.begin && !e.declaration &&
        parser->recovered_at != found->span.begin) {
        after = arena_format(&cx->session, " after %s", token_shown(parser, &parser->previous));
    }
    Diag *d = expected[0] == '\0'
                  ? diag_new(cx, NNA1001, found->span, "unexpected %s%s", shown, after)
                  : diag_new(cx, NNA1001, found->span, "expected %s%s, found %s", expected, after,
                             shown);
    if (ends_early(parser)) {
        const Bracket *open = &parser->brackets.data[parser->brackets_before - 1];
        diag_label(cx, d, open->span, "this bracket is not closed");
    }
    const char *help = help_for(parser, &e, found);
    if (help != NULL) diag_help(cx, d, "%s", help);
    diag_emit(cx, d);
}
