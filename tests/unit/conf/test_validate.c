/* SPDX-License-Identifier: Apache-2.0
 * Settings that contradict each other, or are missing. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void test_empty_file_is_told_how_to_name_a_server(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text("");
    fixture_expect(&l.errors,
                   "weir.cnf: no server is named: add a section [server main] with host = NAME, or "
                   "start with weir mysql://USER:PASSWORD@HOST:PORT\n");
    fixture_expect(&l.warnings, "");
    fixture_unload(&l);
    l = fixture_load_text("[server main]\n[weir]\nunknown_users = refuse\n");
    fixture_expect(&l.warnings, "weir.cnf: nobody can log in: add a section [user NAME] with "
                                "password = …, or unknown_users = serve\n");
    fixture_unload(&l);
}

static void test_user_of_a_server_that_is_not_there(void **state)
{
    (void)state;
    fixture_expect_text(
        "[user a]\npassword = x\nserver = mainn\n[user b]\npassword = x\nserver = other\n",
        "weir.cnf:6: [user a]: there is no [server mainn]; did you mean 'main'?\n"
        "weir.cnf:9: [user b]: there is no [server other]; add it\n",
        "");
}

static void test_rules_and_listeners(void **state)
{
    (void)state;
    fixture_expect_text("[listener a]\nport = 1\nallow_networks = 10.0.0.0/8 localhost, *\n", "",
                        "");
    fixture_expect_text("[listener a]\nport = 1\nproxy_protocol_networks = 10.0.0.0/8, here\n",
                        "weir.cnf:6: proxy_protocol_networks: 'here' is not an address or network "
                        "like 10.0.0.0/8, fd00::/8, localhost or *\n",
                        "");
    fixture_expect_text("[listener a]\nport = 1\nsocket_mode = 8\n",
                        "weir.cnf:6: socket_mode: '8' is not an octal mode like 0777 or 660\n", "");
    fixture_expect_text("require_secure_transport = on\n[listener a]\nport = 1\nssl = off\n", "",
                        "weir.cnf:7: nobody can log in at the port of [listener a]: TLS is "
                        "required and not offered\n");
    fixture_expect_text("protocol_compression_algorithms = lz4\n",
                        "weir.cnf:4: protocol_compression_algorithms: 'lz4' is not a list of zlib, "
                        "zstd and uncompressed, separated by commas\n",
                        "");
}

static void test_something_must_be_listened_on(void **state)
{
    (void)state;
    fixture_expect_text(
        "port = 0\n", "weir.cnf:4: there is nothing to listen on: set port, or socket, in [weir]\n",
        "");
    fixture_expect_text("port = 0\nsocket = /run/weir.sock\n", "", "");
    fixture_expect_text("bind_address =\n",
                        "weir.cnf:4: bind_address is empty; use 127.0.0.1 for this machine only, * "
                        "for all IPv4 interfaces, or :: for all\n",
                        "");
}

static void test_server_must_be_reachable(void **state)
{
    (void)state;
    fixture_expect_text("[server b]\nhost =\n",
                        "weir.cnf:5: [server b] has neither host nor socket\n", "");
    fixture_expect_text("[server b]\nhost =\nsocket = /run/mysqld.sock\n", "", "");
}

static void test_socket_paths_fit_into_the_kernel(void **state)
{
    (void)state;
    char path[109];
    char text[256];
    memset(path, 'p', sizeof(path));
    path[107] = '\0';
    (void)snprintf(text, sizeof(text), "socket = %s\n[server b]\nsocket = q%.106s\n", path, path);
    fixture_expect_text(text, "", "");
    path[107] = 'p';
    path[108] = '\0';
    (void)snprintf(text, sizeof(text), "socket = %s\n", path);
    fixture_expect_text(text,
                        "weir.cnf:4: socket: the path is longer than 107 bytes, which the kernel "
                        "allows\n",
                        "");
}

static void test_socket_mode_is_octal(void **state)
{
    (void)state;
    fixture_expect_text("socket_mode = 660\n", "", "");
    fixture_expect_text("socket_mode = 0888\n",
                        "weir.cnf:4: socket_mode: '0888' is not an octal mode like 0777 or 660\n",
                        "");
    fixture_expect_text("socket_mode = 7\n",
                        "weir.cnf:4: socket_mode: '7' is not an octal mode like 0777 or 660\n", "");
}

static void test_pool_size_stays_within_pool_max_size(void **state)
{
    (void)state;
    fixture_expect_text("pool_size = 20\n", "", "");
    fixture_expect_text("pool_size = 21\n",
                        "weir.cnf:4: pool_size (21) is above pool_max_size (20)\n", "");
}

static void test_pool_above_the_ceiling_of_its_server_is_a_warning(void **state)
{
    (void)state;
    fixture_expect_text("pool_max_size = 100\n", "", "");
    fixture_expect_text("pool_max_size = 101\n", "",
                        "weir.cnf:1: pool_max_size (101) is never reached: [server main] "
                        "max_connections allows 100 links over all pools\n");
    fixture_expect_text("pool_max_size = 2\n[server b]\nmax_connections = 1\n", "",
                        "weir.cnf:6: pool_max_size (2) is never reached: [server b] "
                        "max_connections allows 1 link over all pools\n");
    /* Only the ceiling was chosen: nothing to complain about. */
    fixture_expect_text("[server b]\nmax_connections = 5\n", "", "");
}

static void test_server_is_not_weir_itself(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line; /* of the complaint, 0: none */
    } cases[] = {
        {"[server b]\nport = 6033\n", 5},
        {"[server b]\nport = 6033\nhost = localhost\n", 5},
        {"[server b]\nport = 6033\nhost = 10.0.0.1\n", 0},
        {"bind_address = 10.0.0.1\n[server b]\nport = 6033\n", 0},
        {"bind_address = 10.0.0.1\n[server b]\nport = 6033\nhost = 10.0.0.1\n", 6},
        {"bind_address = *\n[server b]\nport = 6033\n", 6},
        {"port = 6034\n[server b]\nport = 6033\n", 0},
        {"socket = /run/a\n[server b]\nsocket = /run/a\n", 5},
        {"socket = /run/a\n[server b]\nsocket = /run/b\nport = 6033\n", 0},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        char expected[256] = "";
        if (cases[i].line > 0)
            (void)snprintf(expected, sizeof(expected),
                           "weir.cnf:%u: [server b] is the address that Weir itself listens on; "
                           "name the MySQL server there, usually port 3306\n",
                           cases[i].line);
        fixture_expect_text(cases[i].text, expected, "");
    }
}

static void test_clear_text_in_a_file_that_all_can_read_is_a_warning(void **state)
{
    (void)state;
    static const char text[] = "[server main]\n"
                               "[user a]\npassword = secret\n"
                               "[user b]\npassword = *94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29\n"
                               "[user c]\npassword =\n";
    struct config_source source = {.file = "weir.cnf"};
    fixture_write("weir.cnf", text);
    static const struct {
        mode_t mode;
        const char *warnings;
    } cases[] = {
        {0600, ""},
        {0640, ""},
        {0644, "weir.cnf:3: every account of this machine can read the password of 'a'; chmod o-r "
               "the file\n"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(chmod("weir.cnf", cases[i].mode), 0);
        struct loaded l = fixture_load(&source);
        fixture_expect(&l.errors, "");
        fixture_expect(&l.warnings, cases[i].warnings);
        fixture_unload(&l);
    }
}

static void test_password_of_256_bytes_is_too_long(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'x', sizeof(text));
    memcpy(text, "[user a]\npassword=", 18);
    text[18 + 255] = '\0';
    fixture_expect_text(text, "", "");
    text[18 + 255] = 'x';
    text[18 + 256] = '\0';
    fixture_expect_text(text, "weir.cnf:5: password is longer than 255 bytes\n", "");
    memcpy(text, "console_password=", 17);
    memset(text + 17, 'x', 256);
    text[17 + 256] = '\0';
    fixture_expect_text(text, "weir.cnf:4: console_password is longer than 255 bytes\n", "");
}

static void test_broken_stored_hash_is_an_error_before_it_is_a_password(void **state)
{
    (void)state;
#define TAIL                                                                                       \
    " characters instead of 70 (salts may hold any byte: SET print_identified_with_as_hex = 1; "   \
    "SHOW CREATE USER shows it as 0x…). If it is clear text, write plain: before it\n"
    fixture_expect_text("[user a]\npassword = $A$005$short\n",
                        "weir.cnf:5: the password of 'a' begins like what a server stores, but has "
                        "12" TAIL,
                        "");
#undef TAIL
    fixture_expect_text("[user a]\npassword = plain:$A$005$short\n", "", "");
    fixture_expect_text("[user a]\npassword = $A$bc\n", "", "");
    fixture_expect_text("[user a]\npassword = "
                        "$A$005$01234567890123456789abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq\n",
                        "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_file_is_told_how_to_name_a_server),
        cmocka_unit_test(test_user_of_a_server_that_is_not_there),
        cmocka_unit_test(test_rules_and_listeners),
        cmocka_unit_test(test_something_must_be_listened_on),
        cmocka_unit_test(test_server_must_be_reachable),
        cmocka_unit_test(test_socket_paths_fit_into_the_kernel),
        cmocka_unit_test(test_socket_mode_is_octal),
        cmocka_unit_test(test_pool_size_stays_within_pool_max_size),
        cmocka_unit_test(test_pool_above_the_ceiling_of_its_server_is_a_warning),
        cmocka_unit_test(test_server_is_not_weir_itself),
        cmocka_unit_test(test_clear_text_in_a_file_that_all_can_read_is_a_warning),
        cmocka_unit_test(test_password_of_256_bytes_is_too_long),
        cmocka_unit_test(test_broken_stored_hash_is_an_error_before_it_is_a_password),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
