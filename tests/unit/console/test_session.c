/* SPDX-License-Identifier: Apache-2.0
 * The variables that a console client sees, and what it may set for itself. */
#include "console/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct config *config;

static void expect(const struct console_session *s, const char *name, bool as_number,
                   const char *expected)
{
    char value[128];
    bool found =
        console_variable(s, config, "8.0-x", bytes_of_text(name), as_number, value, sizeof value);
    if (expected == NULL) {
        assert_false(found);
        return;
    }
    assert_true(found);
    assert_string_equal(value, expected);
}

static void test_settings_are_variables(void **state)
{
    struct console_session s = {0};
    (void)state;
    expect(&s, "max_connections", false, "10000");
    expect(&s, "GLOBAL.max-connections", false, "10000");
    expect(&s, "debug_link_switching", false, "OFF");
    expect(&s, "global.debug_link_switching", true, "0");
    expect(&s, "server.main.port", true, "1");
    expect(&s, "user.a.password", false, "********");
    expect(&s, "server.other.port", true, NULL);
    expect(&s, "server.main.frob", true, NULL);
    expect(&s, "frob", false, NULL);
    expect(&s, "version", false, "8.0-x");
}

static enum session_set set(struct console_session *s, const char *name, const char *value)
{
    return console_session_set(s, bytes_of_text(name), value);
}

static void test_what_a_session_sets_it_reads(void **state)
{
    struct console_session s = {0};
    (void)state;
    expect(&s, "sql_mode", false, "");
    assert_int_equal(set(&s, "SQL_MODE", "ANSI"), SESSION_SET_DONE);
    assert_int_equal(set(&s, "sql_mode", "TRADITIONAL"), SESSION_SET_DONE);
    expect(&s, "sql_mode", false, "TRADITIONAL");
    expect(&s, "session.sql_mode", false, "TRADITIONAL");
    expect(&s, "global.sql_mode", false, "");
    assert_int_equal(set(&s, "version_comment", "x"), SESSION_SET_READ_ONLY);
    assert_int_equal(set(&s, "max_connections", "1"), SESSION_SET_UNKNOWN);
    assert_int_equal(set(&s, "wait_timeout", "x"), SESSION_SET_WRONG);
    assert_int_equal(set(&s, "wait_timeout", "0"), SESSION_SET_WRONG);
    assert_int_equal(set(&s, "wait_timeout", "9"), SESSION_SET_DONE);
    expect(&s, "wait_timeout", true, "9");
    expect(&s, "global.wait_timeout", true, "28800");
    console_session_fini(&s);
    expect(&s, "sql_mode", false, "");
}

static void test_every_value_has_a_name(void **state)
{
    struct console_session s = {0};
    bool settable;
    (void)state;
    for (size_t i = 0; i < SESSION_VALUE_COUNT; i++) {
        char value[128];
        struct bytes name = bytes_of_text(session_value_name(i));
        assert_true(console_session_has(name, &settable));
        assert_true(console_variable(&s, config, "x", name, true, value, sizeof value));
    }
    assert_null(session_value_name(SESSION_VALUE_COUNT));
    assert_false(console_session_has(bytes_of_text("max_connections"), &settable));
}

static int load(void **state)
{
    struct config_errors errors = {0};
    (void)state;
    config = config_load(&(struct config_source){.url = "mysql://a:b@127.0.0.1:1"}, &errors, NULL);
    config_errors_free(&errors);
    return config != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    config_release(config);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_are_variables),
        cmocka_unit_test(test_what_a_session_sets_it_reads),
        cmocka_unit_test(test_every_value_has_a_name),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
