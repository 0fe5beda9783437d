/* SPDX-License-Identifier: Apache-2.0
 * Appends to memory of fixed size. Overflow is sticky: it is asked for once, at the end. */
#ifndef WEIR_BASE_WRITER_H
#define WEIR_BASE_WRITER_H

#include "base/attrs.h"
#include "base/bytes.h"

struct writer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool overflow; /* something did not fit; size then means nothing */
};

static inline struct writer writer_over(void *memory, size_t capacity)
{
    return (struct writer){.data = memory, .capacity = capacity};
}

static inline void writer_bytes(struct writer *w, const void *data, size_t n)
{
    if (w->overflow || n > w->capacity - w->size) {
        w->overflow = true;
        return;
    }
    if (n > 0)
        memcpy(w->data + w->size, data, n);
    w->size += n;
}

static inline void writer_view(struct writer *w, struct bytes b)
{
    writer_bytes(w, b.data, b.size);
}

/* The low `width` bytes of `v`, little endian. */
static inline void writer_uint(struct writer *w, size_t width, uint64_t v)
{
    uint8_t b[8];
    for (size_t i = 0; i < 8; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    writer_bytes(w, b, width < 8 ? width : 8);
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
    writer_bytes(w, &v, 1);
}

static inline void writer_zeros(struct writer *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        writer_u8(w, 0);
}

/* Text without its NUL. */
static inline void writer_text(struct writer *w, const char *text)
{
    writer_bytes(w, text, strlen(text));
}

static inline struct bytes writer_written(const struct writer *w)
{
    return bytes_of(w->data, w->size);
}

#endif
