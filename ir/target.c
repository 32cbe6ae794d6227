/* Versions: numbers, then a stage before the release (DIAGNOSTICS, "Advisories"). */
#include "ir/target.h"

#include <stdlib.h>
#include <string.h>

const char *const framework_text[FRAMEWORK_COUNT] = {
#define FRAMEWORK(id, name) name,
#define VERSION_STAGE(...)
#include "ir/target.def"
};

static const char *const stages[] = {
#define FRAMEWORK(...)
#define VERSION_STAGE(id, spellings) spellings,
#include "ir/target.def"
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* At most nine digits: more are no version. */
static bool read_number(const char **at, uint32_t *out) {
    uint32_t digits = 0;
    *out = 0;
    for (; is_digit(**at) && digits < 10; (*at)++, digits++) {
        *out = *out * 10 + (uint32_t)(**at - '0');
        if (digits == 9) return false;
    }
    return digits > 0;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The stage whose word stands there, whole. */
static bool read_stage(const char **at, VersionStage *out) {
    for (size_t stage = 0; stage < sizeof stages / sizeof *stages; stage++) {
        for (const char *word = stages[stage]; *word != '\0';) {
            size_t length = strcspn(word, " "), same = 0;
            while (same < length && lower((*at)[same]) == word[same]) same++;
            char next = lower((*at)[length < same ? length : same]);
            if (same == length && !(next >= 'a' && next <= 'z')) {
                *at += length;
                *out = (VersionStage)stage;
                return true;
            }
            word += length;
            word += *word == ' ';
        }
    }
    return false;
}

static bool is_separator(char c) {
    return c == '.' || c == '-' || c == '_';
}

bool version_parse(const char *text, Version *out) {
    *out = (Version){.stage = VERSION_RELEASE};
    uint32_t count = 0;
    do {
        if (count == VERSION_NUMBERS || !read_number(&text, &out->numbers[count++])) return false;
    } while (text[0] == '.' && is_digit(text[1]) && *text++);
    if (*text == '\0') return true;
    if (is_separator(*text)) text++;
    if (!read_stage(&text, &out->stage)) return false;
    if (is_separator(*text) && is_digit(text[1])) text++;
    if (*text == '\0') return true;
    return read_number(&text, &out->stage_number) && *text == '\0';
}

static int order(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

int version_compare(const Version *a, const Version *b) {
    for (int i = 0; i < VERSION_NUMBERS; i++) {
        if (a->numbers[i] != b->numbers[i]) return order(a->numbers[i], b->numbers[i]);
    }
    if (a->stage != b->stage) return order(a->stage, b->stage);
    return order(a->stage_number, b->stage_number);
}

void version_print(const Version *v, Buf *out) {
    int count = VERSION_NUMBERS;
    while (count > 1 && v->numbers[count - 1] == 0) count--;
    for (int i = 0; i < count; i++) buf_printf(out, "%s%u", i > 0 ? "." : "", v->numbers[i]);
    if (v->stage == VERSION_RELEASE) return;
    const char *word = stages[v->stage];
    buf_printf(out, "%.*s%u", (int)strcspn(word, " "), word, v->stage_number);
}
