/* SPDX-License-Identifier: Apache-2.0
 * Networks: where a connection comes from, and lists of where it may come from. IPv4 addresses are
 * kept as IPv6 ones that hold them, so that it does not matter how a client was accepted. */
#ifndef WEIR_BASE_NETWORK_H
#define WEIR_BASE_NETWORK_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define IP_SIZE 16

/* One end of a connection. */
struct network_peer {
    bool local;          /* a Unix socket: */
    uint8_t ip[IP_SIZE]; /* all zero then */
};

/* "10.0.0.7", "fd00::7", "::ffff:10.0.0.7", or "localhost" for a Unix socket. False when it is none
 * of these. */
NODISCARD bool network_peer_parse(struct network_peer *out, struct bytes text);

/* The addresses that begin with the first `bits` of `ip`. */
struct network {
    uint8_t ip[IP_SIZE];
    unsigned bits; /* 0 to 128 */
};

/* "10.0.0.0/8", "fd00::/8", or one address. What stands behind the prefix does not count. */
NODISCARD bool network_parse(struct network *out, struct bytes text);
NODISCARD bool network_contains(const struct network *n, const uint8_t ip[IP_SIZE]);

/* A list as people write it: networks, "localhost" for Unix sockets, "*" for everything, separated
 * by commas or spaces. False, and the word that is none of these in *wrong, when it is no such
 * list;
 * "" is one. */
NODISCARD bool network_list_check(const char *list, struct bytes *wrong);
NODISCARD bool network_list_has(const char *list, const struct network_peer *peer);

/* A list of names, of which a * stands for any bytes, none included. */
NODISCARD bool name_list_has(const char *list, struct bytes name);

#endif
