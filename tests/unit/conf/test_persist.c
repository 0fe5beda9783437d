/* SPDX-License-Identifier: Apache-2.0
 * What SET PERSIST keeps: written, read again, taken out. */
#include "conf/persist.h"

#include "conf_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#define KEPT "weir.cnf" PERSIST_ENDING

static const char base_text[] = "[weir]\nmax_connections = 50\n[server db1]\nhost = a\n"
                                "[user app]\npassword = x\n";

static void write_one(const char *name, const char *value)
{
    struct config_errors errors = {0};
    assert_true(persist_write("weir.cnf", &(struct config_override){name, value}, 1, &errors));
    assert_int_equal(errors.count, 0);
}

static void write_nothing(void)
{
    struct config_errors errors = {0};
    assert_true(persist_write("weir.cnf", NULL, 0, &errors));
}

static void test_kept_values_come_after_the_file_and_before_options(void **state)
{
    (void)state;
    static const struct config_override option = {"pool_size", "3"};
    fixture_write("weir.cnf", base_text);
    write_one("max_connections", "60");
    write_one("pool_size", "5");
    write_one("server.db1.max_connections", "7");
    struct loaded l = fixture_load(
        &(struct config_source){.file = "weir.cnf", .overrides = &option, .override_count = 1});
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, "");
    assert_int_equal(l.config->global.max_connections, 60);
    assert_int_equal(l.config->global.pool_size, 3);
    assert_int_equal(l.config->servers[0].settings.max_connections, 7);
    assert_string_equal(l.config->servers[0].settings.host, "a");
    fixture_unload(&l);
    write_nothing();
}

static void test_any_text_survives(void **state)
{
    (void)state;
    static const char text[] = " a\"b'c\\d#e;f\ng\th\\n ";
    fixture_write("weir.cnf", base_text);
    write_one("console_password", text);
    write_one("wait_timeout", "0.5s");
    write_one("debug_link_switching", "1");
    write_one("log_level", "debug");
    struct loaded l = fixture_load(&(struct config_source){.file = "weir.cnf"});
    fixture_expect(&l.errors, "");
    assert_string_equal(l.config->global.console_password, text);
    assert_int_equal(l.config->global.wait_timeout, USEC_PER_SEC / 2);
    assert_true(l.config->global.debug_link_switching);
    assert_int_equal(l.config->global.log_level, LOG_LEVEL_DEBUG);
    fixture_unload(&l);
    struct stat status;
    assert_int_equal(stat(KEPT, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    write_nothing();
}

static void test_what_is_taken_out_is_gone(void **state)
{
    (void)state;
    fixture_write("weir.cnf", base_text);
    write_one("max_connections", "60");
    write_one("pool_size", "5");
    write_one("MAX-connections", NULL);
    write_one("workers", NULL);
    struct loaded l = fixture_load(&(struct config_source){.file = "weir.cnf"});
    assert_int_equal(l.config->global.max_connections, 50);
    assert_int_equal(l.config->global.pool_size, 5);
    fixture_unload(&l);
    write_one("pool_size", NULL);
    assert_int_equal(access(KEPT, F_OK), -1);
    write_one("pool_size", "5");
    write_nothing();
    assert_int_equal(access(KEPT, F_OK), -1);
}

static void test_sections_that_are_gone_stay_gone(void **state)
{
    (void)state;
    fixture_write("weir.cnf", base_text);
    write_one("server.old.max_connections", "7");
    write_one("user.old.server", "db1");
    write_one("user.new.password", "secret");
    struct loaded l = fixture_load(&(struct config_source){.file = "weir.cnf"});
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, KEPT
                   ": there is no [server old] any more; what SET PERSIST wrote for it is passed "
                   "over (RESET PERSIST forgets it)\n" KEPT
                   ": [user old]: without a password it is about somebody whom only the server "
                   "knows, and such users are not served; add password = … (with nothing behind "
                   "it: the empty one), set unknown_users = serve in [weir], or take it away "
                   "(RESET PERSIST, if that wrote it)\n");
    assert_int_equal(l.config->server_count, 1);
    assert_false(config_find_user(l.config, "old")->is_listed);
    assert_string_equal(config_find_user(l.config, "new")->settings.password, "secret");
    fixture_unload(&l);
    write_nothing();
}

static void test_limits_of_guests_are_kept(void **state)
{
    (void)state;
    fixture_write("weir.cnf", "[server db1]\n");
    write_one("user.app.max_user_connections", "7");
    struct loaded l = fixture_load(&(struct config_source){.file = "weir.cnf"});
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, "");
    assert_true(l.config->serves_unknown_users);
    assert_int_equal(config_find_user(l.config, "app")->settings.max_user_connections, 7);
    fixture_unload(&l);
    write_nothing();
}

static void test_what_is_wrong_in_it_is_told_with_its_line(void **state)
{
    (void)state;
    fixture_write("weir.cnf", base_text);
    fixture_write(KEPT, "[weir]\nmax_connections = none\n");
    struct loaded l = fixture_load(&(struct config_source){.file = "weir.cnf"});
    fixture_expect(&l.errors, KEPT ":2: max_connections: 'none' is not a whole number; allowed: 1 "
                                   "to 1000000\n");
    fixture_unload(&l);
    write_nothing();
}

static void test_a_folder_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    struct config_errors errors = {0};
    assert_false(persist_write("missing/weir.cnf",
                               &(struct config_override){"max_connections", "60"}, 1, &errors));
    fixture_expect(&errors, "missing/weir.cnf" PERSIST_ENDING
                            " cannot be written: No such file or directory\n");
    config_errors_free(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_values_come_after_the_file_and_before_options),
        cmocka_unit_test(test_any_text_survives),
        cmocka_unit_test(test_what_is_taken_out_is_gone),
        cmocka_unit_test(test_sections_that_are_gone_stay_gone),
        cmocka_unit_test(test_limits_of_guests_are_kept),
        cmocka_unit_test(test_what_is_wrong_in_it_is_told_with_its_line),
        cmocka_unit_test(test_a_folder_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
