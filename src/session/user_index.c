/* SPDX-License-Identifier: Apache-2.0
 * A map of hashes, and chains of the few that share one. */
#include "session/user_index.h"

#include "base/check.h"
#include "session/user_store.h"

static uint64_t hash_of(struct bytes name)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < name.size; i++)
        h = (h ^ name.data[i]) * UINT64_C(1099511628211);
    return h;
}

struct user *user_index_find(const struct user_index *x, struct bytes name)
{
    struct user *u = hashmap_u64_get(&x->by_hash, hash_of(name));
    while (u != NULL && !bytes_equal_text(name, u->name))
        u = u->same_hash;
    return u;
}

void user_index_add(struct user_index *x, struct user *u)
{
    uint64_t hash = hash_of(bytes_of_text(u->name));
    u->same_hash = hashmap_u64_get(&x->by_hash, hash);
    CHECK(hashmap_u64_put(&x->by_hash, hash, u));
    u->previous = x->last;
    u->next = NULL;
    if (x->last != NULL)
        x->last->next = u;
    else
        x->first = u;
    x->last = u;
}

static void leave_chain(struct user_index *x, struct user *u)
{
    uint64_t hash = hash_of(bytes_of_text(u->name));
    struct user *first = hashmap_u64_get(&x->by_hash, hash);
    if (first == u) {
        (void)hashmap_u64_remove(&x->by_hash, hash);
        if (u->same_hash != NULL)
            CHECK(hashmap_u64_put(&x->by_hash, hash, u->same_hash));
        return;
    }
    while (first->same_hash != u)
        first = first->same_hash;
    first->same_hash = u->same_hash;
}

void user_index_remove(struct user_index *x, struct user *u)
{
    leave_chain(x, u);
    if (u->previous != NULL)
        u->previous->next = u->next;
    else
        x->first = u->next;
    if (u->next != NULL)
        u->next->previous = u->previous;
    else
        x->last = u->previous;
    u->next = u->previous = u->same_hash = NULL;
}

void user_index_fini(struct user_index *x)
{
    hashmap_u64_fini(&x->by_hash);
    x->first = x->last = NULL;
}
