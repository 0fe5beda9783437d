/* SPDX-License-Identifier: Apache-2.0
 * What is decided between events: openings, recalls, room, warm links, lowered limits. */
#include "pool_fixture.h"

static void test_each_waiter_has_a_link_opened_up_to_the_limits(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.max_size = 3;
    pool_configure(&f.a, limits);
    (void)wait_in(&f, &f.a);
    (void)wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 2);
    assert_int_equal(decide(&f), 0);
    (void)wait_in(&f, &f.a);
    (void)wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 1); /* max_size */
    (void)wait_in(&f, &f.b);
    (void)wait_in(&f, &f.b);
    assert_int_equal(decide(&f), 1); /* the ceiling, reservations included */
    assert_ptr_equal(the(&f, POOL_OPEN)->pool, &f.b);
    assert_int_equal(f.server.links, 4);
}

static void test_attempts_under_way_are_bounded(void **state)
{
    struct fixture f;
    struct pool_server_limits limits = fixture_server_limits();
    struct pool_seat *seat;
    (void)state;
    fixture_init(&f);
    limits.max_opening = 1;
    pool_server_configure(&f.server, limits);
    (void)wait_in(&f, &f.a);
    (void)wait_in(&f, &f.b);
    assert_int_equal(decide(&f), 1);
    seat = unused_seat(&f);
    pool_attach(&f.a, seat, 0, f.now);
    assert_int_equal(decide(&f), 0);
    pool_opened(seat, f.now);
    assert_int_equal(decide(&f), 2); /* the GRANT, and the next OPEN */
}

static void test_the_last_place_goes_to_the_pool_that_waits_longest(void **state)
{
    struct fixture f;
    struct pool_server_limits limits = fixture_server_limits();
    (void)state;
    fixture_init(&f);
    limits.ceiling = 1;
    pool_server_configure(&f.server, limits);
    (void)wait_in(&f, &f.b);
    f.now += 1 * MSEC;
    (void)wait_in(&f, &f.a);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    assert_ptr_equal(the(&f, POOL_OPEN)->pool, &f.b);
}

static void test_a_soft_lease_that_has_lasted_is_taken_before_the_pool_grows(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.steal_after = 5 * MSEC;
    pool_configure(&f.a, limits);
    struct pool_seat *seat = soft_lease(&f, &f.a);
    f.now += 4 * MSEC;
    (void)wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 1);
    assert_int_equal(f.actions[0].kind, POOL_OPEN);
    f.now += 1 * MSEC;
    (void)wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, seat);
}

static void test_opening_is_preferred_to_recalling(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.max_size = 3;
    pool_configure(&f.a, limits);
    struct pool_seat *oldest = soft_lease(&f, &f.a);
    (void)soft_lease(&f, &f.a);
    (void)wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 1);
    assert_int_equal(f.actions[0].kind, POOL_OPEN);
    (void)wait_in(&f, &f.a); /* the pool is as large as it may be */
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, oldest);
    assert_int_equal(the(&f, POOL_RECALL)->why, POOL_WHY_NONE);
    assert_int_equal(decide(&f), 0);
}

static void test_a_late_waiter_does_not_rely_on_a_slow_attempt(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *soft = soft_lease(&f, &f.a);
    (void)wait_in(&f, &f.a);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    assert_int_equal(pool_next_deadline(&f.server), f.now + 20 * MSEC);
    f.now += 20 * MSEC;
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, soft);
}

static void test_a_late_waiter_does_not_rely_on_a_slow_return(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.max_size = 1;
    pool_configure(&f.a, limits);
    struct pool_seat *seat = lease(&f, &f.a);
    (void)wait_in(&f, &f.a);
    assert_false(pool_rest(seat, f.now));
    pool_configure(&f.a, fixture_limits());
    assert_int_equal(decide(&f), 0);
    f.now += 20 * MSEC;
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_OPEN)->pool, &f.a);
}

static void test_room_is_made_by_the_longest_idle_link_of_another_pool(void **state)
{
    struct fixture f;
    struct pool_seat *seats[4];
    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < 4; i++)
        seats[i] = lease(&f, &f.a);
    assert_true(pool_rest(seats[0], f.now));
    pool_give_back(seats[1], ++f.now);
    pool_give_back(seats[2], ++f.now);
    (void)wait_in(&f, &f.b);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, seats[1]);
    (void)wait_in(&f, &f.b);
    (void)wait_in(&f, &f.b);
    (void)wait_in(&f, &f.b);
    assert_int_equal(decide(&f), 2);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, seats[2]);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, seats[0]); /* nothing is idle any more */
    assert_int_equal(the(&f, POOL_RECALL)->why, POOL_WHY_ROOM);
    pool_give_back(seats[0], f.now);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, seats[0]);
}

static void test_links_are_kept_warm_when_nobody_waits(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.size = 3;
    pool_configure(&f.a, limits);
    pool_configure(&f.b, limits);
    assert_int_equal(decide(&f), 4); /* the ceiling */
    assert_int_equal(decided(&f, POOL_OPEN), 4);
    assert_int_equal(decide(&f), 0);
}

static void test_a_lowered_ceiling_closes_idle_links_then_takes_soft_ones(void **state)
{
    struct fixture f;
    struct pool_server_limits limits = fixture_server_limits();
    (void)state;
    fixture_init(&f);
    struct pool_seat *firm = lease(&f, &f.a);
    struct pool_seat *other = lease(&f, &f.b);
    struct pool_seat *soft = soft_lease(&f, &f.a);
    struct pool_seat *idle = idle_link(&f, &f.b);
    limits.ceiling = 1;
    pool_server_configure(&f.server, limits);
    assert_int_equal(decide(&f), 2);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, idle);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_SHRUNK);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, soft);
    pool_give_back(soft, f.now);
    assert_int_equal(soft->state, SEAT_DOOMED);
    assert_false(pool_rest(firm, f.now));
    pool_give_back(firm, f.now);
    assert_int_equal(firm->state, SEAT_DOOMED);
    assert_true(pool_rest(other, f.now)); /* it fits */
    decide(&f);
}

static void test_a_lowered_max_size_closes_links_of_its_pool(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    struct pool_seat *soft = soft_lease(&f, &f.a);
    (void)soft_lease(&f, &f.a);
    (void)idle_link(&f, &f.a);
    (void)soft_lease(&f, &f.b);
    limits.max_size = 1;
    pool_configure(&f.a, limits);
    assert_int_equal(decide(&f), 2);
    assert_int_equal(decided(&f, POOL_CLOSE), 1);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, soft);
}

static void test_a_place_is_free_only_when_the_closing_is_confirmed(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *idle = idle_link(&f, &f.a);
    for (unsigned i = 0; i < 3; i++)
        (void)lease(&f, &f.b);
    (void)wait_in(&f, &f.b);
    decide(&f);
    assert_int_equal(decided(&f, POOL_CLOSE), 1);
    assert_int_equal(f.server.links, 4);
    assert_int_equal(decide(&f), 0);
    pool_closed(idle, f.now);
    assert_int_equal(decide(&f), 1);
    assert_int_equal(f.server.links, 4);
}

static void test_a_soft_lease_of_the_waiters_worker_is_recalled(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.max_size = 2;
    pool_configure(&f.a, limits);
    struct pool_seat *oldest = soft_lease(&f, &f.a);
    f.now += 1 * MSEC;
    struct pool_seat *firm = lease(&f, &f.a);
    firm->worker = 5;
    assert_true(pool_rest(firm, f.now));
    limits.steal_after = 1;
    pool_configure(&f.a, limits);
    struct pool_ticket *ticket = unused_ticket(&f);
    struct pool_seat *none;
    ticket->worker = 5;
    f.now += 1 * MSEC;
    assert_int_equal(pool_checkout(&f.a, ticket, f.now, &none), POOL_WAIT);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, firm);
    ticket = unused_ticket(&f);
    ticket->worker = 6;
    assert_int_equal(pool_checkout(&f.a, ticket, f.now, &none), POOL_WAIT);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, oldest);
    pool_server_check(&f.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_waiter_has_a_link_opened_up_to_the_limits),
        cmocka_unit_test(test_a_soft_lease_of_the_waiters_worker_is_recalled),
        cmocka_unit_test(test_attempts_under_way_are_bounded),
        cmocka_unit_test(test_the_last_place_goes_to_the_pool_that_waits_longest),
        cmocka_unit_test(test_a_soft_lease_that_has_lasted_is_taken_before_the_pool_grows),
        cmocka_unit_test(test_opening_is_preferred_to_recalling),
        cmocka_unit_test(test_a_late_waiter_does_not_rely_on_a_slow_attempt),
        cmocka_unit_test(test_a_late_waiter_does_not_rely_on_a_slow_return),
        cmocka_unit_test(test_room_is_made_by_the_longest_idle_link_of_another_pool),
        cmocka_unit_test(test_links_are_kept_warm_when_nobody_waits),
        cmocka_unit_test(test_a_lowered_ceiling_closes_idle_links_then_takes_soft_ones),
        cmocka_unit_test(test_a_lowered_max_size_closes_links_of_its_pool),
        cmocka_unit_test(test_a_place_is_free_only_when_the_closing_is_confirmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
