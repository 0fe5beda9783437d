/* SPDX-License-Identifier: Apache-2.0
 * Randomness that differs where it must and repeats where it must. */
#include "base/random.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_bytes_of_the_kernel_differ_each_time(void **state)
{
    (void)state;
    uint8_t a[300] = {0};
    uint8_t b[300] = {0};
    random_bytes(a, 299);
    random_bytes(b, 299);
    assert_memory_not_equal(a, b, 299);
    assert_int_equal(a[299], 0);
    assert_memory_not_equal(a + 280, (uint8_t[19]){0}, 19);
}

static void test_a_seed_repeats_its_sequence_within_the_limit(void **state)
{
    (void)state;
    uint64_t one = 5;
    uint64_t two = 5;
    uint64_t seen = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t v = random_below(&one, 10);
        assert_true(v < 10);
        assert_true(v == random_below(&two, 10));
        seen |= UINT64_C(1) << v;
    }
    assert_int_equal(seen, 1023);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_of_the_kernel_differ_each_time),
        cmocka_unit_test(test_a_seed_repeats_its_sequence_within_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
