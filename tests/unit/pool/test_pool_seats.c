/* SPDX-License-Identifier: Apache-2.0
 * Seats and tickets change state. */
#include "pool_fixture.h"

#include <string.h>

static void test_a_closed_seat_is_zeroed_and_can_be_used_again(void **state)
{
    struct fixture f;
    const struct pool_seat zero = {0};
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = soft_lease(&f, &f.a);
    pool_closed(seat, f.now);
    assert_memory_equal(seat, &zero, sizeof zero);
    assert_int_equal(f.server.links, 0);
    assert_int_equal(f.a.counters.opened, 1);
    assert_int_equal(f.a.counters.closed, 1);
    assert_ptr_equal(lease(&f, &f.b), seat);
}

static void test_an_order_that_was_not_taken_is_forgotten_with_its_reason(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = soft_lease(&f, &f.a);
    limits.idle_timeout = 10 * MSEC;
    pool_configure(&f.a, limits);
    f.now += 10 * MSEC;
    pool_sweep(&f.server, f.now);
    assert_int_equal(seat->state, SEAT_RECALLED);
    assert_true(pool_resume(seat, f.now));
    assert_int_equal(seat->why, POOL_WHY_NONE);
    assert_int_equal(decide(&f), 0);
}

static void test_lifetimes_end_up_to_a_tenth_early(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    usec_t earliest = UINT64_MAX;
    usec_t latest = 0;
    (void)state;
    fixture_init(&f);
    limits.lifetime = 100 * SEC;
    pool_configure(&f.a, limits);
    for (unsigned i = 0; i < 100; i++) {
        struct pool_seat *seat = lease(&f, &f.a);
        usec_t lifetime = seat->expires - seat->born;
        earliest = lifetime < earliest ? lifetime : earliest;
        latest = lifetime > latest ? lifetime : latest;
        pool_closed(seat, f.now);
    }
    assert_in_range(earliest, 90 * SEC, 92 * SEC);
    assert_in_range(latest, 98 * SEC, 100 * SEC);
}

static void test_an_old_link_is_closed_even_when_somebody_waits(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.lifetime = 10 * SEC;
    limits.max_size = 1;
    pool_configure(&f.a, limits);
    struct pool_seat *seat = lease(&f, &f.a);
    f.now += 10 * SEC;
    (void)wait_in(&f, &f.a);
    assert_false(pool_rest(seat, f.now));
    pool_give_back(seat, f.now);
    assert_int_equal(decide(&f), 1);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_OLD);
    pool_closed(seat, f.now);
    assert_int_equal(decide(&f), 1);
    assert_int_equal(f.actions[0].kind, POOL_OPEN);
}

static void test_when_a_granted_link_ends_its_ticket_waits_at_its_old_place(void **state)
{
    struct fixture f;
    struct pool_seat *seats[4];
    struct pool_ticket *tickets[4];
    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < 4; i++)
        seats[i] = lease(&f, &f.a);
    for (unsigned i = 0; i < 4; i++)
        tickets[i] = wait_in(&f, &f.a);
    for (unsigned i = 0; i < 3; i++)
        pool_give_back(seats[i], f.now);
    decide(&f);
    assert_int_equal(decided(&f, POOL_GRANT), 3);
    pool_closed(seats[1], f.now);
    pool_closed(seats[0], f.now);
    pool_closed(seats[2], f.now);
    assert_null(pool_take(tickets[1]));
    decide(&f);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(tickets[i]->state, TICKET_WAITING);
        assert_ptr_equal(pool_oldest_waiter(&f.a), tickets[i]);
        pool_give_back(seats[3], f.now);
        decide(&f);
        assert_ptr_equal(the(&f, POOL_GRANT)->ticket, tickets[i]);
        assert_ptr_equal(pool_take(tickets[i]), seats[3]);
    }
}

static void test_when_a_granted_link_ends_an_idle_one_takes_its_place(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    struct pool_seat *other = lease(&f, &f.a);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    pool_opened(seat, f.now);
    pool_give_back(other, f.now);
    assert_int_equal(other->state, SEAT_IDLE);
    pool_closed(seat, f.now); /* before its action was taken */
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_GRANT)->seat, other);
    assert_ptr_equal(pool_take(ticket), other);
}

static void test_a_link_opened_for_a_waiter_that_has_gone_becomes_idle(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    pool_cancel(ticket, f.now);
    pool_opened(seat, f.now);
    assert_int_equal(seat->state, SEAT_IDLE);
    assert_int_equal(decide(&f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_closed_seat_is_zeroed_and_can_be_used_again),
        cmocka_unit_test(test_an_order_that_was_not_taken_is_forgotten_with_its_reason),
        cmocka_unit_test(test_lifetimes_end_up_to_a_tenth_early),
        cmocka_unit_test(test_an_old_link_is_closed_even_when_somebody_waits),
        cmocka_unit_test(test_when_a_granted_link_ends_its_ticket_waits_at_its_old_place),
        cmocka_unit_test(test_when_a_granted_link_ends_an_idle_one_takes_its_place),
        cmocka_unit_test(test_a_link_opened_for_a_waiter_that_has_gone_becomes_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
