/* The parser's surroundings: the stream of tokens that it reads, and how it goes on after a
 * fault. Together with syntax_error.c this is the only place that knows token kinds.
 *
 * One fault, one report: a syntax error at or before Parser.quiet_at is silent. Recovery
 * makes up the token that is missing, with the place of the one that was found, so that
 * what follows from it is silent too, and every recovery ends at a token that the grammar
 * takes in the state it has gone back to; so reading always moves on. */
#include "frontend/parse_internal.h"

#include "nna.tab.h"

#define YYSTYPE NNA_YYSTYPE
#define YYLTYPE NNA_YYLTYPE
#include "nna.lex.h"

#include <assert.h>
#include <string.h>

enum {
    FAULTS_MIN = 1000,      /* that are recorded, however few are printed */
    LINE_BYTES = 400,       /* as far as recovery looks around within a line */
    INDENT_MAX = 80,        /* columns; deeper statements count as equally deep */
    LEVELS_OUTSIDE = 8,     /* recoveries at one place that are no bodies: lists, declarations */
    BYTES_PER_NODE = 6      /* of source text, at least in the corpus: a first guess */
};

static const char *text_at(const Parser *parser, uint32_t offset) {
    return parser->source->text + (offset - parser->source->base);
}

static bool breaks_line(const Parser *parser, uint32_t begin, uint32_t end) {
    if (end - begin > LINE_BYTES) return true;
    return begin < end && memchr(text_at(parser, begin), '\n', end - begin) != NULL;
}

/* Whether nothing but white space stands before it on its line. */
static bool first_on_line(const Parser *parser, const Token *token) {
    uint32_t at = token->span.begin;
    while (at > parser->source->base && strchr(" \t", *text_at(parser, at - 1)) != NULL) at--;
    return at == parser->source->base || *text_at(parser, at - 1) == '\n';
}

static uint32_t indent_of(const Parser *parser, const Token *token) {
    uint32_t at = token->span.begin;
    while (at > parser->source->base && *text_at(parser, at - 1) != '\n' &&
           token->span.begin - at < INDENT_MAX) {
        at--;
    }
    return token->span.begin - at;
}

/* `name =`, and not `name ==`. */
static bool before_assign(const Parser *parser, const Token *token) {
    const char *next = text_at(parser, token->span.end);
    next += strspn(next, " \t");
    return next[0] == '=' && next[1] != '=';
}

/* ---- the stream of tokens ---- */

static void give_back(Parser *parser, Token token) {
    assert(parser->queue_count < QUEUE_SIZE);
    parser->queue[parser->queue_count++] = token;
}

static void give_up_file(Parser *parser) {
    parser->finished = true;
    diag_say(parser->cx, NNA0002, parser->last.span,
             "more than %u faults: the rest of the file is not read", parser->fault_limit);
}

static void keep_docs(Parser *parser, const Token *token) {
    Ctx *cx = parser->cx;
    if (token->kind != TOK_END) {
        Name text = names_intern(&cx->names, buf_text(&parser->doc), parser->doc.length);
        Doc doc = {token->span.begin, {parser->doc_begin, parser->doc_end}, text};
        vec_push(&cx->module, &parser->file->docs, doc);
    }
    parser->doc_begin = 0;
}

/* From the scanner; whatever is out of the ordinary is behind one test. */
static void scan_token(Parser *parser, Token *token) {
    if (parser->faults > parser->fault_limit && !parser->finished) give_up_file(parser);
    token->kind = parser->finished ? TOK_END
                                   : nna_yylex(&token->value, &token->span, parser->scanner);
    if (token->kind == TOK_END) {
        uint32_t end = parser->source->base + parser->source->length;
        token->span = (Span){end, end};
    }
    if (parser->muted > 0) {
        parser->quiet_at = token->span.begin;
        parser->muted--;
    }
    if (parser->doc_begin != 0) keep_docs(parser, token);
}

static inline void next_token(Parser *parser, Token *token) {
    if (parser->queue_count > 0) {
        *token = parser->queue[--parser->queue_count];
    } else {
        scan_token(parser, token);
    }
}

static Token read_token(Parser *parser) {
    Token token = {0};
    next_token(parser, &token);
    return token;
}

static bool opens(int kind) {
    return kind == TOK_LEFT_PAREN || kind == TOK_LEFT_BRACKET || kind == TOK_LEFT_BRACE ||
           kind == TOK_LOST_BRACE;
}

static bool closes(int kind) {
    return kind == TOK_RIGHT_PAREN || kind == TOK_RIGHT_BRACKET || kind == TOK_RIGHT_BRACE;
}

/* Reads to the bracket that closes the group that was just opened, and returns it; the end
 * of the file, or a brace around an open parenthesis, ends the group too. Parentheses
 * inside braces count for nothing: they need not match. */
static Token skip_group(Parser *parser, int open) {
    bool brace = open == TOK_LEFT_BRACE || open == TOK_LOST_BRACE;
    uint32_t parens = 0, braces = 0;
    for (Token token = {.kind = open};; token = read_token(parser)) {
        switch (token.kind) {
        case TOK_END: return token;
        case TOK_LEFT_BRACE: case TOK_LOST_BRACE: braces++; break;
        case TOK_RIGHT_BRACE:
            if (braces == 0 || (--braces == 0 && brace)) return token;
            break;
        case TOK_LEFT_PAREN: case TOK_LEFT_BRACKET: parens += braces == 0; break;
        case TOK_RIGHT_PAREN: case TOK_RIGHT_BRACKET:
            if (!brace && braces == 0 && --parens == 0) return token;
            break;
        }
    }
}

static int closing(int open) {
    return open == TOK_LEFT_PAREN     ? TOK_RIGHT_PAREN
           : open == TOK_LEFT_BRACKET ? TOK_RIGHT_BRACKET
                                      : TOK_RIGHT_BRACE;
}

/* What an unnested program never reaches: the group is read as one poisoned element. */
static void poison_group(Parser *parser, const Token *open, uint64_t limit, const char *what,
                         const char *option) {
    Ctx *cx = parser->cx;
    if (!parser->deep_reported) {
        Diag *d = diag_new(cx, NNA0002, open->span, "%s are nested too deeply", what);
        diag_primary(cx, d, "more than %llu levels", (unsigned long long)limit);
        diag_help(cx, d, "`--limit %s=N` allows N levels", option);
        diag_emit(cx, d);
    }
    parser->deep_reported = true;
    parser->faults++;
    parser->file->broken = true;
    Token close = skip_group(parser, open->kind);
    Token poison = {.kind = TOK_POISON, .span = {open->span.begin, close.span.end}};
    parser->quiet_at = close.span.begin;
    if (!closes(close.kind) ||
        (close.kind == TOK_RIGHT_BRACE) != (closing(open->kind) == TOK_RIGHT_BRACE)) {
        give_back(parser, close);
        close.kind = closing(open->kind);
    }
    give_back(parser, close);
    give_back(parser, poison);
}

static void open_bracket(Parser *parser, const Token *token) {
    const Limits *limits = &parser->cx->limits;
    Bracket top = {0};
    if (parser->brackets.count > 0) top = parser->brackets.data[parser->brackets.count - 1];
    bool body = token->kind == TOK_LOST_BRACE ||
                (token->kind == TOK_LEFT_BRACE && parser->previous.kind != TOK_IN);
    if (body) parser->in_head = false;
    if (body && top.braces >= limits->block_depth) {
        poison_group(parser, token, limits->block_depth, "braces", "block-depth");
    } else if (!body && top.parens >= ast_depth_limit(parser->cx)) {
        poison_group(parser, token, ast_depth_limit(parser->cx), "brackets", "expression-depth");
    }
    Bracket bracket = {*text_at(parser, token->span.begin), token->span,
                       top.parens + !body, top.braces + body};
    if (token->kind == TOK_LEFT_BRACE && !body) bracket.kind = 's';
    vec_push(&parser->cx->module, &parser->brackets, bracket);
}

/* An interval may close with the other bracket: only braces of bodies are told apart. */
static void close_bracket(Parser *parser, const Token *token) {
    if (parser->brackets.count == 0) return;
    char open = parser->brackets.data[parser->brackets.count - 1].kind;
    bool brace = token->kind == TOK_RIGHT_BRACE;
    if (brace == (open == '{' || open == 's')) parser->brackets.count--;
}

static bool is_attribute(const Parser *parser, Name name) {
    static const char *const known[] = {"allow", "portable", "dims", "precision", "entry"};
    const char *text = names_text(&parser->cx->names, name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(text, known[i]) == 0) return true;
    }
    return false;
}

static bool ends_operand(int kind) {
    return kind == TOK_IDENTIFIER || kind == TOK_RIGHT_PAREN || kind == TOK_RIGHT_BRACKET ||
           kind == TOK_INTEGER || kind == TOK_REAL;
}

/* `x @w`: a product whose space is missing, and no attribute. */
static void split_attribute(Parser *parser, Token *token) {
    Ctx *cx = parser->cx;
    if (!ends_operand(parser->previous.kind) || is_attribute(parser, token->value.name) ||
        breaks_line(parser, parser->previous.span.end, token->span.begin)) {
        return;
    }
    const char *name = names_text(&cx->names, token->value.name);
    Diag *d = diag_new(cx, NNA1001, token->span, "`@%s` written together is an attribute", name);
    diag_help(cx, d, "a matrix product has a space after the `@`: `@ %s`", name);
    diag_emit(cx, d);
    parser->faults++;
    parser->file->broken = true;
    Token right = {TOK_IDENTIFIER, token->value, {token->span.begin + 1, token->span.end}};
    give_back(parser, right);
    token->kind = TOK_PRODUCT;
    token->value.op = AST_OP_MATMUL;
    token->span.end = token->span.begin + 1;
}

int parse_token(TokenValue *value, Span *span, Parser *parser) {
    Token *token = &parser->last;
    parser->previous = *token;
    next_token(parser, token);
    parser->brackets_before = parser->brackets.count;
    parser->in_head_before = parser->in_head;
    switch (token->kind) {
    case TOK_LEFT_PAREN: case TOK_LEFT_BRACKET: case TOK_LEFT_BRACE: case TOK_LOST_BRACE:
        open_bracket(parser, token);
        break;
    case TOK_RIGHT_PAREN: case TOK_RIGHT_BRACKET: case TOK_RIGHT_BRACE:
        close_bracket(parser, token);
        break;
    case TOK_ATTRIBUTE:
        split_attribute(parser, token);
        break;
    case TOK_MODEL: case TOK_BLOCK: case TOK_TRAIN:
        if (parser->brackets.count > 0) break;
        parser->declaring = token->kind;
        parser->declared_at = token->span.begin;
        break;
    case TOK_IF: case TOK_ELSE: case TOK_FOR: case TOK_SCAN:
        parser->in_head = true;
        break;
    case TOK_LET: case TOK_PARAM: case TOK_RETURN: case TOK_YIELD:
        parser->in_head = false;
        parser->indent_before = parser->indent;
        parser->indent = indent_of(parser, token);
        break;
    }
    *value = token->value;
    *span = token->span;
    return token->kind;
}

/* ---- recovery ---- */

static bool starts_declaration(const Parser *parser, const Token *token) {
    switch (token->kind) {
    case TOK_IMPORT: case TOK_MODEL: case TOK_BLOCK: case TOK_EXTERN: case TOK_END: return true;
    case TOK_TRAIN: return first_on_line(parser, token);
    default: return false;
    }
}

static bool starts_statement(const Parser *parser, const Token *token) {
    switch (token->kind) {
    case TOK_LET: case TOK_PARAM: case TOK_BUFFER: case TOK_LAYER: case TOK_REQUIRE:
    case TOK_ASSUME: case TOK_GUARD: case TOK_RETURN: case TOK_YIELD: return true;
    case TOK_UPDATE: case TOK_ATTRIBUTE: return first_on_line(parser, token);
    default: return false;
    }
}

static bool starts_item(const Parser *parser, const Token *token) {
    switch (token->kind) {
    case TOK_MINIMIZE: case TOK_MAXIMIZE: case TOK_OPTIMIZER: case TOK_BATCH: case TOK_STEPS:
    case TOK_EPOCHS: case TOK_SCHEDULE: case TOK_CLIP: case TOK_PRECISION: case TOK_REGULARIZE:
    case TOK_METRIC: case TOK_ATTRIBUTE: return first_on_line(parser, token);
    default: return false;
    }
}

/* A line `name = ...`, in which `let` is missing, and which is no carry of a loop. */
static bool lacks_let(const Parser *parser, const Token *token, int before) {
    return token->kind == TOK_IDENTIFIER && before != TOK_COMMA && before != TOK_WITH &&
           first_on_line(parser, token) && before_assign(parser, token);
}

/* Whether the brace opens a body, although its head is broken: after `if`, `else`, `for` or
 * `scan`; at the end of its line; or where it is closed on that line. */
static bool opens_body(const Parser *parser, const Token *token, int before) {
    if (before == TOK_IN) return false;
    if (parser->in_head) return true;
    const char *text = text_at(parser, token->span.end);
    text += strspn(text, " \t\r");
    uint32_t depth = 1;
    if (*text == '\n' || *text == '#' || *text == '\0') return true;
    const char *end = text + strnlen(text, LINE_BYTES);
    for (; text < end && *text != '\n' && depth > 0; text++) {
        depth += *text == '{';
        depth -= *text == '}';
    }
    return depth == 0;
}

/* Whether the brace closes the body around it, and is no slip of the hand within a line of
 * a body that began on an earlier one. */
static bool closes_body(const Parser *parser, const Token *token) {
    if (parser->brackets.count == 0 || first_on_line(parser, token)) return true;
    Span open = parser->brackets.data[parser->brackets.count - 1].span;
    if (!breaks_line(parser, open.end, token->span.begin)) return true;
    const char *text = text_at(parser, token->span.end);
    text += strspn(text, " \t\r");
    return *text == '\n' || *text == '#' || *text == '\0';
}

/* Whether a parameter may follow the comma: a name that is not one of a list of numbers. */
static bool begins_element(const Parser *parser, const Token *comma) {
    const char *text = text_at(parser, comma->span.end);
    text += strspn(text, " \t\r\n");
    if (*text == '#' || *text == ')' || *text == '`') return true;
    if (*text != '_' && ((*text | ' ') < 'a' || (*text | ' ') > 'z')) return false;
    text += strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    text += strspn(text, " \t\r\n");
    return *text != ',' && *text != ']' && *text != '[';
}

/* Whether the parenthesis closes the list: what goes on behind it is not of a parameter. */
static bool closes_list(const Parser *parser, const Token *token) {
    const char *text = text_at(parser, token->span.end);
    const char *next = text + strspn(text, " \t\r");
    return *next == '\n' || *next == '#' || *next == '-' || *next == '{' || *next == '=' ||
           *next == '\0';
}

/* Whether skipping ends here; `before` is the kind of the token before. */
static bool recovers_at(const Parser *parser, Recovery place, const Token *token, int before) {
    if (starts_declaration(parser, token)) return true;
    switch (place) {
    case RECOVERY_DECLARATION:
        return (token->kind == TOK_LEFT_BRACE && opens_body(parser, token, before) &&
                parser->declaring != TOK_TRAIN) ||
               (token->kind == TOK_ATTRIBUTE && first_on_line(parser, token));
    case RECOVERY_STATEMENT:
        return starts_statement(parser, token) || lacks_let(parser, token, before) ||
               (token->kind == TOK_RIGHT_BRACE && closes_body(parser, token)) ||
               (token->kind == TOK_LEFT_BRACE && opens_body(parser, token, before));
    case RECOVERY_ITEM:
        return starts_item(parser, token) ||
               (token->kind == TOK_RIGHT_BRACE && closes_body(parser, token));
    case RECOVERY_LIST:
        return starts_statement(parser, token) || token->kind == TOK_ARROW ||
               token->kind == TOK_RIGHT_BRACE ||
               (token->kind == TOK_LEFT_BRACE && opens_body(parser, token, before));
    }
    return true;
}

/* Closes the brackets of what is given up. Returns how many were open in a list. */
static uint32_t close_given_up(Parser *parser, Recovery place) {
    uint32_t open = parser->brackets.count;
    switch (place) {
    case RECOVERY_DECLARATION: parser->brackets.count = 0; break;
    case RECOVERY_STATEMENT: case RECOVERY_ITEM:
        while (open > 0 && parser->brackets.data[open - 1].kind != '{') open--;
        parser->brackets.count = open;
        break;
    case RECOVERY_LIST:
        if (open > 1) parser->brackets.count = 1;
        return open > 1 ? open - 1 : 0;
    }
    return 0;
}

/* Statements whose brace is missing: at the level of declarations, and where they are
 * indented under a head. */
static bool lacks_brace(const Parser *parser, Recovery place, const Token *found) {
    if (!starts_statement(parser, found) || found->kind == TOK_ATTRIBUTE) return false;
    if (place == RECOVERY_DECLARATION) return parser->declaring != TOK_TRAIN;
    return place == RECOVERY_STATEMENT && parser->in_head && first_on_line(parser, found) &&
           parser->indent > parser->indent_before;
}

/* The token that is missing before the one where skipping ended; TOK_END for none. */
static int missing_before(const Parser *parser, Recovery place, const Token *found, bool at_once,
                          int before) {
    bool element = found->kind == TOK_COMMA || found->kind == TOK_RIGHT_PAREN;
    if (place == RECOVERY_LIST) return element ? TOK_END : TOK_RIGHT_PAREN;
    if (place == RECOVERY_DECLARATION) {
        return starts_statement(parser, found) ? TOK_LOST_BRACE : TOK_END;
    }
    if (starts_declaration(parser, found)) return TOK_RIGHT_BRACE;
    if (at_once && lacks_brace(parser, place, found)) return TOK_LOST_BRACE;
    bool let = place == RECOVERY_STATEMENT && at_once && lacks_let(parser, found, before);
    return let ? TOK_LET : TOK_END;
}

static void make_up(Parser *parser, const Token *found, int kind) {
    Token missing = {.kind = kind, .span = {found->span.begin, found->span.begin}};
    if (kind == TOK_END) return;
    give_back(parser, missing);
    if (kind == TOK_RIGHT_PAREN || kind == TOK_RIGHT_BRACE) {
        parser->quiet_at = found->span.begin;
    }
}

/* A keyword in the middle of a line where something else is wanted begins nothing there:
 * `let layer = 3`, `x.block`, `if x yield 1`; and a brace within parentheses of its line
 * closes nothing. */
static bool is_misplaced(const Parser *parser) {
    const Token *token = &parser->last;
    if (token->kind == TOK_RIGHT_BRACE && parser->brackets_before > 0) {
        const Bracket *open = &parser->brackets.data[parser->brackets_before - 1];
        return open->kind != '{' && !breaks_line(parser, open->span.end, token->span.begin);
    }
    return (token->kind >= TOK_NNA && token->kind <= TOK_INF) && !first_on_line(parser, token);
}

bool parse_recover(Parser *parser, Recovery place, bool from_last) {
    Token token = parser->last;
    int before = parser->previous.kind;
    bool at_once = from_last && !is_misplaced(parser);
    if (from_last) {
        parser->brackets.count = parser->brackets_before;
        parser->in_head = parser->in_head_before;
    }
    uint32_t depth = close_given_up(parser, place);
    if (!at_once) {
        before = token.kind;
        token = read_token(parser);
    }
    while (!recovers_at(parser, place, &token, before) &&
           !(at_once && place == RECOVERY_DECLARATION && lacks_brace(parser, place, &token))) {
        if (place == RECOVERY_LIST) {
            if (depth == 0 && token.kind == TOK_RIGHT_PAREN && closes_list(parser, &token)) break;
            if (depth == 0 && token.kind == TOK_COMMA && begins_element(parser, &token)) break;
            depth += opens(token.kind);
            depth -= depth > 0 && closes(token.kind);
        } else if (token.kind == TOK_LEFT_BRACE &&
                   (before == TOK_IN || place == RECOVERY_ITEM ||
                    parser->declaring == TOK_TRAIN)) {
            Token close = skip_group(parser, TOK_LEFT_BRACE);
            if (close.kind == TOK_END) give_back(parser, close);
        }
        if (token.kind == TOK_IF || token.kind == TOK_ELSE || token.kind == TOK_FOR ||
            token.kind == TOK_SCAN) {
            parser->in_head = true;
        }
        before = token.kind;
        at_once = false;
        token = read_token(parser);
    }
    parser->stuck = parser->recovered_at == token.span.begin ? parser->stuck + 1 : 0;
    parser->recovered_at = token.span.begin;
    if (token.kind == TOK_LEFT_BRACE && place != RECOVERY_LIST) token.kind = TOK_LOST_BRACE;
    parser->last = (Token){.kind = TOK_POISON}; /* what was skipped is nobody's context */
    give_back(parser, token);
    make_up(parser, &token, missing_before(parser, place, &token, at_once, before));
    /* At one place there are at most two recoveries a level of nesting: each ends one. */
    bool moving = parser->stuck / 2 <= parser->cx->limits.block_depth + LEVELS_OUTSIDE;
    assert(moving);
    return moving;
}

void parse_stack_full(Parser *parser) {
    Ctx *cx = parser->cx;
    parser->faults++;
    parser->file->broken = true;
    parser->quiet_at = parser->last.span.begin;
    Diag *d = diag_new(cx, NNA0002, parser->last.span, "the text is nested too deeply");
    diag_primary(cx, d, "the parser gives up here");
    diag_note(cx, d, "the rest of this declaration is not read");
    diag_emit(cx, d);
}

/* ---- the file ---- */

/* A Parser that gives tokens: the text is copied, since flex writes into it. */
static void scanner_open(Parser *parser, Ctx *cx, const Source *source) {
    static const char *const words[SUSPECT_COUNT] = {"True", "False", "None"};
    *parser = (Parser){.cx = cx, .source = source};
    parser->file = ARENA_NEW(&cx->module, File);
    parser->file->source = (Source *)source;
    uint64_t faults = cx->limits.reports < UINT32_MAX / 2 ? cx->limits.reports : UINT32_MAX / 2;
    parser->fault_limit = (uint32_t)(faults < FAULTS_MIN ? FAULTS_MIN : faults);
    for (uint32_t i = 0; i < SUSPECT_COUNT; i++) {
        parser->suspects[i] = names_intern_text(&cx->names, words[i]);
    }
    size_t size = (size_t)source->length + 2; /* two NUL bytes end it */
    parser->buffer = ARENA_ARRAY(&cx->module, char, size);
    memcpy(parser->buffer, source->text, source->length);
    nna_yylex_init_extra(parser, &parser->scanner);
    nna_yy_scan_buffer(parser->buffer, size, parser->scanner);
}

static void parser_open(Parser *parser, Ctx *cx, const Source *source) {
    scanner_open(parser, cx, source);
    File *file = parser->file;
    file->nodes.capacity = file->children.capacity = source->length / BYTES_PER_NODE + 64;
    file->nodes.data = ARENA_ARRAY(&cx->module, AstNode, file->nodes.capacity);
    file->children.data = ARENA_ARRAY(&cx->module, Ast, file->children.capacity);
    file->nodes.count = 1; /* the first one stands for none */
}

File *parse_file(Ctx *cx, Source *source) {
    Parser parser;
    parser_open(&parser, cx, source);
    enum { STACK_FULL = 2 };
    while (nna_yyparse(&parser) == STACK_FULL) {
        parse_recover(&parser, RECOVERY_DECLARATION, true);
        parser.quiet_at = parser.recovered_at; /* the header that is not there again */
    }
    if (parser.file->root.id == 0) build_file(&parser);
    return parser.file;
}

static void token_print(const Parser *parser, const Token *token, Buf *out) {
    Ctx *cx = parser->cx;
    Place place = place_of(cx, token->span.begin);
    buf_printf(out, "%u:%u %s", place.line, place.column, parse_token_name(token->kind));
    switch (token->kind) {
    case TOK_INTEGER: buf_printf(out, " %lld", (long long)token->value.integer); break;
    case TOK_REAL:
        buf_put_char(out, ' ');
        buf_put_number(out, token->value.real);
        break;
    case TOK_IDENTIFIER: case TOK_ATTRIBUTE: case TOK_STRING:
        buf_put(out, " `");
        buf_put_escaped(out, names_text(&cx->names, token->value.name),
                        names_length(&cx->names, token->value.name));
        buf_put_char(out, '`');
        break;
    case TOK_COMPARISON: case TOK_PRODUCT:
        buf_printf(out, " %s", ast_op_text[token->value.op]);
        break;
    }
    buf_put_char(out, '\n');
}

void tokens_print(Ctx *cx, Source *source, Buf *out) {
    Parser parser;
    scanner_open(&parser, cx, source);
    Token token;
    do {
        token = read_token(&parser);
        token_print(&parser, &token, out);
    } while (token.kind != TOK_END);
}

struct TokenReader {
    Parser parser;
};

TokenReader *tokens_open(Ctx *cx, const Source *source) {
    TokenReader *reader = ARENA_NEW(&cx->module, TokenReader);
    scanner_open(&reader->parser, cx, source);
    return reader;
}

Span tokens_next(TokenReader *reader) {
    return read_token(&reader->parser).span;
}
