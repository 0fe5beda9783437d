/* SPDX-License-Identifier: Apache-2.0
 * Texts as MariaDB 10.11 and MySQL 9.7 write them. */
#include "auth/account_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define N1  "*B69027D44F6E5EDC07F1AEAD1477967B16F28227"
#define N2  "*7446F64EFCFB1294A6DE20CAE7E49C2377A9AA25"
#define KEY "Gv2JI8Env2fd5YGonZ082tX3UAW+yJYldOlj4R1bfK4"

static size_t hashes_in(const char *text, uint8_t hashes[][AUTH_HASH_SIZE], size_t max)
{
    return account_text_hashes(bytes_of_text(text), hashes, max);
}

static void test_hashes_are_found_wherever_they_stand(void **state)
{
    (void)state;
    uint8_t found[4][AUTH_HASH_SIZE];
    assert_int_equal(hashes_in(N1, found, 4), 1);
    assert_int_equal(found[0][0], 0xb6);
    assert_int_equal(found[0][19], 0x27);
    assert_int_equal(hashes_in("CREATE USER `n`@`%` IDENTIFIED BY PASSWORD '" N2 "'", found, 4), 1);
    assert_int_equal(found[0][0], 0x74);
    assert_int_equal(
        hashes_in("{\"plugin\":\"mysql_native_password\",\"authentication_string\":\"" N1
                  "\",\"auth_or\":[{},{\"authentication_string\":\"" N2 "\"}]}",
                  found, 4),
        2);
    assert_int_equal(found[1][0], 0x74);
}

static void test_what_is_no_hash(void **state)
{
    (void)state;
    uint8_t found[2][AUTH_HASH_SIZE];
    assert_int_equal(hashes_in("", found, 2), 0);
    assert_int_equal(hashes_in("*", found, 2), 0);
    assert_int_equal(hashes_in("*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE", found, 2), 0);
    assert_int_equal(hashes_in("$A$005$salt", found, 2), 0);
    assert_int_equal(account_text_hashes(bytes_of(N1, strlen(N1) - 1), found, 2), 0);
    assert_int_equal(hashes_in(N1 N2 N1, found, 2), 2);
}

static void test_who_is_let_in_by_the_kernel(void **state)
{
    (void)state;
    assert_true(account_text_asks_kernel(
        bytes_of_text("CREATE USER `root`@`localhost` IDENTIFIED VIA mysql_native_password USING "
                      "'invalid' OR unix_socket")));
    assert_true(account_text_asks_kernel(
        bytes_of_text("CREATE USER `s`@`%` IDENTIFIED VIA unix_socket AS 'other'")));
    assert_true(account_text_asks_kernel(
        bytes_of_text("CREATE USER `s`@`localhost` IDENTIFIED WITH 'auth_socket' REQUIRE NONE")));
    assert_false(account_text_asks_kernel(
        bytes_of_text("CREATE USER `n`@`%` IDENTIFIED BY PASSWORD '" N1 "'")));
    assert_false(account_text_asks_kernel(bytes_of(NULL, 0)));
}

static void assert_no_key(const char *text)
{
    struct auth_secret s;
    assert_false(account_text_public_key(bytes_of_text(text), &s));
    assert_int_equal(s.known, 0);
}

static void test_public_keys(void **state)
{
    (void)state;
    struct auth_secret s;
    assert_true(account_text_public_key(
        bytes_of_text("CREATE USER `e`@`%` IDENTIFIED VIA ed25519 USING '" KEY "'"), &s));
    assert_int_equal(s.known, AUTH_KNOWS_ED25519_PUBLIC);
    assert_no_key("");
    assert_no_key("CREATE USER `n`@`%` IDENTIFIED BY PASSWORD '" N1 "'");
    assert_no_key("CREATE USER `e`@`%` IDENTIFIED VIA ed25519 USING '");
    assert_no_key("CREATE USER `e`@`%` IDENTIFIED VIA ed25519 USING 'Gv2J'");
    assert_no_key("CREATE USER `e`@`%` IDENTIFIED VIA ed25519 USING "
                  "'!v2JI8Env2fd5YGonZ082tX3UAW+yJYldOlj4R1bfK4'");
}

static void test_what_a_connection_must_be(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum account_transport wants;
    } cases[] = {
        {"", ACCOUNT_WANTS_NOTHING},
        {"CREATE USER `n`@`%` IDENTIFIED BY PASSWORD '" N1 "'", ACCOUNT_WANTS_NOTHING},
        {"CREATE USER `n`@`%` IDENTIFIED BY PASSWORD '" N1 "' REQUIRE SSL", ACCOUNT_WANTS_TLS},
        {"CREATE USER `n`@`%` REQUIRE ISSUER 'x' AND CIPHER 'y'", ACCOUNT_WANTS_NAMES},
        {"CREATE USER `n`@`%` REQUIRE SUBJECT '/CN=x'", ACCOUNT_WANTS_NAMES},
        {"CREATE USER `n`@`%` REQUIRE CIPHER 'REQUIRE X509'", ACCOUNT_WANTS_NAMES},
        {"CREATE USER `n`@`%` IDENTIFIED WITH 'caching_sha2_password' AS <secret> REQUIRE NONE "
         "PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD REQUIRE CURRENT DEFAULT",
         ACCOUNT_WANTS_NOTHING},
        {"CREATE USER `n`@`%` IDENTIFIED WITH 'caching_sha2_password' AS <secret> REQUIRE X509 "
         "PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD REQUIRE CURRENT DEFAULT",
         ACCOUNT_WANTS_CERTIFICATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(account_text_transport(bytes_of_text(cases[i].text)), cases[i].wants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_are_found_wherever_they_stand),
        cmocka_unit_test(test_what_is_no_hash),
        cmocka_unit_test(test_who_is_let_in_by_the_kernel),
        cmocka_unit_test(test_public_keys),
        cmocka_unit_test(test_what_a_connection_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
