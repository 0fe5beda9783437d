/* SPDX-License-Identifier: Apache-2.0
 * Base64 as servers write it; the hashes have their own tests elsewhere. */
#include "auth/digest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_base64_has_exactly_the_right_length_and_alphabet(void **state)
{
    (void)state;
    uint8_t out[4];
    assert_true(base64_read(bytes_of_text("AAEC"), out, 3));
    assert_memory_equal(out, "\0\1\2", 3);
    assert_true(base64_read(bytes_of_text("+/+/"), out, 3));
    assert_memory_equal(out, "\xfb\xff\xbf", 3);
    assert_true(base64_read(bytes_of_text("AAECAw"), out, 4));
    assert_memory_equal(out, "\0\1\2\3", 4);
    static const char *const wrong[] = {
        "", "AAECA", "AAECAw=", "AAECAw==", "AAEC-w", "AAE_Aw", "AAECAwQ", "AAECAx"};
    for (size_t i = 0; i < countof(wrong); i++)
        assert_false(base64_read(bytes_of_text(wrong[i]), out, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_has_exactly_the_right_length_and_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
