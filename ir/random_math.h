/* Random numbers as a function of a seed and a position: Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011). There is no state, so that the order in
 * which elements are computed does not matter, and the evaluator and native code agree. */
#ifndef NNA_IR_RANDOM_MATH_H
#define NNA_IR_RANDOM_MATH_H

#include <stdint.h>

/* The four words of the block that a counter names. */
static inline void nna_math_philox(const uint32_t counter[4], const uint32_t key[2],
                                   uint32_t out[4]) {
    uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t left = (uint64_t)a * 0xD2511F53u, right = (uint64_t)c * 0xCD9E8D57u;
        a = (uint32_t)(right >> 32) ^ b ^ k0;
        c = (uint32_t)(left >> 32) ^ d ^ k1;
        b = (uint32_t)right;
        d = (uint32_t)left;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d;
}

/* Word `position` of the sequence of a seed, in [0, 2^32): of block position / 4, with the seed as
 * the key. Bits are taken as they are, so that negative numbers have words of their own. */
static inline int64_t nna_math_random_bits_i64(int64_t position, int64_t seed) {
    uint64_t at = (uint64_t)position, k = (uint64_t)seed;
    const uint32_t counter[4] = {(uint32_t)(at >> 2), (uint32_t)(at >> 34), 0, 0};
    const uint32_t key[2] = {(uint32_t)k, (uint32_t)(k >> 32)};
    uint32_t words[4];
    nna_math_philox(counter, key, words);
    return words[at & 3];
}

#endif
