/* SPDX-License-Identifier: Apache-2.0
 * A writer never writes past the end, and remembers that it wanted to. */
#include "base/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_values_are_little_endian(void **state)
{
    (void)state;
    uint8_t memory[16];
    struct writer w = writer_over(memory, sizeof memory);
    writer_u8(&w, 1);
    writer_uint(&w, 3, 0x040302);
    writer_text(&w, "ab");
    writer_zeros(&w, 2);
    writer_view(&w, bytes_of(NULL, 0));
    assert_false(w.overflow);
    assert_true(bytes_equal(writer_written(&w), bytes_of("\1\2\3\4ab\0\0", 8)));
}

static void test_overflow_sticks_and_writes_nothing(void **state)
{
    (void)state;
    uint8_t memory[5] = {9, 9, 9, 9, 9};
    struct writer w = writer_over(memory, 4);
    writer_u8(&w, 1);
    writer_text(&w, "four");
    assert_true(w.overflow);
    writer_u8(&w, 2);
    assert_true(w.overflow);
    assert_memory_equal(memory, ((uint8_t[]){1, 9, 9, 9, 9}), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_little_endian),
        cmocka_unit_test(test_overflow_sticks_and_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
