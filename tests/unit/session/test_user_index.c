/* SPDX-License-Identifier: Apache-2.0
 * Many users, found by name; their order; those that leave. */
#include "session/user_index.h"

#include "session/user_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT 10000

static struct user users[COUNT];
static char names[COUNT][16];

static void fill(struct user_index *x)
{
    *x = (struct user_index){0};
    for (unsigned i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "user%u", i);
        users[i] = (struct user){.name = names[i]};
        user_index_add(x, &users[i]);
    }
}

static void test_everybody_is_found_by_name(void **state)
{
    (void)state;
    struct user_index x;
    fill(&x);
    for (unsigned i = 0; i < COUNT; i++)
        assert_ptr_equal(user_index_find(&x, bytes_of_text(names[i])), &users[i]);
    assert_null(user_index_find(&x, bytes_of_text("user")));
    assert_null(user_index_find(&x, bytes_of_text("user10000")));
    assert_null(user_index_find(&x, bytes_of_text("")));
    user_index_fini(&x);
}

static void test_they_keep_their_order_when_some_leave(void **state)
{
    (void)state;
    struct user_index x;
    fill(&x);
    for (unsigned i = 0; i < COUNT; i += 2)
        user_index_remove(&x, &users[i]);
    unsigned at = 1;
    for (const struct user *u = x.first; u != NULL; u = u->next, at += 2)
        assert_ptr_equal(u, &users[at]);
    assert_int_equal(at, COUNT + 1);
    assert_null(user_index_find(&x, bytes_of_text("user4")));
    user_index_add(&x, &users[4]);
    assert_ptr_equal(x.last, &users[4]);
    assert_ptr_equal(users[4].previous, &users[COUNT - 1]);
    assert_ptr_equal(user_index_find(&x, bytes_of_text("user4")), &users[4]);
    for (struct user *u = x.first; u != NULL; u = x.first)
        user_index_remove(&x, u);
    assert_null(x.last);
    assert_null(user_index_find(&x, bytes_of_text("user4")));
    user_index_fini(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everybody_is_found_by_name),
        cmocka_unit_test(test_they_keep_their_order_when_some_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
