/* SPDX-License-Identifier: Apache-2.0
 * The clocks go forward and count microseconds. */
#include "base/clock.h"

#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_monotonic_time_goes_forward(void **state)
{
    (void)state;
    usec_t a = clock_now();
    struct timespec nap = {.tv_nsec = 2000000};
    (void)nanosleep(&nap, NULL);
    usec_t b = clock_now();
    assert_true(a > 0);
    assert_true(b - a >= 2000);
}

static void test_wall_time_agrees_with_the_system(void **state)
{
    (void)state;
    time_t before = time(NULL);
    usec_t wall = clock_wall();
    assert_true(wall / USEC_PER_SEC + 1 >= (usec_t)before);
    assert_true(wall / USEC_PER_SEC <= (usec_t)before + 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotonic_time_goes_forward),
        cmocka_unit_test(test_wall_time_agrees_with_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
