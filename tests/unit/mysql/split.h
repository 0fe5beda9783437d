/* SPDX-License-Identifier: Apache-2.0
 * Helpers for tests of decoders of whole payloads: hex in, and no cut of a payload may be read
 * beyond its end. */
#ifndef WEIR_TESTS_SPLIT_H
#define WEIR_TESTS_SPLIT_H

#include "base/bytes.h"

#include <stdlib.h>

/* The bytes of "00 ff 0a"; spaces are ignored. Lives until the next 8 calls. */
static inline struct bytes hex(const char *text)
{
    static uint8_t memory[8][1024];
    static unsigned next;
    uint8_t *out = memory[next++ % 8];
    size_t size = 0;
    for (; text[0] != '\0' && size < sizeof(memory[0]); text++) {
        if (text[0] == ' ')
            continue;
        char digits[3] = {text[0], text[1], 0};
        out[size++] = (uint8_t)strtoul(digits, NULL, 16);
        text++;
    }
    return bytes_of(out, size);
}

/* Calls `decode` with every proper prefix of `whole`, each in memory of exactly its size, so that a
 * sanitizer sees any read beyond it. Returns how many were accepted. */
static inline size_t decode_prefixes(struct bytes whole, bool (*decode)(struct bytes))
{
    size_t accepted = 0;
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *copy = malloc(size > 0 ? size : 1);
        if (copy == NULL)
            abort();
        memcpy(copy, whole.data, size);
        accepted += decode(bytes_of(copy, size));
        free(copy);
    }
    return accepted;
}

#endif
