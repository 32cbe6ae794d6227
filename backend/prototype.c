/* Prototypes from declarations, in the order of frontend/signature.c. */
#include "backend/prototype.h"

#include "backend/c_names.h"
#include "backend/symbols.h"
#include "frontend/signature.h"

#include <dlfcn.h>
#include <string.h>

typedef struct Prototype {
    Ctx *cx;
    const File *file;
    Buf *out;
    Names used;
    uint32_t count;
} Prototype;

static void put(Prototype *p, const char *type, Name name) {
    const char *text = name.id == 0 ? arena_format(&p->cx->scratch, "result_%u", p->count)
                                    : c_field_name(p->cx, &p->cx->names, name, p->count, &p->used);
    buf_printf(p->out, "%s%s%s", p->count++ > 0 ? ", " : "", type, text);
}

static void put_tensor(Prototype *p, Ast type, const char *before, Name name) {
    DType dtype = dtype_find(names_text(&p->cx->names, ast_name(p->file, type)));
    put(p, arena_format(&p->cx->scratch, "%s%s *", before, c_type(dtype)), name);
}

static void put_parameter(Prototype *p, Ast type, Name name) {
    const char *spelling = names_text(&p->cx->names, ast_name(p->file, type));
    bool is_real = ast_kind(p->file, type) == AST_STATIC_TYPE && strcmp(spelling, "real") == 0;
    if (ast_kind(p->file, type) == AST_TENSOR_TYPE) put_tensor(p, type, "const ", name);
    else put(p, is_real ? "double " : "int64_t ", name);
}

static void put_item(Prototype *p, const SignatureItem *item) {
    switch (item->kind) {
    case SIGNATURE_PARAMETER: put_parameter(p, item->type, item->name); break;
    case SIGNATURE_RESULT: put_tensor(p, item->type, "", item->name); break;
    case SIGNATURE_SIZE: put(p, "int64_t ", item->name); break;
    case SIGNATURE_REST:
        put(p, "int64_t ", names_intern_text(&p->cx->names, "rest_rank"));
        put(p, "const int64_t *", names_intern_text(&p->cx->names, "rest"));
        break;
    }
}

void prototype_print(Ctx *cx, const File *file, Ast declaration, Buf *out) {
    Prototype p = {.cx = cx, .file = file, .out = out};
    Signature signature = signature_of(cx, file, declaration);
    names_init(&p.used, &cx->session);
    buf_printf(out, "void %s(", names_text(&cx->names, ast_name(file, declaration)));
    for (uint32_t i = 0; i < signature.count; i++) put_item(&p, &signature.data[i]);
    buf_put(out, ");");
}

/* A function that is called, and its declaration. */
typedef struct Called {
    Name symbol;
    const File *file;
    Ast declaration;
} Called;

typedef VEC(Called) Calls;

static bool find_declaration(const File *program, Name symbol, Called *out) {
    for (uint32_t i = 0; i < program->files.count; i++) {
        const File *file = program->files.data[i];
        AstRange all = ast_list(file, file->root, AST_FILE_DECLARATIONS);
        for (uint32_t k = 0; k < all.count; k++) {
            if (ast_kind(file, all.items[k]) != AST_EXTERN) continue;
            if (!name_is(ast_name(file, all.items[k]), symbol)) continue;
            *out = (Called){symbol, file, all.items[k]};
            return true;
        }
    }
    return false;
}

/* Each function once, in the order of the calls. */
static Calls calls_of(const File *program, const Graph *g) {
    Calls calls = {0};
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        Value v = {id};
        if (ir_node(g, v)->op != OP_EXTERN) continue;
        Called called;
        Name symbol = ir_attr(g, v, (uint32_t)op_attr(OP_EXTERN, "symbol"))->as.name;
        bool known = false;
        for (uint32_t i = 0; i < calls.count; i++) known |= name_is(calls.data[i].symbol, symbol);
        if (known || !find_declaration(program, symbol, &called)) continue;
        vec_push(&g->cx->module, &calls, called);
    }
    return calls;
}

const char *prototypes_of(const File *program, const Graph *g) {
    Buf out = buf_make(&g->cx->module);
    Calls calls = calls_of(program, g);
    for (uint32_t i = 0; i < calls.count; i++) {
        prototype_print(g->cx, calls.data[i].file, calls.data[i].declaration, &out);
        buf_put_char(&out, '\n');
    }
    return buf_text(&out);
}

static Diag *report(Ctx *cx, DiagCode code, const Called *called, const char *what) {
    Ast declaration = called->declaration;
    Span span = ast_span(called->file, declaration);
    Ast parameters = ast_child(called->file, declaration, AST_EXTERN_PARAMETERS);
    if (parameters.id != 0 && ast_span(called->file, parameters).begin > span.begin) {
        span.end = ast_span(called->file, parameters).begin; /* `extern block name` and no more */
    }
    return diag_new(cx, code, span, "`%s` %s", names_text(&cx->names, called->symbol), what);
}

/* A function of the C library of that name would be called in its place, or it in that one's. */
static bool is_in_library(Ctx *cx, const char *symbol) {
    (void)cx;
    void *all = dlopen(NULL, RTLD_LAZY);
    bool found = all != NULL && dlsym(all, symbol) != NULL;
    if (all != NULL) dlclose(all);
    return found;
}

static bool is_met(Ctx *cx, const Called *called, const Symbols *symbols) {
    const char *symbol = names_text(&cx->names, called->symbol);
    if (is_in_library(cx, symbol)) {
        Diag *d = report(cx, NNA1004, called, "is a function of the C library");
        diag_help(cx, d, "give it a name that is its own");
        diag_emit(cx, d);
        return false;
    }
    if (!symbols->all_known || symbols_have(symbols, symbol)) return true;
    Diag *d = report(cx, NNA1003, called, "is in none of the files that are linked");
    Buf wanted = buf_make(&cx->session);
    prototype_print(cx, called->file, called->declaration, &wanted);
    diag_note(cx, d, "wanted is the C function `%s`", buf_text(&wanted));
    diag_help(cx, d, "name its object file: `nnac model.nna function.o -o model`");
    diag_emit(cx, d);
    return false;
}

bool prototypes_are_met(const File *program, const Graph *g, const Paths *files) {
    Symbols symbols = {.all_known = true};
    bool met = true;
    for (uint32_t i = 0; i < files->count; i++) {
        met = symbols_read(g->cx, files->data[i], &symbols) && met;
    }
    Calls calls = calls_of(program, g);
    for (uint32_t i = 0; i < calls.count && met; i++) {
        met = is_met(g->cx, &calls.data[i], &symbols);
    }
    return met;
}
