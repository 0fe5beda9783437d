/* SPDX-License-Identifier: Apache-2.0
 * Stands in for a server in ./dev bench: answers at once and costs next to nothing, so that what is
 * measured is the proxy. Lets everybody in, has one row for statements that begin with "SELECT c"
 * and an OK for everything else. One thread, one Unix socket, no limits: nothing for anywhere else.
 * usage: stand_in SOCKET */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS        256
#define REQUEST_MAX   8192
#define ROW_SIZE      119
#define HEADER_SIZE   4
#define COM_QUIT      0x01
#define COM_QUERY     0x03
#define DEPRECATE_EOF (1U << 24)
#define CAPABILITIES  (0x81FFF7FEU | DEPRECATE_EOF)

struct connection {
    int fd;
    bool logged_in;
    bool deprecate_eof;
    size_t size; /* of what is in `request` */
    uint8_t request[REQUEST_MAX];
};

static const uint8_t greeting[] = "\x0a"
                                  "5.5.5-10.11.0-MariaDB\0"
                                  "\x07\0\0\0"
                                  "abcdefgh\0"
                                  "\xfe\xf7"       /* capabilities, lower half */
                                  "\x2d"           /* utf8mb4 */
                                  "\x02\0"         /* autocommit */
                                  "\xff\x81"       /* upper half */
                                  "\x15"           /* bytes of challenge, with the zero behind */
                                  "\0\0\0\0\0\0"   /* reserved */
                                  "\0\0\0\0"       /* none of MariaDB's own capabilities */
                                  "ijklmnopqrst\0" /* rest of the challenge */
                                  "mysql_native_password";

/* Bytes that are sent together. */
struct reply {
    size_t size;
    uint8_t sequence;
    uint8_t bytes[1024];
};

static void add_packet(struct reply *r, const void *payload, size_t size)
{
    if (r->size + HEADER_SIZE + size > sizeof r->bytes)
        abort();
    uint8_t *at = r->bytes + r->size;
    at[0] = (uint8_t)size;
    at[1] = (uint8_t)(size >> 8);
    at[2] = 0;
    at[3] = r->sequence++;
    memcpy(at + HEADER_SIZE, payload, size);
    r->size += HEADER_SIZE + size;
}

static void add_ok(struct reply *r, uint8_t header)
{
    uint8_t ok[] = {header, 0, 0, 2, 0, 0, 0};
    add_packet(r, ok, sizeof ok);
}

static void add_eof(struct reply *r)
{
    static const uint8_t eof[] = {0xfe, 0, 0, 2, 0};
    add_packet(r, eof, sizeof eof);
}

static void add_row(struct reply *r, bool deprecate_eof)
{
    static const uint8_t count[] = {1};
    static const uint8_t column[] =
        "\x03"
        "def\3app\7sbtest1\7sbtest1\1c\1c\x0c\x2d\0\xe0\1\0\0\xfe\1\0\0\0\0";
    uint8_t row[1 + ROW_SIZE] = {ROW_SIZE};
    memset(row + 1, 'x', ROW_SIZE);
    add_packet(r, count, sizeof count);
    add_packet(r, column, sizeof column - 1);
    if (!deprecate_eof)
        add_eof(r);
    add_packet(r, row, sizeof row);
    if (deprecate_eof)
        add_ok(r, 0xfe);
    else
        add_eof(r);
}

static bool say(const struct connection *c, const struct reply *r)
{
    return send(c->fd, r->bytes, r->size, MSG_NOSIGNAL) == (ssize_t)r->size;
}

/* False when the client leaves. */
static bool answer(struct connection *c, const uint8_t *payload, size_t size, uint8_t sequence)
{
    static const char select_c[] = "SELECT c";
    const size_t select_size = sizeof select_c - 1;
    struct reply r = {.sequence = (uint8_t)(sequence + 1)};
    if (!c->logged_in) {
        c->logged_in = true;
        c->deprecate_eof = size >= HEADER_SIZE && (payload[3] & (DEPRECATE_EOF >> 24)) != 0;
        add_ok(&r, 0);
    } else if (payload[0] == COM_QUIT) {
        return false;
    } else if (payload[0] == COM_QUERY && size > select_size &&
               memcmp(payload + 1, select_c, select_size) == 0) {
        add_row(&r, c->deprecate_eof);
    } else {
        add_ok(&r, 0);
    }
    return say(c, &r);
}

/* All packets that are there whole. False when the client leaves, or sends what is too long. */
static bool answer_all(struct connection *c)
{
    size_t at = 0;
    while (c->size - at >= HEADER_SIZE) {
        const uint8_t *p = c->request + at;
        size_t size = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;
        if (size == 0 || size > REQUEST_MAX - HEADER_SIZE)
            return false;
        if (c->size - at < HEADER_SIZE + size)
            break;
        if (!answer(c, p + HEADER_SIZE, size, p[3]))
            return false;
        at += HEADER_SIZE + size;
    }
    memmove(c->request, c->request + at, c->size - at);
    c->size -= at;
    return true;
}

static void serve(struct connection *c)
{
    ssize_t n = recv(c->fd, c->request + c->size, sizeof c->request - c->size, 0);
    if (n > 0) {
        c->size += (size_t)n;
        if (answer_all(c))
            return;
    }
    (void)close(c->fd);
    free(c);
}

static void watch(int epoll_fd, int fd, struct connection *c)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = c}};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        abort();
}

static void greet(int epoll_fd, int listen_fd)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    c->fd = fd;
    struct reply r = {0};
    add_packet(&r, greeting, sizeof greeting);
    if (say(c, &r)) {
        watch(epoll_fd, fd, c);
        return;
    }
    (void)close(fd);
    free(c);
}

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || length >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, length);
    (void)unlink(path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1024) != 0)
        return -1;
    return fd;
}

int main(int argc, char **argv)
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listen_fd = argc == 2 ? listen_on(argv[1]) : -1;
    if (epoll_fd < 0 || listen_fd < 0) {
        (void)fprintf(stderr, "usage: stand_in SOCKET (%s)\n", strerror(errno));
        return 1;
    }
    watch(epoll_fd, listen_fd, NULL);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll_fd, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                greet(epoll_fd, listen_fd);
            else
                serve(events[i].data.ptr);
        }
    }
}
