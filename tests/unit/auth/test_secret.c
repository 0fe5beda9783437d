/* SPDX-License-Identifier: Apache-2.0
 * A `password` setting becomes what Weir knows of the password. */
#include "auth/secret.h"

#include "known_secrets.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_clear_text_gives_everything(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(auth_secret_from_setting("hunter2", &s));
    assert_int_equal(s.known, AUTH_KNOWS_PASSWORD | AUTH_KNOWS_NATIVE_STAGE1 |
                                  AUTH_KNOWS_NATIVE_STAGE2 | AUTH_KNOWS_SHA2_STAGE1 |
                                  AUTH_KNOWS_SHA2_STAGE2);
    assert_string_equal(s.password, "hunter2");
    assert_true(auth_secret_can_log_in(&s));
}

static void test_stored_hash_is_known_by_star_and_40_hex_digits(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(auth_secret_from_setting("*94bdcebe19083ce2a1f959fd02f964c7af4cfc29", &s));
    assert_int_equal(s.known, AUTH_KNOWS_NATIVE_STAGE2);
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
        assert_true(auth_secret_knows(&s, AUTH_KNOWS_PASSWORD));
        assert_string_equal(s.password, clear[i]);
    }
}

static void test_every_form_that_servers_store_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        unsigned known;
    } rows[] = {
        {NATIVE_OF_SECRET, AUTH_KNOWS_NATIVE_STAGE2},
        {ED25519_OF_SECRET, AUTH_KNOWS_ED25519_PUBLIC},
        {SHA2_OF_SECRET, AUTH_KNOWS_SHA_CRYPT},
        {SHA256_OF_SECRET, AUTH_KNOWS_SHA_CRYPT},
        {PARSEC_OF_SECRET, AUTH_KNOWS_PARSEC_PUBLIC},
        {SLOW_PARSEC_OF_SECRET, AUTH_KNOWS_PARSEC_PUBLIC},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct auth_secret s;
        assert_true(auth_secret_from_setting(rows[i].setting, &s));
        assert_int_equal(s.known, rows[i].known);
        assert_false(auth_secret_can_log_in(&s));
        assert_false(auth_secret_check(&s, bytes_of_text("Secret")));
        assert_false(auth_secret_check(&s, bytes_of(NULL, 0)));
        assert_int_equal(s.known, rows[i].known);
        assert_true(auth_secret_check(&s, bytes_of_text("secret")));
        assert_true(auth_secret_can_log_in(&s));
        assert_string_equal(s.password, "secret");
        assert_true(auth_secret_check(&s, bytes_of_text("secret")));
        assert_false(auth_secret_check(&s, bytes_of_text("secrets")));
    }
}

static void test_plain_makes_clear_text_of_what_looks_like_a_hash(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(auth_secret_from_setting("plain:" ED25519_OF_SECRET, &s));
    assert_string_equal(s.password, ED25519_OF_SECRET);
    assert_true(auth_secret_from_setting("plain:", &s));
    assert_int_equal(s.known, AUTH_KNOWS_EMPTY);
    assert_true(auth_secret_from_setting("plain:plain:x", &s));
    assert_string_equal(s.password, "plain:x");
}

static void test_what_43_characters_are_no_point_of_the_curve_is_a_password(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(auth_secret_from_setting("0000000000000000000000000000000000000000000", &s));
    assert_true(auth_secret_knows(&s, AUTH_KNOWS_PASSWORD));
    /* One character is not of the alphabet. */
    assert_true(auth_secret_from_setting("ZIgUREUg5PVgQ6LskhXmO-eZLS0nC8be6HPjYWR4YJY", &s));
    assert_true(auth_secret_knows(&s, AUTH_KNOWS_PASSWORD));
}

static void test_broken_hash_is_an_error_and_no_password(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "$A$005$tooshort",
        "$A$000$01234567890123456789abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq",
        "$A$0x5$01234567890123456789abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq",
        "$A$005$01234567890123456789abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr",
        "$5$01234567890123456789abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq",
        "0x2441243030352",
        "0x24412430303524",
    };
    for (size_t i = 0; i < countof(broken); i++) {
        struct auth_secret s;
        assert_false(auth_secret_from_setting(broken[i], &s));
        assert_int_equal(s.known, 0);
    }
}

static void test_what_a_login_taught_is_added_and_replaces_nothing(void **state)
{
    (void)state;
    struct auth_secret s, taught;
    assert_true(auth_secret_from_setting(SHA2_OF_SECRET, &s));
    const struct auth_sha_crypt before = s.crypt;
    assert_true(auth_secret_from_setting("secret", &taught));
    auth_secret_merge(&s, &taught);
    assert_int_equal(s.known, taught.known | AUTH_KNOWS_SHA_CRYPT);
    assert_memory_equal(&s.crypt, &before, sizeof before);
    assert_memory_equal(s.sha2_stage2, taught.sha2_stage2, sizeof s.sha2_stage2);
    struct auth_secret other;
    assert_true(auth_secret_from_setting("other", &other));
    auth_secret_merge(&s, &other);
    assert_string_equal(s.password, "secret");
}

static void test_decoys_look_like_a_secret_and_stay_the_same(void **state)
{
    (void)state;
    uint8_t seed[AUTH_SHA256_SIZE] = {1, 2, 3};
    static struct auth_secret s, again;
    for (unsigned bit = 0; bit < 10; bit++) {
        auth_secret_make_decoy(&s, 1U << bit, seed);
        auth_secret_make_decoy(&again, 1U << bit, seed);
        assert_memory_equal(&s, &again, sizeof s);
        assert_int_equal(auth_secret_knows(&s, AUTH_KNOWS_EMPTY), 0);
        assert_int_not_equal(s.known, 0);
        assert_false(auth_secret_check(&s, bytes_of(NULL, 0)));
        assert_false(auth_secret_check(&s, bytes_of_text("secret")));
    }
}

static void test_what_is_stored_to_be_slow_is_dear_until_it_is_known(void **state)
{
    (void)state;
    struct auth_secret s = {.known = AUTH_KNOWS_SHA_CRYPT};
    assert_true(auth_secret_check_is_dear(&s));
    s.known |= AUTH_KNOWS_PASSWORD;
    assert_false(auth_secret_check_is_dear(&s));
    s.known = AUTH_KNOWS_PARSEC_PUBLIC;
    assert_true(auth_secret_check_is_dear(&s));
    s.known = AUTH_KNOWS_NATIVE_STAGE2;
    assert_false(auth_secret_check_is_dear(&s));
}

static void test_empty_password_is_a_password(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(auth_secret_from_setting("", &s));
    assert_int_equal(s.known, AUTH_KNOWS_EMPTY);
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
        cmocka_unit_test(test_every_form_that_servers_store_is_known),
        cmocka_unit_test(test_plain_makes_clear_text_of_what_looks_like_a_hash),
        cmocka_unit_test(test_what_43_characters_are_no_point_of_the_curve_is_a_password),
        cmocka_unit_test(test_broken_hash_is_an_error_and_no_password),
        cmocka_unit_test(test_what_a_login_taught_is_added_and_replaces_nothing),
        cmocka_unit_test(test_decoys_look_like_a_secret_and_stay_the_same),
        cmocka_unit_test(test_what_is_stored_to_be_slow_is_dear_until_it_is_known),
        cmocka_unit_test(test_empty_password_is_a_password),
        cmocka_unit_test(test_password_of_255_bytes_fits_and_one_more_does_not),
        cmocka_unit_test(test_wipe_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
