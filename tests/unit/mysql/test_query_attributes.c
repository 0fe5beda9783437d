/* SPDX-License-Identifier: Apache-2.0
 * Where the text of a COM_QUERY with attributes begins. */
#include "mysql/query_attributes.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The size of the head, 0 when it cannot be read. */
static size_t head_of(const char *payload)
{
    size_t size = 0;
    return query_attributes_skip(hex(payload), &size) ? size : 0;
}

static void test_none(void **state)
{
    (void)state;
    assert_int_equal(head_of("03 00 01 53"), 3);
    assert_int_equal(head_of("03 00 01"), 3);
    assert_int_equal(head_of("03 fc0000 fc0100 53"), 7);
    uint8_t none[QUERY_ATTRIBUTES_NONE_SIZE];
    query_attributes_write_none(none);
    assert_true(bytes_equal(bytes_of(none, sizeof none), hex("00 01")));
}

static void test_values_of_every_size(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        size_t size;
    } cases[] = {
        {"03 01 01 00 01 fe00 016e 0176 53", 11},     /* STRING */
        {"03 01 01 00 01 0100 016e 7f 53", 10},       /* TINY */
        {"03 01 01 00 01 0200 016e 7f00 53", 11},     /* SHORT */
        {"03 01 01 00 01 0300 016e 7f000000 53", 13}, /* LONG */
        {"03 01 01 00 01 0400 016e 7f000000 53", 13}, /* FLOAT */
        {"03 01 01 00 01 0500 016e 7f00000000000000 53", 17},
        {"03 01 01 00 01 0800 016e 7f00000000000000 53", 17},
        {"03 01 01 00 01 0c00 016e 04e8070101 53", 14}, /* DATETIME */
        {"03 01 01 00 01 0b00 016e 00 53", 10},         /* TIME */
        {"03 01 01 01 01 fe00 016e 53", 9},             /* NULL */
        {"03 02 01 01 01 0300 00 fe00 016e 0176 53", 14},
        {"03 09 01 ff01 01 0300 00 0300 00 0300 00 0300 00 0300 00 0300 00 0300 00 0300 00 0300 00",
         33},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(head_of(cases[i].payload), cases[i].size);
        struct bytes payload = hex(cases[i].payload);
        for (size_t n = 0; n < cases[i].size; n++) {
            size_t size;
            assert_false(query_attributes_skip(bytes_of(payload.data, n), &size));
        }
    }
}

static void test_malformed(void **state)
{
    (void)state;
    assert_int_equal(head_of("03"), 0);
    assert_int_equal(head_of("03 53454c454354"), 0);
    assert_int_equal(head_of("03 00 02 53"), 0);
    assert_int_equal(head_of("03 fb 01 53"), 0);
    assert_int_equal(head_of("03 01 01 00 00 53"), 0);
    assert_int_equal(head_of("03 01 01 00 01 fe00 016e fb 53"), 0);
    assert_int_equal(head_of("03 feffffffffffffffff 01 00 01 53"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_values_of_every_size),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
