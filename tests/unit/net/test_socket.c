/* SPDX-License-Identifier: Apache-2.0
 * Listening, connecting, refusing, on loopback and on Unix sockets. */
#include "net/socket.h"

#include "net_test.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char folder[] = "/tmp/weir-test-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/s", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static int option(int fd, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

static void assert_good_tcp_socket(int fd)
{
    assert_true(fd >= 0);
    assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    assert_int_not_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_not_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
}

static void test_both_ends_of_a_tcp_connection_are_set_up(void **state)
{
    (void)state;
    int fds[2];
    make_tcp_pair(fds);
    assert_good_tcp_socket(fds[0]);
    assert_good_tcp_socket(fds[1]);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void test_accept_without_a_client_says_again(void **state)
{
    (void)state;
    struct address a;
    struct address peer;
    int fd = listen_anywhere("127.0.0.1", &a);
    assert_int_equal(socket_accept(fd, &peer), -1);
    assert_int_equal(errno, EAGAIN);
    (void)close(fd);
}

static void test_all_interfaces_of_ipv6_take_ipv4_too(void **state)
{
    (void)state;
    struct address bound;
    struct address a;
    struct address peer;
    if (access("/proc/net/if_inet6", F_OK) != 0)
        skip();
    int listen_fd = listen_anywhere("::", &bound);
    uint16_t port = ntohs(((struct sockaddr_in6 *)(void *)&bound.storage)->sin6_port);
    assert_true(address_from_ip(&a, "127.0.0.1", port));
    int fd = socket_connect(&a);
    int accepted;
    usec_t give_up = clock_now() + 10 * USEC_PER_SEC;
    while ((accepted = socket_accept(listen_fd, &peer)) < 0)
        assert_true(clock_now() < give_up);
    char host[ADDRESS_TEXT_SIZE];
    address_format_host(&peer, host);
    assert_string_equal(host, "127.0.0.1");
    (void)close(fd);
    (void)close(accepted);
    (void)close(listen_fd);
}

static void test_a_port_in_use_is_refused(void **state)
{
    (void)state;
    struct address a;
    int fd = listen_anywhere("127.0.0.1", &a);
    assert_int_equal(socket_listen(&a, 5, 0), -1);
    assert_int_equal(errno, EADDRINUSE);
    (void)close(fd);
}

static void test_a_refused_connection_is_known_by_its_error(void **state)
{
    (void)state;
    struct address a;
    (void)close(listen_anywhere("127.0.0.1", &a));
    int fd = socket_connect(&a);
    if (fd < 0) {
        assert_int_equal(errno, ECONNREFUSED);
        return;
    }
    int error = 0;
    usec_t give_up = clock_now() + 10 * USEC_PER_SEC;
    while ((error = socket_error(fd)) == 0)
        assert_true(clock_now() < give_up);
    assert_int_equal(error, ECONNREFUSED);
    (void)close(fd);
}

static void test_unix_sockets_have_their_mode_and_replace_stale_files(void **state)
{
    (void)state;
    struct address a;
    struct stat st;
    assert_true(address_from_path(&a, path));
    assert_int_equal(socket_connect(&a), -1);
    assert_int_equal(errno, ENOENT);
    int fd = socket_listen(&a, 5, 0640);
    assert_true(fd >= 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(socket_listen(&a, 5, 0777), -1); /* somebody listens */
    assert_int_equal(errno, EADDRINUSE);
    int client = socket_connect(&a);
    assert_true(client >= 0);
    (void)close(client);
    (void)close(fd);
    fd = socket_listen(&a, 5, 0777); /* nobody listens any more */
    assert_true(fd >= 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0777);
    (void)close(fd);
}

static void test_a_busy_unix_listener_is_not_taken_for_a_stale_one(void **state)
{
    (void)state;
    struct address a;
    int waiting[64];
    int n = 0;
    assert_true(address_from_path(&a, path));
    int fd = socket_listen(&a, 0, 0600);
    assert_true(fd >= 0);
    while (n < 64 && (waiting[n] = socket_connect(&a)) >= 0)
        n++;
    assert_in_range(n, 1, 63);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(socket_listen(&a, 5, 0600), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(access(path, F_OK), 0);
    while (n > 0)
        (void)close(waiting[--n]);
    (void)close(fd);
}

static void test_a_file_that_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    struct address a;
    struct stat st;
    (void)unlink(path);
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    (void)close(file);
    assert_true(address_from_path(&a, path));
    assert_int_equal(socket_listen(&a, 5, 0600), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

static void test_a_peek_tells_quiet_from_bytes_from_closed(void **state)
{
    (void)state;
    int fds[2];
    make_tcp_pair(fds);
    char c;
    assert_int_equal(socket_peek(fds[0]), SOCKET_QUIET);
    assert_int_equal(write(fds[1], "x", 1), 1);
    usec_t give_up = clock_now() + 10 * USEC_PER_SEC;
    while (socket_peek(fds[0]) == SOCKET_QUIET)
        assert_true(clock_now() < give_up);
    assert_int_equal(socket_peek(fds[0]), SOCKET_HAS_BYTES);
    (void)close(fds[1]);
    assert_int_equal(socket_peek(fds[0]), SOCKET_HAS_BYTES);
    assert_int_equal(read(fds[0], &c, 1), 1);
    while (socket_peek(fds[0]) == SOCKET_QUIET)
        assert_true(clock_now() < give_up);
    assert_int_equal(socket_peek(fds[0]), SOCKET_CLOSED);
    (void)close(fds[0]);
    assert_int_equal(socket_error(fds[0]), EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ends_of_a_tcp_connection_are_set_up),
        cmocka_unit_test(test_accept_without_a_client_says_again),
        cmocka_unit_test(test_all_interfaces_of_ipv6_take_ipv4_too),
        cmocka_unit_test(test_a_port_in_use_is_refused),
        cmocka_unit_test(test_a_refused_connection_is_known_by_its_error),
        cmocka_unit_test(test_unix_sockets_have_their_mode_and_replace_stale_files),
        cmocka_unit_test(test_a_busy_unix_listener_is_not_taken_for_a_stale_one),
        cmocka_unit_test(test_a_file_that_is_no_socket_is_left_alone),
        cmocka_unit_test(test_a_peek_tells_quiet_from_bytes_from_closed),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
