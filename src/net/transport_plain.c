/* SPDX-License-Identifier: Apache-2.0
 * Plain sockets, TCP and Unix alike. */
#include "net/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t plain_receive(int fd, void *state, void *data, size_t size)
{
    (void)state;
    ssize_t n;
    do
        n = recv(fd, data, size, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t plain_send(int fd, void *state, const struct iovec *parts, int count)
{
    (void)state;
    struct msghdr message = {
        .msg_iov = (struct iovec *)(uintptr_t)parts, /* sendmsg only reads them */
        .msg_iovlen = (size_t)count,
    };
    ssize_t n;
    do
        n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n;
}

static void plain_close(int fd, void *state)
{
    (void)state;
    int saved_errno = errno;
    /* Not to be repeated after EINTR: Linux has released the descriptor in any case. */
    (void)close(fd);
    errno = saved_errno;
}

const struct transport transport_plain = {
    .name = "plain",
    .short_means_again = true,
    .receive = plain_receive,
    .send = plain_send,
    .close = plain_close,
};
