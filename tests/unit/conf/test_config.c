/* SPDX-License-Identifier: Apache-2.0
 * Snapshots: loaded, counted, changed, compared. */
#include "conf_fixture.h"

#include <pthread.h>

static const char base_text[] = "[weir]\nport = 6034\nmax_connections = 50\n"
                                "[server db1]\nhost = a\n[server db2]\nhost = b\n"
                                "[user app]\npassword = x\n";

static void test_defaults_file_and_options_in_that_order(void **state)
{
    (void)state;
    static const struct config_override overrides[] = {
        {"max_connections", "60"}, {"max-connections", "70"}, {"server.db2.host", "c"}};
    fixture_write("weir.cnf", base_text);
    struct loaded l = fixture_load(&(struct config_source){
        .file = "weir.cnf", .overrides = overrides, .override_count = countof(overrides)});
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, "");
    assert_int_equal(l.config->global.pool_max_size, 20);
    assert_int_equal(l.config->global.port, 6034);
    assert_int_equal(l.config->global.max_connections, 70);
    assert_string_equal(l.config->servers[0].name, "db1");
    assert_string_equal(config_find_server(l.config, "db2")->settings.host, "c");
    assert_string_equal(l.config->file, "weir.cnf");
    assert_null(config_find_server(l.config, "DB1"));
    assert_null(config_find_user(l.config, ""));
    fixture_unload(&l);
}

static void test_users_are_found_whatever_their_order(void **state)
{
    (void)state;
    static const char *const names[] = {"m", "b", "zz", "a", "z", "M", "ma"};
    struct loaded l = fixture_load_text("[server s]\n[user m]\n[user b]\n[user zz]\n[user a]\n"
                                        "[user z]\n[user M]\n[user ma]\n");
    fixture_expect(&l.errors, "");
    for (size_t i = 0; i < countof(names); i++)
        assert_string_equal(config_find_user(l.config, names[i])->name, names[i]);
    assert_null(config_find_user(l.config, "B"));
    assert_null(config_find_user(l.config, "mb"));
    fixture_unload(&l);
}

static void test_mistakes_of_file_url_and_options_come_in_one_list(void **state)
{
    (void)state;
    static const struct config_override overrides[] = {{"port", "x"}};
    fixture_write("weir.cnf", "[weir]\nback_log = 0\n");
    struct loaded l = fixture_load(&(struct config_source){
        .file = "weir.cnf", .url = "db1", .overrides = overrides, .override_count = 1});
    fixture_expect(&l.errors, "weir.cnf:2: back_log: '0' is out of range; allowed: 1 to 65535\n"
                              "the URL: it must begin with mysql://, then USER:PASSWORD@HOST:PORT\n"
                              "--port: port: 'x' is not a whole number; allowed: 0 to 65535\n");
    fixture_unload(&l);
}

static void test_warnings_need_not_be_wanted(void **state)
{
    (void)state;
    struct config_errors errors = {0};
    struct config *c = config_load(&(struct config_source){.url = "mysql://db1/x"}, &errors, NULL);
    assert_non_null(c);
    config_release(c);
}

static void test_earlier_complaints_in_the_list_are_not_ours(void **state)
{
    (void)state;
    struct config_errors errors = {0};
    config_errors_add(&errors, "of somebody else");
    struct config *c = config_load(&(struct config_source){.url = "mysql://db1"}, &errors, NULL);
    assert_non_null(c);
    config_release(c);
    config_errors_free(&errors);
}

static void *hold_and_release(void *config)
{
    for (int i = 0; i < 20000; i++)
        config_release(config_hold(config));
    return NULL;
}

static void test_references_are_counted_across_threads(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text(base_text);
    pthread_t threads[2];
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_release, l.config), 0);
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(l.config->references, 1);
    fixture_unload(&l);
    config_release(NULL);
}

static void test_change_makes_another_snapshot_and_leaves_the_old(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text(base_text);
    struct config *c = config_change(l.config, &(struct config_override){"port", "6035"}, 1,
                                     &l.errors, &l.warnings);
    assert_non_null(c);
    assert_int_equal(l.config->global.port, 6034);
    assert_int_equal(c->global.port, 6035);
    assert_int_equal(c->global.max_connections, 50);
    assert_string_equal(c->servers[1].settings.host, "b");
    assert_string_equal(config_find_user(c, "app")->settings.password, "x");
    assert_string_equal(c->file, "weir.cnf");
    fixture_expect(&l.warnings, "");
    assert_null(config_change(c, &(struct config_override){"port", "70000"}, 1, &l.errors, NULL));
    assert_null(config_change(c, &(struct config_override){"pool_size", "30"}, 1, &l.errors, NULL));
    fixture_expect(&l.errors, "SET: port: '70000' is out of range; allowed: 0 to 65535\n"
                              "SET: pool_size (30) is above pool_max_size (20)\n");
    fixture_unload(&l);
    assert_string_equal(c->servers[0].settings.host, "a");
    config_release(c);
}

static void expect_restart(const struct config *from, const char *text, const char *expected)
{
    struct config_errors needs = {0};
    struct loaded l = fixture_load_text(text);
    fixture_expect(&l.errors, "");
    config_restart_needs(from, l.config, &needs);
    fixture_expect(&needs, expected);
    config_errors_free(&needs);
    fixture_unload(&l);
}

static void test_only_what_needs_a_restart_is_told(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text(base_text);
    expect_restart(l.config, base_text, "");
    expect_restart(l.config,
                   "[weir]\nport = 6034\nmax_connections = 51\npool_mode = session\n"
                   "[server db2]\nhost = b\nmax_connections = 9\n[server db1]\nhost = a\n"
                   "[user other]\n",
                   "");
    expect_restart(l.config,
                   "[weir]\nport = 6035\nsocket = /run/weir.sock\n"
                   "[server db1]\nhost = a\nport = 3307\n[server db3]\n",
                   "port: 6034 → 6035 needs a restart\n"
                   "socket: (empty) → /run/weir.sock needs a restart\n"
                   "[server db1] port: 3306 → 3307 needs a restart\n"
                   "[server db2]: taking it away needs a restart\n"
                   "[server db3]: adding it needs a restart\n");
    fixture_unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_file_and_options_in_that_order),
        cmocka_unit_test(test_users_are_found_whatever_their_order),
        cmocka_unit_test(test_mistakes_of_file_url_and_options_come_in_one_list),
        cmocka_unit_test(test_warnings_need_not_be_wanted),
        cmocka_unit_test(test_earlier_complaints_in_the_list_are_not_ours),
        cmocka_unit_test(test_references_are_counted_across_threads),
        cmocka_unit_test(test_change_makes_another_snapshot_and_leaves_the_old),
        cmocka_unit_test(test_only_what_needs_a_restart_is_told),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
