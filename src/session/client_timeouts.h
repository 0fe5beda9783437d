/* SPDX-License-Identifier: Apache-2.0
 * What a client may take its time for, and what happens when it takes more. One timer per client:
 * it is set to the earliest end of all that runs, and looks again when it fires. */
#ifndef WEIR_SESSION_CLIENT_TIMEOUTS_H
#define WEIR_SESSION_CLIENT_TIMEOUTS_H

#include "session/client.h"

/* It has entered its state, coming from `before`: what ran there runs no more. */
void client_timeouts_enter(struct client *c, enum client_state before);

/* It does not take what is sent to it, or does not send what it has begun: net_write_timeout or
 * net_read_timeout runs, from the last byte that moved. */
void client_stalled(struct client *c);

/* The client's timer. */
void client_on_timeout(struct loop_timer *timer);

/* It has logged in: copies its user's timeouts, as sessions copy a server's variables. */
void client_take_timeouts(struct client *c);
void client_drop_timeouts(struct client *c);

/* A new configuration: all clients of this worker take their timeouts anew, if timeouts_apply_to
 * says so. */
void client_timeouts_configure(struct worker *w);

/* Would its idle time be over about now? The server may have closed its link for that. */
NODISCARD bool client_is_overdue(const struct client *c);
/* Ends it for that, in the words of its server. */
void client_end_idle(struct client *c);

/* Its reply ended with an error. True when that is how the server took Weir's own KILL of an
 * overdue SELECT: the error at the end of the link's buffer was replaced by that of a time-out. */
NODISCARD bool client_explain_overdue(struct client *c);

#endif
