/* SPDX-License-Identifier: Apache-2.0
 * Named caches of objects of one size, so that steady state calls no malloc and memory can be
 * counted by name. Not thread-safe: one per worker. */
#ifndef WEIR_BASE_SLAB_H
#define WEIR_BASE_SLAB_H

#include <stddef.h>

struct slab {
    const char *name;
    size_t object_size;
    size_t keep_free; /* more free objects than this go back to malloc */
    void *free_list;
    size_t free_count;
    size_t used_count;
};

void slab_init(struct slab *s, const char *name, size_t object_size, size_t keep_free);

/* Zeroed memory, aligned for any type. NULL when the system has none. */
void *slab_get(struct slab *s);

/* The same without the zeroing, for buffers. */
void *slab_get_raw(struct slab *s);

/* `object` came from this slab. Poisoned under AddressSanitizer. */
void slab_put(struct slab *s, void *object);

/* Frees all free objects; CHECKs that none is in use. */
void slab_close(struct slab *s);

#endif
