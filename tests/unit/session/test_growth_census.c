/* SPDX-License-Identifier: Apache-2.0
 * Connections are counted by who opened them. */
#include "session/growth_census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct growth_limits limits = {{10, 100, 1000}, {15, 150, 1500}};

static struct growth_key key_of(const char *host, unsigned pid)
{
    struct growth_key key = {.user = "app", .program = "shop"};
    snprintf(key.host, sizeof key.host, "%s", host);
    if (pid != 0)
        snprintf(key.pid, sizeof key.pid, "%u", pid);
    return key;
}

static void add(struct growth_census *c, const char *host, unsigned pid, usec_t idle)
{
    struct growth_key key = key_of(host, pid);
    growth_census_add(c, &key, idle);
}

static const struct growth_count *find(const struct growth_census *c, const char *host,
                                       unsigned pid)
{
    struct growth_key key = key_of(host, pid);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->counts[i].key.host, key.host) == 0 &&
            strcmp(c->counts[i].key.pid, key.pid) == 0)
            return &c->counts[i];
    fail_msg("no group of %s, %u", host, pid);
    return NULL;
}

static void test_each_process_counts_and_all_of_them(void **state)
{
    struct growth_census c = {0};
    (void)state;
    growth_census_begin(&c, &limits);
    add(&c, "a", 1, 0);
    add(&c, "a", 1, 12);
    add(&c, "a", 2, 200);
    add(&c, "b", 0, 15);
    assert_int_equal(c.count, 4);
    assert_int_equal(find(&c, "a", 1)->open, 2);
    assert_int_equal(find(&c, "a", 1)->silent[0], 1);
    assert_int_equal(find(&c, "a", 1)->remained[0], 0);
    assert_int_equal(find(&c, "a", 0)->open, 3);
    assert_int_equal(find(&c, "a", 0)->silent[0], 2);
    assert_int_equal(find(&c, "a", 0)->silent[1], 1);
    assert_int_equal(find(&c, "a", 0)->remained[1], 1);
    assert_int_equal(find(&c, "a", 0)->silent[2], 0);
    assert_int_equal(find(&c, "b", 0)->remained[0], 1);
    growth_census_fini(&c);
}

static void test_what_two_have_counted_is_added(void **state)
{
    struct growth_census c = {0}, d = {0};
    (void)state;
    growth_census_begin(&c, &limits);
    growth_census_begin(&d, &limits);
    add(&c, "a", 1, 20);
    add(&d, "a", 1, 5);
    add(&d, "b", 1, 20);
    growth_census_join(&c, &d);
    assert_int_equal(find(&c, "a", 1)->open, 2);
    assert_int_equal(find(&c, "a", 1)->remained[0], 1);
    assert_int_equal(find(&c, "b", 0)->silent[0], 1);
    growth_census_begin(&c, &limits);
    assert_int_equal(c.count, 0);
    add(&c, "a", 1, 0);
    assert_int_equal(find(&c, "a", 1)->open, 1);
    growth_census_fini(&c);
    growth_census_fini(&d);
}

static void test_processes_leave_room_for_the_others(void **state)
{
    struct growth_census c = {0};
    (void)state;
    growth_census_begin(&c, &limits);
    for (unsigned pid = 1; pid <= GROWTH_GROUPS_MAX; pid++)
        add(&c, "a", pid, 0);
    assert_int_equal(c.count, GROWTH_GROUPS_MAX / 4 * 3 + 1);
    assert_int_equal(find(&c, "a", 0)->open, GROWTH_GROUPS_MAX);
    for (unsigned host = 0; host < GROWTH_GROUPS_MAX; host++) {
        char name[16];
        snprintf(name, sizeof name, "h%u", host);
        add(&c, name, 0, 0);
    }
    assert_int_equal(c.count, GROWTH_GROUPS_MAX);
    growth_census_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_process_counts_and_all_of_them),
        cmocka_unit_test(test_what_two_have_counted_is_added),
        cmocka_unit_test(test_processes_leave_room_for_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
