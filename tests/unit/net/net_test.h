/* SPDX-License-Identifier: Apache-2.0
 * What the tests of net/ share: real sockets, loops that turn until something holds. */
#ifndef WEIR_TESTS_UNIT_NET_NET_TEST_H
#define WEIR_TESTS_UNIT_NET_NET_TEST_H

#include "net/address.h"
#include "net/loop.h"
#include "net/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* The engine of the loops that make_loop makes. */
static enum loop_engine test_engine = LOOP_EPOLL;

static inline struct loop *make_loop(void)
{
    struct loop *loop = loop_create(test_engine);
    assert_non_null(loop);
    return loop;
}

/* Whether the kernel lets us; says so where it does not. */
static inline bool engine_can_be_tested(enum loop_engine engine)
{
    char why[160];
    if (loop_engine_works(engine, why, sizeof why))
        return true;
    printf("skipped with %s: %s\n", loop_engine_name(engine), why);
    return false;
}

/* cmocka_run_group_tests with each engine; the number of failures. */
#define RUN_ON_EACH_ENGINE(tests, set_up, tear_down)                                               \
    (cmocka_run_group_tests_name("epoll", tests, set_up, tear_down) +                              \
     (test_engine = LOOP_URING,                                                                    \
      engine_can_be_tested(LOOP_URING)                                                             \
          ? cmocka_run_group_tests_name("io_uring", tests, set_up, tear_down)                      \
          : 0))

/* Turns `loop` until `condition` holds; fails the test after 10 s. */
#define TURN_UNTIL(loop, condition)                                                                \
    do {                                                                                           \
        usec_t give_up = clock_now() + 10 * USEC_PER_SEC;                                          \
        while (!(condition)) {                                                                     \
            assert_true(clock_now() < give_up);                                                    \
            loop_turn((loop), 20 * USEC_PER_MSEC);                                                 \
        }                                                                                          \
    } while (0)

/* A few turns that wait for nothing: whatever is on its way through the kernel has come. */
static inline void turn_quietly(struct loop *loop)
{
    for (int i = 0; i < 5; i++)
        loop_turn(loop, 2 * USEC_PER_MSEC);
}

static inline void make_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

/* Small kernel buffers, so that little data is enough to fill them. */
static inline void shrink_socket(int fd)
{
    int size = 4096;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
}

/* A listening TCP socket on a port of the kernel's choice; `bound` is where to connect to. */
static inline int listen_anywhere(const char *ip, struct address *bound)
{
    struct address a;
    assert_true(address_from_ip(&a, ip, 0));
    int fd = socket_listen(&a, 512, 0);
    assert_true(fd >= 0);
    *bound = (struct address){.size = sizeof bound->storage};
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&bound->storage, &bound->size), 0);
    return fd;
}

/* A connected pair over loopback TCP, both ends made by net/socket. */
static inline void make_tcp_pair(int fds[2])
{
    struct address a;
    int listen_fd = listen_anywhere("127.0.0.1", &a);
    fds[0] = socket_connect(&a);
    assert_true(fds[0] >= 0);
    struct address peer;
    usec_t give_up = clock_now() + 10 * USEC_PER_SEC;
    while ((fds[1] = socket_accept(listen_fd, &peer)) < 0)
        assert_true(clock_now() < give_up);
    assert_int_equal(socket_error(fds[0]), 0);
    (void)close(listen_fd);
}

#endif
