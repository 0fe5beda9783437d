/* SPDX-License-Identifier: Apache-2.0
 * A cursor over untrusted bytes that cannot read past their end. */
#ifndef WEIR_BASE_READER_H
#define WEIR_BASE_READER_H

#include "base/attrs.h"
#include "base/bytes.h"

/* Every get returns false, and moves nothing, when too few bytes are left. Integers are little
 * endian, as everywhere in the MySQL protocol. */
struct reader {
    const uint8_t *data;
    size_t left;
};

static inline struct reader reader_over(struct bytes b)
{
    return (struct reader){.data = b.data, .left = b.size};
}

static inline struct bytes reader_rest(const struct reader *r)
{
    return bytes_of(r->data, r->left);
}

NODISCARD static inline bool reader_skip(struct reader *r, size_t n)
{
    if (n > r->left)
        return false;
    if (n > 0)
        r->data += n;
    r->left -= n;
    return true;
}

NODISCARD static inline bool reader_bytes(struct reader *r, size_t n, struct bytes *out)
{
    if (n > r->left)
        return false;
    *out = bytes_of(r->data, n);
    return reader_skip(r, n);
}

NODISCARD static inline bool reader_u8(struct reader *r, uint8_t *out)
{
    if (r->left < 1)
        return false;
    *out = r->data[0];
    return reader_skip(r, 1);
}

/* An unsigned integer of `width` bytes, 1 to 8. */
NODISCARD static inline bool reader_uint(struct reader *r, size_t width, uint64_t *out)
{
    if (width > r->left || width > 8)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++)
        v |= (uint64_t)r->data[i] << (8 * i);
    *out = v;
    return reader_skip(r, width);
}

NODISCARD static inline bool reader_u16(struct reader *r, uint16_t *out)
{
    uint64_t v;
    if (!reader_uint(r, 2, &v))
        return false;
    *out = (uint16_t)v;
    return true;
}

NODISCARD static inline bool reader_u32(struct reader *r, uint32_t *out)
{
    uint64_t v;
    if (!reader_uint(r, 4, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

/* Text up to a NUL, which is consumed but not part of the result; false when there is no NUL. */
NODISCARD static inline bool reader_nul_text(struct reader *r, struct bytes *out)
{
    const uint8_t *nul = r->left > 0 ? memchr(r->data, 0, r->left) : NULL;
    if (nul == NULL)
        return false;
    size_t n = (size_t)(nul - r->data);
    *out = bytes_of(r->data, n);
    return reader_skip(r, n + 1);
}

#endif
