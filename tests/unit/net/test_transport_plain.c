/* SPDX-License-Identifier: Apache-2.0
 * The plain transport behaves as recv and sendmsg do, and kills nobody with a signal. */
#include "net/stream.h"

#include "net_test.h"

#include <errno.h>

static ssize_t send_text(int fd, const char *a, const char *b)
{
    struct iovec parts[2] = {
        {.iov_base = (void *)(uintptr_t)a, .iov_len = strlen(a)},
        {.iov_base = (void *)(uintptr_t)b, .iov_len = strlen(b)},
    };
    return transport_plain.send(fd, NULL, parts, 2);
}

static void test_parts_arrive_in_order(void **state)
{
    (void)state;
    int fds[2];
    char got[16] = {0};
    make_pair(fds);
    assert_int_equal(send_text(fds[0], "abc", "de"), 5);
    assert_int_equal(transport_plain.receive(fds[1], NULL, got, sizeof got), 5);
    assert_string_equal(got, "abcde");
    assert_int_equal(transport_plain.receive(fds[1], NULL, got, sizeof got), -1);
    assert_int_equal(errno, EAGAIN);
    transport_plain.close(fds[0], NULL);
    assert_int_equal(transport_plain.receive(fds[1], NULL, got, sizeof got), 0);
    transport_plain.close(fds[1], NULL);
    assert_int_equal(fcntl(fds[1], F_GETFD), -1);
}

static void test_sending_to_nobody_is_an_error_not_a_signal(void **state)
{
    (void)state;
    int fds[2];
    make_pair(fds);
    (void)close(fds[1]);
    assert_int_equal(send_text(fds[0], "x", "y"), -1);
    assert_int_equal(errno, EPIPE);
    errno = 77;
    transport_plain.close(fds[0], NULL);
    assert_int_equal(errno, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_arrive_in_order),
        cmocka_unit_test(test_sending_to_nobody_is_an_error_not_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
