/* SPDX-License-Identifier: Apache-2.0
 * What a login's OK says of who has sent it, against values that were computed elsewhere. */
#include "auth/identity.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "known_secrets.h"

/* By Python: SHA256 of what is stored for "secret", the challenge and the fingerprint below. */
#define NATIVE_IDENTITY  "5ebf51d65dc03844cc5a0094205c3c24e85fb28cbae0f8b74f8d91158175260e"
#define ED25519_IDENTITY "9c34656faaeefd3a2801463e6f4ad81eba8a7ef60d410802e646ee47ede6ea45"
#define PARSEC_IDENTITY  "9657c1ccce1cd3de6c3d4d996f8f639890cc0531380919fef4cd75ccb0a584ba"

static const uint8_t greeted[SCRAMBLE_SIZE + 1] = "01234567890123456789";

static const struct auth_method *method(const char *name)
{
    return auth_method_find(bytes_of_text(name));
}

static void fingerprint_of_a(uint8_t out[AUTH_SHA256_SIZE])
{
    memset(out, 'a', AUTH_SHA256_SIZE);
}

static void the_password_and_the_certificate_count(void **state)
{
    (void)state;
    struct auth_secret secret;
    uint8_t fingerprint[AUTH_SHA256_SIZE];
    char out[AUTH_IDENTITY_SIZE], other[AUTH_IDENTITY_SIZE];
    fingerprint_of_a(fingerprint);
    assert_true(auth_secret_from_setting("secret", &secret));
    assert_true(
        auth_identity_write(method("mysql_native_password"), &secret, greeted, fingerprint, out));
    assert_string_equal(out, "\1" NATIVE_IDENTITY);
    fingerprint[31] = 'b';
    assert_true(
        auth_identity_write(method("mysql_native_password"), &secret, greeted, fingerprint, other));
    assert_string_not_equal(out, other);
    /* The hash suffices. */
    fingerprint_of_a(fingerprint);
    assert_true(auth_secret_from_setting(NATIVE_OF_SECRET, &secret));
    assert_true(
        auth_identity_write(method("mysql_native_password"), &secret, greeted, fingerprint, other));
    assert_string_equal(out, other);
}

static void methods_that_store_other_things(void **state)
{
    (void)state;
    static const char *const settings[] = {ED25519_OF_SECRET, PARSEC_OF_SECRET};
    static const char *const methods[] = {"client_ed25519", "parsec"};
    static const char *const expected[] = {"\1" ED25519_IDENTITY, "\1" PARSEC_IDENTITY};
    uint8_t fingerprint[AUTH_SHA256_SIZE];
    fingerprint_of_a(fingerprint);
    for (size_t i = 0; i < countof(settings); i++) {
        struct auth_secret secret;
        char out[AUTH_IDENTITY_SIZE];
        assert_true(auth_secret_from_setting(settings[i], &secret));
        assert_true(auth_identity_write(method(methods[i]), &secret, greeted, fingerprint, out));
        assert_string_equal(out, expected[i]);
    }
}

static void without_a_password_nothing_is_shown(void **state)
{
    (void)state;
    static const char *const settings[] = {"", "secret"};
    static const char *const methods[] = {"mysql_native_password", "caching_sha2_password"};
    uint8_t fingerprint[AUTH_SHA256_SIZE];
    fingerprint_of_a(fingerprint);
    for (size_t i = 0; i < countof(settings); i++) {
        struct auth_secret secret;
        char out[AUTH_IDENTITY_SIZE];
        assert_true(auth_secret_from_setting(settings[i], &secret));
        assert_false(auth_identity_write(method(methods[i]), &secret, greeted, fingerprint, out));
        assert_false(auth_identity_write(NULL, &secret, greeted, fingerprint, out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_password_and_the_certificate_count),
        cmocka_unit_test(methods_that_store_other_things),
        cmocka_unit_test(without_a_password_nothing_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
