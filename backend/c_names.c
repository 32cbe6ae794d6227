/* Names and types as C has them. */
#include "backend/c_names.h"

#include <inttypes.h>
#include <string.h>

static const char *const c_words[] = {
    "auto",   "break",    "case",     "char",   "const",    "continue", "default",  "do",
    "double", "else",     "enum",     "extern", "float",    "for",      "goto",     "if",
    "inline", "int",      "long",     "register", "restrict", "return", "short",    "signed",
    "sizeof", "static",   "struct",   "switch", "typedef",  "union",    "unsigned", "void",
    "volatile", "while",  "bool",     "true",   "false",    "class",    "new",      "delete",
    "this",   "template", "operator", "private", "public",  "protected", "namespace",
};

const char *c_name(Ctx *cx, const char *text, size_t length) {
    Buf name = buf_make(&cx->session);
    if (length == 0 || (text[0] >= '0' && text[0] <= '9')) buf_put_char(&name, '_');
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        buf_put_char(&name, good ? c : '_');
    }
    for (size_t i = 0; i < sizeof c_words / sizeof *c_words; i++) {
        if (strcmp(buf_text(&name), c_words[i]) == 0) {
            buf_put_char(&name, '_');
            break;
        }
    }
    return buf_text(&name);
}

const char *c_type(DType t) {
    switch (t) {
    case DTYPE_F32: return "float";
    case DTYPE_F64: return "double";
    case DTYPE_F16:
    case DTYPE_BF16: return "uint16_t";
    case DTYPE_I8: return "int8_t";
    case DTYPE_I16: return "int16_t";
    case DTYPE_I32: return "int32_t";
    case DTYPE_I64: return "int64_t";
    case DTYPE_U8: return "uint8_t";
    case DTYPE_U16: return "uint16_t";
    case DTYPE_U32: return "uint32_t";
    case DTYPE_U64: return "uint64_t";
    case DTYPE_BOOL: return "bool";
    case DTYPE_NONE:
    case DTYPE_COUNT: break;
    }
    return "void";
}

const char *c_field_name(Ctx *cx, const Names *names, Name name, uint32_t index,
                         Names *used) {
    const char *text = c_name(cx, names_text(names, name), names_length(names, name));
    uint32_t before = used->count;
    names_intern_text(used, text);
    if (used->count != before) return text;
    return arena_format(&cx->session, "%s_%" PRIu32, text, index);
}
