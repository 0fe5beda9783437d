/* SPDX-License-Identifier: Apache-2.0
 * What links teach a pool about its server: pauses, observed limits, claims. */
#include "pool_fixture.h"

/* The end of a pause of `pause` that began now lies within a fifth of it. */
#define assert_pause(f, retry_at, pause)                                                           \
    assert_in_range((retry_at) - (f)->now, (pause) - (pause) / 5, (pause) + (pause) / 5)

static void test_a_server_that_is_down_is_tried_with_growing_pauses(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    usec_t pause = 100 * MSEC;
    struct pool_limits patient = fixture_limits();
    (void)state;
    fixture_init(&f);
    patient.wait_timeout = 3600 * SEC;
    pool_configure(&f.a, patient);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    (void)wait_in(&f, &f.a);
    for (unsigned i = 0; i < 6; i++) {
        pool_open_failed(&f.a, seat, POOL_SERVER_DOWN, f.now);
        assert_int_equal(seat->state, SEAT_CLOSED);
        assert_pause(&f, f.server.down_retry_at, pause);
        assert_int_equal(decide(&f), 0);
        assert_int_equal(pool_next_deadline(&f.server), f.server.down_retry_at);
        f.now = f.server.down_retry_at;
        decide(&f);
        assert_int_equal(decided(&f, POOL_OPEN), 1); /* one probe for two waiters */
        pool_attach(&f.a, seat, 0, f.now);
        pause = pause * 2 < 1 * SEC ? pause * 2 : 1 * SEC;
    }
    pool_opened(seat, f.now);
    assert_int_equal(f.server.down_retry_at, 0);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, ticket);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
}

static void test_attempts_that_fail_together_make_one_pause(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    struct pool_seat *first = attempt(&f, &f.a, &ticket);
    struct pool_seat *second = attempt(&f, &f.a, &ticket);
    pool_open_failed(&f.a, first, POOL_SERVER_DOWN, f.now);
    usec_t retry_at = f.server.down_retry_at;
    f.now += 10 * MSEC;
    pool_open_failed(&f.a, second, POOL_SERVER_DOWN, f.now);
    assert_int_equal(f.server.down_retry_at, retry_at);
    assert_int_equal(f.server.down_pause, 100 * MSEC);
    assert_int_equal(f.a.counters.open_failures, 2);
}

static void test_an_attempt_may_fail_before_it_begins(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    (void)wait_in(&f, &f.a);
    decide(&f);
    assert_int_equal(f.server.links, 1);
    pool_open_failed(&f.a, NULL, POOL_NO_RESOURCES, f.now);
    assert_int_equal(f.server.links, 0);
    assert_int_equal(decide(&f), 0);
    assert_pause(&f, f.server.down_retry_at, 100 * MSEC);
}

static void test_a_full_server_lowers_the_ceiling_to_what_is_open(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    (void)lease(&f, &f.a);
    (void)lease(&f, &f.a);
    struct pool_seat *seat = attempt(&f, &f.b, &ticket);
    pool_open_failed(&f.b, seat, POOL_SERVER_FULL, f.now);
    assert_int_equal(pool_server_ceiling(&f.server, f.now), 2);
    assert_int_equal(ticket->state, TICKET_WAITING);
    assert_int_equal(decide(&f), 0);
    assert_pause(&f, f.server.ceiling_retry_at, 100 * MSEC);
    assert_int_equal(pool_next_deadline(&f.server), f.server.ceiling_retry_at);
    f.now = f.server.ceiling_retry_at;
    assert_int_equal(pool_server_ceiling(&f.server, f.now), 3);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    pool_attach(&f.b, seat, 0, f.now);
    pool_open_failed(&f.b, seat, POOL_SERVER_FULL, f.now);
    assert_pause(&f, f.server.ceiling_retry_at, 200 * MSEC);
}

static void test_a_server_that_takes_more_is_tried_at_once(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    (void)lease(&f, &f.a);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    pool_open_failed(&f.a, seat, POOL_SERVER_FULL, f.now);
    assert_int_equal(decide(&f), 0);
    pool_server_forget_full(&f.server);
    assert_int_equal(decide(&f), 1);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    seat = unused_seat(&f);
    pool_attach(&f.a, seat, 1, f.now);
    pool_open_failed(&f.a, seat, POOL_SERVER_DOWN, f.now);
    assert_int_equal(decide(&f), 0);
    pool_server_answers(&f.server);
    assert_int_equal(decide(&f), 1);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
}

static void test_a_success_beyond_the_observed_ceiling_raises_it(void **state)
{
    struct fixture f;
    struct pool_ticket *tickets[2];
    (void)state;
    fixture_init(&f);
    (void)lease(&f, &f.a);
    struct pool_seat *full = attempt(&f, &f.a, &tickets[0]);
    struct pool_seat *lucky = attempt(&f, &f.a, &tickets[1]);
    pool_open_failed(&f.a, full, POOL_SERVER_FULL, f.now);
    assert_int_equal(pool_server_ceiling(&f.server, f.now), 1);
    pool_opened(lucky, f.now);
    assert_int_equal(f.server.ceiling_observed, 2);
    assert_int_equal(pool_server_ceiling(&f.server, f.now), 3); /* one more is tried at once */
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    pool_attach(&f.a, full, 0, f.now);
    pool_opened(full, f.now);
    (void)lease(&f, &f.b);
    assert_int_equal(f.server.ceiling_observed, 0); /* all that is configured is open */
    assert_int_equal(f.server.ceiling_retry_at, 0);
}

static void test_a_full_server_without_a_link_is_tried_once_per_pause(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    (void)wait_in(&f, &f.a);
    pool_open_failed(&f.a, seat, POOL_SERVER_FULL, f.now);
    assert_int_equal(f.server.ceiling_observed, 1);
    assert_int_equal(decide(&f), 0);
    f.now = f.server.ceiling_retry_at;
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    pool_attach(&f.a, seat, 0, f.now);
    pool_opened(seat, f.now);
    assert_false(f.server.ceiling_shut);
    assert_int_equal(decide(&f), 2); /* the GRANT, and the next OPEN */
}

static void test_a_full_user_limits_its_pool_alone(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    (void)lease(&f, &f.a);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    pool_open_failed(&f.a, seat, POOL_USER_FULL, f.now);
    assert_int_equal(f.a.limit_observed, 1);
    assert_int_equal(pool_server_ceiling(&f.server, f.now), 4);
    assert_int_equal(decide(&f), 0);
    (void)lease(&f, &f.b);
    f.now = f.a.limit_retry_at;
    decide(&f);
    assert_ptr_equal(the(&f, POOL_OPEN)->pool, &f.a);
}

static void test_a_refused_login_fails_all_waiters_of_its_pool(void **state)
{
    struct fixture f;
    struct pool_ticket *tickets[3];
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = attempt(&f, &f.a, &tickets[0]);
    tickets[1] = wait_in(&f, &f.a);
    tickets[2] = wait_in(&f, &f.b);
    decide(&f);
    pool_open_failed(&f.a, NULL, POOL_LOGIN_FAILED, f.now);
    pool_open_failed(&f.a, seat, POOL_LOGIN_FAILED, f.now);
    decide(&f);
    assert_int_equal(decided(&f, POOL_FAIL), 2);
    assert_int_equal(the(&f, POOL_FAIL)->why, POOL_WHY_LOGIN_FAILED);
    assert_int_equal(tickets[0]->state, TICKET_FAILED);
    assert_int_equal(tickets[2]->state, TICKET_WAITING);
    assert_int_equal(f.a.counters.refused_failed, 2);
    assert_pause(&f, f.a.login_retry_at, 1 * SEC);
}

static void test_after_a_refused_login_checkouts_fail_until_the_pause_ends(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    pool_open_failed(&f.a, seat, POOL_LOGIN_FAILED, f.now);
    decide(&f);
    ticket = wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_FAIL)->ticket, ticket);
    f.now = f.a.login_retry_at;
    ticket = wait_in(&f, &f.a);
    (void)wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 1); /* one attempt */
    assert_ptr_equal(the(&f, POOL_OPEN)->pool, &f.a);
    pool_attach(&f.a, seat, 0, f.now);
    pool_open_failed(&f.a, seat, POOL_LOGIN_FAILED, f.now);
    assert_pause(&f, f.a.login_retry_at, 2 * SEC);
}

static void test_with_a_link_left_a_refused_login_lets_others_wait(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    struct pool_seat *link = lease(&f, &f.a);
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    pool_open_failed(&f.a, seat, POOL_LOGIN_FAILED, f.now);
    decide(&f);
    ticket = wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 0);
    pool_give_back(link, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, ticket);
}

/* -------- claims -------- */

static void test_a_link_given_back_makes_room_when_only_another_pool_has_a_waiter(void **state)
{
    struct fixture f;
    struct pool_seat *seats[4];
    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < 4; i++)
        seats[i] = lease(&f, &f.a);
    struct pool_ticket *waiter = wait_in(&f, &f.b);
    assert_int_equal(decide(&f), 0);
    assert_false(pool_rest(seats[0], f.now));
    assert_true(pool_rest(seats[1], f.now)); /* one is enough */
    pool_give_back(seats[0], f.now);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, seats[0]);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_ROOM);
    pool_closed(seats[0], f.now);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_OPEN)->pool, &f.b);
    assert_int_equal(waiter->state, TICKET_WAITING);
}

static void test_own_waiters_come_first_until_another_has_waited_long(void **state)
{
    struct fixture f;
    struct pool_seat *seats[4];
    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < 4; i++)
        seats[i] = lease(&f, &f.a);
    struct pool_ticket *other = wait_in(&f, &f.b);
    f.now += 1 * MSEC;
    struct pool_ticket *own = wait_in(&f, &f.a);
    struct pool_ticket *later = wait_in(&f, &f.a);
    pool_give_back(seats[0], f.now);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, own);
    f.now += 20 * MSEC;
    pool_give_back(seats[1], f.now);
    assert_int_equal(decide(&f), 1);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_ROOM);
    pool_give_back(seats[2], f.now); /* a place is on its way to it already */
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, later);
    assert_int_equal(other->state, TICKET_WAITING);
}

static void test_no_link_is_closed_for_a_pool_that_could_not_open_one(void **state)
{
    struct fixture f;
    struct pool_seat *seats[3];
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < 3; i++)
        seats[i] = lease(&f, &f.a);
    struct pool_seat *seat = attempt(&f, &f.b, &ticket);
    pool_open_failed(&f.b, seat, POOL_SERVER_DOWN, f.now);
    struct pool_server_limits server = fixture_server_limits();
    server.ceiling = 3;
    pool_server_configure(&f.server, server);
    pool_give_back(seats[0], f.now);
    assert_int_equal(seats[0]->state, SEAT_IDLE);
    assert_int_equal(decide(&f), 0);
}

static void test_links_are_not_closed_one_by_one_for_places_that_others_take(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    struct pool_seat *seats[3];
    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < 3; i++)
        seats[i] = lease(&f, &f.a);
    struct pool_seat *seat = attempt(&f, &f.b, &ticket);
    pool_open_failed(&f.b, seat, POOL_SERVER_FULL, f.now);
    for (unsigned i = 0; i < 3; i++)
        pool_give_back(seats[i], f.now);
    decide(&f); /* closes one for the other pool's waiter, that is fair */
    assert_int_equal(decided(&f, POOL_CLOSE), 1);
    pool_closed(the(&f, POOL_CLOSE)->seat, f.now);
    decide(&f);
    pool_attach(&f.b, seat, 0, f.now);
    pool_open_failed(&f.b, seat, POOL_SERVER_FULL, f.now); /* somebody else was faster */
    assert_int_equal(decide(&f), 0);
    assert_int_equal(f.a.idle.count, 2);
    assert_int_equal(pool_next_deadline(&f.server), f.server.ceiling_retry_at);
    f.now = f.server.ceiling_retry_at;
    assert_int_equal(decide(&f), 1);
    pool_attach(&f.b, seat, 0, f.now);
    pool_opened(seat, f.now);
    assert_false(f.server.ceiling_contended);
}

static void test_an_attempt_may_turn_out_to_be_for_nobody(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_ticket *ticket = wait_in(&f, &f.a);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    pool_cancel(ticket, f.now);
    pool_open_declined(&f.a, f.now);
    assert_int_equal(f.server.links, 0);
    assert_int_equal(f.server.down_retry_at, 0);
    assert_int_equal(f.a.counters.open_failures, 0);
    assert_int_equal(decide(&f), 0);
}

/* Two clients have links opened to log in with; one is let in, the other is not. */
static void test_a_link_for_one_client_goes_to_the_pool_where_it_belongs(void **state)
{
    struct fixture f;
    struct pool_ticket *one;
    struct pool_ticket *two;
    (void)state;
    fixture_init(&f);
    struct pool_seat *good = attempt(&f, &f.a, &one);
    struct pool_seat *bad = attempt(&f, &f.a, &two);
    pool_opened_for_one(good, f.now);
    pool_cancel(one, f.now);
    pool_opened_for_one(bad, f.now);
    pool_cancel(two, f.now);
    assert_int_equal(f.server.opening, 0); /* their clients may take their time */
    assert_int_equal(decide(&f), 0);       /* and nobody else gets these links */
    struct pool_ticket *other = wait_in(&f, &f.b);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    struct pool_seat *third = unused_seat(&f);
    pool_attach(&f.b, third, 0, f.now);
    pool_move(good, &f.b, f.now);
    assert_ptr_equal(good->pool, &f.b);
    assert_int_equal(good->state, SEAT_FIRM);
    pool_closed(bad, f.now);
    pool_server_check(&f.server);
    assert_int_equal(pool_links(&f.a), 0);
    assert_int_equal(pool_links(&f.b), 2);
    pool_give_back(good, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, other);
    assert_ptr_equal(the(&f, POOL_GRANT)->seat, good);
}

static void test_a_link_that_joins_a_full_pool_ends_with_its_lease(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    struct pool_limits small = fixture_limits();
    (void)state;
    fixture_init(&f);
    small.max_size = 1;
    pool_configure(&f.b, small);
    struct pool_seat *old = lease(&f, &f.b);
    struct pool_seat *more = attempt(&f, &f.a, &ticket);
    pool_opened_for_one(more, f.now);
    pool_cancel(ticket, f.now);
    pool_move(more, &f.b, f.now);
    decide(&f);
    assert_int_equal(old->state, SEAT_FIRM);
    assert_false(pool_rest(more, f.now));
    pool_give_back(more, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, more);
}

/* A server counts its connections once it knows who it is. */
static void test_a_link_for_one_client_may_be_one_too_many(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    struct pool_seat *held = lease(&f, &f.b);
    struct pool_seat *late = attempt(&f, &f.a, &ticket);
    pool_opened_for_one(late, f.now);
    pool_cancel(ticket, f.now);
    pool_found_full(late, f.now);
    pool_server_check(&f.server);
    assert_int_equal(late->state, SEAT_CLOSED);
    assert_int_equal(f.server.links, 1);
    assert_int_equal(f.server.ceiling_observed, 1);
    (void)wait_in(&f, &f.a); /* as long as the server has no room, nothing is tried */
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 0);
    f.now = f.server.ceiling_retry_at;
    pool_sweep(&f.server, f.now);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    assert_int_equal(held->state, SEAT_FIRM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_server_that_is_down_is_tried_with_growing_pauses),
        cmocka_unit_test(test_attempts_that_fail_together_make_one_pause),
        cmocka_unit_test(test_an_attempt_may_fail_before_it_begins),
        cmocka_unit_test(test_a_full_server_lowers_the_ceiling_to_what_is_open),
        cmocka_unit_test(test_a_server_that_takes_more_is_tried_at_once),
        cmocka_unit_test(test_a_success_beyond_the_observed_ceiling_raises_it),
        cmocka_unit_test(test_a_full_server_without_a_link_is_tried_once_per_pause),
        cmocka_unit_test(test_a_full_user_limits_its_pool_alone),
        cmocka_unit_test(test_a_refused_login_fails_all_waiters_of_its_pool),
        cmocka_unit_test(test_after_a_refused_login_checkouts_fail_until_the_pause_ends),
        cmocka_unit_test(test_with_a_link_left_a_refused_login_lets_others_wait),
        cmocka_unit_test(test_a_link_given_back_makes_room_when_only_another_pool_has_a_waiter),
        cmocka_unit_test(test_own_waiters_come_first_until_another_has_waited_long),
        cmocka_unit_test(test_links_are_not_closed_one_by_one_for_places_that_others_take),
        cmocka_unit_test(test_no_link_is_closed_for_a_pool_that_could_not_open_one),
        cmocka_unit_test(test_an_attempt_may_turn_out_to_be_for_nobody),
        cmocka_unit_test(test_a_link_for_one_client_goes_to_the_pool_where_it_belongs),
        cmocka_unit_test(test_a_link_that_joins_a_full_pool_ends_with_its_lease),
        cmocka_unit_test(test_a_link_for_one_client_may_be_one_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
