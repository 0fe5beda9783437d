/* SPDX-License-Identifier: Apache-2.0
 * Slabs give memory again that was given back, and count right. */
#include "base/slab.h"

#include "base/poison.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_an_object_comes_back_zeroed(void **state)
{
    (void)state;
    struct slab s;
    slab_init(&s, "test", 100, 4);
    char *a = slab_get(&s);
    assert_non_null(a);
    memset(a, 'x', 100);
    slab_put(&s, a);
    char *b = slab_get(&s);
    assert_ptr_equal(a, b);
    for (int i = 0; i < 100; i++)
        assert_int_equal(b[i], 0);
    slab_put(&s, b);
    slab_close(&s);
}

static void test_counts_follow_and_the_surplus_goes_back(void **state)
{
    (void)state;
    struct slab s;
    void *objects[10];
    slab_init(&s, "test", 1, 3);
    for (int i = 0; i < 10; i++)
        objects[i] = slab_get_raw(&s);
    assert_int_equal(s.used_count, 10);
    assert_int_equal(s.free_count, 0);
    for (int i = 0; i < 10; i++)
        slab_put(&s, objects[i]);
    assert_int_equal(s.used_count, 0);
    assert_int_equal(s.free_count, 3);
    slab_close(&s);
    assert_int_equal(s.free_count, 0);
}

static void test_free_objects_are_poisoned(void **state)
{
    (void)state;
#ifdef WEIR_ASAN
    struct slab s;
    slab_init(&s, "test", 64, 3);
    char *a = slab_get(&s);
    assert_int_equal(__asan_address_is_poisoned(a), 0);
    slab_put(&s, a);
    assert_int_equal(__asan_address_is_poisoned(a), 1);
    assert_int_equal(__asan_address_is_poisoned(a + 63), 1);
    char *b = slab_get_raw(&s);
    assert_int_equal(__asan_address_is_poisoned(b + 63), 0);
    slab_put(&s, b);
    slab_close(&s);
#else
    print_message("only AddressSanitizer builds poison\n");
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_object_comes_back_zeroed),
        cmocka_unit_test(test_counts_follow_and_the_surplus_goes_back),
        cmocka_unit_test(test_free_objects_are_poisoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
