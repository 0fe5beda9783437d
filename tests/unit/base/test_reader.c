/* SPDX-License-Identifier: Apache-2.0
 * A reader never reads past the end, and moves nothing when it refuses. */
#include "base/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_values_are_little_endian(void **state)
{
    (void)state;
    const uint8_t data[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a};
    struct reader r = reader_over(bytes_of(data, sizeof data));
    uint8_t a;
    uint16_t b;
    uint32_t c;
    uint64_t d;
    assert_true(reader_u8(&r, &a));
    assert_true(reader_u16(&r, &b));
    assert_true(reader_u32(&r, &c));
    assert_true(reader_uint(&r, 3, &d));
    assert_int_equal(a, 0x01);
    assert_int_equal(b, 0x0302);
    assert_int_equal(c, 0x07060504);
    assert_int_equal(d, 0x0a0908);
    assert_int_equal(r.left, 0);
}

/* Each get on a piece of memory of exactly so many bytes, so that ASan sees a read beyond. */
static void test_nothing_is_read_past_the_end(void **state)
{
    (void)state;
    for (size_t size = 0; size < 8; size++) {
        uint8_t *data = test_malloc(size + 1);
        memset(data, 'x', size);
        struct reader r = reader_over(bytes_of(data + 1, size > 0 ? size - 1 : 0));
        struct reader before = r;
        uint64_t v;
        struct bytes b;
        assert_false(reader_uint(&r, 8, &v));
        assert_false(reader_uint(&r, 9, &v));
        assert_false(reader_bytes(&r, size + 1, &b));
        assert_false(reader_skip(&r, SIZE_MAX));
        assert_memory_equal(&r, &before, sizeof r);
        test_free(data);
    }
}

static void test_text_needs_its_nul(void **state)
{
    (void)state;
    struct reader r = reader_over(bytes_of("ab\0cd", 5));
    struct bytes text;
    assert_true(reader_nul_text(&r, &text));
    assert_true(bytes_equal_text(text, "ab"));
    assert_false(reader_nul_text(&r, &text));
    assert_int_equal(reader_rest(&r).size, 2);
    struct reader empty = reader_over(bytes_of(NULL, 0));
    assert_false(reader_nul_text(&empty, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_little_endian),
        cmocka_unit_test(test_nothing_is_read_past_the_end),
        cmocka_unit_test(test_text_needs_its_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
