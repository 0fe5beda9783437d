/* SPDX-License-Identifier: Apache-2.0
 * Socket addresses: TCP over IPv4 and IPv6, and Unix sockets. */
#ifndef WEIR_NET_ADDRESS_H
#define WEIR_NET_ADDRESS_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* Numeric IPv4 or IPv6 text only (no name lookup); "*" and "" mean all IPv4 interfaces,
 * "::" all of both. */
NODISCARD bool address_from_ip(struct address *out, const char *ip, uint16_t port);

/* False when the path is too long for sockaddr_un (107 bytes). */
NODISCARD bool address_from_path(struct address *out, const char *path);

/* "10.0.0.7:3306", "[::1]:3306", "/run/x.sock", "unix socket" for an unnamed peer. */
#define ADDRESS_TEXT_SIZE 128
void address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

/* The host part as a server names it in `Access denied for user 'u'@'HOST'`: the IP without port
 * (IPv4-mapped IPv6 as IPv4), or "localhost" for Unix sockets. */
void address_format_host(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

/* The same from what address_format wrote; a view into `text`, or of "localhost". */
struct bytes address_text_host(const char *text);

NODISCARD bool address_is_unix(const struct address *a);

#endif
