/* SPDX-License-Identifier: Apache-2.0
 * Order, length and removal while walking. */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    int value;
    struct list_node node;
};

static int value_of(struct list_node *n)
{
    return n != NULL ? container_of(n, struct item, node)->value : -1;
}

static void test_both_ends_keep_the_order(void **state)
{
    (void)state;
    struct list l;
    struct item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
    list_init(&l);
    assert_null(list_first(&l));
    assert_null(list_pop_front(&l));
    list_push_back(&l, &items[1].node);
    list_push_back(&l, &items[2].node);
    list_push_front(&l, &items[0].node);
    assert_int_equal(l.count, 3);
    assert_int_equal(value_of(list_first(&l)), 1);
    assert_int_equal(value_of(list_last(&l)), 3);
    assert_int_equal(value_of(list_next(&l, &items[0].node)), 2);
    assert_null(list_next(&l, &items[2].node));
    for (int i = 1; i <= 3; i++)
        assert_int_equal(value_of(list_pop_front(&l)), i);
    assert_true(list_empty(&l));
    assert_false(list_node_linked(&items[0].node));
}

static void test_walking_allows_removing_the_node_in_hand(void **state)
{
    (void)state;
    struct list l;
    struct item items[6] = {0};
    list_init(&l);
    for (int i = 0; i < 6; i++) {
        items[i].value = i;
        list_push_back(&l, &items[i].node);
    }
    int sum = 0;
    list_for_each (&l, n) {
        sum += value_of(n);
        if (value_of(n) % 2 == 0)
            list_remove(&l, n);
    }
    assert_int_equal(sum, 15);
    assert_int_equal(l.count, 3);
    assert_int_equal(value_of(list_first(&l)), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ends_keep_the_order),
        cmocka_unit_test(test_walking_allows_removing_the_node_in_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
