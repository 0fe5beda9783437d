/* SPDX-License-Identifier: Apache-2.0
 * Inside of snapshots: where rows and their texts are put while they are made. */
#ifndef WEIR_SESSION_SNAPSHOT_BUILD_H
#define WEIR_SESSION_SNAPSHOT_BUILD_H

#include "session/link.h"
#include "session/snapshot.h"

/* A copy with a NUL behind it; "" when memory is short. */
const char *snapshot_text(struct snapshot_texts *t, struct bytes text);

/* Those of `from` are `to`'s. */
void snapshot_texts_join(struct snapshot_texts *to, struct snapshot_texts *from);
void snapshot_texts_free(struct snapshot_texts *t);

/* snapshot_rows.c: one row; on the worker that the object lives on. */
void snapshot_client_row(struct snapshot_client *row, struct snapshot_texts *t,
                         const struct client *c);
void snapshot_link_row(struct snapshot_link *row, struct snapshot_texts *t, const struct link *l);

/* The same for a link that rests in its pool, under its server's lock, without its
 * schema and opened_for; its user's name is not copied yet. */
void snapshot_resting_row(struct snapshot_link *row, const struct link *l, usec_t now);

/* snapshot_pools.c: adds pools, servers and links at rest; any thread. */
void snapshot_add_pools(struct snapshot *s, struct pool_registry *r);
void snapshot_add_resting(struct snapshot *s, struct pool_registry *r);

#endif
