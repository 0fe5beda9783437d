/* SPDX-License-Identifier: Apache-2.0
 * client_ed25519, both roles against each other and against what MariaDB stores. */
#include "auth/client_ed25519.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "known_secrets.h"

static void sign(const char *setting, const uint8_t challenge[32], uint8_t signature[64])
{
    struct auth_secret s;
    struct auth_dialog d = {0};
    struct writer w = writer_over(signature, 64);
    assert_true(auth_secret_from_setting(setting, &s));
    assert_int_equal(auth_client_ed25519.answer(&d, bytes_of(challenge, 32), &s, &w), AUTH_SEND);
    assert_int_equal(w.size, 64);
}

static enum auth_step hear(const char *setting, const uint8_t challenge[32], struct bytes said)
{
    struct auth_secret s;
    struct auth_check c = {0};
    struct writer out = writer_over(NULL, 0);
    assert_true(auth_secret_from_setting(setting, &s));
    memcpy(c.challenge, challenge, 32);
    return auth_client_ed25519.hear(&c, said, &s, &out);
}

static void test_the_public_key_or_the_password_verifies(void **state)
{
    (void)state;
    uint8_t challenge[32] = {7};
    uint8_t signature[65] = {0};
    sign("secret", challenge, signature);
    assert_int_equal(hear(ED25519_OF_SECRET, challenge, bytes_of(signature, 64)), AUTH_OK);
    assert_int_equal(hear("secret", challenge, bytes_of(signature, 64)), AUTH_OK);
    assert_int_equal(hear("Secret", challenge, bytes_of(signature, 64)), AUTH_FAIL);
    assert_int_equal(hear("", challenge, bytes_of(signature, 64)), AUTH_FAIL);
    assert_int_equal(hear(NATIVE_OF_SECRET, challenge, bytes_of(signature, 64)), AUTH_FAIL);
    challenge[31] ^= 1; /* a replay */
    assert_int_equal(hear("secret", challenge, bytes_of(signature, 64)), AUTH_FAIL);
    sign("", challenge, signature);
    assert_int_equal(hear("", challenge, bytes_of(signature, 64)), AUTH_OK);
    assert_int_equal(hear("", challenge, bytes_of(NULL, 0)), AUTH_FAIL);
}

static void test_every_flipped_bit_and_every_wrong_length_fails(void **state)
{
    (void)state;
    uint8_t challenge[32] = {7};
    uint8_t signature[65] = {0};
    sign("secret", challenge, signature);
    for (size_t bit = 0; bit < 512; bit += 3) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(hear(ED25519_OF_SECRET, challenge, bytes_of(signature, 64)), AUTH_FAIL);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n <= 65; n++)
        assert_int_equal(hear(ED25519_OF_SECRET, challenge, bytes_of(signature, n)),
                         n == 64 ? AUTH_OK : AUTH_FAIL);
}

static void test_expanded_key_signs_without_the_password(void **state)
{
    (void)state;
    const uint8_t challenge[32] = {9};
    uint8_t expected[64], signature[64];
    sign("secret", challenge, expected);
    struct auth_secret s = {.known = AUTH_KNOWS_ED25519_KEY};
    struct bytes hex = bytes_of_text(
        "BD2B1AAF7EF4F09BE9F52CE2D8D599674D81AA9D6A4421696DC4D93DD0619D68"
        "2CE56B4D64A9EF097761CED99E0F67265B5F76085E5B0EE7CA4696B2AD6FE2B2"); /* SHA512("secret") */
    assert_true(text_parse_hex(hex, s.ed25519_key, 64));
    struct auth_dialog d = {0};
    struct writer w = writer_over(signature, sizeof signature);
    assert_true(auth_secret_can_log_in(&s));
    assert_int_equal(auth_client_ed25519.answer(&d, bytes_of(challenge, 32), &s, &w), AUTH_SEND);
    assert_memory_equal(signature, expected, sizeof expected);
}

static void test_challenge_has_32_bytes_and_a_hash_cannot_sign(void **state)
{
    (void)state;
    const uint8_t challenge[40] = {9};
    uint8_t memory[64];
    struct auth_secret s;
    for (size_t n = 0; n < sizeof challenge; n++) {
        struct auth_dialog d = {0};
        struct writer w = writer_over(memory, sizeof memory);
        assert_true(auth_secret_from_setting("secret", &s));
        assert_int_equal(auth_client_ed25519.answer(&d, bytes_of(challenge, n), &s, &w),
                         n == 32 ? AUTH_SEND : AUTH_FAIL);
    }
    struct auth_dialog d = {0};
    struct writer w = writer_over(memory, sizeof memory);
    assert_true(auth_secret_from_setting(ED25519_OF_SECRET, &s));
    assert_int_equal(auth_client_ed25519.answer(&d, bytes_of(challenge, 32), &s, &w), AUTH_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_public_key_or_the_password_verifies),
        cmocka_unit_test(test_every_flipped_bit_and_every_wrong_length_fails),
        cmocka_unit_test(test_expanded_key_signs_without_the_password),
        cmocka_unit_test(test_challenge_has_32_bytes_and_a_hash_cannot_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
