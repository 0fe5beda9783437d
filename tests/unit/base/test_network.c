/* SPDX-License-Identifier: Apache-2.0
 * Addresses, networks, and lists of them. */
#include "base/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct network_peer peer(const char *text)
{
    struct network_peer p;
    assert_true(network_peer_parse(&p, bytes_of_text(text)));
    return p;
}

static bool has(const char *list, const char *from)
{
    struct network_peer p = peer(from);
    return network_list_has(list, &p);
}

static void test_networks_have_what_begins_like_them(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        const char *in;
        const char *out;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
        {"10.1.2.3", "10.1.2.3", "10.1.2.4"},
        {"10.1.2.3/32", "10.1.2.3", "10.1.2.2"},
        {"10.1.2.77/24", "10.1.2.0", "10.1.3.77"},
        {"10.1.2.128/25", "10.1.2.129", "10.1.2.127"},
        {"192.168.4.0/22", "192.168.7.255", "192.168.8.0"},
        {"0.0.0.0/0", "203.0.113.9", "2001:db8::1"},
        {"fd00::/8", "fdff::1", "fe00::1"},
        {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
        {"::1", "::1", "127.0.0.1"},
        {"::/0", "2001:db8::1", NULL},
        {"::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"},
        {"127.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        assert_true(has(rows[i].network, rows[i].in));
        if (rows[i].out != NULL)
            assert_false(has(rows[i].network, rows[i].out));
        assert_false(has(rows[i].network, "localhost"));
    }
}

static void test_lists_have_what_one_of_them_has(void **state)
{
    (void)state;
    const char *list = " 10.0.0.0/8,192.168.1.1  ,\tfd00::/8,";
    assert_true(has(list, "10.1.1.1"));
    assert_true(has(list, "192.168.1.1"));
    assert_true(has(list, "fd12::"));
    assert_false(has(list, "192.168.1.2"));
    assert_false(has(list, "localhost"));
    assert_true(has("10.0.0.0/8,localhost", "localhost"));
    assert_false(has("localhost", "127.0.0.1"));
    assert_true(has("*", "127.0.0.1"));
    assert_true(has("*", "localhost"));
    assert_false(has("", "127.0.0.1"));
}

static void test_what_is_no_network(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "10.0.0", "10.0.0.0/33", "10.0.0.0/",   "10.0.0.0/-1", "10.0.0.0/8x", "fd00::/129", "/8",
        "host",   "10.0.0.256",  "10.0.0.0/8/", "1.2.3.4/+8",  "fd00:::",     "**",         "10.*",
    };
    struct bytes word;
    for (size_t i = 0; i < countof(wrong); i++) {
        assert_false(network_list_check(wrong[i], &word));
        assert_true(bytes_equal(word, bytes_of_text(wrong[i])));
        assert_false(has(wrong[i], "10.0.0.0"));
    }
    assert_false(network_list_check("10.0.0.0/8, nowhere, ::1", &word));
    assert_true(bytes_equal(word, bytes_of_text("nowhere")));
    assert_true(network_list_check("", &word));
    assert_true(network_list_check("*, localhost ::1/128", &word));
    struct network_peer p;
    assert_false(network_peer_parse(&p, bytes_of_text("unix socket")));
    assert_false(network_peer_parse(&p, bytes_of_text("")));
}

static void test_names_match_with_stars(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        const char *in;
        const char *out;
    } rows[] = {
        {"app", "app", "apps"},
        {"app,report", "report", "App"},
        {"*", "", NULL},
        {"app*", "app", "ap"},
        {"app_*_ro", "app_x_ro", "app_ro"},
        {"*_ro", "_ro", "_ro_"},
        {"a*b*c", "a1b2b3c", "a1c"},
        {"a*a*a", "aaa", "aa"},
        {"**x", "yyx", "xy"},
        {"a", "a", ""},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        assert_true(name_list_has(rows[i].list, bytes_of_text(rows[i].in)));
        if (rows[i].out != NULL)
            assert_false(name_list_has(rows[i].list, bytes_of_text(rows[i].out)));
    }
    assert_false(name_list_has("", bytes_of_text("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks_have_what_begins_like_them),
        cmocka_unit_test(test_lists_have_what_one_of_them_has),
        cmocka_unit_test(test_what_is_no_network),
        cmocka_unit_test(test_names_match_with_stars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
