/* SPDX-License-Identifier: Apache-2.0
 * Quantiles are at most a quarter too high, and never too low. */
#include "stats/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_one_value(void **state)
{
    (void)state;
    for (usec_t t = 0; t < UINT64_C(40) * 86400 * USEC_PER_SEC; t = t * 9 / 8 + 1) {
        struct histogram h = {{0}};
        histogram_add(&h, t);
        usec_t q = histogram_quantile(&h, 500);
        assert_true(q >= t || t > UINT64_C(5) * 86400 * USEC_PER_SEC);
        assert_true(q <= t + t / 4);
        assert_int_equal(histogram_quantile(&h, 0), q);
        assert_int_equal(histogram_quantile(&h, 1000), q);
    }
}

static void test_many_values(void **state)
{
    (void)state;
    struct histogram a = {{0}};
    struct histogram b = {{0}};
    assert_int_equal(histogram_quantile(&a, 500), 0);
    for (usec_t t = 1; t <= 1000; t++)
        histogram_add(t % 2 == 0 ? &a : &b, t * 1000);
    histogram_merge(&a, &b);
    assert_in_range(histogram_quantile(&a, 500), 500000, 625000);
    assert_in_range(histogram_quantile(&a, 950), 950000, 1187500);
    assert_in_range(histogram_quantile(&a, 999), 999000, 1250000);
    assert_in_range(histogram_quantile(&a, 1), 1000, 1250);
}

static void test_full_buckets_stay_full(void **state)
{
    (void)state;
    struct histogram a = {{0}};
    a.buckets[5] = UINT32_MAX;
    histogram_add(&a, 5);
    assert_int_equal(a.buckets[5], UINT32_MAX);
    histogram_merge(&a, &a);
    assert_int_equal(a.buckets[5], UINT32_MAX);
    assert_int_equal(histogram_quantile(&a, 500), 5);
    histogram_add(&a, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_value),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_full_buckets_stay_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
