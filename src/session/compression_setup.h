/* SPDX-License-Identifier: Apache-2.0
 * Who is compressed, and with what: clients by [weir], links by their [server], each on their own.
 */
#ifndef WEIR_SESSION_COMPRESSION_SETUP_H
#define WEIR_SESSION_COMPRESSION_SETUP_H

#include "session/client.h"

/* What greetings add to the capabilities. */
capabilities_t compression_offered(const struct config *c);

/* As a server chooses from what its client can do; it begins when the client has been told OK. What
 * is not permitted: false, the client was told so and is closed. */
NODISCARD bool client_choose_compression(struct client *c, uint8_t zstd_level);

/* It was told OK, and has all of that. False: the client is closed. */
NODISCARD bool client_begin_compression(struct client *c);

/* The capability to ask a server for that offers `server`. False: the section permits nothing that
 * the server can do; the link is closed. */
NODISCARD bool link_choose_compression(struct link *l, capabilities_t server, capabilities_t *ask);
/* Level to ask the server for. */
uint8_t link_zstd_level(const struct link *l);

/* The server has accepted the login of this link. False: out of memory. */
NODISCARD bool link_begin_compression(struct link *l);

#endif
