/* Symbols of ELF objects (64 bits, little-endian) and of archives, read so far as their names go.
 * A file may hold anything: every offset is held against its size. What is made for the optimiser
 * of the linker keeps its names to itself; then, as for other formats, the linker has the say. */
#include "backend/symbols.h"

#include "ir/base/checked.h"

#include <string.h>

enum {
    ELF_HEADER = 64, ELF_SECTION = 64, ELF_SYMBOL = 24, SECTION_SYMBOLS = 2, MEMBER_HEADER = 60,
    MEMBER_SIZE = 48, MEMBER_SIZE_LENGTH = 10, MAGIC = 8
};

#define SLIM "__gnu_lto_slim" /* its code, and its names, are gcc's alone */

typedef struct Bytes {
    const unsigned char *at;
    uint64_t size;
} Bytes;

static uint64_t number(const unsigned char *at, unsigned bytes) {
    uint64_t value = 0;
    while (bytes-- > 0) value = value << 8 | at[bytes];
    return value;
}

/* A part of the bytes; of size 0 where it is not within them. */
static Bytes part(Bytes all, uint64_t from, uint64_t size) {
    if (from > all.size || size > all.size - from) return (Bytes){0};
    return (Bytes){all.at + from, size};
}

static void add_symbol(Ctx *cx, Symbols *out, Bytes symbol, Bytes strings) {
    uint64_t name = number(symbol.at, 4);
    bool is_global = symbol.at[4] >> 4 != 0, is_defined = number(symbol.at + 6, 2) != 0;
    if (!is_global || !is_defined || name >= strings.size) return;
    const char *text = (const char *)strings.at + name;
    size_t length = strnlen(text, strings.size - name);
    if (length == strlen(SLIM) && memcmp(text, SLIM, length) == 0) out->all_known = false;
    vec_push(&cx->module, &out->names, arena_text(&cx->module, text, length));
}

static void read_table(Ctx *cx, Symbols *out, Bytes file, Bytes sections, Bytes table) {
    uint64_t strings_at = number(table.at + 40, 4) * ELF_SECTION;
    Bytes header = part(sections, strings_at, ELF_SECTION);
    Bytes symbols = part(file, number(table.at + 24, 8), number(table.at + 32, 8));
    if (header.size == 0) return;
    Bytes strings = part(file, number(header.at + 24, 8), number(header.at + 32, 8));
    for (uint64_t at = 0; at + ELF_SYMBOL <= symbols.size; at += ELF_SYMBOL) {
        add_symbol(cx, out, part(symbols, at, ELF_SYMBOL), strings);
    }
}

static bool is_object(Bytes file) {
    return file.size >= ELF_HEADER && memcmp(file.at, "\177ELF\2\1", 6) == 0;
}

static void read_object(Ctx *cx, Symbols *out, Bytes file) {
    if (!is_object(file)) {
        out->all_known = false;
        return;
    }
    uint64_t from = number(file.at + 40, 8), count = number(file.at + 60, 2);
    Bytes sections = part(file, from, count * ELF_SECTION);
    for (uint64_t at = 0; at + ELF_SECTION <= sections.size; at += ELF_SECTION) {
        Bytes section = part(sections, at, ELF_SECTION);
        if (number(section.at + 4, 4) == SECTION_SYMBOLS) {
            read_table(cx, out, file, sections, section);
        }
    }
}

/* Members that begin with `/` are the archive's own. */
static void read_archive(Ctx *cx, Symbols *out, Bytes file) {
    for (uint64_t at = MAGIC; at + MEMBER_HEADER <= file.size;) {
        const unsigned char *header = file.at + at;
        uint64_t size = 0;
        for (int i = 0; i < MEMBER_SIZE_LENGTH; i++) {
            unsigned char digit = header[MEMBER_SIZE + i];
            if (digit >= '0' && digit <= '9') size = size * 10 + (digit - '0');
        }
        Bytes member = part(file, at + MEMBER_HEADER, size);
        bool is_own = header[0] == '/' && (header[1] == ' ' || header[1] == '/');
        if (!is_own && member.size > 0) read_object(cx, out, member);
        at += MEMBER_HEADER + size + size % 2;
    }
}

bool symbols_read(Ctx *cx, const char *path, Symbols *out) {
    const Source *source = source_read(cx, path);
    if (source == NULL) return false;
    Bytes file = {(const unsigned char *)source->text, source->length};
    if (file.size >= MAGIC && memcmp(file.at, "!<arch>\n", MAGIC) == 0) {
        read_archive(cx, out, file);
    } else if (is_object(file) || (file.size >= 4 && (memcmp(file.at, "\177ELF", 4) == 0 ||
                                                      memcmp(file.at, "BC\300\336", 4) == 0))) {
        read_object(cx, out, file);
    } else {
        diag_file(cx, NNA0001, path, "this is no object file and no archive of object files");
        return false;
    }
    return true;
}

bool symbols_have(const Symbols *symbols, const char *name) {
    for (uint32_t i = 0; i < symbols->names.count; i++) {
        const char *known = symbols->names.data[i];
        if (strcmp(known, name) == 0) return true;
    }
    return false;
}
