/* SPDX-License-Identifier: Apache-2.0
 * mysql_clear_password: never where others may read. */
#include "auth/clear_password.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "known_secrets.h"

static size_t answer(const char *setting, bool private_channel, uint8_t memory[16],
                     enum auth_step expected)
{
    struct auth_secret s;
    struct auth_dialog d = {.private_channel = private_channel};
    struct writer w = writer_over(memory, 16);
    assert_true(auth_secret_from_setting(setting, &s));
    assert_int_equal(auth_clear_password.answer(&d, bytes_of(NULL, 0), &s, &w), expected);
    return w.size;
}

static enum auth_step hear(const char *setting, bool private_channel, struct bytes said)
{
    struct auth_secret s;
    struct auth_check c = {.private_channel = private_channel};
    struct writer out = writer_over(NULL, 0);
    assert_true(auth_secret_from_setting(setting, &s));
    return auth_clear_password.hear(&c, said, &s, &out);
}

static void test_password_goes_over_a_private_channel_only(void **state)
{
    (void)state;
    uint8_t memory[16];
    assert_int_equal(answer("secret", true, memory, AUTH_SEND), 7);
    assert_memory_equal(memory, "secret", 7);
    assert_int_equal(answer("", true, memory, AUTH_SEND), 1);
    assert_int_equal(answer("secret", false, memory, AUTH_FAIL), 0);
    assert_int_equal(answer(NATIVE_OF_SECRET, true, memory, AUTH_FAIL), 0);
    assert_int_equal(answer("a password that is too long", true, memory, AUTH_FAIL), 0);
}

static void test_password_is_heard_on_a_private_channel_only(void **state)
{
    (void)state;
    struct bytes right = bytes_of("secret", 7);
    assert_int_equal(hear("secret", true, right), AUTH_OK);
    assert_int_equal(hear(SHA2_OF_SECRET, true, right), AUTH_OK);
    assert_int_equal(hear("secret", true, bytes_of("secret", 6)), AUTH_OK);
    assert_int_equal(hear("secret", true, bytes_of("secret\0x", 8)), AUTH_FAIL);
    assert_int_equal(hear("secret", true, bytes_of("secrets", 8)), AUTH_FAIL);
    assert_int_equal(hear("secret", false, right), AUTH_FAIL);
    assert_int_equal(hear("", true, bytes_of("", 1)), AUTH_OK);
    assert_int_equal(hear("", true, bytes_of(NULL, 0)), AUTH_OK);
    assert_int_equal(hear("", true, right), AUTH_FAIL);
    char longest[300];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(hear("secret", true, bytes_of(longest, sizeof longest)), AUTH_FAIL);
}

static void test_what_nobody_can_verify_is_kept_for_whoever_wants_it(void **state)
{
    (void)state;
    struct auth_secret unknown = {0};
    struct auth_check c = {.private_channel = true, .wants_claim = true};
    struct writer out = writer_over(NULL, 0);
    assert_int_equal(auth_clear_password.hear(&c, bytes_of("secret", 7), &unknown, &out),
                     AUTH_CLAIM);
    assert_true(c.has_claim);
    assert_string_equal(c.claim, "secret");
    assert_int_equal(unknown.known, 0);
    auth_check_wipe(&c);
    assert_int_equal(c.claim[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password_goes_over_a_private_channel_only),
        cmocka_unit_test(test_password_is_heard_on_a_private_channel_only),
        cmocka_unit_test(test_what_nobody_can_verify_is_kept_for_whoever_wants_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
