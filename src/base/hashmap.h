/* SPDX-License-Identifier: Apache-2.0
 * A map from 64-bit keys (client ids, thread ids) to pointers. Not thread-safe: one per worker. */
#ifndef WEIR_BASE_HASHMAP_H
#define WEIR_BASE_HASHMAP_H

#include "base/attrs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hashmap_entry;

/* Open addressing; grows by doubling, never shrinks. Zeroed = empty. The values are not owned. */
struct hashmap_u64 {
    struct hashmap_entry *entries;
    size_t capacity; /* a power of two, or 0 before the first put */
    size_t count;
};

/* Allocates nothing. */
void hashmap_u64_init(struct hashmap_u64 *m);

/* Frees the table; the map is empty and usable again. */
void hashmap_u64_fini(struct hashmap_u64 *m);

/* Adds or replaces. `value` must not be NULL. False, with the map unchanged, when memory is out. */
NODISCARD bool hashmap_u64_put(struct hashmap_u64 *m, uint64_t key, void *value);

/* NULL when the key is not there. */
void *hashmap_u64_get(const struct hashmap_u64 *m, uint64_t key);

/* Returns what was there, NULL when nothing was. */
void *hashmap_u64_remove(struct hashmap_u64 *m, uint64_t key);

static inline size_t hashmap_u64_count(const struct hashmap_u64 *m)
{
    return m->count;
}

/* Walks over all entries in no order: start with *cursor = 0, ends with NULL. `key` may be NULL.
 * No put and no remove meanwhile. */
void *hashmap_u64_next(const struct hashmap_u64 *m, size_t *cursor, uint64_t *key);

#endif
