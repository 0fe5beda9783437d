/* SPDX-License-Identifier: Apache-2.0
 * Lists of compression algorithms. */
#include "conf/compression_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_lists_keep_their_order(void **state)
{
    (void)state;
    struct compression_list l;
    assert_true(compression_list_parse(&l, "zlib,zstd,uncompressed"));
    assert_int_equal(l.count, 3);
    assert_int_equal(l.choices[0], COMPRESSION_CHOICE_ZLIB);
    assert_true(compression_list_parse(&l, " ZSTD , uncompressed "));
    assert_int_equal(l.count, 2);
    assert_int_equal(l.choices[0], COMPRESSION_CHOICE_ZSTD);
    assert_true(compression_list_has(&l, COMPRESSION_CHOICE_UNCOMPRESSED));
    assert_false(compression_list_has(&l, COMPRESSION_CHOICE_ZLIB));
}

static void test_what_is_no_list(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",     " ",   ",",         "zlib,",     ",zlib", "zlib,,zstd",
        "lz4",  "zli", "zlib,zlib", "zlib zstd", "zlibx", "zlib,zstd,uncompressed,zlib",
        "none",
    };
    struct compression_list l;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(compression_list_parse(&l, wrong[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_keep_their_order),
        cmocka_unit_test(test_what_is_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
