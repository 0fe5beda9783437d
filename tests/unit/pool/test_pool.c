/* SPDX-License-Identifier: Apache-2.0
 * What clients do to a pool. */
#include "pool/pool.h"

#include "pool_fixture.h"

static void test_idle_links_are_lent_the_most_recently_used_first(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *first = lease(&f, &f.a);
    struct pool_seat *second = lease(&f, &f.a);
    pool_give_back(first, f.now);
    pool_give_back(second, f.now);
    assert_ptr_equal(lend(&f, &f.a, NULL), second);
    assert_int_equal(second->state, SEAT_FIRM);
    assert_int_equal(second->worker, 3);
    assert_int_equal(decide(&f), 0);
}

static void test_an_idle_link_with_the_same_tag_is_preferred(void **state)
{
    struct fixture f;
    const char tag = 't';
    (void)state;
    fixture_init(&f);
    struct pool_seat *first = lease(&f, &f.a);
    struct pool_seat *second = lease(&f, &f.a);
    first->tag = &tag;
    pool_give_back(first, f.now);
    pool_give_back(second, f.now);
    assert_ptr_equal(lend(&f, &f.a, &tag), first);
    assert_ptr_equal(lend(&f, &f.a, &tag), second);
}

static void test_only_the_eight_most_recent_are_searched_for_a_tag(void **state)
{
    struct fixture f;
    const char tag = 't';
    struct pool_seat *seats[9];
    struct pool_limits limits = fixture_limits();
    struct pool_server_limits server = fixture_server_limits();
    (void)state;
    fixture_init(&f);
    limits.max_size = server.ceiling = countof(seats);
    pool_configure(&f.a, limits);
    pool_server_configure(&f.server, server);
    for (unsigned i = 0; i < countof(seats); i++)
        seats[i] = lease(&f, &f.a);
    seats[0]->tag = &tag;
    for (unsigned i = 0; i < countof(seats); i++)
        pool_give_back(seats[i], f.now);
    assert_ptr_equal(lend(&f, &f.a, &tag), seats[8]);
    assert_ptr_equal(lend(&f, &f.a, &tag), seats[0]);
}

static void test_nobody_overtakes_a_waiter(void **state)
{
    struct fixture f;
    struct pool_ticket *first, *second;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = attempt(&f, &f.a, &first);
    second = wait_in(&f, &f.a);
    pool_opened(seat, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, first);
    assert_ptr_equal(pool_take(first), seat);
    struct pool_ticket *third = wait_in(&f, &f.a);
    pool_give_back(seat, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, second);
    assert_int_equal(third->state, TICKET_WAITING);
}

static void test_the_queue_is_bounded(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    struct pool_ticket ticket = {.worker = 2};
    struct pool_seat *seat;
    (void)state;
    fixture_init(&f);
    limits.max_waiters = 2;
    pool_configure(&f.a, limits);
    (void)wait_in(&f, &f.a);
    (void)wait_in(&f, &f.a);
    assert_int_equal(pool_checkout(&f.a, &ticket, f.now, &seat), POOL_REFUSE);
    assert_int_equal(ticket.state, TICKET_NONE);
    assert_int_equal(ticket.worker, 2);
    assert_int_equal(f.a.counters.refused_full, 1);
}

static void test_a_soft_lease_is_resumed_without_asking(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = soft_lease(&f, &f.a);
    assert_true(pool_resume(seat, f.now));
    assert_int_equal(seat->state, SEAT_FIRM);
    assert_int_equal(decide(&f), 0);
}

/* All four places are taken: three firm leases and the soft one that is returned. */
static struct pool_seat *fill(struct fixture *f, struct pool_seat *firm[3])
{
    for (unsigned i = 0; i < 3; i++)
        firm[i] = lease(f, &f->a);
    return soft_lease(f, &f->a);
}

static void test_resuming_a_recalled_lease_queues_behind_the_waiter(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = fill(&f, firm);
    struct pool_ticket *waiter = wait_in(&f, &f.a);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, seat);
    assert_false(pool_resume(seat, f.now));
    pool_give_back(seat, f.now);
    struct pool_ticket *owner = wait_in(&f, &f.a);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, waiter);
    assert_int_equal(owner->state, TICKET_WAITING);
}

static void test_a_recalled_lease_is_resumed_when_the_waiter_has_gone(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = fill(&f, firm);
    struct pool_ticket *waiter = wait_in(&f, &f.a);
    decide(&f);
    pool_cancel(waiter, f.now);
    assert_true(pool_resume(seat, f.now));
    assert_int_equal(decide(&f), 0);
    assert_int_equal(f.a.returning, 0);
}

static void test_a_lease_recalled_to_be_closed_is_not_resumed(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = soft_lease(&f, &f.a);
    (void)lease(&f, &f.a);
    limits.max_size = 1;
    pool_configure(&f.a, limits);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, seat);
    assert_false(pool_resume(seat, f.now));
    pool_give_back(seat, f.now);
    assert_int_equal(seat->state, SEAT_DOOMED);
}

static void test_rest_ends_no_more_leases_than_waiters_are_there(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *soft = fill(&f, firm);
    assert_true(pool_resume(soft, f.now));
    struct pool_ticket *waiter = wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 0);
    assert_false(pool_rest(firm[0], f.now));
    assert_int_equal(firm[0]->state, SEAT_FIRM);
    assert_true(pool_rest(firm[1], f.now));
    assert_int_equal(decide(&f), 0);
    pool_give_back(firm[0], f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, waiter);
}

static void test_another_lease_is_recalled_when_one_cannot_be_given_back(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *soft = fill(&f, firm);
    assert_true(pool_rest(firm[0], f.now));
    (void)wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, soft);
    pool_recall_refused(soft, f.now);
    assert_int_equal(soft->state, SEAT_FIRM);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, firm[0]);
    assert_int_equal(f.a.counters.recalls, 2);
    assert_int_equal(f.a.counters.recalls_refused, 1);
    pool_recall_refused(soft, f.now); /* too late to say it again */
    assert_int_equal(f.a.counters.recalls_refused, 1);
}

static void test_an_ended_lease_that_cannot_be_given_back_is_not_counted_on(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    assert_true(pool_resume(fill(&f, firm), f.now));
    (void)wait_in(&f, &f.a);
    assert_false(pool_rest(firm[0], f.now));
    pool_recall_refused(firm[0], f.now);
    assert_false(pool_rest(firm[1], f.now));
    pool_server_check(&f.server);
}

static void test_the_soft_lease_goes_to_the_clients_worker(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = fill(&f, firm);
    struct pool_ticket *ticket = unused_ticket(&f);
    struct pool_seat *none;
    ticket->worker = 9;
    assert_int_equal(pool_checkout(&f.a, ticket, f.now, &none), POOL_WAIT);
    pool_give_back(seat, f.now);
    assert_int_equal(seat->worker, 9);
}

/* A client of this worker has to wait. */
static struct pool_ticket *wait_on(struct fixture *f, unsigned worker)
{
    struct pool_ticket *ticket = unused_ticket(f);
    struct pool_seat *none;
    ticket->worker = worker;
    assert_int_equal(pool_checkout(&f->a, ticket, f->now, &none), POOL_WAIT);
    return ticket;
}

static void test_a_link_goes_to_a_waiter_of_its_own_worker(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = fill(&f, firm);
    struct pool_ticket *other = wait_on(&f, seat->worker + 1);
    struct pool_ticket *own = wait_on(&f, seat->worker);
    (void)wait_on(&f, seat->worker);
    assert_ptr_equal(pool_next_waiter(&f.a, seat->worker, f.now), own);
    assert_ptr_equal(pool_next_waiter(&f.a, seat->worker + 1, f.now), other);
    assert_ptr_equal(pool_next_waiter(&f.a, seat->worker + 2, f.now), other);
    pool_give_back(seat, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, own);
    pool_server_check(&f.server);
}

/* A quarter of the other's wait and 2 ms. */
static void test_nobody_is_passed_over_for_long(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = fill(&f, firm);
    struct pool_ticket *other = wait_on(&f, seat->worker + 1);
    f.now += 12 * MSEC;
    struct pool_ticket *own = wait_on(&f, seat->worker);
    f.now += 40 * MSEC - 1;
    assert_ptr_equal(pool_next_waiter(&f.a, seat->worker, f.now), other);
    assert_ptr_equal(pool_next_waiter(&f.a, seat->worker, f.now + 1), own);
    pool_give_back(seat, f.now);
    assert_ptr_equal(pool_take(other), seat);
    assert_int_equal(seat->worker, other->worker);
    decide(&f);
    pool_server_check(&f.server);
}

static void test_with_one_link_the_oldest_waiter_comes_first(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.max_size = 1;
    pool_configure(&f.a, limits);
    struct pool_seat *seat = lease(&f, &f.a);
    struct pool_ticket *other = wait_on(&f, seat->worker + 1);
    (void)wait_on(&f, seat->worker);
    assert_ptr_equal(pool_next_waiter(&f.a, seat->worker, f.now), other);
}

static void test_cancel_leaves_the_queue(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = fill(&f, firm);
    struct pool_ticket *first = wait_in(&f, &f.a);
    struct pool_ticket *second = wait_in(&f, &f.a);
    pool_cancel(first, f.now);
    assert_int_equal(first->state, TICKET_NONE);
    pool_give_back(seat, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, second);
    pool_cancel(first, f.now); /* NONE: nothing happens */
    assert_int_equal(f.a.counters.cancelled, 1);
}

static void test_cancel_of_a_grant_not_yet_taken_passes_the_link_on(void **state)
{
    struct fixture f;
    struct pool_seat *firm[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = fill(&f, firm);
    struct pool_ticket *first = wait_in(&f, &f.a);
    struct pool_ticket *second = wait_in(&f, &f.a);
    pool_give_back(seat, f.now);
    assert_int_equal(first->state, TICKET_GRANTED);
    pool_cancel(first, f.now); /* its action was not taken */
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, second);
    pool_cancel(second, f.now); /* its action was taken, the message is on its way */
    assert_null(pool_take(second));
    assert_int_equal(seat->state, SEAT_IDLE);
    pool_server_check(&f.server);
}

static void test_a_failed_ticket_can_be_cancelled_or_used_again(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_ticket *first = wait_in(&f, &f.a);
    struct pool_ticket *second = wait_in(&f, &f.a);
    f.now += 1 * SEC;
    pool_sweep(&f.server, f.now);
    pool_cancel(first, f.now);
    assert_int_equal(first->state, TICKET_NONE);
    decide(&f);
    assert_int_equal(decided(&f, POOL_FAIL), 1);
    assert_ptr_equal(the(&f, POOL_FAIL)->ticket, second);
    assert_int_equal(the(&f, POOL_FAIL)->why, POOL_WHY_WAITED_TOO_LONG);
    struct pool_seat *seat;
    assert_int_equal(pool_checkout(&f.b, second, f.now, &seat), POOL_WAIT);
    assert_ptr_equal(second->pool, &f.b);
    pool_server_check(&f.server);
}

static void test_a_seat_is_taken_once(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    f.now += 5 * MSEC;
    pool_opened(seat, f.now);
    assert_ptr_equal(pool_take(ticket), seat); /* before its action: it need not be told any more */
    assert_null(pool_take(ticket));
    assert_int_equal(decide(&f), 0);
    assert_int_equal(f.a.counters.granted_late, 1);
    assert_int_equal(f.a.counters.waited_usec, 5 * MSEC);
}

static void test_time_never_goes_back(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = lease(&f, &f.a);
    pool_give_back(seat, f.now - 500 * MSEC);
    assert_int_equal(seat->since, f.now);
}

static void test_a_pool_may_end_while_room_is_made_for_it(void **state)
{
    struct fixture f;
    struct pool_seat *seats[4];
    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < 4; i++)
        seats[i] = lease(&f, &f.a);
    pool_give_back(seats[0], f.now);
    struct pool_ticket *waiter = wait_in(&f, &f.b);
    decide(&f);
    assert_int_equal(f.b.promised, 1);
    pool_cancel(waiter, f.now);
    pool_fini(&f.b);
    pool_server_check(&f.server);
    pool_closed(seats[0], f.now);
    assert_int_equal(f.server.links, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_links_are_lent_the_most_recently_used_first),
        cmocka_unit_test(test_an_idle_link_with_the_same_tag_is_preferred),
        cmocka_unit_test(test_only_the_eight_most_recent_are_searched_for_a_tag),
        cmocka_unit_test(test_nobody_overtakes_a_waiter),
        cmocka_unit_test(test_the_queue_is_bounded),
        cmocka_unit_test(test_a_soft_lease_is_resumed_without_asking),
        cmocka_unit_test(test_resuming_a_recalled_lease_queues_behind_the_waiter),
        cmocka_unit_test(test_a_recalled_lease_is_resumed_when_the_waiter_has_gone),
        cmocka_unit_test(test_a_lease_recalled_to_be_closed_is_not_resumed),
        cmocka_unit_test(test_rest_ends_no_more_leases_than_waiters_are_there),
        cmocka_unit_test(test_another_lease_is_recalled_when_one_cannot_be_given_back),
        cmocka_unit_test(test_an_ended_lease_that_cannot_be_given_back_is_not_counted_on),
        cmocka_unit_test(test_the_soft_lease_goes_to_the_clients_worker),
        cmocka_unit_test(test_a_link_goes_to_a_waiter_of_its_own_worker),
        cmocka_unit_test(test_nobody_is_passed_over_for_long),
        cmocka_unit_test(test_with_one_link_the_oldest_waiter_comes_first),
        cmocka_unit_test(test_cancel_leaves_the_queue),
        cmocka_unit_test(test_cancel_of_a_grant_not_yet_taken_passes_the_link_on),
        cmocka_unit_test(test_a_failed_ticket_can_be_cancelled_or_used_again),
        cmocka_unit_test(test_a_seat_is_taken_once),
        cmocka_unit_test(test_time_never_goes_back),
        cmocka_unit_test(test_a_pool_may_end_while_room_is_made_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
