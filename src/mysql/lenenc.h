/* SPDX-License-Identifier: Apache-2.0
 * Length-encoded integers and strings.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html */
#ifndef WEIR_MYSQL_LENENC_H
#define WEIR_MYSQL_LENENC_H

#include "base/reader.h"
#include "base/writer.h"

/* False at the end of the bytes and for 0xfb (NULL) and 0xff, which are no integers. */
NODISCARD static inline bool lenenc_read(struct reader *r, uint64_t *out)
{
    struct reader at = *r;
    uint8_t first;
    if (!reader_u8(&at, &first))
        return false;
    if (first < 0xfb) {
        *out = first;
    } else if (first == 0xfb || first == 0xff) {
        return false;
    } else {
        size_t width = first == 0xfc ? 2 : first == 0xfd ? 3 : 8;
        if (!reader_uint(&at, width, out))
            return false;
    }
    *r = at;
    return true;
}

NODISCARD static inline bool lenenc_read_text(struct reader *r, struct bytes *out)
{
    struct reader at = *r;
    uint64_t n;
    if (!lenenc_read(&at, &n) || n > at.left || !reader_bytes(&at, (size_t)n, out))
        return false;
    *r = at;
    return true;
}

static inline void lenenc_write(struct writer *w, uint64_t v)
{
    if (v < 0xfb) {
        writer_u8(w, (uint8_t)v);
    } else if (v <= 0xffff) {
        writer_u8(w, 0xfc);
        writer_uint(w, 2, v);
    } else if (v <= 0xffffff) {
        writer_u8(w, 0xfd);
        writer_uint(w, 3, v);
    } else {
        writer_u8(w, 0xfe);
        writer_uint(w, 8, v);
    }
}

static inline void lenenc_write_text(struct writer *w, struct bytes text)
{
    lenenc_write(w, text.size);
    writer_view(w, text);
}

#endif
