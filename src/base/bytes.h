/* SPDX-License-Identifier: Apache-2.0
 * A view of bytes that somebody else owns. */
#ifndef WEIR_BASE_BYTES_H
#define WEIR_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Valid as long as the memory behind it is; never freed through this. */
struct bytes {
    const uint8_t *data; /* may be NULL when size is 0 */
    size_t size;
};

static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){.data = data, .size = size};
}

static inline struct bytes bytes_of_text(const char *text)
{
    return bytes_of(text, strlen(text));
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    if (a.size != b.size)
        return false;
    return a.size == 0 || a.data == b.data ||
           (a.data != NULL && b.data != NULL && memcmp(a.data, b.data, a.size) == 0);
}

static inline bool bytes_equal_text(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of_text(text));
}

#endif
