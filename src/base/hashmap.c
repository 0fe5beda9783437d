/* SPDX-License-Identifier: Apache-2.0
 * Linear probing. A removal closes its gap by moving later entries back, so there are no
 * tombstones and the table does not degrade while clients come and go for weeks. */
#include "base/hashmap.h"

#include "base/check.h"

#include <stdlib.h>

#define FIRST_CAPACITY 16

struct hashmap_entry {
    uint64_t key;
    void *value; /* NULL: the place is free */
};

/* Client ids are consecutive: the multiplication spreads them, the high half is the better one. */
static size_t home_of(const struct hashmap_u64 *m, uint64_t key)
{
    uint64_t h = (key ^ (key >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 32) & (m->capacity - 1);
}

/* The place of the key, or the free place where it would go. */
static struct hashmap_entry *find(const struct hashmap_u64 *m, uint64_t key)
{
    size_t i = home_of(m, key);
    while (m->entries[i].value != NULL && m->entries[i].key != key)
        i = (i + 1) & (m->capacity - 1);
    return &m->entries[i];
}

void hashmap_u64_init(struct hashmap_u64 *m)
{
    *m = (struct hashmap_u64){0};
}

void hashmap_u64_fini(struct hashmap_u64 *m)
{
    free(m->entries);
    hashmap_u64_init(m);
}

static bool grow(struct hashmap_u64 *m)
{
    size_t capacity = m->capacity > 0 ? m->capacity * 2 : FIRST_CAPACITY;
    struct hashmap_u64 larger = {.capacity = capacity, .count = m->count};
    larger.entries = calloc(capacity, sizeof(struct hashmap_entry));
    if (larger.entries == NULL)
        return false;
    for (size_t i = 0; i < m->capacity; i++) {
        if (m->entries[i].value != NULL)
            *find(&larger, m->entries[i].key) = m->entries[i];
    }
    free(m->entries);
    *m = larger;
    return true;
}

bool hashmap_u64_put(struct hashmap_u64 *m, uint64_t key, void *value)
{
    CHECK(value != NULL);
    /* At most three quarters full, so that every search meets a free place soon. */
    if ((m->count + 1) * 4 > m->capacity * 3 && !grow(m))
        return false;
    struct hashmap_entry *e = find(m, key);
    if (e->value == NULL)
        m->count++;
    *e = (struct hashmap_entry){.key = key, .value = value};
    return true;
}

void *hashmap_u64_get(const struct hashmap_u64 *m, uint64_t key)
{
    return m->count > 0 ? find(m, key)->value : NULL;
}

void *hashmap_u64_remove(struct hashmap_u64 *m, uint64_t key)
{
    if (m->count == 0)
        return NULL;
    struct hashmap_entry *e = find(m, key);
    void *value = e->value;
    if (value == NULL)
        return NULL;
    size_t mask = m->capacity - 1;
    size_t gap = (size_t)(e - m->entries);
    for (size_t i = (gap + 1) & mask; m->entries[i].value != NULL; i = (i + 1) & mask) {
        size_t home = home_of(m, m->entries[i].key);
        /* An entry may move back to the gap only if it is not thereby put before its home. */
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            m->entries[gap] = m->entries[i];
            gap = i;
        }
    }
    m->entries[gap].value = NULL;
    m->count--;
    return value;
}

void *hashmap_u64_next(const struct hashmap_u64 *m, size_t *cursor, uint64_t *key)
{
    while (*cursor < m->capacity) {
        const struct hashmap_entry *e = &m->entries[(*cursor)++];
        if (e->value == NULL)
            continue;
        if (key != NULL)
            *key = e->key;
        return e->value;
    }
    return NULL;
}
