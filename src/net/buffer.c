/* SPDX-License-Identifier: Apache-2.0
 * Getting, growing and resting relay buffers. */
#include "net/buffer.h"

#include "base/check.h"
#include "base/slab.h"

#include <stdlib.h>

struct buffer_cache {
    struct slab standard;
    size_t large_in_use;
    size_t lent;
};

struct buffer_cache *buffer_cache_create(size_t keep_free)
{
    struct buffer_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL)
        slab_init(&cache->standard, "buffer", sizeof(struct buffer) + BUFFER_STANDARD, keep_free);
    return cache;
}

void buffer_cache_destroy(struct buffer_cache *cache)
{
    CHECK(cache->large_in_use == 0);
    slab_close(&cache->standard);
    free(cache);
}

size_t buffer_cache_in_use(const struct buffer_cache *cache)
{
    return cache->standard.used_count + cache->large_in_use - cache->lent;
}

static struct buffer *buffer_make(struct buffer_cache *cache, size_t capacity)
{
    struct buffer *b;
    if (capacity == BUFFER_STANDARD) {
        b = slab_get_raw(&cache->standard);
    } else {
        b = malloc(sizeof *b + capacity);
        cache->large_in_use += b != NULL;
    }
    if (b == NULL)
        return NULL;
    b->capacity = capacity;
    b->sent = b->parsed = b->received = BUFFER_HEADROOM;
    return b;
}

struct buffer *buffer_get(struct buffer_cache *cache)
{
    return buffer_make(cache, BUFFER_STANDARD);
}

struct buffer *buffer_lend(struct buffer_cache *cache)
{
    struct buffer *b = buffer_get(cache);
    cache->lent += b != NULL;
    return b;
}

void buffer_unlend(struct buffer_cache *cache, struct buffer *b)
{
    CHECK(cache->lent > 0);
    cache->lent--;
    buffer_put(cache, b);
}

void buffer_put(struct buffer_cache *cache, struct buffer *b)
{
    CHECK(b != NULL);
    if (b->capacity == BUFFER_STANDARD) {
        slab_put(&cache->standard, b);
        return;
    }
    CHECK(cache->large_in_use > 0);
    cache->large_in_use--;
    free(b);
}

/* The live bytes of `from`, at the headroom of `to`; they may be the same. */
static void move_live(struct buffer *to, const struct buffer *from)
{
    size_t parsed = from->parsed - from->sent;
    size_t live = from->received - from->sent;
    memmove(to->data + BUFFER_HEADROOM, from->data + from->sent, live);
    to->sent = BUFFER_HEADROOM;
    to->parsed = BUFFER_HEADROOM + parsed;
    to->received = BUFFER_HEADROOM + live;
}

void buffer_compact(struct buffer *b)
{
    move_live(b, b);
}

struct buffer *buffer_reserve(struct buffer_cache *cache, struct buffer *b, size_t room)
{
    CHECK(b->sent <= b->parsed && b->parsed <= b->received && b->received <= b->capacity);
    if (buffer_room(b) >= room)
        return b;
    size_t live = b->received - b->sent;
    size_t fixed = BUFFER_HEADROOM + live;
    if (fixed <= b->capacity && b->capacity - fixed >= room) {
        buffer_compact(b);
        return b;
    }
    if (fixed > BUFFER_MAX || room > BUFFER_MAX - fixed)
        return NULL;
    /* Doubling, so that a buffer that grows packet by packet is copied a few times only. */
    size_t capacity = b->capacity * 2 < BUFFER_MAX ? b->capacity * 2 : BUFFER_MAX;
    struct buffer *larger = buffer_make(cache, capacity > fixed + room ? capacity : fixed + room);
    if (larger == NULL)
        return NULL;
    move_live(larger, b);
    buffer_put(cache, b);
    return larger;
}
