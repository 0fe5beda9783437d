/* SPDX-License-Identifier: Apache-2.0
 * Inside of the registry: asking the policy under a server's lock, performing its decisions. */
#ifndef WEIR_SESSION_POOL_EVENTS_H
#define WEIR_SESSION_POOL_EVENTS_H

#include "session/pool_registry.h"

/* Takes the server's lock, and says what time it is. */
usec_t pool_events_lock(struct worker *w, struct server_group *g);
/* Collects what was decided, lets go of the lock, performs. `arm`: something may have begun to wait
 * for time to pass. */
void pool_events_finish(struct worker *w, struct server_group *g, bool arm);
/* Under the lock: whom the seat was given to. */
void pool_events_note_holder(struct link *l, const struct client *c);
/* The server has let this link in. */
void pool_events_note_proof(const struct link *l);

/* guest_link.c: opens a link for the client that has waited longest in a pool of logins of this
 * worker. */
void guest_open_link(struct link_pool *logins);

/* Fires pool_sweep for all servers; the worker's sweep_timer. */
void pool_events_on_sweep_timer(struct loop_timer *timer);

#endif
