/* SPDX-License-Identifier: Apache-2.0
 * A `password` setting becomes what Weir knows of the password. */
#include "auth/auth_method.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_clear_text_gives_everything(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(auth_secret_from_setting("hunter2", &s));
    assert_true(s.has_password && s.has_stage1 && s.has_stage2);
    assert_false(s.is_empty);
    assert_string_equal(s.password, "hunter2");
    assert_true(auth_secret_can_log_in(&s));
}

static void test_stored_hash_is_known_by_star_and_40_hex_digits(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(auth_secret_from_setting("*94bdcebe19083ce2a1f959fd02f964c7af4cfc29", &s));
    assert_true(s.has_stage2);
    assert_false(s.has_password || s.has_stage1 || s.is_empty);
    assert_int_equal(s.stage2[0], 0x94);
    assert_int_equal(s.stage2[19], 0x29);
    assert_false(auth_secret_can_log_in(&s));
}

static void test_what_only_resembles_a_hash_is_a_password(void **state)
{
    (void)state;
    static const char *const clear[] = {
        "*",
        "*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC2",
        "*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC299",
        "*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC2G",
        "94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29",
    };
    for (size_t i = 0; i < countof(clear); i++) {
        struct auth_secret s;
        assert_true(auth_secret_from_setting(clear[i], &s));
        assert_true(s.has_password);
        assert_string_equal(s.password, clear[i]);
    }
}

static void test_empty_password_is_a_password(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(auth_secret_from_setting("", &s));
    assert_true(s.is_empty);
    assert_false(s.has_password || s.has_stage1 || s.has_stage2);
    assert_true(auth_secret_can_log_in(&s));
}

static void test_password_of_255_bytes_fits_and_one_more_does_not(void **state)
{
    (void)state;
    char text[257];
    struct auth_secret s;
    memset(text, 'x', sizeof(text));
    text[255] = '\0';
    assert_true(auth_secret_from_setting(text, &s));
    assert_string_equal(s.password, text);
    text[255] = 'x';
    text[256] = '\0';
    assert_false(auth_secret_from_setting(text, &s));
    assert_false(auth_secret_can_log_in(&s));
}

static void test_wipe_leaves_nothing(void **state)
{
    (void)state;
    struct auth_secret s;
    static const struct auth_secret zero;
    assert_true(auth_secret_from_setting("hunter2", &s));
    auth_secret_wipe(&s);
    assert_memory_equal(&s, &zero, sizeof(s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clear_text_gives_everything),
        cmocka_unit_test(test_stored_hash_is_known_by_star_and_40_hex_digits),
        cmocka_unit_test(test_what_only_resembles_a_hash_is_a_password),
        cmocka_unit_test(test_empty_password_is_a_password),
        cmocka_unit_test(test_password_of_255_bytes_fits_and_one_more_does_not),
        cmocka_unit_test(test_wipe_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
