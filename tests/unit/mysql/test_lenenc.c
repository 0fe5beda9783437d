/* SPDX-License-Identifier: Apache-2.0
 * Length-encoded integers and strings. */
#include "mysql/lenenc.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct bytes written(uint64_t v)
{
    static uint8_t memory[16];
    struct writer w = writer_over(memory, sizeof(memory));
    lenenc_write(&w, v);
    return writer_written(&w);
}

static void test_integers_take_the_shortest_form(void **state)
{
    (void)state;
    assert_true(bytes_equal(written(0), hex("00")));
    assert_true(bytes_equal(written(250), hex("fa")));
    assert_true(bytes_equal(written(251), hex("fcfb00")));
    assert_true(bytes_equal(written(65535), hex("fcffff")));
    assert_true(bytes_equal(written(65536), hex("fd000001")));
    assert_true(bytes_equal(written(0xffffff), hex("fdffffff")));
    assert_true(bytes_equal(written(0x1000000), hex("fe0000000100000000")));
    assert_true(bytes_equal(written(UINT64_MAX), hex("feffffffffffffffff")));
}

static bool reads(struct bytes in)
{
    struct reader r = reader_over(in);
    uint64_t v;
    return lenenc_read(&r, &v);
}

static void test_every_integer_is_read_back_and_none_of_its_prefixes(void **state)
{
    (void)state;
    const uint64_t values[] = {0, 1, 250, 251, 255, 65535, 65536, 0xffffff, 0x1000000, UINT64_MAX};
    for (size_t i = 0; i < countof(values); i++) {
        struct bytes in = written(values[i]);
        struct reader r = reader_over(in);
        uint64_t v;
        assert_true(lenenc_read(&r, &v));
        assert_int_equal(r.left, 0);
        assert_true(v == values[i]);
        assert_int_equal(decode_prefixes(in, reads), 0);
    }
}

static void test_null_and_ff_are_no_integers(void **state)
{
    (void)state;
    assert_false(reads(hex("fb00")));
    assert_false(reads(hex("ff00")));
}

static void test_a_text_longer_than_the_rest_moves_nothing(void **state)
{
    (void)state;
    struct reader r = reader_over(hex("04616263"));
    struct bytes text;
    assert_false(lenenc_read_text(&r, &text));
    assert_int_equal(r.left, 4);
    r = reader_over(hex("feffffffffffffffff00"));
    assert_false(lenenc_read_text(&r, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_take_the_shortest_form),
        cmocka_unit_test(test_every_integer_is_read_back_and_none_of_its_prefixes),
        cmocka_unit_test(test_null_and_ff_are_no_integers),
        cmocka_unit_test(test_a_text_longer_than_the_rest_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
