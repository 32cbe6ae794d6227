/* Interned names, distances between texts, hashing. */
#include "tests/unit/support.h"

#include "ir/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

Test(intern, equal_texts_have_equal_ids) {
    Ctx *cx = test_ctx();
    enum { COUNT = 20000 };
    char text[64];
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            int length = snprintf(text, sizeof text, "layer.%u/Add:%u", i % 997, i);
            Name name = names_intern(&cx->names, text, (size_t)length);
            cr_assert_eq(name.id, i + 1, "ids are in the order of first use");
            cr_assert_str_eq(names_text(&cx->names, name), text);
            cr_assert_eq(names_length(&cx->names, name), (uint32_t)length);
        }
    }
    Name empty = names_intern(&cx->names, "", 0), part = names_intern(&cx->names, "abcd", 2);
    cr_assert_neq(empty.id, 0);
    cr_assert(name_is(empty, names_intern(&cx->names, NULL, 0)));
    cr_assert(name_is(part, names_intern_text(&cx->names, "ab")));
    cr_assert_not(name_is(part, names_intern_text(&cx->names, "abc")));
    cr_assert_not(name_is(names_intern(&cx->names, "a\0b", 3), names_intern(&cx->names, "a", 1)));
    cr_assert_str_eq(names_text(&cx->names, NAME_NONE), "");
    cr_assert_eq(names_length(&cx->names, NAME_NONE), 0);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* Every byte and the length enter the hash, and names that differ little spread well. */
Test(intern, hashes_spread) {
    char text[33] = {0};
    uint64_t seen[34];
    for (size_t length = 0; length <= 32; length++) {
        uint64_t hash = seen[length] = hash_bytes(1, text, length);
        for (size_t k = 0; k < length; k++) cr_assert_neq(seen[k], hash);
        for (size_t i = 0; i < length; i++) {
            text[i] = 1;
            cr_assert_neq(hash_bytes(1, text, length), hash, "byte %zu of %zu", i, length);
            text[i] = 0;
        }
        cr_assert_neq(hash_bytes(2, text, length), hash);
    }
    uint32_t slots[4096] = {0}, most = 0;
    for (int i = 0; i < 4096; i++) {
        int length = snprintf(text, sizeof text, "x%d", i);
        uint32_t *slot = &slots[hash_bytes(7, text, (size_t)length) % 4096];
        if (++*slot > most) most = *slot;
    }
    cr_assert_lt(most, 12, "%u names in one slot of 4096", most);
    NNA_CHECK_LEAKS();
}

/* The plain table of distances, to hold the banded one against. */
static uint32_t plain_distance(const char *a, const char *b) {
    uint32_t n = (uint32_t)strlen(a), m = (uint32_t)strlen(b), d[16][16];
    for (uint32_t i = 0; i <= n; i++) {
        for (uint32_t j = 0; j <= m; j++) {
            uint32_t best = i == 0 ? j : j == 0 ? i : UINT32_MAX;
            if (i > 0 && j > 0) {
                uint32_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
                best = d[i - 1][j] < d[i][j - 1] ? d[i - 1][j] + 1 : d[i][j - 1] + 1;
                if (change < best) best = change;
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                    d[i - 2][j - 2] + 1 < best) {
                    best = d[i - 2][j - 2] + 1;
                }
            }
            d[i][j] = best;
        }
    }
    return d[n][m];
}

Test(intern, distances) {
    static const struct {
        const char *a, *b;
        uint32_t limit, distance;
    } rows[] = {
        {"", "", 0, 0},           {"", "abc", 3, 3},       {"", "abc", 2, 3},
        {"relu", "relu", 2, 0},   {"relu", "rleu", 2, 1},  {"softmax", "sotfmax", 2, 1},
        {"conv2d", "conv3d", 2, 1}, {"sigmoid", "sigmod", 2, 1}, {"a", "b", 0, 1},
        {"dense", "tanh", 2, 3},  {"abcdef", "ghijkl", 9, 6}, {"ab", "ba", 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(text_distance(rows[i].a, rows[i].b, rows[i].limit), rows[i].distance,
                     "%s %s", rows[i].a, rows[i].b);
    }
    uint32_t state = 1;
    for (int round = 0; round < 20000; round++) {
        char words[2][12] = {{0}};
        for (int w = 0; w < 2; w++) {
            state = state * 1664525u + 1013904223u;
            uint32_t length = (state >> 16) % 10;
            for (uint32_t k = 0; k < length; k++) {
                state = state * 1664525u + 1013904223u;
                words[w][k] = (char)('a' + (state >> 16) % 3);
            }
        }
        uint32_t limit = (uint32_t)round % 7, plain = plain_distance(words[0], words[1]);
        uint32_t expected = plain > limit ? limit + 1 : plain;
        cr_assert_eq(text_distance(words[0], words[1], limit), expected, "%s %s %u", words[0],
                     words[1], limit);
    }
    char *large = malloc(100001), *other = malloc(100001);
    memset(large, 'x', 100000);
    memset(other, 'x', 100000);
    large[100000] = other[100000] = '\0';
    cr_assert_eq(text_distance(large, other, 3), 0);
    other[5] = 'y';
    cr_assert_eq(text_distance(large, other, 3), 4);
    other[255] = '\0';
    large[255] = '\0';
    cr_assert_eq(text_distance(large, other, UINT32_MAX), 1);
    free(large);
    free(other);
    NNA_CHECK_LEAKS();
}
