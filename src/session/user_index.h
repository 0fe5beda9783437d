/* SPDX-License-Identifier: Apache-2.0
 * Users by name, and in the order in which they came: however many there are, to find one costs the
 * same. Not locked against threads: the user store does. */
#ifndef WEIR_SESSION_USER_INDEX_H
#define WEIR_SESSION_USER_INDEX_H

#include "base/bytes.h"
#include "base/hashmap.h"

struct user;

/* Zeroed = empty. */
struct user_index {
    struct hashmap_u64 by_hash; /* the first of those whose names have the same hash */
    struct user *first;
    struct user *last;
};

/* NULL when nobody has this name. */
struct user *user_index_find(const struct user_index *x, struct bytes name);

/* One whose name is not there yet; it comes last. */
void user_index_add(struct user_index *x, struct user *u);

/* One that is there. */
void user_index_remove(struct user_index *x, struct user *u);

/* The users are not freed. */
void user_index_fini(struct user_index *x);

#endif
