/* SPDX-License-Identifier: Apache-2.0
 * Groups in an array, found by a hash of their texts. */
#include "session/growth_census.h"

#include <stdlib.h>

static uint64_t mix(uint64_t hash, const char *text)
{
    const uint64_t prime = UINT64_C(1099511628211); /* FNV-1a */
    for (const char *p = text; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * prime;
    return (hash ^ 0xff) * prime;
}

static uint64_t hash_of(const struct growth_key *key)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    hash = mix(hash, key->user);
    hash = mix(hash, key->host);
    hash = mix(hash, key->program);
    return mix(hash, key->pid);
}

void growth_census_fini(struct growth_census *c)
{
    hashmap_u64_fini(&c->index);
    free(c->counts);
    *c = (struct growth_census){0};
}

void growth_census_begin(struct growth_census *c, const struct growth_limits *limits)
{
    hashmap_u64_fini(&c->index);
    c->count = 0;
    c->processes = 0;
    c->limits = *limits;
}

static bool make_room(struct growth_census *c)
{
    if (c->count < c->capacity)
        return true;
    size_t capacity = c->capacity == 0 ? 16 : c->capacity * 2;
    struct growth_count *more = realloc(c->counts, capacity * sizeof *more);
    if (more == NULL)
        return false;
    c->counts = more;
    c->capacity = capacity;
    return true;
}

/* NULL: there are too many. */
static struct growth_count *count_of(struct growth_census *c, uint64_t hash,
                                     const struct growth_key *key)
{
    size_t place = (size_t)(uintptr_t)hashmap_u64_get(&c->index, hash);
    if (place != 0)
        return &c->counts[place - 1];
    bool process = key->pid[0] != '\0';
    if (c->count == GROWTH_GROUPS_MAX || (process && c->processes == GROWTH_GROUPS_MAX / 4 * 3) ||
        !make_room(c) || !hashmap_u64_put(&c->index, hash, (void *)(uintptr_t)(c->count + 1)))
        return NULL;
    c->processes += process ? 1 : 0;
    struct growth_count *found = &c->counts[c->count++];
    *found = (struct growth_count){.hash = hash, .key = *key};
    return found;
}

static void add(struct growth_census *c, const struct growth_key *key, usec_t idle)
{
    struct growth_count *n = count_of(c, hash_of(key), key);
    if (n == NULL)
        return;
    n->open++;
    for (unsigned i = 0; i < GROWTH_SCALES; i++) {
        n->silent[i] += idle >= c->limits.silent[i] ? 1 : 0;
        n->remained[i] += idle >= c->limits.remained[i] ? 1 : 0;
    }
}

void growth_census_add(struct growth_census *c, const struct growth_key *key, usec_t idle)
{
    add(c, key, idle);
    if (key->pid[0] == '\0')
        return;
    struct growth_key all = *key;
    all.pid[0] = '\0';
    add(c, &all, idle);
}

void growth_census_join(struct growth_census *to, const struct growth_census *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct growth_count *n = &from->counts[i];
        struct growth_count *sum = count_of(to, n->hash, &n->key);
        if (sum == NULL)
            continue;
        sum->open += n->open;
        for (unsigned scale = 0; scale < GROWTH_SCALES; scale++) {
            sum->silent[scale] += n->silent[scale];
            sum->remained[scale] += n->remained[scale];
        }
    }
}
