/* SPDX-License-Identifier: Apache-2.0
 * Accounts whose password has expired. A server lets them in (with disconnect_on_expired_password
 * only clients that say they know what to do then) and answers everything but a change of the
 * password with error 1820. Such a session is of no use to anybody else: its link is in a pool of
 * its own (EXPIRED_DIALECT), has not been prepared as links are, since the server refuses that,
 * belongs to one client until that leaves, and passes on what it is asked. Once the password is
 * changed, the session is an ordinary one, which stays on this link. */
#ifndef WEIR_SESSION_EXPIRED_H
#define WEIR_SESSION_EXPIRED_H

#include "session/client.h"

/* Of the pool: its links say that their clients know what to do. */
#define EXPIRED_DIALECT CAP(CAN_HANDLE_EXPIRED)

/* Its pool's links could not be opened. If that is for an expired password with which a server
 * would let this client in, it goes on waiting, for a link to change it on: true. */
NODISCARD bool expired_goes_on(struct client *c);

/* The server has let the link in, and then refused the chores that prepare it. True when that is
 * for an expired password, and a client may have it all the same. */
NODISCARD bool expired_link_serves(struct link *l);

/* The client has such a link for its request: true when that was dealt with. */
NODISCARD bool expired_request(struct client *c);

/* A statement that changes accounts was answered. */
void expired_answered(struct link *l);

static inline bool client_is_expired(const struct client *c)
{
    return c->pool != NULL && (c->pool->dialect & EXPIRED_DIALECT) != 0;
}

#endif
