/* The C header of a shared library: what link.c's symbols take and give. */
#include "backend/link.h"

#include "backend/c_names.h"
#include "ir/shape.h"
#include "ir/text.h"

#include <inttypes.h>
#include <string.h>

const char *link_prefix(Ctx *cx, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strchr(name, '.');
    return c_name(cx, name, dot != NULL ? (size_t)(dot - name) : strlen(name));
}

/* A text inside a comment, which it must not end. */
static void put_comment(Buf *out, const char *text) {
    for (; *text != '\0'; text++) {
        buf_put_char(out, *text);
        if (text[0] == '*' && text[1] == '/') buf_put_char(out, ' ');
    }
}

typedef struct Fields {
    const Graph *g;
    Buf *out;
    Names used;
} Fields;

static void put_tensor(Fields *f, Value v, Name name, uint32_t index, bool is_input) {
    const Graph *g = f->g;
    const Node *node = ir_node(g, v);
    buf_printf(f->out, "    %s%s *%s; /* ", is_input ? "const " : "", c_type(node->dtype),
               c_field_name(g->cx, &g->cx->names, name, index, &f->used));
    buf_printf(f->out, "%s%s", dtype_info[node->dtype].spelling, shape_text(g, node->shape));
    if (node->dtype == DTYPE_F16 || node->dtype == DTYPE_BF16) buf_put(f->out, ", as its bits");
    Contract contract = ir_contract_of(g, v);
    if (is_input) {
        Buf text = buf_make(&g->cx->session);
        contract_print(&contract, &text);
        buf_put_char(f->out, ' ');
        put_comment(f->out, buf_text(&text));
    }
    buf_put(f->out, " */\n");
}

static Fields fields_of(const Graph *g, Buf *out) {
    Fields f = {.g = g, .out = out};
    names_init(&f.used, &g->cx->session);
    return f;
}

static void put_sizes(const Graph *g, const char *prefix, Buf *out) {
    Fields f = fields_of(g, out);
    buf_printf(out, "/* Sizes of the dimensions that are free. */\nstruct %s_sizes {\n", prefix);
    uint32_t count = dim_variable_count(g->dims);
    for (uint32_t i = 0; i < count; i++) {
        DimVar variable = dim_variable_at(g->dims, i);
        buf_printf(out, "    int64_t %s; /* %" PRId64 "..%" PRId64 " */\n",
                   c_field_name(g->cx, &g->cx->names, variable.name, i, &f.used), variable.low,
                   variable.high);
    }
    if (count == 0) buf_put(out, "    int64_t none; /* there are none: pass NULL */\n");
    buf_put(out, "};\n\n");
}

static void put_arrays(const Graph *g, const char *prefix, Buf *out) {
    Fields f = fields_of(g, out);
    buf_printf(out, "/* Arrays, row-major, in the order of the machine's bytes. */\n"
                    "struct %s_inputs {\n", prefix);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        Value v = g->inputs.data[i];
        put_tensor(&f, v, ir_node(g, v)->name, i, true);
    }
    if (g->inputs.count == 0) buf_put(out, "    const void *none;\n");
    buf_printf(out, "};\n\nstruct %s_outputs {\n", prefix);
    f = fields_of(g, out);
    for (uint32_t i = 0; i < g->results.count; i++) {
        put_tensor(&f, g->results.data[i].value, g->results.data[i].name, i, false);
    }
    buf_put(out, "};\n\n");
}

static void put_functions(const char *prefix, Buf *out) {
    buf_printf(out,
               "/* Computes the model. May be called from several threads at once.\n"
               " *   0  done\n"
               " *   2  a size or an input is not as declared; nothing was computed\n"
               " *   3  memory, or the floating-point state of the machine\n"
               " *   4  a guard tripped; the outputs are not to be used\n"
               " * Other than 0: what happened is written to `message` (at most message_size\n"
               " * bytes, terminated), which may be NULL where message_size is 0. */\n"
               "int %s_run(const struct %s_sizes *sizes, const struct %s_inputs *inputs,\n"
               "    const struct %s_outputs *outputs, char *message, size_t message_size);\n\n",
               prefix, prefix, prefix, prefix);
}

/* The buffers with updates, in the order of the tables of codegen/describe.c. */
static void put_buffers(const Graph *g, const char *prefix, Buf *out) {
    Fields f = fields_of(g, out);
    buf_printf(out, "/* What is kept from one call to the next. */\nstruct %s_buffers {\n", prefix);
    for (uint32_t i = 0; i < g->updates.count; i++) {
        Value v = g->updates.data[i].buffer;
        put_tensor(&f, v, ir_node(g, v)->name, i, false);
    }
    buf_put(out, "};\n\n");
}

static void put_instances(const char *p, Buf *out) {
    buf_printf(out,
               "/* An instance of the model, with a state of its own. Instances may be used at\n"
               " * the same time, each by one thread at a time. NULL: `message` says why. */\n"
               "struct %s_state;\n"
               "struct %s_state *%s_open(char *message, size_t message_size);\n"
               "void %s_close(struct %s_state *state); /* NULL: nothing is done */\n\n",
               p, p, p, p, p);
}

static void put_call(const char *p, Buf *out) {
    buf_printf(out,
               "/* Computes the model, and then makes the new values of its buffers the state.\n"
               " *   0  done\n"
               " *   2  a size or an input is not as declared; nothing was computed\n"
               " *   3  memory, or the floating-point state of the machine\n"
               " *   4  a guard tripped; the outputs are not to be used\n"
               " * Other than 0: the state is what it was, and what happened is written to\n"
               " * `message` (at most message_size bytes, terminated), which may be NULL where\n"
               " * message_size is 0. */\n"
               "int %s_call(struct %s_state *state, const struct %s_sizes *sizes,\n"
               "    const struct %s_inputs *inputs, const struct %s_outputs *outputs,\n"
               "    char *message, size_t message_size);\n\n",
               p, p, p, p, p);
}

static void put_access(const char *p, Buf *out) {
    buf_printf(out,
               "/* The state: back to what it is before the first call; copied out; replaced.\n"
               " * Buffers whose pointer is NULL are left out. What is written must be finite,\n"
               " * and among the numbers that the model was checked for: else the result is 2,\n"
               " * `message` says which is not, and nothing is replaced. */\n"
               "void %s_reset(struct %s_state *state);\n"
               "void %s_read(const struct %s_state *state, const struct %s_buffers *to);\n"
               "int %s_write(struct %s_state *state, const struct %s_buffers *from,\n"
               "    char *message, size_t message_size);\n\n",
               p, p, p, p, p, p, p, p);
}

void link_header(const Graph *g, const char *prefix, const char *digest, const char *functions,
                 Buf *out) {
    const char *model = names_text(&g->cx->names, g->name);
    buf_put(out, "/* ");
    put_comment(out, model);
    buf_printf(out, ", as a shared library. Made by nnac; digest %s. */\n", digest);
    buf_printf(out, "#ifndef NNA_MODEL_%s_H\n#define NNA_MODEL_%s_H\n\n", prefix, prefix);
    buf_put(out, "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n"
                 "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    put_sizes(g, prefix, out);
    put_arrays(g, prefix, out);
    if (g->updates.count == 0) {
        put_functions(prefix, out);
    } else {
        put_buffers(g, prefix, out);
        put_instances(prefix, out);
        put_call(prefix, out);
        put_access(prefix, out);
    }
    if (*functions != '\0') {
        buf_printf(out,
                   "/* What the model calls: the functions of its extern blocks. */\n%s\n",
                   functions);
    }
    buf_put(out, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}
