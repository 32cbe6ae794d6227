/* The grammar of the .nna language: LALR(1) without a conflict.
 *
 * Every action makes one node (frontend/build.c) or recovers (frontend/parse.c); values are
 * ids, so that nothing is ever freed. Recovery is the parser's own: an `error` alternative
 * of a list asks parse_recover to skip to where the list goes on, and then counts as
 * mended (RECOVER), so that bison itself never throws a token away.
 *
 * Words that have a meaning in one place only are tokens, and `name` takes them all: they
 * can be told apart because no expression goes on with a name. `update` starts a statement
 * in the place of a statement and is a name everywhere else. */
%require "3.8"
%define api.pure full
%define api.prefix {nna_yy}
%define api.token.prefix {TOK_}
%define api.value.type {TokenValue}
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
%define parse.lac.es-capacity-initial {12000}
%locations
%expect 0
%param {Parser *parser}

%code requires {
#include "frontend/parse_internal.h"
}

%code {
/* The stacks never move, so that no memory is asked for: nesting that does not fit is
 * beyond every limit, and parse.c goes on behind it. */
#define YYINITDEPTH 12000
#define YYMAXDEPTH 12000
#define YYMALLOC(size) ((void)(size), NULL)
#define YYFREE(data) ((void)(data))

/* From the first child that stands somewhere to the last one. */
#define YYLLOC_DEFAULT(current, rhs, count)                                  \
    do {                                                                     \
        int first_ = 1, last_ = (int)(count);                                \
        while (first_ < last_ && YYRHSLOC(rhs, first_).begin == 0) first_++; \
        while (last_ > first_ && YYRHSLOC(rhs, last_).begin == 0) last_--;   \
        (current) = YYRHSLOC(rhs, last_ == 0 ? 0 : first_);                  \
        if (last_ == 0) (current) = SPAN_NONE;                               \
        if (last_ > 1) (current).end = YYRHSLOC(rhs, last_).end;             \
    } while (0)

#define NODE(kind, span, name, ...)                                            \
    build_node(parser, AST_##kind, span, name, (const Ast[]){__VA_ARGS__}, \
               sizeof((const Ast[]){__VA_ARGS__}) / sizeof(Ast))
#define RECOVER(place)                                                                  \
    do {                                                                                \
        if (!parse_recover(parser, RECOVERY_##place, yychar != TOK_NNA_YYEMPTY)) YYABORT; \
        yyclearin;                                                                      \
        yyerrok;                                                                        \
    } while (0)

#undef yylex
#define yylex parse_token

static void nna_yyerror(const Span *span, Parser *parser, const char *message) {
    (void)span, (void)message;
    parse_stack_full(parser); /* parse.error is custom: nothing else comes here */
}
}

%token END 0          "the end of the file"
%token NNA            "nna"
%token IMPORT         "import"
%token MODEL          "model"
%token BLOCK          "block"
%token EXTERN         "extern"
%token <name> TRAIN   "train"
%token LET            "let"
%token PARAM          "param"
%token BUFFER         "buffer"
%token LAYER          "layer"
%token RETURN         "return"
%token YIELD          "yield"
%token FOR            "for"
%token SCAN           "scan"
%token IN             "in"
%token WITH           "with"
%token IF             "if"
%token ELSE           "else"
%token REQUIRE        "require"
%token ASSUME         "assume"
%token GUARD          "guard"
%token AND            "and"
%token OR             "or"
%token NOT            "not"
%token TRUE           "true"
%token FALSE          "false"
%token INF            "inf"

%token <name> ANY "any" AXIS "axis" BATCH "batch" CLIP "clip" DROP_LAST "drop_last"
%token <name> ENUM "enum" EPOCHS "epochs" FINITE "finite" INIT "init" LIST "list"
%token <name> MAXIMIZE "maximize" METRIC "metric" MINIMIZE "minimize" OF "of"
%token <name> ONEHOT "onehot" OPTIMIZER "optimizer" OVER "over" PRECISION "precision"
%token <name> REGULARIZE "regularize" SCHEDULE "schedule" SIMPLEX "simplex" STEPS "steps"
%token <name> UPDATE "update" WRAP "wrap"

%token <name> IDENTIFIER   "a name"
%token <name> ATTRIBUTE    "an attribute"
%token <integer> INTEGER   "an integer"
%token <real> REAL         "a number"
%token <name> STRING       "a string"
%token POISON              "what was reported"
%token LOST_BRACE          "a body without a head"

%token PIPE "|>" ARROW "->" ELLIPSIS "..." DOTS ".."
%token <op> COMPARISON "a comparison" PRODUCT "a product"
%token POWER "**" PLUS "+" MINUS "-"
%token LEFT_PAREN "(" RIGHT_PAREN ")" LEFT_BRACKET "[" RIGHT_BRACKET "]"
%token LEFT_BRACE "{" RIGHT_BRACE "}" COMMA "," COLON ":" ASSIGN "=" DOT "."

%left OR
%left AND
%precedence NOT
%left COMPARISON
%left PLUS MINUS
%left PRODUCT
%precedence NEGATION
%right POWER
%left DOT LEFT_BRACKET

%nterm <name> name plain_name reason_opt
%nterm <flags> batch_end interval_low interval_high
%nterm <items> attribute_list attribute_arguments parameters parameters_opt
%nterm <items> result_list dimensions dimension_list names statements expressions arguments
%nterm <items> argument_list carries indices items
%nterm <ast> declaration bare_declaration attributes attribute
%nterm <ast> attribute_argument attribute_value
%nterm <ast> signature parameter default_opt results result type type_opt dimension contract_opt
%nterm <ast> contract axis_argument_opt body lost_body statement bare_statement init_opt pattern
%nterm <ast> item bare_item over_opt list expression binary call loop
%nterm <ast> argument pipe_target index slice_end_opt conditional otherwise range axis_opt
%nterm <ast> carries_opt carry word

%%

file:
    header declarations               { build_file(parser); }
;

header:
    "nna"                             { build_header(parser, @$, 1); }
  | "nna" INTEGER[version]            { build_header(parser, @version, $version); }
  | error                             { RECOVER(DECLARATION); }
;

declarations:
    %empty
  | declarations declaration[one]     { build_declared(parser, $one); }
  | declarations error                { RECOVER(DECLARATION); }
  | declarations lost_body[lost]      { build_declared(parser, $lost); RECOVER(DECLARATION); }
;

declaration:
    attributes bare_declaration[one]  { $$ = build_attributed(parser, @$, $attributes, $one); }
;

bare_declaration:
    "import" STRING[path]             { $$ = NODE(IMPORT, @$, $path, AST_NONE); }
  | "model" name signature[in] "->" results[out] body {
        $$ = build_definition(parser, AST_MODEL, @$, $name, $in, $out, $body);
    }
  | "block" name signature[in] "->" results[out] body {
        $$ = build_definition(parser, AST_BLOCK, @$, $name, $in, $out, $body);
    }
  | "extern" "block" name signature[in] "->" results[out] {
        $$ = build_definition(parser, AST_EXTERN, @$, $name, $in, $out, AST_NONE);
    }
  | "train" name "{" items "}" {
        $$ = NODE(TRAIN, @$, $name, AST_NONE,
                  build_list(parser, AST_LIST, @items, NAME_NONE, $items));
    }
  | "model" name error {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(DECLARATION);
    }
  | "model" name signature error {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(DECLARATION);
    }
  | "block" name error {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(DECLARATION);
    }
  | "block" name signature error {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(DECLARATION);
    }
  | "extern" "block" name error {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(DECLARATION);
    }
  | "extern" "block" name signature error {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(DECLARATION);
    }
;

/* A node before what they stand before, so that children come before their parents. */
attributes:
    attribute_list[all]               { $$ = build_attributes(parser, @$, $all); }
;

attribute_list:
    %empty                            { $$ = items_empty(parser); }
  | attribute_list[all] attribute[one] { $$ = items_add(parser, $all, $one); }
;

attribute:
    ATTRIBUTE                         { $$ = build_leaf(parser, AST_ATTRIBUTE, @$, $1); }
  | ATTRIBUTE "(" ")"                 { $$ = build_leaf(parser, AST_ATTRIBUTE, @$, $1); }
  | ATTRIBUTE "(" attribute_arguments[all] ")" {
        $$ = build_list(parser, AST_ATTRIBUTE, @$, $1, $all);
    }
;

attribute_arguments:
    attribute_argument[one]           { $$ = items_one(parser, $one); }
  | attribute_arguments[all] "," attribute_argument[one] {
        $$ = items_add(parser, $all, $one);
    }
;

attribute_argument:
    attribute_value[value]            { $$ = NODE(ARGUMENT, @$, NAME_NONE, $value); }
  | name ":" attribute_value[value]   { $$ = NODE(ARGUMENT, @$, $name, $value); }
;

attribute_value:
    expression
  | expression[low] ".." expression[high] { $$ = NODE(RANGE, @$, NAME_NONE, $low, $high); }
;

/* A node of its own, so that what is wrong behind it is not looked for inside. */
signature:
    "(" parameters_opt[all] ")"       { $$ = build_list(parser, AST_LIST, @$, NAME_NONE, $all); }
;

parameters_opt:
    %empty                            { $$ = items_empty(parser); }
  | parameters
  | parameters ","
;

parameters:
    parameter[one]                    { $$ = items_one(parser, $one); }
  | parameters[all] "," parameter[one] { $$ = items_add(parser, $all, $one); }
;

parameter:
    name ":" type default_opt[value]  { $$ = NODE(PARAMETER, @$, $name, $type, $value); }
  | name error                        {
        $$ = build_broken_name(parser, AST_PARAMETER, @name, $name); RECOVER(LIST);
    }
  | error                             { $$ = build_error(parser, @$); RECOVER(LIST); }
;

default_opt:
    %empty                            { $$ = AST_NONE; }
  | "=" expression[value]             { $$ = $value; }
;

results:
    type                              {
        $$ = build_list(parser, AST_LIST, @$, NAME_NONE,
                        items_one(parser, NODE(RESULT, @$, NAME_NONE, $type)));
    }
  | "(" result_list[all] ")"          { $$ = build_list(parser, AST_LIST, @$, NAME_NONE, $all); }
  | "(" result_list[all] "," ")"      { $$ = build_list(parser, AST_LIST, @$, NAME_NONE, $all); }
;

result_list:
    result[one]                       { $$ = items_one(parser, $one); }
  | result_list[all] "," result[one]  { $$ = items_add(parser, $all, $one); }
;

result:
    name ":" type                     { $$ = NODE(RESULT, @$, $name, $type); }
  | name error                        {
        $$ = build_broken_name(parser, AST_RESULT, @name, $name); RECOVER(LIST);
    }
  | error                             { $$ = build_error(parser, @$); RECOVER(LIST); }
;

type:
    plain_name[name]                  { $$ = build_leaf(parser, AST_STATIC_TYPE, @$, $name); }
  | plain_name[name] "[" dimensions[all] "]" contract_opt[contract] {
        $$ = build_headed(parser, AST_TENSOR_TYPE, @$, $name, $contract, $all);
    }
  | "list" "[" type[element] "]"      { $$ = NODE(LIST_TYPE, @$, NAME_NONE, $element); }
  | "enum" "(" names ")"              {
        $$ = build_list(parser, AST_ENUM_TYPE, @$, NAME_NONE, $names);
    }
;

dimensions:
    %empty                            { $$ = items_empty(parser); }
  | dimension_list
;

dimension_list:
    dimension[one]                    { $$ = items_one(parser, $one); }
  | dimension_list[all] "," dimension[one] { $$ = items_add(parser, $all, $one); }
;

dimension:
    expression
  | "..."                             { $$ = build_leaf(parser, AST_ELLIPSIS, @$, NAME_NONE); }
;

contract_opt:
    %empty                            { $$ = AST_NONE; }
  | "in" contract                     { $$ = $contract; }
;

contract:
    interval_low[low] expression[from] "," expression[to] interval_high[high] {
        $$ = build_interval(parser, @$, $low, $from, $to, $high);
    }
  | "{" expressions[all] "}"          { $$ = build_list(parser, AST_SET, @$, NAME_NONE, $all); }
  | "simplex" axis_argument_opt[axis] { $$ = NODE(SIMPLEX, @$, NAME_NONE, $axis); }
  | "onehot" axis_argument_opt[axis]  { $$ = NODE(ONEHOT, @$, NAME_NONE, $axis); }
  | "finite"                          { $$ = build_leaf(parser, AST_FINITE, @$, NAME_NONE); }
  | "any"                             { $$ = build_leaf(parser, AST_ANY, @$, NAME_NONE); }
  | POISON                            { $$ = build_error(parser, @$); }
;

interval_low:
    "["                               { $$ = 0; }
  | "("                               { $$ = AST_OPEN_LOW; }
;

interval_high:
    "]"                               { $$ = 0; }
  | ")"                               { $$ = AST_OPEN_HIGH; }
;

axis_argument_opt:
    %empty                            { $$ = AST_NONE; }
  | "(" "axis" ":" expression[axis] ")" { $$ = $axis; }
;

body:
    "{" statements[all] "}"           { $$ = build_list(parser, AST_BODY, @$, NAME_NONE, $all); }
;

/* A body whose head could not be read: it is read for its own faults. */
lost_body:
    LOST_BRACE statements "}"         { $$ = build_error(parser, @$); }
;

statements:
    %empty                            { $$ = items_empty(parser); }
  | statements[all] statement[one]    { $$ = items_add(parser, $all, $one); }
  | statements[all] error             {
        $$ = items_add(parser, $all, build_error(parser, @2)); RECOVER(STATEMENT);
    }
  | statements[all] lost_body[lost]   {
        $$ = items_add(parser, $all, $lost); RECOVER(STATEMENT);
    }
;

statement:
    attributes bare_statement[one]    { $$ = build_attributed(parser, @$, $attributes, $one); }
;

bare_statement:
    "let" pattern type_opt[type] "=" expression[value] {
        $$ = NODE(LET, @$, NAME_NONE, AST_NONE, $pattern, $type, $value);
    }
  | "param" name ":" type init_opt[init] { $$ = NODE(PARAM, @$, $name, AST_NONE, $type, $init); }
  | "buffer" name ":" type init_opt[init] {
        $$ = NODE(BUFFER, @$, $name, AST_NONE, $type, $init);
    }
  | "layer" name "=" call             { $$ = NODE(LAYER, @$, $name, AST_NONE, $call); }
  | "require" expression[value] reason_opt[reason] {
        $$ = NODE(REQUIRE, @$, $reason, AST_NONE, $value);
    }
  | "assume" expression[value] "in" contract reason_opt[reason] {
        $$ = NODE(ASSUME, @$, $reason, AST_NONE, $value, $contract);
    }
  | "guard" expression[value] "in" contract reason_opt[reason] {
        $$ = NODE(GUARD, @$, $reason, AST_NONE, $value, $contract);
    }
  | "assume" expression[value] reason_opt { $$ = build_promise(parser, @$, "assume", $value); }
  | "guard" expression[value] reason_opt { $$ = build_promise(parser, @$, "guard", $value); }
  | "update" name "=" expression[value] { $$ = NODE(UPDATE, @$, $name, AST_NONE, $value); }
  | "return" expressions[all]         {
        $$ = build_headed(parser, AST_RETURN, @$, NAME_NONE, AST_NONE, $all);
    }
  | "yield" expressions[all]          {
        $$ = build_headed(parser, AST_YIELD, @$, NAME_NONE, AST_NONE, $all);
    }
  | "let" pattern error               {
        $$ = build_broken(parser, @$, $pattern); RECOVER(STATEMENT);
    }
  | "param" name error                {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(STATEMENT);
    }
  | "buffer" name error               {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(STATEMENT);
    }
  | "layer" name error                {
        $$ = build_broken_name(parser, AST_NAME, @name, $name); RECOVER(STATEMENT);
    }
  | POISON                            { $$ = build_error(parser, @$); }
;

type_opt:
    %empty                            { $$ = AST_NONE; }
  | ":" type                          { $$ = $type; }
;

init_opt:
    %empty                            { $$ = AST_NONE; }
  | "init" expression[value]          { $$ = $value; }
;

reason_opt:
    %empty                            { $$ = NAME_NONE; }
  | "," STRING[text]                  { $$ = $text; }
;

pattern:
    word                              {
        $$ = build_pattern(parser, @$, items_one(parser, $word), 0);
    }
  | "(" names ")"                     {
        $$ = build_pattern(parser, @$, $names, AST_PARENTHESIZED);
    }
;

names:
    word                              { $$ = items_one(parser, $word); }
  | names[all] "," word               { $$ = items_add(parser, $all, $word); }
;

word:
    name                              { $$ = build_leaf(parser, AST_NAME, @$, $name); }
;

items:
    %empty                            { $$ = items_empty(parser); }
  | items[all] item[one]              { $$ = items_add(parser, $all, $one); }
  | items[all] error                  {
        $$ = items_add(parser, $all, build_error(parser, @2)); RECOVER(ITEM);
    }
;

item:
    attributes bare_item[one]         { $$ = build_attributed(parser, @$, $attributes, $one); }
;

bare_item:
    "minimize" name over_opt[over]    { $$ = NODE(MINIMIZE, @$, $name, AST_NONE, $over); }
  | "maximize" name over_opt[over]    { $$ = NODE(MAXIMIZE, @$, $name, AST_NONE, $over); }
  | "optimizer" call over_opt[over]   {
        $$ = NODE(OPTIMIZER, @$, NAME_NONE, AST_NONE, $call, $over);
    }
  | "batch" expression[size]          {
        $$ = NODE(BATCH, @$, NAME_NONE, AST_NONE, $size, AST_NONE);
    }
  | "batch" expression[size] "of" expression[samples] batch_end[end] {
        $$ = build_flagged(parser, NODE(BATCH, @$, NAME_NONE, AST_NONE, $size, $samples), $end);
    }
  | "steps" expression[value]         { $$ = NODE(STEPS, @$, NAME_NONE, AST_NONE, $value); }
  | "epochs" expression[value]        { $$ = NODE(EPOCHS, @$, NAME_NONE, AST_NONE, $value); }
  | "schedule" call                   { $$ = NODE(SCHEDULE, @$, NAME_NONE, AST_NONE, $call); }
  | "clip" call                       { $$ = NODE(CLIP, @$, NAME_NONE, AST_NONE, $call); }
  | "precision" call                  { $$ = NODE(PRECISION, @$, NAME_NONE, AST_NONE, $call); }
  | "regularize" call                 { $$ = NODE(REGULARIZE, @$, NAME_NONE, AST_NONE, $call); }
  | "metric" name "=" expression[value] { $$ = NODE(METRIC, @$, $name, AST_NONE, $value); }
;

over_opt:
    %empty                            { $$ = AST_NONE; }
  | "over" list                       { $$ = $list; }
;

batch_end:
    %empty                            { $$ = 0; }
  | "drop_last"                       { $$ = AST_DROP_LAST; }
  | "wrap"                            { $$ = AST_WRAP; }
;

expressions:
    expression[one]                   { $$ = items_one(parser, $one); }
  | expressions[all] "," expression[one] { $$ = items_add(parser, $all, $one); }
;

expression:
    binary
  | expression[value] "|>" pipe_target[target] { $$ = NODE(PIPE, @$, NAME_NONE, $value, $target); }
;

pipe_target:
    call
  | name                              { $$ = build_leaf(parser, AST_CALL, @$, $name); }
;

binary:
    INTEGER                           { $$ = build_integer(parser, @$, $1); }
  | REAL                              { $$ = build_real(parser, @$, $1); }
  | STRING                            { $$ = build_leaf(parser, AST_STRING, @$, $1); }
  | "true"                            { $$ = build_bool(parser, @$, true); }
  | "false"                           { $$ = build_bool(parser, @$, false); }
  | "inf"                             { $$ = build_leaf(parser, AST_INF, @$, NAME_NONE); }
  | name                              { $$ = build_name_node(parser, @$, $name); }
  | "train"                           { $$ = build_name_node(parser, @$, $1); }
  | call
  | list
  | "(" expressions[all] ")"          { $$ = build_group(parser, @$, $all); }
  | conditional
  | loop
  | POISON                            { $$ = build_error(parser, @$); }
  | binary[value] "." name            { $$ = NODE(MEMBER, @$, $name, $value); }
  | binary[value] "." name "(" arguments[all] ")" {
        $$ = build_method(parser, @$, $value, $name, @name, $all);
    }
  | binary[value] "[" indices "]"     {
        $$ = build_headed(parser, AST_INDEX, @$, NAME_NONE, $value, $indices);
    }
  | binary[left] "or" binary[right]   {
        $$ = build_binary(parser, @$, AST_OP_OR, $left, $right);
    }
  | binary[left] "and" binary[right]  {
        $$ = build_binary(parser, @$, AST_OP_AND, $left, $right);
    }
  | "not" binary[operand]             { $$ = build_unary(parser, @$, AST_OP_NOT, $operand); }
  | binary[left] COMPARISON[op] binary[right] {
        $$ = build_binary(parser, @$, $op, $left, $right);
    }
  | binary[left] "+" binary[right]    {
        $$ = build_binary(parser, @$, AST_OP_ADD, $left, $right);
    }
  | binary[left] "-" binary[right]    {
        $$ = build_binary(parser, @$, AST_OP_SUBTRACT, $left, $right);
    }
  | binary[left] PRODUCT[op] binary[right] {
        $$ = build_binary(parser, @$, $op, $left, $right);
    }
  | "-" binary[operand] %prec NEGATION {
        $$ = build_unary(parser, @$, AST_OP_NEGATE, $operand);
    }
  | binary[left] "**" binary[right]   {
        $$ = build_binary(parser, @$, AST_OP_POWER, $left, $right);
    }
;

loop:
    "for" name "in" range "with" carries[all] body {
        $$ = build_loop(parser, AST_FOR, @$, $name,
                        (const Ast[]){$range,
                                      build_list(parser, AST_LIST, @all, NAME_NONE, $all)},
                        2, $body);
    }
  | "scan" pattern "in" expression[source] axis_opt[axis] carries_opt[all] body {
        $$ = build_loop(parser, AST_SCAN, @$, NAME_NONE,
                        (const Ast[]){$pattern, build_sources(parser, @source, $source), $axis,
                                      $all},
                        4, $body);
    }
;

list:
    "[" "]"                           {
        $$ = build_leaf(parser, AST_LITERAL_LIST, @$, NAME_NONE);
    }
  | "[" expressions[all] "]"          {
        $$ = build_list(parser, AST_LITERAL_LIST, @$, NAME_NONE, $all);
    }
;

call:
    name "(" arguments[all] ")"       { $$ = build_list(parser, AST_CALL, @$, $name, $all); }
;

arguments:
    %empty                            { $$ = items_empty(parser); }
  | argument_list
;

argument_list:
    argument[one]                     { $$ = items_one(parser, $one); }
  | argument_list[all] "," argument[one] { $$ = items_add(parser, $all, $one); }
;

argument:
    expression[value]                 { $$ = NODE(ARGUMENT, @$, NAME_NONE, $value); }
  | name ":" expression[value]        { $$ = NODE(ARGUMENT, @$, $name, $value); }
;

indices:
    index[one]                        { $$ = items_one(parser, $one); }
  | indices[all] "," index[one]       { $$ = items_add(parser, $all, $one); }
;

index:
    expression
  | "..."                             { $$ = build_leaf(parser, AST_ELLIPSIS, @$, NAME_NONE); }
  | slice_end_opt[low] ":" slice_end_opt[high] {
        $$ = NODE(SLICE, @$, NAME_NONE, $low, $high, AST_NONE);
    }
  | slice_end_opt[low] ":" slice_end_opt[high] ":" expression[step] {
        $$ = NODE(SLICE, @$, NAME_NONE, $low, $high, $step);
    }
;

slice_end_opt:
    %empty                            { $$ = AST_NONE; }
  | expression
;

conditional:
    "if" expression[condition] body[then] "else" otherwise {
        $$ = build_if(parser, @$, $condition, $then, $otherwise);
    }
;

otherwise:
    body
  | conditional
;

range:
    expression
  | expression[low] ".." expression[high] { $$ = NODE(RANGE, @$, NAME_NONE, $low, $high); }
;

axis_opt:
    %empty                            { $$ = AST_NONE; }
  | "axis" ":" expression[value]      { $$ = $value; }
;

carries_opt:
    %empty                            { $$ = AST_NONE; }
  | "with" carries[all]               { $$ = build_list(parser, AST_LIST, @all, NAME_NONE, $all); }
;

carries:
    carry[one]                        { $$ = items_one(parser, $one); }
  | carries[all] "," carry[one]       { $$ = items_add(parser, $all, $one); }
;

carry:
    name "=" expression[value]        { $$ = NODE(CARRY, @$, $name, $value); }
;

name:
    IDENTIFIER | "any" | "axis" | "batch" | "clip" | "drop_last" | "enum" | "epochs" | "finite"
  | "init" | "list" | "maximize" | "metric" | "minimize" | "of" | "onehot" | "optimizer"
  | "over" | "precision" | "regularize" | "schedule" | "simplex" | "steps" | "update" | "wrap"
;

/* The name of a type: without the two that begin a type of their own. */
plain_name:
    IDENTIFIER | "any" | "axis" | "batch" | "clip" | "drop_last" | "epochs" | "finite"
  | "init" | "maximize" | "metric" | "minimize" | "of" | "onehot" | "optimizer" | "over"
  | "precision" | "regularize" | "schedule" | "simplex" | "steps" | "update" | "wrap"
;

%%

const char *parse_token_name(int kind) {
    return yysymbol_name(YYTRANSLATE(kind));
}

/* Hands the report to parse.c, with tokens in place of bison's symbols. */
static int yyreport_syntax_error(const yypcontext_t *context, Parser *parser) {
    yysymbol_kind_t symbols[YYNTOKENS];
    int kinds[YYNTOKENS], expected[YYNTOKENS];
    const char *names[YYNTOKENS];
    if (!parse_may_report(parser)) return 0;
    int count = yypcontext_expected_tokens(context, symbols, YYNTOKENS);
    for (int kind = 0; kind <= YYMAXUTOK; kind++) kinds[YYTRANSLATE(kind)] = kind;
    for (int i = 0; i < count; i++) {
        expected[i] = kinds[symbols[i]];
        names[i] = yysymbol_name(symbols[i]);
    }
    parse_syntax_error(parser, expected, names, (uint32_t)(count < 0 ? 0 : count));
    return 0;
}
