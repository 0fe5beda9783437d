/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 crypt against what crypt(3) makes of the examples of its specification. */
#include "auth/sha_crypt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_examples_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        const char *salt;
        uint32_t rounds;
        const char *password;
        const char *text;
    } rows[] = {
        {"saltstring", 5000, "Hello world!", "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
        {"saltstringsaltst", 10000, "Hello world!", "3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"},
        {"toolongsaltstrin", 5000, "This is just a test",
         "Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5"},
        {"anotherlongsalts", 1400,
         "a very much longer text to encrypt.  This one even stretches over morethan one line.",
         "Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1"},
        {"short", 77777, "we have a short salt string but not a short password",
         "JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/"},
        {"asaltof16chars..", 123456, "a short string",
         "gP3VQ/6X7UUEW3HkBn2w1/Ptq2jxPyzV/cZKmF/wJvD"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        char text[SHA_CRYPT_TEXT_SIZE + 1] = {0};
        sha_crypt(bytes_of_text(rows[i].password), bytes_of_text(rows[i].salt), rows[i].rounds,
                  text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
