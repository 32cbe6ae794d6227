/* A walk over the tree that takes the words from the file, and decides what stands between them.
 *
 * format.def says how each kind of node is laid out. Its words are taken from the scanner one by
 * one, with the comments between them; the gap before a word is placed when the word comes, since
 * only then it is known what stands in it. */
#include "frontend/format.h"

#include "frontend/layout.h"
#include "frontend/parse.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

enum { WIDTH = 100, INDENT = 2, UNFORESEEN = 4 };

/* Where an empty line between comments and words is kept. */
enum { BLANK_FIRST = 1u << 0, BLANK_BETWEEN = 1u << 1, BLANK_LAST = 1u << 2, BLANK_MADE = 1u << 3 };
enum { BLANKS_KEPT = BLANK_FIRST | BLANK_BETWEEN | BLANK_LAST };

typedef struct Formatter {
    Ctx *cx;
    const File *file;
    TokenReader *reader;
    Layout layout;
    Span last, next;      /* the word that was placed, and the one to come */
    uint32_t depth;       /* groups that are open */
    Gap gap;              /* before the next word, as it was asked for */
    unsigned blanks;      /* in that gap */
    uint32_t unforeseen;  /* columns, where it must break all the same */
    bool commented;       /* its comments are placed, */
    bool has_comment;     /* there were some, */
    bool blank;           /* and an empty line follows them */
    bool placed;          /* all of it is placed */
    VEC(Span) held;       /* lines with expectations, in their order */
    uint32_t held_at;     /* the first that does not end before the next word */
    uint32_t last_held;   /* number of the last word's line among them; 0: none */
    bool enclosed;        /* the last word was a parenthesis around one expression */
} Formatter;

/* A group while its layout is read. */
typedef struct Group {
    uint32_t owner;   /* the first word of the node, behind its attributes */
    uint32_t indents; /* to be taken back where it ends */
    bool enclosed;    /* in parentheses, which are indentation enough */
} Group;

static const char *const layouts[AST_KIND_COUNT] = {
#define LAYOUT(kind, layout) [AST_##kind] = layout,
#include "frontend/format.def"
};

/* ---- comments and gaps ---- */

static const char *text_at(const Formatter *f, uint32_t offset) {
    return f->file->source->text + (offset - f->file->source->base);
}

static char next_char(const Formatter *f) {
    return f->next.begin == f->next.end ? '\0' : *text_at(f, f->next.begin);
}

static void ask(Formatter *f, Gap gap, unsigned blanks) {
    f->gap = gap;
    f->blanks = blanks;
}

/* A comment between two words, or the end of the gap. */
typedef struct Remark {
    Span span;
    bool own;   /* nothing stands before it on its line */
    bool blank; /* an empty line does */
    bool found;
} Remark;

/* The next comment from `at` on. Words in between are those that are left out. */
static Remark next_remark(const Formatter *f, uint32_t at, bool own) {
    uint32_t lines = 0;
    for (; at < f->next.begin; at++) {
        char c = *text_at(f, at);
        if (c == '\n') lines++;
        if (c != '#') continue;
        const char *end = memchr(text_at(f, at), '\n', f->next.begin - at);
        uint32_t stop = end == NULL ? f->next.begin : at + (uint32_t)(end - text_at(f, at));
        while (stop > at && isspace((unsigned char)*text_at(f, stop - 1))) stop--;
        return (Remark){{at, stop}, own || lines > 0, lines > 1, true};
    }
    return (Remark){{at, at}, own || lines > 0, lines > 1, false};
}

/* Whether one of a gap's places has an empty line. */
static bool has_blank(const Formatter *f) {
    bool own = f->last.end == f->last.begin;
    Remark r = next_remark(f, f->last.end, own);
    for (; r.found; r = next_remark(f, r.span.end, true)) {
        if (r.own && r.blank) return true;
    }
    return r.blank;
}

/* A comment `#!` that begins the file would be no expectation any more. */
static bool must_not_begin(const Formatter *f, Span span) {
    return f->last.end == f->file->source->base && span.begin > f->last.end &&
           span.end - span.begin > 1 && *text_at(f, span.begin + 1) == '!';
}

/* Places the comments before the next word, where the indentation is theirs. */
static void place_comments(Formatter *f) {
    if (f->commented) return;
    f->commented = true;
    bool made = (f->blanks & BLANK_MADE) != 0 && !has_blank(f);
    bool first = true;
    Remark r = next_remark(f, f->last.end, f->last.end == f->last.begin);
    for (; r.found; r = next_remark(f, r.span.end, true)) {
        const char *text = text_at(f, r.span.begin);
        uint32_t length = r.span.end - r.span.begin;
        f->has_comment = true;
        if (!r.own) {
            layout_remark(&f->layout, text, length);
            continue;
        }
        bool kept = r.blank && (f->blanks & (first ? BLANK_FIRST : BLANK_BETWEEN)) != 0;
        if (first && must_not_begin(f, r.span)) kept = true;
        layout_comment(&f->layout, text, length, kept || (first && made));
        first = false;
    }
    unsigned wanted = first ? BLANK_FIRST | BLANK_LAST : BLANK_LAST;
    f->blank = (r.blank && (f->blanks & wanted) == wanted) || (first && made);
}

/* The number of the line with an expectation that the next word stands on. */
static uint32_t held_line(Formatter *f) {
    while (f->held_at < f->held.count && f->held.data[f->held_at].end <= f->next.begin) {
        f->held_at++;
    }
    bool on = f->held_at < f->held.count && f->held.data[f->held_at].begin <= f->next.begin;
    return on ? f->held_at + 1 : 0;
}

static bool is_word_char(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* Words that would be read as one: `1` and `.x` of `1 .x`, and two names. */
static bool would_join(const Formatter *f) {
    if (f->last.begin == f->last.end) return false;
    char before = *text_at(f, f->last.end - 1), after = next_char(f);
    bool member = after == '.' && f->next.end - f->next.begin == 1;
    return is_word_char(before) &&
           (is_word_char(after) || (member && isdigit((unsigned char)*text_at(f, f->last.begin))));
}

static void place_gap(Formatter *f) {
    if (f->placed) return;
    place_comments(f);
    f->placed = true;
    uint32_t held = held_line(f);
    Gap gap = f->gap;
    uint32_t beyond = 0;
    if (held != 0 && held == f->last_held) {
        bool tight = gap == GAP_TIGHT || gap == GAP_SOFT;
        gap = tight ? GAP_TIGHT : GAP_SPACE;
    } else if (f->has_comment || held != 0 || f->last_held != 0) {
        if (gap == GAP_TIGHT || gap == GAP_SPACE) beyond = f->unforeseen;
        gap = GAP_HARD;
    }
    if (gap == GAP_TIGHT && would_join(f)) gap = GAP_SPACE;
    if (gap == GAP_HARD && f->depth == 0) layout_flush(&f->layout);
    layout_gap(&f->layout, gap, f->blank, beyond);
    f->last_held = held;
}

/* ---- words ---- */

/* The gap behind a word is tight where nobody asks for another. */
static void advance(Formatter *f) {
    f->next = tokens_next(f->reader);
}

static void word(Formatter *f) {
    place_gap(f);
    layout_word(&f->layout, text_at(f, f->next.begin), f->next.end - f->next.begin);
    f->last = f->next;
    ask(f, GAP_TIGHT, 0);
    f->unforeseen = UNFORESEEN;
    f->placed = f->commented = f->has_comment = f->blank = f->enclosed = false;
    advance(f);
}

/* Words that are left out; what stands behind them stands in the gap before the next one. */
static uint32_t leave_out(Formatter *f, char c, uint32_t end, uint32_t count) {
    uint32_t done = 0;
    for (; done < count && next_char(f) == c && f->next.begin < end; done++) advance(f);
    return done;
}

static void open(Formatter *f) {
    place_gap(f);
    f->depth++;
    layout_open(&f->layout);
}

static void close(Formatter *f) {
    f->depth--;
    layout_close(&f->layout);
}

/* ---- lists ---- */

static void node(Formatter *f, Ast ast);

static bool is_number(const Formatter *f, Ast ast) {
    AstKind kind = ast_kind(f->file, ast);
    if (kind == AST_UNARY) kind = ast_kind(f->file, ast_child(f->file, ast, AST_UNARY_OPERAND));
    return kind == AST_INTEGER || kind == AST_REAL;
}

/* Numbers fill their lines; other elements stand on a line each. */
static Gap gap_between(const Formatter *f, AstRange all) {
    for (uint32_t i = 0; i < all.count; i++) {
        if (!is_number(f, all.items[i])) return GAP_LINE;
    }
    return GAP_FILL;
}

static void elements(Formatter *f, AstRange all, Gap between) {
    for (uint32_t i = 0; i < all.count; i++) {
        if (i > 0) {
            word(f); /* the comma */
            ask(f, between, 0);
        }
        node(f, all.items[i]);
    }
}

static void commas(Formatter *f, AstRange all) {
    if (all.count > 1) {
        open(f);
        layout_indent(&f->layout, INDENT);
    }
    elements(f, all, GAP_LINE);
    if (all.count > 1) {
        layout_dedent(&f->layout);
        close(f);
    }
}

/* Parameters and results stand below each other, all else is indented on lines of its own. */
static void bracketed(Formatter *f, AstRange all) {
    AstKind kind = all.count == 0 ? AST_NOTHING : ast_kind(f->file, all.items[0]);
    bool below = kind == AST_PARAMETER || kind == AST_RESULT;
    uint32_t doubled = 0;
    open(f);
    word(f);
    if (all.count > 0) {
        doubled = leave_out(f, '(', ast_span(f->file, all.items[0]).begin, UINT32_MAX);
    }
    if (below) layout_align(&f->layout);
    else layout_indent(&f->layout, INDENT);
    Gap edge = below || all.count == 0 ? GAP_TIGHT : GAP_SOFT;
    ask(f, edge, 0);
    f->unforeseen = 0;
    elements(f, all, gap_between(f, all));
    leave_out(f, ',', UINT32_MAX, 1);
    leave_out(f, ')', UINT32_MAX, doubled);
    place_comments(f);
    layout_dedent(&f->layout);
    ask(f, edge, 0);
    f->unforeseen = 0;
    word(f);
    close(f);
}

/* Whether the next word is a bracket around the list, and not of its first element. */
static bool has_bracket(const Formatter *f, Ast ast, AstRange all) {
    char c = next_char(f);
    if (all.count > 0 && ast_span(f->file, all.items[0]).begin == f->next.begin) return false;
    return c == '(' || c == '[' || (c == '{' && ast_kind(f->file, ast) == AST_SET);
}

static void braces(Formatter *f, Ast ast, uint32_t slot) {
    AstRange all = ast_list(f->file, ast, slot);
    if (all.count == 1 && ast_kind(f->file, all.items[0]) == AST_LIST) {
        all = ast_list(f->file, all.items[0], AST_LIST_ITEMS);
    }
    Gap edge = all.count == 0 ? GAP_TIGHT : all.count == 1 ? GAP_LINE : GAP_HARD;
    word(f);
    layout_indent(&f->layout, INDENT);
    for (uint32_t i = 0; i < all.count; i++) {
        if (i == 0) ask(f, edge, BLANK_BETWEEN | BLANK_LAST);
        else ask(f, GAP_HARD, BLANKS_KEPT);
        node(f, all.items[i]);
    }
    ask(f, edge, all.count == 0 ? BLANK_BETWEEN : BLANK_FIRST | BLANK_BETWEEN);
    place_comments(f);
    layout_dedent(&f->layout);
    word(f);
}

static void attributes(Formatter *f, Ast ast) {
    AstRange all = ast_list(f->file, ast_child(f->file, ast, 0), AST_LIST_ITEMS);
    for (uint32_t i = 0; i < all.count; i++) {
        node(f, all.items[i]);
        ask(f, GAP_HARD, 0);
    }
}

/* ---- layouts ---- */

static void run_layout(Formatter *f, Ast ast, const char *layout, const char *end, Group *group);

/* How tightly an operator binds, loosest first; 0: not an operator. */
static uint32_t level_of(const AstNode *node) {
    if (node->kind == AST_PIPE) return 1;
    if (node->kind != AST_BINARY) return 0;
    switch ((AstOp)node->op) {
    case AST_OP_OR: return 2;
    case AST_OP_AND: return 3;
    case AST_OP_EQUAL: case AST_OP_NOT_EQUAL: case AST_OP_LESS: case AST_OP_LESS_EQUAL:
    case AST_OP_GREATER: case AST_OP_GREATER_EQUAL: return 4;
    case AST_OP_ADD: case AST_OP_SUBTRACT: return 5;
    case AST_OP_MULTIPLY: case AST_OP_DIVIDE: case AST_OP_FLOOR_DIVIDE: case AST_OP_REMAINDER:
    case AST_OP_MATMUL: return 6;
    case AST_OP_POWER: return 7;
    case AST_OP_NONE: case AST_OP_NEGATE: case AST_OP_NOT: case AST_OP_COUNT: break;
    }
    return 0;
}

/* A child that goes on with its parent stands in the parent's group. */
static void joined(Formatter *f, Ast parent, Ast child, Group *group) {
    const AstNode *above = ast_node(f->file, parent), *below = ast_node(f->file, child);
    const char *layout = layouts[below->kind];
    if (above->kind != below->kind || level_of(above) != level_of(below) ||
        (below->flags & AST_PARENTHESIZED) != 0) {
        node(f, child);
        return;
    }
    run_layout(f, child, layout + 1, layout + strlen(layout) - 1, group);
}

/* Behind the bracket that closes the one before `at`. */
static const char *behind(const char *at, char opening, char closing) {
    for (uint32_t depth = 1; depth > 0; at++) {
        assert(*at != '\0');
        depth += *at == opening;
        depth -= *at == closing;
    }
    return at;
}

static bool is_there(const Formatter *f, Ast ast, char what) {
    const AstNode *one = ast_node(f->file, ast);
    if (what == 'n') return one->name.id != 0;
    if (what == 'f') return one->flags != 0;
    if (what == 'o') return isalpha((unsigned char)ast_op_text[one->op][0]) != 0;
    return ast_child(f->file, ast, (uint32_t)(what - '0')).id != 0;
}

/* A word of a layout; returns where it ends. */
static const char *layout_word_at(Formatter *f, const char *at) {
    size_t length = 1;
    bool any = isupper((unsigned char)*at);
    if (isalpha((unsigned char)*at)) {
        while (isalpha((unsigned char)at[length]) || at[length] == '_') length++;
    } else {
        length = f->next.end - f->next.begin;
    }
    assert(any || (length == f->next.end - f->next.begin &&
                   memcmp(at, text_at(f, f->next.begin), length) == 0));
    (void)any;
    word(f);
    return at + length;
}

/* Stops of the items of a train section are of one sort. */
static void stop(Formatter *f, Ast ast, uint32_t owner) {
    AstKind kind = ast_kind(f->file, ast);
    AstClass class = ast_kind_info[kind].class;
    uint8_t sort = (uint8_t)(class == AST_CLASS_ITEM ? AST_KIND_COUNT : kind);
    layout_stop(&f->layout, sort, text_at(f, owner));
}

static void group_indent(Formatter *f, Group *group, char columns) {
    if (group->indents > 0 || group->enclosed) return;
    layout_indent(&f->layout, (uint32_t)(columns - '0'));
    group->indents++;
}

static const char *inner_group(Formatter *f, Ast ast, const char *at, uint32_t owner) {
    const char *end = behind(at, '<', '>');
    open(f);
    Group group = {.owner = owner, .enclosed = f->enclosed};
    f->enclosed = false;
    run_layout(f, ast, at, end - 1, &group);
    for (; group.indents > 0; group.indents--) layout_dedent(&f->layout);
    close(f);
    return end;
}

static void slot(Formatter *f, Ast ast, char sign, uint32_t number, Group *group) {
    AstRange all = ast_list(f->file, ast, number);
    switch (sign) {
    case '$': node(f, ast_child(f->file, ast, number)); break;
    case '~': joined(f, ast, ast_child(f->file, ast, number), group); break;
    case '{': braces(f, ast, number); break;
    case ',': commas(f, all); break;
    case '#':
        if (has_bracket(f, ast, all)) bracketed(f, all);
        else commas(f, all);
        break;
    }
}

static void run_layout(Formatter *f, Ast ast, const char *at, const char *end, Group *group) {
    while (at < end) {
        bool numbered = at + 1 < end && isdigit((unsigned char)at[1]);
        if (numbered && strchr("$~{,#", *at) != NULL) {
            slot(f, ast, at[0], (uint32_t)(at[1] - '0'), group);
            at += at[0] == '{' ? 3 : 2;
            continue;
        }
        switch (*at++) {
        case ' ': ask(f, GAP_SPACE, 0); break;
        case '/': ask(f, GAP_LINE, 0); break;
        case '+': group_indent(f, group, *at++); break;
        case '|': stop(f, ast, group->owner); break;
        case '<': at = inner_group(f, ast, at, group->owner); break;
        case '@':
            attributes(f, ast);
            group->owner = f->next.begin;
            break;
        case '[': {
            const char *close_at = behind(at, '[', ']');
            if (is_there(f, ast, *at)) run_layout(f, ast, at + 1, close_at - 1, group);
            at = close_at;
            break;
        }
        default: at = layout_word_at(f, at - 1);
        }
    }
}

/* Where an expression begins within the parentheses around it; 0: at no parenthesis. */
static uint32_t inner_begin(const Formatter *f, Ast ast) {
    switch (ast_kind(f->file, ast)) {
    case AST_BINARY: case AST_PIPE: case AST_MEMBER: case AST_INDEX:
        return ast_span(f->file, ast_child(f->file, ast, 0)).begin;
    case AST_TUPLE: return 0; /* its own parenthesis looks the same: left out there */
    default: return UINT32_MAX;
    }
}

static void plain_node(Formatter *f, Ast ast) {
    const char *layout = layouts[ast_kind(f->file, ast)];
    Group group = {.owner = f->next.begin};
    assert(layout != NULL);
    run_layout(f, ast, layout, layout + strlen(layout), &group);
    for (; group.indents > 0; group.indents--) layout_dedent(&f->layout);
}

static void node(Formatter *f, Ast ast) {
    const AstNode *one = ast_node(f->file, ast);
    bool expression = ast_kind_info[one->kind].class == AST_CLASS_EXPRESSION;
    if (!expression || (one->flags & AST_PARENTHESIZED) == 0) {
        plain_node(f, ast);
        return;
    }
    open(f);
    word(f);
    uint32_t doubled = leave_out(f, '(', inner_begin(f, ast), UINT32_MAX);
    layout_indent(&f->layout, INDENT);
    ask(f, GAP_SOFT, 0);
    f->enclosed = true;
    plain_node(f, ast);
    leave_out(f, ')', UINT32_MAX, doubled);
    place_comments(f);
    layout_dedent(&f->layout);
    ask(f, GAP_SOFT, 0);
    word(f);
    close(f);
}

/* ---- the file ---- */

/* The lines with expectations. */
static void hold_lines(Formatter *f) {
    const Source *source = f->file->source;
    uint32_t end = source->base + source->length, line_end = 0;
    for (uint32_t i = 0; i < f->file->expectations.count; i++) {
        uint32_t begin = f->file->expectations.data[i].span.begin;
        if (begin < line_end) continue;
        const char *next = memchr(text_at(f, begin), '\n', end - begin);
        line_end = next == NULL ? end + 1 : begin + (uint32_t)(next - text_at(f, begin)) + 1;
        while (begin > source->base && *text_at(f, begin - 1) != '\n') begin--;
        vec_push(&f->cx->module, &f->held, (Span){begin, line_end});
    }
}

/* `nna`, and the number of the version where it is written. */
static void header(Formatter *f) {
    ask(f, GAP_HARD, BLANK_BETWEEN | BLANK_LAST);
    word(f);
    if (!isdigit((unsigned char)next_char(f))) return;
    ask(f, GAP_SPACE, 0);
    word(f);
}

void format_file(Ctx *cx, const File *file, Buf *out) {
    assert(!file->broken);
    const Source *source = file->source;
    Formatter f = {.cx = cx, .file = file, .reader = tokens_open(cx, source),
                   .last = {source->base, source->base}};
    layout_begin(&f.layout, &cx->module, WIDTH);
    hold_lines(&f);
    advance(&f);
    header(&f);
    AstRange all = ast_list(file, file->root, AST_FILE_DECLARATIONS);
    AstKind before = AST_NOTHING;
    for (uint32_t i = 0; i < all.count; i++) {
        AstKind kind = ast_kind(file, all.items[i]);
        bool apart = kind != AST_IMPORT || before != AST_IMPORT;
        ask(&f, GAP_HARD, BLANKS_KEPT | (apart ? BLANK_MADE : 0));
        node(&f, all.items[i]);
        before = kind;
    }
    ask(&f, GAP_HARD, BLANK_FIRST | BLANK_BETWEEN);
    place_comments(&f);
    layout_end(&f.layout, out);
}
