/* SPDX-License-Identifier: Apache-2.0
 * System calls on sockets, with the options that a proxy wants. */
#include "net/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct sockaddr *sockaddr_of(const struct address *a)
{
    return (const struct sockaddr *)(const void *)&a->storage;
}

static int close_keeping_errno(int fd)
{
    int saved_errno = errno;
    (void)close(fd);
    errno = saved_errno;
    return -1;
}

static bool turn_on(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

static int open_socket(const struct address *a)
{
    int fd = socket(a->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || address_is_unix(a))
        return fd;
    if (!turn_on(fd, IPPROTO_TCP, TCP_NODELAY) || !turn_on(fd, SOL_SOCKET, SO_KEEPALIVE))
        return close_keeping_errno(fd);
    return fd;
}

/* The file of a socket on which nobody listens. */
static bool is_stale(const struct address *a)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)&a->storage;
    struct stat st;
    if (lstat(un->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, sockaddr_of(a), a->size) != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return refused;
}

/* The mode is set before listen: until then nobody can connect. */
static bool bind_unix(int fd, const struct address *a, unsigned mode)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)&a->storage;
    if (bind(fd, sockaddr_of(a), a->size) != 0) {
        if (errno != EADDRINUSE)
            return false;
        if (!is_stale(a)) {
            errno = EADDRINUSE;
            return false;
        }
        if (unlink(un->sun_path) != 0 || bind(fd, sockaddr_of(a), a->size) != 0)
            return false;
    }
    return chmod(un->sun_path, (mode_t)mode) == 0;
}

static bool bind_tcp(int fd, const struct address *a)
{
    int off = 0;
    if (!turn_on(fd, SOL_SOCKET, SO_REUSEADDR))
        return false;
    /* "::" means all interfaces, IPv4 included, whatever the system's default is. */
    if (a->storage.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0)
        return false;
    return bind(fd, sockaddr_of(a), a->size) == 0;
}

int socket_listen(const struct address *a, int backlog, unsigned unix_mode)
{
    /* Accepted sockets inherit no-delay and keep-alive from this one. */
    int fd = open_socket(a);
    if (fd < 0)
        return -1;
    bool bound = address_is_unix(a) ? bind_unix(fd, a, unix_mode) : bind_tcp(fd, a);
    if (!bound || listen(fd, backlog) != 0)
        return close_keeping_errno(fd);
    return fd;
}

int socket_accept(int listen_fd, struct address *peer)
{
    int fd;
    do {
        *peer = (struct address){.size = sizeof peer->storage};
        fd = accept4(listen_fd, (struct sockaddr *)(void *)&peer->storage, &peer->size,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    /* Whoever connects to a Unix socket may give its own end any name, an address too: it says
     * nothing, and is not kept. */
    if (fd >= 0 && address_is_unix(peer))
        *peer = (struct address){.storage.ss_family = AF_UNIX, .size = sizeof(sa_family_t)};
    return fd;
}

int socket_connect(const struct address *a)
{
    int fd = open_socket(a);
    if (fd < 0)
        return -1;
    /* After EINTR a connect goes on by itself. A Unix socket says EAGAIN when the backlog of the
     * listener is full: it is not connecting then. */
    if (connect(fd, sockaddr_of(a), a->size) != 0 && errno != EINPROGRESS && errno != EINTR)
        return close_keeping_errno(fd);
    return fd;
}

bool socket_local_address(int fd, struct address *out)
{
    *out = (struct address){.size = sizeof out->storage};
    return getsockname(fd, (struct sockaddr *)&out->storage, &out->size) == 0;
}

int socket_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}

enum socket_quiet socket_peek(int fd)
{
    char byte;
    ssize_t n;
    do
        n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return SOCKET_HAS_BYTES;
    return n < 0 && errno == EAGAIN ? SOCKET_QUIET : SOCKET_CLOSED;
}

bool socket_peer_uid(int fd, unsigned *uid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer ||
        peer.pid == 0)
        return false;
    *uid = peer.uid;
    return true;
}

void socket_close(int fd)
{
    (void)close(fd);
}

void socket_say_last(int fd, const void *data, size_t size)
{
    (void)!send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}
