/* SPDX-License-Identifier: Apache-2.0
 * The session_track_… variables of a client. On links they are Weir's, and what a client is told is
 * filtered by its own (client->tracks). A statement that asks for the client's own, or sets them,
 * finds them in place for as long as it runs; what a SET has made of them is read right behind it,
 * before Weir's come back. */
#ifndef WEIR_SESSION_OWN_TRACKERS_H
#define WEIR_SESSION_OWN_TRACKERS_H

#include "mysql/sql_facts.h"

struct client;
struct link;

/* Does the request need the client's own in place? Then track_show_own is the last chore before it.
 */
NODISCARD bool track_shows_own(const struct client *c);
void track_show_own(struct client *c, struct link *l);

/* Behind a request that only shows them: could its session have changed unseen? */
NODISCARD bool track_misses_trackers(const struct client *c);

/* Is it a SET of them that can be carried, and nothing else that only Weir's would report? */
NODISCARD bool own_trackers_may_be_set(const struct sql_facts *f);

/* A SET was executed with the client's own in place. */
void own_trackers_were_set(struct client *c);

/* They are in place still, and must be read before anything else happens on the link, also when
 * that stays the client's. */
NODISCARD bool own_trackers_wait(const struct client *c);

/* Adds the chores for that; the answer comes to own_trackers_read. */
void own_trackers_ask(struct client *c, struct link *l);
NODISCARD bool own_trackers_read(struct client *c, struct bytes reply);

/* As at a login. */
void own_trackers_forget(struct client *c);

#endif
