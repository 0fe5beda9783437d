/* SPDX-License-Identifier: Apache-2.0
 * Memory for secrets. */
#include "base/locked_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static void test_memory_is_zeroed_and_can_be_used(void **state)
{
    (void)state;
    bool locked;
    uint8_t *memory = locked_memory_get(5000, &locked);
    assert_non_null(memory);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(memory[i], 0);
    memset(memory, 'x', 5000);
    locked_memory_put(memory, 5000);
    locked_memory_put(NULL, 5000);
}

static void test_a_kernel_that_refuses_to_lock_is_told_of(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    bool locked;
    void *memory = locked_memory_get(100, &locked);
    assert_non_null(memory);
    (void)locked; /* whoever may lock without limit, as root may, gets it locked */
    locked_memory_put(memory, 100);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_can_be_used),
        cmocka_unit_test(test_a_kernel_that_refuses_to_lock_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
