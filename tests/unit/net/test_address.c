/* SPDX-License-Identifier: Apache-2.0
 * Addresses as people write them and as they are shown. */
#include "net/address.h"

#include "net_test.h"

static void assert_shown(const struct address *a, const char *text, const char *host)
{
    char out[ADDRESS_TEXT_SIZE];
    address_format(a, out);
    assert_string_equal(out, text);
    assert_true(bytes_equal_text(address_text_host(out), host));
    address_format_host(a, out);
    assert_string_equal(out, host);
}

static void test_ip_addresses_go_there_and_back(void **state)
{
    (void)state;
    struct address a;
    assert_true(address_from_ip(&a, "10.0.0.7", 3306));
    assert_shown(&a, "10.0.0.7:3306", "10.0.0.7");
    assert_int_equal(a.size, sizeof(struct sockaddr_in));
    assert_true(address_from_ip(&a, "::1", 65535));
    assert_shown(&a, "[::1]:65535", "::1");
    assert_true(address_from_ip(&a, "::ffff:10.1.2.3", 1));
    assert_shown(&a, "10.1.2.3:1", "10.1.2.3");
    assert_false(address_is_unix(&a));
}

static void test_star_and_nothing_mean_all_interfaces(void **state)
{
    (void)state;
    struct address a;
    assert_true(address_from_ip(&a, "*", 6033));
    assert_shown(&a, "0.0.0.0:6033", "0.0.0.0");
    assert_true(address_from_ip(&a, "", 6033));
    assert_shown(&a, "0.0.0.0:6033", "0.0.0.0");
    assert_true(address_from_ip(&a, "::", 6033));
    assert_shown(&a, "[::]:6033", "::");
}

static void test_names_are_no_ip(void **state)
{
    (void)state;
    struct address a;
    const char *bad[] = {"localhost", "10.0.0",   "10.0.0.256", "1.2.3.4:5",
                         "[::1]",     " 1.2.3.4", ":::"};
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(address_from_ip(&a, bad[i], 1));
}

static void test_paths_fit_or_are_refused(void **state)
{
    (void)state;
    struct address a;
    char path[200] = {0};
    assert_true(address_from_path(&a, "/run/x.sock"));
    assert_true(address_is_unix(&a));
    assert_shown(&a, "/run/x.sock", "localhost");
    memset(path, 'p', 107);
    assert_true(address_from_path(&a, path));
    assert_shown(&a, path, "localhost");
    path[107] = 'p';
    assert_false(address_from_path(&a, path));
    assert_false(address_from_path(&a, ""));
}

static void test_an_unnamed_peer_is_a_unix_socket(void **state)
{
    (void)state;
    int fds[2];
    make_pair(fds);
    struct address a = {.size = sizeof a.storage};
    assert_int_equal(getpeername(fds[0], (struct sockaddr *)(void *)&a.storage, &a.size), 0);
    assert_shown(&a, "unix socket", "localhost");
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void test_an_address_that_was_never_set_is_shown_too(void **state)
{
    (void)state;
    struct address a = {0};
    char out[ADDRESS_TEXT_SIZE];
    address_format(&a, out);
    assert_string_equal(out, "unknown address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip_addresses_go_there_and_back),
        cmocka_unit_test(test_star_and_nothing_mean_all_interfaces),
        cmocka_unit_test(test_names_are_no_ip),
        cmocka_unit_test(test_paths_fit_or_are_refused),
        cmocka_unit_test(test_an_unnamed_peer_is_a_unix_socket),
        cmocka_unit_test(test_an_address_that_was_never_set_is_shown_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
