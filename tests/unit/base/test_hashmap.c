/* SPDX-License-Identifier: Apache-2.0
 * The map must behave like an array indexed by key, whatever comes and goes. */
#include "base/hashmap.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int values[4096];

static void test_an_empty_map_has_nothing(void **state)
{
    (void)state;
    struct hashmap_u64 m;
    hashmap_u64_init(&m);
    size_t cursor = 0;
    assert_null(hashmap_u64_get(&m, 0));
    assert_null(hashmap_u64_remove(&m, 7));
    assert_null(hashmap_u64_next(&m, &cursor, NULL));
    assert_int_equal(hashmap_u64_count(&m), 0);
    hashmap_u64_fini(&m);
}

static void test_put_replaces_what_is_there(void **state)
{
    (void)state;
    struct hashmap_u64 m;
    hashmap_u64_init(&m);
    assert_true(hashmap_u64_put(&m, UINT64_MAX, &values[0]));
    assert_true(hashmap_u64_put(&m, 0, &values[1]));
    assert_true(hashmap_u64_put(&m, UINT64_MAX, &values[2]));
    assert_int_equal(hashmap_u64_count(&m), 2);
    assert_ptr_equal(hashmap_u64_get(&m, UINT64_MAX), &values[2]);
    assert_ptr_equal(hashmap_u64_get(&m, 0), &values[1]);
    assert_ptr_equal(hashmap_u64_remove(&m, 0), &values[1]);
    assert_null(hashmap_u64_get(&m, 0));
    hashmap_u64_fini(&m);
    assert_int_equal(hashmap_u64_count(&m), 0);
}

static void assert_same(const struct hashmap_u64 *m, const bool *there, size_t n, uint64_t stride)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += there[i];
        assert_ptr_equal(hashmap_u64_get(m, i * stride), there[i] ? &values[i] : NULL);
    }
    assert_int_equal(hashmap_u64_count(m), count);
}

/* Random puts and removes against a plain array. A stride of 2^32 and more makes keys that differ
 * in their high bits only. */
static void churn(uint64_t stride)
{
    static bool there[300];
    struct hashmap_u64 m;
    hashmap_u64_init(&m);
    for (size_t i = 0; i < 300; i++)
        there[i] = false;
    uint64_t seed = 42 + stride;
    for (int step = 0; step < 20000; step++) {
        size_t i = random_below(&seed, 300);
        if (random_below(&seed, 2) == 0) {
            assert_true(hashmap_u64_put(&m, i * stride, &values[i]));
            there[i] = true;
        } else {
            assert_ptr_equal(hashmap_u64_remove(&m, i * stride), there[i] ? &values[i] : NULL);
            there[i] = false;
        }
        if (step % 500 == 0)
            assert_same(&m, there, 300, stride);
    }
    assert_same(&m, there, 300, stride);
    hashmap_u64_fini(&m);
}

static void test_random_changes_agree_with_an_array(void **state)
{
    (void)state;
    churn(1);
    churn(UINT64_C(1) << 32);
    churn(UINT64_C(0x100000001));
}

static void test_iteration_visits_each_entry_once(void **state)
{
    (void)state;
    static int seen[4096];
    struct hashmap_u64 m;
    hashmap_u64_init(&m);
    for (uint64_t i = 0; i < 4096; i++)
        assert_true(hashmap_u64_put(&m, i + 1000000, &values[i]));
    size_t cursor = 0;
    uint64_t key;
    void *value;
    while ((value = hashmap_u64_next(&m, &cursor, &key)) != NULL) {
        assert_ptr_equal(value, &values[key - 1000000]);
        seen[key - 1000000]++;
    }
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(seen[i], 1);
    hashmap_u64_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_map_has_nothing),
        cmocka_unit_test(test_put_replaces_what_is_there),
        cmocka_unit_test(test_random_changes_agree_with_an_array),
        cmocka_unit_test(test_iteration_visits_each_entry_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
