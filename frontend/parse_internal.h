/* What grammar/nna.l and grammar/nna.y may call: the scanner's helpers (scan.c), the
 * stream of tokens with recovery and reports (parse.c), and the makers of nodes (build.c).
 *
 * Lists under construction stand on one stack, Parser.pending; the grammar passes where
 * each begins and how long it is. What an abandoned list leaves there is overwritten. */
#ifndef NNA_FRONTEND_PARSE_INTERNAL_H
#define NNA_FRONTEND_PARSE_INTERNAL_H

#include "frontend/parse.h"

/* A list under construction: Parser.pending[begin .. begin + count]. */
typedef struct AstItems {
    uint32_t begin, count;
} AstItems;

typedef union TokenValue {
    Ast ast;
    Name name;
    AstItems items;
    int64_t integer;
    double real;
    AstOp op;
    uint8_t flags;
} TokenValue;

typedef struct Token {
    int kind; /* TOK_... of nna.tab.h */
    TokenValue value;
    Span span;
} Token;

/* An open bracket, and how many there are up to it. */
typedef struct Bracket {
    char kind; /* ( [ { or s: the brace of a set contract */
    Span span;
    uint32_t parens, braces;
} Bracket;

typedef enum Suspect { SUSPECT_TRUE, SUSPECT_FALSE, SUSPECT_NONE, SUSPECT_COUNT } Suspect;

enum { QUEUE_SIZE = 4 };

typedef struct Parser {
    Ctx *cx;
    File *file;
    const Source *source;
    void *scanner;   /* flex's */
    char *buffer;    /* the text, which flex writes into */
    VEC(Ast) pending;
    VEC(Ast) declared; /* so far; they outlive a full stack */
    VEC(Bracket) brackets;
    uint32_t brackets_before; /* their count before the last token */
    Token last, previous;     /* what the parser was given last, and before it */
    Token queue[QUEUE_SIZE];  /* to be given before the scanner is asked, first at the end */
    uint32_t queue_count;
    uint32_t quiet_at;     /* a syntax error at this offset or before it was reported */
    uint32_t recovered_at; /* offset where the last recovery ended */
    uint32_t indent, indent_before; /* columns before the last statement, and the one before */
    uint32_t declared_at;  /* offset of the keyword that began the last declaration */
    uint32_t ended_at;     /* of the `}` of the last body that was reported to end too early */
    uint32_t open_bodies;  /* bodies of this declaration whose missing `}` was reported */
    uint32_t stuck;        /* recoveries that ended there, one after the other */
    uint32_t faults, fault_limit;
    uint32_t doc_begin;    /* of documentation that awaits its owner; 0: none */
    uint32_t doc_end;
    Buf doc;
    Name suspects[SUSPECT_COUNT]; /* words of other languages */
    bool in_head;      /* after `if`, `else`, `for` or `scan`, before the brace of its body */
    bool in_head_before; /* the same before the last token */
    int declaring;     /* keyword of the declaration that was begun last */
    uint32_t muted;    /* tokens from the next one on at which a fault follows from another */
    bool deep_reported; /* in this statement of a declaration */
    bool finished;     /* too many faults: nothing more is read or reported */
} Parser;

/* ---- scan.c: called by the rules of nna.l with the text of the token ---- */

/* Keeps a comment: documentation, an expectation, or where it stands. */
void scan_comment(Parser *parser, Span span);

/* The value of a literal; a malformed or too large one is reported, and is 0. */
int64_t scan_integer(Parser *parser, Span span, uint32_t base);
double scan_real(Parser *parser, Span span);
Name scan_string(Parser *parser, Span span);
Name scan_name(Parser *parser, Span span);
Name scan_quoted_name(Parser *parser, Span span);

/* Bytes that are not ASCII, with a name before or around them. Returns how many bytes of
 * the span the token has, and whether that is a name (else it was reported). */
uint32_t scan_foreign(Parser *parser, Span span, bool *name);

/* A comment of another language. */
void scan_foreign_comment(Parser *parser, Span span);

/* Bytes of no token: reported, and left out. */
void scan_stray(Parser *parser, Span span);

/* A report NNA1002 about a literal; the token is given to the parser all the same. */
void scan_malformed_number(Parser *parser, Span span);
void scan_unterminated(Parser *parser, Span span, const char *what);

/* A spelling of another language: reported (NNA1001), then read as what was meant. */
void scan_misspelled(Parser *parser, Span span, const char *meant);

/* ---- parse.c: what nna.y asks for ---- */

/* The next token, for the parser. */
int parse_token(TokenValue *value, Span *span, Parser *parser);

/* False where a syntax error at the last token follows from one that was reported. */
bool parse_may_report(Parser *parser);

/* Reports that the last token is not what the grammar allows here. `expected` are token
 * kinds, `names` their aliases in the grammar. */
void parse_syntax_error(Parser *parser, const int *expected, const char *const *names,
                        uint32_t count);

/* The alias of a token kind, as in nna.y: "let", "a name". Defined there. */
const char *parse_token_name(int kind);

/* The parser's stack is full. */
void parse_stack_full(Parser *parser);

typedef enum Recovery {
    RECOVERY_DECLARATION,
    RECOVERY_STATEMENT,
    RECOVERY_ITEM,
    RECOVERY_LIST
} Recovery;

/* Skips to where a declaration, a statement, an item, or the next element of a list of
 * parameters begins, or to what closes the list; what is missing in between is made up.
 * `from_last`: the last token is looked at first. False where this leads nowhere, which
 * is a fault of ours. */
bool parse_recover(Parser *parser, Recovery place, bool from_last);

/* ---- build.c: makers of nodes ---- */

AstItems items_empty(Parser *parser);
AstItems items_add(Parser *parser, AstItems items, Ast item);
AstItems items_one(Parser *parser, Ast item);

/* A node with the children given in the order of its slots. */
Ast build_node(Parser *parser, AstKind kind, Span span, Name name, const Ast *children,
               uint32_t count);
/* A node whose slots are a list, or one child and a list. */
Ast build_list(Parser *parser, AstKind kind, Span span, Name name, AstItems items);
Ast build_headed(Parser *parser, AstKind kind, Span span, Name name, Ast head, AstItems items);
Ast build_leaf(Parser *parser, AstKind kind, Span span, Name name);
Ast build_integer(Parser *parser, Span span, int64_t value);
Ast build_real(Parser *parser, Span span, double value);
Ast build_bool(Parser *parser, Span span, bool value);
Ast build_name_node(Parser *parser, Span span, Name name);
Ast build_unary(Parser *parser, Span span, AstOp op, Ast operand);
Ast build_binary(Parser *parser, Span span, AstOp op, Ast left, Ast right);
Ast build_group(Parser *parser, Span span, AstItems items); /* (a) or (a, b) */
Ast build_pattern(Parser *parser, Span span, AstItems names, uint8_t flags);
Ast build_sources(Parser *parser, Span span, Ast value); /* of a scan: a tuple taken apart */
Ast build_interval(Parser *parser, Span span, uint8_t low, Ast from, Ast to, uint8_t high);
Ast build_flagged(Parser *parser, Ast node, uint8_t flags);

/* Puts the attributes before a declaration, a statement or an item. */
Ast build_attributes(Parser *parser, Span span, AstItems attributes); /* AST_NONE: none */
Ast build_attributed(Parser *parser, Span span, Ast attributes, Ast node);

/* A body of a model or a block ends with `return`, one of an expression with `yield`. */
Ast build_definition(Parser *parser, AstKind kind, Span span, Name name, Ast parameters,
                     Ast results, Ast body);
Ast build_if(Parser *parser, Span span, Ast condition, Ast then, Ast otherwise);
Ast build_loop(Parser *parser, AstKind kind, Span span, Name name, const Ast *children,
               uint32_t count, Ast body);

/* What stands for what could not be read; with the names it would have bound. */
Ast build_error(Parser *parser, Span span);
Ast build_broken(Parser *parser, Span span, Ast pattern);
Ast build_broken_name(Parser *parser, AstKind kind, Span span, Name name);

/* `x.f(...)`, and an `assume` or `guard` without its contract: reported, with what was meant. */
Ast build_method(Parser *parser, Span span, Ast value, Name name, Span name_span,
                 AstItems arguments);
Ast build_promise(Parser *parser, Span span, const char *word, Ast value);

void build_header(Parser *parser, Span span, int64_t version);
void build_declared(Parser *parser, Ast declaration);
void build_file(Parser *parser);

#endif
