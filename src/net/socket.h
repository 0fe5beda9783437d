/* SPDX-License-Identifier: Apache-2.0
 * Making, accepting and questioning sockets. All are non-blocking and close-on-exec. */
#ifndef WEIR_NET_SOCKET_H
#define WEIR_NET_SOCKET_H

#include "net/address.h"

/* A listening socket: TCP with SO_REUSEADDR, or a Unix socket with the given mode whose stale file
 * (nobody listens) is replaced. Returns the descriptor, or -1 with errno. */
NODISCARD int socket_listen(const struct address *a, int backlog, unsigned unix_mode);

/* Accepts one; -1 with errno (EAGAIN when there is none). TCP_NODELAY and keep-alive are set. */
NODISCARD int socket_accept(int listen_fd, struct address *peer);

/* Starts connecting; returns the descriptor (writable once connected or failed: ask socket_error),
 * or -1 with errno when it failed at once. */
NODISCARD int socket_connect(const struct address *a);

/* The address that a connected socket has on this side. */
NODISCARD bool socket_local_address(int fd, struct address *out);

/* The pending error of a socket (SO_ERROR), 0 when it is connected. */
NODISCARD int socket_error(int fd);

/* The account of the process at the other end of a Unix socket, when it connected. False when the
 * kernel does not tell. */
NODISCARD bool socket_peer_uid(int fd, unsigned *uid);

/* Closes a descriptor that no stream has taken. */
void socket_close(int fd);

enum socket_quiet { SOCKET_QUIET, SOCKET_HAS_BYTES, SOCKET_CLOSED };

/* Peeks without waiting: is there nothing to read? An idle link that has bytes or an end of stream
 * is not to be used again. */
NODISCARD enum socket_quiet socket_peek(int fd);

/* Sends what fits without waiting: last words to somebody who is sent away. */
void socket_say_last(int fd, const void *data, size_t size);

#endif
