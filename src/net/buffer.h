/* SPDX-License-Identifier: Apache-2.0
 * The relay buffer: three cursors over one piece of memory. A connection has one only while bytes
 * are in flight; buffers of the standard size rest in a cache per worker. */
#ifndef WEIR_NET_BUFFER_H
#define WEIR_NET_BUFFER_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

/*
 * [0 .. sent)          free: forwarded already, or headroom
 * [sent .. parsed)     looked at and ready to go to the other side
 * [parsed .. received) received, not looked at yet
 * [received .. capacity) room for the next recv
 */
struct buffer {
    struct buffer *next; /* in a list of its owner's, else undefined */
    size_t capacity;
    size_t sent;
    size_t parsed;
    size_t received;
    uint8_t data[];
};

/* Free bytes before the first received byte, so that a reply can grow a little in place (an EOF
 * packet inserted for clients that do not speak DEPRECATE_EOF) without moving what follows. */
#define BUFFER_HEADROOM 64
/* Capacity of a standard buffer: headroom and a mysqld network buffer (net_buffer_length 16384). */
#define BUFFER_STANDARD (BUFFER_HEADROOM + 16384)
/* No buffer grows beyond this. A packet that must be seen whole and is larger is refused. */
#define BUFFER_MAX ((size_t)(BUFFER_HEADROOM + 17 * 1024 * 1024))

/* A cache of standard buffers. One per worker; not thread-safe. */
struct buffer_cache;
struct buffer_cache *buffer_cache_create(size_t keep_free);
void buffer_cache_destroy(struct buffer_cache *cache);

/* A standard buffer for the kernel to receive into, and such a one that was never filled back
 * again. One that was filled is exchanged for another: then it is like one that was got. */
struct buffer *buffer_lend(struct buffer_cache *cache);
void buffer_unlend(struct buffer_cache *cache, struct buffer *b);

/* Buffers of any size that were got and not put back. Those that the kernel has do not count. */
size_t buffer_cache_in_use(const struct buffer_cache *cache);

/* An empty standard buffer, cursors at BUFFER_HEADROOM. NULL when out of memory. */
struct buffer *buffer_get(struct buffer_cache *cache);

/* Gives a buffer of any size back. */
void buffer_put(struct buffer_cache *cache, struct buffer *b);

/* Makes room for at least `room` more received bytes: by moving [sent, received) down to the
 * headroom, or by moving to a larger buffer. Returns the buffer to use from now on (the old one is
 * given back), or NULL, with *b untouched, when it would exceed BUFFER_MAX or memory is out. */
struct buffer *buffer_reserve(struct buffer_cache *cache, struct buffer *b, size_t room);

/* Moves [sent, received) to the headroom; the cursors follow. */
void buffer_compact(struct buffer *b);

static inline size_t buffer_room(const struct buffer *b)
{
    return b->capacity - b->received;
}

static inline bool buffer_empty(const struct buffer *b)
{
    return b->sent == b->received;
}

/* All received bytes that were not sent on yet. */
static inline struct bytes buffer_unsent(const struct buffer *b)
{
    return bytes_of(b->data + b->sent, b->parsed - b->sent);
}

static inline struct bytes buffer_unparsed(const struct buffer *b)
{
    return bytes_of(b->data + b->parsed, b->received - b->parsed);
}

#endif
