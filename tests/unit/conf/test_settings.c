/* SPDX-License-Identifier: Apache-2.0
 * The table of settings: sound rows, lookup by name, suggestions. */
#include "conf/settings.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_every_default_is_allowed_and_every_row_says_what_it_is_for(void **state)
{
    (void)state;
    struct global_settings g;
    struct server_settings s;
    struct user_settings u;
    struct database_settings d;
    struct listener_settings l;
    void *const structs[] = {&g, &s, &u, &d, &l};
    size_t count;
    const struct setting *rows = settings_all(&count);
    assert_int_equal(count, SETTINGS_COUNT);
    for (enum setting_scope scope = SETTING_SCOPE_GLOBAL; scope <= SETTING_SCOPE_LAST; scope++)
        settings_init(scope, structs[scope]); /* CHECKs each default */
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(rows[i].help);
        assert_true(n > 0 && rows[i].help[n - 1] == '.');
        assert_true(rows[i].min <= rows[i].max);
        assert_ptr_equal(settings_find(rows[i].scope, rows[i].name), &rows[i]);
        /* Uints are stored in 32 bits. */
        assert_true(rows[i].type != SETTING_TYPE_UINT || rows[i].max <= UINT32_MAX);
    }
    assert_int_equal(g.port, 6033);
    assert_int_equal(g.connect_timeout, 10 * USEC_PER_SEC);
    assert_int_equal(g.pool_wait_timeout, 30 * USEC_PER_SEC);
    assert_int_equal(g.pool_mode, POOL_MODE_TRANSACTION);
    assert_int_equal(g.log_level, LOG_LEVEL_NOTE);
    assert_string_equal(s.host, "127.0.0.1");
    assert_string_equal(u.password, "");
    for (enum setting_scope scope = SETTING_SCOPE_GLOBAL; scope <= SETTING_SCOPE_LAST; scope++)
        settings_fini(scope, structs[scope]);
}

static void test_names_are_the_same_with_dash_underscore_or_capitals(void **state)
{
    (void)state;
    const struct setting *row = settings_find(SETTING_SCOPE_GLOBAL, "pool_max_size");
    assert_non_null(row);
    assert_ptr_equal(settings_find(SETTING_SCOPE_GLOBAL, "pool-max-size"), row);
    assert_ptr_equal(settings_find(SETTING_SCOPE_GLOBAL, "Pool_Max-SIZE"), row);
    assert_null(settings_find(SETTING_SCOPE_GLOBAL, "pool_max_siz"));
    assert_null(settings_find(SETTING_SCOPE_GLOBAL, "pool_max_size_"));
    assert_null(settings_find(SETTING_SCOPE_GLOBAL, ""));
    assert_null(settings_find(SETTING_SCOPE_USER, "port"));
    assert_ptr_not_equal(settings_find(SETTING_SCOPE_USER, "pool_max_size"), row);
}

static void test_a_section_says_nothing_until_it_does(void **state)
{
    (void)state;
    struct user_settings u;
    char error[SETTING_ERROR_SIZE];
    char text[32];
    settings_init(SETTING_SCOPE_USER, &u);
    const struct setting *size = settings_find(SETTING_SCOPE_USER, "pool_size");
    const struct setting *idle = settings_find(SETTING_SCOPE_USER, "wait_timeout");
    assert_true(size->inherits && idle->inherits);
    assert_false(settings_find(SETTING_SCOPE_GLOBAL, "pool_size")->inherits);
    assert_int_equal(settings_uint(u.pool_size, 7), 7);
    assert_int_equal(settings_duration(u.wait_timeout, 9), 9);
    assert_true(settings_format(size, &u, text, sizeof text));
    assert_string_equal(text, "");
    assert_true(settings_parse(size, &u, "0", error) && settings_parse(idle, &u, "0", error));
    assert_int_equal(settings_uint(u.pool_size, 7), 0);
    assert_int_equal(settings_duration(u.wait_timeout, 9), 0);
    assert_true(settings_format(idle, &u, text, sizeof text));
    assert_string_equal(text, "0");
    assert_true(settings_parse(size, &u, "", error) && settings_parse(idle, &u, "", error));
    assert_int_equal(settings_uint(u.pool_size, 7), 7);
    assert_false(settings_parse(size, &u, "many", error));
    settings_fini(SETTING_SCOPE_USER, &u);
}

static void test_nearest_name_is_of_the_same_scope(void **state)
{
    (void)state;
    assert_string_equal(settings_nearest(SETTING_SCOPE_GLOBAL, "pool-maxsize"), "pool_max_size");
    assert_string_equal(settings_nearest(SETTING_SCOPE_SERVER, "hst"), "host");
    assert_null(settings_nearest(SETTING_SCOPE_USER, "catalogue_usr"));
}

static void test_words_of_each_enum_stand_in_the_order_of_their_values(void **state)
{
    (void)state;
    struct global_settings g;
    char error[SETTING_ERROR_SIZE];
    const char *words[8];
    settings_init(SETTING_SCOPE_GLOBAL, &g);
    const struct setting *mode = settings_find(SETTING_SCOPE_GLOBAL, "pool_mode");
    const struct setting *level = settings_find(SETTING_SCOPE_GLOBAL, "log_level");
    assert_true(settings_parse(mode, &g, "session", error));
    assert_int_equal(g.pool_mode, POOL_MODE_SESSION);
    assert_int_equal(settings_words(level, words, countof(words)), 4);
    for (enum log_level l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_DEBUG; l++) {
        assert_string_equal(words[l], log_level_name(l));
        assert_true(settings_parse(level, &g, words[l], error));
        assert_int_equal(g.log_level, l);
    }
    settings_fini(SETTING_SCOPE_GLOBAL, &g);
}

static void test_ranges_name_their_unit(void **state)
{
    (void)state;
    char range[128];
    settings_describe_range(settings_find(SETTING_SCOPE_GLOBAL, "port"), range, sizeof(range));
    assert_string_equal(range, "0 to 65535");
    settings_describe_range(settings_find(SETTING_SCOPE_GLOBAL, "connect_timeout"), range,
                            sizeof(range));
    assert_string_equal(range, "1 to 3600 seconds");
    settings_describe_range(settings_find(SETTING_SCOPE_GLOBAL, "log_level"), range, sizeof(range));
    assert_string_equal(range, "error, warning, note or debug");
    settings_describe_range(settings_find(SETTING_SCOPE_USER, "password"), range, sizeof(range));
    assert_string_equal(range, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_default_is_allowed_and_every_row_says_what_it_is_for),
        cmocka_unit_test(test_names_are_the_same_with_dash_underscore_or_capitals),
        cmocka_unit_test(test_a_section_says_nothing_until_it_does),
        cmocka_unit_test(test_nearest_name_is_of_the_same_scope),
        cmocka_unit_test(test_words_of_each_enum_stand_in_the_order_of_their_values),
        cmocka_unit_test(test_ranges_name_their_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
