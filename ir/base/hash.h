/* Hashing for the tables of the library. A hostile file may choose what is hashed, so every
 * table mixes in a seed that the file's author does not know; no order that anybody sees may
 * therefore depend on a hash. */
#ifndef NNA_IR_BASE_HASH_H
#define NNA_IR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 HashProduct;

/* Folds the full product: every bit of the result depends on every bit of both. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b) {
    HashProduct product = (HashProduct)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xe7037ed1a0b428dbu);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A seed that changes with the layout of the process. */
static inline uint64_t hash_seed(const void *anything) {
    return hash_mix((uint64_t)(uintptr_t)anything, 0xa0761d6478bd642fu);
}

/* Eight bytes at a time; the last word may read bytes a second time. */
static inline uint64_t hash_bytes(uint64_t seed, const char *text, size_t length) {
    uint64_t hash = seed ^ length, word = 0;
    size_t left = length;
    for (; left > 8; left -= 8, text += 8) {
        memcpy(&word, text, 8);
        hash = hash_mix(word ^ seed, hash);
    }
    if (left >= 4) {
        uint32_t first, last;
        memcpy(&first, text, 4);
        memcpy(&last, text + left - 4, 4);
        word = (uint64_t)first << 32 | last;
    } else {
        word = left == 0 ? 0
                         : (uint64_t)(unsigned char)text[0] << 16 |
                               (uint64_t)(unsigned char)text[left / 2] << 8 |
                               (unsigned char)text[left - 1];
    }
    return hash_mix(word ^ seed, hash);
}

#endif
