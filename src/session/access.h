/* SPDX-License-Identifier: Apache-2.0
 * Rules about who may come in, where and how: those of [weir] for everybody, those of a
 * [listener] for who comes in there, those of a [user]. All must allow a client. The log says which
 * one did not. */
#ifndef WEIR_SESSION_ACCESS_H
#define WEIR_SESSION_ACCESS_H

#include "session/client.h"

/* Its socket was accepted: may it be greeted? One that may be a proxy is judged when it has said
 * whom it speaks for. False: it was told 1130 and is closed. */
NODISCARD bool access_let_in(struct client *c);

/* The first packet of its login is there. The same for who had not been judged; and error 3159 when
 * it must be secure and is not. */
NODISCARD bool access_let_log_in(struct client *c);

/* Whether a user of this name may log in from there, in that way. Nobody is told here, so that a
 * name that is refused looks like a wrong password. */
NODISCARD bool access_allows_user(const struct client *c, struct bytes name);

NODISCARD bool access_offers_tls(const struct client *c);

/* client_proxy.c: what a connection may begin with is out of the buffer: true, or false when more
 * must come (or the client is closed). */
NODISCARD bool client_take_header(struct client *c);
/* May it speak for others? */
NODISCARD bool access_trusts_header(const struct client *c);

#endif
