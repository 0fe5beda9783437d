/* SPDX-License-Identifier: Apache-2.0
 * mysql://user:password@host:port */
#include "conf_fixture.h"

static struct loaded load_url(const char *url)
{
    return fixture_load(&(struct config_source){.url = url});
}

struct parts {
    const char *url;
    const char *user; /* NULL: none */
    const char *password;
    const char *host;
    unsigned port;
    const char *socket;
};

static void test_urls_name_server_user_and_password(void **state)
{
    (void)state;
    static const struct parts good[] = {
        {"mysql://app:secret@db1:3307", "app", "secret", "db1", 3307, ""},
        {"mariadb://app:secret@db1", "app", "secret", "db1", 3306, ""},
        {"mysql://app@db1/", "app", "", "db1", 3306, ""},
        {"mysql://app:@db1", "app", "", "db1", 3306, ""},
        {"mysql://db1", NULL, "", "db1", 3306, ""},
        {"mysql://@db1", NULL, "", "db1", 3306, ""},
        {"mysql://app@[::1]:3307", "app", "", "::1", 3307, ""},
        {"mysql://app@[2001:db8::1]", "app", "", "2001:db8::1", 3306, ""},
        {"mysql://a%40b:p%3aw%2F%3f%25@db1", "a@b", "p:w/?%", "db1", 3306, ""},
        {"mysql://app:p@ss:word@db1", "app", "p@ss:word", "db1", 3306, ""},
        {"mysql://app@/?socket=/run/my%20sql.sock", "app", "", "127.0.0.1", 3306,
         "/run/my sql.sock"},
        {"mysql://app@?socket=/run/a", "app", "", "127.0.0.1", 3306, "/run/a"},
    };
    for (size_t i = 0; i < countof(good); i++) {
        struct loaded l = load_url(good[i].url);
        fixture_expect(&l.errors, "");
        const struct config_server *s = config_find_server(l.config, "main");
        assert_string_equal(s->settings.host, good[i].host);
        assert_int_equal(s->settings.port, good[i].port);
        assert_string_equal(s->settings.socket, good[i].socket);
        assert_int_equal(l.config->user_count, good[i].user != NULL ? 1 : 0);
        if (good[i].user != NULL) {
            const struct config_user *u = config_find_user(l.config, good[i].user);
            assert_non_null(u);
            assert_string_equal(u->settings.password, good[i].password);
            assert_string_equal(u->settings.server, "main");
        }
        fixture_unload(&l);
    }
}

static void test_wrong_urls_are_refused_without_showing_the_password(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"postgres://app:hunter2@db1", "must begin with mysql://"},
        {"mysql:app:hunter2@db1", "must begin with mysql://"},
        {"mysql://app:hunter2@db1:", "port: '' is not a whole number"},
        {"mysql://app:hunter2@db1:99999", "port: '99999' is out of range"},
        {"mysql://app:hunter2@::1", "[ADDRESS]:PORT"},
        {"mysql://app:hunter2@[::1", "[ADDRESS]:PORT"},
        {"mysql://app:hunter2@[::1]x", "[ADDRESS]:PORT"},
        {"mysql://app:hunter2%@db1", "two hex digits"},
        {"mysql://app:hunter2%4@db1", "two hex digits"},
        {"mysql://app:hunter2%zz@db1", "two hex digits"},
        {"mysql://app:hunter2%00@db1", "two hex digits"},
        {"mysql://app:hunter2/x@db1", "%2F"},
        {"mysql://app:hunter2?x@db1", "%3F"},
        {"mysql://app:hunter2@db1?socket=%q", "socket"},
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        struct loaded l = load_url(wrong[i][0]);
        assert_int_equal(l.errors.count, 1);
        assert_non_null(strstr(l.errors.lines[0], "the URL: "));
        assert_non_null(strstr(l.errors.lines[0], wrong[i][1]));
        assert_null(strstr(l.errors.lines[0], "hunter2"));
        fixture_unload(&l);
    }
}

static void test_database_and_driver_parameters_are_warnings(void **state)
{
    (void)state;
    struct loaded l = load_url("mysql://app@db1/shop?charset=utf8mb4&&socket=/run/a&ssl");
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings,
                   "the URL: the database 'shop' is not used: each client names its own\n"
                   "the URL: 'charset' is not used; only ?socket=/PATH is\n"
                   "the URL: 'ssl' is not used; only ?socket=/PATH is\n");
    assert_string_equal(config_find_server(l.config, "main")->settings.socket, "/run/a");
    fixture_unload(&l);
}

static void test_url_comes_after_the_file_and_before_the_options(void **state)
{
    (void)state;
    static const struct config_override overrides[] = {{"server.main.host", "db3"}};
    fixture_write("weir.cnf", "[server first]\n[server main]\nhost = db1\nmax_connections = 7\n"
                              "[user app]\npassword = old\n[user other]\npassword =\n");
    struct loaded l = fixture_load(&(struct config_source){.file = "weir.cnf",
                                                           .url = "mysql://app:new@db2:3307",
                                                           .overrides = overrides,
                                                           .override_count = 1});
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, "");
    const struct config_server *s = config_find_server(l.config, "main");
    assert_string_equal(s->settings.host, "db3");
    assert_int_equal(s->settings.port, 3307);
    assert_int_equal(s->settings.max_connections, 7);
    assert_string_equal(config_find_user(l.config, "app")->settings.password, "new");
    assert_string_equal(config_find_user(l.config, "other")->settings.server, "");
    fixture_unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls_name_server_user_and_password),
        cmocka_unit_test(test_wrong_urls_are_refused_without_showing_the_password),
        cmocka_unit_test(test_database_and_driver_parameters_are_warnings),
        cmocka_unit_test(test_url_comes_after_the_file_and_before_the_options),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
