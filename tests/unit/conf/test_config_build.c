/* SPDX-License-Identifier: Apache-2.0
 * Overrides, and where values came from. */
#include "conf/config_build.h"

#include "conf_fixture.h"

static struct loaded load_with(const char *name, const char *value)
{
    const struct config_override overrides[] = {{"server.main.host", "db1"}, {name, value}};
    return fixture_load(
        &(struct config_source){.overrides = overrides, .override_count = countof(overrides)});
}

static void expect_error(const char *name, const char *value, const char *expected)
{
    struct loaded l = load_with(name, value);
    fixture_expect(&l.errors, expected);
    fixture_unload(&l);
}

static void test_overrides_reach_every_kind_of_section(void **state)
{
    (void)state;
    struct loaded l = load_with("pool-max_size", "25");
    assert_int_equal(l.config->global.pool_max_size, 25);
    fixture_unload(&l);
    l = load_with("server.db.example.com.max-connections", "7");
    assert_int_equal(config_find_server(l.config, "db.example.com")->settings.max_connections, 7);
    fixture_unload(&l);
    l = load_with("USER.app.password", "x=y");
    assert_string_equal(config_find_user(l.config, "app")->settings.password, "x=y");
    fixture_unload(&l);
}

static void test_wrong_overrides_are_named_as_options(void **state)
{
    (void)state;
    expect_error("pool_sze", "1",
                 "--pool_sze: unknown setting 'pool_sze' in [weir]; did you mean 'pool_size'?\n");
    expect_error("server.main.prt", "1",
                 "--server.main.prt: unknown setting 'prt' in [server main]; did you mean "
                 "'port'?\n");
    expect_error("port", NULL, "--port: port needs a value; allowed: 0 to 65535\n");
    expect_error("servr.main.port", "1",
                 "--servr.main.port: is no setting; write --SETTING, --server.NAME.SETTING, "
                 "--user.NAME.SETTING, --database.NAME.SETTING or --listener.NAME.SETTING\n");
    expect_error("server.port", "1",
                 "--server.port: is no setting; write --SETTING, --server.NAME.SETTING, "
                 "--user.NAME.SETTING, --database.NAME.SETTING or --listener.NAME.SETTING\n");
    expect_error("server..port", "1",
                 "--server..port: is no setting; write --SETTING, --server.NAME.SETTING, "
                 "--user.NAME.SETTING, --database.NAME.SETTING or --listener.NAME.SETTING\n");
}

static void test_setting_of_an_override_is_found_without_a_configuration(void **state)
{
    (void)state;
    assert_string_equal(config_override_setting("pool-size")->name, "pool_size");
    assert_int_equal(config_override_setting("server.x.port")->scope, SETTING_SCOPE_SERVER);
    assert_int_equal(config_override_setting("user.x.password")->scope, SETTING_SCOPE_USER);
    assert_null(config_override_setting("password"));
    assert_null(config_override_setting("server.port"));
    assert_null(config_override_setting("user.x.port"));
}

static void test_place_of_a_default_is_its_section(void **state)
{
    (void)state;
    struct config_errors errors = {0};
    struct config_ref ref;
    struct config_build b = config_build_begin(NULL, &errors, NULL);
    const struct config_file *file = config_build_file(&b, "a.cnf");
    const struct config_place header = {.file = file, .line = 3};
    assert_true(config_build_section(&b, SETTING_SCOPE_SERVER, "db1", header, &ref));
    config_build_set(&b, ref, "port", "3307", (struct config_place){.file = file, .line = 4});
    assert_true(config_build_was_set(&b, ref, "port"));
    assert_false(config_build_was_set(&b, ref, "host"));
    assert_int_equal(config_build_place(&b, ref, "port").line, 4);
    assert_int_equal(config_build_place(&b, ref, "host").line, 3);
    config_build_warning(&b, header, "%s", "goes nowhere");
    config_build_error(&b, (struct config_place){.file = NULL}, "nowhere in particular");
    fixture_expect(&errors, "nowhere in particular\n");
    config_errors_free(&errors);
    config_release(b.config);
    config_build_fini(&b);
}

static void test_names_with_control_characters_are_refused(void **state)
{
    (void)state;
    expect_error("user.a\nb.password", "x",
                 "--user.a\nb.password: the name of this [user] has a control character\n");
}

static void test_too_many_sections_are_refused(void **state)
{
    (void)state;
    struct config_errors errors = {0};
    struct config_ref ref;
    const struct config_place place = {.origin = "test"};
    char name[] = "u0000";
    struct config_build b = config_build_begin(NULL, &errors, NULL);
    for (unsigned i = 0; i < CONFIG_SECTIONS_MAX; i++) {
        for (unsigned digit = 4, rest = i; digit > 0; digit--, rest /= 10)
            name[digit] = (char)('0' + rest % 10);
        assert_true(config_build_section(&b, SETTING_SCOPE_USER, name, place, &ref));
    }
    assert_true(config_build_section(&b, SETTING_SCOPE_USER, name, place, &ref));
    assert_false(config_build_section(&b, SETTING_SCOPE_USER, "more", place, &ref));
    fixture_expect(&errors, "test: more than 10000 sections of this kind\n");
    config_errors_free(&errors);
    config_release(b.config);
    config_build_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overrides_reach_every_kind_of_section),
        cmocka_unit_test(test_wrong_overrides_are_named_as_options),
        cmocka_unit_test(test_setting_of_an_override_is_found_without_a_configuration),
        cmocka_unit_test(test_place_of_a_default_is_its_section),
        cmocka_unit_test(test_names_with_control_characters_are_refused),
        cmocka_unit_test(test_too_many_sections_are_refused),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
