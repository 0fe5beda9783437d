/* SPDX-License-Identifier: Apache-2.0
 * KILL by an operator: from a thread that is no worker, about a client of any. */
#ifndef WEIR_SESSION_KILL_ORDER_H
#define WEIR_SESSION_KILL_ORDER_H

#include "session/proxy.h"

struct kill_order;

/* Kills the client, or what it runs. `done` is called on the thread of `reply_to` once it has been
 * done, unless the order was abandoned; `found` false: there is no such client. NULL when the id is
 * none of a worker's clients, or memory is out. `reply_to` must live until the workers have ended.
 */
struct kill_order *kill_order_send(struct proxy *p, uint64_t id, bool query_only,
                                   struct mailbox *reply_to,
                                   void (*done)(void *context, bool found), void *context);

/* Nobody waits for the answer any more; the client is killed nevertheless. */
void kill_order_abandon(struct kill_order *o);

#endif
