/* SPDX-License-Identifier: Apache-2.0
 * The table of methods, and the scramble. */
#include "auth/auth_method.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_methods_are_found_by_their_exact_name(void **state)
{
    (void)state;
    const struct auth_method *m = auth_method_find(bytes_of_text("mysql_native_password"));
    assert_non_null(m);
    assert_ptr_equal(m, auth_method_default());
    assert_null(auth_method_find(bytes_of_text("mysql_native_passwor")));
    assert_null(auth_method_find(bytes_of("mysql_native_password", 22)));
    assert_null(auth_method_find(bytes_of_text("mysql_old_password")));
    assert_null(auth_method_find(bytes_of(NULL, 0)));
}

static void test_a_client_gets_a_method_that_can_be_verified(void **state)
{
    (void)state;
    const struct auth_method *native = auth_method_find(bytes_of_text("mysql_native_password"));
    const struct auth_method *sha2 = auth_method_find(bytes_of_text("caching_sha2_password"));
    const struct auth_method *sha256 = auth_method_find(bytes_of_text("sha256_password"));
    struct auth_secret clear = {.has_password = true, .has_stage2 = true, .password = "x"};
    struct auth_secret hash = {.has_stage2 = true};
    struct auth_secret empty = {.is_empty = true};
    assert_ptr_equal(auth_method_for(&clear, sha2, native), sha2);
    assert_ptr_equal(auth_method_for(&clear, native, sha2), native);
    assert_ptr_equal(auth_method_for(&clear, NULL, sha2), sha2);
    assert_ptr_equal(auth_method_for(&clear, sha256, sha2), sha2);
    assert_ptr_equal(auth_method_for(&clear, sha256, NULL), native);
    assert_ptr_equal(auth_method_for(&hash, sha2, sha2), native);
    assert_ptr_equal(auth_method_for(&empty, sha2, native), sha2);
}

static void test_scramble_has_neither_nul_nor_high_bytes(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        uint8_t random[SCRAMBLE_SIZE];
        uint8_t scramble[SCRAMBLE_SIZE];
        memset(random, (int)v, sizeof(random));
        auth_scramble_from_random(scramble, random);
        for (size_t i = 0; i < SCRAMBLE_SIZE; i++)
            assert_in_range(scramble[i], 1, 127);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods_are_found_by_their_exact_name),
        cmocka_unit_test(test_a_client_gets_a_method_that_can_be_verified),
        cmocka_unit_test(test_scramble_has_neither_nul_nor_high_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
