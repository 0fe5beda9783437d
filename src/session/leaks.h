/* SPDX-License-Identifier: Apache-2.0
 * Finds clients that hold a link and do nothing with it: a transaction that nobody ends, a lock or
 * a temporary table that nobody drops. Each is reported once, with what is known of it, and treated
 * as leak_action says. */
#ifndef WEIR_SESSION_LEAKS_H
#define WEIR_SESSION_LEAKS_H

#include "session/leak_book.h"
#include "session/link.h"

/* Begins and ends looking at a worker's links, every second. Its own thread, or before it runs. */
void leaks_watch(struct worker *w);
void leaks_stop(struct worker *w);

/* The lease ends, or is only a soft one from now on: a case that was reported is over. */
void leaks_lease_ended(struct client *c, struct link *l);

/* Weir has rolled the client's transaction back: the request in the buffer gets the error that says
 * so, once. True when it did. */
NODISCARD bool leaks_tell_rollback(struct client *c);
/* Weir's ROLLBACK is done. */
void leaks_rolled_back(struct link *l);

#endif
