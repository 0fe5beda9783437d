/* SPDX-License-Identifier: Apache-2.0
 * Random bytes for scrambles, and a seeded generator for jitter and simulations. */
#ifndef WEIR_BASE_RANDOM_H
#define WEIR_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* From the kernel, good for secrets. Aborts when the kernel has none. */
void random_bytes(void *out, size_t n);

/* Small, fast, repeatable (xorshift64*); not for secrets. The state must not be 0. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(2685821657736338717);
}

/* 0 to limit - 1; limit > 0. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
    return random_next(state) % limit;
}

#endif
