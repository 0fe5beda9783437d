/* SPDX-License-Identifier: Apache-2.0
 * Watches for growth without reuse (growth.h): every growth_window each worker counts its clients,
 * some in each turn of its loop, and the first worker judges the sums. What is found goes to the
 * log and to the book of leaks. */
#ifndef WEIR_SESSION_GROWTH_WATCH_H
#define WEIR_SESSION_GROWTH_WATCH_H

#include "session/client.h"

struct growth_watch;

/* NULL when out of memory. Call when the proxy has its workers. */
struct growth_watch *growth_watch_create(struct proxy *p);
void growth_watch_destroy(struct growth_watch *g); /* NULL: nothing */

/* On the first worker: growth_window may have changed. */
void growth_watch_configure(struct worker *w);
/* The worker ends. */
void growth_watch_stop(struct worker *w);

/* The client is about to leave its worker's list. */
void growth_client_goes(struct client *c);

#endif
