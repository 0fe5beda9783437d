/* SPDX-License-Identifier: Apache-2.0
 * The buffers of a worker's cache that the kernel receives into, in a ring that it picks from. */
#include "net/uring.h"

#include <sys/mman.h>

static void offer(struct uring_loop *u, unsigned short id)
{
    struct buffer *b = u->buffers[id];
    io_uring_buf_ring_add(u->buffer_ring, b->data + BUFFER_HEADROOM,
                          (unsigned)(BUFFER_STANDARD - BUFFER_HEADROOM), id,
                          io_uring_buf_ring_mask(URING_BUFFERS), 0);
    io_uring_buf_ring_advance(u->buffer_ring, 1);
}

static bool make_buffer_ring(struct uring_loop *u)
{
    size_t size = URING_BUFFERS * sizeof(struct io_uring_buf);
    void *ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (ring == MAP_FAILED)
        return false;
    struct io_uring_buf_reg reg = {
        .ring_addr = (uint64_t)(uintptr_t)ring,
        .ring_entries = URING_BUFFERS,
        .bgid = URING_BUFFER_GROUP,
    };
    if (io_uring_register_buf_ring(&u->ring, &reg, 0) != 0) {
        (void)munmap(ring, size);
        return false;
    }
    u->buffer_ring = ring;
    io_uring_buf_ring_init(u->buffer_ring);
    return true;
}

bool uring_buffers_begin(struct uring_loop *u, struct buffer_cache *cache)
{
    u->cache = cache;
    for (size_t i = 0; i < URING_BUFFERS; i++) {
        u->buffers[i] = buffer_lend(cache);
        if (u->buffers[i] == NULL)
            break;
    }
    if (u->buffers[URING_BUFFERS - 1] == NULL || !make_buffer_ring(u)) {
        uring_buffers_end(u);
        return false;
    }
    for (unsigned short i = 0; i < URING_BUFFERS; i++)
        offer(u, i);
    return true;
}

void uring_buffers_end(struct uring_loop *u)
{
    for (size_t i = 0; i < URING_BUFFERS; i++) {
        if (u->buffers[i] != NULL)
            buffer_unlend(u->cache, u->buffers[i]);
        u->buffers[i] = NULL;
    }
    if (u->buffer_ring != NULL)
        (void)munmap(u->buffer_ring, URING_BUFFERS * sizeof(struct io_uring_buf));
    u->buffer_ring = NULL;
    u->cache = NULL;
}

struct buffer *uring_buffers_take(struct uring_loop *u, unsigned short id, size_t size)
{
    struct buffer *b = u->buffers[id];
    struct buffer *other = size > 0 ? buffer_get(u->cache) : NULL;
    if (other != NULL)
        u->buffers[id] = other;
    offer(u, id);
    if (other == NULL)
        return NULL;
    b->sent = b->parsed = BUFFER_HEADROOM;
    b->received = BUFFER_HEADROOM + size;
    return b;
}
